"""A run's output folder: written whole or not at all."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cge.errors import InputError
from cge.experiments.run import ScenarioRun
from cge.results import summary, tidy

MANIFEST = "manifest.json"
_PACKAGES = ("cge-trade-policy", "pyomo", "numpy", "scipy", "pandas", "cyipopt-wheels")


def default_folder(name: str) -> Path:
    """Return where a run is written unless the user says otherwise."""
    return Path("results") / "runs" / name


def check_folder(folder: Path) -> None:
    """Raise InputError unless a run can be written to `folder`; changes nothing.

    A folder that holds anything but an earlier run is never touched.
    """
    if folder.exists():
        if not folder.is_dir():
            raise InputError("is a file, not a folder", key="--out", value=str(folder))
        if any(folder.iterdir()) and not (folder / MANIFEST).is_file():
            raise InputError(
                "the folder holds files that are not a run's", key="--out", value=str(folder),
                allowed="a new or empty folder, or that of an earlier run",
            )  # fmt: skip
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise InputError("is inside a file", key="--out", value=str(folder))
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise InputError(
            f"can not be written: {error.strerror or error}", key="--out", value=str(folder)
        ) from None


def manifest(run: ScenarioRun) -> dict[str, Any]:
    """Return what is needed to make and judge the run again."""
    b = run.benchmark
    return {
        "scenario": run.scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
        "benchmark": {
            "name": b.name, "fingerprint": b.fingerprint, "status": b.status, "unit": b.unit,
            "notes": list(b.notes), "origin": dict(b.origin),
        },
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
        "versions": {"python": platform.python_version(), **{p: version(p) for p in _PACKAGES}},
    }  # fmt: skip


def write_run(run: ScenarioRun, folder: Path) -> None:
    """Write results.parquet, results.csv, summary.md and manifest.json to `folder`.

    Everything is written beside it first and put in place at the end; an earlier run
    in the same folder is replaced only then.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    check_folder(folder)
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise InputError(
            f"can not be written: {error.strerror or error}", key="--out", value=str(folder)
        ) from None
    try:
        table = tidy.tidy_run(run)
        table.to_parquet(work / "results.parquet", index=False)
        table.to_csv(work / "results.csv", index=False, float_format="%.10g")
        (work / "summary.md").write_text(summary.markdown(run), encoding="utf-8")
        text = json.dumps(manifest(run), indent=2)
        (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
        work.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
            folder.replace(old / "old")
            work.replace(folder)
            shutil.rmtree(old)
        else:
            work.replace(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
