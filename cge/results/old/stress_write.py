"""A stress test's output folder: written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cge.results.sensitivity_summary import Table
from cge.results.stress_tidy import tidy_stress

from cge.experiments.stress import StressCase, StressRun, is_reference
from cge.results import folder as output
from cge.results import stress_summary
from cge.results.folder import MANIFEST

FILES = ("results.parquet", "results.csv", "summary.md", MANIFEST)
STRESS = output.Kind(
    "stress test", frozenset({"scenario", "benchmark", "stages", "library"}), FILES
)


def default_folder(name: str) -> Path:
    """Return where a stress test is written unless the user says otherwise."""
    return Path("results") / "runs" / f"{name}-stress"


def check_folder(folder: Path) -> None:
    """Raise InputError unless a stress test can be written to `folder`; changes nothing."""
    output.check_folder(folder, STRESS)


def write_stress(run: StressRun, folder: Path) -> list[str]:
    """Write results.parquet, results.csv, summary.md and manifest.json.

    results.csv holds the figures of regions, results.parquet also those of sectors and links.

    Parameters
    ----------
    run : StressRun
    folder : path

    Returns
    -------
    list of str
        The notes of its summary, for the screen.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    output.check_folder(folder, STRESS)
    table, lines = tidy_stress(run), stress_summary.notes(run)
    found: list[Table] = stress_summary.tables(run)

    def fill(work: Path) -> None:
        with (work / "results.parquet").open("wb") as file:  # Arrow opens no path not in UTF-8
            table.to_parquet(file, index=False)
        regional = table[(table["sector"] == "") & (table["partner"] == "")]
        regional.to_csv(work / "results.csv", index=False, float_format="%.10g")
        text = stress_summary.markdown(run, found, lines)
        (work / "summary.md").write_text(text, encoding="utf-8", errors="backslashreplace")
        text = json.dumps(manifest(run, lines), indent=2)
        (work / MANIFEST).write_text(text + "\n", encoding="utf-8")

    output.write_folder(folder, STRESS, fill)
    return lines


def manifest(run: StressRun, lines: list[str]) -> dict[str, Any]:
    """Return what is needed to make and judge the test again."""
    b = run.benchmark
    return {
        "kind": "stress",
        "scenario": run.scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
        "benchmark": {
            "name": b.name, "fingerprint": b.fingerprint, "status": b.status, "unit": b.unit,
            "notes": list(b.notes), "origin": dict(b.origin),
            "names": {axis: dict(named) for axis, named in b.names.items()},
        },
        "library": {
            "file": None if run.library.file is None else str(run.library.file),
            "title": run.library.title,
            "weightings": {name: dict(one) for name, one in run.library.weightings.items()},
            "disruptions": [
                {"name": one.name, "title": one.title, "duration": one.duration,
                 "families": one.families, "note": one.note}
                for one in run.disruptions
            ],
            "left_out": list(run.left_out),
        },
        "stages": [_stage(case) for case in run.cases],
        "workers": run.workers,
        "seconds": round(run.seconds, 3),
        "seconds_of_stages": round(run.seconds_stages, 3),
        "tasks_kept_from_an_interrupted_test": run.resumed,
        "notes": lines,
        "versions": output.versions(),
    }  # fmt: skip


def _stage(case: StressCase) -> dict[str, Any]:
    one, diagnostics = case.stage, case.stage.solution.diagnostics
    return {
        "elasticities": one.elasticities, "variant": one.variant, "returns": one.returns,
        "year": one.year, "no_policy": is_reference(case),
        "benchmark_and_elasticities": one.solution.model.benchmark.fingerprint,
        "speed": one.solution.model.speed, "closure": one.solution.closure.name,
        "solver": diagnostics.solver, "residual": diagnostics.residual,
        "walras": diagnostics.walras,
        "found": [rate.text for rate in one.found],
        "settings": one.settings.told(),
        "iterations": {
            "median": float(sorted(case.iterations)[len(case.iterations) // 2]),
            "most": int(case.iterations.max()),
        },
        "failed": [{"disruption": name, "reason": reason} for name, reason in case.failures],
    }  # fmt: skip
