"""Files of every kind with something wrong in them are read as they say, or refused in one message.

A generator puts a value of a wrong type, or one that can not be meant, in place of any value of the
shipped files. All is done but solving.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools import small_model

import cge
from cge import InputError
from cge.core.content import calibration_file, content_dir
from cge.core.errors import CgeError
from cge.core.files import read_as, read_yaml
from cge.core.parameters import ParameterSet
from cge.data.accounts.aggregation import AggregationFile
from cge.data.elasticities.sets import load_elasticity_set
from cge.data.library import load_library
from cge.resilience.disruptions import expand
from cge.scenario.schema import load_scenario
from cge.scenario.variants import ScenarioSet
from cge.studies.collection import Collection

#: Put in place of any value.
VALUES: list[Any] = [
    True, None, "", " ", "nonsense", "0.1", 35, -1, 0, 1e300, -1e300, float("nan"), float("inf"),
    2**60, 0.5, [], {}, {"a": 1}, [0.1, 0.2], ["a", "b"], [["a"]], [True], [None], "all",
    "all but USA", "all but XYZ", ["USA", "USA"], "!", "x" * 5000, "2011-01-01", "[", "a[b]",
]  # fmt: skip
#: Keys whose value any text, or any number, may be.
FREE = {"title", "description", "label", "note", "name", "citation"}

Read = Callable[[Path, Any], object]


class Stop(Exception):
    """All that comes before solving is done."""


def places(content: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value."""
    if not isinstance(content, dict | list):
        return
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        yield (*here, key)
        yield from places(value, (*here, key))


def spoilt(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return content with another value at a place."""
    changed = copy.deepcopy(content)
    node = changed
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return changed


def pruned(content: Any, place: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Return content with lists around a place cut to what holds it, and the place in that."""
    found = copy.copy(content)
    if len(place) < 2:
        return found, place
    inner, rest = pruned(content[place[0]], place[1:])
    if isinstance(content, list):
        return [inner], (0, *rest)
    found[place[0]] = inner
    return found, (place[0], *rest)


def written(path: Path, content: Any) -> Path:
    text = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


def study(folder: Path, content: Any, kind: str | None = None) -> None:
    file = written(folder / "trial.yaml", content)
    cge.run(file, kind, workers=1, cache=folder / "cache", fresh=True)


def aggregation(folder: Path, content: Any) -> None:
    cge.load_benchmark("wiod2013", aggregation=written(folder / "trial.yaml", content))


def elasticities(folder: Path, content: Any) -> None:
    file = written(folder / "trial.yaml", content)
    cge.load_benchmark("wiod2013", aggregation="small", elasticities=file)


def library(folder: Path, content: Any) -> None:
    expand(load_library(written(folder / "trial.yaml", content)), small_model().benchmark)


def parameters(folder: Path, content: Any) -> None:
    read_as(ParameterSet, written(folder / "trial.yaml", content))


def collection(folder: Path, content: Any) -> None:
    study(folder, content, "collection")


@cache
def subjects() -> list[tuple[str, Read, Any]]:
    """Name, reader and content of every shipped file."""
    found: list[tuple[str, Read, Any]] = []
    for path in sorted(content_dir("experiments").glob("*.yaml")):
        content = read_yaml(path)
        content["benchmark"] = {**content.get("benchmark", {}), "aggregation": "small"}
        for part in [content, *content.get("variants", [])]:
            if "library" in part.get("stress", {}):  # beside the experiments
                part["stress"]["library"] = str(calibration_file("disruptions", "depths.yaml"))
        found.append((path.stem, study, content))
    for name in ("small", "default"):
        found.append(
            (name, aggregation, read_yaml(calibration_file("aggregations", f"{name}.yaml")))
        )
    for name in ("boehm", "fontagne"):
        path = calibration_file("elasticities", f"{name}.yaml")
        found.append((name, elasticities, read_yaml(path)))
    for name in ("library", "depths"):
        path = calibration_file("disruptions", f"{name}.yaml")
        found.append((name, library, read_yaml(path)))
    for room in ("knowledge", "dynamics", "short_run", "disruptions"):
        found.append((room, parameters, read_yaml(calibration_file(room, "parameters.yaml"))))
    runs = [{"scenario": "us-china-tariff-war", "study": "static", "options": {"decompose": False}},
            {"scenario": {"name": "x", "extends": "free-trade"}}]  # fmt: skip
    found.append(("runs", collection, {"name": "mine", "title": "Mine", "runs": runs}))
    return found


def outcome(read: Read, folder: Path, content: Any) -> str:
    """Return what becomes of a file: accepted, or refused by name; fails for anything else."""
    try:
        read(folder, content)
    except Stop:
        return "accepted"
    except InputError as error:
        message = str(error)
        assert "\n" not in message and len(message) < 4000
        assert ".yaml" in message or ".csv" in message, f"no file: {message}"
        assert error.key or "not valid YAML" in message or "folder" in message, message
        return "refused"
    return "accepted"


def tried(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, count: int) -> Counter[str]:
    """Return how many of so many spoilt files were accepted and refused."""

    def stop(*args: Any, **kwargs: Any) -> None:
        raise Stop

    monkeypatch.setattr("cge.solve.model.solve_square", stop)
    monkeypatch.setattr("cge.frontier.tracking.newton", stop)
    monkeypatch.chdir(folder)
    rng, found, failed = random.Random(seed), Counter[str](), []
    every = subjects()
    for _ in range(count):
        name, read, content = rng.choice(every)
        changed, told = content, []
        for _ in range(rng.choice((1, 1, 1, 2))):
            place = rng.choice([*places(changed)])
            value = rng.choice(VALUES)
            changed = spoilt(changed, place, value)
            told.append(f"{'.'.join(map(str, place))} = {str(value)[:20]!r}")
        try:
            found[outcome(read, folder, changed)] += 1
        except CgeError as error:
            failed.append(f"{name}: {told}: {str(error)[:120]}")
        except Exception as error:
            failed.append(f"{name}: {told}: {type(error).__name__}: {str(error)[:120]}")
    assert failed == []
    return found


def test_a_sample_of_spoilt_files_is_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tried(tmp_path, monkeypatch, 1, 80)
    assert found["refused"] > 40 and found["accepted"] > 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_spoilt_files_are_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    found = tried(tmp_path, monkeypatch, seed, 1000)
    print(dict(found))
    assert found["refused"] > 700


def scenario_alone(file: Path) -> None:
    try:
        ScenarioSet(load_scenario(file))
    except InputError as error:
        raise error.located(file) from None


#: Reading without a benchmark, which is what finds a wrong type.
READ_ALONE: dict[Read, Callable[[Path], object]] = {
    study: scenario_alone,
    aggregation: lambda file: read_as(AggregationFile, file),
    elasticities: load_elasticity_set, library: load_library,
    parameters: lambda file: read_as(ParameterSet, file),
    collection: lambda file: Collection(file).studies,
}  # fmt: skip
#: By the type of the shipped value, types that are never meant in its place.
NEVER = {
    bool: (0, 1, "yes", [True]), int: (True, "1", [1], {"a": 1}), float: (True, "0.1", [0.1]),
    str: (1, 0.5, True, {"a": 1}), list: ({"a": 1}, True), dict: ([], "a", 1, True),
}  # fmt: skip

#: Files of entries that are all alike below a name of their own.
NAMED = (aggregation, parameters)


def test_no_value_of_another_type_is_taken(tmp_path: Path) -> None:
    def alone(folder: Path, content: Any) -> None:
        READ_ALONE[read](written(folder / "trial.yaml", content))

    taken, seen = [], set[tuple[Any, ...]]()
    for name, read, content in subjects():
        for place in places(content):
            node = content
            for key in place:
                node = node[key]
            keys = [key for key in place if isinstance(key, str)]
            if read in NAMED and len(keys) > 1:
                keys[1] = "any name"
            pattern = (read, type(node), *keys)
            if pattern in seen or place[0] == "grid":
                continue
            seen.add(pattern)
            small, here = pruned(content, place)
            if outcome(alone, tmp_path, small) == "refused":  # it needs what was cut off
                small, here = content, place
            for value in NEVER[type(node)]:
                if outcome(alone, tmp_path, spoilt(small, here, value)) == "accepted":
                    taken.append(f"{name}: {'.'.join(map(str, place))} = {value!r}")
    assert taken == []


# -- with a solve


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"benchmark": {"table": "wiod2013", "aggregation": "small", "year": True}}, "benchmark.year"),
     ({"policy": [{"instrument": "tariff", "add": "0.1"}]}, "policy.0.add"),
     ({"policy": [{"instrument": "tariff", "exporter": [], "add": 0.1}]}, "policy.0.exporter"),
     ({"elasticities": [""]}, "elasticities"),
     ({"closure": {"wage_floor": {"regions": []}}}, "closure.wage_floor.regions"),
     ({"closure": {"wage_floor": {"level": 98}}}, "closure.wage_floor.level"),
     ({"frontier": None}, "frontier"), ({"path": None}, "path"),
     ({"title": "a\x1b[31mred"}, None)],
)  # fmt: skip
def test_what_was_taken_without_a_word_is_refused(
    changes: dict[str, Any], key: str | None, tmp_path: Path, cge: Callable[..., Any]
) -> None:
    content = {"name": "trial",
               "benchmark": {"table": "wiod2013", "aggregation": "small"},
               "elasticities": ["boehm"],
               "policy": [{"instrument": "tariff", "add": 0.1}], **changes}  # fmt: skip
    file = written(tmp_path / "trial.yaml", content)
    found = cge("run", file, "--out", tmp_path / "results")
    assert found.code == 2 and "trial.yaml" in found.err and found.err.count("\n") == 1
    assert (f"'{key}'" if key else "control character") in found.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trial.yaml"]


def test_a_base_can_lose_a_section_in_what_extends_it(tmp_path: Path) -> None:
    written(tmp_path / "base.yaml", {"name": "base", "path": {"years": 3}, "policy": []})
    top = written(tmp_path / "top.yaml", {"name": "top", "extends": "base", "path": None})
    assert cge.load_scenario(top).path is None


def test_a_name_of_a_collection_is_the_name_of_a_folder(tmp_path: Path) -> None:
    content = {"name": "../elsewhere", "runs": [{"scenario": "free-trade"}]}
    with pytest.raises(InputError, match=r"key 'name', value '\.\./elsewhere'"):
        collection(tmp_path, content)


@pytest.mark.parametrize(
    ("rows", "says"),
    [("9007199254740993,USA,1.1", "is no year of a path"), ("2015,USA,1.1", "1, 2, ... to 200"),
     ("50,USA,1.1", "after the last year of the path"), ("1,USA,105", "not per cent"),
     ("1,USA,1e-300", r"allowed: 0\.05 to 20")],
)  # fmt: skip
def test_a_baseline_that_can_not_be_meant_is_refused(tmp_path: Path, rows: str, says: str) -> None:
    from cge.policy.baseline import read_baseline

    (tmp_path / "baseline.csv").write_text(f"year,region,labour\n{rows}\n")
    with pytest.raises(InputError, match=says) as told:
        read_baseline(tmp_path / "baseline.csv", small_model().benchmark, 25)
    assert "baseline.csv" in str(told.value)


def test_two_instruments_of_the_same_cells_are_refused(tmp_path: Path) -> None:
    lever = {"instrument": "tariff", "exporter": "CHN", "high": 0.2}
    content = {
        "name": "x",
        "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
        "frontier": {"region": "USA", "instruments": [{"name": "one", **lever},
                                                      {"name": "two", **lever}]},
    }  # fmt: skip
    with pytest.raises(InputError, match=r"instruments\.1', value 'two': moves the same cells"):
        study(tmp_path, content)
