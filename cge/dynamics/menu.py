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

import numpy as np

from cge.core.axes import Array, Integers


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

    def feasible(self, a: Array) -> Array:
        """Log weights moved onto the menu: the same for all inputs of a nest is added.

        A nest of one speed (sL = sS) has no choice: its weights are one.
        """
        reach, long, nest = self.reach, self.long, self.nest
        fixed = reach == 0
        unit = np.abs(long - 1) < 1e-9
        power = np.where(fixed | unit, 0.0, (long - 1) / np.where(fixed, 1.0, reach))
        # The largest is taken out first, so that no power overflows.
        exponent = power[nest] * a
        top = np.full(len(long), -np.inf)
        np.maximum.at(top, nest, exponent)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            total = np.log(self._sum(self.share * np.exp(exponent - top[nest]))) + top
        excess = np.where(unit, self._sum(self.share * a), total / np.where(power == 0, 1.0, power))
        return np.where(fixed[nest], 0.0, a - excess[nest])

    def adapted(self, price: Array) -> Array:
        """Log weights that are cheapest at given prices, (inputs,).

        Parameters
        ----------
        price : ndarray (inputs,)
            Relative to the benchmark.
        """
        return self.feasible(-self.reach[self.nest] * np.log(price))

    def adapted_changes(self, price: Array, by_log: Array) -> Array:
        """Changes of the log weights that are cheapest, (inputs,).

        By Shephard's lemma the long-run index moves by the long-run cost shares.

        Parameters
        ----------
        price : ndarray (inputs,)
            Relative to the benchmark.
        by_log : ndarray (inputs,)
            Changes of their logs.
        """
        nest = self.nest
        logs = (1 - self.long[nest]) * np.log(price)
        top = np.full(len(self.long), -np.inf)
        np.maximum.at(top, nest, logs)
        weight = self.share * np.exp(logs - top[nest])
        index = self._sum(weight * by_log) / self._sum(weight)
        return -self.reach[nest] * (by_log - index[nest])

    def moved(self, a: Array, price: Array, inertia: float) -> Array:
        """Next year's log weights: part of the way to those cheapest at this year's prices.

        Parameters
        ----------
        a : ndarray (inputs,)
            This year's log weights.
        price : ndarray (inputs,)
            This year's prices relative to the benchmark.
        inertia : float
            What is left of the distance after a year; 0 adapts at once, 1 never.
        """
        wanted = -self.reach[self.nest] * np.log(price)
        return self.feasible(inertia * a + (1 - inertia) * wanted)

    def moved_changes(self, a: Array, price: Array, inertia: float, by_a: Array, by_log: Array,
                      ) -> Array:  # fmt: skip
        """Changes of next year's log weights, (inputs,).

        Parameters
        ----------
        a, price, inertia
            As in :meth:`moved`.
        by_a, by_log : ndarray (inputs,)
            Changes of this year's log weights and of the logs of prices.
        """
        nest = self.nest
        power = np.where(self.reach == 0, 0.0, (self.long - 1) / np.where(self.reach == 0, 1.0,
                                                                          self.reach))  # fmt: skip
        # On the menu, so that these add up to one in every nest.
        weight = self.share * np.exp(power[nest] * self.moved(a, price, inertia))
        change = inertia * by_a - (1 - inertia) * self.reach[nest] * by_log
        mean = self._sum(weight * change) / self._sum(weight)
        return np.where(self.reach[nest] == 0, 0.0, change - mean[nest])

    def short_cost_changes(self, a: Array, price: Array, by_a: Array, by_log: Array) -> Array:
        """Changes of the log of unit cost with given log weights, (nests,).

        Parameters
        ----------
        a, price
            As in :meth:`short_cost`.
        by_a, by_log : ndarray (inputs,)
            Changes of log weights and of the logs of prices.
        """
        nest, left = self.nest, 1 - self.short
        unit = np.abs(left) < 1e-9
        weight = self.share * np.exp(a) * price ** left[nest]
        weight = np.where(unit[nest], self.share, weight)
        by_weight = np.where(unit, 0.0, 1 / np.where(unit, 1.0, left))[nest] * by_a
        return self._sum(weight * (by_log + by_weight)) / self._sum(weight)

    def short_cost(self, a: Array, price: Array) -> Array:
        """Unit cost relative to the benchmark with given log weights, (nests,)."""
        total = self._sum(self.share * np.exp(a) * price ** (1 - self.short[self.nest]))
        unit = np.abs(self.short - 1) < 1e-9  # there the mean is a geometric one
        geometric = np.exp(self._sum(self.share * np.log(price)))
        return np.where(unit, geometric, total ** (1 / np.where(unit, 1.0, 1 - self.short)))
