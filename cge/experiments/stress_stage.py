"""An equilibrium from which disruptions set out, and the world without its policy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.selectors import split
from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy, Seen
from cge.dynamics.recursion import CAPITAL
from cge.experiments.path_run import PathCase
from cge.experiments.run import Case
from cge.experiments.stress_settings import StressSettings
from cge.model.wedges import WEDGES
from cge.policy.case import FoundRate, with_rates_given
from cge.resilience.forgetting import Forgetting
from cge.resilience.preshock import Stage
from cge.scenario.schema import Scenario
from cge.solve.closure import Closure
from cge.solve.solution import Solution

Array = NDArray[np.float64]

#: Variant under which the world without the policy is reported; no variant can be called so.
NO_POLICY = "no policy"
#: Variables that are rates of a policy.
_RATES = (*WEDGES, "trade_cost")
#: What a scenario does, as against how the world is.
_DOING: dict[str, Any] = {
    "policy": [], "knowledge": [], "responses": [], "financing": [], "equal": None,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class StressStage:
    """A stage and what it is of.

    Parameters
    ----------
    elasticities, variant : str
    returns : str
        Level of returns to research on a path, else empty.
    year : int
        Of a path, else 0.
    scenario : Scenario
        The member that was solved.
    settings : StressSettings
    solution : Solution
        Of stage 1, rates that were found given.
    stage : Stage
    found : tuple of FoundRate
        Rates that were found in stage 1.
    knowledge : ndarray (r, j), optional
        Relative to the baseline, what premiums rest on; None in comparative statics.
    forgetting : Forgetting, optional
        None where there are no figures on knowledge.
    productivity : mapping of str to ndarray (r, j)
        Log deviations by source of knowledge; empty in comparative statics.
    reference : StressStage, optional
        The same without policy; None for that itself.
    path : PathCase, optional
        Of which it is a year.
    """

    elasticities: str
    variant: str
    returns: str
    year: int
    scenario: Scenario
    settings: StressSettings
    solution: Solution
    stage: Stage
    found: tuple[FoundRate, ...] = ()
    knowledge: Array | None = None
    forgetting: Forgetting | None = None
    productivity: Mapping[str, Array] = field(default_factory=dict)
    reference: StressStage | None = None
    path: PathCase | None = None

    @property
    def label(self) -> str:
        """What tells this stage from the others of its run, in words."""
        parts = [self.elasticities, self.variant]
        if self.year:
            parts += [f"{self.returns} returns", f"year {self.year}"]
        return ", ".join(part for part in parts if part)

    @property
    def long_run(self) -> tuple[Closure, Array] | None:
        """Closure and levels of a long run, None where stage 1 is none."""
        solution = self.solution
        if solution.model.speed != "long" or CAPITAL in solution.closure.specific_factors:
            return None
        return solution.closure, solution.levels

    @cached_property
    def digest(self) -> str:
        """A name for all that a disruption from here depends on, but itself."""
        digest = hashlib.sha256(self.stage.model.benchmark.fingerprint.encode())
        digest.update(repr(self.stage.closure).encode())
        digest.update(repr(sorted(self.stage.premium.items())).encode())
        digest.update(np.ascontiguousarray(self.stage.levels).tobytes())
        return digest.hexdigest()


def at_start(law: KnowledgeLaw, b: Benchmark) -> Forgetting:
    """Return what being cut off does from the stocks of the benchmark, nothing having moved."""
    regions, sectors = len(b.regions), len(b.sectors)
    ones = np.ones((regions, sectors))
    seen = Seen(ones, np.ones(regions), np.ones((regions, sectors, regions)), ones)
    none = KnowledgePolicy.none(regions, sectors)
    return Forgetting(law, b.regions, law.start(), ones, seen, none)


def without_policy(scenario: Scenario) -> Scenario:
    """Return a member of a family without all that it does.

    A closure that solves for a rate (a quota written as a swap) does something by that; what
    else it says is how the world is.
    """
    kept = [swap for swap in scenario.closure.swaps if not _frees_a_rate(swap.free)]
    closure = scenario.closure.model_copy(update={"swaps": kept})
    return scenario.model_copy(update={**_DOING, "closure": closure})


def does_something(scenario: Scenario) -> bool:
    """Return whether a scenario is more than a world without policy."""
    rates = any(_frees_a_rate(swap.free) for swap in scenario.closure.swaps)
    return rates or any(getattr(scenario, part) for part in _DOING)


def with_all_rates_given(solution: Solution, found: Sequence[FoundRate]) -> Solution:
    """Return the same equilibrium with all rates given, those that a closure solves for too.

    A disruption finds rates as they are. What a swap holds is held by the rate that it found.
    """
    solution = with_rates_given(solution, found)
    kept = tuple(swap for swap in solution.closure.swaps if not _frees_a_rate(swap.free))
    if len(kept) == len(solution.closure.swaps):
        return solution
    closure = replace(solution.closure, swaps=kept)
    return solution.model.solve(solution.levels, closure, start=solution)


def _frees_a_rate(selector: str) -> bool:
    return split(selector)[0] in _RATES


def world_of(plain: Scenario) -> str:
    """Return what tells one world without policy from another within a run."""
    return plain.model_dump_json(include={"closure", "speed", "path", "stress"})


def several_worlds(cases: Sequence[Case] | Sequence[PathCase]) -> bool:
    """Return whether variants differ in the world without policy."""
    return len({world_of(without_policy(case.scenario)) for case in cases}) > 1


def name_of_world(variant: str, several: bool) -> str:
    """Return the variant under which the world without the policy of a variant is reported."""
    return f"{NO_POLICY} ({variant})" if several and variant else NO_POLICY
