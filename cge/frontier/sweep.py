"""The frontier of one version: both ends, and ceilings on risk in equal steps between them.

At the end without a constraint welfare is largest, at the other risk smallest; no ceiling
below that has a solution. Each point sets out from its neighbour, on the way down and again on
the way back, and the better of the two is kept: where one kind of policy takes over from another
the problem is not convex, and one way alone would follow the wrong one too far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import NoEquilibrium
from cge.frontier.confirmation import AGREES, solve_cold
from cge.frontier.nlp import Goal, Optimum, optimise, risk
from cge.frontier.problem import Point, Problem, middle

Array = NDArray[np.float64]

#: Ends whose risk differs by less than this, a fraction, are one point: there is no conflict.
NO_CONFLICT = 1e-6
#: Optima whose value differs by less than this, a fraction, are the same.
SAME = 1e-8
#: By how much the way back must be better to be preferred.
BETTER = 1e-9


class Store(Protocol):
    """Where what is solved is kept."""

    def get(self, name: str) -> dict[str, Any] | None:
        """Return what is kept under a name."""

    def put(self, name: str, content: dict[str, Any]) -> None:
        """Keep it; floats come back bit for bit."""


class Memory:
    """A store that forgets with the process."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def get(self, name: str) -> dict[str, Any] | None:
        """Return what is kept under a name."""
        return self._kept.get(name)

    def put(self, name: str, content: dict[str, Any]) -> None:
        """Keep it."""
        self._kept[name] = content


#: Solves the problem: goal, rates to set out from, ceiling, whether that is nearby.
Solver = Callable[[Problem, Goal, Array, float | None, bool], Optimum]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A frontier of one version.

    Parameters
    ----------
    points : tuple of dict
        From the end without a constraint on; see :func:`_reported`.
    starts, agree : int
        Of the first point: from how many points Ipopt set out, how many reached the best.
    agree_last : int
        The same of the last point, which is looked for from the first one as well.
    without : dict
        Risk without any policy: ``cvar``, ``expected``, ``world_cvar``, ``world_expected``.
    """

    points: tuple[dict[str, Any], ...]
    starts: int
    agree: int
    agree_last: int
    without: dict[str, float]

    @property
    def conflict(self) -> bool:
        """Whether less risk costs welfare at all."""
        return len(self.points) > 1


def sweep(
    problem: Problem, points: int, starts: int, store: Store | None = None,
    solver: Solver = optimise,
) -> Sweep:  # fmt: skip
    """Solve a frontier.

    Parameters
    ----------
    problem : Problem
    points : int
        Both ends among them, at least 2.
    starts : int
        Points from which the end without a constraint is looked for, at least 1.
    store : Store, optional
        Points of an earlier attempt, and the place for those of this one.
    solver : callable
        :func:`cge.frontier.nlp.optimise`, or the one of the full space.

    Raises
    ------
    NoEquilibrium
        If a point is not solved, or not confirmed from the benchmark.
    """
    store = store or Memory()
    without = _without(problem, store)
    first, agree = _efficient(problem, starts, store, solver)
    last, safe = _safest(problem, first, starts, store, solver)
    top, bottom = (risk(problem, problem.at(one.rates)) for one in (first, last))
    if top - bottom < NO_CONFLICT:
        return Sweep((_reported(problem, first, None, "0", store),), starts, agree, safe, without)
    ceilings = np.linspace(top, bottom, points)
    found = [first]
    for number, ceiling in enumerate(ceilings[1:-1], start=1):
        kept = store.get(f"optimum-{number}")
        one = _optimum(kept) if kept else _best(
            problem, solver, float(ceiling), (found[-1].rates, last.rates)
        )  # fmt: skip
        store.put(f"optimum-{number}", _told(one))
        found.append(one)
    found.append(last)
    for number in range(points - 2, 0, -1):
        kept = store.get(f"better-{number}")
        found[number] = _optimum(kept) if kept else _better(
            problem, solver, float(ceilings[number]), found[number], found[number + 1]
        )  # fmt: skip
        store.put(f"better-{number}", _told(found[number]))
    bounds = [None, *ceilings[1:-1].tolist(), None]
    reported = tuple(
        _reported(problem, one, ceiling, str(n), store)
        for n, (one, ceiling) in enumerate(zip(found, bounds, strict=True))
    )
    return Sweep(reported, starts, agree, safe, without)


def starting_points(problem: Problem, count: int) -> list[Array]:
    """Return no policy, the middle of the bounds, and more points between them."""
    low, high = problem.low, problem.high
    none = np.clip(0.0, low, high)
    rng = np.random.default_rng(1)
    more = [low + (high - low) * rng.uniform(size=len(low)) for _ in range(max(0, count - 2))]
    return [none, middle(low, high), *more][:count]


def _without(problem: Problem, store: Store) -> dict[str, float]:
    kept = store.get("without")
    if kept is None:
        cold = solve_cold(problem.task, np.zeros(len(problem.task.levers)))
        kept = {"cvar": cold.cvar, "expected": cold.expected, "world_cvar": cold.world_cvar,
                "world_expected": cold.world_expected}  # fmt: skip
        store.put("without", kept)
    return kept


def _efficient(problem: Problem, starts: int, store: Store, solver: Solver) -> tuple[Optimum, int]:
    kept = store.get("efficient")
    if kept:
        return _optimum(kept), int(kept["agree"])
    found = []
    for start in starting_points(problem, starts):
        try:
            one = solver(problem, "welfare", start, None, False)
        except NoEquilibrium:
            continue
        if one.solved:
            found.append((problem.at(one.rates).value, one))
    if not found:
        raise NoEquilibrium("the policy that is best without a constraint was not found")
    best = max(value for value, _ in found)
    agree = sum(value >= best - SAME for value, _ in found)
    one = next(one for value, one in found if value == best)
    store.put("efficient", {**_told(one), "agree": agree})
    return one, agree


def _safest(
    problem: Problem, first: Optimum, starts: int, store: Store, solver: Solver
) -> tuple[Optimum, int]:
    kept = store.get("safest")
    if kept:
        return _optimum(kept), int(kept["agree"])
    found = []
    for start in (first.rates, *starting_points(problem, starts)):
        try:
            one = solver(problem, "risk", start, None, False)
        except NoEquilibrium:
            continue
        if one.solved:
            point = problem.at(one.rates)
            found.append((risk(problem, point), -point.value, one))
    if not found:
        raise NoEquilibrium("the policy with the smallest risk was not found")
    least = min(value for value, *_ in found)
    same = [item for item in found if item[0] <= least + SAME]
    one = min(same, key=lambda item: item[1])[2]
    store.put("safest", {**_told(one), "agree": len(same)})
    return one, len(same)


def _best(problem: Problem, solver: Solver, ceiling: float, starts: tuple[Array, ...]) -> Optimum:
    """Return the solution from the first of some starts that has one."""
    told = "no equilibrium at the start"
    for warm in (True, False):
        for start in starts:
            try:
                one = solver(problem, "welfare", start, ceiling, warm)
            except NoEquilibrium as error:
                told = str(error)
                continue
            if one.solved:
                return one
            told = one.message
    raise NoEquilibrium(f"no policy was found with a risk of {100 * ceiling:.4f} %: {told}")


def _better(
    problem: Problem, solver: Solver, ceiling: float, one: Optimum, later: Optimum
) -> Optimum:
    """Return the better of a point and what is found from the one after it, which is allowed."""
    try:
        other = solver(problem, "welfare", later.rates, ceiling, True)
    except NoEquilibrium:
        return one
    gained = problem.at(other.rates).value - problem.at(one.rates).value
    return other if other.solved and gained > BETTER else one


def _reported(
    problem: Problem, one: Optimum, ceiling: float | None, name: str, store: Store
) -> dict[str, Any]:
    """Return a point as plain data, confirmed from the benchmark.

    Raises
    ------
    NoEquilibrium
        If the benchmark does not confirm it.
    """
    kept = store.get(f"point-{name}")
    if kept and kept["rates"] == one.rates.tolist():
        return kept
    point: Point = problem.at(one.rates)
    cold = solve_cold(problem.task, one.rates)
    apart = (
        float(np.abs(cold.variations - point.variations).max()),
        abs(cold.cvar - risk(problem, point)),
    )
    if max(apart) > AGREES:
        raise NoEquilibrium(
            f"a point of the frontier is not the one found from the benchmark: welfare differs "
            f"by {apart[0]:.1e}, risk by {apart[1]:.1e}"
        )
    task = problem.task
    told = {
        **_told(one), "ceiling": ceiling, "variations": cold.variations.tolist(),
        "world": float(task.long.benchmark.absorption @ cold.variations
                       / task.long.benchmark.absorption.sum()),
        "losses": {task.disruptions[n].name: row.tolist()
                   for n, row in zip(task.counted, cold.losses, strict=True)},
        "world_losses": cold.world_losses.tolist(), "cvar": cold.cvar, "expected": cold.expected,
        "world_cvar": cold.world_cvar, "world_expected": cold.world_expected,
        "outlay": cold.outlay, "terms_of_trade": cold.terms_of_trade, "parts": cold.parts,
        "apart": apart,
    }  # fmt: skip
    store.put(f"point-{name}", told)
    return told


def _told(one: Optimum) -> dict[str, Any]:
    return {
        "rates": one.rates.tolist(), "value_at_risk": one.value_at_risk, "price": one.price,
        "bounds": one.bounds.tolist(), "budget": one.budget, "residual": one.residual,
        "iterations": one.iterations, "solved": one.solved, "message": one.message,
    }  # fmt: skip


def _optimum(kept: dict[str, Any]) -> Optimum:
    return Optimum(
        np.array(kept["rates"]), kept["value_at_risk"], kept["price"], np.array(kept["bounds"]),
        kept["budget"], kept["residual"], kept["iterations"], kept["solved"], kept["message"],
    )  # fmt: skip
