"""Charts over years: lines with their ranges, and parts stacked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from cge.core.axes import Array
from cge.report.charts import style
from cge.report.charts.style import Drawing
from cge.report.format.page import Page, Panel

#: So that lines are told apart in print.
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2)))
#: Inches of an axis by how many stand beside each other.
_TALL = {1: 2.9, 2: 2.3, 3: 1.75}


def _axes(panels: Sequence[Panel]) -> tuple[Figure, list[tuple[Any, Panel, Array]]]:
    """A figure with an axis for each panel, and its years."""
    across = 2 if len(panels) in (2, 4) else min(len(panels), 3)
    room = (style.WIDTH - style.LEFT) / across
    titles = [style.over_axis(panel.title, room) for panel in panels]
    tall = _TALL[across] + 0.13 * (style.lines_of(titles) - 1)
    figure = style.new_figure(-(-len(panels) // across) * tall + 0.25)
    axes = style.axes_of(figure, len(panels), across, sharex=True, sharey=True)
    for axis, title in zip(axes, titles, strict=True):
        axis.axhline(0, color="0.35", linewidth=0.8, zorder=1.5)
        axis.set_title(title, fontsize=style.TITLE)
        style.plain(axis, "y")
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
        axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    style.name_below(axes, across, "Year of the path")
    for axis in axes[::across]:
        axis.set_ylabel(panels[0].columns[0].unit, fontsize=8)
    return figure, list(zip(axes, panels, map(years_of, panels), strict=True))


def years_of(panel: Panel) -> Array:
    """The year of each row, with which its label begins."""
    return np.array([float(re.split(r"\D", label, maxsplit=1)[0]) for label in panel.rows])


def lines(page: Page) -> Drawing:
    """A line for each column, its range behind it."""
    columns = page.panels[0].columns
    looks = [{"color": style.colour(n), "linewidth": 1.6, "linestyle": DASHES[n % len(DASHES)]}
             for n in range(len(columns))]  # fmt: skip
    figure, axes = _axes(page.panels)
    for axis, panel, years in axes:
        for n, look in enumerate(looks):
            if np.isfinite(panel.low[:, n]).any():
                axis.fill_between(years, panel.low[:, n], panel.high[:, n], color=look["color"],
                                  alpha=0.18, linewidth=0)  # fmt: skip
            axis.plot(years, panel.figures[:, n], marker="o" if len(years) == 1 else None, **look)
        axis.margins(x=0.02)
    handles: list[Any] = [Line2D([], [], label=column.title, **look)
                          for column, look in zip(columns, looks, strict=True)]  # fmt: skip
    if any(np.isfinite(panel.low).any() for panel in page.panels):
        handles.append(Patch(facecolor="0.5", alpha=0.3, linewidth=0, label="Range"))
    return figure, handles if len(handles) > 1 else [], ""


def areas(page: Page) -> Drawing:
    """Parts stacked to both sides of zero over years, and their sum as a line."""
    columns = page.panels[0].columns
    parts = [n for n, column in enumerate(columns) if column.role == "part"]
    total = next(n for n, column in enumerate(columns) if column.role == "total")
    look: dict[str, Any] = {"color": "black", "linewidth": 1.5}
    figure, axes = _axes(page.panels)
    for axis, panel, years in axes:
        fine, figures = _crossings(years, np.nan_to_num(panel.figures))
        up, down = np.zeros(len(fine)), np.zeros(len(fine))
        for n, place in enumerate(parts):
            for sign, base in ((1, up), (-1, down)):
                part = sign * np.maximum(sign * figures[:, place], 0)
                if part.any():
                    axis.fill_between(fine, base, base + part, **style.filled(n, linewidth=0.3))
                base += part
        axis.plot(years, panel.figures[:, total], **look)
        axis.margins(x=0.0)
    handles: list[Any] = [Patch(label=columns[place].title, **style.filled(n))
                          for n, place in enumerate(parts)]  # fmt: skip
    return figure, [*handles, Line2D([], [], label=columns[total].title, **look)], ""


def _crossings(years: Array, figures: Array) -> tuple[Array, Array]:
    """Years with those at which a part changes its sign, and figures at these."""
    extra = []
    for values in figures.T:
        here = np.flatnonzero(values[:-1] * values[1:] < 0)
        step = values[here] / (values[here] - values[here + 1])
        extra.append(years[here] + step * (years[here + 1] - years[here]))
    fine = np.unique(np.concatenate([years, *extra]))
    return fine, np.column_stack([np.interp(fine, years, v) for v in figures.T])
