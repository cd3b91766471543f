"""Claims put to the test: verdicts, and the checks behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.report.drafts.cases import NO_ROWS, Case, cases_of
from cge.report.drafts.choice import Choice
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.report.format.units import NOISE, decimals, text, unit_text
from cge.results.resultset import ResultSet
from cge.uncertainty.verdicts import HOLDS, PREDICTED, SIZE, SURE

#: Columns of text; a figure without bound.
_TEXT = "-"
UNLIMITED = "unlimited"
#: Where a range without bound ends in a figure whose largest end is 1.
EDGE = 1.1
#: Decimals of checks: at least, at most; what is smaller is not looked at for them.
FEWEST, MOST, NOTHING = 3, 5, 1e-5
Told = Mapping[str, Any]
#: A table of accounts, empty where there is one alone, and an elasticity set.
Place = tuple[str, str]


@lru_cache(maxsize=32)
def _own(results: ResultSet) -> pd.DataFrame:
    """Rows of checks and verdicts, but for single draws."""
    rows = results.rows
    return rows[rows["measure"].isin([SIZE, HOLDS]) & rows["point"].isna()]


def chosen(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Case], list[Told]]:
    """Claims that are wanted: their cases in results, and what manifests tell of them."""
    cases = cases_of([one for one in found if "claims" in one.manifest], choice, (HOLDS,))
    refuse_if(not cases, NO_ROWS)
    names = {str(case.keys["scenario"]) for case in cases}
    results = list(dict.fromkeys(case.results for case in cases))
    told = [one for result in results for one in result.manifest["claims"]
            if one["id"] in names or (not one.get("under") and not choice.scenarios)]  # fmt: skip
    return cases, told


def _places(cases: Sequence[Case]) -> list[Place]:
    """Tables and sets under which claims are tried."""
    return list(dict.fromkeys((str(case.keys["table"]), str(case.keys["elasticities"]))
                              for case in cases))  # fmt: skip


def shared_places(told: Sequence[Told], cases: Sequence[Case]) -> list[Place]:
    """Tables, and those sets that all claims are tried under: others stand with the checks."""
    tried = [{name for _, name in under_of(one)} for one in told if one.get("under")]
    every = _places(cases)
    return [place for place in every if all(place[1] in own for own in tried)] or every


def _named(place: Place) -> str:
    return ", ".join(filter(None, place))


def _key(place: Place) -> str:
    return "_".join(filter(None, place))


def under_of(one: Told) -> dict[Place, Told]:
    """How a claim fares by table and set; nothing where it is not tested."""
    return {(own["table"], own["elasticities"]): own for own in one.get("under", ())}


def _grouped(told: Sequence[Told]) -> dict[str, list[Told]]:
    groups: dict[str, list[Told]] = {}
    for one in told:
        groups.setdefault(one["group"], []).append(one)
    return groups


def _figures(results: ResultSet, claim: str, check: int, place: Place) -> dict[str, float]:
    """Figures of a check at a place by statistic, the central one without a name."""
    rows, (table, name) = _own(results), place
    here = (rows["scenario"] == claim) & (rows["variant"] == str(check))
    here &= (rows["elasticities"] == name) & (rows["table"] == table)
    own = rows[here & (rows["measure"] == SIZE)]
    return dict(zip(map(str, own["statistic"]), own["value"], strict=True))


def _unit(results: ResultSet, claim: str, check: int) -> str:
    rows = _own(results)
    here = (rows["scenario"] == claim) & (rows["variant"] == str(check)) & (
        rows["statistic"] == "")  # fmt: skip
    return str(rows.loc[here, "unit"].iloc[0])


def results_of(cases: Sequence[Case], claim: str) -> ResultSet:
    return next(case.results for case in cases if case.keys["scenario"] == claim)


# -- verdicts


def verdicts(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """A row for each claim: in what share of draws it holds, the verdict, what it turns on."""
    cases, told = chosen(found, choice)
    places, panels = shared_places(told, cases), []
    unit = "% of draws" if any(map(_is_drawn, told)) else _TEXT
    for group, claims in _grouped(told).items():
        columns = (
            Column("verdict", "Verdict", _TEXT), *(
                Column(f"share_{_key(one)}", f"Holds, {_named(one)}", unit, 0)
                for one in places),
            Column("turns_on", "Fails, or turns on", _TEXT),
        )  # fmt: skip
        figures = np.full((len(claims), len(columns)), np.nan)
        words: dict[tuple[int, int], str] = {}
        for n, one in enumerate(claims):
            words[n, 0] = _verdict(one)
            words[n, len(places) + 1] = _turning(one) or "-"
            under = under_of(one)
            for m, place in enumerate(places, start=1):
                if place not in under:
                    continue
                if _central_only(one):
                    words[n, m] = "yes" if under[place]["share"] else "no"
                else:
                    figures[n, m] = 100 * under[place]["share"]
        keys = tuple({"claim": one["id"]} for one in claims)
        panels.append(Panel(group, _texts(columns), tuple(label_of(one) for one in claims), figures,
                            words=words, row_keys=keys))  # fmt: skip
    lines = [
        "A claim holds in a draw if all its checks do. What each check is: --kind claim-checks."
        + (" (central): central values only." if any(map(_central_only, told)) else ""),
        *(line for one in told for line in _sentences(one, cases)),
    ]
    return Draft("Verdicts", "Claim", panels, cases, lines, of_cases=False)


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Share of draws in which claims hold; without draws the share of their checks that hold."""
    cases, told = chosen(found, choice)
    tested = [one for one in told if one.get("under")]
    with_draws = [one for one in tested if _is_drawn(one)]
    places, panels = shared_places(told, cases), []
    columns = _of_draws(places) if with_draws else _of_checks(places)
    for group, claims in _grouped(with_draws or tested).items():
        figures = [[_holding(under_of(one).get(place)) for place in places] for one in claims]
        panels.append(Panel(group, columns, tuple(label_of(one) for one in claims),
                            np.array(figures)))  # fmt: skip
    left = [f"{one['id']} {one['verdict']}" for one in tested if with_draws and _central_only(one)]
    lines = [
        "Share of draws in which all checks of a claim hold." if with_draws else
        "Share of the checks of a claim that hold, at central values: nothing is drawn. A claim "
        "holds if all of them do.",
        f"Not drawn, as it is at central values only: {', '.join(left)}." if left else "",
    ]  # fmt: skip
    return Draft("Claims that hold", "Claim", panels, cases, lines, of_cases=False)


def _holding(under: Told | None) -> float:
    """Per cent of draws in which a claim holds, without draws of its checks."""
    if under is None:
        return float("nan")
    return 100 * float(np.mean(under["checks"]) if _central_only(under) else under["share"])


def sized(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Figures of checks on the side that is predicted, as shares of the largest of the check."""
    cases, told = chosen(found, choice)
    places, panels = shared_places(told, cases), []
    for group, claims in _grouped([one for one in told if one.get("under")]).items():
        rows = [(one, n) for one in claims for n in range(len(one["checks"]))]
        figures, low, high = (np.full((len(rows), len(places)), np.nan) for _ in range(3))
        for k, (one, n) in enumerate(rows):
            check, results = one["checks"][n], results_of(cases, one["id"])
            side = 1.0 if check["sign"] == "positive" else -1.0
            for m, place in enumerate(places):
                own = _figures(results, one["id"], n + 1, place)
                ends = [side * (own.get(end, np.nan) - check["than"]) for end in ("p05", "p95")]
                figures[k, m] = side * (own.get("", np.nan) - check["than"])
                low[k, m], high[k, m] = min(ends), max(ends)
        figures[np.isinf(figures)] = np.nan
        every = np.abs(np.hstack([figures, low, high]))
        every[~np.isfinite(every)] = 0.0
        largest = every.max(axis=1, keepdims=True)
        largest[largest < NOISE] = np.nan  # nothing but rounding, which has no side
        low, high = (np.clip(ends / largest, -EDGE, EDGE) for ends in (low, high))
        labels = tuple(f"{one['id']} ({n + 1}) {one['checks'][n]['says']}" for one, n in rows)
        columns = tuple(
            Column(f"size_{_key(one)}", _named(one), "share of the largest figure of the check", 2,
                   group="right of 0 as predicted") for one in places
        )  # fmt: skip
        panels.append(Panel(group, columns, labels, figures / largest, low=low,
                            high=high))  # fmt: skip
    lines = ["Figures of the checks at central values, less the number with which they are "
             "compared; right of 0 on the side that the claim says. Each as a share of the "
             "largest of its check, ends of ranges with it, whatever its unit. Lines: 5 % to 95 % "
             "quantiles over draws, where there are draws; one that goes on to the edge is without "
             "bound. A figure without bound, or nothing but rounding, is left out."]  # fmt: skip
    return Draft("Sizes of the checks", "Check", panels, cases, lines, of_cases=False)


def _of_draws(places: Sequence[Place]) -> tuple[Column, ...]:
    """A column of shares of draws for each table and set, all of one group."""
    return tuple(
        Column(f"share_{_key(one)}", _named(one), "% of draws", 0, group="share of draws")
        for one in places
    )


def _of_checks(places: Sequence[Place]) -> tuple[Column, ...]:
    """A column of shares of checks for each table and set, all of one group."""
    return tuple(
        Column(f"checks_{_key(one)}", _named(one), "% of its checks", 0, group="checks that hold")
        for one in places
    )


def _texts(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns, those of text without a unit."""
    return tuple(Column(one.key, one.title, "" if one.unit == _TEXT else one.unit, one.digits)
                 for one in columns)  # fmt: skip


def label_of(one: Told) -> str:
    return f"{one['id']} {one['title']}"


def _central_only(one: Told) -> bool:
    return str(one.get("basis", "")).startswith("central")


def _is_drawn(one: Told) -> bool:
    """Whether a claim was tested in draws of the parameters."""
    return bool(one.get("under")) and not _central_only(one)


def _verdict(one: Told) -> str:
    return f"{one['verdict']} (central)" if _central_only(one) else str(one["verdict"])


def _turning(one: Told) -> str:
    """What a verdict turns on, or which checks fail."""
    failing = ", ".join(map(str, one.get("failing", ())))
    parts = [f"check {failing}"] if failing else []
    return ", ".join(dict.fromkeys([*parts, *(turn["on"] for turn in one.get("turns_on", ()))]))


def _sentences(one: Told, cases: Sequence[Case]) -> Iterator[str]:
    """What was done, what was found, and where to disagree."""
    said = f"{one['id']}. Said ({one['section']}): {one['english']}"
    if not one.get("under"):
        why = f": {one['why']}" if one.get("why") else ""
        yield f"{said} Found: {_verdict(one)}{why}. Not in the model: {one['not_carried']}"
        return
    yield f"{said} Done: {one['done']} Found: {_found(one, cases)} " \
          f"Where to disagree: {one['disagree']}{_added(one)}"  # fmt: skip


def _added(one: Told) -> str:
    return f" Added: {one['parameter']}" if one["parameter"] else ""


def _found(one: Told, cases: Sequence[Case]) -> str:
    """The verdict, and the figures of checks that do not hold everywhere, in a sentence."""
    results, under = results_of(cases, one["id"]), under_of(one)
    places, missed = list(under), []
    for n, check in enumerate(one["checks"]):
        if min(own["checks"][n] for own in under.values()) >= SURE:
            continue
        figures = [_figures(results, one["id"], n + 1, place)[""] for place in places]
        unit, scale = unit_text(_unit(results, one["id"], n + 1))
        digits = decimals(unit, [scale * value for value in figures if np.isfinite(value)])
        told = " / ".join(UNLIMITED if np.isinf(value) else text(scale * value, digits)
                          for value in figures)  # fmt: skip
        missed.append(f"({n + 1}) {check['says'].rstrip('.')}: {told} {unit}")
    turns = "".join(f"; {turn['words']}" for turn in one["turns_on"])
    lacks = "".join(f"; not on {table}: {why}" for table, why in one.get("elsewhere", {}).items())
    whole = (f"of {len(one['checks'])} checks these do not hold everywhere (under "
             f"{' / '.join(map(_named, places))}): {'; '.join(missed)}")  # fmt: skip
    return (f"{one['verdict']} ({one['basis']}){turns}{lacks}; "
            f"{whole if missed else 'every check holds everywhere'}.")  # fmt: skip


# -- checks


def checks(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """A row for each check, on each table: what is predicted, what is found."""
    cases, told = chosen(found, choice)
    panels = []
    for one in (one for one in told if one.get("under")):
        results, drawn_, under = results_of(cases, one["id"]), not _central_only(one), under_of(one)
        sets = list(dict.fromkeys(name for _, name in under))
        columns = [Column("predicted", "Predicted", _TEXT), Column("found", "Found", _TEXT)]
        columns += [Column(f"size_{name}", name) for name in sets]
        columns += [Column(f"share_{name}", f"P(predicted), {name}", "%", 0)
                    for name in sets if drawn_]  # fmt: skip
        columns.append(Column("unit", "Unit", _TEXT))
        sizes = slice(2, 2 + len(sets))
        tables = list(dict.fromkeys(table for table, _ in under))
        rows = [(n, table) for n in range(len(one["checks"])) for table in tables]
        figures, low, high = (np.full((len(rows), len(columns)), np.nan) for _ in range(3))
        words: dict[tuple[int, int], str] = {}
        for k, (n, table) in enumerate(rows):
            check = one["checks"][n]
            words[k, 0] = _side(check["sign"] == "positive", check["than"])
            unit, scale = unit_text(_unit(results, one["id"], n + 1))
            words[k, len(columns) - 1] = unit
            sides = []
            for m, name in enumerate(sets, start=2):
                own = _figures(results, one["id"], n + 1, (table, name))
                value = own.get("", np.nan)
                sides.append(_side(value > check["than"], check["than"], value))
                figures[k, m] = scale * value
                if np.isinf(value):
                    words[k, m] = UNLIMITED
                if drawn_ and (table, name) in under:
                    low[k, m], high[k, m] = (scale * own[end] for end in ("p05", "p95"))
                    figures[k, m + len(sets)] = 100 * own[PREDICTED]
            words[k, 1] = " / ".join(dict.fromkeys(sides))
        labels = tuple(
            f"({n + 1}) {one['checks'][n]['says']}{f' [{table}]' if table else ''}"
            for n, table in rows
        )
        keys = tuple({"table": table} for _, table in rows) if tables != [""] else ()
        digits = _smallest_seen(figures[:, sizes])
        columns[sizes] = [replace(column, digits=digits) for column in columns[sizes]]
        panels.append(Panel(_judged(one), _texts(columns), labels, figures, words=words,
                            keys={"claim": one["id"]}, row_keys=keys, low=low,
                            high=high))  # fmt: skip
    lines = ["Predicted, found: the side of a number, mostly nought, on which the figure is to be, "
             "and is at central values. Figures at central values; in brackets the 5 % and 95 % "
             "quantiles over draws. P(predicted): share of draws on the side that the claim "
             "says."]  # fmt: skip
    return Draft("Checks", "Check", panels, cases, lines, of_cases=False)


def _smallest_seen(figures: Array) -> int:
    """Decimals at which the smallest of some figures has two digits, within bounds."""
    sizes = np.abs(figures[np.isfinite(figures)])
    sizes = sizes[sizes > NOTHING]
    if not sizes.size:
        return FEWEST
    return int(np.clip(1 - np.floor(np.log10(sizes.min())), FEWEST, MOST))


def _side(above: bool, than: float, value: float | None = None) -> str:
    """Side of a number on which a figure is; without one, on which it is to be."""
    if value is not None and np.isnan(value):
        return "none"
    return f"{'=' if value == than else '>' if above else '<'} {than:g}"


def _judged(one: Told) -> str:
    """A claim with its verdict, and what it turns on or fails at."""
    turns = _turning(one)
    return f"{label_of(one)}: {_verdict(one)}{f' ({turns})' if turns else ''}"


NEEDS = "results of `cge claims`"
KINDS = (
    PageKind("claims", "claims: in what share of draws they hold, the verdict, what it turns on",
             verdicts, (), "glance", drawn, NEEDS),
    PageKind("claim-checks", "checks of claims: what is predicted, what is found", checks, (),
             "glance", sized, NEEDS),
)  # fmt: skip
