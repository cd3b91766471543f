"""Arguments of a user's arrays: rates, codes, classes, elasticities.

Every check ends in an :class:`~cge.core.errors.InputError` that names the argument and the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from cge.core.axes import Array, Axes, number_array
from cge.core.errors import InputError, check_complete, check_known, refuse_first, refuse_if
from cge.core.rate_bounds import LARGEST_RATE, too_large
from cge.core.selectors import GROUPED, RESERVED, check_codes, check_groups
from cge.core.typed import taken
from cge.data.accounts.benchmark import LETTERS
from cge.data.accounts.rate_checks import check_rates
from cge.data.elasticities.nests import Elasticities, by_horizon

Negative = Literal["error", "clip"]

NEGATIVES = ("error", "clip")


def read_cells(
    axes: Axes, key: str, given: Any, letters: str, negative: str, said: list[str], unit: str = ""
) -> Array:
    """Values of the accounts: the right shape, finite, not negative.

    Parameters
    ----------
    axes : Axes
    key : str
        The argument, for messages.
    given : array_like
    letters : str
    negative : {"error", "clip"}
        Whether negative cells are refused or set to zero.
    said : list of str
        Notes, to which is added how many were set to zero.
    unit : str
        Of the values; of shares none.
    """
    array = axes.checked(key, given, letters)
    low = array < 0
    count = int(low.sum())
    if negative == "error":
        axes.refuse(low, f"{count} negative cells, the first at {{cell}}", key, letters, array,
                    "values >= 0, or negative='clip' to set them to zero")  # fmt: skip
    if not count:
        return array
    total = f"{-array[low].sum():.3g} {unit}".strip()
    said.append(f"{count} negative cells of '{key}', {total} in all, were set to zero.")
    return np.where(low, 0.0, array)


#: Axes on which a rate that holds for all of the others may be given.
_SHORT = {"tariff": "ris", "export_tax": "ris", "intermediate_tax": "sj", "final_tax": "sd",
          "factor_tax": "sj", "output_tax": "sj"}  # fmt: skip


def read_rates(axes: Axes, large: bool, **given: Any) -> dict[str, Array]:
    """Rates by name, on the axes of a benchmark.

    Parameters
    ----------
    axes : Axes
    large : bool
        Whether rates beyond :data:`~cge.core.rate_bounds.LARGEST_RATE` are meant.
    **given
        A number, or an array on the axes of the rate or on fewer; at borders a number holds
        across them all, and there may be one for each use class.
    """
    rates = {}
    for name, value in given.items():
        letters, short = LETTERS[name], _SHORT[name]
        if short == "ris" and isinstance(value, Mapping):
            check_complete(value, axes.use_classes,
                           "rates by use class must name every class and no other",
                           key=name)  # fmt: skip
            keys = {f"{name}.{c}": value[c] for c in axes.use_classes}
            parts = [axes.spread(key, _border(axes, key, v), "ris") for key, v in keys.items()]
            value = np.stack(parts)
        elif short == "ris":
            value = _border(axes, name, value)
        rates[name] = axes.checked(name, axes.spread(name, value, letters, short), letters)
        largest = float(rates[name].max(initial=0.0))
        if largest > LARGEST_RATE and not large:
            raise too_large(largest, LARGEST_RATE, "allow_large_rates=True", key=name)
    check_rates(axes, rates, LETTERS)
    return rates


def _border(axes: Axes, key: str, given: Any) -> Array:
    """An array as it is, one number on (r, i, s) across borders."""
    array = number_array(key, given)
    abroad = 1.0 - np.eye(len(axes.regions))
    spread = np.broadcast_to(abroad[:, None, :], axes.shape("ris"))
    return array if array.ndim else array * spread


def safe_code(code: str) -> str:
    """A code that scenarios can name, the code itself if it is one."""
    return " ".join(code.translate(dict.fromkeys(map(ord, RESERVED), " ")).split())


def one_of(key: str, value: Any, allowed: Sequence[str]) -> None:
    """Refuse an option that is not among those allowed."""
    check_known([taken(key, value, str)], allowed, "unknown option", key=key)


def read_tolerance(given: Any) -> float:
    """A share, the largest gap that is accepted."""
    tolerance = number_array("tolerance", given)
    refuse_if(tolerance.ndim or not 0 <= tolerance < 1, "not a share", key="tolerance",
              value=given, allowed="0 to 1")  # fmt: skip
    return float(tolerance)


def read_codes(key: str, given: Any) -> tuple[str, ...]:
    """Codes as plain strings, so that equal benchmarks have equal fingerprints."""
    try:
        codes = tuple(
            str(code) for code in ([] if isinstance(given, str | bytes | Mapping) else given)
        )
    except TypeError:
        codes = ()
    refuse_if(not codes, "give a list of codes", key=key, value=given)
    repeated = (code for n, code in enumerate(codes) if code in codes[:n])
    refuse_first(repeated, "code stands twice", key=key)
    check_codes(codes, key=key)
    return codes


def last_axis(
    key: str, given: Any, ndim: int, axis: str, codes: Sequence[str] | None, single: str
) -> tuple[Array, tuple[str, ...]]:
    """An array and the codes of its last axis; both may be left out where there is one.

    Parameters
    ----------
    key : str
    given : array_like
        With `ndim` axes, or without the last.
    ndim : int
    axis : str
        Name of the argument with the codes.
    codes : sequence of str, optional
    single : str
        Code where there is one and none is given.
    """
    array = number_array(key, given)
    array = array[..., None] if array.ndim == ndim - 1 else array
    if codes is not None:
        return array, read_codes(axis, codes)
    count = array.shape[-1] if array.ndim else 0
    refuse_if(count != 1, f"there are {count} of them: give their codes", key=axis)
    return array, (single,)


def read_groups(
    given: Mapping[str, Mapping[str, Sequence[str]]], axes: Axes
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Groups of codes by axis."""
    given = taken("groups", given, Mapping[str, Mapping[str, Sequence[str]]])
    check_known(given, GROUPED, "unknown option", key="groups")
    groups = {axis: {g: tuple(m) for g, m in named.items()} for axis, named in given.items()}
    for axis, named in groups.items():
        check_groups(named, getattr(axes, axis), f"groups.{axis}")
    return groups


def read_names(given: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Readable names of codes by axis."""
    return dict(taken("names", given, Mapping[str, Mapping[str, str]]))


def read_notes(given: str | Sequence[str]) -> list[str]:
    """Notes as a list, of one alone too."""
    return [given] if isinstance(given, str) else [*taken("notes", given, Sequence[str])]


def read_use_classes(
    given: Any, sectors: tuple[str, ...], agents: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Use classes: (classes, class of each sector, class of each agent)."""
    if isinstance(given, str) and given == "single":
        return ("all",), ("all",) * len(sectors), ("all",) * len(agents)
    if isinstance(given, str) and given == "by_kind":
        refuse_first({"int"} & {*agents}, "an agent has the code of the inputs' class",
                     key="agents", allowed="another code, or a mapping")  # fmt: skip
        return ("int", *agents), ("int",) * len(sectors), agents
    if not isinstance(given, Mapping):
        raise InputError("unknown option", key="use_classes", value=given,
                         allowed=("single", "by_kind", "a mapping from user to class"))  # fmt: skip
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
