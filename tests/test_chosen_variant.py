"""What choosing among variants with errors is worth: closed forms, limits and order."""

from __future__ import annotations

from statistics import NormalDist
from typing import get_args

import numpy as np
import pytest

from cge.scenario.claim_file import Take
from cge.uncertainty.chosen_variant import TAKEN, break_even_noise, worth_of_choice


def test_of_two_the_better_is_chosen_with_the_probability_of_the_normal_distribution() -> None:
    returns = np.array([1.0, -1.0])  # standard deviation 1
    for noise in (0.5, 1.0, 2.0, 5.0):
        right = NormalDist().cdf(2 / (noise * np.sqrt(2)))
        assert worth_of_choice(returns, noise) == pytest.approx(2 * right - 1, abs=0.03)


def test_without_noise_the_best_is_chosen_and_with_much_of_it_any() -> None:
    returns = np.array([3.0, 1.0, -1.0, 0.5])
    assert worth_of_choice(returns, 0.0) == 3.0
    assert worth_of_choice(returns, 1e6) == pytest.approx(returns.mean(), abs=0.05)
    worth = [worth_of_choice(returns, noise) for noise in (0, 0.3, 1, 3, 10)]
    assert worth == sorted(worth, reverse=True)


def test_the_break_even_noise_is_where_a_choice_is_worth_nothing() -> None:
    # Of two with a - b = 2 the mean is worth c: right with probability p, 2 p - 1 = -c.
    level = 0.4
    noise = break_even_noise(np.array([1.0, -1.0]) - level)
    right = (1 + level) / 2
    assert noise == pytest.approx(2 / np.sqrt(2) / NormalDist().inv_cdf(right), rel=0.05)
    assert worth_of_choice(np.array([0.6, -1.4]), noise) == pytest.approx(0, abs=2e-3)


def test_there_is_no_break_even_noise_where_all_or_none_do_better() -> None:
    assert break_even_noise(np.array([-1.0, -2.0])) == 0
    assert break_even_noise(np.array([1.0, 2.0])) == np.inf
    assert break_even_noise(np.array([3.0, -1.0])) == np.inf  # also by lot
    assert np.isnan(break_even_noise(np.array([1.0, np.nan])))


def test_the_noise_does_not_depend_on_the_unit_of_returns() -> None:
    differences = np.array([1.0, -0.5, -2.0])
    assert break_even_noise(differences) == pytest.approx(break_even_noise(1e-6 * differences))


def test_every_statistic_that_a_file_may_name_is_known_and_of_each_draw() -> None:
    assert list(TAKEN) == list(get_args(Take))
    sizes = np.array([[1.0, 2.0, -9.0], [4.0, 5.0, 6.0]])
    found = {name: take(sizes).tolist() for name, take in TAKEN.items()}
    assert found["mean"] == [-2, 5] and found["median"] == [1, 5]
    assert found["smallest"] == [-9, 4] and found["largest"] == [2, 6]
    assert found["p90"] == pytest.approx([1.8, 5.8])
