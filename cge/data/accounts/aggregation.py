"""Aggregations: which table regions and sectors a model region and sector is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import is_file, read_yaml, validate
from cge.core.selectors import RESERVED

Array = NDArray[np.float64]

NAMED_AGGREGATIONS = ("default", "small", "full")


def _plain(code: str) -> str:
    if not code.strip() or code != code.strip() or code == "all" or code.startswith("all but"):
        raise ValueError(f"'{code}' can not be a code or group: empty, padded, or 'all'")
    if any(sign in RESERVED or not sign.isprintable() for sign in code):
        raise ValueError(f"code '{code}' holds one of {RESERVED} or a control character")
    return code


Code = Annotated[str, AfterValidator(_plain)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = ""
    members: list[str] = Field(min_length=1)


class _Groups(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    regions: dict[Code, Annotated[list[str], Field(min_length=1)]] = {}
    sectors: dict[Code, Annotated[list[str], Field(min_length=1)]] = {}


class AggregationFile(BaseModel):
    """Layout of an aggregation file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    title: str = ""
    table: str
    regions: Annotated[dict[Code, _Group], Field(min_length=1)] | Literal["identity"]
    sectors: Annotated[dict[Code, _Group], Field(min_length=1)] | Literal["identity"]
    groups: _Groups = _Groups()


@dataclass(frozen=True, eq=False)
class Aggregation:
    """A partition of a table's regions and sectors.

    Parameters
    ----------
    name, title : str
    regions, sectors : mapping of str to tuple of str
        Members of each code.
    groups : mapping
        Named sets of codes, by axis.
    names : mapping
        Readable names, by axis.
    """

    name: str
    title: str
    regions: Mapping[str, tuple[str, ...]]
    sectors: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, Mapping[str, tuple[str, ...]]]
    names: Mapping[str, Mapping[str, str]]

    def matrices(self, regions: tuple[str, ...], sectors: tuple[str, ...]) -> tuple[Array, Array]:
        """Return 0/1 matrices (aggregated, table) for regions and sectors."""
        return _matrix(self.regions, regions), _matrix(self.sectors, sectors)


def _matrix(partition: Mapping[str, tuple[str, ...]], codes: tuple[str, ...]) -> Array:
    matrix = np.zeros((len(partition), len(codes)))
    for row, members in enumerate(partition.values()):
        for code in members:
            matrix[row, codes.index(code)] = 1.0
    return matrix


def load_aggregation(
    name_or_path: str | Path,
    table: str,
    regions: tuple[str, ...],
    sectors: tuple[str, ...],
    names: Mapping[str, Mapping[str, str]],
) -> Aggregation:
    """Read a named aggregation or a user's file and check it against a table.

    Parameters
    ----------
    name_or_path : str or path
        ``default``, ``small``, ``full``, or a file.
    table : str
        Name of the table.
    regions, sectors : tuple of str
        The table's codes.
    names : mapping
        The table's readable names by axis and code.

    Raises
    ------
    InputError
        For an unknown code, a code in two groups or in none, or a file for another table.
    """
    name = str(name_or_path)
    path: Path | None
    if name == "full":
        path = None
        groups = _full_groups(table)
        content = AggregationFile(
            name="full", title=f"{len(regions)} regions x {len(sectors)} sectors, as published",
            table=table, regions="identity", sectors="identity", groups=groups,
        )  # fmt: skip
    else:
        path, given = _find(name, table)
        content = validate(AggregationFile, given, path)
    if content.table != table:
        raise InputError(
            f"aggregation '{content.name}' is for table '{content.table}'",
            file=path, key="table", value=content.table, allowed=[table],
        )  # fmt: skip
    parts: dict[str, dict[str, tuple[str, ...]]] = {}
    labels: dict[str, dict[str, str]] = {}
    for axis, known in (("regions", regions), ("sectors", sectors)):
        given = getattr(content, axis)
        if given == "identity":
            parts[axis] = {code: (code,) for code in known}
            labels[axis] = dict(names.get(axis, {}))
        else:
            parts[axis] = {code: tuple(group.members) for code, group in given.items()}
            labels[axis] = {code: group.name or code for code, group in given.items()}
            _check_partition(parts[axis], known, axis, path)
        for group, members in getattr(content.groups, axis).items():
            if group in parts[axis] and tuple(members) != (group,):
                raise InputError(
                    f"group '{group}' has the name of a code", file=path, key=f"groups.{axis}"
                )
            for code in members:
                if code not in parts[axis]:
                    raise InputError(
                        f"group '{group}' names an unknown code", file=path,
                        key=f"groups.{axis}.{group}", value=code, allowed=parts[axis],
                    )  # fmt: skip
    return Aggregation(
        name=content.name,
        title=content.title,
        regions=parts["regions"],
        sectors=parts["sectors"],
        groups={
            axis: {g: tuple(m) for g, m in getattr(content.groups, axis).items()}
            for axis in ("regions", "sectors")
        },
        names=labels,
    )


def _find(name: str, table: str) -> tuple[Path, dict[str, Any]]:
    """Return the file of an aggregation and what it says."""
    folder = content_dir("calibration") / "aggregations"
    shipped = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if name in NAMED_AGGREGATIONS:
        for candidate in (f"{name}-{table}", name):
            if candidate in shipped:
                content = read_yaml(shipped[candidate])
                if content["table"] == table:
                    return shipped[candidate], content
        raise InputError(
            f"there is no aggregation '{name}' for table '{table}'", key="aggregation",
            value=name, allowed="full, or the path of an aggregation file",
        )  # fmt: skip
    path = shipped.get(name, Path(name))
    if not is_file(path):
        raise InputError(
            "no such aggregation or file", key="aggregation", value=name,
            allowed=[*shipped, "the path of a file"],
        )  # fmt: skip
    return path, read_yaml(path)


def _full_groups(table: str) -> _Groups:
    path = content_dir("calibration") / "aggregations" / "full.yaml"
    content = read_yaml(path)
    return _Groups(**content["groups"]) if content["table"] == table else _Groups()


def _check_partition(
    parts: Mapping[str, tuple[str, ...]], known: tuple[str, ...], axis: str, path: Path | None
) -> None:
    seen: dict[str, str] = {}
    for code, members in parts.items():
        for member in members:
            if member not in known:
                raise InputError(
                    f"unknown member of '{code}'", file=path, key=f"{axis}.{code}",
                    value=member, allowed=known,
                )  # fmt: skip
            if member in seen:
                raise InputError(
                    f"'{member}' is a member of both '{seen[member]}' and '{code}'",
                    file=path, key=f"{axis}.{code}",
                )  # fmt: skip
            seen[member] = code
    left = [code for code in known if code not in seen]
    if left:
        raise InputError(
            f"{len(left)} of the table's {axis} belong to no group",
            file=path, key=axis, value=left[:10], allowed="every code in exactly one group",
        )  # fmt: skip
