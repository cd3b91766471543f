"""Worth of a path: present value, the year in which it breaks even, when it has paid back.

The model of a year is relative to a baseline that grows at the rate g, so what it calls 1 is
(1 + g)^t in year t. With beta = 1 / (1 + discount rate) a stream x_1 ... x_T is worth

    PV = sum_t (beta (1 + g))^t x_t + (beta (1 + g))^(T+1) / (1 - beta (1 + g)) x_T

in the benchmark year, the last year's deviation being taken to last for ever. The same of
the baseline's absorption is what it is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.core.errors import refuse_if

#: Lines of the register: what a path as a whole is worth.
LINES = """
present_value | s | percent of the present value of baseline absorption | indicator | 1 | itself | | Present value of welfare | equivalent variation of all years, the last year's lasting for ever, in the benchmark year
present_value_beyond | s | percent of the present value of baseline absorption | indicator | 1 | itself | | Present value beyond the last year | the part of it that lies after the last year of the path
present_value_money | s | money | indicator | 1 | itself | | Present value of consumption | gains in real consumption of all years in money; investment is not counted, since what it yields is
present_value_at_rate | s | percent of the present value of baseline absorption | indicator | 1 | itself | | Present value of welfare | the same at the discount rate that is named
present_value_outlay | s | money | indicator | 1 | itself | | Present value of outlay | what governments spend on the policy in all years
break_even_year | s | year of the path | indicator | 1 | itself | | Break-even | first year after a loss in which welfare is not below the baseline's
payback_year | s | year of the path | indicator | 1 | itself | | Payback | first year by which discounted gains have made up for losses
"""
#: Smaller deviations, in per cent, are the solver's noise.
NOISE = 1e-7


def factor(discount_rate: float, growth: float) -> float:
    """Factor by which a figure shrinks for every year that it lies ahead.

    Raises
    ------
    InputError
        Unless the discount rate exceeds growth: the sum would have no limit.
    """
    refuse_if(not discount_rate > growth,
              "a stream that grows for ever has no present value at a discount rate that is not "
              "above its growth", key="discount_rate", value=discount_rate,
              allowed=f"above growth, which is {growth:g}")  # fmt: skip
    return (1 + growth) / (1 + discount_rate)


@dataclass(frozen=True, eq=False)
class PresentValue:
    """A present value with the part of it that lies beyond the last year.

    Parameters
    ----------
    within, beyond : ndarray
        Of the years of the path, and of all later ones.
    """

    within: Array
    beyond: Array

    @property
    def total(self) -> Array:
        """Both."""
        return self.within + self.beyond


def present_value(stream: Array, discount_rate: float, growth: float) -> PresentValue:
    """Present value of a stream in the benchmark year.

    Parameters
    ----------
    stream : ndarray (years, ...)
        Years 1 to T, at the scale of the benchmark (relative to a growing baseline).
    discount_rate, growth : float
        Fractions a year.

    Raises
    ------
    InputError
        Unless the discount rate exceeds growth.
    """
    q, years = factor(discount_rate, growth), len(stream)
    within = np.tensordot(q ** np.arange(1, years + 1), stream, axes=1)
    return PresentValue(np.asarray(within), np.asarray(q ** (years + 1) / (1 - q) * stream[-1]))


@dataclass(frozen=True)
class Turn:
    """When a loss ends.

    Parameters
    ----------
    year : int or None
        The first year without it; None if there is none, or there was no loss.
    years : int
        That were looked at.
    loss : bool
        Whether there was a loss at all.
    lasts : bool
        Whether there is none in any later year.
    """

    year: int | None
    years: int
    loss: bool
    lasts: bool = True

    @property
    def text(self) -> str:
        """In words, for a table."""
        if not self.loss:
            return "no loss"
        if self.year is None:
            return f"none within {self.years} year{'s' if self.years > 1 else ''}"
        return f"{self.year}" if self.lasts else f"{self.year}, not lasting"


def break_even(stream: Sequence[float] | Array) -> Turn:
    """First year after a loss in which a region is no worse off.

    Parameters
    ----------
    stream : ndarray (years,)
        Welfare by year, years 1 to T.
    """
    loses = np.asarray(stream) < -NOISE
    if not loses.any():
        return Turn(None, len(loses), False)
    ended = np.flatnonzero(~loses & (np.cumsum(loses) > 0))
    if not len(ended):
        return Turn(None, len(loses), True)
    return Turn(int(ended[0]) + 1, len(loses), True, not loses[ended[0] :].any())


def payback(stream: Sequence[float] | Array, discount_rate: float, growth: float) -> Turn:
    """First year after a loss by which discounted gains have made up for losses.

    Parameters
    ----------
    stream : ndarray (years,)
        Welfare by year at the scale of the benchmark, years 1 to T.
    discount_rate, growth : float

    Raises
    ------
    InputError
        Unless the discount rate exceeds growth.
    """
    q = factor(discount_rate, growth)
    return break_even(np.cumsum(q ** np.arange(1, len(stream) + 1) * stream))
