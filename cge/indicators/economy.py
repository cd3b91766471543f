"""An economy as indicators see it, and what an indicator is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.axes import Array
from cge.core.quantity import Quantity, read_lines
from cge.data.accounts.benchmark import Benchmark
from cge.indicators.world_io import WorldIO

if TYPE_CHECKING:
    from cge.solve.solution import Solution

#: Name of a measure, its values and the letters of their axes.
Figure = tuple[str, Array, str]

#: Indicators computed without being asked for.
ALWAYS = "always"


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

    @cached_property
    def io(self) -> WorldIO:
        """The world's input-output table."""
        if self.at_benchmark:
            return WorldIO.from_benchmark(self.benchmark)
        return WorldIO.from_solution(self.solution)


@dataclass(frozen=True, eq=False)
class Accounts:
    """The accounts of a benchmark, before any model is made of them.

    Parameters
    ----------
    benchmark : Benchmark
    """

    benchmark: Benchmark

    @cached_property
    def io(self) -> WorldIO:
        """The world's input-output table."""
        return WorldIO.from_benchmark(self.benchmark)


@dataclass(frozen=True)
class Indicator:
    """Quantities that are computed from an economy.

    Parameters
    ----------
    group : str
        By which it is asked for; :data:`ALWAYS` without.
    lines : str
        Lines of the register (:class:`cge.core.quantity.Quantity`).
    compute : callable
        From an :class:`Economy` to a table with the columns region, partner, sector, item (those
        that apply), measure and value. In every economy of a model it has the same rows.
    chosen : callable, optional
        Picks the rows that are reported, from a table that also has the column benchmark.
    of_accounts : callable, optional
        The same as `compute` from :class:`Accounts`, where it needs no more.
    """

    group: str
    lines: str
    compute: Callable[[Economy], pd.DataFrame]
    chosen: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    of_accounts: Callable[[Accounts], pd.DataFrame] | None = None

    @cached_property
    def quantities(self) -> Mapping[str, Quantity]:
        """Its lines of the register."""
        return read_lines(self.lines)


def table_of(
    codes: Benchmark | WorldIO, figures: Iterable[Figure], region: str = "s"
) -> pd.DataFrame:
    """Figures as rows; those of a region with itself are left out.

    Parameters
    ----------
    codes : Benchmark or WorldIO
        Of which the axes carry the codes.
    figures : iterable of (str, ndarray, str)
        Name of a measure, its values, and the letters of their axes: r and s regions, i sector,
        u use class.
    region : {"r", "s"}
        Axis that is the region of a row; the other one is its partner.
    """
    partner = "r" if region == "s" else "s"
    columns = {region: "region", partner: "partner", "i": "sector", "u": "item"}
    known = {
        letter: np.array(axis, dtype=object) for letter, axis in (
            ("r", codes.regions), ("s", codes.regions), ("i", codes.sectors),
            ("u", codes.use_classes),
        )
    }  # fmt: skip
    parts: list[dict[str, NDArray[Any]]] = []
    for measure, values, axes in figures:
        places = np.indices(values.shape).reshape(values.ndim, -1)
        keep = np.ones(values.size, dtype=bool)
        if "r" in axes and "s" in axes:
            keep = places[axes.index("r")] != places[axes.index("s")]
        cells = {
            columns[axis]: known[axis][place[keep]]
            for axis, place in zip(axes, places, strict=True)
        }
        shown = values.ravel()[keep]
        parts.append({**cells, "measure": _repeated(measure, len(shown)), "value": shown})
    return pd.DataFrame({
        name: np.concatenate([
            part[name] if name in part else _repeated(np.nan, len(part["value"])) for part in parts
        ])
        for name in dict.fromkeys(name for part in parts for name in part)
    })  # fmt: skip


def _repeated(word: object, count: int) -> NDArray[np.object_]:
    return np.full(count, word, dtype=object)
