"""Reading YAML files that users write into schemas, with one clear message when one is wrong."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import IO, Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, Field, ValidationError

from cge.core.errors import CONTROL, InputError, refuse_if
from cge.core.typed import at_home

Schema = TypeVar("Schema", bound=BaseModel)

#: No configuration file needs more than this, or is nested deeper.
MAX_BYTES = 2_000_000
MAX_DEPTH = 40

#: Bytes to which a file may unpack where the system does not say how much memory it has.
MOST_UNPACKED = 16_000_000_000
#: Modules of the standard library that unpack a stream, which has no directory.
_STREAMS = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}

#: The safe loader written in C where PyYAML has it, many times faster.
YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


#: Files and folder that alone may be read while a task is under way; None: anything.
_COUNTED: ContextVar[tuple[Collection[Path], Path] | None] = ContextVar("counted", default=None)


@contextmanager
def only_counted(files: Collection[Path], folder: Path) -> Iterator[None]:
    """Let nothing be read but some files and what is in a folder: what a task's key counts."""
    before = _COUNTED.set((files, folder))
    try:
        yield
    finally:
        _COUNTED.reset(before)


def counted(path: Path) -> Path:
    """A file that is about to be read.

    Raises
    ------
    AssertionError
        If the task under way does not count it in its key: its result would be taken for good
        when the file has changed.
    """
    files, folder = _COUNTED.get() or (None, path)
    known = files is None or path in files or path.is_relative_to(folder)
    if not known and is_file(path):  # else its reader says that there is none
        raise AssertionError(f"{path} is read in a task whose key does not count it")
    return path


def most_unpacked() -> int:
    """Bytes to which a file may unpack: the memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no such call
        return MOST_UNPACKED


def check_unpacked(path: Path, only: Collection[str] | None = None, apart: bool = False) -> None:
    """Refuse a file that unpacks to more than there is memory, before it is read.

    Archives (workbooks and arrays of NumPy among them) and Parquet files tell their size in a
    directory of their own. Compressed streams have none and are counted, piece by piece. Whatever
    is not compressed, or damaged, passes: its reader says so.

    Parameters
    ----------
    path : Path
    only : collection of str, optional
        Members of an archive that are read; default all.
    apart : bool
        Whether members are read one at a time, so that the largest counts.

    Raises
    ------
    InputError
    """
    if is_file(path):
        try:
            with path.open("rb") as opened:
                size = _unpacked(opened, path.suffix.lower(), only, apart)
        except Exception:  # of the file or of what unpacks it, which have a dozen kinds
            return
        refuse_size(size, path)


def refuse_size(size: int, file: str | Path) -> None:
    """Refuse a file of which the content has more bytes than there is memory."""
    most = most_unpacked()
    refuse_if(size > most, "unpacks to more bytes than this machine has memory", file=file,
              value=size, allowed=f"up to {most:,} bytes")  # fmt: skip


def parquet_size(opened: IO[bytes]) -> int:
    """Bytes of an open Parquet file unpacked: as stored, or eight for each value, as in a table."""
    from pyarrow.parquet import ParquetFile

    stored = ParquetFile(opened).metadata
    groups = [stored.row_group(n) for n in range(stored.num_row_groups)]
    values = sum(group.column(n).num_values for group in groups for n in range(group.num_columns))
    return max(sum(group.total_byte_size for group in groups), 8 * values)


def _unpacked(opened: IO[bytes], suffix: str, only: Collection[str] | None, apart: bool) -> int:
    """Bytes of an open file unpacked, counted to just beyond the bound."""
    if suffix in _STREAMS:
        most, size = most_unpacked(), 0
        with import_module(_STREAMS[suffix]).open(opened) as stream:
            while size <= most and (piece := stream.read(1 << 24)):
                size += len(piece)
        return size
    if opened.read(4) == b"PAR1":
        return parquet_size(opened)
    if not zipfile.is_zipfile(opened):
        return 0
    with zipfile.ZipFile(opened) as archive:
        members = archive.infolist()
    sizes = [one.file_size for one in members if only is None or one.filename in only]
    return max(sizes, default=0) if apart else sum(sizes)


def _refusal(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


class _Loader(YAML_LOADER):  # type: ignore[misc]  # PyYAML has no types
    """Safe YAML without repeated keys; :func:`_check_events` has gone before."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refusal("a key must be a plain word", key_node.start_mark)
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise _refusal(f"key '{key}' stands twice", key_node.start_mark)
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


class _Dumper(yaml.SafeDumper):
    """Safe YAML that quotes what any reader takes for a number or a word, of YAML 1.1 or 1.2."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _PLAIN_WORDS:
    for _side in (_Loader, _Dumper):
        _side.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
        )


def _whole_number(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    return int(text, 0 if text[:2] in ("0x", "0o") else 10)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def _check_events(text: str) -> None:
    """Refuse aliases ('billion laughs'), deep nesting and characters that are none."""
    depth = 0
    for event in yaml.parse(text, Loader=YAML_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise _refusal("aliases (*name) are not allowed", event.start_mark)
        word = getattr(event, "value", "")
        if re.search("[\ud800-\udfff]", word):
            raise _refusal("half a character (an escaped surrogate)", event.start_mark)
        if CONTROL.search(word):
            raise _refusal("a control character", event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _refusal(f"nested more than {MAX_DEPTH} deep", event.start_mark)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping.

    Raises
    ------
    InputError
        If the file is missing, too large, not text, not YAML, or not a mapping.
    """
    path = counted(Path(path))
    try:
        refuse_if(path.is_dir(), "is a folder, not a file", file=path)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)  # bounded, for pipes and devices have no size
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except OSError as error:
        raise InputError(f"file can not be read: {error.strerror}", file=path) from None
    refuse_if(len(raw) > MAX_BYTES, "file is too large", file=path,
              allowed=f"up to {MAX_BYTES:,} bytes")  # fmt: skip
    try:
        content = yaml_value(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError("file is not UTF-8 text", file=path) from None
    except InputError as error:
        raise error.located(path) from None
    if not isinstance(content, dict):
        raise InputError("the file must be a mapping of keys to values", file=path)
    return content


def yaml_value(text: str) -> Any:
    """Value of a text in YAML.

    Raises
    ------
    InputError
        If it is not YAML.
    """
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"not valid YAML{line}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"not valid YAML: {one_line(error)}") from None


def yaml_text(content: Any) -> str:
    """Plain data as a text in YAML, which :func:`yaml_value` reads as what it was.

    A text that would be read as a number, as the code ``1e5``, has quotes.
    """
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def is_file(path: str | Path) -> bool:
    """Whether there is such a file; a name no file can have is none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def whole(text: str) -> int | None:
    """The number that some digits mean; None for what is none, or longer than any is here."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def is_folder(path: str | Path) -> bool:
    """Whether there is such a folder; a name no folder can have, or of no home, is none."""
    try:
        return Path(path).expanduser().is_dir()
    except (OSError, ValueError, RuntimeError):
        return False


def one_line(text: object) -> str:
    """Text with every run of white space made one space."""
    return " ".join(str(text).split())


def user_path(path: str | Path) -> Path:
    """A user's path, ``~`` standing for the home.

    Raises
    ------
    InputError
        If it is no path, or there is no such home.
    """
    refuse_if(not isinstance(path, str | os.PathLike), "is no path", value=path,
              allowed="text or a path")  # fmt: skip
    return at_home(path, file=path)


def user_folder(path: str | Path, allowed: str | None = None) -> Path:
    """A user's folder, which must be there.

    Raises
    ------
    InputError
        Saying whether there is nothing, or something else.
    """
    found = user_path(path)
    refuse_if(is_file(found), "is a file, not a folder", file=path, allowed=allowed)
    refuse_if(not is_folder(found), "no such folder", file=path, allowed=allowed)
    return found


#: Errors that pydantic words in terms of Python.
_WORDS = {
    **dict.fromkeys(("dict_type", "model_type"), "must be a mapping of keys to values"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("list_type", "tuple_type"), "must be a list"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    "string_type": "must be text",
    "too_short": "must not be empty",
    "invalid_key": "keys must be text",
}


#: A finite number.
Number = Annotated[float, Field(allow_inf_nan=False)]


def read_as(schema: type[Schema], path: str | Path) -> Schema:
    """Read a YAML file that must fit a schema.

    Raises
    ------
    InputError
        As :func:`read_yaml` and :func:`validate`.
    """
    return validate(schema, read_yaml(path), path)


def validate(schema: type[Schema], content: Any, path: str | Path | None) -> Schema:
    """Content as a `schema`; the first thing that does not fit is the message.

    Raises
    ------
    InputError
        With file, dotted key, value and what is allowed.
    """
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise told(schema, content, error, path) from None


def told(
    schema: type[BaseModel], content: Any, error: ValidationError, path: str | Path | None
) -> InputError:
    """The first error of a validation as one message."""
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
        allowed = _keys_at(schema, content, place[:-1]) or None
        return InputError("unknown key", file=path, key=key, allowed=allowed, name=str(place[-1]))
    if first["type"] == "missing":
        return InputError("this key is missing", file=path, key=key)
    messages = dict.fromkeys(_plain(item) for where, item in inside if where == place)
    return InputError(one_line(" or ".join(messages)), file=path, key=key, value=first.get("input"))


def _plain(item: Any) -> str:
    """Pydantic's message in the words of someone who writes YAML."""
    message = str(item["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return _WORDS.get(item["type"], message)


def _place(content: Any, location: Sequence[Any], kind: str) -> tuple[Any, ...]:
    """A pydantic location without the names it gives to the branches of a union."""
    place = []
    for part in location:
        inside = isinstance(content, dict) and part in content
        listed = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if inside or listed:
            place.append(part)
            content = content[part]
    if kind == "missing":
        place.append(location[-1])
    return tuple(place)


def _keys_at(kind: Any, content: Any, place: Sequence[Any]) -> list[str]:
    """Keys of the mapping that stands at `place` in content of a type, unions taken apart."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return [key for branch in inner for key in _keys_at(branch, content, place)]
    if origin is Annotated:
        return _keys_at(inner[0], content, place)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        kind = kind.kind_of(content) if hasattr(kind, "kind_of") else kind
        known = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        if not place:
            return list(known)
        return _keys_at(known.get(place[0]), content[place[0]], place[1:])
    if place and origin in (list, dict):
        return _keys_at(inner[-1], content[place[0]], place[1:])
    return []
