"""The model held against history: what it is given, how forecasts are scored, what is told."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from cge import load_benchmark
from cge.backtest.given import Given, exports_of, forecast, gdp_of
from cge.backtest.judged import SHARES, Share, Window, World, judged, world_of
from cge.backtest.scores import Compared, beyond, compared, counted, explained, line
from cge.core.axes import Array
from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import clean_shipped
from cge.data.past_years import PastYear, past_year, rates_of, real_growth, table_with
from cge.report.drafts.choice import Choice
from cge.report.kinds import build
from cge.results.resultset import ResultSet
from cge.scenario.backtest_choice import BacktestChoice
from cge.scenario.schema import load_scenario
from cge.solve.model import Model
from cge.studies.backtest import Backtest, scaled
from cge.studies.study import run_study
from cge.tasks.runner import Runner

#: Kinds of pages of a backtest.
BACKTESTS = ("backtest", "backtest-scores", "backtest-elasticities", "backtest-cells")


@lru_cache(maxsize=4)
def accounts(year: int = 1995, elasticities: str = "fontagne", tariffs: str = "1993") -> Benchmark:
    return load_benchmark("wiod2013", year, "small", tariffs, elasticities)


@lru_cache(maxsize=4)
def window(elasticities: str = "fontagne") -> Window:
    b = accounts(elasticities=elasticities)
    return Window(b, past_year(2011, b), real_growth(1995, 2011, b))


def given(w: Window, *names: str) -> Given:
    last = w.last
    sold = exports_of(last.flows)
    facts: dict[str, Array] = {
        "tariffs": rates_of("2005", w.benchmark), "size": last.gdp / last.gdp.sum(),
        "balances": last.balance / last.gdp.sum(),
        "exports": np.where(w.goods, sold / sold.sum(axis=0), np.nan),
    }  # fmt: skip
    return Given(**{name: facts[name] for name in names})


# -- history of the model's own


@lru_cache(maxsize=1)
def own_history() -> Window:
    """A last year that the model made: tariffs, endowments, balances and productivity change."""
    b = accounts()
    model = Model.shared(b)
    levels = model.arrays.start.copy()
    draw = np.random.default_rng(3)
    for name, low, high in (("factor_supply", 0.8, 2.0), ("productivity", 0.9, 1.2)):
        here = model.variables[name]
        grown = draw.uniform(low, high, 5 if name == "factor_supply" else len(here))
        levels[here.positions] = grown if name == "productivity" else grown[here.at("s")[0]]
    fixed = model.variables["productivity"]
    goods = Window(b, past_year(1995, b), None).goods
    sold = exports_of(b.flows.sum(axis=0))
    s, i = fixed.at("sj")
    largest = sold.argmax(axis=0)[i] == s
    levels[fixed.columns[largest | ~goods[i]]] = 1.0
    tariff = model.variables["tariff"]
    levels[tariff.positions] = 1 + rates_of("2005", b)[tariff.at(tariff.axes)]
    balance = model.variables["balance"]
    money = np.array([0.02, -0.01, 0.0, -0.03, 0.0]) * b.absorption
    money -= money.mean()
    levels[balance.positions] = money / b.absorption
    solved = model.solve(levels)
    last = PastYear("wiod2013", 2011, solved.array("trade_value"), solved.values("gdp"))
    return Window(b, last, None)


def test_a_history_that_the_model_made_is_forecast_exactly() -> None:
    w = own_history()
    told = given(w, "tariffs", "size", "balances", "exports")
    found = world_of(forecast(Model.shared(w.benchmark), told))
    for name in judged(told, w.last, None):
        before, after, by_model = (SHARES[name](one, w.goods) for one in (w.before, w.after, found))
        for change in ("log", "points"):
            own = compared(before, after, by_model, change, "value", 1e-4)
            assert own.scores["explained"] == pytest.approx(100.0, abs=1e-6), name
            assert own.scores["correlation"] == pytest.approx(1.0, abs=1e-8), name
            assert own.scores["slope"] == pytest.approx(1.0, abs=1e-6), name


def test_the_elasticities_that_made_a_history_explain_it_best() -> None:
    w = own_history()
    told = given(w, "tariffs", "size", "balances", "exports")
    score = {}
    for multiplier in (0.7, 1.0, 1.5):
        found = world_of(forecast(Model.shared(scaled(w.benchmark, multiplier)), told))
        three = (SHARES["trade_share"](one, w.goods) for one in (w.before, w.after, found))
        score[multiplier] = compared(*three, "log", "value", 1e-4).scores["explained"]
    assert max(score, key=lambda one: score[one]) == 1.0 and min(score.values()) < 99.9


def test_what_is_given_holds_in_the_forecast() -> None:
    w = window()
    told = given(w, "tariffs", "size", "balances", "exports")
    found = forecast(Model.shared(w.benchmark), told)
    gdp, flows = found.values("gdp"), found.array("trade_value")
    np.testing.assert_allclose(gdp / gdp.sum(), w.last.gdp / w.last.gdp.sum(), rtol=1e-8)
    np.testing.assert_allclose(
        -found.values("trade_balance") / gdp.sum(), w.last.balance / w.last.gdp.sum(), atol=1e-9
    )
    own, true = (exports_of(one)[:, w.goods] for one in (flows, w.last.flows))
    np.testing.assert_allclose(own / own.sum(axis=0), true / true.sum(axis=0), rtol=1e-6)


def test_real_growth_is_held_and_its_price_found() -> None:
    w = window()
    assert w.growth is not None
    told = Given(growth=w.growth)
    found = forecast(Model.shared(w.benchmark), told)
    then = gdp_of(w.benchmark)
    np.testing.assert_allclose(found.values("gdp_volume") / then, w.growth, rtol=1e-8)
    assert "world_gdp_share" in judged(told, w.last, w.growth)
    assert "world_real_share" not in judged(told, w.last, w.growth)
    shares = found.values("gdp") / found.values("gdp").sum()
    real = w.growth * then / (w.growth @ then)
    # What a region sells more of becomes cheaper.
    assert shares[0] < real[0] and shares[0] > then[0] / then.sum()


def test_nothing_given_is_a_forecast_of_no_change() -> None:
    w = window()
    found = world_of(forecast(Model.shared(w.benchmark), Given()))
    np.testing.assert_allclose(found.flows, w.before.flows, rtol=1e-9)
    three = (SHARES["goods_share"](one, w.goods) for one in (w.before, w.after, found))
    scores = compared(*three, "log", "value", 1e-4).scores
    assert scores["explained"] == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(scores["slope"]) and Given().nothing


def test_where_sizes_and_balances_are_given_elasticities_hardly_matter_to_who_buys_from_whom() -> (
    None
):
    found = []
    for name in ("fontagne", "boehm"):
        w = window(name)
        by = world_of(forecast(Model.shared(w.benchmark), given(w, "size", "balances")))
        before, after = (SHARES["goods_share"](one, w.goods) for one in (w.before, by))
        found.append(np.log(after.share / before.share)[before.counts])
    assert np.corrcoef(*found)[0, 1] > 0.97


def test_multipliers_act_on_sigma_less_one() -> None:
    b = accounts(elasticities="boehm")
    assert scaled(b, 1.0) is b
    assert scaled(b, 2.0).elasticities["long"].armington == pytest.approx(3.0)
    assert scaled(b, 0.5).elasticities["short"] is b.elasticities["short"]


# -- scores


def _by_hand() -> Compared:
    return Compared(np.array([1.0, -1.0, 2.0, 0.5]), np.array([0.5, 0.5, 1.5, 1.0]),
                    np.array([1.0, 2.0, 1.0, 4.0]), np.array([0, 1, 2, 2]))  # fmt: skip


def test_scores_are_those_computed_by_hand() -> None:
    own = _by_hand()
    left = 1 * 0.5**2 + 2 * 1.5**2 + 1 * 0.5**2 + 4 * 0.5**2
    assert own.scores["explained"] == pytest.approx(100 * (1 - left / (1 + 2 + 4 + 4 * 0.25)))
    mean_a, mean_p = (1 - 2 + 2 + 2) / 8, (0.5 + 1 + 1.5 + 4) / 8
    a, p = own.actual - mean_a, own.predicted - mean_p
    assert own.scores["slope"] == pytest.approx((own.weights @ (a * p)) / (own.weights @ p**2))
    by_numpy = np.cov(own.actual, own.predicted, aweights=own.weights, ddof=0)
    assert own.scores["correlation"] == pytest.approx(
        by_numpy[0, 1] / np.sqrt(by_numpy[0, 0] * by_numpy[1, 1])
    )
    assert own.scores["spread"] == pytest.approx(np.sqrt(by_numpy[1, 1] / by_numpy[0, 0]))
    assert own.scores["direction"] == pytest.approx(100 * (1 + 1 + 4) / 8)
    assert own.scores["compared"] == 4


def test_the_error_of_a_slope_is_clustered() -> None:
    own = _by_hand()
    slope, error = line(own)
    x, w = own.predicted, own.weights
    design = np.column_stack([np.ones(4), x])
    inverse = np.linalg.inv(design.T @ (w[:, None] * design))
    left = own.actual - design @ (inverse @ design.T @ (w * own.actual))
    meat = np.zeros((2, 2))
    for cluster in range(3):
        here = own.cluster == cluster
        moment = design[here].T @ (w * left)[here]
        meat += np.outer(moment, moment)
    sandwich = inverse @ meat @ inverse
    assert error == pytest.approx(np.sqrt(1.5 * 3 / 2 * sandwich[1, 1]))
    assert slope == pytest.approx((inverse @ design.T @ (w * own.actual))[1])


def test_weights_are_values_of_the_first_year_or_all_alike() -> None:
    before, after, by_model = (
        Share("rs", np.array([[0.5, 0.2], [0.5, 0.8]]) * k, np.array([[10.0, 30.0]] * 2),
              np.ones((2, 2), dtype=bool)) for k in (1.0, 1.1, 1.2)
    )  # fmt: skip
    logs = compared(before, after, by_model, "log", "value", 1e-4)
    np.testing.assert_allclose(logs.weights, np.array([5, 6, 5, 24]) / 40)
    assert logs.actual == pytest.approx(np.log(1.1)) and logs.predicted == pytest.approx(
        np.log(1.2)
    )
    points = compared(before, after, by_model, "points", "value", 1e-4)
    np.testing.assert_allclose(points.weights, np.array([10, 30, 10, 30]) / 80)
    np.testing.assert_allclose(points.actual, [5.0, 2.0, 5.0, 8.0])
    assert (compared(before, after, by_model, "points", "equal", 1e-4).weights == 1).all()
    np.testing.assert_array_equal(logs.cluster, [0, 1, 0, 1])  # importers


def test_tiny_cells_have_no_log_change_but_count_in_points() -> None:
    share = np.array([0.5, 5e-5, 0.2, 0.2])
    last = np.array([0.4, 0.4, 0.0, 0.2])
    before, after = (Share("s", one, np.ones(4), np.ones(4, dtype=bool)) for one in (share, last))
    assert counted(before, after, before, "log", 1e-4).tolist() == [True, False, False, True]
    assert counted(before, after, before, "points", 1e-4).all()
    assert counted(before, after, before, "log", 1e-5).sum() == 3


def test_what_tariffs_add_is_scored_against_what_is_left_without_them() -> None:
    base, effect = np.random.default_rng(1).normal(size=(2, 50))
    weights, cluster = np.ones(50), np.arange(50) % 7
    true = Compared(base + 2 * effect, base + effect, weights, cluster)
    without = Compared(base + 2 * effect, base, weights, cluster)
    found = beyond(true, without)
    assert found["slope"] == pytest.approx(2.0) and found["slope_error"] == pytest.approx(
        0, abs=1e-9
    )
    gain = explained(true.actual, true.predicted, weights) - explained(true.actual, base, weights)
    assert found["explained"] == pytest.approx(100 * gain) and gain > 0


def test_gravity_lets_trade_grow_with_the_sizes_of_both() -> None:
    w = window()
    found = w.by_gravity(given(w, "size"))
    assert found is not None
    grown = (w.last.gdp / w.last.gdp.sum()) / (w.before.gdp / w.before.gdp.sum())
    before, after = (SHARES["trade_share"](one, w.goods) for one in (w.before, found))
    by_hand = before.share * grown[:, None, None]
    np.testing.assert_allclose(after.share, by_hand / by_hand.sum(axis=0), rtol=1e-12)
    assert w.by_gravity(given(w, "tariffs", "balances")) is None
    with_exports = w.by_gravity(given(w, "size", "exports"))
    assert with_exports is not None
    own, then, last = (
        exports_of(one.flows)[:, w.goods] for one in (with_exports, w.before, w.after)
    )
    assert np.corrcoef(np.log(own / then).ravel(), np.log(last / then).ravel())[0, 1] > 0.8


def test_shares_are_of_what_they_say() -> None:
    flows = np.zeros((2, 2, 2))
    flows[:, 0] = [[6.0, 1.0], [2.0, 9.0]]  # goods: rows sell, columns buy
    flows[:, 1] = [[4.0, 0.0], [0.0, 8.0]]
    world, goods = World(flows, np.array([1.0, 3.0]), np.array([2.0, 2.0])), np.array([True, False])
    assert SHARES["trade_share"](world, goods).share[:, 0].tolist() == [[0.75, 0.1], [0.25, 0.9]]
    assert SHARES["import_reliance"](world, goods).share[:, 0] == pytest.approx([0.25, 0.1])
    assert SHARES["goods_reliance"](world, goods).share == pytest.approx([0.25, 0.1])
    pair = SHARES["pair_share"](world, goods)
    assert pair.share[pair.counts] == pytest.approx([1 / 3, 2 / 3])
    assert SHARES["sector_share"](world, goods).share[0] == pytest.approx([7 / 11, 4 / 11])
    assert SHARES["world_gdp_share"](world, goods).share.tolist() == [0.25, 0.75]
    assert SHARES["world_real_share"](world, goods).share.tolist() == [0.5, 0.5]


# -- years that have passed


def test_a_year_of_the_table_is_its_benchmark() -> None:
    b = accounts()
    same = past_year(1995, b)
    np.testing.assert_allclose(same.flows, b.flows.sum(axis=0), rtol=1e-12)
    # Tariffs on final use come on top of what the table has of GDP; balances are at the border.
    assert 0 < np.abs(same.gdp / gdp_of(b) - 1).max() < 0.03
    np.testing.assert_allclose(same.balance, b.balance, atol=1e-6 * b.absorption.max())


def test_regions_that_only_a_later_table_has_are_in_the_rest_of_the_world() -> None:
    b = load_benchmark("wiod2013", 2011, "small")
    last, whole = past_year(2022, b), clean_shipped("world2022")
    assert last.estimated and last.table == "world2022"
    assert last.flows.sum() == pytest.approx(whole.intermediate.sum() + whole.final.sum())
    china = whole.raw.regions.index("CHN")
    assert last.gdp[0] == pytest.approx(
        whole.value_added[china].sum() + whole.product_tax[china].sum()
    )
    told = judged(Given(), last, None)
    assert not {"world_gdp_share", "world_real_share"} & {*told}
    assert "trade_share" not in told and "import_reliance" not in told and "goods_share" in told


def test_growth_of_a_group_is_that_of_its_countries_by_their_size() -> None:
    b = accounts()
    growth = real_growth(1995, 2011, b)
    assert growth is not None and growth[0] == pytest.approx(4.50873)
    assert growth[1] == pytest.approx(1.49014)
    assert 1.15 < growth[2] < 2.1  # of the Union between Italy's and Ireland's
    assert real_growth(2011, 2022, b) is None


def test_tariffs_of_other_years_fit_the_benchmark() -> None:
    b = accounts()
    later = rates_of("2005", b)
    china = (b.flows * later)[..., 0].sum() / b.flows[:, 1:, :, 0].sum()
    before = (b.flows * b.tariff)[..., 0].sum() / b.flows[:, 1:, :, 0].sum()
    assert before > 0.25 and china < 0.08
    np.testing.assert_allclose(rates_of("1993", b), b.tariff, atol=1e-12)
    newest = load_benchmark("wiod2013", 2011, "small")
    raised = rates_of("world2022", newest)
    usa_china = (newest.flows * (raised - newest.tariff))[:, 0, :, 1].sum()
    assert usa_china / newest.flows[:, 0, :, 1].sum() == pytest.approx(0.075, abs=0.01)


def test_a_year_that_no_table_has_is_refused() -> None:
    assert (
        table_with(2011, "wiod2013") == "wiod2013" and table_with(2022, "wiod2013") == "world2022"
    )
    with pytest.raises(InputError, match="no table of this year"):
        table_with(2030, "wiod2013")
    with pytest.raises(InputError, match="no table that ships"):
        table_with(2000, "mine")


def test_rates_of_a_year_are_refused_for_a_table_they_are_not_for() -> None:
    with pytest.raises(InputError) as told:
        load_benchmark("wiod2014", aggregation="small", tariffs="1993")
    assert told.value.key == "tariffs" and "applied" in str(told.value)


# -- the study


SCENARIO: dict[str, Any] = {
    "name": "trial", "elasticities": ["fontagne"],
    "benchmark": {"table": "wiod2013", "aggregation": "small"},
    "backtest": {
        "windows": [{"from": 1995, "to": 2011, "rates": "1993", "later_rates": "2005"},
                    {"from": 2007, "to": 2011}],
        "given": [["tariffs"], ["size", "balances"], ["tariffs", "size", "balances"],
                  ["growth", "balances"], ["tariffs", "growth", "balances"]],
        "multipliers": [0.5, 1, 2],
    },
}  # fmt: skip


def study(content: dict[str, Any], folder: Path, workers: int = 1) -> ResultSet:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    return run_study(Backtest(file), Runner(workers=workers, cache=folder / "cache"))


@lru_cache(maxsize=1)
def backtested() -> ResultSet:
    """A backtest of two windows in the small world."""
    from cge.scenario.schema import Scenario

    return run_study(Backtest(Scenario.model_validate(SCENARIO)), Runner(workers=1, cache=None))


def test_a_study_judges_what_was_not_given_and_leaves_unknown_tariffs_out() -> None:
    results = backtested()
    cases = {case["variant"]: case for case in results.manifest["cases"]}
    assert list(cases) == [
        "1995-2011-tariffs", "1995-2011-size-balances", "1995-2011-tariffs-size-balances",
        "1995-2011-growth-balances", "1995-2011-tariffs-growth-balances",
        "2007-2011-size-balances", "2007-2011-growth-balances",
    ]  # fmt: skip
    assert "world_gdp_share" not in cases["2007-2011-size-balances"]["judged"]
    assert "world_real_share" not in cases["2007-2011-growth-balances"]["judged"]
    rows = results.to_frame()
    one = rows[(rows["variant"] == "1995-2011-tariffs-size-balances") & (rows["point"] == 1)]
    score = one[(one["item"] == "goods_share") & (one["statistic"] == "log")]
    by_value = score[score["weighting"] == "value"].set_index("measure")
    w = window()
    found = world_of(forecast(Model.shared(w.benchmark), given(w, "tariffs", "size", "balances")))
    three = (SHARES["goods_share"](world, w.goods) for world in (w.before, w.after, found))
    assert by_value.loc["explained", "value"] == pytest.approx(
        compared(*three, "log", "value", 1e-4).scores["explained"], abs=1e-6
    )
    shares = one[(one["measure"] == "goods_share")].set_index(["statistic", "region", "partner"])
    usa = SHARES["goods_share"](w.after, w.goods).share[0, 1]
    assert shares.loc[("actual", "CHN", "USA"), "value"] == pytest.approx(100 * usa)
    # Tariffs explain more on top of sizes, and elasticities of the set are about right.
    assert by_value.loc["tariff_gain", "value"] > 10
    assert by_value.loc["tariff_slope", "value"] == pytest.approx(0.78, abs=0.05)


def test_results_do_not_hang_on_workers_and_are_kept(here: Path) -> None:
    shorter = {"windows": [{"from": 2007, "to": 2011}], "multipliers": [1]}
    less = {**SCENARIO, "backtest": {**SCENARIO["backtest"], **shorter}}
    once = study(less, here, workers=2)
    again = study(less, here)
    assert again.manifest["steps_kept_from_earlier"] == again.manifest["steps"] == 2
    assert once.rows.equals(again.rows)


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"windows": [{"from": 2011, "to": 1995}]}, "backtest.windows.0", "not after"),
        ({"windows": [{"from": 1990, "to": 1995}]}, "backtest.windows.0.from", "1995"),
        ({"windows": [{"from": 1995, "to": 2013}]}, "backtest.windows.0.to", "no table"),
        ({"windows": [{"from": 1995, "to": n} for n in (2011, 2011)]}, "backtest.windows",
         "stands twice"),
        ({"windows": [{"from": 1995, "to": 2011, "rates": "1066"}]}, "backtest.windows.0.rates",
         "1993"),
        ({"windows": [{"from": 1995, "to": 2011, "later_rates": "1066"}]},
         "backtest.windows.0.later_rates", "2005"),
        ({"given": [["size", "growth"]]}, "backtest.given.0", "told twice"),
        ({"given": [["weather"]]}, "backtest.given.0.0", "tariffs"),
        ({"given": [["size"], ["size"]]}, "backtest.given", "twice"),
        ({"given": [["tariffs"]], "windows": [{"from": 2000, "to": 2007}]}, "backtest.given",
         "nothing of it is known"),
        ({"multipliers": [0]}, "backtest.multipliers.0", "greater than 0"),
        ({"multipliers": [2, 1]}, "backtest.multipliers", "rise"),
        ({"smallest": 1}, "backtest.smallest", "less than 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_backtest_is_told_with_its_place(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        study({**SCENARIO, "backtest": {**SCENARIO["backtest"], **changes}}, here)
    assert told.value.key == key and says in str(told.value)
    assert "study.yaml" in str(told.value)


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"policy": [{"instrument": "tariff", "add": 0.1}]}, "policy", "does not enter"),
        ({"benchmark": {"table": "wiod2013", "year": 2011}}, "benchmark.year", "windows"),
        ({"benchmark": {"table": "mine"}}, "benchmark.table", "wiod2013"),
    ],
)
def test_what_does_not_belong_to_a_backtest_is_refused(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        study({**SCENARIO, **changes}, here)
    assert told.value.key == key and says in str(told.value)


def test_a_model_that_nobody_uses_is_gone_at_once() -> None:
    b = accounts()
    models = []
    gc.disable()
    try:
        for multiplier in (1.01, 1.02, 1.03):
            model = Model.shared(scaled(b, multiplier))
            forecast(model, given(window(), "size"))
            models.append(weakref.ref(model))
        del model
        assert [one() is None for one in models] == [True, False, False]
    finally:
        gc.enable()


def test_sectors_that_are_not_said_to_be_goods_can_not_be_judged() -> None:
    b = replace(accounts(), groups={})
    with pytest.raises(InputError, match="goods"):
        _ = Window(b, past_year(2011, accounts()), None).goods


def test_the_shipped_backtest_can_be_read_and_is_what_it_says() -> None:
    choice = load_scenario("backtest").backtest
    assert isinstance(choice, BacktestChoice)
    assert [one.name for one in choice.windows if one.later_rates] == [
        "1995-2007", "1995-2011", "2011-2022",
    ]  # fmt: skip


# -- its pages


def test_a_table_has_a_row_for_each_window_and_what_is_given() -> None:
    page = build("backtest", [backtested()], Choice())
    assert page.panels[0].rows[:2] == ("1995 to 2011: tariffs", "1995 to 2011: GDP, balances")
    assert len(page.panels[0].rows) == 7
    first = page.panels[0].figures[2]
    assert first[1] == pytest.approx(86, abs=2) and first[2] > 0.85 and 0.8 < first[3] < 1.1
    only = build("backtest", [backtested()], Choice(scenarios=("2007-2011",)))
    assert only.panels[0].rows == ("2007 to 2011: GDP, balances",
                                   "2007 to 2011: real growth, balances")  # fmt: skip
    with pytest.raises(InputError, match="2007-2011"):
        build("backtest", [backtested()], Choice(scenarios=("2007-2012",)))


def test_the_best_multiplier_is_the_one_that_explains_most() -> None:
    page = build("backtest-elasticities", [backtested()], Choice(measures=("goods_share",)))
    (panel,) = page.panels
    here = panel.rows.index("1995 to 2011: tariffs, GDP, balances")
    values = panel.figures[here]
    assert values[3] == [0.5, 1, 2][int(np.argmax(values[:3]))]
    assert not any("GDP, balances" in row and "tariffs" not in row for row in panel.rows)


def test_cells_stand_in_the_order_of_their_change() -> None:
    page = build("backtest-cells", [backtested()], Choice())
    figures = page.panels[0].figures
    moved = np.abs(figures[:, 1] - figures[:, 0])
    assert (np.diff(moved) <= 0).all() and "USA from CHN" in page.panels[0].rows


def test_the_command_writes_tables_and_a_figure(here: Path, cge: Callable[..., Any]) -> None:
    (here / "trial.yaml").write_text(yaml.safe_dump(SCENARIO))
    done = cge("backtest", "trial.yaml", "--multipliers", "1", "--workers", "1", "--out", "found",
               "--figure", "-q")  # fmt: skip
    assert done.code == 0, done.err
    assert (here / "found" / "figure.svg").is_file()
    summary = (here / "found" / "summary.md").read_text()
    assert "1995 to 2011" in summary and "Tariffs: those of 1993, given those of 2005" in summary
    table = cge("table", "found", "--kind", "backtest-scores", "--weighting", "equal", "--detail")
    assert table.code == 0 and "all alike" in table.out and "points" in table.out
