"""The marginal cost of public funds: against finite differences and a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from tools import small_model
from worlds import balanced_world, random_world

from cge import Closure, InputError, Model, Solution, Swap
from cge.indicators.funds import marginal_cost_of_funds, taxes_of


def costs(solution: Solution, region: str) -> dict[str, float]:
    table = marginal_cost_of_funds(solution, [region])
    return dict(zip(table["tax"], table["cost_of_funds"], strict=True))


def raised(solution: Solution, region: str, tax: str, points: float) -> Solution:
    """Return the equilibrium with a tax raised, the revenue given back as a lump sum."""
    chosen = taxes_of(solution, region)[tax]
    levels = solution.levels.copy()
    levels[solution.model.variables.select(chosen.selector)[1]] += chosen.sign * points
    return solution.model.solve(levels, solution.closure, start=solution)


@pytest.mark.parametrize(
    "tax", ["consumption tax", "tax on F0", "tax on F1", "output tax", "tariff on all imports"]
)
def test_the_cost_of_funds_is_what_finite_differences_say(tax: str) -> None:
    model = Model.build(random_world(12, imbalance=0.2))
    base = model.solve({"net_of_output_tax[R1, S0]": 1.2, "final_tax[R1, *, S1]": 1.3})
    up, down = (raised(base, "R1", tax, points) for points in (1e-4, -1e-4))
    lost, gained = (
        up.outcome(f"{name}[R1]") - down.outcome(f"{name}[R1]")
        for name in ("equivalent_variation_value", "real_tax_revenue")
    )
    assert gained > 0
    assert abs(lost / gained) > 1e-3, "a tax that does something"
    assert costs(base, "R1")[tax] == pytest.approx(1 - lost / gained, rel=1e-6)
    table = marginal_cost_of_funds(base, ["R1"]).set_index("tax")
    assert table.loc[tax, "revenue_per_point"] == pytest.approx(gained / 2e-4 / 100, rel=1e-6)


@pytest.mark.parametrize("agents", [1, 3])
def test_a_uniform_consumption_tax_costs_what_it_raises(agents: int) -> None:
    """All the agents' purchases are taxed alike and nothing they choose is left out."""
    model = Model.build(random_world(13, wedges=False, agents=agents, imbalance=0.2))
    for levels in ({}, {"tariff[*, !R0, *, R0]": 1.3, "net_of_output_tax[R0, S0]": 1.1}):
        found = costs(model.solve(levels), "R0")
        assert found["consumption tax"] == pytest.approx(1, abs=1e-9)
    # There a tariff distorts, and is paid by foreigners in part.
    assert abs(found["tariff on all imports"] - 1) > 1e-3


def test_a_consumption_tax_on_top_of_a_distorting_one_has_its_closed_form() -> None:
    """One region, one factor, two goods at shares a and 1 - a, the first taxed at t already.

    Income x = L / (a / (1 + t) + (1 - a) / (1 + d)) buys welfare x / (1 + t)^a (1 + d)^(1-a)
    and pays the rest of x - L in taxes.
    """
    a, t = 0.4, 0.5
    world = balanced_world(np.ones((1, 1, 2, 1)), np.array([[[a, 1 - a]]]), elasticities=1.0)
    solution = Model.build(world).solve({"final_tax[R0, A0, S0]": 1 + t})

    def slope(of: str) -> float:
        """Derivative by the points that are added to both rates, by complex step."""
        point = 1e-30j
        one, other = 1 + t + point, 1 + point
        income = 1 / (a / one + (1 - a) / other)
        price = one**a * other ** (1 - a)
        return ({"welfare": income, "revenue": income - 1}[of] / price).imag / 1e-30

    expected = 1 - slope("welfare") / slope("revenue")
    assert expected < 0.98, "adding points to both evens the rates out"
    assert costs(solution, "R0")["consumption tax"] == pytest.approx(expected, rel=1e-9)


def test_a_distorting_tax_costs_more_the_higher_it_stands() -> None:
    model = small_model()
    at = [
        costs(model.solve({"factor_tax[USA, VEH|ELEC|HMAN, CAP]": power}), "USA")["tax on CAP"]
        for power in (1.0, 1.5, 2.0)
    ]
    assert at[0] == pytest.approx(1, abs=0.05)
    high = model.solve({"tariff[*, !USA, *, USA]": 1.6})
    low = model.solve({})
    tariffs = [costs(s, "USA")["tariff on all imports"] for s in (low, high)]
    assert tariffs[0] < 1 < tariffs[1], "first paid by foreigners, later beyond the best tariff"


def test_beyond_the_top_of_the_laffer_curve_there_is_no_cost_of_funds() -> None:
    """With balanced trade: a deficit is imported at any price, and taxed without end."""
    model = Model.build(random_world(14, wedges=False, sigma=(8.0, 8.0), imbalance=0.0))
    solution = model.solve({"tariff[*, !R0, *, R0]": 1.8})
    table = marginal_cost_of_funds(solution, ["R0"]).set_index("tax")
    assert table.loc["tariff on all imports", "revenue_per_point"] < 0
    assert np.isnan(table.loc["tariff on all imports", "cost_of_funds"])
    assert np.isfinite(table.loc["consumption tax", "cost_of_funds"])


def test_a_rate_that_the_closure_sets_has_no_cost_of_funds() -> None:
    model = small_model()
    swap = Swap("tariff[*, CHN, ELEC, USA]", "trade_volume[CHN, ELEC, USA]", 0.8)
    found = costs(model.solve(closure=Closure(swaps=(swap,))), "USA")
    assert np.isnan(found["tariff on all imports"])
    assert np.isfinite(found["consumption tax"])


def test_where_the_closure_holds_the_revenue_no_tax_raises_any() -> None:
    model = small_model()
    swap = Swap("final_tax[USA, HH, *]", "real_tax_revenue[USA]", 1.0)
    financed = model.solve({"net_of_output_tax[USA, ELEC]": 1.1}, Closure(swaps=(swap,)))
    table = marginal_cost_of_funds(financed, ["USA", "CHN"]).set_index(["region", "tax"])
    assert table.loc["USA", "cost_of_funds"].isna().all()
    assert np.isfinite(table.loc["CHN", "cost_of_funds"]).all()


def test_an_unknown_region_is_told() -> None:
    with pytest.raises(InputError, match="XYZ"):
        marginal_cost_of_funds(small_model().solve({}), ["XYZ"])


def test_the_taxes_are_those_that_a_region_has() -> None:
    one = Model.build(balanced_world(np.ones((1, 1, 2, 1)), np.ones((1, 1, 2)), elasticities=2.0))
    table = marginal_cost_of_funds(one.solve({}))
    assert list(table["tax"]) == ["consumption tax", "tax on F0", "output tax"]
