"""Welfare taken apart: the exact differential of welfare, integrated along a path.

Along the path from the benchmark to a solution every part of
:mod:`cge.model.welfare` is integrated by Gauss and Legendre's rule; the number of nodes
doubles until the parts add up to the exact equivalent variation. The same nodes give the
sub-totals by shock (Harrison, Horridge and Pearson 2000), for every part is linear in the
tangent, and the tangent is the sum of one tangent per shock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium
from cge.data.elasticities.nests import NEST_AXES
from cge.model.welfare import COMPONENTS, PARTS, Part
from cge.solve.homotopy import Homotopy, Shock, term_changes
from cge.solve.layout import Family
from cge.solve.model import Model
from cge.solve.solution import Solution
from cge.solve.system import term_values

#: Nodes of the quadrature, tried in order until the parts add up.
NODES = (3, 6, 12, 24, 48)
#: Wanted gap between the sum of parts and the exact equivalent variation, relative to it.
TOLERANCE = 1e-5
#: A gap this small in shares of absorption is rounding, however small the variation.
ROUNDING = 1e-11


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The equivalent variation of a solution, in parts that add up to it.

    Parameters
    ----------
    parts : DataFrame
        ``region``, ``partner``, ``sector``, ``component``, ``value`` (exact, integrated along
        the path) and ``first_order`` (benchmark values times total relative changes, the
        formula that papers print, e.g. Caliendo and Parro 2015), in the benchmark's money.
    by_shock : DataFrame
        ``region``, ``shock``, ``component``, ``value``.
    nodes : int
        Of the quadrature.
    gap : ndarray (s,)
        Exact equivalent variation less the sum of the parts, in the benchmark's money.
    exact : ndarray (s,)
        The exact equivalent variation.
    """

    parts: pd.DataFrame
    by_shock: pd.DataFrame
    nodes: int
    gap: Array
    exact: Array

    def totals(self, regions: Sequence[str], column: str = "value") -> pd.DataFrame:
        """Parts by region and component, in the benchmark's money."""
        table = self.parts.pivot_table(
            index="region", columns="component", values=column, aggfunc="sum", observed=True
        )
        return table.reindex(index=list(regions), columns=list(COMPONENTS)).fillna(0.0)


def decompose(solution: Solution, shocks: Sequence[Shock] = ()) -> Decomposition:
    """Take the equivalent variation of a solution apart.

    Parameters
    ----------
    solution : Solution
    shocks : sequence of Shock, optional
        What each measure does; what they leave of the way is "other". Changes that a closure
        makes (a quota, a budget) are shocks named by their swap.

    Returns
    -------
    Decomposition

    Raises
    ------
    NoEquilibrium
        If the homotopy can not be walked, or the parts do not add up with the finest rule.
    """
    model = solution.model
    integral = _Integral(model)
    homotopy = Homotopy.between(solution.resolved, model.arrays.start, solution.given)
    exact = solution.measure("equivalent_variation_value")
    moves = homotopy.shocks(tuple(shocks))
    allowed = np.maximum(TOLERANCE * np.abs(exact), ROUNDING * model.benchmark.absorption)
    # Without a shock there is no way to go, and one node says so.
    for nodes in NODES if moves else (1,):
        cells, subtotals = _integrate(integral, homotopy, moves, nodes)
        gap = exact - integral.by_region(cells)
        if (np.abs(gap) <= allowed).all():
            break
    else:
        worst = int(np.argmax(np.abs(gap) / allowed))
        raise NoEquilibrium(
            f"the parts of welfare do not add up: {nodes} nodes leave {gap[worst]:.3g} of "
            f"{exact[worst]:.3g} in {model.benchmark.regions[worst]}"
        )
    first = integral.first_order(solution)
    return Decomposition(
        integral.frame(cells, first), integral.shock_frame([m[0] for m in moves], subtotals),
        nodes, gap, exact,
    )  # fmt: skip


def _integrate(
    integral: _Integral, homotopy: Homotopy, moves: list[tuple[str, Array, Array]], nodes: int
) -> tuple[list[Array], Array]:
    """Every part by cell, and sub-totals by shock, part and region."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    cells = [np.zeros(part.size) for part in integral.parts]
    regions = len(integral.model.benchmark.regions)
    subtotals = np.zeros((len(moves), len(integral.parts), regions))
    walk = homotopy.begin()
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        homotopy.advance(walk, float(point))
        levels, tangents = homotopy.tangents(walk, moves)
        terms = term_values(integral.model.arrays, levels)
        price = levels[integral.price]
        for number, tangent in enumerate(tangents):
            rates = integral.rates(levels, terms, tangent.columns, price)
            for n, rate in enumerate(rates):
                cells[n] += weight * rate
                subtotals[number, n] += weight * integral.parts[n].sum(rate)
    return cells, subtotals


class _Integral:
    """The parts of welfare laid out on a compiled model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.parts = [laid for part in PARTS if (laid := _Laid(part, model)).size]
        self.price = model.variables["welfare_price"].block.positions

    def rates(self, levels: Array, terms: Array, columns: Array, price: Array) -> list[Array]:
        """Integrand of each part by cell, in money at benchmark prices."""
        arrays = self.model.arrays
        outcomes = arrays.outcome_coefficients @ terms
        changes = arrays.outcome_coefficients @ term_changes(arrays, levels, terms, columns)
        return [part.rate(outcomes, changes, columns) / price[part.region] for part in self.parts]

    def first_order(self, solution: Solution) -> list[Array]:
        """Every part as benchmark values times total relative changes."""
        arrays = self.model.arrays
        start, end = self.model.outcome_start, solution.outcomes
        with np.errstate(all="ignore"):
            logs = np.log(end / start)
            columns = np.where(
                arrays.free, solution.levels - arrays.start,
                np.log(np.where(arrays.free, 1.0, solution.levels / arrays.start)),
            )  # fmt: skip
        return [part.first_order(start, end, logs, columns) for part in self.parts]

    def by_region(self, cells: list[Array]) -> Array:
        return sum(part.sum(c) for part, c in zip(self.parts, cells, strict=True))  # type: ignore[return-value]

    def frame(self, cells: list[Array], first: list[Array]) -> pd.DataFrame:
        tables = [
            part.frame(value, approximate)
            for part, value, approximate in zip(self.parts, cells, first, strict=True)
        ]
        table = pd.concat(tables, ignore_index=True)
        keys = ["region", "partner", "sector", "component"]
        summed = table.groupby(keys, sort=False, observed=True)[["value", "first_order"]].sum()
        return summed.reset_index()

    def shock_frame(self, labels: list[str], subtotals: Array) -> pd.DataFrame:
        regions = self.model.benchmark.regions
        rows = [
            (region, label, part.part.component, float(subtotals[n, p, s]))
            for n, label in enumerate(labels)
            for p, part in enumerate(self.parts)
            for s, region in enumerate(regions)
        ]
        table = pd.DataFrame(rows, columns=["region", "shock", "component", "value"])
        keys = ["region", "shock", "component"]
        return table.groupby(keys, sort=False)["value"].sum().reset_index()


class _Laid:
    """One part of welfare with the positions of its cells in a compiled model."""

    def __init__(self, part: Part, model: Model) -> None:
        self.part = part
        self.model = model
        names = [name for _, name in (*part.value, *part.of)]
        families = {name: _family(model, name) for name in names}
        # Where one family has fewer cells than the others (no weights in a Cobb-Douglas
        # nest), only those it has can change.
        smallest = min(families.values(), key=lambda f: len(f.block))
        family, keep = smallest, np.arange(len(smallest.block))
        if part.where != "all":
            at_home = smallest.codes[1] == smallest.codes[3]
            keep = np.flatnonzero(at_home if part.where == "home" else ~at_home)
        self.size = len(keep)
        self.positions = {
            name: other.block.start + other.matching(family)[keep]
            for name, other in families.items()
        }
        regions = {code: n for n, code in enumerate(model.benchmark.regions)}
        self.axes = family.axes
        self.codes = {
            axis: codes[keep] for axis, codes in zip(family.axes, family.codes, strict=True)
        }
        own = self.codes[part.region] if self.size else np.array([], dtype=str)
        self.region = np.array([regions[code] for code in own], dtype=np.int64)
        self.scale = self._one_less_sigma() if part.nest else np.ones(self.size)

    def _one_less_sigma(self) -> Array:
        b, nest = self.model.benchmark, self.part.nest
        sigma = getattr(b.elasticities[self.model.horizon], nest)
        order = {
            "u": b.use_classes, "r": b.regions, "s": b.regions, "i": b.sectors,
            "j": b.sectors, "d": b.agents,
        }  # fmt: skip
        index = tuple(
            np.array([order[axis].index(code) for code in self.codes[axis]], dtype=np.int64)
            for axis in NEST_AXES[nest]
        )
        return 1 - sigma[index]

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

    def first_order(self, start: Array, end: Array, logs: Array, columns: Array) -> Array:
        """Benchmark value times the total relative change of its quantity."""
        if not self.part.of:
            return self._sum(self.part.value, end - start)
        change, free = np.zeros(self.size), False
        for coefficient, name in self.part.of:
            of_variable = name in self.model.variables
            source = columns if of_variable else logs
            change += coefficient * source[self.positions[name]]
            free |= of_variable and bool(self.model.arrays.free[self.positions[name]].any())
        # One of either sign changes by a difference, not by a log.
        relative = change if free else np.expm1(change)
        return self._sum(self.part.value, start) / self.scale * relative

    def _sum(self, terms: Sequence[tuple[float, str]], values: Array) -> Array:
        total = np.zeros(self.size)
        for coefficient, name in terms:
            total += coefficient * values[self.positions[name]]
        return total

    def sum(self, cells: Array) -> Array:
        """Part by region, (s,)."""
        return np.bincount(self.region, cells, len(self.model.benchmark.regions)).astype(float)

    def frame(self, value: Array, first_order: Array) -> pd.DataFrame:
        part, blank = self.part, ""
        return pd.DataFrame(
            {
                "region": self.codes[part.region],
                "partner": self.codes[part.partner] if part.partner else blank,
                "sector": self.codes[part.sector] if part.sector else blank,
                "component": part.component,
                "value": value,
                "first_order": first_order,
            }
        )


def _family(model: Model, name: str) -> Family:
    return model.variables[name] if name in model.variables else model.outcomes[name]
