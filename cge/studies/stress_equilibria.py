"""Tasks that make the pre-shock equilibria of a stress test, with policy and without."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cge.dynamics.knowledge import KnowledgeLaw
from cge.experiments.path_setup import knowledge_of, parameters_of
from cge.results.collect import Wanted
from cge.scenario.path_options import PathChoice
from cge.scenario.variants import Member
from cge.solve.model import Model, Solver
from cge.stress.equilibria import Asked, Knowledge, plain_pre_shock
from cge.stress.plan import Plan
from cge.stress.stress_cases import Equilibrium
from cge.stress.worlds import acts, is_world, with_all_rates_given, worlds
from cge.studies.static import Content, SetOfTasks, case_facts, equal_value, labels_of, solve_steps
from cge.tasks.runner import Place, Task

Made = Generator[Sequence[Task], list[Any], list[Equilibrium]]


def equilibria(plan: Plan, solver: Solver, wanted: Sequence[Wanted]) -> Made:
    """Yield tasks; return the pre-shock equilibria of a plan, without policy first."""
    return _static(plan, solver, wanted)


@dataclass(frozen=True)
class StaticPreShock:
    """Content of a task: a variant, and what is asked of its last step."""

    variant: Content
    asked: Asked


def _static(plan: Plan, solver: Solver, wanted: Sequence[Wanted]) -> Made:
    own = worlds(plan.members)
    every = {world.variant: world for world in own.values()}
    settings = {own[variant].variant: one for variant, one in plan.settings.items()}
    settings.update(plan.settings)
    asked = {
        variant: Asked(one.backstops, one.lending, plan.knowledge_events, tuple(wanted))
        for variant, one in settings.items()
    }
    made = _StaticTasks(plan, (*every.values(), *plan.members), solver, asked)
    results = yield from made.done()
    found: dict[tuple[str, str], Equilibrium] = {}
    for name, member, steps in results:
        if is_world(member.variant) or acts(member.scenario):
            b = made.benchmarks[name]
            year = b.origin.get("year", "")
            labels = {**labels_of("stress", plan.scenario, member, name),
                      "calendar_year": int(year) if year.isdigit() else -1}  # fmt: skip
            world = None if is_world(member.variant) else found[name, own[member.variant].variant]
            found[name, member.variant] = Equilibrium(
                labels, member.scenario, b, settings[member.variant], steps[-1]["plain"],
                steps[-1]["facts"], world,
            )  # fmt: skip
    return sorted(found.values(), key=lambda one: one.reference is not None)


class _StaticTasks(SetOfTasks):
    """Tasks of all variants and of the worlds without policy, under all elasticity sets."""

    def __init__(
        self, plan: Plan, family: Sequence[Member], solver: Solver, asked: dict[str, Asked]
    ) -> None:
        super().__init__(plan.scenario, family, solver, Wanted(measures=()), decompose=False)
        self.asked = asked

    def task(self, name: str, member: Member, equal: Sequence[float] | None = None) -> Task:
        """Task of one variant under one set."""
        task = super().task(name, member, equal)
        content: Content = task.content
        if is_world(member.variant):
            last = (self.scenario.steps or [1.0])[-1]
            whole = content.scenario.model_copy(update={"steps": [last]})
            content = replace(content, scenario=whole)
        return replace(task, function=static_pre_shock,
                       content=StaticPreShock(content, self.asked[member.variant]))  # fmt: skip


def static_pre_shock(task: StaticPreShock, place: Place) -> list[dict[str, Any]]:
    """Solve one variant at all its steps.

    Returns
    -------
    list of dict
        For each step ``equal``, the outlay or welfare effect that other variants share; for the
        last one also ``plain``, the pre-shock equilibrium, and ``facts`` for the manifest.
    """
    content = task.variant
    b, member = content.benchmark, Member("", content.scenario, content.own_policy)
    model = Model.build(b, content.scenario.chosen_speed, place.models)
    cases = list(solve_steps(member, model, content.solver, content.equal))
    found: list[dict[str, Any]] = [
        {"equal": equal_value(member, case.solution)} for case in cases
    ]  # fmt: skip
    last = cases[-1]
    solution = with_all_rates_given(last.solution, last.found)
    dynamics, about_knowledge = parameters_of(PathChoice())
    data = knowledge_of(b, PathChoice(), about_knowledge, None)
    law = None if data is None else KnowledgeLaw(
        data, "central", dynamics["knowledge_leak"], dynamics["diffusion_base"],
        dynamics["learning"],
    )  # fmt: skip
    found[-1]["plain"] = plain_pre_shock(
        solution, task.asked, Knowledge.of_benchmark(law, b), place
    )
    found[-1]["facts"] = case_facts(last.solution, last.found, last.scenario)
    return found
