"""An output folder: written whole or not at all, and nothing of others' touched."""

from __future__ import annotations

import contextlib
import json
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cge.core.errors import InputError

MANIFEST = "manifest.json"
#: Prefix of hidden folders for what is not finished; nobody's, whatever is in them.
WORK = ".cge-new."
_PACKAGES = ("cge-trade-policy", "pyomo", "numpy", "scipy", "pandas", "cyipopt-wheels")


@dataclass(frozen=True)
class Kind:
    """What a command writes.

    Parameters
    ----------
    name : str
        As it is called in messages.
    keys : frozenset of str
        By which its manifest is known.
    files : tuple of str
        In the order in which they are put in place, the manifest last.
    optional : tuple of str
        Files that may be there or not.
    """

    name: str
    keys: frozenset[str]
    files: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def owns(self, folder: Path) -> bool:
        """Return whether a folder's manifest is of this kind and what it announces are files."""
        try:
            content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        ours = isinstance(content, dict) and self.keys <= content.keys()
        return ours and not any((folder / n).is_dir() for n in (*self.optional, *self.files))


def check_folder(folder: Path, kind: Kind) -> None:
    """Raise InputError unless results can be written to `folder`; changes nothing.

    A folder that holds anything but earlier results of the kind is never touched.
    """
    try:
        parent = real = folder.resolve()
        if real.exists():
            if not real.is_dir():
                raise InputError("is a file, not a folder", key="--out", value=str(folder))
            # What a killed run left, or a parallel one is writing, is nobody's file.
            others = [p for p in real.iterdir() if not p.name.startswith(WORK)]
            if others and not kind.owns(real):
                raise InputError(
                    f"the folder holds files that are not a {kind.name}'s", key="--out",
                    value=str(folder),
                    allowed=f"a new or empty folder, or that of an earlier {kind.name}",
                )  # fmt: skip
        while not parent.exists():
            parent = parent.parent
        if not parent.is_dir():
            raise InputError("is inside a file", key="--out", value=str(folder))
        with tempfile.TemporaryFile(dir=parent):
            pass
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        raise not_written(folder, error) from None


def write_folder(folder: Path, kind: Kind, fill: Callable[[Path], None]) -> None:
    """Have `fill` write files to a hidden folder and put them in place at the end.

    Earlier results of the kind are replaced only then, and whatever else the user keeps
    there stays.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    check_folder(folder, kind)
    try:
        place = folder.resolve()
        made = [p for p in (place, *place.parents) if not p.exists()]
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place, prefix=WORK) as work:
                fill(Path(work))
                for name in (*kind.optional, *kind.files):
                    if (Path(work) / name).exists():
                        (Path(work) / name).replace(place / name)
                    else:  # an earlier run's figure would not belong to these results
                        (place / name).unlink(missing_ok=True)
        except BaseException:
            with contextlib.suppress(OSError):  # a parallel run may have filled one meanwhile
                for path in made:
                    path.rmdir()
            raise
    except OSError as error:
        raise not_written(folder, error) from None


def not_written(folder: Path, error: Exception) -> InputError:
    """Return the error of a folder that can not be written."""
    reason = getattr(error, "strerror", None) or error
    return InputError(f"can not be written: {reason}", key="--out", value=str(folder))


def versions() -> dict[str, str]:
    """Return the versions of what results depend on."""
    return {"python": platform.python_version(), **{p: _version(p) for p in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # the same library under another distribution's name
        return "unknown"
