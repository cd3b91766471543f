"""Single facts of the shipped tables: a tariff, a flow, the output of a sector.

Regions and sectors are named by codes of an aggregation, or else by codes of the table
itself; a fact about an aggregate is that of its members together. Values are those of the
cleaned table, at basic prices, as the benchmark has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import check_known, refuse_if
from cge.data.accounts.aggregation import Aggregation, load_aggregation
from cge.data.accounts.calibration import USE_CLASSES, clean_shipped, deliveries
from cge.data.accounts.cleaning import CleanTable
from cge.data.accounts.default import DEFAULT_TABLE
from cge.data.accounts.tariffs import applied_tariffs


class TableChoice(TypedDict, total=False):
    """The shipped table that a fact is looked up in.

    Parameters
    ----------
    table : {"wiod2013", "wiod2014", "world2022"}
        Default ``world2022``.
    year : int, optional
        Default: the latest of the table.
    aggregation : str or path
        Whose codes may be used, beside those of the table. Default ``default``.
    """

    table: str
    year: int | None
    aggregation: str | Path


@dataclass(frozen=True, eq=False)
class FactSource:
    """A cleaned shipped table, with the aggregation whose codes may be used."""

    cleaned: CleanTable
    partition: Aggregation

    @classmethod
    def open(
        cls,
        table: str = DEFAULT_TABLE,
        year: int | None = None,
        aggregation: str | Path = "default",
    ) -> FactSource:
        """Open a table; see :class:`TableChoice`."""
        cleaned = clean_shipped(table, year)
        return cls(cleaned, load_aggregation(aggregation, cleaned.raw))

    def places(self, **codes: str) -> list[list[int]]:
        """Positions in the table of what each code is made of, by its role."""
        found = []
        for role, code in codes.items():
            axis = "sectors" if role == "sector" else "regions"
            known, parts = getattr(self.cleaned.raw, axis), self.partition.members[axis]
            check_known([code], {**parts, **dict.fromkeys(known)}, f"unknown code of {axis}",
                        key=role)  # fmt: skip
            found.append([known.index(member) for member in parts.get(code, (code,))])
        return found

    def deliveries(self, use: str) -> Array:
        """Deliveries (r, i, s) to a use class, or to ``all``."""
        check_known([use], ("all", *USE_CLASSES), "unknown use class", key="use")
        by_class = deliveries(self.cleaned)
        return by_class.sum(axis=0) if use == "all" else by_class[USE_CLASSES.index(use)]

    def row(self, **columns: Any) -> pd.DataFrame:
        """One row of facts, with the table they are from, and that it is estimated if it is."""
        raw = self.cleaned.raw
        said = {"data": "ESTIMATED"} if raw.status == "estimated" else {}
        return pd.DataFrame([{**columns, "table": raw.name, "year": raw.year, **said}])


def tariff(
    importer: str, exporter: str, sector: str, **choice: Unpack[TableChoice]
) -> pd.DataFrame:
    """Applied tariff of an importer on an exporter's goods.

    Parameters
    ----------
    importer, exporter, sector : str
        Codes of the aggregation or the table.
    **choice
        Of :class:`TableChoice`: table, year, aggregation. The year is that of the trade that
        weights the rates of an aggregate; the rates of a table are the same in all its years.

    Returns
    -------
    DataFrame
        One row: importer, exporter, sector, rate (a fraction; of an aggregate the mean
        weighted with trade), cells (how many of the table it is made of), status and rule
        of these, table, year.

    Raises
    ------
    InputError
        For an unknown code, table, year or aggregation, or a region's own deliveries.
    """
    source = FactSource.open(**choice)
    raw = source.cleaned.raw
    s, r, i = source.places(importer=importer, exporter=exporter, sector=sector)
    cells = np.ix_(r, i, s)
    abroad = np.broadcast_to(np.not_equal.outer(r, s)[:, None, :], (len(r), len(i), len(s)))
    refuse_if(not abroad.any(), "a region has no tariff on its own deliveries", key="exporter",
              value=exporter, allowed="another region than the importer")  # fmt: skip
    rates, rows = applied_tariffs(raw.name, raw.axes)
    found = rows[
        rows["importer"].isin(np.take(raw.regions, s))
        & rows["exporter"].isin(np.take(raw.regions, r))
        & rows["sector"].isin(np.take(raw.sectors, i))
    ]
    rate, trade = rates[cells][abroad], source.deliveries("all")[cells][abroad]
    if rate.size > 1:
        rate = np.average(rate, weights=trade if trade.sum() > 0 else None, keepdims=True)
    status, rule = (", ".join(dict.fromkeys(found[column])) for column in ("status", "rule"))
    return source.row(
        importer=importer, exporter=exporter, sector=sector, rate=float(rate[0]),
        cells=int(abroad.sum()), status=status or "none",
        rule=rule or "not in the file of rates: zero",
    )  # fmt: skip


def flow(
    exporter: str, importer: str, sector: str, use: str = "all", **choice: Unpack[TableChoice]
) -> pd.DataFrame:
    """Deliveries of a region's sector to a region, at basic prices.

    Parameters
    ----------
    exporter, importer, sector : str
        Codes of the aggregation or the table; exporter and importer may be the same.
    use : {"all", "int", "con", "inv"}
        Intermediate use, consumption, investment.
    **choice
        Of :class:`TableChoice`: table, year, aggregation.

    Returns
    -------
    DataFrame
        One row: exporter, importer, sector, use, value, unit, table, year.

    Raises
    ------
    InputError
        For an unknown code, use class, table, year or aggregation.
    """
    source = FactSource.open(**choice)
    cells = np.ix_(*source.places(exporter=exporter, sector=sector, importer=importer))
    value = float(source.deliveries(use)[cells].sum())
    return source.row(exporter=exporter, importer=importer, sector=sector, use=use, value=value,
                      unit=source.cleaned.raw.unit)  # fmt: skip


def output(region: str, sector: str, **choice: Unpack[TableChoice]) -> pd.DataFrame:
    """Output and value added of a region's sector, at basic prices.

    Parameters
    ----------
    region, sector : str
        Codes of the aggregation or the table.
    **choice
        Of :class:`TableChoice`: table, year, aggregation.

    Returns
    -------
    DataFrame
        One row: region, sector, output, value_added, unit, table, year.

    Raises
    ------
    InputError
        For an unknown code, table, year or aggregation.
    """
    source = FactSource.open(**choice)
    cells = np.ix_(*source.places(region=region, sector=sector))
    return source.row(
        region=region, sector=sector,
        output=float(source.deliveries("all").sum(axis=2)[cells].sum()),
        value_added=float(source.cleaned.value_added[cells].sum()), unit=source.cleaned.raw.unit,
    )  # fmt: skip
