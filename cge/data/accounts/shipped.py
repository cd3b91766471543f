"""The tables that ship with the project: which they are, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cge.core.content import calibration_file


@dataclass(frozen=True)
class ShippedTable:
    """Title, years and notes of a shipped table."""

    name: str
    title: str
    years: tuple[int, ...]
    status: str
    notes: tuple[str, ...]


TABLES: Mapping[str, ShippedTable] = {table.name: table for table in (
    ShippedTable(
        "wiod2013", "World Input-Output Database, 2013 release: 41 regions x 35 sectors",
        tuple(range(1995, 2012)), "original",
        ("Data: World Input-Output Database, 2013 release (Timmer et al. 2015). Net product "
         "taxes and transport margins on intermediates are estimated with the rates of the "
         "2016 release; taxes on final use are not in the data.",),
    ),
    ShippedTable(
        "wiod2014", "World Input-Output Database, 2016 release, 2014: 44 regions x 56 sectors, "
        "cross-border intermediates estimated", (2014,), "estimated",
        ("Data: World Input-Output Database, 2016 release, 2014 (Timmer et al. 2015).",
         "ESTIMATED: the cross-border intermediates of this table are RAS estimates fitted to "
         "published margins; for demonstration and timing, not for publication."),
    ),
)}  # fmt: skip


def table_folder(name: str) -> Path:
    """Folder of a shipped table's files."""
    return calibration_file("tables", name)


def read_provenance(folder: Path) -> dict[str, Any]:
    """Provenance record of a content folder."""
    return yaml.safe_load((folder / "provenance.yaml").read_text(encoding="utf-8"))
