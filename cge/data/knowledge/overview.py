"""What `cge data show knowledge` prints: figures by region, parameters, filled cells."""

from __future__ import annotations

import pandas as pd

from cge.data.accounts.shipped import TABLES, table_folder
from cge.data.knowledge.spending import read_figures, shipped_file
from cge.data.parameters.research import load_parameters

_NATIONAL = ("gerd", "basic", "business")


def describe_knowledge() -> dict[str, pd.DataFrame]:
    """Return the tables of the shipped figures, for the latest year of each benchmark table."""
    tables, filled = {}, []
    for name, table in TABLES.items():
        folder = table_folder(name)
        regions, sectors = (
            tuple(pd.read_csv(folder / f"{axis}s.csv")[axis]) for axis in ("region", "sector")
        )
        year = table.years[-1]
        cells = read_figures(shipped_file(name), regions, sectors, year).cells
        columns = {"region": list(regions)}
        for item in _NATIONAL:
            part = cells[cells["item"] == item].set_index("region").loc[list(regions)]
            columns[item] = [f"{value:.2f}" for value in part["value"]]
            columns[f"{item} from"] = [
                f"{year} {rule}".strip() for year, rule in zip(part["year"], part["rule"])
            ]
        tables[f"{name} {year}: R&D (gerd % of GDP; basic, business % of R&D)"] = pd.DataFrame(
            columns
        )
        flagged = cells[cells["filled_percent"].gt(0) | cells["status"].eq("filled")]
        filled.append(
            flagged.assign(what=name + " " + flagged["item"])[
                ["what", "region", "sector", "year", "value", "filled_percent", "rule"]
            ]
        )
    cells = pd.concat(filled, ignore_index=True)
    counts = cells.groupby(["what", "rule"]).size().rename("cells").reset_index()
    parameters = load_parameters().frame()
    return {
        **tables,
        "parameters": parameters,
        "cells filled by rule": counts,
        "filled cells": cells,
    }
