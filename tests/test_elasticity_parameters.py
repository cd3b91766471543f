"""One compiled model serves every elasticity: the same equations as compiled with numbers."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from pyomo.environ import ConcreteModel, Constraint, Expression, PositiveReals, Var
from scipy import sparse
from tools import TARIFF_WAR, assert_same_equations, combined_shock, small_model
from worlds import random_world

from cge import Benchmark, Model, load_benchmark
from cge.core.errors import InputError
from cge.core.recent import Recent
from cge.data.elasticities.nests import LARGEST, NEST_AXES, Elasticities
from cge.data.elasticities.sets import NAMED_SETS
from cge.model.build import build_model
from cge.model.language.elasticity import Elasticity, NotAffine, cobb_douglas, parameters, positions
from cge.model.quantities import OUTCOMES
from cge.solve.monomials import NotMonomial, compile_model, compile_template
from cge.solve.square.arrays import MonomialArrays, MonomialTemplate

Array = NDArray[np.float64]
HORIZONS = ("short", "long")


def with_numbers(b: Benchmark, horizon: str = "long") -> MonomialArrays:
    """Return the equations compiled with numbers where the elasticities are."""
    return compile_model(build_model(b, horizon), list(OUTCOMES))


def direct_model(b: Benchmark, horizon: str = "long") -> Model:
    """Return the model of the equations compiled with numbers."""
    arrays = with_numbers(b, horizon)
    return Model(b, SimpleNamespace(at=lambda _: arrays, patterns=Recent(1)), horizon)


def all_of(b: Benchmark, value: float) -> Elasticities:
    """Return elasticities that all have one value, factors mobile."""
    old = b.elasticities["long"]
    new = {nest: np.full(getattr(old, nest).shape, value) for nest in NEST_AXES}
    return Elasticities(**{**new, "transformation": old.transformation})


def used_exponents(arrays: MonomialArrays) -> sparse.csr_array:
    """Return the exponents of the terms that stand in an equation or an outcome."""
    matrices = (arrays.coefficients, arrays.outcome_coefficients)
    return arrays.exponents[np.unique(np.concatenate([m.indices for m in matrices]))]


@lru_cache(maxsize=1)
def of_one_set() -> Model:
    return small_model("long")


# -- the same equations -------------------------------------------------------------------


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("name", NAMED_SETS)
def test_one_template_gives_the_equations_of_every_shipped_set(name, horizon):
    b = load_benchmark("wiod2013", aggregation="small", elasticities=name)
    moved = of_one_set().with_elasticities(b.elasticities[horizon])
    assert moved.template is of_one_set().template
    assert_same_equations(moved.arrays, with_numbers(b, horizon))


SPECIAL = {
    "Leontief everywhere": lambda b: all_of(b, 0.0),
    "the largest elasticity everywhere": lambda b: all_of(b, LARGEST),
    "all nests alike, so that exponents cancel": lambda b: all_of(b, 0.5),
    "sluggish factors": lambda b: replace(
        b.elasticities["long"], transformation=np.array([0.7, np.inf])
    ),
    "a transformation elasticity of one": lambda b: replace(
        b.elasticities["long"], transformation=np.array([1.0, 3.0])
    ),
}


@pytest.mark.parametrize("case", list(SPECIAL))
def test_one_template_gives_the_equations_at_the_ends_of_the_range(case):
    b = random_world(91, zeros=0.2, imbalance=0.3)
    model = Model.build(b)
    elasticities = SPECIAL[case](b)
    moved = model.with_elasticities(elasticities)
    assert moved.template is model.template
    assert_same_equations(moved.arrays, with_numbers(b.with_elasticities(long=elasticities)))


def some_cobb_douglas(b: Benchmark, seed: int) -> Elasticities:
    """Return elasticities of which a third are one, zero, or as they were."""
    rng = np.random.default_rng(seed)
    old = b.elasticities["long"]
    new = {}
    for nest in NEST_AXES:
        array = getattr(old, nest).copy()
        draw = rng.random(array.shape)
        array[draw < 1 / 3] = 1.0
        array[draw > 2 / 3] = np.inf if nest == "transformation" else 0.0
        new[nest] = array
    return Elasticities(**new)


@pytest.mark.parametrize("seed", range(92, 96))
def test_random_worlds_with_every_kind_of_nest_are_compiled_alike(seed):
    b = random_world(seed, zeros=0.3, imbalance=0.3)
    b = b.with_elasticities(long=some_cobb_douglas(b, seed))
    model = Model.build(b)
    assert_same_equations(model.arrays, with_numbers(b))
    levels = combined_shock(model, seed, 0.05)
    other = direct_model(b).solve(levels)
    np.testing.assert_allclose(model.solve(levels).levels, other.levels, rtol=1e-12, atol=1e-12)


def test_the_exponents_are_affine_in_the_elasticities():
    """Compiled with numbers at two points and between them: the terms line up and are linear."""
    b = random_world(96, imbalance=0.2)
    e = b.elasticities["long"]
    ends = (e, replace(e, armington=e.armington + 1, top=e.top + 0.5, final=2.1 * e.final))
    middle = Elasticities(
        **{
            n: (getattr(ends[0], n) + getattr(ends[1], n)) / 2 if n != "transformation" else e_n
            for n, e_n in ((n, getattr(e, n)) for n in NEST_AXES)
        }
    )
    one, other, between = (
        used_exponents(with_numbers(b.with_elasticities(long=x))) for x in (*ends, middle)
    )
    model = Model.build(b)
    a, c, mean = (used_exponents(model.with_elasticities(x).arrays) for x in (*ends, middle))
    np.testing.assert_allclose((a + c).toarray() / 2, mean.toarray(), rtol=0, atol=1e-14)
    # As many exponents are there, and they are as large in all, as compiled with numbers.
    for ours, theirs in ((a, one), (c, other), (mean, between)):
        assert ours.nnz == theirs.nnz
        np.testing.assert_allclose(np.sort(ours.data), np.sort(theirs.data), atol=1e-14)


# -- the same solutions -------------------------------------------------------------------


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("name", NAMED_SETS)
def test_solutions_are_those_of_equations_compiled_with_numbers(name, horizon):
    b = load_benchmark("wiod2013", aggregation="small", elasticities=name)
    model = Model.build(b, horizon)
    solution = model.solve(TARIFF_WAR)
    other = direct_model(b, horizon).solve(TARIFF_WAR)
    assert np.abs(solution.levels - model.arrays.start).max() > 0.01
    np.testing.assert_allclose(solution.levels, other.levels, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(solution.outcomes, other.outcomes, rtol=1e-11, atol=1e-6)


def test_results_do_not_depend_on_which_elasticities_were_compiled_or_solved_before():
    long = small_model("long").benchmark.elasticities["long"]
    high = replace(long, armington=1.5 * long.armington)
    before = small_model("long").solve(TARIFF_WAR).levels
    changed = small_model("long").with_elasticities(high)
    first = changed.solve(TARIFF_WAR).levels
    assert np.abs(first - before).max() > 1e-4
    np.testing.assert_array_equal(small_model("long").solve(TARIFF_WAR).levels, before)
    again = changed.with_elasticities(long)
    np.testing.assert_array_equal(again.solve(TARIFF_WAR).levels, before)
    fresh = Model.build(small_model("long").benchmark.with_elasticities(long=high))
    np.testing.assert_array_equal(fresh.solve(TARIFF_WAR).levels, first)


def test_a_model_with_other_elasticities_says_so():
    model = small_model("short")
    old = model.benchmark.elasticities
    new = replace(old["short"], top=old["short"].top + 0.1)
    moved = model.with_elasticities(new)
    assert moved.horizon == "short"
    assert moved.benchmark.elasticities["short"] is new
    assert moved.benchmark.elasticities["long"] is old["long"]
    assert model.benchmark.elasticities["short"] is old["short"]


def test_elasticities_of_another_shape_are_refused():
    world = random_world(97).elasticities["long"]
    with pytest.raises(InputError, match="shape"):
        small_model("long").with_elasticities(world)


# -- what is compiled, and how often ------------------------------------------------------


@pytest.fixture
def compiled(monkeypatch):
    """Return the horizons of the models compiled so far, in a process that has compiled none."""
    from cge.solve.rules import templates

    done = []
    compile_now = templates._compile
    monkeypatch.setattr(templates, "_TEMPLATES", Recent(templates.TEMPLATES_KEPT))
    monkeypatch.setattr(templates, "_compile", lambda r: done.append(r.given[1]) or compile_now(r))
    return done


def test_two_sets_and_two_speeds_of_the_same_accounts_are_compiled_once(compiled):
    world = random_world(98)
    long = world.elasticities["long"]
    other = world.with_elasticities(long=replace(long, final=2 * long.final))
    for b, horizon in ((world, "long"), (other, "long"), (other, "short")):
        Model.build(b, horizon)
    assert compiled == ["long"]


def test_a_nest_that_becomes_cobb_douglas_is_built_anew(compiled):
    world = random_world(99, imbalance=0.2)
    model = Model.build(world)
    long = world.elasticities["long"]
    armington = long.armington.copy()
    armington[1, 2, 0] = 1.0
    moved = model.with_elasticities(replace(long, armington=armington))
    assert compiled == ["long", "long"]
    assert_same_equations(moved.arrays, with_numbers(moved.benchmark))
    gone = set(model.variables["origin_weight"].index)
    gone -= set(moved.variables["origin_weight"].index)
    u, i, s = world.use_classes[1], world.sectors[2], world.regions[0]
    assert gone == {(u, r, i, s) for r in world.regions}
    assert cobb_douglas(moved.benchmark.elasticities["long"]).sum() == 1
    back = moved.with_elasticities(long)
    assert compiled == ["long", "long"]
    assert back.template is model.template


def test_only_a_few_compiled_models_are_kept_in_memory(compiled):
    from cge.solve.rules import templates

    for seed in range(4):
        Model.build(random_world(seed, regions=2, sectors=1))
    assert len(compiled) == 4
    assert len(templates._TEMPLATES) == templates.TEMPLATES_KEPT


def test_a_model_made_to_be_read_shows_numbers():
    b = random_world(90)
    text = str(build_model(b).armington_price[b.use_classes[0], b.sectors[0], b.regions[0]].expr)
    assert repr(1 - float(b.elasticities["long"].armington[0, 0, 0])) in text


# -- open elasticities --------------------------------------------------------------------


def test_parameters_stand_in_the_order_of_the_nests():
    e = random_world(101).elasticities["long"]
    e = replace(e, transformation=np.array([np.inf, 4.0]))
    p = parameters(e)
    for nest, numbers in positions(e).items():
        expected = getattr(e, nest)
        np.testing.assert_array_equal(
            p[numbers], 1 / expected if nest == "transformation" else expected
        )
    assert len(p) == sum(getattr(e, nest).size for nest in NEST_AXES)


def test_arithmetic_with_open_elasticities_is_affine():
    s, t = Elasticity.of(0), Elasticity.of(3)
    for found, constant, slopes in (
        (1 - s, 1.0, {0: -1.0}),
        (s - 1, -1.0, {0: 1.0}),
        (2 * s / 4 + 1.5, 1.5, {0: 0.5}),
        (-(s - t) * 3, 0.0, {0: -3.0, 3: 3.0}),
        (s + t + s, 0.0, {0: 2.0, 3: 1.0}),
    ):
        assert (found.constant, dict(found.slopes)) == (constant, slopes)


@pytest.mark.parametrize(
    "operation",
    [
        lambda s: s * s, lambda s: 1 / s, lambda s: s / s, lambda s: s**2, lambda s: 2.0**s,
        lambda s: abs(s), lambda s: s > 1, lambda s: s % 2,
    ],
)  # fmt: skip
def test_what_is_not_affine_in_an_open_elasticity_is_refused(operation):
    with pytest.raises(NotAffine):
        operation(Elasticity.of(0))


def open_model(rule) -> ConcreteModel:
    m = ConcreteModel()
    m.x = Var(domain=PositiveReals, initialize=2.0)
    m.y = Var(domain=PositiveReals, initialize=3.0)
    m.odd = Constraint(rule=rule)
    return m


def powers_of(template: MonomialTemplate, p: list[float]) -> dict[tuple[float, ...], float]:
    """Return the coefficient of each monomial of a one-row model by its exponents."""
    arrays = template.at(np.array(p))
    row = arrays.coefficients.tocoo()
    rows = arrays.exponents.toarray().round(12).tolist()
    return {tuple(rows[term]): value for term, value in zip(row.col, row.data, strict=True)}


def test_terms_merge_only_where_they_are_alike_for_every_elasticity():
    s, t = Elasticity.of(0), Elasticity.of(1)
    m = open_model(lambda m: m.x**s + m.x**t + (m.x / m.y) ** s * m.x ** (1 - s) == 3 * m.y**-s)
    m.other = Constraint(expr=m.x * m.y**-s == m.y)
    template = compile_template(m, [], 2)
    # x**s, x**t, x y**-s, y**-s and y
    assert template.exponents.shape[0] == 5
    one = powers_of(compile_template(open_model(m.odd.rule), [], 2), [0.5, 2.0])
    assert one == {(0.5, 0.0): 1.0, (2.0, 0.0): 1.0, (1.0, -0.5): 1.0, (0.0, -0.5): -3.0}


def test_an_open_elasticity_of_a_named_expression_multiplies_through():
    s = Elasticity.of(0)

    def rule(m):
        m.ratio = Expression(expr=m.x**2 / m.y)
        m.power = Expression(expr=m.ratio ** (1 - s))
        return 5 * m.power * m.y == (m.power) ** 2

    template = compile_template(open_model(rule), [], 1)
    assert powers_of(template, [3.0]) == {(-4.0, 3.0): 5.0, (-8.0, 4.0): -1.0}
    assert powers_of(template, [0.0]) == {(2.0, 0.0): 5.0, (4.0, -2.0): -1.0}


def test_a_constant_to_an_open_elasticity_follows_it():
    s = Elasticity.of(0)
    template = compile_template(open_model(lambda m: 3 * (m.x / 2) ** (1 - s) == m.y), [], 1)
    for sigma in (0.0, 0.5, 7.0):
        found = powers_of(template, [sigma])
        assert found[1 - sigma, 0.0] == pytest.approx(3 * 0.5 ** (1 - sigma), rel=1e-14)


UNREADABLE = {
    "as a factor": (lambda m, s: m.x * s == m.y, "elsewhere than in an exponent"),
    "in a sum": (lambda m, s: m.x + s == m.y, "elsewhere than in an exponent"),
    "of an open power": (lambda m, s: (m.x**s) ** s == m.y, "not affine"),
    "of a sum": (lambda m, s: (m.x + m.y) ** s == 1, "sum to the power"),
    "of a negative number": (lambda m, s: (-2.0 * m.x) ** s == m.y, "not a real number"),
    "that leaves a constant": (
        lambda m, s: (m.x / 2) ** s + (m.x / 3) ** s == m.y, "does not cancel",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(UNREADABLE))
def test_an_open_elasticity_where_it_can_not_be_read_is_refused_by_name(case):
    rule, reason = UNREADABLE[case]
    with pytest.raises(NotMonomial, match=f"^odd.*{reason}"):
        compile_template(open_model(lambda m: rule(m, Elasticity.of(0))), [], 1)
