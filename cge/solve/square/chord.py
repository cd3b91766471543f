"""Chord steps with Anderson mixing: equilibria near one that is known, without a Jacobian.

A chord step takes the kept factorisation for the Jacobian's inverse. Mixing keeps of the steps
so far what they say about the error of that (Anderson 1965; Walker and Ni 2011): the next one
leaves out the part that earlier ones have shown to be wrong. What is solved is the same system
to the same residual as Newton's method does, at a product of matrices and a pair of triangular
solutions for each step. Where steps are long or do not shrink it gives up. What bends sharply is
solved for within each step (:mod:`cge.solve.square.bends`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, Integers
from cge.solve.square.bends import BENT, LOOSE, bends_of
from cge.solve.square.linear import LinearSolver
from cge.solve.square.newton import ROUNDING, TOLERANCE, Attempt
from cge.solve.square.system import FoldedSystem

#: Largest change of any log in one step.
STEP_LIMIT = 1.5
#: Part of the unknowns that may step further than what is near: single ones, as where labour
#: runs out in one region, whose steps are cut short while those of the others are not.
STRAY = 1e-3
#: Steps in which they must have halved.
PATIENCE = 12
#: Steps without halving after which, at the residual of a solution, they are rounding.
PLATEAU = 8
#: Part of a step of what bends that counts as one of the others.
OF_BENT = 0.01
#: Residual of rows in logs from which on their own size is looked at.
FINE = 10 * TOLERANCE


@dataclass(frozen=True)
class Limits:
    """When chord steps end.

    Parameters
    ----------
    most : int
        Steps after which they are given up.
    far : float
        Longest step, in logs, that is near; of a few unknowns (:data:`STRAY`) it may be longer.
    small : float
        Step, in logs, that is the last; it is made, and leaves less than itself.
    residual : float
        Residual that is wanted with it, relative to its row.
    """

    most: int = 60
    far: float = 10.0
    small: float = 1e-12
    residual: float = TOLERANCE


#: From the world as it was, to wherever it may be.
USUAL = Limits()


def chord(
    system: FoldedSystem, start: Array, linear: LinearSolver, limits: Limits = USUAL
) -> Attempt:
    """Solve F(z) = 0 from `start`.

    Parameters
    ----------
    system : FoldedSystem
    start : ndarray (unknowns,)
    linear : LinearSolver
        Its kept factorisation makes the steps.
    limits : Limits

    Returns
    -------
    Attempt
        Converged, or given up.
    """
    z, residual, width = start, system.log_residual(start), len(start)
    mixing, lengths, bends = _Mixing(limits.most, width), list[float](), None
    bent = system.system.bent
    for number in range(limits.most):
        ahead, part = -linear.kept.solve(residual), 1.0
        if bends is None and float(np.abs(ahead[bent]).max(initial=0.0)) > BENT:
            bends = bends_of(linear, system.system)
            mixing.forget()
        far = bool(np.count_nonzero(np.abs(ahead) > limits.far) > width * STRAY)
        length = float(np.abs(ahead).max(initial=0.0))
        if bends is not None:
            found = bends.step(system, z, ahead, STEP_LIMIT)
            if found is None:
                break
            ahead, part = found
            # What bends ends at its own rounding, which is that of the others many times over.
            own, far = float(np.abs(ahead[bent]).max()), False
            length = max(bends.largest_of_others(ahead), OF_BENT * own) / part
        lengths.append(length)
        # Rows in logs that are small differences of large sums end above FINE, at rounding.
        fine = np.abs(residual).max(initial=0.0) <= FINE
        if number == 0 and fine and (limits is USUAL or lengths[0] <= limits.small):
            gap = system.relative_residual(z)
            if gap <= TOLERANCE:
                return Attempt(z, True, number, gap)
        rounding = number > PLATEAU and lengths[-1] > 0.5 * lengths[-1 - PLATEAU]
        if (fine or lengths[-1] <= ROUNDING) and (lengths[-1] <= limits.small or rounding):
            gap = system.relative_residual(z)
            if gap <= limits.residual:
                z = z + ahead
                if bends is None:
                    return Attempt(z, True, number, gap)
                near = bends.looseness(system, z) <= LOOSE
                return Attempt(z, True, number, gap, contraction=np.inf, near=near)
        slow = number >= PATIENCE and lengths[-1] > 0.5 * lengths[-1 - PATIENCE]
        if slow or far or not np.isfinite(lengths[-1]):
            break
        if part < 1.0:
            mixing.forget()
        step = ahead if part < 1.0 else mixing.mixed(ahead, None if bends is None else bent)
        with np.errstate(all="ignore"):
            z = z + step
            residual = system.log_residual(z)
        if not np.isfinite(residual).all():
            break
    return Attempt(start, False, len(lengths), np.inf, "too far for chord steps")


class _Mixing:
    """What the steps so far say about the error of a chord step.

    Parameters
    ----------
    most : int
        Steps.
    width : int
        Unknowns.
    """

    def __init__(self, most: int, width: int) -> None:
        # Changes of the chord step, orthonormal, and what is left out for each of them: the change
        # itself and that of the unknowns that made it.
        self._changes, self._left_out = (np.empty((most, width)) for _ in range(2))
        self.forget()

    def forget(self) -> None:
        """Begin anew: what is to come are steps of another kind."""
        self._known = 0
        self._last: tuple[Array, Array] | None = None

    def mixed(self, ahead: Array, alone: Integers | None = None) -> Array:
        """A step without what earlier ones have shown to be wrong.

        Parameters
        ----------
        ahead : ndarray (unknowns,)
            The chord step.
        alone : ndarray of int, optional
            Unknowns that make their whole step and say nothing about others.
        """
        if self._last is not None:
            before, made = self._last
            change, weights = ahead - before, np.zeros(self._known)
            both = change + made
            if alone is not None:
                change[alone] = 0.0
            for _ in range(2):
                along = self._changes[: self._known] @ change
                change -= along @ self._changes[: self._known]
                weights += along
            size = float(np.linalg.norm(change))
            if size > 0:
                here = self._known
                self._changes[here] = change / size
                self._left_out[here] = (both - weights @ self._left_out[:here]) / size
                self._known += 1
        changes, left_out = self._changes[: self._known], self._left_out[: self._known]
        step = ahead - (changes @ ahead) @ left_out
        step = np.clip(step, -STEP_LIMIT, STEP_LIMIT)
        if alone is not None:
            step[alone] = ahead[alone]
        self._last = ahead, step
        return step
