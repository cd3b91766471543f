"""Files that a scenario names: found beside it or from the working folder, named from the root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from cge.core.content import content_dir
from cge.core.files import is_file
from cge.data.benchmark_folder import is_benchmark_folder

Part = TypeVar("Part", bound=BaseModel)
_MARK = "names a file"


def file_field(default: Any = None, **more: Any) -> Any:
    """Field of a part of a scenario that names a file, or something that ships."""
    return Field(default, json_schema_extra={_MARK: True}, **more)


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
    for name, marked, value in _fields(part):
        items = value if isinstance(value, list) else [value]
        new = [_in_place(item, marked, folder) for item in items]
        if new != items:
            changed[name] = new if isinstance(value, list) else new[0]
    return part.model_copy(update=changed) if changed else part


def for_table(path: Path, table: str) -> Path:
    """The version of a file for a table, ``NAME-TABLE`` beside it, or the file itself.

    Rates by country are for the countries of a table.
    """
    version = path.with_name(f"{path.stem}-{Path(table).name}{path.suffix}")
    return version if table and is_file(version) else path


def files_of(part: BaseModel, table: str = "") -> Iterator[Path]:
    """Every file that a scenario with files found depends on, in its version for the table."""
    table = table or getattr(getattr(part, "benchmark", None), "table", "")
    for _, marked, value in _fields(part):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, BaseModel):
                yield from files_of(item, table)
            elif marked and isinstance(item, str) and Path(item).is_absolute():
                path = for_table(Path(item), table)
                inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else []
                yield from inside or [path]


def _fields(part: BaseModel) -> Iterator[tuple[str, bool, Any]]:
    """Name, whether it names a file, and value of every field."""
    for name, field in type(part).model_fields.items():
        more = field.json_schema_extra
        yield name, isinstance(more, dict) and _MARK in more, getattr(part, name)


def _in_place(item: Any, marked: bool, folder: Path | None) -> Any:
    if isinstance(item, BaseModel):
        return with_files_found(item, folder)
    return _found(item, folder) if marked and isinstance(item, str) else item


def _found(name: str, folder: Path | None) -> str:
    """Full name of a file or a benchmark folder, else the name as it is.

    A bare word is the name of something that ships, before it is a file.
    """
    places = [*([folder] if folder else []), Path.cwd(), content_dir("calibration") / "tariffs"]
    for place in places:
        path = place / name
        if is_benchmark_folder(path) or (Path(name).suffix and is_file(path)):
            return str(path.absolute())
    return name
