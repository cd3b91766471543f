"""Welfare beside the checks of claims, with its terms-of-trade part and the world's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cge.core.errors import refuse_if
from cge.report.drafts.cases import NO_ROWS, Case
from cge.report.drafts.choice import Choice
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.report.pages.claim_pages import (
    NEEDS,
    Told,
    chosen,
    label_of,
    results_of,
    shared_places,
    under_of,
)
from cge.results.resultset import ResultSet
from cge.results.row_schema import WORLD
from cge.uncertainty.verdicts import HOLDS, SIZE

#: Measures of welfare and of the terms of trade that stand beside checks.
_WELFARE = ("equivalent_variation", "present_value")
_TERMS = ("terms_of_trade_effect", "ev_part", "welfare_part")
#: What is told of each case under each set.
_FIGURES = {"welfare": "Welfare", "terms_of_trade": "Terms of trade", "world": "World"}
#: Why a case has no terms-of-trade part, by the mark that stands in its place.
_WHY = {
    "(a)": "a present value, which adds up years that are not taken apart together",
    "(b)": "a point of a frontier on a path, which is not taken apart",
    "(c)": "welfare was not taken apart, or could not be, as where trade nearly ends",
}


@dataclass(frozen=True)
class _Beside:
    """Figures beside one figure on one table: what they are of, by set, and why one is missing."""

    label: str
    figures: dict[str, tuple[float, float, float]]
    why: dict[str, str]


def beside(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Welfare that checks are of, the part of it that is terms of trade, and the world's."""
    cases, told = chosen(found, choice)
    panels, marks = [], set()
    for one in (one for one in told if one.get("under")):
        sets = list(dict.fromkeys(name for _, name in under_of(one)))
        rows = _of_claim(one, cases, sets)
        words = {(k, len(_FIGURES) * m + 1): row.why[name]
                 for k, row in enumerate(rows) for m, name in enumerate(sets)
                 if row.why[name]}  # fmt: skip
        marks |= {*words.values()}
        if rows:
            panels.append(replace(_panel(one, sets, rows), words=words, keys={"claim": one["id"]}))
    refuse_if(not panels, NO_ROWS)
    lines = [_SAYS, *(f"{mark} No terms-of-trade part: {why}."
                      for mark, why in _WHY.items() if mark in marks)]  # fmt: skip
    return Draft("Welfare beside the checks", "Case", panels, cases, lines, of_cases=False)


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """The same as marks, an axis for each claim and each set that all claims are tried under."""
    cases, told = chosen(found, choice)
    sets, panels = list(dict.fromkeys(name for _, name in shared_places(told, cases))), []
    for one in (one for one in told if one.get("under")):
        if rows := _of_claim(one, cases, sets):
            panels.append(_panel(one, sets, rows, by_set=True))
    refuse_if(not panels, NO_ROWS)
    return Draft("Welfare beside the checks", "Case", panels, cases, [_SAYS], of_cases=False)


def _panel(one: Told, sets: Sequence[str], rows: Sequence[_Beside], by_set: bool = False) -> Panel:
    """What stands beside a claim, the columns of a set a group of their own if that is wanted."""
    columns = tuple(Column(f"{key}_{name}", f"{words}, {name}", "% of absorption", 3,
                           group=name if by_set else "")
                    for name in sets for key, words in _FIGURES.items())  # fmt: skip
    figures = [[value for name in sets for value in row.figures[name]] for row in rows]
    return Panel(label_of(one), columns, tuple(row.label for row in rows), np.array(figures))


_SAYS = ("Welfare of the region, the part of it that is terms of trade, which is taken from "
         "others, and that of the world (of a comparison of policies: of all others).")  # fmt: skip


def _of_claim(one: Told, cases: Sequence[Case], sets: Sequence[str]) -> list[_Beside]:
    """What stands beside the checks of a claim, by figure and table."""
    rows = results_of(cases, one["id"]).rows
    own = rows[(rows["scenario"] == one["id"]) & ~rows["measure"].isin([SIZE, HOLDS])]
    found = []
    for title, year, name, part in _each(own):
        by_set = {one: part[part["elasticities"] == one] for one in sets}
        figures = {one: _parts(rows) for one, rows in by_set.items()}
        why = {one: _missing(by_set[one]) if np.isnan(terms) and not np.isnan(welfare) else ""
               for one, (welfare, terms, _) in figures.items()}  # fmt: skip
        found.append(_Beside(", ".join(filter(None, (title, year, name))), figures, why))
    return found


def _each(rows: pd.DataFrame) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    """Rows beside one figure on one table, with title, year and table."""
    columns = ["variant", "title", "table"]
    for (_, title, table), part in rows.groupby(columns, observed=True, sort=False):
        years = part["path_year"].dropna().unique()
        year = f"year {int(years[0])}" if len(years) else ""
        if not len(years) and (part["measure"] == "present_value").any():
            year = "present value"
        yield str(title), year, str(table), part


def _missing(rows: pd.DataFrame) -> str:
    """Mark of the reason for which there is no terms-of-trade part."""
    if (rows["measure"] == "present_value").any():
        return "(a)"
    return "(b)" if rows["point"].notna().any() else "(c)"


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


KINDS = (
    PageKind("claim-welfare", "welfare beside the checks: terms of trade, the world", beside, (),
             "glance-apart", drawn, NEEDS),
)  # fmt: skip
