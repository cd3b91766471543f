"""The manifest of a run: what is needed to judge it and to make it again."""

from __future__ import annotations

import datetime
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cge.core.identity import digest
from cge.data.accounts.benchmark import Benchmark
from cge.indicators.strategic import GROUP
from cge.policy.closures import closure_facts
from cge.policy.replies import raising
from cge.results.json_file import FORMAT
from cge.results.resultset import ESTIMATED
from cge.scenario.schema import Scenario
from cge.solve.solution import Solution

_PACKAGES = ("cge-trade-policy", "pyomo", "numpy", "scipy", "pandas", "cyipopt-wheels")


def manifest(
    spec: Mapping[str, Any],
    benchmark: Benchmark,
    cases: Sequence[Mapping[str, Any]],
    notes: Sequence[str] = (),
    files: Iterable[Path] = (),
    **more: Any,
) -> dict[str, Any]:
    """Content of a manifest.

    Parameters
    ----------
    spec : mapping
        What was asked: kind of study, its options, the full scenario. A study can be made of it.
    benchmark : Benchmark
        The accounts, with the first elasticity set.
    cases : sequence of mapping
        Of every solution: what it is, closure as solved, endogenous rates, responses, diagnostics.
    notes : sequence of str
        What must be said under any table.
    files : iterable of path
        Data of the user's that were read.
    **more
        What else the study has to say.
    """
    lines = list(notes)
    if benchmark.status == "estimated" and ESTIMATED not in lines:
        lines.insert(0, ESTIMATED)
    return {
        "format": FORMAT,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "versions": versions(),
        "spec": dict(spec),
        "benchmark": {
            "name": benchmark.name, "fingerprint": benchmark.fingerprint,
            "status": benchmark.status, "unit": benchmark.unit, "notes": list(benchmark.notes),
            "origin": dict(benchmark.origin),
            **({"saves": True} if benchmark.saving is not None else {}),
            **({} if GROUP in benchmark.groups.get("sectors", {}) else {"all_strategic": True}),
            "regions": list(benchmark.regions), "sectors": list(benchmark.sectors),
            "names": {axis: dict(named) for axis, named in benchmark.names.items()},
            "members": {
                axis: {code: list(members) for code, members in of.items()}
                for axis, of in benchmark.members.items()
            },
        },
        "files": {str(path): digest(path) for path in dict.fromkeys(files)},
        "cases": [dict(case) for case in cases],
        "notes": lines,
        **more,
    }  # fmt: skip


def solution_facts(
    solutions: Sequence[Solution], scenario: Scenario, solved: Any = None
) -> dict[str, Any]:
    """Facts of a solution, or of those of a path together, for the cases of a manifest.

    Parameters
    ----------
    solutions : sequence of Solution
    scenario : Scenario
        Of which they are.
    solved : SolvedCase or PathYear, optional
        With the rates that were solved for, and the answers; None: there are none.
    """
    closures = [closure_facts(one, scenario) for one in solutions]
    diagnostics = [one.diagnostics for one in solutions]
    return {
        **closures[-1],
        "swaps": list(dict.fromkeys(swap for one in closures for swap in one["swaps"])),
        "benchmark_and_elasticities": solutions[0].model.benchmark.fingerprint,
        "endogenous_rates": [one.text for one in solved.endogenous] if solved else [],
        "response_rates": [one.text for one in raising(solved.replies)] if solved else [],
        "solver": diagnostics[0].solver,
        "residual": max(one.residual for one in diagnostics),
        "walras": max(one.walras for one in diagnostics),
        "iterations": sum(one.iterations for one in diagnostics),
        "homotopy_steps": max(one.steps for one in diagnostics),
        "unknowns": solutions[0].resolved.system.size,
        "undetermined": [*dict.fromkeys(one.undetermined for one in diagnostics
                                        if one.undetermined)],
    }  # fmt: skip


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of what results depend on."""
    return {"python": platform.python_version(), **{p: _version(p) for p in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # the same library under another distribution's name
        return "unknown"


@lru_cache(maxsize=1)
def commit() -> str:
    """Commit of the source code, where it is a checkout; empty otherwise."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return done.stdout.strip()
