"""Sampling designs and what they promise."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cge import InputError
from cge.uncertainty.designs import DESIGNS, Design, moments, quantiles, sample, stroud
from cge.uncertainty.uncertain_parameters import UncertainParameter

PARAMETERS = (
    *(UncertainParameter(f"armington[S{k}]", 2.0, 3.0 + k / 3, 6.0, "armington")
      for k in range(6)),
    *(UncertainParameter(f"top[S{k}]", 0.2, 0.2, 0.5, "top") for k in range(5)),
    UncertainParameter("final", 0.5, 0.9, 1.2, "final"),
)  # fmt: skip
LOW, CENTRAL, HIGH = np.array([(p.low, p.central, p.high) for p in PARAMETERS]).T


def combinations() -> list[Design]:
    every = itertools.product(DESIGNS, ("triangular", "uniform"), (0.0, 0.4, 1.0))
    return [
        Design(kind, 64, distribution, correlation)
        for kind, distribution, correlation in every
        if kind != "stroud" or correlation in (0.0, 1.0)
    ]


@pytest.mark.parametrize("design", combinations(), ids=str)
def test_draws_stay_in_their_ranges_and_move(design: Design) -> None:
    values = sample(design, PARAMETERS)
    assert ((values >= LOW) & (values <= HIGH)).all()
    assert (values.std(axis=0) > 0).all()


@pytest.mark.parametrize("design", combinations(), ids=str)
def test_a_design_is_its_seed(design: Design) -> None:
    again = sample(design, PARAMETERS)
    assert np.array_equal(sample(design, PARAMETERS), again)
    if not design.quadrature:
        assert not np.array_equal(sample(replace(design, seed=2), PARAMETERS), again)


@pytest.mark.parametrize("distribution", ["triangular", "uniform"])
def test_a_latin_hypercube_puts_one_draw_in_every_part_of_every_range(distribution: str) -> None:
    n = 50
    values = sample(Design(draws=n, distribution=distribution), PARAMETERS)
    edges = quantiles(
        distribution, np.arange(n + 1)[:, None] / n, LOW, CENTRAL, HIGH
    )  # fmt: skip
    for column, marks in zip(values.T, edges.T, strict=True):
        assert np.histogram(column, marks)[0].tolist() == [1] * n


@pytest.mark.parametrize("distribution", ["triangular", "uniform"])
@pytest.mark.parametrize("correlation", [0.0, 1.0])
def test_quadrature_points_have_the_moments_of_the_distributions(
    distribution: str, correlation: float
) -> None:
    values = sample(
        Design("stroud", distribution=distribution, correlation=correlation), PARAMETERS
    )
    mean, sd = moments(distribution, LOW, CENTRAL, HIGH)
    assert values.mean(axis=0) == pytest.approx(mean, rel=1e-12)
    assert values.std(axis=0) == pytest.approx(sd, rel=1e-12)
    for k, p in enumerate(PARAMETERS):
        if distribution == "triangular":
            shape = stats.triang((p.central - p.low) / (p.high - p.low), p.low, p.high - p.low)
        else:
            shape = stats.uniform(p.low, p.high - p.low)
        assert (mean[k], sd[k]) == pytest.approx((shape.mean(), shape.std()))
    together = np.corrcoef(values.T)
    nests = np.array([p.group for p in PARAMETERS])
    same = nests[:, None] == nests[None, :]
    expected = np.where(same, correlation, 0.0)
    np.fill_diagonal(expected, 1.0)
    assert together == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4, 7, 66])
def test_stroud_points_are_few(dimensions: int) -> None:
    assert stroud(dimensions).shape == (2 * dimensions, dimensions)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_stroud_points_integrate_every_cubic_of_uniform_variables(
    dimensions: int, seed: int
) -> None:
    # A polynomial sum of c * prod x**k with total degree up to 3, over uniforms of variance 1.
    generator = np.random.default_rng(seed)
    points = stroud(dimensions)
    powers = [
        k for k in itertools.product(range(4), repeat=dimensions) if sum(k) <= 3
    ]  # fmt: skip
    moment = {0: 1.0, 1: 0.0, 2: 1.0, 3: 0.0}
    exact = quadrature = 0.0
    for k in powers:
        c = generator.normal()
        exact += c * float(np.prod([moment[e] for e in k]))
        quadrature += c * float(np.prod(points ** np.array(k), axis=1).mean())
    assert quadrature == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize("wanted", [0.3, 0.8])
def test_sectors_of_a_nest_have_the_rank_correlation_and_nests_have_none(wanted: float) -> None:
    values = sample(Design(draws=4000, correlation=wanted), PARAMETERS)
    ranks = np.asarray(stats.spearmanr(values).statistic)
    nests = np.array([p.group for p in PARAMETERS])
    same = nests[:, None] == nests[None, :]
    off = ~np.eye(len(PARAMETERS), dtype=bool)
    assert ranks[same & off] == pytest.approx(wanted, abs=0.05)
    assert np.abs(ranks[~same]).max() < 0.06


def test_full_correlation_moves_the_sectors_of_a_nest_as_one() -> None:
    values = sample(Design(draws=60, correlation=1.0), PARAMETERS)
    order = np.argsort(values[:, 0])
    assert (np.diff(values[order][:, :6], axis=0) > 0).all()


def test_only_elasticities_are_kept_off_one() -> None:
    share = UncertainParameter("share", 1 - 1e-5, 1.0, 1.0, "share", place="closure.balance.scale")
    values = sample(Design(draws=20), (share,))
    assert ((values > 1 - 1e-5) & (values <= 1)).all()


def test_no_draw_is_a_cobb_douglas_nest() -> None:
    around = (UncertainParameter("top[A]", 1 - 1e-5, 1.0, 1 + 1e-5, "top"),)
    assert (np.abs(sample(Design(draws=20), around) - 1) >= 1e-4 * (1 - 1e-9)).all()


@pytest.mark.parametrize(
    ("given_", "key"),
    [
        ({"kind": "sobol"}, "design"),
        ({"distribution": "normal"}, "distribution"),
        ({"draws": 0}, "draws"),
        ({"draws": 1}, "draws"),
        ({"draws": -5}, "draws"),
        ({"draws": True}, "draws"),
        ({"correlation": 1.01}, "correlation"),
        ({"correlation": -0.1}, "correlation"),
        ({"correlation": float("nan")}, "correlation"),
        ({"kind": "stroud", "correlation": 0.5}, "correlation"),
        ({"seed": -1}, "seed"),
    ],
)
def test_an_impossible_design_is_refused_by_its_key(given_: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as caught:
        Design(**given_)
    assert caught.value.key == key and caught.value.allowed
