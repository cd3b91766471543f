"""Business research of small and of large firms, told apart.

Firms of either size f do a part s_f of a sector's business research. They differ in what it
does: a unit of theirs adds q_f units to the knowledge that the sector itself uses, and m_f units
to what other sectors and other countries learn from (Bloom, Schankerman and Van Reenen 2013);
and in how their spending answers to its cost, by the elasticity -a_f in the long run, which is
the additionality of a credit. Only ratios of small to large are parameters: the means over both

    sum_f s_f q_f = sum_f s_f m_f = sum_f s_f a_f = 1

are those of all business research, of which rates of return are measured. So nothing changes where
both spend as ever, and to first order nothing where a credit is for all firms alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cge.core.axes import Array
from cge.core.errors import refuse_if

#: Sizes of firms, in the order of all pairs here.
SMALL, LARGE = "small", "large"
#: Parameters of a path by name; the first is nought where sizes are not told apart.
SHARE = "small_share"
PARAMETERS = (SHARE, "small_return", "small_spillover", "small_additionality")
Pair = tuple[Array, Array]


@dataclass(frozen=True)
class FirmSizes:
    """Small and large firms.

    Parameters
    ----------
    share : float
        Of small firms in business research.
    own, spillover, additionality : float
        Of a unit of research of small firms, over that of large ones.
    """

    share: float
    own: float = 1.0
    spillover: float = 1.0
    additionality: float = 1.0

    @classmethod
    def of(cls, values: Mapping[str, float]) -> FirmSizes | None:
        """Those that parameters mean; None where sizes are not told apart.

        Raises
        ------
        InputError
            If small firms do all research.
        """
        share, *ratios = (values[name] for name in PARAMETERS)
        refuse_if(share >= 1, "leaves no research to large firms", key=f"path.parameters.{SHARE}",
                  value=share, allowed="from 0 to below 1")  # fmt: skip
        return cls(share, *ratios) if share > 0 else None

    @property
    def shares(self) -> tuple[float, float]:
        """Of small and of large firms."""
        return self.share, 1 - self.share

    def pair(self, ratio: float) -> tuple[float, float]:
        """Values of small and large firms with a ratio and a mean of one."""
        large = 1 / (self.share * ratio + 1 - self.share)
        return ratio * large, large

    @property
    def elasticities(self) -> tuple[float, float]:
        """Long-run elasticities of spending to what a firm pays less."""
        return self.pair(self.additionality)

    def total(self, business: Pair, ratio: float = 1.0) -> Array:
        """Research of both, of a unit of which so much counts, over the baseline's."""
        small, large = self.pair(ratio)
        return self.share * small * business[0] + (1 - self.share) * large * business[1]


@dataclass(frozen=True, eq=False)
class BySize:
    """State of the research of small and large firms, relative to the baseline.

    Parameters
    ----------
    business : pair of ndarray (r, j)
        Last year's research of small and of large firms.
    pending : tuple of ndarray (r, j)
        Applied research, as it spills over, that is not in the stock yet, oldest first.
    spilling : ndarray (r, j)
        Stock of applied knowledge as others learn from it.
    """

    business: Pair
    pending: tuple[Array, ...]
    spilling: Array
