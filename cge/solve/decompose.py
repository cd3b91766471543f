"""Welfare taken apart: the exact differential of welfare, integrated along a path.

Along the path from the benchmark to a solution every part of
:mod:`cge.model.welfare` is integrated by Gauss and Legendre's rule; the number of nodes
doubles until the parts add up to the exact equivalent variation. The nodes of the last rule give
the sub-totals by shock (Harrison, Horridge and Pearson 2000), for every part is linear in the
tangent, and the tangent is the sum of one tangent per shock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium, check_known, refuse_first
from cge.core.threads import one_thread
from cge.core.typed import checked
from cge.data.elasticities.nests import NEST_AXES
from cge.model.welfare import COMPONENTS, PARTS, Part
from cge.solve.homotopy import PASSED, TANGENT_RTOL, Homotopy, Move, Shock, change
from cge.solve.model import Model
from cge.solve.solution import Allocation, Solution
from cge.solve.square.arrays import positive_logs
from cge.solve.square.system import term_changes, term_parts

#: Nodes of the quadrature, tried in order until the parts add up.
NODES = (3, 6, 12, 24, 48, 96, 192, 384)
#: Points from which a node is guessed.
NEAREST = 4
#: Wanted gap between the sum of parts and the exact equivalent variation, relative to it.
TOLERANCE = 1e-5
#: A gap this small in shares of absorption is rounding, however small the variation.
ROUNDING = 1e-11
#: How exactly the tangents of single shocks are solved for.
SHOCK_RTOL = 1e-10


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

    @checked
    def totals(self, regions: Sequence[str], column: str = "value") -> pd.DataFrame:
        """Parts by region and component, in the benchmark's money.

        Raises
        ------
        InputError
            For an unknown region or column.
        """
        check_known([column], ("value", "first_order"), "no such column", key="column")
        known = [*dict.fromkeys(self.parts["region"])]
        check_known(regions, known, "unknown region", key="regions")
        table = self.parts.pivot_table(
            index="region", columns="component", values=column, aggfunc="sum", observed=True
        )
        return table.reindex(index=list(regions), columns=list(COMPONENTS)).fillna(0.0)


@checked
@one_thread
def decompose(
    solution: Solution, shocks: Sequence[Shock] = (), base: Allocation | None = None,
    by_shock: bool = True,
) -> Decomposition:  # fmt: skip
    """Take the equivalent variation of a solution apart.

    Parameters
    ----------
    solution : Solution
    shocks : sequence of Shock, optional
        What each measure does; what they leave of the way is "other". Changes that a closure
        makes (a quota, a budget) are shocks named by their swap.
    base : Allocation, optional
        Equilibrium from which the way leads; default the benchmark. Welfare is counted from there.
    by_shock : bool
        Whether parts are told by shock as well; else the table of these is empty.

    Returns
    -------
    Decomposition

    Raises
    ------
    InputError
        For a shock of columns there are not, or a base of a model with other cells.
    NoEquilibrium
        If the homotopy can not be walked, or the parts do not add up with the finest rule.
    """
    return taken_apart(walk(solution, shocks, base, by_shock), solution, base, by_shock)


def taken_apart(
    walked: Walk, solution: Solution, base: Allocation | None = None, by_shock: bool = True
) -> Decomposition:
    """Parts of welfare on a way that was walked; see :func:`decompose`."""
    laid, moves, cells = walked.laid, walked.moves, walked.cells
    base, regions = base or solution.model.start, solution.model.benchmark.regions
    if not by_shock:
        moves, subtotals = [], np.zeros((0, 0, 0))
    elif len(moves) == 1:
        subtotals = np.array([[part.sum(of) for part, of in zip(laid, cells, strict=True)]])
    else:
        subtotals = _by_shock(laid, walked.way, moves)
    first = _first_order(laid, solution, base)
    parts = pd.concat(map(LaidPart.frame, laid, cells, first), ignore_index=True)
    told = pd.MultiIndex.from_product(
        [[label for label, *_ in moves], [one.part.component for one in laid], regions],
        names=["shock", "component", "region"],
    ).to_frame(index=False).assign(value=subtotals.ravel())  # fmt: skip
    return Decomposition(
        _summed(parts, ["region", "partner", "sector", "component"]),
        _summed(told, ["region", "shock", "component"]), walked.nodes, walked.gap, walked.exact,
    )  # fmt: skip


class Rates(NamedTuple):
    """What changes at a node of the way.

    Parameters
    ----------
    weight : float
    outcomes : ndarray
        Outcomes there; written over at the next node.
    price : ndarray (s,)
        Price of welfare.
    of_moves : list of tuple of ndarray
        For each move the rate of every part by cell, in money at benchmark prices.
    """

    weight: float
    outcomes: Array
    price: Array
    of_moves: list[tuple[Array, ...]]


@dataclass(frozen=True, eq=False)
class Walk:
    """The way to a solution, at so many equilibria that the parts of welfare add up.

    Parameters
    ----------
    laid : list of LaidPart
    cells : list of ndarray
        Each part by cell, in the benchmark's money.
    way : _Way
    moves : list of Move
    nodes, gap, exact
        As in :class:`Decomposition`.
    """

    laid: list[LaidPart]
    cells: list[Array]
    way: _Way
    moves: list[Move]
    nodes: int
    gap: Array
    exact: Array

    def rates(self) -> Iterator[Rates]:
        """What changes at each equilibrium, all shocks together."""
        yield from self.way.rates(self.laid, _together(self.moves), TANGENT_RTOL)


@one_thread
def walk(
    solution: Solution, shocks: Sequence[Shock] = (), base: Allocation | None = None,
    by_shock: bool = False,
) -> Walk:  # fmt: skip
    """Walk to a solution and integrate the parts of welfare, cell by cell.

    Parameters and errors are those of :func:`decompose`.
    """
    model, b = solution.model, solution.model.benchmark
    laid = [part for one in PARTS if (part := LaidPart(one, model)).size]
    base = base or model.start
    model.variables.check_alike(base.model.variables, "base")
    for shock in shocks:
        outside = (shock.columns < 0) | (shock.columns >= len(base.levels))
        refuse_first(
            shock.columns[outside].tolist(),
            f"'{shock.label}' moves a column there is not",
            key="shocks",
            allowed=f"0 to {len(base.levels) - 1}",
        )
    start = solution.closure.laid(model, base.levels)
    homotopy = Homotopy(solution.resolved, start, solution.given)
    exact = solution.measure("equivalent_variation_value")
    exact = exact - base.measure("equivalent_variation_value")
    moves = homotopy.shocks(tuple(shocks))
    allowed = np.maximum(TOLERANCE * np.abs(exact), ROUNDING * b.absorption)
    # Without a shock there is no way to go, and one node says so.
    known: dict[float, Array] | None = None
    if moves and not by_shock:
        end = homotopy.system.multipliers(solution.levels, homotopy.target)
        known = {0.0: homotopy.z, 1.0: homotopy.system.start(solution.levels, end)}
        _go(homotopy, 0.5, known)
        homotopy.prepare()  # half the way: near all nodes
    for nodes in NODES if moves else (1,):
        way = _Way.along(homotopy, nodes, known)
        cells = _integrate(laid, way, moves)
        gap = exact - sum(part.sum(of) for part, of in zip(laid, cells, strict=True))
        if (np.abs(gap) <= allowed).all():
            break
    else:
        worst = int(np.argmax(np.abs(gap) / allowed))
        raise NoEquilibrium(
            f"the parts of welfare do not add up: {nodes} nodes leave {gap[worst]:.3g} of "
            f"{exact[worst]:.3g} in {b.regions[worst]}"
        )
    return Walk(laid, cells, way, moves, nodes, gap, exact)


def _summed(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return table.groupby(keys, sort=False, observed=True).sum().reset_index()


@dataclass(frozen=True, eq=False)
class _Way:
    """Equilibria at the nodes of a quadrature.

    Parameters
    ----------
    homotopy : Homotopy
    nodes : tuple of (float, ndarray, float)
        Part of the way, unknowns, weight.
    """

    homotopy: Homotopy
    nodes: tuple[tuple[float, Array, float], ...]

    @classmethod
    def along(cls, homotopy: Homotopy, nodes: int, known: dict[float, Array] | None) -> _Way:
        """Solve at the nodes of Gauss and Legendre's rule.

        Parameters
        ----------
        homotopy : Homotopy
        nodes : int
        known : dict of float to ndarray, optional
            Unknowns where the way was before, and at its ends, from which nodes are guessed; added
            to. None: every node is gone to from the one before it.
        """
        points, weights = np.polynomial.legendre.leggauss(nodes)
        homotopy.begin()
        found = []
        for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
            if known is None:
                homotopy.advance(float(point))
            else:
                _go(homotopy, float(point), known)
            found.append((homotopy.done, homotopy.z, float(weight)))
        return cls(homotopy, tuple(found))

    def rates(self, laid: list[LaidPart], moves: list[Move], rtol: float) -> Iterator[Rates]:
        """At each node for each move the rate of every part by cell."""
        homotopy, model = self.homotopy, laid[0].model
        arrays, price_of = homotopy.system.arrays, model.variables["welfare_price"].positions
        known = dict.fromkeys(name for part in laid for name in part.positions)
        families = [model.outcomes[name] for name in known if name in model.outcomes]
        own = [arrays.only(family.name) for family in families]
        outcomes = np.zeros(len(model.outcome_start))
        changes = np.zeros(len(outcomes))
        for done, z, weight in self.nodes:
            homotopy.done, homotopy.z = done, z
            levels = homotopy.point()
            logs = positive_logs(levels, arrays.free)
            terms = [term_parts(one, levels, logs) for one in own]
            for family, one, (_, full) in zip(families, own, terms, strict=True):
                outcomes[family.positions] = one.outcome_coefficients @ full
            price = levels[price_of]
            found = []
            for columns in homotopy.tangents(moves, rtol):
                logs = np.where(arrays.free, 0.0, columns)
                for family, one, parts in zip(families, own, terms, strict=True):
                    moved = term_changes(one, parts, columns, logs)
                    changes[family.positions] = one.outcome_coefficients @ moved
                # In money at benchmark prices.
                found.append(tuple(part.rate(outcomes, changes, columns) / price[part.region]
                                   for part in laid))  # fmt: skip
            yield Rates(weight, outcomes, price, found)


def _integrate(laid: list[LaidPart], way: _Way, moves: list[Move]) -> list[Array]:
    """Every part by cell, of all moves together."""
    cells = [np.zeros(part.size) for part in laid]
    for node in way.rates(laid, _together(moves), TANGENT_RTOL):
        for rates in node.of_moves:
            for total, rate in zip(cells, rates, strict=True):
                total += node.weight * rate
    return cells


def _together(moves: list[Move]) -> list[Move]:
    """All moves as one; none where there is none."""
    columns = np.sum([columns for _, columns, _ in moves], axis=0)
    targets = np.sum([targets for *_, targets in moves], axis=0)
    return [("", columns, targets)] if moves else []


def _by_shock(laid: list[LaidPart], way: _Way, moves: list[Move]) -> Array:
    """Sub-totals by shock, part and region."""
    subtotals = np.zeros((len(moves), len(laid), len(laid[0].model.benchmark.regions)))
    for node in way.rates(laid, moves, SHOCK_RTOL):
        for number, rates in enumerate(node.of_moves):
            for n, (part, rate) in enumerate(zip(laid, rates, strict=True)):
                subtotals[number, n] += node.weight * part.sum(rate)
    return subtotals


def _first_order(laid: list[LaidPart], solution: Solution, base: Allocation) -> list[Array]:
    """Every part as values of the base times total relative changes."""
    columns = change(base.levels, solution.levels, solution.model.arrays.free)
    with np.errstate(all="ignore"):
        return [part.first_order(base.outcomes, solution.outcomes, columns) for part in laid]


def _go(homotopy: Homotopy, theta: float, known: dict[float, Array]) -> None:
    """Go to a point of the way, and add it to those that are known.

    It is guessed by a polynomial through those next to it, and gone to from the one before it
    where that is of no use.
    """
    if theta not in known:
        near = sorted(known, key=lambda one: (abs(one - theta), one))[:NEAREST]
        weights = [
            np.prod([(theta - other) / (one - other) for other in near if other != one])
            for one in near
        ]
        guess = np.sum([w * known[one] for w, one in zip(weights, near, strict=True)], axis=0)
        if not homotopy.jump(theta, guess, limits=PASSED):
            homotopy.done = max(one for one in known if one < theta)
            homotopy.z = known[homotopy.done]
            homotopy.advance(theta)
        known[theta] = homotopy.z
    homotopy.done, homotopy.z = theta, known[theta]


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
