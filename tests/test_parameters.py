"""The uncertain elasticities of a benchmark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cge import InputError, load_benchmark, save_benchmark
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import NEST_AXES
from cge.data.elasticities.ranges import elasticity_ranges
from cge.uncertainty.uncertain_parameters import (
    NEAR_ONE,
    away_from_one,
    elasticity_parameters,
    with_values,
)

HEAD = "name: fixed\ntitle: No range\nclassification: wiod2013\nentries:\n"
ENTRY = (
    '  - {{nest: {0}, sector: "*", horizon: {1}, value: {2}, low: {2}, high: {2}, '
    "status: assumed, citation: none}}\n"
)


@pytest.fixture(scope="module")
def fontagne() -> Benchmark:
    return load_benchmark("wiod2013", aggregation="small", elasticities="fontagne")


def test_every_elasticity_with_a_range_is_a_parameter_once(fontagne: Benchmark) -> None:
    found = elasticity_parameters(elasticity_ranges(fontagne, "long"), fontagne.sectors, split=True)
    expected = [(nest, (s,)) for nest in ("armington", "intermediate", "value_added", "top")
                for s in fontagne.sectors] + [("final", ())]  # fmt: skip
    assert [(p.group, p.sectors) for p in found] == expected  # agents have low = high
    assert [p.name for p in found][:1] + [p.name for p in found][-1:] == [
        "armington[PRIM]",
        "final",
    ]
    assert all(p.low < p.central < p.high and p.status and p.citation for p in found)
    armington = [p.central for p in found if p.group == "armington"]
    assert armington == list(fontagne.elasticities["long"].armington[0, :, 0])


def test_the_ends_of_an_aggregate_are_weighted_like_its_central_value(
    fontagne: Benchmark,
) -> None:
    # For goods the file has 1 + 0.7 and 1 + 1.3 times (sigma - 1), rounded to two decimals,
    # and so has any weighted mean of them.
    goods = fontagne.groups["sectors"]["goods"]
    for p in elasticity_parameters(
        elasticity_ranges(fontagne, "long"), fontagne.sectors, split=True
    ):
        if p.group == "armington" and p.sectors[0] in goods:
            assert p.low == pytest.approx(1 + 0.7 * (p.central - 1), abs=0.011)
            assert p.high == pytest.approx(1 + 1.3 * (p.central - 1), abs=0.011)


def test_short_run_ranges_are_those_of_the_short_run(fontagne: Benchmark) -> None:
    found = elasticity_parameters(elasticity_ranges(fontagne, "short"), fontagne.sectors)
    first = found[0]
    assert (first.low, first.central, first.high) == pytest.approx((0.5, 0.76, 1.0))
    assert first.name == "armington" and first.sectors == fontagne.sectors  # one for all


def test_a_published_value_that_several_sectors_use_is_one_parameter(fontagne: Benchmark) -> None:
    found = elasticity_parameters(elasticity_ranges(fontagne, "long"), fontagne.sectors)
    by_nest = {nest: [p for p in found if p.group == nest] for nest in NEST_AXES}
    goods = fontagne.groups["sectors"]["goods"]
    assert [p.name for p in by_nest["top"]] == ["top"]
    assert by_nest["top"][0].sectors == fontagne.sectors
    assert {p.sectors for p in by_nest["armington"]} >= {(code,) for code in goods}
    moved = with_values(
        fontagne.elasticities["long"], by_nest["top"], [0.55], fontagne.sectors
    )  # fmt: skip
    assert (moved.top == 0.55).all()
    central = with_values(
        fontagne.elasticities["long"], found, [p.central for p in found], fontagne.sectors
    )
    for nest in NEST_AXES:
        known = getattr(fontagne.elasticities["long"], nest)
        np.testing.assert_allclose(getattr(central, nest), known, rtol=1e-14)


def test_drawn_values_stand_in_their_cells_and_nowhere_else(fontagne: Benchmark) -> None:
    central = fontagne.elasticities["long"]
    found = elasticity_parameters(elasticity_ranges(fontagne, "long"), fontagne.sectors, split=True)
    chosen = [p for p in found if p.name in ("armington[ELEC]", "top[PRIM]", "final")]
    moved = with_values(central, chosen, [7.5, 0.33, 1.1], fontagne.sectors)
    elec, prim = (fontagne.sectors.index(code) for code in ("ELEC", "PRIM"))
    value = {p.name: v for p, v in zip(chosen, [7.5, 0.33, 1.1], strict=True)}
    assert (moved.armington[:, elec, :] == value["armington[ELEC]"]).all()
    assert (moved.top[:, prim] == value["top[PRIM]"]).all()
    assert (moved.final == value["final"]).all()
    changed = {n: np.argwhere(getattr(moved, n) != getattr(central, n)) for n in NEST_AXES}
    assert set(changed["armington"][:, 1]) == {elec} and set(changed["top"][:, 1]) == {prim}
    assert not any(len(changed[n]) for n in ("intermediate", "value_added", "agents"))


def test_the_central_values_give_the_central_elasticities(fontagne: Benchmark) -> None:
    central = fontagne.elasticities["long"]
    found = elasticity_parameters(elasticity_ranges(fontagne, "long"), fontagne.sectors, split=True)
    same = with_values(central, found, [p.central for p in found], fontagne.sectors)
    assert same.fingerprint == central.fingerprint


def test_a_value_at_the_cobb_douglas_limit_is_moved_off_it() -> None:
    values = away_from_one(np.array([1.0, 1 - 1e-9, 1 + 1e-5, 0.9, 1.0002]))
    assert values.tolist() == [1 + NEAR_ONE, 1 - NEAR_ONE, 1 + NEAR_ONE, 0.9, 1.0002]


def test_a_study_at_the_end_of_a_range_that_is_one_is_off_the_cobb_douglas_limit() -> None:
    benchmark = load_benchmark(aggregation="small", elasticities="boehm")
    ranges = elasticity_ranges(benchmark, "short")
    found = elasticity_parameters(ranges, benchmark.sectors)
    ends = [p.high for p in found]
    assert 1.0 in ends  # short-run trade elasticity
    at_ends = with_values(ranges.central, found, ends, benchmark.sectors)
    assert (at_ends.armington == 1 + NEAR_ONE).all()  # a path refuses a nest that can not adapt


def test_a_set_without_ranges_is_refused(tmp_path: Path) -> None:
    nests = [nest for nest in NEST_AXES if nest != "transformation"]
    entries = [ENTRY.format(nest, horizon, 2) for nest in nests for horizon in ("short", "long")]
    path = tmp_path / "fixed.yaml"
    path.write_text(HEAD + "".join(entries))
    benchmark = load_benchmark("wiod2013", aggregation="small", elasticities=path)
    with pytest.raises(InputError, match="no elasticity has a range"):
        elasticity_parameters(elasticity_ranges(benchmark, "long"), benchmark.sectors)


def test_a_saved_benchmark_takes_its_ranges_from_a_set_that_is_named(
    fontagne: Benchmark, tmp_path: Path
) -> None:
    folder = save_benchmark(fontagne, tmp_path / "mine")
    with pytest.raises(InputError, match="keeps central elasticities without their ranges"):
        elasticity_ranges(load_benchmark(folder), "long", own="own")
    boehm = load_benchmark(folder, elasticities="boehm")
    found = elasticity_parameters(
        elasticity_ranges(boehm, "long", own="boehm"), boehm.sectors, split=True
    )
    armington = [(p.low, p.central, p.high) for p in found if p.group == "armington"]
    assert armington == [(1.75, 2.0, 2.25)] * len(boehm.sectors)
    with pytest.raises(InputError, match="are not those of the set"):
        elasticity_ranges(load_benchmark(folder), "long", own="boehm")
