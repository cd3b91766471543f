"""Indices, sums and welfare of GTAP: their linear equations, and their chains over a way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cge import Benchmark, Model, calibrate_gtap
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_checks import income
from cge.indicators.gtap.gtap_parity import multiplied, way_to
from cge.indicators.gtap.gtap_variables import gtap_variables
from cge.indicators.gtap.huff import huff
from cge.solve.decompose import walk

Array = NDArray[np.float64]
TARIFFS = "tariff[imports, *, *, *]"
#: A shock with taxes of every kind, so that prices with and without them part.
SHOCK = {TARIFFS: 1.1, "net_of_output_tax[usa, *]": 0.98, "factor_tax[*, *, CAP]": 1.03,
         "export_tax[imports, row, *, *]": 1.02, "import_use_tax[con, food, usa]": 1.05,
         "tariff[gov, eu_28, svcs, eu_28]": 1.04}  # fmt: skip


@pytest.fixture(scope="module")
def b(uneven_gtap7: Path) -> Benchmark:
    return calibrate_gtap(uneven_gtap7).benchmark


def mean(weights: Array, changes: Array, axis: int | tuple[int, ...]) -> Array:
    return (weights * np.nan_to_num(changes)).sum(axis=axis) / weights.sum(axis=axis)


def test_indices_sums_and_shares_obey_the_linear_equations_of_gtap(
    b: Benchmark, uneven_gtap_data: GtapData
) -> None:
    """Corong and others (2017), by the names of variables; a power moves by 1e-6 of its shock."""
    d, part = uneven_gtap_data, 1e-6
    solution = multiplied(Model.build(b), SHOCK, part)
    told = gtap_variables(solution, d, welfare=huff(walk(solution)))
    x = {name: one.changes / part for name, one in told.items()}

    def equal(name: str, wanted: Array) -> None:
        assert np.abs(wanted).max() > 1e-3, name
        np.testing.assert_allclose(x[name], wanted, rtol=1e-3, atol=1e-4, err_msg=name)

    public = d["VDGP"] + d["VMGP"]
    private = d["VDPP"] + d["VMPP"]
    equal("ppriv", mean(private, x["ppa"], 0))
    spent = np.stack([private.sum(0), public.sum(0), d["SAVE"]])
    equal("p", mean(spent, np.stack([x["ppriv"], x["pgov"], x["psave"]]), 0))
    sold, paid = d["VFOB"] * np.nan_to_num(x["pfob"]), d["VST"] * x["pds"][[2, 3]]
    exports = d["VFOB"].sum((0, 2)) + d["VST"].sum(0)
    equal("psw", (sold.sum((0, 2)) + paid.sum(0)) / exports)
    equal("pdw", mean(d["VCIF"], x["pcif"], (0, 1)))
    equal("tot", x["psw"] - x["pdw"])
    equal("pxwwld", (sold.sum() + paid.sum()) / exports.sum())
    equal("qxwwld", x["vxwwld"] - x["pxwwld"])
    equal("pmwcom", mean(d["VCIF"], x["pcif"], (1, 2)))
    equal("qmwreg", mean(d["VCIF"], x["qxs"], (0, 1)))
    net = (d["VDIP"] + d["VMIP"]).sum(0) - d["VDEP"]
    equal("pcgdswld", mean(net, x["pinv"], 0))
    equal("globalcgds", ((net + d["VDEP"]) * x["qinv"]).sum() / net.sum())
    equal("walras_sup", x["walras_dem"])
    equal("rorg", mean(net, x["rore"], 0))
    earned = (d["EVFB"] * (x["peb"] + x["qfe"])).sum((0, 1))
    fixed = d["EVFB"].sum((0, 1)) - d["VDEP"]
    equal("fincome", (earned - d["VDEP"] * x["pinv"]) / fixed)
    equal("pr", x["pds"] - x["pms"])
    equal("compvalad", x["qo"] - x["qgdp"])
    equal("pfactreal", x["pfe"] - x["ppriv"])
    # Taxes: of the power that moves, and of the base.
    own = income(d)
    duty = d["VMSB"] - d["VCIF"]
    revenue = d["VMSB"] * (x["pmds"] - x["pcif"]) + duty * (x["pcif"] + x["qxs"])
    taken = np.nan_to_num(revenue).sum((0, 1)) - duty.sum((0, 1)) * x["y"]
    equal("del_taxrimp", taken / own)
    on_output = d["MAKB"] - d["MAKS"]
    moved = d["MAKB"] * (x["pca"] - x["ps"]) + on_output * (x["ps"] + x["qca"])
    taken = np.nan_to_num(moved).sum((0, 1)) - on_output.sum((0, 1)) * x["y"]
    equal("del_taxrout", taken / own)
    equal("del_ttaxr", x["del_indtaxr"] + x["del_taxrinc"])
    # Welfare: what it costs at benchmark prices, and what utility is of it.
    equal("yev", x["ev"])
    equal("u", (x["y"] - x["p"]) / (1 + spent[0] / own * (mean(private, d["INCP"], 0) - 1)))
    equal("yev", mean(spent, np.stack([x["ypev"], x["ygev"], x["ysaveev"]]), 0))
    equal("ypev", mean(private, x["qpev"], 0))
    equal("uelas", x["yg"] - x["y"])
    parts = x["cntalleffr"].sum(1) + x["cnttotr"] + x["cntpinv"] + x["cntendwr"]
    equal("ev", parts)
    by_source = x["cntqfr"] + x["cntqpr"] + x["cntqgr"] + x["cntqia"]
    equal("cntqfr", np.stack([x["cntqfd"].sum((0, 1)), x["cntqfm"].sum((0, 1))], axis=1))
    both = x["cntqxs"].sum((0, 2)) + x["cntqms"].sum((0, 1)) + by_source.sum(1)
    equal("cntqor", x["cntalleffr"].sum(1) - both - x["cntqe"].sum(0) - x["cntqfer"])


def test_prices_with_and_without_a_tax_part_where_it_moves(
    b: Benchmark, uneven_gtap_data: GtapData
) -> None:
    told = gtap_variables(multiplied(Model.build(b), SHOCK), uneven_gtap_data)
    level = {name: 1 + one.changes / 100 for name, one in told.items()}
    on_capital = (level["pfe"] / level["peb"])[uneven_gtap_data.endowments.index("Capital")]
    np.testing.assert_allclose(on_capital[np.isfinite(on_capital)], 1.03)
    np.testing.assert_allclose((level["po"] / level["pb"])[:, 0], 0.98)
    np.testing.assert_allclose((level["po"] / level["pb"])[:, 1:], 1.0)


def test_indices_are_chained_over_the_way(b: Benchmark, uneven_gtap_data: GtapData) -> None:
    """Halving the steps leaves a quarter of the error, as of Tornqvist's formula."""
    model = Model.build(b)
    large = {TARIFFS: 1.2}
    found = []
    for steps in (1, 2, 4, 8):
        way = [multiplied(model, large, (n + 1) / steps) for n in range(steps)]
        found.append(gtap_variables(way[-1], uneven_gtap_data, way[:-1])["pxwwld"].changes)
    gaps = np.abs(np.diff(np.array(found), axis=0)).ravel()
    assert gaps[0] > 1e-5
    assert (gaps[1:] < 0.3 * gaps[:-1]).all()


def test_the_way_ends_where_it_should(b: Benchmark) -> None:
    model = Model.build(b)
    last = way_to(model, {TARIFFS: 1.1})[-1]
    np.testing.assert_allclose(last.levels, multiplied(model, {TARIFFS: 1.1}).levels, rtol=1e-12)
