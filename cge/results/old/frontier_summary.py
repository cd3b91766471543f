"""The first page of a frontier study."""

from __future__ import annotations

from typing import Any

import numpy as np
from cge.results.frontier_table import price
from cge.results.sensitivity_summary import Table

from cge.experiments.frontier import Frontier, FrontierRun
from cge.frontier.problem import GLOBAL, NEUTRAL, UNILATERAL

TITLES = {
    UNILATERAL: "unilateral",
    NEUTRAL: "partners compensated (neutral to the terms of trade)",
    GLOBAL: "for the world",
}
#: By how much the price of resilience may fall from a point to the next before it is told.
ROUNDING = 1e-3


def tables(run: FrontierRun) -> list[Table]:
    """Return one table for each elasticity set and version."""
    return [_table(run, one) for one in run.frontiers]


def _table(run: FrontierRun, one: Frontier) -> Table:
    study = run.study
    own = run.benchmark.regions.index(study.region)
    header = ["point", f"CVaR of {study.region}, %", "Expected loss, %", f"EV of {study.region}, %",
              "World EV, %", "Terms of trade, %", "Efficiency part of EV, %",
              "Price of resilience", "Outlay, % of GDP", "World CVaR, %",
              *(f"{lever.name}, %" for lever in study.instruments)]  # fmt: skip
    rows = [_row(str(number), number, point, own) for number, point in enumerate(one.sweep.points)]
    return Table(f"Elasticities: {one.elasticities}; {TITLES[one.version]}", header, rows)


def _row(label: str, number: int, point: dict[str, Any], own: int) -> list[str]:
    figures = [
        (100 * point["cvar"], 3), (100 * point["expected"], 3),
        (100 * point["variations"][own], 3), (100 * point["world"], 3),
        (point["terms_of_trade"], 2), (100 * point["parts"].get("allocative", 0.0), 3),
        (price(number, point), 2), (100 * point["outlay"], 2), (100 * point["world_cvar"], 3),
        *((100 * rate, 2) for rate in point["rates"]),
    ]  # fmt: skip
    return [label, *("-" if np.isnan(v) else f"{v + 0.0:.{digits}f}" for v, digits in figures)]


def notes(run: FrontierRun) -> list[str]:
    """Return what must be said of the tables."""
    study, b = run.study, run.benchmark
    setting = run.frontiers[0].setting
    counted = int((setting.weights > 0).sum())
    lines = [
        f"CVaR: mean loss of real income of {study.region} in the worst "
        f"{100 * (1 - setting.settings.level):g} % of probability, over {counted} disruptions with "
        f"weighting '{study.weighting}'. Neither sizes nor probabilities of disruptions are "
        "estimated. The world's is with the same probabilities.",
        "Point 0: no constraint on risk. Last point: the smallest risk that these instruments can "
        "reach. Price of resilience: points of what is maximised given up for one point less of "
        "CVaR.",
        "Rates are added to those of the benchmark.",
    ]
    if study.budget is not None:
        lines.append(f"Subsidies may cost up to {100 * study.budget:g} % of GDP.")
    if setting.dropped:
        lines.append("Families with weight but without a disruption, the rest is scaled up: "
                     + ", ".join(setting.dropped) + ".")  # fmt: skip
    if UNILATERAL in study.versions and NEUTRAL not in study.versions:
        lines.append("The unilateral frontier contains what is taken from others through the terms "
                     "of trade; compare the version that compensates partners.")  # fmt: skip
    for one in run.frontiers:
        lines += _of_one(one)
    worst = max(max(p["apart"]) for one in run.frontiers for p in one.sweep.points)
    residual = max(p["residual"] for one in run.frontiers for p in one.sweep.points)
    lines.append(
        "Every point was solved again from the benchmark: welfare and CVaR differ by at most "
        f"{worst:.0e} of themselves. First-order conditions hold to {residual:.0e}."
    )
    return [*lines, *b.notes]


def _of_one(one: Frontier) -> list[str]:
    name = f"{one.elasticities}, {TITLES[one.version]}"
    sweep = one.sweep
    first, last = sweep.points[0], sweep.points[-1]
    lines = [
        f"{name}: CVaR {100 * sweep.without['cvar']:.3f} % without policy, "
        f"{100 * first['cvar']:.3f} % at the best welfare, {100 * last['cvar']:.3f} % at the "
        f"smallest risk; {sweep.agree} of {sweep.starts} starting points reach the same best "
        f"welfare, {sweep.agree_last} of {sweep.starts + 1} the same smallest risk."
    ]
    if not sweep.conflict:
        lines.append(f"{name}: no conflict. The policy that is best for welfare is the one with "
                     "the smallest risk.")  # fmt: skip
    prices = [price(n, point) for n, point in enumerate(sweep.points[:-1])]
    if any(np.diff(prices) < -ROUNDING * max([1.0, *prices])):
        lines.append(f"{name}: the frontier is not concave, the price of resilience falls along a "
                     "part of it; the points are local optima.")  # fmt: skip
    return lines


def markdown(run: FrontierRun, shown: list[Table], lines: list[str]) -> str:
    """Return the summary as a page."""
    parts = [f"# {run.study.title or run.study.name}", "", run.study.description.strip(), ""]
    for table in shown:
        parts += [f"## {table.title}", "", "| " + " | ".join(table.header) + " |",
                  "|" + "---:|" * len(table.header)]  # fmt: skip
        parts += ["| " + " | ".join(row) + " |" for row in table.rows]
        parts.append("")
    parts += [f"- {line}" for line in lines]
    return "\n".join(parts) + "\n"
