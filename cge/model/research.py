"""Research: what doing more of it than in the benchmark takes from the economy.

The benchmark's own research is in its accounts, where it can not be told apart. What is
modelled is the difference: a region may do more (or less) of it, made of labour and of
the services that research is bought from, half and half in value and in fixed value
shares. It is paid by the region's agent before anything is spent on absorption, so a push
competes for labour and services, and costs welfare now; what it brings is productivity
later, outside these equations.
"""

from __future__ import annotations

from cge.model.language.forms import product, signed
from cge.model.shares import Declared, Key, Shares

#: Share of labour in the value of research, the rest being services (Frascati surveys put
#: labour near one half of current expenditure).
LABOUR_SHARE = 0.5


def declare(m: Declared, k: Shares) -> None:
    """Add the quantity of extra research, in shares of benchmark absorption."""
    m.research = signed(m.REGIONS, start=0.0)
    k.derive("research_labour", "sf", lambda k: _inputs(k)[0])
    k.derive("research_services", "uis", lambda k: _inputs(k)[1])


def _inputs(k: Shares) -> tuple[dict[Key, float], dict[Key, float]]:
    """Value shares of labour (s, f) and of composites (u, i, s) in the research of a region.

    Services are those of the group ``research`` of the benchmark's sectors, bought from the
    use class of the first sector, in proportion to what is bought there. Without labour or
    without such services the other makes all of it; without either there is no research.
    """
    b = k.benchmark
    by_factor: dict[Key, float] = {}
    by_composite: dict[Key, float] = {}
    for s in b.regions:
        labour = next((f for f in ("LAB", *b.factors) if (s, f) in k.factor_supply), None)
        services = {
            c: k.composite[c]
            for i in b.research_sectors
            if (c := (b.sector_class[b.sectors.index(i)], i, s)) in k.composite
        }
        part = (LABOUR_SHARE if services else 1.0) if labour else 0.0
        if labour:
            by_factor[s, labour] = part
        every = sum(services.values())
        by_composite |= {c: (1 - part) * value / every for c, value in services.items()}
    return by_factor, by_composite


def equations(m: Declared, k: Shares) -> None:
    """Add price and cost of research; markets and income read them."""
    labour, services = k.research_labour, k.research_services
    labour_of, services_of = k.by("research_labour", "s"), k.by("research_services", "s")

    @m.Expression(m.REGIONS)
    def research_price(m, s):
        """Price of research: geometric mean of wage and service prices."""
        wages = product(m.factor_return[c] ** labour[c] for c in labour_of[s,])
        return wages * product(m.composite_price[c] ** services[c] for c in services_of[s,])

    @m.Expression(m.REGIONS)
    def research_spending(m, s):
        """Outlay on extra research [million USD]."""
        return k.absorption[s] * m.research[s] * m.research_price[s]

    @m.Expression(m.COMPOSITES)
    def research_purchases(m, *c):
        """Spending of research on a composite [million USD]."""
        return services[c] * m.research_spending[c[2]] if c in services else 0.0

    @m.Expression(m.ENDOWMENTS)
    def research_wages(m, *c):
        """Spending of research on a factor [million USD]."""
        return labour[c] * m.research_spending[c[0]] if c in labour else 0.0

    @m.Expression(m.REGIONS)
    def research_unit_cost(m, s):
        """Cost of research worth the whole of benchmark absorption [million USD]."""
        return k.absorption[s] * m.research_price[s]
