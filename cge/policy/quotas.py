"""Rationing: a volume is held and the rent that does it is found."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cge.policy.rates import Found, Plan
from cge.scenario.wording import measure_text
from cge.solve.closure import Swap, Total
from cge.solve.model import Model

Array = NDArray[np.float64]

#: What moves to ration a route, by who keeps the rent.
RENTS = {"importer": "tariff", "exporter": "export_tax", "lost": "trade_cost"}


def quota(model: Model, plan: Plan, share: float, levels: Array) -> Found:
    """Hold the volume of every route and commodity, with the rent that does it.

    A ration is a virtual price (Neary and Roberts 1980): who keeps the difference between it
    and the price is a matter of institutions, hence `rents`. Where it is lost, what is held
    is what arrives, so that all three let the same quantity in.
    """
    measure = plan.measure
    assert measure.to is not None
    rents = measure.rents or "importer"
    family = model.variables["tariff"]
    index = family.index
    uses: dict[tuple[str, ...], list[str]] = {}
    for position in plan.positions.tolist():
        cell = index[position - family.start]
        uses.setdefault(cell[1:], []).append(cell[0])
    all_uses: dict[tuple[str, ...], int] = {}
    for cell in index:
        all_uses[cell[1:]] = all_uses.get(cell[1:], 0) + 1
    swaps, columns = [], []
    for route, some in uses.items():
        inside = f"[{'|'.join(some)}, {', '.join(route)}]"
        free = RENTS[rents] + inside
        fix: str | Total = f"trade_volume[{', '.join(route)}]"
        if rents == "lost":
            fix = Total(((1.0, "arrivals" + inside),))
        elif len(some) < all_uses[route]:
            fix = Total(((1.0, "route_volume" + inside),))
        at = 1.0 + share * (measure.to - 1.0)
        bound: Literal["upper"] | None = None if measure.binding else "upper"
        # A rent is never negative.
        swaps.append(Swap(free, fix, at, bound=bound, label=measure_text(measure), relief=1))
        columns.append(model.variables.select(free)[1])
    moved = np.concatenate(columns)
    return Found(tuple(swaps), moved, measure_text(measure), levels[moved], counts=False)
