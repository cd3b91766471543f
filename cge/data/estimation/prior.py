"""What is believed of a table before its margins are known: the structure of an older one.

Regions of the older table keep its structure: each row grows with output. A region that the
older table has in its rest of the world buys like its templates, a mean of regions that stand
near to it: inputs and final demand by commodity, from home and from abroad, with their cost
shares. Its trade, with everybody, follows the margins: what it exports by sector and
with whom it trades in goods, and what its partners import. Trade that the older table has
not, and cells at home that the world has, are filled thinly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, Axes, ratio
from cge.core.errors import check_known, refuse_first, refuse_if
from cge.data.estimation.margins import Margins

#: Weight of the patterns that fill what the older table has not, over what is expected.
SEED = 0.01
#: Users below this share of a commodity's imports are left out of that pattern.
SMALL_USER = 0.005

#: Weights of the regions that a new one is like.
Templates = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class OldTable:
    """A balanced table without negative cells.

    Parameters
    ----------
    regions, sectors, agents : tuple of str
    intermediate : ndarray (r, i, s, j)
    final : ndarray (r, i, s, d)
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    agents: tuple[str, ...]
    intermediate: Array
    final: Array

    def __post_init__(self) -> None:
        axes = Axes(self.regions, self.sectors, agents=self.agents)
        for name, letters in {"intermediate": "risj", "final": "risd"}.items():
            array = axes.checked(name, getattr(self, name), letters)
            axes.refuse(array < 0, "negative value at {cell}", name, letters, array,
                        "a table that is cleaned")  # fmt: skip


def prior_of(old: OldTable, margins: Margins, templates: Templates) -> Array:
    """Prior of the table with given margins, (r, i, s, u): sectors, then final agents.

    Parameters
    ----------
    old : OldTable
    margins : Margins
        Of all its regions, and perhaps others.
    templates : mapping
        Of each region that is not in the old table, weights of some that are.

    Raises
    ------
    InputError
        For regions, sectors or templates that do not fit.
    """
    _check(old, margins, templates)
    m, i = margins, len(margins.sectors)
    every = np.concatenate([old.intermediate, old.final], axis=3)
    grown = ratio(m.output[[m.regions.index(r) for r in old.regions]], every.sum(axis=(2, 3)))
    every = every * grown[:, :, None, None]
    size = m.value_added.sum(axis=1)
    users = every.shape[3]
    table = np.zeros((len(m.regions), i, len(m.regions), users))
    place = {region: m.regions.index(region) for region in old.regions}
    at = [place[region] for region in old.regions]
    table[np.ix_(at, range(i), at, range(users))] = every

    # Use by commodity, user and whether it comes from abroad; of new regions, by their templates.
    home = np.einsum("siSu,sS->siu", table, np.eye(len(m.regions)))
    abroad = table.sum(axis=0).transpose(1, 0, 2) - home
    spent = np.concatenate([m.intermediate_use, np.repeat(size[:, None], users - i, 1)], axis=1)
    bought = (home + abroad).sum(axis=1)
    bought[:, i:] = (home + abroad)[..., i:].sum(axis=(1, 2))[:, None]
    new = [region for region in m.regions if region not in place]
    for region in new:
        s = m.regions.index(region)
        weights = templates[region]
        for part in (home, abroad):
            mean = sum(
                weight * ratio(part[place[like]], bought[place[like]])
                for like, weight in weights.items()
            )
            part[s] = mean / sum(weights.values()) * spent[s]
        table[s, :, s, :] = home[s]

    expected = _expected_trade(m, abroad.sum(axis=2))
    pattern = _pattern(abroad, home)
    is_new = np.isin(m.regions, new)
    there = table.sum(axis=3)
    for s in range(len(m.regions)):
        for r in range(len(m.regions)):
            if r == s:
                continue
            want = expected[r, :, s] * (1.0 if is_new[r] or is_new[s] else SEED)
            lacking = there[r, :, s] < SEED * expected[r, :, s]
            table[r, lacking, s] += want[lacking, None] * pattern[s][lacking]
    _fill_home(table, m)
    return table


def _check(old: OldTable, margins: Margins, templates: Templates) -> None:
    refuse_if(old.sectors != margins.sectors, "the old table has other sectors", key="sectors",
              value=old.sectors[:3], allowed=margins.sectors)  # fmt: skip
    check_known(old.regions, margins.regions, "margins of a region of the old table are missing",
                key="regions")  # fmt: skip
    lacking = (r for r in margins.regions if r not in old.regions and r not in templates)
    refuse_first(lacking, "region is not in the old table and has no template", key="templates")
    for region, weights in templates.items():
        check_known(weights, old.regions, "template is not in the old table",
                    key=f"templates.{region}")  # fmt: skip
        refuse_if(not sum(weights.values()) > 0 or min(weights.values()) < 0,
                  "weights of templates must be positive", key=f"templates.{region}",
                  value=dict(weights))  # fmt: skip


def _expected_trade(m: Margins, imports: Array) -> Array:
    """Trade by exporter, commodity and importer as the margins suggest, (r, i, s)."""
    off = 1.0 - np.eye(len(m.regions))
    good = m.is_good > 0
    # Goods: what the exporter sells, leaning to what the importer buys, to the total of the pair.
    world = imports.sum(axis=0)
    taste = ratio(ratio(imports, imports[:, good].sum(axis=1)[:, None]),
                  world / world[good].sum(), 1.0)  # fmt: skip
    lean = m.exports[:, :, None] * taste.T[None] * good[:, None]
    lean = lean + 1e-6 * m.exports[:, :, None] * good[:, None]
    found = ratio(lean, lean.sum(axis=1, keepdims=True)) * m.trade[:, None, :]
    # Services: to all others by the size of their economies.
    weight = m.value_added.sum(axis=1)[None, :] * off
    share = ratio(weight, weight.sum(axis=1, keepdims=True))
    services = np.where(good[None, :], 0.0, m.exports)
    return found + services[:, :, None] * share[:, None, :]


def _pattern(abroad: Array, home: Array) -> Array:
    """Shares of users in the imports of a commodity, (s, i, u); of small users nothing."""
    use = np.where(abroad.sum(axis=2, keepdims=True) > 0, abroad, home)
    world = (abroad + home).sum(axis=0)
    use = np.where(use.sum(axis=2, keepdims=True) > 0, use, world)
    share = ratio(use, use.sum(axis=2, keepdims=True))
    share = np.where(share < SMALL_USER, 0.0, share)
    return ratio(share, share.sum(axis=2, keepdims=True))


def _fill_home(table: Array, m: Margins) -> None:
    """Cells at home that are empty, though the world's pattern has them, are filled thinly."""
    i = len(m.sectors)
    world = table.sum(axis=(0, 2))
    pattern = ratio(world, world.sum(axis=0))
    for s in range(len(m.regions)):
        at_home = table[s, :, s]
        bought = np.append(m.intermediate_use[s], table[:, :, s, i:].sum(axis=(0, 1)))
        expected = SEED * pattern * bought
        expected[m.output[s] <= 0] = 0.0
        lacking = at_home < SEED * expected
        at_home[lacking] = expected[lacking]
