"""Resilience without a disruption solved: who would be hit harder, and who is indispensable.

What a region loses as a buyer is in :mod:`cge.indicators.exposure_losses`, what it relies on in
:mod:`cge.indicators.value_chains`. Here is what it loses as a seller, by hypothetical
extraction, and the ratios of the two. Both sides are counted before anybody adjusts:
buyers find no other supplier, sellers no other market and their factors no other use.

:func:`irreplaceability`, :func:`leverage` and :func:`knowledge_reliance` are functions of
losses and deviations, wherever these come from.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.core.axes import Array, Bools
from cge.core.errors import InputError, check_known
from cge.indicators.exposure_losses import CUT, RESOLUTION, allowed_cut
from cge.indicators.value_chains import abroad, ratio
from cge.indicators.world_io import WorldIO

#: The source of productivity that is knowledge of other regions.
FOREIGN = "foreign"
#: Line of the register.
LINES = """
knowledge_reliance | s | part of the change | indicator | 1 | difference | | | part of the change in productivity that is due to foreign knowledge
"""


# -- what sellers lose --------------------------------------------------------------------


def _lost_income(table: WorldIO, seller: int, sold: slice, buyers: Bools, cut: float) -> float:
    """Factor income of a region lost with a part of its deliveries.

    With ``B`` the input coefficients of what is cut and ``z`` those deliveries, output
    falls by ``L (I + m B L)^-1 m z``: the Leontief inverse after extraction written as an
    update of the one before (Woodbury), the rest of final use unchanged.
    """
    cut, (regions, sectors) = allowed_cut(cut), table.output.shape
    block = table.leontief.reshape(regions, sectors, regions, sectors)
    coefficients = table.coefficients.reshape(block.shape)
    # (sold, buyers, j) and (buyers, j, sold)
    inputs = cut * coefficients[seller, sold][:, buyers]
    reach = block[buyers][:, :, seller, sold]
    missing = cut * table.deliveries.sum(axis=0)[seller, sold][:, buyers].sum(axis=1)
    loops = np.tensordot(inputs, reach, axes=2)
    output = block[seller][:, seller, sold] @ np.linalg.solve(np.eye(len(missing)) + loops, missing)
    return float(table.income.reshape(table.output.shape)[seller] @ output)


def market_extraction_loss(table: WorldIO, cut: float = CUT) -> Array:
    """Factor income of region r lost with a cut of all it delivers to s, (r, s); zero at home.

    Hypothetical extraction of bilateral exports, here in part: Los, B. and M.P. Timmer
    (2018), Measuring bilateral exports of value added: a unified framework, NBER working
    paper 24896; Dietzenbacher, E. and M.L. Lahr (2013), Expanding extractions, Economic
    Systems Research 25. Fraction of the absorption of `r`, NaN if it has none.

    Raises
    ------
    InputError
        If `cut` is not above 0 and at most 1.
    """
    count = len(table.regions)
    lost = np.zeros((count, count))
    for r, s in np.ndindex(count, count):
        if r != s:
            lost[r, s] = _lost_income(table, r, slice(None), np.arange(count) == s, cut)
    return ratio(lost, table.absorption[:, None])


def withholding_loss(table: WorldIO, cut: float = CUT) -> Array:
    """Factor income of region r lost with a cut of its exports of i to everybody, (r, i).

    Hypothetical extraction as in :func:`market_extraction_loss`. Fraction of the absorption
    of `r`, NaN if it has none.

    Raises
    ------
    InputError
        If `cut` is not above 0 and at most 1.
    """
    lost = np.zeros_like(table.output)
    for r, i in np.ndindex(*lost.shape):
        others = np.arange(len(table.regions)) != r
        lost[r, i] = _lost_income(table, r, slice(i, i + 1), others, cut)
    return ratio(lost, table.absorption[:, None])


def export_extraction_loss(table: WorldIO, cut: float = CUT) -> Array:
    """Factor income of region r lost with a cut of all its exports, (r,).

    With a cut of 1 the domestic value added in exports, ``v (I - A_rr)^-1 e``: Los, B.,
    M.P. Timmer and G.J. de Vries (2016), Tracing value-added and double counting in gross
    exports: Comment, American Economic Review 106. Fraction of the absorption of `r`, NaN
    if it has none.

    Raises
    ------
    InputError
        If `cut` is not above 0 and at most 1.
    """
    count = len(table.regions)
    lost = [_lost_income(table, r, slice(None), np.arange(count) != r, cut) for r in range(count)]
    return ratio(np.array(lost), table.absorption)


# -- ratios of losses ---------------------------------------------------------------------


def _over_own(harm: Array, own: Array) -> Array:
    """Quotient, NaN where the own loss is too small to divide by."""
    return ratio(harm, np.where(own > RESOLUTION, own, 0.0))


def irreplaceability(harm: Array, own: Array, size: Array) -> Array:
    """Loss of all others over the own loss of the region that withholds, (r, ...).

    Above one: withholding costs the world more than the region itself. With losses from
    the input-output table only what is delivered directly counts; what third countries no
    longer pass on adds to it.

    Parameters
    ----------
    harm : ndarray (r, ..., s)
        Loss of `s` when `r` withholds, fraction of the absorption of `s`; say by commodity
        from :func:`~cge.indicators.exposure_losses.link_extraction_loss`. A region's own place
        does not count.
    own : ndarray (r, ...)
        What `r` loses itself by withholding from all, fraction of its absorption; say
        from :func:`withholding_loss`.
    size : ndarray (s,)
        Absorption, which makes losses of different regions money.

    Returns
    -------
    ndarray
        NaN where `own` is less than 1e-9 of absorption.
    """
    others = (np.where(abroad(np.ones(harm.shape)) * size > 0, harm, 0.0) * size).sum(axis=-1)
    return _over_own(ratio(others, size.reshape(-1, *(1,) * (own.ndim - 1))), own)


def leverage(harm: Array, own: Array) -> Array:
    """Loss of s over that of r when deliveries from r to s end, (r, s); NaN on the diagonal.

    Each as a fraction of its own absorption, so that it says whom it hurts more for its
    size. Above one: `r` can threaten `s`. Both directions may be above one.

    Parameters
    ----------
    harm, own : ndarray (r, s)
        Loss of the buyer `s` and of the seller `r`, say from
        :func:`~cge.indicators.exposure_losses.supplier_extraction_loss` and
        :func:`market_extraction_loss`.

    Returns
    -------
    ndarray
        NaN where `own` is less than 1e-9 of absorption.
    """
    return np.where(np.eye(len(own), dtype=bool), np.nan, _over_own(harm, own))


# -- knowledge ----------------------------------------------------------------------------


def knowledge_reliance(productivity: Mapping[str, Array], weights: Array) -> Array:
    """Part of the change in log productivity that foreign knowledge makes, (r,).

    ``sum_j w_j dlnA_foreign / sum_j w_j sum_k dlnA_k``. Sources add up, so the parts of
    all of them add up to one; below zero or above one sources pull in different directions.

    Parameters
    ----------
    productivity : mapping of str to ndarray (r, j)
        Log deviations by source, as a year of a path has them; one is ``foreign``.
    weights : ndarray (r, j)
        Say value added.

    Returns
    -------
    ndarray
        NaN where productivity does not change, or sources cancel to rounding.

    Raises
    ------
    InputError
        If foreign knowledge is not among the sources, or shapes differ.
    """
    check_known([FOREIGN], productivity, "no such source of productivity", key="productivity")
    for source, values in productivity.items():
        if values.shape != weights.shape:
            raise InputError(f"array has shape {values.shape}, expected {weights.shape} = (r, j)",
                             key=source)  # fmt: skip
    parts = {source: (weights * values).sum(axis=1) for source, values in productivity.items()}
    total = np.sum(list(parts.values()), axis=0)
    gross = np.sum([np.abs(part) for part in parts.values()], axis=0)
    known = np.abs(total) > RESOLUTION * gross
    return np.divide(parts[FOREIGN], total, out=np.full(total.shape, np.nan), where=known)
