"""Reading Pyomo expressions into terms: walks every equation once and writes them down.

A term is a product of variables to powers. Its exponents are numbers, or affine in open
elasticities (:mod:`cge.model.language.elasticity`): then an exponent is several entries, its
constant and its slopes, each in a place of its own. With `width` = 1 + parameters,

    place = column * width                    the constant part of a column's exponent
    place = column * width + 1 + parameter    its slope with respect to a parameter

and one more column stands for the constants that are raised to an open elasticity.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from textwrap import shorten
from typing import Any

import numpy as np
import pyomo.core.expr.numeric_expr as nx
from pyomo.core.base.expression import ExpressionData, ScalarExpression
from pyomo.core.base.var import Var
from pyomo.environ import ConcreteModel, PositiveReals, Reals
from scipy import sparse

from cge.model.language.elasticity import Elasticity, NotAffine
from cge.solve.rules.frames import NotMonomial
from cge.solve.square.arrays import Block

#: (coefficient, number of the term) of each monomial.
Polynomial = list[tuple[float, int]]


class SparseRows:
    """Rows under construction in compressed form."""

    def __init__(self) -> None:
        self.values = array("d")
        self.terms = array("q")
        self.starts = array("q", [0])


class Reader:
    """Walks expressions once and writes down their terms.

    Parameters
    ----------
    width : int
        Places of a column: one and the number of open elasticities.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.place_of: dict[int, int] = {}
        self.start: list[float] = []
        self.free: list[bool] = []
        self.places = array("q")
        self.powers = array("d")
        self.ends = array("q", [0])
        self.named: dict[int, Polynomial] = {}

    def read_variables(self, model: ConcreteModel) -> tuple[Block, ...]:
        """Number all variables of a model."""
        blocks = []
        for component in model.component_objects(Var):
            blocks.append(_block(component.local_name, len(self.start), component))
            for var in component.values():
                if var.fixed:
                    raise NotMonomial(f"variable {var.name} is fixed; make it exogenous instead")
                if var.domain not in (PositiveReals, Reals):
                    raise NotMonomial(
                        f"variable {var.name} has domain {var.domain}; "
                        "use PositiveReals, or Reals for one that may have either sign"
                    )
                self.place_of[id(var)] = len(self.start) * self.width
                self.free.append(var.domain is Reals)
                self.start.append(float(var.value))
        return tuple(blocks)

    def read_rows(
        self, components: Iterable[tuple[str, Any, Any]]
    ) -> tuple[tuple[Block, ...], SparseRows]:
        """Write down the terms of constraints or expressions, each the difference of two sides."""
        rows, blocks = SparseRows(), []
        for name, component, sides in components:
            active = {k: item for k, item in component.items() if getattr(item, "active", True)}
            blocks.append(_block(name, len(rows.starts) - 1, active))
            for item in active.values():
                total: dict[int, float] = {}
                try:
                    for sign, side in zip((1.0, -1.0), sides(item), strict=True):
                        for coefficient, term in self.polynomial(side):
                            total[term] = total.get(term, 0.0) + sign * coefficient
                except (NotMonomial, NotAffine) as error:
                    raise NotMonomial(f"{item.name}: {error}") from None
                rows.terms.extend(total)
                rows.values.extend(total.values())
                rows.starts.append(len(rows.terms))
        return tuple(blocks), rows

    def term(self, powers: dict[int, float]) -> int:
        """Write down a term with these exponents and return its number."""
        self.places.extend(powers)
        self.powers.extend(powers.values())
        self.ends.append(len(self.places))
        return len(self.ends) - 2

    def powers_of(self, term: int) -> Iterable[tuple[int, float]]:
        """Place and exponent of every factor of a term."""
        here = slice(self.ends[term], self.ends[term + 1])
        return zip(self.places[here], self.powers[here])

    def terms(self) -> sparse.csr_array:
        """Exponents of all terms by place, free variables and constants among them."""
        shape = (len(self.ends) - 1, (len(self.start) + 1) * self.width)
        matrix = sparse.csr_array(
            (np.frombuffer(self.powers), np.frombuffer(self.places, np.int64), self.ends), shape
        )
        matrix.eliminate_zeros()
        matrix.sort_indices()
        return matrix

    # -- expressions ----------------------------------------------------------------------

    def polynomial(self, expr: Any) -> Polynomial:
        """Coefficient and term of every summand of an expression."""
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
        place_of, kind_of = self.place_of, _KINDS.get
        coefficient = 1.0
        pending: list[tuple[Any, Any]] = [(expr, 1.0)]
        while pending:
            expr, power = pending.pop()
            place = place_of.get(id(expr))
            if place is not None:
                _add(powers, place, power)
                continue
            kind = kind_of(expr.__class__, 0)
            if kind in (_PRODUCT, _QUOTIENT):
                left, right = expr.args
                pending.append((right, power if kind == _PRODUCT else -power))
                pending.append((left, power))
            elif kind == _NUMBER:
                coefficient *= self.constant(float(expr), power, powers)
            elif kind == _NAME:
                polynomial = self.polynomial(expr)
                if len(polynomial) != 1:
                    raise _IsSum
                factor, term = polynomial[0]
                coefficient *= self.constant(factor, power, powers)
                for place, exponent in self.powers_of(term):
                    _add(powers, place, power, exponent, place % self.width != 0)
            elif kind == _POWER:
                base, exponent = expr.args
                pending.append((base, power * _constant(exponent)))
            elif kind == _NEGATION:
                coefficient *= self.constant(-1.0, power, powers)
                pending.append((expr.args[0], power))
            elif kind == _SUM:
                if len(expr.args) > 1:
                    raise _IsSum
                pending.append((expr.args[0], power))
            elif kind == _OPEN:
                raise NotMonomial("an open elasticity stands elsewhere than in an exponent")
            elif not expr.is_potentially_variable():
                coefficient *= self.constant(float(nx.value(expr)), power, powers)
            else:
                raise NotMonomial(f"'{_shorten(expr)}' is not a sum of monomials")
        return coefficient

    def constant(self, base: float, power: Any, powers: dict[int, float]) -> float:
        """A number to a power; its slopes, if the power is open, go into `powers`."""
        if power.__class__ is not Elasticity:
            return _number_power(base, power)
        if base <= 0:
            raise NotMonomial(f"{base:g} to an open elasticity is not a real number")
        if base != 1:
            constants = len(self.start) * self.width
            for parameter, slope in power.slopes:
                place = constants + 1 + parameter
                powers[place] = powers.get(place, 0.0) + slope * math.log(base)
        return _number_power(base, power.constant)

    def expand(self, expr: Any) -> Polynomial:
        """Monomials of a product, quotient or power that contains a sum."""
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
        if float(times) not in (1.0, 2.0, 3.0, 4.0):
            raise NotMonomial(f"'{_shorten(expr)}' is a sum to the power {exponent}")
        result = polynomial = self.polynomial(base)
        for _ in range(int(times) - 1):
            result = [self.product(a, b, 1.0) for a in result for b in polynomial]
        return result

    def product(
        self, a: tuple[float, int], b: tuple[float, int], power: float
    ) -> tuple[float, int]:
        """Product a * b**power of two terms."""
        powers = dict(self.powers_of(a[1]))
        for place, exponent in self.powers_of(b[1]):
            powers[place] = powers.get(place, 0.0) + exponent * power
        return a[0] * _number_power(b[0], power), self.term(powers)


class _IsSum(Exception):
    """Signals that an expression is a sum, not a single monomial."""


_PRODUCT, _NUMBER, _NAME, _QUOTIENT, _POWER, _NEGATION, _SUM, _OPEN = range(1, 9)
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
    Elasticity: _OPEN,
    **dict.fromkeys((float, int, bool, np.float64, np.float32, np.int64, np.int32), _NUMBER),
}


def _block(name: str, start: int, index: Iterable[Any]) -> Block:
    codes = ((key if isinstance(key, tuple) else (key,)) for key in index)
    return Block.of(name, start, (() if key == (None,) else key for key in codes))


def _add(
    powers: dict[int, float], place: int, power: Any, times: float = 1.0, slope: bool = False
) -> None:
    """Add times * power to the exponent whose constant stands at `place`, or to a slope."""
    if power.__class__ is not Elasticity:
        powers[place] = powers.get(place, 0.0) + times * power
        return
    if slope:
        raise NotAffine("an exponent is not affine in the elasticities")
    if power.constant:
        powers[place] = powers.get(place, 0.0) + times * power.constant
    for parameter, by in power.slopes:
        at = place + 1 + parameter
        powers[at] = powers.get(at, 0.0) + times * by


def _constant(expr: Any) -> float:
    if expr.__class__ is Elasticity:
        return expr
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


def _shorten(expr: Any) -> str:
    return shorten(str(expr), 80, placeholder="...")
