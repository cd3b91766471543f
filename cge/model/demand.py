"""Final demand, and the market of each composite.

A region's absorption is spent by its agents (households, government, investment),
a homothetic CES over agents whose index is the region's welfare price; each agent
is a CES over composites. What is absorbed without borrowing, over that index, is welfare
(:mod:`cge.model.income`): money metric and exact, so equivalent variation needs no approximation.

A household may have income elasticities other than one: constant difference of elasticities
(CDE; Hanoch 1975; Hertel, Horridge and Pearson 1992). Utility
u, prices p and spending x are ratios to the benchmark, s benchmark budget shares. With

    f_i(p, x) = u**(e_i b_i) (p_i / x)**b_i,    w_i = (s_i / b_i) / sum_k s_k / b_k

spending x that brings about u at prices p satisfies sum_i w_i f_i(p, x) = 1, and Shephard's lemma
gives the budget shares s_i f_i / sum_k s_k f_k. With all e one and all b the same this is a CES
with elasticity 1 - b.

What the household consumes is measured by what it would have cost at benchmark prices: v with
sum_i w_i f_i(1, v) = 1. That is money metric, so that it takes the place of the bundle of a
homothetic agent in the region's welfare, whose equivalent variation stays exact. Its price is an
average, g = x / v. One unit more of it costs

    dx / dv = g (dln x / dln u) / (dln v / dln u),
    dln x / dln u = sum_i s_i e_i f_i(p, x) / sum_i s_i f_i(p, x), dln v / dln u likewise at p = 1

and this is what the region weighs against its other agents (McDougall 2003 for GTAP). So the price
index of absorption is that of the last unit, and spending is counted agent by agent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.model import saving, transport
from cge.model.language import ces
from cge.model.language.forms import cells, power, ratio, total
from cge.model.shares import Declared, Key, Shares

#: Budget shares of a household by commodity, its substitution and its expansion parameters.
Parameters = tuple[Array, Array, Array]


def declare(m: Declared, k: Shares) -> None:
    """Add the variables of final demand: ratios to the benchmark, wedges as powers."""
    _declare_household(m, k)
    m.AGENTS = cells("sd", k.bundle)
    m.FINAL_USES = cells("sdi", k.final)

    def weighted(c: Key):
        return False if c in k.household_share else k.sigma_final[c[:2]] != 1

    m.WEIGHTED_FINAL_USES = cells("sdi", k.final, weighted)
    m.absorption = ratio(m.REGIONS)
    m.welfare_price = ratio(m.REGIONS)
    m.agent_price = ratio(m.AGENTS)

    m.final_tax = power(m.FINAL_USES, k.final_tax_power)
    m.final_weight = ratio(m.WEIGHTED_FINAL_USES)


def equations(m: Declared, k: Shares) -> None:
    """Add the equations of final demand."""
    saving.saved(m, k)
    agents_in = k.by("bundle", "s")
    u_of = k.class_of["d"]

    @m.Expression(m.AGENTS)
    def marginal_price(m, s, d):
        """Price of one unit more of an agent's bundle; of a homothetic one that of every unit."""
        if (s, d) in m.HOUSEHOLDS:
            return _marginal_cost(m, s, d)
        return m.agent_price[s, d]

    @m.Constraint(m.REGIONS)
    def welfare_index(m, s):
        """Price index of absorption: CES of the prices of the agents' bundles."""
        if s in m.REGIONAL:
            return m.welfare_price[s] * m.even_cost_of_welfare[s] == m.cost_of_welfare[s]
        if s in m.SAVERS:
            return _index_with_saving(m, k, s)
        terms = [(k.bundle[c] / k.absorption[s], 1.0, m.marginal_price[c]) for c in agents_in[s,]]
        return ces.nest_price(terms, m.welfare_price[s], k.sigma_agents[(s,)])

    @m.Expression(m.AGENTS)
    def bundle(m, s, d):
        """Quantity of an agent's bundle."""
        if (s, d) in m.INVESTORS:
            return m.investment[s, d]
        if s in m.REGIONAL:
            return m.cost_of_welfare[s] / m.marginal_price[s, d]
        if s in m.HOUSEHOLD_REGIONS:
            real_absorption = m.real_absorption[s]
        elif s in m.SAVERS:
            real_absorption = m.regional_income[s] / m.welfare_price[s]
        else:
            real_absorption = m.absorption[s] / m.welfare_price[s]
        return real_absorption * ces.quantity(
            1.0, m.marginal_price[s, d], m.welfare_price[s], k.sigma_agents[(s,)]
        )

    def weight(c: Key):
        return m.final_weight[c] if c in m.WEIGHTED_FINAL_USES else 1.0

    @m.Expression(m.FINAL_USES)
    def final_price(m, s, d, i):
        """Composite price with the agent's user tax."""
        tax = m.final_tax[s, d, i] / k.final_tax_power[s, d, i]
        return m.composite_price[u_of[d], i, s] * tax

    @m.Constraint(m.AGENTS)
    def agent_index(m, s, d):
        """Price index of an agent: CES of composites at user prices."""
        if (s, d) in m.HOUSEHOLDS:
            return _household_index(m, k, s, d)
        terms = [
            (k.final[c] * k.final_tax_power[c] / k.bundle[s, d], weight(c), m.final_price[c])
            for c in k.by("final", "sd")[s, d]
        ]
        return ces.nest_price(terms, m.agent_price[s, d], k.sigma_final[s, d])

    @m.Expression(m.FINAL_USES)
    def final_use(m, s, d, i):
        """Quantity of composite i that agent d buys."""
        if (s, d, i) in m.HOUSEHOLD_USES:
            return _household_use(m, k, (s, d, i))
        return m.bundle[s, d] * ces.quantity(
            weight((s, d, i)), m.final_price[s, d, i], m.agent_price[s, d], k.sigma_final[s, d]
        )

    @m.Expression(m.FINAL_USES)
    def final_value(m, s, d, i):
        """Final use at market prices, user tax not included [million USD]."""
        return k.final[s, d, i] * m.final_use[s, d, i] * m.composite_price[u_of[d], i, s]

    @m.Constraint(m.COMPOSITES)
    def composite_market(m, u, i, s):
        """Supply of a composite equals what sectors, agents, research and other classes buy."""
        sectors, agents = k.by("intermediate", "uis")[u, i, s], k.by("final", "uis")[u, i, s]
        used = total(k.intermediate[c] * m.input_use[c] for c in sectors) + total(
            k.final[c] * m.final_use[c] for c in agents
        )
        others = total(m.imported_use[c] for c in k.by("imported", "vis")[u, i, s])
        services = transport.bought(m, k, u, i, s) / m.composite_price[u, i, s]
        research = m.research_purchases[u, i, s] / m.composite_price[u, i, s]
        return k.composite[u, i, s] * m.composite[u, i, s] == used + others + services + research

    _household_equations(m, k)
    saving.regional_equations(m, k)


def _index_with_saving(m: Declared, k: Shares, s: Any) -> Any:
    """Equation of the price of welfare: CES of the agents' bundles but investment, and saving."""
    index, sigma = m.welfare_price[s], k.sigma_agents[(s,)]
    agents = [c for c in k.by("bundle", "s")[s,] if c not in m.INVESTORS]
    part, price = saving.welfare_terms(m, k, s)

    def share0(c: Key):
        return k.bundle[c] / k.net_income[(s,)]

    shares = total(
        ces.value_share(share0(c), 1.0, m.marginal_price[c], index, sigma) for c in agents
    )
    own = ces.value_share(part, 1.0, price, index, sigma)
    prices = ((share0(c), m.marginal_price[c]) for c in agents)
    return ces.price_index([shares, own], prices, index, sigma, (part, price))


def _declare_household(m: Declared, k: Shares) -> None:
    """Add what describes the household of regions that have CDE demand; nothing elsewhere."""
    k.derive("household_share", "sdi", lambda k: _by_cell(k, _shares))
    k.derive(
        "household_weight", "sdi", lambda k: _by_cell(k, lambda s, b, e: s / b / (s / b).sum())
    )
    k.derive("household_power", "sdi", lambda k: _by_cell(k, lambda s, b, e: b))
    k.derive(
        "household_own", "sd", lambda k: {c[:2]: k.bundle[c[:2]] for c in _by_cell(k, _shares)}
    )
    k.derive("household_expansion", "sdi", lambda k: _by_cell(k, lambda s, b, e: e))
    m.HOUSEHOLD_USES = cells("sdi", k.household_share)
    m.HOUSEHOLDS = cells("sd", k.household_share, by=lambda c: c[:2])
    m.HOUSEHOLD_REGIONS = cells("s", k.household_share, by=lambda c: c[:1])
    m.real_absorption = ratio(m.HOUSEHOLD_REGIONS)
    for name in ("consumption", "utility", "demand_scale", "cost_of_utility",
                 "base_demand_scale", "base_cost_of_utility"):  # fmt: skip
        m.add_component(name, ratio(m.HOUSEHOLDS))


def household_parameters(benchmark: Benchmark, horizon: str, region: str) -> Parameters | None:
    """Parameters of a region's household for the commodities that it buys; None where it is a CES.

    Returns
    -------
    tuple of ndarray (commodities bought,)
        Budget shares, substitution parameters, and expansion parameters, one on average.
    """
    demand, s = benchmark.elasticities[horizon].household, benchmark.regions.index(region)
    if demand is None or not np.isfinite(demand.substitution[s]).any():
        return None
    spending = benchmark.household_spending[s]
    bought = spending > 0
    shares = spending[bought] / spending.sum()
    expansion = demand.expansion[s, bought]
    return shares, demand.substitution[s, bought], expansion / (shares @ expansion)


def _by_cell(k: Shares, of: Callable[[Array, Array, Array], Array]) -> dict[Key, float]:
    """Values made of the parameters of each region, by cell (s, d, i)."""
    b = k.benchmark
    found: dict[Key, float] = {}
    for s, region in enumerate(b.regions):
        if parameters := household_parameters(b, k.horizon, region):
            goods = np.flatnonzero(b.household_spending[s] > 0)
            cells = ((region, b.agents[0], b.sectors[i]) for i in goods)
            found |= dict(zip(cells, of(*parameters).tolist(), strict=True))
    return found


def _shares(shares: Array, substitution: Array, expansion: Array) -> Array:
    return shares


def _household_equations(m: Declared, k: Shares) -> None:
    """Add the equations of utility, of what it costs, and of the region's budget."""
    uses_of = k.by("household_share", "sd")
    agents_in = k.by("bundle", "s")

    def at_base(m: Declared, c: Key):
        """The function f of a commodity at benchmark prices and the spending that counts there."""
        power = k.household_power[c]
        spent = m.consumption[c[:2]] ** -power
        return m.utility[c[:2]] ** (k.household_expansion[c] * power) * spent

    @m.Constraint(m.HOUSEHOLD_REGIONS)
    def budget(m, s):
        """Absorption is what the agents spend; where a region saves, its income what goes there."""
        if s in m.SAVERS:
            spent = total(
                k.bundle[c] * m.agent_price[c] * m.bundle[c]
                for c in agents_in[s,]
                if c not in m.INVESTORS
            )
            return k.net_income[(s,)] * m.regional_income[s] == spent + m.saving_value[s]
        return k.absorption[s] * m.absorption[s] == total(
            k.bundle[c] * m.agent_price[c] * m.bundle[c] for c in agents_in[s,]
        )

    @m.Constraint(m.HOUSEHOLDS)
    def chosen_consumption(m, s, d):
        """Consumption is what the region chooses of it."""
        return m.consumption[s, d] == m.bundle[s, d]

    @m.Constraint(m.HOUSEHOLDS)
    def utility_index(m, s, d):
        """Utility of what is consumed: at benchmark prices it costs just that."""
        return total(k.household_weight[c] * at_base(m, c) for c in uses_of[s, d]) == 1

    @m.Constraint(m.HOUSEHOLDS)
    def demand_scale_rule(m, s, d):
        """What budget shares are divided by, so that they add up to one."""
        return m.demand_scale[s, d] == total(
            k.household_share[c] * _function(m, k, c) for c in uses_of[s, d]
        )

    @m.Constraint(m.HOUSEHOLDS)
    def cost_of_utility_rule(m, s, d):
        """Elasticity of spending to utility: the mean of expansion parameters."""
        return m.demand_scale[s, d] * m.cost_of_utility[s, d] == total(
            k.household_share[c] * k.household_expansion[c] * _function(m, k, c)
            for c in uses_of[s, d]
        )

    @m.Constraint(m.HOUSEHOLDS)
    def base_demand_scale_rule(m, s, d):
        """The same at benchmark prices."""
        return m.base_demand_scale[s, d] == total(
            k.household_share[c] * at_base(m, c) for c in uses_of[s, d]
        )

    @m.Constraint(m.HOUSEHOLDS)
    def base_cost_of_utility_rule(m, s, d):
        """Elasticity of consumption, which counts benchmark prices, to utility."""
        return m.base_demand_scale[s, d] * m.base_cost_of_utility[s, d] == total(
            k.household_share[c] * k.household_expansion[c] * at_base(m, c) for c in uses_of[s, d]
        )


def _function(m: Declared, k: Shares, c: Any) -> Any:
    """The function f of a commodity at current prices and spending."""
    power = k.household_power[c]
    spent = m.agent_price[c[:2]] * m.consumption[c[:2]]
    utility = m.utility[c[:2]] ** (k.household_expansion[c] * power)
    return utility * (m.final_price[c] / spent) ** power


def _household_index(m: Declared, k: Shares, s: Any, d: Any) -> Any:
    """Equation of the price of consumption: spending brings about its utility."""
    uses = k.by("household_share", "sd")[s, d]
    return total(k.household_weight[c] * _function(m, k, c) for c in uses) == 1


def _household_use(m: Declared, k: Shares, c: Any) -> Any:
    """Quantity of a commodity: its budget share of what is spent, over its price."""
    spent = m.agent_price[c[:2]] * m.consumption[c[:2]]
    return _function(m, k, c) / m.demand_scale[c[:2]] * spent / m.final_price[c]


def _marginal_cost(m: Declared, s: Any, d: Any) -> Any:
    """Price of one unit more of consumption; of the regional household, of one of log utility."""
    if s in m.REGIONAL:
        return m.agent_price[s, d] * m.cost_of_utility[s, d]
    return m.agent_price[s, d] * m.cost_of_utility[s, d] / m.base_cost_of_utility[s, d]
