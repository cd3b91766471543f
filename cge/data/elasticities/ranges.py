"""Ranges of a benchmark's elasticities, at the model's sectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cge.core.errors import InputError
from cge.data.accounts.aggregation import load_aggregation
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import aggregate_elasticities, clean_shipped
from cge.data.elasticities.nests import NEST_AXES, Elasticities
from cge.data.elasticities.sets import (
    NAMED_SETS,
    Entry,
    load_elasticity_set,
    to_classification,
)
from cge.data.store import set_values


@dataclass(frozen=True, eq=False)
class Ranges:
    """Low, central and high elasticities of one speed, with where they come from.

    Parameters
    ----------
    low, central, high : Elasticities
        An aggregate's ends are averages of its members' ends, with the weights of the
        central values: its members are taken to be wrong in the same direction.
    entries : mapping
        Nest to the entries behind each model sector, in the order of the sectors.
    """

    low: Elasticities
    central: Elasticities
    high: Elasticities
    entries: Mapping[str, tuple[tuple[Entry, ...], ...]]


def elasticity_ranges(benchmark: Benchmark, speed: str, own: str | None = None) -> Ranges:
    """Return the ranges of a benchmark's elasticities.

    Parameters
    ----------
    benchmark : Benchmark
    speed : {"short", "long"}
    own : str, optional
        For a benchmark folder, the set or file its elasticities were taken from when it
        was opened. None: a shipped table, whose record says from which set.

    Raises
    ------
    InputError
        If no set says how uncertain the elasticities are: a saved benchmark keeps central
        values alone.
    """
    if own is None:
        ranges = _of_shipped(benchmark, speed)
    elif own == "own":
        raise InputError(
            "a saved benchmark keeps central elasticities without their ranges",
            key="elasticities", value=own,
            allowed=f"{', '.join(NAMED_SETS)} where they fit, or a file with low and high",
        )  # fmt: skip
    else:
        ranges = _of_folder(benchmark, speed, own)
    for nest in NEST_AXES:
        known, found = (getattr(e, nest) for e in (benchmark.elasticities[speed], ranges.central))
        if not np.allclose(known, found, rtol=1e-9, atol=0):
            raise InputError(
                f"the elasticities of nest '{nest}' are not those of the set that would say how "
                "uncertain they are", key="elasticities", value=own,
            )  # fmt: skip
    return ranges


def _of_shipped(benchmark: Benchmark, speed: str) -> Ranges:
    origin = benchmark.origin
    chosen = load_elasticity_set(origin["elasticities"])
    raw, balanced = clean_shipped(origin["table"], int(origin["year"]))
    partition = load_aggregation(
        origin["aggregation"], raw.name, raw.regions, raw.sectors, raw.names
    )
    low, central, high = (
        aggregate_elasticities(chosen, raw, balanced, partition, which)[speed]
        for which in ("low", "value", "high")
    )  # fmt: skip
    source = to_classification(chosen, raw.sectors, raw.name)
    entries = {}
    for nest in NEST_AXES:
        if nest != "transformation":
            fine = chosen.in_force(nest, speed, tuple(source[code] for code in raw.sectors))
            by_sector = dict(zip(raw.sectors, fine, strict=True))
            entries[nest] = tuple(
                tuple(by_sector[code] for code in partition.sectors[sector])
                for sector in benchmark.sectors
            )
    return Ranges(low, central, high, entries)


def _of_folder(benchmark: Benchmark, speed: str, name: str) -> Ranges:
    chosen = load_elasticity_set(name)
    low, central, high = (
        set_values(benchmark, chosen, which)[speed] for which in ("low", "value", "high")
    )
    entries = {
        nest: tuple((entry,) for entry in chosen.in_force(nest, speed, benchmark.sectors))
        for nest in NEST_AXES
        if nest != "transformation"
    }
    return Ranges(low, central, high, entries)
