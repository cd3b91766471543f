"""The compiled model as immutable arrays; what it means is in :mod:`cge.solve.monomials`.

A template has the elasticities left open; arrays have numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.selectors import joined


@dataclass(frozen=True, eq=False)
class Block:
    """A family of columns or rows that share a name: where it starts and its index codes.

    Parameters
    ----------
    name : str
    start : int
        Position of the first member.
    index : tuple of tuple of str
        Codes of each member, in order; a scalar has one empty tuple.
    """

    name: str
    start: int
    index: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.index)

    @property
    def positions(self) -> slice:
        """Positions of all members."""
        return slice(self.start, self.start + len(self.index))


def block_named(blocks: Sequence[Block], name: str) -> Block:
    """The block of a name."""
    return next(block for block in blocks if block.name == name)


def cell_at(blocks: Sequence[Block], position: int) -> tuple[str, tuple[str, ...]]:
    """Name and codes of the member at a position."""
    block = next(b for b in blocks if b.start <= position < b.start + len(b))
    return block.name, block.index[position - block.start]


def label_at(blocks: Sequence[Block], position: int) -> str:
    """Name and codes of the member at a position, as a selector has them."""
    return joined(*cell_at(blocks, position))


@dataclass(frozen=True, eq=False)
class MonomialArrays:
    """A compiled model with numbers for its elasticities, immutable.

    Parameters
    ----------
    columns, rows, outcomes : tuple of Block
        Variables, constraints and named expressions in the order of the arrays.
    start : ndarray (columns,)
        Level of each variable in the benchmark.
    free : ndarray of bool (columns,)
        True where a variable may have either sign.
    exponents : csr_array (terms, columns)
        Exponents of the positive variables.
    free_of_term : ndarray of int (terms,)
        Column of the free variable of each term, -1 where there is none.
    coefficients : csr_array (rows, terms)
    outcome_coefficients : csr_array (outcomes, terms)
    """

    columns: tuple[Block, ...]
    rows: tuple[Block, ...]
    outcomes: tuple[Block, ...]
    start: Array
    free: Bools
    exponents: sparse.csr_array
    free_of_term: Integers
    coefficients: sparse.csr_array
    outcome_coefficients: sparse.csr_array


@dataclass(frozen=True, eq=False)
class MonomialTemplate(MonomialArrays):
    """A compiled model with open elasticities: the arrays at parameters of zero, and slopes.

    With parameters p (:func:`cge.model.elasticity.parameters`) the exponents are

        A(p) = exponents + exponent_slopes @ p

    on the entries of `exponents`, zeros among them, and the coefficients of term k are
    those at zero times exp(log_slopes[k] @ p): a tax power of the benchmark raised to an
    elasticity is such a constant.

    Parameters
    ----------
    columns, rows, outcomes, start, free, exponents, free_of_term, coefficients, outcome_coefficients
        As in :class:`MonomialArrays`, at parameters of zero.
    exponent_slopes : csr_array (entries of exponents, parameters)
    log_slopes : csr_array (terms, parameters)
    """  # noqa: E501

    exponent_slopes: sparse.csr_array
    log_slopes: sparse.csr_array

    def at(self, parameters: Array) -> MonomialArrays:
        """Model with these elasticities; exponents that are zero there are left out.

        Parameters
        ----------
        parameters : ndarray (parameters,)
            As :func:`cge.model.elasticity.parameters` gives them.
        """
        form = self.exponents
        values = form.data + self.exponent_slopes @ parameters
        exponents = sparse.csr_array((values, form.indices, form.indptr), form.shape, copy=True)
        exponents.eliminate_zeros()
        constant = np.exp(self.log_slopes @ parameters)

        def scaled(matrix: sparse.csr_array) -> sparse.csr_array:
            values = matrix.data * constant[matrix.indices]
            return sparse.csr_array((values, matrix.indices, matrix.indptr), matrix.shape)

        return MonomialArrays(**{
            **{item.name: getattr(self, item.name) for item in fields(MonomialArrays)},
            "exponents": exponents, "coefficients": scaled(self.coefficients),
            "outcome_coefficients": scaled(self.outcome_coefficients),
        })  # fmt: skip


def positive_logs(levels: Array, free: Bools) -> Array:
    """Logs of the levels of positive variables, zero for those of either sign."""
    with np.errstate(divide="ignore"):
        return np.log(np.where(free, 1.0, levels))
