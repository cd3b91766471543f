"""Folders of runs: which they are, and who writes to one."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from cge.core.errors import InputError, refuse_if
from cge.core.writing import WORK, part, settle
from cge.results.json_file import json_of

MANIFEST, ROWS, TABLE, SUMMARY = "manifest.json", "results.parquet", "results.csv", "summary.md"
FIGURES = ("figure.svg", "figure.pdf")
#: In the order in which they are put in place, the manifest last.
FILES = (*FIGURES, ROWS, TABLE, SUMMARY, MANIFEST)
#: Where runs are written unless the user says otherwise.
HOME = Path("results") / "runs"


_LOCK = f"{WORK}lock"


def is_ours(folder: Path) -> bool:
    """Whether a folder holds the results of an earlier run."""
    content = json_of(part(folder, MANIFEST))
    return "spec" in content and not any((folder / name).is_dir() for name in FILES)


def check_folder(folder: Path) -> None:
    """Check that results can be written to a folder; changes nothing.

    Raises
    ------
    InputError
        If it can not be written, or holds anything but earlier results.
    """
    try:
        parent = real = folder.resolve()
        if real.exists():
            refuse_if(not real.is_dir(), "is a file, not a folder", key="--out", value=str(folder))
            others = [path for path in real.iterdir() if not path.name.startswith(WORK)]
            refuse_if(others and not is_ours(real), "the folder holds files that are not results",
                      key="--out", value=str(folder),
                      allowed="a new or empty folder, or that of an earlier run")  # fmt: skip
        while not parent.exists():
            parent = parent.parent
        refuse_if(not parent.is_dir(), "is inside a file", key="--out", value=str(folder))
        with tempfile.TemporaryFile(dir=parent):
            pass
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        raise not_written(folder, error) from None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; it is made if it is not there.

    Raises
    ------
    InputError
        If another process holds it, or it can not be written.
    """
    check_folder(folder)
    place = folder.resolve()
    made = [path for path in (place, *place.parents) if not path.exists()]
    try:
        lock = _taken(place, folder)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # while it is held: it is nobody else's
                (place / _LOCK).unlink(missing_ok=True)
            lock.release()
    finally:
        with contextlib.suppress(OSError):  # another process may have filled one meanwhile
            for path in made:
                path.rmdir()


def _taken(place: Path, folder: Path) -> BaseFileLock:
    """The lock of a folder, held; what a process that was killed left there is cleared away.

    Parameters
    ----------
    place : path
        The folder, made if it is not there.
    folder : path
        The same as the user wrote it.
    """
    lock = FileLock(place / _LOCK, timeout=0)
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        settle(place)
    except Timeout:
        raise InputError(
            "another process is writing to this folder", key="--out", value=str(folder),
            allowed="another folder, or the same once that process has ended",
        ) from None  # fmt: skip
    except OSError as error:
        lock.release()
        raise not_written(folder, error) from None
    for left in place.glob(f"{WORK}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
    return lock


def manifests(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Folders of runs in a folder, with their manifests."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and is_ours(path):
            yield path, json_of(part(path, MANIFEST))


def not_written(folder: Path, error: Exception) -> InputError:
    """What to say of a folder that can not be written."""
    reason = getattr(error, "strerror", None) or error
    return InputError(f"can not be written: {reason}", key="--out", value=str(folder))
