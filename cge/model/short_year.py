"""A short year: wages that move slowly, and spending that follows income in part.

In the long run wages clear the labour market and a region spends what it earns. Within a year
neither is so. For each region, with everything relative to the benchmark,

    wages       w (1 + response (1 - e)) = W a
    households  borrow = saving (P h - earnings) - P demand_response reserve (restraint - 1)
    government  borrow = saving (P (y - h) - revenue)
    restraint   restraint * labour_to_spare = 1,   reserve * labour_to_spare = 1 + reserve - e

where w is a wage over the numeraire, e the part of labour that is employed, a where wages stood,
P the price of absorption, h the earnings and y the income that the region is used to, of which
the rest is revenue.
Wages fall by `response` per cent for each per cent without work (a wage curve: Blanchflower and
Oswald 1994; Gali 2011 for its speed). Of a change in earnings the part 1 - `saving` is spent,
and the rest is lent or borrowed abroad. Monetary policy holds spending back as labour becomes
scarce, so that employment can fall and hardly rise: it can exceed its benchmark by `reserve`.

For the world, W says where wages stand against the prices of all producers,

    prices = W d (1 + price_response (1 - e + reserve (1 - 1 / labour_to_spare)))

with employment and labour to spare of the world: where labour is scarce everywhere wages rise
against prices. Interest clears what is lent and borrowed: usual spending is P h times
`world_spending`.

In the long run all this only says what a, h, y and d are. A short year gives these and solves for
employment and borrowing in their stead (:mod:`cge.policy.adjustment`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cge.model import ownership
from cge.model.language.forms import positive, ratio, signed, total
from cge.model.shares import Declared, Key, Shares

#: How strongly wages and spending respond, by axes. A closure replaces these levels by those of
#: its parameters; they do not matter where employment is full and nothing is borrowed.
RESPONSES: Mapping[str, tuple[str, float]] = {
    "wage_response": ("sf", 0.5), "private_saving": ("s", 0.4), "public_saving": ("s", 1.0),
    "demand_response": ("s", 0.05), "employment_reserve": ("s", 0.002), "price_response": ("", 1.0),
}  # fmt: skip


def declare(m: Declared, k: Shares) -> None:
    """Add employment, borrowing, what wages and spending start from, and the responses."""
    m.employment = ratio(m.ENDOWMENTS)
    m.wage_level = ratio(m.ENDOWMENTS)
    m.labour_to_spare = ratio(m.REGIONS)
    m.restraint = ratio(m.REGIONS)
    m.accustomed_earnings = ratio(m.REGIONS)
    m.accustomed_income = ratio(m.REGIONS)
    for name in ("private_borrowing", "public_borrowing", "debt_service"):
        m.add_component(name, signed(m.REGIONS, start=0.0))
    for name in ("world_wage", "world_demand", "world_spending", "producer_price",
                 "world_employment", "world_labour_to_spare"):  # fmt: skip
        m.add_component(name, ratio())
    index = {"sf": (m.ENDOWMENTS,), "s": (m.REGIONS,), "": ()}
    for name, (axes, level) in RESPONSES.items():
        m.add_component(name, positive(*index[axes], start=level))


def _earned(k: Shares, s: str) -> Any:
    """Benchmark earnings of a region."""
    factors = total(k.factor_supply[c] for c in k.by("factor_supply", "s")[s,])
    return factors + ownership.benchmark_income(k, s)


def equations(m: Declared, k: Shares) -> None:
    """Add the equations of wages, employment, spending and the world's demand."""
    by_region = k.by("labour", "s")

    def employed(cells: Iterable[Key]):
        """Employment as a mean over factors of labour."""
        every = total(k.labour[c] for c in cells)
        return total(k.labour[c] / every * m.employment[c] for c in cells)

    @m.Constraint(m.ENDOWMENTS)
    def wage_curve(m, s, f):
        """Wages stand where they stood, and lower the less there is to do."""
        wage, response = m.factor_return[s, f], m.wage_response[s, f]
        falls = wage * response - wage * response * m.employment[s, f]
        return wage + falls == m.numeraire * m.world_wage * m.wage_level[s, f]

    @m.Constraint(m.REGIONS)
    def labour_left(m, s):
        """Labour that is still to be had, over that in the benchmark."""
        reserve = m.employment_reserve[s]
        return 1 + reserve == reserve * m.labour_to_spare[s] + employed(by_region[s,])

    @m.Constraint(m.REGIONS)
    def monetary_policy(m, s):
        """Spending is held back in inverse proportion to the labour that is left."""
        return m.restraint[s] * m.labour_to_spare[s] == 1

    @m.Expression(m.REGIONS)
    def earnings(m, s):
        """Income of the factors of a region, and from abroad [million USD]."""
        here = total(m.factor_earnings[c] for c in k.by("factor_supply", "s")[s,])
        return here + ownership.received(m, s)

    @m.Constraint(m.REGIONS)
    def household_spending(m, s):
        """Households spend a part of any change in earnings, and what monetary policy leaves."""
        price, share = m.welfare_price[s], _earned(k, s) / k.absorption[s]
        used_to = share * price * m.accustomed_earnings[s] * m.world_spending
        earned = m.earnings[s] / k.absorption[s] - m.debt_service[s] * m.numeraire
        held = price * m.demand_response[s] * m.employment_reserve[s]
        saving = m.private_saving[s]
        return m.private_borrowing[s] * m.numeraire == (
            saving * used_to - saving * earned - held * m.restraint[s] + held
        )

    @m.Constraint(m.REGIONS)
    def government_spending(m, s):
        """The government spends a part of any change in revenue."""
        price, share = m.welfare_price[s], _earned(k, s) / k.absorption[s]
        income = m.accustomed_income[s]
        income = k.earned[(s,)] * income if s in m.SAVERS else income
        used_to = price * (income - share * m.accustomed_earnings[s])
        revenue = (m.own_income[s] - m.earnings[s]) / k.absorption[s]
        saving = m.public_saving[s]
        return m.public_borrowing[s] * m.numeraire == saving * used_to - saving * revenue

    world = total(k.output.values())

    @m.Constraint()
    def producer_price_index(m):
        """Prices of all producers, benchmark weights."""
        return m.producer_price == total(
            value / world * m.basic_price[c] for c, value in k.output.items()
        )

    @m.Constraint()
    def world_employment_index(m):
        """Employment of the world, benchmark weights."""
        return m.world_employment == employed(k.labour)

    labour = total(k.labour.values())
    reserve = total(value / labour * m.employment_reserve[c[0]] for c, value in k.labour.items())

    @m.Constraint()
    def world_labour_left(m):
        """Labour that is still to be had in the world."""
        return 1 + reserve == reserve * m.world_labour_to_spare + m.world_employment

    @m.Constraint()
    def world_demand_rule(m):
        """Demand of the world holds prices against wages, less so where work is wanting."""
        wage = m.numeraire * m.world_wage * m.world_demand
        scarce = 1 + reserve - m.world_employment - reserve / m.world_labour_to_spare
        return m.producer_price == wage + wage * m.price_response * scarce
