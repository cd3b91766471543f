"""From any Pyomo model to sparse arrays: every equation is a sum of monomials.

The model of a benchmark is compiled by families (:mod:`cge.solve.rules`); this reads Pyomo's
model of the same rules, or another model, member by member.

A variable with domain ``PositiveReals`` may stand in any product with any numeric
power; one with domain ``Reals`` (a revenue, a balance) may stand in a term once, to
the power one. A model of such terms is

    F = B t,    t_k = y_k * prod_j x_j ** A_kj

with one sparse matrix of exponents A, one of coefficients B, and at most one free
variable y per term. Exact derivatives are then a few sparse
products (:mod:`cge.solve.square.system`). Anything else in a constraint is an error that
names the constraint.

An exponent may be affine in open elasticities (:mod:`cge.model.language.elasticity`); what is
compiled is then a template that is given numbers afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyomo.core.base.constraint import Constraint
from pyomo.core.base.expression import Expression
from pyomo.core.expr.relational_expr import EqualityExpression
from pyomo.environ import ConcreteModel
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.solve.reader import Reader, SparseRows
from cge.solve.rules.frames import NotMonomial
from cge.solve.rules.terms import LIKE
from cge.solve.square.arrays import Block, MonomialArrays, MonomialTemplate, label_at

__all__ = ["NotMonomial", "compile_model", "compile_template"]


#: Terms that are looked at together: bounds the memory this takes in large models.
BLOCK = 200_000


def compile_model(model: ConcreteModel, outcomes: Sequence[str] = ()) -> MonomialArrays:
    """Read the equations and outcomes of a Pyomo model into arrays.

    Parameters
    ----------
    model : ConcreteModel
        Its active equality constraints are the rows. Exponents are numbers.
    outcomes : sequence of str
        Names of the model's expressions to compile beside them.

    Raises
    ------
    NotMonomial
        Naming the first constraint that is not an equality between sums of
        monomials, or the variable whose domain is neither positive nor real.
    """
    return compile_template(model, outcomes, 0).at(np.zeros(0))


def compile_template(
    model: ConcreteModel, outcomes: Sequence[str], parameters: int
) -> MonomialTemplate:
    """Read the equations and outcomes of a Pyomo model with open elasticities.

    Parameters
    ----------
    model : ConcreteModel
        As for :func:`compile_model`; exponents may be affine in open elasticities.
    outcomes : sequence of str
    parameters : int
        Number of open elasticities.

    Raises
    ------
    NotMonomial
        As :func:`compile_model`; also where an open elasticity stands elsewhere than in
        an exponent, and where like terms differ in how their constants depend on one.
    """
    reader = Reader(1 + parameters)
    columns = reader.read_variables(model)
    rows, coefficients = reader.read_rows(
        (c.local_name, c, _equation) for c in model.component_objects(Constraint, active=True)
    )
    named = {c.local_name: c for c in model.component_objects(Expression)}
    outcome_blocks, outcome_coefficients = reader.read_rows(
        (name, named[name], _value) for name in outcomes
    )
    free = np.array(reader.free, dtype=bool)
    terms, width = reader.terms(), 1 + parameters
    blocks = range(0, terms.shape[0], BLOCK)
    parts = [_examine(_Entries.of(terms[k : k + BLOCK], width), free) for k in blocks]
    projections, slopes, misplaced = zip(*parts, strict=True)
    bad = np.concatenate([k + found for k, found in zip(blocks, misplaced, strict=True)])
    if len(bad):
        name = _first_with(bad, coefficients, rows)
        raise NotMonomial(f"{name}: a variable of either sign stands in a product or power")
    first, number = _like(np.concatenate(projections))
    log_slopes = sparse.csr_array(sparse.vstack(slopes))
    difference = (log_slopes - log_slopes[first][number]).tocoo()
    bad = np.unique(difference.row[np.abs(difference.data) > LIKE])
    if len(bad):
        name = _first_with(bad, coefficients, rows)
        raise NotMonomial(f"{name}: a constant to an open elasticity does not cancel")
    merged = _Entries.of(sparse.csr_array(terms[first]), width)
    exponents, exponent_slopes, free_of_term = _exponents(merged, free)
    count = len(first)
    return MonomialTemplate(
        columns=columns,
        rows=rows,
        outcomes=outcome_blocks,
        start=np.array(reader.start),
        free=free,
        free_of_term=free_of_term,
        exponents=exponents,
        exponent_slopes=exponent_slopes,
        log_slopes=_compact(sparse.csr_array(log_slopes[first])),
        coefficients=_csr(coefficients, number, count),
        outcome_coefficients=_csr(outcome_coefficients, number, count),
    )


@dataclass(frozen=True, eq=False)
class _Entries:
    """Entries of terms, in order: part 0 is the constant of an exponent, n a slope.

    Parameters
    ----------
    terms, width : int
        Number of terms, and of parts.
    term, column, part, power : ndarray
    """

    terms: int
    width: int
    term: NDArray[np.int32]
    column: NDArray[np.int32]
    part: NDArray[np.int32]
    power: Array

    @classmethod
    def of(cls, terms: sparse.csr_array, width: int) -> _Entries:
        """Entries of terms by place, as :class:`cge.solve.reader.Reader` has them."""
        term = np.repeat(np.arange(terms.shape[0], dtype=np.int32), np.diff(terms.indptr))
        column = (terms.indices // width).astype(np.int32)
        part = (terms.indices - column * np.int64(width)).astype(np.int32)
        return cls(terms.shape[0], width, term, column, part, terms.data)


def _examine(e: _Entries, free: Bools) -> tuple[Array, sparse.csr_array, Integers]:
    """Properties of terms.

    Returns
    -------
    ndarray (terms, 2)
        Random projections of constants and slopes of the exponents, which agree to the
        last bit where these do. Constants raised to open elasticities do not count.
    csr_array (terms, parameters)
        Slopes of the logs of such constants.
    ndarray of int
        Terms in which a free variable stands in a product or power.
    """
    rng = np.random.default_rng(0)
    of_column = np.vstack([rng.standard_normal((len(free), 2)), np.zeros(2)])
    of_part = np.vstack([np.ones(2), rng.standard_normal((e.width - 1, 2))])
    projections = [
        np.bincount(e.term, e.power * of_column[e.column, n] * of_part[e.part, n], e.terms)
        for n in range(2)
    ]
    constant = e.column == len(free)
    log_slopes = sparse.csr_array(
        (e.power[constant], (e.term[constant], e.part[constant] - 1)),
        shape=(e.terms, e.width - 1),
    )
    linear = np.append(free, False)[e.column]
    term = e.term[linear]
    odd = term[(e.power[linear] != 1) | (e.part[linear] != 0)]
    several = np.flatnonzero(np.bincount(term, minlength=1) > 1)
    return np.column_stack(projections), log_slopes, np.union1d(odd, several)


def _like(projections: Array) -> tuple[Integers, Integers]:
    """First of each set of like terms, and for every term the number of its set.

    Terms are like whose exponents agree whatever the open elasticities are.
    """
    order = np.lexsort((projections[:, 1], projections[:, 0]))
    different = (np.diff(projections[order], axis=0) != 0).any(axis=1)
    group = np.concatenate([[0], np.cumsum(different)])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = group
    return order[np.concatenate([[True], different])], number


def _exponents(e: _Entries, free: Bools) -> tuple[sparse.csr_array, sparse.csr_array, Integers]:
    """Constants and slopes of the exponents, and the free column of each term.

    The slopes have a row for each entry of the constants, which may be zero.
    """
    linear = np.append(free, False)[e.column]
    free_of_term = np.full(e.terms, -1, dtype=np.int64)
    free_of_term[e.term[linear]] = e.column[linear]
    keep = ~linear & (e.column < len(free))
    term, column, part, power = e.term[keep], e.column[keep], e.part[keep], e.power[keep]
    begins = np.ones(len(term), dtype=bool)
    begins[1:] = (np.diff(term) != 0) | (np.diff(column) != 0)
    entry = np.cumsum(begins) - 1
    constant, slope = part == 0, part > 0
    values = np.zeros(int(begins.sum()))
    values[entry[constant]] = power[constant]
    starts = np.searchsorted(term[begins], np.arange(e.terms + 1))
    exponents = sparse.csr_array((values, column[begins], starts), shape=(e.terms, len(free)))
    slopes = sparse.csr_array(
        (power[slope], (entry[slope], part[slope] - 1)), shape=(len(values), e.width - 1)
    )
    return _compact(exponents), _compact(slopes), free_of_term


def _first_with(terms: Integers, rows: SparseRows, blocks: tuple[Block, ...]) -> str:
    """Name of the first equation in which one of the terms stands."""
    entry = np.flatnonzero(np.isin(np.array(rows.terms), terms))
    if not len(entry):
        return "an outcome"
    row = int(np.searchsorted(np.array(rows.starts), entry[0], side="right")) - 1
    return label_at(blocks, row)


def _csr(data: SparseRows, number: Integers, terms: int) -> sparse.csr_array:
    matrix = sparse.csr_array(
        (np.array(data.values), number[np.array(data.terms)], np.array(data.starts)),
        shape=(len(data.starts) - 1, terms),
    )
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return _compact(matrix)


def _compact(matrix: sparse.csr_array) -> sparse.csr_array:
    """Matrix with indices of four bytes: half the space, and quicker products."""
    if max(matrix.nnz, *matrix.shape) >= 2**31:
        return matrix
    parts = (matrix.data, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32))
    return sparse.csr_array(parts, shape=matrix.shape)


def _equation(constraint: Any) -> tuple[Any, Any]:
    expr = constraint.expr
    if not isinstance(expr, EqualityExpression):
        raise NotMonomial("is not an equality")
    return expr.args[0], expr.args[1]


def _value(expression: Any) -> tuple[Any, Any]:
    return expression.expr, 0.0
