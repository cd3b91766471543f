"""Solutions, closures and shocks as plain data (:mod:`cge.core.packing`), and back.

Levels, given levels and what the closure was are kept; the system that was solved and the
outcomes follow from them and from the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from cge.core.errors import InputError
from cge.core.writing import put_in_place
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import Elasticities
from cge.solve.closure import Closure, Swap
from cge.solve.equilibrium import Diagnostics
from cge.tasks.store import seal, unseal

if TYPE_CHECKING:
    from cge.solve.model import Model
    from cge.solve.solution import Solution

FORMAT = "cge-solution-1"

#: From the fields of a closure, or of a swap.
closure_from_plain = TypeAdapter(Closure).validate_python
swap_from_plain = TypeAdapter(Swap).validate_python


def solution_to_plain(solution: Solution) -> dict[str, Any]:
    """Turn a solution into plain data, without its model."""
    always = len(solution.closure.all_swaps())
    return {
        "closure": asdict(solution.closure),
        "reached": [asdict(swap) for swap in solution.resolved.swaps[always:]],
        "given": solution.given,
        "levels": solution.levels,
        "diagnostics": dict(vars(solution.diagnostics)),
    }


def solution_from_plain(content: Mapping[str, Any], model: Model) -> Solution:
    """Make a solution of plain data again.

    Parameters
    ----------
    content : mapping
        From :func:`solution_to_plain`.
    model : Model
        The one that was solved, or its equal.
    """
    from cge.solve.solution import Solution

    closure = closure_from_plain(content["closure"])
    resolved = model.resolved(closure, tuple(map(swap_from_plain, content["reached"])))
    return Solution(model, content["levels"], closure, resolved, content["given"],
                    Diagnostics(**content["diagnostics"]))  # fmt: skip


def save_solution(solution: Solution, path: str | Path) -> None:
    """Write a solution with its benchmark to a file; see :meth:`Solution.save`."""
    model, b = solution.model, solution.model.benchmark
    accounts = {item.name: getattr(b, item.name) for item in fields(b)}
    accounts["elasticities"] = {horizon: one.to_arrays() for horizon, one in b.elasticities.items()}
    sealed = seal(FORMAT, {
        "benchmark": accounts, "horizon": model.horizon, "backstop": model.backstop,
        "solution": solution_to_plain(solution),
    })  # fmt: skip

    def write(draft: Path) -> None:
        draft.write_bytes(sealed)

    try:
        put_in_place({Path(path): write})
    except OSError as error:
        raise InputError(f"can not be written: {error.strerror}", file=path) from None


def open_solution(path: str | Path) -> Solution:
    """Open a solution that was saved; see :meth:`Solution.open`."""
    from cge.solve.model import rebuilt

    try:
        content = unseal(Path(path).read_bytes(), FORMAT)
    except OSError as error:
        raise InputError(f"can not be read: {error.strerror}", file=path) from None
    if content is None:
        raise InputError("is damaged, or no saved solution", file=path,
                         allowed="a file that Solution.save wrote")  # fmt: skip
    accounts = _tuples(content["benchmark"])
    accounts["elasticities"] = {
        horizon: Elasticities.from_arrays(values)
        for horizon, values in accounts["elasticities"].items()
    }
    model = rebuilt(Benchmark(**accounts), content["horizon"], tuple(content["backstop"]))
    return solution_from_plain(content["solution"], model)


def _tuples(value: Any) -> Any:
    """Plain data with tuples again where they came back as lists."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return value
