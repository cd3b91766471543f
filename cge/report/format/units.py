"""Unit, scale and decimals in which figures are printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Units of the output that are printed in another way: text and multiple.
_WORDS = {
    "percent": ("%", 1.0),
    "percent change": ("%", 1.0),
    "percent of benchmark absorption": ("% of absorption", 1.0),
    "percent of absorption": ("% of absorption", 1.0),
    "percent of real income": ("% of real income", 1.0),
    "percent change of value": ("% of value", 1.0),
    "percent change of volume": ("% of volume", 1.0),
    "power 1+t": ("points", 100.0),
    "power 1-t": ("points", 100.0),
    "fraction": ("%", 100.0),
    "points": ("points", 1.0),
    "percentage points": ("points", 1.0),
    "percent of GDP": ("% of GDP", 1.0),
    "percent of GDP (100 x log)": ("% of GDP", 1.0),
    "percent (100 x log)": ("%", 1.0),
    "percent of the present value of baseline absorption": ("% of PV of absorption", 1.0),
    "percent of benchmark GDP": ("% of GDP", 1.0),
}
#: Units of money by size, largest first: what stands before the currency, and its worth.
_MONEY = {"bn ": 1e9, "million ": 1e6, "thousand ": 1e3, "": 1.0}
#: Fewest decimals by the size of the largest figure; a smaller one gets more.
_PERCENT = ((100.0, 1), (0.0, 2))
_CURRENCY = ((10000.0, 0), (0.0, 1))
_OTHER = ((1000.0, 1), (0.0, 3))
#: Digits that the largest figure of a column has at least.
SIGNIFICANT = 3
#: What is smaller than this is the solver's noise, not a figure.
NOISE = 1e-9


@dataclass(frozen=True)
class Printed:
    """Unit in words, what a figure is multiplied with to be in it, decimals."""

    unit: str
    scale: float
    digits: int


def unit_text(unit: str) -> tuple[str, float]:
    """Text of a unit of the results, and what a figure is multiplied with; itself if unknown."""
    return _WORDS.get(unit, (unit, 1.0))


def printed(unit: str, figures: object) -> Printed:
    """Unit, scale and decimals of figures that stand under one heading.

    The largest figure has three significant digits or more. Money is in billions, millions,
    thousands or plain, whichever leaves the largest figure at one or above.

    Parameters
    ----------
    unit : str
        As it stands in the results, or as it is printed.
    figures : array_like
    """
    text, scale = unit_text(unit)
    largest = scale * _largest(figures)
    word, currency = _money(text)
    if currency and largest >= NOISE:
        fitting = next((w for w, worth in _MONEY.items() if largest * _MONEY[word] >= worth), "")
        scale = _MONEY[word] / _MONEY[fitting]
        text, largest = fitting + currency, scale * largest
    return Printed(text, scale, decimals(text, largest))


def decimals(unit: str, figures: object, significant: int = SIGNIFICANT) -> int:
    """Decimals of figures that are in the unit in which they are printed.

    Parameters
    ----------
    unit : str
    figures : array_like
    significant : int
        Digits that the largest figure has at least.
    """
    largest = _largest(figures)
    fewest = _CURRENCY if _money(unit)[1] else _OTHER
    if unit.startswith(("%", "points")):
        fewest = _PERCENT
    if largest < NOISE:
        return fewest[-1][1]
    least = next(digits for size, digits in fewest if largest >= size)
    return max(least, significant - 1 - int(np.floor(np.log10(largest))))


def _largest(figures: object) -> float:
    values = np.abs(np.asarray(figures, dtype=float)).ravel()
    return float(values[np.isfinite(values)].max(initial=0.0))


def _money(unit: str) -> tuple[str, str]:
    """Size and currency of a unit of money; no currency where it is none."""
    size, _, currency = unit.rpartition(" ")
    if f"{size} " in _MONEY:
        return f"{size} ", currency
    return "", unit if unit.isupper() else ""


def text(value: float, digits: int) -> str:
    """A figure with thousands set apart; a missing one is a dash, no zero has a sign."""
    if not np.isfinite(value):
        return "-"
    rounded = round(float(value), digits) + 0.0
    return f"{rounded:,.{digits}f}"
