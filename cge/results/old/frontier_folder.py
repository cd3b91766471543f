"""The output folder of a frontier study."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from cge.results.frontier_summary import markdown, notes, tables
from cge.results.frontier_table import probabilities, tidy_frontiers
from cge.results.sensitivity_summary import Table

from cge.experiments.frontier import FrontierRun
from cge.results import folder as output
from cge.results.folder import MANIFEST, WORK

FIGURES = ("figure.svg", "figure.pdf")
FILES = ("results.parquet", "results.csv", "summary.md", MANIFEST)
FRONTIER = output.Kind(
    "frontier study", frozenset({"study", "benchmark", "frontiers"}), FILES, FIGURES
)
#: Where points are kept until a study is whole.
KEPT = f"{WORK}points"


def default_folder(name: str) -> Path:
    """Return where a study is written unless the user says otherwise."""
    return Path("results") / "runs" / name


def check_folder(folder: Path) -> None:
    """Raise InputError unless a study can be written to `folder`; changes nothing."""
    output.check_folder(folder, FRONTIER)


def write_frontier(run: FrontierRun, folder: Path) -> tuple[list[Table], list[str]]:
    """Write a study, whole or not at all, and remove the points that were kept for it.

    Returns
    -------
    tuple
        The tables of its summary and its notes, for the screen.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    shown, lines = tables(run), notes(run)
    table = tidy_frontiers(run)

    def fill(work: Path) -> None:
        with (work / "results.parquet").open("wb") as file:
            table.to_parquet(file, index=False)
        table.to_csv(work / "results.csv", index=False, float_format="%.10g")
        text = markdown(run, shown, lines)
        (work / "summary.md").write_text(text, encoding="utf-8", errors="backslashreplace")
        text = json.dumps(manifest(run, lines), indent=2)
        (work / MANIFEST).write_text(text + "\n", encoding="utf-8")

    output.write_folder(folder, FRONTIER, fill)
    shutil.rmtree(folder / KEPT, ignore_errors=True)
    return shown, lines


def manifest(run: FrontierRun, lines: list[str]) -> dict[str, Any]:
    """Return what is needed to make and judge the study again."""
    b = run.benchmark
    return {
        "kind": "frontier",
        "study": run.study.model_dump(mode="json", by_alias=True, exclude_none=True),
        "benchmark": {
            "name": b.name, "fingerprint": b.fingerprint, "status": b.status, "unit": b.unit,
            "notes": list(b.notes), "origin": dict(b.origin),
            "names": {axis: dict(named) for axis, named in b.names.items()},
        },
        "stress": run.frontiers[0].setting.settings.told(),
        "frontiers": [
            {
                "elasticities": one.elasticities, "version": one.version, "method": one.method,
                "benchmark_and_elasticities": one.setting.benchmark.fingerprint,
                "points": len(one.sweep.points), "conflict": one.sweep.conflict,
                "starts": one.sweep.starts, "starts_that_agree": one.sweep.agree,
                "starts_that_agree_on_the_smallest_risk": one.sweep.agree_last,
                "without_policy": one.sweep.without, "probabilities": probabilities(one),
                "iterations": [point["iterations"] for point in one.sweep.points],
                "ipopt": [point["message"] for point in one.sweep.points],
                "seconds": round(one.seconds, 3),
            }
            for one in run.frontiers
        ],
        "workers": run.workers,
        "seconds": round(run.seconds, 3),
        "points_kept_from_an_interrupted_study": run.resumed,
        "notes": lines,
        "versions": output.versions(),
    }  # fmt: skip
