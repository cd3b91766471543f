"""Finished work on disk, by the digest of all that it depends on.

A task that was done once, for whatever study, is not done again; one that was interrupted
goes on with the steps it had finished. A file is written whole or not at all, carries its own
key and checksum, and holds no pickles. What was not used for longest goes when all together
takes more than a limit.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from cge.core.packing import Damaged, pack, unpack
from cge.core.writing import WORK, put_in_place

Made = TypeVar("Made")

#: Bytes that finished work may take together.
LIMIT = 4_000_000_000
_SUFFIX, _STEPS = ".cge", ".steps"
#: Seconds after which nobody is at work on a draft any more.
_ABANDONED = 24 * 3600.0
#: Seconds for a step from which on it is dear enough to be kept on disk.
DEAR = 0.5


def default_folder() -> Path:
    """The user's cache folder."""
    return Path(platformdirs.user_cache_dir("cge-trade-policy"))


@dataclass(frozen=True)
class Store:
    """Finished work in a folder.

    Parameters
    ----------
    folder : path
    limit : int
        Bytes after which what was not used for longest is removed.
    """

    folder: Path
    limit: int = LIMIT

    def get(self, key: str) -> Any | None:
        """Content kept under a key; None where there is none, or it is damaged."""
        path = self._path(key)
        found = _read(path, key)
        if found is not None:
            with contextlib.suppress(OSError):
                os.utime(path)
        return found

    def put(self, key: str, sealed: bytes) -> None:
        """Keep sealed content under a key; a folder that can not be written is left alone."""
        _write(self._path(key), sealed)

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """What is made for a key: here always anew."""
        return make()

    def steps(self, key: str) -> Steps:
        """Steps of the task with a key."""
        return Steps(self._path(key).with_suffix(_STEPS), key)

    def forget(self, key: str) -> None:
        """Remove what is kept of a task."""
        self._path(key).unlink(missing_ok=True)
        shutil.rmtree(self._path(key).with_suffix(_STEPS), ignore_errors=True)

    def files(self) -> list[Path]:
        """Every file, the one that was not used for longest first; drafts are among them."""
        found = []
        for path in self.folder.rglob(f"*{_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # another process has just removed it
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def drafts(self) -> list[Path]:
        """Files that were not written to the end: of processes at work, or killed."""
        return [path for path in self.files() if path.name.startswith(WORK)]

    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(_size, self.files()))

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def trim(self) -> None:
        """Remove what was not used for longest until the rest is within the limit."""
        with contextlib.suppress(OSError):
            for path in self.drafts():
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > _ABANDONED:
                        path.unlink(missing_ok=True)
            files = self.files()
            over = sum(map(_size, files)) - self.limit
            for path in files:
                if over <= 0:
                    break
                over -= _size(path)
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{_SUFFIX}"


@dataclass(frozen=True)
class Steps:
    """Steps of one task that are done: years of a path, points of a frontier.

    Parameters
    ----------
    folder : path
    key : str
        Of the task.
    """

    folder: Path
    key: str

    def get(self, name: str) -> Any | None:
        """Content of a step; None where it is not done."""
        return _read(self.folder / f"{name}{_SUFFIX}", f"{self.key}/{name}")

    def put(self, name: str, content: Any) -> None:
        """Keep a step."""
        _write(self.folder / f"{name}{_SUFFIX}", seal(f"{self.key}/{name}", content))

    def count(self) -> int:
        """Number of steps that are done."""
        return sum(1 for _ in self.folder.glob(f"[!.]*{_SUFFIX}"))


@dataclass(frozen=True)
class Brief(Store):
    """Work within one task, in memory: on disk only steps that would be dear to do again."""

    steps_of: dict[str, Steps] = field(default_factory=dict, repr=False)
    made: dict[str, Any] = field(default_factory=dict, repr=False)

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """What is made for a key, the first time."""
        if key not in self.made:
            self.made[key] = make()
        found: Made = self.made[key]
        return found

    def steps(self, key: str) -> Steps:
        """Steps of the task with a key."""
        if key not in self.steps_of:
            self.steps_of[key] = QuickSteps(self._path(key).with_suffix(_STEPS), key)
        return self.steps_of[key]

    def forget(self, key: str) -> None:
        """Remove what is kept of a task."""
        self.steps_of.pop(key, None)
        self.made.clear()
        if self._path(key).with_suffix(_STEPS).exists():
            super().forget(key)


@dataclass(frozen=True)
class QuickSteps(Steps):
    """Steps of a task in memory; once one has taken long, all of them are also on disk."""

    found: dict[str, Any] = field(default_factory=dict, repr=False)
    #: Names of those that are not on disk, and when the last was done.
    waiting: list[str] = field(default_factory=list, repr=False)
    times: list[float] = field(default_factory=lambda: [time.monotonic()], repr=False)

    def get(self, name: str) -> Any | None:
        """Content of a step; None where it is not done."""
        return self.found[name] if name in self.found else super().get(name)

    def put(self, name: str, content: Any) -> None:
        """Keep a step."""
        self.found[name] = content
        self.waiting.append(name)
        self.times.append(time.monotonic())
        if self.times[-1] - self.times[-2] > DEAR or len(self.waiting) < len(self.found):
            for one in self.waiting:
                super().put(one, self.found[one])
            self.waiting.clear()


@contextlib.contextmanager
def open_store(folder: Path | None) -> Iterator[Store]:
    """Store in a folder; with None one for the time of a run."""
    if folder is not None:
        store = Store(folder / "work")
        yield store
        store.trim()
        return
    with tempfile.TemporaryDirectory(prefix="cge-") as made:
        yield Store(Path(made) / "work")


def _size(path: Path) -> int:
    """Bytes of a file; none of one that is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def seal(key: str, content: Any) -> bytes:
    """Content with its key and a checksum in front."""
    data = pack({"key": key, "content": content})
    return hashlib.sha256(data).hexdigest().encode() + data


def unseal(sealed: bytes, key: str) -> Any | None:
    """Content of what was sealed under a key; None where it is damaged or another's."""
    checksum, data = sealed[:64], sealed[64:]
    if hashlib.sha256(data).hexdigest().encode() != checksum:
        return None
    try:
        found = unpack(data)
        return found["content"] if found["key"] == key else None
    except (Damaged, KeyError, TypeError):
        return None


def _read(path: Path, key: str) -> Any | None:
    try:
        return unseal(path.read_bytes(), key)
    except OSError:
        return None


def _write(path: Path, sealed: bytes) -> None:
    """Write a file; a folder that can not be written is left alone."""
    with contextlib.suppress(OSError):
        put_in_place({path: lambda draft: draft.write_bytes(sealed)})
