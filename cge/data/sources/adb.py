"""The Multiregional Input-Output Tables of the Asian Development Bank, one workbook a year.

Title rows come first, then a row with the names of sectors, one with the economies and one with
codes: c1 to c35 for sectors, F1 to F5 for final demand. Rows have their name, economy and code in
the three columns before the first number. Below the sectors stand rows of inputs (r60 the total of
intermediates, r99 taxes less subsidies on products, r61 to r63 adjustments, r64 value added at
basic prices, trs transport margins, r69 output). Cells that are blank are zero.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cge.core.errors import InputError, refuse_if
from cge.core.files import check_unpacked, one_line
from cge.data.sources.labelled import Labelled, SystemParts

#: Rows that add others up.
_TOTALS = ("r60", "r69")
_FINAL = {
    "F1": "Final consumption of households", "F2": "Final consumption of NPISH",
    "F3": "Final consumption of government", "F4": "Gross fixed capital formation",
    "F5": "Changes in inventories and valuables",
}  # fmt: skip
_INPUTS = {
    "r99": "Taxes less subsidies on products", "r61": "CIF/FOB adjustments",
    "r62": "Purchases of residents abroad", "r63": "Purchases of non-residents",
    "r64": "Value added at basic prices", "trs": "International transport margins",
}  # fmt: skip
_LAYOUT = (
    "a workbook as published: titles, then rows of names, economies and codes c1, ..., F1, ..."
)
#: Rows in which the codes of the columns must stand.
_HEAD = 12


def read_adb(path: Path, year: int | None, commas: bool = False) -> SystemParts:
    """Read a workbook of the Asian Development Bank.

    Parameters
    ----------
    path : path
        The workbook, or a folder of them.
    year : int, optional
        Needed for a folder.
    commas : bool
        Whether numbers that are text have decimal commas.

    Raises
    ------
    InputError
        If it is no such workbook, or a cell is neither blank nor a number.
    """
    if path.is_dir():
        refuse_if(year is None, "the folder may hold several years", key="year", file=path,
                  allowed="the year to read")  # fmt: skip
        found = sorted(p for p in path.glob("*.xlsx")
                       if re.search(rf"MRIO.*(?<!\d){year}(?!\d)", p.name))  # fmt: skip
        refuse_if(len(found) != 1, f"{len(found)} workbooks fit, one is needed", file=path,
                  key="year", value=year, allowed=f"one, as ADB-MRIO62-{year}.xlsx")  # fmt: skip
        path = found[0]
    check_unpacked(path)
    try:
        with pd.ExcelFile(path) as book:
            names = [str(name) for name in book.sheet_names]
            data = [n for n in names if n.strip().lower() not in ("legend", "contents", "readme")]
            sheet = pd.DataFrame()
            if data:
                sheet = pd.read_excel(book, sheet_name=data[0], header=None).astype(object)
    except Exception as error:
        # The readers have a dozen kinds of error, all about the file.
        raise InputError(f"can not be read as a table of the ADB: {one_line(error)}",
                         file=path) from None  # fmt: skip
    return _parts(sheet, path, commas)


def _parts(sheet: pd.DataFrame, path: Path, commas: bool) -> SystemParts:
    texts = sheet.iloc[:_HEAD].map(_text)
    rows_of_codes = [n for n in range(len(texts)) if {"c1", "F1"} <= {*texts.iloc[n]}]
    refuse_if(len(rows_of_codes) != 1, "no row has the codes of the columns", file=path,
              allowed=_LAYOUT)  # fmt: skip
    head = rows_of_codes[0]
    said = " ".join(texts.iloc[:head].to_numpy().ravel().tolist())
    money = re.search(r"\b(thousand|million|billion)", said, re.IGNORECASE)
    refuse_if(money and money.group(1).lower() != "million", "is in another unit", file=path,
              key="unit", value=money and money.group(1), allowed="millions of US$")  # fmt: skip
    codes, economies = texts.iloc[head], texts.iloc[head - 1]
    first = int(np.argmax(codes.str.fullmatch(r"c\d+").to_numpy()))
    refuse_if(first < 3 or head < 2, "columns or rows of names are missing", file=path,
              allowed=_LAYOUT)  # fmt: skip
    below = sheet.iloc[head + 1 :, first - 3 : first].map(_text)
    own = below.iloc[:, 1], below.iloc[:, 2]
    using = codes.str.fullmatch(r"c\d+").to_numpy()
    demand = codes.isin(_FINAL).to_numpy()
    rest = ~using & ~demand & (np.arange(len(codes)) >= first)
    stray = [f"{e} {c}".strip() for e, c in zip(economies[rest], codes[rest]) if c]
    refuse_if(stray, "this column is neither a sector nor final demand", file=path,
              value=stray[0] if stray else None, allowed=_LAYOUT)  # fmt: skip
    sectors = own[1].str.fullmatch(r"c\d+").to_numpy()
    inputs = own[1].isin(_INPUTS).to_numpy()
    odd = ~sectors & ~inputs & ~own[1].isin([*_TOTALS, ""]).to_numpy()
    refuse_if(odd.any(), "this row is neither a sector nor an input", file=path,
              value=str(own[1][odd].iloc[0]) if odd.any() else None, allowed=_LAYOUT)  # fmt: skip
    refuse_if(not sectors.any(), "holds no rows of sectors", file=path, allowed=_LAYOUT)

    cells = sheet.iloc[head + 1 :]
    rows = pd.MultiIndex.from_arrays([own[0][sectors].map(_region), own[1][sectors]])
    users = pd.MultiIndex.from_arrays([economies[using].map(_region), codes[using]])
    agents = pd.MultiIndex.from_arrays([economies[demand].map(_region),
                                        codes[demand].map(_FINAL)])  # fmt: skip

    def part(at: Any, columns: Any, index: pd.Index, across: pd.Index, name: str) -> Labelled:
        frame = cells.loc[at, columns].map(_blank_is_zero)
        return Labelled(frame.set_axis(index).set_axis(across, axis=1), name, str(path), commas)

    names = pd.Index(own[1][inputs].map(_INPUTS))
    return SystemParts(
        part(sectors, using, rows, users, "Z"), part(sectors, demand, rows, agents, "Y"),
        (part(inputs, using, names, users, "the rows of inputs"),),
        ("million USD",), f"{path.name} {said}",
    )  # fmt: skip


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()


def _region(code: str) -> str:
    return "ROW" if code.upper() == "ROW" else code


def _blank_is_zero(value: Any) -> Any:
    return 0.0 if value is None or value != value or _text(value) == "" else value
