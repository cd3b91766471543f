"""A game of policies: who sets which rates, and how each one's goal moves with its own rates.

Every player sets some of the rates of a policy and maximises a weighted sum of equivalent
variations in the long run, the rates of the others given. One player with all rates is a
planner, so that optimal and cooperative policies are games as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, Integers
from cge.frontier.evaluation import Evaluator
from cge.frontier.problem import Problem

#: Step by which slopes are differenced, a part of the distance between bounds.
_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Player:
    """One who sets rates.

    Parameters
    ----------
    name : str
    own : ndarray of int
        Numbers of its rates among all.
    weights : ndarray (s,)
        Of the regions' equivalent variations in what it maximises.
    """

    name: str
    own: Integers
    weights: Array


class Game:
    """Players on one model, in the space of rates, each a part of the distance between its bounds.

    Parameters
    ----------
    evaluator : Evaluator
        Points of all rates together.
    players : sequence of Player
        No rate is set by two.
    """

    def __init__(self, evaluator: Evaluator, *players: Player) -> None:
        self.evaluator, self.players = evaluator, players
        #: Numbers of the rates that somebody sets.
        self.moves: Integers = np.concatenate([one.own for one in players])
        self.width = self.problem.high - self.problem.low

    @property
    def problem(self) -> Problem:
        """The policy in all its rates."""
        return self.evaluator.problem

    @property
    def low(self) -> Array:
        """Lower bounds, of all rates, (k,)."""
        return self.problem.low / self.width

    @property
    def high(self) -> Array:
        """Upper bounds, (k,)."""
        return self.problem.high / self.width

    def value(self, player: Player, x: Array) -> float:
        """Goal of a player, per cent."""
        return float(100.0 * player.weights @ self.evaluator.at(x * self.width).variations)

    def slope(self, player: Player, x: Array) -> Array:
        """Derivative of its goal by each of its own rates, per cent from bound to bound."""
        gradients = self.evaluator.at(x * self.width).variation_gradients[:, player.own]
        return 100.0 * player.weights @ gradients * self.width[player.own]

    def slopes(self, x: Array) -> Array:
        """Slopes of all players, one after the other, (moves,)."""
        return np.concatenate([self.slope(one, x) for one in self.players])

    def curvature(self, x: Array) -> Array:
        """Derivatives of the slopes by the rates that are set, (moves, moves)."""
        columns = []
        for number in self.moves:
            side = np.zeros(len(x))
            side[number] = _STEP
            columns.append((self.slopes(x + side) - self.slopes(x - side)) / (2 * _STEP))
        return np.column_stack(columns)

    def distance(self, x: Array) -> Array:
        """How far each rate is from where its slope would take it, within its bounds, (moves,).

        Zero in all where the first-order conditions of all players hold: a slope of zero, or at
        an upper bound a positive one, at a lower a negative one.
        """
        at, low, high = x[self.moves], self.low[self.moves], self.high[self.moves]
        return np.clip(at + self.slopes(x), low, high) - at

    def residual(self, x: Array) -> float:
        """Largest violation of the first-order conditions, per cent."""
        return float(np.abs(self.distance(x)).max())
