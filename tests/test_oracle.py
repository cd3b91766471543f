"""The model against an independent one that shares none of its code (tests/oracle.py)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from oracle import Equilibrium, NotFound, World
from tools import TARIFF_WAR, combined_shock, grid, policy_of, small_model
from worlds import random_world

from cge import Closure, Model, NoEquilibrium, Solution

Array = NDArray[np.float64]

#: Both engines solve to about 1e-12; what is left is the conditioning of the economy.
AGREEMENT = 1e-9


def gaps(solution: Solution, levels: Array, e: Equilibrium) -> dict[str, float]:
    """Return the largest relative gap between model and oracle for everything both know.

    Revenues and balances, which may be zero, are compared as shares of absorption.
    """
    b, t = solution.model.benchmark, e.technology
    policy = policy_of(solution.model, levels)
    world = b.absorption.sum()
    price = t.basic[None, :, :, None] * np.ones_like(e.shipped)
    fob_price = price * policy["export_tax"]
    fob = fob_price * e.shipped
    abroad = ~np.eye(len(b.regions), dtype=bool)
    exports = np.einsum("uris,rs->r", fob, abroad)
    imports = np.einsum("uris,rs->s", fob, abroad)
    taxes = np.sum(list(e.revenue.values()), axis=0)
    gdp = e.factor_income.sum(axis=1) + taxes
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = {
            "basic_price": t.basic,
            "output": e.output / b.output,
            "composite_price": t.composite,
            "composite": e.composites / b.composites,
            "factor_price": e.factor_price,
            "factor_use": e.factor_use / b.factor_payments,
            "agent_price": t.agent,
            "welfare_price": t.absorption,
            "absorption": e.absorption / b.absorption,
            "welfare": e.welfare,
            "output_value": e.output * t.basic,
            "factor_income": e.factor_income,
            "gdp": gdp,
            "gdp_by_production": gdp,
            "gdp_by_expenditure": gdp,
            "trade_value": fob.sum(axis=0),
            "trade_volume": (e.shipped * (1 + b.export_tax)).sum(axis=0),
            "exports": exports,
            "imports": imports,
        }
    by_route = {
        "tariff_paid": (fob * (policy["tariff"] - 1)).sum(axis=0),
        "export_tax_paid": (fob - e.shipped * price).sum(axis=0),
    }
    found = {}
    for name, other in ratios.items():
        mine = grid(solution, name)
        there = ~np.isnan(mine)
        assert there.any(), name
        found[name] = float(np.abs(mine[there] / other[there] - 1).max())
    for name, other in e.revenue.items():
        found[name] = float(np.abs(grid(solution, name) - other / b.absorption).max())
    for name, other in by_route.items():
        mine = grid(solution, name)
        found[name] = float(np.nanmax(np.abs(mine - other)) / world)
    return found


def check(model: Model, levels: Array, closure: Closure, agreement: float = AGREEMENT) -> None:
    """Assert that model and oracle agree on one shock under one closure."""
    solution = model.solve(levels, closure)
    world = World(
        model.benchmark, policy_of(model, levels), model.horizon, closure.specific_factors
    )
    found = gaps(solution, levels, world.solve())
    off = {name: gap for name, gap in found.items() if not gap < agreement}
    assert not off, f"model and oracle differ: {off}"


def exists(world: World) -> bool:
    """Return whether the oracle finds an equilibrium in which everything is positive."""
    try:
        e = world.solve(parts=(1, 4))
    except NotFound:
        return False
    return bool((e.absorption > 0).all() and (e.output >= 0).all())


@pytest.mark.parametrize("seed", range(3))
def test_mobile_factors_agree_under_every_wedge_at_once(seed):
    b = random_world(seed, zeros=0.2, imbalance=0.2)
    model = Model.build(b)
    check(model, combined_shock(model, seed), Closure())


@pytest.mark.parametrize("seed", range(4, 6))
def test_sector_specific_capital_agrees_under_every_wedge_at_once(seed):
    b = random_world(seed, zeros=0.2, imbalance=0.2)
    model = Model.build(b, "short")
    # The endowment of a specific factor is its use by sector, so it has no supply shock.
    levels = combined_shock(model, seed, without=("factor_supply",))
    check(model, levels, Closure(specific_factors=("F1",)))


def test_sluggish_factors_agree_under_every_wedge_at_once():
    b = random_world(7, factors=3, imbalance=0.2)
    long = replace(b.elasticities["long"], transformation=np.array([np.inf, 0.6, 2.5]))
    model = Model.build(b.with_elasticities(long=long))
    check(model, combined_shock(model, 7), Closure())


@pytest.mark.parametrize("use_classes", [1, 2])
def test_large_transfers_and_other_use_classes_agree(use_classes):
    b = random_world(29 + use_classes, regions=4, sectors=2, use_classes=use_classes)
    assert np.abs(b.balance / b.absorption).max() > 0.5, "this world was to have large transfers"
    model = Model.build(b)
    check(model, combined_shock(model, 9, size=0.1), Closure())


def test_leontief_and_cobb_douglas_nests_agree():
    b = random_world(31, imbalance=0.2)
    rng = np.random.default_rng(31)
    e = b.elasticities["long"]
    drawn = {
        nest: rng.choice([0.0, 1.0, 3.0], getattr(e, nest).shape)
        for nest in ("armington", "intermediate", "value_added", "top", "final", "agents")
    }
    model = Model.build(b.with_elasticities(long=replace(e, **drawn)))
    check(model, combined_shock(model, 31, size=0.1), Closure())


def test_price_and_volume_indices_are_fisher_indices_of_the_oracle():
    b = random_world(41, imbalance=0.2)
    model = Model.build(b)
    levels = combined_shock(model, 41)
    solution = model.solve(levels)
    policy = policy_of(model, levels)
    e = World(b, policy).solve()
    t = e.technology
    abroad = ~np.eye(len(b.regions), dtype=bool)
    sold = t.composite[[b.use_classes.index(c) for c in b.agent_class]].transpose(2, 0, 1)
    final_price = (1 + b.final_tax, sold * policy["final_tax"])
    fob_price = (1 + b.export_tax, t.basic[None, :, :, None] * policy["export_tax"])
    final, shipped = (b.final, e.final), (b.flows, e.shipped)

    def value(prices: int, quantities: int, part: str) -> Array:
        """Value by region of exports, imports or GDP, of a state at the prices of another."""
        goods = fob_price[prices] * shipped[quantities]
        exports = np.einsum("uris,rs->r", goods, abroad)
        imports = np.einsum("uris,rs->s", goods, abroad)
        spending = (final_price[prices] * final[quantities]).sum(axis=(1, 2))
        return {"exports": exports, "imports": imports, "gdp": spending + exports - imports}[part]

    def price(part: str) -> Array:
        laspeyres = value(1, 0, part) / value(0, 0, part)
        return np.sqrt(laspeyres * value(1, 1, part) / value(0, 1, part))

    def volume(part: str) -> Array:
        laspeyres = value(0, 1, part) / value(0, 0, part)
        return np.sqrt(laspeyres * value(1, 1, part) / value(1, 0, part))

    expected = {
        "real_gdp": volume("gdp"),
        "gdp_deflator": price("gdp"),
        "terms_of_trade": price("exports") / price("imports"),
        "equivalent_variation": e.welfare,
    }
    for name, ratio in expected.items():
        assert np.abs(ratio - 1).max() > 0.01, f"{name} hardly moves: the test is empty"
        np.testing.assert_allclose(solution.measure(name), 100 * (ratio - 1), atol=1e-7)


@pytest.mark.parametrize("specific", [(), ("CAP",)])
def test_the_tariff_war_on_real_data_agrees(specific):
    model = small_model()
    check(model, model.levels(TARIFF_WAR), Closure(specific_factors=specific))


@pytest.mark.slow
@pytest.mark.parametrize("horizon", ["short", "long"])
@pytest.mark.parametrize("seed", range(40))
def test_many_random_worlds_agree_on_the_equilibrium_or_on_there_being_none(seed, horizon):
    rng = np.random.default_rng(seed)
    regions, sectors, classes = rng.integers(2, 5), rng.integers(1, 5), rng.integers(1, 4)
    b = random_world(
        1000 + seed, int(regions), int(sectors), int(classes), zeros=0.2, imbalance=0.2
    )
    model = Model.build(b, horizon)
    specific = ("F1",) if horizon == "short" else ()
    levels = combined_shock(model, seed, 0.12, without=("factor_supply",) if specific else ())
    try:
        check(model, levels, Closure(specific_factors=specific))
    except NoEquilibrium:
        assert not exists(World(b, policy_of(model, levels), horizon, specific))
