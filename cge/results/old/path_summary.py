"""The first page of a path: welfare by year, what it is worth, what it is due to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from cge.results.path_years import rates
from cge.results.report.grid import cells_of
from cge.results.report.kinds import build
from cge.results.report.page import Page
from cge.results.report.path_cases import EV
from cge.results.report.render import render
from cge.results.report.runs import Choice, RunFolder
from cge.results.sensitivity_summary import Table

from cge.experiments.path_run import PathRun
from cge.scenario.wording import policy_lines

#: Regions whose welfare is taken apart in the summary: those it changes most.
MOST = 3


def pages(work: Path) -> list[Page]:
    """Return the tables of a path that has been written to a folder."""
    run = RunFolder(work)
    found = [build("path-compare", [run])]
    rows = run.table("results.parquet")
    if (rows["measure"] == "ev_part").any():
        found.append(build("path-shocks", [run], Choice(regions=_largest(run))))
    return found


def _largest(run: RunFolder) -> tuple[str, ...]:
    """Return the regions whose welfare changes most in any year, in their order."""
    rows = run.table("results.parquet")
    rows = rows[rows["measure"] == EV]
    size = rows["value"].abs().groupby(rows["region"].astype(str), sort=False).max()
    chosen = set(size.sort_values(ascending=False).index[:MOST])
    return tuple(code for code in size.index if code in chosen)


def tables(found: Sequence[Page]) -> list[Table]:
    """Return pages as text, for the screen."""
    return [
        Table(": ".join(part for part in (page.caption, panel.title) if part),
              ["", *("\n".join(part for part in page.heading(c) if part) for c in panel.columns)],
              [[row, *(cell.plain for cell in cells)]
               for row, cells in zip(panel.rows, cells_of(panel), strict=True)])
        for page in found for panel in page.panels
    ]  # fmt: skip


def notes(run: PathRun) -> list[str]:
    """Return what must be said under any table of these paths."""
    b, case = run.benchmark, run.cases[0]
    discount, growth = rates(case)
    years, knowledge = len(case.years), case.knowledge
    path = run.scenario.path
    reallocated = path is not None and path.capital == "reallocated"
    moves = "moves between sectors" if reallocated else "accumulates and moves"
    lines = [
        *(f"Policy: {line}." for line in policy_lines(run.scenario)),
        *b.notes,
        f"Benchmark: {b.name}, {len(b.regions)} regions x {len(b.sectors)} sectors. Path of "
        f"{years} year{'s' if years > 1 else ''}, year 1 is the one after the benchmark.",
        "Each year is an equilibrium with short-run elasticities, capital fixed in its sector; "
        f"between years relations with suppliers adapt, capital {moves}"
        f"{'' if knowledge is None else ', research makes knowledge'}. Investors and researchers "
        "do not look ahead.",
        "Deviations from a baseline of balanced growth, on which nothing moves."
        if case.baseline is None
        else "Deviations from the baseline that is given, in which other things move as well.",
        f"Discount rate {100 * discount:g} %, growth of the baseline {100 * growth:g} %. Money is "
        "at benchmark prices and at the scale of the benchmark.",
    ]
    if knowledge is None:
        lines.append("Productivity stays on the baseline: there is no research in these paths.")
    else:
        lines += [_research_note(run), _estimated(run)]
    lines.append(
        "Results hinge on the trade elasticities, and those of knowledge on rates of return that "
        "are taken from the literature, some assumed: compare sets and levels, not one number. "
        "Every parameter with range and source is in manifest.json."
    )
    if b.status == "estimated":
        lines.insert(0, "BENCHMARK WITH ESTIMATED DATA.")
    return [line for line in lines if line]


def _research_note(run: PathRun) -> str:
    knowledge = run.cases[0].knowledge
    assert knowledge is not None
    p = knowledge.parameters
    told = []
    for name, words in (("return_private", "private"), ("return_social", "social"),
                        ("return_basic", "basic research")):  # fmt: skip
        entry = p.entries[name]
        told.append(f"{words} {entry.value:g} ({entry.low:g} to {entry.high:g}, {entry.status})")
    return f"Rates of return to research: {', '.join(told)}."


def _estimated(run: PathRun) -> str:
    """Return whose figures on research are filled by rule, or of another year."""
    knowledge = run.cases[0].knowledge
    assert knowledge is not None
    weak = {
        item: [
            code for code, part in zip(knowledge.regions, np.atleast_1d(values), strict=True)
            if part > 0.5
        ]
        for item, values in knowledge.estimated.items() if np.ndim(values) == 1
    }  # fmt: skip
    words = {"gerd": "all research", "basic": "basic research", "business": "business research"}
    told = [f"{words[item]} of {', '.join(codes)}" for item, codes in weak.items() if codes]
    return f"Estimated for the most part: {'; '.join(told)}." if told else ""


def markdown(run: PathRun, found: Sequence[Page]) -> str:
    """Return the summary as Markdown: tables with their own notes, then those of the run."""
    scenario = run.scenario
    lines = [f"# {scenario.title or scenario.name}", ""]
    if scenario.description:
        lines += [scenario.description.strip(), ""]
    common = [line for line in found[0].notes if all(line in page.notes for page in found)]
    common = common if len(found) > 1 else []
    for page in found:
        own = replace(page, notes=tuple(n for n in page.notes if n not in common), subject="")
        lines += [render(own, "markdown").strip(), ""]
    solutions = [year.solution for case in run.cases for year in case.years]
    residual = max(one.diagnostics.residual for one in solutions)
    walras = max(abs(one.diagnostics.walras) for one in solutions)
    return "\n".join([
        *lines, "All tables", "", *(f"- {line}" for line in common),
        f"- Accepted: all {len(solutions)} years of {len(run.cases)} paths; worst residual "
        f"{residual:.1e} (limit 1e-9), worst Walras {walras:.1e} of world income (limit 1e-9).",
        "",
    ])  # fmt: skip
