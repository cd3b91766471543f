"""Running a frontier study: every version under every elasticity set, over processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.experiments.digest import named_files, source_digest
from cge.experiments.frontier_file import FrontierStudy, find_study, load_study
from cge.experiments.frontier_task import Setting, levers_of, setting_of, task_of
from cge.experiments.parallel import Count, Kept, check_workers, default_workers, run_tasks
from cge.frontier.full_space import TINY, optimise_full, posable
from cge.frontier.nlp import optimise
from cge.frontier.problem import Problem, Task
from cge.frontier.sweep import Sweep, sweep
from cge.model.registry import ENDOGENOUS
from cge.solve.model import Model


@dataclass(frozen=True)
class VersionTask:
    """One version under one elasticity set, for a process of its own.

    Parameters
    ----------
    study : str
        As JSON.
    folder : str, optional
        Where files that it names are looked for first.
    directory : str
        The working folder.
    elasticities, version : str
    cache_folder : str, optional
    keep : str
        File in which points are kept as they come.
    """

    study: str
    folder: str | None
    directory: str
    elasticities: str
    version: str
    cache_folder: str | None
    keep: str


@dataclass(frozen=True, eq=False)
class Frontier:
    """One version under one elasticity set.

    Parameters
    ----------
    elasticities, version : str
    setting : Setting
    sweep : Sweep
    method : str
        How it was solved.
    seconds : float
        Of this attempt, in its process.
    """

    elasticities: str
    version: str
    setting: Setting
    sweep: Sweep
    method: str
    seconds: float


@dataclass(frozen=True, eq=False)
class FrontierRun:
    """A study with its frontiers.

    Parameters
    ----------
    study : FrontierStudy
    benchmark : Benchmark
        The accounts, with the first set's elasticities.
    frontiers : tuple of Frontier
    workers : int
        Processes; results do not depend on them.
    resumed : int
        Points that an earlier, interrupted attempt had solved.
    seconds : float
        Wall time.
    """

    study: FrontierStudy
    benchmark: Benchmark
    frontiers: tuple[Frontier, ...]
    workers: int
    resumed: int
    seconds: float


def run_frontier(
    study: FrontierStudy | str | Path,
    *,
    workers: int | None = None,
    cache_folder: Path | None = None,
    folder: Path | None = None,
    keep: Path | None = None,
    fresh: bool = False,
    report: Count | None = None,
) -> FrontierRun:
    """Solve the frontiers of a study.

    Parameters
    ----------
    study : FrontierStudy, str or path
        A study, the path of its file, or the name of a shipped one.
    workers : int, optional
        Processes, default the number of cores. Results are the same for any.
    cache_folder : path, optional
        Folder of compiled models; None compiles afresh.
    folder : path, optional
        Where the files that a study names are looked for before the working folder; default
        the study file's folder.
    keep : path, optional
        Folder in which points are kept as they come; the same call goes on with them. It is
        the caller's to remove.
    fresh : bool
        Forget what `keep` holds of this study.
    report : callable, optional
        Told how many points of how many are solved.

    Raises
    ------
    InputError
        When the study or its data are wrong.
    NoEquilibrium
        When a point is not found, or the benchmark does not confirm it.
    """
    began = time.perf_counter()
    workers = default_workers() if workers is None else check_workers(workers)
    if not isinstance(study, FrontierStudy):
        path = find_study(study)
        try:
            return run_frontier(
                load_study(path), workers=workers, cache_folder=cache_folder,
                folder=folder or path.parent, keep=keep, fresh=fresh, report=report,
            )  # fmt: skip
        except InputError as error:
            raise error.located(path) from None
    with tempfile.TemporaryDirectory(prefix="cge-") as made, threadpool_limits(1):
        models = cache_folder or Path(made) / "models"
        settings = {name: setting_of(study, name, folder) for name in study.chosen_elasticities}
        for setting in settings.values():  # told before anything of length; leaves the models
            levers_of(study, Model.build(setting.benchmark, "long", models))
            Model.build(setting.benchmark, "short", models, setting.settings.backstop)
        place = keep or Path(made) / "points"
        tasks = {
            f"{Path(name).stem}, {version}": _task(study, name, version, folder, models, place)
            for name in study.chosen_elasticities for version in study.versions
        }  # fmt: skip
        if fresh:
            for task in tasks.values():
                Kept(Path(task.keep)).clear()
        resumed = _solved(tasks)
        with _watching(tasks, study.points * len(tasks), report):
            done = run_tasks(solve_version, tasks, min(workers, len(tasks)))
    frontiers = []
    for name, version in ((n, v) for n in settings for v in study.versions):
        found = done[f"{Path(name).stem}, {version}"]
        one = Sweep(tuple(found["points"]), found["starts"], found["agree"], found["agree_last"],
                    found["without"])  # fmt: skip
        frontiers.append(Frontier(
            Path(name).stem, version, settings[name], one, found["method"], found["seconds"],
        ))  # fmt: skip
    first = next(iter(settings.values())).benchmark
    seconds = time.perf_counter() - began
    return FrontierRun(study, first, tuple(frontiers), workers, resumed, seconds)


def solve_version(task: VersionTask) -> dict[str, Any]:
    """Solve one version; what is solved already is taken from where it is kept."""
    began = time.perf_counter()
    with contextlib.chdir(task.directory):
        study = FrontierStudy.model_validate_json(task.study)
        folder = None if task.folder is None else Path(task.folder)
        setting = setting_of(study, task.elasticities, folder)
        cache = None if task.cache_folder is None else Path(task.cache_folder)
        problem = Problem(task_of(study, setting, task.version, cache))
    method = method_of(study, problem.task)
    solver = optimise_full if method == "full" else optimise
    found = sweep(problem, study.points, study.starts, KeptStore(Path(task.keep)), solver)
    return {
        "points": list(found.points), "starts": found.starts, "agree": found.agree,
        "agree_last": found.agree_last,
        "without": found.without,
        "method": method, "seconds": time.perf_counter() - began,
    }  # fmt: skip


def method_of(study: FrontierStudy, task: Task) -> str:
    """Return how a problem is solved: in the space of rates, or of all unknowns.

    Raises
    ------
    InputError
        If the user wants what can not be done.
    """
    if study.method == "full" and not posable(task):
        raise InputError(
            "can not pose a ration among other events, nor two losses of capacity of one region",
            key="method", value="full", allowed="reduced, or auto",
        )  # fmt: skip
    if study.method != "auto":
        return study.method
    size = sum(len(task.long.variables[name].block) for name in ENDOGENOUS)
    return "full" if size <= TINY and posable(task) else "reduced"


class KeptStore:
    """Points on disk as they come (:class:`cge.frontier.sweep.Store`)."""

    def __init__(self, path: Path) -> None:
        self._file = Kept(path)
        self._known: dict[str, Any] = self._file.load()

    def get(self, name: str) -> dict[str, Any] | None:
        """Return what is kept under a name."""
        return self._known.get(name)

    def put(self, name: str, content: dict[str, Any]) -> None:
        """Keep it."""
        if self._known.get(name) != content:
            self._known[name] = content
            self._file.add(name, content)


def _task(
    study: FrontierStudy, elasticities: str, version: str, folder: Path | None, models: Path,
    place: Path,
) -> VersionTask:  # fmt: skip
    text = study.model_dump_json(by_alias=True, exclude_unset=True)
    digest = hashlib.sha256(source_digest().encode())
    content = json.loads(text)
    digest.update(json.dumps([content, elasticities, version], sort_keys=True).encode())
    for path in named_files([content, elasticities], folder):
        digest.update(path.read_bytes())
    return VersionTask(
        text, None if folder is None else str(folder.absolute()), str(Path.cwd()), elasticities,
        version, str(models.absolute()), str(place.absolute() / f"{digest.hexdigest()[:24]}.jsonl"),
    )  # fmt: skip


def _solved(tasks: dict[str, VersionTask]) -> int:
    """Return how many points are kept."""
    kept = [Kept(Path(task.keep)).load() for task in tasks.values()]
    return sum(name.startswith("point-") for one in kept for name in one)


@contextlib.contextmanager
def _watching(tasks: dict[str, VersionTask], total: int, report: Count | None) -> Iterator[None]:
    """Tell how many points are solved while other processes solve them."""
    if report is None:
        yield
        return
    tell: Callable[[int, int], None] = report
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            tell(_solved(tasks), total)

    tell(_solved(tasks), total)
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
