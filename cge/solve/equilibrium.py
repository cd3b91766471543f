"""Finding an equilibrium, and accepting it.

A solution is accepted on what it is, never on what a solver says: every equation
holds to 1e-9 of its own size, the equation dropped by Walras' law holds without
having been imposed, and every price and quantity is positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.solve.arrays import MonomialArrays
from cge.solve.closure import Resolved
from cge.solve.homotopy import Homotopy, Progress
from cge.solve.system import term_values

RESIDUAL_LIMIT = 1e-9
WALRAS_LIMIT = 1e-9
#: The market left out must also clear as a share of itself: at a price of nearly zero any
#: imbalance of it is small in money.
DROPPED_MARKET_LIMIT = 1e-6


@dataclass(frozen=True)
class Diagnostics:
    """Quality of a solution, and the way to it.

    Parameters
    ----------
    residual : float
        Largest residual relative to its row's absolute terms.
    walras : float
        Imbalance of the dropped equation relative to world income.
    iterations : int
        Newton or Ipopt iterations in all.
    steps : int
        Parts into which homotopy cut the shock; 1 where it solved at once.
    solver : str
    """

    residual: float
    walras: float
    iterations: int
    steps: int
    solver: str


def solve_square(
    resolved: Resolved,
    start: Array,
    target: Array,
    solver: str = "newton",
    progress: Progress | None = None,
) -> tuple[Array, int, int]:
    """Go from the equilibrium at `start` to the one at `target` by Newton and homotopy.

    Parameters
    ----------
    resolved : Resolved
        The closure.
    start : ndarray (columns,)
        Levels at which the system is known to hold, or a good guess.
    target : ndarray (columns,)
        Levels of the given columns wanted; unknowns ignored.
    solver : {"newton", "ipopt"}
    progress : callable, optional
        Called with the part of the shock that is done.

    Returns
    -------
    levels : ndarray (columns,)
    iterations, steps : int

    Raises
    ------
    NoEquilibrium
        With what was tried.
    """
    homotopy = Homotopy.between(resolved, start, target)
    walk = homotopy.begin()
    homotopy.advance(walk, 1.0, solver, progress)
    return homotopy.point(walk), walk.iterations, walk.steps


def diagnose(
    arrays: MonomialArrays,
    resolved: Resolved,
    levels: Array,
    walras_row: int,
    iterations: int,
    steps: int,
    solver: str,
) -> Diagnostics:
    """Measure a candidate solution; raise NoEquilibrium unless it passes.

    Raises
    ------
    NoEquilibrium
        If a residual, Walras' law or positivity fails.
    """
    terms = term_values(arrays, levels)
    gap = arrays.coefficients @ terms
    scale = abs(arrays.coefficients) @ np.abs(terms)
    targets = resolved.system.target_coefficients
    reached = targets @ terms
    wanted = resolved.target_levels
    size = abs(targets) @ np.abs(terms)
    relative = np.abs(gap) / np.maximum(scale, 1e-300)
    dropped = float(relative[walras_row])
    relative[walras_row] = 0.0
    missed = np.abs(reached - wanted) / np.maximum(size, 1e-300)
    world_income = scale[_income_rows(arrays)].sum() / 2
    diagnostics = Diagnostics(
        residual=float(max(relative.max(), missed.max(initial=0.0))),
        walras=float(abs(gap[walras_row]) / world_income),
        iterations=iterations,
        steps=steps,
        solver=solver,
    )
    positive = levels[~arrays.free]
    problems = []
    if not np.isfinite(levels).all() or (positive <= 0).any():
        problems.append("a price or quantity is not positive and finite")
    if not diagnostics.residual <= RESIDUAL_LIMIT:
        problems.append(f"residual {diagnostics.residual:.1e} above {RESIDUAL_LIMIT:.0e}")
    if not diagnostics.walras <= WALRAS_LIMIT:
        problems.append(f"Walras' law off by {diagnostics.walras:.1e} of world income")
    if not dropped <= DROPPED_MARKET_LIMIT:
        problems.append(f"the market left out by Walras' law is off by {dropped:.1e} of itself")
    if problems:
        raise NoEquilibrium(f"{solver} stopped at a point that fails: " + "; ".join(problems))
    return diagnostics


def _income_rows(arrays: MonomialArrays) -> slice:
    return next(block.positions for block in arrays.rows if block.name == "income")
