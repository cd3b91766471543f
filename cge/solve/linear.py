"""Sparse linear algebra for the Jacobians of large models.

Rows are matched to columns on log magnitudes, so that the diagonal is large; SuperLU
then factorises in a minimum-degree order of the symmetrised pattern. Systems of some
size are solved by GMRES, preconditioned with a factorisation of the Jacobian without
its small entries: most of the thousands of bilateral flows hardly matter for the
inverse, and without them the factorisation of the full world is ten times cheaper, for
a dozen iterations.

What is kept between solves depends on the benchmark alone, never on what was solved
before, so that results do not depend on the order of scenarios.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.sparse.linalg import SuperLU, splu

from cge.core.axes import Array, Integers

#: Entries below this share of their row's largest are left out of the preconditioner.
DROP = 0.02
#: GMRES iterations after which the preconditioner is renewed at the current point.
PATIENCE = 40
#: Right-hand sides from which on the preconditioner is made at the point itself.
MANY = 4
#: How far one run of GMRES goes; what is left beyond is rounding, and a run of its own.
DEPTH = 1e-8
#: A residual this small beside the terms that make it up is rounding, and is not improved on.
ROUNDING = 1e-13
#: Costs of a matching are multiples of this, so that sums of them are exact: with rounding,
#: SciPy's algorithm can go round in circles for ever where matchings cost the same.
GRAIN = 2.0**-20


class Singular(Exception):
    """The Jacobian cannot be factorised."""


def match_rows(matrix: sparse.csc_array) -> Integers:
    """Row matched to each column, making the product of magnitudes large.

    Raises
    ------
    Singular
        If there is no matching: the matrix is structurally singular.
    """
    magnitude = np.abs(matrix.data)
    largest = magnitude.max(initial=1.0)
    cost = np.log(largest) - np.log(np.maximum(magnitude, largest * 1e-30)) + 1.0
    cost = GRAIN * np.round(cost / GRAIN)
    weights = sparse.csr_array(
        sparse.csc_array((cost, matrix.indices, matrix.indptr), shape=matrix.shape)
    )
    try:
        rows, columns = min_weight_full_bipartite_matching(weights)
    except ValueError:
        raise Singular("the Jacobian is structurally singular") from None
    row_for_column = np.empty(matrix.shape[0], dtype=np.int64)
    row_for_column[columns] = rows
    return row_for_column


class Factorised:
    """An LU factorisation of a matrix, or of what is left of it without small entries.

    Parameters
    ----------
    matrix : csc_array
    row_for_column : ndarray of int
        From :func:`match_rows`, of this matrix or one with the same pattern.
    drop : float
        Entries below this share of their row's largest are left out, matched ones never.

    Raises
    ------
    Singular
    """

    def __init__(
        self, matrix: sparse.csc_array, row_for_column: Integers, drop: float = 0.0
    ) -> None:
        permuted = sparse.csr_array(matrix)[row_for_column]
        if drop > 0:
            permuted = _without_small(permuted, drop)
        self._rows = row_for_column
        try:
            self._lu: SuperLU = splu(
                sparse.csc_array(permuted),
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=1e-3,
                options={"SymmetricMode": True},
            )
        except RuntimeError as error:
            raise Singular(str(error)) from None

    def solve(self, right: Array, transposed: bool = False) -> Array:
        """Solve matrix @ x = right, or matrix.T @ x = right."""
        if not transposed:
            return self._lu.solve(right[self._rows])
        result = np.empty_like(right)
        result[self._rows] = self._lu.solve(right, trans="T")  # type: ignore[call-overload]
        return result


def _without_small(permuted: sparse.csr_array, drop: float) -> sparse.csr_array:
    """Matrix without entries small in their row; the diagonal stays."""
    rows = np.repeat(np.arange(permuted.shape[0]), np.diff(permuted.indptr))
    magnitude = np.abs(permuted.data)
    largest = np.zeros(permuted.shape[0])
    np.maximum.at(largest, rows, magnitude)
    keep = (magnitude >= drop * largest[rows]) | (rows == permuted.indices)
    return sparse.csr_array(
        (permuted.data[keep], (rows[keep], permuted.indices[keep])), shape=permuted.shape
    )


class LinearSolver:
    """Solves with Jacobians of one pattern.

    Parameters
    ----------
    benchmark : csc_array
        The Jacobian in the benchmark; the matching and the kept preconditioner are its.
    """

    #: From this many unknowns on, GMRES with a kept preconditioner is used.
    large = 2500

    def __init__(self, benchmark: sparse.csc_array) -> None:
        self.benchmark = benchmark

    @cached_property
    def matching(self) -> Integers:
        """Row matched to each column."""
        return match_rows(self.benchmark)

    @cached_property
    def _kept(self) -> Factorised:
        return Factorised(self.benchmark, self.matching, DROP)

    def solve(
        self, matrix: sparse.csc_array, right: Array, rtol: float, transposed: bool = False
    ) -> Array:
        """Solve matrix @ x = right, or matrix.T @ x = right.

        Parameters
        ----------
        matrix : csc_array
            A Jacobian with the pattern of the benchmark's.
        right : ndarray (n,) or (n, k)
            One right-hand side, or several that share the factorisation.
        rtol : float
            Wanted residual relative to `right`, for large systems.

        Raises
        ------
        Singular
        """
        iterative = matrix.shape[0] >= self.large
        operator = matrix.T.tocsr() if transposed else matrix.tocsr()
        result = self._iterated(matrix, operator, right, rtol, transposed) if iterative else None
        if result is None:
            factors = self._factorised(matrix)
            result = factors.solve(right, transposed)
            # One refinement: the ordering allows small pivots.
            result = result + factors.solve(right - operator @ result, transposed)
        return result

    def _iterated(
        self, matrix: sparse.csc_array, operator: sparse.csr_array, right: Array, rtol: float,
        transposed: bool,
    ) -> Array | None:  # fmt: skip
        """Solution by GMRES, None where it does not get there."""
        columns = right.reshape(len(right), -1).T
        for renew in (False, True):
            # For several right-hand sides a preconditioner at the point itself pays.
            if not renew and len(columns) >= MANY:
                continue
            factors = Factorised(matrix, self.matching, DROP) if renew else self._kept
            found = []
            for column in columns:
                result = refined(operator, column, factors, transposed, 10 * rtol)
                if result is None:
                    break
                found.append(result)
            else:
                return np.reshape(found, columns.shape).T.reshape(right.shape)
        return None

    def _factorised(self, matrix: sparse.csc_array) -> Factorised:
        return Factorised(matrix, self.matching)


def refined(
    operator: sparse.csr_array,
    right: Array,
    preconditioner: Factorised,
    transposed: bool,
    enough: float,
    patience: int = PATIENCE,
) -> Array | None:
    """Solve by GMRES; None where the preconditioner is too far from the matrix.

    It is preconditioned from the right, so that what it makes small is the residual itself
    (Saad and Schultz 1986), and run again where `patience` iterations were not enough.

    Parameters
    ----------
    operator : csr_array
        The matrix, or its transpose.
    right : ndarray (n,)
    preconditioner : Factorised
    transposed : bool
        Whether `operator` is the transpose.
    enough : float
        Wanted residual relative to `right`.
    patience : int
        Iterations of a run.
    """
    result, residual = np.zeros_like(right), right
    norm = left = float(np.linalg.norm(right))
    while left > enough * norm:
        with np.errstate(all="ignore"):
            result = result + _run(operator, residual, preconditioner, transposed,
                                   max(enough * norm / left, DEPTH), patience)  # fmt: skip
            residual = right - operator @ result
            before, left = left, float(np.linalg.norm(residual))
        if left <= enough * norm or left < 0.1 * before:
            continue
        size = float(np.linalg.norm(abs(operator) @ np.abs(result)))
        return result if left <= ROUNDING * size else None
    return result


def _run(
    operator: sparse.csr_array, right: Array, preconditioner: Factorised, transposed: bool,
    enough: float, patience: int,
) -> Array:  # fmt: skip
    """One run of GMRES: the best correction among those of a Krylov space.

    Directions are made orthogonal twice (classical Gram-Schmidt), which takes matrix products
    where the usual way takes many small ones.
    """
    norm = float(np.linalg.norm(right))
    basis = np.empty((patience + 1, len(right)))
    basis[0] = right / norm
    images = np.zeros((patience + 1, patience))
    goal = np.zeros(patience + 1)
    goal[0] = norm
    rotations = np.zeros((patience, 2))
    steps = 0
    for k in range(patience):
        new = operator @ preconditioner.solve(basis[k], transposed)
        known = basis[: k + 1]
        along = known @ new
        new -= along @ known
        again = known @ new
        new -= again @ known
        column = np.append(along + again, length := float(np.linalg.norm(new)))
        for j in range(k):
            c, s = rotations[j]
            column[j], column[j + 1] = (
                c * column[j] + s * column[j + 1], c * column[j + 1] - s * column[j]
            )  # fmt: skip
        size = float(np.hypot(column[k], column[k + 1]))
        if not size > 0:
            break
        c, s = rotations[k] = column[k] / size, column[k + 1] / size
        column[k], column[k + 1] = size, 0.0
        images[: k + 1, k] = column[: k + 1]
        goal[k], goal[k + 1] = c * goal[k], -s * goal[k]
        steps = k + 1
        if abs(goal[k + 1]) <= enough * norm or not length > 0:
            break
        basis[k + 1] = new / length
    weights = solve_triangular(images[:steps, :steps], goal[:steps])
    return preconditioner.solve(weights @ basis[:steps], transposed)
