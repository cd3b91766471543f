"""A part of welfare laid on a compiled model: where its cells are, its rate and its sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.data.elasticities.nests import NEST_AXES
from cge.model.welfare import Part
from cge.solve.model import Model


class LaidPart:
    """One part of welfare with the positions of its cells in a compiled model.

    Parameters
    ----------
    part : Part
    model : Model
    """

    def __init__(self, part: Part, model: Model) -> None:
        self.part, self.model = part, model
        families = {name: model.family(name) for _, name in (*part.value, *part.of)}
        # Where one family has fewer cells than the others (no weights in a Cobb-Douglas
        # nest), only those it has can change.
        family = min(families.values(), key=len)
        keep = np.arange(len(family))
        if part.where != "all":
            border = np.array(model.benchmark.use_classes)[model.benchmark.on_border]
            at_home = (family.codes[1] == family.codes[3]) & ~np.isin(family.codes[0], border)
            keep = np.flatnonzero(at_home == (part.where == "home"))
        self.size = len(keep)
        self.positions = {
            name: other.start + other.matching(family)[keep] for name, other in families.items()
        }
        self.codes = {axis: family.by(axis)[keep] for axis in family.axes}
        self.region = family.at(part.region)[0][keep]
        self.scale = np.ones(self.size)
        if part.nest:
            sigma = getattr(model.benchmark.elasticities[model.horizon], part.nest)
            self.scale = 1 - sigma[family.at(NEST_AXES[part.nest])][keep]

    def rate(self, outcomes: Array, changes: Array, columns: Array) -> Array:
        """Value times dln(of) by cell, the change of the value where `of` is empty."""
        if not self.part.of:
            return self._sum(self.part.value, changes)
        value = self._sum(self.part.value, outcomes) / self.scale
        change = np.zeros(self.size)
        for coefficient, name in self.part.of:
            here = self.positions[name]
            if name in self.model.variables:
                change += coefficient * columns[here]
            else:
                change += coefficient * changes[here] / outcomes[here]
        return value * change

    def first_order(self, start: Array, end: Array, columns: Array) -> Array:
        """Benchmark value times the total relative change of its quantity."""
        if not self.part.of:
            return self._sum(self.part.value, end) - self._sum(self.part.value, start)
        change, free = np.zeros(self.size), False
        for coefficient, name in self.part.of:
            of_variable = name in self.model.variables
            here = self.positions[name]
            if of_variable:
                change += coefficient * columns[here]
                free |= bool(self.model.arrays.free[here].any())
            else:
                change += coefficient * np.log(end[here] / start[here])
        # One of either sign changes by a difference, not by a log.
        relative = change if free else np.expm1(change)
        return self._sum(self.part.value, start) / self.scale * relative

    def value(self, outcomes: Array) -> Array:
        """What stands before the differential, by cell."""
        return self._sum(self.part.value, outcomes)

    def _sum(self, terms: Sequence[tuple[float, str]], values: Array) -> Array:
        return sum((by * values[self.positions[name]] for by, name in terms), np.zeros(self.size))

    def sum(self, cells: Array) -> Array:
        """Part by region, (s,)."""
        return np.bincount(self.region, cells, len(self.model.benchmark.regions)).astype(float)

    def frame(self, value: Array, first_order: Array) -> pd.DataFrame:
        """Part by cell, exact and to first order."""
        part, codes = self.part, {**self.codes, "": ""}
        return pd.DataFrame({
            "region": codes[part.region], "partner": codes[part.partner],
            "sector": codes[part.sector], "component": part.component,
            "value": value, "first_order": first_order,
        })  # fmt: skip
