"""Knowledge that a region loses when it is cut off from that of others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cge.core.axes import Array
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, KnowledgeState, Seen
from cge.resilience.disruptions import Event


@dataclass(frozen=True, eq=False)
class Forgetting:
    """Productivity after some years of closed borders to ideas, against years without.

    Both are the same law of motion from the same stocks; research spending, imports and
    output stay what they were before, so that only what is let through differs.

    Parameters
    ----------
    law : KnowledgeLaw
    regions : tuple of str
    state : KnowledgeState
        Stocks before.
    business : ndarray (r, j)
        Business research before, relative to the baseline.
    seen : Seen
        The pre-shock equilibrium as those who do research see it.
    policy : KnowledgePolicy
        In force before.
    """

    law: KnowledgeLaw
    regions: tuple[str, ...]
    state: KnowledgeState
    business: Array
    seen: Seen
    policy: KnowledgePolicy

    def __call__(self, event: Event, years: int) -> Array:
        """Change of log productivity when an event has lasted, (r, j).

        Parameters
        ----------
        event : Event
            About knowledge: on its routes, from source to learner, openness is at most its
            size.
        years : int
            That it has lasted.
        """
        openness = self.policy.openness.copy()
        for source, learner in event.routes:
            cell = self.regions.index(source), self.regions.index(learner)
            openness[cell] = min(openness[cell], event.size)
        closed = self._after(years, replace(self.policy, openness=openness))
        return closed - self._after(years, self.policy)

    def _after(self, years: int, policy: KnowledgePolicy) -> Array:
        state = self.state
        for _ in range(years):
            state = self.law.next(state, self.business, self.seen, policy)
        return np.sum(list(self.law.productivity(state).values()), axis=0)
