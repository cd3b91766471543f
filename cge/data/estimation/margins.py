"""Margins of a world table: what is known of a year whose table is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cge.core.axes import Array, Axes
from cge.core.errors import InputError, refuse_if

_LETTERS = {
    "intermediate_sales": "ri", "final_sales": "ri", "intermediate_use": "sj", "exports": "ri",
    "trade": "rs",
}  # fmt: skip
#: Margins must agree with each other to this share of the world's total.
AGREE = 1e-9


@dataclass(frozen=True, eq=False)
class Margins:
    """Totals that the table of a year must have, consistent with each other.

    Parameters
    ----------
    year : int
    regions, sectors : tuple of str
    goods : tuple of str
        Sectors whose trade by pair is known.
    intermediate_sales, final_sales : ndarray (r, i)
        At home and abroad; together they are output.
    intermediate_use : ndarray (s, j)
        Inputs of a sector; what output leaves over is value added, product taxes included.
    exports : ndarray (r, i)
        Of intermediates and final goods.
    trade : ndarray (r, s)
        Exports of goods by pair.

    Raises
    ------
    InputError
        For margins that no table can have.
    """

    year: int
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    goods: tuple[str, ...]
    intermediate_sales: Array
    final_sales: Array
    intermediate_use: Array
    exports: Array
    trade: Array

    def __post_init__(self) -> None:
        axes = Axes(self.regions, self.sectors)
        for name, letters in _LETTERS.items():
            array = axes.checked(name, getattr(self, name), letters)
            object.__setattr__(self, name, array)
            axes.refuse(array < 0, "negative value at {cell}", name, letters, array, "values >= 0")
        axes.refuse(self.exports > self.output * (1 + AGREE), "exports of {cell} exceed its output",
                    "exports", "ri", self.exports, "at most the output")  # fmt: skip
        world = self.output.sum()
        agree: Sequence[tuple[str, float, float]] = (
            ("intermediate_use", self.intermediate_use.sum(), self.intermediate_sales.sum()),
            *((f"trade, {region}", *pair) for region, *pair in zip(
                self.regions, self.trade.sum(axis=1), self.goods_exports, strict=True
            )),
        )  # fmt: skip
        for key, one, other in agree:
            if abs(one - other) > AGREE * world:
                raise InputError("margins contradict each other", key=key, value=float(one),
                                 allowed=f"{other:.10g}, as the other margins say")  # fmt: skip
        refuse_if(self.trade.diagonal().any(), "trade of a region with itself", key="trade")

    @cached_property
    def output(self) -> Array:
        """Gross output, (r, i)."""
        return self.intermediate_sales + self.final_sales

    @cached_property
    def value_added(self) -> Array:
        """What output leaves over inputs, product taxes included, (s, j)."""
        return self.output - self.intermediate_use

    @cached_property
    def is_good(self) -> Array:
        """1 where trade by pair is known, (i,)."""
        return np.isin(self.sectors, self.goods).astype(float)

    @cached_property
    def goods_exports(self) -> Array:
        """Exports of goods, (r,)."""
        return self.exports @ self.is_good


def margins_of(
    year: int,
    regions: tuple[str, ...],
    sectors: tuple[str, ...],
    goods: tuple[str, ...],
    intermediate: Array,
    final: Array,
) -> Margins:
    """Margins of a table that is known.

    Parameters
    ----------
    year, regions, sectors, goods
        As in :class:`Margins`.
    intermediate : ndarray (r, i, s, j)
    final : ndarray (r, i, s, d)
    """
    delivered = intermediate.sum(axis=3) + final.sum(axis=3)
    abroad = delivered * (1.0 - np.eye(len(regions)))[:, None, :]
    is_good = np.isin(sectors, goods).astype(float)
    return Margins(
        year, regions, sectors, goods,
        intermediate_sales=intermediate.sum(axis=(2, 3)), final_sales=final.sum(axis=(2, 3)),
        intermediate_use=intermediate.sum(axis=(0, 1)), exports=abroad.sum(axis=2),
        trade=np.einsum("ris,i->rs", abroad, is_good),
    )  # fmt: skip
