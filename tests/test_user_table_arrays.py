"""A user's own table as arrays: prices, taxes, classes, balancing, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import random_world

from cge import InputError, Model
from cge.data.elasticities.nests import Elasticities
from cge.data.sources.arguments import safe_code
from cge.data.sources.user_arrays import benchmark_from_arrays


def as_arrays(b):
    """Take a benchmark apart into the arrays a user would have, with its classes and rates.

    Each user buys from the origins of its class in proportion.
    """
    share = b.flows / b.composites[:, None]
    of_sector = [b.use_classes.index(c) for c in b.sector_class]
    of_agent = [b.use_classes.index(c) for c in b.agent_class]
    return {
        "regions": b.regions,
        "sectors": b.sectors,
        "agents": b.agents,
        "factors": b.factors,
        "intermediate": np.einsum("jris,sij->risj", share[of_sector], b.intermediate),
        "final": np.einsum("dris,sdi->risd", share[of_agent], b.final),
        "value_added": b.factor_payments,
        "tariff": b.tariff,
        "export_tax": b.export_tax,
        "output_tax": b.output_tax,
        "intermediate_tax": b.intermediate_tax,
        "final_tax": b.final_tax,
        "factor_tax": b.factor_tax,
        "elasticities": b.elasticities,
        "use_classes": dict(
            zip((*b.sectors, *b.agents), (*b.sector_class, *b.agent_class), strict=True)
        ),
    }


@pytest.fixture(scope="module")
def world():
    return random_world(11)


@pytest.fixture
def given(world):
    return as_arrays(world)


def assert_same(a, b, rtol=1e-10):
    for key in ("flows", "tariff", "export_tax", "intermediate", "intermediate_tax", "final",
                "final_tax", "factor_payments", "factor_tax", "output_tax"):  # fmt: skip
        np.testing.assert_allclose(getattr(a, key), getattr(b, key), rtol=rtol, atol=1e-12)
    np.testing.assert_allclose(a.balance, b.balance, atol=1e-9)


def test_a_world_with_every_wedge_comes_back_from_its_arrays(world, given):
    again = benchmark_from_arrays(**given)
    assert_same(again, world)
    assert again.sector_class == world.sector_class
    assert again.agent_class == world.agent_class
    solution = Model.build(again).solve()
    assert solution.diagnostics.iterations == 0


@pytest.mark.parametrize("flows", ["fob", "gross"])
def test_flows_with_border_taxes_in_them_are_the_same_world(world, given, flows):
    power = 1 + world.export_tax
    if flows == "gross":
        power = power * (1 + world.tariff)
    of_sector = [world.use_classes.index(c) for c in world.sector_class]
    of_agent = [world.use_classes.index(c) for c in world.agent_class]
    given["intermediate"] = given["intermediate"] * np.moveaxis(power[of_sector], 0, -1)
    given["final"] = given["final"] * np.moveaxis(power[of_agent], 0, -1)
    assert_same(benchmark_from_arrays(**given, flows=flows), world)


def test_rates_by_class_may_be_named(world, given):
    given["tariff"] = {u: world.tariff[k] for k, u in enumerate(world.use_classes)}
    assert_same(benchmark_from_arrays(**given), world)
    given["tariff"].pop("u1")
    with pytest.raises(InputError, match=r"tariff.*every class.*u0, u1, u2"):
        benchmark_from_arrays(**given)


def test_a_single_class_adds_the_flows_of_all_users(given):
    given |= {"tariff": 0.0, "export_tax": 0.0, "use_classes": "single"}
    given |= {"balance": "value_added", "elasticities": {"armington": 3.0}}
    one = benchmark_from_arrays(**given)
    assert one.use_classes == ("all",)
    kinds = benchmark_from_arrays(**{**given, "use_classes": "by_kind"})
    assert kinds.use_classes == ("int", "A0", "A1", "A2")
    np.testing.assert_allclose(kinds.flows.sum(axis=0), one.flows[0])


@pytest.mark.parametrize("account", ["value_added", "output_tax", "intermediate_tax"])
def test_a_gap_goes_where_it_is_sent_and_deliveries_stay(world, given, account):
    given |= {"intermediate_tax": 0.0, "output_tax": 0.0}
    with pytest.raises(InputError, match=r"cost and output differ.*\[R\d, S\d\].*'leontief'"):
        benchmark_from_arrays(**given)
    b = benchmark_from_arrays(**given, balance=account)
    np.testing.assert_allclose(b.flows, world.flows, rtol=1e-12)
    changed = {
        "value_added": b.factor_payments != world.factor_payments,
        "output_tax": b.output_tax != 0,
        "intermediate_tax": b.intermediate_tax != 0,
    }
    assert {key for key, cells in changed.items() if cells.any()} == {account}
    assert any("Gaps between cost and output" in note for note in b.notes)
    assert Model.build(b).solve().diagnostics.iterations == 0


def test_leontief_keeps_cost_shares_and_final_demand(world, given):
    rng = np.random.default_rng(1)
    given["intermediate"] = given["intermediate"] * rng.uniform(0.7, 1.2, (3, 3, 3, 3))
    b = benchmark_from_arrays(**given, balance="leontief")
    np.testing.assert_allclose(b.final, world.final, rtol=1e-10)

    def shares(inputs, payments):
        cost = inputs.sum(axis=1) + payments.sum(axis=2)
        return inputs / cost[:, None], payments / cost[..., None]

    of_sector = [world.use_classes.index(c) for c in world.sector_class]
    power = np.moveaxis(((1 + world.tariff) * (1 + world.export_tax))[of_sector], 0, -1)
    bought = (given["intermediate"] * power).sum(axis=0).transpose(1, 0, 2)
    expected = shares(
        bought * (1 + world.intermediate_tax), world.factor_payments * (1 + world.factor_tax)
    )
    found = shares(
        b.intermediate * (1 + b.intermediate_tax), b.factor_payments * (1 + b.factor_tax)
    )
    for a, c in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, c, rtol=1e-10)
    assert max(float(np.abs(gap).max()) for gap in b.residuals().values()) < 1e-12
    assert any("balanced" in note for note in b.notes)


def test_leontief_leaves_a_balanced_world_alone(world, given):
    assert_same(benchmark_from_arrays(**given, balance="leontief"), world, rtol=1e-9)


def test_a_sector_that_delivers_nothing_is_dropped_by_leontief_only(given):
    given["intermediate"] = given["intermediate"].copy()
    given["final"] = given["final"].copy()
    given["intermediate"][1, 2] = 0.0
    given["final"][1, 2] = 0.0
    with pytest.raises(InputError, match=r"\[R1, S2\] has costs but delivers nothing"):
        benchmark_from_arrays(**given, balance="value_added")
    b = benchmark_from_arrays(**given, balance="leontief")
    assert b.output[1, 2] == 0
    assert b.factor_payments[1, 2].sum() == 0
    assert Model.build(b).solve().diagnostics.iterations == 0


def test_negative_cells_are_named_or_clipped(given):
    given["final"] = given["final"].copy()
    given["final"][0, 1, 2, 0] = -0.5
    with pytest.raises(InputError, match=r"final.*-0.5.*\[R0, S1, R2, A0\].*negative='clip'"):
        benchmark_from_arrays(**given)
    b = benchmark_from_arrays(**given, negative="clip", balance="leontief")
    assert any("negative cells of 'final'" in note for note in b.notes)


def test_a_small_gap_within_tolerance_is_closed_exactly(given):
    given["value_added"] = given["value_added"] * (1 + 1e-7)
    b = benchmark_from_arrays(**given)
    assert max(float(np.abs(gap).max()) for gap in b.residuals().values()) < 1e-13
    with pytest.raises(InputError, match="tolerance=1e-12"):
        benchmark_from_arrays(**given, tolerance=1e-12)


def small(**changes):
    """Two regions, two sectors, no inputs but value added."""
    flows = np.zeros((2, 2, 2))
    flows[:, 0] = [[50.0, 10.0], [10.0, 50.0]]
    flows[:, 1] = [[40.0, 0.0], [0.0, 40.0]]
    base = {
        "regions": ("A", "B"),
        "sectors": ("G", "S"),
        "intermediate": np.zeros((2, 2, 2, 2)),
        "final": flows,
        "value_added": flows.sum(axis=2),
        "elasticities": {"armington": 4.0},
    }
    return {**base, **changes}


def test_defaults_are_one_agent_one_factor_and_cobb_douglas():
    b = benchmark_from_arrays(**small())
    assert (b.agents, b.factors, b.use_classes) == (("FINAL",), ("LAB",), ("all",))
    for horizon in ("short", "long"):
        e = b.elasticities[horizon]
        assert (e.armington == 4).all() and np.isinf(e.transformation).all()
        for nest in ("top", "intermediate", "value_added", "final", "agents"):
            assert (getattr(e, nest) == 1).all()


def test_elasticities_by_speed_by_sector_and_as_arrays():
    values = {
        "short": {"armington": {"G": 1.5, "S": 0.8}, "top": 0.3},
        "long": {"armington": np.full((1, 2, 2), 3.0), "top": [0.5, 0.7]},
    }
    b = benchmark_from_arrays(**small(elasticities=values))
    assert b.elasticities["short"].armington[0].tolist() == [[1.5, 1.5], [0.8, 0.8]]
    assert b.elasticities["long"].top.tolist() == [[0.5, 0.7], [0.5, 0.7]]
    same = benchmark_from_arrays(**small(elasticities=b.elasticities["long"]))
    assert isinstance(same.elasticities["short"], Elasticities)
    assert same.elasticities["short"].fingerprint == b.elasticities["long"].fingerprint


def test_one_number_for_tariffs_holds_across_borders_only():
    b = benchmark_from_arrays(**small(tariff=0.1))
    assert b.tariff[0, 0, 0, 1] == 0.1
    assert b.tariff[0, 0, 0, 0] == 0


def test_sector_without_given_value_added_takes_the_regions_factor_mix():
    flows = small()["final"]
    split = np.stack([0.7 * flows.sum(axis=2), 0.3 * flows.sum(axis=2)], axis=2)
    split[0, 1] = 0.0
    b = benchmark_from_arrays(
        **small(value_added=split, factors=("LAB", "CAP"), balance="value_added")
    )
    np.testing.assert_allclose(b.factor_payments[0, 1], [28.0, 12.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"intermediate": np.zeros((2, 2, 2))}, r"intermediate.*shape \(2, 2, 2\).*r, i, s, j"),
        ({"final": np.zeros((2, 2, 3))}, r"final.*expected \(2, 2, 2, 1\)"),
        ({"value_added": [[np.nan, 1], [1, 1]]}, r"value_added.*missing.*\[A, G, LAB\]"),
        ({"value_added": "x"}, r"value_added.*not an array of numbers"),
        ({"value_added": [[1.0, 2.0], [3.0]]}, r"value_added.*not an array of numbers"),
        ({"value_added": np.zeros((2, 2, 2))}, r"factors.*give their codes"),
        ({"value_added": -np.ones((2, 2))}, r"value_added.*4 negative cells"),
        ({"value_added": np.zeros((2, 2)), "balance": "output_tax"}, r"delivers but has no costs"),
        ({"value_added": np.zeros((2, 2)), "balance": "leontief"}, r"delivers but has no costs"),
        ({"value_added": np.ones((2, 2)), "balance": "intermediate_tax"}, r"buys nothing"),
        ({"value_added": np.ones((2, 2))}, r"cost and output differ in 4 sectors"),
        ({"tariff": np.full((2, 2, 2), -1.0)}, r"tariff.*\[all, A, G, A\].*-100 %"),
        ({"export_tax": np.full((2, 2, 2), 0.1)}, r"export_tax.*within region"),
        ({"final_tax": [1.0]}, r"final_tax.*shape"),
        ({"output_tax": 1.0}, r"output_tax.*whole price"),
        ({"tolerance": "small"}, r"tolerance"),
        ({"tolerance": np.nan}, r"tolerance.*0 to 1"),
        ({"intermediate": None}, r"intermediate.*shape"),
        ({"regions": None}, r"regions.*list of codes"),
        ({"agents": ("A", "B")}, r"final.*expected \(2, 2, 2, 2\)"),
        ({"flows": "cif"}, r"flows.*cif.*net, fob, gross"),
        ({"balance": "ras"}, r"balance.*ras.*leontief"),
        ({"negative": "zero"}, r"negative.*error, clip"),
        ({"regions": ("A", "A")}, r"regions.*stands twice"),
        ({"regions": "AB"}, r"regions.*list of codes"),
        ({"sectors": ("G", "a, b")}, r"sectors.*a, b.*not be a code.*holds"),
        ({"use_classes": "by_user"}, r"use_classes.*single, by_kind"),
        ({"use_classes": {"X": "a"}}, r"use_classes.*unknown user.*sectors, agents, G, S, FINAL"),
        ({"use_classes": {"G": "a", "agents": "b"}}, r"use_classes.*'S'.*has no class"),
        ({"elasticities": {}}, r"elasticities.armington.*no default"),
        ({"elasticities": 5.0}, r"elasticities.*mapping"),
        ({"elasticities": {"armington": 4, "trade": 1}}, r"elasticities.*trade.*unknown nest"),
        ({"elasticities": {"long": {"armington": 4}}}, r"elasticities.*short.*both horizons"),
        ({"elasticities": {"armington": -1}}, r"elasticities.armington.*negative"),
        ({"elasticities": {"armington": [1, 2, 3]}}, r"elasticities.armington.*shape"),
        ({"groups": {"sectors": {"goods": ["G", "Z"]}}}, r"groups.sectors.*Z"),
    ],
)  # fmt: skip
def test_wrong_arrays_are_one_clear_message(change, message):
    with pytest.raises(InputError, match=message):
        benchmark_from_arrays(**small(**change))


def test_inputs_that_cost_more_than_output_are_named():
    z = np.zeros((2, 2, 2, 2))
    z[0, 1, 0, 0] = 100.0
    final = small()["final"]
    value = final.sum(axis=2)
    value[0, 1] += 100.0
    with pytest.raises(InputError, match=r"\[A, G\] cost more than its output"):
        benchmark_from_arrays(**small(intermediate=z, value_added=value, balance="value_added"))


def test_codes_of_any_kind_of_sequence_make_the_same_benchmark():
    first = benchmark_from_arrays(**small())
    second = benchmark_from_arrays(**small(regions=np.array(["A", "B"]), sectors=["G", "S"]))
    assert first.fingerprint == second.fingerprint


def test_codes_made_safe_can_be_named_in_scenarios():
    assert safe_code("Electricity, Gas [and] Water") == "Electricity Gas and Water"
    assert safe_code("c12") == "c12"
