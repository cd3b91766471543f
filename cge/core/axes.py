"""Codes of the axes of arrays, and checks of arrays against them.

Axis letters used throughout the project: ``u`` use class, ``r`` origin region,
``i`` commodity, ``s`` region of use, ``j`` using sector, ``d`` final agent,
``f`` factor, ``v`` use class from which another buys. Commodities and sectors carry the same codes,
one sector one commodity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError, refuse_if

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Name of each axis by its letter.
AXES: Mapping[str, str] = {
    "u": "use_classes", "r": "regions", "s": "regions", "i": "sectors", "j": "sectors",
    "d": "agents", "f": "factors", "v": "use_classes",
}  # fmt: skip


@dataclass(frozen=True)
class Axes:
    """Codes by axis.

    Parameters
    ----------
    regions, sectors, use_classes, factors, agents : tuple of str
        Empty where no array has such an axis.
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    use_classes: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()

    @cached_property
    def codes(self) -> dict[str, tuple[str, ...]]:
        """Codes by axis letter."""
        return {letter: getattr(self, axis) for letter, axis in AXES.items()}

    def shape(self, letters: str) -> tuple[int, ...]:
        """Lengths of the axes `letters`."""
        return tuple(len(self.codes[letter]) for letter in letters)

    def label(self, letters: str, cell: Sequence[int]) -> str:
        """Codes of a cell, such as ``[CHN, ELEC]``."""
        return f"[{', '.join(self.codes[a][k] for a, k in zip(letters, cell, strict=True))}]"

    def check_shape(self, key: str, array: Array, letters: str) -> None:
        """Refuse an array whose shape is not that of the axes `letters`."""
        found, expected = array.shape, self.shape(letters)
        refuse_if(
            found != expected,
            f"array has shape {found}, expected {expected} = ({', '.join(letters)})", key=key,
        )  # fmt: skip

    def checked(self, key: str, given: Any, letters: str) -> Array:
        """Read-only copy of an array of numbers, of the shape `letters` and finite.

        Raises
        ------
        InputError
            Naming the argument `key`, and the first cell that is not finite.
        """
        array = number_array(key, given)
        self.check_shape(key, array, letters)
        self.refuse(
            ~np.isfinite(array), "missing (NaN) or infinite value at {cell}", key, letters, array
        )
        return fixed(array)

    def spread(self, key: str, given: Any, letters: str, short: str = "") -> Array:
        """View on the axes `letters` of a number, or of an array on these or those of `short`."""
        array, shape = number_array(key, given), self.shape(letters)
        for known in ("", letters, short):
            if array.shape == self.shape(known):
                missing = tuple(k for k, letter in enumerate(letters) if letter not in known)
                return np.broadcast_to(np.expand_dims(array, missing), shape)
        wanted = " or ".join(f"{self.shape(a)} = ({', '.join(a)})" for a in (letters, short) if a)
        raise InputError(f"array has shape {array.shape}", key=key,
                         allowed=f"a number, or an array of shape {wanted}")  # fmt: skip

    def refuse(
        self,
        bad: Bools,
        problem: str,
        key: str,
        letters: str,
        array: Array | None = None,
        allowed: str | None = None,
    ) -> None:
        """Raise an InputError about the first cell that is marked `bad`, if any is.

        Parameters
        ----------
        bad : ndarray of bool
        problem : str
            With ``{cell}`` where the codes of the cell belong.
        key : str
            The argument, for the message.
        letters : str
            Axes of `bad`.
        array : ndarray, optional
            Where the offending value stands.
        allowed : str, optional
        """
        if bad.any():
            cell = first_cell(bad)
            value = None if array is None else float(array[cell])
            problem = problem.format(cell=self.label(letters, cell))
            raise InputError(problem, key=key, value=value, allowed=allowed)


def first_cell(mask: Bools) -> tuple[int, ...]:
    """Position of the first cell that is marked."""
    return tuple(int(k) for k in np.argwhere(mask)[0])


def largest_cell(array: Array) -> tuple[int, ...]:
    """Position of the first of the largest values."""
    return tuple(int(k) for k in np.unravel_index(int(np.argmax(array)), array.shape))


def number_array(key: str, given: Any) -> Array:
    """Copy of what a user gives as an array of numbers."""
    try:
        array = np.array(given)
        # Text that looks like a number is text, and true is no rate of 100 per cent.
        kind = array.dtype.kind
        odd = kind not in "fiuO" or (
            kind == "O" and any(isinstance(one, str | bytes | bool) for one in array.flat)
        )
        numbers = None if odd else array.astype(float, copy=False)
    except (TypeError, ValueError):  # also of lists of different lengths
        numbers = None
    if numbers is None:
        raise InputError("is not an array of numbers", key=key, value=given)
    return numbers


def fixed(array: Array) -> Array:
    """The same array, made read-only."""
    array.setflags(write=False)
    return array


def ratio(numerator: Array, denominator: Array, empty: float = 0.0) -> Array:
    """Quotient, `empty` where the denominator is not positive."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    positive = np.asarray(denominator) > 0
    return np.divide(numerator, denominator, out=np.full(shape, empty), where=positive)
