"""Outcomes of an equilibrium: declared beside the equations, used for reporting,
for closures that fix an outcome, and for gradients.

Every outcome is an expression in the model's variables, in million USD of the
numeraire unless its unit says otherwise. Volumes are values at benchmark prices.
"""

from __future__ import annotations

from cge.model.language.forms import cells, members, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add the outcomes as named expressions of the model `m`."""
    final, sectors, inputs, bundles, endowments = (
        k.by(name, "s") for name in ("final", "output", "intermediate", "bundle", "factor_supply")
    )
    routes = k.by("flow", "ris")
    m.DELIVERIES = cells("ris", k.flow, by=lambda c: c[1:])
    abroad_from, abroad_to = k.by("abroad", "r"), k.by("abroad", "s")
    basic_price, export_tax = members(m.basic_price), members(m.export_tax)
    stand_ins, backstopped = members(m.STAND_INS), members(m.BACKSTOPPED)

    def fob_price(c: Key):
        """Price at the exporter's border, relative to the benchmark."""
        if c not in export_tax:
            return basic_price[c[1], c[2]]
        return basic_price[c[1], c[2]] * export_tax[c] / k.export_tax_power[c]

    def fob0(c: Key):
        return k.flow[c] * k.export_tax_power[c]

    @m.Expression(m.ROUTES)
    def route_volume(m, u, r, i, s):
        """Quantity delivered on a route, at benchmark fob prices."""
        return m.fob_value[u, r, i, s] / fob_price((u, r, i, s))

    @m.Expression(m.ROUTES)
    def arrivals(m, *c):
        """Quantity that arrives on a route, at benchmark fob prices: iceberg losses deducted."""
        return m.route_volume[c] / m.trade_cost[c]

    @m.Expression(m.DELIVERIES)
    def trade_value(m, r, i, s):
        return total(m.fob_value[c] for c in routes[r, i, s])

    @m.Expression(m.DELIVERIES)
    def trade_volume(m, r, i, s):
        return total(m.route_volume[c] for c in routes[r, i, s])

    @m.Expression(m.DELIVERIES)
    def tariff_paid(m, r, i, s):
        return total(m.route_spending[c] - m.landed_value[c] for c in routes[r, i, s])

    @m.Expression(m.DELIVERIES)
    def export_tax_paid(m, r, i, s):
        return total(m.fob_value[c] - m.basic_value[c] for c in routes[r, i, s] if c in export_tax)

    @m.Expression(m.REGIONS)
    def exports(m, s):
        return total(m.fob_value[c] for c in abroad_from[s,])

    @m.Expression(m.REGIONS)
    def imports(m, s):
        return total(m.fob_value[c] for c in abroad_to[s,])

    @m.Expression(m.REGIONS)
    def export_volume(m, s):
        return total(m.route_volume[c] for c in abroad_from[s,])

    @m.Expression(m.REGIONS)
    def import_volume(m, s):
        return total(m.route_volume[c] for c in abroad_to[s,])

    @m.Expression(m.REGIONS)
    def exports_revalued(m, s):
        return total(fob0(c) * fob_price(c) for c in abroad_from[s,])

    @m.Expression(m.REGIONS)
    def imports_revalued(m, s):
        return total(fob0(c) * fob_price(c) for c in abroad_to[s,])

    @m.Expression(m.REGIONS)
    def absorption_value(m, s):
        return k.absorption[s] * m.absorption[s]

    @m.Expression(m.REGIONS)
    def trade_balance(m, s):
        return m.exports[s] - m.imports[s]

    @m.Expression(m.TIED)
    def current_account(m, s):
        return m.trade_balance[s] + m.income_from_abroad[s]

    @m.Expression(m.TIED)
    def national_income(m, s):
        return m.gdp[s] + m.income_from_abroad[s]

    @m.Expression(m.AGENTS)
    def final_spending(m, s, d):
        return k.bundle[s, d] * m.agent_price[s, d] * m.bundle[s, d]

    @m.Expression(m.REGIONS)
    def gdp_by_expenditure(m, s):
        spending = total(m.final_spending[c] for c in bundles[s,])
        return spending + m.research_spending[s] + m.exports[s] - m.imports[s]

    @m.Expression(m.REGIONS)
    def gdp_volume(m, s):
        absorbed = total(k.final[c] * k.final_tax_power[c] * m.final_use[c] for c in final[s,])
        research = k.absorption[s] * m.research[s]
        return absorbed + research + m.export_volume[s] - m.import_volume[s]

    @m.Expression(m.REGIONS)
    def gdp_revalued(m, s):
        absorbed = total(k.final[c] * k.final_tax_power[c] * m.final_price[c] for c in final[s,])
        return absorbed + m.exports_revalued[s] - m.imports_revalued[s]

    @m.Expression(m.SECTORS)
    def output_tax_paid(m, s, j):
        return m.output_value[s, j] - m.net_of_output_tax[s, j] * m.output_value[s, j]

    @m.Expression(m.SECTORS)
    def producer_receipts(m, s, j):
        return m.net_of_output_tax[s, j] * m.output_value[s, j]

    @m.Expression(m.FINAL_USES)
    def final_purchases(m, *c):
        return m.final_tax[c] * m.final_value[c]

    @m.Expression(m.FACTOR_USES)
    def factor_spending(m, *c):
        return m.factor_tax[c] * m.factor_payment[c]

    @m.Expression(m.VALUE_ADDING)
    def value_added_value(m, s, j):
        return k.value_added[s, j] * m.value_added_price[s, j] * m.value_added[s, j]

    @m.Expression(m.FACTOR_USES)
    def factor_tax_paid(m, *c):
        return m.factor_tax[c] * m.factor_payment[c] - m.factor_payment[c]

    @m.Expression(m.MATERIAL_USING)
    def material_value(m, s, j):
        return k.materials[s, j] * m.material_price[s, j] * m.materials[s, j]

    @m.Expression(m.REGIONS)
    def gdp_by_production(m, s):
        """Receipts of all sectors less inputs at market prices, plus taxes on products."""
        made = total(m.stand_in_value[c] for c in sectors[s,] if c in stand_ins)
        receipts = total(m.output_value[c] for c in sectors[s,]) + made
        bought = total(m.input_value[c] for c in inputs[s,])
        final_user_tax = total(
            m.final_tax[c] * m.final_value[c] - m.final_value[c] for c in final[s,]
        )
        product_taxes = m.route_tax_revenue[s] + m.export_tax_revenue[s]
        own = receipts - bought + final_user_tax + k.absorption[s] * product_taxes
        return own + total(m.research_wages[c] for c in endowments[s,])

    @m.Expression(m.STAND_INS)
    def stand_in_receipts(m, s, j):
        return m.net_of_output_tax[s, j] * m.stand_in_value[s, j]

    @m.Expression(m.STAND_INS)
    def stand_in_quantity(m, s, j):
        spent = total(m.backstop_spending[c] for c in k.by("flow", "si")[s, j] if c in backstopped)
        return spent / m.stand_in_price[s, j]

    @m.Expression(m.REGIONS)
    def real_tax_revenue(m, s):
        return m.tax_revenue[s] / m.welfare_price[s]

    @m.Expression(m.ENDOWMENTS)
    def factor_income(m, s, f):
        return m.factor_earnings[s, f]

    @m.Expression(m.ENDOWMENTS)
    def real_factor_return(m, s, f):
        return m.factor_return[s, f] / m.welfare_price[s]

    @m.Expression(m.ENDOWMENTS)
    def consumer_real_return(m, s, f):
        consumer = bundles[s,][0]
        return m.factor_return[s, f] / m.agent_price[consumer]
