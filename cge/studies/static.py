"""Comparative statics: the benchmark against equilibria under a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from cge.core.errors import InputError, NoEquilibrium, check_known, prefixed
from cge.core.typed import checked
from cge.indicators.gtap.huff import has_parts
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.policy.adjustment import is_gradual
from cge.policy.benchmarks import calendar_year
from cge.policy.case import SolvedCase, may_move, solve_case
from cge.policy.closures import closure_of
from cge.policy.targets import outlay
from cge.policy.variant_content import VariantContent
from cge.policy.variant_tasks import VariantTasks, refuse_idle
from cge.results.collect import Wanted, add_solution
from cge.results.manifest import solution_facts
from cge.results.policy_rows import PARTS, add_budget, add_decomposition, decomposition_of
from cge.results.reads import measures_of
from cge.results.row_schema import Rows
from cge.scenario.knowledge_actions import KnowledgeMeasure
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member, ScenarioSet
from cge.solve.decompose import Decomposition
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution
from cge.solve.uniqueness import another_equilibrium, difference
from cge.studies.drawable import Drawable
from cge.studies.scenario_parameters import short_run_drawn
from cge.studies.study import Work, labels_of, opened, option
from cge.tasks.runner import Place, Runner, Serial, Task
from cge.uncertainty.selection import ELASTICITIES, SHORT_RUN, Family

RESULTS_HINGE = "Results hinge on the trade elasticities: compare the sets, not one number."


@dataclass(frozen=True)
class StaticFigures:
    """Figures of solutions that are asked for.

    Parameters
    ----------
    wanted : Wanted
    decompose : bool
        Whether welfare is taken apart.
    another : bool
        Whether another equilibrium is looked for, where there may be one.
    by_shock : bool
        Whether parts of welfare are also told by shock.
    """

    wanted: Wanted
    decompose: bool
    another: bool = True
    by_shock: bool = True


@dataclass(frozen=True)
class Static(Drawable):
    """Solve a scenario and write its results.

    Parameters
    ----------
    solver : {"newton", "ipopt"}
    decompose : bool
        Take welfare apart.
    value_chains : bool
        Add value-added trade, reliance and upstreamness.
    """

    kind: ClassVar[str] = "static"
    command: ClassVar[str] = "run"
    main_measures: ClassVar[tuple[str, ...]] = (
        "equivalent_variation", "equivalent_variation_value", "real_gdp", "terms_of_trade",
        "consumer_real_return[LAB]", "export_volume_change", "import_volume_change",
    )  # fmt: skip

    usual: ClassVar[tuple[str, ...]] = (ELASTICITIES,)

    decompose: bool = option(True, "Take welfare apart: terms of trade, efficiency, by shock.")
    value_chains: bool = option(False, "Add value-added trade, reliance and upstreamness.")

    def work(self) -> Work:
        tasks = self.tasks(solve_variant)
        solved = yield from tasks.solved()
        cases = []
        for one in solved:
            labels = labels_of(self.kind, self.question, one.member, one.elasticities)
            labels["calendar_year"] = calendar_year(self.benchmarks[one.elasticities])
            cases += [({**labels, "step": step}, rows, facts) for step, rows, facts in
                      one.found["cases"]]  # fmt: skip
        pages: list[Any] = [["regions", {}], ["decomposition", {"unit": "value"}]]
        if any(has_parts(b) for b in self.benchmarks.values()):
            pages.append(["huff", {"unit": "value"}])
        if any(len(set(rows["shock"]) - {""}) > 1 for _, rows, _ in cases):  # one is the whole
            pages.append(["shocks", {"unit": "value"}])
        return self.results(
            cases, next(iter(self.benchmarks.values())), [m.scenario for m in tasks.members],
            [*(f"Policy: {line}." for line in ScenarioSet(self.question).lines), RESULTS_HINGE],
            pages=pages, figure="regions",
        )  # fmt: skip

    def families(self, split: bool = False) -> dict[str, Family]:
        """Parameters: of elasticities, and of a short year where wages are slow."""
        found = super().families(split)
        (b,), members = self.benchmarks.values(), ScenarioSet(self.question).members
        if any(is_gradual(closure_of(one.scenario.closure, b)) for one in members):
            found[SHORT_RUN] = partial(short_run_drawn, self.question, False)
        return found

    def tasks(self, function: Callable[[Any, Place], Any]) -> StaticTasks:
        """Tasks of all variants, done by a function such as :func:`solve_variant`."""
        check_static(self.members)

        def figures(member: Member) -> StaticFigures:
            measures = measures_of(self.reads, member.variant, self.only)
            wanted = Wanted(groups=(VALUE_CHAINS,) if self.value_chains else (),
                            measures=measures if self.only or self.reads else None)  # fmt: skip
            # Of a draw nobody reads whether it has another equilibrium, and no figure that is read
            # is of one shock.
            return StaticFigures(wanted, self.decompose and wanted.any_of(*PARTS),
                                 another=not self.accounts, by_shock=not self.reads)  # fmt: skip

        return StaticTasks(
            self.question, self.members, self.benchmarks, self.solver, function, figures,
            tells=not self.accounts,
        )  # fmt: skip


@dataclass(eq=False)
class StaticTasks(VariantTasks):
    """Tasks of all variants of comparative statics under all elasticity sets.

    Parameters
    ----------
    function : callable
        Of a :class:`VariantContent` and a place.
    asked : callable
        What is asked of a variant.
    """

    function: Callable[[Any, Place], Any]
    asked: Callable[[Member], Any]

    def task(
        self, name: str, level: str, member: Member, equal: Sequence[float] | None = None
    ) -> Task:
        """Task of one variant under one set."""
        steps = member.scenario.steps or self.scenario.steps
        content = VariantContent.of(
            member, self.benchmarks[name], self.solver, equal, {"steps": steps},
            asked=self.asked(member), stand_ins=self.stand_ins(member),
        )  # fmt: skip
        label = self.label(name, level, member)
        return Task(label, self.function, content, len(steps or [1.0]), member.told)


def solve_variant(content: VariantContent, place: Place) -> dict[str, Any]:
    """Solve one variant at all its steps.

    Returns
    -------
    dict
        ``cases``, for each step its size, its rows (DataFrame) and facts for the manifest, and
        what others must know: :func:`for_others`.
    """
    figures: StaticFigures = content.asked
    cases, found = solve_steps(content, place), []
    for case in cases:
        rows, failure = Rows(), ""
        add_solution(rows, case.solution, wanted=figures.wanted)
        add_budget(rows, case, figures.wanted)
        if figures.decompose:
            try:
                add_decomposition(rows, case, figures.by_shock)
            except NoEquilibrium as error:
                failure = str(error)
        other = another_equilibrium(case.solution) if figures.another else None
        told = {"failure": failure, "another": difference(case.solution, other) if other else ""}
        found.append((case.step, rows.frame(), {**case.facts, **told}))
    return {"cases": found, **for_others(content, cases)}


@dataclass(frozen=True, eq=False)
class StaticCase(SolvedCase):
    """One solution of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The variant that was solved.
    step : float
        Share of the whole shock.
    elasticities : str
        Name of the set.
    variant : str
    """

    scenario: Scenario
    step: float
    elasticities: str = ""
    variant: str = ""

    @cached_property
    def decomposition(self) -> Decomposition:
        """Equivalent variation in parts, integrated when first asked for."""
        return decomposition_of(self)

    @property
    def facts(self) -> dict[str, Any]:
        """Facts for a manifest."""
        return solution_facts([self.solution], self.scenario, self)


@checked
def solve_scenario(
    scenario: Scenario | str | Path, *, solver: Solver = "newton"
) -> tuple[StaticCase, ...]:
    """Solve a scenario in this process.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of its file, or the name of a shipped one.
    solver : {"newton", "ipopt"}

    Returns
    -------
    tuple of StaticCase
        Elasticity sets in order, variants within them, steps within these.

    Raises
    ------
    InputError
        When the scenario or its data are wrong.
    NoEquilibrium
        When a case has no solution that passes.
    """
    study = Static(scenario, solver=solver)
    with opened(study, Runner(workers=1, cache=None)) as session:
        here = Serial(session.place)
        solved = here.drive(study.tasks(solutions).solved())
    return tuple(
        replace(case, elasticities=one.elasticities, variant=one.member.variant,
                scenario=one.member.scenario.model_copy(update={"equal": case.scenario.equal}))
        for one in solved for case in one.found["cases"]
    )  # fmt: skip


def solutions(content: VariantContent, place: Place) -> dict[str, Any]:
    """Solutions of one variant as they are, for this process: ``cases``, and for others."""
    cases = solve_steps(content, place)
    return {"cases": cases, **for_others(content, cases)}


def solve_steps(content: VariantContent, place: Place) -> list[StaticCase]:
    """Solve a variant at the steps of its scenario, each from the one before.

    Raises
    ------
    InputError
        When it does not fit the benchmark, or moves nothing.
    NoEquilibrium
        When it has no solution that passes.
    """
    stand_ins, horizon = content.stand_ins, content.scenario.chosen_horizon
    model = Model.shared(content.benchmark, horizon, stand_ins.sectors)
    ground = stand_ins.laid(model, model.arrays.start)
    member, before, cases = content.member, None, []
    for number, step in enumerate(content.scenario.steps or [1.0]):
        chosen = content.scenario
        if content.equal is not None:
            chosen = member.with_equal(content.equal[number] / step)
        if before is None:
            refuse_idle([member], {member.variant: may_move(model, chosen)}, own_alone=True)
        with prefixed(f"{100 * step:g} % of the shock: " if step != 1.0 else ""):
            solved = solve_case(model, chosen, share=step, solver=content.solver, start=before,
                                ground=ground)  # fmt: skip
        before = solved.solution
        cases.append(StaticCase(**vars(solved), scenario=chosen, step=step))
    return cases


def for_others(content: VariantContent, cases: Sequence[StaticCase]) -> dict[str, Any]:
    """Things that the other variants must know of one.

    Returns
    -------
    dict
        ``equal``, for each step the outlay or welfare effect that they share, and ``moved``,
        keys of what moved something.
    """
    return {
        "equal": [equal_value(content.member, case.solution) for case in cases],
        "moved": sorted({key for case in cases for key in case.moved}),
    }


def equal_value(member: Member, solution: Solution) -> float | None:
    """Outlay or welfare effect of the variant that sets what is equal."""
    equal = member.scenario.equal
    if equal is None:
        return None
    check_known([equal.region], solution.model.benchmark.regions, "unknown region",
                key="equal.region")  # fmt: skip
    if equal.what == "welfare":
        return solution.outcome(f"equivalent_variation[{equal.region}]")
    own = member.scenario.policy[member.shared.get("policy", 0) :]
    return outlay(solution, own, equal.region, "equal.outlay")


def check_static(members: Sequence[Member]) -> None:
    """Refuse what only a path of years can do.

    Raises
    ------
    InputError
        Naming the measure.
    """
    for member in members:
        equal = member.scenario.equal
        if equal is not None and equal.by_outlay:
            raise member.told(InputError(
                "needs years, which comparative statics do not have",
                key="equal.year" if equal.year else "equal.present_value",
                value=equal.year or equal.value, allowed="outlay, or welfare without a year",
            ))  # fmt: skip
        for key, measure in member.scenario.measures.items():
            timed = measure.timing
            if timed or isinstance(measure, KnowledgeMeasure):
                raise member.told(InputError(
                    "needs years, which comparative statics do not have",
                    key=f"{key}.{timed[0]}" if timed else key,
                    value=getattr(measure, timed[0] if timed else "instrument"),
                    allowed="the command 'cge path', which solves year by year",
                ))  # fmt: skip
