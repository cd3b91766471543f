"""Outlay at which a path as a whole has an effect: welfare of a year, or its present value.

Knowledge that is bought in one year works in later ones, so no year's equilibrium can hold the
effect; whole paths are solved, with one outlay after another, until one has it.
"""

from __future__ import annotations

from collections.abc import Callable

from cge.core.errors import CgeError, NoEquilibrium
from cge.core.rate_bounds import LARGEST_SHARE
from cge.indicators.present_value import present_value
from cge.path.solved import PathCase, welfare
from cge.scenario.actions import Equal

#: Outlay that is tried first, a share of GDP.
FIRST = 1e-3
#: How exactly an outlay is found, a share of GDP, and how exactly it has the effect, per cent.
EXACT, SETTLED = 1e-11, 1e-9
#: A next outlay is at least and at most so many times the one before, until one is too much.
WIDER = (1.5, 2.0)
#: Part of an outlay below which no larger one is tried if still larger ones can not be spent.
NARROW = 0.02
#: Outlays in a row that lead away from the effect, after which it is not looked for further on.
AWAY = 3


def effect(case: PathCase, equal: Equal) -> float:
    """Effect of a path of which a goal is, per cent."""
    own = case.model.benchmark.regions.index(equal.region)
    gain, size = (stream[:, own] for stream in welfare(case))
    if equal.year is not None:
        return float(100 * gain[equal.year - 1] / size[equal.year - 1])
    rates = case.laws["discount_rate"], case.laws["growth"]
    return float(100 * present_value(gain, *rates).total / present_value(size, *rates).total)


def outlay_with(effect: Callable[[float], float], wanted: float, goal: str) -> float:
    """Find the smallest outlay with an effect, a share of GDP, from nothing upwards.

    Parameters
    ----------
    effect : callable
        Of an outlay, per cent.
    wanted : float
    goal : str
        What is wanted, for the message.

    Raises
    ------
    NoEquilibrium
        If no outlay is found that has it; says how far it goes.
    """
    from scipy.optimize import brentq

    known: dict[float, float] = {}

    def gap(outlay: float) -> float:
        if outlay not in known:
            known[outlay] = effect(outlay) - wanted
        return known[outlay] if abs(known[outlay]) > SETTLED else 0.0

    low, high, most, end, away = 0.0, FIRST, LARGEST_SHARE, "", 0
    while gap(low) != 0:
        try:
            passed = gap(high) * gap(low) <= 0
        except CgeError as error:  # so much can not be spent
            most, end = high, f"; {100 * high:.4g} %: {error}"
            high = (low + high) / 2
            if high - low < NARROW * high:
                break
            continue
        if passed:
            return float(brentq(gap, low, high, xtol=EXACT, rtol=1e-13))
        fall = 1 - gap(high) / gap(low)
        away = 0 if fall > 0 else away + 1
        if high == most or away == AWAY:
            break
        aim = low + (high - low) * 1.1 / fall if fall > 0 else float("inf")
        low, high = high, min(max(aim, WIDER[0] * high), WIDER[1] * high)
        high = min(high, most if most == LARGEST_SHARE else (low + most) / 2)
        if high - low < NARROW * high:
            break
    else:
        return low
    tried = "; ".join(f"{100 * x:.4g} %: {y + wanted:.4g}" for x, y in sorted(known.items()))
    raise NoEquilibrium(f"no outlay has {goal}; tried, as a share of GDP, {tried}{end}")
