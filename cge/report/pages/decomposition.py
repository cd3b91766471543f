"""The welfare change by component and by shock: parts, their sum, and what it must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.dynamics.ground_shocks import (
    CAPITAL_STOCK,
    KNOWLEDGE,
    RESEARCH,
    SOURCES,
    SOURCING,
    SPENDING,
)
from cge.model import welfare
from cge.model.welfare import COMPONENTS
from cge.report.cases import Case, cases_of, one_money, regions_of
from cge.report.choice import FLAGS, Choice, chosen, one_unit
from cge.report.format.page import Column, Page, Panel, Role, by_panel
from cge.report.format.units import NOISE, printed
from cge.report.notes import notes_of
from cge.report.pagekind import PageKind
from cge.results.resultset import ResultSet

Array = NDArray[np.float64]

UNITS = ("percent", "value")
PARTS = ("ev_part", "ev_part_first_order")
#: What has moved on a path, as a reader sees it: the policy, and what earlier years left.
POLICY = "Policy"
SHOCK_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Adaptation of sourcing": (SOURCING,),
    "Capital": (CAPITAL_STOCK,),
    "Knowledge": tuple(KNOWLEDGE.format(source) for source in SOURCES),
    "Cost of research": tuple(RESEARCH.format(kind) for kind in SPENDING),
}
_GROUP_TITLES = {
    "terms of trade": "Terms of trade", "allocative": "Allocative efficiency",
    "technology": "Technology and trade cost", "transfers": "Transfers",
    "factor supply": "Factor supply",
}  # fmt: skip
#: Components by what a reader sees them as.
GROUPS: Mapping[str, tuple[str, ...]] = {
    _GROUP_TITLES.get(group, group.capitalize()): tuple(
        name for name, of in COMPONENTS.items() if of == group
    )
    for group in welfare.GROUPS
}
_COMPONENT = {
    "intermediate_users": "Intermediate users",
    "final_users": "Final users",
    "weights": "Preference weights",
}
_LEFT_BEHIND = (
    "On a path also what earlier years have left: adaptation of relations with suppliers, the "
    "stock of capital, knowledge (productivity), and the cost of research beyond the baseline's."
)
_EXACT = {"change": "equivalent_variation", "value": "equivalent_variation_value"}


@dataclass(frozen=True, eq=False)
class _Parts:
    """One case: region by part, the exact welfare change, and the first-order sum."""

    case: Case
    parts: pd.DataFrame
    exact: pd.Series
    rough: pd.Series | None


def decomposition(found: Sequence[ResultSet], choice: Choice, first_order: bool = True) -> Page:
    """Welfare by component, regions in rows, with the sum and the exact EV.

    With `first_order`, the first-order sum stands beside them.

    Raises
    ------
    InputError
        If nothing is taken apart, or for an unknown measure, unit or region.
    """
    measure = chosen(PARTS, choice.measures, "measures", among="what can be taken apart")[0]
    if len(choice.measures) > 1:
        raise InputError("one at a time", key=FLAGS["measures"],
                         value=", ".join(choice.measures), allowed=PARTS)  # fmt: skip
    cases, column, unit = _start(found, choice)
    made = []
    for case in cases:
        rows = case.rows(measure)
        rows = rows[rows["shock"] == ""]
        if rows.empty:
            continue
        parts = _by(case, rows, "item", column)
        rough = None
        if first_order and measure == "ev_part" and not choice.detail:
            first = case.rows("ev_part_first_order")
            rough = None if first.empty else _by(case, first, "item", column).sum(axis=1)
        parts = parts if choice.detail else _grouped(parts, GROUPS)
        made.append(_Parts(case, parts, case.of_region(_EXACT[column]), rough))
    meaning = "Parts of the equivalent variation, beside their sum the exact one."
    if measure != "ev_part":
        meaning = (
            "First-order parts of the equivalent variation: derivative at the benchmark times the "
            "change, not integrated along the path. The exact figure stands beside their sum."
        )
    title = "Welfare change by component" + (" (first order)" if measure != "ev_part" else "")
    return _page("decomposition", title, cases, made, unit, meaning, choice)


def shocks(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Welfare by shock of the policy, regions in rows.

    Raises
    ------
    InputError
        As :func:`decomposition`.
    """
    cases, column, unit = _start(found, choice)
    made = []
    for case in cases:
        rows = case.rows("ev_part")
        rows = rows[rows["shock"] != ""]
        if not rows.empty:
            parts = _by(case, rows, "shock", column)
            if case.keys["path_year"] and not choice.detail:
                parts = _grouped(parts, SHOCK_GROUPS, POLICY)
            made.append(_Parts(case, parts, case.of_region(_EXACT[column]), None))
    meaning = (
        "Contribution of each part of the policy to the equivalent variation, integrated along "
        "the path on which all parts are put in place together; a part alone, or first, would "
        "contribute something else."
    )
    if any(case.keys["path_year"] for case in cases):
        meaning += " " + _LEFT_BEHIND
    return _page("shocks", "Welfare change by shock", cases, made, unit, meaning, choice)


def _start(found: Sequence[ResultSet], choice: Choice) -> tuple[list[Case], str, str]:
    """Cases that have a chosen region, the column of the rows and its unit."""
    unit = one_unit(choice.unit, UNITS)
    parts = pd.concat([one.rows[one.rows["measure"] == "ev_part"] for one in found])
    years = sorted(parts["path_year"].dropna().unique())
    cases = cases_of(found, choice, ("ev_part", "equivalent_variation"), [int(n) for n in years])
    cases, _ = regions_of(cases, choice)
    if unit == "percent":
        return cases, "change", "percent of benchmark absorption"
    return cases, "value", one_money(cases)


def _by(case: Case, rows: pd.DataFrame, key: str, column: str) -> pd.DataFrame:
    """Regions and the world by parts, parts in the order of the rows."""
    order = list(dict.fromkeys(rows[key]))
    sums = rows.pivot_table(index="region", columns=key, values=column, aggfunc="sum")
    return sums.reindex(index=[*case.regions, case.world], columns=order).fillna(0.0)


def _grouped(
    parts: pd.DataFrame, groups: Mapping[str, tuple[str, ...]], others: str = ""
) -> pd.DataFrame:
    """Parts summed to what a reader sees them as; an unknown one stays, or is of the others."""
    group = {part: name for name, members in groups.items() for part in members}
    summed = parts.T.groupby([group.get(c, others or c) for c in parts.columns], sort=False).sum().T
    order = [name for name in (others, *groups) if name in summed.columns]
    return summed[order + [c for c in summed.columns if c not in order]]


def _table(
    one: _Parts, parts: Sequence[str], first: bool, regions: Sequence[str]
) -> tuple[list[str], Array]:
    """Row labels and figures: parts, sum, exact, check and, if any, first order."""
    full = one.parts.reindex(columns=list(parts), fill_value=0.0)
    total = full.sum(axis=1)
    columns = [*(full[name] for name in parts), total, one.exact, total - one.exact]
    if first:
        columns.append(one.exact * np.nan if one.rough is None else one.rough)
    labels = [c for c in regions if c in one.exact.index] or [*one.case.regions, one.case.world]
    return labels, np.array([c.reindex(labels).to_numpy(float) for c in columns]).T


def _page(
    kind: str, title: str, cases: Sequence[Case], made: list[_Parts], unit: str, meaning: str,
    choice: Choice,
) -> Page:  # fmt: skip
    if not made:
        raise InputError("welfare is not taken apart in these results",
                         file=cases[0].results.folder,
                         allowed="results of a run with --decompose")  # fmt: skip
    shown, rest = _shown(kind, made, choice)
    first = any(one.rough is not None for one in made)
    tables = [_table(one, shown, first, choice.regions) for one in made]
    how = printed(unit, np.concatenate([t[:, : len(shown) + 2].ravel() for _, t in tables]))
    panels = tuple(
        Panel(one.case.label, _heads(kind, shown, first, how.unit, how.digits), tuple(labels),
              how.scale * table, int(labels[-1] == one.case.world),
              {name: str(value) for name, value in one.case.keys.items()})
        for one, (labels, table) in zip(made, tables, strict=True)
    )  # fmt: skip
    gap = max(float(np.nanmax(np.abs(p.figures[:, len(shown) + 2]))) for p in panels)
    lines = [meaning, f"Check: sum less exact EV, at most {gap:.1e} {how.unit}."]
    if unit.startswith("percent"):
        lines.insert(1, "In percent of the region's benchmark absorption.")
    if first:
        lines.append("First-order sum: benchmark values times total changes, as formulas in "
                     "papers do, for comparison.")  # fmt: skip
    if rest:
        lines.append(f"Zero everywhere and left out: {', '.join(rest)}.")
    own = [one.case for one in made]
    lines += [f"Not taken apart, and left out: {c.label}." for c in cases if c not in own]
    notes = notes_of(own, lines, parts=kind == "decomposition")
    names = own[0].results.names("regions")
    return by_panel(Page(kind, choice.title or title, "Region", panels, notes, names))


def _shown(kind: str, made: Sequence[_Parts], choice: Choice) -> tuple[list[str], list[str]]:
    """Parts that are not zero everywhere, and the words for those that are."""
    every = list(dict.fromkeys(name for one in made for name in one.parts.columns))
    if kind == "decomposition" and not choice.detail:
        every = [g for g in GROUPS if g in every] + [g for g in every if g not in GROUPS]
    size = max(float(np.nanmax(np.abs(one.parts.to_numpy()), initial=0.0)) for one in made)
    limit = NOISE * max(size, 1e-300)
    moved = {n for one in made for n in one.parts.columns if (one.parts[n].abs() > limit).any()}
    shown = [name for name in every if name in moved]
    return shown, [_words(kind, name).lower() for name in every if name not in moved]


def _heads(
    kind: str, shown: Sequence[str], first: bool, unit: str, digits: int
) -> tuple[Column, ...]:
    ends: list[tuple[str, str, Role]] = [
        ("total", "Sum", "total"), ("exact", "Exact EV", "exact"), ("check", "Check", "check"),
    ]  # fmt: skip
    if first:
        ends.append(("first_order", "First-order sum", "value"))
    return (
        *(Column(name, _words(kind, name), unit, digits, "part") for name in shown),
        *(Column(key, text, unit, digits, role) for key, text, role in ends),
    )


def _words(kind: str, name: str) -> str:
    """A component in words; a shock's label stays as it was given."""
    if kind == "shocks" or name in GROUPS:
        return name
    return _COMPONENT.get(name, name.replace("_", " ").capitalize())


KINDS = (
    PageKind("decomposition", "welfare change by component, with the exact EV", decomposition,
             ("measures", "regions", "unit", "detail"), "stacks",
             partial(decomposition, first_order=False)),
    PageKind("shocks", "welfare change by shock of the policy", shocks,
             ("regions", "unit", "detail"), "stacks"),
)  # fmt: skip
