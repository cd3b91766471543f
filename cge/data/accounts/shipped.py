"""The tables that ship with the project, read into :class:`WorldTable`."""

from __future__ import annotations

import io
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.data.accounts.world_table import WorldTable


@dataclass(frozen=True)
class ShippedTable:
    """What there is to know about a shipped table before reading it."""

    name: str
    title: str
    years: tuple[int, ...]
    status: str
    notes: tuple[str, ...]


TABLES: Mapping[str, ShippedTable] = {
    "wiod2013": ShippedTable(
        "wiod2013",
        "World Input-Output Database, 2013 release: 41 regions x 35 sectors",
        tuple(range(1995, 2012)),
        "original",
        (
            "Data: World Input-Output Database, 2013 release (Timmer et al. 2015). Net product "
            "taxes and transport margins on intermediates are estimated with the rates of the "
            "2016 release; taxes on final use are not in the data.",
        ),
    ),
    "wiod2014": ShippedTable(
        "wiod2014",
        "World Input-Output Database, 2016 release, 2014: 44 regions x 56 sectors, "
        "cross-border intermediates estimated",
        (2014,),
        "estimated",
        (
            "Data: World Input-Output Database, 2016 release, 2014 (Timmer et al. 2015).",
            "ESTIMATED: the cross-border intermediates of this table are RAS estimates fitted to "
            "published margins; for demonstration and timing, not for publication.",
        ),
    ),
}


def table_folder(name: str) -> Path:
    """Return the folder of a shipped table's files."""
    return content_dir("calibration") / "tables" / name


def read_provenance(folder: Path) -> dict:
    """Return the provenance record of a content folder."""
    return yaml.safe_load((folder / "provenance.yaml").read_text(encoding="utf-8"))


def _unpack(path: Path) -> dict[str, np.ndarray]:
    with lzma.open(path) as file, np.load(io.BytesIO(file.read())) as content:
        return {key: content[key] for key in content.files}


def load_table(name: str, year: int) -> WorldTable:
    """Read a shipped table as published.

    Parameters
    ----------
    name : {"wiod2013", "wiod2014"}
    year : int

    Raises
    ------
    InputError
        If there is no such table or year.
    """
    if name not in TABLES:
        raise InputError("unknown table", key="table", value=name, allowed=TABLES)
    shipped = TABLES[name]
    if year not in shipped.years:
        years = shipped.years
        span = f"{years[0]}-{years[-1]}" if len(years) > 1 else str(years[0])
        raise InputError(f"table {name} has no such year", key="year", value=year, allowed=span)
    return _load(name, year)


@lru_cache(maxsize=2)
def _load(name: str, year: int) -> WorldTable:
    folder = table_folder(name)
    file = f"wiot_{year}.npz.xz" if name == "wiod2013" else "table.npz.xz"
    data = _unpack(folder / file)
    index = {axis: pd.read_csv(folder / f"{axis}.csv") for axis in ("regions", "sectors", "agents")}
    regions, sectors, agents = (
        tuple(index[axis][column])
        for axis, column in (("regions", "region"), ("sectors", "sector"), ("agents", "agent"))
    )
    r, i, d = len(regions), len(sectors), len(agents)
    intermediate = data["Z"].astype(float).reshape(r, i, r, i)
    final = data["F"].astype(float).reshape(r, i, r, d)
    share = _value_added_share(name, year, data, regions, sectors)
    output = intermediate.sum(axis=(2, 3)) + final.sum(axis=(2, 3))
    labour_share, filled = _labour_share(name, year, regions, sectors)
    shipped = TABLES[name]
    return WorldTable(
        name=name,
        year=year,
        regions=regions,
        sectors=sectors,
        agents=agents,
        intermediate=intermediate,
        final=final,
        value_added=share * output,
        labour_share=labour_share,
        inventories=("INV",),
        status=shipped.status,
        notes=shipped.notes,
        filled=filled,
        names={
            "regions": dict(zip(regions, index["regions"]["name"], strict=True)),
            "sectors": dict(zip(sectors, index["sectors"]["name"], strict=True)),
        },
    )


def _grid(frame: pd.DataFrame, value: str, regions, sectors) -> np.ndarray:
    cells = frame.set_index(["region", "sector"])[value]
    wanted = pd.MultiIndex.from_product([regions, sectors])
    return cells.reindex(wanted).to_numpy(dtype=float).reshape(len(regions), len(sectors))


def _value_added_share(name, year, data, regions, sectors) -> np.ndarray:
    """Return value added at basic prices over output, (s, j); zero where there is none."""
    shape = (len(regions), len(sectors))
    if name == "wiod2013":
        # The release's own tax and margin rows are lost; the 2016 release has them for two
        # years. What the column leaves over inputs is split with those rates.
        with lzma.open(table_folder(name) / "value_added.csv.xz") as file:
            shares = pd.read_csv(file)
        gross = _grid(shares[shares["year"] == year], "gross_va_share", regions, sectors)
        rates = pd.read_csv(content_dir("calibration") / "factors" / f"{name}_tax_margin_share.csv")
        rates = rates[rates["year"] == (2007 if year <= 2009 else 2011)]
        taxes, margins = (
            _grid(rates, column, regions, sectors) for column in ("tax_share", "margin_share")
        )
        return np.nan_to_num(gross - taxes - margins)
    output = data["x"].astype(float).reshape(shape)
    value_added = data["VA_basic"].astype(float).reshape(shape)
    # The rest of the world has no cost rows: the whole column residual is value added.
    residual = output - data["Z"].astype(float).sum(axis=0).reshape(shape)
    value_added = np.where(np.isnan(value_added), residual, value_added)
    return np.divide(value_added, output, out=np.zeros(shape), where=output > 0)


def _labour_share(name, year, regions, sectors) -> tuple[np.ndarray, pd.DataFrame]:
    frame = pd.read_csv(
        content_dir("calibration") / "factors" / f"{name}_labour_share.csv",
        keep_default_na=False,
    )
    frame = frame[frame["year"] == year]
    filled = frame[frame["status"] == "filled"]
    listed = pd.DataFrame(
        {
            "what": "labour share of value added",
            "region": filled["region"],
            "sector": filled["sector"],
            "value": filled["labour_share"].astype(float),
            "rule": filled["rule"],
        }
    ).reset_index(drop=True)
    frame = frame.assign(labour_share=frame["labour_share"].astype(float))
    return _grid(frame, "labour_share", regions, sectors), listed
