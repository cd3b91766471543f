"""Capital from year to year, relative to a path of balanced growth.

In levels K' = (1 - delta) K + I by region and sector. On the baseline everything grows at
the rate g, so investment there is (g + delta) K, and with all variables relative to it

    k' = ((1 - delta) k + (g + delta) i e) / (1 + g)

where i is the region's real investment (the investment agent's bundle) and e the sector's
share in it over its share in the benchmark. Investors put more where returns are above
the region's mean: the shares they want are those of the capital in place times
(return / mean return)**zeta, and they get part of the way there in a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, ratio


@dataclass(frozen=True)
class Settings:
    """Parameters of the path; see calibration/dynamics and calibration/short_run.

    Parameters
    ----------
    growth : float
        Of the baseline, per year.
    depreciation : float
        Of capital, per year.
    inertia : float
        What is left of the distance to adapted sourcing weights after a year.
    response : float
        zeta: by how much investment follows differences in returns.
    speed : float
        Part of the way to the wanted allocation of investment in a year, 0 to 1.
    external_response : float
        Rise of relative wages a year for each unit of absorption that is lent.
    habit_speed : float
        Part of the way in which accustomed spending follows income in a year.
    interest : float
        On what is borrowed, per year.
    accumulates : bool
        Whether capital follows investment; else the region's total stays on the baseline
        and is only reallocated.
    """

    growth: float
    depreciation: float
    inertia: float
    response: float
    speed: float
    external_response: float
    habit_speed: float
    interest: float
    accumulates: bool = True


@dataclass(frozen=True, eq=False)
class CapitalLaw:
    """Law of motion of capital, over time and between sectors.

    Parameters
    ----------
    share : ndarray (s, j)
        Of a sector in its region's capital in the benchmark.
    settings : Settings
    """

    share: Array
    settings: Settings

    def next(self, stock: Array, investment: Array, returns: Array) -> Array:
        """Next year's stocks relative to the baseline, (s, j).

        Parameters
        ----------
        stock : ndarray (s, j)
            This year's, relative to the baseline.
        investment : ndarray (s,)
            Real investment relative to the baseline.
        returns : ndarray (s, j)
            Price of capital by sector relative to the benchmark.
        """
        given, in_place = self.settings, self.share * stock
        total = np.maximum(in_place.sum(axis=1, keepdims=True), 1e-300)
        mean = (in_place * returns).sum(axis=1, keepdims=True) / total
        relative = np.divide(returns, mean, out=np.ones_like(returns), where=in_place > 0)
        wanted = in_place * relative**given.response
        wanted = wanted / np.maximum(wanted.sum(axis=1, keepdims=True), 1e-300)
        here = in_place / total
        allocation = (1 - given.speed) * here + given.speed * wanted
        spent = investment[:, None] if given.accumulates else np.ones_like(total)
        added = ratio(allocation, self.share)
        g, delta = given.growth, given.depreciation
        grown = ((1 - delta) * stock + (g + delta) * spent * added) / (1 + g)
        return np.where(self.share > 0, grown, stock)
