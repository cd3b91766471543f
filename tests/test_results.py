"""Results: one layout, whole folders, the register."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome

import cge
from cge import InputError, Results, Scenario
from cge.core.content import content_dir
from cge.core.quantity import MONEY
from cge.results.folder import _rows, read
from cge.results.manifest_file import asked
from cge.results.register import heading, quantity, register
from cge.results.resultset import ResultSet
from cge.results.row_schema import COLUMNS, NUMBERS, TEXT, WHOLE, Rows, joined, layout
from cge.results.run_folder import MANIFEST, ROWS, SUMMARY, TABLE, locked

WAR = {
    "name": "war", "title": "A war", "elasticities": ["boehm"],
    "benchmark": {"table": "wiod2013", "aggregation": "small"},
    "policy": [{"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
                "add": 0.5}],
}  # fmt: skip


@lru_cache(maxsize=1)
def war() -> Results:
    return cge.run(Scenario.model_validate(WAR), workers=1)


# -- layout


def test_rows_have_every_column_and_nothing_where_it_does_not_apply() -> None:
    rows = Rows()
    rows.add("loss", [1.0, 2.0], region=["CHN", None], disruption="ban", path_year=[3, np.nan])
    rows.add("loss", 3.0, change=-1.0, item=np.nan)
    frame = rows.frame(study="stress", scenario="x")
    assert tuple(frame.columns) == COLUMNS and len(frame) == 3
    assert set(TEXT) | set(WHOLE) | set(NUMBERS) == set(COLUMNS)
    assert list(frame["region"]) == ["CHN", "", ""] and list(frame["item"]) == ["", "", ""]
    assert frame["path_year"].tolist() == [3, pd.NA, pd.NA]
    assert frame["change"].isna().tolist() == [True, True, False]
    assert set(frame["study"]) == {"stress"} and frame["step"].tolist() == [1.0] * 3


def test_rows_are_joined_and_read_back_in_the_same_layout(tmp_path: Path) -> None:
    one, other = Rows(), Rows()
    one.add("gdp", 1.0, region="A")
    other.add("gdp", 2.0, region="B", point=4)
    both = joined([one.frame(), Rows().frame(), other.frame()])
    assert list(both["region"]) == ["A", "B"] and both["point"].tolist() == [pd.NA, 4]
    both.to_parquet(tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(layout(pd.read_parquet(tmp_path / "x.parquet")), both)
    assert len(joined([])) == 0


def test_the_worlds_figures_are_sums_and_means_of_those_of_regions() -> None:
    frame = war().to_frame()
    b = cge.load_benchmark("wiod2013", aggregation="small", elasticities="boehm")
    by_region = frame[frame["region"].isin(b.regions)].set_index("region")
    world = frame[(frame["region"] == "World") & (frame["sector"] == "")].set_index("measure")
    ev = by_region[by_region["measure"] == "equivalent_variation"]["value"].reindex(b.regions)
    money = by_region[by_region["measure"] == "equivalent_variation_value"]["value"]
    assert world.loc["equivalent_variation", "value"] == pytest.approx(
        float(ev @ b.absorption / b.absorption.sum()), rel=1e-12
    )
    assert world.loc["equivalent_variation_value", "value"] == pytest.approx(money.sum())
    assert "terms_of_trade" not in world.index  # the world has none
    output = frame[(frame["measure"] == "output") & (frame["sector"] == "ELEC")]
    sold = frame[(frame["measure"] == "output_value") & (frame["sector"] == "ELEC")]
    one, weights = (t[t["region"] != "World"].set_index("region") for t in (output, sold))
    mean = (one["value"] * weights["benchmark"]).sum() / weights["benchmark"].sum()
    assert output.set_index("region").loc["World", "value"] == pytest.approx(mean, rel=1e-12)


# -- register


def test_a_value_that_is_nowhere_in_the_results_is_refused() -> None:
    with pytest.raises(InputError, match="real_gpd"):
        war().to_frame(measure="real_gpd")
    with pytest.raises(InputError, match="XXX"):
        war().to_frame(region=["CHN", "XXX"])


def test_every_measure_of_results_stands_in_the_register_with_its_unit() -> None:
    results = war()
    rows = results.rows
    for name in rows["measure"].unique():
        line = quantity(str(name))
        units = set(rows.loc[rows["measure"] == name, "unit"])
        if line.unit == MONEY:
            assert units == {results.money}, name
        elif not line.unit.startswith("share of"):
            assert units == {line.unit}, name


def test_the_register_is_written_in_words() -> None:
    for line in register().values():
        assert line.meaning and not line.meaning.endswith("."), line.name
        assert line.title and line.unit, line.name
        assert set(line.axes) <= set("urisjdf"), line.name
    assert heading("consumer_real_return[LAB]") == "Real wage"
    assert heading("factor_return[CAP]") == "Factor price, CAP"
    with pytest.raises(InputError, match="did you mean 'real_gdp'"):
        quantity("real_gpd")


def test_the_digest_of_results_is_of_their_words_however_they_are_kept() -> None:
    kept = war().rows
    words = {name: [f"{name}, and what nobody says", *kept[name].cat.categories] for name in TEXT}
    unused = kept.assign(**{n: kept[n].cat.set_categories(own) for n, own in words.items()})
    plain = kept.astype(dict.fromkeys(TEXT, object))
    for rows in (unused, plain):
        assert ResultSet(rows, {}).identity == war().identity
    other = plain.assign(region=plain["region"].replace("CHN", "CHM"))
    assert ResultSet(other, {}).identity != war().identity


# -- folders


def test_a_folder_holds_all_that_is_needed_to_judge_and_repeat_a_run(tmp_path: Path) -> None:
    war().save(tmp_path / "war")
    found = Results.open(tmp_path / "war")
    assert found.identity == war().identity
    pd.testing.assert_frame_equal(found.rows, war().rows)
    told = json.loads((tmp_path / "war" / MANIFEST).read_text())
    assert told["spec"]["study"] == "static"
    assert told["spec"]["scenario"]["policy"][0]["add"] == 0.5
    assert told["benchmark"]["members"]["regions"]["CHN"] == ["CHN"]
    assert (
        told["cases"][0]["closure"].startswith("long run") and told["cases"][0]["residual"] < 1e-9
    )
    again = cge.run(tmp_path / "war" / MANIFEST, workers=1)
    assert again.identity == found.identity
    assert (tmp_path / "war" / SUMMARY).read_text().startswith("# A war\n")
    table = pd.read_csv(tmp_path / "war" / TABLE)
    assert list(table.columns) == list(COLUMNS) and table["sector"].isna().all()


@pytest.fixture(scope="module")
def with_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with rates that ship and rates of the user."""
    folder = tmp_path_factory.mktemp("rates")
    (folder / "mine.csv").write_text("exporter,importer,sector,rate\nCHN,USA,ELEC,0.1\n")
    rates = [
        {
            "instrument": "tariff",
            "file": "us_2025_26.csv",
            "importer": "USA",
            "sector": "goods",
            "column": "increase",
            "weight": "imports_2024_musd",
        },
        {"instrument": "tariff", "file": str(folder / "mine.csv"), "column": "rate"},
    ]
    asked_for = Scenario.model_validate({**WAR, "policy": rates})
    cge.run(asked_for, workers=1).save(folder / "run")
    return folder / "run"


def test_a_manifest_names_what_ships_by_its_place_and_the_users_files_as_they_are(
    with_files: Path,
) -> None:
    folder = with_files
    text = (folder / MANIFEST).read_text()
    assert str(content_dir("calibration")) not in text
    told = json.loads(text)
    shipped, own = "calibration/tariffs/us_2025_26.csv", str(folder.parent / "mine.csv")
    assert [one["file"] for one in told["spec"]["scenario"]["policy"]] == [shipped, own]
    assert {*told["files"]} == {shipped, own}
    again = cge.run(folder / MANIFEST, workers=1)
    assert again.identity == Results.open(folder).identity
    assert again.manifest["files"] == {
        str(content_dir("calibration").parent / name): of for name, of in told["files"].items()
    }


def test_a_manifest_of_another_machine_is_repeated_with_what_ships_where_it_is_the_same(
    with_files: Path,
) -> None:
    folder = with_files
    told = json.loads((folder / MANIFEST).read_text())
    before = {
        **told,
        **json.loads(
            json.dumps({key: told[key] for key in ("spec", "files")}).replace(
                '"calibration/', '"/home/else/x/../calibration/'
            )
        ),
    }
    assert "/home/else/" in str(before["spec"]) and "/home/else/" in str(before["files"])
    assert asked(before) == asked(told) != told["spec"]
    other = {**before, "files": dict.fromkeys(before["files"], "0" * 64)}
    assert asked(other) == before["spec"], "what it was is not known to be what ships"


def test_rows_of_an_earlier_version_that_lack_the_table_are_read(tmp_path: Path) -> None:
    rows = war().rows
    assert layout(rows.drop(columns="table"))["table"].eq("").all()
    folder = tmp_path / "war"
    war().save(folder)
    rows.drop(columns="table").to_parquet(folder / ROWS)
    found, _ = _rows(folder / ROWS)
    assert tuple(found.columns) == COLUMNS and len(found) == len(rows)


def test_rows_and_manifest_of_different_runs_are_refused(tmp_path: Path) -> None:
    war().save(tmp_path / "one")
    other = cge.run(Scenario.model_validate({**WAR, "policy": []}), workers=1)
    other.save(tmp_path / "two")
    (tmp_path / "two" / ROWS).replace(tmp_path / "one" / ROWS)
    with pytest.raises(InputError, match="are of different runs"):
        read(tmp_path / "one")


def test_a_damaged_folder_is_told_with_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "war"
    war().save(folder)
    good = {name: (folder / name).read_bytes() for name in (MANIFEST, ROWS)}
    for name, content, told in (
        (MANIFEST, b"{", "not valid JSON"),
        (MANIFEST, b"[" * 100_000, "not valid JSON"),
        (MANIFEST, good[MANIFEST].replace(b'"format": 2', b'"format": 1'), "another version"),
        (ROWS, b"PAR1", "can not be read"),
        (ROWS, b"", "can not be read"),
    ):
        for each, data in good.items():
            (folder / each).write_bytes(data)
        (folder / name).write_bytes(content)
        with pytest.raises(InputError, match=told):
            read(folder)
    (folder / ROWS).unlink()
    with pytest.raises(InputError, match=r"holds no results\.parquet"):
        read(folder)


def test_files_of_others_are_never_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="holds files that are not results"):
        war().save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    war().save(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    war().save(tmp_path / "run")
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def _hold(folder: Path, held: object, release: object) -> None:
    with locked(folder):
        held.set()  # type: ignore[attr-defined]
        release.wait(30)  # type: ignore[attr-defined]


def test_a_folder_is_written_by_one_process_at_a_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path / "run", held, release))
    process.start()
    try:
        assert held.wait(30)
        with pytest.raises(InputError, match="another process is writing"):
            war().save(tmp_path / "run")
    finally:
        release.set()
        process.join()
    war().save(tmp_path / "run")
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert left == {MANIFEST, ROWS, TABLE, SUMMARY}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="can not be written"):
        war().save(tmp_path / "run")


def test_an_error_of_the_system_while_a_folder_is_held_is_not_said_to_be_of_the_folder(
    tmp_path: Path,
) -> None:
    with pytest.raises(TimeoutError, match="a worker"), locked(tmp_path / "run"):
        raise TimeoutError("a worker")
    assert not (tmp_path / "run").exists()
    with locked(tmp_path / "run"):  # nobody holds it any more
        pass


def test_the_home_is_meant_also_where_no_shell_says_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, cge: Callable[..., Outcome]
) -> None:
    monkeypatch.setenv("HOME", str(here / "home"))
    assert war().save("~/runs/war") == here / "home" / "runs" / "war"
    assert Results.open("~/runs/war").rows.shape == war().rows.shape
    for out in ("~/regions.md", "~/deep/regions.tex"):
        assert cge("table", "~/runs/war", "--kind", "regions", "--out", out).code == 0
        assert (here / "home" / out[2:]).is_file()
    assert [path.name for path in here.iterdir()] == ["home"]


def test_a_page_that_can_not_be_written_is_called_as_the_user_did(here: Path) -> None:
    with pytest.raises(InputError, match=r"value '/proc/report.html': can not be written"):
        war().report("/proc/report.html")


# -- showing


def test_results_show_themselves_shortly() -> None:
    results = war()
    assert len(repr(results)) < 120 and "war" in repr(results)
    html = results._repr_html_()
    assert html.count("<table") >= 2 and "Welfare (EV)" in html
    assert "Effects by region" in repr(results.table())
    assert r"\begin{tab" in results.table("sectors", regions="USA").to_latex()


def test_results_of_several_runs_share_a_table() -> None:
    peace = cge.run(
        Scenario.model_validate({**WAR, "name": "peace", "title": "Peace", "policy": []}),
        workers=1,
    )
    page = war().compare(peace).table("compare", regions="CHN").page
    assert page.panels[0].rows == ("A war", "Peace")
    assert page.panels[0].figures[0, 0] < page.panels[0].figures[1, 0]
