"""Prices of imports to their buyers, over which the premium of a backstop stands.

A stress test needs its level, the frontier how its logarithm moves with a policy. Both are
made of one definition, which stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.solve.model import Model
from cge.solve.solution import Allocation

#: One number or several for each cell of an outcome.
ByCell = TypeVar("ByCell", Array, sparse.csr_array)

#: What is spent on a route, and what arrives: their ratio is the price that its buyer pays.
SPENT, ARRIVED = "route_spending", "arrivals"


def purchaser_prices(at: Allocation) -> Array:
    """Cost to its buyer of what arrives on each route, relative to the benchmark, (routes,)."""
    start = at.model.start
    before = start.values(SPENT) / start.values(ARRIVED)
    return (at.values(SPENT) / at.values(ARRIVED)) / before


class BackstopRoutes:
    """Routes on which a backstop stands in for an import, with the domestic variety beside it.

    Parameters
    ----------
    model : Model
        With backstops.

    Attributes
    ----------
    imports, home : ndarray of int (routes with a backstop,)
        Positions of the import and of the buyer's domestic variety among all routes.
    """

    def __init__(self, model: Model) -> None:
        every = model.outcomes[ARRIVED]
        covered = model.variables["variety_price"]
        home = [every.place[u, s, i, s] - every.start for u, _, i, s in covered.index]
        self.imports: Integers = every.matching(covered)
        self.home: Integers = np.array(home, dtype=np.int64)

    def relative_price(self, prices: Array) -> Array:
        """Price of the import over that of the domestic variety, (routes with a backstop,).

        The premium is over the price that the import has before a disruption, so that a tariff
        alone does not bring the backstop in.

        Parameters
        ----------
        prices : ndarray (routes,)
            Of :func:`purchaser_prices`.
        """
        return prices[self.imports] / prices[self.home]

    def price_change(self, of: Callable[[str], ByCell]) -> ByCell:
        """Change of the log of the import's price.

        Parameters
        ----------
        of : callable
            Changes of the logs of an outcome by cell.
        """
        return of(SPENT)[self.imports] - of(ARRIVED)[self.imports]

    def relative_price_change(self, of: Callable[[str], ByCell]) -> ByCell:
        """Change of the log of :meth:`relative_price`, as :meth:`price_change`."""
        return self.price_change(of) - (of(SPENT)[self.home] - of(ARRIVED)[self.home])
