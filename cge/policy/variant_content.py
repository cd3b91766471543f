"""One variant under one elasticity set, in plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.stand_ins import NO_STAND_INS, StandIns
from cge.scenario.merging import APPENDED
from cge.scenario.schema import BenchmarkChoice, Scenario
from cge.scenario.variants import Member
from cge.solve.model import Solver

#: The parts of a scenario that act, without anything in them; the others describe the world.
NO_ACTIONS: Mapping[str, Any] = {**{part: [] for part in APPENDED}, "equal": None}


@dataclass(frozen=True)
class VariantContent:
    """All that the solutions of one variant under one elasticity set depend on.

    Parameters
    ----------
    scenario : Scenario
        Its name, titles and choice of data are empty, and so is what only other studies read:
        they change nothing.
    benchmark : Benchmark
    solver : {"newton", "ipopt"}
    shared : mapping of str to int
        Number of entries that all variants share, by list.
    equal : tuple of float, optional
        For each step or year the outlay or welfare effect that another variant has.
    asked
        What the task makes of the solutions, where its function can make more than one thing.
    stand_ins : StandIns
        For imports, that can be made in all solutions.
    """

    scenario: Scenario
    benchmark: Benchmark
    solver: Solver
    shared: Mapping[str, int] = field(default_factory=dict)
    equal: tuple[float, ...] | None = None
    asked: Any = None
    stand_ins: StandIns = NO_STAND_INS

    @classmethod
    def of(
        cls, member: Member, benchmark: Benchmark, solver: Solver,
        equal: Sequence[float] | None = None, keys: Mapping[str, Any] | None = None, **own: Any,
    ) -> Self:  # fmt: skip
        """Content of a variant.

        Parameters
        ----------
        member : Member
        benchmark : Benchmark
        solver : {"newton", "ipopt"}
        equal : sequence of float, optional
        keys : mapping, optional
            Keys of the scenario, and what stands there instead.
        **own
            Other fields.
        """
        scenario = member.scenario.model_copy(update={
            "name": "x", "title": "", "description": "", "benchmark": BenchmarkChoice(),
            "elasticities": None, "sets": {}, "ownership": [], "stress": None, **(keys or {}),
        })  # fmt: skip
        return cls(
            scenario, benchmark, solver, member.shared, None if equal is None else tuple(equal),
            **own,
        )  # fmt: skip

    @property
    def member(self) -> Member:
        """The variant without its name."""
        return Member("", self.scenario, self.shared)
