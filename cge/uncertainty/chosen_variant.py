"""One number from figures of many variants: statistics, and what choosing among them is worth.

A government that supports what looks best sees the return of each candidate with an error. The
noise at which its choice does no better than an alternative is what its knowledge must be good for:
with s the standard deviation of the error over that of the returns among candidates,

    E(s) = E d[argmax_i (d_i + s sigma e_i)],   e_i normal and independent,

where d is the return of a candidate less that of the alternative and sigma its standard deviation
over candidates. E(0) is the largest d, and with much noise E is their mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from cge.core.axes import Array

#: Draws of the errors, the same for every noise and every figure, and their seed.
ERRORS, SEED = 10_000, 1
#: Noise that counts as unlimited, and how exactly the one that is looked for is found.
_UNLIMITED, _EXACT = 1e4, 1e-4
#: Unit of the noise.
NOISE_UNIT = "standard deviations of returns"
BREAK_EVEN_NOISE = "break_even_noise"


@lru_cache(maxsize=4)
def _errors(candidates: int) -> Array:
    return np.random.default_rng(SEED).standard_normal((ERRORS, candidates))


def worth_of_choice(differences: Array, noise: float) -> float:
    """Mean of what is chosen with errors.

    Parameters
    ----------
    differences : ndarray (candidates,)
        Returns, or what they are above those of an alternative.
    noise : float
        Standard deviation of the errors over that of the returns.
    """
    seen = differences + noise * differences.std() * _errors(len(differences))
    return float(differences[np.argmax(seen, axis=1)].mean())


def break_even_noise(differences: Array) -> float:
    """Noise at which a choice is worth no more than the alternative.

    Parameters
    ----------
    differences : ndarray (candidates,)
        Returns less that of the alternative.

    Returns
    -------
    float
        In standard deviations of the returns; 0 where no candidate does better, infinite where a
        choice by lot does no worse, NaN where a return is not known.
    """
    if np.isnan(differences).any():
        return float("nan")
    if differences.max() <= 0:
        return 0.0
    if differences.mean() >= 0:
        return float("inf")
    low, high = 0.0, 1.0
    while worth_of_choice(differences, high) > 0:
        low, high = high, 2 * high
        if high > _UNLIMITED:
            return float("inf")
    while high - low > _EXACT * high:
        middle = (low + high) / 2
        low, high = (middle, high) if worth_of_choice(differences, middle) > 0 else (low, middle)
    return (low + high) / 2


def _of_each(function: Callable[[Array], float]) -> Callable[[Array], Array]:
    return lambda sizes: np.array([function(row) for row in sizes])


#: From figures (draws, variants) to one of each draw, by the word for it.
TAKEN: Mapping[str, Callable[[Array], Array]] = {
    "mean": lambda sizes: sizes.mean(axis=1),
    "median": lambda sizes: np.median(sizes, axis=1),
    "smallest": lambda sizes: sizes.min(axis=1),
    "largest": lambda sizes: sizes.max(axis=1),
    "p10": lambda sizes: np.quantile(sizes, 0.1, axis=1),
    "p90": lambda sizes: np.quantile(sizes, 0.9, axis=1),
    BREAK_EVEN_NOISE: _of_each(break_even_noise),
}
