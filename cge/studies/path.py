"""Paths of years: how a policy works out from the short run to the long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cge.core.errors import InputError
from cge.path.batches import PathOfVariant, SetOfPaths
from cge.path.path_rows import PathFigures, path_rows
from cge.path.solved import PathCase
from cge.path.solving import solved_path
from cge.path.year_parts import some_years
from cge.results.manifest import manifest
from cge.results.resultset import ResultSet
from cge.results.schema import joined, labelled
from cge.scenario.named_files import files_of
from cge.scenario.schema import Scenario
from cge.scenario.variants import ScenarioSet
from cge.solve.model import Solver
from cge.studies.static import labels_of
from cge.studies.study import Study, Work, check_solver, option
from cge.tasks.runner import Place, Runner, Task

#: Returns that are named in notes.
_RETURNS = {
    "return_private": "private", "return_social": "social", "return_basic": "basic research",
}  # fmt: skip
#: Figures on research in words.
_RESEARCH = {
    "gerd": "all research", "basic": "basic research", "business": "business research",
}  # fmt: skip


@dataclass(frozen=True)
class DynamicPath(Study):
    """Solve a scenario year by year, from the short run to the long.

    Parameters
    ----------
    solver : {"newton", "ipopt"}
    decompose : bool
        Take welfare apart in some years.
    decompose_years : tuple of int
        In which; default 1, 10 and the last.
    """

    kind: ClassVar[str] = "path"
    command: ClassVar[str] = "path"
    suffix: ClassVar[str] = "-path"
    keys: ClassVar[tuple[str, ...]] = ("path.years", "path.returns")
    example: ClassVar[str] = "path-us-china-tariff-war --aggregation small --years 5"

    solver: Solver = option("newton", "newton or ipopt.")
    decompose: bool = option(True, "Take welfare apart in some years.")
    decompose_years: tuple[int, ...] = option((), "Which years; default 1, 10 and the last.")

    def work(self) -> Work:
        check_solver(self.solver)
        scenario = self.question
        made = SetOfPaths(scenario, ScenarioSet(scenario).members, self.solver)
        years = self._parts(made.choice.years)
        solved = yield from made.solved()
        results = yield [
            Task(
                made.label(one.elasticities, one.level, one.member), path_rows,
                PathFigures(
                    one.content, one.level == made.main_level,
                    years if one.level == made.main_level else (),
                ),
            )
            for one in solved
        ]  # fmt: skip
        return self._results(made, solved, results)

    def _parts(self, last: int) -> tuple[int, ...]:
        """Years whose welfare is taken apart."""
        if not self.decompose:
            return ()
        for year in self.decompose_years:
            if not 1 <= year <= last:
                raise InputError("the path has no such year", key="decompose_years", value=year,
                                 allowed=f"1 to {last}")  # fmt: skip
        return tuple(sorted(set(self.decompose_years))) or some_years(last)

    def _results(
        self, made: SetOfPaths, solved: Sequence[PathOfVariant], results: Sequence[Mapping]
    ) -> ResultSet:
        frames, cases = [], []
        for one, found in zip(solved, results, strict=True):
            labels = labels_of(self.kind, self.question, one.member, one.elasticities)
            labels["research_return"] = one.level
            frames.append(labelled(found["rows"], **labels))
            lost = ", ".join(map(str, found["lost"]))
            failure = f"year {lost}" if lost else ""
            cases.append({**labels, "step": 1.0, **one.facts, "failure": failure})
        b = next(iter(made.benchmarks.values()))
        files = [path for one in solved for path in files_of(one.member.scenario)]
        notes = path_notes(made, self.question, cases)
        last = {"years": [made.choice.years], "elasticities": [next(iter(made.benchmarks))]}
        pages = [["worth", {}], ["shocks", last]]
        return ResultSet(joined(frames), manifest(
            self.spec, b, cases, notes, files, **made.made_from, pages=pages, figure="years",
        ))  # fmt: skip


def solve_paths(
    scenario: Scenario | str | Path, *, solver: Solver = "newton", runner: Runner | None = None
) -> dict[tuple[str, str, str], PathCase]:
    """Solve a scenario year by year, and return its paths with the solutions of all years.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of its file, or the name of a shipped one.
    solver : {"newton", "ipopt"}
    runner : Runner, optional
        Default: this process, nothing kept.

    Returns
    -------
    dict
        A path by elasticity set, level of returns to research, and variant.

    Raises
    ------
    InputError
        When the scenario or its data are wrong.
    NoEquilibrium
        When a year has no solution that passes.
    """
    check_solver(solver)
    question = DynamicPath(scenario).question
    with (runner or Runner(workers=1, cache=None)).open() as session:
        found = session.drive(SetOfPaths(question, ScenarioSet(question).members, solver).solved())
        place = Place(session.store.steps("none"), session.models, session.store)
        return {
            (one.elasticities, one.level, one.member.variant): solved_path(one.content, place)
            for one in found
        }


def path_notes(made: SetOfPaths, scenario: Scenario, cases: Sequence[Mapping]) -> list[str]:
    """Lines that must stand under any table of these paths."""
    parameters, knowledge = made.made_from["parameters"], made.made_from["knowledge"]
    years = made.choice.years
    moves = "accumulates and moves" if made.choice.capital == "accumulates" else (
        "moves between sectors")  # fmt: skip
    discount, growth = (100 * parameters[name]["value"] for name in ("discount_rate", "growth"))
    lines = [
        *(f"Policy: {line}." for line in ScenarioSet(scenario).lines),
        f"Path of {years} year{'s' if years > 1 else ''}, year 1 is the one after the benchmark.",
        "Each year is an equilibrium with short-run elasticities, capital fixed in its sector; "
        f"between years relations with suppliers adapt, capital {moves}"
        f"{', research makes knowledge' if knowledge else ''}. Investors and researchers do not "
        "look ahead.",
        "Deviations from the baseline that is given, in which other things move as well."
        if any(case["baseline"] == "given" for case in cases)
        else "Deviations from a baseline of balanced growth, on which nothing moves.",
        f"Discount rate {discount:g} %, growth of the baseline {growth:g} %. Money is at benchmark "
        "prices and at the scale of the benchmark.",
    ]
    if knowledge:
        lines += [_returns_note(parameters), *_estimated_note(knowledge["part_estimated"])]
    else:
        lines.append("Productivity stays on the baseline: there is no research in these paths.")
    lines.append(
        "Results hinge on the trade elasticities, and those of knowledge on rates of return that "
        "are taken from the literature, some assumed: compare sets and levels, not one number. "
        "Every parameter with range and source is in manifest.json."
    )
    return lines


def _returns_note(parameters: Mapping[str, Mapping[str, Any]]) -> str:
    rates = ", ".join(
        f"{words} {entry['value']:g} ({entry['low']:g} to {entry['high']:g}, {entry['status']})"
        for name, words in _RETURNS.items() for entry in (parameters[name],)
    )  # fmt: skip
    return f"Rates of return to research: {rates}."


def _estimated_note(estimated: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Whose figures on research are filled by rule, or of another year."""
    weak = {
        words: [code for code, part in estimated[item].items() if part > 0.5]
        for item, words in _RESEARCH.items()
    }
    parts = [f"{words} of {', '.join(codes)}" for words, codes in weak.items() if codes]
    return [f"Estimated for the most part: {'; '.join(parts)}."] if parts else []
