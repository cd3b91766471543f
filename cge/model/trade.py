"""Trade: who supplies a composite, at what price, and what arrives at whom.

Armington (1969) composites by use class, single level over all origins, the
domestic one included, so that the closed forms of Arkolakis, Costinot and
Rodriguez-Clare (2012) hold exactly. Between the producer's basic price and the
purchaser stand, as powers: export tax, iceberg cost, tariff. What takes the place of an
import that is cut off is in :mod:`cge.model.backstop`.

Where the benchmark has bundles of imports (:mod:`cge.data.accounts.bundles`) there are two levels,
as in GTAP (Hertel 1997): a class chooses between its own routes, as a rule the domestic one, and
the composite of another class, its bundle, whose routes are the origins of imports. Each level has
its own elasticity, that of its class. A class may be taxed on what it buys of its bundle. Services
that carry goods are in :mod:`cge.model.transport`.
"""

from __future__ import annotations

from cge.model import backstop, transport
from cge.model.language import ces
from cge.model.language.forms import cells, members, power, ratio, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add the variables of trade. All are ratios to the benchmark, the wedges powers."""
    m.ROUTES = cells("uris", k.flow)
    m.TAXED_ROUTES = cells("uris", k.goods)
    m.CROSS_BORDER = cells("uris", k.abroad, lambda c: c in m.TAXED_ROUTES)
    m.IMPORTING = cells("uis", k.imported)
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

    m.tariff = power(m.TAXED_ROUTES, k.tariff_power)
    m.export_tax = power(m.CROSS_BORDER, k.export_tax_power)
    m.trade_cost = ratio(m.ROUTES)
    m.origin_weight = ratio(m.WEIGHTED_ROUTES)
    m.import_use_tax = power(m.IMPORTING, k.import_use_tax_power)
    transport.declare(m, k)


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
        value = k.flow[c] * power0(c)
        if c in k.carried:
            value = value + k.carried[c] * k.tariff_power[c]
        return value / k.composite[c[0], c[2], c[3]]

    def fob_price(c: Key):
        """Price at the exporter's border, relative to the benchmark."""
        price = basic_price[c[1], c[2]]
        return price * export_tax[c] / k.export_tax_power[c] if c in export_tax else price

    def purchaser_price(c: Key):
        """Price of what arrives, relative to the benchmark: every wedge as a power."""
        if c in m.CARRIED:
            return m.landed_price[c] * trade_cost[c] * tariff[c] / k.tariff_power[c]
        if c not in tariff:
            return basic_price[c[1], c[2]] * trade_cost[c]
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

    source = k.class_of["u"]

    def imported_share0(c: Key):
        """Share of the bundle of imports in spending on a composite in the benchmark."""
        return k.imported[c] * k.import_use_tax_power[c] / k.composite[c]

    def imported_price(c: Key):
        """Price of the bundle with the tax of the class on it, relative to the benchmark."""
        tax = m.import_use_tax[c] / k.import_use_tax_power[c]
        return composite_price[source[c[0]], c[1], c[2]] * tax

    @m.Expression(m.IMPORTING)
    def imported_share(m, *c):
        """Share of spending on a composite that goes to the bundle of imports."""
        sigma, index = k.sigma_armington[c], composite_price[c]
        return ces.value_share(imported_share0(c), 1.0, imported_price(c), index, sigma)

    @m.Constraint(m.COMPOSITES)
    def armington_price(m, u, i, s):
        """Price of a composite: the shares of its origins sum to one. Armington (1969)."""
        routes = k.by("flow", "uis")[u, i, s]
        shares = total(m.route_share[c] for c in routes)
        prices = ((share0(c), varieties.price(c)) for c in routes)
        index, sigma = composite_price[u, i, s], k.sigma_armington[u, i, s]
        if (u, i, s) in m.IMPORTING:
            c = (u, i, s)
            bundle = (imported_share0(c), imported_price(c))
            return ces.price_index([shares, m.imported_share[c]], prices, index, sigma, bundle)
        return ces.price_index([shares], prices, index, sigma)

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
    def landed_value(m, *c):
        """Value at the importer's border [million USD]: spending less tariff."""
        return m.route_spending[c] / tariff[c] if c in tariff else m.route_spending[c]

    @m.Expression(m.ROUTES)
    def fob_value(m, *c):
        """Value at the exporter's border [million USD]: less transport, where there is any."""
        if c in m.CARRIED:
            return transport.goods_share(m, k, c, fob_price(c)) * m.landed_value[c]
        return m.landed_value[c]

    @m.Expression(m.ROUTES)
    def basic_value(m, *c):
        """Value at basic prices [million USD]: what the producer receives."""
        return m.fob_value[c] / export_tax[c] if c in export_tax else m.fob_value[c]

    @m.Expression(m.IMPORTING)
    def imported_spending(m, *c):
        """Spending on the bundle of imports, the tax of the class included [million USD]."""
        return m.imported_share[c] * m.composite_value[c]

    @m.Expression(m.IMPORTING)
    def imported_value(m, *c):
        """What the bundle costs without the tax of the class [million USD]."""
        return m.imported_spending[c] / m.import_use_tax[c]

    @m.Expression(m.IMPORTING)
    def imported_use(m, u, i, s):
        """Quantity of the bundle that a class buys, at benchmark prices."""
        return m.imported_value[u, i, s] / composite_price[source[u], i, s]

    @m.Constraint(m.COMPOSITES)
    def border_payments(m, u, i, s):
        """Spending on a composite that is passed on for it; the rest is tax."""
        routes = k.by("flow", "uis")[u, i, s]
        passed = total(m.landed_value[c] for c in routes)
        passed = passed + total(m.backstop_spending[c] for c in routes if c in backstopped)
        if (u, i, s) in m.IMPORTING:
            passed = passed + m.imported_value[u, i, s]
        return k.border_value[u, i, s] * m.paid_at_border[u, i, s] == passed

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

    transport.equations(m, k, fob_price)
