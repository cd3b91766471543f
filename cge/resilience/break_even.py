"""The odds at which a policy pays: what it costs each year, against what it saves if trouble comes.

No probability has to be assumed. A policy costs a part of income every year (the premium); if
a disruption comes it avoids a loss (the payout). The annual probability at which the one is
worth the other,

    p = premium / payout,

can be held against how often such a thing has been seen. Without a cost a policy pays always;
where nothing is avoided it never does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Array

ALWAYS, NEVER = "always", "never"


def payouts(avoided: Array, shares: Array, families: NDArray[np.str_]) -> dict[str, Array]:
    """Loss avoided if a disruption of a family comes, by family, (s,).

    Parameters
    ----------
    avoided : ndarray (z, s)
        Loss without a policy less that under it, in years' worth of real income: over the years
        that a disruption lasts, and those of recovery.
    shares : ndarray (z,)
        Weights within a family: what may be more or less severe counts once.
    families : ndarray of str (z, s)
        Of each disruption in the eyes of each region; empty for none.

    Returns
    -------
    dict
        Means over the disruptions of a family, in years' worth of real income; NaN where a
        region has none of it, or one could not be solved.
    """
    found = {}
    for name in dict.fromkeys(families.ravel().tolist()):
        if not name:
            continue
        own = families == name
        weights = np.where(own, shares[:, None], 0.0)
        count = weights.sum(axis=0)
        total = np.where(own, weights * avoided, 0.0).sum(axis=0)
        found[name] = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return found


def odds(premium: Array, payout: Array) -> Array:
    """Annual probability at which a payout is worth its premium.

    Parameters
    ----------
    premium, payout : ndarray
        In the same unit.

    Returns
    -------
    ndarray
        0 where a policy pays always, infinite where it never does; above 1 it pays only if
        more than one disruption comes a year.
    """
    pays = payout > 0
    ratio = np.divide(premium, payout, out=np.full(np.shape(payout), np.inf), where=pays)
    unknown = np.isnan(premium) | np.isnan(payout)
    return np.where(unknown, np.nan, np.where(pays & (premium <= 0), 0.0, ratio))


def in_words(value: float) -> str:
    """Odds that are no number in words, else empty."""
    return ALWAYS if value == 0 else NEVER if np.isinf(value) else ""
