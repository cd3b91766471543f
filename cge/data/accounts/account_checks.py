"""What accounts must be before a model is made of them, beside that they add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cge.core.axes import Array
from cge.core.errors import refuse_first, refuse_if


def relative(gap: Array, account: Array) -> Array:
    """Gaps as shares of the accounts in which they are, of the largest one where one is empty."""
    scale = np.where(account > 0, account, max(float(np.max(account)), 1e-300))
    return gap / scale


def check_regions(
    regions: Sequence[str], absorption: Array, factor_payments: Array, flows: Array
) -> None:
    """Refuse regions without demand or income, and groups of them that nothing relates.

    Parameters
    ----------
    regions : sequence of str
    absorption : ndarray (s,)
    factor_payments : ndarray (s, j, f)
    flows : ndarray (u, r, i, s)

    Raises
    ------
    InputError
        Naming them.
    """
    dead = (absorption <= 0) | (factor_payments.sum(axis=(1, 2)) <= 0)
    refuse_first(np.array(regions)[dead].tolist(),
                 "region has no final demand or no factor income", key="regions")  # fmt: skip
    groups = _trading_groups(regions, flows)
    refuse_if(len(groups) > 1, "groups of regions trade with nobody outside, so that nothing "
              "relates the prices of one to those of another: "
              f"{'; '.join(map(', '.join, groups))}", key="regions",
              allowed="regions that trade, if through others; leave the smaller groups out, or "
              "join them to a region")  # fmt: skip


def _trading_groups(regions: Sequence[str], flows: Array) -> list[list[str]]:
    """Regions that trade with each other, if through others, group by group."""
    trade = flows.sum(axis=(0, 2)) > 0
    linked = trade | trade.T | np.eye(len(trade), dtype=bool)
    for _ in range(len(trade).bit_length()):
        linked = linked @ linked
    return [[code for code, own in zip(regions, row, strict=True) if own]
            for row in np.unique(linked, axis=0)[::-1]]  # fmt: skip
