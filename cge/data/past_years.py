"""Other years than that of a benchmark, in its codes: deliveries, GDP, growth and tariffs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from cge.core.axes import Array, ratio
from cge.core.content import calibration_file
from cge.core.errors import check_known, refuse_if
from cge.core.tables import read_table
from cge.data.accounts.aggregation import Parts, membership
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import clean_shipped, deliveries, mean_rates, table_behind
from cge.data.accounts.cleaning import CleanTable
from cge.data.accounts.shipped import REST, TABLES
from cge.data.accounts.tariffs import applied_tariffs, shipped_rates


@dataclass(frozen=True, eq=False)
class PastYear:
    """Accounts of a year.

    Parameters
    ----------
    table : str
    year : int
    flows : ndarray (r, i, s)
        Deliveries at basic prices, money of the year.
    gdp : ndarray (s,)
        Value added with taxes on intermediates, money of the year.
    """

    table: str
    year: int
    flows: Array
    gdp: Array

    @property
    def balance(self) -> Array:
        """Imports less exports, (s,)."""
        pairs = self.flows.sum(axis=1)
        return pairs.sum(axis=0) - pairs.sum(axis=1)

    @property
    def estimated(self) -> bool:
        """Whether the table of the year is estimated."""
        return TABLES[self.table].status == "estimated"


def table_with(year: int, table: str) -> str:
    """The shipped table that has a year: the given one, else one with the same sectors.

    Raises
    ------
    InputError
        If there is none.
    """
    check_known([table], TABLES, "is no table that ships, which alone have other years",
                key="table")  # fmt: skip
    alike = [name for name, one in TABLES.items() if one.sectors == TABLES[table].sectors]
    years = {known: name for name in reversed([table, *alike]) for known in TABLES[name].years}
    check_known([year], sorted(years), f"there is no table of this year that is like {table}",
                key="year")  # fmt: skip
    return years[year]


def past_year(year: int, like: Benchmark) -> PastYear:
    """Accounts of a year in the codes of a benchmark.

    Regions that the benchmark's table does not have are put where its rest of the world is.

    Parameters
    ----------
    year : int
    like : Benchmark
        Of a shipped table.

    Raises
    ------
    InputError
        If no table has the year, or there is no rest of the world to put regions into.
    """
    name = table_with(year, like.origin.get("table", ""))
    cleaned = clean_shipped(name, year)
    regions = membership(_with_rest(like.members["regions"], cleaned), cleaned.raw.regions)
    sectors = membership(like.members["sectors"], cleaned.raw.sectors)
    flows = np.einsum("ar,bi,cs,uris->abc", regions, sectors, regions, deliveries(cleaned),
                      optimize=True)  # fmt: skip
    return PastYear(name, year, flows, regions @ _gdp(cleaned))


def _gdp(cleaned: CleanTable) -> Array:
    """GDP of the regions of a table: value added, with net taxes on intermediates."""
    return (cleaned.value_added + cleaned.product_tax).sum(axis=1)


def _with_rest(members: Parts, cleaned: CleanTable) -> Parts:
    """Members of regions, with those that only another table has."""
    known = {code for part in members.values() for code in part}
    more = tuple(code for code in cleaned.raw.regions if code not in known)
    host = next((code for code, part in members.items() if REST in part), None)
    refuse_if(more and host is None, "there is no rest of the world to put regions into",
              key="aggregation", value=list(more[:10]))  # fmt: skip
    return {code: part + more if code == host else part for code, part in members.items()}


def gdp_table() -> pd.DataFrame:
    """Real GDP by region and year, an index."""
    return read_table(calibration_file("history", "real_gdp.csv"), ("region", "year", "index"),
                      text=("region",))  # fmt: skip


@lru_cache(maxsize=1)
def _real_gdp() -> pd.DataFrame:
    """Real GDP of the regions of the table by year, (region, year), an index."""
    table = gdp_table()
    return table.pivot_table(index="region", columns="year", values="index")


def real_growth(first: int, last: int, like: Benchmark) -> Array | None:
    """Real GDP of a year over that of another, (s,); None where it is not known.

    Of a group of countries: their growth, weighted with their GDP in the first year.

    Parameters
    ----------
    first, last : int
    like : Benchmark
        Of a shipped table of the first year.
    """
    cleaned, index = table_behind(like), _real_gdp()
    if cleaned is None or not {first, last} <= {*index.columns}:
        return None
    if not {*cleaned.raw.regions} <= {*index.index}:
        return None
    growth = (index[last] / index[first]).loc[list(cleaned.raw.regions)].to_numpy()
    regions, gdp = membership(like.members["regions"], cleaned.raw.regions), _gdp(cleaned)
    return (regions @ (gdp * growth)) / (regions @ gdp)


def rates_of(name: str, like: Benchmark) -> Array:
    """Shipped tariffs by name, (u, r, i, s) in the codes of a benchmark, over its deliveries.

    Parameters
    ----------
    name : str
        Rates for the table behind the benchmark (``applied``, ``1993``, ``2005``), or another
        table, whose applied rates are meant: each of its regions counts in the region of the
        table that it was a part of, with its trade.
    like : Benchmark

    Raises
    ------
    InputError
        If there are no such rates.
    """
    cleaned = table_behind(like)
    assert cleaned is not None
    table, axes = cleaned.raw.name, cleaned.raw.axes
    own = [one for one, tables in shipped_rates().items() if table in tables]
    others = [
        one for one in TABLES if one != table and TABLES[one].sectors == TABLES[table].sectors
    ]
    check_known([name], [*own, *others], "there are no such rates", key="later_rates")
    if name in own:
        return mean_rates(like, applied_tariffs(table, axes, name)[0])
    other = clean_shipped(name)
    rates, flows = applied_tariffs(name, other.raw.axes)[0], deliveries(other).sum(axis=0)
    place = _with_rest({code: (code,) for code in axes.regions}, other)
    into = membership(place, other.raw.regions)
    duty, base = (np.einsum("ar,ris,cs->aic", into, cells, into, optimize=True)
                  for cells in (flows * rates, flows))  # fmt: skip
    found = ratio(duty, base)
    found[np.arange(len(found)), :, np.arange(len(found))] = 0.0
    return mean_rates(like, found)
