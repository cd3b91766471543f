"""Compensating and equivalent variation from the expenditure function, region by region.

The equivalent variation is part of every result: absorption is measured at benchmark prices, so it
is the change of welfare in money. The compensating variation counts at the new prices: what the
region spends less what would have been enough for the welfare that it had. Where demand is
homothetic that is the price of absorption times the equivalent variation; where income elasticities
are not one the least spending is searched for (:mod:`cge.model.demand` has the function).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.core.typed import checked
from cge.model.demand import household_parameters
from cge.solve.solution import Allocation

#: Logs of consumption and of utility lie within this of the benchmark.
_WIDEST = 20.0


@checked
def equivalent_variation(at: Allocation) -> Array:
    """Change of welfare at benchmark prices, (s,), in the benchmark's money."""
    return at.measure("equivalent_variation_value")


@checked
def compensating_variation(at: Allocation) -> Array:
    """Change of welfare at the prices of an equilibrium, (s,), in the benchmark's money.

    Parameters
    ----------
    at : Solution or Allocation

    Returns
    -------
    ndarray (s,)
        Spending, less what is borrowed, over the least that brings about benchmark welfare.
    """
    model = at.model
    refuse_if(model.benchmark.saving is not None, "no compensating variation where saving is apart "
              "from investment", key="benchmark", value=model.benchmark.name,
              allowed="the equivalent variation")  # fmt: skip
    own = model.benchmark.absorption * at.values("absorption") - at.values("net_borrowing")
    enough = model.benchmark.absorption * at.values("welfare_price")
    for s, region in enumerate(model.benchmark.regions):
        if found := household_parameters(model.benchmark, model.horizon, region):
            enough[s] = _least_spending(at, s, *found)
    return np.asarray(own - enough)


def _least_spending(at: Allocation, s: int, shares: Array, power: Array, expansion: Array) -> float:
    """Least spending of a region that brings about benchmark welfare at the prices of `at`."""
    model = at.model
    b = model.benchmark
    bought = b.household_spending[s] > 0
    spent, used = (at.relative_to(model.start, n) for n in ("final_purchases", "final_use"))
    prices = (spent / used)[s, 0, bought]
    agents = (b.final[s] * (1 + b.final_tax[s])).sum(axis=1)
    there = agents > 0
    price = at.array("agent_price", 1.0)[s]
    sigma = b.elasticities[model.horizon].agents[s]
    weight = shares / power / (shares / power).sum()
    part = agents[there] / agents.sum()

    def spending(at_price: Array, utility: float) -> tuple[float, float]:
        """Log of spending on the household for the log of a utility, and its slope."""

        def gap(log: float) -> float:
            terms = weight * np.exp(power * (expansion * utility + np.log(at_price) - log))
            return float(np.log(terms.sum()))

        log = float(brentq(gap, -_WIDEST, _WIDEST, xtol=1e-15, rtol=1e-15))
        own = shares * np.exp(power * (expansion * utility + np.log(at_price) - log))
        return log, float((own @ expansion) / own.sum())

    def bundles(utility: float) -> tuple[Array, Array]:
        """What agents consume for benchmark welfare, and what it costs, as ratios."""
        (spent, slope), (consumed, base) = (spending(p, utility) for p in (prices, prices**0))
        average, cost = price.copy(), price.copy()
        average[0] = np.exp(spent - consumed)
        cost[0] = average[0] * slope / base
        if sigma == 1:
            index = np.exp(part @ np.log(cost[there]))
        else:
            index = (part @ cost[there] ** (1 - sigma)) ** (1 / (1 - sigma))
        wanted = (index / cost) ** sigma
        return wanted, np.append(average, consumed)

    def excess(utility: float) -> float:
        wanted, found = bundles(utility)
        return float(np.log(wanted[0]) - found[-1])

    utility = float(brentq(excess, -_WIDEST / 4, _WIDEST / 4, xtol=1e-14, rtol=1e-14))
    wanted, found = bundles(utility)
    return float((agents * found[:-1] * wanted)[there].sum())
