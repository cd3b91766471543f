"""The backstop: what stands in for an import that is no longer to be had.

Where a variety from abroad is cut off, its users turn to the domestic one, which serves
them badly: a unit of it does the work of 1/phi. A variety (the import, or what stands in
for it) is a CES of the two with an elasticity so high that the cheaper one is used,

    1 = (p_import / P)**(1 - sigma) + (phi p_domestic / P)**(1 - sigma)

so that a total embargo costs at most about phi - 1 times the input's share in cost, with
no complementarity. The premium phi is where innovative capacity buys security: knowledge
lowers it. Out of reach, as in the benchmark, the backstop has a share below 1e-30 and the
variety is the import, bit for bit.

A model has it for the commodities it is built with, and none otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pyomo.environ import ConcreteModel, Constraint, PositiveReals, Var, quicksum

from cge.model.shares import Key, Shares, cells, members, ratio

#: Elasticity between an import and its backstop. At 40 a premium of 1.3 leaves the backstop a
#: share of 4e-5 in normal times, one of 1.2 a share of 8e-4; at 20 it would be 3 %.
SIGMA = 40.0
#: A premium at which no backstop is used: the share is 6**-39.
OUT_OF_REACH = 6.0


def declare(m: ConcreteModel, k: Shares) -> None:
    """Add the price of a variety and the premium of its backstop, by route."""
    covered = [
        c for c in k.flow
        if c[2] in k.backstop and c[1] != c[3] and (c[0], c[3], c[2], c[3]) in k.flow
    ]  # fmt: skip
    m.BACKSTOPPED = cells(4, covered)  # u, r, i, s
    m.variety_price = ratio(m.BACKSTOPPED)
    m.backstop_premium = Var(m.BACKSTOPPED, domain=PositiveReals, initialize=OUT_OF_REACH)


class Varieties:
    """Prices of varieties, and how spending on them is divided.

    Parameters
    ----------
    m : ConcreteModel
    purchaser_price : callable
        Price of what arrives on a route, relative to the benchmark.
    """

    def __init__(self, m: ConcreteModel, purchaser_price: Any) -> None:
        self.m, self.purchaser_price = m, purchaser_price
        self.price_of, self.premium = members(m.variety_price), members(m.backstop_premium)
        self.covered: dict[Key, list[Key]] = defaultdict(list)
        for u, r, i, s in m.BACKSTOPPED:
            self.covered[u, s, i, s].append((u, r, i, s))

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
        u, _, i, s = c
        domestic = self.purchaser_price((u, s, i, s)) * self.premium[c]
        return (domestic / self.price_of[c]) ** (1 - SIGMA)

    def standing_in(self, c: Key) -> Any:
        """Spending on a domestic route as a backstop of all imports [million USD]."""
        return quicksum(self.m.backstop_spending[route] for route in self.covered[c])
