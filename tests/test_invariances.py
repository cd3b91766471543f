"""What must hold whatever the numbers are: identities, symmetries, limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tools import TARIFF_WAR, combined_shock, grid, small_model
from worlds import random_world

from cge import Benchmark, Closure, Elasticities, Model, Solution, Swap
from cge.data.elasticities.nests import NEST_AXES
from cge.solve.square.system import term_values

Array = NDArray[np.float64]

#: Axes of the benchmark's arrays, as its documentation states them.
ARRAYS = {
    "flows": "uris",
    "tariff": "uris",
    "export_tax": "uris",
    "intermediate": "sij",
    "intermediate_tax": "sij",
    "final": "sdi",
    "final_tax": "sdi",
    "factor_payments": "sjf",
    "factor_tax": "sjf",
    "output_tax": "sj",
    "balance": "s",
}
VALUES = ("flows", "intermediate", "final", "factor_payments", "balance")
QUANTITIES = ("output", "composite", "factor_use", "welfare")
PRICES = (
    "basic_price", "composite_price", "value_added_price", "material_price", "factor_price",
    "factor_return", "welfare_price", "agent_price",
)  # fmt: skip
NOMINAL = (
    "absorption", "paid_at_border", "fob_deliveries", "route_tax_revenue", "export_tax_revenue",
    "output_tax_revenue", "user_tax_revenue", "factor_tax_revenue",
)  # fmt: skip
#: Solutions of one equilibrium in two guises differ by rounding and its amplification only.
SAME = 1e-10


def close(a: Array, b: Array, tolerance: float = SAME) -> None:
    """Assert equality relative to the larger of one and the value; NaN in the same places."""
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def remade(b: Benchmark, arrays: dict[str, Array], nests: dict[str, Array], **codes) -> Benchmark:
    """Return `b` with other arrays, long-run elasticities and codes."""
    e = b.elasticities["long"]
    long = Elasticities(**{n: nests.get(n, getattr(e, n)) for n in NEST_AXES})
    return replace(b, **arrays, elasticities={"long": long, "short": long}, **codes)


def taken(b: Benchmark, axes: str, order: list[int]) -> tuple[dict, dict]:
    """Return arrays and elasticities with the positions `order` along the axes named."""

    def take(array: Array, letters: str) -> Array:
        for n, letter in enumerate(letters):
            if letter in axes:
                array = np.take(array, order, axis=n)
        return array

    e = b.elasticities["long"]
    arrays = {name: take(getattr(b, name), letters) for name, letters in ARRAYS.items()}
    return arrays, {nest: take(getattr(e, nest), letters) for nest, letters in NEST_AXES.items()}


def without_balances(model: Model, levels: Array | None = None) -> Array:
    """Return levels with no transfers between regions."""
    levels = (model.arrays.start if levels is None else levels).copy()
    levels[model.variables["balance"].positions] = 0.0
    return levels


# -- the benchmark ------------------------------------------------------------------------


def residual_in_benchmark(model: Model) -> float:
    """Return the largest gap of any equation, Walras' too, relative to its own terms."""
    terms = term_values(model.arrays, model.arrays.start)
    gap = np.abs(model.arrays.coefficients @ terms)
    return float((gap / (abs(model.arrays.coefficients) @ np.abs(terms))).max())


@pytest.mark.parametrize("seed", range(3))
def test_the_benchmark_solves_every_equation_before_any_iteration(seed):
    assert residual_in_benchmark(Model.build(random_world(seed, zeros=0.3))) < 1e-13


@pytest.mark.parametrize("horizon", ["short", "long"])
def test_the_real_benchmark_solves_every_equation_before_any_iteration(horizon):
    assert residual_in_benchmark(small_model(horizon)) < 1e-13


@pytest.mark.parametrize(
    "closure", [Closure(), Closure(specific_factors=("CAP",)), Closure(specific_factors=("LAB",))]
)
def test_no_shock_gives_the_benchmark_without_iterating(closure):
    solution = small_model().solve({}, closure)
    assert solution.diagnostics.iterations == 0
    np.testing.assert_array_equal(solution.levels, solution.model.arrays.start)


def test_a_solution_does_not_depend_on_where_the_search_starts():
    model = Model.build(random_world(3, imbalance=0.2))
    there, elsewhere = combined_shock(model, 1), combined_shock(model, 2)
    direct = model.solve(there)
    around = model.solve(there, start=model.solve(elsewhere))
    assert np.abs(direct.levels - model.arrays.start).max() > 0.1
    close(around.levels, direct.levels)


# -- homogeneity, Walras, zero profit, accounts -------------------------------------------


def shocked(seed: int, horizon: str = "long") -> Solution:
    """Return a random world under a combined shock."""
    model = Model.build(random_world(seed, zeros=0.2, imbalance=0.3), horizon)
    return model.solve(combined_shock(model, seed))


def test_doubling_the_numeraire_doubles_prices_and_incomes_and_no_quantity():
    model = Model.build(random_world(5, imbalance=0.3))
    levels = combined_shock(model, 5, without=("numeraire",))
    once = model.solve(levels)
    levels[model.variables["numeraire"].start] *= 2
    twice = model.solve(levels)
    for name in (*PRICES, *NOMINAL):
        close(grid(twice, name), 2 * grid(once, name))
    for name in QUANTITIES:
        close(grid(twice, name), grid(once, name))


@pytest.mark.parametrize("seed", range(3))
def test_the_market_left_out_clears_by_walras_law(seed):
    solution = shocked(seed)
    first = solution.model.variables["factor_return"].index[0]
    b = solution.model.benchmark
    s, f = b.regions.index(first[0]), b.factors.index(first[1])
    used = np.nansum(b.factor_payments[s, :, f] * grid(solution, "factor_use")[s, :, f])
    supply = grid(solution, "factor_supply")[s, f] * b.factor_payments[s, :, f].sum()
    assert abs(used / supply - 1) < 1e-11
    assert solution.diagnostics.walras < 1e-12


def test_what_given_balances_leave_over_is_borne_by_all_in_proportion_to_absorption():
    model = small_model()
    b = model.benchmark
    given = np.array([-0.05, 0.03, 0.02, 0.0, 0.01])
    solution = model.solve({f"balance[{r}]": x for r, x in zip(b.regions, given, strict=True)})
    value = given * b.absorption
    left_over = value.sum()
    assert abs(left_over) > 1e-3 * b.absorption.sum()
    close(solution.by_region("transfer"), value - left_over * b.absorption / b.absorption.sum())


@pytest.mark.parametrize("seed", range(3))
def test_receipts_net_of_output_tax_pay_inputs_and_value_added(seed):
    solution = shocked(seed)
    receipts = grid(solution, "net_of_output_tax") * grid(solution, "output_value")
    cost = np.nansum(grid(solution, "input_spending"), axis=1)
    close(receipts, cost + grid(solution, "value_added_value"))


@pytest.mark.parametrize("seed", range(3))
def test_value_added_pays_factors_and_the_tax_on_them(seed):
    solution = shocked(seed)
    b = solution.model.benchmark
    paid = b.factor_payments * grid(solution, "factor_price") * grid(solution, "factor_use")
    close(
        np.nansum(paid + grid(solution, "factor_tax_paid"), axis=2),
        grid(solution, "value_added_value"),
    )


@pytest.mark.parametrize("seed", range(3))
def test_gdp_is_the_same_by_income_production_and_expenditure(seed):
    solution = shocked(seed)
    gdp = solution.by_region("gdp")
    close(solution.by_region("gdp_by_production"), gdp)
    close(solution.by_region("gdp_by_expenditure"), gdp)
    assert np.abs(gdp / solution.by_region("gdp", benchmark=True) - 1).max() > 0.01


@pytest.mark.parametrize("seed", range(3))
def test_taxes_by_cell_add_up_to_the_revenue_of_the_region(seed):
    solution = shocked(seed)
    absorption = solution.model.benchmark.absorption
    for cells, axes, revenue in (
        ("tariff_paid", (0, 1), "route_tax_revenue"),
        ("export_tax_paid", (1, 2), "export_tax_revenue"),
        ("output_tax_paid", 1, "output_tax_revenue"),
        ("factor_tax_paid", (1, 2), "factor_tax_revenue"),
    ):
        total = np.nansum(grid(solution, cells), axis=axes)
        close(total, grid(solution, revenue) * absorption)


@pytest.mark.parametrize("seed", range(3))
def test_trade_balances_are_minus_the_transfers_and_sum_to_zero(seed):
    solution = shocked(seed)
    balance, transfer = solution.by_region("trade_balance"), solution.by_region("transfer")
    scale = solution.by_region("absorption_value").sum()
    assert np.abs(transfer).max() > 1e-3 * scale
    assert np.abs(balance + transfer).max() < 1e-12 * scale
    assert abs(balance.sum()) < 1e-12 * scale


def test_spending_of_the_agents_is_absorption():
    solution = shocked(1)
    close(grid(solution, "final_spending").sum(axis=1), solution.by_region("absorption_value"))


# -- Lerner symmetry ----------------------------------------------------------------------


def lerner(model: Model, base: Array, region: str, power: float, instrument: str) -> Array:
    """Return levels with all border taxes of one kind of one region raised by a power."""
    axis = {"tariff": "s", "export_tax": "r"}[instrument]
    other = {"tariff": "r", "export_tax": "s"}[instrument]
    family = model.variables[instrument]
    abroad = [code for code in model.benchmark.regions if code != region]
    levels = base.copy()
    levels[family.where(**{axis: [region], other: abroad})] *= power
    return levels


def test_lerner_a_uniform_tariff_is_a_uniform_export_tax_where_trade_balances():
    model = Model.build(random_world(8))
    base = without_balances(model, combined_shock(model, 8, 0.1))
    tariff = model.solve(lerner(model, base, "R1", 1.3, "tariff"))
    export_tax = model.solve(lerner(model, base, "R1", 1.3, "export_tax"))
    assert np.abs(grid(tariff, "welfare") / grid(model.solve(base), "welfare") - 1).max() > 0.01
    for name in QUANTITIES:
        close(grid(tariff, name), grid(export_tax, name))


def test_lerner_holds_with_transfers_that_are_worth_the_same_abroad():
    """Transfers are given in units of the numeraire, and that is what has to be undone.

    Under the tariff let prices be p at home and p* abroad. Under the export tax the
    same quantities are supported by p / k at home and p* abroad: import prices at home
    are p* against p / k instead of k p* against p, export prices abroad (p / k) k = p.
    The budget scales with 1 / k if the transfer B is the same in foreign prices, since
    (k - 1)/k times the trade deficit is then (k - 1)/k times B. In these prices the
    world factor price index is no longer one but n, so that in units of it B is B / n.
    """
    model = Model.build(random_world(8, imbalance=0.4))
    b, k, home = model.benchmark, 1.3, 1
    base = model.arrays.start
    tariff = model.solve(lerner(model, base, "R1", k, "tariff"))
    returns = grid(tariff, "factor_return")
    returns[home] /= k
    income = b.factor_payments.sum(axis=1)
    index = (returns * income).sum() / income.sum()
    levels = lerner(model, base, "R1", k, "export_tax")
    levels[model.variables["balance"].positions] /= index
    export_tax = model.solve(levels)
    assert np.abs(b.balance / b.absorption).max() > 0.05
    for name in QUANTITIES:
        close(grid(tariff, name), grid(export_tax, name))
    naive = model.solve(lerner(model, base, "R1", k, "export_tax"))
    assert np.abs(grid(naive, "welfare") / grid(tariff, "welfare") - 1).max() > 1e-4


# -- splitting ----------------------------------------------------------------------------


def test_splitting_a_region_into_two_identical_ones_changes_nothing():
    """Two halves of a region have the same prices by symmetry, so any elasticity will do.

    The old region's purchases from itself become purchases of each half from both, a
    quarter of the value each; everything else of it is halved.
    """
    b = random_world(9, imbalance=0.3)
    arrays, nests = taken(b, "rs", [0, 1, 2, 2])
    arrays = {k: v.copy() for k, v in arrays.items()}
    for name in VALUES:
        for n, letter in enumerate(ARRAYS[name]):
            if letter in "rs":
                half = [slice(None)] * arrays[name].ndim
                half[n] = slice(2, 4)
                arrays[name][tuple(half)] /= 2
    split = remade(b, arrays, nests, regions=("R0", "R1", "R2", "R2b"))
    one, two = Model.build(remade(b, {}, {})), Model.build(split)
    shock = {
        "tariff[*, R2, *, R0]": 1.4,
        "export_tax[*, R1, S0, R2]": 1.2,
        "output": None,
        "productivity[R2, S1]": 1.1,
    }
    del shock["output"]
    both = {key.replace("R2", "R2|R2b"): level for key, level in shock.items()}
    whole, halves = one.solve(shock), two.solve(both)
    for name in ("output", "welfare", "factor_price", "basic_price", "absorption"):
        close(grid(halves, name)[:3], grid(whole, name))
        close(grid(halves, name)[3], grid(halves, name)[2])
    trade, parts = grid(whole, "trade_value"), grid(halves, "trade_value")
    close(parts[:2, :, 2] + parts[:2, :, 3], trade[:2, :, 2])
    close(parts[2:, :, 2:].sum(axis=(0, 2)), trade[2, :, 2])


@pytest.mark.parametrize("specific", [(), ("F1",)])
def test_splitting_a_sector_into_two_identical_ones_changes_nothing(specific):
    """The condition is the same technology, the same routes and the same shocks.

    The twins' prices are then equal, and a nest in which one input of share a becomes
    two of share a / 2 at the same price has the same index and the same spending on the
    pair at any elasticity: a/2 p^(1-s) + a/2 p^(1-s) = a p^(1-s). How well the twins
    substitute for each other never matters, since their relative price never moves.
    With a sector-specific factor each twin has half of it, so rents are equal too.
    """
    b = random_world(10, imbalance=0.3)
    arrays, nests = taken(b, "ij", [0, 1, 2, 2])
    arrays = {k: v.copy() for k, v in arrays.items()}
    for name in VALUES:
        for n, letter in enumerate(ARRAYS[name]):
            if letter in "ij":
                half = [slice(None)] * arrays[name].ndim
                half[n] = slice(2, 4)
                arrays[name][tuple(half)] /= 2
    split = remade(b, arrays, nests, sectors=("S0", "S1", "S2", "S2b"), sector_class=("u0",) * 4)
    one, two = Model.build(remade(b, {}, {})), Model.build(split)
    shock = {
        "tariff[*, R1, S2, R0]": 1.5,
        "intermediate_tax[R1, S2, *]": 1.3,
        "net_of_output_tax[R2, S2]": 1.1,
        "factor_tax[R0, S2, F0]": 1.2,
        "trade_cost[*, R0, S1, R2]": 1.2,
    }
    both = {key.replace("S2", "S2|S2b"): level for key, level in shock.items()}
    closure = Closure(specific_factors=specific)
    whole, halves = one.solve(shock, closure), two.solve(both, closure)
    for name in ("output", "factor_use", "basic_price"):
        close(grid(halves, name)[:, :3], grid(whole, name))
        close(grid(halves, name)[:, 3], grid(halves, name)[:, 2])
    for name in ("welfare", "factor_return", "route_tax_revenue"):
        close(grid(halves, name), grid(whole, name))


def test_splitting_a_use_class_with_the_same_sources_changes_nothing():
    b = random_world(11, use_classes=1, imbalance=0.3)
    e = b.elasticities["long"]
    inputs = b.intermediate.sum(axis=2).T  # (i, s)
    share = np.stack([inputs, b.composites[0] - inputs]) / b.composites[0]
    arrays = {
        "flows": b.flows * share[:, None],
        "tariff": np.repeat(b.tariff, 2, axis=0),
        "export_tax": np.repeat(b.export_tax, 2, axis=0),
    }
    split = remade(
        b,
        arrays,
        {"armington": np.repeat(e.armington, 2, axis=0)},
        use_classes=("inputs", "final"),
        sector_class=("inputs",) * 3,
        agent_class=("final",) * 3,
    )
    one, two = Model.build(remade(b, {}, {})), Model.build(split)
    shock = {
        "tariff[*, R1, *, R0]": 1.5,
        "trade_cost[*, R0, S1, R2]": 1.2,
        "final_tax[R1, *, S0]": 1.3,
        "intermediate_tax[R1, S2, *]": 1.3,
    }
    whole, halves = one.solve(shock), two.solve(shock)
    for name in ("output", "factor_use", "welfare", "trade_value", "basic_price"):
        close(grid(halves, name), grid(whole, name))


# -- units, order, numeraire --------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_account_changes_no_ratio(scale):
    b = random_world(12, imbalance=0.3)
    scaled = replace(b, **{name: scale * getattr(b, name) for name in VALUES})
    small, large = Model.build(b), Model.build(scaled)
    levels = combined_shock(small, 12, 0.1)
    one, other = small.solve(levels), large.solve(levels)
    close(other.levels, one.levels)
    for name, family in small.outcomes.items():
        factor = scale if family.unit == b.unit else 1.0
        close(grid(other, name) / factor, grid(one, name))


@pytest.mark.parametrize(
    ("axis", "letters", "order"), [("regions", "rs", [2, 0, 1]), ("sectors", "ij", [1, 2, 0])]
)
def test_the_order_of_regions_and_sectors_changes_nothing(axis, letters, order):
    b = random_world(13, zeros=0.2, imbalance=0.3)
    arrays, nests = taken(b, letters, order)
    codes = tuple(getattr(b, axis)[n] for n in order)
    other = remade(b, arrays, nests, **{axis: codes})
    shock = {
        "tariff[*, R0, S1, R1]": 1.4,
        "net_of_output_tax[R2, S0]": 1.1,
        "factor_tax[R1, S2, *]": 1.2,
    }
    first, second = Model.build(remade(b, {}, {})).solve(shock), Model.build(other).solve(shock)
    for name, letters_of in (("output", "sj"), ("welfare", "s"), ("trade_value", "ris")):
        moved = grid(first, name)
        for n, letter in enumerate(letters_of):
            if letter in letters:
                moved = np.take(moved, order, axis=n)
        close(grid(second, name), moved)


@pytest.mark.parametrize(
    "price", ["factor_return[R2, F1]", "basic_price[R0, S1]", "welfare_price[R1]"]
)
def test_the_choice_of_numeraire_changes_no_quantity(price):
    model = Model.build(random_world(14, imbalance=0.3))
    levels = combined_shock(model, 14, 0.1, without=("numeraire",))
    default = model.solve(levels)
    other = model.solve(levels, Closure(numeraire=price))
    assert abs(default.outcome(price) - 1) > 1e-3
    assert other.outcome(price) == pytest.approx(1, abs=1e-12)
    for name in QUANTITIES:
        close(grid(other, name), grid(default, name))
    for name in (*PRICES, *NOMINAL):
        close(grid(other, name), grid(default, name) / default.outcome(price))


# -- the limits of the elasticities -------------------------------------------------------


@pytest.mark.parametrize("nest", NEST_AXES)
def test_results_are_continuous_where_an_elasticity_goes_through_one(nest):
    """At 1 + h and 1 - h, h from 0.1 to one rounding error, results are off by no more than h
    times a derivative. An index is the (1 / h)th power of a sum of shares, so that at 1e-15
    nothing of it would be left, were that not taken for one.
    """
    b = random_world(15, 2, 2, 2, agents=2, imbalance=0.3)
    e = b.elasticities["long"]
    shape = getattr(e, nest).shape
    shock = {
        "tariff[*, R0, S1, R1]": 1.4,
        "final_tax[R0, A0, S1]": 1.5,
        "intermediate_tax[R1, S1, *]": 1.4,
        "factor_tax[R1, S1, F0]": 1.3,
    }

    def results(sigma: float) -> Array:
        long = replace(e, **{nest: np.full(shape, sigma)})
        solution = Model.build(b.with_elasticities(long=long)).solve(shock)
        return np.concatenate([grid(solution, n).ravel() for n in ("welfare", "output")])

    at = results(1.0)
    derivative = np.abs(results(1.1) - at).max() / 0.1
    assert derivative > 1e-5, f"{nest} does not matter here: an empty test"
    for k in range(1, 17):
        for h in (10.0**-k, -(10.0**-k)):
            assert np.abs(results(1 + h) - at).max() <= 2 * derivative * abs(h) + 1e-9, h
    assert np.array_equal(results(0.7 + 0.2 + 0.1), at)


@pytest.mark.parametrize("nest", [n for n in NEST_AXES if n != "transformation"])
def test_an_elasticity_of_zero_is_the_limit_from_above(nest):
    h = 1e-6
    b = random_world(16, imbalance=0.3)
    e = b.elasticities["long"]
    shape = getattr(e, nest).shape
    shock = {
        "tariff[*, R0, S1, R1]": 1.4,
        "final_tax[R0, A0, S1]": 1.5,
        "factor_tax[R1, S2, F0]": 1.3,
    }

    def results(sigma: float) -> Array:
        long = replace(e, **{nest: np.full(shape, sigma)})
        solution = Model.build(b.with_elasticities(long=long)).solve(shock)
        return np.concatenate([grid(solution, n).ravel() for n in ("welfare", "output")])

    at, once, twice = results(0.0), results(h), results(2 * h)
    assert np.abs(once - at).max() < 1e-4
    np.testing.assert_allclose(2 * once - twice, at, atol=1e-9)


def test_leaving_a_wedge_at_its_benchmark_level_is_no_shock():
    """Wedges are powers of the rate, not changes of it: naming the old level does nothing."""
    model = Model.build(random_world(17, imbalance=0.3))
    index = model.variables["tariff"].index[5]
    cell = f"tariff[{', '.join(index)}]"
    level = float(model.arrays.start[model.variables["tariff"].start + 5])
    assert model.solve({cell: level}).diagnostics.iterations == 0


def test_a_swap_that_holds_what_would_not_move_anyway_is_no_shock():
    closure = Closure(swaps=(Swap("tariff[*, CHN, *, USA]", "trade_volume[CHN, *, USA]"),))
    solution = small_model().solve({}, closure)
    assert solution.diagnostics.iterations == 0
    moved = small_model().solve(
        TARIFF_WAR,
        closure=Closure(
            swaps=(Swap("origin_weight[con, EU, VEH, USA]", "trade_value[EU, VEH, USA]"),)
        ),
    )
    assert moved.relative("trade_value[EU, VEH, USA]") == pytest.approx(1, abs=1e-12)
    assert abs(moved.relative("origin_weight[con, EU, VEH, USA]") - 1) > 1e-3
