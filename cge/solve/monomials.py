"""From a Pyomo model to sparse arrays: every equation is a sum of monomials.

A variable with domain ``PositiveReals`` may stand in any product with any numeric
power; one with domain ``Reals`` (a revenue, a balance) may stand in a term once, to
the power one. A model of such terms is

    F = B t,    t_k = y_k * prod_j x_j ** A_kj

with one sparse matrix of exponents A, one of coefficients B, and at most one free
variable y per term. Exact first and second derivatives are then a few sparse
products (:mod:`cge.solve.system`). Anything else in a constraint is an error that
names the constraint.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.core.expr.numeric_expr as nx
from numpy.typing import NDArray
from pyomo.core.base.constraint import Constraint
from pyomo.core.base.expression import Expression
from pyomo.core.base.var import Var
from pyomo.core.expr.relational_expr import EqualityExpression
from pyomo.environ import ConcreteModel, PositiveReals, Reals
from scipy import sparse

Exponents = tuple[tuple[int, float], ...]
Polynomial = list[tuple[float, Exponents]]


class NotMonomial(ValueError):
    """An expression is not a sum of monomials; the message names the constraint."""


@dataclass(frozen=True, eq=False)
class Block:
    """A family of columns or rows that share a name: where it starts and its index codes.

    Parameters
    ----------
    name : str
    start : int
        Position of the first member.
    index : tuple of tuple of str
        Codes of each member, in order; a scalar has one empty tuple.
    """

    name: str
    start: int
    index: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.index)

    @property
    def positions(self) -> slice:
        return slice(self.start, self.start + len(self.index))


@dataclass(frozen=True, eq=False)
class MonomialArrays:
    """A compiled model, immutable.

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
    start: NDArray[np.float64]
    free: NDArray[np.bool_]
    exponents: sparse.csr_array
    free_of_term: NDArray[np.int64]
    coefficients: sparse.csr_array
    outcome_coefficients: sparse.csr_array


def compile_model(model: ConcreteModel, outcomes: Sequence[str] = ()) -> MonomialArrays:
    """Read the equations and outcomes of a Pyomo model into arrays.

    Parameters
    ----------
    model : ConcreteModel
        Its active equality constraints are the rows.
    outcomes : sequence of str
        Names of the model's expressions to compile beside them.

    Raises
    ------
    NotMonomial
        Naming the first constraint that is not an equality between sums of
        monomials, or the variable whose domain is neither positive nor real.
    """
    reader = _Reader()
    columns = reader.read_variables(model)
    rows, coefficients = reader.read_rows(
        (c.local_name, c, _equation) for c in model.component_objects(Constraint, active=True)
    )
    named = {c.local_name: c for c in model.component_objects(Expression)}
    outcome_blocks, outcome_coefficients = reader.read_rows(
        (name, named[name], _value) for name in outcomes
    )
    exponents, free_of_term = reader.terms()
    terms = exponents.shape[0]
    return MonomialArrays(
        columns=columns,
        rows=rows,
        outcomes=outcome_blocks,
        start=np.array(reader.start),
        free=np.array(reader.free, dtype=bool),
        exponents=exponents,
        free_of_term=free_of_term,
        coefficients=_csr(coefficients, _length(rows), terms),
        outcome_coefficients=_csr(outcome_coefficients, _length(outcome_blocks), terms),
    )


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(len(block) for block in blocks)


def _csr(data: _Rows, rows: int, terms: int) -> sparse.csr_array:
    matrix = sparse.csr_array(
        (np.array(data.values), np.array(data.terms), np.array(data.starts)), shape=(rows, terms)
    )
    matrix.eliminate_zeros()
    return matrix


def _equation(constraint: Any) -> tuple[Any, Any]:
    expr = constraint.expr
    if not isinstance(expr, EqualityExpression):
        raise NotMonomial("is not an equality")
    return expr.args[0], expr.args[1]


def _value(expression: Any) -> tuple[Any, Any]:
    return expression.expr, 0.0


class _Rows:
    """Rows under construction in compressed form."""

    def __init__(self) -> None:
        self.values = array("d")
        self.terms = array("q")
        self.starts = array("q", [0])


class _Reader:
    """Walks expressions once; equal monomials share one term."""

    def __init__(self) -> None:
        self.column_of: dict[int, int] = {}
        self.start: list[float] = []
        self.free: list[bool] = []
        self.term_of: dict[Exponents, int] = {}
        self.named: dict[int, Polynomial] = {}

    def read_variables(self, model: ConcreteModel) -> tuple[Block, ...]:
        blocks = []
        for component in model.component_objects(Var):
            begin = len(self.start)
            index = []
            for key, var in component.items():
                self.column_of[id(var)] = len(self.start)
                if var.domain is PositiveReals:
                    self.free.append(False)
                elif var.domain is Reals:
                    self.free.append(True)
                else:
                    raise NotMonomial(
                        f"variable {var.name} has domain {var.domain}; "
                        "use PositiveReals, or Reals for one that may have either sign"
                    )
                self.start.append(float(var.value))
                index.append(_codes(key))
            blocks.append(Block(component.local_name, begin, tuple(index)))
        return tuple(blocks)

    def read_rows(self, components: Iterable[tuple[str, Any, Any]]) -> tuple[tuple[Block, ...], _Rows]:
        rows, blocks, count = _Rows(), [], 0
        for name, component, sides in components:
            index = []
            for key, item in component.items():
                try:
                    left, right = sides(item)
                    polynomial = self.polynomial(left)
                    other = self.polynomial(right)
                except NotMonomial as error:
                    raise NotMonomial(f"{item.name}: {error}") from None
                total: dict[int, float] = {}
                for coefficient, exponents in polynomial:
                    term = self.term(exponents)
                    total[term] = total.get(term, 0.0) + coefficient
                for coefficient, exponents in other:
                    term = self.term(exponents)
                    total[term] = total.get(term, 0.0) - coefficient
                rows.terms.extend(total)
                rows.values.extend(total.values())
                rows.starts.append(len(rows.terms))
                index.append(_codes(key))
            blocks.append(Block(name, count, tuple(index)))
            count += len(index)
        return tuple(blocks), rows

    def term(self, exponents: Exponents) -> int:
        return self.term_of.setdefault(exponents, len(self.term_of))

    def terms(self) -> tuple[sparse.csr_array, NDArray[np.int64]]:
        """Return the exponent matrix and each term's free variable."""
        columns, values, starts = array("q"), array("d"), array("q", [0])
        free_of_term = np.full(len(self.term_of), -1, dtype=np.int64)
        for term, exponents in enumerate(self.term_of):
            for column, power in exponents:
                if self.free[column]:
                    free_of_term[term] = column
                else:
                    columns.append(column)
                    values.append(power)
            starts.append(len(columns))
        matrix = sparse.csr_array(
            (np.array(values), np.array(columns), np.array(starts)),
            shape=(len(self.term_of), len(self.start)),
        )
        return matrix, free_of_term

    # -- expressions ----------------------------------------------------------------------

    def polynomial(self, expr: Any) -> Polynomial:
        """Return an expression as a list of (coefficient, exponents)."""
        powers: dict[int, float] = {}
        try:
            coefficient = self.multiply(expr, 1.0, powers)
        except _IsSum:
            return self.expand(expr)
        return [(coefficient, self.checked(powers))]

    def checked(self, powers: dict[int, float]) -> Exponents:
        free = [column for column in powers if self.free[column]]
        if free and (len(free) > 1 or powers[free[0]] != 1):
            raise NotMonomial("a variable of either sign stands in a product or power")
        return tuple(sorted(item for item in powers.items() if item[1] != 0))

    def multiply(self, expr: Any, power: float, powers: dict[int, float]) -> float:
        """Multiply expr**power into `powers`; return its coefficient.

        Raises _IsSum where the expression is a sum, for the caller to expand.
        """
        kind = expr.__class__
        if kind in _NUMBERS:
            return _number_power(expr, power)
        column = self.column_of.get(id(expr))
        if column is not None:
            if expr.fixed:
                return _number_power(expr.value, power)
            powers[column] = powers.get(column, 0.0) + power
            return 1.0
        if kind in _PRODUCTS:
            left, right = expr.args
            first = self.multiply(left, power, powers)
            return first * self.multiply(right, power, powers)
        if kind in _QUOTIENTS:
            left, right = expr.args
            first = self.multiply(left, power, powers)
            return first * self.multiply(right, -power, powers)
        if kind in _POWERS:
            base, exponent = expr.args
            return self.multiply(base, power * _constant(exponent), powers)
        if kind in _NEGATIONS:
            return _number_power(-1.0, power) * self.multiply(expr.args[0], power, powers)
        if expr.is_named_expression_type():
            polynomial = self.named.get(id(expr))
            if polynomial is None:
                polynomial = self.named[id(expr)] = self.polynomial(expr.expr)
            if len(polynomial) != 1:
                raise _IsSum
            coefficient, exponents = polynomial[0]
            for column, exponent in exponents:
                powers[column] = powers.get(column, 0.0) + exponent * power
            return _number_power(coefficient, power)
        if not expr.is_potentially_variable():
            return _number_power(float(nx.value(expr)), power)
        if kind in _SUMS:
            if len(expr.args) == 1:
                return self.multiply(expr.args[0], power, powers)
            raise _IsSum
        raise NotMonomial(f"'{_shorten(expr)}' is not a sum of monomials")

    def expand(self, expr: Any) -> Polynomial:
        """Return a sum, or a product that contains one, as a list of monomials."""
        kind = expr.__class__
        if kind in _SUMS:
            return [monomial for arg in expr.args for monomial in self.polynomial(arg)]
        if kind in _PRODUCTS:
            left, right = (self.polynomial(arg) for arg in expr.args)
            return [self.product(a, b) for a in left for b in right]
        if kind in _QUOTIENTS:
            numerator, denominator = (self.polynomial(arg) for arg in expr.args)
            if len(denominator) != 1:
                raise NotMonomial(f"'{_shorten(expr)}' divides by a sum")
            coefficient, exponents = denominator[0]
            inverse = (1 / coefficient, tuple((c, -p) for c, p in exponents))
            return [self.product(a, inverse) for a in numerator]
        if kind in _NEGATIONS:
            return [(-c, exponents) for c, exponents in self.polynomial(expr.args[0])]
        if kind in _POWERS:
            base, exponent = expr.args
            times = _constant(exponent)
            if times != int(times) or not 0 < times <= 4:
                raise NotMonomial(f"'{_shorten(expr)}' is a sum to the power {times:g}")
            result = polynomial = self.polynomial(base)
            for _ in range(int(times) - 1):
                result = [self.product(a, b) for a in result for b in polynomial]
            return result
        return self.named[id(expr)]

    def product(
        self, a: tuple[float, Exponents], b: tuple[float, Exponents]
    ) -> tuple[float, Exponents]:
        powers = dict(a[1])
        for column, power in b[1]:
            powers[column] = powers.get(column, 0.0) + power
        return a[0] * b[0], self.checked(powers)


class _IsSum(Exception):
    """Signals that an expression is a sum, not a single monomial."""


_NUMBERS = {float, int, np.float64, np.int64, np.float32, np.int32, bool}
_PRODUCTS = {nx.ProductExpression, nx.MonomialTermExpression}
_QUOTIENTS = {nx.DivisionExpression}
_POWERS = {nx.PowExpression}
_NEGATIONS = {nx.NegationExpression}
_SUMS = {nx.SumExpression, nx.LinearExpression}


def _codes(key: Any) -> tuple[str, ...]:
    if key is None:
        return ()
    return key if isinstance(key, tuple) else (key,)


def _constant(expr: Any) -> float:
    if expr.__class__ in _NUMBERS:
        return float(expr)
    if expr.is_potentially_variable():
        raise NotMonomial(f"exponent '{_shorten(expr)}' is not a number")
    return float(nx.value(expr))


def _number_power(base: float, power: float) -> float:
    if power == 1:
        return float(base)
    if base < 0 and power != int(power) or (base == 0 and power < 0):
        raise NotMonomial(f"{base:g} to the power {power:g} is not a real number")
    return float(base) ** power


def _shorten(expr: Any, limit: int = 80) -> str:
    text = str(expr)
    return text if len(text) <= limit else text[: limit - 3] + "..."
