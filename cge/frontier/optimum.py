"""Best policies: the form in which they are found by Ipopt, in whatever space it searches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cge.core.axes import Array, Integers
from cge.frontier.point import Points, PolicyPoint
from cge.frontier.problem import Problem
from cge.solve.ipopt import Program, run_program

Goal = Literal["welfare", "risk"]

#: A rate within this part of the distance between its bounds is at the bound.
AT_BOUND = 1e-6
ITERATIONS = 200
#: Statuses that are a solution: solved, and solved to the acceptable level.
SOLVED = (0, 1)
#: Disruptions whose loss is less than this part of the value at risk begin outside the problem.
NEAR = 0.5
#: By how much a loss that was left out may exceed the value at risk, a fraction.
LEFT_OUT = 1e-10

_OPTIONS = {"max_iter": ITERATIONS, "bound_relax_factor": 0.0, "mu_strategy": "adaptive"}
#: For a start that is the solution of a problem nearby.
_WARM = {"bound_push": 1e-4, "bound_frac": 1e-4, "mu_init": 1e-3}


@dataclass(frozen=True, eq=False)
class Optimum:
    """A solution of Ipopt.

    Parameters
    ----------
    rates : ndarray (k,)
    value_at_risk : float
        v, a fraction; NaN where risk does not enter.
    price : float
        Multiplier of the ceiling on risk: points of welfare for a point of CVaR; NaN without.
    bounds : ndarray (k,)
        Multipliers of the bounds, in points of the goal per point of the rate: positive at an
        upper bound (more would be better), negative at a lower one.
    budget : float
        Multiplier of the budget: points of the goal per point of GDP; NaN without.
    residual : float
        Largest violation of the first-order conditions, in the units of the problem.
    iterations : int
    solved : bool
    message : str
    """

    rates: Array
    value_at_risk: float
    price: float
    bounds: Array
    budget: float
    residual: float
    iterations: int
    solved: bool
    message: str


def run_ipopt(
    program: Program, start: Array, bounds: tuple[Array, Array], limits: tuple[Array, Array],
    warm: bool, **options: Any,
) -> tuple[Array, Array, Array, dict[str, Any]]:  # fmt: skip
    """Solve a program.

    Parameters
    ----------
    program : Program
    start : ndarray (unknowns,)
    bounds, limits : tuple of ndarray
        Of the unknowns, and of the constraints.
    warm : bool
        Whether the start is a solution of a problem nearby.
    **options
        Of Ipopt.

    Returns
    -------
    ndarray (unknowns,)
    ndarray (constraints,)
        Multipliers of the constraints.
    ndarray (unknowns,)
        Multipliers of the bounds, positive at an upper one.
    dict
        ``residual``, ``iterations``, ``solved`` and ``message`` of an :class:`Optimum`.
    """
    wanted = {**_OPTIONS, **options, **(_WARM if warm else {})}
    x, info = run_program(program, start, bounds, limits, wanted)
    multipliers = info["mult_g"]
    below, above = info["mult_x_L"], info["mult_x_U"]
    slope = program.gradient(x) + program.jacobian_matrix(x).T @ multipliers - below + above
    ended = {
        "residual": float(np.abs(slope).max()), "iterations": program.iterations,
        "solved": info["status"] in SOLVED, "message": info["status_msg"],
    }  # fmt: skip
    return x, multipliers, above - below, ended


def within(problem: Problem, rates: Array, unit: Array | float = 1.0) -> Array:
    """Rates, those that an interior point keeps away from a bound by rounding put on it.

    Parameters
    ----------
    problem : Problem
    rates : ndarray (k,)
        In units of `unit`, as the result.
    unit : ndarray (k,) or float
    """
    low, high = problem.low / unit, problem.high / unit
    near = AT_BOUND * (problem.high - problem.low) / unit
    rates = np.where(rates - low < near, low, rates)
    return np.where(high - rates < near, high, rates)


#: Solves a problem from given rates, with a ceiling and the disruptions that may be in the tail.
Solve = Callable[[Points, Goal, float | None, Integers, Array, bool], Optimum]


def with_working_set(
    solve: Solve, evaluator: Points, goal: Goal, rates: Array, ceiling: float | None = None,
    warm: bool = False,
) -> Optimum:  # fmt: skip
    """Solve with the disruptions that may be in the tail, until those left out are not.

    Where risk does not enter, no disruption does.

    Parameters
    ----------
    solve : callable
    evaluator : Points
    goal : {"welfare", "risk"}
    rates : ndarray (k,)
        Where to set out.
    ceiling : float, optional
        On the conditional value at risk, a fraction.
    warm : bool
        Whether the start is a solution of a problem nearby.

    Raises
    ------
    NoEquilibrium
        If there is none at the start or at a solution.
    """
    if goal == "welfare" and ceiling is None:
        return solve(evaluator, goal, ceiling, np.zeros(0, dtype=np.int64), rates, warm)
    working = working_set(evaluator.at(rates))
    while True:
        best = solve(evaluator, goal, ceiling, working, rates, warm)
        others = np.setdiff1d(evaluator.problem.counted, working)
        lost = evaluator.at(best.rates).losses(others)
        beyond = others[lost > best.value_at_risk + LEFT_OUT]
        if not len(beyond):
            return best
        working, rates, warm = np.union1d(working, beyond), best.rates, True


def working_set(point: PolicyPoint) -> Integers:
    """Disruptions that may be in the tail: those not far below the value at risk.

    The others have no excess, so that without them the problem has the same solution; after
    it is found they are solved, and join if that was wrong. At the level 0 all are in it.
    """
    counted = point.problem.counted
    if point.problem.level == 0:
        return counted
    return counted[point.losses(counted) >= NEAR * point.value_at_risk]
