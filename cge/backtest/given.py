"""What the model is told of a later year, as levels and a closure.

Nothing real is told but growth, where it is given: the equations are homogeneous in prices, so a
year's nominal values are given as shares of the world's. GDP is held by swaps, with the endowments
of a region free, all factors alike: factors that grow, or become more productive, are the same to
the model. Exports of goods are held with productivity by region and sector free: it is what the
exports of a sector, beside those of others, reveal (Costinot, Donaldson and Komunjer 2012). Output
would be the worse guide. Most of it is sold at home whatever it costs, so that what home demand has
done to it would be put down to productivities without bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.solve.closure import Closure, Swap, Total
from cge.solve.model import Model
from cge.solve.solution import Solution

#: What can be given.
TARIFFS, SIZE, GROWTH, BALANCES, EXPORTS = "tariffs", "size", "growth", "balances", "exports"


@dataclass(frozen=True, eq=False)
class Given:
    """What the model is told; None is not told.

    Parameters
    ----------
    tariffs : ndarray (u, r, i, s), optional
        Rates.
    size : ndarray (s,), optional
        Shares in world GDP at current prices.
    growth : ndarray (s,), optional
        Real GDP over that of the first year.
    balances : ndarray (s,), optional
        Imports less exports, over world GDP.
    exports : ndarray (r, i), optional
        Shares of regions in the world's exports of a good; NaN where it is not given.
    """

    tariffs: Array | None = None
    size: Array | None = None
    growth: Array | None = None
    balances: Array | None = None
    exports: Array | None = None

    @property
    def nothing(self) -> bool:
        """Whether it is told nothing."""
        return all(value is None for value in vars(self).values())


def gdp_of(benchmark: Benchmark) -> Array:
    """GDP of the regions of a benchmark, (s,)."""
    return benchmark.absorption - benchmark.balance


def closure_of_given(given: Given, benchmark: Benchmark) -> Closure:
    """Swaps that hold what is given.

    Parameters
    ----------
    given : Given
    benchmark : Benchmark
        Of the first year.
    """
    regions, world = benchmark.regions, float(gdp_of(benchmark).sum())
    swaps: list[Swap] = []
    for name, target, relative in (("gdp", given.size, False), ("gdp_volume", given.growth, True)):
        if target is not None:
            levels = target if relative else target * world
            swaps += [Swap(f"factor_supply[{code}, *]", f"{name}[{code}]", float(level), relative)
                      for code, level in zip(regions, levels)]  # fmt: skip
    if given.exports is not None:
        swaps += _of_exports(given.exports, benchmark)
    return Closure(name="backtest", swaps=tuple(swaps))


def exports_of(flows: Array) -> Array:
    """Deliveries of regions abroad, (r, i)."""
    return flows.sum(axis=2) - np.einsum("rir->ri", flows)


def _of_exports(told: Array, benchmark: Benchmark) -> Iterator[Swap]:
    """Swaps that hold shares in the world's exports of each good.

    The region that exports most of a good in the first year keeps its productivity: its share
    follows from those of the others.
    """
    flows = benchmark.flows.sum(axis=0)
    sold, home = exports_of(flows), np.einsum("rir->ri", flows)
    for i, sector in enumerate(benchmark.sectors):
        known = np.isfinite(told[:, i]) & (sold[:, i] > 0) & (told[:, i] > 0)
        if not known.any():
            continue
        largest = int(np.argmax(np.where(known, sold[:, i], -1.0)))
        at_home = {code: f"trade_value[{code}, {sector}, {code}]"
                   for code, value in zip(benchmark.regions, home[:, i]) if value > 0}  # fmt: skip
        for n, code in enumerate(benchmark.regions):
            if known[n] and n != largest:
                share = float(told[n, i])
                own = [(1.0, f"trade_value[{code}, {sector}, *]")]
                own += [(-1.0, at_home[code])] if code in at_home else []
                world = [(-share, f"trade_value[*, {sector}, *]"),
                         *((share, name) for name in at_home.values())]  # fmt: skip
                yield Swap(f"productivity[{code}, {sector}]", Total((*own, *world)), 0.0, False)


def levels_of_given(given: Given, model: Model) -> Array:
    """Levels of all columns of a model with the tariffs and balances that are given."""
    b, levels = model.benchmark, model.arrays.start.copy()
    if given.tariffs is not None:
        family = model.variables["tariff"]
        levels[family.positions] = 1 + given.tariffs[family.at(family.axes)]
    if given.balances is not None:
        world = float(gdp_of(b).sum())
        if given.growth is not None:
            world = float((gdp_of(b) * given.growth).sum())
        levels[model.variables["balance"].positions] = given.balances * world / b.absorption
    return levels


def forecast(model: Model, given: Given) -> Solution:
    """The later year as the model has it.

    Raises
    ------
    NoEquilibrium
        If no point passes.
    """
    return model.solve(levels_of_given(given, model), closure_of_given(given, model.benchmark))
