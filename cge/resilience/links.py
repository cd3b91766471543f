"""Cuts of single links, one by one: which supplier is a chokepoint, who depends on whom.

They are disruptions like those of the library, of no family and so without weight in any
expected loss. Half of a link is cut with the rent to the seller, who sells what is left at
the scarcity price: with trade elasticities below one half a cut whose rent the importer
keeps can leave him better off, at the seller's expense. Bans are total, where nothing is
left to earn a rent on, and only of what has a backstop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.recursion import CAPITAL
from cge.resilience.disruptions import Disruption
from cge.resilience.events import Event
from cge.resilience.impact import RENTS
from cge.solve.closure import Swap
from cge.solve.solution import Solution

#: Part of a link that is cut to see how much hangs on it.
CUT = 0.5
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
    flows = benchmark.flows.sum(axis=0)
    found = []
    for s in importers:
        for i in sectors:
            for r in benchmark.regions:
                here = benchmark.regions.index(r), benchmark.sectors.index(i)
                if r == s or not flows[*here, benchmark.regions.index(s)] > 0:
                    continue
                title = f"{cut:.0%} of what {s} buys of {i} from {r} is cut"
                found.append(_one(LINK.format(r, i, s), title, ((r, s),), (i,), cut, "exporter",
                                  benchmark))  # fmt: skip
    return tuple(found)


def withholdings(benchmark: Benchmark, sectors: Sequence[str]) -> tuple[Disruption, ...]:
    """Stops of all exports of a region's sector, for every region and sector."""
    found = []
    for r in benchmark.regions:
        routes = tuple((r, s) for s in benchmark.regions if s != r)
        for i in sectors:
            if _exports(benchmark, r, i) > 0:
                title = f"{r} stops all exports of {i}"
                found.append(_one(WITHHOLDING.format(r, i), title, routes, (i,), 1.0, "importer",
                                  benchmark))  # fmt: skip
    return tuple(found)


def bans(benchmark: Benchmark, sectors: Sequence[str]) -> tuple[Disruption, ...]:
    """Stops of exports of some commodities from one region to another, for every pair."""
    what = ", ".join(sectors)
    return tuple(
        _one(BAN.format(r, s), f"{r} stops exports of {what} to {s}", ((r, s),), tuple(sectors),
             1.0, "importer", benchmark)
        for r in benchmark.regions for s in benchmark.regions if r != s
    )  # fmt: skip


def _exports(benchmark: Benchmark, region: str, sector: str) -> float:
    r, i = benchmark.regions.index(region), benchmark.sectors.index(sector)
    sold = benchmark.flows[:, r, i].sum(axis=0)
    return float(sold.sum() - sold[r])


def _one(
    name: str,
    title: str,
    routes: tuple[tuple[str, str], ...],
    sectors: tuple[str, ...],
    cut: float,
    rents: str,
    benchmark: Benchmark,
) -> Disruption:
    event = Event("ration", cut, sectors=sectors, routes=routes, rents=rents)
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
    swaps = []
    for r, s in event.routes:
        for i in event.sectors:
            volume = f"trade_volume[{r}, {i}, {s}]"
            at = (1.0 - event.size) * solution.outcome(volume)
            swaps.append(Swap(f"{RENTS[event.rents]}[*, {r}, {i}, {s}]", volume, at,
                              relative=False))  # fmt: skip
    closure = replace(solution.closure, swaps=(*solution.closure.swaps, *swaps))
    cut = solution.model.solve(solution.levels, closure, start=solution)
    return 1.0 - cut.by_region("welfare") / solution.by_region("welfare")
