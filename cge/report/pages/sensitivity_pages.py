"""Intervals of figures over draws of parameters, and what parameters their variance is due to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError, refuse_if
from cge.report.drafts.cases import Case, Source, cases_of, measures_in, relabelled
from cge.report.drafts.choice import Choice, chosen
from cge.report.drafts.columns import title
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import AUTO, Column, Panel
from cge.report.format.units import decimals, printed
from cge.report.pages.loss_pages import weighting_of
from cge.results.register import item_of
from cge.results.resultset import ResultSet
from cge.uncertainty.spread import (
    ADJUSTED,
    ALWAYS,
    COEFFICIENT,
    EXPLAINED,
    GROUP_SHARE,
    MEAN,
    NEVER,
    NOISE,
    POSITIVE,
    SAME_SIGN,
    SHARE,
    SIGN_ERROR,
)
from cge.uncertainty.uncertain_parameters import PARAMETER

#: Statistics of a table, and their headings.
STATISTICS = {
    "central": "Central", "mean": "Mean", "sd": "SD", "p05": "5 %", "p25": "25 %",
    "p50": "Median", "p75": "75 %", "p95": "95 %", "min": "Min", "max": "Max",
}  # fmt: skip
#: Probabilities, and their headings.
PROBABILITIES = {POSITIVE: "P(>0)", SAME_SIGN: "P(sign)", SIGN_ERROR: "SE", ALWAYS: "Always",
                 NEVER: "Never"}  # fmt: skip
#: Ends of the interval of nine draws in ten.
LOW, HIGH = "p05", "p95"
#: Measures of a figure, those that there are.
DRAWN = ("equivalent_variation", "real_gdp", "terms_of_trade", "expected_loss", "cvar")
#: Unit of changes of what is a share or a loss itself.
_POINTS = "percentage points"
#: Parameters shown one by one; the rest is summed.
MOST_DRIVERS = 10
#: Columns whose codes stand in the label of a row, in this order.
_LABEL = ("region", "partner", "sector", "disruption", "weighting")


@lru_cache(maxsize=32)
def statistics_of(results: ResultSet) -> pd.DataFrame:
    """Rows of statistics over draws, without those about the variance."""
    known = [*STATISTICS, *PROBABILITIES]
    rows = results.rows[results.rows["statistic"].isin(known) & (results.rows["shock"] == "")]
    return _whatever_family(rows)


@lru_cache(maxsize=32)
def shares_of(results: ResultSet) -> pd.DataFrame:
    """Rows about what the variance of figures is due to."""
    known = [SHARE, GROUP_SHARE, COEFFICIENT, *EXPLAINED.values(), ADJUSTED, NOISE]
    return _whatever_family(results.rows[results.rows["statistic"].isin(known)])


def _whatever_family(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in which a disruption has no family: it has one figure for a region as it is."""
    return rows.assign(item=rows["item"].astype(object).where(rows["disruption"] == "", ""))


def _start(
    found: Sequence[ResultSet], choice: Choice, source: Source, usual: Sequence[str] = ()
) -> tuple[list[Case], list[str]]:
    """Solutions and measures that are wanted: of the usual ones those that there are, else all."""
    every = cases_of(found, choice, years=_tested_years(found), source=source)
    every += _of_whole_paths(found, choice, source)
    cases = _dated(relabelled(list({tuple(one.keys.values()): one for one in every}.values())))
    rows = [source(case.results) for case in cases]
    known = _without_parameters(rows)
    wanted = chosen(known, choice.measures, "measures")
    if not choice.measures:
        # Of a stress test losses from single disruptions are shown where they are asked for.
        overall = _without_parameters([one[one["disruption"] == ""] for one in rows])
        wanted = [name for name in usual if name in known] or overall or wanted
    return cases, wanted


def _tested_years(found: Sequence[ResultSet]) -> list[int]:
    """Years of a stress test, which are few and shown all."""
    tested = [statistics_of(one) for one in found if one.manifest.get("library")]
    years = (rows.loc[rows["weighting"] != "", "path_year"].dropna() for rows in tested)
    return sorted({int(year) for of_one in years for year in of_one})


def _dated(cases: Sequence[Case]) -> list[Case]:
    """Cases with the year in the label where one alone is shown."""
    if len({one.keys["path_year"] for one in cases}) > 1:
        return [*cases]
    return [
        replace(one, label=", ".join(filter(None, (one.label, f"year {one.keys['path_year']}"))))
        if one.keys["path_year"] else one for one in cases
    ]  # fmt: skip


def _weighted(cases: Sequence[Case], choice: Choice, wanted: Sequence[str]) -> list[str]:
    """A line on the weights of disruptions, where a measure has any."""
    measures = [item_of(name)[0] for name in wanted]
    tested = [case for case in cases if case.results.manifest.get("library")
              and (case.rows(*measures)["weighting"] != "").any()]  # fmt: skip
    names = dict.fromkeys(weighting_of(case, choice) for case in tested)
    return [f"Statistics of losses under the weighting {', '.join(names)}."] if names else []


def _of_whole_paths(found: Sequence[ResultSet], choice: Choice, source: Source) -> list[Case]:
    """Solutions of whole paths, whose figures are of no year: present values."""

    @lru_cache(maxsize=32)
    def whole(results: ResultSet) -> pd.DataFrame:
        rows = source(results)
        return rows[rows["path_year"].isna() & (rows["measure"] != PARAMETER)]

    own = [one for one in found if len(whole(one)) and len(whole(one)) < len(source(one))]
    return cases_of(own, choice, source=whole) if own else []


def _without_parameters(rows: Sequence[pd.DataFrame]) -> list[str]:
    """Measures in rows, but for the parameters."""
    names = (name for one in rows for name in measures_in(one) if name != PARAMETER)
    return list(dict.fromkeys(names))


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
        *_weighted(cases, choice, wanted),
        "Distribution of results over draws of the uncertain parameters; central: with all of "
        "them at their central values; SD: standard deviation; P(>0): share of draws with a "
        "positive result; P(sign): share with the sign of the central case, and its standard error."
    ]  # fmt: skip
    if any(column.key == ALWAYS for panel in panels for column in panel.columns):
        lines.append("Always, never: shares of draws in which a policy pays at any odds, and at "
                     "none; those have no mean, and stand as - among the quantiles.")  # fmt: skip
    return Draft("Sensitivity of results to parameters", "Region", panels, cases, lines)


def intervals(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Regions by measures: mean over draws, and the range of nine in ten.

    Raises
    ------
    InputError
        Where draws are quadrature points, which have no quantiles.
    """
    cases, wanted = _start(found, choice, statistics_of)
    if not choice.measures:  # odds, which may have no mean, where they are asked for
        wanted = [name for name in wanted if not name.startswith("break_even_odds")] or wanted
    panels = []
    for case in cases:
        named = [(name, *_statistics(case, name, choice)) for name in wanted]
        named = [one for one in named if len(one[1])]
        if not named:  # a whole path, whose measures are not wanted
            continue
        if not (statistics_of(case.results)["statistic"] == HIGH).any():
            raise InputError("the results have no quantiles", allowed="--kind sensitivity")
        every = [(table, unit) for _, table, unit in named]
        rows = list(dict.fromkeys(label for table, _ in every for label in table.index))
        ends = [table.reindex(index=rows, columns=[MEAN, LOW, HIGH]) for table, _ in every]
        mean, low, high = np.array(ends, dtype=float).T
        heads = tuple(Column(name, _title(case, name), unit, AUTO) for name, _, unit in named)
        panels.append(Panel(case.label, heads, tuple(rows), mean, keys=case.texts, low=low,
                            high=high))  # fmt: skip
    lines = ["Mean over draws of the uncertain parameters, in brackets the 5 % and 95 % quantiles.",
             *_weighted(cases, choice, wanted)]  # fmt: skip
    return Draft("Means and intervals of results", "Region", panels, cases, lines)


def drivers(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Share of each parameter in the variance of one measure, regions across."""
    cases, wanted, parts = _parts(found, choice, SHARE)
    # The same parameters everywhere, those first that matter most over all.
    order = pd.concat([part.shares for part in parts], axis=1).mean(axis=1)
    names = list(order.sort_values(ascending=False, kind="stable").index)
    most = MOST_DRIVERS if len(names) > MOST_DRIVERS + 1 else len(names)
    panels = []
    for part in parts:
        table = part.shares.reindex(names).to_numpy(float)
        rest = [np.nansum(table[most:], axis=0)] if most < len(names) else []
        signs = part.signs.reindex(names[:most]).fillna("").to_numpy()
        marks = {(i, j): str(sign) for (i, j), sign in np.ndenumerate(signs)
                 if sign and np.isfinite(table[i, j])}  # fmt: skip
        labels = [*names[:most], *([f"{len(names) - most} others"] if rest else [])]
        panels.append(_panel_of(part, labels, np.vstack([table[:most], *rest]), marks))
    what = f" of {_title(cases[0], wanted[0])}" if len(wanted) == 1 else ""
    return Draft(f"Parameters behind the variance{what}", "Parameter", panels, cases,
                 [_OF_PARAMETERS, *_about_correlated(parts), *_about_chance(parts),
                  *_weighted(cases, choice, wanted)],
                 "Region")  # fmt: skip


def groups(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Share of each family and group of parameters in the variance of one measure."""
    cases, wanted, parts = _parts(found, choice, GROUP_SHARE)
    names = list(dict.fromkeys(name for part in parts for name in part.shares.index))
    panels = [_panel_of(part, names, part.shares.reindex(names).to_numpy(float)) for part in parts]
    what = f" of {_title(cases[0], wanted[0])}" if len(wanted) == 1 else ""
    return Draft(f"Groups of parameters behind the variance{what}", "Parameters", panels, cases,
                 [_OF_GROUPS, *_about_chance(parts), *_weighted(cases, choice, wanted)],
                 "Region")  # fmt: skip


_OF_PARAMETERS = (
    "Share of each parameter in the variance of the result over draws, of the first order, in "
    "percent: squared standardised regression coefficients; + and −: a larger value of the "
    "parameter raises or lowers the result. R2 is what they explain together, the rest curvature "
    "and interaction."
)
_OF_GROUPS = (
    "Share of each family of parameters in the variance of the result over draws, of the first "
    "order, in percent: the sum of those of its parameters (squared standardised regression "
    "coefficients), less what they have by chance. Behind a colon: a group within its family, of "
    "whose share it is a part."
)
#: Statistics of a regression that stand below its shares.
_TOTALS = {"R2": [*EXPLAINED.values()], "R2, adjusted": [ADJUSTED]}


@dataclass(frozen=True, eq=False)
class _Part:
    """Shares of the variance of a measure in a solution.

    Parameters
    ----------
    case : Case
    label : str
        Of its panel.
    measure : str
    shares, signs : DataFrame
        Parameters or groups by regions: shares, and signs of their effects.
    totals : mapping of str to list of float
        Statistics of the regression by region.
    noise : list of float
        Shares of a parameter without effect, where they are told.
    ranked : tuple of int
        Regions, by number, of which ranks were regressed.
    """

    case: Case
    label: str
    measure: str
    shares: pd.DataFrame
    signs: pd.DataFrame
    totals: dict[str, list[float]]
    noise: list[float]
    ranked: tuple[int, ...]


def _parts(
    found: Sequence[ResultSet], choice: Choice, statistic: str
) -> tuple[list[Case], list[str], list[_Part]]:
    """Solutions, measures and their shares.

    Raises
    ------
    InputError
        Where there are none of this kind.
    """
    cases, wanted = _start(found, choice, shares_of, DRAWN[:1])
    parts = []
    for name in wanted:
        for case in cases:
            words = (case.label, _title(case, name) if len(wanted) > 1 else "")
            part = _shares(case, name, choice, statistic, "; ".join(filter(None, words)))
            if len(part.shares):
                parts.append(part)
    refuse_if(not parts, "the results have no shares of this kind",
              allowed="draws of several families or groups, with two draws or more for each "
              "parameter")  # fmt: skip
    return cases, wanted, parts


def _about_correlated(parts: Sequence[_Part]) -> list[str]:
    """A line where shares are below zero, as they can be of correlated parameters."""
    if not any((part.shares.to_numpy(float) < 0).any() for part in parts):
        return []
    return ["Of correlated parameters a share is the coefficient times the covariance with all of "
            "them, which can be below zero."]  # fmt: skip


def _about_chance(parts: Sequence[_Part]) -> list[str]:
    """Lines about what is due to chance, and what is of ranks."""
    noise = [100 * share for part in parts for share in part.noise if np.isfinite(share)]
    lines = []
    if any(part.ranked for part in parts):
        lines.append("r: of ranks, since a linear function of the values explains less.")
    if noise:
        low, high = (f"{share:.1g}" if share < 1 else f"{share:.0f}"
                     for share in (min(noise), max(noise)))  # fmt: skip
        size = low if low == high else f"{low} to {high}"
        lines.append(f"By chance a parameter without any effect has a share of {size} % on "
                     "average; R2, adjusted, is without what chance explains.")  # fmt: skip
    return lines


def _panel_of(
    part: _Part, labels: Sequence[str], table: Array,
    marks: Mapping[tuple[int, int], str] | None = None,
) -> Panel:  # fmt: skip
    """Panel of shares, with what the regression explains below."""
    heads = tuple(Column(c, c, "% of variance", 0, "part") for c in part.shares.columns)
    rows = (*labels, *part.totals)
    figures = 100 * np.vstack([table, *part.totals.values()])
    marks = {**(marks or {}), **{(len(labels), n): "r" for n in part.ranked}}
    return Panel(part.label, heads, rows, figures, len(part.totals),
                 {**part.case.texts, "measure": part.measure}, marks=marks)  # fmt: skip


def _rows(case: Case, measure: str, choice: Choice) -> pd.DataFrame:
    """Rows of a measure in the chosen regions, with their labels."""
    name, item = item_of(measure)
    rows = case.rows(name)
    rows = rows[rows["item"] == item]
    if choice.regions:
        rows = rows[rows["region"].isin(choice.regions)]
    label: tuple[str, ...] = _LABEL
    if case.results.manifest.get("library"):  # of a stress test, under one weighting
        rows = rows[rows["weighting"].isin(["", weighting_of(case, choice)])]
        label = _LABEL[:-1]
    words = zip(*(rows[column] for column in label), strict=True)
    return rows.assign(label=[", ".join(word for word in row if word) for row in words])


def _statistics(case: Case, measure: str, choice: Choice) -> tuple[pd.DataFrame, str]:
    """Regions by statistics, of the change where it changes, and the unit."""
    rows = _rows(case, measure, choice)
    mean = rows[rows["statistic"] == MEAN]
    column, unit = ("change", "change_unit") if mean["change"].notna().any() else ("value", "unit")
    table = rows.pivot_table(index="label", columns="statistic", values=column, aggfunc="first")
    return table.reindex(mean["label"]), "" if mean.empty else str(mean[unit].iloc[0])


def _title(case: Case, measure: str) -> str:
    """Heading of a measure; of a change in points against no policy, that it is one."""
    rows = statistics_of(case.results)
    rows = rows[(rows["measure"] == item_of(measure)[0]) & (rows["statistic"] == MEAN)]
    rows = rows[rows["change"].notna() & (rows["variant"] == case.keys["variant"])]
    against = bool(case.results.manifest.get("library")) and (rows["change_unit"] == _POINTS).any()
    return f"{title(measure)}, change" if against else title(measure)


def _panel(
    case: Case, measure: str, table: pd.DataFrame, unit: str, same: Sequence[pd.DataFrame]
) -> Panel:
    """Panel of one measure; `same` are the tables that are printed alike."""
    shown = [name for name in STATISTICS if name in table.columns]
    every = [t[t.columns.intersection(list(STATISTICS))].to_numpy(float).ravel() for t in same]
    how = printed(unit, np.concatenate(every))
    # A deviation has two digits, whatever the result needs.
    deviations = (how.scale * t["sd"] for t in same if "sd" in t)
    digits = max([how.digits, *(decimals(how.unit, one, 2) for one in deviations)])
    heads = [Column(name, STATISTICS[name], "", digits) for name in shown]
    values = how.scale * table[shown].to_numpy(float)
    for name, heading in PROBABILITIES.items():
        if name in table.columns and table[name].notna().any():
            values = np.column_stack([values, table[name]])
            heads.append(Column(name, heading))
    label = "; ".join(part for part in (case.label, _title(case, measure)) if part)
    return Panel(label, tuple(heads), tuple(table.index), values, unit=how.unit,
                 keys={**case.texts, "measure": measure, "unit": how.unit})  # fmt: skip


def _shares(case: Case, measure: str, choice: Choice, statistic: str, label: str) -> _Part:
    """Shares of parameters or groups in the variance of a measure by region."""
    rows = _rows(case, measure, choice)
    columns = list(dict.fromkeys(rows["label"]))
    shares, effects = (
        rows[rows["statistic"] == name]
        .pivot_table(index="shock", columns="label", values="value", aggfunc="sum", sort=False)
        .reindex(columns=columns)
        for name in (statistic, COEFFICIENT)
    )
    totals = {}
    for name, behind in _TOTALS.items():
        found = rows[rows["statistic"].isin(behind)].set_index("label")["value"]
        if len(found):
            totals[name] = found.reindex(columns).tolist()
    signs = effects.map(lambda value: "+" if value > 0 else "−" if value < 0 else "")
    noise = rows.loc[rows["statistic"] == NOISE, "value"].tolist()
    of_ranks = set(rows.loc[rows["statistic"] == EXPLAINED[True], "label"])
    ranked = tuple(n for n, name in enumerate(columns) if name in of_ranks)
    return _Part(case, label, measure, shares, signs, totals, noise, ranked)


_OPTIONS = ("measures", "regions", "weighting")
_NEEDS = "results of `cge sensitivity`"
KINDS = (
    PageKind("intervals", "mean and 90 % interval over draws, regions by measures", intervals,
             _OPTIONS, "intervals", partial(sensitivity, usual=DRAWN), _NEEDS),
    PageKind("sensitivity", "mean, deviation, quantiles, probability of a gain over draws",
             sensitivity, _OPTIONS, "intervals", partial(sensitivity, usual=DRAWN), _NEEDS),
    PageKind("drivers", "share of each parameter in the variance of a result", drivers, _OPTIONS,
             "shares", needs=_NEEDS),
    PageKind("driver-groups", "share of each group of parameters in the variance of a result",
             groups, _OPTIONS, needs=_NEEDS),
)  # fmt: skip
