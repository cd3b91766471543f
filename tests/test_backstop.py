"""What stands in for an import that is cut off."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import random_world

from cge.core.errors import InputError
from cge.model.backstop import OUT_OF_REACH, SIGMA
from cge.solve.decompose import decompose
from cge.solve.model import Model

WEST = "tariff[*, R1, S0, R0]"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.build(random_world(7, zeros=0.0, imbalance=0.2), "short", backstop=("S0",))


def test_out_of_reach_it_changes_nothing(model):
    plain = Model.build(model.benchmark, "short").solve({WEST: 1.5})
    found = model.solve({WEST: 1.5})
    np.testing.assert_allclose(
        found.by_region("welfare"), plain.by_region("welfare"), rtol=1e-11, atol=0
    )
    assert found.array("backstop_spending").max() < 1e-15


def test_a_model_with_one_replicates_its_benchmark(model):
    solution = model.solve()
    assert solution.diagnostics.iterations == 0
    assert solution.diagnostics.residual < 1e-12


def test_a_prohibitive_tariff_costs_the_variety_at_most_its_premium(model):
    """With the import all but gone the variety's price is the premium times the cost at home."""
    premium = 1.3
    given = {WEST: 1e3, "backstop_premium[*, R1, S0, R0]": premium}
    solution = model.solve(given, allow_large_rates=True)
    price = solution.frame("variety_price").query("r == 'R1' and i == 'S0' and s == 'R0'")
    domestic = solution.outcome("stand_in_price[R0, S0]")
    np.testing.assert_allclose(price["value"] / domestic, premium, rtol=1e-9)
    imports = solution.frame("route_spending").query("r == 'R1' and i == 'S0' and s == 'R0'")
    assert (imports["value"] < 1e-9 * imports["benchmark"]).all()


def test_a_tariff_does_not_make_the_stand_in_dearer_and_a_subsidy_makes_it_cheaper(model):
    given = {"backstop_premium[*, *, S0, R0]": 1.25}
    kept = 1 - float(model.benchmark.output_tax[0, 0])
    cost = {
        name: model.solve({**given, **policy}).outcome("stand_in_price[R0, S0]")
        for name, policy in (
            ("none", {}), ("tariff", {WEST: 1.25}),
            ("subsidy", {"net_of_output_tax[R0, S0]": 1.05 * kept}),
        )
    }  # fmt: skip
    assert abs(cost["tariff"] / cost["none"] - 1) < 0.25 * 0.25
    assert cost["subsidy"] < cost["none"] * 0.97


def test_what_stands_in_is_not_made_in_the_plants_that_export(model):
    """Output of the sector is what its routes take, of which stand-ins are no part."""
    solution = model.solve({WEST: 2.0, "backstop_premium[*, *, S0, R0]": 1.2})
    assert solution.outcome("stand_in_value[R0, S0]") > 1e-3
    value = solution.frame("trade_value").query("r == 'R0' and i == 'S0'")["value"].sum()
    taxed = solution.frame("export_tax_paid").query("r == 'R0' and i == 'S0'")["value"].sum()
    assert value - taxed == pytest.approx(solution.outcome("output_value[R0, S0]"), rel=1e-10)


def test_what_stands_in_is_paid_for_and_uses_up_labour_and_materials(model):
    """Spending on a composite is what the routes into it receive, and what stand-ins cost."""
    solution = model.solve({WEST: 2.0, "backstop_premium[*, R1, S0, R0]": 1.2})
    spending = solution.array("route_spending")
    composite = solution.array("composite_price") * solution.array("composite")
    b = model.benchmark
    spending = spending + solution.array("backstop_spending")
    np.testing.assert_allclose(spending.sum(axis=1), composite * b.composites, rtol=1e-10)
    assert solution.array("backstop_spending")[:, 1, 0, 0].min() > 0
    assert solution.diagnostics.walras < 1e-10
    spent = solution.array("backstop_spending")[..., 0, 0].sum()
    assert solution.outcome("stand_in_value[R0, S0]") == pytest.approx(spent, rel=1e-9)
    np.testing.assert_allclose(
        solution.values("gdp_by_production"), solution.values("gdp"), rtol=1e-9
    )


def test_welfare_comes_apart_with_a_backstop_in_use(model):
    solution = model.solve({WEST: 1.6, "backstop_premium[*, *, S0, R0]": 1.25})
    apart = decompose(solution)
    assert (apart.totals(model.benchmark.regions)["backstop"].abs() > 0).any()
    np.testing.assert_allclose(apart.gap / apart.exact, 0, atol=1e-5)


def test_welfare_comes_apart_where_the_weights_of_stood_in_varieties_move(model):
    """Habits of sourcing move weights on a path; a weight is that of import and stand-in."""
    solution = model.solve({
        WEST: 1.6, "backstop_premium[*, *, S0, R0]": 1.25, "origin_weight[*, R1, S0, R0]": 0.7,
    })  # fmt: skip
    assert (solution.frame("backstop_spending")["value"] > 1e-3).any()
    apart = decompose(solution)
    np.testing.assert_allclose(apart.gap / apart.exact, 0, atol=1e-5)


def test_the_price_index_is_that_of_a_ces():
    world = random_world(3, wedges=False, sigma=(0.76, 0.76))
    model = Model.build(world, backstop=world.sectors)
    premium = 1.1
    tariff = f"tariff[*, {world.regions[1]}, *, {world.regions[0]}]"
    solution = model.solve({tariff: 1.4, "backstop_premium": premium})
    b = world
    cells = solution.frame("variety_price")
    basic, cost = solution.array("basic_price"), solution.array("stand_in_price")
    for row in cells.itertuples():
        s, i = b.regions.index(row.s), b.sectors.index(row.i)
        power = 1.4 if (row.r, row.s) == (b.regions[1], b.regions[0]) else 1.0
        bought = basic[b.regions.index(row.r), i] * power
        other = premium * cost[s, i]
        expected = (bought ** (1 - SIGMA) + other ** (1 - SIGMA)) ** (1 / (1 - SIGMA))
        assert row.value == pytest.approx(expected, rel=1e-9)
    assert OUT_OF_REACH ** (1 - SIGMA) < 1e-30


def test_an_unknown_sector_is_refused():
    with pytest.raises(InputError, match="unknown sector"):
        Model.build(random_world(7), backstop=("CHIPS",))
