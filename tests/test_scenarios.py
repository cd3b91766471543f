"""Sizes a scenario can give a measure other than a rate: budgets, quotas, equal effects."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from policies import cells, scenario, solved
from tools import small_model

from cge import InputError, Model, NoEquilibrium, load_benchmark
from cge.core.content import content_dir
from cge.policy.case import solve_case, with_rates_given
from cge.policy.levels import policy_levels
from cge.scenario.schema import load_scenario
from cge.solve.solution import Solution
from cge.studies.static import solve_scenario

WAR = [
    {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods", "add": 0.5},
    {"instrument": "tariff", "exporter": "USA", "importer": "CHN", "sector": "goods", "add": 0.5},
]
CHIPS = {"exporter": "CHN", "sector": "ELEC", "importer": "USA"}


@lru_cache(maxsize=1)
def short_model() -> Model:
    return Model.build(load_benchmark("wiod2013", aggregation="small"), "short")


def receipts(solution: Solution, wedge: str, base: str, where: str, sign: float = 1.0) -> float:
    """Return what a wedge brings beyond its benchmark rate, as a sum of rate times base."""
    power = cells(solution, wedge, where)
    value = cells(solution, base, where)["value"].reindex(power.index)
    return float(sign * ((power["value"] - power["benchmark"]) * value).sum())


@pytest.mark.parametrize(
    ("measure", "wedge", "base", "where", "sign"),
    [
        ({"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"},
         "net_of_output_tax", "output_value", "s == 'USA' and j == 'ELEC'", 1.0),
        ({"instrument": "output_tax", "region": "USA", "sector": "goods"},
         "net_of_output_tax", "output_value", "s == 'USA' and j != 'SERV'", -1.0),
        ({"instrument": "capital_subsidy", "region": "USA", "sector": "ELEC"},
         "factor_tax", "factor_payment", "s == 'USA' and j == 'ELEC' and f == 'CAP'", -1.0),
        ({"instrument": "domestic_purchase_subsidy", "importer": "USA", "sector": "ELEC"},
         "tariff", "fob_value", "r == 'USA' and s == 'USA' and i == 'ELEC'", -1.0),
        ({"instrument": "tariff", "importer": "USA", "exporter": "all but EU"},
         "tariff", "fob_value", "r != 'USA' and r != 'EU' and s == 'USA'", 1.0),
        ({"instrument": "export_tax", "exporter": "USA"},
         "export_tax", "basic_value", "r == 'USA' and s != 'USA'", 1.0),
        ({"instrument": "final_tax", "region": "USA", "agent": "HH"},
         "final_tax", "final_value", "s == 'USA' and d == 'HH'", 1.0),
        ({"instrument": "intermediate_tax", "region": "USA", "buyer": "VEH"},
         "intermediate_tax", "input_value", "s == 'USA' and j == 'VEH'", 1.0),
    ],
    ids=lambda value: value["instrument"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_budget_is_met_at_the_equilibrium(
    measure: dict[str, Any], wedge: str, base: str, where: str, sign: float
) -> None:
    solution = solved({**measure, "budget": 0.001}).solution
    reached = receipts(solution, wedge, base, where, sign) / solution.outcome("gdp[USA]")
    assert reached == pytest.approx(0.001, rel=1e-9)
    moved = cells(solution, wedge, where)
    factors = (moved["value"] / moved["benchmark"]).to_numpy()
    assert np.ptp(factors) < 1e-12 and abs(factors[0] - 1) > 1e-4
    others = solution.frame(wedge).query(f"not ({where})")
    assert (others["value"] == others["benchmark"]).all()


def test_every_region_keeps_its_own_budget() -> None:
    measure = {"instrument": "output_subsidy", "region": ["CHN", "EU"], "sector": "VEH"}
    solution = solved({**measure, "budget": 0.002}).solution
    rates = []
    for region in ("CHN", "EU"):
        where = f"s == '{region}' and j == 'VEH'"
        paid = receipts(solution, "net_of_output_tax", "output_value", where)
        assert paid / solution.outcome(f"gdp[{region}]") == pytest.approx(0.002, rel=1e-9)
        rates.append(solution.outcome(f"net_of_output_tax[{region}, VEH]") - 1)
    assert abs(rates[0] - rates[1]) > 1e-4


def test_a_budget_and_the_rate_that_it_asks_for_are_one_policy() -> None:
    subsidy = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"}
    found = solved({**subsidy, "budget": 0.002})
    again = solved({**subsidy, "add": found.endogenous[0].low})
    np.testing.assert_allclose(found.solution.levels, again.solution.levels, rtol=1e-9, atol=1e-13)


def test_the_outlay_of_a_budget_is_on_top_of_an_earlier_measure() -> None:
    subsidy = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"}
    solution = solved({**subsidy, "add": 0.05}, {**subsidy, "budget": 0.001}).solution
    rate = solution.outcome("net_of_output_tax[USA, ELEC]") - 1.05
    paid = rate * solution.outcome("output_value[USA, ELEC]")
    assert paid / solution.outcome("gdp[USA]") == pytest.approx(0.001, rel=1e-9)


def test_a_capital_subsidy_is_a_factor_subsidy_on_capital() -> None:
    one = solved({"instrument": "capital_subsidy", "region": "USA", "sector": "ELEC", "add": 0.1})
    other = solved({"instrument": "factor_subsidy", "region": "USA", "sector": "ELEC",
                    "factor": "CAP", "add": 0.1})  # fmt: skip
    assert (one.solution.levels == other.solution.levels).all()


# -- quotas ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rents", ["importer", "exporter", "lost"])
def test_a_quota_halves_what_arrives_whoever_keeps_the_rent(rents: str) -> None:
    solution = solved({"instrument": "quota", **CHIPS, "to": 0.5, "rents": rents}).solution
    arrived = cells(solution, "arrivals", "r == 'CHN' and i == 'ELEC' and s == 'USA'")
    share = arrived["value"].sum() / arrived["benchmark"].sum()
    assert share == pytest.approx(0.5, rel=1e-9)


def test_a_quota_with_rents_to_the_importer_is_the_tariff_that_it_finds() -> None:
    quota = solved({"instrument": "quota", **CHIPS, "to": 0.5, "rents": "importer"})
    tariff = cells(quota.solution, "tariff", "r == 'CHN' and i == 'ELEC' and s == 'USA'")
    ratio = float((tariff["value"] / tariff["benchmark"]).iloc[0])
    levels = small_model().arrays.start.copy()
    columns = small_model().variables.select("tariff[*, CHN, ELEC, USA]")[1]
    levels[columns] *= ratio
    alone = small_model().solve(levels)
    np.testing.assert_allclose(alone.levels, quota.solution.levels, rtol=1e-9, atol=1e-13)
    assert ratio > 1.05


def test_rents_go_where_they_are_said_to_go() -> None:
    quota = {"instrument": "quota", **CHIPS, "to": 0.5}
    by = {r: solved({**quota, "rents": r}).solution for r in ("importer", "exporter", "lost")}
    ev = {r: s.measure("equivalent_variation_value") for r, s in by.items()}
    china, usa = (small_model().benchmark.regions.index(code) for code in ("CHN", "USA"))
    assert ev["exporter"][china] > ev["importer"][china]
    assert ev["importer"][usa] > ev["exporter"][usa]
    assert ev["lost"].sum() < min(ev["importer"].sum(), ev["exporter"].sum())


def test_a_quota_that_does_not_bind_leaves_the_benchmark() -> None:
    solution = solved({"instrument": "quota", **CHIPS, "to": 1.2}).solution
    np.testing.assert_allclose(solution.levels, small_model().arrays.start, rtol=1e-12)
    bound = solved({"instrument": "quota", **CHIPS, "to": 1.2, "binding": True}).solution
    assert bound.relative("trade_volume[CHN, ELEC, USA]") == pytest.approx(1.2)


def test_a_quota_on_one_use_holds_that_use_alone() -> None:
    solution = solved({"instrument": "quota", **CHIPS, "use": "int", "to": 0.5}).solution
    volume = cells(solution, "route_volume", "r == 'CHN' and i == 'ELEC' and s == 'USA'")
    share = (volume["value"] / volume["benchmark"]).droplevel(["r", "i", "s"])
    assert share["int"] == pytest.approx(0.5, rel=1e-9)
    assert share["con"] > 0.9 and share["inv"] > 0.9


def test_what_is_lost_is_rationed_below_an_elasticity_of_one_too() -> None:
    quota = {"instrument": "quota", **CHIPS, "to": 0.8, "rents": "lost"}
    case = solve_case(short_model(), scenario(quota, closure={"kind": "short_run"}))
    arrived = cells(case.solution, "arrivals", "r == 'CHN' and i == 'ELEC' and s == 'USA'")
    assert arrived["value"].sum() / arrived["benchmark"].sum() == pytest.approx(0.8, rel=1e-9)
    assert case.solution.relative("trade_volume[CHN, ELEC, USA]") > 0.9  # most melts on the way


# -- financing -------------------------------------------------------------------------------


def test_a_tax_that_finances_a_subsidy_keeps_the_budget() -> None:
    subsidy = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC", "add": 0.1}
    case = solved(subsidy, financing=[{"region": "USA", "instrument": "final_tax", "agent": "HH"}])
    solution = case.solution
    revenue = solution.frame("tax_revenue").set_index("s").loc["USA"]
    price = solution.outcome("welfare_price[USA]")
    assert revenue["value"] / price == pytest.approx(revenue["benchmark"], rel=1e-9)
    rates = cells(solution, "final_tax", "s == 'USA' and d == 'HH'")["value"]
    assert np.ptp(rates) < 1e-12 and rates.iloc[0] > 1.001
    lump = solved(subsidy).solution.frame("tax_revenue").set_index("s").loc["USA"]
    assert lump["value"] < 0.9 * lump["benchmark"]


# -- steps -----------------------------------------------------------------------------------


def test_the_last_step_is_the_direct_solution_and_shocks_add_up_at_each() -> None:
    quota = {"instrument": "quota", "exporter": "EU", "sector": "VEH", "importer": "USA", "to": 0.7}
    subsidy = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC", "budget": 0.001}
    keys: dict[str, Any] = {
        "responses": [{"kind": "retaliation", "to": "USA"}],
        "closure": {"balance": {"scale": 0.5}},
    }
    stepped = solve_scenario(scenario(WAR[0], quota, subsidy, steps=[0.25, 0.5, 1], **keys))
    assert [case.step for case in stepped] == [0.25, 0.5, 1]
    direct = solved(WAR[0], quota, subsidy, **keys).solution
    np.testing.assert_allclose(stepped[-1].solution.levels, direct.levels, rtol=1e-9, atol=1e-12)
    volumes = [case.solution.relative("trade_volume[EU, VEH, USA]") for case in stepped]
    assert volumes == pytest.approx([0.925, 0.85, 0.7])
    column = small_model().variables.select("tariff[int, CHN, ELEC, USA]")[1][0]
    start = small_model().arrays.start[column]
    for case in stepped:
        whole = np.log((start + 0.5) / start)
        moved = np.log(case.solution.levels[column] / start)
        assert moved == pytest.approx(case.step * whole)
        where = "s == 'USA' and j == 'ELEC'"
        paid = receipts(case.solution, "net_of_output_tax", "output_value", where)
        budget = paid / case.solution.outcome("gdp[USA]")
        assert budget == pytest.approx(case.step * 0.001, rel=1e-8)


def test_swaps_are_scaled_with_the_steps() -> None:
    swaps = [
        {"free": "tariff[*, CHN, ELEC, USA]", "fix": "trade_volume[CHN, ELEC, USA]", "at": 0.5},
        {"free": "net_of_output_tax[USA, VEH]", "fix": "output[USA, VEH]", "at": 1.1},
        {"free": "net_of_output_tax[EU, VEH]", "fix": "output_tax_paid[EU, VEH]", "at": -9000,
         "relative": False},
    ]  # fmt: skip
    half = solved(share=0.5, closure={"swaps": swaps}).solution
    assert half.relative("trade_volume[CHN, ELEC, USA]") == pytest.approx(0.75)
    assert half.outcome("output[USA, VEH]") == pytest.approx(1.1**0.5)
    assert half.outcome("output_tax_paid[EU, VEH]") == pytest.approx(-4500)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_shocks_add_up_to_the_whole_change_of_given_columns(share: float) -> None:
    measures = (
        *WAR, {"instrument": "tariff", "scale": 0.5}, {"instrument": "productivity", "add": 0.02},
        {"instrument": "output_subsidy", "region": "EU", "sector": "VEH", "budget": 0.001},
    )  # fmt: skip
    keys: dict[str, Any] = {
        "responses": [{"kind": "retaliation", "to": "USA", "share": 0.5},
                      {"kind": "countervailing", "against": "EU", "chi": 1.0}],
        "closure": {"balance": "zero"},
    }  # fmt: skip
    case = solved(*measures[:4], share=share, **keys)
    model, solution = small_model(), case.solution
    total = np.zeros(len(model.arrays.start))
    for shock in case.shocks:
        np.add.at(total, shock.columns, shock.change)
    given = solution.resolved.system.given
    free = model.arrays.free[given]
    now, then = solution.levels[given], model.arrays.start[given]
    with np.errstate(invalid="ignore", divide="ignore"):
        change = np.where(free, now - then, np.log(now / then))
    np.testing.assert_allclose(total[given], change, atol=1e-14)
    assert len(case.shocks) == 7


# -- equal outlay, equal welfare -------------------------------------------------------------

FORMS = [
    {"name": "output", "policy": [
        {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"}]},
    {"name": "capital", "policy": [
        {"instrument": "capital_subsidy", "region": "USA", "sector": "ELEC"}]},
    {"name": "purchase", "policy": [
        {"instrument": "domestic_purchase_subsidy", "importer": "USA", "sector": "ELEC"}]},
]  # fmt: skip
OUTLAYS = {
    "output": ("net_of_output_tax", "output_value", "s == 'USA' and j == 'ELEC'", 1.0),
    "capital": ("factor_tax", "factor_payment", "s == 'USA' and j == 'ELEC' and f == 'CAP'", -1.0),
    "purchase": ("tariff", "fob_value", "r == 'USA' and s == 'USA' and i == 'ELEC'", -1.0),
}


@pytest.mark.parametrize("outlay", [0.0005, "given"])
def test_variants_of_equal_outlay_cost_the_same(outlay: float | str) -> None:
    given = {
        "name": "given",
        "policy": [
            {
                "instrument": "output_subsidy",
                "region": "USA",
                "sector": ["HMAN", "VEH"],
                "add": 0.03,
            }
        ],
    }
    variants = [FORMS[0], given, *FORMS[1:]] if outlay == "given" else FORMS
    whole = scenario(equal={"outlay": outlay, "region": "USA"}, variants=variants)
    cases = {case.variant: case for case in solve_scenario(whole)}
    assert list(cases) == [variant["name"] for variant in variants]
    wanted = 0.0005
    if outlay == "given":
        solution = cases.pop("given").solution
        value = cells(solution, "output_value", "s == 'USA' and j in ('HMAN', 'VEH')")["value"]
        wanted = 0.03 * value.sum() / solution.outcome("gdp[USA]")
    for name, case in cases.items():
        paid = receipts(case.solution, *OUTLAYS[name]) / case.solution.outcome("gdp[USA]")
        assert paid == pytest.approx(wanted, rel=1e-9)
        assert case.endogenous[0].low > 0


@pytest.mark.parametrize("welfare", [-0.05, "output"])
def test_variants_of_equal_welfare_have_positive_rates_and_one_effect(welfare: float | str) -> None:
    tariff = {"name": "tariff", "policy": [{"instrument": "tariff", **CHIPS}]}
    first = {"name": "output", "policy": [{**FORMS[0]["policy"][0], "add": 0.06}]}  # type: ignore[dict-item]
    variants = [*FORMS[1:], tariff, first] if welfare == "output" else [*FORMS, tariff]
    whole = scenario(equal={"welfare": welfare, "region": "USA"}, variants=variants)
    cases = solve_scenario(whole)
    effects = [case.solution.outcome("equivalent_variation[USA]") for case in cases]
    wanted = effects[-1] if welfare == "output" else -0.05
    assert wanted < -0.01
    assert effects == pytest.approx([wanted] * 4, rel=1e-7)
    # Small tariffs and purchase subsidies pay, so the rates here are beyond the best ones.
    assert all(rate.low > 0.01 for case in cases for rate in case.endogenous)


def test_a_guess_leads_to_the_other_rate_of_the_same_effect() -> None:
    tariff = {"instrument": "tariff", **CHIPS}
    equal = {"welfare": 0.01, "region": "USA"}
    small = solved(tariff, equal=equal)
    large = solved({**tariff, "guess": 0.15}, equal=equal)
    assert small.solution.outcome("equivalent_variation[USA]") == pytest.approx(0.01, rel=1e-6)
    assert large.solution.outcome("equivalent_variation[USA]") == pytest.approx(0.01, rel=1e-6)
    assert 0 < small.endogenous[0].low < 0.08 < large.endogenous[0].low


def test_an_effect_that_no_rate_has_is_told_with_what_was_tried() -> None:
    with pytest.raises(NoEquilibrium, match=r"5 % in USA; tried 0.5 %: .*guess"):
        solved({"instrument": "tariff", **CHIPS}, equal={"welfare": 5.0, "region": "USA"})


# -- what can not be -------------------------------------------------------------------------

SUBSIDY = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"}


@pytest.mark.parametrize(
    ("policy", "keys", "says"),
    [
        ([{**SUBSIDY, "budget": 0.001}, {**SUBSIDY, "add": 0.1}], {},
         r"policy\.1.*solved for in policy\.0"),
        ([{**SUBSIDY, "budget": 0.001}],
         {"financing": [{"region": "USA", "instrument": "output_tax"}]},
         r"financing\.0.*policy\.0"),
        ([], {"financing": [{"region": "USA", "instrument": "final_tax"}] * 2},
         r"financing\.1\.region.*already"),
        ([], {"financing": [{"region": "U", "instrument": "final_tax"}]},
         r"financing\.0\.region.*'U'.*CHN"),
        ([{"instrument": "quota", **CHIPS, "to": 0.5}] * 2, {}, r"policy\.1.*policy\.0"),
        ([{"instrument": "quota", **CHIPS, "to": 0.5},
          {"instrument": "quota", **CHIPS, "to": 0.4, "rents": "exporter"}], {},
         r"policy\.1.*rations what policy\.0"),
        ([{"instrument": "tariff", **CHIPS}], {"equal": {"outlay": 0.001, "region": "USA"}},
         r"policy\.0.*'tariff'.*no outlay.*output_subsidy"),
        ([{"instrument": "output_subsidy", "sector": "ELEC"}],
         {"equal": {"outlay": 0.001, "region": "USA"}}, r"policy\.0.*not all of region USA"),
        ([SUBSIDY, {"instrument": "capital_subsidy", "region": "USA", "sector": "ELEC"}],
         {"equal": {"outlay": 0.001, "region": "USA"}}, r"policy\.0.*different kinds"),
        ([SUBSIDY], {"equal": {"welfare": -0.1, "region": "U"}}, r"equal\.region.*'U'.*CHN"),
        ([{"instrument": "tariff", "exporter": "CHN", "importer": "USA", "budget": 0.001}],
         {"responses": [{"kind": "retaliation", "to": "CHN", "by": "USA"}]}, None),
    ],
)  # fmt: skip
def test_rates_that_can_not_be_solved_for_are_refused(
    policy: list[dict[str, Any]], keys: dict[str, Any], says: str | None
) -> None:
    if says is None:  # a response elsewhere is no conflict
        solved(*policy, **keys)
        return
    with pytest.raises(InputError, match=says):
        solved(*policy, **keys)


def test_all_shipped_scenarios_are_read_whole() -> None:
    for path in (content_dir("experiments")).glob("*.yaml"):
        loaded = load_scenario(path)
        assert loaded.extends is None and loaded.name == path.stem


def test_a_plain_policy_moves_the_levels_it_names_and_no_others() -> None:
    laid = policy_levels(small_model(), scenario(*WAR))
    moved = np.flatnonzero(laid.levels != small_model().arrays.start)
    assert sorted(np.concatenate([s.columns for s in laid.shocks])) == moved.tolist()
    assert not laid.swaps


def test_an_endogenous_rate_is_a_given_one_at_the_same_equilibrium() -> None:
    quota = {"instrument": "quota", "exporter": "CHN", "importer": "EU", "sector": "VEH", "to": 0.5}
    case = solved(
        {"instrument": "tariff", **CHIPS}, quota, equal={"welfare": -0.05, "region": "USA"},
        financing=[{"region": "EU", "instrument": "final_tax"}],
    )  # fmt: skip
    given = with_rates_given(case.solution, case.endogenous)
    assert not given.closure.swaps and len(case.solution.closure.swaps) == 3
    np.testing.assert_allclose(given.levels, case.solution.levels, rtol=1e-9, atol=1e-13)
    start = small_model().arrays.start
    total = np.zeros(len(start))
    for shock in (*case.shocks, *(rate.shock for rate in case.endogenous)):
        np.add.at(total, shock.columns, shock.change)
    wedges = [small_model().variables[n].positions for n in ("tariff", "final_tax")]
    for here in wedges:
        change = np.log(given.levels[here] / start[here])
        np.testing.assert_allclose(total[here], change, atol=1e-12)
        assert np.abs(change).max() > 1e-5
