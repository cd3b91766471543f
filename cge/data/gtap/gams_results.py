"""Solutions of the standard GTAP model in GAMS: levels by variable, cell and period.

They stand in a GDX file, or in the table that the model itself writes, with the columns Variable,
Region, Sector, Qualifier, Year, Value (van der Mensbrugghe 2018, The Standard GTAP Model in GAMS,
Version 7, Journal of Global Economic Analysis 3(1), 1-83). GDX files are read by the library
polars-gdx, which has GAMS's own reader of them (MIT licence) and needs no installation of GAMS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError, refuse_if
from cge.core.files import is_file, one_line
from cge.core.tables import check_columns, numbers, read_table

Cell = tuple[str, ...]
#: Columns of the table that the model writes, which are also how it is known.
COLUMNS = ("Variable", "Region", "Sector", "Qualifier", "Year", "Value")
SUFFIX = ".gdx"
#: Set of the periods in a GDX file.
PERIOD = "t"
#: A variable that every solution has, whose periods are those of it.
INCOME = "regy"
#: Agents beside activities among the users of commodities, and the one household.
HOUSEHOLD, GOVERNMENT, INVESTOR, MARGINS = "hhd", "gov", "inv", "tmg"
#: Before the codes of activities and commodities, which GAMS must be able to tell apart.
MARKS = ("a_", "c_")
#: Where the table has other dimensions than the variable, or in another order: of Region, Sector,
#: Qualifier those that count.
_IN_TABLE: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("xf", "pf", "pfy", "fcttx", "fctts"), (0, 2, 1)),
    **dict.fromkeys(("xtmg", "ptmg"), (1,)), "rorg": (), "ytax": (0, 2), "xft": (0, 1),
    "pft": (0, 1),
}  # fmt: skip
#: Rows of the table that are no variables, or lack a dimension of them.
_NO_VARIABLES = {"sam", "xmgm", "pcap", "depry"}
#: What of its variables the table has in another unit than the model.
_PER_CENT = {"rorg", "rorc", "rore", "arent", "prdtx", "fcttx", "fctts", "gl"}
_LIBRARY = "polars_gdx"
#: Elasticities that the model in GAMS takes for another where they are one (1.01), by its names.
ELASTICITIES: Mapping[str, str] = {"sigmag": "ESBG", "sigmai": "ESBI", "sigmamg": "ESBS"}
Levels = dict[str, dict[Cell, dict[str, float]]]


@dataclass(frozen=True)
class GamsResults:
    """Levels of a solution.

    Parameters
    ----------
    periods : tuple of str
        In order; the last is the one with the shock.
    levels : mapping
        Variable, in small letters, to cells, in small letters and without the period, to levels in
        these periods; what is nothing is not there.
    parameters : mapping, optional
        Elasticities of :data:`ELASTICITIES` by cell, where the file has all that the model knows:
        then accounts can be made of it.
    """

    periods: tuple[str, ...]
    levels: Mapping[str, Mapping[Cell, Mapping[str, float]]]
    parameters: Mapping[str, Mapping[Cell, float]] | None = None

    @property
    def before(self) -> str:
        """The period against which the last one is held."""
        return self.periods[-2]

    def changes(self, name: str) -> Iterator[tuple[Cell, float, float]]:
        """Cells of a variable with their levels before and after."""
        for cell, levels in self.levels.get(name, {}).items():
            yield cell, levels.get(self.before, 0.0), levels.get(self.periods[-1], 0.0)

    def array(self, name: str, codes: Sequence[Sequence[str]], period: str) -> Array:
        """Levels on axes, nothing where there is no cell."""
        known, places = self.levels.get(name, {}), [
            {code.lower(): k for k, code in enumerate(one)} for one in codes
        ]  # fmt: skip
        made = np.zeros([len(one) for one in codes])
        for cell, levels in known.items():
            if len(cell) == len(codes) and all(c in own for c, own in zip(cell, places)):
                made[tuple(own[c] for c, own in zip(cell, places))] = levels.get(period, 0.0)
        return made


def gams_results(file: Path) -> GamsResults | None:
    """Levels of a file, or None where it holds no solution of the model in GAMS.

    Raises
    ------
    InputError
        If it looks like one and can not be read, or has no two periods.
    """
    parameters = None
    if file.suffix.lower() == SUFFIX:
        found, parameters = _of_gdx(file)
    elif file.suffix.lower() in (".csv", ".parquet") and is_file(file):
        frame = read_table(file, (), text=COLUMNS[:-1])
        if not {*COLUMNS} <= {*frame.columns}:
            return None
        check_columns(frame, COLUMNS, file)
        found = _of_table(frame, file)
    else:
        return None
    periods = tuple(dict.fromkeys(period for levels in found.get(INCOME, {}).values()
                                  for period in levels))  # fmt: skip
    refuse_if(len(periods) < 2, "holds no solution of the GTAP model in GAMS: incomes "
              "of regions have not two periods", file=file, key="regY", value=list(periods),
              allowed="one before the shock, and one with it")  # fmt: skip
    return GamsResults(periods, found, parameters)


def plain(codes: Sequence[str]) -> Cell:
    """Codes in small letters, without the marks of activities and commodities."""
    small = [code.lower() for code in codes]
    return tuple(code[2:] if code.startswith(MARKS) else code for code in small)


def _of_gdx(file: Path) -> tuple[Levels, dict[str, dict[Cell, float]]]:
    try:
        from polars import String
        from polars_gdx import list_symbols, read_gdx
    except ImportError:
        raise InputError(
            f"GDX files need the library '{_LIBRARY}'", file=file,
            allowed="after: pip install 'cge-trade-policy[gdx]'; or the table that the model "
            "writes (COMP.csv)",
        ) from None  # fmt: skip
    refuse_if(not is_file(file), "no such file", file=file)
    found: Levels = {}
    parameters: dict[str, dict[Cell, float]] = {name: {} for name in ELASTICITIES}
    try:
        for one in list_symbols(str(file)).to_dicts():
            name = one["name"].lower()
            variable = one["type"] == "Variable"
            if not one["records"] or not (variable or name in ELASTICITIES):
                continue
            table = read_gdx(str(file), symbol=one["name"])
            *axes, value = table.columns
            if variable and PERIOD not in axes:
                continue
            keys = zip(*(table[axis].cast(String).to_list() for axis in axes), strict=True)
            for key, level in zip(keys, table[value].to_list(), strict=True):
                if not variable:
                    parameters[name][plain(key)] = float(level)
                    continue
                at = axes.index(PERIOD)
                cell = plain(key[:at] + key[at + 1 :])
                found.setdefault(name, {}).setdefault(cell, {})[key[at]] = float(level)
    except (RuntimeError, OSError, ValueError) as error:
        raise InputError(f"is no GDX file that can be read: {one_line(error)}", file=file) from None
    return found, parameters


def _of_table(frame: pd.DataFrame, file: Path) -> Levels:
    values = numbers(frame["Value"])
    wrong = values.isna()
    refuse_if(bool(wrong.any()), f"row {int(wrong.to_numpy().argmax()) + 1} has no number",
              file=file, key="Value")  # fmt: skip
    found: Levels = {}
    for row, value in zip(frame[list(COLUMNS[:-1])].to_numpy().tolist(), values.tolist()):
        name, *codes, period = row
        name = name.lower()
        if name in _NO_VARIABLES:
            continue
        order = _IN_TABLE.get(name)
        kept = [code for code in codes if code] if order is None else [codes[k] for k in order]
        kept += [HOUSEHOLD] if name == "uh" else []
        scale = 0.01 if name in _PER_CENT else 1.0
        found.setdefault(name, {}).setdefault(plain(kept), {})[period] = scale * value
    return found
