"""Trade: who supplies a composite, at what price, and what arrives at whom.

Armington (1969) composites by use class, single level over all origins, the
domestic one included, so that the closed forms of Arkolakis, Costinot and
Rodriguez-Clare (2012) hold exactly. Between the producer's basic price and the
purchaser stand, as powers: export tax, iceberg cost, tariff. What takes the place of an
import that is cut off is in :mod:`cge.model.backstop`.
"""

from __future__ import annotations

from pyomo.environ import ConcreteModel, Set, quicksum

from cge.model import backstop, ces
from cge.model.shares import Key, Shares, cells, members, power, ratio


def declare(m: ConcreteModel, k: Shares) -> None:
    """Add the variables of trade. All are ratios to the benchmark, the wedges powers."""
    m.ROUTES = cells(4, k.flow)  # u, r, i, s
    m.CROSS_BORDER = cells(4, (c for c in k.flow if c[1] != c[3]))
    m.COMPOSITES = cells(3, k.composite)  # u, i, s
    m.SECTORS = cells(2, k.output)  # r, i = s, j
    m.WEIGHTED_ROUTES = cells(4, (c for c in k.flow if k.sigma_armington[c[0], c[2], c[3]] != 1))
    m.REGIONS = Set(initialize=list(k.absorption))

    m.basic_price = ratio(m.SECTORS)
    m.output = ratio(m.SECTORS)
    m.composite_price = ratio(m.COMPOSITES)
    m.composite = ratio(m.COMPOSITES)
    m.paid_at_border = ratio(m.COMPOSITES)
    m.fob_deliveries = ratio(m.SECTORS)

    m.tariff = power(m.ROUTES, k.tariff_power)
    m.export_tax = power(m.CROSS_BORDER, k.export_tax_power)
    m.trade_cost = ratio(m.ROUTES)
    m.origin_weight = ratio(m.WEIGHTED_ROUTES)


def equations(m: ConcreteModel, k: Shares) -> None:
    """Add the equations of trade."""
    powers0 = {c: k.tariff_power[c] * k.export_tax_power[c] for c in k.flow}
    share0 = {c: value * powers0[c] / k.composite[c[0], c[2], c[3]] for c, value in k.flow.items()}

    basic_price, composite_price = members(m.basic_price), members(m.composite_price)
    tariff, export_tax, trade_cost, origin_weight = (
        members(v) for v in (m.tariff, m.export_tax, m.trade_cost, m.origin_weight)
    )

    def purchaser_price(c: Key):
        """Price of what arrives, relative to the benchmark: every wedge as a power."""
        price = basic_price[c[1], c[2]] * trade_cost[c] * tariff[c] / powers0[c]
        return price * export_tax[c] if c in export_tax else price

    varieties, backstopped = backstop.Varieties(m, purchaser_price), set(m.BACKSTOPPED)

    @m.Expression(m.ROUTES)
    def route_share(m, u, r, i, s):
        """Share of spending on composite (u, i, s) that goes to the variety of origin r."""
        c = (u, r, i, s)
        return ces.value_share(
            share0[c],
            origin_weight.get(c, 1.0),
            varieties.price(c),
            composite_price[u, i, s],
            k.sigma_armington[u, i, s],
        )

    @m.Constraint(m.COMPOSITES)
    def armington_price(m, u, i, s):
        """Price of a composite: the shares of its origins sum to one. Armington (1969)."""
        routes = k.by("flow", "uis")[u, i, s]
        return ces.price_index(
            [m.route_share[c] for c in routes],
            ((share0[c], varieties.price(c)) for c in routes),
            composite_price[u, i, s],
            k.sigma_armington[u, i, s],
        )

    @m.Expression(m.COMPOSITES)
    def composite_value(m, u, i, s):
        """Spending on a composite, tariffs included [million USD]."""
        return k.composite[u, i, s] * m.composite_price[u, i, s] * m.composite[u, i, s]

    @m.Expression(m.BACKSTOPPED)
    def backstop_spending(m, u, r, i, s):
        """Spending on what stands in for an import [million USD]."""
        c = (u, r, i, s)
        return m.route_share[c] * varieties.backstop_part(c) * m.composite_value[u, i, s]

    @m.Expression(m.ROUTES)
    def route_spending(m, u, r, i, s):
        """Spending on what arrives from an origin, tariff included [million USD]."""
        c = (u, r, i, s)
        return m.route_share[c] * varieties.import_part(c) * m.composite_value[u, i, s]

    @m.Expression(m.ROUTES)
    def fob_value(m, u, r, i, s):
        """Value at the exporter's border [million USD]: spending less tariff."""
        return m.route_spending[u, r, i, s] / tariff[u, r, i, s]

    @m.Expression(m.ROUTES)
    def basic_value(m, u, r, i, s):
        """Value at basic prices [million USD]: what the producer receives."""
        if r == s:
            return m.fob_value[u, r, i, s]
        return m.fob_value[u, r, i, s] / export_tax[u, r, i, s]

    @m.Constraint(m.COMPOSITES)
    def border_payments(m, u, i, s):
        """Spending on a composite that reaches its producers; the rest is tariff."""
        routes = k.by("flow", "uis")[u, i, s]
        at_border = quicksum(m.fob_value[c] for c in routes)
        stand_ins = quicksum(m.backstop_spending[c] for c in routes if c in backstopped)
        return k.border_value[u, i, s] * m.paid_at_border[u, i, s] == at_border + stand_ins

    @m.Constraint(m.SECTORS)
    def fob_receipts(m, r, i):
        """Deliveries at the exporter's border; less basic value this is export tax."""
        return k.fob_value[r, i] * m.fob_deliveries[r, i] == quicksum(
            m.fob_value[c] for c in k.by("flow", "ri")[r, i]
        )

    @m.Expression(m.SECTORS)
    def output_value(m, r, i):
        """Gross output at basic prices [million USD]."""
        return k.output[r, i] * m.basic_price[r, i] * m.output[r, i]

    @m.Constraint(m.SECTORS)
    def goods_market(m, r, i):
        """Output equals deliveries to all uses, at basic prices, iceberg losses included."""
        return m.output_value[r, i] == quicksum(m.basic_value[c] for c in k.by("flow", "ri")[r, i])
