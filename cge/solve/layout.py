"""Finding columns, rows and outcomes by name and code.

A selector is written as in the model: ``tariff[*, CHN, ELEC, USA]``; ``*`` takes
every code of its axis, several codes or groups are joined by ``|``, a leading ``!``
means all but these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.solve.arrays import Block

Integers = NDArray[np.int64]

_SELECTOR = re.compile(r"^\s*([a-z_]+)\s*(?:\[(.*)\])?\s*$")


@dataclass(frozen=True, eq=False)
class Family:
    """A block with its axes: positions by code.

    Parameters
    ----------
    block : Block
    axes : str
        Axis letters of the index.
    unit : str
    """

    block: Block
    axes: str
    unit: str

    @cached_property
    def codes(self) -> tuple[NDArray[np.str_], ...]:
        """Codes of each axis, one array of the block's length per axis."""
        if not self.block.index:  # a family without members, as export taxes of one region
            return tuple(np.array([], dtype=str) for _ in self.axes)
        columns = zip(*self.block.index, strict=True)
        return tuple(np.array(column) for column in columns) if self.axes else ()

    def matching(self, other: Family) -> Integers:
        """Return where each member of another family stands among those of this one.

        Raises
        ------
        KeyError
            For a member that this family does not have.
        """
        if self.block.index == other.block.index:
            return np.arange(len(other.block))
        place = {cell: n for n, cell in enumerate(self.block.index)}
        return np.array([place[cell] for cell in other.block.index], dtype=np.int64)

    def where(self, **codes: Sequence[str] | None) -> Integers:
        """Return positions of members whose code on each named axis is among those given.

        Parameters
        ----------
        **codes : sequence of str or None
            By axis letter; None takes all.
        """
        keep = np.ones(len(self.block), dtype=bool)
        for axis, wanted in codes.items():
            if wanted is not None:
                keep &= np.isin(self.codes[self.axes.index(axis)], list(wanted))
        return self.block.start + np.flatnonzero(keep)


class Layout:
    """All families of one kind (variables or outcomes)."""

    def __init__(
        self,
        blocks: Sequence[Block],
        schema: Mapping[str, tuple[str, str]],
        axis_codes: Mapping[str, Sequence[str]],
        groups: Mapping[str, Mapping[str, Sequence[str]]],
    ) -> None:
        self.families = {b.name: Family(b, *schema[b.name]) for b in blocks}
        self.axis_codes = axis_codes
        self.groups = groups

    def __contains__(self, name: str) -> bool:
        return name in self.families

    def __getitem__(self, name: str) -> Family:
        return self.families[name]

    def select(self, selector: str, key: str | None = None) -> tuple[Family, Integers]:
        """Return the family a selector names and the positions it selects.

        Raises
        ------
        InputError
            For an unknown name or code, a wrong number of codes, or no match.
        """
        match = _SELECTOR.match(selector)
        if match is None or match.group(1) not in self.families:
            raise InputError("unknown name", key=key, value=selector, allowed=self.families)
        family = self.families[match.group(1)]
        inside = (match.group(2) or "").strip()
        parts = [part.strip() for part in inside.split(",")] if inside else []
        if not parts and family.axes:
            parts = ["*"] * len(family.axes)
        if len(parts) != len(family.axes):
            raise InputError(
                f"{len(parts)} codes for {len(family.axes)} axes ({', '.join(family.axes)})",
                key=key,
                value=selector,
                allowed=f"{match.group(1)}[{', '.join(family.axes)}]",
            )
        chosen = {
            axis: self._codes(axis, part, selector, key)
            for axis, part in zip(family.axes, parts, strict=True)
        }
        positions = family.where(**chosen)
        if not len(positions):
            raise InputError(
                "selects no cell of the model: there is no such flow in the benchmark",
                key=key,
                value=selector,
            )
        return family, positions

    def _codes(self, axis: str, part: str, selector: str, key: str | None) -> list[str] | None:
        if part == "*":
            return None
        negated = part.startswith("!")
        wanted = [code.strip() for code in part.lstrip("!").split("|")]
        known = self.axis_codes[axis]
        groups = self.groups.get(axis, {})
        wanted = [member for code in wanted for member in groups.get(code, (code,))]
        for code in wanted:
            if code not in known:
                raise InputError(
                    f"unknown code '{code}'", key=key, value=selector, allowed=[*known, *groups]
                )
        return [code for code in known if code not in wanted] if negated else wanted
