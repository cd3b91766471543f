"""Closures: which variables are given, which are solved for.

A closure is a partition of the columns of the compiled model, described as swaps
against the default one (GEMPACK's way): free some exogenous cells, fix as many
endogenous ones or outcomes. Where fewer are fixed than freed, the freed cells that
share the fixed cell's codes move together as one rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Integers
from cge.core.display import Displayed
from cge.core.errors import InputError, NoEquilibrium, refuse_if
from cge.core.rate_bounds import LARGEST_RATE
from cge.core.selectors import joined, split
from cge.core.typed import check_fields
from cge.model.quantities import EXOGENOUS, WALRAS_EQUATION
from cge.solve.determinacy import LeftOpen, conflict, possible, repeated, undetermined
from cge.solve.layout import Family, Layout
from cge.solve.square.arrays import block_named
from cge.solve.square.linear import Border, LinearSolver
from cge.solve.square.system import SquareSystem, term_values

if TYPE_CHECKING:
    from cge.solve.model import Model

#: Unknowns by which a system may exceed one whose preconditioner it uses.
WIDEST_BORDER = 200


@dataclass(frozen=True)
class Total:
    """A linear combination of outcomes, to be held at a level.

    Parameters
    ----------
    terms : tuple of (float, str)
        Coefficient and selector of outcomes; a selector of several cells adds them up.
    """

    terms: tuple[tuple[float, str], ...]

    def __post_init__(self) -> None:
        check_fields(self)
        refuse_if(not self.terms, "adds up nothing", key="terms",
                  allowed="coefficients and selectors of outcomes")  # fmt: skip


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

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def name(self) -> str:
        """The label, or what the swap fixes."""
        if self.label:
            return self.label
        return self.fix if isinstance(self.fix, str) else f"closure of {self.free}"

    @property
    def text(self) -> str:
        """What is freed, and what is held in its place, in words."""
        if isinstance(self.fix, str):
            held = self.fix
        else:
            held = " + ".join(f"{c:g} {name}" for c, name in self.fix.terms)
        limit = {None: "", "upper": " at most", "lower": " at least"}[self.bound]
        if self.at is None:
            return f"{self.free} free, {held} held"
        level = f"{self.at:g}{' times the benchmark' if self.relative else ''}"
        level = "the benchmark" if self.relative and self.at == 1 else level
        return f"{self.free} free, {held} held at{limit} {level}"


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

    def __post_init__(self) -> None:
        check_fields(self)
        refuse_if(not 0 < self.level <= 1 + LARGEST_RATE, "is no floor under a return",
                  key="level", value=self.level,
                  allowed=f"above 0, up to {1 + LARGEST_RATE:g}; 1 is the benchmark")  # fmt: skip
        refuse_if(self.regions == (), "names no region", key="regions",
                  allowed="regions, or None: everywhere")  # fmt: skip


@dataclass(frozen=True, repr=False)
class Closure(Displayed):
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
    givens : tuple of (str, float)
        Selectors of exogenous cells that the closure itself sets, and their levels: how
        strongly wages and spending respond in a short year.
    """

    name: str = "long_run"
    specific_factors: tuple[str, ...] = ()
    swaps: tuple[Swap, ...] = ()
    wage_floor: WageFloor | None = None
    numeraire: str | None = None
    givens: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)

    def shown(self) -> dict[str, Any]:
        """Facts that it shows of itself."""
        floor = self.wage_floor
        return {
            "name": self.name, "specific factors": ", ".join(self.specific_factors),
            "wage floor": floor and f"{floor.index} at {floor.level:g}",
            "numeraire": self.numeraire, "swaps": len(self.swaps),
        }  # fmt: skip

    def laid(self, model: Model, levels: Array) -> Array:
        """Levels of all columns with what the closure sets."""
        if not self.givens:
            return levels
        levels = levels.copy()
        for selector, level in self.givens:
            levels[model.variables.select(selector, "closure")[1]] = level
        return levels

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
                Swap(f"employment{cells}", f"{floor.index}{cells}", floor.level, bound="lower",
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
    targeted_by : ndarray of int
        Which of the swaps sets each.
    within : callable, optional
        Gives the closure without its last swaps, which only add targets and what they free.
    near : callable, optional
        Gives the same closure at the central values of which the elasticities are a draw.
    """

    system: SquareSystem
    swaps: tuple[Swap, ...]
    fixed: Integers = field(repr=False)
    fixed_levels: Array = field(repr=False)
    fixed_by: Integers = field(repr=False)
    target_levels: Array = field(repr=False)
    targeted_by: Integers = field(repr=False)
    within: Callable[[], Resolved] | None = field(default=None, repr=False)
    near: Callable[[], Resolved] | None = field(default=None, repr=False)

    @cached_property
    def linear(self) -> LinearSolver:
        """Solver for this system's Jacobians, kept between scenarios."""
        system, arrays = self.system, self.system.arrays
        targets = system.target_coefficients @ term_values(system.core, arrays.start)
        folded = system.fold(arrays.start, targets)
        benchmark = folded.jacobian(system.start(arrays.start))
        if self.near is not None and system.size >= LinearSolver.large:
            return LinearSolver(benchmark, near=self.near().linear)
        return LinearSolver(benchmark, self._border())

    @cached_property
    def left_open(self) -> LeftOpen | None:
        """What the equations leave (nearly) undetermined in the benchmark."""
        if self.near is not None:
            return self.near().left_open
        return undetermined(self, self.linear.benchmark)

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
    exogenous = np.zeros(len(arrays.start), dtype=bool)
    for name in EXOGENOUS:
        exogenous[model.variables[name].positions] = True
    unknown, ganged = ~exogenous, np.zeros(len(arrays.start), dtype=bool)
    gangs: list[Integers] = []
    each_outcome: Any = sparse.eye_array(outcomes, format="csr")
    none = np.zeros(0), np.zeros(0, dtype=np.int64)
    #: Columns or rows of outcomes that are held, their levels, and the swap that holds them.
    fixed, targets = [(none[1], *none)], [(sparse.csr_array((0, outcomes)), *none)]
    held: list[Integers] = []
    freed: list[Integers] = []

    swaps = (*closure.all_swaps(), *extra)
    for number, swap in enumerate(swaps):
        family, free = model.variables.select(swap.free, "closure.free")
        solved = not exogenous[free].all() or unknown[free].any() or ganged[free].any()
        refuse_if(solved, "is endogenous already", key="closure.free", value=swap.free,
                  allowed=EXOGENOUS)  # fmt: skip
        columns: Integers | None = None
        if isinstance(swap.fix, Total):
            rows = _combined(swap.fix, model)
            level0 = np.array([rows.data @ model.outcome_start[rows.indices]])
            groups = None if len(free) == 1 else [free]
        else:
            family_held, chosen = _table_of(swap.fix, model).select(swap.fix, "closure.fix")
            if family_held.name in model.variables:
                columns, level0 = chosen, arrays.start[chosen]
                refuse_if(not unknown[chosen].all(), "is exogenous already", key="closure.fix",
                          value=swap.fix)  # fmt: skip
            else:
                rows, level0 = each_outcome[chosen], model.outcome_start[chosen]
            groups = _pair(family, free, family_held, chosen, swap)
        refuse_if(
            swap.relative and (level0 == 0).any(),
            "is zero in the benchmark, so it can not be fixed relative to it",
            key="closure.fix", value=swap.name, allowed="relative: false with a level",
        )  # fmt: skip
        refuse_if(swap.at is None and columns is None, "needs a level", key="closure.at",
                  value=swap.name)  # fmt: skip
        if groups is None:
            unknown[free] = True
        else:
            refuse_if(arrays.free[free].any(), "variables of either sign cannot move together",
                      key="closure.free", value=swap.free)  # fmt: skip
            gangs.extend(groups)
            ganged[free] = True
        at = 1.0 if swap.at is None else swap.at
        level = level0 * at if swap.relative else np.full(len(level0), at)
        if swap.at is not None:
            possible(swap.name, swap.at, level, level0, columns is not None
                     and not arrays.free[columns].any())  # fmt: skip
        by = np.full(len(level), number)
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
    )  # fmt: skip
    columns_held, levels, by_swap = (np.concatenate(parts) for parts in zip(*fixed, strict=True))
    resolved = Resolved(
        system, swaps, columns_held, levels, by_swap,
        np.concatenate(target_levels), np.concatenate(targeted_by), within, near,
    )  # fmt: skip
    if swaps and (problem := repeated(resolved) or conflict(resolved, held, freed)):
        if extra:  # bounds that are met on the way, not what a user wrote
            raise NoEquilibrium(f"bounds that are reached can not all hold: {problem}")
        raise InputError(f"can not work: {problem}", key="closure")
    return resolved


def fixes_outcome(swap: Swap, model: Model) -> bool:
    """Whether what a swap fixes is an outcome, or a combination of some."""
    return isinstance(swap.fix, Total) or _table_of(swap.fix, model) is model.outcomes


def _table_of(fix: str, model: Model) -> Layout:
    """The variables or the outcomes, of which a swap fixes some."""
    return model.variables if split(fix, "closure.fix")[0] in model.variables else model.outcomes


def _combined(total: Total, model: Model) -> sparse.csr_array:
    """A combination of outcomes as a matrix of one row."""
    parts = [(coefficient, model.outcomes.select(selector, "closure.fix")[1])
             for coefficient, selector in total.terms]  # fmt: skip
    columns = np.concatenate([positions for _, positions in parts])
    values = np.repeat([c for c, _ in parts], [len(positions) for _, positions in parts])
    shape = 1, sum(map(len, model.outcomes.values()))
    return sparse.csr_array((values, (np.zeros(len(columns), dtype=np.int64), columns)), shape)


def cells_of(swap: Swap, model: Model) -> tuple[Swap, ...]:
    """One swap per fixed cell, each with the freed cells that go with it."""
    if isinstance(swap.fix, Total):
        return (swap,)
    held, fixed = _table_of(swap.fix, model).select(swap.fix, "closure.fix")
    family, _ = model.variables.select(swap.free, "closure.free")
    name, given = split(swap.free, "closure.free")
    parts = given or ["*"] * len(family.axes)
    result = []
    for position in fixed:
        codes = held.index[position - held.start]
        known = dict(zip(held.axes, codes, strict=True))
        free = [known.get(axis, part) for axis, part in zip(family.axes, parts, strict=True)]
        # Named cell by cell, so that labels stay those of the whole.
        result.append(replace(swap, free=joined(name, free), fix=joined(held.name, codes)))
    return tuple(result)


def _pair(
    family: Family, free: Integers, held: Family, fix: Integers, swap: Swap
) -> list[Integers] | None:
    """Groups of freed cells, one per fixed cell, or None where they pair up singly."""
    if len(free) == len(fix) == 1:
        return None
    shared = [axis for axis in held.axes if axis in family.axes]
    free_key, fix_key = _keys(family, free, shared), _keys(held, fix, shared)
    refuse_if(
        len(set(fix_key)) != len(fix_key) or set(fix_key) != set(free_key),
        f"frees {len(free)} cells and fixes {len(fix)} that do not correspond one for one "
        f"by their shared axes ({', '.join(shared) or 'none'})",
        key="closure.swaps", value=f"{swap.free} <-> {swap.fix}",
    )  # fmt: skip
    if len(free) == len(fix):
        return None
    return [free[[n for n, key in enumerate(free_key) if key == wanted]] for wanted in fix_key]


def _keys(family: Family, positions: Integers, axes: list[str]) -> list[tuple[str, ...]]:
    """Codes of members along some axes."""
    at = [family.axes.index(axis) for axis in axes]
    return [tuple(family.index[n - family.start][a] for a in at) for n in positions]
