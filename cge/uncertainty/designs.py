"""Sampling designs: the values of the uncertain parameters that are tried.

Sources: Stroud (1957) for the quadrature of degree 3, Arndt (1996, GTAP Technical Paper 2)
and DeVuyst and Preckel (1997) for its use in systematic sensitivity analysis, McKay,
Beckman and Conover (1979) for the latin hypercube.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.identity import digest
from cge.uncertainty.uncertain_parameters import UncertainParameter, long_not_below_short, off_limit

DESIGNS = ("latin-hypercube", "monte-carlo", "stroud")
DISTRIBUTIONS = ("triangular", "uniform")
#: Draws of one latin hypercube where parameters are drawn apart; further ones are of another.
BLOCK = 50


@dataclass(frozen=True)
class Design:
    """How the parameters are drawn.

    Parameters
    ----------
    kind : {"latin-hypercube", "monte-carlo", "stroud"}
    draws : int
        For each elasticity set; ``stroud`` sets their number itself.
    distribution : {"triangular", "uniform"}
        Between low and high, the triangular one with its mode at the central value.
    correlation : float
        Rank correlation between the values of one group, 0 to 1; groups are independent.
    seed : int
        Of the random numbers. The same for every elasticity set.

    Raises
    ------
    InputError
    """

    kind: str = "latin-hypercube"
    draws: int = 200
    distribution: str = "triangular"
    correlation: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        check_known([self.kind], DESIGNS, "unknown design", key="design")
        check_known([self.distribution], DISTRIBUTIONS, "unknown distribution", key="distribution")
        _whole("draws", self.draws, 2, "a whole number from 2 on: one draw has no spread")
        _whole("seed", self.seed, 0, "a whole number from 0 on")
        refuse_if(not 0 <= self.correlation <= 1,
                  "is not a rank correlation between the values of a group", key="correlation",
                  value=self.correlation, allowed="0 to 1")  # fmt: skip
        refuse_if(self.kind == "stroud" and 0 < self.correlation < 1,
                  "quadrature points of partly correlated parameters leave the ranges",
                  key="correlation", value=self.correlation,
                  allowed="0 or 1 with stroud; any with latin-hypercube")  # fmt: skip

    @property
    def quadrature(self) -> bool:
        """Whether the draws are quadrature points, which give a mean and a spread alone."""
        return self.kind == "stroud"


def _whole(key: str, value: Any, least: int, allowed: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError("is too small or no number", key=key, value=value, allowed=allowed)


def _stats() -> Any:
    """Distributions of SciPy: they take half a second to import, and workers need none."""
    from scipy import stats

    return stats


def sample(design: Design, parameters: Sequence[UncertainParameter]) -> Array:
    """Values of the parameters in each draw, (draws, parameters).

    Depends on the design and the parameters alone.

    Parameters
    ----------
    design : Design
    parameters : sequence of UncertainParameter
    """
    names = list(dict.fromkeys(p.group for p in parameters))
    group = np.array([names.index(p.group) for p in parameters])
    low, central, high = np.array([(p.low, p.central, p.high) for p in parameters]).T
    if design.quadrature:
        points = stroud(len(names))[:, group] if design.correlation == 1 else stroud(len(group))
        # In the values themselves: through their distribution functions the points would
        # no longer have the parameters' variance (6 to 40 per cent too much).
        mean, sd = moments(design.distribution, low, central, high)
        return _possible(parameters, np.clip(mean + sd * points, low, high))
    uniform = _uniform(design, len(group) + len(names))
    drawn = quantiles(design.distribution, _correlated(uniform, group, design), low, central, high)
    return _possible(parameters, drawn)


def sample_apart(design: Design, parameters: Sequence[UncertainParameter]) -> Array:
    """Values of parameters, (draws, parameters), those of each whatever others are drawn.

    A latin hypercube whose columns have random numbers of their own, from the seed and the name
    of the parameter. Studies with other parameters beside these draw the same values of these.
    Every :data:`BLOCK` draws are a latin hypercube of their own, so that those of a study with
    more draws begin with those of one with fewer, of which the work is kept.

    Parameters
    ----------
    design : Design
        A latin hypercube without correlation.
    parameters : sequence of UncertainParameter
    """
    refuse_if(design.kind != "latin-hypercube" or design.correlation,
              "parameters are drawn apart by a latin hypercube without correlation", key="design",
              value=design.kind, allowed="latin-hypercube")  # fmt: skip
    columns = []
    for one in parameters:
        name = int(digest(one.place, one.name)[:16], 16)
        generator = np.random.default_rng([design.seed, name])
        sizes = (min(BLOCK, design.draws - n) for n in range(0, design.draws, BLOCK))
        place = np.concatenate([
            (generator.permutation(size) + generator.random(size)) / size for size in sizes
        ])  # fmt: skip
        columns.append(quantiles(design.distribution, place, np.array(one.low),
                                 np.array(one.central), np.array(one.high)))  # fmt: skip
    return _possible(parameters, np.stack(columns, axis=1))


def _possible(parameters: Sequence[UncertainParameter], values: Array) -> Array:
    return long_not_below_short(parameters, off_limit(parameters, values))


def stroud(dimensions: int) -> Array:
    """Stroud's (1957) points of degree 3, (2 dimensions, dimensions).

    Equally weighted; they have mean 0, variance 1, no correlation and no third moments, so
    that the mean of any polynomial of degree 3 over independent symmetric variables of that
    variance is exact.
    """
    k = np.arange(1, 2 * dimensions + 1)[:, None]
    odd = 2 * np.arange(1, dimensions // 2 + 1) - 1
    points = np.empty((2 * dimensions, dimensions))
    points[:, 0 : 2 * len(odd) : 2] = np.sqrt(2) * np.cos(odd * k * np.pi / dimensions)
    points[:, 1 : 2 * len(odd) : 2] = np.sqrt(2) * np.sin(odd * k * np.pi / dimensions)
    if dimensions % 2:
        points[:, -1] = (-1.0) ** k[:, 0]
    return points


def moments(distribution: str, low: Array, central: Array, high: Array) -> tuple[Array, Array]:
    """Means and standard deviations of the parameters."""
    if distribution == "uniform":
        return (low + high) / 2, (high - low) / np.sqrt(12)
    variance = (
        low**2 + central**2 + high**2 - low * central - low * high - central * high
    ) / 18  # fmt: skip
    return (low + central + high) / 3, np.sqrt(np.maximum(variance, 0))


def quantiles(distribution: str, u: Array, low: Array, central: Array, high: Array) -> Array:
    """Values at which each parameter's distribution function is `u`."""
    if distribution == "uniform":
        return low + u * (high - low)
    return np.asarray(
        _stats().triang.ppf(u, (central - low) / (high - low), loc=low, scale=high - low)
    )


def _uniform(design: Design, dimensions: int) -> Array:
    generator = np.random.default_rng(design.seed)
    if design.kind == "monte-carlo":
        return generator.random((design.draws, dimensions))
    return _stats().qmc.LatinHypercube(dimensions, seed=generator).random(design.draws)


def _correlated(uniform: Array, group: Integers, design: Design) -> Array:
    """Uniforms of the parameters; the last columns are the groups' common factors.

    A Gaussian copula with one factor for each group. Its product-moment correlation is
    2 sin(pi R / 6) for a rank correlation of R.
    """
    own, common = uniform[:, : len(group)], uniform[:, len(group) :][:, group]
    if design.correlation == 0:
        return own
    if design.correlation == 1:
        return common
    norm, rho = _stats().norm, 2 * np.sin(np.pi * design.correlation / 6)
    normal = np.sqrt(rho) * norm.ppf(common) + np.sqrt(1 - rho) * norm.ppf(own)
    return np.asarray(norm.cdf(normal))
