"""Two speeds in one technology: the sourcing menu.

A CES nest has an elasticity of substitution within the year, sS, and one after full
adjustment, sL > sS. What adjusts are the weights w = exp(a) of its inputs: relations with
suppliers, certificates, the design of a process. Within a year they are given and
demand has elasticity sS; between years they move along a menu,

    sum_k d_k exp(a_k (sL - 1) / (sL - sS)) = 1          (sL = 1: sum_k d_k a_k = 0)

with d the benchmark's value shares. The cheapest point of the menu at prices p is

    a_k = -(sL - sS) ln(p_k / P_L),      P_L**(1 - sL) = sum_k d_k p_k**(1 - sL)

and unit cost there is P_L, that of a CES with elasticity sL: the long run is the best
choice from the menu, the short run never costs less (Le Chatelier), and the two touch at
the point to which the nest has adapted. Nothing but weights tells the two runs apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.data.elasticities.nests import NEAR_ONE

#: Exponents of this size are far from what a number can hold.
LARGEST_EXPONENT = 500.0


@dataclass(frozen=True, eq=False)
class Menu:
    """The menus of a family of nests, all inputs in one vector.

    Parameters
    ----------
    nest : ndarray of int (inputs,)
        Which nest each input belongs to, numbered from 0.
    share : ndarray (inputs,)
        Benchmark value shares; they add up to one in every nest.
    short, long : ndarray (nests,)
        Elasticities of substitution.
    """

    nest: Integers
    share: Array
    short: Array
    long: Array

    @property
    def reach(self) -> Array:
        """sL - sS by nest: by how much the elasticity grows with adaptation."""
        return self.long - self.short

    def _sum(self, values: Array) -> Array:
        return np.bincount(self.nest, values, len(self.short)).astype(float)

    @cached_property
    def _reach(self) -> Array:
        """Reach of each input's nest."""
        return self.reach[self.nest]

    @cached_property
    def _one_speed(self) -> Bools:
        """Nests without a choice."""
        return self.reach == 0

    @cached_property
    def _still(self) -> Integers:
        """Inputs of nests without a choice."""
        return np.flatnonzero(self._one_speed[self.nest])

    @cached_property
    def _unit(self) -> tuple[Bools, Bools]:
        """Nests that are Cobb-Douglas within the year, and after full adjustment."""
        return np.abs(self.short - 1) < NEAR_ONE, np.abs(self.long - 1) < NEAR_ONE

    @cached_property
    def _power(self) -> Array:
        """Power of the weights on the menu by nest, zero where that is none."""
        none = self._one_speed | self._unit[1]
        return np.where(none, 0.0, (self.long - 1) / np.where(self._one_speed, 1.0, self.reach))

    @cached_property
    def _powers(self) -> tuple[Array, Array]:
        """Power of the weights on the menu, and that of prices within the year, by input."""
        return self._power[self.nest], (1 - self.short)[self.nest]

    def feasible(self, a: Array) -> Array:
        """Log weights moved onto the menu: the same for all inputs of a nest is added.

        A nest of one speed (sL = sS) has no choice: its weights are one.
        """
        exponent, unit = self._powers[0] * a, self._unit[1]
        top: Array | float = 0.0
        if np.abs(exponent).max(initial=0.0) > LARGEST_EXPONENT:
            # The largest is taken out first, so that sums stay within the range of numbers.
            top = np.full(len(self.long), -np.inf)
            np.maximum.at(top, self.nest, exponent)
            top[~np.isfinite(top)] = 0.0
            exponent = exponent - top[self.nest]
        total = np.log(self._sum(self.share * np.exp(exponent))) + top
        excess = total / np.where(self._power == 0, 1.0, self._power)
        if unit.any():
            excess = np.where(unit, self._sum(self.share * a), excess)
        found = a - excess[self.nest]
        found[self._still] = 0.0
        return found

    def adapted(self, logs: Array) -> Array:
        """Log weights that are cheapest at given prices, (inputs,).

        Parameters
        ----------
        logs : ndarray (inputs,)
            Logs of prices relative to the benchmark.
        """
        return self.feasible(-self._reach * logs)

    def adapted_changes(self, logs: Array, by_log: Array) -> Array:
        """Changes of the log weights that are cheapest, (inputs,).

        By Shephard's lemma the long-run index moves by the long-run cost shares.

        Parameters
        ----------
        logs : ndarray (inputs,)
            Logs of prices relative to the benchmark.
        by_log : ndarray (inputs,)
            Changes of them.
        """
        nest = self.nest
        powers = (1 - self.long[nest]) * logs
        top = np.full(len(self.long), -np.inf)
        np.maximum.at(top, nest, powers)
        weight = self.share * np.exp(powers - top[nest])
        index = self._sum(weight * by_log) / self._sum(weight)
        return -self._reach * (by_log - index[nest])

    def moved(self, a: Array, logs: Array, inertia: float) -> Array:
        """Next year's log weights: part of the way to those cheapest at this year's prices.

        Parameters
        ----------
        a : ndarray (inputs,)
            This year's log weights.
        logs : ndarray (inputs,)
            Logs of this year's prices relative to the benchmark.
        inertia : float
            What is left of the distance after a year; 0 adapts at once, 1 never.
        """
        return self.feasible(inertia * a - ((1 - inertia) * self._reach) * logs)

    def moved_changes(self, a: Array, logs: Array, inertia: float, by_a: Array, by_log: Array,
                      ) -> Array:  # fmt: skip
        """Changes of next year's log weights, (inputs,).

        Parameters
        ----------
        a, logs, inertia
            As in :meth:`moved`.
        by_a, by_log : ndarray (inputs,)
            Changes of this year's log weights and of the logs of prices.
        """
        nest = self.nest
        # On the menu, so that these add up to one in every nest.
        weight = self.share * np.exp(self._powers[0] * self.moved(a, logs, inertia))
        change = inertia * by_a - (1 - inertia) * self._reach * by_log
        mean = self._sum(weight * change) / self._sum(weight)
        return np.where(self._one_speed[nest], 0.0, change - mean[nest])

    def log_cost_changes(self, a: Array, logs: Array, by_a: Array, by_log: Array) -> Array:
        """Changes of the log of unit cost with given log weights, (nests,).

        Parameters
        ----------
        a, logs
            As in :meth:`log_cost`.
        by_a, by_log : ndarray (inputs,)
            Changes of log weights and of the logs of prices.
        """
        unit, left = self._unit[0], 1 - self.short
        weight = self.share * np.where(unit[self.nest], 1.0, np.exp(a + self._powers[1] * logs))
        by_weight = np.where(unit, 0.0, 1 / np.where(unit, 1.0, left))[self.nest] * by_a
        return self._sum(weight * (by_log + by_weight)) / self._sum(weight)

    def log_cost(self, a: Array, logs: Array) -> Array:
        """Log of unit cost within the year, relative to the benchmark, (nests,).

        Parameters
        ----------
        a : ndarray (inputs,)
        logs : ndarray (inputs,)
            Logs of prices relative to the benchmark.
        """
        unit = self._unit[0]
        total = np.log(self._sum(self.share * np.exp(a + self._powers[1] * logs)))
        cost = total / np.where(unit, 1.0, 1 - self.short)
        if unit.any():  # there the mean is a geometric one
            cost = np.where(unit, self._sum(self.share * logs), cost)
        return np.asarray(cost)
