"""The welfare change by component and by shock: parts, their sum, and what it must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from cge.core.errors import refuse_if
from cge.dynamics import ground_labels as ground
from cge.indicators.gtap import huff
from cge.indicators.welfare_parts import GTAP_PART
from cge.model import welfare
from cge.report.drafts.cases import NO_ROWS, Case, cases_of, codes_of, one_money
from cge.report.drafts.choice import Choice, chosen_one
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import AUTO, Column, Panel, Role
from cge.report.format.units import NOISE, unit_text
from cge.results.resultset import ResultSet

UNITS = ("percent", "value")
PARTS = ("ev_part", "ev_part_first_order")
#: What has moved on a path, as a reader sees it: the policy, and what earlier years left.
POLICY = "Policy"
SHOCK_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Adaptation of sourcing": (ground.SOURCING,),
    "Wages and spending": (ground.CATCHING_UP,),
    "Capital": (ground.CAPITAL_STOCK,),
    "Knowledge": tuple(ground.KNOWLEDGE.format(source) for source in ground.SOURCES),
    "Cost of research": tuple(ground.RESEARCH.format(kind) for kind in ground.SPENDING),
}
#: Words for groups and components whose names are too short.
_WORDS = {
    "allocative": "allocative efficiency", "technology": "technology and trade cost",
    "weights": "preference weights",
}  # fmt: skip


def _words(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " ")).capitalize()


#: Components by what a reader sees them as.
GROUPS: Mapping[str, tuple[str, ...]] = {
    _words(group): tuple(name for name, of in welfare.COMPONENTS.items() if of == group)
    for group in welfare.GROUPS
}
#: The same of the parts that GTAP prints: all taxes together.
_GTAP_GROUPS: Mapping[str, tuple[str, ...]] = {"Allocative efficiency": tuple(huff.TAXES)}
#: Results that have these parts.
_OF_GTAP = "results of `cge run` with --decompose on a benchmark of GTAP data with saving"
_LEFT_BEHIND = (
    "On a path also what earlier years have left: adaptation of relations with suppliers, the "
    "stock of capital, knowledge (productivity), and the cost of research beyond the baseline's."
)
_EXACT = {"change": "equivalent_variation", "value": "equivalent_variation_value"}


def decomposition(found: Sequence[ResultSet], choice: Choice, first_order: bool = True) -> Draft:
    """Welfare by component, regions in rows, with the sum and the exact EV.

    With `first_order`, the first-order sum stands beside them.

    Raises
    ------
    InputError
        If nothing is taken apart, or for an unknown measure, unit or region.
    """
    measure = chosen_one(PARTS, choice.measures, "measures", "what can be taken apart")
    cases, column, unit = _start(found, choice)
    parts = _parts(cases, measure, "item", column)
    rough: dict[Case, pd.Series] = {}
    if not choice.detail:
        parts = {case: _grouped(table, GROUPS) for case, table in parts.items()}
        if first_order and measure == "ev_part":
            first = _parts(cases, "ev_part_first_order", "item", column)
            rough = {case: table.sum(axis=1) for case, table in first.items() if case in parts}
    title = ""
    meaning = (
        "Parts of the equivalent variation, integrated along the path of the policy, beside their "
        "sum the exact one. Allocative efficiency: change of what tariffs, taxes and subsidies "
        "hold back or over-expand."
    )
    if measure != "ev_part":
        title = " (first order)"
        meaning = (
            "First-order parts of the equivalent variation: derivative at the benchmark times the "
            "change, not integrated along the path. The exact figure stands beside their sum."
        )
    words = {name: _words(name) for name in welfare.COMPONENTS}
    title = f"Welfare change by component{title}"
    return _draft(title, cases, parts, rough, column, unit, [meaning], choice, words)


def shocks(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Welfare by shock of the policy, regions in rows.

    Raises
    ------
    InputError
        As :func:`decomposition`.
    """
    cases, column, unit = _start(found, choice)
    parts = _parts(cases, "ev_part", "shock", column)
    for case, table in parts.items():
        if case.keys["path_year"] and not choice.detail:
            parts[case] = _grouped(table, SHOCK_GROUPS, POLICY)
    lines = [
        "Contribution of each part of the policy to the equivalent variation, integrated along "
        "the path on which all parts are put in place together; a part alone, or first, would "
        "contribute something else.",
        _LEFT_BEHIND if any(case.keys["path_year"] for case in cases) else "",
    ]
    return _draft("Welfare change by shock", cases, parts, {}, column, unit, lines, choice, {})


def huff_parts(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Welfare by the parts that GTAP prints, regions in rows, with the sum and the exact EV.

    Raises
    ------
    InputError
        If results have no such parts, or for an unknown unit or region.
    """
    cases, column, unit = _start(found, choice, GTAP_PART)
    parts = _parts(cases, GTAP_PART, "item", column)
    for case, table in parts.items():
        table = table.reindex(columns=[name for name in huff.PARTS if name in table.columns])
        parts[case] = table if choice.detail else _grouped(table, _GTAP_GROUPS)
    lines = [
        "Parts of the equivalent variation as GTAP tells them (Huff and Hertel 2000), integrated "
        "along the path of the policy, beside their sum the exact one. Terms of trade, and "
        "investment and saving, count prices against that of the world's exports. Population and "
        "preferences do not change.",
    ]
    words = {name: f"{words.capitalize()}" for name, words in huff.PARTS.items()}
    return _draft("Welfare change by the parts of GTAP", cases, parts, {}, column, unit, lines,
                  choice, words)  # fmt: skip


def huff_taxes(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Allocative efficiency by commodity and tax as GTAP prints it, a panel for each region.

    Raises
    ------
    InputError
        As :func:`huff_parts`.
    """
    cases, column, unit = _start(found, choice, GTAP_PART)
    heads = [Column(name, f"On {words}", unit, AUTO, "part", "EV")
             for name, words in huff.TAXES.items()]  # fmt: skip
    heads.append(Column("total", "Sum", unit, AUTO, "total", "EV"))
    panels = []
    for case in cases:
        rows = case.rows(GTAP_PART)
        rows = rows[rows["item"].isin([*huff.TAXES])]
        for code in codes_of(cases, choice):
            own = rows[rows["region"] == code]
            table = own.pivot_table(index="sector", columns="item", values=column, aggfunc="sum",
                                    sort=False, observed=True)  # fmt: skip
            table = table.reindex(columns=[*huff.TAXES]).fillna(0.0)
            table = table.reindex([one for one in case.results.benchmark["sectors"]
                                   if one in table.index])  # fmt: skip
            table.loc["Sum"] = table.sum(axis=0)
            table["total"] = table.sum(axis=1)
            title = ", ".join(filter(None, (case.label, code)))
            panels.append(Panel(title, tuple(heads), tuple(table.index), table.to_numpy(float), 1,
                                {**case.texts, "region": code}))  # fmt: skip
    lines = [
        "Allocative efficiency as GTAP tells it: what each tax holds back or over-expands, by the "
        "commodity that bears it; of taxes on output, endowments and income by the activity.",
        "In percent of the region's benchmark absorption." if column == "change" else "",
    ]
    return Draft("Allocative efficiency by commodity and tax", "Commodity", panels, cases, lines,
                 joined=False)  # fmt: skip


def _start(
    found: Sequence[ResultSet], choice: Choice, measure: str = "ev_part"
) -> tuple[list[Case], str, str]:
    """Cases, the column of the rows that is shown, and its unit."""
    years = {int(n) for one in found
             for n in one.rows["path_year"][one.rows["measure"] == measure].dropna()}  # fmt: skip
    cases = cases_of(found, choice, (measure, "equivalent_variation"), sorted(years))
    if measure == GTAP_PART:
        cases = [case for case in cases if len(case.rows(measure))]
        refuse_if(not cases, NO_ROWS)
    if chosen_one(UNITS, [choice.unit], "unit") == "percent":
        return cases, "change", "percent of benchmark absorption"
    return cases, "value", one_money(cases)


def _parts(cases: Sequence[Case], measure: str, key: str, column: str) -> dict[Case, pd.DataFrame]:
    """Regions and the world by items, or by shocks, of the cases that are taken apart."""
    found = {}
    for case in cases:
        rows = case.rows(measure)
        rows = rows[(rows["shock"] != "") == (key == "shock")]
        if len(rows):
            sums = rows.pivot_table(index="region", columns=key, values=column, aggfunc="sum")
            codes = [*case.regions, case.world]
            found[case] = sums.reindex(index=codes, columns=rows[key].unique()).fillna(0.0)
    return found


def _grouped(
    parts: pd.DataFrame, groups: Mapping[str, tuple[str, ...]], others: str = ""
) -> pd.DataFrame:
    """Parts summed to what a reader sees them as; an unknown one stays, or is of the others."""
    group = {part: name for name, members in groups.items() for part in members}
    summed = parts.T.groupby([group.get(c, others or c) for c in parts.columns], sort=False).sum().T
    order = [name for name in (others, *groups) if name in summed.columns]
    return summed[order + [c for c in summed.columns if c not in order]]


def _draft(
    title: str, cases: Sequence[Case], parts: Mapping[Case, pd.DataFrame],
    rough: Mapping[Case, pd.Series], column: str, unit: str, lines: Sequence[str], choice: Choice,
    words: Mapping[str, str],
) -> Draft:  # fmt: skip
    """Parts, their sum, the exact EV, the check and, if any, the first-order sum."""
    first_of = cases[0].results
    refuse_if(not parts, "welfare is not taken apart in these results", file=first_of.folder,
              allowed="results of a run with --decompose")  # fmt: skip
    sizes = pd.concat([table.abs().max() for table in parts.values()])
    sizes = sizes.groupby(level=0, sort=False).max()
    every = sorted(sizes.index, key=lambda name: [*GROUPS, name].index(name))
    moved = [name for name in every if sizes[name] > NOISE * max(sizes.max(), 1e-300)]
    ends: list[tuple[str, str, Role]] = [
        ("total", "Sum", "total"), ("exact", "Exact EV", "exact"), ("check", "Check", "check"),
        ("first_order", "First-order sum", "value"),
    ]  # fmt: skip
    heads = [Column(name, words.get(name, name), unit, AUTO, "part", "EV") for name in moved]
    heads += [Column(key, text, unit, AUTO, role, "EV")
              for key, text, role in ends[: 3 + bool(rough)]]  # fmt: skip
    panels, codes, gap = [], codes_of(cases, choice, world=True), 0.0
    for case, table in parts.items():
        rows = [code for code in codes if code in table.index]
        table = table.reindex(index=rows, columns=moved, fill_value=0.0)
        total, exact = table.sum(axis=1), case.of_region(_EXACT[column])[rows]
        first = rough[case][rows] if case in rough else exact * np.nan
        figures = np.column_stack([table, total, exact, total - exact, first])[:, : len(heads)]
        gap = max(gap, float((total - exact).abs().max()))
        panels.append(Panel(case.label, tuple(heads), tuple(rows), figures,
                            int(rows[-1] == case.world), case.texts))  # fmt: skip
    rest = [words.get(name, name).lower() for name in every if name not in moved]
    lines = [
        lines[0],
        "In percent of the region's benchmark absorption." if column == "change" else "",
        *lines[1:],
        f"Check: sum less exact EV, at most {gap:.1e} {unit_text(unit)[0]}.",
        "First-order sum: benchmark values times total changes, as formulas in papers do, for "
        "comparison." if rough else "",
        f"Zero everywhere and left out: {', '.join(rest)}." if rest else "",
        *(f"Not taken apart, and left out: {case.label}." for case in cases if case not in parts),
    ]  # fmt: skip
    return Draft(title, "Region", panels, list(parts), lines, folded=2)


KINDS = (
    PageKind("decomposition", "welfare change by component, with the exact EV", decomposition,
             ("measures", "regions", "unit", "detail"), "stacks",
             partial(decomposition, first_order=False)),
    PageKind("huff", "welfare change by the parts that GTAP prints, with the exact EV", huff_parts,
             ("regions", "unit", "detail"), "stacks", needs=_OF_GTAP),
    PageKind("huff-taxes", "allocative efficiency by commodity and tax, as GTAP prints it",
             huff_taxes, ("regions", "unit"), "heat", needs=_OF_GTAP),
    PageKind("shocks", "welfare change by shock of the policy", shocks,
             ("regions", "unit", "detail"), "stacks"),
)  # fmt: skip
