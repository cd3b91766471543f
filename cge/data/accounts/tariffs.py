"""Benchmark tariffs by importer, exporter and sector."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes, fixed
from cge.core.content import calibration_file, find_content
from cge.core.rate_bounds import LARGEST_RATE, too_large
from cge.core.tables import LongTable
from cge.data.accounts.world_table import filled_cells

#: Rates of the years of the tables; those of other years are named after them.
APPLIED = "applied"
#: No rates at all.
NO_TARIFFS = "none"


@lru_cache(maxsize=1)
def shipped_rates() -> dict[str, dict[str, Path]]:
    """Files of shipped rates by name (``applied``, ``1993``), and by the table they are for."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(calibration_file("tariffs").glob("*_*.csv.gz")):
        table, _, name = path.name.removesuffix(".csv.gz").partition("_")
        found.setdefault(name, {})[table] = path
    return dict(sorted(found.items(), key=lambda one: one[0] != APPLIED))


def load_tariffs(choice: str, table: str, axes: Axes) -> tuple[Array, pd.DataFrame]:
    """Tariff rates (r, i, s), and the cells among them that a rule filled.

    Parameters
    ----------
    choice : str
        ``applied`` for the shipped rates of the table, ``1993`` or ``2005`` for those of that
        year, ``none`` for zero, or the path of a CSV or Parquet file with columns importer,
        exporter, sector, rate. A rate beyond :data:`~cge.core.rate_bounds.LARGEST_RATE` has
        ``true`` in a column ``large``.

    Raises
    ------
    InputError
        For unknown codes, repeated cells, rates within a region, rates that are not numbers,
        -100 % and below, or too large to be meant.
    """
    unfilled = filled_cells("tariff", [], [], [], [])
    if choice == NO_TARIFFS:
        return np.zeros(axes.shape("ris")), unfilled
    known = shipped_rates().get(choice, {})
    if choice == APPLIED or table in known:
        rates, rows = applied_tariffs(table, axes, choice)
        rows = rows[(rows["status"] == "filled") | (rows["rule"] == "suspect")]
        pair = rows["importer"] + " from " + rows["exporter"]
        return rates, filled_cells("tariff", pair, rows["sector"], rows["rate"], rows["rule"])
    offered = [name for name, tables in shipped_rates().items() if table in tables]
    path = find_content("tariff", choice, {}, "tariffs", offered=(*offered, NO_TARIFFS))
    return _read(path, axes)[0], unfilled


@lru_cache(maxsize=3)
def applied_tariffs(table: str, axes: Axes, name: str = APPLIED) -> tuple[Array, pd.DataFrame]:
    """Shipped rates of a table (r, i, s), and the rows of their file."""
    return _read(calibration_file("tariffs", f"{table}_{name}.csv.gz"), axes)


def _read(path: Path, axes: Axes) -> tuple[Array, pd.DataFrame]:
    """Rates of a file as an array, read-only, and its rows."""
    allowed = "fractions above -1, 0.10 for 10 %"
    table = LongTable.read(path, ("importer", "exporter", "sector"), "rate", allowed)
    cells = {"exporter": axes.regions, "sector": axes.sectors, "importer": axes.regions}
    table.check_codes(**cells)
    rate = table.frame["rate"]
    table.refuse(rate <= -1, "rate is not above -1", "rate", allowed)
    large = table.frame.get("large", pd.Series("", index=rate.index))
    largest = float(rate[large.astype(str).str.lower() != "true"].max())
    if largest > LARGEST_RATE:
        raise too_large(largest, LARGEST_RATE, "'true' in a column 'large'", path, "rate")
    table.check_once()
    at_home = table.frame["importer"] == table.frame["exporter"]
    table.refuse(at_home & (rate != 0), "a tariff on a region's own deliveries",
                 allowed="rates between different regions")  # fmt: skip
    return fixed(table.array(rate, cells)), table.frame
