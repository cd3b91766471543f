"""Marginal cost of funds: the cost to a region of raising money by each of its taxes.

Raise one rate on all its cells by a little and give the revenue back as a lump sum. The
region loses dEV and gains revenue dR in real terms (deflated by the price of absorption),
all other taxes' bases moved included. A dollar raised by this tax instead of a lump sum
then costs MCF = 1 - dEV/dR (Ballard, Shoven and Whalley 1985; Dahlby 2008). It is 1 for a
lump-sum tax, above 1 where the tax distorts, below where it corrects another distortion or
is paid by foreigners through the terms of trade. Beyond the top of the Laffer curve dR is
negative and no money can be raised: the figure is then missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from cge.core.errors import InputError, check_known
from cge.model.quantities import EXOGENOUS

if TYPE_CHECKING:
    from cge.solve.solution import Solution

#: Line of the register.
LINES = """
marginal_cost_of_funds | s | welfare per unit of revenue | indicator | 1 | none | | | cost of raising one more unit of revenue, by tax
"""
#: A tax that raises less than this per unit of its rate, in shares of absorption, raises nothing:
#: a closure that holds the revenue leaves round-off.
NEGLIGIBLE = 1e-7


class Tax(NamedTuple):
    """A tax that a region could raise: selector of its cells and the sign of its power."""

    selector: str
    sign: int = 1


def taxes_of(solution: Solution, region: str) -> Mapping[str, Tax]:
    """Taxes whose marginal cost of funds is reported for a region."""
    b = solution.model.benchmark
    taxes = {
        "consumption tax": Tax(f"final_tax[{region}, *, *]"),
        **{f"tax on {f}": Tax(f"factor_tax[{region}, *, {f}]") for f in b.factors},
        "output tax": Tax(f"net_of_output_tax[{region}, *]", -1),
    }
    if len(b.regions) > 1:
        taxes["tariff on all imports"] = Tax(f"tariff[*, !{region}, *, {region}]")
    return taxes


def marginal_cost_of_funds(
    solution: Solution, regions: Sequence[str] | None = None
) -> pd.DataFrame:
    """Marginal cost of funds of a region's taxes at a solution.

    Parameters
    ----------
    solution : Solution
    regions : sequence of str, optional
        Default: all.

    Returns
    -------
    DataFrame
        ``region``, ``tax``, ``cost_of_funds`` (money of welfare per money raised; NaN where
        no money can be raised, the closure sets the rate or holds the revenue),
        ``revenue_per_point`` (real revenue from one percentage point, in the benchmark's money).

    Raises
    ------
    InputError
        For an unknown region.
    """
    model, system = solution.model, solution.resolved.system
    b = model.benchmark
    chosen = b.regions if regions is None else regions
    check_known(chosen, b.regions, "unknown region", key="regions")
    given = np.zeros(len(model.arrays.start), dtype=bool)
    for name in EXOGENOUS:
        given[model.variables[name].positions] = True
    for solved in (system.unknown, *system.gangs):
        given[solved] = False
    rows = []
    for region in chosen:
        least = NEGLIGIBLE * b.absorption[b.regions.index(region)]
        variation = solution.derivative(f"equivalent_variation_value[{region}]")
        revenue = solution.derivative(f"real_tax_revenue[{region}]")
        for name, tax in taxes_of(solution, region).items():
            try:
                cells = model.variables.select(tax.selector)[1]
            except InputError:  # the region has no such flow
                continue
            raised = tax.sign * float(revenue[cells].sum())
            lost = tax.sign * float(variation[cells].sum())
            cost = 1 - lost / raised if given[cells].all() and raised > least else np.nan
            rows.append((region, name, cost, raised / 100))
    return pd.DataFrame(rows, columns=["region", "tax", "cost_of_funds", "revenue_per_point"])
