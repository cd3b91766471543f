"""From a table that does not ship to a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cge.core.errors import InputError, check_complete, refuse_if
from cge.core.files import validate
from cge.data.accounts.calibration import Calibration, calibrate_cleaned
from cge.data.accounts.cleaning import clean
from cge.data.accounts.world_table import WorldTable
from cge.data.elasticities.nests import by_horizon
from cge.data.elasticities.sets import ElasticityEntry, ElasticitySet, load_elasticity_set
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
        by the table's sectors; by horizon (``short``, ``long``) or the same for both. Nests
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
    refuse_if(str(tariffs) == "applied", "applied rates ship for the project's own tables only",
              key="tariffs", value="applied",
              allowed="none, or the path of a file of rates")  # fmt: skip
    if isinstance(elasticities, Mapping):
        chosen = elasticity_set(elasticities, table)
    else:
        chosen = load_elasticity_set(elasticities)
    return calibrate_cleaned(clean(table), aggregation, tariffs, chosen, chosen.name)


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
    """A user's values as a set for a table.

    Parameters
    ----------
    values : mapping
        As `elasticities` in :func:`calibrate_table`.
    table : WorldTable
    """
    entries = []
    for horizon, nests in by_horizon(values).items():
        for nest, given in nests.items():
            key = f"elasticities.{nest}"
            mapping = isinstance(given, Mapping)
            by_sector, known = (given, table.sectors) if mapping else ({"*": given}, "*")
            check_complete(by_sector, known, "elasticities by sector must name every sector of "
                           "the table and no other", key=key)  # fmt: skip
            for sector, value in by_sector.items():
                entry = {"nest": nest, "sector": sector, "horizon": horizon, "value": value,
                         "low": value, "high": value, "status": "assumed",
                         "citation": "given by the user"}  # fmt: skip
                try:
                    entries.append(validate(ElasticityEntry, entry, None))
                except InputError as error:
                    raise error.moved(key) from None
    return ElasticitySet(name="user values", title="Values given by the user",
                         classification=table.name, entries=entries)  # fmt: skip
