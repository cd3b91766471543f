"""Two levels of choice on any benchmark: home against imports, then among origins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cge import Benchmark, Model, decompose, load_benchmark, rebase, with_import_bundles
from cge.core.errors import InputError
from cge.data.accounts.bundles import Bundles
from cge.data.knowledge.spillovers import imported_inputs
from cge.indicators.world_io import WorldIO

WAR = {"tariff[*, CHN, *, USA]": 1.5, "tariff[*, USA, *, CHN]": 1.5}


@pytest.fixture(scope="module")
def plain() -> Benchmark:
    return load_benchmark("wiod2013", aggregation="small")


def two_levels(b: Benchmark, home: Any = None) -> Model:
    return Model.build(with_import_bundles(b, home))


def test_two_levels_of_the_same_elasticity_are_one(plain: Benchmark) -> None:
    one, two = Model.build(plain), two_levels(plain, plain.elasticities["long"].armington)
    for shock in (WAR, {"trade_cost[*, CHN, *, *]": 1.2}):
        first, second = one.solve(shock), two.solve(shock)
        for name in ("equivalent_variation", "real_gdp", "terms_of_trade"):
            np.testing.assert_allclose(second.measure(name), first.measure(name), atol=1e-9)
        for name in ("output", "basic_price", "factor_return"):
            np.testing.assert_allclose(second.values(name), first.values(name), rtol=1e-10)
    first, second = (decompose(model.solve(WAR)).totals(plain.regions) for model in (one, two))
    np.testing.assert_allclose(second, first, rtol=1e-5, atol=1e-3)


def test_less_choice_between_home_and_imports_lets_a_tariff_reduce_imports_less(
    plain: Benchmark,
) -> None:
    bought = []
    for home in (0.5, 1.0, 2.0, 4.0):
        solution = two_levels(plain, home).solve({"tariff[*, all but USA, ELEC, USA]": 1.2})
        usa, sector = plain.regions.index("USA"), plain.sectors.index("ELEC")
        bought.append(solution.array("imported_use")[0, sector, usa])
    assert (np.diff(bought) < 0).all()
    near = [two_levels(plain, home).solve(WAR).measure("equivalent_variation")
            for home in (1.0, 1.0 + 1e-5)]  # fmt: skip
    np.testing.assert_allclose(near[0], near[1], atol=1e-5)


@pytest.mark.parametrize("home", [1.0, 1.7])
def test_a_tax_on_a_bundle_is_in_budgets_welfare_and_two_solvers_agree(
    plain: Benchmark, home: float
) -> None:
    model = two_levels(plain, home)
    shock = {**WAR, "import_use_tax[int, ELEC, USA]": 1.1}
    solution = model.solve(shock)
    found = decompose(solution)
    assert (np.abs(found.gap) < 1e-5 * np.abs(found.exact)).all()
    for way in ("production", "expenditure"):
        gap = solution.values(f"gdp_by_{way}") / solution.values("gdp") - 1
        assert np.abs(gap).max() < 1e-12
    other = model.solve(shock, solver="ipopt")
    np.testing.assert_allclose(other.values("output"), solution.values("output"), rtol=1e-8)
    alone = model.solve({"import_use_tax[int, ELEC, USA]": 1.1})
    paid = alone.array("imported_spending") - alone.array("imported_value")
    raised = alone.array("tariff_paid").sum(axis=(0, 1)) + paid.sum(axis=(0, 1))
    revenue = alone.values("route_tax_revenue") * plain.absorption
    np.testing.assert_allclose(raised, revenue, rtol=1e-9)


def test_users_are_traced_to_the_origins_of_their_bundles(plain: Benchmark) -> None:
    nested = with_import_bundles(plain)
    one, two = WorldIO.from_benchmark(plain), WorldIO.from_benchmark(nested)
    np.testing.assert_allclose(two.intermediate, one.intermediate, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(two.final, one.final, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(imported_inputs(nested), imported_inputs(plain), rtol=1e-9)
    half = nested.elasticities["long"].armington
    np.testing.assert_allclose(half[:3], half[3:] / 2)


def test_bundles_that_can_not_be_are_refused(plain: Benchmark) -> None:
    nested = with_import_bundles(plain)
    good = nested.bundles
    assert isinstance(good, Bundles)
    with pytest.raises(InputError, match="bundles of imports already"):
        with_import_bundles(nested)
    with pytest.raises(InputError, match="saving apart from investment"):
        rebase(Model.build(nested).solve())
    deep, none = (*good.source[:3], "int", "", ""), ("abroad", *good.source[1:])
    for spoilt, said in (
        (replace(good, source=good.source[:4]), "one bundle, or none"),
        (replace(good, source=none), "no such use class"),
        (replace(good, source=deep), "has no bundle itself"),
        (replace(good, tax=good.tax - 1), "too low"),
        (replace(good, purchases=good.purchases * 1.01), "do not balance"),
        (replace(good, transport=good.transport + 0.1), "class of services"),
        (replace(good, purchases=good.purchases[:2]), "shape"),
    ):
        with pytest.raises(InputError, match=said):
            replace(nested, bundles=spoilt)
