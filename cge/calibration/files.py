"""Reading what users write: YAML and tables, with one clear message when it is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import yaml
from pydantic import BaseModel, ValidationError

from cge.errors import InputError

#: No configuration file needs more than this.
MAX_BYTES = 2_000_000
Schema = TypeVar("Schema", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases (no 'billion laughs') and without repeated keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            try:
                repeated = key in seen
            except TypeError:
                raise yaml.MarkedYAMLError(
                    problem="a key must be a plain word", problem_mark=key_node.start_mark
                ) from None
            if repeated:
                raise yaml.MarkedYAMLError(
                    problem=f"key '{key}' stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


# YAML 1.1 reads NO, ON, OFF as booleans, which are codes here (Norway); 1.2 does not.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tfTF")
)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping.

    Raises
    ------
    InputError
        If the file is missing, too large, not text, not YAML, or not a mapping.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError("is a folder, not a file", file=path)
        if path.stat().st_size > MAX_BYTES:
            raise InputError("file is too large", file=path, allowed=f"up to {MAX_BYTES:,} bytes")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except PermissionError:
        raise InputError("file can not be read", file=path) from None
    except UnicodeDecodeError:
        raise InputError("file is not UTF-8 text", file=path) from None
    try:
        content = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"not valid YAML{line}: {error.problem}", file=path) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"not valid YAML: {error}", file=path) from None
    if not isinstance(content, dict):
        raise InputError("the file must be a mapping of keys to values", file=path)
    return content


def validate(schema: type[Schema], content: Any, path: str | Path | None) -> Schema:
    """Return `content` as a `schema`; the first thing that does not fit is the message.

    Raises
    ------
    InputError
        With file, dotted key, value and what is allowed.
    """
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        allowed = None
        value = first.get("input")
        if first["type"] == "extra_forbidden":
            message = "unknown key"
            allowed = _fields_at(schema, first["loc"])
            value = None
        elif first["type"] == "missing":
            message, value = "this key is missing", None
        cause = getattr(first.get("ctx", {}).get("error"), "args", ())
        if cause and isinstance(cause[0], InputError):
            raise cause[0].located(path, key) from None
        raise InputError(message, file=path, key=key, value=value, allowed=allowed) from None


def _fields_at(schema: type[BaseModel], location: tuple[Any, ...]) -> list[str] | None:
    """Return the keys allowed where an unknown one stood, when that is plain."""
    if len(location) == 1:
        return [field.alias or name for name, field in schema.model_fields.items()]
    return None


def read_table(path: str | Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a CSV (also compressed) or Parquet file that must have certain columns.

    Raises
    ------
    InputError
        If the file is missing, unreadable, empty, or lacks a column.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("no such file", file=path)
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    except (ValueError, OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InputError(f"file can not be read as a table: {error}", file=path) from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(
            f"column '{missing[0]}' is missing", file=path, key=missing[0],
            allowed=f"columns {', '.join(columns)}",
        )  # fmt: skip
    if frame.empty:
        raise InputError("the table has no rows", file=path)
    return frame
