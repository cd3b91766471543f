"""The benchmark that a scenario names, and the model of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.data.store import load_any
from cge.scenario.schema import Scenario


def benchmark_of(
    scenario: Scenario, elasticities: str, first: Benchmark | None = None
) -> Benchmark:
    """Benchmark of a scenario with one elasticity set.

    Parameters
    ----------
    scenario : Scenario
        Complete (:func:`cge.scenario.schema.completed`).
    elasticities : str
        Of its sets.
    first : Benchmark, optional
        The accounts under another set, which are not made again.

    Raises
    ------
    InputError
        When the data are wrong, or there are none.
    """
    choice = scenario.benchmark
    try:
        benchmark = load_any(
            choice.table, choice.year, choice.aggregation, choice.tariffs, elasticities
        )
    except InputError as error:
        if error.file is None and error.key in type(choice).model_fields:
            raise error.moved(f"benchmark.{error.key}") from None
        raise
    if first is not None:
        return replace(first, elasticities=benchmark.elasticities, origin=benchmark.origin)
    return benchmark


def benchmarks_of(scenario: Scenario) -> dict[str, Benchmark]:
    """Benchmark of a scenario with each of its elasticity sets, by the name of the set.

    Raises
    ------
    InputError
        When the data are wrong, or there are none.
    """
    found: dict[str, Benchmark] = {}
    for name in scenario.chosen_elasticities:
        first = next(iter(found.values()), None)
        found[set_name(name)] = benchmark_of(scenario, name, first)
    return found


def set_name(elasticities: str) -> str:
    """Name of an elasticity set in results."""
    return Path(elasticities).stem.encode(errors="backslashreplace").decode()


def calendar_year(benchmark: Benchmark, path_year: int = 0) -> int:
    """Year of the calendar of the accounts, or of a year of a path from them; -1: none is known."""
    origin = benchmark.origin.get("year", "")
    return int(origin) + path_year if origin.isdigit() else -1
