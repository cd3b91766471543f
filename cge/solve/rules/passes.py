"""Running a rule for a whole family, in parts where its members differ.

What is being gone through is kept in a stack: the family for which a rule is run, and the
groups in it through which the rule goes. A sum inside knows by it what it is taken over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cge.core.axes import Integers
from cge.solve.rules.frames import Frame, Mixed, Numbers
from cge.solve.rules.polynomials import Polynomial, polynomial

#: More parts than this of one family are a rule that is not meant to be read as a whole.
MOST_PARTS = 500


class Runs:
    """The stack of frames, and how the groups of the rule that is run are parted."""

    def __init__(self) -> None:
        self.root = Frame(1)
        self.stack = [self.root]
        self._count: list[int] = [0]
        self._parted: dict[tuple[Any, ...], Integers] = {}

    @property
    def here(self) -> Frame:
        """Innermost frame that is being gone through."""
        return self.stack[-1]

    def family(self, size: int) -> Frame:
        """Frame of all members of a family, or of some."""
        return Frame(size, self.root, np.zeros(size, dtype=np.int64))

    @contextmanager
    def within(self, frame: Frame) -> Iterator[None]:
        """Go through a frame."""
        self.stack.append(frame)
        self._count.append(0)
        try:
            yield
        finally:
            self.stack.pop()
            self._count.pop()

    def through(self, size: int, up: Integers) -> Iterator[tuple[Frame, Integers | None]]:
        """Go through a group: frames, and the numbers of its members where it is in parts.

        Parameters
        ----------
        size : int
            Members of the group.
        up : ndarray of int (size,)
            Member of the frame that is gone through to which each belongs.
        """
        parent = self.here
        self._count[-1] += 1
        key = (*parent.key, self._count[-1])
        labels = self._parted.get(key)
        if labels is None:
            frame = Frame(size, parent, up, key)
            with self.within(frame):
                yield frame, None
            return
        for label in range(int(labels.max(initial=0)) + 1):
            chosen = np.flatnonzero(labels == label)
            frame = Frame(len(chosen), parent, up[chosen], (*key, label), chosen)
            with self.within(frame):
                yield frame, chosen

    def run(
        self, rule: Callable[[Frame, Integers | None], Any], size: int
    ) -> list[tuple[Integers | None, Frame, Any]]:
        """Run a rule for a family: members, frame and result of each part.

        Parameters
        ----------
        rule : callable
            Of a frame, and the numbers of its members where it is not the whole family.
        size : int
        """
        found: list[tuple[Integers | None, Frame, Any]] = []
        pending = [np.arange(size)]
        while pending:
            members = pending.pop()
            part = self._run_part(rule, members if len(members) < size else None, len(members))
            if isinstance(part, Mixed):
                # The part for which the answer is yes comes first.
                pending += [members[~part.mask], members[part.mask]]
                if len(pending) + len(found) > MOST_PARTS:
                    raise RecursionError(f"a rule has more than {MOST_PARTS} kinds of members")
            else:
                found.append(part)
        return found

    def _run_part(
        self, rule: Callable[[Frame, Integers | None], Any], members: Integers | None, size: int
    ) -> Mixed | tuple[Integers | None, Frame, Any]:
        """Result for some members, or what differs between them."""
        outer = self.stack, self._count, self._parted
        self._parted = {}
        try:
            while True:
                frame = self.family(size)
                self.stack, self._count = [self.root, frame], [0, 0]
                try:
                    return members, frame, rule(frame, members)
                except Mixed as mixed:
                    if mixed.frame is frame:
                        return mixed
                    self._part_group(mixed)
        finally:
            self.stack, self._count, self._parted = outer

    def _part_group(self, mixed: Mixed) -> None:
        """Part a group, or a part of one, in two for the next run of the rule."""
        frame = mixed.frame
        if not frame.key:
            raise mixed
        if frame.members is None:
            self._parted[frame.key] = (~mixed.mask).astype(np.int64)
            return
        labels = self._parted[frame.key[:-1]]
        labels[frame.members[~mixed.mask]] = labels.max() + 1

    # -- sums and products ----------------------------------------------------------------

    def items(self, items: Iterable[Any]) -> Iterator[Any]:
        """Items of a sum, each in the frame that is gone through as it comes."""
        for item in items:
            frame = self.here
            if isinstance(item, int | float) and frame.depth:
                yield Numbers(frame, np.full(frame.size, float(item)))
            elif isinstance(item, Polynomial | Numbers) and item.frame.depth < frame.depth:
                inside = item.in_frame(frame)
                yield inside if isinstance(inside, Polynomial) else Numbers(frame, inside)
            else:
                yield item

    def total(self, items: Iterable[Any]) -> Any:
        """Sum of items over the groups gone through for it."""
        around = self.here
        numbers: Any = 0.0
        parts: list[Any] = []
        for item in self.items(items):
            if isinstance(item, Numbers):
                up = item.frame.ups(around)
                if up is not None:
                    item = Numbers(around, np.bincount(up, item.values, around.size).astype(float))
                numbers = numbers + item
            elif isinstance(item, Polynomial):
                parts += item.added_up(around).parts
            else:
                numbers = numbers + item
        return Polynomial(around, parts) + numbers if parts else numbers

    def product(self, items: Iterable[Any]) -> Any:
        """Product of items over the groups gone through for it."""
        around = self.here
        result: Any = 1.0
        for item in self.items(items):
            if isinstance(item, int | float):
                result = result * item
            else:
                result = result * polynomial(item, item.frame).multiplied_up(around)
        return result
