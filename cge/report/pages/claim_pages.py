"""Claims put to the test: verdicts, the checks behind them, and the welfare beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cge.core.errors import refuse_if
from cge.report.drafts.cases import NO_ROWS, Case, cases_of
from cge.report.drafts.choice import Choice
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.report.format.units import decimals, unit_text
from cge.results.resultset import ResultSet
from cge.results.row_schema import WORLD
from cge.uncertainty.verdicts import HOLDS, PREDICTED, SIZE

#: Measures of welfare and of the terms of trade that stand beside checks.
_WELFARE = ("equivalent_variation", "present_value")
_TERMS = ("terms_of_trade_effect", "ev_part", "welfare_part")
#: Columns of text; a figure without bound.
_TEXT = "-"
UNLIMITED = "unlimited"
Told = Mapping[str, Any]


@lru_cache(maxsize=32)
def _own(results: ResultSet) -> pd.DataFrame:
    """Rows of checks and verdicts, but for single draws."""
    rows = results.rows
    return rows[rows["measure"].isin([SIZE, HOLDS]) & rows["point"].isna()]


def _chosen(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Case], list[Told]]:
    """Claims that are wanted: their cases in results, and what manifests tell of them."""
    cases = cases_of([one for one in found if "claims" in one.manifest], choice, (HOLDS,))
    refuse_if(not cases, NO_ROWS)
    names = {str(case.keys["scenario"]) for case in cases}
    results = list(dict.fromkeys(case.results for case in cases))
    told = [one for result in results for one in result.manifest["claims"]
            if one["id"] in names or ("shares" not in one and not choice.scenarios)]  # fmt: skip
    return cases, told


def _sets(cases: Sequence[Case]) -> list[str]:
    return list(dict.fromkeys(str(case.keys["elasticities"]) for case in cases))


def _grouped(told: Sequence[Told]) -> dict[str, list[Told]]:
    groups: dict[str, list[Told]] = {}
    for one in told:
        groups.setdefault(one["group"], []).append(one)
    return groups


def _figures(results: ResultSet, claim: str, check: int, name: str) -> dict[str, float]:
    """Figures of a check under a set by statistic, the central one without a name."""
    rows = _own(results)
    here = (rows["scenario"] == claim) & (rows["variant"] == str(check)) & (
        rows["elasticities"] == name) & (rows["measure"] == SIZE)  # fmt: skip
    own = rows[here]
    return dict(zip(map(str, own["statistic"]), own["value"], strict=True))


def _unit(results: ResultSet, claim: str, check: int) -> str:
    rows = _own(results)
    here = (rows["scenario"] == claim) & (rows["variant"] == str(check)) & (
        rows["statistic"] == "")  # fmt: skip
    return str(rows.loc[here, "unit"].iloc[0])


def _results_of(cases: Sequence[Case], claim: str) -> ResultSet:
    return next(case.results for case in cases if case.keys["scenario"] == claim)


# -- verdicts


def verdicts(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """A row for each claim: in what share of draws it holds, the verdict, what it turns on."""
    cases, told = _chosen(found, choice)
    sets, panels = _sets(cases), []
    for group, claims in _grouped(told).items():
        columns = (
            Column("verdict", "Verdict", _TEXT), *(
                Column(f"share_{name}", f"Holds, {name}", "% of draws", 0) for name in sets),
            Column("turns_on", "Fails, or turns on", _TEXT),
        )  # fmt: skip
        figures = np.full((len(claims), len(columns)), np.nan)
        words: dict[tuple[int, int], str] = {}
        for n, one in enumerate(claims):
            words[n, 0] = _verdict(one)
            words[n, len(sets) + 1] = _turning(one) or "-"
            for m, name in enumerate(sets, start=1):
                if name in one.get("shares", {}):
                    if _central_only(one):
                        words[n, m] = "yes" if one["shares"][name] else "no"
                    else:
                        figures[n, m] = 100 * one["shares"][name]
        keys = tuple({"claim": one["id"]} for one in claims)
        panels.append(Panel(group, _texts(columns), tuple(_label(one) for one in claims), figures,
                            words=words, row_keys=keys))  # fmt: skip
    lines = [
        "A claim holds in a draw if all its checks do. What each check is: --kind claim-checks."
        + (" (central): central values only." if any(map(_central_only, told)) else ""),
        *(line for one in told for line in _sentences(one, cases)),
    ]
    return Draft("Verdicts", "Claim", panels, cases, lines, of_cases=False)


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Share of draws in which claims hold."""
    cases, told = _chosen(found, choice)
    sets, panels = _sets(cases), []
    for group, claims in _grouped([one for one in told if "shares" in one]).items():
        columns = tuple(Column(f"share_{name}", name, "% of draws", 0) for name in sets)
        figures = [[100 * one["shares"].get(name, np.nan) for name in sets] for one in claims]
        panels.append(Panel(group, columns, tuple(_label(one) for one in claims),
                            np.array(figures)))  # fmt: skip
    lines = [
        "Share of draws in which all checks of a claim hold; at central values alone 0 or 100."
    ]
    return Draft("Verdicts", "Claim", panels, cases, lines, of_cases=False)


def _texts(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns, those of text without a unit."""
    return tuple(Column(one.key, one.title, "" if one.unit == _TEXT else one.unit, one.digits)
                 for one in columns)  # fmt: skip


def _label(one: Told) -> str:
    return f"{one['id']} {one['title']}"


def _central_only(one: Told) -> bool:
    return str(one.get("basis", "")).startswith("central")


def _verdict(one: Told) -> str:
    return f"{one['verdict']} (central)" if _central_only(one) else str(one["verdict"])


def _turning(one: Told) -> str:
    """What a verdict turns on, or which checks fail."""
    failing = ", ".join(map(str, one.get("failing", ())))
    parts = [f"check {failing}"] if failing else []
    return ", ".join(dict.fromkeys([*parts, *(turn["on"] for turn in one.get("turns_on", ()))]))


def _sentences(one: Told, cases: Sequence[Case]) -> Iterator[str]:
    """What was done, what was found, and where to disagree."""
    if "shares" not in one:
        yield f"{one['id']}. {_verdict(one).capitalize()}{': ' if one.get('why') else ''}" \
              f"{one.get('why') or ''}. {one['not_carried']}"  # fmt: skip
        return
    yield f"{one['id']}. Said: {one['english']} Done: {one['done']} Found: {_found(one, cases)} " \
          f"Where to disagree: {one['disagree']}{_added(one)}"  # fmt: skip


def _added(one: Told) -> str:
    return f" Added: {one['parameter']}" if one["parameter"] else ""


def _found(one: Told, cases: Sequence[Case]) -> str:
    """The verdict with the figures of the checks, in a sentence."""
    results, parts = _results_of(cases, one["id"]), []
    for n in range(1, len(one["checks"]) + 1):
        figures = [_figures(results, one["id"], n, name)[""] for name in one["shares"]]
        unit, scale = unit_text(_unit(results, one["id"], n))
        digits = decimals(unit, [scale * value for value in figures if np.isfinite(value)])
        told = " / ".join(UNLIMITED if np.isinf(value) else f"{scale * value:.{digits}f}"
                          for value in figures)  # fmt: skip
        parts.append(f"({n}) {told}")
    sets = " / ".join(one["shares"])
    turns = "".join(f"; {turn['words']}" for turn in one["turns_on"])
    return f"{one['verdict']} ({one['basis']}){turns}; checks under {sets}: {', '.join(parts)}."


# -- checks


def checks(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """A row for each check: what is predicted, what is found, in what share of draws."""
    cases, told = _chosen(found, choice)
    sets, panels = _sets(cases), []
    for one in (one for one in told if "shares" in one):
        results, drawn_ = _results_of(cases, one["id"]), not _central_only(one)
        columns = [Column("predicted", "Predicted", _TEXT)]
        columns += [Column(f"size_{name}", name, "", 3) for name in sets]
        columns += [Column(f"share_{name}", f"P(predicted), {name}", "%", 0)
                    for name in sets if drawn_]  # fmt: skip
        columns.append(Column("unit", "Unit", _TEXT))
        count = len(one["checks"])
        figures, low, high = (np.full((count, len(columns)), np.nan) for _ in range(3))
        words: dict[tuple[int, int], str] = {}
        rows = []
        for n, check in enumerate(one["checks"]):
            words[n, 0] = f"{'>' if check['sign'] == 'positive' else '<'} {check['than']:g}"
            unit, scale = unit_text(_unit(results, one["id"], n + 1))
            words[n, len(columns) - 1] = unit
            rows.append(f"({n + 1}) {check['says']}")
            for m, name in enumerate(sets, start=1):
                own = _figures(results, one["id"], n + 1, name)
                figures[n, m] = scale * own.get("", np.nan)
                if np.isinf(figures[n, m]):
                    words[n, m] = UNLIMITED
                if drawn_:
                    low[n, m], high[n, m] = (scale * own[end] for end in ("p05", "p95"))
                    figures[n, m + len(sets)] = 100 * own[PREDICTED]
        panels.append(Panel(_label(one), _texts(columns), tuple(rows), figures, words=words,
                            keys={"claim": one["id"]}, low=low, high=high))  # fmt: skip
    lines = ["Figures at central values; in brackets the 5 % and 95 % quantiles over draws. "
             "P(predicted): share of draws on the side that the claim says."]  # fmt: skip
    return Draft("Checks", "Check", panels, cases, lines, of_cases=False)


# -- welfare beside


def beside(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Welfare that checks are of, the part of it that is terms of trade, and the world's."""
    cases, told = _chosen(found, choice)
    sets, panels = _sets(cases), []
    for one in (one for one in told if "shares" in one):
        rows = _results_of(cases, one["id"]).rows
        own = rows[(rows["scenario"] == one["id"]) & ~rows["measure"].isin([SIZE, HOLDS])]
        labels: list[str] = []
        table: list[list[float]] = []
        for (_, title, measure_year), part in _each(own):
            labels.append(", ".join(filter(None, (title, measure_year))))
            table.append([value for name in sets
                          for value in _parts(part[part["elasticities"] == name])])  # fmt: skip
        if labels:
            columns = tuple(
                Column(f"{key}_{name}", f"{words}, {name}", "% of absorption", 3)
                for name in sets
                for key, words in (("welfare", "Welfare"), ("terms_of_trade", "Terms of trade"),
                                   ("world", "World"))
            )  # fmt: skip
            panels.append(Panel(_label(one), columns, tuple(labels), np.array(table),
                                keys={"claim": one["id"]}))  # fmt: skip
    refuse_if(not panels, NO_ROWS)
    lines = ["Welfare of the region, the part of it that is terms of trade, which is taken from "
             "others, and that of the world (of a comparison of policies: of all others). Of a "
             "whole path it is the present value, which is not taken apart."]  # fmt: skip
    return Draft("Welfare beside the checks", "Case", panels, cases, lines, of_cases=False)


def _each(rows: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
    """Rows beside one figure, with its name, title and year."""
    for (name, title), part in rows.groupby(["variant", "title"], observed=True, sort=False):
        years = part["path_year"].dropna().unique()
        year = f"year {int(years[0])}" if len(years) else ""
        if not len(years) and (part["measure"] == "present_value").any():
            year = "present value"
        yield (str(name), str(title), year), part


def _parts(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Welfare of a region, its terms-of-trade part, and the world's; NaN where there is none."""

    def first(here: pd.Series[bool], column: str = "value") -> float:
        found = rows.loc[here, column]
        return float(found.iloc[0]) if len(found) else float("nan")

    world = rows["region"].astype(str).str.startswith(WORLD)
    welfare = rows["measure"].isin(_WELFARE)
    return (
        first(welfare & ~world), first(rows["measure"].isin(_TERMS), "change"),
        first((welfare & world) | (rows["measure"] == "others_variation")),
    )  # fmt: skip


_NEEDS = "results of `cge claims`"
KINDS = (
    PageKind("claims", "claims: in what share of draws they hold, the verdict, what it turns on",
             verdicts, (), "dots", drawn, _NEEDS),
    PageKind("claim-checks", "checks of claims: what is predicted, what is found", checks, (),
             needs=_NEEDS),
    PageKind("claim-welfare", "welfare beside the checks: terms of trade, the world", beside, (),
             needs=_NEEDS),
)  # fmt: skip
