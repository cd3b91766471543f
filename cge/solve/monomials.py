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
    free = np.array(reader.free, dtype=bool)
    terms = reader.terms()
    merged, number = _merge(terms)
    _check_free(terms, free, coefficients, rows)
    count = merged.shape[0]
    linear = sparse.csr_array(merged[:, np.flatnonzero(free)]).tocoo()
    free_of_term = np.full(count, -1, dtype=np.int64)
    free_of_term[linear.row] = np.flatnonzero(free)[linear.col]
    positive = sparse.csr_array(merged @ sparse.diags_array((~free).astype(float)))
    positive.eliminate_zeros()
    return MonomialArrays(
        columns=columns,
        rows=rows,
        outcomes=outcome_blocks,
        start=np.array(reader.start),
        free=free,
        exponents=positive,
        free_of_term=free_of_term,
        coefficients=_csr(coefficients, _length(rows), number, count),
        outcome_coefficients=_csr(outcome_coefficients, _length(outcome_blocks), number, count),
    )


def _merge(terms: sparse.csr_array) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Return the distinct terms, and for every term the number of its like.

    Like terms are found by two random projections of their exponents, which agree to
    the last bit where the exponents do.
    """
    projections = np.random.default_rng(0).standard_normal((terms.shape[1], 2))
    sums = terms @ projections
    order = np.lexsort((sums[:, 1], sums[:, 0]))
    different = (np.diff(sums[order], axis=0) != 0).any(axis=1)
    group = np.concatenate([[0], np.cumsum(different)])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = group
    first = order[np.concatenate([[True], different])]
    return sparse.csr_array(terms[first]), number


def _check_free(
    terms: sparse.csr_array, free: NDArray[np.bool_], rows: _Rows, blocks: tuple[Block, ...]
) -> None:
    """Raise NotMonomial if a free variable stands in a product or power."""
    within = sparse.csr_array(terms[:, np.flatnonzero(free)])
    power = within @ np.ones(within.shape[1])
    bad = np.flatnonzero((power != 0) & (power != 1) | (np.diff(within.indptr) > 1))
    if not len(bad):
        return
    entry = np.flatnonzero(np.isin(np.array(rows.terms), bad))
    name = "an outcome"
    if len(entry):
        row = int(np.searchsorted(np.array(rows.starts), entry[0], side="right")) - 1
        block = next(b for b in blocks if b.start <= row < b.start + len(b))
        index = block.index[row - block.start]
        name = f"{block.name}[{','.join(index)}]" if index else block.name
    raise NotMonomial(f"{name}: a variable of either sign stands in a product or power")


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(len(block) for block in blocks)


def _csr(data: _Rows, rows: int, number: NDArray[np.int64], terms: int) -> sparse.csr_array:
    matrix = sparse.csr_array(
        (np.array(data.values), number[np.array(data.terms)], np.array(data.starts)),
        shape=(rows, terms),
    )
    matrix.sum_duplicates()
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
    """Walks expressions once and writes down their terms."""

    def __init__(self) -> None:
        self.column_of: dict[int, int] = {}
        self.start: list[float] = []
        self.free: list[bool] = []
        self.columns = array("i")
        self.powers = array("d")
        self.ends = array("q", [0])
        self.named: dict[int, Polynomial] = {}

    def read_variables(self, model: ConcreteModel) -> tuple[Block, ...]:
        blocks = []
        for component in model.component_objects(Var):
            begin = len(self.start)
            index = []
            for key, var in component.items():
                if var.fixed:
                    raise NotMonomial(f"variable {var.name} is fixed; make it exogenous instead")
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
                if not getattr(item, "active", True):
                    continue
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
        """Write down a term with these exponents and return its number."""
        self.columns.extend(powers)
        self.powers.extend(powers.values())
        self.ends.append(len(self.columns))
        return len(self.ends) - 2

    def powers_of(self, term: int) -> Iterable[tuple[int, float]]:
        """Return (column, exponent) of a term."""
        here = slice(self.ends[term], self.ends[term + 1])
        return zip(self.columns[here], self.powers[here])

    def terms(self) -> sparse.csr_array:
        """Return the exponents of all terms, free variables among them."""
        shape = (len(self.ends) - 1, len(self.start))
        matrix = sparse.csr_array(
            (np.frombuffer(self.powers), np.frombuffer(self.columns, np.int32), self.ends), shape
        )
        matrix.eliminate_zeros()
        matrix.sort_indices()
        return matrix

    # -- expressions ----------------------------------------------------------------------

    def polynomial(self, expr: Any) -> Polynomial:
        """Return an expression as a list of (coefficient, term)."""
        kind = _KINDS.get(expr.__class__, 0)
        if kind == _SUM:
            return [monomial for arg in expr.args for monomial in self.polynomial(arg)]
        if kind == _NAME:
            known = self.named.get(id(expr))
            if known is None:
                known = self.named[id(expr)] = self.polynomial(expr.expr)
            return known
        if kind == _PRODUCT and expr.args[0].__class__ is float:
            factor, other = expr.args
            return [(factor * c, term) for c, term in self.polynomial(other)]
        if kind == _NEGATION:
            return [(-c, term) for c, term in self.polynomial(expr.args[0])]
        powers: dict[int, float] = {}
        try:
            coefficient = self.multiply(expr, powers)
        except _IsSum:
            return self.expand(expr)
        return [(coefficient, self.term(powers))]

    def multiply(self, expr: Any, powers: dict[int, float]) -> float:
        """Multiply a monomial's factors into `powers`; return its coefficient.

        Raises _IsSum where the expression is a sum, for the caller to expand.
        """
        column_of, kind_of, columns, exponents, ends = (
            self.column_of, _KINDS.get, self.columns, self.powers, self.ends,
        )  # fmt: skip
        coefficient = 1.0
        pending: list[tuple[Any, float]] = [(expr, 1.0)]
        while pending:
            expr, power = pending.pop()
            column = column_of.get(id(expr))
            if column is not None:
                powers[column] = powers.get(column, 0.0) + power
                continue
            kind = kind_of(expr.__class__, 0)
            if kind == _PRODUCT:
                left, right = expr.args
                pending.append((right, power))
                pending.append((left, power))
            elif kind == _NUMBER:
                coefficient *= _number_power(expr, power)
            elif kind == _NAME:
                polynomial = self.polynomial(expr)
                if len(polynomial) != 1:
                    raise _IsSum
                factor, term = polynomial[0]
                coefficient *= _number_power(factor, power)
                here = slice(ends[term], ends[term + 1])
                for column, exponent in zip(columns[here], exponents[here], strict=True):
                    powers[column] = powers.get(column, 0.0) + exponent * power
            elif kind == _QUOTIENT:
                left, right = expr.args
                pending.append((right, -power))
                pending.append((left, power))
            elif kind == _POWER:
                base, exponent = expr.args
                pending.append((base, power * _constant(exponent)))
            elif kind == _NEGATION:
                coefficient *= _number_power(-1.0, power)
                pending.append((expr.args[0], power))
            elif kind == _SUM:
                if len(expr.args) > 1:
                    raise _IsSum
                pending.append((expr.args[0], power))
            elif not expr.is_potentially_variable():
                coefficient *= _number_power(float(nx.value(expr)), power)
            else:
                raise NotMonomial(f"'{_shorten(expr)}' is not a sum of monomials")
        return coefficient

    def expand(self, expr: Any) -> Polynomial:
        """Return a product, quotient or power that contains a sum as a list of monomials."""
        kind = _KINDS.get(expr.__class__, 0)
        if kind == _PRODUCT:
            left, right = (self.polynomial(arg) for arg in expr.args)
            return [self.product(a, b, 1.0) for a in left for b in right]
        if kind == _QUOTIENT:
            numerator, denominator = (self.polynomial(arg) for arg in expr.args)
            if len(denominator) != 1:
                raise NotMonomial(f"'{_shorten(expr)}' divides by a sum")
            return [self.product(a, denominator[0], -1.0) for a in numerator]
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
        powers = dict(self.powers_of(a[1]))
        for column, exponent in self.powers_of(b[1]):
            powers[column] = powers.get(column, 0.0) + exponent * power
        return a[0] * _number_power(b[0], power), self.term(powers)


class _IsSum(Exception):
    """Signals that an expression is a sum, not a single monomial."""


_PRODUCT, _NUMBER, _NAME, _QUOTIENT, _POWER, _NEGATION, _SUM = range(1, 8)
_KINDS: dict[type, int] = {
    nx.ProductExpression: _PRODUCT,
    nx.MonomialTermExpression: _PRODUCT,
    nx.DivisionExpression: _QUOTIENT,
    nx.PowExpression: _POWER,
    nx.NegationExpression: _NEGATION,
    nx.SumExpression: _SUM,
    nx.LinearExpression: _SUM,
    ExpressionData: _NAME,
    ScalarExpression: _NAME,
    **dict.fromkeys((float, int, bool, np.float64, np.float32, np.int64, np.int32), _NUMBER),
}


def _codes(key: Any) -> tuple[str, ...]:
    if key is None:
        return ()
    return key if isinstance(key, tuple) else (key,)


def _constant(expr: Any) -> float:
    if _KINDS.get(expr.__class__) == _NUMBER:
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
