"""Arguments of public calls, checked against their annotations as files are against a schema.

Numbers are finite, true is no number, text is no list; a list stands for a tuple. What an
annotation does not say, as which codes there are, the call itself checks.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from cge.core.errors import InputError, refuse_if

#: Bytes in the name of a file, on all systems in use.
LONGEST_NAME = 255

Given = ParamSpec("Given")
Result = TypeVar("Result")

#: Types that users know by other words than their name.
_WORDS: Mapping[Any, tuple[str, str]] = {
    str: ("text", "texts"), int: ("a whole number", "whole numbers"),
    float: ("a finite number", "finite numbers"), bool: ("True or False", "truth values"),
    Path: ("a path", "paths"), NoneType: ("None", "None"), object: ("anything", "anything"),
}  # fmt: skip


def checked(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Make a call refuse arguments that are not of the type with which they are annotated.

    Raises
    ------
    InputError
        Naming the argument, its value and what it may be.
    """
    signature = inspect.signature(function)
    plain = all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD
                for parameter in signature.parameters.values())  # fmt: skip
    names = tuple(signature.parameters)

    @wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        if plain:
            sure = _sure_types(function)
            if all(sure[name].has(value) for name, value in zip(names, args, strict=False)) and all(
                name in sure and sure[name].has(value) for name, value in kwargs.items()
            ):
                return function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        hints = _hints(function)
        for name, value in bound.arguments.items():
            hint = hints.get(name, Any)
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                bound.arguments[name] = {key: taken(key, one, hint) for key, one in value.items()}
            elif kind is inspect.Parameter.VAR_POSITIONAL:
                bound.arguments[name] = tuple(taken(name, one, hint) for one in value)
            else:
                bound.arguments[name] = taken(name, value, hint)
        return function(*bound.args, **bound.kwargs)

    return call


def check_fields(item: Any, names: Collection[str] | None = None) -> None:
    """Refuse fields of a data class that are not of their type; a list becomes a tuple.

    Parameters
    ----------
    item
        One of a frozen data class.
    names : collection of str, optional
        Fields; default all.
    """
    sure = _sure_types(type(item))
    for name, hint in _hints(type(item)).items():
        if (names is None or name in names) and hasattr(item, name):
            value = getattr(item, name)
            if sure[name].has(value):
                continue
            found = taken(name, value, hint)
            if found is not value:
                object.__setattr__(item, name, found)


def taken(key: str, value: Any, hint: Any) -> Any:
    """A value as one of a type, lists as tuples.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return _fitted(value, hint, key)
    except _Unfit as unfit:
        where, wrong, wanted = unfit.args
        parts = [one for one in get_args(wanted) if one is not NoneType]
        only = parts[0] if get_origin(wanted) in (Union, UnionType) and len(parts) == 1 else wanted
        allowed = get_args(only) if get_origin(only) is Literal else None
        problem = "is none of those allowed" if allowed else f"must be {_words(wanted)}"
        problem += ", not None" if wrong is None else ""
        raise InputError(problem, key=where, value=wrong, allowed=allowed) from None


#: Types by name, of functions and classes that were asked about.
_KNOWN: dict[Any, dict[str, Any]] = {}


class _Sure(NamedTuple):
    """What surely is of a type and stays as it is: nearly all values, within the model.

    What is not in it may be of the type nevertheless; :func:`_fitted` tells.
    """

    types: frozenset[type]
    anything: bool = False
    numbers: bool = False
    arrays: bool = False

    def has(self, value: Any) -> bool:
        """Whether a value is among it."""
        kind = type(value)
        if kind in self.types or self.anything:
            return True
        if self.numbers and kind is float:
            return isfinite(value)
        return self.arrays and _is_array(kind) and value.dtype.kind in "fiu"


#: The same for all arguments or fields of functions and classes.
_SURE: dict[Any, dict[str, _Sure]] = {}


def _sure_types(owner: Any) -> dict[str, _Sure]:
    if owner not in _SURE:
        found = {name: _sure(hint) for name, hint in _hints(owner).items()}
        if not isinstance(owner, type):  # arguments without a type, as self
            others = inspect.signature(owner).parameters
            found |= {name: _sure(Any) for name in others if name not in found}
        _SURE[owner] = found
    return _SURE[owner]


def _sure(hint: Any) -> _Sure:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return _Sure(frozenset(), anything=True)
    if origin is Annotated:
        return _sure(inner[0])
    if origin in (Union, UnionType):
        parts = [_sure(one) for one in inner]
        types = frozenset[type]().union(*(one.types for one in parts))
        if Path in inner:  # text that may be a path is looked at
            types -= {str}
        return _Sure(types, *(any(one[n] for one in parts) for n in (1, 2, 3)))
    if _is_array(origin or hint):
        return _Sure(frozenset(), arrays=True)
    if hint is float:
        return _Sure(frozenset(), numbers=True)
    return _Sure(frozenset({hint} if type(hint) is type or isinstance(hint, type) else ()))


class _Unfit(Exception):
    """A place, the value there, and the type that it is not of."""


def _hints(owner: Any) -> dict[str, Any]:
    """Types by name of argument or field; what is imported for type checkers alone is Any."""
    if owner not in _KNOWN:
        _KNOWN[owner] = _read_hints(owner)
    return _KNOWN[owner]


def _read_hints(owner: Any) -> dict[str, Any]:
    if not isinstance(owner, type):
        names = inspect.unwrap(owner).__globals__
        return {name: _resolved(hint, names)
                for name, hint in owner.__annotations__.items() if name != "return"}  # fmt: skip
    found: dict[str, Any] = {}
    for one in reversed(owner.__mro__):
        names, own = vars(sys.modules[one.__module__]), vars(one).get("__annotations__", {})
        found |= {name: _resolved(hint, names) for name, hint in own.items()}
    return {name: hint for name, hint in found.items() if get_origin(hint) is not ClassVar}


def _resolved(hint: Any, names: dict[str, Any]) -> Any:
    while isinstance(hint, str):
        try:
            hint = eval(hint, names)
        except NameError as error:
            names = {**names, str(error.name): Any}
    return hint


def _fitted(value: Any, hint: Any, key: str) -> Any:
    if type(value) is hint and hint is not float:  # nearly all, within the model
        return value
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return value
    if origin in (Union, UnionType):
        return _fitted_to_one(value, hint, key)
    if origin is Annotated:
        return _fitted(value, inner[0], key)
    if origin is Literal:
        good = any(type(value) is type(one) and value == one for one in inner)
    elif _is_array(origin or hint):
        good = _is_array(type(value)) and value.dtype.kind in "fiu"
    elif origin is tuple:
        return _fitted_tuple(value, hint, key)
    elif origin is not None and issubclass(origin, Mapping):
        good = isinstance(value, Mapping)
        for name, one in value.items() if good else ():
            _fitted(name, inner[0], key)
            _fitted(one, inner[1], f"{key}.{name}")
    elif origin is not None and issubclass(origin, Iterable):
        good = isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)
        for number, one in enumerate(value if good else ()):
            _fitted(one, inner[0], f"{key}.{number}")
    elif hint is float:
        good = isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
    elif hint is int:
        good = isinstance(value, Integral) and not isinstance(value, bool)
    elif hint is bool:
        good = isinstance(value, bool) or (
            type(value).__module__ == "numpy" and value.dtype == bool
        )
    else:
        kind = origin if isinstance(origin, type) else hint
        good = not isinstance(kind, type) or isinstance(value, kind)
        good = callable(value) if origin is Callable or hint is Callable else good
    if not good:
        raise _Unfit(key, value, hint)
    return value


def _is_array(kind: Any) -> bool:
    """Whether a type is that of arrays; NumPy itself is not imported for it."""
    return getattr(kind, "__module__", "") == "numpy" and kind.__name__ == "ndarray"


def _fitted_to_one(value: Any, hint: Any, key: str) -> Any:
    """A value as one of several types; the error is about the one that it got furthest in."""
    furthest = _Unfit(key, value, hint)
    if Path in get_args(hint) and isinstance(value, str | Path):
        _check_path(key, value)
    for one in get_args(hint):
        try:
            return _fitted(value, one, key)
        except _Unfit as unfit:
            if len(unfit.args[0]) > len(furthest.args[0]):
                furthest = unfit
    raise furthest


def _check_path(key: str, path: str | Path) -> None:
    """Refuse what no file can be called, and the home of nobody."""
    parts = Path(path).parts
    impossible = "\0" in str(path) or any(len(os.fsencode(part)) > LONGEST_NAME for part in parts)
    refuse_if(impossible, "no file can have this name", key=key, value=path)
    at_home(path, key=key, value=path)


def at_home(path: str | Path, **where: Any) -> Path:
    """A path whose ``~`` is the home that it means.

    Raises
    ------
    InputError
        If there is no such home; `where` says what the message names.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError("there is no such home folder", **where) from None


def _fitted_tuple(value: Any, hint: Any, key: str) -> tuple[Any, ...]:
    inner = get_args(hint)
    if not isinstance(value, list | tuple):
        raise _Unfit(key, value, hint)
    if inner[-1:] == (...,):
        inner = inner[:1] * len(value)
    if len(inner) != len(value):
        raise _Unfit(key, value, hint)
    found = tuple(_fitted(one, kind, f"{key}.{number}")
                  for number, (one, kind) in enumerate(zip(value, inner, strict=True)))  # fmt: skip
    same = all(one is other for one, other in zip(value, found, strict=True))
    return value if isinstance(value, tuple) and same else found


def _words(hint: Any, plural: bool = False) -> str:
    """A type in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _WORDS:
        return _WORDS[hint][plural]
    if origin in (Union, UnionType):
        *some, last = dict.fromkeys(_words(one, plural) for one in inner)
        return f"{', '.join(some)} or {last}" if some else last
    if origin is Annotated:
        return _words(inner[0], plural)
    if origin is Literal:
        return " or ".join(map(repr, inner))
    if _is_array(origin or hint):
        return "arrays of numbers" if plural else "an array of numbers"
    if origin is tuple and inner[-1:] != (...,):
        return f"({', '.join(_words(one) for one in inner)})"
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a mapping of {_words(inner[0])} to {_words(inner[1], True)}"
    if origin is not None and isinstance(origin, type) and issubclass(origin, Iterable):
        return f"{'lists' if plural else 'a list'} of {_words(inner[0], True)}"
    if origin is Callable or hint is Callable:
        return "a function"
    name = getattr(hint, "__name__", str(hint))
    return f"{name}s" if plural else f"a {name}"
