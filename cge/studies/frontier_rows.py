"""A frontier as rows of results, and its part of the manifest."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cge.frontier.confirmation import ColdPoint
from cge.frontier.optimum import Optimum
from cge.frontier.problem import Problem
from cge.frontier.sweep import FrontierPoint, Sweep
from cge.results.collect import world_label
from cge.results.register import add_known
from cge.results.schema import Rows


def frontier_rows(problem: Problem, found: Sweep, weighting: str) -> pd.DataFrame:
    """Rows of a frontier: points count from 0, the end without a constraint.

    What a point does not have (a price of resilience at the smallest risk) has no row.

    Parameters
    ----------
    problem : Problem
    found : Sweep
    weighting : str
        Name of the weights of disruptions.
    """
    rows, b = Rows(), problem.long.benchmark
    for number, point in enumerate(found.points):
        _add_policy(partial(add_known, rows, b=b, point=number, region=problem.region),
                    problem, point, number)  # fmt: skip
        add = partial(add_known, rows, b=b, point=number)
        _add_welfare(add, problem, point.cold)
        _add_risk(add, problem, point.cold, found.without, weighting)
    names = [problem.disruptions[n].name for n in problem.counted]
    add_known(rows, "probability", problem.weights[problem.counted], b, np.nan,
              region=problem.region, disruption=names, weighting=weighting)  # fmt: skip
    return rows.frame()


def _add_policy(add: Any, problem: Problem, point: FrontierPoint, number: int) -> None:
    """Add rates, multipliers, outlay, and how well the point is solved."""
    one, names = point.optimum, [lever.name for lever in problem.levers]
    add("rate", 100 * one.rates, item=names)
    add("outlay_share", 100 * point.cold.outlay)
    # Without a constraint a little more risk is worth nothing.
    price = one.price if number else 0.0
    for name, value in (("price_of_resilience", price), ("budget_multiplier", one.budget)):
        if np.isfinite(value):
            add(name, value, start=np.nan)
    add("bound_multiplier", one.bounds, start=np.nan, item=names)
    add("check_difference", point.apart, start=np.nan, item=["equivalent_variation", "cvar"])
    add("first_order_residual", one.residual, start=np.nan)


def _add_welfare(add: Any, problem: Problem, cold: ColdPoint) -> None:
    b = problem.long.benchmark
    world = b.absorption @ cold.variations / b.absorption.sum()
    add("equivalent_variation", 100 * np.append(cold.variations, world),
        region=[*b.regions, world_label(problem.long)])  # fmt: skip
    add("terms_of_trade", cold.terms_of_trade, region=problem.region)
    if cold.parts:
        add("welfare_part", 100 * np.array(list(cold.parts.values())), item=list(cold.parts),
            region=problem.region)  # fmt: skip


def _add_risk(
    add: Any, problem: Problem, cold: ColdPoint, without: ColdPoint, weighting: str
) -> None:
    """Add losses and their statistics, against those without policy."""
    own, world = problem.region, world_label(problem.long)
    for measure, name in (("cvar", "cvar"), ("expected_loss", "expected")):
        for region, field in ((own, name), (world, f"world_{name}")):
            value, start = (100 * getattr(one, field) for one in (cold, without))
            add(measure, value, start=start, region=region, weighting=weighting)
    names, here = [problem.disruptions[n].name for n in problem.counted], problem.place
    add("loss", 100 * cold.losses[:, here], start=100 * without.losses[:, here], region=own,
        disruption=names)  # fmt: skip
    add("loss", 100 * cold.world_losses, start=100 * without.world_losses, region=world,
        disruption=names)  # fmt: skip


def frontier_facts(problem: Problem, found: Sweep, method: str) -> dict[str, Any]:
    """Facts of a frontier for the manifest: how it was found, and how sure it is."""
    optima: list[Optimum] = [point.optimum for point in found.points]
    return {
        "method": method, "benchmark_and_elasticities": problem.long.benchmark.fingerprint,
        "points": len(found.points), "conflict": found.conflict, "starts": found.starts,
        "starts_that_agree": found.agree,
        "starts_that_agree_on_the_smallest_risk": found.agree_last,
        "iterations": [one.iterations for one in optima],
        "ipopt": [one.message for one in optima],
    }  # fmt: skip
