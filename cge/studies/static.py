"""Comparative statics: the benchmark against equilibria under a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from cge.core.errors import InputError, NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.path.solved import PathYear
from cge.policy.benchmarks import benchmark_of, set_name
from cge.policy.case import EndogenousRate, SolvedCase, solve_case
from cge.policy.closures import closure_facts
from cge.policy.effects import may_move, refuse_idle
from cge.policy.replies import raising
from cge.policy.targets import outlay
from cge.results.collect import Wanted, add_solution
from cge.results.manifest import manifest
from cge.results.policy_rows import PARTS, add_budget, add_decomposition, decomposition_of
from cge.results.resultset import ResultSet
from cge.results.schema import Rows, joined, labelled
from cge.scenario.named_files import files_of
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.scenario.variants import Member, ScenarioSet
from cge.solve.decompose import Decomposition
from cge.solve.homotopy import Shock
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution
from cge.studies.drawable import Drawable
from cge.studies.study import Work, check_solver, option
from cge.tasks.runner import Place, Task

RESULTS_HINGE = "Results hinge on the trade elasticities: compare the sets, not one number."


@dataclass(frozen=True)
class Content:
    """All that the solutions of one variant under one elasticity set depend on.

    Parameters
    ----------
    scenario : Scenario
        Its name and titles are empty: they change nothing.
    benchmark : Benchmark
    solver : {"newton", "ipopt"}
    wanted : Wanted
        Figures to collect.
    decompose : bool
        Whether welfare is taken apart.
    shared : mapping of str to int
        Number of entries that all variants share, by list.
    equal : tuple of float, optional
        For each step the outlay or welfare effect that another variant has.
    files : tuple of path
    """

    scenario: Scenario
    benchmark: Benchmark
    solver: Solver
    wanted: Wanted
    decompose: bool
    shared: Mapping[str, int] = field(default_factory=dict)
    equal: tuple[float, ...] | None = None
    files: tuple[Path, ...] = ()


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

    solver: Solver = option("newton", "newton or ipopt.")
    decompose: bool = option(True, "Take welfare apart: terms of trade, efficiency, by shock.")
    value_chains: bool = option(False, "Add value-added trade, reliance and upstreamness.")

    def work(self) -> Work:
        check_solver(self.solver)
        scenario = self.question
        members = ScenarioSet(scenario).members
        check_static(members)
        groups = (VALUE_CHAINS,) if self.value_chains else ()
        wanted = Wanted(groups=groups, measures=self.only or None)
        made = SetOfTasks(
            scenario, members, self.benchmarks, self.solver, wanted, self.decompose
        )  # fmt: skip
        found = yield from made.done()
        if not self.accounts:  # a draw of parameters alone does not tell
            refuse_idle(members, moved_by(found))
        return static_results(self.spec, scenario, self.benchmarks, found)


class SetOfTasks:
    """Tasks of all variants under all elasticity sets.

    Parameters
    ----------
    scenario : Scenario
    members : sequence of Member
    benchmarks : mapping of str to Benchmark
        By elasticity set.
    solver : {"newton", "ipopt"}
    wanted : Wanted
    decompose : bool
    """

    def __init__(
        self, scenario: Scenario, members: Sequence[Member], benchmarks: Mapping[str, Benchmark],
        solver: Solver, wanted: Wanted, decompose: bool,
    ) -> None:  # fmt: skip
        self.scenario, self.members, self.benchmarks = scenario, tuple(members), benchmarks
        self.solver, self.wanted, self.decompose = solver, wanted, decompose

    def done(self) -> Any:
        """Yield the tasks; return (set, member, result) in the order of sets and variants."""
        references = {m.variant: m.reference for m in self.members}
        first = [m for m in self.members if references[m.variant] is None]
        pairs = [(name, m) for name in self.benchmarks for m in first]
        results = yield [self.task(name, m) for name, m in pairs]
        found = {(name, m.variant): r for (name, m), r in zip(pairs, results, strict=True)}
        pairs = [(n, m) for n in self.benchmarks for m in self.members if m not in first]
        if pairs:
            results = yield [
                self.task(n, m, [s["equal"] for s in found[n, str(references[m.variant])]])
                for n, m in pairs
            ]
            found.update({(n, m.variant): r for (n, m), r in zip(pairs, results, strict=True)})
        return [(n, m, found[n, m.variant]) for n in self.benchmarks for m in self.members]

    def task(self, name: str, member: Member, equal: Sequence[float] | None = None) -> Task:
        """Task of one variant under one set."""
        scenario = member.scenario.model_copy(update={
            "name": "x", "title": "", "description": "", "steps": self.scenario.steps,
            "elasticities": None, "stress": None,
        })  # fmt: skip
        content = Content(
            scenario, self.benchmarks[name], self.solver, self.wanted, self.decompose,
            member.shared, None if equal is None else tuple(equal),
            tuple(files_of(scenario)),
        )  # fmt: skip
        label = ", ".join(part for part in (name, member.variant) if part)
        steps = len(self.scenario.steps or [1.0])
        return Task(label, solve_variant, content, steps, member.told)


def solve_variant(asked: Content, place: Place) -> list[dict[str, Any]]:
    """Solve one variant at all its steps.

    Returns
    -------
    list of dict
        For each step ``step``, ``rows`` (DataFrame), ``facts`` for the manifest, ``moved``, keys
        of what moved something, and ``equal``, the outlay or welfare effect that other variants
        share.
    """
    model = Model.build(asked.benchmark, asked.scenario.chosen_horizon, place.models)
    member = Member("", asked.scenario, asked.shared)
    found = []
    for case in solve_steps(member, model, asked.solver, asked.equal):
        rows = Rows()
        add_solution(rows, case.solution, wanted=asked.wanted)
        add_budget(rows, case.solved, asked.wanted)
        failure = ""
        if asked.decompose and asked.wanted.any_of(*PARTS):
            try:
                add_decomposition(rows, case.solved)
            except NoEquilibrium as error:
                failure = str(error)
        found.append({
            "step": case.step, "rows": rows.frame(step=case.step),
            "facts": {**case_facts(case.solution, case.scenario, case.solved), "failure": failure},
            "moved": case.solved.moved, "equal": equal_value(member, case.solution),
        })  # fmt: skip
    return found


@dataclass(frozen=True, eq=False)
class Case:
    """One solution of a scenario.

    Parameters
    ----------
    elasticities : str
        Name of the set.
    scenario : Scenario
        The variant that was solved.
    variant : str
    step : float
        Share of the whole shock.
    solved : SolvedCase
    """

    elasticities: str
    scenario: Scenario
    variant: str
    step: float
    solved: SolvedCase

    @property
    def solution(self) -> Solution:
        """The equilibrium."""
        return self.solved.solution

    @property
    def shocks(self) -> tuple[Shock, ...]:
        """Changes of given columns by each measure, each response and the balances."""
        return self.solved.shocks

    @property
    def endogenous(self) -> tuple[EndogenousRate, ...]:
        """Rates that the model solved for."""
        return self.solved.endogenous

    @cached_property
    def decomposition(self) -> Decomposition:
        """Equivalent variation in parts, integrated when first asked for."""
        return decomposition_of(self.solved)


def solve_scenario(
    scenario: Scenario | str | Path, *, solver: Solver = "newton", cache_folder: Path | None = None
) -> tuple[Case, ...]:
    """Solve a scenario in this process.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of its file, or the name of a shipped one.
    solver : {"newton", "ipopt"}
    cache_folder : path, optional
        Folder of compiled models; None compiles afresh.

    Returns
    -------
    tuple of Case
        Elasticity sets in order, variants within them, steps within these.

    Raises
    ------
    InputError
        When the scenario or its data are wrong.
    NoEquilibrium
        When a case has no solution that passes.
    """
    check_solver(solver)
    if not isinstance(scenario, Scenario):
        path = find_scenario(scenario)
        try:
            return solve_scenario(load_scenario(path), solver=solver, cache_folder=cache_folder)
        except InputError as error:
            raise error.located(path) from None
    scenario = completed(scenario)
    members = ScenarioSet(scenario).members
    check_static(members)
    cases: list[Case] = []
    for name in scenario.chosen_elasticities:
        first = cases[0].solution.model.benchmark if cases else None
        benchmark = benchmark_of(scenario, name, first)
        done: dict[str, list[Case]] = {}
        built: dict[str, Model] = {}
        for member in sorted(members, key=lambda m: m.reference is not None):
            horizon = member.scenario.chosen_horizon
            model = built.get(horizon) or Model.build(benchmark, horizon, cache_folder)
            built[horizon] = model
            reference, equal = member.reference, None
            if reference is not None:
                other = next(m for m in members if m.variant == reference)
                equal = tuple(equal_value(other, c.solution) or 0.0 for c in done[reference])
            whole = replace(member, scenario=member.scenario.model_copy(
                update={"steps": scenario.steps}))  # fmt: skip
            done[member.variant] = [
                replace(case, elasticities=set_name(name))
                for case in solve_steps(whole, model, solver, equal)
            ]
        cases += [case for member in members for case in done[member.variant]]
    moved: dict[str, set[str]] = {member.variant: set() for member in members}
    for case in cases:
        moved[case.variant].update(case.solved.moved)
    refuse_idle(members, moved)
    return tuple(cases)


def solve_steps(
    member: Member, model: Model, solver: Solver, equal: Sequence[float] | None = None
) -> Iterator[Case]:
    """Solve a variant at the steps of its scenario, each from the one before.

    Raises
    ------
    InputError
        When it does not fit the benchmark.
    NoEquilibrium
        When it has no solution that passes.
    """
    before: Solution | None = None
    for number, step in enumerate(member.scenario.steps or [1.0]):
        chosen = member.scenario
        if equal is not None:
            chosen = member.with_equal(equal[number] / step)
        try:
            if before is None:
                moves = {member.variant: may_move(model, chosen)}
                refuse_idle([member], moves, own_alone=True)
            solved = solve_case(model, chosen, share=step, solver=solver, start=before)
        except InputError as error:
            raise member.told(error) from None
        except NoEquilibrium as error:
            told = f"variant '{member.variant}': " if member.variant else ""
            told += f"{100 * step:g} % of the shock: " if step != 1.0 else ""
            raise NoEquilibrium(f"{told}{error}") from None
        before = solved.solution
        yield Case("", chosen, member.variant, step, solved)


def equal_value(member: Member, solution: Solution) -> float | None:
    """Outlay or welfare effect of the variant that sets what is equal."""
    equal = member.scenario.equal
    if equal is None:
        return None
    regions = solution.model.benchmark.regions
    if equal.region not in regions:
        raise InputError("unknown region", key="equal.region", value=equal.region, allowed=regions)
    if equal.what == "welfare":
        return solution.outcome(f"equivalent_variation[{equal.region}]")
    own = member.scenario.policy[member.shared.get("policy", 0) :]
    return outlay(solution, own, equal.region, "equal.outlay")


def moved_by(
    found: Sequence[tuple[str, Member, Sequence[Mapping[str, Any]]]],
) -> dict[str, set[str]]:
    """Keys of what moved something under some set and step, by variant."""
    moved: dict[str, set[str]] = {}
    for _, member, steps in found:
        moved.setdefault(member.variant, set()).update(*(step["moved"] for step in steps))
    return moved


def case_facts(
    solution: Solution, scenario: Scenario, solved: SolvedCase | PathYear | None = None
) -> dict[str, Any]:
    """Facts of one solution for a manifest; without a case one of no policy."""
    d = solution.diagnostics
    rates, answers = ((), ()) if solved is None else (solved.endogenous, solved.replies)
    return {
        **closure_facts(solution, scenario),
        "benchmark_and_elasticities": solution.model.benchmark.fingerprint,
        "endogenous_rates": [rate.text for rate in rates],
        "response_rates": [answer.text for answer in raising(answers)],
        "solver": d.solver, "residual": d.residual, "walras": d.walras,
        "iterations": d.iterations, "homotopy_steps": d.steps,
        "unknowns": solution.resolved.system.size,
    }  # fmt: skip


def check_static(members: Sequence[Member]) -> None:
    """Refuse what only a path of years can do.

    Raises
    ------
    InputError
        Naming the measure.
    """
    for member in members:
        for part in ("policy", "knowledge"):
            for number, measure in enumerate(getattr(member.scenario, part)):
                timed = measure.timing
                if timed or part == "knowledge":
                    key = f"{part}.{number}" + (f".{timed[0]}" if timed else "")
                    raise member.told(InputError(
                        "needs years, which comparative statics do not have", key=key,
                        value=getattr(measure, timed[0]) if timed else measure.instrument,
                        allowed="the command 'cge path', which solves year by year",
                    ))  # fmt: skip


def static_results(
    spec: dict[str, Any], scenario: Scenario, benchmarks: Mapping[str, Benchmark],
    found: Sequence[tuple[str, Member, list[dict[str, Any]]]],
) -> ResultSet:  # fmt: skip
    """Put the solutions of a static study together."""
    frames, cases = [], []
    for name, member, steps in found:
        labels = labels_of("static", scenario, member, name)
        year = benchmarks[name].origin.get("year", "")
        calendar = int(year) if year.isdigit() else -1
        for step in steps:
            frames.append(labelled(step["rows"], calendar_year=calendar, **labels))
            cases.append({**labels, "step": step["step"], **step["facts"]})
    notes = [*(f"Policy: {line}." for line in ScenarioSet(scenario).lines), RESULTS_HINGE]
    files = [path for _, member, _ in found for path in files_of(member.scenario)]
    b = next(iter(benchmarks.values()))
    pages = [["regions", {}], ["decomposition", {"unit": "value"}], ["shocks", {"unit": "value"}]]
    return ResultSet(
        joined(frames), manifest(spec, b, cases, notes, files, pages=pages, figure="regions")
    )


def labels_of(study: str, scenario: Scenario, member: Member, elasticities: str) -> dict[str, str]:
    """Labels of the rows of one variant."""
    words = member.variant.replace("-", " ").replace("_", " ")
    title = member.scenario.title or words if member.variant else scenario.title or scenario.name
    return {
        "study": study, "scenario": scenario.name, "variant": member.variant, "title": title,
        "elasticities": elasticities,
    }  # fmt: skip
