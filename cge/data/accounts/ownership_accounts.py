"""Capital that is owned abroad: what part of a sector's capital income goes to which region.

Input-output tables do not say who owns capital, so a benchmark has nothing of this unless a user
says it. The accounts stay what they are: what owners receive in the benchmark year is taken to be
a part of what balances trade (:attr:`cge.data.accounts.benchmark.Benchmark.given_balance`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from cge.core.axes import Array, Axes, Bools
from cge.core.identity import digest

#: What parts may add up to beyond one by rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Ownership:
    """Parts of the income of capital that are owned abroad.

    Parameters
    ----------
    share : ndarray (r, s, j)
        Of what capital earns in sector `j` of region `s` the part that is of region `r`; nothing
        where the two are one.
    claims : ndarray of bool (r, s, j)
        Where there are such parts; one of nothing may become one of something.
    """

    share: Array
    claims: Bools

    @classmethod
    def of(cls, share: Array) -> Ownership:
        """Claims where there is a part."""
        return cls(share, np.asarray(share) > 0)

    def checked(self, axes: Axes, capital: Array) -> Ownership:
        """The same with a read-only array of the right shape.

        Parameters
        ----------
        axes : Axes
        capital : ndarray (s, j)
            Income of capital.

        Raises
        ------
        InputError
            For a part that can not be.
        """
        share, key = axes.checked("ownership.share", self.share, "rsj"), "ownership.share"
        claims: Bools = np.array(self.claims, dtype=bool)
        claims.setflags(write=False)
        axes.check_shape("ownership.claims", claims.astype(float), "rsj")
        axes.refuse((share < 0) | (share >= 1), "{cell} has another value", key, "rsj", share,
                    "parts from 0 to below 1")  # fmt: skip
        axes.refuse(~claims & (share > 0), "{cell} is no claim", key, "rsj", share,
                    "0 where there is no claim")  # fmt: skip
        home = np.eye(len(axes.regions), dtype=bool)[:, :, None]
        axes.refuse(home & claims, "{cell} is owned at home", key, "rsj", share,
                    "no claim where owner and region are one")  # fmt: skip
        every = share.sum(axis=0)
        axes.refuse(every > 1 + ROUNDING, "parts of {cell} that are owned abroad add up to more "
                    "than all", key, "sj", every, "parts that add up to 1 at most")  # fmt: skip
        axes.refuse(claims.any(axis=0) & (capital <= 0), "{cell} has no income of capital", key,
                    "sj", every, "sectors that use capital")  # fmt: skip
        return replace(self, share=share, claims=claims)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything."""
        return digest(*(getattr(self, one.name) for one in fields(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, one.name) for one in fields(self))

    def income(self, capital: Array) -> Array:
        """Income from abroad less what is paid abroad, (s,).

        Parameters
        ----------
        capital : ndarray (s, j)
            Income of capital.
        """
        paid = self.share * capital
        return np.asarray(paid.sum(axis=(1, 2)) - paid.sum(axis=(0, 2)))
