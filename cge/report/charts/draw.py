"""Drawing a page: which chart, how large, what labels."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from cge.report.charts import bars, dots, heat, intervals, lines, style
from cge.report.format.page import Column, Page, Panel

#: Inches of a row, of what stands above and below the rows.
_ROW, _FRAME = 0.2, 1.15


def draw(page: Page, notes: bool = True) -> Figure:
    """Return the figure of a page.

    Parameters
    ----------
    page : Page
        As :func:`cge.results.report.kinds.build` returns it.
    notes : bool
        Whether title and notes stand in the figure; else they go into a caption.
    """
    page = replace(page, panels=tuple(panel.plain() for panel in page.panels))
    title, below = (page.caption, page.notes) if notes else ("", ())
    forms = {
        "dots": _dots, "heat": _heat, "years": _years, "areas": _years, "ends": _years,
        "stacks": _stacks, "intervals": _intervals,
    }  # fmt: skip
    if page.chart not in forms:  # a form of its own has a file of its own
        made: Figure = importlib.import_module(f"cge.report.charts.{page.chart}").figure(
            page, title, below)  # fmt: skip
        return made
    return forms[page.chart](page, title, below)


def _labels(page: Page, panel: Panel) -> list[str]:
    return [style.short(page.names.get(row, row), row) for row in panel.rows]


def _height(rows: int, deep: int = 1) -> float:
    return deep * (0.45 + max(rows, 2) * _ROW) + _FRAME - 0.25


def _dots(page: Page, title: str, notes: Sequence[str]) -> Figure:
    first = page.panels[0]
    same = all(p.rows == first.rows and p.columns == first.columns for p in page.panels)
    panels = page.panels if same else page.panels[:1]
    if not same:  # other regions or units: each solution has rows of its own
        panels = (_stacked(page),)
    rows = _labels(page, panels[0])
    titles = ["\n".join(_wrapped(c.title, 16)) for c in panels[0].columns]
    units = [c.unit for c in panels[0].columns]
    lines = max(text.count("\n") for text in titles)
    longest = max(len(label) for label in rows)
    width = max(style.WIDTH, 0.4 + 0.07 * longest + 1.2 * len(titles))
    series = [p.title.removeprefix("Elasticities: ") for p in panels]
    figure = style.figure_with_room(
        width, _height(len(rows)) + 0.15 * lines + style.legend_height(series, width), title, notes
    )
    legend = "Trade elasticities" if first.title.startswith("Elasticities: ") else ""
    dots.dots(figure, rows, titles, units, series, np.array([p.figures for p in panels]), legend)
    return figure


def _years(page: Page, title: str, notes: Sequence[str]) -> Figure:
    """Draw a path: lines, areas, or its two ends."""
    panels = page.panels
    titles = [_place(page, panel.title) for panel in panels]
    unit = panels[0].columns[0].unit
    across = 1 if len(panels) == 1 else 2 if len(panels) in (2, 4) else min(len(panels), 3)
    deep = -(-len(panels) // across)
    named = [c.title for c in panels[0].columns if c.role in ("value", "part", "total")]
    room = style.legend_height([*named, "Range"], style.WIDTH)
    if page.chart == "ends":
        rows = [_labels(page, panel) for panel in panels]
        figure = style.figure_with_room(
            style.WIDTH, _height(max(map(len, rows)), deep) + room, title, notes
        )
        lines.ends(figure, panels, rows, titles, unit, across)
        return figure
    tall = {1: 2.9, 2: 2.3, 3: 1.75}[across]
    figure = style.figure_with_room(style.WIDTH, deep * tall + 0.25 + room, title, notes)
    draw_panels = lines.lines if page.chart == "years" else lines.areas
    draw_panels(figure, panels, titles, unit, across)
    return figure


def _place(page: Page, heading: str) -> str:
    """Return a panel's heading with the name of the region that stands last in it."""
    variant, _, code = heading.rpartition(", ")
    name = style.short(page.names.get(code, code), code)
    return f"{variant}, {name}" if variant else name


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


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]


def _stacks(page: Page, title: str, notes: Sequence[str]) -> Figure:
    panels = page.panels
    if page.kind == "drivers":
        panels = _turned(panels)
    rows = [_labels(page, panel) for panel in panels]
    if page.stub == "Year":
        rows = [[f"Year {label}" for label in labels] for labels in rows]
        panels = tuple(replace(p, title=_place(page, p.title)) for p in panels)
    across = min(len(panels), 3)
    deep = -(-len(panels) // across)
    parts = [c for c in panels[0].columns if c.role == "part"]
    legend = style.legend_height([c.title for c in parts], style.WIDTH)
    figure = style.figure_with_room(
        style.WIDTH, _height(max(map(len, rows)), deep) + legend, title, notes
    )
    exact = None if page.kind == "drivers" else "Exact EV"
    bars.stacks(figure, panels, rows, panels[0].columns[0].unit, across, exact)
    return figure


def _turned(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Return panels with regions in rows and parameters as parts."""
    turned = []
    for panel in panels:
        unit = panel.columns[0].unit
        heads = tuple(Column(name, name, unit, 0, "part") for name in panel.rows)
        codes = tuple(column.title for column in panel.columns)
        turned.append(replace(panel, columns=heads, rows=codes, figures=panel.figures.T, marks={}))
    return tuple(turned)


def _intervals(page: Page, title: str, notes: Sequence[str]) -> Figure:
    measures = list(dict.fromkeys(panel.keys["measure"] for panel in page.panels))
    cases = list(dict.fromkeys(_case(panel) for panel in page.panels))
    across = min(len(measures) if len(measures) > 1 else len(cases), 3)
    if across == len(measures):  # a column for each measure, a row for each case
        page = replace(page, panels=tuple(sorted(page.panels, key=lambda p: cases.index(_case(p)))))
    every = list(dict.fromkeys(row for panel in page.panels for row in panel.rows))
    page = replace(page, panels=tuple(_with_rows(panel, every) for panel in page.panels))
    rows = [_labels(page, panel) for panel in page.panels]
    deep = -(-len(page.panels) // across)
    figure = style.figure_with_room(
        style.WIDTH, _height(max(map(len, rows)), deep) + 0.25 * deep, title, notes
    )
    intervals.intervals(figure, page.panels, rows, across)
    return figure


def _with_rows(panel: Panel, rows: Sequence[str]) -> Panel:
    """Return a panel with the given rows, and its measure on a line of its own."""
    place = [panel.rows.index(row) if row in panel.rows else -1 for row in rows]
    padded = np.vstack([panel.figures, np.full(panel.figures.shape[1], np.nan)])
    title = panel.title.replace("; ", "\n")
    return replace(panel, title=title, rows=tuple(rows), figures=padded[place])


def _case(panel: Panel) -> tuple[str, ...]:
    return tuple(value for key, value in panel.keys.items() if key not in ("measure", "unit"))


def _heat(page: Page, title: str, notes: Sequence[str]) -> Figure:
    panels = [_without_total(panel) for panel in page.panels]
    wide = max(len(panel.columns) for panel in panels)
    tall = sum(len(panel.rows) for panel in panels)
    cell, size = (0.45, 6.5) if wide <= 16 else (0.29, 4.6)
    rows = [
        _labels(page, panel) if page.kind == "sectors" and wide <= 16 else list(panel.rows)
        for panel in panels
    ]
    margin = 0.5 + 0.065 * max(len(label) for labels in rows for label in labels)
    width = max(style.WIDTH, margin + cell * wide)
    height = 0.8 + (0.22 if wide <= 16 else 0.18) * tall + 0.7 * len(panels)
    figure = style.figure_with_room(width, height, title, notes)
    columns = [[c.title for c in panel.columns] for panel in panels]
    unit = panels[0].columns[0].unit
    heat.maps(figure, panels, rows, columns, unit, page.stub, page.across, size)
    return figure


def _without_total(panel: Panel) -> Panel:
    keep = [n for n, column in enumerate(panel.columns) if column.role != "total"]
    return replace(
        panel, columns=tuple(panel.columns[n] for n in keep), figures=panel.figures[:, keep]
    )
