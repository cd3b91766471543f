"""Closures: which variables are given, which are solved for.

A closure is a partition of the columns of the compiled model, described as swaps
against the default one (GEMPACK's way): free some exogenous cells, fix as many
endogenous ones or outcomes. Where fewer are fixed than freed, the freed cells that
share the fixed cell's codes move together as one rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cge.errors import InputError
from cge.model.registry import EXOGENOUS, WALRAS_EQUATION
from cge.solve.arrays import MonomialArrays
from cge.solve.layout import Layout
from cge.solve.linear import LinearSolver
from cge.solve.system import SquareSystem

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Swap:
    """Free exogenous cells and fix endogenous ones, or outcomes, in their place.

    Parameters
    ----------
    free : str
        Selector of exogenous cells, e.g. ``"tariff[*, CHN, ELEC, USA]"``.
    fix : str
        Selector of a variable or an outcome, e.g. ``"trade_volume[CHN, ELEC, USA]"``.
    at : float
        Where it is held.
    relative : bool
        Whether `at` is a multiple of the benchmark level, or the level itself.
    """

    free: str
    fix: str
    at: float = 1.0
    relative: bool = True


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
        """Return every swap this closure implies, in order."""
        specific = tuple(
            Swap(f"factor_differential[*, *, {f}]", f"factor_use[*, *, {f}]")
            for f in self.specific_factors
        )
        numeraire = (Swap("numeraire", self.numeraire),) if self.numeraire else ()
        return specific + numeraire + self.swaps


@dataclass(frozen=True, eq=False)
class Resolved:
    """A closure on a compiled model: the system, and the levels at which it holds things.

    Parameters
    ----------
    system : SquareSystem
    fixed : ndarray of int
        Endogenous columns held fixed.
    fixed_levels : ndarray
    target_levels : ndarray
        Of the system's targets.
    target_start : ndarray
        The targets in the benchmark.
    """

    system: SquareSystem
    fixed: Integers = field(repr=False)
    fixed_levels: Array = field(repr=False)
    target_levels: Array = field(repr=False)
    target_start: Array = field(repr=False)

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
        Swaps on top, as an active wage floor makes them.

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
    targets: list[Integers] = []
    target_levels: list[Array] = []

    for swap in (*closure.all_swaps(), *extra):
        family, free = variables.select(swap.free, "closure.free")
        if not exogenous[free].all() or unknown[free].any() or ganged[free].any():
            raise InputError(
                "is endogenous already", key="closure.free", value=swap.free, allowed=EXOGENOUS
            )
        is_variable = swap.fix.split("[")[0].strip() in variables
        table = variables if is_variable else outcomes
        fixed_family, fix = table.select(swap.fix, "closure.fix")
        if is_variable:
            if not unknown[fix].all():
                raise InputError("is exogenous already", key="closure.fix", value=swap.fix)
            level0 = arrays.start[fix]
        else:
            level0 = outcome_levels[fix]
        if swap.relative and (level0 == 0).any():
            raise InputError(
                "is zero in the benchmark, so it can not be fixed relative to it",
                key="closure.fix",
                value=swap.fix,
                allowed="relative: false with a level",
            )
        level = level0 * swap.at if swap.relative else np.full(len(fix), swap.at)
        groups = _pair(family, free, fixed_family, fix, swap)
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
        if is_variable:
            unknown[fix] = False
            fixed.append(fix)
            fixed_levels.append(level)
        else:
            targets.append(fix)
            target_levels.append(level)

    rows = np.arange(arrays.coefficients.shape[0])
    walras = next(b.start for b in arrays.rows if b.name == WALRAS_EQUATION)
    system = SquareSystem(
        arrays=arrays,
        unknown=np.flatnonzero(unknown),
        rows=rows[rows != walras],
        targets=_join(targets, np.int64),
        gangs=tuple(gangs),
    )
    return Resolved(
        system,
        _join(fixed, np.int64),
        _join(fixed_levels, float),
        _join(target_levels, float),
        outcome_levels[system.targets],
    )


def _join(parts: list, dtype: type) -> NDArray:
    return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype=dtype)


def _pair(family, free: Integers, fixed_family, fix: Integers, swap: Swap):
    """Return groups of freed cells, one per fixed cell, or None where they pair up singly."""
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


def _keys(family, positions: Integers, axes: list[str]) -> list[tuple[str, ...]]:
    local = positions - family.block.start
    columns = [family.codes[family.axes.index(axis)][local].tolist() for axis in axes]
    return list(zip(*columns, strict=True)) if columns else [()] * len(positions)
