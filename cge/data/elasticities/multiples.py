"""Elasticities as multiples of what they are: where each cell has a value of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cge.core.parameters import Parameter
from cge.data.elasticities.nests import HOUSEHOLD, NEST_AXES, Elasticities

#: Arrays of household demand that can be multiplied, by what cells call them.
HOUSEHOLD_PARTS = tuple(f"{HOUSEHOLD}.{name}" for name in ("substitution", "expansion"))


@dataclass(frozen=True)
class NestCells:
    """Cells of a nest.

    Parameters
    ----------
    nest : str
        A nest, or an array of household demand (:data:`HOUSEHOLD_PARTS`).
    at : tuple of tuple of int
        Places along each of its axes; an empty one is all of them.
    """

    nest: str
    at: tuple[tuple[int, ...], ...]

    def of(self, array: np.ndarray[Any, Any]) -> tuple[Any, ...]:
        """Index of the cells in an array of the nest."""
        return np.ix_(*(own or range(n) for own, n in zip(self.at, array.shape, strict=True)))


@dataclass(frozen=True)
class Multiple:
    """A parameter that multiplies elasticities in some cells, with its range.

    Parameters
    ----------
    name : str
        ``ESBM[Food]`` in tables.
    group : str
        Nest, values of which can be drawn together.
    sectors : tuple of str
        Commodities whose elasticities it moves; empty: it is of no commodity.
    cells : tuple of NestCells
    known : Parameter
        A multiple of one, its range, unit, status and citation.
    """

    name: str
    group: str
    sectors: tuple[str, ...]
    cells: tuple[NestCells, ...]
    known: Parameter


def multiplied_by(
    elasticities: Elasticities, factors: Iterable[tuple[tuple[NestCells, ...], float]],
    keep_off: Any = lambda values: values,
) -> Elasticities:  # fmt: skip
    """Elasticities whose cells are multiplied.

    Parameters
    ----------
    elasticities : Elasticities
    factors : iterable of (cells, factor)
    keep_off : callable
        Moves elasticities of those cells from values that they can not have.
    """
    nests: dict[str, Any] = {nest: np.array(getattr(elasticities, nest)) for nest in NEST_AXES}
    household = elasticities.household
    parts = {}
    if household is not None:
        parts = {name: np.ones(household.shares.shape) for name in HOUSEHOLD_PARTS}
    for cells, factor in factors:
        for one in cells:
            if one.nest in parts:
                parts[one.nest][one.of(parts[one.nest])] *= factor
            else:
                array = nests[one.nest]
                array[one.of(array)] = keep_off(array[one.of(array)] * factor)
    if household is not None and any((array != 1).any() for array in parts.values()):
        household = household.multiplied(*(parts[name] for name in HOUSEHOLD_PARTS))
    return replace(elasticities, **nests, household=household)
