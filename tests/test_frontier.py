"""The efficiency-resilience frontier: exact gradients, known optima, and what users get wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from scipy.optimize import brentq
from worlds import balanced_world, random_world

from cge import with_household_demand
from cge.core.axes import Axes
from cge.core.errors import InputError
from cge.core.identity import digest
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.data.library import load_library
from cge.frontier import optimum as frontier_optimum
from cge.frontier.confirmation import solve_cold
from cge.frontier.evaluation import Evaluator
from cge.frontier.full_layout import FullLayout
from cge.frontier.full_space import optimise_full, posable
from cge.frontier.problem import GLOBAL, NEUTRAL, UNILATERAL, Problem
from cge.frontier.reduced_space import optimise
from cge.frontier.sweep import FrontierSearch, Sweep
from cge.policy.adjustment import ADJUSTMENTS
from cge.resilience.disruptions import Disruption, expand, weights
from cge.results.resultset import ResultSet
from cge.scenario.schema import Scenario
from cge.stress.stress_settings import settings_of
from cge.studies.frontier import Frontier, VersionContent, problem_of
from cge.studies.study import run_study
from cge.tasks.runner import Runner
from cge.tasks.store import Steps

Array = NDArray[np.float64]
Levers = list[dict[str, Any]]

LIBRARY = {
    "weightings": {"default": {"domestic": 0.4, "foreign": 0.6}},
    "disruptions": [
        {"name": "loss-{region}", "each": {"regions": "all"},
         "families": {"hit": "domestic", "other": "foreign"},
         "events": [{"type": "supply", "region": "{region}", "sector": "S0", "loss": 0.3}]},
        {"name": "cut-{region}", "each": {"regions": ["R1", "R2"]},
         "families": {"target": "foreign"},
         "events": [{"type": "ration", "exporter": "{region}", "importer": "R0", "sector": "all",
                     "loss": 0.6}]},
        {"name": "lost-rents", "families": {"target": "foreign"},
         "events": [{"type": "ration", "exporter": "R1", "importer": "R0", "sector": "S1",
                     "loss": 0.4, "rents": "lost"}]},
        {"name": "both", "families": {"all": "foreign"},
         "events": [{"type": "factor", "factor": "LAB", "region": "all", "loss": 0.1},
                    {"type": "ration", "exporter": "R2", "importer": "R0", "sector": "S0",
                     "loss": 0.5}]},
    ],
}  # fmt: skip
FOUR: Levers = [
    {"name": "tariff", "instrument": "tariff", "sector": "S0", "low": -0.2, "high": 0.6},
    {"name": "all tariffs", "instrument": "tariff", "low": -0.2, "high": 0.6},
    {"name": "subsidy", "instrument": "output_subsidy", "sector": "S0", "high": 0.2},
    {"name": "purchases", "instrument": "domestic_purchase_subsidy", "sector": "S0", "high": 0.2},
]  # fmt: skip


@lru_cache(maxsize=4)
def world(wedges: bool = True) -> Benchmark:
    """Return three regions with labour and capital, whose short run is stiffer."""
    b = random_world(3, regions=3, sectors=2, use_classes=2, agents=2, wedges=wedges,
                     imbalance=0.1, sigma=(1.6, 4.0))  # fmt: skip
    long = b.elasticities["long"]
    # All nests but the one of final agents, which has no weights that could adapt.
    short = {nest: 0.45 * getattr(long, nest) for nest in NEST_AXES if nest != "agents"}
    return replace(
        b, factors=("LAB", "CAP"), elasticities={"long": long, "short": replace(long, **short)}
    )


def posed(
    levers: Levers, version: str = UNILATERAL, wedges: bool = True, only: str = "",
    budget: float | None = None, **stress: Any,
) -> Problem:  # fmt: skip
    library, b = load_library(LIBRARY), world(wedges)
    known = tuple(d for d in expand(library, b) if d.name.startswith(only or d.name))
    found, _ = weights(known, library.weighting("default"), "R0")
    given = {} if budget is None else {"budget": budget}
    return on_world(b, levers, known, found, version, {"backstop": ["S0"], **stress}, **given)


def on_world(
    b: Benchmark, levers: Levers, disruptions: tuple[Disruption, ...], probabilities: Array,
    version: str, stress: dict[str, Any], **given: Any,
) -> Problem:  # fmt: skip
    frontier = {"region": "R0", "instruments": levers, "versions": [version], **given}
    scenario = Scenario.model_validate({"name": "trial", "stress": stress, "frontier": frontier})
    assert scenario.frontier is not None
    return problem_of(
        VersionContent(scenario.frontier, b, settings_of(scenario, b), disruptions, probabilities)
    )


def slopes(evaluator: Evaluator, rates: Array, number: int, step: float = 1e-4) -> Array:
    """Return value, outlay and losses by a rate, from finite differences."""
    counted = evaluator.problem.counted
    side = np.eye(len(rates))[number] * step
    up, down = evaluator.at(rates + side), evaluator.at(rates - side)

    def figures(point: Any) -> Array:
        return np.array([point.value, point.outlay, *point.losses(counted)])

    return (figures(up) - figures(down)) / (2 * step)


@pytest.mark.parametrize(
    ("version", "adjustment"),
    [*((UNILATERAL, adjustment) for adjustment in ADJUSTMENTS), (NEUTRAL, "gradual")],
)
def test_gradients_of_welfare_outlay_and_every_loss_are_exact(
    version: str, adjustment: str
) -> None:
    evaluator = Evaluator(posed(FOUR, version, adjustment=adjustment, budget=0.05))
    rates = np.array([0.12, 0.07, 0.05, 0.08])
    point = evaluator.at(rates)
    counted = evaluator.problem.counted
    assert len(counted) == 7
    exact = np.vstack([point.value_gradient, point.outlay_gradient, point.loss_gradients(counted)])
    assert np.abs(exact).max(axis=1).min() > 1e-4  # each of them moves
    for number in range(len(rates)):
        assert slopes(evaluator, rates, number) == pytest.approx(
            exact[:, number], rel=1e-6, abs=1e-6
        )


def test_the_point_followed_is_the_one_found_from_the_benchmark() -> None:
    evaluator = Evaluator(posed(FOUR))
    for scale in (1.0, 0.2, -0.3):
        evaluator.at(scale * np.array([0.3, 0.1, 0.1, 0.1])).losses(evaluator.problem.counted)
    rates = np.array([0.05, 0.3, 0.02, 0.15])
    point, cold = evaluator.at(rates), solve_cold(evaluator.problem, rates)
    assert point.variations == pytest.approx(cold.variations, abs=1e-10)
    assert point.losses(evaluator.problem.counted) == pytest.approx(
        cold.losses[:, evaluator.problem.place], abs=1e-10
    )
    assert point.risk == pytest.approx(cold.cvar, abs=1e-10)
    assert sum(cold.parts.values()) == pytest.approx(cold.variations[0], abs=1e-6)


def test_without_constraint_a_large_country_sets_the_optimal_tariff() -> None:
    # Two countries, one sector: t = 1 / ((sigma - 1) lambda), lambda the domestic share abroad.
    sigma = 4.0
    share = np.array([[0.8, 0.3], [0.2, 0.7]])[None, :, None, :]
    values = dict.fromkeys(NEST_AXES, 2.0)
    axes = Axes(("R0", "R1"), ("S0",), ("all",), ("F0", "F1"), ("D",))
    b = balanced_world(
        share, np.array([[[3.0]], [[2.0]]]), None, np.full((2, 1, 2), 0.5),
        {horizon: Elasticities.from_values({**values, "armington": level}, axes)
         for horizon, level in (("long", sigma), ("short", 0.7))},
    )  # fmt: skip
    b = replace(b, factors=("LAB", "CAP"))
    tariff = [{"name": "tariff", "instrument": "tariff", "low": -0.5, "high": 2.0}]
    evaluator = Evaluator(on_world(b, tariff, (), np.zeros(0), UNILATERAL, {"backstop": "none"}))
    found = optimise(evaluator, "welfare", np.array([1.5]))
    foreign = evaluator.at(found.rates)
    spending = evaluator.problem.long.outcomes["route_spending"]
    paid = {cell: foreign.equilibrium.outcomes[spending.start + n]
            for n, cell in enumerate(spending.index)}  # fmt: skip
    own, imported = paid["u0", "R1", "S0", "R1"], paid["u0", "R0", "S0", "R1"]
    assert found.solved and found.residual < 1e-5
    assert found.rates[0] == pytest.approx((own + imported) / own / (sigma - 1), abs=2e-6)


def test_for_a_world_without_distortions_no_policy_is_best() -> None:
    levers = [
        {"name": "tariff", "instrument": "tariff", "sector": "S0", "low": -0.2, "high": 0.4},
        {"name": "subsidy", "instrument": "output_subsidy", "sector": "S0", "low": -0.1,
         "high": 0.1},
    ]  # fmt: skip
    evaluator = Evaluator(posed(levers, GLOBAL, wedges=False))
    found = optimise(evaluator, "welfare", np.array([0.2, -0.05]))
    assert found.solved
    assert found.rates == pytest.approx(np.zeros(2), abs=1e-5)
    # Stand-ins are in reach in the optimum and not in the benchmark.
    assert evaluator.at(found.rates).value == pytest.approx(0.0, abs=1e-8)


def test_compensated_partners_have_the_welfare_of_the_benchmark() -> None:
    evaluator = Evaluator(posed(FOUR, NEUTRAL))
    rates = np.array([0.3, 0.1, 0.1, 0.0])
    point, alone = evaluator.at(rates), Evaluator(posed(FOUR)).at(rates)
    assert np.abs(point.variations[1:]).max() < 1e-10
    assert np.abs(alone.variations[1:]).max() > 1e-4
    # Transfers are paid by the region whose policy it is, and add up to zero.
    transfer = evaluator.problem.long.outcomes["transfer"].positions
    moved = point.equilibrium.outcomes[transfer] - evaluator.problem.long.outcome_start[transfer]
    assert abs(moved.sum()) < 1e-9 * np.abs(moved).sum() and (moved[1:] > 0).all()
    assert solve_cold(evaluator.problem, rates).variations == pytest.approx(
        point.variations, abs=1e-10
    )


ONE: Levers = [{"name": "tariff", "instrument": "tariff", "low": 0.0, "high": 0.8}]


def search(problem: Problem, steps: Steps) -> Sweep:
    return FrontierSearch(problem, optimise, steps).frontier(4, 2)


@pytest.fixture(scope="module")
def one_lever(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, Sweep, Steps]:
    """A frontier of one instrument, and where its steps are kept."""
    problem, steps = posed(ONE, only="loss"), Steps(tmp_path_factory.mktemp("steps"), "one")
    return problem, search(problem, steps), steps


def test_a_frontier_of_one_instrument_is_what_a_grid_finds(
    one_lever: tuple[Problem, Sweep, Steps],
) -> None:
    problem, found, _ = one_lever
    evaluator = Evaluator(problem)
    assert found.agree == found.starts == 2 and found.conflict
    grid = [evaluator.at(np.array([t])) for t in np.linspace(0.0, 0.8, 9)]
    value, risks = (np.array([getattr(p, what) for p in grid]) for what in ("value", "risk"))
    assert found.points[0].cold.variations[0] >= value.max() - 1e-9
    assert found.points[-1].cold.cvar <= risks.min() + 1e-9
    best, safest = (found.points[n].optimum.rates[0] for n in (0, -1))
    for point in found.points[1:-1]:
        assert point.ceiling is not None
        allowed = risks <= point.ceiling
        assert point.cold.variations[0] >= value[allowed].max() - 1e-9
        # With one rate the ceiling decides alone.
        edge = brentq(
            lambda t, c=point.ceiling: evaluator.at(np.array([t])).risk - c,
            safest, best, xtol=1e-12,
        )  # fmt: skip
        assert point.optimum.rates[0] == pytest.approx(edge, abs=1e-6)


def test_a_frontier_falls_and_its_slope_is_the_price_of_resilience(
    one_lever: tuple[Problem, Sweep, Steps],
) -> None:
    problem, found, _ = one_lever
    evaluator = Evaluator(problem)
    value = np.array([point.cold.variations[0] for point in found.points])
    risks = np.array([point.cold.cvar for point in found.points])
    assert (np.diff(value) < 0).all() and (np.diff(risks) < 0).all()
    for point in found.points[1:-1]:
        assert point.ceiling is not None and point.cold.cvar <= point.ceiling + 1e-8
    # One rate: the price is what a little more of it takes from welfare for what it takes from
    # risk.
    for point in found.points[1:-1]:
        near = [evaluator.at(point.optimum.rates + side) for side in (1e-4, -1e-4)]
        slope = (near[0].value - near[1].value) / (near[0].risk - near[1].risk)
        assert point.optimum.price == pytest.approx(slope, rel=1e-3)


def test_multipliers_of_bounds_and_budget_are_derivatives_of_the_best_welfare() -> None:
    narrow = [{**ONE[0], "high": 0.02}]
    bounded = Evaluator(posed(narrow))
    found = optimise(bounded, "welfare", np.array([0.0]))
    point = bounded.at(found.rates)
    assert found.rates[0] == pytest.approx(0.02)
    assert found.bounds[0] == pytest.approx(point.value_gradient[0], abs=1e-5) and (
        found.bounds[0] > 0
    )
    subsidy = [{"name": "s", "instrument": "domestic_purchase_subsidy", "low": 0.0, "high": 0.3}]
    value = {}
    for budget in (0.002, 0.003):
        evaluator = Evaluator(posed(subsidy, budget=budget))
        one = optimise(evaluator, "welfare", np.array([0.0]))
        value[budget] = evaluator.at(one.rates).value
        assert evaluator.at(one.rates).outlay <= budget + 1e-9
    assert one.budget == pytest.approx((value[0.003] - value[0.002]) / 0.001, rel=0.1)


def test_disruptions_left_out_at_first_join_where_they_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluator = Evaluator(posed(FOUR))
    start = evaluator.at(np.zeros(4))
    ceiling = 0.997 * start.risk
    monkeypatch.setattr(frontier_optimum, "NEAR", 0.0)
    everything = optimise(evaluator, "welfare", np.zeros(4), ceiling)
    losses = start.losses(evaluator.problem.counted)
    monkeypatch.setattr(frontier_optimum, "NEAR", float(losses.max() / start.value_at_risk))
    one_at_first = optimise(evaluator, "welfare", np.zeros(4), ceiling)
    assert everything.solved and one_at_first.solved
    assert evaluator.at(one_at_first.rates).value == pytest.approx(
        evaluator.at(everything.rates).value, abs=1e-8
    )
    assert evaluator.at(one_at_first.rates).risk <= ceiling + 1e-8


def test_all_equilibria_as_constraints_give_the_same_optimum() -> None:
    levers = [{**one, "low": 0.0} for one in FOUR]
    evaluator = Evaluator(posed(levers, NEUTRAL, budget=0.01, only="loss"))
    assert posable(evaluator.problem) and not posable(posed(FOUR))
    start = np.array([0.05, 0.1, 0.02, 0.03])
    best = optimise(evaluator, "welfare", start)
    safest = optimise(evaluator, "risk", start)
    ends = [evaluator.at(one.rates).risk for one in (best, safest)]
    for goal, ceiling in (("welfare", None), ("risk", None), ("welfare", sum(ends) / 2)):
        one = optimise(evaluator, goal, start, ceiling)
        other = optimise_full(evaluator, goal, start, ceiling)
        assert one.solved and other.solved
        here, there = evaluator.at(one.rates), evaluator.at(other.rates)
        assert here.value == pytest.approx(there.value, abs=1e-8)
        assert here.risk == pytest.approx(there.risk, abs=1e-8)
        assert one.price == pytest.approx(other.price, rel=1e-3, abs=1e-4, nan_ok=True)
        assert one.budget == pytest.approx(other.budget, rel=1e-3, abs=1e-4)


def test_the_full_problem_has_exact_derivatives() -> None:
    evaluator = Evaluator(posed(FOUR, budget=0.05, only="cut"))
    counted = evaluator.problem.counted
    rates = np.array([0.05, 0.1, 0.02, 0.03])
    laid = FullLayout(evaluator, "welfare", 0.1, counted, evaluator.at(rates))
    program, x = laid.program, laid.x
    rng = np.random.default_rng(0)
    side = 1e-6 * rng.normal(size=len(x))
    multipliers = rng.normal(size=program.rows.shape[0])

    def dense(structure: Any, values: Array, rows: int, mirror: bool) -> Array:
        matrix = np.zeros((rows, len(x)))
        matrix[structure] = values
        return matrix + np.tril(matrix, -1).T if mirror else matrix

    def lagrangian(z: Array) -> Array:
        jacobian = dense(program.jacobianstructure(), program.jacobian(z), len(multipliers), False)
        return program.gradient(z) + multipliers @ jacobian

    moved = program.constraints(x + side) - program.constraints(x - side)
    jacobian = dense(program.jacobianstructure(), program.jacobian(x), len(multipliers), False)
    assert moved / 2 == pytest.approx(jacobian @ side, abs=1e-7 * np.abs(moved).max())
    hessian = dense(program.hessianstructure(), program.hessian(x, multipliers, 1.0), len(x), True)
    moved = lagrangian(x + side) - lagrangian(x - side)
    assert moved / 2 == pytest.approx(hessian @ side, abs=1e-7 * np.abs(moved).max())


@pytest.mark.slow
def test_one_programme_and_few_unknowns_agree_with_other_income_elasticities() -> None:
    b = with_household_demand(world(), 0.4, [0.6, 1.3])
    library = load_library(LIBRARY)
    known = tuple(d for d in expand(library, b) if d.name.startswith("cut"))
    found, _ = weights(known, library.weighting("default"), "R0")
    problem = on_world(b, FOUR, known, found, UNILATERAL, {"backstop": ["S0"]}, budget=0.05)
    few = optimise(Evaluator(problem), "risk", np.zeros(4))
    whole = optimise_full(Evaluator(problem), "risk", np.zeros(4))
    assert few.solved and whole.solved
    assert whole.rates == pytest.approx(few.rates, abs=1e-6)
    assert whole.value_at_risk == pytest.approx(few.value_at_risk, abs=1e-8)


@pytest.mark.parametrize("kept", [
    [], pytest.param(["efficient"], marks=pytest.mark.slow), ["efficient", "safest", "down-1"],
])  # fmt: skip
def test_an_interrupted_frontier_goes_on_to_the_same_points(
    kept: list[str], one_lever: tuple[Problem, Sweep, Steps], tmp_path: Path
) -> None:
    problem, whole, steps = one_lever
    for name in ("without", *kept):
        (tmp_path / "search").mkdir(exist_ok=True)
        shutil.copy(steps.folder / "search" / f"{name}.cge", tmp_path / "search")
    again = search(problem, Steps(tmp_path, steps.key))
    assert digest(again) == digest(whole)


def test_progress_of_a_frontier_counts_its_points(
    one_lever: tuple[Problem, Sweep, Steps],
) -> None:
    _, whole, steps = one_lever
    assert steps.count() == len(whole.points) == 4


# -- the study


SCENARIO: dict[str, Any] = {
    "name": "trial", "elasticities": ["fontagne"],
    "benchmark": {"table": "wiod2013", "aggregation": "small"},
    "frontier": {
        "region": "USA", "points": 3, "starts": 1, "versions": ["unilateral"],
        "disruptions": ["country-USA", "controls-china-west-ELEC"],
        "instruments": [
            {"name": "tariff", "instrument": "tariff", "sector": "strategic", "high": 0.4},
        ],
    },
}  # fmt: skip
TARIFF = SCENARIO["frontier"]["instruments"][0]


def run_scenario(content: dict[str, Any], folder: Path) -> ResultSet:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    return run_study(Frontier(file), Runner(workers=1, cache=folder / "cache"))


def of_frontier(**changes: Any) -> dict[str, Any]:
    return {**SCENARIO, "frontier": {**SCENARIO["frontier"], **changes}}


def test_a_study_has_its_figures_by_point_in_the_one_layout(here: Path) -> None:
    results = run_scenario(of_frontier(points=2), here)
    assert results.manifest["steps"] == 2
    rows = results.rows
    assert set(rows["variant"]) == {"unilateral"} and set(rows["study"]) == {"frontier"}
    by_point = rows[rows["point"].notna()].set_index(["measure", "region", "point"])["value"]
    assert by_point["check_difference"].max() < 1e-7
    cvar, welfare = by_point["cvar"]["USA"], by_point["equivalent_variation"]["USA"]
    assert (np.diff(cvar) < 0).all() and (np.diff(welfare) < 1e-9).all()
    assert {"rate", "loss", "expected_loss"} <= set(rows["measure"])
    losses = rows[(rows["measure"] == "loss") & (rows["point"] == 0) & (rows["region"] == "USA")]
    assert "country-USA" in set(losses["disruption"])
    probability = rows.loc[rows["measure"] == "probability", "value"]
    assert probability.sum() == pytest.approx(1.0)
    risk = rows[(rows["measure"] == "cvar") & (rows["point"] == 0)]
    assert (risk["change"] == risk["value"] - risk["benchmark"]).all()


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"instruments": [{**TARIFF, "instrument": "tarif"}]},
         "frontier.instruments.0.instrument", "unknown instrument"),
        ({"instruments": [{**TARIFF, "low": 0.5}]}, "frontier.instruments.0", "reversed"),
        ({"instruments": [{**TARIFF, "low": -1.5}]}, "frontier.instruments.0.low", "positive"),
        ({"disruptions": ["country-*", "earthquake"]}, "frontier.disruptions.1",
         "no such disruption"),
        ({"region": "ATLANTIS"}, "frontier.region", "unknown region"),
        ({"weighting": "optimistic"}, "frontier.weighting", "no such weighting"),
        ({"versions": ["bilateral"]}, "frontier.versions.0", "unilateral"),
        ({"budget": 0.01}, "frontier.budget", "subsidy"),
        ({"disruptions": ["controls-west-china-*"]}, "frontier.disruptions",
         "weight in the eyes of USA"),
        ({"instruments": [TARIFF, dict(TARIFF)]}, "frontier.instruments", "stands twice"),
        ({"speling": 1}, "frontier.speling", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_frontier_is_told_with_its_place(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario(of_frontier(**changes), here)
    assert told.value.key == key and says in str(told.value)
    assert "study.yaml" in str(told.value)


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"stress": {"level": 1.0}}, "stress.level", "no tail"),
        ({"stress": {"disruptions": ["quake*"]}}, "stress.disruptions.0", "no such disruption"),
        ({"stress": {"disruptions": ["country-EU"]}}, "frontier.disruptions.0", "no such"),
        ({"frontier": None}, "frontier", "left empty"),
        ({"policy": [{"instrument": "tariff", "add": 0.1}]}, "policy", "does not enter a frontier"),
        ({"variants": [{"name": "one"}]}, "variants", "does not enter a frontier"),
        ({"region": "USA"}, "region", "frontier.region"),
        ({"level": 0.9}, "level", "stress.level"),
    ],
)  # fmt: skip
def test_what_does_not_belong_to_a_frontier_is_refused(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario({**SCENARIO, **changes}, here)
    assert told.value.key == key and says in str(told.value)
    assert "study.yaml" in str(told.value)


def test_the_full_method_says_which_disruptions_it_can_not_pose(here: Path) -> None:
    both = [{"type": "factor", "factor": "LAB", "region": "USA", "loss": 0.1},
            {"type": "ration", "exporter": "CHN", "importer": "USA", "sector": "ELEC",
             "loss": 0.5}]  # fmt: skip
    (here / "own.yaml").write_text(yaml.safe_dump({
        "weightings": {"default": {"any": 1.0}},
        "disruptions": [{"name": "both", "families": {"all": "any"}, "events": both}],
    }))  # fmt: skip
    every = {**of_frontier(disruptions=["*"], method="full"), "stress": {"library": "own.yaml"}}
    with pytest.raises(InputError, match="can not pose") as told:
        run_scenario(every, here)
    assert told.value.key == "frontier.method"
