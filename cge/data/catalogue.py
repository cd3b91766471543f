"""What is calibrated and where it comes from: the content behind `cge data`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cge.core.content import content_dir
from cge.core.errors import InputError
from cge.core.files import read_yaml
from cge.data.accounts.aggregation import NAMED_AGGREGATIONS
from cge.data.accounts.calibration import calibrate
from cge.data.accounts.shipped import TABLES, read_provenance, table_folder
from cge.data.elasticities.sets import NAMED_SETS, load_elasticity_set
from cge.data.knowledge.overview import describe_knowledge
from cge.data.parameters.disruption import load_disruption_parameters
from cge.data.parameters.motion import load_dynamics

_FOLDERS = ("factors", "tariffs", "elasticities", "knowledge", "dynamics", "disruptions")


@dataclass(frozen=True)
class DataSet:
    """One line of `cge data list`."""

    name: str
    kind: str
    title: str
    status: str


def catalogue() -> list[DataSet]:
    """Return everything that ships, tables first."""
    items = [DataSet(t.name, "table", t.title, t.status) for t in TABLES.values()]
    for name in _FOLDERS:
        record = read_provenance(content_dir("calibration") / name)
        items.append(DataSet(name, "data", str(record.get("title", name)), "see provenance"))
    for name in NAMED_SETS:
        items.append(DataSet(name, "elasticities", load_elasticity_set(name).title, "per entry"))
    folder = content_dir("calibration") / "aggregations"
    for path in sorted(folder.glob("*.yaml")):
        content = read_yaml(path)
        title = f"{content.get('title', '')} (of {content['table']})"
        items.append(DataSet(path.stem, "aggregation", title, ""))
    return items


@dataclass(frozen=True)
class Description:
    """What `cge data show` prints: provenance, tables of figures, filled cells."""

    title: str
    provenance: Mapping[str, object]
    tables: Mapping[str, pd.DataFrame]


def describe(name: str, year: int | None = None) -> Description:
    """Return what is known about a shipped data set.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if year is not None and name not in TABLES:
        raise InputError(
            "only tables have years", key="--year", value=year, allowed=f"with {', '.join(TABLES)}"
        )
    if name in TABLES:
        result = calibrate(name, year, "full")
        filled = result.filled
        counts = filled.groupby(["what", "rule"]).size().rename("cells").reset_index()
        return Description(
            TABLES[name].title,
            read_provenance(table_folder(name)),
            {"cleaning": result.report, "cells filled by rule": counts, "filled cells": filled},
        )
    if name in _FOLDERS:
        record = read_provenance(content_dir("calibration") / name)
        tables = {}
        if name == "knowledge":
            tables = describe_knowledge()
        elif name == "dynamics":
            tables = {"parameters": load_dynamics().frame()}
        elif name == "disruptions":
            tables = {"parameters": load_disruption_parameters().frame()}
        return Description(str(record.get("title", name)), record, tables)
    if name in NAMED_SETS:
        chosen = load_elasticity_set(name)
        record = {"name": chosen.name, "note": chosen.note, "classification": chosen.classification}
        return Description(chosen.title, record, {"entries": chosen.frame()})
    path = content_dir("calibration") / "aggregations" / f"{name}.yaml"
    if name in NAMED_AGGREGATIONS or path.is_file():
        content = read_yaml(path)
        tables = {}
        for axis in ("regions", "sectors"):
            if isinstance(content[axis], dict):
                rows = [
                    {"code": code, "name": group.get("name", ""),
                     "members": " ".join(group["members"])}
                    for code, group in content[axis].items()
                ]  # fmt: skip
                tables[axis] = pd.DataFrame(rows)
        groups = [
            {"axis": axis, "group": group, "codes": " ".join(members)}
            for axis, named in content.get("groups", {}).items()
            for group, members in named.items()
        ]
        tables["groups"] = pd.DataFrame(groups)
        return Description(content.get("title", name), {"table": content["table"]}, tables)
    raise InputError(
        "no such data set", key="NAME", value=name, allowed=[item.name for item in catalogue()]
    )
