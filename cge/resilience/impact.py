"""Impact of a disruption on the model: levels that move and volumes that are held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import InputError
from cge.data.accounts.benchmark import CAPITAL
from cge.resilience.disruptions import Disruption, Event
from cge.resilience.preshock import PreShock
from cge.solve.closure import Swap, Total
from cge.solve.model import Model, Solver
from cge.solve.solution import Allocation, Solution

#: What moves to ration a route, by who keeps the rent.
RENTS = {"importer": "tariff", "exporter": "export_tax", "lost": "trade_cost"}

Route = tuple[str, str, str]  # exporter, commodity, importer
#: From an event about knowledge and its duration to the log change of productivity, (s, j).
Forgetting = Callable[[Event, int], Array]


@dataclass(frozen=True, eq=False)
class Impact:
    """Shocks that disruptions put on a pre-shock equilibrium.

    Parameters
    ----------
    columns : ndarray of int
        Given columns whose levels are multiplied.
    factors : ndarray
        By what.
    rationed : tuple of (Route, float, str)
        Routes, the part of the volume before that is let through, and who keeps the rent.
    """

    columns: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    factors: Array = field(default_factory=lambda: np.zeros(0))
    rationed: tuple[tuple[Route, float, str], ...] = ()

    def __add__(self, other: Impact) -> Impact:
        """Both together; where both ration a route, what is left is multiplied."""
        left: dict[Route, tuple[float, str]] = {}
        for route, part, rents in (*self.rationed, *other.rationed):
            before = left.get(route)
            left[route] = (part, rents) if before is None else (part * before[0], before[1])
        return Impact(
            np.concatenate([self.columns, other.columns]),
            np.concatenate([self.factors, other.factors]),
            tuple((route, *kept) for route, kept in left.items()),
        )

    def laid(self, levels: Array) -> Array:
        """Levels with the impact on them, (columns,)."""
        levels = levels.copy()
        np.multiply.at(levels, self.columns, self.factors)
        return levels

    def swaps(self, pre: Allocation) -> tuple[Swap, ...]:
        """Swaps that hold the rationed volumes.

        A ration is a virtual price (Neary and Roberts 1980): the rent is what makes buyers
        want no more than there is. If other things happen as well they may want less than
        is let through, and the ration then does not bind. Where the rent is lost, in waiting
        and in ways around, what is held is what arrives.
        """
        alone = not len(self.columns)
        swaps = []
        for (r, i, s), part, rents in self.rationed:
            route = f"[*, {r}, {i}, {s}]"
            fix: str | Total = f"trade_volume[{r}, {i}, {s}]"
            if rents == "lost":
                fix = Total(((1.0, f"arrivals{route}"),))
            swaps.append(Swap(
                f"{RENTS[rents]}{route}", fix, part * pre.value_of(fix)[0], relative=False,
                bound=None if alone else "upper", relief=1,
            ))  # fmt: skip
        return tuple(swaps)


def impact_of(
    pre: PreShock, disruption: Disruption, leakage: float, forgetting: Forgetting | None = None
) -> Impact:
    """Impact of a disruption of the library.

    Parameters
    ----------
    pre : PreShock
    disruption : Disruption
    leakage : float
        The least part of a volume that comes through a total ban.
    forgetting : callable, optional
        What being cut off from knowledge does to productivity; without it nothing.
    """
    each = (_of_event(pre, event, disruption.duration, leakage, forgetting)
            for event in disruption.events)  # fmt: skip
    return sum(each, Impact())


def _of_event(
    pre: PreShock, event: Event, years: int, leakage: float, forgetting: Forgetting | None
) -> Impact:
    routes = [(r, i, s) for (r, s), i in product(event.routes, event.sectors)]
    match event.type:
        case "supply":
            return capacity_lost(pre, event.regions, event.sectors, event.size)
        case "factor":
            parts = [factor_lost(pre, event.regions, f, event.size) for f in event.factors]
            return sum(parts, Impact())
        case "ration" | "demand":
            return rationed(pre, routes, event.remaining(leakage), event.rents or "importer")
        case "cost":
            return dearer(pre, routes, event.size)
        case "knowledge":
            if forgetting is None:
                return Impact()
            return productivity_changed(pre, forgetting(event, years))
    raise InputError("unknown type of event", key="type", value=event.type)


def capacity_lost(
    pre: PreShock, regions: Sequence[str], sectors: Sequence[str], loss: float
) -> Impact:
    """Loss of a part of the capacity of sectors.

    Their capital is lost, and those who worked with it find nothing else to do for the time
    being: the region's other factors shrink by the same part of what the sectors employ.
    Productivity would be the wrong thing to take: a sector that makes half of its output
    from all of its inputs wastes inputs worth several times its value added.
    """
    model, paid = pre.model, pre.values("factor_payment")
    lost = model.variables["factor_use"].where(s=regions, j=sectors, f=[CAPITAL])
    left = dict.fromkeys(lost.tolist(), 1.0 - loss)
    for column, own, hit in idle_factors(model, regions, sectors):
        left[column] = 1.0 - loss * float(paid[hit].sum() / paid[own].sum())
    return Impact(np.array(list(left), dtype=np.int64), np.array(list(left.values()), dtype=float))


def idle_factors(
    model: Model, regions: Sequence[str], sectors: Sequence[str]
) -> Iterator[tuple[int, Bools, Bools]]:
    """Factors of which a loss of capacity leaves a part idle: all of the regions but capital.

    Yields
    ------
    int
        Column of the factor's supply.
    ndarray of bool (payments,)
        Payments to the factor in its region.
    ndarray of bool (payments,)
        Those of the sectors that are hit.
    """
    supply, payment = model.variables["factor_supply"], model.outcomes["factor_payment"]
    hit = np.isin(payment.codes[1], list(sectors))
    for (s, f), n in supply.place.items():
        if s in regions and f != CAPITAL:
            own = (payment.codes[0] == s) & (payment.codes[2] == f)
            yield n, own, own & hit


def factor_lost(pre: PreShock, regions: Sequence[str], factor: str, loss: float) -> Impact:
    """Loss of a part of a factor, of capital in every sector alike."""
    moved = pre.model.variables["factor_use" if factor == CAPITAL else "factor_supply"]
    columns = moved.where(s=regions, f=[factor])
    return Impact(columns, np.full(len(columns), 1.0 - loss))


def dearer(pre: PreShock, routes: Iterable[Route], add: float) -> Impact:
    """Rise of the cost of trade on routes, a part of what is shipped (iceberg)."""
    wanted = set(routes)
    place = pre.model.variables["trade_cost"].place
    columns = np.array([n for cell, n in place.items() if cell[1:] in wanted], dtype=np.int64)
    return Impact(columns, np.full(len(columns), 1.0 + add))


def rationed(pre: Allocation, routes: Iterable[Route], left: float, rents: str) -> Impact:
    """Routes held at a part of their volume; those on which nothing goes stay out."""
    live = pre.model.outcomes["trade_volume"].place
    found = tuple((route, left, rents) for route in routes if route in live)
    return Impact(rationed=found)


def productivity_changed(pre: PreShock, change: Array) -> Impact:
    """Change of productivity.

    Parameters
    ----------
    change : ndarray (s, j)
        Of its log.
    """
    family = pre.model.variables["productivity"]
    factors = np.exp(change[family.at("sj")])
    moved = factors != 1.0
    return Impact(family.columns[moved], factors[moved])


def disrupted(
    pre: PreShock, impact: Impact, solver: Solver = "newton", guess: Array | None = None,
    beside: Array | None = None,
) -> Solution:  # fmt: skip
    """Short-run equilibrium under a disruption.

    Parameters
    ----------
    pre : PreShock
    impact : Impact
    solver : {"newton", "ipopt"}
    guess : ndarray (columns,), optional
        Levels near it.
    beside : ndarray (columns,), optional
        The same disruption in a world nearby, see :meth:`cge.solve.model.Model.solve`.

    Raises
    ------
    NoEquilibrium
        When no point passes.
    """
    closure = pre.closure.with_swaps(impact.swaps(pre))
    return pre.model.solve(impact.laid(pre.levels), closure, solver, start=pre.levels, guess=guess,
                           beside=beside)  # fmt: skip
