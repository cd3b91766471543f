"""The pattern of a system's Jacobian: where the derivative of each term goes.

It does not hang on the values of elasticities, so that systems that differ in those alone
share it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.recent import Recent


@dataclass(frozen=True, eq=False)
class Places:
    """Where each derivative of a term goes.

    A row is a sum of coefficients times terms. A derivative is one of a term by an unknown
    with an exponent in it, or by its free unknown.

    Parameters
    ----------
    read_from : tuple of ndarray
        All that it hangs on; see :meth:`fits`.
    indices, indptr : ndarray of int
        Of the Jacobian, in compressed columns.
    starts : ndarray of int
        First of the derivatives that add up to each entry of the Jacobian.
    source : ndarray of int
        What each derivative is a multiple of: the term, or behind all terms the term without
        its free unknown.
    coefficient, exponent : ndarray of int
        Entries of the matrix of coefficients and, but for free unknowns, of that of exponents
        that each has as factors.
    powers : ndarray of bool
        Which have an exponent as factor.
    side : ndarray of int
        The row of a term with a positive coefficient, rows + row with a negative one.
    """

    read_from: tuple[NDArray[np.generic], ...]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int32]
    starts: Integers
    source: Integers
    coefficient: Integers
    exponent: Integers
    powers: Bools
    side: NDArray[np.int32]

    @classmethod
    def of(
        cls, matrix: sparse.csr_array, exponents: sparse.csr_array, free_of_term: Integers
    ) -> Places:
        """Places of a matrix of coefficients (rows, terms) and one of exponents (terms, unknowns).

        Parameters
        ----------
        matrix, exponents : csr_array
        free_of_term : ndarray of int (terms,)
            Position of each term's free unknown, -1 where it has none.
        """
        height, terms = matrix.shape
        rows = np.repeat(np.arange(height, dtype=np.int32), np.diff(matrix.indptr))
        term = matrix.indices
        count = np.diff(exponents.indptr)[term]
        entry = np.repeat(np.arange(len(term)), count)
        first = np.cumsum(count) - count
        power = np.arange(len(entry)) + np.repeat(exponents.indptr[term] - first, count)
        linear = np.flatnonzero(free_of_term[term] >= 0)
        coefficient = np.concatenate([entry, linear])
        row = rows[coefficient]
        column = np.concatenate([exponents.indices[power], free_of_term[term[linear]]])
        source = np.concatenate([term[entry], term[linear] + terms])

        order = _order(row)
        order = order[_order(column[order])]
        row, column, coefficient = row[order], column[order], coefficient[order]
        new = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
        starts = np.flatnonzero(np.concatenate([[True], new]))
        indptr = np.searchsorted(column[starts], np.arange(exponents.shape[1] + 1))
        powers = order < len(power)
        return cls(
            read_from=_structure(matrix, exponents, free_of_term),
            indices=row[starts],
            indptr=indptr.astype(np.int32),
            starts=starts,
            source=source[order],
            coefficient=coefficient,
            exponent=power[order[powers]],
            powers=powers,
            side=(row + (matrix.data < 0)[coefficient] * height).astype(np.int32),
        )

    def fits(
        self, matrix: sparse.csr_array, exponents: sparse.csr_array, free_of_term: Integers
    ) -> bool:
        """Whether other matrices have the same entries, coefficients of the same signs."""
        other = _structure(matrix, exponents, free_of_term)
        pairs = zip(self.read_from, other, strict=True)
        return all(one is two or np.array_equal(one, two) for one, two in pairs)


@dataclass(frozen=True, eq=False)
class Pattern:
    """Derivatives of a system's terms, ready to be added up.

    Parameters
    ----------
    places : Places
    coefficient : ndarray
        What each derivative is its term times.
    """

    places: Places
    coefficient: Array

    @classmethod
    def of(
        cls, matrix: sparse.csr_array, exponents: sparse.csr_array, free_of_term: Integers,
        known: Recent[Places],
    ) -> Pattern:  # fmt: skip
        """Pattern of a system, with the places of a known one where they fit.

        Parameters
        ----------
        matrix, exponents, free_of_term
            As of :meth:`Places.of`.
        known : Recent
            Places by the shape of the system.
        """
        key = matrix.shape, matrix.nnz, exponents.shape, exponents.nnz

        def made() -> Places:
            return Places.of(matrix, exponents, free_of_term)

        places = known.get(key, made)
        if not places.fits(matrix, exponents, free_of_term):
            places = made()
        coefficient = matrix.data[places.coefficient]
        coefficient[places.powers] *= exponents.data[places.exponent]
        return cls(places, coefficient)

    def assemble(
        self, full: Array, partial: Array, weight: Array | None = None
    ) -> sparse.csc_array:
        """Jacobian, each side of each row multiplied with its `weight`.

        Parameters
        ----------
        full, partial : ndarray (terms,)
            Terms with, and without, their free unknown.
        weight : ndarray (2 * rows,), optional
            Of the sides of rows that positive coefficients make up, then of the negative.
        """
        places = self.places
        values = self.coefficient * np.concatenate([full, partial])[places.source]
        if weight is not None:
            values *= weight[places.side]
        data = np.add.reduceat(values, places.starts)
        size = len(places.indptr) - 1
        return sparse.csc_array((data, places.indices, places.indptr), shape=(size, size))


def _structure(
    matrix: sparse.csr_array, exponents: sparse.csr_array, free_of_term: Integers
) -> tuple[NDArray[np.generic], ...]:
    return (matrix.indptr, matrix.indices, matrix.data < 0, exponents.indptr, exponents.indices,
            free_of_term)  # fmt: skip


def _order(codes: Integers | NDArray[np.int32]) -> Integers:
    """Stable order of numbers from zero up: radix sort, which NumPy has for 16 bits."""
    order = np.argsort((codes & 0xFFFF).astype(np.uint16), kind="stable")
    if codes.max(initial=0) > 0xFFFF:
        high = (codes >> 16).astype(np.uint16)
        order = order[np.argsort(high[order], kind="stable")]
    return order
