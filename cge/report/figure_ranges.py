"""Figures under central assumptions, with their range over all that were solved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.report.cases import CENTRAL

Array = NDArray[np.float64]
_LEVELS = ("low", CENTRAL, "high")


def ranged(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Central figure, least and largest, by some columns.

    Central are the first elasticity set and central returns to research; figures that do not
    depend on returns are the same under any.

    Parameters
    ----------
    rows : DataFrame
        With plain columns elasticities, research_return, value and those of `keys`.
    keys : sequence of str

    Returns
    -------
    DataFrame
        Columns central, low, high, indexed by `keys`.
    """
    keys = list(keys)
    ends = rows.groupby(keys, sort=False)["value"].agg(["min", "max"])
    main = rows[rows["elasticities"] == rows["elasticities"].iloc[0]]
    main = main.iloc[np.argsort(main["research_return"] != CENTRAL, kind="stable")]
    central = main.drop_duplicates(keys).set_index(keys)["value"].reindex(ends.index)
    return pd.DataFrame({"central": central, "low": ends["min"], "high": ends["max"]})


def ends_of(low: Array, high: Array, digits: Sequence[int]) -> dict[tuple[int, int], tuple]:
    """Ranges of the cells of a panel, those that can be seen at the decimals of its columns."""
    return {
        (int(i), int(j)): (float(low[i, j]), float(high[i, j]))
        for i, j in np.ndindex(*low.shape)
        if high[i, j] - low[i, j] > 10.0 ** -(digits[j] + 1)
    }


def range_note(rows: pd.DataFrame) -> str:
    """What the central figure and the brackets are; empty where there is one combination."""
    sets = [name for name in dict.fromkeys(rows["elasticities"]) if name]
    levels = [level for level in _LEVELS if level in set(rows["research_return"])]
    over = []
    if len(sets) > 1:
        over.append(f"elasticities ({', '.join(sets)})")
    if len(levels) > 1:
        over.append(f"returns to research ({', '.join(levels)})")
    middle = CENTRAL if CENTRAL in levels else next(iter(levels), "")
    central = f"elasticities {sets[0]}" + (f", {middle} returns to research" if levels else "")
    if not over:
        return f"Under {central}."
    return (f"Central: {central}. In brackets: least and largest over all combinations of "
            f"{' and '.join(over)}.")  # fmt: skip
