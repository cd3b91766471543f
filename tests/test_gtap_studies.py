"""Studies of a benchmark of GTAP data, as a new user would try them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Outcome

from cge import Model, calibrate_gtap, open_benchmark
from cge.data.benchmark_store import save_benchmark

Run = Callable[..., Outcome]
TARIFF = {"instrument": "tariff", "importer": "usa", "sector": "mnfc"}
SUBSIDY = {"instrument": "output_subsidy", "region": "usa", "sector": "mnfc"}


@pytest.fixture
def here(here: Path, gtap7: Path) -> Path:
    """Return a working folder with the benchmark in it, whose goods have a name."""
    save_benchmark(calibrate_gtap(gtap7).benchmark, "world")
    known = yaml.safe_load(Path("world/benchmark.yaml").read_text())
    assert {one: set(own) for one, own in known["groups"].items()} == {"factors": {"LAB"}}
    assert set(known["groups"]["factors"]["LAB"]) == {"SkLab", "UnSkLab"}
    known["groups"]["sectors"] = {"goods": ["food", "mnfc"]}
    Path("world/benchmark.yaml").write_text(yaml.safe_dump(known, sort_keys=False))
    return here


def written(name: str, **content: object) -> str:
    """Write a scenario of the benchmark and return its file."""
    whole = {"name": name, "benchmark": {"table": "world"}, **content}
    Path(f"{name}.yaml").write_text(yaml.safe_dump(whole))
    return f"{name}.yaml"


def results(folder: str, **where: str) -> pd.DataFrame:
    rows = pd.read_parquet(Path(folder) / "results.parquet")
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def test_a_frontier_of_tariff_and_subsidy_is_what_the_model_says(cge: Run, here: Path) -> None:
    levers = [{"name": "tariff", **TARIFF, "high": 0.5},
              {"name": "subsidy", **SUBSIDY, "high": 0.05}]  # fmt: skip
    made = cge("frontier", written("best", frontier={
        "region": "usa", "instruments": levers, "points": 2, "starts": 1,
        "versions": ["unilateral"], "disruptions": ["country-*"]}),
        "--workers", "1", "--quiet", "--out", "best")  # fmt: skip
    assert made.code == 0, made.err
    rows = results("best", region="usa")
    first = rows[rows["point"] == rows["point"].min()]
    rates = first[first["measure"] == "rate"].set_index("item")["value"] / 100
    (welfare,) = first[first["measure"] == "equivalent_variation"]["value"]
    model = Model.build(open_benchmark("world"))

    def variation(tariff: float, subsidy: float) -> float:
        levels = model.levels({})
        duty = model.variables.select("tariff[imports, *, mnfc, usa]")[1]
        kept = model.variables.select("net_of_output_tax[usa, mnfc]")[1]
        levels[duty] += tariff
        levels[kept] += subsidy
        return model.solve(levels).outcome("equivalent_variation[usa]")

    best = variation(rates["tariff"], rates["subsidy"])
    assert best == pytest.approx(welfare, abs=1e-6)
    for tariff, subsidy in ((0.01, 0), (-0.01, 0), (0, -0.005)):
        assert variation(rates["tariff"] + tariff, rates["subsidy"] + subsidy) < best


def test_stress_tests_know_labour_and_goods_of_gtap_data(cge: Run, here: Path) -> None:
    made = cge("stress", written("duty", policy=[{**TARIFF, "add": 0.1}],
                                 stress={"disruptions": ["pandemic", "sea-*"]}),
               "--workers", "1", "--out", "risk")  # fmt: skip
    assert made.code == 0, made.err
    assert "unknown code" not in made.out
    losses = results("risk", measure="loss", disruption="pandemic")
    assert (losses["value"].dropna() > 0).all() and losses["value"].notna().any()
    assert "(household, government and saving)" in " ".join(made.out.split())


def test_a_path_says_where_capital_earns(cge: Run, here: Path) -> None:
    made = cge("path", written("duty", policy=[{**TARIFF, "add": 0.1}], path={"years": 2}),
               "--workers", "1", "--out", "years")  # fmt: skip
    assert made.code == 0, made.err
    said = " ".join(made.out.split())
    assert "Capital earns where it stands" in said
    assert "household, government and saving" in said
    variation = results("years", measure="equivalent_variation", region="usa")["value"]
    assert np.isfinite(variation).all() and (variation != 0).any()


def test_policies_are_compared_on_gtap_data(cge: Run, here: Path) -> None:
    scenario = written(
        "both", path={"years": 2},
        stress={"home": "usa", "years": [1, 2], "disruptions": ["country-*"]},
        variants=[{"name": "tariff", "policy": [{**TARIFF, "budget": 0.002}]},
                  {"name": "subsidy", "policy": [{**SUBSIDY, "budget": 0.002}]}],
    )  # fmt: skip
    made = cge("compare", scenario, "--workers", "1", "--quiet", "--out", "compared")
    assert made.code == 0, made.err
    found = results("compared", measure="equivalent_variation", region="usa")
    assert found.groupby("variant", observed=True)["value"].first().abs().gt(0).sum() >= 2
    # Nothing says which goods are strategic, and all are meant.
    said = "Domestic share: of all goods and services (there is no group 'strategic')"
    shown = cge("table", "compared", "--kind", "policies", "--format", "markdown")
    assert said in " ".join(shown.out.split())
    known = yaml.safe_load(Path("world/benchmark.yaml").read_text())
    known["groups"]["sectors"]["strategic"] = ["mnfc"]
    Path("world/benchmark.yaml").write_text(yaml.safe_dump(known, sort_keys=False))
    made = cge("compare", scenario, "--workers", "1", "--out", "of-some")
    assert "Domestic share: of strategic goods in domestic supply" in " ".join(made.out.split())


def test_what_gtap_data_have_no_elasticities_for_is_one_message(cge: Run, here: Path) -> None:
    made = cge("insurance", written("cover", insurance={"region": "usa"}), "--out", "none")
    assert made.code == 2 and "no relations with suppliers to choose" in made.err
    assert not Path("none").exists()
