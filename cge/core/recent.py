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
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[Hashable, Made] = {}

    def __len__(self) -> int:
        return len(self._made)

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The thing made for a key, made now if it is not kept."""
        made = self._made.pop(key) if key in self._made else make()
        self._made[key] = made
        while len(self._made) > self._most:
            del self._made[next(iter(self._made))]
        return made
