"""A second, independent model of the same economy, to check the first against.

Written from the economics in levels, with true user prices and physical quantities
(units chosen so that benchmark basic prices are one), and solved in another way:
for given factor prices a fixed point gives all goods prices, a linear system gives
outputs and absorption, and a Newton search by finite differences finds the factor
prices at which factors are fully employed. Nothing here comes from ``cge.model`` or
``cge.solve``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.data.accounts.benchmark import Benchmark

Array = NDArray[np.float64]

#: Everything a shock can move, with its axes (letters as in the benchmark).
POLICY_AXES = {
    "tariff": "uris",
    "export_tax": "uris",
    "trade_cost": "uris",
    "origin_weight": "uris",
    "net_of_output_tax": "sj",
    "productivity": "sj",
    "intermediate_tax": "sij",
    "input_weight": "sij",
    "final_tax": "sdi",
    "final_weight": "sdi",
    "factor_tax": "sjf",
    "factor_supply": "sf",
    "balance": "s",
}


class NotFound(Exception):
    """The oracle did not find an equilibrium."""


def benchmark_policy(b: Benchmark) -> dict[str, Any]:
    """Return the policy of the benchmark.

    Wedges are powers ``1 + t`` (``1 - t`` for the output tax), the balance a value in
    units of the numeraire, which is one; everything else is one. What balances leave
    over in the world is taken off all regions in proportion to benchmark absorption.
    """
    u, r, j, _ = b.flows.shape
    d, f = b.final.shape[1], b.factor_payments.shape[2]
    return {
        "tariff": 1 + b.tariff,
        "export_tax": 1 + b.export_tax,
        "trade_cost": np.ones((u, r, j, r)),
        "origin_weight": np.ones((u, r, j, r)),
        "net_of_output_tax": 1 - b.output_tax,
        "productivity": np.ones((r, j)),
        "intermediate_tax": 1 + b.intermediate_tax,
        "input_weight": np.ones((r, j, j)),
        "final_tax": 1 + b.final_tax,
        "final_weight": np.ones((r, d, j)),
        "factor_tax": 1 + b.factor_tax,
        "factor_supply": np.ones((r, f)),
        "balance": b.balance.copy(),
        "numeraire": 1.0,
    }


def ces(
    quantity0: Array, price0: Array, price: Array, sigma: Array, axis: int, weight: Array | float
) -> tuple[Array, Array]:
    """Return the unit cost of a CES aggregate and its inputs per unit.

    The aggregate is measured in benchmark cost, so its benchmark unit cost is one and
    its distribution parameters are ``q0/Q0 * p0**sigma``.

    Parameters
    ----------
    quantity0, price0, price : ndarray
        Benchmark inputs, their benchmark and their current prices.
    sigma : ndarray
        Elasticity, without `axis`.
    axis : int
        Which axis the inputs lie along.
    weight : ndarray or float
        Multiplies the distribution parameters; void where ``sigma`` is one.

    Returns
    -------
    cost : ndarray, without `axis`
    demand : ndarray, like `quantity0`
        Zero where the aggregate does not exist; its cost is one there.
    """
    total = (quantity0 * price0).sum(axis=axis, keepdims=True)
    exists = total > 0
    inputs = np.where(exists, quantity0, 1.0) / np.where(exists, total, 1.0)
    elasticity = np.expand_dims(np.asarray(sigma, dtype=float), axis)
    cobb_douglas = elasticity == 1
    power = np.where(cobb_douglas, 0.5, elasticity)  # 0.5 is a placeholder, never used
    alpha = inputs * price0**power * weight
    cost = (alpha * price ** (1 - power)).sum(axis=axis, keepdims=True) ** (1 / (1 - power))
    demand = alpha * (cost / price) ** power
    spending = inputs * price0
    geometric = np.exp((spending * np.log(price / price0)).sum(axis=axis, keepdims=True))
    cost = np.where(exists, np.where(cobb_douglas, geometric, cost), 1.0)
    demand = np.where(cobb_douglas, spending * geometric / price, demand)
    return np.squeeze(cost, axis), np.where(exists, demand, 0.0)


@dataclass(frozen=True, eq=False)
class Technology:
    """Prices that follow from factor prices, and demands per unit at those prices."""

    basic: Array  # (s, j) basic price
    composite: Array  # (u, i, s) price
    agent: Array  # (s, d)
    absorption: Array  # (s,)
    route: Array  # (u, r, i, s) arrived per unit of composite
    material: Array  # (s, i, j) composites per unit of output
    factor: Array  # (s, j, f) factor per unit of output
    final: Array  # (s, d, i) composites per unit of the region's real absorption


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """What the oracle finds; ratios to the benchmark are left to the reader."""

    technology: Technology
    factor_price: Array  # (s, j, f)
    factor_use: Array  # (s, j, f)
    output: Array  # (s, j) quantity
    composites: Array  # (u, i, s) quantity
    shipped: Array  # (u, r, i, s) quantity, iceberg losses included
    final: Array  # (s, d, i) quantity of composites
    absorption: Array  # (s,) value
    welfare: Array  # (s,) index, benchmark 1
    revenue: dict[str, Array]  # by tax, each (s,) value
    factor_income: Array  # (s, f) value
    excess: Array  # relative excess demands of all factor markets, none left out


class World:
    """The economy of a benchmark under a policy.

    Parameters
    ----------
    b : Benchmark
    policy : dict, optional
        As :func:`benchmark_policy` returns it.
    horizon : {"short", "long"}
    specific : sequence of str
        Factors that stay in their sector.
    """

    def __init__(
        self,
        b: Benchmark,
        policy: dict[str, Any] | None = None,
        horizon: str = "long",
        specific: Sequence[str] = (),
    ) -> None:
        self.b = b
        self.policy = benchmark_policy(b) if policy is None else policy
        self.horizon, self.specific_codes = horizon, specific
        self.sigma = b.elasticities[horizon]
        self.powers0 = benchmark_policy(b)
        self.specific = np.array([f in specific for f in b.factors])
        self.class_of_sector = [b.use_classes.index(c) for c in b.sector_class]
        self.class_of_agent = [b.use_classes.index(c) for c in b.agent_class]
        self.live = b.output > 0
        self._basic = np.ones_like(b.output)

    # -- prices ---------------------------------------------------------------------------

    def _composites(self, basic: Array) -> tuple[Array, Array]:
        """Return composite prices and arrivals per composite at given basic prices."""
        p = self.policy
        tax = p["tariff"] * p["export_tax"]
        tax0 = self.powers0["tariff"] * self.powers0["export_tax"]
        landed = basic[None, :, :, None] * p["trade_cost"] * tax
        return ces(self.b.flows, tax0, landed, self.sigma.armington, 1, p["origin_weight"])

    def _costs(self, composite: Array, factor_price: Array) -> tuple[Array, Array, Array]:
        """Return basic price, composites per output and factors per output of each sector."""
        b, p, p0 = self.b, self.policy, self.powers0
        bought = composite[self.class_of_sector].transpose(2, 1, 0)  # (s, i, j)
        material_price, material = ces(
            b.intermediate, p0["intermediate_tax"], bought * p["intermediate_tax"],
            self.sigma.intermediate, 1, p["input_weight"],
        )  # fmt: skip
        value_added_price, factor = ces(
            b.factor_payments, p0["factor_tax"], factor_price * p["factor_tax"],
            self.sigma.value_added, 2, 1.0,
        )  # fmt: skip
        bundles0 = np.stack(
            [
                (b.factor_payments * p0["factor_tax"]).sum(axis=2),
                (b.intermediate * p0["intermediate_tax"]).sum(axis=1),
            ],
            axis=2,
        )
        prices = np.stack([value_added_price, material_price], axis=2)
        cost, bundles = ces(bundles0, np.ones_like(prices), prices, self.sigma.top, 2, 1.0)
        # One unit of output took 1 - to of inputs in the benchmark, at basic price one.
        per_output = p0["net_of_output_tax"] / p["productivity"]
        basic = cost * per_output / p["net_of_output_tax"]
        bundles = bundles * per_output[:, :, None]
        return basic, material * bundles[:, None, :, 1], factor * bundles[:, :, :1]

    def technology(self, factor_price: Array) -> Technology:
        """Return prices and unit demands at given factor prices, (s, j, f)."""
        basic = self._basic
        for _ in range(1000):
            composite, route = self._composites(basic)
            new, material, factor = self._costs(composite, factor_price)
            new = np.where(self.live, new, 1.0)
            moved = np.abs(np.log(new / basic)).max()
            basic = new
            if not moved >= 5e-16:  # done, or not a number
                break
        self._basic = basic if np.isfinite(basic).all() else np.ones_like(basic)
        b, p, p0 = self.b, self.policy, self.powers0
        sold = composite[self.class_of_agent].transpose(2, 0, 1)  # (s, d, i)
        agent, goods = ces(
            b.final, p0["final_tax"], sold * p["final_tax"], self.sigma.final, 2,
            p["final_weight"],
        )  # fmt: skip
        spending0 = (b.final * p0["final_tax"]).sum(axis=2)
        absorption, bundles = ces(spending0, np.ones_like(agent), agent, self.sigma.agents, 1, 1.0)
        final = goods * bundles[:, :, None]
        return Technology(basic, composite, agent, absorption, route, material, factor, final)

    # -- quantities and incomes -----------------------------------------------------------

    def _quantities(self, t: Technology, output: Array, absorption: Array) -> tuple[Array, ...]:
        """Return composites, shipments, inputs and final use at given output and spending."""
        inputs = t.material * output[:, None, :]
        final = t.final * (absorption / t.absorption)[:, None, None]
        composites = np.zeros_like(t.composite)
        for j, u in enumerate(self.class_of_sector):
            composites[u] += inputs[:, :, j].T
        for d, u in enumerate(self.class_of_agent):
            composites[u] += final[:, d, :].T
        shipped = self.policy["trade_cost"] * t.route * composites[:, None]
        return composites, shipped, inputs, final

    def _revenue(
        self, t: Technology, factor_price: Array, output: Array, absorption: Array
    ) -> dict[str, Array]:
        """Return tax revenue by instrument and region."""
        p = self.policy
        _, shipped, inputs, final = self._quantities(t, output, absorption)
        basic = shipped * t.basic[None, :, :, None]
        fob = basic * p["export_tax"]
        bought = t.composite[self.class_of_sector].transpose(2, 1, 0)
        sold = t.composite[self.class_of_agent].transpose(2, 0, 1)
        paid = t.factor * output[:, :, None] * factor_price
        return {
            "route_tax_revenue": (fob * (p["tariff"] - 1)).sum(axis=(0, 1, 2)),
            "export_tax_revenue": (fob - basic).sum(axis=(0, 2, 3)),
            "output_tax_revenue": ((1 - p["net_of_output_tax"]) * t.basic * output).sum(axis=1),
            "user_tax_revenue": (inputs * bought * (p["intermediate_tax"] - 1)).sum(axis=(1, 2))
            + (final * sold * (p["final_tax"] - 1)).sum(axis=(1, 2)),
            "factor_tax_revenue": (paid * (p["factor_tax"] - 1)).sum(axis=(1, 2)),
        }

    @property
    def omegas(self) -> Array:
        """Transformation elasticities by factor, the same in all regions, (f,)."""
        known = self.sigma.transformation
        assert (known == known[0]).all()
        return known[0]

    def _factor_income(self, factor_price: Array) -> Array:
        """Return income of each factor from its endowment, (s, f).

        A specific factor earns the sum of its sectors' rents; one with a finite
        transformation elasticity the CET index; a mobile one its common price.
        """
        stock = self.b.factor_payments
        total = stock.sum(axis=1)
        share = stock / np.where(total > 0, total, 1.0)[:, None, :]
        income = np.zeros_like(total)
        for f, omega in enumerate(self.omegas):
            price = factor_price[:, :, f]
            if self.specific[f]:
                income[:, f] = (stock[:, :, f] * price).sum(axis=1)
                continue
            if np.isinf(omega):
                index = price.max(axis=1)  # the same in every sector
            else:
                index = (share[:, :, f] * price ** (1 + omega)).sum(axis=1) ** (1 / (1 + omega))
            income[:, f] = index * total[:, f] * self.policy["factor_supply"][:, f]
        return income

    def _factor_supply(self, factor_price: Array) -> Array:
        """Return quantities supplied to each sector, (s, j, f); NaN where it is mobile."""
        stock = self.b.factor_payments
        supply = np.full_like(stock, np.nan)
        total = stock.sum(axis=1)
        income = self._factor_income(factor_price)
        for f, omega in enumerate(self.omegas):
            if self.specific[f]:
                supply[:, :, f] = stock[:, :, f]
            elif not np.isinf(omega):
                endowment = self.policy["factor_supply"][:, f]
                index = income[:, f] / (total[:, f] * endowment)
                ratio = (factor_price[:, :, f] / index[:, None]) ** omega
                supply[:, :, f] = stock[:, :, f] * ratio * endowment[:, None]
        return supply

    def solve_given(self, factor_price: Array) -> Equilibrium:
        """Return outputs and incomes that clear all goods markets at these factor prices.

        Goods markets and budgets are linear in outputs and absorption once prices are
        given; the columns of that map are found by asking it for unit vectors.
        """
        t = self.technology(factor_price)
        shape = self.b.output.shape
        n, regions = self.b.output.size, shape[0]

        def respond(v: Array) -> Array:
            output, absorption = v[:n].reshape(shape), v[n:]
            _, shipped, _, _ = self._quantities(t, output, absorption)
            revenue = self._revenue(t, factor_price, output, absorption)
            return np.concatenate(
                [shipped.sum(axis=(0, 3)).ravel(), np.sum(list(revenue.values()), axis=0)]
            )

        matrix = np.column_stack([respond(v) for v in np.eye(n + regions)])
        given = self.policy["balance"]
        left_over = self.b.absorption * given.sum() / self.b.absorption.sum()
        transfer = (given - left_over) * self.policy["numeraire"]
        factor_income = self._factor_income(factor_price)
        constant = np.concatenate([np.zeros(n), factor_income.sum(axis=1) + transfer])
        v = np.linalg.solve(np.eye(n + regions) - matrix, constant)
        output, absorption = v[:n].reshape(shape), v[n:]
        composites, shipped, _, final = self._quantities(t, output, absorption)
        use = t.factor * output[:, :, None]
        return Equilibrium(
            technology=t,
            factor_price=factor_price,
            factor_use=use,
            output=output,
            composites=composites,
            shipped=shipped,
            final=final,
            absorption=absorption,
            welfare=absorption / t.absorption / self.b.absorption,
            revenue=self._revenue(t, factor_price, output, absorption),
            factor_income=factor_income,
            excess=self._excess(factor_price, use),
        )

    def _excess(self, factor_price: Array, use: Array) -> Array:
        """Return relative excess demand of every factor market that exists, a vector."""
        stock = self.b.factor_payments
        total = stock.sum(axis=1)
        supply = self._factor_supply(factor_price)
        gaps = []
        for f in range(stock.shape[2]):
            if np.isnan(supply[:, :, f]).any():
                have = total[:, f] * self.policy["factor_supply"][:, f]
                used = use[:, :, f].sum(axis=1)
            else:
                have, used = supply[:, :, f].ravel(), use[:, :, f].ravel()
            there = have > 0
            gaps.append(used[there] / have[there] - 1)
        return np.concatenate(gaps)

    # -- equilibrium ----------------------------------------------------------------------

    def _spread(self, logs: Array) -> Array:
        """Return factor prices (s, j, f) from the logs of those that may differ."""
        stock = self.b.factor_payments
        price = np.ones_like(stock)
        at = 0
        for f, omega in enumerate(self.omegas):
            if self.specific[f] or not np.isinf(omega):
                there = stock[:, :, f] > 0
                count = int(there.sum())
                price[:, :, f][there] = np.exp(logs[at : at + count])
            else:
                there = stock[:, :, f].sum(axis=1) > 0
                count = int(there.sum())
                price[there, :, f] = np.exp(logs[at : at + count])[:, None]
            at += count
        return price

    def _unknowns(self) -> int:
        stock, count = self.b.factor_payments, 0
        for f, omega in enumerate(self.omegas):
            by_sector = self.specific[f] or not np.isinf(omega)
            count += int(((stock if by_sector else stock.sum(axis=1))[..., f] > 0).sum())
        return count

    def _gaps(self, logs: Array) -> Array:
        """Return excess demands at these logs of factor prices.

        The last market is left to Walras' law, with the numeraire, the world index of
        factor prices, in its place.
        """
        with np.errstate(all="ignore"):  # a trial far off may overflow and is then rejected
            equilibrium = self.solve_given(self._spread(logs))
        returns = equilibrium.factor_income / self.policy["factor_supply"]
        index = returns.sum() / self.b.factor_payments.sum() / self.policy["numeraire"]
        return np.concatenate([equilibrium.excess[:-1], [index - 1]])

    def _search(self, logs: Array) -> Array:
        """Return the logs of factor prices that clear the markets, as near as they come.

        Newton by finite differences, Broyden's update in between, and steps that are
        halved until the gaps shrink.
        """
        gaps, matrix = self._gaps(logs), None
        for _ in range(40):
            if np.abs(gaps).max() < 1e-12:
                break
            fresh = matrix is None
            if fresh:
                moved = [self._gaps(logs + 1e-7 * e) for e in np.eye(len(logs))]
                matrix = (np.column_stack(moved) - gaps[:, None]) / 1e-7
            step = -np.linalg.solve(matrix, gaps)
            step *= min(1.0, 0.7 / np.abs(step).max())
            for _ in range(25):
                trial = self._gaps(logs + step)
                if np.linalg.norm(trial) < (1 - 1e-4) * np.linalg.norm(gaps):
                    break
                step = step / 2
            else:
                if fresh:
                    break
                matrix = None
                continue
            slow = np.linalg.norm(trial) > 0.5 * np.linalg.norm(gaps)
            matrix = matrix + np.outer(trial - gaps - matrix @ step, step) / (step @ step)
            logs, gaps = logs + step, trial
            if slow and not fresh:
                matrix = None
        return logs

    def solve(self, accuracy: float = 1e-11, parts: Sequence[int] = (1, 2, 4, 8)) -> Equilibrium:
        """Find the factor prices at which every factor market clears.

        From the benchmark at once, or in more and more parts of the shock; `parts` says
        in how many, one attempt after the other.

        Raises
        ------
        NotFound
            If a market, the one left out included, is off by more than `accuracy`.
        """
        for count in parts:
            logs = np.zeros(self._unknowns())
            for part in range(1, count + 1):
                step = World(self.b, self._part(part / count), self.horizon, self.specific_codes)
                try:
                    logs = step._search(logs)
                except np.linalg.LinAlgError:
                    worst = np.inf
                    break
                found = step.solve_given(step._spread(logs))
                worst = max(np.abs(found.excess).max(), np.abs(step._gaps(logs)).max())
                if not worst < accuracy:
                    break
            else:
                return found
        raise NotFound(f"the oracle's markets are off by {worst:.1e} at best")

    def _part(self, theta: float) -> dict[str, Any]:
        """Return the policy with the part `theta` of its distance from the benchmark."""
        return {
            name: (1 - theta) * self.powers0[name] + theta * self.policy[name]
            for name in self.policy
        }
