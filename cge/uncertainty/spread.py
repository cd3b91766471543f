"""Statistics over the draws of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cge.core.axes import Array

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}
CENTRAL, MEAN, POSITIVE, DRAWS = "central", "mean", "probability_positive", "draws"
#: In the order of the results.
STATISTICS = (CENTRAL, MEAN, "sd", *QUANTILES, "min", "max", POSITIVE, DRAWS)
#: Units of those that are not in the unit of the figure.
STATISTIC_UNITS: Mapping[str, str] = {POSITIVE: "share of draws", DRAWS: "draws"}
#: Statistics of a figure and a parameter, and of all parameters together by whether they are
#: those of a regression of ranks (:mod:`cge.uncertainty.drivers`).
SHARE, COEFFICIENT = "variance share", "standardised coefficient"
EXPLAINED = {False: "explained variance", True: "explained variance of ranks"}


def spread(results: Array, quadrature: bool = False) -> dict[str, Array]:
    """Statistics of each figure, {statistic: (figures,)}.

    Parameters
    ----------
    results : ndarray (draws, figures)
        Draws with an equilibrium.
    quadrature : bool
        Whether the draws are quadrature points: these have a mean and a standard deviation,
        but no quantiles.
    """
    count = np.full(results.shape[1], float(len(results)))
    missing = np.full(results.shape[1], np.nan)
    if not len(results):
        return {"mean": missing, "sd": missing, DRAWS: count}
    found = {"mean": results.mean(axis=0)}
    if quadrature:
        return {**found, "sd": results.std(axis=0), DRAWS: count}
    found["sd"] = results.std(axis=0, ddof=1) if len(results) > 1 else missing
    quantiles = np.quantile(results, list(QUANTILES.values()), axis=0)
    return {
        **found, **dict(zip(QUANTILES, quantiles, strict=True)), "min": results.min(axis=0),
        "max": results.max(axis=0), POSITIVE: (results > 0).mean(axis=0), DRAWS: count,
    }  # fmt: skip


def pooled_spread(sets: Sequence[Array], quadrature: bool = False) -> dict[str, Array]:
    """Statistics over elasticity sets, each with the same weight whatever draws of it failed.

    Parameters
    ----------
    sets : sequence of ndarray (draws, figures)
    quadrature : bool
    """
    values = np.concatenate(sets)
    found = spread(values, quadrature)
    if all(len(one) == len(sets[0]) for one in sets) and not quadrature:
        return found
    weights = np.concatenate([np.full(len(one), 1 / (len(one) * len(sets))) for one in sets
                              if len(one)])  # fmt: skip
    weights /= weights.sum()
    mean = weights @ values
    # Of equally likely points, as in a quadrature: the other sets do not fill what one lacks.
    found |= {"mean": mean, "sd": np.sqrt(weights @ (values - mean) ** 2)}
    if not quadrature:
        found |= {name: _weighted(values, weights, q) for name, q in QUANTILES.items()}
        found[POSITIVE] = weights @ (values > 0)
    return found


def _weighted(values: Array, weights: Array, share: float) -> Array:
    """Smallest values with at least that share of the weight at or below them."""
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) >= share - 1e-12
    columns = np.arange(values.shape[1])
    return np.asarray(values[order[np.argmax(reached, axis=0), columns], columns])
