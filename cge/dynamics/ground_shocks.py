"""Legacies of earlier years, as shocks of the year that starts from them.

A year's solution is compared with the benchmark, from which it differs by that year's
policy and by what has changed since: capital, relations with suppliers, knowledge, and
research. With each as a shock of its own a decomposition of welfare tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cge.core.axes import Array, Integers
from cge.dynamics.ground_labels import (
    CAPITAL_STOCK,
    CATCHING_UP,
    KNOWLEDGE,
    LABELS,
    RESEARCH,
    SOURCING,
)
from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import capital_of
from cge.dynamics.sourcing import Sourcing
from cge.solve.homotopy import Shock, change
from cge.solve.model import Model

#: What a short year starts from.
_HELD = ("wage_level", "accustomed_earnings", "accustomed_income", "world_demand", "debt_service")


def ground_shocks(
    model: Model,
    given: Array,
    measures: Sequence[Shock],
    productivity: Mapping[str, Array],
    policy: KnowledgePolicy,
    sourcing: Sourcing | None = None,
) -> tuple[Shock, ...]:
    """State from which a year starts as shocks to the benchmark, those that move anything.

    Parameters
    ----------
    model : Model
    given : ndarray (columns,)
        Levels of the year's given columns.
    measures : sequence of Shock
        What the year's policy does over what it starts from.
    productivity : mapping of str to ndarray (r, j)
        Log deviation by source of knowledge.
    policy : KnowledgePolicy
        Of the year.
    sourcing : Sourcing, optional
        The menus of the model, if they are known.
    """
    b, start = model.benchmark, model.arrays.start
    moved = np.zeros(len(start))
    for shock in measures:
        np.add.at(moved, shock.columns, shock.change)

    def left(columns: Integers) -> Array:
        """Change of logs that is not the policy's."""
        return np.log(given[columns] / start[columns]) - moved[columns]

    stock, _ = capital_of(model)
    weights = (sourcing or Sourcing(model)).columns
    shocks = [Shock(CAPITAL_STOCK, stock, left(stock)), Shock(SOURCING, weights, left(weights))]
    family = model.variables["productivity"]
    for name, by_source in productivity.items():
        shocks.append(Shock(KNOWLEDGE.format(name), family.columns, by_source[family.at("sj")]))
    positions = model.variables["research"].columns
    public = {name: getattr(policy, name) * b.gdp / b.absorption for name in ("basic", "diffusion")}
    business = given[positions] - start[positions] - moved[positions] - sum(public.values())
    for name, extra in {"business": business, **public}.items():
        shocks.append(Shock(RESEARCH.format(name), positions, extra))
    held = np.concatenate([model.variables[name].columns for name in _HELD])
    shocks.append(Shock(CATCHING_UP, held, change(start, given, model.arrays.free)[held]))
    return tuple(shock for shock in shocks if (np.abs(shock.change) > 1e-13).any())


def apart(measures: Sequence[Shock]) -> tuple[Shock, ...]:
    """Measures under labels that none of the state's has."""
    return tuple(
        Shock(f"{one.label} (policy)", one.columns, one.change) if one.label in LABELS else one
        for one in measures
    )
