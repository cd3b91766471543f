"""From a solution to rows of results, as the register lists its quantities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.core.axes import Array, Integers
from cge.core.errors import check_known
from cge.core.once import once_for_each
from cge.core.quantity import Quantity
from cge.core.typed import checked, taken
from cge.indicators.catalogue import INDICATORS
from cge.indicators.economy import ALWAYS, Economy, Indicator
from cge.model.quantities import INDICES, QUANTITIES
from cge.results.row_schema import TEXT, Rows, world_label

if TYPE_CHECKING:
    from cge.solve.model import Model
    from cge.solve.solution import Solution

#: Where each axis stands in results. On a route, region is the exporter and partner the importer;
#: of an input the sector is what is used, the item who uses it.
_PLACES: Mapping[str, str] = {
    "r": "region", "s": "region", "i": "sector", "j": "sector", "f": "item", "d": "item",
    "u": "item",
}  # fmt: skip
#: What is smaller is no move of an exogenous variable.
_UNMOVED = 1e-12
_SHARE = "share of benchmark absorption"
_TABULATED = (
    "region", "partner", "sector", "item", "measure", "value", "unit", "benchmark", "change",
    "change_unit",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Choice of the figures that are collected.

    Parameters
    ----------
    detail : int
        Up to which detail of the register: 1 regions, 2 sectors, 3 routes and the like.
    state : bool
        Whether variables that are the state of a path are policy, to be told where they move.
    groups : tuple of str
        Groups of indicators beside those that are always computed.
    measures : collection of str, optional
        Only these, of whatever group.
    """

    detail: int = 3
    state: bool = True
    groups: tuple[str, ...] = ()
    measures: Collection[str] | None = None

    def takes(self, quantity: Quantity) -> bool:
        """Whether a quantity is wanted."""
        if not self.any_of(quantity.name):
            return False
        if quantity.reported == "state":
            return self.state and self.detail >= 3
        if quantity.reported == "moved":
            return self.detail >= 3
        return quantity.reported != "-" and int(quantity.reported) <= self.detail

    def any_of(self, *names: str) -> bool:
        """Whether any of some measures is among those that were chosen, if any were."""
        return self.measures is None or not set(names).isdisjoint(self.measures)


def add_solution(
    rows: Rows, solution: Solution, base: Solution | None = None, wanted: Wanted = Wanted(),
    **labels: Any,
) -> None:  # fmt: skip
    """Add the figures of a solution.

    Parameters
    ----------
    rows : Rows
    solution : Solution
    base : Solution, optional
        What it is compared with; default the benchmark.
    wanted : Wanted
    **labels
        What all rows have in other columns.
    """
    for quantity in QUANTITIES.values():
        if wanted.takes(quantity):
            _add_quantity(rows, quantity, solution, base, labels)
    for indicator in INDICATORS:
        if wanted.measures is not None or indicator.group in (ALWAYS, *wanted.groups):
            names = {q.name for q in indicator.quantities.values() if wanted.takes(q)}
            if names:
                _add_indicator(rows, indicator, names, solution, base, labels)


@checked
def tabulate(
    solution: Solution, base: Solution | None = None, detail: int = 3,
    groups: Sequence[str] = (), measures: Collection[str] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figures of a solution as a table.

    Parameters
    ----------
    solution : Solution
    base : Solution, optional
        What it is compared with; default the benchmark.
    detail : int
        1 regions, 2 sectors too, 3 also routes and the like.
    groups : sequence of str
        Groups of indicators: value_chains, exposure, strategic.
    measures : collection of str, optional
        Only these.

    Returns
    -------
    DataFrame
        Columns region, partner, sector, item, measure, value, unit, benchmark, change,
        change_unit.

    Raises
    ------
    InputError
        For an unknown detail, group or measure, or a base of a model with other cells.
    """
    from cge.solve.solution import Solution  # loaded where there is one

    taken("solution", solution, Solution)
    taken("base", base, Solution | None)
    if base is not None:
        solution.model.variables.check_alike(base.model.variables, "base")
    check_known([detail], (1, 2, 3), "no such detail", key="detail")
    check_known(groups, {one.group: 0 for one in INDICATORS}, "no such group", key="groups")
    known = {*QUANTITIES, *(name for one in INDICATORS for name in one.quantities)}
    check_known(measures or (), sorted(known), "no such measure", key="measures")
    rows = Rows()
    wanted = Wanted(detail, groups=tuple(groups), measures=measures)
    add_solution(rows, solution, base, wanted)
    frame = rows.frame()[list(_TABULATED)]
    return frame.astype({name: object for name in _TABULATED if name in TEXT})


def _add_quantity(
    rows: Rows, quantity: Quantity, solution: Solution, base: Solution | None,
    labels: Mapping[str, Any],
) -> None:  # fmt: skip
    """Add one quantity of the model, and the world's figure."""
    model = solution.model
    value, start = values_of(solution, quantity.name, base)
    places = _codes(model, quantity.name)
    policy = quantity.reported in ("moved", "state")
    if policy:
        here = np.abs(value - start) > _UNMOVED
        value, start = value[here], start[here]
        places = {axis: codes[here] for axis, codes in places.items()}
    if not len(value):
        return
    in_money = quantity.unit == _SHARE and not policy
    unit = model.benchmark.unit if in_money else quantity.unit_in(model.benchmark.unit)
    add_figures(rows, quantity, unit, value, start, places, labels)
    world = _world(quantity, solution, base, value, start, places)
    if world is not None:
        add_figures(rows, quantity, unit, *world, labels)


def values_of(solution: Solution, name: str, base: Solution | None = None) -> tuple[Array, Array]:
    """A quantity of the model in a solution, and what it is compared with, cell by cell.

    What is a change already is one against the benchmark in both: of per cents the quotient is
    taken, of money the difference. Revenues are in money.
    """
    model = solution.model
    if name in INDICES:
        value = solution.measure(name)
        if base is not None:
            then = base.measure(name)
            percent = INDICES[name].unit != "money"
            value = 100 * ((100 + value) / (100 + then) - 1) if percent else value - then
        return value, np.zeros_like(value)
    if name in model.variables:
        here = model.variables[name].positions
        value = solution.levels[here]
        start = (model.arrays.start if base is None else base.levels)[here]
        if QUANTITIES[name].unit == _SHARE and QUANTITIES[name].kind == "endogenous":
            value, start = value * model.benchmark.absorption, start * model.benchmark.absorption
        return value, start
    here = model.outcomes[name].positions
    return solution.outcomes[here], (model.outcome_start if base is None else base.outcomes)[here]


@once_for_each
def _codes(model: Model, name: str) -> Mapping[str, NDArray[Any]]:
    """Codes of the cells of a quantity by column of the results."""
    if name in INDICES:
        return {"region": np.array(model.benchmark.regions, dtype=object)}
    family = (model.variables if name in model.variables else model.outcomes)[name]
    places = {axis: _PLACES[axis] for axis in family.axes}
    if "r" in places and "s" in places:
        places["s"] = "partner"
    if "i" in places and "j" in places:
        places["j"] = "item"
    return {
        places[axis]: codes.astype(object)
        for axis, codes in zip(family.axes, family.codes, strict=True)
    }


def _world(
    quantity: Quantity, solution: Solution, base: Solution | None, value: Array, start: Array,
    places: Mapping[str, NDArray[Any]],
) -> tuple[Array, Array, Mapping[str, Any]] | None:  # fmt: skip
    """The world's figures of a quantity by region, and by item or sector where it has one."""
    if not quantity.world or "partner" in places:
        return None
    weight = np.ones(len(value))
    if quantity.world != "sum":
        weight = values_of(solution, quantity.world.removeprefix("mean "), base)[1]
    cell, where = _summed(solution.model, quantity.name)
    total = 1.0 if quantity.world == "sum" else np.bincount(cell, weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, mean0 = (np.bincount(cell, cells * weight) / total for cells in (value, start))
    return mean, mean0, {"region": world_label(solution.model.benchmark.regions), **where}


@once_for_each
def _summed(model: Model, name: str) -> tuple[Integers, Mapping[str, NDArray[Any]]]:
    """Which of the world's figures each cell of a quantity is a part of, and their codes."""
    places = {axis: codes for axis, codes in _codes(model, name).items() if axis != "region"}
    if not places:
        return np.zeros(len(_codes(model, name)["region"]), dtype=np.int64), {}
    cell, found = pd.MultiIndex.from_arrays(list(places.values())).factorize()
    codes = pd.MultiIndex.from_tuples(found)
    return cell, {
        axis: codes.get_level_values(n).to_numpy(dtype=object) for n, axis in enumerate(places)
    }


def add_figures(
    rows: Rows, quantity: Quantity, unit: str, value: Array, start: Array,
    places: Mapping[str, Any], labels: Mapping[str, Any],
) -> None:  # fmt: skip
    """Add figures of a quantity, with their change against what they are compared with."""
    change, change_unit = change_of(quantity, unit, value, start)
    rows.add(quantity.name, value, unit=unit, benchmark=start, change=change,
             change_unit=change_unit, **places, **labels)  # fmt: skip


def change_of(quantity: Quantity, unit: str, value: Array, start: Array) -> tuple[Array, str]:
    """Change of a quantity against what it is compared with, and its unit."""
    if quantity.change == "percent":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(start != 0, 100 * (value / start - 1), np.nan), "percent"
    if quantity.change == "none":
        return np.full(len(value), np.nan), ""
    points = quantity.change == "difference" and unit.startswith("percent")
    return value - start, "percentage points" if points else unit


# -- indicators


def _add_indicator(
    rows: Rows, indicator: Indicator, names: Collection[str], solution: Solution,
    base: Solution | None, labels: Mapping[str, Any],
) -> None:  # fmt: skip
    now = indicator.compute(Economy(solution))
    then = _at_benchmark(indicator, solution) if base is None else indicator.compute(Economy(base))
    frame = now.assign(benchmark=then["value"].to_numpy())
    frame = frame.dropna(subset=["value", "benchmark"], how="all")
    if indicator.chosen is not None:
        frame = indicator.chosen(frame)
    places = {
        name: frame[name].to_numpy(dtype=object)
        for name in ("region", "partner", "sector", "item") if name in frame
    }  # fmt: skip
    values, starts = (frame[name].to_numpy(dtype=float) for name in ("value", "benchmark"))
    measures = frame["measure"].to_numpy(dtype=object)
    money = solution.model.benchmark.unit
    for name in dict.fromkeys(measures):
        if name in names:
            quantity, here = indicator.quantities[str(name)], measures == name
            where = {place: codes[here] for place, codes in places.items()}
            value, start, unit = values[here], starts[here], quantity.unit_in(money)
            add_figures(rows, quantity, unit, value, start, where, labels)
            if quantity.world == "sum" and "region" in where:
                total = np.array([value.sum()]), np.array([start.sum()])
                world = {"region": world_label(solution.model.benchmark.regions)}
                add_figures(rows, quantity, unit, *total, world, labels)


def _at_benchmark(indicator: Indicator, solution: Solution) -> pd.DataFrame:
    """An indicator at a model's benchmark, computed once."""
    model = solution.model
    # Models with stand-ins add the same cells up in another order: another last bit.
    key = (indicator.lines, f"{model.benchmark.fingerprint} {model.horizon} {model.backstop}")
    if key not in _KEPT:
        while len(_KEPT) >= _MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[key] = indicator.compute(Economy(solution, at_benchmark=True))
    return _KEPT[key]


_KEPT: dict[tuple[str, str], pd.DataFrame] = {}
_MOST_KEPT = 16
