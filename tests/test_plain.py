"""Solutions as plain data: nothing is lost on the way to a file or another process."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from tools import small_model

from cge import Closure, InputError, Model, Solution, Swap, WageFloor, load_scenario
from cge.core.packing import pack, unpack
from cge.solve.closure import Total
from cge.solve.plain import solution_from_plain, solution_to_plain

QUOTA = Swap("tariff[*, CHN, VEH, USA]", "trade_volume[CHN, VEH, USA]", 0.8, label="quota",
             bound="upper", relief=1)  # fmt: skip
BUDGET = Swap(
    "net_of_output_tax[CHN, ELEC]",
    Total(((1.0, "output_tax_paid[CHN, ELEC]"), (0.001, "gdp[CHN]"))), 0.0, False,
)  # fmt: skip


@pytest.fixture(scope="module")
def solution() -> Solution:
    closure = Closure("short_run", ("CAP",), (QUOTA, BUDGET), WageFloor("LAB", ("USA", "EU")))
    # From the user's cache, as a model that is unpickled: the same equations to the last bit.
    model = Model.build(small_model("short").benchmark, "short")
    return model.solve({"tariff[*, CHN, ELEC, USA]": 1.25}, closure)


def assert_same(one: Solution, other: Solution) -> None:
    assert one.closure == other.closure
    assert one.resolved.swaps == other.resolved.swaps
    assert one.diagnostics == other.diagnostics
    for name in ("given", "levels", "outcomes"):
        assert (getattr(one, name) == getattr(other, name)).all()
    selector = "equivalent_variation[USA]"
    np.testing.assert_array_equal(one.derivative(selector), other.derivative(selector))


def test_a_solution_comes_back_from_bytes_to_the_last_bit(solution: Solution) -> None:
    assert any(swap.bound for swap in solution.resolved.swaps), "a bound is reached"
    content = unpack(pack(solution_to_plain(solution)))
    assert_same(solution, solution_from_plain(content, solution.model))


def test_solutions_of_one_model_share_it_after_a_pickle(solution: Solution) -> None:
    other = solution.model.solve({"tariff[*, CHN, ELEC, USA]": 1.5}, solution.closure)
    one, two = pickle.loads(pickle.dumps((solution, other)))
    assert_same(solution, one)
    assert_same(other, two)
    assert one.model is two.model
    assert one.model.benchmark.fingerprint == solution.model.benchmark.fingerprint


def test_a_pickled_model_keeps_its_elasticities_and_its_backstop(solution: Solution) -> None:
    b = solution.model.benchmark
    model = Model.build(b, "short", backstop=("ELEC",)).with_elasticities(b.elasticities["long"])
    back = pickle.loads(pickle.dumps(model))
    assert back.backstop == ("ELEC",) and back.horizon == "short"
    for name in ("start", "exponents"):
        one, other = getattr(model.arrays, name), getattr(back.arrays, name)
        assert (abs(one - other)).max() == 0


def welfare(solution: Solution) -> float:
    return solution.outcome("welfare[USA]")


def test_a_solution_travels_to_another_process_and_back(solution: Solution) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = pool.submit(welfare, solution).result()
    assert there == welfare(solution)


def test_a_saved_solution_is_opened_with_its_benchmark(solution: Solution, tmp_path: Path) -> None:
    path = tmp_path / "some" / "quota.cge"
    solution.save(path)
    again = Solution.open(path)
    before, after = solution.model.benchmark, again.model.benchmark
    assert after.fingerprint == before.fingerprint
    assert (after.name, after.notes, after.groups) == (before.name, before.notes, before.groups)
    assert again.closure == solution.closure
    assert again.resolved.swaps == solution.resolved.swaps
    assert again.diagnostics == solution.diagnostics
    np.testing.assert_array_equal(again.levels, solution.levels)
    # Sums over accounts that lie otherwise in memory differ in the last digit.
    np.testing.assert_allclose(again.outcomes, solution.outcomes, rtol=1e-12, atol=1e-9)
    more = {"tariff[*, CHN, ELEC, USA]": 1.3}
    ahead = again.model.solve(more, again.closure, start=again)
    same = solution.model.solve(more, solution.closure).levels
    np.testing.assert_allclose(ahead.levels, same, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("content", [b"", b"no solution", None])
def test_a_file_that_is_no_saved_solution_is_refused(
    solution: Solution, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "solution.cge"
    if content is None:
        solution.save(path)
        content = path.read_bytes()[:-100]
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"solution\.cge.*saved solution"):
        Solution.open(path)
    with pytest.raises(InputError, match=r"none\.cge.*can not be read"):
        Solution.open(tmp_path / "none.cge")
    with pytest.raises(InputError, match="can not be written"):
        solution.save(path / "below a file.cge")


def test_objects_show_themselves_in_a_line_and_a_small_table(solution: Solution) -> None:
    many = Closure("many", swaps=(QUOTA,) * 300)
    told = {
        solution: "EV", solution.model: "regions 5", solution.closure: "wage floor",
        many: "swaps 300",
    }  # fmt: skip
    for one, words in told.items():
        assert words in repr(one) == str(one)
        assert repr(one).startswith(f"<{type(one).__name__}: ")
        assert len(repr(one)) < 400
        assert words.split()[0] in one._repr_html_()
        assert len(one._repr_html_()) < 1500
    scenario = load_scenario("us-china-tariff-war")
    assert len(str(scenario)) < 400 and "tariff war" in scenario._repr_html_()
