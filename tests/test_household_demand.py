"""A household whose income elasticities are not one (CDE): calibration, equilibrium, welfare."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from household_oracle import Hanoch, HouseholdWorld
from numpy.typing import NDArray
from scipy.optimize import brentq
from test_oracle import gaps
from tools import TARIFF_WAR, combined_shock, grid, policy_of
from worlds import balanced_world, random_world

from cge import (
    Benchmark,
    InputError,
    Model,
    Solution,
    decompose,
    load_benchmark,
    open_benchmark,
    rebase,
    save_benchmark,
    with_household_demand,
)
from cge.data.elasticities.benchmark_households import described, parameters_of
from cge.data.elasticities.household_demand import LOWEST_EXPANSION
from cge.data.elasticities.ranges import elasticity_ranges
from cge.data.elasticities.sets import with_elasticity_set
from cge.resilience.preshock import pre_shock
from cge.solve.variations import compensating_variation, equivalent_variation
from cge.uncertainty.uncertain_parameters import elasticity_parameters, with_values

Array = NDArray[np.float64]
INCOME = np.array([0.6, 1.1, 1.3])
SUBSTITUTION = np.array([0.6, 0.3, 0.25])


def world(seed: int = 3, **options) -> Benchmark:
    """Return a random world whose household has income elasticities other than one."""
    b = random_world(seed, imbalance=0.2, **options)
    return with_household_demand(b, SUBSTITUTION, INCOME)


def closed() -> Benchmark:
    """Return one region with one factor: prices follow from technology alone."""
    final = np.array([[[3.0, 4.0, 2.0], [1.0, 0.5, 1.5], [0.5, 1.0, 1.0]]])
    b = balanced_world(np.ones((3, 1, 3, 1)), final, elasticities=2.0)
    return with_household_demand(b, SUBSTITUTION, INCOME)


@pytest.mark.parametrize("power", [0.4, -1.5])
def test_unit_expansion_and_one_substitution_parameter_are_a_ces(power):
    b = random_world(5, imbalance=0.2)
    other = with_household_demand(b, power, expansion=1.0)
    sigma = {h: replace(e, final=_household(e.final, 1 - power)) for h, e in b.elasticities.items()}
    ces = Model.build(b.with_elasticities(**sigma))
    cde = Model.build(other)
    levels = combined_shock(ces, 5, without=("final_weight",))
    moved = combined_shock(cde, 5, without=("final_weight",))
    one, two = ces.solve(levels), cde.solve(moved)
    assert np.abs(np.log(two.by_region("welfare"))).max() > 0.05
    for name in ("welfare", "output", "final_use", "agent_price", "welfare_price", "factor_price"):
        np.testing.assert_allclose(two.values(name), one.values(name), rtol=1e-9, err_msg=name)


def _household(array: Array, value: float) -> Array:
    found = array.copy()
    found[:, 0] = value
    return found


@lru_cache
def shocked(seed: int = 3) -> Solution:
    model = Model.build(world(seed))
    return model.solve(combined_shock(model, seed))


def agrees(b: Benchmark, seed: int) -> None:
    """Assert that the equilibrium of a shock to everything is that of the oracle."""
    model = Model.build(b)
    levels = combined_shock(model, seed)
    solution = model.solve(levels)
    e = HouseholdWorld(model.benchmark, policy_of(model, levels)).solve()
    found = gaps(solution, levels, e)
    # Prices of bundles there are those of the CES without this household.
    off = {n: gap for n, gap in found.items() if gap > 1e-8}
    assert {*off} <= {"agent_price", "welfare_price"}, off
    quantity = grid(solution, "final_use") * model.benchmark.final
    np.testing.assert_allclose(quantity, e.final, rtol=1e-8)


def test_an_independent_statement_in_levels_finds_the_same_equilibrium():
    b = random_world(3, regions=2, sectors=2, factors=1, imbalance=0.2)
    agrees(with_household_demand(b, [0.6, 0.3], [0.6, 1.3]), 3)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "power"), [(3, 1.0), (6, -3.0), (5, 0.5)])
def test_the_independent_statement_agrees_in_larger_worlds(seed, power):
    b = random_world(seed, imbalance=0.2)
    agrees(with_household_demand(b, power * SUBSTITUTION, INCOME), seed)


# -- calibration --------------------------------------------------------------------------


def test_income_elasticities_add_up_and_are_those_that_are_wanted_up_to_one_factor():
    demand = world().elasticities["long"].household
    np.testing.assert_allclose((demand.shares * demand.attained).sum(axis=1), 1, rtol=1e-12)
    factor = demand.attained / INCOME
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape), rtol=1e-12)
    np.testing.assert_allclose((demand.shares * demand.expansion).sum(axis=1), 1, rtol=1e-12)


def test_the_formula_of_the_gtap_documentation_gives_the_same_elasticities():
    demand = world().elasticities["long"].household
    s, e, b = demand.shares, demand.expansion, demand.substitution
    a = 1 - b

    def mean(x: Array) -> Array:
        return (s * x).sum(axis=1, keepdims=True)

    income = (e * b + mean(e * a)) / mean(e) + a - mean(a)
    np.testing.assert_allclose(demand.attained, income, rtol=1e-12)
    own = s * (2 * a - mean(a)) - a  # s_i times the Allen elasticity of a commodity with itself
    np.testing.assert_allclose(demand.compensated, own, rtol=1e-12)


def test_elasticities_that_can_not_be_met_are_missed_by_as_little_as_the_function_allows():
    b = random_world(3, imbalance=0.2)
    low = with_household_demand(b, 0.1, [0.2, 1.2, 1.4])
    demand = low.elasticities["long"].household
    assert (demand.expansion >= LOWEST_EXPANSION).all()
    assert np.isclose(demand.expansion[:, 0], LOWEST_EXPANSION).all()
    assert (demand.attained[:, 0] > 0.5).all()
    np.testing.assert_allclose((demand.shares * demand.attained).sum(axis=1), 1, rtol=1e-12)
    assert "can not be met" in described(low, demand) and "S0" in described(low, demand)


def test_expansion_parameters_and_the_income_elasticities_they_mean_are_the_same_demand():
    b = random_world(3, imbalance=0.2)
    one = with_household_demand(b, SUBSTITUTION, expansion=[0.5, 1.5, 3.0])
    two = with_household_demand(b, SUBSTITUTION, one.elasticities["long"].household.attained)
    np.testing.assert_allclose(*(x.elasticities["long"].household.expansion for x in (one, two)),
                               rtol=1e-12)  # fmt: skip


# -- the solved model ---------------------------------------------------------------------


def test_income_elasticities_measured_in_the_solved_model_are_the_calibrated_ones():
    b = closed()
    model = Model.build(b)
    step = 1e-4
    up, down = (model.solve({"factor_supply": 1 + d}) for d in (step, -step))
    np.testing.assert_allclose(up.values("basic_price"), 1, rtol=1e-12)  # one factor

    def response(name: str) -> Array:
        return np.log(up.values(name) / down.values(name))

    spent = response("consumption")[0]
    use = grid_of(model, "final_use", response("final_use"))[0, 0]
    np.testing.assert_allclose(use / spent, b.elasticities["long"].household.attained[0], rtol=1e-6)


def test_price_elasticities_measured_in_the_solved_model_are_those_of_the_formula():
    b = closed()
    model = Model.build(b)
    step = 1e-4
    up, down = (model.solve({"final_tax[R0, A0, S1]": 1 + d}) for d in (step, -step))

    def response(name: str) -> Array:
        return np.log(up.values(name) / down.values(name))

    demand = b.elasticities["long"].household
    own = demand.compensated[0, 1] - demand.shares[0, 1] * demand.attained[0, 1]
    use = grid_of(model, "final_use", response("final_use"))[0, 0, 1]
    price = response("final_purchases") - response("final_use")
    price = grid_of(model, "final_purchases", price)[0, 0, 1]
    spent = grid_of(model, "final_spending", response("final_spending"))[0, 0]
    assert use == pytest.approx(own * price + demand.attained[0, 1] * spent, rel=1e-5)


def grid_of(model: Model, name: str, values: Array) -> Array:
    return model.family(name).full(values, np.nan)


def test_the_benchmark_is_an_equilibrium_and_money_is_neutral():
    model = Model.build(world())
    start = model.solve()
    np.testing.assert_allclose(start.levels, model.arrays.start, rtol=1e-12, atol=1e-12)
    levels = combined_shock(model, 3, without=("balance",))
    levels[model.variables["balance"].positions] = 0.0
    one = model.solve(levels)
    levels[model.variables["numeraire"].positions] *= 2.0
    two = model.solve(levels)
    for name in ("welfare", "final_use", "utility", "consumption", "real_absorption"):
        np.testing.assert_allclose(two.values(name), one.values(name), rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(two.values("agent_price"), 2 * one.values("agent_price"), rtol=1e-9)


def test_more_of_every_endowment_shifts_demand_to_luxuries():
    model = Model.build(closed())
    use = grid(model.solve({"factor_supply": 1.5}), "final_use")[0]
    assert use[0, 0] < 1.45 and use[0, 2] > 1.55
    np.testing.assert_allclose(use[1:], 1.5, rtol=1e-9)  # the other agents are homothetic


def test_the_market_left_out_clears():
    assert shocked().diagnostics.walras < 1e-10


def test_gradients_are_central_differences():
    solution, step = shocked(), 1e-5
    model = solution.model
    selector = "equivalent_variation[R1]"
    slope = solution.derivative(selector)
    for cell in ("tariff[u1, R0, S1, R1]", "final_tax[R1, A0, S0]", "productivity[R0, S2]"):
        column = model.variables.select(cell)[1][0]
        ends = []
        for way in (step, -step):
            levels = solution.given.copy()
            levels[column] += way
            ends.append(model.solve(levels, start=solution).outcome(selector))
        assert slope[column] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5), cell


# -- welfare ------------------------------------------------------------------------------


def test_the_parts_of_welfare_add_up_to_the_exact_variation():
    solution = shocked()
    result = decompose(solution)
    b = solution.model.benchmark
    parts = result.totals(b.regions)
    assert np.abs(result.gap).max() < 1e-5 * np.abs(result.exact).max()
    assert (parts.abs() > 1e-3).any().sum() > 8
    # More nodes, less gap: what is integrated is the differential and nothing is missing.
    np.testing.assert_allclose(result.exact, equivalent_variation(solution), rtol=1e-12)


def test_equivalent_variation_is_what_the_expenditure_function_of_hanoch_says():
    """In one region with one agent: utility by a search at new prices, then its old cost."""
    final = np.array([[[3.0, 4.0, 2.0]]])
    b = balanced_world(np.ones((2, 1, 3, 1)), final, elasticities=2.0)
    b = with_household_demand(b, SUBSTITUTION, INCOME)
    demand = b.elasticities["long"].household
    model = Model.build(b)
    solution = model.solve({"productivity[R0, S0]": 1.4, "productivity[R0, S2]": 0.7,
                            "factor_supply": 1.2})  # fmt: skip
    household = Hanoch.of(final[0, 0], demand.expansion[0], demand.substitution[0])
    price = solution.values("basic_price")
    spent = float(solution.values("final_spending")[0])
    utility = brentq(lambda u: household.spending(price, u).real - spent, 0.5, 2.0, xtol=1e-14)
    at_old = household.spending(np.ones(3), utility).real
    np.testing.assert_allclose(equivalent_variation(solution), at_old - 9.0, rtol=1e-9)
    enough = household.spending(price, 1.0).real
    np.testing.assert_allclose(compensating_variation(solution), spent - enough, rtol=1e-9)


def test_compensating_variation_of_homothetic_demand_is_the_variation_at_new_prices():
    model = Model.build(random_world(3, imbalance=0.2))
    solution = model.solve(combined_shock(model, 3))
    at_new = solution.values("welfare_price") * equivalent_variation(solution)
    np.testing.assert_allclose(compensating_variation(solution), at_new, rtol=1e-9)


def test_variations_agree_for_a_small_change_and_have_one_sign():
    solution = shocked()
    ev, cv = equivalent_variation(solution), compensating_variation(solution)
    assert (np.sign(ev) == np.sign(cv)).all()
    small = solution.model.solve({"tariff[*, R0, *, R1]": 1.25})
    near = equivalent_variation(small), compensating_variation(small)
    np.testing.assert_allclose(*near, rtol=0.1)


# -- files --------------------------------------------------------------------------------


def test_a_benchmark_keeps_its_household_on_disk(tmp_path):
    b = world()
    again = open_benchmark(save_benchmark(b, tmp_path / "kept"))
    assert again.fingerprint == b.fingerprint
    assert again.fingerprint != random_world(3, imbalance=0.2).fingerprint


def test_a_solution_keeps_its_household_on_disk(tmp_path):
    solution = shocked()
    solution.save(tmp_path / "kept.cge")
    again = Solution.open(tmp_path / "kept.cge")
    np.testing.assert_array_equal(again.values("utility"), solution.values("utility"))


WRONG = {
    "substitution on both sides of 0": ({"substitution": [-0.5, 0.3, 0.2], "income": 1.0}, "side"),
    "substitution of 1": ({"substitution": 1.0, "income": 1.0}, "not regular"),
    "no expansion": ({"substitution": 0.3, "expansion": 0.0}, "not regular"),
    "no income elasticity at all": ({"substitution": 0.3, "income": 0.0}, "on average"),
    "both": ({"substitution": 0.3, "income": 1.0, "expansion": 1.0}, "either"),
    "a part": ({"substitution": [0.3, 0.3, np.nan], "income": 1.0}, "no number"),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_not_regular_is_refused(case):
    given, words = WRONG[case]
    with pytest.raises(InputError, match=words):
        with_household_demand(random_world(3, imbalance=0.2), **given)


def test_the_note_is_that_of_the_demand_in_force():
    one = with_household_demand(random_world(3, imbalance=0.2), 0.4, [0.8, 1.0, 1.2])
    two = with_household_demand(one, 0.3, INCOME)
    assert [note.startswith("Household demand given by the user") for note in two.notes] == [True]
    assert not with_elasticity_set(two, "boehm").notes


def test_a_region_without_numbers_keeps_its_ces():
    b = random_world(3, imbalance=0.2)
    some = np.full((3, 3), np.nan)
    some[1] = SUBSTITUTION
    model = Model.build(with_household_demand(b, some, INCOME))
    assert model.variables["consumption"].index == (("R1", "A0"),)
    solution = model.solve(combined_shock(model, 3, without=("final_weight",)))
    result = decompose(solution)
    assert np.abs(result.gap).max() < 1e-5 * np.abs(result.exact).max()


def test_rebasing_is_refused():
    with pytest.raises(InputError, match="household"):
        rebase(shocked())


# -- sets ---------------------------------------------------------------------------------


@lru_cache
def small(elasticities: str = "fontagne+broad-groups") -> Benchmark:
    return load_benchmark("wiod2013", aggregation="small", elasticities=elasticities)


def test_the_set_that_ships_is_met_everywhere_and_has_its_groups():
    b = small()
    demand = b.elasticities["long"].household
    assert demand is b.elasticities["short"].household
    assert "can not be met" not in b.notes[-1] and "broad-groups" in b.notes[-1]
    # Primary goods are food and fuels.
    first = dict(zip(b.regions, demand.attained[:, 0], strict=True))
    assert first["USA"] < first["CHN"] < 1 < demand.attained[0, -1]
    assert np.isfinite(demand.attained).all()
    unit = small("fontagne+unit-elastic").elasticities["long"].household
    np.testing.assert_allclose(unit.attained, 1, rtol=1e-12)
    np.testing.assert_allclose(unit.substitution, demand.substitution, rtol=1e-12)


def test_growth_of_all_endowments_moves_prices_only_with_income_elasticities():
    def terms(elasticities: str) -> float:
        model = Model.build(small(elasticities))
        levels = model.levels({"factor_supply": 1.5})
        levels[model.variables["balance"].positions] *= 1.5
        return model.solve(levels).outcome("terms_of_trade[ROW]")

    assert abs(terms("fontagne")) < 1e-9 and abs(terms("fontagne+unit-elastic")) < 1e-9
    assert terms("fontagne+broad-groups") < -0.1


def test_draws_move_the_values_of_the_file_and_keep_demand_regular():
    b = small()
    ranges = elasticity_ranges(b, "long")
    parameters = [p for p in elasticity_parameters(ranges, b.sectors) if p.group == "household"]
    names = [p.name for p in parameters]
    assert "income_elasticity[food, low]" in names and "substitution" in names
    assert len(names) == len({*names})
    central = b.elasticities["long"]
    same = with_values(central, parameters, [p.central for p in parameters], b.sectors)
    np.testing.assert_allclose(same.household.expansion, central.household.expansion, rtol=1e-12)
    for end in ("low", "high"):
        other = with_values(central, parameters, [getattr(p, end) for p in parameters], b.sectors)
        assert (other.household.expansion > 0).all() and other.around is central
        assert not np.allclose(other.household.income, central.household.income)


FILES = {
    "an unknown sector": ("sector: c99", "unknown sector"),
    "an unknown region": ("region: XYZ", "unknown region"),
    "a substitution parameter of two": ("parameter: substitution, value: 2.0", "substitution"),
    "no unit": ("unit: ''", "unit"),
    "a part of a region": ("sector: c1", "a part of a household demand"),
}


@pytest.mark.parametrize("case", list(FILES))
def test_a_file_that_can_not_be_meant_is_refused(case, tmp_path):
    change, words = FILES[case]
    entry = {"parameter": "income_elasticity", "value": "1.0", "low": "0.5", "high": "1.0",
             "unit": "elasticity", "status": "assumed", "citation": "a guess"}  # fmt: skip
    entry |= dict(pair.split(": ") for pair in change.split(", "))
    if "value: 2" in change:
        entry |= {"low": "2.0", "high": "2.0"}
    base = {**entry, "parameter": "substitution", "value": "0.3", "low": "0.3", "high": "0.3",
            "region": "'*'", "sector": "'*'", "unit": "number"}  # fmt: skip
    lines = [", ".join(f"{key}: {value}" for key, value in one.items()) for one in (base, entry)]
    entries = "".join(f"  - {{{line}}}\n" for line in lines)
    (tmp_path / "own.yaml").write_text(
        f"name: own\ntitle: own\nclassification: wiod2013\nentries:\n{entries}"
    )
    (tmp_path / "set.yaml").write_text(
        "name: set\ntitle: set\nextends: boehm\nclassification: wiod2013\nhousehold: own.yaml\n"
    )
    with pytest.raises(InputError, match=words) as caught:
        load_benchmark("wiod2013", aggregation="small", elasticities=tmp_path / "set.yaml")
    assert "own.yaml" in str(caught.value)


def test_a_plus_joins_what_ships_alone():
    with pytest.raises(InputError, match="broad-groups"):
        small("fontagne+mine.yaml")


def test_a_short_run_starts_from_the_long_run_equilibrium_before_it():
    b = small("boehm+broad-groups")
    solution = Model.build(b).solve(TARIFF_WAR)
    before = pre_shock(solution, Model.build(b, "short"))
    assert np.abs(np.log(solution.values("utility"))).max() > 1e-3
    for name in ("utility", "consumption", "final_use"):
        np.testing.assert_allclose(before.values(name), solution.values(name), rtol=1e-7)


def test_the_rows_of_a_table_are_the_cells_that_households_buy():
    b = small()
    table = parameters_of(b)
    assert len(table) == (b.household_spending > 0).sum()
    assert table.groupby("region")["budget_share"].sum().to_numpy() == pytest.approx(1.0)
    assert parameters_of(small("fontagne")).empty
