"""Games of tariffs: closed forms, what an equilibrium is, the study, its page, and wrong input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from worlds import balanced_world, random_world

from cge.core.errors import InputError, NoEquilibrium
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import NEST_AXES
from cge.game import best_responses as search
from cge.game.best_responses import NashPoint, nash
from cge.game.players import Game, Player
from cge.report.drafts.choice import Choice
from cge.report.format.page import Page, frame
from cge.report.format.render import render
from cge.report.kinds import build
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows, joined
from cge.scenario.schema import Scenario
from cge.studies.nash import GameContent, Nash, posed, profiles
from cge.studies.static import solve_scenario
from cge.studies.study import run_study
from cge.tasks.runner import Runner

Array = NDArray[np.float64]
SIGMA = 4.0


def two_countries(abroad: Array, sizes: tuple[float, float]) -> Benchmark:
    """Two countries with one sector and one factor each, which buy these parts abroad."""
    share = np.array([[1 - abroad[0], abroad[1]], [abroad[0], 1 - abroad[1]]])[None, :, None, :]
    final = np.array(sizes)[:, None, None]
    values = dict.fromkeys(NEST_AXES, 2.0)
    del values["transformation"]
    b = balanced_world(share, final, elasticities={**values, "armington": SIGMA})
    return replace(b, factors=("LAB",))


def game_of(b: Benchmark, **section: Any) -> GameContent:
    given = {
        "players": ["R0", "R1"],
        "instruments": [{"name": "tariff", "instrument": "tariff", "low": -0.5, "high": 2.0}],
        "starts": 2, **section,
    }  # fmt: skip
    return GameContent(Scenario.model_validate({"name": "trial", "nash": given}), b)


def at_home(content: GameContent, rates: Array) -> dict[str, float]:
    """Domestic part of what two countries buy, imports at the border's prices."""
    evaluator, _ = posed(content)
    spending = evaluator.problem.long.outcomes["route_spending"]
    paid = {cell: evaluator.at(rates).equilibrium.outcomes[spending.start + n]
            for n, cell in enumerate(spending.index)}  # fmt: skip
    found = {}
    for (s, r), rate in zip((("R0", "R1"), ("R1", "R0")), rates, strict=True):
        own, border = paid["u0", s, "S0", s], paid["u0", r, "S0", s] / (1 + rate)
        found[s] = own / (own + border)
    return found


def solved(content: GameContent) -> dict[str, NashPoint]:
    evaluator, players = posed(content)
    every = profiles(evaluator, players, content.choice.starts)
    return {one.variant: one.found for one in every if one.found is not None}


def test_nash_tariffs_of_two_countries_are_those_of_the_closed_form() -> None:
    # Both at once: t = 1 / ((sigma - 1) lambda), lambda the domestic share abroad, of imports
    # without the tariff there: the elasticity of the foreign offer curve.
    content = game_of(two_countries(np.array([0.2, 0.3]), (3.0, 2.0)))
    found = solved(content)["nash"]
    home = at_home(content, found.rates)
    expected = [1 / home[other] / (SIGMA - 1) for other in ("R1", "R0")]
    assert found.rates == pytest.approx(expected, abs=1e-8)
    assert min(found.rates) > 0.34 and abs(found.rates[0] - found.rates[1]) > 0.01
    assert found.agree == found.starts == 2 and found.others == 0


def test_a_small_country_s_optimal_tariff_is_that_of_its_market_power_in_exports() -> None:
    # lambda abroad goes to one: t = 1 / (sigma - 1), whatever the country itself imports.
    b = two_countries(np.array([0.4, 0.0004]), (1.0, 1000.0))
    found = solved(game_of(b))["alone-R0"]
    assert found.rates == pytest.approx([1 / (SIGMA - 1), 0.0], abs=1e-3)


def test_equal_countries_set_equal_tariffs_and_both_lose() -> None:
    content = game_of(two_countries(np.array([0.3, 0.3]), (1.0, 1.0)))
    (evaluator, _), found = posed(content), solved(content)
    assert found["nash"].rates[0] == pytest.approx(found["nash"].rates[1], abs=1e-9)
    assert (evaluator.at(found["nash"].rates).variations < -1e-3).all()
    alone = evaluator.at(found["alone-R0"].rates).variations
    assert alone[0] > 1e-3 > -1e-3 > alone[1]
    # Without distortions free trade is best for all together, and here the world is the players.
    for name in ("together", "world"):
        assert found[name].rates == pytest.approx([0.0, 0.0], abs=1e-6)


@lru_cache(maxsize=1)
def three_regions() -> Benchmark:
    """Three regions with two sectors, wedges and materials."""
    return random_world(3, regions=3, sectors=2, use_classes=2, agents=2, imbalance=0.1,
                        sigma=(1.6, 4.0))  # fmt: skip


LEVERS: list[dict[str, Any]] = [
    {"name": "tariff", "instrument": "tariff", "exporter": "players", "sector": "S0",
     "low": -0.3, "high": 1.5},
    {"name": "export tax", "instrument": "export_tax", "importer": "players", "sector": "S1",
     "low": -0.3, "high": 1.5},
]  # fmt: skip


def test_slopes_of_all_players_are_exact() -> None:
    evaluator, players = posed(game_of(three_regions(), instruments=LEVERS))
    game, x = Game(evaluator, *players), np.array([0.1, 0.05, 0.2, -0.03])
    assert [len(one.own) for one in players] == [2, 2]
    for player in players:
        exact = game.slope(player, x)
        for n, number in enumerate(player.own):
            side = 1e-4 * np.eye(4)[number]
            up, down = (game.value(player, x + sign * side) for sign in (1, -1))
            assert exact[n] == pytest.approx((up - down) / 2e-4, rel=1e-6, abs=1e-7)


def test_no_rates_on_a_grid_are_better_than_those_of_nash() -> None:
    content = game_of(three_regions(), instruments=LEVERS)
    (evaluator, players), found = posed(content), solved(content)["nash"]
    game = Game(evaluator, *players)
    x = found.rates / game.width
    assert found.residual < 1e-8 and max(found.gains) < 1e-7 and found.curvature < -1e-3
    assert np.abs(found.rates).max() > 0.02
    for player in players:
        here = game.value(player, x)
        for own in product(np.linspace(-0.3, 1.5, 7), repeat=2):
            tried = found.rates.copy()
            tried[player.own] = own
            assert game.value(player, tried / game.width) <= here + 1e-9


def test_a_rate_that_wants_beyond_its_bound_stays_there_and_says_what_more_is_worth() -> None:
    tight = [{**LEVERS[0], "high": 0.02, "player": "R0"}, {**LEVERS[0], "player": "R1"}]
    content = game_of(three_regions(), instruments=tight)
    (evaluator, _), found = posed(content), solved(content)["nash"]
    assert found.rates[0] == 0.02 and 0.02 < abs(found.rates[1]) < 1.5
    gradient = evaluator.at(found.rates).variation_gradients
    assert found.slopes == pytest.approx([gradient[0, 0], 0.0], abs=1e-12)
    assert found.slopes[0] > 1e-5


def test_rates_from_which_a_player_gains_by_moving_are_no_equilibrium() -> None:
    evaluator, players = posed(game_of(three_regions(), instruments=LEVERS))
    game = Game(evaluator, *players)
    gains, better = search._deviations(game, np.zeros(4), 2)
    assert min(gains) > 1e-4 and np.abs(better).max() > 0.01
    # One of the two has moved, the one that gains more.
    mover = players[int(np.argmax(gains))]
    assert set(np.flatnonzero(better)) == set(mover.own)


def test_a_search_that_ends_off_the_conditions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluator, players = posed(game_of(three_regions(), instruments=LEVERS))
    monkeypatch.setattr(search, "STEPS", 0)
    monkeypatch.setattr(search, "RESIDUAL", 1e-14)
    with pytest.raises(NoEquilibrium, match="first-order conditions are violated"):
        nash(Game(evaluator, *players), np.zeros(4), 1)


def test_where_the_worst_is_sought_the_ends_are_found_and_not_the_top() -> None:
    # The stationary point of this goal is its least value: the rate must go to a bound.
    b = two_countries(np.array([0.2, 0.3]), (3.0, 2.0))
    evaluator, _ = posed(game_of(b))
    backward = Player("R0", np.array([0]), np.array([-1.0, 0.0]))
    found = nash(Game(evaluator, backward), np.array([0.4, 0.0]), 3)
    assert found.rates[0] in (-0.5, 2.0) and max(found.gains) < 1e-7


def test_four_players_are_as_good_as_two() -> None:
    b = random_world(8, regions=4, sectors=2, use_classes=1, agents=1, imbalance=0.05,
                     sigma=(3.0, 5.0), wedges=False)  # fmt: skip
    players = list(b.regions)
    content = game_of(b, players=players, starts=1, instruments=[{**LEVERS[0], "sector": "all"}])
    evaluator, every = posed(content)
    found = nash(Game(evaluator, *every), np.zeros(4), 1)
    assert found.residual < 1e-8 and max(found.gains) < 1e-7 and len(found.gains) == 4
    assert (found.rates > 0.02).all()


# -- the study


SCENARIO: dict[str, Any] = {
    "name": "trial", "elasticities": ["boehm"],
    "benchmark": {"table": "wiod2013", "aggregation": "small"},
    "nash": {
        "players": ["USA", "CHN"], "starts": 1,
        "instruments": [{"name": "tariff", "instrument": "tariff", "exporter": "players",
                         "sector": "strategic", "low": -0.2, "high": 1.0}],
    },
}  # fmt: skip
TARIFF = SCENARIO["nash"]["instruments"][0]


def run_scenario(content: dict[str, Any], folder: Path) -> ResultSet:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    return run_study(Nash(file), Runner(workers=1, cache=folder / "cache"))


@pytest.fixture(scope="module")
def war(tmp_path_factory: pytest.TempPathFactory) -> ResultSet:
    """A game of the United States and China."""
    return run_scenario(SCENARIO, tmp_path_factory.mktemp("war"))


def value(results: ResultSet, variant: str, measure: str, region: str = "", item: str = "") -> Any:
    rows = results.rows
    rows = rows[(rows["variant"] == variant) & (rows["measure"] == measure)]
    rows = rows[(rows["region"] == region) & (rows["item"] == item) & (rows["sector"] == "")]
    (found,) = rows[rows["shock"] == ""]["value"]
    return found


def test_a_study_has_its_profiles_as_variants_in_the_one_layout(war: ResultSet) -> None:
    assert set(war.rows["study"]) == {"nash"}
    assert list(dict.fromkeys(war.rows["variant"])) == [
        "benchmark", "alone-USA", "alone-CHN", "nash", "nash-USA", "nash-CHN", "together", "world",
    ]  # fmt: skip
    checks = war.rows.set_index("measure")["value"]
    assert checks["check_difference"].max() < 1e-9 and checks["first_order_residual"].max() < 1e-8
    for player in ("USA", "CHN"):
        alone, own = (value(war, name, "equivalent_variation", player)
                      for name in (f"alone-{player}", f"nash-{player}"))  # fmt: skip
        assert alone >= own > 0 > value(war, "nash", "equivalent_variation", "World")
    money = [value(war, name, "equivalent_variation_value", "World") for name in ("world", "nash")]
    assert money[0] > 0 > money[1]


def test_the_players_are_the_shocks_of_welfare_in_parts(war: ResultSet) -> None:
    rows = war.rows[(war.rows["variant"] == "nash") & (war.rows["region"] == "CHN")]
    parts = rows[(rows["measure"] == "ev_part") & (rows["shock"] != "")]
    by_player = parts.groupby("shock", observed=True)["change"].sum()
    assert by_player["rates of USA"] < 0 < by_player["rates of CHN"]
    assert by_player.sum() == pytest.approx(value(war, "nash", "equivalent_variation", "CHN"),
                                            abs=1e-6)  # fmt: skip


def test_rates_of_the_game_as_a_policy_give_the_same_welfare(war: ResultSet) -> None:
    pairs = (("USA", "CHN"), ("CHN", "USA"))
    policy = [
        {"instrument": "tariff", "importer": one, "exporter": other, "sector": "strategic",
         "add": value(war, "nash", "rate", one, "tariff") / 100}
        for one, other in pairs
    ]  # fmt: skip
    rest = {key: part for key, part in SCENARIO.items() if key != "nash"}
    (case,) = solve_scenario(Scenario.model_validate({**rest, "policy": policy}))
    for player, _ in pairs:
        assert case.solution.outcome(f"equivalent_variation[{player}]") == pytest.approx(
            value(war, "nash", "equivalent_variation", player), abs=1e-8
        )


def test_results_make_the_same_study_again(war: ResultSet) -> None:
    assert war.manifest["players"] == ["USA", "CHN"]
    assert war.manifest["spec"]["study"] == "nash"
    facts = next(one for one in war.manifest["cases"] if one["variant"] == "nash")
    assert facts["starts"] == facts["starts_that_agree"] == 1 and facts["other_equilibria"] == 0


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"players": ["USA", "ATLANTIS"]}, "nash.players", "unknown region"),
        ({"players": "USA"}, "nash.players", "2 to 4 regions"),
        ({"players": ["USA", "USA"]}, "nash.players", "stands twice"),
        ({"players": ["USA", "CHN", "EU", "ASIA", "ROW"]}, "nash.players", "2 to 4 regions"),
        ({"instruments": []}, "nash.instruments", "must not be empty"),
        ({"instruments": [{**TARIFF, "importer": "USA"}]}, "nash.instruments.0",
         "set by its player"),
        ({"instruments": [{**TARIFF, "player": "EU"}]}, "nash.instruments.0.player",
         "is no player"),
        ({"instruments": [{**TARIFF, "player": "USA"}]}, "nash.players", "has no instrument"),
        ({"instruments": [TARIFF, dict(TARIFF)]}, "nash", "stands twice"),
        ({"instruments": [{**TARIFF, "low": -1.5}]}, "nash.instruments.0.low", "positive"),
        ({"instruments": [{**TARIFF, "exporter": "MARS"}]}, "nash.instruments.0.exporter",
         "MARS"),
        ({"instruments": [{**TARIFF, "instrument": "quota"}]}, "nash.instruments.0.instrument",
         "unknown instrument"),
        ({"instruments": [{**TARIFF, "instrument": "research_credit"}]},
         "nash.instruments.0.instrument", "unknown instrument"),
        ({"starts": 0}, "nash.starts", "1"),
        ({"speling": 1}, "nash.speling", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_game_is_told_with_its_place(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario({**SCENARIO, "nash": {**SCENARIO["nash"], **changes}}, here)
    assert told.value.key == key and says in str(told.value)
    assert "study.yaml" in str(told.value)


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"nash": None}, "nash", "left empty"),
        ({"policy": [{"instrument": "tariff", "add": 0.1}]}, "policy", "does not enter a game"),
        ({"stress": {"level": 0.9}}, "stress", "does not enter a game"),
        ({"players": ["USA", "CHN"]}, "players", "nash.players"),
    ],
)
def test_what_does_not_belong_to_a_game_is_refused(
    changes: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario({**SCENARIO, **changes}, here)
    assert told.value.key == key and says in str(told.value)


# -- its page


def game(sets: Sequence[str] = ("fontagne",), players: Sequence[str] = ("CHN", "USA")) -> ResultSet:
    """A game of two with figures made by hand."""
    regions, frames = ["CHN", "USA", "EU"], []
    names = {"benchmark": "Benchmark", "alone-CHN": "CHN alone", "alone-USA": "USA alone",
             "nash": "Nash equilibrium", "nash-CHN": "Nash rates of CHN only",
             "nash-USA": "Nash rates of USA only", "together": "Players together",
             "world": "For the world"}  # fmt: skip
    for name in sets:
        for number, (variant, title) in enumerate(names.items()):
            rows, welfare = Rows(), np.array([0.1, -0.2, 0.3]) * number
            where = {"region": [*regions, "World"]}
            rows.add("equivalent_variation", [*welfare, -0.01 * number], unit="percent", **where)
            rows.add("equivalent_variation_value", [*welfare, 0.0], unit="million USD", **where)
            every = np.ones(4)
            rows.add("absorption_value", every, benchmark=200.0, unit="million USD", **where)
            rows.add("terms_of_trade", 0.5 * number * every, unit="percent", **where)
            rows.add("tariff_revenue", 9 * every, change=3.0 * number, unit="million USD", **where)
            for player in players:
                rows.add("rate", 10.0 * number, region=player, item="tariff")
                rows.add("bound_multiplier", 0.01 * (variant == "world"), region=player,
                         item="tariff")  # fmt: skip
                rows.add("best_deviation", 2e-12, region=player)
            rows.add("first_order_residual", 4e-14)
            frames.append(rows.frame(study="nash", scenario="g", variant=variant, title=title,
                                     elasticities=name))  # fmt: skip
    facts = {"study": "nash", "scenario": "g", "variant": "nash", "title": "Nash equilibrium",
             "starts": 4, "starts_that_agree": 3, "other_equilibria": 1}  # fmt: skip
    return ResultSet(joined(frames), {
        "spec": {"study": "nash", "scenario": {"name": "g", "title": "A game"}},
        "players": list(players), "notes": ["Long run."],
        "benchmark": {"regions": regions, "unit": "million USD",
                      "names": {"regions": {"CHN": "China (mainland)"}}},
        "cases": [{**facts, "elasticities": name} for name in sets],
    })  # fmt: skip


def page(results: ResultSet, figure: bool = False, **choice: Any) -> Page:
    return build("nash", [results], Choice(**choice), figure)


def test_the_payoff_table_crosses_the_benchmark_with_nash() -> None:
    payoffs, welfare, trade, rates = page(game()).panels
    # Rows: the first player's choice; columns: the second's, and in it one for each player.
    np.testing.assert_allclose(payoffs.figures, [[0.0, 0.0, 0.5, -1.0], [0.4, -0.8, 0.3, -0.6]])
    assert payoffs.rows == ("CHN keeps benchmark", "CHN sets Nash rates")
    assert [column.title for column in payoffs.columns][2] == "CHN if USA sets Nash rates"
    nash_row = welfare.rows.index("Nash equilibrium")
    # All others: their money over their absorption, 0.9 of 200.
    np.testing.assert_allclose(welfare.figures[nash_row], [0.3, -0.6, 0.45, -0.03])
    np.testing.assert_allclose(trade.figures[nash_row], [1.5, 1.5, 9.0, 9.0])
    assert rates.rows == ("CHN, tariff", "USA, tariff")
    np.testing.assert_allclose(rates.figures, [[10.0, 30.0, 60.0, 70.0], [20.0, 30.0, 60.0, 70.0]])


def test_rates_at_a_bound_are_marked_and_the_search_is_told() -> None:
    made = page(game())
    assert made.panels[-1].marks == {(0, 3): "+", (1, 3): "+"}
    notes = " ".join(made.notes)
    assert "+ at the upper" in notes and "hold to 4e-14" in notes and "gains 2e-12" in notes
    assert "3 of 4 starting points lead to this equilibrium, 1 to another" in notes


def test_a_game_of_three_has_no_matrix_but_all_else() -> None:
    made = page(game(players=("CHN", "USA", "EU")))
    assert [panel.title for panel in made.panels] == [
        "EV", "Terms of trade and tariff revenue", "Rates",
    ]  # fmt: skip
    assert np.isnan(made.panels[0].figures[0, 3])  # nobody is left


def test_a_table_of_two_sets_says_which_is_which_in_every_form() -> None:
    made = page(game(("fontagne", "boehm")))
    assert [panel.title for panel in made.panels[:2]] == ["Payoffs: EV, fontagne",
                                                          "Payoffs: EV, boehm"]  # fmt: skip
    assert "CHN sets Nash rates" in render(made, "markdown")
    assert "\\begin{longtable" in render(made, "latex")
    one = page(game(("fontagne", "boehm")), elasticities=("boehm",))
    assert one.panels[0].title == "Payoffs: EV"
    assert len(frame(made)) == 2 * len(frame(one))


def test_what_a_page_of_a_game_can_not_show_is_told(war: ResultSet) -> None:
    with pytest.raises(InputError, match="results of `cge nash`"):
        page(ResultSet(Rows().frame(), {}))
    with pytest.raises(InputError, match="not in these results"):
        page(war, elasticities=("fontagne",))
