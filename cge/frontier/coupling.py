"""Levels from which a disruption sets out, log-linear in the unknowns of the long run.

Weights at the point of the menu to which a nest has adapted are ``-(sL - sS) (ln p - ln P)``:
the price P of a nest with long-run elasticities is an unknown of the long run, and prices of
inputs are monomials of its unknowns, ratios of one-term outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from cge.core.axes import Integers
from cge.dynamics.sourcing import NESTS
from cge.frontier.preshock_map import PreShockMap
from cge.frontier.tracking import Tracked
from cge.solve.model import Model
from cge.solve.system import SquareSystem

#: The price of each nest, a variable of the long run, and the nest's axes in its order.
_NEST_PRICES = {
    "armington": ("composite_price", "uis"), "intermediate": ("material_price", "sj"),
    "final": ("agent_price", "sd"), "value_added": ("value_added_price", "sj"),
}  # fmt: skip
#: What the cost of a sector's unit of output is made of, its top nest.
_COST = ("basic_price", "net_of_output_tax", "productivity")


def spread_of(system: SquareSystem) -> sparse.csr_array:
    """Changes of logs of columns (levels where free) with the unknowns of a system."""
    unit: Any = sparse.eye_array(system.size, format="csr")
    return sparse.csr_array(system.spread(unit))


def given_map(
    preshock: PreShockMap, first: sparse.csr_array, idle: Mapping[int, int], tracked: Tracked
) -> sparse.csr_array:
    """Changes of the logs of what a disruption is given with the unknowns.

    Parameters
    ----------
    preshock : PreShockMap
    first : csr_array (columns of the long-run model, unknowns)
        Changes of the logs of its columns.
    idle : mapping of int to int
        Unknowns that are the log of what is left of a factor, by its column.
    tracked : Tracked
        The disruption's system.

    Returns
    -------
    csr_array (columns of the short-run model, unknowns)
    """
    short, sourcing, routes = preshock.short, preshock.sourcing, preshock.routes
    here = np.flatnonzero(preshock.places >= 0)
    pick = sparse.csr_array(
        (np.ones(len(here)), (here, preshock.places[here])),
        shape=(len(preshock.places), first.shape[0]),
    )
    pre = sparse.csr_array(pick @ first)
    price, nest = _prices(short)
    reach = sparse.diags_array(-sourcing.menu.reach[sourcing.menu.nest])
    given = _replaced(pre, sourcing.columns, sparse.csr_array(reach @ ((price - nest) @ pre)))
    premiums = short.variables["backstop_premium"]
    relative = routes.relative_price_change(
        lambda name: sparse.csr_array(_leading(short, name) @ pre)
    )
    given = _replaced(given, np.arange(premiums.start, premiums.start + len(premiums)), relative)
    extra = sparse.csr_array(
        (np.ones(len(idle)), (list(idle), list(idle.values()))), shape=given.shape
    )
    keep = np.ones(len(preshock.places))
    keep[tracked.system.unknown] = 0.0
    keep[tracked.resolved.fixed] = 0.0
    return sparse.csr_array(sparse.diags_array(keep) @ (given + extra))


def _replaced(matrix: sparse.csr_array, rows: Integers, by: sparse.csr_array) -> sparse.csr_array:
    """Matrix with some rows replaced."""
    order = np.arange(matrix.shape[0])
    order[rows] = matrix.shape[0] + np.arange(len(rows))
    return sparse.csr_array(sparse.vstack([matrix, by], format="csr")[order])


def _leading(model: Model, name: str) -> sparse.csr_array:
    """Exponents of the first term of every outcome of a family, or of a variable."""
    if name in model.variables:
        return _column(model, name)
    rows, matrix = model.outcomes[name].positions, model.arrays.outcome_coefficients
    first = matrix.indices[matrix.indptr[np.arange(rows.start, rows.stop)]]
    return sparse.csr_array(model.arrays.exponents[first])


def _column(model: Model, name: str) -> sparse.csr_array:
    block = model.variables[name]
    n = np.arange(len(block))
    shape = (len(block), len(model.arrays.start))
    return sparse.csr_array((np.ones(len(n)), (n, block.start + n)), shape=shape)


def _prices(short: Model) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Logs of the prices of inputs, and of their nests, by column: exponents.

    Weights stand in the value of an input as they do in its quantity and cancel.
    """
    prices: list[sparse.csr_array] = []
    nests: list[sparse.csr_array] = []
    for nest, inputs in NESTS.items():
        for one in inputs:
            weight = short.variables[one.weight]

            def cells(name: str, weight: Any = weight) -> sparse.csr_array:
                table = short.variables if name in short.variables else short.outcomes
                return sparse.csr_array(_leading(short, name)[table[name].matching(weight)])

            if one.price:
                prices.append(cells(one.price))
                basic, kept, productivity = (cells(name) for name in _COST)
                nests.append(sparse.csr_array(basic + kept + productivity))
                continue
            prices.append(sparse.csr_array(cells(one.value) - cells(one.quantity)))
            name, axes = _NEST_PRICES[nest]
            place = {cell: n for n, cell in enumerate(short.variables[name].index)}
            at = [weight.axes.index(axis) for axis in axes]
            found = [place[tuple(cell[a] for a in at)] for cell in weight.index]
            nests.append(sparse.csr_array(_column(short, name)[np.array(found, dtype=np.int64)]))
    return (sparse.csr_array(sparse.vstack(prices, format="csr")),
            sparse.csr_array(sparse.vstack(nests, format="csr")))  # fmt: skip
