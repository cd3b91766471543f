"""Templates: equations of a benchmark with open elasticities, compiled once and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from scipy import sparse

from cge.core.recent import Recent
from cge.data.accounts.benchmark import Benchmark
from cge.model.language.elasticity import structure
from cge.model.quantities import OUTCOMES
from cge.solve.rules.compiled import Reading
from cge.solve.rules.family_data import CellSet
from cge.solve.square.arrays import (
    Block,
    Cells,
    DeferredTemplate,
    MonomialTemplate,
    OutcomeTerms,
    blocks_of,
)

#: Templates kept in memory, so that a run compiles the same accounts once.
TEMPLATES_KEPT = 2
_TEMPLATES: Recent[DeferredTemplate] = Recent(TEMPLATES_KEPT)


class _Rules:
    """The rules of a benchmark, read when something is to be compiled from them."""

    def __init__(self, benchmark: Benchmark, horizon: str, backstop: tuple[str, ...]) -> None:
        self.given = benchmark, horizon, backstop

    @cached_property
    def reading(self) -> Reading:
        return Reading(*self.given)

    def outcomes(self, names: Sequence[str], known: MonomialTemplate | None) -> OutcomeTerms:
        """Outcomes beside terms that are known."""
        rows, terms = self.reading.outcomes(names, known)
        return OutcomeTerms(rows.coefficients, **vars(terms))


def _compile(rules: _Rules) -> tuple[MonomialTemplate, tuple[Block, ...]]:
    """Equations with open elasticities, and where their outcomes stand."""
    rows, terms = rules.reading.equations()
    template = MonomialTemplate(
        columns=_blocks(rules.reading.columns),
        rows=_blocks(rows.families),
        outcomes=(),
        start=rules.reading.start,
        free=rules.reading.free,
        coefficients=rows.coefficients,
        outcome_coefficients=sparse.csr_array((0, len(terms.free_of_term))),
        **vars(terms),
    )
    return template, _blocks(rules.reading.outcome_cells(OUTCOMES))


def _blocks(families: Iterable[tuple[str, CellSet]]) -> tuple[Block, ...]:
    return blocks_of((name, Cells(c.labels, c.at, c.size)) for name, c in families)


def template_key(
    benchmark: Benchmark, horizon: str, backstop: tuple[str, ...] = ()
) -> tuple[str, bytes, tuple[str, ...]]:
    """Everything that a template depends on.

    Benchmarks that differ in elasticities share one, unless one has a Cobb-Douglas nest
    where the other has not, or a household that demands otherwise.
    """
    own = structure(benchmark.elasticities[horizon])
    return benchmark.accounts_fingerprint, own, backstop


def template_of(benchmark: Benchmark, horizon: str, backstop: tuple[str, ...]) -> DeferredTemplate:
    """Template of a benchmark from memory, or compiled."""

    def made() -> DeferredTemplate:
        rules = _Rules(benchmark, horizon, backstop)
        return DeferredTemplate(*_compile(rules), rules.outcomes)

    return _TEMPLATES.get(template_key(benchmark, horizon, backstop), made)
