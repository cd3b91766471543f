"""Forecasts of past years: over multipliers of elasticities, and cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from cge.report.charts import style
from cge.report.charts.lines import DASHES
from cge.report.charts.style import Drawing
from cge.report.format.page import Page

#: Below it a forecast is bad, and how bad does not matter.
LOWEST = -50.0


def multipliers(page: Page) -> Drawing:
    """A line for each window over the multiplier of trade elasticities, one axis a panel."""
    names = list(dict.fromkeys(c.title for panel in page.panels for c in panel.columns))
    looks: dict[str, dict[str, Any]] = {
        name: {"color": style.colour(n), "linestyle": DASHES[n % len(DASHES)], "linewidth": 1.5,
               "marker": style.MARKERS[n % len(style.MARKERS)], "markersize": 3.5}
        for n, name in enumerate(names)
    }  # fmt: skip
    sets = list(dict.fromkeys(panel.keys["elasticities"] for panel in page.panels))
    across = max(1, min(len(sets), 3, len(page.panels)))
    room = (style.WIDTH - style.LEFT) / across
    titles = [style.over_axis(panel.title, room) for panel in page.panels]
    tall = 2.0 + 0.13 * style.lines_of(titles)
    figure = style.new_figure(-(-len(page.panels) // across) * tall + 0.2)
    axes = style.axes_of(figure, len(page.panels), across, sharex=True, sharey="row")
    for axis, panel, title in zip(axes, page.panels, titles, strict=True):
        steps = np.array([float(row) for row in panel.rows])
        axis.axhline(0, color="0.35", linewidth=0.8, zorder=1)
        axis.axvline(1, color="0.75", linewidth=0.8, zorder=1)
        for n, column in enumerate(panel.columns):
            values = np.where(panel.figures[:, n] < LOWEST, np.nan, panel.figures[:, n])
            known = np.isfinite(values)
            axis.plot(steps[known], values[known], **looks[column.title])
        axis.set_xscale("log")
        axis.set_xticks(steps, list(panel.rows))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_title(title, fontsize=style.TITLE)
        style.plain(axis, "both")
        axis.tick_params(labelsize=7, length=2, pad=2)
        axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    for axis in axes[::across]:
        axis.set_ylabel("Explained, % of variance", fontsize=7.5)
    style.name_below(axes, across, "Multiplier of trade elasticities")
    handles = [Line2D([], [], label=name, **look) for name, look in looks.items()]
    return figure, handles, ""


def scatter(page: Page) -> Drawing:
    """Forecast changes to the right, actual changes upward, one axis a panel."""
    across = min(len(page.panels), 3)
    room = (style.WIDTH - style.LEFT) / across
    titles = [style.over_axis(panel.title, room) for panel in page.panels]
    tall = 2.15 + 0.13 * style.lines_of(titles)
    figure = style.new_figure(-(-len(page.panels) // across) * tall + 0.2)
    axes = style.axes_of(figure, len(page.panels), across, sharex=True, sharey=True)
    ends = _ends(page)
    for n, (axis, panel, title) in enumerate(zip(axes, page.panels, titles, strict=True)):
        predicted, actual, weight = panel.figures.T
        axis.axhline(0, color="0.6", linewidth=0.7, zorder=1)
        axis.axvline(0, color="0.6", linewidth=0.7, zorder=1)
        axis.plot(ends, ends, color="0.35", linewidth=0.8, zorder=1, linestyle=(0, (5, 1.5)))
        axis.scatter(predicted, actual, s=4 + 60 * weight / max(float(weight.max()), 1e-300),
                     color=style.colour(n), alpha=0.55, linewidth=0, zorder=3)  # fmt: skip
        axis.set_title(title, fontsize=style.TITLE)
        axis.set_xlim(*ends)
        axis.set_ylim(*ends)
        style.plain(axis, "both")
        axis.tick_params(labelsize=7, length=2, pad=2)
        for way in (axis.xaxis, axis.yaxis):
            way.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    columns = page.panels[0].columns
    for axis in axes[::across]:
        axis.set_ylabel(f"{columns[1].title}, {columns[1].unit}", fontsize=7.5)
    style.name_below(axes, across, f"{columns[0].title}, {columns[0].unit}")
    return figure, [], ""


def _ends(page: Page) -> tuple[float, float]:
    """Ends of both axes, the same in all panels."""
    every = np.concatenate([panel.figures[:, :2].ravel() for panel in page.panels])
    room = 0.05 * float(every.max() - every.min()) or 0.1
    return float(every.min()) - room, float(every.max()) + room
