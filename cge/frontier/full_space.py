"""The frontier with all equilibria as constraints: policy and worlds solved for at once.

All equations are sums of monomials (:mod:`cge.frontier.full_layout`), so Ipopt has exact
first and second derivatives. It is the check of the problem in the space of rates
(:mod:`cge.frontier.reduced_space`), and the faster of the two in tiny worlds
(benchmarks/frontier.py).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import NoEquilibrium
from cge.frontier.evaluation import Evaluator
from cge.frontier.full_layout import FullLayout
from cge.frontier.optimum import Goal, Optimum, run_ipopt, with_working_set, within
from cge.frontier.point import Points
from cge.frontier.problem import Problem

#: Unknowns of the long run up to which this is the faster way.
TINY = 300
#: No log moves further than this from its start.
LOG_BOUND = 4.0
TOLERANCE = 1e-8


def posable(problem: Problem) -> bool:
    """Whether all disruptions that have weight can be posed this way.

    A ration that may cease to bind, since other things happen as well, is no equation; and a
    factor has one unknown for what one event leaves of it.
    """
    for n in problem.counted:
        events = problem.disruptions[n].events
        rations = [event for event in events if event.type in ("ration", "demand")]
        hit = [region for event in events if event.type == "supply" for region in event.regions]
        if (rations and len(rations) < len(events)) or len(set(hit)) < len(hit):
            return False
    return True


def _solve(
    evaluator: Points, goal: Goal, ceiling: float | None, working: Integers, rates: Array,
    warm: bool,
) -> Optimum:  # fmt: skip
    """Lay the problem out at given rates and run Ipopt from there."""
    assert isinstance(evaluator, Evaluator)
    laid = FullLayout(evaluator, goal, ceiling, working, evaluator.at(rates))
    program, problem, count = laid.program, laid.problem, laid.power0
    limits = program.limits[:, 0], program.limits[:, 1]
    x, multipliers, bounds, ended = run_ipopt(
        program, laid.x, _bounds(laid), limits, warm, tol=TOLERANCE
    )
    if not np.isfinite(x[:count]).all():
        raise NoEquilibrium(ended["message"])
    found, budget = within(problem, x[:count]), np.nan
    if problem.budget is not None:  # the row is in per cent of the GDP at the start
        grown = float(evaluator.at(found).equilibrium.values("gdp")[problem.place]) / laid.gdp
        budget = float(multipliers[laid.budget_row]) * grown
    return Optimum(
        rates=found,
        value_at_risk=float(x[laid.v0]) / 100 if laid.risky else np.nan,
        price=float(multipliers[laid.ceiling_row]) if laid.ceiling_row >= 0 else np.nan,
        bounds=bounds[:count] / 100,
        budget=budget,
        **ended,
    )


def _bounds(laid: FullLayout) -> tuple[Array, Array]:
    """Bounds of the unknowns: those of the rates, and logs not too far from their start."""
    low, high = laid.x - LOG_BOUND, laid.x + LOG_BOUND
    low[: laid.power0], high[: laid.power0] = laid.problem.low, laid.problem.high
    systems = [(laid.one0, laid.first)]
    systems += [(at, hit.tracked.system) for at, hit in zip(laid.two0, laid.hits, strict=True)]
    for at, system in systems:
        free = at + np.flatnonzero(system.free)
        low[free], high[free] = -np.inf, np.inf
    if laid.risky:
        low[laid.v0], high[laid.v0 :] = -np.inf, np.inf
        low[laid.v0 + 1 :] = 0.0
    return low, high


#: Solve the problem with all equilibria as constraints, as :func:`with_working_set`.
optimise_full = partial(with_working_set, _solve)
