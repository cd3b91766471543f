"""Unknowns whose equations bend: solved for at every chord step, the others along straight lines.

Labour to spare is a multiple of what it was where work is wanting and next to nothing where
labour runs out. The slope of its equations then differs by orders of magnitude from that in the
benchmark, which is all that a kept factorisation knows. Everything else is nearly straight. So the
few unknowns that bend are solved for by themselves in every step, by Newton's method on a system
as small as they are, and the others follow by the kept factorisation (nonlinear elimination:
Lanzkron, Rose and Wilkes 1996). Mixing then sees the others alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.core.once import once_for_each
from cge.solve.square.linear import LinearSolver
from cge.solve.square.system import FoldedSystem, SquareSystem, gaps

#: Step of an unknown that bends, in logs, from which on it is looked at.
BENT = 0.5
#: Longest move of one of them within the small Newton's method, and its steps at most.
WITHIN, PASSES = 1.5, 40
#: Step with which that has settled: what it leaves is of the order of its square.
SETTLED = 1e-8
#: Least part of the way for which a step pays: what is further bends elsewhere, too.
LEAST = 0.2
#: Norm of the small inverse up to which what bends leaves nothing open.
LOOSE = 1e4


class Step(NamedTuple):
    """A step of all unknowns, and the part of the way to the equilibrium that it was meant for."""

    ahead: Array
    part: float


@dataclass(frozen=True, eq=False)
class BentRows:
    """Rows of a system in which unknowns that bend stand, other than in a row straight in logs.

    Parameters
    ----------
    rows : ndarray of int
    terms : ndarray of int
        Those that move with what bends.
    powers : ndarray (terms, bent)
    sides : csr_array (2 * rows, all terms)
        Left and below right sides of the rows.
    moving : ndarray (2 * rows, terms)
        The part of these in the terms that move.
    """

    rows: Integers
    terms: Integers
    powers: Array
    sides: sparse.csr_array
    moving: Array

    @classmethod
    def of(cls, system: SquareSystem) -> BentRows:
        """Find them."""
        powers = system.exponents_of(system.bent)
        terms = np.unique(powers.indices).astype(np.int64)
        height, sides = system.size, system.sides
        number = np.diff(sides.indptr)
        moving = sides.tocsc()[:, terms].tocsr()
        within = np.diff(moving.indptr) > 0
        single = (number[:height] <= 1) & (number[height:] <= 1)
        rows = np.flatnonzero((within[:height] | within[height:]) & ~single)
        both = np.concatenate([rows, rows + height])
        return cls(rows, terms, powers.tocsr()[terms].toarray(), sides[both],
                   moving[both].toarray())  # fmt: skip


class Bends:
    """Steps in which unknowns that bend are solved for.

    Parameters
    ----------
    system : SquareSystem
    linear : LinearSolver
        Of the kept factorisation.
    """

    def __init__(self, system: SquareSystem, linear: LinearSolver) -> None:
        self.bent = bent = system.bent
        self._of = BentRows.of(system)
        rows = self._of.rows
        self._straight = linear.benchmark.tocsr()[rows][:, bent].toarray()
        self._spread = linear.columns_of_inverse(rows)
        self._back = self._spread[bent]
        self._others = np.ones(system.size, dtype=bool)
        self._others[bent] = False

    def largest_of_others(self, step: Array) -> float:
        """Longest step of what does not bend."""
        return float(np.abs(step[self._others]).max(initial=0.0))

    def step(self, system: FoldedSystem, z: Array, ahead: Array, limit: float) -> Step | None:
        """A chord step with what bends solved for; None where that finds nothing.

        Where others would move by more than `limit` the whole step is meant for a part of the
        way, so that what bends fits to where they get.

        Parameters
        ----------
        system : FoldedSystem
        z : ndarray (unknowns,)
        ahead : ndarray (unknowns,)
            The chord step.
        limit : float
        """
        here = _Here(self._of, system, z)
        found, part = self._solved(here, ahead), 1.0
        if found is not None and (far := self.largest_of_others(found)) > limit:
            part = limit / far
            found = self._solved(here, part * ahead) if part >= LEAST else None
        return None if found is None else Step(found, part)

    def looseness(self, system: FoldedSystem, z: Array) -> float:
        """By how much what bends can multiply what is left open without it."""
        _, slopes = _Here(self._of, system, z).at(np.zeros(len(self.bent)))
        inverse = np.linalg.pinv(self._small(slopes))
        return float(np.linalg.norm(inverse, 2))

    def _small(self, slopes: Array) -> Array:
        return np.asarray(np.eye(len(self.bent)) + self._back @ (slopes - self._straight))

    def _solved(self, here: _Here, ahead: Array) -> Array | None:
        """Step of all unknowns whose bent part fits to what it makes of the bent rows."""
        wanted = ahead[self.bent]
        moved = np.zeros(len(wanted))
        with np.errstate(all="ignore"):
            start, slopes = here.at(moved)
            beyond = np.zeros_like(start)
            for _ in range(PASSES):
                gap = moved - wanted + self._back @ beyond
                if not np.isfinite(slopes).all() or not np.isfinite(gap).all():
                    return None
                try:
                    change = np.linalg.solve(self._small(slopes), -gap)
                except np.linalg.LinAlgError:
                    return None
                size = float(np.abs(change).max(initial=0.0))
                moved = moved + np.clip(change, -WITHIN, WITHIN)
                values, slopes = here.at(moved)
                beyond = values - start - self._straight @ moved
                if size <= SETTLED:
                    return np.asarray(ahead - self._spread @ beyond)
        return None


@once_for_each
def bends_of(linear: LinearSolver, system: SquareSystem) -> Bends:
    """Steps in which what bends in a system is solved for, made once for a factorisation."""
    return Bends(system, linear)


class _Here:
    """Bent rows around a point."""

    def __init__(self, of: BentRows, system: FoldedSystem, z: Array) -> None:
        full, given = system.terms(z), system.given_sides.reshape(2, -1)[:, of.rows].ravel()
        self._of, self._terms, self._sides = of, full[of.terms], of.sides @ full + given
        self._in_logs = system.balanced_rows[of.rows]

    def at(self, moved: Array) -> tuple[Array, Array]:
        """Residuals of the rows, as Newton sees them, and slopes, with what bends moved."""
        terms = self._terms * np.exp(self._of.powers @ moved)
        rows, moving, logs = len(self._in_logs), self._of.moving, self._in_logs
        sums, slopes = (
            self._sides + moving @ (terms - self._terms),
            moving @ (terms[:, None] * self._of.powers),
        )
        left, right = sums[:rows], sums[rows:]
        by_left, by_right = (np.where(logs, 1 / one, 1.0) for one in (left, right))
        return gaps(left, right, logs), slopes[:rows] * by_left[:, None] - slopes[rows:] * by_right[
            :, None
        ]
