"""Tables and figures of losses: regions, disruptions, chokepoints, policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Outcome
from latex import tabulars
from matplotlib.figure import Figure

from cge import InputError, Results
from cge.report.charts import style
from cge.report.charts.draw import draw
from cge.report.drafts.choice import Choice
from cge.report.drafts.columns import title
from cge.report.format.page import Page, frame
from cge.report.format.render import render
from cge.report.kinds import build
from cge.report.summary import pages
from cge.resilience.break_even import odds
from cge.results.json_file import FORMAT
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows

Run = Callable[..., Outcome]
#: Policies with words that are short or many, EV and resilience first and last.
POLICIES = {
    "tariffs": ("tariffs on strategic goods", 0.2, 0.05, -0.03, -0.01),
    "credit": ("applied R&D credit", -0.01, 0.27, 0.0, 0.11),
    "swap_to_basic": ("a subsidy for five years, then research, and so on", -0.05, 0.2, -0.01, 0.1),
    "cooperation": ("co-operation", -0.23, 0.55, 0.3, 0.62),
}
REGIONS = {"CHN": "China", "USA": "United States", "EU": "European Union (27 members)"}
#: Three doses of one instrument and two of another: no ladder is made of a single policy.
DOSES = {
    "tariff-05": ("5 points", 0.02, 0.02, 0.0, 0.01),
    "tariff-10": ("10 points", 0.03, 0.03, 0.0, 0.02),
    "tariff-20": ("20 points", 0.02, 0.02, 0.0, 0.03),
    "credit-01": ("0.1 %", 0.0, 0.4, 0.0, 0.05), "credit-03": ("0.3 %", -0.1, 0.9, 0.0, 0.1),
    "alone": ("alone", 0.1, 0.1, 0.1, 0.1),
}  # fmt: skip
COMBINATIONS = [(s, r) for s in ("fontagne", "boehm") for r in ("low", "central", "high")]
#: By how much a combination multiplies; the central one is the first set and central returns.
SCALE = dict(zip(COMBINATIONS, (0.5, 1.0, 1.6, 0.4, 0.8, 1.2), strict=True))
LOSSES = (("cvar", "", 1.0), ("expected_loss", "", 0.4), ("loss_by_family", "domestic", 0.5))
INCOME, POINTS, SHARE = "percent of real income", "percentage points", "percent of absorption"
YEARS = "percent of a year's real income"
LIBRARY = {
    "file": None, "title": "two", "weightings": {"default": {}, "other": {}},
    "disruptions": [{"name": "far", "title": "Far away"}, {"name": "near", "title": "Near & dear"}],
}  # fmt: skip


def results(rows: Rows, study: str, **manifest: Any) -> Results:
    """Results made by hand, with names of the regions."""
    names = {"regions": {**REGIONS, "ROW": "Rest of the world"}, "sectors": {"ELEC": "Electronics"}}
    return Results(rows.frame(study=study, scenario="trial"), {
        "format": FORMAT, "cases": [], "notes": ["Sizes are assumed, not estimated."],
        "spec": {"study": study, "scenario": {"name": "trial", "title": "A trial & error"}},
        "benchmark": {"name": "own-2011", "unit": "million USD", "notes": [],
                      "regions": [*REGIONS, "ROW"], "sectors": ["ELEC", "CHEM"], "names": names,
                      "origin": {"year": "2011"}},
        "library": LIBRARY, **manifest,
    })  # fmt: skip


def compared(
    region: str = "CHN", scale: float = 1.0,
    combinations: Sequence[tuple[str, str]] = COMBINATIONS, lost: str = "",
    policies: Mapping[str, tuple[str, float, float, float, float]] = POLICIES,
) -> Results:  # fmt: skip
    """A comparison of policies of one region; CVaR of one policy may be unknown."""
    rows = Rows()
    for sets, returns in combinations:
        times = scale * SCALE[sets, returns]
        own = {"elasticities": sets, "research_return": returns, "region": region}
        for year in (1, 10, 20):
            for loss, item, part in LOSSES:
                rows.add(loss, 5 * part, unit=INCOME, item=item, weighting="default" * (not item),
                         variant="no policy", title="no policy", path_year=year, **own)  # fmt: skip
        for name, (words, ev1, ev2, safe1, safe2) in policies.items():
            own |= {"variant": name, "title": words}
            for year, ev, safe in ((1, ev1, safe1), (10, ev2 / 2, safe2 / 2), (20, ev2, safe2)):
                rows.add("equivalent_variation", times * ev, unit=SHARE, path_year=year, **own)
                rows.add("annual_premium", -times * ev, unit=SHARE, path_year=year, **own)
                rows.add("annual_premium", -times * ev + 0.1, unit=SHARE, path_year=year,
                         item="without terms of trade", **own)  # fmt: skip
                avoided = np.nan if name == lost else times * safe
                for item, part in (("domestic", -0.5), ("export_control", 1.0)):
                    rows.add("payout", part * avoided, unit=YEARS, path_year=year, item=item, **own)
                    for measure, cost in (("break_even_odds", -times * ev),
                                          ("break_even_odds_home", -times * ev + 0.1)):  # fmt: skip
                        odds_of = 100 * odds(np.array([cost]), np.array([part * avoided]))[0]
                        rows.add(measure, odds_of, unit="percent a year", path_year=year, item=item,
                                 **own)  # fmt: skip
                for loss, item, part in LOSSES:
                    change = np.nan if loss == "cvar" and name == lost else -times * part * safe
                    rows.add(loss, 5 * part + change, unit=INCOME, change=change, item=item,
                             change_unit=POINTS, weighting="default" * (not item),
                             path_year=year, **own)  # fmt: skip
            rows.add("equivalent_variation", times * ev2, unit=SHARE, path_year=25, **own)
            rows.add("present_value", times * ev2 / 2, unit="percent", **own)
            rows.add("net_outlay", 0.1, unit="percent of GDP", path_year=1, **own)
    return results(rows, "comparison", homes={"trial": region}, weighting="default",
                   pages=[["policies", {}]], figure="policies")  # fmt: skip


@pytest.fixture(scope="module")
def three() -> list[Results]:
    """A comparison for each of three regions, of different size."""
    return [compared(code, scale) for code, scale in zip(REGIONS, (1.0, 0.3, 0.04), strict=True)]


def page_of(kind: str, *found: ResultSet, figure: bool = False, **choice: Any) -> Page:
    return build(kind, found, Choice(**choice), figure)


# -- policies ---------------------------------------------------------------------------------


def test_a_cell_is_the_central_figure_and_its_range_over_all_combinations(
    three: list[Results],
) -> None:
    text = render(page_of("policies", three[0]), "markdown")
    row = next(line for line in text.splitlines() if line.startswith("| tariffs on strategic"))
    # 0.2 under fontagne and central returns, from 0.4 to 1.6 times that.
    assert "| 0.200 [0.080, 0.320] | 0.050 [0.020, 0.080] |" in row and "| 0.100 |" in row
    losses = [line for line in text.splitlines() if line.startswith("| co-operation")][1]
    assert "| 0.300 [0.120, 0.480] |" in losses and "| -0.150 [-0.240, -0.060] |" in losses
    assert "boehm" in text and "assumed, not estimated" in text and "more is lost" in text


def test_the_data_file_has_one_row_for_each_policy_with_unrounded_ends(
    three: list[Results],
) -> None:
    table = frame(page_of("policies", *three))
    assert list(table["variant"]) == list(POLICIES) * 3
    assert list(dict.fromkeys(table["region"])) == list(REGIONS)
    row = table.set_index(["region", "variant"]).loc["USA", "credit"]
    name = "payout_export_control_20{} [" + YEARS + "]"
    found = [row[name.format(end)] for end in ("", " low", " high")]
    np.testing.assert_allclose(found, [0.3 * 0.11 * times for times in (1.0, 0.4, 1.6)])


def test_latex_is_well_formed_with_all_policies_and_one_set_of_notes(
    three: list[Results],
) -> None:
    source = render(page_of("policies", *three), "latex", standalone=True)
    rows = [row for one in tabulars(source) for row in one.rows]
    assert sum(row[0] == r"applied R\&D credit" for row in rows) == 6
    assert source.count(r"\textit{Notes:}") == 1


def test_one_combination_has_no_ranges_and_says_so() -> None:
    page = page_of("policies", compared(combinations=[("fontagne", "central")]))
    assert not any(np.isfinite(panel.low).any() for panel in page.panels)
    assert "Under elasticities fontagne, central returns to research." in page.notes


def test_a_loss_that_is_not_known_is_a_dash() -> None:
    found = compared(lost="credit")
    losses = page_of("policies", found).panels[1]
    column = [c.key for c in losses.columns].index("payout_export_control_20")
    assert np.isnan(losses.figures[losses.rows.index("applied R&D credit"), column])
    drawn = draw(page_of("policies", found, figure=True), notes=False)
    assert np.isnan(marks(drawn, 1, 3)).sum() == 1


def marks(figure: Figure, axis: int, number: int) -> np.ndarray:
    """Places along an axis of the marks of a column, by its number on the page."""
    lines = [line for line in figure.axes[axis].lines if line.get_marker() not in ("None", "")]
    first = 2 if axis % 2 else 0
    return np.asarray(lines[number - first].get_xdata(), dtype=float)


def test_the_figure_has_one_linear_scale_for_all_regions(three: list[Results]) -> None:
    figure = draw(page_of("policies", *three, figure=True))
    for number, scale in enumerate((1.0, 0.3, 0.04)):
        for column, at in ((0, 1), (1, 2)):
            income = [scale * row[at] for row in POLICIES.values()]
            np.testing.assert_allclose(marks(figure, 2 * number, column), income, atol=1e-12)
        saved = [scale * safe2 for *_, safe2 in POLICIES.values()]
        np.testing.assert_allclose(marks(figure, 2 * number + 1, 2), saved, atol=1e-12)
        np.testing.assert_allclose(
            marks(figure, 2 * number + 1, 3), [-0.5 * value for value in saved], atol=1e-12
        )
    assert {axis.get_xscale() for axis in figure.axes[:6]} == {"linear"}
    for side in (0, 1):
        assert len({axis.get_xlim() for axis in figure.axes[side:6:2]}) == 1
    assert figure.axes[0].get_title().startswith("China")


def test_odds_are_told_in_words_where_they_are_no_number(three: list[Results]) -> None:
    panel = page_of("odds", three[0]).panels[0]
    keys = [column.key for column in panel.columns]
    controls, home = (
        keys.index("break_even_odds_export_control"),
        keys.index("break_even_odds_domestic"),
    )
    row = panel.rows.index("applied R&D credit")  # gains in year 20 and saves from controls
    assert panel.words[row, controls] == "always" and panel.words[row, home] == "never"
    tariffs = panel.rows.index("tariffs on strategic goods")
    assert panel.words[tariffs, controls] == "never" and panel.words[tariffs, home] == "always"
    told = keys.index("break_even_odds_home_export_control")
    early = page_of("odds", three[0], years=(1,)).panels[0]
    swap = early.rows.index("swap to basic")
    assert early.words[swap, told] == "never", "it saves nothing in the first year"
    text = render(page_of("odds", three[0]), "latex", standalone=True)
    assert "always" in text and "never" in text


def test_odds_beyond_certainty_are_told_so() -> None:
    dear = {"dear": ("dear", -0.3, -0.3, 0.1, 0.1), "cheap": ("cheap", -0.01, -0.01, 0.1, 0.1)}
    panel = page_of("odds", compared(policies=dear, combinations=[("fontagne", "central")])).panels[
        0
    ]
    column = [one.key for one in panel.columns].index("break_even_odds_export_control")
    assert panel.words[0, column] == "over 100" and np.isnan(panel.figures[0, column])
    assert panel.figures[1, column] == pytest.approx(10)


def test_a_figure_shows_four_sources_or_those_that_are_asked_for(three: list[Results]) -> None:
    def sources(**choice: Any) -> list[str]:
        panel = page_of("policies", three[0], figure=True, **choice).panels[0]
        return [one.key for one in panel.columns if one.key.startswith("payout")]

    assert sources() == ["payout_export_control", "payout_domestic"]
    assert sources(measures=("payout[domestic]",)) == ["payout_domestic"]
    with pytest.raises(InputError, match="materials"):
        sources(measures=("payout[materials]",))


def test_the_same_results_give_the_same_file_and_text_stays_text(
    three: list[Results], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        style.save(draw(page_of("policies", three[0], figure=True)), tmp_path / f"{name}.svg")
    made = (tmp_path / "a.svg").read_bytes()
    assert made == (tmp_path / "b.svg").read_bytes()
    assert b">co-operation<" in made and b">swap to basic<" in made


def test_other_years_can_be_drawn(three: list[Results]) -> None:
    (panel,) = page_of("policies", three[0], figure=True, years=(1, 10)).panels
    row = panel.rows.index("applied R&D credit")
    np.testing.assert_allclose(panel.figures[row], [-0.01, 0.135, 0.055, -0.0275], atol=1e-12)


def test_an_item_that_is_a_family_is_called_as_everywhere() -> None:
    assert title("payout[export_control]") == "Loss avoided, export controls"
    assert title("payout[my_own]") == "Loss avoided, my_own"


# -- doses ------------------------------------------------------------------------------------


def test_doses_of_an_instrument_are_one_line_from_what_a_step_costs_to_what_it_saves() -> None:
    found = compared(policies=DOSES)
    page = page_of("doses", found)
    assert [panel.title for panel in page.panels] == ["tariff", "credit"], "nothing alone"
    tariff = page.panels[0]
    assert [c.key for c in tariff.columns] == ["cost", "payout_export_control", "payout_domestic"]
    np.testing.assert_allclose(tariff.figures[:, 0], [0.08, 0.07, 0.08], atol=1e-12)
    np.testing.assert_allclose(tariff.figures[:, 1], [0.01, 0.02, 0.03], atol=1e-12)
    axes = draw(page_of("doses", found, figure=True)).axes
    line = next(one for one in axes[0].lines if len(one.get_xdata()) == 4)
    np.testing.assert_allclose(line.get_xdata(), [0, *tariff.figures[:, 0]])  # from no dose on
    np.testing.assert_allclose(line.get_ydata(), [0, *tariff.figures[:, 1]])
    with pytest.raises(InputError, match="no instrument has several doses"):
        page_of("doses", compared())
    with pytest.raises(InputError, match="of one region"):
        page_of("doses", found, compared("USA", policies=DOSES))


# -- losses by region -------------------------------------------------------------------------


def of_disruptions(sets: Sequence[str] = ("fontagne", "boehm"), policy: bool = True) -> Results:
    """A stress test of two disruptions, without policy and with one."""
    rows = Rows()
    regions = [*REGIONS, "ROW"]
    for name in sets:
        for variant in ("no policy", "tariff")[: 1 + policy]:
            own = {"elasticities": name, "variant": variant, "title": variant, "region": regions}
            less = 0.25 if variant == "tariff" else np.nan
            change = {"change": -less, "change_unit": POINTS}
            size = np.arange(1.0, 5.0) - np.nan_to_num(less)
            rows.add("equivalent_variation", 0.1 * size, unit=SHARE, **own)
            for weighting, times in (("default", 1.0), ("other", 2.0)):
                for measure in ("expected_loss", "cvar", "worst_loss"):
                    worst = "near" if measure == "worst_loss" else ""
                    rows.add(measure, times * size, unit=INCOME, weighting=weighting,
                             disruption=worst, **change, **own)  # fmt: skip
            rows.add("loss_by_family", size, unit=INCOME, item="domestic", **change, **own)
            for source, often in (("domestic", 20.0), ("global", 5.0), ("", 25.0)):
                rows.add("frequency", often * np.ones(4), unit="percent a year", item=source, **own)
                for measure, times in (("annual_loss", often / 100), ("annual_cvar", often / 5)):
                    rows.add(measure, times * size, unit=YEARS, item=source, **change, **own)
            for disruption, times in (("near", 1.0), ("far", -0.5)):
                rows.add("loss", times * size, unit=INCOME, disruption=disruption, **own)
    return results(rows, "stress")


def test_losses_stand_beside_their_change_and_the_disruption_that_is_worst() -> None:
    page = page_of("losses", of_disruptions())
    assert [panel.title for panel in page.panels] == [
        "Elasticities: fontagne", "Elasticities: boehm"
    ]  # fmt: skip
    panel = page.panels[0]
    assert [column.title for column in panel.columns] == [
        "Welfare (EV)", "Expected loss", "change", "CVaR", "change", "Worst loss", "change", "by"
    ]  # fmt: skip
    np.testing.assert_allclose(panel.figures[0, :3], [0.075, 0.75, -0.25])
    assert panel.words[0, 7] == "near"
    other = page_of("losses", of_disruptions(), weighting="other", regions=("EU",)).panels[0]
    assert other.rows == ("Elasticities: fontagne", "Elasticities: boehm")  # of one region
    assert other.keys["region"] == "EU" and other.figures[0, 1] == pytest.approx(5.5)


def test_without_a_policy_there_are_levels_alone() -> None:
    page = page_of("losses", of_disruptions(policy=False))
    assert [column.title for column in page.panels[0].columns] == [
        "Welfare (EV)", "Expected loss", "CVaR", "Worst loss", "by"
    ]  # fmt: skip
    families = page_of("families", of_disruptions(policy=False)).panels[0]
    assert [column.key for column in families.columns] == ["loss_by_family_domestic_value"]
    weightings = page_of("weightings", of_disruptions(policy=False)).panels[0]
    np.testing.assert_allclose(weightings.figures[0], [1, 1, 2, 2])


def test_the_loss_of_a_year_stands_beside_how_often_its_source_strikes() -> None:
    panel = page_of("annual", of_disruptions()).panels[0]
    heads = ["a year", "mean", "change", "CVaR", "change"]
    assert [(column.group, column.title) for column in panel.columns] == [
        (source, head) for source in ("domestic", "global", "all") for head in heads
    ]
    np.testing.assert_allclose(panel.figures[0, :5], [20, 0.15, -0.25, 3, -0.25])
    unsaid = of_disruptions()
    unsaid = results_without(unsaid, "frequency")
    with pytest.raises(InputError, match="how often it comes"):
        page_of("annual", unsaid)


def results_without(found: Results, measure: str) -> Results:
    """The same results without rows of a measure."""
    return Results(found.rows[found.rows["measure"] != measure], found.manifest)


def test_disruptions_are_told_by_title_with_those_who_lose_most() -> None:
    page = page_of("disruptions", of_disruptions())
    (panel,) = page.panels  # without policy, of the first set
    assert panel.rows == ("Far away", "Near & dear")
    np.testing.assert_allclose(panel.figures[:, ::2], [[-0.5, -1.0, -1.5], [4.0, 3.0, 2.0]])
    assert [panel.words[1, n] for n in (1, 3, 5)] == ["ROW", "EU", "USA"]
    (drawn,) = page_of("disruptions", of_disruptions(), figure=True).panels
    np.testing.assert_allclose(drawn.figures[1], [-1.0, -2.0, -3.0, -4.0])


def test_every_page_of_a_stress_test_can_be_drawn_and_written(tmp_path: Path) -> None:
    for kind in ("losses", "families", "weightings", "annual", "disruptions"):
        style.save(draw(page_of(kind, of_disruptions(), figure=True)), tmp_path / "figure.svg")
        for form in ("markdown", "latex", "csv", "html"):
            assert render(page_of(kind, of_disruptions()), form)


# -- chokepoints ------------------------------------------------------------------------------


def linked(sets: Sequence[str] = ("fontagne", "boehm")) -> Results:
    """Cuts of twelve links of China; the n-th costs n tenths of a per cent."""
    rows = Rows()
    for times, name in enumerate(sets, start=1):
        for variant, more in (("no policy", 0.0), ("tariff", 1.0)):
            own = {"elasticities": name, "variant": variant, "title": variant}
            for n in range(12):
                link = {**own, "region": "CHN", "partner": f"R{n // 2}",
                        "sector": ("ELEC", "CHEM")[n % 2]}  # fmt: skip
                for measure, value in (
                    ("link_loss", times * (n + 1) / 10 + more), ("link_loss_long_run", n / 100),
                    ("link_share", 0.2), ("link_extraction_loss", 0.1),
                ):  # fmt: skip
                    rows.add(measure, value, unit="percent", **link)
            for r, s in (("CHN", "USA"), ("USA", "CHN")):
                rows.add("leverage", 2.0 + more, unit="percentage points of real income",
                         region=r, partner=s, **own)  # fmt: skip
    return results(rows, "stress")


def test_the_costliest_links_come_first_without_policy() -> None:
    page = page_of("chokepoints", linked())
    (panel,) = page.panels
    assert panel.title == "China" and panel.rows[:2] == ("CHEM, R5", "Electronics, R5")
    assert len(panel.rows) == 10
    np.testing.assert_allclose(panel.figures[:, 0], np.arange(12, 2, -1) / 10)
    cut = [c.key for c in panel.columns].index("value_cut")
    np.testing.assert_allclose(panel.figures[:, cut], 0.1)  # half of what is bought there
    assert (panel.low[0, 0], panel.high[0, 0]) == (1.2, 2.4)
    assert any("50 %" in note for note in page.notes)
    assert len(tabulars(render(page, "latex").replace("sidewaystable", "table"))) >= 1


def test_links_can_be_chosen_and_a_policy_too() -> None:
    found = linked(("fontagne",))
    (panel,) = page_of(
        "chokepoints", found, sectors=("ELEC",), scenarios=("tariff",), detail=True
    ).panels
    assert all(row.startswith("Electronics") for row in panel.rows) and len(panel.rows) == 6
    assert panel.figures[0, 0] == pytest.approx(2.1) and not np.isfinite(panel.low).any()
    (one,) = page_of("chokepoints", found, measures=("leverage",)).panels
    assert one.rows == ("CHN", "USA") and [c.key for c in one.columns] == ["CHN", "USA"]
    np.testing.assert_allclose(one.figures, [[np.nan, 2], [2, np.nan]])


def test_worlds_that_are_tested_otherwise_stand_beside_the_first() -> None:
    rows = Rows()
    for variant, times in (("no policy (central)", 1.0), ("no policy (premium-low)", 0.5)):
        for n in range(3):
            rows.add("link_loss", times * (n + 1), unit="percent", elasticities="boehm",
                     variant=variant, title=variant, region="CHN", partner=f"R{n}",
                     sector="ELEC")  # fmt: skip
    (panel,) = page_of("chokepoints", results(rows, "stress")).panels
    assert [column.title for column in panel.columns] == ["Loss, short run", "Loss, premium low"]
    np.testing.assert_allclose(panel.figures, [[3, 1.5], [2, 1.0], [1, 0.5]])


def test_all_links_stand_by_sector_where_all_are_wanted() -> None:
    (panel,) = page_of("chokepoints", linked(("fontagne",)), detail=True).panels
    assert [row.split(", ")[0] for row in panel.rows] == ["Electronics"] * 6 + ["CHEM"] * 6
    assert list(panel.figures[:6, 0]) == sorted(panel.figures[:6, 0], reverse=True)


def test_the_map_of_chokepoints_shows_losses_as_negative() -> None:
    page = page_of("chokepoints", linked(), figure=True)
    (panel,) = page.panels
    np.testing.assert_allclose(panel.figures.ravel(), -np.arange(1, 13) / 10)
    drawn = draw(page)
    seen = {text.get_text() for axis in drawn.axes for text in axis.texts}
    assert "\u22121.20" in seen


# -- what there is not ------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "choice", "message"), [
    ("policies", {"regions": ("FRA",)}, "not in these results"),
    ("policies", {"scenarios": ("peace",)}, "not in these results"),
    ("policies", {"elasticities": ("none",)}, "not in these results"),
    ("policies", {"years": (7,)}, "not in these results"),
    ("policies", {"measures": ("gdp",)}, "not in these results"),
    ("policies", {"weighting": "default"}, "no such option"),
    ("policies", {"sectors": ("ELEC",)}, "no such option"),
    ("losses", {"weighting": "none"}, "not in these results"),
    ("losses", {"scenarios": ("peace",)}, "not in these results"),
    ("chokepoints", {}, "links: "),
    ("chokepoints", {"measures": ("leverage",)}, "leverage: true"),
])  # fmt: skip
def test_what_there_is_not_is_told(
    kind: str, choice: dict[str, Any], message: str, three: list[Results]
) -> None:
    with pytest.raises(InputError, match=message):
        page_of(kind, three[0], **choice)


def test_results_of_other_studies_are_told_apart(three: list[Results]) -> None:
    with pytest.raises(InputError, match=r"results of `cge compare`"):
        page_of("policies", of_disruptions())
    with pytest.raises(InputError, match=r"a stress test with `stress: \{links"):
        page_of("chokepoints", of_disruptions())
    assert [page.kind for page in pages(three[0])] == ["policies"]
    with pytest.raises(InputError, match=r"results of `cge compare`"):
        page_of("odds", of_disruptions())


def test_the_commands_write_every_format(tmp_path: Path, three: list[Results], cge: Run) -> None:
    folders = [one.save(tmp_path / code) for code, one in zip(REGIONS, three, strict=True)]
    files = [tmp_path / f"t.{end}" for end in ("md", "tex", "csv")]
    done = cge("table", *folders, "--kind", "policies", *(a for f in files for a in ("--out", f)))
    assert done.code == 0, done.err
    assert all(f.stat().st_size > 1000 for f in files)
    files = [tmp_path / f"q.{end}" for end in ("svg", "pdf")]
    done = cge("figure", *folders, "--kind", "policies", "--region", "EU",
               *(a for f in files for a in ("--out", f)))  # fmt: skip
    assert done.code == 0 and "left of zero more is lost" in done.out
    assert files[1].read_bytes().startswith(b"%PDF")
