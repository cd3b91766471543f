"""Results of a path: what it is worth, what it is due to, and tables that say what was solved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from latex import tabulars
from paths import US_TARIFF, path
from test_figures import check_apart

from cge.api import Results
from cge.core.errors import InputError, NoEquilibrium
from cge.indicators.present_value import break_even, payback, present_value
from cge.path import path_rows
from cge.path.path_rows import consumption, decomposed, some_years
from cge.path.path_rows import welfare as welfare_streams
from cge.path.solved import PathCase
from cge.report.charts import lines
from cge.report.charts.draw import draw
from cge.report.drafts.choice import Choice
from cge.report.format.page import Page, Panel
from cge.report.format.render import render
from cge.report.kinds import build
from cge.results.register import register
from cge.results.resultset import ResultSet
from cge.results.row_schema import COLUMNS, Rows
from cge.results.run_folder import FIGURES, FILES
from cge.scenario.schema import Scenario
from cge.scenario.variants import with_changes
from cge.studies.listing import study_of
from cge.studies.path import DynamicPath, solve_paths
from cge.studies.study import run_study
from cge.tasks.runner import Runner

Run = Callable[..., Outcome]
KINDS = ("years", "worth", "sources", "remaining", "decomposition", "shocks")
YEARS = 4
SCENARIO = Scenario(
    name="trial", title="A trial & error: 10 % more",
    benchmark={"table": "wiod2013", "aggregation": "small"},
    elasticities=["fontagne", "boehm"], path={"years": YEARS, "returns": ["low", "central"]},
    variants=[
        {"name": "war", "policy": [
            {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
             "add": 0.5, "label": "US tariff"},
            # A label that is also one of what years leave behind.
            {"instrument": "tariff", "exporter": "USA", "importer": "CHN", "sector": "goods",
             "add": 0.25, "label": "sourcing"}]},
        {"name": "research", "knowledge": [
            {"instrument": "basic_research", "region": "CHN", "budget": 0.002},
            {"instrument": "research_credit", "region": "USA", "add": 0.1},
            {"instrument": "knowledge_openness", "source": "CHN", "learner": "EU", "set": 0.5}]},
    ],
)  # fmt: skip
Cases = dict[tuple[str, ...], PathCase]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def results(cache: Path) -> Results:
    found = run_study(DynamicPath(SCENARIO), Runner(workers=1, cache=cache))
    return Results(found.rows, found.manifest)


@pytest.fixture(scope="module")
def cases(results: Results, cache: Path) -> Cases:
    """Return the solved paths, read from where the study has kept them."""
    return solve_paths(SCENARIO, runner=Runner(workers=1, cache=cache))


@pytest.fixture(scope="module")
def table(results: Results) -> pd.DataFrame:
    return results.to_frame()


def test_what_is_not_asked_for_is_not_collected_and_what_is_stays_the_same(
    results: Results, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = results.rows[results.rows["path_year"].isna() | results.rows["path_year"].isin([1, 4])]
    for only, spared in (
        (("present_value",), "add_outlays"), (("equivalent_variation",), "add_worth"),
        (("present_value_outlay", "outlay_share", "capital_stock", "productivity"), ""),
    ):  # fmt: skip
        with monkeypatch.context() as patched:
            if spared:
                patched.delattr(path_rows, spared)
            study = DynamicPath(SCENARIO, only=only)
            found = run_study(study, Runner(workers=1, cache=cache)).rows
        expected = whole[whole["measure"].isin(only)]
        assert len(found) == len(expected) > 0
        assert found["value"].tolist() == expected["value"].tolist()


def page_of(kind: str, results: ResultSet, figure: bool = False, **choice: Any) -> Page:
    return build(kind, [results], Choice(**choice), figure=figure)


def column(panel: Panel, key: str) -> np.ndarray:
    """Figures of a column of a page, or the ends of their ranges: ``war low``."""
    name, end = (key, "") if key.rpartition(" ")[2] not in ("low", "high") else key.rsplit(" ", 1)
    (place,) = [n for n, c in enumerate(panel.columns) if c.key == name]
    return {"": panel.figures, "low": panel.low, "high": panel.high}[end][:, place]


def one(table: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """Return rows of regions with given values; of what is not named, those that name nothing."""
    keys = {"partner": "", "sector": "", "item": "", "shock": "", **wanted}
    here = (table["region"] != "World").to_numpy() | (keys.get("region") == "World")
    for key, value in keys.items():
        if value != "*":
            here &= (table[key] == value).to_numpy()
    return table[here]


def rows_of(case: PathCase, years: tuple[int, ...] = ()) -> pd.DataFrame:
    """Return the rows of a path but those of its stocks."""
    rows = Rows()
    path_rows.add_solutions(rows, case, range(1, YEARS + 1), (1, YEARS))
    path_rows.add_worth(rows, case, path_rows.add_outlays(rows, case))
    path_rows.add_decompositions(rows, case, years)
    return rows.frame().astype(dict.fromkeys(("measure", "region", "item", "shock"), object))


# What a stream is worth


@pytest.mark.parametrize("years", [1, 7, 40])
@settings(max_examples=20)
@given(level=st.floats(-5, 5), rate=st.floats(0.035, 0.2))
def test_a_loss_that_stays_is_worth_itself_in_per_cent(
    years: int, level: float, rate: float
) -> None:
    size = np.full((years, 1), 300.0)
    gain, whole = (present_value(s, rate, 0.03) for s in (level / 100 * size, size))
    assert 100 * gain.total[0] / whole.total[0] == pytest.approx(level)
    q = 1.03 / (1 + rate)
    assert whole.total[0] == pytest.approx(300 * q / (1 - q))  # a stream without end


@pytest.mark.parametrize("ratio", [0.5, 0.97, 1.02, 1.2])
def test_a_geometric_stream_has_the_present_value_of_its_closed_form(ratio: float) -> None:
    q, years = 1.02 / 1.05, 25
    stream = ratio ** np.arange(1, years + 1)
    value = present_value(stream, 0.05, 0.02)
    m = q * ratio
    assert value.within == pytest.approx(m * (1 - m**years) / (1 - m))
    assert value.beyond == pytest.approx(q ** (years + 1) / (1 - q) * ratio**years)


def test_no_discount_rate_below_growth_has_a_present_value() -> None:
    for rate in (0.03, 0.01):
        with pytest.raises(InputError, match="discount") as told:
            present_value(np.ones(3), rate, 0.03)
        assert told.value.value == rate


@pytest.mark.parametrize(
    "stream, even, back",
    [
        ([1, 1, 1], "no loss", "no loss"),
        ([-1, -1, -1], "none within 3 years", "none within 3 years"),
        ([-1, 0.1, 0.1], "2", "none within 3 years"),
        ([-1, 2, 2], "2", "2"),
        ([-1, 0.5, 0.9], "2", "3"),
        ([1, -0.5, 2], "3", "no loss"),
        ([-1, 3, -1], "2, not lasting", "2"),
        ([-1, 2, -5], "2, not lasting", "2, not lasting"),
        ([-1e-12, 1, 1], "no loss", "no loss"),
    ],
)
def test_a_loss_ends_in_the_first_year_without_it(
    stream: list[float], even: str, back: str
) -> None:
    assert break_even(stream).text == even
    assert payback(stream, 0.031, 0.03).text == back


def test_discounting_puts_the_year_of_payback_off() -> None:
    stream = np.array([-1.0, *[0.12] * 30])
    years = [payback(stream, rate, 0.0).year for rate in (0.001, 0.05, 0.1)]
    assert years[0] == 10 and years[2] is not None and years[0] < years[1] < years[2]  # type: ignore[operator]
    assert payback(stream, 0.14, 0.0).year is None  # 0.12 / 0.14 < 1


# The rows


def test_every_figure_stands_once_with_its_path_its_year_and_its_unit(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    keys = list(COLUMNS[: COLUMNS.index("value")])
    assert not table.duplicated(keys).any()
    assert not (table[["study", "scenario", "elasticities", "research_return", "measure", "unit"]]
                == "").any().any()  # fmt: skip
    whole = table["path_year"].isna()
    assert table[whole]["calendar_year"].isna().all()
    assert (table[~whole]["calendar_year"] == 2011 + table[~whole]["path_year"]).all()
    turn = table["measure"].isin(["break_even_year", "payback_year"])
    assert np.isfinite(table[~turn]["value"]).all()
    assert set(table["research_return"]) == {"low", "central"}


def test_every_measure_of_a_path_is_in_the_register(table: pd.DataFrame) -> None:
    assert set(table["measure"]) <= set(register())


def test_welfare_by_year_is_that_of_the_solutions(cases: Cases, table: pd.DataFrame) -> None:
    for (elasticities, level, variant), case in cases.items():
        rows = one(table, variant=variant, elasticities=elasticities, research_return=level,
                   measure="equivalent_variation", region="*")  # fmt: skip
        found = rows.pivot_table(index="path_year", columns="region", values="value")
        expected = [year.solution.measure("equivalent_variation") for year in case.years]
        np.testing.assert_array_equal(found[list(case.model.benchmark.regions)], expected)


def test_the_present_value_of_the_table_is_that_of_its_years(table: pd.DataFrame) -> None:
    keys = {"variant": "research", "elasticities": "boehm", "research_return": "central"}
    for region in ("CHN", "World"):
        stream = one(table, **keys, measure="equivalent_variation", region=region)["value"]
        worth = one(table, **keys, measure="present_value", region=region)["value"].item()
        rates = one(table, **keys, measure="present_value_at_rate", region=region, item="*")
        found = {"5 %": worth, **dict(zip(rates["item"], rates["value"], strict=True))}
        assert set(found) == {"4 %", "5 %", "7 %"}
        for rate, value in found.items():
            q = 1.03 / (1 + float(rate.split()[0]) / 100)
            weights = q ** np.arange(1, YEARS + 1)
            beyond = q ** (YEARS + 1) / (1 - q)
            total = weights @ stream + beyond * stream.iloc[-1]
            assert value == pytest.approx(total / (weights.sum() + beyond), rel=1e-10)


def test_sources_of_productivity_add_up_by_sector_and_by_region(table: pd.DataFrame) -> None:
    names = [f"productivity_{name}" for name in ("own", "domestic", "basic", "foreign")]
    for sector in ("", "ELEC"):
        rows = one(table, variant="research", elasticities="fontagne", research_return="central",
                   region="*", sector=sector, measure="*")  # fmt: skip
        wide = rows[rows["measure"].str.startswith("productivity_")].pivot_table(
            index=["region", "path_year"], columns="measure", values="value"
        )
        wide = wide.reindex(columns=[*names, "productivity_total"], fill_value=0.0)
        assert wide["productivity_total"].abs().max() > 1e-3
        np.testing.assert_allclose(wide[names].sum(axis=1), wide["productivity_total"], atol=1e-10)


def test_routes_stand_in_detailed_years_under_central_returns_only(table: pd.DataFrame) -> None:
    routes = table[table["measure"] == "trade_value"]
    assert set(routes["research_return"]) == {"central"}
    assert set(routes["path_year"]) == {1, YEARS}
    output = table[table["measure"] == "output"].groupby("research_return")["path_year"]
    assert output.nunique().to_dict() == {"central": YEARS, "low": 2}
    assert "origin_weight" not in set(table["measure"])


def test_what_knowledge_costs_is_in_the_outlay(cases: Cases, table: pd.DataFrame) -> None:
    case = cases["fontagne", "central", "research"]
    keys = {"variant": "research", "elasticities": "fontagne", "research_return": "central"}
    for region, item in (("CHN", "basic research"), ("USA", "research credits")):
        place = case.model.benchmark.regions.index(region)
        paid = [sum(value[place] for value in year.outlays.values()) for year in case.years]
        assert min(paid) > 0
        for measure, key in (("outlay", ""), ("outlay_part", item)):
            rows = one(table, **keys, measure=measure, region=region, item=key)
            np.testing.assert_allclose(rows["value"], paid, rtol=1e-9)
    share = one(table, **keys, measure="basic_spending", region="*")
    assert set(share["region"]) == {"CHN"}
    np.testing.assert_allclose(share["value"], 0.2, rtol=0.05)  # of benchmark GDP
    (let,) = set(one(table, **keys, measure="openness", region="*", partner="*")["value"])
    assert let == 0.5


def test_a_baseline_that_moves_is_what_years_are_compared_with(cases: Cases) -> None:
    first, second = (cases["fontagne", "central", name] for name in ("war", "research"))
    itself = rows_of(replace(first, baseline=first.years), (YEARS,))
    moved = itself[itself["change"].abs() > 1e-9]["measure"]
    assert set(moved) <= {"outlay", "outlay_share", "outlay_part", "present_value_outlay"}
    against = rows_of(replace(second, baseline=first.years), (YEARS,))
    ratio = [
        100 * (s.solution.outcome("welfare[CHN]") / f.solution.outcome("welfare[CHN]") - 1)
        for s, f in zip(second.years, first.years, strict=True)
    ]
    found = one(against, measure="equivalent_variation", region="CHN")["value"]
    np.testing.assert_allclose(found, ratio, atol=1e-10)
    parts = one(against, measure="ev_part", region="CHN", item="*")["change"].sum()
    assert parts == pytest.approx(ratio[-1], rel=1e-4)
    by_shock = one(against, measure="ev_part", region="CHN", item="*", shock="*")
    by_shock = by_shock[by_shock["shock"] != ""].groupby("shock")["change"].sum()
    assert by_shock["US tariff"] > 0.5  # what the baseline has and the path has not
    assert by_shock.sum() == pytest.approx(ratio[-1], rel=1e-4)
    stocks = Rows()
    path_rows.add_state(stocks, replace(first, baseline=first.years), range(1, YEARS + 1))
    assert np.abs(stocks.frame()["change"]).max() == 0


# What welfare is due to


@pytest.mark.parametrize("variant", ["war", "research"])
def test_parts_and_shocks_of_a_year_add_up_and_leave_no_rest(cases: Cases, variant: str) -> None:
    result = decomposed(cases["fontagne", "central", variant].years[YEARS - 1])
    np.testing.assert_allclose(
        result.by_shock.groupby("region", sort=False)["value"].sum(), result.exact,
        atol=1e-5 * np.abs(result.exact).max(),
    )  # fmt: skip
    labels = set(result.by_shock["shock"])
    assert "other" not in labels and {"capital stock", "sourcing"} <= labels
    if variant == "war":  # a measure keeps its own name apart from the state's
        assert {"US tariff", "sourcing (policy)"} <= labels
    else:
        assert {"research: basic", "research: business", "knowledge: foreign"} <= labels


def test_the_first_year_of_a_surprise_is_due_to_policy_alone(results: Results) -> None:
    page = page_of("shocks", results, regions=("CHN",), scenarios=("war",),
                   elasticities=("fontagne",), years=(1, YEARS))  # fmt: skip
    (panel,) = page.panels
    assert panel.rows == ("year 1", f"year {YEARS}")
    exact = column(panel, "exact")
    assert column(panel, "Policy")[0] == pytest.approx(exact[0], rel=1e-4)
    for name in ("Adaptation of sourcing", "Capital", "Knowledge"):
        assert abs(column(panel, name)[0]) < 1e-9 and abs(column(panel, name)[-1]) > 1e-3
    detailed = page_of("shocks", results, regions=("CHN",), scenarios=("war",), detail=True)
    assert "sourcing (policy)" in {c.key for c in detailed.panels[0].columns}


def test_a_year_that_can_not_be_taken_apart_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise NoEquilibrium("the parts do not add up")

    monkeypatch.setattr("cge.path.path_rows.decompose", fails)
    chosen = with_changes(SCENARIO, {
        "variants": ["war"], "elasticities": ["fontagne"],
        "path": {"years": 2, "knowledge": False},
    })  # fmt: skip
    study = DynamicPath(chosen, decompose_years=(2,))
    found = run_study(study, Runner(workers=1, cache=None))
    assert [case["failure"] for case in found.manifest["cases"]] == ["year 2"]
    assert "ev_part" not in set(found.rows["measure"])
    page = page_of("regions", found)
    assert any("could not be taken apart" in note and "year 2" in note for note in page.notes)


# Tables


@pytest.mark.parametrize("kind", ["decomposition", "shocks"])
@pytest.mark.parametrize("detail", [False, True])
def test_tables_by_component_and_by_shock_add_up_to_the_exact_change(
    results: Results, kind: str, detail: bool
) -> None:
    page = page_of(kind, results, detail=detail)
    assert len(page.panels) == 2 * 2 * len(some_years(YEARS))
    for panel in page.panels:
        parts = [n for n, c in enumerate(panel.columns) if c.role == "part"]
        total = column(panel, "total")
        np.testing.assert_allclose(panel.figures[:, parts].sum(axis=1), total, atol=1e-12)
        np.testing.assert_allclose(total, column(panel, "exact"), atol=1e-4)
        assert len(panel.rows) == 5 + 1


def test_the_table_of_a_path_shows_the_rows_and_their_range(
    results: Results, table: pd.DataFrame
) -> None:
    page = page_of("years", results, regions=("USA",), years=(2013, 3))
    (panel,) = page.panels
    assert panel.rows == ("2 (2013)", "3 (2014)")
    rows = one(table, variant="war", measure="equivalent_variation", region="USA")
    for n, year in enumerate((2, 3)):
        here = rows[rows["path_year"] == year]
        main = here[(here["elasticities"] == "fontagne") & (here["research_return"] == "central")]
        assert column(panel, "war")[n] == pytest.approx(main["value"].item())
        assert column(panel, "war low")[n] == pytest.approx(here["value"].min())
        assert column(panel, "war high")[n] == pytest.approx(here["value"].max())
    assert any(
        "(fontagne, boehm) and returns to research (low, central)" in note for note in page.notes
    )


def test_the_comparison_shows_present_values_and_tells_losses_in_words(
    results: Results, table: pd.DataFrame
) -> None:
    page = page_of("worth", results)
    assert [p.title for p in page.panels] == [
        f"{v}, {e}" for v in ("war", "research") for e in ("fontagne", "boehm")
    ]  # fmt: skip
    keys = ("variant", "elasticities", "research_return")
    for panel in page.panels:
        rows = one(table, **{k: panel.keys[k] for k in keys}, measure="present_value", region="*")
        np.testing.assert_allclose(column(panel, "present_value")[:-1], rows["value"])
        low, high = column(panel, "present_value low"), column(panel, "present_value high")
        worth = column(panel, "present_value")
        assert (low - 1e-12 <= worth).all() and (worth <= high + 1e-12).all()
        money = column(panel, "present_value_money")
        assert money[:-1].sum() == pytest.approx(money[-1])
    war = page.panels[0]
    place = [c.key for c in war.columns].index("break_even_year")
    assert war.words[war.rows.index("CHN"), place] == f"none within {YEARS} years"
    text = render(page, "markdown")
    assert f"| none within {YEARS} years |" in text
    data = render(page, "csv")
    assert "present_value [%]" in data and "break_even_year text" in data


def test_what_remains_is_the_last_year_over_the_first(results: Results) -> None:
    panel = page_of("remaining", results, scenarios=("war",)).panels[0]
    first, last = column(panel, "year_1"), column(panel, f"year_{YEARS}")
    np.testing.assert_allclose(column(panel, "share"), 100 * last / first)


def test_tables_of_solutions_show_the_last_year_of_a_path_or_a_chosen_one(
    results: Results, cases: Cases
) -> None:
    case = cases["boehm", "central", "war"]
    for chosen, year in (((), YEARS), ((2,), 2), ((2013,), 2)):
        page = page_of("regions", results, years=chosen, scenarios=("war",),
                       elasticities=("boehm",))  # fmt: skip
        (panel,) = page.panels
        expected = case.years[year - 1].solution.measure("real_gdp")
        np.testing.assert_allclose(column(panel, "real_gdp")[:-1], expected, atol=1e-10)
    with pytest.raises(InputError, match="no such year"):
        page_of("years", results, years=(77,))


def test_a_table_of_years_of_what_has_none_is_refused(cge: Run, here: Path) -> None:
    (here / "still.yaml").write_text(
        "{name: still, benchmark: {table: wiod2013, aggregation: small}, "
        "elasticities: [boehm], policy: []}"
    )
    assert cge("run", "still.yaml", "--out", "still").code == 0
    told = cge("table", "still", "--kind", "worth")
    assert told.code == 2 and "it is no path" in told.err


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_as_latex_that_is_well_formed(kind: str, results: Results) -> None:
    page = page_of(kind, results)
    rows = [row for one_table in tabulars(render(page, "latex")) for row in one_table.rows]
    assert len(rows) >= sum(len(panel.rows) for panel in page.panels)


# Figures


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "decomposition"])
def test_no_text_of_a_path_s_figure_lies_on_another_or_beyond_the_edge(
    kind: str, results: Results
) -> None:
    page = page_of(kind, results, figure=True)
    figure = draw(page)
    seen = re.sub(r"\s+", " ", " ".join(text for text, _ in check_apart(figure)))
    assert re.sub(r"\s+", " ", page.caption) in seen and "% of" in seen


def test_lines_and_their_ranges_are_those_of_the_page(results: Results) -> None:
    page = page_of("years", results, figure=True)
    figure = draw(page)
    for axis, panel in zip(figure.axes, page.panels, strict=True):
        drawn = [line for line in axis.lines if len(line.get_xdata()) == YEARS]
        for line, name in zip(drawn, ("war", "research"), strict=True):
            np.testing.assert_allclose(line.get_ydata(), column(panel, name))
        for area, name in zip(axis.collections, ("war", "research"), strict=True):
            y = area.get_paths()[0].vertices[:, 1]
            assert y.min() == pytest.approx(column(panel, f"{name} low").min())
            assert y.max() == pytest.approx(column(panel, f"{name} high").max())


def test_areas_break_where_a_part_changes_its_sign() -> None:
    years = np.array([1.0, 2.0, 3.0])
    fine, figures = lines._crossings(years, np.array([[1.0, 0.0], [-3.0, 1.0], [-3.0, 2.0]]))
    np.testing.assert_allclose(fine, [1.0, 1.25, 2.0, 3.0])
    np.testing.assert_allclose(figures[:, 0], [1.0, 0.0, -3.0, -3.0])


# The folder


def test_a_folder_holds_what_is_needed_to_judge_the_path(results: Results, tmp_path: Path) -> None:
    written = results.save(tmp_path / "trial", figure=True)
    assert {path.name for path in written.iterdir()} == {*FILES, *FIGURES}
    told = json.loads((written / "manifest.json").read_text())
    assert len(told["cases"]) == 2 * 2 * 2
    for own in told["cases"]:
        assert own["residual"] < 1e-9 and own["walras"] < 1e-9
        assert (own["discount_rate"], own["growth"], own["years"]) == (0.05, 0.03, YEARS)
        assert own["baseline"] == "balanced growth" and own["closure"].startswith("path, short")
    basic = told["parameters"]["return_basic"]
    assert basic["low"] < basic["value"] < basic["high"] and len(basic["citation"]) > 10
    assert told["parameters"]["sourcing_inertia"]["status"] == "computed"
    assert 0 <= told["knowledge"]["part_estimated"]["basic"]["CHN"] <= 1
    text = pd.read_csv(written / "results.csv", keep_default_na=False)
    assert list(text.columns) == list(COLUMNS) and set(text["sector"]) == {""}
    summary = (written / "summary.md").read_text()
    assert "none within" in summary and "Adaptation of sourcing" in summary
    assert summary.count("Each year is an equilibrium") == 1


def test_a_manifest_repeats_its_path(results: Results, cache: Path, tmp_path: Path) -> None:
    written = results.save(tmp_path / "trial")
    study = study_of(json.loads((written / "manifest.json").read_text())["spec"])
    again = run_study(study, Runner(workers=1, cache=cache))
    assert again.identity == results.identity
    assert again.manifest["steps_kept_from_earlier"] == again.manifest["steps"]


def test_worth_in_money_counts_consumption_and_not_investment() -> None:
    case = path(US_TARIFF, years=3, path={"knowledge": False})
    found, all_in = consumption(case), welfare_streams(case)[0]
    b = case.model.benchmark
    solution = case.years[2].solution
    volume = solution.array("final_spending") / solution.array("agent_price")
    start = solution.model.start.array("final_spending")
    kept = [n for n, kind in enumerate(b.agent_class) if kind != "inv"]
    np.testing.assert_allclose(found[2], (volume - start)[:, kept].sum(axis=1), rtol=1e-9)
    assert np.abs(found[2] - all_in[2]).max() > 1e-3 * np.abs(all_in[2]).max()
    held = path(US_TARIFF, years=1, path={"knowledge": False, "capital": "reallocated"})
    borrowed = held.years[0].solution.values("net_borrowing")
    price = held.years[0].solution.values("welfare_price")
    np.testing.assert_allclose(
        consumption(held)[0], welfare_streams(held)[0][0] + borrowed / price, rtol=5e-3
    )
