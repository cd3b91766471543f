"""Pre-shock equilibria that are put to the test, disruptions from them, and what is found.

Disruptions are solved in the world without policy first. What they do there is what they are
guessed to do under a policy: a guess from which the search begins, on which no result depends
beyond rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.capital import Settings
from cge.resilience.disruptions import Disruption
from cge.resilience.events import Event
from cge.resilience.impact import disrupted, impact_of
from cge.resilience.links import long_run_loss
from cge.resilience.losses import loss_area
from cge.resilience.preshock import PreShock
from cge.resilience.recovery import recover
from cge.scenario.schema import Scenario
from cge.solve.closure import Closure
from cge.solve.homotopy import change, moved_alike
from cge.solve.model import Model, Solver
from cge.solve.plain import closure_from_plain
from cge.stress.stress_plan import StressPlan
from cge.stress.stress_settings import StressSettings
from cge.tasks.runner import Place

#: Labour to spare, the restraint of spending, which is one over it, and what that does.
SLACK = ("labour_to_spare", "restraint", "demand_response")
#: Disruptions of one task: few enough that little is lost by a kill, and workers end together.
CHUNK = 4
#: Equilibria that are guessed from one from which on it pays to factorise there.
MANY = 6


@dataclass(frozen=True, eq=False)
class Chunk:
    """Disruptions from one pre-shock equilibrium, in plain data.

    Parameters
    ----------
    benchmark : Benchmark
    closure : Closure
        Of the short run.
    levels : ndarray (columns,)
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
    tells : bool
        Whether levels are told, from which others are guessed.
    near : Near, optional
        From which levels are guessed.
    """

    benchmark: Benchmark
    closure: Closure
    levels: Array
    backstop: tuple[str, ...]
    disruptions: tuple[Disruption, ...]
    forgotten: Mapping[tuple[Event, int], Array]
    leakage: float
    years_after: int
    motion: Settings | None
    long_run: tuple[Closure, Array] | None
    solver: Solver
    tells: bool
    near: Near | None

    @property
    def equilibria(self) -> int:
        """About how many are solved: one a disruption, or one in each year that it is followed."""
        after = self.years_after
        return sum(one.duration + after if after else 1 for one in self.disruptions)


@dataclass(frozen=True, eq=False)
class Near:
    """What disruptions do to a world nearby.

    Parameters
    ----------
    before : ndarray (columns,)
        Levels before them.
    after : tuple of (ndarray (columns,) or None)
        Levels under each; None where there is no equilibrium.
    many : bool
        Whether so much is guessed from them that what is prepared there pays.
    """

    before: Array
    after: tuple[Array | None, ...]
    many: bool = False

    def distance(self, pre: PreShock) -> float:
        """Largest move of a log of a level, of a level that may have either sign, from there."""
        if len(self.before) != len(pre.levels):
            return np.inf
        moved = change(self.before, pre.levels, pre.model.arrays.free)
        return float(np.abs(moved).max(initial=0.0))

    def guess(self, pre: PreShock, number: int) -> Array | None:
        """Levels under a disruption where everything moves as it does nearby.

        Labour to spare moves with employment by as much, not in proportion, and where next to
        none is left its inverse does so with spending (:mod:`cge.model.short_year`).

        Parameters
        ----------
        pre : PreShock
            Before it.
        number : int
            Of the disruption.
        """
        levels, before, after = pre.levels, self.before, self.after[number]
        if after is None or len(before) != len(levels):
            return None
        found = moved_alike(levels, before, after, pre.model.arrays.free)
        spare, restraint, response = (pre.model.variables[name].positions for name in SLACK)

        def eased(at: Array) -> Array:
            return at[spare] - levels[response] * at[restraint]

        total = eased(after) + eased(levels) - eased(before)
        root = np.sqrt(total**2 + 4 * levels[response])
        found[spare] = np.where(total > 0, total + root, 4 * levels[response] / (root - total)) / 2
        found[restraint] = 1 / found[spare]
        return found


def solve_chunks(chunks: Sequence[Chunk], place: Place) -> list[list[dict[str, Any]]]:
    """Solve the same disruptions from equilibria of one policy, one after the other.

    Each is guessed from the world that is nearest of those before it and that without the policy.

    Returns
    -------
    list of list of dict
        See :func:`solve_chunk`, for each equilibrium.
    """
    found: list[list[dict[str, Any]]] = []
    known: list[Near] = []
    for chunk in chunks:
        results = solve_chunk(chunk, known)
        known.append(Near(chunk.levels, tuple(one.get("levels") for one in results)))
        if not chunk.tells:
            results = [{key: one[key] for key in one if key != "levels"} for one in results]
        found.append(results)
    return found


def solve_chunk(chunk: Chunk, known: Sequence[Near] = ()) -> list[dict[str, Any]]:
    """Solve disruptions from one equilibrium.

    Parameters
    ----------
    chunk : Chunk
    known : sequence of Near
        What the same disruptions do to worlds that may be nearer than that of the chunk.

    Returns
    -------
    list of dict
        For each disruption ``losses``, parts of real income of all regions, ``borrowed``,
        parts of what they spent before, ``iterations``, and ``levels``; or ``failed`` with the
        reason why there is no equilibrium. Where they are wanted ``by_year`` are losses of the
        years since it began, or ``by_year_failed`` says why there are none, and ``long_run`` are
        losses once all has adapted, if there is such an equilibrium.
    """
    model = Model.shared(chunk.benchmark, "short", chunk.backstop)
    pre = PreShock(model, chunk.levels, chunk.closure)
    every = [*([chunk.near] if chunk.near else []), *known]
    every.sort(key=lambda one: one.distance(pre))
    found = []
    for number, disruption in enumerate(chunk.disruptions):
        guesses = (guess for one in every if (guess := one.guess(pre, number)) is not None)
        beside = chunk.near.after[number] if chunk.near and chunk.near.many else None
        found.append(_solved(pre, disruption, chunk, next(guesses, None), beside))
    if chunk.long_run is not None:
        closure, levels = chunk.long_run
        model = Model.shared(chunk.benchmark, "long", chunk.backstop)
        adapted = model.solve(levels, closure, start=levels)
        for result, disruption in zip(found, chunk.disruptions, strict=True):
            with suppress(NoEquilibrium):
                (event,) = disruption.events
                result["long_run"] = long_run_loss(adapted, event)
    return found


def _solved(
    pre: PreShock, disruption: Disruption, chunk: Chunk, guess: Array | None, beside: Array | None
) -> dict[str, Any]:
    b = chunk.benchmark
    nothing = np.zeros((len(b.regions), len(b.sectors)))
    impact = impact_of(
        pre, disruption, chunk.leakage,
        lambda event, years: chunk.forgotten.get((event, years), nothing),
    )  # fmt: skip
    try:
        solution = disrupted(pre, impact, chunk.solver, guess, beside)
    except NoEquilibrium as error:
        return {"failed": str(error)}
    before = pre.values("absorption_value")
    borrowed = (solution.values("net_borrowing") - pre.values("net_borrowing")) / before
    found = {
        "losses": pre.losses(solution), "borrowed": borrowed,
        "iterations": solution.diagnostics.iterations,
        "levels": solution.levels,
    }  # fmt: skip
    # What is forgotten comes over years by itself; that of all of them at once has no after.
    if chunk.motion is not None and not disruption.over_time_only:
        years = disruption.duration + chunk.years_after
        try:
            found["by_year"] = recover(pre, impact, disruption.duration, years, chunk.motion)
        except NoEquilibrium as error:
            found["by_year_failed"] = str(error)
    return found


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """A pre-shock equilibrium.

    Parameters
    ----------
    labels : mapping of str to (str or int)
        Columns of its rows: scenario, variant, elasticities, year and the like.
    scenario : Scenario
        Of which it is.
    benchmark : Benchmark
    settings : StressSettings
    plain : mapping
        See :func:`cge.stress.equilibria.plain_pre_shock`.
    facts : mapping
        For the manifest: closure as solved, rates found, diagnostics.
    reference : Equilibrium, optional
        The same without policy; None for that itself.
    put : ndarray of bool (z,), optional
        Disruptions of the plan that it is put to; None: all of them.
    """

    labels: Mapping[str, Any]
    scenario: Scenario
    benchmark: Benchmark
    settings: StressSettings
    plain: Mapping[str, Any]
    facts: Mapping[str, Any]
    reference: Equilibrium | None = None
    put: Bools | None = None

    @property
    def label(self) -> str:
        """Labels in words."""
        of = self.labels
        parts = [of["elasticities"], of["variant"]]
        if of.get("path_year", -1) > 0:
            parts += [f"{of['research_return']} returns", f"year {of['path_year']}"]
        return ", ".join(part for part in parts if part)

    @property
    def group(self) -> tuple[Any, ...]:
        """Label of those whose disruptions are guessed from each other."""
        if self.reference is None:
            return (id(self),)
        return self.labels["elasticities"], self.labels["variant"]

    def chunks(
        self, plan: StressPlan, solver: Solver, tells: bool,
        nearby: Sequence[Mapping[str, Any] | None] | None = None, many: bool = False,
    ) -> list[tuple[tuple[int, ...], Chunk]]:  # fmt: skip
        """The disruptions from here in parts, each with their numbers in the plan.

        Parameters
        ----------
        plan : StressPlan
        solver : {"newton", "ipopt"}
        tells : bool
            Whether they tell levels, from which others are guessed.
        nearby : sequence of mapping, optional
            What the same disruptions do to the reference, with levels.
        many : bool
            As of :class:`Near`.
        """
        own, plain, cuts = self.settings, self.plain, plan.cuts
        known = dict(zip(plan.knowledge_events, plain["forgotten"] or (), strict=False))
        sectors, adapted = own.stand_ins.sectors, plain["long_run"]
        chunks: list[tuple[tuple[int, ...], Chunk]] = []
        first = 0
        for every, after, cut in (
            (plan.disruptions, True, False), (cuts.links, False, True),
            ((*cuts.withholdings, *cuts.bans), False, False),
        ):  # fmt: skip
            motion = own.motion if after and own.years_after else None
            # Years after a disruption take many times as long as the disruption.
            size = CHUNK if motion is None else 1
            numbers = [n for n in range(first, first + len(every))
                       if self.put is None or self.put[n]]  # fmt: skip
            first += len(every)
            for some in (numbers[n : n + size] for n in range(0, len(numbers), size)):
                disruptions = tuple(replace(plan.every[n], name="", title="", families={}, note="")
                                    for n in some)  # fmt: skip
                events = {(event, one.duration) for one in disruptions for event in one.events}
                near = None
                if self.reference is not None and nearby is not None:
                    each = ((nearby[n] or {}).get("levels") for n in some)
                    near = Near(self.reference.plain["levels"], tuple(each), many)
                chunks.append((tuple(some), Chunk(
                    benchmark=self.benchmark, closure=closure_from_plain(plain["closure"]),
                    levels=plain["levels"], backstop=sectors, disruptions=disruptions,
                    forgotten={key: value for key, value in known.items() if key in events},
                    leakage=own.leakage, years_after=own.years_after if after else 0, motion=motion,
                    long_run=(closure_from_plain(adapted[0]), adapted[1]) if cut and adapted else
                    None, solver=solver, tells=tells, near=near,
                )))  # fmt: skip
        return chunks


@dataclass(frozen=True, eq=False)
class StressCase:
    """A pre-shock equilibrium and what disruptions do to it.

    Parameters
    ----------
    equilibrium : Equilibrium
    losses : ndarray (disruptions, regions)
        Parts of real income lost; NaN where there is no equilibrium.
    borrowed : ndarray (disruptions, regions)
        Additional borrowing, as part of spending before.
    iterations : ndarray of int (disruptions,)
        Of the solver; 0 where there is no equilibrium.
    failures : tuple of (str, str)
        Disruptions without an equilibrium, or without one in a year after, and why.
    by_year : mapping of str to ndarray (years, regions)
        Losses of the years since a disruption began, by its name, where they were wanted.
    long_run : mapping of str to ndarray (regions,)
        Loss from a cut of a link once all has adapted to it, by its name.
    reference : StressCase, optional
        The same without policy; None for that itself.
    """

    equilibrium: Equilibrium
    losses: Array
    borrowed: Array
    iterations: Integers
    failures: tuple[tuple[str, str], ...]
    by_year: Mapping[str, Array] = field(default_factory=dict)
    long_run: Mapping[str, Array] = field(default_factory=dict)
    reference: StressCase | None = None

    def lasting(self, disruptions: Sequence[Disruption]) -> Array:
        """Losses over the years, in years' worth of real income, (z, s).

        The discounted sum of all years since a disruption began where those after it are solved,
        else the loss of the first times the years that it lasts.

        Parameters
        ----------
        disruptions : sequence of Disruption
            Those of the plan.
        """
        found = self.losses * np.array([one.duration for one in disruptions], dtype=float)[:, None]
        for n, one in enumerate(disruptions):
            if one.name in self.by_year:
                found[n] = loss_area(
                    self.by_year[one.name], self.equilibrium.settings.discount_rate
                )
        return found

    @property
    def facts(self) -> dict[str, Any]:
        """Facts for the manifest."""
        one, iterations = self.equilibrium, self.iterations
        if one.put is not None:
            iterations = iterations[one.put]
        return {
            **one.facts, "settings": one.settings.facts,
            "iterations_of_disruptions": {
                "median": float(np.sort(iterations)[len(iterations) // 2]),
                "most": int(iterations.max()),
            } if len(iterations) else {},
            "failed": [{"disruption": name, "reason": why} for name, why in self.failures],
        }  # fmt: skip


def stress_case(
    equilibrium: Equilibrium, plan: StressPlan, results: Sequence[Mapping[str, Any] | None],
    reference: StressCase | None,
) -> StressCase:  # fmt: skip
    """Put the results of all disruptions from one equilibrium together.

    Parameters
    ----------
    equilibrium : Equilibrium
    plan : StressPlan
    results : sequence of mapping
        In the order of the plan's disruptions, see :func:`solve_chunk`; None of one that is left
        out.
    reference : StressCase, optional
    """
    shape = (len(plan.every), len(plan.benchmark.regions))
    losses, borrowed = np.full(shape, np.nan), np.full(shape, np.nan)
    iterations = np.zeros(shape[0], dtype=np.int64)
    failures, by_year, long_run = [], {}, {}
    for n, (disruption, result) in enumerate(zip(plan.every, results, strict=True)):
        name = disruption.name
        if result is None:
            continue
        if "failed" in result:
            failures.append((name, str(result["failed"])))
            continue
        losses[n], borrowed[n] = result["losses"], result["borrowed"]
        iterations[n] = result["iterations"]
        if "by_year" in result:
            by_year[name] = result["by_year"]
        if "long_run" in result:
            long_run[name] = result["long_run"]
        if "by_year_failed" in result:
            failures.append((f"{name}, years after", str(result["by_year_failed"])))
    return StressCase(equilibrium, losses, borrowed, iterations, tuple(failures), by_year, long_run,
                  reference)  # fmt: skip
