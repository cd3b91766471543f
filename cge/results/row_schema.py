"""The one layout of results: a row for each figure of any study, with its unit and its change.

What does not apply to a row is an empty text, a missing whole number, or NaN.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from cge.core.axes import Array

#: Columns of text, and what each holds.
TEXT: Mapping[str, str] = {
    "study": "kind of study: static, path, stress, sensitivity, frontier, nash, insurance,"
    " backtest, claims",
    "scenario": "name of the scenario, or of the claim",
    "variant": "name of the variant; of a frontier, its version; of a game, who plays what;"
    " of insurance, the foresight; of a backtest, the years and what is given; of a claim, the"
    " number of the check",
    "title": "title of the scenario or variant",
    "table": "table of the accounts, in a study of several",
    "elasticities": "set of trade elasticities",
    "research_return": "level of the returns to research, on a path",
    "disruption": "name of the disruption that struck",
    "weighting": "weights of the disruptions in a statistic of losses; of cells in a backtest",
    "statistic": "statistic over draws, or part of their variance; of a backtest, how changes are"
    " measured, or `actual`",
    "region": "region; exporter of a flow; who loses; who relies",
    "partner": "importer of a flow; supplier, where somebody relies",
    "sector": "sector, commodity",
    "item": "factor, agent, use class, component, source, parameter, instrument",
    "shock": "shock to which a part of welfare is due; parameter to which a part of variance is",
    "measure": "name of the quantity",
    "unit": "unit of value and benchmark",
    "change_unit": "unit of change",
}
#: Columns of whole numbers.
WHOLE: Mapping[str, str] = {
    "path_year": "year of a path, 1 the first after the benchmark",
    "calendar_year": "year of the calendar to which the figure refers",
    "point": "number of a draw, of a point of a frontier, of a frequency, of a multiplier",
}
#: Columns of numbers.
NUMBERS: Mapping[str, str] = {
    "step": "share of the whole shock that is in place",
    "value": "the figure",
    "benchmark": "the same in the benchmark, or on the baseline of a path; of how well a forecast"
    " does, the same of naive gravity",
    "change": "change against it",
}
COLUMNS: tuple[str, ...] = (
    "study", "scenario", "variant", "title", "table", "elasticities", "research_return",
    "path_year", "calendar_year", "step", "disruption", "weighting", "point", "statistic", "region",
    "partner", "sector", "item", "shock", "measure", "value", "unit", "benchmark", "change",
    "change_unit",
)  # fmt: skip
#: What tells one solution from the others of a run.
CASE: tuple[str, ...] = (
    "study", "scenario", "variant", "title", "table", "elasticities", "research_return",
    "path_year", "step",
)  # fmt: skip
#: Columns of text that results of earlier versions lack: nothing stands there.
LATER: tuple[str, ...] = ("table",)
#: Label of the world's figures.
WORLD = "World"
#: Variant under which the world without the policy is reported; no variant can have that name.
NO_POLICY = "no policy"


_NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(TEXT, ""), **dict.fromkeys(WHOLE, -1), "step": 1.0, "value": np.nan,
    "benchmark": np.nan, "change": np.nan,
}  # fmt: skip


def world_label(regions: Collection[str]) -> str:
    """Label of the world's figures; a region of that code keeps it to itself."""
    return WORLD if WORLD not in regions else f"{WORLD} total"


def is_world(variant: str) -> bool:
    """Whether a variant is a world without policy."""
    return variant.startswith(NO_POLICY)


def usual_weighting(weightings: Sequence[str]) -> str:
    """Weighting that tables show unless another is chosen: ``default``, or the first."""
    return "default" if "default" in weightings else weightings[0]


def with_world(values: Array, absorption: Array) -> Array:
    """Figures of regions, shares of their absorption, with the world's behind them, (s + 1,)."""
    return np.append(values, absorption @ values / absorption.sum())


class Rows:
    """Rows under way: columns collected piece by piece and put together once."""

    def __init__(self) -> None:
        #: Of each column (first row, last row + 1, what stands there).
        self._pieces: dict[str, list[tuple[int, int, Any]]] = {name: [] for name in COLUMNS}
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
        end = self._count + len(value)
        for name, given in {"measure": measure, "value": value, **columns}.items():
            piece = self._codes(name, given) if name in TEXT else np.asarray(given, dtype=float)
            self._pieces[name].append((self._count, end, piece))
        self._count = end

    def extend(self, frame: pd.DataFrame, **columns: Any) -> None:
        """Add the rows of a table that has some of the columns, other columns being the same."""
        if len(frame):
            given = {**columns, **{str(name): frame[name].array for name in frame.columns}}
            given = {name: given[name] for name in given if name in COLUMNS}
            measure, value = given.pop("measure"), given.pop("value")
            self.add(measure, value, **given)

    def _codes(self, name: str, given: Any) -> Any:
        """Whole numbers that stand for words."""
        known = self._words[name]
        if isinstance(given, str):
            return known.setdefault(given, len(known))
        if isinstance(given, pd.Categorical):
            codes, words = given.codes, given.categories.to_numpy()
        else:
            codes, words = pd.factorize(np.atleast_1d(np.asarray(given, dtype=object)))
        places = [known.setdefault(str(word), len(known)) for word in words]
        return np.array([*places, 0], dtype=np.int32)[codes]

    def frame(self, **labels: Any) -> pd.DataFrame:
        """All rows as a table of :data:`COLUMNS`.

        Parameters
        ----------
        **labels
            A text or number that all rows have in a column.
        """
        found: dict[str, Any] = {}
        for name in COLUMNS:
            if name in labels or not self._pieces[name]:
                found[name] = _constant(name, labels.get(name, _NOTHING[name]), self._count)
                continue
            nothing = 0 if name in TEXT else _NOTHING[name]
            values = np.full(self._count, nothing, dtype=np.int32 if name in TEXT else float)
            for start, end, piece in self._pieces[name]:
                values[start:end] = piece
            found[name] = _column(name, values, list(self._words.get(name, ())))
        return pd.DataFrame(found)


def labelled(frame: pd.DataFrame, **labels: Any) -> pd.DataFrame:
    """Rows with a text or number that all of them have in a column."""
    return frame.assign(**{n: _constant(n, value, len(frame)) for n, value in labels.items()})


def _constant(name: str, value: Any, count: int) -> Any:
    """Column with one text or number in all rows."""
    if name in TEXT and count:
        return pd.Categorical.from_codes(np.zeros(count, dtype=np.int8), dtype=_one_word(value))
    words = [value] if name in TEXT else []
    return _column(name, np.full(count, 0.0 if name in TEXT else value, dtype=float), words)


@lru_cache(maxsize=1024)
def _one_word(word: str) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(_index([word]))


def _index(words: Any) -> Any:
    """Words as categories: of type object, whatever type pandas has for text."""
    return pd.Index(words, dtype="object")


def _column(name: str, values: NDArray[Any], words: Sequence[str]) -> Any:
    if name in TEXT:
        codes = values.astype(np.int64)
        return pd.Categorical.from_codes(codes, _index(words)).remove_unused_categories()
    if name in WHOLE:
        missing = np.isnan(values) | (values < 0)
        return pd.arrays.IntegerArray(np.where(missing, -1, values).astype(np.int64), missing)
    return values


def joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One table of the rows of several."""
    tables = [table for table in frames if len(table)]
    if not tables:
        return Rows().frame()
    found: dict[str, Any] = {}
    for name in COLUMNS:
        parts = [table[name] for table in tables]
        if name in TEXT:
            words = [_of_objects(part.array) for part in parts]
            found[name] = _of_objects(union_categoricals(words)) if len(words) > 1 else words[0]
        else:
            found[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(found)


def _of_objects(words: Any) -> Any:
    """Words as this layout has them; of a file they may be of another type."""
    if words.categories.dtype == object:
        return words
    return pd.Categorical.from_codes(words.codes, _index(list(words.categories)))


def layout(frame: pd.DataFrame) -> pd.DataFrame:
    """A table read from a file, in the types of the layout.

    Raises
    ------
    KeyError
        For a column that is missing.
    """
    found: dict[str, Any] = {}
    frame = frame.assign(**dict.fromkeys((name for name in LATER if name not in frame), ""))
    for name in COLUMNS:
        column = frame[name]
        if name in TEXT:
            words = column.astype("category").cat
            known = _index([str(word) for word in words.categories])
            codes = words.codes.to_numpy()
            if (codes < 0).any():  # what is missing is nothing
                known = known if "" in known else known.append(_index([""]))
                codes = np.where(codes < 0, known.get_loc(""), codes)
            found[name] = pd.Categorical.from_codes(codes, known)
        else:
            found[name] = column.astype("Int64" if name in WHOLE else float)
    return pd.DataFrame(found)


def stand_twice(frame: pd.DataFrame) -> int:
    """Number of rows whose keys are those of others: no two figures are of the same cell."""
    found, count = np.zeros(len(frame), dtype=np.int64), 1
    for name in COLUMNS:
        if name in ("value", "benchmark", "change", "unit", "change_unit"):
            continue
        column = frame[name]
        if name in TEXT:
            codes, size = column.cat.codes.to_numpy(dtype=np.int64), len(column.cat.categories)
        else:
            codes, words = pd.factorize(column.to_numpy(dtype=float, na_value=np.nan))
            size = len(words)
        if count * (size + 1) > np.iinfo(np.int64).max:
            found, known = pd.factorize(found)
            count = len(known)
        found, count = found * (size + 1) + codes + 1, count * (size + 1)
    return len(found) - len(pd.unique(found))
