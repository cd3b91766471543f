"""A point of the frontier solved again, from the benchmark, by what a stress test uses.

Nothing is taken from the optimisation but the rates: the square solver sets out from the
benchmark, disruptions from the stage. What a frontier reports is what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.frontier.problem import Task
from cge.model.welfare import COMPONENTS
from cge.resilience.impact import disrupted, impact_of
from cge.resilience.losses import cvar, expected_loss
from cge.resilience.preshock import stage_of
from cge.solve.decompose import decompose
from cge.solve.solution import Solution

Array = NDArray[np.float64]

#: A point whose welfare or risk differs by more than this, a fraction, is no solution.
AGREES = 1e-7


@dataclass(frozen=True, eq=False)
class Cold:
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
        What subsidies cost, a share of GDP.
    terms_of_trade : float
        Of the region, per cent change.
    parts : dict of str to float
        Parts of the region's equivalent variation by group, fractions of absorption.
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


def solve_cold(task: Task, rates: Array) -> Cold:
    """Solve a policy and every disruption that has weight, from the benchmark.

    Parameters
    ----------
    task : Task
    rates : ndarray (k,)

    Raises
    ------
    NoEquilibrium
    """
    b = task.long.benchmark
    solution = task.long.solve(task.levels(rates), task.closure())
    plain = task.plain_closure()
    if solution.closure != plain:  # transfers that were found are given from here on
        solution = task.long.solve(solution.levels, plain, start=solution)
    stage = stage_of(solution, task.short, task.premium, task.lending)
    before = stage.real_income(stage.levels, stage.outcomes)
    losses, world = [], []
    for n in task.counted:
        hit = disrupted(stage, impact_of(stage, task.disruptions[n], task.trickle))
        left = stage.real_income(hit.levels, hit.outcomes)
        losses.append(1.0 - left / before)
        world.append(1.0 - left.sum() / before.sum())
    by_region, of_world = np.array(losses).reshape(-1, len(b.regions)), np.array(world)
    weights = task.weights[task.counted]
    own = by_region[:, task.viewer]
    spent = sum(
        rate * solution.outcomes[lever.base].sum()
        for lever, rate in zip(task.levers, rates, strict=True)
    )
    start = solution.by_region("welfare", benchmark=True)
    return Cold(
        solution.by_region("welfare") / start - 1.0, by_region, of_world,
        float(cvar(own, weights, task.level)), float(expected_loss(own, weights)),
        float(cvar(of_world, weights, task.level)), float(expected_loss(of_world, weights)),
        float(spent / solution.by_region("gdp")[task.viewer]),
        float(solution.measure("terms_of_trade")[task.viewer]), _parts(solution, task),
    )  # fmt: skip


def _parts(solution: Solution, task: Task) -> dict[str, float]:
    """Return the region's equivalent variation by group of components."""
    b = task.long.benchmark
    totals = decompose(solution).totals(b.regions)
    groups: dict[str, float] = {}
    for component, group in COMPONENTS.items():
        share = totals[component].to_numpy()[task.viewer] / b.absorption[task.viewer]
        groups[group] = groups.get(group, 0.0) + float(share)
    return {group: value for group, value in groups.items() if abs(value) > 1e-12}
