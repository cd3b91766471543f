"""A world table estimated from an older one and from margins of its year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Array
from cge.data.estimation.margins import Margins
from cge.data.estimation.prior import OldTable, Templates, prior_of
from cge.data.estimation.scaling import TOLERANCE, Scaled, Totals, scaled

Positions = NDArray[np.intp]

#: What of an estimated table is given, and what only follows from the older one.
CONSTRAINTS: Mapping[str, str] = {
    "intermediate sales": "by region and sector",
    "final sales": "by region and sector; with intermediate sales they are output",
    "intermediate use": "by region and sector; value added is what is left of output",
    "exports": "by region and sector",
    "trade in goods": "by exporter and importer",
}
PRIORS: Mapping[str, str] = {
    "inputs by commodity": "which inputs a sector uses, from home and abroad",
    "trade by commodity": "which goods a pair trades, beyond the exporter's total",
    "trade in services": "who buys the services that a region exports",
    "final demand by kind": "households, government and investment in what is sold for final use",
}


@dataclass(frozen=True, eq=False)
class Estimated:
    """An estimated table.

    Parameters
    ----------
    margins : Margins
    intermediate : ndarray (r, i, s, j)
    final : ndarray (r, i, s, d)
    fit : Scaled
        How its margins were met.
    """

    margins: Margins
    intermediate: Array
    final: Array
    fit: Scaled


def estimate(
    old: OldTable, margins: Margins, templates: Templates | None = None,
    tolerance: float = TOLERANCE,
) -> Estimated:  # fmt: skip
    """Estimate the table of a year from its margins and an older table.

    Parameters
    ----------
    old : OldTable
    margins : Margins
    templates : mapping, optional
        Of each region that is not in the old table, weights of some that are.
    tolerance : float
        Largest gap of a margin, as a share of it.

    Raises
    ------
    InputError
        For margins that contradict each other or that the prior can not meet.
    """
    prior = prior_of(old, margins, templates or {})
    i = len(margins.sectors)
    cells = np.nonzero(prior)
    fit = scaled(prior[cells], totals_of(margins, *cells), tolerance)
    table = np.zeros_like(prior)
    table[cells] = fit.cells
    return Estimated(margins, table[..., :i], table[..., i:], fit)


def totals_of(
    margins: Margins, r: Positions, i: Positions, s: Positions, u: Positions
) -> list[Totals]:
    """Margins as totals of cells with given origin, commodity, region of use and user."""
    m = margins
    regions, sectors = len(m.regions), len(m.sectors)
    input_ = u < sectors
    abroad = r != s
    traded = abroad & (m.is_good[i] > 0)
    cells = [f"[{a}, {b}]" for a in m.regions for b in m.sectors]
    pairs = [f"[{a}, {b}]" for a in m.regions for b in m.regions]
    row, column = r * sectors + i, s * sectors + np.minimum(u, sectors - 1)
    return [
        Totals(name, np.where(counted, group, -1), total.ravel(), names)
        for name, counted, group, total, names in (
            ("final sales", ~input_, row, m.final_sales, cells),
            ("exports", abroad, row, m.exports, cells),
            ("trade in goods", traded, r * regions + s, m.trade, pairs),
            ("intermediate sales", input_, row, m.intermediate_sales, cells),
            ("intermediate use", input_, column, m.intermediate_use, cells),
        )
    ]
