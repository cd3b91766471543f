"""Claims: their files, what is drawn for them, verdicts and pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import Outcome
from pydantic import ValidationError
from reports import ODD, made

import cge as package
from cge.core.errors import InputError
from cge.core.selectors import UnknownCode
from cge.report.charts.draw import draw
from cge.report.drafts.choice import choice_of
from cge.report.format.render import render
from cge.report.kinds import build
from cge.report.summary import markdown
from cge.results.claim_rows import at_point
from cge.results.claim_tables import on_tables
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows, joined
from cge.scenario.claim_file import Claim, Figure, load_claim, shipped_claims
from cge.studies.claims import SETS, Claims
from cge.studies.study import run_study
from cge.tasks.runner import Runner
from cge.uncertainty.designs import Design, sample_apart
from cge.uncertainty.spread import Regression
from cge.uncertainty.uncertain_parameters import UncertainParameter
from cge.uncertainty.verdicts import (
    DEPENDS,
    ELSEWHERE,
    HOLDS,
    PREDICTED,
    REJECTED,
    SIZE,
    SUPPORTED,
    Under,
    holding,
    judgement,
    turn,
    verdict,
)

BENCHMARK = {"table": "wiod2013", "year": 2011, "aggregation": "small"}
TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
          "add": 0.2}  # fmt: skip
TESTED = {"name": "tariff", "benchmark": BENCHMARK, "elasticities": ["boehm"], "policy": [TARIFF],
          "stress": {"disruptions": ["sea-transport"], "backstop": ["VEH"],
                     "leverage": True}}  # fmt: skip
WORDS = dict.fromkeys(
    ("group", "section", "title", "statement", "english", "expected", "not_carried", "done",
     "disagree"), "words",
)  # fmt: skip


def figure(**given: Any) -> dict[str, Any]:
    return {"case": "tariff", "measure": "equivalent_variation", "region": "CHN", **given}


def content(sign: str = "negative", **given: Any) -> dict[str, Any]:
    """Content of a claim: China loses by a US tariff."""
    scenario = {"name": "tariff", "benchmark": BENCHMARK, "policy": [TARIFF]}
    checks = [{"says": "China loses.", "sign": sign, "figure": [figure()]}]
    return {"id": "X1", **WORDS, "cases": {"tariff": {"scenario": scenario}}, "checks": checks,
            **given}  # fmt: skip


def claim(sign: str = "negative", **given: Any) -> Claim:
    return Claim.model_validate(content(sign, **given))


def run(*claims: Claim, workers: int = 1, **options: Any) -> ResultSet:
    return run_study(Claims(claims, **options), Runner(workers))


def verdict_of(results: ResultSet, number: int = 0) -> str:
    return str(results.manifest["claims"][number]["verdict"])


def claimed() -> ResultSet:
    """Claims with figures made by hand, after draws: one holds, one depends, one is no test."""
    told, rows, results = [], Rows(), made()
    for n, (name, turns) in enumerate((("X1", []), ("X2", [{"on": "high p", "words": "high p"}]))):
        labels = {"scenario": name, "elasticities": "fontagne"}
        check = {**labels, "variant": "1", "title": ODD[n]}
        rows.add(SIZE, 1.5, unit="percent of benchmark absorption", **check)
        for statistic, value in (("p05", 1.0), ("p95", 2.0), (PREDICTED, 0.95 - n / 2)):
            rows.add(SIZE, value, statistic=statistic, unit="1", **check)
        rows.add(HOLDS, 0.95 - n / 2, unit="share of draws", title=ODD[n + 1], **labels)
        rows.add("equivalent_variation", [1.0, -0.5], region=[ODD[0], "World"], **labels,
                 variant="beside 1", title="case", path_year=4)  # fmt: skip
        under = Under("", "fontagne", [0.95 - n / 2], 0.95 - n / 2, "200 draws")
        told.append({**WORDS, "id": name, "title": ODD[n + 1], "parameter": "",
                     **judgement([under]), "turns_on": turns,
                     "checks": [{"says": ODD[n], "sign": "positive", "than": 0.5}]})  # fmt: skip
    told.append({**WORDS, "id": "X3", "title": "none", "verdict": "not testable", "why": ""})
    return ResultSet(rows.frame(study="claims"), {**results.manifest, "claims": told})


# -- files


def test_every_shipped_claim_is_read_and_called_as_its_file() -> None:
    assert len(shipped_claims()) >= 36
    for name, path in shipped_claims().items():
        loaded = load_claim(path)
        assert loaded.id == name and loaded.group.startswith(name[0])


def test_claims_have_the_same_titles_in_their_files_and_in_the_documents() -> None:
    told = (Path(__file__).parents[1] / "docs" / "claims.md").read_text(encoding="utf-8")
    for name, path in shipped_claims().items():
        assert f"| {name} {load_claim(path).title} |" in told


def test_shipped_claims_stand_in_the_order_of_their_numbers() -> None:
    names = list(shipped_claims())
    assert names.index("A2") < names.index("B1") < names.index("E1")
    assert names == sorted(names, key=lambda name: (name[0], int(name[1:])))


def test_all_shipped_claims_have_studies_under_both_sets_on_one_benchmark() -> None:
    study = Claims(changes={"benchmark.aggregation": "small"})
    possible, _ = study._possible
    for claim, one in ((c, case) for c in possible for case in study.studies[c.id].values()):
        # One claim is about income elasticities, and is tried with others beside these.
        more = ["fontagne+broad-groups", "boehm+broad-groups"] if claim.id == "E2" else []
        assert list(one.benchmarks) == ["fontagne", "boehm", *more]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"checks": [{**content()["checks"][0], "sign": "up"}]}, "checks.0.sign"),
        ({"checks": [{**content()["checks"][0], "figure": [figure(case="war")]}]}, "no such case"),
        ({"checks": [{**content()["checks"][0], "figure": [figure(measure="welfare")]}]},
         "unknown measure"),
        ({"checks": [{**content()["checks"][0], "figure": [figure(region="CHNA")]}]},
         "did you mean 'CHN'"),
        ({"checks": [{**content()["checks"][0], "figure": [figure(year=3)]}]},
         "the results of this case have no such figure"),
        ({"checks": [{**content()["checks"][0], "figure": [figure(measure="import_value")]}]},
         "checks.0.figure.0"),
        ({"checks": [{**content()["checks"][0], "figure": [figure(region=["CHN", "EU"])]}]},
         "figures in this unit do not add up"),
        ({"checks": [{**content()["checks"][0], "figure": [figure(point="last")]}]},
         "the results of this case have no such figure"),
        ({"cases": {"tariff": {"study": "stress", "scenario": TESTED}},
          "checks": [{**content()["checks"][0], "figure": [figure(
              measure="ban_harm", partner="USA", column="change")]}]}, "this figure has no change"),
        ({"checks": []}, "this key is missing"),
        ({"cases": {**content()["cases"], "idle": {"scenario": "us-china-tariff-war"}}},
         "no check reads this case"),
        ({"status": "narrative"}, "a narrative is not tested"),
        ({"status": "parameter"}, "is told for a claim of the status 'parameter'"),
        ({"colour": "red"}, "unknown key"),
        ({"cases": {"tariff": {"scenario": "no-such-scenario"}}}, "no such scenario"),
        ({"cases": {"tariff": {"scenario": "us-china-tariff-war", "study": "nash"}}},
         "cases.tariff.study"),
        ({"cases": {"tariff": {"scenario": "us-china-tariff-war", "options": {"x": 1}}}},
         "no such option of this study"),
    ],
)  # fmt: skip
def test_a_claim_that_can_not_be_meant_is_refused_with_its_file(
    here: Path, cge: Callable[..., Outcome], change: dict[str, Any], says: str
) -> None:
    Path("mine.yaml").write_text(yaml.safe_dump(content(**change)), encoding="utf-8")
    outcome = cge("claims", "mine.yaml", "--aggregation", "small", "--workers", "1", "-q")
    assert outcome.code == 2
    assert "mine.yaml" in outcome.err and says in outcome.err
    assert "Traceback" not in outcome.err
    assert not (here / "results" / "runs" / "claims-X1" / "manifest.json").exists()


def test_an_unknown_claim_is_refused_with_those_that_ship(cge: Callable[..., Outcome]) -> None:
    outcome = cge("claims", "A99")
    assert outcome.code == 2 and "no such claim or file" in outcome.err and "A1" in outcome.err


def test_a_claim_whose_codes_a_benchmark_lacks_is_left_out_unless_it_is_named() -> None:
    small = {"benchmark.aggregation": "small"}
    possible, elsewhere = Claims(changes=small)._possible
    assert "E1" in elsewhere and "E1" not in [one.id for one in possible]
    with pytest.raises(UnknownCode, match="E1"):
        _ = Claims(("E1",), changes=small)._possible


# -- what is found


def test_the_same_figure_supports_one_sign_and_rejects_the_other() -> None:
    assert verdict_of(run(claim("negative"))) == SUPPORTED
    assert verdict_of(run(claim("positive"))) == REJECTED


def test_a_claim_of_two_checks_holds_only_if_both_do() -> None:
    right, wrong = claim("negative").checks[0], claim("positive").checks[0]
    results = run(claim(checks=[right.model_dump(), wrong.model_dump()]))
    assert verdict_of(results) == REJECTED
    assert results.manifest["claims"][0]["failing"] == [2]


def test_the_figure_of_a_check_is_the_sum_that_its_file_says() -> None:
    check = {
        "says": "Ratio less ratio.", "sign": "positive", "figure": [figure(times=3)],
        "over": [figure(region="USA")],
        "versus": {"figure": [figure(), figure(region="EU")]},
    }  # fmt: skip
    results = run(claim(checks=[check]))
    tariff = package.run(claim().cases["tariff"].scenario, elasticities="boehm", workers=1)
    ev = tariff.to_frame(measure="equivalent_variation").set_index("region")["value"]
    found = results.to_frame(measure=SIZE, elasticities="boehm")
    expected = 3 * ev["CHN"] / ev["USA"] - (ev["CHN"] + ev["EU"])
    assert found["value"].iloc[0] == pytest.approx(expected, rel=1e-9)
    assert found["unit"].iloc[0] == "ratio"


LARGE = {"by": "domar_weight", "region": "CHN", "size": 2, "among": "goods"}


def of_variants(**check: Any) -> Claim:
    """A claim about subsidies of one sector each, and of a set that the accounts choose."""
    scenario = {
        "name": "sectors", "benchmark": BENCHMARK, "sets": {"large": LARGE},
        "policy": [{"instrument": "output_subsidy", "region": "CHN", "sector": "ELEC",
                    "add": 0.02}],
        "grid": {"policy.0.sector": ["large", "ELEC", "VEH", "LMAN"]},
    }  # fmt: skip
    own = {"says": "Gains.", "sign": "positive", **check}
    return claim(cases={"sectors": {"scenario": scenario}}, checks=[own])


def sector(variant: str, **given: Any) -> dict[str, Any]:
    return figure(case="sectors", variant=variant, **given)


def test_a_figure_of_several_variants_is_a_statistic_of_theirs() -> None:
    checks = {
        take: {"take": take, "figure": [sector("sector-*")],
               "versus": {"figure": [sector("sector-large")]}}
        for take in ("largest", "smallest", "median", "mean")
    }  # fmt: skip
    one = of_variants(**checks["largest"])
    more = [{"says": "Gains.", "sign": "positive", **check} for check in checks.values()]
    whole = one.model_dump(by_alias=True, exclude_unset=True)
    results = run(Claim.model_validate({**whole, "checks": more}))
    own = results.to_frame(measure=SIZE, elasticities="boehm").set_index("variant")["value"]
    ran = package.run(one.cases["sectors"].scenario, elasticities="boehm", workers=1)
    ev = ran.to_frame(measure="equivalent_variation", region="CHN").set_index("variant")["value"]
    gaps = ev - ev["sector-large"]
    expected = [gaps.max(), gaps.min(), gaps.median(), gaps.mean()]
    assert own[["1", "2", "3", "4"]].to_numpy() == pytest.approx(expected, rel=1e-9)
    told = [line for line in results.manifest["notes"] if "Sectors 'large'" in line]
    assert len(told) == 1 and told[0].startswith("X1: ")
    # Welfare is never read alone, of no variant.
    assert len(results.to_frame(measure="equivalent_variation", region="CHN")) == 2 * 4


def test_the_noise_at_which_to_choose_is_worth_nothing_has_its_own_unit() -> None:
    results = run(of_variants(
        take="break_even_noise", figure=[sector("sector-*")],
        versus={"figure": [sector("sector-LMAN")]},
    ))  # fmt: skip
    found = results.to_frame(measure=SIZE)
    assert set(found["unit"]) == {"standard deviations of returns"}


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({"figure": [sector("sector-*")]}, "goes with a figure of several variants"),
        ({"figure": [sector("sector-VEH")], "take": "mean"}, "goes with a figure of several"),
        ({"figure": [sector("*-*")], "take": "mean"}, "holds more than one *"),
        ({"figure": [sector("sectors-*")], "take": "mean"}, "no variant of this case is so called"),
        ({"figure": [sector("sector-*"), sector("*LMAN")], "take": "mean"}, "other variants than"),
        ({"figure": [sector("sector-VEH", sector="larger", measure="output_value")]}, "'large'"),
    ],
)  # fmt: skip
def test_figures_of_several_variants_that_can_not_be_meant_are_refused(
    check: dict[str, Any], says: str
) -> None:
    with pytest.raises((InputError, ValidationError)) as error:
        run(of_variants(**check))
    assert says in str(error.value)


def test_a_claim_of_more_sectors_than_there_are_is_left_out_and_told_why() -> None:
    wide = of_variants(figure=[sector("sector-VEH")]).model_dump(by_alias=True, exclude_unset=True)
    wide["cases"]["sectors"]["scenario"]["sets"]["large"]["size"] = 9
    study = Claims((), changes={"benchmark.aggregation": "small"})
    study.__dict__["claims"] = (claim(), Claim.model_validate({**wide, "id": "X2"}))
    possible, elsewhere = study._possible
    assert [one.id for one in possible] == ["X1"]
    assert "more sectors than the benchmark has" in elsewhere["X2"]


def test_money_of_several_regions_is_added_up() -> None:
    money = figure(measure="equivalent_variation_value", region=["USA", "west"])
    results = run(claim(checks=[{"says": "Sum.", "sign": "positive", "figure": [money]}]))
    tariff = package.run(claim().cases["tariff"].scenario, elasticities="boehm", workers=1)
    ev = tariff.to_frame(measure="equivalent_variation_value").set_index("region")["value"]
    found = results.to_frame(measure=SIZE, elasticities="boehm")["value"].iloc[0]
    assert found == pytest.approx(ev["USA"] + ev["EU"], rel=1e-9)  # each once


def test_equal_cases_of_two_claims_are_solved_once() -> None:
    one, both = Runner(1, cache=None), Runner(1, cache=None)
    run_study(Claims((claim(),)), one)
    run_study(Claims((claim(), claim("positive", id="X2"))), both)
    assert one.total == both.total > 0


def test_national_welfare_stands_beside_its_terms_of_trade_and_the_world() -> None:
    rows = run(claim()).to_frame(variant="beside 1", elasticities="boehm")
    assert {*rows["measure"]} == {"equivalent_variation", "terms_of_trade_effect"}
    assert {*rows["region"]} == {"CHN", "World"}


def test_national_welfare_before_disruptions_stands_beside_the_same_terms_of_trade() -> None:
    tested = {"tariff": {"study": "stress", "scenario": TESTED}}
    terms = [
        run(one).to_frame(variant="beside 1", elasticities="boehm").set_index(["measure", "region"])
        for one in (claim(), claim(cases=tested))
    ]
    here = ("terms_of_trade_effect", "CHN")
    # But for stand-ins for vehicles, which are nearly nothing where nothing is disrupted.
    assert terms[0].loc[here, "change"] == pytest.approx(terms[1].loc[here, "change"], rel=1e-5)


def test_welfare_is_not_taken_apart_before_disruptions_where_no_check_is_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[object] = []
    monkeypatch.setattr("cge.studies.stress.add_decomposition", lambda *given: taken.append(given))
    tested = {"tariff": {"study": "stress", "scenario": TESTED}}
    for measure, often in (("cvar", 0), ("equivalent_variation", 1)):
        check = {"says": "It does.", "sign": "negative", "figure": [figure(measure=measure)]}
        run_study(Claims((claim(cases=tested, checks=[check]),)), Runner(1, cache=None))
        assert len(taken) == often * len(SETS)


def test_the_page_of_welfare_says_why_a_case_has_no_terms_of_trade() -> None:
    found, rows = claimed(), Rows()
    where = {"scenario": "X1", "elasticities": "fontagne"}
    rows.add("present_value", [1.0, -0.5], region=["CHN", "World"], title="whole path",
             variant="beside 2", **where)  # fmt: skip
    rows.add("equivalent_variation", [1.0, -0.5], region=["CHN", "World"], title="frontier",
             variant="beside 3", point=1, **where)  # fmt: skip
    rows.add("equivalent_variation", [1.0, -0.5], region=["CHN", "World"], title="apart",
             variant="beside 4", **where)  # fmt: skip
    rows.add("terms_of_trade_effect", [0.2], region=["CHN"], title="apart", change=[0.2],
             variant="beside 4", **where)  # fmt: skip
    more = ResultSet(joined([found.rows, rows.frame(study="claims")]), found.manifest)
    page = build("claim-welfare", [more])
    panel = page.panels[0]
    told = dict(zip(panel.rows, (panel.words.get((n, 1)) for n in range(4)), strict=True))
    assert told == {"case, year 4": "(c)", "whole path, present value": "(a)", "frontier": "(b)",
                    "apart": None}  # fmt: skip
    assert panel.figures[panel.rows.index("apart"), 1] == 0.2
    for mark, why in (("(a)", "a present value"), ("(b)", "a point of a frontier"),
                      ("(c)", "welfare was not taken")):  # fmt: skip
        assert any(note.startswith(f"{mark} No terms-of-trade part: {why}") for note in page.notes)
    figure_page = build("claim-welfare", [more], figure=True)
    assert figure_page.chart == "glance-apart"
    assert [panel.title for panel in figure_page.panels] == [panel.title for panel in page.panels]
    assert {column.group for column in figure_page.panels[0].columns} == {"fontagne"}


# -- draws


def two_cases() -> Claim:
    """A claim that compares a tariff with the same tariff, written in another way."""
    scenario = content()["cases"]["tariff"]["scenario"]
    other = {**scenario, "policy": [{**TARIFF, "add": 0.1}, {**TARIFF, "add": 0.1}]}
    short = {**scenario, "closure": {"kind": "short_run"}}
    checks = [
        {"says": "They are the same.", "sign": "negative", "than": 1e-6,
         "figure": [figure(), figure(case="other", times=-1)]},
        {"says": "China loses in the first year.", "sign": "negative",
         "figure": [figure(case="short")]},
    ]  # fmt: skip
    cases = {"tariff": {"scenario": scenario}, "other": {"scenario": other},
             "short": {"scenario": short}}  # fmt: skip
    return claim(cases=cases, checks=checks)


def test_a_draw_has_one_value_of_a_parameter_in_all_cases() -> None:
    results = run(two_cases(), draws=3)
    drawn = results.to_frame(measure=SIZE, variant="1")
    assert drawn.loc[drawn["point"].notna(), "value"].abs().max() < 1e-7
    loss = results.to_frame(measure=SIZE, variant="2", elasticities="boehm")
    assert loss.loc[loss["point"].notna(), "value"].std() > 1e-4  # it does draw


def test_figures_of_a_claim_are_those_of_a_sensitivity_study_with_these_values() -> None:
    found = run(claim(), draws=2)
    ((name, one),) = Claims((claim(),), draws=2).studies["X1"].items()
    assert name == "tariff"
    study = one.of_set("boehm")
    parameters, points = Claims((claim(),), draws=2)._drawn(study)
    assert {p.horizons for p in parameters} <= {("long",), ("short", "long")}
    rows = run_study(study.drawn(parameters, points[1]), Runner(1)).to_frame(
        measure="equivalent_variation", region="CHN")  # fmt: skip
    drawn = found.to_frame(measure=SIZE, elasticities="boehm", point=2)
    assert drawn["value"].iloc[0] == pytest.approx(rows["value"].iloc[0], rel=1e-7)


def test_results_are_the_same_bits_on_any_number_of_workers_and_when_resumed() -> None:
    runner = Runner(1)
    first = run_study(Claims((claim(),), draws=4), runner)
    again = Runner(1)
    assert run_study(Claims((claim(),), draws=4), again).identity == first.identity
    assert again.kept == again.total
    spread = run_study(Claims((claim(),), draws=4), Runner(2, cache=None))
    assert spread.identity == first.identity


def test_a_manifest_makes_the_study_again() -> None:
    from cge.studies.listing import study_of

    first = run(claim(), changes={"elasticities": ["boehm"]})
    again = study_of(first.manifest["spec"])
    assert run_study(again, Runner(1)).identity == first.identity


@pytest.mark.parametrize("draws", [1, -3])
def test_too_few_draws_are_refused(draws: int) -> None:
    with pytest.raises(InputError, match="draws"):
        Claims((claim(),), draws=draws)


PARAMETERS = tuple(
    UncertainParameter(name, 1.0, 2.0, 4.0, name, f"path.parameters.{name}") for name in "abcd"
)


def test_values_of_a_parameter_do_not_depend_on_what_else_is_drawn() -> None:
    design = Design(draws=50)
    every, some = sample_apart(design, PARAMETERS), sample_apart(design, PARAMETERS[2:3])
    assert np.array_equal(every[:, 2:3], some)
    assert not np.array_equal(every[:, 0], every[:, 1])
    other = sample_apart(Design(draws=50, seed=2), PARAMETERS)
    assert not np.array_equal(every, other)


def test_values_drawn_apart_fill_every_part_of_the_range_once() -> None:
    design = Design(draws=40, distribution="uniform")
    u = (sample_apart(design, PARAMETERS) - 1) / 3
    for column in u.T:
        assert sorted(np.floor(40 * column).astype(int)) == list(range(40))
    assert np.abs(np.corrcoef(u.T) - np.eye(4)).max() < 0.5


def test_more_draws_begin_with_those_of_fewer_whose_work_is_kept() -> None:
    few, more = (sample_apart(Design(draws=draws), PARAMETERS) for draws in (100, 170))
    assert np.array_equal(few, more[:100])
    for block in (more[:50], more[50:100], more[100:150]):
        u = np.array([[triangular(1, 2, 4, x) for x in row] for row in block])
        assert all(sorted(np.floor(50 * column).astype(int)) == list(range(50)) for column in u.T)
    assert not np.array_equal(more[:50], more[50:100])


def triangular(low: float, mode: float, high: float, x: float) -> float:
    """Distribution function of the triangular distribution."""
    below = (x - low) ** 2 / ((high - low) * (mode - low))
    return below if x < mode else 1 - (high - x) ** 2 / ((high - low) * (high - mode))


# -- frontiers


def of_frontier(**given: Any) -> Claim:
    """A claim about China's tariff on strategic goods: less risk costs welfare."""
    lever = {"name": "tariff", "instrument": "tariff", "sector": "strategic", "high": 0.3}
    frontier = {"region": "CHN", "instruments": [lever], "points": 2, "starts": 1,
                "versions": ["unilateral"], "disruptions": ["controls-west-china-*"]}  # fmt: skip
    scenario = {"name": "best", "benchmark": BENCHMARK, "elasticities": ["boehm"],
                "frontier": frontier}  # fmt: skip
    best = figure(case="best", variant="unilateral")
    checks = [{"says": "It costs.", "sign": "negative",
               "figure": [{**best, "point": "last"}, {**best, "point": "first", "times": -1}]},
              {"says": "It does.", "sign": "negative", "figure": [figure()]}]  # fmt: skip
    cases = {**content()["cases"], "best": {"study": "frontier", "scenario": scenario}}
    return claim(cases=cases, checks=checks, **given)


def test_points_of_a_frontier_are_its_ends_and_the_one_between() -> None:
    points = pd.array([0, 1, 2, None], dtype="Int64")

    def at(where: str | None, values: Any = points) -> list[bool]:
        one = Figure.model_validate(figure(point=where))
        return at_point(pd.Series(values), one).tolist()

    assert at("first") == [True, False, False, False]
    assert at("middle") == [False, True, False, False]
    assert at("last") == [False, False, True, False]
    assert at(None) == [False, False, False, True]
    alone = pd.array([0], dtype="Int64")  # no conflict: the frontier is one point
    assert at("first", alone) == at("middle", alone) == at("last", alone) == [True]


def test_a_claim_about_a_frontier_is_judged_at_central_values_alone() -> None:
    results = run(of_frontier(), draws=2, changes={"elasticities": ["boehm"]})
    (told,) = results.manifest["claims"]
    assert told["basis"] == "central values only" and told["verdict"] in (SUPPORTED, REJECTED)
    assert any(
        "a frontier is not found again for every draw" in n for n in results.manifest["notes"]
    )
    sizes = results.to_frame(measure=SIZE)
    assert sizes["point"].isna().all() and np.isfinite(sizes["value"]).all()
    assert sizes["value"].iloc[0] <= 0


# -- verdicts


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((1.0, 0.9), SUPPORTED), ((1.0, 0.89), DEPENDS), ((0.1, 0.0), REJECTED),
     ((0.11, 0.0), DEPENDS), ((1.0, 0.0), DEPENDS)],
)  # fmt: skip
def test_a_verdict_needs_nine_draws_in_ten_under_every_set(
    shares: tuple[float, float], expected: str
) -> None:
    assert verdict(shares) == expected


def test_what_is_nothing_or_no_number_is_on_no_side() -> None:
    sizes = np.array([[0.0, np.nan, np.inf, 1e-12, 2.0, 2.0]])
    positive, than = np.array([True] * 6), np.array([0.0, 0, 0, 0, 1, 3])
    assert holding(sizes, positive, than).tolist() == [[False, False, False, False, True, False]]


def test_the_parameter_that_turns_a_check_is_named_with_the_end_at_which_it_fails() -> None:
    points = sample_apart(Design(draws=200), PARAMETERS)
    regression = Regression(PARAMETERS, points, Design(draws=200))
    sizes = 3 - 2 * points[:, 1] + 0.1 * points[:, 2]
    found = turn(sizes, True, regression)
    assert found is not None and found.parameter == "b" and found.high and found.share > 0.9
    other = turn(sizes, False, regression)
    assert other is not None and not other.high
    few = Regression(PARAMETERS, points[:6], Design(draws=6))
    assert turn(sizes[:6], True, few) is None


def test_a_verdict_says_on_what_it_depends_table_or_set() -> None:
    def told(*shares: float) -> dict[str, Any]:
        places = [(table, name) for table in ("old", "new") for name in ("fontagne", "boehm")]
        return judgement([Under(*place, [share], share, "200 draws")
                          for place, share in zip(places, shares, strict=True)])  # fmt: skip

    assert told(1, 0.9, 0.95, 1)["verdict"] == SUPPORTED
    assert told(0, 0, 0, 0)["failing"] == [1]
    for shares, on in (
        ((1, 1, 0, 0), "benchmark"), ((1, 0, 1, 0), "elasticity set"),
        ((1, 0, 0, 0), "benchmark and elasticity set"),
        ((1, 0, 0, 1), "benchmark and elasticity set"),
    ):  # fmt: skip
        found = told(*shares)
        assert found["verdict"] == DEPENDS and found["turns_on"][0]["on"] == on
        assert found["turns_on"][0]["words"].startswith("supported under old, fontagne")


# -- several tables

TABLES = ("world2022", "wiod2013")
SMALL = {"benchmark.aggregation": "small", "benchmark.year": None}


@pytest.fixture(scope="module")
def on_both() -> ResultSet:
    """A claim and its opposite on both tables, with draws."""
    return run(claim(), claim("positive", id="X2"), table=TABLES, changes=SMALL, draws=3)


def test_a_claim_on_several_tables_has_on_each_the_figures_that_it_has_there_alone(
    on_both: ResultSet,
) -> None:
    for table in TABLES:
        alone = run(claim(), table=(table,), changes=SMALL, draws=3).rows
        both = on_both.rows[(on_both.rows["table"] == table) & (on_both.rows["scenario"] == "X1")]
        assert len(alone) == len(both)
        for name in ("measure", "elasticities", "statistic", "value"):
            assert both[name].astype(object).fillna(-1).tolist() == (
                alone[name].astype(object).fillna(-1).tolist())  # fmt: skip


def test_pages_of_several_tables_show_every_table_and_set(on_both: ResultSet) -> None:
    page = build("claims", [on_both])
    assert len(page.panels[0].columns) == 2 + 4
    checks = build("claim-checks", [on_both]).panels[0]
    assert [label.rpartition(" ")[2] for label in checks.rows] == [f"[{one}]" for one in TABLES]
    assert (checks.low[:, 2:4] <= checks.figures[:, 2:4]).all()
    shown = markdown(on_both)
    for table, year in zip(TABLES, (2022, 2011), strict=True):
        assert f"Benchmark: {table}-{year}-small" in shown
        assert f"Data: {'world of 2022' if year == 2022 else 'World Input-Output'}" in shown
        assert f"China, {table}" in shown or f"CHN, {table}" in shown  # welfare beside
    figure_page = build("claim-checks", [on_both], figure=True)
    assert figure_page.chart == "glance" and figure_page.panels[0].figures.shape == (2, 4)


def test_a_claim_that_one_table_can_not_carry_is_judged_by_the_other_and_told() -> None:
    one, other = run(claim()).manifest, run(claim()).manifest
    lost = {**claim().model_dump(), "verdict": ELSEWHERE, "why": "unknown code 'TEX'"}
    rows = Rows().frame()
    found = on_tables({}, {"a": ResultSet(rows, one),
                           "b": ResultSet(rows, {**other, "claims": [lost]})})  # fmt: skip
    (told,) = found.manifest["claims"]
    assert told["verdict"] == SUPPORTED and told["elsewhere"] == {"b": "unknown code 'TEX'"}


def test_a_claim_asked_for_by_name_is_left_to_the_table_that_carries_it() -> None:
    study = Claims(("B2", "E1"), table=("world2022", "wiod2013"))
    left = {name: [*one._possible[1]] for name, one in study.on_each.items()}
    assert left == {"world2022": [], "wiod2013": ["B2"]}


def test_a_claim_asked_for_by_name_that_no_table_carries_is_refused() -> None:
    small = {"benchmark.aggregation": "small"}
    study = Claims(("A1", "B2"), table=("world2022", "wiod2013"), changes=small)
    with pytest.raises(UnknownCode, match="VNM"):
        next(study.work())


def test_which_claims_a_table_carries_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    check = Claims._check_codes

    def counted(self: Claims, one: Claim) -> None:
        looked.append(one.id)
        check(self, one)

    monkeypatch.setattr(Claims, "_check_codes", counted)
    next(Claims(("B2", "E1"), table=("world2022", "wiod2013")).work())
    assert looked.count("E1") == 2, "once for each table"


def test_a_figure_too_small_for_three_decimals_is_printed_with_more() -> None:
    results = run(claim())
    rows = results.rows.copy()
    rows.loc[rows["measure"] == SIZE, "value"] = -0.00041
    small = build("claim-checks", [ResultSet(rows, results.manifest)])
    assert "-0.00041" in render(small, "markdown")


def test_a_claim_left_out_is_told_with_what_it_says_and_how_many_sets_there_are() -> None:
    study = Claims((), changes={"benchmark.aggregation": "small"})
    assert study._possible[1]["B5"].startswith("20 is more sets than can be drawn")


def test_a_set_that_one_claim_alone_is_tried_under_stands_with_its_checks_alone() -> None:
    more = content(id="X2")
    more["cases"]["tariff"]["set"] = {"elasticities": ["fontagne", "boehm", "caliendo-parro"]}
    results = run(claim(), Claim.model_validate(more))
    assert len(build("claims", [results]).panels[0].columns) == 2 + 2
    one, other = build("claim-checks", [results]).panels
    assert len(other.columns) == len(one.columns) + 1
    assert np.isfinite(other.figures[:, 2:5]).all()


def test_the_same_table_twice_is_refused(cge: Callable[..., Outcome]) -> None:
    outcome = cge("claims", "A1", "--table", "wiod2013", "--table", "wiod2013")
    assert outcome.code == 2 and "two tables have this name" in outcome.err
    assert "--table" in outcome.err


def test_draws_of_claims_that_a_table_can_not_carry_are_counted_all_the_same() -> None:
    study = Claims(draws=5, table=("wiod2013",), changes={"benchmark.aggregation": "small"})
    assert study.amount() > 5 * 2 * 30


# -- pages


def test_pages_show_verdicts_checks_and_welfare_with_and_without_draws() -> None:
    claims = (claim(), claim("positive", id="X2"))
    central, drawn = run(*claims), run(*claims, draws=3)
    shown = markdown(central)
    assert "supported (central)" in shown and "| check 1 |" in shown
    assert "supported (central values only); every check holds everywhere." in shown
    assert "do not hold everywhere (under fontagne / boehm): (1) China loses: -0" in shown
    assert "Where to disagree:" in shown and "Terms of trade" in shown
    page = build("claims", [drawn])
    assert page.panels[0].figures[0, 1] == 100 and page.panels[0].figures[1, 1] == 0
    checks = build("claim-checks", [drawn]).panels[0]
    assert (checks.low[0, 2] <= checks.figures[0, 2] <= checks.high[0, 2]).all()
    assert checks.words[0, 0] == checks.words[0, 1] == "< 0"
    assert build("claims", [drawn], figure=True).chart == "glance"


def test_a_range_without_bound_is_drawn_to_the_edge_of_the_figure() -> None:
    found = claimed()
    rows = found.rows.copy()
    rows.loc[(rows["measure"] == "claim_size") & (rows["statistic"] == "p95"), "value"] = np.inf
    page = build("claim-checks", [ResultSet(rows, found.manifest)], figure=True)
    (panel,) = page.panels
    assert (panel.high == 1.1).all() and (panel.low < panel.figures).all()
    assert np.abs(panel.figures).max() == 1
    axis = draw(page).axes[0]
    assert axis.get_xlim()[1] > 1.1 and np.isfinite(axis.get_xlim()).all()


def test_a_check_that_compares_with_one_predicts_a_side_of_it() -> None:
    given = [{"says": "x", "sign": sign, "than": 1.0, "figure": [figure()]}
             for sign in ("positive", "negative")]  # fmt: skip
    words = build("claim-checks", [run(claim(checks=given))]).panels[0].words
    assert [words[k, 0] for k in (0, 1)] == ["> 1", "< 1"]
    assert words[0, 1] == words[1, 1] == "< 1"


def test_the_figure_of_claims_says_whether_it_shows_draws_or_checks() -> None:
    checks = [*content()["checks"], {**content()["checks"][0], "sign": "positive"}]
    claims = (claim(), claim("positive", id="X2"), claim(id="X3", checks=checks))
    pages = [build("claims", [run(*claims, **own)], figure=True) for own in ({}, {"draws": 3})]
    assert [page.panels[0].columns[0].unit for page in pages] == ["% of its checks", "% of draws"]
    shares = [page.panels[0].figures[:, 0].tolist() for page in pages]
    assert shares == [[100, 0, 50], [100, 0, 0]]
    assert "at central values: nothing is drawn" in " ".join(pages[0].notes)


def test_claims_of_a_group_are_chosen_by_the_letter_of_their_names() -> None:
    results = run(claim(), claim("positive", id="X2"), claim(id="Y1"))
    page = build("claims", [results], choice_of({"scenarios": ("X*",)}))
    assert [row[:2] for row in page.panels[0].rows] == ["X1", "X2"]
    with pytest.raises(InputError, match="not in these results"):
        build("claims", [results], choice_of({"scenarios": ("Z*",)}))


def test_a_figure_shows_on_which_side_checks_are_whatever_their_unit() -> None:
    against = claim("positive").checks[0].model_dump()
    given = [
        {**against, "says": "At least.", "than": -1e9},
        {**against, "sign": "negative"},
        against,
    ]
    page = build("claim-checks", [run(claim(checks=given))], figure=True)
    sizes = page.panels[0].figures
    assert (sizes[:2] > 0).all() and (sizes[2] < 0).all()
    assert np.abs(sizes).max(axis=1) == pytest.approx(1.0)
    assert np.allclose(sizes[1], -sizes[2])


def test_what_could_not_be_tested_stands_in_the_table_with_the_reason() -> None:
    results = run(claim())
    told = [*results.manifest["claims"],
            {**claim(id="X2").model_dump(exclude={"checks"}), "checks": [], "verdict": ELSEWHERE,
             "why": "unknown code 'TEX'"}]  # fmt: skip
    page = build("claims", [ResultSet(results.rows, {**results.manifest, "claims": told})])
    assert page.panels[0].words[1, 0] == ELSEWHERE
    assert any("X2" in line and "unknown code 'TEX'" in line for line in page.notes)
    assert (results.rows["measure"] == HOLDS).sum() == 2
