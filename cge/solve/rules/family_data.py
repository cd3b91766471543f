"""Sets, data and groups as rules look them up that are run for whole families."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Array, Axes, Bools, Integers
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import NEST_AXES
from cge.model.language.elasticity import positions
from cge.model.shares import POWERS, VALUES, Shares, accounted, classes, user_axis
from cge.solve.rules.frames import (
    Codes,
    Frame,
    Mask,
    Numbers,
    OpenElasticity,
    Places,
    innermost,
)
from cge.solve.rules.passes import Runs


class CellSet:
    """Cells of a family.

    Parameters
    ----------
    runs : Runs
    letters : str
        Axes of a cell.
    labels : tuple of tuple of str
        All codes of each axis.
    at : tuple of ndarray of int, optional
        Codes of each cell by axis, in order; None where all cells are there.
    """

    def __init__(
        self,
        runs: Runs,
        letters: str,
        labels: tuple[tuple[str, ...], ...],
        at: tuple[Integers, ...] | None = None,
    ) -> None:
        self.runs, self.letters, self.labels = runs, letters, labels
        self.shape = tuple(map(len, labels))
        self.size = math.prod(self.shape) if at is None else len(at[0])
        self.is_full = at is None
        if at is not None:
            self.__dict__["at"] = at

    @classmethod
    def of(cls, runs: Runs, axes: Axes, letters: str, live: Bools | None) -> CellSet:
        """The cells that are marked in an array; all without one."""
        labels = tuple(axes.codes[a] for a in letters)
        if live is None or live.all():
            return cls(runs, letters, labels)
        return cls(runs, letters, labels, np.nonzero(live))

    @cached_property
    def at(self) -> tuple[Integers, ...]:
        """Codes of each cell by axis."""
        return np.unravel_index(np.arange(self.size), self.shape) if self.shape else ()

    @cached_property
    def flat(self) -> Places:
        """Number of each cell by its place in an array of all, -1 where there is none."""
        number = np.full(math.prod(self.shape), -1, dtype=np.int32)
        number[np.ravel_multi_index(self.at, self.shape)] = np.arange(self.size)
        return number

    def codes(self, frame: Frame, members: Integers | None = None) -> tuple[Codes, ...]:
        """Codes of all cells, or of some, one for each member of a frame."""
        return tuple(
            Codes(frame, labels, at if members is None else at[members])
            for labels, at in zip(self.labels, self.at, strict=True)
        )

    def places(self, key: Any) -> tuple[Frame, Integers]:
        """Frame of a key, and the place of each of its cells in an array of all."""
        codes = key if isinstance(key, tuple) else (key,)
        frame = self.runs.root
        for code in codes:
            frame = innermost(frame, code.frame)
        at = np.zeros(frame.size, dtype=np.int64)
        for code, size in zip(codes, self.shape, strict=True):
            at = at * size + code.in_frame(frame)
        return frame, at

    def numbers(self, key: Any) -> tuple[Frame, Integers]:
        """Frame of a key, and the number of each of its cells.

        Raises
        ------
        KeyError
            For a cell that is not there.
        """
        frame, at = self.places(key)
        if self.is_full:
            return frame, at
        found = self.flat[at]
        if (found < 0).any():
            raise KeyError("a cell that does not exist")
        return frame, found.astype(np.int64)

    def __contains__(self, key: Any) -> Any:
        frame, at = self.places(key)
        return Mask(frame, np.full(len(at), True) if self.is_full else self.flat[at] >= 0)

    def __iter__(self) -> Iterator[Any]:
        around = self.runs.here
        cells = np.tile(np.arange(self.size), around.size)
        up = np.repeat(np.arange(around.size), self.size)
        for frame, chosen in self.runs.through(len(cells), up):
            codes = self.codes(frame, cells if chosen is None else cells[chosen])
            yield codes[0] if len(codes) == 1 else codes


class Datum:
    """Values by cell.

    Parameters
    ----------
    cells : CellSet
        For which there are values.
    array : ndarray
        Values, over all codes of the axes.
    is_open : bool
        Whether they are numbers of parameters, negative where the value is one.
    """

    def __init__(self, cells: CellSet, array: NDArray[Any], is_open: bool = False) -> None:
        self.cells, self.flat, self.is_open = cells, array.ravel(), is_open

    def _read(self, frame: Frame, at: Integers) -> Any:
        if self.is_open:
            return OpenElasticity.of(frame, self.flat[at])
        return Numbers(frame, self.flat[at])

    def __getitem__(self, key: Any) -> Any:
        frame, at = self.cells.places(key)
        if not self.cells.is_full and (self.cells.flat[at] < 0).any():
            raise KeyError("a cell that does not exist")
        return self._read(frame, at)

    def get(self, key: Any, default: Any) -> Any:
        """Value at a key, or what stands for one that is not there."""
        return self[key] if key in self.cells else default

    def __contains__(self, key: Any) -> Any:
        return key in self.cells

    def __iter__(self) -> Iterator[Any]:
        return iter(self.cells)

    def items(self) -> Iterator[tuple[Any, Any]]:
        """Cells and values."""
        return ((c, self[c]) for c in self.cells)

    def values(self) -> Iterator[Any]:
        """Values alone."""
        return (self[c] for c in self.cells)


class CellGroup:
    """Cells that belong to each member of a frame.

    Parameters
    ----------
    groups : CellGroups
    frame : Frame
    first, count : ndarray of int (members,)
        First of its cells, and how many there are.
    """

    def __init__(self, groups: CellGroups, frame: Frame, first: Integers, count: Integers) -> None:
        self.groups, self.frame, self.first, self.count = groups, frame, first, count

    def __iter__(self) -> Iterator[Any]:
        runs, cells = self.groups.cells.runs, self.groups.cells
        at = runs.here.ups(self.frame)
        first, count = (self.first, self.count) if at is None else (self.first[at], self.count[at])
        up = np.repeat(np.arange(len(count)), count)
        offset = np.repeat(first - (np.cumsum(count) - count), count)
        members = self.groups.order[np.arange(len(up)) + offset]
        for frame, chosen in runs.through(len(up), up):
            yield cells.codes(frame, members if chosen is None else members[chosen])

    def __getitem__(self, number: int) -> Any:
        if (self.count <= number).any():
            raise IndexError("a group is too small")
        return self.groups.cells.codes(self.frame, self.groups.order[self.first + number])


class CellGroups:
    """Cells grouped by some of their codes.

    Parameters
    ----------
    cells : CellSet
    keys : CellSet
        Axes of the groups; only these are read.
    at : tuple of ndarray of int
        Codes of the group of each cell.
    """

    def __init__(self, cells: CellSet, keys: CellSet, at: tuple[Integers, ...]) -> None:
        self.cells, self.keys = cells, keys
        place = np.ravel_multi_index(at, keys.shape)
        self.order = np.argsort(place, kind="stable")
        self.count = np.bincount(place, minlength=int(np.prod(keys.shape)))
        self.first = np.cumsum(self.count) - self.count

    def __getitem__(self, key: Any) -> CellGroup:
        frame, at = self.keys.places(key)
        return CellGroup(self, frame, self.first[at], self.count[at])


class _Classes:
    """Use class from which a sector or an agent buys."""

    def __init__(self, labels: tuple[str, ...], of: tuple[str, ...]) -> None:
        self.labels, self.at = labels, np.array([labels.index(code) for code in of])

    def __getitem__(self, code: Codes) -> Codes:
        return Codes(code.frame, self.labels, self.at[code.at])


class _Some:
    """Some codes, as a rule asks for them."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        self.codes = codes

    def __contains__(self, code: Codes) -> Any:
        return code.among(self.codes)


class FamilyShares:
    """What the equations read, as :class:`cge.model.shares.Shares`, by whole families.

    Parameters
    ----------
    benchmark : Benchmark
    horizon : str
    backstop : tuple of str
    runs : Runs
    """

    def __init__(
        self, benchmark: Benchmark, horizon: str, backstop: tuple[str, ...], runs: Runs
    ) -> None:
        self.benchmark, self.runs = benchmark, runs
        self.plain = Shares(benchmark, horizon, False, backstop)
        self.backstop = _Some(backstop)
        self._groups: dict[tuple[str, str], CellGroups] = {}
        own = benchmark.use_classes
        self.class_of = {axis: _Classes(own, of) for axis, (_, of) in classes(benchmark).items()}
        self.has_transport = self.plain.has_transport
        self.equal_returns = self.plain.equal_returns

    def _cells(self, letters: str, live: Bools | None = None) -> CellSet:
        return CellSet.of(self.runs, self.benchmark.axes, letters, live)

    def keyed(self, array: Array, axes: str, live: Bools | None = None) -> Datum:
        """Values of an array at the cells that are marked; all without a mark."""
        return Datum(self._cells(axes, live), array)

    def __getattr__(self, name: str) -> Datum:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in VALUES or name in POWERS:
            found = self.keyed(*accounted(self.benchmark, name))
        elif name == "transport":
            bundles = self.benchmark.bundles
            assert bundles is not None
            found = self.keyed(bundles.transport, "risj", bundles.transport > 0)
        elif name == "inverse_omega":
            numbers = positions(self.plain.elasticities)["transformation"]
            found = Datum(self._cells("sf"), numbers, True)
        elif name.startswith("sigma_"):
            nest = name.removeprefix("sigma_")
            values = getattr(self.plain.elasticities, nest)
            numbers = np.where(values == 1, -1, positions(self.plain.elasticities)[nest])
            found = Datum(self._cells(NEST_AXES[nest]), numbers, True)
        else:
            raise AttributeError(name)
        self.__dict__[name] = found
        return found

    @cached_property
    def cost(self) -> Datum:
        """(s, j) unit cost times output."""
        parts = (VALUES[name][1](self.benchmark) for name in ("value_added", "materials"))
        every = sum(np.maximum(part, 0.0) for part in parts)
        return self.keyed(np.asarray(every), "sj", self.benchmark.output > 0)

    @cached_property
    def absorption(self) -> Datum:
        """(s) final demand of the region at user prices."""
        return self.keyed(self.benchmark.absorption, "s")

    def derive(
        self, name: str, axes: str, make: Callable[[Shares], Mapping[tuple[str, ...], float]]
    ) -> None:
        """Add values that are made of others, as an attribute that :meth:`by` can group."""
        array = np.full(self.benchmark.axes.shape(axes), np.nan)
        codes = [self.benchmark.axes.codes[a] for a in axes]
        for cell, value in make(self.plain).items():
            array[tuple(own.index(c) for own, c in zip(codes, cell, strict=True))] = value
        self.__dict__[name] = self.keyed(array, axes, ~np.isnan(array))

    def by(self, name: str, letters: str) -> CellGroups:
        """Live cells of a value, grouped by some of their axes."""
        if (name, letters) not in self._groups:
            cells = getattr(self, name).cells
            axes = cells.letters
            user = user_axis(axes)
            at = tuple(
                cells.at[axes.index(a)] if a in axes
                else self.class_of[axes[user]].at[cells.at[user]]
                for a in letters
            )  # fmt: skip
            keys = self._cells(letters)
            self._groups[name, letters] = CellGroups(cells, keys, at)
        return self._groups[name, letters]
