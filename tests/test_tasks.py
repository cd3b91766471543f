"""Tasks, the runner and the store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import Parallel

from cge.core.errors import InputError, NoEquilibrium
from cge.core.identity import digest
from cge.core.packing import Damaged, pack, unpack
from cge.tasks.runner import Place, Runner, Task
from cge.tasks.store import Store, seal, unseal

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@dataclass(frozen=True)
class Number:
    value: float
    note: str = ""


def double(content: Number, place: Place) -> dict[str, Any]:
    """Twice a number, and the process that did it."""
    return {"value": 2 * content.value, "process": os.getpid()}


def room(content: Number, place: Place) -> float:
    """How far the process may grow before the pool ends it."""
    from joblib.externals.loky import process_executor

    return float(process_executor._MAX_MEMORY_LEAK_SIZE)


def in_steps(content: Number, place: Place) -> list[float]:
    """Five steps, each kept; dies after the third where the note says so."""
    found = []
    for n in range(5):
        kept = place.steps.get(str(n))
        if kept is None:
            if n == 3 and content.note and not Path(content.note).exists():
                Path(content.note).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            kept = {"value": content.value + n, "at": time.time()}
            place.steps.put(str(n), kept)
        found.append(kept["at"])
    return found


def refuses(content: Number, place: Place) -> None:
    raise InputError("is wrong", key="policy.0", value=content.value)


def fails(content: Number, place: Place) -> None:
    raise NoEquilibrium("none")


def tasks(*numbers: float) -> list[Task]:
    return [Task(f"number {n:g}", double, Number(n)) for n in numbers]


# -- packing and digests


@given(PLAIN)
def test_plain_data_comes_back_as_it_was(content: Any) -> None:
    assert unpack(pack(content)) == content


def test_arrays_and_tables_come_back_bit_for_bit() -> None:
    frame = pd.DataFrame({"word": pd.Categorical(["a", "b", "a"]), "number": [0.1, np.nan, 3.0],
                          "whole": pd.array([1, None, 3], dtype="Int64")})  # fmt: skip
    content = {"array": np.array([[0.1, np.inf]]), "frame": frame, "float": 0.1 + 0.2, "nan": [1.5]}
    found = unpack(pack(content))
    np.testing.assert_array_equal(found["array"], content["array"])
    pd.testing.assert_frame_equal(found["frame"], frame)
    assert found["float"] == 0.1 + 0.2
    assert pack(content) == pack(content)


def test_nothing_but_plain_data_is_packed_and_no_pickle_is_read() -> None:
    for wrong in (object(), {1: 2}, np.array([object()])):
        with pytest.raises((TypeError, ValueError)):
            pack(wrong)
    for damaged in (b"", b"PK", pack(1)[:-5]):
        with pytest.raises(Damaged):
            unpack(damaged)


def test_a_digest_is_of_the_content(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("same")
    other.write_text("same")
    assert digest(one) == digest(other)
    other.write_text("else")
    assert digest(one) != digest(other)
    assert digest(Number(1.0)) != digest(Number(2.0)) != digest([2.0, ""])
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(np.arange(3.0)) != digest(np.arange(3))
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    with pytest.raises(TypeError):
        digest(object())


# -- store


def test_a_store_returns_what_was_put_and_nothing_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = digest("x")
    assert store.get(key) is None
    store.put(key, seal(key, {"a": [1.5]}))
    assert store.get(key) == {"a": [1.5]}
    path = store.files()[0]
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(bytes(data))
    assert store.get(key) is None
    # A file under another's name is not that one's.
    other = digest("y")
    store.put(other, seal(key, 1))
    assert store.get(other) is None and unseal(seal(key, 1), key) == 1


def test_a_store_removes_what_was_not_used_for_longest(tmp_path: Path) -> None:
    store = Store(tmp_path, limit=3000)
    keys = [digest(n) for n in range(6)]
    for n, key in enumerate(keys):
        store.put(key, seal(key, "x" * 700))
        os.utime(store.files()[-1], ns=(n, n))
    for n, key in enumerate(keys):  # in the order in which they were put
        os.utime(tmp_path / key[:2] / f"{key}.cge", ns=(10**9 * n, 10**9 * n))
    store.get(keys[0])  # used now
    store.trim()
    held = [store.get(key) is not None for key in keys]
    assert held[0] and held[-1] and not held[1]
    assert store.size() <= 3000


def test_drafts_of_killed_commands_are_counted_and_go_after_a_day(tmp_path: Path) -> None:
    store, day = Store(tmp_path), 24 * 3600
    for name, age in (("old", 2 * day), ("new", 60)):
        path = tmp_path / "ab" / f".cge-{name}.cge"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (time.time() - age, time.time() - age))
    assert len(store.drafts()) == 2 and store.size() == 200
    store.trim()
    assert [path.name for path in store.drafts()] == [".cge-new.cge"]


# -- runner


def test_results_are_in_order_and_equal_tasks_are_done_once(tmp_path: Path) -> None:
    runner = Runner(workers=1, cache=tmp_path)
    with runner.open() as session:
        found = session.run(tasks(3, 1, 3))
    assert [one["value"] for one in found] == [6, 2, 6]
    assert (runner.done, runner.kept, runner.total) == (2, 0, 2)
    again = Runner(workers=1, cache=tmp_path)
    with again.open() as session:
        assert session.run(tasks(1, 3, 5))[2]["value"] == 10
    assert (again.done, again.kept, again.total) == (1, 2, 3)


def test_results_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    found = []
    for workers in (1, 2):
        with Runner(workers=workers, cache=tmp_path / str(workers)).open() as session:
            results = session.run(tasks(*np.linspace(0.1, 0.9, 7)))
        found.append([one["value"] for one in results])
        processes = {one["process"] for one in results}
        assert (os.getpid() in processes) == (workers == 1)
    assert found[0] == found[1]


def test_a_worker_is_not_ended_for_what_models_have_prepared(tmp_path: Path) -> None:
    with Runner(workers=2, cache=tmp_path).open() as session:
        found = session.run([Task(str(n), room, Number(n)) for n in (1, 2)])
    assert min(found) > 1e9


def test_no_more_processes_are_started_than_there_are_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def here(n_jobs: int, **more: Any) -> Any:
        started.append(n_jobs)
        return Parallel(n_jobs=1, **more)

    monkeypatch.setattr("joblib.Parallel", here)
    with Runner(workers=6, cache=tmp_path).open() as session:
        for numbers in ((1,), (2, 3, 4), (5, 6), range(7, 17)):
            session.run(tasks(*numbers))
    with Runner(workers=1, cache=tmp_path).open() as session:
        session.run(tasks(20, 21))
    assert started == [2, 3, 3, 6, 1]  # none is ended that may be wanted again


def test_fresh_work_is_done_again(tmp_path: Path) -> None:
    for fresh, done in ((False, 1), (False, 0), (True, 1)):
        runner = Runner(workers=1, cache=tmp_path, fresh=fresh)
        with runner.open() as session:
            session.run(tasks(7))
        assert runner.done == done


def test_errors_say_what_they_are_of(tmp_path: Path) -> None:
    told = Task("a variant", refuses, Number(1.0), located=lambda e: e.moved("variants.0", "f"))
    for workers in (1, 2):
        with Runner(workers=workers, cache=tmp_path).open() as session:
            with pytest.raises(InputError, match=r"f, key 'variants\.0', value 1\.0: is wrong"):
                session.run([told])
            with pytest.raises(NoEquilibrium, match="number 1: none"):
                session.run([Task("number 1", fails, Number(1.0))])


def test_more_work_than_usual_is_refused_before_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cge.tasks.runner.MOST_STEPS", 3)
    with Runner(workers=1, cache=tmp_path).open() as session:
        session.run(tasks(1, 2))
        with pytest.raises(InputError, match=r"takes 4 steps of work.*up to 3.*--yes"):
            session.run(tasks(3, 4))
    with Runner(workers=1, cache=tmp_path, beyond=True).open() as session:
        assert len(session.run(tasks(1, 2, 3, 4))) == 4


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "two"])
def test_a_number_of_workers_that_is_none_is_refused(workers: Any) -> None:
    with pytest.raises(InputError, match="is no number of processes"):
        Runner(workers=workers)


def test_a_task_that_was_killed_goes_on_with_its_steps(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_tasks import *\n"
        f"task = Task('steps', in_steps, Number(1.0, {str(tmp_path / 'died')!r}), 5)\n"
        f"runner = Runner(workers=1, cache=Path({str(tmp_path / 'cache')!r}))\n"
        "with runner.open() as session:\n    print(session.run([task])[0])\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    began = time.time()
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    times = [float(word) for word in done.stdout.strip(" []\n").split(",")]
    assert [moment < began for moment in times] == [True, True, True, False, False]
