"""Random economies, random policies: each is solved, and checked, or refused with a reason.

Every benchmark has its own numbers of regions, sectors, use classes, factors and
agents, missing routes and inputs, wedges of every kind, and elasticities from 0 to 15
with 0 and 1 among them. What the model returns is checked by the independent oracle at
the model's own factor prices: goods, incomes and factor markets must come out the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle import World
from tools import grid, policy_of
from worlds import random_world

from cge import Benchmark, CgeError, Closure, InputError, Model, NoEquilibrium, Swap, WageFloor
from cge.data.elasticities.nests import NEST_AXES

Array = NDArray[np.float64]

#: Instruments with the range of the factors by which their levels are multiplied.
INSTRUMENTS = {
    "tariff": (0.9, 2.0),
    "export_tax": (0.8, 1.5),
    "trade_cost": (0.8, 2.0),
    "net_of_output_tax": (0.85, 1.2),
    "intermediate_tax": (0.85, 1.3),
    "final_tax": (0.8, 1.4),
    "factor_tax": (0.8, 1.4),
    "productivity": (0.7, 1.5),
    "factor_supply": (0.7, 1.4),
    "numeraire": (0.5, 2.0),
}
CLOSURES = ("long run", "short run", "numeraire", "quota", "wage floor")


@dataclass(frozen=True)
class Economy:
    """What hypothesis draws; everything else follows from the seed."""

    seed: int
    regions: int
    sectors: int
    use_classes: int
    factors: int
    agents: int
    zeros: float
    wedges: bool
    imbalance: float
    closure: str
    instruments: frozenset[str]

    def benchmark(self) -> Benchmark:
        """Return the accounts with elasticities of 0, of 1 and between 0 and 15."""
        b = random_world(
            self.seed, self.regions, self.sectors, self.use_classes, self.factors, self.agents,
            self.wedges, self.zeros, imbalance=self.imbalance, connected=True,
        )  # fmt: skip
        rng = np.random.default_rng(self.seed)
        drawn = {}
        for nest in NEST_AXES:
            shape = getattr(b.elasticities["long"], nest).shape
            sigma = rng.choice([0.0, 1.0, np.nan], shape, p=[0.15, 0.15, 0.7])
            sigma = np.where(np.isnan(sigma), 15 * rng.random(shape) ** 2, sigma)
            if nest == "transformation":
                sigma = np.where(rng.random(shape) < 0.7, np.inf, 0.3 + sigma)
            if nest == "value_added":
                # If no sector of a region can substitute, factor prices are indeterminate.
                sigma[:, 0] += 0.2
            drawn[nest] = sigma
        return b.with_elasticities(long=replace(b.elasticities["long"], **drawn))

    def levels(self, model: Model) -> Array:
        """Return the shock: of each instrument about half the cells, each its own factor."""
        rng = np.random.default_rng(self.seed + 1)
        levels = model.arrays.start.copy()
        for name in sorted(self.instruments):
            if name == "factor_supply" and self.closure in ("short run", "wage floor"):
                continue  # the endowment of a specific factor is its use by sector
            here = model.variables[name].positions
            count = here.stop - here.start
            low, high = np.log(INSTRUMENTS[name])
            levels[here] *= np.exp(rng.uniform(low, high, count) * (rng.random(count) < 0.5))
        return levels

    def closure_on(self, model: Model) -> Closure:
        """Return the closure, with cells that exist in the model."""
        rng = np.random.default_rng(self.seed + 2)
        last = f"F{self.factors - 1}"
        if self.closure == "short run":
            return Closure(specific_factors=(last,))
        if self.closure == "numeraire":
            return Closure(numeraire=f"factor_return[R0, {last}]")
        if self.closure == "wage floor":
            # With constant returns and no fixed factor jobs at a given wage are indeterminate.
            specific = (last,) if self.factors > 1 else ()
            floor = WageFloor("F0", level=0.9, index="real_factor_return")
            return Closure(specific_factors=specific, wage_floor=floor)
        if self.closure == "quota":
            cells = model.outcomes["trade_volume"].index
            routes = [cell for cell in cells if cell[0] != cell[2]]
            cell = ", ".join(routes[int(rng.integers(len(routes)))])
            at = float(rng.uniform(0.6, 1.1))
            swap = Swap(f"tariff[*, {cell}]", f"trade_volume[{cell}]", at)
            return Closure(swaps=(swap,))
        return Closure()


@st.composite
def economies(draw: st.DrawFn) -> Economy:
    """Draw an economy, its closure and its shock."""
    return Economy(
        seed=draw(st.integers(0, 2**32 - 3)),
        regions=draw(st.integers(2, 4)),
        sectors=draw(st.integers(1, 4)),
        use_classes=draw(st.integers(1, 3)),
        factors=draw(st.integers(1, 3)),
        agents=draw(st.integers(1, 3)),
        zeros=draw(st.sampled_from([0.0, 0.3, 0.6])),
        wedges=draw(st.booleans()),
        imbalance=draw(st.sampled_from([0.0, 0.1, 0.3])),
        closure=draw(st.sampled_from(CLOSURES)),
        instruments=draw(st.frozensets(st.sampled_from(sorted(INSTRUMENTS)), max_size=4)),
    )


def solve_and_check(economy: Economy) -> str:
    """Solve and check one economy; return "solved" or the kind of refusal.

    Raises
    ------
    AssertionError
        If what is returned as an equilibrium is none.
    """
    model = Model.build(economy.benchmark())
    levels = economy.levels(model)
    try:
        closure = economy.closure_on(model)
        solution = model.solve(levels, closure)
    except CgeError as refusal:
        assert isinstance(refusal, NoEquilibrium | InputError)
        assert len(str(refusal)) > 30, "a refusal says why"
        return type(refusal).__name__
    assert solution.diagnostics.residual <= 1e-9
    assert solution.diagnostics.walras <= 1e-9
    positive = ~model.arrays.free
    assert np.isfinite(solution.levels).all() and (solution.levels[positive] > 0).all()

    gdp = solution.by_region("gdp")
    scale = solution.by_region("absorption_value") + np.abs(gdp)
    assert (np.abs(solution.by_region("gdp_by_production") - gdp) < 1e-9 * scale).all()
    assert (np.abs(solution.by_region("gdp_by_expenditure") - gdp) < 1e-9 * scale).all()
    balances = solution.by_region("trade_balance") + solution.by_region("transfer")
    assert np.abs(balances).max() < 1e-9 * scale.sum()

    b = model.benchmark
    world = World(b, policy_of(model, solution.levels), "long", closure.specific_factors)
    e = world.solve_given(np.nan_to_num(grid(solution, "factor_price"), nan=1.0))
    expected = {
        "welfare": e.welfare,
        "basic_price": e.technology.basic,
        "output": e.output / np.where(b.output > 0, b.output, 1.0),
        "gdp": e.factor_income.sum(axis=1) + np.sum(list(e.revenue.values()), axis=0),
    }
    assert np.abs(e.excess).max() < 1e-7
    for name, values in expected.items():
        mine = grid(solution, name)
        np.testing.assert_allclose(np.where(np.isnan(mine), values, mine), values, rtol=1e-7)
    for swap in closure.swaps:
        assert solution.relative(swap.fix) == pytest.approx(swap.at, rel=1e-8)
    return "solved"


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(economies())
def test_random_economies_are_solved_or_refused_with_a_reason(economy):
    solve_and_check(economy)


@pytest.mark.slow
def test_refusals_are_rare_among_six_hundred_random_economies():
    count: Counter[str] = Counter()

    @settings(
        max_examples=600,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(economies())
    def run(economy: Economy) -> None:
        count[solve_and_check(economy)] += 1

    run()
    total = sum(count.values())
    print(f"{total} economies: {dict(count)}")
    assert total >= 500
    assert count["solved"] > 0.9 * total, dict(count)
