"""Readers of other people's tables: raw arrays, agents, and rules for labour shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import InputError
from cge.data.accounts.shipped import TABLES
from cge.data.accounts.world_table import LABOUR_SHARE_CELL, WorldTable, filled_cells

Agent = Literal["HH", "NPISH", "GOV", "GFCF", "INV"]
AGENTS: tuple[Agent, ...] = get_args(Agent)
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


def user_world_table(
    *, labour_share: Array, default: float, notes: Sequence[str], **accounts: Any
) -> WorldTable:
    """World table of a source with the agents :data:`AGENTS`, labour shares filled by rule.

    Parameters
    ----------
    labour_share : ndarray (s, j)
        Of value added; anything but a share is filled.
    default : float
        Where a region has no labour share at all.
    notes : sequence of str
    **accounts
        The other fields of :class:`~cge.data.accounts.world_table.WorldTable`.
    """
    share, filled = filled_shares(labour_share, default, accounts["regions"], accounts["sectors"])
    if len(filled):
        rule = (
            f"Labour share of value added: {len(filled)} of {share.size} cells filled by rule, "
            f"{default:g} where nothing is known."
        )
        notes = [*notes, rule]
    return WorldTable(
        agents=AGENTS, inventories=("INV",), status="user", labour_share=share, filled=filled,
        notes=tuple(notes), **accounts,
    )  # fmt: skip


def filled_shares(
    share: Array, default: float, regions: Sequence[str], sectors: Sequence[str]
) -> tuple[Array, pd.DataFrame]:
    """Fill labour shares outside 0..1: the region's median, the default where it has none."""
    known = (share > 0) & (share < 1)
    has = known.any(axis=1)
    value = np.array([np.median(s[k]) if k.any() else default for s, k in zip(share, known)])
    s, j = np.nonzero(~known)
    rule = np.where(has, "region_median", "default")[s]
    cells = np.array(regions)[s], np.array(sectors)[j]
    filled = filled_cells(LABOUR_SHARE_CELL, *cells, value[s], rule)
    return np.where(known, share, value[:, None]), filled


def not_shipped(name: str, file: Path | None, key: str) -> None:
    """Refuse the name of a shipped table for a user's."""
    if name in TABLES:
        raise InputError("a shipped table has this name, and files of its own", file=file,
                         key=key, value=name, allowed="another name")  # fmt: skip
