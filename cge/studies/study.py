"""Studies, and how one is run."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from pydantic import BaseModel

from cge.core.errors import check_known, prefixed, refuse_if, retold
from cge.core.fields import files_of
from cge.core.typed import check_fields
from cge.data.accounts.benchmark import Benchmark
from cge.policy.benchmarks import benchmarks_of
from cge.policy.chosen_sectors import sets_told
from cge.results.manifest import manifest
from cge.results.resultset import ResultSet
from cge.results.row_schema import joined, labelled
from cge.scenario.schema import Scenario, completed, find_scenario, load_scenario
from cge.scenario.variants import Member, members_of
from cge.solve.model import SOLVERS
from cge.tasks.runner import BEYOND, MOST_STEPS, Runner, Session, Task

#: More scenarios in one than anybody looks at: a guard against a grid written by mistake.
MOST_MEMBERS = 400
#: Keys of a scenario that every study reads.
OF_ITSELF = frozenset({"name", "title", "description", "benchmark", "elasticities"})
#: The same with what may be said of the world beside its table.
OF_WORLD = OF_ITSELF | {"sets", "ownership"}
#: Yields tasks, is sent their results, returns the results of the study.
Work = Generator[Sequence[Task], list[Any], ResultSet]
#: Labels of rows, rows, and facts for the manifest.
Case = tuple[Mapping[str, Any], pd.DataFrame, Mapping[str, Any] | None]


def option(
    default: Any = MISSING, help: str = "", factory: Any = MISSING, allowed: Any = None
) -> Any:
    """Option of a study, with the help that the command line shows, and what it may be."""
    return field(default=default, default_factory=factory,
                 metadata={"help": help, "allowed": allowed})  # fmt: skip


def solver_option() -> Any:
    """The option `solver` of a study that solves models."""
    return option("newton", "newton or ipopt.", allowed=SOLVERS)


def inner(default: Any = MISSING, factory: Any = MISSING) -> Any:
    """Field by which one study sets up another; no option of a user's."""
    return field(default=default, default_factory=factory, repr=False, kw_only=True,
                 metadata={"inner": True})  # fmt: skip


@dataclass(frozen=True)
class Study(ABC):
    """A question and how it is worked out: as independent tasks whose results are collected.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario, the path of its file, or the name of a shipped one.
    """

    scenario: Scenario | str | Path
    #: Name in manifests and results, and of the command; ending of the output folder's name.
    kind: ClassVar[str]
    command: ClassVar[str]
    suffix: ClassVar[str] = ""
    #: Layout of the file that it is asked with. Of another than a scenario the study is made
    #: with the path of the file, and `changes` of the keys of its scenarios.
    asked: ClassVar[type[BaseModel]] = Scenario
    #: Keys of the scenario for which the command line has flags; whether it takes several
    #: scenarios; the arguments of its example.
    keys: ClassVar[tuple[str, ...]] = ()
    several: ClassVar[bool] = False
    example: ClassVar[str] = "us-china-tariff-war --aggregation small"

    def __post_init__(self) -> None:
        check_fields(self, ["scenario", *option_names(type(self))])
        for one in fields(self):
            if one.metadata.get("allowed"):
                check_known([getattr(self, one.name)], one.metadata["allowed"],
                            f"unknown {one.name}", key=one.name)  # fmt: skip

    @abstractmethod
    def work(self) -> Work:
        """Do it: yield tasks, be sent their results, return the results of the study."""

    @cached_property
    def question(self) -> Scenario:
        """The scenario, complete.

        Raises
        ------
        InputError
            If there is none, or it is wrong.
        """
        if isinstance(self.scenario, Scenario):
            return completed(self.scenario)
        return load_scenario(find_scenario(self.scenario))

    @property
    def file(self) -> Path | None:
        """File of the scenario, if it has one."""
        if isinstance(self.scenario, BaseModel):
            return getattr(self.scenario, "_file", None)
        return find_scenario(self.scenario)

    @property
    def folder(self) -> str:
        """Name of the output folder."""
        return f"{self.question.name}{self.suffix}"

    @property
    def options(self) -> dict[str, Any]:
        """Options other than the scenario."""
        return {name: getattr(self, name) for name in option_names(type(self))}

    @property
    def spec(self) -> dict[str, Any]:
        """Content of a manifest of which the study can be made again."""
        plain = {name: list(value) if isinstance(value, tuple) else value
                 for name, value in self.options.items()}  # fmt: skip
        return {"study": self.kind, "options": plain, "scenario": content_of(self.question)}

    def parts(self) -> Sequence[Scenario]:
        """The scenarios that are worked out, each of which may stand for several."""
        return [self.question]

    def amount(self) -> int:
        """About how many solutions it takes, counted without making anything."""
        return sum(map(solutions_of, self.parts()))

    def results(
        self, cases: Iterable[Case], benchmark: Benchmark, scenarios: Iterable[Scenario],
        notes: Sequence[str], **more: Any,
    ) -> ResultSet:  # fmt: skip
        """Rows of cases under their labels, and the manifest.

        Parameters
        ----------
        cases : iterable of (labels, DataFrame, facts)
            Facts are those of a solution for the manifest; None for more rows of a case.
        benchmark : Benchmark
            The accounts, with the first elasticity set.
        scenarios : iterable of Scenario
            Whose files were read.
        notes : sequence of str
        **more
            See :func:`cge.results.manifest.manifest`.
        """
        every, told = list(cases), list(sets_told(benchmark, self.question.sets))
        for one in self.parts()[1:]:  # each has sets of its own
            if one.sets:
                told += sets_told(next(iter(benchmarks_of(one).values())), one.sets)
        return ResultSet(
            joined(labelled(rows, **labels) for labels, rows, _ in every),
            manifest(
                self.spec, benchmark,
                [{**labels, **facts} for labels, _, facts in every if facts is not None],
                [*notes, *told], (path for one in scenarios for path in files_of(one)), **more,
            ),
        )  # fmt: skip


def solutions_of(scenario: Scenario) -> int:
    """Solutions of a scenario: of every member, elasticity set, level of returns, year and step."""
    path = scenario.path
    each = len(scenario.steps or [1.0]) if path is None else path.years * len(path.returns)
    return members_of(scenario) * len(scenario.chosen_elasticities) * each


def content_of(scenario: Scenario) -> dict[str, Any]:
    """A scenario in plain data, with the defaults that are in force."""
    content = scenario.model_dump(mode="json", by_alias=True, exclude_unset=True)
    content["benchmark"] = scenario.benchmark.model_dump(mode="json")
    content["elasticities"] = scenario.chosen_elasticities
    return content


def option_names(kind: type[Study]) -> list[str]:
    """Names of all options of a kind of study."""
    return [f.name for f in fields(kind) if f.name != "scenario" and "inner" not in f.metadata]


def option_fields(kind: type[Study]) -> list[Field[Any]]:
    """Options of a kind of study that the command line has."""
    return [f for f in fields(kind) if "help" in f.metadata]


def refuse_others(scenario: Scenario, read: Collection[str], problem: str) -> None:
    """Refuse keys of a scenario that a study does not read.

    Parameters
    ----------
    scenario : Scenario
    read : collection of str
        Keys that it reads.
    problem : str
        What is wrong with the others.

    Raises
    ------
    InputError
        Naming the key.
    """
    for key, one in type(scenario).model_fields.items():
        default = one.get_default(call_default_factory=True)
        refuse_if(key not in read and getattr(scenario, key) != default, problem, key=key,
                  allowed=sorted(read))  # fmt: skip


def section_of(
    scenario: Scenario, name: str, holds: str, read: Collection[str], problem: str
) -> Any:
    """The section of a scenario that a study is about, of which all else must be read.

    Parameters
    ----------
    scenario : Scenario
    name : str
        Key of the section.
    holds : str
        What stands in it.
    read, problem
        As in :func:`refuse_others`.

    Raises
    ------
    InputError
        Naming what is missing, or not read.
    """
    section = getattr(scenario, name)
    refuse_if(section is None, "this key is missing", key=name, allowed=holds)
    refuse_others(scenario, read, problem)
    return section


def labels_of(study: str, scenario: Scenario, member: Member, elasticities: str) -> dict[str, Any]:
    """Labels of the rows of one variant."""
    words = member.variant.replace("-", " ").replace("_", " ")
    title = member.scenario.title or words if member.variant else scenario.title or scenario.name
    return {
        "study": study, "scenario": scenario.name, "variant": member.variant, "title": title,
        "elasticities": elasticities,
    }  # fmt: skip


def check_amount(study: Study) -> None:
    """Refuse more scenarios, or more work, than anybody wants; before any of it is made.

    Raises
    ------
    InputError
        Naming the key, with how much it is and what it is made of.
    """
    for one in study.parts():
        members = members_of(one)
        refuse_if(members > MOST_MEMBERS, f"makes {members:,} scenarios", file=one._file,
                  key="grid" if one.grid else "variants",
                  allowed=f"up to {MOST_MEMBERS}; {BEYOND}")  # fmt: skip
    amount = study.amount()
    refuse_if(amount > MOST_STEPS, f"takes {amount:,} solutions or draws",
              allowed=f"up to {MOST_STEPS:,}; {BEYOND}")  # fmt: skip


@contextmanager
def opened(study: Study, runner: Runner) -> Iterator[Session]:
    """A runner at work on a study, whose errors name its file, or what it solves."""
    of_file = retold(lambda error: error.located(study.file))
    with of_file, prefixed(f"'{study.folder}', "), runner.open() as session:
        if not runner.beyond:
            check_amount(study)
        yield session


def run_study(study: Study, runner: Runner | None = None) -> ResultSet:
    """Run a study.

    Parameters
    ----------
    study : Study
    runner : Runner, optional
        Default: all cores of this machine, work kept in the user's cache.

    Returns
    -------
    ResultSet

    Raises
    ------
    InputError
        When what is asked, its data or a choice is wrong.
    NoEquilibrium
        When there is no solution that passes.
    """
    began, runner = time.perf_counter(), runner or Runner()
    with opened(study, runner) as session:
        results = session.drive(study.work())
    seconds: Mapping[str, Any] = {
        "steps": runner.total, "steps_kept_from_earlier": runner.kept,
        "seconds": round(time.perf_counter() - began, 3),
    }  # fmt: skip
    return replace(results, manifest={**results.manifest, **seconds})


def side_by_side(
    works: Sequence[tuple[str, Work]],
) -> Generator[Sequence[Task], list[Any], list[ResultSet]]:
    """Work of several studies at once, as a part of another: their results in order.

    Parameters
    ----------
    works : sequence of (str, generator)
        With words that are set before the labels of their tasks.
    """
    asked = {number: next(work) for number, (_, work) in enumerate(works)}
    found: dict[int, ResultSet] = {}
    while asked:
        done = iter((yield [
            replace(task, label=", ".join(part for part in (works[number][0], task.label) if part))
            for number, tasks in asked.items() for task in tasks
        ]))  # fmt: skip
        for number, tasks in list(asked.items()):
            try:
                asked[number] = works[number][1].send([next(done) for _ in tasks])
            except StopIteration as end:
                found[number] = end.value
                del asked[number]
    return [found[number] for number in range(len(works))]
