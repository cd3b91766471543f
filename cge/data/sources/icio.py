"""The OECD's Inter-Country Input-Output tables, one CSV file a year.

Labels are ``AUS_01T02`` for a sector, ``AUS_HFCE`` for final demand (the 2016 edition has
``HFCE_AUS``), ``TLS``, ``VA`` and the like for primary inputs. China and Mexico stand there in
parts (CN1, CN2, MX1, MX2), which are added up.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Axes
from cge.core.errors import InputError, refuse_first, refuse_if
from cge.core.files import one_line
from cge.core.tables import first_lines, separator
from cge.data.sources.labelled import Labelled, positions
from cge.data.sources.raw_table import RawTable

_FINAL = ("HFCE", "NPISH", "NPS", "GGFC", "GFCF", "INVNT", "INV", "DIRP", "DPABR", "FD", "P33",
          "DISC")  # fmt: skip
_INPUT = r"TLS|VA|VALU|.*TAX.*"
_TOTALS = ("OUT", "OUTPUT", "TOTAL")
_PARTS = {"CN": "CHN", "MX": "MEX"}


def read_icio(path: Path, year: int | None, commas: bool = False) -> RawTable:
    """Read a table of the OECD.

    Parameters
    ----------
    path : path
        The ``.csv`` or ``.zip`` of a year, or a folder of them.
    year : int, optional
        Needed for a folder.
    commas : bool
        Whether numbers have decimal commas.

    Raises
    ------
    InputError
        If it is not such a table, for a label that stands twice or on one side alone, and for a
        cell that is no number.
    """
    path = _file(path, year)
    frame = _frame(path, commas)
    core = Labelled(frame, "the table", str(path), commas)
    rows, columns = ([label[0] for label in side] for side in (core.rows, core.columns))
    both = set(rows) & set(columns)
    lost = (row for row in rows if not (row in both or row in _TOTALS or re.fullmatch(_INPUT, row)))
    refuse_first(lost, "this row is no column, nor a primary input", file=path, key="the table",
                 allowed="the same sectors in rows and columns")  # fmt: skip
    final = {n: _final(label) for n, label in enumerate(columns)
             if label not in both and label not in _TOTALS}  # fmt: skip
    stray = (columns[n] for n, found in final.items() if found is None)
    refuse_first(stray, "this column is no row, nor final demand", file=path, key="the table",
                 allowed="the same sectors in rows and columns")  # fmt: skip
    refuse_if(not both, "holds no sectors such as AUS_01T02 in rows and columns", file=path)

    labels = [_sector(row, path) for row in rows if row in both]
    axes = Axes(*(tuple(dict.fromkeys(label[k] for label in labels)) for k in (0, 1)))
    n = len(axes.regions) * len(axes.sectors)
    of_sectors = [k for k, row in enumerate(rows) if row in both]
    users = [k for k, column in enumerate(columns) if column in both]
    at, by = positions(labels, axes), positions([_sector(columns[k], path) for k in users], axes)
    flows, demand = np.zeros((n, n)), np.zeros((n, len(final)))
    bought = replace(core, frame=frame.iloc[:, users])
    np.add.at(flows, np.ix_(at, by), bought.values(of_sectors))
    np.add.at(demand, at, replace(core, frame=frame.iloc[:, list(final)]).values(of_sectors))
    inputs = {}
    for k, row in enumerate(rows):
        if row not in both and row not in _TOTALS:
            inputs[row] = np.zeros(axes.shape("sj"))
            np.add.at(inputs[row].reshape(-1), by, bought.values([k])[0])
    years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", path.name)
    return RawTable(
        regions=axes.regions, sectors=axes.sectors, intermediate=flows.reshape(axes.shape("risj")),
        final=demand.reshape(*axes.shape("ri"), -1),
        final_names=tuple(found for found in final.values() if found), inputs=inputs,
        unit="million USD", year=int(years[-1]) if years else None,
    )  # fmt: skip


def _file(path: Path, year: int | None) -> Path:
    if not path.is_dir():
        return path
    refuse_if(year is None, "the folder may hold several years", key="year", file=path,
              allowed="the year to read")  # fmt: skip
    found = sorted(p for p in path.iterdir() if p.suffix.lower() in (".csv", ".zip")
                   and re.fullmatch(rf"(?:ICIO\d{{4}}_)?{year}(?:_SML)?", p.stem))  # fmt: skip
    refuse_if(len(found) != 1, f"{len(found)} tables of the OECD fit, one is needed", file=path,
              key="year", value=year, allowed=f"one file such as ICIO2023_{year}.csv")  # fmt: skip
    return found[0]


def _frame(path: Path, commas: bool) -> pd.DataFrame:
    try:
        plain: dict[str, Any] = {
            "header": None, "keep_default_na": False, "na_values": [""],
            "sep": separator(first_lines(path)[0], commas), "decimal": "," if commas else ".",
        }  # fmt: skip
        head = pd.read_csv(path, nrows=1, dtype=str, **plain)
        body = pd.read_csv(path, skiprows=1, dtype={0: str}, low_memory=False, **plain)
        frame = body.iloc[:, 1:].set_axis(head.iloc[0, 1:].to_numpy(), axis=1)
        return frame.set_axis(pd.Index(body[0].to_numpy(), dtype=object))
    except Exception as error:
        # The readers and decompressors have a dozen kinds of error, all about the file.
        raise InputError(f"can not be read as a table of the OECD: {one_line(error)}",
                         file=path) from None  # fmt: skip


def _final(label: str) -> tuple[str, str] | None:
    """Region and category of a column of final demand; discrepancies are of no region."""
    parts = label.split("_")
    if label in _FINAL:
        return "ALL", label
    if len(parts) == 2 and parts[1] in _FINAL:
        return _whole(parts[0]), parts[1]
    return (_whole(parts[1]), parts[0]) if len(parts) == 2 and parts[0] in _FINAL else None


def _sector(label: str, path: Path) -> tuple[str, str]:
    region, _, sector = label.partition("_")
    refuse_if(not sector, "is no label of a region and a sector", file=path, key="the table",
              value=label, allowed="such as AUS_01T02")  # fmt: skip
    return _whole(region), sector


def _whole(region: str) -> str:
    """The country of which a region is a part."""
    return _PARTS.get(region[:2], region) if re.fullmatch(r"(CN|MX)\d", region) else region
