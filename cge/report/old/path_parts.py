"""Welfare along a path taken apart, by component and by what has moved since the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from cge.results.report.measures import GROUPS
from cge.results.report.notes import notes_of
from cge.results.report.page import Array, Column, Page, Panel, Role
from cge.results.report.path_cases import EV, Path, paths_of, regions_of, series, years_of
from cge.results.report.runs import Choice, RunFolder
from cge.results.report.units import NOISE, printed

from cge.core.errors import InputError
from cge.dynamics.ground_shocks import CAPITAL_STOCK, KNOWLEDGE, LABELS, RESEARCH, SOURCING

#: More panels than this are not drawn on one page.
MOST_PANELS = 12
POLICY, ADAPTATION, CAPITAL = "Policy", "Adaptation of sourcing", "Capital"
PRODUCTIVITY, COST = "Knowledge", "Cost of research"
SHOCK_GROUPS = (POLICY, ADAPTATION, CAPITAL, PRODUCTIVITY, COST)
_BEFORE = {KNOWLEDGE.format(""): PRODUCTIVITY, RESEARCH.format(""): COST}
_COMPONENT = {
    "intermediate_users": "Intermediate users", "final_users": "Final users",
    "weights": "Adaptation (weights)",
}  # fmt: skip


def shock_group(label: str) -> str:
    """Return the group of what has moved: what is of no year before is policy."""
    if label == SOURCING:
        return ADAPTATION
    if label == CAPITAL_STOCK:
        return CAPITAL
    for start, group in _BEFORE.items():
        if label in LABELS and label.startswith(start):
            return group
    return POLICY


def components(runs: Sequence[RunFolder], choice: Choice, drawn: bool = False) -> Page:
    """Return welfare by component in some years, a panel for each path and region.

    Raises
    ------
    InputError
        If a run has no decomposition, for a region or year that there is not.
    """
    group = {component: name for name, members in GROUPS.items() for component in members}

    def called(name: str) -> str:
        if choice.detail:
            return _COMPONENT.get(name, name.replace("_", " ").capitalize())
        return group.get(name, name)

    meaning = (
        "Parts of the equivalent variation against the baseline, integrated along the way from "
        "the benchmark to the year. Factor supply: capital and employment. Technology: knowledge, "
        "and the direct effect of adapted relations with suppliers."
    )
    title = "Welfare by component along the path"
    return _taken_apart(
        runs, choice, drawn, "path-components", title, "item", called, tuple(GROUPS), meaning
    )


def shocks(runs: Sequence[RunFolder], choice: Choice, drawn: bool = False) -> Page:
    """Return welfare by what has moved in some years, a panel for each path and region.

    Raises
    ------
    InputError
        As :func:`components`.
    """

    def called(name: str) -> str:
        return name if choice.detail else shock_group(name)

    meaning = (
        "Contributions to the equivalent variation against the baseline, integrated along the way "
        "from the benchmark to the year, on which all change together. Policy: measures on prices, "
        "trade and production in force in the year; adaptation: relations with suppliers; capital: "
        "its stocks; knowledge: productivity; cost of research: research beyond the baseline's, "
        "public and by business."
    )
    title = "What the welfare change is due to"
    return _taken_apart(
        runs, choice, drawn, "path-shocks", title, "shock", called, SHOCK_GROUPS, meaning
    )


def _taken_apart(
    runs: Sequence[RunFolder], choice: Choice, drawn: bool, kind: str, title: str, column: str,
    called: Callable[[str], str], order: Sequence[str], meaning: str,
) -> Page:  # fmt: skip
    paths = paths_of(runs, choice)
    codes = regions_of(paths, choice)
    found: list[tuple[Path, str, pd.DataFrame, pd.Series]] = []
    for one in paths:
        table = _parts(one, column, called)
        if table.empty:
            continue
        known = table.index.get_level_values("period").unique()
        years = [n for n in years_of(one, choice, tuple(int(k) for k in known)) if n in known]
        exact, _ = series(one.main, EV, choice)
        for code in codes:
            if code in exact.columns and years:
                mine = table[table.index.get_level_values("region") == code].droplevel("region")
                here = mine.reindex(years).fillna(0.0)
                found.append((one, code, here, exact.loc[years, code]))
    if not found:
        raise InputError(
            "has no decomposition of welfare in these years", file=paths[0].run.path,
            key="--year" if choice.years else None,
            value=", ".join(map(str, choice.years)) or None,
            allowed=_decomposed_years(paths),
        )  # fmt: skip
    left = ""
    if drawn and len(found) > MOST_PANELS:
        sizes = [float(np.abs(table.to_numpy()).max()) for _, _, table, _ in found]
        keep = sorted(np.argsort(sizes)[::-1][:MOST_PANELS].tolist())
        left = (f"Left out are {len(found) - MOST_PANELS} panels with smaller changes; --scenario "
                "and --region choose.")  # fmt: skip
        found = [found[n] for n in keep]
    return _made(found, paths, choice, kind, title, order, [meaning, left])


def _parts(one: Path, column: str, called: Callable[[str], str]) -> pd.DataFrame:
    """Return (period, region) by part, in per cent of absorption."""
    rows = one.main.rows("ev_part")
    rows = rows[(rows["shock"] != "") == (column == "shock")]
    if rows.empty:
        return pd.DataFrame()
    names = {name: called(name) for name in rows[column].unique()}
    return rows.assign(part=rows[column].map(names)).pivot_table(
        index=["period", "region"], columns="part", values="change", aggfunc="sum", sort=False
    ).fillna(0.0)  # fmt: skip


def _decomposed_years(paths: Sequence[Path]) -> list[int]:
    years = {int(n) for one in paths for n in one.main.rows("ev_part")["period"].unique()}
    return sorted(years)


def _made(
    found: list[tuple[Path, str, pd.DataFrame, pd.Series]], paths: Sequence[Path], choice: Choice,
    kind: str, title: str, order: Sequence[str], lines: Sequence[str],
) -> Page:  # fmt: skip
    names = list(dict.fromkeys(name for _, _, table, _ in found for name in table.columns))
    names = [n for n in order if n in names] + [n for n in names if n not in order]
    tables: list[Array] = []
    for _, _, table, exact in found:
        parts = table.reindex(columns=names, fill_value=0.0).to_numpy(float)
        total = parts.sum(axis=1)
        tables.append(np.column_stack([parts, total, exact, total - exact]))
    whole = np.concatenate(tables)
    size = np.abs(whole).max()
    keep = [n for n in range(len(names)) if np.abs(whole[:, n]).max() > NOISE * size]
    how = printed("percent of benchmark absorption", whole[:, :-1])
    ends: tuple[tuple[str, str, Role], ...] = (
        ("total", "Sum", "total"), ("exact", "Exact EV", "exact"), ("check", "Check", "check"),
    )  # fmt: skip
    heads = (
        *(Column(names[n], names[n], how.unit, how.digits, "part") for n in keep),
        *(Column(key, text, how.unit, how.digits, role) for key, text, role in ends),
    )
    panels = tuple(
        Panel(", ".join(part for part in (one.label, code) if part), heads,
              tuple(one.year(int(n)) for n in table.index),
              how.scale * values[:, [*keep, *range(len(names), len(names) + 3)]],
              keys={**one.main.keys, "region": code})
        for (one, code, table, _), values in zip(found, tables, strict=True)
    )  # fmt: skip
    rest = [names[n].lower() for n in range(len(names)) if n not in keep]
    gap = float(np.abs(whole[:, -1]).max())
    keys = paths[0].main.keys
    notes = [
        *lines, f"Elasticities {keys['elasticities']}, {keys['returns']} returns to research.",
        f"Check: sum less exact EV, at most {gap:.1e} %.",
        f"Zero everywhere and left out: {', '.join(rest)}." if rest else "",
    ]  # fmt: skip
    mains = list({id(one): one.main for one, _, _, _ in found}.values())
    told = notes_of(mains, [line for line in notes if line], parts=True)
    return Page(kind, choice.title or title, "Year", panels, told,
                paths[0].run.names("regions"))  # fmt: skip
