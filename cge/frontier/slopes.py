"""What instruments do at the margin, and what a budget buys that is spread by it.

Welfare, risk and outlay change with each rate by exact derivatives (:mod:`cge.frontier.point`).
A budget for subsidies can be spread by size, all at one rate, or by contribution to security:
money in proportion to what a subsidy takes off the conditional value at risk, -dR/dt, so that
rates are in proportion to what a unit of outlay takes off, -(dR/dt)/(dO/dt); those that add to the
risk get nothing. At the margin the second can not do worse per unit of outlay than the first: with
sizes o as weights and contributions c = -(dR/dt)/o it takes off sum(o c^2)/sum(o c) against
sum(o c)/sum(o). How far that carries to a budget of some size is what has to be solved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from cge.core.axes import Array, Integers
from cge.core.errors import NoEquilibrium
from cge.frontier.evaluation import Evaluator, Point
from cge.resilience.losses import tail_weights

BY_SIZE, BY_CONTRIBUTION = "by-size", "by-contribution"
#: Outlay is brought to the budget to this, a share of GDP.
_EXACT = 1e-12


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives by the rate of each instrument, where no policy is set.

    Parameters
    ----------
    variations : ndarray (s, k)
        Of the equivalent variation of every region, a fraction of its absorption.
    risk : ndarray (k,)
        Of the conditional value at risk of the region, a fraction.
    outlay : ndarray (k,)
        Of the cost of subsidies, a share of GDP; 0 for what costs nothing.
    tail : ndarray of int
        Disruptions of the problem of which the conditional value at risk is made, worst first.
    """

    variations: Array
    risk: Array
    outlay: Array
    tail: Integers

    @property
    def per_outlay(self) -> Array:
        """Change of risk per unit of outlay, (k,); NaN for what costs nothing."""
        costs = self.outlay > 0
        return np.divide(self.risk, self.outlay, out=np.full(len(costs), np.nan), where=costs)

    @property
    def mixes(self) -> Mapping[str, Array]:
        """Rates of subsidies relative to each other by how a budget is spread, (k,)."""
        by_contribution = np.nan_to_num(np.maximum(-self.per_outlay, 0.0))
        return {BY_SIZE: (self.outlay > 0).astype(float), BY_CONTRIBUTION: by_contribution}


def risk_gradient(point: Point) -> tuple[Array, Integers]:
    """Derivative of the conditional value at risk by each rate, (k,), and the tail, worst first."""
    problem, counted = point.problem, point.problem.counted
    losses = point.losses(counted)
    weights = tail_weights(losses, problem.weights[counted], problem.level)
    worst = np.argsort(-losses, kind="stable")
    tail = worst[weights[worst] > 0]
    return np.asarray(weights[tail] @ point.loss_gradients(counted[tail])), counted[tail]


def slopes(evaluator: Evaluator) -> Slopes:
    """Derivatives where no policy is set.

    Raises
    ------
    NoEquilibrium
    """
    point = evaluator.at(np.zeros(len(evaluator.problem.levers)))
    risk, tail = risk_gradient(point)
    return Slopes(point.variation_gradients, risk, point.outlay_gradient, tail)


def spread_budget(evaluator: Evaluator, mix: Array, budget: float) -> Array:
    """Rates in given proportions that cost a budget, (k,).

    Parameters
    ----------
    evaluator : Evaluator
    mix : ndarray (k,)
        Rates relative to each other.
    budget : float
        A share of the region's GDP.

    Raises
    ------
    NoEquilibrium
        If no rates cost as much.
    """

    def left(scale: float) -> float:
        return evaluator.at(scale * mix).outlay - budget

    unit = float(evaluator.at(np.zeros(len(mix))).outlay_gradient @ mix)
    high = budget / unit
    for _ in range(20):
        if left(high) >= 0:
            break
        high *= 1.5
    else:
        raise NoEquilibrium("no subsidies in these proportions cost the budget")
    return np.asarray(float(brentq(left, 0.0, high, xtol=_EXACT / unit, rtol=1e-12)) * mix)
