"""Published multi-regional tables, and systems of pymrio.

Codes are those of the source, final agents are named HH, NPISH, GOV, GFCF and INV. What a
source does not say (value added, the labour share) is filled by a stated rule and
flagged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes
from cge.core.errors import InputError, check_known, check_once, refuse_if, retold
from cge.core.files import check_unpacked, one_line, user_path
from cge.core.typed import checked
from cge.data.accounts.world_table import WorldTable
from cge.data.sources.adb import read_adb
from cge.data.sources.labelled import (
    Label,
    Labelled,
    SystemParts,
    check_same_labels,
    positions,
    two_levels,
)
from cge.data.sources.raw_table import (
    LABOUR_SHARE,
    PRIMARY,
    TOLERANCE,
    RawTable,
    matches,
    not_shipped,
    safe_names,
    user_world_table,
    year_in,
)  # fmt: skip
from cge.data.sources.saved_system import read_saved
from cge.data.sources.square import SQUARES, read_square
from cge.data.sources.wiod import read_wiod2013, read_wiod2016

if TYPE_CHECKING:
    from pymrio import IOSystem

_UNITS = {
    "mill usd": "million USD", "million usd": "million USD", "millions of us$": "million USD",
    "musd": "million USD", "m.usd": "million USD", "m.eur": "million EUR",
    "meur": "million EUR", "mill eur": "million EUR", "000 usd": "thousand USD",
    "000 us$": "thousand USD",
}  # fmt: skip

Kind = Literal["wiod2013", "wiod2016", "icio", "figaro", "adb-mrio", "exiobase3", "eora26",
               "gloria", "pymrio"]  # fmt: skip


@dataclass(frozen=True)
class Source:
    """What files of a kind are.

    Parameters
    ----------
    content : str
    parser : str
        Function of pymrio that reads them; empty where they are read here.
    unit : str
        In which the source is published; empty where its files say it.
    """

    content: str
    parser: str = ""
    unit: str = ""


KINDS: Mapping[str, Source] = {
    "wiod2013": Source("WIOD, 2013 release: folder of wiotYY_*.xlsx", unit="million USD"),
    "wiod2016": Source("WIOD, 2016 release: .xlsb, .xlsx, .dta, .csv, .parquet or .zip",
                       unit="million USD"),
    "icio": Source("OECD Inter-Country Input-Output tables: .csv or .zip", unit="million USD"),
    "figaro": Source("FIGARO, industry by industry: .csv (matrix) or .zip", unit="million EUR"),
    "adb-mrio": Source("Asian Development Bank, MRIO: .xlsx", unit="million USD"),
    "exiobase3": Source("EXIOBASE 3: zip or extracted folder"),
    "eora26": Source("Eora26: zip or folder", "parse_eora26", "thousand USD"),
    "gloria": Source("GLORIA: folder of the downloads", "parse_gloria", "thousand USD"),
    "pymrio": Source("a system written by pymrio's save_all, as text or Parquet"),
}  # fmt: skip
#: Kinds whose files say in their names of which year they are.
_DATED = (*SQUARES, "wiod2016")
_WORKBOOKS = {"wiod2013": read_wiod2013, "adb-mrio": read_adb}
#: Codes that some editions of EXIOBASE 3 have in place of its own.
_CODES = (
    "AUS:AU AUT:AT BEL:BE BGR:BG BRA:BR CAN:CA CHE:CH CHN:CN CYP:CY CZE:CZ DEU:DE DNK:DK ESP:ES "
    "EST:EE FIN:FI FRA:FR GBR:GB GRC:GR HRV:HR HUN:HU IDN:ID IND:IN IRL:IE ITA:IT JPN:JP KOR:KR "
    "LTU:LT LUX:LU LVA:LV MEX:MX MLT:MT NLD:NL NOR:NO POL:PL PRT:PT ROM:RO RUS:RU SVK:SK SVN:SI "
    "SWE:SE TUR:TR TWN:TW USA:US ZAF:ZA WWA:WA WWE:WE WWF:WF WWL:WL WWM:WM"
)
_EXIOBASE = dict(pair.split(":") for pair in _CODES.split())


@checked
def read_pymrio(
    source: str | Path | IOSystem,
    kind: Kind | None = None,
    *,
    year: int | None = None,
    name: str | None = None,
    agents: Mapping[str, str | None] | None = None,
    value_added: Literal["auto", "rows", "residual"] = "auto",
    value_added_rows: Sequence[str] | None = None,
    compensation_rows: Sequence[str] | None = None,
    labour_share: float = LABOUR_SHARE,
    tolerance: float = TOLERANCE,
    decimal: Literal[".", ","] = ".",
) -> WorldTable:
    """Read a published multi-regional table, or a system of pymrio.

    Parameters
    ----------
    source : path or pymrio.IOSystem
        Files as downloaded, or a system that pymrio has loaded already.
    kind : {"wiod2013", "wiod2016", "icio", "figaro", "adb-mrio", "exiobase3", "eora26", "gloria", \
"pymrio"}
        What the files are; not needed for a loaded system. Eora26 and GLORIA are read by
        pymrio, the others here: pymrio can not, or not as strictly.
    year : int, optional
        Needed where the source holds several or does not say.
    name : str, optional
        What aggregation and elasticity files call the table; default ``user-`` and `kind`.
    agents : mapping, optional
        Final-demand category of the source to HH, NPISH, GOV, GFCF, INV, or None to
        leave it out; categories not named are recognised by their usual names.
    value_added : {"auto", "rows", "residual"}
        From the rows of primary inputs, or what inputs leave of output. ``auto`` takes
        the rows unless there are none or they miss output by more than `tolerance`, and
        says so in the notes.
    value_added_rows, compensation_rows : sequence of str, optional
        Names of the rows that make up value added at basic prices (other taxes on
        production included, taxes on products not), and compensation of employees; by
        default they are recognised by name.
    labour_share : float
        Of value added, where the source has no compensation of employees.
    tolerance : float
        Largest share of world output by which inputs and value added may miss output;
        what they miss by is net product taxes, margins and errors.
    decimal : {".", ","}
        Decimal mark of numbers that are text.

    Returns
    -------
    WorldTable
        In the source's currency and unit. Codes are those of the source, without the
        characters that scenarios reserve.

    Raises
    ------
    InputError
        If the source cannot be read, is of another kind, or does not fit; for a label that
        stands twice or in one matrix alone, and a cell that is no number.
    """
    refuse_if(not 0 < labour_share < 1, "not a share", key="labour_share", value=labour_share,
              allowed="0 to 1")  # fmt: skip
    check_known([value_added], ("auto", "rows", "residual"), "unknown option", key="value_added")
    check_known([decimal], (".", ","), "unknown option", key="decimal")
    title = name or f"user-{kind or 'pymrio'}"
    not_shipped(title, None, "name")
    label, commas = "IOSystem", decimal == ","
    if isinstance(source, str | Path):
        check_known([kind], KINDS, "unknown kind of table", key="kind")
        path = user_path(source)
        refuse_if(not path.exists(), "no such file or folder", file=path)
        raw, label = _read(path, str(kind), year, commas), str(path)
    else:
        raw = _raw(_parts_of(source, label, commas))
    with retold(lambda error: error.located(label)):
        refuse_if(kind in _DATED and None not in (year, raw.year) and year != raw.year,
                  "the table is of another year", key="year", value=year,
                  allowed=str(raw.year))  # fmt: skip
        found = year or raw.year or year_in(Path(label).name)
        if found is None:
            raise InputError("the source does not say its year", key="year", allowed="a year")
        names = {axis: safe_names(getattr(raw, axis), axis) for axis in ("regions", "sectors")}
        final, left_out = raw.by_agent(agents or {})
        rows = raw.rows_of_value_added(value_added_rows)
        value, said = raw.value_added(value_added, rows, final, tolerance)
        return user_world_table(
            [*left_out, said], raw.labour_share(compensation_rows, rows), labour_share, name=title,
            year=int(found), regions=tuple(names["regions"]), sectors=tuple(names["sectors"]),
            intermediate=raw.intermediate, final=final, value_added=value, unit=raw.unit,
            names=names, source=kind or "",
        )  # fmt: skip


def _read(path: Path, kind: str, year: int | None, commas: bool) -> RawTable:
    """The arrays of a source's files."""
    if kind in SQUARES:
        return read_square(path, kind, year, commas)
    if kind == "wiod2016":
        return read_wiod2016(path, year, commas)
    source = KINDS[kind]
    if kind in _WORKBOOKS:
        return _raw(_WORKBOOKS[kind](path, year, commas))
    if not source.parser:
        return _raw(read_saved(path, commas), names=_EXIOBASE if kind == "exiobase3" else {})
    refuse_if(path.is_dir() and year is None, "the folder may hold several years",
              key="year", file=path, allowed="the year to read")  # fmt: skip
    refuse_if(commas, f"pymrio reads {kind} with decimal points alone", key="decimal", value=",",
              allowed=".")  # fmt: skip
    for archive in [path] if path.is_file() else sorted(path.rglob("*.zip")):
        check_unpacked(archive, apart=True)
    import pymrio

    edition = _edition_of_gloria(path) if kind == "gloria" else {}
    try:
        io = getattr(pymrio, source.parser)(path, year=year, **edition)
    # pymrio's parsers raise whatever the first odd line of a file leads to.
    except Exception as error:
        raise InputError(
            f"pymrio could not read this as {kind}: {type(error).__name__}: {one_line(error)}",
            file=path, key="kind", allowed=source.content,
        ) from None  # fmt: skip
    # Whatever a version of pymrio calls the unit, the source is published in this one.
    return replace(_raw(_parts_of(io, str(path), commas)), unit=source.unit)


def _edition_of_gloria(folder: Path) -> dict[str, str]:
    """The edition that the labels in a folder are of, which pymrio has to be told."""
    names = (re.fullmatch(r"GLORIA_ReadMe_0(\d+a?)\.xlsx", path.name) for path in folder.glob("*"))
    found = sorted(name[1] for name in names if name)
    refuse_if(len(found) != 1, f"the folder has {len(found)} files of labels", file=folder,
              key="kind", value=found, allowed="one file GLORIA_ReadMe_0NN.xlsx")  # fmt: skip
    return {"version": found[0]}


def _parts_of(io: IOSystem, label: str, commas: bool) -> SystemParts:
    """What a benchmark needs of a pymrio system, whatever it has computed so far."""
    z, a, y, unit = (getattr(io, name, None) for name in ("Z", "A", "Y", "unit"))
    core = a if z is None else z
    if y is None or core is None:
        raise InputError("the system has no final demand Y, or neither Z nor A", file=label)
    extensions = list(io.get_extensions(data=True))
    inputs = [
        Labelled(one.F, f"F of {one.name}", label, commas)
        for one in extensions if getattr(one, "F", None) is not None
    ]  # fmt: skip
    said = " ".join(
        str(getattr(part, key, "") or "")
        for part in (getattr(io, "meta", None), *extensions)
        for key in ("description", "name", "year")
    )
    units = unit.iloc[:, -1].astype(str).str.strip() if isinstance(unit, pd.DataFrame) else ()
    return SystemParts(
        Labelled(core, "A" if z is None else "Z", label, commas), Labelled(y, "Y", label, commas),
        tuple(inputs), tuple(dict.fromkeys(units)), said,
    )  # fmt: skip


def _raw(parts: SystemParts, names: Mapping[str, str] | None = None) -> RawTable:
    """The arrays of a system.

    Parameters
    ----------
    parts : SystemParts
    names : mapping, optional
        Codes of regions that are written in another way.
    """
    core, y, known = parts.core, parts.final, names or {}
    for matrix, index, side in ((core, core.frame.index, "rows"), (y, y.frame.index, "rows"),
                                (core, core.frame.columns, "columns")):  # fmt: skip
        two_levels(matrix, index, side)
    rows = core.rows
    check_same_labels(core, f"rows of {core.name}", rows, f"columns of {core.name}", core.columns)
    check_same_labels(y, f"rows of {core.name}", rows, "rows of Y", y.rows)
    axes = Axes(*(tuple(dict.fromkeys(label[k] for label in rows)) for k in (0, 1)))
    n = len(axes.regions) * len(axes.sectors)
    final = np.zeros((n, y.frame.shape[1]))
    final[positions(y.rows, axes)] = y.values()
    flows = np.zeros((n, n))
    flows[np.ix_(positions(rows, axes), positions(core.columns, axes))] = core.values()
    if core.name == "A":
        try:
            flows = flows * np.linalg.solve(np.eye(n) - flows, final.sum(axis=1))
        except np.linalg.LinAlgError:
            raise InputError("the coefficients are singular: no output meets final demand",
                             file=core.file, key="A") from None  # fmt: skip
    columns = ((c[0], c[-1] if len(c) > 1 else "final demand") for c in y.columns)
    regions = tuple(known.get(code, code) for code in axes.regions)
    check_once(regions, "two codes are written as this one", file=core.file, key="regions")
    return RawTable(
        regions=regions, sectors=axes.sectors, intermediate=flows.reshape(axes.shape("risj")),
        final=final.reshape(*axes.shape("ri"), -1),
        final_names=tuple((known.get(region, region), category) for region, category in columns),
        inputs=_primary_inputs(parts, rows, axes), unit=_unit(parts), year=year_in(parts.said),
    )  # fmt: skip


def _primary_inputs(parts: SystemParts, known: Sequence[Label], axes: Axes) -> dict[str, Array]:
    """Rows of primary inputs by name, (s, j).

    Rows of one name in one extension are added up (GLORIA has them by region); an
    extension that repeats the rows of another does not count twice.
    """
    rows: dict[str, Array] = {}
    for matrix in parts.inputs:
        if matrix.frame.columns.nlevels != 2:
            continue
        named = {
            n: [part for part in label if matches(part, PRIMARY)][-1]
            for n, label in enumerate(matrix.row_labels)
            if any(matches(part, PRIMARY) for part in label)
        }  # fmt: skip
        if not named:
            continue
        matrix.checked([matrix.row_labels[n] for n in named], "rows")
        check_same_labels(matrix, f"rows of {parts.core.name}", known,
                          f"columns of {matrix.name}", matrix.columns)  # fmt: skip
        where, own = positions(matrix.columns, axes), dict[str, Array]()
        for name, values in zip(named.values(), matrix.values(list(named)), strict=True):
            row = own.setdefault(name, np.zeros(axes.shape("sj")))
            row.reshape(-1)[where] += values
        rows = {**own, **rows}
    return rows


def _unit(parts: SystemParts) -> str:
    """The money in which the flows are."""
    units = [_UNITS.get(one.lower().lstrip("‘'`’").strip(), one) for one in parts.units]
    refuse_if(len({*units}) > 1, "flows are in several units, a table of money has one",
              file=parts.core.file, key="unit", value=list(dict.fromkeys(units)))  # fmt: skip
    return next(iter(units), "currency unit of the source")
