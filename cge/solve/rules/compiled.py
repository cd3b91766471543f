"""The equations of a benchmark as sparse arrays: rules run once for each family.

What it gives is what :mod:`cge.solve.monomials` gives of Pyomo's model of the same rules, member
by member, in a fiftieth of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from cge.core.axes import Array, Bools, Integers
from cge.core.selectors import joined
from cge.data.accounts.benchmark import Benchmark
from cge.model.build import declare
from cge.model.language.elasticity import NotAffine, parameters
from cge.model.language.forms import read_by
from cge.solve.rules.family_data import CellSet
from cge.solve.rules.family_model import FamilyModel, FamilyRule
from cge.solve.rules.frames import NotMonomial
from cge.solve.rules.polynomials import Monomials
from cge.solve.rules.terms import (
    LIKE,
    Hashes,
    Hashing,
    KnownTerms,
    Misplaced,
    Terms,
    assembled,
    check_free,
    numbered,
    settled,
)

#: Hashes and logs of no terms.
_NONE: tuple[Hashes, Array] = np.zeros(0, dtype=np.uint64), np.zeros(0)


@dataclass(frozen=True, eq=False)
class RuleRows:
    """Equations or outcomes of some families.

    Parameters
    ----------
    families : tuple of (str, CellSet)
    coefficients : csr_array (rows, terms)
        Of the terms known before, then of those that only they have.
    """

    families: tuple[tuple[str, CellSet], ...]
    coefficients: sparse.csr_array


class Reading:
    """The rules of a benchmark, read by families.

    Parameters
    ----------
    benchmark : Benchmark
    horizon : str
    backstop : tuple of str
    rules : callable
        Declares them in a model.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        horizon: str,
        backstop: tuple[str, ...],
        rules: Callable[[Any, Any], None] = declare,
    ) -> None:
        self.model = model = FamilyModel(benchmark, horizon, backstop)
        with read_by(model):
            rules(model, model.shares)
        variables = model.variables.values()
        self.columns = tuple((v.name, v.cells) for v in variables)
        self.start = np.concatenate([v.start for v in variables])
        self.free = np.concatenate([np.full(v.cells.size, v.signed) for v in variables])
        self.parameters = len(parameters(benchmark.elasticities[horizon]))
        self.hashing = Hashing(len(self.start), self.parameters)

    def outcome_cells(self, names: Iterable[str]) -> tuple[tuple[str, CellSet], ...]:
        """Cells of outcomes, none of which is worked out."""
        return tuple((name, self.model.expressions[name].cells) for name in names)

    def equations(self) -> tuple[RuleRows, Terms]:
        """All equations, and their terms."""
        return self._rows(list(self.model.equations.values()), _NONE)

    def outcomes(self, names: Sequence[str], known: KnownTerms | None) -> tuple[RuleRows, Terms]:
        """Outcomes beside terms that are known, and the terms that only they have."""
        families = [self.model.expressions[name] for name in names]
        hashed = _NONE
        if known is not None:
            hashed = self.hashing.terms(known), self.hashing.term_logs(known)
        return self._rows(families, hashed)

    def _rows(
        self, families: Sequence[FamilyRule], known: tuple[Hashes, Array]
    ) -> tuple[RuleRows, Terms]:
        parts: list[Monomials] = []
        begin = 0
        with read_by(self.model):
            for family in families:
                parts += [
                    Monomials(p.size, p.coefficient, p.factors, p.logs, p.rows_in() + begin)
                    for p in _settled_parts(family, self.free)
                ]
                begin += family.cells.size
        self.model.forget()
        hashes = np.concatenate([known[0][:0], *map(self.hashing.monomials, parts)])
        number, first = numbered(hashes, known[0])
        rows = np.concatenate([np.zeros(0, int), *(p.rows_in() for p in parts)])
        self._check_like(parts, number, first, known[1], families, rows)
        values = [np.broadcast_to(np.asarray(p.coefficient), p.size) for p in parts]
        count = len(known[0]) + len(first)
        kind = np.int32 if max(len(rows), count, begin) < 2**31 else np.int64
        coefficients = sparse.csr_array(
            (np.concatenate([np.zeros(0), *values]), (rows.astype(kind), number.astype(kind))),
            shape=(begin, count),
        )
        del rows, number, values
        terms = assembled(_chosen(parts, first), self.free, self.parameters)
        coefficients.sum_duplicates()
        coefficients.eliminate_zeros()
        return RuleRows(tuple((f.name, f.cells) for f in families), coefficients), terms

    def _check_like(
        self,
        parts: Sequence[Monomials],
        number: Integers,
        first: Integers,
        known: Array,
        families: Sequence[FamilyRule],
        rows: Integers,
    ) -> None:
        """Refuse like terms that differ in how their constants depend on elasticities."""
        logs = np.concatenate([np.zeros(0), *map(self.hashing.logs, parts)])
        of_term = np.concatenate([known, logs[first]])
        bad = np.flatnonzero(np.abs(logs - of_term[number]) > LIKE)
        if len(bad):
            row = int(rows[bad[0]])
            for family in families:
                if row < family.cells.size:
                    break
                row -= family.cells.size
            label = _label(family, row)
            raise NotMonomial(f"{label}: a constant to an open elasticity does not cancel")


def _chosen(parts: list[Monomials], first: Integers) -> Iterator[Monomials]:
    """Monomials that are first of their like; those of each part are let go after it."""
    start = 0
    parts.reverse()
    while parts:
        part = parts.pop()
        here = first[np.searchsorted(first, start) : np.searchsorted(first, start + part.size)]
        yield part if len(here) == part.size else part.at(here - start)
        start += part.size


def _settled_parts(family: FamilyRule, free: Bools) -> list[Monomials]:
    """Monomials of a family, each with a variable of either sign once at most.

    Raises
    ------
    NotMonomial
        Naming the member, or the family where its rule can not be read.
    """
    try:
        found = family.fresh()
    except (NotMonomial, NotAffine, KeyError, RecursionError) as error:
        raise NotMonomial(f"{family.name}: {error.args[0]}") from None
    parts = []
    for part in found.parts:
        if not part.size:
            continue
        try:
            part = settled(part)
            check_free(part, free)
        except Misplaced as error:
            row = int(part.rows_in()[error.number])
            raise NotMonomial(f"{_label(family, row)}: {error}") from None
        parts.append(part)
    return parts


def _label(family: FamilyRule, row: int) -> str:
    cells = family.cells
    codes = [labels[at[row]] for labels, at in zip(cells.labels, cells.at, strict=True)]
    return joined(family.name, codes)
