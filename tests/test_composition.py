"""Scenarios made of others: extends, variants, grids, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Outcome, snapshot
from policies import solved

from cge import InputError
from cge.scenario.schema import Scenario, completed, load_scenario
from cge.scenario.variants import ScenarioSet
from cge.studies.static import solve_scenario

Run = Callable[..., Outcome]

TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "ELEC"}
BASE: dict[str, Any] = {
    "name": "base", "title": "Base", "benchmark": {"table": "wiod2013", "aggregation": "small"},
    "elasticities": ["boehm"], "policy": [{**TARIFF, "add": 0.1}],
}  # fmt: skip


def save(file: str, **content: Any) -> None:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(json.loads(json.dumps(content))))  # no aliases


# -- extends ---------------------------------------------------------------------------------


def test_what_extends_overrides_deeply_and_appends_what_is_done(here: Path) -> None:
    closure = {"kind": "short_run", "wage_floor": {"factor": "LAB", "level": 0.98}}
    save("base.yaml", **BASE, closure=closure, responses=[{"kind": "retaliation", "to": "USA"}])
    save(
        "child.yaml", name="child", extends="base", title="Child",
        closure={"wage_floor": {"level": 1.0}}, policy=[{**TARIFF, "set": 0.5}],
        responses=[{"kind": "retaliation", "to": "CHN"}],
        benchmark={"table": "wiod2013", "year": 2009},
        financing=[{"region": "USA", "instrument": "final_tax"}],
    )  # fmt: skip
    child = load_scenario("child.yaml")
    assert (child.name, child.title, child.extends) == ("child", "Child", None)
    assert (child.benchmark.aggregation, child.benchmark.year) == ("small", 2009)
    assert child.elasticities == ["boehm"] and child.closure.kind == "short_run"
    assert child.closure.wage_floor is not None
    assert (child.closure.wage_floor.factor, child.closure.wage_floor.level) == ("LAB", 1.0)
    assert [(m.add, m.set_) for m in child.policy] == [(0.1, None), (None, 0.5)]
    assert [r.to for r in child.responses] == ["USA", "CHN"]
    assert len(child.financing) == 1
    again = Scenario.model_validate(child.model_dump(mode="json", by_alias=True))
    assert again.policy == child.policy


def test_a_scenario_extends_one_that_extends_another_or_one_that_ships(here: Path) -> None:
    save("a.yaml", **{**BASE, "name": "a"})
    save("b.yaml", name="b", extends="a.yaml", policy=[{**TARIFF, "add": 0.2}])
    save("c.yaml", name="c", extends="b", policy=[{**TARIFF, "add": 0.3}])
    assert [m.add for m in load_scenario("c.yaml").policy] == [0.1, 0.2, 0.3]
    # A file may extend the shipped scenario of its own name.
    save("us-china-tariff-war.yaml", name="mine", extends="us-china-tariff-war", steps=[0.5, 1])
    mine = load_scenario("us-china-tariff-war.yaml")
    assert len(mine.policy) == 2 and mine.steps == [0.5, 1]
    made = Scenario.model_validate({"name": "x", "extends": "c.yaml"})
    assert len(completed(made, here).policy) == 3


def test_files_are_looked_for_beside_the_scenario_that_names_them(here: Path) -> None:
    Path("lib").mkdir()
    rates = "exporter,importer,sector,points\nCHN,USA,ELEC,0.2\n"
    (here / "lib/rates.csv").write_text(rates)
    measure = {"instrument": "tariff", "file": "rates.csv", "column": "points"}
    save("lib/base.yaml", **{**BASE, "policy": [measure]})
    save("child.yaml", name="child", extends="lib/base.yaml")
    solution = solve_scenario("child.yaml")[0].solution
    tariff = solution.frame("tariff").query("r == 'CHN' and i == 'ELEC' and s == 'USA'")
    np.testing.assert_allclose(tariff["value"] - tariff["benchmark"], 0.2)


# -- variants and grids ----------------------------------------------------------------------


def test_variants_add_to_the_set_and_are_solved_one_by_one() -> None:
    whole = Scenario.model_validate({
        **BASE, "variants": [
            {"name": "alone"},
            {"name": "more", "title": "More", "policy": [{**TARIFF, "add": 0.2}]},
            {"name": "short", "closure": {"kind": "short_run"}},
        ],
    })  # fmt: skip
    run = solve_scenario(whole)
    assert [case.variant for case in run] == ["alone", "more", "short"]
    assert [c.scenario.name for c in run] == ["base.alone", "base.more", "base.short"]
    assert [c.scenario.title for c in run] == ["", "More", ""]
    tariffs = [case.solution.outcome("tariff[int, CHN, ELEC, USA]") for case in run]
    assert tariffs[1] - tariffs[0] == pytest.approx(0.2) and tariffs[2] == tariffs[0]
    assert run[2].solution.closure.specific_factors == ("CAP",)
    assert run[2].solution.model.horizon == "short"
    assert run[0].solution.model.benchmark is run[1].solution.model.benchmark
    direct = solved({**TARIFF, "add": 0.1}, {**TARIFF, "add": 0.2}, elasticities=["boehm"])
    boehm = solve_scenario(Scenario.model_validate({**BASE, "policy": [{**TARIFF, "add": 0.3}]}))
    np.testing.assert_allclose(
        run[1].solution.levels, boehm[0].solution.levels, rtol=1e-9, atol=1e-13
    )
    assert len(direct.shocks) == 2


def test_a_grid_is_every_combination_with_a_readable_name() -> None:
    whole = Scenario.model_validate(
        {**BASE, "grid": {"policy.0.add": [0.1, 0.25], "policy.0.sector": ["ELEC", ["VEH", "HMAN"],
                                                                          "all but SERV"]}}
    )  # fmt: skip
    made = ScenarioSet(whole).members
    assert [member.variant for member in made] == [
        "add-0.1.sector-ELEC", "add-0.1.sector-VEH-HMAN", "add-0.1.sector-all-but-SERV",
        "add-0.25.sector-ELEC", "add-0.25.sector-VEH-HMAN", "add-0.25.sector-all-but-SERV",
    ]  # fmt: skip
    measure = made[4].scenario.policy[0]
    assert (measure.add, measure.sector) == (0.25, ["VEH", "HMAN"])
    assert made[4].scenario.title == ""
    assert made[0].scenario.grid is None


def test_a_grid_sets_several_places_at_once_and_makes_keys_that_are_not_there() -> None:
    war = [{**TARIFF, "add": 0}, {**TARIFF, "exporter": "USA", "importer": "CHN", "add": 0}]
    whole = Scenario.model_validate({
        **BASE, "policy": war,
        "grid": {"policy.0.add, policy.1.add": [0.1, 0.2], "closure.wage_floor.level": [0.99, 1]},
    })  # fmt: skip
    made = ScenarioSet(whole).members
    assert [m.variant for m in made] == [
        "add-0.1.level-0.99", "add-0.1.level-1", "add-0.2.level-0.99", "add-0.2.level-1"
    ]  # fmt: skip
    assert [m.add for m in made[3].scenario.policy] == [0.2, 0.2]
    assert made[3].scenario.closure.wage_floor is not None


def test_names_of_a_grid_tell_alike_keys_apart() -> None:
    whole = Scenario.model_validate({
        **BASE, "policy": [{**TARIFF, "add": 0}] * 2,
        "grid": {"policy.0.add": [0.1], "policy.1.add": [-0.2]},
    })  # fmt: skip
    assert ScenarioSet(whole).members[0].variant == "0-add-0.1.1-add--0.2"


def test_variants_and_a_grid_multiply() -> None:
    whole = Scenario.model_validate({
        **BASE, "variants": [{"name": "a"}, {"name": "b", "policy": [{**TARIFF, "add": 1}]}],
        "grid": {"policy.0.add": [0.1, 0.2]},
    })  # fmt: skip
    made = ScenarioSet(whole).members
    assert [m.variant for m in made] == ["a.add-0.1", "a.add-0.2", "b.add-0.1", "b.add-0.2"]
    assert [len(m.scenario.policy) for m in made] == [1, 1, 2, 2]
    assert {m.shared["policy"] for m in made} == {1}


def test_the_members_of_a_set_take_its_steps() -> None:
    whole = Scenario.model_validate({
        **BASE, "variants": [{"name": "a"}, {"name": "b", "policy": [{**TARIFF, "add": 0.2}]}],
        "steps": [0.5, 1],
    })  # fmt: skip
    cases = solve_scenario(whole)
    assert [(c.variant, c.step) for c in cases] == [("a", 0.5), ("a", 1), ("b", 0.5), ("b", 1)]


# -- what is written and told ----------------------------------------------------------------


def test_a_scenario_set_is_written_to_one_folder(here: Path, cge: Run) -> None:
    subsidy = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"}
    save("whole.yaml", **{**BASE, "name": "whole", "policy": []},
         equal={"outlay": 0.001, "region": "USA"},
         variants=[{"name": "one", "policy": [subsidy]},
                   {"name": "two", "policy": [{**subsidy, "sector": "VEH"}]}])  # fmt: skip
    outcome = cge("run", "whole.yaml", "--out", "out", "--workers", "1")
    assert outcome.code == 0, outcome.err
    for text in ("\none\n", "\ntwo\n", "- Endogenous rates (one): output subsidy",
                 "- Endogenous rates (two): output subsidy"):  # fmt: skip
        assert text in outcome.out
        assert text in (here / "out/summary.md").read_text()
    table = pd.read_parquet("out/results.parquet")
    assert set(table["scenario"]) == {"whole"} and set(table["variant"]) == {"one", "two"}
    manifest = json.loads((here / "out/manifest.json").read_text())
    assert manifest["cases"][0]["endogenous_rates"][0].startswith("output subsidy")
    again = Scenario.model_validate(manifest["spec"]["scenario"])
    assert [m.scenario.policy for m in ScenarioSet(again).members] == [
        m.scenario.policy for m in ScenarioSet(load_scenario("whole.yaml")).members
    ]


WHOLE = {**BASE, "name": "trial"}
ONE = {"name": "one"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"extends": "nothing"}, ["trial.yaml", "'extends'", "nothing", "balanced-trade"]),
        ({"extends": "trial"}, ["trial.yaml", "'extends'", "'trial'", "circle"]),
        ({"extends": "trial.yaml"}, ["trial.yaml", "'extends'", "'trial.yaml'", "circle"]),
        ({"extends": "loop.yaml"}, ["'extends'", "circle"]),
        ({"extends": "wrong.yaml"}, ["wrong.yaml", "'policy.0.add'", "'ten'"]),
        ({"extends": "other.yaml", "policy": [{**TARIFF, "exporter": "XYZ", "add": 1}]},
         ["trial.yaml", "'policy.0.exporter'", "'XYZ'"]),
        ({"extends": "unknown.yaml"}, ["unknown.yaml", "'policy.1.exporter'", "'ABC'"]),
        ({"extends": "other.yaml", "closure": {"balance": {"scale": "x"}}},
         ["trial.yaml", "'closure.balance.scale'", "'x'"]),
        ({"variants": []}, ["'variants'", "not be empty"]),
        ({"variants": [{"title": "x"}]}, ["trial.yaml", "'variants.0.name'", "missing"]),
        ({"variants": [{"name": "a b"}]}, ["'variants.0.name'", "'a b'", "letters"]),
        ({"variants": [ONE, ONE]}, ["'variants.1.name'", "'one'", "two variants"]),
        ({"variants": [{**ONE, "polcy": []}]}, ["'variants.0.polcy'", "unknown key", "policy"]),
        ({"variants": [{**ONE, "policy": {}}]}, ["'variants.0.policy'", "must be a list"]),
        ({"variants": [{**ONE, "benchmark": {}}]}, ["'variants.0.benchmark'", "scenario set"]),
        ({"variants": [{**ONE, "steps": [1]}]}, ["'variants.0.steps'", "scenario set"]),
        ({"variants": [{**ONE, "policy": [{**TARIFF, "add": "x"}]}]},
         ["'variants.0.policy.0.add'", "'x'"]),
        ({"variants": [ONE, {"name": "two", "policy": [{**TARIFF, "sector": "X", "add": 1}]}]},
         ["'variants.1.policy.0.sector'", "'X'"]),
        ({"variants": [{**ONE, "policy": [TARIFF]}]}, ["'variants.0.policy.0'", "exactly one of"]),
        ({"variants": [{**ONE, "closure": {"wage_floor": {"factor": "LAND"}}}]},
         ["'variants.0.closure.wage_floor.factor'", "'LAND'"]),
        ({"grid": {}}, ["'grid'", "not be empty"]),
        ({"grid": {"policy.0.add": []}}, ["'grid.policy.0.add'", "not be empty"]),
        ({"grid": {"policy.0.add": 0.1}}, ["'grid.policy.0.add'", "must be a list"]),
        ({"grid": {"policy.1.add": [0.1]}}, ["'grid.policy.1.add'", "no entry 1", "has 1"]),
        ({"grid": {"policy.0.add.x": [0.1]}}, ["'grid.policy.0.add.x'", "no keys"]),
        ({"grid": {"polcy.0.add": [0.1]}}, ["'grid.polcy.0.add'", "policy"]),
        ({"grid": {"benchmark.year": [2010]}}, ["'grid.benchmark.year'", "can not change"]),
        ({"grid": {"policy.0.ad": [0.1]}}, ["'grid.policy.0.ad'", "unknown key"]),
        ({"grid": {"policy.0.add": ["x"]}}, ["'grid.policy.0.add'", "'x'", "number"]),
        ({"grid": {"policy.0.sector": ["X"]}}, ["'grid.policy.0.sector'", "'X'"]),
        ({"grid": {"policy.0.add": [0.1, 0.1]}}, ["'grid'", "'add-0.1'", "two"]),
        ({"grid": {"policy.0.add": [n / 1000 for n in range(401)]}}, ["'grid'", "401", "400"]),
        ({"steps": []}, ["'steps'", "not be empty"]),
        ({"steps": [0.5, 0.2]}, ["'steps'", "rise"]),
        ({"steps": [0, 1]}, ["'steps.0'", "greater than 0"]),
        ({"steps": [1, 2]}, ["'steps.1'", "less than or equal to 1"]),
        ({"steps": [True]}, ["'steps.0'", "must be a number"]),
        ({"equal": {"region": "USA"}}, ["'equal'", "outlay, welfare"]),
        ({"equal": {"region": "USA", "outlay": 0.1, "welfare": 1}}, ["'equal'", "exactly one"]),
        ({"equal": {"region": "USA", "outlay": 0.1}}, ["'equal'", "without a size"]),
        ({"equal": {"region": "USA", "outlay": "x"}, "policy": [TARIFF]},
         ["'equal.outlay'", "'x'", "a number"]),
        ({"equal": {"region": "USA", "outlay": "two"},
          "variants": [{**ONE, "policy": [TARIFF]}]}, ["'equal.outlay'", "'two'", "one"]),
        ({"equal": {"region": "USA", "outlay": "one"}, "policy": [TARIFF], "variants": [ONE]},
         ["'equal.outlay'", "'one'", "without a size"]),
        ({"equal": {"region": "USA", "outlay": "one"}, "policy": [], "variants": [
            {**ONE, "policy": [{**TARIFF, "add": 0.1}]},
            {"name": "two", "policy": [
                {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"}]}]},
         ["'equal.outlay'", "no subsidy"]),
        ({"policy": [{**TARIFF, "budget": 0.1, "add": 0.1}]}, ["'policy.0'", "exactly one of"]),
        ({"policy": [{"instrument": "trade_cost", "budget": 0.1}]}, ["'policy.0'", "no receipts"]),
        ({"policy": [{**TARIFF, "add": 0.1, "guess": 0.1}]}, ["'policy.0'", "'guess'"]),
        ({"policy": [{**TARIFF, "add": 0.1, "to": 0.1}]}, ["'policy.0'", "'quota'"]),
        ({"policy": [{**TARIFF, "instrument": "quota", "to": 0}]}, ["'policy.0'", "no finite"]),
        ({"policy": [{**TARIFF, "instrument": "quota"}]}, ["'policy.0'", "needs 'to'"]),
        ({"policy": [{**TARIFF, "instrument": "quota", "add": 1}]}, ["'policy.0'", "a quantity"]),
        ({"policy": [{**TARIFF, "instrument": "quota", "to": -1}]}, ["'policy.0'", "positive"]),
        ({"policy": [{**TARIFF, "instrument": "quota", "to": 1, "rents": "me"}]},
         ["'policy.0.rents'", "'me'", "importer"]),
        ({"policy": [{"instrument": "capital_subsidy", "factor": "CAP", "add": 0.1}]},
         ["'policy.0'", "has no 'factor'"]),
        ({"responses": [{"kind": "war"}]}, ["'responses.0.kind'", "'war'", "retaliation"]),
        ({"responses": [{"kind": "retaliation"}]}, ["'responses.0.to'", "missing"]),
        ({"responses": [{"kind": "retaliation", "to": "USA", "chi": 1}]},
         ["'responses.0.chi'", "unknown key", "share"]),
        ({"responses": [{"kind": "countervailing", "against": "CHN"}]},
         ["'responses.0.chi'", "missing"]),
        ({"responses": [{"kind": "countervailing", "against": "CHN", "chi": -1}]},
         ["'responses.0.chi'", "-1"]),
        ({"financing": [{"instrument": "final_tax"}]}, ["'financing.0.region'", "missing"]),
        ({"financing": [{"region": "USA", "instrument": "trade_cost"}]},
         ["'financing.0.instrument'", "'trade_cost'", "final_tax"]),
        ({"financing": [{"region": "USA", "instrument": "final_tax", "buyer": "VEH"}]},
         ["'financing.0'", "has no 'buyer'", "agent"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands_and_nothing_is_written(
    changes: dict[str, Any], says: list[str], here: Path, cge: Run
) -> None:
    save("other.yaml", **{**BASE, "name": "other"})
    save("loop.yaml", name="loop", extends="trial.yaml")
    save("wrong.yaml", **{**BASE, "policy": [{**TARIFF, "add": "ten"}]})
    unknown = [{**TARIFF, "add": 1}, {**TARIFF, "exporter": "ABC", "add": 1}]
    save("unknown.yaml", **{**BASE, "policy": unknown})
    save("trial.yaml", **{**WHOLE, **changes})
    before = snapshot(here)
    outcome = cge("run", "trial.yaml")
    assert outcome.code == 2, outcome.err
    for text in says:
        assert text in outcome.err
    assert "trial.yaml" in outcome.err or any(".yaml" in text for text in says)
    assert len(outcome.err.strip().splitlines()) == 1
    assert snapshot(here) == before


def test_an_option_of_the_command_line_goes_over_the_whole_set(here: Path, cge: Run) -> None:
    save("other.yaml", **{**BASE, "name": "other", "elasticities": ["fontagne", "boehm"]})
    save("trial.yaml", name="trial", extends="other", variants=[ONE, {"name": "two"}])
    assert cge("run", "trial.yaml", "--elasticities", "boehm", "--out", "out").code == 0
    table = pd.read_parquet("out/results.parquet")
    assert set(table["elasticities"]) == {"boehm"}
    save("bad.yaml", name="bad", extends="other", policy=[{**TARIFF, "exporter": "X", "add": 1}])
    told = cge("run", "bad.yaml", "--elasticities", "boehm")
    assert told.code == 2 and "'policy.0.exporter'" in told.err and "bad.yaml" in told.err


def test_a_member_that_has_no_equilibrium_is_named() -> None:
    from cge import NoEquilibrium

    exports = {"instrument": "export_tax", "exporter": "USA", "sector": "VEH"}
    whole = Scenario.model_validate(
        {**BASE, "elasticities": ["fontagne"], "variants": [
            ONE, {"name": "two", "policy": [{**exports, "budget": 0.01}]}]}
    )  # fmt: skip
    with pytest.raises(NoEquilibrium, match="fontagne, two: no equilibrium"):
        solve_scenario(whole)


def test_a_wrong_set_in_python_is_told_too() -> None:
    whole = Scenario.model_validate({**BASE, "variants": [{"name": "a"}, {"name": "a"}]})
    with pytest.raises(InputError, match="two variants"):
        solve_scenario(whole)
