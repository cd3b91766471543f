"""A baseline that is not balanced growth: labour and productivity from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.core.tables import numbers, read_table
from cge.data.accounts.benchmark import Benchmark
from cge.solve.model import Model

Array = NDArray[np.float64]

LABOUR = "LAB"
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
        b = model.benchmark
        result = levels.copy()
        supply, productivity = model.variables["factor_supply"], model.variables["productivity"]
        region = {code: n for n, code in enumerate(b.regions)}
        sector = {code: n for n, code in enumerate(b.sectors)}
        for n, (s, f) in enumerate(supply.index, start=supply.start):
            if f == LABOUR:
                result[n] *= self.labour[year - 1, region[s]]
        here = [(region[s], sector[j]) for s, j in productivity.index]
        rows, columns = np.array(here).T
        result[productivity.positions] *= self.productivity[year - 1, rows, columns]
        return result


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
    path = Path(path)
    frame = read_table(path, ("year", "region"), ("region",))
    if "sector" in frame.columns:  # codes are text, also where they look like numbers
        frame = read_table(path, ("year", "region", "sector"), ("region", "sector"))
    given = [name for name in _RATIOS if name in frame.columns]
    unknown = [c for c in frame.columns if c not in ("year", "region", "sector", *_RATIOS)]
    if not given or unknown:
        raise InputError(
            "has no column with ratios" if not given else "unknown column", file=path,
            key="columns", value=unknown[0] if unknown else None,
            allowed="year, region, sector, labour, productivity",
        )  # fmt: skip
    if "labour" in given and LABOUR not in benchmark.factors:
        raise InputError(f"the benchmark has no factor {LABOUR}", file=path, key="labour")
    year = numbers(frame["year"])
    bad = year.isna() | (year < 1) | (year % 1 != 0)
    if bad.any():
        raise InputError(
            "is no year of the path", file=path, key="year",
            value=str(frame.loc[bad, "year"].iloc[0]), allowed="1, 2, ...",
        )  # fmt: skip
    sector = frame["sector"] if "sector" in frame else pd.Series("", frame.index)
    frame = frame.assign(year=year.astype(int), sector=sector)
    for column, known in (("region", benchmark.regions), ("sector", ("", *benchmark.sectors))):
        wrong = ~frame[column].isin(known)
        if wrong.any():
            raise InputError(
                f"unknown {column}", file=path, key=column,
                value=str(frame.loc[wrong, column].iloc[0]), allowed=[c for c in known if c],
            )  # fmt: skip
    twice = frame.duplicated(["year", "region", "sector"])
    if twice.any():
        row = frame[twice].iloc[0]
        raise InputError(
            "stands twice", file=path, key="year, region, sector",
            value=f"{row['year']}, {row['region']} {row['sector']}".strip(),
        )  # fmt: skip
    shape = len(benchmark.regions), len(benchmark.sectors)
    labour, productivity = np.ones((years, shape[0])), np.ones((years, *shape))
    for name in given:
        values = numbers(frame[name])
        filled = frame[name].notna()
        wrong = filled & ~(values > 0)
        if wrong.any():
            raise InputError("is not a positive ratio", file=path, key=name,
                             value=str(frame.loc[wrong, name].iloc[0]))  # fmt: skip
        by_sector = filled & (frame["sector"] != "")
        if name == "labour" and by_sector.any():
            raise InputError(
                "labour moves between sectors: a region has one number", file=path, key=name,
                value=str(frame.loc[by_sector, "sector"].iloc[0]), allowed="rows without a sector",
            )  # fmt: skip
        rows = frame[filled].assign(value=values[filled])
        rows = rows.sort_values(["year", "sector"], kind="stable")  # all sectors before each
        cells = zip(rows["year"], rows["region"], rows["sector"], rows["value"], strict=True)
        for first, code, sector_code, value in cells:
            r = benchmark.regions.index(code)
            if name == "labour":
                labour[first - 1 :, r] = value
            elif sector_code == "":
                productivity[first - 1 :, r] = value
            else:
                productivity[first - 1 :, r, benchmark.sectors.index(sector_code)] = value
    return Baseline(labour, productivity)
