"""Measures of a region as columns of a table: those of the file, and some made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from cge.results.report.page import Array, Column
from cge.results.report.runs import Case, Choice, chosen
from cge.results.report.units import printed

from cge.core.errors import InputError
from cge.model import welfare
from cge.model.welfare import COMPONENTS

_GROUP_TITLES = {
    "terms of trade": "Terms of trade", "allocative": "Allocative efficiency",
    "technology": "Technology and trade cost", "transfers": "Transfers",
    "factor supply": "Factor supply",
}  # fmt: skip
#: Components of the welfare change by what a reader sees them as.
GROUPS: Mapping[str, tuple[str, ...]] = {
    _GROUP_TITLES.get(group, group.capitalize()): tuple(
        name for name, of in COMPONENTS.items() if of == group
    )
    for group in welfare.GROUPS
}
PARTS = ("ev_part", "ev_part_first_order")
_REVENUES = ("tariff_revenue", "domestic_purchase_tax_revenue", "export_tax_revenue",
             "output_tax_revenue", "user_tax_revenue", "factor_tax_revenue")  # fmt: skip
TITLES: Mapping[str, str] = {
    "equivalent_variation": "Welfare (EV)",
    "equivalent_variation_value": "Welfare (EV)",
    "real_gdp": "Real GDP",
    "gdp": "GDP",
    "gdp_deflator": "GDP deflator",
    "export_volume_change": "Export volume",
    "import_volume_change": "Import volume",
    "exports": "Export value",
    "imports": "Import value",
    "real_factor_price[LAB]": "Real wage",
    "employment[LAB]": "Employment",
    "trade_efficiency": "of which allocative efficiency",
    "terms_of_trade_effect": "of which terms of trade",
    "domestic_share": "Domestic share of purchases",
    "net_tax_revenue": "Net tax revenue",
    "domestic_share_per_ev_lost": "Domestic share gained per 0.01 % of welfare lost",
    "domestic_share_per_efficiency_lost": "Domestic share gained per 0.01 % of efficiency lost",
}
#: Benchmark values with which percentages of regions are averaged over the world.
_WEIGHTS = {
    "equivalent_variation": "absorption",
    "trade_efficiency": "absorption",
    "terms_of_trade_effect": "absorption",
    "real_gdp": "gdp",
    "export_volume_change": "exports",
    "import_volume_change": "imports",
}


#: Losses smaller than this, per cent, are none to divide by.
LOSS_SHOWN = 1e-6
#: Shown as they are: what they are compared with is zero.
_LEVELS = ("outlay",)


@dataclass(frozen=True, eq=False)
class Figures:
    """A measure by region, its unit as in the output, and the world's, NaN without meaning."""

    by_region: pd.Series
    unit: str
    world: float = np.nan


def title(measure: str) -> str:
    """Return a measure's name as it stands over a column."""
    if measure in TITLES:
        return TITLES[measure]
    name, _, item = measure.removesuffix("]").partition("[")
    words = TITLES.get(name, name.replace("_", " ").capitalize())
    return f"{words}, {item}" if item else words


def _domestic_share(case: Case, choice: Choice) -> Figures | None:
    """Return the change of what a region buys at home, of all it buys, in points of value."""
    rows = case.rows("trade_value")
    if rows.empty:
        return None
    sectors = chosen(case.codes("sector", "trade_value"), choice.sectors, "sector")
    rows = rows[rows["sector"].isin(sectors)]
    home = rows[rows["region"] == rows["partner"]].groupby("partner")[["value", "benchmark"]].sum()
    total = rows.groupby("partner")[["value", "benchmark"]].sum()
    share = 100 * (home / total).reindex(list(case.regions))
    return Figures(share["value"] - share["benchmark"], "points")


def _share_per(measure: str) -> Callable[[Case, Choice], Figures | None]:
    """Return points of domestic share gained per 0.01 % of absorption lost of a measure.

    Missing where nothing is lost: then the share comes for free, or there is none.
    """

    def make(case: Case, choice: Choice) -> Figures | None:
        gained, rows = _domestic_share(case, choice), case.rows(measure)
        if gained is None or rows.empty:
            return None
        lost = -rows.set_index("region")["value"].reindex(list(case.regions))
        share = gained.by_region.where(lost > LOSS_SHOWN)
        return Figures(share / (100 * lost), "points")

    return make


def _net_tax_revenue(case: Case, _choice: Choice) -> Figures | None:
    rows = case.rows(*_REVENUES)
    if rows.empty:
        return None
    sums = rows.groupby("region")["change"].sum().reindex(list(case.regions))
    return Figures(sums, str(rows["change_unit"].iloc[0]), float(sums.sum()))


#: Made of rows of the file, where it has no such measure by region itself.
DERIVED: Mapping[str, Callable[[Case, Choice], Figures | None]] = {
    "domestic_share": _domestic_share,
    "domestic_share_per_ev_lost": _share_per("equivalent_variation"),
    "domestic_share_per_efficiency_lost": _share_per("trade_efficiency"),
    "net_tax_revenue": _net_tax_revenue,
}


def regional_measures(case: Case) -> list[str]:
    """Return the measures that a case has by region, those by item as name[item]."""
    table = case.table
    here = (table["region"] != "") & (table["partner"] == "") & (table["sector"] == "")
    here &= (table["shock"] == "") & ~table["measure"].isin(PARTS)
    pairs = table.loc[here, ["measure", "item"]].drop_duplicates()
    names = [f"{m}[{i}]" if i else str(m) for m, i in pairs.itertuples(index=False)]
    made = (name for name, make in DERIVED.items() if make(case, Choice()) is not None)
    return list(dict.fromkeys([*names, *made]))


def resolve(case: Case, wanted: Sequence[str]) -> list[str]:
    """Return the measures meant; one by item without its item stands for all of them.

    Raises
    ------
    InputError
        For a measure that the case does not have by region.
    """
    known = regional_measures(case)
    found: list[str] = []
    for name in wanted:
        these = [k for k in known if k == name or k.partition("[")[0] == name]
        if not these:
            raise InputError(
                "is not a measure of a region in these runs", key="--measures", value=name,
                allowed=sorted(known),
            )  # fmt: skip
        found += these
    return list(dict.fromkeys(found))


def figures(case: Case, measure: str, choice: Choice) -> Figures:
    """Return a measure by region with its world figure.

    A measure that changes is shown as its change, another as its level.
    """
    name, _, item = measure.removesuffix("]").partition("[")
    rows = case.rows(name)
    rows = rows[(rows["item"] == item) & (rows["partner"] == "") & (rows["sector"] == "")]
    rows = rows[rows["shock"] == ""].drop_duplicates("region").set_index("region")
    rows = rows.reindex(list(case.regions))
    known = rows.dropna(subset="value")
    if known.empty:
        made = DERIVED[measure](case, choice) if measure in DERIVED else None
        # None: another run in the same table has it.
        return made or Figures(pd.Series(np.nan, list(case.regions)), "")
    changes = (
        name not in _LEVELS and known["change"].notna().any() and (known["change_unit"] != "").any()
    )
    unit = str(known["change_unit" if changes else "unit"].iloc[0])
    values = rows["change" if changes else "value"].astype(float)
    return Figures(values, unit, _world(case, name, rows, values, unit))


def _world(case: Case, name: str, rows: pd.DataFrame, values: pd.Series, unit: str) -> float:
    """Return the world's figure: sums of money, means of what has a weight, or nothing."""
    if name in _WEIGHTS:
        return _mean(values, _benchmark(case, _WEIGHTS[name]))
    money = case.run.money
    if unit == "percent of benchmark absorption":
        return _mean(values, _benchmark(case, "absorption"))
    if unit == money:
        return float(values.sum(skipna=False))
    if unit == "percent" and (rows["unit"] == money).all():
        return float(100 * (rows["value"].sum() / rows["benchmark"].sum() - 1))
    return np.nan


def _benchmark(case: Case, measure: str) -> pd.Series:
    rows = case.rows(measure)
    rows = rows[(rows["partner"] == "") & (rows["sector"] == "") & (rows["item"] == "")]
    weights = rows.drop_duplicates("region").set_index("region")["benchmark"]
    return weights.reindex(list(case.regions)).astype(float)


def _mean(values: pd.Series, weights: pd.Series) -> float:
    total = weights.sum(skipna=False)
    return float((values * weights).sum(skipna=False) / total) if total > 0 else np.nan


def world_mean(case: Case, values: pd.Series) -> float:
    """Return the mean of percentages of absorption, NaN where absorption is not known."""
    return _mean(values, _benchmark(case, "absorption"))


def columns(
    measures: Sequence[str], units: Sequence[Sequence[str]], tables: Sequence[Array]
) -> list[tuple[Column, ...]]:
    """Return the columns of each panel; a figure is printed in one way in all of them.

    Parameters
    ----------
    measures : sequence of str
    units : sequence (panels) of sequence (columns) of str
        As in the output.
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
