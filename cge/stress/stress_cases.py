"""Pre-shock equilibria that are put to the test, and what is found of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cge.core.axes import Array, Integers
from cge.data.accounts.benchmark import Benchmark
from cge.resilience.disruptions import Disruption
from cge.scenario.schema import Scenario
from cge.solve.model import Solver
from cge.solve.plain import closure_from_plain
from cge.stress.disruption_task import Chunk, chunks
from cge.stress.stress_plan import StressPlan
from cge.stress.stress_settings import StressSettings
from cge.tasks.runner import Task


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
    """

    labels: Mapping[str, Any]
    scenario: Scenario
    benchmark: Benchmark
    settings: StressSettings
    plain: Mapping[str, Any]
    facts: Mapping[str, Any]
    reference: Equilibrium | None = None

    @property
    def label(self) -> str:
        """Labels in words."""
        of = self.labels
        parts = [of["elasticities"], of["variant"]]
        if of.get("path_year", -1) > 0:
            parts += [f"{of['research_return']} returns", f"year {of['path_year']}"]
        return ", ".join(part for part in parts if part)

    def tasks(self, plan: StressPlan, solver: Solver) -> list[Task]:
        """Tasks of all disruptions from here, in the order of the plan."""
        own, plain = self.settings, self.plain
        forgotten = dict(zip(plan.knowledge_events, plain["forgotten"] or (), strict=False))
        sectors = own.backstops.sectors
        cells = [(region, sector) for region in self.benchmark.regions for sector in sectors]
        adapted = plain["long_run"]

        def some(disruptions: Sequence[Disruption], after: bool, cut: bool) -> list[Task]:
            whole = Chunk(
                benchmark=self.benchmark, closure=closure_from_plain(plain["closure"]),
                levels=plain["levels"], premium=dict(zip(cells, plain["premium"], strict=True)),
                backstop=sectors, disruptions=tuple(disruptions), forgotten=forgotten,
                leakage=own.leakage, years_after=own.years_after if after else 0,
                motion=own.motion if after and own.years_after else None,
                long_run=(closure_from_plain(adapted[0]), adapted[1]) if cut and adapted else None,
                solver=solver,
            )  # fmt: skip
            return chunks(whole, f"disruptions, {self.label}")

        cuts = plan.cuts
        return [
            *some(plan.disruptions, True, False), *some(cuts.links, False, True),
            *some((*cuts.withholdings, *cuts.bans), False, False),
        ]  # fmt: skip


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

    @property
    def facts(self) -> dict[str, Any]:
        """Facts for the manifest."""
        one, iterations = self.equilibrium, self.iterations
        return {
            **one.facts, "settings": one.settings.facts,
            "iterations_of_disruptions": {
                "median": float(np.sort(iterations)[len(iterations) // 2]),
                "most": int(iterations.max()),
            },
            "failed": [{"disruption": name, "reason": why} for name, why in self.failures],
        }  # fmt: skip


def stress_case(
    equilibrium: Equilibrium, plan: StressPlan, results: Sequence[Mapping[str, Any]],
    reference: StressCase | None,
) -> StressCase:  # fmt: skip
    """Put the results of all disruptions from one equilibrium together.

    Parameters
    ----------
    equilibrium : Equilibrium
    plan : StressPlan
    results : sequence of mapping
        In the order of the plan's disruptions, see
        :func:`cge.stress.disruption_task.solve_chunk`.
    reference : StressCase, optional
    """
    shape = (len(plan.every), len(plan.benchmark.regions))
    losses, borrowed = np.full(shape, np.nan), np.full(shape, np.nan)
    iterations = np.zeros(shape[0], dtype=np.int64)
    failures, by_year, long_run = [], {}, {}
    for n, (disruption, result) in enumerate(zip(plan.every, results, strict=True)):
        name = disruption.name
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
