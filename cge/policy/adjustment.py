"""Closures of a short year: how far wages, spending and employment give way within it.

One economy (:mod:`cge.model.short_year`) and its limits. ``gradual``: wages move slowly,
spending follows income in part, employment can fall. ``balances_given``: wages clear the market
at once and a region spends what it earns. ``regions_lend``: wages do not move against each
other, and what keeps employment full is lent or borrowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

from cge.core.errors import InputError, check_known
from cge.model.quantities import EXOGENOUS
from cge.solve.closure import Closure, Swap, Total

Adjustment = Literal["gradual", "regions_lend", "balances_given"]
ADJUSTMENTS: tuple[Adjustment, ...] = get_args(Adjustment)
#: Each in words.
ADJUSTS: Mapping[Adjustment, str] = {
    "gradual": "wages and spending adjust slowly and employment can fall",
    "regions_lend": "wages stand still against each other and regions lend",
    "balances_given": "balances are given and wages move",
}
#: What swaps of a short year are called.
LABEL = "short year"
#: World's borrowing, which is nothing.
_BORROWED = Total(((1.0, "borrowing_left"),))


def with_adjustment(
    closure: Closure, adjustment: Adjustment, labour: Sequence[str],
    responses: Mapping[str, float] | None = None,
) -> Closure:  # fmt: skip
    """Closure of a short year in place of one in which all has adjusted.

    Parameters
    ----------
    closure : Closure
        With given balances and full employment.
    adjustment : {"gradual", "regions_lend", "balances_given"}
    labour : sequence of str
        Factors that move between sectors.
    responses : mapping of str to float, optional
        Levels of :data:`cge.model.short_year.RESPONSES` in place of those of the model; what is
        no variable of the model is left aside.

    Raises
    ------
    InputError
        If there is no labour whose wage could move slowly.
    """
    check_known([adjustment], ADJUSTMENTS, "no such adjustment", key="closure.adjustment")
    given = {name: level for name, level in (responses or {}).items() if name in EXOGENOUS}
    closure = replace(closure, givens=(*closure.givens, *given.items()))
    if adjustment == "balances_given":
        return closure
    if not labour:
        raise InputError(
            "every factor is fixed in its sector, so there is no wage that could move slowly",
            key="closure.specific_factors", value=list(closure.specific_factors),
            allowed="adjustment: balances_given",
        )  # fmt: skip
    if adjustment == "regions_lend":
        made: tuple[Swap, ...] = (
            Swap("numeraire", _BORROWED, 0.0, relative=False, label=LABEL),
            Swap("private_borrowing", f"factor_return[*, {labour[0]}]", None, label=LABEL),
        )
        return replace(closure, swaps=(*closure.swaps, *made), numeraire=None)
    cells = f"[*, {'|'.join(labour)}]"
    made = (
        Swap(f"employment{cells}", f"wage_level{cells}", None, label=LABEL),
        Swap("private_borrowing", "accustomed_earnings", None, label=LABEL),
        Swap("public_borrowing", "accustomed_income", None, label=LABEL),
        Swap("world_spending", _BORROWED, 0.0, relative=False, label=LABEL),
        Swap("world_wage", "world_demand", None, label=LABEL),
    )
    return closure.with_swaps(made)


def adjustment_of(closure: Closure) -> Adjustment:
    """How far things adjust under a closure."""
    freed = {swap.free for swap in closure.swaps if swap.label == LABEL}
    if "numeraire" in freed:
        return "regions_lend"
    return "gradual" if freed else "balances_given"


def is_gradual(closure: Closure) -> bool:
    """Whether wages and spending adjust in part, as parameters say."""
    return adjustment_of(closure) == "gradual"


def without_adjustment(closure: Closure) -> Closure:
    """The closure in which all has adjusted, with what else it swaps."""
    return replace(
        closure, swaps=tuple(swap for swap in closure.swaps if swap.label != LABEL), givens=()
    )
