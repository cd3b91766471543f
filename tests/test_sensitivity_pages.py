"""Tables and figures of draws: intervals, statistics, and what the variance is due to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from cge import InputError, Results
from cge.report.charts.draw import draw
from cge.report.drafts.choice import Choice
from cge.report.format.page import Page, Panel
from cge.report.format.render import render
from cge.report.kinds import build
from cge.results.row_schema import Rows

mpl.use("Agg")
REGIONS = ("A", "B", "C", "D")
N = np.arange(1, 5)
PERCENT = "percent of benchmark absorption"
STATISTICS = {
    "central": -N, "mean": -N + 0.01, "sd": np.full(4, 0.06), "p05": -N - 0.1, "p25": -N - 0.04,
    "p50": -N - 0.005, "p75": -N + 0.04, "p95": -N + 0.1, "min": -N - 0.2, "max": -N + 0.2,
    "probability_positive": 0.1 * N, "draws": np.full(4, 200.0),
}  # fmt: skip


def add_statistics(rows: Rows, measure: str, leave: tuple[str, ...] = (), **where: Any) -> None:
    for name, found in STATISTICS.items():
        if name not in leave:
            rows.add(measure, found, change=found, statistic=name, region=REGIONS, unit=PERCENT,
                     change_unit=PERCENT, **where)  # fmt: skip


def results(rows: Rows, study: str = "sensitivity", **labels: Any) -> Results:
    labels = {"scenario": "trial", "title": "A trial", "elasticities": "fontagne", **labels}
    manifest = {
        "spec": {"study": study, "scenario": {"name": "trial", "title": "A trial"}},
        "benchmark": {"name": "own", "unit": "million USD", "regions": list(REGIONS),
                      "names": {"regions": {"A": "Aland"}}},
        "notes": ["Draws: 200 of everything."], "cases": [],
    }  # fmt: skip
    return Results(rows.frame(study=study, **labels), manifest)


def made() -> Results:
    rows = Rows()
    add_statistics(rows, "equivalent_variation")
    add_statistics(rows, "consumer_real_return", item="LAB")
    rows.add("equivalent_variation", -5.0, region="A", point=1, unit=PERCENT)  # a draw
    rows.add("parameter", 3.0, item="sigma_1", point=1)
    for k in range(1, 15):
        where = {"region": REGIONS, "shock": f"sigma_{k}"}
        rows.add("equivalent_variation", np.full(4, k / 105), statistic="variance share", **where)
        effect = np.full(4, -1.0 if k % 2 == 0 else 1.0)
        rows.add("equivalent_variation", effect, statistic="standardised coefficient", **where)
    rows.add("equivalent_variation", np.full(4, 0.9), statistic="explained variance",
             region=REGIONS)  # fmt: skip
    for name, share in (
        ("elasticities", 0.6),
        ("elasticities: armington", 0.4),
        ("dynamics", 0.25),
    ):
        rows.add("equivalent_variation", np.full(4, share), statistic="variance share of group",
                 region=REGIONS, shock=name)  # fmt: skip
    return results(rows)


def told(ranked: bool) -> Results:
    """One parameter, with all that is told of the regression."""
    rows, fit = Rows(), "explained variance of ranks" if ranked else "explained variance"
    shares = {"variance share": 0.5, fit: 0.6, "explained variance, adjusted": 0.55,
              "variance share of noise": 0.002}  # fmt: skip
    for name, share in shares.items():
        shock = "sigma" if name == "variance share" else ""
        rows.add("equivalent_variation", np.full(4, share), statistic=name, region=REGIONS,
                 shock=shock)  # fmt: skip
    rows.add("equivalent_variation", np.full(4, 1.0), statistic="standardised coefficient",
             region=REGIONS, shock="sigma")  # fmt: skip
    return results(rows)


def page_of(kind: str, found: Results, figure: bool = False, **options: Any) -> Page:
    return build(kind, [found], Choice(**options), figure)


def column(panel: Panel, key: str) -> np.ndarray:
    return panel.figures[:, [c.key for c in panel.columns].index(key)]


def test_statistics_are_shown_as_they_are_for_each_measure() -> None:
    page = page_of("sensitivity", made())
    assert [panel.title for panel in page.panels] == ["Welfare (EV)", "Real wage"]
    panel = page.panels[0]
    assert panel.rows == REGIONS and panel.unit == "% of absorption"
    np.testing.assert_allclose(column(panel, "p05"), -N - 0.1)
    np.testing.assert_allclose(column(panel, "probability_positive"), 0.1 * N)
    assert panel.columns[0].digits == 3  # a deviation of 0.06 needs them
    assert "Draws: 200 of everything." in page.notes
    chosen = page_of("sensitivity", made(), measures=("consumer_real_return[LAB]",), regions=("B",))
    assert [panel.rows for panel in chosen.panels] == [("B",)]


def test_intervals_stand_in_brackets_behind_the_means_of_all_measures() -> None:
    (panel,) = page_of("intervals", made()).panels
    assert [c.key for c in panel.columns] == ["equivalent_variation", "consumer_real_return[LAB]"]
    np.testing.assert_allclose(panel.figures[:, 0], -N + 0.01)
    assert (panel.low[1, 1], panel.high[1, 1]) == pytest.approx((-2.1, -1.9))
    assert "-0.99 [-1.10, -0.90]" in render(page_of("intervals", made()), "text")


def test_the_largest_parameters_come_first_and_the_others_are_summed() -> None:
    (panel,) = page_of("drivers", made()).panels
    assert panel.rows[0] == "sigma_14" and panel.rows[-2:] == ("4 others", "R2")
    np.testing.assert_allclose(panel.figures[:-1].sum(axis=0), 100.0)
    assert panel.figures[-2, 0] == pytest.approx(100 * (1 + 2 + 3 + 4) / 105)
    np.testing.assert_allclose(panel.figures[-1], 90.0)
    assert panel.marks[0, 0] == "\u2212" and panel.marks[1, 0] == "+"
    assert (10, 0) not in panel.marks  # a sum of several has no direction


def test_groups_stand_in_their_order_with_what_all_explain() -> None:
    (panel,) = page_of("driver-groups", made()).panels
    assert panel.rows == ("elasticities", "elasticities: armington", "dynamics", "R2")
    np.testing.assert_allclose(panel.figures[:, 2], [60, 40, 25, 90])
    with pytest.raises(InputError, match="no shares of this kind"):
        page_of("driver-groups", told(False))


@pytest.mark.parametrize("ranked", [False, True])
def test_what_is_due_to_chance_and_what_is_of_ranks_is_told(ranked: bool) -> None:
    page = page_of("drivers", told(ranked))
    (panel,) = page.panels
    assert panel.rows == ("sigma", "R2", "R2, adjusted")
    np.testing.assert_allclose(panel.figures[:, 0], [50, 60, 55])
    assert (panel.marks.get((1, 0)) == "r") == ranked
    notes = " ".join(page.notes)
    assert "share of 0.2 % on average" in notes and ("r: of ranks" in notes) == ranked


def test_the_probability_of_the_central_sign_stands_with_its_error() -> None:
    rows = Rows()
    add_statistics(rows, "equivalent_variation")
    for name, found in (("probability_same_sign", 0.9), ("probability_same_sign_se", 0.02)):
        rows.add("equivalent_variation", np.full(4, found), change=np.full(4, found),
                 statistic=name, region=REGIONS)  # fmt: skip
    (panel,) = page_of("sensitivity", results(rows)).panels
    assert [c.title for c in panel.columns][-3:] == ["P(>0)", "P(sign)", "SE"]
    assert column(panel, "probability_same_sign")[0] == 0.9


def test_of_a_stress_test_one_weighting_is_shown_and_single_losses_where_they_are_asked_for() -> (
    None
):
    rows = Rows()
    for weighting in ("default", "equal"):
        add_statistics(rows, "cvar", weighting=weighting)
    add_statistics(rows, "loss", disruption="flood", item="domestic")  # of a family
    found = results(rows)
    found.manifest["library"] = {"weightings": {"default": {}, "equal": {}}}
    (panel,) = page_of("intervals", found).panels
    assert panel.rows == REGIONS and [c.key for c in panel.columns] == ["cvar"]
    assert "Statistics of losses under the weighting default." in page_of("intervals", found).notes
    (panel,) = page_of("intervals", found, measures=("loss",)).panels
    assert panel.rows == tuple(f"{region}, flood" for region in REGIONS)
    with pytest.raises(InputError, match="--weighting"):
        page_of("intervals", found, weighting="sunny")


def test_of_a_stress_test_every_year_is_shown_and_changes_are_called_so() -> None:
    rows = Rows()
    for year in (1, 20):
        add_statistics(rows, "cvar", path_year=year, weighting="default")
    frame = rows.frame(study="sensitivity", scenario="trial", elasticities="fontagne")
    frame["change_unit"] = "percentage points"
    found = Results(frame, {**results(Rows()).manifest,
                            "library": {"weightings": {"default": {}}}})  # fmt: skip
    every, one = page_of("intervals", found).panels, page_of("intervals", found, years=(20,)).panels
    assert [panel.title for panel in every] == ["year 1", "year 20"]
    assert [panel.title for panel in one] == ["year 20"], "told also where it is the only one"
    assert every[0].columns[0].title == "CVaR, change"
    assert page_of("sensitivity", found).panels[0].title == "year 1; CVaR, change"


def test_figures_of_a_whole_path_stand_beside_those_of_its_years() -> None:
    rows = Rows()
    add_statistics(rows, "equivalent_variation", path_year=5)
    add_statistics(rows, "present_value")
    page = page_of("intervals", results(rows, research_return="central"))
    assert [[c.key for c in panel.columns] for panel in page.panels] == [
        ["equivalent_variation"], ["present_value"]]  # fmt: skip


def test_the_intervals_drawn_are_those_of_the_study() -> None:
    axis = draw(page_of("sensitivity", made(), figure=True)).axes[0]
    spans = [np.array(lines.get_segments())[:, :, 0] for lines in axis.collections]
    np.testing.assert_allclose(spans[0], np.array([-N - 0.1, -N + 0.1]).T)
    np.testing.assert_allclose(spans[1], np.array([-N - 0.04, -N + 0.04]).T)
    assert any(np.array_equal(line.get_xdata(), -N) for line in axis.lines)


def test_parameters_are_drawn_as_parts_of_a_bar_for_each_region() -> None:
    axis = draw(page_of("drivers", made(), figure=True)).axes[0]
    assert len(axis.get_yticklabels()) == 4
    widths = sum(bar.get_width() for bar in axis.patches)
    assert widths == pytest.approx(400.0)


def test_quadrature_has_statistics_without_intervals() -> None:
    rows = Rows()
    quantiles = tuple(n for n in STATISTICS if n not in ("central", "mean", "sd", "draws"))
    add_statistics(rows, "equivalent_variation", leave=quantiles)
    found = results(rows)
    (panel,) = page_of("sensitivity", found).panels
    assert [c.key for c in panel.columns] == ["central", "mean", "sd"]
    with pytest.raises(InputError, match="no quantiles"):
        page_of("intervals", found)


def test_draws_of_a_path_and_of_a_stress_test_have_the_same_pages() -> None:
    rows = Rows()
    for year in (1, 10):
        for variant in ("home", "abroad"):
            add_statistics(rows, "loss", variant=variant, path_year=year, weighting="equal")
    found = results(rows, research_return="central")
    page = page_of("intervals", found)
    assert len(page.panels) == 2  # the last year of each variant
    assert page.panels[0].rows == tuple(f"{region}, equal" for region in REGIONS)
    both = page_of("sensitivity", found, years=(1, 10), scenarios=("home",))
    assert [panel.title for panel in both.panels] == ["year 1; Loss", "year 10; Loss"]


def test_what_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"--measures.*'gdp'"):
        page_of("sensitivity", made(), measures=("gdp",))
    with pytest.raises(InputError, match=r"--region.*'X'"):
        page_of("intervals", made(), regions=("X",))
    with pytest.raises(InputError, match="no rows for this choice"):
        page_of("drivers", results(Rows()))


def test_draws_and_statistics_are_no_solutions_of_other_pages() -> None:
    with pytest.raises(InputError):
        page_of("regions", made())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("kind", ["intervals", "sensitivity", "drivers", "driver-groups"])
def test_latex_sets_every_page(kind: str, tmp_path: Path) -> None:
    (tmp_path / "t.tex").write_text(render(page_of(kind, made()), "latex", True))
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "t.tex"], cwd=tmp_path,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
