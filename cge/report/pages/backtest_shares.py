"""Backtests cell by cell: shares in both years and as they were forecast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cge.core.errors import refuse_if
from cge.report.drafts.cases import NO_ROWS
from cge.report.drafts.choice import Choice, chosen_one
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.report.pages.backtest_page import (
    EXPLAINED,
    NEEDS,
    USUAL,
    Scored,
    draft_of,
    forecasts,
    length_of,
    lowered,
    of_what,
    titled,
)
from cge.results.register import heading, quantity
from cge.results.resultset import ResultSet

#: Statistic under which shares stand as they were.
ACTUAL = "actual"
#: Cells of the largest change that a table lists.
_LISTED = 25


def _cells(one: Scored, item: str) -> pd.DataFrame:
    """Shares in both years and as forecast, per cent, with the codes of each cell."""
    keys = ["region", "partner", "sector"]
    rows = one.case.rows(item)
    made, true = (rows[rows["statistic"] == which].set_index(keys) for which in ("", ACTUAL))
    return pd.DataFrame({"before": made["benchmark"], "forecast": made["value"],
                         "actual": true["value"]}).reset_index()  # fmt: skip


def cells(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Cells of the largest change: in the first year, in the last, and as forecast."""
    shown, item = _of_one_window(found, choice)
    tables = [_cells(one, item) for one in shown]
    first, unit = tables[0], quantity(item).unit
    moved = (first["actual"] - first["before"]).to_numpy(dtype=float)
    order = np.argsort(-np.abs(moved), kind="stable")
    here = first.iloc[order[:_LISTED]]
    columns = [Column("before", "First year", unit, 2, "value", "share"),
               Column("actual", "Last year", unit, 2, "value", "share")]  # fmt: skip
    figures = [here["before"], here["actual"]]
    for one, table in zip(shown, tables):
        columns.append(Column(f"forecast_{'_'.join(one.given)}", f"Given {one.told}", unit, 2,
                              "value", "share"))  # fmt: skip
        figures.append(_alike(table, here)["forecast"])
    panel = Panel("", tuple(columns), _labels(here),
                  np.array([one.to_numpy(dtype=float) for one in figures]).T,
                  keys={"window": shown[0].window, "measure": item})  # fmt: skip
    lines = [f"The {len(here)} largest changes, elasticities {shown[0].elasticities}; to the right "
             "of the last year what was forecast of it.", of_what([item])]  # fmt: skip
    return draft_of(f"Forecasts cell by cell, {shown[0].years}: {lowered(heading(item))}", "Cell",
                  [panel], shown, lines)  # fmt: skip


def _alike(table: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table with the codes of some cells, in their order."""
    keys = ["region", "partner", "sector"]
    return table.set_index(keys).reindex(pd.MultiIndex.from_frame(cells[keys]))


def _labels(cells: pd.DataFrame) -> tuple[str, ...]:
    return tuple(
        titled(f"{partner} from {region}" if partner else str(region), str(sector))
        for region, partner, sector in zip(cells["region"], cells["partner"], cells["sector"])
    )


def scatter(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Forecast and actual changes of every cell, an axis for what is given."""
    shown, item = _of_one_window(found, choice)
    panels = []
    for one in shown:
        table = _cells(one, item)
        table = table[(table[["before", "forecast", "actual"]] > 0).all(axis=1)]
        logs = np.log(table[["forecast", "actual"]].to_numpy() / table[["before"]].to_numpy())
        figures = np.column_stack([logs, table["before"]])
        columns = (Column("forecast", "Forecast", "log change", 2),
                   Column("actual", "Actual", "log change", 2),
                   Column("weight", "Share in the first year", "%", 2))  # fmt: skip
        scored = one.score(EXPLAINED, item, "value")
        title = f"Given {one.told}; {scored:.0f} % explained"
        panels.append(Panel(title, columns, _labels(table), figures,
                            keys={"window": one.window, "given": one.told}))  # fmt: skip
    first = shown[0]
    lines = [f"{heading(item)}, {first.years}, elasticities {first.elasticities}. Log changes; "
             "area of a dot: the share in the first year. On the line forecast and actual changes "
             "are the same; no change would be a forecast on the vertical axis."]  # fmt: skip
    return draft_of(f"Forecast and actual changes: {lowered(heading(item))}", "Cell", panels, shown,
                  lines)  # fmt: skip


def _of_one_window(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Scored], str]:
    shown = forecasts(found, choice)
    shown = [one for one in shown if one.elasticities == shown[0].elasticities]
    window = max((one.window for one in shown), key=length_of)
    own = [one for one in shown if one.window == window]
    wanted = choice.measures or ((USUAL,) if USUAL in own[0].judged else ())
    item = chosen_one(list(dict.fromkeys(n for one in own for n in one.judged)), wanted, "measures")
    own = [one for one in own if item in one.judged and len(one.case.rows(item))]
    refuse_if(not own, NO_ROWS)
    return own, item


KINDS = (
    PageKind("backtest-cells", "cells of the largest change, and what was forecast", cells,
             ("measures",), "scatter", scatter, NEEDS),
)  # fmt: skip
