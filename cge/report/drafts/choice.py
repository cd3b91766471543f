"""The part of results that a reader wants to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from cge.core.errors import InputError, check_known
from cge.core.typed import check_fields


def _option(help: str, *flags: str, default: Any = ()) -> Any:
    return field(default=default, metadata={"help": help, "flags": flags})


@dataclass(frozen=True)
class Choice:
    """A choice among results; empty means what fits the page.

    The command line has a flag for each, with the help that stands here.
    """

    measures: tuple[str, ...] = _option(
        "Measures, with commas or repeated: real_gdp,employment[LAB].", "--measures"
    )
    regions: tuple[str, ...] = _option("Only this; may be repeated.", "--region")
    sectors: tuple[str, ...] = _option(
        "Only this sector; trade sums them; may be repeated.", "--sector"
    )
    scenarios: tuple[str, ...] = _option(
        "Only this scenario or variant, * for anything; may be repeated.", "--scenario", "--variant"
    )
    elasticities: tuple[str, ...] = _option("Only this set; may be repeated.", "--elasticities")
    returns: tuple[str, ...] = _option("Of a path: returns to research.", "--returns")
    unit: str | None = _option("percent, value or volume.", "--unit", default=None)
    step: float | None = _option("Share of the policy that is in place.", "--step", default=None)
    years: tuple[int, ...] = _option(
        "Of a path: 1 is the first; or of the calendar; may be repeated.", "--year"
    )
    weighting: str | None = _option(
        "Of disruptions, in statistics of losses.", "--weighting", default=None
    )
    detail: bool = _option("All components of welfare.", "--detail", default=False)
    title: str | None = _option("In place of the usual one.", "--title", default=None)


#: Flag of the command line for each option, for messages.
FLAGS: Mapping[str, str] = {one.name: one.metadata["flags"][0] for one in fields(Choice)}


def choice_of(options: Mapping[str, Any]) -> Choice:
    """A choice of plain options, one code or several.

    Raises
    ------
    InputError
        For an option there is not, or a value that it can not have.
    """
    check_known(options, FLAGS, "no such option")
    found: dict[str, Any] = {}
    for name, value in options.items():
        several = isinstance(getattr(Choice(), name), tuple)
        found[name] = (value,) if several and isinstance(value, str | int) else value
    choice = Choice(**found)
    check_fields(choice)
    return choice


def chosen(
    known: Sequence[str], wanted: Sequence[str], option: str, among: str = "these results"
) -> list[str]:
    """Codes that are wanted, or all that are known.

    Raises
    ------
    InputError
        For one that is not known.
    """
    check_known(wanted, list(known), f"not in {among}", key=FLAGS[option])
    return list(dict.fromkeys(wanted or known))


def chosen_one(
    known: Sequence[str], wanted: Sequence[str | None], option: str, among: str = "what is shown"
) -> str:
    """The one code that is wanted, or the first that is known.

    Raises
    ------
    InputError
        For one that is not known, and for several.
    """
    given = [code for code in wanted if code is not None]
    if len(given) > 1:
        raise InputError("one at a time", key=FLAGS[option], value=", ".join(given), allowed=known)
    return chosen(known, given, option, among)[0]
