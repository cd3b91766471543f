"""The table and the figure of a frontier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from cge.core.errors import InputError
from cge.report.charts.draw import draw
from cge.report.drafts.choice import Choice
from cge.report.format.page import Page, frame
from cge.report.kinds import build
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows, joined

RATES = {"tariff": (12.0, 6.0, 0.0), "output subsidy": (0.0, 1.0, 3.0)}
#: Policies beside the frontier: change of CVaR and welfare.
BESIDE = {"more research": (-0.2, 0.4), "embargo": (0.3, -0.6)}
_MANIFEST = {
    "spec": {"study": "frontier", "scenario": {"name": "f", "title": "Costs"}},
    "benchmark": {"regions": ["CHN", "USA"], "names": {"regions": {"CHN": "China (mainland)"}}},
    "notes": ["Nothing is estimated."],
}  # fmt: skip


def frontier(
    sets: Sequence[str] = ("fontagne",), scale: float = 1.0,
    rates: Mapping[str, tuple[float, ...]] = RATES,
) -> ResultSet:  # fmt: skip
    """A frontier of three points, and one of a single point, by hand."""
    frames = []
    for name in sets:
        for version, count, shift in (("unilateral", 3, 0.0), ("global", 1, -0.5)):
            rows = Rows()
            for n in range(count):
                risk, welfare = 5.6 - 0.2 * n + shift, 0.6 - 0.15 * n * (n + 1) + shift
                own: dict[str, Any] = {"region": "CHN", "point": n}
                rows.add("equivalent_variation", welfare, **own)
                rows.add("equivalent_variation", -0.1 * welfare, **{**own, "region": "World"})
                rows.add("cvar", risk, benchmark=5.3, weighting="default", **own)
                rows.add("loss", risk, disruption="pandemic", **own)
                for item in ("equivalent_variation", "cvar"):
                    rows.add("check_difference", 3e-12, item=item, **own)
                rows.add("first_order_residual", 2e-8, **own)
                for item, values in rates.items():
                    rows.add("rate", values[n], item=item, **own)
                if n < count - 1:
                    rows.add("price_of_resilience", scale * 0.75 * (n + 1), **own)
            frames.append(rows.frame(study="frontier", scenario="f", variant=version, title="Costs",
                                     elasticities=name))  # fmt: skip
    return ResultSet(joined(frames), _MANIFEST)


def stress(region: str = "CHN", level: str = "central", scale: float = 1.0) -> ResultSet:
    """A stress test of two policies over two years of a path."""
    frames = []
    for title, (risk, welfare) in ((t, (scale * r, scale * w)) for t, (r, w) in BESIDE.items()):
        rows = Rows()
        for year, part in ((1, 0.5), (10, 1.0)):
            rows.add("cvar", 5.0, change=part * risk, weighting="default", region=region,
                     path_year=year)  # fmt: skip
            rows.add("cvar", 9.0, change=9.0, weighting="geopolitical", region=region,
                     path_year=year)  # fmt: skip
            rows.add("equivalent_variation", part * welfare, region=region, path_year=year)
        frames.append(rows.frame(study="stress", scenario="s", variant=title, title=title,
                                 elasticities="fontagne", research_return=level))  # fmt: skip
    return ResultSet(joined(frames), {"spec": {"study": "stress", "scenario": {"name": "s"}}})


def page(*found: ResultSet, figure: bool = False, **choice: Any) -> Page:
    return build("frontier", found, Choice(**choice), figure)


def test_a_frontier_s_table_has_a_row_for_each_point_with_its_policy() -> None:
    made = page(frontier(("fontagne", "boehm")))
    assert [panel.title for panel in made.panels] == [
        "Unilateral, fontagne", "For the world, fontagne", "Unilateral, boehm",
        "For the world, boehm",
    ]  # fmt: skip
    table = frame(made)
    assert len(table) == 8
    np.testing.assert_allclose(table["rate_tariff [%]"][:3], RATES["tariff"])
    assert np.isnan(table["price_of_resilience [EV points per point]"][2])
    assert table["cvar [%]"][3] == 5.1 and table["world_equivalent_variation [%]"][0] == -0.06


def test_notes_say_what_was_checked_and_where_there_is_no_conflict() -> None:
    notes = " ".join(page(frontier(("fontagne",))).notes)
    assert "at most 3e-10 percentage points" in notes and "hold to 2e-08" in notes
    assert "For the world: no conflict" in notes and "Unilateral: no conflict" not in notes
    assert "Unilateral: CVaR 5.300 % without policy, 5.600 % at the best EV" in notes
    assert "not concave" not in notes
    assert "Unilateral: the frontier is not concave" in " ".join(page(frontier(scale=-1.0)).notes)


def test_policies_beside_a_frontier_are_those_at_central_returns() -> None:
    high, central = stress(level="high", scale=3.0), stress()
    both = ResultSet(joined([high.rows, central.rows]), central.manifest)
    (alone,) = (p for p in page(frontier(), central, figure=True).panels if p.title == "Policies")
    (among,) = (p for p in page(frontier(), both, figure=True).panels if p.title == "Policies")
    assert among.rows == alone.rows
    np.testing.assert_array_equal(among.figures, alone.figures)


def test_the_frontier_is_drawn_through_its_points_with_policies_where_their_change_puts_them() -> (
    None
):
    figure = draw(page(frontier(), stress(), figure=True), notes=False)
    home, world, mix, price = figure.axes
    curve = next(line for line in home.lines if len(line.get_xdata()) == 3)
    np.testing.assert_allclose(curve.get_xdata(), [5.2, 5.4, 5.6])
    np.testing.assert_allclose(curve.get_ydata(), [-0.3, 0.3, 0.6])
    assert home.get_xlim()[0] > home.get_xlim()[1]  # safer to the right
    dots = {tuple(np.round(line.get_xydata()[0], 9)) for line in home.lines
            if len(line.get_xdata()) == 1}  # fmt: skip
    assert {(5.3, 0.0), (5.1, 0.4), (5.6, -0.6)} <= dots
    np.testing.assert_allclose(mix.lines[0].get_ydata(), RATES["tariff"][::-1])
    assert home.get_title() == "Welfare of China" and world.get_title() == "Welfare of the world"
    np.testing.assert_allclose(price.lines[0].get_ydata()[1:], [1.5, 0.75])
    words = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {"No policy", "more research", "Unilateral", "output subsidy"} <= words


def test_a_rate_stands_beside_none_that_hides_it_and_an_idle_instrument_is_told() -> None:
    rates = {**RATES, "basic research": (0.1, 0.3, 0.4), "credit": (0.0, 0.0, 0.0)}
    made = page(frontier(rates=rates), figure=True)
    large, small = draw(made, notes=False).axes[2:4]
    assert [len(axis.lines) - 1 for axis in (large, small)] == [2, 1]  # less the one at nought
    np.testing.assert_allclose(small.lines[0].get_ydata(), rates["basic research"][::-1])
    assert small.get_ylim()[1] < 1 < large.get_ylim()[1]
    assert "up to 0.4 %" in small.get_title().replace("\n", " ")
    assert "Not used at any point: credit." in " ".join(made.notes)


def test_a_figure_shows_one_elasticity_set_and_says_which() -> None:
    both = page(frontier(("fontagne", "boehm")), figure=True)
    assert {panel.keys["elasticities"] for panel in both.panels} == {"fontagne"}
    assert any("Elasticities: fontagne." in note for note in both.notes)
    other = page(frontier(("fontagne", "boehm")), figure=True, elasticities=("boehm",))
    assert {panel.keys["elasticities"] for panel in other.panels} == {"boehm"}


@pytest.mark.parametrize(
    ("found", "choice", "message"),
    [
        ((stress(),), {}, "results of `cge frontier`"),
        ((frontier(), stress("USA")), {}, "no policies to set beside"),
        ((frontier(), frontier()), {}, "shows one frontier"),
        ((frontier(),), {"regions": ("USA",)}, "not in these results"),
        ((frontier(),), {"elasticities": ("boehm",)}, "not in these results"),
        ((frontier(),), {"scenarios": ("neutral",)}, "not in these results"),
        ((frontier(),), {"measures": ("cvar",)}, "no such option"),
    ],
)
def test_what_a_figure_of_a_frontier_can_not_show_is_told(
    found: tuple[ResultSet, ...], choice: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        page(*found, figure=True, **choice)
