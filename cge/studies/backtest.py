"""Backtest: the model is told of a later year what is known of it, and must forecast the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cge.backtest.given import BALANCES, EXPORTS, GROWTH, SIZE, TARIFFS, Given, exports_of, forecast
from cge.backtest.judged import SHARES, Share, Window, World, judged, world_of
from cge.backtest.scores import CHANGES, WEIGHTS, beyond, compared
from cge.core.axes import Array, ratio
from cge.core.errors import NoEquilibrium, refuse_if, renamed
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.shipped import TABLES
from cge.data.benchmark_store import load_benchmark
from cge.data.past_years import past_year, rates_of, real_growth
from cge.policy.benchmarks import set_name
from cge.results.register import add_known
from cge.results.resultset import ESTIMATED
from cge.results.row_schema import Rows
from cge.scenario.backtest_choice import FACTS, BacktestChoice, WindowChoice
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member
from cge.solve.model import Model
from cge.studies.study import OF_ITSELF, Study, Work, labels_of, section_of
from cge.tasks.runner import Place, Task

#: What it reads of a scenario.
_READ = OF_ITSELF | {"backtest"}
#: How what is given is told.
WORDS: Mapping[str, str] = {
    TARIFFS: "tariffs", SIZE: "GDP", GROWTH: "real growth", BALANCES: "balances",
    EXPORTS: "exports",
}  # fmt: skip
#: Statistic under which shares stand as they were.
ACTUAL = "actual"
_SCORES = ("explained", "correlation", "slope", "slope_error", "direction", "spread", "compared")


@dataclass(frozen=True)
class Backtest(Study):
    """Hold the model against history: forecasts of years that have passed."""

    kind: ClassVar[str] = "backtest"
    command: ClassVar[str] = "backtest"
    keys: ClassVar[tuple[str, ...]] = ("backtest.multipliers", "backtest.smallest")
    example: ClassVar[str] = "backtest --aggregation small"

    @property
    def choice(self) -> BacktestChoice:
        """Windows, and what is given."""
        found: BacktestChoice = section_of(
            self.question, "backtest", "windows and so on", _READ, "does not enter a backtest, in "
            "which the model is told what is known of a year, and no policy",
        )  # fmt: skip
        table, year = self.question.benchmark.table, self.question.benchmark.year
        refuse_if(table not in TABLES, "is no table that ships, which alone have other years",
                  key="benchmark.table", value=table, allowed=[*TABLES])  # fmt: skip
        refuse_if(year is not None, "the years are those of the windows", key="benchmark.year",
                  value=year, allowed="backtest.windows")  # fmt: skip
        return found

    def amount(self) -> int:
        """About how many forecasts are made."""
        choice = self.choice
        each = len(choice.given) * len(choice.multipliers)
        return len(choice.windows) * each * len(self.question.chosen_elasticities)

    def work(self) -> Work:
        choice, question = self.choice, self.question
        cases = [one for n, window in enumerate(choice.windows)
                 for one in _cases(question, choice, window, f"backtest.windows.{n}")]  # fmt: skip
        refuse_if(not cases, "nothing of it is known of any of these windows",
                  key="backtest.given", value=[", ".join(one) for one in choice.given])  # fmt: skip
        done = yield [Task(one.label, solve_forecasts, one.content, len(choice.multipliers))
                      for one in cases]  # fmt: skip
        found = {one.key: result for one, result in zip(cases, done, strict=True)}
        labels, rows = labels_of(self.kind, question, Member("", question), ""), []
        for one in cases:
            own = {**labels, **one.labels}
            frame = case_rows(one, choice, found[one.key], found.get(one.without))
            rows.append((own, frame, {"step": 1.0, **one.facts, **_facts(choice, found[one.key])}))
        longest = max(choice.windows, key=lambda one: one.last - one.first)
        first = cases[0].window.benchmark
        return self.results(
            rows, first, [question], [*_notes(cases, found), *_of_tariffs(choice, question)],
            figure="backtest-elasticities",
            pages=[["backtest", {"measures": name}] for name in _SHOWN]
            + [["backtest-scores", {"scenarios": longest.name}], ["backtest-elasticities", {}]],
        )  # fmt: skip


#: Measures of which the summary has a table.
_SHOWN = ("goods_share", "trade_share", "goods_reliance", "sector_share", "world_gdp_share")


@dataclass(frozen=True, eq=False)
class Forecasts:
    """All that forecasts depend on, one for each multiplier.

    Parameters
    ----------
    benchmark : Benchmark
        Of the first year.
    given : Given
    multipliers : tuple of float
    """

    benchmark: Benchmark
    given: Given
    multipliers: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class WindowCase:
    """One window, under one elasticity set, with something given.

    Parameters
    ----------
    elasticities : str
    window : Window
    names : tuple of str
        What is given.
    content : Forecasts
    """

    elasticities: str
    window: Window
    names: tuple[str, ...]
    content: Forecasts

    @property
    def years(self) -> str:
        """First and last year."""
        return f"{self.window.benchmark.origin['year']}-{self.window.last.year}"

    @property
    def variant(self) -> str:
        """Its name in results."""
        return "-".join((self.years, *self.names))

    @property
    def title(self) -> str:
        """The years, and what is given."""
        return f"{self.years.replace('-', ' to ')}, given {told(self.names)}"

    @property
    def labels(self) -> dict[str, Any]:
        """Labels of its rows."""
        return {"variant": self.variant, "title": self.title, "elasticities": self.elasticities,
                "calendar_year": self.window.last.year}  # fmt: skip

    @property
    def label(self) -> str:
        """Description for progress."""
        return f"{self.title}, {self.elasticities}"

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others."""
        return self.variant, self.elasticities

    @property
    def without(self) -> tuple[str, str]:
        """Key of the same without tariffs."""
        names = tuple(name for name in self.names if name != TARIFFS)
        return "-".join((self.years, *names)), self.elasticities

    @property
    def facts(self) -> dict[str, Any]:
        """What it is, for pages and the manifest."""
        return {"window": self.years, "given": list(self.names),
                "table": self.window.last.table,
                "judged": list(self.judged),
                "multipliers": list(self.content.multipliers),
                "benchmark_and_elasticities": self.content.benchmark.fingerprint}  # fmt: skip

    @cached_property
    def judged(self) -> tuple[str, ...]:
        """Names of what is judged."""
        return judged(self.content.given, self.window.last, self.window.growth)


def told(names: Sequence[str]) -> str:
    """What is given, in words."""
    words = [WORDS.get(name, name) for name in names]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _cases(
    question: Scenario, choice: BacktestChoice, window: WindowChoice, key: str
) -> Iterator[WindowCase]:
    """Cases of one window: every elasticity set, and everything that is given."""
    accounts: Window | None = None
    facts: dict[str, Array] = {}
    asked = question.benchmark
    names = {"table": "benchmark.table", "aggregation": "benchmark.aggregation",
             "elasticities": "elasticities"}  # fmt: skip
    for name in question.chosen_elasticities:
        with renamed({**names, "year": f"{key}.from", "tariffs": f"{key}.rates"}):
            b = load_benchmark(asked.table, window.first, asked.aggregation,
                               window.rates or asked.tariffs, name)  # fmt: skip
        if accounts is None:
            with renamed({**names, "year": f"{key}.to", "later_rates": f"{key}.later_rates"}):
                accounts, facts = observed(b, window)
        b = replace(accounts.benchmark, elasticities=b.elasticities, origin=b.origin)
        multipliers = tuple(choice.multipliers)
        for names_ in _known(choice, facts):
            given = Given(**{one: facts[one] for one in names_})
            yield WindowCase(set_name(name), replace(accounts, benchmark=b), names_,
                             Forecasts(b, given, multipliers))  # fmt: skip


def _known(choice: BacktestChoice, facts: Collection[str]) -> Iterator[tuple[str, ...]]:
    """What is given of a window, once each: tariffs are left out where they were not observed."""
    asked = [[one for one in FACTS if one in given and (one in facts or one != TARIFFS)]
             for given in choice.given]  # fmt: skip
    yield from dict.fromkeys(tuple(one) for one in asked if one and {*one} <= {*facts})


def observed(b: Benchmark, window: WindowChoice) -> tuple[Window, dict[str, Array]]:
    """Accounts of a window, and what is known of its last year.

    Parameters
    ----------
    b : Benchmark
        Of the first year.
    window : WindowChoice

    Raises
    ------
    InputError
        If no table has the last year, or there are no such tariffs.
    """
    last, growth = past_year(window.last, b), real_growth(window.first, window.last, b)
    found = Window(b, last, growth)
    sold, world = exports_of(last.flows), last.gdp.sum()
    facts = {
        SIZE: last.gdp / world, BALANCES: last.balance / world,
        EXPORTS: np.where(found.goods, ratio(sold, sold.sum(axis=0)), np.nan),
    }  # fmt: skip
    if growth is not None:
        facts[GROWTH] = growth
    if window.later_rates is not None:
        facts[TARIFFS] = rates_of(window.later_rates, b)
    return found, facts


def scaled(benchmark: Benchmark, multiplier: float) -> Benchmark:
    """A benchmark whose trade elasticities, sigma less one, are multiplied."""
    own = benchmark.elasticities["long"]
    if multiplier == 1.0:
        return benchmark
    armington = np.maximum(1 + multiplier * (own.armington - 1), 0.0)
    return benchmark.with_elasticities(long=replace(own, armington=armington))


def solve_forecasts(asked: Forecasts, place: Place) -> list[dict[str, Any]]:
    """Forecast under each multiplier.

    Returns
    -------
    list of dict
        ``flows`` (r, i, s), ``gdp`` and ``real`` (s,) with facts of the solution; or ``failure``
        where there is none.
    """
    found: list[dict[str, Any]] = []
    for multiplier in asked.multipliers:
        name = f"{multiplier:g}"
        kept = place.steps.get(name)
        if kept is None:
            model = Model.shared(scaled(asked.benchmark, multiplier))
            try:
                solution = forecast(model, asked.given)
            except NoEquilibrium as error:
                kept = {"failure": str(error)}
            else:
                made = solution.diagnostics
                kept = {
                    **vars(world_of(solution)), "solver": made.solver,
                    "residual": made.residual, "walras": made.walras,
                    "iterations": made.iterations, "homotopy_steps": made.steps,
                    "unknowns": solution.resolved.system.size,
                }  # fmt: skip
            place.steps.put(name, kept)
        found.append(kept)
    return found


def _facts(choice: BacktestChoice, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Facts of all forecasts of a case together."""
    solved = [one for one in found if "failure" not in one]
    failures = [
        f"multiplier {multiplier:g}: {one['failure']}"
        for multiplier, one in zip(choice.multipliers, found) if "failure" in one
    ]  # fmt: skip
    if not solved:
        return {"failures": failures}
    return {"failures": failures, "solver": solved[0]["solver"], "unknowns": solved[0]["unknowns"],
            **{name: max(one[name] for one in solved)
               for name in ("residual", "walras", "homotopy_steps")},
            "iterations": sum(one["iterations"] for one in solved)}  # fmt: skip


# -- rows


class ScoreColumns(dict[str, Any]):
    """Columns of rows of one measure under way."""

    def put(self, **given: Any) -> None:
        """Add one row."""
        for name, value in given.items():
            self.setdefault(name, []).append(value)


def case_rows(
    case: WindowCase, choice: BacktestChoice, found: Sequence[Mapping[str, Any]],
    without: Sequence[Mapping[str, Any]] | None,
) -> pd.DataFrame:  # fmt: skip
    """Scores of the forecasts of a case, and under the central elasticities every share.

    Parameters
    ----------
    case : WindowCase
    choice : BacktestChoice
    found : sequence of mapping
        As :func:`solve_forecasts` returns it.
    without : sequence of mapping, optional
        The same without tariffs, where that was asked for.
    """
    window, rows, b = case.window, Rows(), case.window.benchmark
    naive = window.by_gravity(case.content.given)
    alone = case.names == (TARIFFS,)
    measures: dict[str, ScoreColumns] = {}
    for point, (multiplier, one) in enumerate(zip(choice.multipliers, found)):
        add_known(rows, "multiplier", multiplier, b, np.nan, point=point)
        world = _world(one)
        if world is None:
            continue
        other = window.before if alone else _world(None if without is None else without[point])
        for name in case.judged:
            before, after, by_model = (
                SHARES[name](year, window.goods) for year in (window.before, window.after, world)
            )
            by_naive = None if naive is None else SHARES[name](naive, window.goods)
            by_other = None
            if TARIFFS in case.names and other is not None:
                by_other = SHARES[name](other, window.goods)
            _score(measures, (before, after, by_model), (by_naive, by_other), choice.smallest,
                   {"item": name, "point": point})  # fmt: skip
            if multiplier == 1.0:
                _add_shares(rows, window, name, (before, after, by_model), point)
    for measure, columns in measures.items():
        value, start = columns.pop("value"), columns.pop("start")
        add_known(rows, measure, value, b, start, "", **columns)
    return rows.frame()


def _world(found: Mapping[str, Any] | None) -> World | None:
    """A forecast, where there is one."""
    if found is None or "failure" in found:
        return None
    return World(np.asarray(found["flows"]), np.asarray(found["gdp"]), np.asarray(found["real"]))


def _score(
    measures: dict[str, ScoreColumns], three: tuple[Share, Share, Share],
    others: tuple[Share | None, Share | None], smallest: float, where: Mapping[str, Any],
) -> None:  # fmt: skip
    """Scores of one forecast of one kind of share, beside those of the naive one."""
    (before, after, by_model), (by_naive, by_other) = three, others
    for change in CHANGES:
        for weight in WEIGHTS:
            asked = change, weight, smallest
            own = compared(before, after, by_model, *asked)
            naive = {} if by_naive is None else compared(before, after, by_naive, *asked).scores
            here = {**where, "statistic": change, "weighting": weight}
            for measure in _SCORES:
                measures.setdefault(measure, ScoreColumns()).put(
                    value=own.scores[measure], start=naive.get(measure, np.nan), **here
                )
            if by_other is None:
                continue
            apart = beyond(own, compared(before, after, by_other, *asked))
            for measure, name in (("tariff_slope", "slope"), ("tariff_gain", "explained"),
                                  ("tariff_slope_error", "slope_error")):  # fmt: skip
                measures.setdefault(measure, ScoreColumns()).put(
                    value=apart[name], start=np.nan, **here
                )


def _add_shares(
    rows: Rows, window: Window, name: str, three: tuple[Share, Share, Share], point: int
) -> None:
    """Shares as they are forecast, and as they were, against the first year."""
    before, after, by_model = three
    counts = before.counts.ravel()
    codes = {column: grid[counts] for column, grid in window.codes(before).items()}
    start = 100 * before.share.ravel()[counts]
    for statistic, share in (("", by_model), (ACTUAL, after)):
        add_known(rows, name, 100 * share.share.ravel()[counts], window.benchmark, start,
                  statistic=statistic, point=point, **codes)  # fmt: skip


# -- notes


def _of_tariffs(choice: BacktestChoice, question: Scenario) -> Iterator[str]:
    """Which tariffs stand for those of each year."""
    by_rates: dict[str, list[str]] = {}
    for window in choice.windows:
        first, last = window.rates or question.benchmark.tariffs, window.later_rates
        words = f"those of {first}" + (f", given those of {last}" if last else ", no change given")
        by_rates.setdefault(words, []).append(window.name)
    yield "Tariffs: " + "; ".join(f"{words} ({', '.join(some)})" for words, some in
                                  by_rates.items()) + "."  # fmt: skip


def _notes(
    cases: Sequence[WindowCase], found: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    """Notes that any table carries."""
    if any(case.window.last.estimated for case in cases):
        years = {case.years for case in cases if case.window.last.estimated}
        yield ESTIMATED
        yield (f"Of {', '.join(sorted(years))} only totals that were observed are judged: output "
               "by region and sector, trade in goods by pair. The rest of that table is estimated "
               "with that of 2011.")  # fmt: skip
    missing = sum(one.get("failure", "") != "" for some in found.values() for one in some)
    if missing:
        every = sum(map(len, found.values()))
        yield (f"Of {missing} of {every} forecasts no equilibrium was found (dashes): where trade "
               "elasticities are so low that what is given would take changes without bound. The "
               "manifest says of which.")  # fmt: skip
