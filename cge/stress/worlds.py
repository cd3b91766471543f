"""The world without a policy, with which the world under it is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cge.core.selectors import split
from cge.model.wedges import WEDGES
from cge.policy.case import EndogenousRate, with_rates_given
from cge.policy.variant_content import NO_ACTIONS
from cge.results.row_schema import NO_POLICY
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member
from cge.solve.solution import Solution

#: Variables that are rates of a policy.
_RATES = (*WEDGES, "trade_cost")


def acts(scenario: Scenario) -> bool:
    """Whether a scenario is more than a world without policy."""
    rates = any(_frees_a_rate(swap.free) for swap in scenario.closure.swaps)
    return rates or any(getattr(scenario, part) for part in NO_ACTIONS)


def without_policy(scenario: Scenario, on_path: bool = False) -> Scenario:
    """A member of a scenario set without all that it does.

    A closure that solves for a rate (a quota written as a swap) acts by that; the rest of it
    describes the world. On a path the world without policy is the baseline, which has neither
    swaps nor other balances.
    """
    kept = [swap for swap in scenario.closure.swaps if not _frees_a_rate(swap.free)]
    changes: dict[str, Any] = {"swaps": [], "balance": "given"} if on_path else {"swaps": kept}
    closure = scenario.closure.model_copy(update=changes)
    return scenario.model_copy(update={**NO_ACTIONS, "title": "", "closure": closure})


def worlds(
    members: Sequence[Member], steps: Sequence[float] | None = None, on_path: bool = False
) -> dict[str, Member]:
    """World without the policy of each variant, by variant; equal worlds have one name.

    Parameters
    ----------
    members : sequence of Member
    steps : sequence of float, optional
        Of the scenario, of which the worlds have the last.
    on_path : bool
        See :func:`without_policy`.
    """
    plain = {member.variant: without_policy(member.scenario, on_path) for member in members}
    if steps is not None:
        plain = {name: one.model_copy(update={"steps": [steps[-1]]}) for name, one in plain.items()}
    kinds = {
        variant: scenario.model_dump_json(include={"closure", "horizon", "path", "stress"})
        for variant, scenario in plain.items()
    }
    first: dict[str, str] = {}
    for variant, kind in kinds.items():
        first.setdefault(kind, variant)
    found = {}
    for member in members:
        own = first[kinds[member.variant]]
        name = f"{NO_POLICY} ({own})" if len(first) > 1 and own else NO_POLICY
        found[member.variant] = replace(member, variant=name, scenario=plain[own])
    return found


def with_all_rates_given(solution: Solution, endogenous: Sequence[EndogenousRate]) -> Solution:
    """The same equilibrium with all rates given, those that a closure solves for too.

    In a disruption rates are what they were: what a swap holds is held by its rate.
    """
    solution = with_rates_given(solution, endogenous)
    kept = tuple(swap for swap in solution.closure.swaps if not _frees_a_rate(swap.free))
    if len(kept) == len(solution.closure.swaps):
        return solution
    closure = replace(solution.closure, swaps=kept)
    return solution.model.solve(solution.levels, closure, start=solution)


def _frees_a_rate(selector: str) -> bool:
    return split(selector)[0] in _RATES
