"""Shared by the tests of paths: paths on the real benchmark in its small aggregation."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from policies import scenario

from cge.path.solved import PathCase
from cge.studies.path import solve_paths

Array = NDArray[np.float64]

US_TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
             "add": 0.25}  # fmt: skip
CHN, USA = 0, 1


def variants(*policy: dict[str, Any], years: int = 4, path: Any = None, **keys: Any) -> dict:
    """Solve a path on the small aggregation, elasticities `boehm` unless others are named."""
    keys = {"elasticities": ["boehm"], **keys}
    found = solve_paths(scenario(*policy, path={"years": years, **(path or {})}, **keys))
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
