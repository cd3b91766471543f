"""Ipopt through cyipopt: how a program is posed to it, and the second solver of equilibria.

The square system is posed as a feasibility problem in the same unknowns, with the
same exact derivatives. It shares the equations with Newton and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import cyipopt
import numpy as np
from scipy import sparse

from cge.core.axes import Array
from cge.solve.square.linear import LinearSolver
from cge.solve.square.newton import TOLERANCE, Attempt
from cge.solve.square.system import FoldedSystem

#: No log moves further than this from its start.
LOG_BOUND = 8.0
#: Of every program.
COMMON = {"print_level": 0, "sb": "yes", "nlp_scaling_method": "none"}
#: The Hessian of a square system's Lagrangian does not help.
OPTIONS = {
    "hessian_approximation": "limited-memory", "limited_memory_max_history": 1, "tol": 1e-13,
    "acceptable_tol": 1e-13, "constr_viol_tol": 1e-13, "bound_push": 1e-8,
}  # fmt: skip


class Program(ABC):
    """A goal and constraints with their derivatives, in the form that Ipopt calls."""

    iterations = 0

    @abstractmethod
    def gradient(self, x: Array) -> Array:
        """Gradient of what is minimised."""

    @abstractmethod
    def jacobian_matrix(self, x: Array) -> Any:
        """Derivatives of the constraints, (constraints, unknowns)."""

    def intermediate(self, _mode: int, iteration: int, *_rest: float) -> bool:
        """Count iterations."""
        self.iterations = iteration
        return True


def run_program(
    program: Program, start: Array, bounds: tuple[Array, Array], limits: tuple[Array, Array],
    options: Mapping[str, Any],
) -> tuple[Array, dict[str, Any]]:  # fmt: skip
    """Minimise a program's goal.

    Parameters
    ----------
    program : Program
    start : ndarray (unknowns,)
    bounds, limits : tuple of ndarray
        Of the unknowns, and of the constraints.
    options : mapping
        Of Ipopt.

    Returns
    -------
    ndarray (unknowns,)
    dict
        As Ipopt ends: ``status``, ``status_msg``, multipliers.
    """
    solver = cyipopt.Problem(
        n=len(start), m=len(limits[0]), problem_obj=program, lb=bounds[0], ub=bounds[1],
        cl=limits[0], cu=limits[1],
    )  # fmt: skip
    for name, value in {**COMMON, **options}.items():
        solver.add_option(name, value)
    x, info = solver.solve(start)
    message = info["status_msg"]
    text = message.decode() if isinstance(message, bytes) else str(message)
    return x, {**info, "status_msg": text}


class SquareProgram(Program):
    """Minimise 0 subject to F(z) = 0."""

    def __init__(self, system: FoldedSystem, start: Array) -> None:
        self._system, self._zeros = system, np.zeros(len(start))
        self._pattern = self.jacobian_matrix(start).tocoo().coords

    def objective(self, x: Array) -> float:
        return 0.0

    def gradient(self, x: Array) -> Array:
        return self._zeros

    def constraints(self, x: Array) -> Array:
        return self._system.residual(x)

    def jacobianstructure(self) -> tuple[Any, ...]:
        return self._pattern

    def jacobian_matrix(self, x: Array) -> sparse.csc_array:
        return self._system.jacobian(x)

    def jacobian(self, x: Array) -> Array:
        return self.jacobian_matrix(x).data


def ipopt(
    system: FoldedSystem, z: Array, linear: LinearSolver, max_iterations: int = 200
) -> Attempt:
    """Solve F(z) = 0 from `z` with Ipopt; same contract as :func:`cge.solve.square.newton.newton`.

    Ipopt brings its own linear solver, `linear` is not used.
    """
    program, zeros = SquareProgram(system, z), np.zeros(len(z))
    reach = np.where(system.system.free, np.inf, LOG_BOUND)
    solution, info = run_program(program, z.copy(), (z - reach, z + reach), (zeros, zeros),
                                 {**OPTIONS, "max_iter": max_iterations})  # fmt: skip
    residual = system.relative_residual(solution)
    converged = residual <= 100 * TOLERANCE
    return Attempt(solution, converged, program.iterations, residual, info["status_msg"])
