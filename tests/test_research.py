"""Research beyond the benchmark's: who makes it, who pays, what it displaces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tools import small_model
from worlds import random_world

from cge import Closure, Model, decompose
from cge.data.parameters.parameter_files import load_knowledge_parameters
from cge.model import research


def test_the_labour_share_of_research_is_the_parameter_that_the_data_document():
    assert load_knowledge_parameters()["skilled_labour_share"] == research.LABOUR_SHARE


@pytest.mark.parametrize("push", [0.01, -0.01])
def test_research_costs_its_price_and_gdp_is_the_same_three_ways(push):
    model = small_model()
    solution = model.solve({"research[USA]": push})
    gdp = solution.by_region("gdp")
    for way in ("production", "expenditure"):
        np.testing.assert_allclose(solution.by_region(f"gdp_by_{way}"), gdp, rtol=1e-12)
    usa = model.benchmark.regions.index("USA")
    spent = solution.by_region("research_spending")[usa]
    price = solution.by_region("research_unit_cost")[usa] / model.benchmark.absorption[usa]
    assert spent == pytest.approx(push * model.benchmark.absorption[usa] * price, rel=1e-12)
    absorbed = solution.by_region("absorption_value")[usa]
    transfer = solution.by_region("transfer")[usa]
    assert absorbed + spent == pytest.approx(gdp[usa] + transfer, rel=1e-12)


def test_labour_in_research_is_missing_elsewhere():
    model = small_model()
    solution = model.solve({"research[USA]": 0.02})
    employed = solution.frame("factor_payment")
    here = employed[(employed["s"] == "USA") & (employed["f"] == "LAB")]
    wage = solution.outcome("factor_return[USA, LAB]")
    elsewhere = here["value"].sum() / wage
    hired = solution.outcome("research_wages[USA, LAB]") / wage
    assert hired == pytest.approx(
        research.LABOUR_SHARE * solution.outcome("research_spending[USA]") / wage, rel=1e-12
    )
    assert elsewhere + hired == pytest.approx(here["benchmark"].sum(), rel=1e-12)


def test_a_small_push_costs_its_outlay_where_nothing_is_distorted():
    """Without wedges and with terms of trade taken out, welfare falls by what is spent."""
    world = random_world(3, regions=1, wedges=False)
    world = replace(world, groups={"sectors": {"research": ("S0",)}})
    model = Model.build(world)
    solution = model.solve({"research[R0]": 1e-5})
    spent = solution.outcome("research_spending[R0]")
    assert solution.outcome("equivalent_variation_value[R0]") == pytest.approx(-spent, rel=1e-4)


def test_welfare_with_research_is_taken_apart_exactly_and_by_its_own_component():
    model = small_model()
    solution = model.solve(
        {"research[USA]": 0.01, "research[CHN]": -0.005, "tariff[*, CHN, *, USA]": 1.2},
        Closure("short_run", specific_factors=("CAP",)),
    )
    result = decompose(solution)
    regions = list(model.benchmark.regions)
    totals = result.totals(regions)
    np.testing.assert_allclose(totals.sum(axis=1), result.exact, rtol=1e-5)
    assert totals.loc["USA", "research"] == pytest.approx(
        -solution.outcome("research_spending[USA]"), rel=0.02
    )
    assert abs(totals["factor_supply"]).max() < 1e-6 * abs(totals["research"]).max()


def test_the_group_of_research_sectors_is_part_of_what_identifies_the_accounts():
    world = random_world(3)
    other = replace(world, groups={"sectors": {"research": ("S1",)}})
    assert world.accounts_fingerprint != other.accounts_fingerprint
