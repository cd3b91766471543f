"""Plain data in one sequence of bytes, without pickles.

Text, numbers, truth values, None, lists and mappings stand in JSON (floats come back bit for
bit), arrays as NumPy files, tables as Parquet, all in one zip archive. Nothing that is read
can run code.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_CONTENT = "content.json"
_ARRAY, _TABLE = "array", "table"
#: Date of every member, so that the same content has the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


class Damaged(ValueError):
    """Bytes that are not what :func:`pack` made."""


def pack(content: Any) -> bytes:
    """Turn plain data into bytes.

    Parameters
    ----------
    content
        None, bool, int, float, str, ndarray, DataFrame, and sequences and mappings of these;
        tuples come back as lists.

    Raises
    ------
    TypeError
        For anything else.
    """
    members: dict[str, bytes] = {}
    text = json.dumps(_plain(content, members))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {_CONTENT: text.encode(), **members}.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data)
    return buffer.getvalue()


def unpack(data: bytes) -> Any:
    """Turn the bytes of :func:`pack` back into data.

    Raises
    ------
    Damaged
        If they are not such bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _filled(json.loads(archive.read(_CONTENT)), archive)
    except Exception as error:  # zip, JSON, NumPy and Arrow each have their own
        raise Damaged(str(error)) from None


def _plain(value: Any, members: dict[str, bytes]) -> Any:
    """Replace arrays and tables by references to members of the archive."""
    if isinstance(value, np.integer | np.floating):
        return value.item()
    if value is None or isinstance(value, bool | str | int | float):
        return value
    table = hasattr(value, "to_parquet")  # of pandas, which is imported only where there is one
    if table or isinstance(value, np.ndarray):
        name, buffer = str(len(members)), io.BytesIO()
        if table:
            value.to_parquet(buffer, index=False)
        else:
            np.save(buffer, value, allow_pickle=False)
        members[name] = buffer.getvalue()
        return {_TABLE if table else _ARRAY: name}
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys of a mapping must be text")
        return {"of": {key: _plain(item, members) for key, item in value.items()}}
    if isinstance(value, Sequence):
        return [_plain(item, members) for item in value]
    raise TypeError(f"{type(value).__name__} is not plain data")


def _filled(value: Any, archive: zipfile.ZipFile) -> Any:
    """Put members of the archive in place of the references to them."""
    if isinstance(value, list):
        return [_filled(item, archive) for item in value]
    if not isinstance(value, dict):
        return value
    if "of" in value:
        return {key: _filled(item, archive) for key, item in value["of"].items()}
    if _ARRAY in value:
        return np.load(io.BytesIO(archive.read(value[_ARRAY])), allow_pickle=False)
    import pandas as pd

    return pd.read_parquet(io.BytesIO(archive.read(value[_TABLE])))
