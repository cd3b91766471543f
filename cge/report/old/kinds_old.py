"""The kinds of tables and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cge.results.report import (
    decomposition,
    matrices,
    path_compare,
    path_parts,
    paths,
    regions,
    sensitivity,
)
from cge.results.report.page import Page
from cge.results.report.runs import Choice, RunFolder

from cge.core.errors import InputError
from cge.results import chokepoint_table, frontier_page, headline_table, quadrant_page

Builder = Callable[[Sequence[RunFolder], Choice], Page]


@dataclass(frozen=True)
class Kind:
    """A kind: what it shows, how its page is made, what options it understands.

    Parameters
    ----------
    meaning : str
    table, figure : callable
        Page of the table and of the figure.
    options : tuple of str
        Of measures, regions, sectors, unit, detail; years go with every run that has some.
    """

    meaning: str
    table: Builder
    figure: Builder
    options: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "regions": Kind(
        "regions by measures", regions.regions,
        partial(regions.regions, default=regions.DRAWN), ("measures", "regions", "sectors"),
    ),
    "decomposition": Kind(
        "welfare change by component, with the exact EV", decomposition.decomposition,
        partial(decomposition.decomposition, first_order=False),
        ("measures", "regions", "unit", "detail"),
    ),
    "shocks": Kind(
        "welfare change by shock of the policy", decomposition.shocks, decomposition.shocks,
        ("measures", "regions", "unit"),
    ),
    "trade": Kind(
        "change of bilateral trade, exporters by importers", matrices.trade, matrices.trade,
        ("measures", "regions", "sectors", "unit"),
    ),
    "sectors": Kind(
        "change of output by sector and region", matrices.sectors, matrices.sectors,
        ("measures", "regions", "sectors", "unit"),
    ),
    "sensitivity": Kind(
        "intervals of results over uncertain parameters", sensitivity.sensitivity,
        partial(sensitivity.sensitivity, default=regions.DRAWN), ("measures", "regions"),
    ),
    "drivers": Kind(
        "share of each parameter in the variance of results", sensitivity.drivers,
        sensitivity.drivers, ("measures", "regions"),
    ),
    "compare": Kind(
        "runs and variants by measures of one region", regions.compare,
        partial(regions.compare, default=regions.COMPARED_DRAWN),
        ("measures", "regions", "sectors"),
    ),
}  # fmt: skip
#: Those of a path from year to year.
PATH_KINDS: Mapping[str, Kind] = {
    "path": Kind(
        "path: welfare, or another measure, by year and region", paths.path,
        partial(paths.path, every=True), ("measures", "regions"),
    ),
    "path-compare": Kind(
        "path: welfare in some years, present value, break-even", path_compare.compare,
        partial(path_compare.compare, drawn=True), ("regions",),
    ),
    "path-sources": Kind(
        "path: productivity by source of knowledge", paths.sources,
        partial(paths.sources, every=True), ("regions",),
    ),
    "path-components": Kind(
        "path: welfare by component in some years", path_parts.components,
        partial(path_parts.components, drawn=True), ("regions", "detail"),
    ),
    "path-shocks": Kind(
        "path: welfare by policy, adaptation, capital, knowledge", path_parts.shocks,
        partial(path_parts.shocks, drawn=True), ("regions", "detail"),
    ),
    "path-remaining": Kind(
        "path: welfare in the first year and what remains in the last", paths.remaining,
        paths.remaining, ("regions",),
    ),
}  # fmt: skip
_QUADRANT = partial(quadrant_page.quadrant, figure=True)
#: Those of costs in normal times and losses when supply breaks.
RESILIENCE_KINDS: Mapping[str, Kind] = {
    "headline": Kind(
        "what policies cost, and what they save when supply breaks", headline_table.headline,
        _QUADRANT, ("regions",),
    ),
    "quadrant": Kind(
        "efficiency and resilience of policies, at first and in the end", quadrant_page.quadrant,
        _QUADRANT, ("measures", "regions"),
    ),
    "frontier": Kind(
        "the best welfare at each level of risk, and the policy that gives it",
        frontier_page.frontier, frontier_page.figure, ("regions",),
    ),
    "chokepoints": Kind(
        "links on which an importer depends most; leverage, irreplaceability",
        chokepoint_table.chokepoints, chokepoint_table.chokepoint_map,
        ("measures", "regions", "sectors", "detail"),
    ),
}  # fmt: skip
ALL_KINDS: Mapping[str, Kind] = {**KINDS, **PATH_KINDS, **RESILIENCE_KINDS}
_FLAGS = {"measures": "--measures", "regions": "--region", "sectors": "--sector",
          "unit": "--unit", "detail": "--detail"}  # fmt: skip


def kind_of(name: str) -> Kind:
    """Return a kind by name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in ALL_KINDS:
        raise InputError("unknown kind", key="--kind", value=name, allowed=ALL_KINDS)
    return ALL_KINDS[name]


def build(
    name: str, runs: Sequence[RunFolder], choice: Choice | None = None, figure: bool = False
) -> Page:
    """Return the content of a table or figure.

    Parameters
    ----------
    name : str
        A key of `ALL_KINDS`.
    runs : sequence of RunFolder
    choice : Choice, optional
    figure : bool
        Whether it will be drawn; a figure shows less unless told otherwise.

    Raises
    ------
    InputError
        For an unknown kind, an option it does not have, or rows that are not in the runs.
    """
    kind, choice = kind_of(name), choice or Choice()
    for option, flag in _FLAGS.items():
        value = getattr(choice, option)
        if value and option not in kind.options:
            raise InputError(
                f"kind '{name}' has no such option", key=flag,
                value=value if isinstance(value, str | bool) else ", ".join(value),
                allowed=[_FLAGS[o] for o in kind.options],
            )  # fmt: skip
    page = (kind.figure if figure else kind.table)(runs, choice)
    page = replace(page, titles=_titles(runs))
    if choice.title or page.subject:
        return page
    return replace(page, subject=_subject(page, runs))


def _titles(runs: Sequence[RunFolder]) -> dict[str, str]:
    """Titles of the variants of some runs, or labels of their only policies, none given twice."""
    found = {}
    for run in runs:
        scenario = run.manifest.get("scenario")
        for variant in scenario.get("variants") or () if isinstance(scenario, dict) else ():
            policies = [*variant.get("policy", ()), *variant.get("knowledge", ())]
            labels = [one["label"] for one in policies if one.get("label")]
            label = labels[0] if len(policies) == len(labels) == 1 else ""
            found[str(variant.get("name"))] = str(variant.get("title") or label)
    titles = list(found.values())
    return {name: title for name, title in found.items() if title and titles.count(title) == 1}


def _subject(page: Page, runs: Sequence[RunFolder]) -> str:
    """Return the title of the scenario, if all figures are of one."""
    shown = {panel.keys.get("scenario") for panel in page.panels}
    if page.kind in PATH_KINDS and len(runs) == 1:
        scenario = runs[0].manifest.get("scenario")
        shown = {scenario.get("name")} if isinstance(scenario, dict) else {None}
    if len(runs) > 1 or len(shown) > 1:
        return ""
    scenario = runs[0].manifest.get("scenario")
    told = scenario.get("title") if isinstance(scenario, dict) else None
    return str(told or shown.pop() or "")
