"""Chokepoints: what hangs on a single link from a foreign supplier to an importer.

What the model finds by cutting a link stands beside what the input-output table alone says of
it, for which nothing is solved: the value of what is cut, and the loss with fixed proportions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.results.report.notes import notes_of
from cge.results.report.page import Array, Column, Page, Panel
from cge.results.report.runs import RESULTS, STRESS, Case, Choice, RunFolder, chosen
from cge.results.report.tidy_file import read_tidy
from cge.results.report.units import printed

from cge.core.errors import InputError
from cge.resilience.links import CUT

_TEXT = ("elasticities", "variant", "returns", "disruption", "region", "partner", "sector",
         "measure", "unit")  # fmt: skip
#: Importer, supplier and sector.
Link = tuple[str, str, str]
NOTHING = np.full(3, np.nan)
#: Rows of a table that is not told to show all.
MOST = 10
#: A longer name gives way to the code.
LONGEST = 26
#: Variants that are the world without policy.
NO_POLICY, WITHOUT = "no policy", "without policy"
_LOSS = "link_loss"
#: Measures of a link: name, heading, unit over it, by how much it is multiplied.
_COLUMNS = (
    (_LOSS, "Loss, short run", "%", 1.0),
    ("link_loss_long_run", "Loss, long run", "%", 1.0),
    ("speed_of_substitution", "Short over long run", "ratio", 1.0),
    ("link_share", "Value cut", "% of absorption", CUT),
    ("link_loss_over_share", "Loss over value cut", "ratio", 1.0),
    ("link_extraction_loss", "Extraction loss", "% of absorption", 1.0),
    ("link_bottleneck_loss", "Bottleneck loss", "% of absorption", 1.0),
)
#: What regions by regions, and by sectors, can be shown of, with a heading.
_BY_PARTNER = {
    "leverage": "Leverage: what the partner loses by a ban on exports to it over own loss",
    "ban_harm": "What the partner loses by a ban on exports to it",
    "ban_own_loss": "What a region loses by its own ban on exports to the partner",
}
_BY_SECTOR = {
    "irreplaceability": "Irreplaceability: what others lose by withholding over own loss",
    "withholding_own_loss": "What a region loses by withholding its own exports",
}


@dataclass(frozen=True, eq=False)
class Links:
    """The rows of one stage of a stress test, under every elasticity set.

    Parameters
    ----------
    run : RunFolder
    table : DataFrame
    elasticities : tuple of str
        The central one first.
    stage : str
        What the stage is, in words; empty for the world without policy, static.
    """

    run: RunFolder
    table: pd.DataFrame
    elasticities: tuple[str, ...]
    stage: str

    def figures(self, measure: str) -> pd.DataFrame:
        """Return a measure by importer, supplier and sector: central, low and high."""
        rows = self.table[self.table["measure"] == measure]
        key = ["region", "partner", "sector"]
        ends = rows.groupby(key, sort=False)["value"].agg(["min", "max"])
        main = rows[rows["elasticities"] == self.elasticities[0]].drop_duplicates(key)
        central = main.set_index(key)["value"].reindex(ends.index)
        return pd.DataFrame({"central": central, "low": ends["min"], "high": ends["max"]})

    def links(self, measure: str, times: float = 1.0) -> dict[Link, Array]:
        """Return central, low and high of a measure by link, multiplied with a number."""
        found = self.figures(measure)
        return {
            (str(s), str(r), str(i)): times * np.array(ends, dtype=float)
            for (s, r, i), ends in zip(found.index, found.to_numpy(float), strict=True)
        }

    def unit(self, measure: str) -> str:
        """Return the unit of a measure, empty where there is none."""
        found = self.table.loc[self.table["measure"] == measure, "unit"]
        return str(found.iloc[0]) if len(found) else ""


def links_of(runs: Sequence[RunFolder], choice: Choice) -> Links:
    """Return the links of one stress test.

    Raises
    ------
    InputError
        For several folders, one that is no stress test's, and a variant, year or set it lacks.
    """
    if len(runs) != 1:
        raise InputError("one stress test at a time", value=", ".join(run.name for run in runs))
    (run,) = runs
    table = read_tidy(run, {RESULTS: STRESS}, _TEXT, ("year", "value"))
    sets = list(dict.fromkeys(table["elasticities"]))
    own = chosen(sets, choice.elasticities, "elasticities")
    variants = list(dict.fromkeys(table["variant"]))
    usual = next((v for v in variants if v.startswith(NO_POLICY)), variants[0])
    if len(choice.scenarios) > 1:
        raise InputError("one at a time", key="--scenario", value=", ".join(choice.scenarios))
    variant = chosen(variants, choice.scenarios or (usual,), "scenario")[0]
    table = table[table["elasticities"].isin(own) & (table["variant"] == variant)]
    years = sorted({int(year) for year in table["year"]})
    if len(choice.years) > 1:
        raise InputError("one at a time", key="--year", value=", ".join(map(str, choice.years)))
    for year in choice.years:
        if year not in years:
            raise InputError("not in this stress test", key="--year", value=year, allowed=years)
    year = choice.years[0] if choice.years else years[0]
    table = table[table["year"] == year]
    levels = list(dict.fromkeys(table["returns"]))
    level = "central" if "central" in levels else levels[0]
    words = ["" if variant.startswith(NO_POLICY) else variant or "with the policy",
             f"year {year}" if year else ""]  # fmt: skip
    return Links(run, table[table["returns"] == level], tuple(own),
                 ", ".join(word for word in words if word))  # fmt: skip


def chokepoints(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return the links on which an importer depends most, a panel for each importer.

    With measures of leverage or irreplaceability: regions by partners or sectors.

    Raises
    ------
    InputError
        For a folder without cuts of links, and for an importer, sector or measure it lacks.
    """
    found = links_of(runs, choice)
    if choice.measures:
        return _matrices(found, choice)
    importers, sectors = _cut(found, choice)
    data = {measure: found.links(measure, times) for measure, _, _, times in _COLUMNS}
    shown = [column for column in _COLUMNS if data[column[0]]]
    loss = data[_LOSS]
    panels = []
    for code in importers:
        where = [link for link in loss if link[0] == code and link[2] in sectors]
        where.sort(key=lambda link: -np.nan_to_num(loss[link][0], nan=-np.inf))
        if choice.detail:
            where.sort(key=lambda link: sectors.index(link[2]))
        panels.append((code, where if choice.detail else where[:MOST]))
    heads = []
    for measure, title, unit, _ in shown:
        cells = [data[measure].get(link, NOTHING)[0] for _, where in panels for link in where]
        how = printed("percent", cells)
        key = "value_cut" if measure == "link_share" else measure
        heads.append(Column(key, title, unit, 2 if unit == "ratio" else how.digits))
    names = found.run.names("regions")
    pages = [
        _panel(found, names.get(code, code).split(" (")[0], where, heads,
               [data[measure] for measure, *_ in shown])
        for code, where in panels if where
    ]  # fmt: skip
    title = choice.title or "Chokepoints: links whose cut costs the importer most"
    return Page("chokepoints", title, "Sector and supplier", tuple(pages),
                _notes(found, _lines(found)), names, subject=found.stage or WITHOUT,
                landscape=True)  # fmt: skip


def _cut(found: Links, choice: Choice) -> tuple[list[str], list[str]]:
    """Return the importers and the sectors of links that are shown.

    Raises
    ------
    InputError
        If no links were cut, or not those asked for.
    """
    rows = found.table[found.table["measure"] == _LOSS]
    if rows.empty:
        raise InputError(
            "holds no cuts of links", file=found.run.path,
            allowed="a stress test whose scenario has `stress: {links: [...]}`",
        )  # fmt: skip
    importers = chosen(list(dict.fromkeys(rows["region"])), choice.regions, "region")
    sectors = chosen(list(dict.fromkeys(rows["sector"])), choice.sectors, "sector")
    return importers, sectors


def _panel(
    found: Links, title: str, where: Sequence[Link], heads: Sequence[Column],
    data: Sequence[Mapping[Link, Array]],
) -> Panel:  # fmt: skip
    cells = np.array([[table.get(link, NOTHING) for table in data] for link in where])
    ranges = {
        (i, j): (float(low), float(high))
        for (i, j), low, high in zip(
            np.ndindex(cells.shape[:2]), cells[..., 1].ravel(), cells[..., 2].ravel(), strict=True
        )
        if high - low > 10.0 ** -(heads[j].digits + 1)
    }
    sectors, regions = found.run.names("sectors"), found.run.names("regions")
    rows = tuple(f"{_short(sectors, i)}, {_short(regions, r)}" for _, r, i in where)
    keys = {"importer": where[0][0], "elasticities": found.elasticities[0]}
    row_keys = tuple({"supplier": r, "sector": i} for _, r, i in where)
    return Panel(title, tuple(heads), rows, cells[..., 0], keys=keys, row_keys=row_keys,
                 ranges=ranges)  # fmt: skip


def _short(names: Mapping[str, str], code: str) -> str:
    """Return a name that fits into a label with another, or the code."""
    name = names.get(code, code).split(" (")[0].split(", with ")[0]
    return name if len(name) <= LONGEST else code


def _lines(found: Links) -> list[str]:
    part = f"{100 * CUT:g} %"
    spread = ""
    if len(found.elasticities) > 1:
        spread = (f" In brackets: range over elasticities ({', '.join(found.elasticities)}), "
                  f"{found.elasticities[0]} before them.")  # fmt: skip
    return [
        f"Deliveries of one sector of one supplier to the importer are cut by {part}; the supplier "
        f"sells the rest at the scarcity price. Loss: of the importer's real income.{spread}",
        "Short run: relations and capital as they were, a stand-in at home at a premium. Long run: "
        "the same cut once all has adapted.",
        "Value cut: the first-order size of the cut. Extraction loss: from the input-output table "
        "alone, in fixed proportions, what is scarce going where it yields most; bottleneck loss: "
        "its upper bound, all that needs the good falling with it.",
        f"State of the world: {found.stage}." if found.stage else "",
    ]


def _matrices(found: Links, choice: Choice) -> Page:
    """Return leverage or irreplaceability, or the losses they are made of."""
    there = set(found.table["measure"])
    known = [name for name in (*_BY_PARTNER, *_BY_SECTOR) if name in there]
    if not known:
        raise InputError(
            "holds no bans of exports", file=found.run.path,
            allowed="a stress test whose scenario has `stress: {leverage: true}`",
        )  # fmt: skip
    measures = chosen(known, choice.measures, "measures")
    panels = []
    for measure in measures:
        across = "partner" if measure in _BY_PARTNER else "sector"
        table = found.figures(measure).reset_index()
        rows = chosen(list(dict.fromkeys(table["region"])), choice.regions, "region")
        columns = list(dict.fromkeys(table[across]))
        if across == "sector":
            columns = chosen(columns, choice.sectors, "sector")
        else:  # in the order of the regions, of which each has no cell of its own
            columns = list(dict.fromkeys([*table["region"], *columns]))
        cells = table.set_index(["region", across])
        wide = {
            end: cells[end].unstack().reindex(index=rows, columns=columns).to_numpy()  # noqa: PD010
            for end in ("central", "low", "high")
        }
        unit = found.unit(measure)
        how = printed(unit, wide["central"])
        digits = 1 if unit == "ratio" else how.digits
        ranges = {
            (int(i), int(j)): (float(wide["low"][i, j]), float(wide["high"][i, j]))
            for i, j in np.argwhere(wide["high"] - wide["low"] > 10.0 ** -(digits + 1))
        }  # fmt: skip
        heading = {**_BY_PARTNER, **_BY_SECTOR}[measure]
        panels.append(Panel(
            heading, tuple(Column(code, code, "", digits) for code in columns), tuple(rows),
            wide["central"], keys={"measure": measure, "elasticities": found.elasticities[0]},
            unit="" if unit == "ratio" else how.unit, ranges=ranges,
        ))  # fmt: skip
    spread = (f"In brackets: range over elasticities ({', '.join(found.elasticities)})."
              if len(found.elasticities) > 1 else "")  # fmt: skip
    lines = [
        "A region bans all exports of goods that have a stand-in to one partner, or withholds "
        "those of one sector from all. A ratio over 1: others lose more than the region itself.",
        spread, f"State of the world: {found.stage}." if found.stage else "",
    ]  # fmt: skip
    title = choice.title or "Leverage and irreplaceability"
    return Page("chokepoints", title, "Region", tuple(panels), _notes(found, lines),
                found.run.names("regions"), subject=found.stage or WITHOUT,
                landscape=True)  # fmt: skip


def chokepoint_map(runs: Sequence[RunFolder], choice: Choice) -> Page:
    """Return what every cut does to the importer's real income, suppliers by sectors.

    Columns are importers and sectors. A loss is negative here, as elsewhere in figures.

    Raises
    ------
    InputError
        For a folder without cuts of links, and for an importer or sector it lacks.
    """
    found = links_of(runs, choice)
    importers, sectors = _cut(found, choice)
    loss = found.links(_LOSS)
    suppliers = list(dict.fromkeys(link[1] for link in loss))
    figures = -np.array([
        [loss.get((s, r, i), NOTHING)[0] for s in importers for i in sectors] for r in suppliers
    ])  # fmt: skip
    digits = printed("percent", figures).digits
    columns = tuple(
        Column(f"{s} {i}", f"{s}: {i}" if len(importers) > 1 else i, "% of real income", digits)
        for s in importers for i in sectors
    )  # fmt: skip
    lines = [line for line in _lines(found)[:1] if line]
    if len(found.elasticities) > 1:
        lines = [f"{lines[0].split(' In brackets')[0]} Elasticities: {found.elasticities[0]}."]
    title = choice.title or "What a cut of one link does to the importer's real income"
    panel = Panel("", columns, tuple(suppliers), figures,
                  keys={"elasticities": found.elasticities[0]})  # fmt: skip
    return Page("chokepoints", title, "Supplier", (panel,), _notes(found, lines),
                found.run.names("regions"),
                "Importer: sector" if len(importers) > 1 else "Sector",
                found.stage or WITHOUT)  # fmt: skip


def _notes(found: Links, first: Sequence[str]) -> tuple[str, ...]:
    cases = [Case(found.run, {"elasticities": name}, file=RESULTS) for name in found.elasticities]
    rows = found.table.loc[found.table["measure"] == _LOSS]
    codes = list(dict.fromkeys([*rows["region"], *rows["partner"]]))
    without = () if found.stage else ("Found:", "Change:", "Policy:", "No disruption of")
    return notes_of(cases, [line for line in first if line], codes=codes, without=without)
