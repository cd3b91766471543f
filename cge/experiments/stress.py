"""The stress test: every disruption of a library from every equilibrium of a scenario."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cge.calibration.benchmark import Benchmark
from cge.calibration.codes import codes_of
from cge.calibration.disruptions import Library
from cge.errors import InputError, NoEquilibrium
from cge.experiments.compose import Member, members
from cge.experiments.digest import source_digest
from cge.experiments.parallel import Count, Kept, check_workers, default_workers, run_tasks
from cge.experiments.path import YearReport
from cge.experiments.path_setup import choice_of
from cge.experiments.run import benchmark_of
from cge.experiments.scenario import Scenario, completed, find_scenario, load_scenario
from cge.experiments.stress_choice import StressChoice
from cge.experiments.stress_settings import library_of, settings_of
from cge.experiments.stress_stages import NO_POLICY, Stages, StressStage
from cge.experiments.stress_task import OWN_FOLDER, solve_chunk, tasks_of
from cge.experiments.timing import TIMING
from cge.resilience.disruptions import Disruption, expand, left_out
from cge.resilience.links import bans, link_cuts, withholdings
from cge.solve import cache
from cge.solve.model import SOLVERS, Solver
from cge.solve.solution import Solution

Array = NDArray[np.float64]

#: What a stage shows without a disruption: (region, partner, sector, measure, value, unit).
Described = tuple[str, str, str, str, float, str]
#: From the solution of a stage to such figures.
Describe = Callable[[Solution], Sequence[Described]]


@dataclass(frozen=True)
class Single:
    """Cuts of single links, which have no weight in any expected loss.

    Parameters
    ----------
    links : tuple of Disruption
        From a foreign supplier to an importer, by half.
    withholdings : tuple of Disruption
        Of a commodity by a region from all others.
    bans : tuple of Disruption
        Of exports of one region to another.
    """

    links: tuple[Disruption, ...] = ()
    withholdings: tuple[Disruption, ...] = ()
    bans: tuple[Disruption, ...] = ()

    @property
    def others(self) -> tuple[Disruption, ...]:
        """Withholdings and bans."""
        return (*self.withholdings, *self.bans)


@dataclass(frozen=True, eq=False)
class StressCase:
    """A stage and what disruptions do to it.

    Parameters
    ----------
    stage : StressStage
    losses : ndarray (disruptions, regions)
        Parts of real income lost; NaN where there is no equilibrium.
    borrowed : ndarray (disruptions, regions)
        What is borrowed beyond the stage's, as part of what is spent in the stage.
    iterations : ndarray of int (disruptions,)
        Of the solver; 0 where there is no equilibrium.
    failures : tuple of (str, str)
        Disruptions without an equilibrium, or without one in a year after, and why.
    by_year : mapping of str to ndarray (years, regions)
        Losses of the years since a disruption began, by its name, where they were wanted.
    long_run : mapping of str to ndarray (regions,)
        What a cut of a link costs once all has adapted to it, by its name.
    described : tuple
        Figures of the stage itself.
    reference : StressCase, optional
        The same without policy; None for that itself.
    """

    stage: StressStage
    losses: Array
    borrowed: Array
    iterations: NDArray[np.int64]
    failures: tuple[tuple[str, str], ...]
    by_year: Mapping[str, Array] = field(default_factory=dict)
    long_run: Mapping[str, Array] = field(default_factory=dict)
    described: tuple[Described, ...] = ()
    reference: StressCase | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Elasticities, variant, returns and year."""
        one = self.stage
        return one.elasticities, one.variant, one.returns, one.year


@dataclass(frozen=True, eq=False)
class StressRun:
    """A stress test of a scenario.

    Parameters
    ----------
    scenario : Scenario
    library : Library
    disruptions : tuple of Disruption
        Those that were solved: those of the library, then cuts of single links.
    of_library : int
        How many of them are the library's.
    single : Single
        The others.
    left_out : tuple of str
        What of the library was not, and why.
    cases : tuple of StressCase
        Those without policy first; their variant begins with "no policy".
    solver : str
    workers : int
        Processes; the results do not depend on them.
    resumed : int
        Tasks that an earlier, interrupted attempt had done.
    seconds, seconds_stages : float
        Wall time in all, and of stage 1.
    """

    scenario: Scenario
    library: Library
    disruptions: tuple[Disruption, ...]
    of_library: int
    single: Single
    left_out: tuple[str, ...]
    cases: tuple[StressCase, ...]
    solver: str
    workers: int
    resumed: int
    seconds: float
    seconds_stages: float

    @property
    def benchmark(self) -> Benchmark:
        """The accounts all cases share."""
        return self.cases[0].stage.stage.model.benchmark

    @property
    def level(self) -> float:
        """Of the conditional value at risk."""
        return self.cases[0].stage.settings.level


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
    choice = _shared(family)
    years = _years(scenario, family, choice)
    with _cluster(scheduler) as backend, _models(cache_folder) as compiled, threadpool_limits(1):
        tell("reading", 0, 0)
        library = library_of(choice, folder)
        b = benchmark_of(scenario, scenario.chosen_elasticities[0], None, folder)
        for member in family:
            try:
                settings_of(member.scenario, b)
            except InputError as error:
                raise member.told(error) from None
        single = _single(choice, settings_of(family[0].scenario, b).backstop, b)
        disruptions = expand(library, b)
        _check_names([*disruptions, *single.links, *single.others])
        stages = Stages(compiled, folder, solver)
        if years:
            short = _until(scenario, years, family)
            found = stages.path(short, years, None if keep is None else keep / "years", fresh, tell)
        else:
            found = stages.static(scenario, tell)
        spent = time.perf_counter() - began
        disruptions, omitted = _possible(disruptions, found)
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


# -- what is wanted


def _shared(family: Sequence[Member]) -> StressChoice:
    """Return the choice whose library, years and level the members share."""
    choices = [member.scenario.stress or StressChoice() for member in family]
    for key in ("library", "years", "level", "links", "leverage"):
        for choice in choices:
            if getattr(choice, key) != getattr(choices[0], key):
                raise InputError("must be the same for all variants", key=f"stress.{key}",
                                 value=getattr(choice, key))  # fmt: skip
    return choices[0]


def _years(scenario: Scenario, family: Sequence[Member], choice: StressChoice) -> tuple[int, ...]:
    """Return the years of a path that are tested, none in comparative statics."""
    if not any(needs_years(member.scenario) for member in family):
        if choice.years is not None:
            raise InputError(
                "comparative statics have no years", key="stress.years", value=choice.years,
                allowed="no such key, or a scenario with the section 'path'",
            )  # fmt: skip
        return ()
    if scenario.steps is not None:
        raise InputError("a path has years, not steps", key="steps", value=scenario.steps,
                         allowed="phase_in of a measure")  # fmt: skip
    last = choice_of(family[0].scenario).years
    years = tuple(choice.years or sorted({1, last}))
    if years[-1] > last:
        raise InputError("is beyond the path", key="stress.years", value=years[-1],
                         allowed=f"1 to {last} (path.years)")  # fmt: skip
    return years


def needs_years(scenario: Scenario) -> bool:
    """Return whether a scenario is a path: it says so, or does what only a path can."""
    timed = any(set(TIMING) & measure.model_fields_set for measure in scenario.policy)
    return scenario.path is not None or bool(scenario.knowledge) or timed


def _until(scenario: Scenario, years: Sequence[int], family: Sequence[Member]) -> Scenario:
    """Return a path that ends with the last year that is tested, or in which something starts.

    What comes later is known a year ahead at most, so the years until then stay as they are.
    """
    starts = [
        measure.start
        for member in family
        for measure in (*member.scenario.policy, *member.scenario.knowledge)
    ]
    last = min(max(years[-1], *starts, 1), choice_of(family[0].scenario).years)
    path = choice_of(scenario).model_copy(update={"years": last})
    shorter = scenario.model_copy(update={"path": path})
    shorter._places.update(scenario._places)
    return shorter


def _single(choice: StressChoice, sectors: tuple[str, ...], b: Benchmark) -> Single:
    """Return the cuts of single links that are wanted, of what has a backstop."""
    key = "stress.links" if choice.links is not None else "stress.leverage"
    if choice.links is None and not choice.leverage:
        return Single()
    if not sectors:
        raise InputError(
            "links are cut of what has a backstop, and nothing has one", key=key,
            allowed="sectors in stress.backstop",
        )  # fmt: skip
    cuts: tuple[Disruption, ...] = ()
    if choice.links is not None:
        cuts = link_cuts(b, codes_of(choice.links, "regions", b, key), sectors)
    if not choice.leverage:
        return Single(cuts)
    return Single(cuts, withholdings(b, sectors), bans(b, sectors))


def _check_names(disruptions: Sequence[Disruption]) -> None:
    names: set[str] = set()
    for one in disruptions:
        if one.name in names:
            raise InputError("two disruptions have this name", key="disruptions", value=one.name)
        names.add(one.name)


def _possible(
    disruptions: tuple[Disruption, ...], stages: Sequence[StressStage]
) -> tuple[tuple[Disruption, ...], tuple[str, ...]]:
    """Return disruptions without those that would do nothing, and why these are left out."""
    if all(one.forgetting is not None for one in stages):
        return disruptions, ()
    kept = tuple(one for one in disruptions if not one.over_time_only)
    without = tuple(
        f"{one.name}: there are no figures on knowledge for this benchmark"
        for one in disruptions if one.over_time_only
    )  # fmt: skip
    if not kept:
        raise InputError("no disruption does anything here", key="stress.library")
    return kept, without


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


def is_reference(case: StressCase) -> bool:
    """Return whether a case is the world without policy."""
    return case.stage.variant.startswith(NO_POLICY)
