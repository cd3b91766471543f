"""Disruptions from one pre-shock equilibrium, as tasks that depend on nothing else.

No disruption is solved from the solution of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.capital import Settings
from cge.resilience.disruptions import Disruption
from cge.resilience.events import Event
from cge.resilience.impact import disrupted, impact_of
from cge.resilience.links import long_run_loss
from cge.resilience.preshock import PreShock
from cge.resilience.recovery import recover
from cge.solve.closure import Closure
from cge.solve.model import Model, Solver
from cge.tasks.runner import Place, Task

#: Disruptions of one task: few enough that little is lost by a kill, and workers end together.
CHUNK = 4


@dataclass(frozen=True, eq=False)
class Chunk:
    """Disruptions from one pre-shock equilibrium, in plain data.

    Parameters
    ----------
    benchmark : Benchmark
    closure : Closure
        Of the short run.
    levels : ndarray (columns,)
    premium : mapping of (region, sector) to float
    backstop : tuple of str
    disruptions : tuple of Disruption
        Without names, which change nothing.
    forgotten : mapping of (Event, int) to ndarray (r, j)
        Change of log productivity by event about knowledge and its years.
    leakage : float
    years_after : int
        Years that are solved after a disruption has ended.
    motion : Settings, optional
        Of relations and capital in those years; None: they are not solved.
    long_run : (Closure, ndarray), optional
        Equilibrium of the long run from which a cut of a link is also solved once all has
        adapted to it; None: it is not.
    solver : {"newton", "ipopt"}
    """

    benchmark: Benchmark
    closure: Closure
    levels: Array
    premium: Mapping[tuple[str, str], float]
    backstop: tuple[str, ...]
    disruptions: tuple[Disruption, ...]
    forgotten: Mapping[tuple[Event, int], Array]
    leakage: float
    years_after: int
    motion: Settings | None
    long_run: tuple[Closure, Array] | None
    solver: Solver


def chunks(whole: Chunk, label: str) -> list[Task]:
    """Tasks of the disruptions of a chunk that is too large.

    Parameters
    ----------
    whole : Chunk
    label : str
        Description of the equilibrium, for people.
    """
    every = [replace(one, name="", title="", families={}, note="") for one in whole.disruptions]
    # Years after a disruption take many times as long as the disruption.
    size = CHUNK if whole.motion is None else 1
    found = []
    for start in range(0, len(every), size):
        some = tuple(every[start : start + size])
        events = {(event, one.duration) for one in some for event in one.events}
        forgotten = {key: value for key, value in whole.forgotten.items() if key in events}
        content = replace(whole, disruptions=some, forgotten=forgotten)
        found.append(Task(label, solve_chunk, content, len(some)))
    return found


def solve_chunk(chunk: Chunk, place: Place) -> list[dict[str, Any]]:
    """Solve the disruptions of a task.

    Returns
    -------
    list of dict
        For each disruption ``losses``, parts of real income of all regions, ``borrowed``,
        parts of what they spent before, and ``iterations``; or ``failed`` with the reason why
        there is no equilibrium. Where they are wanted ``by_year`` are losses of the years since
        it began, or ``by_year_failed`` says why there are none, and ``long_run`` are losses
        once all has adapted, if there is such an equilibrium.
    """
    # One model for each task: compiled equations stay in memory and a model of them takes
    # milliseconds, while the factorisations that it gathers, one for each closure, would fill
    # the memory of a worker that keeps it.
    model = Model.build(chunk.benchmark, "short", place.models, chunk.backstop)
    pre = PreShock(model, chunk.levels, chunk.closure, chunk.premium)
    found = [_solved(pre, disruption, chunk) for disruption in chunk.disruptions]
    if chunk.long_run is not None:
        closure, levels = chunk.long_run
        adapted = Model.build(chunk.benchmark, "long", place.models).solve(
            levels, closure, start=levels
        )
        for result, disruption in zip(found, chunk.disruptions, strict=True):
            with suppress(NoEquilibrium):
                (event,) = disruption.events
                result["long_run"] = long_run_loss(adapted, event)
    return found


def _solved(pre: PreShock, disruption: Disruption, chunk: Chunk) -> dict[str, Any]:
    b = chunk.benchmark
    nothing = np.zeros((len(b.regions), len(b.sectors)))
    impact = impact_of(
        pre, disruption, chunk.leakage,
        lambda event, years: chunk.forgotten.get((event, years), nothing),
    )  # fmt: skip
    try:
        solution = disrupted(pre, impact, chunk.solver)
    except NoEquilibrium as error:
        return {"failed": str(error)}
    transfer, spent = (
        pre.model.outcomes[name].positions for name in ("transfer", "absorption_value")
    )
    borrowed = (solution.outcomes[transfer] - pre.outcomes[transfer]) / pre.outcomes[spent]
    found = {
        "losses": pre.losses(solution), "borrowed": borrowed,
        "iterations": solution.diagnostics.iterations,
    }  # fmt: skip
    # What is forgotten comes over years by itself; that of all of them at once has no after.
    if chunk.motion is not None and not disruption.over_time_only:
        years = disruption.duration + chunk.years_after
        try:
            found["by_year"] = recover(pre, impact, disruption.duration, years, chunk.motion)
        except NoEquilibrium as error:
            found["by_year_failed"] = str(error)
    return found
