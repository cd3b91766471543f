"""Rates that are too large to be meant: fractions given in per cent, rates given as powers."""

from __future__ import annotations

import warnings
from pathlib import Path

from cge.core.errors import InputError, RateWarning

#: Largest rate taken without a word, 500 per cent. The highest that ships is an applied tariff
#: of 170 per cent; a rate in per cent by mistake is beyond it, unless it is 5 per cent or less.
LARGEST_RATE = 5.0
#: The same of a share of GDP: no tax or subsidy brings or costs half of it.
LARGEST_SHARE = 0.5
#: Levels of powers below this draw a warning: the rate itself was given more likely than a
#: subsidy of more than half the price.
LOWEST_POWER = 0.5
#: Largest ratio to the benchmark, or to balanced growth, of productivity and of what there is of a
#: factor, and one over the smallest: beyond it a ratio is in per cent, as 105 for 1.05.
LARGEST_RATIO = 20.0
#: Sign of the rate in a power, by the unit of variables.
POWERS = {"power 1+t": 1, "power 1-t": -1}


def too_large(
    value: float, bound: float, escape: str, file: str | Path | None = None, key: str | None = None
) -> InputError:
    """Error that refuses a fraction beyond a bound and says what was probably meant.

    Parameters
    ----------
    value, bound : float
    escape : str
        How the user says that the value is meant.
    file, key
        Where it stands.
    """
    most = f"up to {bound:g}" if value > 0 else f"{-bound:g} or more"
    return InputError(
        f"is a fraction, not per cent: {value:g} is {100 * value:.6g} %, and {value:.6g} % is "
        f"{value / 100:g}",
        file=file,
        key=key,
        value=value,
        allowed=f"{most}, or any with {escape}",
    )


def too_many_times(value: float, escape: str, key: str | None = None) -> InputError:
    """Error that refuses a multiple of the benchmark which is in per cent.

    Parameters
    ----------
    value : float
        Beyond :data:`LARGEST_RATIO`.
    escape : str
        How the user says that the value is meant.
    key : str, optional
        Where it stands.
    """
    return InputError(
        f"is a multiple of the benchmark, not per cent: {value:g} is {100 * value:.6g} %, "
        f"and {value:.6g} % is {value / 100:g}",
        key=key, value=value, allowed=f"up to {LARGEST_RATIO:g}; {escape}",
    )  # fmt: skip


def check_ratio(level: float, selector: str) -> None:
    """Refuse a ratio to the benchmark that is in per cent.

    Raises
    ------
    InputError
        For one beyond :data:`LARGEST_RATIO`.
    """
    if level > LARGEST_RATIO:
        raise InputError(
            "is a ratio to the benchmark, not per cent: 1.05 is 5 % more",
            key=f"changes.{selector}", value=level,
            allowed=f"up to {LARGEST_RATIO:g}, or any with allow_large_rates=True",
        )  # fmt: skip


def check_power(level: float, unit: str, selector: str) -> None:
    """Refuse the level of a power that is a rate in per cent, and warn of one that is a rate.

    Parameters
    ----------
    level : float
    unit : str
        Of the variable; one that is no power passes.
    selector : str
        What was given the level.

    Raises
    ------
    InputError
        For a rate beyond :data:`LARGEST_RATE`.

    Warns
    -----
    RateWarning
        For a level below :data:`LOWEST_POWER`.
    """
    if unit not in POWERS or LOWEST_POWER <= level <= 1 + LARGEST_RATE:
        return
    sign = POWERS[unit]
    meant = level if level < 1 else level / 100
    problem = (
        f"a level is 1 {'-' if sign < 0 else '+'} the rate: {level:g} is a rate of "
        f"{100 * sign * (level - 1):.6g} %, and {1 + sign * meant:g} one of {100 * meant:.6g} %"
    )
    if level > 1:
        raise InputError(
            problem, key=f"changes.{selector}", value=level,
            allowed=f"up to {1 + LARGEST_RATE:g}, or any with allow_large_rates=True",
        )  # fmt: skip
    # Where the warning points to: the call of Model.levels, whose arguments are checked first.
    warnings.warn(
        f"{selector}: {problem} (allow_large_rates=True: it is meant)", RateWarning, stacklevel=4
    )
