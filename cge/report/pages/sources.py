"""Productivity along a path by where the knowledge comes from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from cge.core.errors import InputError
from cge.indicators.accumulation import TOTAL
from cge.report.choice import Choice
from cge.report.format.page import Column, Page, Panel
from cge.report.format.units import NOISE, printed
from cge.report.pagekind import PageKind
from cge.report.paths import case_words, largest, page_of, paths_of, series
from cge.results.register import heading
from cge.results.resultset import ResultSet

#: Sources of productivity.
SOURCES = tuple(
    f"productivity_{name}" for name in ("own", "domestic", "basic", "foreign", "learning")
)


def sources(found: Sequence[ResultSet], choice: Choice, every: bool = False) -> Page:
    """Productivity by source of knowledge and year, a panel for each path and region.

    With `every`, all years rather than some, and the panels that move most.

    Raises
    ------
    InputError
        For results without knowledge, a region or year that there is not.
    """
    paths, codes = paths_of(found, choice)
    panels, unit = [], ""
    for one in paths:
        if one.main.rows(TOTAL).empty:
            continue
        tables, units = zip(*(series(one.main, name) for name in (*SOURCES, TOTAL)), strict=True)
        unit = units[0]
        shown = list(one.years if every and not choice.years else one.shown(choice))
        panels += [
            (one, code, shown, np.column_stack([table.loc[shown, code] for table in tables]))
            for code in codes if code in tables[0].columns
        ]  # fmt: skip
    if not panels:
        raise InputError("has no knowledge: its paths are without research",
                         file=paths[0].main.results.folder)  # fmt: skip
    left = ""
    if every:
        panels, left = largest(panels, [float(np.abs(values).max()) for *_, values in panels])
    whole = np.concatenate([values for *_, values in panels])
    moved = np.abs(whole).max(axis=0) > NOISE * np.abs(whole).max()
    moved[-1] = True
    how = printed(unit, whole)
    heads = tuple(
        Column(name, "All" if name == TOTAL else heading(name), how.unit, how.digits,
               "total" if name == TOTAL else "part")
        for name, keep in zip((*SOURCES, TOTAL), moved, strict=True) if keep
    )  # fmt: skip
    made = [
        Panel(", ".join(part for part in (one.label, code) if part), heads,
              tuple(one.year(n) for n in shown), how.scale * values[:, moved],
              keys={"title": one.main.title, "region": code})
        for one, code, shown, values in panels
    ]  # fmt: skip
    lines = [
        "Deviation of productivity from the baseline by where the knowledge comes from: 100 times "
        "logs, sectors weighted with receipts over GDP (Hulten 1978), so it is what GDP gains at "
        "given factors.",
        case_words(paths[0]), left,
    ]  # fmt: skip
    title = choice.title or "Productivity by source of knowledge"
    return page_of("sources", title, "Year", made, paths, lines, spread=False)


KINDS = (
    PageKind("sources", "path: productivity by source of knowledge", sources, ("regions",),
             "areas", partial(sources, every=True)),
)  # fmt: skip
