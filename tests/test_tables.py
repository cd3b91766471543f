"""Tables: figures that add up, notes that are complete, one content in every form."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st
from latex import check_text, number, tabulars
from reports import ODD, SHOCKS, WAR, as_gtap_prints, made, war
from rich.cells import cell_len
from test_backtest import BACKTESTS, backtested
from test_claims import claimed
from test_frontier_pages import frontier
from test_insurance import insured
from test_loss_pages import DOSES, compared, linked, of_disruptions
from test_margins import marginal
from test_nash import game
from test_sensitivity_pages import made as drawn

from cge import InputError, Results, solve_scenario
from cge.report.drafts.cases import cases_of
from cge.report.drafts.choice import Choice
from cge.report.format.grid import Cell, blocks, cells_of, grids
from cge.report.format.latex import escape
from cge.report.format.page import Column, Page, Panel, frame
from cge.report.format.render import render, to_html
from cge.report.format.screen_table import screen_text
from cge.report.format.units import printed, text
from cge.report.kinds import build, kinds
from cge.results.resultset import ResultSet
from cge.results.row_schema import TEXT, joined

Run = Callable[..., Outcome]
N = np.arange(1, 5)
TWO_SETS = (("", "fontagne", 1.0), ("", "boehm", 2.0))
#: Tables of one solution; those of other studies have tests of their own.
PLAIN = ("regions", "decomposition", "shocks", "trade", "sectors", "compare")
#: Of benchmarks of GTAP data.
OF_GTAP = ("huff", "huff-taxes")
#: Made of years of a path: tests/test_path_results.py.
OF_PATHS = {"sources", "worth", "years", "remaining"}


def page_of(kind: str, *found: ResultSet, **choice: Any) -> Page:
    return build(kind, found, Choice(**choice))


def column(panel: Panel, key: str) -> np.ndarray:
    (place,) = [n for n, c in enumerate(panel.columns) if c.key == key]
    return panel.figures[:, place]


@pytest.fixture(scope="module")
def trial() -> Results:
    """Two elasticity sets, the second with twice the effects."""
    return made(cases=TWO_SETS)


@pytest.fixture(scope="module")
def pages(trial: Results) -> dict[str, Page]:
    """A page of each kind, of results made by hand."""
    found: dict[str, tuple[ResultSet, dict[str, Any]]] = {
        **dict.fromkeys(PLAIN, (trial, {})), "compare": (trial, {"regions": (ODD[0],)}),
        **dict.fromkeys(("losses", "weightings", "families", "annual", "disruptions"),
                        (of_disruptions(), {})),
        **dict.fromkeys(("intervals", "sensitivity", "drivers", "driver-groups"),
                        (drawn(), {})),
        "chokepoints": (linked(), {}), "frontier": (frontier(), {}), "policies": (compared(), {}),
         "doses": (compared(policies=DOSES), {}),
        "odds": (compared(), {}), "nash": (game(), {}),
        "insurance": (insured(), {}), "margins": (marginal(), {}),
        **dict.fromkeys(BACKTESTS, (backtested(), {})),
        **dict.fromkeys(OF_GTAP, (as_gtap_prints(trial), {})),
        **dict.fromkeys(("claims", "claim-checks", "claim-welfare"), (claimed(), {})),
    }  # fmt: skip
    return {kind: page_of(kind, results, **choice) for kind, (results, choice) in found.items()}


KINDS = (*PLAIN, *OF_GTAP, "losses", "weightings", "families", "annual", "doses", "disruptions",
         "intervals", "sensitivity",
         "drivers", "driver-groups", "chokepoints", "frontier", "policies", "odds", "nash",
         "insurance", "margins", *BACKTESTS, "claims", "claim-checks", "claim-welfare")  # fmt: skip


def test_every_kind_is_among_those_looked_at() -> None:
    assert set(KINDS) | OF_PATHS == set(kinds())


# What the figures are


def test_the_table_of_regions_shows_the_figures_of_the_solution() -> None:
    (panel,) = page_of("regions", war()).panels
    solution = solve_scenario(WAR)[0].solution
    regions = solution.model.benchmark.regions
    assert panel.rows == (*regions, "World") and panel.totals == 1
    wanted = {
        **{name: solution.measure(name) for name in (
            "equivalent_variation", "real_gdp", "terms_of_trade", "export_volume_change",
            "import_volume_change")},
        "equivalent_variation_value": solution.measure("equivalent_variation_value") / 1000,
        "consumer_real_return[LAB]": 100 * (np.array(
            [solution.outcome(f"consumer_real_return[{code}, LAB]") for code in regions]) - 1),
        "employment[LAB]": np.zeros(len(regions)),
        "tariff_revenue": [_border_revenue(solution, code) / 1000 for code in regions],
    }  # fmt: skip
    assert [c.key for c in panel.columns] == [
        "equivalent_variation", "equivalent_variation_value", "real_gdp", "terms_of_trade",
        "consumer_real_return[LAB]", "employment[LAB]", "export_volume_change",
        "import_volume_change", "tariff_revenue",
    ]  # fmt: skip
    for key, figures in wanted.items():
        np.testing.assert_allclose(column(panel, key)[:-1], figures, rtol=1e-9, atol=1e-9)
    money = ("equivalent_variation_value", "tariff_revenue")
    assert {c.unit for c in panel.columns if c.key in money} == {"bn USD"}
    for key in money:
        assert column(panel, key)[-1] == pytest.approx(column(panel, key)[:-1].sum(), rel=1e-9)


def _border_revenue(solution: Any, code: str) -> float:
    paid = solution.frame("tariff_paid").query("s == @code and r != @code")
    return float((paid["value"] - paid["benchmark"]).sum())


def test_the_world_has_its_row_and_a_dash_where_it_has_no_figure(trial: Results) -> None:
    panel = page_of("regions", trial).panels[0]
    assert panel.rows[-1] == "World"
    assert column(panel, "equivalent_variation")[-1] == pytest.approx(-(N / 10) @ N)
    assert column(panel, "tariff_revenue")[-1] == pytest.approx(100.0)
    assert np.isnan(column(panel, "terms_of_trade")[-1])  # the world trades with nobody
    chosen = page_of("regions", trial, regions=ODD[:2]).panels[0]
    assert chosen.rows == ODD[:2]  # of a choice of regions the world is no sum


def test_the_components_add_up_to_the_exact_welfare_change() -> None:
    for choice in ({}, {"detail": True}, {"unit": "value"}):
        (panel,) = page_of("decomposition", war(), **choice).panels
        parts = [n for n, c in enumerate(panel.columns) if c.role == "part"]
        total, exact = column(panel, "total"), column(panel, "exact")
        np.testing.assert_allclose(panel.figures[:, parts].sum(axis=1), total, rtol=1e-12)
        np.testing.assert_allclose(total, exact, rtol=1e-3, atol=1e-4 * np.abs(exact).max())
        np.testing.assert_allclose(column(panel, "check"), total - exact, atol=1e-12)
    first = column(page_of("decomposition", war(), unit="value").panels[0], "first_order")
    assert first[-1] == pytest.approx(first[:-1].sum()) and abs(first[-1]) > 1


def test_cells_by_partner_are_added_up_and_shocks_not_counted_twice(trial: Results) -> None:
    panel = page_of("decomposition", trial).panels[0]
    assert [c.title for c in panel.columns[:3]] == [
        "Terms of trade", "Allocative efficiency", "Technology and trade cost"
    ]  # fmt: skip
    for key, share in (("Terms of trade", 0.5), ("Allocative efficiency", 0.6), ("total", 1.0)):
        np.testing.assert_allclose(column(panel, key), -share * np.array([*N, 3]))
    np.testing.assert_allclose(column(panel, "first_order"), [-2, -4, -6, -8, -6])  # side by side


def test_the_shocks_add_up_to_the_exact_welfare_change(trial: Results) -> None:
    panel = page_of("shocks", trial).panels[0]
    np.testing.assert_allclose(column(panel, SHOCKS[0])[:4], -0.75 * N)
    np.testing.assert_allclose(column(panel, "total")[:4], -N)
    (panel,) = page_of("shocks", war()).panels
    assert {"US tariff", "Subsidy"} <= {c.title for c in panel.columns}
    scale = np.abs(column(panel, "exact")).max()
    np.testing.assert_allclose(column(panel, "check") / scale, 0, atol=1e-4)


@pytest.mark.parametrize("unit, factor", [("value", 1.0), ("percent", 0.5), ("volume", 0.25)])
def test_the_trade_matrix_is_the_change_from_exporter_to_importer(
    trial: Results, unit: str, factor: float
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


def test_a_sector_s_trade_is_that_of_the_sector(trial: Results) -> None:
    panel = page_of("trade", trial, sectors=("S_1",), regions=ODD[:2]).panels[0]
    np.testing.assert_allclose(panel.figures[:2, :2], [[np.nan, 10.0], [-10.0, np.nan]])
    assert panel.figures[0, 2] == 60.0  # all exports: to regions that are not shown as well


def test_output_by_sector_stands_by_region_and_of_the_world(trial: Results) -> None:
    panel = page_of("sectors", trial).panels[0]
    np.testing.assert_allclose(panel.figures[:2], [[1, 2, 3, 4, 3], [2, 4, 6, 8, 6]])
    money = page_of("sectors", trial, measures=("output_value",), unit="value").panels[0]
    np.testing.assert_allclose(money.figures, [[10.0] * 4, [20.0] * 4])


def test_runs_and_variants_are_compared_by_measures_of_one_region() -> None:
    cases = [("a", "fontagne", 1.0), ("b", "fontagne", 3.0)]
    one = made(cases=cases, name="family")
    two = made(cases=[("", "boehm", 2.0)], name="other", titles={"": "Another"})
    panel = page_of("compare", one, regions=(ODD[1],)).panels[0]
    assert panel.rows == ("a", "b")
    np.testing.assert_allclose(column(panel, "equivalent_variation"), [-2, -6])
    page = page_of("compare", one, two, regions=(ODD[1],), measures=("real_gdp",))
    assert page.panels[0].rows == ("a, fontagne", "b, fontagne", "Another, boehm")
    np.testing.assert_allclose(page.panels[0].figures[:, 0], [-1, -3, -2])
    for scenarios, rows in ((("b",), 1), (("family",), 2), (("other", "a"), 2)):
        chosen = page_of("compare", one, two, regions=(ODD[1],), scenarios=scenarios)
        assert len(chosen.panels[0].rows) == rows


def test_a_table_of_one_region_has_a_row_for_each_solution(trial: Results) -> None:
    page = page_of("decomposition", trial, regions=(ODD[0],))
    (panel,) = page.panels
    assert panel.rows == ("Elasticities: fontagne", "Elasticities: boehm")
    np.testing.assert_allclose(column(panel, "exact"), [-1, -2])
    assert list(frame(page)["elasticities"]) == ["fontagne", "boehm"]


def test_results_that_are_not_taken_apart_have_the_other_tables() -> None:
    whole = made(decomposed=False)
    for kind in ("regions", "trade", "sectors"):
        pd.testing.assert_frame_equal(frame(page_of(kind, whole)), frame(page_of(kind, made())))
    for kind in ("decomposition", "shocks"):
        with pytest.raises(InputError, match="--decompose"):
            page_of(kind, whole)


def test_a_step_is_a_share_of_the_policy() -> None:
    results = made(steps=(0.5, 1.0))
    whole, part = page_of("regions", results), page_of("regions", results, step=0.5)
    got = [column(page.panels[0], "equivalent_variation")[0] for page in (whole, part)]
    assert got == [-1.0, -0.5]
    assert "Share of the policy in place: 50 %." in part.notes
    assert not any("Share of the policy" in note for note in whole.notes)
    with pytest.raises(InputError, match=r"allowed: 0\.5, 1"):
        page_of("regions", results, step=0.3)


def test_money_of_different_currencies_shares_no_column() -> None:
    euros = made(name="euros", money="million EUR")
    page = page_of("regions", made(), euros)
    units = [[c.unit for c in panel.columns if "value" in c.key] for panel in page.panels]
    assert units == [["million USD"], ["million EUR"]]
    with pytest.raises(InputError, match="different money units"):
        page_of("trade", made(), euros)


# What stands below


def test_the_notes_tell_policy_data_closure_numeraire_and_elasticities(trial: Results) -> None:
    notes = page_of("regions", trial).notes
    for words in (
        "Policy: tariff +10 points.",
        "Data: a table_of my own.",
        "Benchmark: own-2011, 4 regions x 2 sectors.",
        "Closure: long run, by hand.",
        "Numeraire: a price_index = 1.",
        "Trade elasticities: fontagne, boehm.",
    ):
        assert words in notes  # fmt: skip


def test_what_a_real_run_recorded_stands_below_its_tables() -> None:
    page = page_of("decomposition", war())
    assert set(war().manifest["notes"]) | set(war().benchmark["notes"]) <= set(page.notes)
    assert len(war().manifest["notes"]) == 3  # two measures, and what results hinge on
    assert any(note.startswith("Closure: long run") for note in page.notes)
    assert page.below[-1].startswith("Abbreviations: CHN China; USA United States")


def test_rates_that_were_found_and_what_failed_are_told_by_case() -> None:
    results = made(cases=[("a", "fontagne", 1.0), ("b", "fontagne", 1.0)])
    first, second = results.manifest["cases"]
    told = [
        {**first, "endogenous_rates": ["tariff 7 %"]},
        {**second, "failure": "it did not add up"},
    ]
    page = page_of("regions", Results(results.rows, {**results.manifest, "cases": told}))
    assert "Endogenous rates (a): tariff 7 %." in page.notes
    assert "Welfare could not be taken apart (b): it did not add up" in page.notes


def test_notes_that_runs_do_not_share_say_whose_they_are() -> None:
    two = made(name="other", notes=["Draws of the other."])
    notes = page_of("regions", made(notes=["A line."]), two).notes
    assert "Data: a table_of my own." in notes
    assert "trial: A line." in notes and "other: Draws of the other." in notes


def test_notes_about_policy_are_of_the_variants_that_are_shown() -> None:
    results = made(
        cases=[("a", "fontagne", 1.0), ("b", "fontagne", 1.0)],
        notes=["Policy: a: tariff +1 points.", "Policy: b: tariff +2 points."],
    )
    notes = page_of("regions", results, scenarios=("b",)).notes  # fmt: skip
    assert [note for note in notes if note.startswith("Policy")] == ["Policy: b: tariff +2 points."]


def test_estimated_data_are_told_first() -> None:
    results = made(notes=["Policy: none.", "BENCHMARK WITH ESTIMATED DATA."])
    assert page_of("trade", results).notes[0] == "BENCHMARK WITH ESTIMATED DATA."


# How it is written


@pytest.mark.parametrize("kind", KINDS)
def test_latex_is_well_formed_and_shows_the_figures(kind: str, pages: dict[str, Page]) -> None:
    page = pages[kind]
    wanted = [cells for grid in grids(page) for body in grid.bodies for _, cells in body.rows]
    for standalone in (False, True):
        source = render(page, "latex", standalone)
        read = tabulars(source.replace("sidewaystable", "table"))
        assert len(read) == len(grids(page))  # none is cut
        shown = [row[1:] for table in read for row in table.rows if any(map(_shows, row[1:]))]
        assert len(shown) == len(wanted)
        for row, cells in zip(shown, wanted, strict=True):
            for got, cell in zip(row, cells, strict=True):
                _check_cell(got, cell)
        assert source.count(r"\textit{Notes:}") == 1
        assert standalone == source.startswith(r"\documentclass")


def _shows(cell: str) -> bool:
    """Whether a cell of LaTeX is a figure, not the rest of a label or a range below it."""
    return cell == "--" or bool(re.match(r"(\$-\$)?[\d.,]+( \(|$)", cell))


def _check_cell(got: str, cell: Cell) -> None:
    if cell.words:
        assert got.split()[0] == escape(cell.words).split()[0]
    elif cell.figure == "-":
        assert got == "--"
    else:
        assert number(got) == float(cell.figure.replace(",", ""))


def test_latex_of_many_regions_is_cut_into_tables_that_fit() -> None:
    codes = [f"R{n:02d}" for n in range(41)]
    page = page_of("trade", made(codes, ("S",)))
    read = tabulars(render(page, "latex"))
    assert len(read) > 1
    cells: dict[tuple[str, str], str] = {}
    for table in read:
        assert table.columns < 25 and len(table.rows) < 60
        (header,) = [row for row in table.rows if row[0] == "Exporter"]
        for row in table.rows:
            if row is not header and row[0]:
                for code, cell in zip(header[1:], row[1:], strict=True):
                    assert cells.setdefault((row[0], code), cell) == cell
    everyone = {*codes, "All imports"}
    assert {(r, c) for r, c in cells if c in codes} == {(r, c) for r in everyone for c in codes}
    assert page.common_unit == "bn USD" and number(cells["R00", "R40"]) == 0.4


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_any_text_becomes_latex_that_is_well_formed(words: str) -> None:
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
def test_every_row_of_a_markdown_table_has_its_figures(kind: str, pages: dict[str, Page]) -> None:
    page = pages[kind]
    lines = render(page, "markdown").splitlines()
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
    bodies = [body for grid in grids(page) for body in grid.bodies]
    assert len(rows) == sum(len(body.rows) + 2 for body in bodies)
    for body in bodies:
        head, rule, *own = (rows.pop(0) for _ in range(len(body.rows) + 2))
        assert len(head) == len(rule) and head[0].strip() == page.stub
        for got, (_, cells) in zip(own, body.rows, strict=True):
            plain = [re.sub(r"\\(.)", r"\1", cell.strip()) for cell in got[1:]]
            assert plain == [" ".join(cell.plain.split()) for cell in cells]
    assert [line for line in lines if line.startswith("- ")] == [
        f"- {_markdown(note)}" for note in page.below
    ]


def _markdown(note: str) -> str:
    return re.sub(r"([\\`*_\[\]<|$#~])", r"\\\1", " ".join(note.split()))


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
        for figures, row in zip(panel.figures, cells_of(panel), strict=True):
            for value, cell, head in zip(figures, row, panel.columns, strict=True):
                assert set(cell.plain.split()) <= set(found), cell
                if not cell.words and np.isfinite(value):
                    rounded = pytest.approx(value, abs=0.5001 * 10**-head.digits)
                    assert float(cell.figure.replace(",", "")) == rounded
    assert render(page, "text").startswith(page.caption.split()[0])


@pytest.mark.parametrize("region", ["China", "China (with Hong Kong)"])
def test_a_caption_names_its_region_once(region: str, pages: dict[str, Page]) -> None:
    subject = "China: a subsidy"
    told = replace(pages[KINDS[0]], panels=(), title=f"Losses, {region}", subject=subject)
    assert told.caption == f"Losses, {region}: a subsidy"
    assert replace(told, title="Losses").caption == "Losses: China: a subsidy"


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_a_table_with_a_caption_headers_and_escaped_text(
    kind: str, pages: dict[str, Page]
) -> None:
    page = pages[kind]
    root = ElementTree.fromstring(to_html(page).replace("<br>", "<br/>"))
    assert [e.text for e in root.iter("caption")] == [page.caption]
    rows = [e for e in root.iter("tr") if e.find("td") is not None]
    bodies = [body for grid in grids(page) for body in grid.bodies]
    assert [e.findtext("th") for e in rows] == [label for b in bodies for label, _ in b.rows]
    assert all(e.get("scope") for e in root.iter("th"))
    cells = [[e.text for e in row.iter("td")] for row in rows]
    assert cells == [[c.plain for c in row] for b in bodies for _, row in b.rows]
    assert page.below[-1] in "".join(next(root.iter("p")).itertext())


@pytest.mark.parametrize("kind", KINDS)
def test_csv_has_the_figures_unrounded_with_their_units(kind: str, pages: dict[str, Page]) -> None:
    page = pages[kind]
    read = pd.read_csv(io.StringIO(render(page, "csv")), keep_default_na=False, na_values=[""])
    panels = page.panels
    if page.joined:  # panels of the same keys stand beside each other
        assert len(read) == max(len(panel.rows) for panel in panels)
    else:
        assert list(read[page.stub.lower()].astype(str)) == [
            row for panel in panels for row in panel.rows
        ]
    for panel in panels:
        same = [panel] if page.joined else panels
        for c in panel.columns:
            name = f"{c.key} [{c.unit}]" if c.unit else c.key
            expected = np.concatenate([  # a panel without this column has nothing there
                column(one, c.key) if c in one.columns else np.full(len(one.rows), np.nan)
                for one in same
            ])  # fmt: skip
            got = read[name].astype(float)[: len(expected)]
            np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_variants_have_their_titles_and_shown_codes_alone_are_named() -> None:
    titles = {"a": "A subsidy on output", "b": "a new tariff"}
    cases = [("a", "fontagne", 1.0), ("b", "fontagne", 3.0)]
    names = {"regions": {ODD[0]: "Odd (with brackets)", ODD[1]: "B"}}
    results = made(cases=cases, titles=titles, names=names)
    page = page_of("compare", results, regions=(ODD[0],))
    for form in ("markdown", "latex", "text"):
        shown = render(page, form)
        assert "A subsidy on output" in shown and "a new tariff" in shown
        assert "Abbreviations" not in shown  # no code stands in the table
    page = page_of("regions", results, scenarios=("b",))
    assert page.caption.endswith("A trial & error: 10 % more: a new tariff")
    assert page.below[-1] == f"Abbreviations: {ODD[0]} Odd (with brackets); {ODD[1]} B."


def test_a_range_stands_behind_its_figure_and_columns_that_lack_have_dashes() -> None:
    heads = (Column("x", "X", "%", 1), Column("y", "Y", "bn USD", 1))
    one = Panel("one", heads, ("a",), np.array([[1.0, 3.0]]), low=np.array([[0.5, np.nan]]),
                high=np.array([[2.0, np.nan]]))  # fmt: skip
    other = Panel("other", heads[1:], ("a",), np.array([[4.0]]))
    page = Page("regions", "T", "Region", (one, other), ())
    (grid,) = grids(page)
    assert grid.header == (("X", "%"), ("Y", "bn USD"))
    cells = [[cell.plain for cell in body.rows[0][1]] for body in grid.bodies]
    assert cells == [["1.0 [0.5, 2.0]", "3.0"], ["-", "4.0"]]
    assert list(frame(page).columns) == [
        "region", "x [%]", "x low [%]", "x high [%]", "y [bn USD]",
    ]  # fmt: skip


def test_blocks_of_columns_are_as_few_and_as_equal_as_can_be() -> None:
    assert blocks([3.0] * 7, 21.0) == [[0, 1, 2, 3, 4, 5, 6]]
    assert blocks([3.0] * 7, 15.0) == [[0, 1, 2, 3], [4, 5, 6]]
    assert blocks([9.0, 1.0, 9.0], 5.0) == [[0], [1], [2]]


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


# In Python


def test_a_table_is_the_same_in_python_and_takes_one_code_or_several(trial: Results) -> None:
    table = trial.table("trade", unit="percent", regions=ODD[:2])
    page = page_of("trade", trial, unit="percent", regions=ODD[:2])
    assert table.to_markdown() == repr(table) == render(page, "markdown")
    assert table.to_latex() == render(page, "latex")
    assert table.to_latex(standalone=True) == render(page, "latex", True)
    assert table.to_csv() == render(page, "csv")
    assert table._repr_html_() == render(page, "html")
    one = trial.table("regions", regions=ODD[0], measures="real_gdp").page
    assert one.panels[0].figures.tolist() == [[-0.5], [-1.0]]
    with pytest.raises(InputError, match=r"did you mean 'regions'"):
        trial.table("regions", region=ODD[0])


def test_results_without_pages_of_their_own_show_themselves_in_a_line() -> None:
    both = made(name="a<b").compare(made(name="other"))
    assert "&lt;" in both._repr_html_() and "<table" not in both._repr_html_()
    assert len(both.rows) == 2 * len(made().rows)
    pd.testing.assert_frame_equal(both.rows, joined([made(name="a<b").rows,
                                                     made(name="other").rows]))  # fmt: skip
    with pytest.raises(InputError, match="several"):
        both.save("nowhere")


# The command


@pytest.fixture
def saved(trial: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trial.save(tmp_path_factory.mktemp("saved") / "run")


def test_a_table_is_printed_or_written_in_the_format_of_its_suffix(
    saved: Path, here: Path, cge: Run
) -> None:
    shown = cge("table", saved)
    assert shown.code == 0 and shown.out.startswith("**Effects by region")
    done = cge("table", saved, "--out", "a/t.md", "--out", "t.tex", "--out", "t.csv")
    assert done.code == 0
    assert done.out == "Written to a/t.md\nWritten to t.tex\nWritten to t.csv\n"
    assert (here / "a" / "t.md").read_text(encoding="utf-8") == shown.out
    assert (here / "t.tex").read_text(encoding="utf-8").count(r"\begin{table}") == 1
    assert "equivalent_variation [% of absorption]" in (here / "t.csv").read_text(encoding="utf-8")
    whole = cge("table", saved, "--format", "latex", "--standalone")
    assert whole.out.startswith(r"\documentclass") and whole.out.endswith("\\end{document}\n")
    chosen = cge("table", saved, "--measures", "real_gdp, employment[LAB]", "--region", ODD[0],
                 "--elasticities", "boehm", "--title", "Mine", "--format", "csv")  # fmt: skip
    table = pd.read_csv(io.StringIO(chosen.out))
    assert table[["real_gdp [%]", "employment[LAB] [%]"]].to_numpy().tolist() == [[-1.0, 1.0]]


def test_without_a_kind_the_first_page_of_the_study_is_shown(here: Path, cge: Run) -> None:
    given = ("us-china-tariff-war", "--aggregation", "small", "--elasticities", "boehm", "--quiet")
    assert cge("sensitivity", *given, "--draws", "3", "--out", "draws").code == 0
    named = cge("table", "draws", "--kind", "intervals")
    assert named.code == 0 and named.out.startswith("**Means and intervals")
    assert cge("table", "draws").out == named.out
    drawn = cge("figure", "draws")
    assert drawn.code == 0, drawn.err
    assert (here / "intervals.svg").is_file() and (here / "intervals.pdf").is_file()
    assert cge("table", "draws", "--kind", "regions").code == 2


def test_the_kinds_are_listed_with_what_they_show(cge: Run) -> None:
    for command in ("table", "figure"):
        outcome = cge(command, "--kinds")
        assert outcome.code == 0 and outcome.err == ""
        for name, kind in kinds().items():
            assert re.search(rf"│ {name} +│ {re.escape(kind.meaning)} +│", outcome.out)


@pytest.mark.parametrize(
    "options, told",
    [
        (["--kind", "x"], "allowed: backtest, backtest-scores"),
        (["--kind", "region"], "did you mean 'regions'?"),
        (["--region", "Nowhere"], "allowed: A_1 & Co%"),
        (["--measures", "joy"], "--measures"),
        (["--kind", "trade", "--sector", "X"], "allowed: S_1, 50%"),
        (["--kind", "trade", "--unit", "kg"], "allowed: value, percent, volume"),
        (["--kind", "trade", "--detail"], "no such option"),
        (["--kind", "decomposition", "--unit", "volume"], "allowed: percent, value"),
        (["--kind", "sectors", "--measures", "real_gdp"], "allowed: output, output_value"),
        (["--kind", "sectors", "--unit", "value"], "not in money"),
        (["--kind", "compare"], "choose one region"),
        (["--kind", "sensitivity"], "no rows for this choice"),
        (["--kind", "drivers", "--step", "0.5"], "'--kind', value 'drivers': the results have no"),
        (["--kind", "drivers", "--scenario", "x"], "'--kind', value 'drivers': the results have"),
        (["--kind", "losses"], "`cge stress`"),
        (["--kind", "policies"], "cge compare"),
        (["--kind", "frontier"], "results of `cge frontier`"),
        (["--kind", "years"], "it is no path"),
        (["--elasticities", "x"], "allowed: fontagne, boehm"),
        (["--scenario", "x"], "allowed: trial"),
        (["--step", "0.5"], "allowed: 1"),
        (["--year", "x"], "not a valid integer"),
        (["--out", "t.doc"], "allowed: .md, .tex, .csv"),
        (["--out", "."], "--out"),
        (["--out", "t.md", "--format", "csv"], "--format"),
        (["--format", "html"], "allowed: markdown, latex, csv"),
        (["--standalone"], "--standalone"),
    ],
)
def test_a_wrong_choice_is_one_message_and_nothing_is_written(
    options: list[str], told: str, saved: Path, here: Path, cge: Run
) -> None:
    outcome = cge("table", saved, *(["--out", "t.csv"] if "--out" not in options else []), *options)
    assert outcome.code == 2 and outcome.out == ""
    assert told in outcome.err and len(outcome.err.splitlines()) == 1
    assert snapshot(here) == {}


def test_what_is_no_run_s_folder_is_refused(saved: Path, here: Path, cge: Run) -> None:
    (here / "empty").mkdir()
    (here / "file").write_text("")
    for arguments in (["nowhere"], ["empty"], ["file"], [saved, saved], []):
        outcome = cge("table", *arguments)
        assert outcome.code == 2 and len(outcome.err.splitlines()) == 1, arguments


def test_a_run_is_found_by_its_scenario_s_name(trial: Results, here: Path, cge: Run) -> None:
    trial.save(here / "results" / "runs" / "trial")
    by_name = cge("table", "trial")
    assert by_name.code == 0
    assert cge("table", "results/runs/trial/results.parquet").out == by_name.out
    assert "nowhere" in (wrong := cge("table", "nowhere").err) and "trial" in wrong


def test_an_earlier_file_stays_where_writing_fails(saved: Path, here: Path, cge: Run) -> None:
    (here / "t.md").write_text("mine")
    (here / "file").write_text("")
    before = snapshot(here)
    outcome = cge("table", saved, "--out", "t.md", "--out", "file/t.csv")
    assert outcome.code == 2 and "file" in outcome.err
    assert snapshot(here) == before


def test_every_line_of_the_help_that_is_a_command_runs_on_a_run(here: Path, cge: Run) -> None:
    war().save(here / "results" / "runs" / "us-china-tariff-war")
    for command in ("table", "figure"):
        lines = re.findall(rf"^ +(?:Example: +)?(cge {command} .*)$",
                           cge(command, "--help").out, re.MULTILINE)  # fmt: skip
        assert len(lines) == 2
        for line in lines:
            outcome = cge(*line.split()[1:])
            assert outcome.code == 0, outcome.err
    assert {path.name for path in here.iterdir()} == {
        "results", "welfare.tex", "trade.pdf", "trade.svg"
    }  # fmt: skip


def test_rows_of_measures_are_those_of_the_solution_in_their_order() -> None:
    wanted = ("trade_value", "real_gdp", "real_gdp", "no such measure")
    for case in cases_of([war()], Choice()):
        own = war().rows
        own = own[(own["elasticities"] == case.keys["elasticities"]) & own["measure"].isin(wanted)]
        plain = own.astype(dict.fromkeys(TEXT, object))
        pd.testing.assert_frame_equal(case.rows(*wanted), plain)
        gdp = plain[plain["measure"] == "real_gdp"].set_index("region")["value"]
        assert case.of_region("real_gdp").to_dict() == gdp.to_dict()
