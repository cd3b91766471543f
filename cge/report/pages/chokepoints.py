"""Chokepoints: losses from cuts of single links from a foreign supplier to an importer.

Losses in the model stand beside figures of the input-output table alone, for which nothing is
solved: the value of the cut, and the loss in fixed proportions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.report.choice import Choice, chosen
from cge.report.figure_ranges import ends_of, range_note, ranged
from cge.report.format.page import Column, Page, Panel, short_name
from cge.report.format.units import printed
from cge.report.loss_tables import tested
from cge.report.notes import notes_of
from cge.report.pagekind import PageKind
from cge.resilience.links import CUT
from cge.results.resultset import ResultSet

Array = NDArray[np.float64]
_KEYS = ("region", "partner", "sector")
#: Rows of a table that does not show all.
MOST = 10
#: A longer name gives way to the code.
LONGEST = 26
LOSS = "link_loss"
#: Measures of a link: heading, unit over it, factor.
_COLUMNS: Mapping[str, tuple[str, str, float]] = {
    LOSS: ("Loss, short run", "%", 1.0),
    "link_loss_long_run": ("Loss, long run", "%", 1.0),
    "speed_of_substitution": ("Short over long run", "ratio", 1.0),
    "link_share": ("Value cut", "% of absorption", CUT),
    "link_loss_over_share": ("Loss over value cut", "ratio", 1.0),
    "link_extraction_loss": ("Extraction loss", "% of absorption", 1.0),
    "link_bottleneck_loss": ("Bottleneck loss", "% of absorption", 1.0),
}
#: Measures of regions by partners, and by sectors.
_BY_PARTNER = {
    "leverage": "Leverage: loss of the partner from a ban on exports to it over own loss",
    "ban_harm": "Loss of the partner from a ban on exports to it",
    "ban_own_loss": "Loss of a region from its own ban on exports to the partner",
}
_BY_SECTOR = {
    "irreplaceability": "Irreplaceability: loss of others from withholding over own loss",
    "withholding_own_loss": "Loss of a region from withholding its own exports",
}


class Links:
    """Cuts of single links from one equilibrium, under every elasticity set.

    Parameters
    ----------
    found : sequence of ResultSet
    choice : Choice
        Of one variant and year; default the first, without policy.
    measure : str
        Which there must be.

    Raises
    ------
    InputError
        For results without such cuts.
    """

    def __init__(self, found: Sequence[ResultSet], choice: Choice, measure: str) -> None:
        kind = "links: [...]" if measure in _COLUMNS else "leverage: true"
        every = tested(found, choice, True, measure, f"a stress test with `stress: {{{kind}}}`")
        one = ("scenario", "variant", "path_year")
        first = [every[0].keys[key] for key in one]
        self.cases = [case for case in every if [case.keys[key] for key in one] == first]
        self.names = every[0].results.names

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Rows of all measures that are shown."""
        measures = (*_COLUMNS, *_BY_PARTNER, *_BY_SECTOR)
        rows = pd.concat([case.rows(*measures) for case in self.cases])
        return rows[rows["item"] == ""]

    def of(self, measure: str, times: float = 1.0) -> pd.DataFrame:
        """Central, low and high by importer, supplier and sector."""
        rows = self.rows[self.rows["measure"] == measure]
        return times * ranged(rows, _KEYS) if len(rows) else pd.DataFrame()

    def page(
        self, title: str, stub: str, panels: Sequence[Panel], lines: Sequence[str], choice: Choice,
        across: str = "", landscape: bool = False,
    ) -> Page:  # fmt: skip
        """A page with the notes of these cases."""
        return Page("chokepoints", choice.title or title, stub, tuple(panels),
                    notes_of(self.cases, lines), self.names("regions"), across,
                    landscape=landscape)  # fmt: skip


def chokepoints(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Links on which an importer depends most, a panel for each importer.

    With measures of leverage or irreplaceability: regions by partners or sectors.

    Raises
    ------
    InputError
        For results without cuts of links, and for an importer, sector or measure they lack.
    """
    if choice.measures:
        return _matrices(found, choice)
    links = Links(found, choice, LOSS)
    tables = {name: links.of(name, times) for name, (_, _, times) in _COLUMNS.items()}
    tables = {name: table for name, table in tables.items() if len(table)}
    loss = tables[LOSS]["central"]
    importers, sectors = _cut(loss, choice)
    shown = {}
    for code in importers:
        where = loss[[here[0] == code and here[2] in sectors for here in loss.index]]
        where = where.sort_values(ascending=False, kind="stable")
        if choice.detail:
            where = where.sort_index(level="sector", key=lambda c: c.map(sectors.index),
                                     kind="stable", sort_remaining=False)  # fmt: skip
        shown[code] = where.index if choice.detail else where.index[:MOST]
    heads = []
    for name, table in tables.items():
        title, unit, _ = _COLUMNS[name]
        cells = np.concatenate([table.reindex(where)["central"] for where in shown.values()])
        digits = 2 if unit == "ratio" else printed("percent", cells).digits
        heads.append(Column("value_cut" if name == "link_share" else name, title, unit, digits))
    panels = [_panel(links, code, where, heads, list(tables.values()))
              for code, where in shown.items() if len(where)]  # fmt: skip
    title = "Chokepoints: links whose cut costs the importer most"
    return links.page(title, "Sector and supplier", panels, _lines(links), choice, landscape=True)


def _cut(loss: pd.Series, choice: Choice) -> tuple[list[str], list[str]]:
    """Importers and sectors of links that are shown."""
    known = (list(loss.index.get_level_values(level).unique()) for level in ("region", "sector"))
    importers, sectors = known
    return (chosen(importers, choice.regions, "regions"),
            chosen(sectors, choice.sectors, "sectors"))  # fmt: skip


def _panel(
    links: Links, importer: str, where: pd.Index, heads: Sequence[Column],
    tables: Sequence[pd.DataFrame],
) -> Panel:  # fmt: skip
    central, low, high = (
        np.array([table[end].reindex(where) for table in tables]).T
        for end in ("central", "low", "high")
    )
    names = {axis: links.names(axis) for axis in ("regions", "sectors")}

    def short(axis: str, code: str) -> str:
        name = short_name(names[axis].get(code, code))
        return name if len(name) <= LONGEST else code

    return Panel(
        short_name(names["regions"].get(importer, importer)), tuple(heads),
        tuple(f"{short('sectors', i)}, {short('regions', r)}" for _, r, i in where), central,
        keys={"importer": importer, "elasticities": str(links.cases[0].keys["elasticities"])},
        row_keys=tuple({"supplier": r, "sector": i} for _, r, i in where),
        ranges=ends_of(low, high, [head.digits for head in heads]),
    )  # fmt: skip


def _lines(links: Links) -> list[str]:
    return [
        f"Deliveries of one sector of one supplier to the importer are cut by {100 * CUT:g} %; the "
        "supplier sells the rest at the scarcity price. Loss: of the importer's real income.",
        range_note(links.rows),
        "Short run: relations and capital as they were, a stand-in at home at a premium. Long run: "
        "the same cut once all has adapted.",
        "Value cut: the first-order size of the cut. Extraction loss: from the input-output table "
        "alone, in fixed proportions, scarce inputs going where they yield most; bottleneck loss: "
        "its upper bound, all that needs the good falling with it.",
    ]


def _matrices(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Leverage or irreplaceability, or the losses of which they are made."""
    every = (*_BY_PARTNER, *_BY_SECTOR)
    links = Links(found, choice, chosen(every, choice.measures, "measures")[0])
    there = set(links.rows["measure"])
    shown = chosen([name for name in every if name in there], choice.measures, "measures")
    panels = [_matrix(links, name, choice) for name in shown]
    lines = [
        "A region bans all exports of goods that have a stand-in to one partner, or withholds "
        "those of one sector from all. A ratio over 1: others lose more than the region itself.",
        range_note(links.rows),
    ]
    return links.page("Leverage and irreplaceability", "Region", panels, lines, choice,
                      landscape=True)  # fmt: skip


def _matrix(links: Links, measure: str, choice: Choice) -> Panel:
    across = "partner" if measure in _BY_PARTNER else "sector"
    table = links.of(measure).reset_index()
    rows = chosen(list(dict.fromkeys(table["region"])), choice.regions, "regions")
    columns = list(dict.fromkeys(table[across]))
    if across == "sector":
        columns = chosen(columns, choice.sectors, "sectors")
    else:  # in the order of the regions, of which each has no cell of its own
        columns = list(dict.fromkeys([*table["region"], *columns]))
    central, low, high = (
        table.pivot_table(end, "region", across).reindex(rows)[columns].to_numpy()
        for end in ("central", "low", "high")
    )
    ratio = measure in ("leverage", "irreplaceability")
    how = printed("percent of real income", central)
    digits = 1 if ratio else how.digits
    return Panel(
        {**_BY_PARTNER, **_BY_SECTOR}[measure],
        tuple(Column(code, code, "", digits) for code in columns), tuple(rows), central,
        keys={"measure": measure, "elasticities": str(links.cases[0].keys["elasticities"])},
        unit="" if ratio else how.unit, ranges=ends_of(low, high, [digits] * len(columns)),
    )  # fmt: skip


def chokepoint_map(found: Sequence[ResultSet], choice: Choice) -> Page:
    """Effect of every cut on the importer's real income, suppliers by sectors.

    Columns are importers and sectors. A loss is negative, as elsewhere in figures.

    Raises
    ------
    InputError
        For results without cuts of links, and for an importer or sector they lack.
    """
    links = Links(found, choice, LOSS)
    loss = links.of(LOSS)["central"]
    importers, sectors = _cut(loss, choice)
    suppliers = list(loss.index.get_level_values("partner").unique())
    cells = [(s, i) for s in importers for i in sectors]
    figures = -np.array([[loss.get((s, r, i), np.nan) for s, i in cells] for r in suppliers])
    digits = printed("percent", figures).digits
    several = len(importers) > 1
    columns = tuple(
        Column(f"{s} {i}", f"{s}: {i}" if several else i, "% of real income", digits)
        for s, i in cells
    )
    first = str(links.cases[0].keys["elasticities"])
    panel = Panel("", columns, tuple(suppliers), figures, keys={"elasticities": first})
    title = "Effect of a cut of one link on the importer's real income"
    lines = [*_lines(links)[:1], f"Elasticities: {first}."]
    return links.page(title, "Supplier", [panel], lines, choice,
                      "Importer: sector" if several else "Sector")  # fmt: skip


KINDS = (
    PageKind("chokepoints", "links whose cut costs the importer most; leverage", chokepoints,
             ("measures", "regions", "sectors", "detail"), "heat", chokepoint_map),
)  # fmt: skip
