"""Income and taxes of a region, and the numeraire.

Factor income is the factor's price times its endowment, never the payments the
sectors make: with payments, the budget would hold at any wage and the factor market
that Walras' law lets us drop would not be implied.
Revenues are shares of the region's benchmark absorption and may have either sign.
"""

from __future__ import annotations

from cge.model import ownership, saving
from cge.model.language.forms import members, ratio, signed, total
from cge.model.shares import Declared, Shares

TAXES = ("route_tax_revenue", "export_tax_revenue", "output_tax_revenue", "user_tax_revenue",
         "factor_tax_revenue")  # fmt: skip


def declare(m: Declared, k: Shares) -> None:
    """Add revenues and balance (shares of benchmark absorption) and the numeraire."""
    b = k.benchmark
    for tax in TAXES:
        key = "tariff" if tax == "route_tax_revenue" else tax.removesuffix("_revenue")
        start = k.keyed(b.tax_revenue[key] / b.absorption, "s")
        m.add_component(tax, signed(m.REGIONS, start=start))
    m.balance = signed(m.REGIONS, start=k.keyed(b.given_balance / b.absorption, "s"))
    m.numeraire = ratio()


def equations(m: Declared, k: Shares) -> None:
    """Add the equations of income, taxes and the numeraire."""
    composites, sectors, inputs, final, factor_uses, endowments = (
        k.by(name, "s")
        for name in ("composite", "output", "intermediate", "final", "factor", "factor_supply")
    )

    stand_ins = members(m.STAND_INS)

    @m.Constraint(m.REGIONS)
    def tariffs(m, s):
        """Tariff revenue: spending on composites less what reaches the exporters' border."""
        return k.absorption[s] * m.route_tax_revenue[s] == total(
            m.composite_value[c] - k.border_value[c] * m.paid_at_border[c] for c in composites[s,]
        )

    @m.Constraint(m.REGIONS)
    def export_taxes(m, s):
        """Export-tax revenue: deliveries at the border less their basic value."""
        return k.absorption[s] * m.export_tax_revenue[s] == total(
            k.fob_value[c] * m.fob_deliveries[c] - m.output_value[c] for c in sectors[s,]
        )

    @m.Constraint(m.REGIONS)
    def output_taxes(m, s):
        """Output-tax revenue on basic value; a subsidy is negative."""
        return k.absorption[s] * m.output_tax_revenue[s] == total(
            m.output_value[c] - m.net_of_output_tax[c] * m.output_value[c] for c in sectors[s,]
        ) + total(
            m.stand_in_value[c] - m.net_of_output_tax[c] * m.stand_in_value[c]
            for c in sectors[s,]
            if c in stand_ins
        )

    @m.Constraint(m.REGIONS)
    def user_taxes(m, s):
        """User-tax revenue on the composites that sectors and agents buy."""
        return k.absorption[s] * m.user_tax_revenue[s] == total(
            m.input_spending[c] - m.input_value[c] for c in inputs[s,]
        ) + total(m.final_tax[c] * m.final_value[c] - m.final_value[c] for c in final[s,])

    @m.Constraint(m.REGIONS)
    def factor_taxes(m, s):
        """Factor-tax revenue on what the owners receive."""
        return k.absorption[s] * m.factor_tax_revenue[s] == total(
            m.factor_tax[c] * m.factor_payment[c] - m.factor_payment[c] for c in factor_uses[s,]
        )

    @m.Expression(m.REGIONS)
    def tax_revenue(m, s):
        """Net revenue of all taxes and subsidies [million USD]."""
        return total(k.absorption[s] * getattr(m, tax)[s] for tax in TAXES)

    @m.Expression(m.REGIONS)
    def gdp(m, s):
        """GDP at market prices [million USD]: factor income and net taxes."""
        return total(m.factor_earnings[c] for c in endowments[s,]) + m.tax_revenue[s]

    world_absorption = total(k.absorption.values())

    @m.Expression()
    def balances_left(m):
        """Sum of the given balances over the world [million USD]; zero as a rule."""
        return total(k.absorption[s] * m.balance[s] for s in m.REGIONS)

    @m.Expression(m.REGIONS)
    def transfer(m, s):
        """Transfer received from abroad, indexed to the numeraire [million USD].

        Transfers add up to zero whatever balances are given: what these leave over, all
        regions bear in proportion to their benchmark absorption.
        """
        left_over = k.absorption[s] / world_absorption * m.balances_left
        return (k.absorption[s] * m.balance[s] - left_over) * m.numeraire

    def borrowing(m, s):
        """Borrowing less debt service, a share of benchmark absorption."""
        return m.private_borrowing[s] + m.public_borrowing[s] - m.debt_service[s]

    @m.Expression()
    def borrowing_left(m):
        """Sum of the borrowing over the world [million USD]; all regions bear it alike."""
        return total(k.absorption[s] * borrowing(m, s) for s in m.REGIONS)

    @m.Expression(m.REGIONS)
    def own_income(m, s):
        """GDP, income and the transfer from abroad, extra research paid [million USD]."""
        earned = m.gdp[s] + ownership.received(m, s)
        return earned + m.transfer[s] - m.research_spending[s]

    @m.Expression(m.REGIONS)
    def net_borrowing(m, s):
        """Borrowing abroad, less the service of what is owed [million USD]."""
        over = k.absorption[s] / world_absorption * m.borrowing_left
        return (k.absorption[s] * borrowing(m, s) - over) * m.numeraire

    @m.Constraint(m.REGIONS)
    def income(m, s):
        """Absorption is paid from income, what is borrowed, and saving of others."""
        paid = m.own_income[s] + m.net_borrowing[s] + saving.inflow(m, s)
        return k.absorption[s] * m.absorption[s] == paid

    @m.Constraint(m.SAVERS)
    def regional_income_rule(m, s):
        """Of a region that saves, income net of depreciation."""
        worn = total(m.depreciation_value[c] for c in k.by("capital_depreciation", "s")[s,])
        earned = m.own_income[s] + m.net_borrowing[s]
        return k.net_income[(s,)] * m.regional_income[s] == earned - worn

    @m.Expression(m.REGIONS)
    def welfare(m, s):
        """Welfare of a region, index 1 in the benchmark: real absorption that is not borrowed.

        What is lent is no loss and what is borrowed no gain, and so the service of a debt is
        no loss either: each counts once, where it is earned. It is deducted at what the last unit
        of absorption costs, as of a homothetic demand every unit does.
        """
        if s in m.SAVERS:
            return saving.welfare(m, k, s, m.net_borrowing[s] / k.absorption[s])
        if s in m.HOUSEHOLD_REGIONS:
            not_own = m.net_borrowing[s] / k.absorption[s]
            return m.real_absorption[s] - not_own / m.welfare_price[s]
        return (m.absorption[s] - m.net_borrowing[s] / k.absorption[s]) / m.welfare_price[s]

    world = total(k.factor_supply.values())

    @m.Constraint()
    def numeraire_index(m):
        """The numeraire: world factor price index, benchmark weights."""
        return m.numeraire == total(
            value / world * m.factor_return[c] for c, value in k.factor_supply.items()
        )
