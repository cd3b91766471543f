"""The pre-shock equilibrium that a policy sets, and how it moves with the policy.

As :func:`cge.resilience.preshock.pre_shock`, for many policies in turn: what the short run takes
from the equilibrium before it (weights, capital, premiums, volumes) is a log-linear function
of that equilibrium but for the menus, and so are the derivatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.dynamics.sourcing import Sourcing
from cge.frontier.problem import Problem
from cge.resilience.import_price import BackstopRoutes
from cge.resilience.preshock import PreShock, levels_before, places_in, short_closure
from cge.solve.system import term_changes, term_parts

#: No log of a price moves by more than this for a rate of 100 %.
_LARGEST = 100.0


@dataclass(frozen=True, eq=False)
class PreShockChanges:
    """Changes of a pre-shock equilibrium with each of some instruments.

    Parameters
    ----------
    levels, ready : ndarray (columns, k)
        Of the log of each column's level, of the level where it is free; without and with
        backstops within reach.
    outcomes : ndarray (outcomes, k)
    """

    levels: Array
    ready: Array
    outcomes: Array


class PreShockMap:
    """From equilibria of the long run to pre-shock equilibria.

    Parameters
    ----------
    problem : Problem

    Attributes
    ----------
    places : ndarray of int (columns of the short-run model,)
        Column of the long-run model for each, -1 without one.
    sourcing : Sourcing
        Relations that adapt to the long run.
    routes : BackstopRoutes
    """

    def __init__(self, problem: Problem) -> None:
        self.problem, self.short = problem, problem.short
        self.places = places_in(problem.short, problem.long)
        self.sourcing = Sourcing(problem.short)
        self.routes = BackstopRoutes(problem.short)
        self._closure = short_closure(problem.closure, problem.short, problem.lending)
        ones = (
            np.ones(len(start)) for start in (self.short.arrays.start, self.short.outcome_start)
        )
        self._unmoved = np.log(self.sourcing.prices(*ones))

    def at(self, levels: Array) -> PreShock:
        """Pre-shock equilibrium that levels of the long-run model set."""
        carried = levels_before(self.short, levels, self.places, self.sourcing)
        return PreShock(self.short, self._closure, carried, self.problem.premium)

    def changes(self, pre: PreShock, moved: Array) -> PreShockChanges:
        """Changes of a pre-shock equilibrium with those of the levels it comes from.

        Parameters
        ----------
        pre : PreShock
        moved : ndarray (columns of the long-run model, k)
            Changes of logs of its levels, of levels where they are free.
        """
        price = self.sourcing.prices(pre.levels, pre.outcomes)
        each = [self._change(pre, price, one) for one in moved.T]
        return PreShockChanges(*(np.column_stack(columns) for columns in zip(*each, strict=True)))

    def _change(self, pre: PreShock, price: Array, moved: Array) -> tuple[Array, Array, Array]:
        """Levels, ready levels and outcomes as they move with one instrument."""
        short, sourcing = self.short, self.sourcing
        arrays = short.arrays
        parts = term_parts(arrays, pre.levels)
        levels = np.where(self.places >= 0, moved[self.places], 0.0)

        def outcomes() -> Array:
            change = term_changes(arrays, parts, levels)
            return arrays.outcome_coefficients @ change

        # Weights and prices of varieties cancel out of the prices that move them.
        relative = np.divide(outcomes(), pre.outcomes, out=np.zeros(len(pre.outcomes)),
                             where=pre.outcomes != 0)  # fmt: skip
        # Outcomes of nearly zero change by huge parts; no price is made of them.
        relative = np.clip(relative, -_LARGEST, _LARGEST)

        def of(name: str) -> Array:
            return relative[short.outcomes[name].positions]

        by_log = np.where(arrays.free, 0.0, levels)
        # Log-linear in what it reads, so its logs at moved logs are its derivative.
        by_input = np.log(sourcing.prices(np.exp(by_log), np.exp(relative))) - self._unmoved
        levels[sourcing.columns] = sourcing.menu.adapted_changes(price, by_input)
        levels[short.variables["variety_price"].positions] = self.routes.price_change(of)
        ready = levels.copy()
        ready[short.variables["backstop_premium"].positions] = self.routes.relative_price_change(of)
        return levels, ready, outcomes()
