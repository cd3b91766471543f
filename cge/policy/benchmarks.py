"""The benchmark that a scenario names, with its sets of sectors and owners of capital."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cge.core.errors import renamed
from cge.core.files import whole
from cge.data.accounts.benchmark import Benchmark
from cge.data.benchmark_store import load_benchmark
from cge.policy.chosen_sectors import with_sets
from cge.policy.owners import owners_told, with_owners
from cge.scenario.schema import Scenario


def benchmarks_of(scenario: Scenario) -> dict[str, Benchmark]:
    """Benchmark of a scenario with each of its elasticity sets, by the name of the set.

    The accounts are made once, and shared.

    Parameters
    ----------
    scenario : Scenario
        Complete (:func:`cge.scenario.schema.completed`).

    Raises
    ------
    InputError
        When the data are wrong, or there are none.
    """
    choice = scenario.benchmark
    found: dict[str, Benchmark] = {}
    told: dict[str, None] = {}
    for name in scenario.chosen_elasticities:
        with renamed({key: f"benchmark.{key}" for key in type(choice).model_fields}):
            b = load_benchmark(choice.table, choice.year, choice.aggregation, choice.tariffs, name)
        told |= dict.fromkeys(b.notes)
        if found:
            first = next(iter(found.values()))
        else:
            first = with_owners(with_sets(b, scenario.sets), scenario.ownership)
        found[set_name(name)] = replace(
            first, elasticities=b.elasticities, origin=b.origin, notes=b.notes
        )
    # Results of all sets stand together, and so what must be said of each.
    notes = (*told, *owners_told(scenario.ownership))
    return {name: b if b.notes == notes else replace(b, notes=notes) for name, b in found.items()}


def set_name(elasticities: str) -> str:
    """Name of an elasticity set in results."""
    return Path(elasticities).stem.encode(errors="backslashreplace").decode()


def with_set(scenario: Scenario, name: str) -> Scenario:
    """A scenario with one of its elasticity sets alone, by its name in results."""
    given = next(one for one in scenario.chosen_elasticities if set_name(one) == name)
    return scenario.model_copy(update={"elasticities": [given]})


def calendar_year(benchmark: Benchmark, path_year: int = 0) -> int:
    """Year of the calendar of the accounts, or of a year of a path from them; -1: none is known."""
    year = whole(benchmark.origin.get("year", ""))
    return -1 if year is None else year + path_year
