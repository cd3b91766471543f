"""Wages, spending and debts from year to year.

Within a year wages start from where they stood, and spending from what regions are used to
(:mod:`cge.model.short_year`). Between years wages go on from where they came to, fall where
labour is without work, and rise in regions that lend:

    a' = a exp(response (e - 1) - external_response * borrowing)

so that employment is full again and nothing is borrowed in the end (a region's wages follow its
exchange rate). Accustomed earnings and
revenue follow actual ones, in real terms, by `habit_speed` of the way. What is borrowed is owed:
relative to balanced growth debts grow at interest less growth, and that is what is paid on them,

    service = (interest - growth) debt,    debt' = debt + borrowing / (1 + growth)

Borrowing is in shares of benchmark absorption, at the numeraire's price. All is relative to a
base in which nothing moves: the benchmark, or the equilibrium in which a disruption strikes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cge.core.axes import Array, Integers
from cge.dynamics.capital import Settings
from cge.model.shares import CAPITAL
from cge.solve.model import Model
from cge.solve.solution import Allocation

#: What a short year starts from, in the order of the columns that are held.
HELD = ("wage_level", "accustomed_earnings", "accustomed_revenue", "world_demand", "debt_service")


@dataclass(frozen=True, eq=False)
class Standing:
    """Where wages, spending and debts stand at the turn of a year.

    Parameters
    ----------
    held : ndarray
        Levels of what a short year starts from (:attr:`CatchingUp.columns`).
    debt : ndarray (s,)
        What is owed abroad, in shares of benchmark absorption relative to balanced growth.
    """

    held: Array
    debt: Array


class CatchingUp:
    """The law by which wages, spending and debts move.

    Parameters
    ----------
    model : Model
    settings : Settings
    base : Allocation
        Equilibrium in which nothing has to catch up.

    Attributes
    ----------
    columns : ndarray of int
        Columns of what a short year starts from.
    """

    def __init__(self, model: Model, settings: Settings, base: Allocation) -> None:
        self.model, self.settings, self.base = model, settings, base
        parts = [model.variables[name].columns for name in HELD]
        self.columns: Integers = np.concatenate(parts)
        self._ends = np.cumsum([len(part) for part in parts])[:-1]

    def start(self) -> Standing:
        """Standing of the base."""
        regions = len(self.model.benchmark.regions)
        return Standing(self.base.levels[self.columns], np.zeros(regions))

    def next(self, standing: Standing, solution: Allocation) -> Standing:
        """Standing after a year.

        Parameters
        ----------
        standing : Standing
            From which the year started.
        solution : Allocation
            Its equilibrium.
        """
        given, now, then = self.settings, self._signals(solution), self._base_signals
        wages, earnings, revenue, _, _ = np.split(standing.held, self._ends)
        _, used_to, got, demand, service = np.split(self.base.levels[self.columns], self._ends)
        borrowing = now.borrowing - then.borrowing
        supply = self.model.variables["wage_level"]
        pull = solution.values("wage_response") * (now.employment - then.employment)
        pull = pull - given.external_response * borrowing[supply.at("s")[0]]
        debt = standing.debt + borrowing / (1.0 + given.growth)
        held = (
            wages * np.exp(np.where(supply.by("f") == CAPITAL, 0.0, pull)),
            earnings + given.habit_speed * (now.earnings - then.earnings + used_to - earnings),
            revenue + given.habit_speed * (now.revenue - then.revenue + got - revenue),
            demand * now.demand / then.demand,
            service + (given.interest - given.growth) * debt,
        )
        return Standing(np.concatenate(held), debt)

    @cached_property
    def _base_signals(self) -> _Signals:
        return self._signals(self.base)

    def _signals(self, at: Allocation) -> _Signals:
        """What the next year starts from looks at, in real terms where it is spent."""
        of, absorbed = at.values, self.model.benchmark.absorption
        place = self.model.variables["wage_level"].at("s")[0]
        earned, share = (np.bincount(place, one.values("factor_income"), len(absorbed)) / absorbed
                         for one in (at, self.model.start))  # fmt: skip
        received = (of("gdp") + of("transfer") - of("research_spending")) / absorbed - earned
        paid, price = of("debt_service") * of("numeraire"), of("welfare_price")
        return _Signals(
            employment=of("employment"),
            borrowing=of("private_borrowing") + of("public_borrowing"),
            earnings=(earned - paid) / price / share,
            revenue=received / price,
            demand=of("producer_price") / (of("numeraire") * of("world_wage")),
        )


class _Signals(NamedTuple):
    """Employment, borrowing, real income, and prices of producers over wages."""

    employment: Array
    borrowing: Array
    earnings: Array
    revenue: Array
    demand: Array
