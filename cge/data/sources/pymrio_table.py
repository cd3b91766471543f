"""Published multi-regional tables, read through pymrio.

Codes are those of the source, final agents are named HH, NPISH, GOV, GFCF and INV. What a
source does not say (value added, the labour share) is filled by a stated rule and
flagged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.world_table import WorldTable
from cge.data.sources.arguments import safe_code
from cge.data.sources.raw_table import (
    AGENTS,
    LABOUR_SHARE,
    TOLERANCE,
    RawTable,
    filled_shares,
    not_shipped,
)
from cge.data.sources.wiod2016 import read_wiod2016

if TYPE_CHECKING:
    from pymrio import IOSystem

Array = NDArray[np.float64]

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
    not_shipped(title, None, "name")
    if isinstance(source, str | Path):
        if kind is None or kind not in KINDS:
            raise InputError("unknown kind of table", key="kind", value=kind, allowed=KINDS)
        path = Path(source).expanduser()
        if not path.exists():
            raise InputError("no such file or folder", file=path)
        label = str(path)
        if kind == "wiod2016":
            raw = read_wiod2016(path, year)
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


def _of_system(io: IOSystem, label: str) -> RawTable:
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
    return RawTable(
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
    raw: RawTable, label: str, name: str, year: int | None, agents: Mapping[str, str | None],
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


def _by_agent(raw: RawTable, given: Mapping[str, str | None]) -> tuple[Array, list[str]]:
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


def _named(raw: RawTable, rows: Sequence[str], key: str) -> list[str]:
    unknown = [row for row in rows if row not in raw.inputs]
    if unknown:
        raise InputError("no such row of primary inputs", key=key, value=unknown[0],
                         allowed=raw.inputs or "none: the source has none")  # fmt: skip
    return list(rows)


def _value_added_rows(raw: RawTable, rows: Sequence[str] | None) -> list[str]:
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
    raw: RawTable, how: str, rows: Sequence[str] | None, output: Array, inputs: Array,
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
    raw: RawTable, compensation: Sequence[str] | None, rows: Sequence[str] | None, default: float,
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
    return filled_shares(share, default, regions, sectors)
