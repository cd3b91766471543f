"""The stress test as a study: workers, interruptions, a cluster, and the command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Outcome, snapshot
from stressed import LIBRARY, TARIFF, chosen

from cge import InputError, NoEquilibrium
from cge.results.resultset import ResultSet
from cge.scenario.schema import Scenario
from cge.stress import stress_cases as worker
from cge.studies.stress import StressTest
from cge.studies.study import run_study
from cge.tasks.runner import Runner

Run = Callable[..., Outcome]
FILES = {"results.parquet", "results.csv", "summary.md", "manifest.json"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("library") / "mine.yaml"
    path.write_text(LIBRARY, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def told(library: str) -> Scenario:
    return chosen(library, TARIFF)


@pytest.fixture(scope="module")
def war(told: Scenario) -> ResultSet:
    return run_study(StressTest(told), Runner(1))


def same(one: ResultSet, other: ResultSet) -> None:
    pd.testing.assert_frame_equal(one.rows, other.rows, check_exact=True)
    assert one.identity == other.identity


# -- workers and interruptions ----------------------------------------------------------------


def test_results_do_not_depend_on_workers_or_on_interruptions(
    told: Scenario, war: ResultSet, tmp_path: Path
) -> None:
    def stop(what: str, done: int, _all: int) -> None:
        if what.startswith("disruptions") and done > 2 + worker.CHUNK:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(StressTest(told), Runner(1, cache=tmp_path, report=stop))
    kept = list((tmp_path / "work").rglob("*.cge"))
    assert len(kept) == 3  # both equilibria, and the first disruptions
    largest = max(kept, key=lambda path: path.stat().st_size)  # an equilibrium
    largest.write_bytes(largest.read_bytes()[:-3])  # cut off by a kill
    resumed = Runner(2, cache=tmp_path)
    same(run_study(StressTest(told), resumed), war)
    assert (resumed.total, resumed.kept) == (12, 1 + worker.CHUNK)
    fresh = Runner(1, cache=tmp_path, fresh=True)
    same(run_study(StressTest(told), fresh), war)
    assert fresh.kept == 0


def test_what_was_kept_of_another_library_is_not_used(told: Scenario, tmp_path: Path) -> None:
    cache = tmp_path / "kept"
    run_study(StressTest(told), Runner(1, cache=cache))
    other = tmp_path / "other.yaml"
    other.write_text(LIBRARY.replace("loss: 0.05", "loss: 0.06"), encoding="utf-8")
    again = Runner(1, cache=cache)
    run_study(StressTest(chosen(str(other), TARIFF)), again)
    # Both equilibria, and of each the fifth disruption: two of the first four have changed.
    assert again.kept == 2 + 2


def test_a_cluster_of_dask_gives_the_same(told: Scenario, war: ResultSet, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        runner = Runner(scheduler=cluster.scheduler_address, cache=tmp_path)
        same(run_study(StressTest(told), runner), war)
    assert runner.kept == 0


@pytest.mark.slow
def test_workers_of_a_cluster_in_other_processes_give_the_same(
    told: Scenario, war: ResultSet, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
    ) as cluster:
        runner = Runner(scheduler=cluster.scheduler_address, cache=tmp_path)
        same(run_study(StressTest(told), runner), war)
    assert runner.kept == 0


@pytest.mark.slow
def test_a_killed_test_goes_on_and_ends_the_same(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    words = ["stress", "us-china-tariff-war", "--aggregation", "small", "--elasticities", "boehm",
             "--workers", "1"]  # fmt: skip
    program = [sys.executable, "-c", "from cge.cli.main import run; run()"]
    process = subprocess.Popen([*program, *words, "--out", "a"], stdout=subprocess.DEVNULL)
    for _ in range(1200):
        time.sleep(0.1)
        kept = list((here / "cache").rglob("work/*/*.cge"))
        if len(kept) >= 4:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(kept) >= 4 and not (here / "a" / "manifest.json").exists()
    again = cge(*words, "--out", "a")
    assert again.code == 0 and "of them from earlier work" in again.out
    assert cge(*words, "--out", "b", "--fresh").code == 0
    for name in ("results.parquet", "results.csv", "summary.md"):
        assert (here / "a" / name).read_bytes() == (here / "b" / name).read_bytes()


def test_without_dask_the_message_names_what_to_install(
    told: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"cge-trade-policy\[dask\]"):
        run_study(StressTest(told), Runner(scheduler="tcp://127.0.0.1:1"))


# -- disruptions without an equilibrium -------------------------------------------------------


def test_a_disruption_without_equilibrium_makes_what_gives_it_weight_unknown(
    library: str, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = worker.disrupted

    def fails(pre: Any, impact: Any, *given: Any) -> Any:
        if impact.rationed and len(impact.rationed) > 1:
            raise NoEquilibrium("the wall is too high")
        return solve(pre, impact, *given)

    monkeypatch.setattr(worker, "disrupted", fails)
    found = cge("stress", "world-uniform-tariff", "--aggregation", "small", "--elasticities",
                "boehm", "--library", library, "--workers", "1", "--no-exposure", "--no-cache",
                "--out", "a")  # fmt: skip
    assert found.code == 0, found.err
    assert "NO EQUILIBRIUM: embargo" in found.out and "the wall is too high" in found.out
    table = pd.read_parquet(here / "a" / "results.parquet")
    rows = table[table["measure"] == "expected_loss"].set_index(["region", "weighting"])["value"]
    assert rows["CHN", "default"].isna().all() and rows["EU", "default"].notna().all()
    manifest = json.loads((here / "a" / "manifest.json").read_text())
    assert manifest["cases"][0]["failed"][0]["disruption"] == "embargo"


def test_nothing_is_written_if_nothing_has_an_equilibrium(
    library: str, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_args: Any) -> Any:
        raise NoEquilibrium("no way")

    monkeypatch.setattr(worker, "disrupted", fails)
    found = cge("stress", "world-uniform-tariff", "--aggregation", "small", "--elasticities",
                "boehm", "--library", library, "--workers", "1", "--no-cache", "--out", "a",
                )  # fmt: skip
    assert found.code == 3 and "no way" in found.err and found.out == ""
    assert not (here / "a" / "results.parquet").exists()


# -- the command ------------------------------------------------------------------------------


def test_the_command_writes_a_folder_and_says_what_it_found(
    library: str, here: Path, cge: Run
) -> None:
    found = cge("stress", "us-china-tariff-war", "--aggregation", "small", "--elasticities",
                "boehm", "--library", library, "--workers", "1", "--level", "0.5",
                "--set", "stress.premium.ELEC=1.8", "--out", "a")  # fmt: skip
    assert found.code == 0, found.err
    assert {path.name for path in (here / "a").iterdir()} == FILES
    assert "which have the probability 0.5" in found.out and "ELEC 1.8" in found.out
    assert "No disruption of family control for USA, EU, ASIA, ROW" in found.out
    manifest = json.loads((here / "a" / "manifest.json").read_text())
    assert manifest["spec"]["study"] == "stress" and len(manifest["cases"]) == 2
    assert manifest["cases"][1]["settings"]["premium"]["ELEC"] == 1.8
    names = [one["name"] for one in manifest["library"]["disruptions"]]
    assert names == ["country-CHN", "country-EU", "embargo", "half", "silence"]
    summary = (here / "a" / "summary.md").read_text()
    assert "| CHN |" in summary and "embargo" in summary
    regional = pd.read_csv(here / "a" / "results.csv")
    assert regional["sector"].isna().all() and regional["partner"].isna().all()


def test_a_manifest_makes_the_same_test_again(war: ResultSet, told: Scenario) -> None:
    from cge.studies.listing import study_of

    again = study_of(war.manifest["spec"])
    assert isinstance(again, StressTest) and again.options == StressTest(told).options
    same(run_study(again, Runner(1)), war)


@pytest.mark.parametrize(("words", "said"), [
    (["--years", "3"], "key '--years', value [3]: comparative statics have no years"),
    (["--years", "x"], "--years"),
    (["--level", "1.5"], "--level"),
    (["--library", "none.yaml"], "none.yaml"),
    (["--set", "stress.premium.STEEL=2"], "premium', value 'STEEL'"),
    (["--set", "stress.premium.ELEC=1.1"], "is below what any knowledge brings it to"),
    (["--premium", "much"], "--premium"),
    (["--backstop", "STEEL"], "key '--backstop', value 'STEEL'"),
    (["--links", "MARS"], "key '--links', value 'MARS'"),
    (["--leverage", "--backstop", "none"], "there are none"),
    (["--recovery", "-1"], "--recovery"),
    (["--leakage", "0"], "--leakage"),
    (["--set", "stress.trickle=0.1"], "this key has another name now (allowed: leakage)"),
    (["--workers", "0"], "workers"),
    (["--solver", "gams"], "--solver"),
    (["--scheduler", "nowhere"], "value 'nowhere': is not reached"),
])  # fmt: skip
def test_a_wrong_option_is_one_message_and_nothing_is_written(
    words: list[str], said: str, here: Path, cge: Run
) -> None:
    before = snapshot(here)
    found = cge("stress", "us-china-tariff-war", "--aggregation", "small", *words)
    assert found.code == 2 and said in found.err and found.err.count("\n") == 1, found.err
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
