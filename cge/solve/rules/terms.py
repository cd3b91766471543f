"""From sums of monomials to numbered terms in sparse arrays.

Terms are like whose exponents agree whatever the open elasticities are. They are found by a
hash of their columns and exponents, a sum over factors, so that their order does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.solve.rules.frames import NotMonomial, Slope, Value, taken
from cge.solve.rules.polynomials import Factor, Monomials

Hashes = NDArray[np.uint64]


class KnownTerms(Protocol):
    """Numbered terms; see :class:`cge.solve.arrays.MonomialTemplate`."""

    @property
    def exponents(self) -> sparse.csr_array: ...

    @property
    def exponent_slopes(self) -> sparse.csr_array: ...

    @property
    def log_slopes(self) -> sparse.csr_array: ...

    @property
    def free_of_term(self) -> Integers: ...


#: Constants of like terms may differ by this much in how their log moves with a parameter.
LIKE = 1e-12


class Misplaced(NotMonomial):
    """What is wrong with one of several monomials.

    Parameters
    ----------
    number : int
        Of the monomial.
    problem : str
    """

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(problem)
        self.number = number


# -- factors of the same variable -------------------------------------------------------------


def settled(part: Monomials) -> Monomials:
    """Monomials of which no two factors are of the same variable, and none is zero."""
    odd = ~np.isfinite(part.coefficient)
    if odd.any():
        raise Misplaced(int(np.argmax(odd)), "a coefficient is not a finite number")
    if np.equal(part.coefficient, 0).any():
        keep = np.flatnonzero(np.broadcast_to(np.not_equal(part.coefficient, 0), part.size))
        part = part.at(keep, part.rows_in()[keep])
    factors = [replace(factor, slopes=_merged(factor.slopes)) for factor in part.factors]
    n = 0
    while n < len(factors):
        for other in range(len(factors) - 1, n, -1):
            one, two = factors[n], factors[other]
            same = _same(one.column, two.column)
            if same is None:
                continue
            factors[n] = Factor(
                one.column,
                one.constant + two.constant * same,
                _merged(one.slopes + _scaled(two.slopes, same)),
            )
            if isinstance(same, float):
                del factors[other]
            else:
                rest = 1.0 - same
                factors[other] = Factor(
                    two.column, two.constant * rest, _merged(_scaled(two.slopes, rest))
                )
        n += 1
    kept = tuple(f for f in factors if f.slopes or np.any(f.constant))
    return replace(part, factors=kept, logs=_merged(part.logs))


def _same(one: NDArray[Any], two: NDArray[Any]) -> Value | None:
    """Where two arrays agree: one if everywhere, None if nowhere."""
    if one is two:
        return 1.0
    same = one == two
    if not same.any():
        return None
    return 1.0 if same.all() else same.astype(float)


def _scaled(slopes: tuple[Slope, ...], by: Value) -> tuple[Slope, ...]:
    return tuple((p, slope * by) for p, slope in slopes)


def _merged(slopes: tuple[Slope, ...]) -> tuple[Slope, ...]:
    """Slopes of which no two are with respect to the same parameter, and none is zero."""
    if len(slopes) > 1:
        found: list[Slope] = []
        for p, slope in slopes:
            for n, (known, by) in enumerate(found):
                same = _same(known, p)
                if same is None:
                    continue
                found[n] = (known, by + slope * same)
                slope = slope * (1.0 - same)
            found.append((p, slope))
        slopes = tuple(found)
    return tuple((p, slope) for p, slope in slopes if np.any(slope))


# -- hashes -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Hashing:
    """Hashes of terms by their exponents.

    Parameters
    ----------
    columns, parameters : int
    """

    columns: int
    parameters: int

    @cached_property
    def _of(self) -> tuple[Hashes, Hashes]:
        rng = np.random.default_rng(0)
        sizes = (self.columns, self.parameters)
        column, parameter = (
            rng.integers(2**64, size=n, dtype=np.uint64) | np.uint64(1) for n in sizes
        )
        return column, parameter

    @cached_property
    def _logs(self) -> Array:
        return np.random.default_rng(1).uniform(1, 2, self.parameters)

    def monomials(self, part: Monomials) -> Hashes:
        """Hash of each monomial."""
        of_column, of_parameter = self._of
        found = np.zeros(part.size, dtype=np.uint64)
        for factor in part.factors:
            exponent = _bits(factor.constant)
            for p, slope in factor.slopes:
                exponent = exponent + of_parameter[p] * _bits(slope)
            found += of_column[factor.column] * exponent
        return found

    def logs(self, part: Monomials) -> Array:
        """Projection of how the logs of coefficients move with parameters."""
        found = np.zeros(part.size)
        for p, by in part.logs:
            found += self._logs[p] * by
        return found

    def terms(self, terms: KnownTerms) -> Hashes:
        """Hash of each of some numbered terms."""
        of_column, of_parameter = self._of
        slopes = terms.exponent_slopes
        each = _bits(terms.exponents.data)
        each += _sums(of_parameter[slopes.indices] * _bits(slopes.data), slopes.indptr)
        found = _sums(of_column[terms.exponents.indices] * each, terms.exponents.indptr)
        linear = terms.free_of_term >= 0
        found[linear] += of_column[terms.free_of_term[linear]] * _bits(1.0)
        return found

    def term_logs(self, terms: KnownTerms) -> Array:
        """The same as :meth:`logs` of numbered terms."""
        return np.asarray(terms.log_slopes @ self._logs)


def _bits(value: Value) -> Any:
    """Numbers mixed up, zero staying zero."""
    x = np.atleast_1d(np.asarray(value, dtype=float) + 0.0).view(np.uint64)
    x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    x = (x ^ (x >> np.uint64(29))) * np.uint64(0x9FB21C651E98DF25)
    return x ^ (x >> np.uint64(32))


def _sums(values: Hashes, starts: NDArray[Any]) -> Hashes:
    """Sums of runs of hashes."""
    until = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])
    return until[starts[1:]] - until[starts[:-1]]


def numbered(hashes: Hashes, known: Hashes) -> tuple[Integers, Integers]:
    """Number of the term of each hash, those that are known first; and where each new one is."""
    every = np.concatenate([known, hashes])
    _, first, group = np.unique(every, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[group[len(known) :]], first[order][len(known) :] - len(known)


# -- arrays -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Terms:
    """Numbered terms; see :class:`cge.solve.arrays.MonomialTemplate`.

    Parameters
    ----------
    exponents : csr_array (terms, columns)
    exponent_slopes : csr_array (entries of exponents, parameters)
    log_slopes : csr_array (terms, parameters)
    free_of_term : ndarray of int (terms,)
    """

    exponents: sparse.csr_array
    exponent_slopes: sparse.csr_array
    log_slopes: sparse.csr_array
    free_of_term: Integers


def assembled(parts: Sequence[Monomials], free: Bools, parameters: int) -> Terms:
    """Arrays of terms.

    Parameters
    ----------
    parts : sequence of Monomials
        Settled; each is a term.
    free : ndarray of bool (columns,)
    parameters : int
    """
    counts, indices, data, linear = [], [], [], []
    slopes: list[tuple[Any, ...]] = []
    logs: list[tuple[Any, ...]] = []
    begin = terms = 0
    for part in parts:
        count, columns, values, own_slopes, own_free = _entries(part, free)
        counts.append(count)
        indices.append(columns)
        data.append(values)
        linear.append(own_free)
        slopes += [(entry + begin, p, slope) for entry, p, slope in own_slopes]
        for p, by in part.logs:
            here = np.flatnonzero(np.broadcast_to(np.not_equal(by, 0), part.size))
            logs.append((here + terms, p[here], taken(np.broadcast_to(by, part.size), here)))
        begin, terms = begin + len(columns), terms + part.size
    starts = np.concatenate([[0], np.cumsum(_joined(counts, np.int64))])
    exponents = sparse.csr_array(
        (_joined(data, float), _joined(indices, np.int32), starts.astype(_index(begin))),
        shape=(terms, len(free)),
    )
    return Terms(exponents, _matrix(slopes, (begin, parameters)),
                 _matrix(logs, (terms, parameters)), _joined(linear, np.int64))  # fmt: skip


def _entries(
    part: Monomials, free: Bools
) -> tuple[Integers, NDArray[np.int32], Array, list[tuple[Any, ...]], Integers]:
    """Number of entries of each term, columns, exponents, slopes by entry, free columns."""
    linear = np.full(part.size, -1, dtype=np.int64)
    factors = sorted(part.factors, key=lambda f: int(f.column.min(initial=0)))
    if not factors or not part.size:
        empty = np.zeros(0)
        return np.zeros(part.size, int), empty.astype(np.int32), empty, [], linear
    shape = (part.size, len(factors))
    columns = np.column_stack([f.column for f in factors])
    values = np.empty(shape)
    keep = np.ones(shape, dtype=bool)
    for n, factor in enumerate(factors):
        values[:, n] = factor.constant
        if not isinstance(factor.constant, float) or not factor.constant:
            keep[:, n] = values[:, n] != 0
            for _, slope in factor.slopes:
                keep[:, n] |= slope != 0
        here = np.flatnonzero(free[factor.column] & keep[:, n])
        linear[here] = factor.column[here]
        keep[here, n] = False
    order = None
    if (columns[:, 1:] < columns[:, :-1]).any():
        order = np.argsort(columns, axis=1, kind="stable")
        columns, values, keep = (
            np.take_along_axis(array, order, axis=1) for array in (columns, values, keep)
        )
    entry = np.cumsum(keep.ravel(), dtype=np.int64).reshape(shape) - 1
    slopes: list[tuple[Any, ...]] = []
    place = None if order is None else np.argsort(order, axis=1)
    for n, factor in enumerate(factors):
        if not factor.slopes:
            continue
        at = entry[:, n] if place is None else entry[np.arange(part.size), place[:, n]]
        for p, slope in factor.slopes:
            by = np.broadcast_to(slope, part.size)
            some = slice(None) if isinstance(slope, float) else np.flatnonzero(by)
            slopes.append((at[some], p[some], by[some]))
    if keep.all():
        return np.full(part.size, len(factors)), columns.ravel(), values.ravel(), slopes, linear
    return keep.sum(axis=1), columns[keep], values[keep], slopes, linear


def check_free(part: Monomials, free: Bools) -> None:
    """Refuse monomials in which a variable of either sign stands in a product or power."""
    count = np.zeros(part.size, dtype=np.int64)
    for factor in part.factors:
        here = free[factor.column]
        if not here.any():
            continue
        there = np.not_equal(factor.constant, 0)
        odd = there & np.not_equal(factor.constant, 1)
        for _, slope in factor.slopes:
            odd = odd | np.not_equal(slope, 0)
        bad = np.flatnonzero(here & odd)
        count += here & there
        if len(bad) or count.max(initial=0) > 1:
            number = int(bad[0]) if len(bad) else int(np.argmax(count > 1))
            raise Misplaced(number, "a variable of either sign stands in a product or power")


def _matrix(entries: list[tuple[Any, ...]], shape: tuple[int, int]) -> sparse.csr_array:
    """Matrix with indices of four bytes where these do."""
    row, column, value = (_joined(list(part), float) for part in zip(*entries, strict=True)) if (
        entries) else (np.zeros(0),) * 3  # fmt: skip
    kind = _index(max(len(value), *shape))
    matrix = sparse.csr_array((value, (row.astype(kind), column.astype(kind))), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _index(size: int) -> Any:
    return np.int32 if size < 2**31 else np.int64


def _joined(arrays: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=kind), *arrays])
