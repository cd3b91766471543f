"""Solving a path year by year, and having its years again without solving them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from cge.core.errors import check_known, prefixed
from cge.core.identity import digest
from cge.core.parameters import Level
from cge.dynamics.recursion import Ground, State
from cge.path.goals import effect, outlay_with
from cge.path.laws import PathLaws, choice_of, laws_of
from cge.path.solved import PathCase, PathYear, SolvedYear
from cge.path.year import Course, research_price, solve_year
from cge.policy.replies import raising
from cge.policy.targets import outlay
from cge.policy.variant_content import NO_ACTIONS, VariantContent
from cge.results.manifest import solution_facts
from cge.scenario.actions import Equal
from cge.scenario.instruments import INSTRUMENTS
from cge.scenario.variants import Member
from cge.solve.model import Model
from cge.tasks.runner import Place, Task


class PathContent(VariantContent):
    """All that the years of one path depend on: one variant, one level of returns to research."""

    @cached_property
    def key(self) -> str:
        """Key under which what is found of the path is kept."""
        return path_task("", self).key

    @property
    def level(self) -> Level:
        """Level of the returns to research."""
        return choice_of(self.scenario).returns[0]

    @property
    def goal(self) -> Equal | None:
        """Effect on the whole path that an outlay is to have, with a number, if there is one."""
        equal = self.scenario.equal
        if equal is None or not equal.by_outlay or not self.member.unsized:
            return None
        return equal if self.equal is None else self.member.with_equal(self.equal[0]).equal

    def spending(self, outlay: float) -> PathContent:
        """The same with an outlay in every year in place of the effect that it is to have."""
        equal = self.scenario.equal
        assert equal is not None
        number = Equal(region=equal.region, outlay=outlay, large=True)
        return replace(self, scenario=self.scenario.model_copy(update={"equal": number}),
                       equal=None)  # fmt: skip

    @property
    def baseline(self) -> PathContent | None:
        """The same path without policy; None where that is balanced growth."""
        if choice_of(self.scenario).baseline is None:
            return None
        closure = self.scenario.closure.model_copy(update={
            "balance": "given", "swaps": [], "adjustment": "balances_given",
        })  # fmt: skip
        scenario = self.scenario.model_copy(update={**NO_ACTIONS, "closure": closure})
        return PathContent(scenario, self.benchmark, self.solver, stand_ins=self.stand_ins)


def path_task(label: str, content: PathContent, member: Member | None = None) -> Task:
    """Task that solves a path; its key is the one under which the years are kept."""
    located = None if member is None else member.told
    return Task(label, solve_path, content, choice_of(content.scenario).years, located)


def solve_path(content: PathContent, place: Place) -> dict[str, Any]:
    """Solve a path, and say what must be known of it.

    Returns
    -------
    dict
        ``facts`` for the manifest; ``moved``, keys of what moved something in some year;
        ``equal``, where variants are compared by it, for each year what the variant's own
        measures cost as a share of GDP, or the effect of the whole path; else empty.
    """
    case, equal = solved_path(content, place), content.scenario.equal
    own: list[float] = []
    if equal is not None and isinstance(equal.value, str) and content.equal is None:
        own = ([effect(case, equal)] if equal.by_outlay else
               [_own_outlay(content.member, year) for year in case.years])  # fmt: skip
    moved = sorted({key for year in case.years for key in year.moved})
    facts = _facts(case)
    if content.goal is not None:
        found = case.scenario.equal
        assert found is not None and isinstance(found.value, float)
        line = f"{content.goal.line}: {100 * found.value:.4g} % of GDP"
        facts["endogenous_rates"] = [line, *facts["endogenous_rates"]]
    return {"facts": facts, "moved": moved, "equal": own}


def solved_path(content: PathContent, place: Place) -> PathCase:
    """A solved path: years that are kept are read, others are solved and kept.

    Raises
    ------
    InputError
        When the scenario or its data are wrong.
    NoEquilibrium
        When a year has no solution that passes; names it. When no outlay has the effect that is
        asked for.
    """
    if content.goal is not None:
        return _solved(content.spending(_outlay(content, content.goal, place)), place)
    return _solved(content, place)


def _outlay(content: PathContent, goal: Equal, place: Place) -> float:
    """The outlay that has the effect which is asked for, a share of GDP."""
    steps = place.store.steps(content.key)
    kept = steps.get("outlay")
    if kept is None:
        assert isinstance(goal.value, float)
        kept = outlay_with(
            lambda outlay: effect(_solved(content.spending(outlay), place), goal),
            goal.value, goal.line,
        )  # fmt: skip
        steps.put("outlay", kept)
    return float(kept)


def _solved(content: PathContent, place: Place) -> PathCase:
    """A solved path on which no outlay is looked for."""
    return place.once(content.key, lambda: _solved_here(content, place))


def _solved_here(content: PathContent, place: Place) -> PathCase:
    laws = laws_in(content, place)
    baseline = None
    if content.baseline is not None:
        baseline = tuple(_years(content.baseline, laws, place))
    years = tuple(_years(content, laws, place, baseline or ()))
    return PathCase(content.scenario, laws, years, baseline)


#: Laws of motion, with the model compiled, that this process made last.
_LAWS: dict[str, PathLaws] = {}
LAWS_KEPT = 3


def laws_in(content: PathContent, place: Place) -> PathLaws:
    """The laws of motion of a path, on its compiled model."""
    everywhere = {"years": 1, "openness_response": None, "baseline": None}
    choice = choice_of(content.scenario)
    closure = content.scenario.closure
    key = digest(content.benchmark, choice.model_copy(update=everywhere), closure.parameters,
                 content.stand_ins)  # fmt: skip
    if key not in _LAWS:
        backstop = content.stand_ins.sectors
        model = Model.shared(content.benchmark, "short", backstop)
        while len(_LAWS) >= LAWS_KEPT:
            del _LAWS[next(iter(_LAWS))]
        _LAWS[key] = laws_of(model, choice, content.level, closure, content.stand_ins)
    return _LAWS[key]


def course_of(
    content: PathContent, laws: PathLaws, year: int = 1, beside: tuple[PathYear, ...] = ()
) -> Course:
    """Course of a path, with the outlay that is equal in one of its years."""
    scenario, equal = content.scenario, content.scenario.equal
    if content.equal is not None:
        scenario = content.member.with_equal(content.equal[year - 1])
    elif equal is not None and (equal.by_outlay or isinstance(equal.value, str)):
        scenario = content.spending(0.0).scenario  # until it is known, or of the one that sets it
    return Course(scenario, laws, content.solver, beside)


def _years(
    content: PathContent, laws: PathLaws, place: Place, beside: tuple[PathYear, ...] = ()
) -> Iterator[PathYear]:
    steps = place.store.steps(content.key)
    recursion, before, early = laws.recursion, None, None
    state, course = recursion.start(), course_of(content, laws, beside=beside)
    for year in range(1, choice_of(content.scenario).years + 1):
        if content.equal is not None:
            course = course_of(content, laws, year, beside)
        name = f"{year:04d}"
        kept = steps.get(name)
        if kept is not None:
            found = SolvedYear.from_plain(kept, recursion.model)
        else:
            with prefixed(f"year {year}: "):
                found = solve_year(course, year, state, before, None, early)
            steps.put(name, found.to_plain())
        state = replace(state, weights=found.weights)
        ground = recursion.ground(state, found.policy, course.beside_of(year))
        yield path_year(laws, year, state, found, ground)
        state = recursion.next(state, ground, found.solution, found.policy,
                               course.beside_of(year))  # fmt: skip
        before = found
        if early is None and found.expected is not None:
            early = found


def path_year(
    laws: PathLaws, year: int, state: State, found: SolvedYear, ground: Ground
) -> PathYear:
    """A year with what follows from it and from what it started from."""
    law = laws.recursion.law
    outlays = {}
    if law is not None and ground.business is not None:
        price = research_price(found.solution)
        outlays = {part.number: part.outlay(law, ground.business, price, ground.of_sizes)
                   for part in found.parts}  # fmt: skip
    return PathYear(
        **vars(found), year=year, state=state, productivity=ground.productivity,
        business=ground.business, outlays=outlays, of_sizes=ground.of_sizes,
    )  # fmt: skip


def _own_outlay(member: Member, year: PathYear) -> float:
    """Cost of the variant's own measures in a year, as a share of GDP."""
    equal, solution = member.scenario.equal, year.solution
    assert equal is not None
    shared = {"policy": 0, "knowledge": 0, **member.shared}
    policy = member.scenario.policy[shared["policy"] :]
    knowledge = member.scenario.knowledge[shared["knowledge"] :]
    total = 0.0
    if not knowledge or any(INSTRUMENTS[m.instrument].fiscal == "outlay" for m in policy):
        total = outlay(solution, policy, equal.region, "equal.outlay")
    region = solution.model.benchmark.regions.index(equal.region)
    own = (one for number, one in year.outlays.items() if number >= shared["knowledge"])
    spent = sum(float(one[region]) for one in own)
    return total + spent / solution.outcome(f"gdp[{equal.region}]")


def _facts(case: PathCase) -> dict[str, Any]:
    """Facts of a path for the manifest."""
    return {
        **solution_facts([year.solution for year in case.years], case.scenario),
        "endogenous_rates": _first_and_last(case.years, lambda year: year.endogenous),
        "response_rates": _first_and_last(case.years, lambda year: raising(year.replies)),
        "years": len(case.years),
        "discount_rate": case.laws["discount_rate"], "growth": case.laws["growth"],
        "baseline": "balanced growth" if case.baseline is None else "given",
    }  # fmt: skip


def _first_and_last(
    years: Sequence[PathYear], rates: Callable[[PathYear], Sequence[Any]]
) -> list[str]:
    """Rates in words, each in the first and the last year in which there is one."""
    every: dict[str, list[str]] = {}
    for year in years:
        for rate in rates(year):
            every.setdefault(rate.label, []).append(f"{rate.text} in year {year.year}")
    return [text for texts in every.values() for text in dict.fromkeys((texts[0], texts[-1]))]


def check_path(content: PathContent, place: Place) -> dict[str, Any]:
    """Check a path before any year of it is solved, and describe what it is made from.

    Returns
    -------
    dict
        ``parameters``, by name with value, range, unit, status and source; ``knowledge``, where
        the figures on research come from, None where there are none; ``moves``, keys of what
        moves something in a year, or may.

    Raises
    ------
    InputError
        For what can be known to be wrong by then.
    """
    laws = laws_in(content, place)
    moves = course_of(content, laws).check()
    if content.scenario.equal is not None:
        check_known([content.scenario.equal.region], content.benchmark.regions, "unknown region",
                    key="equal.region")  # fmt: skip
    return {"parameters": laws.parameters(), "knowledge": laws.sources(), "moves": sorted(moves)}
