"""Household demand of a benchmark: from a set, or from a user's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import check_complete, refuse_if
from cge.core.typed import checked
from cge.data.accounts.aggregation import membership
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.household_demand import HouseholdDemand
from cge.data.elasticities.household_sets import HouseholdSet

#: An income elasticity that is missed by less is met.
MET = 1e-6
#: How the note on household demand begins.
_NOTE = "Household demand"


@checked
def with_household_demand(
    benchmark: Benchmark, substitution: Any, income: Any = None, expansion: Any = None
) -> Benchmark:
    """The same accounts with a household whose income elasticities are not one.

    Parameters
    ----------
    benchmark : Benchmark
    substitution : float, mapping or array
        Substitution parameters (GTAP's SUBPAR): one number, one for each sector by code or in
        their order, or an array (s, i). Regions with nan throughout keep their CES.
    income : float, mapping or array, optional
        Income elasticities at the benchmark; scaled to add up to one with budget shares.
    expansion : float, mapping or array, optional
        Expansion parameters (INCPAR) in their place.

    Returns
    -------
    Benchmark

    Raises
    ------
    InputError
        For numbers with which demand is not regular, or both or neither of the last two.

    Examples
    --------
    >>> from cge import load_benchmark, with_household_demand
    >>> b = load_benchmark(aggregation="small")
    >>> food = {code: 0.6 if code == "PRIM" else 1.1 for code in b.sectors}
    >>> b = with_household_demand(b, substitution=0.4, income=food)
    >>> b.elasticities["long"].household.attained.shape == (len(b.regions), len(b.sectors))
    True
    """
    refuse_if((income is None) == (expansion is None), "give either income elasticities or "
              "expansion parameters", key="income", value=income)  # fmt: skip

    def array(name: str, given: Any) -> Array:
        key = f"household.{name}"
        if isinstance(given, Mapping):
            check_complete(given, benchmark.sectors, "numbers by code must name every sector once "
                           "and no other", key=key)  # fmt: skip
            given = [given[code] for code in benchmark.sectors]
        given = np.nan if given is None else given
        return np.ascontiguousarray(benchmark.axes.spread(key, given, "si", "i"))

    given = {"substitution": substitution, "income": income, "expansion": expansion}
    own = (array(name, one) for name, one in given.items())
    demand = HouseholdDemand.of(budget_shares(benchmark), *own)
    return _with(benchmark, demand, "given by the user")


def with_household_set(
    benchmark: Benchmark, chosen: HouseholdSet | None, demand: HouseholdDemand | None
) -> Benchmark:
    """The same accounts with household demand that a set gives; homothetic without one."""
    if chosen is not None and demand is not None:
        return _with(benchmark, demand, f"'{chosen.name}'")
    notes = _other_notes(benchmark)
    return benchmark if notes == benchmark.notes else replace(benchmark, notes=notes)


def _with(benchmark: Benchmark, demand: HouseholdDemand, whose: str) -> Benchmark:
    made = benchmark.with_elasticities(
        **{h: replace(one, household=demand) for h, one in benchmark.elasticities.items()}
    )
    note = f"{_NOTE} {whose}: {described(made, demand)}."
    return replace(made, notes=(*_other_notes(benchmark), note))


def _other_notes(benchmark: Benchmark) -> tuple[str, ...]:
    return tuple(note for note in benchmark.notes if not note.startswith(_NOTE))


def budget_shares(benchmark: Benchmark) -> Array:
    """Budget shares of households, (s, i)."""
    spending = benchmark.household_spending
    total = spending.sum(axis=1, keepdims=True)
    return np.divide(spending, total, out=np.zeros_like(spending), where=total > 0)


def parameters_of(benchmark: Benchmark) -> pd.DataFrame:
    """Household demand of a benchmark as a table: one row for each region and commodity bought."""
    demand = next(iter(benchmark.elasticities.values())).household
    if demand is None:
        return pd.DataFrame()
    s, i = np.nonzero(demand.live)
    columns = {
        "budget_share": demand.shares, "income_elasticity": demand.attained,
        "wanted": demand.income, "own_price_compensated": demand.compensated,
        "substitution": demand.substitution, "expansion": demand.expansion,
    }  # fmt: skip
    return pd.DataFrame({
        "region": np.array(benchmark.regions)[s], "sector": np.array(benchmark.sectors)[i],
        **{name: values[s, i] for name, values in columns.items()},
    })  # fmt: skip


def described(benchmark: Benchmark, demand: HouseholdDemand) -> str:
    """How near a demand comes to the income elasticities that are wanted, in words."""
    live, wanted = demand.live, demand.income
    with np.errstate(all="ignore"):
        scale = demand.attained / wanted
    regions = np.flatnonzero(live.any(axis=1))
    # The factor of those that are met is that of most of them.
    factor = np.array([np.median(scale[s, live[s]]) for s in regions])
    ends = f"{factor.min():.3f} to {factor.max():.3f}"
    words = (f"income elasticities (constant difference of elasticities), scaled by {ends} to add "
             "up to one in each region")  # fmt: skip
    gap = np.zeros(wanted.shape)
    gap[regions] = demand.attained[regions] - wanted[regions] * factor[:, None]
    gap = np.where(live, np.nan_to_num(gap), 0.0)
    missed = np.abs(gap) > MET
    if not missed.any():
        return words
    s, i = np.unravel_index(int(np.abs(gap).argmax()), gap.shape)
    return (f"{words}; {int(missed.sum())} of {int(live.sum())} can not be met with their "
            f"substitution parameters, the furthest by {gap[s, i]:+.3f} "
            f"({benchmark.regions[s]}, {benchmark.sectors[i]})")  # fmt: skip


def demand_of_codes(
    benchmark: Benchmark,
    chosen: HouseholdSet,
    weights: pd.DataFrame | None = None,
) -> HouseholdDemand:
    """Household demand of a set at a benchmark's own codes.

    Parameters
    ----------
    benchmark : Benchmark
        A region that a set does not name has what those that it is made of have, each of which
        counts alike.
    chosen : HouseholdSet
    weights : DataFrame, optional
        Columns sector and output, of the sectors of which those of the benchmark are made.
    """
    b, groups = benchmark, chosen.region_groups
    named = {code for e in chosen.entries for code in groups.get(e.region, [e.region])}
    members = b.members.get("regions", {})
    parts = {code: (code,) if code in named else members.get(code, (code,)) for code in b.regions}
    regions = list(dict.fromkeys(code for own in parts.values() for code in own))
    known = [code for own in members.values() for code in own]
    chosen.check_regions([*regions, *b.regions, *known])
    by_region, by_sector = membership(parts, regions), np.eye(len(b.sectors))
    sectors, output = b.sectors, np.ones(len(b.sectors))
    if weights is not None:
        sectors, output = tuple(weights["sector"]), weights["output"].to_numpy(dtype=float)
        by_sector = membership(b.members["sectors"], sectors)
    spending = np.ones((len(regions), 1)) * np.maximum(output, 1e-9)
    merged = by_region, by_sector, spending
    return chosen.resolved(regions, sectors, budget_shares(b), merged)
