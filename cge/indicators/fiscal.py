"""What a policy costs the budget, and what it does to where things come from."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.indicators.economy import ALWAYS, Economy, Indicator, by_region
from cge.model.wedges import WEDGES, Wedge
from cge.solve.solution import Solution

Array = NDArray[np.float64]


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
    paid = solution.model.outcomes["tariff_paid"]
    values = (solution.model.outcome_start if benchmark else solution.outcomes)[
        paid.block.positions
    ]
    origin, _, user = paid.codes
    regions = solution.model.benchmark.regions

    def by_user(routes: NDArray[np.bool_]) -> Array:
        return np.array([values[routes & (user == code)].sum() for code in regions])

    return by_user(origin != user), by_user(origin == user)


def domestic_shares(solution: Solution) -> pd.DataFrame:
    """Return the domestic share of what each region buys of each good, in percent.

    Values at the exporter's border, over all uses, so that a tariff or a subsidy to the
    buyer counts only by what it makes him buy.

    Returns
    -------
    DataFrame
        ``region``, ``sector``, ``value``, ``benchmark``.
    """
    frame = solution.frame("trade_value")
    bought = frame.groupby(["s", "i"], sort=False)[["value", "benchmark"]].sum()
    home = frame[frame["r"] == frame["s"]].set_index(["s", "i"])[["value", "benchmark"]]
    share = 100 * home.reindex(bought.index).fillna(0.0) / bought
    return share.reset_index().rename(columns={"s": "region", "i": "sector"})


#: Lines of what a policy costs, computed from a solution and its benchmark rates.
LINES = """
policy_receipts | s | money | indicator | 1 | itself | sum | | what a changed rate brings its region, by rate
outlay          | s | money | indicator | 1 | itself | sum | Outlay | subsidies paid and taxes forgone
outlay_share    | s | percent of GDP | indicator | 1 | itself | | Outlay | the same as a share of GDP
"""

_LINES = """
tariff_revenue       | s  | money   | indicator | 1 | difference | sum | | revenue of tariffs between regions
purchase_tax_revenue | s  | money   | indicator | 1 | difference | sum | | revenue of tariffs among members of a region and taxes on home purchases
domestic_share       | si | percent | indicator | 2 | difference |     | Domestic share of purchases | purchases from the own region, at the exporter's border
"""


def _of_economy(economy: Economy) -> pd.DataFrame:
    abroad, home = tariff_revenue(economy.solution, benchmark=economy.at_benchmark)
    money = by_region(economy, {"tariff_revenue": abroad, "purchase_tax_revenue": home})
    shares = domestic_shares(economy.solution)
    column = "benchmark" if economy.at_benchmark else "value"
    shares = shares.assign(value=shares[column], measure="domestic_share")
    return pd.concat([money, shares.drop(columns="benchmark")], ignore_index=True)


INDICATORS = (Indicator(ALWAYS, _LINES, _of_economy),)
