"""A run's output folder: written whole or not at all, and nothing of others' touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cge.experiments.run import ScenarioRun
from cge.results import folder as output
from cge.results import summary, tidy
from cge.results.folder import MANIFEST

FIGURES = ("figure.svg", "figure.pdf")
#: What every run consists of, in the order in which it is put in place.
FILES = ("results.parquet", "results.csv", "value_chains.parquet", "summary.md", MANIFEST)
RUN = output.Kind("run", frozenset({"scenario", "benchmark", "cases"}), FILES, FIGURES)


def default_folder(name: str) -> Path:
    """Return where a run is written unless the user says otherwise."""
    return Path("results") / "runs" / name


def check_folder(folder: Path) -> None:
    """Raise InputError unless a run can be written to `folder`; changes nothing.

    A folder that holds anything but an earlier run is never touched.
    """
    output.check_folder(folder, RUN)


def _is_run(folder: Path) -> bool:
    """Return whether the folder's manifest is one of ours and what it announces are files."""
    return RUN.owns(folder)


def manifest(run: ScenarioRun) -> dict[str, Any]:
    """Return what is needed to make and judge the run again."""
    b = run.benchmark
    return {
        "scenario": run.scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
        "benchmark": {
            "name": b.name, "fingerprint": b.fingerprint, "status": b.status, "unit": b.unit,
            "notes": list(b.notes), "origin": dict(b.origin),
            "names": {axis: dict(named) for axis, named in b.names.items()},
        },
        "notes": summary.notes(run),
        "cases": [
            {
                "elasticities": case.elasticities,
                "benchmark_and_elasticities": case.solution.model.benchmark.fingerprint,
                "closure": case.solution.closure.name,
                "solver": case.solution.diagnostics.solver,
                "residual": case.solution.diagnostics.residual,
                "walras": case.solution.diagnostics.walras,
                "iterations": case.solution.diagnostics.iterations,
                "homotopy_steps": case.solution.diagnostics.steps,
                "unknowns": case.solution.resolved.system.size,
                "seconds": {k: round(v, 3) for k, v in case.seconds.items()},
            }
            for case in run.cases
        ],
        "versions": output.versions(),
    }  # fmt: skip


def write_run(run: ScenarioRun, folder: Path, figure: bool = False) -> None:
    """Write results.parquet, results.csv, value_chains.parquet, summary.md and manifest.json.

    With `figure`, figure.svg and figure.pdf as well.

    Everything is first written to a hidden folder in it and put in place at the end; an
    earlier run's files are replaced only then, and whatever else the user keeps there stays.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    output.write_folder(folder, RUN, lambda work: _write_files(run, work, figure))


def _write_files(run: ScenarioRun, work: Path, figure: bool) -> None:
    if figure:
        from cge.results.figures import regional_figure  # matplotlib takes a second to import

        for name in FIGURES:
            regional_figure(run, work / name)
    table = tidy.tidy_run(run)
    with (work / "results.parquet").open("wb") as file:  # Arrow opens no path that is not UTF-8
        table.to_parquet(file, index=False)
    table.to_csv(work / "results.csv", index=False, float_format="%.10g")
    chains = tidy.tidy_chains(run)
    with (work / "value_chains.parquet").open("wb") as file:
        chains.to_parquet(file, index=False)
    text = summary.markdown(run)  # a path in it may not be UTF-8
    (work / "summary.md").write_text(text, encoding="utf-8", errors="backslashreplace")
    text = json.dumps(manifest(run), indent=2)
    (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
