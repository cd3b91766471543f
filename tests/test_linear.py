"""Linear algebra: GMRES beside direct solves, borders, one thread."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_info
from tools import small_model

from cge.core.threads import one_thread
from cge.solve.closure import Closure, Swap
from cge.solve.square.gmres import ROUNDING, refined
from cge.solve.square.linear import (
    Border,
    Bordered,
    Factorised,
    LinearSolver,
    Singular,
    match_rows,
)


@pytest.fixture(scope="module")
def model():
    return small_model()


@pytest.fixture(scope="module")
def resolved(model):
    return model.resolved(Closure(), ())


@pytest.fixture(scope="module")
def jacobian(resolved):
    return resolved.linear.benchmark


@pytest.fixture
def iterative(monkeypatch):
    monkeypatch.setattr(LinearSolver, "large", 1)


def sides(size, count):
    return np.random.default_rng(1).standard_normal((size, count))


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_iterated_solutions_are_those_of_a_direct_solve(jacobian, iterative, transposed, count):
    right = sides(jacobian.shape[0], count)
    found = LinearSolver(jacobian).solve(jacobian, right, 1e-11, transposed)
    operator = jacobian.T if transposed else jacobian
    left = operator @ found - right
    assert (np.linalg.norm(left, axis=0) <= 2e-10 * np.linalg.norm(right, axis=0)).all()
    exact = Factorised(jacobian, match_rows(jacobian)).solve(right, transposed)
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-8 * np.abs(exact).max())


def test_a_right_hand_side_is_solved_alike_in_any_company(jacobian):
    right = sides(jacobian.shape[0], 5)
    factors = Factorised(jacobian, match_rows(jacobian), 0.02)
    together = refined(jacobian.tocsr(), right, factors, False, 1e-6)
    for n in range(5):
        alone = refined(jacobian.tocsr(), right[:, n], factors, False, 1e-6)
        np.testing.assert_allclose(together[:, n], alone, rtol=1e-9, atol=1e-11)


def test_a_residual_of_rounding_is_accepted_and_a_larger_one_is_not():
    # Rows that nearly cancel: no solution comes closer than rounding of large terms.
    matrix = sparse.csc_array(np.array([[1e9, -1e9, 0.0], [1.0, 1.0, 1e-3], [0.0, 1.0, 2.0]]))
    factors = Factorised(matrix, match_rows(matrix))
    right = np.array([1e-3, 1e6, 1.0])
    found = refined(matrix.tocsr(), right, factors, False, 1e-30)
    size = np.linalg.norm(abs(matrix) @ np.abs(found))
    assert np.linalg.norm(matrix @ found - right) <= ROUNDING * size
    useless = Factorised(sparse.csc_array(np.eye(3)), np.arange(3))
    assert refined(matrix.tocsr(), right, useless, False, 1e-12, patience=1) is None


@pytest.mark.parametrize("transposed", [False, True])
def test_a_border_adds_rows_and_unknowns_to_a_factorisation(jacobian, transposed):
    size = jacobian.shape[0]
    rows = np.setdiff1d(np.arange(size), [0, 5, size - 1])
    matching = match_rows(jacobian)
    columns = np.setdiff1d(np.arange(size), np.flatnonzero(np.isin(matching, [0, 5, size - 1])))
    inner = LinearSolver(jacobian[rows][:, columns].tocsc())
    inner.kept = Factorised(inner.benchmark, inner.matching)
    bordered = Bordered(jacobian, Border(inner, rows, columns))
    right = sides(size, 2)
    exact = Factorised(jacobian, matching).solve(right, transposed)
    found = bordered.solve(right, transposed)
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-8 * np.abs(exact).max())


def test_a_border_that_does_not_stand_on_its_own_is_singular():
    matrix = sparse.csc_array(np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0], [2.0, 0.0, 1.0]]))
    inner = LinearSolver(matrix[:2][:, :2].tocsc())
    inner.kept = Factorised(inner.benchmark, inner.matching)
    with pytest.raises(Singular):
        Bordered(matrix, Border(inner, np.arange(2), np.arange(2)))


def test_rationed_trade_uses_the_preconditioner_of_the_closure_within(iterative):
    world = small_model()
    swap = Swap("export_tax[*, CHN, ELEC, USA]", "trade_volume[CHN, ELEC, USA]", 0.5)
    closure = Closure(swaps=(swap,))
    found = world.resolved(closure, ())
    assert isinstance(found.linear.kept, Bordered)
    assert found.linear.border.inner is world.resolved(Closure(), ()).linear
    solution = world.solve(closure=closure)
    assert solution.value_of("trade_volume[CHN, ELEC, USA]")[0] == pytest.approx(
        0.5 * solution.value_of("trade_volume[CHN, ELEC, USA]")[1], rel=1e-9
    )


def test_solving_takes_one_thread_and_gives_the_others_back():
    before = [library["num_threads"] for library in threadpool_info()]

    @one_thread
    def inside(add):
        return [library["num_threads"] for library in threadpool_info()], 1 + add

    threads, result = inside(add=2)
    assert set(threads) == {1} and result == 3
    assert [library["num_threads"] for library in threadpool_info()] == before


def test_rows_are_matched_where_many_matchings_cost_the_same() -> None:
    """With costs that tie up to rounding SciPy's algorithm goes round in circles, for ever, in
    native code: so this runs in a process of its own. The one of seed 37 is such a matrix.
    """
    code = """
import numpy as np
from scipy import sparse
from cge.solve.square.linear import match_rows

for seed in (36, 37):
    rng = np.random.default_rng(seed)
    dense = np.where(rng.random((60, 60)) < 0.1, 1.0, 0.0) + np.eye(60)
    dense *= np.prod(np.array([0.1, 0.3, 0.7]) ** rng.integers(0, 3, (60, 60, 3)), axis=2)
    assert sorted(match_rows(sparse.csc_array(dense)).tolist()) == list(range(60))
"""
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
