"""Tasks that make the pre-shock equilibria of a stress test, with policy and without."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.recursion import Ground
from cge.path.batches import PathOfVariant, SetOfPaths
from cge.path.laws import PathLaws, knowledge_law, path_closure
from cge.path.solved import PathYear
from cge.path.solving import PathContent, laws_in, path_content, solved_path
from cge.policy.benchmarks import benchmarks_of
from cge.policy.effects import refuse_idle
from cge.resilience.forgetting import Forgetting, relative_knowledge
from cge.results.collect import Wanted
from cge.scenario.path_options import PathChoice
from cge.scenario.variants import Member
from cge.solve.model import Model, Solver
from cge.stress.equilibria import Asked, Knowledge, plain_pre_shock
from cge.stress.stress_cases import Equilibrium
from cge.stress.stress_plan import StressPlan
from cge.stress.worlds import acts, is_world, with_all_rates_given, worlds
from cge.studies.static import (
    Content,
    SetOfTasks,
    case_facts,
    equal_value,
    labels_of,
    moved_by,
    solve_steps,
)
from cge.tasks.runner import Place, Task

Made = Generator[Sequence[Task], list[Any], list[Equilibrium]]
#: A pre-shock equilibrium in plain data, and facts about it for the manifest.
Found = dict[str, Any]


class Equilibria:
    """Pre-shock equilibria of a plan.

    Parameters
    ----------
    plan : StressPlan
    solver : {"newton", "ipopt"}
    wanted : sequence of Wanted
        Figures of each.
    study : str
        Kind of study, a label of its rows.
    """

    def __init__(
        self, plan: StressPlan, solver: Solver, wanted: Sequence[Wanted], study: str
    ) -> None:
        self.plan, self.solver, self.study = plan, solver, study
        self.worlds = worlds(plan.members, on_path=bool(plan.years))
        #: Worlds without policy, each once, and variants that act.
        self.plain = tuple({one.variant: one for one in self.worlds.values()}.values())
        self.acting = tuple(one for one in plan.members if acts(one.scenario))
        self.settings = {self.worlds[name].variant: one for name, one in plan.settings.items()}
        self.settings.update(plan.settings)
        self.asked = {
            variant: Asked(one.backstops, one.lending, plan.knowledge_events, tuple(wanted))
            for variant, one in self.settings.items()
        }
        self.sets = SetOfPaths(plan.scenario, plan.members, solver) if plan.years else None
        #: Paths of the variants, once they are solved.
        self.paths: list[PathOfVariant] = []

    def made(self) -> Made:
        """Yield the tasks; return the equilibria, those without policy first."""
        return self._static() if self.sets is None else self._of_path(self.sets)

    def checks(self) -> list[Task]:
        """Tasks that check every variant before the first year of any takes its time."""
        return [] if self.sets is None else self.sets.checks()

    def _static(self) -> Made:
        tasks = _StaticTasks(self)
        results = yield from tasks.done()
        refuse_idle(self.plan.members, moved_by(results))
        found = {(name, member.variant): steps[-1] for name, member, steps in results}
        return self._collected({
            (name, "", 0): (b, {m.variant: found[name, m.variant] for m in tasks.members})
            for name, b in tasks.benchmarks.items()
        })  # fmt: skip

    def _of_path(self, sets: SetOfPaths) -> Made:
        plan = self.plan
        self.paths = yield from sets.solved()
        tasks: dict[tuple[str, str, str], Task] = {}
        for name, b in sets.benchmarks.items():
            for level in sets.choice.returns:
                for world in self.plain:
                    content = path_content(world, level, b, self.solver)
                    tasks[name, level, world.variant] = self._task(
                        sets.label(name, level, world), content, world
                    )
        for one in self.paths:
            if acts(one.member.scenario):
                tasks[one.elasticities, one.level, one.member.variant] = self._task(
                    sets.label(one.elasticities, one.level, one.member), one.content, one.member
                )
        results = dict(zip(tasks, (yield list(tasks.values())), strict=True))
        return self._collected({
            (name, level, year): (b, {
                member.variant: results[name, level, member.variant][n]
                for member in (*self.plain, *self.acting)
            })
            for name, b in sets.benchmarks.items()
            for level in sets.choice.returns for n, year in enumerate(plan.years)
        })  # fmt: skip

    def _task(self, label: str, path: PathContent, member: Member) -> Task:
        world = is_world(member.variant) and path.baseline is None
        content = PathPreShocks(path, self.plan.years, world, self.asked[member.variant])
        return Task(f"{label}: before disruptions", path_pre_shocks, content,
                    len(self.plan.years), member.told)  # fmt: skip

    def _collected(
        self, found: dict[tuple[str, str, int], tuple[Benchmark, dict[str, Found]]]
    ) -> list[Equilibrium]:
        """Equilibria by set, level of returns to research and year, with their references."""
        made: dict[tuple[Any, ...], Equilibrium] = {}
        for member in (*self.plain, *self.acting):
            for (name, level, year), (b, by_variant) in found.items():
                one = by_variant[member.variant]
                reference = None
                if not is_world(member.variant):
                    reference = made[self.worlds[member.variant].variant, name, level, year]
                made[member.variant, name, level, year] = Equilibrium(
                    self._labels(name, level, year, member, b), member.scenario, b,
                    self.settings[member.variant], one["plain"], one["facts"], reference,
                )  # fmt: skip
        return list(made.values())

    def _labels(
        self, name: str, level: str, year: int, member: Member, b: Benchmark
    ) -> dict[str, Any]:
        origin = b.origin.get("year", "")
        of_year = {"path_year": year, "research_return": level} if year else {}
        return {
            **labels_of(self.study, self.plan.scenario, member, name), **of_year,
            "calendar_year": int(origin) + year if origin.isdigit() else -1,
        }  # fmt: skip


# -- comparative statics


@dataclass(frozen=True)
class StaticPreShock:
    """Content of a task: a variant, and what is asked of its last step."""

    variant: Content
    asked: Asked


class _StaticTasks(SetOfTasks):
    """Tasks of all variants and of the worlds without policy, under all elasticity sets."""

    def __init__(self, whole: Equilibria) -> None:
        scenario = whole.plan.scenario
        members = (*whole.plain, *whole.plan.members)
        super().__init__(
            scenario, members, benchmarks_of(scenario), whole.solver, Wanted(measures=()),
            decompose=False,
        )  # fmt: skip
        self.asked = whole.asked

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


def static_pre_shock(task: StaticPreShock, place: Place) -> list[Found]:
    """Solve one variant at all its steps.

    Returns
    -------
    list of dict
        For each step ``moved``, keys of what moved something, and ``equal``, the outlay or
        welfare effect that other variants share; for the last one also ``plain``, the pre-shock
        equilibrium, and ``facts`` for the manifest.
    """
    content = task.variant
    member = Member("", content.scenario, content.shared)
    model = Model.build(content.benchmark, content.scenario.chosen_horizon, place.models)
    cases = list(solve_steps(member, model, content.solver, content.equal))
    found: list[Found] = [
        {"moved": case.solved.moved, "equal": equal_value(member, case.solution)} for case in cases
    ]
    last, law = cases[-1], knowledge_law(content.benchmark, PathChoice(), "central")
    solution = with_all_rates_given(last.solution, last.endogenous)
    knowledge = Knowledge.of_benchmark(law, content.benchmark)
    found[-1]["plain"] = plain_pre_shock(solution, task.asked, knowledge, place)
    found[-1]["facts"] = case_facts(last.solution, last.scenario, last.solved)
    return found


# -- paths


@dataclass(frozen=True)
class PathPreShocks:
    """Content of a task: some years of a path, and what is asked of them.

    Parameters
    ----------
    path : PathContent
    years : tuple of int
    world : bool
        Whether it is balanced growth, where every year is the benchmark.
    asked : Asked
    """

    path: PathContent
    years: tuple[int, ...]
    world: bool
    asked: Asked


def path_pre_shocks(task: PathPreShocks, place: Place) -> list[Found]:
    """Pre-shock equilibria in some years of a path: ``plain``, and ``facts`` for the manifest."""
    if task.world:
        return [_balanced_growth(task, place)] * len(task.years)
    case = solved_path(task.path, place)
    pairs, found = list(case.pairs()), []
    for number in task.years:
        year, base = pairs[number - 1]
        solution = with_all_rates_given(year.solution, year.endogenous)
        then = None if base is None else base.solution
        known = _knowledge(case.laws, year)
        plain = plain_pre_shock(solution, task.asked, known, place, then, f"year {number} ")
        facts = case_facts(year.solution, case.scenario, year)
        found.append({"plain": plain, "facts": facts})
    return found


def _balanced_growth(task: PathPreShocks, place: Place) -> Found:
    laws, scenario = laws_in(task.path, place), task.path.scenario
    model = laws.recursion.model
    closure = path_closure(scenario, model.benchmark)
    solution = model.solve(closure=closure, solver=task.path.solver)
    knowledge = Knowledge.of_benchmark(laws.recursion.law, model.benchmark)
    plain = plain_pre_shock(solution, task.asked, knowledge, place)
    return {"plain": plain, "facts": case_facts(solution, scenario)}


def _knowledge(laws: PathLaws, year: PathYear) -> Knowledge:
    """Knowledge in a year of a path, as it has moved."""
    law, state = laws.recursion.law, year.state
    if law is None or state.knowledge is None or year.business is None:
        return Knowledge(productivity=year.productivity)
    ground = Ground(year.solution.levels, year.business, dict(year.productivity))
    seen = laws.recursion.next(state, ground, year.solution, year.policy).seen
    forgetting = Forgetting(law, laws.recursion.model.benchmark.regions, state.knowledge,
                            year.business, seen, year.policy)  # fmt: skip
    return Knowledge(relative_knowledge(law, state.knowledge), forgetting, year.productivity)
