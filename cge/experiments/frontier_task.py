"""From a study to the problem on a benchmark: instruments, disruptions and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.experiments.frontier_file import FrontierStudy, LeverChoice
from cge.experiments.run import benchmark_of
from cge.experiments.stress_settings import StressSettings, library_of, settings_of
from cge.frontier.problem import Lever, Task
from cge.model.wedges import WEDGES
from cge.policy.cells import cells
from cge.resilience.disruptions import Disruption, expand, weights
from cge.scenario.actions import SELECTORS
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.stress_options import StressChoice
from cge.solve.model import Model

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Setting:
    """A study on a benchmark, under one elasticity set.

    Parameters
    ----------
    benchmark : Benchmark
    settings : StressSettings
    disruptions : tuple of Disruption
        Those that the study names and that do something in a single year.
    weights : ndarray (disruptions,)
        Probabilities in the eyes of the region.
    dropped : tuple of str
        Families with weight of which there is no disruption.
    """

    benchmark: Benchmark
    settings: StressSettings
    disruptions: tuple[Disruption, ...]
    weights: Array
    dropped: tuple[str, ...]


def setting_of(study: FrontierStudy, elasticities: str, folder: Path | None) -> Setting:
    """Return what a study means under an elasticity set.

    Raises
    ------
    InputError
        For what the benchmark or the library does not have.
    """
    scenario = study.scenario()
    benchmark = benchmark_of(scenario, elasticities, None, folder)
    if study.region not in benchmark.regions:
        raise InputError("unknown region", key="region", value=study.region,
                         allowed=benchmark.regions)  # fmt: skip
    try:
        settings = settings_of(scenario, benchmark)
        library = library_of(scenario.stress or StressChoice(), folder)
    except InputError as error:
        raise error.moved((error.key or "").removeprefix("stress.")) from None
    if study.weighting not in library.weightings:
        raise InputError("no such weighting", key="weighting", value=study.weighting,
                         allowed=library.weightings)  # fmt: skip
    known = expand(library, benchmark)
    chosen = tuple(d for d in _named(study.disruptions, known) if not d.over_time_only)
    found, dropped = weights(chosen, library.weighting(study.weighting), study.region)
    if not found.any():
        raise InputError(
            f"none of them has weight in the eyes of {study.region}", key="disruptions",
            value=study.disruptions,
        )  # fmt: skip
    return Setting(benchmark, settings, chosen, found, dropped)


def _named(patterns: Sequence[str], known: Sequence[Disruption]) -> list[Disruption]:
    """Return the disruptions that patterns name, in the order of the library."""
    names = [one.name for one in known]
    wanted: set[str] = set()
    for number, pattern in enumerate(patterns):
        found = names if pattern == "all" else [n for n in names if fnmatchcase(n, pattern)]
        if not found:
            raise InputError("no such disruption", key=f"disruptions.{number}", value=pattern,
                             allowed=names)  # fmt: skip
        wanted.update(found)
    return [one for one in known if one.name in wanted]


def task_of(
    study: FrontierStudy, setting: Setting, version: str, cache_folder: Path | None
) -> Task:
    """Return the problem of one version.

    Raises
    ------
    InputError
        For instruments that do not fit the benchmark.
    """
    b = setting.benchmark
    long = Model.build(b, "long", cache_folder)
    short = Model.build(b, "short", cache_folder, setting.settings.backstop)
    levers = levers_of(study, long)
    return Task(
        long, short, levers, setting.disruptions, setting.weights, study.region,
        setting.settings.level, setting.settings.trickle, setting.settings.premiums(b, None),
        setting.settings.lending, study.budget, version,
    )  # fmt: skip


def levers_of(study: FrontierStudy, model: Model) -> tuple[Lever, ...]:
    """Return the instruments of a study on a compiled model.

    Raises
    ------
    InputError
        For codes that do not exist, and bounds at which a price would not be positive.
    """
    levers = tuple(
        _lever(one, study.region, model, f"instruments.{number}")
        for number, one in enumerate(study.instruments)
    )
    least = model.arrays.start.copy()
    for lever in levers:
        least[lever.columns] += min(lever.sign * lever.low, lever.sign * lever.high)
    for number, lever in enumerate(levers):
        if (least[lever.columns] <= 0).any():
            choice = study.instruments[number]
            key = "high" if lever.sign < 0 else "low"
            raise InputError(
                "this far no price is positive, together with the other instruments on the same "
                "cells", key=f"instruments.{number}.{key}", value=getattr(choice, key),
                allowed="rates that leave a positive price",
            )  # fmt: skip
    if study.budget is not None and not any(len(lever.base) for lever in levers):
        raise InputError(
            "none of the instruments is a subsidy of this region", key="budget",
            value=study.budget, allowed=[n for n, i in INSTRUMENTS.items() if i.fiscal == "outlay"],
        )  # fmt: skip
    return levers


def _lever(choice: LeverChoice, region: str, model: Model, key: str) -> Lever:
    instrument = INSTRUMENTS[choice.instrument]
    own = {word: getattr(choice, word) for word in SELECTORS}
    chosen = {word: "all" if value is None else value for word, value in own.items()}
    if own[instrument.owner] is None:
        chosen[instrument.owner] = region
    columns = cells(model, SimpleNamespace(**chosen), choice.instrument, key)
    one, none = instrument.to_power(np.ones(1)), instrument.to_power(np.zeros(1))
    base = np.zeros(0, dtype=np.int64)
    if instrument.fiscal == "outlay":
        base = _base(model, instrument.variable, columns, region)
    sign = float((one - none)[0])
    return Lever(choice.name, columns, sign, choice.low, choice.high, base)


def _base(model: Model, variable: str, columns: Integers, region: str) -> Integers:
    """Return outcomes that a subsidy of a region is a fraction of, those of its own budget."""
    wedge = WEDGES[variable]
    power, outcome = model.variables[variable], model.outcomes[wedge.base]
    payer = power.codes[power.axes.index(wedge.collector)]
    local = columns - power.block.start
    local = local[payer[local] == region]
    return outcome.block.start + outcome.matching(power)[local]
