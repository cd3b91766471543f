"""Figures on research and development: the shipped files, or a user's of the same layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import numbers, read_table

Array = NDArray[np.float64]

#: Item, largest value, and whether a file must have it for every region.
ITEMS: Mapping[str, tuple[float, bool]] = {
    "gerd": (100.0, True),  # all R&D, per cent of GDP
    "basic": (100.0, True),  # basic research, per cent of all R&D
    "business": (100.0, True),  # R&D performed by business, per cent of all R&D
    "business_basic": (100.0, False),  # part of business in basic research, per cent
    "industry": (100.0, True),  # by sector, per cent of business R&D
    "depreciation": (100.0, False),  # by sector, per cent a year, of applied knowledge
    "patents": (float("inf"), False),  # number, any office, the same for all regions
}
BY_SECTOR = ("industry", "depreciation")
COLUMNS = ("region", "sector", "item", "value")
#: Shares of sectors must add up to 100 within this.
_ROUNDING = 0.5


@dataclass(frozen=True, eq=False)
class Figures:
    """National figures and sector shares, every cell with its year and status.

    Parameters
    ----------
    national : mapping
        Item to values (r,), fractions but for patents; NaN where the file has none.
    industry : ndarray (r, j)
        Shares in business R&D; rows add up to one.
    depreciation : ndarray (r, j)
        Of applied knowledge, a fraction a year; NaN where the file has none.
    estimated : mapping
        Item to the part of each value that a rule filled or that is of another year, (r,);
        ``industry`` (r, j), the part that a rule filled.
    cells : DataFrame
        What stands behind each value: region, sector, item, value, year, status, rule,
        filled_percent, source.
    """

    national: Mapping[str, Array]
    industry: Array
    depreciation: Array
    estimated: Mapping[str, Array]
    cells: pd.DataFrame


def shipped_file(table: str) -> Path:
    """Return the file of figures for the regions and sectors of a shipped table."""
    return content_dir("calibration") / "knowledge" / f"{table}.csv"


def read_figures(
    path: str | Path, regions: tuple[str, ...], sectors: tuple[str, ...], year: int | None
) -> Figures:
    """Read a file of figures and choose, for each, the year nearest to the benchmark.

    Parameters
    ----------
    path : path
        CSV or Parquet with columns region, sector (empty for national items), item, value,
        and optionally year, status (original, computed, filled), rule, filled_percent and
        source. See :data:`ITEMS` for the items.
    regions, sectors : tuple of str
    year : int, optional
        Of the benchmark. Without one the latest figure is taken.

    Raises
    ------
    InputError
        For unknown codes or items, cells that stand twice in a year, values that are no
        numbers or out of range, figures that are missing, and shares that do not add up.
    """
    frame = read_table(path, COLUMNS, text=("region", "sector", "item"))
    frame = _checked(frame, path, regions, sectors)
    chosen = _nearest(frame, year)
    place = {code: k for k, code in enumerate(regions)}
    position = {code: k for k, code in enumerate(sectors)}
    national, estimated = {}, {}
    for item in ITEMS:
        if item in BY_SECTOR:
            continue
        part = chosen[chosen["item"] == item]
        values, filled = np.full(len(regions), np.nan), np.zeros(len(regions))
        at = part["region"].map(place).to_numpy(dtype=int)
        values[at] = part["value"] / (1 if item == "patents" else 100)
        # What is of another year is an estimate for the benchmark's.
        filled[at] = np.where(part["rule"].str.contains("nearest_year"), 1.0,
                              part["filled_percent"] / 100)  # fmt: skip
        national[item], estimated[item] = values, filled
    grids = {}
    for item in BY_SECTOR:
        part = chosen[chosen["item"] == item]
        where = (part["region"].map(place).to_numpy(dtype=int),
                 part["sector"].map(position).to_numpy(dtype=int))  # fmt: skip
        grid = np.full((len(regions), len(sectors)), np.nan if item == "depreciation" else 0.0)
        grid[where] = part["value"] / 100
        grids[item] = grid
        if item == "industry":
            filled = np.zeros(grid.shape)
            filled[where] = part["filled_percent"] / 100
            estimated[item] = filled
    _complete(national, grids["industry"], path, regions)
    share = grids["industry"] / grids["industry"].sum(axis=1, keepdims=True)
    return Figures(national, share, grids["depreciation"], estimated, chosen)


def _checked(
    frame: pd.DataFrame, path: str | Path, regions: tuple[str, ...], sectors: tuple[str, ...]
) -> pd.DataFrame:
    """Return the rows of a file with every optional column, or say what is wrong."""

    def refuse(bad: pd.Series, problem: str, key: str, allowed: object) -> None:
        if bad.any():
            value = str(frame.loc[bad, key].iloc[0])
            raise InputError(problem, file=path, key=key, value=value, allowed=allowed)

    refuse(~frame["region"].isin(regions), "unknown region", "region", regions)
    refuse(~frame["item"].isin(list(ITEMS)), "unknown item", "item", list(ITEMS))
    by_sector = frame["item"].isin(BY_SECTOR)
    refuse(by_sector & ~frame["sector"].isin(sectors), "unknown sector", "sector", sectors)
    refuse(~by_sector & (frame["sector"] != ""), "a national item has no sector", "sector",
           f"nothing, but for {' and '.join(BY_SECTOR)}")  # fmt: skip
    value = numbers(frame["value"])
    largest = frame["item"].map({item: most for item, (most, _) in ITEMS.items()})
    refuse(value.isna() | (value < 0) | (value > largest), "value is not possible", "value",
           "numbers from 0, per cent up to 100 (10 for ten per cent)")  # fmt: skip
    frame["value"] = value
    given = frame["year"] if "year" in frame else pd.Series(0, index=frame.index)
    year = numbers(given)
    if "year" in frame:
        refuse(year.isna() | (year % 1 != 0), "year is not a whole number", "year", "years")
    frame["year"] = year.astype(int)
    for column, empty in (("status", "original"), ("rule", ""), ("source", "user")):
        given = frame[column] if column in frame else pd.Series(empty, index=frame.index)
        frame[column] = given.fillna("").astype(str).replace("", empty)
    refuse(~frame["status"].isin(["original", "computed", "filled"]), "unknown status", "status",
           "original, computed, filled")  # fmt: skip
    default = (frame["status"] == "filled") * 100.0
    filled = numbers(frame["filled_percent"]) if "filled_percent" in frame else default
    frame["filled_percent"] = filled.fillna(default)
    repeated = frame.duplicated(["region", "sector", "item", "year"])
    if repeated.any():
        row = frame.loc[repeated].iloc[0]
        cell = ", ".join(str(row[c]) for c in ("region", "sector", "item", "year") if row[c])
        raise InputError("cell stands twice", file=path, value=cell)
    return frame


def _nearest(frame: pd.DataFrame, year: int | None) -> pd.DataFrame:
    """Return one row a cell: of the year nearest to the benchmark's, the earlier of two."""
    target = frame["year"].max() if year is None else year
    distance = (frame["year"] - target).abs()
    chosen = (
        frame.assign(distance=distance)
        .sort_values(["distance", "year"], kind="stable")
        .drop_duplicates(["region", "sector", "item"])
        .sort_index()
    )
    other = (chosen["distance"] > 0) & (chosen["year"] > 0) & (chosen["item"] != "industry")
    if year is not None:
        # The structure by sector is of one year in most sources; its year says so.
        before = chosen.loc[other, "rule"]
        chosen.loc[other, "rule"] = (before + "+nearest_year").str.lstrip("+")
        chosen.loc[other, "status"] = "filled"
    columns = [*COLUMNS, "year", "status", "rule", "filled_percent", "source"]
    return chosen[columns].reset_index(drop=True)


def _complete(
    national: Mapping[str, Array], industry: Array, path: str | Path, regions: tuple[str, ...]
) -> None:
    for item, (_, needed) in ITEMS.items():
        if not needed or item in BY_SECTOR:
            continue
        missing = np.isnan(national[item])
        if missing.any():
            raise InputError(
                f"no figure '{item}'", file=path, key="region",
                value=regions[int(np.flatnonzero(missing)[0])], allowed="one for every region",
            )  # fmt: skip
    total = 100 * industry.sum(axis=1)
    bad = np.abs(total - 100) > _ROUNDING
    if bad.any():
        r = int(np.flatnonzero(bad)[0])
        raise InputError(
            "shares of industry in business R&D do not add up to 100", file=path, key="industry",
            value=f"{regions[r]}: {total[r]:.2f}", allowed="100 for every region",
        )  # fmt: skip
