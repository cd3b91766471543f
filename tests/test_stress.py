"""The stress test: what is solved from what, and what is made of it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stressed import (
    LIBRARY,
    ONE,
    TARIFF,
    Tried,
    chosen,
    equilibria,
    figure,
    pre_shock_of,
    stress,
    tried,
)

from cge import InputError, load_benchmark, solve_scenario
from cge.data.knowledge.assembly import load_knowledge
from cge.data.library import load_library
from cge.data.parameters.parameter_files import load_disruption_parameters
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, Seen
from cge.dynamics.stand_ins import relative_knowledge
from cge.indicators.exposure_rows import EXPOSURE, EXPOSURES
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.policy.adjustment import ADJUSTMENTS
from cge.resilience.disruptions import weights
from cge.resilience.events import Event
from cge.resilience.forgetting import Forgetting
from cge.resilience.impact import Impact, disrupted, impact_of
from cge.resilience.links import bans, withholdings
from cge.resilience.losses import cvar, expected_loss
from cge.results.collect import Wanted
from cge.results.row_schema import COLUMNS, NO_POLICY
from cge.scenario.schema import load_scenario
from cge.stress import stress_cases as worker
from cge.stress.stress_cases import Near
from cge.stress.stress_notes import stress_notes
from cge.stress.stress_plan import SingleCuts, plan_of
from cge.stress.stress_settings import settings_of
from cge.stress.viewers import Viewers
from cge.tasks.runner import Runner


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("library") / "mine.yaml"
    path.write_text(LIBRARY, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def war(library: str) -> Tried:
    return stress(library, TARIFF)


def variants(run: Tried) -> list[str]:
    return [case.equilibrium.labels["variant"] for case in run.cases]


# -- pre-shock equilibria ---------------------------------------------------------------------


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("closure", [
    {}, {"kind": "short_run"}, {"balance": "zero"}, {"balance": {"scale": 0.5}},
    {"wage_floor": {}}, {"numeraire": "factor_return[USA, LAB]"},
    {"kind": "short_run", "parameters": {"wage_response": 1.2, "private_saving": 0.2}},
])  # fmt: skip
def test_without_a_disruption_nothing_is_lost_whatever_the_closure(
    closure: dict[str, Any], adjustment: str
) -> None:
    told = chosen(None, TARIFF, closure=closure, stress={"adjustment": adjustment})
    for one in equilibria(told):
        pre = pre_shock_of(one)
        solution = disrupted(pre, Impact())
        assert np.abs(pre.losses(solution)).max() < 1e-9
        now = solution.by_region("welfare") / solution.by_region("welfare", benchmark=True)
        before = 1 + figure(one, "equivalent_variation") / 100
        assert np.abs(now / before - 1).max() < 1e-9


def test_without_a_disruption_nothing_is_lost_in_a_year_of_a_path() -> None:
    found = equilibria(chosen(None, TARIFF, path={"years": 2}))
    assert [(one.labels["variant"], one.labels["path_year"]) for one in found] == [
        (NO_POLICY, 1), (NO_POLICY, 2), ("", 1), ("", 2)
    ]  # fmt: skip
    for one in found:
        pre = pre_shock_of(one)
        assert np.abs(pre.losses(disrupted(pre, Impact()))).max() < 1e-9


def test_the_world_without_policy_is_the_benchmark_and_changes_are_against_it(
    war: Tried,
) -> None:
    plain, policy = war.cases
    assert variants(war) == [NO_POLICY, ""] and policy.reference is plain
    assert np.abs(figure(plain.equilibrium, "equivalent_variation")).max() < 1e-6
    assert np.abs(figure(policy.equilibrium, "equivalent_variation")).max() > 0.1
    table = war.table
    one = table[(table["weighting"] == "default") & (table["region"] == "CHN")]
    by = one[one["measure"] == "expected_loss"].set_index("variant")
    expected = by.loc["", "value"] - by.loc[NO_POLICY, "value"]
    assert by.loc["", "change"] == pytest.approx(expected, rel=1e-12)
    assert by.loc["", "benchmark"] == by.loc[NO_POLICY, "value"]
    assert np.isnan(by.loc[NO_POLICY, "change"])


def test_a_scenario_that_does_nothing_is_tested_once(library: str) -> None:
    run = stress(library)
    assert variants(run) == [NO_POLICY] and not run.cases[0].failures


def test_rates_that_were_found_stay_where_they_are_in_a_disruption(library: str) -> None:
    run = stress(library, {"instrument": "output_subsidy", "region": "CHN", "sector": "ELEC",
                           "budget": 0.005})  # fmt: skip
    one = run.cases[1].equilibrium
    assert one.facts["endogenous_rates"]
    pre = pre_shock_of(one)
    solution = disrupted(pre, impact_of(pre, run.plan.disruptions[0], 0.001))
    _, cell = pre.model.variables.select("net_of_output_tax[CHN, ELEC]")
    assert solution.levels[cell] == pytest.approx(pre.levels[cell], rel=1e-14)
    assert abs(pre.levels[cell][0] / pre.model.arrays.start[cell][0] - 1) > 1e-3


def test_a_quota_written_into_the_closure_is_policy_and_becomes_its_tariff(library: str) -> None:
    swap = {"free": "tariff[*, EU, HMAN, USA]", "fix": "trade_volume[EU, HMAN, USA]", "at": 0.5}
    run = stress(library, closure={"swaps": [swap]})
    plain, quota = run.cases
    assert not plain.failures and not quota.failures
    assert np.abs(figure(plain.equilibrium, "equivalent_variation")).max() < 1e-6
    pre = pre_shock_of(quota.equilibrium)
    _, cells = pre.model.variables.select("tariff[*, EU, HMAN, USA]")
    assert (pre.levels[cells] > 1.05 * pre.model.arrays.start[cells]).all()


def test_the_last_step_is_what_is_tested(library: str) -> None:
    stepped = stress(library, TARIFF, steps=[0.25, 0.5])
    last = solve_scenario(stepped.plan.scenario)[-1]
    found = figure(stepped.cases[1].equilibrium, "equivalent_variation")
    assert last.step == 0.5 and len(stepped.cases) == 2
    # Under a tariff a little is made at home in place of imports: stand-ins are in reach.
    assert found == pytest.approx(last.solution.measure("equivalent_variation"), abs=1e-4)
    assert found != pytest.approx(last.solution.measure("equivalent_variation"), abs=1e-9)


# -- disruptions ------------------------------------------------------------------------------


def test_a_ration_holds_its_volume(war: Tried) -> None:
    pre = pre_shock_of(war.cases[1].equilibrium)
    (half,) = [one for one in war.plan.disruptions if one.name == "half"]
    solution = disrupted(pre, impact_of(pre, half, 0.001))
    family = pre.model.outcomes["trade_volume"]
    place = family.start + family.index.index(("EU", "HMAN", "USA"))
    assert solution.outcomes[place] == pytest.approx(0.5 * pre.outcomes[place], rel=1e-8)


def test_losing_a_twentieth_of_a_country_costs_it_about_that(war: Tried) -> None:
    for region in ("CHN", "EU"):
        assert war.loss(war.cases[0], f"country-{region}", region) == pytest.approx(0.05, rel=0.2)


def test_a_total_embargo_costs_at_most_what_the_stand_in_costs_more(war: Tried) -> None:
    case = war.cases[0]
    b, settings = war.plan.benchmark, case.equilibrium.settings
    china, elec = b.regions.index("CHN"), b.sectors.index("ELEC")
    spent = b.flows[:, :, elec, china].sum(axis=0)
    imported = (spent.sum() - spent[china]) / b.absorption[china]
    most = (settings.stand_ins.premium["ELEC"] - 1) * imported
    found = war.loss(case, "embargo", "CHN")
    # Domestic prices rise as well, since home industry has to make more of it.
    assert 0.3 * most < found < 1.6 * most
    cheaper = stress(war.plan.choice.library, stress={"premium": {"ELEC": 1.3}})
    assert cheaper.loss(cheaper.cases[0], "embargo", "CHN") < 0.5 * found


def test_without_a_strategic_group_nothing_has_a_backstop() -> None:
    b = load_benchmark("wiod2013", aggregation="small")
    bare = replace(b, groups={**b.groups, "sectors": {}})
    stand_ins = settings_of(chosen(None), bare).stand_ins
    assert stand_ins.sectors == () and stand_ins.premiums(bare) == {}
    strategic = tuple(b.groups["sectors"]["strategic"])
    assert settings_of(chosen(None), b).stand_ins.sectors == strategic
    for none in ("none", ["none"]):
        assert settings_of(chosen(None, stress={"backstop": none}), b).stand_ins.sectors == ()


def test_premiums_fall_with_knowledge_down_to_a_floor() -> None:
    b = load_benchmark("wiod2013", aggregation="small")
    own = {"parameters": {"backstop_elasticity": 0.5}, "premium": {"ELEC": 2.0, "HMAN": 1.21}}
    stand_ins = settings_of(chosen(None, stress=own), b).stand_ins
    known = np.ones((len(b.regions), len(b.sectors)))
    known[0] = 4.0
    found = stand_ins.premiums(b, known)
    floor = load_disruption_parameters()["backstop_floor"]
    assert found["CHN", "ELEC"] == pytest.approx(1.5)
    assert found["CHN", "HMAN"] == floor
    assert found["USA", "ELEC"] == pytest.approx(2.0)


def test_disruptions_of_equal_events_are_told_apart_and_solved_once(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are no part of what is solved."""
    head, one = ONE.split("disruptions:\n")
    eight = "".join(one.replace("country-EU", f"country-{n}") for n in range(8))
    (here / "eight.yaml").write_text(f"{head}disruptions:\n{eight}")
    solved: list[int] = []
    solve = worker._solved

    def counting(*rest: Any) -> Any:
        solved.append(1)
        return solve(*rest)

    monkeypatch.setattr(worker, "_solved", counting)
    run = stress("eight.yaml", runner=Runner(1, cache=None))
    # Eight equal disruptions are two equal tasks of four, of which one is done.
    assert len(run.plan.disruptions) == 8 and len(solved) == worker.CHUNK == 4
    assert len(np.unique(run.cases[0].losses, axis=0)) == 1
    found = run.table[run.table["measure"] == "loss"]
    assert set(found["disruption"]) == {one.name for one in run.plan.disruptions}


# -- knowledge --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def law() -> KnowledgeLaw:
    return KnowledgeLaw(load_knowledge(load_benchmark("wiod2013", aggregation="small")))


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
    b = load_benchmark("wiod2013", aggregation="small")
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


def test_being_cut_off_from_knowledge_costs_china_most(war: Tried) -> None:
    found = war.cases[0].losses[-1]
    assert war.plan.disruptions[-1].name == "silence" and found[0] > 1e-4
    assert found[0] > 4 * np.abs(found[1:]).max()


def test_a_border_that_is_closed_already_can_not_be_closed_again(library: str) -> None:
    closed = {"instrument": "knowledge_openness", "source": "USA", "learner": "CHN", "set": 0.0}
    run = stress(library, knowledge=[closed], path={"years": 1})
    policy = run.cases[variants(run).index("")]
    assert run.loss(policy, "silence", "CHN") == pytest.approx(0, abs=1e-9)
    assert run.loss(run.cases[0], "silence", "CHN") > 1e-4


# -- paths ------------------------------------------------------------------------------------


def test_equal_equilibria_of_a_path_are_solved_once(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[int] = []
    solve = worker._solved

    def counting(pre: Any, disruption: Any, *given: Any) -> Any:
        # Names are no part of a task: `half` is the ration that is not total.
        solved.append(any(0 < e.size < 1 and e.type == "ration" for e in disruption.events))
        return solve(pre, disruption, *given)

    monkeypatch.setattr(worker, "_solved", counting)
    run = stress(library, TARIFF, path={"years": 2, "returns": ["low", "high"]},
                 stress={"years": [1, 2]}, runner=Runner(1, cache=None))  # fmt: skip
    assert len(run.cases) == 8
    # The benchmark once, but that what is forgotten hangs on the returns to research.
    levels = [case.equilibrium.plain["levels"].tobytes() for case in run.cases[:4]]
    assert len(set(levels)) == 1
    assert 0 < sum(solved) < 8
    known = [
        rows[rows["measure"] == "relative_knowledge"]["value"].to_numpy()
        for case in run.cases[4:] for rows in [case.equilibrium.plain["rows"]]
    ]  # fmt: skip
    assert all(k == pytest.approx(1.0) for k in (known[0], known[2]))
    assert np.abs(known[1] - 1).max() > 1e-6


def test_a_guess_from_the_world_without_policy_saves_steps_and_moves_no_loss(
    war: Tried, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Near, "guess", lambda *_given: None)
    cold = stress(library, TARIFF, runner=Runner(1, cache=None))
    guessed, found = war.cases[1], cold.cases[1]
    np.testing.assert_allclose(guessed.losses, found.losses, rtol=0, atol=1e-11)
    assert (guessed.iterations <= found.iterations).all()
    assert guessed.iterations.sum() < 0.8 * found.iterations.sum()


def test_a_path_ends_with_the_last_year_that_is_tested(library: str) -> None:
    short = stress(library, TARIFF, path={"years": 2}, stress={"years": [2]})
    long = stress(library, TARIFF, path={"years": 30}, stress={"years": [2]})
    assert [case.equilibrium.labels["path_year"] for case in long.cases] == [2, 2]
    assert long.cases[1].losses.tobytes() == short.cases[1].losses.tobytes()


def test_a_baseline_that_moves_is_the_world_without_policy(library: str, here: Path) -> None:
    (here / "baseline.csv").write_text("year,region,labour\n1,CHN,1.0\n2,CHN,1.2\n")
    run = stress(library, TARIFF, path={"years": 2, "baseline": "baseline.csv"},
                 stress={"years": [2]})  # fmt: skip
    plain, policy = run.cases
    assert variants(run) == [NO_POLICY, ""] and policy.reference is plain
    supply = []
    for case in run.cases:
        pre = pre_shock_of(case.equilibrium)
        _, cell = pre.model.variables.select("factor_supply[CHN, LAB]")
        supply.append(float(pre.levels[cell][0]))
    assert supply[0] > 1.15 and supply[1] == supply[0]
    # Welfare is against the baseline of the same year.
    assert np.abs(figure(plain.equilibrium, "equivalent_variation")).max() < 1e-6


def test_a_library_is_looked_for_beside_the_scenario_that_names_it(here: Path) -> None:
    (here / "base").mkdir()
    (here / "base" / "mine.yaml").write_text(LIBRARY, encoding="utf-8")
    (here / "base" / "base.yaml").write_text(
        "name: base\nbenchmark: {table: wiod2013, aggregation: small}\nelasticities: boehm\n"
        "stress: {library: mine.yaml}\n"
    )
    (here / "child.yaml").write_text("name: child\nextends: base/base.yaml\n")
    told = load_scenario("child.yaml").stress
    assert told is not None and load_library(told.library).file == here / "base" / "mine.yaml"


# -- statistics -------------------------------------------------------------------------------


def test_statistics_are_those_of_the_losses_under_each_weighting(war: Tried) -> None:
    table, plan = war.table, war.plan
    assert tuple(table.columns) == COLUMNS and not table["value"].isna().all()
    case, level = war.cases[1], load_disruption_parameters()["cvar_level"]
    names = [one.name for one in plan.every]
    for name, weighting in plan.library.weightings.items():
        for n, region in enumerate(plan.benchmark.regions):
            shares, _ = weights(plan.disruptions, weighting, region)
            rows = table[(table["variant"] == "") & (table["weighting"] == name)
                         & (table["region"] == region)].set_index("measure")  # fmt: skip
            column, found = case.losses[:, n], rows["value"]
            assert found["expected_loss"] == pytest.approx(100 * expected_loss(column, shares))
            assert found["cvar"] == pytest.approx(100 * cvar(column, shares, level))
            assert found["worst_loss"] == pytest.approx(100 * column[shares > 0].max())
            worst = names.index(rows.loc["worst_loss", "disruption"])
            assert found["worst_loss"] == pytest.approx(100 * column[worst]) and shares[worst] > 0
    own = table[(table["measure"] == "loss_by_family") & (table["item"] == "domestic")]
    own = own[own["variant"] == ""].set_index("region")["value"]
    assert own["EU"] == pytest.approx(100 * war.loss(case, "country-EU", "EU"))
    assert set(own.index) == {"CHN", "EU"}


def test_a_cvar_that_is_the_loss_from_one_likely_disruption_is_told(war: Tried) -> None:
    viewers = Viewers(war.plan)
    # To the EU a fall of capacity in China has 0.3 of 0.8, one of its own the rest.
    shares = viewers.weights("default")[:, war.plan.benchmark.regions.index("EU")]
    assert shares[:2] == pytest.approx([0.375, 0.625])
    (line,) = [one for one in stress_notes(viewers, war.cases) if one.startswith("CVaR is")]
    assert "at least as likely as the tail of 0.2" in line
    assert "EU (country-EU) under default, other" in line
    for case in war.cases:
        for name in viewers.weightings:
            found = viewers.statistics(case.losses, name)
            for region, disruption in viewers.alone_in_tail(case.losses, name).items():
                n = war.plan.benchmark.regions.index(region)
                alone = 100 * war.loss(case, disruption, region)
                assert found["cvar"][n] == pytest.approx(alone, rel=1e-12)


def test_the_loss_of_a_year_is_the_mixture_of_how_often_and_how_severe(here: Path) -> None:
    often = {"value": 0.04, "low": 0.01, "high": 0.1, "status": "assumed", "citation": "none"}
    (here / "two.yaml").write_text(json.dumps({
        "weightings": {"even": {"abroad": 1, "home": 1}},
        "disruptions": [
            {"name": "abroad", "families": {"other": "abroad"}, "duration": 2, "frequency": often,
             "severities": {0.5: 3, 1.0: 1},
             "events": [{"type": "supply", "region": "CHN", "sector": "ELEC", "loss": 0.5}]},
            {"name": "home", "families": {"hit": "home"}, "frequency": {**often, "value": 0.1},
             "events": [{"type": "supply", "region": "USA", "sector": "all", "loss": 0.1}]},
        ],
    }))  # fmt: skip
    run = stress("two.yaml", stress={"parameters": {"annual_cvar_level": 0.98}})
    case = run.cases[0]
    mild, whole, home = (100 * run.loss(case, name, "USA") for name in
                         ("abroad-50", "abroad", "home"))  # fmt: skip
    rows = run.table[run.table["region"] == "USA"]
    told = rows.set_index(["measure", "item"])["value"]
    assert told["frequency", "abroad"] == pytest.approx(4)
    assert told["frequency", ""] == pytest.approx(14)
    # A year is one of it with its frequency times the two years that it lasts.
    assert told["annual_loss", "abroad"] == pytest.approx(0.08 * (0.75 * mild + 0.25 * whole))
    assert told["annual_loss", ""] == pytest.approx(told["annual_loss", "abroad"] + 0.1 * home)
    # The worst fiftieth of years: a tenth of them is of the shock at home.
    assert home > max(mild, whole) and told["annual_cvar", ""] == pytest.approx(home)
    # And of the cut abroad all of it is in its severe form.
    assert whole > mild and told["annual_cvar", "abroad"] == pytest.approx(whole)
    china = run.table[run.table["region"] == "CHN"]
    assert "abroad" not in set(china.loc[china["measure"] == "frequency", "item"])


@pytest.mark.parametrize("after", [0, 3])
def test_years_after_a_disruption_count_as_work(library: str, after: int) -> None:
    """So that the steps that are refused without a word from the user are those that are solved."""
    known = dict.fromkeys(field.name for field in fields(worker.Chunk))
    every = plan_of(chosen(library, TARIFF)).every
    chunk = worker.Chunk(**{**known, "disruptions": every, "years_after": after})
    years = [len(range(one.duration + after)) for one in every]
    assert chunk.equilibria == (sum(years) if after else len(every)) > 1


def test_losses_last_as_long_as_the_disruption_or_until_they_are_gone(here: Path) -> None:
    (here / "one.yaml").write_text(ONE)
    for recovery in (0, 2):
        run = stress("one.yaml", stress={"recovery": recovery})
        case, disruptions = run.cases[0], run.plan.every
        lasting = case.lasting(disruptions)
        for n, one in enumerate(disruptions):
            if recovery == 0:
                assert lasting[n] == pytest.approx(one.duration * case.losses[n], rel=1e-14)
            else:
                years = case.by_year[one.name]
                assert len(years) == one.duration + 2
                rate = case.equilibrium.settings.discount_rate
                assert lasting[n] == pytest.approx(
                    sum(loss / (1 + rate) ** t for t, loss in enumerate(years)), rel=1e-12
                )


def test_links_are_told_one_by_one(here: Path) -> None:
    (here / "one.yaml").write_text(ONE)
    run = stress("one.yaml", stress={"links": "CHN"})
    table = run.table.set_index(["measure", "region", "partner", "sector"])["value"]
    for partner in ("USA", "EU", "ASIA", "ROW"):
        one = table["link_loss", "CHN", partner, "ELEC"]
        lost = run.loss(run.cases[0], f"link-{partner}-ELEC-CHN", "CHN")
        assert one == pytest.approx(100 * lost)
        assert 0 < table["link_loss_long_run", "CHN", partner, "ELEC"] < one
        speed = table["speed_of_substitution", "CHN", partner, "ELEC"]
        assert speed == pytest.approx(one / table["link_loss_long_run", "CHN", partner, "ELEC"])
    # They have no weight in what a region expects.
    for region in run.plan.benchmark.regions:
        for weighting in run.plan.library.weightings.values():
            shares, _ = weights(run.plan.every, weighting, region)
            assert not shares[len(run.plan.disruptions) :].any()


def test_who_can_do_without_whom_is_told_by_both_losses(war: Tried) -> None:
    b = war.plan.benchmark
    plan = replace(war.plan, cuts=SingleCuts((), withholdings(b, ["ELEC"]), bans(b, ["ELEC"])))
    losses = np.random.default_rng(0).uniform(0.01, 0.1, (len(plan.every), len(b.regions)))
    case = replace(war.cases[0], losses=losses, borrowed=0 * losses)
    made = Tried(plan, (case,))
    table = made.table.set_index(["measure", "region", "partner", "sector"])["value"]
    ban, none = made.loss(case, "ban-USA-CHN", "CHN"), made.loss(case, "ban-USA-CHN", "USA")
    assert table["leverage", "USA", "CHN", ""] == pytest.approx(100 * (ban - none))
    assert table["ban_harm", "USA", "CHN", ""] == pytest.approx(100 * ban)
    others = sum(
        made.loss(case, "withhold-CHN-ELEC", region) * b.absorption[n]
        for n, region in enumerate(b.regions) if region != "CHN"
    )  # fmt: skip
    own = made.loss(case, "withhold-CHN-ELEC", "CHN") * b.absorption[0]
    more = 100 * (others - own) / b.absorption[0]
    assert table["irreplaceability", "CHN", "", "ELEC"] == pytest.approx(more)


def test_bans_and_withholdings_are_solved_where_they_are_wanted(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def nothing_lost(_pre: Any, disruption: Any, *_given: Any) -> Any:
        asked.append(disruption.events)
        return {"losses": np.zeros(5), "borrowed": np.zeros(5), "iterations": 1}

    monkeypatch.setattr(worker, "_solved", nothing_lost)
    (here / "one.yaml").write_text(ONE)
    run = stress("one.yaml", stress={"leverage": True}, runner=Runner(1, cache=None))
    names = {one.name for one in run.plan.every}
    assert {"withhold-CHN-ELEC", "ban-USA-CHN", "ban-CHN-USA"} <= names
    assert len(asked) == len(run.plan.every) == 1 + 5 * 2 + 5 * 4
    assert asked == [one.events for one in run.plan.every]


def test_the_years_after_begin_with_the_loss_of_the_first(here: Path) -> None:
    (here / "one.yaml").write_text(ONE)
    run = stress("one.yaml", stress={"recovery": 1})
    case = run.cases[0]
    assert case.by_year["country-EU"].shape == (3, 5)
    assert case.by_year["country-EU"][0] == pytest.approx(case.losses[0], abs=1e-6)
    table = run.table[run.table["region"] == "EU"]
    by_year = case.by_year["country-EU"][:, run.plan.benchmark.regions.index("EU")]
    discount = (1 + case.equilibrium.settings.discount_rate) ** -np.arange(3)
    (area,) = table[table["measure"] == "loss_area"]["value"]
    assert area == pytest.approx(100 * (by_year * discount).sum())
    years = table[table["measure"] == "loss_in_year"].set_index("item")["value"]
    assert years[["1", "2", "3"]].to_numpy() == pytest.approx(100 * by_year)


def test_exposure_is_told_of_every_equilibrium(library: str) -> None:
    wanted = Wanted(groups=(EXPOSURE, VALUE_CHAINS), measures=EXPOSURES)
    table = stress(library, TARIFF, wanted=(wanted,)).table
    share = table[(table["measure"] == "largest_import_share") & (table["sector"] == "ELEC")]
    by = share[share["item"] == ""].set_index(["variant", "region"])["value"]
    assert by["", "USA"] < by[NO_POLICY, "USA"]  # less from China


def test_disruptions_can_be_named_and_the_others_are_not_solved(library: str) -> None:
    whole = stress(library, TARIFF)
    some = stress(library, TARIFF, stress={"disruptions": ["country-*", "half"]})
    assert [one.name for one in some.plan.every] == ["country-CHN", "country-EU", "half"]
    for name in ("country-CHN", "half"):
        assert some.loss(some.cases[1], name, "USA") == whole.loss(whole.cases[1], name, "USA")
    # Without an embargo its family drops out and the others weigh more.
    assert some.viewers.weights("default").sum(axis=0)[0] == pytest.approx(1.0)
    assert any("those that are named" in line for line in some.notes())
    with pytest.raises(InputError) as told:
        plan_of(chosen(library, TARIFF, stress={"disruptions": ["half", "earthquake"]}))
    assert told.value.key == "stress.disruptions.1" and "country-EU" in str(told.value)


def test_what_a_library_lacks_here_is_told_of_named_disruptions_alone(tmp_path: Path) -> None:
    """The small world has no New Zealand or Japan of its own."""
    path = tmp_path / "lacking.yaml"
    path.write_text(LIBRARY + """
  - {name: "dear-{region}", each: {regions: [CHN]}, duration: 1, families: {}, optional: true,
     events: [{type: cost, exporter: "{region}", importer: all, add: 0.1, except: [[CHN, NZL]]}]}
  - {name: tokyo, duration: 1, families: {}, optional: true,
     events: [{type: supply, region: JPN, sector: all, loss: 0.1}]}
""", encoding="utf-8")  # fmt: skip

    def entries(*names: str) -> list[str]:
        plan = plan_of(chosen(str(path), TARIFF, stress={"disruptions": list(names)}))
        return [line.partition(": ")[0] for line in plan.left_out]

    assert entries("*") == ["dear-{region}", "tokyo"]
    assert entries("dear-CHN", "half") == ["dear-{region}"]
    assert entries("half") == [] and entries("half", "all") == ["dear-{region}", "tokyo"]


# -- variants ---------------------------------------------------------------------------------


def test_a_year_beyond_the_path_and_differing_variants_are_refused(library: str) -> None:
    with pytest.raises(InputError, match=r"value 5: is beyond the path \(allowed: 1 to 3"):
        plan_of(chosen(library, TARIFF, path={"years": 3}, stress={"years": [5]}))
    both = [{"name": "a", "stress": {"level": 0.5}}, {"name": "b", "stress": {"level": 0.6}}]
    with pytest.raises(InputError, match="same for all variants"):
        plan_of(chosen(library, TARIFF, variants=both))


def test_variants_may_differ_in_how_they_are_tested(library: str) -> None:
    both = [{"name": name, "stress": {"premium": {"ELEC": phi}}}
            for name, phi in (("cheap", 1.3), ("dear", 3.0))]  # fmt: skip
    run = stress(library, TARIFF, variants=both)
    assert variants(run) == ["no policy (cheap)", "no policy (dear)", "cheap", "dear"]
    low, high = (run.loss(case, "embargo", "CHN") for case in run.cases[2:])
    assert low < 0.6 * high
    assert run.cases[2].reference is run.cases[0] and run.cases[3].reference is run.cases[1]


def test_variants_with_an_equal_outlay_are_tested_with_the_rate_that_was_found(
    library: str,
) -> None:
    """The variant that sets the outlay is solved before the one that has it."""
    subsidy = {"instrument": "output_subsidy", "region": "CHN"}
    told = chosen(
        library, equal={"region": "CHN", "outlay": "first"},
        variants=[{"name": "second", "policy": [{**subsidy, "sector": "HMAN"}]},
                  {"name": "first", "policy": [{**subsidy, "sector": "ELEC", "add": 0.05}]}],
    )  # fmt: skip
    run = tried(told)
    assert variants(run) == [NO_POLICY, "second", "first"]
    spent = run.table[(run.table["measure"] == "outlay_share") & (run.table["region"] == "CHN")]
    by = spent.set_index("variant")["value"]
    assert by["second"] == pytest.approx(by["first"], rel=1e-6) and by["first"] > 0.1
