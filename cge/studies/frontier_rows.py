"""A frontier as rows of results, and its part of the manifest."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cge.frontier.problem import Problem
from cge.frontier.sweep import FrontierPoint, Sweep
from cge.results.collect import change_of, world_label
from cge.results.register import quantity
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
    rows = Rows()
    for number, point in enumerate(found.points):
        _add_policy(rows, problem, found, number)
        _add_welfare(rows, problem, point, number)
        _add_risk(rows, problem, found, number, weighting)
    names = [problem.disruptions[n].name for n in problem.counted]
    _add(rows, "probability", problem.weights[problem.counted], region=problem.region,
         disruption=names, weighting=weighting)  # fmt: skip
    return rows.frame()


def _add(
    rows: Rows, measure: str, value: ArrayLike, start: ArrayLike = np.nan, **columns: Any
) -> None:
    """Add what is finite of a measure, in the units of the register."""
    line = quantity(measure)
    figures = np.atleast_1d(np.asarray(value, dtype=float))
    if not np.isfinite(figures).all():
        return
    then = np.broadcast_to(np.asarray(start, dtype=float), figures.shape)
    change, unit = change_of(line, line.unit, figures, then)
    rows.add(measure, figures, unit=line.unit, benchmark=then, change=change, change_unit=unit,
             **columns)  # fmt: skip


def _add_policy(rows: Rows, problem: Problem, found: Sweep, number: int) -> None:
    """Rates, multipliers, outlay, and how well the point is solved."""
    point = found.points[number]
    one, names = point.optimum, [lever.name for lever in problem.levers]
    add = partial(_add, rows, region=problem.region, point=number)
    add("rate", 100 * one.rates, item=names)
    # Without a constraint a little more risk is worth nothing.
    add("price_of_resilience", one.price if number else 0.0)
    add("bound_multiplier", one.bounds, item=names)
    add("budget_multiplier", one.budget)
    add("outlay_share", 100 * point.cold.outlay, 0.0)
    add("check_difference", point.apart, item=["equivalent_variation", "cvar"])
    add("first_order_residual", one.residual)


def _add_welfare(rows: Rows, problem: Problem, point: FrontierPoint, number: int) -> None:
    b, cold = problem.long.benchmark, point.cold
    world = b.absorption @ cold.variations / b.absorption.sum()
    places = [*b.regions, world_label(problem.long)]
    add = partial(_add, rows, start=0.0, point=number)
    add("equivalent_variation", 100 * np.append(cold.variations, world), region=places)
    add("terms_of_trade", cold.terms_of_trade, region=problem.region)
    add("welfare_part", 100 * np.array(list(cold.parts.values())), item=list(cold.parts),
        region=problem.region)  # fmt: skip


def _add_risk(rows: Rows, problem: Problem, found: Sweep, number: int, weighting: str) -> None:
    """Losses and their statistics, against those without policy."""
    cold, without = found.points[number].cold, found.without
    places = [problem.region, world_label(problem.long)]
    names = [problem.disruptions[n].name for n in problem.counted]
    add = partial(_add, rows, point=number)
    for measure, name in (("cvar", "cvar"), ("expected_loss", "expected")):
        value, start = ([getattr(one, name), getattr(one, f"world_{name}")]
                        for one in (cold, without))  # fmt: skip
        add(measure, 100 * np.array(value), 100 * np.array(start), region=places,
            weighting=weighting)  # fmt: skip
    own, world = places
    here = problem.place
    add("loss", 100 * cold.losses[:, here], 100 * without.losses[:, here], region=own,
        disruption=names)  # fmt: skip
    add("loss", 100 * cold.world_losses, 100 * without.world_losses, region=world,
        disruption=names)  # fmt: skip


def frontier_facts(problem: Problem, found: Sweep, method: str) -> dict[str, Any]:
    """Facts of a frontier for the manifest: how it was found, and how sure it is."""
    optima = [point.optimum for point in found.points]
    return {
        "method": method, "benchmark_and_elasticities": problem.long.benchmark.fingerprint,
        "points": len(found.points), "conflict": found.conflict, "starts": found.starts,
        "starts_that_agree": found.agree,
        "starts_that_agree_on_the_smallest_risk": found.agree_last,
        "iterations": [one.iterations for one in optima],
        "ipopt": [one.message for one in optima],
    }  # fmt: skip
