"""The efficiency-resilience problem posed on a path: constant rates from the first year on.

Welfare is the present value of that of all years, or welfare in one of them. Disruptions come
in one year, and set out from its equilibrium as the path has made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.core.errors import InputError, prefixed, retold
from cge.dynamics.stand_ins import StandIns
from cge.frontier.confirmation import ColdPoint, cold_point, with_transfers_given
from cge.frontier.levers import KnowledgeLever, owned
from cge.frontier.problem import Problem, outlay_share
from cge.indicators.present_value import present_value
from cge.path.laws import PathLaws, choice_of, laws_of, path_closure
from cge.path.solved import PathYear
from cge.path.solving import path_year
from cge.path.year import Course, research_price, solve_year
from cge.policy.knowledge_plan import KnowledgePart
from cge.scenario.actions import Measure
from cge.scenario.knowledge_actions import KnowledgeMeasure
from cge.scenario.schema import Scenario
from cge.scenario.study_options import FrontierChoice, LeverChoice, Objective, PathChoice
from cge.solve.model import Model
from cge.solve.solution import Allocation

#: What is maximised, as a measure of results.
GOALS: dict[Objective, str] = {"present_value": "present_value", "year": "equivalent_variation"}


@dataclass(frozen=True, eq=False, kw_only=True)
class PathProblem(Problem):
    """One version of the problem of a region, on a path.

    Both models are that of a year, and the closure is that of every year.

    Parameters
    ----------
    scenario : Scenario
        The path, without policy.
    laws : PathLaws
    year : int
        In which disruptions come.
    objective : {"present_value", "year"}
        Whether welfare of all years counts, or that of the year.
    choices : tuple of LeverChoice
        The instruments as they are asked for, with the region that sets each.
    """

    scenario: Scenario
    laws: PathLaws
    year: int
    objective: Objective
    choices: tuple[LeverChoice, ...]

    @property
    def years(self) -> int:
        """Length of the path."""
        return choice_of(self.scenario).years

    @cached_property
    def year_weights(self) -> Array:
        """Weights of the years' equivalent variations in what is maximised, (years,).

        Those of a present value are shares of that of the baseline's absorption; the last year
        has also those of all years after it.
        """
        every = np.eye(self.years)
        if self.objective == "year":
            return every[self.year - 1]
        worth = present_value(every, self.laws["discount_rate"], self.laws["growth"]).total
        return worth / worth.sum()

    def levels(self, rates: Array) -> Array:
        """Levels of the benchmark with the rates of taxes in place, (columns,)."""
        levels = self.long.arrays.start.copy()
        for lever, rate in zip(self.levers, rates, strict=True):
            levels[lever.columns] += lever.sign * rate
        return levels

    def course(self, rates: Array) -> Course:
        """The path with the policy at some rates.

        In the version that compensates partners each gets in every year the transfer that keeps
        its welfare of that year on the baseline: a gift, on which nothing is owed.
        """
        policy: list[Measure] = []
        knowledge: list[KnowledgeMeasure] = []
        for lever, choice, rate in zip(self.levers, self.choices, rates.tolist(), strict=True):
            if isinstance(lever, KnowledgeLever):
                knowledge.append(lever.at(rate))
                continue
            aimed = {key: getattr(choice, key) for key in ("instrument", *choice.keys)}
            policy.append(Measure.model_validate({**aimed, "add": rate, "large": True}))
        scenario = self.scenario.model_copy(update={"policy": policy, "knowledge": knowledge})
        swaps = self.closure_of_version.swaps[len(self.closure.swaps) :]
        return Course(scenario, self.laws, "newton", swaps=swaps)

    def __post_init__(self) -> None:
        """Refuse instruments about knowledge that do not fit the benchmark, or go too far.

        Raises
        ------
        InputError
        """
        super().__post_init__()
        state, same = self.laws.recursion.start(), np.ones(len(self.long.benchmark.regions))
        for n, lever in enumerate(self.levers):
            for end in ("low", "high") if isinstance(lever, KnowledgeLever) else ():
                rates = np.zeros(len(self.levers))
                rates[n] = getattr(lever, end)
                with retold(_placed(n, end)):
                    self.course(rates).plan.at(1, state.knowledge, state.seen, same, same)

    def solved(self, rates: Array, near: Sequence[PathYear] = ()) -> tuple[PathYear, ...]:
        """Years of the path at some rates.

        Parameters
        ----------
        rates : ndarray (k,)
        near : sequence of PathYear
            Years of a path nearby, from which to search; none: from the benchmark.

        Raises
        ------
        NoEquilibrium
            Naming the year.
        """
        return tuple(self._years(rates, near))

    def _years(self, rates: Array, near: Sequence[PathYear]) -> Iterator[PathYear]:
        course, recursion = self.course(rates), self.laws.recursion
        state, before = recursion.start(), None
        for year in range(1, self.years + 1):
            with prefixed(f"year {year}: "):
                found = solve_year(course, year, state, before, near[year - 1] if near else None)
            state = replace(state, weights=found.weights)
            ground = recursion.ground(state, found.policy)
            yield path_year(self.laws, year, state, found, ground)
            state, before = recursion.next(state, ground, found.solution, found.policy), found

    def outlay_share(
        self, rates: Array, at: Allocation, parts: Sequence[KnowledgePart], business: Array | None
    ) -> float:
        """Cost of subsidies and of research in a year, a share of the region's GDP.

        Parameters
        ----------
        rates : ndarray (k,)
        at : Allocation
            The year's equilibrium.
        parts : sequence of KnowledgePart
            Of that year.
        business : ndarray (r, j), optional
            Business research of that year, relative to the baseline.
        """
        law, spent = self.laws.recursion.law, 0.0
        if law is not None and business is not None:
            price = research_price(at)
            spent = sum(float(one.outlay(law, business, price)[self.place]) for one in parts)
        return outlay_share(self, rates, at) + spent / float(at.values("gdp")[self.place])


def on_path(
    choice: FrontierChoice, path: PathChoice, model: Model, stand_ins: StandIns
) -> dict[str, Any]:
    """What a problem on a path has beside one of the long run.

    Parameters
    ----------
    choice : FrontierChoice
    path : PathChoice
    model : Model
        Of a year.
    stand_ins : StandIns
    """
    scenario = Scenario(name="x").model_copy(update={"path": path})
    return {
        "closure": path_closure(scenario, model.benchmark), "scenario": scenario,
        "laws": laws_of(model, path, path.returns[0], stand_ins=stand_ins),
        "year": choice.year or path.years, "objective": choice.objective or "present_value",
        "choices": tuple(owned(one, choice.region) for one in choice.instruments),
    }  # fmt: skip


def _placed(number: int, end: str) -> Callable[[InputError], InputError]:
    """An error about a measure where its instrument stands in the frontier."""

    def moved(error: InputError) -> InputError:
        key = (error.key or "").rpartition(".")[2]
        place = f"frontier.instruments.{number}"
        if key.isdigit():  # of the measure itself, among others
            return error.moved(place)
        return error.moved(f"{place}.{end if key in ('', 'budget', 'add', 'set') else key}")

    return moved


def variations(problem: PathProblem, years: Sequence[PathYear]) -> Array:
    """Equivalent variations of all years, fractions of benchmark absorption, (years, s)."""
    start = problem.long.start
    return np.array([year.solution.relative_to(start, "welfare") - 1.0 for year in years])


def solve_path_cold(problem: PathProblem, rates: Array) -> ColdPoint:
    """Solve a policy year by year and every disruption that has weight, from the benchmark.

    Parameters
    ----------
    problem : PathProblem
    rates : ndarray (k,)

    Raises
    ------
    NoEquilibrium
    """
    years = problem.solved(rates)
    gained, year = variations(problem, years), years[problem.year - 1]
    solution = with_transfers_given(problem, year.solution)
    worth = {
        name: replace(problem, objective=objective).year_weights @ gained
        for objective, name in GOALS.items()
    }
    outlay = problem.outlay_share(rates, year.solution, year.parts, year.business)
    return cold_point(problem, solution, problem.year_weights @ gained, outlay, {}, worth)
