"""What a path of years consists of; running one is in :mod:`cge.experiments.path`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.core.parameters import Level
from cge.data.accounts.benchmark import Benchmark
from cge.data.knowledge.stocks import KnowledgeData
from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import State
from cge.policy.case import FoundRate
from cge.scenario.schema import Scenario
from cge.solve.homotopy import Shock
from cge.solve.solution import Solution

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KnowledgeOutlay:
    """What one measure about knowledge costs in a year.

    Parameters
    ----------
    number : int
        Of the measure in its scenario, from 0.
    label : str
    value : ndarray (r,)
        In the benchmark's unit, at the numeraire's price; of a credit what is paid of business
        research.
    """

    number: int
    label: str
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
    found : tuple of FoundRate
        Credits for a budget among them, which have no swaps.
    seconds : float
    outlays : tuple of KnowledgeOutlay
    """

    year: int
    state: State
    solution: Solution
    policy: KnowledgePolicy
    productivity: Mapping[str, Array]
    business: Array | None
    shocks: tuple[Shock, ...]
    found: tuple[FoundRate, ...]
    seconds: float
    outlays: tuple[KnowledgeOutlay, ...] = ()


@dataclass(frozen=True, eq=False)
class PathCase:
    """One path: a variant under one set of elasticities and one level of returns to research.

    Parameters
    ----------
    elasticities, variant : str
    returns : {"low", "central", "high"}
    scenario : Scenario
        The member that was solved.
    years : tuple of PathYear
    baseline : tuple of PathYear, optional
        The same years without policy; None where the baseline is balanced growth, on which
        nothing moves.
    parameters : mapping of str to float
        Values in force.
    knowledge : KnowledgeData, optional
        On what its research stands; None where there is none.
    """

    elasticities: str
    variant: str
    returns: Level
    scenario: Scenario
    years: tuple[PathYear, ...]
    baseline: tuple[PathYear, ...] | None
    parameters: Mapping[str, float]
    knowledge: KnowledgeData | None = None


@dataclass(frozen=True, eq=False)
class PathRun:
    """A path scenario with all its cases.

    Parameters
    ----------
    scenario : Scenario
    cases : tuple of PathCase
    resumed : int
        Years that an earlier, interrupted attempt had done.
    seconds : float
        Wall time.
    """

    scenario: Scenario
    cases: tuple[PathCase, ...]
    resumed: int = 0
    seconds: float = 0.0

    @property
    def benchmark(self) -> Benchmark:
        """The accounts all cases share."""
        return self.cases[0].years[0].solution.model.benchmark
