"""Running a scenario: calibrate, compile, solve, under each elasticity set."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from cge.core.errors import InputError, NoEquilibrium
from cge.core.files import is_file
from cge.data.accounts.benchmark import Benchmark
from cge.data.store import is_benchmark_folder, load_any
from cge.experiments.family import Report, SolvedMember, solve_members
from cge.policy.case import FoundRate, with_rates_given
from cge.policy.closures import closure_of
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.scenario.timing import TIMING
from cge.scenario.variants import Member, members
from cge.solve.decompose import Decomposition, decompose
from cge.solve.homotopy import Shock
from cge.solve.model import SOLVERS, Model, Solver
from cge.solve.solution import Solution

__all__ = [
    "Case",
    "Report",
    "ScenarioRun",
    "SolvedMember",
    "closure_of",
    "run_scenario",
    "solve_members",
]


@dataclass(frozen=True)
class Case:
    """One solution of a scenario.

    Parameters
    ----------
    elasticities : str
        Name of the set.
    solution : Solution
    seconds : dict of str to float
        Wall time of calibrate, compile, solve.
    scenario : Scenario
        The member of the family that was solved.
    variant : str
        Its name within the family, empty if there is one scenario only.
    step : float
        Part of the whole shock.
    shocks : tuple of Shock
        What each measure, each response and the balances did to given columns.
    found : tuple of FoundRate
        Rates that the model found.
    """

    elasticities: str
    solution: Solution
    seconds: dict[str, float]
    scenario: Scenario
    variant: str = ""
    step: float = 1.0
    shocks: tuple[Shock, ...] = ()
    found: tuple[FoundRate, ...] = ()

    @cached_property
    def decomposition(self) -> Decomposition:
        """Its equivalent variation taken apart, integrated when first asked for.

        A rate that was found is taken as given: its effect is the measure's.
        """
        solution = with_rates_given(self.solution, self.found)
        return decompose(solution, (*self.shocks, *(rate.shock for rate in self.found)))

    @property
    def title(self) -> str:
        """What tells this case from the others of its run, in words."""
        parts = [f"Elasticities: {self.elasticities}"]
        if self.variant:
            parts.append(f"variant: {self.variant}")
        if self.step != 1.0:
            parts.append(f"{100 * self.step:g} % of the shock")
        return "; ".join(parts)


@dataclass(frozen=True)
class ScenarioRun:
    """A scenario with its solutions.

    Parameters
    ----------
    scenario : Scenario
    cases : tuple of Case
    decompose : bool
        Whether its reports take welfare apart.
    """

    scenario: Scenario
    cases: tuple[Case, ...]
    decompose: bool = True

    @property
    def benchmark(self) -> Benchmark:
        """The accounts all cases share."""
        return self.cases[0].solution.model.benchmark


def run_scenario(
    scenario: Scenario | str | Path,
    *,
    solver: Solver = "newton",
    cache_folder: Path | None = None,
    folder: Path | None = None,
    report: Report | None = None,
) -> ScenarioRun:
    """Solve a scenario under each of its elasticity sets.

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
    report : callable, optional
        Told what is being done.

    Returns
    -------
    ScenarioRun

    Raises
    ------
    InputError
        When the scenario or its data are wrong.
    NoEquilibrium
        When a case has no solution that passes.
    """
    if solver not in SOLVERS:  # before anything of length is done
        raise InputError("unknown solver", key="solver", value=solver, allowed=SOLVERS)
    if not isinstance(scenario, Scenario):
        path = find_scenario(scenario)
        try:
            return run_scenario(
                load_scenario(path), solver=solver, cache_folder=cache_folder,
                folder=folder or path.parent, report=report,
            )  # fmt: skip
        except InputError as error:
            raise error.located(path) from None
    scenario = completed(scenario, folder)
    family = members(scenario)
    check_static(family)
    tell = report or (lambda _what, _part: None)
    cases: list[Case] = []
    for name in scenario.chosen_elasticities:
        seconds = {"calibrate": 0.0, "compile": 0.0}
        began = time.perf_counter()
        tell(f"{name}: calibrating", 0.0)
        first = cases[0].solution.model.benchmark if cases else None
        benchmark = benchmark_of(scenario, name, first, folder)
        seconds["calibrate"] = time.perf_counter() - began
        built: dict[str, Model] = {}

        def model_of(
            speed: str, name: str = name, benchmark: Benchmark = benchmark,
            built: dict[str, Model] = built, seconds: dict[str, float] = seconds,
        ) -> Model:  # fmt: skip
            if speed not in built:
                began = time.perf_counter()
                tell(f"{name}: compiling", 0.0)
                built[speed] = Model.build(benchmark, speed, cache_folder)
                seconds["compile"] += time.perf_counter() - began
            return built[speed]

        label = Path(name).stem.encode(errors="backslashreplace").decode()
        try:
            solved = solve_members(
                scenario, model_of, folder, solver=solver, report=partial(_prefixed, tell, name),
                family=family,
            )  # fmt: skip
        except NoEquilibrium as error:
            raise NoEquilibrium(
                f"scenario '{scenario.name}', elasticities '{name}'{error}"
            ) from None
        for number, one in enumerate(solved):
            spent = {**(seconds if not number else dict.fromkeys(seconds, 0.0)),
                     "solve": one.seconds}  # fmt: skip
            cases.append(Case(
                label, one.solved.solution, spent, one.member.scenario, one.member.variant,
                one.step, one.solved.shocks, one.solved.found,
            ))  # fmt: skip
    return ScenarioRun(scenario, tuple(cases))


def check_static(family: Sequence[Member]) -> None:
    """Raise InputError where a scenario says what only a path of years can do."""
    for member in family:
        for part in ("policy", "knowledge"):
            for number, measure in enumerate(getattr(member.scenario, part)):
                timed = [key for key in TIMING if key in measure.model_fields_set]
                if timed or part == "knowledge":
                    key = f"{part}.{number}" + (f".{timed[0]}" if timed else "")
                    raise member.told(InputError(
                        "needs years, which comparative statics do not have", key=key,
                        value=getattr(measure, timed[0]) if timed else measure.instrument,
                        allowed="the command 'cge path', which solves year by year",
                    ))  # fmt: skip


def _prefixed(tell: Report, name: str, what: str, part: float) -> None:
    tell(f"{name}: {what}", part)


def benchmark_of(
    scenario: Scenario, elasticities: str, first: Benchmark | None, folder: Path | None
) -> Benchmark:
    """Return the benchmark with one elasticity set; the accounts are those of the first."""
    choice = scenario.benchmark
    try:
        benchmark = load_any(
            _beside_folder(choice.table, folder), choice.year, beside(choice.aggregation, folder),
            beside(choice.tariffs, folder), beside(elasticities, folder),
        )  # fmt: skip
    except InputError as error:
        if error.file is None and error.key in type(choice).model_fields:
            raise error.moved(f"benchmark.{error.key}") from None
        raise
    if first is not None:
        return replace(first, elasticities=benchmark.elasticities, origin=benchmark.origin)
    return benchmark


def _beside_folder(name: str, folder: Path | None) -> str:
    """Return the path of a benchmark folder that stands where the scenario does."""
    beside = None if folder is None else folder / name
    return str(beside) if beside is not None and is_benchmark_folder(beside) else name


def beside(name: str, folder: Path | None) -> str:
    """Return the path of a file that stands where the scenario does, else the name as it is.

    A bare word stays one, for the names of what ships come before files.
    """
    if folder is None or not Path(name).suffix or not is_file(folder / name):
        return name
    return str(folder / name)
