"""A headline's output folder: written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cge.results.headline import headline_frame

from cge.experiments.stress import StressRun
from cge.results import folder as output
from cge.results import stress_summary
from cge.results.folder import MANIFEST

FILES = ("headline.parquet", "headline.csv", MANIFEST)
HEADLINE = output.Kind("headline", frozenset({"scenario", "benchmark", "home", "library"}), FILES)


def default_folder(name: str) -> Path:
    """Return where a headline is written unless the user says otherwise."""
    return Path("results") / "runs" / name


def check_folder(folder: Path) -> None:
    """Raise InputError unless a headline can be written to `folder`; changes nothing."""
    output.check_folder(folder, HEADLINE)


def write_headline(run: StressRun, region: str, folder: Path) -> list[str]:
    """Write headline.parquet, headline.csv and manifest.json.

    Parameters
    ----------
    run : StressRun
        See :func:`cge.results.headline.headline_frame`.
    region : str
    folder : path

    Returns
    -------
    list of str
        Notes that any table of it must carry.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    check_folder(folder)
    table, lines = headline_frame(run, region), stress_summary.notes(run)

    def fill(work: Path) -> None:
        with (work / "headline.parquet").open("wb") as file:  # Arrow opens no path not in UTF-8
            table.to_parquet(file, index=False)
        table.to_csv(work / "headline.csv", index=False, float_format="%.10g")
        text = json.dumps(_manifest(run, region, lines), indent=2)
        (work / MANIFEST).write_text(text + "\n", encoding="utf-8")

    output.write_folder(folder, HEADLINE, fill)
    return lines


def _manifest(run: StressRun, region: str, lines: list[str]) -> dict[str, Any]:
    b = run.benchmark
    return {
        "kind": "headline",
        "home": region,
        "scenario": run.scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
        "benchmark": {
            "name": b.name, "fingerprint": b.fingerprint, "status": b.status, "unit": b.unit,
            "notes": list(b.notes), "origin": dict(b.origin),
            "names": {axis: dict(named) for axis, named in b.names.items()},
        },
        "library": {
            "file": str(run.library.file), "weightings": {
                name: dict(given) for name, given in run.library.weightings.items()
            },
        },
        "disruptions": [one.name for one in run.disruptions],
        "stages": len(run.cases),
        "notes": lines,
        "solver": run.solver,
        "seconds": round(run.seconds, 1),
        "versions": output.versions(),
    }  # fmt: skip
