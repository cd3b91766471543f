"""Files of others: nothing that is opened can run code."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_tasks import tasks
from test_user_table_external import World
from worlds import random_world

import cge
from cge import InputError, open_benchmark, read_pymrio, save_benchmark
from cge.core.packing import Damaged, unpack
from cge.results.folder import read
from cge.tasks.runner import Place, Runner, Task
from cge.tasks.store import Store


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> Any:
        return Path.touch, (self.sprung,)


@pytest.fixture
def trap(tmp_path: Path) -> bytes:
    """Return a pickle that makes the file `sprung`, and see that it never did."""
    laid = pickle.dumps(Trap(tmp_path / "sprung"))
    pickle.loads(laid)
    assert (tmp_path / "sprung").exists(), "the trap works"
    (tmp_path / "sprung").unlink()
    return laid


@pytest.fixture
def system(tmp_path: Path) -> Path:
    world = World()
    world.system(world.parts()).save_all(tmp_path / "system", table_format="txt")
    return tmp_path / "system"


def point_to(folder: Path, key: str, name: str) -> None:
    file = folder / "file_parameters.json"
    content = json.loads(file.read_text())
    content["files"][key]["name"] = name
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize(("part", "key"), [("", "Z"), ("", "unit"), ("factor_inputs", "F")])
@pytest.mark.parametrize(
    "name", ["Z.pkl", "Z.PICKLE", "Z", "../Z.pkl", "../one.txt", "{abs}/Z.pkl"]
)
def test_a_system_that_names_a_pickle_is_refused(
    tmp_path: Path, system: Path, trap: bytes, part: str, key: str, name: str, archived: bool
) -> None:
    name = name.format(abs=tmp_path)
    for place in (tmp_path, system, system / part):
        (place / Path(name).name).write_bytes(trap)
    point_to(system / part, key, name)
    source = system
    if archived:
        source = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", system))
    with pytest.raises(InputError, match=r"file_parameters\.json.*'files'"):
        read_pymrio(source, "exiobase3" if part else "pymrio", year=2015)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("file", ["Z.txt", "Y.txt", "unit.txt", "factor_inputs/F.txt",
                                  "file_parameters.json", "metadata.json"])  # fmt: skip
def test_a_pickle_under_another_name_is_not_opened(
    tmp_path: Path, system: Path, trap: bytes, file: str
) -> None:
    (system / file).write_bytes(trap)
    with pytest.raises(InputError, match=re.escape(Path(file).name)):
        read_pymrio(system, "pymrio", year=2015)
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_in_the_place_of_finished_work_or_results_is_not_opened(
    tmp_path: Path, trap: bytes
) -> None:
    task = tasks(3.0)[0]
    with Runner(workers=1, cache=tmp_path / "cache").open() as session:
        session.run([task])
    (kept,) = Store(tmp_path / "cache" / "work").files()
    kept.write_bytes(trap)
    with Runner(workers=1, cache=tmp_path / "cache").open() as session:
        (found,) = session.run([task])
    assert found["value"] == 6.0
    with pytest.raises(Damaged):
        unpack(trap)
    run = tmp_path / "run"
    run.mkdir()
    for file in ("manifest.json", "results.parquet"):
        (run / file).write_bytes(trap)
    with pytest.raises(InputError, match="run"):
        read(run)
    assert not (tmp_path / "sprung").exists()


def test_objects_in_the_arrays_of_a_benchmark_are_not_opened(tmp_path: Path) -> None:
    folder = save_benchmark(random_world(1), tmp_path / "world")
    with np.load(folder / "arrays.npz") as arrays:
        content = dict(arrays)
    content["flows"] = np.array([Trap(tmp_path / "sprung")], dtype=object)
    np.savez(folder / "arrays.npz", **content)
    with pytest.raises(InputError, match="world"):
        open_benchmark(folder)
    assert not (tmp_path / "sprung").exists()


@dataclass(frozen=True)
class Heavy:
    """Content that joblib would leave on disk for its workers."""

    values: Any


def is_on_disk(content: Heavy, place: Place) -> bool:
    return isinstance(content.values, np.memmap)


def test_arrays_reach_other_processes_without_files(tmp_path: Path) -> None:
    """joblib pickles large arrays into a folder that all users share, unless told not to."""
    heavy = [Task(f"{n}", is_on_disk, Heavy(np.full(400_000, float(n)))) for n in (1, 2)]
    with Runner(workers=2, cache=tmp_path / "cache").open() as session:
        assert session.run(heavy) == [False, False]


def test_no_source_of_the_package_opens_what_can_run_code() -> None:
    """Of the ways there are in NumPy, pandas, joblib, PyYAML and Python itself."""
    opens = re.compile(
        r"\bpickle\b(?!s)|read_pickle|cloudpickle|\bdill\b|\bshelve\b|\bmarshal\b|joblib\.load"
        r"|allow_pickle=True|yaml\.(unsafe_load|full_load|Loader\b)|\beval\(|\bexec\("
    )
    for path in sorted(Path(cge.__file__).parent.rglob("*.py")):
        code = "\n".join(
            line for line in path.read_text(encoding="utf-8").splitlines()
            if not line.lstrip().startswith("#")
        )  # fmt: skip
        if path.name == "typed.py":  # annotations of this package's own calls
            code = code.replace("hint = eval(hint, names)", "")
        code = re.sub(r'"""(?:.|\n)*?"""|"[^"\n]*"', "", code)
        found = opens.search(code)
        assert found is None, f"{path}: {found and found.group()}"
