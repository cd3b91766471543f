"""Sums of monomials for all members of a frame at once.

A rule writes the same monomials for each member, with other variables in them: so many factors,
each an array of columns to an exponent. A polynomial is a list of such monomials. Multiplying
two joins their factors, adding joins the lists, and adding up a group only says anew to which
member each monomial belongs: none of it touches a single member.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cge.core.axes import Array, Integers
from cge.model.language.elasticity import NotAffine
from cge.solve.rules.frames import (
    Frame,
    InFrame,
    Mask,
    NotMonomial,
    Numbers,
    OpenElasticity,
    Places,
    Slope,
    Value,
    innermost,
    taken,
)

#: Powers of a sum that are multiplied out.
_WHOLE = (2.0, 3.0, 4.0)
_ELSEWHERE = "an open elasticity stands elsewhere than in an exponent"


@dataclass(frozen=True, eq=False)
class Factor:
    """A variable to a power, by monomial.

    Parameters
    ----------
    column : ndarray of int
        Column of the variable.
    constant : float or ndarray
        Exponent where all parameters are zero.
    slopes : tuple of (ndarray of int, float or ndarray)
        Parameters in the exponent and their slopes.
    """

    column: Places
    constant: Value
    slopes: tuple[Slope, ...] = ()

    def at(self, places: Integers) -> Factor:
        """The same for some of the monomials, or for some of them several times."""
        slopes = tuple((p[places], taken(slope, places)) for p, slope in self.slopes)
        return Factor(self.column[places], taken(self.constant, places), slopes)

    def to(self, power: Value | OpenElasticity) -> Factor:
        """The same to a power."""
        if isinstance(power, OpenElasticity):
            if self.slopes:
                raise NotAffine("an exponent is not affine in the elasticities")
            slopes = tuple((p, slope * self.constant) for p, slope in power.slopes)
            return Factor(self.column, self.constant * power.constant, slopes)
        slopes = tuple((p, slope * power) for p, slope in self.slopes)
        return Factor(self.column, self.constant * power, slopes)


@dataclass(frozen=True, eq=False)
class Monomials:
    """Monomials that a rule writes for all members of a frame, or for some of them.

    Parameters
    ----------
    size : int
    coefficient : float or ndarray
    factors : tuple of Factor
    logs : tuple of (ndarray of int, float or ndarray)
        Parameters, and by how much the log of the coefficient moves with each.
    rows : ndarray of int, optional
        Member to which each belongs; None where each member has one, in order.
    """

    size: int
    coefficient: Value
    factors: tuple[Factor, ...] = ()
    logs: tuple[Slope, ...] = ()
    rows: Integers | None = None

    def at(self, places: Integers, rows: Integers | None = None) -> Monomials:
        """Some of the monomials, for other rows."""
        return Monomials(
            len(places),
            taken(self.coefficient, places),
            tuple(factor.at(places) for factor in self.factors),
            tuple((p[places], taken(by, places)) for p, by in self.logs),
            rows,
        )

    def times(self, other: Monomials) -> Monomials:
        """Product with monomials that stand in the same order."""
        return replace(
            self,
            coefficient=self.coefficient * other.coefficient,
            factors=self.factors + other.factors,
            logs=self.logs + other.logs,
        )

    def to(self, power: Value | OpenElasticity) -> Monomials:
        """The same to a power."""
        factors = tuple(factor.to(power) for factor in self.factors)
        if not isinstance(power, OpenElasticity):
            logs = tuple((p, by * power) for p, by in self.logs)
            base = _number_power(self.coefficient, power)
            return replace(self, coefficient=base, factors=factors, logs=logs)
        if self.logs and power.slopes:
            raise NotAffine("an exponent is not affine in the elasticities")
        logs = tuple((p, by * power.constant) for p, by in self.logs)
        if power.slopes and np.any(np.not_equal(self.coefficient, 1.0)):
            if np.min(self.coefficient) <= 0:
                raise NotMonomial("a number that is not positive to an open elasticity")
            log = np.log(self.coefficient)
            logs += tuple((p, slope * log) for p, slope in power.slopes)
        base = _number_power(self.coefficient, power.constant)
        return replace(self, coefficient=base, factors=factors, logs=logs)

    def rows_in(self) -> Integers:
        """Member to which each belongs."""
        return np.arange(self.size) if self.rows is None else self.rows


def _number_power(base: Value, power: Value) -> Value:
    if isinstance(power, float) and power == 1:
        return base
    whole = np.equal(power, np.round(power))
    if np.any(np.less(base, 0) & ~whole) or np.any(np.equal(base, 0) & np.less(power, 0)):
        raise NotMonomial("a power of a number is not a real number")
    return base**power


class Polynomial(InFrame):
    """Sum of monomials, by member of a frame."""

    __slots__ = ("parts",)

    def __init__(self, frame: Frame, parts: Sequence[Monomials]) -> None:
        super().__init__(frame)
        self.parts = tuple(parts)

    # -- frames ---------------------------------------------------------------------------

    def in_frame(self, frame: Frame) -> Polynomial:
        """The same for the members of a frame in this one."""
        at = frame.ups(self.frame)
        return self if at is None else self.gathered(at, frame)

    def gathered(self, at: Integers, frame: Frame) -> Polynomial:
        """The polynomials of some members, one for each member of a frame."""
        return Polynomial(frame, [_gathered(part, at, self.frame.size) for part in self.parts])

    def added_up(self, frame: Frame) -> Polynomial:
        """Sum over what lies in each member of a frame around this one."""
        up = self.frame.ups(frame)
        if up is None:
            return self
        return Polynomial(frame, [replace(part, rows=up[part.rows_in()]) for part in self.parts])

    def multiplied_up(self, frame: Frame) -> Polynomial:
        """Product over what lies in each member of a frame around this one."""
        up = self.frame.ups(frame)
        if up is None:
            return self
        every = self.single("a product over")
        count = np.bincount(up, minlength=frame.size)
        first = np.cumsum(count) - count
        rank = np.arange(len(up)) - first[up]
        result = Monomials(frame.size, 1.0)
        for n in range(int(count.max(initial=0))):
            here = np.flatnonzero(rank == n)
            result = result.times(_spread(every.at(here), up[here], frame.size))
        return Polynomial(frame, [result])

    def single(self, what: str) -> Monomials:
        """The one monomial that each member has, in order.

        Raises
        ------
        NotMonomial
            Where a member has none or several, saying that `what` a sum was asked for.
        """
        if len(self.parts) == 1 and self.parts[0].rows is None:
            return self.parts[0]
        if not self.frame.size:
            return Monomials(0, 1.0)
        rows = [part.rows_in() for part in self.parts]
        count = np.bincount(np.concatenate([*rows, np.zeros(0, int)]), minlength=self.frame.size)
        if (count != 1).any():
            raise NotMonomial(f"{what} a sum")
        result = Monomials(self.frame.size, 1.0)
        for part, own in zip(self.parts, rows, strict=True):
            result = result.times(_spread(part, own, self.frame.size))
        return result

    def is_single(self) -> bool:
        """Whether each member has one monomial."""
        try:
            self.single("")
        except NotMonomial:
            return False
        return True

    # -- arithmetic -----------------------------------------------------------------------

    def _both(self, other: Any) -> tuple[Frame, Polynomial, Polynomial] | None:
        if isinstance(other, int | float | np.number):
            return self.frame, self, _constant(self.frame, float(other))
        if not isinstance(other, Polynomial | Numbers):
            return None
        frame = innermost(self.frame, other.frame)
        there = other.in_frame(frame)
        if not isinstance(there, Polynomial):
            there = _constant(frame, there)
        return frame, self.in_frame(frame), there

    def __add__(self, other: Any) -> Any:
        if isinstance(other, int | float) and other == 0:
            return self
        if isinstance(other, OpenElasticity):
            raise NotMonomial(_ELSEWHERE)
        both = self._both(other)
        return Polynomial(both[0], both[1].parts + both[2].parts) if both else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Polynomial:
        parts = [replace(part, coefficient=-part.coefficient) for part in self.parts]
        return Polynomial(self.frame, parts)

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, OpenElasticity):
            raise NotMonomial(_ELSEWHERE)
        both = self._both(other)
        if both is None:
            return NotImplemented
        frame, one, two = both
        parts = [_product(a, b, frame.size) for a in one.parts for b in two.parts]
        return Polynomial(frame, parts)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, int | float | np.number):
            return self * (1 / float(other))
        if isinstance(other, Numbers):
            return self * (1 / other)
        return self * other**-1.0 if isinstance(other, Polynomial) else NotImplemented

    def __rtruediv__(self, other: Any) -> Any:
        return self**-1.0 * other

    def __pow__(self, power: Any) -> Any:
        exponent: Value | OpenElasticity
        if isinstance(power, OpenElasticity | Numbers):
            frame = innermost(self.frame, power.frame)
            one, exponent = self.in_frame(frame), power.in_frame(frame)
        elif isinstance(power, int | float | np.number):
            frame, one, exponent = self.frame, self, float(power)
        else:
            raise NotMonomial("an exponent is not a number")
        if isinstance(exponent, float) and exponent in _WHOLE and not one.is_single():
            result = one
            for _ in range(int(exponent) - 1):
                result = result * one
            return result
        what = "divides by" if isinstance(exponent, float) and exponent < 0 else "a power of"
        return Polynomial(frame, [one.single(what).to(exponent)])

    def __rpow__(self, other: Any) -> Any:
        raise NotMonomial("an exponent is not a number")

    def __eq__(self, other: object) -> Any:
        return Equation(self - other)

    def __ne__(self, other: object) -> Any:
        raise NotMonomial("is not an equality")

    __lt__ = __le__ = __gt__ = __ge__ = __ne__

    def __bool__(self) -> bool:
        raise NotMonomial("whether a variable is zero is no question for a rule")


@dataclass(frozen=True, eq=False)
class Equation:
    """The difference of the two sides of an equation, which is to be zero."""

    difference: Polynomial

    def __bool__(self) -> bool:
        raise NotMonomial("whether an equation holds is no question for a rule")


def polynomial(value: Any, frame: Frame) -> Polynomial:
    """What a rule returned, as a polynomial of its frame."""
    if isinstance(value, Polynomial):
        return value.in_frame(frame)
    if isinstance(value, Numbers):
        return _constant(frame, value.in_frame(frame))
    if isinstance(value, Mask) or not isinstance(value, int | float | np.number):
        raise NotMonomial("is not a sum of monomials")
    return _constant(frame, float(value))


def joined(frame: Frame, parts: Iterable[tuple[Integers, Polynomial]]) -> Polynomial:
    """Polynomial of a frame from those of parts of it, each with the members it has."""
    found = []
    for members, one in parts:
        found += [replace(part, rows=members[part.rows_in()]) for part in one.parts]
    return Polynomial(frame, found)


def _constant(frame: Frame, value: Value) -> Polynomial:
    if isinstance(value, float) and value == 0:
        return Polynomial(frame, [])
    return Polynomial(frame, [Monomials(frame.size, value)])


def _gathered(part: Monomials, at: Integers, size: int) -> Monomials:
    """Monomials of some members, for rows in their order."""
    if part.rows is None:
        return part.at(at)
    order, first, count = _by_row(part, size)
    rows = np.repeat(np.arange(len(at)), count[at])
    return part.at(order[_runs(first[at], count[at])], rows)


def _product(one: Monomials, other: Monomials, size: int) -> Monomials:
    """Products of the monomials of two sums that belong to the same member."""
    if one.rows is None and other.rows is None:
        return one.times(other)
    if one.rows is None:
        assert other.rows is not None
        return replace(other.times(one.at(other.rows)), rows=other.rows)
    if other.rows is None:
        return replace(one.times(other.at(one.rows)), rows=one.rows)
    order, first, count = _by_row(other, size)
    often = count[one.rows]
    rows = np.repeat(one.rows, often)
    mine = one.at(np.repeat(np.arange(one.size), often))
    return replace(mine.times(other.at(order[_runs(first[one.rows], often)])), rows=rows)


def _by_row(part: Monomials, size: int) -> tuple[Integers, Integers, Integers]:
    """Monomials in the order of their rows, the first and the number of those of each row."""
    assert part.rows is not None
    count = np.bincount(part.rows, minlength=size)
    if (part.rows[1:] >= part.rows[:-1]).all():
        order = np.arange(part.size)
    else:
        order = np.argsort(part.rows, kind="stable")
    return order, np.cumsum(count) - count, count


def _runs(first: Integers, count: Integers) -> Integers:
    """Numbers first, first + 1, ... of runs of certain lengths, one after the other."""
    offset = np.repeat(first - (np.cumsum(count) - count), count)
    return np.arange(len(offset)) + offset


def _spread(part: Monomials, rows: Integers, size: int) -> Monomials:
    """Monomials of some members, one for every member: those of the others are one."""

    def filled(value: Value, empty: float) -> Array:
        array = np.full(size, empty)
        array[rows] = value
        return array

    def placed(column: Places) -> Places:
        array = np.zeros(size, dtype=column.dtype)
        array[rows] = column
        return array

    def spread(slopes: tuple[Slope, ...]) -> tuple[Slope, ...]:
        return tuple((placed(p), filled(slope, 0.0)) for p, slope in slopes)

    factors = tuple(
        Factor(placed(f.column), filled(f.constant, 0.0), spread(f.slopes)) for f in part.factors
    )
    return Monomials(size, filled(part.coefficient, 1.0), factors, spread(part.logs))
