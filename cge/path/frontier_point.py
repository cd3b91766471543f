"""Points of a frontier on a path: years solved from those of a policy nearby, and their changes."""

from __future__ import annotations

import contextlib
from functools import cached_property

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.core.recent import Recent
from cge.frontier.disruption_loss import DisruptionLoss
from cge.frontier.evaluation import REMEMBERED
from cge.frontier.point import PolicyPoint
from cge.frontier.preshock_map import PreShockChanges
from cge.path.frontier_problem import PathProblem, variations
from cge.path.path_changes import PathChanges, path_changes
from cge.path.solved import PathYear
from cge.resilience.preshock import PreShock, short_closure

#: Paths from which a search may set out; the nearest one is taken.
KNOWN = 8


class PathEvaluator:
    """Points of a problem on a path, each solved from the nearest of those before.

    Parameters
    ----------
    problem : PathProblem
    """

    def __init__(self, problem: PathProblem) -> None:
        self.problem = problem
        self.losses = tuple(DisruptionLoss(d, problem.leakage) for d in problem.disruptions)
        self._points: Recent[PathPoint] = Recent(REMEMBERED)
        self._known: list[tuple[Array, tuple[PathYear, ...]]] = []

    def at(self, rates: Array) -> PathPoint:
        """Point at given rates.

        Raises
        ------
        NoEquilibrium
        """
        key = np.ascontiguousarray(rates).tobytes()
        return self._points.get(key, lambda: self._solve(rates.copy()))

    def _solve(self, rates: Array) -> PathPoint:
        years = self._years(rates)
        self._known = [*self._known[1 - KNOWN :], (rates, years)]
        return PathPoint(self, rates, years)

    def _years(self, rates: Array) -> tuple[PathYear, ...]:
        if self._known:
            width = self.problem.high - self.problem.low
            apart = [float(np.abs((one - rates) / width).max()) for one, _ in self._known]
            with contextlib.suppress(NoEquilibrium):
                return self.problem.solved(rates, self._known[int(np.argmin(apart))][1])
        return self.problem.solved(rates)


class PathPoint(PolicyPoint):
    """A policy on a path, and on demand all that follows from it.

    Parameters
    ----------
    evaluator : PathEvaluator
    rates : ndarray (k,)
    years : tuple of PathYear
        The path at these rates.
    """

    def __init__(self, evaluator: PathEvaluator, rates: Array, years: tuple[PathYear, ...]) -> None:
        super().__init__(evaluator.problem, rates, evaluator.losses)
        self.path, self.years = evaluator.problem, years
        self.year = years[self.path.year - 1]

    @cached_property
    def variations(self) -> Array:
        """Equivalent variation of every region as the objective counts years, (s,)."""
        found: Array = self.path.year_weights @ variations(self.path, self.years)
        return found

    @cached_property
    def changes(self) -> PathChanges:
        """Changes of the path with each rate."""
        return path_changes(self.path, self.rates, self.years)

    @cached_property
    def value_gradient(self) -> Array:
        """Derivative of what is maximised by each rate, (k,)."""
        by_region = np.tensordot(self.path.year_weights, self.changes.welfare, axes=1)
        found: Array = self.path.value_weights @ by_region
        return found

    @property
    def outlay(self) -> float:
        """Cost of subsidies and of research in the year of disruptions, a share of GDP."""
        year = self.year
        return self.path.outlay_share(self.rates, year.solution, year.parts, year.business)

    @property
    def outlay_gradient(self) -> Array:
        """Derivative of the outlay by each rate, (k,)."""
        return self.changes.outlay

    @cached_property
    def pre_shock(self) -> PreShock:
        """The equilibrium of the year in which disruptions come, transfers given."""
        problem, solution = self.path, self.year.solution
        closure = short_closure(problem.closure, problem.short, problem.run)
        return PreShock(problem.short, closure.laid(problem.short, solution.levels), closure)

    @property
    def pre_shock_changes(self) -> PreShockChanges:
        """Changes of it with each rate."""
        return PreShockChanges(self.changes.levels, self.changes.outcomes)
