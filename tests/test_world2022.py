"""The estimated world of 2022: what is given is met, what is estimated is said."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cge import Model, load_benchmark, load_scenario
from cge.core.content import calibration_file
from cge.core.fields import files_of, for_table
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import clean_shipped, deliveries
from cge.data.accounts.shipped import table_folder
from cge.data.accounts.tariffs import applied_tariffs
from cge.data.data_sets import describe
from cge.data.facts import flow, tariff
from cge.scenario.variants import with_changes

FOLDER = table_folder("world2022")


@lru_cache(maxsize=1)
def world() -> Benchmark:
    """The default aggregation."""
    return load_benchmark("world2022")


def test_the_table_has_its_margins_up_to_rounding() -> None:
    raw = clean_shipped("world2022").raw
    margins = pd.read_csv(FOLDER / "margins.csv")

    def given(column: str) -> np.ndarray:
        return margins[column].to_numpy().reshape(len(raw.regions), len(raw.sectors))

    off = 1.0 - np.eye(len(raw.regions))
    traded = raw.intermediate.sum(axis=3) + raw.final.sum(axis=3)
    exports = np.einsum("ris,rs->ri", traded, off)
    for column, found in {
        "intermediate_sales": raw.intermediate.sum(axis=(2, 3)),
        "final_sales": raw.final.sum(axis=(2, 3)),
        "intermediate_use": raw.intermediate.sum(axis=(0, 1)),
        "exports": exports,
    }.items():
        gap = np.abs(found - given(column)).sum() / given(column).sum()
        assert gap < 1e-4, column
    pairs = pd.read_csv(FOLDER / "trade.csv")
    wanted = pairs.set_index(["exporter", "importer"])["goods"]
    both = pd.MultiIndex.from_product([raw.regions, raw.regions])
    wanted = wanted.reindex(both).fillna(0.0).to_numpy().reshape(off.shape)
    goods = traded[:, :16].sum(axis=1) * off
    assert np.abs(goods - wanted).sum() < 1e-4 * wanted.sum()


def test_balancing_hardly_moves_it() -> None:
    report = clean_shipped("world2022").report.set_index("step")
    assert report.loc["Leontief balance", "share_of_total"] < 1e-4
    assert report.loc[["final demand", "intermediates"], "cells"].sum() == 0


def test_viet_nam_and_canada_are_in_it_and_their_trade_is_that_of_2022() -> None:
    cleaned = clean_shipped("world2022")
    flows = deliveries(cleaned).sum(axis=0)[:, :16].sum(axis=1) / 1e3
    at = {code: k for k, code in enumerate(cleaned.raw.regions)}
    # Imports of the United States from them in 2022 were about 127, 437 and 536 bn USD.
    assert 95 < flows[at["VNM"], at["USA"]] < 135
    assert 380 < flows[at["CAN"], at["USA"]] < 460
    assert 430 < flows[at["CHN"], at["USA"]] < 560
    assert {"VNM", "CAN", "GBR", "ASEAN"} <= set(world().regions)
    # China's output grew more than twice as fast as the United States' after 2011.
    old = load_benchmark("wiod2013")
    ratio = [b.output[b.regions.index("CHN")].sum() / b.output[b.regions.index("USA")].sum()
             for b in (world(), old)]  # fmt: skip
    assert ratio[0] > 1.2 * ratio[1]


def test_it_says_that_it_is_estimated_and_what_is_given_and_what_is_not() -> None:
    assert world().status == "estimated" and "ESTIMATED" in world().notes[0]
    assert "about 2022" in world().notes[1]
    assert flow("VNM", "USA", "ELEC", table="world2022")["data"].item() == "ESTIMATED"
    assert "data" not in flow("CHN", "USA", "ELEC", table="wiod2013")
    known = describe("world2022")
    assert set(known.provenance["constraints"]) & set(known.provenance["priors"]) == set()
    assert "exports" in known.provenance["constraints"]
    assert "trade in services" in known.provenance["priors"]
    assert (known.tables()["filled cells"]["rule"] != "").all()


def test_tariffs_have_the_rises_of_2018_and_2019_between_the_united_states_and_china() -> None:
    def rate(importer: str, exporter: str, table: str) -> float:
        return float(tariff(importer, exporter, "ELEC", table=table)["rate"].iloc[0])

    assert rate("USA", "CHN", "world2022") > rate("USA", "CHN", "wiod2013") + 0.05
    assert rate("CHN", "USA", "world2022") > rate("CHN", "JPN", "world2022") + 0.05
    assert rate("EU", "GBR", "world2022") == 0.0
    axes = clean_shipped("world2022").raw.axes
    rates, rows = applied_tariffs("world2022", axes)
    assert rates.max() <= 2.0 and set(rows["status"]) == {"source", "filled"}


def test_a_table_comes_with_its_own_year_and_its_version_of_a_file_of_rates() -> None:
    scenario = load_scenario("us-tariffs-2025-26")
    assert scenario.benchmark.year == 2022
    other = with_changes(scenario, {"benchmark.table": "wiod2013"})
    assert other.benchmark.year is None
    kept = with_changes(scenario, {"benchmark.table": "wiod2013", "benchmark.year": 2007})
    assert kept.benchmark.year == 2007
    assert [path.name for path in files_of(other)] == ["us_2025_26.csv"]
    assert [path.name for path in files_of(scenario)] == ["us_2025_26-world2022.csv"]
    path = calibration_file("tariffs", "us_2025_26.csv")
    assert for_table(path, "wiod2013") == path == for_table(path, "")
    assert for_table(path, "/home/me/world2022").name == "us_2025_26-world2022.csv"


def test_a_model_of_it_replicates_it() -> None:
    model = Model.build(load_benchmark("world2022", aggregation="small"))
    solution = model.solve()
    assert np.abs(solution.by_region("equivalent_variation")).max() < 1e-9


@pytest.mark.parametrize("name", ["us_2025_26", "us_2025_08"])
def test_every_partner_has_a_rise(name: str, tmp_path: Path) -> None:
    frame = pd.read_csv(calibration_file("tariffs", f"{name}-world2022.csv"))
    regions = set(clean_shipped("world2022").raw.regions) - {"USA"}
    assert set(frame["exporter"]) == regions and len(frame) == len(regions) * 16
    mean = frame.groupby("exporter").apply(
        lambda part: np.average(part["increase"], weights=part["imports_2024_musd"] + 1e-9)
    )
    assert mean["VNM"] > 0.05 and mean["HRV"] > 0
