"""The stress test: what is solved from what, what is made of it, and what a kill leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cge.results.stress_tidy import COLUMNS, exposure, tidy_stress
from conftest import Outcome, snapshot
from policies import scenario

from cge import NoEquilibrium, load_benchmark
from cge.core.errors import InputError
from cge.data.knowledge.assembly import load_knowledge
from cge.data.parameter_files import load_disruption_parameters
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, Seen
from cge.experiments import stress_task as worker
from cge.experiments.run import run_scenario
from cge.experiments.stress import Single, StressCase, StressRun, run_stress
from cge.experiments.stress_settings import library_of, settings_of
from cge.experiments.stress_stages import NO_POLICY, Stages
from cge.resilience.disruptions import weights
from cge.resilience.events import Event
from cge.resilience.forgetting import Forgetting, relative_knowledge
from cge.resilience.impact import disrupted, impact_of, nothing
from cge.resilience.links import bans, withholdings
from cge.resilience.losses import cvar, expected_loss
from cge.scenario.schema import Scenario, load_scenario
from cge.solve.cache import default_folder

Run = Callable[..., Outcome]

LIBRARY = """
weightings:
  default: {domestic: 0.5, abroad: 0.3, control: 0.2}
  other: {domestic: 0.1, abroad: 0.1, control: 0.8}
disruptions:
  - {name: "country-{region}", title: "{region}", each: {regions: [CHN, EU]}, duration: 1,
     families: {hit: domestic, other: abroad},
     events: [{type: supply, region: "{region}", sector: all, loss: 0.05}]}
  - {name: embargo, duration: 2, families: {target: control},
     events: [{type: ration, exporter: all but CHN, importer: CHN, sector: ELEC, loss: 1.0}]}
  - {name: half, duration: 1, families: {},
     events: [{type: ration, exporter: EU, importer: USA, sector: HMAN, loss: 0.5}]}
  - {name: silence, duration: 5, families: {},
     events: [{type: knowledge, source: USA, learner: CHN, openness: 0.0}]}
"""
#: A library of one disruption, where what is added to it takes its time.
ONE = """
weightings: {default: {domestic: 1.0}}
disruptions:
  - {name: country-EU, duration: 2, families: {hit: domestic},
     events: [{type: supply, region: EU, sector: all, loss: 0.05}]}
"""
TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
          "add": 0.5}  # fmt: skip
FILES = {"results.parquet", "results.csv", "summary.md", "manifest.json"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("library") / "mine.yaml"
    path.write_text(LIBRARY, encoding="utf-8")
    return str(path)


def stress(library: str | None, *policy: dict[str, Any], **keys: Any) -> StressRun:
    return run_stress(chosen(library, *policy, **keys), workers=1, cache_folder=default_folder())


def chosen(library: str | None, *policy: dict[str, Any], **keys: Any) -> Scenario:
    own = {"library": library, **keys.pop("stress", {})}
    own = {name: value for name, value in own.items() if value is not None}
    return scenario(*policy, **{"elasticities": ["boehm"], "stress": own, **keys})


@pytest.fixture(scope="module")
def war(library: str) -> StressRun:
    return stress(library, TARIFF)


def loss(case: StressCase, run: StressRun, name: str, region: str) -> float:
    row = [one.name for one in run.disruptions].index(name)
    return float(case.losses[row, run.benchmark.regions.index(region)])


# -- stages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("closure", "lending"), [
    ({}, True), ({}, False), ({"kind": "short_run"}, True), ({"balance": "zero"}, True),
    ({"balance": {"scale": 0.5}}, True), ({"wage_floor": {}}, True), ({"wage_floor": {}}, False),
    ({"numeraire": "factor_return[USA, LAB]"}, True),
])  # fmt: skip
def test_without_a_disruption_nothing_is_lost_whatever_the_closure(
    closure: dict[str, Any], lending: bool
) -> None:
    told = chosen(None, TARIFF, closure=closure, stress={"lending": lending})
    makes = Stages(default_folder(), None, "newton")
    for one in makes.static(told, lambda *_: None):
        out_of_reach = replace(one.stage, premium={})
        solution = disrupted(out_of_reach, nothing())
        assert np.abs(one.stage.losses(solution)).max() < 1e-9
        now = solution.by_region("welfare") / one.solution.by_region("welfare")
        assert np.abs(now - 1).max() < 1e-9


def test_without_a_disruption_nothing_is_lost_in_a_year_of_a_path() -> None:
    told = chosen(None, TARIFF, path={"years": 2})
    makes = Stages(default_folder(), None, "newton")
    found = makes.path(told, (1, 2), None, False, lambda *_: None)
    assert [(one.variant, one.year) for one in found] == [
        (NO_POLICY, 1), (NO_POLICY, 2), ("", 1), ("", 2)
    ]  # fmt: skip
    for one in found:
        out_of_reach = replace(one.stage, premium={})
        assert np.abs(one.stage.losses(disrupted(out_of_reach, nothing()))).max() < 1e-9


def test_the_world_without_policy_is_the_benchmark_and_changes_are_against_it(
    war: StressRun,
) -> None:
    plain, policy = war.cases
    assert plain.stage.variant == NO_POLICY and policy.reference is plain
    assert np.abs(plain.stage.solution.measure("equivalent_variation")).max() < 1e-9
    assert np.abs(policy.stage.solution.measure("equivalent_variation")).max() > 0.1
    table = tidy_stress(war)
    one = table[(table["weighting"] == "default") & (table["region"] == "CHN")]
    by = one.set_index(["variant", "measure"])["value"]
    expected = by["", "expected_loss"] - by[NO_POLICY, "expected_loss"]
    assert by["", "expected_loss_change"] == pytest.approx(expected, rel=1e-12)
    assert (NO_POLICY, "expected_loss_change") not in by.index


def test_a_scenario_that_does_nothing_is_tested_once(library: str) -> None:
    run = stress(library)
    (case,) = run.cases
    assert case.stage.variant == NO_POLICY and not run.cases[0].failures


def test_rates_that_were_found_stay_where_they_are_in_a_disruption(library: str) -> None:
    run = stress(library, {"instrument": "output_subsidy", "region": "CHN", "sector": "ELEC",
                           "budget": 0.005})  # fmt: skip
    case = run.cases[1]
    assert case.stage.found and case.stage.solution.resolved.swaps == ()
    stage = case.stage.stage
    solution = disrupted(stage, impact_of(stage, run.disruptions[0], 0.001))
    _, cell = stage.model.variables.select("net_of_output_tax[CHN, ELEC]")
    assert solution.levels[cell] == pytest.approx(stage.levels[cell], rel=1e-14)
    assert abs(stage.levels[cell][0] / stage.model.arrays.start[cell][0] - 1) > 1e-3


def test_a_quota_written_into_the_closure_is_policy_and_becomes_its_tariff(library: str) -> None:
    swap = {"free": "tariff[*, EU, HMAN, USA]", "fix": "trade_volume[EU, HMAN, USA]", "at": 0.5}
    run = stress(library, closure={"swaps": [swap]})
    plain, quota = run.cases
    assert not plain.failures and not quota.failures
    assert np.abs(plain.stage.solution.measure("equivalent_variation")).max() < 1e-9
    stage = quota.stage.stage
    _, cells = stage.model.variables.select("tariff[*, EU, HMAN, USA]")
    assert (stage.levels[cells] > 1.05 * stage.model.arrays.start[cells]).all()


def test_the_last_step_is_what_is_tested(library: str) -> None:
    stepped = stress(library, TARIFF, steps=[0.25, 0.5])
    last = run_scenario(stepped.scenario).cases[-1]
    found = stepped.cases[1].stage.solution.measure("equivalent_variation")
    assert last.step == 0.5 and len(stepped.cases) == 2
    assert found == pytest.approx(last.solution.measure("equivalent_variation"), abs=1e-9)


# -- disruptions ------------------------------------------------------------------------------


def test_a_ration_holds_its_volume(war: StressRun) -> None:
    stage = war.cases[1].stage.stage
    (half,) = [one for one in war.disruptions if one.name == "half"]
    solution = disrupted(stage, impact_of(stage, half, 0.001))
    family = stage.model.outcomes["trade_volume"]
    place = family.block.start + family.block.index.index(("EU", "HMAN", "USA"))
    assert solution.outcomes[place] == pytest.approx(0.5 * stage.outcomes[place], rel=1e-8)


def test_losing_a_twentieth_of_a_country_costs_it_about_that(war: StressRun) -> None:
    for region in ("CHN", "EU"):
        assert loss(war.cases[0], war, f"country-{region}", region) == pytest.approx(0.05, rel=0.2)


def test_a_total_embargo_costs_at_most_what_the_stand_in_costs_more(war: StressRun) -> None:
    case = war.cases[0]
    b, settings = war.benchmark, case.stage.settings
    china, elec = b.regions.index("CHN"), b.sectors.index("ELEC")
    spent = b.flows[:, :, elec, china].sum(axis=0)
    imported = (spent.sum() - spent[china]) / b.absorption[china]
    most = (settings.premium["ELEC"] - 1) * imported
    found = loss(case, war, "embargo", "CHN")
    # Domestic prices rise as well, since home industry has to make more of it.
    assert 0.3 * most < found < 1.6 * most
    cheaper = stress(war.scenario.stress.library, stress={"premium": {"ELEC": 1.3}})
    assert loss(cheaper.cases[0], cheaper, "embargo", "CHN") < 0.5 * found


def test_without_a_strategic_group_nothing_has_a_backstop() -> None:
    b = load_benchmark(aggregation="small")
    bare = replace(b, groups={**b.groups, "sectors": {}})
    settings = settings_of(chosen(None), bare)
    assert settings.backstop == () and settings.premiums(bare, None) == {}
    assert settings_of(chosen(None), b).backstop == tuple(b.groups["sectors"]["strategic"])


def test_premiums_fall_with_knowledge_down_to_a_floor() -> None:
    b = load_benchmark(aggregation="small")
    own = {"parameters": {"backstop_elasticity": 0.5}, "premium": {"ELEC": 2.0, "HMAN": 1.21}}
    settings = settings_of(chosen(None, stress=own), b)
    known = np.ones((len(b.regions), len(b.sectors)))
    known[0] = 4.0
    found = settings.premiums(b, known)
    floor = load_disruption_parameters()["backstop_floor"]
    assert found["CHN", "ELEC"] == pytest.approx(1.5)
    assert found["CHN", "HMAN"] == floor
    assert found["USA", "ELEC"] == pytest.approx(2.0)


# -- knowledge --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def law() -> KnowledgeLaw:
    return KnowledgeLaw(load_knowledge(load_benchmark(aggregation="small")))


def test_knowledge_is_the_mean_of_its_stocks(law: KnowledgeLaw) -> None:
    start = law.start()
    assert relative_knowledge(law, start) == pytest.approx(1.0)
    more = replace(start, applied=1.1 * start.applied, basic=1.1 * start.basic,
                   foreign=1.1 * start.foreign)  # fmt: skip
    known = relative_knowledge(law, more)
    gamma = law.data.elasticities("central", on="output")
    does = gamma.own + gamma.spillover + gamma.basic + gamma.foreign > 0
    assert known[does] == pytest.approx(1.1) and (known[~does] == 1).all()
    basic = relative_knowledge(law, replace(start, basic=1.1 * start.basic))
    share = gamma.basic[does] / (gamma.own + gamma.spillover + gamma.basic + gamma.foreign)[does]
    assert basic[does] == pytest.approx(1.1**share)


def test_a_year_without_foreign_ideas_costs_what_the_law_of_motion_says(law: KnowledgeLaw) -> None:
    b = load_benchmark(aggregation="small")
    shape = (len(b.regions), len(b.sectors))
    ones = np.ones(shape)
    seen = Seen(ones, np.ones(shape[0]), np.ones((*shape, shape[0])), ones)
    forgetting = Forgetting(law, b.regions, law.start(), ones, seen, KnowledgePolicy.none(*shape))
    everybody = tuple((s, "CHN") for s in b.regions if s != "CHN")
    change = forgetting(Event("knowledge", 0.0, routes=everybody), 1)
    d, g = law.data.depreciation[0], law.data.parameters["growth"]
    gamma = law.data.elasticities("central", on="output").foreign[0]
    # Only what leaks comes in, of what is forgotten at the rate d.
    left = ((1 - d) + (g + d) * law.leak) / (1 + g)
    assert change[0] == pytest.approx(gamma * np.log(left))
    assert not change[1:].any()
    assert forgetting(Event("knowledge", 0.0, routes=everybody), 5)[0].min() < change[0].min()


def test_being_cut_off_from_knowledge_costs_china_most(war: StressRun) -> None:
    found = war.cases[0].losses[-1]
    assert war.disruptions[-1].name == "silence" and found[0] > 1e-4
    assert found[0] > 5 * np.abs(found[1:]).max()


def test_a_border_that_is_closed_already_can_not_be_closed_again(library: str) -> None:
    closed = {"instrument": "knowledge_openness", "source": "USA", "learner": "CHN", "set": 0.0}
    run = stress(library, knowledge=[closed], path={"years": 1})
    policy = next(case for case in run.cases if case.stage.variant == "")
    assert loss(policy, run, "silence", "CHN") == pytest.approx(0, abs=1e-9)
    assert loss(run.cases[0], run, "silence", "CHN") > 1e-4


# -- paths ------------------------------------------------------------------------------------


def test_equal_stages_of_a_path_are_solved_once(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[str] = []
    solve = worker._solved

    def counting(stage: Any, disruption: Any, *rest: Any) -> Any:
        solved.append(disruption.name)
        return solve(stage, disruption, *rest)

    monkeypatch.setattr(worker, "_solved", counting)
    run = stress(library, TARIFF, path={"years": 2, "returns": ["low", "high"]},
                 stress={"years": [1, 2]})  # fmt: skip
    assert len(run.cases) == 8
    # The benchmark once, but that what is forgotten hangs on the returns to research.
    assert len({case.stage.digest for case in run.cases[:4]}) == 1
    assert solved.count("half") < 8
    known = [case.stage.knowledge for case in run.cases if case.stage.variant == ""]
    assert all(k == pytest.approx(1.0) for k in (known[0], known[2]))
    assert np.abs(known[1] - 1).max() > 1e-6


def test_a_path_ends_with_the_last_year_that_is_tested(library: str) -> None:
    short = stress(library, TARIFF, path={"years": 2})
    long = stress(library, TARIFF, path={"years": 30}, stress={"years": [2]})
    assert [case.stage.year for case in long.cases] == [2, 2]
    assert long.cases[1].losses.tobytes() == short.cases[3].losses.tobytes()


def test_a_baseline_that_moves_is_the_world_without_policy(library: str, here: Path) -> None:
    (here / "baseline.csv").write_text("year,region,labour\n1,CHN,1.0\n2,CHN,1.2\n")
    run = stress(library, TARIFF, path={"years": 2, "baseline": "baseline.csv"},
                 stress={"years": [2]})  # fmt: skip
    plain, policy = run.cases
    assert plain.stage.variant == NO_POLICY and policy.reference is plain
    labour = plain.stage.solution.outcome("factor_supply[CHN, LAB]")
    assert labour > 1.15 and policy.stage.solution.outcome("factor_supply[CHN, LAB]") == labour


def test_a_library_is_looked_for_beside_the_scenario_that_names_it(here: Path) -> None:
    (here / "base").mkdir()
    (here / "base" / "mine.yaml").write_text(LIBRARY, encoding="utf-8")
    (here / "base" / "base.yaml").write_text(
        "name: base\nbenchmark: {aggregation: small}\nelasticities: boehm\n"
        "stress: {library: mine.yaml}\n"
    )
    (here / "child.yaml").write_text("name: child\nextends: base/base.yaml\n")
    told = load_scenario("child.yaml").stress
    assert told is not None and library_of(told, here).file == here / "base" / "mine.yaml"


# -- statistics -------------------------------------------------------------------------------


def test_statistics_are_those_of_the_losses_under_each_weighting(war: StressRun) -> None:
    table = tidy_stress(war)
    assert tuple(table.columns) == COLUMNS and not table["value"].isna().all()
    case, level = war.cases[1], load_disruption_parameters()["cvar_level"]
    for name, weighting in war.library.weightings.items():
        for n, region in enumerate(war.benchmark.regions):
            shares, _ = weights(war.disruptions, weighting, region)
            rows = table[(table["variant"] == "") & (table["weighting"] == name)
                         & (table["region"] == region)].set_index("measure")["value"]  # fmt: skip
            column = case.losses[:, n]
            assert rows["expected_loss"] == pytest.approx(100 * expected_loss(column, shares))
            assert rows["cvar"] == pytest.approx(100 * cvar(column, shares, level))
            assert rows["worst_loss"] == pytest.approx(100 * column[shares > 0].max())
    own = table[(table["measure"] == "loss_domestic") & (table["variant"] == "")]
    assert own.set_index("region")["value"]["EU"] == pytest.approx(
        100 * loss(case, war, "country-EU", "EU")
    )
    assert set(own["region"]) == {"CHN", "EU"}


def test_a_disruption_without_equilibrium_makes_what_gives_it_weight_unknown(
    library: str, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = worker.disrupted

    def fails(stage: Any, impact: Any, solver: Any) -> Any:
        if impact.rationed and len(impact.rationed) > 1:
            raise NoEquilibrium("the wall is too high")
        return solve(stage, impact, solver)

    monkeypatch.setattr(worker, "disrupted", fails)
    found = cge("stress", "world-uniform-tariff", "--aggregation", "small", "--elasticities",
                "boehm", "--library", library, "--workers", "1", "--no-exposure",
                "--out", "a")  # fmt: skip
    assert found.code == 0, found.err
    assert "NO EQUILIBRIUM: embargo" in found.out and "the wall is too high" in found.out
    table = pd.read_parquet(here / "a" / "results.parquet")
    rows = table[table["measure"] == "expected_loss"].set_index(["region", "weighting"])["value"]
    assert rows["CHN", "default"].isna().all() and rows["EU", "default"].notna().all()
    manifest = json.loads((here / "a" / "manifest.json").read_text())
    assert manifest["stages"][0]["failed"][0]["disruption"] == "embargo"


def test_nothing_is_written_if_nothing_has_an_equilibrium(
    library: str, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any) -> Any:
        raise NoEquilibrium("no way")

    monkeypatch.setattr(worker, "disrupted", fails)
    found = cge("stress", "world-uniform-tariff", "--aggregation", "small", "--elasticities",
                "boehm", "--library", library, "--workers", "1", "--out", "a")  # fmt: skip
    assert found.code == 3 and "no way" in found.err and found.out == ""
    assert not (here / "a" / "results.parquet").exists()


def test_links_are_told_one_by_one(here: Path) -> None:
    (here / "one.yaml").write_text(ONE)
    run = stress("one.yaml", stress={"links": "CHN"})
    table = tidy_stress(run).set_index(["measure", "region", "partner", "sector"])["value"]
    for partner in ("USA", "EU", "ASIA", "ROW"):
        one = table["link_loss", "CHN", partner, "ELEC"]
        assert one == pytest.approx(
            100 * loss(run.cases[0], run, f"link-{partner}-ELEC-CHN", "CHN")
        )
        assert 0 < table["link_loss_long_run", "CHN", partner, "ELEC"] < one
        speed = table["speed_of_substitution", "CHN", partner, "ELEC"]
        assert speed == pytest.approx(one / table["link_loss_long_run", "CHN", partner, "ELEC"])
    # They have no weight in what a region expects.
    for region in run.benchmark.regions:
        for weighting in run.library.weightings.values():
            assert not weights(run.disruptions, weighting, region)[0][run.of_library :].any()


def test_who_can_do_without_whom_is_told_by_both_losses(war: StressRun) -> None:
    b = war.benchmark
    single = Single((), withholdings(b, ["ELEC"]), bans(b, ["ELEC"]))
    every = (*war.disruptions, *single.others)
    losses = np.random.default_rng(0).uniform(0.01, 0.1, (len(every), len(b.regions)))
    case = replace(war.cases[0], losses=losses, borrowed=0 * losses)
    made = replace(war, disruptions=every, single=single, cases=(case,))
    found = tidy_stress(made)
    table = found.set_index(["measure", "region", "partner", "sector"])["value"]
    ban, none = loss(case, made, "ban-USA-CHN", "CHN"), loss(case, made, "ban-USA-CHN", "USA")
    assert table["leverage", "USA", "CHN", ""] == pytest.approx(ban / none)
    assert table["ban_harm", "USA", "CHN", ""] == pytest.approx(100 * ban)
    others = sum(
        loss(case, made, "withhold-CHN-ELEC", region) * b.absorption[n]
        for n, region in enumerate(b.regions) if region != "CHN"
    )  # fmt: skip
    own = loss(case, made, "withhold-CHN-ELEC", "CHN") * b.absorption[0]
    assert table["irreplaceability", "CHN", "", "ELEC"] == pytest.approx(others / own)


def test_bans_and_withholdings_are_solved_where_they_are_wanted(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def nothing_lost(stage: Any, disruption: Any, *_rest: Any) -> Any:
        asked.append(disruption.name)
        return {"losses": [0.0] * 5, "borrowed": [0.0] * 5, "iterations": 1}

    monkeypatch.setattr(worker, "_solved", nothing_lost)
    (here / "one.yaml").write_text(ONE)
    run = stress("one.yaml", stress={"leverage": True})
    assert {"withhold-CHN-ELEC", "ban-USA-CHN", "ban-CHN-USA"} <= set(asked)
    assert len(asked) == len(run.disruptions) == 1 + 5 * 2 + 5 * 4


def test_the_years_after_begin_with_the_loss_of_the_first(here: Path) -> None:
    (here / "one.yaml").write_text(ONE)
    run = stress("one.yaml", stress={"recovery": 1})
    case = run.cases[0]
    assert case.by_year["country-EU"].shape == (3, 5)
    assert case.by_year["country-EU"][0] == pytest.approx(case.losses[0], abs=1e-6)
    table = tidy_stress(run)
    area = table[(table["measure"] == "loss_area") & (table["disruption"] == "country-EU")]
    by_year = case.by_year["country-EU"][:, run.benchmark.regions.index("EU")]
    discount = (1 + case.stage.settings.discount_rate) ** -np.arange(3)
    found = area.set_index("region")["value"]["EU"]
    assert found == pytest.approx(100 * (by_year * discount).sum())


def test_exposure_is_told_of_every_equilibrium(library: str) -> None:
    run = run_stress(chosen(library, TARIFF), workers=1, cache_folder=default_folder(),
                     describe=exposure)  # fmt: skip
    table = tidy_stress(run)
    share = table[(table["measure"] == "largest_import_share") & (table["sector"] == "ELEC")]
    by = share.set_index(["variant", "region"])["value"]
    assert by["", "USA"] < by[NO_POLICY, "USA"]  # less from China


# -- workers and interruptions ----------------------------------------------------------------


def same(one: StressRun, other: StressRun) -> None:
    for a, b in zip(one.cases, other.cases, strict=True):
        assert a.losses.tobytes() == b.losses.tobytes()
        assert a.borrowed.tobytes() == b.borrowed.tobytes()
    assert tidy_stress(one).equals(tidy_stress(other))


def test_results_do_not_depend_on_workers_or_on_interruptions(
    library: str, war: StressRun, tmp_path: Path
) -> None:
    def stop(what: str, done: int, _all: int) -> None:
        if what == "disruptions" and done == 1:
            raise KeyboardInterrupt

    keys = {"cache_folder": default_folder(), "keep": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        run_stress(war.scenario, workers=1, report=stop, **keys)
    (kept,) = tmp_path.glob("*.jsonl")
    with kept.open("a") as file:
        file.write('["x/y", [{"losses": [0.1, 0.')  # cut off by a kill
    resumed = run_stress(war.scenario, workers=2, **keys)
    assert resumed.resumed == 1
    same(resumed, war)
    assert run_stress(war.scenario, workers=1, fresh=True, **keys).resumed == 0


def test_what_was_kept_of_another_library_is_not_used(
    library: str, war: StressRun, tmp_path: Path
) -> None:
    keys = {"workers": 1, "cache_folder": default_folder(), "keep": tmp_path / "kept"}
    run_stress(war.scenario, **keys)
    other = tmp_path / "other.yaml"
    other.write_text(LIBRARY.replace("loss: 0.05", "loss: 0.06"), encoding="utf-8")
    told = chosen(str(other), TARIFF)
    # The first four disruptions of each stage are one task, and two of them have changed.
    assert run_stress(told, **keys).resumed == 2


def test_a_cluster_of_dask_gives_the_same(library: str, war: StressRun) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        found = run_stress(war.scenario, scheduler=cluster.scheduler_address,
                           cache_folder=default_folder())  # fmt: skip
    same(found, war)


@pytest.mark.slow
def test_workers_of_a_cluster_in_other_processes_give_the_same(war: StressRun) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
    ) as cluster:
        found = run_stress(war.scenario, scheduler=cluster.scheduler_address)
    same(found, war)


@pytest.mark.slow
def test_a_killed_test_goes_on_and_ends_the_same(library: str, here: Path, cge: Run) -> None:
    words = ["stress", "us-china-tariff-war", "--aggregation", "small", "--elasticities", "boehm",
             "--workers", "1"]  # fmt: skip
    program = [sys.executable, "-c", "from cge.cli.main import run; run()"]
    process = subprocess.Popen([*program, *words, "--out", "a"], stdout=subprocess.DEVNULL)
    kept = here / "a" / ".cge-new.stress"
    for _ in range(600):
        time.sleep(0.1)
        if any(path.stat().st_size for path in kept.glob("*.jsonl")):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert any(kept.glob("*.jsonl")) and not (here / "a" / "manifest.json").exists()
    again = cge(*words, "--out", "a")
    assert again.code == 0 and "of an interruption kept" in again.out
    assert cge(*words, "--out", "b", "--fresh").code == 0
    for name in ("results.parquet", "results.csv", "summary.md"):
        assert (here / "a" / name).read_bytes() == (here / "b" / name).read_bytes()
    assert not kept.exists()


# -- the command ------------------------------------------------------------------------------


def test_the_command_writes_a_folder_and_says_what_it_found(
    library: str, here: Path, cge: Run
) -> None:
    found = cge("stress", "us-china-tariff-war", "--aggregation", "small", "--elasticities",
                "boehm", "--library", library, "--workers", "1", "--level", "0.5",
                "--premium", "ELEC=1.8", "--out", "a")  # fmt: skip
    assert found.code == 0, found.err
    assert {path.name for path in (here / "a").iterdir()} == FILES
    assert "CVaR 0.5" in found.out and "ELEC 1.8" in found.out
    assert "No disruption of family control for USA, EU, ASIA, ROW" in found.out
    assert "CHN" in found.out.split("Policy:")[0] and "ROW" not in found.out.split("Policy:")[0]
    manifest = json.loads((here / "a" / "manifest.json").read_text())
    assert manifest["kind"] == "stress" and len(manifest["stages"]) == 2
    assert manifest["stages"][1]["settings"]["premium"]["ELEC"] == 1.8
    summary = (here / "a" / "summary.md").read_text()
    assert "| CHN |" in summary and "embargo" in summary
    regional = pd.read_csv(here / "a" / "results.csv")
    assert regional["sector"].isna().all() and regional["partner"].isna().all()


@pytest.mark.parametrize(("words", "said"), [
    (["--years", "3"], "key '--years', value [3]: comparative statics have no years"),
    (["--years", "x"], "key '--years', value 'x': is no list of years"),
    (["--level", "1.5"], "--level"),
    (["--library", "none.yaml"], "none.yaml"),
    (["--premium", "STEEL=2"], "key '--premium', value 'STEEL'"),
    (["--premium", "ELEC=1.1"], "is below what any knowledge brings it to"),
    (["--premium", "much"], "--premium"),
    (["--backstop", "STEEL"], "key '--backstop', value 'STEEL'"),
    (["--links", "MARS"], "key '--links', value 'MARS'"),
    (["--leverage", "--backstop", "none"], "nothing has one"),
    (["--recovery", "-1"], "--recovery"),
    (["--trickle", "0"], "--trickle"),
    (["--workers", "0"], "--workers"),
    (["--solver", "gams"], "--solver"),
    (["--scheduler", "nowhere"], "key '--scheduler', value 'nowhere': is not reached"),
])  # fmt: skip
def test_a_wrong_option_is_one_message_and_nothing_is_written(
    words: list[str], said: str, here: Path, cge: Run
) -> None:
    before = snapshot(here)
    found = cge("stress", "us-china-tariff-war", "--aggregation", "small", *words)
    assert found.code == 2 and said in found.err and found.err.count("\n") == 1
    assert snapshot(here) == before


@pytest.mark.parametrize(("old", "new", "said"), [
    ("regions: [CHN, EU]", "regions: [CHN, MARS]", "disruptions.0.each.regions', value 'MARS'"),
    ("duration: 2", "durations: 2", "disruptions.1.durations"),
    ("control: 0.2}", "controls: 0.2}", "no weight for family 'control'"),
    ("name: half", "name: embargo", "two disruptions have this name"),
])  # fmt: skip
def test_a_wrong_library_is_one_message_with_its_file(
    old: str, new: str, said: str, here: Path, cge: Run
) -> None:
    (here / "mine.yaml").write_text(LIBRARY.replace(old, new), encoding="utf-8")
    found = cge("stress", "us-china-tariff-war", "--aggregation", "small",
                "--library", "mine.yaml")  # fmt: skip
    assert found.code == 2 and "mine.yaml" in found.err and said in found.err
    assert {path.name for path in here.iterdir()} == {"mine.yaml"}


def test_a_year_beyond_the_path_and_differing_variants_are_refused(library: str) -> None:
    with pytest.raises(InputError, match=r"value 5: is beyond the path \(allowed: 1 to 3"):
        stress(library, TARIFF, path={"years": 3}, stress={"years": [5]})
    both = [{"name": "a", "stress": {"level": 0.5}}, {"name": "b", "stress": {"level": 0.6}}]
    with pytest.raises(InputError, match="same for all variants"):
        stress(library, TARIFF, variants=both)


def test_variants_may_differ_in_how_they_are_tested(library: str) -> None:
    both = [{"name": name, "stress": {"premium": {"ELEC": phi}}}
            for name, phi in (("cheap", 1.3), ("dear", 3.0))]  # fmt: skip
    run = stress(library, TARIFF, variants=both)
    names = [case.stage.variant for case in run.cases]
    assert names == ["no policy (cheap)", "no policy (dear)", "cheap", "dear"]
    low, high = (loss(case, run, "embargo", "CHN") for case in run.cases[2:])
    assert low < 0.6 * high
    assert run.cases[2].reference is run.cases[0] and run.cases[3].reference is run.cases[1]


def test_without_dask_the_message_names_what_to_install(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"cge-trade-policy\[dask\]"):
        run_stress(chosen(library), scheduler="tcp://127.0.0.1:1")
