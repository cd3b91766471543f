"""Files that are written whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

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
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)
