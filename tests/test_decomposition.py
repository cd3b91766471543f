"""Welfare taken apart: the parts add up, and each is what theory says."""

from __future__ import annotations

import numpy as np
import pytest
from tools import small_model
from worlds import balanced_world, random_world

from cge import Closure, Model, NoEquilibrium, Solution, Swap, WageFloor, decompose
from cge.model.quantities import EXOGENOUS
from cge.solve.decompose import clenshaw_curtis
from cge.solve.homotopy import Shock

#: A closure for each way in which something else than the policy may move.
CLOSURES = {
    "long run": Closure(),
    "short run": Closure("short_run", specific_factors=("F1",)),
    "wage floor": Closure(
        specific_factors=("F1",), wage_floor=WageFloor("F0", level=1.02, index="real_factor_return")
    ),
    "numeraire": Closure(numeraire="basic_price[R0, S0]"),
}


def shaken(model: Model, seed: int, size: float = 0.15) -> np.ndarray:
    """Return levels with every exogenous cell of a random world moved."""
    rng = np.random.default_rng(seed)
    levels = model.arrays.start.copy()
    for name in EXOGENOUS:
        here = model.variables[name].positions
        count = here.stop - here.start
        if name == "balance":
            moved = rng.uniform(-0.02, 0.02, count)
            levels[here] += moved - moved.mean()
        elif name == "employment":
            levels[here] *= np.exp(rng.uniform(-size, 0.0, count))
        elif model.arrays.free[here].any():
            levels[here] += rng.uniform(-0.02, 0.02, count)
        elif name not in ("numeraire", "factor_differential"):
            levels[here] *= np.exp(rng.uniform(-size, size, count))
    return levels


def gap(solution: Solution, parts: np.ndarray) -> float:
    """Return how far parts by region are from the exact equivalent variation, relative to it."""
    exact = solution.measure("equivalent_variation_value")
    return float(np.abs(parts / exact - 1).max())


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("seed", [2, 4, 7])
def test_the_parts_add_up_with_every_wedge_weight_and_endowment_moving(seed, closure):
    model = Model.build(random_world(seed, wedges=True, zeros=0.2, imbalance=0.2))
    solution = model.solve(shaken(model, seed), CLOSURES[closure])
    result = decompose(solution)
    exact = solution.measure("equivalent_variation_value")
    assert np.abs(exact / model.benchmark.absorption).min() > 1e-3, "a shock worth taking apart"
    totals = result.totals(model.benchmark.regions)
    assert gap(solution, totals.sum(axis=1).to_numpy()) < 1e-4
    assert (totals.abs() > 1e-9).any().sum() >= 12, "the test moves nearly every component"


def test_first_order_parts_miss_the_exact_variation_of_a_large_shock():
    model = small_model()
    war = model.solve({"tariff[*, CHN, *, USA]": 1.5, "tariff[*, USA, *, CHN]": 1.5})
    result = decompose(war)
    regions = model.benchmark.regions
    assert gap(war, result.totals(regions).sum(axis=1).to_numpy()) < 1e-6
    first = result.totals(regions, "first_order").sum(axis=1)
    missed = 1 - first["USA"] / result.exact[regions.index("USA")]
    assert abs(missed) > 0.2


def test_first_order_and_exact_parts_agree_for_a_tiny_shock():
    model = small_model()
    result = decompose(_tiny(model))
    regions = model.benchmark.regions
    exact, first = result.totals(regions), result.totals(regions, "first_order")
    large = exact.abs() > 1e-3 * exact.abs().max().max()
    np.testing.assert_allclose(first.to_numpy()[large], exact.to_numpy()[large], rtol=5e-3)


def _tiny(model: Model) -> Solution:
    levels = model.arrays.start.copy()
    here = model.variables.select("tariff[*, CHN, *, USA]")[1]
    levels[here] *= 1.0001
    return model.solve(levels)


@pytest.mark.parametrize("intervals", [4, 8, 32])
def test_rules_are_exact_for_polynomials_and_nested(intervals):
    rule, finer = clenshaw_curtis(intervals), clenshaw_curtis(2 * intervals)
    assert np.array_equal(rule.points, finer.points[::2]) and 0.5 in rule.points
    for power in range(intervals + 2):  # by symmetry for the next power, too
        assert rule.weights @ rule.points**power == pytest.approx(1 / (power + 1), rel=1e-13)
    assert rule.weights.min() > 0


@pytest.mark.parametrize("seed", [2, 4])
def test_parts_alone_are_those_with_shocks_told_apart(seed):
    model = Model.build(random_world(seed, wedges=True, zeros=0.2, imbalance=0.2))
    solution = model.solve(shaken(model, seed))
    every, alone = (decompose(solution, by_shock=told) for told in (True, False))
    assert every.nodes in (3, 6, 12, 24) and alone.nodes in (5, 9, 17, 33)
    codes = model.benchmark.regions
    np.testing.assert_allclose(alone.totals(codes), every.totals(codes), rtol=0,
                               atol=1e-4 * np.abs(every.exact).max())  # fmt: skip
    assert alone.by_shock.empty and not every.by_shock.empty


def test_no_shock_has_no_parts():
    model = small_model()
    result = decompose(model.solve())
    assert np.abs(result.parts["value"]).max() == 0
    assert result.by_shock.empty


def test_sub_totals_by_shock_add_up_and_name_every_shock():
    model = small_model()
    there = model.variables.select("tariff[*, CHN, *, USA]")[1]
    back = model.variables.select("tariff[*, USA, *, CHN]")[1]
    levels = model.arrays.start.copy()
    levels[there] *= 1.4
    levels[back] *= 1.02
    solution = model.solve(levels)
    shocks = (
        Shock("US tariff", there, np.full(len(there), np.log(1.4))),
        Shock("Chinese tariff", back, np.full(len(back), np.log(1.02))),
    )
    result = decompose(solution, shocks)
    table = result.by_shock.pivot_table(index="region", columns="shock", values="value",
                                        aggfunc="sum")  # fmt: skip
    assert set(table.columns) == {"US tariff", "Chinese tariff"}
    table = table.reindex(list(model.benchmark.regions))
    assert gap(solution, table.sum(axis=1).to_numpy()) < 1e-4
    assert table.loc["CHN", "US tariff"] < 0 < table.loc["CHN", "Chinese tariff"]
    only = decompose(solution, shocks[:1]).by_shock
    assert set(only["shock"]) == {"US tariff", "other"}
    other = only[only["shock"] == "other"].groupby("region")["value"].sum()
    assert other["CHN"] == pytest.approx(table.loc["CHN", "Chinese tariff"], rel=1e-9)


def test_a_quota_is_a_shock_of_its_own_and_has_the_parts_of_its_tariff():
    model = small_model()
    cell = "CHN, ELEC, USA"
    swap = Swap(f"tariff[*, {cell}]", f"trade_volume[{cell}]", 0.5, label="quota")
    quota = decompose(model.solve(closure=Closure(swaps=(swap,))))
    assert set(quota.by_shock["shock"]) == {"quota"}
    solution = model.solve(closure=Closure(swaps=(swap,)))
    here = model.variables.select(f"tariff[*, {cell}]")[1]
    levels = model.arrays.start.copy()
    levels[here] = solution.levels[here]
    tariff = decompose(model.solve(levels))
    # Two ways to one point: only the path in between differs.
    regions = model.benchmark.regions
    np.testing.assert_allclose(quota.exact, tariff.exact, rtol=1e-8)
    a, b = quota.totals(regions), tariff.totals(regions)
    assert np.abs(a - b).max().max() < 0.05 * a.abs().max().max()


def test_terms_of_trade_parts_cancel_over_the_world_at_unchanged_prices_of_welfare():
    """One region's gain from a border price is another's loss, before deflating."""
    model = small_model()
    result = decompose(_tiny(model))
    part = result.totals(model.benchmark.regions)["terms_of_trade"]
    assert abs(part.sum()) < 1e-3 * part.abs().sum()


def test_without_wedges_productivity_is_hulten_and_the_rest_is_terms_of_trade():
    model = Model.build(random_world(5, wedges=False, zeros=0.2, imbalance=0.3))
    levels = model.arrays.start.copy()
    here = model.variables["productivity"].positions
    step = np.random.default_rng(0).uniform(-1e-4, 2e-4, here.stop - here.start)
    levels[here] *= np.exp(step)
    result = decompose(model.solve(levels))
    totals = result.totals(model.benchmark.regions)
    codes = model.variables["productivity"].codes[0]
    sales = model.outcome_start[model.outcomes["output_value"].positions]
    hulten = [float((sales * step)[codes == s].sum()) for s in model.benchmark.regions]
    np.testing.assert_allclose(totals["technology"], hulten, rtol=5e-3)
    assert totals.drop(columns=["technology", "terms_of_trade"]).abs().max().max() < 1e-12


def test_in_one_closed_region_a_small_tax_costs_the_harberger_triangle():
    """From no tax, the allocative part is half the rate times the change of what bears it."""
    share = np.ones((1, 1, 2, 1))
    world = balanced_world(share, np.array([[[1.0, 2.0]]]), elasticities=1.5)
    model = Model.build(world)
    rate = 1e-3
    solution = model.solve({"final_tax[R0, *, S0]": 1 + rate})
    result = decompose(solution)
    used = solution.frame("final_use")
    change = float((used[used["i"] == "S0"]["value"] - 1).iloc[0])
    triangle = 0.5 * rate * change * 1.0
    assert result.totals(["R0"]).loc["R0", "final_users"] == pytest.approx(triangle, rel=2e-3)
    assert result.exact[0] == pytest.approx(triangle, rel=2e-3)


def test_a_path_that_can_not_be_walked_is_refused(monkeypatch):
    from cge.solve import decompose as module

    model = small_model()
    war = model.solve({"tariff[*, CHN, *, USA]": 1.5})
    monkeypatch.setattr(module, "NODES", (1,))
    monkeypatch.setattr(module, "INTERVALS", (4,))
    for by_shock in (False, True):
        with pytest.raises(NoEquilibrium, match="do not add up"):
            decompose(war, by_shock=by_shock)
