"""Which parameters the variance of a result comes from.

A linear regression of each result on the parameters, all standardised: without correlation
the squares of its coefficients are the shares of variance, and add up to about the part that
a linear function explains (Saltelli et al. 2008, ch. 1.2.5). Where that part is small the
ranks are regressed instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from cge.experiments.designs import Design
from cge.experiments.parameters import ALL, Parameter
from cge.experiments.sensitivity import Sensitivity, SetDraws

Array = NDArray[np.float64]

#: Adjusted R2 below which ranks are tried.
LOW_R2 = 0.7
#: Draws for each regressor below which the coefficients are noise.
DRAWS_EACH = 2
#: A result that moves by less than this share of its size does not move.
STILL = 1e-10
COLUMNS = (
    "scenario", "closure", "elasticities", "step", "region", "measure", "parameter", "nest",
    "sector", "share", "direction", "r2", "method",
)  # fmt: skip


@dataclass(frozen=True)
class Regressor:
    """A parameter, or the parameters of a nest that move together."""

    name: str
    nest: str
    sector: str


def regressors(parameters: tuple[Parameter, ...], design: Design) -> tuple[Regressor, ...]:
    """Return what can be told apart: parameters, or nests where their sectors move as one."""
    if design.correlation < 1:
        return tuple(Regressor(p.name, p.nest, p.sector) for p in parameters)
    nests = dict.fromkeys(p.nest for p in parameters)
    return tuple(Regressor(nest, nest, ALL) for nest in nests)


def needed(one: SetDraws, design: Design) -> int:
    """Return how many solved draws a set needs for shares of variance."""
    return DRAWS_EACH * len(regressors(one.parameters, design))


def drivers(study: Sensitivity) -> pd.DataFrame:
    """Return the share of each parameter in the variance of each result.

    With correlated sectors the share is the coefficient times the covariance with all
    parameters together, so that shares still add up to the explained part. Sets with fewer
    than two draws for each parameter have no rows.

    Returns
    -------
    DataFrame
        Columns scenario, closure, elasticities, step, region, measure, parameter, nest,
        sector, share (0 to 1), direction (1: a larger value of the parameter raises the
        result, -1: lowers it), r2 of the regression, method (linear or rank).
    """
    rows = []
    for one in study.sets:
        named = regressors(one.parameters, study.design)
        solved = one.solved
        if int(solved.sum()) < DRAWS_EACH * len(named):
            continue
        x, correlation = _regressors(one, study.design, solved)
        for output, y in zip(study.outputs, one.results[solved].T, strict=True):
            if y.std() <= STILL * max(1.0, float(np.abs(y).max())):
                continue
            coefficients, r2, method = _fit(x, y, study.design)
            shares = coefficients * (correlation @ coefficients)
            # Of the variance in the design: in the sample, chance correlations of the
            # parameters make it a little more or less.
            shares = shares / (shares.sum() + 1 - r2)
            rows += [
                (output.scenario, output.closure, one.elasticities, output.step, output.region,
                 output.measure, r.name, r.nest, r.sector, share, np.sign(slope), r2, method)
                for r, share, slope in zip(named, shares, coefficients, strict=True)
            ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"step": float, "share": float, "direction": float, "r2": float}
    )


def by_nest(table: pd.DataFrame) -> pd.DataFrame:
    """Return drivers with the shares of each nest's sectors added up."""
    keys = [c for c in COLUMNS if c not in ("parameter", "sector", "share", "direction")]
    return table.groupby(keys, sort=False, observed=True)["share"].sum().reset_index()


def _regressors(one: SetDraws, design: Design, solved: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the values of the regressors, and their correlation in the design."""
    values = one.points[solved]
    nests = np.array([p.nest for p in one.parameters])
    if design.correlation == 1:
        # They rise together; any of them stands for its nest, their mean does best.
        codes = list(dict.fromkeys(nests))
        scaled = _standard(values)
        x = np.column_stack([scaled[:, nests == code].mean(axis=1) for code in codes])
        return x, np.eye(len(codes))
    together = np.where(nests[:, None] == nests[None, :], design.correlation, 0.0)
    np.fill_diagonal(together, 1.0)
    return values, together


def _fit(x: Array, y: Array, design: Design) -> tuple[Array, float, str]:
    """Return standardised coefficients, R2, and how it was done."""
    coefficients, r2 = _regress(x, y)
    n, p = x.shape
    adjusted = 1 - (1 - r2) * (n - 1) / max(n - p - 1, 1)
    if adjusted < LOW_R2 and not design.quadrature:
        ranked = _regress(np.apply_along_axis(rankdata, 0, x), rankdata(y))
        if ranked[1] > r2:
            return *ranked, "rank"
    return coefficients, r2, "linear"


def _regress(x: Array, y: Array) -> tuple[Array, float]:
    left, right = _standard(x), (y - y.mean()) / y.std()
    coefficients = np.linalg.lstsq(left, right, rcond=None)[0]
    return coefficients, float(1 - np.mean((right - left @ coefficients) ** 2))


def _standard(x: Array) -> Array:
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
