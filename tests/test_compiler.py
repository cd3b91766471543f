"""From Pyomo expressions to arrays: exact, complete, and clear about what it can not read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pyomo.environ import (
    ConcreteModel,
    Constraint,
    Expression,
    Integers,
    Param,
    PositiveReals,
    Reals,
    Var,
    exp,
    inequality,
    log,
)
from scipy import sparse
from tools import TARIFF_WAR, combined_shock, small_model
from worlds import random_world

from cge import Closure, Model, Swap
from cge.solve.monomials import NotMonomial, compile_model
from cge.solve.rules.templates import template_key
from cge.solve.square.arrays import MonomialArrays
from cge.solve.square.system import FoldedSystem, SquareSystem, term_values

Array = NDArray[np.float64]


def tiny() -> ConcreteModel:
    """Return two positive variables, a free one, three equations and two outcomes."""
    m = ConcreteModel()
    m.x = Var(domain=PositiveReals, initialize=2.0)
    m.y = Var(domain=PositiveReals, initialize=3.0)
    m.r = Var(domain=Reals, initialize=-0.5)
    m.share = Param(initialize=0.25, mutable=True)
    m.mean = Expression(expr=m.x**m.share * m.y ** (1 - m.share))
    m.first = Constraint(expr=3 * m.x**0.5 / m.y**2 + 2 * m.mean - (4 * m.y - m.r) == 0)
    m.second = Constraint(expr=m.r * m.x**1.5 - 2 * (m.x + m.y) * m.y == -7)
    m.third = Constraint(expr=(m.x + 2 * m.y) ** 2 == m.x * m.y)
    m.total = Expression(expr=m.x + m.y + m.r)
    m.product = Expression(expr=m.x * m.y)
    return m


def by_hand(x: float, y: float, r: float) -> tuple[Array, Array]:
    """Return the equations of the tiny model and their Jacobian in (x, y, r)."""
    mean = x**0.25 * y**0.75
    value = [
        3 * x**0.5 / y**2 + 2 * mean - 4 * y + r,
        r * x**1.5 - 2 * x * y - 2 * y**2 + 7,
        x**2 + 3 * x * y + 4 * y**2,
    ]
    jacobian = [
        [1.5 * x**-0.5 / y**2 + 0.5 * mean / x, -6 * x**0.5 / y**3 + 1.5 * mean / y - 4, 1],
        [1.5 * r * x**0.5 - 2 * y, -2 * x - 4 * y, x**1.5],
        [2 * x + 3 * y, 3 * x + 8 * y, 0],
    ]
    return np.array(value), np.array(jacobian)


def square(arrays: MonomialArrays, unknown: list[int] | None = None) -> SquareSystem:
    """Return the system of all equations with all, or some, columns unknown."""
    rows = np.arange(arrays.coefficients.shape[0])
    columns = np.arange(len(arrays.start)) if unknown is None else np.array(unknown)
    no_targets = sparse.csr_array((0, arrays.outcome_coefficients.shape[0]))
    return SquareSystem(arrays, columns, rows[: len(columns)], no_targets)


def fold(system: SquareSystem, levels: Array) -> FoldedSystem:
    return system.fold(levels, np.zeros(system.targets.shape[0]))


POINTS = [(2.0, 3.0, -0.5), (0.7, 1.9, 4.0), (5.0, 0.2, 0.0)]


@pytest.mark.parametrize("point", POINTS)
def test_values_and_jacobian_are_those_worked_out_by_hand(point):
    """Unknown logs of the positive variables: d/dz = x d/dx."""
    arrays = compile_model(tiny())
    system = square(arrays)
    levels = np.array(point)
    folded, z = fold(system, levels), system.start(levels)
    np.testing.assert_allclose(z, [np.log(point[0]), np.log(point[1]), point[2]])
    value, jacobian = by_hand(*point)
    scale = system.row_scale
    np.testing.assert_allclose(folded.residual(z) * scale, value, rtol=1e-13, atol=1e-13)
    chain = np.array([point[0], point[1], 1.0])
    found = scale[:, None] * folded.jacobian(z).toarray()
    np.testing.assert_allclose(found, jacobian * chain, rtol=1e-13, atol=1e-13)


def test_outcomes_are_compiled_beside_the_equations():
    arrays = compile_model(tiny(), ["total", "product"])
    terms = term_values(arrays, arrays.start)
    assert [block.name for block in arrays.outcomes] == ["total", "product"]
    np.testing.assert_allclose(arrays.outcome_coefficients @ terms, [4.5, 6.0], rtol=1e-15)


def test_columns_and_rows_carry_their_names_and_codes():
    m = ConcreteModel()
    m.price = Var([("CHN", "ELEC"), ("USA", "VEH")], domain=PositiveReals, initialize=1.0)
    m.level = Var(domain=PositiveReals, initialize=2.0)
    m.unit = Constraint([("CHN", "ELEC"), ("USA", "VEH")], rule=lambda m, *c: m.price[c] == 1)
    m.sum = Constraint(expr=m.level == m.price["CHN", "ELEC"] + m.price["USA", "VEH"])
    arrays = compile_model(m)
    assert [(b.name, b.start, b.index) for b in arrays.columns] == [
        ("price", 0, (("CHN", "ELEC"), ("USA", "VEH"))),
        ("level", 2, ((),)),
    ]
    assert [(b.name, b.start, len(b)) for b in arrays.rows] == [("unit", 0, 2), ("sum", 2, 1)]
    np.testing.assert_array_equal(arrays.start, [1.0, 1.0, 2.0])


def test_like_terms_merge_and_those_that_cancel_vanish():
    m = ConcreteModel()
    m.x = Var(domain=PositiveReals, initialize=2.0)
    m.y = Var(domain=PositiveReals, initialize=3.0)
    m.one = Constraint(expr=2 * m.x * m.y + 3 * m.y * m.x + m.x**2 == m.x**0.5 * m.x**1.5 + m.x)
    m.two = Constraint(expr=m.x * m.y / m.x + m.x == 7 * m.y)
    arrays = compile_model(m)
    found = {}
    for row, name in enumerate(("one", "two")):
        entries = arrays.coefficients[[row]].tocoo()
        for term, coefficient in zip(entries.col, entries.data, strict=True):
            powers = tuple(arrays.exponents[[term]].toarray().ravel())
            found[name, powers] = coefficient
    assert found == {
        ("one", (1.0, 1.0)): 5.0,
        ("one", (1.0, 0.0)): -1.0,
        ("two", (0.0, 1.0)): -6.0,
        ("two", (1.0, 0.0)): 1.0,
    }
    # x y, x, y and the cancelled x**2: each stands once, shared by the equations.
    assert arrays.exponents.shape[0] == 4


def test_a_column_that_is_given_is_folded_into_the_coefficients():
    arrays = compile_model(tiny())
    system = square(arrays, [0, 1])
    levels = np.array([0.7, 1.9, 4.0])
    folded = fold(system, levels)
    value, jacobian = by_hand(*levels)
    z = system.start(levels)
    np.testing.assert_allclose(folded.residual(z) * system.row_scale, value[:2], rtol=1e-13)
    found = system.row_scale[:, None] * folded.jacobian(z).toarray()
    np.testing.assert_allclose(found, jacobian[:2, :2] * levels[:2], rtol=1e-13)


# -- what can not be read -----------------------------------------------------------------


def model_with(rule, member: bool = False) -> ConcreteModel:
    """Return a model whose constraint `odd` is given by a rule; indexed if `member`."""
    m = ConcreteModel()
    m.x = Var(domain=PositiveReals, initialize=2.0)
    m.y = Var(domain=PositiveReals, initialize=3.0)
    m.r = Var(domain=Reals, initialize=0.5)
    m.fine = Constraint(expr=m.x == m.y)
    if member:
        m.odd = Constraint(["USA"], rule=lambda m, s: rule(m))
    else:
        m.odd = Constraint(rule=rule)
    return m


UNREADABLE = {
    "exp": (lambda m: exp(m.x) == m.y, "exp"),
    "log": (lambda m: log(m.x) + m.y == 1, "log"),
    "a sum in a denominator": (lambda m: m.x / (m.x + m.y) == 1, "divides by a sum"),
    "a variable exponent": (lambda m: m.x**m.y == 1, "exponent"),
    "a sum to a broken power": (lambda m: (m.x + m.y) ** 0.5 == 1, "sum to the power"),
    "a free variable squared": (lambda m: m.r**2 + m.x == 1, "either sign"),
    "two free variables multiplied": (lambda m: m.r * (m.r + m.x) == 1, "either sign"),
    "a root of a negative number": (lambda m: (-2 * m.x) ** 0.5 == m.y, "not a real number"),
    "an inequality": (lambda m: m.x <= m.y, "not an equality"),
    "a range": (lambda m: inequality(1, m.x, 2), "not an equality"),
}


@pytest.mark.parametrize("member", [False, True])
@pytest.mark.parametrize("case", list(UNREADABLE))
def test_what_is_not_a_sum_of_monomials_is_refused_by_name(case, member):
    rule, reason = UNREADABLE[case]
    with pytest.raises(NotMonomial, match=reason) as refusal:
        compile_model(model_with(rule, member))
    assert str(refusal.value).startswith("odd[USA]:" if member else "odd:")


def test_a_free_variable_in_a_denominator_is_refused_by_name():
    with pytest.raises(NotMonomial, match="odd"):
        compile_model(model_with(lambda m: m.x / m.r == 4))


def test_a_member_that_is_switched_off_is_not_read():
    m = model_with(lambda m: m.x == 2 * m.y, member=True)
    m.odd["USA"].deactivate()
    assert compile_model(m).coefficients.shape[0] == 1


def test_a_constraint_that_is_switched_off_is_not_read():
    m = model_with(lambda m: exp(m.x) == m.y)
    m.odd.deactivate()
    assert [block.name for block in compile_model(m).rows] == ["fine"]


def test_fixed_variables_and_other_domains_are_refused_by_name():
    m = model_with(lambda m: m.x == 2 * m.y)
    m.y.fix(1.0)
    with pytest.raises(NotMonomial, match="variable y is fixed"):
        compile_model(m)
    m = ConcreteModel()
    m.count = Var(initialize=1, domain=PositiveReals)
    m.other = Var(initialize=1, domain=Integers)
    m.sum = Constraint(expr=m.count == m.other)
    with pytest.raises(NotMonomial, match=r"variable other has domain Integers"):
        compile_model(m)


# -- derivatives and solvers on the real thing --------------------------------------------


def economy(closure: Closure) -> tuple[FoldedSystem, Array]:
    """Return a random world's system under a closure, away from its solution."""
    model = Model.build(random_world(61, zeros=0.2, imbalance=0.3))
    levels = combined_shock(model, 61, 0.1, without=("factor_supply",))
    resolved = model.solve(levels, closure).resolved
    folded = resolved.system.fold(levels, resolved.target_levels)
    rng = np.random.default_rng(0)
    z = resolved.system.start(model.arrays.start)
    return folded, z + 0.05 * rng.normal(size=len(z))


CLOSURES = {
    "long run": Closure(),
    "short run": Closure(specific_factors=("F1",)),
    "quota": Closure(swaps=(Swap("tariff[*, R0, S1, R2]", "trade_volume[R0, S1, R2]", 0.7),)),
}


@pytest.mark.parametrize("closure", list(CLOSURES))
def test_jacobian_of_an_economy_is_that_of_central_differences(closure):
    folded, z = economy(CLOSURES[closure])
    rng = np.random.default_rng(1)
    jacobian, log_jacobian = folded.jacobian(z), folded.log_jacobian(z)
    h = 1e-5
    for _ in range(5):
        direction = rng.normal(size=len(z))
        up, down = z + h * direction, z - h * direction
        slope = (folded.residual(up) - folded.residual(down)) / (2 * h)
        np.testing.assert_allclose(jacobian @ direction, slope, rtol=1e-7, atol=1e-7)
        slope = (folded.log_residual(up) - folded.log_residual(down)) / (2 * h)
        np.testing.assert_allclose(log_jacobian @ direction, slope, rtol=1e-7, atol=1e-7)


def assert_solvers_agree(model: Model, levels: Array, closure: Closure) -> None:
    """Assert that Newton and Ipopt find one point, and that it is not the start."""
    one = model.solve(levels, closure)
    other = model.solve(levels, closure, solver="ipopt")
    assert other.diagnostics.solver == "ipopt"
    assert np.abs(one.levels - model.arrays.start).max() > 0.01
    np.testing.assert_allclose(other.levels, one.levels, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("closure", list(CLOSURES))
@pytest.mark.parametrize("seed", [71, 72])
def test_newton_and_ipopt_agree_on_random_worlds(seed, closure):
    model = Model.build(random_world(seed, zeros=0.2, imbalance=0.3))
    levels = combined_shock(model, seed, 0.1, without=("factor_supply",))
    assert_solvers_agree(model, levels, CLOSURES[closure])


@pytest.mark.parametrize("specific", [(), ("CAP",)])
def test_newton_and_ipopt_agree_on_real_data(specific):
    model = small_model()
    assert_solvers_agree(model, model.levels(TARIFF_WAR), Closure(specific_factors=specific))


# -- the disk cache -----------------------------------------------------------------------


@pytest.fixture
def world():
    return random_world(81, zeros=0.2, imbalance=0.3)


def test_what_the_model_reads_decides_the_key_and_what_it_does_not_read_does_not(world):
    key = template_key(world, "long")
    final = world.final * 2.0
    values = {n: 2 * getattr(world, n) for n in ("flows", "intermediate", "factor_payments")}
    changed = {
        "values": replace(world, final=final, balance=2 * world.balance, **values),
        "codes": replace(world, regions=("A", "B", "C")),
        "structure": world.with_elasticities(
            long=replace(world.elasticities["long"], agents=np.array([1.0, 1.0, 1.5]))
        ),
    }
    for what, other in changed.items():
        assert template_key(other, "long") != key, what
    named = replace(world, name="another", notes=("a note",), origin={"table": "x"})
    assert template_key(named, "long") == key
    long = world.elasticities["long"]
    higher = world.with_elasticities(long=replace(long, armington=1.1 * long.armington))
    assert higher.fingerprint != world.fingerprint
    assert template_key(higher, "long") == template_key(world, "short") == key
