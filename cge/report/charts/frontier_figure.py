"""Frontiers: welfare against risk, and below the policy that each point takes and its price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cge.report.charts import style
from cge.report.charts.lines import DASHES
from cge.report.format.page import Page, Panel
from cge.results.frontier_page import EV, NO_POLICY, POLICIES, VERSIONS, WORLD_EV

Array = NDArray[np.float64]

#: Colour and shape of a version; instruments and single policies take the others.
_LOOK = {"unilateral": (0, "o"), "terms_of_trade_neutral": (2, "^"), "global": (1, "s")}
_DOTS = ("D", "v", "P", "*", "<", "p", ">", "h", "d")
_INSTRUMENTS = ("#CC79A7", "#E69F00", "#56B4E9", "#000000", "#666666", "#009E73")


def frontier(page: Page, title: str, notes: Sequence[str]) -> Figure:
    """Draw welfare of the region and of the world over risk; below the policy mix and the price.

    Parameters
    ----------
    page : Page
        As :func:`cge.results.frontier_page.figure` returns it.
    title : str
    notes : sequence of str
    """
    lines = [p for p in page.panels if p.keys["version"] not in (POLICIES, NO_POLICY)]
    dots = [p for p in page.panels if p.keys["version"] in (POLICIES, NO_POLICY)]
    names = [column.key for column in lines[0].columns]
    goals = [goal for goal in (EV, WORLD_EV) if goal in names]
    rates = [n for n, name in enumerate(names) if name.startswith("rate_")]
    price = names.index("price_of_resilience") if "price_of_resilience" in names else None
    labels = [VERSIONS.get(p.keys["version"], p.keys["version"]) for p in lines]
    instruments = [lines[0].columns[n].title for n in rates]
    policies = [row for panel in dots for row in panel.rows]
    legend = style.legend_height([*labels, *instruments, *policies], style.WIDTH)
    figure = style.figure_with_room(style.WIDTH, 4.6 + legend, title, notes)
    axes = figure.subplots(2, len(goals), squeeze=False, sharex=True, height_ratios=(2.3, 1))
    region = page.names.get(lines[0].keys["region"], lines[0].keys["region"])
    for axis, goal in zip(axes[0], goals, strict=True):
        _goal(axis, lines, names.index(goal))
        _dress(axis, f"Welfare of {region}" if goal == EV else "Welfare of the world",
               "EV, % of absorption")  # fmt: skip
    _mix(axes[1][0], lines[0], rates)
    _dress(axes[1][0], f"Policy: {labels[0].lower()}", "Rates, %")
    if len(goals) > 1 and price is not None and len(lines[0].rows) > 1:
        _goal(axes[1][1], lines, price)
        _dress(axes[1][1], "Price of resilience", "EV points per point")
    for axis in axes[1][1 if price is None or len(lines[0].rows) < 2 else 2 :]:
        axis.set_visible(False)
    for above, below in zip(*axes, strict=True):
        low = below if below.get_visible() else above
        low.set_xlabel("CVaR, % of real income: safer to the right", fontsize=7.5)
        low.tick_params(labelbottom=True)
    marks = [_mark(axes[0][0], panel) for panel in dots]
    for axis in axes[0]:
        axis.margins(x=0.06, y=0.08)
        axis.tick_params(labelbottom=False)
    axes[0][0].invert_xaxis()  # all share it
    handles: list[Any] = [
        Line2D([], [], color=_colour(p), marker=_LOOK.get(p.keys["version"], (3, "D"))[1],
               markersize=4.5, linewidth=1.4)
        for p in lines
    ]  # fmt: skip
    handles += [Line2D([], [], color=_INSTRUMENTS[k % len(_INSTRUMENTS)], linewidth=1.4,
                       linestyle=DASHES[k % len(DASHES)]) for k in range(len(rates))]  # fmt: skip
    handles += [mark for own in marks for mark in own]
    style.legend(figure, handles, [*labels, *instruments, *policies])
    return figure


def _colour(panel: Panel) -> str:
    return style.colour(_LOOK.get(panel.keys["version"], (3, "D"))[0])


def _goal(axis: Any, lines: Sequence[Panel], column: int) -> None:
    for n, panel in enumerate(lines):
        risk, welfare = panel.figures[:, 0], panel.figures[:, column]
        order = np.argsort(risk)
        # Points that coincide with those of another version are seen around them.
        axis.plot(risk[order], welfare[order], color=_colour(panel), linewidth=1.4,
                  marker=_LOOK.get(panel.keys["version"], (3, "D"))[1], zorder=4 - 0.1 * n,
                  markersize=3.8 + 1.6 * n, markerfacecolor="white" if n else None,
                  markeredgewidth=1.0)  # fmt: skip


def _mix(axis: Any, panel: Panel, rates: Sequence[int]) -> None:
    order = np.argsort(panel.figures[:, 0])
    risk = panel.figures[order, 0]
    for k, n in enumerate(rates):
        axis.plot(risk, panel.figures[order, n], color=_INSTRUMENTS[k % len(_INSTRUMENTS)],
                  linewidth=1.4, linestyle=DASHES[k % len(DASHES)], marker=".",
                  markersize=4)  # fmt: skip


def _dress(axis: Any, title: str, unit: str) -> None:
    axis.axhline(0, color="0.35", linewidth=0.7, zorder=1)
    axis.set_title(title, fontsize=8.5)
    axis.set_ylabel(unit, fontsize=7.5)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.tick_params(labelsize=7, length=2, pad=2)
    axis.grid(color="0.94", linewidth=0.5)
    axis.set_axisbelow(True)
    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _mark(axis: Any, panel: Panel) -> list[Line2D]:
    """Draw policies as dots, each in a shape and colour of its own, or the point without any."""
    if panel.keys["version"] == NO_POLICY:
        looks = [("X", "black")] * len(panel.rows)
    else:
        looks = [(_DOTS[n % len(_DOTS)], _INSTRUMENTS[n % len(_INSTRUMENTS)])
                 for n in range(len(panel.rows))]  # fmt: skip
    return [
        axis.plot(*figures[:2], linestyle="none", marker=marker, markersize=6.5, color=colour,
                  markeredgecolor="white", markeredgewidth=0.5, zorder=5)[0]
        for figures, (marker, colour) in zip(panel.figures, looks, strict=True)
    ]  # fmt: skip
