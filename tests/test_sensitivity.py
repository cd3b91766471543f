"""Systematic sensitivity: what a draw is, what is made of many, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome, snapshot

from cge import InputError, Model, NoEquilibrium, Scenario, load_benchmark
from cge.core.parameters import Parameter
from cge.results.resultset import ResultSet
from cge.studies import sensitivity as studied
from cge.studies import static
from cge.studies.drawable import Drawable
from cge.studies.sensitivity import Sensitivity
from cge.studies.sensitivity_results import POOLED
from cge.studies.static import Static
from cge.studies.study import run_study
from cge.tasks.runner import Runner
from cge.uncertainty.designs import Design, sample
from cge.uncertainty.selection import Family
from cge.uncertainty.spread import Drivers, Regression, pooled_spread, spread
from cge.uncertainty.uncertain_parameters import UncertainParameter, with_values

Run = Callable[..., Outcome]

WAR = Scenario(
    name="war",
    benchmark={"table": "wiod2013", "aggregation": "small"},
    elasticities=["boehm"],
    policy=[
        {"instrument": "tariff", "exporter": a, "importer": b, "sector": "goods", "add": 0.5}
        for a, b in (("CHN", "USA"), ("USA", "CHN"))
    ],
)
WELFARE = ("equivalent_variation",)
FILES = {"results.parquet", "results.csv", "summary.md", "manifest.json"}


def done(
    scenario: Scenario, cache: Path, workers: int = 1, report: Any = None, fresh: bool = False,
    **options: Any,
) -> ResultSet:  # fmt: skip
    study = Sensitivity(scenario, **options)
    return run_study(study, Runner(workers=workers, cache=cache, fresh=fresh, report=report))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def study(cache: Path) -> ResultSet:
    return done(WAR, cache, draws=10)


def values(results: ResultSet, **where: Any) -> np.ndarray:
    return results.to_frame(**where)["value"].to_numpy(float)


def drawn(results: ResultSet, measure: str, region: str) -> np.ndarray:
    """Values of a figure in all draws."""
    frame = results.to_frame(measure=measure, region=region)
    return frame[frame["point"].notna()].sort_values("point")["value"].to_numpy(float)


def points(results: ResultSet) -> pd.DataFrame:
    """Draws by parameters."""
    return results.to_frame(measure="parameter").pivot_table(
        index="point", columns="item", values="value", sort=False
    )


# -- one draw ---------------------------------------------------------------------------------


def test_the_central_case_is_what_the_scenario_gives(study: ResultSet, cache: Path) -> None:
    plain = run_study(Static(WAR, decompose=False), Runner(workers=1, cache=cache))
    for measure in ("equivalent_variation", "real_gdp", "terms_of_trade"):
        for region in study.benchmark["regions"]:
            (found,) = values(study, measure=measure, region=region, statistic="central")
            (exact,) = values(plain, measure=measure, region=region)
            assert found == pytest.approx(exact, abs=1e-8)


def test_a_draw_is_the_model_built_anew_with_its_elasticities(study: ResultSet) -> None:
    b = load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    parameters = Static(WAR).of_set("boehm").parameters()
    assert [p.name for p in parameters] == list(points(study).columns)
    values_of = points(study).loc[4].to_numpy()
    changed = with_values(b.elasticities["long"], parameters, values_of, b.sectors)
    model = Model.build(b.with_elasticities(long=changed))
    goods = "|".join(b.groups["sectors"]["goods"])
    start = model.levels({})
    for a, c in (("CHN", "USA"), ("USA", "CHN")):
        _, cells = model.variables.select(f"tariff[*, {a}, {goods}, {c}]")
        start[cells] += 0.5
    solution = model.solve(start)
    for region in ("USA", "CHN"):
        found = drawn(study, "equivalent_variation", region)[3]
        exact = solution.outcome(f"equivalent_variation[{region}]")
        assert found == pytest.approx(exact, abs=1e-8)
        (central,) = values(
            study, measure="equivalent_variation", region=region, statistic="central"
        )
        assert abs(found - central) > 1e-5


def test_the_world_adds_up_its_regions(study: ResultSet) -> None:
    b = load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    money = sum(drawn(study, "equivalent_variation_value", region) for region in b.regions)
    world = drawn(study, "equivalent_variation_value", "World")
    assert len(world) == 10 and world == pytest.approx(money)
    share = drawn(study, "equivalent_variation", "World")
    assert share == pytest.approx(100 * world / b.absorption.sum())


def test_the_parts_of_welfare_can_be_asked_for(cache: Path) -> None:
    names = ("equivalent_variation", "trade_efficiency", "terms_of_trade_effect")
    found = done(WAR, cache, draws=2, measures=names)
    assert set(found.rows["measure"]) == {*names, "parameter"}
    total, allocative, terms = (drawn(found, name, "USA")[0] for name in names)
    # Without new transfers, technology or endowments nothing else is part of welfare.
    assert allocative + terms == pytest.approx(total, rel=2e-3)
    assert terms > 0 > allocative


def test_any_figure_of_the_study_can_be_drawn(cache: Path) -> None:
    found = done(WAR, cache, draws=2, measures=("output", "factor_return[LAB],output_tax_revenue"))
    rows = found.to_frame(statistic="mean")
    assert set(rows[rows["measure"] == "output"]["sector"]) == set(found.benchmark["sectors"])
    wage = rows[rows["measure"] == "factor_return"]
    assert set(wage["item"]) == {"LAB"} and (wage["change_unit"] == "percent").all()
    one = found.to_frame(measure="factor_return", region="USA")
    ends = one[one["point"].notna()]
    mean = one[one["statistic"] == "mean"]
    for column in ("value", "benchmark", "change"):
        assert mean[column].iloc[0] == pytest.approx(ends[column].mean())


@pytest.mark.parametrize(
    ("name", "message"),
    [("tariff", "unknown measure"), ("happiness", "unknown measure"),
     ("factor_return[GOLD]", "is not among the results")],
)  # fmt: skip
def test_what_not_every_draw_has_is_refused(name: str, message: str, cache: Path) -> None:
    with pytest.raises(InputError, match=message):
        done(WAR, cache, draws=2, measures=(name,))


# -- parameters that stand in the scenario ----------------------------------------------------


@dataclass(frozen=True)
class Balanced(Static):
    """Comparative statics whose trade balances are uncertain too."""

    usual: ClassVar[tuple[str, ...]] = ("all",)

    def families(self, split: bool = False) -> dict[str, Family]:
        known = Parameter(value=0.9, low=0.5, high=1.0, unit="share", status="assumed",
                          citation="for the test")  # fmt: skip
        scale = UncertainParameter.of("scale", known, "closure.balance.scale")
        rate = UncertainParameter("rate", 0.1, 0.5, 0.9, "policy", place="policy.0.add")
        first = super().families(split)["elasticities"]()[:1]
        return {"elasticities": lambda: first, "dynamics": lambda: (scale, rate)}


@dataclass(frozen=True)
class OfBalanced(Sensitivity):
    def drawn_kind(self) -> type[Drawable]:
        return Balanced


def test_parameters_can_stand_anywhere_in_the_scenario(cache: Path) -> None:
    scenario = WAR.model_copy(update={"closure": WAR.closure.model_validate(
        {"balance": {"scale": 0.9}})})  # fmt: skip
    runner = Runner(workers=1, cache=cache)
    found = run_study(OfBalanced(scenario, draws=4, measures=WELFARE), runner)
    assert list(points(found).columns) == ["armington", "scale", "rate"]
    assert [p["unit"] for p in found.manifest["parameters"]] == ["elasticity", "share", ""]
    elasticity, scale, rate = points(found).loc[2]
    policy = [WAR.policy[0].model_copy(update={"add": rate}), WAR.policy[1]]
    closure = WAR.closure.model_validate({"balance": {"scale": scale}})
    alone = WAR.model_copy(update={"closure": closure, "policy": policy})
    b = load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    first = Static(WAR).of_set("boehm").parameters()[:1]
    changed = with_values(b.elasticities["long"], first, [elasticity], b.sectors)
    exact = run_study(
        Static(alone, accounts={"boehm": b.with_elasticities(long=changed)}, only=WELFARE), runner
    )
    for region in b.regions:
        (welfare,) = values(exact, measure=WELFARE[0], region=region)
        assert drawn(found, WELFARE[0], region)[1] == welfare


# -- many draws -------------------------------------------------------------------------------


def test_results_depend_neither_on_workers_nor_on_interruptions_nor_on_the_size_of_tasks(
    study: ResultSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studied, "_MOST", 2)

    def stop(_label: str, steps: int, _of: int) -> None:
        if steps == 5:  # the central case and two tasks
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        done(WAR, tmp_path, report=stop, draws=10)
    kept = sorted((tmp_path / "work").rglob("*.cge"))
    assert len(kept) == 2  # what was under way when the interrupt came is lost
    kept[-1].write_bytes(kept[-1].read_bytes()[:-9])  # cut off by a kill
    counts: list[tuple[int, int]] = []
    resumed = done(
        WAR, tmp_path, workers=2, report=lambda _label, *count: counts.append(count), draws=10
    )
    assert resumed.manifest["steps"] == 11
    assert resumed.manifest["steps_kept_from_earlier"] in (1, 2)
    assert counts[-1] == (11, 11)
    assert resumed.identity == study.identity


def test_a_fresh_start_and_another_study_leave_kept_draws_alone(tmp_path: Path) -> None:
    def again(scenario: Scenario = WAR, seed: int = 1, fresh: bool = False) -> int:
        found = done(scenario, tmp_path, draws=2, seed=seed, measures=WELFARE, fresh=fresh)
        return int(found.manifest["steps_kept_from_earlier"])

    assert again() == 0
    assert again() == 3  # the central case and two draws
    assert again(WAR.model_copy(update={"name": "other", "title": "Another"})) == 3
    assert again(seed=2) == 1
    assert again(fresh=True) == 0
    rates = tmp_path / "rates.csv"
    rates.write_text("exporter,importer,sector,points\nCHN,USA,ELEC,0.1\n")
    policy = [{"instrument": "tariff", "file": str(rates), "column": "points"}]
    by_file = Scenario(name="f",
                       benchmark={"table": "wiod2013", "aggregation": "small"},
                       elasticities=["boehm"],
                       policy=policy)  # fmt: skip
    assert again(by_file) == 0
    assert again(by_file) == 3
    rates.write_text("exporter,importer,sector,points\nCHN,USA,ELEC,0.2\n")
    assert again(by_file) == 0  # what the file said has changed


def test_sectors_that_err_together_widen_the_interval(study: ResultSet, cache: Path) -> None:
    apart = done(WAR, cache, draws=10, split=True, measures=WELFARE)
    assert points(apart).shape[1] > 3 * points(study).shape[1]
    alone = drawn(apart, "equivalent_variation", "World").std()
    assert drawn(study, "equivalent_variation", "World").std() > 1.3 * alone


def test_quadrature_and_sampling_agree_on_mean_and_spread(cache: Path) -> None:
    found = []
    for options in ({"design": "stroud"}, {"draws": 40}):
        one = done(WAR, cache, measures=WELFARE, correlation=1.0, **options)
        rows = one.to_frame(measure=WELFARE[0])
        rows = rows[(rows["statistic"] != "") & (rows["shock"] == "")]
        found.append(rows.pivot_table(index="region", columns="statistic", values="value"))
    quadrature, sampled = found
    assert "p05" not in quadrature.columns and "p05" in sampled.columns
    assert (quadrature["draws"] == 10).all()
    error = (quadrature["mean"] - sampled["mean"]).abs() / sampled["sd"]
    assert error.max() < 0.2
    assert quadrature["sd"].to_numpy() == pytest.approx(sampled["sd"].to_numpy(), rel=0.2)


def test_every_variant_of_a_family_is_solved_in_every_draw(cache: Path) -> None:
    whole = Scenario(
        name="two",
        benchmark={"table": "wiod2013", "aggregation": "small"}, elasticities=["boehm", "fontagne"],
        steps=[0.5, 1.0],
        variants=[
            {"name": name, "policy": [{"instrument": "tariff", "importer": "USA", "add": rate}]}
            for name, rate in (("low", 0.05), ("high", 0.10))
        ],
    )  # fmt: skip
    found = done(whole, cache, draws=3, measures=("terms_of_trade",))
    table = found.to_frame(measure="terms_of_trade")
    assert set(table["variant"]) == {"low", "high"} and set(table["step"]) == {0.5, 1.0}
    assert set(table["elasticities"]) == {"boehm", "fontagne", POOLED}
    rows = table[(table["region"] == "USA") & (table["statistic"] == "min")]
    for _, one in rows.groupby("elasticities"):
        by = one.set_index(["variant", "step"])["value"]
        assert 0 < by["low", 0.5] < by["low", 1.0] < by["high", 1.0]
    sets = found.to_frame(measure="parameter").groupby("item")["elasticities"].unique()
    assert list(sets["armington[ELEC]"]) == ["fontagne"]


def test_variants_of_both_horizons_are_refused(cache: Path) -> None:
    both = WAR.model_copy(update={"variants": [
        {"name": "one"}, {"name": "other", "closure": {"kind": "short_run"}}]})  # fmt: skip
    with pytest.raises(InputError, match="elasticities of both horizons"):
        done(both, cache, draws=2)


def test_a_draw_without_equilibrium_is_counted_not_dropped_in_silence(
    study: ResultSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = static.solve_case
    first = points(study).iloc[:, 0].to_numpy()
    # The central case, between the two middle draws or not, must be solved.
    middle = max(float(np.median(first)), study.manifest["parameters"][0]["central"])

    def fails_above(model: Model, *args: Any, **keys: Any) -> Any:
        if model.benchmark.elasticities["long"].armington[0, 0, 0] > middle:
            raise NoEquilibrium("too elastic")
        return solve(model, *args, **keys)

    monkeypatch.setattr(static, "solve_case", fails_above)
    failed = done(WAR, tmp_path, draws=10)
    (told,) = failed.manifest["draws"]
    lost = set(np.flatnonzero(first > middle) + 1)
    assert {int(n) for n in told["without_equilibrium"]} == lost and lost
    assert set(told["without_equilibrium"].values()) == {"boehm: too elastic"}
    assert any(f"{len(lost)} of 10 draws under boehm" in line for line in failed.manifest["notes"])
    kept = [n for n in range(10) if n + 1 not in lost]
    one = {"measure": "real_gdp", "region": "USA"}
    assert values(failed, **one, statistic="draws") == [len(kept)]
    (mean,) = values(failed, **one, statistic="mean")
    assert mean == pytest.approx(drawn(study, **one)[kept].mean(), rel=1e-12)
    assert drawn(failed, **one).tolist() == drawn(study, **one)[kept].tolist()
    assert len(points(failed)) == 10


def test_no_equilibrium_at_the_centre_ends_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any, **_keys: Any) -> Any:
        raise NoEquilibrium("nothing passes")

    monkeypatch.setattr(static, "solve_case", fails)
    with pytest.raises(NoEquilibrium, match="central case, boehm: nothing passes"):
        done(WAR, tmp_path, draws=2)


def test_no_equilibrium_in_any_draw_ends_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studied, "_picked", lambda *_: (_ for _ in ()).throw(NoEquilibrium("none")))
    with pytest.raises(NoEquilibrium, match="no draw has an equilibrium; draw 1: none"):
        done(WAR, tmp_path, draws=2)


# -- statistics and drivers -------------------------------------------------------------------


def test_statistics_are_those_of_the_solved_draws() -> None:
    solved = np.array([1.0, 4.0, -2.0, 3.0])
    found = {name: one[0] for name, one in spread(solved[:, None]).items()}
    expected = {
        "mean": 1.5, "sd": solved.std(ddof=1), "p50": 2.0, "min": -2.0, "max": 4.0,
        "p05": np.quantile(solved, 0.05), "p95": np.quantile(solved, 0.95),
        "probability_positive": 0.75, "draws": 4,
    }  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value), name


def test_statistics_have_the_unit_of_the_figure_or_their_own(study: ResultSet) -> None:
    rows = study.to_frame(measure="equivalent_variation", region="USA")
    units = rows[rows["statistic"] != ""].set_index("statistic")["unit"]
    assert units["draws"] == "draws" and units["probability_positive"] == "share of draws"
    assert units["mean"] == "percent of benchmark absorption"
    assert units["central"] == "percent of benchmark absorption"


def test_pooled_statistics_weigh_sets_and_not_draws() -> None:
    full, thin = np.full((4, 1), 1.0), np.full((1, 1), 3.0)
    pooled = {name: one[0] for name, one in pooled_spread([full, thin]).items()}
    assert pooled["mean"] == pytest.approx(2.0)
    assert pooled["sd"] == pytest.approx(1.0)
    assert pooled["draws"] == 5 and "central" not in pooled
    pooled = {name: one[0] for name, one in pooled_spread([full, full + 2]).items()}
    assert pooled["mean"] == pytest.approx(2.0) and pooled["p50"] == pytest.approx(2.0)


def regressed(x: np.ndarray, y: np.ndarray, correlation: float = 0.0) -> Drivers | None:
    parameters = [UncertainParameter(f"p{k}", 1, 2, 3, "g") for k in range(x.shape[1])]
    return Regression(parameters, x, Design(correlation=correlation)).drivers(y)


def test_drivers_of_a_linear_function_are_its_squared_coefficients() -> None:
    x = np.random.default_rng(0).normal(size=(400, 3)) * [1.0, 5.0, 1.0]
    found = regressed(x, 3 * x[:, 0] - 0.2 * x[:, 1])
    assert found is not None
    assert found.shares[0] == pytest.approx(0.9, abs=0.02)
    assert found.shares[1] == pytest.approx(0.1, abs=0.02)
    assert found.shares.sum() == pytest.approx(1.0)
    assert np.sign(found.coefficients[:2]).tolist() == [1, -1]
    assert found.explained > 1 - 1e-12 and not found.ranked


def test_drivers_of_correlated_parameters_still_add_up() -> None:
    generator = np.random.default_rng(1)
    common, own = generator.normal(size=(2000, 1)), generator.normal(size=(2000, 2))
    x = np.sqrt(0.5) * common + np.sqrt(0.5) * own
    found = regressed(x, x[:, 0] + generator.normal(size=2000), 0.5)
    assert found is not None
    assert found.shares[0] == pytest.approx(0.5, abs=0.04)
    assert found.shares[1] == pytest.approx(0.0, abs=0.03)
    assert found.shares.sum() == pytest.approx(found.explained, abs=0.04)


def test_groups_are_told_apart_where_their_parameters_move_as_one() -> None:
    u = np.random.default_rng(2).random((50, 1))
    x = np.hstack([u, u**2, u**0.5])
    parameters = [UncertainParameter(f"armington[{k}]", 1, 2, 3, "armington") for k in range(3)]
    regression = Regression(parameters, x, Design(correlation=1.0))
    assert regression.names == ("armington",) and regression.needed == 2
    found = regression.drivers(-u[:, 0])
    assert found is not None
    assert found.shares.tolist() == pytest.approx([1.0], abs=0.03)
    assert np.sign(found.coefficients).tolist() == [-1]


def test_ranks_are_regressed_where_a_line_does_not_fit() -> None:
    x = np.random.default_rng(3).random((300, 2))
    found = regressed(x, np.exp(40 * x[:, 0]) + x[:, 1])
    assert found is not None
    assert found.ranked and found.shares[0] > 0.95


def test_too_few_draws_and_still_results_have_no_drivers() -> None:
    x = np.random.default_rng(4).random((5, 3))
    assert regressed(x, x[:, 0]) is None
    x = np.random.default_rng(4).random((50, 3))
    assert regressed(x, np.full(50, 2.0)) is None
    assert regressed(x, np.where(x[:, 0] > 0.5, x[:, 0], np.nan)) is None


def test_drivers_stand_beside_the_figure_with_the_parameter(study: ResultSet) -> None:
    wage = {"measure": "consumer_real_return", "region": "USA", "item": "LAB"}
    names = list(points(study).columns)
    changes = study.to_frame(**wage)
    changes = changes[changes["point"].notna()]["change"].to_numpy(float)
    parameters = Static(WAR).of_set("boehm").parameters()
    found = Regression(parameters, points(study).to_numpy(), Design()).drivers(changes)
    assert found is not None
    share = study.to_frame(**wage, statistic="variance share")
    assert share["shock"].tolist() == names
    assert share["value"].to_numpy() == pytest.approx(found.shares)
    effect = study.to_frame(**wage, statistic="standardised coefficient")
    assert effect["value"].to_numpy() == pytest.approx(found.coefficients)
    assert values(study, **wage, statistic="explained variance") == pytest.approx(found.explained)


def test_values_of_parameters_are_those_of_the_design(study: ResultSet) -> None:
    parameters = Static(WAR).of_set("boehm").parameters()
    assert points(study).to_numpy().tolist() == sample(Design(draws=10), parameters).tolist()
    listed = study.manifest["parameters"]
    assert [(p["name"], p["low"], p["high"]) for p in listed] == [
        (p.name, p.low, p.high) for p in parameters
    ]
    assert all(p["status"] and p["citation"] for p in listed)


# -- the command ------------------------------------------------------------------------------


def test_the_command_writes_a_study_that_tables_can_be_made_of(cge: Run, here: Path) -> None:
    line = ("sensitivity", "us-china-tariff-war", "--aggregation", "small", "--elasticities",
            "boehm", "--draws", "50", "--workers", "1")  # fmt: skip
    outcome = cge(*line)
    assert outcome.code == 0 and outcome.err == ""
    folder = here / "results" / "runs" / "us-china-tariff-war-sensitivity"
    assert {path.name for path in folder.iterdir()} == FILES
    table = pd.read_parquet(folder / "results.parquet")
    shares = table[table["statistic"] == "variance share"]
    by = shares.groupby(["region", "measure", "item"], observed=True)["value"].sum()
    assert len(by) and ((by > 0.5) & (by <= 1 + 1e-9)).all()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["spec"]["options"]["seed"] == 1 and manifest["draws"][0]["draws"] == 50
    assert any("drawn independently" in note for note in manifest["notes"])
    assert "51 steps" in outcome.out and "drawn independently" in outcome.out
    usa = table[(table["region"] == "USA") & (table["measure"] == "real_gdp")]
    mean = usa.set_index("statistic")["value"]["mean"]
    assert usa[usa["point"].notna()]["value"].mean() == pytest.approx(mean)
    for kind in ("intervals", "sensitivity", "drivers"):
        shown = cge("table", folder.name, "--kind", kind)
        assert shown.code == 0 and "USA" in shown.out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--draws", "0"], "key '--draws', value 0: is too small"),
        (["--design", "sobol"], "key '--design', value 'sobol': unknown design"),
        (["--distribution", "normal"], "unknown distribution"),
        (["--correlation", "1.5"], "key '--correlation', value 1.5"),
        (["--measures", "happiness"], "key '--measures', value 'happiness': unknown measure"),
        (["--measures", ","], "no measure is named"),
        (["--workers", "0"], "value 0: is no number of processes"),
        (["--solver", "gams"], "gams"),
        (["--seed", "-1"], "key '--seed'"),
        (["--design", "stroud", "--correlation", "0.5"], "leave the ranges"),
        (["--elasticities", "none-such"], "no such elasticity set"),
        (["--of", "sensitivity"], "is no study whose parameters can be drawn"),
        (["--of", "dreams"], "unknown kind of study"),
        (["--draws", "many"], "Invalid value for '--draws'"),
    ],
)
def test_wrong_input_ends_in_one_message_and_writes_nothing(
    given: list[str], message: str, cge: Run, here: Path
) -> None:
    outcome = cge("sensitivity", "us-china-tariff-war", "--aggregation", "small", *given)
    assert outcome.code == 2
    assert message in outcome.err and outcome.err.count("\n") == 1
    assert not any(here.iterdir())


def test_a_folder_of_something_else_is_not_touched(cge: Run, here: Path) -> None:
    run = here / "run"
    run.mkdir()
    (run / "manifest.json").write_text('{"scenario": 1, "cases": [], "benchmark": {}}')
    before = snapshot(here)
    outcome = cge("sensitivity", "us-china-tariff-war", "--out", run)
    assert outcome.code == 2 and "not results" in outcome.err
    assert snapshot(here) == before


def test_a_benchmark_of_ones_own_needs_a_set_with_ranges(cge: Run, here: Path) -> None:
    from cge import save_benchmark

    save_benchmark(
        load_benchmark("wiod2013", aggregation="small", elasticities="boehm"), here / "mine"
    )
    (here / "s.yaml").write_text(
        "name: s\nbenchmark: {table: mine}\n"
        "policy: [{instrument: tariff, importer: USA, add: 0.1}]\n"
    )
    outcome = cge("sensitivity", "s.yaml", "--draws", "2", "--workers", "1")
    assert outcome.code == 2 and "without their ranges" in outcome.err
    line = ("--draws", "2", "--workers", "1", "--elasticities", "boehm")
    assert cge("sensitivity", "s.yaml", *line).code == 0


def test_an_interrupt_says_what_is_kept_and_the_same_command_goes_on(
    cge: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    monkeypatch.setattr(studied, "_MOST", 1)
    solve, seen = studied.solve_draws, []

    def fourth_time(*arguments: Any) -> Any:
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(0)
        return solve(*arguments)

    fourth_time.__module__, fourth_time.__qualname__ = solve.__module__, solve.__qualname__
    line = ("sensitivity", "us-china-tariff-war", "--aggregation", "small", "--elasticities",
            "boehm", "--draws", "5", "--workers", "1", "--out", "o")  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(studied, "solve_draws", fourth_time)
        stopped = cge(*line)
    assert stopped.code == 130
    assert "interrupted; 4 of 6 steps are kept" in stopped.err
    assert not (here / "o").exists()
    resumed = cge(*line)
    assert resumed.code == 0 and "6 steps, 4 of them from earlier work" in resumed.out
    assert {path.name for path in (here / "o").iterdir()} == FILES


def children(process: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_a_killed_study_leaves_no_workers_and_goes_on(here: Path) -> None:
    def line(out: str, workers: int = 2) -> list[str]:
        return [sys.executable, "-c", "from cge.cli.main import run; run()", "sensitivity",
                "us-china-tariff-war", "--draws", "60", "--workers", str(workers),
                "--out", out]  # fmt: skip

    env = {**os.environ, "XDG_CACHE_HOME": str(here / "cache")}
    first = subprocess.Popen(line("o"), env=env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)  # fmt: skip
    for _ in range(1200):
        if len(list((here / "cache").rglob("work/*/*.cge"))) > 4:
            break
        time.sleep(0.1)
    workers = children(first.pid)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert workers
    for _ in range(100):
        if not any(alive(one) for one in workers):
            break
        time.sleep(0.1)
    assert not any(alive(one) for one in workers)
    again = subprocess.run(line("o"), env=env, capture_output=True, text=True, check=True)
    assert "from earlier work" in again.stdout
    other = {**env, "XDG_CACHE_HOME": str(here / "other")}
    subprocess.run(line("p", 1), env=other, capture_output=True, check=True)
    for name in sorted(FILES - {"manifest.json"}):
        assert (here / "o" / name).read_bytes() == (here / "p" / name).read_bytes()
