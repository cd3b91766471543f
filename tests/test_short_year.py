"""A short year: its limits, its welfare, and what has been seen of such years."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tools import small_model
from worlds import random_world

from cge import Closure, Model, Solution, load_benchmark
from cge.core.errors import InputError
from cge.data.parameters.parameter_files import load_short_run_parameters
from cge.dynamics.stand_ins import StandIns
from cge.model.short_year import RESPONSES
from cge.policy.adjustment import ADJUSTMENTS, adjustment_of, with_adjustment
from cge.policy.closures import closure_of, responses_of
from cge.resilience.impact import disrupted, rationed
from cge.resilience.preshock import PreShock, ShortRun, pre_shock
from cge.scenario.schema import ClosureChoice, load_scenario
from cge.solve.decompose import decompose
from cge.studies.static import solve_scenario

Array = NDArray[np.float64]
CENTRAL = {name: load_short_run_parameters()[name] for name in RESPONSES}


@lru_cache(maxsize=2)
def default(backstop: tuple[str, ...] = ()) -> Model:
    """The default aggregation in the short run."""
    return Model.build(
        load_benchmark("wiod2013", aggregation="default"), "short", backstop=backstop
    )


def year(adjustment: str = "gradual", **parameters: float) -> Closure:
    """Closure of a short year on the default aggregation."""
    choice = ClosureChoice(kind="short_run", adjustment=adjustment, parameters=parameters)  # type: ignore[arg-type]
    return closure_of(choice, default().benchmark)


def tariffs(model: Model, rises: dict[tuple[str, str], float]) -> Array:
    """Levels with tariffs of (exporter, importer) on goods raised."""
    goods, levels = model.benchmark.codes("sectors", "goods", "sector"), model.arrays.start.copy()
    for (_, r, i, s), n in model.variables["tariff"].place.items():
        levels[n] += rises.get((r, s), 0.0) if i in goods and r != s else 0.0
    return levels


#: Average rises of tariffs on goods of 2018-19.
WAR = {("CHN", "USA"): 0.20, ("USA", "CHN"): 0.17}


def figure(solution: Solution, measure: str, region: str) -> float:
    """A measure of a region."""
    return float(solution.values(measure)[solution.model.benchmark.regions.index(region)])


def fob_price(solution: Solution, region: str) -> float:
    """Change of the price of a region's exports at its border, per cent."""
    both = solution, solution.model.start
    now, then = (figure(one, "exports_revalued", region) for one in both)
    return 100 * (now / then - 1)


def employment(solution: Solution, region: str) -> float:
    """Change of employment, per cent."""
    return 100 * (solution.outcome(f"employment[{region}, LAB]") - 1)


# -- what has been seen ----------------------------------------------------------------------


def test_parameters_that_are_variables_of_the_model_are_its_responses() -> None:
    assert responses_of(ClosureChoice(kind="short_run")) == CENTRAL


def test_the_trade_war_of_2018_costs_the_united_states_a_little_and_lowers_its_imports() -> None:
    """Fajgelbaum and others 2020: -0.04 % of GDP, prices before duty did not fall."""
    solution = default().solve(tariffs(default(), WAR), year())
    assert -0.10 < figure(solution, "equivalent_variation", "USA") < 0
    assert -0.10 < figure(solution, "real_gdp", "USA") < 0
    assert -1.0 < fob_price(solution, "CHN") < 0
    assert figure(solution, "import_volume_change", "USA") < -0.5
    assert employment(solution, "CHN") < -0.1, "who loses a market is out of work"
    assert abs(employment(solution, "USA")) < 0.1, "protection does not make work"


def test_with_balances_given_the_same_war_would_do_what_nobody_saw() -> None:
    solution = default().solve(tariffs(default(), WAR), year("balances_given"))
    assert figure(solution, "equivalent_variation", "USA") > 0.2
    assert fob_price(solution, "CHN") < -2.5


@pytest.mark.parametrize("name", ["us-tariffs-2025-08", "us-tariffs-2025-26"])
def test_tariffs_of_the_united_states_of_2025_lower_its_imports(name: str) -> None:
    scenario = load_scenario(name)
    short = scenario.model_copy(update={
        "closure": ClosureChoice(kind="short_run"), "elasticities": ["boehm"],
    })  # fmt: skip
    (case,) = solve_scenario(short)
    assert figure(case.solution, "import_volume_change", "USA") < -1.0
    assert figure(case.solution, "terms_of_trade", "USA") < 10


@lru_cache(maxsize=3)
def with_stand_ins(premium: float) -> PreShock:
    """The default aggregation before a disruption, strategic inputs with something at home."""
    strategic = ("CHEM", "ELEC", "MACH")
    b = default().benchmark
    long, short = (Model.shared(b, horizon, strategic) for horizon in ("long", "short"))
    stand_ins = StandIns(dict.fromkeys(long.backstop, premium), 0.5, 1.2)
    found = long.solve(stand_ins.laid(long, long.arrays.start))
    return pre_shock(found, short, ShortRun(responses=CENTRAL))


@pytest.mark.parametrize("premium", [1.5, 2.5, 4.0])
@pytest.mark.parametrize("rents", ["importer", "exporter", "lost"])
def test_a_total_cut_of_an_input_costs_at_least_half_a_cut(rents: str, premium: float) -> None:
    b, pre = default().benchmark, with_stand_ins(premium)
    cut = [(r, "ELEC", "CHN") for r in b.regions if r != "CHN"]
    home = b.regions.index("CHN")
    half, total = (
        pre.losses(disrupted(pre, rationed(pre, cut, left, rents)))[home] for left in (0.5, 1e-3)
    )
    assert total > 0 and half <= total + 1e-3


def test_a_region_that_loses_its_market_is_out_of_work_and_borrows() -> None:
    """As Finland in 1991-93 (Gorodnichenko, Mendoza and Tesar 2012)."""
    model = default()
    solution = model.solve(tariffs(model, {("TWN", "CHN"): 3.0}), year())
    assert employment(solution, "TWN") < -3
    assert figure(solution, "net_borrowing", "TWN") > 0
    assert figure(solution, "equivalent_variation", "TWN") < employment(solution, "TWN") / 2


# -- one economy and its limits --------------------------------------------------------------


def test_the_limits_are_reached_from_within() -> None:
    """Wages that answer at once and no saving: balances given. Wages that stand still: lending."""
    model, levels = default(), tariffs(default(), WAR)
    given = model.solve(levels, year("balances_given"))
    near = model.solve(levels, year(wage_response=1000, private_saving=1e-6, public_saving=1e-6,
                                    demand_response=1e-6))  # fmt: skip
    lending = model.solve(levels, year("regions_lend"))
    still = model.solve(levels, year(wage_response=1e-6, demand_response=1000))
    for one, limit in ((near, given), (still, lending)):
        for measure in ("equivalent_variation", "terms_of_trade", "import_volume_change"):
            np.testing.assert_allclose(one.measure(measure), limit.measure(measure), atol=0.03)


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_without_a_shock_a_short_year_is_the_benchmark(adjustment: Any) -> None:
    closure = year(adjustment, wage_response=1.2, private_saving=0.7)
    solution = default().solve(closure=closure)
    assert adjustment_of(closure) == adjustment
    assert solution.diagnostics.iterations == 0
    assert np.abs(solution.measure("equivalent_variation")).max() < 1e-9


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_money_is_neutral_in_a_short_year(adjustment: Any) -> None:
    levels = tariffs(default(), WAR)
    one = default().solve(levels, year(adjustment))
    if adjustment == "regions_lend":  # wages fix what money is worth
        levels[default().variables["factor_return"].positions] *= 2.0
    else:
        levels[default().variables["numeraire"].positions] = 2.0
    two = default().solve(levels, year(adjustment))
    np.testing.assert_allclose(two.values("output"), one.values("output"), rtol=1e-9)
    np.testing.assert_allclose(two.values("employment"), one.values("employment"), rtol=1e-9)
    np.testing.assert_allclose(two.values("basic_price"), 2 * one.values("basic_price"), rtol=1e-9)
    np.testing.assert_allclose(two.values("net_borrowing"), 2 * one.values("net_borrowing"),
                               rtol=1e-6, atol=1e-3)  # fmt: skip


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_what_is_borrowed_is_lent_and_welfare_comes_apart(adjustment: Any) -> None:
    solution = default().solve(tariffs(default(), WAR), year(adjustment))
    b = default().benchmark
    assert abs(solution.values("net_borrowing").sum()) < 1e-6 * b.absorption.sum()
    apart = decompose(solution)
    np.testing.assert_allclose(apart.gap / b.absorption, 0, atol=1e-9)
    out_of_work = apart.totals(b.regions)["factor_supply"]["CHN"] / b.absorption[0]
    assert (out_of_work < -1e-4) == (adjustment == "gradual")


def test_a_balance_that_is_solved_for_is_lending_and_no_gain() -> None:
    """Absorption rises by what is borrowed, welfare does not."""
    solution = default().solve(tariffs(default(), WAR), year("regions_lend"))
    borrowed = figure(solution, "net_borrowing", "CHN")
    spent = figure(solution, "absorption_value", "CHN")
    price = figure(solution, "welfare_price", "CHN")
    start = figure(solution.model.start, "absorption_value", "CHN")
    assert borrowed > 0.001 * start
    assert figure(solution, "welfare", "CHN") == pytest.approx((spent - borrowed) / price / start)
    with pytest.raises(InputError, match="borrowed"):
        closure_of(ClosureChoice(swaps=[{"free": "balance[CHN]", "fix": "welfare[CHN]"}]),  # type: ignore[list-item]
                   default().benchmark)  # fmt: skip


def test_wages_fall_where_work_is_wanting_and_by_the_response() -> None:
    solution = default().solve(tariffs(default(), WAR), year())
    for region in ("CHN", "USA", "EU"):
        wage = solution.outcome(f"factor_return[{region}, LAB]") / solution.outcome("world_wage")
        gap = 1 - solution.outcome(f"employment[{region}, LAB]")
        assert wage * (1 + CENTRAL["wage_response"] * gap) == pytest.approx(1, rel=1e-9)


def test_spending_follows_earnings_by_the_propensity() -> None:
    """Without monetary policy households borrow their part of what they miss."""
    closure = year(demand_response=1e-6)
    solution = default().solve(tariffs(default(), WAR), closure)
    n = default().benchmark.regions.index("CHN")
    supply, absorbed = default().variables["factor_supply"], default().benchmark.absorption
    earned, before = (
        sum(one.values("factor_income")[k] for k, c in enumerate(supply.index) if c[0] == "CHN")
        for one in (solution, default().start)
    )
    missing = (
        before * figure(solution, "welfare_price", "CHN") * solution.outcome("world_spending")
        - earned
    )
    lent = solution.values("private_borrowing")[n] * absorbed[n]
    assert lent == pytest.approx(CENTRAL["private_saving"] * missing, rel=1e-3)


def test_a_boom_meets_a_ceiling_of_employment() -> None:
    """However much others want to buy, no more than the reserve finds work."""
    boom = default().levels({"productivity[!CHN, *]": 1.05})
    solution = default().solve(boom, year())
    most = 100 * CENTRAL["employment_reserve"]
    assert max(employment(solution, r) for r in default().benchmark.regions) < most


@pytest.mark.parametrize("given", [
    {"kind": "long_run", "adjustment": "gradual"},
    {"kind": "short_run", "adjustment": "gradual", "wage_floor": {}},
    {"kind": "short_run", "adjustment": "regions_lend", "numeraire": "factor_return[USA, LAB]"},
    {"kind": "short_run", "parameters": {"wage_respons": 1}},
    {"kind": "short_run", "parameters": {"private_saving": 1.5}},
    {"kind": "short_run", "specific_factors": ["CAP", "LAB"]},
])  # fmt: skip
def test_what_can_not_be_held_together_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        closure_of(ClosureChoice.model_validate(given), default().benchmark)


def test_a_world_without_capital_or_with_several_kinds_of_labour_has_a_short_year() -> None:
    for factors in (1, 3):
        world = random_world(4, factors=factors)
        model = Model.build(world)
        closure = with_adjustment(Closure(), "gradual", world.factors, CENTRAL)
        solution = model.solve(model.levels({"tariff[*, R1, *, R0]": 1.2}), closure)
        assert solution.diagnostics.residual < 1e-9
        assert np.abs(solution.values("employment") - 1).max() > 1e-6


def test_a_small_model_solves_a_short_year_with_both_solvers() -> None:
    model = small_model("short")
    closure = closure_of(ClosureChoice(kind="short_run"), model.benchmark)
    levels = model.levels({"tariff[*, CHN, ELEC, USA]": 1.3})
    one, other = (model.solve(levels, closure, solver) for solver in ("newton", "ipopt"))
    np.testing.assert_allclose(other.levels, one.levels, rtol=1e-7, atol=1e-8)
