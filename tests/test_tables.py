"""Tables: figures that add up, notes that are complete, LaTeX that compiles."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from cge.experiments.run import ScenarioRun
from cge.results.report.kinds import KINDS, build
from cge.results.report.runs import Choice, open_runs
from conftest import Outcome, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st
from latex import check_text, number, tabulars
from reports import MANIFEST, ODD, war_run, write_run, write_study
from rich.cells import cell_len

from cge.core.errors import InputError
from cge.report.format.grid import blocks, cells_of, grids
from cge.report.format.latex import escape
from cge.report.format.page import Column, Page, Panel, frame
from cge.report.format.render import render, to_html
from cge.report.format.screen_table import screen_text
from cge.report.format.units import printed, text
from cge.results import summary
from cge.results import write as write_module

Run = Callable[..., Outcome]
STUDY = ("sensitivity", "drivers")
#: One call of each kind on the folders made by hand.
CHOICES = {kind: Choice(regions=(ODD[0],)) if kind == "compare" else Choice() for kind in KINDS}


def page_of(kind: str, *folders: Path, **choice: Any) -> Page:
    return build(kind, open_runs(folders), Choice(**choice))


def column(panel: Panel, key: str) -> np.ndarray:
    (place,) = [n for n, c in enumerate(panel.columns) if c.key == key]
    return panel.figures[:, place]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run made by hand: two elasticity sets, the second with twice the effects."""
    cases = [("trial", "fontagne", 1.0), ("trial", "boehm", 2.0)]
    return write_run(tmp_path_factory.mktemp("trial") / "run", cases=cases)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study") / "study")


@pytest.fixture(scope="module")
def pages(trial: Path, study: Path) -> dict[str, Page]:
    """Return a page of each kind, of the folders made by hand."""
    return {
        kind: build(kind, open_runs([study if kind in STUDY else trial]), choice)
        for kind, choice in CHOICES.items()
    }


@pytest.fixture(scope="module")
def war() -> ScenarioRun:
    """Return a real run."""
    return war_run()


@pytest.fixture(scope="module")
def real(war: ScenarioRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real") / "war"
    write_module.write_run(war, folder)
    return folder


# What the figures are


def test_the_table_of_regions_shows_the_figures_of_the_summary(
    war: ScenarioRun, real: Path
) -> None:
    (panel,) = page_of("regions", real).panels
    expected = summary.regional_table(war.cases[0].solution)
    assert panel.rows == tuple(expected.index) and panel.totals == 1
    bn = [c.unit.startswith("bn") for c in panel.columns]
    scale = np.where(bn, 1.0, [1e-3 if c.unit.startswith("million") else 1 for c in panel.columns])
    np.testing.assert_allclose(panel.figures * scale, expected.to_numpy(), rtol=1e-9, atol=1e-9)


def test_the_world_s_row_weighs_percentages_and_adds_up_money(trial: Path) -> None:
    panel = page_of("regions", trial).panels[0]
    weights = np.arange(1, 5) / 10  # absorption is 1000 n
    assert panel.rows[-1] == "World"
    assert column(panel, "equivalent_variation")[-1] == pytest.approx(-weights @ np.arange(1, 5))
    assert column(panel, "tariff_revenue")[-1] == pytest.approx(100.0)
    assert np.isnan(column(panel, "terms_of_trade")[-1])  # the world trades with nobody


def test_the_components_add_up_to_the_exact_welfare_change(real: Path) -> None:
    for choice in ({}, {"detail": True}, {"unit": "value"}):
        (panel,) = page_of("decomposition", real, **choice).panels
        parts = [n for n, c in enumerate(panel.columns) if c.role == "part"]
        total, exact = column(panel, "total"), column(panel, "exact")
        np.testing.assert_allclose(panel.figures[:, parts].sum(axis=1), total, rtol=1e-12)
        np.testing.assert_allclose(total, exact, rtol=1e-3, atol=1e-4 * np.abs(exact).max())
        np.testing.assert_allclose(column(panel, "check"), total - exact, atol=1e-12)


def test_cells_by_partner_are_added_up_and_shocks_not_counted_twice(trial: Path) -> None:
    panel = page_of("decomposition", trial).panels[0]
    n = np.arange(1, 5)
    assert [c.title for c in panel.columns[:3]] == [
        "Terms of trade", "Allocative efficiency", "Technology and trade cost"
    ]  # fmt: skip
    for key, share in (("Terms of trade", 0.5), ("Allocative efficiency", 0.6), ("total", 1.0)):
        np.testing.assert_allclose(column(panel, key)[:4], -n * share)
    np.testing.assert_allclose(column(panel, "first_order")[:4], -2 * n)  # side by side


def test_the_shocks_add_up_to_the_exact_welfare_change(trial: Path, real: Path) -> None:
    panel = page_of("shocks", trial).panels[0]
    n = np.arange(1, 5)
    np.testing.assert_allclose(column(panel, "tariff, 10 %")[:4], -0.75 * n)
    np.testing.assert_allclose(column(panel, "total")[:4], -n)
    (panel,) = page_of("shocks", real).panels
    assert {"US tariff", "Subsidy"} <= {c.title for c in panel.columns}
    scale = np.abs(column(panel, "exact")).max()
    np.testing.assert_allclose(column(panel, "check") / scale, 0, atol=1e-4)


@pytest.mark.parametrize("unit, factor", [("value", 1.0), ("percent", 0.5), ("volume", 0.25)])
def test_the_trade_matrix_is_the_change_from_exporter_to_importer(
    trial: Path, unit: str, factor: float
) -> None:
    panel = page_of("trade", trial, unit=unit).panels[0]
    n = np.arange(4)
    expected = 30.0 * (n[None, :] - n[:, None])  # two sectors: 10 and 20 of 100 each
    np.fill_diagonal(expected, np.nan)
    np.testing.assert_allclose(panel.figures[:4, :4], factor * expected)
    assert panel.rows[:4] == ODD and panel.totals == 1
    if unit == "value":
        np.testing.assert_allclose(panel.figures[:4, 4], np.nansum(expected, axis=1))
        np.testing.assert_allclose(panel.figures[4, :4], np.nansum(expected, axis=0))


def test_a_sector_s_trade_is_that_of_the_sector(trial: Path) -> None:
    panel = page_of("trade", trial, sectors=("S_1",), regions=ODD[:2]).panels[0]
    np.testing.assert_allclose(panel.figures[:2, :2], [[np.nan, 10.0], [-10.0, np.nan]])
    assert panel.figures[0, 2] == 60.0  # all exports: to regions that are not shown as well


def test_output_by_sector_has_the_world_weighted_with_benchmark_values(trial: Path) -> None:
    panel = page_of("sectors", trial).panels[0]
    np.testing.assert_allclose(panel.figures[0], [1, 2, 3, 4, 2.5])
    np.testing.assert_allclose(panel.figures[1], [2, 4, 6, 8, 5.0])


def test_runs_and_variants_are_compared_by_measures_of_one_region(tmp_path: Path) -> None:
    cases = [("family.a", "fontagne", 1.0), ("family.b", "fontagne", 3.0)]
    one = write_run(tmp_path / "one", cases=cases)
    two = write_run(tmp_path / "two", cases=[("other", "boehm", 2.0)])
    panel = page_of("compare", one, regions=(ODD[1],)).panels[0]
    assert panel.rows == ("a", "b")
    np.testing.assert_allclose(column(panel, "equivalent_variation"), [-2, -6])
    page = page_of("compare", one, two, regions=(ODD[1],), measures=("real_gdp",))
    assert page.panels[0].rows == (
        "family.a, fontagne", "family.b, fontagne", "other, boehm"
    )  # fmt: skip
    np.testing.assert_allclose(page.panels[0].figures[:, 0], [-1, -3, -2])
    chosen = page_of("compare", one, two, regions=(ODD[1],), scenarios=("b",))
    assert len(chosen.panels[0].rows) == 1


def test_intervals_show_what_the_study_found(study: Path) -> None:
    page = page_of("sensitivity", study)
    assert [panel.unit for panel in page.panels] == ["% of absorption", "%"]
    panel = page.panels[0]
    n = np.arange(1, 5)
    np.testing.assert_allclose(column(panel, "p05"), -n - 0.1)
    np.testing.assert_allclose(column(panel, "probability_positive"), 0.1 * n)
    assert panel.columns[0].digits == 3  # a deviation of 0.06 needs them
    assert "Draws: 200 of everything." in page.notes


def test_the_largest_parameters_come_first_and_the_others_are_summed(study: Path) -> None:
    (panel,) = page_of("drivers", study).panels
    assert panel.rows[0].startswith("sigma_14") and panel.rows[-1] == "4 others"
    np.testing.assert_allclose(panel.figures.sum(axis=0), 100.0)
    assert panel.figures[-1, 0] == pytest.approx(100 * (1 + 2 + 3 + 4) / 105)
    assert panel.marks[0, 0] == "\u2212" and panel.marks[1, 0] == "+"
    assert (10, 0) not in panel.marks  # a sum of several has no direction


def test_a_table_of_one_region_has_a_row_for_each_solution(trial: Path) -> None:
    page = page_of("decomposition", trial, regions=(ODD[0],))
    (panel,) = page.panels
    assert panel.rows == ("Elasticities: fontagne", "Elasticities: boehm")
    np.testing.assert_allclose(column(panel, "exact"), [-1, -2])
    assert list(frame(page)["elasticities"]) == ["fontagne", "boehm"]


def test_an_older_run_lacks_nothing_but_what_it_never_had(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", old=True)
    new = write_run(tmp_path / "new")
    for kind in ("regions", "trade", "sectors"):
        pd.testing.assert_frame_equal(frame(page_of(kind, old)), frame(page_of(kind, new)))
    with pytest.raises(InputError, match="cge run SCENARIO"):
        page_of("decomposition", old)


def test_a_step_is_a_share_of_the_policy(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    table = pd.read_parquet(folder / "results.parquet")
    half = table.assign(step=0.5, change=table["change"] / 2, value=table["value"] / 2)
    pd.concat([half, table]).to_parquet(folder / "results.parquet", index=False)
    whole, part = page_of("regions", folder), page_of("regions", folder, step=0.5)
    got = [column(page.panels[0], "equivalent_variation")[0] for page in (whole, part)]
    assert got == [-1.0, -0.5]
    assert any("50 percent" in note for note in part.notes)
    with pytest.raises(InputError, match=r"allowed: 0\.5, 1"):
        page_of("regions", folder, step=0.3)


# What stands below


def test_the_notes_tell_policy_data_closure_numeraire_and_elasticities(trial: Path) -> None:
    notes = " ".join(page_of("regions", trial).notes)
    for words in ("Policy: tariff", "Data: a table_of my own.", "own-2011", "2011", "Closure: long",
                  "Numeraire:", "fontagne, boehm"):  # fmt: skip
        assert words in notes


def test_what_a_real_run_recorded_stands_below_its_tables(war: ScenarioRun, real: Path) -> None:
    notes = page_of("decomposition", real).notes
    recorded = [n for n in summary.notes(war) if not n.startswith("Real wage")]
    assert set(recorded) <= set(notes)
    assert any(note.startswith("Regions: CHN China") for note in notes)


def test_notes_that_runs_do_not_share_say_whose_they_are(tmp_path: Path) -> None:
    other = json.loads(json.dumps(MANIFEST))
    other["scenario"] |= {"name": "other", "policy": []}
    one, two = write_run(tmp_path / "1"), write_run(tmp_path / "2", manifest=other)
    notes = page_of("regions", one, two).notes
    assert "Data: a table_of my own." in notes
    assert any(note.startswith("trial: Policy: tariff") for note in notes)


def test_estimated_data_are_told_first(tmp_path: Path) -> None:
    manifest = json.loads(json.dumps(MANIFEST))
    manifest["benchmark"]["status"] = "estimated"
    folder = write_run(tmp_path / "run", manifest=manifest)
    assert page_of("trade", folder).notes[0] == "BENCHMARK WITH ESTIMATED DATA."


def test_a_run_without_a_manifest_says_so(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", manifest=None)
    assert any("no manifest" in note for note in page_of("regions", folder).notes)


@pytest.mark.parametrize("manifest", [{}, {"scenario": 3, "benchmark": []}, {"notes": "text"}])
def test_a_manifest_of_another_version_is_no_fault(tmp_path: Path, manifest: dict) -> None:
    page_of("regions", write_run(tmp_path / "run", manifest=manifest))


# How it is written


@pytest.mark.parametrize("kind", KINDS)
def test_latex_compiles_and_shows_the_figures(kind: str, pages: dict[str, Page]) -> None:
    page = pages[kind]
    for standalone in (False, True):
        read = tabulars(render(page, "latex", standalone))
        shown = [row for table in read for row in table.rows if row[0] and number_like(row[-1])]
        expected = [row for panel in page.panels for row in panel.figures]
        assert len(shown) == len(expected)
        digits = [[c.digits for c in panel.columns] for panel in page.panels for _ in panel.rows]
        for row, figures, places in zip(shown, expected, digits, strict=True):
            for cell, value, place in zip(row[1:], figures, places, strict=True):
                if np.isfinite(value):
                    assert number(cell) == pytest.approx(value, abs=0.5001 * 10**-place)
                else:
                    assert cell == "--"


def number_like(cell: str) -> bool:
    return cell == "--" or bool(re.match(r"(\$-\$)?[\d.,]+( |$)", cell))


def test_latex_of_many_regions_is_cut_into_tables_that_fit(tmp_path: Path) -> None:
    codes = [f"R{n:02d}" for n in range(41)]
    folder = write_run(tmp_path / "run", regions=codes, sectors=("S",))
    page = page_of("trade", folder)
    read = tabulars(render(page, "latex"))
    assert len(read) > 1
    cells = {}
    for table in read:
        assert table.columns < 25 and len(table.rows) < 60
        (header,) = [row for row in table.rows if row[0] == "Exporter"]
        for row in table.rows:
            if row is not header and row[0]:
                for code, cell in zip(header[1:], row[1:], strict=True):
                    assert cells.setdefault((row[0], code), cell) == cell
    everyone = {*codes, "All imports"}
    assert {(r, c) for r, c in cells if c in codes} == {(r, c) for r in everyone for c in codes}


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_any_text_becomes_latex_that_compiles(words: str) -> None:
    check_text(escape(words))
    tabulars(
        r"\begin{table}\begin{tabular*}{1.0\linewidth}{@{\extracolsep{\fill}}l*{1}{r}@{}}"
        f"{escape(words)} & {escape(words)} \\\\ "
        r"\end{tabular*}\end{table}"
    )  # fmt: skip


@pytest.mark.parametrize(
    "plain, tex",
    [("a_b & 5 %", r"a\_b \& 5 \%"), ("é", r"\'{e}"), ("a--b", "a-{}-b"), ("[x]", "{[}x{]}"),
     ("σ", r"$\sigma$"), ("中", r"\cgeglyph{4E2D}{中}")],
)  # fmt: skip
def test_latex_shows_each_sign_as_it_was_meant(plain: str, tex: str) -> None:
    assert escape(plain) == tex


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_a_markdown_table_has_as_many_cells(kind: str, pages: dict[str, Page]) -> None:
    page = pages[kind]
    lines = render(page, "markdown").splitlines()
    rows = [len(re.split(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")]
    count = sum(len(panel.rows) + 2 for panel in page.panels)
    assert len(rows) == count and len(set(rows)) <= len(page.panels)
    assert len([line for line in lines if line.startswith("- ")]) == len(page.notes)


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_a_table_on_the_screen_fits_its_width_and_cuts_no_figure(
    kind: str, width: int, pages: dict[str, Page]
) -> None:
    page = pages[kind]
    shown = screen_text(page, width)
    assert max(cell_len(line) for line in shown.splitlines()) <= width and "\u2026" not in shown
    found = shown.split()
    for panel in page.panels:
        for cell in (cell for row in cells_of(panel) for cell in row):
            assert set(cell.plain.split()) <= set(found), cell
    assert render(page, "text").startswith(page.caption.split()[0])


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_a_table_with_a_caption_headers_and_escaped_text(
    kind: str, pages: dict[str, Page]
) -> None:
    page = pages[kind]
    root = ElementTree.fromstring(to_html(page).replace("<br>", "<br/>"))
    assert [e.text for e in root.iter("caption")] == [page.caption]
    rows = [e for e in root.iter("tr") if e.find("td") is not None]
    assert [e.findtext("th") for e in rows] == [row for p in page.panels for row in p.rows]
    assert all(e.get("scope") for e in root.iter("th"))
    cells = [[e.text for e in row.iter("td")] for row in rows]
    assert cells == [[c.plain for c in row] for p in page.panels for row in cells_of(p)]
    assert page.below[-1] in "".join(next(root.iter("p")).itertext())


def test_variants_have_their_titles_and_shown_codes_alone_are_named(tmp_path: Path) -> None:
    manifest = json.loads(json.dumps(MANIFEST))
    manifest["scenario"]["variants"] = [
        {"name": "a", "title": "A subsidy on output"},
        {"name": "b", "policy": [{"instrument": "tariff", "add": 0.2, "label": "a new tariff"}]},
    ]
    manifest["benchmark"]["names"] = {"regions": {ODD[0]: "Odd (with brackets)", ODD[1]: "B"}}
    cases = [("family.a", "fontagne", 1.0), ("family.b", "fontagne", 3.0)]
    folder = write_run(tmp_path / "run", cases=cases, manifest=manifest)
    page = page_of("compare", folder, regions=(ODD[0],))
    for form in ("markdown", "latex", "text"):
        shown = render(page, form)
        assert "A subsidy on output" in shown and "a new tariff" in shown
        assert "Abbreviations" not in shown  # no code stands in the table
    page = page_of("regions", folder, scenarios=("b",))
    assert page.caption.endswith("A trial & error: 10 % more, a new tariff")
    assert page.below[-1] == f"Abbreviations: {ODD[0]} Odd (with brackets); {ODD[1]} B."


def test_a_range_stands_behind_its_figure_and_columns_that_lack_have_dashes() -> None:
    heads = (Column("x", "X", "%", 1), Column("x_low", "low", "%", 1, "low"),
             Column("x_high", "high", "%", 1, "high"), Column("y", "Y", "%", 1))  # fmt: skip
    one = Panel("one", heads, ("a",), np.array([[1.0, 0.5, 2.0, 3.0]]))
    other = Panel("other", heads[3:], ("a",), np.array([[4.0]]))
    page = Page("regions", "T", "Region", (one, other), ())
    (grid,) = grids(page)
    assert grid.header == (("X", "%"), ("Y", "%"))
    cells = [[cell.plain for cell in body.rows[0][1]] for body in grid.bodies]
    assert cells == [["1.0 [0.5, 2.0]", "3.0"], ["-", "4.0"]]
    assert list(frame(page).columns) == ["region", "x [%]", "x_low [%]", "x_high [%]", "y [%]"]


def test_blocks_of_columns_are_as_few_and_as_equal_as_can_be() -> None:
    assert blocks([3.0] * 7, 21.0) == [[0, 1, 2, 3, 4, 5, 6]]
    assert blocks([3.0] * 7, 15.0) == [[0, 1, 2, 3], [4, 5, 6]]
    assert blocks([9.0, 1.0, 9.0], 5.0) == [[0], [1], [2]]


@pytest.mark.parametrize("kind", KINDS)
def test_csv_has_the_figures_unrounded_with_their_units(kind: str, pages: dict[str, Page]) -> None:
    page = pages[kind]
    read = pd.read_csv(io.StringIO(render(page, "csv")), keep_default_na=False, na_values=[""])
    assert list(read[page.stub.lower()]) == [row for panel in page.panels for row in panel.rows]
    for c in page.panels[0].columns:
        name = f"{c.key} [{c.unit}]" if c.unit else c.key
        expected = np.concatenate([column(panel, c.key) for panel in page.panels])
        np.testing.assert_allclose(read[name].astype(float), expected, rtol=1e-10)


@pytest.mark.parametrize(
    "value, digits, expected",
    [(-1234567.891, 1, "-1,234,567.9"), (-0.001, 2, "0.00"), (float("nan"), 2, "-"),
     (999.95, 1, "1,000.0")],
)  # fmt: skip
def test_numbers_have_fixed_decimals_and_no_signed_zero(
    value: float, digits: int, expected: str
) -> None:
    assert text(value, digits) == expected


@pytest.mark.parametrize(
    "unit, largest, expected",
    [("percent", 3.2, ("%", 1.0, 2)), ("percent", 0.004, ("%", 1.0, 5)),
     ("percent", 1e-14, ("%", 1.0, 2)), ("million EUR", 5e6, ("bn EUR", 1e-3, 1)),
     ("million EUR", 12.0, ("million EUR", 1.0, 1)), ("power 1+t", 0.5, ("points", 100.0, 2)),
     ("million EUR", 0.02, ("thousand EUR", 1e3, 1)), ("million EUR", 5e-5, ("EUR", 1e6, 1)),
     ("thousand EUR", 4e6, ("bn EUR", 1e-6, 2)), ("EUR", 7e6, ("million EUR", 1e-6, 2)),
     ("ratio", 0.02, ("ratio", 1.0, 4))],
)  # fmt: skip
def test_unit_and_decimals_follow_the_largest_figure(
    unit: str, largest: float, expected: tuple[str, float, int]
) -> None:
    how = printed(unit, [0.0, -largest, np.nan])
    assert (how.unit, how.scale, how.digits) == expected


@given(st.floats(2e-9, 1e12), st.sampled_from(["percent", "million EUR", "EUR", "ratio"]))
def test_the_largest_figure_is_printed_with_three_digits_or_more(size: float, unit: str) -> None:
    how = printed(unit, [size])
    shown = text(how.scale * size, how.digits).replace(",", "").replace(".", "").lstrip("0")
    assert len(shown) >= 3
    assert float(text(how.scale * size, how.digits).replace(",", "")) == pytest.approx(
        how.scale * size, rel=0.005
    )


# The command


def test_a_table_is_printed_or_written_in_the_format_of_its_suffix(
    trial: Path, here: Path, cge: Run
) -> None:
    shown = cge("table", trial)
    assert shown.code == 0 and shown.out.startswith("**Effects by region")
    done = cge("table", trial, "--out", "a/t.md", "--out", "t.tex", "--out", "t.csv")
    assert done.code == 0
    assert (here / "a" / "t.md").read_text(encoding="utf-8") == shown.out
    assert (here / "t.tex").read_text(encoding="utf-8").count(r"\begin{table}") == 1
    assert "equivalent_variation [% of absorption]" in (here / "t.csv").read_text(encoding="utf-8")
    whole = cge("table", trial, "--format", "latex", "--standalone")
    assert whole.out.startswith(r"\documentclass") and whole.out.endswith("\\end{document}\n")


@pytest.mark.parametrize(
    "options, told",
    [
        (["--kind", "x"], "allowed: regions, decomposition"),
        (["--region", "Nowhere"], "allowed: A_1 & Co%"),
        (["--measures", "joy"], "--measures"),
        (["--kind", "trade", "--sector", "X"], "allowed: S_1, 50%"),
        (["--kind", "trade", "--unit", "kg"], "allowed: value, percent, volume"),
        (["--kind", "trade", "--detail"], "no such option"),
        (["--kind", "decomposition", "--unit", "volume"], "allowed: percent, value"),
        (["--kind", "sectors", "--measures", "real_gdp"], "allowed: output, output_value"),
        (["--kind", "compare"], "choose one region"),
        (["--kind", "sensitivity"], "cge sens SCENARIO"),
        (["--kind", "drivers"], "cge sens SCENARIO"),
        (["--elasticities", "x"], "allowed: fontagne, boehm"),
        (["--scenario", "x"], "allowed: trial"),
        (["--step", "0.5"], "allowed: 1"),
        (["--out", "t.doc"], "allowed: .md, .tex, .csv"),
        (["--out", "t.md", "--format", "csv"], "--format"),
        (["--format", "html"], "allowed: markdown, latex, csv"),
        (["--standalone"], "--standalone"),
    ],
)
def test_a_wrong_choice_is_one_message_and_nothing_is_written(
    options: list[str], told: str, trial: Path, here: Path, cge: Run
) -> None:
    outcome = cge("table", trial, *(["--out", "t.csv"] if "--out" not in options else []), *options)
    assert outcome.code == 2 and outcome.out == ""
    assert told in outcome.err and len(outcome.err.splitlines()) == 1
    assert snapshot(here) == {}


def test_what_is_no_run_s_folder_is_refused(trial: Path, here: Path, cge: Run) -> None:
    (here / "empty").mkdir()
    (here / "broken").mkdir()
    (here / "broken" / "results.parquet").write_text("no table")
    (here / "foreign").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(here / "foreign" / "results.parquet")
    for arguments in (["nowhere"], ["empty"], ["broken"], ["foreign"], [trial, trial], []):
        outcome = cge("table", *arguments)
        assert outcome.code == 2 and len(outcome.err.splitlines()) == 1, arguments


def test_a_run_is_found_by_its_scenario_s_name(here: Path, cge: Run) -> None:
    write_run(here / "results" / "runs" / "trial")
    assert cge("table", "trial").code == 0
    assert cge("table", "results/runs/trial/results.parquet").code == 0


def test_an_earlier_file_stays_where_writing_fails(trial: Path, here: Path, cge: Run) -> None:
    (here / "t.md").write_text("mine")
    (here / "file").write_text("")
    before = snapshot(here)
    outcome = cge("table", trial, "--out", "t.md", "--out", "file/t.csv")
    assert outcome.code == 2 and "file" in outcome.err
    assert snapshot(here) == before


def test_every_line_of_the_help_that_is_a_command_runs_on_a_run(
    real: Path, here: Path, cge: Run
) -> None:
    (here / "results" / "runs").mkdir(parents=True)
    (here / "results" / "runs" / "us-china-tariff-war").symlink_to(real)
    for command in ("table", "figure"):
        lines = re.findall(rf"cge {command} [^\[].*", cge(command, "--help").out)
        assert len(lines) == 2
        for line in lines:
            assert cge(*line.split()[1:]).code == 0
