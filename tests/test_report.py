"""The report for a browser: all pages of a run, their figures, and nothing from elsewhere."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Outcome, snapshot
from reports import as_gtap_prints, made
from test_backtest import backtested
from test_claims import claimed
from test_figures import CASES, FOUND
from test_loss_pages import DOSES, compared, of_disruptions
from test_margins import marginal
from test_tables import OF_GTAP, OF_PATHS

from cge import InputError, Results
from cge.report.charts.draw import FORMS, shown
from cge.report.drafts.choice import Choice
from cge.report.format.grid import grids
from cge.report.format.page import Column, Page, Panel
from cge.report.format.render import render
from cge.report.html_report import html_report
from cge.report.kinds import build, kinds
from cge.report.summary import pages
from cge.report.web import figure, libraries
from cge.report.web.document import Exhibit, Section, document

Run = Callable[..., Outcome]
#: A browser that draws the page without a screen.
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\" ' & {{ 7*7 }} <!--"


class Reader(HTMLParser):
    """What a browser finds in a page: tags with attributes, rows of cells, scripts, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.rows: list[list[str]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("td", "th"):
            self.rows[-1][-1] += data
        elif self._inside == "script":
            self.scripts[-1] += data
        if self._inside not in ("script", "style"):
            self.text += data

    def specifications(self) -> list[dict[str, Any]]:
        """Figures of the page."""
        kinds = [own for tag, own in self.tags if tag == "script"]
        return [json.loads(text) for own, text in zip(kinds, self.scripts, strict=True)
                if own.get("type") == "application/json"]  # fmt: skip


def of_kind(kind: str) -> Page:
    """The page of a figure of a kind, of results made by hand."""
    found: dict[str, Callable[[], Any]] = {
        **FOUND, "annual": of_disruptions, "driver-groups": FOUND["drivers"],
        "doses": lambda: compared(policies=DOSES), "backtest-cells": backtested,
        "margins": marginal, **dict.fromkeys(OF_GTAP, lambda: as_gtap_prints(made(cases=CASES))),
        **dict.fromkeys(("claims", "claim-checks", "claim-welfare"), claimed),
    }  # fmt: skip
    results = found[kind]()
    choice = Choice(regions=tuple(results.benchmark["regions"][:1])) if kind == "compare" else None
    return build(kind, [results], choice, figure=True)


def of_years(chart: str) -> Page:
    """A figure over years, which studies of paths have."""
    columns = (Column("x", "First", "%", 2, "part"), Column("y", "Last", "%", 2, "part"),
               Column("z", "Sum", "%", 2, "total"))  # fmt: skip
    figures = np.array([[1.0, -2.0, -1.0], [2.0, 3.0, 5.0]])
    panel = Panel("A; B", columns, ("1 (2012)", "2 (2013)"), figures, low=figures - 0.5,
                  high=figures + 0.5)  # fmt: skip
    return Page("sources", "T", "Year", (panel,), (), chart=chart)


@pytest.fixture(scope="module")
def trial() -> Results:
    return made(cases=CASES)


@pytest.fixture(scope="module")
def report(trial: Results) -> str:
    return html_report([trial])


def test_every_page_is_in_the_report_with_the_cells_of_the_tables(
    trial: Results, report: str
) -> None:
    read = Reader(report)
    found = pages(trial)
    assert [page.kind for page in found] == ["regions", "decomposition"]
    rows = [row for row in read.rows if row[0] != "Part"]
    wanted = [
        [body.heading, "", label, *(cell.plain for cell in cells)]
        for page in found for grid in grids(page) for body in grid.bodies
        for label, cells in body.rows
    ]  # fmt: skip
    assert rows == wanted and len(rows) == 20
    for page in found:
        assert page.title in read.text
        for note in page.below:
            assert note in read.text
    assert "Accepted: largest residual" in read.text
    assert json.loads(read.text[read.text.index('{\n "format"') :].rsplit("}", 1)[0] + "}") == (
        json.loads(json.dumps(trial.manifest)))  # fmt: skip


def test_ranges_and_words_stand_in_cells_as_in_the_tables() -> None:
    page = build("odds", [compared()])
    read = Reader(document("T", [Section("S", "", (), [Exhibit(page)], ())]))
    wanted = [cell.plain for grid in grids(page) for body in grid.bodies
              for _, cells in body.rows for cell in cells]  # fmt: skip
    assert {"never"} < set(wanted) and any("[" in cell for cell in wanted)
    assert [cell for row in read.rows if row[0] != "Part" for cell in row[3:]] == wanted


def test_cells_are_sorted_by_unrounded_figures(trial: Results, report: str) -> None:
    panel = pages(trial)[0].panels[0]
    orders = [own["data-order"] for tag, own in Reader(report).tags if "data-order" in own]
    width = len(panel.columns)
    first = [float(text or "nan") for text in orders[2 : 2 + width]]
    np.testing.assert_allclose(first, panel.figures[0], rtol=1e-12)


def test_the_files_to_save_are_those_of_the_commands(trial: Results, report: str) -> None:
    saved = {own["download"]: own["href"] for tag, own in Reader(report).tags if "download" in own}
    assert list(saved) == ["regions.csv", "regions-figure.csv", "decomposition.csv",
                           "decomposition-figure.csv"]  # fmt: skip
    for page in pages(trial):
        content = base64.b64decode(saved[f"{page.kind}.csv"].split("base64,")[1]).decode()
        assert content == render(page, "csv")


def test_the_figure_has_the_figures_of_the_one_on_paper(trial: Results, report: str) -> None:
    spec = Reader(report).specifications()[0]
    drawn = shown(build("regions", [trial], figure=True))
    for n, (axes, column) in enumerate(zip(spec["concat"], drawn.panels[0].columns, strict=True)):
        assert axes["title"]["text"] == [column.title]
        values = [one["value"] for one in axes["data"]["values"]]
        wanted = np.concatenate([panel.figures[:, n] for panel in drawn.panels])
        np.testing.assert_allclose(values, wanted)


@pytest.mark.parametrize("kind", [*sorted(set(kinds()) - OF_PATHS), "years", "areas", "ends"])
def test_every_kind_of_figure_is_one_that_vega_lite_can_draw(kind: str) -> None:
    import vl_convert

    spec, _ = figure.specification(of_kind(kind) if kind in kinds() and kind not in OF_PATHS
                                   else of_years(kind))  # fmt: skip
    drawn = vl_convert.vegalite_to_svg(spec)
    assert drawn.count("mark-") >= len(spec["concat"]) and "NaN" not in drawn


def test_the_contents_of_one_run_lead_to_its_tables_and_notes(report: str) -> None:
    tags = Reader(report).tags
    places = [own["href"][1:] for tag, own in tags if own.get("href", "").startswith("#")]
    ids = [own["id"] for _, own in tags if "id" in own]
    exhibits = [one for one in ids if one.startswith("exhibit-")]
    assert len(exhibits) > 1 and places == [*exhibits, "notes-1"]
    assert set(places) <= set(ids)


def test_every_chart_of_a_paper_has_one_for_a_browser() -> None:
    assert set(figure.FORMS) == set(FORMS)


def test_nothing_is_fetched_and_no_script_runs_but_those_of_the_report(report: str) -> None:
    read = Reader(report)
    links = [own[name] for _, own in read.tags for name in ("src", "href", "action", "data")
             if name in own]  # fmt: skip
    assert links and all(link.startswith(("#", "data:text/csv")) for link in links)
    assert not {tag for tag, _ in read.tags} & {"link", "iframe", "object", "embed", "base", "form"}
    styles = "".join(re.findall(r"<style>(.*?)</style>", report, re.DOTALL))
    assert not re.search(r"@import|url\(\s*['\"]?(?!['\"]?data:)", styles)
    (policy,) = [own["content"] for tag, own in read.tags
                 if own.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "connect-src" not in rules
    assert "unsafe" not in rules["script-src"] and rules["script-src"].count("sha256-") == 3
    assert "http" not in policy


def test_a_report_is_small_enough_to_mail(report: str) -> None:
    assert 1e6 < len(report.encode()) < 3e6


def test_signs_of_a_user_are_text_and_never_markup() -> None:
    titles = {"a": HOSTILE, "b": "b"}
    found = made((HOSTILE, "B"), (HOSTILE,), [("a", "fontagne", 1.0), ("b", "fontagne", 2.0)],
                 titles=titles, name=HOSTILE, notes=[HOSTILE])  # fmt: skip
    scenario = found.manifest["spec"]["scenario"]
    scenario["title"] = scenario["description"] = HOSTILE
    page = html_report([found], HOSTILE)
    read = Reader(page)
    assert not [own for tag, own in read.tags if tag == "img" or "onerror" in own]
    assert len(read.scripts) == 3 + 2 and sum(tag == "script" for tag, _ in read.tags) == 5
    assert read.text.count(HOSTILE) >= 5 and "49" not in read.text
    assert [row for row in read.rows if HOSTILE in row]
    assert any(HOSTILE in json.dumps(spec, ensure_ascii=False).replace('\\"', '"')
               for spec in read.specifications())  # fmt: skip
    assert "<!--" not in re.sub(r"<script>.*", "", page, flags=re.DOTALL)


def test_labels_that_are_equal_stay_apart_in_a_figure() -> None:
    panel = Panel("", (Column("x", "Size", "%", 2),), ("A", "A"), np.array([[1.0], [2.0]]))
    spec, _ = figure.specification(Page("compare", "T", "Policy", (panel,), (), chart="dots"))
    rows = {one["row"] for one in spec["concat"][0]["data"]["values"]}
    assert len(rows) == 2 and {row.strip("\u200b") for row in rows} == {"A"}


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium to draw the page")
@pytest.mark.parametrize("width", [400, 1100])
def test_long_labels_of_rows_stand_in_several_lines_and_are_never_cut(
    tmp_path: Path, width: int
) -> None:
    long = "A case of many words, and of more words still, on a whole path of years, in world "
    rows = tuple(f"{long}{n}" for n in range(3))
    column = Column("value", "Value", "%", 2)
    panels = (Panel("One", (column,), rows, np.ones((3, 1))),) * 2
    some = Page("regions", "Long", "Case", panels, (), chart="glance")
    file = tmp_path / "long.html"
    section = Section("Long", "", (), [Exhibit(some, some)], ())
    file.write_text(document("Long", [section]), encoding="utf-8")
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
         f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=15000", "--dump-dom",
         file.as_uri()], capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    (drawn,) = re.findall(r"<svg[^>]*marks.*?</svg>", done.stdout, re.DOTALL)
    lines = [line for line in re.findall(r">([^<>]+)<", drawn) if line.strip()]
    assert not [line for line in lines if "\u2026" in line]
    assert any(line.endswith("in world 2") or line == "world 2" or line == "2" for line in lines)


def test_several_runs_stand_side_by_side_and_each_alone() -> None:
    one, other = made(name="one"), made(name="other", cases=CASES[1:])
    read = Reader(html_report([one, other]))
    assert "Side by side" in read.text
    assert sum(tag == "section" for tag, _ in read.tags) == 3
    assert sum(tag == "details" for tag, _ in read.tags) == 2
    joint = build("regions", [one, other])
    labels = [body.heading for grid in grids(joint) for body in grid.bodies]
    assert len(labels) == 2 and set(labels) <= {row[0] for row in read.rows}


def test_the_command_and_the_call_write_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, here: Path, cge: Run
) -> None:
    run = made().save(tmp_path_factory.mktemp("saved") / "run")
    done = cge("report", run)
    assert done.code == 0 and done.out.startswith("Written to report.html (1.")
    assert Results.open(run).report(here / "again.html") == here / "again.html"
    assert (here / "again.html").read_bytes() == (here / "report.html").read_bytes()
    assert cge("report", run, "--title", "My & own", "--out", "mine.html").code == 0
    assert "<title>My &amp; own</title>" in (here / "mine.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options, told",
    [
        (["--out", "r.pdf"], "allowed: .html"),
        (["--out", "/dev/null/r.html"], "can not be written"),
        (["nothing"], "no such run folder"),
    ],
)
def test_a_wrong_request_is_one_message_and_nothing_is_written(
    options: list[str], told: str, tmp_path_factory: pytest.TempPathFactory, here: Path, cge: Run
) -> None:
    run = made().save(tmp_path_factory.mktemp("saved") / "run")
    done = cge("report", run, *options)
    assert done.code == 2 and told in done.err and len(done.err.splitlines()) == 1
    assert snapshot(here) == {}


@pytest.mark.parametrize("library", ["vl_convert", "itables"])
def test_a_missing_library_is_named_with_what_to_install(
    library: str, tmp_path_factory: pytest.TempPathFactory, here: Path, cge: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = made().save(tmp_path_factory.mktemp("saved") / "run")
    libraries.libraries.cache_clear()
    monkeypatch.setitem(sys.modules, library, None)
    done = cge("report", run)
    assert done.code == 2 and len(done.err.splitlines()) == 1
    assert library in done.err and "pip install 'cge-trade-policy[report]'" in done.err
    assert snapshot(here) == {}


def test_a_library_that_exports_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="itables"):
        libraries._global("var a=1;")
    assert libraries._global("var a=1;export{a as b,a as default};") == (
        'var a=1;window.dataTables={"b":a,"default":a};'
    )
    assert libraries.inline("'<!--<script></SCRIPT>'") == r"'\x3c!--\x3cscript>\x3c/SCRIPT>'"
