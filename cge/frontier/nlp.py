"""The problem in the space of rates as Ipopt sees it (through cyipopt), with exact gradients.

Unknowns are the rates (each as a part of the distance between its bounds), the value at risk v
and the excesses y; welfare, losses and outlay are in per cent. Rates are few, so second
derivatives are approximated (limited-memory BFGS); everything else is linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cyipopt
import numpy as np
from numpy.typing import NDArray

from cge.core.errors import NoEquilibrium
from cge.frontier.problem import Point, Problem
from cge.resilience.losses import cvar, value_at_risk

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Optimality wanted of Ipopt, in per cent of welfare per bound-to-bound move of a rate.
TOLERANCE = 1e-7
#: A rate within this part of the distance between its bounds is at the bound.
AT_BOUND = 1e-6
ITERATIONS = 200
#: Statuses that are a solution: solved, and solved to the acceptable level.
SOLVED = (0, 1)

#: Disruptions whose loss is less than this part of the value at risk begin outside the problem.
NEAR = 0.5
#: By how much a loss that was left out may exceed the value at risk, a fraction.
LEFT_OUT = 1e-10

Goal = Literal["welfare", "risk"]


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


class ReducedNLP:
    """What cyipopt calls.

    Parameters
    ----------
    problem : Problem
    goal : {"welfare", "risk"}
        What is optimised: the value of the version, or the conditional value at risk.
    ceiling : float, optional
        Most that the conditional value at risk may be, a fraction.
    counted : ndarray of int
        Disruptions whose excess may be positive.
    """

    def __init__(
        self, problem: Problem, goal: Goal, ceiling: float | None, counted: Integers
    ) -> None:
        self.problem, self.goal, self.ceiling, self.counted = problem, goal, ceiling, counted
        task = problem.task
        self.width = problem.high - problem.low
        self.rates = len(task.levers)
        self.risky = goal == "risk" or ceiling is not None
        self.tail = task.weights[counted] / task.weights.sum() / (1.0 - task.level)
        self.excesses = len(self.tail) if self.risky else 0
        self.iterations = 0
        self.size = self.rates + (1 + self.excesses if self.risky else 0)
        self.rows = (ceiling is not None) + self.excesses + (task.budget is not None)

    def _point(self, x: Array) -> Point:
        try:
            return self.problem.at(x[: self.rates] * self.width)
        except NoEquilibrium as error:
            raise cyipopt.CyIpoptEvaluationError(str(error)) from None

    @property
    def _risk_row(self) -> Array:
        """Gradient of the conditional value at risk, which is linear in v and y."""
        row = np.zeros(self.size)
        row[self.rates] = 1.0
        row[self.rates + 1 :] = self.tail
        return row

    def objective(self, x: Array) -> float:
        """Return what is minimised, per cent."""
        if self.goal == "risk":
            return float(self._risk_row @ x)
        return -100.0 * self._point(x).value

    def gradient(self, x: Array) -> Array:
        """Return its gradient."""
        if self.goal == "risk":
            return self._risk_row
        gradient = np.zeros(self.size)
        gradient[: self.rates] = -100.0 * self._point(x).value_gradient * self.width
        return gradient

    def constraints(self, x: Array) -> Array:
        """Return the ceiling's risk, the losses beyond v + y, and the outlay, per cent."""
        found: list[Array] = []
        if self.ceiling is not None:
            found.append(np.array([self._risk_row @ x]))
        if self.risky or self.problem.task.budget is not None:
            point = self._point(x)
        if self.risky:
            try:
                lost = 100.0 * point.losses(self.counted)
            except NoEquilibrium as error:
                raise cyipopt.CyIpoptEvaluationError(str(error)) from None
            found.append(lost - x[self.rates] - x[self.rates + 1 :])
        if self.problem.task.budget is not None:
            found.append(np.array([100.0 * point.outlay]))
        return np.concatenate([np.zeros(0), *found])

    def jacobian(self, x: Array) -> Array:
        """Return their derivatives, dense, row by row."""
        found = np.zeros((self.rows, self.size))
        row = 0
        if self.ceiling is not None:
            found[row] = self._risk_row
            row += 1
        if self.risky:
            here = slice(row, row + self.excesses)
            found[here, : self.rates] = (
                100.0 * self._point(x).loss_gradients(self.counted) * self.width
            )
            found[here, self.rates] = -1.0
            found[here, self.rates + 1 :] = -np.eye(self.excesses)
            row += self.excesses
        if self.problem.task.budget is not None:
            found[row, : self.rates] = 100.0 * self._point(x).outlay_gradient * self.width
        return found.ravel()

    def intermediate(self, _mode: int, iteration: int, *_rest: float) -> bool:
        """Count iterations."""
        self.iterations = iteration
        return True

    def bounds(self) -> tuple[Array, Array]:
        """Return lower and upper bounds of the unknowns."""
        low, high = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        low[: self.rates] = self.problem.low / self.width
        high[: self.rates] = self.problem.high / self.width
        low[self.rates + 1 :] = 0.0
        return low, high

    def limits(self) -> Array:
        """Return what the constraints may be at most."""
        limits = [] if self.ceiling is None else [100.0 * self.ceiling]
        limits += [0.0] * self.excesses
        if self.problem.task.budget is not None:
            limits.append(100.0 * self.problem.task.budget)
        return np.array(limits)

    def start(self, rates: Array) -> Array:
        """Return the unknowns at given rates, with the v and y that are best there."""
        x = np.zeros(self.size)
        x[: self.rates] = rates / self.width
        if self.risky:
            point = self.problem.at(x[: self.rates] * self.width)
            at = 100.0 * quantile(self.problem, point)
            x[self.rates] = at
            x[self.rates + 1 :] = np.maximum(100.0 * point.losses(self.counted) - at, 0.0)
        return x


def optimise(
    problem: Problem, goal: Goal, rates: Array, ceiling: float | None = None, warm: bool = False
) -> Optimum:
    """Solve the problem from given rates.

    Parameters
    ----------
    problem : Problem
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
        If there is none at the start.
    """
    if goal == "welfare" and ceiling is None:
        return _solve(ReducedNLP(problem, goal, ceiling, np.zeros(0, dtype=np.int64)), rates, warm)
    counted = problem.task.counted
    working = working_set(problem, problem.at(rates))
    while True:
        best = _solve(ReducedNLP(problem, goal, ceiling, working), rates, warm)
        others = np.setdiff1d(counted, working)
        lost = problem.at(best.rates).losses(others)
        beyond = others[lost > best.value_at_risk + LEFT_OUT]
        if not len(beyond):
            return best
        working = np.union1d(working, beyond)
        rates, warm = best.rates, True


def working_set(problem: Problem, point: Point) -> Integers:
    """Return disruptions that may be in the tail: those not far below the value at risk.

    The others have no excess, so that without them the problem has the same solution; after
    it is found they are solved, and join if that was wrong.
    """
    counted = problem.task.counted
    return counted[point.losses(counted) >= NEAR * quantile(problem, point)]


def _solve(nlp: ReducedNLP, rates: Array, warm: bool) -> Optimum:
    low, high = nlp.bounds()
    solver = cyipopt.Problem(
        n=nlp.size, m=nlp.rows, problem_obj=nlp, lb=low, ub=high,
        cl=np.full(nlp.rows, -np.inf), cu=nlp.limits(),
    )  # fmt: skip
    options: dict[str, Any] = {
        "hessian_approximation": "limited-memory", "limited_memory_max_history": 20,
        "print_level": 0, "sb": "yes", "tol": TOLERANCE, "max_iter": ITERATIONS,
        "nlp_scaling_method": "none", "bound_relax_factor": 0.0, "mu_strategy": "adaptive",
        "acceptable_iter": 8, "acceptable_tol": 1e-5, "acceptable_obj_change_tol": 1e-9,
    }  # fmt: skip
    if warm:
        options |= {"bound_push": 1e-4, "bound_frac": 1e-4, "mu_init": 1e-3}
    for name, value in options.items():
        solver.add_option(name, value)
    x, info = solver.solve(nlp.start(rates))
    return _optimum(nlp, x, info)


def _optimum(nlp: ReducedNLP, x: Array, info: dict[str, Any]) -> Optimum:
    low, high = nlp.bounds()
    gradient = nlp.gradient(x)
    jacobian = nlp.jacobian(x).reshape(nlp.rows, nlp.size)
    below, above = info["mult_x_L"], info["mult_x_U"]
    slope = gradient + jacobian.T @ info["mult_g"] - below + above
    rates = x[: nlp.rates].copy()
    # What the interior point keeps away from a bound by rounding is at the bound.
    rates = np.where(rates - low[: nlp.rates] < AT_BOUND, low[: nlp.rates], rates)
    rates = np.where(high[: nlp.rates] - rates < AT_BOUND, high[: nlp.rates], rates)
    message = info["status_msg"]
    text = message.decode() if isinstance(message, bytes) else str(message)
    last = info["mult_g"][-1] if nlp.problem.task.budget is not None else np.nan
    return Optimum(
        rates * nlp.width,
        float(x[nlp.rates]) / 100 if nlp.risky else np.nan,
        float(info["mult_g"][0]) if nlp.ceiling is not None else np.nan,
        (above - below)[: nlp.rates] / nlp.width / 100,
        float(last),
        float(np.abs(slope).max()),
        nlp.iterations,
        info["status"] in SOLVED,
        text,
    )


def risk(problem: Problem, point: Point) -> float:
    """Return the conditional value at risk at a point, a fraction."""
    task = problem.task
    return float(cvar(point.losses(task.counted), task.weights[task.counted], task.level))


def quantile(problem: Problem, point: Point) -> float:
    """Return the value at risk at a point, a fraction."""
    task = problem.task
    losses = point.losses(task.counted)
    return float(value_at_risk(losses, task.weights[task.counted], task.level))
