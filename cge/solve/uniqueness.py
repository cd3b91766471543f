"""Whether a solution is the only equilibrium that the search finds.

With low elasticities a policy can have several. What money is worth changes no quantity, but the
way of the search: from twice its value the search goes elsewhere, and where it ends in another
place there are two equilibria.
"""

from __future__ import annotations

import numpy as np

from cge.core.errors import NoEquilibrium
from cge.solve.solution import Solution

#: Contraction of Newton's steps up to which a solution belongs to where the search set out
#: (Deuflhard 2011, Newton Methods for Nonlinear Problems, section 5.1).
ONE_BRANCH = 0.5
#: Relative gap of a quantity from which on two solutions are two.
APART = 1e-6


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
    model, closure = solution.model, solution.closure
    money = model.variables["numeraire"].positions
    if solution.diagnostics.contraction <= ONE_BRANCH:
        return None
    doubled = solution.given.copy()
    doubled[money] *= 2.0
    try:
        # Back from there, since what is held may be worth money.
        there = model.solve(doubled, closure)
        other = model.solve(solution.given, closure, start=there)
    except NoEquilibrium:
        return None
    gaps = [other.values(name) / solution.values(name) - 1 for name in ("output", "welfare")]
    return other if np.abs(np.concatenate(gaps)).max() > APART else None


def difference(solution: Solution, other: Solution) -> str:
    """The largest difference of welfare between two solutions, in words."""
    here, there = (one.measure("equivalent_variation") for one in (solution, other))
    most = int(np.argmax(np.abs(there - here)))
    region = solution.model.benchmark.regions[most]
    return f"welfare of {region} {there[most]:+.4g} % in place of {here[most]:+.4g} %"
