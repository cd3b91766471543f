"""The uncertain elasticities of a scenario: one parameter for each published value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.data.elasticities.ranges import Ranges
from cge.data.elasticities.sets import ElasticityEntry

Array = NDArray[np.float64]

#: In place of a sector for nests that have one value for all of them.
ALL = "all"
#: A range narrower than this is none: averages over members leave round-off.
NO_WIDTH = 1e-9
#: A nest this close to 1 is moved away from it: the Cobb-Douglas limit is another set of
#: equations, and just beside it prices are determined to fewer digits.
NEAR_ONE = 1e-4


@dataclass(frozen=True)
class Parameter:
    """An elasticity with its range: one published value, wherever it is used.

    Parameters
    ----------
    nest : str
    sector : str
        Where in the nest it holds, in words: a sector, several, or ``all``.
    low, central, high : float
    sectors : tuple of str
        Codes of the sectors; empty: `sector` itself, or a nest without sectors.
    status, citation : str
        Of the entries behind it, those of several separated by semicolons.
    """

    nest: str
    sector: str
    low: float
    central: float
    high: float
    sectors: tuple[str, ...] = ()
    status: str = ""
    citation: str = ""

    @property
    def name(self) -> str:
        """Name in tables: ``armington[ELEC]``, or the nest alone."""
        return self.nest if self.sector == ALL else f"{self.nest}[{self.sector}]"


def uncertain_parameters(
    ranges: Ranges, sectors: Sequence[str], split: bool = False
) -> tuple[Parameter, ...]:
    """Return every elasticity whose range has a width.

    A published value that several sectors use is one parameter: if it is wrong, it is
    wrong in all of them.

    Parameters
    ----------
    ranges : Ranges
    sectors : sequence of str
        Codes of the model's sectors.
    split : bool
        Make one parameter for each sector nevertheless.

    Raises
    ------
    InputError
        If there is none.
    """
    found = []
    for nest, entries in ranges.entries.items():
        ends = [_by_sector(getattr(ranges, end), nest) for end in ("low", "central", "high")]
        if _sector_axis(nest) is None:
            groups = {ALL: [0]}
            behind = {ALL: tuple(dict.fromkeys(sum(entries, ())))}
        else:
            groups, behind = {}, {}
            for k, code in enumerate(sectors):
                key = code if split else _published(entries[k]) or code
                groups.setdefault(key, []).append(k)
                behind[key] = entries[k]
        for key, members in groups.items():
            low, central, high = (float(end[members[0]]) for end in ends)
            if high - low <= NO_WIDTH:
                continue
            codes = tuple(sectors[k] for k in members) if key != ALL else ()
            label = ALL if len(codes) in (0, len(sectors)) and len(sectors) > 1 else _few(codes)
            found.append(
                Parameter(nest, label, low, min(max(central, low), high), high, codes,
                          _words(behind[key], "status"), _words(behind[key], "citation"))
            )  # fmt: skip
    if not found:
        raise InputError(
            "no elasticity has a range: low and high are the same everywhere",
            key="elasticities", allowed="a set whose entries have low < high",
        )  # fmt: skip
    return tuple(found)


def _published(entries: Sequence[ElasticityEntry]) -> str:
    """Return what identifies the one published value behind a sector, empty if several are."""
    values = {(e.value, e.low, e.high, e.citation) for e in entries}
    return repr(values.pop()) if len(values) == 1 else ""


def _few(codes: Sequence[str]) -> str:
    """Return codes as a label that stays short."""
    shown = ", ".join(codes[:3])
    return shown if len(codes) <= 3 else f"{shown} + {len(codes) - 3}"


def with_values(
    central: Elasticities,
    parameters: Sequence[Parameter],
    values: Sequence[float],
    sectors: Sequence[str],
) -> Elasticities:
    """Return elasticities with drawn values in the cells of the parameters.

    A parameter's value holds in all regions and use classes, as the central one does.
    """
    arrays = {nest: np.array(getattr(central, nest)) for nest in NEST_AXES}
    for parameter, value in zip(parameters, values, strict=True):
        array = arrays[parameter.nest]
        axis = _sector_axis(parameter.nest)
        if axis is None:
            array[...] = value
        else:
            for code in parameter.sectors or (parameter.sector,):
                np.moveaxis(array, axis, 0)[list(sectors).index(code)] = value
    return Elasticities(**arrays)


def away_from_one(values: Array) -> Array:
    """Return values with those within `NEAR_ONE` of 1 moved to that distance from it."""
    near = np.abs(values - 1) < NEAR_ONE
    return np.where(near, np.where(values < 1, 1 - NEAR_ONE, 1 + NEAR_ONE), values)


def _sector_axis(nest: str) -> int | None:
    axes = NEST_AXES[nest]
    return next((k for k, axis in enumerate(axes) if axis in "ij"), None)


def _by_sector(elasticities: Elasticities, nest: str) -> Array:
    """Return a nest's value for each sector, or its one value; it is the same elsewhere."""
    array = getattr(elasticities, nest)
    axis = _sector_axis(nest)
    if axis is None:
        return array.reshape(-1)[:1]
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)[:, 0]


def _words(entries: Sequence[ElasticityEntry], field: str) -> str:
    return "; ".join(dict.fromkeys(str(getattr(entry, field)) for entry in entries))
