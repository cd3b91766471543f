"""What a path scenario may say, and how it is told what it may not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paths import US_TARIFF
from pydantic import ValidationError
from worlds import random_world

from cge import InputError, Model, load_benchmark
from cge.path.laws import laws_of
from cge.scenario.schema import Scenario, load_scenario
from cge.scenario.study_options import PathChoice
from cge.scenario.timing import Timed
from cge.studies.path import DynamicPath
from cge.studies.static import solve_scenario
from cge.studies.study import run_study
from cge.tasks.runner import Runner

SHORT = {"years": 2, "knowledge": False}
BASIC = {"instrument": "basic_research", "region": "CHN", "budget": 0.001}


def content(**keys: Any) -> dict[str, Any]:
    return {"name": "trial",
            "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
            "path": SHORT, "policy": [US_TARIFF], **keys}  # fmt: skip


def refused(here: Path, **keys: Any) -> InputError:
    """Return the error of a scenario file, read or run."""
    file = here / "trial.yaml"
    file.write_text(json.dumps(content(**keys)))
    with pytest.raises(InputError) as error:
        run_study(DynamicPath(file), Runner(workers=1, cache=None))
    assert "trial.yaml" in str(error.value) or ".csv" in str(error.value)
    return error.value


# -- timing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "shares"),
    [
        ({}, [1, 1, 1, 1, 1]),
        ({"start": 3}, [0, 0, 1, 1, 1]),
        ({"end": 2}, [1, 1, 0, 0, 0]),
        ({"start": 2, "phase_in": 4}, [0, 0.25, 0.5, 0.75, 1]),
        ({"start": 2, "end": 3, "phase_in": 4}, [0, 0.25, 0.5, 0, 0]),
    ],
)
def test_the_share_in_force_by_year(keys: dict[str, int], shares: list[float]) -> None:
    assert [Timed(**keys).share(year) for year in range(1, 6)] == shares


def test_a_measure_is_known_beforehand_once_it_holds_or_is_announced() -> None:
    surprise, told = Timed(start=3, end=4), Timed(start=3, end=4, announced=2)
    assert [surprise.known(year) for year in range(1, 7)] == [0, 0, 0, 1, 0, 0]
    assert [told.known(year) for year in range(1, 7)] == [0, 0, 1, 1, 0, 0]


def test_timing_and_knowledge_are_told_in_words() -> None:
    scenario = Scenario.model_validate(content(
        path={"openness_response": {"chi": 0.5}},
        policy=[{**US_TARIFF, "start": 2, "end": 5, "announced": 1, "phase_in": 3}],
        knowledge=[
            BASIC,
            {"instrument": "research_credit", "region": "CHN", "sector": "ELEC", "add": 0.1},
            {"instrument": "knowledge_openness", "source": "USA", "learner": "CHN", "set": 0,
             "mutual": True, "start": 4},
        ],
    ))  # fmt: skip
    assert scenario.lines == [
        "tariff (exporter CHN; sector goods; importer USA) +25 points, years 2 to 5, phased in "
        "over 3 years, announced in year 1",
        "public basic research (region CHN) with outlay of 0.1 % of GDP",
        "credit on business research (region CHN; sector ELEC) of +10 points",
        "openness to knowledge (from USA to CHN and back) set to 0, from year 4",
        "knowledge closes by 0.5 of the share of trade under new tariffs",
    ]


@pytest.mark.parametrize(
    ("keys", "place", "says"),
    [
        ({"start": 3, "end": 2}, "policy.0.end", "ends before it starts"),
        ({"start": 2, "announced": 3}, "policy.0.announced", "after it starts"),
        ({"start": 0}, "policy.0.start", "greater than or equal to 1"),
        ({"phase_in": 1.5}, "policy.0.phase_in", "whole number"),
        ({"start": 3}, "policy.0.start", "starts after the last year of the path"),
        ({"stop": 3}, "policy.0.stop", "unknown key"),
    ],
)
def test_impossible_timing_is_refused(
    here: Path, keys: dict[str, Any], place: str, says: str
) -> None:
    error = refused(here, policy=[{**US_TARIFF, **keys}])
    assert error.key == place and says in str(error)


# -- the path --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "place", "says"),
    [
        ({"years": 0}, "path.years", "greater than or equal to 1"),
        ({"years": True}, "path.years", "whole number"),
        ({"years": 1000}, "path.years", "200"),
        ({"yeers": 3}, "path.yeers", "unknown key"),
        ({"returns": []}, "path.returns", "empty"),
        ({"returns": ["middle"]}, "path.returns", "low"),
        ({"returns": ["low", "low"]}, "path.returns", "twice"),
        ({**SHORT, "returns": ["low"]}, "path.returns", "matter only where knowledge moves"),
        ({"capital": "moves"}, "path.capital", "accumulates"),
        ({"parameters": {"growht": 0.02}}, "path.parameters", "no such parameter"),
        ({"parameters": {"discount_rate": 0.02}}, "path.parameters.discount_rate", "growth"),
        ({"parameters": {"growth": 0.06}}, "path.parameters.discount_rate", "growth"),
        ({"parameters": {"depreciation": 2}}, "path.parameters.depreciation", "at most 1"),
        ({"parameters": {"return_basic": 1}, "returns": ["low", "high"]},
         "path.parameters.return_basic", "no low and high end"),
        ({"openness_response": {"chi": 2}}, "path.openness_response.chi", "less than or equal"),
        ({**SHORT, "openness_response": {"chi": 1}}, "path.openness_response", "does not move"),
        ({**SHORT, "baseline": "none.csv"}, None, "no such file"),
        ({"knowledge_data": "none.csv"}, None, "no such file"),
    ],
)  # fmt: skip
def test_an_impossible_path_is_refused(
    here: Path, path: dict[str, Any], place: str | None, says: str
) -> None:
    error = refused(here, path=path)
    assert says in str(error)
    assert place is None or (error.key or "").startswith(place)


@pytest.mark.parametrize(
    ("keys", "place", "says"),
    [
        ({"closure": {"specific_factors": ["CAP"]}}, "closure.specific_factors", "within a year"),
        ({"horizon": "long"}, "horizon", "by itself"),
        ({"steps": [0.5, 1]}, "steps", "years, not steps"),
        ({"policy": [{**US_TARIFF, "importer": "UAS"}]}, "policy.0.importer", "UAS"),
        ({"policy": [{**US_TARIFF, "start": 2, "importer": "UAS"}]}, "policy.0.importer", "UAS"),
        ({"variants": [{"name": "a", "path": {"years": 3}}, {"name": "b"}]}, "path.years",
         "same for all variants"),
        ({"equal": {"region": "CHN", "outlay": 0.1, "year": 2}, "policy": [
            {"instrument": "output_subsidy", "region": "CHN"}]}, "equal.year", "goes with welfare"),
        ({"variants": [{"name": "a"}, {"name": "b", "policy": [{**US_TARIFF, "importer": "UAS"}]}]},
         "variants.1.policy.0.importer", "UAS"),
        ({"variants": [
            {"name": "a", "policy": [{"instrument": "output_subsidy", "region": "CHN", "add": 1}]},
            {"name": "b", "equal": {"region": "CHN", "outlay": "a"},
             "policy": [{"instrument": "output_subsidy", "region": "CHN"}]}]},
         "equal", "must be as in variant 'b'"),
    ],
)  # fmt: skip
def test_what_a_path_settles_itself_is_refused(
    here: Path, keys: dict[str, Any], place: str, says: str
) -> None:
    error = refused(here, **keys)
    assert error.key == place and says in str(error)


# -- knowledge -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "place", "says"),
    [
        ({"instrument": "basic"}, "knowledge.0.instrument", "basic_research"),
        ({**BASIC, "region": "CHINA"}, "knowledge.0.region", "CHINA"),
        ({**BASIC, "sector": "ELEC"}, "knowledge.0.sector", "unknown key"),
        ({**BASIC, "add": 0.1}, "knowledge.0.add", "unknown key"),
        ({"instrument": "basic_research", "region": "CHN"}, "knowledge.0", "needs a size"),
        ({**BASIC, "budget": -0.4}, "knowledge.0.budget", "leaves no basic research"),
        ({"instrument": "research_credit", "add": 1.0}, "knowledge.0.add", "below 1"),
        ({"instrument": "research_credit", "budget": -0.1}, "knowledge.0.budget", "0 or more"),
        ({"instrument": "research_credit", "region": "CHN", "budget": 0.5},
         "knowledge.0.budget", "more than a credit"),
        ({"instrument": "knowledge_openness", "source": "CHN"}, "knowledge.0.set", "missing"),
        ({"instrument": "knowledge_openness", "set": 1.5}, "knowledge.0.set", "less than or equal"),
        ({"instrument": "knowledge_openness", "source": "CHN", "learner": "CHN", "set": 0},
         "knowledge.0", "one region"),
    ],
)  # fmt: skip
def test_an_impossible_measure_about_knowledge_is_refused(
    here: Path, measure: dict[str, Any], place: str, says: str
) -> None:
    error = refused(here, policy=[], path={"years": 2}, knowledge=[measure])
    assert error.key == place and says in str(error)


def test_knowledge_that_does_not_move_can_not_be_made(here: Path) -> None:
    error = refused(here, knowledge=[BASIC])
    assert error.key == "knowledge.0" and "does not move" in str(error)


def test_an_outlay_that_is_equal_is_that_of_its_region(here: Path) -> None:
    error = refused(
        here, path={"years": 2}, equal={"region": "USA", "outlay": 0.001},
        knowledge=[{"instrument": "basic_research", "region": "CHN"}],
    )  # fmt: skip
    assert error.key == "knowledge.0" and "USA" in str(error)


def test_a_table_of_ones_own_has_a_path_without_knowledge_unless_figures_are_given() -> None:
    world = random_world(3, wedges=False)
    short = world.elasticities["short"]
    world = replace(world, factors=("LAB", "CAP"), origin={},
                    elasticities={"short": short, "long": short})  # fmt: skip
    model = Model.build(world, "short")
    made = laws_of(model, PathChoice(), "central")
    assert made.knowledge is None and made.recursion.law is None
    assert "return_basic" not in made.parameters() and made["growth"] == 0.03
    with pytest.raises(InputError, match="research and development") as error:
        laws_of(model, PathChoice(knowledge=True), "central")
    assert error.value.key == "path.knowledge_data"


def test_the_parameters_in_force_are_those_given_and_those_of_the_returns() -> None:
    model = Model.build(
        load_benchmark("wiod2013", aggregation="small", elasticities="boehm"), "short"
    )
    choice = PathChoice(returns=["low"], parameters={"sourcing_inertia": 0.6, "growth": 0.02})
    made = laws_of(model, choice, "low")
    assert made["sourcing_inertia"] == made.recursion.settings.inertia == 0.6
    assert made["growth"] == made.recursion.settings.growth == 0.02
    assert made.knowledge is not None and made.knowledge.parameters["growth"] == 0.02
    assert made["return_basic"] == 0.28
    assert made["depreciation_basic"] == 0.07


# -- a baseline from a file ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("year,region\n1,CHN\n", "no column with ratios"),
        ("year,region,labor\n1,CHN,1\n", "labor"),
        ("year,region,labour\n0,CHN,1\n", "is no year"),
        ("year,region,labour\n1,CHI,1\n", "CHI"),
        ("year,region,labour\n1,CHN,0\n", "not a positive ratio"),
        ("year,region,labour\n1,CHN,1\n1,CHN,2\n", "twice"),
        ("year,region,sector,labour\n1,CHN,ELEC,1\n", "labour moves between sectors"),
        ("year,region,sector,productivity\n1,CHN,CARS,1\n", "CARS"),
    ],
)
def test_a_baseline_that_can_not_be_read_is_refused(here: Path, table: str, says: str) -> None:
    (here / "base.csv").write_text(table)
    error = refused(here, path={**SHORT, "baseline": "base.csv"})
    assert says in str(error) and "base.csv" in str(error)


# -- beside comparative statics --------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"policy": [{**US_TARIFF, "end": 3}]}, "policy.0.end"),
        ({"knowledge": [BASIC]}, "knowledge.0"),
        ({"variants": [{"name": "a", "policy": [{**US_TARIFF, "start": 2}]}]},
         "variants.0.policy.0.start"),
    ],
)  # fmt: skip
def test_comparative_statics_refuse_what_needs_years_and_name_the_command(
    keys: dict[str, Any], place: str
) -> None:
    with pytest.raises(InputError, match="cge path") as error:
        solve_scenario(Scenario.model_validate(content(**keys)))
    assert error.value.key == place


def test_a_path_adds_to_a_scenario_of_comparative_statics(here: Path) -> None:
    (here / "base.yaml").write_text(json.dumps({k: v for k, v in content().items() if k != "path"}))
    (here / "top.yaml").write_text(json.dumps({
        "name": "top", "extends": "base.yaml", "path": {"years": 3},
        "policy": [{**US_TARIFF, "importer": "EU", "start": 2}], "knowledge": [BASIC],
    }))  # fmt: skip
    top = load_scenario(here / "top.yaml")
    assert top.path == PathChoice(years=3)
    assert [m.start for m in top.policy] == [1, 2] and len(top.knowledge) == 1


def test_a_grid_goes_over_parameters_and_budgets(here: Path) -> None:
    from cge.scenario.variants import ScenarioSet

    whole = Scenario.model_validate(content(
        policy=[], knowledge=[BASIC], path={"years": 1},
        grid={"path.parameters.return_basic": [0.3, 0.6], "knowledge.0.budget": [0.001, 0.002]},
    ))  # fmt: skip
    made = ScenarioSet(whole).members
    assert len(made) == 4
    assert made[3].scenario.path is not None
    assert made[3].scenario.path.parameters == {"return_basic": 0.6}
    assert made[3].scenario.knowledge[0].budget == 0.002


def test_the_shipped_paths_are_read() -> None:
    for name in ("path-us-china-tariff-war", "path-china-basic-research"):
        scenario = load_scenario(name)
        assert scenario.path is not None and scenario.path.years >= 25
    with pytest.raises(ValidationError):
        Scenario.model_validate({**content(), "path": {"years": "many"}})


@pytest.mark.parametrize("name", ["skilled_labour_share", "return_social", "backstop_elasticity"])
def test_a_parameter_that_no_path_reads_is_refused(name: str) -> None:
    scenario = Scenario(
        name="unread",
        benchmark={"table": "wiod2013", "aggregation": "small"}, elasticities=["boehm"],
        path={"years": 2, "parameters": {name: 0.4}},
    )  # fmt: skip
    with pytest.raises(InputError, match=name):
        run_study(DynamicPath(scenario), Runner(workers=1, cache=None))
