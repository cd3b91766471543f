"""One task of a stress test: some disruptions from one stage.

What a worker runs, on this machine or on a cluster. A task carries all it depends on, so
that results depend neither on which worker does it nor on what that did before. No
disruption is solved from another's solution.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cge.core.errors import NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.recursion import Settings
from cge.experiments.stress_stage import StressStage
from cge.resilience.disruptions import Disruption
from cge.resilience.events import Event
from cge.resilience.impact import Impact, disrupted, impact_of
from cge.resilience.links import long_run_loss
from cge.resilience.preshock import Stage
from cge.resilience.recovery import recover
from cge.solve import cache
from cge.solve.closure import Closure
from cge.solve.model import Model, Solver

Array = NDArray[np.float64]

#: Disruptions of one task: few enough that little is lost by a kill, and workers end together.
CHUNK = 4
#: Place of compiled models: the folder of whoever does the task.
OWN_FOLDER = "own"


@dataclass(frozen=True, eq=False)
class StressTask:
    """A stage in plain data, and disruptions from it.

    Parameters
    ----------
    benchmark : Benchmark
    backstop : tuple of str
    closure : Closure
    levels : ndarray (columns,)
    premium : tuple of ((region, sector), float)
    disruptions : tuple of Disruption
    forgotten : tuple of tuple of (ndarray (r, j) or None)
        For each event of each disruption what it does to log productivity.
    trickle : float
    recovery : Settings, optional
        How relations and capital move in the years after; None: they are not solved.
    years_after : int
        Years that are solved after a disruption has ended.
    long_run : (Closure, ndarray), optional
        The equilibrium of the long run from which a cut of links is also solved once all has
        adapted to it; None: it is not.
    solver : {"newton", "ipopt"}
    models : str
        Folder of compiled models, :data:`OWN_FOLDER` for the worker's, empty for none.
    """

    benchmark: Benchmark
    backstop: tuple[str, ...]
    closure: Closure
    levels: Array
    premium: tuple[tuple[tuple[str, str], float], ...]
    disruptions: tuple[Disruption, ...]
    forgotten: tuple[tuple[Array | None, ...], ...]
    trickle: float
    recovery: Settings | None
    years_after: int
    long_run: tuple[Closure, Array] | None
    solver: Solver
    models: str

    @property
    def digest(self) -> str:
        """A name for what the disruptions are, beside the stage from which they set out."""
        told = (self.trickle, self.recovery, self.years_after, self.solver)
        digest = hashlib.sha256(repr(told).encode())
        if self.long_run is not None:
            digest.update(repr(self.long_run[0]).encode() + self.long_run[1].tobytes())
        for disruption, arrays in zip(self.disruptions, self.forgotten, strict=True):
            digest.update(repr((disruption.events, disruption.duration)).encode())
            for array in arrays:
                digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def tasks_of(
    one: StressStage,
    disruptions: Sequence[Disruption],
    solver: Solver,
    models: str,
    alone: bool = False,
    adapted: bool = False,
) -> dict[str, StressTask]:
    """Return the tasks of a stage by name; stages that are equal have tasks of equal names.

    Parameters
    ----------
    one : StressStage
    disruptions : sequence of Disruption
    solver : {"newton", "ipopt"}
    models : str
        See :class:`StressTask`.
    alone : bool
        Without the years after.
    adapted : bool
        Whether each is also solved once all has adapted to it: for cuts of links, from a stage
        of the long run.
    """
    stage, settings = one.stage, one.settings
    recovery = None if alone else settings.recovery
    found = {}
    # Years after a disruption take many times as long as the disruption.
    size = CHUNK if recovery is None else 1
    for start in range(0, len(disruptions), size):
        chunk = tuple(disruptions[start : start + size])
        forgotten = tuple(
            tuple(_forgotten(one, event, disruption.duration) for event in disruption.events)
            for disruption in chunk
        )
        task = StressTask(
            stage.model.benchmark, stage.model.backstop, stage.closure, stage.levels,
            tuple(sorted(stage.premium.items())), chunk, forgotten, settings.trickle, recovery,
            settings.years_after, one.long_run if adapted else None, solver, models,
        )  # fmt: skip
        found[f"{one.digest[:24]}/{task.digest[:24]}"] = task
    return found


def _forgotten(one: StressStage, event: Event, years: int) -> Array | None:
    if event.type != "knowledge" or one.forgetting is None:
        return None
    return one.forgetting(event, years)


def solve_chunk(task: StressTask) -> list[dict[str, Any]]:
    """Solve the disruptions of a task.

    Returns
    -------
    list of dict
        For each disruption ``losses``, parts of real income of all regions, ``borrowed``,
        what they borrow as parts of what they spend in the stage, and ``iterations``; or
        ``failed`` with the reason why there is no equilibrium. ``by_year`` are losses of the
        years since it began, where they are wanted; ``by_year_failed`` says why there are none.
        ``long_run`` are losses once all has adapted, where they are wanted and there are any.
    """
    # The sums of a product over threads depend on their number; in one thread they do not.
    with threadpool_limits(1):
        model = _model(task, "short", task.backstop)
        stage = Stage(model, task.closure, task.levels, dict(task.premium))
        found = [
            _solved(stage, disruption, arrays, task)
            for disruption, arrays in zip(task.disruptions, task.forgotten, strict=True)
        ]
        if task.long_run is not None:
            closure, levels = task.long_run
            adapted = _model(task, "long", ()).solve(levels, closure, start=levels)
            for result, disruption in zip(found, task.disruptions, strict=True):
                with suppress(NoEquilibrium):
                    (event,) = disruption.events
                    result["long_run"] = long_run_loss(adapted, event).tolist()
        return found


def _solved(
    stage: Stage, disruption: Disruption, arrays: tuple[Array | None, ...], task: StressTask
) -> dict[str, Any]:
    impact = impact_with(stage, disruption, arrays, task.trickle)
    try:
        solution = disrupted(stage, impact, task.solver)
    except NoEquilibrium as error:
        return {"failed": str(error)}
    positions = stage.model.outcomes["transfer"].block.positions
    spent = stage.outcomes[stage.model.outcomes["absorption_value"].block.positions]
    borrowed = (solution.outcomes[positions] - stage.outcomes[positions]) / spent
    found = {
        "losses": stage.losses(solution).tolist(),
        "borrowed": borrowed.tolist(),
        "iterations": solution.diagnostics.iterations,
    }
    # What is forgotten comes over years by itself; that of all of them at once has no after.
    if task.recovery is not None and not disruption.over_time_only:
        years = disruption.duration + task.years_after
        try:
            by_year = recover(stage, impact, disruption.duration, years, task.recovery)
            found["by_year"] = by_year.tolist()
        except NoEquilibrium as error:
            found["by_year_failed"] = str(error)
    return found


def impact_with(
    stage: Stage, disruption: Disruption, arrays: tuple[Array | None, ...], trickle: float
) -> Impact:
    """Return what a disruption does, given what each of its events does to knowledge."""
    nothing = np.zeros((len(stage.model.benchmark.regions), len(stage.model.benchmark.sectors)))
    by_event = dict(zip(map(id, disruption.events), arrays, strict=True))

    def forgetting(event: Event, _years: int) -> Array:
        found = by_event[id(event)]
        return nothing if found is None else found

    return impact_of(stage, disruption, trickle, forgetting)


def _model(task: StressTask, speed: str, backstop: tuple[str, ...]) -> Model:
    """Return a compiled model of a task's benchmark.

    One for each task: compiled equations stay in memory and a model of them takes
    milliseconds, while the factorisations that it gathers, one for each closure, would fill
    the memory of a worker that keeps it.
    """
    folder = cache.default_folder() if task.models == OWN_FOLDER else Path(task.models)
    return Model.build(task.benchmark, speed, folder if task.models else None, backstop)
