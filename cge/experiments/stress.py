"""The stress test: every disruption of a library from every equilibrium of a scenario."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cge.core.errors import InputError, NoEquilibrium
from cge.experiments.digest import source_digest
from cge.experiments.parallel import Count, Kept, check_workers, default_workers, run_tasks
from cge.experiments.path import YearReport
from cge.experiments.run import benchmark_of
from cge.experiments.stress_run import Described, Single, StressCase, StressRun, is_reference
from cge.experiments.stress_settings import library_of, settings_of
from cge.experiments.stress_stage import StressStage
from cge.experiments.stress_stages import Stages
from cge.experiments.stress_task import OWN_FOLDER, solve_chunk, tasks_of
from cge.experiments.stress_wanted import (
    check_names,
    needs_years,
    possible,
    shared_choice,
    shortened,
    single_cuts,
    tested_years,
)
from cge.resilience.disruptions import Disruption, expand, left_out
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.scenario.variants import members
from cge.solve import cache
from cge.solve.model import SOLVERS, Solver
from cge.solve.solution import Solution

Array = NDArray[np.float64]

__all__ = [
    "Describe",
    "Described",
    "Single",
    "StressCase",
    "StressRun",
    "is_reference",
    "needs_years",
    "run_stress",
]

#: From the solution of a stage to such figures.
Describe = Callable[[Solution], Sequence[Described]]


def run_stress(
    scenario: Scenario | str | Path,
    *,
    workers: int | None = None,
    solver: Solver = "newton",
    cache_folder: Path | None = None,
    folder: Path | None = None,
    keep: Path | None = None,
    fresh: bool = False,
    scheduler: str | None = None,
    describe: Describe | None = None,
    report: YearReport | None = None,
) -> StressRun:
    """Put a scenario to the test of a library of disruptions, and the world without it.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of its file, or the name of a shipped one; its section
        ``stress`` says how. All variants are tested, the last of the steps.
    workers : int, optional
        Processes, default the number of cores. Results are the same for any.
    solver : {"newton", "ipopt"}
    cache_folder : path, optional
        Folder of compiled models; None compiles afresh.
    folder : path, optional
        Where the files that a scenario names are looked for before the working folder;
        default the scenario file's folder.
    keep : path, optional
        Folder in which what is done is kept as it comes; the same call goes on with it. It
        is the caller's to remove.
    fresh : bool
        Forget what `keep` holds.
    scheduler : str, optional
        Address of the scheduler of a Dask cluster that solves the disruptions; its workers
        need this package. Default: processes on this machine.
    describe : callable, optional
        What to report of each solution of stage 1.
    report : callable, optional
        Told what is being done, and how much of how much is done.

    Returns
    -------
    StressRun

    Raises
    ------
    InputError
        When the scenario, its data, the library or a choice is wrong.
    NoEquilibrium
        When stage 1 has no solution that passes, or no disruption has one.
    """
    if solver not in SOLVERS:
        raise InputError("unknown solver", key="solver", value=solver, allowed=SOLVERS)
    workers = default_workers() if workers is None else check_workers(workers)
    if not isinstance(scenario, Scenario):
        path = find_scenario(scenario)
        try:
            return run_stress(
                load_scenario(path), workers=workers, solver=solver, cache_folder=cache_folder,
                folder=folder or path.parent, keep=keep, fresh=fresh, scheduler=scheduler,
                describe=describe, report=report,
            )  # fmt: skip
        except InputError as error:
            raise error.located(path) from None
    began = time.perf_counter()
    tell = report or (lambda _what, _done, _all: None)
    scenario = completed(scenario, folder)
    family = members(scenario)
    choice = shared_choice(family)
    years = tested_years(scenario, family, choice)
    with _cluster(scheduler) as backend, _models(cache_folder) as compiled, threadpool_limits(1):
        tell("reading", 0, 0)
        library = library_of(choice, folder)
        b = benchmark_of(scenario, scenario.chosen_elasticities[0], None, folder)
        for member in family:
            try:
                settings_of(member.scenario, b)
            except InputError as error:
                raise member.told(error) from None
        single = single_cuts(choice, settings_of(family[0].scenario, b).backstop, b)
        disruptions = expand(library, b)
        check_names([*disruptions, *single.links, *single.others])
        stages = Stages(compiled, folder, solver)
        if years:
            short = shortened(scenario, years, family)
            found = stages.path(short, years, None if keep is None else keep / "years", fresh, tell)
        else:
            found = stages.static(scenario, tell)
        spent = time.perf_counter() - began
        disruptions, omitted = possible(disruptions, found)
        tasks: dict[str, Any] = {}
        of_stage = []
        place = OWN_FOLDER if backend == "dask" or cache_folder == cache.default_folder() else str(
            compiled.absolute()
        )  # fmt: skip
        for one in found:
            own = tasks_of(one, disruptions, solver, place)
            own.update(tasks_of(one, single.links, solver, place, alone=True, adapted=True))
            own.update(tasks_of(one, single.others, solver, place, alone=True))
            tasks.update(own)
            of_stage.append(tuple(own))
        kept = None if keep is None else Kept(keep / f"{_version()}.jsonl")
        if kept is not None and fresh:
            kept.clear()
        resumed = 0 if kept is None else len(tasks.keys() & kept.load().keys())
        count: Count = partial(tell, "disruptions")
        done = run_tasks(solve_chunk, tasks, workers, kept, count, backend)
    every = (*disruptions, *single.links, *single.others)
    cases = _cases(found, of_stage, done, every, describe)
    if not any(np.isfinite(case.losses).any() for case in cases):
        name, reason = cases[0].failures[0]
        raise NoEquilibrium(f"no disruption has an equilibrium; {name}: {reason}")
    return StressRun(
        scenario, library, every, len(disruptions), single, (*left_out(library, b), *omitted),
        cases, solver, workers, resumed, time.perf_counter() - began, spent,
    )  # fmt: skip


# -- what it runs on


@contextmanager
def _cluster(scheduler: str | None) -> Iterator[str]:
    """Have tasks run on a Dask cluster; yields joblib's backend."""
    if scheduler is None:
        yield "loky"
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "needs the library 'distributed'", key="scheduler", value=scheduler,
            allowed="without a scheduler, or after: pip install 'cge-trade-policy[dask]'",
        ) from None  # fmt: skip
    try:
        client = Client(scheduler, timeout=10, set_as_default=True)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"is not reached: {error or 'no answer'}", key="scheduler", value=scheduler,
            allowed="the address of a Dask scheduler, say tcp://127.0.0.1:8786",
        ) from None  # fmt: skip
    with client:
        yield "dask"


@contextmanager
def _models(folder: Path | None) -> Iterator[Path]:
    """Yield the folder of compiled models, one that is removed if none is to be kept."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="cge-") as made:
        yield Path(made)


def _version() -> str:
    """Return a name for the code that makes the results; the rest is in the names of tasks."""
    return hashlib.sha256(f"stress {source_digest()}".encode()).hexdigest()[:24]


# -- what comes out


def _cases(
    stages: Sequence[StressStage],
    names: Sequence[tuple[str, ...]],
    done: Mapping[str, Any],
    disruptions: Sequence[Disruption],
    describe: Describe | None,
) -> tuple[StressCase, ...]:
    """Put what workers found together, stage by stage; those without policy come first."""
    made: dict[int, StressCase] = {}
    told: dict[str, tuple[Described, ...]] = {}
    for one, own in zip(stages, names, strict=True):
        results = [result for name in own for result in done[name]]
        shape = (len(disruptions), len(one.stage.model.benchmark.regions))
        losses, borrowed = np.full(shape, np.nan), np.full(shape, np.nan)
        iterations = np.zeros(shape[0], dtype=np.int64)
        failures, by_year, long_run = [], {}, {}
        for n, (disruption, result) in enumerate(zip(disruptions, results, strict=True)):
            if "failed" in result:
                failures.append((disruption.name, str(result["failed"])))
                continue
            losses[n], borrowed[n] = result["losses"], result["borrowed"]
            iterations[n] = result["iterations"]
            if "by_year" in result:
                by_year[disruption.name] = np.array(result["by_year"])
            if "long_run" in result:
                long_run[disruption.name] = np.array(result["long_run"])
            if "by_year_failed" in result:
                failures.append((f"{disruption.name}, years after", result["by_year_failed"]))
        if describe is not None and one.digest not in told:
            told[one.digest] = tuple(describe(one.solution))
        case = StressCase(
            one,
            losses,
            borrowed,
            iterations,
            tuple(failures),
            by_year,
            long_run,
            told.get(one.digest, ()),
        )
        if one.reference is not None:
            case = replace(case, reference=made[id(one.reference)])
        made[id(one)] = case
    return tuple(made.values())
