"""The problem in the space of rates as Ipopt sees it (through cyipopt), with exact gradients.

Unknowns are the rates (each as a part of the distance between its bounds), the value at risk v
and the excesses y; welfare, losses and outlay are in per cent. Rates are few, so second
derivatives are approximated (limited-memory BFGS); everything else is linear.
"""

from __future__ import annotations

from functools import partial

import cyipopt
import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import NoEquilibrium
from cge.frontier.optimum import Goal, Optimum, run_ipopt, with_working_set, within
from cge.frontier.point import Points, PolicyPoint
from cge.solve.ipopt import Program

#: Value at risk, per cent, where the level is 0: below any loss, so that risk is the mean.
BELOW_ALL = -100.0
#: Optimality wanted of Ipopt, in per cent of welfare per bound-to-bound move of a rate.
TOLERANCE = 1e-7


class ReducedProgram(Program):
    """Objective, constraints and their derivatives, for cyipopt.

    Parameters
    ----------
    evaluator : Points
    goal : {"welfare", "risk"}
        What is optimised: the value of the version, or the conditional value at risk.
    ceiling : float, optional
        Most that the conditional value at risk may be, a fraction.
    working : ndarray of int
        Disruptions whose excess may be positive.
    """

    def __init__(
        self, evaluator: Points, goal: Goal, ceiling: float | None, working: Integers
    ) -> None:
        self.evaluator, self.goal, self.ceiling, self.working = evaluator, goal, ceiling, working
        self.problem = problem = evaluator.problem
        self.width = problem.high - problem.low
        self.rates = len(problem.levers)
        self.risky = goal == "risk" or ceiling is not None
        self.tail = problem.weights[working] / problem.weights.sum() / (1.0 - problem.level)
        self.excesses = len(self.tail) if self.risky else 0
        self.size = self.rates + (1 + self.excesses if self.risky else 0)

    def _point(self, x: Array) -> PolicyPoint:
        try:
            return self.evaluator.at(x[: self.rates] * self.width)
        except NoEquilibrium as error:
            raise cyipopt.CyIpoptEvaluationError(str(error)) from None

    @property
    def _risk_row(self) -> Array:
        """Gradient of the conditional value at risk, which is linear in v and y."""
        row = np.zeros(self.size)
        row[self.rates] = 1.0
        row[self.rates + 1 :] = self.tail
        return row

    def _by_rate(self, gradient: Array) -> Array:
        """Rows of derivatives by the rates, per cent, as rows of all unknowns."""
        gradient = np.atleast_2d(gradient)
        rows = np.zeros((len(gradient), self.size))
        rows[:, : self.rates] = 100.0 * gradient * self.width
        return rows

    def objective(self, x: Array) -> float:
        """Value that is minimised, per cent."""
        if self.goal == "risk":
            return float(self._risk_row @ x)
        return -100.0 * self._point(x).value

    def gradient(self, x: Array) -> Array:
        """Its gradient."""
        if self.goal == "risk":
            return self._risk_row
        return -self._by_rate(self._point(x).value_gradient)[0]

    def constraints(self, x: Array) -> Array:
        """Risk under the ceiling, losses beyond v + y, and the outlay, per cent."""
        found = [np.zeros(0)]
        if self.ceiling is not None:
            found.append(np.array([self._risk_row @ x]))
        if self.risky:
            try:
                lost = 100.0 * self._point(x).losses(self.working)
            except NoEquilibrium as error:
                raise cyipopt.CyIpoptEvaluationError(str(error)) from None
            found.append(lost - x[self.rates] - x[self.rates + 1 :])
        if self.problem.budget is not None:
            found.append(np.array([100.0 * self._point(x).outlay]))
        return np.concatenate(found)

    def jacobian(self, x: Array) -> Array:
        """Their derivatives, dense, row by row."""
        return self.jacobian_matrix(x).ravel()

    def jacobian_matrix(self, x: Array) -> Array:
        """Derivatives of the constraints, (constraints, unknowns)."""
        found = [np.zeros((0, self.size))]
        if self.ceiling is not None:
            found.append(self._risk_row[None, :])
        if self.risky:
            rows = self._by_rate(self._point(x).loss_gradients(self.working))
            rows[:, self.rates] = -1.0
            rows[:, self.rates + 1 :] = -np.eye(self.excesses)
            found.append(rows)
        if self.problem.budget is not None:
            found.append(self._by_rate(self._point(x).outlay_gradient))
        return np.concatenate(found)

    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds of the unknowns."""
        low, high = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        low[: self.rates] = self.problem.low / self.width
        high[: self.rates] = self.problem.high / self.width
        low[self.rates + 1 :] = 0.0
        if self.risky and self.problem.level == 0:
            low[self.rates] = high[self.rates] = BELOW_ALL
        return low, high

    def limits(self) -> tuple[Array, Array]:
        """Least and largest values of the constraints."""
        limits = [] if self.ceiling is None else [100.0 * self.ceiling]
        limits += [0.0] * self.excesses
        if self.problem.budget is not None:
            limits.append(100.0 * self.problem.budget)
        return np.full(len(limits), -np.inf), np.array(limits)

    def start(self, rates: Array) -> Array:
        """Unknowns at given rates, with the v and y that are best there."""
        x = np.zeros(self.size)
        x[: self.rates] = rates / self.width
        if self.risky:
            point = self.evaluator.at(x[: self.rates] * self.width)
            at = BELOW_ALL if self.problem.level == 0 else 100.0 * point.value_at_risk
            x[self.rates] = at
            x[self.rates + 1 :] = np.maximum(100.0 * point.losses(self.working) - at, 0.0)
        return x


def _solve(
    evaluator: Points, goal: Goal, ceiling: float | None, working: Integers, rates: Array,
    warm: bool,
) -> Optimum:  # fmt: skip
    program = ReducedProgram(evaluator, goal, ceiling, working)
    x, multipliers, bounds, ended = run_ipopt(
        program, program.start(rates), program.bounds(), program.limits(), warm,
        tol=TOLERANCE, hessian_approximation="limited-memory", limited_memory_max_history=20,
        acceptable_iter=8, acceptable_tol=1e-5, acceptable_obj_change_tol=1e-9,
    )  # fmt: skip
    problem, count, width = evaluator.problem, program.rates, program.width
    return Optimum(
        rates=within(problem, x[:count], width) * width,
        value_at_risk=float(x[count]) / 100 if program.risky else np.nan,
        price=float(multipliers[0]) if ceiling is not None else np.nan,
        bounds=bounds[:count] / width / 100,
        budget=float(multipliers[-1]) if problem.budget is not None else np.nan,
        **ended,
    )


#: Solve the problem in the space of rates, as :func:`with_working_set`.
optimise = partial(with_working_set, _solve)
