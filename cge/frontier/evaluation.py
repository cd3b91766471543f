"""Welfare, losses and outlay at given rates, and their exact gradients.

Equilibria are solved one by one for given rates, and what the optimiser sees are the rates:
tangents of the long run, chained into what the short run is given, times one adjoint per
disruption.
"""

from __future__ import annotations

import contextlib
from functools import cached_property

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.core.recent import Recent
from cge.frontier.disruption_loss import DisruptionLoss
from cge.frontier.point import PolicyPoint
from cge.frontier.preshock_map import PreShockChanges, PreShockMap
from cge.frontier.problem import Problem, outlay_share
from cge.frontier.tracking import Tracked
from cge.resilience.preshock import PreShock
from cge.solve.homotopy import tangents
from cge.solve.solution import Allocation
from cge.solve.square.system import term_changes, term_parts

#: Points whose equilibria are remembered: the current one and those of a line search.
REMEMBERED = 6


class Evaluator:
    """Points of a problem, solved from those before.

    Parameters
    ----------
    problem : Problem
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.losses = tuple(DisruptionLoss(d, problem.leakage) for d in problem.disruptions)
        self._tracked: Tracked | None = None
        self._points: Recent[Point] = Recent(REMEMBERED)

    @cached_property
    def preshock(self) -> PreShockMap:
        """From equilibria of the long run to those from which disruptions set out."""
        return PreShockMap(self.problem)

    def at(self, rates: Array) -> Point:
        """Point at given rates.

        Raises
        ------
        NoEquilibrium
        """
        key = np.ascontiguousarray(rates).tobytes()
        return self._points.get(key, lambda: self._solve(rates.copy()))

    def _solve(self, rates: Array) -> Point:
        problem = self.problem
        given = problem.levels(rates)
        if (given[~problem.long.arrays.free] <= 0).any():
            raise NoEquilibrium("a rate of 100 % or more")
        if self._tracked is not None:
            with contextlib.suppress(NoEquilibrium):
                return self._followed(self._tracked, rates, given)
        solution = problem.long.solve(given, problem.closure_of_version)
        self._tracked = Tracked(solution.resolved, given, solution.levels, rates)
        return self._followed(self._tracked, rates, given)

    def _followed(self, tracked: Tracked, rates: Array, given: Array) -> Point:
        unknowns = tracked.solve(given, tracked.resolved.target_levels, rates)
        return Point(self, rates, given, unknowns, tracked)


class Point(PolicyPoint):
    """A policy in the long run: its equilibrium, and on demand everything that follows from it.

    Parameters
    ----------
    evaluator : Evaluator
    rates : ndarray (k,)
    given : ndarray (columns,)
        Levels of the long-run model with the rates in place.
    unknowns : ndarray
        Those of the equilibrium.
    tracked : Tracked
        Its system.
    """

    def __init__(
        self, evaluator: Evaluator, rates: Array, given: Array, unknowns: Array, tracked: Tracked
    ) -> None:
        super().__init__(evaluator.problem, rates, evaluator.losses)
        self._evaluator, self._given = evaluator, given
        self.unknowns, self.tracked = unknowns, tracked
        self.equilibrium = Allocation(self.problem.long, tracked.system.levels(unknowns, given))

    @property
    def variations(self) -> Array:
        """Equivalent variation of every region, a fraction of benchmark absorption, (s,)."""
        return self.equilibrium.relative_to(self.problem.long.start, "welfare") - 1.0

    # -- how it moves with the rates

    @cached_property
    def tangents(self) -> Array:
        """Changes of the logs of levels (of levels where free) with each rate, (columns, k)."""
        levers, system, levels = self.problem.levers, self.tracked.system, self.equilibrium.levels
        columns = np.zeros((len(levers), len(levels)))
        for own, lever in zip(columns, levers, strict=True):
            own[lever.columns] = lever.sign / levels[lever.columns]
        targets = self.tracked.resolved.target_levels
        jacobian = system.fold(self._given, targets).jacobian(self.unknowns)
        return np.column_stack(tangents(
            system, lambda right: self.tracked.linear.solve(jacobian, right, 1e-12), levels,
            [(own, np.zeros(len(targets))) for own in columns],
        ))  # fmt: skip

    @cached_property
    def outcome_changes(self) -> Array:
        """Changes of the outcomes with each rate, (outcomes, k)."""
        arrays = self.problem.long.arrays
        parts = term_parts(arrays, self.equilibrium.levels)
        return np.column_stack([
            arrays.outcome_coefficients @ term_changes(arrays, parts, column)
            for column in self.tangents.T
        ])  # fmt: skip

    @cached_property
    def variation_gradients(self) -> Array:
        """Derivatives of the regions' equivalent variations by each rate, (s, k)."""
        long = self.problem.long
        changes = self.outcome_changes[long.outcomes["welfare"].positions]
        return changes / long.start.values("welfare")[:, None]

    @property
    def value_gradient(self) -> Array:
        """Derivative of what is maximised by each rate, (k,)."""
        return self.problem.value_weights @ self.variation_gradients

    # -- outlay

    @property
    def outlay(self) -> float:
        """Cost of subsidies, a share of the region's GDP."""
        return outlay_share(self.problem, self.rates, self.equilibrium)

    @cached_property
    def outlay_gradient(self) -> Array:
        """Derivative of the outlay by each rate, (k,)."""
        changes, outcomes = self.outcome_changes, self.equilibrium.outcomes
        spent = np.array([outcomes[lever.base].sum() for lever in self.problem.levers])
        for lever, rate in zip(self.problem.levers, self.rates, strict=True):
            spent = spent + rate * changes[lever.base].sum(axis=0)
        row = self.problem.long.outcomes["gdp"].start + self.problem.place
        return (spent - self.outlay * changes[row]) / outcomes[row]

    # -- disruptions

    @cached_property
    def pre_shock(self) -> PreShock:
        """The equilibrium from which disruptions set out."""
        return self._evaluator.preshock.at(self.equilibrium.levels)

    @cached_property
    def pre_shock_changes(self) -> PreShockChanges:
        """Changes of it with each rate."""
        return self._evaluator.preshock.changes(self.pre_shock, self.tangents)
