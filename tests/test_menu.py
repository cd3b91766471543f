"""The sourcing menu: two speeds of one technology, exact at both ends."""

from __future__ import annotations

import numpy as np
import pytest

from cge.dynamics.menu import Menu

DRAWS = 10_000
#: Short- and long-run elasticities on every side of one, and one itself as the long run.
PAIRS = [(0.0, 0.5), (0.1, 0.6), (0.3, 1.0), (0.76, 2.0), (0.76, 9.0), (1.5, 4.0)]


def random_menu(seed: int, short: float, long: float, inputs: int = 4) -> tuple[Menu, np.ndarray]:
    """Return one nest per draw and random prices of its inputs."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.ones(inputs), DRAWS).ravel()
    nest = np.repeat(np.arange(DRAWS), inputs)
    menu = Menu(nest, share, np.full(DRAWS, short), np.full(DRAWS, long))
    return menu, np.exp(rng.normal(0, 0.7, DRAWS * inputs))


def long_cost(menu: Menu, price: np.ndarray) -> np.ndarray:
    """Unit cost relative to the benchmark after full adaptation, by nest: a CES index."""
    power = 1 - menu.long
    if (np.abs(power) < 1e-9).all():
        return np.exp(np.bincount(menu.nest, menu.share * np.log(price)))
    return np.bincount(menu.nest, menu.share * price ** power[menu.nest]) ** (1 / power)


@pytest.mark.parametrize(("short", "long"), PAIRS)
def test_the_short_run_never_costs_less_than_the_long_run(short, long):
    menu, price = random_menu(1, short, long)
    other = np.exp(np.random.default_rng(2).normal(0, 0.7, len(price)))
    cost = np.exp(menu.log_cost(menu.adapted(np.log(other)), np.log(price)))
    assert (cost >= long_cost(menu, price) * (1 - 1e-12)).all()
    assert (cost > long_cost(menu, price) * (1 + 1e-4)).mean() > 0.9, "and mostly costs more"


@pytest.mark.parametrize(("short", "long"), PAIRS)
def test_at_the_prices_it_has_adapted_to_the_short_run_is_the_long_run(short, long):
    menu, price = random_menu(3, short, long)
    cost = np.exp(menu.log_cost(menu.adapted(np.log(price)), np.log(price)))
    np.testing.assert_allclose(cost, long_cost(menu, price), rtol=1e-12)


@pytest.mark.parametrize(("short", "long"), PAIRS)
def test_adapted_and_moved_weights_lie_on_the_menu(short, long):
    menu, price = random_menu(4, short, long)
    a = menu.adapted(np.log(price))
    for weights in (a, menu.moved(a, np.log(price) / 2, 0.75)):
        if long == 1:
            left = np.bincount(menu.nest, menu.share * weights)
            np.testing.assert_allclose(left, 0, atol=1e-12)
        else:
            power = (long - 1) / (long - short)
            left = np.bincount(menu.nest, menu.share * np.exp(power * weights))
            np.testing.assert_allclose(left, 1, rtol=1e-12)


def test_the_elasticity_grows_from_the_impact_to_the_long_run_as_estimated():
    """Boehm, Levchenko and Pandalai-Nayar (2023): .76 on impact, about 2 after ten years."""
    tiny = 1e-6
    menu = Menu(np.zeros(2, dtype=np.int64), np.array([1 - 1e-9, 1e-9]), np.array([0.76]),
                np.array([2.0]))  # fmt: skip
    price = np.array([1.0, 1 + tiny])
    a, found = np.zeros(2), []
    for _ in range(11):
        # Demand relative to the benchmark, per unit of the nest, at a price index of one.
        demand = a[1] - 0.76 * np.log(price[1])
        found.append(-demand / np.log(price[1]))
        a = menu.moved(a, np.log(price), 0.75)
    np.testing.assert_allclose(found[:5], [0.76, 1.07, 1.3025, 1.476875, 1.60765625], atol=1e-5)
    assert found[10] == pytest.approx(1.93, abs=0.005)


def test_nothing_moves_at_benchmark_prices_and_a_nest_of_one_speed_never_moves():
    menu, price = random_menu(5, 0.76, 2.0)
    assert np.abs(menu.moved(np.zeros(len(price)), np.zeros(len(price)), 0.75)).max() < 1e-15
    fixed, price = random_menu(5, 2.0, 2.0)
    assert not fixed.moved(np.zeros(len(price)), np.log(price), 0.5).any()
    assert not fixed.adapted(np.log(price)).any()


def test_a_menu_survives_prices_apart_by_many_orders_of_magnitude():
    menu = Menu(np.zeros(2, dtype=np.int64), np.array([0.5, 0.5]), np.array([0.1]),
                np.array([30.0]))  # fmt: skip
    logs = np.log([1e-8, 1e8])
    a = menu.adapted(logs)
    assert np.isfinite(a).all()
    assert np.exp(menu.log_cost(a, logs))[0] == pytest.approx(
        long_cost(menu, np.array([1e-8, 1e8]))[0], rel=1e-9
    )
