"""Welfare along a path taken apart: by component, and by what has moved since the benchmark."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from cge.results.path_years import pairs, welfare_base

from cge.core.errors import NoEquilibrium
from cge.dynamics.ground_shocks import apart, ground_shocks
from cge.dynamics.sourcing import Sourcing
from cge.experiments.path_run import PathCase, PathYear
from cge.policy.case import with_rates_given
from cge.solve.decompose import Decomposition, decompose

#: What year's welfare is taken apart unless others are chosen, beside the last.
YEARS = (1, 10)
_KEYS = ["region", "shock", "item"]


def decomposed(year: PathYear, sourcing: Sourcing | None = None) -> Decomposition:
    """Take the welfare of a year apart, all that moved since the benchmark a shock of its own.

    Rates that were found are taken as given: their effect is the measure's.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    sought = tuple(rate for rate in year.found if rate.swaps)
    solution = with_rates_given(year.solution, sought)
    measures = apart((*year.shocks, *(rate.shock for rate in year.found)))
    ground = ground_shocks(
        solution.model, solution.given, measures, year.productivity, year.policy, sourcing
    )
    return decompose(solution, (*measures, *ground))


def tidy_parts(case: PathCase, years: Sequence[int]) -> pd.DataFrame:
    """Return the parts of welfare in some years of a path, in money and per cent.

    Where the baseline moves, each part is that of the path less that of the baseline. Years
    whose welfare can not be taken apart are missing.

    Returns
    -------
    DataFrame
        period, region, shock, item (component), measure, value, unit, benchmark, change,
        change_unit.
    """
    model = case.years[0].solution.model
    b = model.benchmark
    sourcing = Sourcing(model)
    tables = []
    for year, base in pairs(case):
        if year.year not in years:
            continue
        with contextlib.suppress(NoEquilibrium):
            found = _parts(decomposed(year, sourcing))
            if base is not None:
                less = _parts(decomposed(base, sourcing))
                found = found.sub(less, fill_value=0.0)
            table = found.reset_index()
            size = table["region"].map(dict(zip(b.regions, b.absorption.tolist(), strict=True)))
            table = table[table["value"].abs() > 1e-13 * size].copy()
            scale = dict(zip(b.regions, welfare_base(model, base).tolist(), strict=True))
            table["change"] = 100 * table["value"] / table["region"].map(scale).astype(float)
            tables.append(table.assign(period=year.year))
    if not tables:
        return pd.DataFrame()
    return pd.concat(tables, ignore_index=True).assign(
        measure="ev_part", unit=b.unit, benchmark=0.0,
        change_unit="percent of benchmark absorption",
    )  # fmt: skip


def _parts(result: Decomposition) -> pd.Series:
    """Return money by region, shock (empty: all together) and component."""
    every = result.parts.assign(shock="")[["region", "shock", "component", "value"]]
    table = pd.concat([every, result.by_shock], ignore_index=True)
    table = table.rename(columns={"component": "item"})
    return table.groupby(_KEYS, sort=False)["value"].sum()


def periods(years: int, wanted: Sequence[int] = YEARS) -> tuple[int, ...]:
    """Return the wanted years that a path has, and its last."""
    return tuple(int(n) for n in np.unique([*(y for y in wanted if y < years), years]))
