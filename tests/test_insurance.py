"""Insurance by sourcing: exact gradients, what theory says of a choice, the study and its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize
from test_frontier import LIBRARY, world

from cge import load_benchmark
from cge.core.errors import InputError, NoEquilibrium
from cge.data.library import load_library
from cge.dynamics.menu import Menu
from cge.dynamics.stand_ins import NO_STAND_INS
from cge.insurance import foresight
from cge.insurance.foresight import Chosen, chosen, refuse_better, wanted
from cge.insurance.states import Risk, States
from cge.report.drafts.choice import Choice
from cge.report.format.page import Page, frame
from cge.report.kinds import build
from cge.resilience.disruptions import expand, weights
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows, joined
from cge.scenario.schema import Scenario
from cge.solve.model import Model
from cge.stress.stress_settings import settings_of
from cge.studies.insurance import Insurance
from cge.studies.study import run_study
from cge.tasks.runner import Runner

Array = NDArray[np.float64]


@lru_cache(maxsize=8)
def risk(frequency: float = 0.3, wedges: bool = True, stand_ins: bool = True) -> Risk:
    """Disruptions of three small regions."""
    library, b = load_library(LIBRARY), world(wedges)
    known = expand(library, b)
    found, _ = weights(known, library.weighting("default"), "R0")
    stress = {"backstop": ["S0"] if stand_ins else "none"}
    settings = settings_of(Scenario.model_validate({"name": "trial", "stress": stress}), b)
    laid = settings.stand_ins if stand_ins else NO_STAND_INS
    return Risk(Model.build(b, "short", laid.sectors), "R0", known, found, frequency,
                settings.leakage, settings.level, laid, settings.run)  # fmt: skip


def social(states: States, region: bool = True) -> Chosen:
    absorption = states.short.benchmark.absorption
    goal = absorption * np.eye(3)[0] if region else absorption
    return chosen(states, lambda at: at.social_slopes(goal), states.nothing)


def private(states: States) -> Chosen:
    return chosen(states, lambda at: at.private_slopes, states.nothing)


def aside(states: States, scale: float, seed: int = 0) -> Array:
    """Log weights off those of the benchmark, on their menus."""
    own = states.risk.own
    moved = np.where(own, np.random.default_rng(seed).normal(scale=scale, size=len(own)), 0.0)
    return np.where(own, states.risk.sourcing.menu.feasible(moved), 0.0)


@pytest.mark.parametrize("region", [True, False])
def test_what_a_weight_does_to_expected_income_is_exact(region: bool) -> None:
    states = States(risk())
    goal = np.eye(3)[0] if region else np.array([0.2, 0.3, 0.5])
    logs = aside(states, 0.1)
    exact = states.at(logs).social_slopes(goal)
    own = np.flatnonzero(states.risk.own)
    assert len(own) == 12 and not exact[~states.risk.own].any()  # 2 classes, 2 sectors, 3 origins
    for number in own[[0, 4, 7, 11]]:
        side = 1e-4 * np.eye(len(logs))[number]
        up, down = (states.at(logs + sign * side).expected() @ goal for sign in (1, -1))
        assert exact[number] == pytest.approx((up - down) / 2e-4, rel=1e-5, abs=1e-7)


def test_without_risk_buyers_choose_the_relations_of_the_long_run() -> None:
    found = private(States(risk(0.0)))
    assert np.abs(found.states.logs).max() < 1e-7
    assert found.states.before == pytest.approx(np.ones(3), abs=1e-8)


def test_a_world_planner_has_nothing_to_change_in_normal_times_without_distortions() -> None:
    states = States(risk(0.0, wedges=False, stand_ins=False))
    found = social(states, region=False)
    assert np.abs(found.states.logs[states.risk.own]).max() < 1e-6
    # With taxes and tariffs there is something to undo.
    assert np.abs(social(States(risk(0.0)), region=False).states.logs).max() > 1e-3


def test_a_choice_between_states_is_the_cheapest_point_of_the_menu() -> None:
    # One nest, three inputs, three states: the fixed point against a minimiser that knows nothing.
    share = np.array([0.5, 0.3, 0.2])
    prices = np.array([[1.0, 1.0, 1.0], [1.0, 4.0, 1.1], [2.0, 1.2, 1.0]])
    part, volume = np.array([0.7, 0.2, 0.1]), np.array([1.0, 0.8, 0.9])
    for short, long in ((0.7, 2.0), (1.8, 4.0), (0.4, 0.9)):
        menu = Menu(np.zeros(3, dtype=np.int64), share, np.array([short]), np.array([long]))

        def cost(logs: Array, menu: Menu = menu) -> float:
            each = [np.exp(menu.log_cost(logs, np.log(one)))[0] for one in prices]
            return float(part @ (volume * each))

        logs = np.zeros(3)
        for _ in range(200):
            slopes = np.zeros(3)
            for weight, amount, one in zip(part, volume, prices, strict=True):
                c = np.exp(menu.log_cost(logs, np.log(one)))[0]
                spent = share * np.exp(logs) * one ** (1 - short) * c**short
                slopes += weight * amount * spent / (short - 1)
            logs = menu.feasible(logs + 0.5 * (wanted(menu, logs, slopes) - logs))
        best = minimize(lambda free, m=menu: cost(m.feasible(np.append(free, 0.0))), np.zeros(2),
                        method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14})  # fmt: skip
        assert cost(logs) == pytest.approx(best.fun, abs=1e-10)
        assert logs == pytest.approx(menu.feasible(np.append(best.x, 0.0)), abs=1e-4)


def test_buyers_pay_a_premium_that_no_other_relations_would_beat() -> None:
    states = States(risk())
    found = private(states)
    premium, saving = found.states.bargain(states.nothing)
    assert 0 < premium < saving and found.residual < 1e-8
    for seed in range(5):
        paid, saved = found.states.bargain(aside(states, 0.05, seed))
        assert saved - paid > 0  # those others cost more over all states
    assert found.states.bargain(found.states.logs) == (0.0, 0.0)


def test_buyers_insure_more_where_disruptions_are_more_frequent() -> None:
    moves, losses = [], []
    for frequency in (0.0, 0.05, 0.3, 0.8):
        at = private(States(risk(frequency))).states
        moves.append(np.abs(at.logs[at.risk.own]).mean())
        losses.append(at.risk_figures[0])
    assert (np.diff(moves) > 0).all() and (np.diff(losses) < 0).all()


def test_each_planner_is_best_at_what_it_maximises() -> None:
    states = States(risk())
    absorption = states.short.benchmark.absorption
    every = [private(states), social(states), social(states, region=False)]
    own = [one.states.expected()[0] for one in every]
    all_regions = [one.states.expected() @ absorption for one in every]
    assert np.argmax(own) == 1 and np.argmax(all_regions) == 2
    assert own[1] > own[0] + 1e-4


def test_a_choice_with_a_better_one_around_is_refused() -> None:
    states = States(risk())
    goal = states.short.benchmark.absorption * np.eye(3)[0]
    refuse_better(states, social(states), goal)
    with pytest.raises(NoEquilibrium, match="better ones around"):
        refuse_better(states, private(states), goal)


def test_relations_that_do_not_settle_are_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foresight, "STEPS", 2)
    with pytest.raises(NoEquilibrium, match="do not settle"):
        private(States(risk()))


def test_a_goal_that_falls_in_every_weight_has_no_best_choice() -> None:
    states = States(risk())
    with pytest.raises(NoEquilibrium, match="no best value"):
        chosen(states, lambda at: -at.private_slopes, states.nothing)


def test_the_order_of_points_does_not_matter() -> None:
    states = States(risk())
    logs = aside(states, 0.1)
    for seed in (1, 2):
        states.at(aside(states, 0.2, seed))
    again, first = states.at(logs), States(risk()).at(logs)
    for (_, one), (_, other) in zip(again.states, first.states, strict=True):
        assert one.values("welfare") == pytest.approx(other.values("welfare"), abs=1e-10)


# -- the study


SCENARIO: dict[str, Any] = {
    "name": "trial", "elasticities": ["boehm"],
    "benchmark": {"table": "wiod2013", "aggregation": "small"},
    "insurance": {
        "region": "USA", "foresight": ["none", "risk_neutral"], "frequency": [0.1, 0.3],
        "disruptions": ["country-CHN", "controls-china-west-ELEC"],
    },
}  # fmt: skip


def run_scenario(content: dict[str, Any], folder: Path) -> ResultSet:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    return run_study(Insurance(file), Runner(workers=1, cache=folder / "cache"))


def test_a_study_has_a_point_for_each_frequency_in_the_one_layout(here: Path) -> None:
    results = run_scenario(SCENARIO, here)
    rows = results.rows
    assert set(rows["study"]) == {"insurance"}
    assert set(rows["variant"]) == {"none", "risk_neutral"}
    own = rows[(rows["region"] == "USA") & (rows["disruption"] == "")]
    value = own.set_index(["variant", "measure", "point"])["value"].unstack("point")
    assert value.loc["none", "annual_frequency"].tolist() == [10.0, 30.0]
    for measure in ("sourcing_move", "insurance_premium"):
        assert np.abs(value.loc["none", measure]).max() < 1e-6
    buyers = value.loc["risk_neutral"]
    assert (buyers.loc["insurance_saving"] > buyers.loc["insurance_premium"]).all()
    assert (np.diff(buyers.loc["sourcing_move"]) > 0).all()
    assert value.loc["risk_neutral", "check_difference"].max() < 1e-9
    change = own.set_index(["variant", "measure", "point"])["change"]["risk_neutral", "cvar"]
    assert (change < 0).all()
    losses = rows[(rows["measure"] == "loss") & (rows["variant"] == "none")]
    assert set(losses["disruption"]) == {"country-CHN", "controls-china-west-ELEC"}


def test_without_a_weighting_disruptions_come_as_often_as_the_library_says(here: Path) -> None:
    asked = {
        "region": "USA",
        "foresight": ["none"],
        "disruptions": SCENARIO["insurance"]["disruptions"],
    }
    rows = run_scenario({**SCENARIO, "insurance": asked}, here).rows
    library = {one.name: one.frequency for one in load_library(None).entries}
    country, controls = library["country-{region}"], library["controls-china-west-{sector}"]
    b = load_benchmark("wiod2013", aggregation="small")
    known = {one.name: one for one in expand(load_library(None), b)}
    share = known["controls-china-west-ELEC"].share
    regions = sum(name.startswith("country-") for name in known)
    sectors = len({n.split("-")[3] for n in known if n.startswith("controls-china-west-")})
    for point, part in enumerate(("low", "value", "high")):
        found = rows[(rows["measure"] == "annual_frequency") & (rows["point"] == point)]
        often = getattr(country, part) / regions + share * getattr(controls, part) / sectors
        assert found["value"].item() == pytest.approx(100 * often)
    (mean,) = set(rows[(rows["measure"] == "expected_loss") & (rows["region"] == "USA")]["value"])
    losses = rows[(rows["measure"] == "loss") & (rows["region"] == "USA") & (rows["point"] == 0)]
    loss = losses.set_index("disruption")["value"]
    one, other = country.value / regions, share * controls.value / sectors
    assert mean == pytest.approx(
        (one * loss["country-CHN"] + other * loss["controls-china-west-ELEC"]) / (one + other)
    )


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"region": "ATLANTIS"}, "insurance.region", "unknown region"),
        ({"foresight": ["perfect"]}, "insurance.foresight.0", "risk_neutral"),
        ({"foresight": ["none", "none"]}, "insurance.foresight", "stands twice"),
        ({"frequency": [0.1, 1.5]}, "insurance.frequency.1", "1"),
        ({"frequency": [0.3, 0.1]}, "insurance.frequency", "rise"),
        ({"disruptions": ["earthquake"]}, "insurance.disruptions.0", "no such disruption"),
        ({"weighting": "optimistic"}, "insurance.weighting", "no such weighting"),
        ({"weighting": "default", "frequency": None}, "insurance.frequency", "how often"),
        ({"disruptions": ["controls-west-china-*"]}, "insurance.disruptions",
         "weight in the eyes of USA"),
        ({"speling": 1}, "insurance.speling", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_insurance_is_told_with_its_place(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario({**SCENARIO, "insurance": {**SCENARIO["insurance"], **changes}}, here)
    assert told.value.key == key and says in str(told.value)
    assert "study.yaml" in str(told.value)


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"insurance": None}, "insurance", "left empty"),
        ({"policy": [{"instrument": "tariff", "add": 0.1}]}, "policy", "does not enter"),
        ({"frequency": 0.1}, "frequency", "insurance.frequency"),
    ],
)
def test_what_does_not_belong_to_insurance_is_refused(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario({**SCENARIO, **changes}, here)
    assert told.value.key == key and says in str(told.value)


# -- its page


def insured(sets: Sequence[str] = ("fontagne",)) -> ResultSet:
    """Two foresights at two frequencies, by hand."""
    frames = []
    for name in sets:
        for variant, size in (("none", 0.0), ("risk_neutral", 1.0)):
            rows = Rows()
            for point, percent in enumerate((10.0, 30.0)):
                own: dict[str, Any] = {"region": "USA", "point": point}
                rows.add("annual_frequency", percent, **own)
                rows.add("equivalent_variation", -0.01 * size, **own)
                rows.add("cvar", 4.0 - 0.1 * size * percent, benchmark=4.0,
                         change=-0.1 * size * percent, weighting="default", **own)  # fmt: skip
                rows.add("expected_loss", 1.5, change=-0.05 * size, weighting="default", **own)
                rows.add("expected_income", -0.2, change=0.02 * size, **own)
                rows.add("expected_income", -0.1, change=0.03 * size,
                         **{**own, "region": "World"})  # fmt: skip
                for measure in ("insurance_premium", "insurance_saving", "sourcing_move"):
                    rows.add(measure, 0.001 * size * percent, **own)
                rows.add("first_order_residual", 3e-9, **own)
                rows.add("check_difference", 2e-12, item="real_income", **own)
            frames.append(rows.frame(study="insurance", scenario="i", variant=variant, title="I",
                                     elasticities=name))  # fmt: skip
    return ResultSet(joined(frames), {
        "spec": {"study": "insurance", "scenario": {"name": "i", "title": "Insured"}},
        "benchmark": {"regions": ["CHN", "USA"]}, "notes": ["Nothing is estimated."],
    })  # fmt: skip


def page(results: ResultSet, **more: Any) -> Page:
    return build("insurance", [results], Choice(**more))


def test_a_table_of_insurance_has_a_row_for_each_chooser_and_frequency() -> None:
    (panel,) = page(insured()).panels
    assert panel.rows == ("Buyers, normal times alone", "Buyers, 10 % a year",
                          "Buyers, 30 % a year")  # fmt: skip
    np.testing.assert_allclose(
        panel.figures[2], [-0.01, 1.0, -3.0, -0.05, 0.02, 0.03, 0.03, 0.03, 0.03]
    )
    assert not panel.figures[0][2:].any()


def test_notes_of_insurance_say_who_wants_what_and_how_sure_it_is() -> None:
    notes = " ".join(page(insured()).notes)
    assert "Buyers: lowest expected cost of each buyer" in notes and "Planner" not in notes
    assert "3e-09 per cent" in notes and "at most 2e-12" in notes


def test_two_sets_of_insurance_are_two_panels() -> None:
    made = page(insured(("fontagne", "boehm")))
    assert [panel.title for panel in made.panels] == ["Elasticities: fontagne",
                                                      "Elasticities: boehm"]  # fmt: skip
    assert len(frame(made)) == 6
    assert len(page(insured(("fontagne", "boehm")), elasticities=("boehm",)).panels) == 1


def test_an_exposure_is_that_of_its_frequency() -> None:
    at = States(risk(0.0)).at(States(risk(0.0)).nothing)
    often = at.at_frequency(0.5)
    assert often.expected()[0] < at.expected()[0] == at.normal.values("welfare")[0]
    assert replace(at.risk, frequency=0.5).probabilities.sum() == pytest.approx(0.5)
