"""Independent tasks over processes: resumable, and the same whatever the number of workers.

joblib runs them: its workers need no guarded main module in a user's script, numerical
libraries are held to one thread in each from their start, and the same call runs on a Dask
cluster where its backend is chosen instead. A task and the function are pickled; a result
is small and holds what JSON can hold, since it is kept as a line of text: floats come back
from it bit for bit.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from cge.core.errors import InputError

Task = TypeVar("Task")
#: Called with the number of tasks done and of all.
Count = Callable[[int, int], None]


def default_workers() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_workers(workers: int) -> int:
    """Return the number of workers, or raise InputError unless there is at least one."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError(
            "is no number of processes", key="workers", value=workers,
            allowed=f"1 or more; this machine has {default_workers()} cores",
        )  # fmt: skip
    return workers


class Kept:
    """Results on disk as they come, so that a killed run can go on.

    Parameters
    ----------
    path : path
        A file with one line for each result; a line cut off by a kill is ignored.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, Any]:
        """Return what is kept by the name of its task."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        found = {}
        for line in lines:
            try:
                name, result = json.loads(line)
            except (ValueError, TypeError):
                continue
            found[name] = result
        return found

    def add(self, name: str, result: Any) -> None:
        """Keep one result."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps([name, result])
        with self.path.open("a", encoding="utf-8") as file:
            # On a line of its own, whatever a kill left of the one before.
            file.write(f"\n{line}\n")

    def clear(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)


def run_tasks(
    function: Callable[[Task], Any],
    tasks: Mapping[str, Task],
    workers: int = 1,
    kept: Kept | None = None,
    report: Count | None = None,
    backend: str = "loky",
) -> dict[str, Any]:
    """Return the result of each task in the order of the tasks.

    Parameters
    ----------
    function : callable
        Of a module, so that it can be pickled; must depend on its task alone.
    tasks : mapping of str to task
        By name.
    workers : int
        Processes. With one the tasks run in this process.
    kept : Kept, optional
        Results of an earlier attempt, which are not computed again, and the place for
        those of this one.
    report : callable, optional
        Told how many are done.
    backend : str
        Of joblib; ``dask`` sends the tasks to the cluster of the current client.

    Raises
    ------
    InputError
        If `workers` is not a number of processes.
    Exception
        Whatever `function` raises ends the run; what was done by then is kept.
    """
    from joblib import Parallel, delayed, parallel_config
    from threadpoolctl import threadpool_limits

    check_workers(workers)
    done = {} if kept is None else kept.load()
    done = {name: done[name] for name in tasks if name in done}
    open_tasks = [(name, task) for name, task in tasks.items() if name not in done]
    tell = report or (lambda _done, _all: None)
    tell(len(done), len(tasks))
    if not open_tasks:
        return {name: done[name] for name in tasks}
    parent = os.getpid() if backend == "loky" else None
    in_processes = {"inner_max_num_threads": 1} if workers > 1 and backend == "loky" else {}
    # The sums of a product over threads depend on their number; in one thread they do not.
    with threadpool_limits(1), parallel_config(backend=backend, **in_processes):
        results = Parallel(
            n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs"
        )(delayed(_named)(function, name, task, parent) for name, task in open_tasks)
        try:
            for name, result in results:
                done[name] = result
                if kept is not None:
                    kept.add(name, result)
                tell(len(done), len(tasks))
        finally:
            results.close()  # an interrupt must not leave workers behind
    return {name: done[name] for name in tasks}


def _named(
    function: Callable[[Task], Any], name: str, task: Task, parent: int | None
) -> tuple[str, Any]:
    if parent is not None and os.getpid() != parent:
        _begin_worker(parent)
    return name, function(task)


@lru_cache(maxsize=1)
def _begin_worker(parent: int) -> None:
    """Have this worker leave interrupts to the process that started it, and end with it.

    When that one is killed it would otherwise wait for minutes for tasks that nobody sends.
    """
    with contextlib.suppress(ValueError):  # not in the main thread: no interrupts here
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
