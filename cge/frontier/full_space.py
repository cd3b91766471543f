"""The frontier with all equilibria as constraints: policy and worlds solved for at once.

All equations are sums of monomials (:mod:`cge.frontier.unknowns`), so Ipopt has exact
first and second derivatives. It is the check of the problem in the space of rates
(:mod:`cge.frontier.nlp`), and the faster of the two in tiny worlds
(benchmarks/frontier.py).
"""

from __future__ import annotations

from typing import Any

import cyipopt
import numpy as np
from numpy.typing import NDArray

from cge.core.errors import NoEquilibrium
from cge.frontier.derivatives import MonomialProgram
from cge.frontier.nlp import (
    AT_BOUND,
    ITERATIONS,
    LEFT_OUT,
    SOLVED,
    Goal,
    Optimum,
    working_set,
)
from cge.frontier.problem import Problem, Task
from cge.frontier.unknowns import FullSpace

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Unknowns of the first stage up to which this is the faster way.
TINY = 300
#: No log moves further than this from its start.
LOG_BOUND = 4.0
TOLERANCE = 1e-8


def posable(task: Task) -> bool:
    """Return whether all disruptions that have weight can be posed this way.

    A ration that may cease to bind, since other things happen as well, is no equation; and a
    factor has one unknown for what one event leaves of it.
    """
    for n in task.counted:
        events = task.disruptions[n].events
        rations = [event for event in events if event.type in ("ration", "demand")]
        hit = [region for event in events if event.type == "supply" for region in event.regions]
        if (rations and len(rations) < len(events)) or len(set(hit)) < len(hit):
            return False
    return True


def optimise_full(
    problem: Problem, goal: Goal, rates: Array, ceiling: float | None = None, warm: bool = False
) -> Optimum:
    """Solve the problem with all equilibria as constraints; as :func:`frontier_nlp.optimise`.

    Raises
    ------
    NoEquilibrium
        If there is none at the start, or where Ipopt ends.
    """
    risky = goal == "risk" or ceiling is not None
    counted = problem.task.counted
    point = problem.at(rates)
    working = working_set(problem, point) if risky else np.zeros(0, dtype=np.int64)
    while True:
        best = _solve(FullSpace(problem, goal, ceiling, working, problem.at(rates)), warm)
        if not risky or not best.solved:
            return best
        others = np.setdiff1d(counted, working)
        lost = problem.at(best.rates).losses(others)
        beyond = others[lost > best.value_at_risk + LEFT_OUT]
        if not len(beyond):
            return best
        working, rates, warm = np.union1d(working, beyond), best.rates, True


def full_program(
    problem: Problem, goal: Goal, ceiling: float | None, working: Integers, rates: Array
) -> tuple[MonomialProgram, Array]:
    """Return the program, and the unknowns at given rates, where all its equations hold."""
    laid = FullSpace(problem, goal, ceiling, working, problem.at(rates))
    return laid.program, laid.x


def _solve(laid: FullSpace, warm: bool) -> Optimum:
    """Run Ipopt from the point at which the problem was laid out."""
    low, high = laid.x - LOG_BOUND, laid.x + LOG_BOUND
    low[: laid.power0], high[: laid.power0] = laid.problem.low, laid.problem.high
    free = np.flatnonzero(laid.task.long.arrays.free[laid.first.unknown])
    low[laid.one0 + free], high[laid.one0 + free] = -np.inf, np.inf
    for number, hit in enumerate(laid.hits):
        where = laid.two0[number] + np.flatnonzero(hit.tracked.system.free)
        low[where], high[where] = -np.inf, np.inf
    if laid.risky:
        low[laid.v0], high[laid.v0 :] = -np.inf, np.inf
        low[laid.v0 + 1 :] = 0.0
    solver = cyipopt.Problem(
        n=laid.size, m=len(laid.constraints), problem_obj=laid.program, lb=low, ub=high,
        cl=np.array([row[2] for row in laid.constraints]),
        cu=np.array([row[3] for row in laid.constraints]),
    )  # fmt: skip
    options: dict[str, Any] = {
        "print_level": 0, "sb": "yes", "tol": TOLERANCE, "max_iter": ITERATIONS,
        "nlp_scaling_method": "none", "bound_relax_factor": 0.0, "mu_strategy": "adaptive",
    }  # fmt: skip
    if warm:
        options |= {"bound_push": 1e-4, "bound_frac": 1e-4, "mu_init": 1e-3}
    for name, value in options.items():
        solver.add_option(name, value)
    x, info = solver.solve(laid.x)
    return _optimum(laid, x, info)


def _optimum(laid: FullSpace, x: Array, info: dict[str, Any]) -> Optimum:
    program, problem = laid.program, laid.problem
    below, above = info["mult_x_L"], info["mult_x_U"]
    jacobian = program.jacobian_matrix(x)
    slope = program.gradient(x) + jacobian.T @ info["mult_g"] - below + above
    width = problem.high - problem.low
    rates = x[: laid.power0].copy()
    rates = np.where(rates - problem.low < AT_BOUND * width, problem.low, rates)
    rates = np.where(problem.high - rates < AT_BOUND * width, problem.high, rates)
    message = info["status_msg"]
    text = message.decode() if isinstance(message, bytes) else str(message)
    solved = info["status"] in SOLVED
    if not np.isfinite(rates).all():
        raise NoEquilibrium(text)
    budget = np.nan
    if laid.task.budget is not None:
        row = laid.place(laid.task.long, "gdp", (laid.task.region,))
        grown = float(problem.at(rates).outcomes[row]) / laid.gdp
        budget = info["mult_g"][laid.budget_row] * grown
    return Optimum(
        rates, float(x[laid.v0]) / 100 if laid.risky else np.nan,
        float(info["mult_g"][laid.ceiling_row]) if laid.ceiling is not None else np.nan,
        (above - below)[: laid.power0] / 100, float(budget),
        float(np.abs(slope).max()), program.iterations, solved, text,
    )  # fmt: skip
