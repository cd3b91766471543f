"""Elasticities of substitution by nest: what the model reads of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError

Array = NDArray[np.float64]

#: Axes of each nest's array: u use class, i commodity, s region, j sector, d agent, f factor.
NEST_AXES: Mapping[str, str] = {
    "armington": "uis",
    "intermediate": "sj",
    "value_added": "sj",
    "top": "sj",
    "final": "sd",
    "agents": "s",
    "transformation": "f",
}

#: Above this, powers of prices leave the range of floating-point numbers.
LARGEST = 200.0

#: Used where neither a named set nor the user gives a value.
NEST_DEFAULTS: Mapping[str, float] = {"agents": 1.0, "transformation": np.inf}


@dataclass(frozen=True, eq=False)
class Elasticities:
    """One value per nest and cell; 0 is Leontief, 1 Cobb-Douglas.

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
    transformation : ndarray (f,)
        Of a factor's supply between sectors (CET); infinity is perfect mobility.
    """

    armington: Array
    intermediate: Array
    value_added: Array
    top: Array
    final: Array
    agents: Array
    transformation: Array

    def __post_init__(self) -> None:
        for item in fields(self):
            array = np.array(getattr(self, item.name), dtype=float)
            if np.isnan(array).any():
                raise InputError("elasticity is NaN", key=f"elasticities.{item.name}")
            if (array < 0).any():
                raise InputError(
                    "elasticity is negative",
                    key=f"elasticities.{item.name}",
                    value=float(array.min()),
                    allowed="0 or above",
                )
            if item.name != "transformation" and (array > LARGEST).any():
                raise InputError(
                    "elasticity is too large: powers of prices would overflow",
                    key=f"elasticities.{item.name}",
                    value=float(array.max()),
                    allowed=f"0 to {LARGEST:g}",
                )
            array.setflags(write=False)
            object.__setattr__(self, item.name, array)
        if (self.transformation == 0).any():
            raise InputError(
                "a transformation elasticity of 0 is a sector-specific factor",
                key="elasticities.transformation",
                value=0.0,
                allowed="above 0; for 0 choose the closure 'short_run' or name the specific factor",
            )

    @classmethod
    def from_values(
        cls, values: Mapping[str, Any], sizes: Mapping[str, int], axes_codes: Mapping[str, Any]
    ) -> Elasticities:
        """Build from scalars, per-sector vectors or full arrays.

        Parameters
        ----------
        values : mapping
            Nest name to a scalar, a mapping from sector code (or factor code for
            ``transformation``) to a scalar, a vector over that code, or a full array.
        sizes : mapping
            Length of each axis letter.
        axes_codes : mapping
            Codes of the axes ``i`` and ``f``.

        Raises
        ------
        InputError
            For an unknown nest, a missing one, or a shape that does not fit.
        """
        unknown = set(values) - set(NEST_AXES)
        if unknown:
            raise InputError(
                "unknown nest", key="elasticities", value=sorted(unknown)[0], allowed=NEST_AXES
            )
        arrays = {}
        for nest, axes in NEST_AXES.items():
            if nest not in values and nest not in NEST_DEFAULTS:
                raise InputError(
                    f"no elasticity for nest '{nest}'", key="elasticities", allowed=NEST_AXES
                )
            given = values.get(nest, NEST_DEFAULTS.get(nest))
            arrays[nest] = _broadcast(nest, axes, given, sizes, axes_codes)
        return cls(**arrays)

    def check_shapes(self, sizes: Mapping[str, int], speed: str) -> None:
        """Raise InputError unless every array has the shape of its axes."""
        for nest, axes in NEST_AXES.items():
            expected = tuple(sizes[axis] for axis in axes)
            shape = getattr(self, nest).shape
            if shape != expected:
                raise InputError(
                    f"elasticities have shape {shape}, expected {expected} = ({', '.join(axes)})",
                    key=f"elasticities.{speed}.{nest}",
                )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all values."""
        digest = hashlib.sha256()
        for nest in NEST_AXES:
            digest.update(np.ascontiguousarray(getattr(self, nest)).tobytes())
        return digest.hexdigest()


def _broadcast(
    nest: str, axes: str, given: Any, sizes: Mapping[str, int], codes: Mapping[str, Any]
) -> Array:
    shape = tuple(sizes[axis] for axis in axes)
    by = next((axis for axis in axes if axis in "ijf"), None)
    if isinstance(given, Mapping):
        if by is None:
            raise InputError("give one number for this nest", key=f"elasticities.{nest}")
        names = codes["f" if by == "f" else "i"]
        if set(given) != set(names):
            odd = sorted(set(given) ^ set(names))[0]
            raise InputError(
                "elasticities by code must name every code once and no other",
                key=f"elasticities.{nest}",
                value=odd,
                allowed=names,
            )
        given = [given[name] for name in names]
    try:
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            "not a number", key=f"elasticities.{nest}", value=given, allowed="numbers >= 0"
        ) from None
    if array.shape == shape:
        return array
    if array.ndim == 0:
        return np.full(shape, float(array))
    if by is not None and array.shape == (sizes[by],):
        position = axes.index(by)
        view = [1] * len(shape)
        view[position] = sizes[by]
        return np.broadcast_to(array.reshape(view), shape).copy()
    raise InputError(
        f"elasticities have shape {array.shape}",
        key=f"elasticities.{nest}",
        allowed=f"a number, a vector per code, or an array of shape {shape}",
    )
