"""Tables that do not ship: what pymrio parses, WIOD 2016, and folders of plain files.

Every reader ends in a :class:`~cge.calibration.table.WorldTable`, with codes as in the
source and final agents named HH, NPISH, GOV, GFCF and INV; :func:`calibrate_table` does
with it what is done with a shipped table. What a source does not say (value added, the
labour share) is filled by a stated rule and flagged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cge.calibration.aggregation import NAMED_AGGREGATIONS, load_aggregation
from cge.calibration.arrays import COBB_DOUGLAS, SPEEDS, safe_code
from cge.calibration.calibrate import Calibration, assemble
from cge.calibration.clean import clean
from cge.calibration.elasticity_sets import ElasticitySet, Entry, load_elasticity_set
from cge.calibration.files import numbers, read_table, read_yaml, validate
from cge.calibration.shipped import TABLES
from cge.calibration.table import WorldTable
from cge.calibration.tariffs import load_tariffs
from cge.errors import InputError

if TYPE_CHECKING:
    from pymrio import IOSystem

Array = NDArray[np.float64]

AGENTS = ("HH", "NPISH", "GOV", "GFCF", "INV")
#: Where compensation of employees is not in the source.
LABOUR_SHARE = 0.6
#: Largest share of world output by which columns may miss rows before a table is refused.
TOLERANCE = 0.10

#: Names of final demand in the sources, most specific first.
_AGENT_NAMES: tuple[tuple[str, str], ...] = (
    ("NPISH", r"npish|non-?profit|\bnps\b|\bp\.?3n\b|^c38$|^c58$"),
    ("HH", r"household|hfce|^hh$|\bp\.?3h\b|^c37$|^c57$|dpabr|dirp|direct purchases|p33"),
    ("GOV", r"government|ggfc|^gov$|\bp\.?3g\b|^c39$|^c59$"),
    ("GFCF", r"capital formation|gfcf|\bp\.?51\b|^c41$|^c60$"),
    ("INV", r"inventor|valuables|invnt|^inv$|\bp\.?5[23]\b|^c42$|^c61$|stock"),
)
#: Columns that close a source's rows and are nobody's demand.
_DISCREPANCY = r"^disc$|discrepanc"
_TOTAL_VALUE_ADDED = r"^(total )?(gross )?value added( at basic prices)?$|^va$|^valu$"
_VALUE_ADDED_PARTS = (
    r"compensation of employees|operating surplus|mixed income|consumption of fixed capital"
    r"|other (net )?taxes (less subsidies )?on production|^other taxes|d\.?29|d\.?39"
    r"|(taxes|subsidies) on production"
)
_COMPENSATION = r"compensation of employees"
_PRIMARY = f"{_TOTAL_VALUE_ADDED}|{_VALUE_ADDED_PARTS}|value.?added|^valu"

_UNITS = {
    "mill usd": "million USD", "million usd": "million USD", "millions of us$": "million USD",
    "musd": "million USD", "m.usd": "million USD", "m.eur": "million EUR",
    "meur": "million EUR", "mill eur": "million EUR", "000 usd": "thousand USD",
    "000 us$": "thousand USD",
}  # fmt: skip

Kind = Literal["wiod2013", "wiod2016", "icio", "exiobase3", "eora26", "gloria", "pymrio"]
KINDS: Mapping[str, str] = {
    "wiod2013": "WIOD, 2013 release: folder of wiotYY_*.xlsx",
    "wiod2016": "WIOD, 2016 release: WIOTyyyy_*_ROW as .xlsb, .xlsx, .dta, .csv or .parquet",
    "icio": "OECD Inter-Country Input-Output tables: .csv or .zip",
    "exiobase3": "EXIOBASE 3: zip or extracted folder",
    "eora26": "Eora26: zip or folder",
    "gloria": "GLORIA: folder of the downloads",
    "pymrio": "a system written by pymrio's save_all",
}


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
) -> WorldTable:
    """Read a published multi-regional table through pymrio.

    Parameters
    ----------
    source : path or pymrio.IOSystem
        Files as downloaded, or a system that pymrio has loaded already.
    kind : {"wiod2013", "wiod2016", "icio", "exiobase3", "eora26", "gloria", "pymrio"}
        What the files are; not needed for a loaded system. WIOD 2016 is read here,
        since pymrio does not know its layout.
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

    Returns
    -------
    WorldTable
        In the source's currency and unit. Codes are those of the source, without the
        characters that scenarios reserve.

    Raises
    ------
    InputError
        If the source cannot be read, is of another kind, or does not fit.
    """
    if not 0 < labour_share < 1:
        raise InputError("not a share", key="labour_share", value=labour_share, allowed="0 to 1")
    if value_added not in ("auto", "rows", "residual"):
        raise InputError("unknown option", key="value_added", value=value_added,
                         allowed=("auto", "rows", "residual"))  # fmt: skip
    title = name or f"user-{kind or 'pymrio'}"
    _not_shipped(title, None, "name")
    if isinstance(source, str | Path):
        if kind is None or kind not in KINDS:
            raise InputError("unknown kind of table", key="kind", value=kind, allowed=KINDS)
        path = Path(source).expanduser()
        if not path.exists():
            raise InputError("no such file or folder", file=path)
        label = str(path)
        if kind == "wiod2016":
            raw = _wiod2016(path, year)
        else:
            raw = _of_system(_parse(path, kind, year), label)
    else:
        label = "IOSystem"
        raw = _of_system(source, label)
    try:
        return _table(raw, label, title, year, agents or {}, value_added, value_added_rows,
                      compensation_rows, labour_share, tolerance)  # fmt: skip
    except InputError as error:
        raise error.located(label) from None


def _not_shipped(name: str, file: Path | None, key: str) -> None:
    if name in TABLES:
        raise InputError("a shipped table has this name, and files of its own", file=file,
                         key=key, value=name, allowed="another name")  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Raw:
    """A source's arrays before names are understood.

    Parameters
    ----------
    regions, sectors : tuple of str
    intermediate : ndarray (r, i, s, j)
    final : ndarray (r, i, column)
    final_names : tuple of (region, category)
        Of the columns of `final`.
    inputs : mapping
        Rows of primary inputs by name, (s, j).
    unit : str
    year : int, optional
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    intermediate: Array
    final: Array
    final_names: tuple[tuple[str, str], ...]
    inputs: Mapping[str, Array]
    unit: str
    year: int | None


def _parse(path: Path, kind: str, year: int | None) -> IOSystem:
    import pymrio

    wants_year = {"wiod2013", "icio", "eora26", "gloria"}
    if kind in wants_year and path.is_dir() and year is None:
        raise InputError("the folder may hold several years", key="year", file=path,
                         allowed="the year to read")  # fmt: skip
    readers: Mapping[str, Callable[[], IOSystem]] = {
        "wiod2013": lambda: pymrio.parse_wiod(path, year=year),
        "icio": lambda: pymrio.parse_oecd(path, year=year),
        "exiobase3": lambda: pymrio.parse_exiobase3(path),
        "eora26": lambda: pymrio.parse_eora26(path, year=year),
        "gloria": lambda: pymrio.parse_gloria(path, year=year),
        "pymrio": lambda: pymrio.load_all(path),
    }
    try:
        return readers[kind]()
    # pymrio's parsers raise whatever the first odd line of a file leads to.
    except Exception as error:
        raise InputError(
            f"pymrio could not read this as {kind}: {type(error).__name__}: {error}",
            file=path, key="kind", allowed=KINDS[kind],
        ) from None  # fmt: skip


def _of_system(io: IOSystem, label: str) -> _Raw:
    """Take the arrays out of a pymrio system, whatever it has computed so far."""
    if getattr(io, "Y", None) is None or (
        getattr(io, "Z", None) is None and getattr(io, "A", None) is None
    ):
        raise InputError("the system has no final demand Y, or neither Z nor A", file=label)
    index = (io.Z if getattr(io, "Z", None) is not None else io.A).index
    if index.nlevels != 2:
        raise InputError("rows are not (region, sector)", file=label, value=list(index.names))
    regions = list(dict.fromkeys(str(code) for code in index.get_level_values(0)))
    sectors = list(dict.fromkeys(str(code) for code in index.get_level_values(1)))
    r, i = len(regions), len(sectors)
    position = _positions(index, regions, sectors)
    n = r * i
    final_frame = io.Y
    final = np.zeros((n, final_frame.shape[1]))
    final[_positions(final_frame.index, regions, sectors)] = final_frame.to_numpy(dtype=float)
    intermediate = np.zeros((n, n))
    if getattr(io, "Z", None) is not None:
        values = io.Z.to_numpy(dtype=float)
        columns = _positions(io.Z.columns, regions, sectors)
    else:
        coefficients = io.A.to_numpy(dtype=float)
        columns = _positions(io.A.columns, regions, sectors)
        square = np.zeros((n, n))
        square[np.ix_(position, columns)] = coefficients
        output = np.linalg.solve(np.eye(n) - square, final.sum(axis=1))
        values = coefficients * output[columns]
    intermediate[np.ix_(position, columns)] = values
    names = final_frame.columns
    two = names.nlevels >= 2
    final_names = [(str(c[0]), str(c[-1])) if two else (str(c), "final demand") for c in names]
    return _Raw(
        regions=tuple(regions),
        sectors=tuple(sectors),
        intermediate=intermediate.reshape(r, i, r, i),
        final=final.reshape(r, i, -1),
        final_names=tuple(final_names),
        inputs=_primary_inputs(io, regions, sectors),
        unit=_unit_of(io),
        year=_year_of(io),
    )


def _positions(index: pd.Index, regions: Sequence[str], sectors: Sequence[str]) -> NDArray:
    at_region = {code: k for k, code in enumerate(regions)}
    at_sector = {code: k for k, code in enumerate(sectors)}
    try:
        return np.array(
            [at_region[str(a)] * len(sectors) + at_sector[str(b)] for a, b in index], dtype=int
        )
    except KeyError as error:
        raise InputError("rows and columns do not have the same codes", value=str(error)) from None


def _primary_inputs(
    io: IOSystem, regions: Sequence[str], sectors: Sequence[str]
) -> dict[str, Array]:
    """Return the rows of primary inputs by name, (s, j).

    Rows of one name in one extension are added up (GLORIA has them by region); an
    extension that repeats the rows of another does not count twice.
    """
    rows: dict[str, Array] = {}
    for extension in io.get_extensions(data=True):
        frame = getattr(extension, "F", None)
        if frame is None or frame.columns.nlevels != 2:
            continue
        where = _positions(frame.columns, regions, sectors)
        own: dict[str, Array] = {}
        for label, values in zip(frame.index, frame.to_numpy(), strict=True):
            parts = [str(p) for p in label] if isinstance(label, tuple) else [str(label)]
            named = [part for part in parts if _matches(part, _PRIMARY)]
            numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float)
            if named:
                row = own.setdefault(named[-1], np.zeros((len(regions), len(sectors))))
                np.add.at(row.reshape(-1), where, np.nan_to_num(numbers))
        rows = {**own, **rows}
    return rows


def _matches(label: str, pattern: str) -> bool:
    return re.search(pattern, label.strip(), re.IGNORECASE) is not None


def _unit_of(io: IOSystem) -> str:
    unit: Any = getattr(io, "unit", None)
    if not isinstance(unit, pd.DataFrame) or unit.empty:
        return "currency unit of the source"
    given = str(unit.to_numpy().ravel()[0]).strip()
    return _UNITS.get(given.lower().lstrip("‘'`’").strip(), given)


def _year_of(io: IOSystem) -> int | None:
    text = " ".join(
        str(getattr(part, key, "") or "")
        for part in (getattr(io, "meta", None), *io.get_extensions(data=True))
        for key in ("description", "name", "year")
    )
    return _year_in(text)


def _year_in(text: str) -> int | None:
    found = re.search(r"(?<!\d)(19|20)\d\d(?!\d)", text)
    return int(found.group()) if found else None


def _table(
    raw: _Raw, label: str, name: str, year: int | None, agents: Mapping[str, str | None],
    how: str, rows: Sequence[str] | None, compensation: Sequence[str] | None,
    labour_share: float, tolerance: float,
) -> WorldTable:  # fmt: skip
    """Understand the source's names and put the table together."""
    chosen_year = year if year is not None else raw.year or _year_in(Path(label).name)
    if chosen_year is None:
        raise InputError("the source does not say its year", key="year", allowed="a year")
    regions, region_names = _safe(raw.regions, "regions")
    sectors, sector_names = _safe(raw.sectors, "sectors")
    notes = [f"Data: user table '{name}', {chosen_year}."]
    final, note = _by_agent(raw, agents)
    notes += note
    output = raw.intermediate.sum(axis=(2, 3)) + final.sum(axis=(2, 3))
    inputs = raw.intermediate.sum(axis=(0, 1))
    value, note = _value_added(raw, how, rows, output, inputs, tolerance)
    notes += note
    share, filled = _labour_shares(raw, compensation, rows, labour_share, regions, sectors)
    if len(filled):
        notes.append(
            f"Labour share of value added: {len(filled)} of {share.size} cells filled by rule, "
            f"{labour_share:g} where nothing is known."
        )
    return WorldTable(
        name=name,
        year=int(chosen_year),
        regions=regions,
        sectors=sectors,
        agents=AGENTS,
        intermediate=raw.intermediate,
        final=final,
        value_added=value,
        labour_share=share,
        inventories=("INV",),
        status="user",
        unit=raw.unit,
        notes=tuple(notes),
        filled=filled,
        names={"regions": region_names, "sectors": sector_names},
    )


def _safe(codes: Sequence[str], axis: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return codes that scenarios can name, and the source's names by code."""
    safe = tuple(safe_code(code) for code in codes)
    if len(set(safe)) != len(safe) or not all(safe):
        raise InputError("codes are not unique without reserved characters", key=axis,
                         value=next(c for c in safe if not c or safe.count(c) > 1))  # fmt: skip
    return safe, dict(zip(safe, codes, strict=True))


def _agent_of(category: str, given: Mapping[str, str | None], nonzero: bool) -> str | None:
    if category in given:
        agent = given[category]
        if agent is not None and agent not in AGENTS:
            raise InputError("unknown agent", key=f"agents.{category}", value=agent,
                             allowed=(*AGENTS, "None to leave it out"))  # fmt: skip
        return agent
    for agent, pattern in _AGENT_NAMES:
        if _matches(category, pattern):
            return agent
    if not nonzero or _matches(category, _DISCREPANCY):
        return None
    raise InputError(
        "final-demand category is not recognised", key="agents", value=category,
        allowed=f"agents={{'{category}': ...}} with one of {', '.join(AGENTS)}, or None",
    )  # fmt: skip


def _by_agent(raw: _Raw, given: Mapping[str, str | None]) -> tuple[Array, list[str]]:
    """Return final demand (r, i, s, d), and notes on what belongs to no region."""
    categories = dict.fromkeys(category for _, category in raw.final_names)
    unknown = [category for category in given if category not in categories]
    if unknown:
        raise InputError("no such final-demand category", key="agents", value=unknown[0],
                         allowed=categories)  # fmt: skip
    position = {code: k for k, code in enumerate(raw.regions)}
    final = np.zeros((*raw.final.shape[:2], len(raw.regions), len(AGENTS)))
    lost: dict[str, float] = {}
    for k, (region, category) in enumerate(raw.final_names):
        column = raw.final[..., k]
        if region not in position:
            # Discrepancy columns of the world stand under no region.
            lost[f"{region} {category}"] = float(np.abs(column).sum())
            continue
        agent = _agent_of(category, given, bool(np.any(column)))
        if agent is None:
            lost[category] = lost.get(category, 0.0) + float(np.abs(column).sum())
            continue
        final[:, :, position[region], AGENTS.index(agent)] += column
    if not final.any():
        raise InputError("the table has no final demand", key="agents", allowed=categories)
    total = np.abs(raw.final).sum()
    return final, [
        f"Final demand '{label}', {value / total:.2%} of all, was left out."
        for label, value in lost.items() if value > 0
    ]  # fmt: skip


def _named(raw: _Raw, rows: Sequence[str], key: str) -> list[str]:
    unknown = [row for row in rows if row not in raw.inputs]
    if unknown:
        raise InputError("no such row of primary inputs", key=key, value=unknown[0],
                         allowed=raw.inputs or "none: the source has none")  # fmt: skip
    return list(rows)


def _value_added_rows(raw: _Raw, rows: Sequence[str] | None) -> list[str]:
    """Return the rows that make up value added at basic prices.

    Parts come before a total where they include wages: a total may have product taxes
    in it.
    """
    if rows is not None:
        return _named(raw, rows, "value_added_rows")
    parts = [row for row in raw.inputs if _matches(row, _VALUE_ADDED_PARTS)]
    total = [row for row in raw.inputs if _matches(row, _TOTAL_VALUE_ADDED)]
    return parts if any(_matches(row, _COMPENSATION) for row in parts) or not total else total[:1]


def _value_added(
    raw: _Raw, how: str, rows: Sequence[str] | None, output: Array, inputs: Array,
    tolerance: float,
) -> tuple[Array, list[str]]:  # fmt: skip
    residual = np.maximum(output - inputs, 0.0)
    if how == "residual":
        return residual, ["Value added: what inputs leave of output, product taxes included."]
    found = _value_added_rows(raw, rows)
    missing = "the source has no rows of value added"
    if found:
        value = np.sum([raw.inputs[row] for row in found], axis=0)
        gap = float(np.abs(output - inputs - value).sum() / output.sum())
        if gap <= tolerance:
            listed = ", ".join(found[:6]) + (", ..." if len(found) > 6 else "")
            return value, [f"Value added: rows {listed}."]
        missing = (
            f"inputs and value added ({', '.join(found[:3])}) miss output by {gap:.1%} of it, "
            f"more than {tolerance:.0%}"
        )
    if how == "rows":
        raise InputError(missing, key="value_added",
                         allowed="other value_added_rows, or value_added='residual'")  # fmt: skip
    return residual, [f"Value added: what inputs leave of output, since {missing}."]


def _labour_shares(
    raw: _Raw, compensation: Sequence[str] | None, rows: Sequence[str] | None, default: float,
    regions: Sequence[str], sectors: Sequence[str],
) -> tuple[Array, pd.DataFrame]:  # fmt: skip
    """Return labour shares (s, j) and the cells that a rule filled.

    They are those of the source's own rows, also where value added is a residual.
    """
    if compensation is not None:
        found = _named(raw, compensation, "compensation_rows")
    else:
        found = [row for row in raw.inputs if _matches(row, _COMPENSATION)]
    share = np.full((len(regions), len(sectors)), np.nan)
    base = _value_added_rows(raw, rows)
    if found and base:
        labour = np.sum([raw.inputs[row] for row in found], axis=0)
        value = np.sum([raw.inputs[row] for row in base], axis=0)
        share = np.divide(labour, value, out=share, where=value > 0)
    return _filled_shares(share, default, regions, sectors)


def _filled_shares(
    share: Array, default: float, regions: Sequence[str], sectors: Sequence[str]
) -> tuple[Array, pd.DataFrame]:
    """Fill labour shares outside 0..1: the region's median, the default where it has none."""
    known = (share > 0) & (share < 1)
    cells = []
    result = share.copy()
    for s, region in enumerate(regions):
        has = known[s].any()
        fallback = float(np.median(share[s][known[s]])) if has else default
        rule = "region_median" if has else "default"
        for j in np.flatnonzero(~known[s]):
            result[s, j] = fallback
            cells.append(
                {"what": "labour share of value added", "region": region,
                 "sector": sectors[int(j)], "value": fallback, "rule": rule}
            )  # fmt: skip
    columns = ["what", "region", "sector", "value", "rule"]
    return result, pd.DataFrame(cells, columns=columns)


# -- WIOD 2016 -----------------------------------------------------------------------------

_WIOD2016_ROWS = ("II_fob", "TXSP", "EXP_adj", "PURR", "PURNR", "VA", "IntTTM", "GO")


def _wiod2016(path: Path, year: int | None) -> _Raw:
    """Read a table of the 2016 release.

    Two layouts are published: sheets whose rows 3 to 6 name the columns (industry code,
    industry, country, c1 to c61), and frames (R, Stata) whose columns are named by country
    and number (AUS1 ... ROW61). Both have the columns IndustryCode,
    IndustryDescription, Country and RNr first and the total last.
    """
    if path.is_dir():
        found = sorted(p for p in path.glob(f"*WIOT{year or ''}*") if p.suffix in _WIOD2016_SUFFIX)
        if len(found) != 1:
            raise InputError(f"{len(found)} WIOD tables fit, one is needed", file=path, key="year",
                             value=year, allowed=[p.name for p in found])  # fmt: skip
        path = found[0]
    if path.suffix not in _WIOD2016_SUFFIX:
        raise InputError("unknown type of file", file=path, value=path.suffix,
                         allowed=_WIOD2016_SUFFIX)  # fmt: skip
    try:
        if path.suffix in (".xlsb", ".xlsx"):
            frame = _wiod2016_sheet(path)
        else:
            readers: Mapping[str, Callable[..., pd.DataFrame]] = {
                ".dta": pd.read_stata, ".csv": pd.read_csv, ".parquet": pd.read_parquet,
            }  # fmt: skip
            frame = readers[path.suffix](path)
    except ImportError as error:
        raise InputError(
            f"this type of file needs another package: {error}", file=path,
            allowed="pip install pyxlsb (for .xlsb), or the .dta file of the same table",
        ) from None  # fmt: skip
    except (ValueError, OSError, KeyError, IndexError, pd.errors.ParserError) as error:
        raise InputError(f"file cannot be read as WIOD 2016: {error}", file=path) from None
    missing = [c for c in ("IndustryCode", "Country", "RNr") if c not in frame.columns]
    if missing:
        raise InputError(f"column '{missing[0]}' is missing", file=path, key=missing[0],
                         allowed=KINDS["wiod2016"])  # fmt: skip
    found_year = re.search(r"WIOT((19|20)\d\d)", path.name)
    return _wiod2016_frame(frame, path, int(found_year.group(1)) if found_year else None)


_WIOD2016_SUFFIX = (".xlsb", ".xlsx", ".dta", ".csv", ".parquet")


def _wiod2016_sheet(path: Path) -> pd.DataFrame:
    sheet = pd.read_excel(path, header=None, engine="pyxlsb" if path.suffix == ".xlsb" else None)
    country = sheet.iloc[4, 4:].astype(str)
    number = sheet.iloc[5, 4:].astype(str).str.lstrip("c")
    body = sheet.iloc[6:].copy()
    body.columns = [
        "IndustryCode", "IndustryDescription", "Country", "RNr",
        *(f"{c}{n}" for c, n in zip(country, number, strict=True)),
    ]  # fmt: skip
    return body


def _wiod2016_frame(frame: pd.DataFrame, path: Path, year: int | None) -> _Raw:
    columns: dict[str, tuple[str, int]] = {}
    for column in frame.columns:
        match = re.fullmatch(r"v?([A-Z]{3})(\d{1,2})", str(column))
        if match:
            columns[str(column)] = (match.group(1), int(match.group(2)))
    country = frame["Country"].astype(str).str.strip()
    code = frame["IndustryCode"].astype(str).str.strip()
    body = ~country.isin(["TOT", "nan", "None", ""]) & ~code.isin(_WIOD2016_ROWS)
    number = pd.to_numeric(frame["RNr"].astype(str).str.lstrip("c"), errors="coerce")
    regions = list(dict.fromkeys(country[body]))
    sectors = list(dict.fromkeys(code[body]))
    r, i = len(regions), len(sectors)
    inside = {c: (region, k) for c, (region, k) in columns.items() if region in regions}
    expected = r * (i + 5)
    if not r or int(body.sum()) != r * i or len(inside) != expected:
        raise InputError(
            f"found {int(body.sum())} rows and {len(inside)} columns of {r} regions x {i} "
            "industries",
            file=path, allowed=f"{r * i} rows, {expected} columns: " + KINDS["wiod2016"],
        )  # fmt: skip
    if set(number[body]) != set(range(1, i + 1)):
        raise InputError(f"industries are not numbered 1 to {i}", file=path, key="RNr")
    at_region = {c: k for k, c in enumerate(regions)}
    row = country[body].map(at_region).to_numpy() * i + (number[body].to_numpy(dtype=int) - 1)
    sector_of = dict(zip(number[body], code[body], strict=True))
    sectors = [sector_of[k + 1] for k in range(i)]
    labels = list(inside)
    values = frame[labels].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if np.isnan(values[body.to_numpy()]).any():
        raise InputError("a cell of the table is not a number", file=path)
    where = np.array([at_region[c] * i + k - 1 if k <= i else -1 for c, k in inside.values()])
    industry = where >= 0
    core = values[body.to_numpy()]
    intermediate = np.zeros((r * i, r * i))
    intermediate[np.ix_(row, where[industry])] = core[:, industry]
    final = np.zeros((r * i, int((~industry).sum())))
    final[row] = core[:, ~industry]
    names = ("HH", "NPISH", "GOV", "GFCF", "INV")
    final_names = [(c, names[k - i - 1]) for c, k in inside.values() if k > i]
    inputs = {}
    for label in ("VA", "TXSP", "IntTTM"):
        here = (code == label).to_numpy()
        if here.any():
            line = np.zeros(r * i)
            line[where[industry]] = np.nan_to_num(values[here].sum(axis=0)[industry])
            inputs[label] = line.reshape(r, i)
    return _Raw(
        regions=tuple(regions), sectors=tuple(sectors),
        intermediate=intermediate.reshape(r, i, r, i), final=final.reshape(r, i, -1),
        final_names=tuple(final_names), inputs=inputs,
        unit="million USD", year=year,
    )  # fmt: skip


# -- folders of plain files --------------------------------------------------------------


class TableFile(BaseModel):
    """Layout of ``table.yaml`` in a folder of plain files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    year: int
    unit: str = "million USD"
    flows: Literal["net", "gross"] = "net"
    notes: list[str] = []
    regions: dict[str, str] | list[str] | None = None
    sectors: dict[str, str] | list[str] | None = None
    agents: dict[str, str] = {}
    labour_share: float = Field(default=LABOUR_SHARE, gt=0, lt=1)
    tolerance: float = Field(default=TOLERANCE, gt=0)


_FACTOR_NAMES = ("LAB", "CAP", "VA")


def read_folder(path: str | Path) -> WorldTable:
    """Read a table from a folder of CSV or Parquet files.

    The folder holds, each as ``.csv``, ``.csv.gz`` or ``.parquet``:

    - ``table.yaml``: ``name``, ``year``, and optionally ``unit``, ``flows`` (``net``: basic
      prices, the default; ``gross``: tariffs included), ``notes``, ``regions`` and
      ``sectors`` (a list that fixes the order, or code to readable name), ``agents``
      (agent in the files to HH, NPISH, GOV, GFCF or INV), ``labour_share`` and
      ``tolerance``;
    - ``intermediate``: origin, commodity, destination, sector, value;
    - ``final``: origin, commodity, destination, agent, value;
    - ``value_added`` (optional: else what inputs leave of output): region, sector, factor,
      value, with factors LAB (compensation of labour), CAP (everything else) or VA
      (the total);
    - ``tariffs`` (optional): importer, exporter, sector, rate;
    - ``elasticities.yaml`` (optional), in the layout of the shipped sets.

    Cells that do not stand in a file are zero.

    Parameters
    ----------
    path : path

    Returns
    -------
    WorldTable
        At basic prices: with ``flows: gross`` the tariffs are taken out.

    Raises
    ------
    InputError
        For a missing file or column, an unknown code, a cell that stands twice or is not a
        number, and a table whose columns miss its rows by more than the tolerance.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    content = validate(TableFile, read_yaml(folder / "table.yaml"), folder / "table.yaml")
    _not_shipped(content.name, folder / "table.yaml", "name")
    flows = _long(folder, "intermediate", ("origin", "commodity", "destination", "sector"))
    final = _long(folder, "final", ("origin", "commodity", "destination", "agent"))
    found = {
        "regions": pd.concat(
            [flows["origin"], flows["destination"], final["origin"], final["destination"]]
        ),
        "sectors": pd.concat([flows["commodity"], flows["sector"], final["commodity"]]),
    }
    codes, names = {}, {}
    for axis, used in found.items():
        given = getattr(content, axis)
        codes[axis] = tuple(dict.fromkeys(used)) if given is None else tuple(map(str, given))
        names[axis] = dict(given) if isinstance(given, dict) else {}
        odd = [code for code in codes[axis] if code != safe_code(code)]
        if odd:
            raise InputError("code could not be named in a scenario", file=folder, key=axis,
                             value=odd[0], allowed="codes without , | [ ] ! *")  # fmt: skip
    regions, sectors = codes["regions"], codes["sectors"]
    for agent, target in content.agents.items():
        if target not in AGENTS:
            raise InputError("unknown agent", file=folder / "table.yaml", key=f"agents.{agent}",
                             value=target, allowed=AGENTS)  # fmt: skip
    agents = {**{agent: agent for agent in AGENTS}, **content.agents}
    unknown = ~final["agent"].isin(list(agents))
    if unknown.any():
        raise InputError(
            "unknown agent",
            file=final.attrs["path"],
            key="agent",
            value=str(final.loc[unknown, "agent"].iloc[0]),
            allowed=f"{', '.join(AGENTS)}, or a line under 'agents' in table.yaml",
        )
    final["agent"] = final["agent"].map(agents)
    r, i = len(regions), len(sectors)
    origin = {"origin": regions, "commodity": sectors, "destination": regions}
    z = _array(flows, {**origin, "sector": sectors})
    f = _array(final, {**origin, "agent": AGENTS})
    power = 1 + load_tariffs(folder_tariffs(folder), content.name, regions, sectors)[0]
    if content.flows == "gross":
        z, f = z / power[..., None], f / power[..., None]

    output, inputs = z.sum(axis=(2, 3)) + f.sum(axis=(2, 3)), z.sum(axis=(0, 1))
    notes = [f"Data: user table '{content.name}', {content.year}.", *content.notes]
    tariffs = np.einsum("risj,ris->sj", z, power - 1)
    value, labour = _folder_value_added(folder, regions, sectors)
    if value is None:
        value = np.maximum(output - inputs - tariffs, 0.0)
        notes.append("Value added: what inputs leave of output, product taxes included.")
    missed = np.abs(output - inputs - tariffs - value)
    gap = float(missed.sum() / output.sum()) if output.sum() > 0 else np.inf
    if not gap <= content.tolerance:
        worst = np.unravel_index(int(np.argmax(missed)), missed.shape)
        raise InputError(
            f"inputs and value added miss output by {gap:.1%} of it, most in "
            f"{regions[worst[0]]}, {sectors[worst[1]]}: output {output[worst]:.6g}, inputs "
            f"{inputs[worst]:.6g}, tariffs on them {tariffs[worst]:.6g}, value added "
            f"{value[worst]:.6g}",
            file=folder, key="tolerance", value=gap,
            allowed=f"up to {content.tolerance:g}, or a tolerance of your own in table.yaml",
        )  # fmt: skip
    share = np.full((r, i), np.nan)
    if labour is not None:
        share = np.divide(labour, value, out=share, where=value > 0)
    share, filled = _filled_shares(share, content.labour_share, regions, sectors)
    if len(filled):
        notes.append(
            f"Labour share of value added: {len(filled)} of {share.size} cells filled by rule, "
            f"{content.labour_share:g} where nothing is known."
        )
    return WorldTable(
        name=content.name,
        year=content.year,
        regions=regions,
        sectors=sectors,
        agents=AGENTS,
        intermediate=z,
        final=f,
        value_added=value,
        labour_share=share,
        inventories=("INV",),
        status="user",
        unit=content.unit,
        notes=tuple(notes),
        filled=filled,
        names=names,
    )


def folder_tariffs(folder: str | Path) -> str:
    """Return the path of a folder's tariffs, or ``none``."""
    found = _find(Path(folder).expanduser(), "tariffs")
    return "none" if found is None else str(found)


def folder_elasticities(folder: str | Path) -> Path | None:
    """Return the path of a folder's elasticities, if it has them."""
    path = Path(folder).expanduser() / "elasticities.yaml"
    return path if path.is_file() else None


def _find(folder: Path, stem: str) -> Path | None:
    found = [p for s in (".csv", ".csv.gz", ".parquet") if (p := folder / f"{stem}{s}").is_file()]
    if len(found) > 1:
        raise InputError(f"'{stem}' stands there twice", file=folder, value=[p.name for p in found])
    return found[0] if found else None


def _long(folder: Path, stem: str, keys: tuple[str, ...]) -> pd.DataFrame:
    """Read a file in long format: code columns as text, a column of values."""
    path = _find(folder, stem)
    if path is None:
        raise InputError("no such file", file=folder / f"{stem}.csv",
                         allowed=f"{stem}.csv, {stem}.csv.gz or {stem}.parquet")  # fmt: skip
    frame = read_table(path, (*keys, "value"))[[*keys, "value"]]
    if path.suffix != ".parquet":
        # Codes such as 01 are text, not numbers.
        frame[list(keys)] = pd.read_csv(path, usecols=list(keys), dtype=str, keep_default_na=False)[
            list(keys)
        ]
    for key in keys:
        frame[key] = frame[key].astype(str).str.strip()
    value = numbers(frame["value"])
    if value.isna().any():
        line = int(np.flatnonzero(value.isna())[0])
        cell = ", ".join(frame.iloc[line][list(keys)])
        raise InputError(f"value of {cell} is not a number", file=path, key="value",
                         value=str(frame["value"].iloc[line]))  # fmt: skip
    repeated = frame.duplicated(list(keys))
    if repeated.any():
        cell = ", ".join(frame.loc[repeated].iloc[0][list(keys)])
        raise InputError(f"cell {cell} stands twice", file=path)
    frame["value"] = value
    frame.attrs["path"] = str(path)
    return frame


def _array(frame: pd.DataFrame, axes: Mapping[str, Sequence[str]]) -> Array:
    """Return a long frame as an array, rows of the same cell added up."""
    array = np.zeros([len(codes) for codes in axes.values()])
    where = []
    for column, codes in axes.items():
        position = frame[column].map({code: k for k, code in enumerate(codes)})
        if position.isna().any():
            value = str(frame.loc[position.isna(), column].iloc[0])
            raise InputError(f"unknown {column}", file=frame.attrs["path"], key=column,
                             value=value, allowed=codes)  # fmt: skip
        where.append(position.to_numpy(dtype=int))
    np.add.at(array, tuple(where), frame["value"].to_numpy())
    return array


def _folder_value_added(
    folder: Path, regions: Sequence[str], sectors: Sequence[str]
) -> tuple[Array | None, Array | None]:
    """Return value added and its labour part, (s, j), None where the folder has none."""
    if _find(folder, "value_added") is None:
        return None, None
    frame = _long(folder, "value_added", ("region", "sector", "factor"))
    array = _array(frame, {"region": regions, "sector": sectors, "factor": _FACTOR_NAMES})
    given = set(frame["factor"])
    labour = array[..., 0] if "LAB" in given else None
    if "VA" not in given:
        if given != {"LAB", "CAP"}:
            raise InputError("value added is not complete", file=frame.attrs["path"],
                             key="factor", value=sorted(given),
                             allowed="LAB and CAP, VA, or LAB and VA")  # fmt: skip
        return array[..., 0] + array[..., 1], labour
    if "CAP" in given:
        raise InputError("give VA (the total) or CAP (the rest), not both",
                         file=frame.attrs["path"], key="factor", value="CAP")  # fmt: skip
    return array[..., 2], labour


# -- from a table to a benchmark ----------------------------------------------------------


def calibrate_table(
    table: WorldTable,
    aggregation: str | Path = "full",
    tariffs: str | Path = "none",
    elasticities: str | Path | Mapping[str, Any] = "boehm",
) -> Calibration:
    """Clean, balance, aggregate and calibrate a table that does not ship.

    Parameters
    ----------
    table : WorldTable
    aggregation : str or path
        ``full`` for the table's own regions and sectors, or an aggregation file whose
        ``table`` is the table's name.
    tariffs : str or path
        ``none``, or a file with columns importer, exporter, sector, rate at the table's
        resolution (:func:`folder_tariffs` names a folder's own).
    elasticities : str, path or mapping
        A named set, a file of the same layout, or nest to value: a number, or a mapping
        by the table's sectors; by speed (``short``, ``long``) or the same for both. Nests
        that a mapping does not name are Cobb-Douglas, except ``armington``. A set whose
        values differ by sector must be for the table's classification.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        If any of these does not exist or does not fit the table.
    """
    if str(tariffs) == "applied":
        raise InputError(
            "applied rates ship for the project's own tables only", key="tariffs",
            value="applied", allowed="none, or the path of a file of rates",
        )  # fmt: skip
    if str(aggregation) in NAMED_AGGREGATIONS and str(aggregation) != "full":
        raise InputError(
            f"there is no aggregation '{aggregation}' for table '{table.name}'",
            key="aggregation", value=str(aggregation),
            allowed="full, or the path of an aggregation file",
        )  # fmt: skip
    rates, filled = load_tariffs(str(tariffs), table.name, table.regions, table.sectors)
    partition = load_aggregation(aggregation, table.name, table.regions, table.sectors, table.names)
    if isinstance(elasticities, Mapping):
        chosen = elasticity_set(elasticities, table)
    else:
        chosen = load_elasticity_set(elasticities)
    balanced = clean(table)
    rate_note = (
        "Benchmark tariffs: none; policies are increments to the table as it is."
        if str(tariffs) == "none"
        else f"Benchmark tariffs: user file {Path(tariffs).name}."
    )
    benchmark = assemble(table, balanced, rates, partition, chosen, (*table.notes, rate_note))
    origin = {
        "table": table.name, "year": str(table.year), "aggregation": str(aggregation),
        "tariffs": str(tariffs), "elasticities": chosen.name,
    }  # fmt: skip
    everything = pd.concat([balanced.filled, filled], ignore_index=True)
    return Calibration(replace(benchmark, origin=origin), balanced.report, everything)


def calibrate_folder(
    path: str | Path,
    aggregation: str | Path = "full",
    tariffs: str | Path | None = None,
    elasticities: str | Path | Mapping[str, Any] | None = None,
) -> Calibration:
    """Calibrate a folder of plain files, with its own tariffs and elasticities by default.

    Parameters
    ----------
    path : path
        See :func:`read_folder` for the layout.
    aggregation, tariffs, elasticities
        As in :func:`calibrate_table`. None takes the folder's ``tariffs`` and
        ``elasticities.yaml``; without those, no tariffs and the set ``boehm``.

    Returns
    -------
    Calibration
    """
    table = read_folder(path)
    chosen = elasticities or folder_elasticities(path) or "boehm"
    return calibrate_table(table, aggregation, tariffs or folder_tariffs(path), chosen)


def elasticity_set(values: Mapping[str, Any], table: WorldTable) -> ElasticitySet:
    """Return a user's values as a set for a table.

    Parameters
    ----------
    values : mapping
        As `elasticities` in :func:`calibrate_table`.
    table : WorldTable
    """
    by_speed: Mapping[str, Any] = dict.fromkeys(SPEEDS, values)
    if set(values) & set(SPEEDS):
        if set(values) != set(SPEEDS):
            raise InputError("give both speeds and nothing else beside them", key="elasticities",
                             value=sorted(set(values) ^ set(SPEEDS))[0],
                             allowed=SPEEDS)  # fmt: skip
        by_speed = values
    entries = []
    for speed, nests in by_speed.items():
        if "armington" not in nests:
            raise InputError("the Armington elasticity (among origins, 1 + theta) has no default",
                             key="elasticities.armington")  # fmt: skip
        for nest, given in {**COBB_DOUGLAS, **nests}.items():
            by_sector = given if isinstance(given, Mapping) else {"*": given}
            odd = set(by_sector) ^ (set(table.sectors) if isinstance(given, Mapping) else {"*"})
            if odd:
                raise InputError(
                    "elasticities by sector must name every sector of the table and no other",
                    key=f"elasticities.{nest}", value=sorted(odd)[0], allowed=table.sectors,
                )  # fmt: skip
            for sector, value in by_sector.items():
                entry = {"nest": nest, "sector": sector, "speed": speed, "value": value,
                         "low": value, "high": value, "status": "assumed",
                         "citation": "given by the user"}  # fmt: skip
                try:
                    entries.append(validate(Entry, entry, None))
                except InputError as error:
                    raise InputError(error.problem, key=f"elasticities.{nest}", value=value,
                                     allowed=error.allowed) from None  # fmt: skip
    return ElasticitySet("user values", "Values given by the user", "", table.name, tuple(entries))
