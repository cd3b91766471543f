"""Calibrated data and where they come from: the content behind `cge data`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import pandas as pd

from cge.core.axes import Axes
from cge.core.content import calibration_file
from cge.core.errors import check_known, refuse_if
from cge.core.files import read_as
from cge.data.accounts.aggregation import AggregationFile
from cge.data.accounts.calibration import calibrate
from cge.data.accounts.rates_shown import rates_shown
from cge.data.accounts.shipped import TABLES, read_provenance, table_folder
from cge.data.accounts.table_files import table_codes
from cge.data.distances import city_table
from cge.data.elasticities.benchmark_households import parameters_of
from cge.data.elasticities.household_sets import (
    HOUSEHOLD_SETS,
    HouseholdSet,
    load_household_set,
)
from cge.data.elasticities.sets import NAMED_SETS, PLUS, load_elasticity_set
from cge.data.knowledge.spending import read_figures, shipped_file
from cge.data.parameters.parameter_files import (
    load_disruption_parameters,
    load_dynamics_parameters,
    load_knowledge_parameters,
    load_short_run_parameters,
)
from cge.data.past_years import gdp_table
from cge.data.sources.registry import SourceEntry, sources

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class DataSet:
    """A line of `cge data list`, and what `cge data show` says of it.

    Parameters
    ----------
    name, kind, title, status : str
    provenance : mapping
    tables : callable
        Tables of its figures and filled cells by title, which take time to make.
    """

    name: str
    kind: str
    title: str
    status: str
    provenance: Mapping[str, object]
    tables: Callable[[], Tables]


@lru_cache(maxsize=2)
def catalogue(year: int | None = None) -> tuple[DataSet, ...]:
    """Everything that ships, tables first, these in a year or their latest."""
    items = [
        DataSet(t.name, "table", t.title, t.status, read_provenance(table_folder(t.name)),
                partial(_of_table, t.name, year))
        for t in TABLES.values()
    ]  # fmt: skip
    for name, tables in _FOLDERS.items():
        record = read_provenance(calibration_file(name))
        title = str(record.get("title", name))
        items.append(DataSet(name, "data", title, "see provenance", record, tables))
    for name in NAMED_SETS:
        known = load_elasticity_set(name)
        record = {"name": known.name, "note": known.note, "classification": known.classification}
        entries = {"entries": known.frame()}
        items.append(DataSet(name, "elasticities", known.title, "per entry", record, entries.copy))
    for name in HOUSEHOLD_SETS:
        demand = load_household_set(name)
        use = f"--elasticities SET{PLUS}{name}"
        record = {"name": demand.name, "note": demand.note, "to use it": use,
                  "regions": demand.region_groups, "sectors": demand.sector_groups}  # fmt: skip
        items.append(DataSet(name, "household", demand.title, "per entry", record,
                             partial(_of_household, demand)))  # fmt: skip
    for path in sorted(calibration_file("aggregations").glob("*.yaml")):
        parts = read_as(AggregationFile, path)
        title, record = f"{parts.title} (of {parts.table})", {"table": parts.table}
        tables = partial(_of_aggregation, parts)
        items.append(DataSet(path.stem, "aggregation", title, "", record, tables))
    for name, source in sources().items():
        record = {"to get it": f"cge data fetch {name} --year YEAR",
                  **source.model_dump(include={"publisher", "page", "unit", "licence", "citation",
                                               "verified", "by_hand"})}  # fmt: skip
        items.append(DataSet(name, "source", source.title, "to download", record,
                             partial(_of_source, source)))  # fmt: skip
    return tuple(items)


def _of_household(demand: HouseholdSet) -> Tables:
    """Entries of a household demand, and the parameters that they mean in the default world."""
    b = calibrate(elasticities=f"{NAMED_SETS[0]}{PLUS}{demand.name}").benchmark
    return {"entries": demand.frame(), f"parameters in {b.name}": parameters_of(b)}


def _of_source(source: SourceEntry) -> Tables:
    rows = [
        (name, f"{first} to {last}", file or edition.index or "")
        for name, edition in source.editions.items()
        for (first, last), file in zip(
            edition.spans, [b.file or edition.name for b in edition.bundles] or [""]
        )
    ]
    return {"editions": pd.DataFrame(rows, columns=["edition", "years", "file"])}


def describe(name: str, year: int | None = None) -> DataSet:
    """A shipped data set.

    Raises
    ------
    InputError
        If there is none of that name, or it has no years.
    """
    items = {item.name: item for item in catalogue(year)}
    check_known([name], items, "no such data set", key="NAME")
    refuse_if(year is not None and items[name].kind != "table", "only tables have years",
              key="--year", value=year, allowed=f"with {', '.join(TABLES)}")  # fmt: skip
    return items[name]


def _of_table(name: str, year: int | None) -> Tables:
    result = calibrate(name, year, "full")
    return {"cleaning": result.report, "benchmark rates": rates_shown(result.benchmark),
            **_filled(result.filled)}  # fmt: skip


def _filled(cells: pd.DataFrame) -> Tables:
    counts = cells.groupby(["what", "rule"]).size().reset_index(name="cells")
    return {"cells filled by rule": counts, "filled cells": cells}


def _of_knowledge() -> Tables:
    """Figures on research for the latest year of each table, parameters and filled cells."""
    tables, filled = {}, []
    for name, table in TABLES.items():
        axes = Axes(*(table_codes(name, axis) for axis in ("regions", "sectors")))
        year = table.years[-1]
        cells = read_figures(shipped_file(name), axes, year).cells
        columns = {"region": list(axes.regions)}
        for item in ("gerd", "basic", "business"):
            part = cells[cells["item"] == item].set_index("region").loc[list(axes.regions)]
            columns[item] = [f"{value:.2f}" for value in part["value"]]
            origin = zip(part["year"], part["rule"])
            columns[f"{item} from"] = [f"{year} {rule}".strip() for year, rule in origin]
        title = f"{name} {year}: R&D (gerd % of GDP; basic, business % of R&D)"
        tables[title] = pd.DataFrame(columns)
        flagged = cells[cells["filled_percent"].gt(0) | cells["status"].eq("filled")]
        filled.append(flagged.assign(what=name + " " + flagged["item"]))
    shown = ["what", "region", "sector", "year", "value", "filled_percent", "rule"]
    every = pd.concat(filled, ignore_index=True)[shown]
    return {**tables, "parameters": load_knowledge_parameters().frame(), **_filled(every)}


def _of_aggregation(content: AggregationFile) -> Tables:
    tables = {}
    for axis in ("regions", "sectors"):
        parts = getattr(content, axis)
        if parts != "identity":
            rows = [(code, part.name, " ".join(part.members)) for code, part in parts.items()]
            tables[axis] = pd.DataFrame(rows, columns=["code", "name", "members"])
    groups = [
        (axis, group, " ".join(members))
        for axis, named in content.groups.items()
        for group, members in named.items()
    ]
    return {**tables, "groups": pd.DataFrame(groups, columns=["axis", "group", "codes"])}


#: Folders of calibration/ that are data sets, each with the tables shown of it.
_FOLDERS: Mapping[str, Callable[[], Tables]] = {
    "factors": dict,
    "tariffs": dict,
    "elasticities": dict,
    "demand": dict,
    "knowledge": _of_knowledge,
    "dynamics": lambda: {"parameters": load_dynamics_parameters().frame()},
    "short_run": lambda: {"parameters": load_short_run_parameters().frame()},
    "history": lambda: {"real GDP": gdp_table()},
    "disruptions": lambda: {"parameters": load_disruption_parameters().frame()},
    "distances": lambda: {"cities": city_table()},
}
