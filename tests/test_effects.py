"""What moves nothing is refused where it was written, unless it says so itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from policies import scenario
from tools import small_model

from cge import InputError, run
from cge.policy.case import may_move
from cge.policy.levels import policy_levels
from cge.policy.variant_tasks import refuse_idle
from cge.scenario.variants import ScenarioSet
from cge.studies.path import DynamicPath
from cge.studies.static import Static, solve_scenario
from cge.studies.study import run_study
from cge.tasks.runner import Runner

TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "ELEC"}
EXPORTS = {"instrument": "export_tax", "exporter": "CHN"}
ANSWER = {"kind": "retaliation", "to": "USA"}
DUTY = {"kind": "countervailing", "against": "CHN", "chi": 1.0}


def refused(key: str, *policy: dict[str, Any], **keys: Any) -> str:
    with pytest.raises(InputError, match="moves nothing") as error:
        solve_scenario(scenario(*policy, **keys))
    assert error.value.key == key
    return str(error.value)


# -- one scenario ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "measure",
    [
        {**EXPORTS, "scale": 2},
        {**EXPORTS, "set": 0},
        {"instrument": "quota", **{k: v for k, v in TARIFF.items() if k != "instrument"}, "to": 3},
    ],
)
def test_a_measure_that_moves_nothing_is_refused(measure: dict[str, Any]) -> None:
    refused("policy.1", {**TARIFF, "add": 0.1}, measure)


@pytest.mark.parametrize(
    ("response", "policy"),
    [
        (ANSWER, {**TARIFF, "importer": "EU", "add": 0.1}),
        ({**ANSWER, "by": "EU"}, {**TARIFF, "add": 0.1}),
        (ANSWER, {**TARIFF, "add": -0.01}),
        (DUTY, {**TARIFF, "add": 0.1}),
        (DUTY, {"instrument": "output_subsidy", "region": "CHN", "sector": "goods", "add": 0.1}),
        (ANSWER, {**TARIFF, "instrument": "quota", "to": 0.8}),
    ],
)
def test_a_response_that_answers_nothing_is_refused(
    response: dict[str, Any], policy: dict[str, Any]
) -> None:
    assert "share: 0" in refused("responses.0", policy, responses=[response])


@pytest.mark.parametrize(
    ("policy", "responses"),
    [
        ([{**EXPORTS, "add": 0}, {**EXPORTS, "scale": 1}], []),
        ([{**TARIFF, "budget": 0}], []),
        ([{**TARIFF, "instrument": "quota", "to": 1}], []),
        ([{**TARIFF, "add": 0.1}], [{**ANSWER, "share": 0}, {**DUTY, "chi": 0}]),
    ],
)
def test_what_says_itself_that_it_does_nothing_is_let_through(
    policy: list[dict[str, Any]], responses: list[dict[str, Any]]
) -> None:
    (case,) = solve_scenario(scenario(*policy, responses=responses))
    assert case.solution.outcome("welfare[USA]") > 0


def test_what_is_given_is_refused_before_anything_is_solved(monkeypatch: Any) -> None:
    monkeypatch.setattr("cge.solve.model.Model.solve", lambda *_, **__: pytest.fail("solved"))
    refused("policy.0", {**EXPORTS, "scale": 2})
    refused("responses.0", {**TARIFF, "add": 0.1}, responses=[{**ANSWER, "by": "EU"}])


def test_of_a_rate_that_is_solved_for_only_a_solution_tells() -> None:
    found = scenario({**TARIFF, "budget": 0.001}, responses=[ANSWER, DUTY])
    assert may_move(small_model(), found) == {"policy.0", "responses.0", "responses.1"}
    assert policy_levels(small_model(), found).moved == ()
    refused("responses.1", {**TARIFF, "budget": 0.0001}, responses=[ANSWER, DUTY])


# -- scenario sets ---------------------------------------------------------------------------


def test_an_entry_of_a_variant_is_refused_there() -> None:
    idle = {"name": "two", "responses": [{**ANSWER, "by": "EU"}]}
    refused("variants.1.responses.0", {**TARIFF, "add": 0.1}, variants=[{"name": "one"}, idle])


def test_what_variants_share_may_move_nothing_in_some_but_not_in_all() -> None:
    variants = [{"name": "peace"}, {"name": "war", "policy": [{**TARIFF, "add": 0.1}]}]
    cases = solve_scenario(scenario(responses=[ANSWER], variants=variants))
    assert [case.moved for case in cases] == [(), ("policy.0", "responses.0")]
    assert "in any variant" in refused(
        "responses.0", responses=[{**ANSWER, "by": "EU"}], variants=variants
    )
    grid = {"policy.0.exporter": ["CHN", "EU"], "policy.0.add": [0, 0.1]}
    refused("responses.0", {**TARIFF, "add": 0}, responses=[{**ANSWER, "to": "ROW"}], grid=grid)
    assert len(solve_scenario(
        scenario({**TARIFF, "add": 0}, responses=[{**ANSWER, "by": "CHN"}], grid=grid)
    )) == 4  # fmt: skip


def test_a_study_refuses_what_variants_share_once_all_are_solved(tmp_path: Path) -> None:
    asked = scenario(
        responses=[DUTY], variants=[{"name": "one", "policy": [{**TARIFF, "add": 0.1}]},
                                    {"name": "two", "policy": [{**TARIFF, "add": 0.2}]}],
    )  # fmt: skip
    (tmp_path / "asked.yaml").write_text(asked.model_dump_json(by_alias=True, exclude_unset=True))
    with pytest.raises(InputError, match="moves nothing in any variant") as error:
        run_study(Static(tmp_path / "asked.yaml"), Runner(workers=1, cache=tmp_path / "cache"))
    assert error.value.key == "responses.0" and error.value.file == str(tmp_path / "asked.yaml")


def test_rates_raised_in_response_stand_beside_endogenous_rates() -> None:
    results = run(Static(scenario({**TARIFF, "budget": 0.001}, responses=[ANSWER])))
    (facts,) = results.manifest["cases"]
    assert facts["endogenous_rates"][0].startswith("tariff (")
    assert facts["response_rates"][0].startswith("retaliation by all against USA, share 1: ")
    assert facts["response_rates"][0].endswith(" points on 3 tariffs")
    notes = results.table("regions").to_markdown()
    assert "Endogenous rates: tariff (" in notes and "Rates raised in response: retal" in notes
    assert json.loads(json.dumps(facts)) == facts


# -- paths -----------------------------------------------------------------------------------


def path_refused(key: str, *policy: dict[str, Any], **keys: Any) -> None:
    keys = {"path": {"years": 2, "knowledge": "knowledge" in keys}, **keys}
    with pytest.raises(InputError, match="moves nothing") as error:
        run_study(DynamicPath(scenario(*policy, **keys)), Runner(workers=1, cache=None))
    assert error.value.key == key


def test_on_a_path_a_measure_is_judged_in_the_years_in_which_it_is_in_force(
    monkeypatch: Any,
) -> None:
    late = {**EXPORTS, "start": 2, "set": 0.1}
    same = {**late, "start": 1}
    asked = scenario(late, {**same, "end": 1}, path={"years": 2, "knowledge": False})
    run_study(DynamicPath(asked), Runner(workers=1, cache=None))
    monkeypatch.setattr("cge.path.solving.solve_year", lambda *_: pytest.fail("solved"))
    path_refused("policy.1", {**same, "end": 1}, {**late, "set": 0})
    path_refused("policy.1", same, late)
    path_refused("responses.0", {**TARIFF, "add": 0.1}, responses=[{**ANSWER, "to": "EU"}])


def test_on_a_path_what_only_years_tell_is_refused_in_the_end() -> None:
    path_refused("responses.0", {**TARIFF, "add": 0.1}, responses=[DUTY])


OPEN = {"instrument": "knowledge_openness", "source": "USA", "learner": "CHN"}
CREDIT = {"instrument": "research_credit", "region": "CHN", "sector": "ELEC"}


def test_a_measure_about_knowledge_that_moves_nothing_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr("cge.path.solving.solve_year", lambda *_: pytest.fail("solved"))
    path_refused("knowledge.0", knowledge=[{**OPEN, "set": 1}])
    path_refused("knowledge.1", knowledge=[{**OPEN, "set": 0.5}, {**OPEN, "set": 0.5, "start": 2}])
    path_refused("variants.1.knowledge.0", knowledge=[{**OPEN, "set": 0.5}], variants=[
        {"name": "one"}, {"name": "two", "knowledge": [{**OPEN, "set": 0.5}]}])  # fmt: skip


def test_measures_about_knowledge_that_move_or_say_that_they_do_not_are_let_through() -> None:
    knowledge = [
        {**OPEN, "set": 0.5}, {**OPEN, "set": 1, "start": 2}, {**CREDIT, "add": 0},
        {"instrument": "diffusion", "region": "CHN", "budget": 0},
        {"instrument": "basic_research", "region": "CHN", "budget": 0.001},
    ]  # fmt: skip
    asked = scenario(knowledge=knowledge, path={"years": 2})
    run_study(DynamicPath(asked), Runner(workers=1, cache=None))


def test_rates_of_a_path_are_told_in_the_first_and_the_last_year() -> None:
    asked = scenario({**TARIFF, "add": 0.1, "phase_in": 2}, responses=[{**ANSWER, "label": "it"}],
                     path={"years": 3, "knowledge": False})  # fmt: skip
    results = run(DynamicPath(asked))
    (facts,) = results.manifest["cases"]
    first, last = facts["response_rates"]
    assert first.startswith("it: ") and first.endswith("points on 3 tariffs in year 1")
    assert last == "it: 10 points on 3 tariffs in year 3"
    assert "Rates raised in response: it: " in results.table("years").to_markdown()


# -- as a function ---------------------------------------------------------------------------


def test_entries_of_one_member_are_its_own_or_wait_for_the_others() -> None:
    own = [{**EXPORTS, "scale": 3}]
    variants = [{"name": "a"}, {"name": "b", "policy": own}]
    made = ScenarioSet(scenario({**EXPORTS, "scale": 2}, variants=variants)).members
    with pytest.raises(InputError) as error:
        refuse_idle(made, {"a": [], "b": ["policy.0"]})
    assert error.value.key == "variants.1.policy.0"
    refuse_idle(made[:1], {"a": []}, own_alone=True)
    refuse_idle(made, {"a": [], "b": ["policy.0", "policy.1"]})
