"""The years after a disruption: what is lost in each until relations and capital are back.

The equilibrium in which a disruption strikes counts as steady, and the laws of motion of a
path (:mod:`cge.dynamics.recursion`) are those of deviations from it: relations with suppliers
adapt to prices as they are expected at the turn of each year, also to a disruption that goes
on, capital follows investment. The disruption comes as a surprise, how long it lasts is known
from then on. Policy and knowledge stay as they are. What turns away from a supplier while it
is cut off has to find its way back.
"""

from __future__ import annotations

import numpy as np

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.dynamics.capital import Settings
from cge.dynamics.recursion import Recursion
from cge.resilience.impact import Impact
from cge.resilience.preshock import PreShock


def recover(pre: PreShock, impact: Impact, duration: int, years: int, settings: Settings) -> Array:
    """Part of real income lost in every year since a disruption began.

    Parameters
    ----------
    pre : PreShock
    impact : Impact
    duration : int
        Years for which it lasts; what was lost of capacity is then there again.
    years : int
        To be solved, those of the disruption among them.
    settings : Settings
        Inertia of sourcing, and how capital moves.

    Returns
    -------
    ndarray (years, s)

    Raises
    ------
    InputError
        If the years do not go beyond the disruption.
    NoEquilibrium
        When a year has no solution that passes.
    """
    refuse_if(years <= duration, "years end before the disruption does", key="recovery",
              value=years, allowed=f"more than its {duration}")  # fmt: skip
    model = pre.model
    recursion = Recursion(model, settings, standing=pre)
    state = recursion.start()
    start, expected, losses = pre.levels, None, []
    for year in range(1, years + 1):
        now = impact if year <= duration else Impact()
        closure = pre.closure.with_swaps(now.swaps(pre))
        if year > 1:
            ahead = now.laid(recursion.ground(state).levels)
            state, expected = recursion.adapt(state, ahead, closure, expected)
        ground = recursion.ground(state)
        solution = model.solve(now.laid(ground.levels), closure, start=start)
        losses.append(pre.losses(solution))
        state = recursion.next(state, ground, solution)
        start = solution.levels
    return np.array(losses)
