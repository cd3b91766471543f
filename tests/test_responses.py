"""Retaliation and countervailing duties: rules with stated parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import cells, solved
from tools import small_model

from cge import InputError
from cge.indicators.value_chains import origin_content
from cge.indicators.world_io import WorldIO
from cge.scenario.responses import SMOOTHING, RulesOfOrigin, smooth_positive_part

RAISED = {"instrument": "tariff", "exporter": "all but EU", "importer": "USA", "sector": "goods"}
SUBSIDY = {"instrument": "output_subsidy", "region": "CHN", "sector": "ELEC", "add": 0.1}


def points(case: Any, where: str = "r != s") -> Any:
    """Return what was added to tariff rates, by use, exporter, sector, importer."""
    tariff = cells(case.solution, "tariff", where)
    return tariff["value"] - tariff["benchmark"]


# -- the kink --------------------------------------------------------------------------------


@given(st.floats(-10, 10))
def test_the_smooth_maximum_is_zero_up_to_zero_and_close_to_the_identity_above(x: float) -> None:
    value = float(smooth_positive_part(np.array(x)))
    if x <= 0:
        assert value == 0.0
    else:
        assert max(0.0, x - SMOOTHING) <= value <= x


def test_the_smooth_maximum_has_a_continuous_rising_derivative() -> None:
    x = np.linspace(-0.01, 0.05, 6001)
    slope = np.gradient(smooth_positive_part(x), x)
    assert np.abs(np.diff(slope)).max() < 2 * (x[1] - x[0]) / SMOOTHING
    assert (np.diff(slope) > -1e-9).all()
    assert slope[0] == 0 and slope[-1] == pytest.approx(1, abs=1e-3)
    one = smooth_positive_part(np.array([1e-4, 2e-4]))
    assert one[1] / one[0] == pytest.approx(4, rel=0.05)  # quadratic at the kink


# -- retaliation -----------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_retaliation_mirrors_the_increase_cell_by_cell(share: float) -> None:
    steel = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "HMAN",
             "use": "int", "scale": 3.0}  # fmt: skip
    cut = {"instrument": "tariff", "exporter": "ROW", "importer": "USA", "sector": "VEH", "set": 0}
    case = solved(
        {**RAISED, "add": 0.1}, steel, cut,
        responses=[{"kind": "retaliation", "to": "USA", "share": share}],
    )  # fmt: skip
    added = points(case)
    for (use, exporter, sector, importer), value in added.items():
        if exporter == "USA":
            mirrored = added.get((use, importer, sector, exporter), 0.0)
            assert value == pytest.approx(share * max(mirrored, 0.0), abs=1e-14)
        elif importer != "USA":
            assert value == 0.0
    assert (added.xs("USA", level="r") > 0).sum() >= 3 * 13
    assert added["int", "CHN", "HMAN", "USA"] != added["con", "CHN", "HMAN", "USA"]
    assert added["int", "ROW", "VEH", "USA"] < 0 == added["int", "USA", "VEH", "ROW"]


def test_only_those_named_retaliate_and_only_against_those_named() -> None:
    war = {"instrument": "tariff", "exporter": ["CHN", "EU"], "importer": "USA", "add": 0.1}
    europe = {"instrument": "tariff", "exporter": "CHN", "importer": "EU", "add": 0.1}
    case = solved(war, europe, responses=[{"kind": "retaliation", "by": "CHN", "to": "USA"}])
    added = points(case)
    pairs = {(r, s) for (_, r, _, s), value in added.items() if value}
    assert pairs == {("CHN", "USA"), ("EU", "USA"), ("CHN", "EU"), ("USA", "CHN")}


def test_responses_answer_the_policy_and_not_each_other() -> None:
    both = [{"kind": "retaliation", "by": "CHN", "to": "USA"},
            {"kind": "retaliation", "by": "USA", "to": "CHN"}]  # fmt: skip
    raised = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "add": 0.2}
    added = points(solved(raised, responses=both))
    assert added["int", "USA", "ELEC", "CHN"] == pytest.approx(0.2)
    assert added["int", "CHN", "ELEC", "USA"] == pytest.approx(0.2)  # not 0.4


@pytest.mark.parametrize("sector", ["goods", ["PRIM", "HMAN"], "VEH"])
def test_retaliation_on_named_sectors_has_the_mean_of_what_was_raised(sector: Any) -> None:
    """Whatever sectors were raised, those that are named answer, and by country."""
    raised = [
        {**RAISED, "exporter": "CHN", "sector": "ELEC", "add": 0.25},
        {**RAISED, "exporter": "CHN", "sector": "VEH", "use": "con", "add": 0.1},
        {**RAISED, "exporter": "EU", "sector": "LMAN", "add": 0.05},
    ]
    response = {"kind": "retaliation", "to": "USA", "by": ["CHN", "EU"], "share": 0.5}
    case = solved(*raised, responses=[{**response, "sector": sector}])
    added = points(case)
    fob = cells(solved().solution, "fob_value", "r == 'CHN' and s == 'USA'")["benchmark"]
    electronics, cars = fob.xs("ELEC", level="i").sum(), fob.xs("VEH", level="i")["con"].sum()
    mean = (0.25 * electronics + 0.1 * cars) / (electronics + cars)
    assert 0.1 < mean < 0.25
    named = small_model().benchmark.codes("sectors", sector)
    for (_, exporter, code, importer), value in added.items():
        if exporter == "USA":
            wanted = {"CHN": mean, "EU": 0.05}.get(importer, 0.0) * (code in named)
            assert value == pytest.approx(0.5 * wanted, abs=1e-14)
    assert case.moved == ("policy.0", "policy.1", "policy.2", "responses.0")


def test_rates_of_responses_are_told_with_their_number() -> None:
    steel = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "HMAN"}
    case = solved({**steel, "use": "int", "add": 0.05}, {**steel, "use": "con", "add": 0.25},
                  responses=[{"kind": "retaliation", "to": "USA", "label": "answer"}])  # fmt: skip
    (reply,) = case.replies
    assert reply.text == "answer: 5 to 25 points on 2 tariffs"


def test_retaliation_answers_a_tariff_that_a_budget_finds() -> None:
    raised = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods"}
    case = solved({**raised, "budget": 0.001}, responses=[{"kind": "retaliation", "to": "USA"}])
    added = points(case)
    for (use, exporter, sector, importer), value in added.items():
        if exporter == "USA":
            mirrored = added.get((use, importer, sector, exporter), 0.0)
            assert value == pytest.approx(max(mirrored, 0.0), abs=1e-9)
    assert added["int", "USA", "ELEC", "CHN"] > 0.01


def test_a_quota_is_no_tariff_increase_to_retaliate_against() -> None:
    quota = {"instrument": "quota", "exporter": "CHN", "importer": "USA", "sector": "ELEC"}
    case = solved({**quota, "to": 0.5}, responses=[{"kind": "retaliation", "to": "USA"}])
    assert (points(case).xs("USA", level="r") == 0).all()


def test_a_response_to_a_rate_that_is_itself_found_there_is_refused() -> None:
    budget = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "budget": 0.001}
    raised = {"instrument": "tariff", "exporter": "USA", "importer": "CHN", "add": 0.1}
    with pytest.raises(InputError, match=r"responses\.0.*solved for"):
        solved(budget, raised, responses=[{"kind": "retaliation", "by": "USA", "to": "CHN"}])


# -- countervailing duties -------------------------------------------------------------------


def duty(given: dict[str, float], chi: float) -> dict[str, float]:
    """Return duties by sector from subsidies by sector, by hand."""
    b = small_model().benchmark
    goods = b.groups["sectors"]["goods"]
    output = solved().solution.frame("output_value").query("s == 'CHN'").set_index("j")["benchmark"]
    mean = sum(given.get(j, 0.0) * output[j] for j in goods) / output[list(goods)].sum()
    excess = {j: given.get(j, 0.0) - mean for j in goods}
    mu = 1e-3
    return {j: chi * ((x**2 + mu**2) ** 0.5 - mu if x > 0 else 0.0) for j, x in excess.items()}


@pytest.mark.parametrize("chi", [0.0, 0.5, 1.0])
def test_a_duty_offsets_what_a_subsidy_gives_beyond_the_average(chi: float) -> None:
    response = {"kind": "countervailing", "against": "CHN", "by": "all but EU", "chi": chi}
    added = points(solved(SUBSIDY, responses=[response]))
    wanted = duty({"ELEC": 0.1}, chi)
    for (_, exporter, sector, importer), value in added.items():
        hit = exporter == "CHN" and importer != "EU"
        assert value == pytest.approx(wanted.get(sector, 0.0) if hit else 0.0, abs=1e-12)
    assert wanted["VEH"] == 0
    assert wanted["ELEC"] == pytest.approx(chi * 0.08, abs=0.015)


def test_a_subsidy_that_all_goods_get_is_not_specific() -> None:
    response = {"kind": "countervailing", "against": "CHN", "chi": 1.0}
    added = points(solved({**SUBSIDY, "sector": "goods"}, responses=[response]))
    assert added.abs().max() < 1e-12


def test_a_duty_on_a_capital_subsidy_of_a_fixed_outlay_agrees_with_its_equilibrium() -> None:
    subsidy = {"instrument": "capital_subsidy", "region": "CHN", "sector": "ELEC"}
    response = {"kind": "countervailing", "against": "CHN", "chi": 1.0}
    case = solved({**subsidy, "budget": 0.004}, responses=[response])
    solution = case.solution
    rate = 1 - solution.outcome("factor_tax[CHN, ELEC, CAP]")
    outlay = rate * solution.outcome("factor_payment[CHN, ELEC, CAP]")
    assert outlay / solution.outcome("gdp[CHN]") == pytest.approx(0.004, rel=1e-9)
    wanted = duty({"ELEC": outlay / solution.outcome("output_value[CHN, ELEC]")}, 1.0)["ELEC"]
    added = points(case, "r == 'CHN' and s == 'USA' and i == 'ELEC'")
    np.testing.assert_allclose(added, wanted, atol=1e-9)
    assert wanted > 0.005
    # The duty of the benchmark's shares alone would be another one.
    alone = solved({**subsidy, "budget": 0.004}).solution
    paid = 0.004 * alone.outcome("gdp[CHN]") / alone.outcome("output_value[CHN, ELEC]")
    assert abs(duty({"ELEC": paid}, 1.0)["ELEC"] - wanted) > 1e-6


def test_a_duty_costs_the_subsidised_region() -> None:
    response = {"kind": "countervailing", "against": "CHN"}
    welfare = [
        solved(SUBSIDY, responses=[{**response, "chi": chi}]).solution.outcome("welfare[CHN]")
        for chi in (0.0, 0.5, 1.0)
    ]
    assert welfare[0] > welfare[1] > welfare[2]


def test_without_responses_and_with_none_that_answers_the_solution_is_the_same() -> None:
    response = {"kind": "retaliation", "to": "EU"}
    one, other = solved(SUBSIDY), solved(SUBSIDY, responses=[response])
    assert (one.solution.levels == other.solution.levels).all()


@pytest.mark.parametrize(
    ("response", "says"),
    [
        ({"kind": "retaliation", "to": "XYZ"}, r"responses\.0\.to.*'XYZ'.*CHN"),
        ({"kind": "retaliation", "to": "USA", "by": "XYZ"}, r"responses\.0\.by"),
        ({"kind": "retaliation", "to": "USA", "sector": "X"}, r"responses\.0\.sector"),
        ({"kind": "countervailing", "against": "X", "chi": 1}, r"responses\.0\.against"),
        ({"kind": "countervailing", "against": "CHN", "chi": 1, "sector": "X"},
         r"responses\.0\.sector.*'X'"),
    ],
)  # fmt: skip
def test_unknown_codes_of_a_response_are_told(response: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        solved(SUBSIDY, responses=[response])


# -- rules of origin -------------------------------------------------------------------------

ON_CHINA = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
            "add": 0.5}  # fmt: skip
RULES = {"kind": "origin", "by": "USA", "of": "CHN", "exporter": "ASIA"}


def content(case: Any, home: bool = False) -> pd.DataFrame:
    """Chinese goods (rows) in a unit of output of the sectors of ASIA (columns), by hand."""
    of, b = case.solution.array, case.solution.model.benchmark
    asia, china = b.regions.index("ASIA"), b.regions.index("CHN")
    use = b.use_classes.index("int")
    bought = of("route_spending")[use, :, :, asia].sum(axis=0)  # (i,)
    unit = of("basic_value")[use, :, :, asia] / bought  # (r, i)
    inputs = of("input_value")[asia] / of("output_value")[asia]  # (i, j)
    direct, round_ = unit[china][:, None] * inputs, unit[asia][:, None] * inputs
    found = direct
    if home:  # what suppliers in ASIA bought for it, stage by stage
        stage = direct
        for _ in range(200):
            stage = stage @ round_
            found = found + stage
    return pd.DataFrame(found, b.sectors, b.sectors)


@pytest.mark.parametrize("home", [False, True])
def test_rules_of_origin_tax_the_content_as_it_would_be_taxed_had_it_come_directly(
    home: bool,
) -> None:
    more = {"content": "home"} if home else {}
    case = solved(ON_CHINA, responses=[{**RULES, **more}])
    b, added = case.solution.model.benchmark, points(case)
    goods = list(b.groups["sectors"]["goods"])
    expected = 0.5 * content(case, home).loc[goods].sum()
    for (use, exporter, sector, importer), value in added.items():
        if (exporter, importer) == ("ASIA", "USA") and sector in goods:
            assert value == pytest.approx(expected[sector], rel=1e-8), (use, sector)
        elif exporter != "CHN":
            assert value == 0.0
    assert added["int", "ASIA", "ELEC", "USA"] > 0.01
    direct = 0.5 * content(case).loc[goods].sum()
    assert (expected > 1.2 * direct)[goods].all() if home else (expected == direct).all()


def test_content_is_that_of_the_equilibrium_and_falls_where_sourcing_turns_away() -> None:
    costly = {"instrument": "trade_cost", "exporter": "CHN", "importer": "ASIA", "add": 0.2}
    rates = [points(solved(ON_CHINA, *more, responses=[RULES])) for more in ((), (costly,))]
    before, after = (one["int", "ASIA", "ELEC", "USA"] for one in rates)
    assert 0 < after < 0.8 * before


def test_only_rises_of_tariffs_count_by_the_sector_of_the_content() -> None:
    one = {**ON_CHINA, "sector": "ELEC"}
    case = solved(one, responses=[{**RULES, "share": 0.5, "sector": "VEH"}])
    added = points(case)
    expected = 0.5 * 0.5 * content(case).loc["ELEC", "VEH"]
    assert added["con", "ASIA", "VEH", "USA"] == pytest.approx(expected, rel=1e-8)
    assert added["con", "ASIA", "ELEC", "USA"] == 0.0
    cut = solved({**ON_CHINA, "add": -0.01}, responses=[RULES])
    assert len(cut.replies[0].points) == 0


def test_content_of_several_origins_takes_one_factorisation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, table = small_model(), WorldIO.from_benchmark(small_model().benchmark)
    solved_for: list[int] = []
    solve = np.linalg.solve

    def counted(a: Any, b: Any) -> Any:
        solved_for.append(b.shape[1])
        return solve(a, b)

    monkeypatch.setattr(np.linalg, "solve", counted)
    origins, sectors = ["CHN", "EU", "ROW"], len(model.benchmark.sectors)
    together = origin_content(table, origins, "ASIA", look_through=True)
    assert solved_for == [3 * sectors]
    for origin, content in zip(origins, together, strict=True):
        alone = origin_content(table, [origin], "ASIA", look_through=True)
        np.testing.assert_allclose(content, alone[0], rtol=1e-12)
    levels = model.levels({"tariff[*, CHN|EU|ROW, *, USA]": 1.5})
    solved_for.clear()
    rules = RulesOfOrigin(kind="origin", of=origins, exporter="ASIA", content="home")
    assert rules.points(model, levels, model.outcome_start).max() > 0
    assert solved_for == [3 * sectors], "one exporter"


def test_rules_of_origin_spare_the_origin_and_the_importer_itself() -> None:
    case = solved(ON_CHINA, responses=[{"kind": "origin", "of": "CHN"}])
    added = points(case, "r != s")
    raised = {(r, s) for (_, r, _, s), value in added.items() if value > 0}
    assert raised == {("CHN", "USA"), ("EU", "USA"), ("ASIA", "USA"), ("ROW", "USA")}
    text = case.replies[0].text
    assert text.startswith("rules of origin: tariffs by all on content of CHN in goods of all")
