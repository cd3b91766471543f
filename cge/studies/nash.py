"""Best-response tariffs between regions: the Nash equilibrium and its payoff table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium, check_known, prefixed
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.stand_ins import NO_STAND_INS
from cge.frontier.evaluation import Evaluator
from cge.frontier.levers import laid_levers
from cge.frontier.problem import Problem
from cge.frontier.sweep import AGREES
from cge.game.best_responses import NashPoint, nash
from cge.game.game_measures import BENCHMARK, NASH, TOGETHER, WORLD
from cge.game.players import Game, Player
from cge.policy.benchmarks import benchmarks_of, calendar_year
from cge.policy.case import SolvedCase
from cge.results.collect import Wanted, add_solution
from cge.results.manifest import solution_facts
from cge.results.policy_rows import add_decomposition
from cge.results.register import add_known
from cge.results.row_schema import Rows
from cge.scenario.schema import Scenario
from cge.scenario.study_options import NashChoice
from cge.scenario.variants import Member
from cge.solve.homotopy import Shock
from cge.solve.model import Model
from cge.solve.solution import Solution
from cge.studies.study import OF_WORLD, Study, Work, labels_of, section_of
from cge.tasks.runner import Place, Task

#: What a game reads of a scenario.
_READ = OF_WORLD | {"nash"}


@dataclass(frozen=True)
class Nash(Study):
    """Find the tariffs that regions set against each other, and what it costs them."""

    kind: ClassVar[str] = "nash"
    command: ClassVar[str] = "nash"
    keys: ClassVar[tuple[str, ...]] = ("nash.players", "nash.starts")
    example: ClassVar[str] = "nash-us-china --aggregation small"

    def work(self) -> Work:
        scenario = self.question
        choice: NashChoice = section_of(
            scenario, "nash", "players and instruments", _READ, "does not enter a game, whose "
            "players choose their policies in the long run of the benchmark",
        )  # fmt: skip
        benchmarks = benchmarks_of(scenario)
        for b in benchmarks.values():
            check_known(choice.players, b.regions, "unknown region", key="nash.players")
        results = yield [Task(name, solve_game, GameContent(scenario, b))
                         for name, b in benchmarks.items()]  # fmt: skip
        cases, first = [], next(iter(benchmarks.values()))
        labels = labels_of(self.kind, scenario, Member("", scenario), "")
        for name, found in zip(benchmarks, results, strict=True):
            for variant, title, rows, facts in found:
                own = {**labels, "variant": variant, "title": title, "elasticities": name,
                       "calendar_year": calendar_year(first), "step": 1.0}  # fmt: skip
                cases.append((own, rows, facts))
        return self.results(
            cases, first, [scenario],
            ["Rates are added to those of the benchmark. Long run; each player maximises its own "
             "equivalent variation, and nobody answers but the players."],
            pages=[["nash", {}]], figure="nash", players=choice.players,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class GameContent:
    """All that a game under one elasticity set depends on.

    Parameters
    ----------
    scenario : Scenario
    benchmark : Benchmark
    """

    scenario: Scenario
    benchmark: Benchmark

    @property
    def choice(self) -> NashChoice:
        """Players and instruments."""
        assert self.scenario.nash is not None
        return self.scenario.nash


@dataclass(frozen=True, eq=False)
class Profile:
    """Rates of all players, and why they are these.

    Parameters
    ----------
    variant, title : str
        Name, and in words.
    rates : ndarray (k,)
    found : NashPoint, optional
        Where the rates are the solution of a game of their own.
    players : mapping of str to int
        Number of each player in that game.
    """

    variant: str
    title: str
    rates: Array
    found: NashPoint | None = None
    players: Mapping[str, int] = field(default_factory=dict)


def solve_game(asked: GameContent, place: Place) -> list[tuple[str, str, Any, dict[str, Any]]]:
    """Solve the game and all profiles of its payoff table.

    Returns
    -------
    list of (str, str, DataFrame, dict)
        Variant, title, rows and facts for the manifest.

    Raises
    ------
    InputError
        For instruments that do not fit the benchmark.
    NoEquilibrium
        If there is no Nash equilibrium that passes, or the benchmark does not confirm it.
    """
    evaluator, players = posed(asked)
    problem, told = evaluator.problem, []
    for one in profiles(evaluator, players, asked.choice.starts):
        with prefixed(f"{one.title}: "):
            solution, apart = confirmed(evaluator, one)
            rows = Rows()
            add_solution(rows, solution, wanted=Wanted(detail=1))
            add_decomposition(rows, _case(problem, players, one, solution))
            _add_policy(rows, problem, players, one, apart)
        facts = solution_facts([solution], asked.scenario)
        if one.found is not None:
            facts |= {"starts": one.found.starts, "starts_that_agree": one.found.agree,
                      "other_equilibria": one.found.others, "rounds": one.found.rounds,
                      "curvature": one.found.curvature}  # fmt: skip
        told.append((one.variant, one.title, rows.frame(), facts))
    return told


def posed(asked: GameContent) -> tuple[Evaluator, tuple[Player, ...]]:
    """The points of a game and its players, on a compiled model.

    Parameters
    ----------
    asked : GameContent

    Raises
    ------
    InputError
        For instruments that do not fit the benchmark.
    """
    choice, b = asked.choice, asked.benchmark
    long = Model.build(b, "long")
    chosen = [
        (one.of(player, choice.players), player, f"nash.instruments.{n}")
        for player in choice.players for n, one in enumerate(choice.instruments)
        if one.player in (None, player)
    ]  # fmt: skip
    # No disruption strikes: there is no short run.
    problem = Problem(
        long, long, laid_levers(chosen, long), (), np.zeros(0), choice.players[0], 0.0, 0.0,
        NO_STAND_INS,
    )  # fmt: skip
    owners = np.array([player for _, player, _ in chosen])
    players = tuple(
        Player(one, np.flatnonzero(owners == one), np.eye(len(b.regions))[b.regions.index(one)])
        for one in choice.players
    )
    return Evaluator(problem), players


def profiles(evaluator: Evaluator, players: Sequence[Player], starts: int) -> Iterator[Profile]:
    """Profiles of the payoff table, in order.

    Nobody acts; each player alone, with the rates that are best then; the Nash equilibrium;
    Nash rates of some players, the others not acting; all players' welfare together maximised,
    and the world's.

    Raises
    ------
    NoEquilibrium
        If a game has no solution that passes.
    """
    problem = evaluator.problem
    nothing = np.zeros(len(problem.levers))
    absorption = problem.long.benchmark.absorption

    def solved(variant: str, title: str, *who: Player) -> Profile:
        with prefixed(f"{title}: "):
            found = nash(Game(evaluator, *who), nothing, starts)
        return Profile(variant, title, found.rates, found, {one.name: n for n, one in
                                                            enumerate(who)})  # fmt: skip

    yield Profile(BENCHMARK, "Benchmark", nothing)
    for one in players:
        yield solved(f"alone-{one.name}", f"{one.name} alone", one)
    equilibrium = solved(NASH, "Nash equilibrium", *players)
    yield equilibrium
    for count in range(1, len(players)):
        for some in combinations(players, count):
            rates, names = nothing.copy(), [one.name for one in some]
            for one in some:
                rates[one.own] = equilibrium.rates[one.own]
            yield Profile("-".join((NASH, *names)), f"Nash rates of {', '.join(names)} only", rates)
    every = np.arange(len(nothing))
    sum_of_players = absorption * sum(one.weights for one in players)
    for variant, title, weights in (
        (TOGETHER, "Players together", sum_of_players), (WORLD, "For the world", absorption),
    ):  # fmt: skip
        yield solved(variant, title, Player(variant, every, weights / weights.sum()))


def confirmed(evaluator: Evaluator, one: Profile) -> tuple[Solution, float]:
    """A profile solved from the benchmark, with nothing of the game but its rates.

    Its largest difference in welfare from the game stands beside it.

    Raises
    ------
    NoEquilibrium
        If welfare is not that of the game.
    """
    problem = evaluator.problem
    solution = problem.long.solve(problem.levels(one.rates), problem.closure)
    again = solution.relative_to(problem.long.start, "welfare") - 1.0
    apart = float(np.abs(again - evaluator.at(one.rates).variations).max())
    if apart > AGREES:
        raise NoEquilibrium(f"welfare differs by {apart:.1e} from the one found from the benchmark")
    return solution, apart


def _case(
    problem: Problem, players: Sequence[Player], one: Profile, solution: Solution
) -> SolvedCase:
    """A profile as a case of which the players are the shocks."""
    start, shocks = problem.long.arrays.start, []
    for player in players:
        own = np.zeros(len(one.rates))
        own[player.own] = one.rates[player.own]
        levels = problem.levels(own)
        moved = np.flatnonzero(levels != start)
        shocks.append(Shock(f"rates of {player.name}", moved, np.log(levels[moved] / start[moved])))
    return SolvedCase(solution, tuple(shocks), (), (), solution.levels, ())


def _add_policy(
    rows: Rows, problem: Problem, players: Sequence[Player], one: Profile, apart: float
) -> None:
    """Add rates, and how well they solve the game."""
    add: Any = partial(add_known, rows, b=problem.long.benchmark)
    found = one.found
    for player in players:
        items = [problem.levers[n].name for n in player.own]
        add("rate", 100 * one.rates[player.own], region=player.name, item=items)
        if found is None:
            continue
        add("bound_multiplier", found.slopes[player.own], start=np.nan, region=player.name,
            item=items)  # fmt: skip
        if player.name in one.players:
            add("best_deviation", found.gains[one.players[player.name]], start=np.nan,
                region=player.name)  # fmt: skip
    if found is not None:
        add("first_order_residual", found.residual, start=np.nan)
    add("check_difference", apart, start=np.nan, item="equivalent_variation")
