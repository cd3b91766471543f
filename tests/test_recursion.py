"""The laws of motion: what stands still, what moves, how fast and how far."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from tools import small_model

from cge import Model, load_benchmark
from cge.data.knowledge.assembly import load_knowledge
from cge.dynamics.capital import CapitalLaw, Settings
from cge.dynamics.firm_sizes import FirmSizes
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, KnowledgeState, Seen
from cge.dynamics.recursion import Recursion
from cge.dynamics.sourcing import Sourcing
from cge.solve.solution import Allocation

SETTINGS = Settings(0.03, 0.06, 0.75, 3.0, 0.5, 1.0, 0.5, 0.05)


@lru_cache(maxsize=3)
def law(level: str = "central") -> KnowledgeLaw:
    return KnowledgeLaw(load_knowledge(small_model("short").benchmark), level)  # type: ignore[arg-type]


def still(one: KnowledgeLaw) -> tuple[Seen, KnowledgePolicy]:
    """Return an equilibrium that tells nothing new, and no policy."""
    r, j = one.data.applied.shape
    seen = Seen(np.ones((r, j)), np.ones(r), np.ones((r, j, r)), np.ones((r, j)))
    return seen, KnowledgePolicy.none(r, j)


# -- the baseline ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["small", "default"])
def test_without_policy_nothing_moves_in_25_years(size: str) -> None:
    benchmark = load_benchmark("wiod2013", aggregation=size, elasticities="boehm")
    model = Model.build(benchmark, "short")
    recursion = Recursion(model, SETTINGS, KnowledgeLaw(load_knowledge(benchmark)))
    state, solution = recursion.start(), None
    for _ in range(25):
        state, _ = recursion.adapt(state, recursion.ground(state).levels)
        ground = recursion.ground(state)
        solution = model.solve(ground.levels, recursion.closure, start=solution)
        np.testing.assert_allclose(solution.measure("equivalent_variation"), 0, atol=1e-10)
        state = recursion.next(state, ground, solution)
    assert state.year == 25 and state.knowledge is not None
    np.testing.assert_allclose(state.capital, 1, atol=1e-12)
    np.testing.assert_allclose(state.weights, 0, atol=1e-12)
    for stock in ("applied", "basic", "foreign", "pipeline", "made", "business"):
        np.testing.assert_allclose(getattr(state.knowledge, stock), 1, atol=1e-12)


# -- relations with suppliers ------------------------------------------------------------------

SHOCKS = (
    {"tariff[*, CHN, *, USA]": 1.3},
    {"trade_cost[*, CHN, ELEC, EU]": 1.6, "productivity[ASIA, *]": 0.9},
)


@pytest.mark.parametrize("shock", SHOCKS)
def test_relations_and_prices_found_together_are_those_found_in_passes(
    shock: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = load_benchmark("wiod2013", aggregation="small", elasticities="fontagne")
    model = Model.build(benchmark, "short")
    recursion = Recursion(model, SETTINGS)
    state = replace(recursion.start(), weights=np.zeros(len(recursion.sourcing.columns)))
    ways = []
    real = Model.following

    def noted(self: Model, *given: object) -> object:
        found = real(self, *given)  # type: ignore[arg-type]
        ways.append(found is not None)
        return found

    monkeypatch.setattr(Model, "following", noted)
    together, expected = recursion.adapt(state, model.levels(shock))
    assert ways[-1], "found together"
    monkeypatch.setattr(Model, "following", lambda *given: None)
    in_passes, prices = recursion.adapt(state, model.levels(shock))
    assert np.abs(together.weights).max() > 0.1
    np.testing.assert_allclose(together.weights, in_passes.weights, atol=1e-7)
    positive = ~model.arrays.free
    np.testing.assert_allclose(np.log(expected[positive] / prices[positive]), 0, atol=1e-7)
    # And the year with these weights has the prices that were expected.
    monkeypatch.undo()
    levels = recursion.ground(together).levels
    moved = model.levels(shock) != model.arrays.start
    levels[moved] = model.levels(shock)[moved]
    year = model.solve(levels, recursion.closure)
    found = recursion.sourcing.log_prices(year)
    wanted = recursion.sourcing.log_prices(Allocation(model, expected))
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_the_price_of_an_input_is_what_is_spent_on_it_over_its_quantity() -> None:
    b = load_benchmark("wiod2013", aggregation="small", elasticities="fontagne")
    model = Model.build(b, "short", backstop=b.groups["sectors"]["strategic"])
    solution = model.solve(SHOCKS[0] | SHOCKS[1])
    sourcing, begin = Sourcing(model), 0
    found = sourcing.log_prices(solution)
    for weight, one in sourcing.inputs():
        own = found[begin : begin + len(weight)]
        begin += len(weight)
        if one.price or one.value == "route_spending":  # there a stand-in may be the price
            continue
        value, quantity = (
            (solution.values(n) / model.start.values(n))[model.family(n).matching(weight)]
            for n in (one.value, one.quantity)
        )
        np.testing.assert_allclose(np.exp(own), value / quantity, rtol=1e-12)
        assert np.abs(own).max() > 1e-3
    assert begin == len(found)


# -- capital ---------------------------------------------------------------------------------


def capital(**changes: object) -> CapitalLaw:
    return CapitalLaw(np.array([[0.5, 0.3, 0.2]]), replace(SETTINGS, **changes))  # type: ignore[arg-type]


def test_a_lasting_rise_of_investment_ends_as_the_same_rise_of_capital() -> None:
    one, stock = capital(), np.ones((1, 3))
    first = one.next(stock, np.array([1.1]), np.ones((1, 3)))
    np.testing.assert_allclose(first, 1 + 0.1 * 0.09 / 1.03)  # (g + delta) / (1 + g) of the way
    for _ in range(300):
        stock = one.next(stock, np.array([1.1]), np.ones((1, 3)))
    np.testing.assert_allclose(stock, 1.1, rtol=1e-9)


def test_capital_moves_to_where_it_earns_most_and_its_total_stays() -> None:
    one = capital(accumulates=False)
    stock = one.next(np.ones((1, 3)), np.array([1.4]), np.array([[1.2, 1.0, 0.8]]))
    assert stock[0, 0] > 1 > stock[0, 2]
    assert (one.share * stock).sum() == pytest.approx(1, abs=1e-14)
    still_there = one.next(np.ones((1, 3)), np.array([1.4]), np.full((1, 3), 1.7))
    np.testing.assert_allclose(still_there, 1, atol=1e-14)  # no differences, no moves


# -- knowledge -------------------------------------------------------------------------------


def test_basic_research_ripens_as_a_pipeline_of_eight_years_does() -> None:
    """Share of the long-run log gain of doubling it in place after so many years."""
    one = law()
    seen, none = still(one)
    policy = replace(none, basic=one.data.basic / one.data.gdp)  # as much again
    state, share = one.start(), [0.0]
    for _ in range(30):
        state = one.next(state, np.ones_like(one.data.applied), seen, policy)
        share.append(float(np.log(state.basic[0]) / np.log(2)))
    known = {3: 0.0, 5: 0.03, 8: 0.18, 10: 0.31, 15: 0.59, 20: 0.76, 30: 0.92}
    assert {year: round(share[year], 2) for year in known} == known


def test_research_answers_its_cost_by_an_eighth_at_once_and_one_for_one_in_the_end() -> None:
    one = law()
    seen, none = still(one)
    credit = replace(none, credit=np.full_like(none.credit, 0.1))
    state = one.start()
    first = one.business(state, seen, credit)
    np.testing.assert_allclose(np.log(first) / np.log(0.9), -0.13, rtol=1e-12)
    for _ in range(200):
        business = one.business(state, seen, credit)
        state = one.next(state, business, seen, credit)
    np.testing.assert_allclose(np.log(business) / np.log(0.9), -1, rtol=1e-10)


def with_sizes(**ratios: float) -> KnowledgeLaw:
    return replace(law(), sizes=FirmSizes(0.2, **ratios))


def after(one: KnowledgeLaw, policy: KnowledgePolicy, years: int) -> KnowledgeState:
    """State after some years under a policy, nothing else having moved."""
    seen, state = still(one)[0], one.start()
    for _ in range(years):
        pair = one.of_sizes(state, seen, policy) if one.sizes else None
        state = one.next(state, one.business(state, seen, policy), seen, policy, pair)
    return state


def test_firms_of_two_sizes_that_are_alike_do_what_all_firms_do() -> None:
    credit = replace(still(law())[1], credit=np.full_like(law().data.applied, 0.2))
    one, other = (after(own, credit, 12) for own in (law(), with_sizes()))
    np.testing.assert_allclose(other.applied, one.applied, rtol=1e-13)
    np.testing.assert_allclose(other.spilling, one.applied, rtol=1e-13)
    np.testing.assert_allclose(other.absorption, one.absorption, rtol=1e-13)


def test_firms_of_two_sizes_that_differ_stay_on_the_baseline_without_policy() -> None:
    own = with_sizes(own=0.8, spillover=0.5, additionality=1.5)
    state = after(own, still(own)[1], 12)
    for stock in (state.applied, state.spilling, state.foreign):
        np.testing.assert_allclose(stock, 1, rtol=1e-13)


def test_a_credit_for_small_firms_does_what_their_parameters_say() -> None:
    """In the long run, where a stock is what is spent on it, against each value by hand."""
    own, rate = with_sizes(own=0.8, spillover=0.5, additionality=1.5), 0.1
    none = still(own)[1]
    state = after(own, replace(none, credit_small=np.full_like(none.credit, rate)), 400)
    assert state.by_size is not None
    small, large = state.by_size.business
    np.testing.assert_allclose(large, 1, rtol=1e-12)
    np.testing.assert_allclose(np.log(small) / np.log(1 - rate), -1.5 / 1.1, rtol=1e-9)
    part = own.data.business / own.data.applied
    for stock, ratio in ((state.applied, 0.8), (state.spilling, 0.5)):
        counts = ratio / (0.2 * ratio + 0.8)
        wanted = 1 + part * 0.2 * counts * (small - 1)
        np.testing.assert_allclose(stock, wanted, rtol=1e-9)


@pytest.mark.parametrize("level", ["low", "central", "high"])
def test_what_a_unit_of_knowledge_yields_is_the_return_that_went_in(level: str) -> None:
    """The derivative of the region's output to each stock, found by moving it a little."""
    one = law(level)
    data, start, small = one.data, one.start(), 1e-6
    basic = replace(start, basic=start.basic * (1 + small))
    gain = (one.productivity(basic)["basic"] * data.receipts).sum(axis=1)
    rate = data.parameters.at("return_basic", level) + data.parameters["depreciation_basic"]  # type: ignore[arg-type]
    np.testing.assert_allclose(gain / (small * data.basic_stock), rate, rtol=1e-5)
    own = replace(start, applied=start.applied * (1 + small))
    gain = one.productivity(own)["own"] * data.receipts
    private = data.parameters.at("return_private", level)  # type: ignore[arg-type]
    cost = data.parameters.at("real_rate", level) + data.depreciation  # type: ignore[arg-type]
    there = data.applied_stock > 0
    found = gain[there] / (small * data.applied_stock[there])
    np.testing.assert_allclose(found, np.maximum(private, cost)[there], rtol=1e-5)


def test_low_central_and_high_returns_make_low_central_and_high_productivity() -> None:
    start = law().start()
    moved = replace(start, basic=2 * start.basic, applied=1.2 * start.applied,
                    foreign=1.1 * start.foreign)  # fmt: skip
    total = [sum(law(level).productivity(moved).values()) for level in ("low", "central", "high")]
    assert (total[0] < total[1]).all() and (total[1] < total[2]).all()


def test_a_border_closed_to_ideas_lets_only_the_leak_through_in_the_end() -> None:
    one = law()
    seen, none = still(one)
    closed = replace(none, openness=np.zeros_like(none.openness))
    state, spent = one.start(), np.ones_like(one.data.applied)
    foreign = []
    for _ in range(400):
        state = one.next(state, spent, seen, closed)
        foreign.append(float(state.foreign[0, 0]))
    assert foreign[0] > 0.8, "not all at once"
    assert (np.diff(foreign) <= 1e-15).all()
    np.testing.assert_allclose(state.foreign, one.leak, rtol=1e-9)


def test_learning_by_doing_is_off_by_default_and_follows_cumulated_output() -> None:
    one = law()
    seen, none = still(one)
    seen = replace(seen, output=np.full_like(seen.output, 1.5))
    state = one.next(one.start(), np.ones_like(one.data.applied), seen, none)
    assert not one.productivity(state)["learning"].any()
    learns = replace(one, learning=0.2)
    made = (1 + 0.03 * 1.5) / 1.03
    np.testing.assert_allclose(learns.productivity(state)["learning"], 0.2 * np.log(made))


def test_abroad_a_unit_of_basic_knowledge_counts_like_a_unit_of_applied() -> None:
    """With weight one, the same money more of either stock reaches every learner alike."""
    found = law()
    d = found.data
    start = found.start()
    seen, policy = still(found)
    more = 0.01 * d.applied_stock[0].sum()
    applied, basic = start.applied.copy(), start.basic.copy()
    applied[0] *= 1.01
    basic[0] *= 1 + more / d.basic_stock[0]
    by_applied = found.reach(replace(start, applied=applied), seen, policy)
    by_basic = found.reach(replace(start, basic=basic), seen, policy)
    np.testing.assert_allclose(by_basic, by_applied, rtol=1e-12)
    assert (by_basic[1:] > 1).any() and np.allclose(by_basic[0], 1)
