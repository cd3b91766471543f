"""What is read off an equilibrium: declared beside the equations, used for reporting,
for closures that fix an outcome, and for gradients.

Every outcome is an expression in the model's variables, in million USD of the
numeraire unless its unit says otherwise. Volumes are values at benchmark prices.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyomo.environ import ConcreteModel, Set, quicksum

from cge.model.shares import Shares


@dataclass(frozen=True)
class Outcome:
    """Name, axes (letters as in the benchmark), unit and meaning of an outcome."""

    name: str
    axes: str
    unit: str
    meaning: str


OUTCOMES: tuple[Outcome, ...] = (
    Outcome("welfare", "s", "index", "absorption over its price index"),
    Outcome("absorption_value", "s", "value", "absorption at user prices"),
    Outcome("gdp", "s", "value", "GDP at market prices"),
    Outcome("gdp_volume", "s", "value", "GDP at benchmark prices (Laspeyres volume)"),
    Outcome("gdp_revalued", "s", "value", "benchmark GDP quantities at current prices"),
    Outcome("gdp_by_production", "s", "value", "GDP as value added and taxes by sector"),
    Outcome("gdp_by_expenditure", "s", "value", "GDP as final demand plus net exports"),
    Outcome("real_factor_return", "sf", "index", "factor return over the welfare price"),
    Outcome("consumer_real_return", "sf", "index", "factor return over the price index of the first agent"),
    Outcome("factor_income", "sf", "value", "income of a factor"),
    Outcome("final_spending", "sd", "value", "spending of an agent at user prices"),
    Outcome("output_value", "sj", "value", "gross output at basic prices"),
    Outcome("value_added_value", "sj", "value", "value added at the user's cost"),
    Outcome("output_tax_paid", "sj", "value", "output tax, negative for a subsidy"),
    Outcome("factor_tax_paid", "sjf", "value", "tax on a sector's use of a factor"),
    Outcome("trade_value", "ris", "value", "deliveries at the exporter's border (fob)"),
    Outcome("trade_volume", "ris", "value", "deliveries at benchmark fob prices"),
    Outcome("tariff_paid", "ris", "value", "tariff revenue by route"),
    Outcome("export_tax_paid", "ris", "value", "export-tax revenue by route"),
    Outcome("exports", "s", "value", "exports, fob"),
    Outcome("imports", "s", "value", "imports, fob"),
    Outcome("trade_balance", "s", "value", "exports less imports, fob"),
    Outcome("export_volume", "s", "value", "exports at benchmark fob prices"),
    Outcome("import_volume", "s", "value", "imports at benchmark fob prices"),
    Outcome("exports_revalued", "s", "value", "benchmark exports at current fob prices"),
    Outcome("imports_revalued", "s", "value", "benchmark imports at current fob prices"),
    Outcome("transfer", "s", "value", "transfer received from abroad (the balance)"),
)  # fmt: skip


def declare(m: ConcreteModel, k: Shares) -> None:
    """Add the outcomes as named expressions of the model `m`."""
    b = k.benchmark
    regions = b.regions
    by_region = {
        name: {s: [c for c in cells if c[0] == s] for s in regions}
        for name, cells in (
            ("final", k.final), ("output", k.output), ("inputs", k.intermediate),
            ("bundle", k.bundle), ("supply", k.factor_supply),
        )
    }  # fmt: skip
    routes: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for c in k.flow:
        routes.setdefault(c[1:], []).append(c)
    m.DELIVERIES = Set(initialize=list(routes), dimen=3)  # r, i, s
    abroad_from = {s: [c for c in k.flow if c[1] == s and c[3] != s] for s in regions}
    abroad_to = {s: [c for c in k.flow if c[3] == s and c[1] != s] for s in regions}
    u_of, v_of = k.sector_class, k.agent_class

    def fob_price(m, c):
        u, r, i, s = c
        if r == s:
            return m.basic_price[r, i]
        return m.basic_price[r, i] * m.export_tax[c] / k.export_tax_power[c]

    def fob0(c):
        return k.flow[c] * k.export_tax_power[c]

    @m.Expression(m.ROUTES)
    def route_volume(m, u, r, i, s):
        """Quantity delivered on a route, at benchmark fob prices."""
        return m.fob_value[u, r, i, s] / fob_price(m, (u, r, i, s))

    @m.Expression(m.DELIVERIES)
    def trade_value(m, r, i, s):
        return quicksum(m.fob_value[c] for c in routes[r, i, s])

    @m.Expression(m.DELIVERIES)
    def trade_volume(m, r, i, s):
        return quicksum(m.route_volume[c] for c in routes[r, i, s])

    @m.Expression(m.DELIVERIES)
    def tariff_paid(m, r, i, s):
        return quicksum((m.tariff[c] - 1) * m.fob_value[c] for c in routes[r, i, s])

    @m.Expression(m.DELIVERIES)
    def export_tax_paid(m, r, i, s):
        if r == s:
            return 0.0
        return quicksum(m.fob_value[c] - m.basic_value[c] for c in routes[r, i, s])

    @m.Expression(m.REGIONS)
    def exports(m, s):
        return quicksum(m.fob_value[c] for c in abroad_from[s])

    @m.Expression(m.REGIONS)
    def imports(m, s):
        return quicksum(m.fob_value[c] for c in abroad_to[s])

    @m.Expression(m.REGIONS)
    def export_volume(m, s):
        return quicksum(m.route_volume[c] for c in abroad_from[s])

    @m.Expression(m.REGIONS)
    def import_volume(m, s):
        return quicksum(m.route_volume[c] for c in abroad_to[s])

    @m.Expression(m.REGIONS)
    def exports_revalued(m, s):
        return quicksum(fob0(c) * fob_price(m, c) for c in abroad_from[s])

    @m.Expression(m.REGIONS)
    def imports_revalued(m, s):
        return quicksum(fob0(c) * fob_price(m, c) for c in abroad_to[s])

    @m.Expression(m.REGIONS)
    def absorption_value(m, s):
        return k.absorption[s] * m.absorption[s]

    @m.Expression(m.REGIONS)
    def trade_balance(m, s):
        return m.exports[s] - m.imports[s]

    @m.Expression(m.REGIONS)
    def transfer(m, s):
        return k.absorption[s] * m.balance[s] * m.numeraire

    @m.Expression(m.AGENTS)
    def final_spending(m, s, d):
        return k.bundle[s, d] * m.agent_price[s, d] * m.bundle[s, d]

    @m.Expression(m.REGIONS)
    def gdp_by_expenditure(m, s):
        spending = quicksum(m.final_spending[c] for c in by_region["bundle"][s])
        return spending + m.exports[s] - m.imports[s]

    @m.Expression(m.REGIONS)
    def gdp_volume(m, s):
        final = quicksum(
            k.final[c] * k.final_tax_power[c] * m.final_use[c] for c in by_region["final"][s]
        )
        return final + m.export_volume[s] - m.import_volume[s]

    @m.Expression(m.REGIONS)
    def gdp_revalued(m, s):
        final = quicksum(
            k.final[c] * k.final_tax_power[c] * m.final_price[c] for c in by_region["final"][s]
        )
        return final + m.exports_revalued[s] - m.imports_revalued[s]

    @m.Expression(m.SECTORS)
    def output_value(m, s, j):
        return k.output[s, j] * m.basic_price[s, j] * m.output[s, j]

    @m.Expression(m.SECTORS)
    def output_tax_paid(m, s, j):
        return (1 - m.net_of_output_tax[s, j]) * m.output_value[s, j]

    @m.Expression(m.VALUE_ADDING)
    def value_added_value(m, s, j):
        return k.value_added[s, j] * m.value_added_price[s, j] * m.value_added[s, j]

    @m.Expression(m.FACTOR_USES)
    def factor_tax_paid(m, *c):
        return k.factor[c] * (m.factor_tax[c] - 1) * m.factor_price[c] * m.factor_use[c]

    @m.Expression(m.REGIONS)
    def gdp_by_production(m, s):
        """Receipts of all sectors less inputs at market prices, plus taxes on products."""
        receipts = quicksum(m.output_value[c] for c in by_region["output"][s])
        inputs = quicksum(
            k.intermediate[s, i, j] * m.composite_price[u_of[j], i, s] * m.input_use[s, i, j]
            for _, i, j in by_region["inputs"][s]
        )
        final_user_tax = quicksum(
            k.final[s, d, i]
            * (m.final_tax[s, d, i] - 1)
            * m.composite_price[v_of[d], i, s]
            * m.final_use[s, d, i]
            for _, d, i in by_region["final"][s]
        )
        product_taxes = m.tariff_revenue[s] + m.export_tax_revenue[s]
        return receipts - inputs + final_user_tax + k.absorption[s] * product_taxes

    @m.Expression(m.ENDOWMENTS)
    def factor_income(m, s, f):
        return k.factor_supply[s, f] * m.factor_return[s, f] * m.factor_supply[s, f]

    @m.Expression(m.ENDOWMENTS)
    def real_factor_return(m, s, f):
        return m.factor_return[s, f] / m.welfare_price[s]

    @m.Expression(m.ENDOWMENTS)
    def consumer_real_return(m, s, f):
        consumer = by_region["bundle"][s][0]
        return m.factor_return[s, f] / m.agent_price[consumer]
