"""Paths: welfare by year, what remains, what a path is worth, where productivity comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from cge.core.errors import refuse_if
from cge.indicators.accumulation import TOTAL
from cge.report.drafts.case_groups import Group, paths_of, range_note
from cge.report.drafts.cases import (
    NO_ROWS,
    SHOWN,
    Case,
    codes_of,
    measures_in,
    whose_welfare,
)
from cge.report.drafts.choice import Choice, chosen_one
from cge.report.drafts.columns import Shown, by_group, title
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.report.format.units import NOISE
from cge.results.resultset import ResultSet

EV = "equivalent_variation"
#: More panels than this are not drawn on one page.
MOST_PANELS = 12
#: Sources of productivity.
SOURCES = tuple(
    f"productivity_{name}" for name in ("own", "domestic", "basic", "foreign", "learning")
)


def _at(measure: str, year: int, **options: object) -> Shown:
    """A measure in one year of a path."""
    return replace(Shown(measure, f"Year {year}", where={"path_year": year}, key=f"year_{year}",
                         group=measure), **options)  # type: ignore[arg-type] # fmt: skip


def _ev_note(found: Sequence[ResultSet]) -> str:
    return (f"Welfare: equivalent variation of the regional agent ({whose_welfare(found)}) in "
            "percent of its absorption on the baseline.")  # fmt: skip


def _cases(groups: Sequence[Group]) -> list[Case]:
    return [case for one in groups for case in one.cases]


def years(found: Sequence[ResultSet], choice: Choice, every: bool = False) -> Draft:
    """A measure by year, a panel for each region, a column for each variant.

    With `every`, all years rather than some.

    Raises
    ------
    InputError
        For a measure, region or year that there is not.
    """
    groups = paths_of(found, choice)
    rows = groups[0].main.table
    here = rows["path_year"].notna() & (rows[["partner", "sector", "shock"]] == "").all(axis=1)
    measure = chosen_one(measures_in(rows[here]), choice.measures or [EV], "measures",
                         "measures of a region and year in these results")  # fmt: skip
    every = every and not choice.years
    shown = sorted({n for one in groups for n in (one.years if every else one.shown(choice))})
    codes = codes_of([one.main for one in groups], choice, world=True)
    tables = by_group(groups, [_at(measure, n) for n in shown], codes)
    heads = tuple(replace(table.columns[0], key=table.title or measure,
                          title=table.title or "Central") for table in tables)  # fmt: skip
    longest = max(groups, key=lambda one: one.years[-1])
    panels = []
    for code in codes:
        own = [table.take([table.rows.index(code)]) for table in tables if code in table.rows]
        if len(own) == len(tables):
            ends = zip(*((t.figures, t.low, t.high) for t in own), strict=True)
            figures, low, high = (np.concatenate(end).T for end in ends)
            panels.append(Panel(code, heads, tuple(longest.year(n) for n in shown), figures,
                                keys={"region": code}, low=low, high=high))  # fmt: skip
    heading = f"{title(measure)} by year"
    if len(panels) == 1:
        code = panels[0].title
        heading += f", {groups[0].main.results.names('regions').get(code, code)}"
    lines = [_ev_note(found) if measure == EV else "Deviations from the baseline.",
             range_note(_cases(groups))]  # fmt: skip
    return Draft(heading, "Year", panels, _cases(groups), lines)


def remaining(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Welfare in the first year against the last, a panel for each variant.

    Raises
    ------
    InputError
        For a region or year that there is not.
    """
    groups = paths_of(found, choice)
    shown = groups[0].shown(choice, usual=(1,))
    first, last = min(shown), max(shown)
    columns = [_at(EV, n, title=f"EV year {n}") for n in (first, last)]
    panels = []
    for panel in by_group(groups, columns, codes_of(_cases(groups), choice, world=True)):
        then, now = panel.figures.T
        share = np.full(len(then), np.nan)
        np.divide(100 * now, then, out=share, where=np.abs(then) >= 1e-6 * np.abs(then).max())
        head = Column("share", f"Year {last} over year {first}", "%", 0, "check")
        low, high = (np.column_stack([end, share * np.nan]) for end in (panel.low, panel.high))
        panels.append(replace(panel, columns=(*panel.columns, head), low=low, high=high,
                              figures=np.column_stack([panel.figures, share])))  # fmt: skip
    title = f"Welfare in year {first} and what remains in year {last}"
    lines = [_ev_note(found), range_note(_cases(groups))]
    return Draft(title, "Region", panels, _cases(groups), lines, folded=2)


def worth(found: Sequence[ResultSet], choice: Choice, drawn: bool = False) -> Draft:
    """Welfare in some years, its present value and when a loss ends, by region.

    With `drawn`, percentages of a few years and of the present value alone.

    Raises
    ------
    InputError
        For a region or year that there is not.
    """
    groups = paths_of(found, choice, "elasticities")
    shown = [
        _at(EV, n, title=f"EV year {n}", key=f"ev_year_{n}", spread=False, group="share", unit="%")
        for n in groups[0].shown(choice, (1, 10) if drawn else SHOWN)
    ]
    shown.append(Shown("present_value", "PV", group="share", unit="%", spread=not drawn,
                       also="" if drawn else "present_value_at_rate"))  # fmt: skip
    if not drawn:
        shown += [
            Shown("present_value_beyond", f"PV after year {groups[0].years[-1]}", group="share",
                  unit="%", spread=False),
            Shown("present_value_money", "PV", "value", spread=False),
            Shown("present_value_outlay", "PV of outlay", "value", spread=False),
            *(Shown(name, text="item", digits=0, unit="year", spread=False)
              for name in ("break_even_year", "payback_year")),
        ]  # fmt: skip
        shown = [one for one in shown if any(len(g.main.rows(one.measure)) for g in groups)]
    levels = dict.fromkeys(str(case.keys["research_return"]) for case in _cases(groups))
    over = f" and over {', '.join(levels)} returns to research" if len(levels) > 1 else ""
    lines = [_ev_note(found), _PV_NOTE]
    if not drawn:
        lines += [_TURN_NOTE, f"PV in brackets: range over the discount rates shown{over}."]
    codes = codes_of(_cases(groups), choice, world=True)
    return Draft("Welfare along the path and its present value", "Region",
                 by_group(groups, shown, codes), [one.main for one in groups], lines,
                 folded=2)  # fmt: skip


def sources(found: Sequence[ResultSet], choice: Choice, every: bool = False) -> Draft:
    """Productivity by source of knowledge and year, a panel for each path and region.

    With `every`, all years rather than some, and the panels that move most.

    Raises
    ------
    InputError
        For results without knowledge, a region or year that there is not.
    """
    groups = paths_of(found, choice)
    panels, names = [], (*SOURCES, TOTAL)
    for one in (one for one in groups if len(one.main.rows(TOTAL))):
        shown = one.years if every and not choice.years else one.shown(choice)
        tables = [by_group([Group((one.main,))], [_at(name, n) for n in shown],
                           codes_of([one.main], choice))[0] for name in names]  # fmt: skip
        refuse_if(len({len(table.figures) for table in tables}) > 1, NO_ROWS)
        heads = tuple(
            replace(table.columns[0], key=name, group="sources",
                    title="All" if name == TOTAL else title(name),
                    role="total" if name == TOTAL else "part")
            for name, table in zip(names, tables, strict=True)
        )  # fmt: skip
        panels += [
            Panel(", ".join(part for part in (one.label, code) if part), heads,
                  tuple(one.year(n) for n in shown),
                  np.column_stack([table.figures[n] for table in tables]),
                  keys={"title": one.main.title, "region": code})
            for n, code in enumerate(tables[0].rows)
        ]  # fmt: skip
    refuse_if(not panels, "has no knowledge: its paths are without research",
              file=groups[0].main.results.folder)  # fmt: skip
    left = len(panels) - MOST_PANELS
    if every and left > 0:
        sizes = [-float(np.abs(panel.figures).max()) for panel in panels]
        panels = [panels[n] for n in sorted(np.argsort(sizes)[:MOST_PANELS].tolist())]
    whole = np.abs(np.concatenate([panel.figures for panel in panels])).max(axis=0)
    keep = [n for n, size in enumerate(whole) if names[n] == TOTAL or size > NOISE * whole.max()]
    lines = [
        "Deviation of productivity from the baseline by where the knowledge comes from: 100 times "
        "logs, sectors weighted with receipts over GDP (Hulten 1978), so it is what GDP gains at "
        "given factors.",
        range_note([groups[0].main]),
        f"Left out are {left} panels with smaller changes; --scenario and --region choose."
        if every and left > 0 else "",
    ]  # fmt: skip
    return Draft("Productivity by source of knowledge", "Year",
                 [panel.take(columns=keep) for panel in panels], [one.main for one in groups],
                 lines)  # fmt: skip


_PV_NOTE = (
    "Present value: equivalent variation of all years discounted to the benchmark year, the last "
    "year's taken to last for ever, in percent of the present value of absorption on the baseline; "
    "the part after the last year stands beside it. In money: gains in real consumption alone, for "
    "what investment yields is consumed later."
)
_TURN_NOTE = (
    "Break-even: the first year after a loss in which welfare is not below the baseline's. "
    "Payback: the first year by which discounted gains have made up for losses."
)
KINDS = (
    PageKind("years", "path: welfare, or another measure, by year and region", years,
             ("measures", "regions"), "years", partial(years, every=True)),
    PageKind("remaining", "path: welfare in the first year and what remains in the last",
             remaining, ("regions",), "ends"),
    PageKind("worth", "path: welfare in some years, present value, break-even", worth,
             ("regions",), figure=partial(worth, drawn=True)),
    PageKind("sources", "path: productivity by source of knowledge", sources, ("regions",),
             "areas", partial(sources, every=True)),
)  # fmt: skip
