"""The forms in which equations are declared, whoever reads them.

The rules of this room are read in two ways. Pyomo runs them member by member and makes a model
of them (:mod:`cge.model.build`). The compiler runs them once for a whole family of members
(:mod:`cge.solve.rules`): then an index is an array of codes, a datum an array of numbers and a
price an array of monomials. A rule is the same for both if it adds with :func:`total` and
multiplies with :func:`product` where it goes through a group, and if sets and variables are
made with what stands here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol


class Language(Protocol):
    """Who reads the equations; what the functions of this file of the same names do."""

    def cells(self, letters: str, of: Any, where: Any, by: Any) -> Any: ...

    def variable(self, index: tuple[Any, ...], start: Any, signed: bool) -> Any: ...

    def members(self, component: Any) -> Any: ...

    def total(self, items: Iterable[Any]) -> Any: ...

    def product(self, items: Iterable[Any]) -> Any: ...


def cells(
    letters: str,
    of: Any,
    where: Callable[[Any], Any] | None = None,
    by: Callable[[Any], Any] | None = None,
) -> Any:
    """Set of cells.

    Parameters
    ----------
    letters : str
        Axes of a cell.
    of : iterable
        Cells, or what is keyed by them.
    where : callable, optional
        Whether a cell is among them.
    by : callable, optional
        Cell of the set to which a cell of `of` belongs; each is taken once.
    """
    return _LANGUAGE.get().cells(letters, of, where, by)


def ratio(*index: Any) -> Any:
    """Positive variable relative to the benchmark, 1 there; without an index a single one."""
    return positive(*index, start=1.0)


def power(index: Any, start: Any) -> Any:
    """Power of a wedge, in the benchmark what it is there."""
    return positive(index, start=start)


def positive(*index: Any, start: Any) -> Any:
    """Positive variable, at `start` in the benchmark: one number, or by cell."""
    return _LANGUAGE.get().variable(index, start, False)


def signed(*index: Any, start: Any) -> Any:
    """Variable of either sign, at `start` in the benchmark: one number, or by cell."""
    return _LANGUAGE.get().variable(index, start, True)


def members(component: Any) -> Any:
    """Members of a family by cell, or of a set, where looking one up takes no time.

    Pyomo takes thirty times as long to look up a member of a component as of a dictionary,
    which tells on the families that have a member per route.
    """
    return _LANGUAGE.get().members(component)


def total(items: Iterable[Any]) -> Any:
    """Sum of items, over the group from which they come."""
    return _LANGUAGE.get().total(items)


def product(items: Iterable[Any]) -> Any:
    """Product of items, over the group from which they come."""
    return _LANGUAGE.get().product(items)


class _Pyomo:
    """Pyomo, which takes a second to import and is only needed for a model of its own."""

    def cells(self, letters: str, of: Any, where: Any, by: Any) -> Any:
        from pyomo.environ import Set

        found = of if where is None else (c for c in of if where(c))
        found = found if by is None else dict.fromkeys(map(by, found))
        return Set(initialize=list(found), dimen=len(letters))

    def variable(self, index: tuple[Any, ...], start: Any, signed: bool) -> Any:
        from pyomo.environ import PositiveReals, Reals, Var

        initialize = start if isinstance(start, float) else lambda m, *cell: start[cell]
        return Var(*index, domain=Reals if signed else PositiveReals, initialize=initialize)

    def members(self, component: Any) -> Any:
        from pyomo.environ import Set

        return set(component) if component.ctype is Set else dict(component.items())

    def total(self, items: Iterable[Any]) -> Any:
        from pyomo.environ import quicksum

        return quicksum(items)

    def product(self, items: Iterable[Any]) -> Any:
        return math.prod(items)


_PYOMO: Language = _Pyomo()
_LANGUAGE: ContextVar[Language] = ContextVar("language", default=_PYOMO)


@contextmanager
def read_by(language: Language) -> Iterator[None]:
    """Let another language than Pyomo read the equations."""
    token = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)
