"""A world input-output table as read, before any cleaning."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WorldTable:
    """A multi-regional table at basic prices.

    Parameters
    ----------
    name : str
    year : int
    regions, sectors, agents : tuple of str
        Agents as in the source, inventories included.
    intermediate : ndarray (r, i, s, j)
        Deliveries of origin sector (r, i) to using sector (s, j).
    final : ndarray (r, i, s, d)
        Deliveries to final agents.
    value_added : ndarray (s, j)
        At basic prices, other taxes on production included.
    labour_share : ndarray (s, j)
        Labour compensation over value added.
    inventories : tuple of str
        Agents whose entries may be negative by nature.
    status : {"original", "estimated", "user"}
    unit : str
    notes : tuple of str
    filled : DataFrame
        Cells filled by a rule: ``what, region, sector, value, rule``.
    names : dict
        Readable names by axis (``regions``, ``sectors``) and code.
    """

    name: str
    year: int
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    agents: tuple[str, ...]
    intermediate: Array
    final: Array
    value_added: Array
    labour_share: Array
    inventories: tuple[str, ...] = ()
    status: str = "user"
    unit: str = "million USD"
    notes: tuple[str, ...] = ()
    filled: pd.DataFrame = field(default_factory=pd.DataFrame)
    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        r, i, d = len(self.regions), len(self.sectors), len(self.agents)
        shapes = {
            "intermediate": (r, i, r, i),
            "final": (r, i, r, d),
            "value_added": (r, i),
            "labour_share": (r, i),
        }
        for name, shape in shapes.items():
            array = np.asarray(getattr(self, name), dtype=float)
            if array.shape != shape:
                raise InputError(f"array has shape {array.shape}, expected {shape}", key=name)
            if not np.isfinite(array).all():
                raise InputError("array contains NaN or infinite values", key=name)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def output(self) -> Array:
        """Row totals: gross output at basic prices, (r, i)."""
        return self.intermediate.sum(axis=(2, 3)) + self.final.sum(axis=(2, 3))
