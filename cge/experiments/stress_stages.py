"""The equilibria from which disruptions set out: with a policy in place, and without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError, NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.knowledge import KnowledgeLaw
from cge.dynamics.recursion import Ground
from cge.experiments.path import YearReport, run_path
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
from cge.experiments.stress_settings import StressSettings, settings_of
from cge.experiments.stress_stage import (
    NO_POLICY,
    StressStage,
    at_start,
    does_something,
    name_of_world,
    several_worlds,
    with_all_rates_given,
    without_policy,
    world_of,
)
from cge.policy.case import FoundRate, solve_case
from cge.resilience.forgetting import Forgetting, relative_knowledge
from cge.resilience.preshock import Stage, stage_of
from cge.scenario.path_options import PathChoice
from cge.scenario.schema import Scenario
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution

Array = NDArray[np.float64]

__all__ = ["NO_POLICY", "Stages", "StressStage"]


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
        wanted = [case for case in cases if does_something(case.scenario)]
        several = several_worlds(cases)
        for case in cases:
            self._static_reference(case, several)
        return [*self._made.values(), *(self._static(case, several) for case in wanted)]

    def _static(self, case: Case, several: bool) -> StressStage:
        settings = self._settings(case.scenario, case.solution.model.benchmark)
        solution = with_all_rates_given(case.solution, case.found)
        stage = self._stage(solution, settings, None, f"{case.elasticities} {case.variant}")
        return StressStage(
            case.elasticities, case.variant, "", 0, case.scenario, settings, solution, stage,
            case.found, None, self._static_forgetting(stage.model),
            reference=self._static_reference(case, several),
        )  # fmt: skip

    def _static_reference(self, case: Case, several: bool) -> StressStage:
        plain = without_policy(case.scenario)
        key = (case.elasticities, world_of(plain))
        if key not in self._made:
            model = case.solution.model
            settings = self._settings(plain, model.benchmark)
            if does_something(case.scenario):
                solved = solve_case(
                    model, plain, self.folder, share=case.step, solver=self.solver
                ).solution
            else:
                solved = case.solution
            stage = self._stage(solved, settings, None, f"{case.elasticities}, {NO_POLICY}")
            self._made[key] = StressStage(
                case.elasticities, name_of_world(case.variant, several), "", 0, plain, settings,
                solved, stage, forgetting=self._static_forgetting(stage.model),
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
        return None if law is None else at_start(law, b)

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
        several = several_worlds(run.cases)
        for case in run.cases:
            for year in years:
                self._path_reference(case, year, several)
        doing = [case for case in run.cases if does_something(case.scenario)]
        return [
            *self._made.values(),
            *(self._path(case, year, several) for case in doing for year in years),
        ]

    def _path(self, case: PathCase, number: int, several: bool) -> StressStage:
        year = case.years[number - 1]
        solution = with_all_rates_given(year.solution, year.found)
        stage = self._of_year(
            case, case.scenario, year, solution, case.variant, year.found,
            self._path_reference(case, number, several),
        )  # fmt: skip
        return replace(stage, path=case)

    def _path_reference(self, case: PathCase, number: int, several: bool) -> StressStage:
        plain = without_policy(case.scenario)
        closure = plain.closure.model_copy(update={"balance": "given", "swaps": []})
        plain = plain.model_copy(update={"closure": closure})
        key = (case.elasticities, case.returns, number, world_of(plain))
        if key not in self._made:
            name = name_of_world(case.variant, several)
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
                forgetting = None if law is None else at_start(law, b)
                stage = StressStage(
                    case.elasticities, name, case.returns, number, plain, settings, solution,
                    self._stage(solution, settings, None, f"{case.elasticities}, {NO_POLICY}"),
                    forgetting=forgetting,
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
        label = f"{case.elasticities} {variant}, year {year.year}"
        stage = self._stage(solution, settings, knowledge, label)
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
        self, solution: Solution, settings: StressSettings, knowledge: Array | None, label: str
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
            raise NoEquilibrium(f"{label} can not be tested: {error}") from None
