"""Systematic sensitivity of a scenario's results to its elasticities.

The shares of the accounts do not depend on elasticities, so nothing is recalibrated: every
draw is the same benchmark with other curvatures, solved for the same policy and closure.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cge.core.errors import InputError, NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.shipped import TABLES
from cge.data.elasticities.ranges import elasticity_ranges
from cge.data.store import save_benchmark
from cge.experiments.designs import Design, draws
from cge.experiments.draw import (
    DEFAULT_MEASURES,
    FIGURES,
    Draw,
    Output,
    Study,
    outputs_of,
    solve_draw,
    template_values,
)
from cge.experiments.parallel import (
    Count,
    Kept,
    check_workers,
    default_workers,
    run_tasks,
)
from cge.experiments.parameters import Parameter, uncertain_parameters
from cge.experiments.run import benchmark_of, beside, check_static
from cge.experiments.study_key import study_key
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.scenario.variants import members
from cge.solve.model import SOLVERS, Solver

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SetDraws:
    """All draws under one elasticity set.

    Parameters
    ----------
    elasticities : str
        Name of the set.
    fingerprint : str
        Of the benchmark with the central elasticities.
    speed : str
    parameters : tuple of Parameter
    points : ndarray (draws, parameters)
        Values of the parameters.
    central : ndarray (outputs,)
        Results with all parameters at their central values.
    results : ndarray (draws, outputs)
        NaN where there is no equilibrium.
    failures : tuple of (int, str)
        Draws without an equilibrium, counted from 0, and why.
    """

    elasticities: str
    fingerprint: str
    speed: str
    parameters: tuple[Parameter, ...]
    points: Array
    central: Array
    results: Array
    failures: tuple[tuple[int, str], ...]

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Which draws have an equilibrium."""
        ok = np.ones(len(self.points), dtype=bool)
        ok[[number for number, _ in self.failures]] = False
        return ok


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A systematic sensitivity study.

    Parameters
    ----------
    scenario : Scenario
    design : Design
    benchmark : Benchmark
        The accounts, with the first set's elasticities.
    outputs : tuple of Output
        What the columns of the results are.
    sets : tuple of SetDraws
    solver : str
    workers : int
        Processes; the results do not depend on them.
    resumed : int
        Draws that an earlier, interrupted attempt had done.
    seconds : float
        Wall time.
    """

    scenario: Scenario
    design: Design
    benchmark: Benchmark
    outputs: tuple[Output, ...]
    sets: tuple[SetDraws, ...]
    solver: str
    workers: int
    resumed: int
    seconds: float


def run_sensitivity(
    scenario: Scenario | str | Path,
    design: Design | None = None,
    *,
    measures: Sequence[str] = DEFAULT_MEASURES,
    workers: int | None = None,
    solver: Solver = "newton",
    cache_folder: Path | None = None,
    folder: Path | None = None,
    keep: Path | None = None,
    fresh: bool = False,
    report: Count | None = None,
    backend: str = "loky",
) -> Sensitivity:
    """Solve a scenario under many draws of its elasticities, for each of its sets.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of its file, or the name of a shipped one. All variants and
        steps of a family are solved in every draw.
    design : Design, optional
        Default: a latin hypercube of 200 draws from independent triangular distributions.
    measures : sequence of str
        Figures to report, names of :data:`cge.experiments.draw.FIGURES`.
    workers : int, optional
        Processes, default the number of cores. Results are the same for any.
    solver : {"newton", "ipopt"}
    cache_folder : path, optional
        Folder of compiled models; None compiles afresh.
    folder : path, optional
        Where the files that a scenario names are looked for before the working folder;
        default the scenario file's folder.
    keep : path, optional
        Folder in which draws are kept as they come; the same call goes on with them. It is
        the caller's to remove.
    fresh : bool
        Forget what `keep` holds of this study.
    report : callable, optional
        Told how many draws of how many are done.
    backend : str
        Of joblib, see :func:`cge.experiments.parallel.run_tasks`.

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError
        When the scenario, its data, or a choice is wrong, or no elasticity has a range.
    NoEquilibrium
        When the central case has no solution that passes.
    """
    began = time.perf_counter()
    design = design or Design()
    workers = default_workers() if workers is None else check_workers(workers)
    if solver not in SOLVERS:
        raise InputError("unknown solver", key="solver", value=solver, allowed=SOLVERS)
    measures = _known(measures)
    if not isinstance(scenario, Scenario):
        path = find_scenario(scenario)
        try:
            return run_sensitivity(
                load_scenario(path), design, measures=measures, workers=workers, solver=solver,
                cache_folder=cache_folder, folder=folder or path.parent, keep=keep, fresh=fresh,
                report=report, backend=backend,
            )  # fmt: skip
        except InputError as error:
            raise error.located(path) from None
    scenario = completed(scenario, folder)
    check_static(members(scenario))
    with tempfile.TemporaryDirectory(prefix="cge-") as made, threadpool_limits(1):
        work = Path(made)
        studies, samples, first = [], [], None
        for name in scenario.chosen_elasticities:
            study, benchmark = _study(
                scenario, name, folder, measures, solver, work, cache_folder or work / "models",
                design.split,
            )  # fmt: skip
            first = first or benchmark
            studies.append(study)
            samples.append(draws(design, study.parameters))
        assert first is not None
        centrals = [_central(study) for study in studies]
        tasks = {
            f"{_label(study)}/{number}": Draw(study, tuple(row.tolist()))
            for study, sample in zip(studies, samples, strict=True)
            for number, row in enumerate(sample)
        }
        kept = None if keep is None else Kept(keep / f"{study_key(studies, samples, folder)}.jsonl")
        if kept is not None and fresh:
            kept.clear()
        resumed = 0 if kept is None else len(tasks.keys() & kept.load().keys())
        done = run_tasks(solve_draw, tasks, workers, kept, report, backend)
        outputs = outputs_of(studies[0])
    sets = tuple(
        _gathered(study, sample, central, done)
        for study, sample, central in zip(studies, samples, centrals, strict=True)
    )
    if not any(one.solved.any() for one in sets):
        number, reason = sets[0].failures[0]
        raise NoEquilibrium(f"no draw has an equilibrium; draw {number + 1}: {reason}")
    return Sensitivity(
        scenario, design, first, outputs, sets, solver, workers, resumed,
        time.perf_counter() - began,
    )  # fmt: skip


def _known(measures: Sequence[str]) -> tuple[str, ...]:
    for name in measures:
        if name not in FIGURES:
            raise InputError(
                "unknown measure", key="measures", value=name, allowed=", ".join(FIGURES)
            )
    if not measures:
        raise InputError("no measure is named", key="measures", allowed=", ".join(FIGURES))
    return tuple(dict.fromkeys(measures))


def _study(
    scenario: Scenario,
    name: str,
    folder: Path | None,
    measures: tuple[str, ...],
    solver: Solver,
    work: Path,
    models: Path,
    split: bool,
) -> tuple[Study, Benchmark]:
    """Return what the draws under one set have in common, and its benchmark."""
    speeds = sorted({member.scenario.chosen_speed for member in members(scenario)})
    if len(speeds) > 1:
        raise InputError(
            "the variants use elasticities of both speeds, whose ranges differ", key="variants",
            value=speeds, allowed="variants of one speed; study the others on their own",
        )  # fmt: skip
    benchmark = benchmark_of(scenario, name, None, folder)
    own = None if scenario.benchmark.table in TABLES else beside(name, folder)
    parameters = uncertain_parameters(
        elasticity_ranges(benchmark, speeds[0], own), benchmark.sectors, split
    )
    place = save_benchmark(benchmark, work / _hash(name))
    study = Study(
        scenario.model_dump_json(by_alias=True, exclude_unset=True),
        None if folder is None else str(folder.absolute()), str(Path.cwd()), name, speeds[0],
        str(place), benchmark.fingerprint, parameters, measures, solver, str(models.absolute()),
    )  # fmt: skip
    return study, benchmark


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def _label(study: Study) -> str:
    """Return the set's name as it stands in results."""
    return Path(study.elasticities).stem.encode(errors="backslashreplace").decode()


def _central(study: Study) -> Array:
    """Solve the central case, and leave the compiled model where workers find it."""
    done = run_tasks(solve_draw, {"central": Draw(study, template_values(study.parameters))})
    result = done["central"]
    if "failed" in result:
        raise NoEquilibrium(
            f"central case, elasticities '{study.elasticities}': {result['failed']}"
        )
    return np.array(result["outputs"])


def _gathered(study: Study, sample: Array, central: Array, done: dict) -> SetDraws:
    """Put the draws of a set together in their order."""
    results = np.full((len(sample), len(central)), np.nan)
    failures = []
    for number in range(len(sample)):
        result = done[f"{_label(study)}/{number}"]
        if "failed" in result:
            failures.append((number, result["failed"]))
        else:
            results[number] = result["outputs"]
    return SetDraws(
        _label(study), study.fingerprint, study.speed, study.parameters, sample, central, results,
        tuple(failures),
    )  # fmt: skip
