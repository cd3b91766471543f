"""A compiled model under a closure: residuals and exact derivatives.

The columns of a compiled model are split in two: unknowns and given values. Any
outcome may be added as a row that must hit a target. Unknown positive variables are
solved for in logs, unknown free ones in levels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.recent import Recent
from cge.solve.square.arrays import MonomialArrays, positive_logs
from cge.solve.square.pattern import Pattern, Places


@dataclass(frozen=True, eq=False)
class SquareSystem:
    """Equations F(z) = B t(z) - target of a closure, with their derivatives.

    Parameters
    ----------
    arrays : MonomialArrays
    unknown : ndarray of int
        Columns solved for.
    gangs : tuple of ndarray of int
        Groups of given positive columns that one further unknown multiplies.
    rows : ndarray of int
        Equations that hold.
    targets : csr_array (targets, outcomes)
        Combinations of outcomes that must hit a given value; appended below the equations.
    patterns : Recent
        Patterns of systems that may be like this one.
    bent : ndarray of int
        Unknowns whose equations bend (:mod:`cge.solve.square.bends`), positions among them.
    """

    arrays: MonomialArrays
    unknown: Integers
    rows: Integers
    targets: sparse.csr_array
    gangs: tuple[Integers, ...] = ()
    patterns: Recent[Places] = field(default_factory=lambda: Recent(1))
    bent: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def size(self) -> int:
        return len(self.unknown) + len(self.gangs)

    @cached_property
    def core(self) -> MonomialArrays:
        """Arrays of what is solved: the equations, and behind their terms those of the targets."""
        equations, parts = self.arrays.equations, self._target_parts
        if not parts:
            return equations
        added = sum(part.exponents.shape[0] for part in parts)
        of_rows = equations.coefficients
        return replace(
            equations,
            exponents=sparse.vstack([equations.exponents, *(part.exponents for part in parts)],
                                    format="csr"),
            free_of_term=np.concatenate([equations.free_of_term,
                                         *(part.free_of_term for part in parts)]),
            coefficients=sparse.csr_array((of_rows.data, of_rows.indices, of_rows.indptr),
                                          shape=(of_rows.shape[0], of_rows.shape[1] + added)),
            outcome_coefficients=sparse.csr_array((0, of_rows.shape[1] + added)),
        )  # fmt: skip

    @cached_property
    def _target_parts(self) -> list[MonomialArrays]:
        """For each outcome that is in targets what it adds to each, with the terms that count."""
        parts, columns = [], self.targets.tocsc()
        for block in self.arrays.outcomes if self.targets.nnz else ():
            chosen = columns[:, block.positions]
            if not chosen.nnz:
                continue
            one = self.arrays.only(block.name)
            added = sparse.csr_array(chosen @ one.outcome_coefficients)
            parts.append(replace(one, outcome_coefficients=added).with_used_terms())
        return parts

    @cached_property
    def free(self) -> Bools:
        """Which unknowns are free (levels), the others being logs."""
        return np.concatenate([self.arrays.free[self.unknown], np.zeros(len(self.gangs), bool)])

    @cached_property
    def motion(self) -> sparse.csr_array:
        """(columns, unknowns): how the log of each column moves with the unknowns."""
        singles = np.arange(len(self.unknown))
        columns = np.concatenate([self.unknown, *self.gangs]).astype(np.int64)
        unknowns = np.concatenate(
            [singles, *(np.full(len(g), len(singles) + n) for n, g in enumerate(self.gangs))]
        ).astype(np.int64)
        shape = (len(self.arrays.start), self.size)
        return sparse.csr_array((np.ones(len(columns)), (columns, unknowns)), shape=shape)

    @cached_property
    def given(self) -> Integers:
        """Columns that are not unknown."""
        given = np.ones(len(self.arrays.start), dtype=bool)
        given[self.unknown] = False
        return np.flatnonzero(given)

    @cached_property
    def solved(self) -> Bools:
        """Which columns are solved for, those that move in gangs among them."""
        return np.diff(self.motion.indptr) > 0

    @cached_property
    def _exponents(self) -> sparse.csr_array:
        return sparse.csr_array(self.core.exponents @ self.motion)

    def exponents_of(self, unknowns: Integers) -> sparse.csc_array:
        """Exponents of some unknowns, (terms, unknowns)."""
        return sparse.csc_array(self._exponents.tocsc()[:, unknowns])

    @cached_property
    def _given_exponents(self) -> sparse.csr_array:
        columns, number = self.given, len(self.given)
        shape = (len(self.arrays.start), number)
        chosen = sparse.csr_array((np.ones(number), (columns, np.arange(number))), shape=shape)
        return sparse.csr_array(self.core.exponents @ chosen)

    @cached_property
    def _free_unknown_of_term(self) -> Integers:
        """Position among the unknowns of each term's free variable, -1 if given or none."""
        position = np.full(len(self.arrays.start) + 1, -1, dtype=np.int64)
        position[self.unknown] = np.arange(len(self.unknown))
        return position[self.core.free_of_term]

    @cached_property
    def _linear(self) -> Integers:
        """Terms with a free unknown."""
        return np.flatnonzero(self._free_unknown_of_term >= 0)

    @cached_property
    def target_coefficients(self) -> sparse.csr_array:
        """(targets, terms) coefficients of the targets."""
        terms = self.arrays.equations.exponents.shape[0]
        none = sparse.csr_array((self.targets.shape[0], terms))
        parts = [part.outcome_coefficients for part in self._target_parts]
        return sparse.csr_array(sparse.hstack([none, *parts], format="csr"))

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Coefficients of all rows, equations then targets, each scaled by its size."""
        stacked = sparse.vstack(
            [self.core.coefficients[self.rows], self.target_coefficients],
            format="csr",
        )
        stacked.sort_indices()  # as patterns are compared entry by entry
        scale = np.repeat(self.row_scale, np.diff(stacked.indptr))
        return sparse.csr_array((stacked.data / scale, stacked.indices, stacked.indptr),
                                shape=stacked.shape)  # fmt: skip

    @cached_property
    def magnitudes(self) -> sparse.csr_array:
        """Magnitudes of the coefficients of all rows."""
        return abs(self.matrix)

    @cached_property
    def unscaled_magnitudes(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Magnitudes of the coefficients of all equations, and of those of the targets."""
        return abs(self.core.coefficients), abs(self.target_coefficients)

    @cached_property
    def row_scale(self) -> Array:
        """Half the sum of absolute terms of each row in the benchmark."""
        terms = np.abs(term_values(self.core, self.arrays.start))
        equations, targets = (one @ terms for one in self.unscaled_magnitudes)
        equations = equations[self.rows]
        scale = np.concatenate([equations / 2, targets])
        return np.where(scale > 0, scale, 1.0)

    def start(self, levels: Array, multipliers: Array | None = None) -> Array:
        """Unknowns z (logs, levels where free) at given levels of all columns.

        Parameters
        ----------
        levels : ndarray (columns,)
        multipliers : ndarray (gangs,), optional
            Their logs; default zero.
        """
        values, free = levels[self.unknown], self.arrays.free[self.unknown]
        logs = np.where(free, values, positive_logs(values, free))
        return np.concatenate([logs, np.zeros(len(self.gangs)) if multipliers is None
                               else multipliers])  # fmt: skip

    def multipliers(self, levels: Array, given: Array) -> Array:
        """Logs of the multipliers of gangs that lead from given levels to others, on average.

        Parameters
        ----------
        levels, given : ndarray (columns,)
        """
        return np.array([np.log(levels[gang] / given[gang]).mean() for gang in self.gangs])

    def without(self, levels: Array, multipliers: Array) -> Array:
        """Levels of all columns before the multipliers of gangs are laid on them."""
        result = levels.copy()
        for gang, log in zip(self.gangs, multipliers, strict=True):
            result[gang] /= np.exp(log)
        return result

    def chain(self, by_log: Array) -> Array:
        """Derivatives by unknown from derivatives by log (level where free) of columns."""
        return self.motion.T @ by_log

    def spread(self, by_unknown: Array) -> Array:
        """Changes of log columns (levels where free) from changes of the unknowns."""
        return self.motion @ by_unknown

    def levels(self, z: Array, levels: Array) -> Array:
        """Levels of all columns with the unknowns at `z`."""
        result = levels.copy()
        logs = np.where(self.free, 0.0, z)
        single = slice(0, len(self.unknown))
        result[self.unknown] = np.where(self.free[single], z[single], np.exp(logs[single]))
        for n, gang in enumerate(self.gangs):
            result[gang] *= np.exp(z[len(self.unknown) + n])
        return result

    def fold(self, levels: Array, target_values: Array) -> FoldedSystem:
        """Fix the given columns at their levels.

        Parameters
        ----------
        levels : ndarray (columns,)
            Levels of all columns; those of the unknowns are ignored.
        target_values : ndarray (targets,)
        """
        logs = positive_logs(levels[self.given], self.arrays.free[self.given])
        factor = np.exp(self._given_exponents @ logs)
        free = self.core.free_of_term
        fixed_free = (free >= 0) & (self._free_unknown_of_term < 0)
        factor[fixed_free] *= levels[free[fixed_free]]
        target = np.concatenate([np.zeros(len(self.rows)), target_values])
        return FoldedSystem(self, factor, target / self.row_scale)

    @cached_property
    def followed(self) -> Recent[Any]:
        """What is known of given columns that follow: :mod:`cge.solve.square.following`."""
        return Recent(2)

    @cached_property
    def sides(self) -> sparse.csr_array:
        """Magnitudes of the positive coefficients of all rows, and below of the negative ones."""

        def side(sign: float) -> sparse.csr_array:
            part = sparse.csr_array(sign * self.matrix)
            part.data = np.maximum(part.data, 0.0)
            part.eliminate_zeros()
            return part

        return sparse.csr_array(sparse.vstack([side(1.0), side(-1.0)], format="csr"))

    @cached_property
    def has_sides(self) -> tuple[Bools, Bools]:
        """Which rows have positive coefficients, and which negative ones."""
        up, down = np.split(np.diff(self.sides.indptr) > 0, 2)
        return up, down

    def signed_rows(self, negative: Bools) -> Bools:
        """Rows in which something may be negative.

        Parameters
        ----------
        negative : ndarray of bool (terms,)
            Of which terms what is given is negative; those with a free unknown are besides.
        """

        def made() -> Bools:
            signed = (self._free_unknown_of_term >= 0) | negative
            return np.asarray((self.magnitudes @ signed.astype(float)) > 0)

        return self._signed.get(negative.tobytes(), made)

    @cached_property
    def _signed(self) -> Recent[Bools]:
        return Recent(2)

    @cached_property
    def pattern(self) -> Pattern:
        return Pattern.of(self.matrix, self._exponents, self._free_unknown_of_term, self.patterns)


@dataclass(frozen=True, eq=False)
class FoldedSystem:
    """The square system at given values of everything that is not unknown."""

    system: SquareSystem
    factor: Array
    target: Array
    _last: list[tuple[Array, tuple[Array, Array]]] = field(default_factory=list, repr=False)

    def _terms(self, z: Array) -> tuple[Array, Array]:
        """Terms without, and with, their free unknown; kept for the last point asked for."""
        if self._last and self._last[0][0] is z:
            return self._last[0][1]
        found = self._evaluated(z)
        self._last[:] = [(z, found)]
        return found

    def terms(self, z: Array) -> Array:
        """Every term."""
        return self._terms(z)[1]

    def _evaluated(self, z: Array) -> tuple[Array, Array]:
        system = self.system
        partial = self._logs_of_terms(np.where(system.free, 0.0, z))
        np.exp(partial, out=partial)  # in place: arrays of all terms are long
        partial *= self.factor
        full = partial.copy()
        full[system._linear] *= z[system._free_unknown_of_term[system._linear]]
        return partial, full

    def _logs_of_terms(self, logs: Array) -> Array:
        """Logs of the terms, beside what is given and free unknowns, from those of unknowns."""
        return np.asarray(self.system._exponents @ logs)

    def residual(self, z: Array) -> Array:
        """Scaled residual, (size,)."""
        return self.system.matrix @ self._terms(z)[1] - self.target

    def relative_residual(self, z: Array) -> float:
        """Largest residual as a share of its row's absolute terms."""
        terms = self._terms(z)[1]
        gap = np.abs(self.system.matrix @ terms - self.target)
        scale = self.system.magnitudes @ np.abs(terms) + np.abs(self.target)
        return float((gap / np.maximum(scale, 1e-12)).max(initial=0.0))

    def jacobian(self, z: Array) -> sparse.csc_array:
        """Derivative dF/dz, exact, in compressed columns with a fixed pattern."""
        partial, full = self._terms(z)
        return self.system.pattern.assemble(full, partial)

    # -- the form in which Newton sees the system -------------------------------------------

    @cached_property
    def balanced_rows(self) -> Bools:
        """Rows that equate two sums of positive terms."""
        up, down = self.system.has_sides
        positive, negative = up | (self.target < 0), down | (self.target > 0)
        return positive & negative & ~self.system.signed_rows(self.factor < 0)

    @cached_property
    def given_sides(self) -> Array:
        """What targets add to the left sides of all rows, and below to the right ones."""
        return np.concatenate([np.maximum(-self.target, 0.0), np.maximum(self.target, 0.0)])

    def _both_sides(self, full: Array) -> tuple[Array, Array]:
        sums, rows = self.system.sides @ full + self.given_sides, len(self.target)
        return sums[:rows], sums[rows:]

    def log_residual(self, z: Array) -> Array:
        """Residual with every balanced row as log(left side / right side).

        A row of two monomials is then linear in the unknowns, and a sum of powers is
        nearly so far from its root: Newton converges from much further away, most of
        all at high elasticities.
        """
        return gaps(*self._both_sides(self._terms(z)[1]), self.balanced_rows)

    def log_jacobian(self, z: Array) -> sparse.csc_array:
        """Exact derivative of :meth:`log_residual`."""
        partial, full = self._terms(z)
        left, right = self._both_sides(full)
        rows = self.balanced_rows
        left, right = np.where(rows, left, 1.0), np.where(rows, right, 1.0)
        return self.system.pattern.assemble(full, partial, np.concatenate([1 / left, 1 / right]))


def gaps(left: Array, right: Array, in_logs: Bools) -> Array:
    """Gaps between sides of rows, of their logs where that is wanted."""
    result = left - right
    result[in_logs] = np.log(left[in_logs] / right[in_logs])
    return result


def term_parts(
    arrays: MonomialArrays, levels: Array, logs: Array | None = None
) -> tuple[Array, Array]:
    """Every term without, and with, its free variable, at given levels of all columns.

    Parameters
    ----------
    arrays : MonomialArrays
    levels : ndarray (columns,)
    logs : ndarray (columns,), optional
        Of the levels, as :func:`cge.solve.square.arrays.positive_logs` gives them, where known.
    """
    logs = positive_logs(levels, arrays.free) if logs is None else logs
    partial = np.exp(arrays.exponents @ logs)
    column = arrays.free_of_term
    return partial, partial * np.where(column >= 0, levels[column], 1.0)


def term_values(arrays: MonomialArrays, levels: Array) -> Array:
    """Every term at given levels of all columns."""
    return term_parts(arrays, levels)[1]


def outcome_values(arrays: MonomialArrays, levels: Array, logs: Array | None = None) -> Array:
    """Every outcome at given levels of all columns; arguments as of :func:`term_parts`."""
    return arrays.outcome_coefficients @ term_parts(arrays, levels, logs)[1]


def term_changes(
    arrays: MonomialArrays, parts: tuple[Array, Array], columns: Array, logs: Array | None = None
) -> Array:
    """Change of every term for changes of the columns.

    Parameters
    ----------
    arrays : MonomialArrays
    parts : tuple of ndarray (terms,)
        Of :func:`term_parts`.
    columns : ndarray (columns,)
        Change of the log of each column, of its level where it is free.
    logs : ndarray (columns,), optional
        The same with zero where it is free, where that is known.
    """
    partial, full = parts
    logs = np.where(arrays.free, 0.0, columns) if logs is None else logs
    change = full * (arrays.exponents @ logs)
    linear = arrays.free_of_term >= 0
    change[linear] += partial[linear] * columns[arrays.free_of_term[linear]]
    return change


def log_derivative(arrays: MonomialArrays, levels: Array, weights: Array) -> Array:
    """Derivative of weights @ terms by the log of every column, by its level where it is free."""
    partial, full = term_parts(arrays, levels)
    result = arrays.exponents.T @ (weights * full)
    linear = arrays.free_of_term >= 0
    np.add.at(result, arrays.free_of_term[linear], (weights * partial)[linear])
    return result
