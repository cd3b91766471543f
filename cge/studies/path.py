"""Paths of years: how a policy works out from the short run to the long."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

from cge.core.errors import InputError, check_same, refuse_first, refuse_if, retold
from cge.core.typed import checked
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import HORIZONS
from cge.path.laws import choice_of, path_closure
from cge.path.path_rows import PathFigures, path_rows, some_years
from cge.path.solved import PathCase
from cge.path.solving import PathContent, check_path, path_task, solved_path
from cge.policy.adjustment import is_gradual
from cge.policy.variant_tasks import VariantResult, VariantTasks
from cge.results.policy_rows import PARTS
from cge.results.reads import measures_of, of_variant, years_of
from cge.results.resultset import ResultSet
from cge.scenario.schema import Scenario
from cge.scenario.study_options import PathChoice
from cge.scenario.variants import Member, ScenarioSet
from cge.solve.model import Solver
from cge.studies.drawable import Drawable
from cge.studies.scenario_parameters import (
    dynamics_parameters,
    knowledge_parameters,
    short_run_drawn,
)
from cge.studies.study import Work, labels_of, opened, option
from cge.tasks.runner import Runner, Task
from cge.uncertainty.selection import DYNAMICS, KNOWLEDGE, SHORT_RUN, Family

#: Returns that are named in notes.
_RETURNS = {
    "return_private": "private", "return_social": "social", "return_basic": "basic research",
}  # fmt: skip
#: Figures on research in words.
_RESEARCH = {
    "gerd": "all research", "basic": "basic research", "business": "business research",
}  # fmt: skip


@dataclass(frozen=True)
class DynamicPath(Drawable):
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

    main_measures: ClassVar[tuple[str, ...]] = (
        "equivalent_variation", "real_gdp", "terms_of_trade", "consumer_real_return[LAB]",
        "present_value", "present_value_money",
    )  # fmt: skip

    decompose: bool = option(True, "Take welfare apart in some years.")
    decompose_years: tuple[int, ...] = option((), "Which years; default 1, 10 and the last.")

    def work(self) -> Work:
        tasks = self.tasks()
        parts = self._parts(tasks.choice.years)
        solved = yield from tasks.solved()
        results = yield [Task(one.task.label, path_rows, self._figures(one, tasks, parts))
                         for one in solved]  # fmt: skip
        cases = []
        for one, found in zip(solved, results, strict=True):
            labels = labels_of(self.kind, self.question, one.member, one.elasticities)
            labels["research_return"] = one.level
            lost = ", ".join(map(str, found["lost"]))
            cases.append((labels, found["rows"], {
                "step": 1.0, **one.found["facts"], "failure": f"year {lost}" if lost else "",
            }))  # fmt: skip
        name, b = next(iter(tasks.benchmarks.items()))
        last = {"years": [tasks.choice.years], "elasticities": [name]}
        return self.results(
            cases, b, [one.member.scenario for one in solved],
            path_notes(tasks, [one.found["facts"] for one in solved]), **tasks.made_from,
            pages=[["worth", {}], ["shocks", last]], figure="years",
        )  # fmt: skip

    @property
    def horizons(self) -> tuple[str, ...]:
        """Elasticities of both horizons: a year is short, a path goes to the long."""
        return HORIZONS

    def families(self, split: bool = False) -> dict[str, Family]:
        """Parameters: of elasticities, of the path, of knowledge and of a short year."""
        return {**super().families(split), **path_families(self.question, self.benchmarks)}

    def solutions(self, central: ResultSet) -> int:
        """Equilibria of a draw: of each year itself, and as it is expected."""
        return sum(2 * case["years"] for case in central.manifest["cases"])

    def tasks(self) -> PathTasks:
        """Tasks of all variants."""
        return PathTasks(
            self.question,
            self.members,
            self.benchmarks,
            self.solver,
            tells=not self.accounts,
        )

    def _figures(
        self, one: VariantResult, tasks: PathTasks, parts: tuple[int, ...]
    ) -> PathFigures:  # fmt: skip
        """Figures of a path that are collected."""
        main, content = one.level == tasks.main_level, one.task.content
        if not self.reads:
            return PathFigures(content, main, parts if main else (), self.only)
        reads = of_variant(self.reads, one.member.variant)
        measures = measures_of(self.reads, one.member.variant, self.only)
        own = tuple(year for year in parts if year in years_of(reads, PARTS))
        return PathFigures(content, main, own if main else (), measures, years_of(reads))

    def _parts(self, last: int) -> tuple[int, ...]:
        """Years whose welfare is taken apart."""
        if not self.decompose or (self.only and not {*self.only} & {*PARTS}):
            return ()
        refuse_first((year for year in self.decompose_years if not 1 <= year <= last),
                     "the path has no such year", key="decompose_years",
                     allowed=f"1 to {last}")  # fmt: skip
        return tuple(sorted(set(self.decompose_years))) or some_years(last)


@dataclass(eq=False)
class PathTasks(VariantTasks):
    """Paths of all variants under all elasticity sets and levels of returns to research.

    Raises
    ------
    InputError
        For what a path can not be.
    """

    #: What the paths are made from, once they are checked: :func:`check_path`.
    made_from: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.choice = check_paths(self.scenario, self.members)
        self.levels = self.choice.returns

    @property
    def main_level(self) -> str:
        """Level of the returns to research that is shown in full."""
        return "central" if "central" in self.levels else self.levels[0]

    def content(
        self, name: str, level: str, member: Member, equal: Sequence[float] | None = None
    ) -> PathContent:
        """Content of a path; `equal` is for each year the outlay that another variant has."""
        path = choice_of(member.scenario).model_copy(update={"returns": [level]})
        if member.scenario.equal is None:  # only then does it matter what others share
            member = replace(member, shared={})
        return PathContent.of(member, self.benchmarks[name], self.solver, equal, {"path": path},
                              stand_ins=self.stand_ins(member))  # fmt: skip

    def task(
        self, name: str, level: str, member: Member, equal: Sequence[float] | None = None
    ) -> Task:
        """Task of one path."""
        content = self.content(name, level, member, equal)
        return path_task(self.label(name, level, member), content, member)

    def solved(self) -> Generator[list[Task], list[Any], list[VariantResult]]:
        """Yield the tasks; return the paths by set, level and variant."""
        checked = yield self.checks()
        self.made_from = {name: checked[0][name] for name in ("parameters", "knowledge")}
        if self.tells:
            moves = (one["moves"] for one in checked)
            self.refuse_idle(zip(self.members, moves, strict=True))
        baselines = list(self._baselines())
        if baselines:
            yield baselines
        return (yield from super().solved())

    def checks(self) -> list[Task]:
        """Tasks that check every variant before the first year of any takes its time."""
        name = next(iter(self.benchmarks))
        return [
            Task(f"{member.variant or name}: calibrating and compiling", check_path,
                 self.content(name, self.main_level, member), 0, member.told)
            for member in self.members
        ]  # fmt: skip

    def _baselines(self) -> Iterator[Task]:
        """Paths of the baselines that are given, on which the others lean."""
        for place in product(self.benchmarks, self.levels, self.members):
            content = self.content(*place).baseline
            if content is not None:
                yield path_task(f"{self.label(*place)}, baseline", content, place[2])


@checked
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
    study = DynamicPath(scenario, solver=solver)
    with opened(study, runner or Runner(workers=1, cache=None)) as session:
        return {
            (one.elasticities, one.level, one.member.variant):
                solved_path(one.task.content, session.place)
            for one in session.drive(study.tasks().solved())
        }  # fmt: skip


def path_families(scenario: Scenario, benchmarks: Mapping[str, Benchmark]) -> dict[str, Family]:
    """Uncertain parameters of a path beside its elasticities, by family."""
    (b,) = benchmarks.values()
    found: dict[str, Family] = {
        DYNAMICS: partial(dynamics_parameters, scenario, b),
        KNOWLEDGE: partial(knowledge_parameters, scenario, b),
    }
    members = ScenarioSet(scenario).members
    if any(is_gradual(path_closure(one.scenario, b)) for one in members):
        found[SHORT_RUN] = partial(short_run_drawn, scenario, True)
    return found


#: What must be said of paths of a world that saves.
_LOCATED = (
    "Capital earns where it stands, whoever saved for it, as in the standard GTAP model: a region "
    "whose saving goes abroad is told poorer from year to year than it is by what that would earn, "
    "and its host richer. Over the world nothing is missing."
)


def path_notes(tasks: PathTasks, facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines that must stand under any table of these paths."""
    parameters, knowledge = tasks.made_from["parameters"], tasks.made_from["knowledge"]
    years = tasks.choice.years
    moves = "accumulates and moves" if tasks.choice.capital == "accumulates" else (
        "moves between sectors")  # fmt: skip
    discount, growth = (100 * parameters[name]["value"] for name in ("discount_rate", "growth"))
    lines = [
        *(f"Policy: {line}." for line in ScenarioSet(tasks.scenario).lines),
        f"Path of {years} year{'s' if years > 1 else ''}, year 1 is the one after the benchmark.",
        "Each year is an equilibrium with short-run elasticities, capital fixed in its sector; "
        f"between years relations with suppliers adapt, capital {moves}"
        f"{', research makes knowledge' if knowledge else ''}. Investors and researchers do not "
        "look ahead.",
        "Deviations from the baseline that is given, in which other things move as well."
        if any(one["baseline"] == "given" for one in facts)
        else "Deviations from a baseline of balanced growth, on which nothing moves.",
        f"Discount rate {discount:g} %, growth of the baseline {growth:g} %. Money is at benchmark "
        "prices and at the scale of the benchmark.",
    ]
    if any(b.saving is not None for b in tasks.benchmarks.values()):
        lines.append(_LOCATED)
    if knowledge:
        lines += [returns_note(parameters), *_estimated_note(knowledge["part_estimated"])]
    else:
        lines.append("Productivity stays on the baseline: there is no research in these paths.")
    lines.append(
        "Results hinge on the trade elasticities, and those of knowledge on rates of return that "
        "are taken from the literature, some assumed: compare sets and levels, not one number. "
        "Every parameter with range and source is in manifest.json."
    )
    return lines


def returns_note(parameters: Mapping[str, Mapping[str, Any]]) -> str:
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


def check_paths(scenario: Scenario, members: Sequence[Member]) -> PathChoice:
    """Check that a scenario can be a path; the choice that its variants share.

    Raises
    ------
    InputError
        Naming what they can not say, or do not share.
    """
    choices = [choice_of(member.scenario) for member in members]
    refuse_if(scenario.steps is not None, "a path has years, not steps", key="steps",
              value=scenario.steps, allowed="phase_in of a measure")  # fmt: skip
    check_same(choices, ("years", "returns"), "variants", "path")
    for member in members:
        with retold(member.told):
            _check_member(member.scenario, choices[0].years)
    return choices[0]


def _check_member(scenario: Scenario, years: int) -> None:
    equal = scenario.equal
    if equal is not None:
        refuse_if(equal.what == "welfare" and equal.year is None,
                  "of a path needs the year of which it is", key="equal.year",
                  allowed=f"1 to {years}, or present_value in place of welfare")  # fmt: skip
        refuse_if((equal.year or 1) > years, "is beyond the path", key="equal.year",
                  value=equal.year, allowed=f"1 to {years} (path.years)")  # fmt: skip
    for key, measure in scenario.measures.items():
        refuse_if(measure.start > years, "starts after the last year of the path",
                  key=f"{key}.start", value=measure.start, allowed=f"1 to {years}")  # fmt: skip
    about_knowledge = sum(one.unsized for one in scenario.knowledge)
    if about_knowledge + any(one.unsized for one in scenario.policy) > 1:
        raise InputError(
            "one outlay is to be reached, by measures of one kind", key="equal",
            allowed="one measure about knowledge, or policy of one instrument, without a size",
        )  # fmt: skip
