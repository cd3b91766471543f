"""What a supplier link is worth to the region that buys, to the first order.

A link is what sector `i` of region `r` delivers to region `s`. Nothing is solved: each
measure is a function of a :class:`~cge.indicators.world_io.WorldIO`, hence of a benchmark or
of an equilibrium, and a fraction of the absorption of `s`, its final use at basic prices.

A share is what a small shortage costs, per unit of the cut, where buyers adjust as prices
tell them (Hulten 1978). What a large one costs if they cannot is in
:mod:`cge.indicators.exposure_losses`; between the two lies what a model with prices finds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cge.indicators.value_chains import ratio, value_added_by_destination
from cge.indicators.world_io import WorldIO

Array = NDArray[np.float64]


def absorption(table: WorldIO) -> Array:
    """Final use of each region at basic prices, (s,), in the table's unit."""
    return np.asarray(table.final.sum(axis=(0, 1)))


def of_absorption(table: WorldIO, values: Array) -> Array:
    """Return values (r, ..., s) over the absorption of `s`, zero at home.

    NaN where a region absorbs nothing.
    """
    count = len(table.regions)
    away = (1.0 - np.eye(count)).reshape((count,) + (1,) * (values.ndim - 2) + (count,))
    return ratio(values * away, absorption(table))


def link_share(table: WorldIO) -> Array:
    """Deliveries of (r, i) to region s over the absorption of s, (r, i, s); zero at home.

    At face value and at basic prices, inputs of exporters included: the first-order loss
    per unit of the cut. Hulten, C.R. (1978), Growth accounting with intermediate inputs,
    Review of Economic Studies 45.
    """
    return of_absorption(table, table.deliveries.sum(axis=0))


def link_share_look_through(table: WorldIO) -> Array:
    """Output of (r, i) that the final use of s needs, over its absorption, (r, i, s).

    ``L F``, through all stages and third countries; zero at home. To the first order the
    rise in the cost of final use in `s` per unit of cost of (r, i): its exposure in
    Baqaee, D.R. and E. Farhi (2024), Networks, barriers, and trade, Econometrica 92.
    Unlike :func:`link_share` it leaves out what `s` exports again. In gross output: what
    several sectors of `r` make of each other's output counts in each of them.
    """
    needed = table.leontief @ table.final.reshape(table.size, -1)
    return of_absorption(table, needed.reshape(table.final.shape))


def link_value_added_share(table: WorldIO) -> Array:
    """Factor income of (r, i) in the final use of s, over its absorption, (r, i, s).

    ``v L F``; zero at home. Free of double counting: over all `r` and `i`, with what the
    region's own factors and taxes get, one. Johnson, R.C. and G. Noguera (2012),
    Accounting for intermediates, Journal of International Economics 86.
    """
    return of_absorption(table, value_added_by_destination(table))
