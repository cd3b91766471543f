"""The equilibria from which disruptions set out: with a policy in place, and without any."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.calibration.benchmark import Benchmark
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, Seen
from cge.dynamics.recursion import CAPITAL, Ground
from cge.errors import InputError, NoEquilibrium
from cge.experiments.case import FoundRate, solve_case, with_rates_given
from cge.experiments.path import YearReport, run_path
from cge.experiments.path_choice import PathChoice
from cge.experiments.path_run import PathCase, PathYear
from cge.experiments.path_setup import (
    PathSetup,
    choice_of,
    knowledge_of,
    parameters_of,
    path_closure,
    setup,
)
from cge.experiments.run import Case, run_scenario
from cge.experiments.scenario import Scenario
from cge.experiments.stress_settings import StressSettings, settings_of
from cge.resilience.forgetting import Forgetting, relative_knowledge
from cge.resilience.stage import Stage, stage_of
from cge.solve.closure import Closure
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution

Array = NDArray[np.float64]

#: Variant under which the world without the policy is reported; no variant can be called so.
NO_POLICY = "no policy"
#: What a scenario does, as against how the world is.
_DOING: dict[str, Any] = {
    "policy": [], "knowledge": [], "responses": [], "financing": [], "equal": None,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class StressStage:
    """A stage and what it is of.

    Parameters
    ----------
    elasticities, variant : str
    returns : str
        Level of returns to research on a path, else empty.
    year : int
        Of a path, else 0.
    scenario : Scenario
        The member that was solved.
    settings : StressSettings
    solution : Solution
        Of stage 1, rates that were found given.
    stage : Stage
    found : tuple of FoundRate
        Rates that were found in stage 1.
    knowledge : ndarray (r, j), optional
        Relative to the baseline, what premiums rest on; None in comparative statics.
    forgetting : Forgetting, optional
        None where there are no figures on knowledge.
    productivity : mapping of str to ndarray (r, j)
        Log deviations by source of knowledge; empty in comparative statics.
    reference : StressStage, optional
        The same without policy; None for that itself.
    path : PathCase, optional
        Of which it is a year.
    """

    elasticities: str
    variant: str
    returns: str
    year: int
    scenario: Scenario
    settings: StressSettings
    solution: Solution
    stage: Stage
    found: tuple[FoundRate, ...] = ()
    knowledge: Array | None = None
    forgetting: Forgetting | None = None
    productivity: Mapping[str, Array] = field(default_factory=dict)
    reference: StressStage | None = None
    path: PathCase | None = None

    @property
    def label(self) -> str:
        """What tells this stage from the others of its run, in words."""
        parts = [self.elasticities, self.variant]
        if self.year:
            parts += [f"{self.returns} returns", f"year {self.year}"]
        return ", ".join(part for part in parts if part)

    @property
    def long_run(self) -> tuple[Closure, Array] | None:
        """Closure and levels of a long run, None where stage 1 is none."""
        solution = self.solution
        if solution.model.speed != "long" or CAPITAL in solution.closure.specific_factors:
            return None
        return solution.closure, solution.levels

    @cached_property
    def digest(self) -> str:
        """A name for all that a disruption from here depends on, but itself."""
        digest = hashlib.sha256(self.stage.model.benchmark.fingerprint.encode())
        digest.update(repr(self.stage.closure).encode())
        digest.update(repr(sorted(self.stage.premium.items())).encode())
        digest.update(np.ascontiguousarray(self.stage.levels).tobytes())
        return digest.hexdigest()


class Stages:
    """Makes the stages of a scenario.

    Parameters
    ----------
    cache_folder, folder : path, optional
        As for :func:`cge.experiments.run.run_scenario`.
    solver : {"newton", "ipopt"}
    """

    def __init__(self, cache_folder: Path | None, folder: Path | None, solver: Solver) -> None:
        self.cache_folder, self.folder, self.solver = cache_folder, folder, solver
        self._short: dict[tuple[str, tuple[str, ...]], Model] = {}
        self._made: dict[tuple, StressStage] = {}
        self._laws: dict[str, KnowledgeLaw | None] = {}
        self._setups: dict[tuple[str, str, str], PathSetup] = {}

    # -- comparative statics ----------------------------------------------------------------

    def static(self, scenario: Scenario, report: YearReport) -> list[StressStage]:
        """Return the stages of a comparative-static scenario, at the last of its steps.

        Those without policy come first.
        """
        run = run_scenario(
            scenario, solver=self.solver, cache_folder=self.cache_folder, folder=self.folder,
            report=lambda what, _part: report(what, 0, 0),
        )  # fmt: skip
        last = (scenario.steps or [1.0])[-1]
        cases = [case for case in run.cases if case.step == last]
        wanted = [case for case in cases if _does_something(case.scenario)]
        several = _several(cases)
        for case in cases:
            self._static_reference(case, several)
        return [*self._made.values(), *(self._static(case, several) for case in wanted)]

    def _static(self, case: Case, several: bool) -> StressStage:
        settings = self._settings(case.scenario, case.solution.model.benchmark)
        solution = with_rates_given(case.solution, case.found)
        stage = self._stage(solution, settings, None)
        return StressStage(
            case.elasticities, case.variant, "", 0, case.scenario, settings, solution, stage,
            case.found, None, self._static_forgetting(stage.model),
            reference=self._static_reference(case, several),
        )  # fmt: skip

    def _static_reference(self, case: Case, several: bool) -> StressStage:
        plain = without_policy(case.scenario)
        key = (case.elasticities, _world(plain))
        if key not in self._made:
            model = case.solution.model
            settings = self._settings(plain, model.benchmark)
            if _does_something(case.scenario):
                solved = solve_case(
                    model, plain, self.folder, share=case.step, solver=self.solver
                ).solution
            else:
                solved = case.solution
            stage = self._stage(solved, settings, None)
            self._made[key] = StressStage(
                case.elasticities, _named(case.variant, several), "", 0, plain, settings, solved,
                stage, forgetting=self._static_forgetting(stage.model),
            )  # fmt: skip
        return self._made[key]

    def _static_forgetting(self, short: Model) -> Forgetting | None:
        """Return what being cut off does from the stocks of the benchmark."""
        b = short.benchmark
        if b.fingerprint not in self._laws:
            dynamics, about_knowledge = parameters_of(PathChoice())
            data = knowledge_of(b, PathChoice(), about_knowledge, self.folder)
            self._laws[b.fingerprint] = None if data is None else KnowledgeLaw(
                data, "central", dynamics["knowledge_leak"], dynamics["diffusion_base"],
                dynamics["learning"],
            )  # fmt: skip
        law = self._laws[b.fingerprint]
        return None if law is None else _at_start(law, b)

    # -- paths ------------------------------------------------------------------------------

    def path(
        self, scenario: Scenario, years: Sequence[int], keep: Path | None, fresh: bool,
        report: YearReport,
    ) -> list[StressStage]:  # fmt: skip
        """Return the stages of some years of a path; those without policy come first."""
        run = run_path(
            scenario, solver=self.solver, cache_folder=self.cache_folder, folder=self.folder,
            keep=keep, fresh=fresh, report=report,
        )  # fmt: skip
        several = _several(run.cases)
        for case in run.cases:
            for year in years:
                self._path_reference(case, year, several)
        doing = [case for case in run.cases if _does_something(case.scenario)]
        return [
            *self._made.values(),
            *(self._path(case, year, several) for case in doing for year in years),
        ]

    def _path(self, case: PathCase, number: int, several: bool) -> StressStage:
        year = case.years[number - 1]
        solution = with_rates_given(year.solution, year.found)
        stage = self._of_year(
            case, case.scenario, year, solution, case.variant, year.found,
            self._path_reference(case, number, several),
        )  # fmt: skip
        return replace(stage, path=case)

    def _path_reference(self, case: PathCase, number: int, several: bool) -> StressStage:
        plain = without_policy(case.scenario)
        closure = plain.closure.model_copy(update={"balance": "given", "swaps": []})
        plain = plain.model_copy(update={"closure": closure})
        key = (case.elasticities, case.returns, number, _world(plain))
        if key not in self._made:
            name = _named(case.variant, several)
            if case.baseline is not None:
                year = case.baseline[number - 1]
                stage = self._of_year(case, plain, year, year.solution, name, (), None)
            else:
                # Balanced growth: every year is the benchmark.
                model = case.years[0].solution.model
                b = model.benchmark
                solution = model.solve(closure=path_closure(plain, b), solver=self.solver)
                settings = self._settings(plain, b)
                law = self._setup(case, model).recursion.law
                forgetting = None if law is None else _at_start(law, b)
                stage = StressStage(
                    case.elasticities, name, case.returns, number, plain, settings, solution,
                    self._stage(solution, settings, None), forgetting=forgetting,
                )  # fmt: skip
            self._made[key] = stage
        return self._made[key]

    def _of_year(
        self,
        case: PathCase,
        scenario: Scenario,
        year: PathYear,
        solution: Solution,
        variant: str,
        found: tuple[FoundRate, ...],
        reference: StressStage | None,
    ) -> StressStage:
        model = solution.model
        settings = self._settings(scenario, model.benchmark)
        made = self._setup(case, model)
        law, state = made.recursion.law, year.state
        knowledge, forgetting = None, None
        if law is not None and state.knowledge is not None and year.business is not None:
            knowledge = relative_knowledge(law, state.knowledge)
            ground = Ground(solution.levels, year.business, dict(year.productivity))
            seen = made.recursion.next(state, ground, solution, year.policy).seen
            forgetting = Forgetting(
                law, model.benchmark.regions, state.knowledge, year.business, seen, year.policy
            )
        stage = self._stage(solution, settings, knowledge)
        return StressStage(
            case.elasticities, variant, case.returns, year.year, scenario, settings, solution,
            stage, found, knowledge, forgetting, year.productivity, reference,
        )  # fmt: skip

    def _setup(self, case: PathCase, model: Model) -> PathSetup:
        """Return the laws of motion of a path."""
        choice = choice_of(case.scenario)
        key = (model.benchmark.fingerprint, case.returns, choice.model_dump_json())
        if key not in self._setups:
            self._setups[key] = setup(model, choice, case.returns, self.folder)
        return self._setups[key]

    # -- both -------------------------------------------------------------------------------

    def _settings(self, scenario: Scenario, benchmark: Benchmark) -> StressSettings:
        return settings_of(scenario, benchmark)

    def _stage(
        self, solution: Solution, settings: StressSettings, knowledge: Array | None
    ) -> Stage:
        b = solution.model.benchmark
        key = (b.fingerprint, settings.backstop)
        if key not in self._short:
            self._short[key] = Model.build(b, "short", self.cache_folder, settings.backstop)
        premium = settings.premiums(b, knowledge)
        try:
            return stage_of(solution, self._short[key], premium, settings.lending)
        except InputError as error:
            if error.key == "closure.specific_factors":
                raise error.moved("stress.lending") from None
            raise
        except NoEquilibrium as error:
            raise NoEquilibrium(f"stage 1 can not be tested: {error}") from None


def _at_start(law: KnowledgeLaw, b: Benchmark) -> Forgetting:
    """Return what being cut off does from the stocks of the benchmark, nothing having moved."""
    regions, sectors = len(b.regions), len(b.sectors)
    ones = np.ones((regions, sectors))
    seen = Seen(ones, np.ones(regions), np.ones((regions, sectors, regions)), ones)
    none = KnowledgePolicy.none(regions, sectors)
    return Forgetting(law, b.regions, law.start(), ones, seen, none)


def without_policy(scenario: Scenario) -> Scenario:
    """Return a member of a family without all that it does."""
    return scenario.model_copy(update=_DOING)


def _does_something(scenario: Scenario) -> bool:
    return any(getattr(scenario, part) for part in _DOING)


def _world(plain: Scenario) -> str:
    """Return what tells one world without policy from another within a run."""
    return plain.model_dump_json(include={"closure", "speed", "path", "stress"})


def _several(cases: Sequence[Case] | Sequence[PathCase]) -> bool:
    """Return whether variants differ in the world without policy."""
    return len({_world(without_policy(case.scenario)) for case in cases}) > 1


def _named(variant: str, several: bool) -> str:
    return f"{NO_POLICY} ({variant})" if several and variant else NO_POLICY
