"""Systematic sensitivity: what a draw is, what is made of many, and what a kill leaves."""

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
from cge.results.drivers import by_nest, drivers
from cge.results.sensitivity import POOLED, draws_table, statistics
from conftest import Outcome, snapshot

from cge import Model, NoEquilibrium, load_benchmark
from cge.experiments import draw as one_draw
from cge.experiments.designs import Design
from cge.experiments.parallel import Kept, run_tasks
from cge.experiments.parameters import Parameter, with_values
from cge.experiments.run import run_scenario
from cge.experiments.sensitivity import Sensitivity, SetDraws, run_sensitivity
from cge.scenario.schema import Scenario
from cge.solve.cache import default_folder

Run = Callable[..., Outcome]

WAR = Scenario(
    name="war",
    benchmark={"aggregation": "small"},
    elasticities=["boehm"],
    policy=[
        {"instrument": "tariff", "exporter": a, "importer": b, "sector": "goods", "add": 0.5}
        for a, b in (("CHN", "USA"), ("USA", "CHN"))
    ],
)
TEN = Design(n=10)
WELFARE = ("equivalent_variation",)
FILES = {
    "draws.parquet", "sensitivity.parquet", "sensitivity.csv", "drivers.parquet", "drivers.csv",
    "parameters.csv", "summary.md", "manifest.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def models() -> Path:
    return default_folder()  # that of the test session


@pytest.fixture(scope="module")
def study(models: Path) -> Sensitivity:
    return run_sensitivity(WAR, TEN, workers=1, cache_folder=models)


def column(study: Sensitivity, measure: str, region: str) -> int:
    return [(o.measure, o.region) for o in study.outputs].index((measure, region))


# -- one draw ---------------------------------------------------------------------------------


def test_the_central_case_is_what_the_scenario_gives(study: Sensitivity) -> None:
    solution = run_scenario(WAR).cases[0].solution
    for measure in ("equivalent_variation", "real_gdp", "terms_of_trade"):
        for region in study.benchmark.regions:
            found = study.sets[0].central[column(study, measure, region)]
            assert found == pytest.approx(solution.outcome(f"{measure}[{region}]"), abs=1e-8)


def test_a_draw_is_the_model_built_anew_with_its_elasticities(study: Sensitivity) -> None:
    one, b = study.sets[0], study.benchmark
    drawn = with_values(b.elasticities["long"], one.parameters, one.points[3], b.sectors)
    model = Model.build(b.with_elasticities(long=drawn))
    goods = "|".join(b.groups["sectors"]["goods"])
    start = model.levels({})
    for a, c in (("CHN", "USA"), ("USA", "CHN")):
        _, cells = model.variables.select(f"tariff[*, {a}, {goods}, {c}]")
        start[cells] += 0.5
    solution = model.solve(start)
    for region in ("USA", "CHN"):
        found = one.results[3, column(study, "equivalent_variation", region)]
        exact = solution.outcome(f"equivalent_variation[{region}]")
        assert found == pytest.approx(exact, abs=1e-8)
        assert abs(found - one.central[column(study, "equivalent_variation", region)]) > 1e-5


def test_the_world_adds_up_its_regions(study: Sensitivity) -> None:
    one, b = study.sets[0], study.benchmark
    money = [column(study, "equivalent_variation_value", r) for r in b.regions]
    world = one.results[:, column(study, "equivalent_variation_value", "World")]
    assert world == pytest.approx(one.results[:, money].sum(axis=1))
    share = one.results[:, column(study, "equivalent_variation", "World")]
    assert share == pytest.approx(100 * world / b.absorption.sum())


def test_the_parts_of_welfare_can_be_asked_for(models: Path) -> None:
    names = ("equivalent_variation", "trade_efficiency", "terms_of_trade_part")
    found = run_sensitivity(WAR, Design(n=2), measures=names, workers=1, cache_folder=models)
    results = found.sets[0].results[0]
    total, allocative, terms = (results[column(found, name, "USA")] for name in names)
    # Without new transfers, technology or endowments nothing else is part of welfare.
    assert allocative + terms == pytest.approx(total, rel=2e-3)
    assert terms > 0 > allocative


# -- many draws -------------------------------------------------------------------------------


def test_results_do_not_depend_on_workers_or_on_interruptions(
    study: Sensitivity, models: Path, tmp_path: Path
) -> None:
    def stop(done: int, _all: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sensitivity(WAR, TEN, workers=1, cache_folder=models, keep=tmp_path, report=stop)
    (kept,) = tmp_path.glob("*.jsonl")
    with kept.open("a") as file:
        file.write('["boehm/9", {"outputs": [1.0, 2.')  # cut off by a kill
    counts: list[tuple[int, int]] = []
    resumed = run_sensitivity(
        WAR, TEN, workers=2, cache_folder=models, keep=tmp_path,
        report=lambda done, of: counts.append((done, of)),
    )  # fmt: skip
    assert resumed.resumed == 4 and counts[0] == (4, 10) and counts[-1] == (10, 10)
    assert resumed.sets[0].results.tobytes() == study.sets[0].results.tobytes()
    assert resumed.sets[0].central.tobytes() == study.sets[0].central.tobytes()


def test_a_fresh_start_and_another_study_leave_kept_draws_alone(
    models: Path, tmp_path: Path
) -> None:
    def again(scenario: Scenario = WAR, seed: int = 1, fresh: bool = False) -> int:
        design = Design(n=2, seed=seed)
        return run_sensitivity(
            scenario, design, measures=WELFARE, workers=1, cache_folder=models, keep=tmp_path,
            fresh=fresh, folder=tmp_path,
        ).resumed  # fmt: skip

    assert again() == 0
    assert again() == 2
    assert again(seed=2) == 0
    assert again(fresh=True) == 0
    rates = tmp_path / "rates.csv"
    rates.write_text("exporter,importer,sector,points\nCHN,USA,ELEC,0.1\n")
    policy = [{"instrument": "tariff", "file": "rates.csv", "column": "points"}]
    by_file = Scenario(name="f", benchmark={"aggregation": "small"}, elasticities=["boehm"],
                       policy=policy)  # fmt: skip
    assert again(by_file) == 0
    assert again(by_file) == 2
    rates.write_text("exporter,importer,sector,points\nCHN,USA,ELEC,0.2\n")
    assert again(by_file) == 0  # what the file said has changed


def test_sectors_that_err_together_widen_the_interval(study: Sensitivity, models: Path) -> None:
    apart = run_sensitivity(
        WAR, Design(n=10, split=True), measures=WELFARE, workers=1, cache_folder=models
    )
    assert len(apart.sets[0].parameters) > 3 * len(study.sets[0].parameters)
    alone = apart.sets[0].results[:, column(apart, "equivalent_variation", "World")].std()
    spread = study.sets[0].results[:, column(study, "equivalent_variation", "World")].std()
    assert spread > 1.3 * alone


def test_quadrature_and_sampling_agree_on_mean_and_spread(models: Path) -> None:
    found = []
    for design in (Design("stroud", correlation=1), Design(n=40, correlation=1)):
        one = run_sensitivity(WAR, design, measures=WELFARE, workers=1, cache_folder=models)
        found.append(statistics(one).set_index(["region", "statistic"])["value"].unstack())  # noqa: PD010
    quadrature, sample = found
    assert "p05" not in quadrature.columns and "p05" in sample.columns
    assert (quadrature["draws"] == 10).all()
    error = (quadrature["mean"] - sample["mean"]).abs() / sample["sd"]
    assert error.max() < 0.2
    assert quadrature["sd"].to_numpy() == pytest.approx(sample["sd"].to_numpy(), rel=0.2)


def test_every_variant_of_a_family_is_solved_in_every_draw(models: Path) -> None:
    family = Scenario(
        name="two", benchmark={"aggregation": "small"}, elasticities=["boehm", "fontagne"],
        variants=[
            {"name": name, "policy": [{"instrument": "tariff", "importer": "USA", "add": rate}]}
            for name, rate in (("low", 0.05), ("high", 0.10))
        ],
    )  # fmt: skip
    found = run_sensitivity(
        family, Design(n=3), measures=("terms_of_trade",), workers=1, cache_folder=models
    )
    table = statistics(found)
    assert set(table["scenario"]) == {"two.low", "two.high"}
    assert set(table["elasticities"]) == {"boehm", "fontagne", POOLED}
    rows = table[(table["region"] == "USA") & (table["statistic"] == "min")]
    for _, one in rows.groupby("elasticities"):
        by = one.set_index("scenario")["value"]
        assert 0 < by["two.low"] < by["two.high"]
    assert {"two.low:terms_of_trade[USA]", "armington[ELEC]"} <= set(draws_table(found).columns)


def test_a_draw_without_equilibrium_is_counted_not_dropped_in_silence(
    study: Sensitivity, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = float(np.median(study.sets[0].points[:, 0]))
    solve = one_draw.solve_members

    def fails_above(scenario: Scenario, model_of: Any, *args: Any, **keys: Any) -> Any:
        model = model_of("long")
        if model.benchmark.elasticities["long"].armington[0, 0, 0] > middle:
            raise NoEquilibrium("too elastic")
        return solve(scenario, model_of, *args, **keys)

    monkeypatch.setattr(one_draw, "solve_members", fails_above)
    # The central case, between the two middle draws or not, must be solved.
    central = study.sets[0].parameters[0].central
    middle = max(middle, central)
    failed = run_sensitivity(WAR, TEN, workers=1, cache_folder=models)
    lost = {number for number, _ in failed.sets[0].failures}
    assert lost == set(np.flatnonzero(study.sets[0].points[:, 0] > middle)) and lost
    table = statistics(failed)
    kept = study.sets[0].results[[n for n in range(10) if n not in lost]]
    where = column(study, "real_gdp", "USA")
    rows = table[(table["region"] == "USA") & (table["measure"] == "real_gdp")]
    by = rows.set_index("statistic")["value"]
    assert by["draws"] == 10 - len(lost)
    assert by["mean"] == pytest.approx(kept[:, where].mean(), rel=1e-12)
    status = draws_table(failed)["status"]
    assert (status == "too elastic").sum() == len(lost) and len(status) == 10


def test_no_equilibrium_at_the_centre_ends_the_study(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any, **_keys: Any) -> Any:
        raise NoEquilibrium(": nothing passes")

    monkeypatch.setattr(one_draw, "solve_members", fails)
    with pytest.raises(NoEquilibrium, match="central case, elasticities 'boehm': nothing passes"):
        run_sensitivity(WAR, TEN, workers=1, cache_folder=models)


# -- statistics and drivers -------------------------------------------------------------------


def made(study: Sensitivity, design: Design, *results: Any, points: Any = None) -> Sensitivity:
    """Return a study of one output with given draws, one set for each array of results."""
    sets = []
    for number, values in enumerate(results):
        x = np.zeros((len(values), 1)) if points is None else points
        parameters = tuple(Parameter("armington", f"S{k}", 1, 2, 3) for k in range(x.shape[1]))
        lost = tuple((int(n), "none") for n in np.flatnonzero(np.isnan(values)))
        sets.append(SetDraws(f"set{number}", "", "long", parameters, x, np.array([7.0]),
                             np.asarray(values, dtype=float)[:, None], lost))  # fmt: skip
    return replace(study, design=design, outputs=study.outputs[:1], sets=tuple(sets))


def test_statistics_are_those_of_the_solved_draws(study: Sensitivity) -> None:
    values = np.array([1.0, 4.0, np.nan, -2.0, 3.0])
    table = statistics(made(study, Design(n=5), values)).set_index("statistic")
    solved = values[~np.isnan(values)]
    expected = {
        "central": 7.0, "mean": 1.5, "sd": solved.std(ddof=1), "p50": 2.0, "min": -2.0, "max": 4.0,
        "p05": np.quantile(solved, 0.05), "p95": np.quantile(solved, 0.95),
        "probability_positive": 0.75, "draws": 4,
    }  # fmt: skip
    for name, value in expected.items():
        assert table.loc[name, "value"] == pytest.approx(value), name
    assert table.loc["draws", "unit"] == "draws"
    assert table.loc["mean", "unit"] == "percent of benchmark absorption"


def test_pooled_statistics_weigh_sets_and_not_draws(study: Sensitivity) -> None:
    full, thin = np.array([1.0, 1.0, 1.0, 1.0]), np.array([3.0, np.nan, np.nan, np.nan])
    table = statistics(made(study, Design(n=4), full, thin))
    pooled = table[table["elasticities"] == POOLED].set_index("statistic")["value"]
    assert pooled["mean"] == pytest.approx(2.0)
    assert pooled["sd"] == pytest.approx(1.0)
    assert pooled["draws"] == 5 and "central" not in pooled
    same = statistics(made(study, Design(n=4), full, full + 2))
    pooled = same[same["elasticities"] == POOLED].set_index("statistic")["value"]
    assert pooled["mean"] == pytest.approx(2.0) and pooled["p50"] == pytest.approx(2.0)


def test_drivers_of_a_linear_function_are_its_squared_coefficients(study: Sensitivity) -> None:
    x = np.random.default_rng(0).normal(size=(400, 3)) * [1.0, 5.0, 1.0]
    y = 3 * x[:, 0] - 0.2 * x[:, 1]
    table = drivers(made(study, Design(n=400), y, points=x)).set_index("parameter")
    assert table.loc["armington[S0]", "share"] == pytest.approx(0.9, abs=0.02)
    assert table.loc["armington[S1]", "share"] == pytest.approx(0.1, abs=0.02)
    assert table["share"].sum() == pytest.approx(1.0)
    assert table["direction"].tolist()[:2] == [1, -1]
    assert (table["r2"] > 1 - 1e-12).all() and set(table["method"]) == {"linear"}


def test_drivers_of_correlated_parameters_still_add_up(study: Sensitivity) -> None:
    generator = np.random.default_rng(1)
    common, own = generator.normal(size=(2000, 1)), generator.normal(size=(2000, 2))
    x = np.sqrt(0.5) * common + np.sqrt(0.5) * own
    y = x[:, 0] + generator.normal(size=2000)
    table = drivers(made(study, Design(n=2000, correlation=0.5), y, points=x))
    shares = table.set_index("parameter")["share"]
    assert shares["armington[S0]"] == pytest.approx(0.5, abs=0.04)
    assert shares["armington[S1]"] == pytest.approx(0.0, abs=0.03)
    assert by_nest(table)["share"].tolist() == pytest.approx([shares.sum()])


def test_nests_are_told_apart_where_their_sectors_move_as_one(study: Sensitivity) -> None:
    u = np.random.default_rng(2).random((50, 1))
    x = np.hstack([u, u**2, u**0.5])
    table = drivers(made(study, Design(n=50, correlation=1.0), -u[:, 0], points=x))
    assert table["parameter"].tolist() == ["armington"] and table["sector"].tolist() == ["all"]
    assert table["share"].tolist() == pytest.approx([1.0], abs=0.03)
    assert table["direction"].tolist() == [-1]


def test_ranks_are_regressed_where_a_line_does_not_fit(study: Sensitivity) -> None:
    x = np.random.default_rng(3).random((300, 2))
    y = np.exp(40 * x[:, 0]) + x[:, 1]
    table = drivers(made(study, Design(n=300), y, points=x))
    assert set(table["method"]) == {"rank"}
    assert table.set_index("parameter").loc["armington[S0]", "share"] > 0.95


def test_too_few_draws_and_still_results_have_no_drivers(study: Sensitivity) -> None:
    x = np.random.default_rng(4).random((5, 3))
    assert drivers(made(study, Design(n=5), x[:, 0], points=x)).empty
    x = np.random.default_rng(4).random((50, 3))
    assert drivers(made(study, Design(n=50), np.full(50, 2.0), points=x)).empty


# -- tasks ------------------------------------------------------------------------------------


def test_kept_results_come_back_bit_for_bit(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "new" / "kept.jsonl")
    values = [0.1, 1 / 3, 1e-308, float("nan"), -0.0]
    kept.add("a", {"outputs": values})
    kept.path.write_text(kept.path.read_text() + '["b", {"outp')
    kept.add("c", 1)
    found = kept.load()
    assert set(found) == {"a", "c"}
    assert np.array(found["a"]["outputs"]).tobytes() == np.array(values).tobytes()


def test_tasks_come_back_in_their_order_and_a_fault_keeps_what_was_done(tmp_path: Path) -> None:
    assert list(run_tasks(abs, {"z": -1, "a": -2}).items()) == [("z", 1), ("a", 2)]
    kept = Kept(tmp_path / "kept.jsonl")
    with pytest.raises(TypeError):
        run_tasks(abs, {"z": -1, "a": "no number"}, kept=kept)
    assert kept.load() == {"z": 1}


# -- the command ------------------------------------------------------------------------------


def test_the_command_writes_a_study_that_tables_can_be_made_of(cge: Run, here: Path) -> None:
    line = ("sens", "us-china-tariff-war", "--aggregation", "small", "--elasticities", "boehm",
            "-n", "50", "--workers", "1")  # fmt: skip
    outcome = cge(*line)
    assert outcome.code == 0 and outcome.err == ""
    folder = here / "results" / "runs" / "us-china-tariff-war-sensitivity"
    assert {path.name for path in folder.iterdir()} == FILES
    table = pd.read_parquet(folder / "sensitivity.parquet")
    assert {"scenario", "elasticities", "region", "measure", "statistic", "value", "unit"} <= set(
        table.columns
    )
    parts = pd.read_csv(folder / "drivers.csv")
    by = parts.groupby(["region", "measure"])["share"].sum()
    assert ((by > 0.5) & (by <= 1 + 1e-9)).all()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["design"]["seed"] == 1 and manifest["sets"][0]["draws"] == 50
    assert any("drawn independently" in note for note in manifest["notes"])
    assert "50 draws" in outcome.out and "drawn independently" in outcome.out
    draws = pd.read_parquet(folder / "draws.parquet")
    usa = table[(table["region"] == "USA") & (table["measure"] == "real_gdp")]
    mean = usa.set_index("statistic")["value"]["mean"]
    assert draws["real_gdp[USA]"].mean() == pytest.approx(mean)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["-n", "0"], "key '-n', value 0: is too small"),
        (["--design", "sobol"], "key '--design', value 'sobol': unknown design"),
        (["--distribution", "normal"], "unknown distribution"),
        (["--correlation", "1.5"], "key '--correlation', value 1.5"),
        (["--measures", "happiness"], "key '--measures', value 'happiness': unknown measure"),
        (["--measures", ","], "no measure is named"),
        (["--workers", "0"], "key '--workers', value 0: is no number of processes"),
        (["--solver", "gams"], "unknown solver"),
        (["--seed", "-1"], "key '--seed'"),
        (["--design", "stroud", "--correlation", "0.5"], "leave the ranges"),
        (["--elasticities", "none-such"], "no such elasticity set"),
        (["-n", "many"], "Invalid value for '-n'"),
    ],
)
def test_wrong_input_ends_in_one_message_and_writes_nothing(
    given: list[str], message: str, cge: Run, here: Path
) -> None:
    outcome = cge("sens", "us-china-tariff-war", "--aggregation", "small", *given)
    assert outcome.code == 2
    assert message in outcome.err and outcome.err.count("\n") == 1
    assert not any(here.iterdir())


def test_a_folder_of_something_else_is_not_touched(cge: Run, here: Path) -> None:
    run = here / "run"
    run.mkdir()
    (run / "manifest.json").write_text('{"scenario": 1, "cases": [], "benchmark": {}}')
    before = snapshot(here)
    outcome = cge("sens", "us-china-tariff-war", "--out", run)
    assert outcome.code == 2 and "not a sensitivity study's" in outcome.err
    assert snapshot(here) == before


def test_a_benchmark_of_ones_own_needs_a_set_with_ranges(cge: Run, here: Path) -> None:
    from cge import save_benchmark

    save_benchmark(load_benchmark(aggregation="small", elasticities="boehm"), here / "mine")
    (here / "s.yaml").write_text(
        "name: s\nbenchmark: {table: mine}\n"
        "policy: [{instrument: tariff, importer: USA, add: 0.1}]\n"
    )
    outcome = cge("sens", "s.yaml", "-n", "2", "--workers", "1")
    assert outcome.code == 2 and "without their ranges" in outcome.err
    done = cge("sens", "s.yaml", "-n", "2", "--workers", "1", "--elasticities", "boehm")
    assert done.code == 0, done.err


def test_an_interrupt_says_what_is_kept_and_the_same_command_goes_on(
    cge: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Kept.add
    seen: list[str] = []

    def fourth_time(self: Kept, name: str, result: Any) -> None:
        if len(seen) == 3:
            raise KeyboardInterrupt
        add(self, name, result)
        seen.append(name)

    line = ("sens", "us-china-tariff-war", "--aggregation", "small", "--elasticities", "boehm",
            "-n", "5", "--workers", "1", "--out", "o")  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(Kept, "add", fourth_time)
        stopped = cge(*line)
    assert stopped.code == 130
    assert "interrupted; 3 of 5 draws are kept" in stopped.err
    assert [p.name for p in (here / "o").iterdir()] == [".cge-new.draws"]
    resumed = cge(*line)
    assert resumed.code == 0
    assert "Going on: 3 of 5 draws" in resumed.err and "3 of them before" in resumed.out
    assert {path.name for path in (here / "o").iterdir()} == FILES


@pytest.mark.slow
def test_a_killed_study_leaves_no_workers_and_goes_on(here: Path) -> None:
    line = [sys.executable, "-c", "from cge.cli.main import run; run()", "sens",
            "us-china-tariff-war", "-n", "30", "--workers", "2", "--out", "o"]  # fmt: skip
    first = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        kept = [
            text for path in (here / "o").glob(".cge-new.draws/*") if (text := path.read_text())
        ]
        if kept and kept[0].count("\n") > 8:
            break
        time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    again = subprocess.run(line, capture_output=True, text=True, check=True)
    assert "Going on:" in again.stderr
    subprocess.run([*line[:-1], "p"], capture_output=True, check=True)
    for name in sorted(FILES - {"manifest.json"}):
        assert (here / "o" / name).read_bytes() == (here / "p" / name).read_bytes()
