"""A published table in the project's own codes, so that what ships for those fits it.

Aggregations, applied tariffs, elasticities by sector and rates in scenarios are by regions and
sectors of WIOD 2013. A table of another source is added up to them with a concordance that ships.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes, ratio
from cge.core.content import calibration_file
from cge.core.errors import refuse_first, refuse_if
from cge.data.accounts.shipped import REST
from cge.data.accounts.table_files import load_table, table_codes
from cge.data.accounts.world_table import LABOUR_SHARE_CELL, WorldTable, filled_cells
from cge.data.sources.registry import sources

#: The table whose codes are the project's.
STANDARD = "wiod2013"
#: Concordances that have another name than the source.
_FILES = {"wiod2016": "nace2"}


def has_concordance(source: str) -> bool:
    """Whether tables of a source can be put in the project's codes."""
    return source in sources()


def in_project_codes(table: WorldTable, source: str) -> WorldTable:
    """The table with the regions and sectors of WIOD 2013.

    Parameters
    ----------
    table : WorldTable
        As it was read, with codes of the source.
    source : str
        In the register of sources.

    Returns
    -------
    WorldTable
        Regions that WIOD 2013 does not have are in the rest of the world. What the source does
        not tell apart is zero, and said in a note.

    Raises
    ------
    InputError
        For a sector that is not in the concordance, and a region of WIOD 2013 that is not in
        the table: the source has changed its codes.
    """
    axes = Axes(*(table_codes(STANDARD, axis) for axis in ("regions", "sectors")))
    inside = sources()[source].inside
    region = _regions(table, source)
    missing = (code for code in axes.regions if code not in {*region, *inside})
    refuse_first(missing, f"no region of the table is this one of {STANDARD}: codes of "
                 f"{source} have changed, or a region was dropped", key="regions",
                 allowed=table.regions)  # fmt: skip
    r = _membership(region, axes.regions)
    i = _membership(_sectors(table, source), axes.sectors)
    value = _added_up(table.value_added, r, i)
    wages = _added_up(table.value_added * table.labour_share, r, i)
    share, filled, said = _labour_share(table, value, wages)
    hosts = ", ".join(f"{code} is in {host}" for code, host in inside.items())
    names = pd.read_csv(calibration_file("tables", STANDARD, "regions.csv"))
    sector_names = pd.read_csv(calibration_file("tables", STANDARD, "sectors.csv"))
    note = (
        f"{len(table.regions)} regions and {len(table.sectors)} sectors of {source} were added up "
        f"to those of {STANDARD}" + (f"; {hosts}." if hosts else ".")
    )
    return replace(
        table, regions=axes.regions, sectors=axes.sectors,
        intermediate=_added_up(table.intermediate, r, i, r, i),
        final=_added_up(table.final, r, i, r), value_added=value,
        labour_share=share, filled=filled, codes=STANDARD, inside=dict(inside),
        notes=(*said, note),
        names={"regions": dict(zip(names["region"], names["name"])),
               "sectors": dict(zip(sector_names["sector"], sector_names["name"]))},
    )  # fmt: skip


def _labour_share(
    table: WorldTable, value: Array, wages: Array
) -> tuple[Array, pd.DataFrame, tuple[str, ...]]:
    """Labour shares, the record of filled cells, and notes.

    Where the source has no compensation of employees at all, shares are those of WIOD 2013.
    """
    cells = table.filled
    guessed = 0
    if len(cells):
        guessed = int(((cells["what"] == LABOUR_SHARE_CELL) & (cells["rule"] == "default")).sum())
    if guessed < table.labour_share.size:
        share = np.where(value > 0, ratio(wages, value), np.median(table.labour_share))
        return share, table.filled, table.notes
    standard = load_table(STANDARD)
    s, j = np.nonzero(value > 0)
    filled = filled_cells(
        LABOUR_SHARE_CELL, np.array(standard.regions)[s], np.array(standard.sectors)[j],
        standard.labour_share[s, j], f"{STANDARD}_{standard.year}",
    )  # fmt: skip
    said = (f"Labour share of value added: the source has no compensation of employees; shares "
            f"by region and sector are those of {STANDARD}, {standard.year}.")  # fmt: skip
    kept = (note for note in table.notes if not note.startswith("Labour share"))
    return standard.labour_share, filled, (*kept, said)


def _added_up(array: Array, *matrices: Array) -> Array:
    """Sums over the members along the first axes, a matrix each."""
    for axis, matrix in enumerate(matrices):
        array = np.moveaxis(np.tensordot(matrix, array, (1, axis)), 0, axis)
    return array


def _membership(codes: Sequence[str], wanted: Sequence[str]) -> Array:
    return (np.array(wanted)[:, None] == np.array(codes)[None, :]).astype(float)


def _regions(table: WorldTable, source: str) -> list[str]:
    frame = pd.read_csv(calibration_file("concordances", f"regions_to_{STANDARD}.csv"),
                        keep_default_na=False)  # fmt: skip
    known: dict[str, str] = {}
    for of in ("*", source):
        rows = frame[frame["source"] == of]
        known |= dict(zip(rows["region"], rows["wiod2013"], strict=True))
    return [known.get(code, REST) for code in table.regions]


def _sectors(table: WorldTable, source: str) -> list[str]:
    file = calibration_file("concordances", f"{_FILES.get(source, source)}_to_{STANDARD}.csv")
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    known = dict(zip(frame.iloc[:, 0].map(_plain), frame.iloc[:, 1], strict=True))
    names: Mapping[str, str] = table.names.get("sectors", {})
    own = [names.get(code, code) for code in table.sectors]
    left = [code for code in own if _plain(code) not in known]
    refuse_if(left, f"{len(left)} sectors are not in the concordance of {source}: it has changed "
              "its sectors", key="sectors", value=left[:3],
              allowed="an aggregation file of your own, or --aggregation full")  # fmt: skip
    return [known[_plain(code)] for code in own]


def _plain(name: str) -> str:
    """A name without case, spaces and signs, which editions write in several ways."""
    return re.sub(r"[^a-z0-9]", "", name.lower()) or name
