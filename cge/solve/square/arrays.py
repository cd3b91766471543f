"""The compiled model as immutable arrays; what it means is in :mod:`cge.solve.monomials`.

A template has the elasticities left open; arrays have numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.recent import Recent
from cge.core.selectors import joined
from cge.solve.square.pattern import Places

Cell = tuple[str, ...]
#: Patterns of Jacobians that a template keeps.
PATTERNS_KEPT = 4


class Cells(Sequence[Cell]):
    """Codes of the members of a family, each made when it is asked for.

    Parameters
    ----------
    labels : tuple of tuple of str
        Codes of each axis.
    coded : tuple of ndarray of int
        Which of them each member has, by axis.
    size : int
        Number of members.
    """

    def __init__(
        self, labels: tuple[Cell, ...], coded: tuple[NDArray[Any], ...], size: int
    ) -> None:
        self.labels, self.coded, self.size = labels, coded, size

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, n: int | np.integer) -> Cell: ...

    @overload
    def __getitem__(self, n: slice) -> Sequence[Cell]: ...

    def __getitem__(self, n: Any) -> Any:
        coded = tuple(at[n] for at in self.coded)
        if isinstance(n, slice):
            return Cells(self.labels, coded, len(range(self.size)[n]))
        if not -self.size <= n < self.size:
            raise IndexError(n)
        return tuple(labels[at] for labels, at in zip(self.labels, coded, strict=True))

    def __iter__(self) -> Iterator[Cell]:
        if not self.labels:
            return iter(((),) * self.size)
        columns = (
            map(labels.__getitem__, at.tolist())
            for labels, at in zip(self.labels, self.coded, strict=True)
        )
        return zip(*columns, strict=True)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Cells) and self.labels == other.labels:
            pairs = zip(self.coded, other.coded, strict=True)
            same = all(one is two or np.array_equal(one, two) for one, two in pairs)
            return self.size == other.size and same
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))


@dataclass(frozen=True, eq=False)
class Block:
    """A family of columns or rows that share a name: where it starts and its index codes.

    Parameters
    ----------
    name : str
    start : int
        Position of the first member.
    index : Cells
        Codes of each member, in order; a scalar has one empty tuple.
    """

    name: str
    start: int
    index: Cells

    @classmethod
    def of(cls, name: str, start: int, cells: Iterable[Cell]) -> Block:
        """Block of cells given one by one."""
        every = list(cells)
        labels = tuple(tuple(dict.fromkeys(column)) for column in zip(*every, strict=True))
        places = [{code: n for n, code in enumerate(own)} for own in labels]
        coded = tuple(
            np.array([place[cell[n]] for cell in every], dtype=np.int64)
            for n, place in enumerate(places)
        )
        return cls(name, start, Cells(labels, coded, len(every)))

    def __len__(self) -> int:
        return self.index.size

    @property
    def positions(self) -> slice:
        """Positions of all members."""
        return slice(self.start, self.start + len(self))


def blocks_of(families: Iterable[tuple[str, Cells]]) -> tuple[Block, ...]:
    """Blocks that follow on each other."""
    blocks: list[Block] = []
    start = 0
    for name, cells in families:
        blocks.append(Block(name, start, cells))
        start += cells.size
    return tuple(blocks)


def block_named(blocks: Sequence[Block], name: str) -> Block:
    """The block of a name."""
    return next(block for block in blocks if block.name == name)


def cell_at(blocks: Sequence[Block], position: int) -> tuple[str, tuple[str, ...]]:
    """Name and codes of the member at a position."""
    block = next(b for b in blocks if b.start <= position < b.start + len(b))
    return block.name, block.index[position - block.start]


def label_at(blocks: Sequence[Block], position: int) -> str:
    """Name and codes of the member at a position, as a selector has them."""
    return joined(*cell_at(blocks, position))


@dataclass(frozen=True, eq=False)
class MonomialArrays:
    """A compiled model with numbers for its elasticities, immutable.

    Parameters
    ----------
    columns, rows, outcomes : tuple of Block
        Variables, constraints and named expressions in the order of the arrays.
    start : ndarray (columns,)
        Level of each variable in the benchmark.
    free : ndarray of bool (columns,)
        True where a variable may have either sign.
    exponents : csr_array (terms, columns)
        Exponents of the positive variables.
    free_of_term : ndarray of int (terms,)
        Column of the free variable of each term, -1 where there is none.
    coefficients : csr_array (rows, terms)
    outcome_coefficients : csr_array (outcomes, terms)
    """

    columns: tuple[Block, ...]
    rows: tuple[Block, ...]
    outcomes: tuple[Block, ...]
    start: Array
    free: Bools
    exponents: sparse.csr_array
    free_of_term: Integers
    coefficients: sparse.csr_array
    outcome_coefficients: sparse.csr_array

    @property
    def equations(self) -> MonomialArrays:
        """The same without outcomes: all that an equilibrium takes to be solved for."""
        none = sparse.csr_array((0, self.exponents.shape[0]))
        return replace(self, outcomes=(), outcome_coefficients=none)

    def only(self, name: str) -> MonomialArrays:
        """One outcome, with the terms that stand in it."""
        if name not in self._alone:
            self._alone[name] = self._outcome(name)
        return self._alone[name]

    @cached_property
    def _alone(self) -> dict[str, MonomialArrays]:
        return {}

    def _outcome(self, name: str) -> MonomialArrays:
        block = block_named(self.outcomes, name)
        chosen = self.outcome_coefficients[block.positions]
        outcomes = (Block(name, 0, block.index),)
        return replace(self, outcomes=outcomes, outcome_coefficients=chosen).with_used_terms()

    def with_used_terms(self) -> MonomialArrays:
        """Outcomes alone, with the terms that stand in them."""
        given = self.outcome_coefficients
        used, indices = np.unique(given.indices, return_inverse=True)
        shape = (given.shape[0], len(used))
        return replace(
            self, rows=(), exponents=self.exponents[used], free_of_term=self.free_of_term[used],
            coefficients=sparse.csr_array((0, len(used))),
            outcome_coefficients=sparse.csr_array((given.data, indices, given.indptr), shape),
        )  # fmt: skip


class DeferredArrays(MonomialArrays):
    """Arrays whose outcomes are only worked out when they are asked for.

    So are the terms, to which those of the outcomes belong.

    Parameters
    ----------
    template : DeferredTemplate
    parameters : ndarray
        Values of the open elasticities.
    """

    def __init__(self, template: DeferredTemplate, parameters: Array) -> None:
        self.__dict__.update(
            _template=template, _parameters=parameters, outcomes=template.outcomes,
            _equations=template.equations.at(parameters), **_shared(template.equations),
        )  # fmt: skip

    _template: DeferredTemplate
    _parameters: Array
    _equations: MonomialArrays

    @property
    def equations(self) -> MonomialArrays:
        """The same without outcomes; their terms are the first of all."""
        return self._equations

    @cached_property
    def _whole(self) -> MonomialArrays:
        return self._template.whole.at(self._parameters)

    def _outcome(self, name: str) -> MonomialArrays:
        return self._template.alone(name).at(self._parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, _deferred(name))


#: Fields of arrays that are not known before the outcomes are.
_DEFERRED = ("exponents", "free_of_term", "coefficients", "outcome_coefficients",
             "exponent_slopes", "log_slopes")  # fmt: skip


def _deferred(name: str) -> str:
    if name not in _DEFERRED:
        raise AttributeError(name)
    return name


def _shared(equations: MonomialArrays) -> dict[str, Any]:
    """Fields that outcomes have no part in."""
    return {name: getattr(equations, name) for name in ("columns", "rows", "start", "free")}


@dataclass(frozen=True, eq=False)
class MonomialTemplate(MonomialArrays):
    """A compiled model with open elasticities: the arrays at parameters of zero, and slopes.

    With parameters p (:func:`cge.model.language.elasticity.parameters`) the exponents are

        A(p) = exponents + exponent_slopes @ p

    on the entries of `exponents`, zeros among them, and the coefficients of term k are
    those at zero times exp(log_slopes[k] @ p): a tax power of the benchmark raised to an
    elasticity is such a constant.

    Parameters
    ----------
    columns, rows, outcomes, start, free, exponents, free_of_term, coefficients, outcome_coefficients
        As in :class:`MonomialArrays`, at parameters of zero.
    exponent_slopes : csr_array (entries of exponents, parameters)
    log_slopes : csr_array (terms, parameters)
    """  # noqa: E501

    exponent_slopes: sparse.csr_array
    log_slopes: sparse.csr_array

    @cached_property
    def patterns(self) -> Recent[Places]:
        """Patterns of Jacobians of the closures used last, whatever the elasticities."""
        return Recent(PATTERNS_KEPT)

    def at(self, parameters: Array) -> MonomialArrays:
        """Model with these elasticities; exponents that are zero there are left out.

        Parameters
        ----------
        parameters : ndarray (parameters,)
            As :func:`cge.model.language.elasticity.parameters` gives them.
        """
        form = self.exponents
        values = form.data + self.exponent_slopes @ parameters
        indices, starts = form.indices, form.indptr
        if not values.all():
            indices, starts = indices.copy(), starts.copy()
        exponents = sparse.csr_array((values, indices, starts), form.shape)
        if indices is not form.indices:
            exponents.eliminate_zeros()
        constant = np.exp(self.log_slopes @ parameters)

        def scaled(matrix: sparse.csr_array) -> sparse.csr_array:
            values = matrix.data * constant[matrix.indices]
            return sparse.csr_array((values, matrix.indices, matrix.indptr), matrix.shape)

        return MonomialArrays(**{
            **{item.name: getattr(self, item.name) for item in fields(MonomialArrays)},
            "exponents": exponents, "coefficients": scaled(self.coefficients),
            "outcome_coefficients": scaled(self.outcome_coefficients),
        })  # fmt: skip


@dataclass(frozen=True, eq=False)
class OutcomeTerms:
    """Outcomes of a template, and the terms that no equation has.

    Parameters
    ----------
    coefficients : csr_array (outcomes, terms)
        Of the terms of the equations, then of those that follow.
    exponents, exponent_slopes, log_slopes, free_of_term
        As in :class:`MonomialTemplate`, of the terms that no equation has.
    """

    coefficients: sparse.csr_array
    exponents: sparse.csr_array
    exponent_slopes: sparse.csr_array
    log_slopes: sparse.csr_array
    free_of_term: Integers


#: Outcomes with more entries are compiled anew for other elasticities, which takes milliseconds,
#: and not kept with their elasticities open.
KEPT_ENTRIES = 100_000


class Compiler(Protocol):
    """What compiles outcomes beside terms that are known: those of equations, or none."""

    def __call__(self, names: Sequence[str], known: MonomialTemplate | None) -> OutcomeTerms: ...


class DeferredTemplate(MonomialTemplate):
    """A template whose outcomes are only compiled when they are asked for.

    Parameters
    ----------
    equations : MonomialTemplate
        Without outcomes.
    outcomes : tuple of Block
    compiler : Compiler
    """

    def __init__(
        self, equations: MonomialTemplate, outcomes: tuple[Block, ...], compiler: Compiler
    ) -> None:
        self.__dict__.update(
            outcomes=outcomes, _equations=equations, _compiler=compiler, _templates={},
            **_shared(equations),
        )  # fmt: skip

    _equations: MonomialTemplate
    _compiler: Compiler
    _templates: dict[str, MonomialTemplate]

    @property
    def equations(self) -> MonomialTemplate:
        """The same without outcomes."""
        return self._equations

    def alone(self, name: str) -> MonomialTemplate:
        """Template of one outcome, with the terms that stand in it."""
        if name in self._templates:
            return self._templates[name]
        found = self._compiler([name], None)
        template = MonomialTemplate(
            **_shared(self) | {"rows": ()},
            outcomes=(Block(name, 0, block_named(self.outcomes, name).index),),
            exponents=found.exponents, free_of_term=found.free_of_term,
            coefficients=sparse.csr_array((0, found.exponents.shape[0])),
            outcome_coefficients=found.coefficients,
            exponent_slopes=found.exponent_slopes, log_slopes=found.log_slopes,
        )  # fmt: skip
        if found.exponents.nnz <= KEPT_ENTRIES:
            self._templates[name] = template
        return template

    @cached_property
    def _terms(self) -> OutcomeTerms:
        return self._compiler([block.name for block in self.outcomes], self.equations)

    @property
    def whole(self) -> MonomialTemplate:
        """The same with everything in it; not kept."""
        one, other = self.equations, self._terms

        def stacked(name: str) -> sparse.csr_array:
            parts = (getattr(one, name), getattr(other, name))
            return sparse.csr_array(sparse.vstack(parts, format="csr"))

        known = one.coefficients
        shape = (known.shape[0], other.coefficients.shape[1])
        return MonomialTemplate(
            **_shared(self), outcomes=self.outcomes, exponents=stacked("exponents"),
            free_of_term=np.concatenate([one.free_of_term, other.free_of_term]),
            coefficients=sparse.csr_array((known.data, known.indices, known.indptr), shape=shape),
            outcome_coefficients=other.coefficients,
            exponent_slopes=stacked("exponent_slopes"), log_slopes=stacked("log_slopes"),
        )  # fmt: skip

    def at(self, parameters: Array) -> MonomialArrays:
        """Model with these elasticities, its outcomes worked out when they are asked for."""
        return DeferredArrays(self, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, _deferred(name))


def positive_logs(levels: Array, free: Bools) -> Array:
    """Logs of the levels of positive variables, zero for those of either sign."""
    with np.errstate(divide="ignore"):
        return np.log(np.where(free, 1.0, levels))
