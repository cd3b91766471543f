"""Scaling of a table to totals it must have: generalised RAS with any number of constraints.

Of all tables with the given totals the one that is nearest to the prior in information
(Junius and Oosterhaven 2003; the measure of Lenzen, Wood and Gallego 2007): minimal
sum of |a| z (ln z - 1) over z, the ratio of a cell to its prior a. Its solution multiplies a
positive cell with the factors of all constraints it belongs to, and divides a negative one by
them. A zero stays zero, and no cell changes its sign.

The factors are found by meeting one set of constraints after the other, over and over: for a set
with sums P of its positive and -N of its negative cells and total b the factor is the positive
root of P m - N / m = b. Near the end, where this can be slow, Newton steps on all factors at once
take over (conjugate gradients on the dual problem, which is convex).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cge.core.axes import Array, Bools
from cge.core.errors import InputError, refuse_if

#: Largest gap of a total, as a share of itself (or of a thousandth of the mean of its set).
TOLERANCE = 1e-9
#: Rounds of one set of constraints after the other before Newton steps take over; Newton steps;
#: conjugate-gradient steps in each, and the gap at which they end.
_SWEEPS, _STEPS, _INNER, _INNER_GAP = 40, 60, 3000, 1e-3
#: Lengths of a step that are tried, the largest change of the logarithm of a cell in a step, and
#: what is added to the curvature of a total as a share of it, so that no factor runs away.
_LENGTHS, _LONGEST, _DAMPING = (1.0, 2.0, 4.0, 8.0), 50.0, 1e-9


@dataclass(frozen=True, eq=False)
class Totals:
    """Totals of disjoint groups of cells.

    Parameters
    ----------
    name : str
        What they are, for messages.
    group : ndarray of int
        Position of the total that each cell counts in; -1 for none.
    total : ndarray
    names : sequence of str
        Of the totals, for messages.
    """

    name: str
    group: NDArray[np.intp]
    total: Array
    names: Sequence[str] = field(default=())

    @cached_property
    def place(self) -> NDArray[np.intp]:
        """Group of each cell, one past the last for none."""
        return np.where(self.group < 0, self.total.size, self.group)

    @cached_property
    def scale(self) -> Array:
        """What a gap is measured against."""
        size = np.abs(self.total)
        return np.maximum(size, 1e-3 * size.mean())

    def sums(self, cells: Array) -> Array:
        """Sums of cells by group."""
        counted = np.bincount(self.place, weights=cells, minlength=self.total.size + 1)
        return np.asarray(counted[:-1], dtype=float)

    def gap(self, cells: Array) -> float:
        """Largest gap, as a share of its total."""
        return float((np.abs(self.sums(cells) - self.total) / self.scale).max(initial=0.0))

    def label(self, position: int) -> str:
        """Name of one total."""
        return f"{self.name}, {self.names[position] if self.names else position}"


@dataclass(frozen=True, eq=False)
class Scaled:
    """A table that has its totals.

    Parameters
    ----------
    cells : ndarray
    gap : float
        Largest gap of a total, as a share of it.
    sweeps, steps : int
        Rounds of scaling and Newton steps that were taken.
    information : float
        Distance from the prior: sum of |a| (z ln z - z + 1) over the sum of |a|.
    """

    cells: Array
    gap: float
    sweeps: int
    steps: int
    information: float


def scaled(prior: Array, totals: Sequence[Totals], tolerance: float = TOLERANCE) -> Scaled:
    """Scale a prior to its totals.

    Parameters
    ----------
    prior : ndarray
        Cells of either sign.
    totals : sequence of Totals
        Which the sums of some tables with the signs of the prior meet.
    tolerance : float
        Largest gap of a total, as a share of it.

    Raises
    ------
    InputError
        If a total has no cell that could bring it about, or no table has all totals.
    """
    prior = np.asarray(prior, dtype=float)
    for one in totals:
        _check_reachable(prior, one)
    cells, negative = prior.copy(), prior < 0
    gap, sweeps = np.inf, 0
    while gap > tolerance and sweeps < _SWEEPS:
        for one in totals:
            _meet(cells, negative, one)
        sweeps += 1
        gap = max(one.gap(cells) for one in totals)
    cells, steps = _newton(cells, negative, totals, tolerance) if gap > tolerance else (cells, 0)
    gap = max(one.gap(cells) for one in totals)
    if gap > tolerance:
        worst = max(totals, key=lambda one: one.gap(cells))
        at = int((np.abs(worst.sums(cells) - worst.total) / worst.scale).argmax())
        raise InputError(
            "no table with the zeros and signs of the prior has all of these totals: one is "
            f"missed by {worst.gap(cells):.1e} of it", key=worst.label(at),
            value=float(worst.total[at]), allowed="totals that agree with each other",
        )  # fmt: skip
    ratio = np.divide(cells, prior, out=np.ones_like(cells), where=prior != 0)
    log = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
    distance = np.abs(prior) * (ratio * log - ratio + 1)
    return Scaled(cells, gap, sweeps, steps, float(distance.sum() / np.abs(prior).sum()))


def _check_reachable(prior: Array, one: Totals) -> None:
    refuse_if(one.group.shape != prior.shape, "one group for each cell is needed", key=one.name)
    refuse_if(not np.isfinite(one.total).all(), "a total is not a number", key=one.name)
    positive, negative = (one.sums((sign * prior > 0).astype(float)) for sign in (1, -1))
    for wanted, there, kind in (
        (one.total > 0, positive, "positive"), (one.total < 0, negative, "negative"),
    ):  # fmt: skip
        lacking = wanted & (there == 0)
        at = int(lacking.argmax())
        refuse_if(lacking.any(), f"the prior has no {kind} cell that could bring the total about",
                  key=one.label(at), value=float(one.total[at]))  # fmt: skip


def _meet(cells: Array, negative: Bools, one: Totals) -> None:
    """Bring the sums of one set to its totals, in place."""
    p = one.sums(np.maximum(cells, 0.0))
    n = p - one.sums(cells) if negative.any() else np.zeros_like(p)
    n = np.maximum(n, 0.0)
    root = one.total + np.sqrt(one.total**2 + 4 * p * n)
    factor = np.divide(root, 2 * p, out=np.ones_like(p), where=p > 0)
    only = (p == 0) & (n > 0)
    factor[only] = n[only] / -np.minimum(one.total[only], -np.finfo(float).tiny)
    of_cell = np.append(factor, 1.0)[one.place]
    up = np.divide(1.0, of_cell, out=of_cell.copy(), where=negative & (of_cell > 0))
    cells *= up


def _newton(
    cells: Array, negative: Bools, totals: Sequence[Totals], tolerance: float
) -> tuple[Array, int]:
    """Newton steps on the logarithms of all factors; cells and the number of steps.

    The factors minimise the sum of the sizes of cells less totals times logarithms of factors.
    """
    sign = np.where(negative, -1.0, 1.0)
    counted = _incidence(totals, cells.size)
    of_cell = counted.T.tocsr()
    wanted, scale = (np.concatenate([getattr(one, name) for one in totals])
                     for name in ("total", "scale"))  # fmt: skip
    damping = sparse.diags(_DAMPING * scale)

    def missed(found: Array) -> float:
        return float((np.abs(wanted - counted @ found) / scale).sum())

    step, now = 0, missed(cells)
    while max(one.gap(cells) for one in totals) > tolerance and step < _STEPS:
        step += 1
        residual = wanted - counted @ cells
        curvature = counted @ sparse.diags(np.abs(cells)) @ of_cell + damping
        move = _conjugate_gradients(curvature.tocsr(), residual)
        change, gain = of_cell @ move, float(wanted @ move)
        # A cell that vanishes shrinks by a factor of e in a step: longer ones are tried as well.
        best, length = min((missed(_moved(cells, sign, n * change)), n) for n in _LENGTHS)
        if best >= now:  # far from the solution; what is minimised still falls
            length, slope = 1.0, float(residual @ move)
            while length > 1e-6 and _slope(cells, sign, change, gain, length) < -0.9 * slope:
                length /= 2
        cells = _moved(cells, sign, length * change)
        now = missed(cells)
    return cells, step


def _moved(cells: Array, sign: Array, change: Array) -> Array:
    """Cells whose factors have changed by a logarithm."""
    return cells * np.exp(sign * np.clip(change, -_LONGEST, _LONGEST))


def _slope(cells: Array, sign: Array, change: Array, gain: float, length: float) -> float:
    """How fast what is minimised still falls after a step of a length."""
    return gain - float(_moved(cells, sign, length * change) @ change)


def _incidence(totals: Sequence[Totals], cells: int) -> sparse.csr_matrix:
    """0/1 matrix (totals, cells): which cells each total counts."""
    parts = []
    for one in totals:
        at = np.flatnonzero(one.group >= 0)
        shape = (one.total.size, cells)
        parts.append(sparse.csr_matrix((np.ones(at.size), (one.group[at], at)), shape=shape))
    return sparse.vstack(parts).tocsr()


def _conjugate_gradients(matrix: sparse.csr_matrix, right: Array) -> Array:
    """Solution of a positive semidefinite system, preconditioned with its diagonal."""
    diagonal = matrix.diagonal()
    diagonal[diagonal <= 0] = 1.0
    x, r = np.zeros_like(right), right.copy()
    z = r / diagonal
    p, rz = z.copy(), float(r @ z)
    enough = _INNER_GAP**2 * rz
    for _ in range(_INNER):
        q = matrix @ p
        curvature = float(p @ q)
        if rz <= enough or curvature <= 0:
            break
        x += rz / curvature * p
        r -= rz / curvature * q
        z = r / diagonal
        rz, old = float(r @ z), rz
        p = z + rz / old * p
    return x
