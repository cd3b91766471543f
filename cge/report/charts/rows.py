"""Charts with rows: dots, stacked bars, intervals, and two ends that are joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cge.core.axes import Array
from cge.report.charts import style
from cge.report.charts.style import Drawing
from cge.report.format.page import Page, Panel, stacked

#: Inches of a row, of each line of it and of a title beyond the first, of a frame, and of the
#: smallest axis.
_ROW, _LINE, _FRAME, _AXIS = 0.2, 0.13, 0.9, 1.1


class RowAxes:
    """Axes with rows, several beside each other.

    Parameters
    ----------
    titles : sequence of str
        One for each axis.
    rows : sequence (axes) of sequence of str
        Labels; one for all axes if it is the only one.
    across : int
        Axes beside each other; 0: as many as there is room for.
    more : float
        Inches for what stands below axes.
    **share
        Whether axes share a scale.
    """

    def __init__(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], across: int, more: float = 0.0,
        **share: Any,
    ) -> None:  # fmt: skip
        rows = rows if len(rows) == len(titles) else [rows[0]] * len(titles)
        self.rows = [[style.wrapped(label, style.LABEL) for label in own] for own in rows]
        every = [label for own in self.rows for label in own]
        lines = (line for label in every for line in label.split("\n"))
        left = max(style.LEFT, 0.35 + max(map(style.inches, lines)))
        if not across:
            fit = int((style.WIDTH - left) / _AXIS)
            across = -(-len(titles) // -(-len(titles) // fit))
        self.across, self.room = across, (style.WIDTH - left) / across
        self.titles = [style.over_axis(title, self.room) for title in titles]
        row = _ROW + _LINE * (style.lines_of(every) - 1)
        most = [max(2, *map(len, rows[n : n + across]), 0) for n in range(0, len(titles), across)]
        head = 0.45 + _LINE * (style.lines_of(self.titles) - 1)
        tall = [head + row * count for count in most]
        self.figure = style.new_figure(sum(tall) + _FRAME + more)
        same = all(own == self.rows[0] for own in self.rows)
        if len({*most}) > 1:  # each row of axes as high as its rows need
            share["gridspec_kw"] = {"height_ratios": tall}
        self.axes = style.axes_of(self.figure, len(titles), across, sharey=same, **share)

    def __iter__(self) -> Iterator[tuple[Any, Array]]:
        """Each axis and where its rows stand, to draw on."""
        for axis, title, labels in zip(self.axes, self.titles, self.rows, strict=True):
            y = np.arange(len(labels), dtype=float)[::-1]
            yield axis, y
            axis.set_yticks(y, labels)
            axis.set_ylim(-0.7, len(labels) - 0.3)
            axis.set_title(title, fontsize=style.TITLE)
            style.few_ticks(axis, self.room)
            style.plain(axis, "x", ("top", "right", "left"))
            axis.tick_params(axis="y", length=0)


def _mark(**look: Any) -> Line2D:
    """A mark as it stands in a legend."""
    return Line2D([], [], linestyle="none", **look)


def alike(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Panels of the same rows and columns; of others one, in which each row says whose it is."""
    if all(p.rows == panels[0].rows and p.columns == panels[0].columns for p in panels):
        return tuple(panels)
    labels = [f"{row} ({p.title})" if p.title else row for p in panels for row in p.rows]
    return (stacked(panels, labels),)


def dots(page: Page) -> Drawing:
    """Rows by measures: an axis for each measure, a dot for each solution."""
    panels = alike(page.panels)
    columns, values = panels[0].columns, np.array([panel.figures for panel in panels])
    drawing = RowAxes([column.title for column in columns], [panels[0].rows], 0)
    looks = [
        {"marker": style.MARKERS[n % len(style.MARKERS)], "color": style.colour(n), "markersize": 5}
        for n in range(len(panels))
    ]
    for number, (axis, y) in enumerate(drawing):
        here = values[:, :, number]
        axis.axvline(0, color="0.6", linewidth=0.8)
        low, high = np.fmin.reduce(here), np.fmax.reduce(here)
        if len(panels) == 1:  # a line from zero shows size where nothing is compared
            low, high = np.minimum(low, 0), np.maximum(high, 0)
        axis.hlines(y, low, high, color="0.75", linewidth=2)
        for own, look in zip(here, looks, strict=True):
            axis.plot(own, y, linestyle="none", clip_on=False, **look)
        axis.set_xlabel(columns[number].unit, fontsize=8)
    prefix = "Elasticities: "
    names = [panel.title.removeprefix(prefix) for panel in panels]
    handles = [_mark(label=name, **look) for name, look in zip(names, looks, strict=True)]
    sets = panels[0].title.startswith(prefix)
    return (drawing.figure, handles if len(panels) > 1 else [],
            "Trade elasticities" if sets else "")  # fmt: skip


def groups(panels: Sequence[Panel]) -> dict[str, list[int]]:
    """Columns by number that stand on one axis, by the name of their group."""
    found: dict[str, list[int]] = {}
    for n, column in enumerate(panels[0].columns):
        found.setdefault(column.group, []).append(n)
    return found


def glance(page: Page, one_scale: bool = True) -> Drawing:
    """Rows by groups of columns: an axis for each group of each panel, on a linear scale.

    Each column of a group is a mark, with its range as a line.

    Parameters
    ----------
    page : Page
    one_scale : bool
        Whether all axes of a group have one scale.
    """
    panels, found = page.panels, groups(page.panels)
    titles = [f"{panel.title}: {group.lower()}" for panel in panels for group in found]
    rows = [panel.rows for panel in panels for _ in found]
    drawing, handles = RowAxes(titles, rows, len(found)), []
    places = [(panel, columns) for panel in panels for columns in found.values()]
    limits = [_span(panels if one_scale else [panel], columns) for panel, columns in places]
    for (panel, columns), (low, high), (axis, y) in zip(places, limits, drawing, strict=True):
        axis.axvline(0, color="0.6", linewidth=0.8)
        for between in (y[1:] + y[:-1]) / 2:
            axis.axhline(between, color="0.9", linewidth=0.6, zorder=0)
        for k, n in enumerate(columns):
            at = y + 0.2 * ((len(columns) - 1) / 2 - k)
            color = style.colour(n)
            axis.hlines(at, panel.low[:, n], panel.high[:, n], color=color, linewidth=1.2)
            axis.plot(panel.figures[:, n], at, linestyle="none", color=color, markersize=4,
                      marker=style.MARKERS[n % len(style.MARKERS)])  # fmt: skip
        axis.set_xlim(low, high)
        axis.set_xlabel(panel.columns[columns[0]].unit, fontsize=8)
    for n, column in enumerate(panels[0].columns):
        handles.append(_mark(marker=style.MARKERS[n % len(style.MARKERS)], color=style.colour(n),
                             markersize=4, label=column.title))  # fmt: skip
    return drawing.figure, handles, ""


def _span(panels: Sequence[Panel], columns: Sequence[int]) -> tuple[float, float]:
    """Limits of an axis that has all figures of some columns, with their ranges and zero."""
    every = np.concatenate([
        getattr(panel, name)[:, columns].ravel() for panel in panels
        for name in ("figures", "low", "high")
    ])  # fmt: skip
    every = every[np.isfinite(every)]
    low, high = float(every.min(initial=0.0)), float(every.max(initial=0.0))
    margin = 0.05 * (high - low or 1.0)
    return low - margin, high + margin


def stacks(page: Page) -> Drawing:
    """Parts of each row to both sides of zero, and a mark for what they must sum to."""
    panels, columns = page.panels, page.panels[0].columns
    rows = [panel.rows for panel in panels]
    if page.stub == "Year":
        rows = [tuple(f"Year {label}" for label in own) for own in rows]
    parts = [n for n, column in enumerate(columns) if column.role == "part"]
    marks = [n for n, column in enumerate(columns) if column.role == "exact"]
    drawing = RowAxes([p.title for p in panels], rows, min(len(panels), 3), sharex=True)
    diamond = {"markersize": 4.5, "markerfacecolor": "black", "markeredgecolor": "white",
               "markeredgewidth": 0.8}  # fmt: skip
    for panel, (axis, y) in zip(panels, drawing, strict=True):
        up, down = np.zeros(len(y)), np.zeros(len(y))
        for number, n in enumerate(parts):
            length = np.nan_to_num(panel.figures[:, n])
            axis.barh(y, length, left=np.where(length >= 0, up, down), height=0.72,
                      **style.filled(number, linewidth=0.4))  # fmt: skip
            up, down = up + length.clip(min=0), down + length.clip(max=0)
        axis.axvline(0, color="0.2", linewidth=0.8)
        for n in marks:
            axis.plot(panel.figures[:, n], y, linestyle="none", marker="D", **diamond)
    style.name_below(drawing.axes, drawing.across, columns[0].unit)
    handles: list[Any] = [Patch(label=columns[n].title, **style.filled(number))
                          for number, n in enumerate(parts)]  # fmt: skip
    handles += [
        _mark(marker="D", label=columns[n].title, color="black", markersize=4.5) for n in marks
    ]
    return drawing.figure, handles, ""


def by_case(given: Sequence[Panel]) -> tuple[list[Panel], int]:
    """Panels in the order in which they are drawn, and how many stand beside each other."""
    panels = list(given)
    measures = {panel.keys["measure"] for panel in panels}
    cases = list(dict.fromkeys(map(_case, panels)))
    across = min(len(measures) if len(measures) > 1 else len(cases), 3)
    if across == len(measures):  # a column for each measure, a row for each case
        panels.sort(key=lambda panel: cases.index(_case(panel)))
    return panels, across


def intervals(page: Page) -> Drawing:
    """The middle half of draws thick, nine tenths thin, median and central value."""
    panels, across = by_case(page.panels)
    every = list(dict.fromkeys(row for panel in panels for row in panel.rows))
    drawing = RowAxes([p.title for p in panels], [every], across, 0.25 * -(-len(panels) // across))
    handles: dict[str, Line2D] = {}
    for panel, (axis, y) in zip(panels, drawing, strict=True):
        keys = [column.key for column in panel.columns]
        found = pd.DataFrame(panel.figures, panel.rows, keys).reindex(every)
        axis.axvline(0, color="0.6", linewidth=0.8)
        for low, high, width, name in (
            ("p05", "p95", 1.2, "90 % of draws"), ("p25", "p75", 4.5, "50 % of draws"),
        ):  # fmt: skip
            if low in found and high in found:
                axis.hlines(y, found[low], found[high], color=style.COLOURS[0], linewidth=width)
                handles[name] = Line2D([], [], color=style.COLOURS[0], linewidth=width, label=name)
        for key, marker, face, size, edge, name in (
            ("p50", "|", "black", 5, 1.2, "Median"),
            ("central", "o", style.COLOURS[1], 4.5, 0.7, "Central"),
        ):  # fmt: skip
            if key in found:
                look: dict[str, Any] = {
                    "color": face, "markersize": size, "markeredgewidth": edge,
                    "markeredgecolor": face if marker == "|" else "white",
                }  # fmt: skip
                axis.plot(found[key], y, linestyle="none", marker=marker, **look)
                handles[name] = _mark(marker=marker, label=name, **look)
        axis.set_xlabel(panel.unit, fontsize=8)
    return drawing.figure, list(handles.values()), ""


def _case(panel: Panel) -> tuple[str, ...]:
    return tuple(value for key, value in panel.keys.items() if key not in ("measure", "unit"))


def ends(page: Page) -> Drawing:
    """Two values of each row, joined: what is at first, and what is at last."""
    panels, columns = page.panels, page.panels[0].columns
    drawing = RowAxes([p.title for p in panels], [p.rows for p in panels], min(len(panels), 3),
                      sharex=True)  # fmt: skip
    looks = [{"marker": style.MARKERS[n], "color": style.colour(n), "markersize": 5.5,
              "markerfacecolor": style.colour(n) if n else "white"} for n in (0, 1)]  # fmt: skip
    for panel, (axis, y) in zip(panels, drawing, strict=True):
        axis.axvline(0, color="0.35", linewidth=0.8)
        axis.hlines(y, *panel.figures[:, :2].T, color="0.7", linewidth=1.5, zorder=1)
        for n, look in enumerate(looks):
            axis.hlines(y + (-0.2 if n else 0.2), panel.low[:, n], panel.high[:, n],
                        color=style.colour(n), alpha=0.45, linewidth=2.5)  # fmt: skip
            axis.plot(panel.figures[:, n], y, linestyle="none", zorder=3, **look)
    style.name_below(drawing.axes, drawing.across, columns[0].unit)
    handles = [_mark(label=c.title, **look) for c, look in zip(columns, looks, strict=False)]
    if any(np.isfinite(panel.low).any() for panel in panels):
        handles.append(Line2D([], [], color="0.5", alpha=0.6, linewidth=2.5, label="Range"))
    return drawing.figure, handles, ""


def shares(page: Page) -> Drawing:
    """Parts of a whole: rows of the page stacked, a bar for each of its columns."""
    return stacks(turned(page))


def turned(page: Page) -> Page:
    """The page with rows for its columns, and its rows as parts of them."""
    panels = tuple(
        Panel(
            panel.title,
            tuple(replace(panel.columns[0], key=row, title=row, role="part") for row in panel.rows),
            tuple(column.title for column in panel.columns), panel.figures.T,
        )
        for panel in page.panels
    )  # fmt: skip
    return replace(page, panels=panels)
