"""One year of a path: the policy of that year laid over what the years before have left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.core.recent import Recent
from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import State
from cge.path.laws import PathLaws, choice_of, path_closure
from cge.path.solved import PathYear, SolvedYear
from cge.policy.baseline import Baseline, read_baseline
from cge.policy.case import EndogenousRate, Standing, may_move, solve_case
from cge.policy.knowledge_plan import KnowledgePart, KnowledgePlan
from cge.policy.levels import PolicyLevels, policy_levels
from cge.policy.replies import answered, closed_by, coverage, replies
from cge.scenario.schema import Scenario
from cge.solve.closure import Closure, Swap
from cge.solve.homotopy import Shock
from cge.solve.model import Model, Solver
from cge.solve.solution import Allocation, Solution

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
        One variant; what it has of `equal` is a number.
    laws : PathLaws
    solver : {"newton", "ipopt"}
    beside : tuple of PathYear
        Years of the baseline, where it is not balanced growth.
    swaps : tuple of Swap
        Of the closure of every year, beside those of the scenario.
    """

    scenario: Scenario
    laws: PathLaws
    solver: Solver
    beside: tuple[PathYear, ...] = ()
    swaps: tuple[Swap, ...] = ()

    def beside_of(self, year: int) -> Solution | None:
        """The same year of a baseline that is not balanced growth."""
        return self.beside[year - 1].solution if self.beside else None

    @property
    def model(self) -> Model:
        """The compiled model of all years."""
        return self.laws.model

    @cached_property
    def closure(self) -> Closure:
        """Closure of every year, without what the policy itself fixes."""
        closure = path_closure(self.scenario, self.model.benchmark)
        return closure.with_swaps(self.swaps)

    @cached_property
    def plan(self) -> KnowledgePlan:
        """The measures about knowledge."""
        asked, law = self.scenario, self.laws.recursion.law
        return KnowledgePlan(asked.knowledge, self.model.benchmark, law, asked.equal)

    @cached_property
    def baseline(self) -> Baseline | None:
        """Labour and productivity of a baseline that is not balanced growth."""
        choice = choice_of(self.scenario)
        if choice.baseline is None:
            return None
        return read_baseline(choice.baseline, self.model.benchmark, choice.years)

    def phases(self, year: int) -> tuple[float, ...]:
        """Part of each measure that is in force in a year."""
        return tuple(measure.share(year) for measure in self.scenario.policy)

    def policy(self, phases: tuple[float, ...]) -> PolicyLevels:
        """The policy on trade and industry of which some parts are in force."""
        return self._policies.get(
            phases, lambda: policy_levels(self.model, self.scenario, phases=phases)
        )

    @cached_property
    def _policies(self) -> Recent[PolicyLevels]:
        return Recent(2)

    def check(self) -> frozenset[str]:
        """Check all that can be known to be wrong before a year is solved.

        Returns
        -------
        frozenset of str
            Keys of what moves something in a year, or may.

        Raises
        ------
        InputError
            Naming what is wrong.
        """
        _ = self.closure, self.baseline
        years, state = choice_of(self.scenario).years, self.laws.recursion.start()
        found = self.plan.may_move(years, state.knowledge, state.seen)
        for phases in dict.fromkeys(self.phases(year) for year in range(1, years + 1)):
            found |= may_move(self.model, self.scenario, phases)
        return found


def research_price(solution: Allocation) -> Array:
    """Price of research by region, relative to the benchmark."""
    name = "research_unit_cost"
    return solution.values(name) / solution.model.start.values(name)


def relative_gdp(solution: Allocation) -> Array:
    """GDP at the numeraire's price by region, relative to the benchmark."""
    return solution.values("gdp") / solution.model.start.values("gdp")


def solve_year(
    course: Course, year: int, state: State, before: SolvedYear | None,
    near: SolvedYear | None = None, early: SolvedYear | None = None,
) -> SolvedYear:  # fmt: skip
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
    near : SolvedYear, optional
        The same year of a path nearby, from which to search in place of the year before.
    early : SolvedYear, optional
        An earlier year, with expectations, at which solvers are prepared.

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
    plan, expected, guess = course.plan, None, None
    gdp = price = np.ones(len(course.model.benchmark.regions))
    start, budgeted = None, plan.budgeted(year)
    beginning = near or before
    if before is not None:
        state, expected = _adapted(course, year, state, before, near or before, early)
    if beginning is not None:
        foreseen: Allocation = beginning.solution
        start = beginning.solution
        if expected is not None and known(course, year) == course.phases(year):
            foreseen = Allocation(course.model, expected)
            guess = None if early is None else expected
        gdp, price = relative_gdp(foreseen), research_price(foreseen)
    policy, parts = plan.at(year, state.knowledge, state.seen, gdp, price)
    phases = course.phases(year)
    for _ in range(PASSES):
        levels = ground_levels(course, year, state, policy)
        solved = solve_case(
            course.model, course.scenario, solver=course.solver, start=start,
            standing=Standing(
                levels, course.closure, phases, guess,
                None if early is None else early.solution.levels, course.policy(phases),
            ),
        )  # fmt: skip
        start, guess = solved.solution, None
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
    credits = (_rate(part) for part in parts if part.endogenous)
    keys = (f"knowledge.{part.number}" for part in parts if part.moves)
    found = replace(solved, endogenous=(*solved.endogenous, *credits), moved=(*solved.moved, *keys))
    return SolvedYear(**vars(found), weights=state.weights, expected=expected, policy=policy,
                      parts=parts)  # fmt: skip


def _adapted(
    course: Course, year: int, state: State, before: SolvedYear, near: SolvedYear,
    early: SolvedYear | None,
) -> tuple[State, Array]:  # fmt: skip
    """State with relations adapted to what is known, and the levels expected.

    Partners' answers to what is known are known with it; those to a rate that is found are
    expected to be as in the year before.
    """
    model, scenario, last = course.model, course.scenario, before.solution
    in_force = known(course, year)
    about_knowledge, _ = course.plan.at(
        year, state.knowledge, state.seen, relative_gdp(last), research_price(last), True
    )
    levels = ground_levels(course, year, state, about_knowledge)
    policy = course.policy(in_force)
    powers = policy.levels.copy()
    for target in policy.targets:
        if target.counts:
            powers[target.columns] = before.powers[target.columns]
    taxed, _ = answered(policy, replies(model, scenario.responses, powers, last.outcomes))
    levels = Standing(levels, course.closure, in_force).laid(model, taxed)
    closure = course.closure.with_swaps(policy.swaps)
    return course.laws.recursion.adapt(
        state, levels, closure, near.expected, None if early is None else early.expected
    )


def known(course: Course, year: int) -> tuple[float, ...]:
    """Part of each measure that is known to be in force when a year begins."""
    return tuple(measure.known(year) for measure in course.scenario.policy)


def ground_levels(course: Course, year: int, state: State, policy: KnowledgePolicy) -> Array:
    """Levels of all columns in a year without its policy on trade and industry."""
    levels = course.laws.ground(state, policy, course.beside_of(year))
    if course.baseline is not None:
        levels = course.baseline.laid(course.model, levels, year)
    return levels


def _moved(before: Sequence[KnowledgePart], after: Sequence[KnowledgePart]) -> float:
    """Largest relative move of anything that is bought."""
    pairs = [
        (one.adds[name], bought)
        for one, other in zip(before, after, strict=True)
        for name, bought in other.adds.items() if bought.any()
    ]  # fmt: skip
    return max((float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs), default=0.0)


def _rate(part: KnowledgePart) -> EndogenousRate:
    """The credit that a budget pays for."""
    rates = part.adds[part.endogenous]
    rates = rates[rates != 0]
    low, high = (float(rates.min()), float(rates.max())) if len(rates) else (0.0, 0.0)
    nothing = Shock(part.label, np.zeros(0, dtype=np.int64), np.zeros(0))
    return EndogenousRate(part.label, f"knowledge.{part.number}", low, high, nothing, ())
