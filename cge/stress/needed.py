"""Disruptions of a stress test that figures need: the others are not solved."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from cge.core.axes import Bools
from cge.resilience.links import BAN, LINK, WITHHOLDING
from cge.results.reads import Read, of_an_equilibrium
from cge.stress.viewers import DOMESTIC, GLOBAL, Viewers

#: Measures of one disruption, whose name stands in the row.
_NAMED = ("loss", "borrowed", "loss_in_year", "loss_area", "time_to_recover")
#: Measures of one family, which is the item of the row.
_OF_FAMILY = ("loss_by_family", "payout", "break_even_odds", "break_even_odds_home")
#: Measures of all disruptions that have a weight in the eyes of a region.
_WEIGHTED = ("expected_loss", "cvar", "value_at_risk", "worst_loss", "sd_log_income")
#: Measures of cuts of single links, by the words of the name of the cut.
_CUTS = {
    **dict.fromkeys(("ban_own_loss", "ban_harm", "leverage"), BAN),
    **dict.fromkeys(("irreplaceability", "withholding_own_loss"), WITHHOLDING),
}
_LINKS = ("link_loss", "link_loss_over_share", "link_loss_long_run", "speed_of_substitution")


def needed(viewers: Viewers, reads: Collection[Read], apart: Collection[str] = ()) -> Bools:
    """Disruptions of the plan, cuts of single links among them, that figures need, (z,).

    Parameters
    ----------
    viewers : Viewers
    reads : collection of Read
        Figures of one pre-shock equilibrium.
    apart : collection of str
        Measures that come from elsewhere.
    """
    found = np.zeros(len(viewers.names), dtype=bool)
    for one in reads:
        if one.measure not in apart and not of_an_equilibrium(one.measure):
            found |= _needed(viewers, one)
    return found


def _needed(viewers: Viewers, one: Read) -> Bools:
    everything = np.ones(len(viewers.names), dtype=bool)
    if one.measure in _NAMED:
        return np.asarray(viewers.names == one.disruption)
    if one.measure in _CUTS:
        name = _CUTS[one.measure].format(one.region, one.partner or one.sector)
        return np.asarray(viewers.names == name)
    if one.measure in _LINKS:
        name = LINK.format(one.partner, one.sector, one.region)
        return np.asarray(viewers.names == name)
    if one.region not in viewers.regions:
        return everything
    s = viewers.regions.index(one.region)
    families = viewers.families[:, s]
    if one.measure in _OF_FAMILY:
        return families == one.item if one.item else everything
    weighted = np.any([viewers.weights(name)[:, s] > 0 for name in viewers.weightings], axis=0)
    if one.measure in _WEIGHTED:
        return np.asarray(weighted)
    if one.measure == "loss_foreign":
        return weighted & ~np.isin(families, (DOMESTIC, GLOBAL))
    return everything
