"""The stress test: every disruption of a library from every equilibrium of a scenario."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cge.core.errors import NoEquilibrium
from cge.indicators.exposure_rows import EXPOSURE, EXPOSURES
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.results.collect import Wanted
from cge.results.manifest import manifest
from cge.results.resultset import ResultSet
from cge.results.schema import joined
from cge.scenario.named_files import files_of
from cge.scenario.variants import ScenarioSet
from cge.solve.model import Solver
from cge.stress.stress_cases import StressCase, stress_case
from cge.stress.stress_notes import case_of, library_facts, stress_notes
from cge.stress.stress_plan import StressPlan, plan_of
from cge.stress.stress_rows import stress_rows
from cge.stress.viewers import Viewers
from cge.studies.stress_equilibria import Equilibria
from cge.studies.study import Study, Work, check_solver, option
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

    solver: Solver = option("newton", "newton or ipopt.")
    exposure: bool = option(True, "Add exposure to partners, for which nothing is solved.")

    def work(self) -> Work:
        check_solver(self.solver)
        wanted = (Wanted(detail=1), *([_EXPOSURE] if self.exposure else []))
        made = Equilibria(plan_of(self.question), self.solver, wanted, self.kind)
        plan, cases = yield from solved_cases(made)
        viewers = Viewers(plan)
        files = [path for member in plan.members for path in files_of(member.scenario)]
        notes = [*(f"Policy: {line}." for line in ScenarioSet(self.question).lines),
                 *stress_notes(viewers, cases)]  # fmt: skip
        return ResultSet(
            joined(stress_rows(viewers, case) for case in cases),
            manifest(self.spec, plan.benchmark, [case_of(case) for case in cases], notes, files,
                     library=library_facts(plan), pages=[["losses", {}], ["families", {}],
                     ["weightings", {}], ["disruptions", {}]], figure="disruptions"),
        )  # fmt: skip


def solved_cases(
    made: Equilibria,
) -> Generator[Sequence[Task], list[Any], tuple[StressPlan, tuple[StressCase, ...]]]:
    """Yield tasks; return the plan as far as it applies, and its cases, those without policy first.

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
    return plan, tuple(cases.values())
