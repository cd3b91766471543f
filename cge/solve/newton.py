"""Damped Newton in logs on the square system."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cge.solve.linear import LinearSolver, Singular
from cge.solve.system import FoldedSystem

Array = NDArray[np.float64]

#: Largest change of any log in one step.
STEP_LIMIT = 1.0
#: A run gives up, for the walk to take a shorter step, where this many steps in a row have not
#: taken the residual down to a half. Where buyers turn from one source to another the residual
#: has a kink that a line search only creeps along: 99 steps in one go, 31 in five.
CREEPING = 6
#: How exactly each Newton step is solved for in large systems.
STEP_RTOL = 1e-6
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
    system: FoldedSystem, z: Array, linear: LinearSolver, max_iterations: int = 40
) -> Attempt:
    """Solve F(z) = 0 from `z`.

    Returns
    -------
    Attempt
        Whether or not it converged; the caller decides what to do.
    """
    residual = system.log_residual(z)
    history = [system.relative_residual(z)]
    norms = [float(np.linalg.norm(residual))]
    for iteration in range(max_iterations):
        if history[-1] <= TOLERANCE:
            return Attempt(z, True, iteration, history[-1], history=history)
        if iteration >= CREEPING and norms[-1] > 0.5 * norms[-1 - CREEPING]:
            return Attempt(z, False, iteration, history[-1], "creeping", history)
        try:
            step = linear.solve(system.log_jacobian(z), -residual, STEP_RTOL)
        except Singular as error:
            return Attempt(z, False, iteration, history[-1], f"singular: {error}", history)
        if not np.isfinite(step).all():
            return Attempt(z, False, iteration, history[-1], "singular Jacobian", history)
        length = min(1.0, STEP_LIMIT / max(float(np.abs(step).max(initial=0.0)), 1e-300))
        norm = norms[-1]
        while True:
            candidate = z + length * step
            with np.errstate(all="ignore"):
                trial = system.log_residual(candidate)
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
        norms.append(trial_norm)
        history.append(system.relative_residual(z))
    converged = history[-1] <= 100 * TOLERANCE
    return Attempt(z, converged, max_iterations, history[-1], "too many steps", history)
