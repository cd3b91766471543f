"""Exporters by importers, and sectors by regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from cge.results.report import measures as m
from cge.results.report.notes import notes_of
from cge.results.report.page import Array, Column, Page, Panel
from cge.results.report.runs import Case, Choice, RunFolder, cases_of, chosen
from cge.results.report.units import printed

from cge.core.errors import InputError

TRADE_UNITS = ("value", "percent", "volume")
SECTOR_UNITS = ("percent", "value")
TOTALS = ("All exports", "All imports")


def trade(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return the change of bilateral trade, exporters in rows, one panel for each solution.

    Unit `value` is the change in money, `percent` the change in percent of benchmark value,
    `volume` the change in percent of the quantity at benchmark prices.

    Raises
    ------
    InputError
        For an unknown sector, region or unit, and a run without bilateral trade.
    """
    _no_measures(choice)
    unit = choice.unit or "value"
    if unit not in TRADE_UNITS:
        raise InputError("unknown unit", key="--unit", value=unit, allowed=TRADE_UNITS)
    measure = "trade_volume" if unit == "volume" else "trade_value"
    cases = _chosen_cases(cases_of(runs, choice), choice)
    blocks = []
    for case in cases:
        rows = case.rows(measure)
        rows = rows[(rows["partner"] != "") & (rows["item"] == "")]
        if rows.empty:
            raise InputError("the run has no bilateral trade", file=case.run.path)
        rows = rows[rows["sector"].isin(_sectors(case, choice, measure))]
        codes = [c for c in choice.regions or case.regions if c in case.regions]
        blocks.append((codes, _trade_table(rows, case.regions, codes, unit == "value")))
    how_unit = "percent"
    if unit == "value":
        how_unit = _one_money(cases)
    panels = _panels(cases, blocks, how_unit, TOTALS, 1)
    what = "trade volume" if unit == "volume" else "trade value"
    sectors = f": {', '.join(choice.sectors)}" if choice.sectors else ""
    lines = [
        f"Rows export to columns; change of {what} at the exporter's border (fob), "
        + ("in money of the numeraire." if unit == "value" else "in percent.")
        + " Sales within a region, and routes without trade, are left out.",
    ]
    if unit == "volume":
        lines.append("Volumes are quantities at benchmark prices.")
    names = cases[0].run.names("regions")
    shown = [code for codes, _ in blocks for code in codes]
    return Page(
        "trade", choice.title or f"Change of bilateral {what}{sectors}", "Exporter", panels,
        notes_of(cases, lines, codes=tuple(dict.fromkeys(shown))), names, "Importer",
    )  # fmt: skip


def _trade_table(
    rows: pd.DataFrame, regions: Sequence[str], codes: Sequence[str], money: bool
) -> Array:
    """Return exporters and their total by importers and theirs; totals are over all regions."""
    rows = rows[rows["region"] != rows["partner"]]
    sums = {}
    for column in ("value", "benchmark"):
        table = rows.pivot_table(index="region", columns="partner", values=column, aggfunc="sum")
        table = table.reindex(index=list(regions), columns=list(regions)).fillna(0.0)
        table["total"] = table.sum(axis=1)
        table.loc["total"] = table.sum(axis=0)
        sums[column] = table.to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        change = sums["value"] - sums["benchmark"]
        change = change if money else np.where(
            sums["benchmark"] > 0, 100 * change / sums["benchmark"], np.nan
        )  # fmt: skip
    np.fill_diagonal(change[: len(regions), : len(regions)], np.nan)
    here = [*(list(regions).index(code) for code in codes), len(regions)]
    return change[np.ix_(here, here)]


def sectors(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return the change of output, or another measure, by sector and region.

    Raises
    ------
    InputError
        For a measure that is not by sector, an unknown sector, region or unit.
    """
    if len(choice.measures) > 1:
        raise InputError("one at a time", key="--measures", value=", ".join(choice.measures))
    unit = choice.unit or "percent"
    if unit not in SECTOR_UNITS:
        raise InputError("unknown unit", key="--unit", value=unit, allowed=SECTOR_UNITS)
    cases = _chosen_cases(cases_of(runs, choice), choice)
    measure = choice.measures[0] if choice.measures else "output"
    known = sorted({name for case in cases for name in _sector_measures(case)})
    if measure not in known:
        raise InputError("is not a measure by sector and region in these runs",
                         key="--measures", value=measure, allowed=known)  # fmt: skip
    blocks, rows_of, how_unit = [], [], ""
    for case in cases:
        labels = _sectors(case, choice, measure.partition("[")[0])
        codes = [c for c in choice.regions or case.regions if c in case.regions]
        table, how_unit = _sector_table(case, measure, unit, labels)
        here = [case.regions.index(code) for code in codes]
        blocks.append((codes, table[:, [*here, -1]]))
        rows_of.append(labels)
    panels = _panels(cases, blocks, how_unit, ("World", ""), 0, rows_of)
    if all(np.isnan(panel.figures[:, -1]).all() for panel in panels):
        panels = tuple(
            Panel(p.title, p.columns[:-1], p.rows, p.figures[:, :-1], 0, p.keys) for p in panels
        )
    what = m.title(measure)
    lines = [f"{what}: change {'in percent' if how_unit == 'percent' else 'in ' + how_unit}."]
    if measure == "output":
        lines = ["Change of gross output, quantities, in percent; the world's is weighted with "
                 "benchmark values."]  # fmt: skip
    notes = notes_of(cases, lines, codes=tuple(dict.fromkeys(c for cs, _ in blocks for c in cs)))
    names = {**cases[0].run.names("regions"), **cases[0].run.names("sectors")}
    return Page("sectors", choice.title or f"Change of {what.lower()} by sector and region",
                "Sector", panels, notes, names, "Region")  # fmt: skip


def _no_measures(choice: Choice) -> None:
    if choice.measures:
        raise InputError("has no measures to choose", key="--measures",
                         value=", ".join(choice.measures),
                         allowed=f"--unit {', '.join(TRADE_UNITS)}")  # fmt: skip


def _sectors(case: Case, choice: Choice, measure: str) -> list[str]:
    """Return the sectors to show or to sum, all unless chosen."""
    return chosen(case.codes("sector", measure), choice.sectors, "sector")


def _one_money(cases: Sequence[Case]) -> str:
    money = sorted({case.run.money for case in cases})
    if len(money) > 1:
        raise InputError("runs in different money units can not share a table",
                         value=", ".join(money), allowed="--unit percent")  # fmt: skip
    return money[0]


def _chosen_cases(cases: list[Case], choice: Choice) -> list[Case]:
    """Return the cases that have a chosen region."""
    every = list(dict.fromkeys(code for case in cases for code in case.regions))
    wanted = chosen(every, choice.regions, "region")
    return [case for case in cases if set(case.regions) & set(wanted)]


def _sector_measures(case: Case) -> list[str]:
    table = case.table
    here = (table["region"] != "") & (table["sector"] != "") & (table["partner"] == "")
    here &= ~table["measure"].isin(m.PARTS)
    pairs = table.loc[here, ["measure", "item"]].drop_duplicates()
    return [
        f"{name}[{item}]" if item else str(name) for name, item in pairs.itertuples(index=False)
    ]


def _sector_table(case: Case, measure: str, unit: str, labels: Sequence[str]) -> tuple[Array, str]:
    """Return sectors by regions and the world, and the unit."""
    name, _, item = measure.removesuffix("]").partition("[")
    rows = case.rows(name)
    rows = rows[(rows["partner"] == "") & (rows["item"] == item) & (rows["sector"] != "")]
    money = str(rows["unit"].iloc[0]) == case.run.money
    if unit == "value" and not money:
        raise InputError("this measure is not in money", key="--unit", value=unit,
                         allowed="percent, or a measure in money such as output_value")  # fmt: skip

    def grid(column: str, source: pd.DataFrame = rows) -> pd.DataFrame:
        table = source.pivot_table(index="sector", columns="region", values=column, aggfunc="first")
        return table.reindex(index=list(labels), columns=list(case.regions)).astype(float)

    if unit == "value":
        table = grid("value") - grid("benchmark")
        return np.column_stack([table, table.sum(axis=1)]), case.run.money
    table = grid("change")
    change_unit = str(rows["change_unit"].iloc[0])
    world = pd.Series(np.nan, list(labels))
    if money and change_unit == "percent":
        world = 100 * (grid("value").sum(axis=1) / grid("benchmark").sum(axis=1) - 1)
    elif money:
        world = table.sum(axis=1)
    elif name == "output" and len(values := case.rows("output_value")):
        weights = grid("benchmark", values)
        world = (table * weights).sum(axis=1) / weights.sum(axis=1)
    return np.column_stack([table, world]), change_unit


def _panels(
    cases: Sequence[Case], blocks: Sequence[tuple[Sequence[str], Array]], unit: str,
    totals: tuple[str, str], count: int, rows_of: Sequence[Sequence[str]] | None = None,
) -> tuple[Panel, ...]:  # fmt: skip
    """Return a panel of each case: one unit and one number of decimals for all cells."""
    how = printed(unit, np.concatenate([table.ravel() for _, table in blocks]))
    panels = []
    for number, (case, (codes, table)) in enumerate(zip(cases, blocks, strict=True)):
        heads = [Column(code, code, how.unit, how.digits) for code in codes]
        heads.append(Column("total", totals[0], how.unit, how.digits, "total"))
        rows = tuple(rows_of[number] if rows_of else codes) + ((totals[1],) if count else ())
        panels.append(Panel(case.label, tuple(heads), rows, how.scale * table, count, case.keys))
    return tuple(panels)
