"""The efficiency-resilience problem of a region: policy, welfare and what disruptions take.

A policy sets rates; the long-run equilibrium under them gives welfare in normal times, and
from it every disruption takes a loss of real income (:mod:`cge.resilience.preshock`). The
frontier is the best welfare at a given conditional value at risk of the losses,

    max EV(tau)   s.t.   v + sum_z pi_z y_z / (1 - alpha) <= eps,   y_z >= L_z(tau) - v,  y_z >= 0

(Rockafellar and Uryasev 2000). Here equilibria are solved one by one for given rates, and what
the optimiser sees are the rates, v and y: tangents of the first stage, chained into what the
second is given, times one adjoint per disruption, are its exact gradients.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError, NoEquilibrium
from cge.frontier.blocks import StageChanges, Stages
from cge.frontier.tail_loss import DisruptionLoss, Hit, loss_gradient, losses
from cge.frontier.tracking import Tracked
from cge.resilience.disruptions import Disruption
from cge.resilience.preshock import Stage
from cge.solve.closure import Closure, Swap
from cge.solve.homotopy import term_changes
from cge.solve.model import Model
from cge.solve.system import term_values

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

UNILATERAL, NEUTRAL, GLOBAL = "unilateral", "terms_of_trade_neutral", "global"
VERSIONS = (UNILATERAL, NEUTRAL, GLOBAL)
#: Points whose equilibria are remembered: the current one and those of a line search.
REMEMBERED = 6


@dataclass(frozen=True, eq=False)
class Lever:
    """An instrument whose rate is chosen.

    Parameters
    ----------
    name : str
    columns : ndarray of int
        Columns of the long-run model that it moves.
    sign : float
        Change of their level with the rate.
    low, high : float
        Bounds of the rate, which is added to the benchmark's, a fraction.
    base : ndarray of int
        For a subsidy whose outlay counts, outcomes that its rate is a fraction of; else empty.
    """

    name: str
    columns: Integers
    sign: float
    low: float
    high: float
    base: Integers


@dataclass(frozen=True, eq=False)
class Task:
    """Everything that a frontier depends on.

    Parameters
    ----------
    long, short : Model
        Of the same accounts; the short-run one has the backstops.
    levers : tuple of Lever
    disruptions : tuple of Disruption
    weights : ndarray (disruptions,)
        Probabilities in the eyes of the region.
    region : str
        Whose resilience it is.
    level : float
        Of the conditional value at risk, from 0 to below 1.
    trickle : float
    premium : mapping of (region, sector) to float
    lending : bool
    budget : float, optional
        Most that subsidies may cost, a share of the region's GDP.
    version : str
    """

    long: Model
    short: Model
    levers: tuple[Lever, ...]
    disruptions: tuple[Disruption, ...]
    weights: Array
    region: str
    level: float
    trickle: float
    premium: Mapping[tuple[str, str], float]
    lending: bool = True
    budget: float | None = None
    version: str = UNILATERAL

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise InputError("unknown version", key="versions", value=self.version,
                             allowed=VERSIONS)  # fmt: skip
        if not 0 <= self.level < 1:
            raise InputError("not possible", key="level", value=self.level,
                             allowed="0 to below 1")  # fmt: skip

    @property
    def viewer(self) -> int:
        """Position of the region."""
        return self.long.benchmark.regions.index(self.region)

    @cached_property
    def counted(self) -> Integers:
        """Disruptions that have weight."""
        return np.flatnonzero(self.weights > 0)

    def levels(self, rates: Array) -> Array:
        """Return levels of the long-run model with rates in place, (columns,)."""
        levels = self.long.arrays.start.copy()
        for lever, rate in zip(self.levers, rates, strict=True):
            levels[lever.columns] += lever.sign * rate
        return levels

    def plain_closure(self) -> Closure:
        """Return the closure with the transfers between regions given."""
        return Closure()

    def closure(self) -> Closure:
        """Return the closure of the first stage.

        In the version that is neutral to the terms of trade every partner gets the transfer
        that keeps its welfare where it was. The region's own balance stays given: transfers
        add up to zero by themselves, and moving all balances alike moves nothing.
        """
        plain = self.plain_closure()
        if self.version != NEUTRAL:
            return plain
        swaps = tuple(
            Swap(f"balance[{s}]", f"welfare[{s}]", 1.0, label="compensation of partners")
            for s in self.long.benchmark.regions if s != self.region
        )  # fmt: skip
        return replace(plain, swaps=swaps)

    @cached_property
    def value_weights(self) -> Array:
        """Weights of the regions' equivalent variations in what is maximised, (s,)."""
        absorption = self.long.benchmark.absorption
        if self.version == GLOBAL:
            return absorption / absorption.sum()
        return np.eye(len(absorption))[self.viewer]


class Problem:
    """Welfare, losses and their gradients at given rates.

    Parameters
    ----------
    task : Task
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.stages = Stages(
            task.long, task.short, task.plain_closure(), task.premium, task.lending
        )
        self.followed = tuple(DisruptionLoss(d, task.trickle) for d in task.disruptions)
        self.solves = 0
        self._tracked: Tracked | None = None
        self._points: dict[bytes, Point] = {}

    @property
    def low(self) -> Array:
        """Lower bounds of the rates."""
        return np.array([lever.low for lever in self.task.levers])

    @property
    def high(self) -> Array:
        """Upper bounds of the rates."""
        return np.array([lever.high for lever in self.task.levers])

    def at(self, rates: Array) -> Point:
        """Return the point at given rates.

        Raises
        ------
        NoEquilibrium
        """
        key = np.ascontiguousarray(rates).tobytes()
        point = self._points.pop(key, None)
        if point is None:
            point = self._solve(rates.copy())
        self._points[key] = point
        while len(self._points) > REMEMBERED:
            del self._points[next(iter(self._points))]
        return point

    def _solve(self, rates: Array) -> Point:
        task = self.task
        given = task.levels(rates)
        if (given[~task.long.arrays.free] <= 0).any():
            raise NoEquilibrium("a rate of 100 % or more")
        targets = None if self._tracked is None else self._tracked.resolved.target_levels
        z = None
        if self._tracked is not None and targets is not None:
            with contextlib.suppress(NoEquilibrium):
                z = self._tracked.solve(given, targets, rates)
        if self._tracked is None or z is None:
            solution = task.long.solve(given, task.closure())
            self._tracked = Tracked(solution.resolved, given, solution.levels, rates)
            z = self._tracked.solve(given, solution.resolved.target_levels, rates)
        self.solves += 1
        return Point(self, rates, given, z, self._tracked)


class Point:
    """A policy: its equilibrium, and on demand everything that follows from it."""

    def __init__(
        self, problem: Problem, rates: Array, given: Array, z: Array, tracked: Tracked
    ) -> None:
        self.problem, self.task = problem, problem.task
        self.rates, self._given, self.unknowns, self.tracked = rates, given, z, tracked
        self._hits: dict[int, Hit] = {}
        self._slopes: dict[int, Array] = {}
        arrays = self.task.long.arrays
        self.levels = tracked.system.levels(z, given)
        self.outcomes = arrays.outcome_coefficients @ term_values(arrays, self.levels)

    def _outcome(self, name: str) -> Array:
        return self.outcomes[self.task.long.outcomes[name].block.positions]

    @property
    def variations(self) -> Array:
        """Equivalent variation of every region, a fraction of benchmark absorption, (s,)."""
        here = self.task.long.outcomes["welfare"].block.positions
        return self.outcomes[here] / self.task.long.outcome_start[here] - 1.0

    @property
    def value(self) -> float:
        """What is maximised, a fraction."""
        return float(self.task.value_weights @ self.variations)

    # -- how it moves with the rates

    @cached_property
    def tangents(self) -> Array:
        """Changes of the logs of levels (of levels where free) with each rate, (columns, k)."""
        task, system = self.task, self.tracked.system
        arrays = system.arrays
        terms = term_values(arrays, self.levels)
        columns = np.zeros((len(self.levels), len(task.levers)))
        for n, lever in enumerate(task.levers):
            columns[lever.columns, n] = lever.sign / self.levels[lever.columns]
        targets = self.tracked.resolved.target_levels
        jacobian = system.fold(self._given, targets).jacobian(self.unknowns)
        right = np.column_stack([
            -(system.matrix @ term_changes(arrays, self.levels, terms, column))
            for column in columns.T
        ])  # fmt: skip
        moved = self.tracked.linear.solve(jacobian, right, 1e-12)
        return columns + np.column_stack([system.spread(dz) for dz in moved.T])

    @cached_property
    def outcome_changes(self) -> Array:
        """Changes of the outcomes with each rate, (outcomes, k)."""
        arrays = self.task.long.arrays
        terms = term_values(arrays, self.levels)
        return np.column_stack([
            arrays.outcome_coefficients @ term_changes(arrays, self.levels, terms, column)
            for column in self.tangents.T
        ])  # fmt: skip

    @cached_property
    def value_gradient(self) -> Array:
        """Derivative of what is maximised by each rate, (k,)."""
        here = self.task.long.outcomes["welfare"].block.positions
        by_region = self.outcome_changes[here] / self.task.long.outcome_start[here][:, None]
        return self.task.value_weights @ by_region

    # -- outlay

    @property
    def outlay(self) -> float:
        """What subsidies cost, a share of the region's GDP."""
        return self._spent / float(self._outcome("gdp")[self.task.viewer])

    @property
    def _spent(self) -> float:
        pairs = zip(self.task.levers, self.rates, strict=True)
        return float(sum(rate * self.outcomes[lever.base].sum() for lever, rate in pairs))

    @cached_property
    def outlay_gradient(self) -> Array:
        """Derivative of the outlay by each rate, (k,)."""
        changes = self.outcome_changes
        spent = np.array([self.outcomes[lever.base].sum() for lever in self.task.levers])
        for lever, rate in zip(self.task.levers, self.rates, strict=True):
            spent = spent + rate * changes[lever.base].sum(axis=0)
        row = self.task.long.outcomes["gdp"].block.start + self.task.viewer
        return (spent - self.outlay * changes[row]) / self.outcomes[row]

    # -- disruptions

    @cached_property
    def stage(self) -> Stage:
        """What a disruption finds."""
        return self.problem.stages.at(self.levels)

    @cached_property
    def stage_changes(self) -> StageChanges:
        """How that moves with the rates."""
        return self.problem.stages.changes(self.stage, self.tangents)

    def hit(self, number: int) -> Hit:
        """Return a disruption solved, by its number in the task."""
        if number not in self._hits:
            self._hits[number] = self.problem.followed[number].solve(self.stage, self.rates)
        return self._hits[number]

    def losses_everywhere(self, numbers: Integers) -> Array:
        """Return the parts of real income lost, disruptions by region, (z, s)."""
        found = [losses(self.stage, self.hit(n)) for n in numbers]
        return np.array(found).reshape(len(numbers), -1)

    def losses(self, numbers: Integers) -> Array:
        """Return the region's losses, (z,)."""
        if not len(numbers):
            return np.zeros(0)
        return self.losses_everywhere(numbers)[:, self.task.viewer]

    def loss_gradients(self, numbers: Integers) -> Array:
        """Return derivatives of the region's losses by each rate, (z, k)."""
        for n in numbers:
            if n not in self._slopes:
                self._slopes[n] = loss_gradient(
                    self.stage, self.stage_changes, self.hit(n), self.task.disruptions[n],
                    self.task.viewer,
                )  # fmt: skip
        return np.array([self._slopes[n] for n in numbers]).reshape(len(numbers), -1)


def middle(low: Sequence[float] | Array, high: Sequence[float] | Array) -> Array:
    """Return the middle of the bounds."""
    return (np.asarray(low, dtype=float) + np.asarray(high, dtype=float)) / 2
