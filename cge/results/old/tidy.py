"""Solutions as tidy tables: one row per figure, with its unit and its change."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.model.measures import MEASURES
from cge.model.registry import EXOGENOUS, VARIABLES
from cge.results.tidy_policy import tidy_decomposition, tidy_fiscal

from cge.core.errors import InputError, NoEquilibrium
from cge.experiments.run import Case, ScenarioRun
from cge.indicators.fiscal import tariff_revenue
from cge.indicators.value_chain_rows import tidy_value_chains
from cge.solve.solution import Solution

COLUMNS = (
    "scenario", "closure", "elasticities", "year", "step", "region", "partner", "sector", "item",
    "shock", "measure", "value", "unit", "benchmark", "change", "change_unit",
)  # fmt: skip

#: Where each axis of a variable or outcome goes. On a route, region is the exporter and
#: partner the importer; item is a factor, an agent or a use class.
_PLACES: Mapping[str, str] = {
    "r": "region", "s": "region", "i": "sector", "j": "sector", "f": "item", "d": "item",
    "u": "item",
}  # fmt: skip


@dataclass(frozen=True)
class Reported:
    """A figure of the output: its name there, what it is made from, how it changes."""

    name: str
    source: str
    unit: str
    change: str  # "percent", "difference" or "none"


_INDEX = "index, benchmark = 1"
REPORTED: tuple[Reported, ...] = (
    *(Reported(m.name, m.name, m.unit, "itself") for m in MEASURES),
    Reported("gdp", "gdp", "value", "percent"),
    Reported("absorption", "absorption_value", "value", "percent"),
    Reported("exports", "exports", "value", "percent"),
    Reported("imports", "imports", "value", "percent"),
    Reported("trade_balance", "trade_balance", "value", "difference"),
    Reported("export_tax_revenue", "export_tax_revenue", "value", "difference"),
    Reported("output_tax_revenue", "output_tax_revenue", "value", "difference"),
    Reported("user_tax_revenue", "user_tax_revenue", "value", "difference"),
    Reported("factor_tax_revenue", "factor_tax_revenue", "value", "difference"),
    Reported("absorption_price", "welfare_price", _INDEX, "percent"),
    Reported("agent_price", "agent_price", _INDEX, "percent"),
    Reported("factor_price", "factor_return", _INDEX, "percent"),
    Reported("real_factor_price", "consumer_real_return", _INDEX, "percent"),
    Reported("employment", "factor_supply", _INDEX, "percent"),
    Reported("final_spending", "final_spending", "value", "percent"),
    Reported("basic_price", "basic_price", _INDEX, "percent"),
    Reported("output", "output", _INDEX, "percent"),
    Reported("output_value", "output_value", "value", "percent"),
    Reported("value_added", "value_added_value", "value", "percent"),
    Reported("output_tax", "output_tax_paid", "value", "difference"),
    Reported("sector_employment", "factor_use", _INDEX, "percent"),
    Reported("sector_factor_price", "factor_price", _INDEX, "percent"),
    Reported("trade_value", "trade_value", "value", "percent"),
    Reported("trade_volume", "trade_volume", "value", "percent"),
    Reported("bilateral_tariff_revenue", "tariff_paid", "value", "difference"),
    Reported("bilateral_export_tax_revenue", "export_tax_paid", "value", "difference"),
)

#: What the model has as one tariff revenue: between regions, and on purchases at home.
TARIFF_REVENUES = ("tariff_revenue", "domestic_purchase_tax_revenue")


def tidy_solution(solution: Solution) -> pd.DataFrame:
    """Return all reported figures of a solution.

    Returns
    -------
    DataFrame
        Columns region, partner, sector, item, measure, value, unit, benchmark, change,
        change_unit. Values are in the benchmark's money unit at the numeraire's price.
    """
    unit = solution.model.benchmark.unit
    tables = [figure_rows(solution, r, unit) for r in REPORTED]
    tables.append(_tariff_revenue(solution))
    tables += [moved_rows(solution, name) for name in EXOGENOUS]
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


def _tariff_revenue(solution: Solution) -> pd.DataFrame:
    """Return what tariffs between regions bring, and what those on home purchases do."""
    b = solution.model.benchmark
    now, then = (tariff_revenue(solution, benchmark=start) for start in (False, True))
    return pd.concat(
        pd.DataFrame({"region": b.regions, "measure": name, "value": value, "unit": b.unit,
                      "benchmark": start, "change": value - start, "change_unit": b.unit})
        for name, value, start in zip(TARIFF_REVENUES, now, then, strict=True)
    )  # fmt: skip


def moved_rows(solution: Solution, name: str) -> pd.DataFrame:
    """Return the cells of an exogenous variable that are not at their benchmark level.

    That is the policy itself, and what a closure solved for: the tariff of a quota, the
    rate of a fixed budget.
    """
    here = solution.model.variables[name].block.positions
    start = solution.model.arrays.start[here]
    if not (np.abs(solution.levels[here] - start) > 1e-12).any():  # or none: no border, no tax
        return pd.DataFrame()
    table = figure_rows(solution, Reported(name, name, VARIABLES[name].unit, "difference"), "")
    return table[table["change"].abs() > 1e-12]


def figure_rows(solution: Solution, reported: Reported, money: str) -> pd.DataFrame:
    """Return one reported figure of a solution, `money` being the unit of values."""
    frame = solution.frame(reported.source)
    axes = [column for column in frame.columns if len(column) == 1]
    places = {axis: _PLACES[axis] for axis in axes}
    if "r" in axes and "s" in axes:
        places["s"] = "partner"
    if "i" in axes and "j" in axes:  # the input is the sector, its buyer the item
        places["j"] = "item"
    frame = frame.rename(columns=places)
    if reported.source.endswith("_revenue"):  # shares of benchmark absorption in the model
        scale = solution.model.benchmark.absorption
        frame["value"] *= scale
        frame["benchmark"] *= scale
    unit = money if reported.unit == "value" else reported.unit.replace("value", money)
    value, benchmark = frame["value"].to_numpy(), frame["benchmark"].to_numpy()
    if reported.change == "percent":
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.where(benchmark != 0, 100 * (value / benchmark - 1), np.nan)
        change_unit = "percent"
    else:
        change, change_unit = value - benchmark, unit
    return frame.assign(
        measure=reported.name,
        unit=unit,
        change=change,
        change_unit=change_unit,
    ).reindex(
        columns=["region", "partner", "sector", "item", "measure", "value", "unit", "benchmark",
                 "change", "change_unit"]
    )  # fmt: skip


def tidy_run(run: ScenarioRun) -> pd.DataFrame:
    """Return all reported figures of a scenario: all variants, elasticity sets and steps.

    Where welfare can not be taken apart its rows are missing.
    """
    tables = []
    for case in run.cases:
        pieces = [tidy_solution(case.solution), tidy_fiscal(case)]
        if run.decompose:
            with contextlib.suppress(NoEquilibrium):
                pieces.append(tidy_decomposition(case))
        tables.append(_labelled(case, pd.concat(pieces, ignore_index=True)))
    return _whole(tables)


def tidy_chains(run: ScenarioRun) -> pd.DataFrame:
    """Return value-added trade and value-chain measures of all cases of a run.

    A table of which there is no inverse (a user's may be one) has no rows.
    """
    tables = [pd.DataFrame(columns=list(COLUMNS))]
    for case in run.cases:
        with contextlib.suppress(InputError):
            tables.append(_labelled(case, tidy_value_chains(case.solution)))
    return _whole(tables)


def _labelled(case: Case, table: pd.DataFrame) -> pd.DataFrame:
    """Return a case's rows with what tells them from those of other cases."""
    return table.assign(
        scenario=case.scenario.name, closure=case.solution.closure.name,
        elasticities=case.elasticities, step=case.step,
        year=case.solution.model.benchmark.origin.get("year", ""),
    )  # fmt: skip


def _whole(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all cases in the layout of the tidy table."""
    filled = [table for table in tables if len(table)] or tables
    result = pd.concat(filled, ignore_index=True).reindex(columns=list(COLUMNS))
    words = ["scenario", "closure", "elasticities", "year", "region", "partner", "sector", "item",
             "shock", "measure", "unit", "change_unit"]  # fmt: skip
    places = ["region", "partner", "sector", "item"]  # one that is not named is missing
    result = result.astype(dict.fromkeys([*places, "shock"], object))
    result["shock"] = result["shock"].fillna("")
    result[places] = result[places].replace("", np.nan)
    return result.astype(dict.fromkeys(words, "category"))
