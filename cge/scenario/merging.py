"""Laying one scenario over another, as mappings: what `extends` and `variants` mean.

Keys of a mapping override deeply. What a scenario does, and what is done about it, adds
up: the lists `policy`, `knowledge`, `responses` and `financing` are appended to those before.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from cge.core.errors import InputError
from cge.core.files import whole

APPENDED = ("policy", "knowledge", "responses", "financing")
#: From a place in merged content to (file, place) where it was written.
Places = Mapping[str, tuple[str, str]]


def put(content: dict[str, Any], place: str, value: Any) -> None:
    """Put a value at a dotted place of a scenario, mappings on the way being made.

    Raises
    ------
    InputError
        If there is no such place.
    """
    parts, node = place.split("."), content
    for depth, part in enumerate(parts):
        there, last = ".".join(parts[:depth]), depth == len(parts) - 1
        index: Any = part
        if isinstance(node, list):
            index = whole(part)
            if index is None or index >= len(node):
                raise InputError(f"there is no entry {part} in '{there}', which has {len(node)} "
                                 "(the first is 0)", value=place)  # fmt: skip
        elif not isinstance(node, dict):
            raise InputError(f"'{there}' has no keys", value=place)
        elif not last and node.get(part) is None:
            # Of a mapping that is not there yet, a list is the one thing not to invent.
            node[part] = {} if whole(parts[depth + 1]) is None else []
        if last:
            node[index] = value
        else:
            node = node[index]


def laid_over(
    base: Mapping[str, Any], top: Mapping[str, Any], appended: Collection[str] = APPENDED
) -> dict[str, Any]:
    """`base` with `top` laid over it; neither is changed."""
    result = copy.deepcopy(dict(base))
    for key, value in top.items():
        before = result.get(key)
        if key in appended:
            result[key] = [*result.get(key, []), *copy.deepcopy(value)]
        elif isinstance(value, Mapping) and isinstance(before, Mapping):
            result[key] = laid_over(before, value, ())
        else:
            result[key] = copy.deepcopy(value)
    return result


def places_of(
    base: Mapping[str, Any], top: Mapping[str, Any], file: str, prefix: str = ""
) -> dict[str, tuple[str, str]]:
    """File and place where what `top` brings was written, by its place in :func:`laid_over`."""
    places = {}
    for key, value in top.items():
        if key not in APPENDED:
            places[key] = (file, f"{prefix}{key}")
            continue
        before = len(base.get(key, []))
        for number in range(len(value)):
            places[f"{key}.{before + number}"] = (file, f"{prefix}{key}.{number}")
    return places


def written(error: InputError, places: Places) -> InputError:
    """An error about merged content under the place where that was written.

    An error about another file, as a table of rates, already says where it is.
    """
    if error.file is not None or not error.key:
        return error
    parts = error.key.split(".")
    for length in range(len(parts), 0, -1):
        found = places.get(".".join(parts[:length]))
        if found is not None:
            file, place = found
            return error.moved(".".join([place, *parts[length:]]), file or None)
    return error
