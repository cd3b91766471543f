"""Damped Newton in logs on the square system.

Small systems are factorised at every step. Large ones reuse a factorisation as the
preconditioner of GMRES and renew it only when that no longer pays; which of the two
depends on iteration counts, never on the clock, so that results do not depend on
the machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, gmres

from cge.solve.linear import Factorised, Ordering
from cge.solve.system import FoldedSystem

Array = NDArray[np.float64]

#: Largest change of any log in one step.
STEP_LIMIT = 1.0
#: Above this many unknowns a factorisation is kept and GMRES used.
KRYLOV_SIZE = 6000
#: GMRES iterations after which the preconditioner is renewed.
KRYLOV_PATIENCE = 30
#: Wanted residual; what is accepted in the end is decided in cge.solve.equilibrium.
TOLERANCE = 1e-12


@dataclass
class Workspace:
    """What is kept between solves of one system: ordering and a factorisation."""

    ordering: Ordering | None = None
    factorised: Factorised | None = None


@dataclass(frozen=True)
class Attempt:
    """Outcome of one Newton run.

    Parameters
    ----------
    z : ndarray
        The last point.
    converged : bool
    iterations : int
    residual : float
        Largest residual relative to its row.
    reason : str
        Why it stopped, when it did not converge.
    history : list of float
        Residual at each step.
    """

    z: Array
    converged: bool
    iterations: int
    residual: float
    reason: str = ""
    history: list[float] = field(default_factory=list)


def newton(
    system: FoldedSystem, z: Array, workspace: Workspace, max_iterations: int = 40
) -> Attempt:
    """Solve F(z) = 0 from `z`.

    Returns
    -------
    Attempt
        Whether or not it converged; the caller decides what to do.
    """
    residual = system.residual(z)
    history = [system.relative_residual(z)]
    for iteration in range(max_iterations):
        if history[-1] <= TOLERANCE:
            return Attempt(z, True, iteration, history[-1], history=history)
        try:
            step = _direction(system, z, residual, workspace)
        except (RuntimeError, ValueError) as error:
            return Attempt(z, False, iteration, history[-1], f"singular: {error}", history)
        if not np.isfinite(step).all():
            return Attempt(z, False, iteration, history[-1], "singular Jacobian", history)
        length = min(1.0, STEP_LIMIT / max(float(np.abs(step).max(initial=0.0)), 1e-300))
        norm = float(np.linalg.norm(residual))
        while True:
            candidate = z + length * step
            with np.errstate(over="ignore", invalid="ignore"):
                trial = system.residual(candidate)
                trial_norm = float(np.linalg.norm(trial))
            if trial_norm <= (1 - 1e-4 * length) * norm:
                break
            # At round-off the norm cannot fall any more: that is convergence, not failure.
            if history[-1] <= 100 * TOLERANCE:
                return Attempt(z, True, iteration, history[-1], history=history)
            length /= 2
            if length < 1e-4:
                return Attempt(z, False, iteration, history[-1], "no descent", history)
        z, residual = candidate, trial
        history.append(system.relative_residual(z))
    converged = history[-1] <= 100 * TOLERANCE
    return Attempt(z, converged, max_iterations, history[-1], "too many steps", history)


def _direction(system: FoldedSystem, z: Array, residual: Array, workspace: Workspace) -> Array:
    """Return the Newton step, by factorisation or preconditioned GMRES."""
    jacobian = system.jacobian(z)
    if workspace.ordering is None:
        workspace.ordering = Ordering.of(jacobian)
    if len(z) > KRYLOV_SIZE and workspace.factorised is not None:
        step, iterations = _krylov(jacobian, -residual, workspace.factorised)
        if step is not None and iterations <= KRYLOV_PATIENCE:
            return step
    workspace.factorised = Factorised(jacobian, workspace.ordering)
    step = workspace.factorised.solve(-residual)
    # One refinement: the ordering allows small pivots.
    return step + workspace.factorised.solve(-residual - jacobian @ step)


def _krylov(jacobian, right: Array, factorised: Factorised) -> tuple[Array | None, int]:
    count = 0

    def step_done(_: float) -> None:
        nonlocal count
        count += 1

    rows = jacobian.tocsr()
    size = len(right)
    preconditioner = LinearOperator((size, size), matvec=factorised.solve, dtype=float)
    operator = LinearOperator((size, size), matvec=lambda v: rows @ v, dtype=float)
    step, failed = gmres(
        operator, right, rtol=1e-6, atol=0.0, restart=KRYLOV_PATIENCE, maxiter=1,
        M=preconditioner, callback=step_done, callback_type="pr_norm",
    )  # fmt: skip
    return (None if failed else step), count
