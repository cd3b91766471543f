"""The stage that a policy sets for disruptions, and how it moves with the policy.

As :func:`cge.resilience.preshock.stage_of`, for many policies in turn: what the short run takes
from the equilibrium before it (weights, capital, premiums, volumes) is a log-linear function
of that equilibrium but for the menus, and so are the derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.dynamics.menu import Menu
from cge.dynamics.recursion import CAPITAL
from cge.dynamics.sourcing import Sourcing
from cge.resilience.disruptions import Disruption
from cge.resilience.preshock import Stage, purchaser_prices, short_closure
from cge.solve.closure import Closure
from cge.solve.homotopy import term_changes
from cge.solve.model import Model
from cge.solve.system import term_values

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: No log of a price moves by more than this for a rate of 100 %.
_LARGEST = 100.0


@dataclass(frozen=True, eq=False)
class StageChanges:
    """How a stage moves with each of some instruments.

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


class Stages:
    """From equilibria of the long run to stages.

    Parameters
    ----------
    long, short : Model
        Of the same accounts, the second with backstops.
    closure : Closure
        Of the equilibria, without what a version of the frontier swaps.
    premium : mapping of (region, sector) to float
    lending : bool
        As for :func:`cge.resilience.preshock.stage_of`.
    """

    def __init__(
        self,
        long: Model,
        short: Model,
        closure: Closure,
        premium: Mapping[tuple[str, str], float],
        lending: bool = True,
    ) -> None:
        self.long, self.short, self.premium = long, short, premium
        self.closure = short_closure(closure, short, lending)
        self.sourcing = Sourcing(short)
        self.origin = _positions(long, short)
        arrivals = short.outcomes["arrivals"].block
        place = {cell: n for n, cell in enumerate(arrivals.index)}
        covered = short.variables["variety_price"].block
        self.imports = np.array([place[cell] for cell in covered.index], dtype=np.int64)
        self.home = np.array([place[u, s, i, s] for u, _, i, s in covered.index], dtype=np.int64)
        self._covered = covered.start + np.arange(len(covered))
        premiums = short.variables["backstop_premium"].block
        self.premiums = premiums.start + np.arange(len(premiums))

    def at(self, levels: Array) -> Stage:
        """Return the stage of an equilibrium of the long run, told by its levels."""
        short, sourcing = self.short, self.sourcing
        found = short.arrays.start.copy()
        here = self.origin >= 0
        found[here] = levels[self.origin[here]]
        outcomes = short.arrays.outcome_coefficients @ term_values(short.arrays, found)
        found[sourcing.columns] = np.exp(sourcing.menu.adapted(sourcing.prices(found, outcomes)))
        if len(self._covered):
            found[self._covered] = purchaser_prices(short, found)[self.imports]
        return Stage(short, self.closure, found, self.premium)

    def changes(self, stage: Stage, moved: Array) -> StageChanges:
        """Return how a stage moves when the levels it comes from do.

        Parameters
        ----------
        stage : Stage
        moved : ndarray (columns of the long-run model, k)
            Changes of logs of its levels, of levels where they are free.
        """
        arrays, sourcing = self.short.arrays, self.sourcing
        terms = term_values(arrays, stage.levels)
        count = moved.shape[1]
        levels = np.zeros((len(arrays.start), count))
        here = self.origin >= 0
        levels[here] = moved[self.origin[here]]
        ready = np.zeros_like(levels)
        outcomes = np.zeros((len(stage.outcomes), count))
        price = sourcing.prices(stage.levels, stage.outcomes)
        unmoved = np.log(sourcing.prices(np.ones(len(levels)), np.ones(len(outcomes))))
        value, quantity = (
            self.short.outcomes[name].block.positions for name in ("route_spending", "arrivals")
        )

        def of_outcomes(n: int) -> Array:
            change = term_changes(arrays, stage.levels, terms, levels[:, n])
            return arrays.outcome_coefficients @ change

        for n in range(count):
            # Weights and prices of varieties cancel out of the prices that move them.
            relative = np.divide(of_outcomes(n), stage.outcomes, out=np.zeros(len(outcomes)),
                                 where=stage.outcomes != 0)  # fmt: skip
            # Outcomes of nearly zero change by huge parts; no price is made of them.
            relative = np.clip(relative, -_LARGEST, _LARGEST)
            by_log = np.where(arrays.free, 0.0, levels[:, n])
            # Log-linear in what it reads, so its logs at moved logs are its derivative.
            by_input = np.log(sourcing.prices(np.exp(by_log), np.exp(relative))) - unmoved
            levels[sourcing.columns, n] = adapted_changes(sourcing.menu, price, by_input)
            route = relative[value] - relative[quantity]
            levels[self._covered, n] = route[self.imports]
            ready[:, n] = levels[:, n]
            ready[self.premiums, n] = route[self.imports] - route[self.home]
            outcomes[:, n] = of_outcomes(n)
        return StageChanges(levels, ready, outcomes)


def adapted_changes(menu: Menu, price: Array, by_log: Array) -> Array:
    """Return how the log weights that are cheapest move with the logs of prices.

    By Shephard's lemma the long-run index moves by the long-run cost shares.

    Parameters
    ----------
    menu : Menu
    price : ndarray (inputs,)
    by_log : ndarray (inputs,)
        Change of their logs.
    """
    logs = (1 - menu.long[menu.nest]) * np.log(price)
    top = np.full(len(menu.long), -np.inf)
    np.maximum.at(top, menu.nest, logs)
    weight = menu.share * np.exp(logs - top[menu.nest])
    count = len(menu.long)
    index = np.bincount(menu.nest, weight * by_log, count) / np.bincount(menu.nest, weight, count)
    return -menu.reach[menu.nest] * (by_log - index[menu.nest])


def idle_changes(stage: Stage, disruption: Disruption, outcomes: Array) -> Array:
    """Return how the logs of what is left of factors move with the stage.

    What a loss of capacity takes from a region's other factors is a part of what the sectors
    that are hit employ of them (:func:`cge.resilience.impact.capacity_lost`), which a policy
    moves. All other factors by which a disruption multiplies levels are constants.

    Parameters
    ----------
    stage : Stage
    disruption : Disruption
    outcomes : ndarray (outcomes, k)
        Changes of the stage's outcomes.

    Returns
    -------
    ndarray (columns, k)
    """
    supply, payment = (
        stage.model.variables["factor_supply"], stage.model.outcomes["factor_payment"]
    )  # fmt: skip
    change = np.zeros((len(stage.levels), outcomes.shape[1]))
    paid = stage.outcomes[payment.block.positions]
    moved = outcomes[payment.block.positions]
    for event in disruption.events:
        if event.type != "supply":
            continue
        idle = np.isin(payment.codes[1], list(event.sectors))
        for n, (s, f) in enumerate(supply.block.index):
            if s not in event.regions or f == CAPITAL:
                continue
            own = (payment.codes[0] == s) & (payment.codes[2] == f)
            total, lost = paid[own].sum(), paid[own & idle].sum()
            part = event.size * lost / total
            by = event.size * (moved[own & idle].sum(axis=0) / total
                               - lost / total**2 * moved[own].sum(axis=0))  # fmt: skip
            change[supply.block.start + n] -= by / (1.0 - part)
    return change


def _positions(long: Model, short: Model) -> Integers:
    """Return where each column of the short-run model stands in the long-run one, -1 if not."""
    found = np.full(len(short.arrays.start), -1, dtype=np.int64)
    for name, family in short.variables.families.items():
        own = long.variables[name].block
        place = {cell: own.start + n for n, cell in enumerate(own.index)}
        for n, cell in enumerate(family.block.index, start=family.block.start):
            found[n] = place.get(cell, -1)
    return found
