"""The efficiency-resilience frontier: exact gradients, known optima, and what users get wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from cge.experiments.stress_settings import settings_of
from conftest import Outcome
from numpy.typing import NDArray
from scipy.optimize import brentq
from worlds import balanced_world, random_world

from cge.core.axes import Axes
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.data.library import load_library
from cge.experiments.frontier_file import FrontierStudy
from cge.experiments.frontier_task import Setting, task_of
from cge.frontier import nlp as frontier_nlp
from cge.frontier.confirmation import solve_cold
from cge.frontier.full_space import full_program, optimise_full, posable
from cge.frontier.nlp import optimise, quantile, risk
from cge.frontier.problem import GLOBAL, NEUTRAL, UNILATERAL, Problem, Task
from cge.frontier.sweep import Memory, sweep
from cge.resilience.disruptions import expand, weights

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


def task(
    levers: Levers, version: str = UNILATERAL, wedges: bool = True, only: str = "", **keys: Any
) -> Task:
    study = FrontierStudy.model_validate(
        {"name": "trial", "region": "R0", "instruments": levers, "backstop": ["S0"], **keys}
    )
    b = world(wedges)
    settings = settings_of(study.scenario(), b)
    library = load_library(LIBRARY)
    known = tuple(d for d in expand(library, b) if d.name.startswith(only or d.name))
    found, dropped = weights(known, library.weighting("default"), "R0")
    return task_of(study, Setting(b, settings, known, found, dropped), version, None)


def slopes(problem: Problem, rates: Array, number: int, step: float = 1e-4) -> Array:
    """Return value, outlay and losses by a rate, from finite differences."""
    counted = problem.task.counted
    side = np.eye(len(rates))[number] * step
    up, down = problem.at(rates + side), problem.at(rates - side)

    def figures(point: Any) -> Array:
        return np.array([point.value, point.outlay, *point.losses(counted)])

    return (figures(up) - figures(down)) / (2 * step)


@pytest.mark.parametrize(
    ("version", "lending"), [(UNILATERAL, True), (UNILATERAL, False), (NEUTRAL, True)]
)
def test_gradients_of_welfare_outlay_and_every_loss_are_exact(version: str, lending: bool) -> None:
    problem = Problem(task(FOUR, version, lending=lending, budget=0.05))
    rates = np.array([0.12, 0.07, 0.05, 0.08])
    point = problem.at(rates)
    counted = problem.task.counted
    assert len(counted) == 7
    exact = np.vstack([point.value_gradient, point.outlay_gradient, point.loss_gradients(counted)])
    assert np.abs(exact).max(axis=1).min() > 1e-4  # each of them moves
    for number in range(len(rates)):
        assert slopes(problem, rates, number) == pytest.approx(exact[:, number], rel=1e-6, abs=1e-6)


def test_the_point_followed_is_the_one_found_from_the_benchmark() -> None:
    problem = Problem(task(FOUR))
    for scale in (1.0, 0.2, -0.3):
        problem.at(scale * np.array([0.3, 0.1, 0.1, 0.1])).losses(problem.task.counted)
    rates = np.array([0.05, 0.3, 0.02, 0.15])
    point, cold = problem.at(rates), solve_cold(problem.task, rates)
    assert point.variations == pytest.approx(cold.variations, abs=1e-10)
    assert point.losses_everywhere(problem.task.counted) == pytest.approx(cold.losses, abs=1e-10)
    assert risk(problem, point) == pytest.approx(cold.cvar, abs=1e-10)
    assert sum(cold.parts.values()) == pytest.approx(cold.variations[0], abs=1e-6)


def test_without_constraint_a_large_country_sets_the_optimal_tariff() -> None:
    # Two countries, one sector: t = 1 / ((sigma - 1) lambda), lambda the domestic share abroad.
    sigma = 4.0
    share = np.array([[0.8, 0.3], [0.2, 0.7]])[None, :, None, :]
    values = dict.fromkeys(NEST_AXES, 2.0)
    axes = Axes(("R0", "R1"), ("S0",), ("u0",), ("F0", "F1"), ("A0",))
    b = balanced_world(
        share, np.array([[[3.0]], [[2.0]]]), None, np.full((2, 1, 2), 0.5),
        {speed: Elasticities.from_values({**values, "armington": level}, axes)
         for speed, level in (("long", sigma), ("short", 0.7))},
    )  # fmt: skip
    b = replace(b, factors=("LAB", "CAP"))
    study = FrontierStudy.model_validate({
        "name": "optimal", "region": "R0", "backstop": "none",
        "instruments": [{"name": "tariff", "instrument": "tariff", "low": -0.5, "high": 2.0}],
    })  # fmt: skip
    setting = Setting(b, settings_of(study.scenario(), b), (), np.zeros(0), ())
    problem = Problem(task_of(study, setting, UNILATERAL, None))
    found = optimise(problem, "welfare", np.array([1.5]))
    foreign = problem.at(found.rates)
    spending = problem.task.long.outcomes["route_spending"]
    paid = {cell: foreign.outcomes[spending.block.start + n]
            for n, cell in enumerate(spending.block.index)}  # fmt: skip
    own, imported = paid["u0", "R1", "S0", "R1"], paid["u0", "R0", "S0", "R1"]
    assert found.solved and found.residual < 1e-5
    assert found.rates[0] == pytest.approx((own + imported) / own / (sigma - 1), abs=2e-6)


def test_for_a_world_without_distortions_no_policy_is_best() -> None:
    levers = [
        {"name": "tariff", "instrument": "tariff", "sector": "S0", "low": -0.2, "high": 0.4},
        {"name": "subsidy", "instrument": "output_subsidy", "sector": "S0", "low": -0.1,
         "high": 0.1},
    ]  # fmt: skip
    problem = Problem(task(levers, GLOBAL, wedges=False))
    found = optimise(problem, "welfare", np.array([0.2, -0.05]))
    assert found.solved
    assert found.rates == pytest.approx(np.zeros(2), abs=1e-5)
    assert problem.at(found.rates).value == pytest.approx(0.0, abs=1e-10)


def test_compensated_partners_have_the_welfare_of_the_benchmark() -> None:
    problem = Problem(task(FOUR, NEUTRAL))
    rates = np.array([0.3, 0.1, 0.1, 0.0])
    point, alone = problem.at(rates), Problem(task(FOUR)).at(rates)
    assert np.abs(point.variations[1:]).max() < 1e-10
    assert np.abs(alone.variations[1:]).max() > 1e-4
    # Transfers are paid by the region whose policy it is, and add up to zero.
    transfer = problem.task.long.outcomes["transfer"].block.positions
    moved = point.outcomes[transfer] - problem.task.long.outcome_start[transfer]
    assert abs(moved.sum()) < 1e-9 * np.abs(moved).sum() and (moved[1:] > 0).all()
    assert solve_cold(problem.task, rates).variations == pytest.approx(point.variations, abs=1e-10)


ONE: Levers = [{"name": "tariff", "instrument": "tariff", "low": 0.0, "high": 0.8}]


@lru_cache(maxsize=1)
def one_lever() -> tuple[Problem, Any, Memory]:
    problem, store = Problem(task(ONE, only="loss")), Memory()
    return problem, sweep(problem, 4, 2, store), store


def test_a_frontier_of_one_instrument_is_what_a_grid_finds() -> None:
    problem, found, _ = one_lever()
    assert found.agree == found.starts == 2 and found.conflict
    grid = np.linspace(0.0, 0.8, 9)
    value = np.array([problem.at(np.array([t])).value for t in grid])
    risks = np.array([risk(problem, problem.at(np.array([t]))) for t in grid])
    assert found.points[0]["variations"][0] >= value.max() - 1e-9
    assert found.points[-1]["cvar"] <= risks.min() + 1e-9
    best, safest = found.points[0]["rates"][0], found.points[-1]["rates"][0]
    for point in found.points[1:-1]:
        allowed = risks <= point["ceiling"]
        assert point["variations"][0] >= value[allowed].max() - 1e-9
        # With one rate the ceiling decides alone.
        edge = brentq(
            lambda t, c=point["ceiling"]: risk(problem, problem.at(np.array([t]))) - c,
            safest, best, xtol=1e-12,
        )  # fmt: skip
        assert point["rates"][0] == pytest.approx(edge, abs=1e-6)


def test_a_frontier_falls_and_its_slope_is_the_price_of_resilience() -> None:
    _, found, _ = one_lever()
    value = np.array([point["variations"][0] for point in found.points])
    risks = np.array([point["cvar"] for point in found.points])
    assert (np.diff(value) < 0).all() and (np.diff(risks) < 0).all()
    for point, ceiling in zip(found.points[1:-1], risks[1:-1], strict=True):
        assert point["cvar"] <= point["ceiling"] + 1e-8 and ceiling == point["cvar"]
    # One rate, welfare concave and risk convex in it between the ends: the price rises, and
    # lies between the slopes on either side.
    slope = np.diff(value) / np.diff(risks)
    prices = [point["price"] for point in found.points[1:-1]]
    assert (np.diff(slope) > 0).all()
    for number, price in enumerate(prices):
        assert slope[number] < price < slope[number + 1]


def test_multipliers_of_bounds_and_budget_are_derivatives_of_the_best_welfare() -> None:
    narrow = [{**ONE[0], "high": 0.02}]
    bounded = Problem(task(narrow))
    found = optimise(bounded, "welfare", np.array([0.0]))
    point = bounded.at(found.rates)
    assert found.rates[0] == pytest.approx(0.02)
    assert found.bounds[0] == pytest.approx(point.value_gradient[0], abs=1e-5) and (
        found.bounds[0] > 0
    )
    subsidy = [{"name": "s", "instrument": "domestic_purchase_subsidy", "low": 0.0, "high": 0.3}]
    value = {}
    for budget in (0.002, 0.003):
        problem = Problem(task(subsidy, budget=budget))
        one = optimise(problem, "welfare", np.array([0.0]))
        value[budget] = problem.at(one.rates).value
        assert problem.at(one.rates).outlay <= budget + 1e-9
    assert one.budget == pytest.approx((value[0.003] - value[0.002]) / 0.001, rel=0.1)


def test_disruptions_left_out_at_first_join_where_they_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem(task(FOUR))
    start = problem.at(np.zeros(4))
    ceiling = 0.997 * risk(problem, start)
    monkeypatch.setattr(frontier_nlp, "NEAR", 0.0)
    everything = optimise(problem, "welfare", np.zeros(4), ceiling)
    losses = start.losses(problem.task.counted)
    monkeypatch.setattr(frontier_nlp, "NEAR", float(losses.max() / quantile(problem, start)))
    one_at_first = optimise(problem, "welfare", np.zeros(4), ceiling)
    assert everything.solved and one_at_first.solved
    assert problem.at(one_at_first.rates).value == pytest.approx(
        problem.at(everything.rates).value, abs=1e-8
    )
    assert risk(problem, problem.at(one_at_first.rates)) <= ceiling + 1e-8


def test_all_equilibria_as_constraints_give_the_same_optimum() -> None:
    levers = [{**one, "low": 0.0} for one in FOUR]
    problem = Problem(task(levers, NEUTRAL, budget=0.01, only="loss"))
    assert posable(problem.task) and not posable(task(FOUR))
    start = np.array([0.05, 0.1, 0.02, 0.03])
    best = optimise(problem, "welfare", start)
    safest = optimise(problem, "risk", start)
    ends = [risk(problem, problem.at(one.rates)) for one in (best, safest)]
    for goal, ceiling in (("welfare", None), ("risk", None), ("welfare", sum(ends) / 2)):
        one = optimise(problem, goal, start, ceiling)
        other = optimise_full(problem, goal, start, ceiling)
        assert one.solved and other.solved
        here, there = problem.at(one.rates), problem.at(other.rates)
        assert here.value == pytest.approx(there.value, abs=1e-8)
        assert risk(problem, here) == pytest.approx(risk(problem, there), abs=1e-8)
        assert one.price == pytest.approx(other.price, rel=1e-3, abs=1e-4, nan_ok=True)
        assert one.budget == pytest.approx(other.budget, rel=1e-3, abs=1e-4)


def test_the_full_problem_has_exact_derivatives() -> None:
    problem = Problem(task(FOUR, budget=0.05, only="cut"))
    counted = problem.task.counted
    rates = np.array([0.05, 0.1, 0.02, 0.03])
    program, x = full_program(problem, "welfare", 0.1, counted, rates)
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


def test_an_interrupted_frontier_goes_on_to_the_same_points() -> None:
    _, whole, first = one_lever()
    partial = Memory()
    for name in ("without", "efficient", "safest", "optimum-1", "point-0", "point-2"):
        content = first.get(name)
        assert content is not None
        partial.put(name, content)
    again = sweep(Problem(task(ONE, only="loss")), 4, 2, partial)
    for one, other in zip(whole.points, again.points, strict=True):
        assert one["rates"] == pytest.approx(other["rates"], abs=1e-7)
        assert one["cvar"] == pytest.approx(other["cvar"], abs=1e-9)


# -- the command


STUDY: dict[str, Any] = {
    "name": "trial", "region": "USA", "elasticities": ["fontagne"],
    "benchmark": {"aggregation": "small"}, "points": 3, "starts": 1,
    "versions": ["unilateral"],
    "disruptions": ["country-USA", "controls-china-west-ELEC"],
    "instruments": [
        {"name": "tariff", "instrument": "tariff", "sector": "strategic", "high": 0.4},
    ],
}  # fmt: skip


def test_the_command_writes_a_frontier(cge: Callable[..., Outcome], here: Path) -> None:
    (here / "study.yaml").write_text(yaml.safe_dump(STUDY))
    told = cge("frontier", "study.yaml", "--workers", "1", "--out", "found")
    assert told.code == 0, told.err
    table = pd.read_parquet(here / "found" / "results.parquet")
    assert list(table.columns) == ["elasticities", "version", "point", "measure", "item", "value",
                                   "unit"]  # fmt: skip
    figures = table.set_index(["measure", "point"])["value"]
    assert figures["check_difference"].max() < 1e-7
    points = sorted(table["point"].unique())
    if len(points) > 1:
        assert (np.diff(figures["cvar"].loc[points]) < 0).all()
        assert (np.diff(figures["equivalent_variation"].loc[points]) < 1e-9).all()
    assert {"rate", "loss", "expected_loss", "world_equivalent_variation"} <= set(table["measure"])
    losses = table[(table["measure"] == "loss") & (table["point"] == 0)]
    assert "country-USA" in set(losses["item"])
    assert "Price of resilience" in (here / "found" / "summary.md").read_text()
    assert not [p for p in (here / "found").iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"instruments": [{**STUDY["instruments"][0], "instrument": "tarif"}]},
         "instruments.0.instrument", "unknown instrument"),
        ({"instruments": [{**STUDY["instruments"][0], "low": 0.5}]}, "instruments.0", "reversed"),
        ({"instruments": [{**STUDY["instruments"][0], "low": -1.5}]}, "instruments.0.low",
         "positive"),
        ({"disruptions": ["country-*", "earthquake"]}, "disruptions.1", "no such disruption"),
        ({"region": "ATLANTIS"}, "region", "unknown region"),
        ({"weighting": "optimistic"}, "weighting", "no such weighting"),
        ({"level": 1.0}, "level", "less than 1"),
        ({"versions": ["bilateral"]}, "versions.0", "unilateral"),
        ({"budget": 0.01}, "budget", "subsidy"),
        ({"disruptions": ["controls-west-china-*"]}, "disruptions", "weight in the eyes of USA"),
        ({"instruments": [dict(one) for one in STUDY["instruments"] * 2]}, "instruments.1.name",
         "two instruments"),
        ({"method": "full", "library": "own.yaml", "disruptions": ["*"]}, "method", "can not pose"),
        ({"speling": 1}, "speling", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_study_is_told_with_its_place(
    changes: dict[str, Any], key: str, says: str, cge: Callable[..., Outcome], here: Path
) -> None:
    (here / "study.yaml").write_text(yaml.safe_dump({**STUDY, **changes}))
    both = [{"type": "factor", "factor": "LAB", "region": "USA", "loss": 0.1},
            {"type": "ration", "exporter": "CHN", "importer": "USA", "sector": "ELEC",
             "loss": 0.5}]  # fmt: skip
    (here / "own.yaml").write_text(yaml.safe_dump({
        "weightings": {"default": {"any": 1.0}},
        "disruptions": [{"name": "both", "families": {"all": "any"}, "events": both}],
    }))  # fmt: skip
    told = cge("frontier", "study.yaml", "--workers", "1", "--out", "found")
    assert told.code == 2 and "Traceback" not in told.err
    assert "study.yaml" in told.err and key in told.err and says in told.err, told.err
    assert not (here / "found").exists()
