"""Intervals of figures over draws of parameters, and what parameters their variance is due to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from cge.core.errors import InputError
from cge.report.drafts.cases import Case, Source, cases_of, measures_in
from cge.report.drafts.choice import Choice, chosen
from cge.report.drafts.columns import title
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import AUTO, Column, Panel
from cge.report.format.units import decimals, printed
from cge.results.register import item_of
from cge.results.resultset import ResultSet
from cge.uncertainty.spread import COEFFICIENT, EXPLAINED, MEAN, POSITIVE, SHARE
from cge.uncertainty.uncertain_parameters import PARAMETER

#: Statistics of a table, and their headings.
STATISTICS = {
    "central": "Central", "mean": "Mean", "sd": "SD", "p05": "5 %", "p25": "25 %",
    "p50": "Median", "p75": "75 %", "p95": "95 %", "min": "Min", "max": "Max",
}  # fmt: skip
#: Ends of the interval of nine draws in ten.
LOW, HIGH = "p05", "p95"
#: Measures of a figure, those that there are.
DRAWN = ("equivalent_variation", "real_gdp", "terms_of_trade")
#: Parameters shown one by one; the rest is summed.
MOST_DRIVERS = 10
#: Columns whose codes stand in the label of a row, in this order.
_LABEL = ("region", "partner", "sector", "disruption", "weighting")


@lru_cache(maxsize=32)
def statistics_of(results: ResultSet) -> pd.DataFrame:
    """Rows of statistics over draws, without those about the variance."""
    known = [*STATISTICS, POSITIVE]
    return results.rows[results.rows["statistic"].isin(known) & (results.rows["shock"] == "")]


@lru_cache(maxsize=32)
def shares_of(results: ResultSet) -> pd.DataFrame:
    """Rows about what the variance of figures is due to."""
    return results.rows[results.rows["statistic"].isin([SHARE, COEFFICIENT, *EXPLAINED.values()])]


def _start(
    found: Sequence[ResultSet], choice: Choice, source: Source, usual: Sequence[str] = ()
) -> tuple[list[Case], list[str]]:
    """Solutions and measures that are wanted: of the usual ones those that there are, else all."""
    cases = cases_of(found, choice, source=source)
    known = list(dict.fromkeys(name for case in cases for name in measures_in(source(case.results))
                               if name != PARAMETER))  # fmt: skip
    wanted = chosen(known, choice.measures, "measures")
    if not choice.measures:
        wanted = [name for name in usual if name in known] or wanted
    return cases, wanted


def sensitivity(found: Sequence[ResultSet], choice: Choice, usual: Sequence[str] = ()) -> Draft:
    """Mean, deviation, quantiles and P(>0) by region, a panel for each measure and solution."""
    cases, wanted = _start(found, choice, statistics_of, usual)
    panels = []
    for measure in wanted:
        tables = [_statistics(case, measure, choice) for case in cases]
        for case, (table, unit) in zip(cases, tables, strict=True):
            if len(table):
                same = [t for t, u in tables if u == unit]
                panels.append(_panel(case, measure, table, unit, same))
    lines = [
        "Distribution of results over draws of the uncertain parameters; central: with all of "
        "them at their central values; SD: standard deviation; P(>0): share of draws with a "
        "positive result."
    ]
    return Draft("Sensitivity of results to parameters", "Region", panels, cases, lines)


def intervals(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Regions by measures: mean over draws, and the range of nine in ten.

    Raises
    ------
    InputError
        Where draws are quadrature points, which have no quantiles.
    """
    cases, wanted = _start(found, choice, statistics_of)
    panels = []
    for case in cases:
        every = [_statistics(case, name, choice) for name in wanted]
        if not any(HIGH in table for table, _ in every):
            raise InputError("the results have no quantiles", allowed="--kind sensitivity")
        rows = list(dict.fromkeys(label for table, _ in every for label in table.index))
        ends = [table.reindex(index=rows, columns=[MEAN, LOW, HIGH]) for table, _ in every]
        mean, low, high = np.array(ends, dtype=float).T
        heads = tuple(Column(name, title(name), unit, AUTO)
                      for name, (_, unit) in zip(wanted, every, strict=True))  # fmt: skip
        panels.append(Panel(case.label, heads, tuple(rows), mean, keys=case.texts, low=low,
                            high=high))  # fmt: skip
    lines = ["Mean over draws of the uncertain parameters, in brackets the 5 % and 95 % quantiles."]
    return Draft("Means and intervals of results", "Region", panels, cases, lines)


def drivers(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Share of each parameter in the variance of one measure, regions across."""
    cases, wanted = _start(found, choice, shares_of, DRAWN[:1])
    parts = [(case, name, *_shares(case, name, choice)) for name in wanted for case in cases]
    parts = [part for part in parts if len(part[2])]
    # The same parameters everywhere, those first that matter most over all.
    order = pd.concat([shares for _, _, shares, _, _ in parts], axis=1).mean(axis=1)
    names = list(order.sort_values(ascending=False, kind="stable").index)
    most = MOST_DRIVERS if len(names) > MOST_DRIVERS + 1 else len(names)
    labels = [*names[:most], *([f"{len(names) - most} others"] if most < len(names) else []), "R2"]
    panels = []
    for case, measure, shares, signs, explained in parts:
        table = shares.reindex(names).to_numpy(float)
        rest = [np.nansum(table[most:], axis=0)] if most < len(names) else []
        marks = {
            (i, j): str(sign)
            for (i, j), sign in np.ndenumerate(signs.reindex(names[:most]).fillna("").to_numpy())
            if sign and np.isfinite(table[i, j])
        }
        label = "; ".join(t for t in (case.label, title(measure) if len(wanted) > 1 else "") if t)
        heads = tuple(Column(c, c, "% of variance", 0, "part") for c in shares.columns)
        figures = 100 * np.vstack([table[:most], *rest, explained])
        panels.append(Panel(label, heads, tuple(labels), figures, 1,
                            {**case.texts, "measure": measure}, marks=marks))  # fmt: skip
    lines = [
        "Share of each parameter in the variance of the result over draws, in percent: squared "
        "standardised regression coefficients; + and −: a larger value of the parameter raises or "
        "lowers the result. R2 is what they explain together, the rest curvature and interaction."
    ]
    what = f" of {title(wanted[0])}" if len(wanted) == 1 else ""
    return Draft(f"Parameters behind the variance{what}", "Parameter", panels, cases, lines,
                 "Region")  # fmt: skip


def _rows(case: Case, measure: str, choice: Choice) -> pd.DataFrame:
    """Rows of a measure in the chosen regions, with their labels."""
    name, item = item_of(measure)
    rows = case.rows(name)
    rows = rows[rows["item"] == item]
    if choice.regions:
        rows = rows[rows["region"].isin(choice.regions)]
    words = zip(*(rows[column] for column in _LABEL), strict=True)
    return rows.assign(label=[", ".join(word for word in row if word) for row in words])


def _statistics(case: Case, measure: str, choice: Choice) -> tuple[pd.DataFrame, str]:
    """Regions by statistics, of the change where it changes, and the unit."""
    rows = _rows(case, measure, choice)
    mean = rows[rows["statistic"] == MEAN]
    column, unit = ("change", "change_unit") if mean["change"].notna().any() else ("value", "unit")
    table = rows.pivot_table(index="label", columns="statistic", values=column, aggfunc="first")
    return table.reindex(mean["label"]), "" if mean.empty else str(mean[unit].iloc[0])


def _panel(
    case: Case, measure: str, table: pd.DataFrame, unit: str, same: Sequence[pd.DataFrame]
) -> Panel:
    """Panel of one measure; `same` are the tables that are printed alike."""
    shown = [name for name in STATISTICS if name in table.columns]
    every = [t[t.columns.intersection(list(STATISTICS))].to_numpy(float).ravel() for t in same]
    how = printed(unit, np.concatenate(every))
    # A deviation has two digits, whatever the result needs.
    digits = max([how.digits, *(decimals(how.unit, how.scale * t["sd"], 2) for t in same)])
    heads = [Column(name, STATISTICS[name], "", digits) for name in shown]
    values = how.scale * table[shown].to_numpy(float)
    if POSITIVE in table.columns:
        values = np.column_stack([values, table[POSITIVE]])
        heads.append(Column(POSITIVE, "P(>0)"))
    label = "; ".join(part for part in (case.label, title(measure)) if part)
    return Panel(label, tuple(heads), tuple(table.index), values, unit=how.unit,
                 keys={**case.texts, "measure": measure, "unit": how.unit})  # fmt: skip


def _shares(
    case: Case, measure: str, choice: Choice
) -> tuple[pd.DataFrame, pd.DataFrame, list[float]]:
    """Parameters by regions: shares, signs of their effects; and what they explain by region."""
    rows = _rows(case, measure, choice)
    columns = list(dict.fromkeys(rows["label"]))
    shares, effects = (
        rows[rows["statistic"] == name]
        .pivot_table(index="shock", columns="label", values="value", aggfunc="sum")
        .reindex(columns=columns)
        for name in (SHARE, COEFFICIENT)
    )
    explained = rows[rows["statistic"].isin(list(EXPLAINED.values()))].set_index("label")["value"]
    signs = effects.map(lambda value: "+" if value > 0 else "−" if value < 0 else "")
    return shares, signs, explained.reindex(columns).tolist()


_OPTIONS = ("measures", "regions")
_NEEDS = "results of `cge sensitivity`"
KINDS = (
    PageKind("intervals", "mean and 90 % interval over draws, regions by measures", intervals,
             _OPTIONS, "intervals", partial(sensitivity, usual=DRAWN), _NEEDS),
    PageKind("sensitivity", "mean, deviation, quantiles, probability of a gain over draws",
             sensitivity, _OPTIONS, "intervals", partial(sensitivity, usual=DRAWN), _NEEDS),
    PageKind("drivers", "share of each parameter in the variance of a result", drivers, _OPTIONS,
             "shares", needs=_NEEDS),
)  # fmt: skip
