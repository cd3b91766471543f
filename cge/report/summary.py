"""The first pages of results, on the screen and in ``summary.md``: those their study names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cge.core.errors import InputError
from cge.core.once import once_for_each
from cge.report.drafts.choice import choice_of
from cge.report.format.page import Page
from cge.report.format.render import render
from cge.report.kinds import build
from cge.results.resultset import ResultSet
from cge.results.run_folder import FIGURES, SUMMARY


@once_for_each
def named(results: ResultSet) -> list[tuple[str, Mapping[str, Any], Page]]:
    """Pages that the study names, with kind and options: those it has rows for; built once."""
    pages = [(name, options, built(name, [results], options))
             for name, options in results.manifest.get("pages", ())]  # fmt: skip
    return [(name, options, page) for name, options, page in pages if page is not None]


def pages(results: ResultSet) -> list[Page]:
    """Pages that the study names, those for which the results have rows."""
    return [page for _, _, page in named(results)]


def built(
    name: str, found: Sequence[ResultSet], options: Mapping[str, Any], figure: bool = False
) -> Page | None:
    """A page of a kind, or its figure; None where the results have no rows for it."""
    try:
        return build(name, found, choice_of(options), figure)
    except InputError:
        return None


def notes(found: list[Page]) -> list[str]:
    """Notes of pages, each once."""
    return list(dict.fromkeys(line for page in found for line in page.below))


def accepted(results: ResultSet) -> str:
    """On what the solutions were accepted, in a sentence; empty where the manifest is silent."""
    told = {"residual", "walras", "solver"}
    cases = [case for case in results.manifest.get("cases", ()) if told <= case.keys()]
    if not cases:
        return ""
    residual = max(float(case["residual"]) for case in cases)
    walras = max(abs(float(case["walras"])) for case in cases)
    solvers = ", ".join(dict.fromkeys(str(case["solver"]) for case in cases))
    return (
        f"Accepted: largest residual {residual:.1e} (limit 1e-9), Walras' law {walras:.1e} of "
        f"world income (limit 1e-9); {solvers}, {len(cases)} solutions."
    )


def markdown(results: ResultSet) -> str:
    """Summary of results as Markdown."""
    scenario, found = results.scenario, pages(results)
    pieces = [f"# {scenario.get('title') or scenario.get('name', '')}\n"]
    if scenario.get("description"):
        pieces.append(f"{str(scenario['description']).strip()}\n")
    pieces += [render(replace(page, notes=(), names={}, subject=""), "markdown") for page in found]
    below = "".join(f"- {line}\n" for line in [*notes(found), accepted(results)] if line)
    return "\n".join([*pieces, "Notes\n", below])


def files(results: ResultSet, figure: bool = False) -> dict[str, Callable[[Path], None]]:
    """Files beside the rows of results: the summary, and its figure if wanted."""

    def summary(path: Path) -> None:
        path.write_text(markdown(results), encoding="utf-8", errors="backslashreplace")

    made: dict[str, Callable[[Path], None]] = {SUMMARY: summary}
    name = results.manifest.get("figure")
    if figure and name:
        from cge.report.charts.draw import draw  # matplotlib takes a second to import
        from cge.report.charts.style import save

        picture = draw(build(name, [results], figure=True))
        for file in FIGURES:
            made[file] = lambda path: save(picture, path)
    return made
