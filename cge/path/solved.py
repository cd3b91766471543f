"""A solved year, also as plain data, and a solved path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cge.core.axes import Array
from cge.dynamics.firm_sizes import Pair
from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import State
from cge.path.laws import PathLaws
from cge.policy.case import EndogenousRate, SolvedCase
from cge.policy.knowledge_plan import KnowledgePart
from cge.policy.replies import Reply
from cge.scenario.schema import Scenario
from cge.solve.homotopy import Shock
from cge.solve.model import Model
from cge.solve.plain import solution_from_plain, solution_to_plain, swap_from_plain

#: Parts of a year that are lists of plain things.
_LISTS: Mapping[str, type[Any]] = {"parts": KnowledgePart, "shocks": Shock, "replies": Reply}


@dataclass(frozen=True, eq=False)
class SolvedYear(SolvedCase):
    """Solution of a year, without what follows from it and from the year before.

    Credits for a budget and measures about knowledge are among its rates and what moved.

    Parameters
    ----------
    weights : ndarray
        Log sourcing weights, as they had adapted when the year began.
    expected : ndarray (columns,), optional
        Levels that were expected then; None in the first year, which nobody expected.
    policy : KnowledgePolicy
        About knowledge, in that year.
    parts : tuple of KnowledgePart
        What each measure about knowledge adds to it.
    """

    weights: Array
    expected: Array | None
    policy: KnowledgePolicy
    parts: tuple[KnowledgePart, ...]

    def to_plain(self) -> dict[str, Any]:
        """Turn the year into plain data, without its model."""
        return {
            **vars(self), "solution": solution_to_plain(self.solution), "policy": vars(self.policy),
            **{name: [vars(one) for one in getattr(self, name)] for name in _LISTS},
            "endogenous": [
                {**vars(rate), "shock": vars(rate.shock), "swaps": [asdict(s) for s in rate.swaps]}
                for rate in self.endogenous
            ],
            "moved": list(self.moved),
        }  # fmt: skip

    @classmethod
    def from_plain(cls, content: Mapping[str, Any], model: Model) -> SolvedYear:
        """Make a year of plain data again."""
        return cls(**{
            **content, "moved": tuple(content["moved"]),
            "solution": solution_from_plain(content["solution"], model),
            "policy": KnowledgePolicy(**content["policy"]),
            **{name: tuple(kind(**one) for one in content[name]) for name, kind in _LISTS.items()},
            "endogenous": tuple(
                EndogenousRate(**{**rate, "shock": Shock(**rate["shock"]),
                                  "swaps": tuple(swap_from_plain(swap) for swap in rate["swaps"])})
                for rate in content["endogenous"]
            ),
        })  # fmt: skip


@dataclass(frozen=True, eq=False)
class PathYear(SolvedYear):
    """One year of a path, with what follows from it. Its credits have no swaps.

    Parameters
    ----------
    year : int
        1 is the first in which a policy may hold; the benchmark is the year before it.
    state : State
        What it started from.
    productivity : mapping of str to ndarray (r, j)
        Log deviation by source of knowledge.
    business : ndarray (r, j), optional
        Business research relative to the baseline.
    outlays : mapping of int to ndarray (r,)
        Cost of each measure about knowledge by its number in the scenario, in the benchmark's
        unit at the numeraire's price; of a credit what is paid of business research.
    of_sizes : pair of ndarray (r, j), optional
        Business research of small and of large firms, where they are told apart.
    """

    year: int
    state: State
    productivity: Mapping[str, Array]
    business: Array | None
    outlays: Mapping[int, Array]
    of_sizes: Pair | None = None


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


def welfare(case: PathCase) -> tuple[Array, Array]:
    """Equivalent variation against the baseline, and the baseline's absorption.

    Returns
    -------
    variation, absorption : ndarray (years, s)
        In the benchmark's money at its prices, at its scale (a year's own is larger by the
        growth of the baseline).
    """
    variation, absorption = [], []
    for year, base in case.pairs():
        gain = year.solution.measure("equivalent_variation_value")
        if base is not None:
            gain = gain - base.solution.measure("equivalent_variation_value")
        variation.append(gain)
        absorption.append(baseline_absorption(case, base))
    return np.array(variation), np.array(absorption)


def baseline_absorption(case: PathCase, base: PathYear | None) -> Array:
    """Absorption of the baseline in a year at the benchmark's prices, (s,), in its money."""
    level: Array | float = 1.0
    if base is not None:
        level = 1 + base.solution.measure("equivalent_variation") / 100
    return np.asarray(case.model.benchmark.absorption * level)
