"""Statistics of losses: over disruptions, and over the years after one.

A loss is the share of welfare that a disruption takes, ``1 - U_z / U_1``; a gain is negative.
Arrays have disruptions, or years, on their first axis; further axes (regions, say) are kept,
and one result is returned for each. Weights are probabilities of the disruptions, of shape
``(z,)`` or, where they differ by region, of the shape of the losses.

Not a number: a loss that is NaN (a disruption that could not be solved) makes every statistic
NaN that gives it weight; it is never dropped in silence. With weight zero it does not matter.
Where all weights are zero there is nothing to weigh and the result is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cge.core.axes import Array
from cge.core.errors import InputError, refuse_if

#: Sums of probabilities are known to this.
_ROUNDING = 1e-12


def expected_loss(losses: ArrayLike, weights: ArrayLike) -> Array:
    """Mean loss.

    Parameters
    ----------
    losses : array (z, ...)
        Fractions of welfare.
    weights : array (z,) or (z, ...)
        Probabilities; they are scaled to add up to one.

    Returns
    -------
    ndarray (...)

    Raises
    ------
    InputError
        If shapes do not fit, or a weight is negative or not finite.
    """
    return _mean(*_prepared(losses, weights))


def cvar(losses: ArrayLike, weights: ArrayLike, level: float) -> Array:
    """Conditional value at risk: the mean of the worst ``1 - level`` of probability.

    That is ``min over v of v + E max(L - v, 0) / (1 - level)`` (Rockafellar and Uryasev 2000,
    Journal of Risk 2(3)), exact for discrete distributions: the disruption at the quantile
    counts with the part of its probability that lies in the tail.

    Parameters
    ----------
    losses : array (z, ...)
        Fractions of welfare.
    weights : array (z,) or (z, ...)
        Probabilities; they are scaled to add up to one.
    level : float
        From 0, the expected loss, to 1, the worst.

    Returns
    -------
    ndarray (...)

    Raises
    ------
    InputError
        If shapes do not fit, a weight is negative or not finite, or the level is not possible.
    """
    _check_level(level)
    if level == 1:
        return worst(losses, weights)
    values, shares = _sorted(*_prepared(losses, weights), worst_first=True)
    before = np.cumsum(shares, axis=0) - shares
    tail = np.clip((1.0 - level) - before, 0.0, shares)
    # Divided by what the tail sums up to, which is 1 - level but for rounding.
    return _mean(values, tail)


def tail_weights(losses: Array, weights: Array, level: float) -> Array:
    """Weights with which losses make up the conditional value at risk, (z,).

    ``tail_weights @ losses`` is :func:`cvar`, and where no two losses at the quantile are equal
    it is so for small changes of them too: the weights are its derivative by each loss.

    Parameters
    ----------
    losses, weights : ndarray (z,)
    level : float
        From 0 to below 1.
    """
    order = np.argsort(-losses, kind="stable")
    shares = weights[order] / weights.sum()
    before = np.cumsum(shares) - shares
    tail = np.zeros(len(losses))
    tail[order] = np.clip((1.0 - level) - before, 0.0, shares)
    return np.asarray(tail / tail.sum())


def value_at_risk(losses: ArrayLike, weights: ArrayLike, level: float) -> Array:
    """Least loss that is not exceeded with probability `level`.

    Parameters
    ----------
    losses : array (z, ...)
        Fractions of welfare.
    weights : array (z,) or (z, ...)
        Probabilities; they are scaled to add up to one.
    level : float
        From 0, the least loss that has weight, to 1, the worst.

    Returns
    -------
    ndarray (...)

    Raises
    ------
    InputError
        If shapes do not fit, a weight is negative or not finite, or the level is not possible.
    """
    _check_level(level)
    values, shares = _prepared(losses, weights)
    ordered, probability = _sorted(values, shares, worst_first=False)
    reached = (np.cumsum(probability, axis=0) >= level - _ROUNDING) & (probability > 0)
    at = np.argmax(reached, axis=0)[np.newaxis]
    quantile = np.take_along_axis(ordered, at, axis=0)[0]
    return np.where(np.isnan(_mean(values, shares)), np.nan, quantile)


def worst(losses: ArrayLike, weights: ArrayLike) -> Array:
    """Largest loss among the disruptions that have weight.

    Parameters
    ----------
    losses : array (z, ...)
        Fractions of welfare.
    weights : array (z,) or (z, ...)
        Probabilities.

    Returns
    -------
    ndarray (...)

    Raises
    ------
    InputError
        If shapes do not fit, or a weight is negative or not finite.
    """
    values, shares = _prepared(losses, weights)
    largest = np.where(shares > 0, values, -np.inf).max(axis=0)
    return np.where(np.isnan(_mean(values, shares)), np.nan, largest)


def log_welfare_deviation(losses: ArrayLike, weights: ArrayLike) -> Array:
    """Standard deviation of the log of welfare, ``ln(1 - L)``.

    Parameters
    ----------
    losses : array (z, ...)
        Fractions of welfare, below one.
    weights : array (z,) or (z, ...)
        Probabilities; they are scaled to add up to one.

    Returns
    -------
    ndarray (...)

    Raises
    ------
    InputError
        If shapes do not fit, a weight is negative or not finite, or a loss with weight takes
        all welfare.
    """
    values, shares = _prepared(losses, weights)
    weighed = np.where(shares > 0, values, 0.0)
    if (weighed >= 1).any():
        raise InputError("a loss of all welfare has no logarithm", key="losses",
                         value=float(np.nanmax(weighed)), allowed="below 1")  # fmt: skip
    logs = np.log1p(-weighed)
    return np.sqrt(_mean((logs - _mean(logs, shares)) ** 2, shares))


def time_to_recover(
    losses: ArrayLike, from_year: int, fraction: float, negligible: float = 1e-9
) -> Array:
    """Years after a disruption began until its loss has gone.

    The first year, from `from_year` on, whose loss is below `fraction` of that of the first
    (engineering: Bruneau et al. 2003, Earthquake Spectra 19(4); economics: Rose 2007,
    Environmental Hazards 7(4)).

    Parameters
    ----------
    losses : array (t, ...)
        Fractions of welfare, by year; the first is the year in which the disruption begins.
    from_year : int
        First year after it, counted from zero: its duration.
    fraction : float
        Of the first year's loss, above 0 and below 1.
    negligible : float
        A first loss up to this is none and takes no time.

    Returns
    -------
    ndarray (...)
        Years; 0 if there is no loss in the first year, NaN if it has not recovered by the
        last year there is, or if a year up to then is NaN.

    Raises
    ------
    InputError
        If there are no years, or `from_year` or `fraction` is not possible.
    """
    values = _fractions(losses, "a year")
    if isinstance(from_year, bool) or not isinstance(from_year, (int, np.integer)) or from_year < 0:
        raise InputError("not a year", key="from_year", value=from_year, allowed="0, 1, 2, ...")
    if not 0 < fraction < 1:
        raise InputError("not possible", key="fraction", value=fraction, allowed="above 0, below 1")
    first = values[0]
    gone = values < fraction * first  # False for NaN
    gone[:from_year] = False
    year = np.argmax(gone, axis=0).astype(float)
    known = ~np.isnan(values)
    # Years known without a gap from the first one.
    length = np.where(known.all(axis=0), len(values), np.argmin(known, axis=0))
    year = np.where(gone.any(axis=0) & (year < length), year, np.nan)
    return np.where(first <= negligible, 0.0, year)


def loss_area(losses: ArrayLike, rate: float) -> Array:
    """Area under the path of losses, discounted to the first year.

    Parameters
    ----------
    losses : array (t, ...)
        Fractions of welfare, by year; the first is the year in which the disruption begins.
    rate : float
        Discount rate, a fraction a year, above -1.

    Returns
    -------
    ndarray (...)
        Years' worth of welfare: 0.02 is 2 % of a year's. NaN if any year is.

    Raises
    ------
    InputError
        If there are no years or the rate is not possible.
    """
    values = _fractions(losses, "a year")
    if not (np.isfinite(rate) and rate > -1):
        raise InputError("not possible", key="rate", value=rate, allowed="a number above -1")
    discount = (1.0 + rate) ** -np.arange(len(values), dtype=float)
    return (values * discount.reshape(-1, *[1] * (values.ndim - 1))).sum(axis=0)


def _fractions(losses: ArrayLike, each: str) -> Array:
    values = np.asarray(losses, dtype=float)
    refuse_if(values.ndim == 0 or not len(values), f"must have one value {each}", key="losses",
              value=values.shape)  # fmt: skip
    return values


def _check_level(level: float) -> None:
    refuse_if(not 0 <= level <= 1, "not a probability", key="level", value=level, allowed="0 to 1")


def _prepared(losses: ArrayLike, weights: ArrayLike) -> tuple[Array, Array]:
    """Losses and probabilities of one shape; probabilities NaN where all are zero."""
    values = _fractions(losses, "for each disruption")
    shares = np.asarray(weights, dtype=float)
    refuse_if(shares.shape not in (values.shape, values.shape[:1]),
              f"must have the shape of losses, {values.shape}, or their length",
              key="weights", value=shares.shape)  # fmt: skip
    refuse_if(not np.isfinite(shares).all() or (shares < 0).any(),
              "must be finite and not negative", key="weights")  # fmt: skip
    shares = shares.reshape(shares.shape + (1,) * (values.ndim - shares.ndim))
    shares = np.broadcast_to(shares, values.shape)
    total = shares.sum(axis=0)
    return values, np.divide(shares, total, out=np.full(values.shape, np.nan), where=total > 0)


def _mean(values: Array, shares: Array) -> Array:
    """Weighted mean; what has no weight does not matter, whatever it is."""
    return (np.where(shares == 0, 0.0, values) * shares).sum(axis=0) / shares.sum(axis=0)


def _sorted(values: Array, shares: Array, worst_first: bool) -> tuple[Array, Array]:
    """Losses and their probabilities in order; NaN with weight is the worst."""
    key = np.where(np.isnan(values), np.where(shares > 0, np.inf, -np.inf), values)
    order = np.argsort(-key if worst_first else key, axis=0, kind="stable")
    return np.take_along_axis(values, order, axis=0), np.take_along_axis(shares, order, axis=0)
