"""Finding columns, rows and outcomes by name and code.

A selector is written as in the model, ``tariff[*, CHN, ELEC, USA]``; :mod:`cge.core.selectors`
has the grammar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Integers
from cge.core.errors import InputError
from cge.core.selectors import EVERY, UnknownCode, joined, split
from cge.data.accounts.benchmark import AXES, Benchmark
from cge.solve.arrays import Block


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
        """Position of each member of another family among those of this one.

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
        """Positions of members whose code on each named axis is among those given.

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
    """All families of one kind (variables or outcomes).

    Parameters
    ----------
    blocks : sequence of Block
    schema : mapping
        Axis letters and unit by name.
    benchmark : Benchmark
        Whose codes and groups select.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        schema: Mapping[str, tuple[str, str]],
        benchmark: Benchmark,
    ) -> None:
        self.families = {b.name: Family(b, *schema[b.name]) for b in blocks}
        self.benchmark = benchmark

    def __contains__(self, name: str) -> bool:
        return name in self.families

    def __getitem__(self, name: str) -> Family:
        return self.families[name]

    def select(self, selector: str, key: str | None = None) -> tuple[Family, Integers]:
        """The family that a selector names, and the positions it selects.

        Raises
        ------
        InputError
            For an unknown name or code, a wrong number of codes, or no match.
        """
        name, parts = split(selector, key)
        if name not in self:
            raise InputError(
                "unknown name", key=key, value=selector, allowed=self.families, name=name
            )
        family = self[name]
        parts = parts or ["*"] * len(family.axes)
        if len(parts) != len(family.axes):
            raise InputError(
                f"{len(parts)} codes for {len(family.axes)} axes ({', '.join(family.axes)})",
                key=key,
                value=selector,
                allowed=joined(name, list(family.axes)),
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
        """Codes of an axis that a part of a selector names, None for all."""
        if part in EVERY:
            return None
        try:
            return self.benchmark.codes(AXES[axis], part, key)
        except UnknownCode as error:
            raise UnknownCode(
                f"{error.problem} in '{selector}'", key=key, value=error.value,
                allowed=error.allowed,
            ) from None  # fmt: skip

    def selector(self, name: str, positions: Integers) -> str | None:
        """Selector of certain cells of a family, None if no single one takes just these.

        Parameters
        ----------
        name : str
            The family.
        positions : ndarray of int
        """
        family = self[name]
        local = positions - family.block.start
        codes = ["|".join(dict.fromkeys(column[local].tolist())) for column in family.codes]
        text = joined(name, codes)
        return text if len(self.select(text)[1]) == len(positions) else None
