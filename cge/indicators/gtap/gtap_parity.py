"""How near an equilibrium comes to results of the standard GTAP model, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import check_known, refuse_if
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gams_results import GamsResults
from cge.data.gtap.gtap_checks import income
from cge.data.gtap.gtap_results import Reference
from cge.indicators.gtap.gams_variables import gams_changes, told_in_gams
from cge.indicators.gtap.gtap_variables import WORLD, GtapVariable, gtap_variables
from cge.indicators.gtap.huff import huff
from cge.solve.closure import Closure
from cge.solve.decompose import walk
from cge.solve.model import Model
from cge.solve.solution import Solution

#: Percentage points that a cell may be off.
LIMIT = 0.01
#: Equilibria on the way over which indices are chained.
STEPS = 4
#: Names of variables that are changes of shares begin so.
SHARES = ("del_tax", "del_indtax", "del_ttax")
#: Changes below this are none.
NOTHING = 1e-9
COLUMNS = ["variable", "cell", "here", "there", "gap"]


@dataclass(frozen=True, eq=False)
class Parity:
    """Cells of two solutions side by side.

    Parameters
    ----------
    cells : DataFrame
        variable, cell (elements), here, there (per cent changes), gap (percentage points).
    not_told : tuple of str
        Variables that change in the reference and are not told here.
    limit : float
    """

    cells: pd.DataFrame
    not_told: tuple[str, ...]
    limit: float = LIMIT

    @property
    def within(self) -> float:
        """Share of cells whose gap keeps the limit."""
        return float((self.cells["gap"] <= self.limit).mean())

    @property
    def by_variable(self) -> pd.DataFrame:
        """By variable: cells, share within the limit, largest gap, and largest change."""
        rows = []
        for name, part in self.cells.groupby("variable", sort=False):
            rows.append((name, len(part), float((part["gap"] <= self.limit).mean()),
                         part["gap"].max(), part["there"].abs().max()))  # fmt: skip
        return pd.DataFrame(rows, columns=["variable", "cells", "within", "gap", "change"])

    @property
    def beyond(self) -> pd.DataFrame:
        """Cells beyond the limit, the widest gap first."""
        return self.cells[self.cells["gap"] > self.limit].sort_values("gap", ascending=False)


def multiplied(
    model: Model, factors: Mapping[str, float], part: float = 1.0, closure: Closure | None = None
) -> Solution:
    """Equilibrium in which given powers are multiplied.

    Parameters
    ----------
    model : Model
    factors : mapping
        Selector of exogenous variables to a factor: 1.1 is a change of ten per cent in GTAP.
    part : float
        Of the way, in logs.
    closure : Closure, optional
    """
    levels = model.levels({}).copy()
    for selector, factor in factors.items():
        refuse_if(not (np.isfinite(factor) and factor > 0), "is no factor", key=selector,
                  value=factor, allowed="a number above 0; 1.1 is ten per cent more")  # fmt: skip
        family, positions = model.variables.select(selector, "shock")
        refuse_if(bool(model.arrays.free[positions].any()), "is no power or ratio", key=selector,
                  value=family.name)  # fmt: skip
        levels[positions] *= factor**part
    return model.solve(levels, closure)


def way_to(
    model: Model, factors: Mapping[str, float], closure: Closure | None = None
) -> list[Solution]:
    """Equilibria on the way to one in which powers are multiplied, which is the last."""
    return [multiplied(model, factors, (n + 1) / STEPS, closure) for n in range(STEPS)]


def parity(
    way: Sequence[Solution], data: GtapData, reference: Reference | GamsResults,
    limit: float = LIMIT,
) -> Parity:  # fmt: skip
    """Hold an equilibrium against results of the GTAP model.

    Parameters
    ----------
    way : sequence of Solution
        Of a benchmark with the standard structure, the one that is meant last (:func:`way_to`).
    data : GtapData
        Of which it was made.
    reference : mapping or GamsResults
        :func:`~cge.data.gtap.gtap_results.reference_results`, or a solution in GAMS.
    limit : float

    Raises
    ------
    InputError
        If they have no cell in common.
    """
    *before, solution = way
    rows = []
    if isinstance(reference, GamsResults):
        inflow = solution.model.start.values("capital_inflow"), solution.values("capital_inflow")
        here = told_in_gams(gtap_variables(solution, data, before), inflow, data)
        there, known = gams_changes(reference), {*here}
        for name, cells in here.items():
            others = there.get(name, {})
            rows += [(name, ", ".join(cell), one, others[cell], abs(one - others[cell]))
                     for cell, one in cells.items() if cell in others]  # fmt: skip
    else:
        told = gtap_variables(solution, data, before, huff(walk(solution)))
        there, known, own = reference, {*told}, income(data)
        for name, one in told.items():
            if name in reference:
                rows += _rows(name, one, data, reference[name], own)
    refuse_if(not rows, "the results have no cell in common with these data", key="against",
              value=[*there][:5], allowed=sorted(known))  # fmt: skip
    left = tuple(name for name, cells in there.items()
                 if name not in known and any(abs(one) > NOTHING for one in cells.values()))  # fmt: skip
    return Parity(pd.DataFrame(rows, columns=COLUMNS), left, limit)


def _rows(
    name: str, one: GtapVariable, data: GtapData, there: Mapping[tuple[str, ...], float],
    own: Array,
) -> list[tuple[str, str, float, float, float]]:  # fmt: skip
    """Cells that both have."""
    codes, values, scale, rows = one.codes(data), one.changes, 1.0, []
    for cell, value in zip(product(*codes), np.ravel(values).tolist(), strict=True):
        known = there.get(tuple(code.lower() for code in cell))
        if known is None or not np.isfinite(value):
            continue
        if one.owner is not None:
            whose = own.sum() if one.owner == WORLD else own[data.regions.index(cell[one.owner])]
            scale = 100 / float(whose)
        elif name.startswith(SHARES):
            scale = 100.0  # a share of income, in GTAP a fraction
        gap = abs(value - scale * known)
        rows.append((name, ", ".join(cell), value, scale * known, gap))
    return rows


def selectors_checked(model: Model, given: tuple[str, ...]) -> dict[str, float]:
    """Factors of texts such as ``tariff[imports, *, Food, USA]=1.1``.

    Raises
    ------
    InputError
        If one has no factor.
    """
    found: dict[str, float] = {}
    for text in given:
        selector, mark, number = text.rpartition("=")
        try:
            found[selector.strip()] = float(number)
        except ValueError:
            mark = ""
        refuse_if(not mark, "names no selector and factor", key="--shock", value=text,
                  allowed="such as 'tariff[imports, *, *, *]=1.1'")  # fmt: skip
        check_known([selector.split("[")[0].strip()], model.variables, "no such variable",
                    key="--shock")  # fmt: skip
    return found
