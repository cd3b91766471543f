"""Paths of years: where they start, where they end, and what policy does on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from paths import (
    CHN,
    US_TARIFF,
    USA,
    columns,
    levels,
    path,
    variants,
    war,
    welfare,
)
from policies import scenario, solved
from pydantic import ValidationError
from tools import small_model

from cge import Model, NoEquilibrium, load_benchmark
from cge.core.errors import InputError
from cge.path import solving
from cge.path.solved import PathCase
from cge.policy.case import solve_case
from cge.results.folder import write
from cge.results.run_folder import ROWS, locked
from cge.scenario.schema import Scenario, completed
from cge.scenario.variants import Member
from cge.studies.path import DynamicPath, PathTasks, solve_paths
from cge.studies.study import run_study
from cge.tasks.runner import Runner

SUBSIDY = {"instrument": "output_subsidy", "region": "CHN", "sector": "strategic"}
BASIC = {"instrument": "basic_research", "region": "CHN"}


def short_model() -> Model:
    return Model.build(
        load_benchmark("wiod2013", aggregation="small", elasticities="boehm"), "short"
    )


# -- both ends -------------------------------------------------------------------------------


def test_a_path_without_policy_stands_still() -> None:
    case = path(years=3)
    assert np.abs(welfare(case)).max() < 1e-10
    last = case.years[-1]
    assert np.abs(last.solution.levels - last.solution.model.arrays.start).max() < 1e-10
    assert case.baseline is None and last.year == 3


def test_the_first_year_is_the_static_short_run() -> None:
    static = solve_case(short_model(), scenario(US_TARIFF, closure={"kind": "short_run"}))
    first = war().years[0].solution
    np.testing.assert_allclose(first.levels, static.solution.levels, rtol=1e-9)


def test_the_last_year_of_a_long_path_is_the_static_long_run() -> None:
    """Capital only moves, knowledge stands; fast laws of motion have the same end as slow ones.

    What was borrowed on the way is serviced for good, so the long run has that to pay.
    """
    fast = {"depreciation": 1.0, "investment_response": 1.0, "sourcing_inertia": 0.3}
    case = path(US_TARIFF, years=70, path={
        "knowledge": False, "capital": "reallocated", "parameters": fast
    })  # fmt: skip
    benchmark = load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    last, model = case.years[-1].solution, Model.build(benchmark, "long")
    owed = model.arrays.start.copy()
    owed[model.variables["debt_service"].positions] = last.values("debt_service")
    assert np.abs(last.values("debt_service")).max() > 1e-5, "something is owed"
    assert np.abs(last.array("employment") - 1).max() < 1e-6
    assert np.abs(last.values("private_borrowing")).max() < 1e-6
    long = solve_case(model, scenario(US_TARIFF), ground=owed).solution
    for measure in ("equivalent_variation", "real_gdp", "terms_of_trade"):
        np.testing.assert_allclose(last.measure(measure), long.measure(measure), atol=1e-7)
    for name in ("output", "trade_volume", "factor_use", "composite_price"):
        np.testing.assert_allclose(last.array(name), long.array(name), rtol=1e-7, atol=1e-7)
    assert np.abs(welfare(case)[0] - welfare(case)[-1]).max() > 0.1, "and the way is long"


def test_every_year_is_a_static_equilibrium_on_what_the_years_before_have_left() -> None:
    case = war()
    year = case.years[4]
    model = year.solution.model
    given = model.arrays.start.copy()
    for name in ("origin_weight", "input_weight", "final_weight", "factor_weight",
                 "value_added_weight", "material_weight", "productivity", "research",
                 "wage_level", "accustomed_earnings", "accustomed_income", "world_demand",
                 "debt_service"):  # fmt: skip
        here = model.variables[name].positions
        given[here] = year.solution.levels[here]
    capital = columns(case, "factor_use[*, *, CAP]")
    given[capital] = year.solution.levels[capital]
    given[columns(case, "tariff[*, CHN, goods, USA]")] += 0.25
    alone = model.solve(given, year.solution.closure)
    np.testing.assert_allclose(alone.levels, year.solution.levels, rtol=1e-8, atol=1e-10)


# -- timing ----------------------------------------------------------------------------------


def test_a_measure_holds_from_its_start_to_its_end_and_is_phased_in_by_equal_factors() -> None:
    timed = {**US_TARIFF, "start": 2, "end": 4, "phase_in": 2}
    case = path(timed, years=6, path={"knowledge": False})
    power = levels(case, "tariff[int, CHN, ELEC, USA]")[:, 0]
    start = case.years[0].solution.model.arrays.start
    before = start[columns(case, "tariff[int, CHN, ELEC, USA]")[0]]
    half = before * ((before + 0.25) / before) ** 0.5
    np.testing.assert_allclose(power, [before, half, before + 0.25, before + 0.25, before, before])
    assert np.abs(welfare(case)[0]).max() < 1e-10
    assert np.abs(welfare(case)[1]).max() < np.abs(welfare(case)[2]).max()


def test_after_a_temporary_embargo_welfare_comes_back() -> None:
    embargo = {"instrument": "quota", "exporter": "CHN", "importer": "USA", "sector": "ELEC",
               "to": 0.02, "end": 2}  # fmt: skip
    found = welfare(path(embargo, years=9, path={"knowledge": False}))
    lost = found[0, USA]
    assert lost < -0.05
    assert abs(found[2, USA]) < 0.5 * abs(lost)
    assert abs(found[8, USA]) < 0.1 * abs(lost)
    assert np.abs(found[8]).max() < np.abs(found[3]).max()


def test_relations_move_before_a_tariff_that_is_announced_and_not_before_one_that_is_not() -> None:
    later = {**US_TARIFF, "start": 3}
    surprise = path(later, years=4, path={"knowledge": False})
    told = path({**later, "announced": 1}, years=4, path={"knowledge": False})
    of_china = "origin_weight[int, CHN, ELEC, USA]"
    assert levels(surprise, of_china)[2] == pytest.approx(1)
    assert levels(told, of_china)[2] < 0.98
    assert levels(told, of_china)[1] == pytest.approx(1)  # looks one year ahead
    # China loses less in the year of the tariff to a customer who could not leave.
    assert welfare(told)[2, CHN] != pytest.approx(welfare(surprise)[2, CHN], abs=1e-3)
    np.testing.assert_allclose(welfare(told)[0], 0, atol=1e-10)


def test_partners_answer_in_the_years_of_what_they_answer_to() -> None:
    case = path({**US_TARIFF, "start": 2, "end": 3}, years=4, path={"knowledge": False},
                responses=[{"kind": "retaliation", "to": "USA", "share": 0.5}])  # fmt: skip
    back = levels(case, "tariff[int, USA, ELEC, CHN]")[:, 0]
    np.testing.assert_allclose(back - back[0], [0, 0.125, 0.125, 0], atol=1e-12)
    assert [len(year.shocks[-1].columns) > 0 for year in case.years] == [False, True, True, False]


def test_a_quota_and_a_wage_floor_hold_in_every_year() -> None:
    quota = {"instrument": "quota", "exporter": "CHN", "importer": "USA", "sector": "ELEC",
             "to": 0.6}  # fmt: skip
    case = path(quota, years=3, path={"knowledge": False},
                closure={"wage_floor": {"level": 1.0}})  # fmt: skip
    for year in case.years:
        assert year.solution.relative("trade_volume[CHN, ELEC, USA]") == pytest.approx(0.6)
        for region in ("CHN", "USA", "EU"):
            assert year.solution.outcome(f"consumer_real_return[{region}, LAB]") > 1 - 1e-9
            assert year.solution.outcome(f"employment[{region}, LAB]") <= 1 + 1e-9
    assert case.years[0].solution.outcome("employment[CHN, LAB]") < 1 - 1e-6


# -- knowledge -------------------------------------------------------------------------------


def test_welfare_falls_with_openness_to_knowledge() -> None:
    found = [welfare(path(years=6))]
    for openness in (0.5, 0.0):
        closing = {"instrument": "knowledge_openness", "source": "all but CHN", "learner": "CHN",
                   "set": openness, "mutual": True}  # fmt: skip
        found.append(welfare(path(years=6, knowledge=[closing])))
    assert np.abs(found[0]).max() < 1e-10
    assert (found[1][2:, [CHN, USA]] < -1e-3).all()
    assert (found[2][2:, [CHN, USA]] < found[1][2:, [CHN, USA]]).all()
    assert np.abs(found[2][0]).max() < 1e-10, "what is known is not forgotten at once"


def test_knowledge_closes_both_ways_by_the_share_of_trade_under_a_new_tariff() -> None:
    electronics = {**US_TARIFF, "sector": "ELEC", "start": 2}
    case = path(electronics, years=2, path={"openness_response": {"chi": 0.5}})
    fob = case.years[0].solution.model.outcome_start
    frame = case.years[0].solution.frame("trade_value").query("r == 'CHN' and s == 'USA'")
    goods = small_model().benchmark.groups["sectors"]["goods"]
    value = frame[frame["i"].isin(goods)].set_index("i")["benchmark"]
    left = 1 - 0.5 * value["ELEC"] / value.sum()
    assert len(fob) and 0.5 < left < 1
    assert (case.years[0].policy.openness == 1).all()
    openness = case.years[1].policy.openness
    assert openness[CHN, USA] == openness[USA, CHN] == pytest.approx(left)
    assert (np.delete(openness.ravel(), [CHN * 5 + USA, USA * 5 + CHN]) == 1).all()


def test_a_credit_raises_research_by_what_the_elasticity_says() -> None:
    credit = {"instrument": "research_credit", "region": "USA", "sector": "ELEC", "add": 0.1}
    first = path(years=1, knowledge=[credit]).years[0]
    assert first.business is not None
    j = small_model().benchmark.sectors.index("ELEC")
    assert first.business[USA, j] == pytest.approx(0.9**-0.13, rel=1e-12)
    assert (np.delete(first.business.ravel(), USA * 6 + j) == 1).all()


def outlays(case: PathCase, region: str) -> list[float]:
    """Return what a region spends each year over its GDP, from prices and quantities."""
    found = []
    for year in case.years:
        s = year.solution
        r = s.model.benchmark.regions.index(region)
        price = s.relative(f"research_unit_cost[{region}]")
        spent = (year.policy.basic + year.policy.diffusion)[r] * s.model.benchmark.gdp[r] * price
        if year.business is not None and case.laws.knowledge is not None:
            paid = year.policy.credit * year.business * case.laws.knowledge.business
            spent += paid[r].sum() * price
        output = s.frame("output_tax_paid").query(f"s == '{region}'")
        rate = s.frame("net_of_output_tax").query(f"s == '{region}'")
        sold = s.frame("output_value").query(f"s == '{region}'")["value"].to_numpy()
        spent += (sold * (rate["value"] - rate["benchmark"]).to_numpy()).sum()
        assert len(output) == len(sold)
        found.append(spent / s.outcome(f"gdp[{region}]"))
    return found


@pytest.mark.parametrize("instrument", ["basic_research", "diffusion", "research_credit"])
def test_a_budget_for_knowledge_is_spent_to_the_cent_every_year(instrument: str) -> None:
    measure = {"instrument": instrument, "region": ["CHN", "USA"], "budget": 0.001, "phase_in": 2}
    case = path(years=3, knowledge=[measure])
    for region in ("CHN", "USA"):
        np.testing.assert_allclose(outlays(case, region), [0.0005, 0.001, 0.001], rtol=1e-9)
    year = case.years[2]
    told = year.outlays[0][USA] / year.solution.outcome("gdp[USA]")
    assert told == pytest.approx(0.001, rel=1e-9)
    assert bool(year.endogenous) == (instrument == "research_credit")


@pytest.mark.parametrize("firms", ["small", "large", "all"])
def test_a_budget_for_firms_of_a_size_is_spent_to_the_cent_and_moves_them_alone(firms: str) -> None:
    credit = {"instrument": "research_credit", "region": "CHN", "firms": firms, "budget": 0.0005}
    case = path(years=2, knowledge=[credit], path={"parameters": {"small_share": 0.2}})
    for year in case.years:
        told = year.outlays[0][CHN] / year.solution.outcome("gdp[CHN]")
        assert told == pytest.approx(0.0005, rel=1e-9)
        assert year.of_sizes is not None and year.business is not None
        small, large = year.of_sizes
        if year.year == 1:
            moved = {name for name, own in (("small", small), ("large", large))
                     if np.abs(own[CHN] - 1).max() > 1e-6}  # fmt: skip
            assert moved == ({"small", "large"} if firms == "all" else {firms})
        np.testing.assert_allclose(0.2 * small + 0.8 * large, year.business, rtol=1e-12)


def test_a_credit_for_small_firms_where_they_are_not_told_apart_is_refused() -> None:
    credit = {"instrument": "research_credit", "region": "CHN", "firms": "small", "add": 0.1}
    with pytest.raises(InputError, match=r"not told apart by size.*small_share above 0"):
        path(years=1, knowledge=[credit])


def test_a_subsidy_gives_way_to_basic_research_at_the_same_outlay_in_every_year() -> None:
    swap = path({**SUBSIDY, "budget": 0.001, "end": 2}, years=4,
                knowledge=[{**BASIC, "budget": 0.001, "start": 3}])  # fmt: skip
    np.testing.assert_allclose(outlays(swap, "CHN"), 0.001, rtol=1e-9)
    assert [bool(year.policy.basic[CHN]) for year in swap.years] == [False, False, True, True]
    saved = path({**SUBSIDY, "budget": -0.001}, years=2, knowledge=[{**BASIC, "budget": 0.001}])
    np.testing.assert_allclose(outlays(saved, "CHN"), 0, atol=1e-12)
    assert saved.years[0].endogenous[0].high < 0, "a tax on what is no longer supported"


@pytest.mark.parametrize("reference", [0.001, "output"])
def test_policies_of_both_kinds_are_compared_at_one_outlay(reference: Any) -> None:
    sized = {"add": 0.01} if reference == "output" else {}
    found = variants(years=3, equal={"outlay": reference, "region": "CHN"}, variants=[
        {"name": "research", "knowledge": [BASIC]},
        {"name": "output", "policy": [{**SUBSIDY, **sized}]},
        {"name": "credit", "knowledge": [{"instrument": "research_credit", "region": "CHN"}]},
    ])  # fmt: skip
    assert list(found) == ["research", "output", "credit"]
    research, output, credit = (outlays(case, "CHN") for case in found.values())
    np.testing.assert_allclose(research, output, rtol=1e-8)
    np.testing.assert_allclose(credit, output, rtol=1e-8)
    if reference == "output":
        assert output[0] != pytest.approx(output[2], rel=1e-6), "and it is not one number"


# -- a baseline that moves -------------------------------------------------------------------


def test_a_baseline_moves_labour_and_productivity_and_the_path_is_told_against_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "baseline.csv").write_text(
        "year,region,sector,labour,productivity\n2,CHN,,1.1,1.02\n3,CHN,ELEC,,1.05\n3,USA,,0.97,\n"
    )
    chosen = scenario(US_TARIFF, elasticities=["boehm"],
                      path={"years": 3, "baseline": "baseline.csv"})  # fmt: skip
    (case,) = solve_paths(completed(chosen, tmp_path)).values()
    assert case.baseline is not None
    for years, tariff in ((case.years, 0.25), (case.baseline, 0.0)):
        last = years[2].solution
        assert last.outcome("factor_supply[CHN, LAB]") == pytest.approx(1.1)
        assert last.outcome("factor_supply[USA, LAB]") == pytest.approx(0.97)
        own = sum(v[CHN] for v in years[2].productivity.values())
        for sector, ratio in (("ELEC", 1.05), ("VEH", 1.02)):
            j = last.model.benchmark.sectors.index(sector)
            found = last.outcome(f"productivity[CHN, {sector}]")
            assert found == pytest.approx(ratio * np.exp(own[j]), rel=1e-12)
        power = last.frame("tariff").query("r == 'CHN' and s == 'USA' and i == 'ELEC'")
        np.testing.assert_allclose(power["value"] - power["benchmark"], tariff, atol=1e-12)
    base = np.array([y.solution.measure("equivalent_variation") for y in case.baseline])
    assert np.abs(base[0]).max() < 1e-10 and base[1, CHN] > 5
    assert (welfare(case)[:, CHN] < base[:, CHN]).all()


def test_a_productivity_policy_comes_on_top_of_what_knowledge_has_made() -> None:
    raised = {"instrument": "productivity", "region": "CHN", "sector": "ELEC", "add": 0.1,
              "start": 3}  # fmt: skip
    learning = {"learning": 0.2}
    case = path(US_TARIFF, raised, years=3, path={"parameters": learning})
    last = case.years[2]
    j = small_model().benchmark.sectors.index("ELEC")
    own = sum(v[CHN, j] for v in last.productivity.values())
    assert abs(own) > 1e-4
    found = last.solution.outcome("productivity[CHN, ELEC]")
    assert found == pytest.approx(1.1 * np.exp(own), rel=1e-12)


# -- going on after an interruption ----------------------------------------------------------


@pytest.fixture
def years_solved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the years that are solved in this process."""
    solved_now: list[int] = []
    solve = solving.solve_year

    def counted(course: Any, year: int, *rest: Any) -> Any:
        solved_now.append(year)
        return solve(course, year, *rest)

    monkeypatch.setattr(solving, "solve_year", counted)
    return solved_now


def busy() -> Scenario:
    """Return a path with every kind of measure that has a state of its own."""
    quota = {"instrument": "quota", "exporter": "CHN", "importer": "USA", "sector": "VEH",
             "to": 0.7}  # fmt: skip
    return scenario(
        {**US_TARIFF, "phase_in": 2}, quota, {**SUBSIDY, "budget": 0.0005},
        elasticities=["boehm"], path={"years": 3}, closure={"wage_floor": {"level": 1.0}},
        knowledge=[{"instrument": "research_credit", "region": "CHN", "budget": 0.0005}],
        responses=[{"kind": "retaliation", "to": "USA"}],
    )  # fmt: skip


def test_a_path_that_was_interrupted_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, years_solved: list[int]
) -> None:
    (whole,) = solve_paths(busy()).values()
    solve = solving.solve_year

    class Killed(BaseException):
        pass

    def kill(course: Any, year: int, *rest: Any) -> Any:
        if year == 3:
            raise Killed
        return solve(course, year, *rest)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(solving, "solve_year", kill)
        solve_paths(busy(), runner=Runner(workers=1, cache=tmp_path))
    years_solved.clear()
    (resumed,) = solve_paths(busy(), runner=Runner(workers=1, cache=tmp_path)).values()
    assert years_solved == [3]
    for one, other in zip(whole.years, resumed.years, strict=True):
        assert (one.solution.levels == other.solution.levels).all()
        assert (one.state.weights == other.state.weights).all()
        assert (one.policy.credit == other.policy.credit).all()
        assert [f.text for f in one.endogenous] == [f.text for f in other.endogenous]
        assert [f.swaps for f in one.endogenous] == [f.swaps for f in other.endogenous]
        assert one.solution.closure == other.solution.closure
        assert one.solution.resolved.swaps == other.solution.resolved.swaps
        assert one.solution.diagnostics == other.solution.diagnostics
        assert [s.label for s in one.shocks] == [s.label for s in other.shocks]


def test_what_was_kept_of_another_path_or_cut_off_is_not_taken(
    tmp_path: Path, years_solved: list[int]
) -> None:
    def solved_again(tariff: float = 0.25, fresh: bool = False) -> list[int]:
        years_solved.clear()
        chosen = scenario({**US_TARIFF, "add": tariff}, elasticities=["boehm"],
                          path={"years": 2, "knowledge": False})  # fmt: skip
        solve_paths(chosen, runner=Runner(workers=1, cache=tmp_path, fresh=fresh))
        return list(years_solved)

    assert solved_again() == [1, 2]
    assert solved_again(0.26) == [1, 2]
    for file in tmp_path.rglob("0002.cge"):
        file.write_bytes(file.read_bytes()[:100])
    assert solved_again() == [2]
    assert solved_again() == []
    assert solved_again(fresh=True) == [1, 2]


def test_a_scenario_called_otherwise_is_the_same_path(
    tmp_path: Path, years_solved: list[int]
) -> None:
    chosen = scenario(US_TARIFF, elasticities=["boehm"], path={"years": 2})
    solve_paths(chosen, runner=Runner(workers=1, cache=tmp_path))
    years_solved.clear()
    other = chosen.model_copy(update={"name": "other", "title": "Called otherwise"})
    found = run_study(DynamicPath(other), Runner(workers=1, cache=tmp_path))
    assert not years_solved and set(found.rows["title"]) == {"Called otherwise"}


@pytest.mark.parametrize("label", ["groups", "unit", "origin"])
def test_accounts_that_scenarios_read_otherwise_are_other_work(label: str) -> None:
    one = small_model("short").benchmark
    other = {"groups": {"sectors": {"goods": ("ELEC",), "research": one.research_sectors}},
             "unit": "EUR", "origin": {**one.origin, "year": "2010"}}[label]  # fmt: skip
    same, moved = replace(one), replace(one, **{label: other})
    assert one.fingerprint == same.fingerprint == moved.fingerprint
    asked = scenario()
    keys = [
        PathTasks(asked, (Member("", asked),), {"own": b}, "newton").task(
            "own", "central", Member("", asked)).key
        for b in (one, same, moved)
    ]  # fmt: skip
    assert keys[0] == keys[1] != keys[2]


def test_a_baseline_is_solved_once_for_all_variants(
    tmp_path: Path, years_solved: list[int]
) -> None:
    (tmp_path / "baseline.csv").write_text("year,region,labour\n2,CHN,1.1\n")
    chosen = scenario(
        elasticities=["boehm"], path={"years": 2, "knowledge": False, "baseline": "baseline.csv"},
        variants=[{"name": "war", "policy": [US_TARIFF]},
                  {"name": "worse", "policy": [{**US_TARIFF, "add": 0.5}]}],
    )  # fmt: skip
    found = solve_paths(completed(chosen, tmp_path))
    assert len(found) == 2 and len(years_solved) == 2 * 3
    one, other = found.values()
    assert one.baseline is not None and other.baseline is not None
    for a, b in zip(one.baseline, other.baseline, strict=True):
        assert (a.solution.levels == b.solution.levels).all()


def test_results_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    chosen = scenario(
        elasticities=["boehm"], path={"years": 2, "returns": ["low", "central"]},
        equal={"outlay": "output", "region": "CHN"},
        variants=[{"name": "research", "knowledge": [BASIC]},
                  {"name": "output", "policy": [{**SUBSIDY, "add": 0.01}]}],
    )  # fmt: skip
    one = run_study(DynamicPath(chosen), Runner(workers=1, cache=tmp_path / "one"))
    two = run_study(DynamicPath(chosen), Runner(workers=2, cache=tmp_path / "two"))
    pd.testing.assert_frame_equal(one.rows, two.rows, check_exact=True)
    assert one.identity == two.identity and len(one.rows) > 1000
    assert one.manifest["cases"] == two.manifest["cases"]


KILLED = """
from pathlib import Path
from cge.results.folder import write
from cge.results.run_folder import locked
from cge.studies.path import DynamicPath
from cge.studies.study import run_study
from cge.tasks.runner import Runner

out = Path("out")
results = run_study(DynamicPath("war.yaml"), Runner(workers=1, cache=Path("cache")))
with locked(out):
    write(results, out)
"""


def test_a_command_that_was_killed_goes_on_to_the_same_bytes(
    here: Path, years_solved: list[int]
) -> None:
    (here / "war.yaml").write_text(json.dumps({
        "name": "war",
        "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
        "path": {"years": 12}, "policy": [US_TARIFF],
    }))  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", KILLED])
    deadline = time.monotonic() + 120
    while len(list((here / "cache").rglob("00*.cge"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and not (here / "out").exists()
    kept = len(list((here / "cache").rglob("00*.cge")))
    assert 2 <= kept < 12
    study = DynamicPath("war.yaml")
    resumed = run_study(study, Runner(workers=1, cache=here / "cache"))
    assert years_solved == list(range(kept + 1, 13))
    whole = run_study(study, Runner(workers=1, cache=None))
    for name, results in (("resumed", resumed), ("whole", whole)):
        with locked(here / name):
            write(results, here / name)
    one, other = ((here / name / ROWS).read_bytes() for name in ("resumed", "whole"))
    assert one == other


def test_a_year_without_equilibrium_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cge.solve.homotopy.SMALLEST_STEP", 1 / 16)  # to give up sooner
    broken = {**SUBSIDY, "instrument": "output_tax", "budget": 0.9, "start": 2, "large": True}
    with pytest.raises(NoEquilibrium, match=r"year [23]: "):
        path(broken, years=3, path={"knowledge": False})


# -- the command -----------------------------------------------------------------------------


def test_the_command_writes_a_folder_and_prints_the_years(here: Path, cge: Any) -> None:
    (here / "war.yaml").write_text(json.dumps({
        "name": "war",
        "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
        "path": {"years": 2}, "policy": [US_TARIFF],
    }))  # fmt: skip
    done = cge("path", "war.yaml", "--years", "3", "--returns", "low", "--out", "o")
    assert (done.code, done.err) == (0, "")
    assert "World" in done.out and "Returns to research: low" in done.out
    manifest = json.loads((here / "o" / "manifest.json").read_text())
    assert manifest["spec"]["scenario"]["path"]["years"] == 3
    assert manifest["spec"]["scenario"]["path"]["returns"] == ["low"]
    assert not [p for p in (here / "o").iterdir() if p.name.startswith(".")]
    wrong = cge("path", "war.yaml", "--years", "0", "--out", "p")
    assert wrong.code == 2 and "--years" in wrong.err and not (here / "p").exists()
    wrong = cge("path", "war.yaml", "--decompose-years", "9", "--out", "p")
    assert wrong.code == 2 and "--decompose-years" in wrong.err


def test_the_static_model_of_the_same_policy_is_left_as_it_was() -> None:
    """A ground that is the benchmark changes no bit of a comparative-static solution."""
    one = solved(US_TARIFF).solution
    model = small_model()
    given = model.arrays.start.copy()
    given[model.variables.select("tariff[*, CHN, goods, USA]")[1]] += 0.25
    np.testing.assert_array_equal(one.given, given)


def test_a_rise_of_research_is_the_same_part_of_what_each_region_spends() -> None:
    case = path(
        years=2,
        knowledge=[{"instrument": "basic_research", "region": ["CHN", "USA"], "rise": 0.5}],
    )
    law = case.laws.recursion.law
    assert law is not None
    spent, base = case.years[0].policy.basic, law.data.basic / law.data.gdp
    # What is bought is a part of GDP at the prices of the year, as that of a budget is.
    assert spent[[CHN, USA]] == pytest.approx(0.5 * base[[CHN, USA]], rel=0.02)
    assert base[USA] > 2 * base[CHN] and not np.delete(spent, [CHN, USA]).any()
    (line,) = {part.label for part in case.years[0].parts}
    assert line.endswith("with outlay of 50 % of what is spent today")


def test_two_sizes_of_one_outlay_are_refused() -> None:
    with pytest.raises(ValidationError, match="exactly one of budget, rise"):
        path(years=2, knowledge=[
            {"instrument": "basic_research", "region": "CHN", "rise": 0.5, "budget": 0.001}
        ])  # fmt: skip
