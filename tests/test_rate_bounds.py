"""Rates in the wrong unit are refused with what was probably meant, or draw a warning."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from policies import scenario, solved
from pydantic import ValidationError
from tools import small_model

from cge import (
    InputError,
    RateWarning,
    Swap,
    benchmark_from_arrays,
    benchmark_from_trade,
    load_benchmark,
)
from cge.core.axes import Axes
from cge.core.content import content_dir
from cge.core.rate_bounds import LARGEST_RATE, LARGEST_SHARE
from cge.data.accounts.rates_shown import rates_shown
from cge.data.accounts.tariffs import load_tariffs
from cge.data.library import load_library
from cge.policy.levels import policy_levels
from cge.scenario.schema import load_scenario
from cge.scenario.study_options import FrontierChoice
from cge.scenario.variants import ScenarioSet

TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "ELEC"}
SUBSIDY = {"instrument": "output_subsidy", "region": "USA", "sector": "ELEC"}
CELL = "tariff[*, CHN, ELEC, USA]"

BEYOND: list[tuple[str, dict[str, Any], str]] = [
    ("policy", {**TARIFF, "add": 35}, "35 is 3500 %, and 35 % is 0.35"),
    ("policy", {**TARIFF, "add": -35}, "-35 is -3500 %, and -35 % is -0.35"),
    ("policy", {**TARIFF, "set": 25}, "25 is 2500 %, and 25 % is 0.25"),
    ("policy", {"instrument": "trade_cost", "add": 9}, "9 is 900 %, and 9 % is 0.09"),
    ("policy", {**SUBSIDY, "budget": 5}, "5 is 500 %, and 5 % is 0.05"),
    ("policy", {**SUBSIDY, "budget": 0.51}, "0.51 is 51 %, and 0.51 % is 0.0051"),
    ("policy", {**SUBSIDY, "budget": 0.01, "guess": 10}, "10 is 1000 %, and 10 % is 0.1"),
    ("policy", {"instrument": "quota", "to": 50}, "50 is 5000 %, and 50 % is 0.5"),
    ("knowledge", {"instrument": "basic_research", "budget": 1}, "1 is 100 %, and 1 % is 0.01"),
    ("knowledge", {"instrument": "diffusion", "rise": 10}, "10 is 1000 %, and 10 % is 0.1"),
    ("policy", {**SUBSIDY, "budget": -2}, "-2 is -200 %, and -2 % is -0.02"),
    ("responses", {"kind": "retaliation", "to": "USA", "share": 50}, "50 % is 0.5"),
    ("responses", {"kind": "countervailing", "against": "CHN", "chi": 100}, "100 % is 1"),
]


def written(folder: Path, **keys: Any) -> Path:
    """Return the file of a scenario."""
    path = folder / "trial.yaml"
    path.write_text(yaml.safe_dump({"name": "trial", **keys}), encoding="utf-8")
    return path


@pytest.mark.parametrize(("part", "given", "says"), BEYOND)
def test_a_rate_in_per_cent_is_refused_with_what_was_meant(
    tmp_path: Path, part: str, given: dict[str, Any], says: str
) -> None:
    wrong = list(given)[-1]
    with pytest.raises(InputError) as told:
        load_scenario(written(tmp_path, **{part: [given]}))
    assert told.value.key == f"{part}.0.{wrong}" and told.value.value == given[wrong]
    assert "is a fraction, not per cent" in str(told.value) and says in str(told.value)
    assert "'large: true' beside it" in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(("part", "given", "says"), BEYOND)
def test_a_large_rate_that_is_meant_is_taken(
    tmp_path: Path, part: str, given: dict[str, Any], says: str
) -> None:
    taken = load_scenario(written(tmp_path, **{part: [{**given, "large": True}]}))
    assert getattr(taken, part)[0].large


def test_rates_up_to_the_bounds_need_no_word() -> None:
    policy = [{**TARIFF, "add": LARGEST_RATE}, {**SUBSIDY, "budget": LARGEST_SHARE}]
    assert scenario(*policy).policy[0].add == LARGEST_RATE
    assert scenario({**TARIFF, "scale": 100}).policy[0].scale == 100


def test_a_negative_rate_beyond_the_bound_says_how_low_it_may_be() -> None:
    with pytest.raises(ValidationError, match=r"allowed: -5 or more, or any with 'large: true'"):
        scenario({**TARIFF, "add": -35})


def test_what_scale_leads_to_is_bounded_not_scale_itself() -> None:
    given = {**TARIFF, "importer": "CHN", "exporter": "USA", "scale": 1e6}
    with pytest.raises(InputError, match=r"policy\.0\.scale', value 1000000\.0.*up to 500 %"):
        policy_levels(small_model(), scenario(given))
    assert policy_levels(small_model(), scenario({**given, "large": True})).levels.max() > 1e3
    policy_levels(small_model(), scenario({**given, "scale": 100}))


@pytest.mark.parametrize("name", ["productivity[USA, ELEC]", "factor_supply[USA, LAB]"])
def test_a_ratio_in_per_cent_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"value 105: is a ratio.*1\.05 is 5 % more"):
        small_model().levels({name: 105})
    small_model().levels({name: 105}, allow_large_rates=True)


@pytest.mark.parametrize("held", ["output[USA, ELEC]", "trade_value[CHN, ELEC, USA]", "gdp [USA]"])
def test_a_swap_in_per_cent_is_refused_in_python_as_in_a_file(held: str) -> None:
    given: dict[str, Any] = {"free": "tariff[*, CHN, ELEC, USA]", "fix": held, "at": 110}
    with pytest.raises(InputError) as told:
        Swap(**given)
    with pytest.raises(ValidationError) as in_a_file:
        scenario(closure={"swaps": [given]})
    says = "is a multiple of the benchmark, not per cent: 110 is 11000 %, and 110 % is 1.1"
    assert says in str(told.value) and says in str(in_a_file.value)
    assert told.value.key == "at" and "up to 20; any with large=True" in str(told.value)
    net = {"fix": "trade_balance[USA]"}
    for meant in ({"large": True}, {"relative": False}, {"at": 20.0}, net):
        assert Swap(**{**given, **meant}).fix


def test_a_quota_far_above_the_benchmark_that_is_meant_is_taken() -> None:
    quota = {"instrument": "quota", "exporter": "CHN", "importer": "USA", "sector": "ELEC"}
    loose = solved({**quota, "to": 30, "large": True}).solution
    assert loose.relative("trade_volume[CHN, ELEC, USA]") == pytest.approx(1.0)


def test_the_rates_of_a_benchmark_are_shown_with_what_they_bring() -> None:
    b = small_model().benchmark
    shown = rates_shown(b).set_index("tax")
    assert {*shown.index} == {"tariff", "intermediate_tax"}
    tariff = shown.loc["tariff"]
    here = b.tariff[b.flows > 0]
    assert tariff["largest %"] == pytest.approx(100 * here.max())
    assert tariff["smallest %"] == pytest.approx(100 * here[here != 0].min())
    revenue = b.tax_revenue["tariff"]
    assert tariff["revenue, % of GDP"] == pytest.approx(100 * revenue.sum() / b.gdp.sum())
    assert tariff["most in a region"] == pytest.approx(100 * (revenue / b.gdp).max())
    user = b.tax_revenue["user_tax"].sum() / b.gdp.sum()
    assert shown.loc["intermediate_tax", "revenue, % of GDP"] == pytest.approx(100 * user)


def test_tariffs_of_a_user_say_how_high_they_go_wherever_results_do(tmp_path: Path) -> None:
    path = tmp_path / "duty.csv"
    path.write_text("importer,exporter,sector,rate\nUSA,CHN,c14,0.25\n")
    notes = load_benchmark("wiod2013", aggregation="small", tariffs=path).notes
    assert any("user file duty.csv, rates up to 25 %, revenue 0.0" in one for one in notes)


def test_an_outlay_in_per_cent_is_refused(tmp_path: Path) -> None:
    equal = {"region": "USA", "outlay": 0.6}
    with pytest.raises(InputError, match=r"equal\.outlay.*0\.6 % is 0\.006"):
        load_scenario(written(tmp_path, policy=[SUBSIDY], equal=equal))
    meant = load_scenario(written(tmp_path, policy=[SUBSIDY], equal={**equal, "large": True}))
    assert meant.equal is not None and meant.equal.outlay == 0.6


def test_a_rate_given_in_python_is_refused_as_well() -> None:
    with pytest.raises(ValidationError, match=r"35 % is 0\.35"):
        scenario({**TARIFF, "add": 35})


@pytest.mark.parametrize("key", ["low", "high"])
def test_bounds_of_a_frontier_in_per_cent_are_refused(tmp_path: Path, key: str) -> None:
    bounds = {"low": -0.1, "high": 0.5, key: -20 if key == "low" else 20}
    lever = {"name": "tariff", "instrument": "tariff", **bounds}
    path = tmp_path / "study.yaml"

    def read(lever: dict[str, Any], **more: Any) -> FrontierChoice:
        content = {"region": "USA", "instruments": [lever], **more}
        path.write_text(yaml.safe_dump({"name": "trial", "frontier": content}))
        found = load_scenario(path).frontier
        assert found is not None
        return found

    with pytest.raises(InputError, match=rf"instruments\.0\.{key}.*fraction, not per cent"):
        read(lever)
    assert getattr(read({**lever, "large": True}).instruments[0], key) == bounds[key]
    if key == "high":
        with pytest.raises(InputError, match=r"budget.*less than or equal to 0\.5"):
            read({**lever, key: 0.2}, budget=2)


def test_a_cost_of_a_disruption_in_per_cent_is_refused() -> None:
    event = {"type": "cost", "exporter": "CHN", "importer": "USA", "add": 50}
    entry = {"name": "storm", "families": {}, "events": [event]}
    library = {"weightings": {"default": {"one": 1.0}}, "disruptions": [entry]}
    with pytest.raises(InputError, match=r"events\.0\.add.*50 % is 0\.5"):
        load_library(library)
    meant = {**library, "disruptions": [{**entry, "events": [{**event, "large": True}]}]}
    assert load_library(meant).entries[0].events[0].size == 50
    supply = {"type": "supply", "region": "CHN", "loss": 0.5, "large": True}
    with pytest.raises(InputError, match="has no key 'large'"):
        load_library({**library, "disruptions": [{**entry, "events": [supply]}]})


def test_a_table_of_rates_in_per_cent_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "duty.csv"
    table.write_text("exporter,importer,sector,points\nCHN,USA,ELEC,17.5\nCHN,USA,VEH,2.5\n")
    given = {"instrument": "tariff", "file": str(table), "column": "points"}
    with pytest.raises(
        InputError, match=r"duty\.csv, key 'points', value 17\.5.*is 0\.175"
    ) as told:
        policy_levels(small_model(), scenario(given))
    assert "'large: true' in the measure" in str(told.value)
    levels = policy_levels(small_model(), scenario({**given, "large": True})).levels
    cell = small_model().variables.select(CELL)[1]
    np.testing.assert_allclose(levels[cell], small_model().arrays.start[cell] + 17.5)


def test_benchmark_tariffs_in_per_cent_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "duty.csv"
    rows = pd.DataFrame({"importer": ["A", "B"], "exporter": ["B", "A"], "sector": "S",
                         "rate": [17.5, 0.1]})  # fmt: skip
    codes = ("table", Axes(("A", "B"), ("S",)))
    rows.to_csv(path, index=False)
    with pytest.raises(InputError, match=r"duty\.csv, key 'rate', value 17\.5.*is 0\.175") as told:
        load_tariffs(str(path), *codes)
    assert "'true' in a column 'large'" in str(told.value)
    rows.assign(large=["", True]).to_csv(path, index=False)  # of the other row
    with pytest.raises(InputError, match=r"value 17\.5"):
        load_tariffs(str(path), *codes)
    rows.assign(large=[True, ""]).to_csv(path, index=False)
    assert load_tariffs(str(path), *codes)[0].max() == 17.5
    rows.assign(large=[True, False]).to_parquet(path.with_suffix(".parquet"))
    assert load_tariffs(str(path.with_suffix(".parquet")), *codes)[0].max() == 17.5


@pytest.mark.parametrize("key", ["tariff", "export_tax", "output_tax", "final_tax", "factor_tax"])
def test_arrays_of_rates_in_per_cent_are_refused(key: str) -> None:
    world: dict[str, Any] = {
        "regions": ("A", "B"), "sectors": ("S",), "intermediate": np.zeros((2, 1, 2, 1)),
        "final": [[[80.0, 20.0]], [[20.0, 80.0]]], "value_added": [[100.0], [100.0]],
        "elasticities": {"armington": 5.0},
    }  # fmt: skip
    wrong = {key: 17.5}
    with pytest.raises(InputError, match=rf"key '{key}', .*allow_large_rates=True"):
        benchmark_from_arrays(**world, **wrong)
    if key == "tariff":
        b = benchmark_from_arrays(**world, **wrong, allow_large_rates=True)
        assert b.tariff.max() == 17.5


def test_the_trade_shares_take_large_rates_that_are_meant() -> None:
    world: dict[str, Any] = {
        "regions": ("A", "B"), "sectors": ("S",), "trade": [[[80.0, 20.0]], [[20.0, 80.0]]],
        "io_shares": np.zeros((2, 1, 1)), "value_added_share": np.ones((2, 1)), "deficits": "zero",
        "elasticities": {"armington": 5.0}, "tariff": 17.5,
    }  # fmt: skip
    with pytest.raises(InputError, match=r"key 'tariff', value 17\.5.*17\.5 % is 0\.175"):
        benchmark_from_trade(**world)
    assert benchmark_from_trade(**world, allow_large_rates=True).tariff.max() == 17.5


@pytest.mark.parametrize(
    ("cell", "level", "says"),
    [(CELL, 0.25, "0.25 is a rate of -75 %, and 1.25 one of 25 %"),
     ("net_of_output_tax[USA, ELEC]", 0.1, "0.1 is a rate of 90 %, and 0.9 one of 10 %"),
     ("trade_cost[*, CHN, ELEC, USA]", 0.3, "0.3 is a rate of -70 %, and 1.3 one of 30 %")],
)  # fmt: skip
def test_a_level_that_looks_like_a_rate_draws_a_warning(cell: str, level: float, says: str) -> None:
    with pytest.warns(RateWarning) as told:
        levels = small_model().levels({cell: level})
    assert says in str(told[0].message) and cell in str(told[0].message)
    assert told[0].filename == __file__
    assert set(levels[small_model().variables.select(cell)[1]]) == {level}


@pytest.mark.parametrize("cell", [CELL, "trade_cost[*, CHN, ELEC, USA]"])
def test_a_level_in_per_cent_is_refused(cell: str) -> None:
    with pytest.raises(InputError, match=r"25 is a rate of 2400 %, and 1\.25 one of 25 %") as told:
        small_model().solve({cell: 25})
    assert told.value.key == f"changes.{cell}" and "allow_large_rates=True" in str(told.value)


@pytest.mark.parametrize(
    "changes",
    [{CELL: 0.5}, {CELL: 1 + LARGEST_RATE}, {"productivity[USA, ELEC]": 0.3},
     {"factor_supply[USA, LAB]": 10.0}, {"origin_weight[*, CHN, ELEC, USA]": 1e-6},
     {"research[USA]": 0.01}],
)  # fmt: skip
def test_other_levels_pass_without_a_word(changes: dict[str, float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small_model().levels(changes)


def test_large_levels_that_are_meant_pass_without_a_word() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution = small_model().solve({CELL: 25}, allow_large_rates=True)
        small_model().levels({CELL: 0.25}, allow_large_rates=True)
    assert solution.relative("trade_volume[CHN, ELEC, USA]") < 0.1


@pytest.mark.parametrize("path", sorted(content_dir("experiments").glob("*.yaml")),
                         ids=lambda path: path.stem)  # fmt: skip
def test_what_ships_passes(path: Path) -> None:
    assert ScenarioSet(load_scenario(path)).members


def test_a_power_multiplies_the_level_and_one_in_per_cent_is_refused() -> None:
    start = small_model().arrays.start
    for given in (TARIFF, SUBSIDY):
        levels = policy_levels(small_model(), scenario({**given, "power": 1.1})).levels
        moved = levels[levels != start] / start[levels != start]
        assert len(moved) > 0
        np.testing.assert_allclose(moved, 1.1, rtol=1e-12)
    high = scenario({**TARIFF, "set": 4.5}, {**TARIFF, "power": 1.2})
    levels = policy_levels(small_model(), high).levels  # of a rate that is high already
    np.testing.assert_allclose(levels[levels != start].max(), 1.2 * 5.5)
    with pytest.raises(ValidationError, match=r"110 is 11000 %, and 110 % is 1\.1"):
        scenario({**TARIFF, "power": 110})
    with pytest.raises(InputError, match=r"rates that leave a positive price"):
        policy_levels(small_model(), scenario({**TARIFF, "power": -1.1}))
