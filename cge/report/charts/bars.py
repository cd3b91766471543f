"""Stacked bars: parts to both sides of zero, and a mark for what they must sum to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cge.report.charts import style
from cge.report.format.page import Panel


def stacks(
    figure: Figure, panels: Sequence[Panel], rows: Sequence[Sequence[str]], unit: str,
    across: int, exact: str | None = None,
) -> None:  # fmt: skip
    """Draw an axis for each panel, a bar for each row, its parts in colours.

    Parameters
    ----------
    figure : Figure
    panels : sequence of Panel
        Of the same columns; those of role ``part`` are stacked.
    rows : sequence (panels) of sequence of str
        Labels.
    unit : str
        Of the horizontal axis.
    across : int
        Axes beside each other.
    exact : str, optional
        Name of the mark that is drawn at the column of role ``exact``.
    """
    columns = panels[0].columns
    parts = [n for n, column in enumerate(columns) if column.role == "part"]
    mark = next((n for n, column in enumerate(columns) if column.role == "exact"), None)
    same = all(tuple(labels) == tuple(rows[0]) for labels in rows)
    axes = style.axes_of(figure, len(panels), across, sharey=same, sharex=True)
    for axis, panel, labels in zip(axes, panels, rows, strict=True):
        values = np.nan_to_num(panel.figures)
        y = np.arange(len(labels))[::-1]
        up, down = np.zeros(len(labels)), np.zeros(len(labels))
        for number, n in enumerate(parts):
            length = values[:, n]
            start = np.where(length >= 0, up, down)
            axis.barh(
                y, length, left=start, height=0.72, color=style.colour(number),
                hatch=style.hatch(number), edgecolor="white", linewidth=0.4,
            )  # fmt: skip
            up, down = up + length.clip(min=0), down + length.clip(max=0)
        axis.axvline(0, color="0.2", linewidth=0.8)
        if mark is not None and exact:
            axis.plot(
                panel.figures[:, mark], y, linestyle="none", marker="D", markersize=4.5,
                markerfacecolor="black", markeredgecolor="white", markeredgewidth=0.8,
            )  # fmt: skip
        style.rows_of(axis, figure, across, panel.title, labels)
    style.name_below(axes, across, unit)
    handles: list[Patch | Line2D] = [
        Patch(facecolor=style.colour(n), hatch=style.hatch(n), edgecolor="white",
              label=columns[column].title)
        for n, column in enumerate(parts)
    ]  # fmt: skip
    if mark is not None and exact:
        handles.append(Line2D([], [], linestyle="none", marker="D", color="black",
                              markersize=4.5, label=exact))  # fmt: skip
    style.legend(figure, handles, [str(handle.get_label()) for handle in handles])
