"""Damped Newton in logs on the square system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from cge.core.axes import Array
from cge.solve.square.linear import LinearSolver, Singular
from cge.solve.square.system import FoldedSystem

#: Largest change of any log in one step. Where work is wanting, labour to spare moves by logs of
#: two or three at a disruption: a limit of one takes a third more steps, one of eight no fewer.
STEP_LIMIT = 3.0
#: How exactly each Newton step is solved for by GMRES.
STEP_RTOL = 1e-4
#: The same where a step costs next to nothing: the last one then ends in rounding.
FINE_RTOL = 1e-8
#: Unknowns of the largest system of that kind.
FINE_SIZE = 2500
#: A step this small says nothing of convergence.
ROUNDING = 1e-8
#: Wanted residual; what is accepted in the end is decided in cge.solve.equilibrium.
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Attempt:
    """Outcome of one run of a solver.

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
    jacobian : csc_array, optional
        Of the last step, from which the last point is not far where it converged.
    contraction : float
        Largest ratio of a step to the one before it; infinite where a step was cut. Below one half
        the point belongs to the start: other equilibria are further away.
    near : bool
        Of chord steps: whether the Jacobian there is as regular as that of the factorisation.
    """

    z: Array
    converged: bool
    iterations: int
    residual: float
    reason: str = ""
    jacobian: sparse.csc_array | None = None
    contraction: float = 0.0
    near: bool = True


def newton(
    system: FoldedSystem, z: Array, linear: LinearSolver, max_iterations: int = 40
) -> Attempt:
    """Solve F(z) = 0 from `z`.

    Returns
    -------
    Attempt
        Whether or not it converged; the caller decides what to do.
    """
    residual, gap = system.log_residual(z), system.relative_residual(z)
    rtol = FINE_RTOL if len(z) <= FINE_SIZE else STEP_RTOL
    jacobian, contraction, before = None, 0.0, np.inf
    for iteration in range(max_iterations):
        if gap <= TOLERANCE:
            return Attempt(z, True, iteration, gap, "", jacobian, contraction)
        try:
            jacobian = system.log_jacobian(z)
            step = linear.solve(jacobian, -residual, rtol)
        except Singular as error:
            return Attempt(z, False, iteration, gap, f"singular: {error}")
        if not np.isfinite(step).all():
            return Attempt(z, False, iteration, gap, "singular Jacobian")
        size = float(np.abs(step).max(initial=0.0))
        length = min(1.0, STEP_LIMIT / max(size, 1e-300))
        scale = _scale(jacobian)
        norm = float(np.linalg.norm(scale * residual))
        while True:
            candidate = z + length * step
            with np.errstate(all="ignore"):
                trial = system.log_residual(candidate)
                trial_norm = float(np.linalg.norm(scale * trial))
            if trial_norm <= (1 - 1e-4 * length) * norm:
                break
            # At round-off the norm cannot fall any more: that is convergence, not failure.
            if gap <= 100 * TOLERANCE:
                return Attempt(z, True, iteration, gap, "", jacobian, contraction)
            length /= 2
            if length < 1e-4:
                return Attempt(z, False, iteration, gap, "no descent")
        if size > ROUNDING:
            contraction = max(contraction, size / before if length == 1.0 else np.inf)
        before = size
        z, residual = candidate, trial
        gap = system.relative_residual(z)
    converged = gap <= 100 * TOLERANCE
    return Attempt(z, converged, max_iterations, gap, "too many steps", jacobian, contraction)


def _scale(jacobian: sparse.csc_array) -> Array:
    """One over the largest derivative of each row, where that exceeds one.

    Residuals are then in logs of unknowns, which is what progress is judged by. Unscaled, a
    row with a slope of 39, as where buyers turn from an import to what stands in for it, tells
    a small overshoot 39-fold, and the line search creeps (70 steps instead of 11).
    """
    largest = np.zeros(jacobian.shape[0])
    np.maximum.at(largest, jacobian.indices, np.abs(jacobian.data))
    return 1.0 / np.maximum(largest, 1.0)
