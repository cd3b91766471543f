"""Paths from year to year: welfare by year, its sources, what it is worth, what remains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cge.results.report.measures import title as titled
from cge.results.report.notes import notes_of
from cge.results.report.page import Array, Column, Page, Panel, Role
from cge.results.report.path_cases import (
    EV,
    WORLD,
    Path,
    mains_of,
    paths_of,
    range_note,
    ranged,
    regions_of,
    series,
    years_of,
)
from cge.results.report.runs import Choice, RunFolder
from cge.results.report.units import Printed, printed

from cge.core.errors import InputError

#: Sources of productivity, in words.
SOURCES = {
    "own": "Own research", "domestic": "Domestic spillovers", "basic": "Basic research",
    "foreign": "Foreign knowledge", "learning": "Learning by doing",
}  # fmt: skip
#: More panels than this are not drawn on one page.
MOST_PANELS = 12
_ROLES: dict[str, Role] = {"": "value", "low": "low", "high": "high"}
EV_NOTE = (
    "Welfare: equivalent variation of the regional agent (household, government and investment) "
    "in per cent of its absorption on the baseline."
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
    lines = [EV_NOTE] if measure == EV else ["Deviations from the baseline."]
    title = f"{name} by year"
    if len(panels) == 1:
        title += f", {paths[0].run.names('regions').get(panels[0].title, panels[0].title)}"
    return page_of("path", choice.title or title, "Year", tuple(panels), paths, lines, choice)


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
    return page_of("path-sources", title, "Year", made, paths, lines, choice, spread=False)


def _case_note(paths: Sequence[Path]) -> str:
    """Return under which elasticities and returns a single path is shown."""
    keys = paths[0].main.keys
    return f"Elasticities {keys['elasticities']}, {keys['returns']} returns to research."


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
    return page_of("path-remaining", title, "Region", tuple(panels), paths, [EV_NOTE], choice)


def page_of(
    kind: str, title: str, stub: str, panels: tuple[Panel, ...], paths: Sequence[Path],
    first: Sequence[str], choice: Choice, spread: bool = True,
) -> Page:  # fmt: skip
    lines = [line for line in (*first, range_note(paths[0]) if spread else "") if line]
    shown = [case for one in paths for case in (one.cases if spread else mains_of(one))]
    notes = notes_of(shown, lines)
    return Page(kind, title, stub, panels, notes, paths[0].run.names("regions"))
