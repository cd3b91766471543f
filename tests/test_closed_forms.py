"""Cases in which theory says what the answer is, and closures checked against plain shocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from tools import TARIFF_WAR, grid, small_model
from worlds import balanced_world, random_world

from cge import Benchmark, Closure, Model, NoEquilibrium, Solution, Swap, WageFloor

Array = NDArray[np.float64]


def shares(seed: int, regions: int, sectors: int, home: float = 2.0) -> Array:
    """Return random origin shares (1, r, i, s), the domestic one raised by `home`."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.ones(regions), size=(sectors, regions)).transpose(2, 0, 1)
    share = share + home * np.eye(regions)[:, None, :]
    return (share / share.sum(axis=0))[None]


def trading_world(
    seed: int,
    regions: int = 3,
    sectors: int = 1,
    sigma: float | dict[str, float] = 4.0,
    materials: float = 0.0,
    upper: float = 1.0,
) -> Benchmark:
    """Return a world of one factor and one agent without wedges.

    Parameters
    ----------
    seed, regions, sectors
    sigma : float or dict
        Armington elasticity, for all sectors or by code.
    materials : float
        Cost share of intermediates.
    upper : float
        Elasticity of every nest above the Armington one.
    """
    rng = np.random.default_rng(seed + 1000)
    technical = materials * rng.dirichlet(np.ones(sectors), size=(regions, sectors))
    nests = dict.fromkeys(("intermediate", "value_added", "top", "final"), upper)
    return balanced_world(
        shares(seed, regions, sectors),
        rng.uniform(0.5, 2.0, (regions, 1, sectors)),
        technical.transpose(0, 2, 1),
        elasticities={**nests, "armington": sigma},
    )


BALANCED = {"balance": 0.0}


def domestic_share(solution: Solution) -> Array:
    """Return the share of spending on each good that stays at home, (s, i); no tariffs."""
    trade = np.nan_to_num(grid(solution, "trade_value"))
    home = np.einsum("sis->si", trade)
    return home / trade.sum(axis=0).T


def log_change(solution: Solution, base: Solution, name: str = "welfare") -> Array:
    """Return log changes of a regional outcome between two solutions."""
    return np.log(grid(solution, name) / grid(base, name))


def random_trade_costs(model: Model, seed: int, top: float) -> dict[str, float]:
    """Return trade costs up to `top` on every border and productivities up to 2."""
    rng = np.random.default_rng(seed)
    regions = model.benchmark.regions
    costs = {
        f"trade_cost[*, {r}, *, {s}]": float(rng.uniform(0.7, top))
        for r in regions
        for s in regions
        if r != s
    }
    return {**BALANCED, **costs, f"productivity[{regions[-1]}, *]": float(rng.uniform(1, 2))}


# -- gains from trade ---------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [1.5, 4.0, 9.0])
def test_one_sector_real_income_moves_with_the_domestic_share_alone(sigma):
    """Arkolakis, Costinot and Rodriguez-Clare (2012): dlnW = dln(lambda) / (1 - sigma)."""
    model = Model.build(trading_world(1, sigma=sigma))
    base, shocked = model.solve(BALANCED), model.solve(random_trade_costs(model, 1, 2.0))
    change = np.log(domestic_share(shocked) / domestic_share(base))[:, 0] / (1 - sigma)
    # The last region's own productivity has moved too.
    assert np.abs(change[:-1]).max() > 0.01
    np.testing.assert_allclose(log_change(shocked, base)[:-1], change[:-1], atol=1e-11)


@pytest.mark.parametrize("materials", [0.3, 0.6])
def test_one_sector_with_intermediates_scales_the_gains_by_value_added(materials):
    """With a Cobb-Douglas share beta of labour, dlnW = dln(lambda) / ((1 - sigma) beta)."""
    sigma = 5.0
    model = Model.build(trading_world(2, sigma=sigma, materials=materials))
    base, shocked = model.solve(BALANCED), model.solve(random_trade_costs(model, 2, 2.0))
    change = np.log(domestic_share(shocked) / domestic_share(base))[:, 0]
    expected = change / ((1 - sigma) * (1 - materials))
    assert np.abs(expected[:-1]).max() > 0.01
    np.testing.assert_allclose(log_change(shocked, base)[:-1], expected[:-1], atol=1e-11)


def autarky(model: Model, cost: float = 1e7) -> dict[str, float]:
    """Return trade costs that all but stop trade.

    To be solved from the equilibrium without transfers: on the way there from another
    point, regions would have to pay transfers that they can no longer ship.
    """
    regions = model.benchmark.regions
    return {
        **BALANCED,
        **{f"trade_cost[*, {r}, *, {s}]": cost for r in regions for s in regions if r != s},
    }


@pytest.mark.parametrize("materials", [0.0, 0.5])
@pytest.mark.parametrize("sectors", [1, 3])
def test_the_way_to_autarky_costs_what_costinot_and_rodriguez_clare_say(sectors, materials):
    """Cobb-Douglas above the Armington nests, one factor, balanced trade.

    ln(W / W_autarky) = - sum_ik beta_i L_ik ln(lambda_k) / (sigma_k - 1), L = (1 - A)^-1
    the Leontief inverse of cost shares (CRC 2014, section 3). Trade costs of 1e7 leave
    domestic shares short of one by less than 1e-9 at the elasticities here.
    """
    sigma = {f"S{k}": value for k, value in enumerate([3.0, 5.0, 4.0][:sectors])}
    b = trading_world(3, sectors=sectors, sigma=sigma, materials=materials)
    model = Model.build(b)
    base = model.solve(BALANCED)
    closed = model.solve(autarky(model), start=base, allow_large_rates=True)
    assert domestic_share(closed).min() > 1 - 1e-9
    loss = np.log(domestic_share(base)) / (np.array(list(sigma.values())) - 1)  # (s, k)
    expected = np.empty(len(b.regions))
    for s in range(len(b.regions)):
        beta = b.final[s, 0] / b.final[s, 0].sum()
        cost_share = b.intermediate[s] / b.output[s]  # (k, j): input k in sector j
        inverse = np.linalg.inv(np.eye(sectors) - cost_share.T)
        expected[s] = beta @ inverse @ loss[s]
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(log_change(closed, base), expected, atol=1e-8)


@pytest.mark.parametrize("upper", [0.0, 0.5, 3.0])
def test_autarky_with_ces_between_sectors_follows_from_their_domestic_shares(upper):
    """Without intermediates a sector's price over the wage falls by lambda^(1/(1 - sigma))."""
    sigma = {"S0": 3.0, "S1": 5.0}
    b = trading_world(4, sectors=2, sigma=sigma, upper=upper)
    model = Model.build(b)
    base = model.solve(BALANCED)
    closed = model.solve(autarky(model), start=base, allow_large_rates=True)
    spent = np.einsum("ris->si", np.nan_to_num(grid(base, "trade_value")))
    beta = spent / spent.sum(axis=1, keepdims=True)
    price = domestic_share(base) ** (1 / (1 - np.array([3.0, 5.0])))
    index = (beta * price ** (1 - upper)).sum(axis=1) ** (1 / (1 - upper))
    np.testing.assert_allclose(log_change(closed, base), -np.log(index), atol=1e-8)


# -- optimal tariffs ----------------------------------------------------------------------


def two_countries(size: float, sigma: float, traded: float = 0.3) -> Model:
    """Return two countries of one good, the first `size` times the second, trade balanced.

    `traded` is the import share of the smaller one.
    """
    imports = traded / max(size, 1.0) * np.array([1.0, size])  # equal values both ways
    share = np.array([[1 - imports[0], imports[1]], [imports[0], 1 - imports[1]]])
    final = np.array([size, 1.0])[:, None, None]
    b = balanced_world(share[None, :, None, :], final, elasticities={
        "armington": sigma, "intermediate": 1, "value_added": 1, "top": 1, "final": 1,
    })  # fmt: skip
    assert np.abs(b.balance).max() < 1e-15
    return Model.build(b)


def best_tariff(model: Model) -> tuple[float, Solution]:
    """Return the first region's optimal tariff, the root of the gradient, and its solution."""
    found: dict[float, Solution] = {}

    def slope(power: float) -> float:
        solution = found[power] = model.solve({"tariff[*, R1, *, R0]": power})
        table = solution.gradient("welfare[R0]")
        row = table[(table.instrument == "tariff") & (table.cell == ("u0", "R1", "S0", "R0"))]
        return float(row.derivative.iloc[0])

    power = float(brentq(slope, 1.01, 4.0, xtol=1e-13, rtol=1e-14))
    return power - 1, model.solve({"tariff[*, R1, *, R0]": power})


@pytest.mark.parametrize(("size", "sigma"), [(1.0, 3.0), (0.4, 5.0), (3.0, 2.0)])
def test_the_optimal_tariff_of_two_countries_has_its_closed_form(size, sigma):
    """t* = 1 / ((sigma - 1) lambda_FF), the foreign domestic share taken at the optimum."""
    tariff, solution = best_tariff(two_countries(size, sigma))
    trade = grid(solution, "trade_value")
    abroad = trade[1, 0, 1] / trade[:, 0, 1].sum()
    assert abroad < 0.99
    assert tariff == pytest.approx(1 / ((sigma - 1) * abroad), rel=1e-9)


@pytest.mark.parametrize("sigma", [3.0, 5.0])
def test_the_optimal_tariff_of_a_small_country_tends_to_its_market_power_in_exports(sigma):
    gap = [
        best_tariff(two_countries(size, sigma))[0] * (sigma - 1) - 1 for size in (1e-2, 1e-3, 1e-4)
    ]
    assert 0 < gap[2] < gap[1] < gap[0]
    assert gap[2] < 1e-4


# -- efficiency ---------------------------------------------------------------------------


def no_wedges(seed: int) -> Model:
    """Return a random world without taxes, with intermediates and several agents."""
    return Model.build(random_world(seed, wedges=False, zeros=0.2, imbalance=0.3))


@pytest.mark.parametrize("costs", [1.0, 1.3])
def test_hulten_without_wedges_world_welfare_weighs_productivity_with_sales(costs):
    """sum_s E_s dlnU_s = p x dlnA, and minus the value shipped for iceberg costs.

    At any point, since iceberg costs are technology and no wedge.
    """
    model = no_wedges(21)
    solution = model.solve({"trade_cost[*, R0, *, R1|R2]": costs})
    b = model.benchmark
    spending = solution.by_region("absorption_value") / solution.by_region("welfare")
    world: dict[tuple, float] = {}
    for weight, region in zip(spending, b.regions, strict=True):
        table = solution.gradient(f"welfare[{region}]")
        for row in table.itertuples():
            key = (row.instrument, row.cell)
            world[key] = world.get(key, 0.0) + weight * row.derivative * row.level
    sales = grid(solution, "output_value")
    for s, region in enumerate(b.regions):
        for j, sector in enumerate(b.sectors):
            assert world["productivity", (region, sector)] == pytest.approx(sales[s, j], rel=1e-9)
    shipped = grid(solution, "trade_value")
    for r, origin in enumerate(b.regions):
        for i, good in enumerate(b.sectors):
            for s, region in enumerate(b.regions):
                total = sum(
                    world.get(("trade_cost", (u, origin, good, region)), 0.0) for u in b.use_classes
                )
                assert total == pytest.approx(-np.nan_to_num(shipped[r, i, s]), abs=1e-9)


def test_harberger_the_loss_from_a_small_tax_is_the_triangle():
    """One region, so no terms of trade: the tax on one good, returned as a lump sum."""
    b = random_world(22, regions=1, wedges=False, use_classes=2, agents=1)
    model = Model.build(b)
    value = b.final[0, 0, 0]

    def ratio(rate: float) -> float:
        solution = model.solve({"final_tax[R0, A0, S0]": 1 + rate})
        loss = -solution.measure("equivalent_variation_value")[0]
        slope = model.solve({}).gradient("composite[u1, S0, R0]")
        row = slope[(slope.instrument == "final_tax") & (slope.cell == ("R0", "A0", "S0"))]
        return loss / (0.5 * rate**2 * -row.derivative.iloc[0] * value)

    first, second = ratio(2e-3), ratio(1e-3)
    assert abs(second - 1) < 5e-3
    assert 2 * second - first == pytest.approx(1, abs=1e-4)


def test_harberger_a_tariff_both_countries_levy_costs_the_triangle():
    """Two equal countries with equal tariffs: the terms of trade can not move."""
    model = two_countries(1.0, 4.0)
    start = model.solve({})
    cells = [("u0", "R1", "S0", "R0"), ("u0", "R0", "S0", "R1")]
    table = start.gradient("import_volume[R0]")
    slope = sum(
        table[(table.instrument == "tariff") & (table.cell == cell)].derivative.iloc[0]
        for cell in cells
    )

    def ratio(rate: float) -> float:
        solution = model.solve({f"tariff[{', '.join(cell)}]": 1 + rate for cell in cells})
        assert solution.measure("terms_of_trade")[0] == pytest.approx(0, abs=1e-10)
        loss = -solution.measure("equivalent_variation_value")[0]
        return loss / (0.5 * rate**2 * -slope)

    first, second = ratio(2e-3), ratio(1e-3)
    assert abs(second - 1) < 5e-3
    assert 2 * second - first == pytest.approx(1, abs=1e-4)


def test_a_tax_on_all_factors_of_a_region_returned_as_a_lump_sum_is_neutral():
    model = Model.build(random_world(23))
    base = model.solve(BALANCED)
    powers = model.variables["factor_tax"].where(s=["R1"])
    levels = model.levels(BALANCED)
    levels[powers] *= 1.4
    taxed = model.solve(levels)
    for name in ("output", "welfare", "factor_use", "composite"):
        np.testing.assert_allclose(grid(taxed, name), grid(base, name), rtol=1e-10)
    ratio = grid(taxed, "factor_return")[1] / grid(base, "factor_return")[1]
    others = grid(taxed, "factor_return")[0] / grid(base, "factor_return")[0]
    np.testing.assert_allclose(ratio / others, 1 / 1.4, rtol=1e-10)


def test_a_production_subsidy_is_a_factor_subsidy_where_there_are_no_intermediates():
    b = trading_world(24, sectors=3, sigma=4.0, upper=0.7)
    model = Model.build(b)
    subsidy = 0.25
    output = model.solve({"net_of_output_tax[R0, S1]": 1 + subsidy})
    factors = model.solve({"factor_tax[R0, S1, *]": 1 / (1 + subsidy)})
    assert output.outcome("output[R0, S1]") > 1.1
    np.testing.assert_allclose(
        output.outcome("output_tax_paid[R0, S1]"),
        np.nansum(grid(factors, "factor_tax_paid")),
        rtol=1e-10,
    )
    for name in ("output", "welfare", "factor_use", "basic_price", "absorption"):
        np.testing.assert_allclose(grid(output, name), grid(factors, name), rtol=1e-10)


# -- closures -----------------------------------------------------------------------------

QUOTA = "trade_volume[CHN, ELEC, USA]"
ROUTES = "tariff[*, CHN, ELEC, USA]"


def assert_same(one: Solution, other: Solution) -> None:
    np.testing.assert_allclose(one.levels, other.levels, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("routes", "at"), [(ROUTES, 0.6), ("tariff[int, CHN, ELEC, USA]", 0.8)])
def test_a_quota_is_the_tariff_that_hits_the_same_quantity(routes, at):
    model = small_model()
    quota = model.solve({}, Closure(swaps=(Swap(routes, QUOTA, at=at),)))
    assert quota.relative(QUOTA) == pytest.approx(at, rel=1e-11)
    tariffs = quota.frame("tariff").merge(
        model.solve({}).frame("tariff"), on=["u", "r", "i", "s"], suffixes=("", "_0")
    )
    moved = tariffs[tariffs.value != tariffs.value_0]
    assert len(moved) == len(model.variables.select(routes)[1])
    assert (moved.value > moved.value_0 * 1.01).all()
    assert np.ptp(moved.value / moved.value_0) < 1e-12, "one rate for all use classes"
    by_hand = {f"tariff[{m.u}, {m.r}, {m.i}, {m.s}]": m.value for m in moved.itertuples()}
    assert_same(model.solve(by_hand), quota)


def test_a_quota_in_a_world_of_one_use_class_is_the_tariff_that_hits_it():
    model = Model.build(random_world(25, use_classes=1, imbalance=0.2))
    swap = Swap("tariff[*, R0, S1, R2]", "trade_volume[R0, S1, R2]", at=0.5)
    quota = model.solve({}, Closure(swaps=(swap,)))
    assert quota.relative("trade_volume[R0, S1, R2]") == pytest.approx(0.5, rel=1e-11)
    power = quota.outcome("tariff[u0, R0, S1, R2]")
    assert_same(model.solve({"tariff[u0, R0, S1, R2]": power}), quota)


def test_an_export_quota_by_tax_gives_the_rent_to_the_exporter():
    model = small_model()
    tariff = model.solve({}, Closure(swaps=(Swap(ROUTES, QUOTA, at=0.6),)))
    routes = ROUTES.replace("tariff", "export_tax")
    tax = model.solve({}, Closure(swaps=(Swap(routes, QUOTA, at=0.6),)))
    assert tax.relative(QUOTA) == pytest.approx(0.6, rel=1e-11)
    route = "[CHN, ELEC, USA]"
    assert tax.outcome(f"export_tax_paid{route}") > 0.1 * tax.outcome(f"trade_value{route}")
    assert abs(tariff.outcome(f"export_tax_paid{route}")) < 1e-9  # of 10^5: round-off of a sum
    assert tax.outcome("welfare[CHN]") > 1 > tariff.outcome("welfare[CHN]")
    assert tax.outcome("welfare[USA]") < tariff.outcome("welfare[USA]")
    power = tax.outcome("export_tax[int, CHN, ELEC, USA]")
    assert_same(model.solve({routes: power}), tax)


def test_a_subsidy_with_a_given_budget_spends_it():
    model = small_model()
    budget = 20_000.0
    swap = Swap(
        "net_of_output_tax[CHN, ELEC]", "output_tax_paid[CHN, ELEC]", -budget, relative=False
    )
    solution = model.solve({}, Closure(swaps=(swap,)))
    assert solution.outcome("output_tax_paid[CHN, ELEC]") == pytest.approx(-budget, rel=1e-10)
    power = solution.outcome("net_of_output_tax[CHN, ELEC]")
    sales = solution.outcome("output_value[CHN, ELEC]")
    assert sales * (power - 1) == pytest.approx(budget, rel=1e-10)
    assert solution.relative("output[CHN, ELEC]") > 1.005
    assert_same(model.solve({"net_of_output_tax[CHN, ELEC]": power}), solution)


def test_specific_factors_stay_where_they_are_and_earn_different_returns():
    solution = small_model("short").solve(TARIFF_WAR, Closure(specific_factors=("CAP",)))
    use, paid = grid(solution, "factor_use"), grid(solution, "factor_price")
    differential = grid(solution, "factor_differential")
    labour, capital = 0, 1
    np.testing.assert_array_equal(use[:, :, capital], 1.0)
    assert np.abs(use[:, :, labour] - 1).max() > 1e-3
    assert np.abs(differential[:, :, capital] - 1).max() > 1e-3
    np.testing.assert_array_equal(differential[:, :, labour], 1.0)
    b = solution.model.benchmark
    stock = b.factor_payments[:, :, capital]
    mean = (stock * paid[:, :, capital]).sum(axis=1) / stock.sum(axis=1)
    np.testing.assert_allclose(grid(solution, "factor_return")[:, capital], mean, rtol=1e-12)


def with_transformation(model: Model, omega: float) -> Model:
    """Return the model with capital that moves at a finite elasticity."""
    b = model.benchmark
    e = b.elasticities[model.horizon]
    other = replace(e, transformation=np.array([np.inf, omega]))
    return Model.build(b.with_elasticities(**{model.horizon: other}), model.horizon)


def test_sluggish_capital_lies_between_specific_and_mobile_capital():
    """Labour and capital move into the protected sector the more, the higher the elasticity."""
    model = small_model()
    shock = {"tariff[*, CHN, ELEC, USA]": 1.5}
    mobile = model.solve(shock)
    specific = model.solve(shock, Closure(specific_factors=("CAP",)))
    sluggish = [with_transformation(model, omega).solve(shock) for omega in (0.3, 1.0, 5.0)]
    path = [s.relative("output[USA, ELEC]") for s in (specific, *sluggish, mobile)]
    assert (np.diff(path) > 1e-4).all(), path
    moved = [s.outcome("factor_use[USA, ELEC, CAP]") for s in (specific, *sluggish, mobile)]
    assert (np.diff(moved) > 1e-4).all(), moved
    paid = [s.outcome("factor_price[USA, ELEC, CAP]") for s in (specific, *sluggish, mobile)]
    assert (np.diff(paid) < -1e-4).all(), paid


@pytest.mark.parametrize(("omega", "specific"), [(1e-6, ("CAP",)), (1e6, ())])
def test_the_ends_of_the_transformation_elasticity_are_specific_and_mobile(omega, specific):
    model = small_model()
    shock = {"tariff[*, CHN, ELEC, USA]": 1.5}
    end = model.solve(shock, Closure(specific_factors=specific))
    near = with_transformation(model, omega).solve(shock)
    for name in ("output", "welfare", "basic_price", "factor_price"):
        np.testing.assert_allclose(grid(near, name), grid(end, name), atol=2e-6)


# -- wage floor ---------------------------------------------------------------------------


@pytest.mark.parametrize("index", ["consumer_real_return", "real_factor_return", "factor_return"])
def test_under_a_wage_floor_people_are_out_of_work_only_where_it_binds(index):
    model = small_model("short")
    floor = WageFloor("LAB", level=0.999, index=index)
    solution = model.solve(TARIFF_WAR, Closure(specific_factors=("CAP",), wage_floor=floor))
    regions = model.benchmark.regions
    wage = np.array([solution.relative(f"{index}[{r}, LAB]") for r in regions])
    jobs = np.array([solution.outcome(f"employment[{r}, LAB]") for r in regions])
    at_floor = jobs < 1 - 1e-9
    assert at_floor.any() and not at_floor.all(), "the floor must bind somewhere, not everywhere"
    np.testing.assert_allclose(wage[at_floor], 0.999, rtol=1e-10)
    np.testing.assert_array_equal(jobs[~at_floor], 1.0)
    assert (wage[~at_floor] >= 0.999).all()
    np.testing.assert_allclose((1 - jobs) * (wage - 0.999), 0.0, atol=1e-11)


def test_a_wage_floor_that_binds_nowhere_changes_nothing():
    model = small_model("short")
    specific = Closure(specific_factors=("CAP",))
    floored = replace(specific, wage_floor=WageFloor("LAB", level=0.5))
    assert_same(model.solve(TARIFF_WAR, floored), model.solve(TARIFF_WAR, specific))


def test_a_wage_floor_in_one_region_leaves_the_others_at_full_employment():
    model = small_model("short")
    floor = WageFloor("LAB", regions=("CHN",), level=1.0)
    solution = model.solve(TARIFF_WAR, Closure(specific_factors=("CAP",), wage_floor=floor))
    jobs = grid(solution, "employment")[:, 0]
    china = model.benchmark.regions.index("CHN")
    assert jobs[china] < 0.999
    np.testing.assert_array_equal(np.delete(jobs, china), 1.0)


# -- configurations -----------------------------------------------------------------------

WORLDS = {
    "labour only": {"factors": 1},
    "one sector": {"sectors": 1},
    "one region": {"regions": 1},
    "one use class": {"use_classes": 1},
    "one of everything": {"regions": 1, "sectors": 1, "use_classes": 1, "factors": 1, "agents": 1},
    "four factors": {"factors": 4},
    "Leontief": {"sigma": (0.0, 0.0), "factors": 1},
    "Cobb-Douglas": {"sigma": (1.0, 1.0)},
    "elasticities of 15": {"sigma": (15.0, 15.0)},
    "elasticities of 60": {"sigma": (60.0, 60.0)},
}


@pytest.mark.parametrize("wedges", [True, False])
@pytest.mark.parametrize("world", list(WORLDS))
def test_every_configuration_solves(world, wedges):
    """Tariffs of 50 points, or in a closed economy a tax on a good of 50 points."""
    b = random_world(26, imbalance=0.2, wedges=wedges, zeros=0.1, **WORLDS[world])
    model = Model.build(b)
    levels = model.arrays.start.copy()
    abroad = [r for r in b.regions if r != "R0"]
    name = "tariff" if abroad else "final_tax"
    cells = {"r": abroad, "s": ["R0"]} if abroad else {"d": ["A0"], "i": ["S0"]}
    levels[model.variables[name].where(**cells)] *= 1.5
    solution = model.solve(levels)
    assert solution.diagnostics.residual < 1e-11
    assert solution.diagnostics.walras < 1e-12
    gdp = solution.by_region("gdp")
    np.testing.assert_allclose(solution.by_region("gdp_by_production"), gdp, rtol=1e-11)
    np.testing.assert_allclose(solution.by_region("gdp_by_expenditure"), gdp, rtol=1e-11)
    # With one good what a tax takes a lump sum gives back; with Leontief everywhere every
    # region must go on to spend what employs all labour, and wages see to it.
    still = world in ("one of everything", "Leontief")
    assert (np.abs(grid(solution, "output") - 1).max() < 1e-10) == still


def test_leontief_everywhere_with_two_factors_is_refused_with_a_reason():
    """Demand for factors then says nothing of their relative price: there is no answer."""
    model = Model.build(random_world(26, imbalance=0.2, sigma=(0.0, 0.0)))
    with pytest.raises(NoEquilibrium, match="no equilibrium found"):
        model.solve({"tariff[*, R1, *, R0]": 1.5})


@pytest.mark.parametrize("sigma", [15.0, 60.0])
def test_high_armington_elasticities_survive_a_trade_war_on_real_data(sigma):
    model = small_model()
    e = model.benchmark.elasticities["long"]
    high = replace(e, armington=np.full(e.armington.shape, sigma))
    solution = Model.build(model.benchmark.with_elasticities(long=high)).solve(TARIFF_WAR)
    assert solution.diagnostics.residual < 1e-11
    assert solution.relative("trade_volume[CHN, ELEC, USA]") < 1.5 ** (1 - sigma) * 10
    assert solution.relative("trade_volume[CHN, ELEC, EU]") > 1
