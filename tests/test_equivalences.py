"""Policies that theory says are one and the same, or differ by exactly so much."""

from __future__ import annotations

import numpy as np
import pytest
from tools import grid
from worlds import random_world

from cge import Closure, Model, Solution, Swap, decompose
from cge.solve.homotopy import Shock

ROUTE = "R1, S0, R0"
#: Of exporter R1 to importer R0: what the ration may work by, and what it then holds.
RENTS = {
    "importer": ("tariff", "trade_volume"),
    "exporter": ("export_tax", "trade_volume"),
    "lost": ("trade_cost", "arrivals"),
}
QUANTITIES = ("welfare", "factor_use", "composite", "final_use", "input_use")


def world(seed: int = 41) -> Model:
    """Return a world with every wedge, of one use class so that a route is one cell."""
    return Model.build(random_world(seed, use_classes=1, imbalance=0.2))


def ration(model: Model, rents: str, to: float = 0.5) -> Solution:
    """Return the equilibrium in which half as much arrives on the route."""
    free, held = RENTS[rents]
    cell = f"[u0, {ROUTE}]" if held == "arrivals" else f"[{ROUTE}]"
    return model.solve(closure=Closure(swaps=(Swap(f"{free}[u0, {ROUTE}]", held + cell, to),)))


def power(solution: Solution, variable: str) -> float:
    return solution.relative(f"{variable}[u0, {ROUTE}]")


def assert_same(one: Solution, other: Solution, names: tuple[str, ...] = QUANTITIES) -> None:
    for name in names:
        np.testing.assert_allclose(grid(one, name), grid(other, name), rtol=1e-9)


# -- who keeps the rent of a ration -------------------------------------------------------


def test_a_ration_whose_rents_the_exporter_keeps_is_the_tariff_and_a_transfer_of_the_rent():
    model = world()
    b = model.benchmark
    exporters = ration(model, "exporter")
    rent = (1 - 1 / power(exporters, "export_tax")) * exporters.outcome(f"fob_value[u0, {ROUTE}]")
    assert rent > 0.005 * b.absorption[0]
    transfer = rent / b.absorption
    tariff = model.solve({
        f"tariff[u0, {ROUTE}]": power(exporters, "export_tax") * (1 + b.tariff[0, 1, 0, 0]),
        "balance[R0]": b.balance[0] / b.absorption[0] - transfer[0],
        "balance[R1]": b.balance[1] / b.absorption[1] + transfer[1],
    })  # fmt: skip
    assert_same(tariff, exporters, (*QUANTITIES, "output", "basic_price", "absorption"))
    importers = ration(model, "importer")
    gap = importers.measure("equivalent_variation") - exporters.measure("equivalent_variation")
    assert gap[0] > 0 > gap[1]


def test_a_rent_that_is_lost_is_the_exporters_rent_spent_on_goods_that_go_to_waste():
    """The exporter's sector makes the same and delivers less of it, at the same price.

    A productivity of (y - wasted) / y with an output subsidy that makes up for it: the
    subsidy costs what the export tax brings, so that nobody's income differs. Taxes of
    the benchmark stay on what they were on.
    """
    model = world()
    b = model.benchmark
    lost = ration(model, "lost")
    cost = power(lost, "trade_cost")
    arrived = lost.outcome(f"arrivals[u0, {ROUTE}]") / (1 + b.export_tax[0, 1, 0, 0])
    wasted = (cost - 1) * arrived
    output = lost.outcome("output[R1, S0]") * b.output[1, 0]
    less = 1 - wasted / output
    assert cost > 1.2 and less < 0.99
    kept = model.arrays.start[model.variables.select("net_of_output_tax[R1, S0]")[1][0]]
    same = model.solve({
        f"export_tax[u0, {ROUTE}]": cost * (1 + b.export_tax[0, 1, 0, 0]),
        "productivity[R1, S0]": less,
        "net_of_output_tax[R1, S0]": kept / less,
    })  # fmt: skip
    assert_same(same, lost, (*QUANTITIES, "basic_price", "absorption"))
    rent = wasted * lost.outcome("basic_price[R1, S0]")
    more = {
        name: same.outcome(name) - lost.outcome(name)
        for name in (f"export_tax_paid[{ROUTE}]", "output_tax_paid[R1, S0]")
    }
    assert list(more.values()) == pytest.approx([rent, -rent], rel=1e-9)


@pytest.mark.parametrize("rents", RENTS)
def test_a_ration_that_does_not_bind_changes_nothing(rents: str):
    model = world()
    free, held = RENTS[rents]
    cell = f"[u0, {ROUTE}]" if held == "arrivals" else f"[{ROUTE}]"
    swap = Swap(f"{free}[u0, {ROUTE}]", held + cell, 1.3, bound="upper")
    shock = {"final_tax[R2, *, S1]": 1.2}
    loose = model.solve(shock, Closure(swaps=(swap,)))
    np.testing.assert_allclose(loose.levels, model.solve(shock).levels, rtol=1e-12)


# -- taxes by other names -----------------------------------------------------------------


def scaled(model: Model, **factors: float) -> np.ndarray:
    """Return benchmark levels with selected powers times a factor; selectors with _ for [."""
    levels = model.arrays.start.copy()
    for selector, factor in factors.items():
        levels[model.variables.select(selector)[1]] *= factor
    return levels


def test_a_subsidy_on_output_is_one_rate_on_all_inputs_and_factors():
    model = Model.build(random_world(42, imbalance=0.2))
    output = model.solve(scaled(model, **{"net_of_output_tax[R0, S1]": 1.25}))
    users = model.solve(
        scaled(model, **{"intermediate_tax[R0, *, S1]": 0.8, "factor_tax[R0, S1, *]": 0.8})
    )
    assert output.relative("output[R0, S1]") > 1.05
    assert_same(output, users, (*QUANTITIES, "output", "basic_price", "absorption"))
    tax = [s.by_region("tax_revenue") for s in (output, users)]
    np.testing.assert_allclose(tax[0], tax[1], rtol=1e-9)
    assert abs(tax[0][0] / model.outcome_start[model.outcomes["tax_revenue"].start] - 1) > 0.1


def test_a_purchase_subsidy_on_all_origins_is_a_subsidy_to_the_users():
    model = world(43)
    origins = model.solve(scaled(model, **{"tariff[*, *, S0, R0]": 0.8}))
    users = model.solve(
        scaled(model, **{"intermediate_tax[R0, S0, *]": 0.8, "final_tax[R0, *, S0]": 0.8})
    )
    assert abs(origins.measure("equivalent_variation")[0]) > 0.1
    assert_same(origins, users, ("welfare", "factor_use", "output", "basic_price", "absorption"))
    for name in ("trade_volume", "final_use", "arrivals"):
        np.testing.assert_allclose(grid(origins, name), grid(users, name), rtol=1e-9)


def test_a_subsidy_to_home_purchases_is_one_to_all_users_and_a_tariff_on_imports():
    model = world(44)
    home = model.solve(scaled(model, **{"tariff[*, R0, S0, R0]": 0.8}))
    both = model.solve(scaled(model, **{
        "intermediate_tax[R0, S0, *]": 0.8, "final_tax[R0, *, S0]": 0.8,
        "tariff[*, !R0, S0, R0]": 1 / 0.8,
    }))  # fmt: skip
    assert home.relative("output[R0, S0]") > 1.02
    assert_same(home, both, ("welfare", "factor_use", "output", "basic_price", "absorption"))
    tax = [s.by_region("tax_revenue") for s in (home, both)]
    np.testing.assert_allclose(tax[0], tax[1], rtol=1e-9)


def test_one_rate_on_all_purchases_of_all_goods_for_consumption_is_neutral():
    """At home and from abroad alike: a consumption tax, given back."""
    model = Model.build(random_world(45, use_classes=2, imbalance=0.2))
    base = model.solve()
    taxed = model.solve(scaled(model, **{"tariff[u1, *, *, R0]": 1.3}))
    assert_same(taxed, base, ("welfare", "output", "factor_use", "final_use"))
    imports = model.solve(scaled(model, **{"tariff[u1, !R0, *, R0]": 1.3}))
    assert abs(imports.measure("equivalent_variation")[0]) > 0.01


# -- Lerner -------------------------------------------------------------------------------


def test_lerner_a_tariff_and_the_export_subsidy_that_undoes_it_have_parts_that_cancel():
    """On all trade of a region, without transfers: prices rise at home and nothing is done."""
    model = Model.build(random_world(46, imbalance=0.0))
    rates = {"tariff[*, !R0, *, R0]": 1.3, "export_tax[*, R0, *, !R0]": 1 / 1.3}
    solution = model.solve(scaled(model, **rates))
    np.testing.assert_allclose(solution.measure("equivalent_variation"), 0.0, atol=1e-9)
    shocks = []
    for selector, factor in rates.items():
        columns = model.variables.select(selector)[1]
        shocks.append(Shock(selector, columns, np.full(len(columns), np.log(factor))))
    result = decompose(solution, shocks)
    assert result.totals(model.benchmark.regions).abs().max().max() < 1e-12
    tariff, subsidy = (
        result.by_shock[result.by_shock["shock"] == selector].set_index(["region", "component"])
        for selector in rates
    )
    assert tariff["value"].abs().max() > 1e-2
    np.testing.assert_allclose(tariff["value"], -subsidy["value"], atol=1e-12)


def test_lerner_a_tariff_and_an_export_tax_have_the_same_parts_but_for_whose_price_moves():
    """Quantities are the same all along the way, so the allocative parts are too."""
    model = Model.build(random_world(46, wedges=False, imbalance=0.0))
    tariff = decompose(model.solve(scaled(model, **{"tariff[*, !R0, *, R0]": 1.3})))
    tax = decompose(model.solve(scaled(model, **{"export_tax[*, R0, *, !R0]": 1.3})))
    regions = model.benchmark.regions
    np.testing.assert_allclose(tariff.exact, tax.exact, rtol=1e-8)
    by_tariff, by_tax = tariff.totals(regions), tax.totals(regions)
    assert by_tariff.loc["R0", "imports"] < 0 and by_tariff.loc["R0", "exports"] == 0
    assert by_tax.loc["R0", "exports"] < 0 and by_tax.loc["R0", "imports"] == 0
    assert by_tariff.loc["R0", "terms_of_trade"] > 0 and by_tax.loc["R0", "terms_of_trade"] > 0
    for region in regions[1:]:  # all that reaches them are prices at the border
        for table in (by_tariff, by_tax):
            parts = table.loc[region]
            assert parts["terms_of_trade"] == pytest.approx(parts.sum(), abs=1e-12)
            assert abs(parts["terms_of_trade"]) > 1e-5
