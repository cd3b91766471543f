"""What a policy costs and brings, counted again from rates and bases cell by cell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from policies import solved
from tools import small_model
from worlds import random_world

from cge import Model, Solution, tabulate
from cge.indicators import fiscal
from cge.results import collect

#: Of every tax and subsidy: outcome that is its base, by whom it is collected, and the axis
#: of the sector; sign -1 where the variable is what is kept.
BASES = {
    "tariff": ("fob_value", "s", "i", 1),
    "export_tax": ("basic_value", "r", "i", 1),
    "net_of_output_tax": ("output_value", "s", "j", -1),
    "intermediate_tax": ("input_value", "s", "i", 1),
    "final_tax": ("final_value", "s", "i", 1),
    "factor_tax": ("factor_payment", "s", "j", 1),
}


def counted(solution: Solution) -> pd.Series:
    """Return receipts by region, sector and rate from frames of rates and bases."""
    tables = []
    for name, (base, region, sector, sign) in BASES.items():
        rates = solution.frame(name)
        axes = list(rates.columns[: rates.columns.get_loc("benchmark")])
        both = rates.merge(solution.frame(base), on=axes, suffixes=("", "_base"))
        assert len(both) == len(rates)
        money = sign * (both["value"] - both["benchmark"]) * both["value_base"]
        keys = {"region": both[region], "sector": both[sector], "item": name, "value": money}
        tables.append(pd.DataFrame(keys))
    return pd.concat(tables).groupby(["region", "sector", "item"])["value"].sum()


@pytest.fixture(scope="module")
def busy() -> Solution:
    """A random world in which every kind of rate has moved somewhere, up and down."""
    model = Model.build(random_world(31, zeros=0.2, imbalance=0.2))
    levels = model.arrays.start.copy()
    rng = np.random.default_rng(31)
    for name in BASES:
        here = model.variables[name].positions
        cells = rng.choice(np.arange(here.start, here.stop), (here.stop - here.start) // 2, False)
        levels[cells] *= np.exp(rng.uniform(-0.1, 0.1, len(cells)))
    return model.solve(levels)


def test_receipts_are_the_change_of_each_rate_times_its_base(busy: Solution) -> None:
    found = fiscal.policy_receipts(busy).set_index(["region", "sector", "item"])["value"]
    expected = counted(busy)
    assert not found.index.duplicated().any()
    assert set(found.index.get_level_values("item")) == set(BASES)
    expected = expected[expected.abs() > 1e-12]
    np.testing.assert_allclose(found[expected.index], expected, rtol=1e-9)
    np.testing.assert_allclose(found.drop(expected.index), 0.0, atol=1e-12)


def test_the_outlay_is_what_is_paid_out_and_forgone_without_what_comes_in(busy: Solution) -> None:
    expected = counted(busy)
    regions = list(busy.model.benchmark.regions)
    paid = -expected[expected < 0].groupby("region").sum().reindex(regions)
    brought = expected[expected > 0].groupby("region").sum()
    assert (paid > 0).all() and (brought > 0).all()
    np.testing.assert_allclose(fiscal.outlay(busy), paid, rtol=1e-9)


def test_all_rates_moved_together_are_what_revenue_moves_by_at_benchmark_bases() -> None:
    """To first order at the benchmark: the receipts are the change of tax revenue but for bases."""
    model = small_model()
    solution = model.solve({"final_tax[USA, *, *]": 1.00001})
    receipts = fiscal.policy_receipts(solution)
    purchases = model.solve({}).frame("final_value").query("s == 'USA'")["value"].sum()
    assert set(receipts["region"]) == {"USA"} and set(receipts["item"]) == {"final_tax"}
    assert receipts["value"].sum() == pytest.approx(1e-5 * purchases, rel=1e-4)


def test_no_policy_costs_and_brings_nothing() -> None:
    still = small_model().solve({})
    assert fiscal.policy_receipts(still).empty
    np.testing.assert_array_equal(fiscal.outlay(still), 0.0)
    productive = small_model().solve({"productivity[CHN, ELEC]": 1.1})
    assert fiscal.policy_receipts(productive).empty, "productivity is no rate"
    np.testing.assert_array_equal(fiscal.outlay(productive), 0.0)


@pytest.mark.parametrize(
    ("instrument", "place"),
    [
        ("output_subsidy", {"region": "USA"}),
        ("capital_subsidy", {"region": "USA"}),
        ("domestic_purchase_subsidy", {"importer": "USA"}),
    ],
)
def test_the_outlay_of_a_budget_is_the_budget(instrument: str, place: dict[str, str]) -> None:
    solution = solved(
        {"instrument": instrument, **place, "sector": "ELEC", "budget": 0.001}
    ).solution
    spent = dict(zip(solution.model.benchmark.regions, fiscal.outlay(solution), strict=True))
    assert spent.pop("USA") == pytest.approx(0.001 * solution.outcome("gdp[USA]"), rel=1e-9)
    assert not any(spent.values())


def test_domestic_shares_are_the_home_variety_in_all_purchases(busy: Solution) -> None:
    flows = busy.frame("fob_value")
    shares = tabulate(busy, measures=["domestic_share"]).set_index(["region", "sector"])
    for (region, good), bought in flows.groupby(["s", "i"]):
        home = bought[bought["r"] == region]
        row = shares.loc[(region, good)]
        for kind in ("value", "benchmark"):
            assert row[kind] == pytest.approx(100 * home[kind].sum() / bought[kind].sum(), rel=1e-9)
    assert len(shares) == flows.groupby(["s", "i"]).ngroups
    assert (shares["value"] - shares["benchmark"]).abs().max() > 1


def test_a_subsidy_to_home_purchases_is_no_tariff_revenue() -> None:
    """The model books it as a tariff at home; what crosses a border is told apart."""
    subsidy = {"instrument": "domestic_purchase_subsidy", "importer": "USA", "sector": "ELEC"}
    solution = solved({**subsidy, "add": 0.1}).solution
    b = solution.model.benchmark
    usa = b.regions.index("USA")
    abroad, home = fiscal.tariff_revenue(solution)
    abroad0, home0 = fiscal.tariff_revenue(solution, benchmark=True)
    sales = solution.frame("fob_value").query("r == 'USA' and s == 'USA' and i == 'ELEC'")["value"]
    assert home[usa] - home0[usa] == pytest.approx(-0.1 * sales.sum(), rel=1e-9)
    assert home0[usa] == pytest.approx(0, abs=1e-6)
    assert abs(abroad[usa] - abroad0[usa]) < 0.1 * abs(home[usa])
    imports = solution.frame("tariff_paid").query("r != 'USA' and s == 'USA'")
    assert abroad[usa] == pytest.approx(imports["value"].sum(), rel=1e-12)
    assert abroad0[usa] == pytest.approx(imports["benchmark"].sum(), rel=1e-12)
    total = solution.frame("route_tax_revenue")["value"].to_numpy() * b.absorption
    np.testing.assert_allclose(abroad + home, total, rtol=1e-9)


def test_figures_of_a_benchmark_do_not_depend_on_which_model_was_asked_before() -> None:
    """A model with stand-ins adds the same cells up in another order: another last bit."""
    b = small_model().benchmark
    kept = []
    for asked_before in ((), tuple(b.sectors)):
        collect._KEPT.clear()
        tabulate(Model.build(b, backstop=asked_before).solve())
        kept.append(tabulate(Model.build(b).solve()))
    pd.testing.assert_frame_equal(*kept, check_exact=True)
