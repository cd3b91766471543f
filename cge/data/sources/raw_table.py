"""What the readers of other people's tables share: agents, defaults, the raw arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.shipped import TABLES

Array = NDArray[np.float64]

AGENTS = ("HH", "NPISH", "GOV", "GFCF", "INV")
#: Where compensation of employees is not in the source.
LABOUR_SHARE = 0.6
#: Largest share of world output by which columns may miss rows before a table is refused.
TOLERANCE = 0.10


@dataclass(frozen=True, eq=False)
class RawTable:
    """A source's arrays before names are understood.

    Parameters
    ----------
    regions, sectors : tuple of str
    intermediate : ndarray (r, i, s, j)
    final : ndarray (r, i, column)
    final_names : tuple of (region, category)
        Of the columns of `final`.
    inputs : mapping
        Rows of primary inputs by name, (s, j).
    unit : str
    year : int, optional
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    intermediate: Array
    final: Array
    final_names: tuple[tuple[str, str], ...]
    inputs: Mapping[str, Array]
    unit: str
    year: int | None


def filled_shares(
    share: Array, default: float, regions: Sequence[str], sectors: Sequence[str]
) -> tuple[Array, pd.DataFrame]:
    """Fill labour shares outside 0..1: the region's median, the default where it has none."""
    known = (share > 0) & (share < 1)
    cells = []
    result = share.copy()
    for s, region in enumerate(regions):
        has = known[s].any()
        fallback = float(np.median(share[s][known[s]])) if has else default
        rule = "region_median" if has else "default"
        for j in np.flatnonzero(~known[s]):
            result[s, j] = fallback
            cells.append(
                {"what": "labour share of value added", "region": region,
                 "sector": sectors[int(j)], "value": fallback, "rule": rule}
            )  # fmt: skip
    columns = ["what", "region", "sector", "value", "rule"]
    return result, pd.DataFrame(cells, columns=columns)


def not_shipped(name: str, file: Path | None, key: str) -> None:
    if name in TABLES:
        raise InputError("a shipped table has this name, and files of its own", file=file,
                         key=key, value=name, allowed="another name")  # fmt: skip
