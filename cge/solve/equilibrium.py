"""Finding an equilibrium, and accepting it.

A solution is accepted on what it is, never on what a solver says: every equation
holds to 1e-9 of its own size, the equation dropped by Walras' law holds without
having been imposed, every price and quantity is positive, and the equations determine
them: the Jacobian there is not (nearly) singular (:mod:`cge.solve.determinacy`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.model.quantities import WALRAS_EQUATION
from cge.solve.homotopy import Homotopy, Progress
from cge.solve.resolved import Resolved
from cge.solve.square.arrays import block_named
from cge.solve.square.following import Followed
from cge.solve.square.system import term_values

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
    undetermined : str
        Prices that the equations hardly determine over others, as where parts of the world
        hardly trade: quantities are right, values in one part over those in another mean little.
    contraction : float
        Largest ratio of a Newton step to the one before; below one half the solution belongs to
        the equilibrium from which the search set out.
    """

    residual: float
    walras: float
    iterations: int
    steps: int
    solver: str
    undetermined: str = ""
    contraction: float = 0.0


def following(
    resolved: Resolved, start: Array, target: Array, followed: Followed,
    rule: Callable[[Array], Array], beside: Resolved | None = None,
) -> Array | None:  # fmt: skip
    """Find an equilibrium in which some given columns follow what is found.

    It is found by chord steps alone, to the residual of any other, and not looked at further.

    Parameters
    ----------
    resolved, start, target, beside
        As of :func:`solve_square`.
    followed : Followed
        What follows, and what it looks at.
    rule : callable
        Logs of the levels of what follows, from logs of what it looks at.

    Returns
    -------
    ndarray (columns,)
        Levels; None where it is not near.
    """
    homotopy = Homotopy(resolved, start, target, carried=True, prepared=beside)
    return homotopy.follow(followed, rule)


def solve_square(
    resolved: Resolved,
    start: Array,
    target: Array,
    solver: str = "newton",
    progress: Progress | None = None,
    guess: Array | None = None,
    beside: Resolved | None = None,
) -> tuple[Array, Diagnostics]:
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
    guess : ndarray (columns,), optional
        Levels from which Newton's method is tried first. Where it finds nothing, the way from
        `start` is gone.
    beside : Resolved, optional
        The closure prepared at an equilibrium near the end.

    Returns
    -------
    levels : ndarray (columns,)
    diagnostics : Diagnostics

    Raises
    ------
    NoEquilibrium
        With what was tried, or if a residual, Walras' law or positivity fails at the end, or the
        equations leave something open there.
    """
    homotopy = Homotopy(resolved, start, target, by_share=True, carried=True, prepared=beside)
    try:
        if guess is None or solver != "newton" or not homotopy.arrive(guess, beside is not None):
            homotopy.advance(1.0, solver, progress)
    except NoEquilibrium:
        if not homotopy.leaves_nothing:
            raise
        homotopy = Homotopy(resolved, start, target, carried=True)
        homotopy.advance(1.0, solver, progress)
    levels = homotopy.point()
    arrays, targets = resolved.system.core, resolved.system.target_coefficients
    walras = block_named(arrays.rows, WALRAS_EQUATION).start
    terms = term_values(arrays, levels)
    gap = arrays.coefficients @ terms
    of_equations, of_targets = resolved.system.unscaled_magnitudes
    sizes = np.abs(terms)
    scale = of_equations @ sizes
    relative = np.abs(gap) / np.maximum(scale, 1e-300)
    dropped = float(relative[walras])
    relative[walras] = 0.0
    size = np.maximum(of_targets @ sizes, 1e-300)
    missed = np.abs(targets @ terms - resolved.target_levels) / size
    world_income = scale[block_named(arrays.rows, "income").positions].sum() / 2
    residual = float(max(relative.max(), missed.max(initial=0.0)))
    imbalance = float(abs(gap[walras]) / world_income)
    positive = np.isfinite(levels).all() and (levels[~arrays.free] > 0).all()
    problems = [problem for passed, problem in (
        (positive, "a price or quantity is not positive and finite"),
        (residual <= RESIDUAL_LIMIT, f"residual {residual:.1e} above {RESIDUAL_LIMIT:.0e}"),
        (imbalance <= WALRAS_LIMIT, f"Walras' law off by {imbalance:.1e} of world income"),
        (dropped <= DROPPED_MARKET_LIMIT,
         f"the market left out by Walras' law is off by {dropped:.1e} of itself"),
    ) if not passed]  # fmt: skip
    left_open = None if problems else homotopy.undetermined()
    if left_open is not None and left_open.real:
        problems.append(f"it is not the only one, or known to few digits: {left_open.text}")
    if problems:
        raise NoEquilibrium(f"{solver} stopped at a point that fails: " + "; ".join(problems))
    found = Diagnostics(
        residual, imbalance, homotopy.iterations, homotopy.steps, solver,
        left_open.text if left_open else "", homotopy.contraction,
    )  # fmt: skip
    return levels, found
