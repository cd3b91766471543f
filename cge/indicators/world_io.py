"""The world's input-output table at basic prices, of a benchmark or of an equilibrium.

What measures of value chains start from: who delivers how much to whom, and what the
rest of a sector's receipts consists of. Nothing is solved here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cge.core.axes import Array, Axes, fixed, largest_cell, ratio
from cge.core.errors import InputError, refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.bundles import through_bundles

if TYPE_CHECKING:
    from cge.solve.solution import Solution

#: Rows and columns must add up to this share of output; solutions hold to about 1e-9.
TOLERANCE = 1e-6

_LETTERS = {
    "deliveries": "uris",
    "fob": "uris",
    "intermediate": "risj",
    "final": "ris",
    "value_added": "sj",
    "input_taxes": "sj",
    "production_taxes": "sj",
}


@dataclass(frozen=True, eq=False)
class Through:
    """What use classes buy of each other (:mod:`cge.data.accounts.bundles`).

    Parameters
    ----------
    bought : ndarray (u, i, s)
        Of bundles of imports, by class.
    composites : ndarray (u, i, s)
        Spending on the composites of each class.
    services : ndarray (i, s, k)
        Transport services of sector `k` that carry a commodity to a region.
    """

    bought: Array
    composites: Array
    services: Array

    def deliveries(self, b: Benchmark, values: Array) -> Array:
        """Deliveries of goods to the classes that use them, (u, r, i, s)."""
        assert b.bundles is not None
        return through_bundles(b.bundles, b.use_classes, values, self.bought, self.composites)

    def carried(self, b: Benchmark, values: Array, user: int) -> Array:
        """Services of each origin in a unit of the composites of a class, (r, k, i, s)."""
        assert b.bundles is not None
        source, regions, goods = b.bundles.source[user], len(b.regions), len(b.sectors)
        if not source or not b.bundles.carrier:
            return np.zeros((regions, goods, goods, regions))
        place = b.use_classes.index(b.bundles.carrier)
        part = ratio(self.bought[user], self.composites[b.use_classes.index(source)])
        unit = ratio(part, self.composites[user])  # (i, s)
        supply = ratio(values[place], self.composites[place][None])  # (r, k, s)
        return np.einsum("is,isk,rks->rkis", unit, self.services, supply)


@dataclass(frozen=True, eq=False)
class WorldIO:
    """An inter-country input-output table at basic prices that adds up.

    Along a row, output goes to intermediate and final use. Down a column, output is
    inputs at their producers' basic prices, the taxes on them, factor income and the
    taxes on production. The model sources by use class and not by user, so the
    origins of an input are those of its class in the using region.

    Parameters
    ----------
    name : str
    regions, sectors, use_classes : tuple of str
        Codes; commodities carry those of sectors.
    deliveries : ndarray (u, r, i, s)
        At basic prices, `unit`.
    fob : ndarray (u, r, i, s)
        The same with export tax.
    intermediate : ndarray (r, i, s, j)
        Commodity `i` of region `r` used by sector `j` of region `s`.
    final : ndarray (r, i, s)
        Used by all final agents of region `s`.
    value_added : ndarray (s, j)
        Factor income as its owners receive it.
    input_taxes : ndarray (s, j)
        Export taxes, tariffs and user taxes on what the sector buys.
    production_taxes : ndarray (s, j)
        Output and factor taxes; negative is a subsidy.
    unit : str

    Raises
    ------
    InputError
        If a shape is wrong, a value not finite, or a row or column does not add up.
    """

    name: str
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    use_classes: tuple[str, ...]
    deliveries: Array
    fob: Array
    intermediate: Array
    final: Array
    value_added: Array
    input_taxes: Array
    production_taxes: Array
    unit: str = "million USD"

    def __post_init__(self) -> None:
        axes = Axes(self.regions, self.sectors, self.use_classes)
        for name, letters in _LETTERS.items():
            object.__setattr__(self, name, axes.checked(name, getattr(self, name), letters))
        used = self.intermediate.sum(axis=(2, 3)) + self.final.sum(axis=2)
        paid = self.intermediate.sum(axis=(0, 1)) + self.value_added + self.taxes
        for account, total in (("uses", used), ("costs", paid)):
            gap = np.abs(total - self.output)
            limit = TOLERANCE * np.maximum(self.output, 1e-9 * self.output.max())
            if (gap > limit).any():
                cell = largest_cell(gap - limit)
                raise InputError(
                    f"the {account} of {axes.label('ri', cell)} do not add up to its output",
                    value=float(total[cell]), allowed=f"{float(self.output[cell]):g}",
                )  # fmt: skip

    # -- what follows from the arrays -----------------------------------------------------

    @cached_property
    def output(self) -> Array:
        """Gross output at basic prices, (r, i)."""
        return self.deliveries.sum(axis=(0, 3))

    @property
    def taxes(self) -> Array:
        """All taxes a sector pays, on inputs, factors and output, (s, j)."""
        return self.input_taxes + self.production_taxes

    @cached_property
    def coefficients(self) -> Array:
        """Inputs per unit of output, A[(r, i), (s, j)], both axes flat; zero if no output."""
        return self.per_output(self.intermediate.reshape(self.size, self.size))

    @cached_property
    def leontief(self) -> Array:
        """Output needed per unit of final use, (I - A)^-1, both axes flat. Leontief (1936).

        Raises
        ------
        InputError
            If some sectors use more of each other's output than they make.
        """
        try:
            inverse = np.asarray(np.linalg.inv(np.eye(self.size) - self.coefficients), dtype=float)
        except np.linalg.LinAlgError:
            inverse = np.full((self.size, self.size), -1.0)
        # An economy is productive if and only if the inverse is non-negative.
        refuse_if(inverse.min() < -1e-9,
                  "the table has no Leontief inverse: sectors use up more than they make",
                  value=self.name)  # fmt: skip
        return fixed(inverse)

    @property
    def size(self) -> int:
        """Number of region-sectors, the length of a flat axis (r, i)."""
        return len(self.regions) * len(self.sectors)

    @property
    def final_flat(self) -> Array:
        """Final use, (r i, s)."""
        return self.final.reshape(self.size, -1)

    @cached_property
    def needed(self) -> Array:
        """Output that the final use of each region needs through all stages, (r, i, s)."""
        return (self.leontief @ self.final_flat).reshape(self.final.shape)

    @property
    def absorption(self) -> Array:
        """Final use of each region at basic prices, (s,)."""
        return self.final.sum(axis=(0, 1))

    @property
    def income(self) -> Array:
        """Factor income per unit of output, flat."""
        return self.per_output(self.value_added.ravel())

    def per_output(self, values: Array) -> Array:
        """Values over the output of their last, flat axis (s, j), zero if there is none."""
        return ratio(values, self.output.ravel())

    # -- where it comes from --------------------------------------------------------------

    @classmethod
    def from_benchmark(cls, benchmark: Benchmark) -> WorldIO:
        """The table of a benchmark."""
        b = benchmark
        cost = (b.intermediate * (1 + b.intermediate_tax)).sum(axis=1)
        taxes = b.output_tax * b.output + (b.factor_tax * b.factor_payments).sum(axis=2)
        through = None if b.bundles is None else Through(
            b.bundles.purchases, b.composites, b.bundles.services(b.fob, b.use_classes))  # fmt: skip
        return cls._made(b, b.flows, b.fob, b.purchases, b.intermediate, cost, b.final,
                         b.factor_payments.sum(axis=2), taxes, through=through)  # fmt: skip

    @classmethod
    def from_solution(cls, solution: Solution) -> WorldIO:
        """The table of an equilibrium, at the equilibrium's own prices.

        Values are at current prices, in units of the numeraire: with the world factor
        price index as numeraire, a value is worth that many benchmark dollars of the
        world's factors. Shares and ratios do not depend on the numeraire.
        """
        return cls.from_outcomes(solution.model.benchmark, solution.array)

    @classmethod
    def from_outcomes(cls, benchmark: Benchmark, array: Callable[[str], Array]) -> WorldIO:
        """The same of outcomes that are known by name, as full arrays over their axes.

        Parameters
        ----------
        benchmark : Benchmark
            Of the model.
        array : callable
        """
        b, factor_tax = benchmark, array("factor_tax_paid").sum(axis=2)
        # What stands in for imports is delivered at home, by the sector whose recipe it has.
        at_home = array("backstop_spending").sum(axis=1)
        made = np.einsum("uis,rs->uris", at_home, np.eye(at_home.shape[2]))
        through = None if b.bundles is None else Through(
            array("imported_value"), array("route_spending").sum(axis=1) + at_home
            + array("imported_spending"), array("service_spending").sum(axis=0))  # fmt: skip
        return cls._made(
            b, array("basic_value") + made, array("fob_value") + made,
            array("route_spending") + made, array("input_value"),
            array("input_spending").sum(axis=1), array("final_value"),
            array("value_added_value") - factor_tax + array("stand_in_labour"),
            array("output_tax_paid") + factor_tax
            + array("stand_in_value") - array("stand_in_receipts"),
            research=bool(array("research_spending").any()), through=through,
        )  # fmt: skip

    @classmethod
    def _made(
        cls, b: Benchmark, deliveries: Array, fob: Array, spending: Array, inputs: Array,
        input_cost: Array, final: Array, value_added: Array, production_taxes: Array,
        research: bool = False, through: Through | None = None,
    ) -> WorldIO:  # fmt: skip
        """A table in which each user of a composite has the origins of its class.

        Parameters
        ----------
        b : Benchmark
            For its codes and classes only.
        deliveries, fob, spending : ndarray (u, r, i, s)
            At basic prices, with export tax, with tariff.
        inputs : ndarray (s, i, j)
            At market prices, without user tax.
        input_cost : ndarray (s, j)
            With user tax.
        final : ndarray (s, d, i)
            At market prices.
        value_added, production_taxes : ndarray (s, j)
        research : bool
            Whether there is research beyond the benchmark's. It buys what neither sectors nor
            agents buy of the services that research is made of, a final use.
        through : Through, optional
            What classes buy of each other, where they do.
        """
        bought = spending.sum(axis=1) if through is None else through.composites
        by_user = deliveries if through is None else through.deliveries(b, deliveries)
        composite = np.broadcast_to(bought[:, None], spending.shape)
        # Basic value from each origin in a unit of the composite at market prices.
        origins = np.divide(by_user, composite, out=np.zeros_like(spending), where=composite > 0)
        R, J = len(b.regions), len(b.sectors)
        researched = np.array([code in b.research_sectors for code in b.sectors])[:, None]
        intermediate, to_final = np.zeros((R, J, R, J)), np.zeros((R, J, R))
        for u, (sectors, agents) in enumerate(b.users):
            used, consumed = inputs[..., sectors], final[:, agents]
            intermediate[..., sectors] = np.einsum("ris,sij->risj", origins[u], used)
            to_final += np.einsum("ris,sdi->ris", origins[u], consumed)
            if through is not None:
                services = through.carried(b, deliveries, u)  # (r, k, i, s)
                intermediate[..., sectors] += np.einsum("rkis,sij->rksj", services, used)
                to_final += np.einsum("rkis,sdi->rks", services, consumed)
            if research:
                rest = bought[u] - (used.sum(axis=2) + consumed.sum(axis=1)).T
                to_final += origins[u] * np.where(researched, rest, 0.0)
        return cls(
            b.name, b.regions, b.sectors, b.use_classes, deliveries, fob, intermediate, to_final,
            value_added, input_cost - intermediate.sum(axis=(0, 1)), production_taxes, b.unit,
        )  # fmt: skip
