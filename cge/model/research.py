"""Research: what doing more of it than in the benchmark takes from the economy.

The benchmark's own research is in its accounts, where it can not be told apart. What is
modelled is the difference: a region may do more (or less) of it, made of labour and of
the services that research is bought from, half and half in value and in fixed value
shares. It is paid by the region's agent before anything is spent on absorption, so a push
competes for labour and services, and costs welfare now; what it brings is productivity
later, outside these equations.
"""

from __future__ import annotations

from pyomo.environ import ConcreteModel, Reals, Var

from cge.model.shares import Key, Shares

#: Share of labour in the value of research, the rest being services (Frascati surveys put
#: labour near one half of current expenditure).
LABOUR_SHARE = 0.5


def declare(m: ConcreteModel, k: Shares) -> None:
    """Add the quantity of extra research, in shares of benchmark absorption."""
    m.research = Var(m.REGIONS, domain=Reals, initialize=0.0)


def inputs(k: Shares, s: str) -> tuple[dict[Key, float], dict[Key, float]]:
    """Value shares of labour (s, f) and of composites (u, i, s) in a region's research.

    Services are those of the group ``research`` of the benchmark's sectors, bought from the
    use class of the first sector, in proportion to what is bought there. Without labour or
    without such services the other makes all of it; without either there is no research.
    """
    b = k.benchmark
    labour = next((f for f in ("LAB", *b.factors) if (s, f) in k.factor_supply), None)
    services = {
        c: k.composite[c]
        for i in b.research_sectors
        if (c := (b.sector_class[b.sectors.index(i)], i, s)) in k.composite
    }
    total = sum(services.values())
    by_labour = (LABOUR_SHARE if services else 1.0) if labour else 0.0
    by_factor: dict[Key, float] = {(s, labour): by_labour} if labour else {}
    return by_factor, {c: (1 - by_labour) * value / total for c, value in services.items()}


def equations(m: ConcreteModel, k: Shares) -> None:
    """Add price and cost of research; markets and income read them."""
    recipe = {s: inputs(k, s) for s in k.absorption}

    @m.Expression(m.REGIONS)
    def research_price(m, s):
        """Price of research: geometric mean of wage and service prices."""
        labour, services = recipe[s]
        price = 1.0
        for c, share in labour.items():
            price = price * m.factor_return[c] ** share
        for c, share in services.items():
            price = price * m.composite_price[c] ** share
        return price

    @m.Expression(m.REGIONS)
    def research_spending(m, s):
        """Outlay on extra research [million USD]."""
        return k.absorption[s] * m.research[s] * m.research_price[s]

    bought = {c: (s, share) for s in recipe for c, share in recipe[s][1].items()}
    hired = {c: (s, share) for s in recipe for c, share in recipe[s][0].items()}

    @m.Expression(m.COMPOSITES)
    def research_purchases(m, *c):
        """Spending of research on a composite [million USD]."""
        if c not in bought:
            return 0.0
        s, share = bought[c]
        return share * m.research_spending[s]

    @m.Expression(m.ENDOWMENTS)
    def research_wages(m, *c):
        """Spending of research on a factor [million USD]."""
        if c not in hired:
            return 0.0
        s, share = hired[c]
        return share * m.research_spending[s]

    @m.Expression(m.REGIONS)
    def research_unit_cost(m, s):
        """Cost of research worth the whole of benchmark absorption [million USD]."""
        return k.absorption[s] * m.research_price[s]
