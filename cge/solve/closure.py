"""Closures: which variables are given, which are solved for.

A closure is a partition of the columns of the compiled model, described as swaps
against the default one (GEMPACK's way): free some exogenous cells, fix as many
endogenous ones or outcomes. Where fewer are fixed than freed, the freed cells that
share the fixed cell's codes move together as one rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cge.core.axes import Array
from cge.core.display import Displayed
from cge.core.errors import refuse_if
from cge.core.rate_bounds import LARGEST_RATE, LARGEST_RATIO, too_many_times
from cge.core.selectors import joined, split
from cge.core.typed import check_fields
from cge.model.quantities import is_ratio
from cge.solve.layout import Layout

if TYPE_CHECKING:
    from cge.solve.model import Model


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
    large : bool
        That a multiple of the benchmark beyond :data:`~cge.core.rate_bounds.LARGEST_RATIO` is
        meant.
    """

    free: str
    fix: str | Total
    at: float | None = 1.0
    relative: bool = True
    bound: Literal["upper", "lower"] | None = None
    label: str = ""
    relief: Literal[1, -1] | None = None
    large: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        times = self.at if self.relative and self.at is not None and not self.large else 1.0
        if times > LARGEST_RATIO and isinstance(self.fix, str) and is_ratio(self.fix):
            escape = "any with large=True, or the level itself with relative=False"
            raise too_many_times(times, escape, key="at")

    @property
    def name(self) -> str:
        """The label, or what the swap fixes."""
        if self.label:
            return self.label
        return self.fix if isinstance(self.fix, str) else f"closure of {self.free}"

    @property
    def structure(self) -> tuple[object, ...]:
        """All of it but the level at which it holds something."""
        return self.free, self.fix, self.at is None, self.relative, self.label

    def level(self, start: Array) -> Array:
        """Levels at which cells are held that have certain levels in the benchmark."""
        at = 1.0 if self.at is None else self.at
        return start * at if self.relative else np.full(len(start), at)

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

    def with_swaps(self, swaps: Sequence[Swap]) -> Closure:
        """The same with further swaps; itself where there are none."""
        return replace(self, swaps=(*self.swaps, *swaps)) if swaps else self

    def place_of(self, swap: Swap) -> str:
        """Where a user finds a swap: its number among those given, or the closure."""
        number = next((n for n, one in enumerate(self.swaps) if one is swap), None)
        return "closure" if number is None else f"closure.swaps.{number}"

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


def fixes_outcome(swap: Swap, model: Model) -> bool:
    """Whether what a swap fixes is an outcome, or a combination of some."""
    return isinstance(swap.fix, Total) or table_of(swap.fix, model) is model.outcomes


def table_of(fix: str, model: Model, key: str = "closure.fix") -> Layout:
    """The variables or the outcomes, of which a swap fixes some."""
    return model.variables if split(fix, key)[0] in model.variables else model.outcomes


def cells_of(swap: Swap, model: Model) -> tuple[Swap, ...]:
    """One swap per fixed cell, each with the freed cells that go with it."""
    if isinstance(swap.fix, Total):
        return (swap,)
    held, fixed = table_of(swap.fix, model).select(swap.fix, "closure.fix")
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
