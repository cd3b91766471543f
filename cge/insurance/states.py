"""States of a year, with a disruption or without, met with relations that were chosen before.

A region's relations with suppliers, the weights of its nests of origins
(:mod:`cge.dynamics.menu`), are chosen before it is known whether a disruption strikes. In normal
times everything else has adapted as in the long run, abroad too, but around the weights the
region's demand has its short-run elasticity. A disruption finds what normal times have left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import NoEquilibrium
from cge.dynamics.sourcing import Sourcing
from cge.dynamics.stand_ins import StandIns
from cge.frontier.disruption_loss import DisruptionLoss, Hit
from cge.frontier.preshock_map import nest_prices
from cge.frontier.tracking import Tracked, adjoint
from cge.resilience.disruptions import Disruption
from cge.resilience.impact import idle_factors
from cge.resilience.losses import cvar, expected_loss
from cge.resilience.preshock import PreShock, ShortRun, levels_before, places_in, short_closure
from cge.solve.closure import Closure
from cge.solve.model import Model
from cge.solve.solution import Allocation
from cge.solve.square.system import log_derivative


@dataclass(frozen=True, eq=False)
class Risk:
    """Disruptions a region may meet, and how they meet it.

    Parameters
    ----------
    short : Model
        With short-run elasticities.
    region : str
        Whose relations are chosen.
    disruptions : tuple of Disruption
        Those that have weight.
    weights : ndarray (disruptions,)
        Probabilities, given that one of them happens.
    frequency : float
        Probability in a year that one happens.
    leakage : float
        The least part of a volume that comes through a ban.
    level : float
        Of the conditional value at risk.
    stand_ins : StandIns
    run : ShortRun
    """

    short: Model
    region: str
    disruptions: tuple[Disruption, ...]
    weights: Array
    frequency: float
    leakage: float
    level: float
    stand_ins: StandIns
    run: ShortRun = ShortRun()

    @property
    def probabilities(self) -> Array:
        """Of each disruption in a year; what is left to one is that of normal times."""
        return self.frequency * self.weights

    @cached_property
    def normal(self) -> Model:
        """Model of normal times: long-run elasticities but for the nests that choose."""
        b = self.short.benchmark
        short, long = (b.elasticities[horizon].armington for horizon in ("short", "long"))
        mixed = long.copy()
        mixed[..., self.place] = short[..., self.place]
        long_run = Model.build(b, "long", self.short.backstop)
        return long_run.with_elasticities(replace(b.elasticities["long"], armington=mixed))

    @cached_property
    def sourcing(self) -> Sourcing:
        """Menus of all nests."""
        return Sourcing(self.short)

    @cached_property
    def own(self) -> Bools:
        """Whether an input is an origin in a nest of the region that can adapt, (inputs,)."""
        menu, weight = self.sourcing.menu, self.short.variables["origin_weight"]
        here = np.zeros(len(self.short.arrays.start), dtype=bool)
        here[weight.columns] = weight.codes[weight.axes.index("s")] == self.region
        can = (menu.reach > 0) & (np.abs(menu.short - 1) > 1e-9)
        return here[self.sourcing.columns] & can[menu.nest]

    @property
    def place(self) -> int:
        """Position of the region."""
        return self.short.benchmark.regions.index(self.region)


class States:
    """Equilibria of all states for relations in turn, each from the one before.

    Parameters
    ----------
    risk : Risk
    """

    def __init__(self, risk: Risk) -> None:
        self.risk, self.short, self.model = risk, risk.short, risk.normal
        self.losses = tuple(DisruptionLoss(one, risk.leakage) for one in risk.disruptions)
        self.closure = short_closure(Closure(), risk.short, risk.run)
        self.ground = risk.stand_ins.laid(self.model, self.model.arrays.start)
        #: Column of the model of normal times for each of the short run, -1 without one.
        self.places = places_in(self.short, self.model)
        self._tracked: Tracked | None = None

    @cached_property
    def prices(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Logs of the prices of inputs, and of their nests when they have adapted."""
        return self.risk.sourcing.exponents, nest_prices(self.risk.sourcing)

    @property
    def nothing(self) -> Array:
        """Log weights in the benchmark, (inputs,)."""
        return np.zeros(len(self.risk.sourcing.columns))

    def at(self, logs: Array) -> ExAnte:
        """All states for log weights, of which those of the nests that choose are read.

        Raises
        ------
        NoEquilibrium
        """
        risk, given = self.risk, self.ground.copy()
        columns = risk.sourcing.columns[risk.own]
        given[self.places[columns]] = np.exp(logs[risk.own])
        tracked, unknowns = self._normal(given, logs)
        levels = levels_before(self.short, tracked.system.levels(unknowns, given), self.places,
                               risk.sourcing)  # fmt: skip
        levels[columns] = np.exp(logs[risk.own])
        normal = PreShock(self.short, self.closure.laid(self.short, levels), self.closure)
        hits = [loss.solve(normal, logs) for loss in self.losses]
        logs = np.log(levels[risk.sourcing.columns])
        return ExAnte(self, risk, logs, normal, tuple(hits), tracked, given, unknowns)

    def _normal(self, given: Array, logs: Array) -> tuple[Tracked, Array]:
        """Normal times, from the nearest that are known, else from the benchmark."""
        for known in (True, False):
            if not known or self._tracked is None:
                solution = self.model.solve(given, Closure())
                self._tracked = Tracked(solution.resolved, given, solution.levels, logs)
            tracked = self._tracked
            try:
                return tracked, tracked.solve(given, tracked.resolved.target_levels, logs)
            except NoEquilibrium:
                if not known:
                    raise
        raise AssertionError


@dataclass(frozen=True, eq=False)
class ExAnte:
    """All states for given weights.

    Parameters
    ----------
    at : States
        Where it was solved.
    risk : Risk
    logs : ndarray (inputs,)
        Log weights.
    normal : PreShock
        Normal times.
    hits : tuple of Hit
        Disruptions.
    tracked : Tracked
        The system of normal times,
    given, unknowns : ndarray
        what it is given, and its solution.
    """

    at: States
    risk: Risk
    logs: Array
    normal: PreShock
    hits: tuple[Hit, ...]
    tracked: Tracked
    given: Array
    unknowns: Array

    @property
    def states(self) -> list[tuple[float, Allocation]]:
        """Probability and equilibrium of normal times and of each disruption."""
        probabilities = self.risk.probabilities
        return [(1.0 - float(probabilities.sum()), self.normal),
                *zip(map(float, probabilities), self.hits, strict=True)]  # fmt: skip

    @property
    def before(self) -> Array:
        """Real income of each region in normal times relative to the benchmark, (s,)."""
        levels = self.tracked.system.levels(self.unknowns, self.given)
        return Allocation(self.at.model, levels).relative_to(self.at.model.start, "welfare")

    def at_frequency(self, frequency: float) -> ExAnte:
        """The same relations and equilibria where disruptions are as likely as that."""
        return replace(self, risk=replace(self.risk, frequency=frequency))

    # -- what is reported

    @cached_property
    def region_losses(self) -> Array:
        """Part of real income that each disruption takes from each region, (z, s)."""
        return np.array([self.normal.losses(hit) for hit in self.hits])

    def expected(self) -> Array:
        """Expected real income of each region relative to the benchmark, (s,)."""
        return np.sum([part * at.values("welfare") for part, at in self.states], axis=0)

    @property
    def risk_figures(self) -> tuple[float, float]:
        """Expected loss and conditional value at risk of the region, given a disruption."""
        own, weights = self.region_losses[:, self.risk.place], self.risk.weights
        return float(expected_loss(own, weights)), float(cvar(own, weights, self.risk.level))

    def bargain(self, other: Array) -> tuple[float, float]:
        """What the region's buyers pay for these relations instead of others, and what they save.

        At the prices and volumes of each state: in normal times they pay more, in disruptions
        less; both expected in a year, parts of benchmark absorption.

        Parameters
        ----------
        other : ndarray (inputs,)
            Log weights of the other relations.
        """
        risk, sourcing = self.risk, self.risk.sourcing
        menu, found = sourcing.menu, []
        nests = np.unique(menu.nest[risk.own])
        logs = np.where(risk.own, other, self.logs)
        for part, at in self.states:
            prices = sourcing.log_prices(at)
            cost, instead = (np.exp(menu.log_cost(one, prices)) for one in (self.logs, logs))
            spent = np.bincount(menu.nest, spending(sourcing, at), len(cost))
            real = spent / at.values("welfare_price")[risk.place]
            found.append(part * float((real * (1.0 - instead / cost))[nests].sum()))
        size = float(risk.short.benchmark.absorption[risk.place])
        return found[0] / size, -sum(found[1:]) / size

    # -- what weights are worth

    @property
    def private_slopes(self) -> Array:
        """What a higher weight of an input saves its buyers, (inputs,).

        Expected over states, real (at the region's price of absorption), prices and volumes
        given: minus the derivative of the cost of what is bought by the log weight.
        """
        total = np.zeros(len(self.logs))
        menu, price = self.risk.sourcing.menu, "welfare_price"
        for part, at in self.states:
            spent = spending(self.risk.sourcing, at)
            total += part * spent / at.values(price)[self.risk.place]
        away = menu.short[menu.nest] - 1.0
        return np.divide(total, away, out=np.zeros(len(total)), where=self.risk.own)

    def social_slopes(self, weights: Array) -> Array:
        """Derivative of expected real income by each log weight, (inputs,).

        Parameters
        ----------
        weights : ndarray (s,)
            Of the regions' real incomes in what is maximised, in money of the benchmark.
        """
        model = self.risk.short
        coefficients = model.arrays.outcome_coefficients
        rows = model.outcomes["welfare"].positions
        wanted = np.zeros(coefficients.shape[0])
        wanted[rows] = weights
        on_outcomes = (1.0 - float(self.risk.probabilities.sum())) * wanted
        direct = np.zeros(len(self.normal.levels))
        for part, hit, disruption in zip(
            self.risk.probabilities, self.hits, self.risk.disruptions, strict=True
        ):
            by_column, by_target = adjoint(
                hit.tracked, hit.given, hit.targets, hit.z, coefficients.T @ wanted,
                np.zeros(len(direct)),
            )  # fmt: skip
            by_column[hit.tracked.system.unknown] = 0.0
            by_column[hit.tracked.resolved.fixed] = 0.0
            direct += part * by_column
            on_outcomes += part * (hit.tracked.system.targets.T @ (hit.part * by_target))
            on_outcomes += part * idle_slopes(self.normal, disruption, by_column)
        direct += log_derivative(model.arrays, self.normal.levels, coefficients.T @ on_outcomes)
        # Weights that adapt follow prices; what else a disruption finds is of normal times.
        sourcing = self.risk.sourcing
        by_weight = np.where(self.risk.own, 0.0, direct[sourcing.columns])
        direct[sourcing.columns[~self.risk.own]] = 0.0
        price, nest = self.at.prices
        reach = sourcing.menu.reach[sourcing.menu.nest]
        direct += (price - nest).T @ (-reach * by_weight)
        known = self.at.places >= 0
        before = np.zeros(len(self.given))
        np.add.at(before, self.at.places[known], direct[known])
        found, _ = adjoint(
            self.tracked, self.given, self.tracked.resolved.target_levels, self.unknowns,
            np.zeros(self.at.model.arrays.exponents.shape[0]), before,
        )  # fmt: skip
        chosen = np.where(self.risk.own, self.at.places[sourcing.columns], 0)
        return np.where(self.risk.own, found[chosen], 0.0)


def spending(sourcing: Sourcing, at: Allocation) -> Array:
    """What is spent on each input, stand-ins for it included, (inputs,)."""
    model = sourcing.model
    found = []
    for weight, one in sourcing.inputs():
        spent = at.values(one.value)[model.family(one.value).matching(weight)]
        if one.value == "route_spending":
            instead = model.outcomes["backstop_spending"]
            here = [weight.place[cell] - weight.start for cell in instead.index]
            spent[here] += at.values(instead.name)
        found.append(spent)
    return np.concatenate(found)


def idle_slopes(normal: PreShock, disruption: Disruption, by_column: Array) -> Array:
    """What outcomes of normal times do through the factors that a disruption leaves idle.

    The transpose of :func:`cge.frontier.disruption_loss.idle_changes`.

    Parameters
    ----------
    normal : PreShock
    disruption : Disruption
    by_column : ndarray (columns,)
        Derivative of a figure by the logs of what the disruption is given.

    Returns
    -------
    ndarray (outcomes,)
    """
    found = np.zeros(len(normal.outcomes))
    here: Integers = np.arange(len(found))[normal.model.outcomes["factor_payment"].positions]
    paid = normal.outcomes[here]
    for event in (one for one in disruption.events if one.type == "supply"):
        for column, own, hit in idle_factors(normal.model, event.regions, event.sectors):
            total, lost = paid[own].sum(), paid[hit].sum()
            scale = -by_column[column] * event.size / (1.0 - event.size * lost / total)
            found[here[hit]] += scale / total
            found[here[own]] -= scale * lost / total**2
    return found
