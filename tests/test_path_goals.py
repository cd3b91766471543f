"""Outlays that are found for an effect of a whole path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Outcome

import cge as package
from cge import NoEquilibrium
from cge.path.goals import outlay_with
from cge.scenario.schema import Scenario
from cge.studies.path import solve_paths

RESEARCH = {"instrument": "basic_research", "region": "CHN"}
SUBSIDY = {"instrument": "output_subsidy", "region": "CHN", "sector": "ELEC"}
GOAL = {"region": "CHN", "welfare": -0.3, "year": 3}


def content(**given: Any) -> dict[str, Any]:
    benchmark = {"table": "wiod2013", "year": 2011, "aggregation": "small"}
    return {"name": "goal", "benchmark": benchmark, "elasticities": ["boehm"],
            "path": {"years": 3}, **given}  # fmt: skip


def effects(**given: Any) -> dict[str, tuple[float, float]]:
    """Welfare in year 3 and its present value, per cent, by variant."""
    results = package.run(Scenario.model_validate(content(**given)), "path", workers=1)
    rows = results.to_frame(region="CHN")
    found = {}
    for variant, own in rows.groupby("variant"):
        last = own[(own["measure"] == "equivalent_variation") & (own["path_year"] == 3)]
        worth = own[own["measure"] == "present_value"]
        found[str(variant)] = float(last["value"].iloc[0]), float(worth["value"].iloc[0])
    return found


# -- the search


def test_the_smallest_outlay_is_found_that_has_an_effect() -> None:
    assert outlay_with(lambda x: 20 * x - 400 * x**2, 0.16, "0.16") == pytest.approx(0.01)
    assert outlay_with(lambda x: -0.3 + 2 * x, -0.3, "-0.3") == 0.0
    assert outlay_with(lambda x: -0.3 + 2 * x, 0.0, "0") == pytest.approx(0.15)
    assert outlay_with(lambda x: -1000 * x, -0.01, "-0.01") == pytest.approx(1e-5)


def test_an_effect_that_no_outlay_has_is_told_with_what_was_tried() -> None:
    with pytest.raises(
        NoEquilibrium, match=r"no outlay has more than that; tried.*0.1 %: 0.02.*1.6 %: 0.1"
    ):
        outlay_with(lambda x: min(20 * x, 0.1), 0.2, "more than that")

    def dear(outlay: float) -> float:
        if outlay > 0.002:
            raise NoEquilibrium("there is no more money")
        return outlay

    with pytest.raises(NoEquilibrium, match="there is no more money"):
        outlay_with(dear, 0.2, "it")
    assert outlay_with(dear, 0.0019, "it") == pytest.approx(0.0019)  # just below what can be spent


# -- on paths


@pytest.mark.parametrize(
    "part, measure",
    [
        ("knowledge", RESEARCH),
        ("knowledge", {**RESEARCH, "instrument": "diffusion"}),
        ("policy", {**SUBSIDY, "sector": "LMAN"}),
    ],
)
def test_the_outlay_that_had_an_effect_is_found_from_it(part: str, measure: dict[str, Any]) -> None:
    given = {part: [{**measure, "budget": 0.003}]}
    welfare, worth = effects(**given)[""]
    for goal in ({"welfare": welfare, "year": 3}, {"present_value": worth}):
        scenario = Scenario.model_validate(
            content(**{part: [measure]}, equal={"region": "CHN", **goal})
        )
        (case,) = solve_paths(scenario).values()
        assert case.scenario.equal is not None
        assert case.scenario.equal.value == pytest.approx(0.003, rel=1e-5)


def test_a_variant_sets_the_effect_for_others() -> None:
    found = effects(
        equal={"region": "CHN", "present_value": "subsidy"},
        variants=[
            {"name": "subsidy", "policy": [{**SUBSIDY, "budget": 0.003}]},
            {"name": "other", "policy": [{**SUBSIDY, "sector": "VEH"}]},
        ],
    )
    assert found["other"][1] == pytest.approx(found["subsidy"][1], abs=1e-7)
    assert found["other"][0] != pytest.approx(found["subsidy"][0], abs=1e-4)


def test_results_say_what_outlay_was_found() -> None:
    given = content(knowledge=[RESEARCH], equal=GOAL)
    results = package.run(Scenario.model_validate(given), "path", workers=1)
    rows = results.to_frame(region="CHN", measure=["outlay_share", "equivalent_variation"])
    last = rows[rows["path_year"] == 3].set_index("measure")["value"]
    assert last["equivalent_variation"] == pytest.approx(-0.3, abs=1e-7)
    (case,) = results.manifest["cases"]
    assert f"{last['outlay_share']:.4g} % of GDP" in case["endogenous_rates"][0]
    assert "welfare of CHN in year 3 of -0.3 %" in case["endogenous_rates"][0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"equal": {"region": "CHN", "welfare": 0.0}}, "of a path needs the year of which it is"),
        ({"equal": {"region": "CHN", "welfare": 0.0, "year": 9}}, "is beyond the path"),
        ({"equal": {"region": "CHN", "outlay": 0.001, "year": 2}}, "goes with welfare"),
        ({"equal": {"region": "CHN", "outlay": 0.001, "present_value": 0.0}},
         "exactly one of these is needed"),
        ({"equal": GOAL, "knowledge": [], "policy": [{"instrument": "tariff", "importer": "CHN"}]},
         "has no outlay"),
        ({"equal": GOAL, "knowledge": [{**RESEARCH, "region": "USA"}]}, "not all of region CHN"),
        ({"equal": GOAL, "path": None, "knowledge": [], "policy": [SUBSIDY]},
         "comparative statics do not have"),
    ],
)  # fmt: skip
def test_a_goal_that_can_not_be_meant_is_refused(
    here: Path, cge: Callable[..., Outcome], change: dict[str, Any], says: str
) -> None:
    given = content(knowledge=[RESEARCH]) | change
    given = {key: value for key, value in given.items() if value is not None}
    Path("mine.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    outcome = cge("run" if "path" not in given else "path", "mine.yaml", "--workers", "1", "-q")
    assert outcome.code == 2 and says in outcome.err and "Traceback" not in outcome.err
