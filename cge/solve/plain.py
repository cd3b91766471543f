"""Solutions, closures and shocks as plain data (:mod:`cge.core.packing`), and back.

Levels, given levels and what the closure was are kept; the system that was solved and the
outcomes follow from them and from the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cge.solve.closure import Closure, Swap, Total, WageFloor
from cge.solve.equilibrium import Diagnostics

if TYPE_CHECKING:
    from cge.solve.model import Model
    from cge.solve.solution import Solution


def solution_to_plain(solution: Solution) -> dict[str, Any]:
    """Turn a solution into plain data, without its model."""
    always = len(solution.closure.all_swaps())
    return {
        "closure": asdict(solution.closure),
        "reached": [asdict(swap) for swap in solution.resolved.swaps[always:]],
        "given": solution.given,
        "levels": solution.levels,
        "diagnostics": asdict(solution.diagnostics),
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
    return model.restored(
        closure_from_plain(content["closure"]),
        tuple(swap_from_plain(swap) for swap in content["reached"]),
        content["given"], content["levels"], Diagnostics(**content["diagnostics"]),
    )  # fmt: skip


def swap_from_plain(content: Mapping[str, Any]) -> Swap:
    """Make a swap of its fields."""
    fix = content["fix"]
    if not isinstance(fix, str):
        fix = Total(tuple((float(coefficient), name) for coefficient, name in fix["terms"]))
    return Swap(**{**content, "fix": fix})


def closure_from_plain(content: Mapping[str, Any]) -> Closure:
    """Make a closure of its fields."""
    floor = content["wage_floor"]
    if floor is not None:
        regions = None if floor["regions"] is None else tuple(floor["regions"])
        floor = WageFloor(**{**floor, "regions": regions})
    swaps = tuple(swap_from_plain(swap) for swap in content["swaps"])
    factors = tuple(content["specific_factors"])
    return Closure(**{**content, "specific_factors": factors, "swaps": swaps, "wage_floor": floor})
