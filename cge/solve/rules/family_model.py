"""The model in which rules declare variables and equations that are run for whole families.

It takes the place of Pyomo's: the rules are the same. An expression is only worked out when
something asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from cge.core.axes import Array, Bools, Integers
from cge.data.accounts.benchmark import Benchmark
from cge.solve.rules.family_data import CellSet, Datum, FamilyShares
from cge.solve.rules.frames import Frame, Mask
from cge.solve.rules.passes import Runs
from cge.solve.rules.polynomials import Equation, Factor, Monomials, Polynomial, joined, polynomial


class Named:
    """A family with a name.

    Parameters
    ----------
    cells : CellSet
        Its members; of no axes where there is but one.
    """

    def __init__(self, cells: CellSet) -> None:
        self.cells, self.name = cells, ""

    def __contains__(self, key: Any) -> Any:
        return key in self.cells

    def get(self, key: Any, default: Any) -> Any:
        """Member at a key, or what stands for one that is not there."""
        return self[key] if key in self.cells else default

    def __getitem__(self, key: Any) -> Polynomial:
        raise NotImplementedError


class FamilyVariable(Named):
    """A variable.

    Parameters
    ----------
    cells : CellSet
    start : ndarray
        Level of each member in the benchmark.
    signed : bool
        Whether it may have either sign.
    """

    def __init__(self, cells: CellSet, start: Array, signed: bool) -> None:
        super().__init__(cells)
        self.start, self.signed, self.column = start, signed, -1

    def __getitem__(self, key: Any) -> Polynomial:
        frame, numbers = self.cells.numbers(key)
        return self.at(frame, numbers)

    def at(self, frame: Frame, numbers: Integers) -> Polynomial:
        """Members by their numbers, one for each member of a frame."""
        column = (numbers + self.column).astype(np.int32)
        return Polynomial(frame, [Monomials(frame.size, 1.0, (Factor(column, 1.0),))])


class FamilyRule(Named):
    """An expression or an equation by its rule, worked out when it is asked for."""

    def __init__(self, model: FamilyModel, cells: CellSet, rule: Callable[..., Any]) -> None:
        super().__init__(cells)
        self.model, self.rule = model, rule
        self._known: Polynomial | None = None

    def __getitem__(self, key: Any) -> Polynomial:
        frame, numbers = self.cells.numbers(key)
        whole = self.polynomial()
        if len(numbers) == self.cells.size and (numbers == np.arange(len(numbers))).all():
            return Polynomial(frame, whole.parts)
        return whole.gathered(numbers, frame)

    def polynomial(self) -> Polynomial:
        """Value of an expression, or difference of the sides of an equation, by member."""
        if self._known is None:
            self._known = self.fresh()
        return self._known

    def forget(self) -> None:
        """Let go of what was worked out."""
        self._known = None

    def fresh(self) -> Polynomial:
        """The same, not kept."""
        cells = self.cells

        def part(frame: Frame, members: Integers | None) -> Polynomial:
            value = self.rule(self.model, *cells.codes(frame, members))
            if isinstance(value, Equation):
                value = value.difference
            return polynomial(value, frame)

        frame = self.model.runs.family(cells.size)
        parts = self.model.runs.run(part, cells.size)
        if len(parts) == 1:
            return Polynomial(frame, parts[0][2].parts)
        return joined(frame, [(m, value) for m, _, value in parts if m is not None])


class FamilyModel:
    """Families by name, in the order in which they were declared; also the language of the rules.

    Parameters
    ----------
    benchmark : Benchmark
    horizon : str
    backstop : tuple of str
    """

    def __init__(self, benchmark: Benchmark, horizon: str, backstop: tuple[str, ...]) -> None:
        own = self.__dict__
        own["runs"] = runs = Runs()
        own["shares"] = FamilyShares(benchmark, horizon, backstop, runs)
        own["variables"], own["equations"], own["expressions"] = {}, {}, {}
        own["columns"] = 0

    runs: Runs
    shares: FamilyShares
    variables: dict[str, FamilyVariable]
    equations: dict[str, FamilyRule]
    expressions: dict[str, FamilyRule]
    columns: int

    # -- what rules do to a model ---------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        self.add_component(name, value)

    def add_component(self, name: str, value: Any) -> None:
        """Give a set or a variable its name."""
        if isinstance(value, FamilyVariable):
            value.name, value.column = name, self.columns
            self.__dict__["columns"] = self.columns + value.cells.size
            self.variables[name] = value
            if not value.cells.letters:
                value = value.at(self.runs.root, np.zeros(1, dtype=np.int64))
        self.__dict__[name] = value

    def _declared(
        self, index: tuple[CellSet, ...], among: dict[str, FamilyRule]
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        cells = index[0] if index else self._one()

        def declare(rule: Callable[..., Any]) -> Callable[..., Any]:
            name = rule.__name__
            family = FamilyRule(self, cells, rule)
            family.name = name
            among[name] = family
            if cells.letters:
                self.__dict__[name] = family
            return rule

        return declare

    def Expression(self, *index: CellSet) -> Any:
        """Declare an expression by the rule that follows."""
        return self._declared(index, self.expressions)

    def Constraint(self, *index: CellSet) -> Any:
        """Declare an equation by the rule that follows."""
        return self._declared(index, self.equations)

    def __getattr__(self, name: str) -> Any:
        known = self.__dict__.get("expressions", {}).get(name)
        if known is None:
            raise AttributeError(name)
        return Polynomial(self.runs.root, known.polynomial().parts)

    def _one(self) -> CellSet:
        return CellSet(self.runs, "", ())

    def forget(self) -> None:
        """Let go of the expressions that were worked out."""
        for family in self.expressions.values():
            family.forget()

    # -- the language ---------------------------------------------------------------------

    def cells(
        self,
        letters: str,
        of: CellSet | Datum,
        where: Callable[[Any], Any] | None = None,
        by: Callable[[Any], tuple[Any, ...]] | None = None,
    ) -> CellSet:
        """Set of cells."""
        found = of.cells if isinstance(of, Datum) else of
        if where is not None:
            found = self._chosen(found, where)
        if by is not None:
            found = self._distinct(found, by)
        if found.letters != letters:
            found = CellSet(self.runs, letters, found.labels, None if found.is_full else found.at)
        return found

    def _chosen(self, cells: CellSet, where: Callable[[Any], Any]) -> CellSet:
        def asked(frame: Frame, members: Integers | None) -> Bools:
            answer = where(cells.codes(frame, members))
            if isinstance(answer, Mask):
                return answer.values[np.arange(frame.size)] if answer.frame is frame else (
                    answer.values[frame.ups(answer.frame)]
                )  # fmt: skip
            return np.full(frame.size, bool(answer))

        chosen = np.zeros(cells.size, dtype=bool)
        for members, _, answer in self.runs.run(asked, cells.size):
            chosen[slice(None) if members is None else members] = answer
        if chosen.all():
            return cells
        return CellSet(self.runs, cells.letters, cells.labels, tuple(a[chosen] for a in cells.at))

    def _distinct(self, cells: CellSet, by: Callable[[Any], tuple[Any, ...]]) -> CellSet:
        frame = self.runs.family(cells.size)
        codes = by(cells.codes(frame))
        labels = tuple(code.labels for code in codes)
        place = np.ravel_multi_index([code.at for code in codes], tuple(map(len, labels)))
        first = np.sort(np.unique(place, return_index=True)[1])
        return CellSet(self.runs, "", labels, tuple(code.at[first] for code in codes))

    def variable(self, index: tuple[CellSet, ...], start: Any, signed: bool) -> FamilyVariable:
        """Variable by cell."""
        cells = index[0] if index else self._one()
        if isinstance(start, float):
            return FamilyVariable(cells, np.full(cells.size, start), signed)
        frame = self.runs.family(cells.size)
        return FamilyVariable(cells, start[cells.codes(frame)].values, signed)

    def members(self, component: Any) -> Any:
        """A family itself: looking up its members takes no time."""
        return component

    def total(self, items: Iterable[Any]) -> Any:
        """Sum over a group."""
        return self.runs.total(items)

    def product(self, items: Iterable[Any]) -> Any:
        """Product over a group."""
        return self.runs.product(items)
