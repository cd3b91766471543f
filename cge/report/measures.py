"""Measures of a region as columns of a table: those of the results, and some made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.report.cases import Case, plain_rows
from cge.report.choice import Choice, chosen
from cge.report.format.page import Column
from cge.report.format.units import printed
from cge.results.collect import measures_by_region
from cge.results.register import heading

Array = NDArray[np.float64]

#: Losses smaller than this, per cent, are none to divide by.
LOSS_SHOWN = 1e-6
#: Shown as they are: what they are compared with is zero.
_LEVELS = ("outlay",)
_TITLES = {
    "domestic_share": "Domestic share of purchases",
    "domestic_share_per_ev_lost": "Domestic share gained per 0.01 % of welfare lost",
    "domestic_share_per_efficiency_lost": "Domestic share gained per 0.01 % of efficiency lost",
}


@dataclass(frozen=True, eq=False)
class Figures:
    """A measure by region and of the world, and its unit as in the results."""

    by_region: pd.Series
    unit: str


def title(measure: str) -> str:
    """Heading of a measure."""
    return _TITLES.get(measure) or heading(measure)


def _domestic_share(case: Case, choice: Choice) -> Figures | None:
    """Change of what a region buys at home, of all it buys, in points of value."""
    rows = case.rows("trade_value")
    if rows.empty:
        return None
    wanted = chosen(case.codes("sector", "trade_value"), choice.sectors, "sectors")
    rows = rows[rows["sector"].isin(wanted)]
    home = rows[rows["region"] == rows["partner"]].groupby("partner")[["value", "benchmark"]].sum()
    total = rows.groupby("partner")[["value", "benchmark"]].sum()
    share = 100 * (home / total).reindex([*case.regions, case.world])
    return Figures(share["value"] - share["benchmark"], "points")


def _share_per(measure: str) -> Callable[[Case, Choice], Figures | None]:
    """Points of domestic share gained per 0.01 % of absorption lost of a measure.

    Missing where nothing is lost: then the share comes for free, or there is none.
    """

    def make(case: Case, choice: Choice) -> Figures | None:
        gained = _domestic_share(case, choice)
        if gained is None or case.rows(measure).empty:
            return None
        lost = -case.of_region(measure)
        lost[case.world] = np.nan
        return Figures(gained.by_region.where(lost > LOSS_SHOWN) / (100 * lost), "points")

    return make


#: Made of rows of the results, where these have no such measure by region.
DERIVED: Mapping[str, Callable[[Case, Choice], Figures | None]] = {
    "domestic_share": _domestic_share,
    "domestic_share_per_ev_lost": _share_per("equivalent_variation"),
    "domestic_share_per_efficiency_lost": _share_per("trade_efficiency"),
}


def regional_measures(case: Case) -> list[str]:
    """Measures that results have by region, those by item as name[item]."""
    pairs = measures_by_region(plain_rows(case.results))
    names = [f"{name}[{item}]" if item else str(name) for name, item in pairs]
    made = (name for name, make in DERIVED.items() if make(case, Choice()) is not None)
    return list(dict.fromkeys([*names, *made]))


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
    known = list(dict.fromkeys(name for case in cases for name in regional_measures(case)))
    if not wanted:
        here = [name for name in usual if name in known]
        if not here:
            raise InputError("none of the usual measures is in these results", key="--measures",
                             allowed=sorted(known))  # fmt: skip
        return here
    found: list[str] = []
    for name in wanted:
        these = [one for one in known if name in (one, one.partition("[")[0])]
        if not these:
            raise InputError("is not a measure of a region in these results", key="--measures",
                             value=name, allowed=sorted(known))  # fmt: skip
        found += these
    return list(dict.fromkeys(found))


def figures(case: Case, measure: str, choice: Choice) -> Figures:
    """A measure by region and of the world; as a change where it changes, else as a level."""
    name, _, item = measure.removesuffix("]").partition("[")
    rows = case.rows(name)
    here = (rows["partner"] == "") & (rows["sector"] == "") & (rows["shock"] == "")
    rows = rows[here & (rows["item"] == item)].drop_duplicates("region").set_index("region")
    known = rows.dropna(subset="value")
    every = [*case.regions, case.world]
    if known.empty:
        made = DERIVED[measure](case, choice) if measure in DERIVED else None
        # None: other results in the same table have it.
        return made or Figures(pd.Series(np.nan, every), "")
    changes = name not in _LEVELS and known["change"].notna().any() and (
        known["change_unit"] != "").any()  # fmt: skip
    column, unit = ("change", "change_unit") if changes else ("value", "unit")
    return Figures(rows[column].reindex(every).astype(float), str(known[unit].iloc[0]))


def columns(
    measures: Sequence[str], units: Sequence[Sequence[str]], tables: Sequence[Array]
) -> list[tuple[Column, ...]]:
    """Columns of each panel; a figure is printed in one way in all of them.

    Parameters
    ----------
    measures : sequence of str
    units : sequence (panels) of sequence (columns) of str
        As in the results.
    tables : sequence (panels) of ndarray (rows, columns)
        Scaled in place to the printed units.
    """
    raw = [table.copy() for table in tables]
    heads: list[list[Column]] = [[] for _ in tables]
    known = [{unit for panel in units if (unit := panel[n])} for n in range(len(measures))]
    for n, measure in enumerate(measures):
        for panel, table in enumerate(tables):
            unit = units[panel][n] or next(iter(known[n]), "")
            same = [t[:, n] for t, u in zip(raw, units, strict=True) if u[n] == unit]
            how = printed(unit, np.concatenate(same) if same else [0.0])
            heads[panel].append(Column(measure, title(measure), how.unit, how.digits))
            table[:, n] *= how.scale
    return [tuple(head) for head in heads]
