"""Regions by measures, and policies by measures of one region."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.report import measures as m
from cge.report.cases import Case, cases_of, one_money, regions_of
from cge.report.choice import FLAGS, Choice
from cge.report.format.page import Page, Panel, by_panel
from cge.report.notes import notes_of
from cge.report.pagekind import PageKind
from cge.results.resultset import ResultSet

#: Columns unless others are chosen.
USUAL = (
    "equivalent_variation", "equivalent_variation_value", "real_gdp", "terms_of_trade",
    "consumer_real_return[LAB]", "factor_supply[LAB]", "export_volume_change",
    "import_volume_change", "tariff_revenue",
)  # fmt: skip
#: The same of a figure.
DRAWN = ("equivalent_variation", "real_gdp", "terms_of_trade")
COMPARED = (
    "outlay", "equivalent_variation", "equivalent_variation_value", "terms_of_trade_effect",
    "trade_efficiency", "real_gdp", "domestic_share", "domestic_share_per_ev_lost",
    "domestic_share_per_efficiency_lost", "tax_revenue",
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
    "outlay": "Outlay: subsidies paid and taxes forgone, at the solution.",
    "tax_revenue": "Net tax revenue: change of all taxes less subsidies.",
}
Table = NDArray[np.float64]


def regions(found: Sequence[ResultSet], choice: Choice, usual: Sequence[str] = USUAL) -> Page:
    """Regions by measures, a panel for each solution."""
    cases, wanted = _cases(found, choice, usual)
    cases, codes = regions_of(cases, choice)
    rows = [_labels(case, codes, not choice.regions) for case in cases]
    tables, units = _tables(cases, wanted, choice, rows)
    heads = m.columns(wanted, units, tables)
    panels = tuple(
        _panel(case, head, labels, table)
        for case, head, labels, table in zip(cases, heads, rows, tables, strict=True)
    )
    return by_panel(_page("regions", "Effects by region", "Region", panels, cases, wanted, choice))


def compare(found: Sequence[ResultSet], choice: Choice, usual: Sequence[str] = COMPARED) -> Page:
    """Solutions by measures of one region.

    Raises
    ------
    InputError
        Unless one region is chosen, and for results whose money units differ.
    """
    cases, wanted = _cases(found, choice, usual)
    cases, codes = regions_of(cases, choice)
    if len(choice.regions) != 1:
        raise InputError(
            "choose one region to compare by", key=FLAGS["regions"],
            value=", ".join(choice.regions) or None, allowed=codes,
        )  # fmt: skip
    one_money(cases)
    tables, units = _tables(cases, wanted, choice, [codes] * len(cases))
    whole = np.concatenate(tables)
    if not choice.measures:  # a policy that costs the budget nothing has no column for it
        keep = [n for n, name in enumerate(wanted) if name != "outlay" or (whole[:, n] > 0).any()]
        wanted, whole = [wanted[n] for n in keep], whole[:, keep]
        units = [[panel[n] for n in keep] for panel in units]
    common = [[next((u[n] for u in units if u[n]), "") for n in range(len(wanted))]]
    (head,) = m.columns(wanted, common, [whole])
    (region,) = codes
    labels = tuple(case.label or case.title for case in cases)
    each = tuple(_keys(case) for case in cases)
    panel = Panel("", head, labels, whole, keys={"region": region}, row_keys=each)
    name = cases[0].results.names("regions").get(region, region)
    stub = "Policy" if len({case.title for case in cases}) > 1 else "Case"
    title = f"Policies compared, {name}"
    return _page("compare", title, stub, (panel,), cases, wanted, choice)


def _cases(
    found: Sequence[ResultSet], choice: Choice, usual: Sequence[str]
) -> tuple[list[Case], list[str]]:
    cases = cases_of(found, choice)
    return cases, m.resolved(cases, choice.measures, usual)


def _labels(case: Case, codes: Sequence[str], world: bool) -> list[str]:
    here = [code for code in codes if code in case.regions]
    return [*here, case.world] if world else here


def _tables(
    cases: Sequence[Case], wanted: Sequence[str], choice: Choice, rows: Sequence[Sequence[str]]
) -> tuple[list[Table], list[list[str]]]:
    """Figures and units of each case."""
    tables, units = [], []
    for case, labels in zip(cases, rows, strict=True):
        figures = [m.figures(case, name, choice) for name in wanted]
        each = [f.by_region.reindex(list(labels)).to_numpy(float) for f in figures]
        tables.append(np.array(each).T)
        units.append([f.unit for f in figures])
    return tables, units


def _panel(case: Case, head: Any, labels: Sequence[str], table: Table) -> Panel:
    """Panel of a case; the world's row is left out where it has no figure."""
    has_world = labels[-1] == case.world
    if has_world and not np.isfinite(table[-1]).any():
        labels, table, has_world = labels[:-1], table[:-1], False
    return Panel(case.label, head, tuple(labels), table, int(has_world), _keys(case))


def _keys(case: Case) -> dict[str, str]:
    return {name: str(value) for name, value in case.keys.items()}


def _page(
    kind: str, title: str, stub: str, panels: tuple[Panel, ...], cases: Sequence[Case],
    wanted: Sequence[str], choice: Choice,
) -> Page:  # fmt: skip
    first = [text for name, text in _MEANING.items() if name in wanted]
    labour = any(name.endswith("[LAB]") for name in wanted)
    notes = notes_of(cases, first, labour=labour, parts="trade_efficiency" in wanted,
                     indices="real_gdp" in wanted)  # fmt: skip
    names = cases[0].results.names("regions")
    return Page(kind, choice.title or title, stub, panels, notes, names)


_OPTIONS = ("measures", "regions", "sectors")
KINDS = (
    PageKind("regions", "regions by measures", regions, _OPTIONS,
             figure=partial(regions, usual=DRAWN)),
    PageKind("compare", "solutions by measures of one region", compare, _OPTIONS,
             figure=partial(compare, usual=COMPARED_DRAWN)),
)  # fmt: skip
