"""The tables that ship with the project: which they are, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cge.core.content import calibration_file
from cge.core.files import YAML_LOADER


@dataclass(frozen=True)
class ShippedTable:
    """A shipped table.

    Parameters
    ----------
    name, title : str
    years : tuple of int
    status : {"original", "estimated"}
    sectors : str
        Table whose sectors it has.
    tariffs : str
        What its applied rates are, for the notes.
    notes : tuple of str
        What every output made with it says.
    """

    name: str
    title: str
    years: tuple[int, ...]
    status: str
    sectors: str
    tariffs: str
    notes: tuple[str, ...]


_RATES_2013 = (
    "applied rates of about 2013 by importer, exporter and sector; cells filled by "
    "rule are flagged in the data."
)


TABLES: Mapping[str, ShippedTable] = {table.name: table for table in (
    ShippedTable(
        "wiod2013", "World Input-Output Database, 2013 release: 41 regions x 35 sectors",
        tuple(range(1995, 2012)), "original", "wiod2013", _RATES_2013,
        ("Data: World Input-Output Database, 2013 release (Timmer et al. 2015). Net product "
         "taxes and transport margins on intermediates are estimated with the rates of the "
         "2016 release; taxes on final use are not in the data.",),
    ),
    ShippedTable(
        "wiod2014", "World Input-Output Database, 2016 release, 2014: 44 regions x 56 sectors, "
        "cross-border intermediates estimated", (2014,), "estimated", "wiod2014", _RATES_2013,
        ("Data: World Input-Output Database, 2016 release, 2014 (Timmer et al. 2015).",
         "ESTIMATED: the cross-border intermediates of this table are RAS estimates fitted to "
         "published margins; for demonstration and timing, not for publication."),
    ),
    ShippedTable(
        "world2022", "World 2022, estimated from WIOD 2011 and margins of 2022: 59 regions x 35 "
        "sectors", (2022,), "estimated", "wiod2013",
        "rates of about 2022, with the rises of 2018-19 by the United States and China in force, "
        "by importer, exporter and sector; most are those of about 2013 moved or kept by rule, "
        "flagged in the data.",
        ("Data: world of 2022, ESTIMATED. Output, use, value added and exports by region and "
         "sector are margins of the Multiregional Input-Output Tables of the Asian Development "
         "Bank (by K. S. Reyes), goods trade by pair is BACI 2023 (CEPII) scaled to 2022; inputs "
         "by commodity, trade by commodity and in services and final demand by kind follow the "
         "World Input-Output Database of 2011 (Timmer et al. 2015). Not endorsed by any of them.",),
    ),
)}  # fmt: skip


#: The region that holds all countries which a table does not tell apart.
REST = "ROW"


def table_folder(name: str) -> Path:
    """Folder of a shipped table's files."""
    return calibration_file("tables", name)


def read_provenance(folder: Path) -> dict[str, Any]:
    """Provenance record of a content folder."""
    text = (folder / "provenance.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=YAML_LOADER)
