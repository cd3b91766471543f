"""The welfare change by component and by shock: parts, their sum, and what it must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.results.report.measures import GROUPS, PARTS, world_mean
from cge.results.report.notes import PARTS as PARTS_LINE
from cge.results.report.notes import notes_of, run_notes
from cge.results.report.page import Array, Column, Page, Panel, Role, by_panel
from cge.results.report.runs import Case, Choice, RunFolder, cases_of, chosen
from cge.results.report.units import NOISE, printed

from cge.core.errors import InputError

UNITS = ("percent", "value")
_MISSING = (
    "has no decomposition of welfare; `cge run SCENARIO --decompose` writes it with the results"
)
_COMPONENT = {
    "intermediate_users": "Intermediate users",
    "final_users": "Final users",
    "weights": "Preference weights",
}


@dataclass(frozen=True, eq=False)
class _Parts:
    """One case: region by part, the exact welfare change, and the first-order sum."""

    case: Case
    parts: pd.DataFrame
    exact: pd.Series
    rough: pd.Series | None
    absorption: pd.Series


def decomposition(runs: Sequence[RunFolder], choice: Choice, first_order: bool = True) -> Page:
    """Return welfare by component, regions in rows, with the sum and the exact EV.

    With `first_order`, the first-order sum stands beside them.

    Raises
    ------
    InputError
        If a run has no decomposition, or for an unknown measure, unit or region.
    """
    measure = chosen(PARTS, choice.measures, "measures", among="what can be decomposed")[0]
    if len(choice.measures) > 1:
        raise InputError("one at a time", key="--measures", value=", ".join(choice.measures),
                         allowed=PARTS)  # fmt: skip
    cases, column, unit = _start(runs, choice)
    found = []
    for case in cases:
        rows = case.rows(measure)
        rows = rows[rows["shock"] == ""]
        if rows.empty:
            continue
        parts = _by(case, rows, "item", column)
        parts = parts if choice.detail else _grouped(parts)
        rough = None
        if first_order and measure == "ev_part" and not choice.detail:
            first = case.rows("ev_part_first_order")
            first = first[first["shock"] == ""]
            rough = None if first.empty else _by(case, first, "item", column).sum(axis=1)
        found.append(_Parts(case, parts, *_exact(case, column, rough)))
    meaning = (
        "Parts of the equivalent variation, integrated along the path of the policy; their sum "
        "is compared with the exact equivalent variation."
        if measure == "ev_part"
        else "First-order parts of the equivalent variation: derivative at the benchmark times "
        "the change, not integrated along the path. The exact figure stands beside their sum."
    )
    if not choice.detail:
        meaning += (
            " Allocative efficiency: changes of quantities times the taxes on them, of imports, "
            "exports, output, users, purchases at home and factor use."
        )
    title = "Welfare change by component"
    if measure != "ev_part":
        title += " (first order)"
    return _page("decomposition", title, cases, found, unit, meaning, choice)


def shocks(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return welfare by shock of the policy, regions in rows.

    Raises
    ------
    InputError
        As :func:`decomposition`.
    """
    if choice.measures:
        raise InputError("has no measures to choose", key="--measures",
                         value=", ".join(choice.measures), allowed="--unit, --region")  # fmt: skip
    cases, column, unit = _start(runs, choice)
    found = []
    for case in cases:
        rows = case.rows("ev_part")
        rows = rows[rows["shock"] != ""]
        if rows.empty:
            continue
        found.append(_Parts(case, _by(case, rows, "shock", column), *_exact(case, column, None)))
    meaning = (
        "Contribution of each part of the policy to the equivalent variation, integrated along "
        "the path on which all parts are put in place together; a part alone, or first, would "
        "contribute something else."
    )
    return _page("shocks", "Welfare change by shock", cases, found, unit, meaning, choice)


def _start(runs: Sequence[RunFolder], choice: Choice) -> tuple[list[Case], str, str]:
    """Return the cases that have a chosen region, the column of the file and its unit."""
    cases = cases_of(runs, choice)
    unit = choice.unit or "percent"
    if unit not in UNITS:
        raise InputError("unknown unit", key="--unit", value=unit, allowed=UNITS)
    chosen(list(dict.fromkeys(c for case in cases for c in case.regions)), choice.regions, "region")
    if choice.regions:
        cases = [case for case in cases if set(case.regions) & set(choice.regions)]
    if unit == "percent":
        return cases, "change", "percent of benchmark absorption"
    money = {case.run.money for case in cases}
    if len(money) > 1:
        raise InputError("runs in different money units can not share a table",
                         value=", ".join(sorted(money)), allowed="--unit percent")  # fmt: skip
    return cases, "value", money.pop()


def _by(case: Case, rows: pd.DataFrame, key: str, column: str) -> pd.DataFrame:
    """Return regions by parts, parts in the order of the file."""
    order = list(dict.fromkeys(rows[key]))
    sums = rows.pivot_table(index="region", columns=key, values=column, aggfunc="sum")
    return sums.reindex(index=list(case.regions), columns=order).fillna(0.0)


def _grouped(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the components summed to what a reader sees them as; an unknown one stays."""
    group = {component: name for name, members in GROUPS.items() for component in members}
    summed = parts.T.groupby([group.get(c, c) for c in parts.columns], sort=False).sum().T
    order = [name for name in GROUPS if name in summed.columns]
    return summed[order + [c for c in summed.columns if c not in order]]


def _exact(
    case: Case, column: str, rough: pd.Series | None
) -> tuple[pd.Series, pd.Series | None, pd.Series]:
    measure = "equivalent_variation" if column == "change" else "equivalent_variation_value"
    exact = case.rows(measure).drop_duplicates("region").set_index("region")["value"]
    weights = case.rows("absorption").drop_duplicates("region").set_index("region")["benchmark"]
    regions = list(case.regions)
    return exact.reindex(regions).astype(float), rough, weights.reindex(regions).astype(float)


def _table(one: _Parts, parts: Sequence[str], first: bool, percent: bool, regions: Sequence[str]
           ) -> tuple[list[str], Array]:  # fmt: skip
    """Return row labels and figures: parts, sum, exact, check and, if any, first order."""
    full = one.parts.reindex(columns=list(parts), fill_value=0.0)
    columns = [*(full[name] for name in parts), full.sum(axis=1), one.exact]
    columns.append(columns[-2] - one.exact)
    if first:
        columns.append(one.rough if one.rough is not None else one.exact * np.nan)
    here = [code for code in regions or one.exact.index if code in one.exact.index]
    labels = list(here)
    table = np.array([c.reindex(here).to_numpy(float) for c in columns]).T
    if not regions:
        world = [world_mean(one.case, c) if percent else c.sum(skipna=False) for c in columns]
        if np.isfinite(world).any():
            table = np.vstack([table, world])
            labels.append("World")
    return labels, table


def _page(
    kind: str,
    title: str,
    cases: Sequence[Case],
    found: list[_Parts],
    unit: str,
    meaning: str,
    choice: Choice,
) -> Page:
    if not found:
        raise InputError(_MISSING, file=cases[0].run.path)
    every = list(dict.fromkeys(name for one in found for name in one.parts.columns))
    if kind == "decomposition" and not choice.detail:
        every = [g for g in GROUPS if g in every] + [g for g in every if g not in GROUPS]
    size = max(float(np.nanmax(np.abs(one.parts.to_numpy()), initial=0.0)) for one in found)
    shown = [
        name for name in every
        if any((one.parts.get(name, pd.Series([0.0])).abs() > NOISE * max(size, 1e-300)).any()
               for one in found)
    ]  # fmt: skip
    first = any(one.rough is not None for one in found)
    percent = unit == "percent of benchmark absorption"
    tables = [_table(one, shown, first, percent, choice.regions) for one in found]
    how = printed(unit, np.concatenate([t[:, : len(shown) + 2].ravel() for _, t in tables]))
    ends: list[tuple[str, str, Role]] = [
        ("total", "Sum", "total"), ("exact", "Exact EV", "exact"), ("check", "Check", "check"),
    ]  # fmt: skip
    if first:
        ends.append(("first_order", "First-order sum", "value"))
    heads = (
        *(Column(name, _words(kind, name), how.unit, how.digits, "part") for name in shown),
        *(Column(key, text, how.unit, how.digits, role) for key, text, role in ends),
    )
    panels = tuple(
        Panel(one.case.label, heads, tuple(labels), how.scale * table,
              int(labels[-1] == "World" and len(labels) > len(one.exact)), one.case.keys)
        for one, (labels, table) in zip(found, tables, strict=True)
    )  # fmt: skip
    gap = max(float(np.nanmax(np.abs(p.figures[:, len(shown) + 2]))) for p in panels)
    rest = [_words(kind, name).lower() for name in every if name not in shown]
    first_lines = [meaning, f"Check: sum less exact EV, at most {gap:.1e} {how.unit}."]
    if percent:
        first_lines.insert(1, "In percent of the region's benchmark absorption.")
    if first:
        first_lines.append(
            "First-order sum: what the derivatives at the benchmark give, for comparison only."
        )
    if rest:
        first_lines.append(f"Zero everywhere and left out: {', '.join(rest)}.")
    shown_cases = [one.case for one in found]
    for case in cases:
        if case not in shown_cases:
            first_lines.append(f"Not decomposed, and left out: {case.label}.")
    told = any(line.startswith(PARTS_LINE) for case in cases for line in run_notes(case.run))
    if told and kind == "decomposition" and not choice.measures:
        first_lines.remove(meaning)  # the run says it itself
    notes = notes_of(shown_cases, first_lines, parts=kind == "decomposition")
    page = Page(
        kind, choice.title or title, "Region", panels, notes, shown_cases[0].run.names("regions")
    )
    return by_panel(page)


def _words(kind: str, name: str) -> str:
    """Return a component's name in words; a shock's label stays as it was given."""
    if kind == "shocks" or name in GROUPS:
        return name
    return _COMPONENT.get(name, name.replace("_", " ").capitalize())
