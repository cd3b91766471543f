"""Accumulation over years: capital, knowledge, and productivity by where knowledge comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cge.core.axes import Array
from cge.data.accounts.benchmark import CAPITAL, Benchmark

if TYPE_CHECKING:
    from cge.dynamics.knowledge import KnowledgePolicy
    from cge.dynamics.recursion import State

#: Unit of log deviations by sector; by region they are what GDP gains at given factors.
LOGS = "percent (100 x log)"
TOTAL = "productivity_total"

#: Lines of the register; what is by region and sector stands there by region too where a mean
#: has a meaning.
LINES = """
capital_stock | sj | index, baseline = 1 | indicator | 1 | percent | | | capital by sector against the baseline; of a region weighted with benchmark income
basic_stock | s | index, baseline = 1 | indicator | 1 | percent | | Stock of basic knowledge | public basic knowledge against the baseline
business_research | sj | index, baseline = 1 | indicator | 2 | percent | | | spending of business on research against the baseline
applied_stock | sj | index, baseline = 1 | indicator | 2 | percent | | Stock of applied knowledge | applied knowledge of a sector against the baseline
foreign_knowledge | sj | index, baseline = 1 | indicator | 2 | percent | | | foreign knowledge that a sector has taken in, against the baseline
absorptive_capacity | sj | index, baseline = 1 | indicator | 2 | percent | | | part of foreign knowledge that a sector can take in, against the baseline
productivity_own | s | percent of GDP (100 x log) | indicator | 1 | itself | | Own research | productivity from applied knowledge of the sector, weighted with receipts over GDP (Hulten 1978)
productivity_domestic | s | percent of GDP (100 x log) | indicator | 1 | itself | | Domestic spillovers | productivity from applied knowledge of other sectors of the region
productivity_basic | s | percent of GDP (100 x log) | indicator | 1 | itself | | Basic research | productivity from basic knowledge of the region
productivity_foreign | s | percent of GDP (100 x log) | indicator | 1 | itself | | Foreign knowledge | productivity from knowledge of other regions
productivity_learning | s | percent of GDP (100 x log) | indicator | 1 | itself | | Learning by doing | productivity from cumulated output
productivity_total | s | percent of GDP (100 x log) | indicator | 1 | itself | | Productivity | productivity from all sources of knowledge
research_credit | sj | percent of business research | indicator | 3 | itself | | | credit on business research
basic_spending | s | percent of benchmark GDP | indicator | 3 | itself | | | public spending on basic research beyond the baseline
diffusion_spending | s | percent of benchmark GDP | indicator | 3 | itself | | | public spending on diffusion beyond the baseline
openness | rs | share of knowledge let through | indicator | 3 | difference | | | knowledge let through from a region (region) to another (partner)
"""


def stocks(b: Benchmark, state: State, business: Array | None) -> dict[str, list[Array]]:
    """Stocks and flows of a year against balanced growth, by region (r,) or sector (r, j).

    Parameters
    ----------
    b : Benchmark
    state : State
    business : ndarray (r, j), optional
        Business research of the year.
    """
    weights = b.factor_payments[..., b.factors.index(CAPITAL)]
    total = (weights * state.capital).sum(axis=1) / weights.sum(axis=1)
    found = {"capital_stock": [total, state.capital]}
    if state.knowledge is not None and business is not None:
        known = state.knowledge
        found |= {
            "basic_stock": [known.basic], "business_research": [business],
            "applied_stock": [known.applied], "foreign_knowledge": [known.foreign],
            "absorptive_capacity": [known.absorption],
        }  # fmt: skip
    return found


def productivity(by_source: Mapping[str, Array], base: Mapping[str, Array]) -> dict[str, Array]:
    """Log deviations times 100 from the baseline's, each (r, j), by source and in all.

    Parameters
    ----------
    by_source : mapping of str to ndarray (r, j)
    base : mapping of str to ndarray (r, j)
        Of the baseline; empty where that is balanced growth.
    """
    found = {
        f"productivity_{name}": 100 * (value - base.get(name, 0.0))
        for name, value in by_source.items()
    }
    return {**found, TOTAL: np.sum(list(found.values()), axis=0)}


def domar(b: Benchmark, values: Array) -> Array:
    """Productivities (r, j) weighted with receipts over GDP (Hulten 1978), (r,)."""
    return np.asarray((b.output * (1 - b.output_tax) * values).sum(axis=-1) / b.gdp)


def knowledge_policy(policy: KnowledgePolicy) -> dict[str, tuple[Array, float]]:
    """Policy about knowledge in figures, each with its value where there is none.

    Returns
    -------
    dict
        Credits (r, j), spending (r,), openness (r, r) from region to partner.
    """
    return {
        "research_credit": (100 * policy.credit, 0.0),
        "basic_spending": (100 * policy.basic, 0.0),
        "diffusion_spending": (100 * policy.diffusion, 0.0),
        "openness": (policy.openness, 1.0),
    }
