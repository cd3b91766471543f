"""Reading the tables that users write, with one clear message when one is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError, refuse_if
from cge.core.files import check_unpacked, counted, is_file, one_line

#: First line of a CSV file with decimal commas, also as spreadsheets quote and fill it.
_SAYS_COMMAS = re.compile(r'\s*"?decimal\s*=\s*,"?[;,\s]*', re.IGNORECASE)
_COMMAS = "'decimal=,' as the first line of a file with decimal commas, fields parted by ; or ,"
_COMMA_NUMBER = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")


def read_table(
    path: str | Path, columns: tuple[str, ...], text: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Read a CSV (also compressed) or Parquet file that must have certain columns.

    A CSV file whose first line is ``decimal=,`` has decimal commas; semicolons may part its
    fields.

    Parameters
    ----------
    path : path
    columns : tuple of str
        Those that must be there.
    text : tuple of str
        Columns of codes, where there are such: text also where they look like numbers (01
        stays 01).

    Raises
    ------
    InputError
        If the file is missing, unreadable, empty, or lacks a column.
    """
    path = counted(Path(path))
    refuse_if(path.is_dir(), "is a folder, not a file", file=path)
    refuse_if(not is_file(path), "no such file", file=path)
    check_unpacked(path)
    commas = False
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            first, header = first_lines(path)
            commas = _SAYS_COMMAS.fullmatch(first) is not None
            frame = pd.read_csv(
                path, keep_default_na=False, na_values=[""], skiprows=int(commas),
                sep=separator(header, commas),
                dtype=str if commas else dict.fromkeys(text, str),
            )  # fmt: skip
    except Exception as error:
        # The readers and decompressors have a dozen kinds of error, all about the file.
        raise InputError(f"file can not be read as a table: {one_line(error)}", file=path) from None
    frame.columns = frame.columns.astype(str)
    hint = f"; {_COMMAS}" if not commas and frame.columns.str.contains(";").any() else ""
    check_columns(frame, columns, path, hint)
    refuse_if(frame.empty, "the table has no rows", file=path)
    # pandas takes the first column for row labels and shifts the others.
    shifted = path.suffix != ".parquet" and not isinstance(frame.index, pd.RangeIndex)
    refuse_if(shifted, "rows have more fields than the header has names", file=path,
              allowed=f"{len(frame.columns)} fields in every row")  # fmt: skip
    for column in (one for one in text if (frame.columns == one).sum() == 1):
        frame[column] = frame[column].fillna("").astype(str).str.strip()
    frame = frame.reset_index(drop=True)
    for column in frame.columns.difference(list(text)) if commas else ():
        points = numbers(frame[column]).notna() & frame[column].str.contains(".", regex=False)
        if points.any():
            row = int(np.argmax(points))
            raise InputError(
                f"has a decimal point in row {row + 1}, but the first line says decimal=,",
                file=path, key=column, value=frame[column].iloc[row], allowed="decimal commas",
            )  # fmt: skip
        frame[column] = with_points(frame[column])
    return frame


def check_columns(frame: pd.DataFrame, columns: Sequence[str], path: Path, hint: str = "") -> None:
    """Refuse a table that was read where a column is missing, or stands twice."""
    for column in columns:
        refuse_if(column not in frame.columns, f"column '{column}' is missing", file=path,
                  key=column, allowed=f"columns {', '.join(columns)}{hint}")  # fmt: skip
        # pandas renames the second of two equal columns of a CSV file.
        twice = f"{column}.1" in frame.columns or (frame.columns == column).sum() > 1
        refuse_if(twice, f"column '{column}' stands twice", file=path, key=column)


def separator(header: str, commas: bool) -> str:
    """What parts the fields of a CSV file with this header, decimals having commas or not."""
    return next((sign for sign in ";\t" if commas and sign in header), ",")


def first_lines(path: Path) -> list[str]:
    """The first line of a text file, compressed or not, and the next that is not blank."""
    lines = pd.read_csv(path, sep="\x1f", names=[0], nrows=9, dtype=str, quoting=3,
                        keep_default_na=False, skip_blank_lines=False)  # fmt: skip
    first, *others = [*lines[0], ""]
    return [first, next(filter(str.strip, others), "")]


def with_points(column: pd.Series) -> pd.Series:
    """Texts in which each number with a decimal comma has a point instead."""
    plain = (isinstance(v, str) and _COMMA_NUMBER.fullmatch(v) is not None for v in column)
    return column.mask(np.array([*plain], bool), column.astype(str).str.replace(",", "."))


def numbers(column: pd.Series) -> pd.Series:
    """A column of a user's table as floats, NaN where there is no finite number."""
    types = pd.api.types
    if types.is_object_dtype(column) or types.is_string_dtype(column):
        column = column.mask(np.array([isinstance(v, bool | bytes) for v in column], bool))
    elif types.is_bool_dtype(column) or not types.is_any_real_numeric_dtype(column):
        return pd.Series(float("nan"), index=column.index)
    values = pd.to_numeric(column, errors="coerce").astype(float)
    return values.where(values.abs() < float("inf"))


def why_no_number(value: Any, commas: str = _COMMAS) -> tuple[str, str]:
    """Why a cell holds no number, and what would be read.

    Parameters
    ----------
    value
    commas : str
        How the user says that decimals have commas.
    """
    text = "" if value is None or value != value else str(value).strip()
    if not text:
        return "is empty", "a number, 0 where there is nothing"
    if _COMMA_NUMBER.fullmatch(text):
        return "has a comma", f"a decimal point, no thousands separators; or {commas}"
    return "is not a number", "numbers"


@dataclass(frozen=True, eq=False)
class LongTable:
    """A user's table in long format: each row is a cell, named by codes, and its values.

    Parameters
    ----------
    path : path
        Where it was read, for messages.
    codes : tuple of str
        Columns that name the cell.
    frame : DataFrame
    """

    path: str | Path
    codes: tuple[str, ...]
    frame: pd.DataFrame

    @classmethod
    def read(
        cls, path: str | Path, codes: tuple[str, ...], value: str, allowed: str = "numbers"
    ) -> LongTable:
        """Read a file that must have the columns `codes`, and numbers in the column `value`."""
        table = cls(path, codes, read_table(path, (*codes, value), text=codes))
        return replace(table, frame=table.frame.assign(**{value: table.numbers(value, allowed)}))

    def numbers(self, column: str, allowed: str = "numbers") -> pd.Series:
        """A column as floats; refuses the first cell that is no finite number."""
        values = numbers(self.frame[column])
        bad = values.isna()
        if bad.any():
            problem, read = why_no_number(self.frame.loc[bad, column].iloc[0])
            self.refuse(bad, f"{column} of {{cell}} {problem}", column,
                        allowed if read == "numbers" else f"{allowed}; {read}")  # fmt: skip
        return values

    def refuse(
        self, bad: pd.Series, problem: str, key: str | None = None, allowed: object = None
    ) -> None:
        """Raise an InputError about the first row that is marked `bad`, if any is.

        Its value is that of column `key`, or without one the codes of the cell.
        """
        if bad.any():
            row = self.frame.loc[bad].iloc[0]
            cell = ", ".join(str(row[column]) for column in self.codes if row[column] != "")
            value = cell if key is None else "" if pd.isna(row[key]) else str(row[key])
            problem = f"{problem.format(cell=cell)} (row {int(str(row.name)) + 1})"
            raise InputError(problem, file=self.path, key=key, value=value, allowed=allowed)

    def check_codes(self, **known: Sequence[str]) -> None:
        """Refuse a code that is not among those `known` of its column."""
        for column, allowed in known.items():
            self.refuse(~self.frame[column].isin(allowed), f"unknown {column}", column, allowed)

    def check_once(self, *more: str) -> None:
        """Refuse a cell (with the columns `more`) that stands twice."""
        self.refuse(self.frame.duplicated([*self.codes, *more]), "cell stands twice")

    def array(
        self, values: pd.Series, axes: Mapping[str, Sequence[str]], empty: float = 0.0
    ) -> Array:
        """Values as an array, on axes named by column; rows of the same cell are added up.

        Parameters
        ----------
        values : Series
            Of the rows that are taken, which may be some of all.
        axes : mapping
            Column to its codes.
        empty : float
            Where no row stands.
        """
        rows = self.frame.loc[values.index]
        where = tuple(pd.Index(axis).get_indexer(pd.Index(rows[c])) for c, axis in axes.items())
        array = np.full([len(codes) for codes in axes.values()], empty)
        array[where] = 0.0
        np.add.at(array, where, values.to_numpy(dtype=float))
        return array
