"""Factors: how supply meets the sectors' demand.

One mechanism covers mobile, sluggish and specific factors. A sector pays the
region's factor price times a differential times a term in the transformation
elasticity (infinite: the term vanishes and the factor is mobile). Where that is
zero each sector has its part of the endowment, and the differential is of its
quantity. Sector-specific
factors are the closure in which the differential gives way to a fixed quantity;
a wage floor is the one in which employment gives way to a fixed wage, and
:mod:`cge.model.short_year` has wages that move slowly.
"""

from __future__ import annotations

from cge.model.language.forms import cells, ratio, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add the variables of the factor markets: ratios to the benchmark."""
    m.ENDOWMENTS = cells("sf", k.factor_supply)
    m.factor_price = ratio(m.FACTOR_USES)
    m.factor_use = ratio(m.FACTOR_USES)
    m.factor_return = ratio(m.ENDOWMENTS)

    m.factor_supply = ratio(m.ENDOWMENTS)
    m.factor_differential = ratio(m.FACTOR_USES)
    k.derive("fixed", "sf", _fixed)
    m.FIXED = cells("sf", k.fixed)


def _fixed(k: Shares) -> dict[Key, float]:
    """Endowments that do not move between sectors."""
    omega = k.elasticities.transformation
    return k.keyed(omega, "sf", omega == 0)


def equations(m: Declared, k: Shares) -> None:
    """Add the equations of the factor markets."""

    @m.Constraint(m.FACTOR_USES)
    def factor_arbitrage(m, s, j, f):
        """A sector pays the regional price, its differential and the cost of moving.

        Of a factor that does not move it has its part.
        """
        if (s, f) in m.FIXED:
            employed = m.factor_supply[s, f] * m.employment[s, f]
            return m.factor_use[s, j, f] == m.factor_differential[s, j, f] * employed
        paid = m.factor_return[s, f] * m.factor_differential[s, j, f]
        inverse = k.inverse_omega[s, f]
        if inverse != 0:
            employed = m.factor_supply[s, f] * m.employment[s, f]
            paid = paid * (m.factor_use[s, j, f] / employed) ** inverse
        return m.factor_price[s, j, f] == paid

    @m.Expression(m.FACTOR_USES)
    def factor_payment(m, s, j, f):
        """Factor income paid by a sector [million USD]."""
        return k.factor[s, j, f] * m.factor_price[s, j, f] * m.factor_use[s, j, f]

    @m.Expression(m.ENDOWMENTS)
    def factor_earnings(m, s, f):
        """Income of what is employed of an endowment [million USD]."""
        employed = m.factor_supply[s, f] * m.employment[s, f]
        return k.factor_supply[s, f] * m.factor_return[s, f] * employed

    @m.Constraint(m.ENDOWMENTS)
    def factor_market(m, s, f):
        """The endowment earns what sectors, research and stand-ins for imports pay."""
        paid = total(m.factor_payment[c] for c in k.by("factor", "sf")[s, f])
        return m.factor_earnings[s, f] == paid + m.research_wages[s, f] + m.stand_in_wages[s, f]
