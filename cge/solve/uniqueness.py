"""Whether a solution is the only equilibrium that the search finds.

With low elasticities a policy can have several. What money is worth changes no quantity, but the
way of the search; so do the steps in which the policy is put in place. Where one of these ways
ends in another place there are two equilibria.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.solve.homotopy import Homotopy
from cge.solve.solution import Solution

#: Contraction of Newton's steps up to which a solution belongs to where the search set out
#: (Deuflhard 2011, Newton Methods for Nonlinear Problems, section 5.1).
ONE_BRANCH = 0.5
#: Relative gap of a quantity from which on two solutions are two.
APART = 1e-6
#: Steps of the way from the benchmark.
STEPS = 8


def another_equilibrium(solution: Solution) -> Solution | None:
    """Another equilibrium under the same policy and closure, if the search finds one.

    Looked for only where Newton's steps leave it open to which equilibrium they lead.

    Parameters
    ----------
    solution : Solution

    Returns
    -------
    Solution or None
    """
    if solution.diagnostics.contraction <= ONE_BRANCH:
        return None
    for way in (partial(_by_money, by=2.0), partial(_by_money, by=0.5), _step_by_step):
        with suppress(NoEquilibrium):
            start = way(solution)
            other = solution.model.solve(solution.given, solution.closure, start=start)
            gaps = [
                other.values(name) / solution.values(name) - 1 for name in ("output", "welfare")
            ]
            if np.abs(np.concatenate(gaps)).max() > APART:
                return other
    return None


def _by_money(solution: Solution, by: float) -> Array:
    """Levels where the search ends if money is worth a multiple.

    From there it goes back, since what a closure holds may be worth money.
    """
    model, given = solution.model, solution.given.copy()
    given[model.variables["numeraire"].positions] *= by
    return model.solve(given, solution.closure).levels


def _step_by_step(solution: Solution) -> Array:
    """Levels at the end of the way from the benchmark in steps that are the same for all."""
    model, closure = solution.model, solution.closure
    way = Homotopy(solution.resolved, closure.laid(model, model.arrays.start), solution.given)
    for part in range(STEPS):
        way.advance((part + 1) / STEPS)
    return way.point()


def difference(solution: Solution, other: Solution) -> str:
    """The largest difference of welfare between two solutions, in words."""
    here, there = (one.measure("equivalent_variation") for one in (solution, other))
    most = int(np.argmax(np.abs(there - here)))
    region = solution.model.benchmark.regions[most]
    return f"welfare of {region} {there[most]:+.4g} % in place of {here[most]:+.4g} %"
