"""Names for content: equal content has the same digest, whatever it is called and wherever it is.

For work that is done once and kept: its key is the digest of all that it reads.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

#: Rooms whose code makes no number.
_SILENT = ("report", "cli")


@dataclass(frozen=True)
class Identity:
    """Digest of some content, and of every file that counts in it.

    Parameters
    ----------
    digest : str
    files : mapping of path to str
        Digests of the files by their names.
    """

    digest: str
    files: Mapping[Path, str]

    def changed(self) -> list[Path]:
        """Files whose content is no longer the one that was counted."""
        return [path for path, before in self.files.items() if file_digest(path) != before]


def identity_of(*content: Any) -> Identity:
    """Digest of content, with the files that count in it; see :func:`digest`."""
    hashed = _Hashed()
    for value in content:
        hashed.add(value)
    return Identity(hashed.digest(), hashed.files)


def digest(*content: Any) -> str:
    """SHA-256 of plain data, arrays, data classes, pydantic models and functions.

    A path counts as the content of its file, and a field of a model that names a file
    (:func:`cge.core.fields.file_field`) as its name and that content: what work reads can not be
    forgotten in its key. An object with an attribute ``identity``, or else ``fingerprint``,
    counts as that.
    """
    return identity_of(*content).digest


def file_digest(path: Path) -> str:
    """SHA-256 of the content of a file; empty where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@dataclass
class _Hashed:
    """Content that is being counted, and the files among it."""

    files: dict[Path, str] = field(default_factory=dict)
    _hash: Any = field(default_factory=hashlib.sha256)

    def digest(self) -> str:
        return str(self._hash.hexdigest())

    def put(self, text: str) -> None:
        self._hash.update(text.encode(errors="backslashreplace"))

    def add(self, value: Any) -> None:
        own = getattr(value, "identity", None) or getattr(value, "fingerprint", None)
        if isinstance(own, str):
            self.put(f"<{type(value).__name__} {own}>")
        elif isinstance(value, np.ndarray):
            self.put(f"<array {value.dtype.str} {value.shape}>")
            self._hash.update(np.ascontiguousarray(value).tobytes())
        elif isinstance(value, Path):
            self.files[value] = file_digest(value)
            self.put(f"<file {value.suffix} {self.files[value]}>")  # how it is read hangs on that
        elif hasattr(value, "model_dump") and not isinstance(value, type):  # pydantic, if imported
            from cge.core.fields import files_of

            self.add({"": type(value).__name__, **value.model_dump(by_alias=True)})
            self._sequence(list(files_of(value)))
        elif is_dataclass(value) and not isinstance(value, type):
            self.put(f"<{type(value).__qualname__}>")
            for one in fields(value):
                self.put(f"{one.name}=")
                self.add(getattr(value, one.name))
        elif isinstance(value, Mapping):
            self.put(f"<mapping {len(value)}>")
            for key in sorted(value, key=repr):
                self.add(key)
                self.add(value[key])
        elif isinstance(value, AbstractSet):
            self._sequence(sorted(value, key=repr))
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
            self._sequence(value)
        elif callable(value):
            self.put(f"<{value.__module__}.{value.__qualname__}>")
        elif value is None or isinstance(value, bool | int | float | str | bytes | np.generic):
            self.put(f"<{value!r}>")
        else:
            raise TypeError(f"{type(value).__name__} has no digest")

    def _sequence(self, values: Iterable[Any]) -> None:
        every = list(values)
        self.put(f"<sequence {len(every)}>")
        for item in every:
            self.add(item)


@lru_cache(maxsize=1)
def source_digest() -> str:
    """SHA-256 of all that ships and makes a number: code, data and parameters, libraries."""
    from importlib.metadata import version

    from cge.core.content import content_dir

    root, data = Path(__file__).resolve().parents[1], content_dir("calibration")
    heard = [p for p in sorted(root.rglob("*.py")) if p.relative_to(root).parts[0] not in _SILENT]
    calibration = {str(path.relative_to(data)): path for path in data.rglob("*") if path.is_file()}
    libraries = [version(name) for name in ("numpy", "scipy", "pandas", "pyomo")]
    return digest(heard, calibration, libraries, platform.machine())
