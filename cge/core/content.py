"""Where the content folders (calibration/, experiments/) live, and files in them by name.

In a wheel they are packed inside the package, in a checkout they stand beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from cge.core.errors import InputError
from cge.core.files import is_file, is_folder

#: Folders of what ships.
ROOMS = ("calibration", "experiments")
_PACKAGE = Path(__file__).resolve().parents[1]


def content_dir(room: str) -> Path:
    """Folder of the shipped content named `room`.

    Parameters
    ----------
    room : {"calibration", "experiments"}

    Raises
    ------
    FileNotFoundError
        If the installation carries no such content.
    """
    for candidate in (_PACKAGE / "_content" / room, _PACKAGE.parent / room):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation of cge carries no '{room}' folder")


def place_of(name: str) -> str:
    """What records call a file: of one that ships its place, ``calibration/...``, else as it is."""
    if os.sep in name and Path(name).is_absolute() and is_file(name):
        path = Path(name).resolve()
        for room in ROOMS:
            if path.is_relative_to(folder := content_dir(room)):
                return f"{room}/{path.relative_to(folder).as_posix()}"
    return name


def at_place(name: str) -> str:
    """The file that :func:`place_of` calls so, from the root of this machine; else as it is."""
    room, *inside = name.split("/")
    if room in ROOMS and inside and ".." not in inside:
        path = content_dir(room).joinpath(*inside)
        return str(path) if is_file(path) else name
    return name


def renamed_in(content: Any, rename: Callable[[str], str]) -> Any:
    """Plain data in which every text, keys among them, is renamed."""
    if isinstance(content, str):
        return rename(content)
    if isinstance(content, Mapping):
        return {rename(key): renamed_in(value, rename) for key, value in content.items()}
    return [renamed_in(one, rename) for one in content] if isinstance(content, list) else content


def calibration_file(*parts: str) -> Path:
    """Path of a file or folder of the shipped calibration."""
    return content_dir("calibration").joinpath(*parts)


def find_content(
    kind: str,
    name: str,
    shipped: Mapping[str, Path],
    key: str,
    *,
    offered: Iterable[str] | None = None,
    beside: Path | None = None,
) -> Path:
    """Path of shipped content by its name, or of a user's file.

    Parameters
    ----------
    kind : str
        What is looked for, for the message.
    name : str
        A name in `shipped`, or a path.
    shipped : mapping
        Files by name.
    key : str
        Where the name stands, for the message.
    offered : iterable of str, optional
        Names that the message offers; default: all of `shipped`.
    beside : path, optional
        A file that names this one, whose folder comes before the working one.

    Raises
    ------
    InputError
        If there is neither such content nor such a file.
    """
    if name in shipped:
        return shipped[name]
    places = [*([beside.parent / name] if beside else []), Path(name)]
    for path in places:
        if is_file(path):
            return path
    raise InputError(
        "is a folder, not a file" if any(map(is_folder, places)) else f"no such {kind} or file",
        file=beside, key=key, value=name,
        allowed=[*(shipped if offered is None else offered), "the path of a file"],
    )  # fmt: skip
