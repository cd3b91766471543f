"""What earlier years left behind, as shocks of the year that starts from it.

A year's solution is compared with the benchmark, from which it differs by that year's
policy and by what has changed since: capital, relations with suppliers, knowledge, and
research. With each as a shock of its own a decomposition of welfare tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import CAPITAL, State
from cge.dynamics.sourcing import Sourcing
from cge.solve.layout import Family
from cge.solve.model import Model
from cge.solve.path import Shock

Array = NDArray[np.float64]

#: Labels of what the years before have changed; knowledge and research by source.
CAPITAL_STOCK, SOURCING = "capital stock", "sourcing"
KNOWLEDGE, RESEARCH = "knowledge: {}", "research: {}"
#: Sources of productivity, and what research beyond the baseline is.
SOURCES = ("own", "domestic", "basic", "foreign", "learning")
SPENDING = ("business", "basic", "diffusion")
LABELS = (
    CAPITAL_STOCK, SOURCING, *(KNOWLEDGE.format(name) for name in SOURCES),
    *(RESEARCH.format(name) for name in SPENDING),
)  # fmt: skip


def ground_shocks(
    model: Model,
    state: State,
    productivity: Mapping[str, Array],
    policy: KnowledgePolicy,
    research: Array,
    sourcing: Sourcing | None = None,
) -> tuple[Shock, ...]:
    """Return what a year starts from as shocks to the benchmark, those that move anything.

    Parameters
    ----------
    model : Model
    state : State
        From which the year starts.
    productivity : mapping of str to ndarray (r, j)
        Log deviation by source of knowledge.
    policy : KnowledgePolicy
        Of the year.
    research : ndarray (r,)
        All research beyond the benchmark's, in shares of its absorption.
    sourcing : Sourcing, optional
        The menus of the model, if they are known.
    """
    b = model.benchmark
    shocks = [_capital(model, state)]
    columns = (sourcing or Sourcing(model)).columns
    shocks.append(Shock(SOURCING, columns, state.weights))
    family = model.variables["productivity"]
    cells = _cells(family, b.regions, b.sectors)
    for name, change in productivity.items():
        shocks.append(Shock(KNOWLEDGE.format(name), family.block.positions, change[cells]))
    positions = model.variables["research"].block.positions
    public = {name: getattr(policy, name) * b.gdp / b.absorption for name in ("basic", "diffusion")}
    business = research - sum(public.values())
    for name, change in {"business": business, **public}.items():
        shocks.append(Shock(RESEARCH.format(name), positions, change))
    return tuple(shock for shock in shocks if (np.abs(shock.change) > 1e-13).any())


def apart(measures: Sequence[Shock]) -> tuple[Shock, ...]:
    """Return measures under labels that none of the state's has."""
    return tuple(
        Shock(f"{one.label} (policy)", one.columns, one.change) if one.label in LABELS else one
        for one in measures
    )


def _capital(model: Model, state: State) -> Shock:
    family = model.variables["factor_use"]
    here = np.flatnonzero(family.codes[family.axes.index("f")] == CAPITAL)
    cells = _cells(family, model.benchmark.regions, model.benchmark.sectors)
    stock = state.capital[tuple(axis[here] for axis in cells)]
    return Shock(CAPITAL_STOCK, family.block.start + here, np.log(stock))


def _cells(
    family: Family, regions: Sequence[str], sectors: Sequence[str]
) -> tuple[NDArray[np.int64], ...]:
    """Return index arrays of a family's region and sector."""
    found = []
    for axis, codes in (("s", regions), ("j", sectors)):
        place = {code: n for n, code in enumerate(codes)}
        own = family.codes[family.axes.index(axis)].tolist()
        found.append(np.array([place[code] for code in own], dtype=np.int64))
    return tuple(found)
