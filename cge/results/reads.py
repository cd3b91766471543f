"""Figures that are read of the results of a study: what none of them needs is not worked out.

What is left out changes none of the figures that are read, but for parts of welfare, which are
integrated by another rule, to the same part of the whole, where nobody reads them by shock
(:mod:`cge.solve.decompose`). Variants are solved each on their own, and so are disruptions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cge.core.quantity import Quantity
from cge.indicators.catalogue import INDICATORS
from cge.model.quantities import QUANTITIES
from cge.results.row_schema import is_world
from cge.scenario.variants import Member


@dataclass(frozen=True, order=True)
class Read:
    """A figure that is read: the places of its row.

    Parameters
    ----------
    variant, measure, item : str
    year : int
        0 for what has none.
    region, partner, sector, disruption : str
        A code each.
    """

    variant: str
    measure: str
    item: str = ""
    year: int = 0
    region: str = ""
    partner: str = ""
    sector: str = ""
    disruption: str = ""


def of_variant(reads: Iterable[Read], variant: str) -> tuple[Read, ...]:
    """Figures of one variant."""
    return tuple(one for one in reads if one.variant == variant)


def measures_of(reads: Collection[Read], variant: str, only: Sequence[str]) -> tuple[str, ...]:
    """Measures of a variant that are collected: those that are read, or all that are wanted."""
    if not reads:
        return tuple(only)
    return tuple(sorted({one.measure for one in of_variant(reads, variant)}))


def years_of(reads: Iterable[Read], measures: Collection[str] = ()) -> tuple[int, ...]:
    """Years of which figures are read, of some measures or all."""
    return tuple(sorted({one.year for one in reads
                         if one.year and (not measures or one.measure in measures)}))  # fmt: skip


def members_read(members: Sequence[Member], reads: Collection[Read]) -> tuple[Member, ...]:
    """Variants of which figures are read, and those to which they are held equal.

    All of them where nothing is said of what is read, or something that no variant has: what is
    wrong with that is told of the whole.
    """
    wanted = {one.variant for one in reads if not is_world(one.variant)}
    known = {one.variant: one for one in members}
    if not wanted or not wanted <= known.keys():
        return tuple(members)
    wanted |= {found for name in wanted if (found := known[name].reference)}
    return tuple(one for one in members if one.variant in wanted)


def of_an_equilibrium(measure: str) -> bool:
    """Whether a measure is of one equilibrium, whatever else is solved."""
    return measure in _OF_EQUILIBRIA


def _names(quantities: Iterable[Quantity]) -> set[str]:
    return {one.name for one in quantities}


_OF_EQUILIBRIA = _names(QUANTITIES.values()).union(
    *(_names(one.quantities.values()) for one in INDICATORS)
)
