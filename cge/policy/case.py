"""Solving one scenario on one compiled model: policy, closure, and what partners answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.policy.closures import closure_of, part_of_closure
from cge.policy.levels import PolicyLevels, policy_levels
from cge.policy.replies import Reply, answered, distance, replies
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.schema import Scenario
from cge.solve.closure import Closure, Swap
from cge.solve.homotopy import Shock, moved_alike
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution

#: A response and the equilibrium have settled when no rate moves by more than this.
SETTLED = 1e-10
#: Passes after which they must have.
RESPONSE_PASSES = 60
#: Rates that are tried, upwards from zero until a welfare effect is passed. One that takes away
#: from a price ends before it takes all.
BRACKETS = tuple(0.005 * 2**n for n in range(12))
MOST_OF_A_PRICE = 0.9
#: A rate that is solved for has moved if it is more than this; what a bound leaves is less.
MOVED = 1e-9


@dataclass(frozen=True, eq=False)
class EndogenousRate:
    """A rate that the model solved for.

    Parameters
    ----------
    label : str
        For what.
    key : str
        Where that stands in the scenario.
    low, high : float
        Over its cells: what was added to the rate in force, a fraction.
    shock : Shock
        What it does where it is given instead.
    swaps : tuple of Swap
        By which it was solved for.
    """

    label: str
    key: str
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
    """Ground, closure and timing that a year of a path gives to its policy.

    Parameters
    ----------
    ground : ndarray (columns,)
        Levels without policy.
    closure : Closure
        Without what the policy itself fixes.
    phases : tuple of float
        Part of each measure that is in force.
    guess, beside : ndarray (columns,), optional
        As of :meth:`cge.solve.model.Model.solve`.
    policy : PolicyLevels, optional
        What is in force by those phases, where it is known.
    """

    ground: Array
    closure: Closure
    phases: tuple[float, ...]
    guess: Array | None = None
    beside: Array | None = None
    policy: PolicyLevels | None = None

    def laid(self, model: Model, levels: Array) -> Array:
        """The ground with a policy on it, of which the levels on the benchmark are given.

        What the ground has moved, productivity say, a measure moves from there.
        """
        start, free = model.arrays.start, model.arrays.free
        on_top = moved_alike(self.ground, start, levels, free)
        # Without rounding where one of the two is at the benchmark.
        on_top = np.where(self.ground == start, levels, on_top)
        return np.where(levels == start, self.ground, on_top)


@dataclass(frozen=True, eq=False)
class SolvedCase:
    """One solution and what led to it.

    Parameters
    ----------
    solution : Solution
    shocks : tuple of Shock
        What each measure, each response and the balances did to given columns.
    endogenous : tuple of EndogenousRate
        Rates that were solved for: for a budget, an equal comparison, financing, a quota.
    replies : tuple of Reply
        Tariffs that responses raised.
    powers : ndarray (columns,)
        Levels with policy and responses on the benchmark, rates that were solved for among
        them; not the rents of quotas.
    moved : tuple of str
        Keys of the measures and responses that moved something.
    """

    solution: Solution
    shocks: tuple[Shock, ...]
    endogenous: tuple[EndogenousRate, ...]
    replies: tuple[Reply, ...]
    powers: Array
    moved: tuple[str, ...]


def solve_case(
    model: Model,
    scenario: Scenario,
    *,
    share: float = 1.0,
    solver: Solver = "newton",
    start: Solution | None = None,
    standing: Standing | None = None,
    ground: Array | None = None,
) -> SolvedCase:
    """Solve one scenario on one compiled model.

    Parameters
    ----------
    model : Model
    scenario : Scenario
        One without variants and grid (see :class:`cge.scenario.variants.ScenarioSet`), on the
        benchmark of the model. Its `steps` are not looked at.
    share : float
        Part of the whole shock.
    solver : {"newton", "ipopt"}
    start : Solution, optional
        Equilibrium from which to set out; default the benchmark.
    standing : Standing, optional
        Ground, closure and timing of a year of a path; default: the benchmark, the
        scenario's closure, everything in force.
    ground : ndarray (columns,), optional
        Levels without policy where there is no such year; default those of the benchmark.

    Raises
    ------
    InputError
        When the scenario does not fit the benchmark.
    NoEquilibrium
        When no point passes, or responses and equilibrium do not settle.
    """
    equal, guesses = scenario.equal, [m.guess for m in scenario.policy if m.unsized]
    by_welfare = equal is not None and equal.welfare and isinstance(equal.welfare, float)
    if by_welfare and guesses and not any(guess is not None for guess in guesses):
        scenario = _bracketed(model, scenario, share, solver, ground)
        standing = standing and replace(standing, policy=None)  # that has other rates
    if standing is None:
        closure = part_of_closure(closure_of(scenario.closure, model.benchmark), model, share)
        ground = model.arrays.start if ground is None else ground
        standing = Standing(ground, closure, (1.0,) * len(scenario.policy))
    policy = standing.policy or policy_levels(model, scenario, share, standing.phases)
    closure = standing.closure
    full = closure.with_swaps(policy.swaps)
    if any(target.guessed for target in policy.targets):
        # The equilibrium at the rates that the user guesses, from which to search.
        known = [s for target in policy.targets if not target.guessed for s in target.swaps]
        guess = closure.with_swaps(known)
        start = model.solve(standing.laid(model, policy.levels), guess, solver)
    # A response to rates that are given is known beforehand and needs one pass; one to a rate
    # that is solved for, or to a subsidy on factors as a part of output, depends on the
    # equilibrium it takes part in.
    answers = replies(model, scenario.responses, policy.levels, model.outcome_start)
    near = standing.guess
    for _ in range(RESPONSE_PASSES):
        answered_levels, shocks = answered(policy, answers)
        levels = standing.laid(model, answered_levels)
        solution = start = model.solve(levels, full, solver, start, guess=near,
                                       beside=standing.beside)  # fmt: skip
        near = None
        powers = policy.levels.copy()
        for target in policy.targets:
            if target.counts:
                powers[target.columns] = solution.levels[target.columns]
        again = replies(model, scenario.responses, powers, solution.outcomes)
        apart = distance(answers, again, len(levels))
        if apart <= SETTLED:
            break
        answers = again
    else:
        raise NoEquilibrium(
            f"responses and equilibrium did not settle in {RESPONSE_PASSES} passes; a tariff "
            f"still moved by {100 * apart:.2g} points"
        )
    rates = _rates(policy, levels, solution)
    moved = (
        *policy.moved,
        *(rate.key for rate in rates if max(abs(rate.low), abs(rate.high)) > MOVED),
        *(f"responses.{n}" for n, answer in enumerate(answers) if len(answer.points)),
    )
    raised = np.where(powers == policy.levels, answered_levels, powers)
    return SolvedCase(solution, (*policy.shocks, *shocks), rates, answers, raised, moved)


def _bracketed(
    model: Model, scenario: Scenario, share: float, solver: Solver, ground: Array | None
) -> Scenario:
    """A scenario with a guess of the rate that has the welfare effect asked for.

    Welfare need not fall, or rise, with a rate throughout: a small tariff pays, a large one
    costs. So the rate is first bracketed from zero upwards, and a subsidy does not turn out
    to be a tax because that has the same effect.

    Raises
    ------
    NoEquilibrium
        If no positive rate has the effect; says how far it goes.
    """
    policy_levels(model, scenario, share)  # what is wrong is refused before the search
    assert scenario.equal is not None and isinstance(scenario.equal.value, float)
    region, wanted = scenario.equal.region, share * scenario.equal.value
    takes = any(INSTRUMENTS[m.instrument].sign < 0 for m in scenario.policy if m.unsized)
    tried: list[str] = []
    start: Solution | None = None
    for rate in BRACKETS:
        if takes and rate > MOST_OF_A_PRICE:
            break
        sized = _with_rate(scenario, "add", rate).model_copy(update={"equal": None})
        try:
            start = solve_case(
                model, sized, share=share, solver=solver, start=start, ground=ground
            ).solution
        except NoEquilibrium:
            break
        effect = start.outcome(f"equivalent_variation[{region}]")
        tried.append(f"{100 * rate:g} %: {effect:.4g}")
        if (effect - wanted) * np.sign(wanted) >= 0:
            return _with_rate(scenario, "guess", rate)
    raise NoEquilibrium(
        f"no rate has an equivalent variation of {wanted:g} % in {region}; tried "
        f"{'; '.join(tried) or 'none that solves'} (a 'guess' says where else to look, a "
        "negative one among them)"
    )


def _with_rate(scenario: Scenario, key: str, rate: float) -> Scenario:
    """A scenario whose measures without a size have a rate under some key."""
    policy = [m.model_copy(update={key: rate}) if m.unsized else m for m in scenario.policy]
    return scenario.model_copy(update={"policy": policy})


def with_rates_given(solution: Solution, endogenous: Sequence[EndogenousRate]) -> Solution:
    """The same equilibrium with the rates that were solved for as given ones.

    What a policy does then follows from its rates, also where more than one rate has the
    outlay or the welfare effect that was asked for.
    """
    if not endogenous:
        return solution
    freeing = {swap for rate in endogenous for swap in rate.swaps}
    swaps = tuple(swap for swap in solution.closure.swaps if swap not in freeing)
    closure = replace(solution.closure, swaps=swaps)
    return solution.model.solve(solution.levels, closure, start=solution)


def _rates(policy: PolicyLevels, levels: Array, solution: Solution) -> tuple[EndogenousRate, ...]:
    """Rates that were solved for, from levels at which the search set out."""
    rates = []
    for one in policy.targets:
        points = one.points(solution.levels)
        change = np.log(solution.levels[one.columns] / levels[one.columns])
        low, high = float(points.min()), float(points.max())
        shock = Shock(one.label, one.columns, change)
        rates.append(EndogenousRate(one.label, one.key, low, high, shock, one.swaps))
    return tuple(rates)


def may_move(
    model: Model, scenario: Scenario, phases: Sequence[float] | None = None
) -> frozenset[str]:
    """Keys of measures and responses that move something, or of which only a solution tells.

    Parameters
    ----------
    model : Model
    scenario : Scenario
    phases : sequence of float, optional
        See :func:`cge.policy.levels.policy_levels`.

    Raises
    ------
    InputError
        When the scenario does not fit the benchmark.
    """
    policy = policy_levels(model, scenario, phases=phases)
    answers = replies(model, scenario.responses, policy.levels, model.outcome_start)
    found = {*policy.moved, *(target.key for target in policy.targets)}
    for number, (response, answer) in enumerate(zip(scenario.responses, answers, strict=True)):
        if len(answer.points) or policy.targets or not response.to_rates:
            found.add(f"responses.{number}")
    return frozenset(found)
