"""Tasks of all variants of a scenario set, those first to which others are compared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.stand_ins import NO_STAND_INS, StandIns
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member
from cge.solve.model import Solver
from cge.tasks.runner import Task

#: Parts of a scenario whose entries must move something.
_PARTS = ("policy", "knowledge", "responses")
_ALLOWED = (
    "what moves something, or a size that says that it does not: add: 0, scale: 1, budget: 0, "
    "to: 1, share: 0, chi: 0"
)


@dataclass(frozen=True, eq=False)
class VariantResult:
    """Result of one variant.

    Parameters
    ----------
    elasticities : str
        Name of the set.
    level : {"low", "central", "high", ""}
        Of the returns to research, on a path.
    member : Member
    task : Task
    found : dict
        ``equal``, for each step or year what other variants share, ``moved``, keys of what
        moved something, and more.
    """

    elasticities: str
    level: str
    member: Member
    task: Task
    found: dict[str, Any]


def _none(member: Member) -> StandIns:
    return NO_STAND_INS


@dataclass(eq=False)
class VariantTasks(ABC):
    """Tasks of all variants, under all elasticity sets and levels of returns to research.

    Parameters
    ----------
    scenario : Scenario
    members : tuple of Member
    benchmarks : mapping of str to Benchmark
        By elasticity set.
    solver : {"newton", "ipopt"}
    tells : bool
        Whether what moves nothing is refused; a draw of parameters alone does not tell.
    stand_ins : callable
        For imports, that can be made where a variant is solved.
    """

    scenario: Scenario
    members: tuple[Member, ...]
    benchmarks: Mapping[str, Benchmark]
    solver: Solver
    tells: bool = field(default=True, kw_only=True)
    stand_ins: Callable[[Member], StandIns] = field(default=_none, kw_only=True)
    #: Levels of the returns to research; one without a name where there are none.
    levels: Sequence[str] = field(default=("",), init=False)

    @abstractmethod
    def task(
        self, name: str, level: str, member: Member, equal: Sequence[float] | None = None
    ) -> Task:
        """Task of one variant under one set and level."""

    def label(self, name: str, level: str, member: Member) -> str:
        """Label of a variant among the others."""
        several = len(self.levels) > 1 or level != "central"
        parts = (name, member.variant, f"{level} returns" if level and several else "")
        return ", ".join(part for part in parts if part)

    def solved(self) -> Generator[list[Task], list[Any], list[VariantResult]]:
        """Yield the tasks; return results by set, level and variant.

        Raises
        ------
        InputError
            For what moves nothing.
        """
        found: dict[tuple[str, str, str], tuple[Task, dict[str, Any]]] = {}
        places = list(product(self.benchmarks, self.levels, self.members))
        for compared in (False, True):
            batch = {
                (name, level, member.variant): self.task(
                    name, level, member,
                    found[name, level, member.reference][1]["equal"] if member.reference else None,
                )
                for name, level, member in places if bool(member.reference) == compared
            }  # fmt: skip
            if batch:
                results = yield list(batch.values())
                found |= zip(batch, zip(batch.values(), results, strict=True), strict=True)
        every = [
            VariantResult(name, level, member, *found[name, level, member.variant])
            for name, level, member in places
        ]
        if self.tells:
            self.refuse_idle((one.member, one.found["moved"]) for one in every)
        return every

    def refuse_idle(self, moved: Iterable[tuple[Member, Collection[str]]]) -> None:
        """Refuse what moves nothing under any set and level."""
        keys: dict[str, set[str]] = {}
        for member, some in moved:
            keys.setdefault(member.variant, set()).update(some)
        refuse_idle(self.members, keys)


def refuse_idle(
    members: Sequence[Member], moved: Mapping[str, Collection[str]], own_alone: bool = False
) -> None:
    """Refuse what moves nothing: an entry of a variant there, one that all share in all of them.

    Parameters
    ----------
    members : sequence of Member
        Of one scenario set.
    moved : mapping of str to collection of str
        Keys of what moves something, by variant.
    own_alone : bool
        Leave entries that variants share to a later look at all of them.

    Raises
    ------
    InputError
        Where the user wrote it.
    """
    anywhere = {key for keys in moved.values() for key in keys}
    for member in members:
        for part in _PARTS:
            shared = member.shared.get(part, 0)
            for number, one in enumerate(getattr(member.scenario, part)):
                key, own = f"{part}.{number}", number >= shared
                idle = key not in (moved[member.variant] if own else anywhere)
                if idle and one.must_move and (own or not own_alone):
                    where = "" if own else " in any variant"
                    raise member.told(InputError(
                        f"moves nothing{where}", key=key, value=one.text, allowed=_ALLOWED
                    ))  # fmt: skip
