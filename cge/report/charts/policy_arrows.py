"""Efficiency against resilience: an arrow for each policy, from the first year to the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cge.report.charts import style
from cge.report.format.page import Page, Panel

#: Without yellow, which no line on white may have.
COLOURS = tuple(c for c in style.COLOURS if c != "#F0E442")


def figure(page: Page, title: str, notes: Sequence[str]) -> Figure:
    """Draw an axis for each region, side by side, each on scales of its own.

    Parameters
    ----------
    page : Page
        Columns of a panel are efficiency first and last, resilience first and last.
    title : str
    notes : sequence of str
    """
    across = min(len(page.panels), 3)
    deep = -(-len(page.panels) // across)
    every = list(dict.fromkeys(row for panel in page.panels for row in panel.rows))
    width = style.WIDTH if across > 1 else 5.0
    height = deep * 3.4 + style.legend_height(every, width)
    made = style.figure_with_room(width, height, title, notes)
    axes = made.subplots(deep, across, squeeze=False).ravel()
    for axis in axes[len(page.panels) :]:
        axis.set_visible(False)
    for axis, panel in zip(axes, page.panels, strict=False):
        _draw(axis, panel, every)
    entries: dict[str, Any] = {}
    for axis in axes:
        handles, labels = axis.get_legend_handles_labels()
        entries |= zip(labels, handles, strict=True)
    style.legend(made, list(entries.values()), list(entries))
    return made


def _draw(axis: Any, panel: Panel, every: Sequence[str]) -> None:
    axis.axhline(0, color="0.35", linewidth=0.7, zorder=1)
    axis.axvline(0, color="0.35", linewidth=0.7, zorder=1)
    for row, figures in zip(panel.rows, panel.figures, strict=True):
        number = every.index(row)
        look: dict[str, Any] = {"color": COLOURS[number % len(COLOURS)], "zorder": 3,
                                "marker": style.MARKERS[number % len(style.MARKERS)],
                                "linestyle": "none", "markersize": 5}  # fmt: skip
        (x1, x2), (y1, y2) = figures[:2], figures[-2:]
        axis.plot(x1, y1, markerfacecolor="white", **look)
        axis.plot(x2, y2, label=row, **look)
        if np.isfinite([x1, x2, y1, y2]).all():
            arrow = {"arrowstyle": "-|>", "color": look["color"], "linewidth": 1.0}
            axis.annotate("", (x2, y2), (x1, y1), arrowprops=arrow).set_in_layout(False)
    axis.grid(color="0.94", linewidth=0.5)
    axis.tick_params(labelsize=7)
    axis.set_title(panel.title, fontsize=8.5)
    efficiency, resilience = panel.columns[0], panel.columns[-1]
    axis.set_xlabel(f"Efficiency: EV, {efficiency.unit}", fontsize=7.5)
    axis.set_ylabel(f"Resilience, {resilience.unit}", fontsize=7.5)
