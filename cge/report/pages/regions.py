"""Regions by measures, and policies by measures of one region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cge.results.report import measures as m
from cge.results.report.notes import notes_of
from cge.results.report.page import Page, Panel, by_panel
from cge.results.report.runs import Case, Choice, RunFolder, cases_of, chosen

from cge.core.errors import InputError

#: Columns unless others are chosen: those of the summary.
DEFAULT = (
    "equivalent_variation", "equivalent_variation_value", "real_gdp", "terms_of_trade",
    "real_factor_price[LAB]", "employment[LAB]", "export_volume_change", "import_volume_change",
    "tariff_revenue",
)  # fmt: skip
#: What a figure shows unless others are chosen.
DRAWN = ("equivalent_variation", "real_gdp", "terms_of_trade")
COMPARED = (
    "outlay", "equivalent_variation", "equivalent_variation_value", "terms_of_trade_effect",
    "trade_efficiency", "real_gdp", "domestic_share", "domestic_share_per_ev_lost",
    "domestic_share_per_efficiency_lost", "net_tax_revenue",
)  # fmt: skip
COMPARED_DRAWN = (
    "outlay", "equivalent_variation", "terms_of_trade_effect", "trade_efficiency", "real_gdp",
    "domestic_share",
)  # fmt: skip
_MEANING = {
    "equivalent_variation": "Welfare: equivalent variation of the regional agent (household, "
    "government and investment), in percent of its benchmark absorption.",
    "trade_efficiency": "Terms of trade and allocative efficiency are parts of the welfare "
    "change, in percent of benchmark absorption, integrated along the path of the policy.",
    "domestic_share": "Domestic share: purchases from the own region in all purchases, in value "
    "at the exporter's border, change in percentage points.",
    "domestic_share_per_ev_lost": "Domestic share gained per 0.01 % of benchmark absorption lost, "
    "of the whole welfare change; a dash where welfare does not fall.",
    "domestic_share_per_efficiency_lost": "Domestic share gained per 0.01 % of benchmark "
    "absorption lost in allocative efficiency alone, terms of trade left out.",
    "outlay": "Outlay: what the policy costs the budget, at the solution.",
    "net_tax_revenue": "Net tax revenue: change of all taxes less subsidies.",
}


def regions(runs: Sequence[RunFolder], choice: Choice, default: Sequence[str] = DEFAULT) -> Page:
    """Return regions by measures, one panel for each solution."""
    cases = cases_of(runs, choice)
    wanted = _measures(cases, choice, default)
    _known_regions(cases, choice.regions)
    cases, rows, tables, units = _tables(cases, wanted, choice, world=not choice.regions)
    heads = m.columns(wanted, units, tables)
    panels = tuple(
        Panel(case.label, head, tuple(labels), table, len(labels) - plain, case.keys)
        for case, head, (labels, plain), table in zip(cases, heads, rows, tables, strict=True)
    )
    return by_panel(_page("regions", "Effects by region", "Region", panels, cases, wanted, choice))


def compare(runs: Sequence[RunFolder], choice: Choice, default: Sequence[str] = COMPARED) -> Page:
    """Return solutions by measures of one region.

    Raises
    ------
    InputError
        Unless one region is chosen, and for runs whose money units differ.
    """
    cases = cases_of(runs, choice)
    if len(choice.regions) != 1:
        raise InputError(
            "choose one region to compare runs by", key="--region",
            value=", ".join(choice.regions) or None, allowed=list(_all_regions(cases)),
        )  # fmt: skip
    if len({case.run.money for case in cases}) > 1:
        raise InputError("runs in different money units can not share a table",
                         value=", ".join(sorted({case.run.money for case in cases})))  # fmt: skip
    wanted = _measures(cases, choice, default)
    _known_regions(cases, choice.regions)
    cases, _, tables, units = _tables(cases, wanted, choice, world=False)
    whole = np.concatenate(tables)
    if not choice.measures:  # a policy that costs the budget nothing has no column for it
        keep = [n for n, name in enumerate(wanted) if name != "outlay" or (whole[:, n] > 0).any()]
        wanted, whole = [wanted[n] for n in keep], whole[:, keep]
        units = [[panel[n] for n in keep] for panel in units]
    common = [[next((u[n] for u in units if u[n]), "") for n in range(len(wanted))]]
    (head,) = m.columns(wanted, common, [whole])
    (region,) = choice.regions
    labels = tuple(case.label or case.keys["scenario"] for case in cases)
    each = tuple(case.keys for case in cases)
    panel = Panel("", head, labels, whole, keys={"region": region}, row_keys=each)
    name = cases[0].run.names("regions").get(region, region)
    title = f"Policies compared, {name}"
    stub = "Policy" if len({case.keys["scenario"] for case in cases}) > 1 else "Case"
    return _page("compare", title, stub, (panel,), cases, wanted, choice)


def _measures(cases: Sequence[Case], choice: Choice, default: Sequence[str]) -> list[str]:
    if choice.measures:
        return list(
            dict.fromkeys(name for case in cases for name in m.resolve(case, choice.measures))
        )
    known = {name for case in cases for name in m.regional_measures(case)}
    wanted = [name for name in default if name in known]
    if not wanted:
        raise InputError("none of the usual measures is in these runs", key="--measures",
                         allowed=sorted(known))  # fmt: skip
    return wanted


def _all_regions(cases: Sequence[Case]) -> list[str]:
    return list(dict.fromkeys(code for case in cases for code in case.regions))


def _known_regions(cases: Sequence[Case], wanted: Sequence[str]) -> None:
    """Raise InputError for a region that no case has."""
    chosen(_all_regions(cases), wanted, "region")


def _tables(
    cases: Sequence[Case], wanted: Sequence[str], choice: Choice, world: bool
) -> tuple[list[Case], list[tuple[list[str], int]], list[np.ndarray], list[list[str]]]:
    """Return the cases that have a chosen region, and labels, figures and units of each."""
    kept, rows, tables, units = [], [], [], []
    for case in cases:
        here = [code for code in choice.regions or case.regions if code in case.regions]
        if not here:
            continue
        found = [m.figures(case, name, choice) for name in wanted]
        table = np.array([f.by_region.reindex(here).to_numpy(float) for f in found]).T
        labels, plain = list(here), len(here)
        totals = np.array([f.world for f in found])
        if world and np.isfinite(totals).any():
            table = np.vstack([table, totals])
            labels.append("World")
        kept.append(case)
        rows.append((labels, plain))
        tables.append(table)
        units.append([f.unit for f in found])
    return kept, rows, tables, units


def _page(
    kind: str, title: str, stub: str, panels: tuple[Panel, ...], cases: Sequence[Case],
    wanted: Sequence[str], choice: Choice,
) -> Page:  # fmt: skip
    first = [text for name, text in _MEANING.items() if name in wanted]
    labour = any(name.startswith(("real_factor_price", "employment")) for name in wanted)
    notes = notes_of(cases, first, labour=labour, parts="trade_efficiency" in wanted)
    return Page(kind, choice.title or title, stub, panels, notes, cases[0].run.names("regions"))
