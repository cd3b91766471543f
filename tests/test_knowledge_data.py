"""Knowledge from research and development: figures, stocks, returns, and what was filled."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome

from cge import Benchmark, InputError, load_benchmark
from cge.core.axes import ratio as quotient
from cge.core.content import content_dir
from cge.core.parameters import LEVELS
from cge.data.accounts.shipped import TABLES, read_provenance
from cge.data.accounts.table_files import load_table
from cge.data.knowledge.assembly import load_knowledge
from cge.data.knowledge.spending import read_figures, shipped_file
from cge.data.knowledge.spillovers import imported_inputs
from cge.data.knowledge.stocks import (
    KnowledgeData,
    KnowledgeElasticities,
    balanced_stock,
    elasticity,
)
from cge.data.parameters.parameter_files import load_knowledge_parameters

FOLDER = content_dir("calibration") / "knowledge"
ROOT = Path(__file__).resolve().parents[1]
#: Folder of the raw tables, for whoever has them.
RAW = os.environ.get("CGE_RAW_RD", "")
STOCKS = ("private", "own", "spillover", "basic")


@lru_cache
def benchmark(aggregation: str = "small", year: int = 2011) -> Benchmark:
    return load_benchmark("wiod2013", year, aggregation)


@lru_cache
def knowledge(aggregation: str = "small") -> KnowledgeData:
    return load_knowledge(benchmark(aggregation))


@lru_cache
def shipped(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, dtype={"source": str})


def cell(table: str, **where: object) -> pd.Series:
    frame = shipped(table)
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, where
    return frame.iloc[0]


# -- figures


def test_clean_tables_hold_the_figures_of_their_sources() -> None:
    # Read off the published tables by hand; the lost column labels are told by the order of rows.
    assert cell("gerd", region="CHN", year=2011, source="1888")["gerd_gdp"] == 1.78
    assert cell("gerd", region="USA", year=2011, source="1888")["gerd_gdp"] == 2.75
    assert cell("gerd", region="KOR", year=2019, source="6304")["gerd_gdp"] == 4.64
    assert cell("gerd", region="TWN", year=2017, source="1875")["gerd_ppp"] == 39296.0
    assert cell("gerd", country="Vietnam", source="6304")["gerd_gdp"] == 0.53
    types = {"region": "CHN", "source": "6307"}
    assert cell("types", type="basic", **types)["percent"] == 6.0
    assert float(cell("types", type="experimental", **types)["value"]) == 434700.0
    us = {"region": "USA", "year": 2011, "source": "10487", "type": "basic"}
    assert cell("types", performer="all", **us)["percent"] == 17.3
    assert float(cell("types", performer="business", **us)["percent"]) == 17.7
    assert cell("performers", region="IND", role="funder", sector="government")["percent"] == 63.2
    assert cell("anberd", region="KOR", isic4="26")["value"] == 29893.0
    assert cell("us_business", naics="333")["value"] == 15184.0
    assert cell("intensity", isic4="26")["percent"] == 24.05
    place = {"place": "Taiwan", "field": "semiconductors", "year": 2022}
    assert cell("patents", **place)["patents"] == 3262
    assert cell("value_added", economy="China", isic4="C26", year=2011)["value"] == 186549.0


def test_no_country_has_a_basic_share_that_the_source_does_not_give() -> None:
    original = shipped("wiod2013").query("item == 'basic' and status == 'original'")
    assert set(original["region"]) == {"USA", "CHN", "JPN", "KOR", "FRA", "IND", "GBR"}
    germany = cell("wiod2013", region="DEU", item="basic")
    assert germany["status"] == "filled"
    assert germany["value"] == pytest.approx((22.7 + 18.3) / 2)


@pytest.mark.parametrize("table", TABLES)
def test_every_region_has_every_figure_and_every_filled_cell_says_by_which_rule(
    table: str,
) -> None:
    rules = read_provenance(FOLDER)["rules"]
    frame = shipped(table)
    world = load_table(table, TABLES[table].years[-1])
    for item in ("gerd", "basic", "business", "business_basic", "patents"):
        assert set(frame[frame["item"] == item]["region"]) == set(world.regions)
    industry = frame[frame["item"] == "industry"]
    assert len(industry) == len(world.regions) * len(world.sectors)
    filled = frame[frame["status"] == "filled"]
    assert len(filled) > 1000 and (filled["rule"] != "").all()
    assert (filled["filled_percent"] > 0).all()
    used = {part for rule in frame["rule"] for part in rule.split("+") if part}
    assert used - {"sum"} <= set(rules)
    untouched = frame[frame["status"] == "original"]
    assert (untouched["filled_percent"] == 0).all() and (untouched["rule"] == "").all()
    figures = read_figures(shipped_file(table), world.axes, 1995)
    other = figures.cells.query("year != 1995 and item != 'industry'")
    assert other["rule"].str.contains("nearest_year").all() and (other["status"] == "filled").all()


def test_national_figures_are_those_of_the_source_on_the_benchmarks_gdp() -> None:
    k, b = knowledge("default"), benchmark("default")
    at = {code: k.regions.index(code) for code in k.regions}
    for code, ratio in {"CHN": 1.78, "USA": 2.75, "JPN": 3.24, "KOR": 3.74, "IND": 0.83}.items():
        assert 100 * k.total[at[code]] / b.gdp[at[code]] == pytest.approx(ratio, rel=1e-12)
    assert 100 * k.basic[at["USA"]] / b.gdp[at["USA"]] == pytest.approx(2.75 * 0.173)
    assert 100 * k.basic[at["CHN"]] / b.gdp[at["CHN"]] == pytest.approx(1.78 * 0.06)
    # Eurostat has about 2 per cent of GDP for the Union in 2011 at exchange rates.
    assert 1.87 < 100 * k.total[at["EU"]] / b.gdp[at["EU"]] < 2.05


def test_spending_adds_up_to_the_national_total_and_to_the_published_shares() -> None:
    k = knowledge("default")
    assert k.applied.sum(axis=1) + k.basic == pytest.approx(k.total, rel=1e-12)
    assert k.business + k.public_applied == pytest.approx(k.applied, rel=1e-12)
    usa = k.regions.index("USA")
    performed = k.business[usa].sum() + k.basic_by_business[usa]
    # 278,977 of 406,580 million dollars in 2010, the year of table 1881 next to 2011.
    assert performed / k.total[usa] == pytest.approx(278977 / 406580, rel=1e-5)
    kor, elec = k.regions.index("KOR"), k.sectors.index("ELEC")
    # More than C26, which ANBERD has, and less than with all of electrical equipment twice.
    assert 29893 / 59644 < k.business[kor, elec] / k.business[kor].sum() < 0.60
    assert (k.business >= 0).all() and (k.public_applied >= 0).all()


@pytest.mark.parametrize("fine, coarse", [("default", "small")])
def test_aggregating_the_benchmark_adds_spending_and_stocks(fine: str, coarse: str) -> None:
    few, many = knowledge(coarse), knowledge(fine)
    for code in ("CHN", "USA", "EU"):
        a, b = few.regions.index(code), many.regions.index(code)
        for name in ("total", "basic", "basic_stock"):
            assert getattr(few, name)[a] == pytest.approx(getattr(many, name)[b], rel=1e-9)
        stocks = many.applied_stock[b]
        both = stocks[many.sectors.index("ELEC")] + stocks[many.sectors.index("MACH")]
        assert few.applied_stock[a, few.sectors.index("ELEC")] == pytest.approx(both, rel=1e-9)


# -- stocks and returns


def test_perpetual_inventory_holds_stocks_on_a_balanced_path() -> None:
    k = knowledge()
    growth = k.parameters["growth"]
    assert k.applied_stock * (growth + k.depreciation) == pytest.approx(k.applied, rel=1e-12)
    rate = growth + k.parameters["depreciation_basic"]
    assert k.basic_stock * rate == pytest.approx(k.basic, rel=1e-12)
    elec = k.sectors.index("ELEC")  # electronics at 25 per cent, machinery at 15
    assert ((k.depreciation[:, elec] > 0.15) & (k.depreciation[:, elec] < 0.25)).all()
    others = [j for j, code in enumerate(k.sectors) if code not in ("ELEC",)]
    assert k.depreciation[:, others] == pytest.approx(0.15, rel=1e-12)


def test_basic_research_of_a_sixth_of_a_per_cent_of_gdp_gives_the_known_elasticity() -> None:
    gdp = np.array([1.0])
    stock = balanced_stock(np.array([0.00167]), 0.03, 0.07)
    assert stock == pytest.approx([0.0167])
    gamma = elasticity(0.50 + 0.07, stock, gdp)
    assert gamma == pytest.approx([0.0095], abs=5e-5)
    assert 100 * gamma * np.log(2) == pytest.approx([0.66], abs=0.005)
    low, high = (elasticity(rate + 0.07, stock, gdp) for rate in (0.28, 1.40))
    assert 100 * low * np.log(2) == pytest.approx([0.4], abs=0.02)
    assert 100 * high * np.log(2) == pytest.approx([1.7], abs=0.02)


def implied_returns(k: KnowledgeData, found: KnowledgeElasticities) -> dict[str, np.ndarray]:
    """Worth of a unit of each stock that elasticities of value added imply."""
    added = k.value_added
    worth = quotient(added * found.spillover, k.domestic_pool)
    return {
        "private": quotient(found.private * added, k.private_stock),
        "own": quotient(found.own * added, k.applied_stock),
        "spillover": np.einsum("rj,rkj->rk", worth, k.domestic_weights),
        "basic": quotient((found.basic * added).sum(axis=1), k.basic_stock),
    }


@pytest.mark.parametrize("level", LEVELS)
def test_elasticities_give_back_the_returns_they_were_made_of(level: str) -> None:
    k = knowledge()
    rates = k.gross_returns(level)
    found = implied_returns(k, k.elasticities(level))
    live = k.applied_stock > 0
    for stock in ("private", "own"):
        assert found[stock][live] == pytest.approx(rates[stock][live], rel=1e-12)
    assert found["basic"] == pytest.approx(rates["basic"], rel=1e-12)
    # A unit of any sector's stock is worth the spillover to all others together.
    assert found["spillover"][live] == pytest.approx(rates["spillover"][live], rel=1e-12)


def test_a_higher_return_is_a_higher_elasticity_and_output_needs_a_smaller_one() -> None:
    k = knowledge()
    low, central, high = (k.elasticities(level) for level in LEVELS)
    for name in (*STOCKS, "foreign"):
        a, b, c = (getattr(e, name) for e in (low, central, high))
        assert (a <= b).all() and (b <= c).all() and a.sum() < b.sum() < c.sum()
    output = k.elasticities(on="output")
    # Receipts times the elasticity of output is what value added times its own is.
    assert k.receipts * output.own == pytest.approx(k.value_added * central.own, rel=1e-12)
    assert (output.own < central.own).all()


def test_business_earns_its_user_cost_and_a_sector_no_less() -> None:
    k = knowledge()
    rates = k.gross_returns()
    assert rates["private"] == pytest.approx(0.05 + k.depreciation)
    assert (rates["own"] >= 0.21).all() and (rates["own"] >= rates["private"]).all()


# -- who learns from whom


def test_weights_of_knowledge_add_up_and_leave_out_the_learner() -> None:
    k = knowledge()
    n, m = len(k.regions), len(k.sectors)
    assert k.domestic_weights.sum(axis=2) == pytest.approx(np.ones((n, m)), rel=1e-12)
    assert (k.domestic_weights[:, np.arange(m), np.arange(m)] == 0).all()
    assert (k.use_weights[:, np.arange(m), np.arange(m)] > 0).all()
    assert k.embodied_weights.sum(axis=0) == pytest.approx(np.ones((n, m)), rel=1e-12)
    assert k.disembodied_weights.sum(axis=0) == pytest.approx(np.ones(n), rel=1e-12)
    for weights in (k.embodied_weights, k.disembodied_weights):
        assert (weights[np.arange(n), np.arange(n)] == 0).all()


def test_disembodied_knowledge_of_a_source_is_its_part_in_patents() -> None:
    k = knowledge()
    chn, usa, eu = (k.regions.index(code) for code in ("CHN", "USA", "EU"))
    patents = shipped("wiod2013").query("item == 'patents' and year == 2011")
    members = benchmark().members["regions"]
    count = {c: patents[patents["region"].isin(members[c])]["value"].sum() for c in members}
    abroad = sum(v for c, v in count.items() if c != "CHN")
    part = k.disembodied_weights[:, chn]
    assert part[[usa, eu]] == pytest.approx([count[c] / abroad for c in ("USA", "EU")], rel=1e-9)


def test_what_is_learnt_from_a_source_does_not_hinge_on_how_others_are_aggregated() -> None:
    """Lichtenberg and van Pottelsberghe (1998): imports times knowledge over GDP."""
    parts = []
    for aggregation in ("small", "default"):
        b, k = benchmark(aggregation), knowledge(aggregation)
        chn, usa, eu = (k.regions.index(code) for code in ("CHN", "USA", "EU"))
        stock = k.applied_stock.sum(axis=1) + k.basic_stock
        bought = imported_inputs(b)[:, chn]
        pool = bought * (stock / b.gdp)[:, None]
        embodied = k.embodied_weights[:, chn]
        assert embodied[usa] / embodied[eu] == pytest.approx(pool[usa] / pool[eu], rel=1e-9)
        mean = np.average(embodied, axis=1, weights=bought.sum(axis=0))
        parts.append([*mean[[usa, eu]], *k.disembodied_weights[[usa, eu], chn]])
    assert parts[0] == pytest.approx(parts[1], rel=0.1)


def test_import_shares_average_to_imports_over_gdp_and_foreign_elasticities_are_capped() -> None:
    k, b = knowledge(), benchmark()
    weight = k.value_added / k.value_added.sum(axis=1, keepdims=True)
    abroad = 1 - np.eye(len(b.regions))
    imports = np.einsum("uris,rs->s", b.fob, abroad)
    assert (k.import_share * weight).sum(axis=1) == pytest.approx(imports / b.gdp, rel=1e-12)
    foreign = k.elasticities().foreign
    free = foreign < 0.12
    assert free.any() and foreign.max() == 0.12
    assert foreign[free] == pytest.approx(0.294 * k.import_share[free], rel=1e-12)


# -- parameters


def test_every_parameter_has_a_range_a_status_and_a_citation() -> None:
    frame = load_knowledge_parameters().frame()
    assert len(frame) >= 18
    assert (frame["low"] <= frame["value"]).all() and (frame["value"] <= frame["high"]).all()
    assert set(frame["status"]) <= {"read", "computed", "memory", "assumed"}
    assert (frame["citation"].str.len() > 10).all() and (frame["unit"] != "").all()
    p = load_knowledge_parameters()
    assert p["return_social"] == pytest.approx(p["return_private"] + p["return_spillover"])
    for end in ("low", "high"):
        total = p["return_private"] + p.at("return_spillover", end)
        assert p.at("return_social", end) == pytest.approx(total)


def test_a_users_parameters_replace_the_shipped_ones_or_are_refused(tmp_path: Path) -> None:
    slow, fast = (load_knowledge(benchmark(), parameters={"growth": g}) for g in (0.03, 0.10))
    chn = slow.regions.index("CHN")
    assert fast.basic_stock[chn] == pytest.approx(slow.basic_stock[chn] * 0.10 / 0.17)
    path = tmp_path / "mine.yaml"
    path.write_text("return_basic: 0.2\n")
    assert load_knowledge(benchmark(), parameters=path).parameters["return_basic"] == 0.2
    for bad in ({"grwth": 0.03}, {"growth": -0.1}, {"depreciation_basic": 0}, {"growth": "a"}):
        with pytest.raises(InputError):
            load_knowledge(benchmark(), parameters=bad)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no such level"):
        knowledge().elasticities("middle")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no such base"):
        knowledge().elasticities(on="cost")


# -- benchmarks of users


def own_figures(b: Benchmark) -> pd.DataFrame:
    rows = [(r, "", item, value) for r in b.regions
            for item, value in (("gerd", 2.0), ("basic", 10.0), ("business", 60.0))]  # fmt: skip
    rows += [(r, j, "industry", 100 / len(b.sectors)) for r in b.regions for j in b.sectors]
    return pd.DataFrame(rows, columns=["region", "sector", "item", "value"])


def test_a_benchmark_without_figures_says_which_file_to_give_and_takes_it(tmp_path: Path) -> None:
    mine = replace(benchmark(), origin={"table": "my table"}, name="mine")
    with pytest.raises(InputError, match="region, sector, item, value"):
        load_knowledge(mine)
    path = tmp_path / "knowledge.csv"
    own_figures(mine).to_csv(path, index=False)
    k = load_knowledge(mine, path)
    assert k.total == pytest.approx(0.02 * mine.gdp)
    assert k.basic == pytest.approx(0.002 * mine.gdp)
    assert k.business == pytest.approx(
        np.repeat(0.012 * mine.gdp[:, None] / len(mine.sectors), len(mine.sectors), axis=1)
    )
    assert k.depreciation == pytest.approx(0.15)
    # Without patents a source weighs as much as it knows.
    stock = k.applied_stock.sum(axis=1) + k.basic_stock
    assert k.disembodied_weights[1:, 0] == pytest.approx(stock[1:] / stock[1:].sum())
    assert not k.estimated["gerd"].any()


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda f: f.assign(region=f["region"].replace("USA", "USX")), "unknown region"),
        (lambda f: f.assign(item=f["item"].replace("gerd", "berd")), "unknown item"),
        (lambda f: f.assign(sector=f["sector"].replace("VEH", "CARS")), "unknown sector"),
        (lambda f: f.assign(value=f["value"].replace(2.0, -2.0)), "not possible"),
        (lambda f: f.assign(value=f["value"].replace(2.0, np.nan)), "is empty"),
        (lambda f: pd.concat([f, f.head(1)]), "stands twice"),
        (lambda f: f[~((f["region"] == "EU") & (f["item"] == "basic"))], "no figure 'basic'"),
        (lambda f: f[~((f["region"] == "EU") & (f["sector"] == "VEH"))], "do not add up"),
        (lambda f: f.assign(value=f["value"].replace(10.0, 50.0)), "exceeds all research"),
        (lambda f: f.drop(columns="item"), "column 'item' is missing"),
    ],
)
def test_figures_that_do_not_fit_are_refused(
    tmp_path: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    path = tmp_path / "knowledge.csv"
    spoil(own_figures(benchmark())).to_csv(path, index=False)
    with pytest.raises(InputError, match=message):
        load_knowledge(benchmark(), path)


# -- on the screen, and where it comes from


def test_data_show_prints_figures_parameters_and_filled_cells(cge: Callable[..., Outcome]) -> None:
    outcome = cge("data", "show", "knowledge")
    assert outcome.code == 0, outcome.err
    assert "filled cells; list them with --cells" in outcome.out
    assert "return_basic" in outcome.out and "peer_intensity" in outcome.out
    listed = cge("data", "show", "knowledge", "--cells")
    assert "wiod2013 basic,DEU,,2011,20.5,100,peer_mean" in listed.out
    assert "knowledge" in cge("data", "list").out


@pytest.mark.skipif(not Path(RAW, "6304").is_dir() or not RAW, reason="CGE_RAW_RD is not set")
def test_the_shipped_files_are_made_of_the_raw_tables_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "parameters.yaml").write_bytes((FOLDER / "parameters.yaml").read_bytes())
    script = ROOT / "calibration" / "tools" / "convert_rd.py"
    subprocess.run([sys.executable, script, "--raw", RAW, "--out", tmp_path], check=True)
    made = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    here = {p.name: p.read_bytes() for p in FOLDER.iterdir() if p.name != "README.md"}
    assert made == here
