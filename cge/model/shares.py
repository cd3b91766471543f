"""From a benchmark to what the equations read: live cells and their shares.

Cells without a benchmark value do not exist in the model: a sector that produces
nothing, a composite that nobody buys, a route on which nothing is shipped. They are
left out here, once, so that no equation has to ask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import Elasticities
from cge.model.elasticity import Elasticity, positions

Key = tuple[str, ...]


def members(component: Any) -> dict[Key, Any]:
    """Return the members of a Pyomo component by index.

    Looking one up in a dictionary is thirty times faster than in the component, which
    tells on the families that have a member per route.
    """
    return dict(component.items())


@dataclass(frozen=True)
class Shares:
    """Benchmark values, shares and elasticities keyed by codes.

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
    _cells: dict[str, dict[Key, list[Key]]] = field(default_factory=dict, repr=False)

    @property
    def elasticities(self) -> Elasticities:
        return self.benchmark.elasticities[self.horizon]

    def _keyed(self, array: Array, axes: str) -> dict[Key, float]:
        """Return the positive cells of `array` keyed by codes, in array order."""
        b = self.benchmark
        codes = {
            "u": b.use_classes, "r": b.regions, "s": b.regions, "i": b.sectors,
            "j": b.sectors, "d": b.agents, "f": b.factors,
        }  # fmt: skip
        where = np.nonzero(array > 0)
        labels = [[codes[a][k] for k in column] for a, column in zip(axes, where, strict=True)]
        return dict(zip(zip(*labels, strict=True), array[where].tolist(), strict=True))

    def _all(self, array: Array, axes: str) -> dict[Key, float]:
        """Return every cell of `array` keyed by codes."""
        shifted = self._keyed(np.ones_like(array), axes)
        return dict(zip(shifted, array.ravel().tolist(), strict=True))

    # values
    @cached_property
    def flow(self) -> dict[Key, float]:
        """(u, r, i, s) deliveries at basic prices."""
        return self._keyed(self.benchmark.flows, "uris")

    @cached_property
    def composite(self) -> dict[Key, float]:
        """(u, i, s) composites at market prices."""
        return self._keyed(self.benchmark.composites, "uis")

    @cached_property
    def output(self) -> dict[Key, float]:
        """(s, j) gross output at basic prices."""
        return self._keyed(self.benchmark.output, "sj")

    @cached_property
    def intermediate(self) -> dict[Key, float]:
        """(s, i, j) intermediate use at market prices, user tax not included."""
        return self._keyed(self.benchmark.intermediate, "sij")

    @cached_property
    def final(self) -> dict[Key, float]:
        """(s, d, i) final use at market prices, user tax not included."""
        return self._keyed(self.benchmark.final, "sdi")

    @cached_property
    def factor(self) -> dict[Key, float]:
        """(s, j, f) factor income by sector."""
        return self._keyed(self.benchmark.factor_payments, "sjf")

    @cached_property
    def factor_supply(self) -> dict[Key, float]:
        """(s, f) factor income by region."""
        return self._keyed(self.benchmark.factor_payments.sum(axis=1), "sf")

    @cached_property
    def bundle(self) -> dict[Key, float]:
        """(s, d) final demand of an agent at user prices."""
        b = self.benchmark
        return self._keyed((b.final * (1 + b.final_tax)).sum(axis=2), "sd")

    @cached_property
    def value_added(self) -> dict[Key, float]:
        """(s, j) value added at the user's cost, factor taxes included."""
        b = self.benchmark
        return self._keyed((b.factor_payments * (1 + b.factor_tax)).sum(axis=2), "sj")

    @cached_property
    def materials(self) -> dict[Key, float]:
        """(s, j) intermediate bundle at the user's cost, user taxes included."""
        b = self.benchmark
        return self._keyed((b.intermediate * (1 + b.intermediate_tax)).sum(axis=1), "sj")

    @cached_property
    def cost(self) -> dict[Key, float]:
        """(s, j) unit cost times output."""
        keys = self.output
        return {k: self.value_added.get(k, 0.0) + self.materials.get(k, 0.0) for k in keys}

    @cached_property
    def absorption(self) -> dict[str, float]:
        """(s) final demand of the region at user prices."""
        return dict(zip(self.benchmark.regions, self.benchmark.absorption.tolist(), strict=True))

    @cached_property
    def border_value(self) -> dict[Key, float]:
        """(u, i, s) what spending on a composite pays at the exporters' border."""
        return self._keyed(self.benchmark.fob.sum(axis=1), "uis")

    @cached_property
    def fob_value(self) -> dict[Key, float]:
        """(r, i) deliveries at the exporter's border, domestic ones included."""
        return self._keyed(self.benchmark.fob.sum(axis=(0, 3)), "ri")

    # benchmark powers of the wedges
    @cached_property
    def tariff_power(self) -> dict[Key, float]:
        return self._all(1 + self.benchmark.tariff, "uris")

    @cached_property
    def export_tax_power(self) -> dict[Key, float]:
        return self._all(1 + self.benchmark.export_tax, "uris")

    @cached_property
    def intermediate_tax_power(self) -> dict[Key, float]:
        return self._all(1 + self.benchmark.intermediate_tax, "sij")

    @cached_property
    def final_tax_power(self) -> dict[Key, float]:
        return self._all(1 + self.benchmark.final_tax, "sdi")

    @cached_property
    def factor_tax_power(self) -> dict[Key, float]:
        return self._all(1 + self.benchmark.factor_tax, "sjf")

    @cached_property
    def net_of_output_tax(self) -> dict[Key, float]:
        return self._all(1 - self.benchmark.output_tax, "sj")

    # elasticities
    def _elasticity(self, nest: str, axes: str) -> dict[Key, float]:
        """Return the elasticities of a nest, left open if the model is to be parametric."""
        values = self._all(getattr(self.elasticities, nest), axes)
        if not self.parametric:
            return values
        numbers = positions(self.elasticities)[nest].ravel().tolist()
        cells = zip(values.items(), numbers, strict=True)
        return {c: 1.0 if value == 1 else Elasticity.of(n) for (c, value), n in cells}

    @cached_property
    def sigma_armington(self) -> dict[Key, float]:
        return self._elasticity("armington", "uis")

    @cached_property
    def sigma_intermediate(self) -> dict[Key, float]:
        return self._elasticity("intermediate", "sj")

    @cached_property
    def sigma_value_added(self) -> dict[Key, float]:
        return self._elasticity("value_added", "sj")

    @cached_property
    def sigma_top(self) -> dict[Key, float]:
        return self._elasticity("top", "sj")

    @cached_property
    def sigma_final(self) -> dict[Key, float]:
        return self._elasticity("final", "sd")

    @cached_property
    def sigma_agents(self) -> dict[Key, float]:
        return self._elasticity("agents", "s")

    @cached_property
    def inverse_omega(self) -> dict[Key, float]:
        """(f) one over the transformation elasticity; 0 where the factor is mobile."""
        if self.parametric:
            numbers = positions(self.elasticities)["transformation"].tolist()
            codes = self.benchmark.factors
            return {(f,): Elasticity.of(n) for f, n in zip(codes, numbers, strict=True)}
        return self._all(1 / self.elasticities.transformation, "f")

    # which cells meet in which equation
    @cached_property
    def sector_class(self) -> dict[str, str]:
        return dict(zip(self.benchmark.sectors, self.benchmark.sector_class, strict=True))

    @cached_property
    def agent_class(self) -> dict[str, str]:
        return dict(zip(self.benchmark.agents, self.benchmark.agent_class, strict=True))

    def flows_into(self, u: str, i: str, s: str) -> list[Key]:
        """Return the live routes that supply composite (u, i, s)."""
        return self._groups("flow_in", self.flow, lambda c: (c[0], c[2], c[3]))[u, i, s]

    def flows_from(self, r: str, i: str) -> list[Key]:
        """Return the live routes on which (r, i) is delivered."""
        return self._groups("flow_out", self.flow, lambda c: (c[1], c[2]))[r, i]

    def inputs_of(self, s: str, j: str) -> list[Key]:
        """Return the live intermediate cells of sector (s, j)."""
        return self._groups("inputs", self.intermediate, lambda c: (c[0], c[2]))[s, j]

    def factors_of(self, s: str, j: str) -> list[Key]:
        """Return the live factor cells of sector (s, j)."""
        return self._groups("factors", self.factor, lambda c: (c[0], c[1]))[s, j]

    def employers_of(self, s: str, f: str) -> list[Key]:
        """Return the live factor cells in which factor (s, f) is employed."""
        return self._groups("employers", self.factor, lambda c: (c[0], c[2]))[s, f]

    def goods_of(self, s: str, d: str) -> list[Key]:
        """Return the live final-demand cells of agent (s, d)."""
        return self._groups("goods", self.final, lambda c: (c[0], c[1]))[s, d]

    def sectors_buying(self, u: str, i: str, s: str) -> list[Key]:
        """Return the live intermediate cells served by composite (u, i, s)."""
        return self._groups(
            "sectors_buying", self.intermediate, lambda c: (self.sector_class[c[2]], c[1], c[0])
        ).get((u, i, s), [])

    def agents_buying(self, u: str, i: str, s: str) -> list[Key]:
        """Return the live final-demand cells served by composite (u, i, s)."""
        return self._groups(
            "agents_buying", self.final, lambda c: (self.agent_class[c[1]], c[2], c[0])
        ).get((u, i, s), [])

    def _groups(self, name: str, cells: dict[Key, float], by: Any) -> dict[Key, list[Key]]:
        if name not in self._cells:
            groups: dict[Key, list[Key]] = {}
            for cell in cells:
                groups.setdefault(by(cell), []).append(cell)
            self._cells[name] = groups
        return self._cells[name]
