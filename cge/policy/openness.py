"""Knowledge that closes with trade: an assumed response of openness to new tariffs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cge.solve.model import Model

Array = NDArray[np.float64]

#: Tariffs that rise by less are those of the benchmark.
_RAISED = 1e-9


def coverage(model: Model, powers: Array) -> Array:
    """Part of a region's imports of goods from each partner that is under a new tariff.

    Parameters
    ----------
    model : Model
    powers : ndarray (columns,)
        Levels with policy and responses in place.

    Returns
    -------
    ndarray (importer, partner)
        Shares of benchmark imports of goods, fob; all sectors where the benchmark has no
        group ``goods``.
    """
    b = model.benchmark
    tariff, fob = model.variables["tariff"], model.outcomes["fob_value"]
    value = dict(zip(fob.index, model.outcome_start[fob.positions], strict=True))
    traded = np.array([value[cell] for cell in tariff.index])
    raised = powers[tariff.positions] - model.arrays.start[tariff.positions] > _RAISED
    _, exporter, sector, importer = tariff.codes
    goods = b.groups.get("sectors", {}).get("goods", b.sectors)
    counts = np.isin(sector, list(goods)) & (exporter != importer)
    place = {code: n for n, code in enumerate(b.regions)}
    rows = np.array([place[code] for code in importer])
    columns = np.array([place[code] for code in exporter])
    total, hit = np.zeros((2, len(b.regions), len(b.regions)))
    np.add.at(total, (rows, columns), traded * counts)
    np.add.at(hit, (rows, columns), traded * (counts & raised))
    return np.divide(hit, total, out=np.zeros_like(hit), where=total > 0)


def closed_by(share: Array, chi: float) -> Array:
    """Openness left between regions: both sides lose, by the wider of two coverages."""
    return 1 - chi * np.maximum(share, share.T)
