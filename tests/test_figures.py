"""Figures: what is drawn is what the tables say, and no text lies on another."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from conftest import Outcome, snapshot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from reports import ODD, made, war
from test_backtest import backtested
from test_frontier_pages import frontier
from test_insurance import insured
from test_loss_pages import compared, linked, of_disruptions
from test_nash import game
from test_sensitivity_pages import made as drawn

from cge import Results
from cge.report.charts import heat, style
from cge.report.charts.draw import draw
from cge.report.drafts.choice import Choice
from cge.report.format.page import Column, Page, Panel
from cge.report.kinds import build
from cge.results.resultset import ResultSet

Run = Callable[..., Outcome]
#: As in the default aggregation and in the full one.
MANY = {n: [f"R{k:02d}" for k in range(n)] for n in (11, 41)}
CASES = (("", "fontagne", 1.0), ("", "boehm", 2.0))
#: Pages of results made by hand; those of paths are looked at in tests/test_path_results.py.
FOUND: dict[str, Callable[[], ResultSet]] = {
    **dict.fromkeys(("regions", "decomposition", "shocks", "trade", "sectors", "compare"),
                    lambda: made(cases=CASES)),
    **dict.fromkeys(("losses", "weightings", "families", "disruptions"), of_disruptions),
    **dict.fromkeys(("intervals", "sensitivity", "drivers"), drawn),
    "chokepoints": linked, "frontier": frontier, "policies": compared, "odds": compared,
    "nash": lambda: game(("fontagne", "boehm")),
    "insurance": lambda: insured(("fontagne", "boehm")),
    **dict.fromkeys(("backtest", "backtest-elasticities", "backtest-scores"), backtested),
}  # fmt: skip


@pytest.fixture(scope="module")
def many() -> dict[int, Results]:
    """Results of many regions."""
    return {n: made(codes, ("S_1", "S_2"), CASES[: 1 if n == 41 else 2])
            for n, codes in MANY.items()}  # fmt: skip


def page_of(kind: str, *found: ResultSet, **choice: object) -> Page:
    if kind == "compare":
        choice = {"regions": (ODD[0],), **choice}
    return build(kind, found, Choice(**choice), figure=True)  # type: ignore[arg-type]


def texts(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return every text that is seen, with the box it fills."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    with renderer._draw_disabled():  # all is laid out, nothing is painted
        figure.draw(renderer)
    hidden = set()
    for axes in figure.axes:
        for line in (axes.xaxis, axes.yaxis):
            low, high = sorted(line.get_view_interval())
            room = 1e-9 * (high - low)
            for tick in (*line.get_major_ticks(), *line.get_minor_ticks()):
                if not low - room <= tick.get_loc() <= high + room or not axes.get_visible():
                    hidden |= {tick.label1, tick.label2}
    found = [text for text in figure.findobj(Text) if text not in hidden]
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for text in found
        if isinstance(text, Text) and text.get_text().strip() and text.get_visible()
    ]


def check_apart(figure: Figure) -> list[tuple[str, Bbox]]:
    """Assert that no text lies on another or beyond the edge."""
    found = texts(figure)
    x0, y0, x1, y1 = np.array([box.extents for _, box in found]).T
    across = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    down = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    pairs = np.argwhere(np.triu((across > 1.5) & (down > 1.5), 1))
    assert not len(pairs), [(found[i][0], found[j][0]) for i, j in pairs[:5]]
    outside = (x0 < -1) | (y0 < -1) | (x1 > figure.bbox.width + 1) | (y1 > figure.bbox.height + 1)
    assert not outside.any(), [found[i][0] for i in np.flatnonzero(outside)[:5]]
    return found


@pytest.mark.parametrize("size", MANY)
@pytest.mark.parametrize("kind", ["regions", "decomposition", "sectors"])
def test_no_text_of_many_regions_lies_on_another_or_beyond_the_edge(
    kind: str, size: int, many: dict[int, Results]
) -> None:
    assert len(check_apart(draw(page_of(kind, many[size])))) > size


@pytest.mark.parametrize("kind", FOUND)
def test_every_kind_is_drawn_whatever_signs_the_names_hold(kind: str, tmp_path: Path) -> None:
    page = page_of(kind, FOUND[kind]())
    figure = draw(page)
    style.save(figure, tmp_path / "f.svg")
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").startswith("<?xml")
    seen = re.sub(r"\s+", " ", " ".join(t for t, _ in check_apart(figure)))
    assert re.sub(r"\s+", " ", page.caption) in seen
    for note in page.notes:
        assert re.sub(r"\s+", " ", note) in seen
    assert re.search(r"% |%$|USD|points", seen)  # the unit


def test_a_code_that_no_line_has_room_for_is_drawn_in_parts() -> None:
    code = "".join(chr(97 + n % 26) for n in range(300))
    seen = check_apart(draw(page_of("regions", made((code, "USA")))))
    assert any(re.sub(r"\s+", "", text) == code for text, _ in seen)


def test_title_and_notes_can_be_left_to_the_caption() -> None:
    page = page_of("regions", made())
    whole, bare = (" ".join(t for t, _ in texts(draw(page, notes))) for notes in (True, False))
    assert "Trade elasticities: fontagne." in whole and "Trade elasticities" not in bare
    assert bare.split() and page.title in whole and page.title not in bare


def test_the_dots_are_the_figures_of_each_set() -> None:
    page = page_of("regions", made(cases=CASES))
    axes = draw(page).axes
    assert [axis.get_title() for axis in axes] == ["Welfare (EV)", "Real GDP", "Terms of trade"]
    for number, axis in enumerate(axes):
        assert len(axis.lines) == 1 + 2  # zero, and a row of marks for each set
        for line, panel in zip(axis.lines[1:], page.panels, strict=True):
            np.testing.assert_allclose(line.get_xdata(), panel.plain().figures[:, number])
            np.testing.assert_array_equal(line.get_ydata(), [3, 2, 1, 0])
    assert [label.get_text() for label in axes[0].get_yticklabels()] == list(ODD)


def test_the_bars_reach_the_parts_and_the_mark_is_the_exact_change() -> None:
    page = page_of("decomposition", made(cases=CASES))
    figure = draw(page)
    for axis, panel in zip(figure.axes, page.panels, strict=True):
        parts = [n for n, c in enumerate(panel.columns) if c.role == "part"]
        figures = panel.plain().figures
        widths = np.array([[bar.get_width() for bar in group] for group in axis.containers]).T
        np.testing.assert_allclose(widths, figures[:, parts])
        for group in zip(*axis.containers, strict=True):  # to both sides of zero, none on another
            ends = [sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in group]
            for (a, b), (c, d) in combinations([e for e in ends if e[1] > e[0]], 2):
                assert b <= c + 1e-12 or d <= a + 1e-12
        (mark,) = [line for line in axis.lines if line.get_marker() == "D"]
        exact = [c.role for c in panel.columns].index("exact")
        np.testing.assert_allclose(mark.get_xdata(), figures[:, exact])


def test_the_heat_map_has_the_figures_in_its_cells_and_white_at_zero() -> None:
    page = page_of("trade", made(cases=CASES))
    axes = [axis for axis in draw(page).axes if axis.images]
    for axis, panel in zip(axes, page.panels, strict=True):
        image = axis.images[0]
        shown = panel.figures[:4, :4]
        np.testing.assert_allclose(np.ma.filled(image.get_array(), np.nan), shown)
        red, green, blue, _ = image.to_rgba(0.0)
        assert min(red, green, blue) > 0.95
        places = {t.get_position(): t.get_text().replace("\u2212", "-") for t in axis.texts}
        assert len(places) == np.isfinite(shown).sum()
        for (j, i), cell in places.items():
            assert float(cell) == pytest.approx(shown[int(i), int(j)], abs=0.06)


def test_a_measure_that_rounds_to_zero_is_not_drawn_and_the_notes_say_so() -> None:
    heads = (Column("x", "Size", "%", 2), Column("y", "Nothing", "%", 2))
    panel = Panel("", heads, ("A", "B"), np.array([[1.0, 0.004], [-2.0, np.nan]]))
    figure = draw(Page("compare", "T", "Policy", (panel,), (), chart="dots"))
    assert [axis.get_title() for axis in figure.axes] == ["Size"]
    assert any("would round to zero: Nothing." in text for text, _ in texts(figure))
    flat = Panel("", heads[1:], ("A", "B"), panel.figures[:, 1:])
    assert (
        len(draw(Page("compare", "T", "Policy", (flat,), (), chart="dots")).axes) == 1
    )  # not left empty


def test_regions_outside_the_policy_are_left_out_where_the_page_says_which() -> None:
    head = (Column("x", "Size", "%", 2),)
    rows = Panel("", head, ("CHN", "USA", "EU"), np.ones((3, 1)))
    page = Page("regions", "T", "Region", (rows,), (), {"EU": "Europe"}, focus=("CHN", "EU"),
                chart="dots")  # fmt: skip
    (axis,) = draw(page).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["CHN", "Europe"]
    years = tuple(Panel(code, head, ("1", "2"), np.ones((2, 1)), keys={"region": code})
                  for code in ("CHN", "USA", "EU"))  # fmt: skip
    drawn = draw(replace(page, chart="years", stub="Year", panels=years))
    assert [axis.get_title() for axis in drawn.axes if axis.get_visible()] == ["CHN", "Europe"]


def test_variants_are_called_by_their_titles_and_one_of_several_is_named() -> None:
    titles = {"a": "A subsidy on output, paid for by all of the households",
              "b": "A subsidy on output, paid for by all of the rich"}  # fmt: skip
    cases = [(v, e, s) for v in "ab" for e, s in (("fontagne", 1.0), ("boehm", 2.0))]
    results = made(("A", "B"), cases=cases, titles=titles)
    figure = draw(page_of("compare", results, regions=("A",)), notes=False)
    labels = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert labels == list(titles.values())
    assert {"fontagne", "boehm"} <= {text for text, _ in texts(figure)}  # a mark for each set
    page = page_of("regions", results, scenarios=("b",))
    assert "paid for by all of the rich" in page.caption


def test_ticks_of_small_figures_do_not_touch() -> None:
    heads = tuple(Column(f"x{n}", f"Measure {n}", "%", 6) for n in range(6))
    panel = Panel("", heads, ("A" * 26, "B"), np.full((2, 6), [[-0.000651], [0.000203]]))
    found = texts(draw(Page("compare", "T", "Policy", (panel,), (), chart="dots"), notes=False))
    for (a, one), (b, other) in combinations(found, 2):
        assert min(one.x1, other.x1) - max(one.x0, other.x0) <= 1.5 or (
            min(one.y1, other.y1) - max(one.y0, other.y0) <= 1.5
        ), (a, b)


def test_colours_are_symmetric_about_zero_and_show_small_changes_beside_large_ones() -> None:
    values = np.array([[-50.0, 1.0], [0.5, -1.0]])
    norm = heat.scale(values)
    assert isinstance(norm, AsinhNorm)
    for value in (0.5, 1.0, 50.0):
        assert float(norm(value)) + float(norm(-value)) == pytest.approx(1.0)
    assert float(norm(1.0)) - 0.5 > 0.05
    assert not isinstance(heat.scale(values.clip(-2, 2)), AsinhNorm)


def test_the_command_writes_each_format_and_prints_the_caption(
    tmp_path_factory: pytest.TempPathFactory, here: Path, cge: Run
) -> None:
    run = made().save(tmp_path_factory.mktemp("saved") / "run")
    done = cge("figure", run, *(f"--out=f.{s}" for s in ("svg", "pdf", "png")), "--no-notes")
    assert done.code == 0 and "- Policy: tariff +10 points." in done.out
    assert done.out.splitlines()[-1] == "Written to f.png"
    assert (here / "f.svg").read_bytes().startswith(b"<?xml")
    assert b"Policy: tariff" not in (here / "f.svg").read_bytes()
    assert b"/FontFile2" in (here / "f.pdf").read_bytes()  # fonts are embedded
    assert (here / "f.png").read_bytes().startswith(b"\x89PNG")
    assert b"/Type3" not in (here / "f.pdf").read_bytes()
    first = snapshot(here)
    again = ("--out=f.svg", "--out=f.pdf", "--no-notes")
    assert cge("figure", run, *again).code == 0
    assert {n: e[1] for n, e in snapshot(here).items()} == {n: e[1] for n, e in first.items()}
    assert cge("figure", run, "--kind", "trade").code == 0
    assert b"Policy: tariff" in (here / "trade.svg").read_bytes()
    assert (here / "trade.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    "options, told",
    [
        (["--kind", "x"], "allowed: backtest"),
        (["--out", "f.jpeg"], "allowed: .svg, .pdf, .png"),
        (["--kind", "sensitivity"], "no rows for this choice"),
        (["--region", "x"], "--region"),
        (["--format", "png"], "--format"),
    ],
)
def test_a_wrong_choice_is_one_message_and_nothing_is_drawn(
    options: list[str], told: str, tmp_path_factory: pytest.TempPathFactory, here: Path, cge: Run
) -> None:
    run = made().save(tmp_path_factory.mktemp("saved") / "run")
    outcome = cge("figure", run, *options)
    assert outcome.code == 2 and told in outcome.err and len(outcome.err.splitlines()) == 1
    assert snapshot(here) == {}


def test_a_name_is_cut_only_where_it_says_more_than_what_it_is() -> None:
    assert style.short("Rest of the world, with Brazil", "ROW") == "Rest of the world"
    assert style.short("European Union (27)", "EU") == "European Union"
    assert style.short("Japan, Korea, Taiwan, India and Indonesia", "ASIA") == "ASIA"


def test_the_figure_of_a_run_names_its_regions_and_is_saved_with_it(tmp_path: Path) -> None:
    folder = war().save(tmp_path / "war", figure=True)
    written = (folder / "figure.svg").read_text(encoding="utf-8")
    for words in ("United States", "ASIA", "Real GDP", "% of absorption", "A war"):
        assert words in written
    assert (folder / "figure.pdf").read_bytes().startswith(b"%PDF")
    war().save(folder)  # without one an earlier figure would not belong to the results
    assert not (folder / "figure.svg").exists() and not (folder / "figure.pdf").exists()
    drawn_figure = war().figure("regions", measures=["real_gdp"], regions=["CHN", "USA"])
    (axis,) = drawn_figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["China", "United States"]
    found = war().to_frame(measure="real_gdp", region=["CHN", "USA"])["value"]
    np.testing.assert_allclose(axis.lines[1].get_xdata(), found)
