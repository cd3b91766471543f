"""Random economies, random policies (:mod:`economies`): solved and right, or refused."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from economies import CLOSURES, INSTRUMENTS, Economy, examined, outcome
from hypothesis import given, settings
from hypothesis import strategies as st


@st.composite
def economies(draw: st.DrawFn) -> Economy:
    """Draw an economy, its closure and its shock."""
    return Economy(
        seed=draw(st.integers(0, 2**32 - 3)),
        regions=draw(st.integers(2, 4)),
        sectors=draw(st.integers(1, 4)),
        use_classes=draw(st.integers(1, 3)),
        factors=draw(st.integers(1, 3)),
        agents=draw(st.integers(1, 3)),
        zeros=draw(st.sampled_from([0.0, 0.3, 0.6])),
        wedges=draw(st.booleans()),
        imbalance=draw(st.sampled_from([0.0, 0.1, 0.3])),
        closure=draw(st.sampled_from(CLOSURES)),
        instruments=draw(st.frozensets(st.sampled_from(sorted(INSTRUMENTS)), max_size=4)),
    )


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(economies())
def test_random_economies_are_solved_or_refused_with_a_reason(economy):
    """What is wrong fails within; several equilibria are possible, and told."""
    assert examined(economy, ipopt=False).result in ("solved", "refused", "two equilibria")


@pytest.mark.slow
def test_of_many_worlds_none_is_wrong_and_few_are_refused():
    """CGE_WORLDS=200:1000 takes other seeds than the first 300."""
    first, last = map(int, os.environ.get("CGE_WORLDS", "0:300").split(":"))
    found = [outcome(seed) for seed in range(first, last)]
    count = Counter(one.result for one in found)
    print(dict(count))
    assert not [one for one in found if one.result in ("wrong", "out of time")]
    assert count["solved"] > 0.65 * len(found), dict(count)
