"""The pre-shock equilibrium that a policy sets, and how it moves with the policy.

As :func:`cge.resilience.preshock.pre_shock`, for many policies in turn: what the short run takes
from the equilibrium before it (weights, capital, where wages stand, volumes) is a log-linear
function of that equilibrium but for the menus, and so are the derivatives.

In the unknowns of the long run it is log-linear altogether: weights at the point of the menu to
which a nest has adapted are ``-(sL - sS) (ln p - ln P)``, the price P of a nest with long-run
elasticities is an unknown of the long run, and prices of inputs are monomials of its unknowns,
ratios of one-term outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.dynamics.sourcing import NESTS, Sourcing
from cge.frontier.problem import Problem
from cge.frontier.tracking import Tracked
from cge.resilience.preshock import PreShock, levels_before, places_in, short_closure
from cge.solve.layout import Family
from cge.solve.model import Model
from cge.solve.square.system import term_changes, term_parts

#: The price of each nest, a variable of the long run.
_NEST_PRICES = {
    "armington": "composite_price", "intermediate": "material_price", "final": "agent_price",
    "value_added": "value_added_price",
}  # fmt: skip
#: What the cost of a sector's unit of output is made of, its top nest.
_COST = ("basic_price", "net_of_output_tax", "productivity")
#: No log of a price moves by more than this for a rate of 100 %.
_LARGEST = 100.0


@dataclass(frozen=True, eq=False)
class PreShockChanges:
    """Changes of a pre-shock equilibrium with each of some instruments.

    Parameters
    ----------
    levels : ndarray (columns, k)
        Of the log of each column's level, of the level where it is free.
    outcomes : ndarray (outcomes, k)
    """

    levels: Array
    outcomes: Array


class PreShockMap:
    """From equilibria of the long run to pre-shock equilibria.

    Parameters
    ----------
    problem : Problem

    Attributes
    ----------
    places : ndarray of int (columns of the short-run model,)
        Column of the long-run model for each, -1 without one.
    sourcing : Sourcing
        Relations that adapt to the long run.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem, self.short = problem, problem.short
        self.places = places_in(problem.short, problem.long)
        self.sourcing = Sourcing(problem.short)
        self._closure = short_closure(problem.closure, problem.short, problem.run)
        ones = self.sourcing.prices(lambda name: np.ones(len(self.short.family(name))))
        self._unmoved = np.log(ones)

    def at(self, levels: Array) -> PreShock:
        """Pre-shock equilibrium that levels of the long-run model set."""
        carried = levels_before(self.short, levels, self.places, self.sourcing)
        carried = self._closure.laid(self.short, carried)
        return PreShock(self.short, carried, self._closure)

    def changes(self, pre: PreShock, moved: Array) -> PreShockChanges:
        """Changes of a pre-shock equilibrium with those of the levels it comes from.

        Parameters
        ----------
        pre : PreShock
        moved : ndarray (columns of the long-run model, k)
            Changes of logs of its levels, of levels where they are free.
        """
        price = self.sourcing.prices(pre.values)
        each = [self._change(pre, price, one) for one in moved.T]
        return PreShockChanges(*(np.column_stack(columns) for columns in zip(*each, strict=True)))

    def _change(self, pre: PreShock, price: Array, moved: Array) -> tuple[Array, Array]:
        """Levels and outcomes as they move with one instrument."""
        short, sourcing = self.short, self.sourcing
        arrays = short.arrays
        parts = term_parts(arrays, pre.levels)
        levels = np.where(self.places >= 0, moved[self.places], 0.0)

        def outcomes() -> Array:
            change = term_changes(arrays, parts, levels)
            return arrays.outcome_coefficients @ change

        # Weights cancel out of the prices that move them.
        relative = np.divide(outcomes(), pre.outcomes, out=np.zeros(len(pre.outcomes)),
                             where=pre.outcomes != 0)  # fmt: skip
        # Outcomes of nearly zero change by huge parts; no price is made of them.
        relative = np.clip(relative, -_LARGEST, _LARGEST)

        by_log = np.where(arrays.free, 0.0, levels)

        def of(name: str) -> Array:
            """Change of the log of an outcome or a positive variable."""
            return (by_log if name in short.variables else relative)[short.family(name).positions]

        # Log-linear in what it reads, so its logs at moved logs are its derivative.
        by_input = np.log(sourcing.prices(lambda name: np.exp(of(name)))) - self._unmoved
        levels[sourcing.columns] = sourcing.menu.adapted_changes(price, by_input)
        return levels, outcomes()


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
    short, sourcing = preshock.short, preshock.sourcing
    known = preshock.places >= 0
    pre = sparse.csr_array(first[np.where(known, preshock.places, 0)])
    pre = sparse.csr_array(sparse.diags_array(known.astype(float)) @ pre)
    price, nest = input_prices(short)
    reach = sparse.diags_array(-sourcing.menu.reach[sourcing.menu.nest])
    given = _replaced(pre, sourcing.columns, sparse.csr_array(reach @ ((price - nest) @ pre)))
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


def _leading(model: Model, name: str, of: Family | None = None) -> sparse.csr_array:
    """Exponents of the first term of an outcome, or of a variable, by cell (`of` a family)."""
    family, arrays = model.family(name), model.arrays
    columns = family.columns if of is None else family.columns[family.matching(of)]
    if name in model.variables:
        every: Any = sparse.eye_array(len(arrays.start), format="csr")
        return sparse.csr_array(every[columns])
    matrix = arrays.outcome_coefficients
    return sparse.csr_array(arrays.exponents[matrix.indices[matrix.indptr[columns]]])


def input_prices(short: Model) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Logs of the prices of inputs, and of their nests, by column: exponents.

    Weights stand in the value of an input as they do in its quantity and cancel.
    """
    prices: list[sparse.csr_array] = []
    nests: list[sparse.csr_array] = []
    for nest, inputs in NESTS.items():
        for one in inputs:
            weight = short.variables[one.weight]
            if one.price:
                prices.append(_leading(short, one.price, weight))
                basic, kept, productivity = (_leading(short, name, weight) for name in _COST)
                nests.append(sparse.csr_array(basic + kept + productivity))
                continue
            value, quantity = (_leading(short, n, weight) for n in (one.value, one.quantity))
            price = sparse.csr_array(value - quantity)
            if one.value == "route_spending":
                varieties = short.variables["variety_price"]
                own = [cell for cell in varieties.index if cell in weight.place]
                here = np.array([weight.place[cell] for cell in own], dtype=np.int64)
                price = _replaced(price, here - weight.start, _leading(short, varieties.name)[
                    [varieties.place[cell] - varieties.start for cell in own]
                ])  # fmt: skip
            prices.append(price)
            family = short.variables[_NEST_PRICES[nest]]
            at = [weight.axes.index(axis) for axis in family.axes]
            rows = [family.place[tuple(cell[a] for a in at)] for cell in weight.index]
            leading = _leading(short, family.name)
            nests.append(sparse.csr_array(leading[np.array(rows, dtype=np.int64) - family.start]))
    return (sparse.csr_array(sparse.vstack(prices, format="csr")),
            sparse.csr_array(sparse.vstack(nests, format="csr")))  # fmt: skip
