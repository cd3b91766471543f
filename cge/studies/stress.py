"""The stress test: every disruption of a library from every equilibrium of a scenario.

Tasks first make the pre-shock equilibria, with policy and without, then solve the disruptions.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product
from typing import Any, ClassVar

import numpy as np

from cge.core.axes import Bools
from cge.core.errors import NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import HORIZONS
from cge.dynamics.recursion import Ground
from cge.dynamics.stand_ins import StandIns, relative_knowledge
from cge.indicators.exposure_rows import EXPOSURE, EXPOSURES
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.path.laws import PathLaws, choice_of, knowledge_law, path_closure
from cge.path.solved import PathYear
from cge.path.solving import PathContent, laws_in, solved_path
from cge.policy.adjustment import is_gradual
from cge.policy.benchmarks import benchmarks_of, calendar_year
from cge.policy.case import SolvedCase
from cge.policy.closures import closure_of
from cge.policy.variant_content import VariantContent
from cge.policy.variant_tasks import VariantResult
from cge.resilience.forgetting import Forgetting
from cge.results.collect import Wanted
from cge.results.manifest import solution_facts
from cge.results.policy_rows import PARTS, add_decomposition
from cge.results.reads import Read, members_read, of_variant, years_of
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows, is_world, joined
from cge.scenario.schema import Scenario
from cge.scenario.study_options import PathChoice, StressChoice
from cge.scenario.variants import Member, ScenarioSet
from cge.solve.model import Solver
from cge.stress.equilibria import Asked, Knowledge, plain_pre_shock
from cge.stress.needed import needed
from cge.stress.stress_cases import MANY, Equilibrium, StressCase, stress_case
from cge.stress.stress_notes import stress_notes
from cge.stress.stress_plan import StressPlan, plan_of
from cge.stress.stress_rows import stress_rows
from cge.stress.stress_tasks import solved_disruptions
from cge.stress.viewers import Viewers
from cge.stress.worlds import acts, with_all_rates_given, worlds
from cge.studies.drawable import Drawable
from cge.studies.path import PathTasks, path_families
from cge.studies.scenario_parameters import disruption_parameters, short_run_drawn
from cge.studies.static import StaticTasks, for_others, solve_steps
from cge.studies.study import Case, Work, labels_of, option
from cge.tasks.runner import Place, Task
from cge.uncertainty.selection import DISRUPTIONS, SHORT_RUN, Family

#: Exposure to partners, which needs no disruption.
_EXPOSURE = Wanted(groups=(EXPOSURE, VALUE_CHAINS), measures=EXPOSURES)
#: A pre-shock equilibrium in plain data, and facts about it for the manifest.
Found = dict[str, Any]
#: Variant, elasticity set, level of returns to research, year (0 in comparative statics).
Known = tuple[Member, str, str, int, Found]


@dataclass(frozen=True)
class StressTest(Drawable):
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
        "stress.library", "stress.disruptions", "stress.years", "stress.level",
        "stress.adjustment", "stress.backstop", "stress.premium", "stress.leakage", "stress.links",
        "stress.leverage", "stress.recovery", "path.returns",
    )  # fmt: skip

    main_measures: ClassVar[tuple[str, ...]] = (
        "equivalent_variation", "loss", "expected_loss", "cvar",
    )  # fmt: skip

    exposure: bool = option(True, "Add exposure to partners, for which nothing is solved.")

    def work(self) -> Work:
        plan = plan_of(self.question, benchmarks=self.benchmarks)
        made = Equilibria(plan, self.solver, self._wanted(), self.kind, self.accounts, self.reads)
        tested = yield from solved_cases(made)
        members = tested.plan.members
        return self.results(
            tested.rows(self.only), tested.plan.benchmark, [m.scenario for m in members],
            tested.notes(), library=tested.plan.facts, figure="disruptions",
            pages=[["losses", {}], ["families", {}], ["weightings", {}], ["disruptions", {}]],
        )  # fmt: skip

    @property
    def horizons(self) -> tuple[str, ...]:
        """Elasticities: short-run ones in a disruption, and those of what is before it."""
        on_path = is_on_path(self.question)
        return HORIZONS if on_path else tuple(sorted({"short", *super().horizons}))

    def families(self, split: bool = False) -> dict[str, Family]:
        """Parameters: of elasticities, of the path, of a short year and of disruptions."""
        return {**super().families(split), **tested_families(self.question, self.benchmarks)}

    def solutions(self, central: ResultSet) -> int:
        """Equilibria of a draw: disruptions, and the years before them."""
        return tested_solutions(self.question, central)

    def _wanted(self) -> tuple[Wanted, ...]:
        """Figures of the equilibria themselves."""
        if not self.only:
            return (Wanted(detail=1), *([_EXPOSURE] if self.exposure else []))
        exposure = replace(_EXPOSURE, measures=tuple({*self.only} & {*EXPOSURES}))
        parts = {*PARTS} - {one.measure for one in self.reads} if self.reads else ()
        only = tuple(name for name in self.only if name not in parts)
        return (Wanted(detail=1, measures=only), *([exposure] if exposure.measures else []))


def is_on_path(scenario: Scenario) -> bool:
    """Whether disruptions set out from years of a path."""
    return any(one.scenario.is_path for one in ScenarioSet(scenario).members)


def tested_families(scenario: Scenario, benchmarks: Mapping[str, Benchmark]) -> dict[str, Family]:
    """Uncertain parameters of a stress test beside its elasticities, by family."""
    (b,), members = benchmarks.values(), ScenarioSet(scenario).members
    found = path_families(scenario, benchmarks) if is_on_path(scenario) else {}
    if SHORT_RUN not in found and any(_is_slow(one.scenario, b) for one in members):
        found[SHORT_RUN] = partial(short_run_drawn, scenario, False)
    return {**found, DISRUPTIONS: partial(disruption_parameters, scenario, b)}


def tested_solutions(scenario: Scenario, central: ResultSet) -> int:
    """About how many equilibria a stress test takes, by its results."""
    library, cases = central.manifest["library"], len(central.manifest["cases"])
    each = len(library["disruptions"]) + len(library["single_cuts"])
    years = 2 * choice_of(scenario).years if is_on_path(scenario) else 1
    return cases * (1 + each) + years * len(ScenarioSet(scenario).members)


def _is_slow(scenario: Scenario, benchmark: Benchmark) -> bool:
    """Whether wages and spending adjust in part, before a disruption or within its year."""
    tested = (scenario.stress or StressChoice()).adjustment == "gradual"
    return tested or is_gradual(closure_of(scenario.closure, benchmark))


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

    def rows(self, only: Sequence[str] = ()) -> list[Case]:
        """Labels, rows and facts of every case; of some measures, or of all."""
        return [(case.equilibrium.labels, stress_rows(self.viewers, case, only), case.facts)
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
    viewers = Viewers(plan)
    found = made.put(found, viewers)
    # First the worlds without policy, from which those with one are guessed.
    results: dict[int, list[dict[str, Any] | None]] = {}
    worlds = [one for one in found if one.reference is None]
    for some in (worlds, [one for one in found if one.reference is not None]):
        tells = not results and len(some) < len(found)
        many = len(some) >= MANY * len({one.plain["levels"].tobytes() for one in worlds})
        chunks = [
            one.chunks(plan, made.solver, tells, results.get(id(one.reference)), many)
            for one in some
        ]
        results.update((yield from solved_disruptions(some, chunks, len(plan.every))))
    cases: dict[int, StressCase] = {}
    for one in found:
        cases[id(one)] = stress_case(one, plan, results[id(one)], cases.get(id(one.reference)))
    lost = any(case.failures for case in cases.values())
    if lost and not any(np.isfinite(case.losses).any() for case in cases.values()):
        name, reason = next(iter(cases.values())).failures[0]
        raise NoEquilibrium(f"no disruption has an equilibrium; {name}: {reason}")
    return Tested(plan, tuple(cases.values()))


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
    accounts : mapping of str to Benchmark, optional
        By elasticity set, in place of those that the scenario names: a draw of parameters.
    reads : collection of Read
        Figures that are read of the results; none: all.
    apart : collection of str
        Measures that do not come from here.
    """

    def __init__(
        self, plan: StressPlan, solver: Solver, wanted: Sequence[Wanted], study: str,
        accounts: Mapping[str, Benchmark] | None = None, reads: Collection[Read] = (),
        apart: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.worlds = worlds(plan.members, plan.scenario.steps, on_path=bool(plan.years))
        if len({one.variant for one in self.worlds.values()}) == 1:
            plan = replace(plan, members=members_read(plan.members, reads))
        self.plan, self.solver, self.study = plan, solver, study
        self.reads = tuple(one for one in reads if one.measure not in apart)
        #: Worlds without policy, each once, and variants that act.
        plain = {one.variant: one for one in self.worlds.values()}
        self.members = (*plain.values(), *(one for one in plan.members if acts(one.scenario)))
        self.settings = {self.worlds[name].variant: one for name, one in plan.settings.items()}
        self.settings.update(plan.settings)
        self.asked = {
            variant: Asked(one.stand_ins, one.run, plan.knowledge_events, tuple(wanted))
            for variant, one in self.settings.items()
        }
        of_static = (*plain.values(), *plan.members)
        scenario, benchmarks = plan.scenario, accounts or benchmarks_of(plan.scenario)
        own: dict[str, Any] = {"stand_ins": self._stand_ins, "tells": not accounts}
        self.tasks: PathTasks | StaticTasks = (
            PathTasks(scenario, plan.members, benchmarks, solver, **own)
            if plan.years else
            StaticTasks(scenario, of_static, benchmarks, solver, static_pre_shock,
                        lambda member: self.asked[member.variant], **own)
        )  # fmt: skip
        #: Results of the variants, once they are solved.
        self.solved: list[VariantResult] = []

    def _stand_ins(self, member: Member) -> StandIns:
        return self.asked[member.variant].stand_ins

    def checks(self) -> list[Task]:
        """Tasks that check every variant before the first year of any takes its time."""
        return self.tasks.checks() if isinstance(self.tasks, PathTasks) else []

    def made(self) -> Generator[Sequence[Task], list[Any], list[Equilibrium]]:
        """Yield the tasks; return the equilibria, those without policy first."""
        self.solved = yield from self.tasks.solved()
        if isinstance(self.tasks, PathTasks):
            known = yield from self._of_path(self.tasks)
        else:
            known = self._static()
        made: dict[tuple[str, str, str, int], Equilibrium] = {}
        for member, name, level, year, found in known:
            reference, b = None, self.tasks.benchmarks[name]
            if not is_world(member.variant):
                reference = made[self.worlds[member.variant].variant, name, level, year]
            labels = labels_of(self.study, self.plan.scenario, member, name)
            labels |= {"path_year": year, "research_return": level} if year else {}
            labels["calendar_year"] = calendar_year(b, year)
            made[member.variant, name, level, year] = Equilibrium(
                labels, member.scenario, b, self.settings[member.variant], found["plain"],
                found["facts"], reference,
            )  # fmt: skip
        return list(made.values())

    def _static(self) -> list[Known]:
        found = {(one.member.variant, one.elasticities): one.found for one in self.solved}
        return [
            (member, name, "", 0, found[member.variant, name])
            for member, name in product(self.members, self.tasks.benchmarks)
        ]

    def _of_path(self, paths: PathTasks) -> Generator[list[Task], list[Any], list[Known]]:
        contents = {
            (one.member.variant, one.elasticities, one.level): one.task.content
            for one in self.solved
        }
        years = {one.variant: self._years(one) for one in self.members}
        tested = [one for one in self.members if years[one.variant]]
        places = list(product(tested, paths.benchmarks, paths.levels))
        tasks = []
        for member, name, level in places:
            content = contents.get((member.variant, name, level))
            content = content or paths.content(name, level, member)
            standing = is_world(member.variant) and content.baseline is None
            own = years[member.variant]
            asked = PathPreShocks(content, own, standing, self.asked[member.variant])
            label = f"{paths.label(name, level, member)}: before disruptions"
            tasks.append(Task(label, path_pre_shocks, asked, len(own), member.told))
        results = yield tasks
        return [
            (*place, year, found[n])
            for place, found in zip(places, results, strict=True)
            for n, year in enumerate(years[place[0].variant])
        ]

    def _years(self, member: Member) -> tuple[int, ...]:
        """Years that are tested: of a world without policy also those of any policy in it."""
        reads = self.reads if is_world(member.variant) else of_variant(self.reads, member.variant)
        return tuple(year for year in self.plan.years if not self.reads or year in years_of(reads))

    def put(self, found: Sequence[Equilibrium], viewers: Viewers) -> list[Equilibrium]:
        """The equilibria with the disruptions to which each is put: those that figures need."""
        if not self.reads:
            return list(found)
        own = [self._needed(one, viewers) for one in found]
        places = {id(one): n for n, one in enumerate(found)}
        for n, one in enumerate(found):
            if one.reference is not None:
                own[places[id(one.reference)]] |= own[n]
        made: list[Equilibrium] = []
        for one, needs in zip(found, own, strict=True):  # those without policy come first
            before = one.reference and made[places[id(one.reference)]]
            made.append(replace(one, put=needs, reference=before))
        return made

    def _needed(self, one: Equilibrium, viewers: Viewers) -> Bools:
        reads = of_variant(self.reads, one.labels["variant"])
        year = one.labels.get("path_year", 0)
        return needed(viewers, [read for read in reads if read.year == year])


def static_pre_shock(content: VariantContent, place: Place) -> Found:
    """Solve one variant at all its steps.

    Returns
    -------
    dict
        ``plain``, the pre-shock equilibrium after the last step, ``facts`` for the manifest, and
        what others must know: :func:`cge.studies.static.for_others`.
    """
    cases = solve_steps(content, place)
    law = knowledge_law(content.benchmark, PathChoice(), "central")
    knowledge = Knowledge.of_benchmark(law, content.benchmark)
    last = cases[-1]
    found = _found(last, last.scenario, content.asked, knowledge, place)
    asked = any(one.measures and one.any_of(*PARTS) for one in content.asked.wanted)
    if asked and (last.shocks or last.endogenous):
        rows = Rows()
        with suppress(NoEquilibrium):
            add_decomposition(rows, last)
        found["plain"]["rows"] = joined([found["plain"]["rows"], rows.frame()])
    return {**found, **for_others(content, cases)}


@dataclass(frozen=True)
class PathPreShocks:
    """Content of a task: some years of a path, and what is asked of them.

    Parameters
    ----------
    path : PathContent
    years : tuple of int
    standing : bool
        Whether it is balanced growth, where every year is the benchmark.
    asked : Asked
    """

    path: PathContent
    years: tuple[int, ...]
    standing: bool
    asked: Asked


def path_pre_shocks(task: PathPreShocks, place: Place) -> list[Found]:
    """Pre-shock equilibria in some years of a path: ``plain``, and ``facts`` for the manifest."""
    if task.standing:
        return [_balanced_growth(task, place)] * len(task.years)
    case = solved_path(task.path, place)
    pairs, found = list(case.pairs()), []
    for number in task.years:
        year, base = pairs[number - 1]
        known = _knowledge(case.laws, year)
        found.append(_found(year, case.scenario, task.asked, known, place, base))
    return found


def _balanced_growth(task: PathPreShocks, place: Place) -> Found:
    laws, scenario = laws_in(task.path, place), task.path.scenario
    closure = path_closure(scenario, laws.model.benchmark)
    levels = laws.ground(laws.recursion.start())
    solution = laws.model.solve(levels, closure, task.path.solver)
    knowledge = Knowledge.of_benchmark(laws.recursion.law, laws.model.benchmark)
    plain = plain_pre_shock(solution, task.asked, knowledge, place)
    return {"plain": plain, "facts": solution_facts([solution], scenario)}


def _found(
    solved: SolvedCase, scenario: Scenario, asked: Asked, knowledge: Knowledge,
    place: Place, base: PathYear | None = None,
) -> Found:  # fmt: skip
    """The equilibrium of a case or a year, all its rates given, and facts about it."""
    given = with_all_rates_given(solved.solution, solved.endogenous)
    label = f"year {solved.year} " if isinstance(solved, PathYear) else ""
    then = None if base is None else base.solution
    return {
        "plain": plain_pre_shock(given, asked, knowledge, place, then, label),
        "facts": solution_facts([solved.solution], scenario, solved),
    }


def _knowledge(laws: PathLaws, year: PathYear) -> Knowledge:
    """Knowledge in a year of a path, as it has moved."""
    law, state = laws.recursion.law, year.state
    if law is None or state.knowledge is None or year.business is None:
        return Knowledge(productivity=year.productivity)
    ground = Ground(year.solution.levels, year.business, dict(year.productivity), year.of_sizes)
    seen = laws.recursion.next(state, ground, year.solution, year.policy).seen
    forgetting = Forgetting(law, laws.model.benchmark.regions, state.knowledge,
                            year.business, seen, year.policy)  # fmt: skip
    return Knowledge(relative_knowledge(law, state.knowledge), forgetting, year.productivity)
