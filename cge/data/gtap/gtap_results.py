"""Results of the standard GTAP model in files, cell by cell, to hold others against.

A file is a solution of GEMPACK (``.sl4``); a header array file that ``sltoht`` made of one, whose
headers are numbers and whose descriptions begin with the variable's name; or a table with the
columns ``variable`` and ``value`` and, between them, one for each dimension.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np

from cge.core.axes import Array
from cge.core.errors import refuse_first, refuse_if
from cge.core.files import user_path
from cge.core.tables import numbers, read_table
from cge.data.har.har_reading import read_har
from cge.data.har.har_tables import SUFFIXES
from cge.data.har.solution_file import WHOLE, is_solution, solution_variables

#: Variables by name, in small letters, and their cells by elements, in small letters.
Reference = dict[str, dict[tuple[str, ...], float]]
VARIABLE, VALUE = "variable", "value"


def reference_results(path: str | Path) -> Reference:
    """Results of a file by variable and cell.

    Parameters
    ----------
    path : path

    Raises
    ------
    InputError
        If the file can not be read, holds no such results, or a cell twice.
    """
    file = user_path(path)
    found = _of_headers(file) if file.suffix.lower() in SUFFIXES else _of_table(file)
    refuse_if(not found, "holds no results by the names of variables", file=file,
              allowed="a solution .sl4, a .har that sltoht made of one, or a table with columns "
              f"{VARIABLE}, elements, {VALUE}")  # fmt: skip
    return found


def _of_headers(file: Path) -> Reference:
    headers = read_har(file)
    if is_solution(headers):
        return {
            name.lower(): _cells(one.labels[:-1], one.array[..., one.labels[-1].index(WHOLE)])
            for name, one in solution_variables(file).items()
        }
    found: Reference = {}
    for one in headers.values():
        name, mark, _ = one.description.partition("#")
        if mark and one.array.dtype.kind == "f":
            labels = tuple(known or () for known in one.labels)
            if all(labels) and len(labels) == one.array.ndim:
                found[name.strip().lower()] = _cells(labels, one.array)
    return found


def _cells(labels: tuple[tuple[str, ...], ...], array: Array) -> dict[tuple[str, ...], float]:
    """Values by elements; one without dimensions has the empty cell."""
    small = [[code.lower() for code in codes] for codes in labels]
    values = np.asarray(array, dtype=float).ravel().tolist()
    return dict(zip(product(*small), values, strict=True))


def _of_table(file: Path) -> Reference:
    frame = read_table(file, (VARIABLE, VALUE), text=(VARIABLE,))
    elements = [name for name in frame.columns if name not in (VARIABLE, VALUE)]
    values = numbers(frame[VALUE])
    wrong = values.isna()
    refuse_if(bool(wrong.any()), f"row {int(wrong.to_numpy().argmax()) + 1} has no number",
              file=file, key=VALUE)  # fmt: skip
    texts = frame[elements].fillna("").astype(str).apply(lambda column: column.str.strip())
    found: Reference = {}
    twice = []
    for name, cell, value in zip(frame[VARIABLE], texts.itertuples(index=False), values):
        key = tuple(code.lower() for code in cell if code)
        known = found.setdefault(str(name).lower(), {})
        twice += [f"{name}({', '.join(key)})"] if key in known else []
        known[key] = float(value)
    refuse_first(twice, "this cell stands twice", file=file, key=VARIABLE)
    return found
