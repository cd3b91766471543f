"""An economy as indicators see it, and what an indicator is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.quantities import Quantity, read_lines
from cge.data.accounts.benchmark import Benchmark
from cge.indicators.world_io import WorldIO
from cge.solve.layout import Family
from cge.solve.solution import Solution

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Economy:
    """An equilibrium, or the benchmark of its model.

    Parameters
    ----------
    solution : Solution
    at_benchmark : bool
        Whether it is the benchmark that is meant.
    """

    solution: Solution
    at_benchmark: bool = False

    @property
    def benchmark(self) -> Benchmark:
        """The accounts."""
        return self.solution.model.benchmark

    def values(self, name: str) -> tuple[Family, Array]:
        """An outcome: its cells and their values."""
        family = self.solution.model.outcomes[name]
        source = self.solution.model.outcome_start if self.at_benchmark else self.solution.outcomes
        return family, source[family.positions]

    def by_region(self, name: str) -> Array:
        """A regional outcome, (s,)."""
        return self.solution.by_region(name, benchmark=self.at_benchmark)

    @cached_property
    def io(self) -> WorldIO:
        """The world's input-output table."""
        if self.at_benchmark:
            return WorldIO.from_benchmark(self.benchmark)
        return WorldIO.from_solution(self.solution)


#: Indicators computed without being asked for.
ALWAYS = "always"


@dataclass(frozen=True)
class Indicator:
    """Quantities that are computed from an economy.

    Parameters
    ----------
    group : str
        By which it is asked for; :data:`ALWAYS` without.
    lines : str
        Lines of the register (:class:`cge.core.quantities.Quantity`).
    compute : callable
        From an :class:`Economy` to a table with the columns region, partner, sector, item (those
        that apply), measure and value. In every economy of a model it has the same rows.
    chosen : callable, optional
        Picks the rows that are reported, from a table that also has the column benchmark.
    """

    group: str
    lines: str
    compute: Callable[[Economy], pd.DataFrame]
    chosen: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    @cached_property
    def quantities(self) -> Mapping[str, Quantity]:
        """Its lines of the register."""
        return read_lines(self.lines)


def by_region(economy: Economy, measures: Mapping[str, Array]) -> pd.DataFrame:
    """Measures of regions as a table.

    Parameters
    ----------
    economy : Economy
    measures : mapping of str to ndarray (s,)
    """
    regions = economy.benchmark.regions
    return pd.DataFrame({
        "region": pd.Series([*regions] * len(measures), dtype=object),
        "measure": pd.Series(np.repeat([*measures], len(regions)), dtype=object),
        "value": np.concatenate(list(measures.values())),
    })  # fmt: skip
