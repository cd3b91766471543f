"""What a policy does to welfare, budgets and sourcing, as rows of the tidy table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge.experiments.run import Case
from cge.indicators import fiscal
from cge.indicators.funds import marginal_cost_of_funds
from cge.model.welfare import COMPONENTS
from cge.policy.case import with_rates_given

_PERCENT = "percent of benchmark absorption"


def tidy_decomposition(case: Case) -> pd.DataFrame:
    """Return the parts of equivalent variation of a case.

    Measures
    --------
    ev_part, ev_part_first_order
        By region, component (item), partner and sector; by region, component and shock.
        ``change`` is in percent of benchmark absorption.
    trade_efficiency
        The allocative parts together, by region: with the elasticities and fixed capital of
        the first year its negative is the short-term trade-efficiency loss.
    terms_of_trade_effect
        The terms-of-trade part, by region.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    result = case.decomposition
    b = case.solution.model.benchmark
    absorption = dict(zip(b.regions, b.absorption.tolist(), strict=True))
    parts = result.parts.rename(columns={"component": "item"})
    exact = parts.drop(columns="first_order").assign(measure="ev_part", shock="")
    first = parts.drop(columns="value").rename(columns={"first_order": "value"})
    first = first.assign(measure="ev_part_first_order", shock="")
    by_shock = result.by_shock.rename(columns={"component": "item"}).assign(measure="ev_part")
    table = pd.concat([exact, first, by_shock], ignore_index=True)
    size = table["region"].map(absorption)
    # What is zero by construction (a wedge that nobody moves) is no row.
    table = table[table["value"].abs() > 1e-13 * size].copy()
    table["change"] = 100 * table["value"] / table["region"].map(absorption)
    table = table.assign(unit=b.unit, benchmark=0.0, change_unit=_PERCENT)
    return pd.concat([table, _groups(case)], ignore_index=True)


def _groups(case: Case) -> pd.DataFrame:
    """Return the two parts that every table shows, in percent of benchmark absorption."""
    b = case.solution.model.benchmark
    totals = case.decomposition.totals(b.regions).div(b.absorption, axis=0) * 100
    allocative = [name for name, group in COMPONENTS.items() if group == "allocative"]
    tables = []
    for measure, columns in (
        ("terms_of_trade_effect", ["terms_of_trade"]), ("trade_efficiency", allocative),
    ):  # fmt: skip
        value = totals[columns].sum(axis=1).to_numpy()
        tables.append(pd.DataFrame({
            "region": b.regions, "measure": measure, "value": value, "unit": _PERCENT,
            "benchmark": 0.0, "change": value, "change_unit": _PERCENT,
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def tidy_fiscal(case: Case) -> pd.DataFrame:
    """Return outlays, what each changed rate brings, and the marginal cost of funds.

    Measures
    --------
    policy_receipts
        By region, sector and rate (item), relative to the benchmark's rates.
    outlay
        By region; ``change`` is in percent of GDP at the solution.
    outlay_share
        The same in percent of GDP, as a measure of its own.
    marginal_cost_of_funds
        By tax (item), for the regions that spend something; rates that were found are given.
    domestic_share
        By region and sector, in percent; ``change`` in percentage points.
    """
    solution = case.solution
    b = solution.model.benchmark
    gdp = solution.by_region("gdp")
    spent = fiscal.outlay(solution)
    share = 100 * spent / gdp
    outlay = pd.DataFrame({"region": b.regions, "measure": "outlay", "value": spent,
                           "unit": b.unit, "benchmark": 0.0, "change": share,
                           "change_unit": "percent of GDP"})  # fmt: skip
    relative = outlay.assign(measure="outlay_share", value=share, unit="percent of GDP")
    tables = [outlay, relative]
    if fiscal.moved(solution):
        receipts = fiscal.policy_receipts(solution)
        tables.append(receipts.assign(measure="policy_receipts", unit=b.unit, benchmark=0.0,
                                      change=receipts["value"], change_unit=b.unit))  # fmt: skip
    spenders = [code for code, value in zip(b.regions, spent, strict=True) if value > 0]
    if spenders:
        # At the rates in force: a tax that keeps the budget would give back what another raises.
        funds = marginal_cost_of_funds(with_rates_given(solution, case.found), spenders)
        tables.append(pd.DataFrame({
            "region": funds["region"], "item": funds["tax"], "measure": "marginal_cost_of_funds",
            "value": funds["cost_of_funds"], "unit": "welfare per unit of revenue",
            "benchmark": np.nan, "change": np.nan, "change_unit": "",
        }).dropna(subset="value"))  # fmt: skip
    shares = fiscal.domestic_shares(solution)
    tables.append(shares.assign(measure="domestic_share", unit="percent",
                                change=shares["value"] - shares["benchmark"],
                                change_unit="percentage points"))  # fmt: skip
    return pd.concat(tables, ignore_index=True)
