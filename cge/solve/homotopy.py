"""The way from the benchmark to a solution, and how everything changes along it.

Given columns move log-linearly (linearly where they may have either sign), so do the
levels at which a closure holds things, outcomes it holds linearly. Any point on the way
is an equilibrium that can be found from the one before, and the tangent there is one
linear solve per shock: with F(z, g) = 0, J dz = -F_g dg.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import NoEquilibrium
from cge.solve.arrays import MonomialArrays
from cge.solve.closure import Resolved
from cge.solve.newton import Attempt, newton
from cge.solve.system import FoldedSystem, SquareSystem, term_values

Progress = Callable[[float], None]

#: Smallest part of the way that is tried before giving up.
SMALLEST_STEP = 1 / 512
#: How exactly a tangent is solved for.
TANGENT_RTOL = 1e-11


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


@dataclass(frozen=True, eq=False)
class Tangent:
    """Changes of all columns per unit of the way, for one shock.

    Parameters
    ----------
    label : str
    columns : ndarray (columns,)
        Derivative of the log of each column's level (of the level where it is free).
    """

    label: str
    columns: Array


@dataclass
class Walk:
    """Where a walk along the way stands, and what it took.

    Parameters
    ----------
    z : ndarray
        Unknowns.
    done : float
        Part of the way.
    """

    z: Array
    done: float = 0.0
    iterations: int = 0
    steps: int = 0
    tried: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Homotopy:
    """The way from one equilibrium to the given values of another, point by point.

    Parameters
    ----------
    resolved : Resolved
        The closure.
    start : ndarray (columns,)
        Levels at which the system is known to hold, or a good guess.
    target : ndarray (columns,)
        Levels wanted of the given columns; unknowns ignored.
    """

    resolved: Resolved
    start: Array
    target: Array
    start_targets: Array

    @classmethod
    def between(cls, resolved: Resolved, start: Array, target: Array) -> Homotopy:
        """Homotopy from levels at which the system holds to levels wanted."""
        wanted = target.copy()
        wanted[resolved.fixed] = resolved.fixed_levels
        system = resolved.system
        start_targets = system.target_coefficients @ term_values(system.arrays, start)
        return cls(resolved, start, wanted, start_targets)

    def levels(self, theta: float) -> Array:
        """Given levels at `theta`; those of unknowns mean nothing."""
        linear = self.resolved.system.arrays.free
        return _between(self.start, self.target, theta, linear)

    def at(self, theta: float) -> FoldedSystem:
        """System at `theta`."""
        return self.resolved.system.fold(self.levels(theta), self.targets(theta))

    def targets(self, theta: float) -> Array:
        """Targets at `theta`."""
        return _between(self.start_targets, self.resolved.target_levels, theta)

    @cached_property
    def _geometric(self) -> Bools:
        """Targets that move log-linearly."""
        return (self.start_targets > 0) & (self.resolved.target_levels > 0)

    @cached_property
    def _target_change(self) -> Array:
        return _change(self.start_targets, self.resolved.target_levels, ~self._geometric)

    def begin(self) -> Walk:
        """A walk that stands at the start."""
        return Walk(self.resolved.system.start(self.start))

    def advance(
        self,
        walk: Walk,
        until: float,
        solver: str = "newton",
        progress: Progress | None = None,
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

        step = until - walk.done
        while walk.done < until:
            theta = min(until, walk.done + step)
            attempt = inner(self.at(theta), walk.z, self.resolved.linear)
            walk.iterations += attempt.iterations
            walk.steps += 1
            if attempt.converged:
                walk.z, walk.done = attempt.z, theta
                step *= 2
                if progress is not None:
                    progress(walk.done)
                continue
            walk.tried.append(_describe(theta, attempt))
            step = min(step, theta - walk.done) / 2
            if step < SMALLEST_STEP:
                raise NoEquilibrium(
                    f"no equilibrium found: {walk.done:.1%} of the shock solved, then {solver} "
                    f"failed on every step down to {step:.2%} of it. "
                    f"{_furthest(self.resolved.system, walk.z, self.start)} "
                    "Tried: " + "; ".join(walk.tried[-4:])
                )

    def point(self, walk: Walk) -> Array:
        """Levels of all columns where a walk stands."""
        return self.resolved.system.levels(walk.z, self.levels(walk.done))

    # -- derivatives along the way --------------------------------------------------------

    def shocks(self, measures: tuple[Shock, ...]) -> list[tuple[str, Array, Array]]:
        """Label, change of columns and change of targets of every shock.

        Parameters
        ----------
        measures : tuple of Shock
            What moves which given column; anything else that moves is "other" ("policy" where
            there are none). What a closure moves (a quota, a fixed budget) is a shock with
            the swap's label.
        """
        system, resolved = self.resolved.system, self.resolved
        free = system.arrays.free
        given = np.ones(len(free), dtype=bool)
        given[system.unknown] = False
        by_label: dict[str, tuple[Array, Array]] = {}

        def entry(label: str) -> tuple[Array, Array]:
            return by_label.setdefault(
                label, (np.zeros(len(free)), np.zeros(len(resolved.target_levels)))
            )

        for shock in measures:
            np.add.at(entry(shock.label)[0], shock.columns, shock.change)
        rest = _change(self.start, self.target, free)
        rest[~given] = 0.0
        for label, (columns, _) in by_label.items():
            columns[~given] = 0.0
            columns[resolved.fixed] = 0.0
            rest -= columns
            by_label[label] = (columns, by_label[label][1])
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

    def tangents(
        self, walk: Walk, shocks: list[tuple[str, Array, Array]]
    ) -> tuple[Array, list[Tangent]]:
        """Levels where a walk stands and the tangents there, one per shock."""
        system = self.resolved.system
        arrays = system.arrays
        levels = self.point(walk)
        folded = self.at(walk.done)
        jacobian = folded.jacobian(walk.z)
        terms = term_values(arrays, levels)
        if not shocks:
            return levels, []
        rights = []
        for _, columns, targets in shocks:
            given = system.matrix @ term_changes(arrays, levels, terms, columns)
            rate = targets * np.where(self._geometric, self.targets(walk.done), 1.0)
            given[len(system.rows) :] -= rate / system.row_scale[len(system.rows) :]
            rights.append(-given)
        moved = self.resolved.linear.solve(jacobian, np.column_stack(rights), TANGENT_RTOL)
        return levels, [
            Tangent(label, columns + system.spread(dz))
            for (label, columns, _), dz in zip(shocks, moved.T, strict=True)
        ]


def term_changes(arrays: MonomialArrays, levels: Array, terms: Array, columns: Array) -> Array:
    """Change of every term for changes of the columns.

    Parameters
    ----------
    arrays : MonomialArrays
    levels : ndarray (columns,)
    terms : ndarray (terms,)
        Terms at `levels`.
    columns : ndarray (columns,)
        Change of the log of each column, of its level where it is free.
    """
    positive = np.where(arrays.free, 0.0, columns)
    change = terms * (arrays.exponents @ positive)
    linear = np.flatnonzero(arrays.free_of_term >= 0)
    if len(linear):
        column = arrays.free_of_term[linear]
        unit = levels.copy()
        unit[arrays.free] = 1.0
        change[linear] += term_values(arrays, unit)[linear] * columns[column]
    return change


def _change(start: Array, end: Array, free: Bools) -> Array:
    """Change of the log of levels, of levels where they may have either sign."""
    with np.errstate(all="ignore"):
        logs = np.log(end / start)
    return np.where(free, end - start, np.where(np.isfinite(logs), logs, 0.0))


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


def _furthest(system: SquareSystem, z: Array, start: Array) -> str:
    """Sentence on the unknown that moved most: an equilibrium that ceases to exist shows there."""
    moved = np.where(system.free, 0.0, z - system.start(start))[: len(system.unknown)]
    column = int(system.unknown[np.argmax(np.abs(moved))])
    block = next(b for b in system.arrays.columns if b.start <= column < b.start + len(b))
    cell = ", ".join(block.index[column - block.start])
    ratio = float(np.exp(moved[np.argmax(np.abs(moved))]))
    return f"There {block.name}[{cell}] stood at {ratio:.2g} times its start."


def _describe(theta: float, attempt: Attempt) -> str:
    return (
        f"{theta:.1%} of the shock: {attempt.reason} after {attempt.iterations} steps, "
        f"residual {attempt.residual:.1e}"
    )
