"""Figures on research and development: the shipped files, or a user's of the same layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes
from cge.core.content import calibration_file
from cge.core.errors import refuse_first
from cge.core.tables import LongTable, numbers

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
CODES = ("region", "sector", "item")
#: Columns that a file may have, and what they hold where it has not.
_OPTIONAL: Mapping[str, Any] = {
    "year": 0, "status": "", "rule": "", "source": "", "filled_percent": np.nan,
}  # fmt: skip
#: Shares of sectors must add up to 100 within this.
_ROUNDING = 0.5


@dataclass(frozen=True, eq=False)
class ResearchFigures:
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
        of items by sector (r, j), the part that a rule filled.
    cells : DataFrame
        The figure behind each value: region, sector, item, value, year, status, rule,
        filled_percent, source.
    """

    national: Mapping[str, Array]
    industry: Array
    depreciation: Array
    estimated: Mapping[str, Array]
    cells: pd.DataFrame


def shipped_file(table: str) -> Path:
    """File of figures for the regions and sectors of a shipped table."""
    return calibration_file("knowledge", f"{table}.csv")


def read_figures(path: str | Path, axes: Axes, year: int | None) -> ResearchFigures:
    """Read a file of figures and choose, for each, the year nearest to the benchmark.

    Parameters
    ----------
    path : path
        CSV or Parquet with columns region, sector (empty for national items), item, value,
        and optionally year, status (original, computed, filled), rule, filled_percent and
        source. See :data:`ITEMS` for the items.
    axes : Axes
        Regions and sectors of the benchmark.
    year : int, optional
        Of the benchmark. Without one the latest figure is taken.

    Raises
    ------
    InputError
        For unknown codes or items, cells that stand twice in a year, values that are no
        numbers or out of range, figures that are missing, and shares that do not add up.
    """
    table = _checked(LongTable.read(path, CODES, "value"), axes)
    chosen = replace(table, frame=_nearest(table.frame, year))
    figures: dict[str, Array] = {}
    estimated: dict[str, Array] = {}
    for item in ITEMS:
        part = chosen.frame[chosen.frame["item"] == item]
        # What is of another year is an estimate for the benchmark's.
        other = part["rule"].str.contains("nearest_year") & (item not in BY_SECTOR)
        filled = (part["filled_percent"] / 100).mask(other, 1.0)
        values = part["value"] / (1 if item == "patents" else 100)
        cells = {"region": axes.regions}
        if item in BY_SECTOR:
            cells["sector"] = axes.sectors
        estimated[item] = chosen.array(filled, cells)
        figures[item] = chosen.array(values, cells, 0.0 if item == "industry" else np.nan)
    industry, depreciation = (figures.pop(item) for item in BY_SECTOR)
    _check_complete(figures, industry, path, axes.regions)
    share = industry / industry.sum(axis=1, keepdims=True)
    return ResearchFigures(figures, share, depreciation, estimated, chosen.frame)


def _checked(table: LongTable, axes: Axes) -> LongTable:
    """The table with every optional column, its values checked."""
    table.check_codes(region=axes.regions, item=list(ITEMS))
    frame, refuse = table.frame, table.refuse
    by_sector = frame["item"].isin(BY_SECTOR)
    refuse(by_sector & ~frame["sector"].isin(axes.sectors), "unknown sector", "sector",
           axes.sectors)  # fmt: skip
    refuse(~by_sector & (frame["sector"] != ""), "a national item has no sector", "sector",
           f"nothing, but for {' and '.join(BY_SECTOR)}")  # fmt: skip
    value = frame["value"]
    largest = frame["item"].map({item: most for item, (most, _) in ITEMS.items()})
    refuse((value < 0) | (value > largest), "value is not possible", "value",
           "numbers from 0, per cent up to 100 (10 for ten per cent)")  # fmt: skip
    frame = frame.assign(**{c: v for c, v in _OPTIONAL.items() if c not in frame})
    year = numbers(frame["year"])
    refuse(year.isna() | (year % 1 != 0), "year is not a whole number", "year", "years")
    for column, empty in (("status", "original"), ("rule", ""), ("source", "user")):
        frame[column] = frame[column].fillna("").astype(str).replace("", empty)
    given = numbers(frame["filled_percent"])
    refuse(frame["filled_percent"].notna() & ~given.between(0, 100), "is no percentage",
           "filled_percent", "0 to 100")  # fmt: skip
    filled = given.fillna((frame["status"] == "filled") * 100.0)
    table = replace(table, frame=frame.assign(year=year.astype(int), filled_percent=filled))
    table.refuse(~frame["status"].isin(["original", "computed", "filled"]), "unknown status",
                 "status", "original, computed, filled")  # fmt: skip
    table.check_once("year")
    return table


def _nearest(frame: pd.DataFrame, year: int | None) -> pd.DataFrame:
    """One row a cell: of the year nearest to the benchmark's, the earlier of two."""
    target = frame["year"].max() if year is None else year
    distance = (frame["year"] - target).abs()
    chosen = (
        frame.assign(distance=distance)
        .sort_values(["distance", "year"], kind="stable")
        .drop_duplicates(list(CODES))
        .sort_index()
    )
    other = (chosen["distance"] > 0) & (chosen["year"] > 0) & (chosen["item"] != "industry")
    if year is not None:
        # The structure by sector is of one year in most sources; its year says so.
        before = chosen.loc[other, "rule"]
        chosen.loc[other, "rule"] = (before + "+nearest_year").str.lstrip("+")
        chosen.loc[other, "status"] = "filled"
    columns = [*CODES, "value", "year", "status", "rule", "filled_percent", "source"]
    return chosen[columns].reset_index(drop=True)


def _check_complete(
    national: Mapping[str, Array], industry: Array, path: str | Path, regions: Sequence[str]
) -> None:
    """Refuse a missing national figure, and shares of sectors that do not add up to 100."""
    for item, values in national.items():
        missing = np.array(regions)[np.isnan(values) & ITEMS[item][1]].tolist()
        refuse_first(missing, f"no figure '{item}'", file=path, key="region",
                     allowed="one for every region")  # fmt: skip
    total = 100 * industry.sum(axis=1)
    bad = (f"{r}: {t:.2f}" for r, t in zip(regions, total) if abs(t - 100) > _ROUNDING)
    refuse_first(bad, "shares of industry in business R&D do not add up to 100", file=path,
                 key="industry", allowed="100 for every region")  # fmt: skip
