"""Finding columns, rows and outcomes by name and code.

A selector is written as in the model, ``tariff[*, CHN, ELEC, USA]``; :mod:`cge.core.selectors`
has the grammar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import AXES, Array, Axes, Bools, Integers
from cge.core.errors import InputError, refuse_if
from cge.core.quantity import Quantity
from cge.core.recent import Recent
from cge.core.selectors import EVERY, UnknownCode, joined, split
from cge.data.accounts.benchmark import Benchmark
from cge.solve.square.arrays import Block, label_at

#: Selectors whose positions a layout keeps.
SELECTORS_KEPT = 256


@dataclass(frozen=True, eq=False)
class Family(Block):
    """A block with its axes: positions by code.

    Parameters
    ----------
    axes : str
        Axis letters of the index.
    unit : str
    order : Axes
        Codes of the benchmark's axes.
    """

    axes: str
    unit: str
    order: Axes

    @cached_property
    def codes(self) -> tuple[NDArray[np.str_], ...]:
        """Codes of each axis, one array of the block's length per axis."""
        pairs = zip(self.index.labels, self.index.coded, strict=True)
        return tuple(np.array(labels, dtype=str)[at] for labels, at in pairs)

    def by(self, axis: str) -> NDArray[np.str_]:
        """Codes of one axis by member."""
        return self.codes[self.axes.index(axis)]

    @cached_property
    def columns(self) -> Integers:
        """Positions of all members, one by one."""
        return np.arange(self.start, self.start + len(self))

    @cached_property
    def place(self) -> Mapping[tuple[str, ...], int]:
        """Position of each member in the model by its codes."""
        return {cell: n for n, cell in enumerate(self.index, start=self.start)}

    def at(self, letters: str) -> tuple[Integers, ...]:
        """Position of every member among the benchmark's codes, one array for each axis."""
        return tuple(self._at[axis] for axis in letters)

    @cached_property
    def _at(self) -> Mapping[str, Integers]:
        found = {}
        for axis, labels, coded in zip(self.axes, self.index.labels, self.index.coded, strict=True):
            place = {code: n for n, code in enumerate(self.order.codes[axis])}
            found[axis] = np.array([place[code] for code in labels], dtype=np.int64)[coded]
            found[axis].setflags(write=False)
        return found

    def full(self, values: Array, absent: float | Array = 0.0) -> Array:
        """Values by member as an array over all axes.

        Parameters
        ----------
        values : ndarray (members,)
        absent : float or ndarray
            What stands where there is no member.
        """
        array = np.array(np.broadcast_to(absent, self.order.shape(self.axes)), dtype=float)
        array[self.at(self.axes)] = values
        return array

    def matching(self, other: Family) -> Integers:
        """Number of each member of another family among those of this one.

        Raises
        ------
        KeyError
            For a member that this family does not have.
        """
        if self.index == other.index:
            return np.arange(len(other))
        if self.order is other.order and self.axes == other.axes:
            number = self.full(np.arange(float(len(self))), -1.0)[other.at(self.axes)]
            if (number >= 0).all():
                return number.astype(np.int64)
        return np.array([self.place[cell] for cell in other.index], dtype=np.int64) - self.start

    def where(self, **codes: Sequence[str] | None) -> Integers:
        """Positions of members whose code on each named axis is among those given.

        Parameters
        ----------
        **codes : sequence of str or None
            By axis letter; None takes all.
        """
        keep = np.ones(len(self), dtype=bool)
        for axis, wanted in codes.items():
            if wanted is not None:
                n = self.axes.index(axis)
                chosen = np.isin(self.index.labels[n], list(wanted))
                keep &= chosen[self.index.coded[n]]
        return self.columns[keep]


class Layout(dict[str, Family]):
    """All families of one kind (variables, outcomes or indices) by name.

    Parameters
    ----------
    blocks : iterable of Block
    register : mapping
        The quantities among which they are.
    benchmark : Benchmark
        Whose codes and groups select.
    """

    def __init__(
        self, blocks: Iterable[Block], register: Mapping[str, Quantity], benchmark: Benchmark
    ) -> None:
        super().__init__(
            (b.name, Family(b.name, b.start, b.index, register[b.name].axes,
                            register[b.name].unit_in(benchmark.unit), benchmark.axes))
            for b in blocks
        )  # fmt: skip
        self.benchmark = benchmark
        self._selected: Recent[tuple[Family, Integers]] = Recent(SELECTORS_KEPT)

    def select(self, selector: str, key: str | None = None) -> tuple[Family, Integers]:
        """The family that a selector names, and the positions it selects.

        Raises
        ------
        InputError
            For an unknown name or code, a wrong number of codes, or no match.
        """
        if not isinstance(selector, str):
            split(selector, key)
        return self._selected.get(selector, lambda: self._select(selector, key))

    def _select(self, selector: str, key: str | None) -> tuple[Family, Integers]:
        name, parts = split(selector, key)
        refuse_if(name not in self, "unknown name", key=key, value=selector, allowed=self,
                  name=name)  # fmt: skip
        family = self[name]
        parts = parts or ["*"] * len(family.axes)
        refuse_if(
            len(parts) != len(family.axes),
            f"{len(parts)} codes for {len(family.axes)} axes ({', '.join(family.axes)})",
            key=key, value=selector, allowed=joined(name, list(family.axes)),
        )  # fmt: skip
        try:
            chosen = {
                axis: None if part in EVERY else self.benchmark.codes(AXES[axis], part, key)
                for axis, part in zip(family.axes, parts, strict=True)
            }
        except UnknownCode as error:
            raise UnknownCode(
                f"{error.problem} in '{selector}'", key=key, value=error.value,
                allowed=error.allowed,
            ) from None  # fmt: skip
        positions = family.where(**chosen)
        refuse_if(not len(positions),
                  "selects no cell of the model: there is no such flow in the benchmark",
                  key=key, value=selector)  # fmt: skip
        positions.setflags(write=False)
        return family, positions

    def check_alike(self, other: Layout, key: str) -> None:
        """Refuse a model of other cells: what it solves does not fit here.

        Raises
        ------
        InputError
        """
        if other is not self:
            own, others = ([(one.name, one.index) for one in of.values()] for of in (self, other))
            refuse_if(own != others, "is of a model with other cells", key=key,
                      value=other.benchmark.name,
                      allowed=f"of one with those of {self.benchmark.name}")  # fmt: skip

    def check_levels(self, key: str, levels: Array, free: Bools) -> None:
        """Refuse levels that are not one a member, finite, and positive but for the `free` ones.

        Raises
        ------
        InputError
        """
        refuse_if(
            levels.shape != free.shape,
            f"array has shape {levels.shape}",
            key=key,
            allowed=f"{free.shape}: a level for every column, as Model.levels gives them",
        )
        for n in np.flatnonzero(~(np.isfinite(levels) & ((levels > 0) | free)))[:1].tolist():
            cell = label_at([*self.values()], n)
            raise InputError(f"level of {cell} is not a positive number", key=key,
                             value=float(levels[n]))  # fmt: skip

    def selector(self, name: str, positions: Integers) -> str | None:
        """Selector of certain cells of a family, None if no single one takes just these.

        Parameters
        ----------
        name : str
            The family.
        positions : ndarray of int
        """
        family = self[name]
        local = positions - family.start
        codes = [
            "|".join(labels[n] for n in dict.fromkeys(coded[local].tolist()))
            for labels, coded in zip(family.index.labels, family.index.coded, strict=True)
        ]
        text = joined(name, codes)
        whole = len(positions) == 1 or len(self.select(text)[1]) == len(positions)
        return text if whole else None


def paired(
    family: Family, free: Integers, held: Family, fix: Integers, told: str
) -> list[Integers] | None:
    """Groups of freed cells, one per fixed cell, or None where they pair up singly.

    Parameters
    ----------
    family, held : Family
        Of the freed cells, and of the fixed ones.
    free, fix : ndarray of int
        Their positions.
    told : str
        Both in words.

    Raises
    ------
    InputError
        If they do not correspond one for one by the axes that they share.
    """
    if len(free) == len(fix) == 1:
        return None
    shared = [axis for axis in held.axes if axis in family.axes]
    free_key, fix_key = _keys(family, free, shared), _keys(held, fix, shared)
    refuse_if(
        len(set(fix_key)) != len(fix_key) or set(fix_key) != set(free_key),
        f"frees {len(free)} cells and fixes {len(fix)} that do not correspond one for one "
        f"by their shared axes ({', '.join(shared) or 'none'})",
        key="closure.swaps", value=told,
    )  # fmt: skip
    if len(free) == len(fix):
        return None
    return [free[[n for n, key in enumerate(free_key) if key == wanted]] for wanted in fix_key]


def _keys(family: Family, positions: Integers, axes: list[str]) -> list[tuple[str, ...]]:
    """Codes of members along some axes."""
    at = [family.axes.index(axis) for axis in axes]
    return [tuple(family.index[n - family.start][a] for a in at) for n in positions]
