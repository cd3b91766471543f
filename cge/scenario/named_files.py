"""Files that a scenario names: found beside it or from the working folder, named from the root."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from cge.core.content import content_dir
from cge.core.fields import named_fields
from cge.core.files import is_file
from cge.data.benchmark_folder import is_benchmark_folder

Part = TypeVar("Part", bound=BaseModel)


def with_files_found(part: Part, folder: Path | None) -> Part:
    """Name every file that is there from the root.

    Parameters
    ----------
    part : BaseModel
        A scenario, or a part of one.
    folder : path, optional
        Where files are looked for before the working folder.

    Returns
    -------
    BaseModel
        A copy; names of what ships, and of what is not there, stay as they are.
    """
    changed: dict[str, Any] = {}
    for name, ships, value in named_fields(part):
        several = isinstance(value, list | tuple)
        items = list(value) if several else [value]
        new = [_in_place(item, ships, folder) for item in items]
        if new != items:
            changed[name] = type(value)(new) if several else new[0]
    return part.model_copy(update=changed) if changed else part


def _in_place(item: Any, ships: Collection[str] | None, folder: Path | None) -> Any:
    if isinstance(item, BaseModel):
        return with_files_found(item, folder)
    return item if ships is None or not isinstance(item, str) else _found(item, ships, folder)


def _found(name: str, ships: Collection[str], folder: Path | None) -> str:
    """Full name of a file or a benchmark folder, with a suffix or without, else the name as it is.

    The name of something that ships is that, before it is a file.
    """
    if name in ships:
        return name
    places = [*([folder] if folder else []), Path.cwd(), content_dir("calibration") / "tariffs"]
    for place in places:
        path = place / name
        if is_benchmark_folder(path) or is_file(path):
            return str(path.absolute())
    return name
