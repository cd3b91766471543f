"""Reading the arguments of a user's arrays: shapes, codes, classes, elasticities.

Every check ends in an :class:`~cge.core.errors.InputError` that names the argument and the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.core.rate_bounds import LARGEST_RATE, too_large
from cge.core.selectors import RESERVED
from cge.data.elasticities.nests import NEST_AXES, Elasticities

Array = NDArray[np.float64]
Negative = Literal["error", "clip"]

NEGATIVES = ("error", "clip")
SPEEDS = ("short", "long")

#: Nests a user need not name: Cobb-Douglas, with factors mobile between sectors. The
#: Armington nest has no default, since every result hinges on it.
COBB_DOUGLAS: Mapping[str, float] = {
    nest: 1.0 for nest in NEST_AXES if nest not in ("armington", "transformation")
}


class Axes:
    """Codes by axis letter, and checks of arrays against them.

    Parameters
    ----------
    codes : mapping
    allow_large_rates : bool
        Whether rates beyond :data:`~cge.core.rate_bounds.LARGEST_RATE` are meant.
    """

    def __init__(
        self, codes: Mapping[str, tuple[str, ...]], allow_large_rates: bool = False
    ) -> None:
        self.codes = codes
        self.allow_large_rates = allow_large_rates
        self.sizes = {axis: len(named) for axis, named in codes.items()}

    def shape(self, letters: str) -> tuple[int, ...]:
        return tuple(self.sizes[axis] for axis in letters)

    def label(self, letters: str, where: tuple[int, ...]) -> str:
        parts = [self.codes[axis][k] for axis, k in zip(letters, where, strict=True)]
        return "[" + ", ".join(parts) + "]"

    def check(self, key: str, array: Array, letters: str) -> Array:
        expected = self.shape(letters)
        if array.shape != expected:
            raise InputError(
                f"array has shape {array.shape}, expected {expected} = ({', '.join(letters)})",
                key=key,
            )
        if not np.isfinite(array).all():
            where = first_cell(~np.isfinite(array))
            raise InputError(
                f"missing or infinite value at {self.label(letters, where)}",
                key=key, value=float(array[where]),
            )  # fmt: skip
        return array

    def rate(self, key: str, given: Any, letters: str, short: str | None = None) -> Array:
        """Return a rate on the axes `letters`, from a number or an array on fewer axes."""
        array = number_array(key, given)
        if array.ndim == 0:
            array = np.full(self.shape(letters), float(array))
        elif short is not None and array.ndim == len(short):
            array = self.check(key, array, short)
            missing = tuple(k for k, axis in enumerate(letters) if axis not in short)
            array = np.broadcast_to(np.expand_dims(array, missing), self.shape(letters))
        array = self.check(key, array, letters)
        self._above_minus_one(key, array, letters)
        largest = float(array.flat[int(np.abs(array).argmax())])
        if abs(largest) > LARGEST_RATE and not self.allow_large_rates:
            raise too_large(largest, LARGEST_RATE, "allow_large_rates=True", key=key)
        return array

    def by_class(self, key: str, given: Any) -> Array:
        """Return a border rate (u, r, i, s), from one for all classes or one for each."""
        if isinstance(given, Mapping):
            classes = self.codes["u"]
            if set(given) != set(classes):
                raise InputError(
                    "rates by use class must name every class and no other", key=key,
                    value=sorted(set(given) ^ set(classes))[0], allowed=classes,
                )  # fmt: skip
            return np.stack([self.by_class(f"{key}.{c}", given[c])[k]
                             for k, c in enumerate(classes)])  # fmt: skip
        array = number_array(key, given)
        if array.ndim == 0:
            # One number is a rate across borders.
            abroad = 1.0 - np.eye(self.sizes["r"])
            array = array * np.broadcast_to(abroad[:, None, :], self.shape("ris"))
        return self.rate(key, array, "uris", "ris")

    def _above_minus_one(self, key: str, array: Array, letters: str) -> None:
        if (array <= -1).any():
            where = first_cell(array <= -1)
            raise InputError(
                f"rate at {self.label(letters, where)} is -100 % or below",
                key=key, value=float(array[where]), allowed="fractions above -1; 0.1 is 10 %",
            )  # fmt: skip


def safe_code(code: str) -> str:
    """Return a code that scenarios can name, the code itself if it is one."""
    for character in RESERVED:
        code = code.replace(character, " ")
    return " ".join(code.split())


def first_cell(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return the position of the first cell that is marked."""
    return tuple(int(k) for k in np.argwhere(mask)[0])


def one_of(key: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError("unknown option", key=key, value=value, allowed=allowed)


def read_tolerance(given: Any) -> float:
    tolerance = number_array("tolerance", given)
    if tolerance.ndim or not 0 <= tolerance < 1:
        raise InputError("not a share", key="tolerance", value=given, allowed="0 to 1")
    return float(tolerance)


def number_array(key: str, given: Any) -> Array:
    try:
        return np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError("is not an array of numbers", key=key, value=given) from None


def read_codes(key: str, given: Any) -> tuple[str, ...]:
    """Return codes as plain strings, so that equal benchmarks have equal fingerprints."""
    try:
        codes = tuple(str(code) for code in ([] if isinstance(given, str) else given))
    except TypeError:
        codes = ()
    if not codes:
        raise InputError("give a list of codes", key=key, value=given)
    repeated = [code for n, code in enumerate(codes) if code in codes[:n]]
    if repeated:
        raise InputError("code stands twice", key=key, value=repeated[0])
    odd = [code for code in codes if code != safe_code(code)]
    if odd:
        raise InputError(
            "code could not be named in a scenario", key=key, value=odd[0],
            allowed=f"text without any of {' '.join(RESERVED)} and without spaces around it",
        )  # fmt: skip
    return codes


def axis_codes(
    key: str, given: Sequence[str] | None, array: Array, single: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the codes of an array's last axis, which need not be named if it has one."""
    if given is not None:
        return read_codes(key, given)
    if array.ndim and array.shape[-1] == 1:
        return single
    raise InputError(
        f"there are {array.shape[-1] if array.ndim else 0} of them: give their codes", key=key
    )


def read_groups(
    given: Mapping[str, Mapping[str, Sequence[str]]], codes: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, tuple[str, ...]]]:
    for axis, named in given.items():
        if axis not in codes:
            raise InputError("unknown axis", key="groups", value=axis, allowed=codes)
        for group, members in named.items():
            odd = [code for code in members if code not in codes[axis]]
            if odd:
                raise InputError(f"group '{group}' names an unknown code", key=f"groups.{axis}",
                                 value=odd[0], allowed=codes[axis])  # fmt: skip
    return {axis: {g: tuple(m) for g, m in named.items()} for axis, named in given.items()}


def read_use_classes(
    given: Any, sectors: tuple[str, ...], agents: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return (classes, class of each sector, class of each agent)."""
    if isinstance(given, str):
        one_of("use_classes", given, ("single", "by_kind", "a mapping from user to class"))
        if given == "single":
            return ("all",), ("all",) * len(sectors), ("all",) * len(agents)
        if "int" in agents:
            raise InputError("an agent has the code of the inputs' class", key="agents",
                             value="int", allowed="another code, or a mapping")  # fmt: skip
        return ("int", *agents), ("int",) * len(sectors), agents
    if not isinstance(given, Mapping):
        raise InputError(
            "unknown option", key="use_classes", value=given,
            allowed="'single', 'by_kind', or a mapping from user to class",
        )  # fmt: skip
    known = ("sectors", "agents", *sectors, *agents)
    unknown = [user for user in given if user not in known]
    if unknown:
        raise InputError("unknown user", key="use_classes", value=unknown[0], allowed=known)
    chosen: list[list[str]] = []
    for kind, users in (("sectors", sectors), ("agents", agents)):
        left = [user for user in users if user not in given and kind not in given]
        if left:
            raise InputError(
                f"user '{left[0]}' has no class", key="use_classes",
                allowed=f"its code, or '{kind}' for all that are not named",
            )  # fmt: skip
        chosen.append([str(given[user] if user in given else given[kind]) for user in users])
    classes = tuple(dict.fromkeys([*chosen[0], *chosen[1]]))
    return classes, tuple(chosen[0]), tuple(chosen[1])


def read_elasticities(
    given: Elasticities | Mapping[str, Any],
    sizes: Mapping[str, int],
    sectors: Sequence[str],
    factors: Sequence[str],
) -> dict[str, Elasticities]:
    """Return elasticities by speed from what a user gives, defaults filled in.

    Parameters
    ----------
    given : Elasticities or mapping
        As `elasticities` in :func:`benchmark_from_arrays`; values under ``short`` and
        ``long`` may be :class:`~cge.data.elasticities.nests.Elasticities` as well.
    sizes : mapping
        Length of each axis letter.
    sectors, factors : sequence of str
    """
    if isinstance(given, Elasticities):
        return dict.fromkeys(SPEEDS, given)
    if not isinstance(given, Mapping):
        raise InputError(
            "give a mapping from nest to value", key="elasticities", value=given, allowed=NEST_AXES
        )
    by_speed: Mapping[str, Any] = dict.fromkeys(SPEEDS, given)
    if set(given) & set(SPEEDS):
        odd = sorted(set(given) ^ set(SPEEDS))
        if odd:
            raise InputError(
                "give both speeds and nothing else beside them", key="elasticities",
                value=odd[0], allowed=SPEEDS,
            )  # fmt: skip
        by_speed = given
    result = {}
    for speed, values in by_speed.items():
        if isinstance(values, Elasticities):
            result[speed] = values
            continue
        if not isinstance(values, Mapping):
            raise InputError(
                "give a mapping from nest to value", key=f"elasticities.{speed}",
                value=values, allowed=NEST_AXES,
            )  # fmt: skip
        if "armington" not in values:
            raise InputError(
                "the Armington elasticity (among origins, 1 + theta) has no default",
                key="elasticities.armington",
            )
        codes = {"i": tuple(sectors), "f": tuple(factors)}
        result[speed] = Elasticities.from_values({**COBB_DOUGLAS, **values}, sizes, codes)
    return result
