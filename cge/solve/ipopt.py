"""The second solver: Ipopt through cyipopt, by PyNumero's NLP interface.

The square system is posed as a feasibility problem in the same unknowns, with the
same exact derivatives. It shares the equations with Newton and nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pyomo.contrib.pynumero.interfaces.cyipopt_interface import CyIpoptNLP
from pyomo.contrib.pynumero.interfaces.nlp import NLP
from scipy import sparse

from cge.core.axes import Array
from cge.solve.linear import LinearSolver
from cge.solve.newton import TOLERANCE, Attempt
from cge.solve.system import FoldedSystem

#: No log moves further than this from its start.
LOG_BOUND = 8.0


class SquareNLP(NLP):
    """Minimise 0 subject to F(z) = 0, as PyNumero wants it."""

    def __init__(self, system: FoldedSystem, start: Array) -> None:
        self._system = system
        self._start = start.copy()
        self._z = start.copy()
        self._duals = np.zeros(len(start))
        self._factor = 1.0
        free = system.system.free
        self._lower = np.where(free, -np.inf, start - LOG_BOUND)
        self._upper = np.where(free, np.inf, start + LOG_BOUND)
        self._pattern = system.jacobian(start).tocoo()

    def n_primals(self) -> int:
        return len(self._start)

    def primals_names(self) -> list[str]:
        return [f"z{n}" for n in range(len(self._start))]

    def constraint_names(self) -> list[str]:
        return [f"F{n}" for n in range(len(self._start))]

    def n_constraints(self) -> int:
        return len(self._start)

    def nnz_jacobian(self) -> int:
        return self._pattern.nnz

    def nnz_hessian_lag(self) -> int:
        return self.evaluate_hessian_lag().nnz

    def primals_lb(self) -> Array:
        return self._lower

    def primals_ub(self) -> Array:
        return self._upper

    def constraints_lb(self) -> Array:
        return np.zeros(len(self._start))

    def constraints_ub(self) -> Array:
        return np.zeros(len(self._start))

    def init_primals(self) -> Array:
        return self._start

    def init_duals(self) -> Array:
        return np.zeros(len(self._start))

    def create_new_vector(self, vector_type: str) -> Array:
        return np.zeros(len(self._start))

    def set_primals(self, primals: Array) -> None:
        self._z = np.array(primals)

    def get_primals(self) -> Array:
        return self._z.copy()

    def set_duals(self, duals: Array) -> None:
        self._duals = np.array(duals)

    def get_duals(self) -> Array:
        return self._duals.copy()

    def set_obj_factor(self, obj_factor: float) -> None:
        self._factor = obj_factor

    def get_obj_factor(self) -> float:
        return self._factor

    def get_obj_scaling(self) -> None:
        return None

    def get_primals_scaling(self) -> None:
        return None

    def get_constraints_scaling(self) -> None:
        return None

    def evaluate_objective(self) -> float:
        return 0.0

    def evaluate_grad_objective(self, out: Array | None = None) -> Array:
        return np.zeros(len(self._start))

    def evaluate_constraints(self, out: Array | None = None) -> Array:
        return self._system.residual(self._z)

    def evaluate_jacobian(self, out: Any = None) -> sparse.coo_array:
        jacobian = self._system.jacobian(self._z)
        return sparse.coo_array(
            (jacobian.data, (self._pattern.row, self._pattern.col)), shape=jacobian.shape
        )

    def evaluate_hessian_lag(self, out: Any = None) -> sparse.coo_array:
        return sparse.coo_array(sparse.tril(self._system.hessian(self._z, self._duals)))

    def report_solver_status(self, status_code: int, status_message: str) -> None:
        return None


def ipopt(
    system: FoldedSystem, z: Array, linear: LinearSolver, max_iterations: int = 200
) -> Attempt:
    """Solve F(z) = 0 from `z` with Ipopt; same contract as :func:`cge.solve.newton.newton`.

    The Hessian of a square system's Lagrangian does not help, so Ipopt is told to
    approximate it. Ipopt brings its own linear solver, `linear` is not used.
    """
    problem = CyIpoptNLP(SquareNLP(system, z))
    for name, value in {
        "hessian_approximation": "limited-memory",
        "limited_memory_max_history": 1,
        "print_level": 0,
        "sb": "yes",
        "tol": 1e-13,
        "acceptable_tol": 1e-13,
        "constr_viol_tol": 1e-13,
        "max_iter": max_iterations,
        "nlp_scaling_method": "none",
        "bound_push": 1e-8,
    }.items():
        problem.add_option(name, value)
    solution, info = problem.solve(z.copy())
    residual = system.relative_residual(solution)
    message = info["status_msg"]
    text = message.decode() if isinstance(message, bytes) else str(message)
    return Attempt(
        z=solution,
        converged=residual <= 100 * TOLERANCE,
        iterations=int(info.get("iter_count", 0)),
        residual=residual,
        reason=text,
    )
