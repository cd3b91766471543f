"""A solved equilibrium as the next benchmark: replication, and shocks in two steps."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import random_world

from cge import Closure, InputError, Model, Swap
from cge.solve.rebase import rebase, release

#: First shock, second shock, and both at once: powers are levels, ratios multiply.
FIRST = {
    "tariff[*, R0, *, R1]": 1.4,
    "trade_cost[*, R1, *, !R1]": 1.1,
    "productivity[R2, *]": 1.05,
    "intermediate_tax[R0, *, *]": 1.1,
    "origin_weight[*, R2, S1, R0]": 1.5,
}
SECOND = {
    "tariff[*, R2, *, R0]": 1.3,
    "trade_cost[*, R1, *, !R1]": 1.2,
    "factor_tax[R0, *, F0]": 1.1,
    "productivity[R2, S0]": 0.9,
    "origin_weight[*, R2, S1, R0]": 0.8,
}
BOTH = {
    **FIRST,
    **SECOND,
    "trade_cost[*, R1, *, !R1]": 1.1 * 1.2,
    "productivity[R2, S0]": 1.05 * 0.9,
    "origin_weight[*, R2, S1, R0]": 1.5 * 0.8,
}
LONG = Closure()
SHORT = Closure(name="short_run", specific_factors=("F1",))


def values(solution, name):
    return solution.frame(name)["value"].to_numpy()


def unshocked_gap(model, closure):
    solution = model.solve({}, closure)
    positive = ~model.arrays.free
    relative = np.abs(solution.levels / np.where(positive, model.arrays.start, 1.0) - 1)
    return relative[positive].max()


@pytest.mark.parametrize("closure", [LONG, SHORT], ids=["long", "short"])
@pytest.mark.parametrize(("seed", "zeros"), [(0, 0.0), (1, 0.25)])
def test_two_shocks_one_after_the_other_are_both_at_once(seed, zeros, closure):
    model = Model.build(random_world(seed, zeros=zeros))
    first = model.solve(FIRST, closure)
    rebased = rebase(first)
    again = Model.build(rebased)
    assert unshocked_gap(again, closure) < 1e-12
    second, both = again.solve(SECOND, closure), model.solve(BOTH, closure)
    for name in ("welfare", "output", "composite", "factor_use"):
        joint = values(both, name)
        np.testing.assert_allclose(values(first, name) * values(second, name), joint, rtol=1e-9)
    # Values need no base: trade is the same money.
    np.testing.assert_allclose(
        values(second, "trade_value"), values(both, "trade_value"), rtol=1e-9
    )


def test_accounts_are_the_solutions_values_and_powers():
    world = random_world(3)
    solution = Model.build(world).solve(FIRST)
    b = rebase(solution, "after")
    assert b.name == "after" and b.origin["rebased"] == "after"
    assert any("equilibrium computed from 'random-3'" in note for note in b.notes)
    np.testing.assert_allclose(b.absorption, values(solution, "absorption_value"), rtol=1e-11)
    np.testing.assert_allclose(b.gdp, values(solution, "gdp"), rtol=1e-11)
    np.testing.assert_allclose(b.output.ravel(), values(solution, "output_value"), rtol=1e-11)
    np.testing.assert_allclose(b.fob.sum(axis=0).ravel(), values(solution, "trade_value"))
    np.testing.assert_allclose(b.tariff[:, 0, :, 1], 0.4)
    np.testing.assert_allclose(b.intermediate_tax[0], 0.1)
    for horizon in ("short", "long"):
        assert b.elasticities[horizon].fingerprint == world.elasticities[horizon].fingerprint


def test_rebasing_an_unshocked_solution_changes_nothing():
    world = random_world(4, zeros=0.2)
    b = rebase(Model.build(world).solve())
    for key in ("flows", "intermediate", "final", "factor_payments", "tariff", "balance"):
        np.testing.assert_allclose(getattr(b, key), getattr(world, key), rtol=1e-12, atol=1e-12)


def test_balanced_trade_baseline_has_no_balances_at_all():
    model = Model.build(random_world(5))
    b = rebase(model.solve({"balance": 0.0}))
    assert (b.balance == 0).all()
    assert unshocked_gap(Model.build(b), LONG) < 1e-12
    np.testing.assert_allclose(
        Model.build(b).solve(SECOND).by_region("trade_balance") / b.absorption,
        model.solve({"balance": 0.0, **SECOND}).by_region("trade_balance") / b.absorption,
        atol=1e-12,
    )


def test_after_a_short_run_the_long_run_needs_the_factor_released():
    """Values alone would make the differences between the sectors' rentals permanent."""
    model = Model.build(rebase(Model.build(random_world(2)).solve({"balance": 0.0})))
    first = model.solve(FIRST, SHORT)
    again = Model.build(rebase(first))
    both = values(model.solve(BOTH, LONG), "welfare")
    released = again.solve({**SECOND, **release(first, "F1")}, LONG)
    np.testing.assert_allclose(values(first, "welfare") * values(released, "welfare"), both)
    kept = values(first, "welfare") * values(again.solve(SECOND, LONG), "welfare")
    assert np.abs(kept / both - 1).max() > 1e-4
    with pytest.raises(InputError, match=r"factor.*F9.*F0, F1"):
        release(first, "F9")


def test_what_a_closure_solved_for_becomes_part_of_the_accounts():
    model = Model.build(random_world(6))
    quota = Closure(swaps=(Swap("tariff[*, R0, S0, R1]", "trade_volume[R0, S0, R1]", at=0.8),))
    solution = model.solve({}, quota)
    b = rebase(solution)
    assert b.tariff[0, 0, 0, 1] > model.benchmark.tariff[0, 0, 0, 1]
    assert unshocked_gap(Model.build(b), LONG) < 1e-12
