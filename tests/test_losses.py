"""Statistics of losses: coherent, exact, and the same as their definitions by other means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from cge import InputError
from cge.resilience.losses import (
    cvar,
    expected_loss,
    log_welfare_deviation,
    loss_area,
    time_to_recover,
    value_at_risk,
    worst,
)

Array = NDArray[np.float64]
STATISTICS: dict[str, Callable[[Array, Array], Array]] = {
    "expected loss": expected_loss,
    "conditional value at risk": lambda losses, weights: cvar(losses, weights, 0.8),
    "value at risk": lambda losses, weights: value_at_risk(losses, weights, 0.8),
    "worst": worst,
    "deviation": log_welfare_deviation,
}

#: Losses as they come: small, with gains, with ties. Weights with zeros among them.
LOSS = st.one_of(st.floats(-0.5, 0.9), st.sampled_from([0.0, 0.1, 0.2]))
WEIGHT = st.one_of(st.just(0.0), st.floats(0.01, 1.0))
LEVEL = st.one_of(st.floats(0.0, 0.99), st.sampled_from([0.0, 0.5, 0.75, 0.8]))


@st.composite
def cases(draw: st.DrawFn, columns: int = 1) -> tuple[Array, ...]:
    """Return some columns of losses and one of weights that are not all zero."""
    size = draw(st.integers(1, 12))
    drawn = [draw(st.lists(LOSS, min_size=size, max_size=size)) for _ in range(columns)]
    weights = np.array(draw(st.lists(WEIGHT, min_size=size, max_size=size)))
    if not weights.any():
        weights[draw(st.integers(0, size - 1))] = 1.0
    return (*map(np.array, drawn), weights)


def by_linear_program(losses: Array, weights: Array, level: float) -> float:
    """Return the least v + E max(L - v, 0) / (1 - level), Rockafellar and Uryasev 2000."""
    size = len(losses)
    cost = np.concatenate([[1.0], weights / weights.sum() / (1 - level)])
    above = np.hstack([-np.ones((size, 1)), -np.eye(size)])
    done = linprog(cost, A_ub=above, b_ub=-losses, bounds=[(None, None)] + [(0, None)] * size)
    assert done.success
    return float(done.fun)


@settings(max_examples=150, deadline=None)
@given(cases(), LEVEL)
def test_the_conditional_value_at_risk_is_the_optimum_of_its_linear_program(
    case: tuple[Array, ...], level: float
) -> None:
    losses, weights = case
    assert cvar(losses, weights, level) == pytest.approx(
        by_linear_program(losses, weights, level), abs=1e-6
    )


@given(cases(), LEVEL)
def test_the_value_at_risk_attains_the_optimum(case: tuple[Array, ...], level: float) -> None:
    losses, weights = case
    quantile = value_at_risk(losses, weights, level)
    excess = expected_loss(np.maximum(losses - quantile, 0), weights)
    assert quantile + excess / (1 - level) == pytest.approx(cvar(losses, weights, level), abs=1e-9)
    share = weights / weights.sum()
    assert share[losses <= quantile].sum() >= level - 1e-9
    assert share[losses < quantile].sum() < level + 1e-9


@given(cases(2), LEVEL, st.floats(-1, 1), st.floats(0, 10))
def test_the_conditional_value_at_risk_is_coherent(
    case: tuple[Array, ...], level: float, shift: float, scale: float
) -> None:
    """Artzner, Delbaen, Eber, Heath 1999."""
    one, other, weights = case
    risk = cvar(one, weights, level)
    near = 1e-9
    assert cvar(np.maximum(one, other), weights, level) >= risk - near
    assert cvar(one + shift, weights, level) == pytest.approx(risk + shift, abs=near)
    assert cvar(scale * one, weights, level) == pytest.approx(scale * risk, abs=near)
    assert cvar(one + other, weights, level) <= risk + cvar(other, weights, level) + near


@given(cases(), LEVEL, LEVEL)
def test_a_thinner_tail_is_worse_from_the_mean_to_the_worst(
    case: tuple[Array, ...], one: float, other: float
) -> None:
    losses, weights = case
    low, high = sorted((one, other))
    mean, largest = expected_loss(losses, weights), worst(losses, weights)
    near = 1e-12
    assert mean - near <= cvar(losses, weights, low)
    assert cvar(losses, weights, low) <= cvar(losses, weights, high) + near
    assert cvar(losses, weights, high) <= largest + near
    assert value_at_risk(losses, weights, low) <= cvar(losses, weights, low) + near
    assert cvar(losses, weights, 0) == pytest.approx(mean, abs=near)
    assert cvar(losses, weights, 1) == largest
    least_weight = (weights[weights > 0] / weights.sum()).min()
    assert cvar(losses, weights, 1 - least_weight / 2) == pytest.approx(largest, abs=near)


@given(cases(), LEVEL, st.integers(0, 1000), st.floats(0.1, 50))
def test_neither_order_nor_scale_of_weights_matter_nor_an_atom_that_is_split(
    case: tuple[Array, ...], level: float, seed: int, scale: float
) -> None:
    losses, weights = case
    order = np.random.default_rng(seed).permutation(len(losses))
    halves = np.concatenate([weights, weights])
    for name, of in STATISTICS.items():
        if name == "value at risk":
            continue  # jumps where the level falls on the edge of an atom
        expected = pytest.approx(of(losses, weights), abs=1e-9)
        assert of(losses[order], scale * weights[order]) == expected
        assert of(np.concatenate([losses, losses]), halves) == expected
    assert cvar(losses[order], weights[order], level) == pytest.approx(
        cvar(losses, weights, level), abs=1e-9
    )


def test_with_equal_weights_it_is_the_mean_of_the_worst_fifth() -> None:
    losses = np.random.default_rng(1).normal(size=30)
    worst_six = np.sort(losses)[-6:]
    assert cvar(losses, np.ones(30), 0.8) == pytest.approx(worst_six.mean(), rel=1e-14)
    assert value_at_risk(losses, np.ones(30), 0.8) == np.sort(losses)[23]


def test_the_disruption_at_the_quantile_counts_with_its_part_of_the_tail() -> None:
    losses, weights = np.array([0.3, 0.1, 0.0]), np.array([0.1, 0.3, 0.6])
    # The worst fifth is all of the first and a tenth of the second.
    assert cvar(losses, weights, 0.8) == pytest.approx((0.1 * 0.3 + 0.1 * 0.1) / 0.2)
    assert value_at_risk(losses, weights, 0.8) == 0.1
    assert expected_loss(losses, weights) == pytest.approx(0.06)
    assert worst(losses, weights) == 0.3


def test_the_deviation_is_that_of_the_log_of_welfare() -> None:
    welfare = np.array([0.9, 1.0, 1.02])
    weights = np.array([0.2, 0.5, 0.3])
    drawn = np.repeat(np.log(welfare), [2, 5, 3])
    assert log_welfare_deviation(1 - welfare, weights) == pytest.approx(drawn.std())
    assert log_welfare_deviation([0.1, 0.1], [1, 1]) == 0


@pytest.mark.parametrize("name", STATISTICS)
def test_regions_are_taken_together_or_one_by_one(name: str) -> None:
    random = np.random.default_rng(2)
    losses = random.uniform(-0.1, 0.5, (20, 3))
    weights = random.uniform(0, 1, (20, 3))
    of = STATISTICS[name]
    assert of(losses, weights).shape == (3,)
    for k in range(3):
        for given_weights, own in ((weights, weights[:, k]), (weights[:, 0], weights[:, 0])):
            alone = of(losses[:, k], own)
            assert of(losses, given_weights)[k] == pytest.approx(alone, rel=1e-13)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", STATISTICS)
def test_an_unsolved_disruption_makes_unknown_what_gives_it_weight(name: str) -> None:
    losses = np.array([[0.1, 0.1], [np.nan, 0.2], [0.0, 0.0]])
    of = STATISTICS[name]
    given_weight = of(losses, np.array([0.5, 0.1, 0.4]))
    assert np.isnan(given_weight[0]) and np.isfinite(given_weight[1])
    without = of(losses, np.array([0.5, 0.0, 0.5]))
    assert without[0] == of(np.array([0.1, 0.0]), np.array([0.5, 0.5]))
    assert np.isnan(of(losses, np.zeros(3))).all()  # nothing to weigh


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: expected_loss([0.1, 0.2], [1.0]), "weights"),
        (lambda: expected_loss([0.1, 0.2], [1.0, -1.0]), "weights"),
        (lambda: worst([0.1], [np.nan]), "weights"),
        (lambda: worst([], []), "losses"),
        (lambda: cvar([0.1], [1.0], 1.1), "level"),
        (lambda: value_at_risk([0.1], [1.0], float("nan")), "level"),
        (lambda: log_welfare_deviation([1.0, 0.1], [1.0, 1.0]), "losses"),
        (lambda: loss_area(0.1, 0.05), "losses"),
        (lambda: loss_area([0.1], -1.0), "rate"),
        (lambda: time_to_recover([0.1], -1, 0.1), "from_year"),
        (lambda: time_to_recover([0.1], 1, 0.0), "fraction"),
    ],
)
def test_what_is_no_distribution_is_refused(call: Callable[[], object], key: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.key == key


# -- over the years


def test_a_loss_is_made_up_for_in_the_first_year_below_the_threshold() -> None:
    losses = np.array([0.10, 0.05, 0.02, 0.009, 0.03])
    assert time_to_recover(losses, 1, 0.1) == 3
    assert time_to_recover(losses, 1, 0.3) == 2
    assert time_to_recover(losses, 4, 0.5) == 4
    assert np.isnan(time_to_recover(losses, 4, 0.1))
    assert np.isnan(time_to_recover(losses, 9, 0.1))


@pytest.mark.filterwarnings("error")
def test_a_region_that_loses_nothing_needs_no_time_and_gaps_are_unknown() -> None:
    nan = np.nan
    by_region = np.array([
        [-0.01, 1e-12, 0.1, nan, 0.1, 0.1, 0.1],
        [0.000, 1e-12, nan, 0.0, 0.1, 0.0, -0.1],
        [0.000, 1e-12, 0.0, 0.0, 0.1, nan, 0.1],
    ])  # fmt: skip
    expected = [0, 0, nan, nan, nan, 1, 1]
    np.testing.assert_array_equal(time_to_recover(by_region, 1, 0.1), expected)


@given(
    st.floats(0.001, 0.5), st.floats(0.1, 0.95), st.integers(1, 5), st.floats(0.01, 0.9),
    st.floats(0.0, 0.2),
)  # fmt: skip
def test_a_loss_that_decays_at_a_rate_has_its_closed_forms(
    first: float, decay: float, duration: int, fraction: float, rate: float
) -> None:
    years = np.arange(400)
    losses = first * decay ** np.maximum(years - duration + 1, 0)
    expected = duration - 1 + np.floor(np.log(fraction) / np.log(decay)) + 1
    found = time_to_recover(losses, duration, fraction)
    # Where the threshold falls on a year exactly, rounding decides.
    on_a_year = abs(fraction - decay ** (expected - duration)) < 1e-12
    assert found == expected or on_a_year
    beta = 1 / (1 + rate)
    area = first * (
        (beta ** np.arange(duration)).sum() + beta**duration * decay / (1 - beta * decay)
    )
    assert loss_area(losses, rate) == pytest.approx(area, rel=1e-6)


def test_areas_of_regions_are_taken_together() -> None:
    losses = np.array([[0.1, 0.2], [0.05, np.nan], [0.0, 0.0]])
    areas = loss_area(losses, 0.25)
    assert areas[0] == pytest.approx(0.1 + 0.05 / 1.25)
    assert np.isnan(areas[1])
