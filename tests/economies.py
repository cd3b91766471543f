"""Random economies, policies and closures: each is solved and right, or refused with a reason.

Every benchmark has its own numbers of regions, sectors, use classes, factors and agents, its own
scale, missing routes and inputs, sectors that make nothing, slivers of trade, wedges of every kind,
and elasticities from 0 to 15 (now and then 50) with 0, 1 and what is next to 1 among them. What the
model returns is checked by the independent oracle at the model's own factor prices: goods,
incomes and factor markets must come out the same; by Ipopt; and in another unit of money.

Many of them, by range of seeds, going on where an earlier run stopped::

    python tests/economies.py 0 10000 worlds.jsonl
"""

from __future__ import annotations

import json
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from oracle import World
from tools import grid, policy_of
from worlds import random_world

from cge import Benchmark, Closure, InputError, Model, NoEquilibrium, Solution, Swap, WageFloor
from cge.data.elasticities.nests import NEST_AXES
from cge.policy.adjustment import with_adjustment
from cge.solve.closure import Total

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
CLOSURES = ("long run", "short run", "numeraire", "quota", "wage floor", "bound", "gradual",
            "lending", "revenue", "borrowing", "outlay")  # fmt: skip
#: Largest gap of a quantity between two ways to the same equilibrium.
SAME = 1e-7
#: Seconds of processor time after which a world is given up.
PATIENCE = 60


@dataclass(frozen=True)
class Economy:
    """What is drawn first; everything else follows from the seed."""

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
    scale: float = 1.0
    spread: float = 0.0
    dead: float = 0.0
    slivers: float = 0.0
    wild: bool = False

    @classmethod
    def drawn(cls, seed: int) -> Economy:
        """Return the economy of a seed."""
        rng = np.random.default_rng([seed, 7])
        pick = [name for name in sorted(INSTRUMENTS) if rng.random() < 0.25]
        return cls(
            seed=seed, regions=int(rng.integers(2, 6)), sectors=int(rng.integers(1, 6)),
            use_classes=int(rng.integers(1, 4)), factors=int(rng.integers(1, 4)),
            agents=int(rng.integers(1, 4)), zeros=float(rng.choice([0.0, 0.3, 0.6])),
            wedges=bool(rng.random() < 0.7), imbalance=float(rng.choice([0.0, 0.1, 0.3])),
            closure=str(rng.choice(CLOSURES)), instruments=frozenset(pick),
            scale=10.0 ** rng.choice([0.0, rng.uniform(-6, 12)]),
            spread=float(rng.choice([0.0, 2.0, 5.0], p=[0.6, 0.2, 0.2])),
            dead=float(rng.choice([0.0, 0.2, 0.5], p=[0.5, 0.3, 0.2])),
            slivers=float(rng.choice([0.0, 0.3], p=[0.7, 0.3])), wild=True,
        )  # fmt: skip

    def benchmark(self) -> Benchmark:
        """Return the accounts with elasticities of 0, of 1 and between 0 and 15."""
        b = random_world(
            self.seed, self.regions, self.sectors, self.use_classes, self.factors, self.agents,
            self.wedges, self.zeros, imbalance=self.imbalance, connected=True, scale=self.scale,
            spread=self.spread, dead=self.dead, slivers=self.slivers,
        )  # fmt: skip
        rng = np.random.default_rng(self.seed)
        drawn = {}
        for nest in NEST_AXES:
            shape = getattr(b.elasticities["long"], nest).shape
            shape = shape[1:] if nest == "transformation" else shape  # alike in all regions
            sigma = rng.choice([0.0, 1.0, np.nan], shape, p=[0.15, 0.15, 0.7])
            sigma = np.where(np.isnan(sigma), 15 * rng.random(shape) ** 2, sigma)
            if self.wild:
                near = 1 + rng.choice([-1, 1], shape) * 10.0 ** rng.uniform(-16, -1, shape)
                sigma = np.where(rng.random(shape) < 0.1, near, sigma)
                sigma = np.where(rng.random(shape) < 0.02, 50.0, sigma)
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

        def some(name: str, abroad: bool = False) -> str:
            cells = (model.outcomes if name in model.outcomes else model.variables)[name].index
            chosen = [cell for cell in cells if not abroad or cell[0] != cell[2]]
            return ", ".join(chosen[int(rng.integers(len(chosen)))])

        if self.closure == "short run":
            return Closure(specific_factors=(last,))
        if self.closure == "numeraire":
            return Closure(numeraire=f"factor_return[{some('factor_return')}]")
        if self.closure == "wage floor":
            # With constant returns and no fixed factor jobs at a given wage are indeterminate.
            specific = (last,) if self.factors > 1 else ()
            floor = WageFloor("F0", level=0.9, index="real_factor_return")
            return Closure(specific_factors=specific, wage_floor=floor)
        if self.closure in ("quota", "bound"):
            cell, at = some("trade_volume", abroad=True), float(rng.uniform(0.6, 1.1))
            bound = "upper" if self.closure == "bound" else None
            swap = Swap(f"tariff[*, {cell}]", f"trade_volume[{cell}]", at, bound=bound)
            return Closure(swaps=(swap,))
        if self.closure == "gradual":
            return with_adjustment(Closure(), "gradual", ["F0"])
        if self.closure == "lending":
            specific = (last,) if self.factors > 1 else ()
            return with_adjustment(Closure(specific_factors=specific), "regions_lend", ["F0"])
        region = f"R{rng.integers(self.regions)}"
        if self.closure == "revenue":
            fixed = Swap(f"final_tax[{region}, *, *]", f"real_tax_revenue[{region}]",
                         float(rng.uniform(0.9, 1.1)))  # fmt: skip
            return Closure(swaps=(fixed,))
        if self.closure == "borrowing":
            spent = Swap(f"private_borrowing[{region}]", f"absorption_value[{region}]",
                         float(rng.uniform(0.95, 1.05)))  # fmt: skip
            return Closure(swaps=(spent,))
        if self.closure == "outlay":
            cell = some("net_of_output_tax")
            share = Total(((1.0, f"output_tax_paid[{cell}]"), (0.01, f"output_value[{cell}]")))
            return Closure(swaps=(Swap(f"net_of_output_tax[{cell}]", share, 0.0, relative=False),))
        return Closure()


def gap_between(one: Solution, other: Solution, money: float = 1.0) -> float:
    """Return the largest gap of welfare, output and prices, prices being `money` times as high."""
    prices = ("basic_price", "factor_price", "composite_price")
    gaps = [other.values(name) / one.values(name) - 1 for name in ("output", "welfare")]
    gaps += [other.values(name) / one.values(name) / money - 1 for name in prices]
    return float(np.abs(np.concatenate(gaps)).max())


def check_solution(solution: Solution) -> None:
    """Assert that an equilibrium is one: identities, and the oracle at its factor prices."""
    model, closure = solution.model, solution.closure
    assert solution.diagnostics.residual <= 1e-9
    assert solution.diagnostics.walras <= 1e-9
    positive = ~model.arrays.free
    assert np.isfinite(solution.levels).all() and (solution.levels[positive] > 0).all()

    gdp = solution.by_region("gdp")
    scale = solution.by_region("absorption_value") + np.abs(gdp)
    assert (np.abs(solution.by_region("gdp_by_production") - gdp) < 1e-9 * scale).all()
    assert (np.abs(solution.by_region("gdp_by_expenditure") - gdp) < 1e-9 * scale).all()
    received = solution.by_region("transfer") + solution.by_region("net_borrowing")
    assert np.abs(solution.by_region("trade_balance") + received).max() < 1e-9 * scale.sum()
    assert abs(received.sum()) < 1e-9 * scale.sum()

    b, policy = model.benchmark, policy_of(model, solution.levels)
    # To the oracle what is borrowed is a transfer, and who has no work is not there.
    policy["balance"] = received / policy["numeraire"]
    policy["factor_supply"] = policy["factor_supply"] * np.nan_to_num(
        grid(solution, "employment"), nan=1.0
    )
    world = World(b, policy, "long", closure.specific_factors)
    # Its fixed point of prices, which may converge slowly, stays where it is if it is one.
    world._basic = np.nan_to_num(grid(solution, "basic_price"), nan=1.0)
    paid = grid(solution, "factor_price")
    lowest = np.nan_to_num(np.fmin.reduce(paid, axis=1, keepdims=True), nan=1.0)
    e = world.solve_given(np.where(np.isnan(paid), lowest, paid))
    borrowed = solution.by_region("net_borrowing") / b.absorption
    expected = {
        "welfare": e.welfare - borrowed / solution.values("welfare_price"),
        "basic_price": e.technology.basic,
        "output": e.output / np.where(b.output > 0, b.output, 1.0),
        "gdp": e.factor_income.sum(axis=1) + np.sum(list(e.revenue.values()), axis=0),
    }
    assert np.abs(e.excess).max() < 1e-7
    for name, values in expected.items():
        mine = grid(solution, name)
        # A GDP is a sum of income and taxes that may nearly cancel.
        within = 1e-7 * scale.max() if name == "gdp" else 0.0
        np.testing.assert_allclose(
            np.where(np.isnan(mine), values, mine), values, rtol=1e-7, atol=within
        )
    for swap in closure.swaps:
        if swap.bound is None and swap.at is not None and swap.relative:
            assert abs(solution.relative(str(swap.fix)) / swap.at - 1) < 1e-8


@dataclass(frozen=True)
class Found:
    """What became of an economy.

    Parameters
    ----------
    seed : int
    result : {"solved", "refused", "two equilibria", "wrong", "out of time"}
    reason : str
    closure : str
    unknowns, steps : int
    seconds : float
        Of processor time.
    ipopt : str
        Whether Ipopt agreed, found another equilibrium, or none.
    contraction : float
        Of the diagnostics.
    """

    seed: int
    result: str
    reason: str = ""
    closure: str = ""
    unknowns: int = 0
    steps: int = 0
    seconds: float = 0.0
    ipopt: str = ""
    contraction: float = 0.0


def examined(economy: Economy, ipopt: bool = True) -> Found:
    """Return what becomes of an economy.

    Raises
    ------
    AssertionError
        If what is returned as an equilibrium is none.
    """
    begun = time.process_time()
    told: dict[str, Any] = {"seed": economy.seed, "closure": economy.closure}

    def found(result: str, reason: str = "", **more: Any) -> Found:
        spent = round(time.process_time() - begun, 3)
        return Found(**told, result=result, reason=reason, seconds=spent, **more)

    try:
        model = Model.build(economy.benchmark())
        levels, closure = economy.levels(model), economy.closure_on(model)
        solution = model.solve(levels, closure)
    except (NoEquilibrium, InputError) as refusal:
        assert len(str(refusal)) > 30, "a refusal says why"
        return found("refused", f"{type(refusal).__name__}: {refusal}")
    check_solution(solution)
    told |= {
        "unknowns": solution.resolved.system.size,
        "steps": solution.diagnostics.steps,
        "contraction": solution.diagnostics.contraction,
    }
    ways = {}
    if economy.closure not in ("lending", "borrowing"):  # there something holds money
        doubled = levels.copy()
        doubled[model.variables["numeraire"].positions] *= 2.0
        money = 1.0 if economy.closure == "numeraire" else 2.0
        ways["twice the money"] = ({"changes": doubled}, money)
    if ipopt:
        ways["Ipopt"] = ({"changes": levels, "solver": "ipopt"}, 1.0)
    heard = ""
    for way, (how, money) in ways.items():
        try:
            other = model.solve(closure=closure, **how)
        except NoEquilibrium as refusal:
            heard += f"{way} finds none ({str(refusal)[:80]}); "
            continue
        if gap_between(solution, other, money) > SAME:
            # Newton from beside it tells another equilibrium from one that is known less exactly.
            beside = np.where(model.arrays.free, other.levels, other.levels * (1 + 1e-4))
            with suppress(NoEquilibrium):  # near a fold: what was found is judged as it is
                other = model.solve(how["changes"], closure, start=beside)
        gap = gap_between(solution, other, money)
        if gap > SAME:
            check_solution(other)
            return found("two equilibria", f"{way} finds another: gap {gap:.1e}", ipopt=heard)
        heard += f"{way} agrees; "
    return found("solved", ipopt=heard)


class OutOfTime(Exception):
    """A world took longer than it may."""


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise :class:`OutOfTime` after some seconds of processor time."""

    def stop(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def outcome(seed: int) -> Found:
    """Return what becomes of the economy of a seed, whatever happens."""
    economy, begun = Economy.drawn(seed), time.process_time()
    try:
        with limited(PATIENCE):
            return examined(economy)
    except OutOfTime:
        result, reason = "out of time", f"more than {PATIENCE} s"
    except Exception as error:  # that is what is looked for
        line = traceback.extract_tb(error.__traceback__)[-1].line
        result, reason = "wrong", f"{type(error).__name__} at '{line}': {str(error)[:500]}"
    spent = round(time.process_time() - begun, 3)
    return Found(seed, result, reason, economy.closure, seconds=spent)


def main(first: int, last: int, file: Path) -> None:
    """Examine the economies of a range of seeds that a file does not have yet, and count."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    done = {(one := json.loads(line))["seed"]: one for line in lines}
    with file.open("a", encoding="utf-8") as out:
        for seed in range(first, last):
            if seed not in done:
                done[seed] = asdict(outcome(seed))
                out.write(json.dumps(done[seed]) + "\n")
                out.flush()
    chosen = [one for seed, one in done.items() if first <= seed < last]
    print(dict(Counter(one["result"] for one in chosen)))
    print(f"{len(chosen)} worlds, {sum(one['seconds'] for one in chosen):.0f} s of processor time")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
