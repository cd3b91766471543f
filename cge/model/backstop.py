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

from pyomo.environ import ConcreteModel, Constraint, PositiveReals, Var, quicksum

from cge.model.shares import CAPITAL, Key, Shares, cells, members, ratio

#: Elasticity between an import and its backstop. At 40 a premium of 1.3 leaves the backstop a
#: share of 4e-5 in normal times, one of 1.2 a share of 8e-4; at 20 it would be 3 %.
SIGMA = 40.0
#: A premium at which no backstop is used: the share is 6**-39.
OUT_OF_REACH = 6.0


def declare(m: ConcreteModel, k: Shares) -> None:
    """Add prices and premiums of varieties by route, price and output of stand-ins by sector."""
    covered = [
        c for c in k.flow
        if c[2] in k.backstop and c[1] != c[3] and (c[3], c[2]) in k.output
    ]  # fmt: skip
    m.BACKSTOPPED = cells(4, covered)  # u, r, i, s
    m.STAND_INS = cells(2, dict.fromkeys((s, i) for _, _, i, s in covered))  # s, j
    m.variety_price = ratio(m.BACKSTOPPED)
    m.backstop_premium = Var(m.BACKSTOPPED, domain=PositiveReals, initialize=OUT_OF_REACH)
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

    def __init__(self, m: ConcreteModel, purchaser_price: Any) -> None:
        self.purchaser_price = purchaser_price
        self.price_of, self.premium = members(m.variety_price), members(m.backstop_premium)
        self.cost = members(m.stand_in_price)

        def variety_index(m, *c):
            """Price of a variety: the parts of the import and of its backstop sum to one."""
            return self.import_part(c) + self.backstop_part(c) == 1

        m.variety_index = Constraint(m.BACKSTOPPED, rule=variety_index)

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


def recipe(k: Shares, s: str, j: str) -> tuple[dict[Key, float], float]:
    """Shares of labour, by endowment, and of materials in the cost of a stand-in."""
    every = k.labour[s]
    own: dict[Key, float] = defaultdict(float)
    for c in k.by("factor", "sj")[s, j]:
        if (s, c[2]) in every and c[2] != CAPITAL:
            own[s, c[2]] += k.factor[c]
    own = own or every
    materials = k.materials.get((s, j), 0.0) / k.cost[s, j]
    total = sum(own.values())
    return {c: (1 - materials) * value / total for c, value in own.items()}, materials


def equations(m: ConcreteModel, k: Shares) -> None:
    """Add cost and output of stand-ins, and what they employ."""
    recipes = {c: recipe(k, *c) for c in m.STAND_INS}
    routes = defaultdict(list)
    for c in m.BACKSTOPPED:
        routes[c[3], c[2]].append(c)

    @m.Constraint(m.STAND_INS)
    def stand_in_cost(m, s, j):
        """Price of a stand-in net of output tax: cost of labour and materials."""
        workers, materials = recipes[s, j]
        net = m.net_of_output_tax[s, j] / k.net_of_output_tax[s, j]
        cost = quicksum(share * m.factor_return[c] for c, share in workers.items())
        if materials:
            cost = cost + materials * m.material_price[s, j]
        return m.stand_in_price[s, j] * net * m.productivity[s, j] == cost

    @m.Constraint(m.STAND_INS)
    def stand_in_market(m, s, j):
        """Output of stand-ins is what is spent on them on all routes."""
        return m.stand_in_value[s, j] == quicksum(m.backstop_spending[c] for c in routes[s, j])

    @m.Expression(m.STAND_INS)
    def stand_in_labour(m, s, j):
        """Cost of the labour that makes stand-ins [million USD]."""
        pay = quicksum(share * m.factor_return[c] for c, share in recipes[s, j][0].items())
        return inputs(m, k, (s, j)) * pay

    hired: dict[Key, list[tuple[Key, float]]] = defaultdict(list)
    for c, (workers, _) in recipes.items():
        for one, share in workers.items():
            hired[one].append((c, share))

    @m.Expression(m.ENDOWMENTS)
    def stand_in_wages(m, *f):
        """Wages that the makers of stand-ins pay [million USD]."""
        return quicksum(share * inputs(m, k, c) * m.factor_return[f] for c, share in hired[f])


def inputs(m: ConcreteModel, k: Shares, c: Key) -> Any:
    """Inputs of the makers of stand-ins at benchmark prices [million USD]."""
    cost = m.stand_in_price[c] * m.productivity[c]
    return k.net_of_output_tax[c] * m.stand_in_value[c] / cost


def materials(m: ConcreteModel, k: Shares, s: str, j: str) -> Any:
    """Materials that the makers of stand-ins use, relative to the sector's in the benchmark."""
    if (s, j) not in m.STAND_INS:
        return 0.0
    return recipe(k, s, j)[1] * inputs(m, k, (s, j)) / k.materials[s, j]
