"""Rows by measures: a dot for each solution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cge.report.charts import style


def dots(
    figure: Figure, rows: Sequence[str], titles: Sequence[str], units: Sequence[str],
    series: Sequence[str], values: NDArray[np.float64], legend: str = "", across: int = 0,
) -> None:  # fmt: skip
    """Draw one axis for each measure, rows down, a mark for each series.

    Parameters
    ----------
    figure : Figure
    rows, titles, units, series : sequence of str
        Labels of rows, measures (with units) and series.
    values : ndarray (series, rows, measures)
    legend : str
        Title of the legend.
    across : int
        Axes beside each other, 0 for all of them.
    """
    across = across or len(titles)
    axes = style.axes_of(figure, len(titles), across, sharey=True)
    y = np.arange(len(rows))[::-1]
    for number, axis in enumerate(axes):
        here = values[:, :, number]
        axis.axvline(0, color="0.6", linewidth=0.8)
        known = np.isfinite(here).any(axis=0)
        low = np.where(known, np.nan_to_num(here, nan=np.inf).min(axis=0), np.nan)
        high = np.where(known, np.nan_to_num(here, nan=-np.inf).max(axis=0), np.nan)
        if len(series) == 1:  # a line from zero shows size where nothing is compared
            low, high = np.minimum(low, 0), np.maximum(high, 0)
        axis.hlines(y, low, high, color="0.75", linewidth=2)
        for n, label in enumerate(series):
            axis.plot(
                here[n], y, linestyle="none", marker=style.MARKERS[n % len(style.MARKERS)],
                color=style.colour(n), markersize=5, label=label, clip_on=False,
            )  # fmt: skip
        style.rows_of(axis, figure, across, titles[number], rows)
        axis.set_xlabel(units[number], fontsize=8)
    if len(series) > 1:
        handles, labels = axes[0].get_legend_handles_labels()
        style.legend(figure, handles, labels, title=legend, title_fontsize=8)
