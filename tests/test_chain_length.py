"""Length of the chains behind what a region uses."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import random_world

from cge import Model, load_benchmark, tabulate
from cge.data.distances import distances, great_circle
from cge.indicators.chain_length import border_crossings, chain_distance, chain_length
from cge.indicators.world_io import WorldIO


def line_of_three() -> WorldIO:
    """A sells inputs to B, B to C, C to the final users of C: one sector each, no other value."""
    flows = np.zeros((2, 3, 1, 3))
    flows[0, 0, 0, 1] = flows[0, 1, 0, 2] = 10.0
    flows[1, 2, 0, 2] = 10.0
    intermediate = np.zeros((3, 1, 3, 1))
    intermediate[0, 0, 1, 0] = intermediate[1, 0, 2, 0] = 10.0
    final = np.zeros((3, 1, 3))
    final[2, 0, 2] = 10.0
    nothing = np.zeros((3, 1))
    return WorldIO("line", ("A", "B", "C"), ("X",), ("int", "fin"), flows, flows, intermediate,
                   final, np.array([[10.0], [0.0], [0.0]]), nothing, nothing)  # fmt: skip


def test_value_that_passes_through_three_regions_is_delivered_thrice_and_crosses_two_borders():
    table = line_of_three()
    np.testing.assert_allclose(chain_length(table), [np.nan, np.nan, 3.0])
    np.testing.assert_allclose(border_crossings(table), [np.nan, np.nan, 2.0])


def test_distances_are_the_sums_of_paths_of_every_length():
    table = WorldIO.from_benchmark(load_benchmark("wiod2013", aggregation="small"))
    a, value = table.coefficients, table.per_output(table.value_added.ravel())
    used = table.final.reshape(table.size, -1)
    total, weighted, step = np.zeros(5), np.zeros(5), used
    for n in range(400):
        total += value @ step
        weighted += (n + 1) * (value @ step)
        step = a @ step
    np.testing.assert_allclose(chain_length(table), weighted / total, rtol=1e-10)


def test_a_tariff_shortens_chains_across_its_border():
    model = Model.build(load_benchmark("wiod2013", aggregation="small", elasticities="fontagne"))
    war = model.solve({"tariff[*, all but USA, *, USA]": 1.5})
    frame = tabulate(war, groups=["value_chains"], measures=["border_crossings", "chain_length"])
    crossed = frame[frame["measure"] == "border_crossings"].set_index("region")
    assert crossed.loc["USA", "change"] < -0.05
    assert crossed.loc["USA", "value"] < crossed.loc["USA", "benchmark"] < 1
    assert 1 < frame["value"].max() < 4
    assert not np.isnan(frame["value"]).any() and len(frame) == 10


def test_a_world_without_trade_crosses_no_border():
    table = line_of_three()
    assert border_crossings(table)[2] == pytest.approx(2.0)
    home = np.zeros((1, 1, 1, 1))
    home[...] = 5.0
    alone = WorldIO("alone", ("A",), ("X",), ("fin",), home, home, np.zeros((1, 1, 1, 1)),
                    home[0], np.full((1, 1), 5.0), np.zeros((1, 1)), np.zeros((1, 1)))  # fmt: skip
    assert border_crossings(alone)[0] == 0 and chain_length(alone)[0] == 1


def test_value_travels_the_distances_of_its_deliveries():
    between = np.array([[1.0, 10.0, 100.0], [10.0, 2.0, 1000.0], [100.0, 1000.0, 3.0]])
    travelled = chain_distance(line_of_three(), between)
    np.testing.assert_allclose(travelled, [np.nan, np.nan, 10 + 1000 + 3])
    table = WorldIO.from_benchmark(load_benchmark(aggregation="small"))
    np.testing.assert_allclose(chain_distance(table, np.ones((5, 5))), chain_length(table))
    np.testing.assert_allclose(chain_distance(table, 1 - np.eye(5)), border_crossings(table))


def test_great_circles_are_those_of_known_places():
    equator, pole, paris, new_york = [0.0, 0.0], [90.0, 0.0], [48.8566, 2.3522], [40.7128, -74.006]
    quarter = np.pi / 2 * 6371.0088
    assert great_circle(np.array([equator]), np.array([pole, [0.0, 180.0]]))[0] == pytest.approx(
        [quarter, 2 * quarter]
    )
    assert great_circle(np.array([paris]), np.array([new_york]))[0, 0] == pytest.approx(5837, abs=5)


def test_regions_are_as_far_apart_as_their_people():
    default = load_benchmark(aggregation="default")
    found, at = distances(default), default.regions.index
    assert found is not None
    np.testing.assert_allclose(found, found.T)
    assert (found > 0).all() and found.max() < 20_015
    # GeoDist, distw: 2098, 11159 and 8041 km (memory); cities and years differ.
    for pair, expected in ((("CHN", "JPN"), 2098), (("CHN", "USA"), 11159), (("CHN", "EU"), 8041)):
        assert found[at(pair[0]), at(pair[1])] == pytest.approx(expected, rel=0.15)
    assert found[at("KOR"), at("KOR")] < 300 < found[at("USA"), at("USA")]
    # A region of several countries has the distances within these, whatever is between them.
    assert found[at("EU"), at("EU")] < 600


def test_a_world_whose_regions_are_no_countries_has_no_distances():
    assert distances(random_world(1, regions=3)) is None
    frame = tabulate(Model.build(random_world(1, regions=3)).solve({}), groups=["value_chains"])
    assert "chain_length" in set(frame["measure"])
    assert "chain_distance" not in set(frame["measure"])
