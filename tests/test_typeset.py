"""Tables as a real LaTeX sets them: nothing too wide, no bitmap fonts, notes below."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from reports import ODD, as_gtap_prints, made, war
from test_backtest import BACKTESTS, backtested
from test_claims import claimed
from test_frontier_pages import frontier
from test_insurance import insured
from test_loss_pages import DOSES, REGIONS, compared, linked, of_disruptions
from test_margins import marginal
from test_nash import game
from test_path_results import SCENARIO
from test_sensitivity_pages import made as drawn

import cge
from cge.report.drafts.choice import Choice
from cge.report.format.page import Page
from cge.report.format.render import render
from cge.report.kinds import build, kinds
from cge.results.resultset import ResultSet

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("pdflatex") is None or shutil.which("pdffonts") is None,
        reason="needs pdflatex with lmodern, and poppler",
    ),
]
MANY = [f"R{n:02d}" for n in range(41)]
SECTORS = [f"S{n:02d}" for n in range(35)]
#: Kind, results, choice and pages of every table that is set.
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
    "sensitivity": ("sensitivity", ("drawn",), Choice(), 1),
    "intervals": ("intervals", ("drawn",), Choice(), 1),
    "drivers": ("drivers", ("drawn",), Choice(), 1),
    "driver groups": ("driver-groups", ("drawn",), Choice(), 1),
    "compare": ("compare", ("odd",), Choice(regions=(ODD[0],)), 1),
    "years": ("years", ("path",), Choice(), 1),
    "years of one region": ("years", ("path",), Choice(regions=("EU",)), 1),
    "worth": ("worth", ("path",), Choice(), 2),
    "sources": ("sources", ("path",), Choice(), 2),
    "components of a path": ("decomposition", ("path",), Choice(), 2),
    "shocks of a path": ("shocks", ("path",), Choice(regions=("EU",)), 1),
    "remaining": ("remaining", ("path",), Choice(), 1),
    "policies": ("policies", ("CHN",), Choice(), 1),
    "policies of three": ("policies", tuple(REGIONS), Choice(), 2),
    "frontier": ("frontier", ("frontier",), Choice(), 1),
    "nash": ("nash", ("nash",), Choice(), 2),
    "insurance": ("insurance", ("insurance",), Choice(), 1),
    **{name: (name, ("backtest",), Choice(), 1) for name in BACKTESTS},
    "losses": ("losses", ("stress",), Choice(), 1),
    "weightings": ("weightings", ("stress",), Choice(), 1),
    "families": ("families", ("stress",), Choice(), 1),
    "disruptions": ("disruptions", ("stress",), Choice(), 1),
    "chokepoints": ("chokepoints", ("links",), Choice(), 1),
    "leverage": ("chokepoints", ("links",), Choice(measures=("leverage",)), 1),
    "annual": ("annual", ("stress",), Choice(), 1),
    "odds": ("odds", ("CHN",), Choice(), 1),
    "doses": ("doses", ("doses",), Choice(), 1),
    "margins": ("margins", ("margins",), Choice(), 1),
    "huff": ("huff", ("gtap",), Choice(), 1),
    "huff by tax": ("huff-taxes", ("gtap",), Choice(), 1),
    **{name: (name, ("claims",), Choice(), 1)
       for name in ("claims", "claim-checks", "claim-welfare")},
}  # fmt: skip


@pytest.fixture(scope="module")
def results() -> dict[str, ResultSet]:
    """Results, some solved, some made by hand."""
    return {
        "war": war(), "path": cge.run(SCENARIO, "path", workers=1),
        "odd": made(cases=[("", "fontagne", 1.0), ("", "boehm", 2.0)]),
        "many": made(MANY, SECTORS), "drawn": drawn(), "frontier": frontier(("fontagne", "boehm")),
        "nash": game(("fontagne", "boehm")), "insurance": insured(("fontagne", "boehm")),
        "backtest": backtested(),
        "stress": of_disruptions(), "links": linked(), "doses": compared(policies=DOSES),
        "margins": marginal(), "gtap": as_gtap_prints(made()), "claims": claimed(),
        **{code: compared(code) for code in REGIONS},
    }  # fmt: skip


def test_every_kind_is_set() -> None:
    assert {kind for kind, *_ in CASES.values()} == set(kinds())


@pytest.mark.parametrize("name", CASES)
def test_a_table_fits_its_pages_with_its_notes_below(
    name: str, results: dict[str, ResultSet], tmp_path: Path
) -> None:
    kind, found, choice, pages = CASES[name]
    page = build(kind, [results[one] for one in found], choice)
    (tmp_path / "t.tex").write_text(render(page, "latex", standalone=True), encoding="utf-8")
    for _ in range(2):
        assert told(tmp_path, "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex")
    log = (tmp_path / "t.log").read_text(encoding="utf-8", errors="replace")
    assert [w for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log) if float(w) > 1] == []
    assert "Float too large" not in log and "undefined" not in log
    assert "Type 3" not in told(tmp_path, "pdffonts", "t.pdf")
    text = told(tmp_path, "pdftotext", "-raw", "t.pdf", "-")
    assert text.count("Notes:") == 1
    assert text.index("Notes:") > last_figures(page, text)
    assert int(re.findall(r"Pages: +(\d+)", told(tmp_path, "pdfinfo", "t.pdf"))[0]) == pages


@pytest.mark.skipif(shutil.which("lualatex") is None, reason="needs lualatex")
@pytest.mark.parametrize("name", ["regions of odd names", "policies of three"])
def test_lualatex_sets_what_pdflatex_sets(
    name: str, results: dict[str, ResultSet], tmp_path: Path
) -> None:
    kind, found, choice, pages = CASES[name]
    page = build(kind, [results[one] for one in found], choice)
    (tmp_path / "t.tex").write_text(render(page, "latex", standalone=True), encoding="utf-8")
    for _ in range(2):
        told(tmp_path, "lualatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex")
    assert int(re.findall(r"Pages: +(\d+)", told(tmp_path, "pdfinfo", "t.pdf"))[0]) == pages


@pytest.mark.parametrize("name", ["regions", "compare", "trade of 41 regions", "years", "policies"])
def test_a_table_in_a_paper_needs_the_packages_it_names_and_no_others(
    name: str, results: dict[str, ResultSet], tmp_path: Path
) -> None:
    kind, found, choice, _ = CASES[name]
    page = build(kind, [results[one] for one in found], choice)
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
    """Return where the last figures of a table, or of one of words its last label, stand."""
    panel = page.panels[-1]
    figures = [f"{abs(v):,.{c.digits}f}" for v, c in zip(panel.figures[-1], panel.columns)
               if v == v]  # fmt: skip
    seen = figures or [panel.rows[-1].split()[0]]
    return max(text.rindex(one, 0, text.index("Notes:")) for one in seen)
