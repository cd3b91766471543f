"""Arguments of a user's arrays: rates, codes, classes, elasticities.

Every check ends in an :class:`~cge.core.errors.InputError` that names the argument and the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cge.core.axes import Array, Axes, number_array
from cge.core.errors import InputError, check_complete, check_known, refuse_first
from cge.core.rate_bounds import LARGEST_RATE, too_large
from cge.core.selectors import RESERVED
from cge.data.accounts.aggregation import check_groups
from cge.data.elasticities.nests import Elasticities, by_horizon

Negative = Literal["error", "clip"]

NEGATIVES = ("error", "clip")


def read_cells(axes: Axes, key: str, given: Any, letters: str) -> Array:
    """Values of the accounts, which can not be negative."""
    array = axes.checked(key, given, letters)
    axes.refuse(array < 0, "negative value at {cell}", key, letters, array, "values >= 0")
    return array


@dataclass(frozen=True)
class RateReader:
    """Reading of rates that a user gives as a number or an array.

    Parameters
    ----------
    axes : Axes
    large : bool
        Whether rates beyond :data:`~cge.core.rate_bounds.LARGEST_RATE` are meant.
    """

    axes: Axes
    large: bool = False

    def rate(self, key: str, given: Any, letters: str, short: str | None = None) -> Array:
        """A rate on `letters`, from a number, or an array on them or on those of `short`."""
        axes, array = self.axes, number_array(key, given)
        if array.ndim == 0:
            array = np.full(axes.shape(letters), float(array))
        elif short is not None and array.ndim == len(short):
            missing = tuple(k for k, letter in enumerate(letters) if letter not in short)
            array = np.expand_dims(axes.checked(key, array, short), missing)
            array = np.broadcast_to(array, axes.shape(letters))
        array = axes.checked(key, array, letters)
        axes.refuse(array <= -1, "rate at {cell} is -100 % or below", key, letters, array,
                    "fractions above -1; 0.1 is 10 %")  # fmt: skip
        largest = float(array.max(initial=0.0))
        if largest > LARGEST_RATE and not self.large:
            raise too_large(largest, LARGEST_RATE, "allow_large_rates=True", key=key)
        return array

    def output_tax(self, given: Any) -> Array:
        """A tax on output (s, j), which can not take the whole price."""
        array = self.rate("output_tax", given, "sj")
        self.axes.refuse(array >= 1, "rate at {cell} takes the whole price", "output_tax", "sj",
                         array, "fractions of the price below 1")  # fmt: skip
        return array

    def border(self, key: str, given: Any) -> Array:
        """A border rate (u, r, i, s), from one for all classes or one for each."""
        axes = self.axes
        if isinstance(given, Mapping):
            check_complete(given, axes.use_classes,
                           "rates by use class must name every class and no other",
                           key=key)  # fmt: skip
            by_class = [self.border(f"{key}.{c}", given[c]) for c in axes.use_classes]
            return np.stack([rate[k] for k, rate in enumerate(by_class)])
        array = number_array(key, given)
        if array.ndim == 0:
            # One number is a rate across borders.
            abroad = 1.0 - np.eye(len(axes.regions))
            array = array * np.broadcast_to(abroad[:, None, :], axes.shape("ris"))
        return self.rate(key, array, "uris", "ris")

    def export_tax(self, given: Any) -> Array:
        """Export tax (u, r, i, s), which can not lie on a region's deliveries to itself."""
        array = self.border("export_tax", given)
        home = np.eye(len(self.axes.regions), dtype=bool)[:, None]
        self.axes.refuse(
            home & (array != 0), "export tax on deliveries within region {cell}", "export_tax",
            "uris", array, "0 for a region's deliveries to itself",
        )  # fmt: skip
        return array


def safe_code(code: str) -> str:
    """A code that scenarios can name, the code itself if it is one."""
    for character in RESERVED:
        code = code.replace(character, " ")
    return " ".join(code.split())


def one_of(key: str, value: Any, allowed: Sequence[str]) -> None:
    """Refuse an option that is not among those allowed."""
    check_known([value], allowed, "unknown option", key=key)


def read_tolerance(given: Any) -> float:
    """A share, the largest gap that is accepted."""
    tolerance = number_array("tolerance", given)
    if tolerance.ndim or not 0 <= tolerance < 1:
        raise InputError("not a share", key="tolerance", value=given, allowed="0 to 1")
    return float(tolerance)


def read_codes(key: str, given: Any) -> tuple[str, ...]:
    """Codes as plain strings, so that equal benchmarks have equal fingerprints."""
    try:
        codes = tuple(str(code) for code in ([] if isinstance(given, str) else given))
    except TypeError:
        codes = ()
    if not codes:
        raise InputError("give a list of codes", key=key, value=given)
    repeated = (code for n, code in enumerate(codes) if code in codes[:n])
    refuse_first(repeated, "code stands twice", key=key)
    check_names(key, codes)
    return codes


def check_names(key: str, codes: Sequence[str], file: Path | None = None) -> None:
    """Refuse a code that scenarios could not name."""
    refuse_first(
        (code for code in codes if code != safe_code(code)),
        "code could not be named in a scenario", file=file, key=key,
        allowed=f"text without any of {' '.join(RESERVED)} and without spaces around it",
    )  # fmt: skip


def axis_codes(
    key: str, given: Sequence[str] | None, array: Array, single: tuple[str, ...]
) -> tuple[str, ...]:
    """Codes of an array's last axis, which need not be named if it has one."""
    if given is not None:
        return read_codes(key, given)
    if array.ndim and array.shape[-1] == 1:
        return single
    raise InputError(
        f"there are {array.shape[-1] if array.ndim else 0} of them: give their codes", key=key
    )


def read_groups(
    given: Mapping[str, Mapping[str, Sequence[str]]], axes: Axes
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Groups of codes by axis."""
    result = {}
    for axis, named in given.items():
        one_of("groups", axis, ("regions", "sectors"))
        result[axis] = {group: tuple(members) for group, members in named.items()}
        check_groups(result[axis], getattr(axes, axis), f"groups.{axis}")
    return result


def read_use_classes(
    given: Any, sectors: tuple[str, ...], agents: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Use classes: (classes, class of each sector, class of each agent)."""
    if given == "single":
        return ("all",), ("all",) * len(sectors), ("all",) * len(agents)
    if given == "by_kind":
        if "int" in agents:
            raise InputError("an agent has the code of the inputs' class", key="agents",
                             value="int", allowed="another code, or a mapping")  # fmt: skip
        return ("int", *agents), ("int",) * len(sectors), agents
    if not isinstance(given, Mapping):
        raise InputError(
            "unknown option", key="use_classes", value=given,
            allowed=("single", "by_kind", "a mapping from user to class"),
        )  # fmt: skip
    check_known(given, ("sectors", "agents", *sectors, *agents), "unknown user", key="use_classes")
    chosen: list[tuple[str, ...]] = []
    for kind, users in (("sectors", sectors), ("agents", agents)):
        left = () if kind in given else (user for user in users if user not in given)
        refuse_first(left, "user has no class", key="use_classes",
                     allowed=f"its code, or '{kind}' for all that are not named")  # fmt: skip
        chosen.append(tuple(str(given[user if user in given else kind]) for user in users))
    return tuple(dict.fromkeys(chosen[0] + chosen[1])), chosen[0], chosen[1]


def read_elasticities(given: Any, axes: Axes) -> dict[str, Elasticities]:
    """Elasticities by horizon, defaults filled in.

    Parameters
    ----------
    given : Elasticities or mapping
        As `elasticities` in :func:`benchmark_from_arrays`; values under ``short`` and
        ``long`` may be :class:`~cge.data.elasticities.nests.Elasticities` as well.
    axes : Axes
    """
    return {
        horizon: Elasticities.from_values(nests, axes) if isinstance(nests, Mapping) else nests
        for horizon, nests in by_horizon(given, (Mapping, Elasticities)).items()
    }
