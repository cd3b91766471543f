"""An equilibrium as disruptions find it, and the years after one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cge import Closure, Model, NoEquilibrium, Solution, load_benchmark
from cge.core.errors import InputError
from cge.dynamics.capital import Settings
from cge.dynamics.stand_ins import StandIns
from cge.policy.adjustment import ADJUSTMENTS, Adjustment
from cge.resilience.impact import (
    Impact,
    capacity_lost,
    dearer,
    disrupted,
    factor_lost,
    productivity_changed,
    rationed,
)
from cge.resilience.preshock import PreShock, ShortRun, pre_shock
from cge.resilience.recovery import recover

SETTINGS = Settings(0.03, 0.06, 0.75, 3.0, 0.5, 1.0, 0.5, 0.05)
POLICIES = {
    "no policy": {},
    "tariffs": {"tariff[*, !CHN, ELEC, CHN]": 1.3, "tariff[*, CHN, *, USA]": 1.5},
    "subsidies": {"net_of_output_tax[CHN, ELEC]": 1.05, "factor_tax[USA, ELEC, CAP]": 0.9},
    "technology": {"productivity[EU, HMAN]": 1.1, "trade_cost[*, ASIA, *, EU]": 0.9},
}


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    b = load_benchmark("wiod2013", aggregation="small", elasticities="fontagne")
    return {
        horizon: Model.build(b, horizon, backstop=b.groups["sectors"]["strategic"])
        for horizon in ("long", "short")
    }


def before(models: dict[str, Model], policy: str = "no policy", premium: float = 1.5) -> Solution:
    """The long run under a policy, stand-ins within reach."""
    long = models["long"]
    stand_ins = StandIns(dict.fromkeys(long.backstop, premium), 0.5, 1.15)
    return long.solve(stand_ins.laid(long, long.levels(POLICIES[policy])))


def staged(
    models: dict[str, Model], policy: str = "no policy", adjustment: Adjustment = "gradual",
    premium: float = 1.5,
) -> PreShock:  # fmt: skip
    found = before(models, policy, premium)
    return pre_shock(found, models["short"], ShortRun(adjustment))


def routes(exporters, importers, sectors):
    return [(r, i, s) for r in exporters for i in sectors for s in importers if r != s]


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("policy", list(POLICIES))
def test_without_a_disruption_the_short_run_is_the_long_run_it_starts_from(
    models, policy, adjustment
):
    long, pre = before(models, policy), staged(models, policy, adjustment)
    for name in ("output", "composite", "absorption", "welfare_price", "factor_use"):
        block = pre.model.variables[name].positions
        own = models["long"].variables[name].positions
        np.testing.assert_allclose(pre.levels[block], long.levels[own], rtol=1e-9)
    assert np.abs(pre.losses(disrupted(pre, Impact()))).max() < 1e-10


def test_a_short_run_equilibrium_is_its_own_pre_shock_equilibrium(models):
    closure = Closure("short_run", specific_factors=("CAP",))
    solution = models["short"].solve(POLICIES["tariffs"], closure)
    pre = pre_shock(solution, models["short"])
    np.testing.assert_allclose(
        pre.outcomes[pre.model.outcomes["welfare"].positions],
        solution.by_region("welfare"), rtol=1e-9,
    )  # fmt: skip


def test_losing_a_part_of_all_capacity_costs_about_that_part(models):
    pre = staged(models)
    b = pre.model.benchmark
    for region in ("CHN", "USA", "EU"):
        lost = pre.losses(disrupted(pre, capacity_lost(pre, [region], b.sectors, 0.05)))
        assert lost[b.regions.index(region)] == pytest.approx(0.05, rel=0.15)


def test_losing_a_part_of_everything_everywhere_costs_exactly_that_part(models):
    """Constant returns: all quantities shrink alike, and so do balances given in their money."""
    pre = staged(models)
    b = pre.model.benchmark
    lost = pre.losses(disrupted(pre, capacity_lost(pre, b.regions, b.sectors, 0.1)))
    weight = b.absorption / b.absorption.sum()
    assert weight @ lost == pytest.approx(0.1, rel=0.02)


def test_a_ration_lets_through_what_it_says(models):
    pre = staged(models)
    cut = rationed(pre, routes(["CHN"], ["USA", "EU"], ["ELEC"]), 0.4, "importer")
    solution = disrupted(pre, cut)
    for s in ("USA", "EU"):
        name = f"trade_volume[CHN, ELEC, {s}]"
        before = pre.outcomes[pre.model.outcomes.select(name)[1][0]]
        assert solution.outcome(name) == pytest.approx(0.4 * before, rel=1e-9)


def test_a_total_embargo_costs_less_than_its_premium_on_what_was_imported(models):
    pre = staged(models)
    b = pre.model.benchmark
    home = b.regions.index("CHN")
    others = [r for r in b.regions if r != "CHN"]
    solution = disrupted(pre, rationed(pre, routes(others, ["CHN"], ["ELEC"]), 1e-3, "lost"))
    loss = pre.losses(solution)[home]
    assert solution.outcome("trade_cost[int, EU, ELEC, CHN]") > 1
    imports = np.delete(b.fob[:, :, b.sectors.index("ELEC"), home].sum(axis=0), home).sum()
    bound = (1.5 * 1e-3 ** (-1 / 39) - 1) * imports / b.absorption[home]
    # Its exporters bid for what else there is to sell to, which takes a little more or less.
    assert 0 < loss < 1.5 * bound


def test_who_keeps_the_rent_matters_for_half_a_cut_and_not_for_a_ban(models):
    pre = staged(models)
    b = pre.model.benchmark
    home, seller = b.regions.index("CHN"), b.regions.index("EU")
    cut = routes(["USA", "EU", "ASIA"], ["CHN"], ["ELEC"])

    def loss(left: float, rents: str) -> np.ndarray:
        return pre.losses(disrupted(pre, rationed(pre, cut, left, rents)))

    importer, exporter, lost = (loss(0.5, rents) for rents in ("importer", "exporter", "lost"))
    assert importer[home] < exporter[home]
    # To the importer a rent that is lost costs what one paid abroad costs.
    assert lost[home] == pytest.approx(exporter[home], rel=0.02)
    assert exporter[seller] < lost[seller]
    ban = loss(1e-3, "importer")
    np.testing.assert_allclose(loss(1e-3, "exporter"), ban, rtol=0.02)


def test_impacts_add_up_and_a_route_cut_twice_is_cut_by_the_product(models):
    pre = staged(models)
    one = rationed(pre, [("CHN", "ELEC", "USA")], 0.5, "importer")
    both = one + one + dearer(pre, [("EU", "ELEC", "USA")], 0.1)
    assert both.rationed == ((("CHN", "ELEC", "USA"), 0.25, "importer"),)
    twice = factor_lost(pre, ["USA"], "LAB", 0.1) + factor_lost(pre, ["USA"], "LAB", 0.1)
    column = pre.model.variables.select("factor_supply[USA, LAB]")[1][0]
    assert twice.laid(pre.levels)[column] == pytest.approx(0.81)


def test_a_change_of_productivity_moves_what_it_names(models):
    pre = staged(models)
    b = pre.model.benchmark
    change = np.zeros((len(b.regions), len(b.sectors)))
    change[0, 1] = -0.1
    impact = productivity_changed(pre, change)
    assert len(impact.columns) == 1
    assert impact.factors[0] == pytest.approx(np.exp(-0.1))


def test_a_pre_shock_equilibrium_needs_capital_and_a_mobile_factor(models):
    solution = models["long"].solve()
    closure = Closure("all", specific_factors=("CAP", "LAB"))
    with pytest.raises(InputError, match="wage"):
        pre_shock(models["short"].solve({}, closure), models["short"])
    assert isinstance(pre_shock(solution, models["short"]), PreShock)


@pytest.mark.parametrize("policy", ["no policy", "tariffs"])
def test_without_a_disruption_nothing_moves_over_the_years(models, policy):
    lost = recover(staged(models, policy), Impact(), 1, 3, SETTINGS)
    assert np.abs(lost).max() < 5e-8


def test_the_first_year_of_a_recovery_is_the_disruption_itself(models):
    pre = staged(models, "tariffs")
    impact = capacity_lost(pre, ["CHN"], pre.model.benchmark.sectors, 0.1)
    lost = recover(pre, impact, 1, 10, SETTINGS)
    np.testing.assert_allclose(lost[0], pre.losses(disrupted(pre, impact)), atol=1e-10)
    home = pre.model.benchmark.regions.index("CHN")
    assert lost[0, home] > 0.08
    # Capital that was not built is missing afterwards, and wages are not where they should be.
    assert np.abs(lost[1:, home]).max() < 0.2 * lost[0, home]
    assert abs(lost[-1, home]) < 0.1 * lost[0, home]


def test_relations_that_turned_away_have_to_find_their_way_back(models):
    """After two years without a supplier trade is free again, and not at once as it was."""
    pre = staged(models)
    b = pre.model.benchmark
    impact = rationed(pre, routes(["CHN"], ["USA"], ["ELEC"]), 0.3, "lost")
    lost = recover(pre, impact, 2, 12, SETTINGS)[:, b.regions.index("USA")]
    assert (lost[:6] > 0).all(), "wages that rose without the supplier are too high with it"
    assert abs(lost[-1]) < 0.5 * lost[0]
    # With balances given and wages that clear the market it is relations alone.
    pre = staged(models, adjustment="balances_given")
    lost = recover(pre, impact, 2, 5, SETTINGS)[:, b.regions.index("USA")]
    assert (np.diff(np.abs(lost[2:])) < 0).all()


def test_recovery_needs_years_beyond_the_disruption(models):
    with pytest.raises(InputError, match="years end before"):
        recover(staged(models), Impact(), 2, 2, SETTINGS)


def test_what_is_not_an_equilibrium_of_the_short_run_is_refused(models):
    solution = models["long"].solve(POLICIES["tariffs"])
    b = models["short"].benchmark
    boehm = load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    other = Model.build(boehm, "short", backstop=models["short"].backstop)
    assert other.benchmark.accounts_fingerprint == b.accounts_fingerprint
    with pytest.raises(NoEquilibrium, match="does not reproduce"):
        pre_shock(solution, other)


def test_a_nest_that_can_not_adapt_must_have_one_elasticity(models):
    b = models["short"].benchmark
    long = replace(b.elasticities["long"], agents=b.elasticities["long"].agents + 0.5)
    other = b.with_elasticities(long=long)
    with pytest.raises(InputError, match="no weights to adapt") as caught:
        pre_shock(Model.build(other, "long").solve(), Model.build(other, "short"))
    assert caught.value.key == "elasticities.agents"
