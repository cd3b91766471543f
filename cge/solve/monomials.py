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
from typing import Any

import numpy as np
import pyomo.core.expr.numeric_expr as nx
from numpy.typing import NDArray
from pyomo.core.base.constraint import Constraint
from pyomo.core.base.expression import Expression, ExpressionData, ScalarExpression
from pyomo.core.base.var import Var
from pyomo.core.expr.relational_expr import EqualityExpression
from pyomo.environ import ConcreteModel, PositiveReals, Reals
from scipy import sparse

from cge.solve.arrays import Block, MonomialArrays

#: (coefficient, number of the term) of each monomial.
Polynomial = list[tuple[float, int]]


class NotMonomial(ValueError):
    """An expression is not a sum of monomials; the message names the constraint."""


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
        self.term_of: dict[frozenset[tuple[int, float]], int] = {}
        self.powers_of: list[dict[int, float]] = []
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

    def read_rows(
        self, components: Iterable[tuple[str, Any, Any]]
    ) -> tuple[tuple[Block, ...], _Rows]:
        rows, blocks, count = _Rows(), [], 0
        for name, component, sides in components:
            index = []
            for key, item in component.items():
                total: dict[int, float] = {}
                try:
                    left, right = sides(item)
                    for coefficient, term in self.polynomial(left):
                        total[term] = total.get(term, 0.0) + coefficient
                    for coefficient, term in self.polynomial(right):
                        total[term] = total.get(term, 0.0) - coefficient
                except NotMonomial as error:
                    raise NotMonomial(f"{item.name}: {error}") from None
                rows.terms.extend(total)
                rows.values.extend(total.values())
                rows.starts.append(len(rows.terms))
                index.append(_codes(key))
            blocks.append(Block(name, count, tuple(index)))
            count += len(index)
        return tuple(blocks), rows

    def term(self, powers: dict[int, float]) -> int:
        """Return the number of the term with these exponents, a new one if it is new."""
        key = frozenset(powers.items())
        number = self.term_of.get(key)
        if number is not None:
            return number
        kept = {column: power for column, power in powers.items() if power != 0}
        if len(kept) < len(powers):
            return self.term(kept)
        free = [column for column in kept if self.free[column]]
        if free and (len(free) > 1 or kept[free[0]] != 1):
            raise NotMonomial("a variable of either sign stands in a product or power")
        number = self.term_of[key] = len(self.powers_of)
        self.powers_of.append(kept)
        return number

    def terms(self) -> tuple[sparse.csr_array, NDArray[np.int64]]:
        """Return the exponent matrix and each term's free variable."""
        count = np.fromiter(map(len, self.powers_of), dtype=np.int64, count=len(self.powers_of))
        columns = np.fromiter((c for p in self.powers_of for c in p), dtype=np.int64)
        values = np.fromiter((v for p in self.powers_of for v in p.values()), dtype=float)
        rows = np.repeat(np.arange(len(count)), count)
        free = np.array(self.free, dtype=bool)[columns]
        free_of_term = np.full(len(count), -1, dtype=np.int64)
        free_of_term[rows[free]] = columns[free]
        shape = (len(count), len(self.start))
        matrix = sparse.csr_array((values[~free], (rows[~free], columns[~free])), shape=shape)
        return matrix, free_of_term

    # -- expressions ----------------------------------------------------------------------

    def polynomial(self, expr: Any) -> Polynomial:
        """Return an expression as a list of (coefficient, term)."""
        kind = expr.__class__
        if kind in _SUMS:
            return [monomial for arg in expr.args for monomial in self.polynomial(arg)]
        if kind in _NAMED:
            known = self.named.get(id(expr))
            if known is None:
                known = self.named[id(expr)] = self.polynomial(expr.expr)
            return known
        if kind in _PRODUCTS and expr.args[0].__class__ in _NUMBERS:
            factor = float(expr.args[0])
            return [(factor * c, term) for c, term in self.polynomial(expr.args[1])]
        powers: dict[int, float] = {}
        try:
            coefficient = self.multiply(expr, 1.0, powers)
        except _IsSum:
            return self.expand(expr)
        return [(coefficient, self.term(powers))]

    def multiply(self, expr: Any, power: float, powers: dict[int, float]) -> float:
        """Multiply expr**power into `powers`; return its coefficient.

        Raises _IsSum where the expression is a sum, for the caller to expand.
        """
        kind = expr.__class__
        column = self.column_of.get(id(expr))
        if column is not None:
            if expr.fixed:
                return _number_power(expr.value, power)
            powers[column] = powers.get(column, 0.0) + power
            return 1.0
        if kind in _BINARY:
            left, right = expr.args
            if kind in _POWERS:
                return self.multiply(left, power * _constant(right), powers)
            first = self.multiply(left, power, powers)
            return first * self.multiply(right, power if kind in _PRODUCTS else -power, powers)
        if kind in _NUMBERS:
            return _number_power(expr, power)
        if kind in _NAMED:
            polynomial = self.polynomial(expr)
            if len(polynomial) != 1:
                raise _IsSum
            coefficient, term = polynomial[0]
            for column, exponent in self.powers_of[term].items():
                powers[column] = powers.get(column, 0.0) + exponent * power
            return _number_power(coefficient, power)
        if kind in _NEGATIONS:
            return _number_power(-1.0, power) * self.multiply(expr.args[0], power, powers)
        if kind in _SUMS:
            if len(expr.args) == 1:
                return self.multiply(expr.args[0], power, powers)
            raise _IsSum
        if not expr.is_potentially_variable():
            return _number_power(float(nx.value(expr)), power)
        raise NotMonomial(f"'{_shorten(expr)}' is not a sum of monomials")

    def expand(self, expr: Any) -> Polynomial:
        """Return a product, quotient or power that contains a sum as a list of monomials."""
        kind = expr.__class__
        if kind in _PRODUCTS:
            left, right = (self.polynomial(arg) for arg in expr.args)
            return [self.product(a, b, 1.0) for a in left for b in right]
        if kind in _QUOTIENTS:
            numerator, denominator = (self.polynomial(arg) for arg in expr.args)
            if len(denominator) != 1:
                raise NotMonomial(f"'{_shorten(expr)}' divides by a sum")
            return [self.product(a, denominator[0], -1.0) for a in numerator]
        if kind in _NEGATIONS:
            return [(-c, term) for c, term in self.polynomial(expr.args[0])]
        base, exponent = expr.args
        times = _constant(exponent)
        if times != int(times) or not 0 < times <= 4:
            raise NotMonomial(f"'{_shorten(expr)}' is a sum to the power {times:g}")
        result = polynomial = self.polynomial(base)
        for _ in range(int(times) - 1):
            result = [self.product(a, b, 1.0) for a in result for b in polynomial]
        return result

    def product(
        self, a: tuple[float, int], b: tuple[float, int], power: float
    ) -> tuple[float, int]:
        """Return a * b**power."""
        powers = dict(self.powers_of[a[1]])
        for column, exponent in self.powers_of[b[1]].items():
            powers[column] = powers.get(column, 0.0) + exponent * power
        return a[0] * _number_power(b[0], power), self.term(powers)


class _IsSum(Exception):
    """Signals that an expression is a sum, not a single monomial."""


_NAMED = {ExpressionData, ScalarExpression}
_NUMBERS = {float, int, np.float64, np.int64, np.float32, np.int32, bool}
_PRODUCTS = {nx.ProductExpression, nx.MonomialTermExpression}
_QUOTIENTS = {nx.DivisionExpression}
_POWERS = {nx.PowExpression}
_BINARY = _PRODUCTS | _QUOTIENTS | _POWERS
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
    if (base < 0 and power != int(power)) or (base == 0 and power < 0):
        raise NotMonomial(f"{base:g} to the power {power:g} is not a real number")
    return float(base) ** power


def _shorten(expr: Any, limit: int = 80) -> str:
    text = str(expr)
    return text if len(text) <= limit else text[: limit - 3] + "..."
