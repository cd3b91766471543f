"""Base classes and field types of the files that users write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args, get_origin

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cge.core.errors import CONTROL, InputError
from cge.core.files import Number, is_file, told
from cge.core.rate_bounds import LARGEST_RATE, LARGEST_SHARE, too_large
from cge.core.selectors import EVERY


def refuse_value(wrong: object, problem: str, **where: Any) -> None:
    """Refuse a value in a validator, with the words of an :class:`InputError`."""
    if wrong:
        raise ValueError(InputError(problem, **where))


def _one_word_for_all(value: Any) -> Any:
    refuse_value(value in ([], ()), "names nothing", value=value, allowed="one code or several")
    return "all" if isinstance(value, str) and value.strip() in EVERY else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


def distinct(values: Any) -> Any:
    """Refuse a value that stands twice in a list."""
    for value in values or ():
        if values.count(value) > 1:
            raise ValueError(f"'{value}' stands twice")
    return values


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


def _rising(values: Any) -> Any:
    if values is not None and sorted(set(values)) != values:
        raise ValueError("must rise: each once, in order")
    return values


#: Codes of an axis, see :mod:`cge.core.selectors`.
Codes = Annotated[str | list[str], BeforeValidator(_one_word_for_all)]
Rate = Number
#: Name that stands in tables.
Name = Annotated[str, AfterValidator(_not_blank)]
#: The same, or none.
NoneOrCodes = Annotated[list[str], Field(max_length=0)] | Codes
#: Of a list: a single value stands for a list of one; each once; each once and in order.
OneOrMore, Distinct, Rising = (
    BeforeValidator(_as_list), AfterValidator(distinct), AfterValidator(_rising)
)  # fmt: skip


_FILE = "names a file, or one of these that ship"


def _nothing() -> Collection[str]:
    return ()


def file_field(
    default: Any = None, ships: Callable[[], Collection[str]] = _nothing, **more: Any
) -> Any:
    """Field of a model that names a file, or something that ships.

    The content of the file counts in the identity of the model.

    Parameters
    ----------
    default
    ships : callable
        Returns the names of what ships, which come before files of that name.
    **more
        Of a field.
    """
    return Field(default, json_schema_extra={_FILE: ships}, **more)  # type: ignore[dict-item]


def named_fields(part: BaseModel) -> Iterator[tuple[str, Collection[str] | None, Any]]:
    """Name and value of every field of a model, and of one that names a file what ships."""
    for name, field in type(part).model_fields.items():
        more: Any = field.json_schema_extra
        marked = isinstance(more, dict) and _FILE in more
        yield name, more[_FILE]() if marked else None, getattr(part, name)


def for_table(path: Path, table: str) -> Path:
    """The version of a file for a table, ``NAME-TABLE`` beside it, or the file itself.

    Rates by country are for the countries of a table.
    """
    version = path.with_name(f"{path.stem}-{Path(table).name}{path.suffix}")
    return version if table and is_file(version) else path


def files_of(part: BaseModel, table: str = "") -> Iterator[Path]:
    """Every file on which a model depends that names its files from the root.

    Parameters
    ----------
    part : BaseModel
    table : str
        Whose versions of files are read; default: that of the model's benchmark.
    """
    table = table or getattr(getattr(part, "benchmark", None), "table", "")
    for _, ships, value in named_fields(part):
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, BaseModel):
                yield from files_of(item, table)
            elif ships is not None and isinstance(item, str) and Path(item).is_absolute():
                path = for_table(Path(item), table)
                inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else []
                yield from inside or [path]


def plain(value: Any) -> Any:
    """A value as YAML has it: a number of NumPy as one of Python, a tuple as a list."""
    if isinstance(value, np.generic):
        return value.item()
    return [*map(plain, value)] if isinstance(value, list | tuple) else value


def _is_tuple(annotation: Any) -> bool:
    """Whether a field holds a tuple, which YAML writes as a list."""
    return get_origin(annotation) is tuple or any(
        get_origin(one) is tuple for one in get_args(annotation)
    )


if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as _Metaclass
else:  # it has no public name
    _Metaclass = type(BaseModel)


class _Asked(_Metaclass):
    """Makes a call of a class tell what is wrong as the reader of a file does."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        except ValidationError as error:
            raise told(cls, kwargs, error, None) from None  # type: ignore[arg-type]


class Strict(BaseModel, metaclass=_Asked):
    """A part of a file: no unknown keys, values of the type that is meant, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, content: Any) -> Any:
        """Values as YAML has them, where a call in Python gives those of NumPy, or tuples."""
        if not isinstance(content, dict):
            return content
        found = {key: plain(value) for key, value in content.items()}
        for name, field in cls.model_fields.items():
            for key in (name, field.alias):
                if isinstance(found.get(key), list) and _is_tuple(field.annotation):
                    found[key] = tuple(found[key])
        return found

    @field_validator("*", mode="before")
    @classmethod
    def _printable(cls, value: Any) -> Any:
        refuse_value(isinstance(value, str) and CONTROL.search(value),
                     "holds a control character", value=value)  # fmt: skip
        return value


class ByKind(Strict):
    """A part of which there are several kinds, told apart by the value of one of its keys.

    The base names that key in `told_by`. A subclass with a name of its own is a kind, known from
    its definition on; where the base is asked for, the kind is made that the content names. A
    field of such parts is ``SerializeAsAny[Base]``.
    """

    told_by: ClassVar[str] = ""
    named: ClassVar[str] = ""
    #: Every kind by its name.
    kinds: ClassVar[dict[str, type[Any]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if "told_by" in vars(cls):
            cls.kinds = {}
        if cls.named:
            cls.kinds[cls.named] = cls

    @classmethod
    def kind_of(cls, content: Any) -> type[Any]:
        """The kind that content names, the class itself where it names none."""
        name = content.get(cls.told_by) if isinstance(content, Mapping) else None
        return cls.kinds.get(name, cls) if isinstance(name, str) and not cls.named else cls

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, content: Any, handler: Any) -> Any:
        kind = cls.kind_of(content)
        return handler(content) if kind is cls else kind.model_validate(content)

    @field_validator("*")
    @classmethod
    def _known(cls, value: Any, info: ValidationInfo) -> Any:
        refuse_value(info.field_name == cls.told_by and value not in cls.kinds,
                     f"unknown {cls.told_by}", value=value, allowed=cls.kinds)  # fmt: skip
        return value


class Sized(Strict):
    """A part with rates or shares, which are refused where they look like per cent.

    Parameters
    ----------
    large : bool
        That they are meant, however large.
    """

    #: Bounds by field; those of a part that has no such field do nothing.
    _bounds: ClassVar[Mapping[str, float]] = {
        **dict.fromkeys(
            ("add", "set_", "guess", "to", "low", "high", "rise", "share", "chi"), LARGEST_RATE
        ),
        **dict.fromkeys(("budget", "outlay"), LARGEST_SHARE),
        "power": 1 + LARGEST_RATE,
    }

    large: bool = False

    @field_validator(*_bounds, check_fields=False)
    @classmethod
    def _a_fraction(cls, value: Any, info: ValidationInfo) -> Any:
        bound = cls._bounds[info.field_name or ""]
        if isinstance(value, float) and abs(value) > bound and not info.data.get("large"):
            raise ValueError(too_large(value, bound, "'large: true' beside it"))
        return value
