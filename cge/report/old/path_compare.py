"""Paths compared: welfare in some years, its present value, when a loss ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from cge.results.report.page import Column, Page, Panel, Role, by_panel
from cge.results.report.path_cases import (
    EV,
    SHOWN,
    WORLD,
    Path,
    mains_of,
    paths_of,
    regions_of,
    series,
    world,
    years_of,
)
from cge.results.report.paths import EV_NOTE, page_of
from cge.results.report.runs import Case, Choice, RunFolder
from cge.results.report.units import printed

#: Columns of a comparison that are money, and those that are years.
_MONEY = ("present_value_money", "present_value_outlay")
_LAST = ["break_even_year", "payback_year"]
_ROLES: dict[str, Role] = {"low": "low", "high": "high"}
_PV_NOTE = (
    "Present value: equivalent variation of all years discounted to the benchmark year, the last "
    "year's taken to last for ever, in per cent of the present value of absorption on the "
    "baseline; the part after the last year stands beside it."
)
_TURN_NOTE = (
    "Break-even: the first year after a loss in which welfare is not below the baseline's. "
    "Payback: the first year by which discounted gains have made up for losses."
)


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
    main = [(one, case) for one in paths for case in mains_of(one)]
    several = len({case.keys["elasticities"] for _, case in main}) > 1
    tables = [_compared(one, case, years, choice) for one, case in main]
    if drawn:
        tables = [t[[n for n in t if _drawn(str(n))]] for t in tables]
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
    lines = [EV_NOTE, _PV_NOTE, *(() if drawn else (_TURN_NOTE, _compare_range(paths)))]
    title = choice.title or "Welfare along the path and its present value"
    return by_panel(
        page_of("path-compare", title, "Region", tuple(panels), paths, lines, choice, spread=False)
    )


def _drawn(name: str) -> bool:
    return name.startswith("year ") or name == "present_value"


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
        role = _ROLES.get(name.rpartition("_")[2], "value")
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
    columns: dict[str, pd.Series] = {f"year {n}": welfare.T[n] for n in years}
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
            if not choice.regions:  # money is added up
                columns[name][WORLD] = columns[name].iloc[: len(case.regions)].sum()
    for name in _LAST:
        rows = case.rows(name).set_index("region")["value"]
        columns[name] = rows.reindex(worth.index).astype(float)
    return pd.DataFrame(columns, index=worth.index)


def _whole(case: Case, measure: str, choice: Choice, item: str = "") -> pd.Series:
    """Return a figure of the whole path by region, and the world's."""
    rows = case.rows(measure)
    rows = rows[rows["item"] == item].drop_duplicates("region").set_index("region")
    values = rows["value"].astype(float).reindex(list(case.regions))
    if choice.regions:
        return values
    everywhere = world(case, values.to_frame().T).to_numpy()[0]
    return pd.Series([*values, everywhere], [*values.index, WORLD], dtype=float)


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
