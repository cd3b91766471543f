"""What a stress test says of a region: losses weighted, sorted and taken apart by family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cge.experiments.stress import StressCase, StressRun
from cge.resilience.disruptions import weights
from cge.resilience.losses import (
    cvar,
    expected_loss,
    log_welfare_deviation,
    value_at_risk,
    worst,
)

Array = NDArray[np.float64]

#: Families of the shipped library whose losses do not come from abroad alone.
DOMESTIC, GLOBAL = "domestic", "global"


class Viewers:
    """Who gives which disruption what weight.

    Parameters
    ----------
    run : StressRun
    """

    def __init__(self, run: StressRun) -> None:
        self.run = run
        self.regions = run.benchmark.regions

    @cached_property
    def families(self) -> NDArray[np.str_]:
        """Family of each disruption in the eyes of each region, (z, s); empty for none."""
        return np.array([
            [one.families.get(region, "") for region in self.regions]
            for one in self.run.disruptions
        ])  # fmt: skip

    @cached_property
    def _weighted(self) -> Mapping[str, tuple[Array, Mapping[str, tuple[str, ...]]]]:
        found = {}
        for name, weighting in self.run.library.weightings.items():
            columns, dropped = [], {}
            for region in self.regions:
                shares, families = weights(self.run.disruptions, weighting, region)
                columns.append(shares)
                if families and shares.any():
                    dropped[region] = families
            found[name] = np.column_stack(columns), dropped
        return found

    def weights(self, weighting: str) -> Array:
        """Return probabilities, (z, s)."""
        return self._weighted[weighting][0]

    def dropped(self, weighting: str) -> Mapping[str, tuple[str, ...]]:
        """Return families that a region has no disruption of, by region."""
        return self._weighted[weighting][1]

    def statistics(self, losses: Array, weighting: str) -> dict[str, Array]:
        """Return statistics of losses by name, each (s,), per cent; NaN where not known.

        Parameters
        ----------
        losses : ndarray (z, s)
            Parts of real income.
        weighting : str
        """
        shares, level = self.weights(weighting), self.run.level
        # Of what leaves nothing there is no logarithm.
        short = np.where((losses >= 1) & (shares > 0), np.nan, losses)
        from_abroad = np.where(np.isin(self.families, (DOMESTIC, GLOBAL)), 0.0, shares)
        return {
            "expected_loss": 100 * expected_loss(losses, shares),
            "cvar": 100 * cvar(losses, shares, level),
            "value_at_risk": 100 * value_at_risk(losses, shares, level),
            "worst_loss": 100 * worst(losses, shares),
            "sd_log_income": 100 * log_welfare_deviation(short, shares),
            "loss_foreign": 100 * expected_loss(losses, from_abroad),
        }

    def by_family(self, losses: Array) -> dict[str, Array]:
        """Return the mean loss of each family, (s,), per cent; NaN where it is empty."""
        names = [name for name in dict.fromkeys(self.families.ravel().tolist()) if name]
        return {
            name: 100 * expected_loss(losses, (self.families == name).astype(float))
            for name in names
        }

    def worst_for(self, case: StressCase, weighting: str) -> list[str]:
        """Return the disruption that takes most from each region; empty where not known."""
        shares = self.weights(weighting)
        names = [one.name for one in self.run.disruptions]
        found = []
        for s in range(len(self.regions)):
            possible = np.flatnonzero(shares[:, s] > 0)
            losses = case.losses[possible, s]
            unknown = not len(possible) or np.isnan(losses).any()
            found.append("" if unknown else names[possible[int(np.argmax(losses))]])
        return found


def shown(weightings: Sequence[str]) -> str:
    """Return the weighting of the first table."""
    return "default" if "default" in weightings else weightings[0]
