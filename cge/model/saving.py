"""The regional household, what it saves, and where in the world that is invested.

Where the benchmark has saving (:mod:`cge.data.accounts.saving_accounts`) a region has an income
net of depreciation, of which it spends parts on consumption and saves the rest, as the regional
household of GTAP (McDougall 2003, A new regional household demand system for GTAP, GTAP Technical
Paper 20).
Where all its agents are homothetic these are parts of one nest. A household with other income
elasticities has a cost of utility k that changes with income (:mod:`cge.model.demand`), and the
region is Cobb-Douglas in utilities. With shares T, utility u of the household, what others consume
and what is saved, all relative to the benchmark, and M for what the last unit of log welfare costs,

    spending of the household = T M / k,    of another agent = T M,    saving = T M
    T ln u' + (1 - T) ln M' = T ln u + sum of T ln of what others consume and what is saved
    v(u') = M' / k(u')

where the last two lines say which M' and u' bring about that welfare at benchmark prices. It costs
X = T v(u') + (1 - T) M' there, so EV is exact. One unit more of X costs M / M', the price of
welfare.

What is saved is a claim on capital of the world. Its price is that of investment goods at home
times what the world's investment costs over what its saving would buy it for: Fisher indices of
prices of investment goods, with weights of investment and of saving, for the chain indices of GTAP.
A bank invests the world's saving (Hertel 1997, chapter 2; Corong and others 2017), either so that
net investment grows alike in all regions, or so that expected rates of return move alike:

    expected return = current return * (capital at the end / at the beginning) ** -flexibility
    current return  = rental / price of investment goods - depreciation

In either case a slack, one unless a closure frees it, takes a region out of the rule (`cgdslack`
of GTAP): then what its investment gets of others' saving can be given, its foreign saving, in goods
of which the world's investment is made, as in GTAP's version in GAMS (van der Mensbrugghe 2018, The
Standard GTAP Model in GAMS, Version 7, Journal of Global Economic Analysis 3(1), 1-83).
Investment is then no part of a region's welfare, and saving is. The balance of trade follows from
both. Everything is relative to the benchmark; nothing of this is part of other models.
"""

from __future__ import annotations

from typing import Any

from cge.core.axes import Array
from cge.data.accounts.benchmark import CAPITAL
from cge.data.accounts.saving_accounts import Saving
from cge.model.language import ces
from cge.model.language.forms import cells, product, ratio, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add income, saving and investment of regions that save; nothing elsewhere."""
    b, saving = k.benchmark, k.benchmark.saving

    def of(values: Array | None, *rest: str) -> dict[Key, float]:
        if saving is None or values is None:
            return {}
        return {(s, *rest): float(v) for s, v in zip(b.regions, values, strict=True)}

    agent = saving.agent if saving is not None else ""
    net = None if saving is None else b.invested - saving.depreciation
    k.derive("net_income", "s", lambda k: of(b.net_income))
    k.derive("saved", "s", lambda k: of(_own(saving, "net")))
    k.derive("invested", "sd", lambda k: of(b.invested, agent))
    k.derive("net_invested", "sd", lambda k: of(net, agent))
    k.derive("seat", "sd", lambda k: dict([*of(net, agent).items()][:1]))
    k.derive("earned", "s", lambda k: of(b.gdp / b.absorption))
    k.derive("capital_capital", "sf", lambda k: of(_own(saving, "capital"), CAPITAL))
    k.derive("capital_depreciation", "sf", lambda k: of(_own(saving, "depreciation"), CAPITAL))
    k.derive("capital_earnings", "sf", lambda k: of(_own(saving, "earnings"), CAPITAL))
    k.derive("capital_flexibility", "sf", lambda k: of(_own(saving, "flexibility"), CAPITAL))
    m.SAVERS = cells("s", k.net_income)
    m.INVESTORS = cells("sd", k.invested)
    m.STOCKS = cells("sf", k.capital_capital)
    m.SEAT = cells("sd", k.seat)
    m.regional_income = ratio(m.SAVERS)
    m.saving_price = ratio(m.SAVERS)
    for name in ("invested_price", "invested_price_now", "saved_price", "saved_price_now"):
        m.add_component(name, ratio(m.SEAT))
    m.investment = ratio(m.INVESTORS)
    m.BANKED = cells("sd", m.INVESTORS, lambda c: c not in m.SEAT)
    m.investment_slack = ratio(m.BANKED)
    m.capital_at_end = ratio(m.STOCKS)
    m.current_return = ratio(m.STOCKS)
    m.REGIONAL = cells("s", m.HOUSEHOLD_REGIONS, lambda c: _alone(c) in m.SAVERS)
    for name in ("cost_of_welfare", "even_cost_of_welfare", "even_consumption", "even_utility",
                 "even_demand_scale", "even_cost_of_utility"):  # fmt: skip
        m.add_component(name, ratio(m.REGIONAL))


def _own(saving: Saving | None, name: str) -> Array | None:
    return None if saving is None else getattr(saving, name)


def _alone(c: Any) -> Any:
    """The code of a region, of a cell that is one."""
    return c[0] if isinstance(c, tuple) else c


def welfare_terms(m: Declared, k: Shares, s: Any) -> tuple[float, Any]:
    """Share of saving in what a region spends for its welfare, and its price."""
    return k.saved[(s,)] / k.net_income[(s,)], m.saving_price[s]


def saved(m: Declared, k: Shares) -> None:
    """Add what regions save, which the budgets of their agents read."""

    @m.Expression(m.SAVERS)
    def saving_quantity(m, s):
        """Saving at benchmark prices [million USD]."""
        if s in m.REGIONAL:
            return k.saved[(s,)] * m.cost_of_welfare[s] / m.saving_price[s]
        real = m.regional_income[s] / m.welfare_price[s]
        sigma, index = k.sigma_agents[(s,)], m.welfare_price[s]
        return k.saved[(s,)] * real * ces.quantity(1.0, m.saving_price[s], index, sigma)

    @m.Expression(m.SAVERS)
    def saving_value(m, s):
        """Saving net of depreciation [million USD]."""
        return m.saving_quantity[s] * m.saving_price[s]


def equations(m: Declared, k: Shares) -> None:
    """Add the equations of the price of saving, of capital, and of the bank."""
    investor, stock = k.by("invested", "s"), k.by("capital_capital", "s")

    def price(s: Any):
        """Price of investment goods of a region."""
        return total(m.agent_price[c] for c in investor[s,])

    @m.Expression(m.STOCKS)
    def depreciation_value(m, s, f):
        """What capital depreciates in the year [million USD]."""
        return k.capital_depreciation[s, f] * m.factor_supply[s, f] * price(s)

    @m.Expression(m.INVESTORS)
    def net_investment(m, s, d):
        """Investment net of depreciation, at benchmark prices [million USD]."""
        worn = total(k.capital_depreciation[c] * m.factor_supply[c] for c in stock[s,])
        return k.invested[s, d] * m.investment[s, d] - worn

    @m.Expression(m.INVESTORS)
    def net_investment_value(m, s, d):
        """Investment net of depreciation [million USD]."""
        return m.net_investment[s, d] * m.agent_price[s, d]

    @m.Constraint(m.SEAT)
    def invested_price_rule(m, s, d):
        """Price of what the world invested, as in the benchmark."""
        every = total(k.net_invested[c] for c in m.INVESTORS)
        return every * m.invested_price[s, d] == total(
            k.net_invested[c] * m.agent_price[c] for c in m.INVESTORS
        )

    @m.Constraint(m.SEAT)
    def invested_price_now_rule(m, s, d):
        """Price of what the world invests."""
        every = total(m.net_investment[c] for c in m.INVESTORS)
        return every * m.invested_price_now[s, d] == total(
            m.net_investment_value[c] for c in m.INVESTORS
        )

    @m.Constraint(m.SEAT)
    def saved_price_rule(m, s, d):
        """The same of what the world saved in the benchmark, all at prices of investment goods."""
        every = total(k.saved[(c[0],)] for c in m.INVESTORS)
        return every * m.saved_price[s, d] == total(
            k.saved[(c[0],)] * m.agent_price[c] for c in m.INVESTORS
        )

    @m.Constraint(m.SEAT)
    def saved_price_now_rule(m, s, d):
        """The same of what it saves."""
        every = total(m.saving_quantity[c[0]] for c in m.INVESTORS)
        return every * m.saved_price_now[s, d] == total(
            m.saving_quantity[c[0]] * m.agent_price[c] for c in m.INVESTORS
        )

    @m.Constraint(m.SAVERS)
    def saving_price_rule(m, s):
        """Investment goods at home, times those of the world that are invested over those saved."""
        invested = product(
            m.invested_price[c] ** 0.5 * m.invested_price_now[c] ** 0.5 for c in m.SEAT
        )
        saved = product(m.saved_price[c] ** 0.5 * m.saved_price_now[c] ** 0.5 for c in m.SEAT)
        return m.saving_price[s] == price(s) * invested / saved

    @m.Constraint(m.STOCKS)
    def capital_growth(m, s, f):
        """Capital at the end of the year: what is left of it, and what is invested."""
        end = k.capital_capital[s, f] + total(k.net_invested[c] for c in investor[s,])
        left = k.capital_capital[s, f] - k.capital_depreciation[s, f]
        bought = total(k.invested[c] * m.investment[c] for c in investor[s,])
        return end * m.capital_at_end[s, f] == left * m.factor_supply[s, f] + bought

    @m.Constraint(m.STOCKS)
    def current_return_rule(m, s, f):
        """Rate of return to capital now: its rental over its price, less depreciation."""
        gross, worn = k.capital_earnings[s, f], k.capital_depreciation[s, f]
        rental = gross * m.factor_return[s, f] / price(s)
        return (gross - worn) * m.current_return[s, f] == rental - worn

    @m.Expression(m.STOCKS)
    def expected_return(m, s, f):
        """Rate of return that is expected, the lower the more is invested."""
        grown = m.capital_at_end[s, f] / m.factor_supply[s, f]
        return m.current_return[s, f] * grown ** (-1 * k.capital_flexibility[s, f])

    @m.Expression(m.SAVERS)
    def capital_inflow(m, s):
        """Investment that saving from abroad pays for [million USD]."""
        invested = total(m.net_investment_value[c] for c in investor[s,])
        return invested - m.saving_value[s]

    @m.Expression(m.SAVERS)
    def foreign_saving(m, s):
        """The same at the price of what the world invests [million USD]."""
        return m.capital_inflow[s] / product(m.invested_price_now[c] for c in m.SEAT)

    @m.Constraint(m.INVESTORS)
    def bank(m, s, d):
        """The world's saving is invested: alike in all regions, or for alike returns."""
        if (s, d) in m.SEAT:
            saved = total(m.saving_value[r] for r in m.SAVERS)
            return total(m.net_investment_value[c] for c in m.INVESTORS) == saved
        if k.equal_returns:
            here = total(m.expected_return[c] for c in stock[s,]) * m.investment_slack[s, d]
            return here == total(m.expected_return[n] for c in m.SEAT for n in stock[c[0],])
        there = total(m.net_investment[c] / k.net_invested[c] for c in m.SEAT)
        slack = m.investment_slack[s, d]
        return m.net_investment[s, d] == k.net_invested[s, d] * there * slack


def regional_equations(m: Declared, k: Shares) -> None:
    """Add the welfare of regions whose household has other income elasticities than one."""
    uses, agents_in = k.by("household_share", "s"), k.by("bundle", "s")
    household = k.by("household_own", "s")

    def part(s: Any):
        """Share of the household in what the region spends for its welfare."""
        return total(k.household_own[c] for c in household[s,]) / k.net_income[(s,)]

    def at_base(m: Declared, c: Key):
        """The function f of a commodity at benchmark prices, for the utility that is as good."""
        power = k.household_power[c]
        utility = m.even_utility[c[0]] ** (k.household_expansion[c] * power)
        return utility * m.even_consumption[c[0]] ** (-1 * power)

    @m.Constraint(m.REGIONAL)
    def even_welfare(m, s):
        """Welfare at benchmark prices is what it is: geometric means of utilities."""
        others = product(
            (m.bundle[c] / m.even_cost_of_welfare[s]) ** (k.bundle[c] / k.net_income[(s,)])
            for c in agents_in[s,] if c not in m.INVESTORS and c not in m.HOUSEHOLDS
        )  # fmt: skip
        share, _ = welfare_terms(m, k, s)
        saved = m.cost_of_welfare[s] / m.saving_price[s] / m.even_cost_of_welfare[s]
        own = product((m.utility[c] / m.even_utility[s]) ** (k.household_own[c]
                      / k.net_income[(s,)]) for c in household[s,])  # fmt: skip
        return own * others * saved**share == 1

    @m.Constraint(m.REGIONAL)
    def even_utility_index(m, s):
        """Utility at benchmark prices and what it costs there."""
        return total(k.household_weight[c] * at_base(m, c) for c in uses[s,]) == 1

    @m.Constraint(m.REGIONAL)
    def even_consumption_rule(m, s):
        """Spending on the household at benchmark prices."""
        return m.even_consumption[s] * m.even_cost_of_utility[s] == m.even_cost_of_welfare[s]

    @m.Constraint(m.REGIONAL)
    def even_demand_scale_rule(m, s):
        """What budget shares would be divided by there."""
        return m.even_demand_scale[s] == total(
            k.household_share[c] * at_base(m, c) for c in uses[s,]
        )

    @m.Constraint(m.REGIONAL)
    def even_cost_of_utility_rule(m, s):
        """Elasticity of spending to utility there."""
        return m.even_demand_scale[s] * m.even_cost_of_utility[s] == total(
            k.household_share[c] * k.household_expansion[c] * at_base(m, c) for c in uses[s,]
        )

    @m.Constraint(m.REGIONAL)
    def real_income(m, s):
        """What the welfare of the region would cost at benchmark prices."""
        others = (1 - part(s)) * m.even_cost_of_welfare[s]
        return m.real_absorption[s] == part(s) * m.even_consumption[s] + others


def inflow(m: Declared, s: Any) -> Any:
    """Investment that saving from abroad pays for [million USD]; nothing without saving."""
    return m.capital_inflow[s] if s in m.SAVERS else 0.0


def welfare(m: Declared, k: Shares, s: Any, not_own: Any) -> Any:
    """Welfare, index 1: real income, the rest of absorption counted as in the benchmark.

    Parameters
    ----------
    m : ConcreteModel
    k : Shares
    s : str
    not_own : expression
        What is borrowed, a share of benchmark absorption.
    """
    if s in m.HOUSEHOLD_REGIONS:
        real = m.real_absorption[s]
    else:
        real = m.regional_income[s] / m.welfare_price[s]
    part = k.net_income[(s,)] / k.absorption[s]
    return part * real + (1 - part) - not_own / m.welfare_price[s]
