"""The headline's figures: taken together from the path and from the stress test."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from cge.results.headline import COLUMNS, dependence, headline_frame
from cge.results.headline_write import write_headline
from cge.results.stress_tidy import tidy_stress

from cge.core.errors import InputError
from cge.experiments.stress import StressRun, run_stress
from cge.indicators.present_value import present_value
from cge.scenario.schema import Scenario

SCENARIO = {
    "name": "few", "benchmark": {"aggregation": "small"}, "elasticities": ["boehm"],
    "path": {"years": 3}, "stress": {"years": [1, 3], "home": "CHN"},
    "variants": [
        {"name": "tariffs", "policy": [
            {"instrument": "tariff", "importer": "CHN", "sector": "strategic", "budget": 0.002,
             "label": "tariffs on strategic goods"},
        ]},
        {"name": "research", "knowledge": [
            {"instrument": "basic_research", "region": "CHN", "budget": 0.002},
        ]},
    ],
}  # fmt: skip
LIBRARY = """
title: two
weightings: {default: {foreign: 0.5, domestic: 0.5}}
disruptions:
  - {name: abroad, title: abroad, duration: 1, families: {hit: domestic, other: foreign},
     events: [{type: supply, region: USA, sector: all, loss: 0.05}]}
  - {name: at home, title: at home, duration: 1, families: {hit: domestic, other: foreign},
     events: [{type: supply, region: CHN, sector: all, loss: 0.05}]}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> StressRun:
    file = tmp_path_factory.mktemp("library") / "two.yaml"
    file.write_text(LIBRARY)
    content = {**SCENARIO, "stress": {**SCENARIO["stress"], "library": str(file)}}
    return run_stress(Scenario.model_validate(content), workers=1, describe=dependence)


@pytest.fixture(scope="module")
def frame(run) -> pd.DataFrame:
    return headline_frame(run, "CHN")


def value(frame: pd.DataFrame, variant: str, measure: str, year: int) -> float:
    (found,) = frame.query("variant == @variant and measure == @measure and year == @year")["value"]
    return float(found)


def test_it_has_every_policy_and_no_policy_with_words_for_each(frame):
    assert tuple(frame.columns) == COLUMNS
    words = frame.drop_duplicates("variant").set_index("variant")["label"].to_dict()
    assert words == {
        "no policy": "no policy", "tariffs": "tariffs on strategic goods",
        "research": "basic_research",
    }  # fmt: skip
    assert not frame.duplicated(["variant", "measure", "year"]).any()


def test_losses_are_those_of_the_stress_test(run, frame):
    table = tidy_stress(run).query("region == 'CHN' and weighting == 'default'")
    for variant in ("tariffs", "research"):
        for year in (1, 3):
            rows = table.query("variant == @variant and year == @year").set_index("measure")[
                "value"
            ]
            for measure in ("expected_loss", "cvar", "expected_loss_change", "cvar_change"):
                assert value(frame, variant, measure, year) == pytest.approx(rows[measure])


def test_a_change_is_against_no_policy(frame):
    for measure in ("expected_loss", "loss_domestic", "domestic_share_strategic"):
        for year in (1, 3):
            change = value(frame, "tariffs", f"{measure}_change", year)
            level = value(frame, "tariffs", measure, year)
            before = value(frame, "no policy", measure, year)
            assert change == pytest.approx(level - before, abs=1e-12)


def test_present_value_is_that_of_the_years(run, frame):
    case = next(c.stage.path for c in run.cases if c.stage.variant == "tariffs")
    stream = np.array([value(frame, "tariffs", "equivalent_variation", n) for n in (1, 2, 3)])
    rates = case.parameters["discount_rate"], case.parameters["growth"]
    worth = present_value(stream, *rates).total / present_value(np.ones(3), *rates).total
    assert value(frame, "tariffs", "present_value", 0) == pytest.approx(float(worth))


def test_a_tariff_pays_and_research_costs_what_the_budget_says(frame):
    assert value(frame, "tariffs", "outlay", 1) == pytest.approx(-0.2, rel=1e-6)
    assert value(frame, "research", "outlay", 1) == pytest.approx(0.2, rel=1e-6)


def test_it_is_written_whole_with_its_manifest(run, frame, tmp_path):
    notes = write_headline(run, "CHN", tmp_path / "out")
    again = pd.read_parquet(tmp_path / "out" / "headline.parquet")
    pd.testing.assert_frame_equal(again, frame)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["home"] == "CHN"
    assert manifest["notes"] == notes
    with pytest.raises(InputError, match="not a headline's"):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "mine.txt").write_text("mine")
        write_headline(run, "CHN", tmp_path / "other")


def test_an_unknown_region_is_refused(run):
    with pytest.raises(InputError, match="unknown region"):
        headline_frame(run, "XXX")
