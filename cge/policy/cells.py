"""Cells of the model that a measure moves, and their rates from a table of routes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cge.core.axes import AXES, Array, Integers
from cge.core.content import content_dir
from cge.core.errors import InputError, refuse_if
from cge.core.fields import for_table
from cge.core.files import is_file
from cge.core.rate_bounds import LARGEST_RATE, too_large
from cge.core.tables import LongTable, numbers, read_table
from cge.scenario.actions import Aimed, Measure
from cge.scenario.instruments import INSTRUMENTS, OWNERSHIP
from cge.solve.model import Model


def cells(model: Model, aimed: Aimed, key: str) -> Integers:
    """Columns that an instrument moves.

    Parameters
    ----------
    model : Model
    aimed : Aimed
        The instrument with its selectors.
    key : str
        Where it stands, for messages.

    Raises
    ------
    InputError
        For unknown codes, or if there are none.
    """
    instrument, b = INSTRUMENTS[aimed.instrument], model.benchmark
    family = model.variables[instrument.variable]
    chosen = {
        axis: b.codes(AXES[axis], getattr(aimed, word), f"{key}.{word}")
        for word, axis in zip(instrument.keys, instrument.axes, strict=True)
    }
    for axis, code in instrument.fixed.items():
        refuse_if(code not in getattr(b, AXES[axis]),
                  f"the benchmark has no {code} among its {AXES[axis].replace('_', ' ')}", key=key,
                  value=aimed.instrument,
                  allowed="an instrument that names the code itself")  # fmt: skip
        chosen[axis] = [code]
    positions = family.where(**chosen)
    if instrument.domestic != "both":
        use, exporter, _, importer = (codes[positions - family.start] for codes in family.codes)
        at_home = (exporter == importer) & ~np.isin(use, np.array(b.use_classes)[b.on_border])
        keep = at_home if instrument.domestic == "only" else ~at_home
        if instrument.domestic == "no" and getattr(aimed, "within_regions", False):
            # Trade inside an aggregate of countries, never a country's sales to itself.
            members = b.members.get("regions", {})
            several = [code for code, countries in members.items() if len(countries) > 1]
            keep |= np.isin(exporter, several)
        positions = positions[keep]
    refuse_if(aimed.instrument == OWNERSHIP and not len(positions),
              "is of no claim that the scenario has", key=key, value=aimed.instrument,
              allowed="cells of its section 'ownership', where a share may be 0")  # fmt: skip
    refuse_if(not len(positions), "applies to no flow that exists in the benchmark", key=key,
              value=aimed.instrument)  # fmt: skip
    return positions


_BILATERAL = ("tariff", "export_tax", "trade_cost")
_CODES = {"exporter": "regions", "sector": "sectors", "importer": "regions"}


def rates_from_file(model: Model, measure: Measure, positions: Integers, key: str) -> Array:
    """Rates of cells, averaged to the model's codes; zero where the file names none.

    Parameters
    ----------
    model : Model
    measure : Measure
        Cells at the table's resolution are averaged with its `weight` column, or equally.
    positions : ndarray of int
        Columns of the model.
    key : str
        Where the measure stands.

    Raises
    ------
    InputError
        For an instrument that has no routes, or anything wrong in the file.
    """
    assert measure.file is not None and measure.column is not None
    if measure.instrument not in _BILATERAL:
        raise InputError("a file of rates goes with bilateral instruments", key=f"{key}.file",
                         value=measure.instrument, allowed=_BILATERAL)  # fmt: skip
    path = Path(measure.file)
    if not is_file(path):
        shipped = (content_dir("calibration") / "tariffs").glob("us_*.csv")
        ours = sorted(p.name for p in shipped if "-" not in p.name)
        raise InputError(
            "no such file", key=f"{key}.file", value=measure.file,
            allowed=f"a file beside the scenario or in the working folder, or {', '.join(ours)}",
        )  # fmt: skip
    path = for_table(path, model.benchmark.origin.get("table", ""))
    wanted = {"column": measure.column, "weight": measure.weight}
    frame = read_table(path, tuple(_CODES), text=tuple(_CODES))
    for word, name in wanted.items():
        refuse_if(name is not None and name not in frame, f"is no column of {path}",
                  key=f"{key}.{word}", value=name,
                  allowed=[one for one in frame.columns if one not in _CODES])  # fmt: skip
    table = LongTable(path, tuple(_CODES), frame)
    rate, weight = table.numbers(measure.column), pd.Series(1.0, frame.index)
    largest = max(rate.tolist(), key=abs)
    if abs(largest) > LARGEST_RATE and not measure.large:
        raise too_large(largest, LARGEST_RATE, "'large: true' in the measure", path, measure.column)
    if measure.weight:
        weight = numbers(frame[measure.weight])
        bad = weight.isna() | (weight < 0)
        table.refuse(bad, "is not a number of 0 or more ({cell})", measure.weight)
    table.check_once()
    codes = {column: _to_model(table, column, axis, model) for column, axis in _CODES.items()}
    named = pd.DataFrame({**codes, "rate": rate, "weight": weight, "weighted": rate * weight})
    cells = named.groupby([*_CODES])
    sums, plain = cells[["weighted", "weight"]].sum(), cells["rate"].mean()
    mean = (sums["weighted"] / sums["weight"]).where(sums["weight"] > 0, plain)
    family = model.variables[INSTRUMENTS[measure.instrument].variable]
    local = positions - family.start
    routes = pd.MultiIndex.from_arrays([family.codes[axis][local] for axis in (1, 2, 3)])
    return mean.reindex(routes).fillna(0.0).to_numpy()


def _to_model(table: LongTable, column: str, axis: str, model: Model) -> pd.Series:
    """Codes of a table in those of the benchmark's aggregation."""
    translation = {code: code for code in getattr(model.benchmark, axis)}
    for code, members in model.benchmark.members.get(axis, {}).items():
        for member in members:
            translation.setdefault(member, code)
    table.check_codes(**{column: list(translation)})
    return table.frame[column].map(translation)
