"""Loss from one disruption as a function of the pre-shock equilibrium, with its exact gradient."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.frontier.preshock_map import PreShockChanges
from cge.frontier.tracking import Tracked, adjoint
from cge.resilience.disruptions import Disruption
from cge.resilience.impact import RENTS, Impact, disrupted, idle_factors, impact_of
from cge.resilience.preshock import PreShock
from cge.solve.model import BOUND_SLACK
from cge.solve.solution import Allocation, Solution


@dataclass(frozen=True, eq=False)
class Hit(Allocation):
    """A disruption solved from a pre-shock equilibrium.

    Parameters
    ----------
    model : Model
    levels : ndarray (columns,)
    tracked : Tracked
        Its system.
    given : ndarray (columns,)
        Levels wanted of the given columns.
    targets : ndarray (targets,)
        Volumes that are held, and what else the closure holds.
    part : ndarray (targets,)
        Part of the pre-shock volume a target is; 0 for one that is no ration.
    z : ndarray
        The unknowns.
    """

    tracked: Tracked
    given: Array
    targets: Array
    part: Array
    z: Array


class DisruptionLoss:
    """One disruption, followed as the equilibrium before it moves.

    Parameters
    ----------
    disruption : Disruption
    leakage : float
        The least part of a volume that comes through a ban.
    """

    def __init__(self, disruption: Disruption, leakage: float) -> None:
        self.disruption, self.leakage = disruption, leakage
        self._tracked: Tracked | None = None
        self._part: Array = np.zeros(0)

    def solve(self, pre: PreShock, rates: Array) -> Hit:
        """Equilibrium under the disruption, from the one before it that some rates set.

        Raises
        ------
        NoEquilibrium
            If none is found from the last one nor from the pre-shock equilibrium.
        """
        impact = impact_of(pre, self.disruption, self.leakage)
        hit: Hit | None = None
        if self._tracked is not None:
            with contextlib.suppress(NoEquilibrium):
                hit = self._from_known(pre, impact, rates)
        if hit is None or not self._holds(hit, impact, pre):
            self._begin(impact.laid(pre.levels), disrupted(pre, impact), impact, rates)
            hit = self._from_known(pre, impact, rates)
            if not self._holds(hit, impact, pre):
                raise NoEquilibrium("which rations bind does not settle")
        return hit

    def _begin(self, given: Array, solution: Solution, impact: Impact, rates: Array) -> None:
        resolved = solution.resolved
        part = {f"{RENTS[rents]}[*, {r}, {i}, {s}]": p for (r, i, s), p, rents in impact.rationed}
        self._part = np.array([part.get(resolved.swaps[n].free, 0.0) for n in resolved.targeted_by])
        self._tracked = Tracked(resolved, given, solution.levels, rates)

    def _from_known(self, pre: PreShock, impact: Impact, rates: Array) -> Hit:
        tracked = self._tracked
        assert tracked is not None
        given = impact.laid(pre.levels)
        given[tracked.resolved.fixed] = tracked.resolved.fixed_levels
        sums = tracked.system.targets
        read = np.unique(sums.indices)  # other outcomes need not be worked out
        held = self._part * (sums[:, read] @ pre.outcomes[read])
        targets = np.where(self._part > 0, held, tracked.resolved.target_levels)
        z = tracked.solve(given, targets, rates)
        levels = tracked.system.levels(z, given)
        return Hit(pre.model, levels, tracked, given, targets, self._part, z)

    def _holds(self, hit: Hit, impact: Impact, pre: PreShock) -> bool:
        """Whether those rations are in force that should be.

        Only where other things happen as well can one cease to bind.
        """
        in_force = {swap.free for swap in hit.tracked.resolved.swaps}
        for swap in impact.swaps(pre) if len(impact.columns) and impact.rationed else ():
            cell = pre.model.variables.select(swap.free)[1][0]
            if swap.free in in_force:
                if hit.levels[cell] < hit.given[cell] * (1 - 1e-9):
                    return False
            elif hit.value_of(swap.fix)[0] > (swap.at or 0.0) * (1 + BOUND_SLACK):
                return False
        return True


def loss_gradient(
    pre: PreShock, changes: PreShockChanges, hit: Hit, disruption: Disruption, region: int
) -> Array:
    """Derivative of a region's loss by each instrument, (k,)."""
    model = pre.model
    row = model.outcomes["welfare"].start + region
    after, before = hit.values("welfare")[region], pre.values("welfare")[region]
    weights = model.arrays.outcome_coefficients[[row]].toarray().ravel()
    direct = np.zeros(len(hit.levels))
    by_column, by_target = adjoint(hit.tracked, hit.given, hit.targets, hit.z, weights, direct)
    by_column[hit.tracked.system.unknown] = 0.0
    by_column[hit.tracked.resolved.fixed] = 0.0
    moved = changes.levels + idle_changes(pre, disruption, changes.outcomes)
    held = hit.part[:, None] * (hit.tracked.system.targets @ changes.outcomes)
    by_after = by_column @ moved + by_target @ held
    return (after * changes.outcomes[row] / before - by_after) / before


def idle_changes(pre: PreShock, disruption: Disruption, outcomes: Array) -> Array:
    """Changes of the logs of what is left of factors with the equilibrium before a disruption.

    What a loss of capacity takes from a region's other factors is a part of what the sectors
    that are hit employ of them (:func:`cge.resilience.impact.capacity_lost`), which a policy
    moves. All other factors by which a disruption multiplies levels are constants.

    Parameters
    ----------
    pre : PreShock
    disruption : Disruption
    outcomes : ndarray (outcomes, k)
        Changes of the outcomes before.

    Returns
    -------
    ndarray (columns, k)
    """
    here = pre.model.outcomes["factor_payment"].positions
    paid, moved = pre.outcomes[here], outcomes[here]
    change = np.zeros((len(pre.levels), outcomes.shape[1]))
    for event in (one for one in disruption.events if one.type == "supply"):
        for column, own, hit in idle_factors(pre.model, event.regions, event.sectors):
            total, lost = paid[own].sum(), paid[hit].sum()
            part = event.size * lost / total
            by = event.size * (moved[hit].sum(axis=0) / total
                               - lost / total**2 * moved[own].sum(axis=0))  # fmt: skip
            change[column] -= by / (1.0 - part)
    return change
