"""From measures about knowledge to what the laws of motion read, year by year.

An outlay is a share of the region's GDP of the same year. Public research and diffusion are
quantities in the laws of motion, a credit is a rate on business research, so what a budget
buys depends on the year's prices and GDP: see :func:`cge.path.year.solve_year`,
which goes back and forth until they agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cge.core.axes import Array, Bools
from cge.core.errors import InputError, below
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.firm_sizes import Pair
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, KnowledgeState, Seen
from cge.policy.levels import UNMOVED
from cge.scenario.actions import Equal
from cge.scenario.knowledge_actions import KnowledgeMeasure, KnowledgeSetting


@dataclass(frozen=True, eq=False)
class KnowledgePart:
    """One measure in a year.

    Parameters
    ----------
    number : int
        Of the measure.
    label : str
    adds : mapping of str to ndarray
        What it adds to the fields of a KnowledgePolicy.
    endogenous : str
        Of these the rate that follows from a budget, empty where none does.
    """

    number: int
    label: str
    adds: Mapping[str, Array]
    endogenous: str = ""

    @property
    def moves(self) -> bool:
        """Whether it adds anything."""
        return any((np.abs(values) > UNMOVED).any() for values in self.adds.values())

    def outlay(
        self, law: KnowledgeLaw, business: Array, price: Array, of_sizes: Pair | None = None
    ) -> Array:  # fmt: skip
        """Cost, (r,), in the benchmark's unit at the numeraire's price.

        Parameters
        ----------
        law : KnowledgeLaw
        business : ndarray (r, j)
            Business research relative to the baseline.
        price : ndarray (r,)
            Of research, relative to the benchmark.
        of_sizes : pair of ndarray (r, j), optional
            Business research of small and of large firms, where they are told apart.
        """
        credit = self.adds.get("credit", np.zeros_like(business))
        done = credit * business
        if law.sizes is not None and of_sizes is not None:
            names = ("credit_small", "credit_large")
            for name, share, own in zip(names, law.sizes.shares, of_sizes, strict=True):
                done = done + share * own * self.adds.get(name, 0.0)
        paid = (law.data.business * done).sum(axis=1)
        spent = self.adds.get("basic", 0.0) + self.adds.get("diffusion", 0.0)
        return price * (paid + law.data.gdp * spent)


@dataclass(frozen=True, eq=False)
class _Compiled:
    """A measure with the cells it applies to, and its outlay by region as a share of GDP."""

    measure: KnowledgeMeasure
    cells: Bools
    budget: Array


class KnowledgePlan:
    """The measures about knowledge of one scenario.

    Parameters
    ----------
    measures : sequence of KnowledgeMeasure
    benchmark : Benchmark
    law : KnowledgeLaw, optional
        None where knowledge does not move.
    equal : Equal, optional
        With a number; the outlay of measures without a size.

    Raises
    ------
    InputError
        For codes that do not exist, and for what the data do not have.
    """

    def __init__(
        self, measures: Sequence[KnowledgeMeasure], benchmark: Benchmark,
        law: KnowledgeLaw | None, equal: Equal | None = None,
    ) -> None:  # fmt: skip
        if measures and law is None:
            raise InputError(
                "knowledge does not move on this path", key="knowledge.0",
                value=measures[0].instrument, allowed="path.knowledge: true, and figures for it",
            )  # fmt: skip
        self.law = law
        self.shape = len(benchmark.regions), len(benchmark.sectors)
        self.compiled = [
            self._compile(n, one, benchmark, law, equal)
            for n, one in enumerate(measures) if law is not None
        ]  # fmt: skip

    def _compile(
        self, number: int, one: KnowledgeMeasure, b: Benchmark, law: KnowledgeLaw,
        equal: Equal | None,
    ) -> _Compiled:  # fmt: skip
        with below(f"knowledge.{number}"):
            cells = one.cells(b, law.data)
            regions = np.asarray(cells if cells.ndim == 1 else cells.any(axis=1))
            budget: Array = one.gdp_shares(law, cells)
            if one.unsized:
                assert equal is not None and isinstance(equal.value, float)
                budget = equal.value * regions.astype(float)
                if [b.regions[r] for r in np.flatnonzero(regions)] != [equal.region]:
                    raise InputError(
                        f"its outlay is not all of region {equal.region}, whose outlay is equal"
                    )
        return _Compiled(one, cells, budget)

    def budgeted(self, year: int) -> bool:
        """Whether anything in force in a year depends on its GDP."""
        return bool(self.paying(year).any())

    def paying(self, year: int) -> Bools:
        """Regions with a budget in force in a year that depends on its GDP, (r,)."""
        found = np.zeros(self.shape[0], dtype=bool)
        for one in self.compiled:
            if one.measure.share(year):
                found |= one.budget != 0
        return found

    def may_move(self, years: int, state: KnowledgeState | None, seen: Seen) -> frozenset[str]:
        """Keys of measures that may move something in a year up to the last.

        What costs something moves what it is spent on; what is free is looked at year by year.
        """
        found = {n for n, one in enumerate(self.compiled) if one.measure.outlay and one.cells.any()}
        same = np.ones(self.shape[0])
        for year in range(1, years + 1):
            free = {n: one.measure.share(year) for n, one in enumerate(self.compiled)
                    if not one.measure.outlay}  # fmt: skip
            parts = self._laid(free, state, seen, same, same)[1]
            found |= {part.number for part in parts if part.moves}
        return frozenset(f"knowledge.{n}" for n in found)

    def at(
        self, year: int, state: KnowledgeState | None, seen: Seen, gdp: Array, price: Array,
        beforehand: bool = False,
    ) -> tuple[KnowledgePolicy, tuple[KnowledgePart, ...]]:  # fmt: skip
        """Policy of a year and what each measure adds to it.

        Parameters
        ----------
        year : int
        state, seen
            From which business decides.
        gdp, price : ndarray (r,)
            GDP and the price of research in that year, relative to the benchmark.
        beforehand : bool
            Of the measures that are known when the year begins.

        Raises
        ------
        InputError
            For a credit of all research and more, or public research below nothing.
        """
        shares = {
            n: one.measure.known(year) if beforehand else one.measure.share(year)
            for n, one in enumerate(self.compiled)
        }
        return self._laid(shares, state, seen, gdp, price)

    def _laid(
        self, shares: Mapping[int, float], state: KnowledgeState | None, seen: Seen, gdp: Array,
        price: Array,
    ) -> tuple[KnowledgePolicy, tuple[KnowledgePart, ...]]:  # fmt: skip
        """Measures one on the other, of each the share that is in force."""
        policy, parts = KnowledgePolicy.none(*self.shape), []
        for number, share in shares.items():
            if share == 0 or self.law is None or state is None:
                continue
            one = self.compiled[number]
            spending = share * one.budget * gdp / price
            with below(f"knowledge.{number}"):
                adds = one.measure.moves(KnowledgeSetting(
                    self.law, state, seen, policy, one.cells, share, spending
                ))  # fmt: skip
                policy = replace(policy, **{n: getattr(policy, n) + a for n, a in adds.items()})
                one.measure.check(self.law, policy)
            parts.append(KnowledgePart(number, one.measure.text, adds, one.measure.endogenous))
        return policy, tuple(parts)
