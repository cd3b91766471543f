"""Rows by measures: a dot for each solution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cge.report.charts import style


def dots(
    figure: Figure, rows: Sequence[str], titles: Sequence[str], units: Sequence[str],
    series: Sequence[str], values: NDArray[np.float64], legend: str = "",
) -> None:  # fmt: skip
    """Draw one axis for each measure, rows down, a mark for each series.

    Parameters
    ----------
    figure : Figure
    rows, titles, units, series : sequence of str
        Labels of rows, measures (with units) and series.
    values : ndarray (series, rows, measures)
    legend : str
        What the series are.
    """
    axes = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
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
        axis.set_title(titles[number], fontsize=9 if len(titles) <= 3 else 8)
        axis.set_xlabel(units[number], fontsize=8)
        axis.set_ylim(-0.7, len(rows) - 0.3)
        style.few_ticks(axis, (figure.get_figwidth() - 1.2) / len(titles))
        style.bare(axis)
    axes[0].set_yticks(y, rows)
    if len(series) > 1:
        handles, labels = axes[0].get_legend_handles_labels()
        style.legend(figure, handles, labels, title=legend, title_fontsize=8)
