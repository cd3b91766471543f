"""Regions by measures, and policies by measures of one region."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cge.core.errors import refuse_if
from cge.report.drafts.case_groups import Group
from cge.report.drafts.cases import cases_of, codes_of, one_money
from cge.report.drafts.choice import FLAGS, Choice
from cge.report.drafts.columns import Shown, by_group, resolved
from cge.report.drafts.pagekind import Draft, PageKind
from cge.results.resultset import ResultSet

#: Columns unless others are chosen.
USUAL = (
    "equivalent_variation", "equivalent_variation_value", "real_gdp", "terms_of_trade",
    "consumer_real_return[LAB]", "employment[LAB]", "export_volume_change",
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


def regions(found: Sequence[ResultSet], choice: Choice, usual: Sequence[str] = USUAL) -> Draft:
    """Regions by measures, a panel for each solution."""
    cases = cases_of(found, choice)
    wanted = resolved(cases, choice.measures, usual)
    groups = [Group((case,), case.label) for case in cases]
    shown = [Shown(name, sectors=choice.sectors) for name in wanted]
    panels = by_group(groups, shown, codes_of(cases, choice, world=True))
    return Draft("Effects by region", "Region", panels, cases, folded=2)


def compare(found: Sequence[ResultSet], choice: Choice, usual: Sequence[str] = COMPARED) -> Draft:
    """Solutions by measures of one region.

    Raises
    ------
    InputError
        Unless one region is chosen, and for results whose money units differ.
    """
    draft = regions(found, choice, usual)
    refuse_if(len(choice.regions) != 1, "choose one region to compare by", key=FLAGS["regions"],
              value=", ".join(choice.regions) or None,
              allowed=codes_of(draft.cases, choice))  # fmt: skip
    one_money(draft.cases)
    panels = draft.panels
    if not choice.measures:  # a policy that costs the budget nothing has no column for it
        free = not any(p.figures[0, n] > 0 for p in panels for n, c in enumerate(p.columns)
                       if c.key == "outlay")  # fmt: skip
        keep = [n for n, c in enumerate(panels[0].columns) if c.key != "outlay" or not free]
        panels = [panel.take(columns=keep) for panel in panels]
    return Draft("Policies compared", "Region", panels, draft.cases, folded=1)


_OPTIONS = ("measures", "regions", "sectors")
KINDS = (
    PageKind("regions", "regions by measures", regions, _OPTIONS,
             figure=partial(regions, usual=DRAWN)),
    PageKind("compare", "solutions by measures of one region", compare, _OPTIONS,
             figure=partial(compare, usual=COMPARED_DRAWN)),
)  # fmt: skip
