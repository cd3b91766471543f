"""Matrices with labels on both sides, as published tables are: every label once, every cell read.

What a reader of a source finds is checked here, whatever the source: labels that stand twice or
are blank, rows that one matrix has and another has not, and cells that are no numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes, Integers
from cge.core.errors import InputError, check_once, refuse_if
from cge.core.tables import numbers, why_no_number, with_points

Label = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Labelled:
    """A matrix of a source.

    Parameters
    ----------
    frame : DataFrame
    name : str
        What the source calls it: Z, Y, F of an extension.
    file : str
        Where it was read, for messages.
    commas : bool
        Whether numbers that are text have decimal commas.
    """

    frame: pd.DataFrame
    name: str
    file: str
    commas: bool = False

    @cached_property
    def rows(self) -> list[Label]:
        """Labels of the rows, each once."""
        return self.checked(self.row_labels, "rows")

    @cached_property
    def columns(self) -> list[Label]:
        """Labels of the columns, each once."""
        return self.checked(_texts(self.frame.columns), "columns")

    @cached_property
    def row_labels(self) -> list[Label]:
        """Labels of the rows as they are."""
        return _texts(self.frame.index)

    def checked(self, labels: list[Label], side: str) -> list[Label]:
        """The same labels of a side; refuses one that is blank or stands twice."""
        where = f"{side} of {self.name}"
        blank = next((n for n, label in enumerate(labels) if not all(map(str.strip, label))), None)
        if blank is not None:
            raise InputError(f"the label of number {blank + 1} of the {where} is blank",
                             file=self.file, key=self.name, value=", ".join(labels[blank]),
                             allowed="a label for every row and column")  # fmt: skip
        check_once((", ".join(label) for label in labels), f"stands twice among the {where}",
                   file=self.file, key=self.name, allowed="every label once")  # fmt: skip
        return labels

    def values(self, chosen: Sequence[int] | Integers | None = None) -> Array:
        """Cells as floats, of the rows numbered `chosen` or of all.

        Raises
        ------
        InputError
            Naming the row, the column and the value of the first cell that is no finite number.
        """
        frame = self.frame if chosen is None else self.frame.iloc[list(chosen)]
        if all(map(pd.api.types.is_any_real_numeric_dtype, frame.dtypes)):
            array = frame.to_numpy(dtype=float)
        else:
            columns = [self._floats(frame.iloc[:, n]) for n in range(frame.shape[1])]
            array = np.stack(columns, axis=1)
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            i, j = (int(k) for k in bad[0])
            value = frame.iloc[i, j]
            problem, allowed = why_no_number(value, "decimal=',', of a command --decimal ,")
            row, column = (
                ", ".join(map(str, label)) if isinstance(label, tuple) else str(label)
                for label in (frame.index[i], frame.columns[j])
            )
            raise InputError(f"cell in row [{row}], column [{column}] {problem}", file=self.file,
                             key=self.name, value="" if problem == "is empty" else str(value),
                             allowed=allowed)  # fmt: skip
        return array

    def _floats(self, column: pd.Series) -> Array:
        if self.commas and not pd.api.types.is_numeric_dtype(column):
            points = column.astype(str).str.contains(".", regex=False)
            column = with_points(column.mask(points))
        return numbers(column).to_numpy(dtype=float)


@dataclass(frozen=True, eq=False)
class SystemParts:
    """What a benchmark needs of a system.

    Parameters
    ----------
    core : Labelled
        Flows Z, or the coefficients A.
    final : Labelled
    inputs : sequence of Labelled
        F of every extension.
    units : tuple of str
        Those of the flows, each once.
    said : str
        Text in which a year may stand.
    """

    core: Labelled
    final: Labelled
    inputs: tuple[Labelled, ...]
    units: tuple[str, ...]
    said: str


def _texts(index: pd.Index) -> list[Label]:
    parts = (label if isinstance(label, tuple) else (label,) for label in index)
    return [tuple("" if pd.isna(one) else str(one) for one in label) for label in parts]


def check_same_labels(first: Labelled, side: str, known: Sequence[Label], others: str,
                      found: Sequence[Label]) -> None:  # fmt: skip
    """Refuse the first label that one side of a matrix has and another has not.

    Parameters
    ----------
    first : Labelled
        For messages.
    side, others : str
        The sides, as in "rows of Z".
    known, found : sequence of label
    """
    here, there = set(known), set(found)
    if here == there:
        return
    label = next((one for one in known if one not in there), None)
    has, lacks = (side, others) if label is not None else (others, side)
    label = label or next(one for one in found if one not in here)
    alike = {tuple(part.casefold() for part in one): one for one in (here ^ there) - {label}}
    near = alike.get(tuple(part.casefold() for part in label))
    hint = f", but ({', '.join(near)}), which differs only in case" if near else ""
    raise InputError(f"is among the {has}, not among the {lacks}{hint}", file=first.file,
                     key=first.name, value=", ".join(label),
                     allowed="the same regions and sectors everywhere")  # fmt: skip


def positions(labels: Sequence[Label], axes: Axes) -> Integers:
    """Positions of (region, sector) on the flat axis of `axes`, each of which must be there."""
    codes = pd.MultiIndex.from_product([axes.regions, axes.sectors])
    return codes.get_indexer(pd.MultiIndex.from_tuples(labels))


def two_levels(matrix: Labelled, index: pd.Index, side: str) -> None:
    """Refuse labels that are not (region, sector)."""
    swapped = [str(name).lower() for name in index.names] == ["sector", "region"]
    refuse_if(index.nlevels != 2 or swapped, f"{side} are not (region, sector)", file=matrix.file,
              key=matrix.name, value=[str(name) for name in index.names])  # fmt: skip
