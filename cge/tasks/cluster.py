"""Where tasks run beside each other: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cge.core.errors import InputError, refuse_if
from cge.core.typed import LONGEST_NAME


@contextlib.contextmanager
def cluster(scheduler: str | None) -> Iterator[str]:
    """Have tasks run on a Dask cluster; yields joblib's backend."""
    if scheduler is None:
        yield "loky"
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "needs the library 'distributed'", key="scheduler", value=scheduler,
            allowed="without a scheduler, or after: pip install 'cge-trade-policy[dask]'",
        ) from None  # fmt: skip
    allowed = "the address of a Dask scheduler, say tcp://127.0.0.1:8786"
    refuse_if(len(scheduler) > LONGEST_NAME, "no machine can have this address", key="scheduler",
              value=scheduler, allowed=allowed)  # fmt: skip
    try:
        client = Client(scheduler, timeout=10, set_as_default=True)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError, AssertionError) as error:
        raise InputError(
            f"is not reached: {error or 'no answer'}", key="scheduler", value=scheduler,
            allowed=allowed,
        ) from None  # fmt: skip
    with client:
        yield "dask"
