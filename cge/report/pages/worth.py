"""Worth of a path: welfare in some years, its present value, when a loss ends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from cge.report.cases import Case
from cge.report.choice import Choice
from cge.report.format.page import Column, Page, Panel, Role, by_panel
from cge.report.format.units import printed
from cge.report.pagekind import PageKind
from cge.report.paths import EV, EV_NOTE, SHOWN, PathCases, page_of, paths_of, series, whole
from cge.results.register import heading
from cge.results.resultset import ResultSet

_MONEY = ("present_value_money", "present_value_outlay")
_TURNS = ("break_even_year", "payback_year")
_WORDS = {
    "present_value": "PV", "present_value_low": "PV low", "present_value_high": "PV high",
    "present_value_money": "PV", "present_value_outlay": "PV of outlay",
}  # fmt: skip
_ROLES: dict[str, Role] = {"low": "low", "high": "high"}
_PV_NOTE = (
    "Present value: equivalent variation of all years discounted to the benchmark year, the last "
    "year's taken to last for ever, in percent of the present value of absorption on the baseline; "
    "the part after the last year stands beside it."
)
_TURN_NOTE = (
    "Break-even: the first year after a loss in which welfare is not below the baseline's. "
    "Payback: the first year by which discounted gains have made up for losses."
)


def worth(found: Sequence[ResultSet], choice: Choice, drawn: bool = False) -> Page:
    """Welfare in some years, its present value and when a loss ends, by region.

    With `drawn`, percentages of a few years and of the present value alone.

    Raises
    ------
    InputError
        For a region or year that there is not.
    """
    paths, codes = paths_of(found, choice)
    shown = paths[0].shown(choice, (1, 10) if drawn else SHOWN)
    main = [(one, case) for one in paths for case in one.mains()]
    tables = [_table(one, case, shown) for one, case in main]
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    if drawn:
        names = [name for name in names if name.startswith("ev_year_") or name == "present_value"]
    tables = [table.reindex(columns=names) for table in tables]
    heads = tuple(_column(name, tables, paths[0]) for name in names)
    several = len({case.keys["elasticities"] for _, case in main}) > 1
    panels = []
    for (one, case), table in zip(main, tables, strict=True):
        world = "" if choice.regions else case.world
        rows = [code for code in table.index if code in (*codes, world)]
        label = [one.label, f"elasticities {case.keys['elasticities']}" if several else ""]
        panels.append(Panel(
            ", ".join(part for part in label if part), heads, tuple(rows),
            table.loc[rows].to_numpy(float), int(rows[-1] == world),
            {name: str(value) for name, value in case.keys.items()},
            words=_words(case, rows, names),
        ))  # fmt: skip
    lines = [EV_NOTE, _PV_NOTE, *(() if drawn else (_TURN_NOTE, _range(paths)))]
    title = choice.title or "Welfare along the path and its present value"
    return by_panel(page_of("worth", title, "Region", panels, paths, lines, spread=False))


def _table(one: PathCases, case: Case, shown: Sequence[int]) -> pd.DataFrame:
    """Regions and the world by the columns of the table."""
    welfare, path = series(case, EV)[0], whole(case)
    columns = {f"ev_year_{n}": welfare.loc[n] for n in shown}
    for name in ("present_value", "present_value_beyond"):
        columns[name] = path.of_region(name)
    rates = path.rows("present_value_at_rate")["item"].unique()
    ends = [path.of_region(f"present_value_at_rate[{rate}]") for rate in rates]
    same = [c for c in one.cases if c.keys["elasticities"] == case.keys["elasticities"]]
    ends += [whole(c).of_region("present_value") for c in same]
    if len(ends) > 1:
        columns["present_value_low"] = pd.concat(ends, axis=1).min(axis=1)
        columns["present_value_high"] = pd.concat(ends, axis=1).max(axis=1)
    for name in _MONEY:
        if not path.rows(name).empty:
            columns[name] = path.of_region(name)
    for name in _TURNS:
        years = path.rows(name).set_index("region")["value"]
        columns[name] = years.reindex(welfare.columns).astype(float)
    return pd.DataFrame(columns, index=welfare.columns)


def _column(name: str, tables: Sequence[pd.DataFrame], one: PathCases) -> Column:
    """Column of the table; money is scaled in place."""
    if name in _TURNS:
        return Column(name, heading(name), "year", 0)
    if name in _MONEY:
        figures = np.concatenate([table[name].to_numpy(float) for table in tables])
        how = printed(one.main.results.money, figures)
        for table in tables:
            table[name] *= how.scale
        return Column(name, _WORDS[name], how.unit, how.digits)
    shares = [name for name in tables[0] if name not in (*_MONEY, *_TURNS)]
    digits = printed("percent", np.concatenate([t[shares].to_numpy(float) for t in tables])).digits
    role = _ROLES.get(name.rpartition("_")[2], "value")
    words = {f"ev_year_{n}": f"EV year {n}" for n in one.years}
    words |= {**_WORDS, "present_value_beyond": f"PV after year {one.years[-1]}"}
    return Column(name, words[name], "%", digits, role)


def _words(case: Case, rows: Sequence[str], names: Sequence[str]) -> dict[tuple[int, int], str]:
    """Words in place of a year where a loss does not end, or there is none."""
    words = {}
    for name in _TURNS:
        by_region = whole(case).rows(name).set_index("region")["item"]
        for n, code in enumerate(rows):
            if name in names and by_region.get(code, ""):
                words[n, names.index(name)] = str(by_region[code])
    return words


def _range(paths: Sequence[PathCases]) -> str:
    levels = dict.fromkeys(str(c.keys["research_return"]) for one in paths for c in one.cases)
    more = f" and over {', '.join(levels)} returns to research" if len(levels) > 1 else ""
    return f"PV low and high: range over the discount rates shown{more}."


KINDS = (
    PageKind("worth", "path: welfare in some years, present value, break-even", worth,
             ("regions",), figure=partial(worth, drawn=True)),
)  # fmt: skip
