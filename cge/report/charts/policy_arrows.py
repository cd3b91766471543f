"""Efficiency against resilience: an arrow for each policy, from the first year to the last."""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.report.charts import style
from cge.report.charts.style import Drawing
from cge.report.format.page import Page

#: Without yellow, which no line on white may have.
COLOURS = tuple(c for c in style.COLOURS if c != "#F0E442")


def arrows(page: Page) -> Drawing:
    """An axis for each region, side by side, each on scales of its own.

    Columns of a panel are efficiency first and last, resilience first and last.
    """
    across = min(len(page.panels), 3)
    figure = style.new_figure(-(-len(page.panels) // across) * 3.4,
                              style.WIDTH if across > 1 else 5.0)  # fmt: skip
    axes = style.axes_of(figure, len(page.panels), across)
    every = list(dict.fromkeys(row for panel in page.panels for row in panel.rows))
    handles: dict[str, Any] = {}
    for axis, panel in zip(axes, page.panels, strict=True):
        axis.axhline(0, color="0.35", linewidth=0.7, zorder=1)
        axis.axvline(0, color="0.35", linewidth=0.7, zorder=1)
        for row, (x1, x2, y1, y2) in zip(panel.rows, panel.figures, strict=True):
            number = every.index(row)
            look: dict[str, Any] = {"color": COLOURS[number % len(COLOURS)], "zorder": 3,
                                    "marker": style.MARKERS[number % len(style.MARKERS)],
                                    "linestyle": "none", "markersize": 5}  # fmt: skip
            axis.plot(x1, y1, markerfacecolor="white", **look)
            (handles[row],) = axis.plot(x2, y2, label=row, **look)
            if np.isfinite([x1, x2, y1, y2]).all():
                arrow = {"arrowstyle": "-|>", "color": look["color"], "linewidth": 1.0}
                axis.annotate("", (x2, y2), (x1, y1), arrowprops=arrow).set_in_layout(False)
        axis.grid(color="0.94", linewidth=0.5)
        axis.tick_params(labelsize=7)
        axis.set_title(panel.title, fontsize=style.TITLE)
        efficiency, resilience = panel.columns[0], panel.columns[-1]
        axis.set_xlabel(f"Efficiency: EV, {efficiency.unit}", fontsize=7.5)
        axis.set_ylabel(f"Resilience, {resilience.unit}", fontsize=7.5)
    return figure, [handles[row] for row in every], ""
