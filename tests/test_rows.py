"""Rows of results of a policy: welfare in parts, budgets, sourcing; figures that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from policies import scenario

import cge
from cge import Results, Scenario, load_scenario, solve_scenario
from cge.core.content import content_dir
from cge.core.errors import NoEquilibrium
from cge.indicators import fiscal
from cge.indicators.funds import marginal_cost_of_funds
from cge.model.welfare import COMPONENTS
from cge.report.kinds import build
from cge.report.summary import markdown, pages
from cge.results.policy_rows import add_budget, add_decomposition
from cge.results.register import register
from cge.results.row_schema import COLUMNS, Rows
from cge.studies.listing import usual_kind
from cge.studies.static import StaticCase

SHOCKS = ("tariff on chips", "subsidy to chips")
POLICY = (
    {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "ELEC", "add": 0.5,
     "label": SHOCKS[0]},
    {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC", "add": 0.1,
     "label": SHOCKS[1]},
)  # fmt: skip
#: Two tariffs, one added to the benchmark's and one put in its place, under two sets.
TARIFFS = scenario(
    {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods", "add": 0.1},
    {"instrument": "tariff", "exporter": "USA", "importer": "CHN", "sector": ["ELEC", "VEH"],
     "set": 0.2}, elasticities=["fontagne", "boehm"],
)  # fmt: skip
ALLOCATIVE = [name for name, group in COMPONENTS.items() if group == "allocative"]
REGIONS = ["CHN", "USA", "EU", "ASIA", "ROW"]
KEYS = list(COLUMNS[: COLUMNS.index("value")])


def solved(chosen: Scenario) -> tuple[StaticCase, ...]:
    return solve_scenario(chosen)


@pytest.fixture(scope="module")
def results() -> Results:
    return cge.run(scenario(*POLICY), workers=1)


@pytest.fixture(scope="module")
def table(results: Results) -> pd.DataFrame:
    return results.to_frame()


@pytest.fixture(scope="module")
def case() -> StaticCase:
    return solved(scenario(*POLICY))[0]


@pytest.fixture(scope="module")
def tariffs() -> pd.DataFrame:
    return cge.run(TARIFFS, workers=1).to_frame()


def of(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Rows of a measure, those of the world left out."""
    return table[(table["measure"] == measure) & (table["region"] != "World")]


def world(table: pd.DataFrame, measure: str) -> float:
    rows = table[(table["measure"] == measure) & (table["region"] == "World")]
    return float(rows["value"].item())


def by_region(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("region")["value"].sum().reindex(REGIONS)


def variation(table: pd.DataFrame) -> pd.Series:
    return by_region(of(table, "equivalent_variation_value"))


# -- welfare ------------------------------------------------------------------------------


def test_the_parts_of_welfare_add_up_to_the_exact_variation_of_every_region(table):
    parts = of(table, "ev_part")
    plain = parts[parts["shock"] == ""]
    assert set(plain["item"]) <= set(COMPONENTS)
    np.testing.assert_allclose(by_region(plain), variation(table), rtol=1e-5)
    assert not plain.duplicated(["region", "partner", "sector", "item"]).any()


def test_the_parts_of_welfare_by_shock_add_up_too_and_carry_the_labels(table):
    parts = of(table, "ev_part")
    shocked = parts[parts["shock"] != ""]
    assert set(shocked["shock"]) == set(SHOCKS)
    exact = variation(table)
    np.testing.assert_allclose(by_region(shocked), exact, rtol=1e-5)
    keys = ["region", "item"]
    by_part = parts[parts["shock"] == ""].groupby(keys)["value"].sum()
    by_shock = shocked.groupby(keys)["value"].sum()
    both = pd.concat([by_part, by_shock], axis=1).fillna(0.0)
    np.testing.assert_allclose(both.iloc[:, 0], both.iloc[:, 1], atol=1e-6 * exact.abs().max())


def test_the_parts_of_the_world_are_those_of_its_regions(table, case):
    absorption = case.solution.model.benchmark.absorption.sum()
    for measure in ("ev_part", "ev_part_first_order"):
        rows = table[(table["measure"] == measure) & (table["region"] == "World")]
        keys = ["item", "shock"]
        assert (rows[["partner", "sector"]] == "").all(axis=None) and len(rows) > 3
        expected = of(table, measure).groupby(keys)["value"].sum()
        found = rows.set_index(keys)
        assert set(found.index) == set(expected.index)
        expected = expected[found.index]
        np.testing.assert_allclose(found["value"], expected, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(found["change"], 100 * found["value"] / absorption, rtol=1e-12)


def test_first_order_parts_are_a_measure_of_their_own(table, case):
    first = of(table, "ev_part_first_order")
    assert (first["shock"] == "").all()
    expected = case.decomposition.totals(case.solution.model.benchmark.regions, "first_order")
    found = by_region(first)
    np.testing.assert_allclose(found[expected.index], expected.sum(axis=1), rtol=1e-9)
    assert abs(found["USA"] / variation(table)["USA"] - 1) > 0.1, "a shock that is not small"


def test_parts_in_percent_are_of_the_absorption_of_their_region(table, case):
    b = case.solution.model.benchmark
    absorption = dict(zip(b.regions, b.absorption, strict=True))
    for measure in ("ev_part", "ev_part_first_order"):
        rows = of(table, measure)
        assert set(rows["unit"]) == {"million USD"}
        assert set(rows["change_unit"]) == {"percent of benchmark absorption"}
        size = rows["region"].map(absorption)
        np.testing.assert_allclose(rows["change"], 100 * rows["value"] / size, rtol=1e-12)


def test_trade_efficiency_is_the_allocative_parts_and_the_terms_of_trade_are_their_own(table):
    parts = of(table, "ev_part")
    parts = parts[parts["shock"] == ""]
    for measure, items in (
        ("trade_efficiency", ALLOCATIVE),
        ("terms_of_trade_effect", ["terms_of_trade"]),
    ):
        rows = of(table, measure).set_index("region")
        expected = parts[parts["item"].isin(items)].groupby("region")["change"].sum()
        np.testing.assert_allclose(rows["value"][expected.index], expected, rtol=1e-9, atol=1e-12)
        assert set(rows["unit"]) == {"percent of benchmark absorption"}
        assert rows["value"].abs().max() > 1e-3
    names = ("trade_efficiency", "terms_of_trade_effect")
    both = sum(by_region(of(table, name)) for name in names)
    np.testing.assert_allclose(both, by_region(of(table, "equivalent_variation")), rtol=1e-5)
    whole = sum(world(table, name) for name in names)
    assert whole == pytest.approx(world(table, "equivalent_variation"), rel=1e-5)


def test_routes_of_the_terms_of_trade_have_partner_and_sector(table):
    parts = of(table, "ev_part")
    routes = parts[(parts["item"] == "terms_of_trade") & (parts["shock"] == "")]
    assert (routes["partner"] != "").all() and (routes["sector"] != "").all()
    assert (routes["region"] != routes["partner"]).all()
    own = parts[(parts["item"] == "output") & (parts["shock"] == "")]
    assert set(own["region"]) == {"USA"} and set(own["sector"]) == {"ELEC"}


def test_what_can_not_be_taken_apart_is_left_out_and_said(monkeypatch, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise NoEquilibrium("the parts of welfare do not add up: on purpose")

    monkeypatch.setattr("cge.results.policy_rows.walk", refuse)
    results = cge.run(scenario(*POLICY), workers=1, cache=tmp_path)
    measures = set(results.rows["measure"])
    assert measures.isdisjoint({"ev_part", "trade_efficiency"})
    assert {"outlay", "equivalent_variation"} <= measures
    assert [page.kind for page in pages(results)] == ["regions"]
    said = "Welfare could not be taken apart: the parts of welfare do not add up: on purpose"
    assert f"- {said}\n" in markdown(results)


def test_a_study_may_leave_welfare_whole(monkeypatch, tmp_path):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("taken apart all the same")

    monkeypatch.setattr("cge.results.policy_rows.walk", never)
    results = cge.run(scenario(*POLICY), workers=1, cache=tmp_path, decompose=False)
    measures = set(results.rows["measure"])
    assert measures.isdisjoint({"ev_part", "ev_part_first_order", "trade_efficiency"})
    assert {"outlay", "marginal_cost_of_funds", "domestic_share"} <= measures
    assert "First-order" not in markdown(results) and "taken apart" not in markdown(results)
    assert f"Policy: {SHOCKS[0]} = " in markdown(results)


# -- budgets and sourcing -----------------------------------------------------------------


def test_the_fiscal_rows_are_those_of_the_solution(table, case):
    b = case.solution.model.benchmark
    spent = of(table, "outlay").set_index("region")
    np.testing.assert_allclose(spent["value"][list(b.regions)], fiscal.outlay(case.solution))
    gdp = of(table, "gdp").set_index("region")["value"]
    np.testing.assert_allclose(spent["change"], 100 * spent["value"] / gdp[spent.index], rtol=1e-9)
    share = of(table, "outlay_share").set_index("region")["value"]
    np.testing.assert_allclose(share, spent["change"][share.index])
    sales = of(table, "output_value").set_index(["region", "sector"])["value"]
    assert spent.loc["USA", "value"] == pytest.approx(0.1 * sales["USA", "ELEC"], rel=1e-9)
    receipts = of(table, "policy_receipts").set_index(["region", "sector", "item"])["value"]
    assert set(receipts.index) == {
        ("USA", "ELEC", "tariff"), ("USA", "ELEC", "net_of_output_tax"),
    }  # fmt: skip
    values = of(table, "trade_value").set_index(["region", "partner", "sector"])["value"]
    tariff = receipts["USA", "ELEC", "tariff"]
    assert tariff == pytest.approx(0.5 * values["CHN", "USA", "ELEC"], rel=1e-9)


def test_the_cost_of_funds_is_told_where_something_is_spent(table):
    funds = of(table, "marginal_cost_of_funds")
    assert set(funds["region"]) == {"USA"}
    assert {"consumption tax", "tax on LAB", "tariff on all imports"} <= set(funds["item"])
    assert np.isfinite(funds["value"]).all()


def test_the_cost_of_funds_is_that_at_the_rates_in_force_where_a_tax_keeps_the_budget():
    subsidy = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC", "add": 0.1}
    financing = [{"region": "USA", "instrument": "final_tax", "agent": "HH"}]
    case = solved(scenario(subsidy, financing=financing))[0]
    rows = Rows()
    add_budget(rows, case)
    found = of(rows.frame(), "marginal_cost_of_funds").set_index("item")["value"]
    model = case.solution.model
    given = model.solve(case.solution.levels)
    expected = marginal_cost_of_funds(given, ["USA"]).set_index("tax")["cost_of_funds"]
    np.testing.assert_allclose(found[expected.index], expected, rtol=1e-7)
    assert found.between(0, 2).all() and len(found) == 5


def test_domestic_shares_rise_in_the_sector_that_is_favoured(table):
    rows = of(table, "domestic_share").set_index(["region", "sector"])
    assert rows.loc[("USA", "ELEC"), "change"] > 1
    assert set(rows["change_unit"]) == {"percentage points"}
    np.testing.assert_allclose(rows["change"], rows["value"] - rows["benchmark"], atol=1e-12)


def test_value_chains_come_on_demand_and_agree_on_domestic_shares(table):
    assert "domestic_share_of_supply" not in set(table["measure"])
    results = cge.run(scenario(*POLICY), workers=1, value_chains=True)
    found = results.to_frame(measure="domestic_share_of_supply", item="")
    chains = found[found["sector"] != ""].set_index(["region", "sector"])
    rows = of(table, "domestic_share").set_index(["region", "sector"])
    assert len(rows) == len(chains) > 20
    for column in ("value", "benchmark"):
        np.testing.assert_allclose(rows[column], chains[column][rows.index], rtol=1e-9)
    same = results.to_frame(measure="equivalent_variation")["value"]
    np.testing.assert_array_equal(same, table.query("measure == 'equivalent_variation'")["value"])


# -- what all rows have -------------------------------------------------------------------


def test_every_figure_has_its_place_its_unit_and_its_change(tariffs):
    assert (tariffs[["study", "scenario", "title", "elasticities", "region", "measure", "unit"]]
            != "").all(axis=None)  # fmt: skip
    assert set(tariffs["calendar_year"]) == {2011} and set(tariffs["study"]) == {"static"}
    assert set(tariffs["elasticities"]) == {"fontagne", "boehm"}
    assert set(tariffs["step"]) == {1.0} and tariffs["path_year"].isna().all()
    assert not tariffs.duplicated(KEYS).any()
    assert np.isfinite(tariffs["value"]).all()
    kind = tariffs["measure"].map({name: one.change for name, one in register().items()})
    money = tariffs["measure"].str.startswith(("ev_part", "outlay", "policy_receipts"))
    value, base, change = (tariffs[name] for name in ("value", "benchmark", "change"))
    percent, itself = kind == "percent", (kind == "itself") & ~money
    difference = kind == "difference"
    assert percent.sum() > 1000 and itself.sum() > 50 and difference.sum() > 10
    here = percent & (base != 0)
    np.testing.assert_allclose(change[here], (100 * (value / base - 1))[here], atol=1e-9)
    assert change[percent & (base == 0)].isna().all()
    assert (tariffs["change_unit"][percent] == "percent").all()
    assert (base[itself] == 0).all()
    np.testing.assert_array_equal(change[itself], value[itself])
    assert (tariffs["change_unit"] == tariffs["unit"])[itself].all()
    np.testing.assert_allclose(change[difference], (value - base)[difference], atol=1e-9)
    points = tariffs["unit"].str.startswith("percent")
    assert (tariffs["change_unit"][difference & points] == "percentage points").all()
    assert (tariffs["change_unit"] == tariffs["unit"])[difference & ~points].all()


def test_figures_of_different_measures_add_up(tariffs):
    table = tariffs[(tariffs["elasticities"] == "boehm") & (tariffs["region"] != "World")]
    routes = of(table, "trade_value")
    abroad = routes[routes["region"] != routes["partner"]]
    for side, name in (("region", "exports"), ("partner", "imports")):
        whole = of(table, name).set_index("region")
        assert len(whole) == 5
        for kind in ("value", "benchmark"):
            sums = abroad.groupby(side)[kind].sum()
            np.testing.assert_allclose(sums[whole.index], whole[kind], rtol=1e-9)
    paid = of(table, "tariff_paid")
    home = paid["region"] == paid["partner"]
    for here, name in ((~home, "tariff_revenue"), (home, "purchase_tax_revenue")):
        sums = paid[here].groupby("partner")["value"].sum()
        whole = of(table, name).set_index("region")["value"]
        assert whole.abs().max() > 1
        np.testing.assert_allclose(sums[whole.index], whole, rtol=1e-9, atol=1e-9)
    balance = of(table, "trade_balance")["value"]
    assert len(balance) == 5 and abs(balance.sum()) < 1e-6 * balance.abs().sum()


def test_the_measures_hit_what_they_name_and_nothing_else(tariffs):
    for name in ("fontagne", "boehm"):
        table = tariffs[tariffs["elasticities"] == name]
        moved = of(table, "tariff")
        assert set(moved["unit"]) == {"power 1+t"}
        routes = moved.groupby(["region", "partner"])
        assert set(routes.groups) == {("CHN", "USA"), ("USA", "CHN")}
        added, put = routes.get_group(("CHN", "USA")), routes.get_group(("USA", "CHN"))
        assert set(added["sector"]) == {"PRIM", "LMAN", "HMAN", "ELEC", "VEH"}
        np.testing.assert_allclose(added["value"] - added["benchmark"], 0.10, rtol=1e-9)
        assert set(put["sector"]) == {"ELEC", "VEH"}
        np.testing.assert_allclose(put["value"], 1.20, rtol=1e-9)
        assert set(moved["item"]) == {"int", "con", "inv"}
        paid, fob = (
            table.query("measure == @m and region == 'USA' and partner == 'CHN'"
                        " and sector == 'VEH'")["value"].item()
            for m in ("tariff_paid", "trade_value")
        )  # fmt: skip
        assert paid == pytest.approx(0.20 * fob, rel=1e-9)
        held = [line.name for line in register().values() if line.reported in ("moved", "state")]
        assert set(table["measure"]) & set(held) == {"tariff"}, "nothing else was moved"


def test_variants_and_steps_are_told_apart():
    family = scenario(
        elasticities=["boehm"], steps=[0.5, 1],
        variants=[{"name": "tariff", "policy": [POLICY[0]]},
                  {"name": "subsidy", "title": "A subsidy", "policy": [POLICY[1]]}],
    )  # fmt: skip
    table = cge.run(family, workers=1).to_frame()
    assert set(table["scenario"]) == {"trial"}
    cases = table[["variant", "title", "step"]].drop_duplicates()
    assert set(map(tuple, cases.to_numpy())) == {
        (name, title, step)
        for name, title in (("tariff", "tariff"), ("subsidy", "A subsidy"))
        for step in (0.5, 1.0)
    }
    assert not table.duplicated(KEYS).any()
    for (_, step), part in table.groupby(["variant", "step"]):
        shocked = of(part, "ev_part")
        plain = shocked[shocked["shock"] == ""]
        np.testing.assert_allclose(by_region(plain), variation(part), rtol=1e-5)
        assert shocked["shock"].nunique() == 2, "the empty one and its own"
        assert len(part[part["measure"].isin(["tariff", "net_of_output_tax"])]), step
    for name, rate in (("tariff", 0.5), ("net_of_output_tax", 0.1)):
        half, whole = (table[(table["measure"] == name) & (table["step"] == n)] for n in (0.5, 1.0))
        np.testing.assert_allclose(whole["value"] - whole["benchmark"], rate, rtol=1e-9)
        logs = [np.log(rows["value"] / rows["benchmark"]).to_numpy() for rows in (half, whole)]
        np.testing.assert_allclose(logs[0], logs[1] / 2, rtol=1e-9)


# -- the first tables ---------------------------------------------------------------------


def test_welfare_by_shock_is_shown_where_there_are_several(results):
    assert [page.kind for page in pages(results)] == ["regions", "decomposition", "shocks"]
    text = markdown(results)
    for label in SHOCKS:
        assert f"| {label} |" in text and f"Policy: {label} = " in text
    single = cge.run(scenario(POLICY[0]), workers=1)
    assert [page.kind for page in pages(single)] == ["regions", "decomposition"]


def test_a_group_that_something_moves_has_a_column():
    moved = scenario(
        {"instrument": "productivity", "region": "CHN", "sector": "ELEC", "add": 0.1},
        closure={"balance": {"scale": 0.5}},
    )
    (panel,) = build("decomposition", [cge.run(moved, workers=1)]).panels
    titles = [c.title for c in panel.columns]
    assert {"Technology and trade cost", "Transfers"} <= set(titles)
    parts = panel.figures[:, [c.role == "part" for c in panel.columns]].sum(axis=1)
    exact = panel.figures[:, titles.index("Exact EV")]
    np.testing.assert_allclose(parts, exact, rtol=1e-5, atol=1e-6)
    # What technology brings is no trade efficiency.
    case = solved(moved)[0]
    rows = Rows()
    add_decomposition(rows, case)
    efficiency = by_region(of(rows.frame(), "trade_efficiency"))
    allocative = panel.figures[:-1, titles.index("Allocative efficiency")]
    np.testing.assert_allclose(efficiency, allocative, rtol=1e-9)
    assert abs(efficiency["CHN"]) < 0.1 * case.solution.measure("equivalent_variation")[0]


# -- everything that ships ----------------------------------------------------------------

#: Paths of years are taken apart year by year elsewhere.
SHIPPED = sorted(
    path.stem
    for path in content_dir("experiments").glob("*.yaml")
    if usual_kind(load_scenario(path)) == "static"
)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_is_taken_apart(name: str):
    """All sets, variants and steps on the default aggregation, to a ten-thousandth of EV."""
    for case in solved(load_scenario(content_dir("experiments") / f"{name}.yaml")):
        result = case.decomposition
        b = case.solution.model.benchmark
        exact = case.solution.measure("equivalent_variation_value")
        totals = result.totals(b.regions).sum(axis=1).to_numpy()
        allowed = np.maximum(1e-4 * np.abs(exact), 1e-11 * b.absorption)
        where = (case.elasticities, case.variant, case.step)
        assert (np.abs(totals - exact) <= allowed).all(), where
        by_shock = result.by_shock.groupby("region")["value"].sum()
        by_shock = by_shock.reindex(list(b.regions), fill_value=0.0)  # none where nothing is moved
        assert (np.abs(by_shock.to_numpy() - exact) <= allowed).all(), where
        assert "other" not in set(result.by_shock["shock"]), "every shock has a name"


def test_shipped_scenarios_of_one_solution_are_many() -> None:
    assert len(SHIPPED) > 15 and "us-china-tariff-war" in SHIPPED
