"""Running a scenario: calibrate, compile, solve, under each elasticity set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cge.calibration.benchmark import Benchmark
from cge.calibration.files import is_file
from cge.calibration.store import is_benchmark_folder, load_any
from cge.errors import InputError, NoEquilibrium
from cge.experiments.policy import codes_of, policy_levels
from cge.experiments.scenario import ClosureChoice, Scenario, find_scenario, load_scenario
from cge.model.registry import VARIABLES
from cge.solve.closure import Closure, Swap, WageFloor
from cge.solve.model import SOLVERS, Model, Solver
from cge.solve.solution import Solution

#: Variables of which one cell can be the numeraire.
PRICES = tuple(name for name in VARIABLES if name.endswith(("price", "return")))

#: Called with what is being done and the part of it that is done.
Report = Callable[[str, float], None]


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
    """

    elasticities: str
    solution: Solution
    seconds: dict[str, float]


@dataclass(frozen=True)
class ScenarioRun:
    """A scenario with its solutions.

    Parameters
    ----------
    scenario : Scenario
    cases : tuple of Case
    """

    scenario: Scenario
    cases: tuple[Case, ...]

    @property
    def benchmark(self) -> Benchmark:
        """The accounts all cases share."""
        return self.cases[0].solution.model.benchmark


def closure_of(choice: ClosureChoice, benchmark: Benchmark) -> Closure:
    """Return the closure that a scenario's choice means on a benchmark.

    Raises
    ------
    InputError
        For unknown factors or regions, or a numeraire that is not a price.
    """
    specific = choice.specific_factors
    if specific is None:
        specific = (
            [f for f in benchmark.factors if f == "CAP"] if choice.kind == "short_run" else []
        )
        if choice.kind == "short_run" and not specific:
            raise InputError(
                "the benchmark has no factor CAP; name those that are fixed in their sector",
                key="closure.specific_factors", allowed=benchmark.factors,
            )  # fmt: skip
    specific = codes_of(specific, "factors", benchmark, "closure.specific_factors")
    floor = None
    if choice.wage_floor is not None:
        given = choice.wage_floor
        if given.factor not in benchmark.factors:
            raise InputError(
                "unknown factor", key="closure.wage_floor.factor", value=given.factor,
                allowed=benchmark.factors,
            )  # fmt: skip
        if given.factor in specific:
            raise InputError(
                "a factor fixed in its sector can not also have a wage floor",
                key="closure.wage_floor.factor", value=given.factor,
            )  # fmt: skip
        regions = codes_of(given.regions, "regions", benchmark, "closure.wage_floor.regions")
        floor = WageFloor(given.factor, tuple(regions), given.level, given.index)
    if choice.numeraire is not None and choice.numeraire.split("[")[0].strip() not in PRICES:
        raise InputError(
            "is not a price", key="closure.numeraire", value=choice.numeraire, allowed=PRICES
        )
    return Closure(
        name=choice.kind,
        specific_factors=tuple(specific),
        swaps=tuple(Swap(s.free, s.fix, s.at, s.relative) for s in choice.swaps),
        wage_floor=floor,
        numeraire=choice.numeraire,
    )


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
    tell = report or (lambda _what, _part: None)
    cases: list[Case] = []
    for name in scenario.chosen_elasticities:
        seconds = {}
        began = time.perf_counter()
        tell(f"{name}: calibrating", 0.0)
        benchmark = _benchmark(scenario, name, cases, folder)
        seconds["calibrate"] = time.perf_counter() - began
        began = time.perf_counter()
        tell(f"{name}: compiling", 0.0)
        model = Model.build(benchmark, scenario.chosen_speed, cache_folder)
        seconds["compile"] = time.perf_counter() - began
        began = time.perf_counter()
        levels = policy_levels(model, scenario, folder)
        closure = closure_of(scenario.closure, benchmark)
        tell(f"{name}: solving", 0.0)
        try:
            solution = model.solve(
                levels, closure, solver, progress=partial(tell, f"{name}: solving")
            )
        except NoEquilibrium as error:
            raise NoEquilibrium(
                f"scenario '{scenario.name}', elasticities '{name}': {error}"
            ) from None
        seconds["solve"] = time.perf_counter() - began
        label = Path(name).stem.encode(errors="backslashreplace").decode()
        cases.append(Case(label, solution, seconds))
    return ScenarioRun(scenario, tuple(cases))


def _benchmark(
    scenario: Scenario, elasticities: str, done: list[Case], folder: Path | None
) -> Benchmark:
    """Return the benchmark with one elasticity set; the accounts are made once."""
    choice = scenario.benchmark
    try:
        benchmark = load_any(
            _beside_folder(choice.table, folder), choice.year, _beside(choice.aggregation, folder),
            _beside(choice.tariffs, folder), _beside(elasticities, folder),
        )  # fmt: skip
    except InputError as error:
        if error.file is None and error.key in type(choice).model_fields:
            raise error.moved(f"benchmark.{error.key}") from None
        raise
    if done:
        return replace(
            done[0].solution.model.benchmark,
            elasticities=benchmark.elasticities, origin=benchmark.origin,
        )  # fmt: skip
    return benchmark


def _beside_folder(name: str, folder: Path | None) -> str:
    """Return the path of a benchmark folder that stands where the scenario does."""
    beside = None if folder is None else folder / name
    return str(beside) if beside is not None and is_benchmark_folder(beside) else name


def _beside(name: str, folder: Path | None) -> str:
    """Return the path of a file that stands where the scenario does, else the name as it is.

    A bare word stays one, for the names of what ships come before files.
    """
    if folder is None or not Path(name).suffix or not is_file(folder / name):
        return name
    return str(folder / name)
