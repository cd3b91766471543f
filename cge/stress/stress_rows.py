"""Rows of a stress test: losses, their statistics, the years after, and links.

Region is the one that loses. In a row of a disruption the item is its family in the eyes of the
region. What a figure is compared with is the same without the policy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cge.resilience.losses import loss_area, time_to_recover
from cge.results.register import add_known
from cge.results.schema import Rows
from cge.stress.link_rows import add_links
from cge.stress.stress_cases import StressCase
from cge.stress.viewers import Viewers


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
    return rows.frame()


def _add_losses(rows: Rows, viewers: Viewers, case: StressCase) -> None:
    count, reference = len(viewers.regions), case.reference or case
    where: dict[str, Any] = {
        "disruption": np.repeat(viewers.names, count), "item": viewers.families.ravel(),
        "region": list(viewers.regions) * len(viewers.names),
    }  # fmt: skip
    for name, now, before in (
        ("loss", case.losses, reference.losses), ("borrowed", case.borrowed, reference.borrowed)
    ):  # fmt: skip
        then = np.nan if case.reference is None else 100 * before.ravel()
        add_known(rows, name, 100 * now.ravel(), viewers.plan.benchmark, then, **where)


def _add_statistics(rows: Rows, viewers: Viewers, case: StressCase, weighting: str) -> None:
    """Add the statistics under a weighting; the worst loss names the disruption."""
    b, reference = viewers.plan.benchmark, case.reference
    now = viewers.statistics(case.losses, weighting)
    before = viewers.statistics(reference.losses, weighting) if reference else {}
    for measure, values in now.items():
        worst = viewers.worst(case.losses, weighting) if measure == "worst_loss" else ""
        add_known(rows, measure, values, b, before.get(measure, np.nan), region=b.regions,
                  weighting=weighting, disruption=worst)  # fmt: skip


def _add_families(rows: Rows, viewers: Viewers, case: StressCase) -> None:
    """Add mean losses by family, without rows where a region has none of it."""
    b, reference = viewers.plan.benchmark, case.reference
    now = viewers.by_family(case.losses)
    before = viewers.by_family(reference.losses) if reference else {}
    for family, values in now.items():
        there = (viewers.families == family).any(axis=0)
        then = before[family][there] if before else np.nan
        add_known(rows, "loss_by_family", values[there], b, then, item=family,
                  region=np.array(b.regions)[there])  # fmt: skip


def _add_years_after(rows: Rows, viewers: Viewers, case: StressCase) -> None:
    """Add losses of the years since a disruption began, the time to recover and their area."""
    b, settings = viewers.plan.benchmark, case.equilibrium.settings
    for n, one in enumerate(viewers.plan.every):
        if one.name not in case.by_year:
            continue
        losses = case.by_year[one.name]
        area = 100 * loss_area(losses, settings.discount_rate)
        recovery = time_to_recover(losses, one.duration, settings.recovered)
        for name, value in (("time_to_recover", recovery), ("loss_area", area)):
            add_known(rows, name, value, b, np.nan, disruption=one.name, region=b.regions,
                      item=viewers.families[n])  # fmt: skip
        for year, values in enumerate(losses, start=1):
            add_known(rows, "loss_in_year", 100 * values, b, np.nan, disruption=one.name,
                      region=b.regions, item=str(year))  # fmt: skip
