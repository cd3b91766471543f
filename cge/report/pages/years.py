"""Welfare, or another measure, by year of a path; what remains of the first year's in the last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from cge.core.errors import InputError
from cge.report.choice import FLAGS, Choice
from cge.report.format.page import Column, Page, Panel, Role
from cge.report.format.units import Printed, printed
from cge.report.measures import title
from cge.report.pagekind import PageKind
from cge.report.paths import EV, EV_NOTE, PathCases, page_of, paths_of, series
from cge.results.resultset import ResultSet

_ROLES: dict[str, Role] = {"": "value", "low": "low", "high": "high"}


def years(found: Sequence[ResultSet], choice: Choice, every: bool = False) -> Page:
    """A measure by year, a panel for each region, a column for each variant.

    With `every`, all years rather than some.

    Raises
    ------
    InputError
        For a measure, region or year that there is not.
    """
    paths, codes = paths_of(found, choice)
    if len(choice.measures) > 1:
        raise InputError("one at a time", key=FLAGS["measures"],
                         value=", ".join(choice.measures))  # fmt: skip
    measure = choice.measures[0] if choice.measures else EV
    units = [series(one.main, measure)[1] for one in paths]
    tables = [one.ranged(lambda case: series(case, measure)[0]) for one in paths]
    shown = [one.years if every and not choice.years else one.shown(choice) for one in paths]
    numbers = sorted({n for own in shown for n in own})
    how = printed(units[0], np.concatenate([main.to_numpy(float).ravel() for main, _, _ in tables]))
    heads = tuple(column for one in paths for column in _heads(one, measure, how))
    known = {code for main, _, _ in tables for code in main.columns}
    longest = max(paths, key=lambda one: one.years[-1])
    rows = tuple(longest.year(n) for n in numbers)
    wanted = codes if choice.regions else [*codes, paths[0].main.world]
    panels = [
        Panel(code, heads, rows, how.scale * np.column_stack([
            table.reindex(index=numbers, columns=[code]).to_numpy(float)[:, 0]
            for triple in tables for table in triple if table is not None
        ]), keys={"region": code})
        for code in wanted if code in known
    ]  # fmt: skip
    lines = [EV_NOTE] if measure == EV else ["Deviations from the baseline."]
    heading = f"{title(measure)} by year"
    if len(panels) == 1:
        code = panels[0].title
        heading += f", {paths[0].main.results.names('regions').get(code, code)}"
    return page_of("years", choice.title or heading, "Year", panels, paths, lines)


def _heads(one: PathCases, measure: str, how: Printed) -> list[Column]:
    """Columns of one variant: the figure, and the ends of its range where it has one."""
    key, ends = one.label or measure, ("low", "high") if len(one.cases) > 1 else ()
    return [
        Column(key, one.label or "Central", how.unit, how.digits),
        *(Column(f"{key} {end}", end, how.unit, how.digits, _ROLES[end]) for end in ends),
    ]


def remaining(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Welfare in the first year against the last, a panel for each variant.

    Raises
    ------
    InputError
        For a region or year that there is not.
    """
    paths, codes = paths_of(found, choice)
    shown = paths[0].shown(choice, usual=(1,))
    ends = first, last = min(shown), max(shown)
    tables = [one.ranged(lambda case: series(case, EV)[0]) for one in paths]
    how = printed(
        "percent of benchmark absorption",
        np.concatenate([main.loc[[first, last]].to_numpy(float) for main, _, _ in tables]),
    )
    panels = []
    for one, (main, low, high) in zip(paths, tables, strict=True):
        world = "" if choice.regions else one.main.world
        rows = [code for code in main.columns if code in (*codes, world)]
        columns = {
            Column(f"year_{n}{end and '_' + end}", end or f"EV year {n}", how.unit, how.digits,
                   _ROLES[end]): how.scale * table.loc[n, rows].to_numpy(float)
            for n in ends
            for end, table in (("", main), ("low", low), ("high", high)) if table is not None
        }  # fmt: skip
        then, now = (main.loc[n, rows].to_numpy(float) for n in ends)
        share = np.full(len(rows), np.nan)
        np.divide(100 * now, then, out=share, where=np.abs(then) >= 1e-6 * np.abs(then).max())
        columns[Column("share", f"Year {last} over year {first}", "%", 0, "check")] = share
        keys = {name: str(value) for name, value in one.main.keys.items()}
        figures = np.column_stack(list(columns.values()))
        panels.append(Panel(one.label, tuple(columns), tuple(rows), figures,
                            int(rows[-1] == world), keys))  # fmt: skip
    heading = choice.title or f"Welfare in year {first} and what remains in year {last}"
    return page_of("remaining", heading, "Region", panels, paths, [EV_NOTE])


KINDS = (
    PageKind("years", "path: welfare, or another measure, by year and region", years,
             ("measures", "regions"), "years", partial(years, every=True)),
    PageKind("remaining", "path: welfare in the first year and what remains in the last",
             remaining, ("regions",), "ends"),
)  # fmt: skip
