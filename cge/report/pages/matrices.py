"""Exporters by importers, and sectors by regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError
from cge.report.drafts.cases import Case, cases_of, codes_of, measures_in, one_money, plain_rows
from cge.report.drafts.choice import FLAGS, Choice, chosen, chosen_one
from cge.report.drafts.columns import title
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import AUTO, Column, Panel
from cge.results.register import item_of
from cge.results.resultset import ResultSet

TRADE_UNITS = ("value", "percent", "volume")
SECTOR_UNITS = ("percent", "value")


def trade(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Change of bilateral trade, exporters in rows, one panel for each solution.

    Unit `value` is the change in money, `percent` the change in percent of benchmark value,
    `volume` the change in percent of the quantity at benchmark prices.

    Raises
    ------
    InputError
        For an unknown sector, region or unit, and results without bilateral trade.
    """
    unit = chosen_one(TRADE_UNITS, [choice.unit], "unit")
    measure = "trade_volume" if unit == "volume" else "trade_value"
    cases = cases_of(found, choice, (measure,))
    money = one_money(cases) if unit == "value" else "percent"
    panels = []
    for case in cases:
        rows = case.rows(measure)
        rows = rows[(rows["partner"] != "") & (rows["item"] == "")]
        sectors_shown = chosen(case.codes("sector", measure), choice.sectors, "sectors")
        rows = rows[rows["sector"].isin(sectors_shown)]
        codes = [code for code in codes_of(cases, choice) if code in case.regions]
        table = _trade_table(rows, case.regions, codes, unit == "value")
        panels.append(_panel(case, codes, (*codes, "All imports"), "All exports", table, money, 1))
    what = "trade volume" if unit == "volume" else "trade value"
    of_sectors = f": {', '.join(choice.sectors)}" if choice.sectors else ""
    lines = [
        f"Rows export to columns; change of {what} at the exporter's border (fob), "
        + ("in money of the numeraire." if unit == "value" else "in percent.")
        + " Sales within a region, and routes without trade, are left out.",
        "Volumes are quantities at benchmark prices." if unit == "volume" else "",
    ]
    return Draft(f"Change of bilateral {what}{of_sectors}", "Exporter", panels, cases, lines,
                 "Importer")  # fmt: skip


def _trade_table(
    rows: pd.DataFrame, regions: Sequence[str], codes: Sequence[str], money: bool
) -> Array:
    """Exporters and their total by importers and theirs; totals are over all regions."""
    rows = rows[rows["region"] != rows["partner"]]
    sums = {}
    for column in ("value", "benchmark"):
        table = rows.pivot_table(index="region", columns="partner", values=column, aggfunc="sum")
        table = table.reindex(index=list(regions), columns=list(regions)).fillna(0.0)
        table["total"] = table.sum(axis=1)
        table.loc["total"] = table.sum(axis=0)
        sums[column] = table.to_numpy()
    change = sums["value"] - sums["benchmark"]
    if not money:
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.where(sums["benchmark"] > 0, 100 * change / sums["benchmark"], np.nan)
    np.fill_diagonal(change[: len(regions), : len(regions)], np.nan)
    here = [*(list(regions).index(code) for code in codes), len(regions)]
    return change[np.ix_(here, here)]


def sectors(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Change of output, or another measure, by sector and region.

    Raises
    ------
    InputError
        For a measure that is not by sector, an unknown sector, region or unit.
    """
    unit = chosen_one(SECTOR_UNITS, [choice.unit], "unit")
    known = sorted({name for one in found for name in _by_sector(one)})
    measure = chosen_one(known, choice.measures or ["output"], "measures",
                         "measures by sector and region in these results")  # fmt: skip
    cases = cases_of(found, choice, (item_of(measure)[0],))
    panels = []
    for case in cases:
        labels = chosen(case.codes("sector", item_of(measure)[0]), choice.sectors, "sectors")
        codes = [code for code in codes_of(cases, choice) if code in case.regions]
        table, shown_in = _sector_table(case, measure, unit, labels, codes)
        panels.append(_panel(case, codes, labels, "World", table, shown_in))
    if all(np.isnan(panel.figures[:, -1]).all() for panel in panels):
        panels = [panel.take(columns=range(len(panel.columns) - 1)) for panel in panels]
    what = title(measure)
    line = f"{what}: change {'in percent' if shown_in == 'percent' else 'in ' + shown_in}."
    if measure == "output":
        line = ("Change of gross output, quantities, in percent; the world's is weighted with "
                "benchmark values.")  # fmt: skip
    return Draft(f"Change of {what.lower()} by sector and region", "Sector", panels, cases, [line],
                 "Region")  # fmt: skip


def _by_sector(results: ResultSet) -> list[str]:
    """Measures that results have by region and sector."""
    rows = plain_rows(results)
    here = (rows["region"] != "") & (rows["sector"] != "") & (rows["partner"] == "")
    return measures_in(rows[here & (rows["shock"] == "")])


def _sector_table(
    case: Case, measure: str, unit: str, labels: Sequence[str], codes: Sequence[str]
) -> tuple[Array, str]:
    """Sectors by regions and the world, and the unit."""
    name, item = item_of(measure)
    rows = case.rows(name)
    rows = rows[(rows["partner"] == "") & (rows["item"] == item) & (rows["sector"] != "")]
    if unit == "value" and str(rows["unit"].iloc[0]) != case.results.money:
        raise InputError("this measure is not in money", key=FLAGS["unit"], value=unit,
                         allowed="percent, or a measure in money such as output_value")  # fmt: skip

    def grid(column: str) -> pd.DataFrame:
        table = rows.pivot_table(index="sector", columns="region", values=column, aggfunc="first")
        return table.reindex(index=list(labels), columns=[*codes, case.world]).astype(float)

    if unit == "value":
        return (grid("value") - grid("benchmark")).to_numpy(), case.results.money
    return grid("change").to_numpy(), str(rows["change_unit"].iloc[0])


def _panel(
    case: Case, codes: Sequence[str], rows: Sequence[str], total: str, table: Array, unit: str,
    totals: int = 0,
) -> Panel:  # fmt: skip
    """Panel of a case: one unit and one number of decimals for all cells."""
    heads = [Column(code, code, unit, AUTO, group="cells") for code in codes]
    heads.append(Column("total", total, unit, AUTO, "total", "cells"))
    return Panel(case.label, tuple(heads), tuple(rows), table, totals, case.texts)


KINDS = (
    PageKind("trade", "change of bilateral trade, exporters by importers", trade,
             ("regions", "sectors", "unit"), "heat"),
    PageKind("sectors", "change of output by sector and region", sectors,
             ("measures", "regions", "sectors", "unit"), "heat"),
)  # fmt: skip
