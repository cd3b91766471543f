"""Figures on research by region, parameters and filled cells, as `cge data show` prints them."""

from __future__ import annotations

import pandas as pd

from cge.data.accounts.shipped import TABLES, table_codes
from cge.data.knowledge.spending import read_figures, shipped_file
from cge.data.parameters.parameter_files import load_knowledge_parameters


def describe_knowledge() -> dict[str, pd.DataFrame]:
    """Tables of the shipped figures, for the latest year of each benchmark table."""
    tables, filled = {}, []
    for name, table in TABLES.items():
        regions, sectors = (table_codes(name, axis) for axis in ("regions", "sectors"))
        year = table.years[-1]
        cells = read_figures(shipped_file(name), regions, sectors, year).cells
        columns = {"region": list(regions)}
        for item in ("gerd", "basic", "business"):
            part = cells[cells["item"] == item].set_index("region").loc[list(regions)]
            columns[item] = [f"{value:.2f}" for value in part["value"]]
            columns[f"{item} from"] = [
                f"{year} {rule}".strip() for year, rule in zip(part["year"], part["rule"])
            ]
        title = f"{name} {year}: R&D (gerd % of GDP; basic, business % of R&D)"
        tables[title] = pd.DataFrame(columns)
        flagged = cells[cells["filled_percent"].gt(0) | cells["status"].eq("filled")]
        filled.append(flagged.assign(what=name + " " + flagged["item"]))
    cells = pd.concat(filled, ignore_index=True)
    cells = cells[["what", "region", "sector", "year", "value", "filled_percent", "rule"]]
    return {
        **tables,
        "parameters": load_knowledge_parameters().frame(),
        "cells filled by rule": cells.groupby(["what", "rule"]).size().reset_index(name="cells"),
        "filled cells": cells,
    }
