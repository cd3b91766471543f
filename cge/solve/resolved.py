"""A closure on a compiled model: the square system that it makes, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.errors import InputError, NoEquilibrium, refuse_if, retold
from cge.core.selectors import split
from cge.model.quantities import BENDING, EXOGENOUS, POSITIVE, WALRAS_EQUATION
from cge.solve.closure import Closure, Swap, Total, table_of
from cge.solve.determinacy import LeftOpen, above_zero, conflict, possible, repeated, undetermined
from cge.solve.layout import paired
from cge.solve.square.arrays import block_named
from cge.solve.square.linear import Border, LinearSolver
from cge.solve.square.system import SquareSystem, term_values

if TYPE_CHECKING:
    from cge.solve.model import Model

#: Unknowns by which a system may exceed one whose preconditioner it uses.
WIDEST_BORDER = 200


@dataclass(frozen=True, eq=False)
class Resolved:
    """A closure on a compiled model: the system, and the levels at which it holds things.

    Parameters
    ----------
    system : SquareSystem
    swaps : tuple of Swap
        In force, bounds that are reached among them.
    fixed : ndarray of int
        Endogenous columns held fixed.
    fixed_levels : ndarray
    fixed_by : ndarray of int
        Which of the swaps fixes each.
    target_levels : ndarray
        Of the system's targets.
    targeted_by : ndarray of int
        Which of the swaps sets each.
    held : tuple of (ndarray, bool)
        For each swap the levels in the benchmark of what it holds, and whether that is positive in
        every solution.
    within : callable, optional
        Gives the closure without its last swaps, which only add targets and what they free.
    near : callable, optional
        Gives the same closure at the central values of which the elasticities are a draw.
    same : Resolved, optional
        The same closure where it holds things at other levels: what that has prepared serves both.
    point : ndarray (columns,), optional
        An equilibrium at which its solver is prepared; None: the benchmark.
    """

    system: SquareSystem
    swaps: tuple[Swap, ...]
    fixed: Integers = field(repr=False)
    fixed_levels: Array = field(repr=False)
    fixed_by: Integers = field(repr=False)
    target_levels: Array = field(repr=False)
    targeted_by: Integers = field(repr=False)
    held: tuple[tuple[Array, bool], ...] = field(repr=False)
    within: Callable[[], Resolved] | None = field(default=None, repr=False)
    near: Callable[[], Resolved] | None = field(default=None, repr=False)
    same: Resolved | None = field(default=None, repr=False)
    point: Array | None = field(default=None, repr=False)

    @cached_property
    def linear(self) -> LinearSolver:
        """Solver for this system's Jacobians, kept between scenarios."""
        if self.same is not None and self.point is None:
            return self.same.linear
        if self.near is not None and self.point is None:
            near = self.near().linear
            if near.is_large:
                return LinearSolver(near.benchmark, near=near)
        system, arrays = self.system, self.system.arrays
        levels = arrays.start if self.point is None else self.point
        targets = system.target_coefficients @ term_values(system.core, levels)
        folded, z = system.fold(levels, targets), system.start(levels)
        if self.point is not None:
            assert self.same is not None
            return LinearSolver(folded.log_jacobian(z), exact=self.same.linear)
        benchmark = folded.jacobian(z)
        return LinearSolver(benchmark, self._border(), whole=system.bent)

    @cached_property
    def left_open(self) -> LeftOpen | None:
        """What the equations leave (nearly) undetermined in the benchmark, or at the point."""
        if self.point is None and self.same is not None:
            return self.same.left_open
        if self.near is not None and self.point is None:
            return self.near().left_open
        return undetermined(self, self.linear.benchmark)

    def holding(self, swaps: tuple[Swap, ...]) -> Resolved:
        """The same closure where swaps of the same structure hold things at other levels."""
        levels = [_level(swap, *own) for swap, own in zip(swaps, self.held, strict=True)]
        fixed, targets = (
            np.concatenate([np.zeros(0), *(levels[n] for n in dict.fromkeys(by.tolist()))])
            for by in (self.fixed_by, self.targeted_by)
        )
        return replace(self, swaps=swaps, fixed_levels=fixed, target_levels=targets,
                       same=self.same or self)  # fmt: skip

    def at(self, point: Array) -> Resolved:
        """The same closure with its solver prepared at an equilibrium."""
        return replace(self, same=self.same or self, point=point)

    def _border(self) -> Border | None:
        """Where the closure without its last swaps stands in this one."""
        if self.within is None or self.system.size < LinearSolver.large:
            return None
        inner = self.within()
        if self.system.size - inner.system.size > WIDEST_BORDER:
            return None
        own, other = self.system, inner.system
        singles = np.searchsorted(own.unknown, other.unknown)
        gangs = len(own.unknown) + np.arange(len(other.gangs))
        return Border(inner.linear, np.arange(other.size), np.concatenate([singles, gangs]))


def resolve(
    closure: Closure, model: Model, extra: Sequence[Swap] = (),
    within: Callable[[], Resolved] | None = None, near: Callable[[], Resolved] | None = None,
) -> Resolved:  # fmt: skip
    """Turn a closure into a square system.

    Parameters
    ----------
    closure : Closure
    model : Model
    extra : sequence of Swap
        Swaps on top: bounds that are reached, whatever their `bound` says.
    within, near : callable, optional
        As in :class:`Resolved`.

    Raises
    ------
    InputError
        When a swap is not one for one, frees what is not exogenous, fixes what is not
        endogenous, or holds what is held already (:mod:`cge.solve.determinacy`).
    """
    arrays, outcomes = model.arrays, sum(map(len, model.outcomes.values()))
    exogenous = _columns_of(EXOGENOUS, model)
    unknown, ganged = ~exogenous, np.zeros(len(arrays.start), dtype=bool)
    gangs: list[Integers] = []
    each_outcome: Any = sparse.eye_array(outcomes, format="csr")
    none = np.zeros(0), np.zeros(0, dtype=np.int64)
    #: Columns or rows of outcomes that are held, their levels, and the swap that holds them.
    fixed, targets = [(none[1], *none)], [(sparse.csr_array((0, outcomes)), *none)]
    held: list[Integers] = []
    freed: list[Integers] = []
    starts: list[tuple[Array, bool]] = []

    swaps = (*closure.all_swaps(), *extra)
    for number, swap in enumerate(swaps):
        place = closure.place_of(swap)
        family, free = model.variables.select(swap.free, f"{place}.free")
        solved = not exogenous[free].all() or unknown[free].any() or ganged[free].any()
        refuse_if(solved, "is endogenous already", key=f"{place}.free", value=swap.free,
                  allowed=EXOGENOUS)  # fmt: skip
        columns: Integers | None = None
        if isinstance(swap.fix, Total):
            rows = _combined(swap.fix, model, f"{place}.fix")
            level0 = np.array([rows.data @ model.outcome_start[rows.indices]])
            groups = None if len(free) == 1 else [free]
        else:
            held_in = table_of(swap.fix, model, f"{place}.fix")
            family_held, chosen = held_in.select(swap.fix, f"{place}.fix")
            if family_held.name in model.variables:
                columns, level0 = chosen, arrays.start[chosen]
                refuse_if(not unknown[chosen].all(), "is exogenous already", key=f"{place}.fix",
                          value=swap.fix)  # fmt: skip
            else:
                rows, level0 = each_outcome[chosen], model.outcome_start[chosen]
            with retold(partial(InputError.moved, key=place)):
                groups = paired(family, free, family_held, chosen, f"{swap.free} <-> {swap.fix}")
        refuse_if(
            swap.relative and (level0 == 0).any(),
            "is zero in the benchmark, so it can not be fixed relative to it",
            key=f"{place}.fix", value=swap.name, allowed="relative: false with a level",
        )  # fmt: skip
        refuse_if(swap.at is None and columns is None, "needs a level", key=f"{place}.at",
                  value=swap.name)  # fmt: skip
        if groups is None:
            unknown[free] = True
        else:
            refuse_if(arrays.free[free].any(), "variables of either sign cannot move together",
                      key=f"{place}.free", value=swap.free)  # fmt: skip
            gangs.extend(groups)
            ganged[free] = True
        starts.append((level0, columns is not None and not arrays.free[columns].any()))
        with retold(partial(InputError.moved, key=f"{place}.at")):
            level = _level(swap, *starts[-1])
        by = np.full(len(level0), number)
        held.append(none[1] if columns is None else columns)
        freed.append(free)
        if columns is None:
            targets.append((rows, level, by))
            continue
        unknown[columns] = False
        if swap.at is not None:
            fixed.append((columns, level, by))

    matrices, target_levels, targeted_by = zip(*targets, strict=True)
    system = SquareSystem(
        arrays=arrays,
        unknown=np.flatnonzero(unknown),
        rows=np.delete(np.arange(sum(map(len, arrays.rows))),
                       block_named(arrays.rows, WALRAS_EQUATION).start),
        targets=sparse.csr_array(sparse.vstack(matrices, format="csr")),
        gangs=tuple(gangs),
        patterns=model.template.patterns,
        bent=np.flatnonzero(_columns_of(BENDING, model)[unknown]),
    )  # fmt: skip
    columns_held, levels, by_swap = (np.concatenate(parts) for parts in zip(*fixed, strict=True))
    resolved = Resolved(
        system, swaps, columns_held, levels, by_swap,
        np.concatenate(target_levels), np.concatenate(targeted_by), tuple(starts), within, near,
    )  # fmt: skip
    if near is not None:
        near()  # draws change numbers, not where they stand: what can work there can work here
    elif swaps and (problem := repeated(resolved) or conflict(resolved, held, freed)):
        if extra:  # bounds that are met on the way, not what a user wrote
            raise NoEquilibrium(f"bounds that are reached can not all hold: {problem}")
        raise InputError(f"can not work: {problem}", key="closure")
    numeraire = model.variables["numeraire"].start
    for swap, free in zip(closure.all_swaps(), freed, strict=False):
        if numeraire not in free or any(_is_price(one) for one in swaps):
            continue  # what follows takes the factorisation that a solve takes
        if (left := resolved.left_open) and numeraire in left.columns:
            first = f"{model.benchmark.regions[0]}, {model.benchmark.factors[0]}"
            raise InputError(
                f"can not work: {swap.text}: nothing holds the level of prices, which moves with "
                "numeraire alone and moves no quantity", key=closure.place_of(swap),
                allowed=f"a price or a value held for it, as factor_return[{first}]",
            )  # fmt: skip
    return resolved


def _columns_of(names: Sequence[str], model: Model) -> Bools:
    """Which columns are of some variables."""
    found = np.zeros(len(model.arrays.start), dtype=bool)
    for name in names:
        found[model.variables[name].positions] = True
    return found


def _level(swap: Swap, start: Array, positive: bool) -> Array:
    """Levels at which a swap holds things, which must be possible.

    Parameters
    ----------
    swap : Swap
    start, positive
        Of :attr:`Resolved.held`.
    """
    level = swap.level(start)
    if swap.at is not None:
        possible(swap.name, swap.at, level, start, positive)
        if _is_positive_outcome(swap):
            above_zero(level, swap.at)
    return level


def _is_price(swap: Swap) -> bool:
    """Whether a swap holds factor returns, and so the level of prices."""
    return isinstance(swap.fix, str) and split(swap.fix)[0] == "factor_return"


def _is_positive_outcome(swap: Swap) -> bool:
    """Whether a swap holds an outcome that is positive in every solution."""
    return isinstance(swap.fix, str) and split(swap.fix)[0] in POSITIVE


def _combined(total: Total, model: Model, key: str) -> sparse.csr_array:
    """A combination of outcomes as a matrix of one row."""
    parts = [(coefficient, model.outcomes.select(selector, key)[1])
             for coefficient, selector in total.terms]  # fmt: skip
    columns = np.concatenate([positions for _, positions in parts])
    values = np.repeat([c for c, _ in parts], [len(positions) for _, positions in parts])
    shape = 1, sum(map(len, model.outcomes.values()))
    return sparse.csr_array((values, (np.zeros(len(columns), dtype=np.int64), columns)), shape)
