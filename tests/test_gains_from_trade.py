"""Gains from trade by the closed form, against the model where its assumptions hold."""

from __future__ import annotations

import numpy as np
import pytest
from test_closed_forms import BALANCED, autarky, log_change, trading_world

from cge import Model, load_benchmark, tabulate
from cge.indicators.gains_from_trade import gains_from_trade
from cge.indicators.world_io import WorldIO


def figures(model: Model, solution) -> np.ndarray:
    frame = tabulate(solution, measures=["gains_from_trade", "gains_from_trade_final"])
    return frame.pivot(index="region", columns="measure", values="value").to_numpy().T


@pytest.mark.parametrize("materials", [0.0, 0.3, 0.6])
def test_the_closed_form_is_what_autarky_costs_where_its_assumptions_hold(materials: float) -> None:
    sigma = {"S0": 3.0, "S1": 5.0, "S2": 4.0}
    model = Model.build(trading_world(5, sectors=3, sigma=sigma, materials=materials))
    base = model.solve(BALANCED)
    closed = model.solve(autarky(model), start=base, allow_large_rates=True)
    lost = 100 * (1 - np.exp(-log_change(base, closed)))
    whole, final = figures(model, base)
    assert lost.min() > 2
    np.testing.assert_allclose(whole, lost, rtol=1e-6)
    if materials == 0:
        np.testing.assert_allclose(final, lost, rtol=1e-6)
    else:
        assert (np.abs(final / lost - 1) > 0.05).all()


def test_a_region_that_buys_nothing_abroad_gains_nothing_and_below_one_there_is_no_form() -> None:
    table = WorldIO.from_benchmark(load_benchmark("wiod2013", aggregation="small"))
    sigma = np.full((len(table.sectors), len(table.regions)), 4.0)
    assert (gains_from_trade(table, sigma) > 0).all()
    assert np.isnan(gains_from_trade(table, 0 * sigma + 0.8)).all()
    for rounding in (0.0, 2.3e-16, 1e-7):  # of a mean of elasticities below and above one
        assert np.isnan(gains_from_trade(table, 0 * sigma + 1.0 + rounding)).all()
    assert np.isfinite(gains_from_trade(table, 0 * sigma + 1.0 + 1e-5)).all()
    model = Model.build(load_benchmark("wiod2013", aggregation="small", elasticities="fontagne"))
    shut = model.solve({"trade_cost[*, CHN, *, !CHN]": 3.0, "trade_cost[*, !CHN, *, CHN]": 3.0})
    whole, _ = figures(model, shut)
    chn = sorted(table.regions).index("CHN")
    assert whole[chn] < 0.05 < np.delete(whole, chn).min()
