"""Chokepoints: losses from cuts of single links from a foreign supplier to an importer.

Losses in the model stand beside figures of the input-output table alone, for which nothing is
solved: the value of the cut, and the loss in fixed proportions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from cge.indicators.exposure_losses import CUT
from cge.report.drafts.case_groups import range_note, ranged
from cge.report.drafts.cases import EVERY_YEAR, Case, all_rows, cases_of
from cge.report.drafts.choice import Choice, chosen
from cge.report.drafts.pagekind import Draft, PageKind
from cge.report.format.page import AUTO, NONE, Column, Panel, short_name
from cge.results.resultset import ResultSet
from cge.results.row_schema import is_world

_KEYS = ("region", "partner", "sector")
#: Rows of a table that does not show all.
MOST = 10
#: A longer name gives way to the code.
LONGEST = 26
LOSS = "link_loss"
#: Measures of a link: heading, unit over it, factor.
_COLUMNS: Mapping[str, tuple[str, str, float]] = {
    LOSS: ("Loss, short run", "percent", 1.0),
    "link_loss_long_run": ("Loss, long run", "percent", 1.0),
    "speed_of_substitution": ("Short over long run", "ratio", 1.0),
    "link_share": ("Value cut", "percent of absorption", CUT),
    "link_loss_over_share": ("Loss over value cut", "ratio", 1.0),
    "link_extraction_loss": ("Extraction loss", "percent of absorption", 1.0),
    "link_bottleneck_loss": ("Bottleneck loss", "percent of absorption", 1.0),
}
#: Measures of regions by partners, and by sectors.
_BY_PARTNER = {
    "leverage": "Leverage: loss of the partner from a ban on exports to it less own loss",
    "ban_harm": "Loss of the partner from a ban on exports to it",
    "ban_own_loss": "Loss of a region from its own ban on exports to the partner",
}
_BY_SECTOR = {
    "irreplaceability": "Irreplaceability: loss of others from withholding less own loss",
    "withholding_own_loss": "Loss of a region from withholding its own exports",
}


_MATRIX_UNITS = {
    "leverage": "percentage points of real income", "irreplaceability": "percent of own absorption",
}  # fmt: skip


def _links(
    found: Sequence[ResultSet], choice: Choice, measure: str
) -> tuple[list[Case], pd.DataFrame]:
    """Equilibria of one variant and year, by default without policy, and rows of their links."""
    every = cases_of(found, choice, (measure,), EVERY_YEAR, all_rows, world=True)
    one = ("scenario", "variant", "path_year")
    cases = [case for case in every if all(case.keys[k] == every[0].keys[k] for k in one)]
    rows = pd.concat([case.rows(*_COLUMNS, *_BY_PARTNER, *_BY_SECTOR) for case in cases])
    return cases, rows[rows["item"] == ""]


def _otherwise(
    found: Sequence[ResultSet], choice: Choice, first: Case
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Losses in other worlds without policy that are tested otherwise, last first."""
    every = cases_of(found, choice, (LOSS,), EVERY_YEAR, all_rows, world=True)
    names = dict.fromkeys(str(case.keys["variant"]) for case in every)
    own = first.keys["variant"]
    tables = {}
    for name in reversed([one for one in names if is_world(one) and one != own and is_world(own)]):
        rows = pd.concat([c.rows(LOSS) for c in every if c.keys["variant"] == name])
        tables[name.partition("(")[2].rstrip(")")] = ranged(rows[rows["item"] == ""], _KEYS)
    return tables


def _shown(loss: pd.Series, choice: Choice) -> tuple[list[str], list[str]]:
    """Importers and sectors that are shown."""
    return (chosen(list(loss.index.unique("region")), choice.regions, "regions"),
            chosen(list(loss.index.unique("sector")), choice.sectors, "sectors"))  # fmt: skip


def _panel(
    title: str, heads: Sequence[Column], rows: Sequence[str], ends: Iterable[np.ndarray],
    cases: Sequence[Case], keys: Mapping[str, str], row_keys: Sequence[Mapping[str, str]] = (),
) -> Panel:  # fmt: skip
    central, low, high = ends
    several = len(cases) > 1
    keys = {**keys, "elasticities": str(cases[0].keys["elasticities"])}
    return Panel(title, tuple(heads), tuple(rows), central, keys=keys, row_keys=tuple(row_keys),
                 low=low if several else NONE, high=high if several else NONE)  # fmt: skip


def chokepoints(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Links on which an importer depends most, a panel for each importer.

    With measures of leverage or irreplaceability: regions by partners or sectors.

    Raises
    ------
    InputError
        For results without cuts of links, and for an importer, sector or measure they lack.
    """
    if choice.measures:
        return _matrices(found, choice)
    cases, rows = _links(found, choice, LOSS)
    tables = {name: times * ranged(own, _KEYS) for name, (_, _, times) in _COLUMNS.items()
              if len(own := rows[rows["measure"] == name])}  # fmt: skip
    others = _otherwise(found, choice, cases[0])
    heads = [
        Column("value_cut" if name == "link_share" else name, title, unit,
               2 if unit == "ratio" else AUTO)
        for name, (title, unit, _) in _COLUMNS.items() if name in tables
    ]  # fmt: skip
    for name, table in others.items():
        heads.insert(1, Column(f"{LOSS}_{name}", f"Loss, {name.replace('-', ' ')}", "percent",
                               AUTO, group=LOSS))  # fmt: skip
        tables = {LOSS: tables[LOSS], name: table, **{k: v for k, v in tables.items() if k != LOSS}}
    loss = tables[LOSS]["central"]
    importers, sectors = _shown(loss, choice)
    panels = []
    for code in importers:
        where = loss[[here[0] == code and here[2] in sectors for here in loss.index]]
        where = where.sort_values(ascending=False, kind="stable")
        if choice.detail:
            where = where.sort_index(level="sector", key=lambda c: c.map(sectors.index),
                                     kind="stable", sort_remaining=False)  # fmt: skip
        links = where.index if choice.detail else where.index[:MOST]
        if len(links):
            labels = [f"{_name(cases, 'sectors', i)}, {_name(cases, 'regions', r)}"
                      for _, r, i in links]  # fmt: skip
            ends = np.array([table.reindex(links) for table in tables.values()]).T
            panels.append(_panel(_name(cases, "regions", code, 1000), heads, labels, ends, cases,
                                 {"importer": code},
                                 [{"supplier": r, "sector": i} for _, r, i in links]))  # fmt: skip
    title = "Chokepoints: links whose cut costs the importer most"
    return Draft(title, "Sector and supplier", panels, cases, _lines(cases))


def _name(cases: Sequence[Case], axis: str, code: str, longest: int = LONGEST) -> str:
    name = short_name(cases[0].results.names(axis).get(code, code))
    return name if len(name) <= longest else code


def _lines(cases: Sequence[Case]) -> list[str]:
    return [
        f"Deliveries of one sector of one supplier to the importer are cut by {100 * CUT:g} %; the "
        "supplier sells the rest at the scarcity price. Loss: of the importer's real income.",
        range_note(cases),
        "Short run: relations and capital as they were, a stand-in at home at a premium, of which "
        "a loss is often the greater part: compare the premiums. Long run: the same cut once all "
        "has adapted.",
        "Value cut: the first-order size of the cut. Extraction loss: from the input-output table "
        "alone, in fixed proportions, scarce inputs going where they yield most; bottleneck loss: "
        "its upper bound, all that needs the good falling with it.",
    ]


def _matrices(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Leverage or irreplaceability, or the losses of which they are made."""
    every = {**_BY_PARTNER, **_BY_SECTOR}
    first = chosen(list(every), choice.measures, "measures")[0]
    cases, rows = _links(found, choice, first)
    there = [name for name in every if name in set(rows["measure"])]
    panels = [
        _matrix(cases, rows[rows["measure"] == name], name, every[name], choice)
        for name in chosen(there, choice.measures, "measures")
    ]
    lines = [
        "A region bans all exports of goods that have a stand-in to one partner, or withholds "
        "those of one sector from all. Above zero: others lose more than the region itself.",
        range_note(cases),
    ]
    return Draft("Leverage and irreplaceability", "Region", panels, cases, lines)


def _matrix(
    cases: Sequence[Case], rows: pd.DataFrame, measure: str, title: str, choice: Choice
) -> Panel:
    across = "partner" if measure in _BY_PARTNER else "sector"
    table = ranged(rows, ("region", across))
    codes = chosen(list(dict.fromkeys(rows["region"])), choice.regions, "regions")
    columns = list(dict.fromkeys(rows[across]))
    if across == "sector":
        columns = chosen(columns, choice.sectors, "sectors")
    else:  # in the order of the regions, of which each has no cell of its own
        columns = list(dict.fromkeys([*rows["region"], *columns]))
    heads = [Column(code, code, _MATRIX_UNITS.get(measure, "percent of real income"), AUTO,
                    group=measure) for code in columns]  # fmt: skip
    cells = pd.MultiIndex.from_product([codes, columns])
    ends = table.reindex(cells).to_numpy(float).T.reshape(3, len(codes), -1)
    return _panel(title, heads, codes, ends, cases, {"measure": measure})


def chokepoint_map(found: Sequence[ResultSet], choice: Choice) -> Draft:
    """Effect of every cut on the importer's real income, suppliers by sectors.

    Columns are importers and sectors. A loss is negative, as elsewhere in figures.

    Raises
    ------
    InputError
        For results without cuts of links, and for an importer or sector they lack.
    """
    cases, rows = _links(found, choice, LOSS)
    loss = ranged(rows[rows["measure"] == LOSS], _KEYS)["central"]
    importers, sectors = _shown(loss, choice)
    suppliers = list(loss.index.unique("partner"))
    cells = [(s, i) for s in importers for i in sectors]
    figures = -np.array([[loss.get((s, r, i), np.nan) for s, i in cells] for r in suppliers])
    several = len(importers) > 1
    heads = [Column(f"{s} {i}", f"{s}: {i}" if several else i, "percent of real income", AUTO,
                    group="loss") for s, i in cells]  # fmt: skip
    panel = _panel("", heads, suppliers, (figures, figures, figures), cases[:1], {})
    lines = [*_lines(cases)[:1], f"Elasticities: {cases[0].keys['elasticities']}."]
    return Draft("Effect of a cut of one link on the importer's real income", "Supplier", [panel],
                 cases, lines, "Importer: sector" if several else "Sector")  # fmt: skip


KINDS = (
    PageKind("chokepoints", "links whose cut costs the importer most; leverage", chokepoints,
             ("measures", "regions", "sectors", "detail"), "heat", chokepoint_map,
             "a stress test with `stress: {links: [...]}` or `{leverage: true}`"),
)  # fmt: skip
