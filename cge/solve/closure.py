"""Closures: which variables are given, which are solved for.

A closure is a partition of the columns of the compiled model, described as swaps
against the default one (GEMPACK's way): free some exogenous cells, fix as many
endogenous ones or outcomes. Where fewer are fixed than freed, the freed cells that
share the fixed cell's codes move together as one rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.core.errors import InputError
from cge.core.selectors import joined, split
from cge.model.quantities import EXOGENOUS, WALRAS_EQUATION
from cge.solve.arrays import MonomialArrays
from cge.solve.layout import Family, Layout
from cge.solve.linear import LinearSolver
from cge.solve.system import SquareSystem


@dataclass(frozen=True)
class Total:
    """A linear combination of outcomes, to be held at a level.

    Parameters
    ----------
    terms : tuple of (float, str)
        Coefficient and selector of outcomes; a selector of several cells adds them up.
    """

    terms: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Swap:
    """Free exogenous cells and fix endogenous ones, or outcomes, in their place.

    Parameters
    ----------
    free : str
        Selector of exogenous cells, e.g. ``"tariff[*, CHN, ELEC, USA]"``.
    fix : str or Total
        Selector of a variable or an outcome, e.g. ``"trade_volume[CHN, ELEC, USA]"``, or one
        combination of outcomes, for which all freed cells move together.
    at : float or None
        Where it is held; None: where the levels of a solve put it (a variable, not an outcome).
    relative : bool
        Whether `at` is a multiple of the benchmark level, or the level itself.
    bound : {"upper", "lower"}, optional
        Complementarity: what is fixed must not exceed (fall below) `at`, and the freed cells
        stay where they are given as long as it does not. Decided cell by cell.
    label : str
        What a reader calls it, where the change of `fix` is a shock of its own.
    relief : {1, -1}, optional
        Way in which the freed cells move to keep to the bound, 1 up; None: the way in which
        they move when it is first met.
    """

    free: str
    fix: str | Total
    at: float | None = 1.0
    relative: bool = True
    bound: Literal["upper", "lower"] | None = None
    label: str = ""
    relief: Literal[1, -1] | None = None

    @property
    def name(self) -> str:
        """The label, or what the swap fixes."""
        if self.label:
            return self.label
        return self.fix if isinstance(self.fix, str) else f"closure of {self.free}"


@dataclass(frozen=True)
class WageFloor:
    """A floor under the real return of a factor; below it, employment gives way.

    Parameters
    ----------
    factor : str
    regions : tuple of str, optional
        None: everywhere.
    level : float
        Floor relative to the benchmark.
    index : {"consumer_real_return", "real_factor_return", "factor_return"}
        What the floor is measured by: price of the first agent's bundle, of
        absorption, or the numeraire.
    """

    factor: str
    regions: tuple[str, ...] | None = None
    level: float = 1.0
    index: Literal["consumer_real_return", "real_factor_return", "factor_return"] = (
        "consumer_real_return"
    )


@dataclass(frozen=True)
class Closure:
    """A named closure.

    Parameters
    ----------
    name : str
    specific_factors : tuple of str
        Factors fixed in each sector (the short run); the others move.
    swaps : tuple of Swap
    wage_floor : WageFloor, optional
    numeraire : str, optional
        Selector of one price that is held at its benchmark level instead of the world
        factor price index.
    """

    name: str = "long_run"
    specific_factors: tuple[str, ...] = ()
    swaps: tuple[Swap, ...] = ()
    wage_floor: WageFloor | None = None
    numeraire: str | None = None

    def all_swaps(self) -> tuple[Swap, ...]:
        """Every swap that always holds, in order."""
        specific = tuple(
            Swap(f"factor_differential[*, *, {f}]", f"factor_use[*, *, {f}]", at=None)
            for f in self.specific_factors
        )
        numeraire = (Swap("numeraire", self.numeraire),) if self.numeraire else ()
        return specific + numeraire + tuple(s for s in self.swaps if s.bound is None)

    def bounded_swaps(self) -> tuple[Swap, ...]:
        """Every swap that holds where its bound is reached, in order."""
        floors: tuple[Swap, ...] = ()
        if self.wage_floor is not None:
            floor = self.wage_floor
            cells = f"[{'|'.join(floor.regions) if floor.regions else '*'}, {floor.factor}]"
            floors = (
                Swap(f"factor_supply{cells}", f"{floor.index}{cells}", floor.level, bound="lower",
                     label="wage floor", relief=-1),
            )  # fmt: skip
        return floors + tuple(s for s in self.swaps if s.bound is not None)


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
    target_start : ndarray
        The targets in the benchmark.
    targeted_by : ndarray of int
        Which of the swaps sets each.
    """

    system: SquareSystem
    swaps: tuple[Swap, ...]
    fixed: Integers = field(repr=False)
    fixed_levels: Array = field(repr=False)
    fixed_by: Integers = field(repr=False)
    target_levels: Array = field(repr=False)
    target_start: Array = field(repr=False)
    targeted_by: Integers = field(repr=False)

    @cached_property
    def linear(self) -> LinearSolver:
        """Solver for this system's Jacobians, kept between scenarios."""
        start = self.system.arrays.start
        folded = self.system.fold(start, self.target_start)
        return LinearSolver(folded.jacobian(self.system.start(start)))


def resolve(
    closure: Closure,
    arrays: MonomialArrays,
    variables: Layout,
    outcomes: Layout,
    outcome_levels: Array,
    extra: Sequence[Swap] = (),
) -> Resolved:
    """Turn a closure into a square system.

    Parameters
    ----------
    closure : Closure
    arrays, variables, outcomes
        The compiled model.
    outcome_levels : ndarray
        Outcomes in the benchmark.
    extra : sequence of Swap
        Swaps on top: bounds that are reached, whatever their `bound` says.

    Raises
    ------
    InputError
        When a swap is not one for one, frees what is not exogenous, or fixes what is
        not endogenous.
    """
    exogenous = np.zeros(len(arrays.start), dtype=bool)
    for name in EXOGENOUS:
        exogenous[variables[name].block.positions] = True
    unknown = ~exogenous
    gangs: list[Integers] = []
    ganged = np.zeros(len(arrays.start), dtype=bool)
    fixed: list[Integers] = []
    fixed_levels: list[Array] = []
    fixed_by: list[Integers] = []
    targets: list[sparse.csr_array] = []
    target_levels: list[Array] = []
    targeted_by: list[Integers] = []

    swaps = (*closure.all_swaps(), *extra)
    for number, swap in enumerate(swaps):
        family, free = variables.select(swap.free, "closure.free")
        if not exogenous[free].all() or unknown[free].any() or ganged[free].any():
            raise InputError(
                "is endogenous already", key="closure.free", value=swap.free, allowed=EXOGENOUS
            )
        fix: Integers | None = None
        if isinstance(swap.fix, Total):
            rows = _combined(swap.fix, outcomes, len(outcome_levels))
            level0 = rows @ outcome_levels
            groups: list[Integers] | None = None if len(free) == 1 else [free]
        else:
            table = variables if split(swap.fix, "closure.fix")[0] in variables else outcomes
            fixed_family, chosen = table.select(swap.fix, "closure.fix")
            if table is variables:
                fix = chosen
                if not unknown[fix].all():
                    raise InputError("is exogenous already", key="closure.fix", value=swap.fix)
                level0 = arrays.start[fix]
            else:
                rows = _rows_of(chosen, len(outcome_levels))
                level0 = outcome_levels[chosen]
            groups = _pair(family, free, fixed_family, chosen, swap)
        if swap.relative and (level0 == 0).any():
            raise InputError(
                "is zero in the benchmark, so it can not be fixed relative to it",
                key="closure.fix",
                value=swap.name,
                allowed="relative: false with a level",
            )
        if swap.at is None and fix is None:
            raise InputError("needs a level", key="closure.at", value=swap.name)
        at = 1.0 if swap.at is None else swap.at
        level = level0 * at if swap.relative else np.full(len(level0), at)
        if groups is None:
            unknown[free] = True
        else:
            if arrays.free[free].any():
                raise InputError(
                    "variables of either sign cannot move together",
                    key="closure.free",
                    value=swap.free,
                )
            gangs.extend(groups)
            ganged[free] = True
        if fix is not None:
            unknown[fix] = False
            if swap.at is not None:
                fixed.append(fix)
                fixed_levels.append(level)
                fixed_by.append(np.full(len(fix), number))
        else:
            targets.append(rows)
            target_levels.append(level)
            targeted_by.append(np.full(len(level), number))

    rows_of_model = np.arange(arrays.coefficients.shape[0])
    walras = next(b.start for b in arrays.rows if b.name == WALRAS_EQUATION)
    none = sparse.csr_array((0, len(outcome_levels)))
    system = SquareSystem(
        arrays=arrays,
        unknown=np.flatnonzero(unknown),
        rows=rows_of_model[rows_of_model != walras],
        targets=sparse.csr_array(sparse.vstack([none, *targets], format="csr")),
        gangs=tuple(gangs),
    )
    return Resolved(
        system,
        swaps,
        fixed=_join(fixed, np.int64),
        fixed_levels=_join(fixed_levels, float),
        fixed_by=_join(fixed_by, np.int64),
        target_levels=_join(target_levels, float),
        target_start=system.targets @ outcome_levels,
        targeted_by=_join(targeted_by, np.int64),
    )


def _rows_of(outcomes: Integers, count: int) -> sparse.csr_array:
    """A matrix that picks outcomes, one per row."""
    shape = (len(outcomes), count)
    return sparse.csr_array((np.ones(len(outcomes)), (np.arange(len(outcomes)), outcomes)), shape)


def _combined(total: Total, outcomes: Layout, count: int) -> sparse.csr_array:
    """A combination of outcomes as a matrix of one row."""
    row = np.zeros(count)
    for coefficient, selector in total.terms:
        row[outcomes.select(selector, "closure.fix")[1]] += coefficient
    return sparse.csr_array(row[None, :])


def cells_of(swap: Swap, variables: Layout, outcomes: Layout) -> tuple[Swap, ...]:
    """One swap per fixed cell, each with the freed cells that go with it."""
    if isinstance(swap.fix, Total):
        return (swap,)
    table = variables if split(swap.fix, "closure.fix")[0] in variables else outcomes
    fixed_family, fixed = table.select(swap.fix, "closure.fix")
    family, _ = variables.select(swap.free, "closure.free")
    name, given = split(swap.free, "closure.free")
    parts = given or ["*"] * len(family.axes)
    result = []
    for position in fixed:
        codes = fixed_family.block.index[position - fixed_family.block.start]
        known = dict(zip(fixed_family.axes, codes, strict=True))
        free = [known.get(axis, part) for axis, part in zip(family.axes, parts, strict=True)]
        # Named cell by cell, so that labels stay those of the whole.
        cell = joined(fixed_family.block.name, codes)
        result.append(replace(swap, free=joined(name, free), fix=cell))
    return tuple(result)


def _join(parts: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype=dtype)


def _pair(
    family: Family, free: Integers, fixed_family: Family, fix: Integers, swap: Swap
) -> list[Integers] | None:
    """Groups of freed cells, one per fixed cell, or None where they pair up singly."""
    if len(free) == len(fix) == 1:
        return None
    shared = [axis for axis in fixed_family.axes if axis in family.axes]
    free_key = _keys(family, free, shared)
    fix_key = _keys(fixed_family, fix, shared)
    if len(set(fix_key)) != len(fix_key) or set(fix_key) != set(free_key):
        raise InputError(
            f"frees {len(free)} cells and fixes {len(fix)} that do not correspond one for one "
            f"by their shared axes ({', '.join(shared) or 'none'})",
            key="closure.swaps",
            value=f"{swap.free} <-> {swap.fix}",
        )
    if len(free) == len(fix):
        return None
    return [free[[n for n, key in enumerate(free_key) if key == wanted]] for wanted in fix_key]


def _keys(family: Family, positions: Integers, axes: list[str]) -> list[tuple[str, ...]]:
    local = positions - family.block.start
    columns = [family.codes[family.axes.index(axis)][local].tolist() for axis in axes]
    return list(zip(*columns, strict=True)) if columns else [()] * len(positions)
