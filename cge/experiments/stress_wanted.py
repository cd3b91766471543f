"""What is to be solved in a stress test: years of a path, disruptions, cuts of links."""

from __future__ import annotations

from collections.abc import Sequence

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.experiments.path_setup import choice_of
from cge.experiments.stress_run import Single
from cge.experiments.stress_stage import StressStage
from cge.resilience.disruptions import Disruption
from cge.resilience.links import bans, link_cuts, withholdings
from cge.scenario.schema import Scenario
from cge.scenario.stress_options import StressChoice
from cge.scenario.timing import TIMING
from cge.scenario.variants import Member


def shared_choice(family: Sequence[Member]) -> StressChoice:
    """Return the choice whose library, years and level the members share."""
    choices = [member.scenario.stress or StressChoice() for member in family]
    for key in ("library", "years", "level", "links", "leverage"):
        for choice in choices:
            if getattr(choice, key) != getattr(choices[0], key):
                raise InputError("must be the same for all variants", key=f"stress.{key}",
                                 value=getattr(choice, key))  # fmt: skip
    return choices[0]


def tested_years(
    scenario: Scenario, family: Sequence[Member], choice: StressChoice
) -> tuple[int, ...]:
    """Return the years of a path that are tested, none in comparative statics."""
    if not any(needs_years(member.scenario) for member in family):
        if choice.years is not None:
            raise InputError(
                "comparative statics have no years", key="stress.years", value=choice.years,
                allowed="no such key, or a scenario with the section 'path'",
            )  # fmt: skip
        return ()
    if scenario.steps is not None:
        raise InputError("a path has years, not steps", key="steps", value=scenario.steps,
                         allowed="phase_in of a measure")  # fmt: skip
    last = choice_of(family[0].scenario).years
    years = tuple(choice.years or sorted({1, last}))
    if years[-1] > last:
        raise InputError("is beyond the path", key="stress.years", value=years[-1],
                         allowed=f"1 to {last} (path.years)")  # fmt: skip
    return years


def needs_years(scenario: Scenario) -> bool:
    """Return whether a scenario is a path: it says so, or does what only a path can."""
    timed = any(set(TIMING) & measure.model_fields_set for measure in scenario.policy)
    return scenario.path is not None or bool(scenario.knowledge) or timed


def shortened(scenario: Scenario, years: Sequence[int], family: Sequence[Member]) -> Scenario:
    """Return a path that ends with the last year that is tested, or in which something starts.

    What comes later is known a year ahead at most, so the years until then stay as they are.
    """
    starts = [
        measure.start
        for member in family
        for measure in (*member.scenario.policy, *member.scenario.knowledge)
    ]
    last = min(max(years[-1], *starts, 1), choice_of(family[0].scenario).years)
    path = choice_of(scenario).model_copy(update={"years": last})
    shorter = scenario.model_copy(update={"path": path})
    shorter._places.update(scenario._places)
    return shorter


def single_cuts(choice: StressChoice, sectors: tuple[str, ...], b: Benchmark) -> Single:
    """Return the cuts of single links that are wanted, of what has a backstop."""
    key = "stress.links" if choice.links is not None else "stress.leverage"
    if choice.links is None and not choice.leverage:
        return Single()
    if not sectors:
        raise InputError(
            "links are cut of what has a backstop, and nothing has one", key=key,
            allowed="sectors in stress.backstop",
        )  # fmt: skip
    cuts: tuple[Disruption, ...] = ()
    if choice.links is not None:
        cuts = link_cuts(b, b.codes("regions", choice.links, key), sectors)
    if not choice.leverage:
        return Single(cuts)
    return Single(cuts, withholdings(b, sectors), bans(b, sectors))


def check_names(disruptions: Sequence[Disruption]) -> None:
    """Raise InputError where two disruptions have one name."""
    names: set[str] = set()
    for one in disruptions:
        if one.name in names:
            raise InputError("two disruptions have this name", key="disruptions", value=one.name)
        names.add(one.name)


def possible(
    disruptions: tuple[Disruption, ...], stages: Sequence[StressStage]
) -> tuple[tuple[Disruption, ...], tuple[str, ...]]:
    """Return disruptions without those that would do nothing, and why these are left out."""
    if all(one.forgetting is not None for one in stages):
        return disruptions, ()
    kept = tuple(one for one in disruptions if not one.over_time_only)
    without = tuple(
        f"{one.name}: there are no figures on knowledge for this benchmark"
        for one in disruptions if one.over_time_only
    )  # fmt: skip
    if not kept:
        raise InputError("no disruption does anything here", key="stress.library")
    return kept, without
