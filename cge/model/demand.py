"""Final demand, and the market of each composite.

A region's absorption is spent by its agents (households, government, investment),
a homothetic CES over agents whose index is the region's welfare price; each agent
is a CES over composites. Welfare is absorption over that index, money metric and
exact, so equivalent variation needs no approximation.
"""

from __future__ import annotations

from pyomo.environ import ConcreteModel, Constraint, PositiveReals, Set, Var, quicksum

from cge.model import ces
from cge.model.shares import Shares


def declare(m: ConcreteModel, k: Shares) -> None:
    """Add the variables of final demand: ratios to the benchmark, wedges as powers."""
    m.AGENTS = Set(initialize=list(k.bundle), dimen=2)  # s, d
    m.FINAL_USES = Set(initialize=list(k.final), dimen=3)  # s, d, i
    m.WEIGHTED_FINAL_USES = Set(
        initialize=[c for c in k.final if k.sigma_final[c[0], c[1]] != 1], dimen=3
    )
    m.absorption = Var(m.REGIONS, domain=PositiveReals, initialize=1.0)
    m.welfare_price = Var(m.REGIONS, domain=PositiveReals, initialize=1.0)
    m.agent_price = Var(m.AGENTS, domain=PositiveReals, initialize=1.0)

    m.final_tax = Var(
        m.FINAL_USES, domain=PositiveReals, initialize=lambda m, *c: k.final_tax_power[c]
    )
    m.final_weight = Var(m.WEIGHTED_FINAL_USES, domain=PositiveReals, initialize=1.0)


def equations(m: ConcreteModel, k: Shares) -> None:
    """Add the equations of final demand."""
    agents_in = {s: [c for c in k.bundle if c[0] == s] for s in k.absorption}
    u_of = k.agent_class

    def welfare_price(m, s):
        """Price index of absorption: CES of the agents' price indices."""
        terms = [(k.bundle[c] / k.absorption[s], 1.0, m.agent_price[c]) for c in agents_in[s]]
        return ces.nest_price(terms, m.welfare_price[s], k.sigma_agents[(s,)])

    m.welfare_index = Constraint(m.REGIONS, rule=welfare_price)

    @m.Expression(m.REGIONS)
    def welfare(m, s):
        """Welfare of a region, index 1 in the benchmark: absorption over its price."""
        return m.absorption[s] / m.welfare_price[s]

    @m.Expression(m.AGENTS)
    def bundle(m, s, d):
        """Quantity of an agent's bundle."""
        return m.welfare[s] * ces.quantity(
            1.0, m.agent_price[s, d], m.welfare_price[s], k.sigma_agents[(s,)]
        )

    def weight(m: ConcreteModel, c: tuple[str, ...]):
        return m.final_weight[c] if c in m.WEIGHTED_FINAL_USES else 1.0

    @m.Expression(m.FINAL_USES)
    def final_price(m, s, d, i):
        """Composite price with the agent's user tax."""
        tax = m.final_tax[s, d, i] / k.final_tax_power[s, d, i]
        return m.composite_price[u_of[d], i, s] * tax

    def agent_price(m, s, d):
        """Price index of an agent: CES of composites at user prices."""
        terms = [
            (k.final[c] * k.final_tax_power[c] / k.bundle[s, d], weight(m, c), m.final_price[c])
            for c in k.goods_of(s, d)
        ]
        return ces.nest_price(terms, m.agent_price[s, d], k.sigma_final[s, d])

    m.agent_index = Constraint(m.AGENTS, rule=agent_price)

    @m.Expression(m.FINAL_USES)
    def final_use(m, s, d, i):
        """Quantity of composite i that agent d buys."""
        return m.bundle[s, d] * ces.quantity(
            weight(m, (s, d, i)), m.final_price[s, d, i], m.agent_price[s, d], k.sigma_final[s, d]
        )

    @m.Expression(m.FINAL_USES)
    def final_value(m, s, d, i):
        """Final use at market prices, user tax not included [million USD]."""
        return k.final[s, d, i] * m.final_use[s, d, i] * m.composite_price[u_of[d], i, s]

    @m.Constraint(m.COMPOSITES)
    def composite_market(m, u, i, s):
        """Supply of a composite equals what sectors, research and agents of its class buy."""
        sectors, agents = k.sectors_buying(u, i, s), k.agents_buying(u, i, s)
        return k.composite[u, i, s] * m.composite[u, i, s] == quicksum(
            k.intermediate[c] * m.input_use[c] for c in sectors
        ) + quicksum(k.final[c] * m.final_use[c] for c in agents) + (
            m.research_purchases[u, i, s] / m.composite_price[u, i, s]
        )
