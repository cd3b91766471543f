"""A solved year, also as plain data, and a solved path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import State
from cge.path.laws import PathLaws
from cge.policy.case import EndogenousRate
from cge.policy.knowledge_plan import KnowledgePart
from cge.policy.replies import Reply
from cge.scenario.schema import Scenario
from cge.solve.homotopy import Shock
from cge.solve.model import Model
from cge.solve.plain import solution_from_plain, solution_to_plain, swap_from_plain
from cge.solve.solution import Solution

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SolvedYear:
    """Solution of a year, without what follows from it and from the year before.

    Parameters
    ----------
    weights : ndarray
        Log sourcing weights, as they had adapted when the year began.
    expected : ndarray (columns,), optional
        Levels that were expected then; None in the first year, which nobody expected.
    solution : Solution
    policy : KnowledgePolicy
    parts : tuple of KnowledgePart
        What each measure about knowledge adds to it.
    shocks, endogenous, replies, powers, moved
        See :class:`cge.policy.case.SolvedCase`; credits for a budget and measures about
        knowledge are among rates and what moved.
    """

    weights: Array
    expected: Array | None
    solution: Solution
    policy: KnowledgePolicy
    parts: tuple[KnowledgePart, ...]
    shocks: tuple[Shock, ...]
    endogenous: tuple[EndogenousRate, ...]
    replies: tuple[Reply, ...]
    powers: Array
    moved: tuple[str, ...]

    def to_plain(self) -> dict[str, Any]:
        """Turn the year into plain data, without its model."""
        return {
            "weights": self.weights, "expected": self.expected,
            "solution": solution_to_plain(self.solution), "policy": vars(self.policy),
            "parts": [vars(part) for part in self.parts],
            "shocks": [vars(shock) for shock in self.shocks],
            "endogenous": [
                {**vars(rate), "shock": vars(rate.shock), "swaps": [asdict(s) for s in rate.swaps]}
                for rate in self.endogenous
            ],
            "replies": [vars(reply) for reply in self.replies],
            "powers": self.powers, "moved": list(self.moved),
        }  # fmt: skip

    @classmethod
    def from_plain(cls, content: Mapping[str, Any], model: Model) -> SolvedYear:
        """Make a year of plain data again."""
        return cls(
            content["weights"], content["expected"],
            solution_from_plain(content["solution"], model), KnowledgePolicy(**content["policy"]),
            tuple(KnowledgePart(**part) for part in content["parts"]),
            tuple(Shock(**shock) for shock in content["shocks"]),
            tuple(
                EndogenousRate(**{**rate, "shock": Shock(**rate["shock"]),
                                  "swaps": tuple(swap_from_plain(swap) for swap in rate["swaps"])})
                for rate in content["endogenous"]
            ),
            tuple(Reply(**reply) for reply in content["replies"]),
            content["powers"], tuple(content["moved"]),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class KnowledgeOutlay:
    """Cost of one measure about knowledge in a year.

    Parameters
    ----------
    number : int
        Of the measure in its scenario, from 0.
    value : ndarray (r,)
        In the benchmark's unit, at the numeraire's price; of a credit what is paid of business
        research.
    """

    number: int
    value: Array


@dataclass(frozen=True, eq=False)
class PathYear:
    """One year of a path.

    Parameters
    ----------
    year : int
        1 is the first in which a policy may hold; the benchmark is the year before it.
    state : State
        What it started from.
    solution : Solution
    policy : KnowledgePolicy
        About knowledge, in that year.
    productivity : mapping of str to ndarray (r, j)
        Log deviation by source of knowledge.
    business : ndarray (r, j), optional
        Business research relative to the baseline.
    shocks : tuple of Shock
        What each measure and response did to given columns, over the year's ground.
    endogenous, replies, moved
        See :class:`SolvedYear`; a credit has no swaps.
    outlays : tuple of KnowledgeOutlay
    """

    year: int
    state: State
    solution: Solution
    policy: KnowledgePolicy
    productivity: Mapping[str, Array]
    business: Array | None
    shocks: tuple[Shock, ...]
    endogenous: tuple[EndogenousRate, ...]
    replies: tuple[Reply, ...]
    moved: tuple[str, ...]
    outlays: tuple[KnowledgeOutlay, ...] = ()


@dataclass(frozen=True, eq=False)
class PathCase:
    """One path: a variant under one elasticity set and one level of the returns to research.

    Parameters
    ----------
    scenario : Scenario
        The variant that was solved.
    laws : PathLaws
    years : tuple of PathYear
    baseline : tuple of PathYear, optional
        The same years without policy; None where the baseline is balanced growth, on which
        nothing moves.
    """

    scenario: Scenario
    laws: PathLaws
    years: tuple[PathYear, ...]
    baseline: tuple[PathYear, ...] | None

    @property
    def model(self) -> Model:
        """The compiled model of all years."""
        return self.laws.model

    def pairs(self) -> Iterator[tuple[PathYear, PathYear | None]]:
        """Every year with that of the baseline, None where nothing moves on it."""
        baseline = self.baseline or (None,) * len(self.years)
        return zip(self.years, baseline, strict=True)
