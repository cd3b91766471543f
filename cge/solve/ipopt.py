"""The second solver: Ipopt through cyipopt, by PyNumero's interface to it.

The square system is posed as a feasibility problem in the same unknowns, with the
same exact derivatives. It shares the equations with Newton and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pyomo.contrib.pynumero.interfaces.cyipopt_interface import CyIpoptProblemInterface

from cge.core.axes import Array, Integers
from cge.solve.linear import LinearSolver
from cge.solve.newton import TOLERANCE, Attempt
from cge.solve.system import FoldedSystem

#: No log moves further than this from its start.
LOG_BOUND = 8.0
#: The Hessian of a square system's Lagrangian does not help.
OPTIONS = {
    "hessian_approximation": "limited-memory", "limited_memory_max_history": 1,
    "print_level": 0, "sb": "yes", "tol": 1e-13, "acceptable_tol": 1e-13,
    "constr_viol_tol": 1e-13, "nlp_scaling_method": "none", "bound_push": 1e-8,
}  # fmt: skip


class SquareProblem(CyIpoptProblemInterface):  # type: ignore[misc]  # PyNumero has no types
    """Minimise 0 subject to F(z) = 0, as PyNumero wants it."""

    def __init__(self, system: FoldedSystem, start: Array) -> None:
        self._system, self._start, self._zeros = system, start, np.zeros(len(start))
        self._reach = np.where(system.system.free, np.inf, LOG_BOUND)
        self._pattern = system.jacobian(start).tocoo().coords
        self.iterations = 0
        super().__init__()

    def x_init(self) -> Array:
        return self._start

    def x_lb(self) -> Array:
        return self._start - self._reach

    def x_ub(self) -> Array:
        return self._start + self._reach

    def g_lb(self) -> Array:
        return self._zeros

    def g_ub(self) -> Array:
        return self._zeros

    def scaling_factors(self) -> tuple[None, None, None]:
        return None, None, None

    def objective(self, x: Array) -> float:
        return 0.0

    def gradient(self, x: Array) -> Array:
        return self._zeros

    def constraints(self, x: Array) -> Array:
        return self._system.residual(x)

    def jacobianstructure(self) -> tuple[Any, ...]:
        return self._pattern

    def jacobian(self, x: Array) -> Array:
        return self._system.jacobian(x).data

    def hessianstructure(self) -> tuple[Integers, Integers]:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)

    def hessian(self, x: Array, y: Array, obj_factor: float) -> Array:
        return np.zeros(0)

    def intermediate(self, alg_mod: int, iter_count: int, *_: float) -> None:
        self.iterations = iter_count


def ipopt(
    system: FoldedSystem, z: Array, linear: LinearSolver, max_iterations: int = 200
) -> Attempt:
    """Solve F(z) = 0 from `z` with Ipopt; same contract as :func:`cge.solve.newton.newton`.

    Ipopt brings its own linear solver, `linear` is not used.
    """
    problem = SquareProblem(system, z)
    for name, value in {**OPTIONS, "max_iter": max_iterations}.items():
        problem.add_option(name, value)
    solution, info = problem.solve(z.copy())
    residual = system.relative_residual(solution)
    message = info["status_msg"]
    reason = message.decode() if isinstance(message, bytes) else str(message)
    return Attempt(solution, residual <= 100 * TOLERANCE, problem.iterations, residual, reason)
