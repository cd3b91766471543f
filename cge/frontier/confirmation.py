"""A point of the frontier solved again, from the benchmark, by what a stress test uses.

Nothing is taken from the optimisation but the rates: the square solver sets out from the
benchmark, disruptions from the equilibrium before them. A frontier reports what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.frontier.problem import Problem, outlay_share
from cge.model.welfare import COMPONENTS
from cge.resilience.impact import disrupted, impact_of
from cge.resilience.losses import cvar, expected_loss
from cge.resilience.preshock import pre_shock
from cge.solve.decompose import decompose
from cge.solve.solution import Solution


@dataclass(frozen=True, eq=False)
class ColdPoint:
    """A policy solved from the benchmark.

    Parameters
    ----------
    variations : ndarray (s,)
        Equivalent variation, a fraction of benchmark absorption.
    losses : ndarray (z, s)
        Part of real income lost, by disruption that has weight.
    world_losses : ndarray (z,)
        Part of the world's real income at benchmark prices.
    cvar, expected, world_cvar, world_expected : float
        Of the region and of the world, fractions, with the weights of the region.
    outlay : float
        Cost of subsidies, a share of GDP.
    terms_of_trade : float
        Of the region, per cent change.
    parts : dict of str to float
        Parts of the region's equivalent variation by group, fractions of absorption.
    worth : dict of str to ndarray (s,)
        Measures of welfare by name, fractions; what is maximised is among them.
    """

    variations: Array
    losses: Array
    world_losses: Array
    cvar: float
    expected: float
    world_cvar: float
    world_expected: float
    outlay: float
    terms_of_trade: float
    parts: dict[str, float]
    worth: dict[str, Array]


def solve_cold(problem: Problem, rates: Array) -> ColdPoint:
    """Solve a policy and every disruption that has weight, from the benchmark.

    Parameters
    ----------
    problem : Problem
    rates : ndarray (k,)

    Raises
    ------
    NoEquilibrium
    """
    long, place = problem.long, problem.place
    solution = long.solve(problem.levels(rates), problem.closure_of_version)
    solution = with_transfers_given(problem, solution)
    variations = solution.relative_to(long.start, "welfare") - 1.0
    outlay = outlay_share(problem, rates, solution)
    worth = {"equivalent_variation": variations}
    return cold_point(problem, solution, variations, outlay, _parts(solution, place), worth)


def with_transfers_given(problem: Problem, solution: Solution) -> Solution:
    """The same equilibrium with transfers that were found as given ones."""
    if solution.closure == problem.closure:
        return solution
    return problem.long.solve(solution.levels, problem.closure, start=solution)


def cold_point(
    problem: Problem, solution: Solution, variations: Array, outlay: float,
    parts: dict[str, float], worth: dict[str, Array],
) -> ColdPoint:  # fmt: skip
    """A point whose disruptions set out from a solution.

    Parameters
    ----------
    problem : Problem
    solution : Solution
        The equilibrium before a disruption, with all transfers given.
    variations, outlay, parts, worth
        See :class:`ColdPoint`.

    Raises
    ------
    NoEquilibrium
    """
    regions, place = problem.long.benchmark.regions, problem.place
    pre = pre_shock(solution, problem.short, problem.run)
    before = pre.real_income(pre)
    left = np.array([
        pre.real_income(disrupted(pre, impact_of(pre, problem.disruptions[n], problem.leakage)))
        for n in problem.counted
    ]).reshape(-1, len(regions))  # fmt: skip
    losses, world = 1.0 - left / before, 1.0 - left.sum(axis=1) / before.sum()
    weights, own = problem.weights[problem.counted], losses[:, place]
    return ColdPoint(
        variations=variations,
        losses=losses,
        world_losses=world,
        cvar=float(cvar(own, weights, problem.level)),
        expected=float(expected_loss(own, weights)),
        world_cvar=float(cvar(world, weights, problem.level)),
        world_expected=float(expected_loss(world, weights)),
        outlay=outlay,
        terms_of_trade=float(solution.measure("terms_of_trade")[place]),
        parts=parts,
        worth=worth,
    )


def _parts(solution: Solution, place: int) -> dict[str, float]:
    """Equivalent variation of a region by group of components."""
    b = solution.model.benchmark
    totals = decompose(solution, by_shock=False).totals(b.regions)
    groups: dict[str, float] = {}
    for component, group in COMPONENTS.items():
        share = totals[component].to_numpy()[place] / b.absorption[place]
        groups[group] = groups.get(group, 0.0) + float(share)
    return {group: value for group, value in groups.items() if abs(value) > 1e-12}
