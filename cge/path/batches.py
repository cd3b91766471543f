"""All paths of a scenario as tasks: those first on which others lean."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from cge.core.errors import InputError
from cge.core.parameters import Level
from cge.path.laws import choice_of
from cge.path.solving import PathContent, check_path, path_content, path_task
from cge.policy.benchmarks import benchmarks_of
from cge.policy.effects import refuse_idle
from cge.scenario.path_options import PathChoice
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member
from cge.solve.model import Solver
from cge.tasks.runner import Task


@dataclass(frozen=True)
class PathOfVariant:
    """One path of a scenario.

    Parameters
    ----------
    elasticities : str
        Name of the set.
    level : {"low", "central", "high"}
        Of the returns to research.
    member : Member
    content : PathContent
    facts : dict
        For the manifest.
    """

    elasticities: str
    level: Level
    member: Member
    content: PathContent
    facts: dict[str, Any]


class SetOfPaths:
    """Paths of all variants under all elasticity sets and levels of returns to research.

    Parameters
    ----------
    scenario : Scenario
    members : sequence of Member
    solver : {"newton", "ipopt"}

    Raises
    ------
    InputError
        For what a path can not be.
    """

    def __init__(self, scenario: Scenario, members: Sequence[Member], solver: Solver) -> None:
        self.members, self.solver = tuple(members), solver
        self.choice = check_paths(scenario, self.members)
        self.benchmarks = benchmarks_of(scenario)
        #: What the paths are made from, once they are checked: :func:`check_path`.
        self.made_from: dict[str, Any] = {}

    @property
    def main_level(self) -> Level:
        """Level of the returns to research that is shown in full."""
        return "central" if "central" in self.choice.returns else self.choice.returns[0]

    def solved(self) -> Generator[list[Task], list[Any], list[PathOfVariant]]:
        """Yield the tasks; return the paths by set, level and variant."""
        checked = yield self.checks()
        self.made_from = {name: checked[0][name] for name in ("parameters", "knowledge")}
        names = [member.variant for member in self.members]
        refuse_idle(self.members, {n: one["moves"] for n, one in zip(names, checked, strict=True)})
        baselines = self._baselines()
        if baselines:
            yield baselines
        places = [
            (name, level, member) for name in self.benchmarks
            for level in self.choice.returns for member in self.members
        ]  # fmt: skip
        tasks: dict[tuple[str, Level, str], Task] = {}
        results: dict[tuple[str, Level, str], Any] = {}
        for leaning in (False, True):
            batch = {}
            for name, level, member in places:
                if (member.reference is not None) == leaning:
                    equal = None
                    if member.reference is not None:
                        equal = tuple(results[name, level, member.reference]["outlay"])
                    batch[name, level, member.variant] = self._task(name, level, member, equal)
            if batch:
                tasks |= batch
                results |= zip(batch, (yield list(batch.values())), strict=True)
        moved: dict[str, set[str]] = {name: set() for name in names}
        for (_, _, variant), found in results.items():
            moved[variant].update(found["moved"])
        refuse_idle(self.members, moved)
        return [
            PathOfVariant(name, level, member, tasks[key].content, results[key]["facts"])
            for name, level, member in places
            if (key := (name, level, member.variant))
        ]

    def _content(
        self, name: str, level: Level, member: Member, equal: tuple[float, ...] | None = None
    ) -> PathContent:
        return path_content(member, level, self.benchmarks[name], self.solver, equal)

    def _task(
        self, name: str, level: Level, member: Member, equal: tuple[float, ...] | None
    ) -> Task:
        content = self._content(name, level, member, equal)
        return path_task(self.label(name, level, member), content, member)

    def checks(self) -> list[Task]:
        """Tasks that check every variant before the first year of any takes its time."""
        name = next(iter(self.benchmarks))
        return [
            Task(f"{member.variant or name}: calibrating and compiling", check_path,
                 self._content(name, self.main_level, member), 0, member.told)
            for member in self.members
        ]  # fmt: skip

    def _baselines(self) -> list[Task]:
        """Paths of the baselines that are given, on which the others lean."""
        found: dict[str, Task] = {}
        for name in self.benchmarks:
            for level in self.choice.returns:
                for member in self.members:
                    content = self._content(name, level, member).baseline
                    if content is not None:
                        label = f"{self.label(name, level, member)}, baseline"
                        task = path_task(label, content, member)
                        found.setdefault(task.key, task)
        return list(found.values())

    def label(self, name: str, level: Level, member: Member) -> str:
        """Label of a path among the others."""
        several = len(self.choice.returns) > 1 or level != "central"
        parts = (name, member.variant, f"{level} returns" if several else "")
        return ", ".join(part for part in parts if part)


def check_paths(scenario: Scenario, members: Sequence[Member]) -> PathChoice:
    """Check that a scenario can be a path, and return what its variants share.

    Raises
    ------
    InputError
        Naming what they can not say, or do not share.
    """
    choice = choice_of(members[0].scenario)
    if scenario.steps is not None:
        raise InputError("a path has years, not steps", key="steps", value=scenario.steps,
                         allowed="phase_in of a measure")  # fmt: skip
    for member in members:
        own = choice_of(member.scenario)
        for key in ("years", "returns"):
            if getattr(own, key) != getattr(choice, key):
                raise InputError(
                    "must be the same for all variants", key=f"path.{key}",
                    value=getattr(own, key),
                )  # fmt: skip
        try:
            _check_member(member.scenario, choice.years)
        except InputError as error:
            raise member.told(error) from None
    return choice


def _check_member(scenario: Scenario, years: int) -> None:
    equal = scenario.equal
    if equal is not None and equal.what == "welfare":
        raise InputError("a path is compared at equal outlay", key="equal.welfare",
                         value=equal.value, allowed="outlay")  # fmt: skip
    for part in ("policy", "knowledge"):
        for number, measure in enumerate(getattr(scenario, part)):
            if measure.start > years:
                raise InputError(
                    "starts after the last year of the path", key=f"{part}.{number}.start",
                    value=measure.start, allowed=f"1 to {years}",
                )  # fmt: skip
    about_knowledge = sum(one.unsized for one in scenario.knowledge)
    if about_knowledge + any(one.unsized for one in scenario.policy) > 1:
        raise InputError(
            "one outlay is to be reached, by measures of one kind", key="equal",
            allowed="one measure about knowledge, or policy of one instrument, without a size",
        )  # fmt: skip
