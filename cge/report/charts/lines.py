"""Lines over years: one axis for each panel, one line for each series, its range behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cge.report.charts import style
from cge.report.format.page import Panel

Array = NDArray[np.float64]
#: So that lines are told apart in print.
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2)))


def years_of(panel: Panel) -> Array:
    """Return the years that stand as labels of its rows."""
    return np.array([float(re.split(r"\D", label, maxsplit=1)[0]) for label in panel.rows])


def dress(axis: Any, figure: Figure, across: int, title: str) -> None:
    """Give an axis of years its title and grid."""
    axis.axhline(0, color="0.35", linewidth=0.8, zorder=1.5)
    axis.set_title(style.over_axis(title, figure.get_figwidth(), across), fontsize=style.TITLE)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.tick_params(labelsize=8)
    axis.grid(axis="y", color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def name_axes(axes: Sequence[Any], across: int, unit: str) -> None:
    """Name years below and the unit beside a grid of axes."""
    style.name_below(axes, across, "Year of the path")
    for axis in axes[::across]:
        axis.set_ylabel(unit, fontsize=8)


def lines(figure: Figure, panels: Sequence[Panel], unit: str, across: int) -> None:
    """Draw an axis for each panel.

    Parameters
    ----------
    figure : Figure
    panels : sequence of Panel
        Of the same columns: values, each with the low and high end of its range behind it,
        if there is one; years in rows.
    unit : str
        Of the vertical axis.
    across : int
        Axes beside each other.
    """
    columns = panels[0].columns
    values = [n for n, column in enumerate(columns) if column.role == "value"]
    ranged = any(column.role == "low" for column in columns)
    axes = style.axes_of(figure, len(panels), across, sharex=True, sharey=True)
    for axis, panel in zip(axes, panels, strict=True):
        years = years_of(panel)
        for n, place in enumerate(values):
            colour = style.colour(n)
            if place + 2 < len(columns) and columns[place + 1].role == "low":
                axis.fill_between(
                    years, panel.figures[:, place + 1], panel.figures[:, place + 2],
                    color=colour, alpha=0.18, linewidth=0,
                )  # fmt: skip
            axis.plot(years, panel.figures[:, place], color=colour, linewidth=1.6,
                      linestyle=DASHES[n % len(DASHES)],
                      marker="o" if len(years) == 1 else None)  # fmt: skip
        axis.margins(x=0.02)
        dress(axis, figure, across, panel.title)
    name_axes(axes, across, unit)
    handles: list[Any] = [
        Line2D([], [], color=style.colour(n), linewidth=1.6, linestyle=DASHES[n % len(DASHES)])
        for n in range(len(values))
    ]
    labels = [columns[place].title for place in values]
    if ranged:
        handles.append(Patch(facecolor="0.5", alpha=0.3, linewidth=0))
        labels.append("Range")
    if len(labels) > 1:
        style.legend(figure, handles, labels)


def areas(figure: Figure, panels: Sequence[Panel], unit: str, across: int) -> None:
    """Draw parts stacked to both sides of zero over years, and their sum as a line.

    Parameters
    ----------
    figure : Figure
    panels : sequence of Panel
        Of the same columns: parts, and their total; years in rows.
    unit : str
    across : int
    """
    columns = panels[0].columns
    parts = [n for n, column in enumerate(columns) if column.role == "part"]
    total = next(n for n, column in enumerate(columns) if column.role == "total")
    axes = style.axes_of(figure, len(panels), across, sharex=True, sharey=True)
    for axis, panel in zip(axes, panels, strict=True):
        years, fine, figures = _crossings(years_of(panel), np.nan_to_num(panel.figures))
        up, down = np.zeros(len(fine)), np.zeros(len(fine))
        for n, place in enumerate(parts):
            values = figures[:, place]
            for sign, base in ((1, up), (-1, down)):
                part = sign * np.maximum(sign * values, 0)
                if part.any():
                    axis.fill_between(fine, base, base + part, facecolor=style.colour(n),
                                      hatch=style.hatch(n), edgecolor="white",
                                      linewidth=0.3)  # fmt: skip
                base += part
        axis.plot(years, panel.figures[:, total], color="black", linewidth=1.5)
        axis.margins(x=0.0)
        dress(axis, figure, across, panel.title)
    name_axes(axes, across, unit)
    handles: list[Any] = [
        Patch(facecolor=style.colour(n), hatch=style.hatch(n), edgecolor="white")
        for n in range(len(parts))
    ]
    handles.append(Line2D([], [], color="black", linewidth=1.5))
    style.legend(figure, handles, [*(columns[n].title for n in parts), columns[total].title])


def _crossings(years: Array, figures: Array) -> tuple[Array, Array, Array]:
    """Return years, years with those at which a part changes its sign, and figures at these."""
    extra = []
    for values in figures.T:
        here = np.flatnonzero(values[:-1] * values[1:] < 0)
        step = values[here] / (values[here] - values[here + 1])
        extra.append(years[here] + step * (years[here + 1] - years[here]))
    fine = np.unique(np.concatenate([years, *extra]))
    return years, fine, np.column_stack([np.interp(fine, years, v) for v in figures.T])


def ends(
    figure: Figure, panels: Sequence[Panel], rows: Sequence[Sequence[str]], unit: str, across: int
) -> None:
    """Draw two values of each row, joined: what is at first, and what is at last.

    Parameters
    ----------
    figure : Figure
    panels : sequence of Panel
        Of the same columns, two of them values, each with its range behind it if there is one.
    rows : sequence (panels) of sequence of str
    unit : str
    across : int
    """
    columns = panels[0].columns
    values = [n for n, column in enumerate(columns) if column.role == "value"][:2]
    axes = style.axes_of(figure, len(panels), across, sharex=True, sharey=True)
    ranged = False
    for axis, panel, labels in zip(axes, panels, rows, strict=True):
        y = np.arange(len(panel.rows))[::-1].astype(float)
        first, last = (panel.figures[:, place] for place in values)
        axis.axvline(0, color="0.35", linewidth=0.8)
        axis.hlines(y, first, last, color="0.7", linewidth=1.5, zorder=1)
        for n, place in enumerate(values):
            if place + 2 < len(columns) and columns[place + 1].role == "low":
                ranged = True
                axis.hlines(y + (0.2 if n == 0 else -0.2), panel.figures[:, place + 1],
                            panel.figures[:, place + 2], color=style.colour(n), alpha=0.45,
                            linewidth=2.5)  # fmt: skip
            axis.plot(panel.figures[:, place], y, linestyle="none", marker=style.MARKERS[n],
                      color=style.colour(n), markersize=5.5, zorder=3,
                      markerfacecolor="white" if n == 0 else style.colour(n))  # fmt: skip
        style.rows_of(axis, figure, across, panel.title, labels)
    style.name_below(axes, across, unit)
    handles: list[Any] = [
        Line2D([], [], linestyle="none", marker=style.MARKERS[n], color=style.colour(n),
               markerfacecolor="white" if n == 0 else style.colour(n), markersize=5.5)
        for n in range(2)
    ]  # fmt: skip
    names = [columns[place].title for place in values]
    if ranged:
        handles.append(Line2D([], [], color="0.5", alpha=0.6, linewidth=2.5))
        names.append("Range")
    style.legend(figure, handles, names)
