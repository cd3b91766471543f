"""One year of a path: the policy of that year laid over what the years before have left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import NoEquilibrium
from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import State
from cge.experiments.path_setup import PathSetup, choice_of, path_closure
from cge.experiments.path_store import SolvedYear
from cge.policy.baseline import Baseline
from cge.policy.case import FoundRate, Standing, answered, solve_case
from cge.policy.knowledge_plan import KnowledgePlan, Part
from cge.policy.levels import policy_levels
from cge.policy.openness import closed_by, coverage
from cge.policy.responses import replies
from cge.scenario.schema import Scenario
from cge.solve.homotopy import Shock
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution

Array = NDArray[np.float64]

#: What budgets buy has settled when none of it moves by more than this part of itself.
SETTLED = 1e-11
#: Passes after which it must have.
PASSES = 40


@dataclass(frozen=True, eq=False)
class Course:
    """All that the years of one path have in common.

    Parameters
    ----------
    scenario : Scenario
        One member of a family; what it has of `equal` is a number.
    made : PathSetup
    plan : KnowledgePlan
    baseline : Baseline, optional
    folder : path, optional
        Where files are looked for first.
    solver : {"newton", "ipopt"}
    """

    scenario: Scenario
    made: PathSetup
    plan: KnowledgePlan
    baseline: Baseline | None
    folder: Path | None
    solver: Solver

    @property
    def model(self) -> Model:
        """The compiled model of all years."""
        return self.made.recursion.model

    def phases(self, year: int) -> tuple[float, ...]:
        """Return the part of each measure that is in force in a year."""
        return tuple(measure.share(year) for measure in self.scenario.policy)


def research_price(solution: Solution) -> Array:
    """Return the price of research by region, relative to the benchmark."""
    name = "research_unit_cost"
    return solution.by_region(name) / solution.by_region(name, benchmark=True)


def relative_gdp(solution: Solution) -> Array:
    """Return GDP at the numeraire's price by region, relative to the benchmark."""
    return solution.by_region("gdp") / solution.by_region("gdp", benchmark=True)


def solve_year(course: Course, year: int, state: State, before: SolvedYear | None) -> SolvedYear:
    """Solve one year.

    First relations with suppliers adapt to what is known when the year begins; in the first
    year that is nothing. What budgets buy of research depends on GDP and prices of the same
    year: equilibrium and policy are gone through until they agree, from those of the year
    before.

    Parameters
    ----------
    course : Course
    year : int
    state : State
        At the turn of the year.
    before : SolvedYear, optional
        The year before.

    Returns
    -------
    SolvedYear

    Raises
    ------
    InputError
        When the policy can not be.
    NoEquilibrium
        When there is no solution that passes.
    """
    began = time.perf_counter()
    plan, expected = course.plan, None
    gdp = price = np.ones(len(course.model.benchmark.regions))
    closure = path_closure(course.scenario, course.model.benchmark)
    phases = course.phases(year)
    start, budgeted = None, plan.budgeted(year)
    if before is not None:
        state, expected = _adapted(course, year, state, before)
        start = before.solution
        gdp, price = relative_gdp(start), research_price(start)
    policy, parts = plan.at(year, state.knowledge, state.seen, gdp, price)
    for _ in range(PASSES):
        levels = ground_levels(course, year, state, policy)
        solved = solve_case(
            course.model, course.scenario, course.folder, solver=course.solver, start=start,
            standing=Standing(levels, closure, phases),
        )  # fmt: skip
        start = solved.solution
        if not budgeted:
            break
        gdp, price = relative_gdp(start), research_price(start)
        policy, again = plan.at(year, state.knowledge, state.seen, gdp, price)
        moved, parts = _moved(parts, again), again
        if moved <= SETTLED:
            break
    else:
        raise NoEquilibrium(
            f"outlays on research and equilibrium did not settle in {PASSES} passes; an outlay "
            f"still moved by {moved:.1e} of itself"
        )
    response = choice_of(course.scenario).openness_response
    if response is not None:
        left = closed_by(coverage(course.model, solved.powers), response.chi)
        policy = replace(policy, openness=policy.openness * left)
    found = (*solved.found, *(_rate(part) for part in parts if part.found))
    return SolvedYear(
        state.weights, expected, solved.solution, policy, parts, solved.shocks, found,
        solved.powers, time.perf_counter() - began,
    )  # fmt: skip


def _adapted(course: Course, year: int, state: State, before: SolvedYear) -> tuple[State, Array]:
    """Return the state with relations adapted to what is known, and the levels expected.

    Partners' answers to what is known are known with it; those to a rate that is found are
    expected to be as in the year before.
    """
    model, scenario, last = course.model, course.scenario, before.solution
    known = tuple(measure.known(year) for measure in scenario.policy)
    about_knowledge, _ = course.plan.at(
        year, state.knowledge, state.seen, relative_gdp(last), research_price(last), True
    )
    closure = path_closure(scenario, model.benchmark)
    levels = ground_levels(course, year, state, about_knowledge)
    policy = policy_levels(model, scenario, course.folder, phases=known)
    powers = policy.levels.copy()
    for one in policy.found:
        if one.counts:
            powers[one.columns] = before.powers[one.columns]
    told, _ = answered(policy, replies(model, scenario.responses, powers, last.outcomes))
    levels = Standing(levels, closure, known).laid(model, told)
    closure = replace(closure, swaps=(*closure.swaps, *policy.swaps))
    from_there = None if before.expected is None else replace(last, levels=before.expected)
    state, expectation = course.made.recursion.adapt(state, levels, closure, from_there)
    return state, expectation.levels


def ground_levels(course: Course, year: int, state: State, policy: KnowledgePolicy) -> Array:
    """Return the levels of all columns in a year without its policy on trade and industry."""
    levels = course.made.recursion.ground(state, policy).levels
    if course.baseline is not None:
        levels = course.baseline.laid(course.model, levels, year)
    return levels


def _moved(before: Sequence[Part], after: Sequence[Part]) -> float:
    """Return by what part of itself anything that is bought has moved."""
    worst = 0.0
    for one, other in zip(before, after, strict=True):
        for name in ("credit", "basic", "diffusion"):
            a, b = getattr(one, name), getattr(other, name)
            size = float(np.abs(b).max(initial=0.0))
            if size:
                worst = max(worst, float(np.abs(a - b).max()) / size)
    return worst


def _rate(part: Part) -> FoundRate:
    """Return the credit that a budget pays for."""
    rates = part.credit[part.credit != 0]
    low, high = (float(rates.min()), float(rates.max())) if len(rates) else (0.0, 0.0)
    nothing = Shock(part.label, np.zeros(0, dtype=np.int64), np.zeros(0))
    return FoundRate(part.label, low, high, nothing, ())
