"""From a benchmark to what the equations read: live cells and their shares.

Cells without a benchmark value do not exist in the model: a sector that produces
nothing, a composite that nobody buys, a route on which nothing is shipped. They are
left out here, once, so that no equation has to ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cge.core.axes import Array, Bools
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.model.language.elasticity import Elasticity, inverse, positions

Key = tuple[str, ...]
#: The model in which equations are declared: Pyomo's, or what stands for it in the compiler.
Declared = Any
Formula = Callable[[Benchmark], Array]


def _labour(b: Benchmark) -> Array:
    supply = b.factor_payments.sum(axis=1)
    labour = supply * [f != CAPITAL for f in b.factors]
    return np.where(labour.any(axis=1, keepdims=True), labour, supply)


#: Benchmark values, whose positive cells are in the model: axes, and where they stand.
VALUES: Mapping[str, tuple[str, Formula]] = {
    # deliveries and gross output at basic prices, composites at market prices
    "flow": ("uris", lambda b: b.flows),
    # of the deliveries, those that cross a border; those that are goods, not their transport; and
    # those that are carried
    "abroad": ("uris", lambda b: b.flows * b.crossing),
    "goods": (
        "uris",
        lambda b: b.flows if b.bundles is None else b.bundles.goods(b.flows, b.use_classes),
    ),
    "carried": ("uris", lambda b: b.cif - b.fob),
    # what a class buys of the bundle of imports that is its source
    "imported": (
        "uis",
        lambda b: np.zeros(b.composites.shape) if b.bundles is None else b.bundles.purchases,
    ),
    "output": ("sj", lambda b: b.output),
    "composite": ("uis", lambda b: b.composites),
    # intermediate and final use at market prices, user tax not included
    "intermediate": ("sij", lambda b: b.intermediate),
    "final": ("sdi", lambda b: b.final),
    # factor income by sector, and by region
    "factor": ("sjf", lambda b: b.factor_payments),
    "factor_supply": ("sf", lambda b: b.factor_payments.sum(axis=1)),
    # endowments that are not capital; all where a region has nothing else
    "labour": ("sf", _labour),
    # an agent's final demand, a sector's value added and materials, at the user's cost
    "bundle": ("sd", lambda b: (b.final * (1 + b.final_tax)).sum(axis=2)),
    "value_added": ("sj", lambda b: b.value_added),
    "materials": ("sj", lambda b: (b.intermediate * (1 + b.intermediate_tax)).sum(axis=1)),
    # what spending on a composite pays at the exporters' border, and what an exporter gets there
    "border_value": ("uis", lambda b: b.border_value),
    "fob_value": ("ri", lambda b: b.fob.sum(axis=(0, 3))),
}
#: Powers of the wedges in the benchmark, of all cells.
POWERS: Mapping[str, tuple[str, Formula]] = {
    "tariff_power": ("uris", lambda b: 1 + b.tariff),
    "export_tax_power": ("uris", lambda b: 1 + b.export_tax),
    "intermediate_tax_power": ("sij", lambda b: 1 + b.intermediate_tax),
    "final_tax_power": ("sdi", lambda b: 1 + b.final_tax),
    "factor_tax_power": ("sjf", lambda b: 1 + b.factor_tax),
    "net_of_output_tax": ("sj", lambda b: 1 - b.output_tax),
    "import_use_tax_power": (
        "uis",
        lambda b: np.ones(b.composites.shape) if b.bundles is None else 1 + b.bundles.tax,
    ),
}


def accounted(benchmark: Benchmark, name: str) -> tuple[Array, str, Bools | None]:
    """Array of a value or a power of the benchmark, its axes, and its cells in the model."""
    if name in POWERS:
        axes, formula = POWERS[name]
        return formula(benchmark), axes, None
    axes, formula = VALUES[name]
    array = formula(benchmark)
    return array, axes, array > 0


def classes(b: Benchmark) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Codes of the users by axis, and the class from which each buys."""
    own = b.use_classes
    source = own if b.bundles is None else tuple(
        one or itself for one, itself in zip(b.bundles.source, own, strict=True)
    )  # fmt: skip
    carrier = (b.bundles.carrier if b.bundles is not None else "") or own[0]
    return {"j": (b.sectors, b.sector_class), "d": (b.agents, b.agent_class), "u": (own, source),
            "m": (b.sectors, (carrier,) * len(b.sectors))}  # fmt: skip


def user_axis(axes: str) -> int:
    """Place of the axis of who buys among the axes of a value."""
    found = max(axes.find("j"), axes.find("d"))
    return found if found >= 0 else axes.find("u")


@dataclass(frozen=True)
class Shares:
    """Benchmark values, powers of wedges and elasticities keyed by codes.

    Attributes are those of :data:`VALUES` and :data:`POWERS`, what is derived, and ``sigma_``
    before the name of a nest.

    Parameters
    ----------
    benchmark : Benchmark
    horizon : str
        Which of the benchmark's elasticities to use.
    parametric : bool
        Leave elasticities open, all but those of Cobb-Douglas nests.
    backstop : tuple of str
        Commodities whose imports have one.
    """

    benchmark: Benchmark
    horizon: str = "long"
    parametric: bool = False
    backstop: tuple[str, ...] = ()
    _groups: dict[tuple[str, str], dict[Key, list[Key]]] = field(default_factory=dict, repr=False)
    _derived: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def elasticities(self) -> Elasticities:
        """Elasticities of the horizon."""
        return self.benchmark.elasticities[self.horizon]

    def __getattr__(self, name: str) -> dict[Key, float]:
        if name in VALUES or name in POWERS:
            found = self.keyed(*accounted(self.benchmark, name))
        elif name.startswith("sigma_"):
            found = self._elasticity(name.removeprefix("sigma_"))
        else:
            raise AttributeError(name)
        self.__dict__[name] = found
        return found

    def keyed(self, array: Array, axes: str, live: Bools | None = None) -> dict[Key, float]:
        """Cells of an array keyed by codes, in the order of the array; all without a mark."""
        where = np.nonzero(np.broadcast_to(True if live is None else live, array.shape))
        codes = self.benchmark.axes.codes
        labels = [[codes[a][k] for k in column] for a, column in zip(axes, where, strict=True)]
        return dict(zip(zip(*labels, strict=True), array[where].tolist(), strict=True))

    def _elasticity(self, nest: str) -> dict[Key, float]:
        """Elasticities of a nest, left open if the model is to be parametric."""
        values = self.keyed(getattr(self.elasticities, nest), NEST_AXES[nest])
        if not self.parametric:
            return values
        numbers = positions(self.elasticities)[nest].ravel().tolist()
        cells = zip(values.items(), numbers, strict=True)
        return {c: 1.0 if value == 1 else Elasticity.of(n) for (c, value), n in cells}

    @property
    def equal_returns(self) -> bool:
        """Whether investment equalizes the moves of expected rates of return."""
        saving = self.benchmark.saving
        return saving is not None and saving.equal_returns

    @property
    def has_transport(self) -> bool:
        """Whether goods need services to be carried."""
        bundles = self.benchmark.bundles
        return bundles is not None and bool(bundles.carrier)

    @cached_property
    def transport(self) -> dict[Key, float]:
        """(r, i, s, j) services of a sector on a route, a fraction of what is carried."""
        bundles = self.benchmark.bundles
        assert bundles is not None
        return self.keyed(bundles.transport, "risj", bundles.transport > 0)

    @cached_property
    def inverse_omega(self) -> dict[Key, float]:
        """(s, f) one over the transformation elasticity; 0 where the factor is mobile, or fixed."""
        if self.parametric:
            numbers = positions(self.elasticities)["transformation"].ravel().tolist()
            cells = self.keyed(self.elasticities.transformation, "sf")
            return {c: Elasticity.of(n) for c, n in zip(cells, numbers, strict=True)}
        return self.keyed(inverse(self.elasticities.transformation), "sf")

    @cached_property
    def cost(self) -> dict[Key, float]:
        """(s, j) unit cost times output."""
        value_added, materials = self.value_added, self.materials
        return {k: value_added.get(k, 0.0) + materials.get(k, 0.0) for k in self.output}

    @cached_property
    def absorption(self) -> dict[str, float]:
        """(s) final demand of the region at user prices."""
        return dict(zip(self.benchmark.regions, self.benchmark.absorption.tolist(), strict=True))

    @cached_property
    def class_of(self) -> dict[str, dict[str, str]]:
        """Use class from which a sector (j), an agent (d), or another class (u) buys.

        Under ``m``, the class from which transport services of a sector are bought.
        """
        return {axis: dict(zip(codes, of, strict=True))
                for axis, (codes, of) in classes(self.benchmark).items()}  # fmt: skip

    def derive(self, name: str, axes: str, make: Callable[[Shares], dict[Key, float]]) -> None:
        """Add values that are made of others, as an attribute that :meth:`by` can group.

        Parameters
        ----------
        name, axes : str
        make : callable
            Values by cell, from shares of which everything is a dictionary.
        """
        self.__dict__[name] = make(self)
        self._derived[name] = axes

    def by(self, name: str, letters: str) -> dict[Key, list[Key]]:
        """Live cells of a value, grouped by some of their axes.

        Parameters
        ----------
        name : str
            In :data:`VALUES`, or derived.
        letters : str
            Axes; ``u`` of intermediate or final use is the class from which its user buys, ``v``
            of a class that from which it takes its bundle.
        """
        if (name, letters) not in self._groups:
            axes, groups = self.axes_of(name), defaultdict(list)
            at = [axes.find(letter) for letter in letters]
            user = user_axis(axes)
            class_of = self.class_of.get(axes[user], {})
            for c in getattr(self, name):
                groups[tuple(c[n] if n >= 0 else class_of[c[user]] for n in at)].append(c)
            self._groups[name, letters] = groups
        return self._groups[name, letters]

    def axes_of(self, name: str) -> str:
        """Axes of a value."""
        if name == "transport":
            return "risj"
        return VALUES[name][0] if name in VALUES else self._derived[name]
