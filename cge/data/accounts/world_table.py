"""A world input-output table as read, before any cleaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from cge.core.axes import Array, Axes

Column = Sequence[Any] | NDArray[Any] | pd.Series
#: Entry of the record of filled cells.
LABOUR_SHARE_CELL = "labour share of value added"

_LETTERS = {"intermediate": "risj", "final": "risd", "value_added": "sj", "labour_share": "sj"}


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
        Cells filled by a rule, see :func:`filled_cells`.
    names : dict
        Readable names by axis (``regions``, ``sectors``) and code.
    source : str
        Source of published tables whose files it was read from.
    codes : str
        Shipped table whose regions and sectors it has; empty where they are its own.
    inside : dict
        Codes that the data do not tell apart, and those in which they are.
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
    source: str = ""
    codes: str = ""
    inside: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, letters in _LETTERS.items():
            object.__setattr__(self, name, self.axes.checked(name, getattr(self, name), letters))

    @cached_property
    def axes(self) -> Axes:
        """Codes of the axes."""
        return Axes(self.regions, self.sectors, agents=self.agents)

    @property
    def coded_as(self) -> str:
        """Table whose codes it has."""
        return self.codes or self.name

    @property
    def output(self) -> Array:
        """Row totals: gross output at basic prices, (r, i)."""
        return self.intermediate.sum(axis=(2, 3)) + self.final.sum(axis=(2, 3))


def filled_cells(
    what: str, region: Column, sector: Column, value: Column | float, rule: Column | str
) -> pd.DataFrame:
    """Record of cells that a rule filled, one row each, with the columns of its arguments."""
    columns = {"what": what, "region": region, "sector": sector, "value": value, "rule": rule}
    return pd.DataFrame(columns).reset_index(drop=True)
