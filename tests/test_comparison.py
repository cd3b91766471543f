"""Policies compared: figures of paths and of the stress test together, and what a kill leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome, snapshot
from stressed import tried

from cge import InputError
from cge.indicators.present_value import present_value
from cge.path.laws import parameters_of
from cge.results.resultset import ResultSet
from cge.scenario.schema import Scenario, completed
from cge.scenario.study_options import PathChoice
from cge.stress.stress_plan import plan_of
from cge.studies import comparison
from cge.studies.comparison import Comparison
from cge.studies.listing import study_of
from cge.studies.study import run_study
from cge.tasks.runner import Runner, Session

Run = Callable[..., Outcome]
LIBRARY = """
title: two
weightings: {even: {foreign: 0.5, domestic: 0.5}, own: {foreign: 0.0, domestic: 1.0}}
disruptions:
  - {name: abroad, title: abroad, duration: 1, families: {hit: domestic, other: foreign},
     events: [{type: supply, region: USA, sector: all, loss: 0.05}]}
  - {name: at home, title: at home, duration: 1, families: {hit: domestic, other: foreign},
     events: [{type: supply, region: CHN, sector: all, loss: 0.05}]}
"""


def few(library: str, home: str = "CHN", **keys: Any) -> Scenario:
    """Two policies of one region over three years, with a library of two disruptions."""
    tariff = {"instrument": "tariff", "importer": home, "sector": "strategic", "budget": 0.002,
              "label": "tariffs on strategic goods"}  # fmt: skip
    if home == "CHN":
        tariff["exporter"] = ["USA", "EU"]
    research = {"instrument": "basic_research", "region": home, "budget": 0.002,
                "label": "basic research"}  # fmt: skip
    return completed(Scenario.model_validate({
        "name": f"few-{home}",
        "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
        "path": {"years": 3}, "stress": {"years": [1, 3], "home": home, "library": library},
        "variants": [{"name": "tariffs", "policy": [tariff]},
                     {"name": "research", "knowledge": [research]}],
        **keys,
    }))  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("library") / "two.yaml"
    file.write_text(LIBRARY)
    return str(file)


@pytest.fixture(scope="module")
def both(library: str) -> ResultSet:
    return run_study(Comparison((few(library), few(library, "USA"))), Runner(1))


@pytest.fixture(scope="module")
def rows(both: ResultSet) -> pd.DataFrame:
    return both.to_frame(scenario="few-CHN", region="CHN")


def value(rows: pd.DataFrame, variant: str, measure: str, year: int, **more: str) -> pd.Series:
    """The one row of a figure."""
    here = (rows["variant"] == variant) & (rows["measure"] == measure)
    here &= rows["path_year"].fillna(0).astype(int) == year
    for name, wanted in {"weighting": "even", **more}.items():
        if measure in ("expected_loss", "cvar", "worst_loss") or name != "weighting":
            here &= rows[name] == wanted
    (found,) = rows.index[here]
    return rows.loc[found]


# -- figures ----------------------------------------------------------------------------------


def test_it_has_every_policy_and_no_policy_with_words_for_each(rows: pd.DataFrame) -> None:
    words = rows.drop_duplicates("variant").set_index("variant")["title"].to_dict()
    assert words == {
        "no policy": "no policy", "tariffs": "tariffs on strategic goods",
        "research": "basic research",
    }  # fmt: skip


def test_home_regions_and_partners_are_there_and_no_others(both: ResultSet) -> None:
    table = both.to_frame()
    assert set(table[table["scenario"] == "few-CHN"]["region"]) == {"CHN", "USA", "EU", "World"}
    assert set(table[table["scenario"] == "few-USA"]["region"]) == {"USA", "World"}
    keys = [c for c in table.columns if c not in ("value", "benchmark", "change", "title")]
    assert not table.duplicated(keys).any()
    assert both.manifest["homes"] == {"few-CHN": "CHN", "few-USA": "USA"}
    assert both.manifest["weighting"] == "even"


def test_losses_are_those_of_the_stress_test(rows: pd.DataFrame, library: str) -> None:
    table = tried(few(library)).table
    table = table[(table["region"] == "CHN") & (table["weighting"] == "even")]
    for variant in ("tariffs", "research"):
        for year in (1, 3):
            here = (table["variant"] == variant) & (table["path_year"] == year)
            own = table[here].set_index("measure")
            for measure in ("expected_loss", "cvar"):
                found = value(rows, variant, measure, year)
                assert found["value"] == own.loc[measure, "value"]
                assert found["change"] == own.loc[measure, "change"]


def test_parts_of_welfare_are_not_computed_where_nobody_reads_them(
    rows: pd.DataFrame, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = ("equivalent_variation", "present_value", "cvar", "payout")
    monkeypatch.delattr("cge.studies.comparison.decomposed")
    found = run_study(Comparison(few(library), only=only), Runner(1))
    part = found.to_frame(scenario="few-CHN", region="CHN")
    whole = rows[rows["measure"].isin(only)]
    assert part["value"].tolist() == whole["value"].tolist() and len(part) > 0
    with pytest.raises(NameError, match="decomposed"):
        only = ("break_even_odds_home",)
        run_study(Comparison(few(library), only=only), Runner(1, cache=None))


def test_a_change_is_against_no_policy(rows: pd.DataFrame) -> None:
    for measure, item in (("expected_loss", ""), ("loss_by_family", "domestic"),
                          ("domestic_share_strategic", "")):  # fmt: skip
        for year in (1, 3):
            found = value(rows, "tariffs", measure, year, item=item)
            before = value(rows, "no policy", measure, year, item=item)
            expected = found["value"] - before["value"]
            # Stand-ins for imports are in reach without policy too, of which shares know nothing.
            assert found["change"] == pytest.approx(expected, abs=1e-5)


def test_present_value_is_that_of_the_years(both: ResultSet, rows: pd.DataFrame) -> None:
    stream = np.array([
        value(rows, "tariffs", "equivalent_variation", n)["value"] for n in (1, 2, 3)
    ])  # fmt: skip
    facts = next(one for one in both.manifest["cases"] if one["variant"] == "tariffs")
    assert facts["title"] == "tariffs on strategic goods"
    dynamics, knowledge = parameters_of(PathChoice())
    rates = dynamics["discount_rate"], knowledge["growth"]
    worth = present_value(stream, *rates).total / present_value(np.ones(3), *rates).total
    found = value(rows, "tariffs", "present_value", 0)["value"]
    assert found == pytest.approx(float(worth))


def test_a_tariff_pays_and_research_costs_what_the_budget_says(rows: pd.DataFrame) -> None:
    assert value(rows, "tariffs", "net_outlay", 1)["value"] == pytest.approx(-0.2, rel=1e-6)
    assert value(rows, "research", "net_outlay", 1)["value"] == pytest.approx(0.2, rel=1e-6)
    parts = [
        value(rows, "tariffs", name, 1)["value"]
        for name in ("terms_of_trade_effect", "trade_efficiency", "employment_effect")
    ]
    whole = value(rows, "tariffs", "equivalent_variation", 1)["value"]
    assert sum(parts) == pytest.approx(whole, rel=0.05) and parts[0] > 0 > parts[1]
    cost = value(rows, "research", "research_effect", 1)["value"]
    assert cost == pytest.approx(-0.2, rel=0.3), "per cent of absorption, not of GDP"


def test_welfare_is_told_to_the_end_of_the_path_though_losses_stop_earlier(library: str) -> None:
    told = few(library, variants=[{"name": "research", "knowledge": [
        {"instrument": "basic_research", "region": "CHN", "budget": 0.002}]}],
        stress={"years": [1], "home": "CHN", "library": library})  # fmt: skip
    table = run_study(Comparison(told), Runner(1)).to_frame(region="CHN")
    years = table[table["measure"] == "equivalent_variation"]["path_year"]
    assert sorted(years) == [1, 2, 3]
    assert set(table[table["measure"] == "expected_loss"]["path_year"]) == {1}


# -- what is asked ----------------------------------------------------------------------------


def test_what_the_library_lacks_is_told_before_anything_is_solved(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args: Any) -> Any:
        raise AssertionError("solved")

    monkeypatch.setattr(Session, "run", never)
    with pytest.raises(InputError, match=r"two.yaml.*'weighting'.*'default'.*even, own"):
        run_study(Comparison(few(library), weighting="default"), Runner(1))


@pytest.mark.parametrize(("keys", "said"), [
    ({"stress": {"years": [1]}}, "few-CHN': policies are compared for a region"),
    ({"path": None, "stress": {"home": "CHN"}, "variants": [
        {"name": "a", "policy": [{"instrument": "tariff", "importer": "CHN", "add": 0.1}]},
    ]}, "few-CHN': policies are compared over years"),
    ({"stress": {"home": "MARS"}}, "value 'MARS': unknown region"),
    ({"stress": {"home": "CHN", "level": 0.5}}, "same for all scenarios"),
    ({"benchmark": {"table": "wiod2013", "aggregation": "default"}, "stress": {"home": "CHN"}},
     "key 'benchmark'"),
    ({"name": "few-USA"}, "two scenarios have this name"),
])  # fmt: skip
def test_scenarios_that_can_not_be_compared_are_refused_before_anything_is_solved(
    keys: dict[str, Any], said: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args: Any) -> Any:
        raise AssertionError("solved")

    monkeypatch.setattr(Session, "run", never)
    stress = {"library": library, **keys.pop("stress", {"home": "CHN", "years": [1, 3]})}
    with pytest.raises(InputError, match=said):
        run_study(Comparison((few(library, "USA"), few(library, stress=stress, **keys))), Runner(1))


def test_a_wrong_policy_of_the_last_region_is_told_before_the_first_is_solved(
    library: str, tmp_path: Path
) -> None:
    wrong = few(library, "USA", variants=[{"name": "tariffs", "policy": [
        {"instrument": "tariff", "importer": "MARS", "sector": "strategic", "add": 0.1}]}],
    )  # fmt: skip
    runner = Runner(1, cache=tmp_path)
    with pytest.raises(InputError, match="value 'MARS'"):
        run_study(Comparison((few(library), wrong)), runner)
    assert runner.done == 0


# -- interruptions, manifest, command ---------------------------------------------------------


def test_what_is_done_for_one_region_is_not_done_again_after_a_kill(
    library: str, both: ResultSet, tmp_path: Path
) -> None:
    first = Runner(1, cache=tmp_path)
    run_study(Comparison(few(library)), first)  # as far as the first region

    def stop(what: str, _done: int, _all: int) -> None:
        if what.startswith("boehm, tariffs: worth"):
            raise KeyboardInterrupt

    killed = Runner(1, cache=tmp_path, report=stop, fresh=True)
    with pytest.raises(KeyboardInterrupt):
        run_study(Comparison((few(library), few(library, "USA"))), killed)
    again = Runner(2, cache=tmp_path)
    found = run_study(Comparison((few(library), few(library, "USA"))), again)
    # All of the first region but its last step is kept: only figures of its paths are made.
    assert again.kept >= first.total - 2 and again.done > 0
    assert found.identity == both.identity
    whole = Runner(1, cache=tmp_path)
    run_study(Comparison((few(library), few(library, "USA"))), whole)
    assert whole.done == 0 and whole.kept == whole.total


def test_a_manifest_makes_the_same_comparison_again(both: ResultSet, library: str) -> None:
    again = study_of(json.loads(json.dumps(both.manifest["spec"])))
    assert isinstance(again, Comparison) and [q.name for q in again.questions] == [
        "few-CHN", "few-USA"
    ]  # fmt: skip
    assert run_study(again, Runner(1)).identity == both.identity


def test_the_command_takes_several_scenarios_and_writes_one_folder(
    library: str, here: Path, cge: Run
) -> None:
    for home in ("CHN", "USA"):
        content = few(library, home).model_dump(mode="json", by_alias=True, exclude_unset=True)
        (here / f"{home}.yaml").write_text(json.dumps(content))
    words = ["compare", "CHN.yaml", "USA.yaml", "--variant", "research", "--workers", "1"]
    found = cge(*words, "--out", "a", "--figure")
    assert found.code == 0, found.err
    assert "China: costs" in found.out and "United States: losses" in found.out
    assert {path.name for path in (here / "a").iterdir()} == {
        "results.parquet", "results.csv", "summary.md", "manifest.json", "figure.svg", "figure.pdf"
    }  # fmt: skip
    table = pd.read_parquet(here / "a" / "results.parquet")
    assert set(table["scenario"]) == {"few-CHN", "few-USA"}
    assert set(table["variant"]) == {"no policy", "research"}
    before = snapshot(here)
    wrong = cge(*words, "--weighting", "default", "--out", "b")
    assert wrong.code == 2 and "two.yaml" in wrong.err and "even, own" in wrong.err
    assert snapshot(here) == before


def test_what_others_gain_and_who_must_take_part_is_told(both: ResultSet, library: str) -> None:
    table = both.to_frame(scenario="few-CHN")
    for year in (1, 3):
        own, world, others = (
            table[(table["variant"] == "tariffs") & (table["path_year"] == year)
                  & (table["measure"] == measure) & (table["region"] == region)]["value"].item()
            for measure, region in (("equivalent_variation", "CHN"),
                                    ("equivalent_variation", "World"), ("others_variation", "CHN"))
        )  # fmt: skip
        assert own > 0 > others
        # The world is between the region that gains and the others that lose.
        assert others < world < own
    assert both.manifest["joint"] == {"few-CHN": [], "few-USA": []}
    both_ways = few(library).model_dump(by_alias=True, exclude_unset=True)
    both_ways["variants"] = [{"name": "abroad", "policy": [
        {"instrument": "tariff", "importer": ["CHN", "EU"], "exporter": "USA", "sector": "goods",
         "add": 0.01}
    ]}]  # fmt: skip
    plan = plan_of(completed(Scenario.model_validate(both_ways)))
    assert comparison._joint(plan) == ["abroad"]
