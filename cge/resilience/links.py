"""Cuts of single links, one by one: which supplier is a chokepoint, who depends on whom.

They are disruptions like those of the library, of no family and so without weight in any
expected loss. Half of a link is cut with the rent to the seller, who sells what is left at
the scarcity price: with trade elasticities below one half a cut whose rent the importer
keeps can leave him better off, at the seller's expense. Bans are total, where nothing is
left to earn a rent on, and only of what has a backstop.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

from cge.core.axes import Array
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.indicators.exposure_losses import CUT
from cge.resilience.disruptions import Disruption, exports
from cge.resilience.events import Event, Route
from cge.resilience.impact import rationed
from cge.solve.solution import Solution

LINK, WITHHOLDING, BAN = "link-{}-{}-{}", "withhold-{}-{}", "ban-{}-{}"


def link_cuts(
    benchmark: Benchmark, importers: Sequence[str], sectors: Sequence[str], cut: float = CUT
) -> tuple[Disruption, ...]:
    """Cuts of every link from a foreign supplier (r, i) to an importer s.

    Parameters
    ----------
    benchmark : Benchmark
    importers, sectors : sequence of str
    cut : float
        Part of the volume.
    """
    b, found = benchmark, []
    flows = b.flows.sum(axis=0)
    for s, i, r in product(importers, sectors, b.regions):
        if r != s and flows[b.regions.index(r), b.sectors.index(i), b.regions.index(s)] > 0:
            title = f"{cut:.0%} of what {s} buys of {i} from {r} is cut"
            found.append(_one(LINK.format(r, i, s), title, [(r, s)], [i], b, cut, "exporter"))
    return tuple(found)


def withholdings(benchmark: Benchmark, sectors: Sequence[str]) -> tuple[Disruption, ...]:
    """Stops of all exports of a region's sector, for every region and sector."""
    b, live = benchmark, exports(benchmark)
    return tuple(
        _one(WITHHOLDING.format(r, i), f"{r} stops all exports of {i}",
             [(r, s) for s in b.regions if s != r], [i], b)
        for r, i in product(b.regions, sectors)
        if (r, i) in live
    )  # fmt: skip


def bans(benchmark: Benchmark, sectors: Sequence[str]) -> tuple[Disruption, ...]:
    """Stops of exports of some commodities from one region to another, for every pair."""
    what = ", ".join(sectors)
    return tuple(
        _one(BAN.format(r, s), f"{r} stops exports of {what} to {s}", [(r, s)], sectors, benchmark)
        for r, s in permutations(benchmark.regions, 2)
    )


def _one(
    name: str, title: str, routes: Sequence[Route], sectors: Sequence[str], benchmark: Benchmark,
    cut: float = 1.0, rents: str = "importer",
) -> Disruption:  # fmt: skip
    event = Event("ration", cut, sectors=tuple(sectors), routes=tuple(routes), rents=rents)
    return Disruption(name, title, 1, (event,), dict.fromkeys(benchmark.regions, ""))


def long_run_loss(solution: Solution, event: Event) -> Array:
    """Loss from the same cut once relations and capital have adapted to it, (s,).

    Over the loss in the short run this is how far substitution gets with time.

    Parameters
    ----------
    solution : Solution
        Of the static model with long-run elasticities.
    event : Event
        A ration.

    Returns
    -------
    ndarray (s,)
        The part of welfare that is lost; balances are given.

    Raises
    ------
    ValueError
        If the solution is one of the short run.
    NoEquilibrium
        When no point passes.
    """
    if solution.model.horizon != "long" or CAPITAL in solution.closure.specific_factors:
        raise ValueError("needs a solution of the long run")
    routes = [(r, i, s) for (r, s), i in product(event.routes, event.sectors)]
    swaps = rationed(solution, routes, 1.0 - event.size, event.rents).swaps(solution)
    closure = solution.closure.with_swaps(swaps)
    cut = solution.model.solve(solution.levels, closure, start=solution)
    return 1.0 - cut.by_region("welfare") / solution.by_region("welfare")
