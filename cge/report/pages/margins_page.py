"""Margins: what each instrument does to welfare, risk and the budget, and ways to spread it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from cge.report.drafts.cases import Case, cases_of
from cge.report.drafts.choice import Choice
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import Column, Panel
from cge.results.resultset import ResultSet

#: Measure of each column, and whether it is the world's.
_MARGINS = (
    (Column("marginal_welfare", "EV", "% per point", 4), False),
    (Column("world_marginal_welfare", "EV, world", "% per point", 4), True),
    (Column("marginal_risk", "CVaR", "% per point", 4), False),
    (Column("marginal_outlay", "Outlay", "% of GDP per point", 4), False),
    (Column("risk_per_outlay", "CVaR per outlay", "% per % of GDP", 4), False),
)
_SPREAD = (
    (Column("equivalent_variation", "EV", "%", 4), False, "value"),
    (Column("world_equivalent_variation", "EV, world", "%", 4), True, "value"),
    (Column("cvar", "CVaR", "%", 4), False, "value"),
    (Column("cvar_change", "CVaR, change", "points", 4), False, "change"),
    (Column("outlay_share", "Outlay", "% of GDP", 3), False, "value"),
)
#: Those of the figure.
_DRAWN = ("marginal_welfare", "marginal_risk", "risk_per_outlay")


@lru_cache(maxsize=32)
def margins_rows(results: ResultSet) -> pd.DataFrame:
    """Rows of margins."""
    return results.rows[results.rows["study"] == "margins"]


def _cases(found: Sequence[ResultSet], choice: Choice, measure: str) -> list[Case]:
    return cases_of(found, choice, (measure,), source=margins_rows)


def _title(case: Case, cases: Sequence[Case]) -> str:
    names = {key: {str(one.keys[key]) for one in cases} for key in ("scenario", "elasticities")}
    return ", ".join(str(case.keys[key]) for key, own in names.items() if len(own) > 1)


def _keys(case: Case) -> dict[str, str]:
    return {key: str(case.keys[key]) for key in ("scenario", "elasticities")}


def _margins(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Panel], list[Case]]:
    """A panel of margins for each scenario and elasticity set, a row for each instrument."""
    panels, cases = [], _cases(found, choice, "marginal_risk")
    for case in cases:
        region = str(case.rows("marginal_risk")["region"].iloc[0])
        names = list(dict.fromkeys(case.rows("marginal_risk")["item"].astype(str)))
        columns = []
        for column, of_world in _MARGINS:
            rows = case.rows(column.key.removeprefix("world_"))
            own = rows[rows["region"] == (case.world if of_world else region)]
            columns.append(own.set_index("item")["value"].reindex(names).to_numpy(float))
        panels.append(Panel(_title(case, cases), tuple(one for one, _ in _MARGINS), tuple(names),
                            np.array(columns).T, keys=_keys(case)))  # fmt: skip
    return panels, cases


def _spread(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Panel], list[Case]]:
    """A panel of ways to spread a budget for each scenario and set; none without a budget."""
    every = cases_of(found, choice, ("marginal_risk", "outlay_share"), source=margins_rows)
    cases = [case for case in every if len(case.rows("outlay_share"))]
    groups: dict[tuple[str, ...], list[Case]] = {}
    for case in cases:
        groups.setdefault(tuple(_keys(case).values()), []).append(case)
    panels = []
    for own in groups.values():
        figures = []
        for case in own:
            region = str(case.rows("outlay_share")["region"].iloc[0])
            row = []
            for column, of_world, kind in _SPREAD:
                name = column.key.removeprefix("world_").removesuffix("_change")
                rows = case.rows(name)
                here = rows["region"] == (case.world if of_world else region)
                row.append(float(rows[here][kind].iloc[0]))
            figures.append(row)
        title = ": ".join(filter(None, ("The budget spread", _title(own[0], cases))))
        panels.append(Panel(title, tuple(column for column, _, _ in _SPREAD),
                            tuple(str(case.keys["variant"]) for case in own), np.array(figures),
                            keys={**_keys(own[0]), "part": "spread"}))  # fmt: skip
    return panels, cases


def margins(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """What each instrument does at the margin, and what a budget buys that is spread by it."""
    panels, cases = _margins(found, choice)
    spread, others = _spread(found, choice)
    lines = [
        "Per point of a rate, where all rates are those of the benchmark: a subsidy of one per "
        "cent brings that much. A negative figure of CVaR is less risk.",
        "CVaR per outlay: change of CVaR for one per cent of GDP spent on the subsidy alone.",
    ]
    if spread:
        lines.append("The budget spread by size: one rate for all subsidies. By contribution: "
                     "money in proportion to what a subsidy takes off the CVaR.")  # fmt: skip
    return Draft("Margins of instruments", "Instrument", [*panels, *spread], [*cases, *others],
                 lines, of_cases=False)  # fmt: skip


def drawn(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Margins of welfare and risk."""
    panels, cases = _margins(found, choice)
    keep = [n for n, (column, _) in enumerate(_MARGINS) if column.key in _DRAWN]
    lines = ["Per point of a rate, where all rates are those of the benchmark."]
    return Draft("Margins of instruments", "Instrument", [one.take(columns=keep) for one in panels],
                 cases, lines, of_cases=False)  # fmt: skip


KINDS = (
    PageKind("margins", "what each instrument does to welfare, risk and the budget at the margin",
             margins, (), "dots", drawn, "results of `cge margins`"),
)  # fmt: skip
