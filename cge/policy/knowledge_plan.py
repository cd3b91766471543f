"""From measures about knowledge to what the laws of motion read, year by year.

An outlay is a share of the region's GDP of the same year. Public research and diffusion are
quantities in the laws of motion, a credit is a rate on business research, so what a budget
buys depends on the year's prices and GDP: see :func:`cge.path.year.solve_year`,
which goes back and forth until they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, KnowledgeState, Seen
from cge.scenario.actions import Equal
from cge.scenario.knowledge_actions import CREDIT, OPENNESS, KnowledgeMeasure
from cge.scenario.wording import knowledge_text

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A credit that a budget asks for must stay below this part of the cost of research.
LARGEST_CREDIT = 0.95


@dataclass(frozen=True, eq=False)
class KnowledgePart:
    """Size of one measure in a year.

    Parameters
    ----------
    number : int
        Of the measure.
    label : str
    credit : ndarray (r, j)
    basic, diffusion : ndarray (r,)
        Shares of benchmark GDP, at benchmark prices.
    found : bool
        Whether a rate was found for it.
    """

    number: int
    label: str
    credit: Array
    basic: Array
    diffusion: Array
    found: bool = False

    def outlay(self, law: KnowledgeLaw, business: Array, price: Array) -> Array:
        """Cost, (r,), in the benchmark's unit at the numeraire's price.

        Parameters
        ----------
        law : KnowledgeLaw
        business : ndarray (r, j)
            Business research relative to the baseline.
        price : ndarray (r,)
            Of research, relative to the benchmark.
        """
        paid = (self.credit * law.data.business * business).sum(axis=1)
        return price * (paid + law.data.gdp * (self.basic + self.diffusion))


@dataclass(frozen=True, eq=False)
class _Compiled:
    """A measure with the cells it applies to: (r, j) of a credit, (s, r) of openness."""

    measure: KnowledgeMeasure
    key: str
    regions: Mask
    cells: Mask
    budget: float


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
        self,
        measures: Sequence[KnowledgeMeasure],
        benchmark: Benchmark,
        law: KnowledgeLaw | None,
        equal: Equal | None = None,
    ) -> None:
        if measures and law is None:
            raise InputError(
                "knowledge does not move on this path", key="knowledge.0",
                value=measures[0].instrument, allowed="path.knowledge: true, and figures for it",
            )  # fmt: skip
        self.law = law
        self.shape = len(benchmark.regions), len(benchmark.sectors)
        self.parts = tuple(
            self._compile(one, f"knowledge.{n}", benchmark, equal) for n, one in enumerate(measures)
        )

    def _compile(
        self, measure: KnowledgeMeasure, key: str, b: Benchmark, equal: Equal | None
    ) -> _Compiled:
        def named(word: str, axis: str) -> Mask:
            known = getattr(b, axis)
            chosen = b.codes(axis, getattr(measure, word), f"{key}.{word}")
            return np.isin(known, chosen)

        assert self.law is not None
        data = self.law.data
        regions = named("region", "regions")
        cells = np.zeros(self.shape, dtype=bool)
        if measure.instrument == OPENNESS:
            cells = named("source", "regions")[:, None] & named("learner", "regions")[None, :]
            cells |= cells.T if measure.mutual else False
            np.fill_diagonal(cells, False)
            if not cells.any():
                raise InputError("source and learner are one region", key=key)
        elif measure.instrument == CREDIT:
            cells = regions[:, None] & named("sector", "sectors")[None, :] & (data.business > 0)
            without = regions & ~cells.any(axis=1)
            if without.any():
                raise InputError(
                    "there is no business research in the data", key=key,
                    value=b.regions[int(np.argmax(without))],
                )  # fmt: skip
        elif measure.instrument == "basic_research" and (regions & (data.basic <= 0)).any():
            without = regions & (data.basic <= 0)
            raise InputError("there is no basic research in the data", key=key,
                             value=b.regions[int(np.argmax(without))])  # fmt: skip
        budget = measure.budget or 0.0
        if measure.unsized:
            assert equal is not None
            if [b.regions[r] for r in np.flatnonzero(regions)] != [equal.region]:
                raise InputError(
                    f"its outlay is not all of region {equal.region}, whose outlay is equal",
                    key=key,
                )
            assert isinstance(equal.value, float)
            budget = equal.value
        return _Compiled(measure, key, regions, cells, budget)

    def budgeted(self, year: int) -> bool:
        """Whether anything in force in a year depends on its GDP."""
        return any(one.budget and one.measure.share(year) for one in self.parts)

    def at(
        self,
        year: int,
        state: KnowledgeState | None,
        seen: Seen,
        gdp: Array,
        price: Array,
        beforehand: bool = False,
    ) -> tuple[KnowledgePolicy, tuple[KnowledgePart, ...]]:
        """Policy of a year and the size of each measure.

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
        regions, sectors = self.shape
        policy = KnowledgePolicy.none(regions, sectors)
        if self.law is None or state is None:
            return policy, ()
        credit, basic, diffusion = (np.zeros(self.shape), np.zeros(regions), np.zeros(regions))
        openness = policy.openness.copy()
        amounts = []
        for number, one in enumerate(self.parts):
            share = one.measure.known(year) if beforehand else one.measure.share(year)
            if share == 0:
                continue
            zero, none = np.zeros(regions), np.zeros(self.shape)
            spend = share * one.budget * gdp / price * one.regions
            label, kind = knowledge_text(one.measure), one.measure.instrument
            if kind == OPENNESS:
                assert one.measure.set_ is not None
                openness = np.where(
                    one.cells, openness + share * (one.measure.set_ - openness), openness
                )
                continue
            if kind == CREDIT:
                if one.measure.add is not None:
                    rate = share * one.measure.add * one.cells.astype(float)
                else:
                    rate = self._credit(one, credit, spend, state, seen)
                credit = credit + rate
                amounts.append(
                    KnowledgePart(number, label, rate, zero, zero, one.measure.add is None)
                )
            elif kind == "basic_research":
                basic = basic + spend
                amounts.append(KnowledgePart(number, label, none, spend, zero))
            else:
                diffusion = diffusion + spend
                amounts.append(KnowledgePart(number, label, none, zero, spend))
            self._check(one, credit, basic, diffusion)
        return KnowledgePolicy(credit, basic, diffusion, openness), tuple(amounts)

    def _credit(
        self, one: _Compiled, before: Array, spend: Array, state: KnowledgeState, seen: Seen
    ) -> Array:
        """The one rate by region that costs the given spending, on top of `before`.

        Business does more research the more of it is paid, so cost rises faster than the rate.
        """
        assert self.law is not None
        law, rates = self.law, np.zeros(self.shape)
        none = KnowledgePolicy.none(*self.shape)
        for r in np.flatnonzero(one.regions):
            here = one.cells[r]
            wanted = float(spend[r]) * float(law.data.gdp[r])
            rho = law.data.parameters["spending_persistence"]
            unpaid = law.business(state, seen, none)[r, here] * law.data.business[r, here]
            other = before[r, here]

            def short(
                rate: float, unpaid: Array = unpaid, other: Array = other, wanted: float = wanted,
                rho: float = rho,
            ) -> float:  # fmt: skip
                done = unpaid * (1 - other - rate) ** (rho - 1)
                return float(rate * done.sum() - wanted)

            largest = LARGEST_CREDIT - float(other.max(initial=0.0))
            if largest <= 0 or short(largest) < 0:
                raise InputError(
                    f"costs more than a credit of {100 * LARGEST_CREDIT:g} % does",
                    key=f"{one.key}.budget", value=one.budget,
                )  # fmt: skip
            found = brentq(short, 0.0, largest, xtol=1e-17, rtol=4 * np.finfo(float).eps)
            rates[r, here] = found
        return rates

    def _check(self, one: _Compiled, credit: Array, basic: Array, diffusion: Array) -> None:
        assert self.law is not None
        data = self.law.data
        if (credit >= 1).any():
            raise InputError("pays for all research and more", key=one.key,
                             allowed="credits that add up to less than 1")  # fmt: skip
        if (data.basic + basic * data.gdp <= 0).any() and (basic < 0).any():
            r = int(np.argmin(data.basic / data.gdp + basic))
            raise InputError(
                "leaves no basic research", key=f"{one.key}.budget", value=one.budget,
                allowed=f"a cut of less than {data.basic[r] / data.gdp[r]:.3g} of GDP",
            )  # fmt: skip
        if (1 + diffusion / self.law.diffusion_base <= 0).any():
            raise InputError(
                "leaves nothing for diffusion", key=f"{one.key}.budget", value=one.budget,
                allowed=f"a cut of less than {self.law.diffusion_base:g} of GDP",
            )  # fmt: skip
