"""The one runner: independent tasks over processes, resumable, the same on any number of them.

A task carries all that its result depends on, so results depend neither on which worker does
it, nor on what that did before, nor on interruptions. joblib runs them: its workers need no
guarded main module in a user's script and hold numerical libraries to one thread; on a Dask
cluster the same call runs with another backend.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from cge.core.content import content_dir
from cge.core.errors import CgeError, InputError, NoEquilibrium, refuse_if
from cge.core.files import only_counted
from cge.core.identity import Identity, digest, identity_of, source_digest
from cge.tasks.cluster import cluster
from cge.tasks.store import Brief, Steps, Store, default_folder, open_store, seal, unseal

#: Called with a description of the work, the steps done and of all.
Report = Callable[[str, int, int], None]
Ended = TypeVar("Ended")


@dataclass(frozen=True)
class Place:
    """Where a worker keeps things while it does a task.

    Parameters
    ----------
    steps : Steps
        Finished steps of the task.
    store : Store
        Finished work, for a task that leans on the steps of another.
    """

    steps: Steps
    store: Store

    def of(self, task: Task) -> Place:
        """The same place for a task."""
        return replace(self, steps=self.store.steps(task.key))

    def once(self, key: str, make: Callable[[], Ended]) -> Ended:
        """What was made before within the same task; made here where it was not."""
        return self.store.once(key, make)


@dataclass(frozen=True)
class Task:
    """Work that depends on its content alone.

    Parameters
    ----------
    label : str
        Description for people, in progress and messages.
    function : callable
        Of a module; called with the content and a :class:`Place`, returns plain data
        (:mod:`cge.core.packing`).
    content
        Everything the result depends on, with a digest (:mod:`cge.core.identity`). The function
        can read no file of a user's but those that count in it.
    size : int
        Steps it consists of.
    located : callable, optional
        Puts an error of the user's where it was written.
    """

    label: str
    function: Callable[[Any, Place], Any]
    content: Any
    size: int = 1
    located: Callable[[InputError], InputError] | None = None

    @cached_property
    def identity(self) -> Identity:
        """Digest of the content, and the files that count in it."""
        return identity_of(self.content)

    @cached_property
    def key(self) -> str:
        """Digest of the content, the function and all that ships."""
        return digest(source_digest(), self.function, self.identity.digest)

    def done(self, place: Place) -> Any:
        """The result, worked out here.

        Raises
        ------
        InputError
            If a file was changed meanwhile, and whatever the function raises.
        """
        with only_counted(self.identity.files, content_dir("calibration")):
            found = self.function(self.content, place.of(self))
        refuse_changed(self.identity.changed())
        return found

    def named(self, error: CgeError) -> CgeError:
        """An error of it with what it is of, or where the user wrote what is wrong."""
        if isinstance(error, NoEquilibrium):
            return NoEquilibrium(f"{self.label}: {error}")
        if isinstance(error, InputError) and self.located is not None:
            return self.located(error)
        return error


def refuse_changed(files: Iterable[Path]) -> None:
    """Refuse to go on where a file is not what it was when the run began."""
    for path in files:
        raise InputError("was changed during the run", file=path, allowed="the same command again")


#: New objects after which Python looks for circles among them.
YOUNG_OBJECTS = 20_000
#: Growth of a worker from which on it is taken for a leak, after all.
WORKER_BYTES = 1_500_000_000
#: Steps of one study that nobody is asked about, and how to go beyond.
MOST_STEPS = 100_000
BEYOND = "more with --yes, in Python with beyond=True"


@dataclass
class Runner:
    """Does tasks, here or on a cluster.

    Parameters
    ----------
    workers : int, optional
        Processes; default the number of cores. With one the tasks run in this process.
    scheduler : str, optional
        Address of the scheduler of a Dask cluster, whose workers do the tasks.
    cache : path, optional
        Folder in which finished work is kept; None: for this run only.
    fresh : bool
        Do again what is kept.
    report : callable, optional
        Informed of progress.
    beyond : bool
        Do also more work than :data:`MOST_STEPS`.
    """

    workers: int | None = None
    scheduler: str | None = None
    cache: Path | None = field(default_factory=default_folder)
    fresh: bool = False
    report: Report | None = None
    beyond: bool = False
    #: Steps done in this run, kept from an earlier one, and of all.
    done: int = field(default=0, init=False)
    kept: int = field(default=0, init=False)
    total: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.workers = default_workers() if self.workers is None else self.workers
        if type(self.workers) is not int or self.workers < 1:
            raise InputError(
                "is no number of processes", key="workers", value=self.workers,
                allowed=f"1 or more; this machine has {default_workers()} cores",
            )  # fmt: skip

    @contextlib.contextmanager
    def open(self) -> Iterator[Session]:
        """Open the store and the cluster for one study."""
        from threadpoolctl import threadpool_limits

        # The sums of a product over threads depend on their number; in one thread they do not.
        with (
            open_store(self.cache) as store,
            cluster(self.scheduler) as backend,
            threadpool_limits(1),
        ):
            yield Session(self, store, backend)

    def note(self, what: str) -> None:
        """Report what is being done."""
        if self.report is not None:
            self.report(what, self.done + self.kept, self.total)


class Driver(ABC):
    """Does the tasks that a study yields."""

    @abstractmethod
    def run(self, tasks: Sequence[Task]) -> list[Any]:
        """Results of tasks, in their order; equal tasks are done once."""

    def drive(self, work: Generator[Sequence[Task], list[Any], Ended]) -> Ended:
        """Do the tasks that a generator yields, send it their results, return what it returns."""
        done: Any = None
        while True:
            try:
                tasks = work.send(done)
            except StopIteration as end:
                ended: Ended = end.value
                return ended
            done = self.run(tasks)


@dataclass
class Session(Driver):
    """A runner at work on one study."""

    runner: Runner
    store: Store
    backend: str
    _seen: set[str] = field(default_factory=set)
    #: Digests of all files that were read.
    _files: dict[Path, str] = field(default_factory=dict)
    #: Processes so far; two even for one task, so that an interrupt need not wait for it.
    _processes: int = 2

    @property
    def place(self) -> Place:
        """Where this process keeps things; of no task in particular."""
        return Place(self.store.steps(""), self.store)

    def run(self, tasks: Sequence[Task]) -> list[Any]:
        """Results of tasks, in their order; equal tasks are done once, and all are kept.

        Raises
        ------
        Exception
            Whatever a task raises ends the run; what was done by then is kept.
        """
        runner = self.runner
        distinct = {task.key: task for task in tasks}
        for task in distinct.values():
            files = task.identity.files
            refuse_changed(
                path for path in files if self._files.get(path, "") not in ("", files[path])
            )
            self._files.update(files)
        new = distinct.keys() - self._seen
        self._seen |= new
        for key in new if runner.fresh else ():
            self.store.forget(key)
        found = {key: kept for key in distinct if (kept := self.store.get(key)) is not None}
        runner.total += sum(distinct[key].size for key in new)
        refuse_if(runner.total > MOST_STEPS and not runner.beyond,
                  f"takes {runner.total:,} steps of work, of which the first are done",
                  allowed=f"up to {MOST_STEPS:,}; {BEYOND}")  # fmt: skip
        runner.kept += sum(distinct[key].size for key in new & found.keys())
        waiting = [task for key, task in distinct.items() if key not in found]
        runner.note(waiting[0].label if waiting else "")
        try:
            for task, sealed in self._done(waiting):
                self.store.put(task.key, sealed)
                found[task.key] = unseal(sealed, task.key)  # as it would be read from the store
        except CgeError as error:
            raise distinct[error.task].named(error) if error.task in distinct else error from None
        return [found[task.key] for task in tasks]

    def _done(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes]]:
        """Yield tasks with their sealed results as they come."""
        if not tasks:
            return
        from joblib import Parallel, delayed, parallel_config

        runner, before, done = self.runner, self.runner.done, 0
        parent = os.getpid() if self.backend == "loky" else None
        inner = {"inner_max_num_threads": 1} if parent else {}
        with _watch(runner, self.store, tasks), parallel_config(backend=self.backend, **inner):
            with _quiet_tracker():
                at_work = Parallel(
                    n_jobs=self._jobs(len(tasks)), return_as="generator_unordered", batch_size=1,
                    pre_dispatch="2*n_jobs",
                    max_nbytes=None,  # arrays travel in pipes, not as pickles in a shared folder
                )  # fmt: skip
                results = at_work(
                    delayed(_sealed)(n, t, self.place, parent) for n, t in enumerate(tasks)
                )
            try:
                for number, sealed in results:
                    done += tasks[number].size
                    runner.done = before + done
                    runner.note(tasks[number].label)
                    yield tasks[number], sealed
            finally:
                with warnings.catch_warnings():  # of tasks that are given up
                    warnings.simplefilter("ignore", UserWarning)
                    results.close()  # an interrupt must not leave workers behind

    def _jobs(self, tasks: int) -> int:
        """Processes for some tasks: no more than there are, and no fewer than before.

        All are started at once, and those that are not wanted again would be ended.
        """
        wanted = self.runner.workers or 1
        if self.backend != "loky":
            return wanted
        self._processes = max(self._processes, min(wanted, tasks))
        return min(wanted, self._processes)


def _sealed(number: int, task: Task, place: Place, parent: int | None) -> tuple[int, bytes]:
    """Number of a task and its result, done where this runs."""
    from threadpoolctl import threadpool_limits

    if parent is not None and os.getpid() != parent:
        _begin_worker(parent)
    with threadpool_limits(1), _fewer_collections():
        try:
            return number, seal(task.key, task.done(place))
        except CgeError as error:
            error.task = task.key
            raise


@contextlib.contextmanager
def _fewer_collections() -> Iterator[None]:
    """Have Python look for circles among objects once for many: solutions make thousands each."""
    usual = gc.get_threshold()
    gc.set_threshold(usual[0] and max(usual[0], YOUNG_OBJECTS), *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@dataclass
class Serial(Driver):
    """Does the tasks of a study within a task, in the process that does that.

    Equal tasks are done once. Results are the outer task's to keep, but steps that take long are
    kept, so that the outer task goes on where it was interrupted.

    Parameters
    ----------
    place : Place
        Of the outer task.
    """

    place: Place
    _found: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        store = self.place.store
        self.place = replace(self.place, store=Brief(store.folder, store.limit))

    def run(self, tasks: Sequence[Task]) -> list[Any]:
        """Results of tasks, in their order; they need not be plain data."""
        for task in tasks:
            if task.key not in self._found:
                try:
                    self._found[task.key] = task.function(task.content, self.place.of(task))
                except CgeError as error:
                    raise task.named(error) from None
        return [self._found[task.key] for task in tasks]

    def forget(self) -> None:
        """Remove the steps that were kept of all tasks, once the outer task needs none of them."""
        for key in self._found:
            self.place.store.forget(key)


def default_workers() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _quiet_tracker() -> Iterator[None]:
    """Have the process that tidies up after workers say nothing of those that were ended.

    It takes its filters of warnings from the environment in which the first worker starts.
    """
    known = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(
        part for part in (known, "ignore:resource_tracker:UserWarning") if part
    )
    try:
        yield
    finally:
        if known is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = known


@contextlib.contextmanager
def _watch(runner: Runner, store: Store, tasks: Sequence[Task]) -> Iterator[None]:
    """Report steps of tasks under way once a second."""
    long = [task for task in tasks if task.size > 1]
    if runner.report is None or not long:
        yield
        return
    ended, base = threading.Event(), runner.done

    def watch() -> None:
        while not ended.wait(1.0):
            steps = sum(min(store.steps(task.key).count(), task.size) for task in long)
            runner.done = max(runner.done, base + steps)
            runner.note(long[0].label)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@lru_cache(maxsize=1)
def _begin_worker(parent: int) -> None:
    """Have this worker leave interrupts to the process that started it, and end with it.

    When that one is killed it would otherwise wait for minutes for tasks that nobody sends.
    What models have prepared stays in a worker, within bounds of its own: the pool would take it
    for a leak (where psutil is there to see it), and end and start workers every half a minute.
    """
    from joblib.externals.loky import process_executor

    if hasattr(process_executor, "_MAX_MEMORY_LEAK_SIZE"):
        process_executor._MAX_MEMORY_LEAK_SIZE = WORKER_BYTES
    with contextlib.suppress(ValueError):  # not in the main thread: no interrupts here
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
