"""From the codes and groups that users write to codes of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark


def codes_of(given: str | Sequence[str], axis: str, benchmark: Benchmark, key: str) -> list[str]:
    """Return the codes that a selector names.

    Parameters
    ----------
    given : str or sequence of str
        ``all``, a code, a group of the aggregation, a list of these, or
        ``all but A, B``.
    axis : {"regions", "sectors", "factors", "agents", "use_classes"}
    benchmark : Benchmark
    key : str
        Where it stands, for the message.

    Raises
    ------
    InputError
        For a name that is neither a code nor a group.
    """
    known = list(getattr(benchmark, axis))
    groups = benchmark.groups.get(axis, {})
    if isinstance(given, str):
        text = given.strip()
        if text.startswith("all but "):
            named = [part.strip() for part in text.removeprefix("all but ").split(",")]
            left_out = codes_of(named, axis, benchmark, key)
            return [code for code in known if code not in left_out]
        given = [text]
    chosen: list[str] = []
    for name in given:
        if name == "all":
            chosen.extend(known)
        elif name in known:
            chosen.append(name)
        elif name in groups:
            chosen.extend(groups[name])
        else:
            raise InputError(
                f"unknown code or group of {axis.replace('_', ' ')}",
                key=key,
                value=name,
                allowed=["all", *known, *groups],
            )
    return list(dict.fromkeys(chosen))
