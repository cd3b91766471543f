"""What the commands write, print and return."""

from __future__ import annotations

import io
import itertools
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from cge.experiments import checks
from conftest import Outcome, snapshot

from cge import InputError, load_benchmark
from cge.cli.main import app
from cge.core.content import content_dir
from cge.core.files import read_yaml
from cge.data.catalogue import catalogue, describe
from cge.results import summary, tidy, write
from cge.scenario.schema import Scenario, load_scenario

Run = Callable[..., Outcome]

DOCS = Path(__file__).resolve().parents[1] / "docs"
TRIAL = """\
name: trial
title: "A trial [of] brackets [/and] :smile:"
description: It has two measures.
benchmark: {aggregation: small}
elasticities: [boehm]
policy:
  - {instrument: tariff, exporter: CHN, importer: USA, sector: goods, add: 0.1}
  - {instrument: tariff, exporter: USA, importer: CHN, sector: [ELEC, VEH], set: 0.2}
"""
#: One tariff that yields ten times the revenue of all: beyond the top of the Laffer curve.
IMPOSSIBLE = """\
name: trial
benchmark: {aggregation: small}
elasticities: [boehm]
closure:
  swaps:
    - {free: "tariff[int, CHN, ELEC, USA]", fix: "tariff_revenue[USA]", at: 10}
"""
FILES = set(write.FILES)

#: Measures made of several figures, whose change is told in another unit than their value.
POLICY_MEASURES = ("ev_part", "ev_part_first_order", "trade_efficiency", "terms_of_trade_effect",
                   "outlay", "outlay_share", "policy_receipts", "marginal_cost_of_funds",
                   "domestic_share")  # fmt: skip


def cge_process(*arguments: str, **keys: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as the shell does."""
    program = [sys.executable, "-c", "from cge.cli.main import run; run()"]
    keys = {"capture_output": True, **keys}
    return subprocess.run([*program, *arguments], text=True, timeout=300, check=False, **keys)


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess]:
    """Return the folder of a run in a pipe, and what it printed."""
    folder = tmp_path_factory.mktemp("piped")
    (folder / "trial.yaml").write_text(TRIAL)
    done = cge_process("run", "trial.yaml", "--elasticities", "fontagne", "--elasticities", "boehm",
                       cwd=folder)  # fmt: skip
    return folder / "results" / "runs" / "trial", done


@pytest.fixture(scope="module")
def results(piped: tuple[Path, subprocess.CompletedProcess]) -> pd.DataFrame:
    return pd.read_parquet(piped[0] / "results.parquet")


@pytest.fixture
def trial(here: Path) -> Path:
    """Return a scenario file in the working folder."""
    path = here / "trial.yaml"
    path.write_text(TRIAL)
    return path


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def one(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows with these words; a place that is not named is empty."""
    for column in ("region", "partner", "sector", "item"):
        if column not in where:
            table = table[table[column].isna()]
    for column, word in where.items():
        if word != "*":
            table = table[table[column] == word]
    return table


# -- what a run leaves behind


def test_a_run_in_a_pipe_is_quiet_and_ends_well(piped: Any) -> None:
    folder, done = piped
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout, "no colour codes in a pipe"
    assert done.stdout.splitlines()[0] == "A trial [of] brackets [/and] :smile:"
    assert done.stdout.splitlines()[-1] == "Written to results/runs/trial"
    assert {path.name for path in folder.iterdir()} == FILES


def test_both_tables_of_results_say_the_same(piped: Any, results: pd.DataFrame) -> None:
    text = pd.read_csv(piped[0] / "results.csv", keep_default_na=False, na_values=[""], dtype=str)
    assert list(text.columns) == list(results.columns)
    for column in results.columns:
        if column in ("step", "value", "benchmark", "change"):
            np.testing.assert_allclose(text[column].astype(float), results[column], rtol=1e-9)
        else:
            words = results[column].astype("string").fillna("")
            assert (text[column].fillna("") == words).all()


def test_the_columns_and_measures_are_the_documented_ones(results: pd.DataFrame) -> None:
    document = (DOCS / "scenarios.md").read_text(encoding="utf-8")
    listed = document.split("\nColumns: ")[1].split(". **")[0]
    assert re.findall(r"`(\w+)`", listed) == list(results.columns)
    rows = document.split("| measure in the output |")[1].split("\n\n")[0].splitlines()[2:]
    assert rows
    for row in rows:
        name, _, unit, change = (cell.strip() for cell in row.strip("|").split("|"))
        found = results[results["measure"] == name.strip("`")]
        assert set(found["unit"]) == {unit}
        wanted = {"percent": "percent", "difference": unit, "the value itself": unit}[change]
        assert set(found["change_unit"]) == {wanted}
    documented = {row.strip("|").split("|")[0].strip(" `") for row in rows}
    rows = document.split("| measure of a policy |")[1].split("\n\n")[0].splitlines()[2:]
    names = set()
    for row in rows:
        name, _, unit, change = (cell.strip() for cell in row.strip("|").split("|"))
        names.add(name.strip("`"))
        found = results[results["measure"] == name.strip("`")]
        if found.empty:
            continue
        assert set(found["unit"]) == {unit}
        wanted = {"the value itself": unit, "none": ""}.get(change, change)
        assert set(found["change_unit"]) == {wanted}
    assert names == set(POLICY_MEASURES)
    documented |= names
    assert set(results["measure"]) - documented == {"tariff"}, "what the policy moved"


def test_every_figure_has_its_place_its_unit_and_its_change(results: pd.DataFrame) -> None:
    words = ["scenario", "closure", "elasticities", "year", "region", "measure", "unit",
             "change_unit"]  # fmt: skip
    assert not results[words].isna().any().any()
    assert set(results["year"]) == {"2011"}
    assert set(results["elasticities"]) == {"fontagne", "boehm"}
    assert set(results["step"]) == {1.0}
    keys = tidy.COLUMNS[: tidy.COLUMNS.index("value")]
    assert not results.duplicated(keys).any()
    assert np.isfinite(results["value"]).all()
    # Of the decomposition and of budgets the change is in other units: test_tidy.py.
    plain = results[~results["measure"].isin(POLICY_MEASURES)]
    assert len(plain) > 0.3 * len(results)
    results = plain
    value, base = results["value"], results["benchmark"]
    assert np.isfinite(base).all()
    percent = results["change_unit"] == "percent"
    itself = results["measure"].isin([r.name for r in tidy.REPORTED if r.change == "itself"])
    assert (base[itself] == 0).all()
    for rows, wanted in (
        (percent & (base != 0), 100 * (value / base - 1)),
        (~percent, value - base),
    ):
        assert rows.any()
        np.testing.assert_allclose(results["change"][rows], wanted[rows], rtol=1e-9, atol=1e-9)
    assert results["change"][percent & (base == 0)].isna().all()


def test_figures_of_different_measures_add_up(results: pd.DataFrame) -> None:
    table = results[results["elasticities"] == "boehm"].copy()
    routes = one(table, measure="trade_value", region="*", partner="*", sector="*")
    abroad = routes[routes["region"].astype(str) != routes["partner"].astype(str)]
    for side, name in (("region", "exports"), ("partner", "imports")):
        for kind in ("value", "benchmark"):
            sums = abroad.groupby(side, observed=True)[kind].sum()
            whole = one(table, measure=name, region="*").set_index("region")[kind]
            np.testing.assert_allclose(sums[whole.index.astype(str)], whole, rtol=1e-9)
    duties = one(table, measure="bilateral_tariff_revenue", region="*", partner="*", sector="*")
    home = duties["region"].astype(str) == duties["partner"].astype(str)
    for routes, name in ((~home, "tariff_revenue"), (home, "domestic_purchase_tax_revenue")):
        paid = duties[routes].groupby("partner", observed=True)["value"].sum()
        whole = one(table, measure=name, region="*").set_index("region")["value"]
        assert whole.abs().max() > 1
        np.testing.assert_allclose(paid[whole.index.astype(str)], whole, rtol=1e-9, atol=1e-9)
    balance = one(table, measure="trade_balance", region="*")["value"]
    assert abs(balance.sum()) < 1e-6 * balance.abs().sum()


def test_the_measures_hit_what_they_name_and_nothing_else(results: pd.DataFrame) -> None:
    moved = results[(results["elasticities"] == "boehm") & (results["measure"] == "tariff")]
    assert set(moved["unit"]) == {"power 1+t"}
    routes = moved.groupby(["region", "partner"], observed=True)
    assert set(routes.groups) == {("CHN", "USA"), ("USA", "CHN")}
    added, put = routes.get_group(("CHN", "USA")), routes.get_group(("USA", "CHN"))
    assert set(added["sector"]) == {"PRIM", "LMAN", "HMAN", "ELEC", "VEH"}
    np.testing.assert_allclose(added["change"], 0.10, rtol=1e-9)
    assert set(put["sector"]) == {"ELEC", "VEH"}
    np.testing.assert_allclose(put["value"], 1.20, rtol=1e-9)
    assert set(moved["item"]) == {"int", "con", "inv"}
    paid = one(results[results["elasticities"] == "boehm"], measure="bilateral_tariff_revenue",
               region="USA", partner="CHN", sector="VEH")["value"].item()  # fmt: skip
    fob = one(results[results["elasticities"] == "boehm"], measure="trade_value", region="USA",
              partner="CHN", sector="VEH")["value"].item()  # fmt: skip
    assert paid == pytest.approx(0.20 * fob, rel=1e-9)


def test_the_summary_shows_the_figures_of_the_table(piped: Any, results: pd.DataFrame) -> None:
    text = (piped[0] / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("# A trial [of] brackets [/and] :smile:\n\nIt has two measures.\n")
    for name in ("fontagne", "boehm"):
        table = results[results["elasticities"] == name]
        lines = text.split(f"## Elasticities: {name}\n")[1].strip().split("\n\n")[0].splitlines()
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        assert cells[0][1:] == [
            f"{c.title}, {c.unit}".replace("{money}", "bn USD") for c in summary.COLUMNS
        ]
        rows = {row[0]: row[1:] for row in cells[2:]}
        assert list(rows) == ["CHN", "USA", "EU", "ASIA", "ROW", "World"]
        for region, row in rows.items():
            if region == "World":
                continue
            place = {"region": region}
            found = {
                ("Welfare (EV)", "%"): one(table, measure="equivalent_variation", **place),
                ("Welfare (EV)", "{money}"): one(
                    table, measure="equivalent_variation_value", **place
                ),
                ("Real GDP", "%"): one(table, measure="real_gdp", **place),
                ("Terms of trade", "%"): one(table, measure="terms_of_trade", **place),
                ("Real wage", "%"): one(table, measure="real_factor_price", item="LAB", **place),
                ("Employment", "%"): one(table, measure="employment", item="LAB", **place),
                ("Exports", "% volume"): one(table, measure="export_volume_change", **place),
                ("Imports", "% volume"): one(table, measure="import_volume_change", **place),
                ("Tariff revenue", "{money}, change"): one(
                    table, measure="tariff_revenue", **place
                ),
            }
            for cell, column in zip(row, summary.COLUMNS, strict=True):
                (figure,) = found[column.title, column.unit]["change"]
                figure /= 1000 if "{money}" in column.unit else 1
                assert float(cell) == pytest.approx(figure, abs=0.5001 * 10**-column.digits)
        welfare = one(table, measure="equivalent_variation_value", region="*")["value"]
        assert float(rows["World"][1]) == pytest.approx(welfare.sum() / 1000, abs=0.05001)
    assert "Data: World Input-Output Database, 2013 release" in text
    assert "ESTIMATED DATA" not in text


def test_the_manifest_is_enough_to_run_it_again(piped: Any) -> None:
    content = manifest(piped[0])
    assert content["benchmark"]["name"] == "wiod2013-2011-small"
    assert content["benchmark"]["status"] == "original"
    assert content["benchmark"]["unit"] == "million USD"
    assert content["benchmark"]["fingerprint"]
    assert [case["elasticities"] for case in content["cases"]] == ["fontagne", "boehm"]
    for case in content["cases"]:
        assert case["residual"] <= 1e-9 and case["walras"] <= 1e-9
        assert case["solver"] == "newton" and case["unknowns"] > 100
    assert content["versions"]["cge-trade-policy"] and content["versions"]["numpy"]
    again = Scenario.model_validate(content["scenario"])
    assert again.policy == Scenario.model_validate(load_yaml(TRIAL)).policy


def load_yaml(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)


def test_the_same_run_gives_the_same_figures_and_another_replaces_them(
    trial: Path, here: Path, cge: Run
) -> None:
    for folder in ("one", "two"):
        assert cge("run", "trial.yaml", "--out", folder).code == 0
    one, two = (pd.read_parquet(here / name / "results.parquet") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)
    (here / "two" / "notes.md").write_text("mine")
    trial.write_text(TRIAL.replace("0.1}", "0.3}"))
    assert cge("run", "trial.yaml", "--out", "two").code == 0
    assert not pd.read_parquet(here / "two" / "results.parquet").equals(one)
    assert manifest(here / "two")["scenario"]["policy"][0]["add"] == 0.3
    assert (here / "two" / "notes.md").read_text() == "mine", "what else is there stays"
    assert {path.name for path in (here / "two").iterdir()} == FILES | {"notes.md"}


def earlier_run(folder: Path) -> None:
    """Make a folder that passes for an earlier run's."""
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"scenario": {}, "benchmark": {}, "cases": []}')
    (folder / "results.csv").write_text("an earlier run")


def test_no_equilibrium_says_what_was_tried_and_keeps_an_earlier_run(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cge.solve.homotopy.SMALLEST_STEP", 1 / 16)  # to give up sooner
    (here / "trial.yaml").write_text(IMPOSSIBLE)
    earlier_run(here / "results" / "runs" / "trial")
    before = snapshot(here)
    outcome = cge("run", "trial.yaml")
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1 and outcome.err.startswith("cge: ")
    for words in ("'trial'", "'boehm'", "no equilibrium", "newton", "Tried:", "residual"):
        assert words in outcome.err
    assert snapshot(here) == before


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["newton", "ipopt"])
def test_no_equilibrium_writes_nothing(solver: str, tmp_path: Path) -> None:
    (tmp_path / "trial.yaml").write_text(IMPOSSIBLE)
    before = snapshot(tmp_path)
    done = cge_process("run", "trial.yaml", "--solver", solver, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert f"{solver} failed on every step" in done.stderr
    assert snapshot(tmp_path) == before


def test_wrong_input_leaves_an_earlier_run_as_it_was(trial: Path, here: Path, cge: Run) -> None:
    earlier_run(here / "results" / "runs" / "trial")
    trial.write_text(TRIAL.replace("CHN", "XYZ"))
    before = snapshot(here)
    assert cge("run", "trial.yaml").code == 2
    assert snapshot(here) == before


@pytest.mark.parametrize("earlier", [True, False], ids=["over an earlier run", "in a new folder"])
def test_a_full_disk_loses_nothing(
    earlier: bool, trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if earlier:
        earlier_run(here / "deep" / "one")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    before = snapshot(here)
    outcome = cge("run", "trial.yaml", "--out", "deep/one")
    assert outcome.code == 2
    assert outcome.err == (
        "cge: key '--out', value 'deep/one': can not be written: No space left on device\n"
    )
    assert snapshot(here) == before


def test_an_interrupt_is_told_in_one_line(
    trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cge.experiments.run.run_scenario", interrupt)
    before = snapshot(here)
    outcome = cge("run", "trial.yaml")
    assert outcome == Outcome(130, "", "cge: interrupted; nothing was written\n")
    assert snapshot(here) == before


# -- what the command line and the places of files mean


def test_options_override_the_file(trial: Path, here: Path, cge: Run) -> None:
    trial.write_text(TRIAL.replace("{aggregation: small}", "{aggregation: full, year: 2011}"))
    outcome = cge(
        "run", "trial.yaml", "--aggregation", "small", "--year", "2003", "--elasticities",
        "caliendo-parro", "--solver", "ipopt", "--out", "elsewhere", "--no-cache",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    content = manifest(here / "elsewhere")
    assert content["benchmark"]["name"] == "wiod2013-2003-small"
    assert content["scenario"]["benchmark"]["year"] == 2003
    assert [c["elasticities"] for c in content["cases"]] == ["caliendo-parro"]
    assert [c["solver"] for c in content["cases"]] == ["ipopt"]
    table = pd.read_parquet(here / "elsewhere" / "results.parquet")
    assert set(table["year"]) == {"2003"}
    assert not (here / "results").exists()


def test_files_that_a_scenario_names_are_found_beside_it(here: Path, cge: Run) -> None:
    study = here / "study"
    study.mkdir()
    shipped = content_dir("calibration")
    own = (shipped / "aggregations" / "small.yaml").read_text(encoding="utf-8")
    (study / "own.yaml").write_text(own.replace("name: small", "name: own"))
    sets = (shipped / "elasticities" / "boehm.yaml").read_text(encoding="utf-8")
    (study / "set.yaml").write_text(sets.replace("extends: common", "extends: nests.yaml"))
    nests = (shipped / "elasticities" / "common.yaml").read_text(encoding="utf-8")
    (study / "nests.yaml").write_text(nests)
    (study / "base.csv").write_text("importer,exporter,sector,rate\nUSA,CHN,c14,0.2\n")
    (study / "rise.csv").write_text("importer,exporter,sector,points\nUSA,CHN,ELEC,0.1\n")
    (study / "trial.yaml").write_text(
        "name: trial\nbenchmark: {aggregation: own.yaml, tariffs: base.csv}\n"
        "elasticities: [set.yaml]\n"
        "policy: [{instrument: tariff, file: rise.csv, column: points}]\n"
    )
    outcome = cge("run", "study/trial.yaml")
    assert outcome.code == 0, outcome.err
    content = manifest(here / "results" / "runs" / "trial")
    assert content["benchmark"]["name"] == "wiod2013-2011-own"
    assert content["cases"][0]["elasticities"] == "set"


def test_a_file_on_the_command_line_is_looked_for_here(here: Path, cge: Run) -> None:
    (here / "study").mkdir()
    (here / "study" / "trial.yaml").write_text(TRIAL)
    own = (content_dir("calibration") / "aggregations" / "small.yaml").read_text(encoding="utf-8")
    (here / "own.yaml").write_text(own.replace("name: small", "name: mine"))
    (here / "study" / "own.yaml").write_text(own.replace("name: small", "name: other"))
    assert cge("run", "study/trial.yaml", "--aggregation", "own.yaml").code == 0
    content = manifest(here / "results" / "runs" / "trial")
    assert content["benchmark"]["name"] == "wiod2013-2011-mine"


def test_results_of_a_shipped_scenario_do_not_hide_it(here: Path, cge: Run) -> None:
    (here / "us-china-tariff-war").mkdir()
    outcome = cge(
        "run", "us-china-tariff-war", "--aggregation", "small", "--elasticities", "boehm",
        "--out", "us-china-tariff-war",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert manifest(here / "us-china-tariff-war")["scenario"]["name"] == "us-china-tariff-war"


def test_an_output_folder_may_be_a_link(trial: Path, here: Path, cge: Run) -> None:
    (here / "disk").mkdir()
    (here / "link").symlink_to("disk")
    assert cge("run", "trial.yaml", "--out", "link").code == 0
    assert (here / "link").is_symlink()
    assert {path.name for path in (here / "disk").iterdir()} == FILES


def test_an_output_folder_may_be_the_empty_working_one(
    trial: Path, here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "empty").mkdir()
    monkeypatch.chdir(here / "empty")
    assert cge("run", "../trial.yaml", "--out", ".").code == 0
    assert {path.name for path in Path.cwd().iterdir()} == FILES


@pytest.mark.slow
def test_a_figure_is_drawn_on_demand_and_goes_with_its_run(
    trial: Path, here: Path, cge: Run
) -> None:
    outcome = cge("run", "trial.yaml", "--out", "one", "--figure")
    assert outcome.code == 0 and outcome.err == ""
    assert (here / "one" / "figure.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert (here / "one" / "figure.pdf").read_bytes().startswith(b"%PDF")
    assert cge("run", "trial.yaml", "--out", "one").code == 0
    assert {path.name for path in (here / "one").iterdir()} == FILES


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("trial.yaml", TRIAL.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param("trial.yaml", b"\xef\xbb\xbf" + TRIAL.encode(), id="a byte order mark"),
        pytest.param("tri al ü 中.yaml", TRIAL.encode(), id="a name of all sorts"),
    ],
)
def test_a_scenario_file_may_have(name: str, content: bytes, here: Path) -> None:
    (here / name).write_bytes(content)
    assert load_scenario(name) == Scenario.model_validate(load_yaml(TRIAL))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("on", "on"), ("yes", "yes"), ("true", True), ("1:30", "1:30"), ("010", 10),
        ("1e-1", 0.1), ("+3", 3), (".5", 0.5), ("0x10", 16), ("0o17", 15), ("2011-01-01",) * 2,
        ("1_000", "1_000"), ("~", None), ("null", None), ("", None), ("'1'", "1"), ("=", "="),
        ("-.inf", -np.inf), ("1.5e+3", 1500.0), ("None", "None"), ("nan", "nan"),
    ],
)  # fmt: skip
def test_plain_words_are_read_as_in_yaml_1_2(text: str, value: object, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"x: {text}\n")
    found = read_yaml(path)["x"]
    assert found == value and type(found) is type(value)


def test_codes_of_all_sorts_come_through(here: Path, cge: Run) -> None:
    """Codes that YAML, pandas or a terminal might take for something else."""
    known = load_benchmark(aggregation="full").regions
    codes = {"World": ["CHN"], "nan": ["USA"], "NO": ["JPN"], "1": ["DEU"]}
    rest = [code for code in known if code not in {"CHN", "USA", "JPN", "DEU"}]
    sectors = load_yaml(
        (content_dir("calibration") / "aggregations" / "small.yaml").read_text(encoding="utf-8")
    )["sectors"]
    regions = {code: {"members": m} for code, m in {**codes, "中国 [/b]": rest}.items()}
    content = {"name": "odd", "table": "wiod2013", "regions": regions, "sectors": sectors}
    (here / "odd.yaml").write_text(json.dumps(content))
    (here / "trial.yaml").write_text(
        "name: trial\nelasticities: boehm\n"
        "policy: [{instrument: tariff, exporter: [World, NO], importer: nan, add: 0.1}]\n"
    )
    outcome = cge("run", "trial.yaml", "--aggregation", "odd.yaml")
    assert outcome.code == 2, "a code with brackets can not be selected"
    (here / "odd.yaml").write_text(json.dumps(content).replace(" [/b]", "").replace("[/b]", ""))
    outcome = cge("run", "trial.yaml", "--aggregation", "odd.yaml")
    assert outcome.code == 0, outcome.err
    folder = here / "results" / "runs" / "trial"
    for table in (
        pd.read_parquet(folder / "results.parquet"),
        pd.read_csv(folder / "results.csv", keep_default_na=False),
    ):
        assert set(table["region"]) == {"World", "nan", "NO", "1", "中国"}
    text = (folder / "summary.md").read_text(encoding="utf-8")
    tables = [part for part in text.split("\n\n") if part.startswith("| ")]
    assert len(tables) == 2, "the summary's and the parts of welfare"
    for part in tables:
        assert sum(row.startswith("| World |") for row in part.splitlines()) == 2


def test_one_region_and_one_sector_are_a_world(here: Path, cge: Run) -> None:
    full = load_benchmark(aggregation="full")
    content = {
        "name": "dot", "table": "wiod2013",
        "regions": {"ALL": {"members": list(full.regions)}},
        "sectors": {"ALL": {"members": list(full.sectors)}},
    }  # fmt: skip
    (here / "dot.yaml").write_text(json.dumps(content))
    (here / "trial.yaml").write_text(
        "name: trial\nelasticities: boehm\npolicy: [{instrument: output_tax, add: 0.1}]\n"
    )
    assert cge("run", "trial.yaml", "--aggregation", "dot.yaml").code == 0
    text = (here / "results" / "runs" / "trial" / "summary.md").read_text(encoding="utf-8")
    row, parts = (line for line in text.splitlines() if line.startswith("| ALL |"))
    assert [cell.strip() for cell in parts.split("|")][3] == "0.00", "no terms of trade"
    assert [cell.strip() for cell in row.split("|")][5] == "-", "no terms of trade"


def test_a_stream_that_can_not_be_written_is_no_traceback(
    cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cge.cli.screen.console", full)
    assert cge("data", "list") == Outcome(2, "", "cge: No space left on device\n")


@pytest.mark.slow
def test_a_real_stream_that_can_not_be_written_is_no_traceback(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = cge_process("data", "list", cwd=tmp_path, capture_output=False, stdout=full,
                           stderr=subprocess.PIPE)  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "cge: No space left on device\n"


# -- check


def test_the_small_benchmark_passes_every_check(here: Path, cge: Run) -> None:
    outcome = cge("check", "--aggregation", "small")
    assert outcome.code == 0
    assert outcome.err == ""
    assert "FAILED" not in outcome.out
    for name in ("accounts: zero profit", "replication", "homogeneity: prices", "Walras (long run)",
                 "two solvers (capital fixed)"):  # fmt: skip
        assert re.search(rf"{re.escape(name)} .*│ ok", outcome.out)
    assert snapshot(here) == {}


def test_a_check_that_breaks_its_limit_is_told(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(*_: object) -> Iterator[checks.Check]:
        yield from itertools.islice(real(*_), 5)
        yield checks.Check("zero profit", "a gap", 1e-6, 1e-9)

    real = checks.run_checks
    monkeypatch.setattr(checks, "run_checks", some)
    outcome = cge("check", "--aggregation", "small")
    assert outcome.code == 1
    assert re.search(r"zero profit .*1\.0e-06 .*1e-09 .*FAILED", outcome.out)
    assert outcome.out.count("FAILED") == 1
    assert len(re.findall(r"│ +ok │", outcome.out)) == 5
    assert "1 of 6 checks failed" in outcome.out


@pytest.mark.slow
def test_a_model_that_does_not_balance_fails_its_checks(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_zero_profit", lambda _: 1e-6)
    outcome = cge("check", "--aggregation", "small")
    assert outcome.code == 1
    assert outcome.out.count("FAILED") == 2
    assert re.search(r"2 of \d+ checks failed", outcome.out)


def test_a_figure_that_is_not_a_number_fails_its_check() -> None:
    assert not checks.Check("x", "x", float("nan"), 1e-9).passed
    assert checks.Check("x", "x", 1e-9, 1e-9).passed


# -- data


def test_the_list_of_data_has_everything_that_ships(cge: Run) -> None:
    outcome = cge("data", "list")
    assert outcome.code == 0 and outcome.err == ""
    shipped = [item.name for item in catalogue()]
    calibration = content_dir("calibration")
    files = [p.stem for p in (calibration / "aggregations").glob("*.yaml")]
    tables = [p.name for p in (calibration / "tables").iterdir() if p.is_dir()]
    assert set(shipped) >= {*files, *tables, "boehm", "fontagne", "caliendo-parro"}
    for name in shipped:
        assert re.search(rf"│ {re.escape(name)} +│", outcome.out)


@pytest.mark.parametrize("name", [item.name for item in catalogue()])
def test_everything_listed_can_be_shown(name: str, here: Path, cge: Run) -> None:
    outcome = cge("data", "show", name)
    assert outcome.code == 0 and outcome.err == ""
    (item,) = (item for item in catalogue() if item.name == name)
    if item.kind != "aggregation":
        assert " ".join(item.title.split()) in " ".join(outcome.out.split())
    wanted = {
        "table": ("licence", "citation", "sha256", "Leontief balance", "filled cells"),
        "data": ("status", "sha256"),
        "elasticities": ("citation", "armington", "status"),
        "aggregation": ("regions", "sectors", "goods") if name != "full" else ("goods", "west"),
    }[item.kind]
    for words in wanted:
        assert words in outcome.out
    assert snapshot(here) == {}


def test_filled_cells_are_listed_on_demand(cge: Run) -> None:
    filled = describe("wiod2013", 2009).tables()["filled cells"]
    short = cge("data", "show", "wiod2013", "--year", "2009").out
    assert f"\n{len(filled)} filled cells; list them with --cells\n" in short
    listed = cge("data", "show", "wiod2013", "--year", "2009", "--cells").out
    text = listed[listed.index("\nwhat,region,sector,value,rule\n") :]
    table = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert (table.drop(columns="value") == filled.drop(columns="value")).all(axis=None)
    np.testing.assert_allclose(table["value"], filled["value"], rtol=1e-5)


# -- help


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with the words that call it."""
    for name, command in getattr(group, "commands", {}).items():
        if getattr(command, "commands", None):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(typer.main.get_command(app)))
EXAMPLE = re.compile(r"^ *Example: +(cge .+)$", re.MULTILINE)


def examples() -> list[str]:
    return [line.strip() for c in COMMANDS.values() for line in EXAMPLE.findall(c.help or "")]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_help_of_a_command_has_an_example(path: tuple[str, ...], cge: Run) -> None:
    outcome = cge(*path, "--help")
    assert outcome.code == 0 and outcome.err == ""
    (line, *_) = EXAMPLE.findall(outcome.out)
    assert shlex.split(line)[1 : len(path) + 1] == list(path)


@pytest.mark.parametrize("line", examples())
def test_an_example_of_the_help_runs(line: str, here: Path, cge: Run) -> None:
    words = shlex.split(line)[1:]
    if words[0] == "run" and "--aggregation" not in words:
        words += ["--aggregation", "small"]  # the default takes its time: below
    if words[0] == "headline":
        words += ["--returns", "central", "--elasticities", "boehm"]
    outcome = cge(*words)
    assert outcome.code == 0, outcome.err


@pytest.mark.slow
@pytest.mark.parametrize("line", examples())
def test_an_example_of_the_help_runs_to_the_letter(line: str, here: Path) -> None:
    done = cge_process(*shlex.split(line)[1:], cwd=here)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_help_without_a_command_lists_them(cge: Run) -> None:
    outcome = cge("--help")
    assert outcome.code == 0
    for name in ("run", "check", "calibrate", "data"):
        assert re.search(rf"^  {name} ", outcome.out, re.MULTILINE)


def test_what_a_killed_run_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".cge-new.x1").mkdir()
    write.check_folder(tmp_path)
    (tmp_path / "notes.md").write_text("mine")
    with pytest.raises(InputError, match="not a run's"):
        write.check_folder(tmp_path)


def test_a_run_is_known_by_its_own_manifest_only(tmp_path: Path) -> None:
    for text in ("", "[]", '{"scenario": 1}', '{"cases": [], "benchmark": {}}', "\x00"):
        (tmp_path / "manifest.json").write_text(text)
        assert not write._is_run(tmp_path)
    (tmp_path / "manifest.json").write_text('{"scenario": 1, "cases": [], "benchmark": {}}')
    assert write._is_run(tmp_path)
    (tmp_path / "results.csv").mkdir()
    assert not write._is_run(tmp_path)
