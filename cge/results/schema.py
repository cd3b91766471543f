"""The one layout of results: a row for each figure of any study, with its unit and its change.

What does not apply to a row is an empty text, a missing whole number, or NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

_NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(TEXT, ""), **dict.fromkeys(WHOLE, -1), "step": 1.0, "value": np.nan,
    "benchmark": np.nan, "change": np.nan,
}  # fmt: skip


class Rows:
    """Rows under way: columns collected piece by piece and put together once."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[NDArray[Any]]] = {name: [] for name in COLUMNS}
        self._words: dict[str, dict[str, int]] = {name: {"": 0} for name in TEXT}
        self._count = 0

    def __len__(self) -> int:
        return self._count

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
        given = {"measure": measure, "value": value, **columns}
        for name, nothing in _NOTHING.items():
            self._pieces[name].append(self._piece(name, given.get(name, nothing), len(value)))
        self._count += len(value)

    def extend(self, frame: pd.DataFrame, **columns: Any) -> None:
        """Add the rows of a table that has some of the columns, other columns being the same."""
        if len(frame):
            given = {**columns, **{str(name): frame[name].to_numpy() for name in frame.columns}}
            given = {name: given[name] for name in given if name in COLUMNS}
            measure, value = given.pop("measure"), given.pop("value")
            self.add(measure, value, **given)

    def _piece(self, name: str, given: Any, count: int) -> NDArray[Any]:
        if name in TEXT:
            return self._codes(self._words[name], given, count)
        if name in WHOLE:
            array = np.atleast_1d(np.asarray(given, dtype=float))
            return np.broadcast_to(np.where(np.isnan(array), -1, array).astype(np.int64), count)
        return np.broadcast_to(np.atleast_1d(np.asarray(given, dtype=float)), count)

    @staticmethod
    def _codes(known: dict[str, int], given: Any, count: int) -> NDArray[np.int32]:
        """Whole numbers that stand for words."""
        if isinstance(given, str):
            return np.full(count, known.setdefault(given, len(known)), dtype=np.int32)
        codes, words = pd.factorize(pd.Series(given, dtype=object))
        places = [known.setdefault(str(word), len(known)) for word in words]
        return np.asarray(np.array([*places, 0], dtype=np.int32)[codes], dtype=np.int32)

    def frame(self, **labels: Any) -> pd.DataFrame:
        """All rows as a table of :data:`COLUMNS`.

        Parameters
        ----------
        **labels
            A text or number that all rows have in a column.
        """
        found: dict[str, Any] = {}
        for name in COLUMNS:
            if name in labels:
                pieces = [self._piece(name, labels[name], self._count)]
            else:
                pieces = self._pieces[name] or [np.zeros(0, dtype=np.int64)]
            found[name] = _column(name, np.concatenate(pieces), list(self._words.get(name, ())))
        return pd.DataFrame(found)


def _column(name: str, values: NDArray[Any], words: Sequence[str]) -> Any:
    if name in TEXT:
        used = np.unique(values) if len(values) else np.zeros(0, dtype=np.int64)
        place = np.zeros(len(words), dtype=np.int64)
        place[used] = np.arange(len(used))
        known = pd.Index([words[n] for n in used], dtype=object)
        return pd.Categorical.from_codes(place[values.astype(np.int64)], known)
    if name in WHOLE:
        return pd.arrays.IntegerArray(np.array(values, dtype=np.int64), values < 0)
    return np.array(values, dtype=float)


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
