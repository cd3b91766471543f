"""What a policy costs the budget, and what it does to where things come from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.indicators.economy import ALWAYS, Economy, Indicator, by_region
from cge.model.wedges import WEDGES, Wedge
from cge.solve.model import Model
from cge.solve.solution import Solution

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def policy_receipts(solution: Solution) -> pd.DataFrame:
    """Return what the change of each rate brings its region, at the solution.

    Receipts at the new rate less what the benchmark's rate would bring on the same base:
    zero wherever the rate is as it was.

    Returns
    -------
    DataFrame
        ``region`` (whose budget), ``sector``, ``item`` (the variable that is the rate),
        ``value`` in the benchmark's money at the numeraire's price; negative is an outlay.
    """
    tables = [_receipts(solution, wedge) for wedge in WEDGES.values()]
    table = pd.concat([t for t in tables if len(t)], ignore_index=True)
    keys = ["region", "sector", "item"]
    return table.groupby(keys, sort=False)["value"].sum().reset_index()


def _receipts(solution: Solution, wedge: Wedge) -> pd.DataFrame:
    model = solution.model
    power, base = model.variables[wedge.variable], model.outcomes[wedge.base]
    if not len(power.block):
        return pd.DataFrame()
    start = model.arrays.start[power.block.positions]
    change = solution.levels[power.block.positions] - start
    moved = np.flatnonzero(np.abs(change) > 1e-12 * start)
    if not len(moved):
        return pd.DataFrame()
    values = solution.outcomes[base.block.positions]
    where = base.matching(power)[moved]
    sector = power.axes.index("i" if "i" in power.axes else "j")
    return pd.DataFrame(
        {
            "region": power.codes[power.axes.index(wedge.collector)][moved],
            "sector": power.codes[sector][moved],
            "item": wedge.variable,
            "value": wedge.sign * change[moved] * values[where],
        }
    )


def outlay(solution: Solution) -> Array:
    """Return what the policy spends by region, (s,): subsidies paid and taxes forgone.

    In the benchmark's money at the numeraire's price, relative to benchmark rates; what
    higher taxes bring is not netted out.
    """
    receipts = policy_receipts(solution) if moved(solution) else None
    regions = solution.model.benchmark.regions
    if receipts is None:
        return np.zeros(len(regions))
    spent = receipts[receipts["value"] < 0].groupby("region")["value"].sum()
    return -spent.reindex(list(regions)).fillna(0.0).to_numpy()


def moved(solution: Solution) -> bool:
    """Return whether any rate is not at its benchmark level."""
    model = solution.model
    here = [model.variables[name].block.positions for name in WEDGES]
    start = model.arrays.start
    return any((np.abs(solution.levels[p] - start[p]) > 1e-12 * start[p]).any() for p in here)


def tariff_revenue(solution: Solution, *, benchmark: bool = False) -> tuple[Array, Array]:
    """Return revenue from tariffs between regions, and from those on home purchases.

    The model has one tariff on all origins, the home one included: a subsidy to users of
    the home variety stands there, and the tariffs among the members of an aggregate region.
    Both together are the model's tariff revenue.

    Returns
    -------
    abroad, home : ndarray (s,)
        In the benchmark's money at the numeraire's price.
    """
    model = solution.model
    values = (model.outcome_start if benchmark else solution.outcomes)[
        model.outcomes["tariff_paid"].block.positions
    ]
    abroad, home = (np.array([values[here].sum() for here in cells]) for cells in _payers(model))
    return abroad, home


@lru_cache(maxsize=16)
def _payers(model: Model) -> tuple[list[Integers], list[Integers]]:
    """Cells of tariffs by the region that pays, between regions and at home."""
    origin, _, user = model.outcomes["tariff_paid"].codes
    regions = model.benchmark.regions
    return (
        [np.flatnonzero((origin != user) & (user == code)) for code in regions],
        [np.flatnonzero((origin == user) & (user == code)) for code in regions],
    )


def domestic_shares(solution: Solution) -> pd.DataFrame:
    """Return the domestic share of what each region buys of each good, in percent.

    Values at the exporter's border, over all uses, so that a tariff or a subsidy to the
    buyer counts only by what it makes him buy.

    Returns
    -------
    DataFrame
        ``region``, ``sector``, ``value``, ``benchmark``.
    """
    model = solution.model
    goods, good, home = _purchases(model)
    here = model.outcomes["trade_value"].block.positions

    def shares(values: Array) -> Array:
        bought = pd.Series(values).groupby(good, sort=False).sum().to_numpy()
        own = np.zeros(len(bought))
        own[good[home]] = values[home]
        return 100 * own / bought

    return goods.assign(
        value=shares(solution.outcomes[here]), benchmark=shares(model.outcome_start[here])
    )


@lru_cache(maxsize=16)
def _purchases(model: Model) -> tuple[pd.DataFrame, Integers, Integers]:
    """What regions buy (region, sector), which of that each route is of, and routes at home."""
    origin, sector, region = model.outcomes["trade_value"].codes
    good, goods = pd.MultiIndex.from_arrays([region, sector]).factorize()
    named = pd.DataFrame(list(goods), columns=["region", "sector"])
    return named, good, np.flatnonzero(origin == region)


#: Lines of what a policy costs, computed from a solution and its benchmark rates.
LINES = """
policy_receipts | s | money | indicator | 1 | itself | sum | | what a changed rate brings its region, by rate
outlay          | s | money | indicator | 1 | itself | sum | Outlay | subsidies paid and taxes forgone; on a path also spending on knowledge
outlay_share    | s | percent of GDP | indicator | 1 | itself | | Outlay | the same as a share of GDP
outlay_part     | s | money | indicator | 1 | itself | | Outlay by kind | of which subsidies and taxes forgone, basic research, diffusion, research credits
"""

_REVENUE_LINES = """
tariff_revenue       | s  | money   | indicator | 1 | difference | sum | | revenue of tariffs between regions
purchase_tax_revenue | s  | money   | indicator | 1 | difference | sum | | revenue of tariffs among members of a region and taxes on home purchases
"""
_SHARE_LINES = """
domestic_share       | si | percent | indicator | 2 | difference |     | Domestic share of purchases | purchases from the own region, at the exporter's border
"""


def _revenue(economy: Economy) -> pd.DataFrame:
    abroad, home = tariff_revenue(economy.solution, benchmark=economy.at_benchmark)
    return by_region(economy, {"tariff_revenue": abroad, "purchase_tax_revenue": home})


def _shares(economy: Economy) -> pd.DataFrame:
    shares = domestic_shares(economy.solution)
    value = shares.pop("benchmark") if economy.at_benchmark else shares["value"]
    return shares.assign(value=value, measure="domestic_share")


INDICATORS = (
    Indicator(ALWAYS, _REVENUE_LINES, _revenue), Indicator(ALWAYS, _SHARE_LINES, _shares),
)  # fmt: skip
