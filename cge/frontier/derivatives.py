"""A nonlinear program whose functions are sums of monomials, with exact derivatives, for Ipopt.

Each term is ``constant * exp(exponents @ x)``, times one further unknown where it has a free
one; every constraint and the objective are linear in the terms. First and second derivatives
are then a few sparse products, as those of the model's own equations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass
class TermTable:
    """Terms, collected block by block.

    Parameters
    ----------
    size : int
        Unknowns.
    """

    size: int
    _exponents: list[sparse.csr_array] = field(default_factory=list)
    _constants: list[Array] = field(default_factory=list)
    _free: list[Integers] = field(default_factory=list)
    count: int = 0

    def add(self, exponents: sparse.csr_array, constants: Array, free: Integers) -> Integers:
        """Add terms and return their numbers.

        Parameters
        ----------
        exponents : csr_array (terms, unknowns)
        constants : ndarray (terms,)
        free : ndarray of int (terms,)
            The unknown that a term is also proportional to, -1 for none.
        """
        self._exponents.append(exponents)
        self._constants.append(constants)
        self._free.append(free)
        numbers = np.arange(self.count, self.count + len(constants))
        self.count += len(constants)
        return numbers

    def one(self, exponents: dict[int, float], constant: float = 1.0, free: int = -1) -> int:
        """Add one term and return its number."""
        row = sparse.csr_array(
            (list(exponents.values()), ([0] * len(exponents), list(exponents))),
            shape=(1, self.size), dtype=float,
        )  # fmt: skip
        return int(self.add(row, np.array([constant]), np.array([free]))[0])

    def arrays(self) -> tuple[sparse.csr_array, Array, Integers]:
        """Return exponents, constants and free unknowns of all terms."""
        exponents = sparse.csr_array(sparse.vstack(self._exponents, format="csr"))
        return exponents, np.concatenate(self._constants), np.concatenate(self._free)


class MonomialProgram:
    """minimise ``objective @ t(x)`` subject to bounds on ``rows @ t(x)``, for cyipopt.

    Parameters
    ----------
    terms : TermTable
    rows : csr_array (constraints, terms)
    objective : ndarray (terms,)
    """

    def __init__(self, terms: TermTable, rows: sparse.csr_array, objective: Array) -> None:
        self.exponents, self.constants, self.free = terms.arrays()
        self.rows, self.cost = rows, objective
        self.iterations = 0
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
        """Return terms without, and with, their free unknown."""
        with np.errstate(over="ignore"):
            partial = self.constants * np.exp(self.exponents @ x)
        return partial, partial * np.where(self.free >= 0, x[self.free], 1.0)

    def _by_term(self, x: Array) -> sparse.csr_array:
        partial, full = self._terms(x)
        moved = sparse.diags_array(full) @ self.exponents
        return sparse.csr_array(moved + sparse.diags_array(partial) @ self._selector)

    def jacobian_matrix(self, x: Array) -> sparse.csr_array:
        """Return derivatives of the constraints, (constraints, unknowns)."""
        return sparse.csr_array(self.rows @ self._by_term(x))

    def _hessian(self, x: Array, weight: Array) -> sparse.csr_array:
        partial, full = self._terms(x)
        square = self.exponents.T @ (sparse.diags_array(weight * full) @ self.exponents)
        cross = self.exponents.T @ (sparse.diags_array(weight * partial) @ self._selector)
        return sparse.csr_array(square + cross + cross.T)

    # -- what cyipopt calls

    def objective(self, x: Array) -> float:
        """Return what is minimised."""
        return float(self.cost @ self._terms(x)[1])

    def gradient(self, x: Array) -> Array:
        """Return its gradient."""
        return np.asarray(self._by_term(x).T @ self.cost)

    def constraints(self, x: Array) -> Array:
        """Return the constraints."""
        return np.asarray(self.rows @ self._terms(x)[1])

    def jacobianstructure(self) -> tuple[Integers, Integers]:
        """Return where their derivatives are not zero."""
        return np.divmod(self._jacobian_keys, self.exponents.shape[1])

    def jacobian(self, x: Array) -> Array:
        """Return these derivatives."""
        return _at(self._jacobian_keys, self.jacobian_matrix(x))

    def hessianstructure(self) -> tuple[Integers, Integers]:
        """Return where the Hessian of the Lagrangian is not zero, its lower triangle."""
        return np.divmod(self._hessian_keys, self.exponents.shape[1])

    def hessian(self, x: Array, multipliers: Array, factor: float) -> Array:
        """Return the Hessian of the Lagrangian there."""
        weight = self.rows.T @ multipliers + factor * self.cost
        return _at(self._hessian_keys, sparse.tril(self._hessian(x, weight)))

    def intermediate(self, _mode: int, iteration: int, *_rest: float) -> bool:
        """Count iterations."""
        self.iterations = iteration
        return True


def _keys(matrix: Any) -> Integers:
    """Return the places of a matrix's entries as sorted numbers, row by row."""
    rows, columns = matrix.tocoo().coords
    return np.unique(rows.astype(np.int64) * matrix.shape[1] + columns)


def _at(keys: Integers, matrix: Any) -> Array:
    """Return a matrix's entries at given places, which are all that it has."""
    found = matrix.tocoo()
    rows, columns = found.coords
    values = np.zeros(len(keys))
    place = np.searchsorted(keys, rows.astype(np.int64) * matrix.shape[1] + columns)
    np.add.at(values, place, found.data)
    return values
