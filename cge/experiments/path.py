"""Running a path of years: every variant, elasticity set and level of returns to research."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from cge.core.content import content_dir
from cge.core.errors import InputError, NoEquilibrium
from cge.core.parameters import Level
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.recursion import Ground, State
from cge.experiments.digest import named_files, source_digest
from cge.experiments.path_run import KnowledgeOutlay, PathCase, PathRun, PathYear
from cge.experiments.path_setup import PathSetup, choice_of, path_closure, setup
from cge.experiments.path_store import SolvedYear, YearStore
from cge.experiments.path_year import Course, research_price, solve_year
from cge.experiments.run import benchmark_of, beside
from cge.policy.baseline import read_baseline
from cge.policy.knowledge_plan import KnowledgePlan
from cge.policy.levels import policy_levels
from cge.policy.targets import outlay
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.path_options import PathChoice
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.scenario.variants import Member, members, with_equal
from cge.solve.model import SOLVERS, Model, Solver

#: Called with what is done, and the number of years done and of all.
YearReport = Callable[[str, int, int], None]


def run_path(
    scenario: Scenario | str | Path,
    *,
    solver: Solver = "newton",
    cache_folder: Path | None = None,
    folder: Path | None = None,
    keep: Path | None = None,
    fresh: bool = False,
    report: YearReport | None = None,
) -> PathRun:
    """Solve a path under each of its elasticity sets and levels of returns to research.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of its file, or the name of a shipped one.
    solver : {"newton", "ipopt"}
    cache_folder : path, optional
        Folder of compiled models; None compiles afresh.
    folder : path, optional
        Where the files that a scenario names are looked for before the working folder;
        default the scenario file's folder.
    keep : path, optional
        Folder in which finished years are kept as they come; the same call goes on with
        them. It is the caller's to remove.
    fresh : bool
        Forget what `keep` holds.
    report : callable, optional
        Told what is being done and how many years of how many are done.

    Returns
    -------
    PathRun

    Raises
    ------
    InputError
        When the scenario or its data are wrong.
    NoEquilibrium
        When a year has no solution that passes; names it.
    """
    if solver not in SOLVERS:
        raise InputError("unknown solver", key="solver", value=solver, allowed=SOLVERS)
    if not isinstance(scenario, Scenario):
        path = find_scenario(scenario)
        try:
            return run_path(
                load_scenario(path), solver=solver, cache_folder=cache_folder,
                folder=folder or path.parent, keep=keep, fresh=fresh, report=report,
            )  # fmt: skip
        except InputError as error:
            raise error.located(path) from None
    began = time.perf_counter()
    scenario = completed(scenario, folder)
    family = members(scenario)
    choice = _check(scenario, family)
    if fresh and keep is not None:
        shutil.rmtree(keep, ignore_errors=True)
    sets = scenario.chosen_elasticities
    count = len(sets) * len(choice.returns) * len(family) * choice.years
    tally = _Tally(report or (lambda _what, _done, _all: None), count)
    cases: list[PathCase] = []
    # The sums of a product over threads depend on their number; in one thread they do not.
    with threadpool_limits(1):
        for name in sets:
            label = Path(name).stem.encode(errors="backslashreplace").decode()
            tally.tell(f"{label}: calibrating and compiling")
            first = cases[0].years[0].solution.model.benchmark if cases else None
            benchmark = benchmark_of(scenario, name, first, folder)
            model = Model.build(benchmark, "short", cache_folder)
            store = None if keep is None else keep / _digest(scenario, benchmark, solver, folder)
            for level in choice.returns:
                paths = _Paths(scenario, label, level, model, folder, solver, store, tally)
                cases += paths.solve(family)
    return PathRun(scenario, tuple(cases), tally.resumed, time.perf_counter() - began)


def _check(scenario: Scenario, family: tuple[Member, ...]) -> PathChoice:
    """Return the choice of path that the members share, or raise InputError."""
    choice = choice_of(family[0].scenario)
    if scenario.steps is not None:
        raise InputError("a path has years, not steps", key="steps", value=scenario.steps,
                         allowed="phase_in of a measure")  # fmt: skip
    for member in family:
        own = choice_of(member.scenario)
        for key in ("years", "returns"):
            if getattr(own, key) != getattr(choice, key):
                raise InputError(
                    "must be the same for all variants", key=f"path.{key}",
                    value=getattr(own, key),
                )  # fmt: skip
        equal = member.scenario.equal
        if equal is not None and equal.what == "welfare":
            raise member.told(InputError(
                "a path is compared at equal outlay", key="equal.welfare", value=equal.value,
                allowed="outlay",
            ))  # fmt: skip
        for part in ("policy", "knowledge"):
            for number, measure in enumerate(getattr(member.scenario, part)):
                if measure.start > choice.years:
                    raise member.told(InputError(
                        "starts after the last year of the path", key=f"{part}.{number}.start",
                        value=measure.start, allowed=f"1 to {choice.years}",
                    ))  # fmt: skip
        if _unsized_twice(member.scenario):
            raise member.told(InputError(
                "one outlay is to be reached, by measures of one kind", key="equal",
                allowed="one measure about knowledge, or policy of one instrument, without a size",
            ))  # fmt: skip
    return choice


def _unsized_twice(scenario: Scenario) -> bool:
    about_knowledge = sum(one.unsized for one in scenario.knowledge)
    return about_knowledge > 1 or (
        about_knowledge == 1 and any(one.unsized for one in scenario.policy)
    )


@dataclass
class _Tally:
    """Years done, for those who wait."""

    report: YearReport
    all: int
    done: int = 0
    resumed: int = 0
    what: str = field(default="", repr=False)

    def tell(self, what: str) -> None:
        self.what = what
        self.report(what, self.done, self.all)

    def add(self, kept: bool) -> None:
        self.done += 1
        self.resumed += kept
        self.report(self.what, self.done, self.all)


class _Paths:
    """All paths under one elasticity set and one level of returns."""

    def __init__(
        self,
        scenario: Scenario,
        elasticities: str,
        level: Level,
        model: Model,
        folder: Path | None,
        solver: Solver,
        store: Path | None,
        tally: _Tally,
    ) -> None:
        self.scenario, self.elasticities, self.level = scenario, elasticities, level
        self.model, self.folder, self.solver = model, folder, solver
        self.store, self.tally = store, tally
        self._setups: dict[str, PathSetup] = {}
        self._baselines: dict[str, tuple[PathYear, ...]] = {}

    def solve(self, family: tuple[Member, ...]) -> list[PathCase]:
        """Return a case for each member, in their order; those that set an outlay go first."""
        done: dict[str, PathCase] = {}
        number = {member.variant: n for n, member in enumerate(family)}
        for member in family:
            self._checked(member)  # before the first year of any takes its time

        def outlay_of(member: Member) -> str | None:
            equal = member.scenario.equal
            named = equal is not None and isinstance(equal.value, str)
            return str(equal.value) if named and equal is not None else None

        def one(member: Member) -> None:
            reference = outlay_of(member)
            values: Mapping[int, float] | None = None
            if reference is not None and reference != member.variant:
                other = next(m for m in family if m.variant == reference)
                if reference not in done:
                    one(other)
                values = self._outlays(other, done[reference])
            try:
                done[member.variant] = self._path(member, number[member.variant], values)
            except InputError as error:
                raise member.told(error) from None

        for member in family:
            if member.variant not in done:
                one(member)
        return [done[member.variant] for member in family]

    def _setup(self, scenario: Scenario) -> PathSetup:
        choice = choice_of(scenario)
        key = choice.model_dump_json(exclude={"years", "returns", "openness_response", "baseline"})
        if key not in self._setups:
            self._setups[key] = setup(self.model, choice, self.level, self.folder)
        return self._setups[key]

    def _course(self, scenario: Scenario) -> Course:
        made, choice = self._setup(scenario), choice_of(scenario)
        b = self.model.benchmark
        baseline = None
        if choice.baseline is not None:
            file = beside(choice.baseline, self.folder)
            baseline = read_baseline(file, b, choice.years)
        plan = KnowledgePlan(scenario.knowledge, b, made.recursion.law, scenario.equal)
        return Course(scenario, made, plan, baseline, self.folder, self.solver)

    def _checked(self, member: Member) -> None:
        """Raise what is wrong with a member that can be known before it is solved."""
        try:
            scenario = member.scenario
            if scenario.equal is not None and isinstance(scenario.equal.value, str):
                scenario = with_equal(member, 0.0)
            course = self._course(scenario)
            path_closure(scenario, self.model.benchmark)
            years = range(1, choice_of(scenario).years + 1)
            for phases in dict.fromkeys(course.phases(year) for year in years):
                policy_levels(self.model, scenario, self.folder, phases=phases)
        except InputError as error:
            raise member.told(error) from None

    def _path(self, member: Member, number: int, equal: Mapping[int, float] | None) -> PathCase:
        course = self._course(member.scenario if equal is None else with_equal(member, 0.0))
        what = ", ".join(
            part for part in (self.elasticities, member.variant, self._returns()) if part
        )
        base = self._baseline(member, course, what)
        years = self._years(course, f"{self.level}-{number:03d}", what, member, equal)
        return PathCase(
            self.elasticities, member.variant, self.level, member.scenario, years, base,
            course.made.parameters, course.made.knowledge,
        )  # fmt: skip

    def _returns(self) -> str:
        several = len(choice_of(self.scenario).returns) > 1 or self.level != "central"
        return f"{self.level} returns" if several else ""

    def _baseline(self, member: Member, course: Course, what: str) -> tuple[PathYear, ...] | None:
        """Return the path without policy, None where that is balanced growth."""
        if course.baseline is None:
            return None
        closure = member.scenario.closure.model_copy(update={"balance": "given", "swaps": []})
        scenario = member.scenario.model_copy(update={
            "policy": [], "knowledge": [], "responses": [], "financing": [], "equal": None,
            "closure": closure,
        })  # fmt: skip
        key = scenario.model_dump_json(include={"path", "closure"})
        if key not in self._baselines:
            name = f"{self.level}-baseline-{len(self._baselines):03d}"
            self.tally.all += choice_of(scenario).years
            self._baselines[key] = self._years(
                self._course(scenario), name, f"{what}, baseline", member, None
            )
        return self._baselines[key]

    def _years(
        self,
        course: Course,
        name: str,
        what: str,
        member: Member,
        equal: Mapping[int, float] | None,
    ) -> tuple[PathYear, ...]:
        recursion = course.made.recursion
        store = YearStore(self.store, name)
        before: SolvedYear | None = None
        state, done = recursion.start(), []
        for year in range(1, choice_of(course.scenario).years + 1):
            self.tally.tell(f"{what}: year {year}")
            if equal is not None:
                course = self._with_outlay(course, member, equal[year])
            kept = store.load(year, self.model)
            if kept is not None:
                found = kept
            else:
                try:
                    found = solve_year(course, year, state, before)
                except NoEquilibrium as error:
                    raise NoEquilibrium(
                        f"scenario '{self.scenario.name}', {what}, year {year}: {error}"
                    ) from None
                store.save(year, found)
            state = replace(state, weights=found.weights)
            ground = recursion.ground(state, found.policy)
            done.append(_told(course, year, state, found, ground))
            state = recursion.next(state, ground, found.solution, found.policy)
            before = found
            self.tally.add(kept is not None)
        return tuple(done)

    def _with_outlay(self, course: Course, member: Member, value: float) -> Course:
        """Return the same path with the outlay that is equal in a year."""
        scenario = with_equal(member, value)
        plan = KnowledgePlan(
            scenario.knowledge, self.model.benchmark, course.made.recursion.law, scenario.equal
        )
        return replace(course, scenario=scenario, plan=plan)

    def _outlays(self, member: Member, case: PathCase) -> Mapping[int, float]:
        """Return what the variant's own measures cost every year, as a share of GDP."""
        equal = member.scenario.equal
        assert equal is not None
        regions = self.model.benchmark.regions
        if equal.region not in regions:
            raise InputError(
                "unknown region", key="equal.region", value=equal.region, allowed=regions
            )
        region = regions.index(equal.region)
        policy = member.scenario.policy[member.own_policy :]
        own = member.scenario.knowledge[member.own_knowledge :]
        subsidies = any(INSTRUMENTS[m.instrument].fiscal == "outlay" for m in policy)
        values = {}
        for year in case.years:
            solution = year.solution
            total = 0.0
            if subsidies or not own:
                key = f"equal.outlay, variant {member.variant}"
                total = outlay(solution, policy, equal.region, key)
            spent = sum(
                float(one.value[region]) for one in year.outlays
                if one.number >= member.own_knowledge
            )  # fmt: skip
            values[year.year] = total + spent / solution.outcome(f"gdp[{equal.region}]")
        return values


def _told(course: Course, year: int, state: State, found: SolvedYear, ground: Ground) -> PathYear:
    """Return a year as it stands in the results."""
    law, price = course.made.recursion.law, research_price(found.solution)
    costs: tuple[KnowledgeOutlay, ...] = ()
    if law is not None and ground.business is not None:
        business = ground.business
        costs = tuple(
            KnowledgeOutlay(part.number, part.label, part.outlay(law, business, price))
            for part in found.parts
        )
    return PathYear(
        year, state, found.solution, found.policy, ground.productivity, ground.business,
        found.shocks, found.found, found.seconds, costs,
    )  # fmt: skip


def _digest(scenario: Scenario, benchmark: Benchmark, solver: Solver, folder: Path | None) -> str:
    """Return a name for everything that the years under one set depend on."""
    digest = hashlib.sha256(source_digest().encode())
    content = scenario.model_dump(mode="json", by_alias=True)
    digest.update(json.dumps(content, sort_keys=True).encode())
    digest.update(benchmark.fingerprint.encode())
    digest.update(solver.encode())
    data = content_dir("calibration")
    parts = [*sorted((data / "dynamics").glob("*")), *sorted((data / "knowledge").glob("*"))]
    for path in [*parts, *named_files(content, folder)]:
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:24]
