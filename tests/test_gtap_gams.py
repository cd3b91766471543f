"""Solutions of the GTAP model in GAMS: read, with their accounts and closure, and held against."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome
from numpy.typing import NDArray

from cge import Benchmark, Model, Scenario, calibrate_gtap, decompose, solve_scenario
from cge.core.errors import InputError
from cge.core.tables import read_table
from cge.data.benchmark_store import save_benchmark
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gams_accounts import gams_accounts
from cge.data.gtap.gams_results import COLUMNS, GamsResults, gams_results, plain
from cge.data.gtap.gtap_checks import income, tax_revenue
from cge.data.gtap.gtap_headers import VALUES
from cge.indicators.gtap.gams_variables import MONEY, SHARES, holds_foreign_saving, told_in_gams
from cge.indicators.gtap.gtap_parity import multiplied, way_to
from cge.indicators.gtap.gtap_variables import gtap_variables
from cge.policy.closures import foreign_saving_given
from cge.solve.closure import Closure

Array = NDArray[np.float64]
TARIFFS = {"tariff[imports, *, *, *]": 1.1}
#: Variables of the table with their codes in another order than in the model.
TURNED = ("xf", "pf", "pfy")


@pytest.fixture(scope="module")
def b(gtap7: Path) -> Benchmark:
    return calibrate_gtap(gtap7).benchmark


@pytest.fixture(scope="module")
def told(b: Benchmark, gtap_data: GtapData) -> dict[str, dict[tuple[str, ...], float]]:
    """Variables of GAMS under its closure."""
    *before, last = way_to(Model.build(b), TARIFFS, Closure(swaps=foreign_saving_given(b)))
    inflow = last.model.start.values("capital_inflow"), last.values("capital_inflow")
    return told_in_gams(gtap_variables(last, gtap_data, before), inflow, gtap_data)


def table(told: dict[str, dict[tuple[str, ...], float]], d: GtapData) -> pd.DataFrame:
    """Return the table that the model in GAMS writes of variables, with codes as it has them."""
    rows = []
    for name, cells in told.items():
        for cell, change in cells.items():
            codes = [f"c_{code.upper()}" if code in d.commodities else code for code in cell]
            if name in TURNED:
                codes = [codes[0], codes[2], codes[1]]
            if name in ("xtmg", "ptmg"):
                codes = ["GBL", *codes]
            if name == "ytax":
                codes = [codes[0], "", codes[1]]
            if name == "uh":
                codes = codes[:1]
            then, now = 2.0, 2 * (1 + change / 100)
            if name in MONEY or name in SHARES:
                per = 2 / 100 if name in MONEY else 1 / 100
                then, now = 0.3, 0.3 + change * per
            if name == "savf":
                price = 1 + told["pigbl"][()] / 100
                then = change * 2 / 100 / (price - 1)
                now = then * price
            for year, level in (("1", then), ("2", now)):
                rows.append([name, *codes, *[""] * (3 - len(codes)), year, level])
    kept = [row for row in rows if len(row) == len(COLUMNS)]
    return pd.DataFrame(kept, columns=list(COLUMNS))


def test_foreign_saving_is_held_in_goods_of_world_investment(b: Benchmark) -> None:
    model = Model.build(b)
    free = multiplied(model, TARIFFS)
    held = multiplied(model, TARIFFS, closure=Closure(swaps=foreign_saving_given(b)))
    start = model.start.values("foreign_saving")
    np.testing.assert_allclose(held.values("foreign_saving"), start, rtol=1e-9)
    assert np.abs(free.values("foreign_saving") / start - 1).max() > 1e-3
    price = held.array("invested_price_now").max()
    np.testing.assert_allclose(held.values("capital_inflow"), start * price, rtol=1e-9)
    assert abs(price - 1) > 1e-3
    slack = held.values("investment_slack")
    assert len(slack) == len(b.regions) - 1 and np.abs(slack - 1).min() > 1e-4
    assert (free.values("investment_slack") == 1).all()
    found = decompose(held)
    assert (np.abs(found.gap) < 1e-6 * np.abs(found.exact)).all()


@pytest.mark.parametrize("equal_returns", [True, False])
def test_the_rule_of_the_bank_does_not_matter_where_foreign_saving_is_given(
    equal_returns: bool, b: Benchmark
) -> None:
    assert b.saving is not None
    one = replace(b, saving=replace(b.saving, equal_returns=equal_returns))
    closure = Closure(swaps=foreign_saving_given(one))
    found = multiplied(Model.build(one), TARIFFS, closure=closure).values("investment")
    wanted = multiplied(Model.build(b), TARIFFS, closure=closure).values("investment")
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_a_scenario_gives_foreign_saving_and_says_so(
    b: Benchmark, cge: Callable[..., Outcome], here: Path
) -> None:
    save_benchmark(b, here / "world")
    duty = {"instrument": "tariff", "importer": "usa", "power": 1.1}
    scenario = Scenario(name="duty", benchmark={"table": str(here / "world")}, policy=[duty],
                        closure={"foreign_saving": "given"})  # fmt: skip
    (case,) = solve_scenario(scenario)
    start = case.solution.model.start.values("foreign_saving")
    np.testing.assert_allclose(case.solution.values("foreign_saving"), start, rtol=1e-9)
    Path("duty.yaml").write_text(
        "name: duty\nbenchmark: {table: world}\nclosure: {foreign_saving: given}\n"
        "policy: [{instrument: tariff, importer: usa, power: 1.1}]\n"
    )
    made = cge("run", "duty.yaml", "--out", "duty")
    assert made.code == 0 and "from foreign saving, which is given" in " ".join(made.out.split())
    Path("none.yaml").write_text(
        "name: none\nbenchmark: {aggregation: small}\nclosure: {foreign_saving: given}\n"
    )
    made = cge("run", "none.yaml", "--out", "none")
    assert made.code == 2 and "has no saving apart from investment" in made.err
    assert not Path("none").exists()


def test_parity_with_the_table_of_gams_is_whole_and_finds_a_cell_that_is_off(
    cge: Callable[..., Outcome], gtap7: Path, here: Path, gtap_data: GtapData,
    told: dict[str, dict[tuple[str, ...], float]],
) -> None:  # fmt: skip
    frame = table(told, gtap_data)
    frame.to_csv("COMP.csv", index=False)
    made = cge("parity", gtap7, "--against", "COMP.csv", "--out", "cells.csv", "--limit", "1e-6")
    assert made.code == 0, made.err
    assert "100.00 % of them" in made.out and "Closure: foreign saving is given" in made.out
    cells = pd.read_csv("cells.csv")
    known = {name for name, own in told.items() if own} - {"xmgm"}
    assert {*cells["variable"]} == known and len(cells) > 600
    at = frame.index[(frame["Variable"] == "xw") & (frame["Year"] == "2")][3]
    frame.loc[at, "Value"] *= 1.001
    frame.to_csv("COMP.csv", index=False)
    assert "; 1 beyond" in cge("parity", gtap7, "--against", "COMP.csv").out
    standard = cge("parity", gtap7, "--against", "COMP.csv", "--foreign-saving", "follows")
    assert "Closure: the standard one" in standard.out and "100.00 %" not in standard.out
    short = frame[frame["Year"] == "2"]
    short.to_csv("COMP.csv", index=False)
    made = cge("parity", gtap7, "--against", "COMP.csv")
    assert made.code == 2 and "two periods" in made.err


def levels_of(d: GtapData, seed: int = 3) -> GamsResults:
    """Return levels of an equilibrium whose accounts are the data, at prices that are not one."""
    draw = np.random.default_rng(seed)
    r, c, a, e, m = d.regions, d.commodities, d.activities, d.endowments, d.margins
    agents = ("hhd", "gov", "inv")
    levels: dict[str, dict[tuple[str, ...], dict[str, float]]] = {}

    def put(name: str, array: Array, *codes: tuple[str, ...]) -> None:
        cells = levels.setdefault(name, {})
        for place, value in np.ndenumerate(array):
            if value:
                cell = plain([known[k] for known, k in zip(codes, place)])
                cells[cell] = {"check": float(value), "shock": float(value)}

    scale = 10.0 ** draw.integers(-2, 2, (len(r), len(a)))
    users = np.concatenate([scale, np.ones((len(r), 3))], axis=1)[:, None]
    million = 1e-6
    for kind, quantity, basic, paid in (("VD", "xd", "pd", "pdp"), ("VM", "xm", "pmt", "pmp")):
        price = draw.uniform(0.8, 1.2, (len(r), len(c)))
        values = {prices: million * np.concatenate(
            [d[f"{kind}F{prices}"], *(d[f"{kind}{n}{prices}"][:, None] for n in "PGI")], axis=1
        ).transpose(2, 0, 1) for prices in "BP"}  # fmt: skip
        put(basic, price, r, c)
        put(quantity, values["B"] / price[..., None] * users, r, c, (*a, *agents))
        put(paid, price[..., None] * values["P"] / values["B"], r, c, (*a, *agents))
        if kind == "VD":
            at = [c.index(code) for code in m]
            put("xd", (million * d["VST"].T / price[:, at])[..., None], r, m, ("tmg",))
    price = draw.uniform(0.8, 1.2, (len(r), len(e), len(a)))
    earned = million * d["EVFB"].transpose(2, 0, 1)
    put("pf", price, r, e, a)
    put("xf", earned / price * scale[:, None], r, e, a)
    for name, header in (("pfa", "EVFP"), ("pfy", "EVOS")):
        put(name, price * d[header].transpose(2, 0, 1) / d["EVFB"].transpose(2, 0, 1), r, e, a)
    price = draw.uniform(0.8, 1.2, (len(r), len(c), len(r)))
    flow = million * d["VXSB"].transpose(1, 0, 2)
    put("pe", price, r, c, r)
    put("xw", flow / price, r, c, r)
    for name, header in (("pefob", "VFOB"), ("pmcif", "VCIF"), ("pm", "VMSB")):
        put(name, price * d[header].transpose(1, 0, 2) / np.where(flow > 0, flow / million, 1.0),
            r, c, r)  # fmt: skip
    transport = draw.uniform(0.8, 1.2, len(m))
    put("ptmg", transport, m)
    put(
        "xmgm",
        million * d["VTWR"].transpose(0, 2, 1, 3) / transport[:, None, None, None],
        m,
        r,
        c,
        r,
    )
    price = draw.uniform(0.8, 1.2, (len(r), len(a), len(c)))
    made = million * d["MAKS"].transpose(2, 1, 0)
    put("p", price, r, a, c)
    put("pp", price * np.where(made > 0, d["MAKB"].transpose(2, 1, 0) * million / np.where(
        made > 0, made, 1.0), 1.0), r, a, c)  # fmt: skip
    put("x", made / price, r, a, c)
    unit = draw.uniform(0.8, 1.2, (len(r), len(a)))
    put("px", unit, r, a)
    put("xp", made.sum(axis=2) / unit * scale, r, a)
    put("pi", (invested := draw.uniform(0.8, 1.2, len(r))), r)
    put("kstock", million * d["VKB"] / invested, r)
    put("rsav", million * d["SAVE"], r)
    put("regy", million * income(d), r)
    own = {"sigmag": {(code,): 1.01 for code in r}, "sigmamg": {(code,): 1.01 for code in m}}
    return GamsResults(("check", "shock"), levels, own)


def test_accounts_of_a_solution_are_made_of_its_prices_and_quantities(gtap_data: GtapData) -> None:
    found = gams_accounts(levels_of(gtap_data), gtap_data)
    size = gtap_data["VKB"].sum() / found["VKB"].sum()  # in the money of the data but for prices
    for name in {one.name for one in VALUES} - {"POP"}:
        one, other = size * found[name], gtap_data[name]
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, err_msg=name)
    for name, known in tax_revenue(gtap_data).items():
        np.testing.assert_allclose(size * tax_revenue(found)[name], known, rtol=1e-7, atol=1e-6)
    assert (found["ESBG"] == 1.01).all() and (found["ESBS"] == 1.01).all()
    np.testing.assert_allclose(found["ESBD"], gtap_data["ESBD"])
    other = replace(gtap_data, regions=("one", "two", "three"))
    with pytest.raises(InputError, match="not of these regions"):
        gams_accounts(levels_of(gtap_data), other)


def test_what_is_held_is_seen_in_the_levels() -> None:
    levels: Any = {"regy": {(code,): {"a": 1.0, "b": 1.1} for code in ("usa", "row")}}
    for now, held in ((-0.12, True), (-0.1201, False)):
        moved = {("usa",): {"a": 0.1, "b": 0.12}, ("row",): {"a": -0.1, "b": now}}
        assert holds_foreign_saving(GamsResults(("a", "b"), levels | {"savf": moved})) is held
    assert not holds_foreign_saving(GamsResults(("a", "b"), levels))


def test_the_table_of_gams_is_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "COMP.csv"
    rows = [["regY", "usa", "", "", period, 1.0] for period in ("01", "2")]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(file, index=False)
    read: list[Path] = []

    def counted(path: Path, *arguments: Any, **more: Any) -> pd.DataFrame:
        read.append(path)
        return read_table(path, *arguments, **more)

    monkeypatch.setattr("cge.data.gtap.gams_results.read_table", counted)
    found = gams_results(file)
    assert found is not None and found.periods == ("01", "2"), "codes stay text"
    assert read == [file]
    other = tmp_path / "other.csv"
    pd.DataFrame({"Year": ["01"], "rate": [1.0]}).to_csv(other, index=False)
    assert gams_results(other) is None
    doubled = pd.concat([pd.DataFrame(rows, columns=COLUMNS)] * 2, axis=1)
    doubled.to_csv(file, index=False)
    with pytest.raises(InputError, match="'Variable' stands twice"):
        gams_results(file)


class Column(list[Any]):
    def cast(self, kind: object) -> Column:
        return self

    def to_list(self) -> list[Any]:
        return list(self)


class Table(dict[str, Column]):
    @property
    def columns(self) -> list[str]:
        return [*self]


def test_a_gdx_file_is_read_by_its_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The library stands aside here: only GAMS writes such files."""
    symbols = [{"name": "regY", "type": "Variable", "records": 2},
               {"name": "sigmag", "type": "Parameter", "records": 1},
               {"name": "ava", "type": "Parameter", "records": 1},
               {"name": "u0", "type": "Variable", "records": 0},
               {"name": "walras", "type": "Variable", "records": 1}]  # fmt: skip
    tables = {
        "regY": Table(r=Column(["USA"] * 2), t=Column(["base", "shock"]), level=Column([1.0, 1.1])),
        "sigmag": Table(r=Column(["USA"]), value=Column([1.01])),
        "walras": Table(level=Column([0.0])),
    }
    library = SimpleNamespace(
        list_symbols=lambda path: SimpleNamespace(to_dicts=lambda: symbols),
        read_gdx=lambda path, symbol: tables[symbol],
    )
    file = tmp_path / "out.gdx"
    file.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "polars_gdx", library)
    monkeypatch.setitem(sys.modules, "polars", SimpleNamespace(String=str))
    found = gams_results(file)
    assert found is not None and found.before == "base"
    assert [*found.changes("regy")] == [(("usa",), 1.0, 1.1)]
    assert found.parameters is not None and found.parameters["sigmag"] == {("usa",): 1.01}
    with pytest.raises(InputError, match="no such file"):
        gams_results(tmp_path / "none.gdx")

    def fails(path: str) -> None:
        raise RuntimeError("File not recognized as a GDX file")

    library.list_symbols = fails
    with pytest.raises(InputError, match="not recognized"):
        gams_results(file)
    monkeypatch.setitem(sys.modules, "polars_gdx", None)
    with pytest.raises(InputError, match=r"pip install 'cge-trade-policy\[gdx\]'"):
        gams_results(file)
