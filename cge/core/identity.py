"""Names for content: equal content has the same digest, whatever it is called and wherever it is.

For work that is done once and kept: its key is the digest of all that it reads.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

#: Rooms whose code makes no number.
_SILENT = ("report", "cli")


def digest(*content: Any) -> str:
    """SHA-256 of plain data, arrays, data classes, pydantic models and functions.

    A path counts as the content of its file. An object with an attribute ``identity``, or else
    ``fingerprint``, counts as that.
    """
    hashed = hashlib.sha256()
    for value in content:
        _add(value, hashed.update)
    return hashed.hexdigest()


def _add(value: Any, put: Callable[[bytes], None]) -> None:
    own = getattr(value, "identity", None) or getattr(value, "fingerprint", None)
    if isinstance(own, str):
        put(f"<{type(value).__name__} {own}>".encode())
    elif isinstance(value, np.ndarray):
        put(f"<array {value.dtype.str} {value.shape}>".encode())
        put(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, Path):
        put(b"<file>" + hashlib.sha256(value.read_bytes()).digest())
    elif hasattr(value, "model_dump") and not isinstance(value, type):  # of pydantic, if imported
        _add({"": type(value).__name__, **value.model_dump(by_alias=True)}, put)
    elif is_dataclass(value) and not isinstance(value, type):
        put(f"<{type(value).__qualname__}>".encode())
        for field in fields(value):
            put(f"{field.name}=".encode())
            _add(getattr(value, field.name), put)
    elif isinstance(value, Mapping):
        put(f"<mapping {len(value)}>".encode())
        for key in sorted(value, key=repr):
            _add(key, put)
            _add(value[key], put)
    elif isinstance(value, AbstractSet):
        _add(sorted(value, key=repr), put)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        put(f"<sequence {len(value)}>".encode())
        for item in value:
            _add(item, put)
    elif callable(value):
        put(f"<{value.__module__}.{value.__qualname__}>".encode())
    elif value is None or isinstance(value, bool | int | float | str | bytes | np.generic):
        put(f"<{value!r}>".encode())
    else:
        raise TypeError(f"{type(value).__name__} has no digest")


@lru_cache(maxsize=1)
def source_digest() -> str:
    """SHA-256 of the code, the libraries and the kind of machine that make a number."""
    from importlib.metadata import version

    root = Path(__file__).resolve().parents[1]
    heard = [p for p in sorted(root.rglob("*.py")) if p.relative_to(root).parts[0] not in _SILENT]
    return digest(heard, version("numpy"), version("scipy"), platform.machine())
