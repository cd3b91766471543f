"""Things that are made of an object once, and gone with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

Made = TypeVar("Made")


def once_for_each(make: Callable[..., Made]) -> Callable[..., Made]:
    """Keep what a function makes of its first argument for as long as that is in use.

    A cache of the usual kind would keep the argument itself: a study of many draws has a
    compiled model for each of them.

    Parameters
    ----------
    make : callable
        Of an object that can be referred to weakly, and of hashable values.
    """
    kept: WeakKeyDictionary[Any, dict[tuple[Any, ...], Made]] = WeakKeyDictionary()

    @wraps(make)
    def get(owner: Any, *more: Any) -> Made:
        known = kept.setdefault(owner, {})
        if more not in known:
            known[more] = make(owner, *more)
        return known[more]

    return get
