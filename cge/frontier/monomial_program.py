"""A nonlinear program whose functions are sums of monomials, with exact derivatives, for Ipopt.

Each term is ``constant * exp(exponents @ x)``, times one further unknown where it has a free
one; every constraint and the objective are linear in the terms. First and second derivatives
are then a few sparse products, as those of the model's own equations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.solve.ipopt import Program


@dataclass
class ProgramBuilder:
    """Terms and rows of a program, collected piece by piece.

    Parameters
    ----------
    size : int
        Unknowns.
    """

    size: int
    _terms: list[tuple[sparse.csr_array, Array, Integers]] = field(default_factory=list)
    _rows: list[tuple[Array, Integers]] = field(default_factory=list)
    _limits: list[tuple[float, float]] = field(default_factory=list)
    _count: int = 0

    def terms(self, exponents: sparse.csr_array, constants: Array, free: Integers) -> Integers:
        """Add terms; the result is their numbers.

        Parameters
        ----------
        exponents : csr_array (terms, unknowns)
        constants : ndarray (terms,)
        free : ndarray of int (terms,)
            The unknown that a term is also proportional to, -1 for none.
        """
        self._terms.append((exponents, constants, free))
        numbers = np.arange(self._count, self._count + len(constants))
        self._count += len(constants)
        return numbers

    def unknowns(self, numbers: Sequence[int]) -> Integers:
        """Add terms that are unknowns themselves; the result is their numbers."""
        count = len(numbers)
        return self.terms(self._monomial({}, count), np.ones(count), np.array(numbers))

    def times(
        self, terms: Integers, factor: Mapping[int, float], constant: float = 1.0, free: int = -1
    ) -> Integers:
        """Add products of terms with a monomial; the result is their numbers.

        Parameters
        ----------
        terms : ndarray of int
            Numbers of the terms.
        factor : mapping of int to float
            Exponents of unknowns.
        constant : float
        free : int
            Unknown to which the products are proportional, of terms that have none.
        """
        exponents, constants, own = self._all()
        assert free < 0 or (own[terms] < 0).all()
        product = sparse.csr_array(exponents[terms] + self._monomial(factor, len(terms)))
        return self.terms(product, constant * constants[terms], np.maximum(own[terms], free))

    def row(self, parts: Sequence[tuple[Array, Integers]], low: float, high: float) -> int:
        """Add a constraint; the result is its number.

        Parameters
        ----------
        parts : sequence of (ndarray, ndarray of int)
            Coefficients and numbers of terms.
        low, high : float
        """
        self._rows.append((np.concatenate([by for by, _ in parts]),
                           np.concatenate([terms for _, terms in parts])))  # fmt: skip
        self._limits.append((low, high))
        return len(self._rows) - 1

    def program(self, objective: tuple[Array, Integers]) -> MonomialProgram:
        """The program that minimises a sum of terms."""
        cost = np.zeros(self._count)
        np.add.at(cost, objective[1], objective[0])
        rows = np.repeat(np.arange(len(self._rows)), [len(by) for by, _ in self._rows])
        columns = np.concatenate([terms for _, terms in self._rows])
        data = np.concatenate([by for by, _ in self._rows])
        shape = (len(self._rows), self._count)
        matrix = sparse.csr_array((data, (rows, columns)), shape=shape)
        matrix.sum_duplicates()
        return MonomialProgram(*self._all(), matrix, np.array(self._limits), cost)

    def _monomial(self, exponents: Mapping[int, float], count: int) -> sparse.csr_array:
        """The same exponents in some rows."""
        row = np.repeat(np.arange(count), len(exponents))
        columns = np.tile(np.array(list(exponents), dtype=np.int64), count)
        values = np.tile(np.array(list(exponents.values()), dtype=float), count)
        return sparse.csr_array((values, (row, columns)), shape=(count, self.size))

    def _all(self) -> tuple[sparse.csr_array, Array, Integers]:
        """Exponents, constants and free unknowns of all terms."""
        exponents, constants, free = zip(*self._terms, strict=True)
        self._terms = [(sparse.csr_array(sparse.vstack(exponents, format="csr")),
                        np.concatenate(constants), np.concatenate(free))]  # fmt: skip
        return self._terms[0]


class MonomialProgram(Program):
    """Minimise ``objective @ t(x)`` subject to limits of ``rows @ t(x)``, for cyipopt.

    Parameters
    ----------
    exponents : csr_array (terms, unknowns)
    constants : ndarray (terms,)
    free : ndarray of int (terms,)
    rows : csr_array (constraints, terms)
    limits : ndarray (constraints, 2)
    objective : ndarray (terms,)
    """

    def __init__(
        self, exponents: sparse.csr_array, constants: Array, free: Integers,
        rows: sparse.csr_array, limits: Array, objective: Array,
    ) -> None:  # fmt: skip
        self.exponents, self.constants, self.free = exponents, constants, free
        self.rows, self.limits, self.cost = rows, limits, objective
        linear = np.flatnonzero(self.free >= 0)
        self._selector = sparse.csr_array(
            (np.ones(len(linear)), (linear, self.free[linear])), shape=self.exponents.shape
        )
        # Products of sparse matrices leave out what happens to be zero: the places are those
        # where something is not zero for numbers that do not cancel.
        size = abs(self.exponents)
        by_term = sparse.csr_array(size + self._selector)
        self._jacobian_keys = _keys(abs(self.rows) @ by_term)
        cross = size.T @ self._selector
        self._hessian_keys = _keys(sparse.tril(size.T @ size + cross + cross.T))

    def _terms(self, x: Array) -> tuple[Array, Array]:
        """Terms without, and with, their free unknown."""
        with np.errstate(over="ignore"):
            partial = self.constants * np.exp(self.exponents @ x)
        return partial, partial * np.where(self.free >= 0, x[self.free], 1.0)

    def _by_term(self, x: Array) -> sparse.csr_array:
        partial, full = self._terms(x)
        moved = sparse.diags_array(full) @ self.exponents
        return sparse.csr_array(moved + sparse.diags_array(partial) @ self._selector)

    def jacobian_matrix(self, x: Array) -> sparse.csr_array:
        """Derivatives of the constraints, (constraints, unknowns)."""
        return sparse.csr_array(self.rows @ self._by_term(x))

    # -- called by cyipopt

    def objective(self, x: Array) -> float:
        """Value that is minimised."""
        return float(self.cost @ self._terms(x)[1])

    def gradient(self, x: Array) -> Array:
        """Its gradient."""
        return np.asarray(self._by_term(x).T @ self.cost)

    def constraints(self, x: Array) -> Array:
        """Values of the constraints."""
        return np.asarray(self.rows @ self._terms(x)[1])

    def jacobianstructure(self) -> tuple[Integers, Integers]:
        """Places of their derivatives that are not zero."""
        return np.divmod(self._jacobian_keys, self.exponents.shape[1])

    def jacobian(self, x: Array) -> Array:
        """Derivatives at these places."""
        return _at(self._jacobian_keys, self.jacobian_matrix(x))

    def hessianstructure(self) -> tuple[Integers, Integers]:
        """Places of the Hessian of the Lagrangian that are not zero, in its lower triangle."""
        return np.divmod(self._hessian_keys, self.exponents.shape[1])

    def hessian(self, x: Array, multipliers: Array, factor: float) -> Array:
        """Hessian of the Lagrangian at these places."""
        partial, full = self._terms(x)
        weight = self.rows.T @ multipliers + factor * self.cost
        square = self.exponents.T @ (sparse.diags_array(weight * full) @ self.exponents)
        cross = self.exponents.T @ (sparse.diags_array(weight * partial) @ self._selector)
        return _at(self._hessian_keys, sparse.tril(square + cross + cross.T))


def _keys(matrix: Any) -> Integers:
    """Places of a matrix's entries as sorted numbers, row by row."""
    rows, columns = matrix.tocoo().coords
    return np.unique(rows.astype(np.int64) * matrix.shape[1] + columns)


def _at(keys: Integers, matrix: Any) -> Array:
    """Entries of a matrix at given places, which are all that it has."""
    found = matrix.tocoo()
    rows, columns = found.coords
    values = np.zeros(len(keys))
    place = np.searchsorted(keys, rows.astype(np.int64) * matrix.shape[1] + columns)
    np.add.at(values, place, found.data)
    return values
