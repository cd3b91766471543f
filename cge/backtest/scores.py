"""How near forecasts of changes come to what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.backtest.judged import Share
from cge.core.axes import Array, Bools, Integers

#: How a change is measured, and how cells are weighted.
CHANGES = ("log", "points")
WEIGHTS = ("value", "equal")
#: Fewer cells tell nothing of a slope.
_FEWEST = 3


@dataclass(frozen=True, eq=False)
class Compared:
    """Changes of the same cells, as they were and as they were forecast, (cells,).

    Parameters
    ----------
    actual, predicted, weights : ndarray
    cluster : ndarray of int
        Cells of one number may err together: those of one importer.
    """

    actual: Array
    predicted: Array
    weights: Array
    cluster: Integers

    def __len__(self) -> int:
        return len(self.actual)

    @property
    def scores(self) -> dict[str, float]:
        """All scores by name; NaN where there is nothing to compare, or nothing varies."""
        slope, error = line(self)
        a, p, w = self.actual, self.predicted, self.weights
        spread, actual = (float(np.sqrt(_cov(x, x, w))) for x in (p, a))
        counts = (a != 0) & (p != 0)
        return {
            "explained": 100 * explained(a, p, w),
            "correlation": _over(float(_cov(a, p, w)), spread * actual),
            "slope": slope, "slope_error": error,
            "direction": _over(100 * float(w[counts] @ (a * p > 0)[counts]), w[counts].sum()),
            "spread": _over(spread, actual), "compared": float(len(self)),
        }  # fmt: skip


def explained(actual: Array, predicted: Array, weights: Array) -> float:
    """Share of the variance of changes around no change that a forecast explains."""
    left = float(weights @ (actual - predicted) ** 2)
    return 1 - _over(left, float(weights @ actual**2))


def line(of: Compared) -> tuple[float, float]:
    """Slope of actual on predicted changes, by weighted least squares with a constant.

    Returns
    -------
    slope, error : float
        The standard error is clustered (Liang and Zeger 1986), with the usual correction for few
        clusters.
    """
    w, x, y = of.weights, of.predicted, of.actual
    if len(of) < _FEWEST or not w.sum():
        return np.nan, np.nan
    centred = x - w @ x / w.sum()
    square = float(w @ centred**2)
    # No forecast of a change is no forecast whose size could be wrong.
    if square <= 1e-18 * float(w @ x**2 + w.sum() * 1e-6):
        return np.nan, np.nan
    slope = float(w @ (centred * y)) / square
    left = y - w @ y / w.sum() - slope * centred
    clusters, place = np.unique(of.cluster, return_inverse=True)
    n, groups = len(of), len(clusters)
    if groups < _FEWEST:
        return slope, np.nan
    moments = np.bincount(place, weights=w * centred * left)
    factor = groups / (groups - 1) * (n - 1) / (n - 2)
    return slope, float(np.sqrt(factor * moments @ moments)) / square


def compared(
    before: Share, after: Share, forecast: Share, change: str, weight: str, smallest: float,
) -> Compared:  # fmt: skip
    """Changes of shares between two years, as they were and as they were forecast.

    Parameters
    ----------
    before, after, forecast : Share
    change : {"log", "points"}
        Of logs, or in percentage points.
    weight : {"value", "equal"}
        With what was traded in the first year: of logs in the cell itself, of points all that
        the share is a share of.
    smallest : float
        Cells with smaller shares in the first year have no log change that means anything; nor
        have those that are zero in the last.
    """
    counts = counted(before, after, forecast, change, smallest)
    s0, s1, s2 = (one.share[counts] for one in (before, after, forecast))
    whole = before.whole[counts]
    if change == "log":
        actual, predicted, weights = np.log(s1 / s0), np.log(s2 / s0), s0 * whole
    else:
        actual, predicted, weights = 100 * (s1 - s0), 100 * (s2 - s0), whole
    weights = np.ones(len(actual)) if weight == "equal" else weights / weights.sum()
    where = before.axes.index("s") if "s" in before.axes else 0
    return Compared(actual, predicted, weights, np.nonzero(counts)[where])


def counted(before: Share, after: Share, forecast: Share, change: str, smallest: float) -> Bools:
    """Cells whose changes are compared."""
    counts: Bools = before.counts & (before.whole > 0) & (after.whole > 0)
    if change == "log":
        counts = counts & (before.share >= smallest) & (after.share > 0) & (forecast.share > 0)
    return counts


def beyond(with_it: Compared, without: Compared) -> dict[str, float]:
    """What one thing more that is given adds: scores of the change that it makes.

    Parameters
    ----------
    with_it, without : Compared
        Of the same cells, forecast with it and without.

    Returns
    -------
    dict
        Slope of what is left of the actual changes on what it adds, 1 if the size of its effect is
        right, with its standard error, and the part of the variance that it explains in addition.
    """
    a, w = with_it.actual, with_it.weights
    added = Compared(a - without.predicted, with_it.predicted - without.predicted, w,
                     with_it.cluster)  # fmt: skip
    slope, error = line(added)
    gain = explained(a, with_it.predicted, w) - explained(a, without.predicted, w)
    return {"slope": slope, "slope_error": error, "explained": 100 * gain}


def _cov(x: Array, y: Array, w: Array) -> float:
    total = w.sum()
    return float(w @ ((x - w @ x / total) * (y - w @ y / total)) / total) if total else np.nan


def _over(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan
