"""The efficiency-resilience problem of a region as it is posed.

A policy sets rates; the long-run equilibrium under them gives welfare in normal times, and
from it every disruption takes a loss of real income (:mod:`cge.resilience.preshock`). The
frontier is the best welfare at a given conditional value at risk of the losses,

    max EV(tau)   s.t.   v + sum_z pi_z y_z / (1 - alpha) <= eps,   y_z >= L_z(tau) - v,  y_z >= 0

(Rockafellar and Uryasev 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import check_known
from cge.dynamics.stand_ins import StandIns
from cge.resilience.disruptions import Disruption
from cge.resilience.preshock import ShortRun
from cge.solve.closure import Closure, Swap
from cge.solve.model import Model
from cge.solve.solution import Allocation

UNILATERAL, NEUTRAL, GLOBAL = "unilateral", "terms_of_trade_neutral", "global"
VERSIONS = (UNILATERAL, NEUTRAL, GLOBAL)


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
class Problem:
    """One version of the problem of a region.

    Parameters
    ----------
    long, short : Model
        Of the same accounts, with the same stand-ins for imports.
    levers : tuple of Lever
    disruptions : tuple of Disruption
    weights : ndarray (disruptions,)
        Probabilities in the eyes of the region.
    region : str
        Whose resilience it is.
    level : float
        Of the conditional value at risk, from 0 to below 1.
    leakage : float
        The least part of a volume that comes through a ban.
    stand_ins : StandIns
    run : ShortRun
        How far wages and spending adjust within the year of a disruption.
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
    leakage: float
    stand_ins: StandIns
    run: ShortRun = ShortRun()
    budget: float | None = None
    version: str = UNILATERAL
    #: Of the equilibria, without what a version swaps.
    closure: Closure = Closure()

    def __post_init__(self) -> None:
        check_known([self.version], VERSIONS, "unknown version", key="versions")

    @property
    def place(self) -> int:
        """Position of the region."""
        return self.long.benchmark.regions.index(self.region)

    @property
    def low(self) -> Array:
        """Lower bounds of the rates, (k,)."""
        return np.array([lever.low for lever in self.levers])

    @property
    def high(self) -> Array:
        """Upper bounds of the rates, (k,)."""
        return np.array([lever.high for lever in self.levers])

    @cached_property
    def counted(self) -> Integers:
        """Disruptions that have weight."""
        return np.flatnonzero(self.weights > 0)

    def levels(self, rates: Array) -> Array:
        """Levels of the long-run model with rates in place, (columns,)."""
        levels = self.stand_ins.laid(self.long, self.long.arrays.start).copy()
        for lever, rate in zip(self.levers, rates, strict=True):
            levels[lever.columns] += lever.sign * rate
        return levels

    @property
    def closure_of_version(self) -> Closure:
        """Closure of the equilibrium before a disruption.

        In the version that is neutral to the terms of trade every partner gets the transfer
        that keeps its welfare where it was. The region's own balance stays given: transfers
        add up to zero by themselves, and moving all balances alike moves nothing.
        """
        if self.version != NEUTRAL:
            return self.closure
        swaps = tuple(
            Swap(f"balance[{s}]", f"welfare[{s}]", 1.0, label="compensation of partners")
            for s in self.long.benchmark.regions if s != self.region
        )  # fmt: skip
        return self.closure.with_swaps(swaps)

    @cached_property
    def value_weights(self) -> Array:
        """Weights of the regions' equivalent variations in what is maximised, (s,)."""
        absorption = self.long.benchmark.absorption
        if self.version == GLOBAL:
            return absorption / absorption.sum()
        return np.eye(len(absorption))[self.place]


def outlay_share(problem: Problem, rates: Array, at: Allocation) -> float:
    """Cost of subsidies in an equilibrium of the long run, a share of the region's GDP."""
    pairs = zip(problem.levers, rates, strict=True)
    spent = sum(rate * at.outcomes[lever.base].sum() for lever, rate in pairs)
    return float(spent / at.values("gdp")[problem.place])
