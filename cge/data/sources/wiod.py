"""The World Input-Output Database, releases of 2013 and 2016.

Timmer, Dietzenbacher, Los, Stehrer and de Vries (2015), Review of International Economics 23;
Timmer, Los, Stehrer and de Vries (2016), GGDC research memorandum 162.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cge.core.errors import InputError, check_known, refuse_if
from cge.core.files import check_unpacked, one_line
from cge.core.tables import first_lines, separator
from cge.data.sources.labelled import Labelled, SystemParts
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


def read_wiod2013(path: Path, year: int | None, commas: bool = False) -> SystemParts:
    """Read a workbook of the 2013 release.

    Rows 3 to 6 name the columns and columns 1 to 4 the rows: code, industry, country, number
    (c1 to c35, of final demand c37 to c42).
    """
    if path.is_dir():
        refuse_if(year is None, "the folder may hold several years", key="year", file=path,
                  allowed="the year to read")  # fmt: skip
        start = f"wiot{str(year)[-2:]}"
        found = sorted(p for p in path.glob("*.xlsx") if p.name.lower().startswith(start))
        refuse_if(len(found) != 1, f"{len(found)} WIOD tables fit, one is needed", file=path,
                  key="year", value=year, allowed=f"one {start}*.xlsx")  # fmt: skip
        path = found[0]
    check_unpacked(path)
    try:
        sheet = pd.read_excel(path, header=None).astype(object)
        codes, _, countries, numbers = (
            sheet.iloc[6:, k].fillna("").astype(str).str.strip() for k in range(4)
        )
        code, _, country, number = (
            sheet.iloc[k, 4:].fillna("").astype(str).str.strip() for k in range(2, 6)
        )
        titles = sheet.iloc[3, 4:].fillna("").astype(str)
    except Exception as error:
        # The readers have a dozen kinds of error, all about the file.
        raise InputError(f"file can not be read as WIOD 2013: {one_line(error)}",
                         file=path) from None  # fmt: skip
    sectors = numbers.str.fullmatch(r"c\d+") & (countries != "TOT") & (countries != "")
    demand = number.isin([f"c{n}" for n in range(37, 43)])
    total = (number == "") & titles.str.contains("total", case=False)
    refuse_if(not sectors.any() or country[~total].eq("").any(),
              "rows 3 to 6 do not name the country and number of every column", file=path,
              allowed="a workbook of the 2013 release as published")  # fmt: skip
    using = ~demand & ~total
    rows, users, agents = (
        pd.MultiIndex.from_arrays([region.replace("ROM", "ROU"), other])
        for region, other in ((countries[sectors], codes[sectors]), (country[using], code[using]),
                              (country[demand], number[demand]))
    )  # fmt: skip
    cells = sheet.iloc[6:, 4:]
    below = ~sectors & ~numbers.isin(["r60", "r69"])
    names = pd.Index(sheet.iloc[6:, 1][below].fillna("").astype(str).str.strip())

    def part(at: Any, columns: Any, index: pd.Index, across: pd.Index, name: str) -> Labelled:
        frame = cells.loc[at, columns].set_axis(index).set_axis(across, axis=1)
        return Labelled(frame, name, str(path), commas)

    return SystemParts(
        part(sectors, using, rows, users, "Z"), part(sectors, demand, rows, agents, "Y"),
        (part(below, using, names, users, "the rows of inputs"),),
        ("million USD",), str(sheet.iloc[0, 0]),
    )  # fmt: skip


def read_wiod2016(path: Path, year: int | None, commas: bool = False) -> RawTable:
    """Read a table of the 2016 release; numbers that are text may have decimal commas.

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
    if path.suffix.lower() != ".zip":
        check_unpacked(path)
    name, content = (path, path) if path.suffix.lower() != ".zip" else _of_archive(path, year)
    check_known([name.suffix], _READERS, "unknown type of file", file=path)
    try:
        text: dict[str, Any] = {}
        if commas and name.suffix == ".csv":
            text = {"decimal": ",", "sep": separator(first_lines(path)[0], commas)}
        frame = _READERS[name.suffix](content, **text)
    except ImportError as error:
        raise InputError(
            f"this type of file needs another package: {error}", file=path,
            allowed="pip install pyxlsb (for .xlsb), or the .dta file of the same table",
        ) from None  # fmt: skip
    except Exception as error:
        # The readers have a dozen kinds of error, all about the file.
        raise InputError(f"file can not be read as WIOD 2016: {one_line(error)}",
                         file=path) from None  # fmt: skip
    for column in ("IndustryCode", "Country", "RNr"):
        refuse_if(column not in frame.columns, f"column '{column}' is missing", file=path,
                  key=column, allowed="a table of the 2016 release as published")  # fmt: skip
    found_year = re.search(r"WIOT((19|20)\d\d)", name.name)
    return _frame(frame, path, int(found_year.group(1)) if found_year else None, commas)


def _of_archive(path: Path, year: int | None) -> tuple[Path, io.BytesIO]:
    """Name and content of the table of a year in an archive, as the Stata files come."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [Path(name) for name in archive.namelist()]
            found = [name for name in names if name.suffix == ".dta"
                     and re.match(rf"WIOT{year or ''}", name.name)]  # fmt: skip
            refuse_if(len(found) != 1, f"{len(found)} tables in Stata's format fit, one is needed",
                      file=path, key="year", value=year,
                      allowed=[name.name for name in names])  # fmt: skip
            check_unpacked(path, [found[0].as_posix()])
            return found[0], io.BytesIO(archive.read(found[0].as_posix()))
    except InputError:
        raise
    except Exception as error:  # archives have a dozen kinds of error, all about the file
        raise InputError(f"archive can not be read: {one_line(error)}", file=path) from None


def _frame(frame: pd.DataFrame, path: Path, year: int | None, commas: bool) -> RawTable:
    country = frame["Country"].astype(str).str.strip()
    code = frame["IndustryCode"].astype(str).str.strip()
    body = (~country.isin(["TOT", "nan", "None", ""]) & ~code.isin(_ROWS)).to_numpy()
    regions, sectors = (tuple(dict.fromkeys(codes[body])) for codes in (country, code))
    r, i = len(regions), len(sectors)
    frame = frame.rename(columns=lambda name: str(name).removeprefix("v"))
    columns = [f"{c}{k}" for ks in (range(1, i + 1), range(i + 1, i + 1 + len(AGENTS)))
               for c in regions for k in ks]  # fmt: skip
    found = [c for c in frame.columns if re.fullmatch(r"(?!TOT)[A-Z]{3}\d{1,2}(\.\d+)?", c)]
    refuse_if(not r or int(body.sum()) != r * i or sorted(found) != sorted(columns),
              f"found {int(body.sum())} rows and {len(found)} columns of {r} regions x {i} "
              "industries", file=path, allowed=f"{r * i} rows, {len(columns)} columns")  # fmt: skip
    number = pd.to_numeric(frame["RNr"].astype(str).str.lstrip("c"), errors="coerce")[body]
    order = np.lexsort((number, country[body].map(regions.index)))
    numbered = number.to_numpy()[order].reshape(r, i) == range(1, i + 1)
    refuse_if(not numbered.all(), f"industries are not numbered 1 to {i}", file=path,
              key="RNr")  # fmt: skip
    labels = pd.MultiIndex.from_arrays([country, code])
    cells = Labelled(frame[columns].set_axis(labels), "the table", str(path), commas)
    core = cells.values(np.flatnonzero(body)[order])
    primary = {}
    for label in ("VA", "TXSP", "IntTTM"):
        rows = np.flatnonzero(code == label)
        refuse_if(len(rows) > 1, f"row '{label}' stands twice", file=path, key="IndustryCode")
        if len(rows):
            of_sectors = Labelled(cells.frame.iloc[:, : r * i], "the table", str(path), commas)
            primary[label] = of_sectors.values(rows)[0].reshape(r, i)
    return RawTable(
        regions=regions, sectors=tuple(code[body].to_numpy()[order][:i]),
        intermediate=core[:, : r * i].reshape(r, i, r, i), final=core[:, r * i :].reshape(r, i, -1),
        final_names=tuple((region, agent) for region in regions for agent in AGENTS),
        inputs=primary, unit="million USD", year=year,
    )  # fmt: skip
