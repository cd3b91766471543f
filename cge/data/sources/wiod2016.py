"""The World Input-Output Database, 2016 release, which pymrio does not read.

Timmer, Los, Stehrer and de Vries (2016), GGDC research memorandum 162.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cge.core.errors import InputError, check_known, refuse_if
from cge.data.sources.raw_table import AGENTS, RawTable

_ROWS = ("II_fob", "TXSP", "EXP_adj", "PURR", "PURNR", "VA", "IntTTM", "GO")


def _sheet(path: Path) -> pd.DataFrame:
    sheet = pd.read_excel(path, header=None, engine="pyxlsb" if path.suffix == ".xlsb" else None)
    country = sheet.iloc[4, 4:].astype(str)
    number = sheet.iloc[5, 4:].astype(str).str.lstrip("c")
    body = sheet.iloc[6:].copy()
    body.columns = [
        "IndustryCode", "IndustryDescription", "Country", "RNr",
        *(f"{c}{n}" for c, n in zip(country, number, strict=True)),
    ]  # fmt: skip
    return body


_READERS: Mapping[str, Callable[..., pd.DataFrame]] = {
    ".xlsb": _sheet, ".xlsx": _sheet, ".dta": pd.read_stata, ".csv": pd.read_csv,
    ".parquet": pd.read_parquet,
}  # fmt: skip


def read_wiod2016(path: Path, year: int | None) -> RawTable:
    """Read a table of the 2016 release.

    Two layouts are published: sheets whose rows 3 to 6 name the columns (industry code,
    industry, country, c1 to c61), and frames (R, Stata) whose columns are named by country
    and number (AUS1 ... ROW61). Both have the columns IndustryCode,
    IndustryDescription, Country and RNr first and the total last.
    """
    if path.is_dir():
        found = sorted(p for p in path.glob(f"*WIOT{year or ''}*") if p.suffix in _READERS)
        refuse_if(len(found) != 1, f"{len(found)} WIOD tables fit, one is needed", file=path,
                  key="year", value=year, allowed=[p.name for p in found])  # fmt: skip
        path = found[0]
    check_known([path.suffix], _READERS, "unknown type of file", file=path)
    try:
        frame = _READERS[path.suffix](path)
    except ImportError as error:
        raise InputError(
            f"this type of file needs another package: {error}", file=path,
            allowed="pip install pyxlsb (for .xlsb), or the .dta file of the same table",
        ) from None  # fmt: skip
    except (ValueError, OSError, KeyError, IndexError, pd.errors.ParserError) as error:
        raise InputError(f"file cannot be read as WIOD 2016: {error}", file=path) from None
    for column in ("IndustryCode", "Country", "RNr"):
        refuse_if(column not in frame.columns, f"column '{column}' is missing", file=path,
                  key=column, allowed="a table of the 2016 release as published")  # fmt: skip
    found_year = re.search(r"WIOT((19|20)\d\d)", path.name)
    return _frame(frame, path, int(found_year.group(1)) if found_year else None)


def _frame(frame: pd.DataFrame, path: Path, year: int | None) -> RawTable:
    country = frame["Country"].astype(str).str.strip()
    code = frame["IndustryCode"].astype(str).str.strip()
    body = (~country.isin(["TOT", "nan", "None", ""]) & ~code.isin(_ROWS)).to_numpy()
    regions, sectors = (tuple(dict.fromkeys(codes[body])) for codes in (country, code))
    r, i = len(regions), len(sectors)
    inside: dict[str, tuple[str, int]] = {}
    for column in map(str, frame.columns):
        match = re.fullmatch(r"v?([A-Z]{3})(\d{1,2})", column)
        if match and match.group(1) in regions:
            inside[column] = match.group(1), int(match.group(2))
    expected = r * (i + 5)
    refuse_if(not r or int(body.sum()) != r * i or len(inside) != expected,
              f"found {int(body.sum())} rows and {len(inside)} columns of {r} regions x {i} "
              "industries", file=path, allowed=f"{r * i} rows, {expected} columns")  # fmt: skip
    number = pd.to_numeric(frame["RNr"].astype(str).str.lstrip("c"), errors="coerce")[body]
    refuse_if(set(number) != set(range(1, i + 1)), f"industries are not numbered 1 to {i}",
              file=path, key="RNr")  # fmt: skip
    by_number = dict(zip(number, code[body], strict=True))
    sectors = tuple(by_number[k + 1] for k in range(i))
    row = country[body].map(regions.index).to_numpy() * i + (number.to_numpy(dtype=int) - 1)
    values = frame[list(inside)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    core = values[body]
    refuse_if(np.isnan(core).any(), "a cell of the table is not a number", file=path)
    where = np.array([regions.index(c) * i + k - 1 if k <= i else -1 for c, k in inside.values()])
    industry = where >= 0
    intermediate = np.zeros((r * i, r * i))
    intermediate[np.ix_(row, where[industry])] = core[:, industry]
    final = np.zeros((r * i, int((~industry).sum())))
    final[row] = core[:, ~industry]
    inputs = {}
    for label in ("VA", "TXSP", "IntTTM"):
        here = (code == label).to_numpy()
        if here.any():
            line = np.zeros(r * i)
            line[where[industry]] = np.nan_to_num(values[here].sum(axis=0)[industry])
            inputs[label] = line.reshape(r, i)
    return RawTable(
        regions=regions, sectors=sectors,
        intermediate=intermediate.reshape(r, i, r, i), final=final.reshape(r, i, -1),
        final_names=tuple((c, AGENTS[k - i - 1]) for c, k in inside.values() if k > i),
        inputs=inputs, unit="million USD", year=year,
    )  # fmt: skip
