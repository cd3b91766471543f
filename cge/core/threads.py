"""One thread for linear algebra on small vectors, where more only wait for each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import local
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: Whether this thread of Python is within a function that is limited.
_LIMITED = local()


@lru_cache(maxsize=1)
def _controller() -> Any:
    import scipy.linalg  # noqa: F401  # its libraries count, and are found only where loaded
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Have a function run with one thread of the linear-algebra libraries.

    Threads that spin for dot products of some ten thousand numbers take twice the time, and their
    number decides the last digits.
    """

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        if getattr(_LIMITED, "here", False):
            return function(*args, **kwargs)
        with _controller().limit(limits=1):
            _LIMITED.here = True
            try:
                return function(*args, **kwargs)
            finally:
                _LIMITED.here = False

    return limited
