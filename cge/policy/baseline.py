"""A baseline that is not balanced growth: labour and productivity from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cge.core.axes import Array
from cge.core.errors import InputError, refuse_if
from cge.core.rate_bounds import LARGEST_RATIO
from cge.core.tables import LongTable, numbers, read_table
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import LABOUR
from cge.scenario.timing import MOST_YEARS
from cge.solve.model import Model

_CODES = ("year", "region", "sector")
_RATIOS = ("labour", "productivity")


@dataclass(frozen=True, eq=False)
class Baseline:
    """Exogenous change relative to balanced growth.

    Parameters
    ----------
    labour : ndarray (years, r)
    productivity : ndarray (years, r, j)
    """

    labour: Array
    productivity: Array

    def laid(self, model: Model, levels: Array, year: int) -> Array:
        """Ground of a year with labour and productivity of the baseline.

        Parameters
        ----------
        model : Model
        levels : ndarray (columns,)
        year : int
            From 1.
        """
        result = levels.copy()
        supply, productivity = model.variables["factor_supply"], model.variables["productivity"]
        of_labour = np.isin(supply.by("f"), labour_of(model.benchmark))
        result[supply.columns[of_labour]] *= self.labour[year - 1, supply.at("s")[0][of_labour]]
        result[productivity.positions] *= self.productivity[year - 1][productivity.at("sj")]
        return result


def labour_of(benchmark: Benchmark) -> tuple[str, ...]:
    """Factors that are labour."""
    if LABOUR in benchmark.factors:
        return (LABOUR,)
    return tuple(benchmark.groups.get("factors", {}).get(LABOUR, ()))


def read_baseline(path: str | Path, benchmark: Benchmark, years: int) -> Baseline:
    """Read a baseline from a table.

    Parameters
    ----------
    path : path
        CSV or Parquet with columns year and region, optionally sector, and labour,
        productivity or both: ratios to balanced growth. A row without a sector holds for all
        sectors of its region, before any of its own. Years that are not named are as the last
        one named before; before the first everything is on balanced growth.
    benchmark : Benchmark
        Whose codes the file uses.
    years : int

    Raises
    ------
    InputError
        For what the table lacks, unknown codes, ratios that are not positive, or a cell
        twice.
    """
    b, path = benchmark, Path(path)
    frame = read_table(path, ("year", "region"), ("region",))
    if "sector" in frame.columns:  # codes are text, also where they look like numbers
        frame = read_table(path, _CODES, ("region", "sector"))
    given = [name for name in _RATIOS if name in frame.columns]
    unknown = [c for c in frame.columns if c not in (*_CODES, *_RATIOS)]
    refuse_if(not given or unknown, "has no column with ratios" if not given else "unknown column",
              file=path, key="columns", value=unknown[0] if unknown else None,
              allowed=", ".join((*_CODES, *_RATIOS)))  # fmt: skip
    if "labour" in given and not labour_of(b):
        raise InputError(f"the benchmark has no factor {LABOUR}", file=path, key="labour")
    if "sector" not in frame:
        frame["sector"] = ""
    table, year = LongTable(path, _CODES, frame), numbers(frame["year"])
    bad = year.isna() | (year < 1) | (year % 1 != 0) | (year > MOST_YEARS)
    table.refuse(bad, "is no year of a path", "year", f"1, 2, ... to {MOST_YEARS}")
    table.refuse((year > years) & (year.min() > years), "is after the last year of the path, as "
                 "are all others", "year", f"1 to {years}")  # fmt: skip
    table.check_codes(region=b.regions, sector=("", *b.sectors))
    table.check_once()
    table.refuse(frame[given].isna().all(axis=1), "this row has no number", given[0],
                 f"a ratio to balanced growth in {' or '.join(given)}")  # fmt: skip
    labour = np.ones((years, len(b.regions)))
    productivity = np.ones((years, len(b.regions), len(b.sectors)))
    for name in given:
        values, filled = numbers(frame[name]), frame[name].notna()
        table.refuse(filled & ~(values > 0), "is not a positive ratio", name)
        beyond = (values > LARGEST_RATIO) | (values < 1 / LARGEST_RATIO)
        table.refuse(filled & beyond, "is a ratio to balanced growth, not per cent: 1.05 is 5 % "
                     "more", name, f"{1 / LARGEST_RATIO:g} to {LARGEST_RATIO:g}")  # fmt: skip
        if name == "labour":
            table.refuse(
                filled & (frame["sector"] != ""), "labour moves between sectors: a region has one "
                "number", "sector", "rows without a sector",
            )  # fmt: skip
        rows = frame[filled].assign(value=values[filled], year=year[filled].astype(int))
        rows = rows.sort_values(["year", "sector"], kind="stable")  # all sectors before each
        for first, region, sector, value in rows[[*_CODES, "value"]].itertuples(index=False):
            r = b.regions.index(region)
            if name == "labour":
                labour[first - 1 :, r] = value
            else:
                chosen = b.sectors.index(sector) if sector else slice(None)
                productivity[first - 1 :, r, chosen] = value
    return Baseline(labour, productivity)
