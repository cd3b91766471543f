"""From the shipped data to benchmarks: what must add up, and what is known of the world."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Outcome
from numpy.typing import NDArray

from cge import Benchmark, calibrate, load_benchmark
from cge.core.content import content_dir
from cge.core.parameters import LEVELS, Level
from cge.data.accounts.cleaning import clean
from cge.data.accounts.shipped import TABLES, read_provenance, table_folder
from cge.data.accounts.table_files import load_table
from cge.data.accounts.world_table import WorldTable
from cge.data.data_sets import catalogue
from cge.data.elasticities.nests import NEST_AXES
from cge.data.elasticities.sets import NAMED_SETS, ElasticitySet, load_elasticity_set

Array = NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[1]
CONTENT = content_dir("calibration")
GOODS_2013 = [f"c{n}" for n in range(1, 17)]


@lru_cache
def benchmark(
    aggregation: str = "default", year: int = 2011, tariffs: str = "applied"
) -> Benchmark:
    return load_benchmark("wiod2013", year, aggregation, tariffs)


@lru_cache(maxsize=1)
def raw_table() -> WorldTable:
    return load_table("wiod2013", 2011)


def imports(b: Benchmark) -> Array:
    """Return deliveries across borders (u, r, i, s); the rest is zero."""
    return b.flows * (1 - np.eye(len(b.regions)))[None, :, None, :]


def average_tariff(b: Benchmark, importer: str, sectors: list[str]) -> float:
    s = b.regions.index(importer)
    i = [b.sectors.index(code) for code in sectors]
    value = imports(b)[:, :, i, s]
    return float((value * b.tariff[:, :, i, s]).sum() / value.sum())


# -- accounts


@pytest.mark.parametrize("aggregation", ["full", "default", "small"])
@pytest.mark.parametrize("year", [2011, 2010, 2003, 1995])
def test_accounts_balance(year: int, aggregation: str) -> None:
    """Written out once more here, not read off the benchmark's own residuals."""
    b = benchmark(aggregation, year)
    output = b.flows.sum(axis=(0, 3))
    inputs = (b.intermediate * (1 + b.intermediate_tax)).sum(axis=1)
    value_added = (b.factor_payments * (1 + b.factor_tax)).sum(axis=2)
    np.testing.assert_allclose(
        inputs + value_added, output * (1 - b.output_tax), rtol=1e-9, atol=1e-9 * output.max()
    )
    bought = (b.flows * (1 + b.export_tax) * (1 + b.tariff)).sum(axis=1)  # u, i, s
    used = np.stack(
        [
            b.intermediate.sum(axis=2),
            b.final[:, [d for d, c in enumerate(b.agent_class) if c == "con"]].sum(axis=1),
            b.final[:, [d for d, c in enumerate(b.agent_class) if c == "inv"]].sum(axis=1),
        ]
    ).transpose(0, 2, 1)
    np.testing.assert_allclose(used, bought, rtol=1e-9, atol=1e-9 * bought.max())
    assert set(b.sector_class) == {"int"}
    abroad = imports(b) * (1 + b.export_tax)
    surplus = abroad.sum(axis=(0, 2, 3)) - abroad.sum(axis=(0, 1, 2))
    absorption = (b.final * (1 + b.final_tax)).sum(axis=(1, 2))
    np.testing.assert_allclose(absorption - b.gdp, -surplus, atol=1e-9 * absorption.max())
    np.testing.assert_allclose(b.balance, -surplus, atol=1e-9 * absorption.max())
    assert abs(surplus.sum()) < 1e-9 * absorption.sum()
    for array in (b.flows, b.intermediate, b.final, b.factor_payments):
        assert (array >= 0).all()


@pytest.mark.parametrize("year", [1995, 2005, 2011])
def test_the_table_has_the_published_output(year: int) -> None:
    table = load_table("wiod2013", year)
    published = read_provenance(table_folder("wiod2013"))["checked"]["years"][year]
    # Row sums fall short of it by what rounding to whole millions took out of the cells.
    assert table.output.sum() / 1e6 == pytest.approx(published["world_output"], rel=1e-3)
    if year == 2011:
        assert published["world_output"] == pytest.approx(141.8, abs=0.05)


def test_world_totals_of_2011_are_kept_by_cleaning() -> None:
    raw, b = raw_table(), benchmark("full")
    assert b.output.sum() == pytest.approx(raw.output.sum(), rel=3e-3)
    assert b.factor_payments.sum() / 1e6 == pytest.approx(67.5, rel=5e-3)
    assert b.factor_payments.sum() == pytest.approx(raw.value_added.sum(), rel=1e-2)
    deliveries = raw.intermediate.sum(axis=3) + raw.final.sum(axis=3)
    abroad = deliveries.sum() - np.einsum("rir->", deliveries)
    assert imports(b).sum() == pytest.approx(abroad, rel=1e-2)
    # World exports of goods and services were about 22 trillion in the balance of payments.
    assert imports(b).sum() / 1e6 == pytest.approx(20, abs=2)


#: GDP of 2011 at market prices, trillion USD (World Bank). The table has no taxes on final
#: use, so that the benchmark is below it by these.
GDP_2011 = {
    "USA": 15.60, "CHN": 7.55, "JPN": 6.23, "DEU": 3.75, "FRA": 2.87, "GBR": 2.67, "BRA": 2.62,
    "ITA": 2.29, "RUS": 2.05, "IND": 1.82, "CAN": 1.79, "AUS": 1.40, "ESP": 1.48, "KOR": 1.25,
    "MEX": 1.23, "IDN": 0.89, "POL": 0.53,
}  # fmt: skip


@pytest.mark.parametrize("region", GDP_2011)
def test_gdp_is_what_is_known_of_the_region(region: str) -> None:
    b = benchmark("full")
    gdp = b.gdp[b.regions.index(region)] / 1e6
    assert 0.83 < gdp / GDP_2011[region] < 1.06


def test_large_imbalances_of_2011_have_the_right_sign() -> None:
    b = benchmark("default")
    share = dict(zip(b.regions, b.balance / b.gdp, strict=True))
    assert 0.02 < share["USA"] < 0.05  # a deficit is a transfer received
    assert share["CHN"] < -0.02 and share["RUS"] < -0.03 and share["TWN"] < 0


# -- tariffs


@pytest.mark.parametrize(
    ("importer", "low", "high"),
    [("USA", 0.013, 0.017), ("CHN", 0.047, 0.057), ("JPN", 0.028, 0.034), ("EU", 0.015, 0.035)],
)
def test_average_tariffs_on_goods_are_those_of_about_2013(
    importer: str, low: float, high: float
) -> None:
    b = benchmark("default")
    assert low < average_tariff(b, importer, list(b.groups["sectors"]["goods"])) < high


@pytest.mark.parametrize("aggregation", ["default", "small"])
def test_an_aggregate_tariff_is_the_mean_weighted_with_trade(aggregation: str) -> None:
    fine, coarse = benchmark("full"), benchmark(aggregation)
    revenue = add_up(fine, coarse, fine.flows * fine.tariff, "uris")
    trade = add_up(fine, coarse, fine.flows, "uris")
    there = trade > 0
    np.testing.assert_allclose(coarse.tariff[there], (revenue / np.where(there, trade, 1))[there])
    assert (coarse.tariff[~there] == 0).all()


def test_tariffs_lie_on_goods_and_inside_no_country() -> None:
    b = benchmark("full")
    services = [i for i, code in enumerate(b.sectors) if code not in GOODS_2013]
    assert len(services) == 19
    assert (b.tariff[:, :, services] == 0).all()
    assert (b.tariff * np.eye(len(b.regions))[None, :, None, :] == 0).all()
    assert b.tariff.min() >= 0 and 1 < b.tariff.max() < 10


def test_members_of_the_union_do_not_tax_each_other() -> None:
    b = benchmark("full")
    union = [b.regions.index(code) for code in benchmark("default").members["regions"]["EU"]]
    assert len(union) == 27
    assert (b.tariff[:, union][..., union] == 0).all()


def test_tariffs_on_inputs_leave_the_cost_of_a_sector_as_the_table_has_it() -> None:
    with_tariffs, without = benchmark("small"), benchmark("small", 2011, "none")
    assert (without.tariff == 0).all()
    np.testing.assert_allclose(with_tariffs.factor_payments, without.factor_payments, rtol=1e-12)
    np.testing.assert_allclose(with_tariffs.flows, without.flows, rtol=1e-12)
    for b in (with_tariffs, without):
        cost = (b.intermediate * (1 + b.intermediate_tax)).sum(axis=1)
        np.testing.assert_allclose(cost + b.factor_payments.sum(axis=2), b.output, rtol=1e-9)


def test_a_file_of_tariffs_is_read_cell_by_cell(tmp_path: Path) -> None:
    path = tmp_path / "duty.csv"
    path.write_text("importer,exporter,sector,rate\nUSA,CHN,c14,0.25\nUSA,DEU,c15,-0.05\n")
    b = load_benchmark("wiod2013", aggregation="full", tariffs=str(path))
    usa, chn, deu = (b.regions.index(code) for code in ("USA", "CHN", "DEU"))
    c14, c15 = b.sectors.index("c14"), b.sectors.index("c15")
    wanted = np.zeros_like(b.tariff)
    wanted[:, chn, c14, usa], wanted[:, deu, c15, usa] = 0.25, -0.05
    np.testing.assert_allclose(b.tariff, np.where(b.flows > 0, wanted, 0), rtol=1e-12)


# -- aggregation


def add_up(fine: Benchmark, coarse: Benchmark, array: Array, axes: str) -> Array:
    """Return an array of the finer benchmark summed to the codes of the coarser one."""
    matrices = {}
    for axis, letters in (("regions", "rs"), ("sectors", "ij")):
        inside = {code: set(members) for code, members in coarse.members[axis].items()}
        matrix = np.array(
            [[set(fine.members[axis][f]) <= inside[c] for f in getattr(fine, axis)]
             for c in getattr(coarse, axis)], dtype=float,
        )  # fmt: skip
        assert (matrix.sum(axis=0) == 1).all(), "the finer codes must nest in the coarser ones"
        matrices |= dict.fromkeys(letters, matrix)
    for position, axis in enumerate(axes):
        if axis in matrices:
            array = np.moveaxis(np.tensordot(matrices[axis], array, (1, position)), 0, position)
    return array


@pytest.mark.parametrize(
    ("finer", "coarser"), [("full", "default"), ("full", "small"), ("default", "small")]
)
def test_the_coarser_benchmark_is_the_finer_one_added_up(finer: str, coarser: str) -> None:
    fine, coarse = benchmark(finer), benchmark(coarser)
    taxes = "intermediate_tax"
    for name, axes, value in (
        ("deliveries", "uris", lambda b: b.flows),
        ("tariff revenue", "uris", lambda b: b.flows * b.tariff),
        ("inputs", "sij", lambda b: b.intermediate),
        ("final demand", "sdi", lambda b: b.final),
        ("factor payments", "sjf", lambda b: b.factor_payments),
        ("user taxes", "sj", lambda b: (b.intermediate * getattr(b, taxes)).sum(axis=1)),
        ("balance", "s", lambda b: b.balance),
        ("GDP", "s", lambda b: b.gdp),
    ):
        wanted, found = add_up(fine, coarse, value(fine), axes), value(coarse)
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12 * scale, err_msg=name)


def test_every_shipped_aggregation_names_each_code_once_and_in_words() -> None:
    for path in sorted((CONTENT / "aggregations").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        table = table_folder(content["table"])
        for axis in ("regions", "sectors"):
            known = pd.read_csv(table / f"{axis}.csv")[axis[:-1]]
            if content[axis] == "identity":
                continue
            members = [m for group in content[axis].values() for m in group["members"]]
            assert sorted(members) == sorted(known), path.name
            assert all(group["name"] for group in content[axis].values()), path.name


def test_the_latest_year_is_the_default() -> None:
    latest = load_benchmark("wiod2013", aggregation="small")
    assert latest.fingerprint == benchmark("small", 2011).fingerprint
    assert latest.fingerprint != benchmark("small", 2010).fingerprint
    assert latest.name == "wiod2013-2011-small"


# -- factors


@pytest.mark.parametrize("year", [1995, 2011])
def test_labour_shares_are_shares(year: int) -> None:
    b = benchmark("full", year)
    value_added = b.factor_payments.sum(axis=2)
    share = b.factor_payments[..., b.factors.index("LAB")] / np.where(
        value_added > 0, value_added, np.nan
    )
    assert np.nanmin(share) > 0 and np.nanmax(share) < 1
    labour = b.factor_payments[..., 0].sum(axis=1) / value_added.sum(axis=1)
    by_region = dict(zip(b.regions, labour, strict=True))
    assert 0.5 < by_region["USA"] < 0.7 and 0.35 < by_region["CHN"] < 0.6
    assert ((labour > 0.25) & (labour < 0.8)).all()


def test_cells_filled_by_a_rule_are_reported_with_it() -> None:
    result = calibrate("wiod2013", 2011, "small")
    assert not result.filled[["what", "region", "sector", "value", "rule"]].isna().any().any()
    shipped = pd.read_csv(CONTENT / "tariffs" / "wiod2013_applied.csv.gz", keep_default_na=False)
    flagged = (shipped["status"] == "filled") | (shipped["rule"] == "suspect")
    assert (result.filled["what"] == "tariff").sum() == flagged.sum() > 0
    labour = pd.read_csv(CONTENT / "factors" / "wiod2013_labour_share.csv", keep_default_na=False)
    filled = (labour["status"] == "filled") & (labour["year"] == 2011)
    assert (result.filled["what"] == "labour share of value added").sum() == filled.sum() > 0


# -- cleaning


def test_the_cleaning_report_says_what_was_done() -> None:
    raw = raw_table()
    cleaned = clean(raw)
    report = cleaned.report.set_index("step")
    total = raw.intermediate.sum() + raw.final.sum()
    np.testing.assert_allclose(report["share_of_total"], report["value"] / total, rtol=1e-12)
    stocks = raw.final[..., raw.agents.index("INV")]
    others = raw.final[..., [d for d, a in enumerate(raw.agents) if a != "INV"]]
    for step, cells in (
        ("inventories", stocks), ("final demand", others), ("intermediates", raw.intermediate),
    ):  # fmt: skip
        assert report.loc[step, "cells"] == (cells < 0).sum()
        assert report.loc[step, "value"] == pytest.approx(-cells[cells < 0].sum(), abs=1e-9)
    dead = raw.output <= 1e-10 * raw.output.sum()
    assert report.loc["zero sectors", "cells"] == dead.sum() > 0
    assert (cleaned.intermediate[dead] == 0).all() and (cleaned.final[dead] == 0).all()
    assert (cleaned.intermediate[:, :, dead] == 0).all()
    assert (cleaned.intermediate >= 0).all() and (cleaned.final >= 0).all()
    dropped = report.loc["tiny final demand", "value"] + np.maximum(raw.final, 0)[dead].sum()
    assert cleaned.final.sum() == pytest.approx(np.maximum(raw.final, 0).sum() - dropped, rel=1e-12)
    lost = 0
    for part, after, tiny in (
        (raw.intermediate, cleaned.intermediate, "tiny intermediates"),
        (raw.final, cleaned.final, "tiny final demand"),
    ):
        gone = (part > 0) & (after == 0)
        gone[dead] = False
        if tiny == "tiny intermediates":
            gone[:, :, dead] = False
        assert gone.sum() == report.loc[tiny, "cells"]
        assert part[gone].sum() == pytest.approx(report.loc[tiny, "value"], abs=1e-9)
        lost += gone.sum()
    assert lost > 0
    assert report.loc["Leontief balance", "share_of_total"] < 0.01
    assert report.loc["residual", "share_of_total"] < 1e-12
    assert report.loc[["column caps", "value added"], "share_of_total"].max() < 2e-3
    rows = cleaned.intermediate.sum(axis=(2, 3)) + cleaned.final.sum(axis=(2, 3))
    columns = cleaned.intermediate.sum(axis=(0, 1)) + cleaned.value_added + cleaned.product_tax
    np.testing.assert_allclose(rows, columns, rtol=1e-9, atol=1e-9 * rows.max())


def test_cleaning_keeps_the_input_coefficients() -> None:
    raw = raw_table()
    cleaned = clean(raw)
    large = raw.output > 1e-5 * raw.output.sum()
    kept = np.maximum(raw.intermediate, 0) / np.where(large, raw.output, np.nan)
    output = cleaned.intermediate.sum(axis=(2, 3)) + cleaned.final.sum(axis=(2, 3))
    found = cleaned.intermediate / np.where(large, output, np.nan)
    used = kept.sum(axis=(0, 1))
    fine = large & (used < 0.96)
    assert fine.sum() > 0.9 * large.sum()
    gap = np.abs(found - kept)[:, :, fine]
    assert gap.max() < 2e-7  # the tiny cells that were set to zero


# -- elasticities


@pytest.mark.parametrize("name", NAMED_SETS)
def test_an_aggregate_elasticity_lies_between_its_members(name: str) -> None:
    fine, coarse = (
        load_benchmark("wiod2013", aggregation=a, elasticities=name) for a in ("full", "default")
    )
    for horizon in ("short", "long"):
        for nest, axes in NEST_AXES.items():
            one, many = (getattr(b.elasticities[horizon], nest) for b in (coarse, fine))
            letter = next((axis for axis in axes if axis in "ij"), None)
            if letter is None:
                assert np.unique(one).size == 1
                assert one.flat[0] == many.flat[0]
                continue
            position = axes.index(letter)
            for k, code in enumerate(coarse.sectors):
                members = [fine.sectors.index(m) for m in coarse.members["sectors"][code]]
                values = np.take(many, members, axis=position)
                found = np.take(one, k, axis=position)
                assert values.min() - 1e-12 <= found.min() <= found.max() <= values.max() + 1e-12


def by_sector(
    chosen: ElasticitySet, nest: str, horizon: str, sectors: Sequence[str], level: Level = "central"
) -> Array:
    return np.array([entry.at(level) for entry in chosen.in_force(nest, horizon, sectors)])


def test_the_named_sets_are_what_they_are_known_for() -> None:
    sectors = benchmark("full").sectors
    sigma = {
        (name, horizon): by_sector(load_elasticity_set(name), "armington", horizon, sectors)
        for name in NAMED_SETS
        for horizon in ("short", "long")
    }
    assert (sigma["boehm", "long"] == 2.0).all()
    assert sigma["caliendo-parro", "long"][sectors.index("c8")] == 65.85  # petroleum
    goods = sigma["fontagne", "long"][[sectors.index(code) for code in GOODS_2013]]
    assert 4 < goods.min() < goods.max() < 12
    for name in NAMED_SETS:
        assert (sigma[name, "short"] == 0.76).all()


@pytest.mark.parametrize("name", [*NAMED_SETS, "common"])
def test_every_elasticity_has_a_source_and_a_status(name: str) -> None:
    chosen = load_elasticity_set(name)
    sectors = tuple(pd.read_csv(table_folder("wiod2013") / "sectors.csv")["sector"])
    for entry in chosen.entries:
        assert entry.status in ("read", "computed", "memory", "assumed")
        assert len(entry.citation) > 10
        if entry.status in ("read", "computed"):
            assert re.search(r"\b(19|20)\d\d\b", entry.citation), entry
        assert entry.low <= entry.value <= entry.high
        assert entry.sector == "*" or entry.sector in sectors
    for horizon in ("short", "long"):
        for nest in {entry.nest for entry in chosen.entries}:
            for level in LEVELS:
                assert np.isfinite(by_sector(chosen, nest, horizon, sectors, level)).all()
    nests = {entry.nest for entry in chosen.entries}
    wanted = {"intermediate", "value_added", "top", "final", "agents"}
    assert nests == (wanted if name == "common" else wanted | {"armington"})


# -- provenance


FOLDERS = [*(p.parent for p in sorted(CONTENT.rglob("provenance.yaml")))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: str(p.relative_to(CONTENT)))
def test_every_file_is_the_one_its_provenance_describes(folder: Path) -> None:
    record = read_provenance(folder)
    sums = record["sha256"]
    for name, wanted in sums.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert found == wanted, f"{name} is not the file that was described"
    here = {p.name for p in folder.iterdir() if p.is_file()} - {"provenance.yaml", "README.md"}
    assert here == {name for name in sums if not name.startswith("..")}
    described = {
        part.strip() for names in record.get("files", {}) for part in str(names).split(",")
    }
    assert described or "sources" in record or "entries" in record or "sets" in record


def test_every_data_folder_has_a_provenance() -> None:
    with_data = {p.parent for p in CONTENT.rglob("*") if p.suffix in (".csv", ".gz", ".xz")}
    with_data.discard(CONTENT / "example")  # made up, to show the layout of a user's table
    known = {*FOLDERS, CONTENT / "concordances"}  # recorded with the elasticities
    assert with_data <= known
    assert len(FOLDERS) >= 5


# -- the estimated table


@lru_cache(maxsize=1)
def two_by_two() -> str:
    """Return an aggregation of the 2014 table that is solved in no time."""
    folder = table_folder("wiod2014")
    regions = list(pd.read_csv(folder / "regions.csv")["region"])
    sectors = list(pd.read_csv(folder / "sectors.csv")["sector"])
    return json.dumps({
        "name": "two", "table": "wiod2014",
        "regions": {"USA": {"members": ["USA"]},
                    "OTHER": {"members": [r for r in regions if r != "USA"]}},
        "sectors": {"GOODS": {"members": sectors[:22]}, "SERV": {"members": sectors[22:]}},
    })  # fmt: skip


def test_a_run_on_the_estimated_table_says_so_everywhere(
    here: Path, cge: Callable[..., Outcome]
) -> None:
    (here / "two.yaml").write_text(two_by_two())
    (here / "trial.yaml").write_text(
        "name: trial\nelasticities: boehm\n"
        "benchmark: {table: wiod2014, aggregation: two.yaml}\n"
        "policy: [{instrument: tariff, importer: USA, exporter: OTHER, add: 0.1}]\n"
    )
    outcome = cge("run", "trial.yaml")
    assert outcome.code == 0, outcome.err
    folder = here / "results" / "runs" / "trial"
    record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["benchmark"]
    assert record["status"] == "estimated"
    assert any(note.startswith("ESTIMATED:") for note in record["notes"])
    for text in (outcome.out, (folder / "summary.md").read_text(encoding="utf-8")):
        assert "BENCHMARK WITH ESTIMATED DATA." in text
        assert "cross-border intermediates of this table are RAS estimates" in " ".join(
            text.split()
        )
    b = load_benchmark("wiod2014", aggregation=str(here / "two.yaml"))
    assert b.status == "estimated"
    published = read_provenance(table_folder("wiod2014"))
    assert "estimated" in str(published).lower()
    # World output of 2014 was about 150 to 170 trillion.
    assert 150 < b.output.sum() / 1e6 < 175
    usa = b.regions.index("USA")
    assert b.gdp[usa] / 1e6 == pytest.approx(17.3, rel=0.05)
    (item,) = (item for item in catalogue() if item.name == "wiod2014")
    assert item.status == "estimated"
    outcome = cge("check", "--data", "wiod2014", "--aggregation", "two.yaml")
    assert outcome.code == 0
    assert "BENCHMARK WITH ESTIMATED DATA." in outcome.out


def test_the_sectors_of_2014_take_their_elasticities_from_the_older_classification() -> None:
    b = load_benchmark("wiod2014", aggregation="default", elasticities="fontagne")
    chosen = load_elasticity_set("fontagne")
    cars = by_sector(chosen, "armington", "long", ("c15",))[0]
    found = b.elasticities["long"].armington[:, b.sectors.index("VEH")]
    np.testing.assert_allclose(found, cars, rtol=1e-12)


def test_the_published_table_is_not_called_estimated() -> None:
    b = benchmark("small")
    assert b.status == "original" == TABLES["wiod2013"].status
    assert not any(note.startswith("ESTIMATED") for note in b.notes)


# -- the installed package


def test_every_folder_of_the_calibration_is_put_into_the_wheel() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = told["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    folders = {f"calibration/{path.name}" for path in (ROOT / "calibration").iterdir()
               if path.is_dir() and path.name != "tools"}  # fmt: skip
    assert folders <= included.keys()


@pytest.mark.slow
def test_a_wheel_carries_all_content_and_works_from_anywhere(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "-q", "-w", str(tmp_path)],
        check=True, timeout=600,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    for room in ("calibration", "experiments"):
        for path in (ROOT / room).rglob("*"):
            inside = path.relative_to(ROOT)
            if path.is_file() and "tools" not in inside.parts and path.name[0] != ".":
                assert f"cge/_content/{inside.as_posix()}" in names
    assert not [name for name in names if "/tools/" in name or "tests/" in name]
    packages = {p.relative_to(ROOT).as_posix() for p in (ROOT / "cge").rglob("*.py")}
    assert packages <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    (entry,) = (name for name in names if name.endswith("entry_points.txt"))
    assert "cge = cge.cli.main:run" in (tmp_path / "installed" / entry).read_text()
    done = subprocess.run(
        [sys.executable, "-c",
         "import cge, sys; print(cge.__file__); sys.argv = ['cge', 'run', 'free-trade', "
         "'--aggregation', 'small', '--elasticities', 'boehm']; "
         "from cge.cli.main import run; run()"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "installed"))
    assert (tmp_path / "results" / "runs" / "free-trade" / "results.parquet").is_file()


@pytest.mark.parametrize("part", ["aggregation", "elasticities", "tariffs"])
def test_what_ships_is_calibrated_once_and_a_file_of_a_user_s_as_it_stands(
    part: str, tmp_path: Path
) -> None:
    asked = {"aggregation": "small", "elasticities": "boehm", "tariffs": "none"}
    kept = load_benchmark("wiod2013", **asked)
    assert load_benchmark("wiod2013", **asked) is kept
    file = tmp_path / ("own.csv" if part == "tariffs" else "own.yaml")
    head = "importer,exporter,sector,rate\n"
    texts = [f"{head}USA,CHN,c14,{rate}\n" for rate in (0.1, 0.2)]
    if part != "tariffs":
        room = "aggregations" if part == "aggregation" else part
        text = (content_dir("calibration") / room / f"{asked[part]}.yaml").read_text("utf-8")
        texts = [text, text.replace("CAN, MEX,", "CAN,").replace("[CHN]", "[CHN, MEX]")]
        texts[1] = texts[1].replace("value: 2.00", "value: 2.10")
    found = []
    for text in texts:
        file.write_text(text, encoding="utf-8")
        found.append(load_benchmark("wiod2013", **{**asked, part: str(file)}).identity)
    assert texts[0] != texts[1] and found[0] != found[1]
