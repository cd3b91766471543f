"""An equilibrium before a disruption: a policy in place, and what is fixed in the short run.

The equilibrium may be of the long run or of a year of a path. When a disruption comes
relations with suppliers, capital by sector and know-how are what they are; demand has its
short-run elasticities. Nothing else separates the short run from the equilibrium it starts
from: weights at the point of the menu that is cheapest at its prices reproduce it exactly
(:mod:`cge.dynamics.menu`), for which every such equilibrium is checked.

Within the year wages do not move against each other and regions lend: an external balance
is what keeps the wage of a region where it was. What a region borrows is no income, so a
loss is one of real income, absorption less what was borrowed. With balances given instead,
and trade elasticities below one, a region that loses a market can only pay for its imports
by growing poor, and the region whose supply was cut off gains from that more than it loses
(Taiwan -31 %, China +4 % under an embargo on electronics for China): the transfer problem
at elasticities near those at which trade balances cease to respond to prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import InputError, NoEquilibrium, refuse_if
from cge.data.elasticities.nests import NEST_AXES
from cge.dynamics.recursion import check_capital
from cge.model.shares import CAPITAL
from cge.dynamics.sourcing import NESTS, Sourcing
from cge.resilience.import_price import BackstopRoutes, purchaser_prices
from cge.solve.closure import Closure, Swap
from cge.solve.model import Model
from cge.solve.solution import Allocation, Solution

#: The short run must reproduce the log of welfare of the equilibrium it starts from to this.
REPRODUCED = 1e-8


@dataclass(frozen=True, eq=False)
class PreShock(Allocation):
    """An equilibrium from which disruptions set out.

    Parameters
    ----------
    model : Model
        With short-run elasticities.
    levels : ndarray (columns,)
        Of the equilibrium, backstops out of reach.
    closure : Closure
        In which capital is fixed in its sector.
    premium : mapping of (region, sector) to float
        Of the backstop over what an import costs its buyer; sectors that it does not name
        have none within reach.
    """

    closure: Closure
    premium: Mapping[tuple[str, str], float]

    @cached_property
    def ready(self) -> Array:
        """Levels of given columns with backstops within reach: what disruptions are laid over."""
        levels, family = self.levels.copy(), self.model.variables["backstop_premium"]
        if len(family):
            out_of_reach = self.model.start.values("backstop_premium")
            premium = [
                self.premium.get((s, i), other)
                for (_, _, i, s), other in zip(family.index, out_of_reach, strict=True)
            ]
            relative = BackstopRoutes(self.model).relative_price(purchaser_prices(self))
            levels[family.positions] = premium * relative
        return levels

    def real_income(self, at: Allocation) -> Array:
        """Absorption less additional borrowing, in real terms, (s,)."""
        borrowed = at.values("transfer") - self.values("transfer")
        return (at.values("absorption_value") - borrowed) / at.values("welfare_price")

    def losses(self, after: Allocation) -> Array:
        """Part of real income that a disruption takes from each region, (s,)."""
        return 1.0 - self.real_income(after) / self.real_income(self)


def pre_shock(
    solution: Solution,
    short: Model,
    premium: Mapping[tuple[str, str], float] | None = None,
    lending: bool = True,
) -> PreShock:
    """An equilibrium as disruptions find it: with short-run elasticities, backstops in reach.

    Parameters
    ----------
    solution : Solution
        Of the static model with long-run elasticities, to which relations have then adapted,
        or with short-run ones, of which they are as they are. What its closure solved for
        beyond capital (a wage floor, a numeraire) it goes on solving for.
    short : Model
        Of the same accounts with short-run elasticities, and with backstops.
    premium : mapping of (region, sector) to float, optional
        See :class:`PreShock`.
    lending : bool
        Whether balances give way within the year; else they are given and wages move.

    Raises
    ------
    InputError
        If the benchmark has no capital, or the nests can not adapt.
    NoEquilibrium
        If the short run does not reproduce it.
    """
    check_capital(short.benchmark, "to be fixed")
    sourcing = None
    if solution.model.horizon == "long":
        _check_speeds(short)
        sourcing = Sourcing(short)
    levels = levels_before(short, solution.levels, places_in(short, solution.model), sourcing)
    closure = short_closure(solution.closure, short, lending)
    exact = short.solve(levels, closure, start=levels)
    moved = np.abs(np.log(exact.by_region("welfare") / solution.by_region("welfare"))).max()
    if moved > REPRODUCED:
        raise NoEquilibrium(
            f"the short run does not reproduce the equilibrium it starts from: welfare moves by "
            f"{moved:.1e}"
        )
    return PreShock(short, exact.levels, closure, dict(premium or {}))


def _check_speeds(model: Model) -> None:
    """Raise InputError where a nest that can not adapt substitutes otherwise in the long run."""
    short, long = (model.benchmark.elasticities[horizon] for horizon in ("short", "long"))
    for nest in NEST_AXES:
        refuse_if(
            nest not in NESTS and not np.array_equal(getattr(short, nest), getattr(long, nest)),
            "differs between the short run and the long, and has no weights to adapt, so that "
            "the short run would not start from the long-run equilibrium",
            key=f"elasticities.{nest}", allowed="the same values for both horizons",
        )  # fmt: skip


def short_closure(kept: Closure, model: Model, lending: bool) -> Closure:
    """Closure of a disruption: capital by sector, and wages or balances, are given.

    Swaps of the closure before it stay; a wage floor does not, employment is what it was.
    """
    b = model.benchmark
    specific = tuple(dict.fromkeys((*kept.specific_factors, CAPITAL)))
    if not lending or any(swap.free.startswith("balance") for swap in kept.swaps):
        return replace(kept, name="disruption", specific_factors=specific, wage_floor=None)
    mobile = next((f for f in b.factors if f not in specific), None)
    if mobile is None:
        raise InputError(
            "every factor is fixed in its sector, so there is no wage to keep",
            key="closure.specific_factors", value=list(specific), allowed="lending: false",
        )  # fmt: skip
    # The largest region's balance follows from the others', its wage is what money is worth.
    largest = b.regions[int(np.argmax(b.absorption))]
    wages = [Swap("numeraire", f"factor_return[{largest}, {mobile}]", at=None)]
    wages += [
        Swap(f"balance[{s}]", f"factor_return[{s}, {mobile}]", at=None)
        for s in b.regions if s != largest
    ]  # fmt: skip
    return replace(
        kept, name="disruption", specific_factors=specific, swaps=(*kept.swaps, *wages),
        wage_floor=None, numeraire=None,
    )  # fmt: skip


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

    What that model has in addition is at its benchmark level, but for the prices of varieties
    with a backstop: those of their routes.

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
        prices = sourcing.prices(Allocation(short, found).values)
        found[sourcing.columns] = np.exp(sourcing.menu.adapted(prices))
    varieties = short.variables["variety_price"].positions
    if len(found[varieties]):
        prices = purchaser_prices(Allocation(short, found))
        found[varieties] = prices[BackstopRoutes(short).imports]
    return found
