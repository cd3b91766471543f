"""Tables that do not ship: read from a folder of plain files, and made into a benchmark."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from cge.core.axes import Array, Axes, largest_cell, ratio
from cge.core.errors import InputError, check_complete, refuse_if, retold
from cge.core.fields import Strict
from cge.core.files import Number, read_as, user_folder, user_path, validate
from cge.core.selectors import check_codes
from cge.core.tables import LongTable
from cge.core.typed import checked
from cge.data.accounts.calibration import Calibration, calibrate_cleaned
from cge.data.accounts.cleaning import clean
from cge.data.accounts.tariffs import load_tariffs
from cge.data.accounts.world_table import WorldTable
from cge.data.elasticities.nests import by_horizon
from cge.data.elasticities.sets import ElasticityEntry, ElasticitySet, load_elasticity_set
from cge.data.sources.project_codes import has_concordance, in_project_codes
from cge.data.sources.raw_table import (
    AGENTS,
    LABOUR_SHARE,
    RESIDUAL,
    TOLERANCE,
    Agent,
    not_shipped,
    user_world_table,
)

_FACTOR_NAMES = ("LAB", "CAP", "VA")
#: Combinations of codes without a cell that a note names.
NAMED = 6


class TableFile(Strict):
    """Layout of ``table.yaml`` in a folder of plain files."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    year: int = Field(ge=1, le=9999, strict=True)
    unit: str = "million USD"
    flows: Literal["net", "gross"] = "net"
    notes: list[str] = Field(default=[])
    regions: dict[str, str] | list[str] | None = None
    sectors: dict[str, str] | list[str] | None = None
    agents: dict[str, Agent] = Field(default={})
    labour_share: Number = Field(default=LABOUR_SHARE, gt=0, lt=1)
    tolerance: Number = Field(default=TOLERANCE, gt=0)


@checked
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
    folder = user_folder(path, "the folder of a table, with table.yaml in it")
    path = folder / "table.yaml"
    content = read_as(TableFile, path)
    not_shipped(content.name, path, "name")
    flows = _read(folder, "intermediate", ("origin", "commodity", "destination", "sector"))
    final = _read(folder, "final", ("origin", "commodity", "destination", "agent"))
    axes, names = _axes(content, flows, final, path)
    agents: dict[str, str] = {**dict(zip(AGENTS, AGENTS)), **content.agents}
    final.refuse(
        ~final.frame["agent"].isin(list(agents)), "unknown agent", "agent",
        f"{', '.join(AGENTS)}, or a line under 'agents' in table.yaml",
    )  # fmt: skip
    final.frame["agent"] = final.frame["agent"].map(agents)
    route = {"origin": axes.regions, "commodity": axes.sectors, "destination": axes.regions}
    z = _array(flows, {**route, "sector": axes.sectors})
    f = _array(final, {**route, "agent": AGENTS})
    power = 1 + load_tariffs(folder_tariffs(folder), content.name, axes)[0]
    if content.flows == "gross":
        z, f = z / power[..., None], f / power[..., None]

    output, inputs = z.sum(axis=(2, 3)) + f.sum(axis=(2, 3)), z.sum(axis=(0, 1))
    tariffs = np.einsum("risj,ris->sj", z, power - 1)
    value, labour, told = _value_added(folder, axes)
    agents_there = [one for one in AGENTS if (final.frame["agent"] == one).any()]
    notes = [
        *content.notes,
        *_without_cells(flows, origin=axes.regions, commodity=axes.sectors),
        *_without_cells(flows, destination=axes.regions, sector=axes.sectors),
        *_without_cells(final, destination=axes.regions, agent=agents_there),
        *told,
    ]
    if value is None:
        value = np.maximum(output - inputs - tariffs, 0.0)
        notes.append(RESIDUAL)
    missed = np.abs(output - inputs - tariffs - value)
    gap = float(missed.sum() / output.sum()) if output.sum() > 0 else np.inf
    cell = largest_cell(missed)
    refuse_if(
        not gap <= content.tolerance,
        f"inputs and value added miss output by {gap:.1%} of it, most in "
        f"{axes.label('sj', cell)}: output {output[cell]:.6g}, inputs {inputs[cell]:.6g}, "
        f"tariffs on them {tariffs[cell]:.6g}, value added {value[cell]:.6g}",
        file=folder, key="tolerance", value=gap,
        allowed=f"up to {content.tolerance:g}, or a tolerance of your own in table.yaml",
    )  # fmt: skip
    labour_share = np.full(value.shape, np.nan) if labour is None else ratio(labour, value)
    with retold(lambda error: error.located(folder)):
        return user_world_table(
            notes, labour_share, content.labour_share, name=content.name, year=content.year,
            regions=axes.regions, sectors=axes.sectors, intermediate=z, final=f,
            value_added=value, unit=content.unit, names=names,
        )  # fmt: skip


def _axes(
    content: TableFile, flows: LongTable, final: LongTable, path: Path
) -> tuple[Axes, dict[str, dict[str, str]]]:
    """Codes of regions and sectors, in the order given or found, and their names."""
    where = {
        "regions": [(table, c) for table in (flows, final) for c in ("origin", "destination")],
        "sectors": [(flows, "commodity"), (flows, "sector"), (final, "commodity")],
    }
    codes, names = {}, {}
    for axis, columns in where.items():
        given = getattr(content, axis)
        if given is None:
            codes[axis] = _codes_in(columns)
        else:
            codes[axis] = tuple(dict.fromkeys(given))
            check_codes(codes[axis], file=path, key=axis)
        names[axis] = dict(given) if isinstance(given, dict) else {}
    return Axes(**codes), names


def _codes_in(columns: Sequence[tuple[LongTable, str]]) -> tuple[str, ...]:
    """Codes in some columns; refuses one that no selector could name, and two that look alike."""
    first: dict[str, tuple[str, str]] = {}
    for table, column in columns:
        for code in dict.fromkeys(table.frame[column]):
            alike = unicodedata.normalize("NFKC", code).casefold()
            known, file = first.setdefault(alike, (code, Path(table.path).name))
            if code != known:
                only = "case" if code.casefold() == known.casefold() else "how letters are encoded"
                problem = f"differs only in {only} from '{known}' in {file}"
                table.refuse(table.frame[column] == code, problem, column, "one way to write it")
            try:
                check_codes([code])
            except InputError as error:
                table.refuse(table.frame[column] == code, error.problem, column, error.allowed)
    return tuple(code for code, _ in first.values())


def folder_tariffs(folder: str | Path) -> str:
    """Path of a folder's tariffs, or ``none``."""
    found = _find(user_path(folder), "tariffs")
    return "none" if found is None else str(found)


def folder_elasticities(folder: str | Path) -> Path | None:
    """Path of a folder's elasticities, if it has them."""
    path = user_path(folder) / "elasticities.yaml"
    return path if os.path.lexists(path) else None


def _find(folder: Path, stem: str) -> Path | None:
    found = [p for s in (".csv", ".csv.gz", ".parquet") if (p := folder / f"{stem}{s}").is_file()]
    refuse_if(len(found) > 1, f"'{stem}' stands there twice", file=folder,
              value=[p.name for p in found])  # fmt: skip
    return found[0] if found else None


def _read(folder: Path, stem: str, codes: tuple[str, ...]) -> LongTable:
    """Read a file in long format, cells with their codes and values."""
    path = _find(folder, stem)
    if path is None:
        raise InputError("no such file", file=folder / f"{stem}.csv",
                         allowed=f"{stem}.csv, {stem}.csv.gz or {stem}.parquet")  # fmt: skip
    table = LongTable.read(path, codes, "value")
    table.check_once()
    return table


def _array(table: LongTable, axes: Mapping[str, Sequence[str]]) -> Array:
    table.check_codes(**axes)
    return table.array(table.frame["value"], axes)


def _without_cells(table: LongTable, **codes: Sequence[str]) -> list[str]:
    """A note on combinations of some columns' codes of which a file has no cell at all.

    Parameters
    ----------
    table : LongTable
    **codes : sequence of str
        By column.
    """
    there = set(zip(*(table.frame[column] for column in codes)))
    none = [", ".join(one) for one in product(*codes.values()) if one not in there]
    if not none:
        return []
    some = "; ".join(none[:NAMED]) + ("; ..." if len(none) > NAMED else "")
    return [f"Taken for zero, since {Path(table.path).name} has no cell of this "
            f"{', '.join(codes)}: {some} ({len(none)} in all)."]  # fmt: skip


def _value_added(folder: Path, axes: Axes) -> tuple[Array | None, Array | None, list[str]]:
    """Value added and its labour part, (s, j), None where the folder has none, and notes."""
    if _find(folder, "value_added") is None:
        return None, None, []
    table = _read(folder, "value_added", ("region", "sector", "factor"))
    by_factor = {"region": axes.regions, "sector": axes.sectors, "factor": _FACTOR_NAMES}
    labour, capital, total = np.moveaxis(_array(table, by_factor), 2, 0)
    given = set(table.frame["factor"])
    complete = given in ({"LAB", "CAP"}, {"VA"}, {"LAB", "VA"})
    refuse_if(not complete, "value added is not complete, or given twice", file=table.path,
              key="factor", value=sorted(given),
              allowed="LAB and CAP, VA (the total), or LAB and VA")  # fmt: skip
    parts = [
        factor
        for factor in _FACTOR_NAMES
        if factor in given - ({"LAB"} if "VA" in given else set())
    ]
    told = _without_cells(table, region=axes.regions, sector=axes.sectors, factor=parts)
    labour_part = labour if "LAB" in given else None
    return labour + capital if "CAP" in given else total, labour_part, told


@checked
def calibrate_table(
    table: WorldTable,
    aggregation: str | Path = "full",
    tariffs: str | Path | None = None,
    elasticities: str | Path | Mapping[str, Any] | None = None,
) -> Calibration:
    """Clean, balance, aggregate and calibrate a table that does not ship.

    Parameters
    ----------
    table : WorldTable
    aggregation : str or path
        ``full`` for the table's own regions and sectors, or an aggregation file whose
        ``table`` is the table's name. Of a published table also ``default`` or ``small``: it
        is then put in the regions and sectors of WIOD 2013, and all that ships for those fits.
    tariffs : str or path, optional
        ``none``, or a file with columns importer, exporter, sector, rate at the table's
        resolution (:func:`folder_tariffs` names a folder's own); with ``default`` and ``small``
        also ``applied``, which is then what None stands for. Else it stands for ``none``.
    elasticities : str, path or mapping, optional
        A named set, a file of the same layout, or nest to value: a number, or a mapping
        by the table's sectors; by horizon (``short``, ``long``) or the same for both. Nests
        that a mapping does not name are Cobb-Douglas, except ``armington``. A set whose
        values differ by sector must be for the table's classification. None stands for
        ``fontagne`` where applied tariffs are the default, for ``boehm`` elsewhere.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        If any of these does not exist or does not fit the table.
    """
    if str(aggregation) in ("default", "small") and has_concordance(table.source):
        table = in_project_codes(table, table.source)
    tariffs = tariffs or ("applied" if table.codes else "none")
    elasticities = elasticities or ("fontagne" if table.codes else "boehm")
    refuse_if(str(tariffs) == "applied" and not table.codes,
              "applied rates ship for the project's own tables only", key="tariffs",
              value="applied", allowed="none, or the path of a file of rates")  # fmt: skip
    if isinstance(elasticities, Mapping):
        chosen = elasticity_set(elasticities, table)
    else:
        chosen = load_elasticity_set(elasticities)
    return calibrate_cleaned(clean(table), aggregation, tariffs, chosen, chosen.name)


@checked
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
    """A user's values as a set for a table.

    Parameters
    ----------
    values : mapping
        As `elasticities` in :func:`calibrate_table`.
    table : WorldTable
    """
    entries = []
    for horizon, nests in by_horizon(values).items():
        for nest, given in nests.items():
            key = f"elasticities.{nest}"
            mapping = isinstance(given, Mapping)
            by_sector, known = (given, table.sectors) if mapping else ({"*": given}, "*")
            check_complete(by_sector, known, "elasticities by sector must name every sector of "
                           "the table and no other", key=key)  # fmt: skip
            for sector, value in by_sector.items():
                entry = {"nest": nest, "sector": sector, "horizon": horizon, "value": value,
                         "low": value, "high": value, "status": "assumed",
                         "citation": "given by the user"}  # fmt: skip
                with retold(partial(InputError.moved, key=key)):
                    entries.append(validate(ElasticityEntry, entry, None))
    return ElasticitySet(name="user values", title="Values given by the user",
                         classification=table.name, entries=entries)  # fmt: skip
