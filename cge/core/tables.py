"""Reading the tables that users write, with one clear message when one is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError, refuse_if
from cge.core.files import counted, is_file, one_line


def read_table(
    path: str | Path, columns: tuple[str, ...], text: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Read a CSV (also compressed) or Parquet file that must have certain columns.

    Parameters
    ----------
    path : path
    columns : tuple of str
        Those that must be there.
    text : tuple of str
        Columns of codes: text also where they look like numbers (01 stays 01).

    Raises
    ------
    InputError
        If the file is missing, unreadable, empty, or lacks a column.
    """
    path = counted(Path(path))
    refuse_if(not is_file(path), "no such file", file=path)
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(
                path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(text, str)
            )
    except Exception as error:
        # The readers and decompressors have a dozen kinds of error, all about the file.
        raise InputError(f"file can not be read as a table: {one_line(error)}", file=path) from None
    for column in columns:
        refuse_if(column not in frame.columns, f"column '{column}' is missing", file=path,
                  key=column, allowed=f"columns {', '.join(columns)}")  # fmt: skip
        # pandas renames the second of two equal columns of a CSV file.
        twice = f"{column}.1" in frame.columns or (frame.columns == column).sum() > 1
        refuse_if(twice, f"column '{column}' stands twice", file=path, key=column)
    refuse_if(frame.empty, "the table has no rows", file=path)
    # pandas takes the first column for row labels and shifts the others.
    shifted = path.suffix != ".parquet" and not isinstance(frame.index, pd.RangeIndex)
    refuse_if(shifted, "rows have more fields than the header has names", file=path,
              allowed=f"{len(frame.columns)} fields in every row")  # fmt: skip
    for column in text:
        frame[column] = frame[column].fillna("").astype(str).str.strip()
    return frame.reset_index(drop=True)


def numbers(column: pd.Series) -> pd.Series:
    """A column of a user's table as floats, NaN where there is no finite number."""
    if pd.api.types.is_bool_dtype(column):
        return pd.Series(float("nan"), index=column.index)
    values = pd.to_numeric(column, errors="coerce").astype(float)
    return values.where(values.abs() < float("inf"))


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
        number = numbers(table.frame[value])
        table.refuse(number.isna(), f"{value} of {{cell}} is not a number", value, allowed)
        return replace(table, frame=table.frame.assign(**{value: number}))

    def refuse(
        self, bad: pd.Series, problem: str, key: str | None = None, allowed: object = None
    ) -> None:
        """Raise an InputError about the first row that is marked `bad`, if any is.

        Its value is that of column `key`, or without one the codes of the cell.
        """
        if bad.any():
            row = self.frame.loc[bad].iloc[0]
            cell = ", ".join(str(row[column]) for column in self.codes if row[column] != "")
            value, problem = cell if key is None else str(row[key]), problem.format(cell=cell)
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
