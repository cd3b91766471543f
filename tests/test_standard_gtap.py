"""The parts of the standard GTAP model: its equations, exact welfare, and parity with its results.

No results of GEMPACK are here, since the data behind them are licensed; that the equations are
those of the model is tested to first order, as GTAP writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome
from gtap_folder import world, write
from numpy.typing import NDArray
from scipy.optimize import minimize
from test_gtap import changed

from cge import Benchmark, Model, Solution, calibrate_gtap, decompose, open_benchmark, read_gtap
from cge.core.errors import InputError
from cge.data.benchmark_store import save_benchmark
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_checks import gdp, tax_revenue
from cge.indicators.gtap.gtap_parity import SHARES, multiplied, way_to
from cge.indicators.gtap.gtap_variables import gtap_variables
from cge.indicators.world_io import WorldIO
from cge.solve.checks import run_checks
from cge.solve.rebase import rebase

Array = NDArray[np.float64]
#: All tariffs, those on trade within a region included.
TARIFFS = "tariff[imports, *, *, *]"


@pytest.fixture(scope="module")
def b(gtap7: Path) -> Benchmark:
    return calibrate_gtap(gtap7).benchmark


def alike(b: Benchmark, equal_returns: bool) -> Benchmark:
    """Return a benchmark whose saving is invested in one of the two ways."""
    assert b.saving is not None
    return replace(b, saving=replace(b.saving, equal_returns=equal_returns))


@pytest.fixture(scope="module")
def solved(b: Benchmark) -> Solution:
    return multiplied(Model.build(b), {TARIFFS: 1.1})


@pytest.mark.parametrize("joint", [False, True])
def test_a_benchmark_keeps_gdp_taxes_and_trade_of_the_data(joint: bool, tmp_path: Path) -> None:
    source = write(tmp_path / "gtap", world(joint=joint))
    gtap_data, b = read_gtap(source), calibrate_gtap(source).benchmark
    close, taxes = {"rtol": 1e-5, "atol": 1e-3}, tax_revenue(gtap_data)
    np.testing.assert_allclose(b.gdp, gdp(gtap_data), **close)
    np.testing.assert_allclose(b.net_income, gtap_data["SAVE"] + sum(
        gtap_data[f"V{k}{u}P"].sum(axis=0) for k in "DM" for u in "PG"), **close)  # fmt: skip
    imports, transport = (b.use_classes.index(code) for code in ("imports", "transport"))
    for mine, theirs in ((b.flows, "VXSB"), (b.fob, "VFOB"), (b.cif, "VCIF"),
                         (b.purchases, "VMSB")):  # fmt: skip
        np.testing.assert_allclose(mine[imports].transpose(1, 0, 2), gtap_data[theirs], **close)
    supplied = b.flows[transport].sum(axis=2).T
    np.testing.assert_allclose(supplied[[2, 3]], gtap_data["VST"], **close)
    home = np.arange(len(b.regions))
    assert b.bundles is not None
    for k, letter in enumerate("PGI"):
        u = b.use_classes.index(b.agent_class[k])
        domestic = b.flows[u][home, :, home].T
        np.testing.assert_allclose(domestic, gtap_data[f"VD{letter}B"], **close)
        rate = b.tariff[u][home, :, home].T
        np.testing.assert_allclose(domestic * (1 + rate), gtap_data[f"VD{letter}P"], **close)
        bought = b.bundles.purchases[u]
        np.testing.assert_allclose(bought, gtap_data[f"VM{letter}B"], **close)
        paid = bought * (1 + b.bundles.tax[u])
        np.testing.assert_allclose(paid, gtap_data[f"VM{letter}P"], **close)
    users = sum(taxes[one] for one in ("inputs", "private consumption", "government consumption",
                                       "investment"))  # fmt: skip
    on_routes = b.tax_revenue["tariff"] + b.tax_revenue["export_tax"]
    np.testing.assert_allclose(on_routes, users + taxes["imports"] + taxes["exports"], **close)
    assert Model.build(b).solve().diagnostics.iterations == 0


def test_trade_within_a_region_crosses_a_border(b: Benchmark) -> None:
    """Only the last region trades with itself, and its tariffs are on that trade alone."""
    model = Model.build(b)
    start = model.start
    inside = start.array("fob_value")[b.on_border].sum(axis=(0, 2)).diagonal()
    goods = start.array("fob_value")[b.use_classes.index("imports")].sum(axis=1).diagonal()
    assert goods[-1] > 0 and (goods[:-1] == 0).all()
    exports = start.array("fob_value")[b.on_border].sum(axis=(0, 2, 3))
    np.testing.assert_allclose(start.values("exports"), exports)
    assert (inside > 0).all()  # transport of one's own imports is an export to the pool
    dearer = multiplied(model, {"tariff[imports, row, *, row]": 1.1})
    volume = dearer.array("route_volume") / np.maximum(start.array("route_volume"), 1e-300)
    u, r = b.use_classes.index("imports"), b.regions.index("row")
    # Others take its place: they lose nothing to speak of where trade within falls by a quarter.
    assert (volume[u, r, :, r] < 0.9).all() and (volume[u, :r, :, r] > 0.99).all()
    assert volume[u, :r, :2, r].min() > 1.0


@pytest.mark.parametrize("equal_returns", [True, False])
def test_a_small_shock_obeys_the_linear_equations_of_gtap(
    equal_returns: bool, b: Benchmark, gtap_data: GtapData
) -> None:
    """Corong and others (2017), equations by the names of variables; shares are of the data."""
    d, saving = gtap_data, alike(b, equal_returns).saving
    assert saving is not None
    solution = multiplied(Model.build(alike(b, equal_returns)), {TARIFFS: 1 + 1e-5})
    x = {name: one.changes / 1e-3 for name, one in gtap_variables(solution, d).items()}
    close = {"rtol": 2e-4, "atol": 2e-4}

    def equal(left: Array, right: Array) -> None:
        found = np.isfinite(left) & np.isfinite(right)
        assert found.any()
        np.testing.assert_allclose(left[found], right[found], **close)

    for letter, shape in (("f", (slice(None), None)), ("p", (slice(None),)), ("g", (slice(None),)),
                          ("i", (slice(None),))):  # fmt: skip
        sigma = d["ESBD"][shape]
        for kind in "dm":
            gap = x[f"p{letter}{kind}"] - x[f"p{letter}a"]
            equal(x[f"q{letter}{kind}"], x[f"q{letter}a"] - sigma * gap)
    sourced = d["VMSB"] / d["VMSB"].sum(axis=1, keepdims=True)
    equal(x["pms"], np.nansum(sourced * x["pmds"], axis=1))
    equal(x["qxs"], x["qms"][:, None] - d["ESBM"][:, None] * (x["pmds"] - x["pms"][:, None]))
    goods = d["VFOB"] / np.maximum(d["VCIF"], 1e-300)
    equal(x["pcif"], goods * x["pfob"] + (1 - goods) * x["ptrans"])
    equal(x["pmds"], x["pcif"] + 1.0)
    place = [2, 3]
    equal(x["qst"], x["qtm"][:, None] - (x["pds"][place] - x["pt"][:, None]))
    pool = d["VST"] / d["VST"].sum(axis=1, keepdims=True)
    equal(x["pt"], (pool * x["pds"][place]).sum(axis=1))
    equal(x["qtmfsd"], np.broadcast_to(x["qxs"], x["qtmfsd"].shape))
    # The regional household: fixed parts, but for what utility of households costs.
    equal(x["yg"], x["qsave"] + x["psave"])
    equal(x["yp"] + x["uepriv"], x["yg"])
    private, public = (sum(d[f"V{k}{u}P"].sum(axis=0) for k in "DM") for u in "PG")
    every = private + public + d["SAVE"]
    equal(
        every * x["y"], private * x["yp"] + public * x["yg"] + d["SAVE"] * (x["qsave"] + x["psave"])
    )
    prices = ((d["VDPP"] + d["VMPP"]) * x["ppa"]).sum(axis=0)
    spent = prices + public * x["pgov"] + d["SAVE"] * x["psave"]
    equal(x["ev"], x["y"] - spent / every)
    # Saving and investment.
    gross = sum((d[f"V{k}IP"]).sum(axis=0) for k in "DM")
    net = gross - d["VDEP"]
    equal(x["psave"], x["pinv"] + ((net - d["SAVE"]) * x["pinv"]).sum() / net.sum())
    earned = d["EVOS"][3].sum(axis=0)
    equal(x["rorc"], earned / (earned - d["VDEP"]) * (x["rental"] - x["pinv"]))
    equal(x["ke"], gross / (d["VKB"] + net) * x["qinv"])
    equal(x["rore"], x["rorc"] - d["RFLX"] * x["ke"])
    alike_now = x["rore"] if equal_returns else gross / net * x["qinv"]
    equal(alike_now, np.full_like(alike_now, alike_now[0]))


@pytest.mark.parametrize("equal_returns", [True, False])
def test_every_check_passes_and_welfare_adds_up(equal_returns: bool, b: Benchmark) -> None:
    one = alike(b, equal_returns)
    failed = [check.name for check in run_checks(one) if not check.passed and not check.left_out]
    assert failed == []
    solution = multiplied(Model.build(one), {TARIFFS: 1.1, "factor_supply[*, CAP]": 1.01,
                                             "import_use_tax[con, food, usa]": 1.2})  # fmt: skip
    found = decompose(solution)
    totals = found.totals(b.regions)
    assert (np.abs(found.gap) < 1e-6 * np.abs(found.exact)).all()
    assert (totals["saving"].abs() > 1e-3).all() and (totals["factor_supply"] > 0).all()


def test_equivalent_variation_is_what_the_same_welfare_costs_at_old_prices(
    b: Benchmark, solved: Solution, gtap_data: GtapData
) -> None:
    """Least spending at benchmark prices, searched for over utilities of a Cobb-Douglas region."""
    s = 1
    spent = gtap_data["VDPP"][:, s] + gtap_data["VMPP"][:, s]
    share, power = spent / spent.sum(), gtap_data["SUBP"][:, s]
    expansion = gtap_data["INCP"][:, s] / (share @ gtap_data["INCP"][:, s])
    weight = share / power / (share / power).sum()
    public = gtap_data["VDGP"][:, s].sum() + gtap_data["VMGP"][:, s].sum()
    parts = np.array([spent.sum(), public, gtap_data["SAVE"][s]])
    region = b.regions[s]

    def cost(log_utility: float) -> float:
        """Spending on households at benchmark prices, over that of the benchmark."""
        low, high = -5.0, 5.0
        for _ in range(200):
            middle = (low + high) / 2
            terms = weight @ np.exp(power * (expansion * log_utility - middle))
            low, high = (middle, high) if terms > 1 else (low, middle)
        return float(np.exp((low + high) / 2))

    governed = solved.array("final_spending")[s, 1] / solved.array("agent_price")[s, 1]
    saved = solved.outcome(f"saving_quantity[{region}]")
    utility = solved.outcome(f"utility[{region}, HH]")
    reached = np.log([utility, governed / public, saved / parts[2]])
    welfare = parts @ reached

    def bill(logs: Array) -> float:
        others = (welfare - parts[:2] @ logs) / parts[2]
        return float(parts @ [cost(logs[0]), np.exp(logs[1]), np.exp(others)])

    least = minimize(bill, reached[:2], method="Nelder-Mead",
                     options={"xatol": 1e-10, "fatol": 1e-9, "maxiter": 2000})  # fmt: skip
    variation = solved.measure("equivalent_variation_value")[s]
    assert abs(variation) > 1
    assert least.fun - parts.sum() == pytest.approx(variation, abs=2e-3)


def test_one_elasticity_at_both_levels_is_one_of_the_parameters(
    gtap7: Path, gtap_data: GtapData
) -> None:
    of = {e: calibrate_gtap(gtap7, e).benchmark.elasticities["long"].armington
          for e in (None, "ESBD", "ESBM")}  # fmt: skip
    for e, home, abroad in ((None, "ESBD", "ESBM"), ("ESBD", "ESBD", "ESBD"),
                            ("ESBM", "ESBM", "ESBM")):  # fmt: skip
        np.testing.assert_allclose(of[e][0], gtap_data[home])
        np.testing.assert_allclose(of[e][-2], gtap_data[abroad])
        np.testing.assert_allclose(of[e][-1], 1.0)
    with pytest.raises(InputError, match="stand beside tariffs"):
        calibrate_gtap(gtap7, tariffs="with-user-taxes")
    with pytest.raises(InputError, match="no such structure"):
        calibrate_gtap(gtap7, structure="half")


def test_substitution_at_the_cobb_douglas_limit_is_taken_for_the_least(
    gtap7: Path, tmp_path: Path, gtap_data: GtapData
) -> None:
    array = gtap_data["SUBP"].copy()
    array[0, 0] = 1e-6
    other = changed(gtap7, tmp_path / "other", "SUBP", "default.prm", array=array)
    b = calibrate_gtap(other).benchmark
    household = b.elasticities["long"].household
    assert household is not None and household.substitution[0, 0] == 1e-3
    assert any("nearly Cobb-Douglas, is taken for that: 1 of 12" in note for note in b.notes)


def test_a_benchmark_folder_keeps_bundles_and_saving(b: Benchmark, tmp_path: Path) -> None:
    save_benchmark(b, tmp_path / "world")
    again = open_benchmark(tmp_path / "world")
    assert (again.fingerprint, again.identity) == (b.fingerprint, b.identity)
    text = (tmp_path / "world" / "benchmark.yaml").read_text()
    assert "equal_returns: true" in text
    spoilt = text.replace("equal_returns: true", "equal_returns: false")
    (tmp_path / "world" / "benchmark.yaml").write_text(spoilt)
    with pytest.raises(InputError, match="damaged or edited"):
        open_benchmark(tmp_path / "world")


def test_input_output_tables_hold_what_bundles_and_transport_bring(
    b: Benchmark, solved: Solution
) -> None:
    table = WorldIO.from_benchmark(b)
    np.testing.assert_allclose(table.output, b.output)
    bought = b.fob.sum(axis=(0, 2))
    # All that one region sells another is found where it is used, transport of others' goods too.
    used = table.intermediate.sum(axis=(1, 3)) + table.final.sum(axis=1)
    np.testing.assert_allclose(used, b.flows.sum(axis=(0, 2)), rtol=1e-9)
    assert (bought >= used).all() or (b.export_tax < 0).any()
    WorldIO.from_solution(solved)


def test_a_benchmark_with_saving_is_no_new_benchmark(solved: Solution) -> None:
    with pytest.raises(InputError, match="saving apart from investment"):
        rebase(solved)


def test_parity_with_own_results_is_whole_and_finds_a_cell_that_is_off(
    cge: Callable[..., Outcome], gtap7: Path, here: Path, gtap_data: GtapData, solved: Solution
) -> None:
    *before, last = way_to(solved.model, {TARIFFS: 1.1})
    own = gtap_variables(last, gtap_data, before)
    rows = []
    for name, one in own.items():
        for place, value in np.ndenumerate(one.changes):
            codes = [known[k].upper() for known, k in zip(one.codes(gtap_data), place)]
            if np.isfinite(value) and one.owner is None:
                told = value / 100 if name.startswith(SHARES) else value
                rows.append([name, *codes, *[""] * (4 - len(codes)), told])
    frame = pd.DataFrame(rows, columns=["variable", "one", "two", "three", "four", "value"])
    frame.to_csv("own.csv", index=False)
    made = cge("parity", gtap7, "--against", "own.csv", "--out", "cells.csv")
    assert made.code == 0, made.err
    assert f"{len(frame)} cells compared, 100.00 % of them within 0.01" in made.out
    assert len(pd.read_csv("cells.csv")) == len(frame)
    at = frame.index[frame["variable"] == "qxs"][3]
    frame.loc[at, "value"] += 0.02
    frame.loc[len(frame)] = ["valuewu", "FOOD", "", "", "", 1.0]
    frame.to_csv("off.csv", index=False)
    made = cge("parity", gtap7, "--against", "off.csv")
    assert "; 1 beyond" in made.out and "1 variables of the file: valuewu" in made.out
    other = cge("parity", gtap7, "--against", "own.csv", "--rordelta", "0")
    assert "100.00 %" not in other.out
    small = cge("parity", gtap7, "--against", "own.csv", "--shock", f"{TARIFFS}=1.05")
    assert "100.00 %" not in small.out


@pytest.mark.parametrize("given, said", [
    (("--against", "none.csv"), "no such file"),
    (("--against", "few.csv"), "no cell in common"),
    (("--against", "twice.csv"), "stands twice"),
    (("--against", "text.csv"), "has no number"),
    (("--against", "few.csv", "--shock", "tariff[imports, *, *, *]"), "selector and factor"),
    (("--against", "few.csv", "--shock", "tarif[*, *, *, *]=1.1"), "did you mean 'tariff'"),
    (("--against", "few.csv", "--shock", "tariff[imports, *, *, *]=-1"), "is no factor"),
    (("--against", "few.csv", "--limit", "0"), "is no limit"),
    (("--against", "few.csv", "--out", "cells.xlsx"), "in which format"),
])  # fmt: skip
def test_what_parity_can_not_use_is_one_message(
    given: tuple[str, ...], said: str, cge: Callable[..., Outcome], gtap7: Path, here: Path
) -> None:
    Path("few.csv").write_text("variable,one,value\nvaluewu,food,1.0\n")
    Path("twice.csv").write_text("variable,one,value\ny,usa,1.0\nY,USA,2.0\n")
    Path("text.csv").write_text("variable,one,value\ny,usa,much\n")
    made = cge("parity", gtap7, *given)
    assert made.code == 2 and said in made.err and "Traceback" not in made.err
    assert not Path("cells.xlsx").exists()
