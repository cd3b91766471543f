"""What a reader wants to see of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cge.core.errors import InputError, check_known


@dataclass(frozen=True)
class Choice:
    """A choice among results; empty means what fits the page.

    Parameters
    ----------
    measures, regions, sectors : tuple of str
    scenarios : tuple of str
        Scenarios or variants.
    elasticities, returns : tuple of str
        Elasticity sets; levels of the returns to research.
    unit : str, optional
        percent, value or volume.
    step : float, optional
        Share of the whole shock that is in place; default the largest.
    years : tuple of int
        Of a path: 1 is the first, or years of the calendar.
    weighting : str, optional
        Weights of disruptions; default those that the study names.
    detail : bool
        Components rather than their groups.
    title : str, optional
    """

    measures: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    elasticities: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    unit: str | None = None
    step: float | None = None
    years: tuple[int, ...] = ()
    weighting: str | None = None
    detail: bool = False
    title: str | None = None


def choice_of(options: Mapping[str, Any]) -> Choice:
    """A choice of plain options, one code or several.

    Raises
    ------
    InputError
        For an option there is not.
    """
    check_known(options, Choice.__dataclass_fields__, "no such option")
    found: dict[str, Any] = {}
    for name, value in options.items():
        several = isinstance(getattr(Choice(), name), tuple)
        if several and isinstance(value, str | int):
            value = (value,)
        found[name] = tuple(value) if several else value
    return Choice(**found)


#: Flag of the command line for each option, for messages.
FLAGS = {
    "measures": "--measures", "regions": "--region", "sectors": "--sector",
    "scenarios": "--scenario", "elasticities": "--elasticities", "returns": "--returns",
    "unit": "--unit", "step": "--step", "years": "--year", "weighting": "--weighting",
    "detail": "--detail",
}  # fmt: skip


def chosen(
    known: Sequence[str], wanted: Sequence[str], option: str, among: str = "these results"
) -> list[str]:
    """Codes that are wanted, or all that are known.

    Raises
    ------
    InputError
        For one that is not known.
    """
    for code in wanted:
        if code not in known:
            raise InputError(f"not in {among}", key=FLAGS[option], value=code, allowed=list(known))
    return list(dict.fromkeys(wanted)) or list(known)


def one_unit(unit: str | None, known: Sequence[str]) -> str:
    """The unit that is wanted, or the first that is known.

    Raises
    ------
    InputError
        For one that is not known.
    """
    if unit is not None and unit not in known:
        raise InputError("unknown unit", key=FLAGS["unit"], value=unit, allowed=known)
    return unit or known[0]
