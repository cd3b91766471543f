"""The tidy table and the summary of what a policy does to welfare, budgets and sourcing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cge.experiments.run import Case, ScenarioRun, run_scenario
from cge.results.tidy_policy import tidy_decomposition, tidy_fiscal
from conftest import Outcome
from policies import scenario

from cge.core.content import content_dir
from cge.core.errors import NoEquilibrium
from cge.indicators import fiscal
from cge.indicators.funds import marginal_cost_of_funds
from cge.model.welfare import COMPONENTS
from cge.results import summary, summary_welfare, tidy
from cge.scenario.schema import Scenario, load_scenario
from cge.solve.templates import default_folder

SHOCKS = ("tariff on chips", "subsidy to chips")
POLICY = (
    {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "ELEC", "add": 0.5,
     "label": SHOCKS[0]},
    {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC", "add": 0.1,
     "label": SHOCKS[1]},
)  # fmt: skip
ALLOCATIVE = [name for name, group in COMPONENTS.items() if group == "allocative"]


def solved(chosen: Scenario) -> ScenarioRun:
    return run_scenario(chosen, cache_folder=default_folder())


@pytest.fixture(scope="module")
def run() -> ScenarioRun:
    return solved(scenario(*POLICY))


@pytest.fixture(scope="module")
def case(run: ScenarioRun) -> Case:
    return run.cases[0]


@pytest.fixture(scope="module")
def table(run: ScenarioRun) -> pd.DataFrame:
    return tidy.tidy_run(run)


def of(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    return table[table["measure"] == measure]


def by_region(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby("region", observed=True)["value"].sum()


def variation(table: pd.DataFrame) -> pd.Series:
    return of(table, "equivalent_variation_value").set_index("region")["value"]


# -- welfare ------------------------------------------------------------------------------


def test_the_parts_of_welfare_add_up_to_the_exact_variation_of_every_region(table):
    parts = of(table, "ev_part")
    plain = parts[parts["shock"] == ""]
    assert set(plain["item"]) <= set(COMPONENTS)
    exact = variation(table)
    np.testing.assert_allclose(by_region(plain)[exact.index], exact, rtol=1e-5)
    assert not plain.duplicated(["region", "partner", "sector", "item"]).any()


def test_the_parts_of_welfare_by_shock_add_up_too_and_carry_the_labels(table):
    parts = of(table, "ev_part")
    shocked = parts[parts["shock"] != ""]
    assert set(shocked["shock"]) == set(SHOCKS)
    exact = variation(table)
    np.testing.assert_allclose(by_region(shocked)[exact.index], exact, rtol=1e-5)
    keys = ["region", "item"]
    by_part = parts[parts["shock"] == ""].groupby(keys, observed=True)["value"].sum()
    by_shock = shocked.groupby(keys, observed=True)["value"].sum()
    both = pd.concat([by_part, by_shock], axis=1).fillna(0.0)
    np.testing.assert_allclose(both.iloc[:, 0], both.iloc[:, 1], atol=1e-6 * exact.abs().max())


def test_first_order_parts_are_a_measure_of_their_own(table, case):
    first = of(table, "ev_part_first_order")
    assert (first["shock"] == "").all()
    expected = case.decomposition.totals(case.solution.model.benchmark.regions, "first_order")
    found = by_region(first)
    np.testing.assert_allclose(found[expected.index], expected.sum(axis=1), rtol=1e-9)
    exact = variation(table)
    assert abs(found["USA"] / exact["USA"] - 1) > 0.1, "a shock that is not small"


def test_parts_in_percent_are_of_the_absorption_of_their_region(table, case):
    b = case.solution.model.benchmark
    absorption = dict(zip(b.regions, b.absorption, strict=True))
    for measure in ("ev_part", "ev_part_first_order"):
        rows = of(table, measure)
        assert set(rows["unit"]) == {"million USD"}
        assert set(rows["change_unit"]) == {"percent of benchmark absorption"}
        size = rows["region"].astype(str).map(absorption)
        np.testing.assert_allclose(rows["change"], 100 * rows["value"] / size, rtol=1e-12)


def test_trade_efficiency_is_the_allocative_parts_and_the_terms_of_trade_are_their_own(table):
    parts = of(table, "ev_part")
    parts = parts[parts["shock"] == ""]
    for measure, items in (
        ("trade_efficiency", ALLOCATIVE),
        ("terms_of_trade_effect", ["terms_of_trade"]),
    ):
        rows = of(table, measure).set_index("region")
        chosen = parts[parts["item"].isin(items)]
        expected = chosen.groupby("region", observed=True)["change"].sum()
        np.testing.assert_allclose(rows["value"][expected.index], expected, rtol=1e-9, atol=1e-12)
        assert set(rows["unit"]) == {"percent of benchmark absorption"}
        assert rows["value"].abs().max() > 1e-3
    everything = of(table, "equivalent_variation").set_index("region")["value"]
    both = sum(
        of(table, name).set_index("region")["value"]
        for name in ("trade_efficiency", "terms_of_trade_effect")
    )
    np.testing.assert_allclose(both[everything.index], everything, rtol=1e-5)


def test_routes_of_the_terms_of_trade_have_partner_and_sector(table):
    parts = of(table, "ev_part")
    routes = parts[(parts["item"] == "terms_of_trade") & (parts["shock"] == "")]
    assert routes["partner"].notna().all() and routes["sector"].notna().all()
    assert (routes["region"].astype(str) != routes["partner"].astype(str)).all()
    own = parts[(parts["item"] == "output") & (parts["shock"] == "")]
    assert set(own["region"]) == {"USA"} and set(own["sector"]) == {"ELEC"}


def test_what_can_not_be_taken_apart_is_left_out_and_said(run, monkeypatch):
    def refuse(*_: object) -> None:
        raise NoEquilibrium("the parts of welfare do not add up: on purpose")

    monkeypatch.setattr("cge.experiments.run.decompose", refuse)
    fresh = replace(run, cases=tuple(replace(case) for case in run.cases))
    table = tidy.tidy_run(fresh)
    assert not table["measure"].isin(["ev_part", "trade_efficiency"]).any()
    assert {"outlay", "equivalent_variation"} <= set(table["measure"])
    assert summary_welfare.welfare_table(fresh.cases[0]) is None
    assert summary.parts_of(fresh, fresh.cases[0]) == []
    text = summary.markdown(fresh)
    assert "could not be taken apart (Elasticities: fontagne): the parts" in text


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
    case = solved(scenario(subsidy, financing=financing)).cases[0]
    found = of(tidy_fiscal(case), "marginal_cost_of_funds").set_index("item")["value"]
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


def test_domestic_shares_agree_with_those_of_the_value_chains(table, run):
    chains = tidy.tidy_chains(run)
    chains = of(chains, "domestic_share")
    chains = chains[chains["sector"].notna() & chains["item"].isna()]
    chains = chains.set_index(["region", "sector"])
    rows = of(table, "domestic_share").set_index(["region", "sector"])
    for column in ("value", "benchmark"):
        np.testing.assert_allclose(rows[column], chains[column][rows.index], rtol=1e-9)


def test_variants_and_steps_are_told_apart():
    family = scenario(
        elasticities=["boehm"], steps=[0.5, 1],
        variants=[{"name": "tariff", "policy": [POLICY[0]]},
                  {"name": "subsidy", "policy": [POLICY[1]]}],
    )  # fmt: skip
    table = tidy.tidy_run(solved(family))
    cases = table[["scenario", "step"]].drop_duplicates()
    assert set(map(tuple, cases.to_numpy())) == {
        (f"trial.{name}", step) for name in ("tariff", "subsidy") for step in (0.5, 1.0)
    }
    assert not table.duplicated(tidy.COLUMNS[: tidy.COLUMNS.index("value")]).any()
    for _, part in table.groupby(["scenario", "step"], observed=True):
        exact = variation(part)
        np.testing.assert_allclose(by_region(
            of(part, "ev_part")[of(part, "ev_part")["shock"] == ""])[exact.index], exact,
            rtol=1e-5)  # fmt: skip
        shocked = of(part, "ev_part")
        assert shocked["shock"].nunique() == 2, "the empty one and its own"


# -- the summary --------------------------------------------------------------------------


def test_the_groups_of_the_summary_add_up_to_welfare(case):
    table = summary_welfare.welfare_table(case)
    assert list(table.columns) == [
        "Welfare (EV), bn USD", "Terms of trade, bn USD", "Allocative efficiency, bn USD",
        "First-order sum, bn USD",
    ]  # fmt: skip
    regions = list(case.solution.model.benchmark.regions)
    assert list(table.index) == [*regions, "World"]
    exact = case.solution.measure("equivalent_variation_value") / 1000
    np.testing.assert_allclose(table.iloc[:-1, 0], exact)
    np.testing.assert_allclose(table.iloc[:, 1:3].sum(axis=1), table.iloc[:, 0], rtol=1e-5)
    np.testing.assert_allclose(table.loc["World"], table.iloc[:-1].sum())


def test_the_summary_shows_welfare_by_shock_where_there_are_several(case, run):
    table = summary_welfare.shock_table(case)
    assert list(table.columns) == [f"{label}, bn USD" for label in SHOCKS]
    exact = summary_welfare.welfare_table(case).iloc[:, 0]
    np.testing.assert_allclose(table.sum(axis=1), exact, rtol=1e-5)
    text = summary.markdown(run)
    for label in SHOCKS:
        assert f"| {label}, bn USD |" in text
        assert f"Policy: {label} = " in text
    single = solved(scenario(POLICY[0])).cases[0]
    assert summary_welfare.shock_table(single) is None
    # A duty against a subsidy that is not specific is none.
    duty = {"kind": "countervailing", "against": "USA", "by": "all", "chi": 1.0}
    broad = {**POLICY[1], "sector": "goods"}
    answered = solved(scenario(broad, responses=[duty])).cases[0]
    assert summary_welfare.shock_table(answered) is None


def test_a_group_that_something_moves_has_a_column(case):
    moved = solved(scenario(
        {"instrument": "productivity", "region": "CHN", "sector": "ELEC", "add": 0.1},
        closure={"balance": {"scale": 0.5}},
    )).cases[0]  # fmt: skip
    table = summary_welfare.welfare_table(moved)
    assert {"Technology and trade cost, bn USD", "Transfers, bn USD"} <= set(table.columns)
    np.testing.assert_allclose(table.iloc[:, 1:-1].sum(axis=1), table.iloc[:, 0], rtol=1e-5)
    # What technology brings is no trade efficiency.
    b = moved.solution.model.benchmark
    rows = of(tidy_decomposition(moved), "trade_efficiency").set_index("region")["value"]
    allocative = 1000 * table["Allocative efficiency, bn USD"][list(b.regions)]
    np.testing.assert_allclose(rows[allocative.index], 100 * allocative / b.absorption, rtol=1e-9)
    assert abs(rows["CHN"]) < 0.1 * moved.solution.outcome("equivalent_variation[CHN]")


def test_tariff_revenue_of_the_summary_is_what_crosses_a_border(case):
    subsidy = {"instrument": "domestic_purchase_subsidy", "importer": "USA", "sector": "ELEC"}
    solution = solved(scenario({**subsidy, "add": 0.1})).cases[0].solution
    column = next(c for c in summary.regional_table(solution) if c[0] == "Tariff revenue")
    shown = summary.regional_table(solution)[column]
    paid = solution.frame("tariff_paid").query("r != s")
    change = (paid["value"] - paid["benchmark"]).groupby(paid["s"]).sum() / 1000
    np.testing.assert_allclose(shown[change.index], change, rtol=1e-9)
    assert shown["World"] == pytest.approx(change.sum(), rel=1e-9)
    table = tidy.tidy_solution(solution)
    revenue = of(table, "tariff_revenue").set_index("region")["change"] / 1000
    np.testing.assert_allclose(revenue[change.index], change, rtol=1e-9)
    home = of(table, "domestic_purchase_tax_revenue").set_index("region")["change"]
    assert home["USA"] < -1000 * abs(change["USA"]), "the subsidy costs far more"


def test_no_decompose_leaves_welfare_whole(here: Path, cge: Callable[..., Outcome], monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("taken apart all the same")

    monkeypatch.setattr("cge.experiments.run.decompose", never)
    text = scenario(*POLICY).model_dump_json(by_alias=True, exclude_unset=True)
    (here / "trial.yaml").write_text(json.dumps(json.loads(text)))
    outcome = cge("run", "trial.yaml", "--no-decompose", "--out", "whole")
    assert outcome.code == 0, outcome.err
    assert "First-order" not in outcome.out and SHOCKS[0] in outcome.out
    measures = set(pd.read_parquet(here / "whole" / "results.parquet")["measure"])
    assert measures.isdisjoint({"ev_part", "ev_part_first_order", "trade_efficiency"})
    assert {"outlay", "marginal_cost_of_funds", "domestic_share"} <= measures
    summary_text = (here / "whole" / "summary.md").read_text(encoding="utf-8")
    assert "First-order" not in summary_text and "taken apart" not in summary_text


# -- everything that ships ----------------------------------------------------------------

#: Paths of years are taken apart year by year elsewhere.
SHIPPED = sorted(
    path.stem
    for path in content_dir("experiments").glob("*.yaml")
    if not path.stem.startswith("frontier-") and load_scenario(path).path is None
)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_is_taken_apart(name: str):
    """All sets, variants and steps on the default aggregation, to a ten-thousandth of EV."""
    run = solved(load_scenario(content_dir("experiments") / f"{name}.yaml"))
    for case in run.cases:
        result = case.decomposition
        b = case.solution.model.benchmark
        exact = case.solution.measure("equivalent_variation_value")
        totals = result.totals(b.regions).sum(axis=1).to_numpy()
        allowed = np.maximum(1e-4 * np.abs(exact), 1e-11 * b.absorption)
        assert (np.abs(totals - exact) <= allowed).all(), case.title
        by_shock = result.by_shock.groupby("region")["value"].sum().reindex(list(b.regions))
        assert (np.abs(by_shock.to_numpy() - exact) <= allowed).all(), case.title
        assert "other" not in set(result.by_shock["shock"]), "every shock has a name"
