"""Kept work is taken only where everything it was made from is what it was, file by file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Outcome

import cge as api
from cge.core import content
from cge.core.errors import InputError
from cge.core.fields import Strict, file_field
from cge.core.files import read_yaml
from cge.core.identity import digest, source_digest
from cge.scenario.named_files import with_files_found
from cge.tasks.runner import Place, Runner, Task

TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "all"}
RATES = "exporter,sector,importer,rate\nCHN,ELEC,USA,0.25\nCHN,VEH,USA,0.1\n"
LIBRARY = """
weightings: {default: {domestic: 1.0}}
disruptions:
  - {name: failure, families: {all: domestic},
     events: [{type: supply, region: ROW, sector: ELEC, loss: 0.25}]}
  - {name: other, families: {all: domestic},
     events: [{type: supply, region: ROW, sector: HMAN, loss: 0.2}]}
"""
BASELINE = "year,region,labour\n1,CHN,1.25\n"
RESEARCH = "region,sector,item,value\n" + "".join(
    f"{region},,gerd,2.5\n{region},,basic,15\n{region},,business,70\n"
    f"{region},ELEC,industry,75\n{region},HMAN,industry,25\n"
    for region in ("CHN", "USA", "ROW")
)
SIGMA = """
name: sigma
title: trial
extends: boehm
classification: user
entries:
  - {nest: armington, sector: "*", horizon: short, value: 1.25, low: 1, high: 2, status: assumed,
     citation: a trial}
  - {nest: armington, sector: "*", horizon: long, value: 2.25, low: 1, high: 5, status: assumed,
     citation: a trial}
"""
FRONTIER = {
    "region": "USA", "points": 2, "starts": 1, "versions": ["unilateral"], "method": "reduced",
    "instruments": [
        {"name": "tariff", "instrument": "tariff", "sector": "ELEC", "high": 0.25}
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """A study, the file that it reads, and what is written differently there later."""

    study: str
    asks: dict[str, Any]
    file: str
    content: str
    old: str = "0.25"
    new: str = "0.3"
    options: dict[str, Any] | None = None


TRIALS = {
    "rates": Trial("static", {"policy": [{**TARIFF, "file": "rates.csv", "column": "rate"}]},
                   "rates.csv", RATES),
    "rates without a suffix": Trial(
        "static", {"policy": [{**TARIFF, "file": "rates", "column": "rate"}]}, "rates", RATES),
    "rates of a variant": Trial(
        "static", {"variants": [{"name": "one", "policy": [
            {**TARIFF, "file": "rates", "column": "rate"}]}]}, "rates", RATES),
    "rates of draws": Trial(
        "sensitivity", {"elasticities": ["sigma"], "variants": [{"name": "one", "policy": [
            {**TARIFF, "file": "rates", "column": "rate"}]}]}, "rates", RATES,
        options={"draws": 3}),
    "rates before a disruption": Trial(
        "stress", {"policy": [{**TARIFF, "file": "rates", "column": "rate"}],
                   "stress": {"library": "library"}}, "rates", RATES),
    "baseline": Trial("path", {"policy": [{**TARIFF, "add": 0.1}],
                               "path": {"years": 2, "baseline": "baseline"}},
                      "baseline", BASELINE, "1.25", "1.5"),
    "research": Trial("path", {"policy": [{**TARIFF, "add": 0.1}],
                               "path": {"years": 3, "knowledge_data": "research"}},
                      "research", RESEARCH, "gerd,2.5", "gerd,9.5"),
    "research of a frontier": Trial(
        "frontier", {"path": {"years": 2, "knowledge_data": "research"},
                     "stress": {"library": "library"}, "frontier": FRONTIER},
        "research", RESEARCH, "gerd,2.5", "gerd,9.5"),
    "library": Trial("stress", {"policy": [{**TARIFF, "add": 0.1}],
                                "stress": {"library": "library"}}, "library", LIBRARY),
    "library of a frontier": Trial(
        "frontier", {"stress": {"library": "library"}, "frontier": FRONTIER}, "library", LIBRARY),
    "library of an insurance": Trial(
        "insurance", {"stress": {"library": "library"}, "insurance": {
            "region": "USA", "foresight": ["risk_neutral"], "weighting": "default",
            "frequency": [0.1]}}, "library", LIBRARY),
    "elasticities": Trial("static", {"elasticities": ["sigma"],
                                     "policy": [{**TARIFF, "add": 0.1}]},
                          "sigma", SIGMA, "value: 2.25", "value: 2.5"),
    "elasticities of a game": Trial(
        "nash", {"elasticities": ["sigma"], "nash": {
            "players": ["USA", "CHN"], "starts": 1, "instruments": [
                {"name": "tariff", "instrument": "tariff", "exporter": "players",
                 "sector": "ELEC", "high": 0.5}]}},
        "sigma", SIGMA, "value: 2.25", "value: 2.5"),
    "table": Trial("static", {"policy": [{**TARIFF, "add": 0.1}]}, "table/tariffs.csv",
                   "importer,exporter,sector,rate\nUSA,CHN,ELEC,0.25\n"),
    "table of a frontier": Trial(
        "frontier", {"stress": {"library": "library"}, "frontier": FRONTIER}, "table/tariffs.csv",
        "importer,exporter,sector,rate\nUSA,CHN,ELEC,0.25\n"),
}  # fmt: skip
#: Of which a difference shows even in the quick suite.
QUICK = ("rates without a suffix", "rates of draws", "research", "library of a frontier", "table")


@pytest.fixture(scope="module")
def example() -> Path:
    """Return the folder of the table that ships as an example."""
    return Path(api.__file__).parents[1] / "calibration" / "example"


def calibrated(folder: Path, example: Path, cge: Callable[..., Outcome]) -> None:
    """Make the benchmark of a folder from the example, with what stands in `table` in place."""
    own = folder / "table"
    own.mkdir(exist_ok=True)
    for file in example.iterdir():
        if not (own / file.name).exists():
            (own / file.name).write_bytes(file.read_bytes())
    assert cge("calibrate", own, "--out", folder / "bench", "--overwrite").code == 0


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
             for name in TRIALS]
)  # fmt: skip
def test_work_on_a_file_that_has_changed_since_is_done_again(
    name: str, here: Path, example: Path, cge: Callable[..., Outcome]
) -> None:
    trial = TRIALS[name]
    (here / "library").write_text(LIBRARY)
    (here / "sigma").write_text(SIGMA)
    (here / "table").mkdir()
    place = here / trial.file
    place.write_text(trial.content)
    calibrated(here, example, cge)
    asks = {"name": "trial", "benchmark": {"table": "bench"}, **trial.asks}
    (here / "trial.yaml").write_text(yaml.safe_dump(asks))

    def run(cache: str) -> Any:
        return api.run("trial.yaml", trial.study, workers=1, cache=here / cache,
                       **(trial.options or {}))  # fmt: skip

    first, again = run("cache"), run("cache")
    assert again.manifest["steps_kept_from_earlier"] == again.manifest["steps"]
    assert trial.old in trial.content
    place.write_text(trial.content.replace(trial.old, trial.new))
    calibrated(here, example, cge)
    then, fresh = run("cache"), run("other")
    assert fresh.identity != first.identity  # it does hang on the file
    assert then.identity == fresh.identity


def test_all_that_ships_is_in_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "disruptions"
    folder.mkdir()
    file = folder / "parameters.yaml"
    monkeypatch.setattr(content, "content_dir", lambda room: tmp_path)
    found = []
    for level in ("0.95", "0.9"):  # as someone who edits the level of the CVaR would
        file.write_text(f"cvar_level: {level}\n")
        found.append(source_digest.__wrapped__())
    file.rename(folder / "other.yaml")
    found.append(source_digest.__wrapped__())
    assert len(set(found)) == 3


class Named(Strict):
    """A model that names a file."""

    file: str = file_field("usual", lambda: ("usual",))


class Around(Strict):
    """A model with such a part."""

    parts: tuple[Named, ...] = ()


def test_the_content_of_a_file_counts_wherever_a_model_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("bare", "usual"):
        Path(name).write_text("one")
    found = with_files_found(Around(parts=(Named(), Named(file="bare"))), None)
    assert [part.file for part in found.parts] == ["usual", str(tmp_path / "bare")]
    before = digest([found])
    Path("usual").write_text("two")  # what ships comes before a file of its name
    assert digest([found]) == before
    Path("bare").write_text("two")
    assert digest([found]) != before


# -- a file that changes during the run


@dataclass(frozen=True)
class Reading:
    """Content of a task: a file that it counts, one that it reads, and what it writes there."""

    counted: Path
    read: str
    write: str = ""


def reads(content: Reading, place: Place) -> Any:
    found = read_yaml(content.read)
    if content.write:
        Path(content.read).write_text(content.write)
    return found


def test_a_task_reads_no_file_that_its_key_does_not_count(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a: 1")
    other.write_text("a: 2")
    with Runner(workers=1, cache=tmp_path / "cache").open() as session:
        assert session.run([Task("", reads, Reading(one, str(one)))]) == [{"a": 1}]
        with pytest.raises(AssertionError, match="other is read in a task whose key does not"):
            session.run([Task("", reads, Reading(one, str(other)))])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_changes_during_the_run_ends_it(tmp_path: Path, workers: int) -> None:
    file = tmp_path / "file"
    file.write_text("a: 1")
    changed = pytest.raises(InputError, match="file: was changed during the run")
    with changed, Runner(workers=workers, cache=tmp_path / "cache").open() as session:
        session.run([Task("", reads, Reading(file, str(file), "a: 2"))])
    with Runner(workers=workers, cache=tmp_path / "cache").open() as session:
        assert session.run([Task("", reads, Reading(file, str(file)))]) == [{"a": 2}]
        file.write_text("a: 3")  # between two batches
        with pytest.raises(InputError, match="file: was changed during the run"):
            session.run([Task("", reads, Reading(file, str(file)))])
