"""The shipped tables, read into :class:`WorldTable`."""

from __future__ import annotations

import io
import lzma
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes, ratio
from cge.core.content import calibration_file
from cge.core.errors import InputError, check_known
from cge.data.accounts.shipped import TABLES, table_folder
from cge.data.accounts.world_table import LABOUR_SHARE_CELL, WorldTable, filled_cells


def table_codes(name: str, axis: str) -> tuple[str, ...]:
    """Codes of an axis of a shipped table.

    Parameters
    ----------
    name : {"wiod2013", "wiod2014", "world2022"}
    axis : {"regions", "sectors", "agents"}
    """
    return tuple(_names(name, axis))


def _names(name: str, axis: str) -> dict[str, str]:
    """Readable names by code."""
    index = pd.read_csv(table_folder(name) / f"{axis}.csv")
    return dict(zip(index[axis.removesuffix("s")], index["name"], strict=True))


def load_table(name: str, year: int | None = None) -> WorldTable:
    """Read a shipped table as published.

    Parameters
    ----------
    name : {"wiod2013", "wiod2014", "world2022"}
    year : int, optional
        Default: the latest of the table.

    Raises
    ------
    InputError
        If there is no such table or year.
    """
    check_known([name], TABLES, "unknown table", key="table")
    years = TABLES[name].years
    if year is not None and year not in years:
        span = f"{years[0]}-{years[-1]}" if len(years) > 1 else str(years[0])
        others = [f"table {other}" for other, one in TABLES.items() if year in one.years]
        raise InputError(f"table {name} has no such year", key="year", value=year,
                         allowed=" or ".join([span, *others]))  # fmt: skip
    return _load(name, years[-1] if year is None else year)


@lru_cache(maxsize=3)
def _load(name: str, year: int) -> WorldTable:
    shipped = TABLES[name]
    file = f"wiot_{year}.npz.xz" if name == "wiod2013" else "table.npz.xz"
    with lzma.open(table_folder(name) / file) as packed, np.load(io.BytesIO(packed.read())) as npz:
        data = {key: npz[key].astype(float) for key in npz.files}
    axes = Axes(**{axis: table_codes(name, axis) for axis in ("regions", "sectors", "agents")})
    intermediate = data["Z"].reshape(axes.shape("risj"))
    final = data["F"].reshape(axes.shape("risd"))
    output = intermediate.sum(axis=(2, 3)) + final.sum(axis=(2, 3))
    labour_share, filled = _labour_share(name, year, axes)
    return WorldTable(
        name=name, year=year, regions=axes.regions, sectors=axes.sectors, agents=axes.agents,
        intermediate=intermediate, final=final,
        value_added=_value_added_share(name, year, data, axes) * output,
        labour_share=labour_share, inventories=("INV",), status=shipped.status,
        notes=shipped.notes, filled=filled,
        names={axis: _names(name, axis) for axis in ("regions", "sectors")},
    )  # fmt: skip


def _grid(frame: pd.DataFrame, value: str, axes: Axes) -> Array:
    """Values by region and sector, (s, j), NaN where the frame has no row."""
    cells = frame.set_index(["region", "sector"])[value].astype(float)
    wanted = pd.MultiIndex.from_product([axes.regions, axes.sectors])
    return np.asarray(cells.reindex(wanted), dtype=float).reshape(axes.shape("sj"))


def _value_added_share(name: str, year: int, data: Mapping[str, Array], axes: Axes) -> Array:
    """Value added at basic prices over output, (s, j); zero where there is none."""
    if name == "wiod2013":
        # The release's own tax and margin rows are lost; the 2016 release has them for two
        # years. What the column leaves over inputs is split with those rates.
        shares = pd.read_csv(table_folder(name) / "value_added.csv.xz")
        gross = _grid(shares[shares["year"] == year], "gross_va_share", axes)
        rates = pd.read_csv(calibration_file("factors", f"{name}_tax_margin_share.csv"))
        rates = rates[rates["year"] == (2007 if year <= 2009 else 2011)]
        taxes, margins = (_grid(rates, item, axes) for item in ("tax_share", "margin_share"))
        share = gross - taxes - margins
        return np.where(np.isnan(share), 0.0, share)
    output, value_added = (data[key].reshape(axes.shape("sj")) for key in ("x", "VA_basic"))
    # The rest of the world has no cost rows: the whole column residual is value added.
    residual = output - data["Z"].sum(axis=0).reshape(output.shape)
    return ratio(np.where(np.isnan(value_added), residual, value_added), output)


def _labour_share(name: str, year: int, axes: Axes) -> tuple[Array, pd.DataFrame]:
    """Labour shares (s, j), and the cells among them that a rule filled."""
    frame = pd.read_csv(
        calibration_file("factors", f"{name}_labour_share.csv"), keep_default_na=False
    )
    frame = frame[frame["year"] == year].astype({"labour_share": float})
    filled = frame[frame["status"] == "filled"]
    columns = (filled[name] for name in ("region", "sector", "labour_share", "rule"))
    return _grid(frame, "labour_share", axes), filled_cells(LABOUR_SHARE_CELL, *columns)
