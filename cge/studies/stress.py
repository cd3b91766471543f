"""The stress test: every disruption of a library from every equilibrium of a scenario."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from cge.core.errors import NoEquilibrium
from cge.indicators.exposure_rows import EXPOSURE, EXPOSURES
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.results.collect import Wanted
from cge.scenario.variants import ScenarioSet
from cge.solve.model import Solver
from cge.stress.stress_cases import StressCase, stress_case
from cge.stress.stress_notes import stress_notes
from cge.stress.stress_plan import StressPlan, plan_of
from cge.stress.stress_rows import stress_rows
from cge.stress.viewers import Viewers
from cge.studies.stress_equilibria import Equilibria
from cge.studies.study import Case, Study, Work, option, solver_option
from cge.tasks.runner import Task

#: Exposure to partners, which needs no disruption.
_EXPOSURE = Wanted(groups=(EXPOSURE, VALUE_CHAINS), measures=EXPOSURES)


@dataclass(frozen=True)
class StressTest(Study):
    """Solve every disruption of a library from a scenario and from the world without it.

    Parameters
    ----------
    solver : {"newton", "ipopt"}
    exposure : bool
        Add exposure to partners.
    """

    kind: ClassVar[str] = "stress"
    command: ClassVar[str] = "stress"
    suffix: ClassVar[str] = "-stress"
    keys: ClassVar[tuple[str, ...]] = (
        "stress.library", "stress.years", "stress.level", "stress.lending", "stress.backstop",
        "stress.premium", "stress.leakage", "stress.links", "stress.leverage", "stress.recovery",
        "path.returns",
    )  # fmt: skip

    solver: Solver = solver_option()
    exposure: bool = option(True, "Add exposure to partners, for which nothing is solved.")

    def work(self) -> Work:
        wanted = (Wanted(detail=1), *([_EXPOSURE] if self.exposure else []))
        made = Equilibria(plan_of(self.question), self.solver, wanted, self.kind)
        tested = yield from solved_cases(made)
        return self.results(
            tested.rows(), tested.plan.benchmark, [m.scenario for m in tested.plan.members],
            tested.notes(), library=tested.plan.facts, figure="disruptions",
            pages=[["losses", {}], ["families", {}], ["weightings", {}], ["disruptions", {}]],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tested:
    """A stress test that is solved.

    Parameters
    ----------
    plan : StressPlan
        As far as it applies.
    cases : tuple of StressCase
        Those without policy first.
    """

    plan: StressPlan
    cases: tuple[StressCase, ...]

    @cached_property
    def viewers(self) -> Viewers:
        """The regions in whose eyes losses are."""
        return Viewers(self.plan)

    def rows(self) -> list[Case]:
        """Labels, rows and facts of every case."""
        return [(case.equilibrium.labels, stress_rows(self.viewers, case), case.facts)
                for case in self.cases]  # fmt: skip

    def notes(self) -> list[str]:
        """Lines that must stand under any table of it."""
        lines = ScenarioSet(self.plan.scenario).lines
        return [*(f"Policy: {line}." for line in lines), *stress_notes(self.viewers, self.cases)]


def solved_cases(made: Equilibria) -> Generator[Sequence[Task], list[Any], Tested]:
    """Yield tasks; return what they found.

    Raises
    ------
    NoEquilibrium
        If no disruption has an equilibrium.
    """
    plan, found = made.plan, (yield from made.made())
    if any(one.plain["forgotten"] is None for one in found):
        plan = plan.without_knowledge()
    tasks = [one.tasks(plan, made.solver) for one in found]
    results = iter((yield [task for own in tasks for task in own]))
    cases: dict[int, StressCase] = {}
    for one, own in zip(found, tasks, strict=True):
        solved = [result for _ in own for result in next(results)]
        cases[id(one)] = stress_case(one, plan, solved, cases.get(id(one.reference)))
    if not any(np.isfinite(case.losses).any() for case in cases.values()):
        name, reason = next(iter(cases.values())).failures[0]
        raise NoEquilibrium(f"no disruption has an equilibrium; {name}: {reason}")
    return Tested(plan, tuple(cases.values()))
