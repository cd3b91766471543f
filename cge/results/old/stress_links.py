"""Chokepoints, irreplaceability and leverage as the model sees them, from cuts of single links.

The same measures from the input-output table alone, for which nothing is solved, are in
:mod:`cge.indicators.exposure_rows`; the names end differently, so that both can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.experiments.stress import StressCase, StressRun
from cge.indicators.exposure import irreplaceability, leverage
from cge.indicators.exposure_links import link_share
from cge.indicators.world_io import WorldIO
from cge.resilience.links import CUT

Array = NDArray[np.float64]

LOSS = f"percent of real income, deliveries cut by {100 * CUT:g} %"
#: Losses smaller than this, as parts of real income, are no base of a ratio.
RESOLUTION = 1e-7


def link_rows(run: StressRun, case: StressCase) -> Iterator[pd.DataFrame]:
    """Yield rows of region, partner, sector, measure, value, unit; none without such cuts.

    ``link_loss`` is what the importer loses by a cut; ``link_loss_over_share`` sets it against
    the value of what is cut, its first-order size; ``link_loss_long_run`` is the same cut once
    all has adapted, ``speed_of_substitution`` the one over the other. ``irreplaceability`` is
    what others lose, in money, over what the region that withholds loses; ``leverage`` what
    the partner loses over what the region that bans exports to it loses.
    """
    losses = dict(zip((one.name for one in run.disruptions), case.losses, strict=True))
    if run.single.links:
        yield _links(run, case, losses)
    if run.single.withholdings:
        yield _withheld(run, case, losses)
    if run.single.bans:
        yield _bans(run, losses)


def _links(run: StressRun, case: StressCase, losses: dict[str, Array]) -> pd.DataFrame:
    b = run.benchmark
    share = link_share(WorldIO.from_solution(case.stage.solution))
    rows: list[tuple[str, str, str, str, float, str]] = []
    for one in run.single.links:
        (event,) = one.events
        (r, s), i = event.routes[0], event.sectors[0]
        here = b.regions.index(s)
        lost = float(losses[one.name][here])
        cut = CUT * float(share[b.regions.index(r), b.sectors.index(i), here])
        rows.append((s, r, i, "link_loss", 100 * lost, LOSS))
        if cut > RESOLUTION:
            rows.append((s, r, i, "link_loss_over_share", lost / cut, "ratio"))
        if one.name in case.long_run:
            later = float(case.long_run[one.name][here])
            rows.append((s, r, i, "link_loss_long_run", 100 * later, LOSS))
            if later > RESOLUTION:
                rows.append((s, r, i, "speed_of_substitution", lost / later,
                             "short over long run"))  # fmt: skip
    return pd.DataFrame(rows, columns=["region", "partner", "sector", "measure", "value", "unit"])


def _withheld(run: StressRun, case: StressCase, losses: dict[str, Array]) -> pd.DataFrame:
    b = run.benchmark
    size = case.stage.solution.by_region("absorption_value")
    rows = []
    for one in run.single.withholdings:
        (event,) = one.events
        r, i = b.regions.index(event.routes[0][0]), event.sectors[0]
        harm = np.zeros((len(b.regions), 1, len(b.regions)))
        harm[r, 0] = losses[one.name]
        own = np.zeros((len(b.regions), 1))
        own[r] = losses[one.name][r]
        rows.append((b.regions[r], i, "withholding_own_loss", 100 * own[r, 0],
                     "percent of real income"))  # fmt: skip
        index = irreplaceability(harm, np.where(own > RESOLUTION, own, 0.0), size)[r, 0]
        rows.append((b.regions[r], i, "irreplaceability", index, "ratio"))
    table = pd.DataFrame(rows, columns=["region", "sector", "measure", "value", "unit"])
    return table.dropna(subset="value")


def _bans(run: StressRun, losses: dict[str, Array]) -> pd.DataFrame:
    b = run.benchmark
    harm, own = (np.full((len(b.regions), len(b.regions)), np.nan) for _ in range(2))
    for one in run.single.bans:
        source, target = one.events[0].routes[0]
        r, s = b.regions.index(source), b.regions.index(target)
        harm[r, s], own[r, s] = losses[one.name][s], losses[one.name][r]
    over = leverage(harm, np.where(own > RESOLUTION, own, 0.0))
    rows = []
    for r, region in enumerate(b.regions):
        for s, partner in enumerate(b.regions):
            if r != s:
                what = "percent of real income"
                rows.append((region, partner, "ban_own_loss", 100 * own[r, s], what))
                rows.append((region, partner, "ban_harm", 100 * harm[r, s], what))
                rows.append((region, partner, "leverage", over[r, s], "ratio"))
    table = pd.DataFrame(rows, columns=["region", "partner", "measure", "value", "unit"])
    return table.dropna(subset="value")
