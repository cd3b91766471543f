"""Ranges of a benchmark's elasticities, at the model's sectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cge.core.errors import refuse_if
from cge.core.parameters import LEVELS
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.calibration import aggregate_elasticities, table_behind
from cge.data.accounts.default import OWN
from cge.data.elasticities.nests import NEST_AXES, SUBSTITUTION, Elasticities
from cge.data.elasticities.sets import (
    NAMED_SETS,
    ElasticityEntry,
    load_elasticity_set,
    set_values,
    to_classification,
)


@dataclass(frozen=True, eq=False)
class Ranges:
    """Low, central and high elasticities of one horizon, with where they come from.

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
    entries: Mapping[str, tuple[tuple[ElasticityEntry, ...], ...]]


def elasticity_ranges(benchmark: Benchmark, horizon: str, own: str | None = None) -> Ranges:
    """Ranges of a benchmark's elasticities, and the entries behind them.

    Parameters
    ----------
    benchmark : Benchmark
    horizon : {"short", "long"}
    own : str, optional
        For a benchmark folder, the set or file its elasticities were taken from when it
        was opened. None: a shipped table, whose record says from which set.

    Raises
    ------
    InputError
        If no set says how uncertain the elasticities are: a saved benchmark keeps central
        values alone.
    """
    refuse_if(
        own == OWN, "a saved benchmark keeps central elasticities without their ranges",
        key="elasticities", value=own,
        allowed=f"{', '.join(NAMED_SETS)} where they fit, or a file with low and high",
    )  # fmt: skip
    chosen = load_elasticity_set(own or benchmark.origin["elasticities"])
    if own is None and (cleaned := table_behind(benchmark)) is not None:
        raw, members = cleaned.raw, benchmark.members
        source, parts = to_classification(chosen, raw.sectors, raw.name), members["sectors"]
        ends = [aggregate_elasticities(chosen, cleaned, members, level) for level in LEVELS]
    else:
        source = {code: code for code in benchmark.sectors}
        parts = {code: (code,) for code in benchmark.sectors}
        ends = [set_values(benchmark, chosen, level) for level in LEVELS]
    entries = {}
    for nest in SUBSTITUTION:
        by_code = dict(zip(source, chosen.in_force(nest, horizon, tuple(source.values()))))
        entries[nest] = tuple(tuple(by_code[c] for c in parts[s]) for s in benchmark.sectors)
    low, central, high = (end[horizon] for end in ends)
    # Values behind household demand have their own ranges with them.
    central = replace(central, household=benchmark.elasticities[horizon].household)
    ranges = Ranges(low, central, high, entries)
    for nest in NEST_AXES:
        known, found = (getattr(e, nest) for e in (benchmark.elasticities[horizon], ranges.central))
        refuse_if(not np.allclose(known, found, rtol=1e-9, atol=0),
                  f"the elasticities of nest '{nest}' are not those of the set that would say how "
                  "uncertain they are", key="elasticities", value=own)  # fmt: skip
    return ranges
