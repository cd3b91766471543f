"""Chart of doses: what the next step of an instrument costs, and what it saves."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cge.report.charts import style
from cge.report.charts.lines import DASHES
from cge.report.charts.style import Drawing
from cge.report.format.page import Page


def ladder(page: Page) -> Drawing:
    """A line for each instrument from no dose on: cost to the right, loss avoided upward.

    The first column of every panel is the cost; each other one has an axis of its own.
    """
    first = page.panels[0]
    shown = range(1, len(first.columns))
    across = min(len(shown), 3)
    figure = style.new_figure(-(-len(shown) // across) * 2.2 + 0.2)
    axes = style.axes_of(figure, len(shown), across, sharex=True, sharey=False)
    looks: list[dict[str, Any]] = [
        {"color": style.colour(n), "linestyle": DASHES[n % len(DASHES)], "linewidth": 1.5,
         "marker": style.MARKERS[n % len(style.MARKERS)], "markersize": 4}
        for n in range(len(page.panels))
    ]  # fmt: skip
    for axis, n in zip(axes, shown, strict=True):
        axis.axhline(0, color="0.35", linewidth=0.7, zorder=1)
        axis.axvline(0, color="0.35", linewidth=0.7, zorder=1)
        for panel, look in zip(page.panels, looks, strict=True):
            cost, avoided = (np.append(0.0, panel.figures[:, k]) for k in (0, n))
            axis.plot(cost, avoided, markevery=slice(1, None), **look)
        axis.set_title(first.columns[n].title, fontsize=style.TITLE)
        style.plain(axis, "both")
        axis.tick_params(labelsize=7, length=2, pad=2)
        axis.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    for axis in axes[::across]:
        axis.set_ylabel(first.columns[1].unit, fontsize=7.5)
    style.name_below(axes, across, f"{first.columns[0].title},\n{first.columns[0].unit}")
    handles = [Line2D([], [], label=panel.title, **look)
               for panel, look in zip(page.panels, looks, strict=True)]  # fmt: skip
    return figure, handles, ""
