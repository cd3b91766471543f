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

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from warnings import catch_warnings, simplefilter

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.sparse.linalg import SuperLU, splu

from cge.core.axes import Array, Integers
from cge.core.threads import one_thread
from cge.solve.square.gmres import Factors, refined

#: Entries below a share of their row's largest are left out of the preconditioner: unknowns up to
#: which it is this share. What is left out is paid for in steps, what is kept in the factorisation;
#: with all of them an unknown that strays (:mod:`cge.solve.square.chord`) is not brought back.
DROPPED = ((2500, 0.005), (np.inf, 0.02))
#: Right-hand sides from which on the preconditioner is made at the point itself.
MANY = 4
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
    whole : ndarray of int, optional
        Columns of which none is.

    Raises
    ------
    Singular
    """

    def __init__(
        self, matrix: sparse.csc_array, row_for_column: Integers, drop: float = 0.0,
        whole: Integers | None = None,
    ) -> None:  # fmt: skip
        permuted = sparse.csr_array(matrix)[row_for_column]
        if drop > 0:
            permuted = _without_small(permuted, drop, whole)
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


def _without_small(
    permuted: sparse.csr_array, drop: float, whole: Integers | None
) -> sparse.csr_array:
    """Matrix without entries small in their row; the diagonal and some columns stay."""
    rows = np.repeat(np.arange(permuted.shape[0]), np.diff(permuted.indptr))
    magnitude = np.abs(permuted.data)
    largest = np.zeros(permuted.shape[0])
    np.maximum.at(largest, rows, magnitude)
    keep = (magnitude >= drop * largest[rows]) | (rows == permuted.indices)
    if whole is not None:
        keep |= np.isin(permuted.indices, whole)
    return sparse.csr_array(
        (permuted.data[keep], (rows[keep], permuted.indices[keep])), shape=permuted.shape
    )


@dataclass(frozen=True, eq=False)
class Border:
    """Where a system stands within one that has some rows and unknowns more.

    Parameters
    ----------
    inner : LinearSolver
        Of the smaller system.
    rows, columns : ndarray of int
        Its rows and unknowns in the larger system, in its order.
    """

    inner: LinearSolver
    rows: Integers
    columns: Integers


class Bordered:
    """A factorisation of a matrix from that of a part of it (Schur complement).

    Parameters
    ----------
    matrix : csc_array
    border : Border

    Raises
    ------
    Singular
    """

    def __init__(self, matrix: sparse.csc_array, border: Border) -> None:
        size = np.arange(matrix.shape[0])
        self._factors, self._rows, self._columns = border.inner.kept, border.rows, border.columns
        self._new_rows = np.setdiff1d(size, border.rows)
        self._new_columns = np.setdiff1d(size, border.columns)
        beside, below = matrix[:, self._new_columns].tocsr(), matrix.tocsr()[self._new_rows]
        self._beside = beside[self._rows]
        self._below = below[:, self._columns]
        self._wide = self._factors.solve(self._beside.toarray())
        corner = below[:, self._new_columns].toarray() - self._below @ self._wide
        with catch_warnings():
            simplefilter("ignore", LinAlgWarning)  # looked for below
            self._corner = lu_factor(corner, check_finite=False)
        pivots = np.abs(np.diagonal(self._corner[0]))
        if not (np.isfinite(pivots).all() and pivots.min() > 1e-12 * pivots.max()):
            raise Singular("what is added to the system does not stand on its own")

    @cached_property
    def _tall(self) -> Array:
        return self._factors.solve(self._below.T.toarray(), transposed=True)

    def solve(self, right: Array, transposed: bool = False) -> Array:
        """Solve matrix @ x = right, or matrix.T @ x = right."""
        result = np.empty_like(right)
        if transposed:
            first = self._factors.solve(right[self._columns], transposed=True)
            rest = right[self._new_columns] - self._beside.T @ first
            last = lu_solve(self._corner, rest, trans=1, check_finite=False)
            result[self._rows], result[self._new_rows] = first - self._tall @ last, last
            return result
        first = self._factors.solve(right[self._rows])
        last = lu_solve(self._corner, right[self._new_rows] - self._below @ first,
                        check_finite=False)  # fmt: skip
        result[self._columns], result[self._new_columns] = first - self._wide @ last, last
        return result


class LinearSolver:
    """Solves with Jacobians of one pattern.

    Parameters
    ----------
    benchmark : csc_array
        The Jacobian in the benchmark, of `near` where there is one; the matching and the kept
        preconditioner are its.
    border : Border, optional
        A smaller system within, whose preconditioner serves this one too.
    near : LinearSolver, optional
        Of the same system at other elasticities, whose preconditioner serves this one too.
    exact : LinearSolver, optional
        Of the same system in the benchmark, where `benchmark` is the Jacobian at a point near which
        so many systems are solved that its whole factorisation pays.
    whole : ndarray of int, optional
        Columns that the kept factorisation has as they are (:mod:`cge.solve.square.bends`).
    """

    #: From this many unknowns on, GMRES with a kept preconditioner is used.
    large = 500

    def __init__(
        self, benchmark: sparse.csc_array, border: Border | None = None,
        near: LinearSolver | None = None, exact: LinearSolver | None = None,
        whole: Integers | None = None,
    ) -> None:  # fmt: skip
        self.benchmark, self.border, self.near, self.exact = benchmark, border, near, exact
        self._whole = whole

    @property
    def is_large(self) -> bool:
        """Whether a factorisation is dear enough to be kept."""
        return self.benchmark.shape[0] >= self.large

    @cached_property
    def matching(self) -> Integers:
        """Row matched to each column."""
        if self.near is not None:
            return self.near.matching
        return match_rows(self.benchmark) if self.exact is None else self.exact.matched

    @property
    def matched(self) -> Integers:
        """Row for each column as far as that is known: what is added stands behind, in order."""
        if self.near is not None:
            return self.near.matched
        if self.border is None:
            return self.matching
        rows, columns = self.border.rows, self.border.columns
        size = np.arange(self.benchmark.shape[0])
        found = np.empty(len(size), dtype=np.int64)
        found[columns] = rows[self.border.inner.matched]
        found[np.setdiff1d(size, columns)] = np.setdiff1d(size, rows)
        return found

    @cached_property
    def kept(self) -> Factors:
        """Preconditioner that is kept."""
        if self.exact is not None:
            return Factorised(self.benchmark, self.matching)
        if self.near is not None:
            return self.near.kept
        if self.border is not None:
            with suppress(Singular):
                return Bordered(self.benchmark, self.border)
        return Factorised(self.benchmark, self.matching, self._drop, self._whole)

    def columns_of_inverse(self, rows: Integers) -> Array:
        """Columns of the kept factorisation's inverse that belong to some rows, (n, rows); kept."""
        if self.near is not None:
            return self.near.columns_of_inverse(rows)
        key = rows.tobytes()
        if key not in self._columns_of_inverse:
            units = np.zeros((self.benchmark.shape[0], len(rows)))
            units[rows, np.arange(len(rows))] = 1.0
            self._columns_of_inverse[key] = self.kept.solve(units)
        return self._columns_of_inverse[key]

    @cached_property
    def _columns_of_inverse(self) -> dict[bytes, Array]:
        return {}

    @property
    def _drop(self) -> float:
        """Share of a row's largest entry below which entries are left out."""
        return next(share for most, share in DROPPED if self.benchmark.shape[0] <= most)

    @one_thread
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
        operator = matrix.T.tocsr() if transposed else matrix.tocsr()
        result = (
            self._iterated(matrix, operator, right, rtol, transposed) if self.is_large else None
        )
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
        # For several right-hand sides a preconditioner at the point itself pays.
        many = right.ndim > 1 and right.shape[1] >= MANY
        for renew in (True,) if many else (False, True):
            factors = Factorised(matrix, self.matching, self._drop) if renew else self.kept
            result = refined(operator, right, factors, transposed, 10 * rtol)
            if result is not None:
                return result
        return None

    def _factorised(self, matrix: sparse.csc_array) -> Factorised:
        return Factorised(matrix, self.matching)
