"""Positions of all nests of a model on their menus, from year to year.

The model is compiled with the elasticities of the year; the weights of its nests are
exogenous. Between years every nest moves along its menu (:mod:`cge.dynamics.menu`)
towards the weights that are cheapest at the prices it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array, Integers
from cge.core.errors import InputError
from cge.data.elasticities.nests import NEST_AXES
from cge.dynamics.menu import Menu
from cge.solve.layout import Family
from cge.solve.model import Model
from cge.solve.system import outcome_values


@dataclass(frozen=True)
class _Inputs:
    """A family of inputs: weight, value, and price (a variable, or value over quantity)."""

    weight: str
    value: str
    quantity: str = ""
    price: str = ""


#: Every nest with weights: its name in the elasticities and the inputs it is made of.
NESTS: dict[str, tuple[_Inputs, ...]] = {
    "armington": (_Inputs("origin_weight", "route_spending", "arrivals"),),
    "intermediate": (_Inputs("input_weight", "input_spending", "input_use"),),
    "final": (_Inputs("final_weight", "final_purchases", "final_use"),),
    "value_added": (_Inputs("factor_weight", "factor_spending", "factor_use"),),
    "top": (
        _Inputs("value_added_weight", "value_added_value", price="value_added_price"),
        _Inputs("material_weight", "material_value", price="material_price"),
    ),
}


class Sourcing:
    """The menus of all nests of a compiled model.

    Parameters
    ----------
    model : Model
        Compiled with short-run elasticities.
    standing : ndarray (columns,), optional
        Levels of an equilibrium to whose prices relations count as adapted; default the
        benchmark. Weights, prices and the menu's shares are then relative to it.

    Raises
    ------
    InputError
        If a nest is Cobb-Douglas in the short run only, or substitutes less in the long run.
    """

    def __init__(self, model: Model, standing: Array | None = None) -> None:
        self.model = model
        #: Log weights and prices of the inputs in the equilibrium to which all is relative.
        self.base: Array | float = 0.0
        self._price: Array | float = 1.0
        parts = [self._lay(nest, inputs) for nest, inputs in NESTS.items()]
        offset, nests = 0, []
        for nest, short, _, _, _ in parts:
            nests.append(nest + offset)
            offset += len(short)
        self.menu = Menu(
            np.concatenate(nests),
            np.concatenate([p[3] for p in parts]),
            np.concatenate([p[1] for p in parts]),
            np.concatenate([p[2] for p in parts]),
        )
        #: Columns of the weights, in the order of the menu's inputs.
        self.columns: Integers = np.concatenate([p[4] for p in parts])
        #: What the weights of nests with the elasticity of a year's move have beside `base`,
        #: per unit of the part of the way that is gone.
        self.base_of_move: Array | float = 0.0
        if standing is not None:
            self._stand(standing)

    def _stand(self, levels: Array) -> None:
        """Make everything relative to an equilibrium."""
        price = self.prices(levels, outcome_values(self.model.arrays, levels))
        base = np.log(levels[self.columns])
        menu = self.menu
        relative = np.log(price / menu.short_cost(base, price)[menu.nest])
        share = menu.share * np.exp(base + (1 - menu.short[menu.nest]) * relative)
        self.base, self._price = base, price
        self.base_of_move = menu.reach[menu.nest] * relative
        self.menu = Menu(menu.nest, share, menu.short, menu.long)

    @property
    def start(self) -> Array:
        """Log weights in the benchmark, or in `standing`, relative to it."""
        return np.zeros(len(self.columns))

    def _lay(
        self, nest: str, inputs: tuple[_Inputs, ...]
    ) -> tuple[Integers, Array, Array, Array, Integers]:
        """Nest of each input, short and long elasticities by nest, shares, weight columns."""
        model = self.model
        b = model.benchmark
        axes = NEST_AXES[nest]
        keys: list[tuple[str, ...]] = []
        values, columns = [], []
        for one in inputs:
            weight = model.variables[one.weight]
            value = model.outcomes[one.value]
            where = value.matching(weight)
            start = model.outcome_start[value.positions][where]
            codes = [weight.codes[weight.axes.index(axis)].tolist() for axis in axes]
            keys += list(zip(*codes, strict=True))
            values.append(start)
            columns.append(np.arange(weight.start, weight.start + len(weight)))
        number = {key: n for n, key in enumerate(dict.fromkeys(keys))}
        nest_of = np.array([number[key] for key in keys], dtype=np.int64)
        worth = np.concatenate(values)
        share = worth / np.bincount(nest_of, worth, len(number))[nest_of]
        order = {
            "u": b.use_classes, "s": b.regions, "i": b.sectors, "j": b.sectors, "d": b.agents,
        }  # fmt: skip
        index = tuple(
            np.array([order[axis].index(key[n]) for key in number], dtype=np.int64)
            for n, axis in enumerate(axes)
        )
        short = getattr(b.elasticities["short"], nest)
        long = getattr(b.elasticities["long"], nest)
        self._check(nest, short, long)
        return nest_of, short[index], long[index], share, np.concatenate(columns)

    @staticmethod
    def _check(nest: str, short: Array, long: Array) -> None:
        if (long < short).any():
            raise InputError(
                "substitutes less in the long run than in the short", key=f"elasticities.{nest}",
                value=float(long[long < short][0]), allowed="long >= short",
            )  # fmt: skip
        if ((short == 1) & (long != 1)).any():
            raise InputError(
                "is Cobb-Douglas in the short run, and such a nest has no weights to adapt",
                key=f"elasticities.{nest}", value=1.0, allowed="a short-run value other than 1",
            )  # fmt: skip

    def prices(self, levels: Array, outcomes: Array) -> Array:
        """Price of every input relative to the benchmark, or to `standing`.

        Parameters
        ----------
        levels, outcomes : ndarray
            Of a solution.
        """
        model = self.model

        def relative(name: str, weight: Family) -> Array:
            """A variable or outcome over its benchmark, by cell of a weight."""
            if name in model.variables:
                family, now, then = model.variables[name], levels, model.arrays.start
            else:
                family, now, then = model.outcomes[name], outcomes, model.outcome_start
            here = family.positions
            return (now[here] / then[here])[family.matching(weight)]

        found = []
        for one in (one for inputs in NESTS.values() for one in inputs):
            weight = model.variables[one.weight]
            if one.price:
                found.append(relative(one.price, weight))
            else:
                found.append(relative(one.value, weight) / relative(one.quantity, weight))
        return np.concatenate(found) / self._price
