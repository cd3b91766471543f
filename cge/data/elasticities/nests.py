"""Elasticities of substitution by nest, as the model reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from cge.core.axes import Array, Axes, fixed, number_array
from cge.core.errors import check_complete, check_known, refuse_first, refuse_if
from cge.core.typed import checked
from cge.data.elasticities.household_demand import HouseholdDemand

HORIZONS = ("short", "long")

#: Axes of each nest's array (:mod:`cge.core.axes`).
NEST_AXES: Mapping[str, str] = {
    "armington": "uis", "intermediate": "sj", "value_added": "sj", "top": "sj", "final": "sd",
    "agents": "s", "transformation": "sf",
}  # fmt: skip

#: Nests of the named sets. Mobility of factors is no published estimate.
SUBSTITUTION = tuple(nest for nest in NEST_AXES if nest != "transformation")

#: Above this, powers of prices leave the range of floating-point numbers.
LARGEST = 200.0

#: An elasticity this close to 1 is 1. The price index of a CES nest is determined only to rounding
#: over sigma - 1: a sum in a file that misses 1 by its last bit would leave it open.
NEAR_ONE = 1e-6

#: Before the names of the arrays of household demand.
HOUSEHOLD = "household"

#: Used where neither a named set nor the user gives a value.
NEST_DEFAULTS: Mapping[str, float] = {"agents": 1.0, "transformation": np.inf}

#: Nests a user need not name: Cobb-Douglas. The Armington nest has no default, since every
#: result hinges on it.
COBB_DOUGLAS: Mapping[str, float] = {nest: 1.0 for nest in SUBSTITUTION if nest != "armington"}


@dataclass(frozen=True, eq=False)
class Elasticities:
    """One value per nest and cell; 0 is Leontief, 1 (within 1e-6 of it) Cobb-Douglas.

    On the way into a benchmark a transformation elasticity by factor alone becomes that of every
    region.

    Parameters
    ----------
    armington : ndarray (u, i, s)
        Among origins of a commodity, in each use class and region.
    intermediate : ndarray (s, j)
        Among commodities in the intermediate bundle of a sector.
    value_added : ndarray (s, j)
        Among factors.
    top : ndarray (s, j)
        Between value added and the intermediate bundle.
    final : ndarray (s, d)
        Among commodities bought by a final agent.
    agents : ndarray (s,)
        Among agents in a region's absorption.
    transformation : ndarray (s, f) or (f,)
        Of a factor's supply between sectors (CET); infinity is perfect mobility, 0 a factor of
        which every sector keeps its part of the endowment.
    around : Elasticities, optional
        Central values of which these are a draw. What is prepared for those serves the draws;
        results do not hang on it.
    household : HouseholdDemand, optional
        Demand of the household in place of the nest ``final``; the same for both horizons.
    """

    armington: Array
    intermediate: Array
    value_added: Array
    top: Array
    final: Array
    agents: Array
    transformation: Array
    around: Elasticities | None = field(default=None, repr=False)
    household: HouseholdDemand | None = None

    def __post_init__(self) -> None:
        for nest in NEST_AXES:
            key = f"elasticities.{nest}"
            array = number_array(key, getattr(self, nest))
            most = LARGEST if nest in SUBSTITUTION else np.inf
            bad = array[~((array >= 0) & (array <= most))]
            refuse_first(bad.tolist(), "elasticity is negative, not a number, or so large that "
                         "powers of prices would overflow", key=key,
                         allowed=f"0 to {most:g}")  # fmt: skip
            array[np.abs(array - 1) < NEAR_ONE] = 1.0
            object.__setattr__(self, nest, fixed(array))

    @classmethod
    @checked
    def from_values(cls, values: Mapping[str, Any], axes: Axes) -> Elasticities:
        """Build from scalars, per-sector vectors or full arrays.

        Parameters
        ----------
        values : mapping
            Nest name to a scalar, a mapping from sector code (or factor code for
            ``transformation``) to a scalar, a vector over that code, or a full array.
        axes : Axes

        Raises
        ------
        InputError
            For an unknown nest, a missing one, or a shape that does not fit.
        """
        check_known(values, NEST_AXES, "unknown nest", key="elasticities")
        given = {**NEST_DEFAULTS, **values}
        left = (nest for nest in NEST_AXES if nest not in given)
        refuse_first(left, "this nest has no elasticity", key="elasticities", allowed=NEST_AXES)
        arrays: dict[str, Any] = {nest: _full_array(nest, given[nest], axes) for nest in NEST_AXES}
        return cls(**arrays)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all values."""
        digest = hashlib.sha256()
        for nest in NEST_AXES:
            digest.update(np.ascontiguousarray(_plain(nest, getattr(self, nest))).tobytes())
        if self.household is not None:
            digest.update(self.household.fingerprint.encode())
        return digest.hexdigest()

    def on(self, axes: Axes) -> Elasticities:
        """The same with the factors' elasticities by region, if they are by factor alone."""
        if self.transformation.ndim != 1 or self.transformation.shape != axes.shape("f"):
            return self
        around = None if self.around is None else self.around.on(axes)
        spread = np.array(np.broadcast_to(self.transformation, axes.shape("sf")))
        return replace(self, transformation=spread, around=around)

    def to_arrays(self) -> dict[str, Array]:
        """Everything by name, to be kept."""
        household = {} if self.household is None else self.household.arrays
        own = {nest: getattr(self, nest) for nest in NEST_AXES}
        return own | {f"{HOUSEHOLD}.{name}": array for name, array in household.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Elasticities:
        """Build from what :meth:`to_arrays` gave."""
        nests: dict[str, Any] = {n: array for n, array in arrays.items() if n in NEST_AXES}
        own: dict[str, Any] = {name.partition(".")[2]: array for name, array in arrays.items()
               if name.startswith(HOUSEHOLD)}  # fmt: skip
        return cls(**nests, household=HouseholdDemand(**own) if own else None)


def _plain(nest: str, array: Array) -> Array:
    """An array without the axis of regions, where a factor's elasticity is the same in all."""
    alike = nest == "transformation" and array.ndim == 2 and (array == array[:1]).all()
    return array[0] if alike else array


def _full_array(nest: str, given: Any, axes: Axes) -> Array:
    """Array of a nest, from a number, a value per code, or the array itself."""
    key, letters = f"elasticities.{nest}", NEST_AXES[nest]
    by = next((letter for letter in letters if letter in "ijf"), "")
    if isinstance(given, Mapping):
        refuse_if(not by, "give one number for this nest", key=key)
        codes = axes.codes[by]
        check_complete(given, codes, "elasticities by code must name every code once and no other",
                       key=key)  # fmt: skip
        given = [given[code] for code in codes]
    return np.ascontiguousarray(axes.spread(key, given, letters, by))


def by_horizon(given: Any, kinds: tuple[type, ...] = (Mapping,)) -> dict[str, Any]:
    """A user's elasticities by horizon; nests that a mapping does not name are Cobb-Douglas.

    Parameters
    ----------
    given : mapping
        Nest to value; or two such mappings under ``short`` and ``long``, else both horizons
        have the same.
    kinds : tuple of type
        What the elasticities of a horizon may be.

    Raises
    ------
    InputError
        If it is of another kind, or a mapping without an Armington elasticity.
    """
    separate = isinstance(given, Mapping) and not set(given).isdisjoint(HORIZONS)
    if separate:
        check_complete(given, HORIZONS, "give both horizons and nothing else beside them",
                       key="elasticities")  # fmt: skip
    result = {}
    for horizon in HORIZONS:
        nests, key = (given[horizon], f".{horizon}") if separate else (given, "")
        refuse_if(not isinstance(nests, kinds), "give a mapping from nest to value", value=nests,
                  key=f"elasticities{key}", allowed=NEST_AXES)  # fmt: skip
        if isinstance(nests, Mapping):
            refuse_if("armington" not in nests, "the Armington elasticity (among origins, "
                      "1 + theta) has no default", key="elasticities.armington")  # fmt: skip
            nests = {**COBB_DOUGLAS, **nests}
        result[horizon] = nests
    return result
