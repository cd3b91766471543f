"""Published multi-regional tables, read through pymrio.

Codes are those of the source, final agents are named HH, NPISH, GOV, GFCF and INV. What a
source does not say (value added, the labour share) is filled by a stated rule and
flagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes, Integers
from cge.core.errors import InputError, check_known, refuse_first, refuse_if, retold
from cge.core.files import at_home
from cge.core.typed import checked
from cge.data.accounts.world_table import WorldTable
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
from cge.data.sources.wiod2016 import read_wiod2016

if TYPE_CHECKING:
    from pymrio import IOSystem

_UNITS = {
    "mill usd": "million USD", "million usd": "million USD", "millions of us$": "million USD",
    "musd": "million USD", "m.usd": "million USD", "m.eur": "million EUR",
    "meur": "million EUR", "mill eur": "million EUR", "000 usd": "thousand USD",
    "000 us$": "thousand USD",
}  # fmt: skip

Kind = Literal["wiod2013", "wiod2016", "icio", "exiobase3", "eora26", "gloria", "pymrio"]
#: What files of a kind are, the function of pymrio that reads them, and whether it takes a year.
KINDS: Mapping[str, tuple[str, str, bool]] = {
    "wiod2013": ("WIOD, 2013 release: folder of wiotYY_*.xlsx", "parse_wiod", True),
    "wiod2016": ("WIOD, 2016 release: .xlsb, .xlsx, .dta, .csv or .parquet", "", False),
    "icio": ("OECD Inter-Country Input-Output tables: .csv or .zip", "parse_oecd", True),
    "exiobase3": ("EXIOBASE 3: zip or extracted folder", "parse_exiobase3", False),
    "eora26": ("Eora26: zip or folder", "parse_eora26", True),
    "gloria": ("GLORIA: folder of the downloads", "parse_gloria", True),
    "pymrio": ("a system written by pymrio's save_all", "load_all", False),
}


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
    refuse_if(not 0 < labour_share < 1, "not a share", key="labour_share", value=labour_share,
              allowed="0 to 1")  # fmt: skip
    check_known([value_added], ("auto", "rows", "residual"), "unknown option", key="value_added")
    title = name or f"user-{kind or 'pymrio'}"
    not_shipped(title, None, "name")
    label = "IOSystem"
    if isinstance(source, str | Path):
        check_known([kind], KINDS, "unknown kind of table", key="kind")
        path = at_home(source)
        refuse_if(not path.exists(), "no such file or folder", file=path)
        source, label = path if kind == "wiod2016" else _parse(path, str(kind), year), str(path)
    raw = read_wiod2016(source, year) if isinstance(source, Path) else _of_system(source, label)
    with retold(lambda error: error.located(label)):
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
            names=names,
        )  # fmt: skip


def _parse(path: Path, kind: str, year: int | None) -> IOSystem:
    import pymrio

    content, parser, by_year = KINDS[kind]
    refuse_if(by_year and path.is_dir() and year is None, "the folder may hold several years",
              key="year", file=path, allowed="the year to read")  # fmt: skip
    try:
        return getattr(pymrio, parser)(path, **({"year": year} if by_year else {}))
    # pymrio's parsers raise whatever the first odd line of a file leads to.
    except Exception as error:
        raise InputError(
            f"pymrio could not read this as {kind}: {type(error).__name__}: {error}",
            file=path, key="kind", allowed=content,
        ) from None  # fmt: skip


def _of_system(io: IOSystem, label: str) -> RawTable:
    """The arrays of a pymrio system, whatever it has computed so far."""
    z, a, y = (getattr(io, name, None) for name in "ZAY")
    core = a if z is None else z
    if y is None or core is None:
        raise InputError("the system has no final demand Y, or neither Z nor A", file=label)
    refuse_if(core.index.nlevels != 2, "rows are not (region, sector)", file=label,
              value=list(core.index.names))  # fmt: skip
    codes = (tuple(dict.fromkeys(map(str, core.index.get_level_values(k)))) for k in (0, 1))
    axes = Axes(*codes)
    n = len(axes.regions) * len(axes.sectors)
    final = np.zeros((n, y.shape[1]))
    final[_positions(y.index, axes)] = y.to_numpy(dtype=float)
    flows = np.zeros((n, n))
    cells = np.ix_(_positions(core.index, axes), _positions(core.columns, axes))
    flows[cells] = core.to_numpy(dtype=float)
    if z is None:
        flows = flows * np.linalg.solve(np.eye(n) - flows, final.sum(axis=1))
    two = y.columns.nlevels >= 2
    names = ((str(c[0]), str(c[-1])) if two else (str(c), "final demand") for c in y.columns)
    return RawTable(
        regions=axes.regions, sectors=axes.sectors, intermediate=flows.reshape(axes.shape("risj")),
        final=final.reshape(*axes.shape("ri"), -1), final_names=tuple(names),
        inputs=_primary_inputs(io, axes), unit=_unit_of(io), year=_year_of(io),
    )  # fmt: skip


def _positions(index: pd.Index, axes: Axes) -> Integers:
    """Positions of (region, sector) on the flat axis of `axes`."""
    wanted = pd.MultiIndex.from_tuples([(str(region), str(sector)) for region, sector in index])
    found = pd.MultiIndex.from_product([axes.regions, axes.sectors]).get_indexer(wanted)
    refuse_first(wanted[found < 0], "rows and columns do not have the same codes")
    return found


def _primary_inputs(io: IOSystem, axes: Axes) -> dict[str, Array]:
    """Rows of primary inputs by name, (s, j).

    Rows of one name in one extension are added up (GLORIA has them by region); an
    extension that repeats the rows of another does not count twice.
    """
    rows: dict[str, Array] = {}
    for extension in io.get_extensions(data=True):
        frame = getattr(extension, "F", None)
        if frame is None or frame.columns.nlevels != 2:
            continue
        where = _positions(frame.columns, axes)
        own: dict[str, Array] = {}
        for label, values in zip(frame.index, frame.to_numpy(), strict=True):
            parts = label if isinstance(label, tuple) else (label,)
            named = [str(part) for part in parts if matches(str(part), PRIMARY)]
            if named:
                figures = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float)
                row = own.setdefault(named[-1], np.zeros(axes.shape("sj")))
                np.add.at(row.reshape(-1), where, np.nan_to_num(figures))
        rows = {**own, **rows}
    return rows


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
    return year_in(text)
