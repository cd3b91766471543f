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
        self._counts: list[int] = []
        self._given: dict[str, list[tuple[int, Any]]] = {name: [] for name in COLUMNS}

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
        value, number = np.atleast_1d(np.asarray(value, dtype=float)), len(self._counts)
        for name, given in {"measure": measure, "value": value, **columns}.items():
            self._given[name].append((number, given))
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
            given, sizes = self._given[name], counts
            if name in labels:
                given, sizes = [(0, labels[name])], counts.sum(keepdims=True)
            if name in TEXT:
                found[name] = _words(given, sizes)
            elif name in WHOLE:
                values = _numbers(_NOTHING[name], given, sizes)
                whole = np.where(np.isnan(values), -1, values).astype(np.int64)
                found[name] = pd.arrays.IntegerArray(whole, whole < 0)
            else:
                found[name] = _numbers(_NOTHING[name], given, sizes)
        return pd.DataFrame(found)


def _laid(
    nothing: float, given: Sequence[tuple[int, Any]], counts: NDArray[np.int64],
    one: Callable[[Any], float], many: Callable[[Any], NDArray[Any]],
) -> NDArray[Any]:  # fmt: skip
    """A column of pieces of so many rows: given for all rows of a piece, for each, or not."""
    constant, several = np.full(len(counts), nothing), []
    for number, value in given:
        if isinstance(value, str | float | int) or np.ndim(value) == 0:
            constant[number] = one(value)
        else:
            several.append((number, value))
    column, ends = np.repeat(constant, counts), np.cumsum(counts).tolist()
    for number, values in several:
        column[ends[number] - counts[number] : ends[number]] = many(values)
    return column


def _numbers(nothing: float, given: Sequence[tuple[int, Any]], counts: NDArray[np.int64]) -> Array:
    """A column of numbers; None is NaN."""

    def many(values: Any) -> Array:
        if isinstance(values, pd.arrays.IntegerArray):
            return values.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(values, dtype=float)

    return _laid(float(nothing), given, counts, lambda one: np.nan if one is None else one, many)


def _words(given: Sequence[tuple[int, Any]], counts: NDArray[np.int64]) -> pd.Categorical:
    """A column of text; NaN and None are an empty text."""
    known: dict[str, int] = {"": 0}
    coded: dict[int, NDArray[np.int64]] = {}  # the same array stands in many pieces

    def code(word: Any) -> int:
        if not isinstance(word, str):
            word = "" if pd.isna(word) else str(word)
        return known.setdefault(word, len(known))

    def codes(values: Any) -> NDArray[np.int64]:
        if id(values) not in coded:
            if isinstance(values, pd.Categorical):
                places, found = values.codes, values.categories.to_numpy()
            else:
                places, found = pd.factorize(np.asarray(values, dtype=object))
            own = [*map(code, found), 0]  # what is missing has the code -1
            coded[id(values)] = np.array(own)[places]
        return coded[id(values)]

    column = _laid(0, given, counts, code, codes)
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
        if name in TEXT:
            both = union_categoricals(parts)
            words = pd.Index(list(both.categories), dtype=object)
            found[name] = pd.Categorical.from_codes(both.codes, words)
        else:
            found[name] = pd.concat(parts, ignore_index=True)
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
            words = column.astype("category").cat
            known = pd.Index([str(word) for word in words.categories], dtype=object)
            codes = words.codes.to_numpy()
            if (codes < 0).any():  # what is missing is nothing
                known = known if "" in known else known.append(pd.Index([""], dtype=object))
                codes = np.where(codes < 0, known.get_loc(""), codes)
            found[name] = pd.Categorical.from_codes(codes, known)
        else:
            found[name] = column.astype("Int64" if name in WHOLE else float)
    return pd.DataFrame(found)
