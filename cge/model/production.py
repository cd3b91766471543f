"""Production: constant returns, zero profit, three nests.

Output is a CES of value added and an intermediate bundle; value added is a CES of
factors; the bundle is a CES of Armington composites. Output taxes stand between
the basic price and unit cost, user taxes between composites and the bundle, factor
taxes between the owner's receipt and the user's cost.
"""

from __future__ import annotations

from cge.model import backstop
from cge.model.language import ces
from cge.model.language.forms import cells, members, power, ratio
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add the variables of production: ratios to the benchmark, wedges as powers."""
    m.VALUE_ADDING = cells("sj", k.value_added)
    m.MATERIAL_USING = cells("sj", k.materials)
    m.INPUTS = cells("sij", k.intermediate)
    m.FACTOR_USES = cells("sjf", k.factor)
    m.WEIGHTED_INPUTS = cells(
        "sij", k.intermediate, lambda c: k.sigma_intermediate[c[0], c[2]] != 1
    )
    m.WEIGHTED_FACTORS = cells("sjf", k.factor, lambda c: k.sigma_value_added[c[:2]] != 1)
    m.WEIGHTED_VALUE_ADDED = cells("sj", k.value_added, lambda c: k.sigma_top[c] != 1)
    m.WEIGHTED_MATERIALS = cells("sj", k.materials, lambda c: k.sigma_top[c] != 1)

    m.value_added_price = ratio(m.VALUE_ADDING)
    m.material_price = ratio(m.MATERIAL_USING)

    m.net_of_output_tax = power(m.SECTORS, k.net_of_output_tax)
    m.intermediate_tax = power(m.INPUTS, k.intermediate_tax_power)
    m.factor_tax = power(m.FACTOR_USES, k.factor_tax_power)
    m.productivity = ratio(m.SECTORS)
    m.input_weight = ratio(m.WEIGHTED_INPUTS)
    m.factor_weight = ratio(m.WEIGHTED_FACTORS)
    m.value_added_weight = ratio(m.WEIGHTED_VALUE_ADDED)
    m.material_weight = ratio(m.WEIGHTED_MATERIALS)


def equations(m: Declared, k: Shares) -> None:
    """Add the equations of production."""
    value_added_weight, material_weight, factor_weight = (
        members(v) for v in (m.value_added_weight, m.material_weight, m.factor_weight)
    )

    @m.Expression(m.SECTORS)
    def unit_cost(m, s, j):
        """Unit cost: the basic price net of output tax."""
        return m.basic_price[s, j] * m.net_of_output_tax[s, j] / k.net_of_output_tax[s, j]

    @m.Expression(m.SECTORS)
    def input_bundle_price(m, s, j):
        """Price of a unit of inputs; Hicks-neutral productivity turns it into unit cost."""
        return m.unit_cost[s, j] * m.productivity[s, j]

    @m.Expression(m.SECTORS)
    def activity(m, s, j):
        """Units of inputs: output over productivity."""
        return m.output[s, j] / m.productivity[s, j]

    @m.Constraint(m.SECTORS)
    def zero_profit(m, s, j):
        """Unit cost is the CES of value added and materials."""
        cost, terms = k.cost[s, j], []
        if (s, j) in k.value_added:
            weight = value_added_weight.get((s, j), 1.0)
            terms.append((k.value_added[s, j] / cost, weight, m.value_added_price[s, j]))
        if (s, j) in k.materials:
            weight = material_weight.get((s, j), 1.0)
            terms.append((k.materials[s, j] / cost, weight, m.material_price[s, j]))
        return ces.nest_price(terms, m.input_bundle_price[s, j], k.sigma_top[s, j])

    @m.Expression(m.VALUE_ADDING)
    def value_added(m, s, j):
        """Quantity of value added."""
        return m.activity[s, j] * ces.quantity(
            value_added_weight.get((s, j), 1.0),
            m.value_added_price[s, j],
            m.input_bundle_price[s, j],
            k.sigma_top[s, j],
        )

    @m.Expression(m.MATERIAL_USING)
    def materials(m, s, j):
        """Quantity of the intermediate bundle, that of stand-ins for imports included."""
        used = m.activity[s, j] * ces.quantity(
            material_weight.get((s, j), 1.0),
            m.material_price[s, j],
            m.input_bundle_price[s, j],
            k.sigma_top[s, j],
        )
        return used + backstop.materials(m, k, s, j)

    @m.Expression(m.FACTOR_USES)
    def factor_cost(m, s, j, f):
        """Factor price at the user's cost."""
        return m.factor_price[s, j, f] * m.factor_tax[s, j, f] / k.factor_tax_power[s, j, f]

    @m.Constraint(m.VALUE_ADDING)
    def value_added_index(m, s, j):
        """Price of value added: CES of factor costs."""
        terms = [
            (
                k.factor[c] * k.factor_tax_power[c] / k.value_added[s, j],
                factor_weight.get(c, 1.0),
                m.factor_cost[c],
            )
            for c in k.by("factor", "sj")[s, j]
        ]
        return ces.nest_price(terms, m.value_added_price[s, j], k.sigma_value_added[s, j])

    @m.Constraint(m.FACTOR_USES)
    def factor_demand(m, s, j, f):
        """Factor quantity demanded by a sector."""
        return m.factor_use[s, j, f] == m.value_added[s, j] * ces.quantity(
            factor_weight.get((s, j, f), 1.0),
            m.factor_cost[s, j, f],
            m.value_added_price[s, j],
            k.sigma_value_added[s, j],
        )

    u_of = k.class_of["j"]
    composite_price, tax, weight = (
        members(v) for v in (m.composite_price, m.intermediate_tax, m.input_weight)
    )

    def input_price(c: Key):
        """Composite price with the sector's user tax."""
        s, i, j = c
        return composite_price[u_of[j], i, s] * tax[c] / k.intermediate_tax_power[c]

    @m.Constraint(m.MATERIAL_USING)
    def material_index(m, s, j):
        """Price of the intermediate bundle: CES of composites at user prices."""
        terms = [
            (
                k.intermediate[c] * k.intermediate_tax_power[c] / k.materials[s, j],
                weight.get(c, 1.0),
                input_price(c),
            )
            for c in k.by("intermediate", "sj")[s, j]
        ]
        return ces.nest_price(terms, m.material_price[s, j], k.sigma_intermediate[s, j])

    @m.Expression(m.INPUTS)
    def input_use(m, s, i, j):
        """Quantity of composite i that sector (s, j) buys."""
        return m.materials[s, j] * ces.quantity(
            weight.get((s, i, j), 1.0),
            input_price((s, i, j)),
            m.material_price[s, j],
            k.sigma_intermediate[s, j],
        )

    @m.Expression(m.INPUTS)
    def input_value(m, s, i, j):
        """Intermediate use at market prices, user tax not included [million USD]."""
        price = composite_price[u_of[j], i, s]
        return k.intermediate[s, i, j] * m.input_use[s, i, j] * price

    @m.Expression(m.INPUTS)
    def input_spending(m, *c):
        """Intermediate use at the user's cost [million USD]."""
        return tax[c] * m.input_value[c]
