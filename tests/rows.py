"""Rows of results of a solution, for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge import Solution, tabulate
from cge.indicators.value_chain_rows import INDICATORS, VALUE_CHAINS

PLACES = ["region", "partner", "sector", "item"]


def rows_of(solution: Solution, base: Solution | None = None, **wanted: object) -> pd.DataFrame:
    """Rows of a solution; a place that is not named is missing."""
    frame = tabulate(solution, base, **wanted)  # type: ignore[arg-type]
    frame[PLACES] = frame[PLACES].replace("", np.nan)
    return frame


def value_chains_of(solution: Solution) -> pd.DataFrame:
    """Rows of the indicators of value chains."""
    names = set(INDICATORS[0].quantities)
    return rows_of(solution, groups=(VALUE_CHAINS,), measures=names)
