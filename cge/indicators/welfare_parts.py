"""Equivalent variation in parts: by component and place, and by shock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.model.welfare import COMPONENTS

if TYPE_CHECKING:
    from cge.solve.decompose import Decomposition

#: Measure of the parts that GTAP prints.
GTAP_PART = "gtap_part"
#: Lines of the register.
LINES = f"""
{GTAP_PART}           | s | money | indicator | 1 | itself | sum | | part of equivalent variation as GTAP tells it, integrated likewise
ev_part               | s | money | indicator | 1 | itself | sum | | part of equivalent variation, integrated along the path of the policy
ev_part_first_order   | s | money | indicator | 1 | itself | sum | | the same part by the first-order formula
terms_of_trade_effect | s | percent of benchmark absorption | indicator | 1 | itself | mean absorption_value | of which terms of trade | terms-of-trade part of equivalent variation
employment_effect     | s | percent of benchmark absorption | indicator | 1 | itself | mean absorption_value | of which employment | part of equivalent variation by employment and endowments
research_effect       | s | percent of benchmark absorption | indicator | 1 | itself | mean absorption_value | of which research | part of equivalent variation by what extra research costs
trade_efficiency      | s | percent of benchmark absorption | indicator | 1 | itself | mean absorption_value | of which allocative efficiency | allocative parts of equivalent variation
"""
PERCENT = "percent of benchmark absorption"
#: Parts smaller than this share of absorption are zero by construction.
_NOTHING = 1e-13
_KEYS = ["region", "partner", "sector", "item", "shock", "measure"]
_GROUPS = {
    "terms_of_trade_effect": ("terms_of_trade",),
    "employment_effect": ("factor_supply",),
    "research_effect": ("research",),
    "trade_efficiency": tuple(n for n, group in COMPONENTS.items() if group == "allocative"),
}


def welfare_parts(
    found: Decomposition, b: Benchmark, base: Decomposition | None = None,
    absorption: Array | None = None, places: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Parts of equivalent variation as rows.

    Parameters
    ----------
    found : Decomposition
    b : Benchmark
    base : Decomposition, optional
        Of the baseline, whose parts are taken off.
    absorption : ndarray (s,), optional
        What parts are set against; default that of the benchmark.
    places : bool
        Whether parts are also told by partner and sector, and by the first-order formula.

    Returns
    -------
    DataFrame
        region, partner, sector, item (component), shock (empty: all together), measure, value,
        change (per cent of absorption).
    """
    table = _rows(found, places)
    if base is not None:
        less = _rows(base, places).set_index(_KEYS)["value"]
        table = table.set_index(_KEYS)["value"].sub(less, fill_value=0.0).reset_index()
    own = dict(zip(b.regions, b.absorption.tolist(), strict=True))
    table = table[table["value"].abs() > _NOTHING * table["region"].map(own).astype(float)].copy()
    size = b.absorption if absorption is None else absorption
    scale = table["region"].map(dict(zip(b.regions, size.tolist(), strict=True))).astype(float)
    table["change"] = 100 * table["value"] / scale
    return table


def _rows(found: Decomposition, places: bool) -> pd.DataFrame:
    parts = found.parts.rename(columns={"component": "item"})
    by_shock = found.by_shock.rename(columns={"component": "item"})
    if not places:
        keys = ["region", "item"]
        parts = parts.groupby(keys, sort=False, observed=True)["value"].sum().reset_index()
        keys = ["region", "shock", "item"]
        by_shock = by_shock.groupby(keys, sort=False)["value"].sum().reset_index()
    tables = [parts.assign(measure="ev_part")]
    if places:
        first = parts.drop(columns="value").rename(columns={"first_order": "value"})
        tables.append(first.assign(measure="ev_part_first_order"))
    tables.append(by_shock.assign(measure="ev_part"))
    table = pd.concat(tables, ignore_index=True).reindex(columns=[*_KEYS, "value"])
    table[_KEYS] = table[_KEYS].astype(object).where(table[_KEYS].notna(), "")
    return table


def groups(found: Decomposition, b: Benchmark) -> dict[str, Array]:
    """Main parts of equivalent variation, (s,), in per cent of benchmark absorption."""
    totals = found.totals(b.regions).div(b.absorption, axis=0) * 100
    return {name: totals[list(parts)].sum(axis=1).to_numpy() for name, parts in _GROUPS.items()}
