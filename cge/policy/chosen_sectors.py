"""Sets of sectors as a scenario describes them, on the accounts of a benchmark.

Each becomes a group of the benchmark, so that whatever takes codes of sectors takes it. They
rest on the accounts alone, and are the same under every elasticity set and in every draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import comb

import numpy as np
import pandas as pd

from cge.core.errors import check_known, refuse_if
from cge.core.selectors import UnknownCode, check_codes
from cge.data.accounts.benchmark import Benchmark
from cge.indicators.catalogue import INDICATORS
from cge.indicators.economy import Accounts, Indicator
from cge.scenario.sector_sets import RANDOM, SectorSet

_AXIS = "sectors"


def with_sets(benchmark: Benchmark, sets: Mapping[str, SectorSet]) -> Benchmark:
    """A benchmark with sets of sectors among its groups.

    A set may name those that stand before it.

    Parameters
    ----------
    benchmark : Benchmark
    sets : mapping of str to SectorSet

    Raises
    ------
    UnknownCode
        For codes that the benchmark does not have, and where it has too few sectors.
    InputError
        For names that are taken, and measures that are not of sectors.
    """
    b = benchmark
    for name, rule in sets.items():
        key = f"sets.{name}"
        chosen = dict(zip(rule.names(name), _chosen(b, rule, key), strict=True))
        for one in chosen:
            check_codes([one], key=key)
            refuse_if(one in b.sectors or one in b.groups.get(_AXIS, {}),
                      "is the name of a sector or of a group", key=key, value=one,
                      allowed="another name")  # fmt: skip
        groups = {axis: dict(own) for axis, own in b.groups.items()}
        groups[_AXIS] = {**groups.get(_AXIS, {}), **chosen}
        b = replace(b, groups=groups)
    return b


def sets_told(benchmark: Benchmark, sets: Mapping[str, SectorSet]) -> Iterator[str]:
    """Sets of a benchmark in words, a sentence for each rule."""
    groups = benchmark.groups.get(_AXIS, {})
    for name, rule in sets.items():
        members = "; ".join(", ".join(groups[one]) for one in rule.names(name))
        yield f"Sectors '{name}' ({rule.words}): {members}."


def _chosen(b: Benchmark, rule: SectorSet, key: str) -> list[tuple[str, ...]]:
    """Codes of the sets that a rule stands for, each in the order of the benchmark."""
    among = b.codes(_AXIS, rule.among, f"{key}.among")
    among = [code for code in b.sectors if code in among]
    if rule.by != RANDOM:
        b.codes("regions", rule.region, f"{key}.region")
        check_known([rule.region], b.regions, "is not one region", key=f"{key}.region")
    if rule.inputs_of is not None:
        return [_supply_chain(b, rule, among, key)]
    known = among if rule.by == RANDOM else _ranked(b, rule, among, key)
    assert rule.size is not None
    if rule.size > len(known):
        raise UnknownCode("is more sectors than the benchmark has to choose from",
                          key=f"{key}.size", value=str(rule.size),
                          allowed=f"up to {len(known)}")  # fmt: skip
    found = _drawn(rule, known, key) if rule.by == RANDOM else [list(known[: rule.size])]
    return [tuple(code for code in b.sectors if code in one) for one in found]


def _drawn(rule: SectorSet, known: Sequence[str], key: str) -> list[list[str]]:
    """Sets drawn at random, each another one; more draws begin with the same sets."""
    size, draws = rule.size or 1, rule.draws or 1
    possible = comb(len(known), size)
    if draws > possible:
        raise UnknownCode("is more sets than can be drawn of the benchmark's sectors",
                          key=f"{key}.draws", value=str(draws),
                          allowed=f"up to {possible}")  # fmt: skip
    rng, found = np.random.default_rng(rule.seed), dict[tuple[int, ...], None]()
    while len(found) < draws:
        found[tuple(np.sort(rng.permutation(len(known))[:size]).tolist())] = None
    return [[known[n] for n in one] for one in found]


def _ranked(b: Benchmark, rule: SectorSet, among: Sequence[str], key: str) -> list[str]:
    """Sectors in the order of a measure, those without one left out."""
    measures = {name: one for one in INDICATORS if one.of_accounts is not None
                for name, q in one.quantities.items() if {"i", "j"} & {*q.axes}}  # fmt: skip
    check_known([rule.by], [RANDOM, *measures], "is no measure of sectors that the accounts tell",
                key=f"{key}.by")  # fmt: skip
    rows = _measured(b, measures[str(rule.by)])
    rows = rows[(rows["measure"] == rule.by) & (rows["region"] == rule.region)]
    rows = rows[rows["sector"].isin(among) & rows["item"].isna()]
    alone = rows[rows["partner"].isna()]
    if rule.partner:
        check_known([rule.partner], b.regions, "unknown region", key=f"{key}.partner")
        rows = rows[rows["partner"] == rule.partner]
        refuse_if(
            not len(rows), "the measure is not of this partner", key=f"{key}.partner",
            value=rule.partner, allowed="another region, of a measure by partner",
        )  # fmt: skip
    elif len(alone):
        rows = alone
    values = rows.groupby("sector")["value"].max().reindex([*among]).dropna()
    # A stable sort: of equal values the sector that stands first in the benchmark.
    return [str(code) for code in values.sort_values(ascending=rule.lowest, kind="stable").index]


@lru_cache(maxsize=4)
def _measured(b: Benchmark, indicator: Indicator) -> pd.DataFrame:
    """Rows of an indicator, with all columns."""
    assert indicator.of_accounts is not None
    rows = indicator.of_accounts(Accounts(b))
    return rows.reindex(columns=["region", "partner", "sector", "item", "measure", "value"])


def _supply_chain(b: Benchmark, rule: SectorSet, among: Sequence[str], key: str) -> tuple[str, ...]:
    """Some sectors, and all whose goods they need to some extent, through all stages.

    With A the inputs of all origins per unit of output in the region, what a unit of a sector
    needs is its column of (I - A)^-1 less the unit itself. It is made as the region makes it,
    wherever it is bought.
    """
    nodes = b.codes(_AXIS, rule.inputs_of or "", f"{key}.inputs_of")
    s, own = b.regions.index(rule.region), [b.sectors.index(code) for code in nodes]
    output = b.output[s]
    inputs = np.divide(b.intermediate[s], output, out=np.zeros_like(b.intermediate[s]),
                       where=output > 0)  # fmt: skip
    unit = np.eye(len(output))
    needed = (np.linalg.inv(unit - inputs) - unit)[:, own].max(axis=1)
    assert rule.share is not None
    return tuple(code for n, code in enumerate(b.sectors)
                 if code in nodes or (code in among and needed[n] >= rule.share))  # fmt: skip
