"""Parameters that the variance of a figure comes from.

A linear regression of each figure on the parameters, all standardised: without correlation
the squares of its coefficients are the shares of variance, and add up to about the part that
a linear function explains (Saltelli et al. 2008, ch. 1.2.5). Where that part is small the
ranks are regressed instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.uncertainty.designs import Design
from cge.uncertainty.uncertain_parameters import UncertainParameter

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
    """

    shares: Array
    coefficients: Array
    explained: float
    ranked: bool


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
        else:
            self.names = tuple(p.name for p in parameters)
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
        return Drivers(shares / (shares.sum() + 1 - r2), coefficients, r2, ranked)

    def _fit(self, y: Array) -> tuple[Array, float, bool]:
        """Standardised coefficients, R2, and whether they are of ranks."""
        coefficients, r2 = _regress(self.values, y)
        n, p = self.values.shape
        adjusted = 1 - (1 - r2) * (n - 1) / max(n - p - 1, 1)
        if adjusted < LOW_R2 and not self.quadrature:
            from scipy.stats import rankdata  # takes half a second to import

            ranked = _regress(np.apply_along_axis(rankdata, 0, self.values), rankdata(y))
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
