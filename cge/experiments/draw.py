"""One draw of a sensitivity study: elasticities in, regional figures out.

What a worker runs. It depends on its task alone, so that results do not depend on which
worker does it, nor on what it did before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError, NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.data.store import open_benchmark
from cge.experiments.family import solve_members
from cge.experiments.parameters import Parameter, away_from_one, with_values
from cge.model.measures import MEASURES
from cge.model.welfare import COMPONENTS
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member, members
from cge.solve.decompose import decompose
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution

Array = NDArray[np.float64]

#: Label of the world's figures; a region of that code keeps it to itself.
WORLD = "World"


@dataclass(frozen=True)
class Figure:
    """A regional figure of a draw.

    Parameters
    ----------
    unit : str
    by_region : callable
        From a solution to the values of all regions, (s,).
    world : callable, optional
        From the benchmark and those values to the world's; None where it has no meaning.
    """

    unit: str
    by_region: Callable[[Solution], Array]
    world: Callable[[Benchmark, Array], float] | None = None


def _absorption_mean(b: Benchmark, values: Array) -> float:
    return float(values @ b.absorption / b.absorption.sum())


def _gdp_mean(b: Benchmark, values: Array) -> float:
    return float(values @ b.gdp / b.gdp.sum())


def _sum(_b: Benchmark, values: Array) -> float:
    return float(values.sum())


_WORLD: Mapping[str, Callable[[Benchmark, Array], float]] = {
    "equivalent_variation": _absorption_mean,
    "equivalent_variation_value": _sum,
    "real_gdp": _gdp_mean,
}


def _measure(name: str) -> Callable[[Solution], Array]:
    return lambda solution: solution.measure(name)


def _real_wage(solution: Solution) -> Array:
    """Return the change of labour's return over the price of household consumption."""
    b = solution.model.benchmark
    labour = "LAB" if "LAB" in b.factors else b.factors[0]
    frame = solution.frame("consumer_real_return")
    real = frame[frame["f"] == labour].set_index("s")["value"].reindex(list(b.regions))
    return 100 * (real.to_numpy() - 1)


def _part(group: str) -> Callable[[Solution], Array]:
    """Return the sum of a group's components of welfare in per cent of absorption."""
    wanted = [name for name, of in COMPONENTS.items() if of == group]

    def part(solution: Solution) -> Array:
        b = solution.model.benchmark
        totals = _parts(solution)[wanted].to_numpy().sum(axis=1)
        return 100 * totals / b.absorption

    return part


@lru_cache(maxsize=1)
def _parts(solution: Solution) -> Any:
    return decompose(solution).totals(solution.model.benchmark.regions)


#: Figures that can be asked for; the parts of welfare take a path integral each draw.
FIGURES: Mapping[str, Figure] = {
    **{m.name: Figure(m.unit, _measure(m.name), _WORLD.get(m.name)) for m in MEASURES},
    "real_wage": Figure("percent change", _real_wage),
    "trade_efficiency": Figure(
        "percent of benchmark absorption", _part("allocative"), _absorption_mean
    ),
    "terms_of_trade_part": Figure(
        "percent of benchmark absorption", _part("terms of trade"), _absorption_mean
    ),
}
#: Those that are reported unless others are asked for.
DEFAULT_MEASURES = (
    "equivalent_variation", "equivalent_variation_value", "real_gdp", "terms_of_trade",
    "real_wage", "export_volume_change", "import_volume_change",
)  # fmt: skip


@dataclass(frozen=True)
class Output:
    """What one number of a draw is.

    Parameters
    ----------
    scenario, closure : str
        The member of the family and its closure.
    step : float
        Part of the whole shock.
    region, measure, unit : str
    """

    scenario: str
    closure: str
    step: float
    region: str
    measure: str
    unit: str


@dataclass(frozen=True)
class Study:
    """What all draws under one elasticity set have in common, as plain text and numbers.

    Parameters
    ----------
    scenario : str
        The scenario as JSON.
    folder, directory : str
        Where the files that it names are looked for first, and then.
    elasticities : str
        The set, as the scenario names it.
    speed : str
    benchmark : str
        Folder of the benchmark with the central elasticities: what a worker reads is the
        same to the last bit, and quicker than calibrating anew.
    fingerprint : str
        Of that benchmark.
    parameters : tuple of Parameter
    measures : tuple of str
    solver : str
    cache_folder : str
        Folder of compiled models, where the one of this study is.
    """

    scenario: str
    folder: str | None
    directory: str
    elasticities: str
    speed: str
    benchmark: str
    fingerprint: str
    parameters: tuple[Parameter, ...]
    measures: tuple[str, ...]
    solver: Solver
    cache_folder: str


@dataclass(frozen=True)
class Draw:
    """A task: a study and the values of its parameters."""

    study: Study
    values: tuple[float, ...]


def solve_draw(draw: Draw) -> dict[str, Any]:
    """Solve the scenario of a study with drawn elasticities.

    Parameters
    ----------
    draw : Draw

    Returns
    -------
    dict
        ``outputs``, a list of numbers in the order of :func:`outputs_of`, or ``failed``
        with the reason why there is no equilibrium.

    Raises
    ------
    InputError
        If the scenario does not fit, or the data here are not those of the study.
    """
    scenario, family, template = _template(draw.study)
    study, b = draw.study, template.benchmark
    central = b.elasticities[study.speed]
    model = template.with_elasticities(
        with_values(central, study.parameters, draw.values, b.sectors)
    )
    folder = None if study.folder is None else Path(study.folder)
    try:
        solved = solve_members(
            scenario, lambda _speed: model, folder, solver=study.solver, family=family
        )
        values = [v for one in solved for v in _figures(one.solved.solution, study.measures)]
    except NoEquilibrium as error:
        return {"failed": str(error).removeprefix(": ")}
    return {"outputs": values}


def outputs_of(study: Study) -> tuple[Output, ...]:
    """Return what the numbers of a draw are."""
    scenario, family, template = _template(study)
    regions = template.benchmark.regions
    world = WORLD if WORLD not in regions else "world total"
    return tuple(
        Output(member.scenario.name, member.scenario.closure.kind, step, region, name,
               unit_of(name, template.benchmark))
        for member in family
        for step in scenario.steps or [1.0]
        for name in study.measures
        for region in (*regions, *((world,) if FIGURES[name].world else ()))
    )  # fmt: skip


def unit_of(measure: str, benchmark: Benchmark) -> str:
    """Return a measure's unit, money in that of the benchmark."""
    unit = FIGURES[measure].unit
    return benchmark.unit if unit == "value" else unit


def template_values(parameters: Sequence[Parameter]) -> tuple[float, ...]:
    """Return the central values, none of them at the Cobb-Douglas limit."""
    return tuple(away_from_one(np.array([p.central for p in parameters])).tolist())


@lru_cache(maxsize=4)
def _template(study: Study) -> tuple[Scenario, tuple[Member, ...], Model]:
    """Return the scenario, its members, and the model that all draws are made of."""
    if str(Path.cwd()) != study.directory:  # relative names of files mean the same in a worker
        os.chdir(study.directory)
    scenario = Scenario.model_validate_json(study.scenario)
    benchmark = open_benchmark(study.benchmark)
    if benchmark.fingerprint != study.fingerprint:
        raise InputError("is not the benchmark with which the study began", file=study.benchmark)
    speed, b = study.speed, benchmark
    values = template_values(study.parameters)
    start = with_values(b.elasticities[speed], study.parameters, values, b.sectors)
    model = Model.build(b.with_elasticities(**{speed: start}), speed, Path(study.cache_folder))
    return scenario, members(scenario), model


def _figures(solution: Solution, measures: Sequence[str]) -> list[float]:
    found: list[float] = []
    for name in measures:
        figure = FIGURES[name]
        values = figure.by_region(solution)
        found += values.tolist()
        if figure.world is not None:
            found.append(figure.world(solution.model.benchmark, values))
    return found
