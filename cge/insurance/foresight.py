"""Weights that firms, or a planner, choose for all that may happen.

A nest's buyers choose its weights on its menu before they know the state. Who maximises a goal of
which the log weight of input k has the derivative g_k takes the point of the menu where g is
proportional to the menu's own slopes,

    g_k = multiplier * share_k * exp(a_k (sL - 1) / (sL - sS))

With (sS - 1) g_k = M_k share_k exp(a_k), this is the point to which a nest adapts at prices
M_k ** (1 / (1 - sS)). For firms M is the mean over states of the price to the power 1 - sS, with
what is bought in each as weights; in one state that is the price itself. Given prices and volumes
the cost is convex in the weights and the menu a convex set (of exp(a), for any elasticities
sL > sS), so that such a point is the best there is; a planner moves prices, and may find one of
several.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.dynamics.menu import Menu
from cge.insurance.states import ExAnte, States

#: Largest move of a log weight at which weights are those that are chosen.
SETTLED = 1e-8
#: Steps within which they must be.
STEPS = 200
#: Part of the way that is gone at once: prices answer weights by more than weights did prices.
PART = 0.35
#: Steps that are remembered (Anderson 1965).
REMEMBERED = 8

#: A planner's choice is compared with so many points around it, this far away on average; one of
#: them that is better by more than this part of income is better.
AROUND, AWAY, BETTER = 4, 0.02, 1e-9

#: From all states to the derivative of a goal by each log weight, (inputs,).
Slopes = Callable[[ExAnte], Array]


@dataclass(frozen=True, eq=False)
class Chosen:
    """Weights that nobody would change.

    Parameters
    ----------
    states : ExAnte
        All states with them.
    residual : float
        Largest move of a log weight that would still be made.
    steps : int
    """

    states: ExAnte
    residual: float
    steps: int


def wanted(menu: Menu, logs: Array, slopes: Array) -> Array:
    """Log weights where a goal of given slopes would have them, if the slopes stayed.

    Parameters
    ----------
    menu : Menu
    logs : ndarray (inputs,)
        Log weights at which the slopes hold.
    slopes : ndarray (inputs,)

    Returns
    -------
    ndarray (inputs,)
        NaN where no weight is small enough, or large enough.
    """
    away = menu.short[menu.nest] - 1.0
    # Of nests that do not choose slopes are zero, and what comes out is not looked at.
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.log(away * slopes * np.exp(-logs) / menu.share)
        return menu.feasible(menu.reach[menu.nest] / away * means)


def chosen(states: States, slopes: Slopes, logs: Array) -> Chosen:
    """Weights of the region's nests at which a goal is at its best.

    Parameters
    ----------
    states : States
    slopes : callable
        Of the goal.
    logs : ndarray (inputs,)
        Log weights from which they are looked for; those of nests that do not choose stay.

    Raises
    ------
    NoEquilibrium
        If they do not settle.
    """
    menu, own = states.risk.sourcing.menu, states.risk.own
    before: list[tuple[Array, Array]] = []
    for step in range(STEPS):
        at = states.at(logs)
        move = np.where(own, wanted(menu, logs, slopes(at)) - logs, 0.0)
        if not np.isfinite(move).all():
            raise NoEquilibrium("a weight has no best value: the goal falls, or rises, in it "
                                "whatever it is")  # fmt: skip
        residual = float(np.abs(move).max(initial=0.0))
        if residual <= SETTLED:
            return Chosen(at, residual, step)
        before = [*before[1 - REMEMBERED :], (logs, move)]
        logs = np.where(own, menu.feasible(_next(before)), logs)
    raise NoEquilibrium(f"weights do not settle: one still moves by {residual:.1e}")


def _next(before: list[tuple[Array, Array]]) -> Array:
    """Next point of a fixed-point search by Anderson's mixing of the last ones."""
    logs, move = before[-1]
    if len(before) == 1:
        return logs + PART * move
    points = np.column_stack([one - logs for one, _ in before[:-1]])
    moves = np.column_stack([one - move for _, one in before[:-1]])
    mix = np.linalg.lstsq(moves, -move, rcond=1e-10)[0]
    return np.asarray(logs + points @ mix + PART * (move + moves @ mix))


def refuse_better(states: States, found: Chosen, goal: Array) -> None:
    """Refuse a planner's choice that is no best one among the points of the menu around it.

    Parameters
    ----------
    states : States
    found : Chosen
    goal : ndarray (s,)
        Weights of the regions' real incomes.

    Raises
    ------
    NoEquilibrium
        If a point around it is better.
    """
    menu, own, logs = states.risk.sourcing.menu, states.risk.own, found.states.logs
    here, rng = float(found.states.expected() @ goal), np.random.default_rng(1)
    for _ in range(AROUND):
        near = logs + np.where(own, rng.normal(scale=AWAY, size=len(logs)), 0.0)
        there = float(states.at(np.where(own, menu.feasible(near), logs)).expected() @ goal)
        if there - here > BETTER * goal.sum():
            raise NoEquilibrium("a planner's choice is no best one: there are better ones around")
