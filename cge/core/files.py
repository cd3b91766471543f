"""Reading what users write: YAML and tables, with one clear message when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import pandas as pd
import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from cge.core.errors import InputError

#: No configuration file needs more than this.
MAX_BYTES = 2_000_000
Schema = TypeVar("Schema", bound=BaseModel)
#: For the kinds of error that pydantic tells in terms of Python.
_WORDS = {
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "list_type": "must be a list",
    "string_type": "must be text",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "too_short": "must not be empty",
    "invalid_key": "keys must be text",
}


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


#: A finite number; pydantic alone would take `true` for 1.
Number = Annotated[float, BeforeValidator(_no_truth_value), Field(allow_inf_nan=False)]


#: The loader written in C where PyYAML has it, many times faster.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: No configuration file is nested deeper than this.
MAX_DEPTH = 40


class _Loader(_SafeLoader):
    """Safe YAML without repeated keys; :func:`_check_events` has gone before."""

    def construct_scalar(self, node: Any) -> Any:
        value = super().construct_scalar(node)
        if isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise yaml.MarkedYAMLError(
                problem="half a character (an escaped surrogate)", problem_mark=node.start_mark
            )
        return value

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
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


# Plain words are read as in YAML 1.2. Version 1.1 takes NO (Norway) and ON for truth values,
# 1:30 for ninety and 010 for eight.
_PLAIN_WORDS = (
    ("bool", r"true|false|True|False", "tfTF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _PLAIN_WORDS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def _whole_number(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0 if text[:2] in ("0x", "0o") else 10)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def _check_events(text: str) -> None:
    """Refuse aliases ('billion laughs') and deep nesting before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not allowed",
                problem_mark=event.start_mark,  # type: ignore[arg-type]
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {MAX_DEPTH} deep",
                problem_mark=event.start_mark,  # type: ignore[arg-type]
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
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)  # bounded, for pipes and devices have no size
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except OSError as error:
        raise InputError(f"file can not be read: {error.strerror}", file=path) from None
    if len(raw) > MAX_BYTES:
        raise InputError("file is too large", file=path, allowed=f"up to {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("file is not UTF-8 text", file=path) from None
    try:
        _check_events(text)
        content = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"not valid YAML{line}: {error.problem}", file=path) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"not valid YAML: {_one_line(error)}", file=path) from None
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
        raise _problem(schema, content, error, path) from None


def _problem(
    schema: type[BaseModel], content: Any, error: ValidationError, path: str | Path | None
) -> InputError:
    """Return the first error of a validation as one message."""
    found = [(_place(content, item["loc"], item["type"]), item) for item in error.errors()]
    place = found[0][0]
    # Every branch of a union reports its own error: the one that got deepest was meant.
    inside = [entry for entry in found if entry[0][: len(place)] == place]
    place, first = max(inside, key=lambda entry: len(entry[0]))
    key = ".".join(str(part) for part in place)
    cause = getattr(first.get("ctx", {}).get("error"), "args", ())
    if cause and isinstance(cause[0], InputError):
        return cause[0].located(path, key)
    if first["type"] == "extra_forbidden":
        allowed = _keys_at(schema, place[:-1]) or None
        return InputError("unknown key", file=path, key=key, allowed=allowed, name=str(place[-1]))
    if first["type"] == "missing":
        return InputError("this key is missing", file=path, key=key)
    messages = dict.fromkeys(_plain(item) for where, item in inside if where == place)
    message = _one_line(" or ".join(messages))
    return InputError(message, file=path, key=key, value=first.get("input"))


def _plain(item: Any) -> str:
    """Return what pydantic says in the words of someone who writes YAML."""
    message = str(item["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return _WORDS.get(item["type"], message)


def _place(content: Any, location: Sequence[Any], kind: str) -> tuple[Any, ...]:
    """Return a pydantic location without the names it gives to the branches of a union."""
    place = []
    for part in location:
        inside = isinstance(content, dict) and part in content
        if inside or (isinstance(content, list) and isinstance(part, int)):
            place.append(part)
            content = content[part]
    if kind == "missing":
        place.append(location[-1])
    return tuple(place)


def _keys_at(schema: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """Return the keys of the mapping that stands at `place` in files of a schema."""
    kinds: list[Any] = [schema]
    for part in place:
        kinds = [inner for kind in kinds for inner in _inner_kinds(kind, part)]
    return [
        field.alias or name
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name, field in kind.model_fields.items()
    ]


def _inner_kinds(kind: Any, part: Any) -> list[Any]:
    """Return what may stand under `part` of an annotated type, unions taken apart."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(kind) in (list, dict):
        inner = get_args(kind)[-1]
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        by_key = {field.alias or name: field for name, field in kind.model_fields.items()}
        if part not in by_key:
            return []
        inner = by_key[part].annotation
    else:
        return []
    return list(get_args(inner)) if get_origin(inner) in (Union, UnionType) else [inner]


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def is_file(path: str | Path) -> bool:
    """Return whether there is such a file; a name no file can have is none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def read_table(
    path: str | Path, columns: tuple[str, ...], text: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Read a CSV (also compressed) or Parquet file that must have certain columns.

    Parameters
    ----------
    path : path
    columns : tuple of str
        Those that must be there.
    text : tuple of str
        Columns of codes: text also where they look like numbers (01 stays 01).

    Raises
    ------
    InputError
        If the file is missing, unreadable, empty, or lacks a column.
    """
    path = Path(path)
    if not is_file(path):
        raise InputError("no such file", file=path)
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(
                path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(text, str)
            )
    except Exception as error:
        # The readers and decompressors have a dozen kinds of error, all about the file.
        raise InputError(
            f"file can not be read as a table: {_one_line(error)}", file=path
        ) from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(
            f"column '{missing[0]}' is missing", file=path, key=missing[0],
            allowed=f"columns {', '.join(columns)}",
        )  # fmt: skip
    # pandas renames the second of two equal columns of a CSV file.
    twice = [c for c in columns if f"{c}.1" in frame.columns or (frame.columns == c).sum() > 1]
    if twice:
        raise InputError(f"column '{twice[0]}' stands twice", file=path, key=twice[0])
    if frame.empty:
        raise InputError("the table has no rows", file=path)
    if path.suffix != ".parquet" and not isinstance(frame.index, pd.RangeIndex):
        # pandas would take the first column for row labels and shift the others.
        raise InputError(
            "rows have more fields than the header has names", file=path,
            allowed=f"{len(frame.columns)} fields in every row",
        )  # fmt: skip
    for column in text:
        frame[column] = frame[column].fillna("").astype(str).str.strip()
    return frame.reset_index(drop=True)


def numbers(column: pd.Series) -> pd.Series:
    """Return a column of a user's table as floats, NaN where there is no finite number."""
    if pd.api.types.is_bool_dtype(column):
        return pd.Series(float("nan"), index=column.index)
    values = pd.to_numeric(column, errors="coerce").astype(float)
    return values.where(values.abs() < float("inf"))
