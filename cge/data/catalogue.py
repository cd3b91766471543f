"""Calibrated data and where they come from: the content behind `cge data`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cge.core.content import calibration_file
from cge.core.errors import InputError
from cge.core.files import read_yaml
from cge.data.accounts.calibration import calibrate
from cge.data.accounts.shipped import TABLES, read_provenance, table_folder
from cge.data.elasticities.sets import NAMED_SETS, load_elasticity_set
from cge.data.knowledge.overview import describe_knowledge
from cge.data.parameters.parameter_files import load_disruption_parameters, load_dynamics_parameters

#: Folders of calibration/ that are data sets, each with the tables shown of it.
_FOLDERS: Mapping[str, Callable[[], Mapping[str, pd.DataFrame]]] = {
    "factors": dict,
    "tariffs": dict,
    "elasticities": dict,
    "knowledge": describe_knowledge,
    "dynamics": lambda: {"parameters": load_dynamics_parameters().frame()},
    "disruptions": lambda: {"parameters": load_disruption_parameters().frame()},
}


@dataclass(frozen=True)
class DataSet:
    """One line of `cge data list`."""

    name: str
    kind: str
    title: str
    status: str


@dataclass(frozen=True)
class Description:
    """Provenance of a data set, tables of its figures, and filled cells."""

    title: str
    provenance: Mapping[str, object]
    tables: Mapping[str, pd.DataFrame]


def catalogue() -> list[DataSet]:
    """Everything that ships, tables first."""
    items = [DataSet(t.name, "table", t.title, t.status) for t in TABLES.values()]
    for name in _FOLDERS:
        record = read_provenance(calibration_file(name))
        items.append(DataSet(name, "data", str(record.get("title", name)), "see provenance"))
    for name in NAMED_SETS:
        items.append(DataSet(name, "elasticities", load_elasticity_set(name).title, "per entry"))
    for name, content in _aggregations().items():
        title = f"{content.get('title', '')} (of {content['table']})"
        items.append(DataSet(name, "aggregation", title, ""))
    return items


def _aggregations() -> dict[str, dict[str, Any]]:
    paths = sorted(calibration_file("aggregations").glob("*.yaml"))
    return {path.stem: read_yaml(path) for path in paths}


def describe(name: str, year: int | None = None) -> Description:
    """Provenance and figures of a shipped data set.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name in TABLES:
        result = calibrate(name, year, "full")
        filled = result.filled
        counts = filled.groupby(["what", "rule"]).size().reset_index(name="cells")
        return Description(
            TABLES[name].title,
            read_provenance(table_folder(name)),
            {"cleaning": result.report, "cells filled by rule": counts, "filled cells": filled},
        )
    if year is not None:
        raise InputError(
            "only tables have years", key="--year", value=year, allowed=f"with {', '.join(TABLES)}"
        )
    if name in _FOLDERS:
        record = read_provenance(calibration_file(name))
        return Description(str(record.get("title", name)), record, _FOLDERS[name]())
    if name in NAMED_SETS:
        chosen = load_elasticity_set(name)
        record = {"name": chosen.name, "note": chosen.note, "classification": chosen.classification}
        return Description(chosen.title, record, {"entries": chosen.frame()})
    if (aggregations := _aggregations()).get(name):
        return _describe_aggregation(aggregations[name])
    raise InputError(
        "no such data set", key="NAME", value=name, allowed=[item.name for item in catalogue()]
    )


def _describe_aggregation(content: Mapping[str, Any]) -> Description:
    tables = {}
    for axis in ("regions", "sectors"):
        if isinstance(content[axis], dict):
            rows = [(code, part.get("name", ""), " ".join(part["members"]))
                    for code, part in content[axis].items()]  # fmt: skip
            tables[axis] = pd.DataFrame(rows, columns=["code", "name", "members"])
    groups = [
        (axis, group, " ".join(members))
        for axis, named in content.get("groups", {}).items()
        for group, members in named.items()
    ]
    tables["groups"] = pd.DataFrame(groups, columns=["axis", "group", "codes"])
    return Description(content["title"], {"table": content["table"]}, tables)
