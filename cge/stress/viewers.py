"""Statistics of losses in the eyes of each region: weighted, sorted, taken apart by family."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Array
from cge.resilience.disruptions import weights
from cge.resilience.losses import (
    cvar,
    expected_loss,
    log_welfare_deviation,
    value_at_risk,
    worst,
)
from cge.stress.stress_plan import StressPlan

#: Families of the shipped library whose losses do not come from abroad alone.
DOMESTIC, GLOBAL = "domestic", "global"
_ROUNDING = 1e-12


class Viewers:
    """Regions, and the weights that they give to disruptions.

    Parameters
    ----------
    plan : StressPlan
    """

    def __init__(self, plan: StressPlan) -> None:
        self.plan, self.regions = plan, plan.benchmark.regions
        self.weightings = tuple(plan.library.weightings)
        self.names = np.array([one.name for one in plan.every], dtype=object)

    @cached_property
    def families(self) -> NDArray[np.str_]:
        """Family of each disruption in the eyes of each region, (z, s); empty for none."""
        return np.array([
            [one.families.get(region, "") for region in self.regions] for one in self.plan.every
        ])  # fmt: skip

    @cached_property
    def _weighted(self) -> Mapping[str, tuple[Array, Mapping[str, tuple[str, ...]]]]:
        found = {}
        for name, weighting in self.plan.library.weightings.items():
            columns, dropped = [], {}
            for region in self.regions:
                shares, families = weights(self.plan.every, weighting, region)
                columns.append(shares)
                if families and shares.any():
                    dropped[region] = families
            found[name] = np.column_stack(columns), dropped
        return found

    def weights(self, weighting: str) -> Array:
        """Probabilities, (z, s)."""
        return self._weighted[weighting][0]

    def dropped(self, weighting: str) -> Mapping[str, tuple[str, ...]]:
        """Families of which a region has no disruption, by region."""
        return self._weighted[weighting][1]

    def statistics(self, losses: Array, weighting: str) -> dict[str, Array]:
        """Statistics of losses by name, each (s,), per cent; NaN where not known.

        Parameters
        ----------
        losses : ndarray (z, s)
            Parts of real income.
        weighting : str
        """
        shares, level = self.weights(weighting), self.plan.level
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
        """Mean loss of each family, (s,), per cent; NaN where it is empty."""
        return {
            name: 100 * expected_loss(losses, np.where(own, self.shares[:, None], 0.0))
            for name, own in self._sources().items() if name
        }  # fmt: skip

    @cached_property
    def shares(self) -> Array:
        """Weight of each disruption within its family, (z,)."""
        return np.array([one.share for one in self.plan.every])

    def frequencies(self) -> dict[str, Array]:
        """Probability a year that a disruption of each family begins, (s,), per cent."""
        often = np.array([one.frequency for one in self.plan.every])
        return {
            name: 100 * np.where(own, often[:, None], 0.0).sum(axis=0)
            for name, own in self._sources().items()
        }

    def annual(self, losses: Array) -> dict[str, dict[str, Array]]:
        """Statistics of the loss in a year, whatever happens in it, by family and of all.

        A year is one of a disruption with its frequency times its duration, else nothing
        happens: a mixture of how often and how severe. No weight between families is needed.

        Parameters
        ----------
        losses : ndarray (z, s)
            Parts of real income.

        Returns
        -------
        dict
            By family, all of them under the empty name: ``annual_loss`` and ``annual_cvar``, (s,),
            per cent; NaN where there is no such disruption, or its loss is not known.
        """
        lasting = np.array([one.years_in for one in self.plan.every])
        quiet = np.zeros((1, losses.shape[1]))
        found = {}
        for name, own in self._sources().items():
            chances = np.where(own, lasting[:, None], 0.0)
            none = 1.0 - chances.sum(axis=0, keepdims=True)
            every, weights = np.vstack([losses, quiet]), np.vstack([chances, none])
            there = chances.any(axis=0)
            found[name] = {
                "annual_loss": np.where(there, 100 * expected_loss(every, weights), np.nan),
                "annual_cvar": np.where(
                    there, 100 * cvar(every, weights, self.plan.annual_level), np.nan
                ),
            }
        return found

    def _sources(self) -> dict[str, NDArray[np.bool_]]:
        """Disruptions of each family in the eyes of each region, and of all, (z, s)."""
        names = [name for name in dict.fromkeys(self.families.ravel().tolist()) if name]
        return {"": self.families != "", **{name: self.families == name for name in names}}

    def worst(self, losses: Array, weighting: str) -> list[str]:
        """Disruption that takes most from each region; empty where not known."""
        possible = self.weights(weighting) > 0
        unknown = ~possible.any(axis=0) | (possible & np.isnan(losses)).any(axis=0)
        most = np.argmax(np.where(possible, losses, -np.inf), axis=0)
        return list(np.where(unknown, "", self.names[most]))

    def alone_in_tail(self, losses: Array, weighting: str) -> dict[str, str]:
        """Regions whose worst disruption has all of the tail's probability, and that disruption.

        Their conditional value at risk is the loss from it alone.
        """
        shares, names = self.weights(weighting), self.names.tolist()
        return {
            region: name
            for s, (region, name) in enumerate(
                zip(self.regions, self.worst(losses, weighting), strict=True)
            )
            if name and shares[names.index(name), s] >= 1 - self.plan.level - _ROUNDING
        }
