"""Columns of tables by region: measures of the results, and some made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cge.core.errors import refuse_if
from cge.report.drafts.case_groups import Group, ranged
from cge.report.drafts.cases import NO_ROWS, Case, measures_in, plain_rows
from cge.report.drafts.choice import FLAGS, chosen
from cge.report.format.page import AUTO, Column, Panel
from cge.results.register import heading, item_of

#: Losses smaller than this, per cent, are none to divide by.
LOSS_SHOWN = 1e-6
#: Shown as they are: what they are compared with is zero.
_LEVELS = ("outlay",)
_TITLES = {
    "domestic_share": "Domestic share of purchases",
    "domestic_share_per_ev_lost": "Domestic share gained per 0.01 % of welfare lost",
    "domestic_share_per_efficiency_lost": "Domestic share gained per 0.01 % of efficiency lost",
}
#: Families of disruptions as tables name them, in order; a library's own go by their names.
FAMILIES = {
    "export_control": "Export controls", "foreign_supply": "Foreign suppliers",
    "materials": "Energy, ores, metals", "decoupling": "Decoupling", "domestic": "At home",
    "global": "Global",
}  # fmt: skip


class Figures(NamedTuple):
    """Figures by region: central, low, high; their unit; words in place of some."""

    table: pd.DataFrame
    unit: str
    words: Mapping[str, str]


def title(measure: str) -> str:
    """Heading of a measure."""
    if measure in _TITLES:
        return _TITLES[measure]
    name, item = item_of(measure)
    return f"{heading(name)}, {FAMILIES[item].lower()}" if item in FAMILIES else heading(measure)


@dataclass(frozen=True)
class Shown:
    """A column of figures by region.

    Parameters
    ----------
    measure : str
        Of the results, or of :data:`DERIVED`; one item of it as ``name[item]``.
    title : str
        Default that of the measure.
    column : {"value", "change", "words", ""}
        Default the change where it changes, else the level.
    where : mapping
        Values, or tuples of values, of columns of the results: weighting, path_year.
    text : str
        Column of the results whose words stand in place of a figure, where there are any.
    key, group, digits, unit
        Of the :class:`Column`; the unit if it is not that of the results.
    spread : bool
        Whether the range over the solutions of a group is shown.
    also : str
        Measure whose figures, all items of them, are in the range too.
    sectors : sequence of str
        Of which a derived measure is, default all.
    """

    measure: str
    title: str = ""
    column: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    key: str = ""
    group: str = ""
    digits: int = AUTO
    unit: str = ""
    spread: bool = True
    also: str = ""
    sectors: Sequence[str] = ()

    def of(self, group: Group) -> Figures:
        """Figures of a group of solutions."""
        rows = self._rows(group.rows(item_of(self.measure)[0]))
        words = {}
        if self.text:
            own = self._rows(group.main.rows(item_of(self.measure)[0])).set_index("region")
            words = {str(code): str(word) for code, word in own[self.text].items() if word}
        known = rows["value"].notna().to_numpy()
        if self.column == "words" or not (known.any() or words):
            derived = DERIVED.get(self.measure)
            made = None if derived is None else derived.of(group.main, self.sectors)
            table = pd.DataFrame({"central": made}, columns=["central", "low", "high"], dtype=float)
            return Figures(table, "" if made is None else "points", words)
        changes = (
            item_of(self.measure)[0] not in _LEVELS
            and rows["change"].notna().to_numpy()[known].any()
            and (rows["change_unit"].to_numpy()[known] != "").any()
        )
        column = self.column or ("change" if changes else "value")
        table = ranged(rows, ["region"], column)
        if self.also:
            more = group.main.rows(self.also).groupby("region")["value"]
            table["low"] = pd.concat([table["low"], more.min()], axis=1).min(axis=1)
            table["high"] = pd.concat([table["high"], more.max()], axis=1).max(axis=1)
        if not self.spread or (len(group.cases) == 1 and not self.also):
            table[["low", "high"]] = np.nan
        units = rows["change_unit" if column == "change" else "unit"]
        return Figures(table, next((str(unit) for unit in units if unit), ""), words)

    def _rows(self, rows: pd.DataFrame) -> pd.DataFrame:
        item = item_of(self.measure)[1]
        where = {"partner": "", "sector": "", "shock": "", "item": item, **self.where}
        here = [
            rows[name].isin(value if isinstance(value, tuple) else (value,)).to_numpy()
            for name, value in where.items() if name != self.text
        ]  # fmt: skip
        return rows[np.logical_and.reduce(here)]

    def head(self, unit: str) -> Column:
        """Its column, in the unit of the results."""
        name = self.key or self.measure
        return Column(name, self.title or title(self.measure), self.unit or unit, self.digits,
                      "value", self.group or name)  # fmt: skip


def by_group(groups: Sequence[Group], shown: Sequence[Shown], codes: Sequence[str]) -> list[Panel]:
    """A panel for each group, regions in rows, those for which it has figures."""
    found = [[one.of(group) for one in shown] for group in groups]
    units = [next((row[n].unit for row in found if row[n].unit), "") for n in range(len(shown))]
    panels = []
    refuse_if(not shown, NO_ROWS)
    for group, row in zip(groups, found, strict=True):
        world = group.main.world
        here = [code for code in codes if code in (*group.main.regions, world)]
        known = {code for one in row for code in (*one.table["central"].dropna().index, *one.words)}
        rows = [code for code in here if code in known] or here
        central, low, high = np.array([one.table.reindex(rows) for one in row]).T
        words = {(i, j): one.words[code] for j, one in enumerate(row)
                 for i, code in enumerate(rows) if code in one.words}  # fmt: skip
        heads = [one.head(figures.unit or units[n])
                 for n, (one, figures) in enumerate(zip(shown, row, strict=True))]  # fmt: skip
        panels.append(Panel(
            group.label, tuple(heads), tuple(rows), central, int(rows[-1:] == [world]),
            group.main.texts, words=words, low=low, high=high,
        ))  # fmt: skip
    return panels


# -- which measures there are, and those that are made


@dataclass(frozen=True)
class Derived:
    """A figure of regions, in points, made of rows of other measures.

    Parameters
    ----------
    needs : tuple of str
        Measures without which there is none.
    make : callable
        From a solution and the sectors that count to the figures.
    """

    needs: tuple[str, ...]
    make: Callable[[Case, Sequence[str]], pd.Series]

    def known(self, case: Case) -> bool:
        """Whether a solution has what it is made of."""
        return not any(case.rows(measure).empty for measure in self.needs)

    def of(self, case: Case, sectors: Sequence[str]) -> pd.Series | None:
        """Its figures; None where there are none."""
        return self.make(case, sectors) if self.known(case) else None


def _domestic_share(case: Case, sectors: Sequence[str]) -> pd.Series:
    """Change of what a region buys at home, of all it buys, in points of value."""
    rows = case.rows("trade_value")
    wanted = chosen(case.codes("sector", "trade_value"), sectors, "sectors")
    rows = rows[rows["sector"].isin(wanted)]
    home = rows[rows["region"] == rows["partner"]].groupby("partner")[["value", "benchmark"]].sum()
    total = rows.groupby("partner")[["value", "benchmark"]].sum()
    share = 100 * (home / total).reindex([*case.regions, case.world])
    return share["value"] - share["benchmark"]


def _share_per(case: Case, sectors: Sequence[str], measure: str) -> pd.Series:
    """Points of domestic share gained per 0.01 % of absorption lost of a measure.

    Missing where nothing is lost: then the share comes for free, or there is none.
    """
    gained = _domestic_share(case, sectors)
    lost = -case.of_region(measure)
    lost[case.world] = np.nan
    return gained.where(lost > LOSS_SHOWN) / (100 * lost)


def _per_lost(measure: str) -> Derived:
    return Derived(("trade_value", measure), partial(_share_per, measure=measure))


#: Made of rows of the results, where these have no such measure by region.
DERIVED: Mapping[str, Derived] = {
    "domestic_share": Derived(("trade_value",), _domestic_share),
    "domestic_share_per_ev_lost": _per_lost("equivalent_variation"),
    "domestic_share_per_efficiency_lost": _per_lost("trade_efficiency"),
}


def resolved(cases: Sequence[Case], wanted: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Measures that are meant; one by item without its item stands for all of them.

    Parameters
    ----------
    cases : sequence of Case
    wanted : sequence of str
        Chosen ones; if none, those of `usual` that there are.
    usual : sequence of str

    Raises
    ------
    InputError
        For a measure that no case has by region.
    """
    every: dict[str, None] = {}
    for case in {case.results: case for case in cases}.values():
        rows = plain_rows(case.results)
        here = (rows["region"] != "") & (rows["partner"] == "") & (rows["sector"] == "")
        every |= dict.fromkeys(measures_in(rows[here & (rows["shock"] == "")]))
        every |= {name: None for name, derived in DERIVED.items() if derived.known(case)}
    known = list(every)
    wanted = wanted or [name for name in usual if name in known]
    refuse_if(not wanted, "none of the usual measures is in these results", key=FLAGS["measures"],
              allowed=sorted(known))  # fmt: skip
    found: list[str] = []
    for name in wanted:
        these = [one for one in known if name in (one, item_of(one)[0])]
        refuse_if(not these, "is not a measure of a region in these results", key=FLAGS["measures"],
                  value=name, allowed=sorted(known))  # fmt: skip
        found += these
    return list(dict.fromkeys(found))
