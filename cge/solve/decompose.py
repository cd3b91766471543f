"""Welfare taken apart: the exact differential of welfare, integrated along a path.

Along the path from the benchmark to a solution every part of
:mod:`cge.model.welfare` is integrated by a quadrature, with more and more nodes until the parts
add up to the exact equivalent variation. The nodes of the last rule give
the sub-totals by shock (Harrison, Horridge and Pearson 2000), for every part is linear in the
tangent, and the tangent is the sum of one tangent per shock.

Parts alone take an equilibrium and a tangent at every node that was gone to, so the rule is that of
Clenshaw and Curtis (1960): its nodes are those of the rule before it and as many more, and for
functions as smooth as these it is as exact as that of Gauss and Legendre with nearly as many
(Trefethen 2008). Where shocks are told apart what counts is the tangent of each of them at the
nodes of the last rule, and the rule is that of Gauss and Legendre.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium, check_known, refuse_first
from cge.core.threads import one_thread
from cge.core.typed import checked
from cge.model.welfare import COMPONENTS, PARTS
from cge.solve.homotopy import PASSED, TANGENT_RTOL, Homotopy, Move, Shock, change
from cge.solve.laid_part import LaidPart
from cge.solve.solution import Allocation, Solution
from cge.solve.square.arrays import positive_logs
from cge.solve.square.system import term_changes, term_parts

#: Nodes of Gauss and Legendre's rule and intervals of that of Clenshaw and Curtis, tried in order
#: until the parts add up.
NODES = (3, 6, 12, 24, 48, 96, 192, 384)
INTERVALS = (4, 8, 16, 32, 64, 128, 256, 512)
#: Nodes that are known from which on there are so many more that it pays to factorise among them.
FEW = 8
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
    rules, known = map(gauss_legendre, NODES if moves else (1,)), _Known({}, {})
    if moves and not by_shock:
        end = homotopy.system.multipliers(solution.levels, homotopy.target)
        known.points.update({0.0: homotopy.z, 1.0: homotopy.system.start(solution.levels, end)})
        rules = map(clenshaw_curtis, INTERVALS)
    for rule in rules:
        if len(known.points) > FEW and homotopy.prepared is homotopy.resolved:
            _go(homotopy, 0.5, known.points)
            homotopy.prepare()  # half the way: near all nodes
        way = _Way.along(homotopy, rule, known.points)
        cells = _integrate(laid, way, moves, known.rates if known.points else None)
        gap = exact - sum(part.sum(of) for part, of in zip(laid, cells, strict=True))
        if (np.abs(gap) <= allowed).all():
            break
    else:
        worst = int(np.argmax(np.abs(gap) / allowed))
        raise NoEquilibrium(
            f"the parts of welfare do not add up: {len(way.nodes)} nodes leave {gap[worst]:.3g} of "
            f"{exact[worst]:.3g} in {b.regions[worst]}"
        )
    return Walk(laid, cells, way, moves, len(way.nodes), gap, exact)


class _Known(NamedTuple):
    """What is known of points on the way; nothing where it is gone from node to node.

    Parameters
    ----------
    points : dict of float to ndarray
        Unknowns.
    rates : dict of float to tuple of ndarray
        Of every part by cell, all shocks together.
    """

    points: dict[float, Array]
    rates: dict[float, tuple[Array, ...]]


class Rule(NamedTuple):
    """A quadrature from 0 to 1.

    Parameters
    ----------
    points, weights : ndarray (nodes,)
    """

    points: Array
    weights: Array


@lru_cache
def gauss_legendre(nodes: int) -> Rule:
    """The rule that is exact for polynomials of the highest degree."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return Rule((points + 1) / 2, weights / 2)


@lru_cache
def clenshaw_curtis(intervals: int) -> Rule:
    """The rule whose nodes, ends among them, are also those with twice as many intervals.

    Source: Clenshaw and Curtis (1960); weights as in Waldvogel (2006), for even numbers.
    """
    angles = np.pi * np.arange(intervals + 1) / intervals
    waves = np.arange(1, intervals // 2 + 1)
    size = np.where(2 * waves == intervals, 1.0, 2.0) / (4.0 * waves**2 - 1)
    weights = 1 - np.cos(2 * np.outer(angles, waves)) @ size
    weights[[0, -1]] /= 2
    below = np.sin(angles[: intervals // 2] / 2) ** 2
    return Rule(np.concatenate([below, [0.5], 1 - below[::-1]]), weights / intervals)


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
    def along(cls, homotopy: Homotopy, rule: Rule, known: dict[float, Array]) -> _Way:
        """Solve at the nodes of a rule.

        Parameters
        ----------
        homotopy : Homotopy
        rule : Rule
        known : dict of float to ndarray
            Unknowns where the way was before, and at its ends, from which nodes are guessed; added
            to. Empty: every node is gone to from the one before it.
        """
        homotopy.begin()
        found = []
        for point, weight in zip(*rule, strict=True):
            if known:
                _go(homotopy, float(point), known)
            else:
                homotopy.advance(float(point))
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


def _integrate(
    laid: list[LaidPart], way: _Way, moves: list[Move],
    known: dict[float, tuple[Array, ...]] | None,
) -> list[Array]:  # fmt: skip
    """Every part by cell, of all moves together.

    Parameters
    ----------
    laid, way, moves
    known : dict of float to tuple of ndarray, optional
        Rates of the parts at nodes of rules before this one; added to. None: of no further use.
    """
    cells, before = [np.zeros(part.size) for part in laid], known or {}
    weighted = [(weight, before[done]) for done, _, weight in way.nodes if done in before]
    new = replace(way, nodes=tuple(node for node in way.nodes if node[0] not in before))
    for (done, *_), node in zip(
        new.nodes, new.rates(laid, _together(moves), TANGENT_RTOL), strict=True
    ):
        for rates in node.of_moves:
            _add(cells, node.weight, rates)
            if known is not None:
                known[done] = rates
    for weight, rates in weighted:
        _add(cells, weight, rates)
    return cells


def _add(cells: list[Array], weight: float, rates: tuple[Array, ...]) -> None:
    """Add what a node gives to every part."""
    for total, rate in zip(cells, rates, strict=True):
        total += weight * rate


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
