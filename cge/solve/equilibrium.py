"""Finding an equilibrium, and accepting it.

A solution is accepted on what it is, never on what a solver says: every equation
holds to 1e-9 of its own size, the equation dropped by Walras' law holds without
having been imposed, and every price and quantity is positive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.errors import NoEquilibrium
from cge.solve.arrays import MonomialArrays
from cge.solve.closure import Resolved
from cge.solve.newton import Attempt, newton
from cge.solve.system import FoldedSystem, SquareSystem, term_values

Array = NDArray[np.float64]
Progress = Callable[[float], None]

RESIDUAL_LIMIT = 1e-9
WALRAS_LIMIT = 1e-9
#: The market left out must also clear as a share of itself: at a price of nearly zero any
#: imbalance of it is small in money.
DROPPED_MARKET_LIMIT = 1e-6
#: Smallest part of a shock that is tried before giving up.
SMALLEST_STEP = 1 / 512


@dataclass(frozen=True)
class Diagnostics:
    """How good a solution is and how it was reached.

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
    inner = newton
    if solver == "ipopt":
        from cge.solve.ipopt import ipopt as inner  # only then: importing it takes a second

    system = resolved.system
    start_targets = system.target_coefficients @ term_values(system.arrays, start)
    path = _Path(resolved, start, target, start_targets)
    z = system.start(start)
    done, step, iterations, steps = 0.0, 1.0, 0, 0
    tried: list[str] = []
    while done < 1.0:
        theta = min(1.0, done + step)
        attempt = inner(path.at(theta), z, resolved.linear)
        iterations += attempt.iterations
        steps += 1
        if attempt.converged:
            z, done = attempt.z, theta
            step *= 2
            if progress is not None:
                progress(done)
            continue
        tried.append(_describe(theta, attempt))
        step = min(step, theta - done) / 2
        if step < SMALLEST_STEP:
            raise NoEquilibrium(
                f"no equilibrium found: {done:.1%} of the shock solved, then {solver} failed on "
                f"every step down to {step:.2%} of it. {_furthest(system, z, start)} "
                "Tried: " + "; ".join(tried[-4:])
            )
    return system.levels(z, path.levels(1.0)), iterations, steps


def _furthest(system: SquareSystem, z: Array, start: Array) -> str:
    """Say which unknown has moved most: where an equilibrium ceases to exist, it shows there."""
    moved = np.where(system.free, 0.0, z - system.start(start))[: len(system.unknown)]
    column = int(system.unknown[np.argmax(np.abs(moved))])
    block = next(b for b in system.arrays.columns if b.start <= column < b.start + len(b))
    cell = ", ".join(block.index[column - block.start])
    ratio = float(np.exp(moved[np.argmax(np.abs(moved))]))
    return f"There {block.name}[{cell}] stood at {ratio:.2g} times its start."


def _describe(theta: float, attempt: Attempt) -> str:
    return (
        f"{theta:.1%} of the shock: {attempt.reason} after {attempt.iterations} steps, "
        f"residual {attempt.residual:.1e}"
    )


@dataclass(frozen=True, eq=False)
class _Path:
    """The straight line from the given values at the start to those wanted."""

    resolved: Resolved
    start: Array
    target: Array
    start_targets: Array

    def levels(self, theta: float) -> Array:
        target = self.target.copy()
        target[self.resolved.fixed] = self.resolved.fixed_levels
        return _between(self.start, target, theta)

    def at(self, theta: float) -> FoldedSystem:
        targets = _between(self.start_targets, self.resolved.target_levels, theta)
        return self.resolved.system.fold(self.levels(theta), targets)


def _between(start: Array, end: Array, theta: float) -> Array:
    """Return the point at `theta`: geometric where both ends are positive, else linear."""
    if theta == 1.0:
        return end.copy()
    both = (start > 0) & (end > 0)
    geometric = np.where(both, start, 1.0) ** (1 - theta) * np.where(both, end, 1.0) ** theta
    return np.where(both, geometric, (1 - theta) * start + theta * end)


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
