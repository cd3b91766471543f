"""Intervals of results, and what parameters their variance comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from cge.results.report import measures as m
from cge.results.report.notes import notes_of, run_notes
from cge.results.report.page import Column, Page, Panel
from cge.results.report.runs import (
    DRIVERS,
    INTERVALS,
    Case,
    Choice,
    RunFolder,
    cases_of,
    chosen,
)
from cge.results.report.units import decimals, printed
from numpy.typing import NDArray

from cge.core.errors import InputError

#: Statistics of a table, their headings.
STATISTICS = {
    "central": "Central", "mean": "Mean", "sd": "SD", "p05": "5 %", "p25": "25 %",
    "p50": "Median", "p75": "75 %", "p95": "95 %", "min": "Min", "max": "Max",
}  # fmt: skip
#: How the line of a study begins that explains shares.
_SHARES = "Shares of variance"
_PROBABILITY = "probability_positive"
#: Parameters shown one by one; the rest is summed.
MOST_DRIVERS = 10


def sensitivity(runs: Sequence[RunFolder], choice: Choice, default: Sequence[str] = ()) -> Page:
    """Return mean, deviation, quantiles and P(>0) by region, a panel for each measure and set.

    `default` are the measures unless others are chosen; empty, all there are.

    Raises
    ------
    InputError
        If a folder has no intervals, or for an unknown measure or region.
    """
    cases = cases_of(runs, choice, INTERVALS)
    wanted = _measures(cases, choice)
    if not choice.measures:
        wanted = [name for name in wanted if name in default] or wanted
    _regions(cases, choice)
    panels, draws = [], set()
    for measure in wanted:
        tables = [(case, *_statistics(case, measure, choice)) for case in cases]
        tables = [found for found in tables if len(found[1])]
        for case, table, unit in tables:
            same = [t.loc[:, t.columns.isin(STATISTICS)] for _, t, u in tables if u == unit]
            how = printed(unit, np.concatenate([t.to_numpy().ravel() for t in same]))
            # A deviation has two digits, whatever the result needs.
            spreads = [how.scale * t["sd"] for _, t, u in tables if u == unit and "sd" in t]
            digits = max([how.digits, *(decimals(how.unit, s, 2) for s in spreads)])
            shown = [name for name in STATISTICS if name in table.columns]
            values = how.scale * table[shown].to_numpy()
            heads = [Column(name, STATISTICS[name], "", digits) for name in shown]
            if _PROBABILITY in table.columns:
                values = np.column_stack([values, table[_PROBABILITY]])
                heads.append(Column(_PROBABILITY, "P(>0)", "", 2))
            if "draws" in table.columns:
                draws |= {int(d) for d in table["draws"].dropna()}
            title = "; ".join(part for part in (case.label, m.title(measure)) if part)
            keys = {**case.keys, "measure": measure, "unit": how.unit}
            panels.append(Panel(title, tuple(heads), tuple(table.index), values, 0, keys,
                                unit=how.unit))  # fmt: skip
    lines = [
        "Distribution of results over draws of the uncertain parameters; central: with all of "
        "them at their central values; SD: standard deviation; P(>0): share of draws with a "
        "positive result."
    ]
    told = {line.split(":")[0] for case in cases for line in run_notes(case.run)}
    if draws and "Draws" not in told:
        size = f"{min(draws)}" if len(draws) == 1 else f"{min(draws)} to {max(draws)}"
        lines.append(f"Draws: {size}.")
    notes = notes_of(cases, lines, without=_SHARES)
    return Page("sensitivity", choice.title or "Sensitivity of results to parameters", "Region",
                tuple(panels), notes, cases[0].run.names("regions"))  # fmt: skip


def _measures(cases: Sequence[Case], choice: Choice) -> list[str]:
    known = list(dict.fromkeys(name for case in cases for name in case.codes("measure")))
    return chosen(known, choice.measures, "measures")


def _regions(cases: Sequence[Case], choice: Choice) -> list[str]:
    known = list(dict.fromkeys(code for case in cases for code in case.regions))
    return chosen(known, choice.regions, "region")


def _statistics(case: Case, measure: str, choice: Choice) -> tuple[pd.DataFrame, str]:
    """Return regions by statistics and the unit."""
    rows = case.rows(measure)
    regions = [r for r in choice.regions or case.regions if r in set(rows["region"])]
    table = rows.pivot_table(index="region", columns="statistic", values="value", aggfunc="first")
    units = rows.loc[rows["statistic"].isin(list(STATISTICS)), "unit"]
    return table.reindex(regions).astype(float), str(units.iloc[0]) if len(units) else ""


def drivers(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return the share of each parameter in the variance of one measure, regions across.

    Raises
    ------
    InputError
        If a folder has no drivers, or for an unknown measure or region, or several measures.
    """
    cases = cases_of(runs, choice, DRIVERS)
    known = _measures(cases, Choice())
    wanted = chosen(known, choice.measures, "measures")
    if not choice.measures and "equivalent_variation" in known:
        wanted = ["equivalent_variation"]
    regions = _regions(cases, choice)
    found = []
    for measure in wanted:
        for case in cases:
            rows = case.rows(measure)
            here = [code for code in regions if code in set(rows["region"])]
            if here:
                rows = rows[rows["region"].isin(here)]
                shares, signs = _shares(rows.assign(label=_labels(rows)), here)
                found.append((case, measure, shares, signs))
    if not found:
        raise InputError("no parameter matters for this choice", allowed="another combination")
    # The same parameters everywhere, those first that matter most over all.
    order = pd.concat([shares for _, _, shares, _ in found], axis=1).mean(axis=1)
    names = list(order.sort_values(ascending=False, kind="stable").index)
    panels = []
    for case, measure, shares, signs in found:
        table, written = _largest(shares, signs, names)
        marks = {
            (i, j): str(sign)
            for (i, j), sign in np.ndenumerate(written)
            if sign and np.isfinite(table[i, j])
        }
        parts = (case.label, m.title(measure) if len(wanted) > 1 else "")
        heads = tuple(Column(code, code, "% of variance", 0, "part") for code in shares.columns)
        panels.append(Panel(
            "; ".join(part for part in parts if part), heads, _named(names), 100 * table,
            keys={**case.keys, "measure": measure}, marks=marks,
        ))  # fmt: skip
    lines = ["Share of each parameter in the variance of the result over draws, in percent."]
    told = any(line.startswith(_SHARES) for case in cases for line in run_notes(case.run))
    if any(panel.marks for panel in panels) and not told:
        lines.append("+ and \u2212: a larger value of the parameter raises or lowers the result.")
    what = f" of {m.title(wanted[0])}" if len(wanted) == 1 else ""
    return Page("drivers", choice.title or f"Parameters behind the variance{what}", "Parameter",
                tuple(panels), notes_of(cases, lines), cases[0].run.names("regions"),
                "Region")  # fmt: skip


def _labels(rows: pd.DataFrame) -> pd.Series:
    """Return the parameter with its nest and sector, where these say more."""
    labels = rows["parameter"].astype(str)
    for column in ("nest", "sector"):
        if column in rows.columns:
            more = rows[column].astype(str)
            says = np.array([
                bool(word) and word not in label.replace("[", " ").replace("]", " ").split()
                for word, label in zip(more, labels, strict=True)
            ], dtype=bool)  # fmt: skip
            labels = labels.where(~says, labels + ", " + more)
    return labels


def _shares(rows: pd.DataFrame, regions: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return parameters by regions: shares, and signs of their effects."""
    rows = rows.assign(sign=rows["direction"].map(_sign))
    shares = rows.pivot_table(index="label", columns="region", values="share", aggfunc="sum")
    signs = rows.pivot_table(index="label", columns="region", values="sign", aggfunc="first")
    signs = signs.reindex(index=shares.index, columns=list(regions)).fillna("")
    return shares.reindex(columns=list(regions)).astype(float), signs


def _named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters that are shown one by one, and what the rest is called."""
    if len(names) <= MOST_DRIVERS + 1:
        return tuple(names)
    return (*names[:MOST_DRIVERS], f"{len(names) - MOST_DRIVERS} others")


def _largest(
    shares: pd.DataFrame, signs: pd.DataFrame, names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Return the rows of :func:`_named`: shares and signs."""
    table = shares.reindex(list(names)).to_numpy(float)
    written = signs.reindex(list(names)).fillna("").to_numpy(object)
    if len(names) <= MOST_DRIVERS + 1:
        return table, written
    rest = np.nansum(table[MOST_DRIVERS:], axis=0, keepdims=True)
    none = np.full((1, table.shape[1]), "", dtype=object)
    return (
        np.vstack([table[:MOST_DRIVERS], rest]), np.vstack([written[:MOST_DRIVERS], none])
    )  # fmt: skip


def _sign(direction: object) -> str:
    """Return a sign for what a file may call a direction."""
    text = str(direction).strip().lower()
    if text in ("+", "positive", "up", "increasing"):
        return "+"
    if text in ("-", "\u2212", "negative", "down", "decreasing"):
        return "\u2212"
    try:
        number = float(text)
    except ValueError:
        return ""
    return "+" if number > 0 else "\u2212" if number < 0 else ""
