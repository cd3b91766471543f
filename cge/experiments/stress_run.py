"""What a stress test consists of; running one is in :mod:`cge.experiments.stress`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cge.data.accounts.benchmark import Benchmark
from cge.data.library import Library
from cge.experiments.stress_stage import NO_POLICY, StressStage
from cge.resilience.disruptions import Disruption
from cge.scenario.schema import Scenario

Array = NDArray[np.float64]

#: What a stage shows without a disruption: (region, partner, sector, measure, value, unit).
Described = tuple[str, str, str, str, float, str]


@dataclass(frozen=True)
class Single:
    """Cuts of single links, which have no weight in any expected loss.

    Parameters
    ----------
    links : tuple of Disruption
        From a foreign supplier to an importer, by half.
    withholdings : tuple of Disruption
        Of a commodity by a region from all others.
    bans : tuple of Disruption
        Of exports of one region to another.
    """

    links: tuple[Disruption, ...] = ()
    withholdings: tuple[Disruption, ...] = ()
    bans: tuple[Disruption, ...] = ()

    @property
    def others(self) -> tuple[Disruption, ...]:
        """Withholdings and bans."""
        return (*self.withholdings, *self.bans)


@dataclass(frozen=True, eq=False)
class StressCase:
    """A stage and what disruptions do to it.

    Parameters
    ----------
    stage : StressStage
    losses : ndarray (disruptions, regions)
        Parts of real income lost; NaN where there is no equilibrium.
    borrowed : ndarray (disruptions, regions)
        What is borrowed beyond the stage's, as part of what is spent in the stage.
    iterations : ndarray of int (disruptions,)
        Of the solver; 0 where there is no equilibrium.
    failures : tuple of (str, str)
        Disruptions without an equilibrium, or without one in a year after, and why.
    by_year : mapping of str to ndarray (years, regions)
        Losses of the years since a disruption began, by its name, where they were wanted.
    long_run : mapping of str to ndarray (regions,)
        What a cut of a link costs once all has adapted to it, by its name.
    described : tuple
        Figures of the stage itself.
    reference : StressCase, optional
        The same without policy; None for that itself.
    """

    stage: StressStage
    losses: Array
    borrowed: Array
    iterations: NDArray[np.int64]
    failures: tuple[tuple[str, str], ...]
    by_year: Mapping[str, Array] = field(default_factory=dict)
    long_run: Mapping[str, Array] = field(default_factory=dict)
    described: tuple[Described, ...] = ()
    reference: StressCase | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Elasticities, variant, returns and year."""
        one = self.stage
        return one.elasticities, one.variant, one.returns, one.year


@dataclass(frozen=True, eq=False)
class StressRun:
    """A stress test of a scenario.

    Parameters
    ----------
    scenario : Scenario
    library : Library
    disruptions : tuple of Disruption
        Those that were solved: those of the library, then cuts of single links.
    of_library : int
        How many of them are the library's.
    single : Single
        The others.
    left_out : tuple of str
        What of the library was not, and why.
    cases : tuple of StressCase
        Those without policy first; their variant begins with "no policy".
    solver : str
    workers : int
        Processes; the results do not depend on them.
    resumed : int
        Tasks that an earlier, interrupted attempt had done.
    seconds, seconds_stages : float
        Wall time in all, and of stage 1.
    """

    scenario: Scenario
    library: Library
    disruptions: tuple[Disruption, ...]
    of_library: int
    single: Single
    left_out: tuple[str, ...]
    cases: tuple[StressCase, ...]
    solver: str
    workers: int
    resumed: int
    seconds: float
    seconds_stages: float

    @property
    def benchmark(self) -> Benchmark:
        """The accounts all cases share."""
        return self.cases[0].stage.stage.model.benchmark

    @property
    def level(self) -> float:
        """Of the conditional value at risk."""
        return self.cases[0].stage.settings.level


def is_reference(case: StressCase) -> bool:
    """Return whether a case is the world without policy."""
    return case.stage.variant.startswith(NO_POLICY)
