"""From a table that does not ship to a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from cge.core.errors import InputError
from cge.core.files import validate
from cge.data.accounts.aggregation import NAMED_AGGREGATIONS, load_aggregation
from cge.data.accounts.calibration import Calibration, assemble
from cge.data.accounts.cleaning import clean
from cge.data.accounts.tariffs import load_tariffs
from cge.data.accounts.world_table import WorldTable
from cge.data.elasticities.sets import ElasticitySet, Entry, load_elasticity_set
from cge.data.sources.arguments import COBB_DOUGLAS, SPEEDS
from cge.data.sources.table_folder import folder_elasticities, folder_tariffs, read_folder


def calibrate_table(
    table: WorldTable,
    aggregation: str | Path = "full",
    tariffs: str | Path = "none",
    elasticities: str | Path | Mapping[str, Any] = "boehm",
) -> Calibration:
    """Clean, balance, aggregate and calibrate a table that does not ship.

    Parameters
    ----------
    table : WorldTable
    aggregation : str or path
        ``full`` for the table's own regions and sectors, or an aggregation file whose
        ``table`` is the table's name.
    tariffs : str or path
        ``none``, or a file with columns importer, exporter, sector, rate at the table's
        resolution (:func:`folder_tariffs` names a folder's own).
    elasticities : str, path or mapping
        A named set, a file of the same layout, or nest to value: a number, or a mapping
        by the table's sectors; by speed (``short``, ``long``) or the same for both. Nests
        that a mapping does not name are Cobb-Douglas, except ``armington``. A set whose
        values differ by sector must be for the table's classification.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        If any of these does not exist or does not fit the table.
    """
    if str(tariffs) == "applied":
        raise InputError(
            "applied rates ship for the project's own tables only", key="tariffs",
            value="applied", allowed="none, or the path of a file of rates",
        )  # fmt: skip
    if str(aggregation) in NAMED_AGGREGATIONS and str(aggregation) != "full":
        raise InputError(
            f"there is no aggregation '{aggregation}' for table '{table.name}'",
            key="aggregation", value=str(aggregation),
            allowed="full, or the path of an aggregation file",
        )  # fmt: skip
    rates, filled = load_tariffs(str(tariffs), table.name, table.regions, table.sectors)
    partition = load_aggregation(aggregation, table.name, table.regions, table.sectors, table.names)
    if isinstance(elasticities, Mapping):
        chosen = elasticity_set(elasticities, table)
    else:
        chosen = load_elasticity_set(elasticities)
    with threadpool_limits(1):  # sums over threads differ in the last digits with their number
        balanced = clean(table)
    rate_note = (
        "Benchmark tariffs: none; policies are increments to the table as it is."
        if str(tariffs) == "none"
        else f"Benchmark tariffs: user file {Path(tariffs).name}."
    )
    with threadpool_limits(1):
        benchmark = assemble(table, balanced, rates, partition, chosen, (*table.notes, rate_note))
    origin = {
        "table": table.name, "year": str(table.year), "aggregation": str(aggregation),
        "tariffs": str(tariffs), "elasticities": chosen.name,
    }  # fmt: skip
    everything = pd.concat([balanced.filled, filled], ignore_index=True)
    return Calibration(replace(benchmark, origin=origin), balanced.report, everything)


def calibrate_folder(
    path: str | Path,
    aggregation: str | Path = "full",
    tariffs: str | Path | None = None,
    elasticities: str | Path | Mapping[str, Any] | None = None,
) -> Calibration:
    """Calibrate a folder of plain files, with its own tariffs and elasticities by default.

    Parameters
    ----------
    path : path
        See :func:`read_folder` for the layout.
    aggregation, tariffs, elasticities
        As in :func:`calibrate_table`. None takes the folder's ``tariffs`` and
        ``elasticities.yaml``; without those, no tariffs and the set ``boehm``.

    Returns
    -------
    Calibration
    """
    table = read_folder(path)
    chosen = elasticities or folder_elasticities(path) or "boehm"
    return calibrate_table(table, aggregation, tariffs or folder_tariffs(path), chosen)


def elasticity_set(values: Mapping[str, Any], table: WorldTable) -> ElasticitySet:
    """Return a user's values as a set for a table.

    Parameters
    ----------
    values : mapping
        As `elasticities` in :func:`calibrate_table`.
    table : WorldTable
    """
    by_speed: Mapping[str, Any] = dict.fromkeys(SPEEDS, values)
    if set(values) & set(SPEEDS):
        if set(values) != set(SPEEDS):
            raise InputError("give both speeds and nothing else beside them", key="elasticities",
                             value=sorted(set(values) ^ set(SPEEDS))[0],
                             allowed=SPEEDS)  # fmt: skip
        by_speed = values
    entries = []
    for speed, nests in by_speed.items():
        if "armington" not in nests:
            raise InputError("the Armington elasticity (among origins, 1 + theta) has no default",
                             key="elasticities.armington")  # fmt: skip
        for nest, given in {**COBB_DOUGLAS, **nests}.items():
            by_sector = given if isinstance(given, Mapping) else {"*": given}
            odd = set(by_sector) ^ (set(table.sectors) if isinstance(given, Mapping) else {"*"})
            if odd:
                raise InputError(
                    "elasticities by sector must name every sector of the table and no other",
                    key=f"elasticities.{nest}", value=sorted(odd)[0], allowed=table.sectors,
                )  # fmt: skip
            for sector, value in by_sector.items():
                entry = {"nest": nest, "sector": sector, "speed": speed, "value": value,
                         "low": value, "high": value, "status": "assumed",
                         "citation": "given by the user"}  # fmt: skip
                try:
                    entries.append(validate(Entry, entry, None))
                except InputError as error:
                    raise InputError(error.problem, key=f"elasticities.{nest}", value=value,
                                     allowed=error.allowed) from None  # fmt: skip
    return ElasticitySet("user values", "Values given by the user", "", table.name, tuple(entries))
