"""Tables as a real LaTeX sets them: nothing too wide, no bitmap fonts, notes below."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cge.experiments.path import run_path
from cge.results.path_write import write_path
from cge.results.report.kinds import ALL_KINDS, PATH_KINDS, build
from cge.results.report.runs import Choice, open_runs
from reports import ODD, war_run, write_run, write_study
from test_headline_figures import REGIONS, write_frontier, write_headline, write_stress
from test_path_results import SCENARIO

from cge.report.format.page import Page
from cge.report.format.render import render
from cge.results import write as write_module

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("pdflatex") is None or shutil.which("pdffonts") is None,
        reason="needs pdflatex with lmodern, and poppler",
    ),
]
MANY = [f"R{n:02d}" for n in range(41)]
SECTORS = [f"S{n:02d}" for n in range(35)]
#: Kind, folders, choice and pages of every table that is set.
CASES: dict[str, tuple[str, tuple[str, ...], Choice, int]] = {
    "regions": ("regions", ("war",), Choice(), 1),
    "regions of odd names": ("regions", ("odd",), Choice(), 1),
    "one region": ("regions", ("war",), Choice(regions=("USA",)), 1),
    "41 regions": ("regions", ("many",), Choice(), 1),
    "decomposition": ("decomposition", ("war",), Choice(), 1),
    "components": ("decomposition", ("war",), Choice(detail=True), 1),
    "shocks": ("shocks", ("war",), Choice(), 1),
    "trade": ("trade", ("war",), Choice(), 1),
    "trade of 41 regions": ("trade", ("many",), Choice(), 3),
    "sectors": ("sectors", ("war",), Choice(), 1),
    "sectors of 41 regions": ("sectors", ("many",), Choice(), 2),
    "sensitivity": ("sensitivity", ("study",), Choice(), 1),
    "drivers": ("drivers", ("study",), Choice(), 1),
    "compare": ("compare", ("odd",), Choice(regions=(ODD[0],)), 1),
    "path": ("path", ("path",), Choice(), 1),
    "path of one region": ("path", ("path",), Choice(regions=("EU",)), 1),
    "path-compare": ("path-compare", ("path",), Choice(), 2),
    "path-sources": ("path-sources", ("path",), Choice(), 1),
    "path-components": ("path-components", ("path",), Choice(), 1),
    "path-shocks": ("path-shocks", ("path",), Choice(regions=("EU",)), 1),
    "path-remaining": ("path-remaining", ("path",), Choice(), 1),
    "headline": ("headline", ("CHN",), Choice(), 2),
    "headline of three": ("headline", tuple(REGIONS), Choice(), 4),
    "quadrant": ("quadrant", tuple(REGIONS), Choice(), 1),
    "frontier": ("frontier", ("frontier",), Choice(), 1),
    "chokepoints": ("chokepoints", ("stress",), Choice(), 1),
    "leverage": ("chokepoints", ("stress",), Choice(measures=("leverage",)), 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return folders of results, some solved, some made by hand."""
    place = tmp_path_factory.mktemp("typeset")
    write_module.write_run(war_run(), place / "war")
    write_path(run_path(SCENARIO, cache_folder=place / "models"), place / "path")
    write_run(place / "odd", cases=[("trial", "fontagne", 1.0), ("trial", "boehm", 2.0)])
    write_run(place / "many", MANY, SECTORS)
    write_study(place / "study")
    write_frontier(place / "frontier", ("fontagne", "boehm"))
    write_stress(place / "stress")
    for code in REGIONS:
        write_headline(place / code, code)
    return {folder.name: folder for folder in place.iterdir()}


def test_every_kind_is_set() -> None:
    assert {kind for kind, *_ in CASES.values()} == {*ALL_KINDS, *PATH_KINDS}


@pytest.mark.parametrize("name", CASES)
def test_a_table_fits_its_pages_with_its_notes_below(
    name: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    kind, runs, choice, pages = CASES[name]
    page = build(kind, open_runs([folders[run] for run in runs]), choice)
    (tmp_path / "t.tex").write_text(render(page, "latex", standalone=True), encoding="utf-8")
    for _ in range(2):
        assert told(tmp_path, "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex")
    log = (tmp_path / "t.log").read_text(encoding="utf-8", errors="replace")
    assert [w for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log) if float(w) > 1] == []
    assert "Float too large" not in log and "undefined" not in log
    assert "Type 3" not in told(tmp_path, "pdffonts", "t.pdf")
    assert int(re.findall(r"Pages: +(\d+)", told(tmp_path, "pdfinfo", "t.pdf"))[0]) == pages
    text = told(tmp_path, "pdftotext", "-raw", "t.pdf", "-")
    assert text.count("Notes:") == 1
    assert text.index("Notes:") > last_figures(page, text)


@pytest.mark.parametrize("name", ["regions", "compare", "trade of 41 regions", "path"])
def test_a_table_in_a_paper_needs_the_packages_it_names_and_no_others(
    name: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    kind, runs, choice, _ = CASES[name]
    page = build(kind, open_runs([folders[run] for run in runs]), choice)
    body = render(page, "latex")
    (packages,) = re.findall(r"(?m)^% Needs (\\usepackage\{.*?\})", body)
    paper = rf"""\documentclass{{article}}{packages}
    \usepackage[a4paper,textwidth=15.8cm]{{geometry}}
    \begin{{document}}As before. \begin{{table}}\caption{{First}}\end{{table}} {body} As after.
    \begin{{table}}\caption{{Last}}\end{{table}}\end{{document}}"""
    (tmp_path / "t.tex").write_text(paper, encoding="utf-8")
    for _ in range(2):
        told(tmp_path, "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex")
    text = told(tmp_path, "pdftotext", "-raw", "t.pdf", "-")
    assert re.findall(r"Table (\d): (First|Last)", text) == [("1", "First"), ("3", "Last")]


def told(folder: Path, *command: str) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    out = done.stdout.decode(errors="replace")
    assert done.returncode == 0, out[-3000:]
    return out


def last_figures(page: Page, text: str) -> int:
    """Return where the last figures of a table stand in its text."""
    panel = page.panels[-1].folded()
    figures = [f"{abs(v):,.{c.digits}f}" for v, c in zip(panel.figures[-1], panel.columns)
               if v == v]  # fmt: skip
    return max(text.rindex(figure, 0, text.index("Notes:")) for figure in figures)
