"""Budgets under a policy, and the share of purchases that comes from home."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from cge.core.axes import Array, Integers
from cge.core.once import once_for_each
from cge.indicators.economy import ALWAYS, Economy, Indicator, table_of
from cge.model.wedges import WEDGES

if TYPE_CHECKING:
    from cge.solve.model import Model
    from cge.solve.solution import Solution


def policy_receipts(solution: Solution) -> pd.DataFrame:
    """Receipts of each region from the change of each rate, at the solution.

    Receipts at the new rate less what the benchmark's rate would bring on the same base:
    zero wherever the rate is as it was.

    Returns
    -------
    DataFrame
        ``region`` (whose budget), ``sector``, ``item`` (the variable that is the rate),
        ``value`` in the benchmark's money at the numeraire's price; negative is an outlay.
    """
    found = _receipts(solution)
    table = _rates(solution.model).table.loc[found.index].reset_index(drop=True)
    return table.assign(value=found.to_numpy())


def _receipts(solution: Solution) -> pd.Series:
    """Receipts from changed rates, by number of their rows in :func:`_rates`."""
    rates = _rates(solution.model)
    start = solution.model.arrays.start[rates.power]
    change = solution.levels[rates.power] - start
    here = np.flatnonzero(np.abs(change) > 1e-12 * start)
    values = rates.sign[here] * change[here] * solution.outcomes[rates.base[here]]
    return pd.Series(values).groupby(rates.row[here], sort=False).sum()


class _Rates(NamedTuple):
    """All rates of a model, cell by cell.

    Parameters
    ----------
    table : DataFrame
        ``region`` whose budget it is, ``sector``, ``item`` (the variable); a row for many cells.
    row, power, base : ndarray of int
        Of each cell the row, the column of the rate, the outcome that is its base.
    sign : ndarray of int
        Of receipts.
    """

    table: pd.DataFrame
    row: Integers
    power: Integers
    base: Integers
    sign: Integers


@once_for_each
def _rates(model: Model) -> _Rates:
    parts = []
    for wedge in WEDGES.values():
        power, base = model.variables[wedge.variable], model.outcomes[wedge.base]
        parts.append(pd.DataFrame({
            "region": power.by(wedge.collector),
            "sector": power.by("i" if "i" in power.axes else "j"),
            "item": wedge.variable, "power": power.columns,
            "base": base.start + base.matching(power), "sign": wedge.sign,
        }))  # fmt: skip
    every = pd.concat(parts, ignore_index=True)
    owned = every[["region", "sector", "item"]]
    every["row"] = owned.groupby(list(owned), sort=False).ngroup()
    table = owned.drop_duplicates(ignore_index=True).astype(object)
    return _Rates(table, *(every[name].to_numpy() for name in ("row", "power", "base", "sign")))


def outlay(solution: Solution) -> Array:
    """Outlay on the policy by region, (s,): subsidies paid and taxes forgone.

    In the benchmark's money at the numeraire's price, relative to benchmark rates; what
    higher taxes bring is not netted out.
    """
    receipts = _receipts(solution)
    receipts = receipts[receipts < 0]
    owners = _rates(solution.model).table["region"].to_numpy()[receipts.index]
    spent = receipts.groupby(owners).sum()
    return -spent.reindex(list(solution.model.benchmark.regions)).fillna(0.0).to_numpy()


def tariff_revenue(solution: Solution, *, benchmark: bool = False) -> tuple[Array, Array]:
    """Revenue from tariffs between regions, and from those on home purchases.

    The model has one tariff on all origins, the home one included: a subsidy to users of
    the home variety stands there, and the tariffs among the members of an aggregate region.
    Both together are the model's tariff revenue.

    Returns
    -------
    abroad, home : ndarray (s,)
        In the benchmark's money at the numeraire's price.
    """
    values = _values(solution, "tariff_paid", benchmark)
    # Sums of numpy can differ in the last bit with where an array lies in memory.
    abroad, home = (
        np.array([fsum(values[here]) for here in cells]) for cells in _payers(solution.model)
    )
    return abroad, home


def _values(solution: Solution, name: str, benchmark: bool) -> Array:
    """Cells of an outcome."""
    model = solution.model
    outcomes = model.outcome_start if benchmark else solution.outcomes
    return outcomes[model.outcomes[name].positions]


@once_for_each
def _payers(model: Model) -> list[list[Integers]]:
    """Cells of tariffs by the region that pays, between regions and at home."""
    origin, _, user = model.outcomes["tariff_paid"].codes
    home = origin == user
    return [
        [np.flatnonzero(where & (user == code)) for code in model.benchmark.regions]
        for where in (~home, home)
    ]


@once_for_each
def _purchases(model: Model) -> tuple[pd.DataFrame, Integers, Integers]:
    """Purchases (region, sector), the number of that of each route, and routes at home."""
    origin, sector, region = model.outcomes["trade_value"].codes
    good, goods = pd.MultiIndex.from_arrays([region, sector]).factorize()
    named = pd.DataFrame(list(goods), columns=["region", "sector"], dtype=object)
    return named, good, np.flatnonzero(origin == region)


#: Lines of what a policy costs, computed from a solution and its benchmark rates.
LINES = """
policy_receipts | s | money | indicator | 1 | itself | sum | | what a changed rate brings its region, by rate
outlay          | s | money | indicator | 1 | itself | sum | Outlay | subsidies paid and taxes forgone; on a path also spending on knowledge
outlay_share    | s | percent of GDP | indicator | 1 | itself | | Outlay | the same as a share of GDP
net_outlay      | s | percent of GDP | indicator | 1 | itself | | Outlay, net | outlay on a policy, research included, less what changed rates bring
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
    return table_of(economy.benchmark, [
        ("tariff_revenue", abroad, "s"), ("purchase_tax_revenue", home, "s"),
    ])  # fmt: skip


def _shares(economy: Economy) -> pd.DataFrame:
    """Share of purchases from home, cell by cell.

    Values at the exporter's border, over all uses, so that a tariff or a subsidy to the
    buyer counts only by what it makes him buy.
    """
    named, good, home = _purchases(economy.solution.model)
    values = _values(economy.solution, "trade_value", economy.at_benchmark)
    bought = pd.Series(values).groupby(good, sort=False).sum().to_numpy()
    own = np.zeros(len(bought))
    own[good[home]] = values[home]
    measure = pd.Series("domestic_share", index=named.index, dtype=object)
    return named.assign(value=100 * own / bought, measure=measure)


INDICATORS = (
    Indicator(ALWAYS, _REVENUE_LINES, _revenue), Indicator(ALWAYS, _SHARE_LINES, _shares),
)  # fmt: skip
