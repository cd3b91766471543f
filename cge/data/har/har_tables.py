"""Header array files as folders of tables in long format, and back.

A folder holds ``headers.csv`` (kind, sizes, sets and description of each header), ``sets.csv`` (the
elements of each set, in order), a table for each header of numbers with a column for each set and
one named ``value``, and a text file for each header of texts. Of a solution file, a folder holds
``variables.csv`` and a table for each variable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote

import numpy as np
import pandas as pd

from cge.core.errors import InputError, check_known, refuse_if
from cge.core.files import is_file, is_folder, user_folder, user_path
from cge.core.tables import LongTable, read_table
from cge.core.writing import put_or_refuse
from cge.data.har.har_reading import read_har
from cge.data.har.headers import KINDS, HarHeader, check_names
from cge.data.har.solution_file import SolutionVariable, is_solution, solution_variables

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
INDEX, SETS, VARIABLES = "headers.csv", "sets.csv", "variables.csv"
_COLUMNS = ("header", "kind", "sizes", "sets", "coefficient", "description", "file")
_BETWEEN = " x "


#: Suffixes of header array files, and what is shown of each header.
SUFFIXES = (".har", ".prm", ".upd", ".sl4")
HEADERS_SHOWN = ["header", "kind", "sizes", "sets", "description", "sum"]


def header_array_files(path: str | Path) -> list[Path]:
    """A file, or those of a folder that are header array files by their suffix; if there are."""
    found = user_path(path)
    if not is_folder(found):
        return [found] if is_file(found) else []
    return sorted(one for one in found.iterdir() if one.suffix.lower() in SUFFIXES)


def headers_frame(path: str | Path) -> pd.DataFrame:
    """Headers of a header array file, or variables of a solution: what each is, and its sum.

    Of texts, the first of them in place of the sum.
    """
    headers: Mapping[str, Any] = read_har(path)
    if is_solution(headers):
        headers = solution_variables(path)
    rows = []
    for name, one in headers.items():
        kind = one.kind if isinstance(one, HarHeader) else "change" if one.changes else "per cent"
        text = one.array.dtype.kind == "U"
        told = ", ".join(one.array[:4].tolist()) if text else float(one.array.sum())
        if text and len(one.array) > 4:
            told = f"{told}, ..."
        sets = ", ".join(one.sets)
        rows.append((name, kind, _BETWEEN.join(map(str, one.array.shape)), sets,
                     one.description, told))  # fmt: skip
    return pd.DataFrame(rows, columns=HEADERS_SHOWN, dtype=object)


def frame_of(one: HarHeader | SolutionVariable) -> pd.DataFrame:
    """Values in long format: a column for each set, or dimension, and one named ``value``.

    Of texts, one column named ``text``. A set that stands twice has a number behind it the second
    time; elements that are not known are 1, 2, ...
    """
    values = one.array
    if values.dtype.kind == "U":
        return pd.DataFrame({"text": values.tolist()})
    counted = [tuple(str(k + 1) for k in range(size)) for size in values.shape]
    labels = [known or count for known, count in zip(one.labels or counted, counted)]
    columns = columns_of(one.sets or [f"dim{k + 1}" for k in range(values.ndim)])
    places = np.indices(values.shape).reshape(values.ndim, values.size)
    frame = pd.DataFrame({column: np.array(label, dtype=object)[place]
                          for column, label, place in zip(columns, labels, places)})  # fmt: skip
    single = values.dtype.kind == "f"
    frame["value"] = values.astype(np.float32).ravel() if single else values.ravel()
    return frame


def columns_of(sets: Iterable[str]) -> list[str]:
    """Names of the columns of sets, each once, and none of them ``value``."""
    columns = ["value"]
    for code in sets:
        count = 2
        name = code
        while name in columns:
            name, count = f"{code}_{count}", count + 1
        columns.append(name)
    return columns[1:]


def convert_to_tables(
    source: str | Path, target: str | Path, suffix: Format = "csv",
    only: Collection[str] = (), overwrite: bool = False,
) -> list[str]:  # fmt: skip
    """Write the headers of a header array file, or the variables of a solution, as tables.

    Parameters
    ----------
    source : path
    target : path
        A folder; or a file ``.csv`` or ``.parquet`` for one header.
    suffix : {"csv", "parquet"}
        Of the tables in a folder.
    only : collection of str
        Headers or variables, in whatever case; by default all.
    overwrite : bool
        Whether files that are there may be replaced.

    Returns
    -------
    list of str
        Headers or variables that were written.

    Raises
    ------
    InputError
        If the source can not be read, a header is not there, or a file stands in the way.
    """
    check_known([suffix], FORMATS, "no such format", key="format")
    headers: Mapping[str, Any] = read_har(source)
    solved = is_solution(headers)
    if solved:
        headers = solution_variables(source)
    by_name = {name.upper(): name for name in headers}
    check_known([name.upper() for name in only], by_name, "is not in the file", file=source,
                key="header")  # fmt: skip
    kept = [headers[by_name[name.upper()]] for name in only] or [*headers.values()]
    path = user_path(target)
    single = path.suffix.lower().lstrip(".") in FORMATS
    files: dict[Path, Callable[[Path], object]] = {}
    if single:
        refuse_if(len(kept) != 1, "a table holds one header", key="target", value=str(target),
                  allowed="one header, or a folder")  # fmt: skip
        files[path] = partial(_write, frame_of(kept[0]))
    else:
        index, sets = _index(kept, suffix)
        files = {path / name: partial(_write, frame_of(one))
                 for one, name in zip(kept, index["file"])}  # fmt: skip
        files |= {path / (VARIABLES if solved else INDEX): partial(_write, index),
                  path / SETS: partial(_write, sets)}  # fmt: skip
    there = next((str(file) for file in files if file.exists()), None)
    refuse_if(there is not None and not overwrite, "a file is there already", key="target",
              value=there, allowed="another place, or overwriting on demand")  # fmt: skip
    put_or_refuse(files, "target")
    return [one.name for one in kept]


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a table in the format of its suffix."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".txt":
        path.write_text("".join(f"{text}\n" for text in frame["text"]), encoding="utf-8")
    else:
        frame.to_csv(path, index=False)


def _index(
    kept: Sequence[HarHeader | SolutionVariable], suffix: Format
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The headers or variables of a folder, and the elements of sets that differ nowhere."""
    rows: list[tuple[str, ...]] = []
    elements: dict[str, set[tuple[str, ...]]] = {}
    for one in kept:
        text = one.array.dtype.kind == "U"
        file = f"{quote(one.name, safe='')}.{'txt' if text else suffix}"
        sizes = _BETWEEN.join(map(str, one.array.shape))
        if isinstance(one, HarHeader):
            rows.append((one.name, one.kind, sizes, _BETWEEN.join(one.sets), one.coefficient,
                         one.description, file))  # fmt: skip
        else:
            unit = "change" if one.changes else "percentage change"
            rows.append((one.name, unit, sizes, _BETWEEN.join(one.sets), "", one.description, file))
        for code, known in zip(one.sets, one.labels):
            elements.setdefault(code, {known or ()}).add(known or ())
    alike = {code: known.pop() for code, known in elements.items() if len(known) == 1}
    sets = [(code, label) for code, known in alike.items() for label in known]
    return pd.DataFrame(rows, columns=_COLUMNS), pd.DataFrame(sets, columns=["set", "element"])


def is_table_folder(path: str | Path) -> bool:
    """Whether a folder holds the tables of a header array file."""
    return is_file(user_path(path) / INDEX)


def read_tables(folder: str | Path) -> list[HarHeader]:
    """Headers of a folder that :func:`convert_to_tables` wrote, or of the same layout.

    A cell that is not in its table is zero.

    Raises
    ------
    InputError
        If a file is missing, a cell stands twice, or an element is in no set.
    """
    folder = user_folder(folder, f"a folder with {INDEX}")
    path = folder / INDEX
    index = read_table(path, _COLUMNS, text=_COLUMNS)
    sets: dict[str, tuple[str, ...]] = {}
    if is_file(folder / SETS) and len(_lines(folder / SETS)) > 2:
        listed = read_table(folder / SETS, ("set", "element"), text=("set", "element"))
        sets = {str(code): tuple(part["element"]) for code, part in listed.groupby("set")}
    found = []
    for row in index.itertuples():
        name = str(row.header)
        check_known([row.kind], KINDS, "no such kind of header", file=path, key=name)
        try:
            found.append(_header(folder, name, row, sets))
        except InputError as error:
            raise error.located(path, name) from None
    check_names(one.name for one in found)
    return found


def _lines(file: Path) -> list[str]:
    """Lines of a text file; the last is empty where it ends with a line."""
    try:
        return file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise InputError("file is not UTF-8 text", file=file) from None


def _header(folder: Path, name: str, row: Any, sets: Mapping[str, tuple[str, ...]]) -> HarHeader:
    """The header of a row of the index."""
    file = folder / str(row.file)
    refuse_if(file.parent != folder or not is_file(file), "no such file in the folder",
              value=row.file)  # fmt: skip
    own = tuple(code for code in str(row.sets).split(_BETWEEN.strip()) if code.strip())
    own = tuple(code.strip() for code in str(row.sets).split(_BETWEEN)) if own else ()
    texts = [size for size in str(row.sizes).split(_BETWEEN) if size]
    refuse_if(not all(size.strip().isdecimal() and len(size) < 9 for size in texts),
              "sizes are whole numbers", value=row.sizes, allowed="such as 3 x 5 x 5")  # fmt: skip
    sizes = [int(size) for size in texts]
    refuse_if(bool(own) and len(own) != len(sizes), "the sets do not fit the sizes",
              value=row.sets, allowed=f"{len(sizes)} sets between{_BETWEEN}")  # fmt: skip
    about = {"description": row.description, "coefficient": row.coefficient}
    if row.kind == "1CFULL":
        lines = _lines(file)
        return HarHeader(name, np.array(lines[: -1 if not lines[-1] else None], np.str_), row.kind,
                         **about)  # fmt: skip
    columns = columns_of(own or [f"dim{k + 1}" for k in range(len(sizes))])
    dtype = np.int64 if row.kind == "2IFULL" else np.float64
    if 0 in sizes:
        labels = tuple(sets.get(code, tuple(str(k + 1) for k in range(size)))
                       for code, size in zip(own, sizes))  # fmt: skip
        return HarHeader(name, np.zeros(sizes, dtype), row.kind, sets=own, labels=labels, **about)
    table = LongTable.read(file, tuple(columns), "value")
    if columns:
        table.check_once()
    refuse_if(not columns and len(table.frame) != 1, "a number without sets stands alone",
              file=file)  # fmt: skip
    codes: dict[str, tuple[str, ...]] = {}
    for k, column in enumerate(columns):
        seen = tuple(dict.fromkeys(table.frame[column]))
        counted = tuple(str(n + 1) for n in range(0 if own else sizes[k]))
        codes[column] = sets.get(own[k], seen) if own else counted
    table.check_codes(**codes)
    values = table.frame["value"]
    whole = row.kind != "2IFULL" or (values == np.round(values)).all()
    refuse_if(not whole, "whole numbers are due", file=file, key="value")
    array = table.array(values, codes) if columns else values.to_numpy().reshape(())
    return HarHeader(name, array.astype(dtype), row.kind, sets=own, labels=tuple(codes.values())
                     if own else (), **about)  # fmt: skip
