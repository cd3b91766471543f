"""The frontier under a ceiling on the loss from one source, and on a path of years."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

import cge
from cge.core.errors import InputError
from cge.data.library import load_library
from cge.frontier.confirmation import solve_cold
from cge.frontier.problem import GLOBAL, NEUTRAL, UNILATERAL, Problem
from cge.frontier.reduced_space import optimise
from cge.frontier.sweep import FrontierSearch, Sweep
from cge.path.frontier_point import PathEvaluator
from cge.path.frontier_problem import PathProblem, solve_path_cold, variations
from cge.policy.benchmarks import benchmarks_of
from cge.report.drafts.choice import Choice
from cge.report.kinds import build
from cge.resilience.disruptions import expand, weights
from cge.results.resultset import ResultSet
from cge.scenario.schema import Scenario
from cge.stress.stress_settings import settings_of
from cge.studies.frontier import Frontier, VersionContent, problem_of
from cge.studies.study import run_study
from cge.tasks.runner import Runner
from cge.tasks.store import Steps

Array = NDArray[np.float64]

TARIFF = {"name": "tariff", "instrument": "tariff", "sector": "strategic", "high": 0.4}
SUBSIDY = {"name": "subsidy", "instrument": "output_subsidy", "sector": "strategic", "high": 0.1}


def of_frontier(**changes: Any) -> dict[str, Any]:
    """Return a frontier of China on the small aggregation, without a path."""
    return {
        "name": "trial", "elasticities": ["fontagne"],
        "benchmark": {"table": "wiod2013", "aggregation": "small"},
        "frontier": {
            "region": "CHN", "points": 3, "starts": 1, "versions": ["unilateral"],
            "constraint": "export_control", "instruments": [TARIFF], **changes,
        },
    }  # fmt: skip


def run_scenario(content: dict[str, Any], folder: Path) -> ResultSet:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    return run_study(Frontier(file), Runner(workers=1, cache=folder / "cache"))


def run_stress(asked: dict[str, Any]) -> Any:
    """Return rows of China in a stress test with the library of this file."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library.yaml"
        library.write_text(yaml.safe_dump(LIBRARY))
        asked["stress"]["library"] = str(library)
        return cge.run(Scenario.model_validate(asked), "stress", workers=1).to_frame(region="CHN")


# -- one source of disruptions


def test_a_ceiling_on_one_family_is_on_the_mean_loss_from_its_disruptions(here: Path) -> None:
    results = run_scenario(of_frontier(points=2, disruptions=["ban-*", "*-china-ELEC*"]), here)
    rows = results.rows[results.rows["region"] == "CHN"]
    assert "cvar" not in set(rows["measure"]), "a mean loss is not called CVaR"
    risk = rows[rows["measure"] == "expected_loss"].set_index("point")
    odds = rows[rows["measure"] == "probability"].set_index("disruption")["value"]
    lost = rows[rows["measure"] == "loss"].pivot(
        index="point", columns="disruption", values="value"
    )
    assert set(risk["weighting"]) == {"export_control"} and odds.sum() == pytest.approx(1)
    assert lost.shape == (2, len(odds)) and odds.nunique() > 1, "severities are not equally likely"
    np.testing.assert_allclose(lost[odds.index] @ odds, risk["value"], rtol=1e-9)
    assert (np.diff(risk["value"]) < -1e-3).all(), "each point has less risk"
    assert results.manifest["cases"][0]["constraint"] == "export_control"
    page = build("frontier", [results], Choice())
    (panel,) = page.panels
    assert panel.columns[0].title == "Loss from export control"
    np.testing.assert_allclose(panel.figures[:, 0], risk["value"])


@pytest.mark.parametrize(
    ("content", "key", "says"),
    [
        (of_frontier(constraint="earthquakes"), "frontier.constraint", "no such constraint"),
        ({**of_frontier(), "stress": {"level": 0.9}}, "stress.level", "mean loss"),
        (of_frontier(method="full"), "frontier.method", "mean loss"),
        (of_frontier(disruptions=["pandemic"]), "frontier.disruptions", "weight in the eyes"),
    ],
)  # fmt: skip
def test_a_ceiling_that_can_not_be_is_refused(
    content: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario(content, here)
    assert told.value.key == key and says in str(told.value)
    assert "study.yaml" in str(told.value)


# -- a path: what is posed

LIBRARY = {
    "weightings": {"default": {"control": 1.0}},
    "disruptions": [
        {"name": "embargo-{region}", "each": {"regions": ["USA", "EU"]}, "duration": 1,
         "families": {"target": "control"},
         "events": [{"type": "ration", "exporter": "{region}", "importer": "CHN",
                     "sector": "strategic", "loss": 0.8}]},
        {"name": "loss", "duration": 1, "families": {"hit": "control"},
         "events": [{"type": "supply", "region": "CHN", "sector": "ELEC", "loss": 0.3}]},
    ],
}  # fmt: skip
USER = {"name": "user", "instrument": "domestic_purchase_subsidy", "sector": "strategic",
        "high": 0.1}  # fmt: skip
CREDIT = {"name": "credit", "instrument": "research_credit", "sector": "strategic", "high": 0.3}
BASIC = {"name": "basic", "instrument": "basic_research", "high": 0.005}
OPENNESS = {"name": "openness", "instrument": "knowledge_openness", "low": -0.5, "high": 0}
ALL = [TARIFF, SUBSIDY, USER, CREDIT, BASIC, OPENNESS]
RATES = np.array([0.1, 0.02, 0.03, 0.1, 0.002, -0.2])


def posed(
    levers: list[dict[str, Any]], years: int | None, version: str = UNILATERAL,
    elasticities: str = "boehm", only: str = "", **given: Any,
) -> Problem:  # fmt: skip
    """Return the problem of China over two embargoes and a loss; `years` None: of the long run."""
    frontier = {"region": "CHN", "instruments": levers, "versions": [version], **given}
    path = {} if years is None else {"path": {"years": years}}
    asked = Scenario.model_validate({
        "name": "trial",
        "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": [elasticities],
        "stress": {"level": 0.5}, "frontier": frontier, **path,
    })  # fmt: skip
    (b,) = benchmarks_of(asked).values()
    library = load_library(LIBRARY)
    known = tuple(one for one in expand(library, b) if one.name.startswith(only))
    found, _ = weights(known, library.weighting("default"), "CHN")
    assert asked.frontier is not None
    content = VersionContent(asked.frontier, b, settings_of(asked, b), known, found,
                             path=asked.path)  # fmt: skip
    return problem_of(content)


def on_path(levers: list[dict[str, Any]], years: int, **given: Any) -> PathProblem:
    problem = posed(levers, years, **given)
    assert isinstance(problem, PathProblem)
    return problem


@pytest.mark.parametrize(
    "directions",
    [
        pytest.param(np.kron(np.eye(2), [[1.0, 0.7, -0.6]]), id="of three rates"),
        pytest.param(np.eye(6), id="of each rate", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    ("version", "given"),
    [(UNILATERAL, {"budget": 0.2}), (NEUTRAL, {"objective": "year", "year": 2})],
)
def test_gradients_over_a_path_are_those_of_paths_that_are_solved_again(
    version: str, given: dict[str, Any], directions: Array
) -> None:
    problem = on_path(ALL, 3, version=version, **given)
    evaluator = PathEvaluator(problem)
    point, counted = evaluator.at(RATES), problem.counted
    exact = np.vstack([point.value_gradient, point.outlay_gradient, point.loss_gradients(counted)])
    assert np.abs(exact).max(axis=1).min() > 1e-3, "each of them moves"
    assert np.abs(exact[0]).min() > 1e-5, "welfare moves with each rate"

    def slope(direction: Array, part: float) -> Array:
        """Of welfare, outlay and losses, along a direction in parts of the way between bounds."""
        side = part * direction * (problem.high - problem.low)
        ends = []
        for rates in (RATES + side, RATES - side):
            one = PathEvaluator(problem).at(rates)  # from the benchmark
            ends.append(np.array([one.value, one.outlay, *one.losses(counted)]))
        return (ends[0] - ends[1]) / (2 * part)

    for direction in directions:
        across = direction * (problem.high - problem.low)
        size = np.maximum(np.abs(exact * across).sum(axis=1), 1e-2 * np.abs(across).max())
        coarse, fine = (np.abs(slope(direction, part) - exact @ across) / size
                        for part in (1e-2, 1e-3))  # fmt: skip
        assert fine.max() < 2e-5
        # What is left is the error of the differences: it falls with the square of the step.
        assert (fine < 0.05 * coarse + 2e-6).all()


def test_without_policy_a_path_is_the_benchmark_and_so_are_losses_from_it() -> None:
    problem, static = on_path(ALL, 2), posed([TARIFF, SUBSIDY], None)
    nothing = np.zeros(len(ALL))
    cold, there = solve_path_cold(problem, nothing), solve_cold(static, nothing[:2])
    assert np.abs(cold.variations).max() < 1e-7 and cold.outlay == 0.0
    np.testing.assert_allclose(cold.losses, there.losses, atol=1e-7)
    assert there.cvar > 0.005
    point = PathEvaluator(problem).at(nothing)
    assert point.risk == pytest.approx(cold.cvar, abs=1e-10)


def test_a_point_is_what_a_stress_test_of_its_rates_finds() -> None:
    problem = on_path(ALL, 3, year=2)
    cold = solve_path_cold(problem, RATES)
    aims = [{k: v for k, v in one.items() if k not in ("name", "low", "high")} for one in ALL]
    aims[0]["importer"] = aims[2]["importer"] = "CHN"
    aims[1]["region"] = aims[3]["region"] = aims[4]["region"] = "CHN"
    aims[5]["learner"] = "CHN"
    rates = RATES.tolist()
    asked = {
        "name": "trial",
        "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
        "path": {"years": 3},
        "policy": [{**aim, "add": rate} for aim, rate in zip(aims[:3], rates, strict=False)],
        "knowledge": [{**aims[3], "add": rates[3]}, {**aims[4], "budget": rates[4]},
                      {**aims[5], "set": 1.0 + rates[5]}],
    }  # fmt: skip
    whole = cge.run(Scenario.model_validate(asked), workers=1).to_frame(region="CHN")
    found = whole[whole["measure"] == "present_value"]["value"].item()
    # A path as such has no stand-ins, which supply a little even in normal times.
    assert 100 * cold.worth["present_value"][0] == pytest.approx(found, abs=1e-4)
    tested = run_stress({**asked, "stress": {"years": [2], "level": 0.5}})
    lost = tested[(tested["measure"] == "loss") & (tested["variant"] == "")]
    lost = lost.set_index("disruption")["value"]
    names = [problem.disruptions[n].name for n in problem.counted]
    np.testing.assert_allclose(100 * cold.losses[:, 0], lost[names], atol=1e-6)
    welfare = tested[(tested["measure"] == "equivalent_variation") & (tested["variant"] == "")]
    assert 100 * cold.worth["equivalent_variation"][0] == pytest.approx(
        welfare["value"].item(), abs=1e-7
    )


def test_compensated_partners_lose_and_gain_nothing_in_any_year() -> None:
    problem = on_path(ALL, 3, version=NEUTRAL)
    years = problem.solved(RATES)
    gained = variations(problem, years)
    assert np.abs(gained[:, 1:]).max() < 1e-10 and np.abs(gained[:, 0]).min() > 1e-3
    alone = variations(problem, on_path(ALL, 3).solved(RATES))
    assert np.abs(alone[:, 1:]).max(axis=1).min() > 1e-4
    # In a disruption the transfers are given: the pre-shock year is the year itself.
    pre = PathEvaluator(problem).at(RATES).pre_shock
    np.testing.assert_allclose(pre.values("welfare"), years[-1].solution.values("welfare"))
    cold = solve_path_cold(problem, RATES)
    assert np.abs(cold.losses[:, 1:]).max() > 1e-4, "partners lose in a disruption all the same"


def test_outlay_counts_what_research_costs() -> None:
    problem = on_path([BASIC, CREDIT], 2)
    (basic, both) = (solve_path_cold(problem, np.array(one)) for one in ([0.003, 0], [0.003, 0.1]))
    assert basic.outlay == pytest.approx(0.003, abs=1e-12)
    data = problem.laws.knowledge
    assert data is not None
    share = (
        data.business[0][
            [i in ("ELEC", "MACH", "CHEM", "HMAN") for i in problem.long.benchmark.sectors]
        ].sum()
        / data.gdp[0]
    )
    assert both.outlay - basic.outlay == pytest.approx(0.1 * share, rel=0.2)


# -- a path: what is found


@pytest.fixture(scope="module", params=[2, pytest.param(5, marks=pytest.mark.slow)])
def two_levers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[PathProblem, Sweep]:
    """A frontier of a tariff and a subsidy over some years, against embargoes."""
    years, levers = request.param, [TARIFF, {**USER, "high": 0.2}]
    only = "embargo-USA" if years == 2 else "embargo"
    problem = on_path(levers, years, objective="year", elasticities="fontagne", only=only)
    steps = Steps(tmp_path_factory.mktemp("steps"), "two")
    search = FrontierSearch(problem, optimise, steps, PathEvaluator, solve_path_cold)
    return problem, search.frontier(3 if years == 2 else 5, 1)


def test_no_policy_of_a_grid_is_better_than_the_frontier(
    two_levers: tuple[PathProblem, Sweep],
) -> None:
    problem, found = two_levers
    evaluator = PathEvaluator(problem)
    count = 4 if problem.years == 2 else 7
    axes = (np.linspace(low, high, count)
            for low, high in zip(problem.low, problem.high, strict=True))  # fmt: skip
    grid = [evaluator.at(np.array(rates)) for rates in np.stack(
        np.meshgrid(*axes), axis=-1).reshape(-1, 2)]  # fmt: skip
    value, risk = (np.array([getattr(one, what) for one in grid]) for what in ("value", "risk"))
    assert found.conflict and len(grid) == count**2
    assert found.points[0].cold.variations[0] >= value.max() - 1e-8
    assert found.points[-1].cold.cvar <= risk.min() + 1e-8
    for point in found.points[1:-1]:
        assert point.ceiling is not None
        allowed = value[risk <= point.ceiling]
        assert len(allowed) > 1, "the grid has policies under the ceiling"
        assert (point.cold.variations[0] >= allowed - 1e-8).all()


def test_a_frontier_on_a_path_falls_and_is_confirmed_from_the_benchmark(
    two_levers: tuple[PathProblem, Sweep],
) -> None:
    problem, found = two_levers
    value, risk = (np.array([one.cold.variations[0] for one in found.points]),
                   np.array([one.cold.cvar for one in found.points]))  # fmt: skip
    assert (np.diff(value) < -1e-7).all() and (np.diff(risk) < -1e-5).all()
    assert max(max(point.apart) for point in found.points) < 1e-8
    for point in found.points:
        assert point.cold.worth["equivalent_variation"][0] == point.cold.variations[0]
        if point.ceiling is not None:
            assert point.cold.cvar <= point.ceiling + 1e-8
            assert point.optimum.price > 0
    best = PathEvaluator(problem).at(found.points[0].optimum.rates)
    inside = (best.rates > problem.low + 1e-5) & (best.rates < problem.high - 1e-5)
    width = problem.high - problem.low
    assert np.abs(best.value_gradient * width)[inside].max(initial=0.0) < 1e-7


def test_for_the_world_the_sum_of_all_regions_is_maximised() -> None:
    alone, world = (on_path([TARIFF], 2, version=one) for one in (UNILATERAL, GLOBAL))
    ends = [PathEvaluator(one) for one in (alone, world)]
    tariffs = [optimise(one, "welfare", np.array([0.05])).rates[0] for one in ends]
    assert tariffs[1] < tariffs[0] - 0.01
    point = ends[1].at(np.array([tariffs[1]]))
    absorption = world.long.benchmark.absorption
    assert point.value == pytest.approx(point.variations @ absorption / absorption.sum())


# -- a path: the study


def over_years(**changes: Any) -> dict[str, Any]:
    return {**of_frontier(**changes), "path": {"years": 2}}


def test_a_study_of_a_path_tells_year_objective_and_both_measures_of_welfare(here: Path) -> None:
    content = over_years(points=2, disruptions=["ban-*"])
    results = run_scenario(content, here)
    rows, (case,) = results.rows, results.manifest["cases"]
    assert (case["year"], case["objective"], case["constraint"], case["years"]) == (
        2, "present_value", "export_control", 2
    )  # fmt: skip
    assert "return_basic" in results.manifest["parameters"]
    assert set(rows["path_year"]) == {2} and set(rows["research_return"]) == {"central"}
    for measure in ("present_value", "equivalent_variation"):
        of = rows[(rows["measure"] == measure) & (rows["point"] == 0)]
        assert len(of) == 6 and of["value"].notna().all(), "regions and the world"
    (panel,) = build("frontier", [results], Choice()).panels
    assert [column.title for column in panel.columns[:3]] == [
        "Loss from export control", "Present value of EV", "Present value of EV, world",
    ]  # fmt: skip
    worth = rows[(rows["measure"] == "present_value") & (rows["region"] == "CHN")]
    np.testing.assert_allclose(panel.figures[:, 1], worth["value"])
    notes = " ".join(results.manifest["notes"])
    assert "On a path of 2 years" in notes and "present value of welfare" in notes


@pytest.mark.parametrize(
    ("content", "key", "says"),
    [
        (of_frontier(instruments=[TARIFF, BASIC]), "frontier.instruments.1.instrument",
         "acts over years"),
        (of_frontier(year=1), "frontier.year", "on a path"),
        (of_frontier(objective="year"), "frontier.objective", "on a path"),
        (over_years(year=3), "frontier.year", "no such year"),
        (over_years(method="full"), "frontier.method", "on a path"),
        (over_years(instruments=[{**OPENNESS, "high": 0.5}]), "frontier.instruments.0.high",
         "no rate that this instrument can have"),
        (over_years(instruments=[{**BASIC, "low": -0.2}]), "frontier.instruments.0.low",
         "leaves no basic research"),
        (over_years(instruments=[{**CREDIT, "sector": "CHIPS"}]),
         "frontier.instruments.0.sector", "CHIPS"),
        (over_years(instruments=[{**TARIFF, "learner": "CHN"}]), "frontier.instruments.0",
         "has no 'learner'"),
        ({**over_years(), "path": {"years": 2, "returns": ["low", "high"]}}, "path.returns",
         "one of them"),
        ({**over_years(), "path": {"openness_response": {"chi": 0.5}}}, "path.openness_response",
         "no derivative"),
        ({**over_years(instruments=[BASIC]), "path": {"years": 2, "knowledge": False}},
         "frontier.instruments.0", "does not move"),
    ],
)  # fmt: skip
def test_what_a_frontier_on_a_path_can_not_be_is_told_with_its_place(
    content: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario(content, here)
    assert (told.value.key or "").startswith(key) and says in str(told.value)
    assert "study.yaml" in str(told.value)
