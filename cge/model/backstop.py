"""The backstop: what stands in for an import that is no longer to be had.

Where a variety from abroad is cut off, its users turn to something made at home, which serves
them badly: to do the work of a unit of the import takes phi times its benchmark cost in domestic
resources. A variety (the import, or what stands in for it) is a CES of the two with an
elasticity so high that the cheaper one is used,

    1 = (p_import / P)**(1 - sigma) + (phi c / P)**(1 - sigma)

with c the cost of making it at home relative to the benchmark,

    c (1 - output tax) A = labour share * w + materials share * price of materials

It is made from the inputs of the sector, but not in its plants, which are in use: what capital
earns there goes to labour here. So a stand-in does not draw on the capacity for exports, and no
region gains from making do. A total embargo costs at most about phi - 1 times the input's share
in cost. The premium phi is where innovative capacity buys security: knowledge lowers it.

A tariff does not make the stand-in dearer, and a subsidy to producers makes it cheaper. Out of
reach, as in the benchmark, it has a share below 1e-30 and the variety is the import, bit for
bit. A model has it for the commodities it is built with, and none otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from cge.data.accounts.benchmark import CAPITAL
from cge.model.language.forms import cells, members, positive, ratio, total
from cge.model.shares import Declared, Key, Shares

#: Elasticity between an import and its backstop. At 40 a premium of 1.3 leaves the backstop a
#: share of 4e-5 in normal times, one of 1.2 a share of 8e-4; at 20 it would be 3 %.
SIGMA = 40.0
#: A premium at which no backstop is used: the share is 6**-39.
OUT_OF_REACH = 6.0


def declare(m: Declared, k: Shares) -> None:
    """Add prices and premiums of varieties by route, price and output of stand-ins by sector."""
    m.BACKSTOPPED = cells(
        "uris", k.abroad, lambda c: c[2] in k.backstop and (c[3], c[2]) in k.output
    )
    m.STAND_INS = cells("sj", m.BACKSTOPPED, by=lambda c: (c[3], c[2]))
    k.derive("stand_in_workers", "sjf", lambda k: _recipes(k)[0])
    k.derive("stand_in_materials", "sj", lambda k: _recipes(k)[1])
    m.variety_price = ratio(m.BACKSTOPPED)
    m.backstop_premium = positive(m.BACKSTOPPED, start=OUT_OF_REACH)
    m.stand_in_price = ratio(m.STAND_INS)
    # One more than output over the sector's benchmark output: no logarithm of nothing.
    m.stand_in_output = ratio(m.STAND_INS)

    @m.Expression(m.STAND_INS)
    def stand_in_value(m, s, j):
        """Output of stand-ins at their price [million USD]."""
        return k.output[s, j] * (m.stand_in_output[s, j] - 1)


class Varieties:
    """Prices of varieties, and how spending on them is divided.

    Parameters
    ----------
    m : ConcreteModel
    purchaser_price : callable
        Price of what arrives on a route, relative to the benchmark.
    """

    def __init__(self, m: Declared, purchaser_price: Any) -> None:
        self.purchaser_price = purchaser_price
        self.price_of, self.premium = members(m.variety_price), members(m.backstop_premium)
        self.cost = members(m.stand_in_price)

        @m.Constraint(m.BACKSTOPPED)
        def variety_index(m, *c):
            """Price of a variety: the parts of the import and of its backstop sum to one."""
            return self.import_part(c) + self.backstop_part(c) == 1

    def price(self, c: Key) -> Any:
        """Price of a variety: that of the import where there is no backstop."""
        return self.price_of[c] if c in self.price_of else self.purchaser_price(c)

    def import_part(self, c: Key) -> Any:
        """Part of the spending on a variety that goes to the import."""
        if c not in self.price_of:
            return 1.0
        return (self.purchaser_price(c) / self.price_of[c]) ** (1 - SIGMA)

    def backstop_part(self, c: Key) -> Any:
        """Part of the spending on a variety that goes to its backstop."""
        _, _, i, s = c
        return (self.cost[s, i] * self.premium[c] / self.price_of[c]) ** (1 - SIGMA)


def _recipes(k: Shares) -> tuple[dict[Key, float], dict[Key, float]]:
    """Shares of labour (s, j, f) and of materials (s, j) in the cost of stand-ins."""
    covered = {(c[3], c[2]) for c in k.abroad if c[2] in k.backstop} if k.backstop else {}
    labour: dict[Key, float] = {}
    materials: dict[Key, float] = {}
    for s, j in (c for c in k.output if c in covered):
        own: dict[Key, float] = defaultdict(float)
        for c in k.by("factor", "sj")[s, j]:
            if (s, c[2]) in k.labour and c[2] != CAPITAL:
                own[s, j, c[2]] += k.factor[c]
        own = own or {(s, j, c[1]): k.labour[c] for c in k.by("labour", "s")[s,]}
        share = k.materials.get((s, j), 0.0) / k.cost[s, j]
        every = sum(own.values())
        labour |= {c: (1 - share) * value / every for c, value in own.items()}
        if share:
            materials[s, j] = share
    return labour, materials


def equations(m: Declared, k: Shares) -> None:
    """Add cost and output of stand-ins, and what they employ."""
    share, backstopped = k.stand_in_workers, members(m.BACKSTOPPED)
    workers, made_with = k.by("stand_in_workers", "sj"), k.by("stand_in_workers", "sf")

    def pay(s: str, j: str):
        """Cost of labour in a unit of a stand-in."""
        return total(share[c] * m.factor_return[c[0], c[2]] for c in workers[s, j])

    @m.Constraint(m.STAND_INS)
    def stand_in_cost(m, s, j):
        """Price of a stand-in net of output tax: cost of labour and materials."""
        net = m.net_of_output_tax[s, j] / k.net_of_output_tax[s, j]
        cost = pay(s, j)
        if (s, j) in k.stand_in_materials:
            cost = cost + k.stand_in_materials[s, j] * m.material_price[s, j]
        return m.stand_in_price[s, j] * net * m.productivity[s, j] == cost

    @m.Constraint(m.STAND_INS)
    def stand_in_market(m, s, j):
        """Output of stand-ins is what is spent on them on all routes."""
        return m.stand_in_value[s, j] == total(
            m.backstop_spending[c] for c in k.by("flow", "si")[s, j] if c in backstopped
        )

    @m.Expression(m.STAND_INS)
    def stand_in_labour(m, s, j):
        """Cost of the labour that makes stand-ins [million USD]."""
        return inputs(m, k, s, j) * pay(s, j)

    @m.Expression(m.ENDOWMENTS)
    def stand_in_wages(m, s, f):
        """Wages that the makers of stand-ins pay [million USD]."""
        return total(
            share[c] * inputs(m, k, c[0], c[1]) * m.factor_return[s, f] for c in made_with[s, f]
        )


def inputs(m: Declared, k: Shares, s: str, j: str) -> Any:
    """Inputs of the makers of stand-ins at benchmark prices [million USD]."""
    cost = m.stand_in_price[s, j] * m.productivity[s, j]
    return k.net_of_output_tax[s, j] * m.stand_in_value[s, j] / cost


def materials(m: Declared, k: Shares, s: str, j: str) -> Any:
    """Materials that the makers of stand-ins use, relative to the sector's in the benchmark."""
    if (s, j) not in k.stand_in_materials:
        return 0.0
    return k.stand_in_materials[s, j] * inputs(m, k, s, j) / k.materials[s, j]
