"""The last used of things that take time to make."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Recent(Generic[Made]):
    """Things made for the keys that were asked for last.

    Parameters
    ----------
    most : int
        Of them that are kept.
    dropped : callable, optional
        Called with a thing that is no longer kept.
    """

    def __init__(self, most: int, dropped: Callable[[Made], None] | None = None) -> None:
        self._most, self._dropped = most, dropped
        self._made: dict[Hashable, Made] = {}

    def __len__(self) -> int:
        return len(self._made)

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The thing made for a key, made now if it is not kept."""
        made = self._made.pop(key) if key in self._made else make()
        self._made[key] = made
        while len(self._made) > self._most:
            gone = self._made.pop(next(iter(self._made)))
            if self._dropped is not None:
                self._dropped(gone)
        return made
