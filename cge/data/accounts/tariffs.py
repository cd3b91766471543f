"""Benchmark tariffs by importer, exporter and sector."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import is_file, numbers, read_table
from cge.core.rate_bounds import LARGEST_RATE, too_large

Array = NDArray[np.float64]
COLUMNS = ("importer", "exporter", "sector", "rate", "status", "rule")


def load_tariffs(
    choice: str, table: str, regions: tuple[str, ...], sectors: tuple[str, ...]
) -> tuple[Array, pd.DataFrame]:
    """Return tariff rates (r, i, s) and the cells among them that a rule filled.

    Parameters
    ----------
    choice : str
        ``applied`` for the shipped rates of the table, ``none`` for zero, or the path
        of a CSV or Parquet file with columns importer, exporter, sector, rate. A rate beyond
        :data:`~cge.core.rate_bounds.LARGEST_RATE` has ``true`` in a column ``large``.

    Raises
    ------
    InputError
        For unknown codes, repeated cells, rates within a region, rates that are not numbers,
        -100 % and below, or too large to be meant.
    """
    empty = pd.DataFrame(columns=["what", "region", "sector", "value", "rule"])
    if choice == "none":
        return np.zeros((len(regions), len(sectors), len(regions))), empty
    if choice == "applied":
        return _applied(table, regions, sectors)
    if not is_file(choice):
        raise InputError(
            "no such tariff file", key="tariffs", value=choice,
            allowed=["applied", "none", "the path of a file"],
        )  # fmt: skip
    return _read(choice, regions, sectors)[0], empty


@lru_cache(maxsize=2)
def _applied(
    table: str, regions: tuple[str, ...], sectors: tuple[str, ...]
) -> tuple[Array, pd.DataFrame]:
    """Return the shipped rates of a table, read-only, and the cells that a rule filled."""
    path = content_dir("calibration") / "tariffs" / f"{table}_applied.csv.gz"
    rates, frame = _read(path, regions, sectors)
    rates.setflags(write=False)
    filled = frame[(frame["status"] == "filled") | (frame["rule"] == "suspect")]
    listed = pd.DataFrame(
        {
            "what": "tariff",
            "region": filled["importer"] + " from " + filled["exporter"],
            "sector": filled["sector"],
            "value": filled["rate"].astype(float),
            "rule": filled["rule"],
        }
    )
    return rates, listed.reset_index(drop=True)


def _read(
    path: str | Path, regions: tuple[str, ...], sectors: tuple[str, ...]
) -> tuple[Array, pd.DataFrame]:
    """Return the rates of a file as an array, and its rows."""
    codes = ("importer", "exporter", "sector")
    frame = read_table(path, (*codes, "rate"), text=codes)
    for column, known in (("importer", regions), ("exporter", regions), ("sector", sectors)):
        unknown = ~frame[column].isin(known)
        if unknown.any():
            raise InputError(
                f"unknown {column}", file=path, key=column,
                value=str(frame.loc[unknown, column].iloc[0]), allowed=known,
            )  # fmt: skip
    rate = numbers(frame["rate"])
    bad = rate.isna() | (rate <= -1)
    if bad.any():
        raise InputError(
            "rate is not a number above -1", file=path, key="rate",
            value=str(frame.loc[bad, "rate"].iloc[0]), allowed="fractions, 0.10 for 10 %",
        )  # fmt: skip
    meant = frame["large"].astype(str).str.lower() == "true" if "large" in frame else rate.isna()
    largest = float(rate[~meant].max())
    if largest > LARGEST_RATE:
        raise too_large(largest, LARGEST_RATE, "'true' in a column 'large'", path, "rate")
    repeated = frame.duplicated(["importer", "exporter", "sector"])
    if repeated.any():
        row = frame.loc[repeated].iloc[0]
        raise InputError(
            "cell stands twice", file=path,
            value=f"{row['importer']}, {row['exporter']}, {row['sector']}",
        )  # fmt: skip
    at_home = (frame["importer"] == frame["exporter"]) & (rate != 0)
    if at_home.any():
        row = frame.loc[at_home].iloc[0]
        raise InputError(
            "a tariff on a region's own deliveries", file=path, key="rate",
            value=f"{row['importer']}, {row['exporter']}, {row['sector']}",
            allowed="rates between different regions",
        )  # fmt: skip
    position = {code: k for k, code in enumerate(regions)}
    sector = {code: k for k, code in enumerate(sectors)}
    exporter, importer = frame["exporter"].map(position), frame["importer"].map(position)
    rates = np.zeros((len(regions), len(sectors), len(regions)))
    rates[exporter, frame["sector"].map(sector), importer] = rate
    return rates, frame
