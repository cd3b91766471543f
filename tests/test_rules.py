"""Rules that are run for whole families give what they give member by member."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from gtap_folder import write
from numpy.typing import NDArray
from tools import assert_same_equations, combined_shock, small_model
from worlds import random_world

from cge import (
    Benchmark,
    Model,
    Solution,
    calibrate_gtap,
    load_benchmark,
    with_household_demand,
    with_import_bundles,
)
from cge.data.accounts.ownership_accounts import Ownership
from cge.data.elasticities.nests import NEST_AXES
from cge.model.build import build_model
from cge.model.language.elasticity import parameters
from cge.model.language.forms import cells, product, ratio, signed, total
from cge.model.quantities import OUTCOMES
from cge.solve.monomials import compile_template
from cge.solve.rules.compiled import Reading
from cge.solve.rules.frames import NotMonomial
from cge.solve.square.arrays import Block
from cge.solve.square.system import outcome_values

Array = NDArray[np.float64]


def with_cobb_douglas(b: Benchmark) -> Benchmark:
    """Return a benchmark in which every second cell of every nest is Cobb-Douglas."""
    by_horizon = {}
    for horizon, old in b.elasticities.items():
        new = {}
        for nest in NEST_AXES:
            array = getattr(old, nest).copy()
            if nest != "transformation":
                array.ravel()[::2] = 1.0
            new[nest] = array
        by_horizon[horizon] = replace(old, **new)
    return b.with_elasticities(**by_horizon)


@lru_cache(maxsize=1)
def standard_world() -> Benchmark:
    """Return made-up GTAP data with all parts of the standard model."""
    with TemporaryDirectory() as folder:
        return calibrate_gtap(write(Path(folder) / "gtap")).benchmark


def homothetic(b: Benchmark) -> Benchmark:
    """Return a benchmark whose households have income elasticities of one."""
    return b.with_elasticities(
        **{h: replace(one, household=None) for h, one in b.elasticities.items()}
    )


def owned(b: Benchmark) -> Benchmark:
    """Return a benchmark of which the first region owns capital in some sectors of the last one."""
    b = replace(b, factors=("LAB", "CAP"))
    share = np.zeros(b.axes.shape("rsj"))
    share[0, -1, :2] = 0.4, 0.1
    return replace(b, ownership=Ownership.of(share))


WORLDS = {
    "real data": lambda: load_benchmark("wiod2013", aggregation="small"),
    "Cobb-Douglas nests": lambda: with_cobb_douglas(
        load_benchmark("wiod2013", aggregation="small")
    ),
    "cells that are missing": lambda: random_world(17, zeros=0.4, imbalance=0.3),
    "one region": lambda: random_world(18, regions=1),
    "other income elasticities": lambda: with_household_demand(
        random_world(19, zeros=0.3), 0.4, [0.5, 1.1, 1.3]
    ),
    "bundles of imports": lambda: with_import_bundles(random_world(20, zeros=0.3)),
    "capital owned abroad": lambda: owned(random_world(21, zeros=0.3)),
    "the standard GTAP model": lambda: standard_world(),
    "the standard GTAP model, homothetic": lambda: homothetic(standard_world()),
}


@pytest.mark.parametrize("backstop", [False, True])
@pytest.mark.parametrize("horizon", ["short", "long"])
@pytest.mark.parametrize("world", list(WORLDS))
def test_the_template_is_that_of_pyomos_model_of_the_same_rules(world, horizon, backstop):
    b = WORLDS[world]()
    covered = b.sectors[1:3] if backstop else ()
    template = Model.build(b, horizon, backstop=covered).template
    p = parameters(b.elasticities[horizon])
    oracle = compile_template(build_model(b, horizon, True, covered), list(OUTCOMES), len(p))
    rng = np.random.default_rng(0)
    for values in (p, p * rng.uniform(0.5, 1.5, len(p)) + rng.uniform(0.1, 0.2, len(p))):
        assert_same_equations(template.at(values), oracle.at(values))


def test_terms_of_a_template_are_all_different_and_sorted():
    whole = small_model().template.whole
    values = whole.exponents.data + whole.exponent_slopes @ np.sqrt(
        2.0 + np.arange(whole.exponent_slopes.shape[1])
    )
    rows = [
        (*whole.exponents.indices[here].tolist(), *values[here].tolist(), whole.free_of_term[n])
        for n in range(whole.exponents.shape[0])
        for here in [slice(*whole.exponents.indptr[n : n + 2])]
    ]
    assert len(set(rows)) == len(rows)
    assert whole.exponents.has_sorted_indices
    assert (np.diff(whole.exponents.indices)[np.diff(rows_of(whole.exponents)) == 0] > 0).all()


def rows_of(matrix) -> NDArray[np.int64]:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


# -- outcomes when they are asked for -----------------------------------------------------


def moved(model: Model) -> Array:
    levels = combined_shock(model, 5, 0.1, without=("factor_supply",))
    rng = np.random.default_rng(3)
    return levels * rng.uniform(0.9, 1.1, len(levels))


def test_each_outcome_alone_has_the_values_that_it_has_among_all():
    model = small_model()
    levels = moved(model)
    together = outcome_values(model.template.whole.at(parameters_of(model)), levels)
    for name, family in model.outcomes.items():
        alone = outcome_values(model.arrays.only(name), levels)
        np.testing.assert_allclose(alone, together[family.positions], rtol=1e-11, atol=1e-9)


def parameters_of(model: Model) -> Array:
    return parameters(model.benchmark.elasticities[model.horizon])


def test_the_terms_of_the_equations_are_the_first_of_all():
    arrays = small_model().arrays
    count = arrays.equations.exponents.shape[0]
    assert 0 < count < arrays.exponents.shape[0]
    np.testing.assert_array_equal(
        arrays.exponents[:count].toarray(), arrays.equations.exponents.toarray()
    )
    np.testing.assert_array_equal(arrays.free_of_term[:count], arrays.equations.free_of_term)
    first = arrays.coefficients[:, :count].toarray()
    np.testing.assert_array_equal(first, arrays.equations.coefficients.toarray())
    assert arrays.coefficients[:, count:].nnz == 0


def test_a_solution_compiles_only_the_outcomes_that_are_read(monkeypatch):
    asked: list[str] = []
    compiler = Reading.outcomes
    monkeypatch.setattr(
        Reading, "outcomes", lambda self, names, known: asked.extend(names)
        or compiler(self, names, known),
    )  # fmt: skip
    model = Model.build(random_world(19, imbalance=0.2))
    solution = model.solve(combined_shock(model, 2, 0.1))
    assert asked == []
    solution.outcome("welfare[R0]")
    assert asked == ["welfare"]
    exports = solution.outcomes[model.outcomes["exports"].positions]
    assert asked == ["welfare", "exports"]
    np.testing.assert_array_equal(exports, solution.values("exports"))
    model.solve(combined_shock(model, 3, 0.1)).outcome("welfare[R1]")
    assert asked == ["welfare", "exports"]


def solved() -> Solution:
    return small_model().solve({"tariff[*, CHN, *, USA]": 1.2})


def test_outcomes_are_read_like_an_array():
    outcomes = solved().outcomes
    every = np.asarray(outcomes)
    assert len(outcomes) == len(every) == sum(map(len, small_model().outcomes.values()))
    rng = np.random.default_rng(4)
    some = rng.integers(0, len(every), 200)
    np.testing.assert_array_equal(outcomes[some], every[some])
    np.testing.assert_array_equal(outcomes[every > 1], every[every > 1])
    for start, stop in ((0, 3), (5, 400), (len(every) - 2, len(every)), (7, 7)):
        np.testing.assert_array_equal(outcomes[start:stop], every[start:stop])
    assert outcomes[11] == every[11]
    np.testing.assert_array_equal(2 * outcomes - every, every)
    np.testing.assert_array_equal(np.maximum(outcomes, 1.0), np.maximum(every, 1.0))


def test_outcomes_that_were_read_can_not_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        solved().values("welfare")[0] = 2.0


# -- cells --------------------------------------------------------------------------------


def test_codes_of_cells_are_made_when_they_are_asked_for():
    cells = [("A", "x"), ("B", "x"), ("A", "y")]
    index = Block.of("price", 4, cells).index
    assert list(index) == cells
    assert index[1] == index[-2] == ("B", "x")
    assert tuple(index[1:]) == tuple(cells[1:])
    assert index == tuple(cells) == index
    assert index != tuple(cells[:2])
    assert ("A", "y") in index
    with pytest.raises(IndexError):
        index[3]
    single = Block.of("numeraire", 0, [()])
    assert (len(single), list(single.index), single.index[0]) == (1, [()], ())


# -- rules ---------------------------------------------------------------------------------


def read(rule):
    """Return rows and terms of a rule for each of three regions."""

    def rules(m, k):
        m.REGIONS = cells("s", k.absorption)
        m.PAIRS = cells("rs", k.flow, by=lambda c: (c[1], c[3]))
        m.x, m.y = ratio(m.REGIONS), ratio(m.REGIONS)
        m.z, m.one = ratio(m.PAIRS), ratio()
        m.r = signed(m.REGIONS, start=0.5)

        @m.Constraint(m.REGIONS)
        def odd(m, s):
            return rule(m, k, s)

    return Reading(random_world(20), "long", (), rules).equations()


#: Rules by what is wrong with them, and what is said of them.
UNREADABLE = {
    "a sum in a denominator": (lambda m, k, s: m.x[s] / (m.x[s] + m.y[s]) == 1, "divides by a sum"),
    "a variable exponent": (lambda m, k, s: m.x[s] ** m.y[s] == 1, "exponent is not a number"),
    "a number to a variable": (lambda m, k, s: 2.0 ** m.y[s] == 1, "exponent is not a number"),
    "a sum to a broken power": (lambda m, k, s: (m.x[s] + m.y[s]) ** 0.5 == 1, "a sum"),
    "a free variable squared": (lambda m, k, s: m.r[s] ** 2 + m.x[s] == 1, "either sign"),
    "two free variables": (lambda m, k, s: m.r[s] * (m.r[s] + m.x[s]) == 1, "either sign"),
    "a free variable below": (lambda m, k, s: m.x[s] / m.r[s] == 4, "either sign"),
    "a root of a negative number": (lambda m, k, s: (-2 * m.x[s]) ** 0.5 == m.y[s], "not a real"),
    "an inequality": (lambda m, k, s: m.x[s] <= m.y[s], "not an equality"),
    "no number": (lambda m, k, s: float("nan") * m.x[s] == m.y[s], "not a finite number"),
    "an open elasticity as a factor": (
        lambda m, k, s: k.sigma_agents[(s,)] * m.x[s] == 1, "elsewhere than in an exponent",
    ),
    "an open elasticity in a sum": (
        lambda m, k, s: k.sigma_agents[(s,)] + m.x[s] == 1, "elsewhere than in an exponent",
    ),
    "an open power of an open power": (
        lambda m, k, s: (m.x[s] ** k.sigma_agents[(s,)]) ** k.sigma_agents[(s,)] == 1,
        "not affine",
    ),
    "a constant that is left": (
        lambda m, k, s: (m.x[s] / 2) ** k.sigma_agents[(s,)]
        + (m.x[s] / 3) ** k.sigma_agents[(s,)] == 1, "does not cancel",
    ),
    "a group that is not added up": (
        lambda m, k, s: m.x[s] == sum(m.y[c[1]] for c in k.by("flow", "s")[s,]),
        "add it up",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(UNREADABLE))
def test_what_is_not_a_sum_of_monomials_is_refused_by_name(case):
    rule, reason = UNREADABLE[case]
    with pytest.raises(NotMonomial, match=f"^odd.*{reason}"):
        read(rule)


def test_a_member_that_is_refused_is_named():
    """Only where the region is the second does the variable of either sign stand in a product."""
    with pytest.raises(NotMonomial, match=r"^odd\[R1\]: .*either sign"):
        read(lambda m, k, s: (m.r[s] * m.x[s] if s != "R1" else m.r[s] ** 2) == 1)


def found(rule) -> list[dict[tuple[tuple[str, float], ...], float]]:
    """Return the monomials of each region's equation: coefficient by factors."""
    rows, terms = read(rule)
    names = [(f"x{n}" for n in range(3)), (f"y{n}" for n in range(3)),
             (f"z{n}{k}" for n in range(3) for k in range(3)), ("one",),
             (f"r{n}" for n in range(3))]  # fmt: skip
    label = [name for some in names for name in some]
    result = []
    for n in range(rows.coefficients.shape[0]):
        row = rows.coefficients[[n]]
        own = {}
        for term, value in zip(row.indices.tolist(), row.data.tolist(), strict=True):
            here = slice(*terms.exponents.indptr[term : term + 2])
            pairs = zip(terms.exponents.indices[here], terms.exponents.data[here], strict=True)
            factors = [(label[column], power) for column, power in pairs]
            if terms.free_of_term[term] >= 0:
                factors.append((label[terms.free_of_term[term]], 1.0))
            own[tuple(factors)] = value
        result.append(own)
    return result


def test_a_rule_may_differ_between_members_of_its_family():
    rows = found(lambda m, k, s: m.x[s] == (m.y[s] if s == "R1" else m.one))
    other = [(("one", 1.0),), (("y1", 1.0),), (("one", 1.0),)]
    for n, row in enumerate(rows):
        assert row == {((f"x{n}", 1.0),): 1.0, other[n]: -1.0}


def test_a_rule_may_differ_between_members_of_a_group():
    rows = found(
        lambda m, k, s: (
            m.one == total(m.z[r, s] if r != s else m.z[r, s] ** 2 * m.x[r] for r in m.REGIONS)
        )
    )
    for n, row in enumerate(rows):
        expected = {(("one", 1.0),): 1.0, ((f"x{n}", 1.0), (f"z{n}{n}", 2.0)): -1.0}
        expected |= {((f"z{k}{n}", 1.0),): -1.0 for k in range(3) if k != n}
        assert row == expected


def test_a_sum_may_stand_in_a_sum():
    rows = found(
        lambda m, k, s: (
            m.one
            == total(m.x[r] * total(m.z[r, q] for q in m.REGIONS if q != s) for r in m.REGIONS)
        )
    )
    for n, row in enumerate(rows):
        assert row == {
            (("one", 1.0),): 1.0,
            **{
                ((f"x{r}", 1.0), (f"z{r}{q}", 1.0)): -1.0
                for r in range(3) for q in range(3) if q != n
            },
        }  # fmt: skip


def test_what_does_not_depend_on_the_group_counts_for_each_of_its_members():
    rows = found(
        lambda m, k, s: m.x[s] == total(m.y[s] for _ in m.REGIONS) + total(2 for _ in m.REGIONS)
    )
    for n, row in enumerate(rows):
        assert row == {((f"x{n}", 1.0),): 1.0, ((f"y{n}", 1.0),): -3.0, (): -6.0}


def test_a_product_over_a_group_is_one_monomial():
    rows = found(lambda m, k, s: product(m.x[r] ** 0.5 for r in m.REGIONS if r != s) * m.x[s] == 2)
    for n, row in enumerate(rows):
        powers = tuple((f"x{k}", 1.0 if k == n else 0.5) for k in range(3))
        assert row == {powers: 1.0, (): -2.0}


def test_like_terms_merge_and_those_that_cancel_vanish():
    rows = found(
        lambda m, k, s: (
            2 * m.x[s] * m.one + 3 * m.one * m.x[s] + (m.x[s] + m.one) ** 2
            == m.x[s] ** 0.5 * m.x[s] ** 1.5 + m.one * m.x[s] / m.x[s]
        )
    )
    for n, row in enumerate(rows):
        assert row == {
            ((f"x{n}", 1.0), ("one", 1.0)): 7.0, (("one", 2.0),): 1.0, (("one", 1.0),): -1.0,
        }  # fmt: skip


def test_variables_that_are_one_and_the_same_for_some_members_are_merged_there():
    """On the diagonal z[r, s] is z[s, r]."""
    rows = found(
        lambda m, k, s: total(m.z[r, s] * m.z[s, r] ** -1 * m.z[r, s] for r in m.REGIONS) == 1
    )
    for n, row in enumerate(rows):
        expected = {(((f"z{n}{n}"), 1.0),): 1.0, (): -1.0}
        for r in range(3):
            if r != n:
                pair = sorted([(f"z{r}{n}", 2.0), (f"z{n}{r}", -1.0)])
                expected[tuple(pair)] = 1.0
        assert row == expected
