"""Sparse linear algebra for the Jacobians of large models.

Rows are matched to columns on log magnitudes, so that the diagonal is large, then
ordered by METIS nested dissection of the symmetrised pattern; SuperLU factorises in
that order. On the full world table this is many times faster than SuperLU's own
orderings. Matching and ordering depend on the pattern alone and are made once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymetis
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.sparse.linalg import SuperLU, splu

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ordering:
    """Permutations of rows and columns under which the matrix is factorised."""

    rows: Integers
    columns: Integers

    @classmethod
    def of(cls, matrix: sparse.csc_array) -> Ordering:
        """Find a good ordering for matrices with the pattern of `matrix`.

        Raises
        ------
        ValueError
            If the matrix is structurally singular.
        """
        magnitude = np.abs(matrix.data)
        tiny = magnitude.max(initial=0.0) * 1e-12 + 1e-300
        cost = np.log(magnitude.max(initial=1.0)) - np.log(np.maximum(magnitude, tiny)) + 1.0
        weights = sparse.csr_array(
            sparse.csc_array((cost, matrix.indices, matrix.indptr), shape=matrix.shape)
        )
        matched_rows, matched_columns = min_weight_full_bipartite_matching(weights)
        row_for_column = np.empty(matrix.shape[0], dtype=np.int64)
        row_for_column[matched_columns] = matched_rows
        permuted = sparse.csr_array(matrix)[row_for_column]
        pattern = sparse.csr_array((np.ones(permuted.nnz), permuted.indices, permuted.indptr))
        graph = sparse.csr_array(pattern + pattern.T)
        graph.setdiag(0)
        graph.eliminate_zeros()
        order, _ = pymetis.nested_dissection(
            xadj=graph.indptr.astype(np.int64), adjncy=graph.indices.astype(np.int64)
        )
        order = np.asarray(order, dtype=np.int64)
        return cls(rows=row_for_column[order], columns=order)


class Factorised:
    """An LU factorisation in a given ordering."""

    def __init__(self, matrix: sparse.csc_array, ordering: Ordering) -> None:
        self._ordering = ordering
        permuted = sparse.csc_array(
            sparse.csr_array(matrix)[ordering.rows].tocsc()[:, ordering.columns]
        )
        self._lu: SuperLU = splu(
            permuted,
            permc_spec="NATURAL",
            diag_pivot_thresh=1e-3,
            options={"SymmetricMode": True},
        )

    def solve(self, right: Array) -> Array:
        """Return x with matrix @ x = right."""
        result = np.empty_like(right)
        result[self._ordering.columns] = self._lu.solve(right[self._ordering.rows])
        return result

    def solve_transposed(self, right: Array) -> Array:
        """Return x with matrix.T @ x = right."""
        result = np.empty_like(right)
        result[self._ordering.rows] = self._lu.solve(right[self._ordering.columns], trans="T")
        return result
