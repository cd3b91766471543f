"""From sums of monomials to numbered terms in sparse arrays.

Terms are like whose exponents agree whatever the open elasticities are. They are found by a
hash of their columns and exponents, a sum over factors, so that their order does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.solve.rules.frames import NotMonomial, Places, Slope, Value, taken
from cge.solve.rules.polynomials import Factor, Monomials

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int32]


class KnownTerms(Protocol):
    """Numbered terms; see :class:`cge.solve.square.arrays.MonomialTemplate`."""

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
    if not len(every):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    order = np.argsort(every)
    ordered = every[order]
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    first_of_group = np.minimum.reduceat(order, np.flatnonzero(begins))
    is_first = np.zeros(len(every), dtype=bool)
    is_first[first_of_group] = True
    number = np.empty(len(every), dtype=np.int64)
    number[order] = (np.cumsum(is_first) - 1)[first_of_group][np.cumsum(begins) - 1]
    return number[len(known) :], np.flatnonzero(is_first[len(known) :])


# -- arrays -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Terms:
    """Numbered terms; see :class:`cge.solve.square.arrays.MonomialTemplate`.

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


def assembled(parts: Iterable[Monomials], free: Bools, parameters: int) -> Terms:
    """Arrays of terms.

    Parameters
    ----------
    parts : iterable of Monomials
        Settled; each is a term.
    free : ndarray of bool (columns,)
    parameters : int
    """
    entries: list[_Entries] = []
    logs: list[tuple[Any, ...]] = []
    terms = 0
    for part in parts:
        entries.append(_Entries.of(part, free))
        for p, by in part.logs:
            here = np.flatnonzero(np.broadcast_to(np.not_equal(by, 0), part.size))
            logs.append((here + terms, p[here], taken(np.broadcast_to(by, part.size), here)))
        terms += part.size
    exponents = _runs_matrix(entries, "count", "column", "constant", len(free))
    slopes = _runs_matrix(entries, "slope_count", "parameter", "slope", parameters)
    slopes.sort_indices()
    linear = _joined([e.linear for e in entries], np.int64)
    return Terms(exponents, slopes, _matrix(logs, (terms, parameters)), linear)


@dataclass(eq=False)
class _Entries:
    """Entries of some terms, those of one after those of another, by column.

    Parameters
    ----------
    count : ndarray of int (terms,)
        Number of entries.
    column, constant : ndarray (entries,)
    slope_count : ndarray of int (entries,)
        Number of slopes.
    parameter, slope : ndarray (slopes,)
    linear : ndarray of int (terms,)
        Column of the variable of either sign, -1 where there is none.
    """

    count: Counts
    column: Places
    constant: Array
    slope_count: Counts
    parameter: Places
    slope: Array
    linear: Integers

    @classmethod
    def of(cls, part: Monomials, free: Bools) -> _Entries:
        """Entries of monomials."""
        factors = sorted(part.factors, key=lambda f: int(f.column.min(initial=len(free))))
        shape = (part.size, len(factors))
        column = np.empty(shape, dtype=np.int32)
        constant = np.empty(shape)
        keep = np.ones(shape, dtype=bool)
        layers = [(n, p, slope) for n, f in enumerate(factors) for p, slope in f.slopes]
        parameter = np.empty((part.size, len(layers)), dtype=np.int32)
        slope = np.empty((part.size, len(layers)))
        slopes = np.zeros(shape, dtype=np.int32)
        for n, (owner, p, by) in enumerate(layers):
            parameter[:, n], slope[:, n] = p, by
            slopes[:, owner] += slope[:, n] != 0
        linear = np.full(part.size, -1, dtype=np.int64)
        for n, factor in enumerate(factors):
            column[:, n], constant[:, n] = factor.column, factor.constant
            if not isinstance(factor.constant, float) or not factor.constant:
                keep[:, n] = (constant[:, n] != 0) | (slopes[:, n] > 0)
            here = np.flatnonzero(free[factor.column] & keep[:, n])
            linear[here] = factor.column[here]
            keep[here, n] = False
        if (column[:, 1:] < column[:, :-1]).any():
            order = np.argsort(column, axis=1, kind="stable")
            place = np.argsort(order, axis=1)[:, [owner for owner, _, _ in layers]]
            of_slopes = np.argsort(place, axis=1, kind="stable")
            column, constant, keep, slopes = (
                np.take_along_axis(each, order, axis=1) for each in (column, constant, keep, slopes)
            )
            parameter, slope = (  # type: ignore[assignment]
                np.take_along_axis(each, of_slopes, axis=1) for each in (parameter, slope)
            )
        some, count = slope != 0, keep.sum(axis=1, dtype=np.int32)
        return cls(count, _where(column, keep), _where(constant, keep), _where(slopes, keep),
                   _where(parameter, some), _where(slope, some), linear)  # fmt: skip


def _where(array: NDArray[Any], keep: Bools) -> NDArray[Any]:
    """Entries that are marked, row by row."""
    return array.ravel() if keep.all() else array[keep]


def _runs_matrix(
    entries: Sequence[_Entries], count: str, index: str, data: str, columns: int
) -> sparse.csr_array:
    """Matrix of rows that follow on each other; what it is made of is let go."""

    def taken_from(name: str, kind: Any) -> NDArray[Any]:
        found = _joined([getattr(e, name) for e in entries], kind)
        for e in entries:
            setattr(e, name, None)
        return found

    counts = taken_from(count, np.int32)
    rows = len(counts)
    starts = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return sparse.csr_array(
        (taken_from(data, float), taken_from(index, np.int32), starts.astype(_index(starts[-1]))),
        shape=(rows, columns),
    )


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
