"""Gains from trade by the closed form: what a return to autarky would cost, without solving it.

With Cobb-Douglas shares above the Armington nests, one kind of income, balanced trade and no taxes
domestic shares and elasticities say it all (Arkolakis, Costinot and Rodriguez-Clare 2012; by sector
and with inputs Costinot, A. and A. Rodriguez-Clare (2014), Trade theory with numbers, Handbook of
International Economics 4, section 3). With lambda the domestic share of what is bought of a good,
sigma the elasticity among origins, a the cost shares of inputs and b those of final use,

    ln(W / W_autarky) = sum_i b_i (f_i + m_i),   m_i = sum_k a_ki (x_k + m_k),
    f_i = -ln(lambda_i of final use) / (sigma_i - 1),   x_k the same of inputs.

If all that is bought were final use there would be no m, and b would be shares of all purchases.
A model with other nests, capital and taxes, as this one, has other gains; the closed form says how
much of them rests on domestic shares alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge.core.axes import Array, Bools, ratio
from cge.data.elasticities.nests import NEAR_ONE
from cge.indicators.economy import Economy, Indicator, table_of
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.indicators.world_io import WorldIO

LINES_OF_GAINS = """
gains_from_trade       | s | percent of real income | indicator | 1 | difference | | Gains from trade, closed form | real income that a return to autarky would take by domestic shares and trade elasticities (Costinot and Rodriguez-Clare 2014)
gains_from_trade_final | s | percent of real income | indicator | 1 | difference | | Gains from trade if all were final | the same if all that is bought were final use, without inputs
"""


def gains_from_trade(table: WorldIO, sigma: Array, inputs: bool = True) -> Array:
    """Share of real income that a return to autarky would take, (s,).

    Parameters
    ----------
    table : WorldIO
    sigma : ndarray (i, s)
        Elasticities among origins; where one is not above 1, by more than rounding, autarky has no
        closed form, and the share is NaN.
    inputs : bool
        Whether what sectors buy is input; else all that is bought is taken for final use.
    """
    regions = np.arange(len(table.regions))
    finite = np.where(sigma > 1 + NEAR_ONE, sigma - 1, np.nan)

    def dearer(bought: Array) -> Array:
        """Rise of the log of the price of purchases (r, i, s) if all are from home, (i, s)."""
        with np.errstate(divide="ignore"):
            return -np.log(ratio(bought[regions, :, regions].T, bought.sum(axis=0), 1.0)) / finite

    used = table.intermediate.sum(axis=3)
    if not inputs:
        every = used + table.final
        return _lost(every.sum(axis=0), dearer(every))
    shares = ratio(table.intermediate.sum(axis=0), table.output[None])  # (k, s, i)
    direct, made = dearer(used), np.empty((len(table.sectors), len(regions)))
    for s in regions:
        own = shares[:, s].T
        made[:, s] = np.linalg.solve(np.eye(len(own)) - own, own @ direct[:, s])
    return _lost(table.final.sum(axis=0), dearer(table.final) + made)


def _lost(spent: Array, dearer: Array) -> Array:
    """Share of real income that goes if what is bought of each good, (i, s), becomes dearer."""
    return np.asarray(1 - np.exp(-(ratio(spent, spent.sum(axis=0)) * dearer).sum(axis=0)))


def among_origins(table: WorldIO, nests: Array, users: Bools | None = None) -> Array:
    """Elasticities among origins by product and buyer, means over uses, (i, s).

    Parameters
    ----------
    table : WorldIO
    nests : ndarray (u, i, s)
        By use.
    users : ndarray of bool (u,), optional
        Uses that count: those that buy of others than home through a bundle of imports choose
        between home and imports themselves, the bundle does not.
    """
    bought = table.deliveries.sum(axis=1)
    if users is not None:
        bought, nests = bought[users], nests[users]
    every = bought.sum(axis=0)
    return np.where(every > 0, ratio((nests * bought).sum(axis=0), every), nests.mean(axis=0))


def _of_economy(economy: Economy) -> pd.DataFrame:
    b, table = economy.benchmark, economy.io
    nests = b.elasticities[economy.solution.model.horizon].armington
    sigma = among_origins(table, nests, ~b.on_border)
    return table_of(table, [
        ("gains_from_trade", 100 * gains_from_trade(table, sigma), "s"),
        ("gains_from_trade_final", 100 * gains_from_trade(table, sigma, inputs=False), "s"),
    ])  # fmt: skip


INDICATORS = (Indicator(VALUE_CHAINS, LINES_OF_GAINS, _of_economy),)
