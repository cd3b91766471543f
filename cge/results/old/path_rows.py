"""Figures of all years of a path at once, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from cge.model.measures import MEASURES
from cge.results.path_years import pairs
from cge.results.tidy import TARIFF_REVENUES, Reported, figure_rows
from numpy.typing import NDArray

from cge.experiments.path_run import PathCase
from cge.indicators.fiscal import tariff_revenue
from cge.solve.solution import Solution

Array = NDArray[np.float64]

_MEASURES = frozenset(m.name for m in MEASURES)


def stacked(
    periods: Sequence[int],
    places: Mapping[str, Sequence[str] | NDArray[Any]],
    measure: str,
    values: Array,
    unit: str,
    benchmark: Array | float = 0.0,
    change: Array | None = None,
    change_unit: str = "",
) -> pd.DataFrame:
    """Return one measure in some years as rows.

    Parameters
    ----------
    periods : sequence (years) of int
    places : mapping of str to sequence (cells) of str
        region, partner, sector, item.
    measure : str
    values : ndarray (years, cells)
    unit : str
    benchmark : ndarray (years, cells) or float
        What the values are compared with.
    change : ndarray (years, cells), optional
        Default: the values themselves.
    change_unit : str
        Default: that of the values.
    """
    years, cells = values.shape
    return pd.DataFrame({
        "period": np.repeat(np.asarray(periods), cells),
        **{axis: np.tile(np.asarray(codes, dtype=object), years) for axis, codes in places.items()},
        "measure": measure, "value": values.ravel(), "unit": unit,
        "benchmark": np.broadcast_to(benchmark, values.shape).ravel(),
        "change": (values if change is None else change).ravel(),
        "change_unit": change_unit or unit,
    })  # fmt: skip


def figures(
    case: PathCase,
    reported: Reported,
    periods: Sequence[int],
    known: dict[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return a figure of the static tidy table in some years, against the baseline.

    What is a change already is one against the benchmark in the path and in its baseline: of
    per cents the quotient is taken, of money the difference.

    Parameters
    ----------
    case : PathCase
    reported : Reported
    periods : sequence of int
    known : dict, optional
        Rows of one solution by figure, kept between calls for cases of the same accounts.
    """
    money = case.years[0].solution.model.benchmark.unit
    chosen = [pair for pair in pairs(case) if pair[0].year in periods]
    if not chosen:
        return pd.DataFrame()
    values = np.array([_values(year.solution, reported) for year, _ in chosen])
    known = {} if known is None else known
    if reported.name not in known:
        known[reported.name] = figure_rows(chosen[0][0].solution, reported, money)
    first = known[reported.name]
    then = np.array([
        first["benchmark"] if base is None else _values(base.solution, reported)
        for _, base in chosen
    ])  # fmt: skip
    if reported.source in _MEASURES:
        if reported.unit == "value":
            values = values - then
        else:
            values = 100 * ((100 + values) / (100 + then) - 1)
        then = np.zeros_like(values)
    if reported.change == "percent":
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.where(then != 0, 100 * (values / then - 1), np.nan)
    else:
        change = values - then
    places = {
        axis: first[axis].to_numpy()
        for axis in ("region", "partner", "sector", "item") if first[axis].notna().any()
    }  # fmt: skip
    return stacked(
        [year.year for year, _ in chosen], places, reported.name, values,
        str(first["unit"].iloc[0]), then, change, str(first["change_unit"].iloc[0]),
    )  # fmt: skip


def _values(solution: Solution, reported: Reported) -> Array:
    """Return a figure's values in the order of its rows."""
    name, model = reported.source, solution.model
    if name in _MEASURES:
        return solution.measure(name)
    if name in model.variables:
        values = solution.levels[model.variables[name].block.positions]
        # Revenues are shares of benchmark absorption in the model.
        return values * model.benchmark.absorption if name.endswith("_revenue") else values
    return np.asarray(solution.outcomes[model.outcomes[name].block.positions])


def tariff_revenues(case: PathCase) -> list[pd.DataFrame]:
    """Return what tariffs between regions bring, and those on purchases at home."""
    b = case.years[0].solution.model.benchmark
    chosen = pairs(case)
    periods = [year.year for year, _ in chosen]
    start = tariff_revenue(chosen[0][0].solution, benchmark=True)
    now = [tariff_revenue(year.solution) for year, _ in chosen]
    then = [start if base is None else tariff_revenue(base.solution) for _, base in chosen]
    tables = []
    for number, name in enumerate(TARIFF_REVENUES):
        values = np.array([pair[number] for pair in now])
        before = np.array([pair[number] for pair in then])
        tables.append(stacked(periods, {"region": b.regions}, name, values, b.unit, before,
                              values - before))  # fmt: skip
    return tables
