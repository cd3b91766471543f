"""Disruptions that a study of one region counts, and their probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from cge.core.axes import Array
from cge.core.errors import check_known, refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.data.library import load_library
from cge.resilience.disruptions import Disruption, by_frequency, expand, weights
from cge.scenario.schema import Scenario
from cge.scenario.study_options import (
    CVAR,
    EXPECTED,
    FrontierChoice,
    InsuranceChoice,
    StressChoice,
)
from cge.stress.stress_plan import named
from cge.stress.stress_settings import StressSettings


def at_risk(
    section: str, scenario: Scenario, choice: FrontierChoice | InsuranceChoice,
    settings: StressSettings, b: Benchmark, alone: str | None = None,
) -> tuple[tuple[Disruption, ...], Array, tuple[str, ...]]:  # fmt: skip
    """Disruptions that a section names, their weights, and families that dropped out.

    Those that do nothing in a single year are left out.

    Parameters
    ----------
    section : str
        Key of the section.
    scenario : Scenario
    choice : FrontierChoice or InsuranceChoice
        The section. Without a weighting each comes as often as the library says.
    settings : StressSettings
    b : Benchmark
    alone : str, optional
        Family that alone has weight, whatever the weighting.

    Raises
    ------
    InputError
        Naming what the library or the benchmark does not have.
    """
    tested = scenario.stress or StressChoice()
    library = load_library(tested.library)
    check_known({choice.weighting} - {None}, library.weightings, "no such weighting",
                key=f"{section}.weighting")  # fmt: skip
    check_known({alone} - {None}, [CVAR, EXPECTED, *library.families], "no such constraint",
                key=f"{section}.constraint")  # fmt: skip
    check_known([choice.region], b.regions, "unknown region", key=f"{section}.region")
    refuse_if(settings.level >= 1, "has no tail to optimise", key="stress.level",
              value=settings.level, allowed="0 to below 1")  # fmt: skip
    key = f"{section}.disruptions"
    known = named(tested.disruptions, expand(library, b), "stress.disruptions")
    known = named(choice.disruptions, known, key)
    chosen = tuple(one for one in known if not one.over_time_only)
    dropped: tuple[str, ...] = ()
    if alone is not None:
        only = {family: float(family == alone) for family in library.families}
        found, dropped = weights(chosen, only, choice.region)
    elif choice.weighting is not None:
        found, dropped = weights(chosen, library.weighting(choice.weighting), choice.region)
    else:
        found, _ = by_frequency(chosen, choice.region)
    refuse_if(not found.any(), f"none of them has weight in the eyes of {choice.region}",
              key=key, value=choice.disruptions)  # fmt: skip
    return chosen, found, dropped


def dropped_notes(dropped: Sequence[str]) -> list[str]:
    """Note on families that dropped out, if any did."""
    if not dropped:
        return []
    return ["Families with weight but without a disruption, the rest is scaled up: "
            + ", ".join(dropped) + "."]  # fmt: skip
