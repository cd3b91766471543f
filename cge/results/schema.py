"""The one layout of results: a row for each figure of any study, with its unit and its change.

What does not apply to a row is an empty text, a missing whole number, or NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

#: Columns of text, and what each holds.
TEXT: Mapping[str, str] = {
    "study": "kind of study: static, path, stress, sensitivity, frontier",
    "scenario": "name of the scenario",
    "variant": "name of the variant; of a frontier, its version",
    "title": "title of the scenario or variant",
    "elasticities": "set of trade elasticities",
    "research_return": "level of the returns to research, on a path",
    "disruption": "name of the disruption that struck",
    "weighting": "weights of the disruptions in a statistic of losses",
    "statistic": "statistic over draws, or part of their variance",
    "region": "region; exporter of a flow; who loses; who relies",
    "partner": "importer of a flow; supplier, where somebody relies",
    "sector": "sector, commodity",
    "item": "factor, agent, use class, component, source, parameter, instrument",
    "shock": "shock to which a part of welfare is due",
    "measure": "name of the quantity",
    "unit": "unit of value and benchmark",
    "change_unit": "unit of change",
}
#: Columns of whole numbers.
WHOLE: Mapping[str, str] = {
    "path_year": "year of a path, 1 the first after the benchmark",
    "calendar_year": "year of the calendar to which the figure refers",
    "point": "number of a draw, or of a point of a frontier",
}
#: Columns of numbers.
NUMBERS: Mapping[str, str] = {
    "step": "share of the whole shock that is in place",
    "value": "the figure",
    "benchmark": "the same in the benchmark, or on the baseline of a path",
    "change": "change against it",
}
COLUMNS: tuple[str, ...] = (
    "study", "scenario", "variant", "title", "elasticities", "research_return", "path_year",
    "calendar_year", "step", "disruption", "weighting", "point", "statistic", "region", "partner",
    "sector", "item", "shock", "measure", "value", "unit", "benchmark", "change", "change_unit",
)  # fmt: skip
#: What tells one solution from the others of a run.
CASE: tuple[str, ...] = (
    "study", "scenario", "variant", "title", "elasticities", "research_return", "path_year",
    "step",
)  # fmt: skip
#: Label of the world's figures.
WORLD = "World"

Array = NDArray[np.float64]

_NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(TEXT, ""), **dict.fromkeys(WHOLE, -1), "step": 1.0, "value": np.nan,
    "benchmark": np.nan, "change": np.nan,
}  # fmt: skip


class Rows:
    """Rows under way: columns collected piece by piece and put together once."""

    def __init__(self) -> None:
        self._pieces: list[Mapping[str, Any]] = []
        self._counts: list[int] = []

    def __len__(self) -> int:
        return sum(self._counts)

    def add(self, measure: str, value: Any, **columns: Any) -> None:
        """Add one measure: `value` of a row or of many, other columns likewise.

        Parameters
        ----------
        measure : str
        value : float or array_like (n,)
        **columns
            A text or number for all rows, or one for each; NaN and None are nothing.
        """
        value = np.atleast_1d(np.asarray(value, dtype=float))
        self._pieces.append({"measure": measure, "value": value, **columns})
        self._counts.append(len(value))

    def extend(self, frame: pd.DataFrame, **columns: Any) -> None:
        """Add the rows of a table that has some of the columns, other columns being the same."""
        if len(frame):
            given = {**columns, **{str(name): frame[name].array for name in frame.columns}}
            given = {name: given[name] for name in given if name in COLUMNS}
            measure, value = given.pop("measure"), given.pop("value")
            self.add(measure, value, **given)

    def frame(self, **labels: Any) -> pd.DataFrame:
        """All rows as a table of :data:`COLUMNS`.

        Parameters
        ----------
        **labels
            A text or number that all rows have in a column.
        """
        counts = np.array(self._counts, dtype=np.int64)
        found: dict[str, Any] = {}
        for name in COLUMNS:
            given, sizes = [piece.get(name, _NOTHING[name]) for piece in self._pieces], counts
            if name in labels:
                given, sizes = [labels[name]], counts.sum(keepdims=True)
            if name in TEXT:
                found[name] = _words(given, sizes)
            elif name in WHOLE:
                values = _numbers(given, sizes)
                whole = np.where(np.isnan(values), -1, values).astype(np.int64)
                found[name] = pd.arrays.IntegerArray(whole, whole < 0)
            else:
                found[name] = _numbers(given, sizes)
        return pd.DataFrame(found)


def _laid(
    given: Sequence[Any], counts: NDArray[np.int64], one: Callable[[Any], Any],
    many: Callable[[Any], NDArray[Any]], kind: type,
) -> NDArray[Any]:  # fmt: skip
    """A column of pieces: what is one value of many rows, repeated, and the values of others."""
    single = [isinstance(value, str | float | int) or np.ndim(value) == 0 for value in given]
    constant = [one(value) if alone else 0 for value, alone in zip(given, single, strict=True)]
    column: NDArray[Any] = np.repeat(np.array(constant, dtype=kind), counts)
    ends = np.cumsum(counts).tolist()
    for n, alone in enumerate(single):
        if not alone:
            column[ends[n] - counts[n] : ends[n]] = many(given[n])
    return column


def _numbers(given: Sequence[Any], counts: NDArray[np.int64]) -> Array:
    """A column of numbers; None is NaN."""

    def many(values: Any) -> Array:
        if isinstance(values, pd.arrays.IntegerArray):
            return values.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)

    return _laid(given, counts, lambda value: np.nan if value is None else value, many, float)


def _words(given: Sequence[Any], counts: NDArray[np.int64]) -> pd.Categorical:
    """A column of text; NaN and None are an empty text."""
    known: dict[str, int] = {}
    coded: dict[int, NDArray[np.int64]] = {}  # the same array stands in many pieces

    def code(word: str) -> int:
        return known.setdefault(word, len(known))

    def codes(values: Any) -> NDArray[np.int64]:
        if id(values) not in coded:
            if isinstance(values, pd.Categorical):
                places, found = values.codes, values.categories.to_numpy()
            else:
                places, found = pd.factorize(np.asarray(values, dtype=object))
            own = [code(str(word)) for word in found]
            own.append(code("") if (places < 0).any() else -1)
            coded[id(values)] = np.array(own)[places]
        return coded[id(values)]

    column = _laid(given, counts, lambda word: code("" if pd.isna(word) else str(word)), codes, int)
    used = np.unique(column)
    place = np.zeros(len(known), dtype=np.int64)
    place[used] = np.arange(len(used))
    words = pd.Index(np.array(list(known), dtype=object)[used], dtype=object)
    return pd.Categorical.from_codes(place[column], words)


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One table of the rows of several."""
    tables = [table for table in frames if len(table)]
    if not tables:
        return Rows().frame()
    if len(tables) == 1:
        return tables[0].reset_index(drop=True)
    found: dict[str, Any] = {}
    for name in COLUMNS:
        parts = [table[name] for table in tables]
        found[name] = union_categoricals(parts) if name in TEXT else pd.concat(
            parts, ignore_index=True)  # fmt: skip
    return pd.DataFrame(found)


def layout(frame: pd.DataFrame) -> pd.DataFrame:
    """A table read from a file, in the types of the layout.

    Raises
    ------
    KeyError
        For a column that is missing.
    """
    found: dict[str, Any] = {}
    for name in COLUMNS:
        column = frame[name]
        if name in TEXT:
            words = column.astype("category").cat.rename_categories(str)
            if "" not in words.cat.categories and words.isna().any():
                words = words.cat.add_categories([""])
            found[name] = words.fillna("") if words.isna().any() else words
        else:
            found[name] = column.astype("Int64" if name in WHOLE else float)
    return pd.DataFrame(found)
