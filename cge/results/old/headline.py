"""The headline: what each policy costs in normal times and what it saves when supply breaks.

Policies are the variants of a path scenario that is put to the stress test in some of its
years. Here the figures of one region are taken together: welfare in the first year, the last
and in present value, what of the first year's is terms of trade and what is efficiency, and
losses from disruptions, level and change against no policy, in the years that were tested.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from cge.results.path_knowledge import knowledge_outlay
from cge.results.path_parts import decomposed
from cge.results.path_years import rates, welfare
from cge.results.stress_statistics import Viewers

from cge.core.errors import InputError, NoEquilibrium
from cge.experiments.path_run import PathCase
from cge.experiments.stress import Described, StressCase, StressRun
from cge.experiments.stress_stages import NO_POLICY
from cge.indicators.fiscal import moved, policy_receipts
from cge.indicators.present_value import present_value
from cge.indicators.value_chains import foreign, input_reliance
from cge.indicators.world_io import WorldIO
from cge.model.welfare import COMPONENTS
from cge.solve.solution import Solution

COLUMNS = (
    "region", "variant", "label", "elasticities", "returns", "year", "measure", "value", "unit",
)  # fmt: skip
#: Weighting under which losses are reported; the others are in the stress test's own results.
WEIGHTING = "default"
LOSS, POINTS, ABSORPTION = "percent of real income", "percentage points", "percent of absorption"
_STATISTICS = ("expected_loss", "cvar", "worst_loss")
_GROUP = "strategic"


def dependence(solution: Solution) -> list[Described]:
    """Return by region how far strategic goods and inputs come from abroad, in per cent.

    At the prices of the exporter's border: the domestic share of what the region buys of the
    goods of the group ``strategic``; and foreign input reliance with look-through of the
    sectors of that group, weighted with their output (Baldwin, Freeman, Theodorakopoulos 2023).
    """
    table = WorldIO.from_solution(solution)
    b = solution.model.benchmark
    chosen = [b.sectors.index(code) for code in b.groups.get("sectors", {}).get(_GROUP, b.sectors)]
    supply = table.fob.sum(axis=0)[:, chosen].sum(axis=1)
    share = 100 * np.diag(supply) / supply.sum(axis=0)
    relied = foreign(input_reliance(table))[:, chosen]
    made = table.output[:, chosen]
    reliance = 100 * np.nansum(relied * made, axis=1) / made.sum(axis=1)
    found: list[Described] = []
    for measure, values in (
        ("domestic_share_strategic", share),
        ("foreign_input_reliance_strategic", reliance),
    ):
        found += [
            (region, "", "", measure, float(value), "percent")
            for region, value in zip(b.regions, values, strict=True)
        ]
    return found


def headline_frame(run: StressRun, region: str) -> pd.DataFrame:
    """Return the figures of one region, one row each.

    Parameters
    ----------
    run : StressRun
        Of a path, with :func:`dependence` as what describes it.
    region : str
        Code of the region.

    Returns
    -------
    DataFrame
        With the columns :data:`COLUMNS`; ``year`` is 0 for what is of no year.

    Raises
    ------
    InputError
        For an unknown region, a run that is no path, or a library without the weighting.
    """
    regions = run.benchmark.regions
    if region not in regions:
        raise InputError("unknown region", key="region", value=region, allowed=regions)
    if WEIGHTING not in run.library.weightings:
        raise InputError("the library has no such weighting", key="weightings", value=WEIGHTING,
                         allowed=list(run.library.weightings))  # fmt: skip
    if all(case.stage.path is None for case in run.cases):
        raise InputError("a headline is of years", key="path", value=run.scenario.name,
                         allowed="a scenario with the section 'path'")  # fmt: skip
    here, viewers = regions.index(region), Viewers(run)
    rows: list[tuple] = []
    told: set[tuple[str, ...]] = set()
    for case in run.cases:
        elasticities, variant, returns, year = case.key
        own = NO_POLICY if variant.startswith(NO_POLICY) else variant
        key = (region, own, label_of(case), elasticities, returns)
        for measure, value, unit in _figures(case, viewers, here):
            rows.append((*key, year, measure, value, unit))
        path = case.stage.path
        if path is not None and key not in told:  # a path has several stages
            told.add(key)
            for at, measure, value, unit in _of_path(path, here):
                rows.append((*key, at, measure, value, unit))
    return pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates(ignore_index=True)


def label_of(case: StressCase) -> str:
    """Return a policy in words: the labels of its measures."""
    scenario = case.stage.scenario
    labels = [one.label or one.instrument for one in scenario.policy]
    labels += [one.label or one.instrument for one in scenario.knowledge]
    return ", ".join(dict.fromkeys(labels)) or NO_POLICY


def _figures(case: StressCase, viewers: Viewers, here: int) -> Iterator[tuple[str, float, str]]:
    """Yield levels and changes of losses and of dependence in the year of a stage."""
    reference = case.reference or case
    now, before = (viewers.statistics(c.losses, WEIGHTING) for c in (case, reference))
    for name in _STATISTICS:
        yield name, float(now[name][here]), LOSS
        yield f"{name}_change", float(now[name][here] - before[name][here]), POINTS
    now, before = (viewers.by_family(c.losses) for c in (case, reference))
    for family, values in now.items():
        if (viewers.families[:, here] == family).any():
            yield f"loss_{family}", float(values[here]), LOSS
            yield f"loss_{family}_change", float(values[here] - before[family][here]), POINTS
    region = viewers.regions[here]
    described, base = (
        {(r, m): v for r, partner, sector, m, v, _ in c.described if not partner and not sector}
        for c in (case, reference)
    )
    for (where, measure), value in described.items():
        if where == region:
            yield measure, float(value), "percent"
            yield f"{measure}_change", float(value - base[where, measure]), POINTS


def _of_path(case: PathCase, here: int) -> Iterator[tuple[int, str, float, str]]:
    """Yield what is of a whole path: welfare by year, its worth, parts and outlay of a year."""
    variation, absorption = welfare(case)
    for n, year in enumerate(case.years):
        share = 100 * variation[n, here] / absorption[n, here]
        yield year.year, "equivalent_variation", float(share), ABSORPTION
    worth, whole = (
        present_value(stream[:, here], *rates(case)).total for stream in (variation, absorption)
    )
    yield 0, "present_value", float(100 * worth / whole), "percent of the worth of absorption"
    first = case.years[0]
    b = first.solution.model.benchmark
    gdp = float(first.solution.by_region("gdp")[here])
    business = None if case.knowledge is None else case.knowledge.business
    known = knowledge_outlay(first, business)
    earned = 0.0
    if moved(first.solution):
        receipts = policy_receipts(first.solution)
        earned = float(receipts.loc[receipts["region"] == b.regions[here], "value"].sum())
    spent = sum(float(values[here]) for values in known.values()) - earned
    yield first.year, "outlay", 100 * spent / gdp, "percent of GDP"
    try:
        parts = decomposed(first)
    except NoEquilibrium:
        return
    totals = parts.totals(b.regions).iloc[here]
    for group, measure in (("terms of trade", "terms_of_trade"), ("allocative", "allocative")):
        names = [name for name, of in COMPONENTS.items() if of == group]
        value = 100 * float(totals[names].sum()) / float(b.absorption[here])
        yield first.year, f"{measure}_part", value, ABSORPTION
