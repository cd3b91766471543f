"""How the years of a path move with rates that are constant over it: exact, without re-solving.

Equilibria move by the implicit function theorem, with the Jacobian of each year: the one in
which relations with suppliers adapt, and that of the year itself. What carries one year into the
next (capital, knowledge, wages, debts, the menus) are formulas, of which differences are taken
along the direction in which their arguments move; no equilibrium is solved for a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.dynamics.recursion import State
from cge.path.frontier_problem import PathProblem
from cge.path.solved import PathYear
from cge.path.year import Course, ground_levels, relative_gdp, research_price
from cge.policy.case import Standing
from cge.solve.homotopy import tangents
from cge.solve.model import Model
from cge.solve.resolved import Resolved
from cge.solve.solution import Allocation
from cge.solve.square.linear import Factorised
from cge.solve.square.system import term_changes, term_parts

#: Half of a difference, as a part of the distance between a rate's bounds. Errors of differences
#: fall with its square; rounding stays below 1e-9.
STEP = 2e-6
#: Changes of weights have settled when they move by less than this part of themselves in a pass,
#: of which each takes away all but about a hundredth of what is left.
SETTLED = 1e-7
#: Half of a difference in the log of what a budget buys.
BUYS = 1e-5
PASSES = 60

Tree = TypeVar("Tree")


@dataclass(frozen=True, eq=False)
class PathChanges:
    """Changes of a path with each rate.

    Parameters
    ----------
    welfare : ndarray (years, s, k)
        Of relative welfare.
    levels : ndarray (columns, k)
        Of logs of levels in the year of disruptions, of levels where they are free.
    outcomes : ndarray (outcomes, k)
        In that year.
    outlay : ndarray (k,)
        Of the share of GDP in that year.
    """

    welfare: Array
    levels: Array
    outcomes: Array
    outlay: Array


def path_changes(problem: PathProblem, rates: Array, years: Sequence[PathYear]) -> PathChanges:
    """Changes of a solved path with each rate.

    Parameters
    ----------
    problem : PathProblem
    rates : ndarray (k,)
    years : sequence of PathYear
        The path at these rates.

    Raises
    ------
    NoEquilibrium
        If the changes of relations with suppliers do not settle.
    """
    return _Follower(problem, rates).changes(years)


class _Follower:
    """Follows small moves of every rate through the years."""

    def __init__(self, problem: PathProblem, rates: Array) -> None:
        self.problem, self.rates = problem, rates
        self.recursion = problem.laws.recursion
        self.model = problem.long
        self.half = STEP * (problem.high - problem.low)
        sides = [(rates + step, rates - step) for step in np.diag(self.half)]
        #: For each rate: the course with a little more of it and with a little less, and rates.
        self.sides = [[(problem.course(one), one) for one in pair] for pair in sides]
        self.course = problem.course(rates)

    def changes(self, years: Sequence[PathYear]) -> PathChanges:
        """Changes of all years."""
        count = len(self.rates)
        state = np.zeros((len(_flat(self.recursion.start())), count))
        welfare, before, chosen = [], _Before(None, state), None
        family = self.model.outcomes["welfare"].positions
        weights = self.recursion.start().weights
        start = self.model.start.values("welfare")[:, None]
        for year in years:
            moved = self._year(year, replace(year.state, weights=weights), before)
            welfare.append(moved.outcomes[family] / start)
            if year.year == self.problem.year:
                outlay = self._along(
                    lambda side, x, s, year=year: np.array([self._outlay(side, year, x, s)]),
                    (year.solution.levels, moved.levels), (year.state, moved.state),
                )  # fmt: skip
                chosen = moved.levels, moved.outcomes, outlay[0]
            if year.year == years[-1].year:
                break
            after = self._along(
                lambda side, x, s, year=year: _flat(self._next(side, year, x, s)),
                (year.solution.levels, moved.levels), (year.state, moved.state),
            )  # fmt: skip
            before, weights = _Before((year.solution, moved), after), year.weights
        assert chosen is not None
        return PathChanges(np.array(welfare), *chosen)

    # -- one year

    def _year(self, year: PathYear, turn: State, before: _Before) -> _Moved:
        """Changes of one year, from the state at the turn of it and that state's changes."""
        state = before.state.copy()
        if before.year is not None:
            state[: len(turn.weights)] = self._adapted(year, turn, before)
        resolved = year.solution.resolved
        solve = _tangent_solver(self.model, resolved, year.solution.levels)
        gdp, price = relative_gdp(year.solution), research_price(year.solution)
        given = self._along(
            lambda side, s: self._log(self._ground(side, year.year, s, gdp, price)),
            (year.state, state),
        )
        paying = np.flatnonzero(self.course.plan.paying(year.year)).tolist()
        levels = solve(np.column_stack([given, *(self._buys(year, one) for one in paying)]))
        outcomes = _outcome_changes(self.model, year.solution.levels, levels)
        # Budgets are shares of the year's GDP: what they buy moves with it, and it with them.
        rates = given.shape[1]
        bought = self._bought(year, outcomes)[paying]
        more = np.linalg.solve(np.eye(len(paying)) - bought[:, rates:], bought[:, :rates])
        levels, outcomes = (one[:, :rates] + one[:, rates:] @ more for one in (levels, outcomes))
        return _Moved(levels, outcomes, state)

    def _buys(self, year: PathYear, region: int) -> Array:
        """Change of what is given in a year with the log of what budgets of a region buy."""
        gdp, price = relative_gdp(year.solution), research_price(year.solution)
        ends = []
        for sign in (1.0, -1.0):
            one = gdp.copy()
            one[region] *= np.exp(sign * BUYS)
            side = self.course, self.rates
            ends.append(self._log(self._ground(side, year.year, year.state, one, price)))
        found: Array = (ends[0] - ends[1]) / (2 * BUYS)
        return found

    def _bought(self, year: PathYear, outcomes: Array) -> Array:
        """Changes of the logs of what a budget buys, by region."""
        gdp, price = (
            outcomes[self.model.outcomes[name].positions] / year.solution.values(name)[:, None]
            for name in ("gdp", "research_unit_cost")
        )
        found: Array = gdp - price
        return found

    def _adapted(self, year: PathYear, turn: State, before: _Before) -> Array:
        """Changes of the weights to which relations with suppliers adapt.

        With what weights have beside the part that follows prices, which is one number a nest,
        gone through until both agree, as in :meth:`cge.dynamics.recursion.Recursion.adapt`.
        """
        assert year.expected is not None and before.year is not None
        sourcing, inertia = self.recursion.sourcing, self.recursion.settings.inertia
        model, menu, columns = self.recursion.expecting, sourcing.menu, sourcing.columns
        last, moved_last = before.year
        given = self._along(
            lambda side, s, x: self._log(self._ground(
                side, year.year, s, relative_gdp(x), research_price(x), beforehand=True)),
            (turn, before.state), (last.levels, moved_last.levels),
        )  # fmt: skip
        solve = _tangent_solver(model, model.resolved(self.course.closure, ()), year.expected)

        at = Allocation(model, year.expected)
        prices, reach = sourcing.log_prices(at), (1 - inertia) * menu.reach[menu.nest]

        def follow(moved: Array, before: Array) -> tuple[Array, Array]:
            """Changes of weights, and of the logs of those that a year ahead is solved with."""
            by_log = sourcing.price_changes(moved)
            weights = menu.moved_changes(turn.weights, prices, inertia, before, by_log)
            cost = menu.log_cost_changes(year.weights, prices, weights, by_log)
            return weights, weights + reach * (by_log - cost[menu.nest])

        old = before.state[: len(turn.weights)]
        logs = inertia * old
        for _ in range(PASSES):
            given[columns] = logs
            found = [follow(one, other) for one, other in zip(solve(given).T, old.T, strict=True)]
            weights, again = (np.column_stack(part) for part in zip(*found, strict=True))
            moved, logs = _moved(logs, again), again
            if moved <= SETTLED:
                return weights
        raise NoEquilibrium("changes of relations with suppliers do not settle")

    # -- formulas

    def _ground(
        self, side: _Side, year: int, state: State, gdp: Array, price: Array,
        beforehand: bool = False,
    ) -> Array:  # fmt: skip
        """Levels that are given in a year, policy in place."""
        course, rates = side
        policy, _ = course.plan.at(year, state.knowledge, state.seen, gdp, price, beforehand)
        standing = Standing(ground_levels(course, year, state, policy), course.closure, ())
        return standing.laid(self.model, self.problem.levels(rates))

    def _next(self, side: _Side, year: PathYear, at: Allocation, state: State) -> State:
        """State that a year leaves."""
        plan = side[0].plan
        gdp, price = relative_gdp(at), research_price(at)
        policy, _ = plan.at(year.year, state.knowledge, state.seen, gdp, price)
        ground = self.recursion.ground(state, policy)
        return self.recursion.next(state, ground, at, policy)

    def _outlay(self, side: _Side, year: PathYear, at: Allocation, state: State) -> float:
        """Cost of the policy in a year, a share of GDP."""
        plan, price = side[0].plan, research_price(at)
        policy, parts = plan.at(year.year, state.knowledge, state.seen, relative_gdp(at), price)
        business = self.recursion.ground(state, policy).business
        return self.problem.outlay_share(side[1], at, parts, business)

    def _log(self, levels: Array) -> Array:
        """Logs of levels, levels where they are free."""
        free = self.model.arrays.free
        return np.where(free, levels, np.log(np.where(free, 1.0, levels)))

    def _along(self, formula: Callable[..., Array], *arguments: tuple[Any, Array]) -> Array:
        """Change of a formula with each rate, (..., k).

        Parameters
        ----------
        formula : callable
            Of the side, and of each of the arguments; levels are passed on as an allocation.
        *arguments : tuple
            A state, an array, or levels of columns, and its changes with each rate.
        """
        found = []
        for k, (pair, half) in enumerate(zip(self.sides, self.half, strict=True)):
            up, down = (
                formula(side, *(self._at(one, sign * half * change[..., k])
                                for one, change in arguments))
                for side, sign in zip(pair, (1.0, -1.0), strict=True)
            )  # fmt: skip
            found.append((up - down) / (2 * half))
        return np.stack(found, axis=-1)

    def _at(self, value: Any, move: Array) -> Any:
        """An argument of a formula, moved."""
        if isinstance(value, State):
            return _like(value, _flat(value) + move)
        free = self.model.arrays.free
        if value.shape == free.shape:
            return Allocation(self.model, np.where(free, value + move, value * np.exp(move)))
        return value + move


_Side = tuple[Course, Array]


@dataclass(frozen=True, eq=False)
class _Moved:
    """Changes of a year: of levels and outcomes, and of the state with weights adapted."""

    levels: Array
    outcomes: Array
    state: Array


@dataclass(frozen=True, eq=False)
class _Before:
    """The year before and its changes, None of the first, and changes of the state it leaves."""

    year: tuple[Allocation, _Moved] | None
    state: Array


def _moved(before: Array, after: Array) -> float:
    """Largest move of changes with any rate, each relative to the largest of them, or to 1."""
    axes = tuple(range(after.ndim - 1))
    size = np.maximum(np.abs(after).max(axis=axes, initial=0.0), 1.0)
    return float((np.abs(after - before).max(axis=axes, initial=0.0) / size).max(initial=0.0))


def _tangent_solver(model: Model, resolved: Resolved, levels: Array) -> Callable[[Array], Array]:
    """From changes of what is given to those of all columns, with one factorisation."""
    system, none = resolved.system, np.zeros(len(resolved.target_levels))
    z = system.start(levels)
    jacobian = system.fold(levels, resolved.target_levels).jacobian(z)
    factors, matrix = Factorised(jacobian, resolved.linear.matching), jacobian.tocsr()
    fixed = np.concatenate([system.unknown, resolved.fixed])

    def solved(right: Array) -> Array:
        found = factors.solve(right)
        return found + factors.solve(right - matrix @ found)

    def solve(given: Array) -> Array:
        given = given.copy()
        given[fixed] = 0.0
        return np.column_stack(tangents(system, solved, levels, [(one, none) for one in given.T]))

    return solve


def _outcome_changes(model: Model, levels: Array, changes: Array) -> Array:
    """Changes of outcomes, (outcomes, k)."""
    arrays, parts = model.arrays, term_parts(model.arrays, levels)
    return np.column_stack([
        arrays.outcome_coefficients @ term_changes(arrays, parts, one) for one in changes.T
    ])  # fmt: skip


def _flat(tree: Any) -> Array:
    """All numbers of a state but the year, weights first."""
    return np.concatenate([np.ravel(one) for one in _leaves(tree)])


def _leaves(tree: Any) -> list[Any]:
    if tree is None or isinstance(tree, int):
        return []
    if is_dataclass(tree):
        return [leaf for f in fields(tree) for leaf in _leaves(getattr(tree, f.name))]
    if isinstance(tree, tuple):
        return [leaf for one in tree for leaf in _leaves(one)]
    return [tree]


def _like(tree: Tree, values: Array) -> Tree:
    """A state of the same form with other numbers."""
    made, left = _made(tree, values)
    assert not len(left)
    return made


def _made(tree: Any, values: Array) -> tuple[Any, Array]:
    if tree is None or isinstance(tree, int):
        return tree, values
    if is_dataclass(tree) and not isinstance(tree, type):
        parts = {}
        for f in fields(tree):
            parts[f.name], values = _made(getattr(tree, f.name), values)
        return replace(tree, **parts), values
    if isinstance(tree, tuple):
        found = []
        for one in tree:
            made, values = _made(one, values)
            found.append(made)
        return tuple(found), values
    if isinstance(tree, float):
        return float(values[0]), values[1:]
    return values[: tree.size].reshape(tree.shape), values[tree.size :]
