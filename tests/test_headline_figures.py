"""Tables and figures of resilience: headline, quadrants, frontiers, chokepoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cge.results.charts import style
from cge.results.charts.draw import draw
from cge.results.labels import Ground, along, placed
from cge.results.quadrant import ticks_of
from cge.results.report.kinds import build
from cge.results.report.runs import Choice, open_runs
from conftest import Outcome
from latex import number, tabulars
from matplotlib.figure import Figure
from reports import MANIFEST
from test_figures import texts

from cge.core.errors import InputError
from cge.report.format.page import Page, frame
from cge.report.format.render import render
from cge.results import frontier_table, headline, stress_tidy

Run = Callable[..., Outcome]
#: Policies with words that are short or many, EV and resilience first and last.
POLICIES = {
    "tariffs": ("tariffs on strategic goods", 0.2, 0.05, -0.03, -0.01),
    "tariffs-all": ("tariffs on all goods & more", 0.18, 0.04, 0.02, 0.015),
    "output": ("output subsidy", -0.05, 0.01, -0.01, 0.02),
    "user": ("subsidy to users", -0.02, 0.03, 0.004, 0.025),
    "credit": ("applied R&D credit", -0.01, 0.27, 0.0, 0.11),
    "basic": ("public basic research", -0.07, 0.28, -0.004, 0.15),
    "swap_to_basic": ("a subsidy for five years, then research, and so on", -0.05, 0.2, -0.01, 0.1),
    "cooperation": ("co-operation", -0.23, 0.55, 0.3, 0.62),
    "open-rest": ("protect few, open the rest", 0.68, 0.9, -0.2, 0.05),
}
REGIONS = {"CHN": "China", "USA": "United States", "EU": "European Union (27 members)"}
COMBINATIONS = [(s, r) for s in ("fontagne", "boehm") for r in ("low", "central", "high")]
#: By how much a combination multiplies; the central one is the first set and central returns.
SCALE = dict(zip(COMBINATIONS, (0.5, 1.0, 1.6, 0.4, 0.8, 1.2), strict=True))


def write(folder: Path, name: str, table: pd.DataFrame, **manifest: Any) -> Path:
    """Write a folder as the commands do, with names of the regions."""
    folder.mkdir(parents=True)
    table.to_parquet(folder / name, index=False)
    names = {"regions": {**REGIONS, "ROW": "Rest of the world"}, "sectors": {"ELEC": "Electronics"}}
    benchmark = {**MANIFEST["benchmark"], "names": names}
    text = json.dumps({**MANIFEST, "benchmark": benchmark, **manifest})
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return folder


def write_headline(
    folder: Path, region: str = "CHN", scale: float = 1.0,
    combinations_: Sequence[tuple[str, str]] = COMBINATIONS,
) -> Path:  # fmt: skip
    rows = []
    for combination in combinations_:
        times = scale * SCALE[combination]
        for name, (words, ev1, ev2, safe1, safe2) in POLICIES.items():
            key = (region, name, words, *combination)
            for year, ev, safe in ((1, ev1, safe1), (10, ev2 / 2, safe2 / 2), (20, ev2, safe2)):
                rows.append((*key, year, "equivalent_variation", times * ev,
                             "percent of absorption"))  # fmt: skip
                for loss, part in (("cvar", 1.0), ("expected_loss", 0.4), ("loss_domestic", 0.5)):
                    change = -times * part * safe
                    rows.append((*key, year, loss, 5 * part + change, "percent of real income"))
                    rows.append((*key, year, f"{loss}_change", change, "percentage points"))
            rows.append((*key, 25, "equivalent_variation", times * ev2, "percent of absorption"))
            rows.append((*key, 0, "present_value", times * ev2 / 2,
                         "percent of the worth of absorption"))  # fmt: skip
            rows.append((*key, 1, "outlay", 0.1, "percent of GDP"))
        for year in (1, 10, 20):
            for loss, part in (("cvar", 1.0), ("expected_loss", 0.4), ("loss_domestic", 0.5)):
                rows.append((region, "no policy", "no policy", *combination, year, loss,
                             5 * part, "percent of real income"))  # fmt: skip
    return write(folder, "headline.parquet", pd.DataFrame(rows, columns=list(headline.COLUMNS)))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a headline's folder for each of three regions, of different size."""
    place = tmp_path_factory.mktemp("headlines")
    return [
        write_headline(place / code, code, scale)
        for code, scale in zip(REGIONS, (1.0, 0.3, 0.04), strict=True)
    ]


@pytest.fixture(scope="module")
def quadrants(three: list[Path]) -> Figure:
    """Return the quadrants of the three regions, drawn."""
    return draw(page_of("quadrant", *three, figure=True))


def page_of(kind: str, *folders: Path, figure: bool = False, **choice: Any) -> Page:
    return build(kind, open_runs(folders), Choice(**choice), figure)


# The headline's table


def test_a_cell_is_the_central_figure_and_its_range_over_all_combinations(
    three: list[Path],
) -> None:
    page = page_of("headline", three[0])
    text = render(page, "markdown")
    row = next(line for line in text.splitlines() if line.startswith("| tariffs on strategic"))
    # 0.2 under fontagne and central returns, from 0.4 to 1.6 times that.
    assert "| 0.200 [0.080, 0.320] | 0.050 [0.020, 0.080] |" in row and "| 0.100 |" in row
    losses = [line for line in text.splitlines() if line.startswith("| co-operation")][1]
    assert "| -0.300 [-0.480, -0.120] |" in losses
    assert "boehm" in text and "assumed, not estimated" in text and "more resilient" in text


def test_the_data_file_has_one_row_for_each_policy_with_unrounded_ends(three: list[Path]) -> None:
    table = frame(page_of("headline", *three))
    assert list(table["variant"]) == [*POLICIES, "no policy"] * 3
    assert list(dict.fromkeys(table["region"])) == list(REGIONS)
    row = table.set_index(["region", "variant"]).loc["USA", "credit"]
    for year, safe in ((1, 0.0), (20, 0.11)):
        unit = "[points]"
        found = [row[f"cvar_change_{year}{end} {unit}"] for end in ("", " low", " high")]
        expected = [-0.3 * safe * times for times in (1.0, 1.6, 0.4)]
        np.testing.assert_allclose(found if safe else found[:1], expected if safe else [0.0])
    level = table.set_index(["region", "variant"]).loc["EU", "no policy"]
    assert level["cvar_change_1 [points]"] == 5 and np.isnan(level["present_value [%]"])


def test_latex_is_turned_well_formed_and_sets_ranges_below_their_figures(
    three: list[Path],
) -> None:
    source = render(page_of("headline", *three), "latex", standalone=True)
    assert r"\usepackage{booktabs,longtable,pdflscape}" in source
    assert r"\begin{landscape}" in source
    found = tabulars(source)
    costs, losses = (t.columns for t in (found[0], found[-1]))
    assert (costs, losses) == (5, 8)  # EV twice, present value, outlay; losses over three years
    rows = [row for one in found for row in one.rows]
    at = next(n for n, row in enumerate(rows) if row[0] == "tariffs on strategic goods")
    assert number(rows[at][1]) == 0.2 and rows[at + 1][:2] == ["", "[0.080, 0.320]"]
    labels = [row[0] for row in rows]
    assert sum(label == r"applied R\&D credit" for label in labels) == 6
    assert source.count(r"\textit{Notes:}") == 1
    assert source.index(r"\textit{Notes:}") > source.rindex(r"\end{longtable}")


def test_one_combination_has_no_ranges_and_says_so(tmp_path: Path) -> None:
    folder = write_headline(tmp_path / "one", combinations_=[("fontagne", "central")])
    page = page_of("headline", folder)
    assert not any(panel.ranges for panel in page.panels)
    assert "Under elasticities fontagne, central returns to research." in page.notes


def test_what_is_missing_is_a_dash_and_told_in_the_notes(tmp_path: Path) -> None:
    folder = write_headline(tmp_path / "gap")
    table = pd.read_parquet(folder / "headline.parquet")
    failed = (table["variant"] == "basic") & (table["measure"] == "cvar_change")
    table.loc[failed & (table["elasticities"] == "fontagne"), "value"] = np.nan
    table.to_parquet(folder / "headline.parquet")
    page = page_of("headline", folder)
    assert any("without equilibrium are left out" in note for note in page.notes)
    losses = page.panels[1]
    column = [c.key for c in losses.columns].index("cvar_change_20")
    assert np.isnan(losses.figures[losses.rows.index("public basic research"), column])
    drawn = page_of("quadrant", folder, figure=True)
    assert "public basic research" not in [text for text, _ in texts(draw(drawn, notes=False))]


# Quadrants


def marks(figure: Figure, region: int, hollow: bool) -> list[tuple[float, float]]:
    """Return where the hollow or the filled marks of an axis are."""
    lines = [line for line in figure.axes[region].lines if line.get_marker() not in ("None", "")]
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines
        if (line.get_markerfacecolor() == "white") == hollow
    ]  # fmt: skip


def test_arrows_go_from_the_first_year_to_the_last_and_up_is_more_resilient(
    quadrants: Figure,
) -> None:
    figure = quadrants
    for number_, scale in enumerate((1.0, 0.3, 0.04)):
        first = [(scale * ev1, scale * safe1) for _, ev1, _, safe1, _ in POLICIES.values()]
        last = [(scale * ev2, scale * safe2) for _, _, ev2, _, safe2 in POLICIES.values()]
        np.testing.assert_allclose(marks(figure, number_, hollow=True), first, atol=1e-12)
        np.testing.assert_allclose(marks(figure, number_, hollow=False), last, atol=1e-12)
    bars = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    wide = next(b for b in bars if b.get_ydata()[0] == b.get_ydata()[1] == 0.62)
    np.testing.assert_allclose(wide.get_xdata(), [0.4 * 0.55, 1.6 * 0.55])


def test_no_text_of_the_quadrants_lies_on_another(quadrants: Figure) -> None:
    figure = quadrants
    found = texts(figure)
    seen = [" ".join(text.split()) for text, _ in found]
    for words, *_ in POLICIES.values():
        short = words if len(words) <= 26 else "swap to basic"
        assert seen.count(short) == 3, short
    assert "win-win" in seen and "European Union" in seen
    for (a, one), (b, other) in combinations(found, 2):
        across, down = (min(getattr(one, hi), getattr(other, hi)) -
                        max(getattr(one, lo), getattr(other, lo))
                        for lo, hi in (("x0", "x1"), ("y0", "y1")))  # fmt: skip
        assert across <= 1.5 or down <= 1.5, (a, b)
    for text, box in found:
        assert box.x0 > -1 and box.x1 < figure.bbox.width + 1, text
        assert box.y0 > -1 and box.y1 < figure.bbox.height + 1, text


def test_the_same_results_give_the_same_file_and_text_stays_text(
    three: list[Path], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        style.save(draw(page_of("quadrant", three[0], figure=True)), tmp_path / f"{name}.svg")
    made = (tmp_path / "a.svg").read_bytes()
    assert made == (tmp_path / "b.svg").read_bytes()
    assert b">co-operation<" in made and b"win-win" in made


def test_another_loss_and_other_years_can_be_drawn(three: list[Path]) -> None:
    (panel,) = page_of("quadrant", three[0], measures=("loss_domestic",), years=(1, 10)).panels
    basic = panel.rows.index("public basic research")
    np.testing.assert_allclose(panel.figures[basic], [-0.07, 0.14, -0.002, 0.0375])
    low, high = panel.ranges[basic, 3]
    assert (low, high) == pytest.approx((0.4 * 0.0375, 1.6 * 0.0375))


@pytest.mark.parametrize("linear", [0.0, 0.02, 0.3])
@pytest.mark.parametrize("ends", [(-0.3, 1.0), (-0.004, 0.02), (-25.0, 3.0), (0.0, 0.7)])
def test_ticks_stand_apart_within_the_axis_and_zero_is_one(
    linear: float, ends: tuple[float, float]
) -> None:
    def place(value: float) -> float:
        return float(np.arcsinh(value / linear)) if linear else value

    ticks = ticks_of(*ends, linear, 6)
    assert 0.0 in ticks and ends[0] <= min(ticks) and max(ticks) <= ends[1]
    assert 2 <= len(ticks) <= 8
    gaps = np.diff([place(tick) for tick in ticks])
    assert gaps.min() >= 0.99 * (place(ends[1]) - place(ends[0])) / 6


@pytest.mark.parametrize("seed", range(4))
def test_labels_of_a_crowd_keep_off_each_other_off_marks_and_within_the_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    heads = rng.normal([90, 120], 18, (10, 2))
    lines = [along(head, head + rng.normal(0, 40, 2)) for head in heads]
    sizes = np.column_stack([rng.uniform(35, 60, 10), np.full(10, 8.0)])
    frame_ = np.array([0.0, 0.0, 200.0, 240.0])
    ground = Ground(frame_, np.empty((0, 4)), heads, np.concatenate(lines), np.empty((0, 2)))
    centres, tied = placed([head[None] for head in heads], sizes, ground)
    low, high = centres - sizes / 2, centres + sizes / 2
    assert (low >= frame_[:2]).all() and (high <= frame_[2:]).all()
    for a, b in combinations(range(10), 2):
        shared = np.minimum(high[a], high[b]) - np.maximum(low[a], low[b])
        assert (shared <= 0).any(), (a, b)
    on = ((heads > low[:, None]) & (heads < high[:, None])).all(axis=2)
    assert not on.any()
    np.testing.assert_array_equal(tied, heads)


# Frontiers

RATES = {"tariff": (12.0, 6.0, 0.0), "output subsidy": (0.0, 1.0, 3.0)}


def write_frontier(folder: Path, sets: Sequence[str] = ("fontagne",)) -> Path:
    """Write a frontier of three points, and one of a single point, by hand."""
    rows: list[tuple[Any, ...]] = []
    for name in sets:
        for version, count, shift in (("unilateral", 3, 0.0), ("global", 1, -0.5)):
            for n in range(count):
                key = (name, version, n)
                risk, welfare = 5.6 - 0.2 * n + shift, 0.6 - 0.15 * n * (n + 1) + shift
                rows += [
                    (*key, "equivalent_variation", "", welfare, "percent of benchmark absorption"),
                    (*key, "world_equivalent_variation", "", -0.1 * welfare,
                     "percent of benchmark absorption"),
                    (*key, "cvar", "", risk, "percent of real income"),
                    (*key, "loss", "pandemic", risk, "percent of real income"),
                    (*key, "check_difference", "cvar", 3e-12, "fraction"),
                ]  # fmt: skip
                rows += [(*key, "rate", item, values[n], "percent") for item, values
                         in RATES.items()]  # fmt: skip
                if n < count - 1:
                    rows.append((*key, "price_of_resilience", "", 0.75 * (n + 1),
                                 frontier_table.POINTS))  # fmt: skip
            rows.append((name, version, 0, "cvar_without_policy", "", 5.3,
                         "percent of real income"))  # fmt: skip
    table = pd.DataFrame(rows, columns=list(frontier_table.COLUMNS))
    return write(folder, "results.parquet", table, study={"name": "f", "region": "CHN"})


def test_a_frontier_s_table_has_a_row_for_each_point_with_its_policy(tmp_path: Path) -> None:
    page = page_of("frontier", write_frontier(tmp_path / "f", ("fontagne", "boehm")))
    assert [panel.title for panel in page.panels] == [
        "Unilateral, fontagne", "For the world, fontagne", "Unilateral, boehm",
        "For the world, boehm",
    ]  # fmt: skip
    table = frame(page)
    assert len(table) == 8
    np.testing.assert_allclose(table["rate_tariff [%]"][:3], RATES["tariff"])
    assert np.isnan(table["price_of_resilience [EV points per point]"][2])
    assert any("at most 3e-12" in note for note in page.notes)
    found = tabulars(render(page, "latex").replace("sidewaystable", "table"))
    assert sum(len(one.rows) for one in found) >= 8


def test_the_frontier_is_drawn_through_its_points_with_policies_where_their_change_puts_them(
    tmp_path: Path, three: list[Path]
) -> None:
    folder = write_frontier(tmp_path / "f")
    figure = draw(page_of("frontier", folder, three[0], figure=True), notes=False)
    home, world, mix, price = figure.axes
    curve = next(line for line in home.lines if len(line.get_xdata()) == 3)
    np.testing.assert_allclose(curve.get_xdata(), [5.2, 5.4, 5.6])
    np.testing.assert_allclose(curve.get_ydata(), [-0.3, 0.3, 0.6])
    assert home.get_xlim()[0] > home.get_xlim()[1]  # safer to the right
    dots = [line for line in home.lines if line.get_linestyle() == "None"][-len(POLICIES) :]
    expected = [(5.3 - safe2, ev2) for _, _, ev2, _, safe2 in POLICIES.values()]
    np.testing.assert_allclose(np.concatenate([dot.get_xydata() for dot in dots]), expected)
    looks = {(dot.get_marker(), dot.get_color()) for dot in dots}
    assert len(looks) == len(POLICIES)  # the legend tells them apart
    np.testing.assert_allclose(mix.lines[0].get_ydata(), RATES["tariff"][::-1])
    assert "World" in world.get_title() or "world" in world.get_title()
    np.testing.assert_allclose(price.lines[0].get_ydata()[1:], [1.5, 0.75])
    found = texts(figure)
    seen = [" ".join(text.split()) for text, _ in found]
    assert {"no policy", "co-operation", "Unilateral", "output subsidy"} <= set(seen)
    for (a, one), (b, other) in combinations(found, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert across <= 1.5 or down <= 1.5, (a, b)


# Chokepoints


def write_stress(folder: Path, sets: Sequence[str] = ("fontagne", "boehm")) -> Path:
    """Write cuts of twelve links of China by hand; the n-th costs n tenths of a per cent."""
    rows = []
    for times, name in enumerate(sets, start=1):
        for variant, more in (("no policy", 0.0), ("", 1.0)):
            base = dict.fromkeys(stress_tidy.COLUMNS, "") | {
                "elasticities": name, "variant": variant, "year": 0, "region": "CHN",
            }  # fmt: skip
            for n in range(12):
                link = {**base, "partner": f"R{n // 2}", "sector": ("ELEC", "CHEM")[n % 2]}
                for measure, value in (
                    ("link_loss", times * (n + 1) / 10 + more), ("link_loss_long_run", n / 100),
                    ("link_share", 0.2), ("link_extraction_loss", 0.1),
                ):  # fmt: skip
                    rows.append({**link, "measure": measure, "value": value, "unit": "percent"})
            for r, s in (("CHN", "USA"), ("USA", "CHN")):
                rows.append({**base, "region": r, "partner": s, "measure": "leverage",
                             "value": 2.0 + more, "unit": "ratio"})  # fmt: skip
    table = pd.DataFrame(rows)[list(stress_tidy.COLUMNS)]
    return write(folder, "results.parquet", table)


def test_the_costliest_links_come_first_without_policy(tmp_path: Path) -> None:
    page = page_of("chokepoints", write_stress(tmp_path / "s"))
    (panel,) = page.panels
    assert panel.title == "China" and panel.rows[:2] == ("CHEM, R5", "Electronics, R5")
    assert len(panel.rows) == 10
    np.testing.assert_allclose(panel.figures[:, 0], np.arange(12, 2, -1) / 10)
    cut = [c.key for c in panel.columns].index("value_cut")
    np.testing.assert_allclose(panel.figures[:, cut], 0.1)  # half of what is bought there
    assert panel.ranges[0, 0] == (1.2, 2.4)
    assert page.caption.endswith("without policy") and "50 %" in page.notes[0]
    assert len(tabulars(render(page, "latex").replace("sidewaystable", "table"))) >= 1


def test_links_can_be_chosen_and_a_policy_too(tmp_path: Path) -> None:
    folder = write_stress(tmp_path / "s", ("fontagne",))
    (panel,) = page_of(
        "chokepoints", folder, sectors=("ELEC",), scenarios=("",), detail=True
    ).panels
    assert all(row.startswith("Electronics") for row in panel.rows) and len(panel.rows) == 6
    assert panel.figures[0, 0] == pytest.approx(2.1) and not panel.ranges
    (one,) = page_of("chokepoints", folder, measures=("leverage",)).panels
    assert one.rows == ("CHN", "USA") and [c.key for c in one.columns] == ["CHN", "USA"]
    np.testing.assert_allclose(one.figures, [[np.nan, 2], [2, np.nan]])


def test_the_map_of_chokepoints_shows_losses_as_negative(tmp_path: Path) -> None:
    page = page_of("chokepoints", write_stress(tmp_path / "s"), figure=True)
    (panel,) = page.panels
    np.testing.assert_allclose(panel.figures.ravel(), -np.arange(1, 13) / 10)
    seen = {text for text, _ in texts(draw(page))}
    assert {"R5", "ELEC", "\u22121.20"} <= seen


# Wrong input


@pytest.mark.parametrize(
    ("kind", "choice", "message"),
    [
        ("headline", {"regions": ("FRA",)}, "not in these runs"),
        ("headline", {"scenarios": ("peace",)}, "not in these runs"),
        ("headline", {"elasticities": ("none",)}, "not in these runs"),
        ("headline", {"years": (7,)}, "not in these runs"),
        ("headline", {"measures": ("cvar",)}, "no such option"),
        ("quadrant", {"measures": ("gdp",)}, "not in these runs"),
        ("quadrant", {"measures": ("cvar", "expected_loss")}, "one at a time"),
        ("quadrant", {"years": (25,)}, "not in these runs"),
        ("frontier", {}, "cge frontier"),
        ("chokepoints", {}, "cge stress"),
    ],
)
def test_what_there_is_not_is_told(
    kind: str, choice: dict[str, Any], message: str, three: list[Path]
) -> None:
    with pytest.raises(InputError, match=message):
        page_of(kind, three[0], **choice)


def test_folders_of_other_commands_are_told_apart(tmp_path: Path, three: list[Path], cge: Run
                                                  ) -> None:  # fmt: skip
    frontier, stress = write_frontier(tmp_path / "f"), write_stress(tmp_path / "s")
    told = cge("table", frontier, "--kind", "headline")
    assert told.code == 2 and "cge headline" in told.err and "Traceback" not in told.err
    told = cge("figure", stress, "--kind", "frontier", "--out", tmp_path / "f.svg")
    assert told.code == 2 and "cge frontier" in told.err and not (tmp_path / "f.svg").exists()
    told = cge("figure", frontier, three[1], "--kind", "frontier", "--out", tmp_path / "f.svg")
    assert told.code == 2 and "CHN" in told.err  # the policies are of another region
    table = pd.read_parquet(stress / "results.parquet")
    table[table["measure"] == "leverage"].to_parquet(stress / "results.parquet")
    told = cge("table", stress, "--kind", "chokepoints")
    assert told.code == 2 and "links" in told.err


def test_the_commands_write_every_format(tmp_path: Path, three: list[Path], cge: Run) -> None:
    files = [tmp_path / f"t.{end}" for end in ("md", "tex", "csv")]
    done = cge("table", *three, "--kind", "headline", *(a for f in files for a in ("--out", f)))
    assert done.code == 0, done.err
    assert all(f.stat().st_size > 1000 for f in files)
    files = [tmp_path / f"q.{end}" for end in ("svg", "pdf")]
    done = cge(
        "figure",
        *three,
        "--kind",
        "quadrant",
        "--region",
        "EU",
        *(a for f in files for a in ("--out", f)),
    )
    assert done.code == 0 and "Resilience: minus the change" in done.out
    assert files[1].read_bytes().startswith(b"%PDF")
