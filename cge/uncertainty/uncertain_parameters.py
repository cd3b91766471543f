"""Uncertain parameters: one for each published value, with its range and where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.core.parameters import Parameter
from cge.core.quantity import Quantity, read_lines
from cge.data.elasticities.multiples import Multiple, NestCells, multiplied_by
from cge.data.elasticities.nests import HOUSEHOLD, NEST_AXES, Elasticities
from cge.data.elasticities.ranges import Ranges
from cge.data.elasticities.sets import ElasticityEntry

#: Measure under which results hold the values of parameters.
PARAMETER = "parameter"
UNCERTAINTY_QUANTITIES: Mapping[str, Quantity] = read_lines(f"""
{PARAMETER} | | see the manifest | statistic | 1 | none | | Parameter | value of an uncertain parameter in a draw
""")  # noqa: E501
#: A range narrower than this is none: averages over members leave round-off.
NO_WIDTH = 1e-9
#: An elasticity this close to 1 is moved away from it: the Cobb-Douglas limit is another set of
#: equations, and just beside it prices are determined to fewer digits.
NEAR_ONE = 1e-4
#: What is behind the name of a short-run elasticity where both horizons are drawn.
SHORT = " (short run)"


@dataclass(frozen=True)
class UncertainParameter:
    """A number with its range: one published value, wherever it is used.

    Parameters
    ----------
    name : str
        ``armington[ELEC]`` in tables.
    low, central, high : float
    group : str
        Values of one group can be drawn together; of elasticities it is the nest.
    place : str
        Dotted place in the scenario, ``closure.balance.scale``; empty for an elasticity.
    sectors : tuple of str
        Of an elasticity; empty: its nest has no sectors.
    unit, status, citation : str
        Those of several entries are separated by semicolons.
    family : str
        Kind of parameter: that of the file it stands in.
    horizons : tuple of str
        Of an elasticity in a study that uses both; empty: those that are in use.
    cells : tuple of NestCells
        Of a multiple of elasticities, where these are; empty: it is their value.
    """

    name: str
    low: float
    central: float
    high: float
    group: str
    place: str = ""
    sectors: tuple[str, ...] = ()
    unit: str = ""
    status: str = ""
    citation: str = ""
    family: str = "elasticities"
    horizons: tuple[str, ...] = ()
    cells: tuple[NestCells, ...] = ()

    @classmethod
    def of(
        cls, name: str, known: Parameter, place: str, family: str = "", group: str = ""
    ) -> UncertainParameter:
        """A parameter of a file, to be given at a place in the scenario.

        Without a group it is one of its own.
        """
        return cls(name, known.low, known.value, known.high, group or name, place, unit=known.unit,
                   status=known.status, citation=known.citation, family=family)  # fmt: skip

    @classmethod
    def multiple(cls, of: Multiple) -> UncertainParameter:
        """A multiple of elasticities, the same in both horizons."""
        known = of.known
        return cls(of.name, known.low, known.value, known.high, of.group, sectors=of.sectors,
                   unit=known.unit, status=known.status, citation=known.citation,
                   cells=of.cells)  # fmt: skip

    @property
    def record(self) -> dict[str, object]:
        """What results say of it: all but the places of its elasticities."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "cells"}

    def at(self, horizon: str) -> bool:
        """Whether it is an elasticity of a horizon."""
        return not self.place and horizon in (self.horizons or (horizon,))


def elasticity_parameters(
    ranges: Ranges, sectors: Sequence[str], split: bool = False
) -> tuple[UncertainParameter, ...]:
    """Every elasticity whose range has a width.

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
        for members in _groups(nest, entries, sectors, split):
            low, central, high = (float(end[members[0]]) for end in ends)
            if high - low <= NO_WIDTH:
                continue
            codes = tuple(sectors[k] for k in members)
            behind = entries[members[-1]]
            if _sector_axis(nest) is None:
                codes, behind = (), tuple(dict.fromkeys(sum(entries, ())))
            found.append(UncertainParameter(
                nest + _label(codes, sectors), low, min(max(central, low), high), high, nest,
                sectors=codes, unit="elasticity", status=_words(behind, "status"),
                citation=_words(behind, "citation"),
            ))  # fmt: skip
    household = ranges.central.household
    found += [
        UncertainParameter(one.name, one.low, one.value, one.high, HOUSEHOLD, unit=one.unit,
                           status=one.status, citation=one.citation)
        for one in (household.sources if household else ()) if one.high - one.low > NO_WIDTH
    ]  # fmt: skip
    refuse_if(not found, "no elasticity has a range: low and high are the same everywhere",
              key="elasticities", allowed="a set whose entries have low < high")  # fmt: skip
    return tuple(found)


def of_both_horizons(
    ranges: Mapping[str, Ranges], sectors: Sequence[str], split: bool = False
) -> tuple[UncertainParameter, ...]:
    """Elasticities of all horizons that a study uses, see :func:`elasticity_parameters`.

    Parameters
    ----------
    ranges : mapping of str to Ranges
        By horizon. A nest with the same values in both is one parameter of both.
    sectors : sequence of str
    split : bool

    Raises
    ------
    InputError
        If there is none.
    """
    by_horizon = {h: elasticity_parameters(one, sectors, split) for h, one in ranges.items()}
    if len(ranges) == 1:
        return next(iter(by_horizon.values()))
    short, long = ranges["short"], ranges["long"]
    same = {
        nest for nest in long.entries
        if all(np.array_equal(getattr(getattr(short, end), nest), getattr(getattr(long, end), nest))
               for end in ("low", "central", "high"))
    } | {HOUSEHOLD}  # fmt: skip
    of_long = (
        replace(one, horizons=("short", "long") if one.group in same else ("long",))
        for one in by_horizon["long"]
    )
    of_short = (
        replace(one, name=one.name + SHORT, horizons=("short",))
        for one in by_horizon["short"] if one.group not in same
    )  # fmt: skip
    return (*of_long, *of_short)


def _groups(
    nest: str, entries: Sequence[Sequence[ElasticityEntry]], sectors: Sequence[str], split: bool
) -> list[list[int]]:
    """Numbers of the sectors that share one parameter."""
    if _sector_axis(nest) is None:
        return [[0]]
    groups: dict[str, list[int]] = {}
    for k, code in enumerate(sectors):
        groups.setdefault(code if split else _published(entries[k]) or code, []).append(k)
    return list(groups.values())


def _published(entries: Sequence[ElasticityEntry]) -> str:
    """Identity of the one published value behind a sector; empty if there are several."""
    values = {(e.value, e.low, e.high, e.citation) for e in entries}
    return repr(values.pop()) if len(values) == 1 else ""


def _label(codes: Sequence[str], sectors: Sequence[str]) -> str:
    """Sectors in brackets, short; nothing where all are meant."""
    if len(codes) in (0, len(sectors)) and len(sectors) > 1:
        return ""
    more = f" + {len(codes) - 3}" if len(codes) > 3 else ""
    return f"[{', '.join(codes[:3])}{more}]"


def with_values(
    central: Elasticities,
    parameters: Sequence[UncertainParameter],
    values: Sequence[float] | Array,
    sectors: Sequence[str],
) -> Elasticities:
    """Elasticities with drawn values in the cells of the parameters.

    A parameter's value holds in all regions and use classes, as the central one does; one that is
    a multiple multiplies what is there. None is put at the Cobb-Douglas limit, whether it was drawn
    or is an end of its range.
    """
    around = central.around or central
    factors = [
        (one.cells, float(f)) for one, f in zip(parameters, values, strict=True) if one.cells
    ]
    if factors:
        central = multiplied_by(central, factors, away_from_one)
    arrays = {nest: np.array(getattr(central, nest)) for nest in NEST_AXES}
    drawn = {one.name: float(value) for one, value in zip(parameters, values, strict=True)}
    household = central.household
    if household is not None and any(one.group == HOUSEHOLD and not one.cells
                                     for one in parameters):  # fmt: skip
        household = household.with_values(drawn)
    for parameter, value in zip(parameters, away_from_one(np.array(values)), strict=True):
        if parameter.group == HOUSEHOLD or parameter.cells:
            continue
        array, axis = arrays[parameter.group], _sector_axis(parameter.group)
        if axis is None:
            array[...] = value
        else:
            here = [list(sectors).index(code) for code in parameter.sectors]
            np.moveaxis(array, axis, 0)[here] = value
    return replace(central, **arrays, household=household, around=around)


def central_values(parameters: Sequence[UncertainParameter]) -> Array:
    """Central values, no elasticity at the Cobb-Douglas limit."""
    return off_limit(parameters, np.array([p.central for p in parameters]))


def off_limit(parameters: Sequence[UncertainParameter], values: Array) -> Array:
    """Values (..., parameters), those of elasticities moved off the Cobb-Douglas limit."""
    elasticities = np.array([not (p.place or p.cells) for p in parameters], dtype=bool)
    return np.where(elasticities, away_from_one(values), values)


def long_not_below_short(parameters: Sequence[UncertainParameter], values: Array) -> Array:
    """Values (..., parameters), no nest substituting less in the long run than in the short.

    Ranges of the two runs overlap in some nests; there the long-run value of a draw is put at
    the short-run one, and such a nest does not adapt.
    """
    found = np.array(values, dtype=float)
    for n, one in enumerate(parameters):
        if one.horizons == ("long",):
            for m, other in enumerate(parameters):
                same = other.horizons == ("short",) and other.group == one.group
                if same and (not one.sectors or {*one.sectors} & {*other.sectors}):
                    found[..., n] = np.maximum(found[..., n], found[..., m])
    return found


def away_from_one(values: Array) -> Array:
    """Values with those within `NEAR_ONE` of 1 moved to that distance from it."""
    near = np.abs(values - 1) < NEAR_ONE
    return np.where(near, np.where(values < 1, 1 - NEAR_ONE, 1 + NEAR_ONE), values)


def _sector_axis(nest: str) -> int | None:
    axes = NEST_AXES[nest]
    return next((k for k, axis in enumerate(axes) if axis in "ij"), None)


def _by_sector(elasticities: Elasticities, nest: str) -> Array:
    """A nest's value for each sector, or its one value; it is the same elsewhere."""
    array = getattr(elasticities, nest)
    axis = _sector_axis(nest)
    if axis is None:
        return array.reshape(-1)[:1]
    return np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)[:, 0]


def _words(entries: Sequence[ElasticityEntry], field: str) -> str:
    return "; ".join(dict.fromkeys(str(getattr(entry, field)) for entry in entries))
