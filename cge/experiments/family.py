"""Solving all members of a family at all steps, under one set of elasticities."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cge.core.errors import InputError, NoEquilibrium
from cge.policy.case import SolvedCase, solve_case
from cge.policy.targets import outlay
from cge.scenario.schema import Scenario
from cge.scenario.variants import Member, members, with_equal
from cge.solve.model import Model, Solver
from cge.solve.solution import Solution

#: Called with what is being done and the part of it that is done.
Report = Callable[[str, float], None]


@dataclass(frozen=True)
class SolvedMember:
    """A member of a family at one step of its shock.

    Parameters
    ----------
    member : Member
    step : float
    solved : SolvedCase
    seconds : float
        Wall time of the solution.
    """

    member: Member
    step: float
    solved: SolvedCase
    seconds: float


def solve_members(
    scenario: Scenario,
    model_of: Callable[[str], Model],
    folder: Path | None = None,
    *,
    solver: Solver = "newton",
    report: Report | None = None,
    family: tuple[Member, ...] | None = None,
) -> list[SolvedMember]:
    """Solve all variants of a scenario at all its steps, under one set of elasticities.

    Parameters
    ----------
    scenario : Scenario
        Complete: without `extends`.
    model_of : callable
        The compiled model of a speed, ``"short"`` or ``"long"``.
    folder : path, optional
        Where the files that the scenario names are looked for first.
    solver : {"newton", "ipopt"}
    report : callable, optional
        Told what is being done.
    family : tuple of Member, optional
        The members, if they are known already.

    Returns
    -------
    list of SolvedMember
        In the order of the variants, each with its steps in order.

    Raises
    ------
    InputError
        When a member does not fit the benchmark.
    NoEquilibrium
        When one has no solution that passes.
    """
    family = members(scenario) if family is None else family
    tell = report or (lambda _what, _part: None)
    done: dict[str, list[SolvedMember]] = {}

    def solve(member: Member, reference: str | None = None) -> None:
        done[member.variant] = []
        before: Solution | None = None
        for number, step in enumerate(scenario.steps or [1.0]):
            chosen = member.scenario
            if reference is not None:
                chosen = with_equal(member, _value_of(done[reference][number]) / step)
            model = model_of(chosen.chosen_speed)
            what = " ".join(part for part in (member.variant, _percent(step)) if part)
            what = f"solving {what}".strip()
            tell(what, 0.0)
            began = time.perf_counter()
            try:
                solved = solve_case(
                    model, chosen, folder, share=step, solver=solver, start=before,
                    progress=partial(tell, what),
                )  # fmt: skip
            except InputError as error:
                raise member.told(error) from None
            except NoEquilibrium as error:
                told = f", variant '{member.variant}'" if member.variant else ""
                told += f", {_percent(step)} of the shock" if step != 1.0 else ""
                raise NoEquilibrium(f"{told}: {error}") from None
            before = solved.solution
            spent = time.perf_counter() - began
            done[member.variant].append(
                SolvedMember(replace(member, scenario=chosen), step, solved, spent)
            )

    # Those that set what is equal come first.
    waiting = []
    for member in family:
        equal = member.scenario.equal
        if equal is None or not isinstance(equal.value, str) or equal.value == member.variant:
            solve(member)
        else:
            waiting.append((member, equal.value))
    for member, reference in waiting:
        if reference not in done:
            solve(next(one for one in family if one.variant == reference))
        solve(member, reference)
    return [one for member in family for one in done[member.variant]]


def _percent(step: float) -> str:
    return "" if step == 1.0 else f"{100 * step:g} %"


def _value_of(reference: SolvedMember) -> float:
    """Return the outlay or the welfare effect of the variant that sets what is equal."""
    member, solution = reference.member, reference.solved.solution
    equal = member.scenario.equal
    assert equal is not None
    if equal.region not in solution.model.benchmark.regions:
        raise InputError(
            "unknown region", key="equal.region", value=equal.region,
            allowed=solution.model.benchmark.regions,
        )  # fmt: skip
    if equal.what == "welfare":
        return solution.outcome(f"equivalent_variation[{equal.region}]")
    own = member.scenario.policy[member.own_policy :]
    return outlay(solution, own, equal.region, f"equal.outlay, variant {member.variant}")
