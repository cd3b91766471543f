"""What is judged: shares in a year, of deliveries and GDP, and how they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from cge.backtest.given import Given, exports_of, gdp_of
from cge.core.axes import AXES, Array, Bools, ratio
from cge.core.errors import refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.data.past_years import PastYear
from cge.solve.solution import Allocation

#: Group of an aggregation whose trade is judged: trade in services is hardly observed.
GOODS = "goods"
#: Columns of the results by the letter of an axis.
_COLUMNS = {"r": "region", "s": "region", "i": "sector"}


@dataclass(frozen=True, eq=False)
class World:
    """A year, observed or forecast.

    Parameters
    ----------
    flows : ndarray (r, i, s)
        Deliveries, to whatever use.
    gdp : ndarray (s,)
        At current prices.
    real : ndarray (s,), optional
        GDP at prices of the first year, over any number.
    """

    flows: Array
    gdp: Array
    real: Array | None = None


def world_of(found: Allocation) -> World:
    """A year as a solution has it."""
    return World(found.array("trade_value"), found.values("gdp"), found.values("gdp_volume"))


class Share(NamedTuple):
    """Shares, what they are shares of, and which of them are judged; arrays of one shape."""

    axes: str
    share: Array
    whole: Array
    counts: Bools


def _abroad(regions: int) -> Bools:
    return ~np.eye(regions, dtype=bool)


def _trade_share(w: World, goods: Bools) -> Share:
    flows = w.flows[:, goods]
    whole = np.broadcast_to(flows.sum(axis=0), flows.shape)
    counts = np.broadcast_to(_abroad(len(flows))[:, None], flows.shape)
    return Share("ris", ratio(flows, whole), whole, counts)


def _goods_share(w: World, goods: Bools) -> Share:
    flows = w.flows[:, goods].sum(axis=1)
    whole = np.broadcast_to(flows.sum(axis=0), flows.shape)
    return Share("rs", ratio(flows, whole), whole, _abroad(len(flows)))


def _import_reliance(w: World, goods: Bools) -> Share:
    whole = w.flows[:, goods].sum(axis=0).T
    home = np.einsum("sis->si", w.flows[:, goods])
    return Share("si", ratio(whole - home, whole), whole, np.ones(whole.shape, dtype=bool))


def _goods_reliance(w: World, goods: Bools) -> Share:
    by_sector = _import_reliance(w, goods)
    whole = by_sector.whole.sum(axis=1)
    abroad = (by_sector.share * by_sector.whole).sum(axis=1)
    return Share("s", ratio(abroad, whole), whole, np.ones(len(whole), dtype=bool))


def _pair_share(w: World, goods: Bools) -> Share:
    counts = _abroad(len(w.flows))
    flows = w.flows[:, goods].sum(axis=1) * counts
    whole = np.full(flows.shape, flows.sum())
    return Share("rs", flows / whole, whole, counts)


def _sector_share(w: World, goods: Bools) -> Share:
    output = w.flows.sum(axis=2)
    whole = np.broadcast_to(output.sum(axis=1, keepdims=True), output.shape)
    return Share("ri", ratio(output, whole), whole, np.ones(output.shape, dtype=bool))


def _of_world(values: Array) -> Share:
    whole = np.full(len(values), values.sum())
    return Share("s", values / whole, whole, np.ones(len(values), dtype=bool))


def _gdp_share(w: World, goods: Bools) -> Share:
    return _of_world(w.gdp)


def _real_share(w: World, goods: Bools) -> Share:
    assert w.real is not None
    return _of_world(w.real)


SHARES: Mapping[str, Callable[[World, Bools], Share]] = {
    "trade_share": _trade_share, "goods_share": _goods_share,
    "import_reliance": _import_reliance, "goods_reliance": _goods_reliance,
    "pair_share": _pair_share, "sector_share": _sector_share,
    "world_gdp_share": _gdp_share, "world_real_share": _real_share,
}  # fmt: skip
#: Not observed where trade by pair is known for all goods together alone.
_BY_SECTOR = ("trade_share", "import_reliance")


def judged(given: Given, last: PastYear, growth: Array | None) -> tuple[str, ...]:
    """Names of what is judged: what was not given, and was observed.

    Shares in world GDP are judged where the other of their two sides is given: at current prices
    where real growth is, in real terms where GDP at current prices is.

    Parameters
    ----------
    given : Given
    last : PastYear
        The year that is forecast.
    growth : ndarray, optional
        Observed real growth, where it is known.
    """
    out = {*_BY_SECTOR} if last.estimated else set()
    if given.growth is None:  # at the prices of the year GDP is no question of tariffs alone
        out.add("world_gdp_share")
    if given.size is None or growth is None:
        out.add("world_real_share")
    return tuple(name for name in SHARES if name not in out)


@dataclass(frozen=True, eq=False)
class Window:
    """Two years, as they were.

    Parameters
    ----------
    benchmark : Benchmark
        Of the first.
    last : PastYear
    growth : ndarray (s,), optional
        Real GDP of the last over the first, where it is known.
    """

    benchmark: Benchmark
    last: PastYear
    growth: Array | None

    @cached_property
    def goods(self) -> Bools:
        """Which sectors are goods.

        Raises
        ------
        InputError
            If the aggregation does not say.
        """
        group = self.benchmark.groups.get("sectors", {}).get(GOODS, ())
        refuse_if(not group, f"has no group '{GOODS}' of sectors, whose trade is judged",
                  key="benchmark.aggregation", value=self.benchmark.origin.get("aggregation"),
                  allowed="an aggregation with such a group")  # fmt: skip
        return np.isin(self.benchmark.sectors, list(group))

    @cached_property
    def before(self) -> World:
        """The first year."""
        gdp = gdp_of(self.benchmark)
        return World(self.benchmark.flows.sum(axis=0), gdp, gdp)

    @cached_property
    def after(self) -> World:
        """The last year."""
        real = None if self.growth is None else self.growth * gdp_of(self.benchmark)
        return World(self.last.flows, self.last.gdp, real)

    def by_gravity(self, given: Given) -> World | None:
        """The naive forecast: trade of a pair grows as the sizes of both, whatever their prices.

        Size is GDP, of what an exporter sells abroad its exports of the good where these are given.
        None where no size is given.
        """
        share, home = given.size, np.eye(len(self.before.gdp), dtype=bool)[:, None]
        if given.growth is not None:
            share = given.growth * self.before.gdp / (given.growth @ self.before.gdp)
        if share is None:
            return None
        grown = share / (self.before.gdp / self.before.gdp.sum())
        flows = self.before.flows * grown[:, None, None] * grown
        if given.exports is not None:
            sold = exports_of(self.before.flows)
            own = ratio(given.exports, ratio(sold, sold.sum(axis=0)), empty=np.nan)
            told = self.before.flows * own[:, :, None] * grown
            flows = np.where(home | ~np.isfinite(told), flows, told)
        return World(flows, share, share)

    def codes(self, of: Share) -> Mapping[str, Any]:
        """Columns of results with the codes of the cells of shares, in their order.

        Of a flow the exporter stands in ``region``, the importer in ``partner``.
        """
        b, grids = self.benchmark, {}
        for axis, size in zip(of.axes, of.share.shape):
            codes = np.array(getattr(b, AXES[axis]), dtype=object)
            if axis == "i" and size < len(codes):
                codes = codes[self.goods]
            column = "partner" if axis == "s" and "r" in of.axes else _COLUMNS[axis]
            grids[column] = codes
        return {column: grid.ravel() for column, grid in
                zip(grids, np.meshgrid(*grids.values(), indexing="ij"))}  # fmt: skip
