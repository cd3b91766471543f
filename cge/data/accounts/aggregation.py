"""Aggregations: which table regions and sectors a model region and sector is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import AfterValidator, Field

from cge.core.axes import Array
from cge.core.content import calibration_file, find_content
from cge.core.errors import InputError, check_known, refuse_if
from cge.core.fields import Strict
from cge.core.files import read_as
from cge.core.selectors import check_codes, check_groups
from cge.data.accounts.world_table import WorldTable

NAMED_AGGREGATIONS = ("default", "small", "full")


def _one_code(code: str) -> str:
    try:
        check_codes([code])
    except InputError as error:
        raise ValueError(error) from None
    return code


Code = Annotated[str, AfterValidator(_one_code)]
Members = Annotated[tuple[str, ...], Field(min_length=1, strict=False)]

#: Codes that each code is made of, or stands for.
Parts = Mapping[str, tuple[str, ...]]
Axis = Literal["regions", "sectors"]


class AggregateEntry(Strict):
    """A region or sector of an aggregation."""

    name: str = ""
    members: Members


Entries = Annotated[dict[Code, AggregateEntry], Field(min_length=1)] | Literal["identity"]


class AggregationFile(Strict):
    """Layout of an aggregation file."""

    name: str
    title: str = ""
    table: str
    regions: Entries
    sectors: Entries
    groups: dict[Axis, dict[Code, Members]] = Field(default={})


@dataclass(frozen=True, eq=False)
class Aggregation:
    """A partition of a table's regions and sectors.

    Parameters
    ----------
    name : str
    members, groups, names : mapping
        By axis (``regions``, ``sectors``): codes of the table that each code is made of,
        named sets of codes, and readable names.
    """

    name: str
    members: Mapping[str, Parts]
    groups: Mapping[str, Parts]
    names: Mapping[str, Mapping[str, str]]


def membership(parts: Parts, codes: Sequence[str]) -> Array:
    """0/1 matrix (parts, codes): which codes each part is made of."""
    matrix = np.zeros((len(parts), len(codes)))
    for row, members in enumerate(parts.values()):
        matrix[row, [codes.index(code) for code in members]] = 1.0
    return matrix


def load_aggregation(name_or_path: str | Path, table: WorldTable) -> Aggregation:
    """Read a named aggregation or a user's file and check it against a table.

    Parameters
    ----------
    name_or_path : str or path
        ``default``, ``small``, ``full``, or a file.
    table : WorldTable
        For its name, codes and readable names.

    Raises
    ------
    InputError
        For an unknown code, a code in two groups or in none, or a file for another table.
    """
    content, path = _content(str(name_or_path), table.coded_as)
    problem = f"aggregation '{content.name}' is for another table"
    check_known([content.table], [table.coded_as], problem, file=path, key="table")
    members: dict[str, dict[str, tuple[str, ...]]] = {}
    names: dict[str, dict[str, str]] = {}
    for axis in get_args(Axis):
        given, known = getattr(content, axis), getattr(table, axis)
        if given == "identity":
            members[axis] = {code: (code,) for code in known}
            names[axis] = dict(table.names.get(axis, {}))
        else:
            members[axis] = {code: part.members for code, part in given.items()}
            names[axis] = {code: part.name or code for code, part in given.items()}
            _check_partition(members[axis], known, axis, path)
        check_groups(content.groups.get(axis, {}), members[axis], f"groups.{axis}", path)
    groups = {axis: dict(content.groups.get(axis, {})) for axis in get_args(Axis)}
    for axis in get_args(Axis):
        _put_inside(table.inside, members[axis], groups[axis], names[axis])
    return Aggregation(content.name, members, groups, names)


def shipped_aggregations() -> list[str]:
    """Names under which aggregations ship."""
    return [*NAMED_AGGREGATIONS, *_files()]


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(calibration_file("aggregations").glob("*.yaml"))}


def _put_inside(
    inside: Mapping[str, str], members: dict[str, tuple[str, ...]],
    groups: dict[str, tuple[str, ...]], names: dict[str, str],
) -> None:  # fmt: skip
    """Make parts that a table does not tell apart members of those in which they are."""
    for code in [c for c, part in members.items() if set(part) <= set(inside)]:
        host = next(c for c, part in members.items() if inside[members[code][0]] in part)
        members[host] += members.pop(code)
        names[host] += f", with {names.pop(code)}"
        for group, part in groups.items():
            groups[group] = tuple(c for c in part if c != code)


def _content(name: str, table: str) -> tuple[AggregationFile, Path | None]:
    """Content of an aggregation and its file; ``full`` of a user's table has none."""
    shipped = _files()
    if name not in NAMED_AGGREGATIONS:
        offered = sorted(NAMED_AGGREGATIONS)
        path = find_content("aggregation", name, shipped, "aggregation", offered=offered)
        return read_as(AggregationFile, path), path
    for candidate in (f"{name}-{table}", name):
        if candidate in shipped:
            content = read_as(AggregationFile, shipped[candidate])
            if content.table == table:
                return content, shipped[candidate]
    if name == "full":
        return AggregationFile(name=name, table=table, regions="identity", sectors="identity"), None
    raise InputError(
        f"there is no aggregation '{name}' for table '{table}'", key="aggregation",
        value=name, allowed="full, or the path of an aggregation file",
    )  # fmt: skip


def _check_partition(parts: Parts, known: Sequence[str], axis: str, path: Path | None) -> None:
    seen: dict[str, str] = {}
    for code, members in parts.items():
        key = f"{axis}.{code}"
        check_known(members, known, f"unknown member of '{code}'", file=path, key=key)
        for member in members:
            both = f"'{seen.get(member)}' and '{code}'"
            refuse_if(member in seen, f"'{member}' is a member of both {both}", file=path, key=key)
            seen[member] = code
    left = [code for code in known if code not in seen]
    refuse_if(left, f"{len(left)} of the table's {axis} belong to no group", file=path, key=axis,
              value=left[:10], allowed="every code in exactly one group")  # fmt: skip
