"""Shared by the tests of paths: paths on the real benchmark in its small aggregation."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from policies import scenario

from cge.path.batches import SetOfPaths
from cge.path.solved import PathCase
from cge.path.solving import solved_path
from cge.scenario.schema import Scenario, completed
from cge.scenario.variants import members
from cge.tasks.runner import Place, Runner, Session

Array = NDArray[np.float64]

US_TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
             "add": 0.25}  # fmt: skip
CHN, USA = 0, 1


def driven(session: Session, work: Generator[Any, Any, Any]) -> Any:
    """Do all tasks that are yielded; return what is returned."""
    tasks = next(work)
    while True:
        try:
            tasks = work.send(session.run(tasks))
        except StopIteration as end:
            return end.value


def solved_paths(chosen: Scenario, runner: Runner | None = None) -> dict[tuple[str, ...], PathCase]:
    """Solve all paths of a scenario; by elasticity set, level of returns and variant."""
    family = members(completed(chosen))
    with (runner or Runner(workers=1, cache=None)).open() as session:
        found = driven(session, SetOfPaths(chosen, family, "newton").solved())
        place = Place(session.store.steps("none"), None, session.store)
        return {
            (one.elasticities, one.level, one.member.variant): solved_path(one.content, place)
            for one in found
        }


def variants(*policy: dict[str, Any], years: int = 4, path: Any = None, **keys: Any) -> dict:
    """Solve a path on the small aggregation, elasticities `boehm` unless others are named."""
    keys = {"elasticities": ["boehm"], **keys}
    found = solved_paths(scenario(*policy, path={"years": years, **(path or {})}, **keys))
    return {variant: case for (_, _, variant), case in found.items()}


def path(*policy: dict[str, Any], **keys: Any) -> PathCase:
    """Return the only case of a path."""
    (case,) = variants(*policy, **keys).values()
    return case


@lru_cache(maxsize=1)
def war() -> PathCase:
    """Return six years of a tariff, with knowledge."""
    return path(US_TARIFF, years=6)


def welfare(case: PathCase) -> Array:
    """Return equivalent variation by year and region, per cent."""
    return np.array([year.solution.measure("equivalent_variation") for year in case.years])


def columns(case: PathCase, selector: str) -> NDArray[np.int64]:
    """Return the columns of a selector."""
    return case.model.variables.select(selector)[1]


def levels(case: PathCase, selector: str) -> Array:
    """Return levels by year of the cells that a selector names."""
    here = columns(case, selector)
    return np.array([year.solution.levels[here] for year in case.years])
