"""Files, and folders of files that belong together, that are written whole or not at all."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cge.core.errors import InputError, refuse_if

#: Prefix of hidden files for what is not finished.
WORK = ".cge-"


def put_in_place(files: Mapping[Path, Callable[[Path], object]]) -> None:
    """Write some files beside their places first, so that only renaming is left to be done.

    Parameters
    ----------
    files : mapping of path to callable
        Each is called with where to write, under the same suffix.

    Raises
    ------
    OSError
        If one can not be written; none is then changed.
    """
    drafts: list[tuple[Path, Path]] = []
    path: Path | None = None
    try:
        for path, make in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=WORK, suffix=path.suffix.lower(), delete=False
            ) as file:
                drafts.append((Path(file.name), path))
            make(drafts[-1][0])
        for draft, path in drafts:
            draft.chmod(0o644)
            draft.replace(path)
    except OSError as error:  # of a draft, whose name nobody knows
        error.filename = None if path is None else str(path)
        raise
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)


def put_or_refuse(files: Mapping[Path, Callable[[Path], object]], key: str) -> None:
    """Write some files that a user named, all of them or none.

    Parameters
    ----------
    files : mapping of path to callable
        As for :func:`put_in_place`.
    key : str
        Option or argument that names them, for the message.

    Raises
    ------
    InputError
        If one can not be written.
    """
    try:
        put_in_place(files)
    except OSError as error:
        where = str(error.filename or next(iter(files), ""))
        raise InputError(f"can not be written: {error.strerror or error}", key=key,
                         value=where) from None  # fmt: skip


def by_suffix(path: Path, formats: Mapping[str, Any], key: str) -> Any:
    """Format in which a file is written, by its suffix.

    Raises
    ------
    InputError
        For a suffix that stands for nothing, and for a folder.
    """
    refuse_if(path.suffix.lower() not in formats, "the suffix says in which format to write",
              key=key, value=str(path), allowed=list(formats))  # fmt: skip
    refuse_if(path.is_dir(), "is a folder, not a file", key=key, value=str(path))
    return formats[path.suffix.lower()]


# -- a folder whose files belong together

#: Holds files that are complete, until all are in place: whoever comes next goes on with that.
READY = f"{WORK}ready"


def commit(made: Path, folder: Path) -> None:
    """Put the files of a folder in place in another, all of them or none.

    One renaming decides. A process that is killed before it leaves what was there, one that is
    killed after it leaves the rest to :func:`settle`.

    Parameters
    ----------
    made : path
        Folder of the files, within `folder`; it is gone afterwards.
    folder : path
        Whose files of the same names are replaced.

    Raises
    ------
    OSError
        If it can not be written.
    """
    settle(folder)
    made.rename(folder / READY)
    settle(folder)


def settle(folder: Path) -> None:
    """Finish what a process that was killed began to put in place.

    Several processes may do so at once: a file is moved by one of them.

    Raises
    ------
    OSError
        If it can not be written.
    """
    ready = folder / READY
    with contextlib.suppress(FileNotFoundError):  # another process was faster
        for file in sorted(ready.iterdir()):
            with contextlib.suppress(FileNotFoundError):
                file.replace(folder / file.name)
        ready.rmdir()


def part(folder: Path, name: str) -> Path:
    """A file of a folder, wherever it is while files are put in place."""
    ready = folder / READY / name
    with contextlib.suppress(OSError):  # a name no file can have
        if ready.exists():
            return ready
    return folder / name
