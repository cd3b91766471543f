"""Systems that pymrio saved (``save_all``, EXIOBASE 3), read without pymrio and without pickles.

pymrio opens whatever file the folder's ``file_parameters.json`` names, pickles too, and a pickle
can run any code. Here text and Parquet are read, and nothing else.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, Field

from cge.core.errors import InputError, refuse_if
from cge.core.files import (
    MAX_BYTES,
    check_unpacked,
    one_line,
    parquet_size,
    refuse_size,
    validate,
)
from cge.data.sources.labelled import Labelled, SystemParts

_PARAMETERS = "file_parameters.json"
_TEXT, _PARQUET = ("txt", "tsv", "csv"), ("parquet", "par", "parq")
#: A folder on disk, or within an archive.
Place = Path | zipfile.Path


class _File(BaseModel):
    """A file of a saved system."""

    name: str
    nr_index_col: int = Field(ge=0, le=9)
    nr_header: int = Field(ge=1, le=9)


class _Parameters(BaseModel):
    """What ``file_parameters.json`` says that is needed here."""

    systemtype: Literal["IOSystem", "Extension"]
    files: dict[str, _File] = Field(default={})


def read_saved(path: Path, commas: bool = False) -> SystemParts:
    """Read a system that pymrio saved as text or Parquet, from a folder or a zip archive.

    Raises
    ------
    InputError
        If there is none, or a part of it is damaged, a pickle, or outside of the folder.
    """
    root = _root(path)
    parameters = _parameters(root)
    refuse_if(parameters.systemtype != "IOSystem", "is an extension, not a whole system",
              file=str(root), allowed="the folder of the system")  # fmt: skip
    files = parameters.files
    core = next((name for name in ("Z", "A") if name in files), None)
    if core is None or "Y" not in files:
        raise InputError("the system has no final demand Y, or neither Z nor A", file=str(path))

    def part(folder: Place, name: str, of: Mapping[str, _File], title: str) -> Labelled:
        frame, file = _frame(folder, of[name], commas)
        return Labelled(frame, title, file, commas)

    units: tuple[str, ...] = ()
    if "unit" in files:
        given = _frame(root, files["unit"], commas)[0].iloc[:, -1]
        units = tuple(dict.fromkeys(given.astype(str).str.strip()))
    inputs = []
    places: list[Place] = [*root.iterdir()]
    for folder in sorted(places, key=lambda one: one.name):
        if folder.is_dir() and (folder / _PARAMETERS).is_file():
            own = _parameters(folder)
            if own.systemtype == "Extension" and "F" in own.files:
                inputs.append(part(folder, "F", own.files, f"F of {folder.name}"))
    described = root / "metadata.json"
    about = _json(described) if described.is_file() else {}
    said = " ".join(str(about.get(key, "")) for key in ("description", "name", "version"))
    return SystemParts(part(root, core, files, core), part(root, "Y", files, "Y"), tuple(inputs),
                       units, said)  # fmt: skip


def _root(path: Path) -> Place:
    """Folder of the system, in an archive the only one."""
    if path.is_dir():
        return path
    if path.name == _PARAMETERS:
        return path.parent
    refuse_if(not zipfile.is_zipfile(path), "is neither a folder nor a zip archive", file=path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.rpartition("/")[2] == _PARAMETERS]
        places = [zipfile.Path(path, name.removesuffix(_PARAMETERS)) for name in names]
        found = [one for one in places if _parameters(one).systemtype == "IOSystem"]
    except InputError:
        raise
    except Exception as error:  # archives have a dozen kinds of error, all about the file
        raise InputError(f"archive can not be read: {one_line(error)}", file=path) from None
    refuse_if(len(found) != 1, f"the archive holds {len(found)} systems, one is needed", file=path,
              value=names)  # fmt: skip
    return found[0]


def _json(file: Place) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
        content = json.loads(raw.decode("utf-8-sig")) if len(raw) <= MAX_BYTES else None
    except Exception as error:  # of the file, its archive, its text or its JSON
        raise InputError(f"can not be read as JSON: {one_line(error)}", file=str(file)) from None
    refuse_if(not isinstance(content, dict), "is not a mapping in JSON", file=str(file),
              allowed=f"what pymrio writes, up to {MAX_BYTES:,} bytes")  # fmt: skip
    return dict(content or {})


def _parameters(folder: Place) -> _Parameters:
    file = folder / _PARAMETERS
    refuse_if(not file.is_file(), f"holds no {_PARAMETERS}", file=str(folder),
              allowed="a folder that pymrio's save_all wrote")  # fmt: skip
    return validate(_Parameters, _json(file), str(file))


def _frame(folder: Place, wanted: _File, commas: bool) -> tuple[pd.DataFrame, str]:
    """A matrix with its labels, and the name of its file."""
    parameters = str(folder / _PARAMETERS)
    refuse_if(Path(wanted.name).name != wanted.name or "\\" in wanted.name,
              "is not the name of a file in the folder", file=parameters, key="files",
              value=wanted.name)  # fmt: skip
    suffix = wanted.name.rpartition(".")[2].lower()
    refuse_if(suffix not in (*_TEXT, *_PARQUET), "is neither text nor Parquet; a pickle is never "
              "read, for it can run any code", file=parameters, key="files", value=wanted.name,
              allowed="what save_all writes with table_format 'txt' or 'parquet'")  # fmt: skip
    file = folder / wanted.name
    refuse_if(not file.is_file(), "no such file", file=str(file))
    _check_size(file, suffix in _PARQUET)
    try:
        if suffix in _PARQUET:
            with file.open("rb") as opened:
                return pd.read_parquet(opened), str(file)
        return _text(file, wanted, commas), str(file)
    except Exception as error:
        # The readers have a dozen kinds of error, all about the file.
        raise InputError(f"can not be read as a table: {one_line(error)}", file=str(file)) from None


def _check_size(file: Place, parquet: bool) -> None:
    """Refuse a file, or a member of an archive, that unpacks to more than there is memory."""
    if isinstance(file, Path):
        return check_unpacked(file)
    archive = file.root
    refuse_size(archive.getinfo(file.at).file_size, str(file))
    if parquet:
        try:
            with file.open("rb") as opened:
                size = parquet_size(opened)
        except Exception:  # it is none; what reads it says so
            return None
        refuse_size(size, str(file))
    return None


def _text(file: Place, wanted: _File, commas: bool) -> pd.DataFrame:
    """A tab-separated matrix; read so that labels stay text, and stay as they are."""
    heads, labels = wanted.nr_header, wanted.nr_index_col
    plain: dict[str, Any] = {"sep": "\t", "header": None, "keep_default_na": False}
    with file.open("rb") as opened:
        top = pd.read_csv(opened, nrows=heads + 1, dtype=str, **plain)
    below = top.iloc[heads, labels:] if len(top) > heads else pd.Series(dtype=str)
    # Several rows of column labels have one with the names of the row labels below them.
    named = heads > 1 and bool((below == "").all())
    with file.open("rb") as opened:
        body = pd.read_csv(opened, skiprows=heads + named, na_values=[""], low_memory=False,
                           dtype=dict.fromkeys(range(labels), str),
                           decimal="," if commas else ".", **plain)  # fmt: skip
    columns = pd.MultiIndex.from_frame(top.iloc[:heads, labels:].T)
    frame = body.iloc[:, labels:]
    frame.columns = columns if heads > 1 else columns.get_level_values(0)
    if labels:
        rows = pd.MultiIndex.from_frame(body.iloc[:, :labels].fillna(""))
        names = top.iloc[heads if named else heads - 1, :labels].tolist()
        frame.index = rows.set_names(names) if labels > 1 else rows.get_level_values(0)
    return frame
