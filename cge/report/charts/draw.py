"""Drawing a page: which chart, how large, what labels."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from cge.report.charts import bars, dots, heat, intervals, lines, style
from cge.report.charts.shown import NAMED, shown
from cge.report.format.page import Page, Panel

#: Inches of a row, of each line of it and of a title beyond the first, and of a frame.
_ROW, _LINE, _FRAME = 0.2, 0.13, 0.9
#: Inches of the smallest axis.
_AXIS = 1.1


def draw(page: Page, notes: bool = True) -> Figure:
    """The figure of a page.

    Parameters
    ----------
    page : Page
        As :func:`cge.report.kinds.build` returns it.
    notes : bool
        Whether title and notes stand in the figure; else they go into a caption.
    """
    page = shown(page)
    title, below = (page.caption, page.below) if notes else ("", ())
    forms = {
        "dots": _dots, "heat": _heat, "years": _years, "areas": _years, "ends": _ends,
        "stacks": _stacks, "shares": _stacks, "intervals": _intervals,
    }  # fmt: skip
    if page.chart not in forms:  # a form of its own has a file of its own
        made: Figure = importlib.import_module(f"cge.report.charts.{page.chart}").figure(
            page, title, below)  # fmt: skip
        return made
    return forms[page.chart](page, title, below)


def _labels(panel: Panel) -> list[str]:
    return [style.wrapped(row, style.LABEL) for row in panel.rows]


def _height(rows: Sequence[Sequence[str]], titles: Sequence[str], across: int) -> float:
    """Inches of axes with rows, in a page's width."""
    deep = -(-len(titles) // across)
    labels = [label for own in rows for label in own]
    row = _ROW + _LINE * (style.lines_of(labels) - 1)
    heads = style.lines_of([style.over_axis(t, style.WIDTH, across, labels) for t in titles])
    return deep * (0.45 + _LINE * (heads - 1) + max(2, *map(len, rows)) * row) + _FRAME


def _dots(page: Page, title: str, notes: Sequence[str]) -> Figure:
    panels = page.panels
    if any(p.rows != panels[0].rows or p.columns != panels[0].columns for p in panels):
        panels = (_stacked(page),)  # other regions or units: each solution has rows of its own
    rows = _labels(panels[0])
    titles = [c.title for c in panels[0].columns]
    fit = int((style.WIDTH - style.left_of(rows)) / _AXIS)
    across = -(-len(titles) // -(-len(titles) // fit))
    series = [p.title.removeprefix("Elasticities: ") for p in panels]
    height = _height([rows], titles, across) + style.legend_height(series, style.WIDTH)
    figure = style.figure_with_room(style.WIDTH, height, title, notes)
    sets = page.panels[0].title.startswith("Elasticities: ")
    dots.dots(figure, rows, titles, [c.unit for c in panels[0].columns], series,
              np.array([p.figures for p in panels]), "Trade elasticities" if sets else "",
              across)  # fmt: skip
    return figure


def _stacked(page: Page) -> Panel:
    rows = tuple(
        f"{row} ({panel.title})" if panel.title else row
        for panel in page.panels for row in panel.rows
    )  # fmt: skip
    return replace(
        page.panels[0],
        title="",
        rows=rows,
        figures=np.concatenate([p.figures for p in page.panels]),
    )


def _years(page: Page, title: str, notes: Sequence[str]) -> Figure:
    """Draw a path as lines or areas."""
    panels = page.panels
    across = 1 if len(panels) == 1 else 2 if len(panels) in (2, 4) else min(len(panels), 3)
    named = [c.title for c in panels[0].columns if c.role in ("value", "part", "total")]
    heads = [style.over_axis(panel.title, style.WIDTH, across) for panel in panels]
    tall = {1: 2.9, 2: 2.3, 3: 1.75}[across] + _LINE * (style.lines_of(heads) - 1)
    room = style.legend_height([*named, "Range"], style.WIDTH) + 0.25
    figure = style.figure_with_room(
        style.WIDTH, -(-len(panels) // across) * tall + room, title, notes
    )
    draw_panels = lines.lines if page.chart == "years" else lines.areas
    draw_panels(figure, panels, panels[0].columns[0].unit, across)
    return figure


def _ends(page: Page, title: str, notes: Sequence[str]) -> Figure:
    """Draw the two ends of a path."""
    panels = page.panels
    rows = [_labels(panel) for panel in panels]
    across = min(len(panels), 3)
    height = _height(rows, [panel.title for panel in panels], across) + 0.27
    figure = style.figure_with_room(style.WIDTH, height, title, notes)
    lines.ends(figure, panels, rows, panels[0].columns[0].unit, across)
    return figure


def _stacks(page: Page, title: str, notes: Sequence[str]) -> Figure:
    panels = page.panels
    rows = [_labels(panel) for panel in panels]
    if page.stub == "Year":
        rows = [[f"Year {label}" for label in labels] for labels in rows]
    across = min(len(panels), 3)
    parts = [c.title for c in panels[0].columns if c.role == "part"]
    height = _height(rows, [panel.title for panel in panels], across)
    figure = style.figure_with_room(
        style.WIDTH, height + style.legend_height(parts, style.WIDTH), title, notes
    )
    exact = None if page.chart == "shares" else "Exact EV"
    bars.stacks(figure, panels, rows, panels[0].columns[0].unit, across, exact)
    return figure


def _intervals(page: Page, title: str, notes: Sequence[str]) -> Figure:
    measures = list(dict.fromkeys(panel.keys["measure"] for panel in page.panels))
    cases = list(dict.fromkeys(_case(panel) for panel in page.panels))
    across = min(len(measures) if len(measures) > 1 else len(cases), 3)
    if across == len(measures):  # a column for each measure, a row for each case
        page = replace(page, panels=tuple(sorted(page.panels, key=lambda p: cases.index(_case(p)))))
    every = list(dict.fromkeys(row for panel in page.panels for row in panel.rows))
    page = replace(page, panels=tuple(_with_rows(panel, every) for panel in page.panels))
    rows = [_labels(panel) for panel in page.panels]
    deep = -(-len(page.panels) // across)
    height = _height(rows, [panel.title for panel in page.panels], across) + 0.25 * deep
    figure = style.figure_with_room(style.WIDTH, height, title, notes)
    intervals.intervals(figure, page.panels, rows, across)
    return figure


def _with_rows(panel: Panel, rows: Sequence[str]) -> Panel:
    """A panel with the given rows, those that it lacks without figures."""
    place = [panel.rows.index(row) if row in panel.rows else -1 for row in rows]
    padded = np.vstack([panel.figures, np.full(panel.figures.shape[1], np.nan)])
    return replace(panel, rows=tuple(rows), figures=padded[place])


def _case(panel: Panel) -> tuple[str, ...]:
    return tuple(value for key, value in panel.keys.items() if key not in ("measure", "unit"))


def _heat(page: Page, title: str, notes: Sequence[str]) -> Figure:
    panels = [_without_total(panel) for panel in page.panels]
    wide = max(len(panel.columns) for panel in panels)
    tall = sum(len(panel.rows) for panel in panels)
    cell, size = (0.45, 6.5) if wide <= NAMED else (0.29, 4.6)
    rows = [list(panel.rows) for panel in panels]
    margin = 0.5 + 0.065 * max(len(label) for labels in rows for label in labels)
    width = max(style.WIDTH, margin + cell * wide)
    columns = [[c.title for c in panel.columns] for panel in panels]
    heads = sum(heat.height_of(labels, size) for labels in columns)
    height = 0.8 + (0.22 if wide <= NAMED else 0.18) * tall + heads + 0.55 * len(panels)
    figure = style.figure_with_room(width, height, title, notes)
    unit = panels[0].columns[0].unit
    heat.maps(figure, panels, rows, columns, unit, page.stub, page.across, size)
    return figure


def _without_total(panel: Panel) -> Panel:
    keep = [n for n, column in enumerate(panel.columns) if column.role != "total"]
    return replace(
        panel, columns=tuple(panel.columns[n] for n in keep), figures=panel.figures[:, keep]
    )
