"""Wages, spending and debts from year to year.

Within a year wages start from where they stood, and spending from what regions are used to
(:mod:`cge.model.short_year`). Between years wages go on from where they came to, fall where
labour is without work, and rise in regions that lend:

    a' = a exp(response (e - 1) - external_response * borrowing)

so that employment is full again and nothing is borrowed in the end (a region's wages follow its
exchange rate). Accustomed earnings and income follow actual ones, in real terms, by `habit_speed`
of the way. What is borrowed is owed: relative to balanced growth debts grow at interest less
growth, and that is what is paid on them,

    service = (interest - growth) debt,    debt' = debt + borrowing / (1 + growth)

Borrowing is in shares of benchmark absorption, at the numeraire's price. All is relative to a
base in which nothing has to catch up: the benchmark, the same year of a given baseline, or the
equilibrium in which a disruption strikes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cge.core.axes import Array
from cge.core.recent import Recent
from cge.data.accounts.benchmark import CAPITAL
from cge.dynamics.capital import Settings
from cge.solve.model import Model
from cge.solve.solution import Allocation


@dataclass(frozen=True, eq=False)
class Legacy:
    """Where wages, spending and debts stand at the turn of a year, against the base.

    Parameters
    ----------
    wages : ndarray (endowments,)
        Logs of where wages stand.
    earnings, income : ndarray (s,)
        What regions are used to.
    demand : float
        Log of where prices of producers stand over wages.
    debt : ndarray (s,)
        What is owed abroad, in shares of benchmark absorption relative to balanced growth.
    """

    wages: Array
    earnings: Array
    income: Array
    demand: float
    debt: Array


class CatchingUp:
    """The law by which wages, spending and debts move.

    Parameters
    ----------
    model : Model
    settings : Settings
    """

    def __init__(self, model: Model, settings: Settings) -> None:
        self.model, self.settings = model, settings
        self._regions = len(model.benchmark.regions)
        self._of_base: Recent[_Signals] = Recent(1)

    def start(self) -> Legacy:
        """Legacy of the base."""
        none = np.zeros(self._regions)
        return Legacy(np.zeros(len(self.model.variables["wage_level"])), none, none, 0.0, none)

    def laid(self, levels: Array, legacy: Legacy, base: Allocation) -> Array:
        """Levels with what a short year starts from.

        Parameters
        ----------
        levels : ndarray (columns,)
        legacy : Legacy
        base : Allocation
            Equilibrium of this year in which nothing has to catch up.
        """
        levels, variables = levels.copy(), self.model.variables
        service = (self.settings.interest - self.settings.growth) * legacy.debt
        for name, change in (
            ("accustomed_earnings", legacy.earnings), ("accustomed_income", legacy.income),
            ("debt_service", service),
        ):  # fmt: skip
            levels[variables[name].positions] = base.values(name) + change
        for name, log in (("wage_level", legacy.wages), ("world_demand", legacy.demand)):
            levels[variables[name].positions] = base.values(name) * np.exp(log)
        return levels

    def next(self, legacy: Legacy, solution: Allocation, base: Allocation) -> Legacy:
        """Legacy after a year.

        Parameters
        ----------
        legacy : Legacy
            From which the year started.
        solution : Allocation
            Its equilibrium.
        base : Allocation
            As in :meth:`laid`.
        """
        given, now = self.settings, self._signals(solution)
        then = self._of_base.get(base, lambda: self._signals(base))
        borrowing = now.borrowing - then.borrowing
        supply = self.model.variables["wage_level"]
        pull = solution.values("wage_response") * (now.employment - then.employment)
        pull = pull - given.external_response * borrowing[supply.at("s")[0]]
        return Legacy(
            legacy.wages + np.where(supply.by("f") == CAPITAL, 0.0, pull),
            _towards(legacy.earnings, now.earnings - then.earnings, given.habit_speed),
            _towards(legacy.income, now.income - then.income, given.habit_speed),
            float(np.log(now.demand / then.demand)[0]),
            legacy.debt + borrowing / (1.0 + given.growth),
        )

    def _signals(self, at: Allocation) -> _Signals:
        """What the next year starts from looks at, in real terms where it is spent."""
        of, absorbed = at.values, self.model.benchmark.absorption
        place = self.model.variables["wage_level"].at("s")[0]
        abroad = [one.array("income_from_abroad") for one in (at, self.model.start)]
        earned, share = (
            (np.bincount(place, one.values("factor_income"), len(absorbed)) + more) / absorbed
            for one, more in zip((at, self.model.start), abroad, strict=True)
        )
        received = of("gdp") + abroad[0] + of("transfer") - of("research_spending")
        received = received / absorbed
        paid, price = of("debt_service") * of("numeraire"), of("welfare_price")
        return _Signals(
            employment=of("employment"),
            borrowing=of("private_borrowing") + of("public_borrowing"),
            earnings=(earned - paid) / price / share,
            income=(received - paid) / price,
            demand=of("producer_price") / (of("numeraire") * of("world_wage")),
        )


def _towards(level: Array, wanted: Array, speed: float) -> Array:
    return level + speed * (wanted - level)


class _Signals(NamedTuple):
    """Employment, borrowing, real income, and prices of producers over wages."""

    employment: Array
    borrowing: Array
    earnings: Array
    income: Array
    demand: Array
