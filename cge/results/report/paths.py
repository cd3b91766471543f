"""Paths from year to year: welfare by year, its sources, what it is worth, what remains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cge.errors import InputError
from cge.results.report.measures import title as titled
from cge.results.report.notes import notes_of
from cge.results.report.page import Array, Column, Page, Panel, Role, by_panel
from cge.results.report.path_cases import (
    EV,
    SHOWN,
    WORLD,
    Path,
    paths_of,
    range_note,
    ranged,
    regions_of,
    series,
    world,
    years_of,
)
from cge.results.report.runs import Case, Choice, RunFolder
from cge.results.report.units import Printed, printed

#: Sources of productivity, in words.
SOURCES = {
    "own": "Own research", "domestic": "Domestic spillovers", "basic": "Basic research",
    "foreign": "Foreign knowledge", "learning": "Learning by doing",
}  # fmt: skip
#: More panels than this are not drawn on one page.
MOST_PANELS = 12
#: Columns of a comparison that are money, and those that are years.
_MONEY = ("present_value_money", "present_value_outlay")
_LAST = ["break_even_year", "payback_year"]
_ROLES: dict[str, Role] = {"": "value", "low": "low", "high": "high"}
_EV_NOTE = (
    "Welfare: equivalent variation of the regional agent (household, government and investment) "
    "in per cent of its absorption on the baseline."
)
_PV_NOTE = (
    "Present value: equivalent variation of all years discounted to the benchmark year, the last "
    "year's taken to last for ever, in per cent of the present value of absorption on the "
    "baseline; the part after the last year stands beside it."
)
_TURN_NOTE = (
    "Break-even: the first year after a loss in which welfare is not below the baseline's. "
    "Payback: the first year by which discounted gains have made up for losses."
)


def path(runs: Sequence[RunFolder], choice: Choice, every: bool = False) -> Page:
    """Return a measure by year, a panel for each region, a column for each variant.

    Parameters
    ----------
    runs : sequence of RunFolder
    choice : Choice
    every : bool
        All years rather than some.

    Raises
    ------
    InputError
        For a measure, region or year that there is not.
    """
    paths = paths_of(runs, choice)
    codes = regions_of(paths, choice)
    if len(choice.measures) > 1:
        raise InputError("one at a time", key="--measures", value=", ".join(choice.measures))
    measure = choice.measures[0] if choice.measures else EV
    found, units = [], []
    for one in paths:
        units.append(series(one.main, measure, choice)[1])
        found.append(ranged(one, lambda case: series(case, measure, choice)[0]))
    shown = [tuple(one.periods) if every and not choice.years else years_of(one, choice)
             for one in paths]  # fmt: skip
    periods = tuple(sorted({n for own in shown for n in own}))
    how = printed(units[0], np.concatenate([t[0].to_numpy(float).ravel() for t in found]))
    heads = tuple(column for one in paths for column in _ranged_heads(one, measure, how))
    known = {code for table, _, _ in found for code in table.columns}
    panels = [
        Panel(
            code, heads, tuple(_years(paths, periods)),
            how.scale * np.column_stack([
                table.reindex(index=periods, columns=[code]).to_numpy(float)[:, 0]
                for triple in found for table in triple if table is not None
            ]),
            keys={"region": code},
        )
        for code in (*codes, *((WORLD,) if not choice.regions else ())) if code in known
    ]  # fmt: skip
    name = titled(measure)
    lines = [_EV_NOTE] if measure == EV else ["Deviations from the baseline."]
    title = f"{name} by year"
    if len(panels) == 1:
        title += f", {paths[0].run.names('regions').get(panels[0].title, panels[0].title)}"
    return _page("path", choice.title or title, "Year", tuple(panels), paths, lines, choice)


def _ranged_heads(one: Path, key: str, how: Printed) -> list[Column]:
    name = one.label or "Central"
    heads = [Column(one.label or key, name, how.unit, how.digits)]
    if len(one.cases) > 1:
        prefix = one.label or key
        heads += [Column(f"{prefix} low", "low", how.unit, how.digits, "low"),
                  Column(f"{prefix} high", "high", how.unit, how.digits, "high")]  # fmt: skip
    return heads


def _years(paths: Sequence[Path], periods: Sequence[int]) -> list[str]:
    """Return the labels of years: their number, and the calendar's if all paths agree."""
    calendars = [one.calendar for one in paths]
    labels = []
    for n in periods:
        names = {calendar[n] for calendar in calendars if n in calendar}
        one = names.pop() if len(names) == 1 else ""
        labels.append(f"{n} ({one})" if one else str(n))
    return labels


def sources(runs: Sequence[RunFolder], choice: Choice, every: bool = False) -> Page:
    """Return productivity by source of knowledge and year, a panel for each path and region.

    Raises
    ------
    InputError
        For runs without knowledge, a region or year that there is not.
    """
    paths = paths_of(runs, choice)
    codes = regions_of(paths, choice)
    names = [f"productivity_{key}" for key in SOURCES]
    panels: list[tuple[Path, str, Array, tuple[int, ...]]] = []
    unit = ""
    for one in paths:
        if one.main.rows("productivity_total").empty:
            continue
        tables = [series(one.main, name, choice) for name in (*names, "productivity_total")]
        unit = tables[0][1]
        years = one.periods if every and not choice.years else years_of(one, choice)
        for code in codes:
            if code in tables[0][0].columns:
                columns = [table.loc[list(years), code] for table, _ in tables]
                panels.append((one, code, np.column_stack(columns), tuple(years)))
    if not panels:
        raise InputError("has no knowledge: its paths are without research",
                         file=paths[0].run.path)  # fmt: skip
    left = ""
    if every and len(panels) > MOST_PANELS:
        sizes = [float(np.abs(values).max()) for _, _, values, _ in panels]
        keep = sorted(np.argsort(sizes)[::-1][:MOST_PANELS].tolist())
        left = (f"Left out are {len(panels) - MOST_PANELS} panels with smaller changes; --scenario "
                "and --region choose.")  # fmt: skip
        panels = [panels[n] for n in keep]
    whole = np.concatenate([values for _, _, values, _ in panels])
    how = printed(unit, whole)
    size = np.abs(whole).max()
    keep = [n for n in range(len(SOURCES)) if np.abs(whole[:, n]).max() > 1e-9 * size]
    heads = (
        *(Column(names[n], list(SOURCES.values())[n], how.unit, how.digits, "part") for n in keep),
        Column("productivity_total", "All", how.unit, how.digits, "total"),
    )
    made = tuple(
        Panel(", ".join(part for part in (one.label, code) if part), heads,
              tuple(_years([one], years)), how.scale * values[:, [*keep, len(SOURCES)]],
              keys={"scenario": one.main.keys["scenario"], "region": code})
        for one, code, values, years in panels
    )  # fmt: skip
    lines = [
        "Deviation of productivity from the baseline by where the knowledge comes from: 100 times "
        "logs, sectors weighted with receipts over GDP (Hulten 1978), so it is what GDP gains at "
        "given factors.",
        _case_note(paths), left,
    ]  # fmt: skip
    title = choice.title or "Productivity by source of knowledge"
    return _page("path-sources", title, "Year", made, paths, lines, choice, spread=False)


def _case_note(paths: Sequence[Path]) -> str:
    """Return under which elasticities and returns a single path is shown."""
    keys = paths[0].main.keys
    return f"Elasticities {keys['elasticities']}, {keys['returns']} returns to research."


def compare(runs: Sequence[RunFolder], choice: Choice, drawn: bool = False) -> Page:
    """Return welfare in some years, its present value and when a loss ends, by region.

    Parameters
    ----------
    runs : sequence of RunFolder
    choice : Choice
    drawn : bool
        Per cents of a few years, and of the present value, alone.

    Raises
    ------
    InputError
        For a region or year that there is not.
    """
    paths = paths_of(runs, choice)
    codes = regions_of(paths, choice)
    years = years_of(paths[0], choice, (1, 10) if drawn else SHOWN)
    main = [(one, case) for one in paths for case in _mains(one)]
    several = len({case.keys["elasticities"] for _, case in main}) > 1
    tables = [_compared(one, case, years, choice) for one, case in main]
    if drawn:
        tables = [
            t[[n for n in t if n.startswith("year ") or n == "present_value"]] for t in tables
        ]
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    names = [name for name in names if name not in _LAST]
    names += [] if drawn else _LAST
    tables = [table.reindex(columns=names) for table in tables]
    heads = _compare_heads(names, tables, paths[0])
    panels = []
    for (one, case), table in zip(main, tables, strict=True):
        rows = [code for code in table.index if code in codes or code == WORLD]
        label = [one.label, f"elasticities {case.keys['elasticities']}" if several else ""]
        panels.append(Panel(
            ", ".join(part for part in label if part), heads, tuple(rows),
            table.loc[rows].to_numpy(float), int(rows[-1] == WORLD), dict(case.keys),
            words=_turn_words(case, rows, names),
        ))  # fmt: skip
    lines = [_EV_NOTE, _PV_NOTE, *(() if drawn else (_TURN_NOTE, _compare_range(paths)))]
    title = choice.title or "Welfare along the path and its present value"
    return by_panel(
        _page("path-compare", title, "Region", tuple(panels), paths, lines, choice, spread=False)
    )


def _mains(one: Path) -> list[Case]:
    """Return the paths under main returns, one for each elasticity set."""
    return [case for case in one.cases if case.keys["returns"] == one.main.keys["returns"]]


def _compare_range(paths: Sequence[Path]) -> str:
    levels = list(dict.fromkeys(case.keys["returns"] for one in paths for case in one.cases))
    more = f" and over {', '.join(levels)} returns to research" if len(levels) > 1 else ""
    return f"PV low and high: range over the discount rates shown{more}."


def _compare_heads(
    names: Sequence[str], tables: Sequence[pd.DataFrame], one: Path
) -> tuple[Column, ...]:
    """Return the columns of a comparison; money is scaled in place."""
    shares = [name for name in names if name not in (*_MONEY, *_LAST)]
    percent = printed("percent", np.concatenate([t[shares].to_numpy(float) for t in tables]))
    words = {
        "present_value": "PV", "present_value_beyond": f"PV after year {one.periods[-1]}",
        "present_value_low": "PV low", "present_value_high": "PV high",
        "present_value_money": "PV", "present_value_outlay": "PV of outlay",
        "break_even_year": "Break-even", "payback_year": "Payback",
    }  # fmt: skip
    heads = []
    for name in names:
        role: Role = (
            "low" if name.endswith("_low") else "high" if name.endswith("_high") else "value"
        )
        if name in _LAST:
            heads.append(Column(name, words[name], "year", 0))
        elif name in _MONEY:
            how = printed(one.run.money, np.concatenate([t[name].to_numpy(float) for t in tables]))
            for table in tables:
                table[name] *= how.scale
            heads.append(Column(name, words[name], how.unit, how.digits))
        elif name.startswith("year "):
            heads.append(Column(f"ev_{name.replace(' ', '_')}", f"EV {name}", "%", percent.digits))
        else:
            heads.append(Column(name, words[name], "%", percent.digits, role))
    return tuple(heads)


def _compared(one: Path, case: Case, years: Sequence[int], choice: Choice) -> pd.DataFrame:
    """Return regions by the columns of a comparison."""
    welfare, _ = series(case, EV, choice)
    columns = {f"year {n}": welfare.loc[n] for n in years}
    worth = _whole(case, "present_value", choice)
    columns["present_value"] = worth
    columns["present_value_beyond"] = _whole(case, "present_value_beyond", choice)
    others = case.rows("present_value_at_rate")["item"].unique()
    ends = [_whole(case, "present_value_at_rate", choice, item) for item in others]
    same = [c for c in one.cases if c.keys["elasticities"] == case.keys["elasticities"]]
    ends += [_whole(c, "present_value", choice) for c in same]
    if len(ends) > 1:
        columns["present_value_low"] = pd.concat(ends, axis=1).min(axis=1)
        columns["present_value_high"] = pd.concat(ends, axis=1).max(axis=1)
    for name in _MONEY:
        if not case.rows(name).empty:
            columns[name] = _whole(case, name, choice)
            if WORLD in columns[name]:
                columns[name][WORLD] = columns[name][list(case.regions)].sum()
    for name in _LAST:
        rows = case.rows(name).set_index("region")["value"]
        columns[name] = rows.reindex(worth.index).astype(float)
    return pd.DataFrame(columns, index=worth.index)


def _whole(case: Case, measure: str, choice: Choice, item: str = "") -> pd.Series:
    """Return a figure of the whole path by region, and the world's."""
    rows = case.rows(measure)
    rows = rows[rows["item"] == item].set_index("region")["value"].astype(float)
    rows = rows.reindex(list(case.regions))
    if choice.regions:
        return rows
    return pd.concat([rows, pd.Series({WORLD: float(world(case, rows.to_frame().T).iloc[0])})])


def _turn_words(
    case: Case, rows: Sequence[str], names: Sequence[str]
) -> dict[tuple[int, int], str]:
    """Return what is told in words of when a loss ends."""
    words = {}
    for name in _LAST:
        if name not in names:
            continue
        told = case.rows(name).set_index("region")["item"]
        for n, code in enumerate(rows):
            if told.get(code, ""):
                words[n, names.index(name)] = str(told[code])
    return words


def remaining(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return welfare in the first year against the last, a panel for each variant.

    Raises
    ------
    InputError
        For a region or year that there is not.
    """
    paths = paths_of(runs, choice)
    codes = regions_of(paths, choice)
    years = years_of(paths[0], choice, default=(1,))
    first, last = min(years), max(years)
    triples = [ranged(one, lambda case: series(case, EV, choice)[0]) for one in paths]
    how = printed(
        "percent of benchmark absorption",
        np.concatenate([t[0].loc[[first, last]] for t in triples]),
    )
    panels = []
    for one, (main, low, high) in zip(paths, triples, strict=True):
        rows = [code for code in main.columns if code in codes or code == WORLD]
        heads, columns = [], []
        for n in (first, last):
            for key, table in (("", main), ("low", low), ("high", high)):
                if table is not None:
                    heads.append(Column(f"year_{n}{key and '_' + key}", key or f"EV year {n}",
                                        how.unit, how.digits, _ROLES[key]))  # fmt: skip
                    columns.append(table.loc[n, rows].to_numpy(float))
        heads.append(Column("share", f"Year {last} over year {first}", "%", 0, "check"))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 100 * main.loc[last, rows] / main.loc[first, rows]
        noise = main.loc[first, rows].abs() < 1e-6 * main.loc[first].abs().max()
        columns.append(np.where(noise, np.nan, share))
        panels.append(Panel(one.label, tuple(heads), tuple(rows), np.column_stack(columns),
                            int(rows[-1] == WORLD), dict(one.main.keys)))  # fmt: skip
    title = choice.title or f"Welfare in year {first} and what remains in year {last}"
    return _page("path-remaining", title, "Region", tuple(panels), paths, [_EV_NOTE], choice)


def _page(
    kind: str, title: str, stub: str, panels: tuple[Panel, ...], paths: Sequence[Path],
    first: Sequence[str], choice: Choice, spread: bool = True,
) -> Page:  # fmt: skip
    lines = [line for line in (*first, range_note(paths[0]) if spread else "") if line]
    shown = [case for one in paths for case in (one.cases if spread else _mains(one))]
    notes = notes_of(shown, lines)
    return Page(kind, title, stub, panels, notes, paths[0].run.names("regions"))
