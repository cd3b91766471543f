"""Shared by the tests: the real benchmark, combined shocks, values by code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from oracle import POLICY_AXES, benchmark_policy
from scipy import sparse

from cge import Benchmark, Model, Solution, load_benchmark
from cge.solve.square.arrays import MonomialArrays

Array = NDArray[np.float64]

#: A mutual tariff of 50 points between two regions of the real benchmark.
TARIFF_WAR = {"tariff[*, CHN, *, USA]": 1.5, "tariff[*, USA, *, CHN]": 1.5}


@lru_cache(maxsize=4)
def small_model(horizon: str = "long") -> Model:
    """Return the compiled model of the real benchmark in its small aggregation."""
    return Model.build(load_benchmark("wiod2013", aggregation="small"), horizon)


def axis_codes(b: Benchmark) -> dict[str, tuple[str, ...]]:
    """Return the codes of every axis letter."""
    return {
        "u": b.use_classes, "r": b.regions, "s": b.regions, "i": b.sectors,
        "j": b.sectors, "d": b.agents, "f": b.factors,
    }  # fmt: skip


def grid(solution: Solution, name: str) -> Array:
    """Return a variable or outcome as an array over all its axes, NaN where it is absent."""
    model = solution.model
    family = model.family(name)
    values = solution.values(name)  # all outcomes at once would all be compiled
    codes = axis_codes(model.benchmark)
    place = [{code: n for n, code in enumerate(codes[axis])} for axis in family.axes]
    array = np.full([len(codes[axis]) for axis in family.axes], np.nan)
    for value, index in zip(values, family.index, strict=True):
        array[tuple(p[code] for p, code in zip(place, index, strict=True))] = value
    return array


def policy_of(model: Model, levels: Array) -> dict[str, Any]:
    """Return levels of the exogenous columns as the oracle's policy."""
    b = model.benchmark
    policy = benchmark_policy(b)
    codes = axis_codes(b)
    for name, axes in POLICY_AXES.items():
        block = model.variables[name]
        scale = b.absorption if name == "balance" else np.ones(1)
        for position, index in enumerate(block.index, start=block.start):
            cell = tuple(codes[a].index(code) for a, code in zip(axes, index, strict=True))
            policy[name][cell] = levels[position] * scale[cell[0] if len(scale) > 1 else 0]
    policy["numeraire"] = float(levels[model.variables["numeraire"].start])
    return policy


def combined_shock(
    model: Model, seed: int, size: float = 0.2, without: tuple[str, ...] = ()
) -> Array:
    """Return levels with every exogenous cell moved at once, each by its own random factor.

    A weight moves as a quality change of that size would move it, by the factor to the
    power sigma - 1: otherwise nests with sigma near one would get absurd unit costs.

    Parameters
    ----------
    model : Model
    seed : int
    size : float
        Standard deviation of the logs of the factors.
    without : tuple of str
        Exogenous variables left at their benchmark. Factor differentials always are:
        they belong to closures.
    """
    rng = np.random.default_rng(seed)
    levels = model.arrays.start.copy()
    for name in POLICY_AXES:
        if name in without:
            continue
        here = model.variables[name].positions
        count = here.stop - here.start
        if name == "balance":
            levels[here] += rng.normal(size=count) * size * 0.2  # need not sum to zero
        else:
            logs = size * rng.normal(size=count).clip(-2, 2)
            levels[here] *= np.exp(logs * _strength(model, name))
    if "numeraire" not in without:
        levels[model.variables["numeraire"].start] = np.exp(size * rng.normal())
    return levels


def _strength(model: Model, name: str) -> Array:
    """Return the power to which a shock on each cell of a variable is taken."""
    nests = {
        "origin_weight": ("armington", (0, 2, 3)),
        "input_weight": ("intermediate", (0, 2)),
        "final_weight": ("final", (0, 1)),
    }
    block = model.variables[name]
    if name not in nests:
        return np.ones(len(block))
    nest, axes = nests[name]
    sigma = getattr(model.benchmark.elasticities[model.horizon], nest)
    codes = axis_codes(model.benchmark)
    letters = POLICY_AXES[name]
    cells = [tuple(codes[letters[a]].index(c[a]) for a in axes) for c in block.index]
    return np.array([sigma[cell] - 1 for cell in cells])


def assert_same_equations(one: MonomialArrays, other: MonomialArrays) -> None:
    """Assert that all rows and outcomes are the same sums of the same monomials."""
    for kind in ("columns", "rows", "outcomes"):
        a, b = getattr(one, kind), getattr(other, kind)
        assert [(x.name, x.start, x.index) for x in a] == [(x.name, x.start, x.index) for x in b]
    np.testing.assert_array_equal(one.start, other.start)
    np.testing.assert_array_equal(one.free, other.free)
    numbers: dict[tuple, int] = {}
    place = []
    for arrays in (one, other):
        e, free = arrays.exponents, arrays.free_of_term
        powers = np.round(e.data, 9) + 0.0
        place.append(
            [
                numbers.setdefault(
                    (free[t], *e.indices[here].tolist(), *powers[here].tolist()), len(numbers)
                )
                for t in range(e.shape[0])
                for here in [slice(e.indptr[t], e.indptr[t + 1])]
            ]
        )
    for name in ("coefficients", "outcome_coefficients"):
        matched = []
        for arrays, places in zip((one, other), place, strict=True):
            matrix = getattr(arrays, name).tocoo()
            columns = np.array(places)[matrix.col]
            shape = (matrix.shape[0], len(numbers))
            matched.append(sparse.csr_array((matrix.data, (matrix.row, columns)), shape=shape))
        size = abs(matched[0]).max(axis=1).toarray().ravel()
        assert (size > 0).any()
        gap = abs(matched[0] - matched[1]).max(axis=1).toarray().ravel()
        assert (gap <= 1e-12 * size).all()
