"""The way from the benchmark to a solution, and how everything changes along it.

Given columns move log-linearly (linearly where they may have either sign), so do the
levels at which a closure holds things, outcomes it holds linearly. Any point on the way
is an equilibrium that can be found from the one before, and the tangent there is one
linear solve per shock: with F(z, g) = 0, J dz = -F_g dg.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import NoEquilibrium, refuse_if
from cge.core.typed import check_fields
from cge.solve.determinacy import LeftOpen, undetermined
from cge.solve.resolved import Resolved
from cge.solve.square.arrays import label_at
from cge.solve.square.chord import Limits, chord
from cge.solve.square.following import Followed, FollowingSystem
from cge.solve.square.linear import LinearSolver
from cge.solve.square.newton import Attempt, newton
from cge.solve.square.system import (
    FoldedSystem,
    SquareSystem,
    term_changes,
    term_parts,
    term_values,
)

Progress = Callable[[float], None]
#: Label of a shock, and the changes of columns and of targets that it makes.
Move = tuple[str, Array, Array]

#: Smallest part of the way that is tried before giving up.
SMALLEST_STEP = 1 / 512
#: Fall of the log of a share that leaves nothing but rounding of it, and the least rise of the log
#: of a column that can do so.
GONE, LARGE_RISE = 35.0, 0.15
#: Newton steps from a guess; one that is near takes three to six.
STEPS_FROM_GUESS = 12
#: Chord steps from a guess; one that is near takes eight to twenty.
FROM_GUESS = Limits(most=30, far=5.0, small=1e-11)
#: The same to a point that is only passed, of which tangents are wanted.
PASSED = Limits(most=30, far=5.0, small=1e-8, residual=1e-8)
#: Unknowns of the largest system whose whole factorisation is worth its time, a third of a second.
LARGEST_EXACT = 8000
#: How exactly a tangent is solved for.
TANGENT_RTOL = 1e-12


@dataclass(frozen=True, eq=False)
class Shock:
    """Changes of given columns by one policy measure.

    Parameters
    ----------
    label : str
    columns : ndarray of int
        Positions of the columns it moves.
    change : ndarray
        Change of the log of their level, of the level itself where it may have either sign.
    """

    label: str
    columns: Integers
    change: Array

    def __post_init__(self) -> None:
        check_fields(self)
        refuse_if(self.columns.dtype.kind not in "iu" or self.columns.shape != self.change.shape,
                  "needs whole numbers of columns, and one change for each", key="columns",
                  value=self.columns.tolist())  # fmt: skip


class Homotopy:
    """The way from one equilibrium to the given values of another, and where one stands on it.

    Parameters
    ----------
    resolved : Resolved
        The closure.
    start : ndarray (columns,)
        Levels at which the system is known to hold, or a good guess.
    target : ndarray (columns,)
        Levels wanted of the given columns; unknowns ignored.
    by_share : bool
        Whether columns that rise so far that nothing is left of what they make dear (the cost of
        trade to where there is none) take the rest of their way at the end. Else it would be gone
        within a hundredth of the way, which is then as steep as it would be long.
    carried : bool
        Whether multipliers set out from those that the start shows. Else they set out from one,
        and what the start has of them is a part of the way.
    prepared : Resolved, optional
        The closure prepared at an equilibrium near the way; default in the benchmark.

    Attributes
    ----------
    z : ndarray
        Unknowns where one stands.
    done : float
        Part of the way.
    iterations, steps : int
        What it took.
    """

    def __init__(
        self, resolved: Resolved, start: Array, target: Array, by_share: bool = False,
        carried: bool = False, prepared: Resolved | None = None,
    ) -> None:  # fmt: skip
        self.resolved, self.system = resolved, resolved.system
        self.prepared = prepared or resolved
        self.target = target.copy()
        self.target[resolved.fixed] = resolved.fixed_levels
        self._origin = start
        self.by_share = by_share
        found = self.system.multipliers(start, self.target) if carried else None
        self.start = start if found is None else self.system.without(start, found)
        self._set_out = self.system.start(start, found)
        self.begin()

    def begin(self) -> None:
        """Stand at the start."""
        self.z, self.done, self.iterations, self.steps = self._set_out, 0.0, 0, 0
        self._last_jacobian: sparse.csc_array | None = None
        self._nearby_only = True
        self.contraction = 0.0

    def levels(self, theta: float) -> Array:
        """Given levels at `theta`; those of unknowns mean nothing."""
        levels = _between(self.start, self.target, theta, self.system.arrays.free)
        if theta < 1.0 and self.by_share:
            columns, rise = self._vanishing
            levels[columns] = self.start[columns] * np.exp(theta * rise)
        return levels

    @property
    def leaves_nothing(self) -> bool:
        """Whether there are columns that rise until nothing is left of a share."""
        return len(self._vanishing[0]) > 0

    @cached_property
    def _vanishing(self) -> tuple[Integers, Array]:
        """Given columns that rise until nothing is left of a share, and the rise that does it."""
        rise = change(self.start, self.target, self.system.arrays.free)
        rise[self.system.solved | self.system.arrays.free] = 0.0
        columns = np.flatnonzero(rise > LARGE_RISE)
        exponents = abs(self.system.core.exponents[:, columns]).max(axis=0).toarray().ravel()
        enough = GONE / np.maximum(exponents, 1e-300)
        gone = rise[columns] > enough
        return columns[gone], enough[gone]

    @cached_property
    def start_targets(self) -> Array:
        """Targets where the way begins."""
        return self.system.target_coefficients @ term_values(self.system.core, self._origin)

    def targets(self, theta: float) -> Array:
        """Targets at `theta`."""
        end = self.resolved.target_levels
        return end.copy() if theta == 1.0 else _between(self.start_targets, end, theta)

    def at(self, theta: float) -> FoldedSystem:
        """System at `theta`."""
        return self.system.fold(self.levels(theta), self.targets(theta))

    def point(self) -> Array:
        """Levels of all columns where one stands."""
        return self.system.levels(self.z, self.levels(self.done))

    @cached_property
    def _geometric(self) -> Bools:
        """Targets that move log-linearly."""
        return (self.start_targets > 0) & (self.resolved.target_levels > 0)

    @cached_property
    def _target_change(self) -> Array:
        return change(self.start_targets, self.resolved.target_levels, ~self._geometric)

    def advance(
        self, until: float, solver: str = "newton", progress: Progress | None = None
    ) -> None:
        """Go on to `until`, at once if it works, else in steps that halve and double.

        Raises
        ------
        NoEquilibrium
            With what was tried.
        """
        inner = newton
        if solver == "ipopt":
            from cge.solve.ipopt import ipopt as inner  # only then: importing it takes a second

        step, tried = until - self.done, []
        while self.done < until:
            theta = min(until, self.done + step)
            system = self.at(theta)
            attempt = self._nearby(system) if inner is newton else None
            nearby = attempt is not None and attempt.converged
            if attempt is None or not nearby:
                attempt = inner(system, self.z, self.prepared.linear)
            self.iterations += attempt.iterations
            self.steps += 1
            if attempt.converged:
                self.z, self.done, self._last_jacobian = attempt.z, theta, attempt.jacobian
                self.contraction = max(self.contraction, attempt.contraction)
                self._nearby_only &= nearby and attempt.near
                step *= 2
                if progress is not None:
                    progress(self.done)
                continue
            tried.append(f"{theta:.1%} of the shock: {attempt.reason} after {attempt.iterations} "
                         f"steps, residual {attempt.residual:.1e}")  # fmt: skip
            step = min(step, theta - self.done) / 2
            if step < SMALLEST_STEP:
                self._refuse_singular_start()
                raise NoEquilibrium(
                    f"no equilibrium found: {self.done:.1%} of the shock solved, then {solver} "
                    f"failed on every step down to {step:.2%} of it. {self._furthest()} "
                    "Tried: " + "; ".join(tried[-4:])
                )

    def arrive(self, guess: Array, is_near: bool) -> bool:
        """Go to the end at once from a guess of it; whether that works.

        Parameters
        ----------
        guess : ndarray (columns,)
            Levels near those at the end; those of given columns mean nothing.
        is_near : bool
            As of :meth:`jump`.
        """
        z = self.system.start(guess, self.system.multipliers(guess, self.target))
        found = self.jump(1.0, z, is_near)
        if not found:
            self.prepared = self.resolved  # the way begins elsewhere
        return found

    def jump(
        self, until: float, z: Array, is_near: bool = True, limits: Limits = FROM_GUESS
    ) -> bool:
        """Go to `until` at once from a guess of the unknowns there; whether that works.

        Parameters
        ----------
        until : float
        z : ndarray (unknowns,)
        is_near : bool
            Whether chord steps are tried before Newton's.
        limits : Limits
            Of the chord steps.
        """
        system, near = self.at(until), False
        if is_near and self.prepared.linear.is_large:
            attempt = chord(system, z, self.prepared.linear, limits)
            self.iterations, near = self.iterations + attempt.iterations, attempt.converged
        if not near:
            with np.errstate(all="ignore"):  # a guess may be anywhere
                attempt = newton(system, z, self.prepared.linear, STEPS_FROM_GUESS)
            self.iterations += attempt.iterations
        if attempt.converged:
            self.z, self.done, self._last_jacobian = attempt.z, until, attempt.jacobian
            self.steps += 1
            self.contraction = max(self.contraction, attempt.contraction)
            self._nearby_only &= near and attempt.near
        return attempt.converged

    def follow(self, followed: Followed, rule: Callable[[Array], Array]) -> Array | None:
        """Levels at the end where some given columns follow; None if chord steps find none."""
        levels = self.levels(1.0)
        system = FollowingSystem(self.at(1.0), levels, followed, rule)
        attempt = self._nearby(system)
        if attempt is None or not attempt.converged:
            return None
        found = self.system.levels(attempt.z, levels)
        found[followed.columns] = np.exp(system.follow(attempt.z))
        return found

    def prepare(self) -> None:
        """Prepare for more of the same way where one stands, if that pays."""
        if LinearSolver.large <= self.system.size <= LARGEST_EXACT:
            self.prepared = self.resolved.at(self.point())

    def _nearby(self, system: FoldedSystem) -> Attempt | None:
        """Solution by chord steps, where a Jacobian is dear."""
        linear = self.prepared.linear
        return chord(system, self.z, linear) if linear.is_large else None

    def undetermined(self) -> LeftOpen | None:
        """What is left (nearly) undetermined where one stands; None where that is nothing.

        Where chord steps have led there the Jacobian is near the one whose factorisation they
        took, which is looked at once for all.
        """
        if self.done > 0 and self._nearby_only and self.prepared.left_open is None:
            return None
        jacobian = self._last_jacobian
        if jacobian is None:
            jacobian = self.at(self.done).log_jacobian(self.z)
        return undetermined(self.prepared, jacobian)

    def _refuse_singular_start(self) -> None:
        """Say so where nothing could move because the system is singular at the start."""
        if self.done == 0.0 and (left_open := self.undetermined()):
            raise NoEquilibrium(
                "no equilibrium found: before anything moves (0 % of the shock) the closure does "
                f"not determine the equilibrium: {left_open.text}"
            )

    def _furthest(self) -> str:
        """Sentence on the unknown that moved most, which may be where equilibria end."""
        moved = np.where(self.system.free, 0.0, self.z - self._set_out)
        moved = moved[: len(self.system.unknown)]
        most = int(np.argmax(np.abs(moved)))
        cell = label_at(self.system.arrays.columns, int(self.system.unknown[most]))
        return f"There {cell} stood at {np.exp(moved[most]):.2g} times its start."

    # -- derivatives along the way --------------------------------------------------------

    def shocks(self, measures: tuple[Shock, ...]) -> list[Move]:
        """Every shock on the way, with the changes it makes.

        Parameters
        ----------
        measures : tuple of Shock
            What moves which given column; anything else that moves is "other" ("policy" where
            there are none). What a closure moves (a quota, a fixed budget) is a shock with
            the swap's label.
        """
        system, resolved = self.system, self.resolved
        free, solved_or_held = system.arrays.free, np.union1d(system.unknown, resolved.fixed)
        by_label: dict[str, tuple[Array, Array]] = {}

        def entry(label: str) -> tuple[Array, Array]:
            none = np.zeros(len(free)), np.zeros(len(resolved.target_levels))
            return by_label.setdefault(label, none)

        for shock in measures:
            np.add.at(entry(shock.label)[0], shock.columns, shock.change)
        rest = change(self.start, self.target, free)
        rest[system.unknown] = 0.0
        for columns, _ in by_label.values():
            columns[solved_or_held] = 0.0
            rest -= columns
        for number, swap in enumerate(resolved.swaps):
            fixed = resolved.fixed[resolved.fixed_by == number]
            targeted = np.flatnonzero(resolved.targeted_by == number)
            moved = self._target_change[targeted]
            if rest[fixed].any() or moved.any():
                columns, targets = entry(swap.name)
                columns[fixed] += rest[fixed]
                targets[targeted] += moved
            rest[fixed] = 0.0
        rest[np.abs(rest) < 1e-13] = 0.0
        if rest.any():
            entry("other" if measures else "policy")[0][:] += rest
        return [(label, *changes) for label, changes in by_label.items()]

    def tangents(self, moves: list[Move], rtol: float = TANGENT_RTOL) -> list[Array]:
        """Changes of all columns per unit of the way where one stands, one for each shock."""
        if not moves:
            return []
        rate = np.where(self._geometric, self.targets(self.done), 1.0)
        jacobian = self.at(self.done).jacobian(self.z)
        return tangents(
            self.system, lambda right: self.prepared.linear.solve(jacobian, right, rtol),
            self.point(), [(columns, targets * rate) for _, columns, targets in moves],
        )  # fmt: skip


def tangents(
    system: SquareSystem, solve: Callable[[Array], Array], levels: Array,
    moves: list[tuple[Array, Array]],
) -> list[Array]:  # fmt: skip
    """Changes of all columns with some that are given, and with targets.

    Parameters
    ----------
    system : SquareSystem
    solve : callable
        Solves with its Jacobian.
    levels : ndarray (columns,)
        Of the equilibrium.
    moves : list of (ndarray (columns,), ndarray (targets,))
        Changes of given columns and of targets, together.

    Returns
    -------
    list of ndarray (columns,)
        Of the log of each column's level, of the level where it is free; for each move.
    """
    arrays, first = system.core, len(system.rows)
    parts, rights = term_parts(arrays, levels), []
    for columns, targets in moves:
        given = system.matrix @ term_changes(arrays, parts, columns)
        given[first:] -= targets / system.row_scale[first:]
        rights.append(-given)
    moved = solve(np.column_stack(rights)).T
    return [columns + system.spread(dz) for (columns, _), dz in zip(moves, moved, strict=True)]


def change(start: Array, end: Array, free: Bools) -> Array:
    """Change of the log of levels, of levels where they may have either sign."""
    with np.errstate(all="ignore"):
        logs = np.log(end / start)
    return np.where(free, end - start, np.where(np.isfinite(logs), logs, 0.0))


def moved_alike(levels: Array, start: Array, end: Array, free: Bools) -> Array:
    """Levels after the move from `start` to `end`: by as much where free, else by the same ratio.

    Parameters
    ----------
    levels, start, end : ndarray (columns,)
    free : ndarray of bool (columns,)
        Columns that may have either sign.
    """
    return np.where(free, levels + end - start, levels * (end / np.where(free, 1.0, start)))


def _between(start: Array, end: Array, theta: float, linear: Bools | None = None) -> Array:
    """Point at `theta`: geometric where both ends are positive, else linear.

    `linear` marks those that move linearly in any case.
    """
    if theta == 1.0:
        return end.copy()
    both = (start > 0) & (end > 0)
    if linear is not None:
        both &= ~linear
    geometric = np.where(both, start, 1.0) ** (1 - theta) * np.where(both, end, 1.0) ** theta
    return np.where(both, geometric, (1 - theta) * start + theta * end)
