"""Welfare as GTAP takes it apart: its formulas to first order, its sum, and its tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Outcome
from numpy.typing import NDArray

from cge import Benchmark, Model, Solution, calibrate_gtap
from cge.data.benchmark_store import open_benchmark, save_benchmark
from cge.data.gtap.base_data import GtapData
from cge.indicators.gtap import huff
from cge.indicators.gtap.gtap_parity import multiplied
from cge.indicators.gtap.gtap_variables import gtap_variables
from cge.solve.decompose import walk

Array = NDArray[np.float64]
TARIFFS = "tariff[imports, *, *, *]"


@pytest.fixture(scope="module")
def b(uneven_gtap7: Path) -> Benchmark:
    return calibrate_gtap(uneven_gtap7).benchmark


def parts(solution: Solution) -> pd.DataFrame:
    """Parts by region."""
    return huff.summed(huff.huff(walk(solution, by_shock=True)), solution.model.benchmark.regions)


def changes(solution: Solution, data: GtapData) -> dict[str, Array]:
    """Per cent changes by GTAP's names, nothing where there is no such cell."""
    told = gtap_variables(solution, data)
    return {name: np.nan_to_num(one.changes) for name, one in told.items()}


def test_a_small_shock_has_the_parts_of_gtaps_formulas(
    b: Benchmark, uneven_gtap_data: GtapData
) -> None:
    """Corong and others (2017), equation of EV_ALT: tax revenue in the data times the change."""
    d = uneven_gtap_data
    up, down = 1 + 1e-6, 1 - 1e-6
    solution = multiplied(Model.build(b), {TARIFFS: up, "export_tax[imports, usa, *, *]": up,
                                           "net_of_output_tax[row, *]": down})  # fmt: skip
    x, found = changes(solution, d), parts(solution)
    wanted = {
        "prodtax": ((d["MAKB"] - d["MAKS"]) * x["qca"]).sum(axis=(0, 1)),
        "pfacttax": ((d["EVFP"] - d["EVFB"]) * x["qfe"]).sum(axis=(0, 1)),
        "inctax": ((d["EVFB"] - d["EVOS"]) * x["qes"]).sum(axis=(0, 1)),
        "inputtax": sum(((d[f"V{k.upper()}FP"] - d[f"V{k.upper()}FB"]) * x[f"qf{k}"]).sum((0, 1))
                        for k in "dm"),
        "xtax": ((d["VFOB"] - d["VXSB"]) * x["qxs"]).sum(axis=(0, 2)),
        "mtax": ((d["VMSB"] - d["VCIF"]) * x["qxs"]).sum(axis=(0, 1)),
    }  # fmt: skip
    for tax, letter in (("contax", "P"), ("govtax", "G"), ("invtax", "I")):
        wanted[tax] = sum(((d[f"V{k.upper()}{letter}P"] - d[f"V{k.upper()}{letter}B"])
                           * x[f"q{letter.lower()}{k}"]).sum(axis=0) for k in "dm")  # fmt: skip
    made, moved = d["VFOB"] * x["pfob"], d["VST"] * x["pds"][[2, 3]]
    exports = d["VFOB"].sum(axis=(0, 2)) + d["VST"].sum(axis=0)
    imports = d["VFOB"].sum(axis=(0, 1)) + d["VTWR"].sum(axis=(0, 1, 2))
    inflation = (made.sum() + moved.sum()) / exports.sum()
    used = (d["VTWR"].sum(axis=(1, 2)) * x["pt"][:, None]).sum(axis=0)
    wanted["tot"] = (made.sum(axis=(0, 2)) + moved.sum(axis=0) - made.sum(axis=(0, 1)) - used
                     - inflation * (exports - imports))  # fmt: skip
    net = d["VDIP"].sum(axis=0) + d["VMIP"].sum(axis=0) - d["VDEP"]
    wanted["is"] = net * (x["pinv"] - inflation) - d["SAVE"] * (x["psave"] - inflation)
    for name, values in wanted.items():
        np.testing.assert_allclose(100 * found[name], values, rtol=1e-3, atol=1e-6, err_msg=name)
        assert np.abs(values).max() > 1e-5, name
    np.testing.assert_allclose(found["endw"], 0, atol=1e-9)


@pytest.mark.parametrize("shock", [
    {TARIFFS: 1.1}, {"factor_supply[*, CAP]": 1.02}, {"productivity[usa, mnfc]": 1.05},
    {"import_use_tax[con, food, usa]": 1.2, "tariff[con, usa, food, usa]": 1.1},
])  # fmt: skip
def test_parts_add_up_to_the_equivalent_variation(shock: dict[str, float], b: Benchmark) -> None:
    solution = multiplied(Model.build(b), shock)
    found, exact = parts(solution), solution.measure("equivalent_variation_value")
    np.testing.assert_allclose(found.sum(axis=1), exact, rtol=1e-4, atol=1e-6 * b.absorption.max())
    assert np.abs(exact).max() > 1e-4 * b.absorption.max()
    assert (found["other"] == 0).all()


def test_more_of_an_endowment_brings_its_income_after_tax_less_depreciation(
    b: Benchmark, uneven_gtap_data: GtapData
) -> None:
    d = uneven_gtap_data
    found = parts(multiplied(Model.build(b), {"factor_supply[*, CAP]": 1 + 1e-6}))
    earned = d["EVOS"][d.endowments.index("Capital")].sum(axis=0)
    np.testing.assert_allclose(found["endw"] * 1e6, earned - d["VDEP"], rtol=1e-3)
    # Income tax on it is an allocative part.
    taken = (d["EVFB"] - d["EVOS"])[d.endowments.index("Capital")].sum(axis=0)
    assert (found["inctax"] * 1e6 > 0.9 * taken).all()
    technology = parts(multiplied(Model.build(b), {"productivity[usa, mnfc]": 1.001}))["tech"]
    assert technology["usa"] > 0 and (technology[["eu_28", "row"]] == 0).all()


def test_income_taxes_by_activity_are_kept_in_a_folder(
    b: Benchmark, uneven_gtap_data: GtapData, tmp_path: Path
) -> None:
    again = open_benchmark(save_benchmark(b, tmp_path / "world"))
    assert again.saving is not None and again.saving.income_tax is not None
    taken = (again.saving.income_tax * again.factor_payments).sum(axis=(1, 2))
    wanted = (uneven_gtap_data["EVFB"] - uneven_gtap_data["EVOS"]).sum(axis=(0, 1))
    np.testing.assert_allclose(taken, wanted, rtol=1e-5)
    assert b.saving is not None and again.fingerprint == b.fingerprint


def test_endowments_earn_alike_after_income_tax(b: Benchmark, uneven_gtap_data: GtapData) -> None:
    """Payments by activity are in proportion to income after tax, and add up to that before."""
    d, payments = uneven_gtap_data, b.factor_payments
    before = {code: d["EVFB"][k].sum(axis=0) for k, code in enumerate(d.endowments)}
    for f, code in enumerate(b.factors):
        k = d.endowments.index("Capital" if code == "CAP" else code)
        np.testing.assert_allclose(
            payments[:, :, f].sum(axis=1), before[d.endowments[k]], rtol=1e-5
        )
        rate = payments[:, :, f].T / d["EVOS"][k]
        np.testing.assert_allclose(rate, np.broadcast_to(rate[:1], rate.shape), rtol=1e-5)
    paid = (payments * (1 + b.factor_tax)).sum(axis=(1, 2))
    np.testing.assert_allclose(paid, d["EVFP"].sum(axis=(0, 1)), rtol=1e-5)


def test_a_run_has_the_tables_that_gtap_prints(
    cge: Callable[..., Outcome], b: Benchmark, here: Path
) -> None:
    save_benchmark(b, "world")
    Path("trade.yaml").write_text(yaml.safe_dump({
        "name": "trade", "benchmark": {"table": "world"},
        "policy": [{"instrument": "tariff", "exporter": "all", "importer": "all", "sector": "all",
                    "power": 1.1}]}))  # fmt: skip
    assert cge("run", "trade.yaml", "--workers", "1", "--quiet", "--out", "run").code == 0
    found = parts(multiplied(Model.build(b), {TARIFFS: 1.1}))
    shown = cge("table", "run", "--kind", "huff", "--unit", "value", "--detail", "--out", "a.csv")
    assert shown.code == 0, shown.err
    table = pd.read_csv("a.csv").set_index("region")
    scale = found["mtax"].abs().max() / table.filter(like="mtax").loc[list(b.regions)].abs().max()
    for name in ("mtax", "inputtax", "tot", "is"):
        (column,) = [one for one in table.columns if one.split(" ")[0] == name]
        np.testing.assert_allclose(table.loc[list(b.regions), column] * scale.iloc[0], found[name],
                                   rtol=1e-6)  # fmt: skip
    assert (
        cge("table", "run", "--kind", "huff-taxes", "--unit", "value", "--out", "b.csv").code == 0
    )
    taxes = pd.read_csv("b.csv")
    taxes = taxes[taxes["commodity"] != "Sum"].groupby("region").sum(numeric_only=True)
    (column,) = [one for one in taxes.columns if one.startswith("contax")]
    np.testing.assert_allclose(taxes.loc[list(b.regions), column] * scale.iloc[0], found["contax"],
                               rtol=1e-6)  # fmt: skip
    said = cge("table", "run", "--kind", "huff")
    assert "Huff and Hertel" in said.out and "Allocative efficiency" in said.out
