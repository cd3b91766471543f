"""Frontiers: welfare against risk, and below the policy that each point takes and its price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cge.report.charts import style
from cge.report.charts.lines import DASHES
from cge.report.format.page import Page, Panel
from cge.report.pages.frontier_page import EV, NO_POLICY, POLICIES, PRICE, RATE, WORLD_EV

#: Colour and shape of a version; instruments and single policies take the others.
_LOOK = {"unilateral": (0, "o"), "terms_of_trade_neutral": (2, "^"), "global": (1, "s")}
_DOTS = ("D", "v", "P", "*", "<", "p", ">", "h", "d")
_INSTRUMENTS = ("#CC79A7", "#E69F00", "#56B4E9", "#000000", "#666666", "#009E73")


def figure(page: Page, title: str, notes: Sequence[str]) -> Figure:
    """Draw welfare of the region and of the world over risk; below the policy mix and the price.

    Parameters
    ----------
    page : Page
        Of :func:`cge.report.pages.frontier_page.drawn`.
    title : str
    notes : sequence of str
    """
    lines = [p for p in page.panels if p.keys["version"] not in (POLICIES, NO_POLICY)]
    dots = [p for p in page.panels if p.keys["version"] in (POLICIES, NO_POLICY)]
    names = [column.key for column in lines[0].columns]
    rates = [n for n, name in enumerate(names) if name.startswith(f"{RATE}_")]
    labels = [panel.title for panel in lines]
    labels += [lines[0].columns[n].title for n in rates]
    labels += [row for panel in dots for row in panel.rows]
    drawing = style.figure_with_room(
        style.WIDTH, 4.6 + style.legend_height(labels, style.WIDTH), title, notes
    )
    above, below = drawing.subplots(2, 2, sharex=True, height_ratios=(2.3, 1))
    region = page.names.get(lines[0].keys["region"], lines[0].keys["region"])
    for axis, goal, whose in zip(above, (EV, WORLD_EV), (region, "the world"), strict=True):
        _goal(axis, lines, names.index(goal))
        _dress(axis, f"Welfare of {whose}", "EV, % of absorption")
        axis.margins(x=0.06, y=0.08)
    _mix(below[0], lines[0], rates)
    _dress(below[0], f"Policy: {labels[0].lower()}", "Rates, %")
    _goal(below[1], lines, names.index(PRICE))
    _dress(below[1], "Price of resilience", "EV points per point")
    for axis in below:
        axis.set_xlabel("CVaR, % of real income: safer to the right", fontsize=7.5)
    marks = [mark for panel in dots for mark in _marks(above[0], panel)]
    above[0].invert_xaxis()  # all share it
    handles = [
        Line2D([], [], color=_colour(p), marker=_shape(p), markersize=4.5, linewidth=1.4)
        for p in lines
    ]
    handles += [Line2D([], [], linewidth=1.4, **_line(k)) for k in range(len(rates))]
    style.legend(drawing, [*handles, *marks], labels)
    return drawing


def _colour(panel: Panel) -> str:
    return style.colour(_LOOK.get(panel.keys["version"], (3, "D"))[0])


def _shape(panel: Panel) -> str:
    return _LOOK.get(panel.keys["version"], (3, "D"))[1]


def _line(number: int) -> dict[str, Any]:
    """Look of the line of an instrument."""
    return {"color": _INSTRUMENTS[number % len(_INSTRUMENTS)],
            "linestyle": DASHES[number % len(DASHES)]}  # fmt: skip


def _goal(axis: Any, lines: Sequence[Panel], column: int) -> None:
    for n, panel in enumerate(lines):
        risk, welfare = panel.figures[:, 0], panel.figures[:, column]
        order = np.argsort(risk)
        # Points that coincide with those of another version are seen around them.
        axis.plot(risk[order], welfare[order], color=_colour(panel), linewidth=1.4,
                  marker=_shape(panel), zorder=4 - 0.1 * n, markersize=3.8 + 1.6 * n,
                  markerfacecolor="white" if n else None, markeredgewidth=1.0)  # fmt: skip


def _mix(axis: Any, panel: Panel, rates: Sequence[int]) -> None:
    order = np.argsort(panel.figures[:, 0])
    risk = panel.figures[order, 0]
    for k, n in enumerate(rates):
        axis.plot(risk, panel.figures[order, n], linewidth=1.4, marker=".", markersize=4,
                  **_line(k))  # fmt: skip


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


def _marks(axis: Any, panel: Panel) -> list[Line2D]:
    """Draw policies as dots, each in a shape and colour of its own, or the point without any."""
    looks = [(_DOTS[n % len(_DOTS)], _INSTRUMENTS[n % len(_INSTRUMENTS)])
             for n in range(len(panel.rows))]  # fmt: skip
    if panel.keys["version"] == NO_POLICY:
        looks = [("X", "black")]
    return [
        axis.plot(*place, linestyle="none", marker=marker, markersize=6.5, color=colour,
                  markeredgecolor="white", markeredgewidth=0.5, zorder=5)[0]
        for place, (marker, colour) in zip(panel.figures, looks, strict=True)
    ]  # fmt: skip
