"""A path's output folder: written whole or not at all, and nothing of others' touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cge.results.path_parts import periods
from cge.results.path_tidy import main_returns, tidy_path
from cge.results.path_years import rates
from cge.results.sensitivity_summary import Table

from cge.core.parameters import Parameter
from cge.data.knowledge.stocks import KnowledgeData
from cge.data.parameter_files import load_dynamics_parameters, load_knowledge_parameters
from cge.experiments.path_run import PathCase, PathRun, PathYear
from cge.indicators.present_value import NOISE
from cge.results import folder as output
from cge.results import path_summary
from cge.results.folder import MANIFEST

#: Welfare by year, and what remains of the first year's in the last.
DRAWN = {"figure": "path", "remaining": "path-remaining"}
FIGURES = tuple(f"{name}.{form}" for name in DRAWN for form in ("svg", "pdf"))
FILES = ("results.parquet", "results.csv", "summary.md", MANIFEST)
PATH = output.Kind("path", frozenset({"scenario", "benchmark", "paths"}), FILES, FIGURES)


def default_folder(name: str) -> Path:
    """Return where a path is written unless the user says otherwise."""
    return Path("results") / "runs" / f"{name}-path"


def check_folder(folder: Path) -> None:
    """Raise InputError unless a path can be written to `folder`; changes nothing."""
    output.check_folder(folder, PATH)


def write_path(
    run: PathRun, folder: Path, figure: bool = False, parts: Sequence[int] | None = None
) -> tuple[list[Table], list[str]]:
    """Write results.parquet, results.csv, summary.md and manifest.json.

    results.csv holds the figures of regions, results.parquet also those of sectors and routes.

    Parameters
    ----------
    run : PathRun
    folder : path
    figure : bool
        Also draw welfare by year, and what remains of the first year's, as SVG and PDF.
    parts : sequence of int, optional
        Years whose welfare is taken apart; default 1, 10 and the last.

    Returns
    -------
    tuple
        The tables of its summary and its notes, for the screen.

    Raises
    ------
    InputError
        If the folder can not be written, or holds something else; unless the discount rate
        exceeds growth.
    """
    output.check_folder(folder, PATH)
    table = tidy_path(run, parts)
    lines = [*path_summary.notes(run), *_not_taken_apart(run, table, parts)]
    shown: list[Table] = []

    def fill(work: Path) -> None:
        with (work / "results.parquet").open("wb") as file:  # Arrow opens no path not in UTF-8
            table.to_parquet(file, index=False)
        regional = table[table["sector"].isna() & table["partner"].isna()]
        regional.to_csv(work / "results.csv", index=False, float_format="%.10g")
        text = json.dumps(manifest(run, lines), indent=2)
        (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
        pages = path_summary.pages(work)
        shown.extend(path_summary.tables(pages))
        text = path_summary.markdown(run, pages)
        (work / "summary.md").write_text(text, encoding="utf-8", errors="backslashreplace")
        if figure:
            _draw(work)

    output.write_folder(folder, PATH, fill)
    return shown, lines


def _not_taken_apart(run: PathRun, table: pd.DataFrame, parts: Sequence[int] | None) -> list[str]:
    """Return a line for every path with years whose welfare could not be taken apart."""
    found = table[table["measure"] == "ev_part"]
    main = main_returns(run)
    lines = []
    for case in run.cases:
        if case.returns != main:
            continue
        here = found["scenario"] == case.scenario.name
        here &= found["elasticities"] == case.elasticities
        wanted = periods(len(case.years)) if parts is None else parts
        moved = {y.year for y in case.years if _moves(y)}
        lost = sorted(moved.intersection(wanted) - set(found.loc[here, "period"]))
        if lost:
            years = ", ".join(map(str, lost))
            name = ", ".join(part for part in (case.variant, case.elasticities) if part)
            lines.append(f"Welfare could not be taken apart: {name}, year {years}.")
    return lines


def _moves(year: PathYear) -> bool:
    """Return whether anybody's welfare changes."""
    return bool((np.abs(year.solution.measure("equivalent_variation")) > NOISE).any())


def _draw(work: Path) -> None:
    from cge.results.charts.draw import draw  # matplotlib takes a second to import
    from cge.results.charts.style import save
    from cge.results.report.kinds import build
    from cge.results.report.runs import RunFolder

    run = RunFolder(work)
    for name, kind in DRAWN.items():
        picture = draw(build(kind, [run], figure=True))
        for form in ("svg", "pdf"):
            save(picture, work / f"{name}.{form}")


def manifest(run: PathRun, lines: list[str]) -> dict[str, Any]:
    """Return what is needed to make and judge the paths again."""
    b = run.benchmark
    knowledge = run.cases[0].knowledge
    return {
        "kind": "path",
        "scenario": run.scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
        "benchmark": {
            "name": b.name, "fingerprint": b.fingerprint, "status": b.status, "unit": b.unit,
            "notes": list(b.notes), "origin": dict(b.origin),
            "names": {axis: dict(named) for axis, named in b.names.items()},
        },
        "parameters": _parameters(run),
        "knowledge": None if knowledge is None else {
            "source": knowledge.source,
            "fingerprint": _fingerprint(knowledge),
            "part_estimated": {
                item: {
                    code: round(float(part), 4)
                    for code, part in zip(b.regions, _by_region(knowledge, values), strict=True)
                }
                for item, values in knowledge.estimated.items()
            },
        },
        "paths": [_path(case) for case in run.cases],
        "notes": lines,
        "versions": output.versions(),
    }  # fmt: skip


def _fingerprint(knowledge: KnowledgeData) -> str:
    """Return a name for the figures on research, by which others can be told from them."""
    digest = hashlib.sha256()
    for name in ("business", "public_applied", "basic", "depreciation"):
        digest.update(np.ascontiguousarray(getattr(knowledge, name)).tobytes())
    return digest.hexdigest()


def _by_region(knowledge: KnowledgeData, values: Any) -> Any:
    """Return a flag by region; one by sector is weighted with business research."""
    if np.ndim(values) == 1:
        return values
    total = knowledge.business.sum(axis=1)
    return np.divide((values * knowledge.business).sum(axis=1), total,
                     out=np.zeros_like(total), where=total > 0)  # fmt: skip


def _path(case: PathCase) -> dict[str, Any]:
    solutions = [year.solution for year in case.years]
    discount, growth = rates(case)
    return {
        "variant": case.variant,
        "elasticities": case.elasticities,
        "returns": case.returns,
        "benchmark_and_elasticities": solutions[0].model.benchmark.fingerprint,
        "speed": solutions[0].model.speed,
        "closure": solutions[0].closure.name,
        "years": len(case.years),
        "discount_rate": discount,
        "growth": growth,
        "baseline": "balanced growth" if case.baseline is None else "given",
        "solver": solutions[0].diagnostics.solver,
        "worst_residual": max(s.diagnostics.residual for s in solutions),
        "worst_walras": max(abs(s.diagnostics.walras) for s in solutions),
        "iterations": sum(s.diagnostics.iterations for s in solutions),
        "unknowns": solutions[0].resolved.system.size,
        "seconds": round(sum(year.seconds for year in case.years), 3),
    }


def _parameters(run: PathRun) -> dict[str, dict[str, Any]]:
    """Return every parameter of the path: value in force, range, unit, status, source."""
    main = main_returns(run)
    case = next(case for case in run.cases if case.returns == main)
    entries: dict[str, Parameter] = {**load_dynamics_parameters().entries}
    if case.knowledge is not None:
        entries.update(case.knowledge.parameters.entries)
    else:
        entries["growth"] = load_knowledge_parameters().entries["growth"]
    known = {}
    for name, entry in entries.items():
        known[name] = entry.record()
        value = case.parameters.get(name, entry.value)
        if value != entry.value:
            known[name].update(value=value, low=min(entry.low, value),
                               high=max(entry.high, value), status="assumed",
                               citation="given by the user")  # fmt: skip
    return known
