"""Published trade models as configurations of arrays: Caliendo-Parro, gains from trade.

The counterfactuals are checked against the papers' own equations, written out here
with numpy alone.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import root

from cge import InputError, Model, load_benchmark
from cge.data.sources.trade_shares import benchmark_from_trade
from cge.data.sources.user_arrays import benchmark_from_arrays
from cge.solve.rebase import rebase

REGIONS, SECTORS = ("A", "B", "C", "D"), ("AGR", "MAN", "SRV")
THETA = np.array([8.0, 4.5, 3.0])


def world(seed: int, nontradable: bool = True) -> dict:
    """Random trade, tariffs and cost shares; the last sector crosses no border."""
    rng = np.random.default_rng(seed)
    n, j = len(REGIONS), len(SECTORS)
    trade = rng.uniform(1.0, 10.0, (n, j, n))
    tariff = rng.uniform(0.0, 0.3, (n, j, n))
    for r in range(n):
        trade[r, :, r] *= 8
        tariff[r, :, r] = 0.0
    if nontradable:
        abroad = ~np.eye(n, dtype=bool)
        trade[:, -1, :][abroad] = 0.0
    shares = rng.dirichlet(np.ones(j + 1), size=(n, j))
    final = rng.dirichlet(np.ones(j) * 4, size=n)
    return {
        "regions": REGIONS,
        "sectors": SECTORS,
        "trade": trade,
        "tariff": tariff,
        "value_added_share": 0.3 + 0.7 * shares[..., 0],
        "io_shares": 0.7 * shares[..., 1:].transpose(0, 2, 1),
        "final_shares": final,
        "elasticities": {"armington": dict(zip(SECTORS, 1 + THETA, strict=True))},
    }


def exact_hat(benchmark, theta, new_tariff, new_cost=1.0, deficit=None):
    """Solve Caliendo and Parro (2015, equations 10 to 14) in relative changes.

    Returns wages, consumption prices, real income (all relative), trade at fob prices.
    """
    b = benchmark
    flows, tau = b.flows[0], b.tariff[0]
    market = flows * (1 + tau)
    pi = market / market.sum(axis=0)
    output = flows.sum(axis=2)
    gamma = b.intermediate / output[:, None, :]
    beta = b.factor_payments.sum(axis=2) / output
    value_added = b.factor_payments.sum(axis=(1, 2))
    alpha = b.final[:, 0] / b.final[:, 0].sum(axis=1, keepdims=True)
    deficit = b.balance if deficit is None else deficit
    n, j = output.shape
    kappa = (1 + new_tariff) / (1 + tau) * new_cost

    def given_wages(w):
        price = np.ones((n, j))  # (s, i)
        for _ in range(2000):
            cost = w[:, None] ** beta * np.exp(np.einsum("sij,si->sj", gamma, np.log(price)))
            inside = np.einsum("ris,ri->si", pi * kappa ** -theta[:, None], cost**-theta)
            update = inside ** (-1 / theta)
            if np.abs(update / price - 1).max() < 1e-15:
                break
            price = update
        share = pi * (cost[..., None] * kappa / price.T) ** -theta[:, None]
        net = share / (1 + new_tariff)
        # X = gamma Y(X) + alpha (w L + R(X) + D), linear in X
        matrix = np.zeros((n, j, n, j))
        for i in range(j):
            for k in range(j):
                matrix[:, i, :, k] += gamma[:, i, k, None] * net[:, k, :]
        for s in range(n):
            matrix[s, :, s, :] += alpha[s][:, None] * (share - net)[:, :, s].sum(axis=0)[None]
        right = alpha * (w * value_added + deficit)[:, None]
        spending = np.linalg.solve(
            np.eye(n * j) - matrix.reshape(n * j, n * j), right.reshape(-1)
        ).reshape(n, j)
        fob = net * spending.T
        income = w * value_added + (share * spending.T - fob).sum(axis=(0, 1)) + deficit
        return price, fob, income

    def excess(log_w):
        w = np.exp(np.append(log_w, 0.0))
        w *= value_added.sum() / (w @ value_added)
        _, fob, _ = given_wages(w)
        gap = fob.sum(axis=(0, 1)) - fob.sum(axis=(1, 2)) - deficit
        return (gap / value_added)[:-1]

    found = root(excess, np.zeros(n - 1), tol=1e-13)
    assert np.abs(excess(found.x)).max() < 1e-10
    w = np.exp(np.append(found.x, 0.0))
    w *= value_added.sum() / (w @ value_added)
    price, fob, income = given_wages(w)
    index = np.exp((alpha * np.log(price)).sum(axis=1))
    income0 = value_added + (market - flows).sum(axis=(0, 1)) + b.balance
    return w, index, income / income0 / index, fob


def by_region(solution, name):
    return solution.frame(name)["value"].to_numpy()


def trade_of(solution):
    frame, b = solution.frame("trade_value"), solution.model.benchmark
    array = np.zeros((len(b.regions), len(b.sectors), len(b.regions)))
    for r, i, s, value in frame[["r", "i", "s", "value"]].itertuples(index=False):
        array[b.regions.index(r), b.sectors.index(i), b.regions.index(s)] = value
    return array


def tariffs_as_changes(benchmark, tariff):
    return {
        f"tariff[*, {r}, {i}, {s}]": 1 + tariff[a, k, b]
        for a, r in enumerate(benchmark.regions)
        for k, i in enumerate(benchmark.sectors)
        for b, s in enumerate(benchmark.regions)
        if benchmark.flows[0, a, k, b] > 0
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_caliendo_parro_counterfactual_is_that_of_their_own_equations(seed):
    benchmark = benchmark_from_trade(**world(seed))
    model = Model.build(benchmark)
    rng = np.random.default_rng(100 + seed)
    new = benchmark.tariff[0] * rng.uniform(0.0, 2.0, benchmark.tariff[0].shape)
    solution = model.solve(tariffs_as_changes(benchmark, new))
    wage, price, real, fob = exact_hat(benchmark, THETA, new)
    np.testing.assert_allclose(by_region(solution, "factor_return"), wage, rtol=1e-9)
    np.testing.assert_allclose(by_region(solution, "welfare_price"), price, rtol=1e-9)
    np.testing.assert_allclose(by_region(solution, "welfare"), real, rtol=1e-9)
    np.testing.assert_allclose(trade_of(solution), fob, atol=1e-8 * fob.max())


def test_caliendo_parro_on_real_data_from_trade_and_shares():
    data = load_benchmark("wiod2013", aggregation="small")
    flows, rate = data.flows.sum(axis=0), (data.flows * data.tariff).sum(axis=0)
    payments = data.factor_payments.sum(axis=2)
    cost = data.intermediate.sum(axis=1) + payments
    theta = np.array([8.1, 4.0, 6.0, 8.0, 3.0, 5.0])
    benchmark = benchmark_from_trade(
        regions=data.regions,
        sectors=data.sectors,
        trade=flows,
        tariff=rate / flows,
        io_shares=data.intermediate / cost[:, None, :],
        value_added_share=payments / cost,
        final_shares=data.final.sum(axis=1) / data.final.sum(axis=(1, 2))[:, None],
        elasticities={"armington": 1 + theta},
        unit=data.unit,
    )
    new = benchmark.tariff[0].copy()
    usa, china = data.regions.index("USA"), data.regions.index("CHN")
    new[china, :5, usa] += 0.25
    new[usa, :5, china] += 0.15
    solution = Model.build(benchmark).solve(tariffs_as_changes(benchmark, new))
    wage, _, real, fob = exact_hat(benchmark, theta, new)
    np.testing.assert_allclose(by_region(solution, "factor_return"), wage, rtol=1e-8)
    np.testing.assert_allclose(by_region(solution, "welfare"), real, rtol=1e-8)
    np.testing.assert_allclose(trade_of(solution), fob, atol=1e-8 * fob.max())


def test_deficits_go_to_zero_in_a_first_step_as_in_caliendo_parro():
    benchmark = benchmark_from_trade(**world(5))
    assert np.abs(benchmark.balance).max() > 1
    first = Model.build(benchmark).solve({"balance": 0.0})
    wage, _, real, _ = exact_hat(benchmark, THETA, benchmark.tariff[0], deficit=np.zeros(4))
    np.testing.assert_allclose(by_region(first, "factor_return"), wage, rtol=1e-9)
    np.testing.assert_allclose(by_region(first, "welfare"), real, rtol=1e-9)
    balanced = rebase(first)
    assert (balanced.balance == 0).all()
    second = Model.build(balanced).solve({"tariff[*, A, !SRV, B]": 1.5})
    new = balanced.tariff[0].copy()
    new[0, :2, 1] = 0.5
    np.testing.assert_allclose(
        by_region(second, "welfare"), exact_hat(balanced, THETA, new)[2], rtol=1e-9
    )


def test_accounts_solve_the_expenditure_equations_at_the_given_shares_and_deficits():
    given = world(7)
    deficit = np.array([3.0, -2.0, -1.5, 0.5])
    b = benchmark_from_trade(**given, deficits=deficit)
    np.testing.assert_allclose(b.balance, deficit, atol=1e-9)
    np.testing.assert_allclose(b.purchases.sum(), (given["trade"] * (1 + given["tariff"])).sum())
    alpha = b.final[:, 0] / b.final[:, 0].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(alpha, given["final_shares"], rtol=1e-10)
    market = given["trade"] * (1 + given["tariff"])
    pi = market / market.sum(axis=0)
    np.testing.assert_allclose(b.purchases[0] / b.purchases[0].sum(axis=0), pi, rtol=1e-10)
    np.testing.assert_allclose(
        b.factor_payments[..., 0] / b.output, given["value_added_share"], rtol=1e-10
    )
    balanced = benchmark_from_trade(**given, deficits="zero")
    np.testing.assert_allclose(balanced.balance, 0, atol=1e-9)


def test_trade_that_is_consistent_comes_back_as_it_was():
    first = benchmark_from_trade(**world(8))
    again = {**world(8), "trade": first.flows[0]}
    shares = again.pop("final_shares")
    second = benchmark_from_trade(**again)  # final demand is the remainder
    np.testing.assert_allclose(second.flows, first.flows, rtol=1e-9)
    np.testing.assert_allclose(second.balance, first.balance, atol=1e-8)
    third = benchmark_from_trade(**again, final_shares=shares)
    np.testing.assert_allclose(third.flows, first.flows, rtol=1e-9)


def test_input_shares_may_be_of_all_cost_or_of_inputs():
    given = world(9)
    of_inputs = given["io_shares"] / given["io_shares"].sum(axis=1, keepdims=True)
    first = benchmark_from_trade(**given)
    second = benchmark_from_trade(**{**given, "io_shares": of_inputs})
    np.testing.assert_allclose(second.intermediate, first.intermediate, rtol=1e-12)


def test_gross_trade_with_its_tariffs_is_the_same_world_as_net_trade():
    given = world(10)
    gross = given["trade"] * (1 + given["tariff"])
    first = benchmark_from_trade(**given)
    second = benchmark_from_trade(**{**given, "trade": gross}, flows="gross")
    np.testing.assert_allclose(second.flows, first.flows, rtol=1e-12)


def test_gains_from_trade_are_the_closed_form_of_costinot_and_rodriguez_clare():
    """Table 4.1's formula with intermediates: W = prod lambda ** (alpha B / theta)."""
    given = {**world(11, nontradable=False), "tariff": 0.0, "deficits": "zero"}
    b = benchmark_from_trade(**given)
    gamma = b.intermediate / b.output[:, None, :]
    alpha = b.final[:, 0] / b.final[:, 0].sum(axis=1, keepdims=True)
    own = np.einsum("rir->ri", b.flows[0]) / b.flows[0].sum(axis=0).T
    expected = np.empty(4)
    for s in range(4):
        # ln P = (I - gamma')^-1 (-ln lambda / theta): prices in autarky, wages one
        log_price = np.linalg.solve(np.eye(3) - gamma[s].T, -np.log(own[s]) / THETA)
        expected[s] = np.exp(-(alpha[s] @ log_price))
    prohibitive = {f"trade_cost[*, !{s}, *, {s}]": 1e3 for s in b.regions}
    autarky = Model.build(b).solve(prohibitive, allow_large_rates=True)
    np.testing.assert_allclose(by_region(autarky, "welfare"), expected, rtol=1e-8)


def test_one_sector_welfare_is_the_share_formula_of_arkolakis_and_others():
    trade = np.array([[[80.0, 20.0]], [[30.0, 70.0]]])
    balanced = np.array([[[80.0, 20.0]], [[20.0, 80.0]]])
    for flows in (balanced, trade):
        b = benchmark_from_trade(
            regions=("A", "B"), sectors=("G",), trade=flows, value_added_share=np.ones((2, 1)),
            io_shares=np.zeros((2, 1, 1)), final_shares=np.ones((2, 1)), deficits="zero",
            elasticities={"armington": 5.0},
        )  # fmt: skip
        solution = Model.build(b).solve({"trade_cost[*, A, *, B]": 1.4})
        fob = trade_of(solution)[:, 0]
        own = np.diag(fob) / fob.sum(axis=0)
        own0 = np.diag(b.flows[0, :, 0]) / b.flows[0, :, 0].sum(axis=0)
        np.testing.assert_allclose(
            by_region(solution, "welfare"), (own / own0) ** (1 / (1 - 5.0)), rtol=1e-10
        )


def test_barriers_on_inputs_and_on_final_goods_can_differ():
    """Two use classes with one benchmark sourcing: each barrier moves its own imports."""
    given = world(12)
    split = benchmark_from_trade(**given, use_classes={"sectors": "inputs", "agents": "final"})
    one = benchmark_from_trade(**given)
    assert split.use_classes == ("inputs", "final")
    np.testing.assert_allclose(split.flows.sum(axis=0), one.flows[0], rtol=1e-12)
    model = Model.build(split)
    same = Model.build(one).solve({"trade_cost[*, A, !SRV, B]": 1.3})
    both = model.solve({"trade_cost[*, A, !SRV, B]": 1.3})
    np.testing.assert_allclose(by_region(both, "welfare"), by_region(same, "welfare"), rtol=1e-9)
    inputs = by_region(model.solve({"trade_cost[inputs, A, !SRV, B]": 1.3}), "welfare")
    final = by_region(model.solve({"trade_cost[final, A, !SRV, B]": 1.3}), "welfare")
    assert inputs[1] < 1 and final[1] < 1
    assert abs(inputs[1] - final[1]) > 1e-5


def test_final_demand_that_trade_does_not_leave_is_named_or_clipped():
    given = world(13)
    given.pop("final_shares")
    given["trade"] = given["trade"].copy()
    given["trade"][:, 1, 0] *= 0.01
    with pytest.raises(InputError, match=r"\[A, MAN\].*negative='clip'"):
        benchmark_from_trade(**given)
    b = benchmark_from_trade(**given, negative="clip")
    assert b.final[0, 0, 1] == 0
    assert any("negative" in note for note in b.notes)
    assert Model.build(b).solve().diagnostics.iterations == 0


@pytest.mark.parametrize("of_inputs", [False, True])
def test_negative_shares_are_named_or_clipped_and_the_rest_scaled(of_inputs):
    """As in Caliendo and Parro's own data, where an input share is -0.0006."""
    given = world(16)
    shares = given["io_shares"].copy()
    shares[1, 2, 0] += shares[1, 0, 0] + 0.0006
    shares[1, 0, 0] = -0.0006
    total = shares.sum(axis=1)
    given["io_shares"] = shares / total[:, None, :] if of_inputs else shares
    with pytest.raises(InputError, match=r"io_shares.*\[B, AGR, AGR\].*negative='clip'"):
        benchmark_from_trade(**given)
    b = benchmark_from_trade(**given, negative="clip")
    assert any("1 negative cells of 'io_shares', 0.0006" in note or of_inputs for note in b.notes)
    assert b.intermediate[1, 0, 0] == 0
    scaled = shares[1, :, 0].clip(0) * total[1, 0] / shares[1, :, 0].clip(0).sum()
    assert b.intermediate[1, :, 0] / b.output[1, 0] == pytest.approx(scaled, rel=1e-9)
    final = given["final_shares"].copy()
    final[0, 1] += final[0, 0] + 0.01
    final[0, 0] = -0.01
    b = benchmark_from_trade(**{**given, "final_shares": final}, negative="clip")
    assert b.final[0, 0, 0] == 0
    assert any("'final_shares'" in note for note in b.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trade": np.ones((4, 3, 3))}, r"trade.*shape \(4, 3, 3\), expected \(4, 3, 4\)"),
        ({"trade": -np.ones((4, 3, 4))}, r"trade.*48 negative cells, the first at \[A, AGR, A\]"),
        ({"value_added_share": np.full((4, 3), 1.2)}, r"value_added_share.*above 1"),
        ({"io_shares": np.full((4, 3, 3), 0.5)}, r"io_shares.*do not add up"),
        ({"final_shares": np.full((4, 3), 0.5)}, r"final_shares.*\[A\] do not add up"),
        ({"deficits": [1.0, 0, 0, 0]}, r"deficits.*add up to nothing"),
        ({"deficits": "none"}, r"deficits.*'data', 'zero'"),
        ({"deficits": [1e4, -1e4, 0, 0]}, r"deficits.*smaller deficits"),
        ({"flows": "fob"}, r"flows.*net, gross"),
        ({"tariff": -1.5}, r"tariff.*-100 %"),
        ({"elasticities": {"top": 1.0}}, r"armington.*no default"),
        ({"elasticities": {"armington": {"AGR": 2.0}}}, r"elasticities.armington.*every code"),
    ],
)  # fmt: skip
def test_wrong_trade_data_is_one_clear_message(change, message):
    with pytest.raises(InputError, match=message):
        benchmark_from_trade(**{**world(14), **change})


def test_demand_for_what_nobody_delivers_is_named():
    given = world(15)
    given["trade"] = given["trade"].copy()
    given["trade"][:, 0, 2] = 0.0
    with pytest.raises(InputError, match=r"nothing is delivered of \[C, AGR\]"):
        benchmark_from_trade(**given)


def test_several_factors_and_a_composite_factor_are_the_same_world_if_all_move():
    given = world(16)
    share = given["value_added_share"]
    split = np.stack([0.6 * share, 0.4 * share], axis=2)
    one = Model.build(benchmark_from_trade(**given))
    two = Model.build(
        benchmark_from_trade(**{**given, "value_added_share": split}, factors=("LAB", "CAP"))
    )
    shock = {"tariff[*, A, MAN, B]": 1.6}
    np.testing.assert_allclose(
        by_region(two.solve(shock), "welfare"), by_region(one.solve(shock), "welfare"), rtol=1e-10
    )


def test_arrays_of_the_same_trade_make_the_same_benchmark():
    b = benchmark_from_trade(**world(17))
    net = b.flows[0]
    share = net / b.purchases[0].sum(axis=0)
    arrays = benchmark_from_arrays(
        regions=b.regions, sectors=b.sectors,
        intermediate=np.einsum("ris,sij->risj", share, b.intermediate),
        final=np.einsum("ris,si->ris", share, b.final[:, 0]),
        value_added=b.factor_payments[..., 0], tariff=b.tariff[0],
        elasticities={"armington": 1 + THETA},
    )  # fmt: skip
    for key in ("flows", "tariff", "intermediate", "final", "factor_payments"):
        np.testing.assert_allclose(getattr(arrays, key), getattr(b, key), rtol=1e-10)


def test_a_model_of_arrays_is_solved_without_tables_and_files():
    """What reads files and prints tables takes as long to import as such a model to solve."""
    code = (
        "import sys; from cge import Model, benchmark_from_trade;"
        "b = benchmark_from_trade(regions=['A', 'B'], sectors=['G'], trade=[[[8, 2]], [[3, 7]]],"
        "                         io_shares=[[[0]], [[0]]], value_added_share=[[1], [1]],"
        "                         elasticities={'armington': 5});"
        "Model.build(b).solve({'tariff[*, A, *, B]': 1.1});"
        "assert not {'pandas', 'pydantic', 'yaml', 'pyomo'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
