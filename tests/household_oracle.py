"""A second way to an equilibrium with a household whose income elasticities are not one.

Prices and production are those of tests/oracle.py. The household is written down as Hanoch (1975)
has it, in levels, and asked for nothing but the least spending E(p, u) that brings about utility u
at prices p, found by a scalar Newton search; what it buys, what utility costs and what the region
prefers are derivatives of E by complex step. One search for roots finds outputs, factor prices,
spending and utility together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from oracle import Equilibrium, World
from scipy.optimize import root

from cge.data.accounts.benchmark import Benchmark

Array = NDArray[np.float64]
STEP = 1e-30


@dataclass(frozen=True, eq=False)
class Hanoch:
    """sum_i B_i u**(e_i b_i) (p_i / x)**b_i = 1, with x and p in money, u = 1 in the benchmark."""

    scale: Array
    expansion: Array
    power: Array

    @classmethod
    def of(cls, spent: Array, expansion: Array, power: Array) -> Hanoch:
        """The one that buys these values at prices of one."""
        share = spent / spent.sum()
        weight = share / power / (share / power).sum()
        return cls(weight * spent.sum() ** power, expansion, power)

    def spending(self, price: Any, utility: Any) -> Any:
        """Least spending that brings about a utility; also of complex numbers."""
        x = np.sum(self.scale ** (1 / self.power) * np.real(price)).astype(complex)
        x = x / x.real * 1e-3 * self.scale.max()
        log, near = np.log(x), 0
        for _ in range(200):
            terms = (
                self.scale
                * utility ** (self.expansion * self.power)
                * (price / np.exp(log)) ** self.power
            )
            # In logs of the sum: nearly linear in log x.
            total, slope = terms.sum(), -(self.power * terms).sum()
            step = np.log(total) * total / slope
            log = log - step
            near += abs(step) < 1e-12
            if near == 3:  # the imaginary part, which is the derivative, follows a step behind
                break
        return np.exp(log)

    def bought(self, price: Array, utility: float) -> Array:
        """What it buys: the derivative of spending by prices (Shephard)."""
        own = np.eye(len(price)) * 1j * STEP
        return np.array([self.spending(price + one, utility).imag / STEP for one in own])

    def cost_of_utility(self, price: Array, utility: float) -> float:
        """Derivative of spending by utility."""
        return float(self.spending(price, utility + 1j * STEP).imag / STEP)


class HouseholdWorld(World):
    """The economy of a benchmark whose household has income elasticities other than one."""

    def __init__(self, b: Benchmark, policy: dict[str, Any], horizon: str = "long") -> None:
        super().__init__(b, policy, horizon)
        demand = b.elasticities[horizon].household
        assert demand is not None
        self.households = [
            Hanoch.of(spent, demand.expansion[s], demand.substitution[s])
            for s, spent in enumerate(b.household_spending)
        ]

    def solve(self, parts: tuple[int, ...] = ()) -> Equilibrium:
        """Find the equilibrium by one search for all unknowns."""
        found = root(self._all_gaps, np.zeros(self._size()), method="hybr", tol=1e-14)
        gap = np.abs(self._all_gaps(found.x)).max()
        assert gap < 1e-11, gap
        return self._point(found.x)[0]

    def _size(self) -> int:
        return self._unknowns() + self.b.output.size + 3 * len(self.b.regions)

    def _point(self, logs: Array) -> tuple[Equilibrium, Array, Array]:
        """Everything at some logs of factor prices, outputs, spending, utility and welfare."""
        b, p, p0 = self.b, self.policy, self.powers0
        regions = len(b.regions)
        ends = np.cumsum([self._unknowns(), b.output.size, regions, regions])
        prices, output, spending, utility, welfare = np.split(logs, ends)
        factor_price = self._spread(prices)
        output = b.output * np.exp(output.reshape(b.output.shape))
        absorption, utility, welfare = (b.absorption * np.exp(spending), np.exp(utility),
                                        np.exp(welfare))  # fmt: skip
        t = self.technology(factor_price)
        sold = t.composite[self.class_of_agent].transpose(2, 0, 1)
        users = sold * p["final_tax"] / p0["final_tax"]
        agents = (b.final * p0["final_tax"]).sum(axis=2)
        bundles, final = np.zeros(agents.shape), np.zeros(b.final.shape)
        choice, budget = np.zeros(regions), np.zeros(regions)
        for s, household in enumerate(self.households):
            at, base = users[s, 0], np.ones(len(b.sectors))
            spent = household.spending(at, utility[s]).real
            consumption = household.spending(base, utility[s]).real / agents[s, 0]
            last = household.cost_of_utility(at, utility[s]) / household.cost_of_utility(
                base, utility[s]
            )
            cost = np.array([last, *t.agent[s, 1:]])
            share, sigma = agents[s] / agents[s].sum(), self.sigma.agents[s]
            index = np.prod(cost**share) if sigma == 1 else (
                (share * cost ** (1 - sigma)).sum() ** (1 / (1 - sigma))
            )  # fmt: skip
            bundles[s] = welfare[s] * (index / cost) ** sigma
            choice[s] = consumption / bundles[s, 0] - 1
            paid = agents[s] * t.agent[s] * bundles[s]
            budget[s] = (spent + paid[1:].sum()) / absorption[s] - 1
            # Homothetic agents buy per bundle what they did at their own prices.
            final[s, 1:] = self._per_bundle(users, t, s)[1:] * bundles[s, 1:, None]
            final[s, 0] = household.bought(at, utility[s]) / p0["final_tax"][s, 0]
        per_spending = final / (absorption / t.absorption)[:, None, None]
        t = replace(t, final=per_spending)
        composites, shipped, _, final = self._quantities(t, output, absorption)
        use, income = t.factor * output[:, :, None], self._factor_income(factor_price)
        e = Equilibrium(
            technology=t, factor_price=factor_price, factor_use=use, output=output,
            composites=composites, shipped=shipped, final=final, absorption=absorption,
            welfare=welfare, revenue=self._revenue(t, factor_price, output, absorption),
            factor_income=income, excess=self._excess(factor_price, use),
        )  # fmt: skip
        return e, choice, budget

    def _per_bundle(self, users: Array, t: Any, s: int) -> Array:
        """Goods of each agent per benchmark bundle, CES, (d, i)."""
        sigma = self.sigma.final[s][:, None]
        weight = np.where(sigma == 1, 1.0, self.policy["final_weight"][s])
        return self.b.final[s] * weight * (t.agent[s][:, None] / users[s]) ** sigma

    def _all_gaps(self, logs: Array) -> Array:
        e, choice, budget = self._point(logs)
        goods = e.shipped.sum(axis=(0, 3)) / e.output - 1
        given = self.policy["balance"]
        left_over = self.b.absorption * given.sum() / self.b.absorption.sum()
        income = e.factor_income.sum(axis=1) + np.sum(list(e.revenue.values()), axis=0)
        income = income + (given - left_over) * self.policy["numeraire"]
        returns = e.factor_income / self.policy["factor_supply"]
        index = returns.sum() / self.b.factor_payments.sum() / self.policy["numeraire"] - 1
        return np.concatenate([
            goods.ravel(), e.excess[:-1], [index], income / e.absorption - 1, choice, budget
        ])  # fmt: skip
