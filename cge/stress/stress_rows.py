"""Rows of a stress test: losses, their statistics, the years after, and links.

Region is the one that loses. In a row of a disruption the item is its family in the eyes of the
region. What a figure is compared with is the same without the policy.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.resilience.losses import loss_area, time_to_recover
from cge.results.collect import add_measure
from cge.results.schema import Rows
from cge.stress.link_rows import add_links
from cge.stress.stress_cases import StressCase
from cge.stress.viewers import Viewers

Array = NDArray[np.float64]


def stress_rows(viewers: Viewers, case: StressCase) -> pd.DataFrame:
    """All rows of one pre-shock equilibrium, its own figures among them."""
    rows = Rows()
    _add_losses(rows, viewers, case)
    for name in viewers.weightings:
        _add_statistics(rows, viewers, case, name)
    _add_families(rows, viewers, case)
    _add_years_after(rows, viewers, case)
    add_links(rows, viewers.plan, case)
    rows.extend(case.equilibrium.plain["rows"])
    return rows.frame(**case.equilibrium.labels)


def _add_losses(rows: Rows, viewers: Viewers, case: StressCase) -> None:
    count = len(viewers.regions)
    where = {
        "disruption": np.repeat(viewers.names, count), "item": viewers.families.ravel(),
        "region": list(viewers.regions) * len(viewers.names),
    }  # fmt: skip
    reference = case.reference
    before = None if reference is None else 100 * reference.losses.ravel()
    add_measure(rows, "loss", 100 * case.losses.ravel(), before, **where)
    before = None if reference is None else 100 * reference.borrowed.ravel()
    add_measure(rows, "borrowed", 100 * case.borrowed.ravel(), before, **where)


def _add_statistics(rows: Rows, viewers: Viewers, case: StressCase, weighting: str) -> None:
    """Add the statistics under a weighting; the worst loss names the disruption."""
    now = viewers.statistics(case.losses, weighting)
    before = {} if case.reference is None else viewers.statistics(case.reference.losses, weighting)
    for measure, values in now.items():
        worst = viewers.worst(case.losses, weighting) if measure == "worst_loss" else ""
        add_measure(rows, measure, values, before.get(measure), region=viewers.regions,
                    weighting=weighting, disruption=worst)  # fmt: skip


def _add_families(rows: Rows, viewers: Viewers, case: StressCase) -> None:
    """Add mean losses by family, without rows where a region has none of it."""
    now = viewers.by_family(case.losses)
    before = {} if case.reference is None else viewers.by_family(case.reference.losses)
    for family, values in now.items():
        there = (viewers.families == family).any(axis=0)
        earlier = before[family][there] if before else None
        add_measure(rows, "loss_by_family", values[there], earlier, item=family,
                    region=np.array(viewers.regions)[there])  # fmt: skip


def _add_years_after(rows: Rows, viewers: Viewers, case: StressCase) -> None:
    """Add losses of the years since a disruption began, the time to recover and their area."""
    settings = case.equilibrium.settings
    for n, one in enumerate(viewers.plan.every):
        if one.name not in case.by_year:
            continue
        losses = case.by_year[one.name]
        where = {"disruption": one.name, "region": viewers.regions}
        recovery = time_to_recover(losses, one.duration, settings.recovered)
        add_measure(rows, "time_to_recover", recovery, item=viewers.families[n], **where)
        area = 100 * loss_area(losses, settings.discount_rate)
        add_measure(rows, "loss_area", area, item=viewers.families[n], **where)
        for year, values in enumerate(losses, start=1):
            add_measure(rows, "loss_in_year", 100 * values, item=str(year), **where)
