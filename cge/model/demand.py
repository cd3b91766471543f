"""Final demand, and the market of each composite.

A region's absorption is spent by its agents (households, government, investment),
a homothetic CES over agents whose index is the region's welfare price; each agent
is a CES over composites. What is absorbed without borrowing, over that index, is welfare
(:mod:`cge.model.income`): money metric and exact, so equivalent variation needs no approximation.
A household whose income elasticities are not one has equations of its own
(:mod:`cge.model.household`).
"""

from __future__ import annotations

from cge.model import ces, household
from cge.model.forms import cells, power, ratio, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add the variables of final demand: ratios to the benchmark, wedges as powers."""
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
    agents_in = k.by("bundle", "s")
    u_of = k.class_of["d"]

    @m.Expression(m.AGENTS)
    def marginal_price(m, s, d):
        """Price of one unit more of an agent's bundle; of a homothetic one that of every unit."""
        if (s, d) in m.HOUSEHOLDS:
            return household.marginal_price(m, s, d)
        return m.agent_price[s, d]

    @m.Constraint(m.REGIONS)
    def welfare_index(m, s):
        """Price index of absorption: CES of the prices of the agents' bundles."""
        terms = [(k.bundle[c] / k.absorption[s], 1.0, m.marginal_price[c]) for c in agents_in[s,]]
        return ces.nest_price(terms, m.welfare_price[s], k.sigma_agents[(s,)])

    @m.Expression(m.AGENTS)
    def bundle(m, s, d):
        """Quantity of an agent's bundle."""
        if s in m.HOUSEHOLD_REGIONS:
            real_absorption = m.real_absorption[s]
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
            return household.price_index(m, k, s, d)
        terms = [
            (k.final[c] * k.final_tax_power[c] / k.bundle[s, d], weight(c), m.final_price[c])
            for c in k.by("final", "sd")[s, d]
        ]
        return ces.nest_price(terms, m.agent_price[s, d], k.sigma_final[s, d])

    @m.Expression(m.FINAL_USES)
    def final_use(m, s, d, i):
        """Quantity of composite i that agent d buys."""
        if (s, d, i) in m.HOUSEHOLD_USES:
            return household.quantity(m, k, (s, d, i))
        return m.bundle[s, d] * ces.quantity(
            weight((s, d, i)), m.final_price[s, d, i], m.agent_price[s, d], k.sigma_final[s, d]
        )

    @m.Expression(m.FINAL_USES)
    def final_value(m, s, d, i):
        """Final use at market prices, user tax not included [million USD]."""
        return k.final[s, d, i] * m.final_use[s, d, i] * m.composite_price[u_of[d], i, s]

    @m.Constraint(m.COMPOSITES)
    def composite_market(m, u, i, s):
        """Supply of a composite equals what sectors, research and agents of its class buy."""
        sectors, agents = k.by("intermediate", "uis")[u, i, s], k.by("final", "uis")[u, i, s]
        return k.composite[u, i, s] * m.composite[u, i, s] == total(
            k.intermediate[c] * m.input_use[c] for c in sectors
        ) + total(k.final[c] * m.final_use[c] for c in agents) + (
            m.research_purchases[u, i, s] / m.composite_price[u, i, s]
        )
