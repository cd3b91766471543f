"""Backtests: forecasts of years that have passed, by what is given and by elasticities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import check_known, refuse_if
from cge.report.drafts.cases import NO_ROWS, Case, cases_of
from cge.report.drafts.choice import FLAGS, Choice, chosen, chosen_one
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.results.register import heading, quantity
from cge.results.resultset import ResultSet

EXPLAINED = "explained"
#: What is judged where nothing else is chosen, and where growth is given.
USUAL, _OF_GROWTH = "goods_share", "world_gdp_share"
#: What must be given for elasticities to matter to it; else tariffs or growth.
_HINGES: Mapping[str, str] = {_OF_GROWTH: "growth"}
#: Weights of cells in words.
_WEIGHTS: Mapping[str, str] = {
    "value": "weighted with what they were worth in the first year", "equal": "all alike",
}  # fmt: skip
#: How what is given is told; the names of the results.
_WORDS: Mapping[str, str] = {
    "tariffs": "tariffs", "size": "GDP", "growth": "real growth", "balances": "balances",
    "exports": "exports",
}  # fmt: skip
#: What tells one forecast from the others.
_KEYS = ("scenario", "variant", "elasticities")
_MEANS = (
    "Explained: share of the variance of changes around no change that the forecast explains, per "
    "cent; no change scores 0, what is worse than that less. Slope: of actual on forecast changes, "
    "1 if their size is right; standard errors are clustered by importer."
)
_NAIVE = (
    "Gravity: what a pair trades grows with the sizes of both that are given, prices or "
    "elasticities do not matter."
)


@lru_cache(maxsize=32)
def backtest_rows(results: ResultSet) -> pd.DataFrame:
    """Rows of backtests."""
    return results.rows[results.rows["study"] == "backtest"]


class Scored:
    """Forecasts of one window with something given under one elasticity set.

    Parameters
    ----------
    case : Case
        What results have of it.
    facts : mapping
        Of it in the manifest.
    figures : mapping
        Value and gravity's by measure, item, statistic, weighting and point.
    """

    def __init__(
        self, case: Case, facts: Mapping[str, Any],
        figures: Mapping[tuple[Any, ...], tuple[float, float]],
    ) -> None:  # fmt: skip
        self.case, self._figures = case, figures
        self.window, self.given = str(facts["window"]), tuple(map(str, facts["given"]))
        self.elasticities, self.judged = str(case.keys["elasticities"]), list(facts["judged"])
        self.multipliers = [float(one) for one in facts["multipliers"]]

    @property
    def years(self) -> str:
        """First and last year in words."""
        return self.window.replace("-", " to ")

    @property
    def told(self) -> str:
        """What is given, in words."""
        return ", ".join(_WORDS.get(one, one) for one in self.given)

    @property
    def label(self) -> str:
        """The years, and what is given."""
        return f"{self.years}: {self.told}"

    @property
    def central(self) -> int:
        """Number of the multiplier nearest to one."""
        return int(np.argmin(np.abs(np.log(self.multipliers))))

    def scores(
        self, measure: str, item: str, weighting: str, change: str = "log", naive: bool = False
    ) -> Array:
        """A score by multiplier, or that of gravity; NaN where there is none."""
        none = np.nan, np.nan
        return np.array([self._figures.get((measure, item, change, weighting, n), none)[naive]
                         for n in range(len(self.multipliers))])  # fmt: skip

    def score(self, measure: str, item: str, weighting: str, **more: Any) -> float:
        """A score under the elasticities as they are."""
        return float(self.scores(measure, item, weighting, **more)[self.central])


@lru_cache(maxsize=8)
def _scored(results: ResultSet) -> Mapping[tuple[str, str, str], Scored]:
    """All forecasts of some results, by scenario, variant and elasticity set."""
    rows = backtest_rows(results)
    rows = rows[rows["weighting"] != ""]
    keys = ["measure", "item", "statistic", "weighting", "point"]
    told = {(one["scenario"], one["variant"], one["elasticities"]): one
            for one in results.manifest.get("cases", ()) if one.keys() >= {*_KEYS}}  # fmt: skip
    columns = {name: rows[name].astype(object).to_numpy() for name in (*_KEYS, *keys)}
    figures: dict[tuple[Any, ...], dict[tuple[Any, ...], tuple[float, float]]] = {}
    of_case = zip(*(columns[name] for name in _KEYS))
    cells = zip(*(columns[name] for name in keys))
    for case, cell, value, naive in zip(of_case, cells, rows["value"], rows["benchmark"]):
        figures.setdefault(case, {})[cell] = float(value), float(naive)
    cases = cases_of([results], Choice(), ("multiplier",), source=backtest_rows)
    named = {tuple(str(case.keys[name]) for name in _KEYS): case for case in cases}
    return {key: Scored(case, told[key], figures.get(key, {}))
            for key, case in named.items() if key in told}  # fmt: skip


def forecasts(found: Sequence[ResultSet], choice: Choice) -> list[Scored]:
    """Forecasts that are wanted; a window's name stands for all of that window.

    Raises
    ------
    InputError
        If there is none, and for a name or elasticity set that none has.
    """
    every = [one for results in found for one in _scored(results).values()]
    refuse_if(not every, NO_ROWS)
    sets = list(dict.fromkeys(one.elasticities for one in every))
    wanted = chosen(sets, choice.elasticities, "elasticities")
    every = [one for one in every if one.elasticities in wanted]
    names = [{one.window, str(one.case.keys["variant"]), str(one.case.keys["scenario"])}
             for one in every]  # fmt: skip
    known = list(
        dict.fromkeys(name for one in every for name in (one.window, one.case.keys["variant"]))
    )
    check_known(choice.scenarios, [*known, *(name for own in names for name in own)],
                "not in these results", key=FLAGS["scenarios"])  # fmt: skip
    if choice.scenarios:
        every = [one for one, own in zip(every, names) if own & {*choice.scenarios}]
    return every


def _weighting(choice: Choice) -> str:
    given = [] if choice.weighting is None else [choice.weighting]
    return chosen_one([*_WEIGHTS], given, "weighting")


def _items(shown: Sequence[Scored], choice: Choice, usual: Sequence[str]) -> list[str]:
    """What is judged, of what some forecasts were."""
    known = list(dict.fromkeys(name for one in shown for name in one.judged))
    return chosen(known, choice.measures or [name for name in usual if name in known], "measures")


def _by(shown: Iterable[Scored], name: str) -> dict[Any, list[Scored]]:
    found: dict[Any, list[Scored]] = {}
    for one in shown:
        found.setdefault(getattr(one, name), []).append(one)
    return found


def titled(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def backtest(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """How near forecasts come by what is given and by elasticity set, a panel for each window."""
    shown, weighting = forecasts(found, choice), _weighting(choice)
    items = _items(shown, choice, (USUAL,))
    sets = list(dict.fromkeys(one.elasticities for one in shown))
    columns = [Column("gravity", "Gravity: explained", "%", 0)]
    for name in sets:
        columns += [Column(f"explained_{name}", f"{name}: explained", "%", 0),
                    Column(f"correlation_{name}", f"{name}: correlation", "", 2),
                    Column(f"slope_{name}", f"{name}: slope", "", 2)]  # fmt: skip
    panels = []
    for item in items:
        rows: dict[str, list[float]] = {}
        judged = [one for one in shown if item in one.judged]
        for label, alike in _by(judged, "label").items():
            by_set = {one.elasticities: one for one in alike}
            rows[label] = [alike[0].score(EXPLAINED, item, weighting, naive=True)]
            for name in sets:
                rows[label] += [
                    by_set[name].score(measure, item, weighting) if name in by_set else np.nan
                    for measure in (EXPLAINED, "correlation", "slope")
                ]
        if rows:
            panels.append(Panel(heading(item) if len(items) > 1 else "", tuple(columns),
                                tuple(rows), np.array([*rows.values()]),
                                keys={"measure": item}))  # fmt: skip
    refuse_if(not panels, NO_ROWS)
    lines = [of_what(items), f"Log changes, cells {_WEIGHTS[weighting]}.", _MEANS, _NAIVE]
    named = f" of {lowered(heading(items[0]))}" if len(items) == 1 else ""
    return draft_of(
        f"Forecasts{named} by what is given",
        "Years and what is given",
        panels,
        shown,
        lines,
    )


def scores(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """All that is judged of a window under one elasticity set, a panel for what is given."""
    shown, weighting = forecasts(found, choice), _weighting(choice)
    shown = [one for one in shown if one.elasticities == shown[0].elasticities]
    if not choice.scenarios:
        longest = max((one.window for one in shown), key=length_of)
        shown = [one for one in shown if one.window == longest]
    items = _items(shown, choice, list(dict.fromkeys(name for one in shown for name in one.judged)))
    columns = (
        Column("gravity", "Gravity: explained", "%", 0), Column(EXPLAINED, "Explained", "%", 0),
        Column("correlation", "Correlation", "", 2), Column("slope", "Slope", "", 2),
        Column("slope_error", "Standard error", "", 2), Column("spread", "Spread", "", 2),
        Column("direction", "Direction right", "%", 0), Column("compared", "Cells", "", 0),
    )  # fmt: skip
    changes = ("log", "points") if choice.detail else ("log",)
    panels = []
    for one in shown:
        for change in changes:
            rows = {heading(item): [
                one.score(EXPLAINED, item, weighting, change=change, naive=True),
                *(one.score(column.key, item, weighting, change=change) for column in columns[1:]),
            ] for item in items if item in one.judged}  # fmt: skip
            if rows:
                how = "" if len(changes) == 1 else {"log": "log changes"}.get(change, "points")
                title = titled(one.years if len({o.window for o in shown}) > 1 else "",
                               f"given {one.told}", how)  # fmt: skip
                panels.append(Panel(title[0].upper() + title[1:], columns, tuple(rows),
                                    np.array([*rows.values()]),
                                    keys={"window": one.window, "given": one.told,
                                          "change": change}))  # fmt: skip
    refuse_if(not panels, NO_ROWS)
    years = f", {shown[0].years}" if len({one.window for one in shown}) == 1 else ""
    lines = [
        f"Under elasticities {shown[0].elasticities}.",
        f"{'Changes' if choice.detail else 'Log changes'}, cells {_WEIGHTS[weighting]}.", _MEANS,
        "Spread: standard deviation of forecast over that of actual changes.", _NAIVE,
    ]  # fmt: skip
    return draft_of(f"All that is judged{years}", "Judged", panels, shown, lines)


def length_of(window: str) -> int:
    first, last = window.split("-")
    return int(last) - int(first)


def elasticities(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """What forecasts explain by multiplier of the trade elasticities, a panel for each set."""
    shown, weighting = _telling(forecasts(found, choice), choice), _weighting(choice)
    items = _items(shown, choice, (USUAL, _OF_GROWTH))
    multipliers = shown[0].multipliers
    columns = (
        *(Column(f"x{one:g}", f"x {one:g}", "%", 0) for one in multipliers),
        Column("best", "Best multiplier", "", 2), Column("tariff_slope", "Slope on tariffs", "", 2),
        Column("tariff_slope_error", "Standard error", "", 2),
    )  # fmt: skip
    panels = []
    for item in items:
        for name, own in _by(shown, "elasticities").items():
            rows: dict[str, list[float]] = {}
            for one in own:
                hinges = item not in _HINGES or _HINGES[item] in one.given
                if hinges and item in one.judged and one.multipliers == multipliers:
                    values = one.scores(EXPLAINED, item, weighting)
                    rows[one.label] = [
                        *values, _best(multipliers, values),
                        one.score("tariff_slope", item, weighting),
                        one.score("tariff_slope_error", item, weighting),
                    ]  # fmt: skip
            if rows:
                title = titled(heading(item) if len(items) > 1 else "", f"elasticities {name}")
                panels.append(Panel(title[0].upper() + title[1:], columns, tuple(rows),
                                    np.array([*rows.values()]),
                                    keys={"measure": item, "elasticities": name}))  # fmt: skip
    refuse_if(not panels, NO_ROWS)
    lines = [
        of_what(items), "Columns: what forecasts explain, per cent, if trade elasticities (sigma "
        "less one) are those of the set times so much. Only forecasts that hinge on them: with "
        "tariffs or real growth given.",
        f"Log changes, cells {_WEIGHTS[weighting]}. Best: of the multipliers that were tried.",
        "Slope on tariffs: of what the forecast without tariffs leaves on what they add to it, "
        "under the set as it is; above 1 tariffs did more to trade than the set says, below 1 "
        "less. Standard errors are clustered by importer.",
    ]  # fmt: skip
    return draft_of("Which trade elasticities history favours", "Years and what is given", panels,
                  shown, lines)  # fmt: skip


def _telling(shown: Sequence[Scored], choice: Choice) -> list[Scored]:
    """Forecasts that hinge on elasticities, given tariffs or growth; others where named."""
    found = [one for one in shown if {"tariffs", "growth"} & {*one.given}]
    return list(shown) if choice.scenarios or not found else found


def _best(multipliers: Sequence[float], values: Array) -> float:
    if not np.isfinite(values).any():
        return np.nan
    return multipliers[int(np.nanargmax(values))]


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """What forecasts explain over multipliers: an axis for each set and what is judged."""
    shown, weighting = forecasts(found, choice), _weighting(choice)
    asked = [(USUAL, "tariffs, GDP, balances"), (_OF_GROWTH, "growth")]
    asked = [(name, "") for name in choice.measures] or asked
    panels, drawn_ = [], []
    for item, given in asked:
        for name, own in _by(shown, "elasticities").items():
            lines = [one for one in _telling(own, choice)
                     if item in one.judged and _drawn(one, item, given)]  # fmt: skip
            if given:  # of each window that with most given
                fullest = {one.window: one for one in sorted(lines, key=lambda o: len(o.given))}
                lines = [one for one in lines if fullest[one.window] is one]
            if not lines:
                continue
            figures = np.array([one.scores(EXPLAINED, item, weighting) for one in lines]).T
            several = len({one.told for one in lines}) > len({one.window for one in lines})
            columns = tuple(
                Column(one.window, one.years + (f", {one.told}" if several else ""), "%", 0)
                for one in lines
            )
            title = f"{name}; {heading(item)},; given {_given_words(lines)}"
            panels.append(Panel(title, columns, tuple(f"{m:g}" for m in lines[0].multipliers),
                                figures, keys={"measure": item, "elasticities": name}))  # fmt: skip
            drawn_ += lines
    refuse_if(not panels, NO_ROWS)
    notes = [
        "Explained: share of the variance of log changes around no change, per cent, cells "
        f"{_WEIGHTS[weighting]}; no change scores 0. Not drawn: below -50, and where there is no "
        "equilibrium. Multiplier: of the trade elasticities of the set, sigma less one.",
    ]  # fmt: skip
    return draft_of("Which trade elasticities history favours", "Multiplier", panels, drawn_, notes)


def _drawn(one: Scored, item: str, given: str) -> bool:
    if not given:
        return True
    return "growth" in one.given if given == "growth" else one.told == given


def _given_words(lines: Sequence[Scored]) -> str:
    told = max(lines, key=lambda one: len(one.given)).told
    fewer = {one.told for one in lines} - {told}
    return told if not fewer else told.replace("tariffs", "tariffs if known")


def of_what(items: Sequence[str]) -> str:
    """What is judged, in the words of the register."""
    return " ".join(f"{heading(name)}: {quantity(name).meaning}." for name in items)


def lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def draft_of(
    title: str, stub: str, panels: Sequence[Panel], shown: Sequence[Scored], lines: Sequence[str]
) -> Draft:
    return Draft(title, stub, panels, [one.case for one in shown], lines, of_cases=False)


NEEDS = "results of `cge backtest`"
KINDS = (
    PageKind("backtest", "how near forecasts of past years come, by what is given and by set",
             backtest, ("measures", "weighting"), "dots", None, NEEDS),
    PageKind("backtest-scores", "all that is judged of one window, by what is given", scores,
             ("measures", "weighting", "detail"), "dots", None, NEEDS),
    PageKind("backtest-elasticities", "what forecasts of past years explain, by multiplier of the "
             "trade elasticities", elasticities, ("measures", "weighting"), "multipliers", drawn,
             NEEDS),
)  # fmt: skip
