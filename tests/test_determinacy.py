"""Closures and worlds that leave something open are refused; several equilibria are told of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from economies import Economy, check_solution, examined
from numpy.typing import NDArray
from tools import small_model
from worlds import balanced_world

from cge import Benchmark, Closure, InputError, Model, NoEquilibrium, Swap
from cge.solve.determinacy import response
from cge.solve.uniqueness import another_equilibrium, difference

Array = NDArray[np.float64]


def solved_with(*swaps: Swap, **changes: float) -> Any:
    return small_model().solve(changes or {"net_of_output_tax[CHN, ELEC]": 1.05},
                               Closure(swaps=swaps))  # fmt: skip


# -- swaps that can not work ------------------------------------------------------------------

QUOTA = Swap("tariff[*, CHN, ELEC, USA]", "trade_volume[CHN, ELEC, USA]", 0.9)


@pytest.mark.parametrize(
    ("swaps", "words"),
    [
        ([Swap("tariff[*, CHN, ELEC, USA]", "world_employment")],
         ["tariff[*, CHN, ELEC, USA] free, world_employment held",
          "follows already from what is given, by world_employment_index"]),
        ([Swap("factor_supply", "factor_return")],
         ["factor_supply free, factor_return held", "by numeraire_index"]),
        ([Swap("wage_response[USA, LAB]", "output[USA, ELEC]", 1.1)],
         ["wage_response[USA, LAB] free, output[USA, ELEC] held",
          "what is freed moves only wage_level[USA, LAB], not what is held"]),
        ([QUOTA, Swap("export_tax[*, CHN, ELEC, USA]", "trade_volume[CHN, ELEC, USA]", 0.9)],
         ["tariff[*, CHN, ELEC, USA] free", "export_tax[*, CHN, ELEC, USA] free", "hold the same"]),
        ([QUOTA, Swap("wage_response[USA, LAB]", "output[USA, ELEC]", 1.1)],
         ["wage_response[USA, LAB] free"]),
    ],
)  # fmt: skip
def test_a_swap_that_can_not_work_is_named_before_anything_is_solved(
    swaps: list[Swap], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cge.solve.homotopy.newton", None)
    with pytest.raises(InputError) as refused:
        solved_with(*swaps)
    for word in ["key 'closure'", "can not work", *words]:
        assert word in str(refused.value)
    assert str(refused.value).count("trade_volume") == (2 if len(words) == 3 else 0)


@pytest.mark.parametrize(
    "swaps",
    [
        [QUOTA],
        [Swap("private_borrowing[USA]", "absorption_value[USA]", 1.01)],
        [Swap("factor_supply[*, CAP]", "real_factor_return[*, CAP]")],
        [Swap("numeraire", "factor_return[USA, LAB]")],
        [Swap("factor_differential[USA, ELEC, CAP]", "factor_use[USA, ELEC, CAP]")],
        [QUOTA, Swap("export_tax[*, CHN, ELEC, USA]", "trade_value[CHN, ELEC, USA]", 0.9)],
    ],
)
def test_a_swap_that_works_is_not_refused(swaps: list[Swap]) -> None:
    assert solved_with(*swaps).diagnostics.residual < 1e-9


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (-1.0, "is positive in every solution"),
        (0.0, "is positive in every solution"),
        (1e300, "further from the benchmark than can be meant"),
        (1e-8, "further from the benchmark than can be meant"),
    ],
)
def test_a_level_at_which_nothing_can_be_held_is_refused_before_solving(
    at: float, words: str
) -> None:
    swap = Swap("net_of_output_tax[CHN, ELEC]", "output[CHN, ELEC]", at, large=True)
    with pytest.raises(InputError, match=words):
        small_model().solve({}, Closure(swaps=(swap,)))


@pytest.mark.parametrize(("held", "at"), [("output[USA, ELEC]", 1.0), ("welfare[CHN]", 1.01),
                                          ("real_factor_return[USA, LAB]", 1.1)])  # fmt: skip
def test_what_does_not_move_with_prices_can_not_be_held_for_the_numeraire(
    held: str, at: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cge.solve.homotopy.newton", None)
    with pytest.raises(InputError) as refused:
        solved_with(QUOTA, Swap("numeraire", held, at))
    for word in ["key 'closure.swaps.1'", f"numeraire free, {held} held at",
                 "nothing holds the level of prices", "factor_return[CHN, LAB]"]:  # fmt: skip
        assert word in str(refused.value)


def test_a_quantity_can_be_held_for_the_numeraire_where_a_value_holds_the_level_of_prices() -> None:
    swaps = (Swap("numeraire", "trade_volume[CHN, ELEC, USA]", 0.95),
             Swap("tariff[*, CHN, ELEC, USA]", "trade_value[CHN, ELEC, USA]", 0.9))  # fmt: skip
    assert solved_with(*swaps).diagnostics.residual < 1e-9


@pytest.mark.parametrize("held", ["absorption_value", "trade_balance"])
def test_what_can_not_be_held_for_all_regions_at_once_has_a_message_of_its_own(held: str) -> None:
    """Borrowing adds up to nothing over the world: it can not be freed for every region."""
    with pytest.raises(NoEquilibrium) as refused:
        solved_with(Swap("private_borrowing", held))
    for word in ("0 % of the shock", "private_borrowing[CHN]", f"what is held for {held} repeats"):
        assert word in str(refused.value)


# -- parts of the world that hardly trade -----------------------------------------------------


def two_pairs(link: float, transfers: bool, sigma: float = 2.0) -> Benchmark:
    """Return a world of two pairs of regions with a given share of trade between them."""
    rng = np.random.default_rng(0)
    share = np.full((1, 4, 2, 4), link)
    for pair in ((0, 1), (2, 3)):
        for i in range(2):
            for s in pair:
                share[0, list(pair), i, s] = rng.dirichlet([2, 2])
                if not transfers:
                    share[0, list(pair), i, s] = 0.5
    share /= share.sum(axis=1, keepdims=True)
    final = rng.uniform(0.5, 1, (4, 1, 2)) if transfers else np.ones((4, 1, 2))
    return balanced_world(share, final, np.full((4, 2, 2), 0.2), elasticities=sigma)


POLICY = {"tariff[*, R0, S1, R1]": 1.5, "net_of_output_tax[R2, S0]": 1.1}


def test_groups_of_regions_that_trade_with_nobody_are_named() -> None:
    with pytest.raises(InputError, match=r"trade with nobody outside.*R0, R1; R2, R3"):
        two_pairs(0.0, True)
    assert two_pairs(1e-3, True).regions == ("R0", "R1", "R2", "R3")


def test_groups_that_hardly_trade_are_no_result_where_transfers_hang_on_their_prices() -> None:
    assert Model.build(two_pairs(1e-3, True)).solve(POLICY).diagnostics.undetermined == ""
    with pytest.raises(NoEquilibrium, match="not the only one, or known to few digits"):
        Model.build(two_pairs(1e-14, True)).solve(POLICY)


def test_where_trade_ends_the_solution_says_which_prices_mean_little() -> None:
    """Quantities are known without trade, the price of one region over that of another is not."""
    model = Model.build(two_pairs(0.2, False, 5.0))
    abroad = {f"trade_cost[*, R{r}, *, R{s}]": 1e7 for r in range(4) for s in range(4) if r != s}
    closed = model.solve({**abroad, "balance": 0.0}, allow_large_rates=True)
    assert "basic_price" in closed.diagnostics.undetermined
    assert "hardly determined" in repr(closed)


def test_in_the_shipped_model_a_little_is_a_little() -> None:
    """Far from the limit at which a solution is refused; so the limit is not a matter of taste."""
    solution = small_model().solve({"tariff[*, CHN, *, USA]": 1.25})
    system = solution.resolved.system
    folded = system.fold(solution.levels, solution.resolved.target_levels)
    jacobian = folded.log_jacobian(system.start(solution.levels))
    assert np.abs(response(solution.resolved, jacobian)).max() < 1e4


def test_the_way_to_no_trade_does_not_get_longer_with_the_cost_of_trade() -> None:
    """What has vanished at a cost of two is not waited for up to ten million."""
    share = np.full((1, 2, 2, 2), 0.5)
    share[0, :, 0, 0] = 1e-8, 1 - 1e-8
    nests = dict.fromkeys(("intermediate", "value_added", "top", "final", "agents"), 1.0)
    b = balanced_world(share, np.ones((2, 1, 2)), np.full((2, 2, 2), 0.2),
                       elasticities={"armington": 50.0, **nests})  # fmt: skip
    model = Model.build(b)
    levels = model.arrays.start.copy()
    levels[model.variables["balance"].positions] = 0.0
    base, cost = model.solve(levels), model.variables["trade_cost"]
    steps = {}
    for height in (10.0, 1e7):
        levels[cost.columns[cost.by("r") != cost.by("s")]] = height
        steps[height] = model.solve(levels, start=base).diagnostics.steps
    assert steps[1e7] <= steps[10.0] <= 14


# -- several equilibria -----------------------------------------------------------------------


def test_a_second_equilibrium_is_found_and_told() -> None:
    """Low elasticities and large taxes: the search ends in one of two, both of which pass."""
    economy = Economy.drawn(108)
    model = Model.build(economy.benchmark())
    one = model.solve(economy.levels(model), economy.closure_on(model))
    other = another_equilibrium(one)
    assert other is not None
    for solution in (one, other):
        check_solution(solution)
    assert difference(one, other) == "welfare of R0 -2.8 % in place of +35.61 %"


def test_where_newton_contracts_from_the_start_no_second_equilibrium_is_looked_for() -> None:
    solution = small_model().solve({"tariff[*, CHN, *, USA]": 1.25})
    assert 0 <= solution.diagnostics.contraction < 0.5
    assert another_equilibrium(solution) is None


@pytest.mark.parametrize("seed", [9, 62])
def test_employment_of_a_sluggish_factor_is_the_part_that_works(seed: int) -> None:
    """A wage floor, a short year: the oracle is given the endowment that is employed."""
    assert examined(Economy.drawn(seed)).result == "solved"


@pytest.mark.parametrize("used_before", [False, True], ids=["first", "again"])
def test_a_positive_outcome_is_not_held_at_nothing_whatever_the_closure_held_before(
    used_before: bool,
) -> None:
    model = small_model()

    def held(at: float) -> Closure:
        swap = Swap("tariff[int, CHN, ELEC, USA]", "trade_volume[CHN, ELEC, USA]", at)
        return Closure("quota", swaps=(swap,))

    if used_before:
        model.solve(closure=held(0.9))
    with pytest.raises(InputError, match="positive in every solution"):
        model.solve(closure=held(0.0))
