"""How far strategic goods and inputs come from abroad."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge.indicators.economy import Economy, Indicator, table_of
from cge.indicators.value_chains import foreign, input_reliance

#: Group of sectors of the benchmark; without it all are meant.
GROUP = "strategic"
#: Group of these indicators.
STRATEGIC = "strategic"

_LINES = """
domestic_share_strategic         | s | percent | indicator | 1 | difference | | Domestic share of strategic goods | purchases of strategic goods from the own region, at the exporter's border
foreign_input_reliance_strategic | s | percent | indicator | 1 | difference | | Foreign input reliance of strategic sectors | foreign inputs of strategic sectors, all stages, weighted with output (Baldwin, Freeman and Theodorakopoulos 2023)
"""


def _of_economy(economy: Economy) -> pd.DataFrame:
    b, table = economy.benchmark, economy.io
    chosen = [b.sectors.index(code) for code in b.groups.get("sectors", {}).get(GROUP, b.sectors)]
    supply = table.fob.sum(axis=0)[:, chosen].sum(axis=1)
    share = 100 * np.diag(supply) / supply.sum(axis=0)
    relied = foreign(input_reliance(table))[:, chosen]
    made = table.output[:, chosen]
    reliance = 100 * np.nansum(relied * made, axis=1) / made.sum(axis=1)
    return table_of(b, [
        ("domestic_share_strategic", share, "s"),
        ("foreign_input_reliance_strategic", reliance, "s"),
    ])  # fmt: skip


INDICATORS = (Indicator(STRATEGIC, _LINES, _of_economy),)
