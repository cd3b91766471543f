"""Contents of a stress test, known and checked before anything is solved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from cge.core.errors import check_once, check_same, refuse_if, retold
from cge.data.accounts.benchmark import Benchmark
from cge.data.library import Library, load_library
from cge.path.laws import choice_of
from cge.policy.benchmarks import benchmarks_of
from cge.resilience.disruptions import Disruption, expand, left_out
from cge.resilience.events import Event
from cge.resilience.links import bans, link_cuts, withholdings
from cge.scenario.schema import Scenario
from cge.scenario.study_options import StressChoice
from cge.scenario.variants import Member, ScenarioSet
from cge.stress.stress_settings import StressSettings, settings_of

#: Keys of the section `stress` that all variants share.
_SHARED = ("library", "disruptions", "years", "level", "links", "leverage", "home")


@dataclass(frozen=True)
class SingleCuts:
    """Cuts of single links, which have no weight in any expected loss.

    Parameters
    ----------
    links : tuple of Disruption
        From a foreign supplier to an importer, by half.
    withholdings : tuple of Disruption
        Of a commodity by a region from all others.
    bans : tuple of Disruption
        Of exports of one region to another.
    """

    links: tuple[Disruption, ...] = ()
    withholdings: tuple[Disruption, ...] = ()
    bans: tuple[Disruption, ...] = ()


@dataclass(frozen=True, eq=False)
class StressPlan:
    """Plan of a stress test.

    Parameters
    ----------
    scenario : Scenario
        A path ends with the last year that is needed.
    members : tuple of Member
    choice : StressChoice
        As far as members share it.
    years : tuple of int
        Of a path that are tested; empty in comparative statics.
    benchmark : Benchmark
        The accounts, with the first elasticity set.
    settings : mapping of str to StressSettings
        By variant.
    library : Library
    disruptions : tuple of Disruption
        Of the library.
    cuts : SingleCuts
    left_out : tuple of str
        Parts of the library that do not apply, one sentence each.
    """

    scenario: Scenario
    members: tuple[Member, ...]
    choice: StressChoice
    years: tuple[int, ...]
    benchmark: Benchmark
    settings: Mapping[str, StressSettings]
    library: Library
    disruptions: tuple[Disruption, ...]
    cuts: SingleCuts
    left_out: tuple[str, ...]

    @property
    def every(self) -> tuple[Disruption, ...]:
        """All disruptions, cuts of single links among them."""
        return (*self.disruptions, *self.cuts.links, *self.cuts.withholdings, *self.cuts.bans)

    @property
    def level(self) -> float:
        """Of the conditional value at risk."""
        return self.settings[self.members[0].variant].level

    @property
    def annual_level(self) -> float:
        """Of the conditional value at risk of a year."""
        return self.settings[self.members[0].variant].annual_level

    @property
    def facts(self) -> dict[str, Any]:
        """The library and its disruptions, for the manifest."""
        file = self.library.file
        return {
            "file": None if file is None else str(file), "title": self.library.title,
            "weightings": {name: dict(one) for name, one in self.library.weightings.items()},
            "disruptions": [
                {name: getattr(one, name) for name in
                 ("name", "title", "duration", "families", "share", "frequency", "note")}
                for one in self.disruptions
            ],
            "frequencies": {
                one.name: one.frequency.model_dump() for one in self.library.entries
                if one.frequency is not None
            },
            "single_cuts": [one.name for one in self.every[len(self.disruptions) :]],
            "left_out": list(self.left_out),
        }  # fmt: skip

    @cached_property
    def knowledge_events(self) -> tuple[tuple[Event, int], ...]:
        """Events about knowledge with the years that they last."""
        return tuple(dict.fromkeys(
            (event, one.duration)
            for one in self.disruptions for event in one.events if event.type == "knowledge"
        ))  # fmt: skip

    def without_knowledge(self) -> StressPlan:
        """The same without what acts on knowledge, of which there are no figures here.

        Raises
        ------
        InputError
            If nothing is left.
        """
        kept = tuple(one for one in self.disruptions if not one.on_knowledge)
        refuse_if(not kept, "no disruption does anything here", key="stress.library")
        reasons = (f"{one.name}: there are no figures on knowledge for this benchmark"
                   for one in self.disruptions if one.on_knowledge)  # fmt: skip
        return replace(self, disruptions=kept, left_out=(*self.left_out, *reasons))


def plan_of(
    scenario: Scenario, whole: bool = False, benchmarks: Mapping[str, Benchmark] | None = None
) -> StressPlan:
    """Plan of the stress test that a scenario asks for.

    Parameters
    ----------
    scenario : Scenario
        Complete.
    whole : bool
        Whether a path is solved to its end, not only to the last year that is tested.
    benchmarks : mapping of str to Benchmark, optional
        By elasticity set; default those that the scenario names.

    Raises
    ------
    InputError
        When the scenario, its data, the library or a choice is wrong.
    """
    members = ScenarioSet(scenario).members
    choices = [member.scenario.stress or StressChoice() for member in members]
    check_same(choices, _SHARED, "variants", "stress")
    choice, years = choices[0], _tested_years(members, choices[0])
    library = load_library(choice.library)
    b = next(iter((benchmarks or benchmarks_of(scenario)).values()))
    settings = {}
    for member in members:
        with retold(member.told):
            settings[member.variant] = settings_of(member.scenario, b)
    cuts = _single_cuts(choice, settings[members[0].variant].stand_ins.sectors, b)
    if years and not whole:
        scenario = _shortened(scenario, years, members)
        members = ScenarioSet(scenario).members
    found = named(choice.disruptions, expand(library, b), "stress.disruptions")
    plan = StressPlan(
        scenario, members, choice, years, b, settings, library, found, cuts,
        _of_named(left_out(library, b), choice.disruptions, found),
    )  # fmt: skip
    check_once((one.name for one in plan.every), "two disruptions have this name",
               key="disruptions")  # fmt: skip
    return plan


def named(patterns: Sequence[str], known: Sequence[Disruption], key: str) -> tuple[Disruption, ...]:
    """Disruptions that patterns name, in the order of the library.

    Parameters
    ----------
    patterns : sequence of str
        Names, with ``*`` and ``?`` for anything; ``all``.
    known : sequence of Disruption
    key : str
        Where the patterns stand.

    Raises
    ------
    InputError
        For a pattern that names nothing.
    """
    names = [one.name for one in known]
    wanted: set[str] = set()
    for number, pattern in enumerate(patterns):
        found = names if pattern == "all" else [n for n in names if fnmatchcase(n, pattern)]
        refuse_if(not found, "no such disruption", key=f"{key}.{number}", value=pattern,
                  allowed=names)  # fmt: skip
        wanted.update(found)
    return tuple(one for one in known if one.name in wanted)


def _of_named(
    lines: Sequence[str], patterns: Sequence[str], found: Sequence[Disruption]
) -> tuple[str, ...]:
    """Sentences about entries that patterns name, or that made what they name."""

    def meant(entry: str) -> bool:
        made = re.sub(r"{.*?}", "*", entry) + "*"  # for every code, and every severity
        return any(pattern == "all" or fnmatchcase(entry, pattern) for pattern in patterns) or any(
            fnmatchcase(one.name, made) for one in found
        )

    return tuple(line for line in lines if meant(line.partition(": ")[0]))


def _tested_years(members: Sequence[Member], choice: StressChoice) -> tuple[int, ...]:
    if not any(member.scenario.is_path for member in members):
        refuse_if(choice.years is not None, "comparative statics have no years", key="stress.years",
                  value=choice.years,
                  allowed="no such key, or a scenario with the section 'path'")  # fmt: skip
        return ()
    last = choice_of(members[0].scenario).years
    years = tuple(choice.years or sorted({1, last}))
    refuse_if(years[-1] > last, "is beyond the path", key="stress.years", value=years[-1],
              allowed=f"1 to {last} (path.years)")  # fmt: skip
    return years


def _shortened(scenario: Scenario, years: Sequence[int], members: Sequence[Member]) -> Scenario:
    """A path that ends with the last year that is tested, or in which something starts.

    Later years are known a year ahead at most, so the years until then stay as they are.
    """
    starts = [one.start for member in members for one in member.scenario.measures.values()]
    last = min(max(years[-1], *starts, 1), choice_of(members[0].scenario).years)
    path = choice_of(scenario).model_copy(update={"years": last})
    return scenario.model_copy(update={"path": path})


def _single_cuts(choice: StressChoice, sectors: tuple[str, ...], b: Benchmark) -> SingleCuts:
    """Cuts of single links that are wanted, of sectors with a backstop."""
    key = "stress.links" if choice.links is not None else "stress.leverage"
    if choice.links is None and not choice.leverage:
        return SingleCuts()
    refuse_if(not sectors, "only of sectors with a backstop, and there are none", key=key,
              allowed="sectors in stress.backstop")  # fmt: skip
    importers = [] if choice.links is None else b.codes("regions", choice.links, key)
    leverage = (withholdings(b, sectors), bans(b, sectors)) if choice.leverage else ()
    return SingleCuts(link_cuts(b, importers, sectors), *leverage)
