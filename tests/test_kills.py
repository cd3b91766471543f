"""A process that is killed while it writes leaves what was there, or what it wrote: nothing mixed.

A copy of this process is killed before each of its moves on the disk in turn: opening a file to
write it, renaming, removing, making a folder. Then several processes write and read at once.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds import random_world

import cge
from cge.core.errors import InputError
from cge.core.writing import WORK, put_in_place
from cge.data.benchmark_store import open_benchmark, save_benchmark
from cge.results.folder import read
from cge.results.resultset import ResultSet
from cge.results.run_folder import FILES, MANIFEST, SUMMARY, TABLE
from cge.scenario.schema import Scenario
from cge.tasks.store import Store, seal

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a copy of this process")
WAR = {
    "name": "war",
    "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["boehm"],
    "policy": [{"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
                "add": 0.5}],
}  # fmt: skip
MOVES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir")


def _moves(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an event is a move on the disk."""
    flags = arguments[2] if event == "open" and len(arguments) > 2 else 0
    writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    return event in MOVES or bool(writes)


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Do some work in a copy of this process that is killed before a move; whether it was."""
    child = os.fork()
    if child == 0:
        left = [number]

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            if _moves(event, arguments):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        sys.addaudithook(watch)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def every_kill(
    each: int, work: Callable[[], object], check: Callable[[], None], reset: Callable[[], None]
) -> int:
    """Kill some work at each of its moves, or some of them, from the start; how many kills."""
    kills = 0
    while True:
        reset()
        if not killed_at(each * kills, work):
            return kills
        check()
        kills += 1


#: Every how many moves a process is killed: in the quick suite, in the slow one.
moves = pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.slow)])


@pytest.fixture(scope="module")
def two() -> list[cge.Results]:
    """Return two results of one layout with other figures."""
    more = {**WAR, "policy": [{**WAR["policy"][0], "add": 0.25}]}  # type: ignore[index]
    return [cge.run(Scenario.model_validate(one), workers=1) for one in (WAR, more)]


@moves
def test_a_run_that_is_killed_while_it_writes_leaves_one_run(
    each: int, tmp_path: Path, two: list[cge.Results]
) -> None:
    old, new = two
    whole, there = tmp_path / "old", tmp_path / "run"
    old.save(whole)
    new.save(tmp_path / "new")
    known = {
        which: {name: (tmp_path / which / name).read_bytes() for name in (TABLE, SUMMARY)}
        for which in ("old", "new")
    }
    seen = []

    def reset() -> None:
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(whole, there)
        (there / "notes.txt").write_text("mine")

    def check() -> None:
        found = read(there)
        which = "new" if found.identity == new.identity else "old"
        seen.append(which)
        assert which == "new" or found.identity == old.identity
        for name, content in known[which].items():
            assert (there / name).read_bytes() == content
        assert (there / "notes.txt").read_text() == "mine"
        new.save(there)  # what was left is no obstacle, and is cleared away
        assert {path.name for path in there.iterdir()} <= {*FILES, "notes.txt"}

    kills = every_kill(each, lambda: new.save(there), check, reset)
    assert kills > 10 / each and seen == sorted(seen, reverse=True) and set(seen) == {"old", "new"}


@moves
def test_a_first_run_that_is_killed_leaves_nothing_or_all(
    each: int, tmp_path: Path, two: list[cge.Results]
) -> None:
    there = tmp_path / "run"

    def check() -> None:
        try:
            assert read(there).identity == two[0].identity
        except InputError as error:
            assert "no such run folder" in str(error) or f"it has no {MANIFEST}" in str(error)
        two[1].save(there)
        assert read(there).identity == two[1].identity

    def reset() -> None:
        shutil.rmtree(there, ignore_errors=True)

    assert every_kill(each, lambda: two[0].save(there), check, reset) > 10 / each


@moves
def test_a_benchmark_that_is_killed_while_it_is_replaced_is_one_of_the_two(
    each: int, tmp_path: Path
) -> None:
    old, new, there = random_world(1), random_world(2), tmp_path / "world"
    known = {old.fingerprint, new.fingerprint}

    def reset() -> None:
        shutil.rmtree(there, ignore_errors=True)
        save_benchmark(old, there)

    def check() -> None:
        assert open_benchmark(there).fingerprint in known
        save_benchmark(new, there, overwrite=True)
        assert open_benchmark(there).fingerprint == new.fingerprint

    def work() -> None:
        save_benchmark(new, there, overwrite=True)

    assert every_kill(each, work, check, reset) > 5 / each


@moves
def test_a_kill_leaves_pages_and_kept_work_whole(each: int, tmp_path: Path) -> None:
    page, key = tmp_path / "pages" / "one.md", "a" * 64
    store = Store(tmp_path / "work")

    def reset() -> None:
        page.parent.mkdir(exist_ok=True)
        page.write_text("old")
        store.put(key, seal(key, "old"))

    def work() -> None:
        put_in_place({page: lambda path: path.write_text("new" * 1000)})
        store.put(key, seal(key, "new" * 1000))

    def check() -> None:
        assert page.read_text() in ("old", "new" * 1000)
        assert store.get(key) in ("old", "new" * 1000)

    assert every_kill(each, work, check, reset) > 5 / each


# -- at once


def _write(folder: str, rows: Any, manifest: Any, times: int, wrong: Any) -> None:
    results = cge.Results(rows, manifest)
    for _ in range(times):
        try:
            results.save(folder)
        except InputError as error:
            if "another process is writing" not in str(error):
                wrong.put(str(error))


def _open(folder: str, known: set[str], times: int, wrong: Any) -> None:
    for _ in range(times):
        try:
            found: ResultSet = read(folder)
        except InputError as error:
            wrong.put(str(error))
        else:
            if found.identity not in known:
                wrong.put("mixed results")


@pytest.mark.parametrize("times", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_processes_at_once_on_one_folder_leave_whole_results(
    times: int, tmp_path: Path, two: list[cge.Results]
) -> None:
    there, known = tmp_path / "run", {one.identity for one in two}
    two[0].save(there)
    context = multiprocessing.get_context("fork")
    wrong = context.Queue()
    processes = [
        *(context.Process(target=_write, args=(str(there), one.rows, one.manifest, times, wrong))
          for one in two),
        *(context.Process(target=_open, args=(str(there), known, 3 * times, wrong))
          for _ in range(2)),
    ]  # fmt: skip
    for one in processes:
        one.start()
    for one in processes:
        one.join(300)
    assert [one.exitcode for one in processes] == [0] * 4
    assert wrong.empty(), wrong.get()
    assert read(there).identity in known
    assert {path.name for path in there.iterdir()} <= {*FILES, f"{WORK}lock"}


def _keep(folder: str, seed: int, times: int, wrong: Any) -> None:
    store, rng = Store(Path(folder), limit=40_000), np.random.default_rng(seed)
    for _ in range(times):
        number = int(rng.integers(20))
        key = f"{number:064d}"
        found = store.get(key)
        if found is not None and found != [number] * 500:
            wrong.put(f"{number}: {found[:3]}")
        store.put(key, seal(key, [number] * 500))
        if rng.random() < 0.2:
            store.trim()


@pytest.mark.parametrize("times", [100, pytest.param(3000, marks=pytest.mark.slow)])
def test_processes_at_once_on_one_store_find_what_was_put_or_nothing(
    times: int, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("fork")
    wrong = context.Queue()
    processes = [context.Process(target=_keep, args=(str(tmp_path), seed, times, wrong))
                 for seed in range(3)]  # fmt: skip
    for one in processes:
        one.start()
    for one in processes:
        one.join(300)
    assert [one.exitcode for one in processes] == [0] * 3
    assert wrong.empty(), wrong.get()
    Store(tmp_path, limit=40_000).trim()
    assert Store(tmp_path).size() <= 40_000
