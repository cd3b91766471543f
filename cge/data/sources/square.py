"""Matrices with labels such as ``AUS_C26`` on both sides: the OECD's tables and FIGARO.

Rows are sectors and primary inputs, columns sectors and final demand, in any order. The OECD's
tables have ``TLS``, ``VA`` and the like as inputs and, in the extended editions, China and Mexico
in parts (CN1, CN2, MX1, MX2), which are added up; the edition of 2016 has ``HFCE_AUS`` for
``AUS_HFCE``. FIGARO's inputs belong to the area ``W2``.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes, Integers
from cge.core.errors import InputError, refuse_first, refuse_if
from cge.core.files import check_unpacked, one_line
from cge.core.tables import separator
from cge.data.sources.labelled import Labelled, positions
from cge.data.sources.raw_table import RawTable

#: Largest gap between a row and its stated total: of the total, and in the table's unit.
_GAP, _ROUNDING = 1e-3, 1.0


@dataclass(frozen=True)
class Square:
    """What the labels of a source mean.

    Parameters
    ----------
    title, unit : str
    final : mapping
        Categories of final demand and what they are called in messages and notes.
    inputs : str
        Pattern of rows of primary inputs.
    names : mapping
        Of primary inputs, where the code is not its own name.
    totals : tuple of str
        Rows and columns that add others up.
    world : tuple of str
        Columns that are final demand of no region.
    parts : mapping
        Region of which others are parts, by their first letters.
    file : str
        Pattern of the stem of a file, of a year.
    """

    title: str
    unit: str
    final: Mapping[str, str]
    inputs: str
    names: Mapping[str, str]
    totals: tuple[str, ...]
    world: tuple[str, ...]
    parts: Mapping[str, str]
    file: str


_OECD_FINAL = ("HFCE", "NPISH", "NPS", "GGFC", "GFCF", "INVNT", "INV", "DIRP", "DPABR", "FD",
               "P33", "DISC")  # fmt: skip
SQUARES: Mapping[str, Square] = {
    "icio": Square(
        "a table of the OECD", "million USD", dict(zip(_OECD_FINAL, _OECD_FINAL)),
        r"TLS|VA|VALU|.*TAX.*", {}, ("OUT", "OUTPUT", "TOTAL"), _OECD_FINAL,
        {"CN": "CHN", "MX": "MEX"}, r"(?:ICIO\d{4}_)?YEAR(?:_SML|_EXT)?",
    ),
    "figaro": Square(
        "a table of FIGARO", "million EUR",
        {"P3_S13": "Final consumption of government", "P3_S14": "Final consumption of households",
         "P3_S15": "Final consumption of NPISH", "P51G": "Gross fixed capital formation",
         "P5M": "Changes in inventories and valuables"},
        r"W2_(?:D21X31|OP_RES|OP_NRES|D1|D29X39|B2A3G)",
        {"W2_D21X31": "Taxes less subsidies on products", "W2_D1": "Compensation of employees",
         "W2_D29X39": "Other taxes less subsidies on production",
         "W2_B2A3G": "Gross operating surplus and mixed income",
         "W2_OP_RES": "Purchases of residents abroad",
         "W2_OP_NRES": "Purchases of non-residents"},
        (), (), {}, r"matrix_eu-ic-io_ind-by-ind_(?:\d\ded_)?YEAR(?:_v\d)?",
    ),
}  # fmt: skip


def read_square(path: Path, kind: str, year: int | None, commas: bool = False) -> RawTable:
    """Read a table of the OECD or of FIGARO.

    Parameters
    ----------
    path : path
        The ``.csv`` of a year, a ``.zip`` with it, or a folder of them.
    kind : {"icio", "figaro"}
    year : int, optional
        Needed for a folder, and for an archive with several years.
    commas : bool
        Whether numbers have decimal commas.

    Raises
    ------
    InputError
        If it is not such a table, for a label that stands twice or on one side alone, a cell that
        is no number, and a row that misses its stated total.
    """
    square = SQUARES[kind]
    path = _file(path, square, year)
    frame, name = _frame(path, square, year, commas)
    core = Labelled(frame, "the table", str(path), commas)
    rows, columns = ([label[0] for label in side] for side in (core.rows, core.columns))
    both = set(rows) & set(columns)
    known = re.compile(square.inputs)
    lost = (row for row in rows
            if not (row in both or row in square.totals or known.fullmatch(row)))  # fmt: skip
    refuse_first(lost, "this row is no column, nor a primary input", file=path, key="the table",
                 allowed="the same sectors in rows and columns")  # fmt: skip
    final = {n: _final(label, square) for n, label in enumerate(columns)
             if label not in both and label not in square.totals}  # fmt: skip
    stray = (columns[n] for n, found in final.items() if found is None)
    refuse_first(stray, "this column is no row, nor final demand", file=path, key="the table",
                 allowed="the same sectors in rows and columns")  # fmt: skip
    both -= set(square.totals)
    refuse_if(not both, "holds no sectors such as AUS_C26 in rows and columns", file=path)

    labels = [_sector(row, square, path) for row in rows if row in both]
    axes = Axes(*(tuple(dict.fromkeys(label[k] for label in labels)) for k in (0, 1)))
    n = len(axes.regions) * len(axes.sectors)
    of_sectors = [k for k, row in enumerate(rows) if row in both]
    users = [k for k, column in enumerate(columns) if column in both]
    at = positions(labels, axes)
    by = positions([_sector(columns[k], square, path) for k in users], axes)
    flows, demand = np.zeros((n, n)), np.zeros((n, len(final)))
    bought = replace(core, frame=frame.iloc[:, users])
    cells = bought.values(of_sectors)
    sold = replace(core, frame=frame.iloc[:, list(final)]).values(of_sectors)
    for k in (k for k, column in enumerate(columns) if column in square.totals):
        stated = replace(core, frame=frame.iloc[:, [k]]).values(of_sectors)[:, 0]
        _check_totals(stated, cells.sum(axis=1) + sold.sum(axis=1), labels, columns[k], path)
    _add(flows, cells, at, by)
    np.add.at(demand, at, sold)
    inputs: dict[str, Array] = {}
    for k, row in enumerate(rows):
        if row not in both and row not in square.totals:
            found = inputs.setdefault(square.names.get(row, row), np.zeros(axes.shape("sj")))
            np.add.at(found.reshape(-1), by, bought.values([k])[0])
    years = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)
    return RawTable(
        regions=axes.regions, sectors=axes.sectors, intermediate=flows.reshape(axes.shape("risj")),
        final=demand.reshape(*axes.shape("ri"), -1),
        final_names=tuple(found for found in final.values() if found), inputs=inputs,
        unit=square.unit, year=int(years[-1]) if years else None,
    )  # fmt: skip


def _add(flows: Array, cells: Array, at: Integers, by: Integers) -> None:
    """Add cells at rows `at` and columns `by`, where a place may be named more than once."""
    if len(np.unique(at)) == len(at) and len(np.unique(by)) == len(by):
        flows[np.ix_(at, by)] = cells
        return
    columns = np.zeros((len(at), flows.shape[1]))
    np.add.at(columns.T, by, cells.T)
    np.add.at(flows, at, columns)


def _check_totals(stated: Any, found: Any, labels: Any, name: str, path: Path) -> None:
    if not stated.any():
        return
    gap = np.abs(stated - found)
    k = int(np.argmax(gap - _GAP * np.abs(stated)))
    refuse_if(gap[k] > _GAP * abs(stated[k]) + _ROUNDING,
              f"row {'_'.join(labels[k])} adds up to {found[k]:.6g}, its {name} is "
              f"{stated[k]:.6g}: the file is damaged or its layout has changed", file=path,
              key="the table", value=name,
              allowed=f"rows that miss their total by up to {_GAP:.1%}")  # fmt: skip


def _stem(path: Path | str) -> str:
    return re.sub(r"\.(csv|zip)$", "", Path(path).name, flags=re.IGNORECASE)


def _fits(name: Path | str, square: Square, year: int | None) -> bool:
    pattern = square.file.replace("YEAR", r"(?:19|20)\d\d" if year is None else str(year))
    return re.fullmatch(pattern, _stem(name), re.IGNORECASE) is not None


def _file(path: Path, square: Square, year: int | None) -> Path:
    if not path.is_dir():
        return path
    refuse_if(year is None, "the folder may hold several years", key="year", file=path,
              allowed="the year to read")  # fmt: skip
    tables = [p for p in sorted(path.iterdir()) if p.suffix.lower() in (".csv", ".zip")]
    found = [p for p in tables if _fits(p, square, year)]
    found = found or [p for p in tables if p.suffix.lower() == ".zip" and _members(p, square, year)]
    shown = "ICIO2023_" if square.world else "matrix_eu-ic-io_ind-by-ind_24ed_"
    refuse_if(len(found) != 1, f"{len(found)} files fit {square.title}, one is needed", file=path,
              key="year", value=year, allowed=f"one file such as {shown}{year}.csv")  # fmt: skip
    return found[0]


def _members(path: Path, square: Square, year: int | None) -> list[str]:
    """Tables of a year in an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.lower().endswith(".csv")]
    except (OSError, zipfile.BadZipFile):
        return []
    return names if len(names) == 1 and year is None else [n for n in names
                                                            if _fits(n, square, year)]  # fmt: skip


def _frame(path: Path, square: Square, year: int | None, commas: bool) -> tuple[pd.DataFrame, str]:
    """The matrix with its labels, and the name of the file that it stood in."""

    def read(open_file: Any) -> pd.DataFrame:
        with open_file() as file:
            first = file.readline().decode("utf-8", errors="replace")
        plain: dict[str, Any] = {
            "header": None, "keep_default_na": False, "na_values": [""],
            "sep": separator(first, commas), "decimal": "," if commas else ".",
        }  # fmt: skip
        with open_file() as file:
            head = pd.read_csv(file, nrows=1, dtype=str, **plain)
        with open_file() as file:
            body = pd.read_csv(file, skiprows=1, dtype={0: str}, low_memory=False, **plain)
        frame = body.iloc[:, 1:].set_axis(head.iloc[0, 1:].to_numpy(), axis=1)
        return frame.set_axis(pd.Index(body[0].to_numpy(), dtype=object))

    try:
        if path.suffix.lower() != ".zip":
            return read(lambda: path.open("rb")), path.name
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.lower().endswith(".csv")]
            found = names if len(names) == 1 else [n for n in names if _fits(n, square, year)]
            refuse_if(len(found) != 1, f"the archive holds {len(found)} tables that fit, one is "
                      "needed", file=path, key="year", value=year,
                      allowed=[_stem(n) for n in names])  # fmt: skip

            check_unpacked(path, found)

            def member() -> IO[bytes]:
                return archive.open(found[0])

            inside = Path(found[0]).name
            return read(member), inside if re.search(r"(19|20)\d\d", inside) else path.name
    except InputError:
        raise
    except Exception as error:
        # The readers and decompressors have a dozen kinds of error, all about the file.
        raise InputError(f"can not be read as {square.title}: {one_line(error)}",
                         file=path) from None  # fmt: skip


def _final(label: str, square: Square) -> tuple[str, str] | None:
    """Region and category of a column of final demand; discrepancies are of no region."""
    if label in square.world:
        return "ALL", square.final[label]
    region, _, category = label.partition("_")
    if category in square.final:
        return _whole(region, square), square.final[category]
    if region in square.final:  # the other way round
        return _whole(category, square), square.final[region]
    return None


def _sector(label: str, square: Square, path: Path) -> tuple[str, str]:
    region, _, sector = label.partition("_")
    refuse_if(not sector, "is no label of a region and a sector", file=path, key="the table",
              value=label, allowed="such as AUS_C26")  # fmt: skip
    return _whole(region, square), sector


def _whole(region: str, square: Square) -> str:
    """The country of which a region is a part."""
    part = re.fullmatch(r"([A-Z]{2})\d", region)
    return square.parts.get(part.group(1), region) if part else region
