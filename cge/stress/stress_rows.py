"""Rows of a stress test: losses, their statistics, the years after, and cuts of links.

Region is the one that loses. In a row of a disruption the item is its family in the eyes of the
region. What a figure is compared with is the same without the policy.

Chokepoints, irreplaceability and leverage are here as the model sees them, from cuts of single
links. The same measures from the input-output table alone are in
:mod:`cge.indicators.exposure_rows`; the names end differently, so that both can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.indicators.exposure_losses import CUT
from cge.resilience.losses import loss_area, time_to_recover
from cge.results.register import add_known
from cge.results.row_schema import Rows
from cge.stress.stress_cases import StressCase
from cge.stress.stress_plan import StressPlan
from cge.stress.viewers import Viewers

#: Losses smaller than this, as parts of real income, are no base of a ratio.
RESOLUTION = 1e-7


def stress_rows(viewers: Viewers, case: StressCase, only: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of one pre-shock equilibrium, its own figures among them: of some measures, or all."""
    rows = Rows()
    _add_losses(rows, viewers, case)
    for name in viewers.weightings:
        _add_statistics(rows, viewers, case, name)
    _add_families(rows, viewers, case)
    _add_annual(rows, viewers, case)
    _add_years_after(rows, viewers, case)
    add_links(rows, viewers.plan, case)
    rows.extend(case.equilibrium.plain["rows"])
    frame = rows.frame()
    return frame[frame["measure"].isin(only)] if only else frame


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


def _add_annual(rows: Rows, viewers: Viewers, case: StressCase) -> None:
    """Add the loss of a year by source, from how often and how severe; none without frequencies."""
    b, reference = viewers.plan.benchmark, case.reference
    frequencies = viewers.frequencies()
    if not frequencies[""].any():
        return
    now = viewers.annual(case.losses)
    before = viewers.annual(reference.losses) if reference else {}
    for family, often in frequencies.items():
        there = often > 0
        where: dict[str, Any] = {"item": family, "region": np.array(b.regions)[there]}
        add_known(rows, "frequency", often[there], b, np.nan, **where)
        for measure, values in now[family].items():
            then = before[family][measure][there] if before else np.nan
            add_known(rows, measure, values[there], b, then, **where)


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


def add_links(rows: Rows, plan: StressPlan, case: StressCase) -> None:
    """Add rows of region, partner and sector; none without cuts of single links.

    ``link_loss`` is the importer's loss from a cut; ``link_loss_over_share`` sets it against
    the value of the cut, its first-order size; ``link_loss_long_run`` is the same cut once all
    has adapted, ``speed_of_substitution`` the one over the other. ``irreplaceability`` is the
    loss of others less that of the region that withholds, in parts of its own absorption;
    ``leverage`` the loss of the partner less that of the region that bans exports to it, each
    in parts of its own real income. Differences, since own losses are often nearly nothing.
    """
    losses = dict(zip((one.name for one in plan.every), case.losses, strict=True))
    _add_links(rows, plan, case, losses)
    _add_withheld(rows, plan, case, losses)
    _add_bans(rows, plan, losses)


def _add_links(rows: Rows, plan: StressPlan, case: StressCase, losses: Mapping[str, Array]) -> None:
    b, share = plan.benchmark, case.equilibrium.plain["link_share"]
    for one in plan.cuts.links:
        (event,) = one.events
        (r, s), i = event.routes[0], event.sectors[0]
        here = b.regions.index(s)
        where = {"region": s, "partner": r, "sector": i}
        lost = float(losses[one.name][here])
        cut = CUT * float(share[b.regions.index(r), b.sectors.index(i), here])
        add_known(rows, "link_loss", 100 * lost, b, np.nan, **where)
        if cut > RESOLUTION:
            add_known(rows, "link_loss_over_share", lost / cut, b, np.nan, **where)
        if one.name in case.long_run:
            later = float(case.long_run[one.name][here])
            add_known(rows, "link_loss_long_run", 100 * later, b, np.nan, **where)
            if later > RESOLUTION:
                add_known(rows, "speed_of_substitution", lost / later, b, np.nan, **where)


def _add_withheld(
    rows: Rows, plan: StressPlan, case: StressCase, losses: Mapping[str, Array]
) -> None:
    b = plan.benchmark
    harm = np.zeros((len(b.regions), len(b.sectors), len(b.regions)))
    own = np.full(harm.shape[:2], np.nan)
    for one in plan.cuts.withholdings:
        (event,) = one.events
        r, i = b.regions.index(event.routes[0][0]), b.sectors.index(event.sectors[0])
        harm[r, i], own[r, i] = losses[one.name], losses[one.name][r]
    size = case.equilibrium.plain["absorption"]
    others = (harm * size).sum(axis=2) - np.einsum("rir->ri", harm) * size[:, None]
    more = others / size[:, None] - own
    known = np.argwhere(~np.isnan(own))
    for r, i in known:
        where = {"region": b.regions[r], "sector": b.sectors[i]}
        add_known(rows, "withholding_own_loss", 100 * own[r, i], b, np.nan, **where)
        add_known(rows, "irreplaceability", 100 * more[r, i], b, np.nan, **where)


def _add_bans(rows: Rows, plan: StressPlan, losses: Mapping[str, Array]) -> None:
    b = plan.benchmark
    harm, own = (np.full((len(b.regions), len(b.regions)), np.nan) for _ in range(2))
    for one in plan.cuts.bans:
        source, target = one.events[0].routes[0]
        r, s = b.regions.index(source), b.regions.index(target)
        harm[r, s], own[r, s] = losses[one.name][s], losses[one.name][r]
    for r, s in np.argwhere(~np.isnan(own)):
        where = {"region": b.regions[r], "partner": b.regions[s]}
        add_known(rows, "ban_own_loss", 100 * own[r, s], b, np.nan, **where)
        add_known(rows, "ban_harm", 100 * harm[r, s], b, np.nan, **where)
        add_known(rows, "leverage", 100 * (harm[r, s] - own[r, s]), b, np.nan, **where)
