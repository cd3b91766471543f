"""Stand-ins for imports: what they cost, and how knowledge brings that down.

A region's stand-in costs phi times the import's cost in the benchmark, in domestic resources
(:mod:`cge.model.backstop`). It can be made in every equilibrium, with a disruption or without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, ratio
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgeState
from cge.solve.model import Model


@dataclass(frozen=True)
class StandIns:
    """Premiums of stand-ins over the benchmark cost of the import.

    Parameters
    ----------
    premium : mapping of str to float
        By sector, at the knowledge of the baseline.
    eta : float
        Elasticity of the premium's excess over one to knowledge.
    floor : float
        Least premium at any knowledge.
    """

    premium: Mapping[str, float]
    eta: float
    floor: float

    @property
    def sectors(self) -> tuple[str, ...]:
        """Sectors whose imports have one."""
        return tuple(self.premium)

    def premiums(
        self, benchmark: Benchmark, knowledge: Array | None = None
    ) -> dict[tuple[str, str], float]:
        """Premiums by region and sector.

        phi = max(floor, 1 + (phi0 - 1) K**-eta), with K knowledge relative to the baseline.

        Parameters
        ----------
        benchmark : Benchmark
        knowledge : ndarray (r, j), optional
            None: as on the baseline everywhere.
        """
        found = {}
        for r, region in enumerate(benchmark.regions):
            for sector, premium in self.premium.items():
                known = 1.0
                if knowledge is not None:
                    known = float(knowledge[r, benchmark.sectors.index(sector)])
                found[region, sector] = max(self.floor, 1.0 + (premium - 1.0) * known**-self.eta)
        return found

    def laid(self, model: Model, levels: Array, knowledge: Array | None = None) -> Array:
        """Levels with stand-ins within reach, (columns,).

        Parameters
        ----------
        model : Model
            Built with these sectors.
        levels : ndarray (columns,)
        knowledge : ndarray (r, j), optional
            As in :meth:`premiums`.
        """
        family = model.variables["backstop_premium"]
        if not len(family):
            return levels
        levels, found = levels.copy(), self.premiums(model.benchmark, knowledge)
        levels[family.positions] = [found[s, i] for _, _, i, s in family.index]
        return levels


#: No commodity has a stand-in.
NO_STAND_INS = StandIns({}, 0.0, 1.0)


def relative_knowledge(law: KnowledgeLaw, state: KnowledgeState) -> Array:
    """Knowledge of a sector of a region relative to the baseline, (r, j).

    The geometric mean of the stocks that make its productivity, each relative to the
    baseline and weighted with its elasticity: own applied knowledge, that of other sectors at
    home, basic, and foreign knowledge that has been taken in,

        K = exp(sum_k d ln A_k / sum_k gamma_k)

    so that all stocks one per cent larger make it one per cent larger. Learning by doing is
    no stock of knowledge and stays out. One where there is no research.

    Parameters
    ----------
    law : KnowledgeLaw
    state : KnowledgeState
    """
    gamma = law.elasticities
    change = law.productivity(state)
    total = gamma.own + gamma.spillover + gamma.basic + gamma.foreign
    carried = change["own"] + change["domestic"] + change["basic"] + change["foreign"]
    return np.exp(ratio(carried, total))
