"""What the search for a frontier asks of a policy, whatever the equilibrium before a disruption is.

Welfare, outlay and the equilibrium from which disruptions set out, with their derivatives, are
those of the long run (:mod:`cge.frontier.evaluation`) or of years of a path
(:mod:`cge.path.frontier_point`). What disruptions take follows from them here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Protocol

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.once import once_for_each
from cge.frontier.disruption_loss import DisruptionLoss, Hit, loss_gradient
from cge.frontier.preshock_map import PreShockChanges
from cge.frontier.problem import Problem
from cge.resilience.losses import cvar, value_at_risk
from cge.resilience.preshock import PreShock


class PolicyPoint(ABC):
    """A policy, and on demand all that follows from it.

    Parameters
    ----------
    problem : Problem
    rates : ndarray (k,)
    disruptions : tuple of DisruptionLoss
        Those of the problem, followed from policy to policy.
    """

    def __init__(
        self, problem: Problem, rates: Array, disruptions: tuple[DisruptionLoss, ...]
    ) -> None:
        self.problem, self.rates, self._disruptions = problem, rates, disruptions

    @property
    @abstractmethod
    def variations(self) -> Array:
        """Equivalent variation of every region, a fraction of benchmark absorption, (s,)."""

    @property
    def value(self) -> float:
        """Value that the version maximises, a fraction."""
        return float(self.problem.value_weights @ self.variations)

    @cached_property
    @abstractmethod
    def value_gradient(self) -> Array:
        """Derivative of what is maximised by each rate, (k,)."""

    @property
    @abstractmethod
    def outlay(self) -> float:
        """Cost of subsidies, a share of the region's GDP."""

    @cached_property
    @abstractmethod
    def outlay_gradient(self) -> Array:
        """Derivative of the outlay by each rate, (k,)."""

    @cached_property
    @abstractmethod
    def pre_shock(self) -> PreShock:
        """The equilibrium from which disruptions set out."""

    @cached_property
    @abstractmethod
    def pre_shock_changes(self) -> PreShockChanges:
        """Changes of it with each rate."""

    # -- disruptions

    @once_for_each
    def hit(self, number: int) -> Hit:
        """A disruption solved, by its number in the problem."""
        return self._disruptions[number].solve(self.pre_shock, self.rates)

    def losses(self, numbers: Integers) -> Array:
        """Parts of the region's real income lost, (z,)."""
        place = self.problem.place
        return np.array([self.pre_shock.losses(self.hit(n))[place] for n in numbers], dtype=float)

    def loss_gradients(self, numbers: Integers) -> Array:
        """Derivatives of the region's losses by each rate, (z, k)."""
        return np.array([self._slope(n) for n in numbers]).reshape(len(numbers), -1)

    @once_for_each
    def _slope(self, number: int) -> Array:
        problem = self.problem
        return loss_gradient(self.pre_shock, self.pre_shock_changes, self.hit(number),
                             problem.disruptions[number], problem.place)  # fmt: skip

    @property
    def risk(self) -> float:
        """Conditional value at risk, a fraction."""
        counted, weights = self.problem.counted, self.problem.weights
        return float(cvar(self.losses(counted), weights[counted], self.problem.level))

    @property
    def value_at_risk(self) -> float:
        """Loss at the quantile from which the tail begins, a fraction."""
        counted, weights = self.problem.counted, self.problem.weights
        return float(value_at_risk(self.losses(counted), weights[counted], self.problem.level))


class Points(Protocol):
    """Where points of a problem come from, each solved from those before."""

    @property
    def problem(self) -> Problem:
        """The problem."""

    def at(self, rates: Array) -> PolicyPoint:
        """Point at given rates.

        Raises
        ------
        NoEquilibrium
        """
