"""What the commands write, print and return."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Outcome, snapshot
from filelock import FileLock
from gtap_folder import write as write_gtap
from reports import made

import cge as package
from cge import InputError, NoEquilibrium, Results, load_benchmark
from cge.cli.main import app
from cge.core.content import content_dir
from cge.core.files import read_yaml
from cge.core.writing import WORK
from cge.data.data_sets import catalogue, describe
from cge.results import run_folder as folders
from cge.results.row_schema import COLUMNS, TEXT
from cge.results.run_folder import FIGURES, MANIFEST, ROWS, SUMMARY, TABLE
from cge.scenario.schema import Scenario, load_scenario
from cge.solve import checks
from cge.studies.listing import listed
from cge.tasks import runner

Run = Callable[..., Outcome]

#: In this process: workers would have to be started.
ONE = ("--workers", "1")
FILES = {ROWS, TABLE, SUMMARY, MANIFEST}
TRIAL = """\
name: trial
title: "A trial [of] brackets [/and] :smile:"
description: It has two measures.
benchmark: {table: wiod2013, aggregation: small}
elasticities: [boehm]
policy:
  - {instrument: tariff, exporter: CHN, importer: USA, sector: goods, add: 0.1}
  - {instrument: tariff, exporter: USA, importer: CHN, sector: [ELEC, VEH], set: 0.2}
"""
#: A tariff that yields a thousand times its revenue: beyond the top of the Laffer curve.
IMPOSSIBLE = """\
name: trial
benchmark: {table: wiod2013, aggregation: small}
elasticities: [boehm]
closure:
  swaps:
    - {free: "tariff[int, CHN, ELEC, USA]", fix: "tariff_paid[CHN, ELEC, USA]", at: 1000}
"""


def cge_process(*arguments: str, **keys: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as the shell does."""
    program = [sys.executable, "-c", "from cge.cli.main import run; run()"]
    keys = {"capture_output": True, "timeout": 300, **keys}
    return subprocess.run([*program, *arguments], text=True, check=False, **keys)


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess]:
    """Return the folder of a run in a pipe, and what it printed."""
    folder = tmp_path_factory.mktemp("piped")
    (folder / "trial.yaml").write_text(TRIAL)
    done = cge_process("run", "trial.yaml", "--elasticities", "fontagne", "--elasticities", "boehm",
                       cwd=folder)  # fmt: skip
    return folder / "results" / "runs" / "trial", done


@pytest.fixture(scope="module")
def results(piped: tuple[Path, subprocess.CompletedProcess]) -> pd.DataFrame:
    return Results.open(piped[0]).to_frame()


@pytest.fixture
def trial(here: Path) -> Path:
    """Return a scenario file in the working folder."""
    path = here / "trial.yaml"
    path.write_text(TRIAL)
    return path


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def one(table: pd.DataFrame, measure: str, item: str = "", **where: str) -> pd.DataFrame:
    """Rows of a measure of regions as a whole."""
    for column, word in {"measure": measure, "item": item, "sector": "", "partner": "", "shock": "",
                         **where}.items():  # fmt: skip
        table = table[table[column] == word]
    return table


# -- what a run leaves behind


def test_a_run_in_a_pipe_is_quiet_and_ends_well(piped: Any) -> None:
    folder, done = piped
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout, "no colour codes in a pipe"
    assert done.stdout.splitlines()[0] == "A trial [of] brackets [/and] :smile:"
    assert done.stdout.splitlines()[-1] == "Written to results/runs/trial"
    assert {path.name for path in folder.iterdir()} == FILES


def test_both_tables_of_results_say_the_same(piped: Any, results: pd.DataFrame) -> None:
    text = pd.read_csv(piped[0] / TABLE, keep_default_na=False, dtype=str)
    assert list(text.columns) == list(results.columns) == list(COLUMNS)
    of_all = (results["sector"] == "") & (results["partner"] == "")
    of_regions = results[of_all].reset_index(drop=True)
    assert 300 < len(of_regions) == len(text) < len(results)
    for column in COLUMNS:
        if column in TEXT:
            assert (text[column] == of_regions[column]).all()
        else:
            found = pd.to_numeric(text[column]).astype(float)
            expected = of_regions[column].to_numpy(float, na_value=np.nan)
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_summary_shows_the_figures_of_the_rows(piped: Any, results: pd.DataFrame) -> None:
    text = (piped[0] / SUMMARY).read_text(encoding="utf-8")
    assert text.startswith("# A trial [of] brackets [/and] :smile:\n\nIt has two measures.\n")
    columns = {
        "Welfare (EV), % of absorption": ("equivalent_variation", "", 1),
        "Welfare (EV), bn USD": ("equivalent_variation_value", "", 1e-3),
        "Real GDP, %": ("real_gdp", "", 1), "Terms of trade, %": ("terms_of_trade", "", 1),
        "Real wage, %": ("consumer_real_return", "LAB", 1),
        "Employment, %": ("employment", "LAB", 1),
        "Export volume, %": ("export_volume_change", "", 1),
        "Import volume, %": ("import_volume_change", "", 1),
        "Tariff revenue, bn USD": ("tariff_revenue", "", 1e-3),
    }  # fmt: skip
    for name in ("fontagne", "boehm"):
        table = results[results["elasticities"] == name]
        lines = text.split(f"Elasticities: {name}\n")[1].strip().split("\n\n")[0].splitlines()
        head, _, *rows = ([c.strip() for c in line.strip("|").split("|")] for line in lines)
        assert head == ["Region", *columns]
        assert [row[0] for row in rows] == ["CHN", "USA", "EU", "ASIA", "ROW", "World"]
        for region, *cells in rows:
            for cell, (measure, item, times) in zip(cells, columns.values(), strict=True):
                change = one(table, measure, item, region=region)["change"]
                if cell == "-":
                    assert region == "World" and change.empty
                    continue
                digits = len(cell.partition(".")[2])
                assert float(cell) == pytest.approx(times * change.item(), abs=0.5001 * 10**-digits)
        welfare = one(table, "equivalent_variation_value")
        welfare = welfare[welfare["region"] != "World"]["value"]
        assert float(rows[-1][2]) == pytest.approx(welfare.sum() / 1000, abs=0.05001)
    assert "- Data: World Input-Output Database, 2013 release" in text
    assert "ESTIMATED DATA" not in text
    assert "2 solutions." in text.splitlines()[-1]


def test_the_screen_shows_what_the_summary_does(piped: Any) -> None:
    folder, done = piped
    text = (folder / SUMMARY).read_text(encoding="utf-8")
    figures = re.findall(r" (-?[\d,]+\.\d+) ", text.partition("\nNotes\n")[0])
    assert len(figures) > 150 and set(figures) <= set(done.stdout.split())
    seen = " ".join(done.stdout.split())
    for note in re.findall(r"(?m)^- (.+)$", text):
        assert re.sub(r"\\(.)", r"\1", note) in seen
    assert re.search(r"\n2 steps(, \d of them from earlier work)?; \d+ s\n", done.stdout)


def test_the_manifest_says_what_made_the_results(piped: Any) -> None:
    content = manifest(piped[0])
    assert content["benchmark"]["name"] == "wiod2013-2011-small"
    assert content["benchmark"]["status"] == "original"
    assert content["benchmark"]["unit"] == "million USD"
    assert content["benchmark"]["fingerprint"]
    assert [case["elasticities"] for case in content["cases"]] == ["fontagne", "boehm"]
    for case in content["cases"]:
        assert case["residual"] <= 1e-9 and abs(case["walras"]) <= 1e-9
        assert case["solver"] == "newton" and case["unknowns"] > 100
        assert case["closure"].startswith("long run")
    assert content["versions"]["cge-trade-policy"] and content["versions"]["numpy"]
    assert content["identity"] == Results.open(piped[0]).identity
    again = Scenario.model_validate(content["spec"]["scenario"])
    assert again.policy == Scenario.model_validate(load_yaml(TRIAL)).policy
    assert content["spec"]["options"]["decompose"] is True


def test_a_manifest_repeats_its_run_wherever_it_stands(piped: Any, here: Path, cge: Run) -> None:
    (here / "mine.json").write_bytes((piped[0] / MANIFEST).read_bytes())
    for number, command in enumerate(("run", "run", "run")):
        given = (piped[0] / MANIFEST, here / "mine.json", "mine.json")[number]
        outcome = cge(command, given, "--out", f"o{number}", "--fresh" if number else "--quiet",
                      *ONE)  # fmt: skip
        assert outcome.code == 0, outcome.err
        assert manifest(here / f"o{number}")["identity"] == manifest(piped[0])["identity"]
        assert (here / f"o{number}" / TABLE).read_bytes() == (piped[0] / TABLE).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("run", "mine.json", "--aggregation", "small"),
            ["mine.json", "--aggregation", "as it was"],
        ),
        (("run", "mine.json", "--no-decompose"), ["mine.json", "--decompose", "as it was"]),
        (("path", "mine.json"), ["mine.json", "'path'", "`cge run` repeats any run"]),
        (("run", "none.json"), ["none.json", "no such file"]),
        (("run", "other.json"), ["other.json", "no mapping"]),
        (("run", "old.json"), ["old.json", "'format'", "1", "another version"]),
    ],
)
def test_what_a_manifest_can_not_be_asked_is_told(
    arguments: tuple[str, ...], says: list[str], piped: Any, here: Path, cge: Run
) -> None:
    text = (piped[0] / MANIFEST).read_text(encoding="utf-8")
    (here / "mine.json").write_text(text)
    (here / "other.json").write_text("[1]")
    (here / "old.json").write_text(text.replace('"format": 2', '"format": 1'))
    before = snapshot(here)
    outcome = cge(*arguments)
    assert outcome.code == 2 and outcome.out == "" and outcome.err.count("\n") == 1
    for words in says:
        assert words in outcome.err
    assert snapshot(here) == before


def load_yaml(text: str) -> Any:
    return yaml.safe_load(text)


def test_the_same_run_gives_the_same_figures_and_another_replaces_them(
    trial: Path, here: Path, cge: Run
) -> None:
    for folder in ("one", "two"):
        assert cge("run", "trial.yaml", "--out", folder, "--fresh", *ONE).code == 0
    one, two = (pd.read_parquet(here / name / ROWS) for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)
    (here / "two" / "notes.md").write_text("mine")
    trial.write_text(TRIAL.replace("0.1}", "0.3}"))
    outcome = cge("run", "trial.yaml", "--out", "two", *ONE)
    assert outcome.code == 0
    assert outcome.out.splitlines()[-1] == "Written to two in place of earlier results"
    assert not pd.read_parquet(here / "two" / ROWS).equals(one)
    assert manifest(here / "two")["spec"]["scenario"]["policy"][0]["add"] == 0.3
    assert (here / "two" / "notes.md").read_text() == "mine", "what else is there stays"
    assert {path.name for path in (here / "two").iterdir()} == FILES | {"notes.md"}


def earlier_run(folder: Path) -> None:
    """Make a folder that passes for an earlier run's."""
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"format": 2, "spec": {}, "cases": []}')
    (folder / "results.csv").write_text("an earlier run")


def test_no_equilibrium_says_what_was_tried_and_keeps_an_earlier_run(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cge.solve.homotopy.SMALLEST_STEP", 1 / 16)  # to give up sooner
    (here / "trial.yaml").write_text(IMPOSSIBLE)
    earlier_run(here / "results" / "runs" / "trial")
    before = snapshot(here)
    outcome = cge("run", "trial.yaml", *ONE)
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1 and outcome.err.startswith("cge: ")
    for words in ("'trial', boehm: no equilibrium", "newton", "Tried:", "residual"):
        assert words in outcome.err
    assert snapshot(here) == before


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["newton", "ipopt"])
def test_no_equilibrium_writes_nothing(solver: str, tmp_path: Path) -> None:
    (tmp_path / "trial.yaml").write_text(IMPOSSIBLE)
    before = snapshot(tmp_path)
    done = cge_process("run", "trial.yaml", "--solver", solver, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert f"{solver} failed on every step" in done.stderr
    assert snapshot(tmp_path) == before


def test_wrong_input_leaves_an_earlier_run_as_it_was(trial: Path, here: Path, cge: Run) -> None:
    earlier_run(here / "results" / "runs" / "trial")
    trial.write_text(TRIAL.replace("CHN", "XYZ"))
    before = snapshot(here)
    assert cge("run", "trial.yaml").code == 2
    assert snapshot(here) == before


@pytest.mark.parametrize("earlier", [True, False], ids=["over an earlier run", "in a new folder"])
def test_a_full_disk_loses_nothing(
    earlier: bool, trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if earlier:
        earlier_run(here / "deep" / "one")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    before = snapshot(here)
    outcome = cge("run", "trial.yaml", "--out", "deep/one", *ONE)
    assert outcome.code == 2
    assert outcome.err == (
        "cge: key '--out', value 'deep/one': can not be written: No space left on device\n"
    )
    assert snapshot(here) == before


# -- interrupts, other processes


def test_an_interrupt_before_anything_is_done_says_so(
    trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "_sealed", interrupt)
    before = snapshot(here)
    outcome = cge("run", "trial.yaml", "--fresh", *ONE)
    assert outcome == Outcome(130, "", "cge: interrupted; nothing was written\n")
    assert snapshot(here) == before


GRID = TRIAL + "grid:\n  policy.0.add: [0.1, 0.2, 0.3, 0.4]\n"


@pytest.mark.parametrize("kept", [True, False], ids=["with a cache", "without one"])
def test_an_interrupted_run_says_what_is_kept_and_the_same_command_goes_on(
    kept: bool, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of values of its own, that no other test has left in the cache.
    (here / "grid.yaml").write_text(GRID.replace("0.1, 0.2", "0.11, 0.21"))
    perform, seen = runner._sealed, []

    def third_time(*arguments: Any) -> Any:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(0)
        return perform(*arguments)

    line = ("run", "grid.yaml", "--out", "o", *ONE, *(() if kept else ("--no-cache",)))
    with monkeypatch.context() as patch:
        patch.setattr(runner, "_sealed", third_time)
        stopped = cge(*line)
    assert stopped.code == 130 and stopped.out == "" and not (here / "o").exists()
    if not kept:
        assert stopped.err == "cge: interrupted; nothing was written\n"
        return
    assert "interrupted; 2 of 4 steps are kept in the cache" in stopped.err
    assert "goes on from there" in stopped.err and stopped.err.count("\n") == 1
    resumed = cge(*line)
    assert resumed.code == 0 and "\n4 steps, 2 of them from earlier work; " in resumed.out
    again = cge(*line)
    assert "\n4 steps, 4 of them from earlier work; " in again.out
    fresh = cge(*line[:-4], "--out", "p", "--fresh", *ONE)
    assert "\n4 steps; " in fresh.out
    for name in (ROWS, TABLE, SUMMARY):
        assert (here / "o" / name).read_bytes() == (here / "p" / name).read_bytes()


@pytest.mark.slow
def test_a_run_that_the_keyboard_interrupts_goes_on(here: Path) -> None:
    """With workers of their own, who must not outlive it."""
    points = ", ".join(f"{n / 100:g}" for n in range(1, 81))
    (here / "grid.yaml").write_text(TRIAL + f"grid:\n  policy.0.add: [{points}]\n")
    env = {**os.environ, "XDG_CACHE_HOME": str(here / "cache")}
    program = [sys.executable, "-c", "from cge.cli.main import run; run()"]
    line = [*program, "run", "grid.yaml", "--workers", "2"]
    first = subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)  # fmt: skip
    for _ in range(2400):  # two minutes, on a busy machine
        if len(list((here / "cache").rglob("work/*/*.cge"))) > 4:
            break
        time.sleep(0.05)
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 130 and out == ""
    (done,) = re.findall(r"interrupted; (\d+) of 80 steps are kept", err)
    assert err.count("\n") == 1 and 4 < int(done) < 80
    assert not (here / "results").exists()
    again = subprocess.run(line, env=env, capture_output=True, text=True, check=True)
    (kept,) = re.findall(r"80 steps, (\d+) of them from earlier work", again.stdout)
    assert int(kept) >= int(done)


def test_a_folder_that_another_process_holds_is_refused_at_once(
    trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_sealed", None)  # nothing is solved for nothing
    (here / "one").mkdir()
    held = FileLock(here / "one" / f"{WORK}lock")
    with held:
        outcome = cge("run", "trial.yaml", "--out", "one", "--fresh", *ONE)
    assert outcome.code == 2 and outcome.out == ""
    assert "'--out', value 'one': another process is writing to this folder" in outcome.err
    assert {path.name for path in (here / "one").iterdir()} <= {f"{WORK}lock"}


# -- what the command line and the places of files mean


def test_options_override_the_file(trial: Path, here: Path, cge: Run) -> None:
    trial.write_text(TRIAL.replace("{aggregation: small}", "{aggregation: full, year: 2011}"))
    outcome = cge(
        "run", "trial.yaml", "--aggregation", "small", "--year", "2003", "--elasticities",
        "caliendo-parro", "--solver", "ipopt", "--out", "elsewhere", "--no-cache", *ONE,
        "--set", "policy.0.add=0.3", "--set", "closure.kind=short_run", "--set", "title=NO",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    content = manifest(here / "elsewhere")
    assert content["benchmark"]["name"] == "wiod2013-2003-small"
    scenario = content["spec"]["scenario"]
    assert scenario["benchmark"]["year"] == 2003 and scenario["title"] == "NO"
    assert [measure.get("add") for measure in scenario["policy"]] == [0.3, None]
    assert [c["elasticities"] for c in content["cases"]] == ["caliendo-parro"]
    assert [c["solver"] for c in content["cases"]] == ["ipopt"]
    assert content["cases"][0]["closure"].startswith("short run")
    table = Results.open(here / "elsewhere").to_frame(measure="tariff", sector="VEH", item="int")
    assert set(table["calendar_year"]) == {2003}
    added = table[table["region"] == "CHN"]
    np.testing.assert_allclose(added["value"] - added["benchmark"], 0.3)
    assert not (here / "results").exists()


def test_more_scenarios_than_usual_are_asked_about(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "grid.yaml").write_text(GRID)
    monkeypatch.setattr("cge.studies.study.MOST_MEMBERS", 3)
    refused = cge("run", "grid.yaml", *ONE)
    assert (
        refused.code == 2 and "makes 4 scenarios (allowed: up to 3; more with --yes" in refused.err
    )
    assert cge("run", "grid.yaml", "--yes", "--quiet", *ONE).code == 0


def test_a_variant_can_be_chosen(here: Path, cge: Run) -> None:
    (here / "trial.yaml").write_text(TRIAL + "variants: [{name: a}, {name: b}, {name: c}]\n")
    assert cge("run", "trial.yaml", "--variant", "c", "--variant", "a", *ONE).code == 0
    found = Results.open(here / "results" / "runs" / "trial")
    assert list(found.rows["variant"].unique()) == ["a", "c"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--set", "policy.0.add"), ["'--set'", "no assignment", "KEY=VALUE"]),
        (("--set", "=1"), ["'--set'", "no assignment"]),
        (("--set", "policy.0.add=[1"), ["'--set'", "not valid YAML"]),
        (("--set", "polcy.0.add=1"), ["'--set polcy.0.add'", "did you mean 'policy'"]),
        (("--set", "policy.0.ad=1"), ["'--set policy.0.ad'", "unknown key"]),
        (("--set", "policy.0.add=ten"), ["'--set policy.0.add'", "'ten'", "number"]),
        (("--set", "policy.5.add=1"), ["'--set policy.5.add'", "no entry 5", "has 2"]),
        (("--set", "policy.x.add=1"), ["'--set policy.x.add'", "no entry x"]),
        (("--set", "policy.0={}"), ["'--set policy.0.instrument'", "missing"]),
        (("--set", "name.x=1"), ["'--set name.x'", "no keys"]),
        (("--set", "policy.0.exporter=NO"), ["'--set policy.0.exporter'", "'NO'", "CHN"]),
        (("--set", "path.years=5"), ["needs years"]),
        (("--variant", "a"), ["'--variant'", "'a'", "no such variant", "has none"]),
        (("--workers", "0"), ["'--workers'", "0", "1 or more"]),
        (("--workers", "two"), ["--workers", "'two'", "integer"]),
        (("--scheduler", "nowhere"), ["'--scheduler'", "'nowhere'"]),
    ],
)
def test_a_wrong_option_names_itself_and_nothing_is_written(
    given: tuple[str, ...], says: list[str], trial: Path, here: Path, cge: Run
) -> None:
    if given[1] == "path.years=5":
        trial.write_text(TRIAL.replace("add: 0.1", "add: 0.1, start: 2"))
    before = snapshot(here)
    outcome = cge("run", "trial.yaml", *(() if given[0] == "--workers" else ONE), *given)
    assert outcome.code == 2 and outcome.out == "" and outcome.err.count("\n") == 1
    for words in says:
        assert words in outcome.err
    assert snapshot(here) == before


def test_quiet_prints_nothing_but_errors(trial: Path, here: Path, cge: Run) -> None:
    assert cge("run", "trial.yaml", "--quiet", *ONE) == Outcome(0, "", "")
    assert {path.name for path in (here / "results" / "runs" / "trial").iterdir()} == FILES
    assert cge("run", "none.yaml", "-q").err.startswith("cge: none.yaml: no such scenario")


def test_results_are_the_same_for_any_number_of_workers(here: Path, cge: Run) -> None:
    (here / "grid.yaml").write_text(GRID)
    for workers in ("1", "2"):
        done = cge("run", "grid.yaml", "--out", workers, "--workers", workers, "--no-cache", "-q")
        assert done == Outcome(0, "", "")
    assert manifest(here / "1")["identity"] == manifest(here / "2")["identity"]
    assert (here / "1" / ROWS).read_bytes() == (here / "2" / ROWS).read_bytes()


def test_files_that_a_scenario_names_are_found_beside_it(here: Path, cge: Run) -> None:
    study = here / "study"
    study.mkdir()
    shipped = content_dir("calibration")
    own = (shipped / "aggregations" / "small.yaml").read_text(encoding="utf-8")
    (study / "own.yaml").write_text(own.replace("name: small", "name: own"))
    sets = (shipped / "elasticities" / "boehm.yaml").read_text(encoding="utf-8")
    (study / "set.yaml").write_text(sets.replace("extends: common", "extends: nests.yaml"))
    nests = (shipped / "elasticities" / "common.yaml").read_text(encoding="utf-8")
    (study / "nests.yaml").write_text(nests)
    (study / "base.csv").write_text("importer,exporter,sector,rate\nUSA,CHN,c14,0.2\n")
    (study / "rise.csv").write_text("importer,exporter,sector,points\nUSA,CHN,ELEC,0.1\n")
    (study / "trial.yaml").write_text(
        "name: trial\nbenchmark: {table: wiod2013, aggregation: own.yaml, tariffs: base.csv}\n"
        "elasticities: [set.yaml]\n"
        "policy: [{instrument: tariff, file: rise.csv, column: points}]\n"
    )
    outcome = cge("run", "study/trial.yaml", *ONE)
    assert outcome.code == 0, outcome.err
    content = manifest(here / "results" / "runs" / "trial")
    assert content["benchmark"]["name"] == "wiod2013-2011-own"
    assert content["cases"][0]["elasticities"] == "set"
    read = {Path(path).name for path in content["files"]}
    assert read == {"own.yaml", "set.yaml", "base.csv", "rise.csv"}
    (here / "elsewhere").mkdir()
    os.chdir(here / "elsewhere")  # the fixture changes back
    again = cge("run", here / "results" / "runs" / "trial" / MANIFEST, "--out", "again", *ONE)
    assert again.code == 0, again.err
    assert manifest(here / "elsewhere" / "again")["identity"] == content["identity"]


def test_a_file_on_the_command_line_is_looked_for_here(here: Path, cge: Run) -> None:
    (here / "study").mkdir()
    (here / "study" / "trial.yaml").write_text(TRIAL)
    own = (content_dir("calibration") / "aggregations" / "small.yaml").read_text(encoding="utf-8")
    (here / "own.yaml").write_text(own.replace("name: small", "name: mine"))
    (here / "study" / "own.yaml").write_text(own.replace("name: small", "name: other"))
    assert cge("run", "study/trial.yaml", "--aggregation", "own.yaml", *ONE).code == 0
    content = manifest(here / "results" / "runs" / "trial")
    assert content["benchmark"]["name"] == "wiod2013-2011-mine"


def test_results_of_a_shipped_scenario_do_not_hide_it(here: Path, cge: Run) -> None:
    (here / "us-china-tariff-war").mkdir()
    outcome = cge(
        "run", "us-china-tariff-war", "--aggregation", "small", "--elasticities", "boehm",
        "--out", "us-china-tariff-war", *ONE,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert (
        manifest(here / "us-china-tariff-war")["spec"]["scenario"]["name"] == "us-china-tariff-war"
    )


def test_an_output_folder_may_be_a_link(trial: Path, here: Path, cge: Run) -> None:
    (here / "disk").mkdir()
    (here / "link").symlink_to("disk")
    assert cge("run", "trial.yaml", "--out", "link", *ONE).code == 0
    assert (here / "link").is_symlink()
    assert {path.name for path in (here / "disk").iterdir()} == FILES


def test_an_output_folder_may_be_the_empty_working_one(
    trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "empty").mkdir()
    monkeypatch.chdir(here / "empty")
    assert cge("run", "../trial.yaml", "--out", ".", *ONE).code == 0
    assert {path.name for path in Path.cwd().iterdir()} == FILES


def test_a_figure_is_drawn_on_demand_and_goes_with_its_run(
    trial: Path, here: Path, cge: Run
) -> None:
    outcome = cge("run", "trial.yaml", "--out", "one", "--figure", *ONE)
    assert outcome.code == 0 and outcome.err == ""
    assert {path.name for path in (here / "one").iterdir()} == FILES | set(FIGURES)
    assert (here / "one" / "figure.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert (here / "one" / "figure.pdf").read_bytes().startswith(b"%PDF")
    assert cge("run", "trial.yaml", "--out", "one", *ONE).code == 0
    assert {path.name for path in (here / "one").iterdir()} == FILES


def test_welfare_is_left_whole_on_demand(trial: Path, here: Path, cge: Run) -> None:
    outcome = cge("run", "trial.yaml", "--no-decompose", "--value-chains", *ONE)
    assert outcome.code == 0, outcome.err
    assert "First-order" not in outcome.out and "Policy: tariff" in outcome.out
    measures = set(Results.open("trial").rows["measure"])
    assert measures.isdisjoint({"ev_part", "trade_efficiency"}) and "vax_ratio" in measures


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("trial.yaml", TRIAL.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param("trial.yaml", b"\xef\xbb\xbf" + TRIAL.encode(), id="a byte order mark"),
        pytest.param("tri al ü 中.yaml", TRIAL.encode(), id="a name of all sorts"),
    ],
)
def test_a_scenario_file_may_have(name: str, content: bytes, here: Path) -> None:
    (here / name).write_bytes(content)
    expected = Scenario.model_validate(load_yaml(TRIAL))
    assert load_scenario(name).model_dump() == expected.model_dump()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("on", "on"), ("yes", "yes"), ("true", True), ("1:30", "1:30"), ("010", 10),
        ("1e-1", 0.1), ("+3", 3), (".5", 0.5), ("0x10", 16), ("0o17", 15), ("2011-01-01",) * 2,
        ("1_000", "1_000"), ("~", None), ("null", None), ("", None), ("'1'", "1"), ("=", "="),
        ("-.inf", -np.inf), ("1.5e+3", 1500.0), ("None", "None"), ("nan", "nan"),
    ],
)  # fmt: skip
def test_plain_words_are_read_as_in_yaml_1_2(text: str, value: object, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"x: {text}\n")
    found = read_yaml(path)["x"]
    assert found == value and type(found) is type(value)


def test_codes_of_all_sorts_come_through(here: Path, cge: Run) -> None:
    """Codes that YAML, pandas or a terminal might take for something else."""
    known = load_benchmark("wiod2013", aggregation="full").regions
    codes = {"World": ["CHN"], "nan": ["USA"], "NO": ["JPN"], "1": ["DEU"]}
    rest = [code for code in known if code not in {"CHN", "USA", "JPN", "DEU"}]
    sectors = load_yaml(
        (content_dir("calibration") / "aggregations" / "small.yaml").read_text(encoding="utf-8")
    )["sectors"]
    regions = {code: {"members": m} for code, m in {**codes, "中国 [/b]": rest}.items()}
    content = {"name": "odd", "table": "wiod2013", "regions": regions, "sectors": sectors}
    (here / "odd.yaml").write_text(json.dumps(content))
    (here / "trial.yaml").write_text(
        "name: trial\nelasticities: boehm\nbenchmark: {table: wiod2013}\n"
        "policy: [{instrument: tariff, exporter: [World, NO], importer: nan, add: 0.1}]\n"
    )
    outcome = cge("run", "trial.yaml", "--aggregation", "odd.yaml", *ONE)
    assert outcome.code == 2, "a code with brackets can not be selected"
    (here / "odd.yaml").write_text(json.dumps(content).replace(" [/b]", "").replace("[/b]", ""))
    outcome = cge("run", "trial.yaml", "--aggregation", "odd.yaml", *ONE)
    assert outcome.code == 0, outcome.err
    folder = here / "results" / "runs" / "trial"
    every = {"World", "nan", "NO", "1", "中国"}
    for table in (
        Results.open(folder).rows, pd.read_csv(folder / TABLE, keep_default_na=False),
    ):  # fmt: skip
        assert set(table["region"]) == {*every, "World total"}
    text = (folder / SUMMARY).read_text(encoding="utf-8")
    tables = [part for part in text.split("\n\n") if part.startswith("| ")]
    assert len(tables) == 2, "effects by region and the parts of welfare"
    for part in tables:
        rows = [row.split("|")[1].strip() for row in part.splitlines()[2:]]
        assert sorted(rows) == sorted({*every, "World total"})


def test_one_region_and_one_sector_are_a_world(here: Path, cge: Run) -> None:
    full = load_benchmark("wiod2013", aggregation="full")
    content = {
        "name": "dot", "table": "wiod2013",
        "regions": {"ALL": {"members": list(full.regions)}},
        "sectors": {"ALL": {"members": list(full.sectors)}},
    }  # fmt: skip
    (here / "dot.yaml").write_text(json.dumps(content))
    (here / "trial.yaml").write_text(
        "name: trial\nelasticities: boehm\nbenchmark: {table: wiod2013}\n"
        "policy: [{instrument: output_tax, add: 0.1}]\n"
    )
    assert cge("run", "trial.yaml", "--aggregation", "dot.yaml", *ONE).code == 0
    text = (here / "results" / "runs" / "trial" / SUMMARY).read_text(encoding="utf-8")
    heads = [line for line in text.splitlines() if line.startswith("| Region |")]
    rows = [line for line in text.splitlines() if line.startswith("| ALL |")]
    effects, parts = (
        dict(zip(*([cell.strip() for cell in line.split("|")] for line in pair), strict=True))
        for pair in zip(heads, rows, strict=True)
    )
    assert "Terms of trade" not in parts and parts["Allocative efficiency"] == parts["Exact EV"]
    assert effects["Terms of trade"] == "-" and float(effects["Welfare (EV), bn USD"]) < 0


def test_a_stream_that_can_not_be_written_is_no_traceback(
    cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cge.cli.screen.console", full)  # as print to a full disk would
    assert cge("data", "list") == Outcome(2, "", "cge: No space left on device\n")


@pytest.mark.slow
def test_a_real_stream_that_can_not_be_written_is_no_traceback(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = cge_process("data", "list", cwd=tmp_path, capture_output=False, stdout=full,
                           stderr=subprocess.PIPE)  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "cge: No space left on device\n"


# -- check


def test_the_small_benchmark_passes_every_check(here: Path, cge: Run) -> None:
    outcome = cge("check", "--aggregation", "small")
    assert outcome.code == 0
    assert outcome.err == ""
    assert "FAILED" not in outcome.out
    for name in ("accounts: zero profit", "replication", "homogeneity: prices", "Walras (long run)",
                 "two solvers (capital fixed)", "homogeneity (short year)"):  # fmt: skip
        assert re.search(rf"{re.escape(name)} .* ok\n", outcome.out)
    assert snapshot(here) == {}


def test_a_check_that_breaks_its_limit_is_told(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(*_: object) -> Iterator[checks.Check]:
        yield from itertools.islice(real(*_), 5)
        yield checks.Check("zero profit", 1e-6, 1e-9)

    real = checks.run_checks
    monkeypatch.setattr(checks, "run_checks", some)
    outcome = cge("check", "--aggregation", "small")
    assert outcome.code == 1
    assert re.search(r"zero profit .*1\.0e-06 .*1e-09 .*FAILED", outcome.out)
    assert outcome.out.count("FAILED") == 1
    assert len(re.findall(r" ok\n", outcome.out)) == 5
    assert "1 of 6 checks failed" in outcome.out


def test_each_check_is_printed_when_it_is_found_and_ipopt_is_left_out_of_large_worlds(
    cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "LARGEST_FOR_IPOPT", 600)
    found = cge("check", "--aggregation", "small")
    assert found.code == 0
    assert re.search(r"two solvers \(long run\) +left out: 634 unknowns; .* up to 600\n", found.out)

    def some(*_: object) -> Iterator[checks.Check]:
        yield checks.Check("the first", 1e-12, 1e-9)
        raise NoEquilibrium("the second has none")

    monkeypatch.setattr(checks, "run_checks", some)
    found = cge("check", "--aggregation", "small")
    assert found.code == 3 and "the first" in found.out


@pytest.mark.slow
def test_a_model_that_does_not_balance_fails_its_checks(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_zero_profit", lambda _: 1e-6)
    outcome = cge("check", "--aggregation", "small")
    assert outcome.code == 1
    assert outcome.out.count("FAILED") == 3
    assert re.search(r"3 of \d+ checks failed", outcome.out)


def test_a_figure_that_is_not_a_number_fails_its_check() -> None:
    assert not checks.Check("x", float("nan"), 1e-9).passed
    assert checks.Check("x", 1e-9, 1e-9).passed


# -- data


def test_the_list_of_data_has_everything_that_ships(cge: Run) -> None:
    outcome = cge("data", "list")
    assert outcome.code == 0 and outcome.err == ""
    shipped = [item.name for item in catalogue()]
    calibration = content_dir("calibration")
    files = [p.stem for p in (calibration / "aggregations").glob("*.yaml")]
    tables = [p.name for p in (calibration / "tables").iterdir() if p.is_dir()]
    assert set(shipped) >= {*files, *tables, "boehm", "fontagne", "caliendo-parro"}
    for name in shipped:
        assert re.search(rf"│ {re.escape(name)} +│", outcome.out)


@pytest.mark.parametrize("name", [item.name for item in catalogue()])
def test_everything_listed_can_be_shown(name: str, here: Path, cge: Run) -> None:
    outcome = cge("data", "show", name)
    assert outcome.code == 0 and outcome.err == ""
    (item,) = (item for item in catalogue() if item.name == name)
    if item.kind != "aggregation":
        assert " ".join(item.title.split()) in " ".join(outcome.out.split())
    wanted = {
        "table": ("licence", "citation", "sha256", "Leontief balance", "filled cells"),
        "data": ("status", "sha256"),
        "elasticities": ("citation", "armington", "status"),
        "household": ("citation", "income_elasticity", "expansion", "food"),
        "aggregation": ("regions", "sectors", "goods") if name != "full" else ("goods", "west"),
        "source": ("licence", "citation", "verified", "editions"),
    }[item.kind]
    for words in wanted:
        assert words in outcome.out
    assert snapshot(here) == {}


def test_filled_cells_are_listed_on_demand(cge: Run) -> None:
    filled = describe("wiod2013", 2009).tables()["filled cells"]
    short = cge("data", "show", "wiod2013", "--year", "2009").out
    assert f"\n{len(filled)} filled cells; list them with --cells\n" in short
    listed = cge("data", "show", "wiod2013", "--year", "2009", "--cells").out
    text = listed[listed.index("\nwhat,region,sector,value,rule\n") :]
    table = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert (table.drop(columns="value") == filled.drop(columns="value")).all(axis=None)
    np.testing.assert_allclose(table["value"], filled["value"], rtol=1e-5)


# -- runs, cache, completion


def test_runs_are_listed_with_study_date_and_title(piped: Any, here: Path, cge: Run) -> None:
    assert cge("runs") == Outcome(0, "no runs in results/runs\n", "")
    (here / "lists" / "mine").mkdir(parents=True)
    found = Results.open(piped[0])
    for name in ("b", "a"):
        found.save(here / "results" / "runs" / name)
    found.save(here / "lists" / "one")
    outcome = cge("runs")
    rows = [[cell.strip() for cell in line.strip("│").split("│")]
            for line in outcome.out.splitlines() if line.startswith("│")]  # fmt: skip
    date = found.manifest["date"][:10]
    title = "A trial [of] brackets [/and] :smile:"
    assert rows == [["a", "static", date, title], ["b", "static", date, title]]
    other = cge("runs", "lists")
    assert " one " in other.out and " mine " not in other.out
    assert cge("runs", "nowhere") == Outcome(2, "", "cge: nowhere: no such folder\n")


def test_the_cache_is_shown_and_cleared(
    trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    empty = cge("cache").out.splitlines()
    assert Path(empty[0]).is_relative_to(here / "cache")
    assert empty[1].startswith("finished work: 0 files, 0.0 MB of at most ")
    assert cge("run", "trial.yaml", "-q", *ONE).code == 0
    (work,) = (here / "cache").rglob("*.cge")
    shown = cge("cache").out
    assert "finished work: 1 files, " in shown
    assert "the oldest of 20" in shown
    done = cge("cache", "clear")
    assert done.code == 0 and re.fullmatch(r"\d+\.\d MB of finished work removed\n", done.out)
    assert not work.exists()
    assert cge("cache", "clean").code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_that_completes_commands_is_printed(shell: str, cge: Run) -> None:
    outcome = cge("completion", shell)
    assert outcome.code == 0 and outcome.err == ""
    assert f"_CGE_COMPLETE={shell}_complete" in outcome.out and "complete" in outcome.out


def test_the_shell_completes_commands_and_options(tmp_path: Path) -> None:
    def completed(words: str) -> list[str]:
        line = ["import sys; sys.argv = ['cge']; from cge.cli.main import run; run()"]
        env = {**os.environ, "_CGE_COMPLETE": "bash_complete", "COMP_WORDS": words,
               "COMP_CWORD": str(len(words.split(" ")) - 1)}  # fmt: skip
        done = subprocess.run([sys.executable, "-c", *line], env=env, capture_output=True,
                              text=True, timeout=60, check=False, cwd=tmp_path)  # fmt: skip
        assert done.stderr == ""
        return [item.partition(",")[2] for item in done.stdout.split()]

    assert completed("cge ca") == ["calibrate", "cache"]
    assert completed("cge run --agg") == ["--aggregation"]


def test_a_shell_that_is_not_known_is_refused(cge: Run) -> None:
    outcome = cge("completion", "tcsh")
    assert outcome.code == 2 and "'bash', 'zsh', 'fish'" in outcome.err


# -- help


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands(app))
EXAMPLE = re.compile(r"^ *Example: +(cge .+)$", re.MULTILINE)


def examples() -> list[str]:
    return [line.strip() for c in COMMANDS.values() for line in EXAMPLE.findall(c.help or "")]


def test_every_command_is_looked_at() -> None:
    assert {path[0] for path in COMMANDS} == {
        "run", "path", "stress", "sensitivity", "frontier", "margins", "nash", "insurance",
        "compare", "backtest", "claims", "collect", "table", "figure", "report",
        "runs", "check", "data", "calibrate", "convert", "parity", "cache",
        "completion",
    }  # fmt: skip
    assert {("data", "rate"), ("cache", "clear")} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_a_command_has_an_example(path: tuple[str, ...], cge: Run) -> None:
    outcome = cge(*path, "--help")
    assert outcome.code == 0 and outcome.err == ""
    (line, *_) = EXAMPLE.findall(outcome.out)
    assert shlex.split(line)[1 : len(path) + 1] == list(path)


def prepare(here: Path) -> None:
    """The files and the run that examples name."""
    made().save(here / "results" / "runs" / "us-china-tariff-war")
    runs = [{"scenario": name} for name in ("us-china-tariff-war", "free-trade")]
    (here / "runs.yaml").write_text(yaml.safe_dump({"name": "runs", "runs": runs}))
    write_gtap(here / "my-gtap")
    (here / "gempack.csv").write_text("variable,region,value\ny,usa,1.0\n")


#: Studies of which a quick test makes less than the example.
LESS = {
    "claims": "--elasticities boehm", "margins": "--elasticities boehm",
    "run": "--elasticities boehm", "collect": "--elasticities boehm --set description=x",
    "path": "--years 2 --elasticities boehm", "sensitivity": "--draws 3 --elasticities boehm",
    "stress": "--elasticities boehm", "compare": "--elasticities boehm --returns central",
    "frontier": "--points 2 --elasticities boehm", "nash": "--starts 1 --elasticities boehm",
    "backtest": "--multipliers 1 --elasticities boehm",
    "insurance": "--frequency 0.1 --foresight risk_neutral --elasticities boehm",
}  # fmt: skip
#: What takes more than some seconds even so.
LONG = ("stress", "compare", "frontier", "nash", "insurance", "backtest")


#: Needs a network; tests/test_data_fetch.py runs it on a server of its own.
ABROAD = "cge data fetch"


@pytest.mark.parametrize("line", [line for line in examples() if line.split()[1] not in LONG
                                  and not line.startswith(ABROAD)])  # fmt: skip
def test_an_example_of_the_help_runs(line: str, here: Path, cge: Run) -> None:
    prepare(here)
    words = shlex.split(line.partition(" > ")[0])[1:]
    outcome = cge(*words, *(f"{LESS[words[0]]} --workers 1".split() if words[0] in LESS else ()))
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in examples() if line.split()[1] in LESS])
def test_an_example_of_the_help_runs_to_the_letter(line: str, here: Path) -> None:
    prepare(here)
    done = cge_process(*shlex.split(line)[1:], cwd=here, timeout=3000)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_help_without_a_command_lists_them(cge: Run) -> None:
    long, short = cge("--help"), cge("-h")
    assert long == short and long.code == 0 and long.err == ""
    for path in COMMANDS:
        assert re.search(rf"^  {path[0]} ", long.out, re.MULTILINE)
    bare = cge()
    assert bare.code == 2 and bare.out == "" and "Usage: cge" in bare.err


def test_the_version_is_that_of_the_package(cge: Run) -> None:
    assert cge("--version") == Outcome(0, f"cge {package.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("rnu", "x.yaml"), "no such command 'rnu'. Did you mean 'run'?"),
        (("Path",), "no such command 'Path'. Did you mean 'path'?"),
        (("xyz",), "no such command 'xyz'."),
        (("run", "x.yaml", "--agregation", "small"), "--aggregation"),
        (("data", "shwo", "wiod2013"), "shwo"),
    ],
)
def test_a_slip_of_the_pen_is_told_in_one_line(
    words: tuple[str, ...], says: str, here: Path, cge: Run
) -> None:
    outcome = cge(*words)
    assert outcome.code == 2 and outcome.out == "" and outcome.err.count("\n") == 1
    assert outcome.err.startswith("cge: ") and says in outcome.err


#: Packages that take longer to import than help takes to print.
HEAVY = {
    "pandas", "scipy", "pyomo", "pydantic", "matplotlib", "pyarrow", "joblib", "cyipopt", "rich",
    "jinja2", "numpy", "pymrio", "threadpoolctl",
}  # fmt: skip
#: What the help of a study needs whose flags are read from the layout of a scenario.
OF_A_LAYOUT = {"pydantic", "numpy"}


#: One process from which each command is tried in a copy, so that Python starts once.
IMPORTS = """
import json, os, sys
from cge.cli.main import run

heavy, commands = map(json.loads, sys.argv[1:])
found = []
for words in commands:
    out, into = os.pipe()
    if not os.fork():
        sys.argv, code = ["cge", *words], 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            run()
        except SystemExit as end:
            code = end.code or 0
        finally:
            os.write(into, json.dumps([code, *(set(heavy) & set(sys.modules))]).encode())
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as told:
        found.append(json.load(told))
    os.wait()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], set[str]]:
    """Heavy packages that commands import, each in a process of its own."""
    names = {path[0] for path in COMMANDS} - {"cache"}
    words = [*LIGHT, TABLES, *((name, "--help") for name in sorted(names))]
    code = [json.dumps(sorted(HEAVY)), json.dumps(words)]
    done = subprocess.run([sys.executable, "-c", IMPORTS, *code], capture_output=True, text=True,
                          timeout=600, cwd=tmp_path_factory.mktemp("imports"))  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done.stderr
    found = dict(zip(words, json.loads(done.stdout), strict=True))
    assert {code for code, *_ in found.values()} == {0}, found
    return {words: set(packages) for words, (_, *packages) in found.items()}


LIGHT = (("--help",), ("--version",), ("runs",))
TABLES = ("table", "--kinds")


@pytest.mark.parametrize("words", LIGHT, ids=" ".join)
def test_what_needs_no_results_imports_nothing_heavy(
    words: tuple[str, ...], imported: dict[tuple[str, ...], set[str]]
) -> None:
    assert imported[words] == set()


def test_pages_of_results_are_made_without_a_solver(
    imported: dict[tuple[str, ...], set[str]],
) -> None:
    assert imported[TABLES] <= {
        "numpy", "pandas", "pyarrow", "pydantic", "rich", "jinja2", "threadpoolctl",
    }  # fmt: skip
    assert "pandas" in imported[TABLES]


@pytest.mark.parametrize("name", sorted({path[0] for path in COMMANDS} - {"cache"}))
def test_the_help_of_a_command_imports_nothing_heavy(
    name: str, imported: dict[tuple[str, ...], set[str]]
) -> None:
    keys = name in listed() and listed()[name].keys
    assert imported[name, "--help"] <= (OF_A_LAYOUT if keys else set())


def test_what_a_killed_run_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".cge-new.x1").mkdir()
    folders.check_folder(tmp_path)
    (tmp_path / "notes.md").write_text("mine")
    with pytest.raises(InputError, match="files that are not results"):
        folders.check_folder(tmp_path)


def test_a_run_is_known_by_its_own_manifest_only(tmp_path: Path) -> None:
    for text in ("", "[]", '{"scenario": 1}', '{"cases": [], "benchmark": {}}', "\x00"):
        (tmp_path / MANIFEST).write_text(text)
        assert not folders.is_ours(tmp_path)
    (tmp_path / MANIFEST).write_text('{"spec": {}}')
    assert folders.is_ours(tmp_path)
    (tmp_path / TABLE).mkdir()
    assert not folders.is_ours(tmp_path)
