"""Efficiency against resilience: frontiers, and single policies beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cge.report.charts import style
from cge.report.charts.lines import DASHES
from cge.report.charts.style import Drawing
from cge.report.format.page import Page, Panel
from cge.report.pages.frontier_page import CVAR, EV, NO_POLICY, POLICIES, PRICE, RATE, WORLD_EV

#: Colour and shape of a version; instruments and single policies take the others.
_LOOK = {"unilateral": (0, "o"), "terms_of_trade_neutral": (2, "^"), "global": (1, "s")}
_DOTS = ("D", "v", "P", "*", "<", "p", ">", "h", "d")
_INSTRUMENTS = ("#CC79A7", "#E69F00", "#56B4E9", "#000000", "#666666", "#009E73")
#: A rate so many times smaller than another is not seen beside it; axes for rates at most.
APART, MOST = 5.0, 3
#: Without yellow, which no line on white may have.
COLOURS = tuple(c for c in style.COLOURS if c != "#F0E442")


def parts_of(page: Page) -> tuple[list[Panel], list[Panel], tuple[str, str]]:
    """Panels that are lines, those that are single points, and what risk and welfare are called."""
    single = (POLICIES, NO_POLICY)
    lines = [panel for panel in page.panels if panel.keys["version"] not in single]
    dots = [panel for panel in page.panels if panel.keys["version"] in single]
    titles = {column.key: column.title for column in lines[0].columns}
    return lines, dots, (titles[CVAR], titles[EV])


def mixes(panel: Panel) -> list[tuple[str, list[int]]]:
    """Columns of rates that are drawn on one axis, with a title each: none beside one much larger.

    Instruments whose rate is nought at all points are left out.
    """
    title = f"Policy: {panel.title.lower()}"
    largest = {n: float(np.nanmax(np.abs(panel.figures[:, n]), initial=0.0))
               for n, column in enumerate(panel.columns)
               if column.key.startswith(f"{RATE}_")}  # fmt: skip
    found: list[list[int]] = []
    for n in sorted(largest, key=lambda n: -largest[n]):
        if round(largest[n], panel.columns[n].digits) == 0:
            continue
        if found and (largest[n] * APART > largest[found[-1][0]] or len(found) == MOST):
            found[-1].append(n)
        else:
            found.append([n])
    if len(found) < 2:
        return [(title, sorted(own)) for own in found]
    return [(f"{title}; rates up to {largest[own[0]]:.2g} %", sorted(own)) for own in found]


def curves(page: Page) -> Drawing:
    """Welfare of the region and of the world over risk; below the policy mix and the price."""
    lines, dots, (risk, welfare) = parts_of(page)
    first, names = lines[0], [column.key for column in lines[0].columns]
    rates = mixes(first)
    below = len(rates) + 1
    across = 3 if below == 3 else 2
    deep = -(-below // across)
    figure = style.new_figure(3.2 + 1.5 * deep)
    grid = figure.add_gridspec(1 + deep, 6, height_ratios=(2.3, *[1.0] * deep))
    home = figure.add_subplot(grid[0, :3])
    world = figure.add_subplot(grid[0, 3:], sharex=home)
    wide = 6 // across
    places = [(1 + n // across, n % across * wide) for n in range(below)]
    small = [figure.add_subplot(grid[row, left : left + wide], sharex=home)
             for row, left in places]  # fmt: skip
    handles = _goal(home, lines, names.index(EV))
    _dress(home, f"Welfare of {page.spelled(first.keys['region'])}", f"{welfare}, % of absorption")
    _goal(world, lines, names.index(WORLD_EV))
    _dress(world, "Welfare of the world", f"{welfare}, % of absorption")
    for axis in (home, world):
        axis.margins(x=0.06, y=0.08)
        axis.tick_params(labelbottom=False)
    room = style.WIDTH / across - 0.5
    for axis, (title, own) in zip(small, rates, strict=False):
        handles += _mix(axis, first, own)
        _dress(axis, style.over_axis(title, room), "Rates, %")
    _goal(small[-1], lines, names.index(PRICE))
    _dress(small[-1], "Price of resilience", "EV points per point")
    for n, axis in enumerate(small):
        if n + across < below:
            axis.tick_params(labelbottom=False)
        else:
            axis.set_xlabel(f"{risk},\n% of real income, safer to the right", fontsize=7.5)
    handles += [mark for panel in dots for mark in _marks(home, panel)]
    home.invert_xaxis()  # all share it
    return figure, handles, ""


def _goal(axis: Any, lines: Sequence[Panel], column: int) -> list[Any]:
    handles = []
    for n, panel in enumerate(lines):
        number, marker = _LOOK.get(panel.keys["version"], (3, "D"))
        look: dict[str, Any] = {"color": style.colour(number), "marker": marker, "linewidth": 1.4}
        # Points that coincide with those of another version are seen around them.
        _over_risk(axis, panel, column, zorder=4 - 0.1 * n, markersize=3.8 + 1.6 * n,
                   markerfacecolor="white" if n else None, markeredgewidth=1.0, **look)  # fmt: skip
        handles.append(Line2D([], [], markersize=4.5, label=panel.title, **look))
    return handles


def _mix(axis: Any, panel: Panel, own: Sequence[int]) -> list[Any]:
    """Draw the rates of some instruments, each in the look that it has wherever it is drawn."""
    handles = []
    rates = [n for n, column in enumerate(panel.columns) if column.key.startswith(f"{RATE}_")]
    for n, colour, dash in zip(rates, cycle(_INSTRUMENTS), cycle(DASHES)):
        if n not in own:
            continue
        look: dict[str, Any] = {"color": colour, "linewidth": 1.4, "linestyle": dash}
        _over_risk(axis, panel, n, marker=".", markersize=4, **look)
        handles.append(Line2D([], [], label=panel.columns[n].title, **look))
    return handles


def _over_risk(axis: Any, panel: Panel, column: int, **look: Any) -> None:
    order = np.argsort(panel.figures[:, 0])
    axis.plot(panel.figures[order, 0], panel.figures[order, column], **look)


def _dress(axis: Any, title: str, unit: str) -> None:
    axis.axhline(0, color="0.35", linewidth=0.7, zorder=1)
    axis.set_title(title, fontsize=style.TITLE)
    axis.set_ylabel(unit, fontsize=7.5)
    style.plain(axis, "both")
    axis.tick_params(labelsize=7, length=2, pad=2)
    axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _marks(axis: Any, panel: Panel) -> list[Any]:
    """Draw policies as dots, each in a shape and colour of its own, or the point without any."""
    looks: Iterable[tuple[str, str]] = zip(cycle(_DOTS), cycle(_INSTRUMENTS))
    if panel.keys["version"] == NO_POLICY:
        looks = [("X", "black")]
    return [
        axis.plot(*place, linestyle="none", marker=marker, markersize=6.5, color=colour,
                  markeredgecolor="white", markeredgewidth=0.5, zorder=5, label=row)[0]
        for row, place, (marker, colour) in zip(panel.rows, panel.figures, looks)
    ]  # fmt: skip
