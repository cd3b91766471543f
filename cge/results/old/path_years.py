"""The years of a path against those of its baseline."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cge.data.parameter_files import load_dynamics_parameters, load_knowledge_parameters
from cge.experiments.path_run import PathCase, PathYear
from cge.solve.model import Model

Array = NDArray[np.float64]


def pairs(case: PathCase) -> list[tuple[PathYear, PathYear | None]]:
    """Return every year with that of the baseline, None where nothing moves on it."""
    base = case.baseline or (None,) * len(case.years)
    return list(zip(case.years, base, strict=True))


def welfare_base(model: Model, base: PathYear | None) -> Array:
    """Return absorption of the baseline at the benchmark's prices, (s,), in its money."""
    level = np.ones(len(model.benchmark.regions))
    if base is not None:
        level = 1 + base.solution.measure("equivalent_variation") / 100
    return np.asarray(model.benchmark.absorption * level)


def welfare(case: PathCase) -> tuple[Array, Array]:
    """Return equivalent variation against the baseline, and the baseline's absorption.

    Returns
    -------
    variation, absorption : ndarray (years, s)
        In the benchmark's money at its prices, at its scale (a year's own is larger by the
        growth of the baseline).
    """
    model = case.years[0].solution.model
    variation, absorption = [], []
    for year, base in pairs(case):
        gain = year.solution.measure("equivalent_variation_value")
        if base is not None:
            gain = gain - base.solution.measure("equivalent_variation_value")
        variation.append(gain)
        absorption.append(welfare_base(model, base))
    return np.array(variation), np.array(absorption)


def rates(case: PathCase) -> tuple[float, float]:
    """Return the discount rate and the baseline's growth that are in force."""
    known: Mapping[str, float] = case.parameters
    discount = known.get("discount_rate", load_dynamics_parameters()["discount_rate"])
    return float(discount), float(known.get("growth", load_knowledge_parameters()["growth"]))


def calendar(case: PathCase, period: int) -> str:
    """Return the year of a period, or its number where the benchmark is of no year."""
    origin = case.years[0].solution.model.benchmark.origin.get("year", "")
    return str(int(origin) + period) if origin.isdigit() else str(period)
