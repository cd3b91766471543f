"""Finished years of a path on disk, so that a killed run goes on with them.

A year is one file without pickled objects: arrays, and as JSON text what is not an array.
Floats come back bit for bit from both; what follows from a year is computed again.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.dynamics.knowledge import KnowledgePolicy
from cge.policy.case import FoundRate
from cge.policy.knowledge_plan import Part
from cge.solve.closure import Closure, Resolved, Swap, Total, WageFloor, resolve
from cge.solve.equilibrium import Diagnostics
from cge.solve.homotopy import Shock
from cge.solve.model import Model
from cge.solve.solution import Solution

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SolvedYear:
    """What was found in a year, apart from what follows from it.

    Parameters
    ----------
    weights : ndarray
        Log sourcing weights, as they had adapted when the year began.
    expected : ndarray (columns,), optional
        Levels that were expected then; None in the first year, which nobody expected.
    solution : Solution
    policy : KnowledgePolicy
    parts : tuple of Part
        What each measure about knowledge amounts to.
    shocks : tuple of Shock
    found : tuple of FoundRate
    powers : ndarray (columns,)
        See :class:`cge.policy.case.SolvedCase`.
    seconds : float
    """

    weights: Array
    expected: Array | None
    solution: Solution
    policy: KnowledgePolicy
    parts: tuple[Part, ...]
    shocks: tuple[Shock, ...]
    found: tuple[FoundRate, ...]
    powers: Array
    seconds: float


class YearStore:
    """Years of one path in a folder.

    Parameters
    ----------
    folder : path, optional
        None keeps nothing.
    name : str
        Of the path, unique within the folder.
    """

    def __init__(self, folder: Path | None, name: str) -> None:
        self.folder, self.name = folder, name
        self._closures: dict[tuple, Resolved] = {}

    def _path(self, year: int) -> Path:
        assert self.folder is not None
        return self.folder / f"{self.name}-{year:03d}.npz"

    def holds(self, year: int) -> bool:
        """Return whether a year is kept."""
        return self.folder is not None and self._path(year).is_file()

    def save(self, year: int, found: SolvedYear) -> None:
        """Keep a year, whole or not at all."""
        if self.folder is None:
            return
        arrays, text = _packed(found)
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays["text"] = np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        handle, work = tempfile.mkstemp(dir=self.folder, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(buffer.getvalue())
            Path(work).replace(self._path(year))
        except BaseException:
            with contextlib.suppress(OSError):
                Path(work).unlink()
            raise

    def load(self, year: int, model: Model) -> SolvedYear | None:
        """Return a year that is kept, None if it is not, or can not be read."""
        if not self.holds(year):
            return None
        try:
            with np.load(self._path(year), allow_pickle=False) as file:
                arrays = dict(file)
            return self._unpacked(arrays, json.loads(arrays.pop("text").tobytes()), model)
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            return None

    def _unpacked(self, arrays: dict[str, Any], text: dict[str, Any], model: Model) -> SolvedYear:
        closure = _closure(text["closure"])
        extra = tuple(_swap(one) for one in text["extra"])
        key = (closure.all_swaps(), extra)
        if key not in self._closures:
            self._closures[key] = resolve(
                closure, model.arrays, model.variables, model.outcomes, model.outcome_start, extra
            )
        solution = Solution(
            model, closure, self._closures[key], arrays["given"], arrays["levels"],
            Diagnostics(**text["diagnostics"]),
        )  # fmt: skip
        policy = KnowledgePolicy(*(arrays[f"policy_{n}"] for n in range(4)))
        parts = tuple(
            Part(one["number"], one["label"], arrays[f"part_{n}_0"], arrays[f"part_{n}_1"],
                 arrays[f"part_{n}_2"], one["found"])
            for n, one in enumerate(text["parts"])
        )  # fmt: skip

        def shock(name: str, label: str) -> Shock:
            return Shock(label, arrays[f"{name}_columns"], arrays[f"{name}_change"])

        shocks = tuple(shock(f"shock_{n}", label) for n, label in enumerate(text["shocks"]))
        found = tuple(
            FoundRate(one["label"], one["low"], one["high"], shock(f"found_{n}", one["shock"]),
                      tuple(_swap(swap) for swap in one["swaps"]))
            for n, one in enumerate(text["found"])
        )  # fmt: skip
        return SolvedYear(
            arrays["weights"], arrays.get("expected"), solution, policy, parts, shocks, found,
            arrays["powers"], text["seconds"],
        )  # fmt: skip


def _packed(found: SolvedYear) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    solution, policy = found.solution, found.policy
    arrays: dict[str, NDArray[Any]] = {
        "weights": found.weights, "given": solution.given, "levels": solution.levels,
        "powers": found.powers,
        "policy_0": policy.credit, "policy_1": policy.basic, "policy_2": policy.diffusion,
        "policy_3": policy.openness,
    }  # fmt: skip
    if found.expected is not None:
        arrays["expected"] = found.expected
    for n, part in enumerate(found.parts):
        for k, values in enumerate((part.credit, part.basic, part.diffusion)):
            arrays[f"part_{n}_{k}"] = values
    rates = [(f"found_{n}", one.shock) for n, one in enumerate(found.found)]
    for name, shock in [*((f"shock_{n}", one) for n, one in enumerate(found.shocks)), *rates]:
        arrays[f"{name}_columns"], arrays[f"{name}_change"] = shock.columns, shock.change
    always = len(solution.closure.all_swaps())
    text = {
        "closure": asdict(solution.closure),
        "extra": [asdict(swap) for swap in solution.resolved.swaps[always:]],
        "diagnostics": asdict(solution.diagnostics),
        "parts": [{"number": p.number, "label": p.label, "found": p.found} for p in found.parts],
        "shocks": [one.label for one in found.shocks],
        "found": [
            {"label": one.label, "low": one.low, "high": one.high, "shock": one.shock.label,
             "swaps": [asdict(swap) for swap in one.swaps]}
            for one in found.found
        ],
        "seconds": found.seconds,
    }  # fmt: skip
    return arrays, text


def _swap(content: dict[str, Any]) -> Swap:
    fix = content["fix"]
    if not isinstance(fix, str):
        fix = Total(tuple((float(c), name) for c, name in fix["terms"]))
    return Swap(**{**content, "fix": fix})


def _closure(content: dict[str, Any]) -> Closure:
    floor = content["wage_floor"]
    if floor is not None:
        regions = None if floor["regions"] is None else tuple(floor["regions"])
        floor = WageFloor(**{**floor, "regions": regions})
    return Closure(
        content["name"], tuple(content["specific_factors"]),
        tuple(_swap(one) for one in content["swaps"]), floor, content["numeraire"],
    )  # fmt: skip
