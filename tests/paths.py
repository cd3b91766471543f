"""Shared by the tests of paths: paths on the real benchmark in its small aggregation."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from policies import scenario

from cge.experiments.path import run_path
from cge.experiments.path_run import PathCase, PathRun

Array = NDArray[np.float64]

US_TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
             "add": 0.25}  # fmt: skip
CHN, USA = 0, 1


def path_run(*policy: dict[str, Any], years: int = 4, path: Any = None, **keys: Any) -> PathRun:
    """Run a path on the small aggregation, elasticities `boehm` unless others are named."""
    keys = {"elasticities": ["boehm"], **keys}
    return run_path(scenario(*policy, path={"years": years, **(path or {})}, **keys))


def path(*policy: dict[str, Any], **keys: Any) -> PathCase:
    """Return the only case of a path."""
    (case,) = path_run(*policy, **keys).cases
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
    return case.years[0].solution.model.variables.select(selector)[1]


def levels(case: PathCase, selector: str) -> Array:
    """Return levels by year of the cells that a selector names."""
    here = columns(case, selector)
    return np.array([year.solution.levels[here] for year in case.years])
