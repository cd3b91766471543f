"""How figures are printed: the unit in words, a fitting scale, fixed decimals."""

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
#: Below which size of the largest figure how many decimals stand, by kind of unit.
_PERCENT = ((100.0, 1), (0.1, 2), (0.01, 3), (0.0, 4))
_MONEY = ((10000.0, 0), (1.0, 1), (0.1, 2), (0.0, 3))
_OTHER = ((1000.0, 1), (1.0, 3), (0.0, 4))
#: What is smaller than this is the solver's noise, not a figure.
NOISE = 1e-9


@dataclass(frozen=True)
class Printed:
    """Unit in words, what a figure is multiplied with to be in it, decimals."""

    unit: str
    scale: float
    digits: int


def printed(unit: str, figures: object) -> Printed:
    """Return how figures of a unit are printed, all of them in one way.

    Parameters
    ----------
    unit : str
        As it stands in the results.
    figures : array_like
        All that stand under one heading.
    """
    values = np.abs(np.asarray(figures, dtype=float)).ravel()
    values = values[np.isfinite(values)]
    largest = float(values.max()) if values.size else 0.0
    if unit in _WORDS:
        text, scale = _WORDS[unit]
        return Printed(text, scale, _digits(_PERCENT, scale * largest))
    if unit.startswith("million ") and largest >= 1000:
        return Printed(unit.replace("million", "bn", 1), 1e-3, _digits(_MONEY, largest / 1000))
    decimals: tuple[tuple[float, int], ...] = _OTHER
    if unit.split(" ")[0] in ("million", "bn", "thousand") or unit.isupper():
        decimals = _MONEY
    elif unit.startswith(("%", "points")):  # printed already
        decimals = _PERCENT
    return Printed(unit, 1.0, _digits(decimals, largest))


def _digits(table: tuple[tuple[float, int], ...], largest: float) -> int:
    if largest < NOISE:
        return table[1][1]
    return next(digits for size, digits in table if largest >= size)


def text(value: float, digits: int) -> str:
    """Return a figure with thousands set apart; a missing one is a dash, no zero has a sign."""
    if not np.isfinite(value):
        return "-"
    rounded = round(float(value), digits) + 0.0
    return f"{rounded:,.{digits}f}"
