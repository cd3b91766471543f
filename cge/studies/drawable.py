"""Studies that can be worked out with other values of their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import ClassVar, Self

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.default import OWN
from cge.data.accounts.shipped import TABLES
from cge.data.elasticities.nests import Elasticities
from cge.data.elasticities.ranges import elasticity_ranges
from cge.data.gtap.gtap_ranges import gtap_multiples, has_gtap_values
from cge.policy.benchmarks import benchmarks_of, with_set
from cge.results.reads import Read, members_read
from cge.results.resultset import ResultSet
from cge.scenario.variants import Member, ScenarioSet, with_changes
from cge.solve.model import Solver
from cge.studies.study import Study, inner, solver_option
from cge.uncertainty.selection import ALL, ELASTICITIES, Family, check_selections, selected
from cge.uncertainty.uncertain_parameters import UncertainParameter, of_both_horizons, with_values


@dataclass(frozen=True)
class Drawable(Study):
    """A study with uncertain parameters.

    Its work takes the accounts from :attr:`benchmarks`, and collects no figures but those of
    `only`. A study with more parameters than elasticities adds them in :meth:`families`, with
    their places in the scenario.

    Parameters
    ----------
    solver : {"newton", "ipopt"}
    accounts : mapping of str to Benchmark
        By elasticity set, in place of those that the scenario names.
    only : tuple of str
        Measures to collect; empty: all.
    reads : tuple of Read
        Figures of the results that are read, all that is worked out; empty: all.
    """

    #: Measures of which the spread is reported, and parameters that are drawn, unless others are
    #: chosen.
    main_measures: ClassVar[tuple[str, ...]] = ()
    usual: ClassVar[tuple[str, ...]] = (ALL,)

    solver: Solver = solver_option()
    accounts: Mapping[str, Benchmark] = inner(factory=dict)
    only: tuple[str, ...] = inner(())
    reads: tuple[Read, ...] = inner(())

    @cached_property
    def benchmarks(self) -> Mapping[str, Benchmark]:
        """The accounts with each elasticity set, by its name in results."""
        return self.accounts or benchmarks_of(self.question)

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The variants that are worked out."""
        return members_read(ScenarioSet(self.question).members, self.reads)

    @property
    def horizons(self) -> tuple[str, ...]:
        """Elasticities in use: short, long, or both.

        Raises
        ------
        InputError
            If the variants of comparative statics use both.
        """
        found = sorted(
            {member.scenario.chosen_horizon for member in ScenarioSet(self.question).members}
        )
        refuse_if(len(found) > 1,
                  "the variants use elasticities of both horizons, whose ranges differ",
                  key="variants", value=found,
                  allowed="variants of one horizon; study the others on their own")  # fmt: skip
        return tuple(found)

    def of_set(self, name: str) -> Self:
        """The same study under one of the elasticity sets alone."""
        return replace(self, scenario=with_set(self.question, name),
                       accounts={name: self.benchmarks[name]})  # fmt: skip

    def solutions(self, central: ResultSet) -> int:
        """About how many equilibria a draw takes, by the results of the central case."""
        return len(central.manifest["cases"])

    def families(self, split: bool = False) -> dict[str, Family]:
        """Makers of the uncertain parameters of a study of one elasticity set, by family.

        Parameters
        ----------
        split : bool
            Take a value that several sectors use as one for each of them.
        """
        return {ELASTICITIES: partial(self.elasticity_parameters, split)}

    def parameters(
        self, split: bool = False, patterns: Sequence[str] = ()
    ) -> tuple[UncertainParameter, ...]:
        """Uncertain parameters that are drawn, of a study of one elasticity set.

        Parameters
        ----------
        split : bool
            See :meth:`families`.
        patterns : sequence of str
            See :func:`cge.uncertainty.selection.selected`; default: those of the study.

        Raises
        ------
        InputError
            If nothing says how uncertain they are, or nothing is uncertain.
        """
        families = self.families(split)
        found = selected(families, patterns or self.usual)
        check_selections([found], families)
        return found.parameters

    def elasticity_parameters(
        self, split: bool = False, horizons: Sequence[str] = ()
    ) -> tuple[UncertainParameter, ...]:
        """Uncertain elasticities of some horizons, by default of those that the study uses."""
        (given,), (benchmark,) = self.question.chosen_elasticities, self.benchmarks.values()
        own = None if self.question.benchmark.table in TABLES else given
        if own == OWN and has_gtap_values(benchmark):
            horizon, *_ = horizons or self.horizons
            return tuple(
                map(UncertainParameter.multiple, gtap_multiples(benchmark, horizon, split))
            )
        ranges = {h: elasticity_ranges(benchmark, h, own) for h in horizons or self.horizons}
        return of_both_horizons(ranges, benchmark.sectors, split)

    def drawn(
        self, parameters: Sequence[UncertainParameter], values: Sequence[float] | Array
    ) -> Self:
        """The same study, of one elasticity set, with other values of parameters."""
        ((name, benchmark),) = self.benchmarks.items()
        drawn = dict(zip(parameters, map(float, values), strict=True))
        placed = {one.place: value for one, value in drawn.items() if one.place}
        nests = {one: value for one, value in drawn.items() if not one.place}
        if nests:
            benchmark = benchmark.with_elasticities(**self.moved(benchmark, nests))
        scenario = with_changes(self.question, placed)
        return replace(self, scenario=scenario, accounts={name: benchmark})

    def moved(
        self, benchmark: Benchmark, drawn: Mapping[UncertainParameter, float]
    ) -> dict[str, Elasticities]:
        """Elasticities by horizon with drawn values, for those horizons that the study uses."""
        found = {}
        for horizon in self.horizons:
            own = {one: value for one, value in drawn.items() if one.at(horizon)}
            central = benchmark.elasticities[horizon]
            found[horizon] = with_values(central, [*own], [*own.values()], benchmark.sectors)
        return found
