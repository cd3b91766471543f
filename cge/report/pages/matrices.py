"""Exporters by importers, and sectors by regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.report.cases import Case, cases_of, one_money, plain_rows, regions_of
from cge.report.choice import FLAGS, Choice, chosen, one_unit
from cge.report.format.page import Column, Page, Panel
from cge.report.format.units import printed
from cge.report.measures import title
from cge.report.notes import notes_of
from cge.report.pagekind import PageKind
from cge.results.resultset import ResultSet

Array = NDArray[np.float64]
#: Codes of the columns of a case, and its figures.
Block = tuple[Sequence[str], Array]

TRADE_UNITS = ("value", "percent", "volume")
SECTOR_UNITS = ("percent", "value")


def trade(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Change of bilateral trade, exporters in rows, one panel for each solution.

    Unit `value` is the change in money, `percent` the change in percent of benchmark value,
    `volume` the change in percent of the quantity at benchmark prices.

    Raises
    ------
    InputError
        For an unknown sector, region or unit, and results without bilateral trade.
    """
    unit = one_unit(choice.unit, TRADE_UNITS)
    measure = "trade_volume" if unit == "volume" else "trade_value"
    cases, wanted = regions_of(cases_of(found, choice, measures=(measure,)), choice)
    blocks: list[Block] = []
    for case in cases:
        rows = case.rows(measure)
        rows = rows[(rows["partner"] != "") & (rows["item"] == "")]
        sectors_shown = chosen(case.codes("sector", measure), choice.sectors, "sectors")
        rows = rows[rows["sector"].isin(sectors_shown)]
        codes = [code for code in wanted if code in case.regions]
        blocks.append((codes, _trade_table(rows, case.regions, codes, unit == "value")))
    money = one_money(cases) if unit == "value" else "percent"
    panels = _panels(cases, blocks, money, "All exports", "All imports")
    what = "trade volume" if unit == "volume" else "trade value"
    of_sectors = f": {', '.join(choice.sectors)}" if choice.sectors else ""
    lines = [
        f"Rows export to columns; change of {what} at the exporter's border (fob), "
        + ("in money of the numeraire." if unit == "value" else "in percent.")
        + " Sales within a region, and routes without trade, are left out.",
    ]
    if unit == "volume":
        lines.append("Volumes are quantities at benchmark prices.")
    return Page(
        "trade", choice.title or f"Change of bilateral {what}{of_sectors}", "Exporter", panels,
        notes_of(cases, lines), cases[0].results.names("regions"), "Importer",
    )  # fmt: skip


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


def sectors(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Change of output, or another measure, by sector and region.

    Raises
    ------
    InputError
        For a measure that is not by sector, an unknown sector, region or unit.
    """
    if len(choice.measures) > 1:
        raise InputError("one at a time", key=FLAGS["measures"], value=", ".join(choice.measures))
    unit = one_unit(choice.unit, SECTOR_UNITS)
    measure = choice.measures[0] if choice.measures else "output"
    known = sorted({name for one in found for name in _by_sector(one)})
    if measure not in known:
        raise InputError("is not a measure by sector and region in these results",
                         key=FLAGS["measures"], value=measure, allowed=known)  # fmt: skip
    name = measure.partition("[")[0]
    cases, wanted = regions_of(cases_of(found, choice, measures=(name,)), choice)
    blocks, rows_of, units = [], [], []
    for case in cases:
        labels = chosen(case.codes("sector", name), choice.sectors, "sectors")
        codes = [code for code in wanted if code in case.regions]
        table, unit_found = _sector_table(case, measure, unit, labels, codes)
        blocks.append((codes, table))
        rows_of.append(labels)
        units.append(unit_found)
    panels = _panels(cases, blocks, units[0], "World", "", rows_of)
    if all(np.isnan(panel.figures[:, -1]).all() for panel in panels):
        panels = tuple(
            Panel(p.title, p.columns[:-1], p.rows, p.figures[:, :-1], 0, p.keys) for p in panels
        )
    what = title(measure)
    lines = [f"{what}: change {'in percent' if units[0] == 'percent' else 'in ' + units[0]}."]
    if measure == "output":
        lines = ["Change of gross output, quantities, in percent; the world's is weighted with "
                 "benchmark values."]  # fmt: skip
    results = cases[0].results
    return Page(
        "sectors", choice.title or f"Change of {what.lower()} by sector and region", "Sector",
        panels, notes_of(cases, lines),
        {**results.names("regions"), **results.names("sectors")}, "Region",
    )  # fmt: skip


def _by_sector(results: ResultSet) -> list[str]:
    """Measures that results have by region and sector, those by item as name[item]."""
    rows = plain_rows(results)
    here = (rows["region"] != "") & (rows["sector"] != "") & (rows["partner"] == "")
    here &= rows["shock"] == ""
    pairs = rows.loc[here, ["measure", "item"]].drop_duplicates()
    return [
        f"{name}[{item}]" if item else str(name) for name, item in pairs.itertuples(index=False)
    ]


def _sector_table(
    case: Case, measure: str, unit: str, labels: Sequence[str], codes: Sequence[str]
) -> tuple[Array, str]:
    """Sectors by regions and the world, and the unit."""
    name, _, item = measure.removesuffix("]").partition("[")
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


def _panels(
    cases: Sequence[Case], blocks: Sequence[Block], unit: str, last_column: str, last_row: str,
    rows_of: Sequence[Sequence[str]] | None = None,
) -> tuple[Panel, ...]:  # fmt: skip
    """A panel for each case: one unit and one number of decimals for all cells."""
    how = printed(unit, np.concatenate([table.ravel() for _, table in blocks]))
    panels = []
    for number, (case, (codes, table)) in enumerate(zip(cases, blocks, strict=True)):
        heads = [Column(code, code, how.unit, how.digits) for code in codes]
        heads.append(Column("total", last_column, how.unit, how.digits, "total"))
        rows = tuple(rows_of[number] if rows_of else codes) + ((last_row,) if last_row else ())
        keys = {name: str(value) for name, value in case.keys.items()}
        panels.append(
            Panel(case.label, tuple(heads), rows, how.scale * table, int(bool(last_row)), keys)
        )
    return tuple(panels)


KINDS = (
    PageKind("trade", "change of bilateral trade, exporters by importers", trade,
             ("regions", "sectors", "unit"), "heat"),
    PageKind("sectors", "change of output by sector and region", sectors,
             ("measures", "regions", "sectors", "unit"), "heat"),
)  # fmt: skip
