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

import numpy as np
from scipy import sparse

from cge.core.axes import Array
from cge.dynamics.sourcing import NESTS, Sourcing, exponents_of, with_rows
from cge.frontier.problem import Problem
from cge.frontier.tracking import Tracked
from cge.resilience.preshock import PreShock, levels_before, places_in, short_closure
from cge.solve.square.system import term_changes, term_parts

#: The price of each nest, a variable of the long run.
_NEST_PRICES = {
    "armington": "composite_price", "intermediate": "material_price", "final": "agent_price",
    "value_added": "value_added_price",
}  # fmt: skip
#: What the cost of a sector's unit of output is made of, its top nest.
_COST = ("basic_price", "net_of_output_tax", "productivity")


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
        price = self.sourcing.log_prices(pre)
        each = [self._change(pre, price, one) for one in moved.T]
        return PreShockChanges(*(np.column_stack(columns) for columns in zip(*each, strict=True)))

    def _change(self, pre: PreShock, price: Array, moved: Array) -> tuple[Array, Array]:
        """Levels and outcomes as they move with one instrument."""
        short, sourcing = self.short, self.sourcing
        arrays = short.arrays
        parts = term_parts(arrays, pre.levels)
        levels = np.where(self.places >= 0, moved[self.places], 0.0)

        by_input = sourcing.price_changes(levels)
        levels[sourcing.columns] = sourcing.menu.adapted_changes(price, by_input)
        return levels, arrays.outcome_coefficients @ term_changes(arrays, parts, levels)


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
    sourcing = preshock.sourcing
    known = preshock.places >= 0
    pre = sparse.csr_array(first[np.where(known, preshock.places, 0)])
    pre = sparse.csr_array(sparse.diags_array(known.astype(float)) @ pre)
    price, nest = sourcing.exponents, nest_prices(sourcing)
    reach = sparse.diags_array(-sourcing.menu.reach[sourcing.menu.nest])
    given = with_rows(pre, sourcing.columns, sparse.csr_array(reach @ ((price - nest) @ pre)))
    extra = sparse.csr_array(
        (np.ones(len(idle)), (list(idle), list(idle.values()))), shape=given.shape
    )
    keep = np.ones(len(preshock.places))
    keep[tracked.system.unknown] = 0.0
    keep[tracked.resolved.fixed] = 0.0
    return sparse.csr_array(sparse.diags_array(keep) @ (given + extra))


def nest_prices(sourcing: Sourcing) -> sparse.csr_array:
    """Exponents of the columns in the price of every input's nest, (inputs, columns)."""
    short, nests = sourcing.model, []
    for nest, inputs in NESTS.items():
        for one in inputs:
            weight = short.variables[one.weight]
            if one.price:
                cost = [exponents_of(short, name, weight) for name in _COST]
                nests.append(sparse.csr_array(sum(cost[1:], cost[0])))
                continue
            family = short.variables[_NEST_PRICES[nest]]
            at = [weight.axes.index(axis) for axis in family.axes]
            rows = [family.place[tuple(cell[a] for a in at)] for cell in weight.index]
            of_nest = exponents_of(short, family.name)
            nests.append(sparse.csr_array(of_nest[np.array(rows, dtype=np.int64) - family.start]))
    return sparse.csr_array(sparse.vstack(nests, format="csr"))
