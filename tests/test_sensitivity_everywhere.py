"""Draws of paths, stress tests and short years, over all their parameters."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome
from stressed import ONE, TARIFF, chosen
from test_sensitivity import points, values

from cge import InputError, NoEquilibrium, load_benchmark
from cge.results.resultset import ResultSet
from cge.scenario.schema import Scenario
from cge.studies.comparison import Comparison
from cge.studies.path import DynamicPath
from cge.studies.sensitivity import Sensitivity
from cge.studies.static import Static
from cge.studies.stress import StressTest
from cge.studies.study import run_study
from cge.tasks.runner import Runner
from cge.uncertainty.designs import Design, sample
from cge.uncertainty.selection import check_selections, selected
from cge.uncertainty.spread import Regression, odds_told, pooled_spread, sign_kept, spread
from cge.uncertainty.uncertain_parameters import UncertainParameter, with_values

Run = Callable[..., Outcome]
STATIC_FAMILIES = {"elasticities", "short_run", "disruptions"}
PATH_FAMILIES = STATIC_FAMILIES | {"dynamics", "knowledge"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("library") / "one.yaml"
    path.write_text(ONE, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def told(library: str) -> Scenario:
    """A path of two years with a tariff, both tested."""
    return chosen(library, TARIFF, path={"years": 2}, stress={"years": [1, 2]})


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def tested(told: Scenario, cache: Path) -> ResultSet:
    return done(told, cache, of="stress", draws=3)


def done(scenario: Scenario, cache: Path | None, **options: Any) -> ResultSet:
    return run_study(Sensitivity(scenario, **options), Runner(workers=1, cache=cache))


def by_name(study: Any, *patterns: str) -> dict[str, UncertainParameter]:
    return {one.name: one for one in study.of_set("boehm").parameters(patterns=patterns)}


def losses(results: ResultSet, number: int | None = None) -> pd.Series:
    """Losses and their changes by year, variant and region: of a draw, or centrally."""
    rows = results.to_frame(measure="loss")
    rows = rows[rows["shock"] == ""]
    rows = rows[rows["point"] == number] if number else rows[
        rows["statistic"].isin(["", "central"]) & rows["point"].isna()]  # fmt: skip
    keys = ["path_year", "variant", "region"]
    found = rows.melt(keys, ["value", "change"], var_name="of", value_name="figure")
    return found.dropna().set_index(["of", *keys])["figure"]


# -- one draw ---------------------------------------------------------------------------------


def test_the_central_case_of_a_stress_test_is_what_it_gives(
    tested: ResultSet, told: Scenario, cache: Path
) -> None:
    plain = losses(run_study(StressTest(told, exposure=False), Runner(1, cache=cache)))
    found = losses(tested)
    assert len(found) and found.index.equals(plain.index)
    np.testing.assert_allclose(found, plain, rtol=0, atol=1e-9)


def test_a_draw_is_the_stress_test_of_a_scenario_with_its_values(
    tested: ResultSet, told: Scenario
) -> None:
    """Values are written into sections by hand here, not by the places of the parameters."""
    by = by_name(StressTest(told))
    value = points(tested).loc[2]
    assert list(value.index) == list(by)

    def of(*families: str) -> dict[str, float]:
        return {name: float(value[name]) for name, one in by.items() if one.family in families}

    disruptions = of("disruptions")
    stress = {"leakage": disruptions.pop("leakage"), "parameters": disruptions}
    other = told.model_copy(update={
        "path": told.path.model_copy(update={"parameters": of("dynamics", "knowledge")}),
        "closure": told.closure.model_copy(update={"parameters": of("short_run")}),
        "stress": told.stress.model_copy(update=stress),
    })  # fmt: skip
    b = load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    moved = {}
    for horizon, ending in (("short", " (short run)"), ("long", "")):
        own = [one for one in by.values() if one.family == "elasticities"
               and one.name.endswith(")") == bool(ending)]  # fmt: skip
        moved[horizon] = with_values(b.elasticities[horizon], own, [value[p.name] for p in own],
                                     b.sectors)  # fmt: skip
    study = StressTest(other, accounts={"boehm": b.with_elasticities(**moved)}, exposure=False)
    exact = losses(run_study(study, Runner(1, cache=None)))
    found = losses(tested, 2)
    np.testing.assert_allclose(found, exact.reindex(found.index), rtol=0, atol=1e-9)
    assert (found - losses(tested)).abs().max() > 1e-3


def test_welfare_and_risk_are_told_with_and_without_the_policy(tested: ResultSet) -> None:
    rows = tested.to_frame(statistic="mean")
    assert set(rows["measure"]) == {"equivalent_variation", "loss", "expected_loss", "cvar"}
    assert set(rows["variant"]) == {"", "no policy"} and set(rows["path_year"]) == {1, 2}
    change = rows[(rows["measure"] == "cvar") & (rows["region"] == "EU")].set_index("variant")
    assert change.loc[["no policy"], "change"].isna().all()  # it is what others change against
    assert change.loc[[""], "change"].notna().all()


def test_years_of_draws_are_not_left_behind(tmp_path: Path, told: Scenario) -> None:
    done(told, tmp_path, of="path", draws=2, measures=("real_gdp",))
    one = len(list((tmp_path / "work").rglob("*.steps/*")))
    assert one == 2, "the two years of the central path alone"


# -- what is drawn ----------------------------------------------------------------------------


def test_a_stress_test_over_a_path_draws_every_family(told: Scenario) -> None:
    by = by_name(StressTest(told))
    assert {one.family for one in by.values()} == PATH_FAMILIES
    assert by["backstop_elasticity"].place == "stress.parameters.backstop_elasticity"
    assert by["return_basic"].group == "returns" == by["foreign_cap"].group
    assert by["backstop_premium"].group == by["backstop_premium_ict"].group == "stand_ins"
    assert by["armington"].group == by["armington (short run)"].group == "armington"
    # What is a choice, what nothing reads, and years after a disruption that are not asked for.
    assert not {"cvar_level", "skilled_labour_share", "return_social", "recovered"} & set(by)


def test_comparative_statics_of_a_stress_test_draw_no_path(library: str) -> None:
    study = StressTest(chosen(library, TARIFF))
    by = by_name(study)
    assert {one.family for one in by.values()} == STATIC_FAMILIES
    assert "backstop_elasticity" not in by and "habit_speed" not in by
    assert study.horizons == ("long", "short")
    none = chosen(library, TARIFF, stress={"adjustment": "balances_given", "backstop": "none"})
    assert set(by_name(StressTest(none))) == {
        name for name, one in by.items() if one.family == "elasticities"} | {"leakage"}  # fmt: skip


def test_a_short_year_draws_its_responses_when_they_are_named() -> None:
    short = chosen(None, TARIFF, closure={"kind": "short_run"})
    responses = {"wage_response", "private_saving", "public_saving", "demand_response",
                 "employment_reserve", "price_response"}  # fmt: skip
    assert set(by_name(Static(short), "short_run")) == responses
    assert {one.family for one in by_name(Static(short)).values()} == {"elasticities"}
    with pytest.raises(InputError, match="has no such parameters"):
        by_name(Static(chosen(None, TARIFF)), "short_run")
    path = chosen(None, TARIFF, path={"years": 1})
    assert {*responses, "external_response", "habit_speed"} == set(
        by_name(DynamicPath(path), "short_run"))  # fmt: skip


def test_responses_move_a_short_year(cache: Path) -> None:
    short = chosen(None, TARIFF, closure={"kind": "short_run"})
    found = done(short, cache, draws=12, parameters=("wage_response,public_saving",),
                 measures=("employment",))  # fmt: skip
    assert list(points(found).columns) == ["wage_response", "public_saving"]
    share = found.to_frame(measure="employment", region="CHN", statistic="variance share")
    assert len(share) == 2 and share["value"].sum() > 0.5


def test_a_value_that_a_variant_gives_itself_is_a_case_and_is_not_drawn_over() -> None:
    own = chosen(
        None, TARIFF, path={"years": 1, "parameters": {"investment_speed": 0.9}},
        variants=[{"name": "a", "path": {"parameters": {"return_basic": 1.0}}}, {"name": "b"}],
    )  # fmt: skip
    by = by_name(DynamicPath(own))
    assert "return_basic" not in by and "return_private" in by
    assert by["investment_speed"].central == 0.9  # one that all share is the centre
    grid = chosen(None, TARIFF, path={"years": 1}, grid={"path.parameters.learning": [0.0, 0.1]})
    assert "learning" not in by_name(DynamicPath(grid))


def test_returns_are_drawn_unless_they_are_cases() -> None:
    levels = chosen(None, TARIFF, path={"years": 1, "returns": ["low", "high"]})
    by = by_name(DynamicPath(levels))
    assert "depreciation_basic" in by
    assert not [one for one in by.values() if one.group == "returns"]
    still = chosen(None, TARIFF, path={"years": 1, "knowledge": False})
    assert set(by_name(DynamicPath(still), "knowledge")) == {"growth"}
    assert not {"learning", "knowledge_leak"} & set(by_name(DynamicPath(still), "dynamics"))


@pytest.mark.parametrize("given", [{}, {"growth": 0.045}, {"discount_rate": 0.035}])
def test_growth_stays_below_the_discount_rate_in_every_draw(given: dict[str, float]) -> None:
    study = DynamicPath(chosen(None, TARIFF, path={"years": 1, "parameters": given}))
    by = by_name(study, "growth", "discount_rate")
    growth, discount = by["growth"], by["discount_rate"]
    assert growth.high < discount.low + 1e-12 and growth.low <= growth.central <= growth.high
    for name, value in given.items():
        assert by[name].central == value


def test_no_nest_substitutes_less_in_the_long_run_in_any_draw() -> None:
    study = DynamicPath(chosen(None, TARIFF, path={"years": 1}))
    parameters = study.of_set("boehm").parameters(patterns=("elasticities",))
    names = [one.name for one in parameters]
    drawn = sample(Design(draws=500), parameters)
    long, short = (drawn[:, names.index(n)] for n in ("final", "final (short run)"))
    assert (long >= short).all()
    assert 0 < (long == short).mean() < 0.2  # ranges overlap, and draws there are put together


def test_a_group_moves_together_where_that_is_wanted() -> None:
    study = DynamicPath(chosen(None, TARIFF, path={"years": 1}))
    parameters = study.of_set("boehm").parameters(patterns=("returns", "depreciation"))
    drawn = sample(Design(draws=50, correlation=1.0), parameters)
    ranks = np.argsort(np.argsort(drawn, axis=0), axis=0)
    places = [n for n, one in enumerate(parameters) if one.group == "returns"]
    assert len(places) == 6 and (ranks[:, places] == ranks[:, places[:1]]).all()
    alone = [n for n, one in enumerate(parameters) if one.group != "returns"]
    assert len(alone) == 1 and abs(np.corrcoef(ranks[:, alone[0]], ranks[:, places[0]])[0, 1]) < 0.5


# -- choosing ---------------------------------------------------------------------------------


def parameter(name: str, family: str, group: str = "") -> UncertainParameter:
    return UncertainParameter(name, 1, 2, 3, group or name, family=family)


def few() -> dict[str, Any]:
    nests = [parameter(f"armington[{k}]", "elasticities", "armington") for k in ("A", "B + 2")]
    return {"elasticities": lambda: (*nests, parameter("top", "elasticities")),
            "dynamics": lambda: (parameter("depreciation", "dynamics"),)}  # fmt: skip


@pytest.mark.parametrize(("patterns", "names"), [
    (["all"], "armington[A] armington[B + 2] top depreciation"),
    (["elasticities"], "armington[A] armington[B + 2] top"),
    (["armington"], "armington[A] armington[B + 2]"),
    (["armington[A]"], "armington[A]"),
    (["*[A]", "dep*"], "armington[A] depreciation"),
    (["!armington*"], "top depreciation"),
    (["elasticities", "!top"], "armington[A] armington[B + 2]"),
])  # fmt: skip
def test_parameters_are_chosen_by_family_group_name_or_pattern(
    patterns: list[str], names: str
) -> None:
    found = selected(few(), patterns)
    assert " ".join(one.name for one in found.parameters) == names and found.idle == ()


def test_only_families_that_are_named_are_made() -> None:
    def costly() -> Any:
        raise AssertionError("not asked for")

    assert len(selected({**few(), "dynamics": costly}, ["elasticities"]).parameters) == 3


def test_what_names_nothing_under_any_set_is_refused_with_what_there_is() -> None:
    one, other = few(), few()
    other["elasticities"] = lambda: (parameter("armington", "elasticities"),)
    found = [selected(each, ["armington[A]", "depreciation"]) for each in (one, other)]
    check_selections(found, one)  # it is there under one of them
    with pytest.raises(InputError, match=r"'parameters', value 'depreciatoin'.*did you mean"):
        check_selections([selected(one, ["depreciatoin"])], one)
    with pytest.raises(InputError, match="no parameter with a range is left"):
        check_selections([selected(one, ["top", "!elasticities"])], one)
    with pytest.raises(InputError, match="that is drawn has no such parameters"):
        selected(one, ["knowledge"])


@pytest.mark.parametrize(("given", "said"), [
    (["--parameters", "armingtn"], "key '--parameters', value 'armingtn'"),
    (["--parameters", "knowledge"], "that is drawn has no such parameters"),
    (["--of", "stress", "--set", "stress.disruptions=quake"], "stress.disruptions.0"),
    (["--of", "frontier"], "is no study whose parameters can be drawn"),
])  # fmt: skip
def test_a_wrong_choice_is_one_message(given: list[str], said: str, cge: Run, here: Path) -> None:
    found = cge("sensitivity", "us-china-tariff-war", "--aggregation", "small", *given)
    assert found.code == 2 and said in found.err and found.err.count("\n") == 1, found.err
    assert not any(here.iterdir())


# -- statistics -------------------------------------------------------------------------------


def test_the_sign_is_that_of_the_central_case_and_its_share_has_an_error() -> None:
    results = np.array([[-1.0, 2.0, 5.0, 1.0], [-2.0, -1.0, 1.0, np.nan],
                        [-0.5, -3.0, 2.0, 1.0], [-4.0, -1.0, 1.0, 1.0]])  # fmt: skip
    found = sign_kept(results, np.array([-1.0, -1.0, 1e-12, 1.0]))
    share, error = found.values()
    assert share[:2].tolist() == [1.0, 0.75] and np.isnan(share[2:]).all()
    assert error[1] == pytest.approx(np.sqrt(0.75 * 0.25 / 4))
    assert error[0] == pytest.approx(np.sqrt(5 / 6 * 1 / 6 / 4))  # four draws do not make it sure


def test_families_add_up_to_what_is_explained_beyond_chance() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 6))
    names = [("a1", "elasticities", "a"), ("a2", "elasticities", "a"), ("b", "elasticities", "b"),
             ("d", "dynamics", "d"), ("e", "dynamics", "e"), ("f", "dynamics", "f")]  # fmt: skip
    regression = Regression([parameter(*one) for one in names], x, Design())
    found = regression.drivers(x @ [2.0, 1.0, 1.0, 2.0, 0, 0] + generator.normal(size=200))
    assert found is not None
    groups = regression.groups(found)
    assert list(groups) == ["elasticities", "elasticities: a", "dynamics"]
    assert groups["elasticities"] + groups["dynamics"] == pytest.approx(found.adjusted, abs=0.02)
    assert groups["elasticities"] == pytest.approx(6 / 11, abs=0.08)
    assert groups["elasticities: a"] == pytest.approx(5 / 11, abs=0.08)
    assert found.noise == pytest.approx((1 - found.explained) / 193)
    one = Regression([parameter(*one) for one in names[3:]], x[:, 3:], Design())
    assert one.groups(one.drivers(x[:, 3])) == {}


def test_odds_without_end_have_shares_and_quantiles_but_no_mean() -> None:
    results = np.array([[0.0, 1.0], [np.inf, 2.0], [5.0, 3.0], [np.inf, 4.0], [2.0, 5.0]])
    always, never = odds_told(results).values()
    assert always.tolist() == [0.2, 0.0] and never.tolist() == [0.4, 0.0]
    found = spread(results)
    assert np.isnan(found["mean"][0]) and np.isnan(found["sd"][0]) and found["mean"][1] == 3
    assert found["p50"].tolist() == [5.0, 3.0] and np.isinf(found["p95"][0])
    pooled = pooled_spread([results, results[:2]])
    assert np.isnan(pooled["mean"][0]) and pooled["mean"][1] == pytest.approx(2.25)


def test_a_comparison_is_drawn_with_the_shares_of_always_and_never(
    library: str, cache: Path
) -> None:
    policies = chosen(
        library, path={"years": 2}, stress={"years": [1, 2], "home": "EU"},
        variants=[{"name": "research", "knowledge": [
            {"instrument": "basic_research", "region": "EU", "budget": 0.002}]}],
    )  # fmt: skip
    plain = run_study(Comparison(policies), Runner(1, cache=cache))
    found = done(policies, cache, of="comparison", draws=3)
    one = {"measure": "break_even_odds", "region": "EU"}
    rows = found.to_frame(**one, statistic=["probability_always", "probability_never"])
    assert len(rows) == 4 and rows["value"].between(0, 1).all()  # two years
    of_sign = ["probability_positive", "probability_same_sign"]
    assert found.to_frame(**one, statistic=of_sign)["value"].isna().all(), "odds have no sign"
    assert found.to_frame(measure="payout", statistic=of_sign)["value"].notna().any()
    for measure in ("payout", "present_value", "equivalent_variation", "break_even_odds"):
        where = {"measure": measure, "region": "EU", "variant": "research"}
        central, exact = values(found, **where, statistic="central"), plain.to_frame(**where)
        assert len(central)
        years = found.to_frame(**where, statistic="central")["path_year"]
        exact = exact[exact["path_year"].isin(years) | exact["path_year"].isna()]["value"]
        assert central == pytest.approx(exact.to_numpy(float), abs=1e-7)


def test_values_that_can_not_stand_together_are_a_draw_without_equilibrium(
    told: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = DynamicPath.work

    def work(study: DynamicPath) -> Any:
        if study.question.path.parameters.get("depreciation", 0) > 0.06:
            raise InputError("too much", key="path.parameters.depreciation")
        return run(study)

    monkeypatch.setattr(DynamicPath, "work", work)
    found = done(told, tmp_path, of="path", draws=4, parameters=("depreciation",),
                 measures=("real_gdp",))  # fmt: skip
    (draws,) = found.manifest["draws"]
    failed = draws["without_equilibrium"]
    assert 0 < len(failed) < 4 and all("can not stand together" in why for why in failed.values())


def test_a_loss_that_can_not_be_solved_is_a_draw_without_equilibrium(
    told: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cge.stress import stress_cases

    solve = stress_cases.disrupted
    seen: list[int] = []

    def sometimes(*arguments: Any) -> Any:
        seen.append(0)
        if len(seen) > 6:
            raise NoEquilibrium("nothing passes")
        return solve(*arguments)

    monkeypatch.setattr(stress_cases, "disrupted", sometimes)
    found = done(told, tmp_path, of="stress", draws=2, measures=("loss",))
    (draws,) = found.manifest["draws"]
    assert list(draws["without_equilibrium"]) == ["2"]
    assert values(found, measure="loss", region="EU", statistic="draws", variant="").tolist() == [
        1.0, 1.0]  # fmt: skip


# -- interruptions ----------------------------------------------------------------------------


def test_an_interrupted_stress_draw_goes_on_and_says_what_it_kept(
    told: Scenario, tested: ResultSet, tmp_path: Path
) -> None:
    def stop(_label: str, steps: int, _of: int) -> None:
        if steps >= 6:
            raise KeyboardInterrupt

    study = Sensitivity(told, of="stress", draws=3)
    with pytest.raises(KeyboardInterrupt):
        run_study(study, Runner(workers=1, cache=tmp_path, report=stop))
    resumed = run_study(study, Runner(workers=2, cache=tmp_path))
    assert 0 < resumed.manifest["steps_kept_from_earlier"] < resumed.manifest["steps"]
    assert resumed.identity == tested.identity


@pytest.mark.slow
def test_a_killed_stress_draw_goes_on_and_ends_the_same(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    words = ["sensitivity", "sensitivity-us-china-stress", "--of", "stress", "--draws", "6",
             "--set", "path.years=3", "--set", "stress.years=[1,3]", "--workers", "1"]  # fmt: skip
    program = [sys.executable, "-c", "from cge.cli.main import run; run()"]
    process = subprocess.Popen([*program, *words, "--out", "a"], stdout=subprocess.DEVNULL)
    for _ in range(1200):
        time.sleep(0.05)
        kept = list((here / "cache").rglob("work/*/*.cge"))
        if len(kept) >= 8:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(kept) >= 8 and not (here / "a" / "manifest.json").exists()
    again = cge(*words, "--out", "a")
    assert again.code == 0 and "of them from earlier work" in again.out
    assert cge(*words, "--out", "b", "--fresh").code == 0
    for name in ("results.parquet", "results.csv", "summary.md"):
        assert (here / "a" / name).read_bytes() == (here / "b" / name).read_bytes()
