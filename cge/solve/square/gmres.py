"""GMRES, preconditioned from the right, for one right-hand side or several side by side."""

from __future__ import annotations

from math import hypot
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular

from cge.core.axes import Array

#: Iterations after which the preconditioner is renewed at the current point.
PATIENCE = 40
#: How far one run goes; what is left beyond is rounding, and a run of its own.
DEPTH = 1e-10
#: A residual this small beside the terms that make it up is rounding, and is not improved on.
ROUNDING = 1e-13


class Factors(Protocol):
    """What solves with a matrix, or with something near it."""

    def solve(self, right: Array, transposed: bool = False) -> Array:
        """Solve matrix @ x = right, or matrix.T @ x = right."""


def refined(
    operator: sparse.csr_array,
    right: Array,
    preconditioner: Factors,
    transposed: bool,
    enough: float,
    patience: int = PATIENCE,
) -> Array | None:
    """Solve by GMRES; None where the preconditioner is too far from the matrix.

    It is preconditioned from the right, so that what it makes small is the residual itself
    (Saad and Schultz 1986), and run again on what is left until that is small enough, or nothing
    but rounding. Several right-hand sides go side by side, each as if it were alone.

    Parameters
    ----------
    operator : csr_array
        The matrix, or its transpose.
    right : ndarray (n,) or (n, k)
    preconditioner : Factorised or Bordered
    transposed : bool
        Whether `operator` is the transpose.
    enough : float
        Wanted residual relative to `right`.
    patience : int
        Iterations of a run.
    """
    sides = right.reshape(len(right), -1)
    result, residual = np.zeros_like(sides), sides
    norm = np.linalg.norm(sides, axis=0)
    left = norm
    while (wanted := left > enough * norm).any():
        with np.errstate(all="ignore"):
            goal = np.maximum(enough * norm[wanted] / left[wanted], DEPTH)
            result[:, wanted] += _run(
                operator, residual[:, wanted], preconditioner, transposed, goal, patience
            )
            residual = sides - operator @ result
            before, left = left, np.linalg.norm(residual, axis=0)
        if not np.isfinite(left).all():
            return None
        stuck = (left > enough * norm) & (left >= 0.1 * before)
        if stuck.any():
            size = np.linalg.norm(abs(operator) @ np.abs(result), axis=0)
            if (stuck & (left > ROUNDING * size)).any():
                return None
            norm = np.where(stuck, np.inf, norm)
    return result.reshape(right.shape)


def _run(
    operator: sparse.csr_array, right: Array, preconditioner: Factors, transposed: bool,
    enough: Array, patience: int,
) -> Array:  # fmt: skip
    """One run of GMRES: the best correction among those of a Krylov space.

    Directions are made orthogonal twice (classical Gram-Schmidt), which takes few large products
    where the usual way takes many small ones. Arrays within have the right-hand side in front.

    Parameters
    ----------
    operator, preconditioner, transposed, patience
        As in :func:`refined`.
    right : ndarray (n, k)
    enough : ndarray (k,)
        Wanted residual of each relative to its right-hand side.
    """
    columns, count = right.T, right.shape[1]

    def image(of: Array) -> Array:
        if count == 1:  # products with one vector are quicker than with a matrix of one column
            return (operator @ preconditioner.solve(of[0], transposed))[None]
        wide = operator @ preconditioner.solve(np.ascontiguousarray(of.T), transposed)
        return np.ascontiguousarray(wide.T)

    norm = np.linalg.norm(columns, axis=1)
    basis = np.empty((count, patience + 1, len(right)))
    basis[:, 0] = columns / norm[:, None]
    fits = [_Fit(size, patience) for size in norm.tolist()]
    wanted = (enough * norm).tolist()
    for k in range(patience):
        new = image(basis[:, k])
        known = basis[:, : k + 1]
        along = np.zeros((count, k + 1))
        for _ in range(2):
            part = np.matmul(known, new[:, :, None])[:, :, 0]
            new -= np.matmul(part[:, None, :], known)[:, 0]
            along += part
        length = np.linalg.norm(new, axis=1)
        for fit, column, beyond, goal in zip(
            fits, along.tolist(), length.tolist(), wanted, strict=True
        ):
            if fit.left > goal:
                fit.add(column, beyond)
        if not any(fit.left > goal for fit, goal in zip(fits, wanted, strict=True)):
            break
        basis[:, k + 1] = new / length[:, None]
    found = np.stack([fit.weights @ basis[n, : fit.size] for n, fit in enumerate(fits)])
    return preconditioner.solve(np.ascontiguousarray(found.T), transposed)


class _Fit:
    """Least squares of a right-hand side on the images of its directions, one after the other.

    In plain numbers: there are a few dozen of them.

    Parameters
    ----------
    norm : float
        Of the right-hand side, which is a multiple of the first direction.
    patience : int
        Most directions.
    """

    def __init__(self, norm: float, patience: int) -> None:
        self.size, self.left = 0, norm
        self._goal: list[float] = []
        self._next = norm
        self._rotations: list[tuple[float, float]] = []
        self._triangle = np.zeros((patience, patience))

    def add(self, column: list[float], beyond: float) -> None:
        """Add the image of a direction: its parts along those so far, and its length beyond."""
        upper = column[0]
        for j, (c, s) in enumerate(self._rotations):
            column[j], upper = c * upper + s * column[j + 1], c * column[j + 1] - s * upper
        size = hypot(upper, beyond)
        if size == 0.0:
            self.left = 0.0  # no further direction
            return
        c, s = upper / size, beyond / size
        column[-1] = size
        self._rotations.append((c, s))
        self._triangle[: len(column), self.size] = column
        self._goal.append(c * self._next)
        self._next *= -s
        self.size += 1
        self.left = abs(self._next)

    @property
    def weights(self) -> Array:
        """Weights of the directions."""
        square = self._triangle[: self.size, : self.size]
        return solve_triangular(square, np.array(self._goal), check_finite=False)
