"""An equilibrium before a disruption: a policy in place, and what is fixed in the short run.

The equilibrium may be of the long run or of a year of a path. When a disruption comes
relations with suppliers, capital by sector and know-how are what they are; demand has its
short-run elasticities, wages and spending start from where they stand
(:mod:`cge.policy.adjustment`). Nothing else separates the short run from the equilibrium it starts
from: weights at the point of the menu that is cheapest at its prices reproduce it exactly
(:mod:`cge.dynamics.menu`), for which every such equilibrium is checked.

What a region borrows is no income, so a loss is one of real income, absorption less what was
borrowed. With balances given instead, and trade elasticities below one, a region that loses a
market can only pay for its imports by growing poor, and the region whose supply was cut off
gains from that more than it loses: the transfer problem at elasticities near those at which
trade balances cease to respond to prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import NoEquilibrium, refuse_if
from cge.data.accounts.benchmark import CAPITAL
from cge.data.elasticities.nests import NEST_AXES
from cge.dynamics.recursion import check_capital
from cge.dynamics.sourcing import NESTS, Sourcing
from cge.policy.adjustment import Adjustment, with_adjustment, without_adjustment
from cge.solve.closure import Closure
from cge.solve.model import Model
from cge.solve.solution import Allocation, Solution

#: The short run must reproduce the log of welfare of the equilibrium it starts from to this.
REPRODUCED = 1e-8
#: What a closure may already solve for in place of lending by a rule.
BORROWING = ("private_borrowing", "public_borrowing")


@dataclass(frozen=True)
class ShortRun:
    """How far wages and spending adjust within the year of a disruption.

    Parameters
    ----------
    adjustment : {"gradual", "regions_lend", "balances_given"}
    responses : mapping of str to float
        Levels in place of those of :data:`cge.model.short_year.RESPONSES`.
    """

    adjustment: Adjustment = "gradual"
    responses: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PreShock(Allocation):
    """An equilibrium from which disruptions set out.

    Parameters
    ----------
    model : Model
        With short-run elasticities.
    levels : ndarray (columns,)
        Of the equilibrium.
    closure : Closure
        In which capital is fixed in its sector.
    """

    closure: Closure

    def real_income(self, at: Allocation) -> Array:
        """Absorption less borrowing, at benchmark prices, (s,)."""
        return at.values("welfare") * self.model.benchmark.absorption

    def losses(self, after: Allocation) -> Array:
        """Part of real income that a disruption takes from each region, (s,)."""
        return 1.0 - self.real_income(after) / self.real_income(self)


def pre_shock(solution: Solution, short: Model, run: ShortRun | None = None) -> PreShock:
    """An equilibrium as disruptions find it: with short-run elasticities.

    Parameters
    ----------
    solution : Solution
        Of the static model with long-run elasticities, to which relations have then adapted,
        or with short-run ones, of which they are as they are. What its closure solved for
        beyond capital (a numeraire) it goes on solving for.
    short : Model
        Of the same accounts with short-run elasticities, and with the same stand-ins.
    run : ShortRun, optional
        Default: all adjusts gradually.

    Raises
    ------
    InputError
        If the benchmark has no capital, or the nests can not adapt.
    NoEquilibrium
        If the short run does not reproduce it.
    """
    if solution.model.backstop != short.backstop:
        raise ValueError("the equilibrium has other stand-ins than the short run")
    check_capital(short.benchmark, "to be fixed")
    sourcing = None
    if solution.model.horizon == "long":
        _check_speeds(short)
        sourcing = Sourcing(short)
    levels = levels_before(short, solution.levels, places_in(short, solution.model), sourcing)
    closure = short_closure(solution.closure, short, run or ShortRun())
    exact = short.solve(levels, closure, start=levels)
    moved = np.abs(np.log(exact.by_region("welfare") / solution.by_region("welfare"))).max()
    if moved > REPRODUCED:
        raise NoEquilibrium(
            f"the short run does not reproduce the equilibrium it starts from: welfare moves by "
            f"{moved:.1e}"
        )
    return PreShock(short, exact.levels, closure)


def _check_speeds(model: Model) -> None:
    """Raise InputError where a nest that can not adapt substitutes otherwise in the long run."""
    short, long = (model.benchmark.elasticities[horizon] for horizon in ("short", "long"))
    fixed = [nest for nest in NEST_AXES if nest not in NESTS]
    same = {nest: np.array_equal(getattr(short, nest), getattr(long, nest)) for nest in fixed}
    households = [one.household and one.household.fingerprint for one in (short, long)]
    for nest, alike in {**same, "household": households[0] == households[1]}.items():
        refuse_if(
            not alike, "differs between the short run and the long, and has no weights to adapt, "
            "so that the short run would not start from the long-run equilibrium",
            key=f"elasticities.{nest}", allowed="the same values for both horizons",
        )  # fmt: skip


def short_closure(kept: Closure, model: Model, run: ShortRun) -> Closure:
    """Closure of a disruption: capital by sector is given, wages and spending adjust in part.

    Swaps of the closure before it stay; a wage floor does not, employment is what it was.
    """
    kept = without_adjustment(kept)
    specific = tuple(dict.fromkeys((*kept.specific_factors, CAPITAL)))
    plain = replace(kept, name="disruption", specific_factors=specific, wage_floor=None)
    if any(swap.free.startswith(BORROWING) for swap in kept.swaps):
        return plain
    labour = [f for f in model.benchmark.factors if f not in specific]
    return with_adjustment(plain, run.adjustment, labour, run.responses)


def places_in(short: Model, before: Model) -> Integers:
    """Column of another model of the same accounts for each column of a model, -1 without one."""
    found = np.full(len(short.arrays.start), -1, dtype=np.int64)
    for name, family in short.variables.items():
        place = before.variables[name].place
        found[family.positions] = [place.get(cell, -1) for cell in family.index]
    return found


def levels_before(
    short: Model, levels: Array, places: Integers, sourcing: Sourcing | None
) -> Array:
    """Levels of an equilibrium in the model of the short run that starts from it.

    Parameters
    ----------
    short : Model
    levels : ndarray (columns of the other model,)
    places : ndarray of int (columns,)
        Of :func:`places_in`.
    sourcing : Sourcing, optional
        Relations that have adapted to the equilibrium; None: they are in its levels.
    """
    found = short.arrays.start.copy()
    here = places >= 0
    found[here] = levels[places[here]]
    if sourcing is not None:
        prices = sourcing.log_prices(Allocation(short, found))
        found[sourcing.columns] = np.exp(sourcing.menu.adapted(prices))
    return found
