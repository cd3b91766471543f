"""Welfare of a year of a path taken apart: by component, and by what moved since the benchmark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cge.dynamics.ground_shocks import apart, ground_shocks
from cge.dynamics.sourcing import Sourcing
from cge.path.solved import PathYear
from cge.policy.case import with_rates_given
from cge.solve.decompose import Decomposition, decompose

#: Years whose welfare is taken apart unless others are chosen, beside the last.
YEARS = (1, 10)


def decomposed(year: PathYear, sourcing: Sourcing | None = None) -> Decomposition:
    """Take the welfare of a year apart, all that moved since the benchmark a shock of its own.

    Endogenous rates are taken as given: their effect is the measure's.

    Raises
    ------
    NoEquilibrium
        If welfare can not be taken apart.
    """
    sought = tuple(rate for rate in year.endogenous if rate.swaps)
    solution = with_rates_given(year.solution, sought)
    measures = apart((*year.shocks, *(rate.shock for rate in year.endogenous)))
    ground = ground_shocks(
        solution.model, solution.given, measures, year.productivity, year.policy, sourcing
    )
    return decompose(solution, (*measures, *ground))


def some_years(years: int, wanted: Sequence[int] = YEARS) -> tuple[int, ...]:
    """The wanted years that a path has, and its last."""
    return tuple(int(n) for n in np.unique([*(y for y in wanted if y < years), years]))
