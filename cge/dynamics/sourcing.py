"""Positions of all nests of a model on their menus, from year to year.

The model is compiled with the elasticities of the year; the weights of its nests are
exogenous. Between years every nest moves along its menu (:mod:`cge.dynamics.menu`)
towards the weights that are cheapest at the prices it has seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.core.errors import refuse_first
from cge.data.elasticities.nests import NEST_AXES
from cge.dynamics.menu import Menu
from cge.solve.layout import Family
from cge.solve.model import Model
from cge.solve.solution import Allocation


@dataclass(frozen=True)
class Inputs:
    """A family of inputs: weight, value, and price (a variable, or value over quantity)."""

    weight: str
    value: str
    quantity: str = ""
    price: str = ""


#: Exponents below this are rounding of ones that cancel.
CANCELLED = 1e-12
#: Every nest with weights: its name in the elasticities and the inputs it is made of.
NESTS: dict[str, tuple[Inputs, ...]] = {
    "armington": (Inputs("origin_weight", "route_spending", "arrivals"),),
    "intermediate": (Inputs("input_weight", "input_spending", "input_use"),),
    "final": (Inputs("final_weight", "final_purchases", "final_use"),),
    "value_added": (Inputs("factor_weight", "factor_spending", "factor_use"),),
    "top": (
        Inputs("value_added_weight", "value_added_value", price="value_added_price"),
        Inputs("material_weight", "material_value", price="material_price"),
    ),
}


class Sourcing:
    """The menus of all nests of a compiled model.

    Parameters
    ----------
    model : Model
        Compiled with short-run elasticities.
    standing : Allocation, optional
        Equilibrium to whose prices relations count as adapted; default the
        benchmark. Weights, prices and the menu's shares are then relative to it.

    Raises
    ------
    InputError
        If a nest is Cobb-Douglas in the short run only, or substitutes less in the long run.
    """

    def __init__(self, model: Model, standing: Allocation | None = None) -> None:
        self.model = model
        #: Log weights and prices of the inputs in the equilibrium to which all is relative.
        self.base: Array | float = 0.0
        self._log_price: Array | float = 0.0
        #: What the weights of nests with the elasticity of a year's move have beside `base`,
        #: per unit of the part of the way that is gone.
        self.base_of_move: Array | float = 0.0
        #: Columns of the weights, in the order of the menu's inputs.
        self.columns: Integers = np.concatenate([w.columns for w, _ in self.inputs()])
        #: Inputs that may be an import or what stands in for it, and their prices.
        self._varieties, self._of_variety = self._with_stand_in()
        laid, count = [], 0
        for nest, inputs in NESTS.items():
            number, *others = self._lay(nest, inputs)
            laid.append((number + count, *others))
            count += len(others[-1])
        self.menu = Menu(*(np.concatenate(parts) for parts in zip(*laid, strict=True)))
        if standing is None:
            return
        log_price, base = self.log_prices(standing), np.log(standing.levels[self.columns])
        relative = log_price - self.menu.log_cost(base, log_price)[self.menu.nest]
        share = self.menu.share * np.exp(base + (1 - self.menu.short[self.menu.nest]) * relative)
        self.base, self._log_price = base, log_price
        self.base_of_move = self.menu.reach[self.menu.nest] * relative
        self.menu = replace(self.menu, share=share)

    def _with_stand_in(self) -> tuple[Integers, Integers]:
        varieties, begin, here, there = self.model.variables["variety_price"], 0, [], []
        for weight, one in self.inputs():
            if one.value == "route_spending":
                at = [(n, varieties.place.get(cell, -1)) for n, cell in enumerate(weight.index)]
                here += [begin + n for n, found in at if found >= 0]
                there += [found - varieties.start for _, found in at if found >= 0]
            begin += len(weight)
        return np.array(here, dtype=np.int64), np.array(there, dtype=np.int64)

    def inputs(self) -> Iterator[tuple[Family, Inputs]]:
        """The weights of every family of inputs, in order."""
        for inputs in NESTS.values():
            yield from ((self.model.variables[one.weight], one) for one in inputs)

    @property
    def start(self) -> Array:
        """Log weights in the benchmark, or in `standing`, relative to it."""
        return np.zeros(len(self.columns))

    def _lay(self, nest: str, inputs: tuple[Inputs, ...]) -> tuple[Integers, Array, Array, Array]:
        """Nest and share of each input, short and long elasticities by nest."""
        model = self.model
        short, long = (getattr(model.benchmark.elasticities[h], nest) for h in ("short", "long"))
        _check(nest, short, long)
        cells, values = [], []
        for one in inputs:
            weight = model.variables[one.weight]
            cells.append(np.ravel_multi_index(weight.at(NEST_AXES[nest]), short.shape))
            values.append(model.start.values(one.value)[model.family(one.value).matching(weight)])
        cell, number = np.unique(np.concatenate(cells), return_inverse=True)
        worth = np.concatenate(values)
        share = worth / np.bincount(number, worth, len(cell))[number]
        return number, share, short.ravel()[cell], long.ravel()[cell]

    @cached_property
    def exponents(self) -> sparse.csr_array:
        """Exponents of the columns in the price of every input, (inputs, columns).

        Values are quantities times a price, term by term; weights stand in both, and cancel.
        """
        model = self.model
        parts = []
        for weight, one in self.inputs():
            if one.price:
                parts.append(exponents_of(model, one.price, weight))
                continue
            value, quantity = (exponents_of(model, n, weight) for n in (one.value, one.quantity))
            parts.append(sparse.csr_array(value - quantity))
        found = sparse.csr_array(sparse.vstack(parts, format="csr"))
        if len(self._varieties):
            own = exponents_of(model, "variety_price")[self._of_variety]
            found = with_rows(found, self._varieties, own)
        found.data[np.abs(found.data) < CANCELLED] = 0.0
        found.eliminate_zeros()
        return found

    @cached_property
    def _start(self) -> Array:
        """Logs of the prices in the benchmark."""
        return np.asarray(self.exponents @ self.model.start.logs)

    def log_prices(self, at: Allocation) -> Array:
        """Log of the price of every input relative to the benchmark, or to `standing`."""
        return self.relative(self.exponents @ at.logs)

    def relative(self, logs: Array) -> Array:
        """Logs of prices relative to the benchmark, or to `standing`."""
        return np.asarray(logs - self._start - self._log_price)

    def price_changes(self, changes: Array) -> Array:
        """Changes of the logs of the prices of inputs.

        Parameters
        ----------
        changes : ndarray (columns,)
            Of the logs of columns; those of either sign are not read.
        """
        return np.asarray(self.exponents @ changes)


def with_rows(
    matrix: sparse.csr_array, rows: Integers, by: sparse.csr_array
) -> sparse.csr_array:  # fmt: skip
    """Matrix with some rows replaced."""
    order = np.arange(matrix.shape[0])
    order[rows] = matrix.shape[0] + np.arange(len(rows))
    return sparse.csr_array(sparse.vstack([matrix, by], format="csr")[order])


def exponents_of(model: Model, name: str, of: Family | None = None) -> sparse.csr_array:
    """Exponents of a variable, or of the first term of an outcome, by cell (`of` a family)."""
    family = model.family(name)
    cells = np.arange(len(family)) if of is None else family.matching(of)
    if name in model.variables:
        every: Any = sparse.eye_array(len(model.arrays.start), format="csr")
        return sparse.csr_array(every[family.columns[cells]])
    arrays = model.arrays.only(name)
    terms = arrays.outcome_coefficients
    return sparse.csr_array(arrays.exponents[terms.indices[terms.indptr[:-1][cells]]])


def _check(nest: str, short: Array, long: Array) -> None:
    key = f"elasticities.{nest}"
    refuse_first(long[long < short].tolist(), "substitutes less in the long run than in the short",
                 key=key, allowed="long >= short")  # fmt: skip
    refuse_first(short[(short == 1) & (long != 1)].tolist(),
                 "is Cobb-Douglas in the short run, and such a nest has no weights to adapt",
                 key=key, allowed="a short-run value other than 1")  # fmt: skip
