"""Intervals: the middle half thick, nine tenths thin, and the central value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cge.report.charts import style
from cge.report.format.page import Panel


def intervals(
    figure: Figure, panels: Sequence[Panel], rows: Sequence[Sequence[str]], across: int
) -> None:
    """Draw an axis for each panel, a row for each region.

    Parameters
    ----------
    figure : Figure
    panels : sequence of Panel
        With columns central, p05, p25, p50, p75 and p95, those that there are.
    rows : sequence (panels) of sequence of str
    across : int
        Axes beside each other.
    """
    same = all(tuple(labels) == tuple(rows[0]) for labels in rows)
    axes = style.axes_of(figure, len(panels), across, sharey=same)
    drawn: dict[str, Line2D] = {}
    for axis, panel, labels in zip(axes, panels, rows, strict=True):
        found = {c.key: panel.figures[:, n] for n, c in enumerate(panel.columns)}
        missing = np.full(len(labels), np.nan)
        y = np.arange(len(labels))[::-1]
        axis.axvline(0, color="0.6", linewidth=0.8)
        for low, high, width, name in (
            ("p05", "p95", 1.2, "90 % of draws"), ("p25", "p75", 4.5, "50 % of draws"),
        ):  # fmt: skip
            if low in found and high in found:
                axis.hlines(y, found[low], found[high], color=style.COLOURS[0], linewidth=width)
                drawn[name] = Line2D([], [], color=style.COLOURS[0], linewidth=width)
        for key, marker, face, size, name in (
            ("p50", "|", "black", 5, "Median"), ("central", "o", style.COLOURS[1], 4.5, "Central"),
        ):  # fmt: skip
            if key in found:
                look: dict[str, Any] = {"marker": marker, "markersize": size, "linestyle": "none",
                        "color": face, "markeredgecolor": face if marker == "|" else "white",
                        "markeredgewidth": 1.2 if marker == "|" else 0.7}  # fmt: skip
                axis.plot(found.get(key, missing), y, **look)
                drawn[name] = Line2D([], [], **look)
        style.rows_of(axis, figure, across, panel.title, labels)
        axis.set_xlabel(panel.unit, fontsize=8)
    style.legend(figure, list(drawn.values()), list(drawn))
