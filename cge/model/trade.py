"""Trade: who supplies a composite, at what price, and what arrives at whom.

Armington (1969) composites by use class, single level over all origins, the
domestic one included, so that the closed forms of Arkolakis, Costinot and
Rodriguez-Clare (2012) hold exactly. Between the producer's basic price and the
purchaser stand, as powers: export tax, iceberg cost, tariff. What takes the place of an
import that is cut off is in :mod:`cge.model.backstop`.
"""

from __future__ import annotations

from cge.model import backstop, ces
from cge.model.language.forms import cells, members, power, ratio, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add the variables of trade. All are ratios to the benchmark, the wedges powers."""
    m.ROUTES = cells("uris", k.flow)
    m.CROSS_BORDER = cells("uris", k.abroad)
    m.COMPOSITES = cells("uis", k.composite)
    m.SECTORS = cells("ri", k.output)
    m.WEIGHTED_ROUTES = cells("uris", k.flow, lambda c: k.sigma_armington[c[0], c[2], c[3]] != 1)
    m.REGIONS = cells("s", k.absorption)

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


def equations(m: Declared, k: Shares) -> None:
    """Add the equations of trade."""
    basic_price, composite_price = members(m.basic_price), members(m.composite_price)
    tariff, export_tax, trade_cost, origin_weight = (
        members(v) for v in (m.tariff, m.export_tax, m.trade_cost, m.origin_weight)
    )

    def power0(c: Key):
        """Tariff and export tax of the benchmark."""
        return k.tariff_power[c] * k.export_tax_power[c]

    def share0(c: Key):
        """Share of a route in spending on its composite in the benchmark."""
        return k.flow[c] * power0(c) / k.composite[c[0], c[2], c[3]]

    def purchaser_price(c: Key):
        """Price of what arrives, relative to the benchmark: every wedge as a power."""
        price = basic_price[c[1], c[2]] * trade_cost[c] * tariff[c] / power0(c)
        return price * export_tax[c] if c in export_tax else price

    varieties, backstopped = backstop.Varieties(m, purchaser_price), members(m.BACKSTOPPED)

    @m.Expression(m.ROUTES)
    def route_share(m, u, r, i, s):
        """Share of spending on composite (u, i, s) that goes to the variety of origin r."""
        c = (u, r, i, s)
        return ces.value_share(
            share0(c),
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
            ((share0(c), varieties.price(c)) for c in routes),
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
        at_border = total(m.fob_value[c] for c in routes)
        stand_ins = total(m.backstop_spending[c] for c in routes if c in backstopped)
        return k.border_value[u, i, s] * m.paid_at_border[u, i, s] == at_border + stand_ins

    @m.Constraint(m.SECTORS)
    def fob_receipts(m, r, i):
        """Deliveries at the exporter's border; less basic value this is export tax."""
        return k.fob_value[r, i] * m.fob_deliveries[r, i] == total(
            m.fob_value[c] for c in k.by("flow", "ri")[r, i]
        )

    @m.Expression(m.SECTORS)
    def output_value(m, r, i):
        """Gross output at basic prices [million USD]."""
        return k.output[r, i] * m.basic_price[r, i] * m.output[r, i]

    @m.Constraint(m.SECTORS)
    def goods_market(m, r, i):
        """Output equals deliveries to all uses, at basic prices, iceberg losses included."""
        return m.output_value[r, i] == total(m.basic_value[c] for c in k.by("flow", "ri")[r, i])
