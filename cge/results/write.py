"""A run's output folder: written whole or not at all, and nothing of others' touched."""

from __future__ import annotations

import contextlib
import json
import platform
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cge.errors import InputError
from cge.experiments.run import ScenarioRun
from cge.results import summary, tidy

MANIFEST = "manifest.json"
FIGURES = ("figure.svg", "figure.pdf")
#: What every run consists of, in the order in which it is put in place.
FILES = ("results.parquet", "results.csv", "summary.md", MANIFEST)
#: Prefix of the hidden folder in which a run is written.
WORK = ".cge-new."
_PACKAGES = ("cge-trade-policy", "pyomo", "numpy", "scipy", "pandas", "cyipopt-wheels")


def default_folder(name: str) -> Path:
    """Return where a run is written unless the user says otherwise."""
    return Path("results") / "runs" / name


def check_folder(folder: Path) -> None:
    """Raise InputError unless a run can be written to `folder`; changes nothing.

    A folder that holds anything but an earlier run is never touched.
    """
    try:
        parent = real = folder.resolve()
        if real.exists():
            if not real.is_dir():
                raise InputError("is a file, not a folder", key="--out", value=str(folder))
            # What a killed run left, or a parallel one is writing, is nobody's file.
            others = [p for p in real.iterdir() if not p.name.startswith(WORK)]
            if others and not _is_run(real):
                raise InputError(
                    "the folder holds files that are not a run's", key="--out",
                    value=str(folder), allowed="a new or empty folder, or that of an earlier run",
                )  # fmt: skip
        while not parent.exists():
            parent = parent.parent
        if not parent.is_dir():
            raise InputError("is inside a file", key="--out", value=str(folder))
        with tempfile.TemporaryFile(dir=parent):
            pass
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        raise _not_written(folder, error) from None


def _is_run(folder: Path) -> bool:
    """Return whether the folder's manifest is one of ours and what it announces are files."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    ours = isinstance(content, dict) and {"scenario", "benchmark", "cases"} <= content.keys()
    return ours and not any((folder / name).is_dir() for name in (*FIGURES, *FILES))


def _not_written(folder: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(f"can not be written: {reason}", key="--out", value=str(folder))


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
        "versions": {"python": platform.python_version(), **{p: _version(p) for p in _PACKAGES}},
    }  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # the same library under another distribution's name
        return "unknown"


def write_run(run: ScenarioRun, folder: Path, figure: bool = False) -> None:
    """Write results.parquet, results.csv, summary.md and manifest.json to `folder`.

    With `figure`, figure.svg and figure.pdf as well.

    Everything is first written to a hidden folder in it and put in place at the end; an
    earlier run's files are replaced only then, and whatever else the user keeps there stays.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    check_folder(folder)
    try:
        place = folder.resolve()
        made = [p for p in (place, *place.parents) if not p.exists()]
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place, prefix=WORK) as work:
                _write_files(run, Path(work), figure)
                for name in (*FIGURES, *FILES):
                    if (Path(work) / name).exists():
                        (Path(work) / name).replace(place / name)
                    else:  # an earlier run's figure would not belong to these results
                        (place / name).unlink(missing_ok=True)
        except BaseException:
            with contextlib.suppress(OSError):  # a parallel run may have filled one meanwhile
                for path in made:
                    path.rmdir()
            raise
    except OSError as error:
        raise _not_written(folder, error) from None


def _write_files(run: ScenarioRun, work: Path, figure: bool) -> None:
    if figure:
        from cge.results.figures import regional_figure  # matplotlib takes a second to import

        for name in FIGURES:
            regional_figure(run, work / name)
    table = tidy.tidy_run(run)
    with (work / "results.parquet").open("wb") as file:  # Arrow opens no path that is not UTF-8
        table.to_parquet(file, index=False)
    table.to_csv(work / "results.csv", index=False, float_format="%.10g")
    text = summary.markdown(run)  # a path in it may not be UTF-8
    (work / "summary.md").write_text(text, encoding="utf-8", errors="backslashreplace")
    text = json.dumps(manifest(run), indent=2)
    (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
