"""Solving one scenario on one compiled model: policy, closure, and what partners answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError, NoEquilibrium
from cge.policy.bracketing import bracketed, needs_bracket
from cge.policy.closures import closure_of, part_of_closure
from cge.policy.levels import PolicyLevels, policy_levels
from cge.policy.responses import Reply, replies
from cge.scenario.schema import Scenario
from cge.solve.closure import Closure, Swap
from cge.solve.equilibrium import Progress
from cge.solve.homotopy import Shock
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution

Array = NDArray[np.float64]

#: A response and the equilibrium have settled when no rate moves by more than this.
SETTLED = 1e-10
#: Passes after which they must have.
RESPONSE_PASSES = 60


@dataclass(frozen=True, eq=False)
class FoundRate:
    """A rate that the model found.

    Parameters
    ----------
    label : str
        For what.
    low, high : float
        Over its cells: what was added to the rate in force, a fraction.
    shock : Shock
        What it does where it is given instead of found.
    swaps : tuple of Swap
        By which it was found.
    """

    label: str
    low: float
    high: float
    shock: Shock
    swaps: tuple[Swap, ...]

    @property
    def text(self) -> str:
        """The rate in words, per cent."""
        low, high = f"{100 * self.low:.4g}", f"{100 * self.high:.4g}"
        return f"{self.label}: {low} %" if low == high else f"{self.label}: {low} to {high} %"


@dataclass(frozen=True, eq=False)
class Standing:
    """What a year of a path gives to the policy of that year.

    Parameters
    ----------
    ground : ndarray (columns,)
        Levels without policy.
    closure : Closure
        Without what the policy itself fixes.
    phases : tuple of float
        Part of each measure that is in force.
    """

    ground: Array
    closure: Closure
    phases: tuple[float, ...]

    def laid(self, model: Model, levels: Array) -> Array:
        """Return the ground with a policy on it, told by its levels on the benchmark.

        What the ground has moved, productivity say, a measure moves from there.
        """
        start, free = model.arrays.start, model.arrays.free
        on_top = np.where(free, self.ground + levels - start,
                          self.ground * (levels / np.where(free, 1.0, start)))  # fmt: skip
        # Without rounding where one of the two is at the benchmark.
        on_top = np.where(self.ground == start, levels, on_top)
        return np.where(levels == start, self.ground, on_top)


@dataclass(frozen=True)
class SolvedCase:
    """One solution and what led to it.

    Parameters
    ----------
    solution : Solution
    shocks : tuple of Shock
        What each measure, each response and the balances did to given columns.
    found : tuple of FoundRate
        Rates that were found: for a budget, an equal comparison, financing, a quota.
    powers : ndarray (columns,)
        Levels with policy and responses on the benchmark, rates that were found among them;
        not the rents of quotas.
    """

    solution: Solution
    shocks: tuple[Shock, ...]
    found: tuple[FoundRate, ...]
    powers: Array


def solve_case(
    model: Model,
    scenario: Scenario,
    *,
    share: float = 1.0,
    solver: Solver = "newton",
    start: Solution | None = None,
    progress: Progress | None = None,
    standing: Standing | None = None,
) -> SolvedCase:
    """Solve one scenario on one compiled model.

    Parameters
    ----------
    model : Model
    scenario : Scenario
        One without variants and grid (see :func:`cge.scenario.variants.members`), on the
        benchmark of the model. Its `steps` are not looked at.
    share : float
        Part of the whole shock.
    solver : {"newton", "ipopt"}
    start : Solution, optional
        Equilibrium from which to set out; default the benchmark.
    progress : callable, optional
        Called with the part of the shock done.
    standing : Standing, optional
        Ground, closure and timing of a year of a path; default: the benchmark, the
        scenario's closure, everything in force.

    Raises
    ------
    InputError
        When the scenario does not fit the benchmark.
    NoEquilibrium
        When no point passes, or responses and equilibrium do not settle.
    """
    if needs_bracket(scenario):
        scenario = _bracketed(model, scenario, share, solver)
    if standing is None:
        closure = part_of_closure(closure_of(scenario.closure, model.benchmark), model, share)
        standing = Standing(model.arrays.start, closure, (1.0,) * len(scenario.policy))
    policy = policy_levels(model, scenario, share, standing.phases)
    closure = standing.closure
    full = replace(closure, swaps=(*closure.swaps, *policy.swaps))
    if any(found.guessed for found in policy.found):
        start = _from_guess(model, policy, standing, solver)
    if not scenario.responses:
        levels = standing.laid(model, policy.levels)
        solution = model.solve(levels, full, solver, start, progress)
        rates = _rates(policy, levels, solution)
        return SolvedCase(solution, policy.shocks, rates, _policy_powers(policy, solution))
    return _with_responses(model, scenario, policy, standing, full, solver, start, progress)


def _bracketed(model: Model, scenario: Scenario, share: float, solver: Solver) -> Scenario:
    """Return the scenario with a guess of the rate that has the welfare effect asked for."""
    policy_levels(model, scenario, share)  # what is wrong is told before the search
    region = scenario.equal.region if scenario.equal else ""
    last: list[Solution] = []

    def effect(sized: Scenario) -> float:
        start = last[-1] if last else None
        one = solve_case(model, sized, share=share, solver=solver, start=start)
        last.append(one.solution)
        return one.solution.outcome(f"equivalent_variation[{region}]")

    return bracketed(scenario, share, effect)


def _from_guess(model: Model, policy: PolicyLevels, standing: Standing, solver: Solver) -> Solution:
    """Return the equilibrium at the rates that the user guesses, from which to search."""
    known = tuple(s for found in policy.found if not found.guessed for s in found.swaps)
    closure = replace(standing.closure, swaps=(*standing.closure.swaps, *known))
    return model.solve(standing.laid(model, policy.levels), closure, solver)


def _with_responses(
    model: Model,
    scenario: Scenario,
    policy: PolicyLevels,
    standing: Standing,
    closure: Closure,
    solver: Solver,
    start: Solution | None,
    progress: Progress | None,
) -> SolvedCase:
    """Go back and forth between the equilibrium and the responses to it until both stay.

    A response to rates that are given is known beforehand and needs one pass; one to a
    rate that is found, or to a subsidy on factors as a part of output, depends on the
    equilibrium it takes part in.
    """
    solution = start
    answers = replies(model, scenario.responses, policy.levels, model.outcome_start)
    moved = np.inf
    for _ in range(RESPONSE_PASSES):
        told, shocks = answered(policy, answers)
        levels = standing.laid(model, told)
        solution = model.solve(levels, closure, solver, solution, progress)
        powers = _policy_powers(policy, solution)
        again = replies(model, scenario.responses, powers, solution.outcomes)
        moved = _distance(answers, again, len(levels))
        if moved <= SETTLED:
            raised = np.where(powers == policy.levels, told, powers)
            rates = _rates(policy, levels, solution)
            return SolvedCase(solution, (*policy.shocks, *shocks), rates, raised)
        answers = again
    raise NoEquilibrium(
        f"responses and equilibrium did not settle in {RESPONSE_PASSES} passes; a tariff still "
        f"moved by {100 * moved:.2g} points"
    )


def with_rates_given(solution: Solution, found: Sequence[FoundRate]) -> Solution:
    """Return the same equilibrium with the rates that were found as given ones.

    What a policy does is then told by its rates, also where more than one rate has the
    outlay or the welfare effect that was asked for.
    """
    if not found:
        return solution
    finding = {swap for rate in found for swap in rate.swaps}
    swaps = tuple(swap for swap in solution.closure.swaps if swap not in finding)
    closure = replace(solution.closure, swaps=swaps)
    return solution.model.solve(solution.levels, closure, start=solution)


def _rates(policy: PolicyLevels, levels: Array, solution: Solution) -> tuple[FoundRate, ...]:
    """Return the rates that were found from levels at which the search set out."""
    rates = []
    for found in policy.found:
        points = found.points(solution.levels)
        change = np.log(solution.levels[found.columns] / levels[found.columns])
        shock = Shock(found.label, found.columns, change)
        low, high = float(points.min()), float(points.max())
        rates.append(FoundRate(found.label, low, high, shock, found.swaps))
    return tuple(rates)


def answered(policy: PolicyLevels, answers: tuple[Reply, ...]) -> tuple[Array, list[Shock]]:
    """Return the policy's levels with the responses on top, and what each did."""
    levels = policy.levels.copy()
    found = {c for one in policy.found if one.counts for c in one.columns.tolist()}
    shocks = []
    for number, answer in enumerate(answers):
        if not found.isdisjoint(answer.columns.tolist()):
            raise InputError(
                "raises a tariff whose rate is to be found", key=f"responses.{number}",
                value=answer.label,
            )  # fmt: skip
        before = levels[answer.columns]
        levels[answer.columns] = before + answer.points
        change = np.log(levels[answer.columns] / before)
        shocks.append(Shock(answer.label, answer.columns, change))
    return levels, shocks


def _policy_powers(policy: PolicyLevels, solution: Solution) -> Array:
    """Return levels with the policy alone in place, rates that were found among it."""
    powers = policy.levels.copy()
    for found in policy.found:
        if found.counts:
            powers[found.columns] = solution.levels[found.columns]
    return powers


def _distance(one: tuple[Reply, ...], other: tuple[Reply, ...], columns: int) -> float:
    """Return the largest difference of two sets of responses, in points of a rate."""
    points = np.zeros(columns)
    worst = 0.0
    for a, b in zip(one, other, strict=True):
        points[:] = 0.0
        points[a.columns] += a.points
        points[b.columns] -= b.points
        worst = max(worst, float(np.abs(points).max(initial=0.0)))
    return worst
