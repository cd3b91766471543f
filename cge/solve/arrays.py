"""The compiled model as immutable arrays; what it means is in :mod:`cge.solve.monomials`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


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
        return slice(self.start, self.start + len(self.index))


@dataclass(frozen=True, eq=False)
class MonomialArrays:
    """A compiled model, immutable.

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
    start: NDArray[np.float64]
    free: NDArray[np.bool_]
    exponents: sparse.csr_array
    free_of_term: NDArray[np.int64]
    coefficients: sparse.csr_array
    outcome_coefficients: sparse.csr_array
