"""Statistics over the draws of a study: the spread of its figures, and what drives it.

The parameters that the variance comes from are found by a linear regression of each figure on
them, all standardised: without correlation the squares of its coefficients are the shares of
variance, and add up to about the part that a linear function explains (Saltelli et al. 2008, ch.
1.2.5). Where that part is small the ranks are regressed instead. The share of a group is the sum
of those of its parameters. They are shares of the first order: what parameters do together that
none of them does alone is in none of them. A square is never negative, so a parameter that does
nothing has a share too, on average (1 - R2) / (n - p - 1) for n draws of p parameters: the noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cge.core.axes import Array
from cge.uncertainty.designs import Design
from cge.uncertainty.uncertain_parameters import UncertainParameter

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}
CENTRAL, MEAN, POSITIVE, DRAWS = "central", "mean", "probability_positive", "draws"
#: Share of draws in which a figure has the sign of the central case, and its standard error.
SAME_SIGN, SIGN_ERROR = "probability_same_sign", "probability_same_sign_se"
#: Shares of draws in which a policy pays at any odds, and at none.
ALWAYS, NEVER = "probability_always", "probability_never"
#: In the order of the results.
STATISTICS = (
    CENTRAL, MEAN, "sd", *QUANTILES, "min", "max", POSITIVE, SAME_SIGN, SIGN_ERROR, ALWAYS, NEVER,
    DRAWS,
)  # fmt: skip
#: Units of those that are not in the unit of the figure.
STATISTIC_UNITS: Mapping[str, str] = {
    **dict.fromkeys((POSITIVE, SAME_SIGN, SIGN_ERROR, ALWAYS, NEVER), "share of draws"),
    DRAWS: "draws",
}  # fmt: skip
#: Statistics of a figure and a parameter, and of all parameters together by whether they are
#: those of a regression of ranks.
SHARE, COEFFICIENT = "variance share", "standardised coefficient"
EXPLAINED = {False: "explained variance", True: "explained variance of ranks"}
#: The same by groups of parameters, with the part explained less what chance explains, and the
#: share that a parameter without effect has.
GROUP_SHARE, ADJUSTED = "variance share of group", "explained variance, adjusted"
NOISE = "variance share of noise"


#: A figure that is no larger centrally has no sign: a world in which nothing moves.
NO_SIGN = 1e-9


def spread(results: Array, quadrature: bool = False) -> dict[str, Array]:
    """Statistics of each figure, {statistic: (figures,)}.

    Parameters
    ----------
    results : ndarray (draws, figures)
        Draws with an equilibrium.
    quadrature : bool
        Whether the draws are quadrature points: these have a mean and a standard deviation,
        but no quantiles.

    A figure without end in some draw, odds at which nothing pays, has no mean and no deviation.
    """
    count = np.full(results.shape[1], float(len(results)))
    missing = np.full(results.shape[1], np.nan)
    if not len(results):
        return {"mean": missing, "sd": missing, DRAWS: count}
    numbers = np.where(np.isinf(results).any(axis=0), np.nan, results)
    found = {"mean": numbers.mean(axis=0)}
    if quadrature:
        return {**found, "sd": numbers.std(axis=0), DRAWS: count}
    found["sd"] = numbers.std(axis=0, ddof=1) if len(results) > 1 else missing
    quantiles = np.quantile(numbers, list(QUANTILES.values()), axis=0)
    endless = np.isinf(results).any(axis=0) & ~np.isnan(results).any(axis=0)
    if endless.any():  # without interpolation, which would take what has no end from itself
        quantiles[:, endless] = np.quantile(results[:, endless], list(QUANTILES.values()), axis=0,
                                            method="inverted_cdf")  # fmt: skip
    return {
        **found, **dict(zip(QUANTILES, quantiles, strict=True)), "min": results.min(axis=0),
        "max": results.max(axis=0), POSITIVE: (results > 0).mean(axis=0), DRAWS: count,
    }  # fmt: skip


def sign_kept(results: Array, central: Array) -> dict[str, Array]:
    """Share of draws in which each figure has its central sign, and the share's standard error.

    The error is that of independent draws; a latin hypercube has a smaller one. At a share of 0
    or 1 it is that of the share (k + 1) / (n + 2) (Laplace), or it would say that all is certain.

    Parameters
    ----------
    results : ndarray (draws, figures)
    central : ndarray (figures,)
        NaN where it moves nothing: there is no sign to keep.

    Returns
    -------
    dict
        {statistic: (figures,)}
    """
    n = len(results)
    unsigned = ~(np.abs(central) > NO_SIGN) | ~np.isfinite(results).all(axis=0)
    kept = (np.sign(results) == np.sign(central)).sum(axis=0)
    likely = (kept + 1) / (n + 2)
    share = kept / max(n, 1)
    of = np.where((kept == 0) | (kept == n), likely, share)
    error = np.sqrt(of * (1 - of) / max(n, 1))
    return {SAME_SIGN: np.where(unsigned, np.nan, share),
            SIGN_ERROR: np.where(unsigned, np.nan, error)}  # fmt: skip


def odds_told(results: Array) -> dict[str, Array]:
    """Shares of draws with odds of nothing, where a policy pays always, and without end: never.

    Parameters
    ----------
    results : ndarray (draws, figures)
    """
    unknown = np.isnan(results).any(axis=0)
    found = {ALWAYS: (results == 0).mean(axis=0), NEVER: np.isinf(results).mean(axis=0)}
    return {name: np.where(unknown, np.nan, share) for name, share in found.items()}


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
    endless = np.isinf(values).any(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(endless, np.nan, weights @ values)
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


#: Adjusted R2 below which ranks are tried.
LOW_R2 = 0.7
#: Draws for each regressor below which the coefficients are noise.
DRAWS_EACH = 2
#: A figure that moves by less than this share of its size does not move.
STILL = 1e-10


@dataclass(frozen=True, eq=False)
class Drivers:
    """Parameters behind the variance of one figure.

    Parameters
    ----------
    shares : ndarray (parameters,)
        Of the variance, 0 to 1.
    coefficients : ndarray (parameters,)
        Standardised; positive: a larger value of the parameter raises the figure.
    explained : float
        R2 of the regression.
    ranked : bool
        Whether it is one of ranks.
    adjusted : float
        R2 less what chance explains.
    noise : float
        Share that a parameter without effect has on average.
    """

    shares: Array
    coefficients: Array
    explained: float
    ranked: bool
    adjusted: float
    noise: float


class Regression:
    """Draws of the parameters, on which figures are regressed.

    With correlated parameters the share is the coefficient times the covariance with all
    parameters together, so that shares still add up to the explained part.

    Parameters
    ----------
    parameters : sequence of UncertainParameter
    points : ndarray (draws, parameters)
        Draws with an equilibrium.
    design : Design
    """

    def __init__(
        self, parameters: Sequence[UncertainParameter], points: Array, design: Design
    ) -> None:
        groups = np.array([p.group for p in parameters])
        self.quadrature = design.quadrature
        if design.correlation == 1:
            # Of a group all rise together; any stands for the rest, their mean does best.
            self.names = tuple(dict.fromkeys(groups.tolist()))
            scaled = _standard(points)
            self.values = np.column_stack(
                [scaled[:, groups == name].mean(axis=1) for name in self.names]
            )
            self.correlation = np.eye(len(self.names))
            first = {p.group: p for p in reversed(parameters)}
            self._behind = [first[name] for name in self.names]
        else:
            self.names = tuple(p.name for p in parameters)
            self._behind = list(parameters)
            self.values = points
            same = groups[:, None] == groups[None, :]
            self.correlation = np.where(same, design.correlation, 0.0)
            np.fill_diagonal(self.correlation, 1.0)

    @property
    def needed(self) -> int:
        """Number of draws from which on coefficients are more than noise."""
        return DRAWS_EACH * len(self.names)

    @property
    def possible(self) -> bool:
        """Whether there are so many."""
        return len(self.values) >= self.needed

    def drivers(self, figure: Array) -> Drivers | None:
        """Drivers of a figure, (draws,).

        None where there are too few draws, it does not move, or some draws have no figure.
        """
        if not self.possible or not np.isfinite(figure).all():
            return None
        if figure.std() <= STILL * max(1.0, float(np.abs(figure).max())):
            return None
        coefficients, r2, ranked = self._fit(figure)
        shares = coefficients * (self.correlation @ coefficients)
        # Of the variance in the design: in the sample, chance correlations of the
        # parameters make it a little more or less.
        return Drivers(shares / (shares.sum() + 1 - r2), coefficients, r2, ranked,
                       self._adjusted(r2), (1 - r2) / self._left)  # fmt: skip

    def groups(self, drivers: Drivers) -> dict[str, float]:
        """Shares of families of parameters, and of groups of several within them.

        Less what their parameters have by chance, so that families add up to the adjusted R2.
        Empty where one family is drawn alone, without such a group.
        """
        found: dict[str, float] = {}
        shares = drivers.shares - drivers.noise
        families = list(dict.fromkeys(one.family for one in self._behind))
        for family in families:
            own = [n for n, one in enumerate(self._behind) if one.family == family]
            groups = [self._behind[n].group for n in own]
            if len(families) > 1:
                found[family] = float(shares[own].sum())
            for group in dict.fromkeys(groups):
                if 1 < groups.count(group) < len(own):
                    here = [n for n, other in zip(own, groups, strict=True) if other == group]
                    found[f"{family}: {group}"] = float(shares[here].sum())
        return found

    @property
    def _left(self) -> int:
        """Degrees of freedom that are left."""
        n, p = self.values.shape
        return max(n - p - 1, 1)

    def _adjusted(self, r2: float) -> float:
        return 1 - (1 - r2) * (len(self.values) - 1) / self._left

    @cached_property
    def _ranks(self) -> Array:
        from scipy.stats import rankdata  # takes half a second to import

        return np.asarray(np.apply_along_axis(rankdata, 0, self.values))

    def _fit(self, y: Array) -> tuple[Array, float, bool]:
        """Standardised coefficients, R2, and whether they are of ranks."""
        coefficients, r2 = _regress(self.values, y)
        if self._adjusted(r2) < LOW_R2 and not self.quadrature:
            from scipy.stats import rankdata

            ranked = _regress(self._ranks, rankdata(y))
            if ranked[1] > r2:
                return *ranked, True
        return coefficients, r2, False


def _regress(x: Array, y: Array) -> tuple[Array, float]:
    left, right = _standard(x), (y - y.mean()) / y.std()
    coefficients = np.linalg.lstsq(left, right, rcond=None)[0]
    return coefficients, float(1 - np.mean((right - left @ coefficients) ** 2))


def _standard(x: Array) -> Array:
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
