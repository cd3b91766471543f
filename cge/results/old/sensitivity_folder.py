"""The output folder of a sensitivity study."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from cge.results.drivers import drivers
from cge.results.sensitivity import draws_table, parameters_table, statistics
from cge.results.sensitivity_summary import Table, markdown, notes, tables

from cge.experiments.sensitivity import Sensitivity
from cge.results import folder as output
from cge.results.folder import MANIFEST, WORK

FIGURES = ("figure.svg", "figure.pdf")
FILES = (
    "draws.parquet", "sensitivity.parquet", "sensitivity.csv", "drivers.parquet", "drivers.csv",
    "parameters.csv", "summary.md", MANIFEST,
)  # fmt: skip
STUDY = output.Kind(
    "sensitivity study", frozenset({"scenario", "benchmark", "sets", "design"}), FILES, FIGURES
)
#: Measures of the figure, those that were asked for.
DRAWN = ("equivalent_variation", "real_gdp", "terms_of_trade")
#: Where draws are kept until a study is whole.
KEPT = f"{WORK}draws"


def default_folder(name: str) -> Path:
    """Return where a study is written unless the user says otherwise."""
    return Path("results") / "runs" / f"{name}-sensitivity"


def check_folder(folder: Path) -> None:
    """Raise InputError unless a study can be written to `folder`; changes nothing."""
    output.check_folder(folder, STUDY)


def write_sensitivity(
    study: Sensitivity, folder: Path, figure: bool = False
) -> tuple[list[Table], list[str]]:
    """Write a study, whole or not at all, and remove the draws that were kept for it.

    Parameters
    ----------
    study : Sensitivity
    folder : path
    figure : bool
        Also draw the intervals to figure.svg and figure.pdf.

    Returns
    -------
    tuple
        The tables of its summary and its notes, for the screen.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else.
    """
    found, parts = statistics(study), drivers(study)
    shown, lines = tables(found, parts), notes(study, parts)

    def fill(work: Path) -> None:
        _parquet(draws_table(study), work / "draws.parquet")
        for name, table in (("sensitivity", found), ("drivers", parts)):
            _parquet(table, work / f"{name}.parquet")
            table.to_csv(work / f"{name}.csv", index=False, float_format="%.10g")
        parameters_table(study).to_csv(work / "parameters.csv", index=False, float_format="%.10g")
        text = markdown(study, shown, lines)
        (work / "summary.md").write_text(text, encoding="utf-8", errors="backslashreplace")
        text = json.dumps(manifest(study, lines), indent=2)
        (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
        if figure:
            _draw(work)

    output.write_folder(folder, STUDY, fill)
    shutil.rmtree(folder / KEPT, ignore_errors=True)
    return shown, lines


def _draw(work: Path) -> None:
    """Draw the intervals of the first measures from the files in a folder."""
    from cge.results.charts.draw import draw  # matplotlib takes a second to import
    from cge.results.charts.style import save
    from cge.results.report.kinds import build
    from cge.results.report.runs import Choice, RunFolder

    run = RunFolder(work)
    known = dict.fromkeys(run.table("sensitivity.parquet")["measure"].astype(str))
    measures = tuple(name for name in DRAWN if name in known) or tuple(known)[:1]
    picture = draw(build("sensitivity", [run], Choice(measures=measures), figure=True))
    for name in FIGURES:
        save(picture, work / name)


def _parquet(table: pd.DataFrame, path: Path) -> None:
    with path.open("wb") as file:  # Arrow opens no path that is not UTF-8
        table.to_parquet(file, index=False)


def manifest(study: Sensitivity, lines: list[str]) -> dict[str, Any]:
    """Return what is needed to make and judge the study again."""
    b, design = study.benchmark, study.design
    return {
        "kind": "sensitivity",
        "scenario": study.scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
        "benchmark": {
            "name": b.name, "fingerprint": b.fingerprint, "status": b.status, "unit": b.unit,
            "notes": list(b.notes), "origin": dict(b.origin),
            "names": {axis: dict(named) for axis, named in b.names.items()},
        },
        "design": {
            "design": design.kind, "n": design.n, "distribution": design.distribution,
            "correlation": design.correlation, "seed": design.seed, "split": design.split,
        },
        "sets": [
            {
                "elasticities": one.elasticities, "speed": one.speed,
                "benchmark_and_elasticities": one.fingerprint,
                "parameters": len(one.parameters), "draws": len(one.points),
                "without_equilibrium": len(one.failures),
            }
            for one in study.sets
        ],
        "measures": list(dict.fromkeys(o.measure for o in study.outputs)),
        "solver": study.solver,
        "workers": study.workers,
        "seconds": round(study.seconds, 3),
        "draws_kept_from_an_interrupted_study": study.resumed,
        "notes": lines,
        "versions": output.versions(),
    }  # fmt: skip
