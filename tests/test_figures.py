"""Figures: what is drawn is what the tables say, and no text lies on another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from cge.results.charts import heat, style
from cge.results.charts.draw import draw
from cge.results.figures import regional_figure
from cge.results.report.kinds import KINDS, build
from cge.results.report.page import Column, Page, Panel
from cge.results.report.runs import Choice, open_runs
from conftest import Outcome, snapshot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import AsinhNorm
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from reports import MANIFEST, ODD, war_run, write_run, write_study

Run = Callable[..., Outcome]
STUDY = ("sensitivity", "drivers")
#: As in the default aggregation and in the full one.
MANY = {n: [f"R{k:02d}" for k in range(n)] for n in (11, 41)}
CASES = [("trial", "fontagne", 1.0), ("trial", "boehm", 2.0)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[Path, Path]]:
    """Return a run and a study made by hand, for each number of regions."""
    place = tmp_path_factory.mktemp("figures")
    return {
        n: (
            write_run(place / f"run{n}", codes, ("S_1", "S_2"), CASES[: 1 if n == 41 else 2]),
            write_study(place / f"study{n}", codes),
        )
        for n, codes in {4: ODD, **MANY}.items()
    }


def page_of(kind: str, folders: tuple[Path, Path], **choice: object) -> Page:
    regions = {"regions": (ODD[0],)} if kind == "compare" else {}
    chosen = Choice(**{**regions, **choice})  # type: ignore[arg-type]
    return build(kind, open_runs([folders[kind in STUDY]]), chosen, figure=True)


def texts(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return every text that is seen, with the box it fills."""
    renderer = FigureCanvasAgg(figure).get_renderer()
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


@pytest.mark.parametrize("size", MANY)
@pytest.mark.parametrize("kind", ["regions", "decomposition", "sectors", "sensitivity", "drivers"])
def test_no_text_lies_on_another_or_beyond_the_edge(
    kind: str, size: int, folders: dict[int, tuple[Path, Path]]
) -> None:
    figure = draw(page_of(kind, folders[size]))
    found = texts(figure)
    assert len(found) > size
    x0, y0, x1, y1 = np.array([box.extents for _, box in found]).T
    across = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    down = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    pairs = np.argwhere(np.triu((across > 1.5) & (down > 1.5), 1))
    assert not len(pairs), [(found[i][0], found[j][0]) for i, j in pairs[:5]]
    outside = (x0 < -1) | (y0 < -1) | (x1 > figure.bbox.width + 1) | (y1 > figure.bbox.height + 1)
    assert not outside.any(), [found[i][0] for i in np.flatnonzero(outside)[:5]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_whatever_signs_the_names_hold(
    kind: str, folders: dict[int, tuple[Path, Path]], tmp_path: Path
) -> None:
    page = page_of(kind, folders[4])
    figure = draw(page)
    style.save(figure, tmp_path / "f.svg")
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").startswith("<?xml")
    seen = re.sub(r"\s+", " ", " ".join(t.get_text() for t in figure.findobj(Text)))
    assert re.sub(r"\s+", " ", page.caption) in seen
    for note in page.notes:
        assert re.sub(r"\s+", " ", note) in seen
    assert "% " in seen or "USD" in seen  # the unit


def test_the_bars_reach_the_parts_and_the_mark_is_the_exact_change(
    folders: dict[int, tuple[Path, Path]],
) -> None:
    page = page_of("decomposition", folders[4])
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


def test_the_intervals_are_those_of_the_study(folders: dict[int, tuple[Path, Path]]) -> None:
    axis = draw(page_of("sensitivity", folders[4])).axes[0]
    spans = [np.array(lines.get_segments())[:, :, 0] for lines in axis.collections]
    n = np.arange(1, 5)
    np.testing.assert_allclose(spans[0], np.array([-n - 0.1, -n + 0.1]).T)
    np.testing.assert_allclose(spans[1], np.array([-n - 0.04, -n + 0.04]).T)
    assert any(np.array_equal(line.get_xdata(), -n) for line in axis.lines)


def test_the_heat_map_has_the_figures_in_its_cells_and_white_at_zero(
    folders: dict[int, tuple[Path, Path]],
) -> None:
    page = page_of("trade", folders[4])
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
    figure = draw(Page("compare", "T", "Policy", (panel,), ()))
    assert [axis.get_title() for axis in figure.axes] == ["Size"]
    assert any("would round to zero: Nothing." in text for text, _ in texts(figure))
    flat = Panel("", heads[1:], ("A", "B"), panel.figures[:, 1:])
    assert len(draw(Page("compare", "T", "Policy", (flat,), ())).axes) == 1  # not left empty


def test_regions_outside_the_policy_are_left_out_where_the_page_says_which() -> None:
    head = (Column("x", "Size", "%", 2),)
    rows = Panel("", head, ("CHN", "USA", "EU"), np.ones((3, 1)))
    page = Page("regions", "T", "Region", (rows,), (), {"EU": "Europe"}, focus=("CHN", "EU"))
    (axis,) = draw(page).axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["CHN", "Europe"]
    years = tuple(Panel(code, head, ("1", "2"), np.ones((2, 1)), keys={"region": code})
                  for code in ("CHN", "USA", "EU"))  # fmt: skip
    drawn = draw(replace(page, kind="path", stub="Year", panels=years))
    assert [axis.get_title() for axis in drawn.axes if axis.get_visible()] == ["CHN", "Europe"]


def test_variants_are_called_by_their_titles_and_one_of_several_is_named(tmp_path: Path) -> None:
    manifest = json.loads(json.dumps(MANIFEST))
    manifest["scenario"]["variants"] = [
        {"name": "a", "title": "A subsidy on output, paid for by all of the households"},
        {"name": "b", "title": "A subsidy on output, paid for by all of the rich"},
    ]
    cases = [(f"family.{v}", e, s) for v in "ab" for e, s in (("fontagne", 1.0), ("boehm", 2.0))]
    folder = write_run(tmp_path / "run", ("A", "B"), cases=cases, manifest=manifest)
    page = build("compare", open_runs([folder]), Choice(regions=("A",)), figure=True)
    figure = draw(page, notes=False)
    labels = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert labels == [v["title"] for v in manifest["scenario"]["variants"]]
    assert {"fontagne", "boehm"} <= {text for text, _ in texts(figure)}  # a mark for each set
    page = build("regions", open_runs([folder]), Choice(scenarios=("b",)), figure=True)
    seen = " ".join(text for text, _ in texts(draw(page, notes=False)))
    assert "paid for by all of the rich" in seen.replace("\n", " ")


def test_ticks_of_small_figures_do_not_touch() -> None:
    heads = tuple(Column(f"x{n}", f"Measure {n}", "%", 6) for n in range(6))
    panel = Panel("", heads, ("A" * 26, "B"), np.full((2, 6), [[-0.000651], [0.000203]]))
    found = texts(draw(Page("compare", "T", "Policy", (panel,), ()), notes=False))
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
    folders: dict[int, tuple[Path, Path]], here: Path, cge: Run
) -> None:
    run = folders[4][0]
    done = cge("figure", run, *(f"--out=f.{s}" for s in ("svg", "pdf", "png")), "--no-notes")
    assert done.code == 0 and "Policy: tariff" in done.out
    assert (here / "f.svg").read_bytes().startswith(b"<?xml")
    assert b"/FontFile2" in (here / "f.pdf").read_bytes()  # fonts are embedded
    assert (here / "f.png").read_bytes().startswith(b"\x89PNG")
    assert b"/Type3" not in (here / "f.pdf").read_bytes()
    first = snapshot(here)
    again = ("--out=f.svg", "--out=f.pdf", "--no-notes")
    assert cge("figure", run, *again).code == 0
    assert {n: e[1] for n, e in snapshot(here).items()} == {n: e[1] for n, e in first.items()}


@pytest.mark.parametrize(
    "options, told",
    [
        (["--kind", "x"], "allowed: regions"),
        (["--out", "f.jpeg"], "allowed: .svg, .pdf, .png"),
        (["--kind", "sensitivity"], "cge sens SCENARIO"),
        (["--region", "x"], "--region"),
    ],
)
def test_a_wrong_choice_is_one_message_and_nothing_is_drawn(
    options: list[str], told: str, folders: dict[int, tuple[Path, Path]], here: Path, cge: Run
) -> None:
    outcome = cge("figure", folders[4][0], *options)
    assert outcome.code == 2 and told in outcome.err and len(outcome.err.splitlines()) == 1
    assert snapshot(here) == {}


def test_a_name_is_cut_only_where_it_says_more_than_what_it_is() -> None:
    assert style.short("Rest of the world, with Brazil", "ROW") == "Rest of the world"
    assert style.short("European Union (27)", "EU") == "European Union"
    assert style.short("Japan, Korea, Taiwan, India and Indonesia", "ASIA") == "ASIA"


def test_the_figure_of_a_run_names_its_regions_and_sets(tmp_path: Path) -> None:
    regional_figure(war_run(), tmp_path / "f.svg")
    written = (tmp_path / "f.svg").read_text(encoding="utf-8")
    for words in ("United States", "ASIA", "Real GDP", "% change"):
        assert words in written
