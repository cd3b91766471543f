"""The second table of a summary: equivalent variation and the parts it is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from cge.results.money import money

from cge.core.errors import NoEquilibrium
from cge.experiments.run import Case
from cge.model.welfare import COMPONENTS, GROUPS

#: Shown even where nothing moves them.
_ALWAYS = ("terms of trade", "allocative")
_TITLES = {
    "terms of trade": "Terms of trade", "allocative": "Allocative efficiency",
    "technology": "Technology and trade cost", "transfers": "Transfers",
    "factor supply": "Factor supply",
}  # fmt: skip


def welfare_table(case: Case) -> pd.DataFrame | None:
    """Return equivalent variation in groups of parts, regions and world, in bn.

    The groups add up to the first column; the last column is the sum of the first-order
    formula. None where welfare can not be taken apart.
    """
    try:
        result = case.decomposition
    except NoEquilibrium:
        return None
    b = case.solution.model.benchmark
    unit, scale = money(b)
    totals = result.totals(b.regions) * scale
    size = float(np.abs(result.exact).max() * scale)
    columns = {f"Welfare (EV), {unit}": result.exact * scale}
    for group in GROUPS:
        names = [name for name, of in COMPONENTS.items() if of == group]
        part = totals[names].sum(axis=1).to_numpy()
        if group in _ALWAYS or np.abs(part).max() > 1e-6 * size:
            columns[f"{_TITLES[group]}, {unit}"] = part
    first = result.totals(b.regions, "first_order").sum(axis=1).to_numpy() * scale
    columns[f"First-order sum, {unit}"] = first
    table = pd.DataFrame(columns, index=list(b.regions))
    return pd.concat([table, pd.DataFrame([table.sum()], index=["World"])])


def shock_table(case: Case) -> pd.DataFrame | None:
    """Return equivalent variation by shock, regions and world, in bn; None for a single shock.

    One that moves nothing (a duty that nothing calls for) is no shock.
    """
    try:
        result = case.decomposition
    except NoEquilibrium:
        return None
    b = case.solution.model.benchmark
    largest = result.by_shock["value"].abs().groupby(result.by_shock["shock"], sort=False).max()
    labels = list(largest.index[largest > 1e-13 * b.absorption.min()])
    if len(labels) < 2:
        return None
    unit, scale = money(b)
    table = result.by_shock.pivot_table(index="region", columns="shock", values="value",
                                        aggfunc="sum") * scale  # fmt: skip
    table = table.reindex(index=list(b.regions), columns=labels)
    table.columns = pd.Index([f"{label}, {unit}" for label in labels])
    return pd.concat([table, pd.DataFrame([table.sum()], index=["World"])])


def formatted(table: pd.DataFrame, digits: int = 2) -> list[list[str]]:
    """Return the table's cells as text, row label first."""
    return [
        [str(label), *(f"{round(float(value), digits) + 0.0:.{digits}f}" for value in row)]
        for label, row in table.iterrows()
    ]


def failure(case: Case) -> str:
    """Return why welfare could not be taken apart, empty where it could."""
    try:
        _ = case.decomposition
    except NoEquilibrium as error:
        return f"Welfare could not be taken apart ({case.title}): {error}"
    return ""


NOTES = (
    "The parts of welfare are integrated along the path from the benchmark and add up to the "
    "exact EV; the first-order sum takes benchmark values times total changes, as formulas in "
    "papers do, and is shown for comparison. Allocative efficiency is the change of what "
    "tariffs, taxes and subsidies hold back or over-expand.",
)
