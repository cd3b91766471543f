"""Frontiers as a tidy table: one row per figure, with its unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from cge.experiments.frontier import Frontier, FrontierRun

COLUMNS = ("elasticities", "version", "point", "measure", "item", "value", "unit")

PERCENT_OF_ABSORPTION = "percent of benchmark absorption"
PERCENT_OF_INCOME = "percent of real income"
POINTS = "points of welfare per point of conditional value at risk"

Row = tuple[str, str, float, str]


def tidy_frontiers(run: FrontierRun) -> pd.DataFrame:
    """Return all figures of a study.

    Returns
    -------
    DataFrame
        Columns of :data:`COLUMNS`. Points count from 0, the end without a constraint, to the
        smallest risk. What a point does not have (a price of resilience at the last one) has
        no row.
    """
    rows = [
        (one.elasticities, one.version, number, *row)
        for one in run.frontiers
        for number, point in enumerate(one.sweep.points)
        for row in _rows(run, one, number, point)
        if np.isfinite(row[2])
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"point": "int64", "value": "float64"})


def _rows(run: FrontierRun, one: Frontier, number: int, point: dict[str, Any]) -> Iterator[Row]:
    b = run.benchmark
    own = b.regions.index(run.study.region)
    names = [lever.name for lever in run.study.instruments]
    yield "equivalent_variation", "", 100 * point["variations"][own], PERCENT_OF_ABSORPTION
    yield "world_equivalent_variation", "", 100 * point["world"], PERCENT_OF_ABSORPTION
    yield "cvar", "", 100 * point["cvar"], PERCENT_OF_INCOME
    yield "expected_loss", "", 100 * point["expected"], PERCENT_OF_INCOME
    yield "world_cvar", "", 100 * point["world_cvar"], PERCENT_OF_INCOME
    yield "world_expected_loss", "", 100 * point["world_expected"], PERCENT_OF_INCOME
    for name, rate in zip(names, point["rates"], strict=True):
        yield "rate", name, 100 * rate, "percent, added to the benchmark's rate"
    # Without a constraint a little more risk is worth nothing.
    yield "price_of_resilience", "", price(number, point), POINTS
    for name, multiplier in zip(names, point["bounds"], strict=True):
        yield "bound_multiplier", name, multiplier, "points of the goal per point of the rate"
    yield "budget_multiplier", "", point["budget"], "points of the goal per point of GDP"
    yield "outlay", "", 100 * point["outlay"], "percent of GDP"
    yield "terms_of_trade", "", point["terms_of_trade"], "percent change"
    for group, part in point["parts"].items():
        yield "welfare_part", group, 100 * part, PERCENT_OF_ABSORPTION
    for region, value in zip(b.regions, point["variations"], strict=True):
        yield "equivalent_variation_of_region", region, 100 * value, PERCENT_OF_ABSORPTION
    counted = zip(point["losses"].items(), point["world_losses"], strict=True)
    for (name, losses), world in counted:
        yield "loss", name, 100 * losses[own], PERCENT_OF_INCOME
        yield "world_loss", name, 100 * world, PERCENT_OF_INCOME
    if number == 0:
        for name, weight in probabilities(one).items():
            yield "probability", name, weight, "fraction"
        yield "cvar_without_policy", "", 100 * one.sweep.without["cvar"], PERCENT_OF_INCOME
        yield ("expected_loss_without_policy", "", 100 * one.sweep.without["expected"],
               PERCENT_OF_INCOME)  # fmt: skip
    for what, apart in zip(("equivalent_variation", "cvar"), point["apart"], strict=True):
        yield "check_difference", what, apart, "fraction"
    yield "first_order_residual", "", point["residual"], "percent"


def price(number: int, point: dict[str, Any]) -> float:
    """Return the price of resilience at a point; NaN at the smallest risk."""
    return 0.0 if number == 0 else float(point["price"])


def probabilities(one: Frontier) -> dict[str, float]:
    """Return the probability of every disruption that has one."""
    setting = one.setting
    pairs = zip(setting.disruptions, setting.weights, strict=True)
    return {disruption.name: float(weight) for disruption, weight in pairs if weight > 0}
