"""Insurance by sourcing: how much resilience firms would buy themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import NoEquilibrium, prefixed, refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.frontier.sweep import AGREES
from cge.insurance.foresight import Chosen, chosen, refuse_better
from cge.insurance.states import ExAnte, Risk, States, spending
from cge.policy.benchmarks import benchmarks_of
from cge.resilience.disruptions import Disruption, by_frequency
from cge.resilience.preshock import REPRODUCED
from cge.results.register import add_known
from cge.results.row_schema import Rows, with_world, world_label
from cge.scenario.schema import Scenario
from cge.scenario.study_options import InsuranceChoice
from cge.scenario.variants import Member
from cge.solve.model import Model
from cge.stress.at_risk import at_risk, dropped_notes
from cge.stress.stress_settings import StressSettings, settings_of
from cge.studies.study import OF_WORLD, Study, Work, labels_of, section_of
from cge.tasks.runner import Place, Task

#: In place of a weighting where each disruption comes as often as the library says.
BY_FREQUENCY = "frequency"
#: What it reads of a scenario.
_READ = OF_WORLD | {"stress", "insurance"}


@dataclass(frozen=True)
class Insurance(Study):
    """Find how firms, and a planner, choose suppliers in view of disruptions."""

    kind: ClassVar[str] = "insurance"
    command: ClassVar[str] = "insurance"
    keys: ClassVar[tuple[str, ...]] = (
        "insurance.region", "insurance.foresight", "insurance.frequency", "insurance.weighting",
        "stress.level", "stress.library",
    )  # fmt: skip
    example: ClassVar[str] = "insurance-us --aggregation small"

    def work(self) -> Work:
        scenario = self.question
        choice: InsuranceChoice = section_of(
            scenario, "insurance", "region and so on", _READ, "does not enter: relations are "
            "chosen in the long run of the benchmark",
        )  # fmt: skip
        cases = list(_cases(scenario, choice))
        results = yield [Task(f"{name}, {content.foresight}", solve_foresight, content)
                         for name, content in cases]  # fmt: skip
        (_, first), labels = cases[0], labels_of(self.kind, scenario, Member("", scenario), "")
        return self.results(
            [({**labels, "variant": content.foresight, "elasticities": name}, found["rows"],
              {"step": 1.0, **found["facts"]})
             for (name, content), found in zip(cases, results, strict=True)],
            first.benchmark, [scenario], _notes(first), stress=first.settings.facts,
            pages=[["insurance", {}]], figure="insurance",
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ForesightContent:
    """All that one foresight under one elasticity set depends on.

    Parameters
    ----------
    choice : InsuranceChoice
        Of this foresight alone.
    benchmark : Benchmark
    settings : StressSettings
    disruptions : tuple of Disruption
    weights : ndarray (disruptions,)
        Probabilities in the eyes of the region, given that one happens.
    frequencies : tuple of float
    dropped : tuple of str
        Families with weight of which there is no disruption.
    """

    choice: InsuranceChoice
    benchmark: Benchmark
    settings: StressSettings
    disruptions: tuple[Disruption, ...]
    weights: Array
    frequencies: tuple[float, ...]
    dropped: tuple[str, ...] = ()

    @property
    def foresight(self) -> str:
        """Name of the foresight."""
        return self.choice.foresight[0]


def solve_foresight(asked: ForesightContent, place: Place) -> dict[str, Any]:
    """Solve one foresight at all frequencies.

    Returns
    -------
    dict
        ``rows`` (DataFrame) and ``facts`` for the manifest.

    Raises
    ------
    NoEquilibrium
        If relations do not settle, or the benchmark does not confirm them.
    """
    risk = risk_of(asked)
    goal = planner(asked.foresight, risk)
    without = _found(risk, goal, 0.0, None)
    points: list[tuple[Chosen, float]] = []
    for frequency in asked.frequencies:
        with prefixed(f"{asked.foresight}, frequency {frequency:g}: "):
            if asked.foresight == "none":
                one = replace(without, states=without.states.at_frequency(frequency))
            else:
                one = _found(risk, goal, frequency, without)
            points.append((one, confirmed(one.states)))
    return {
        "rows": insurance_rows(asked, points, without),
        "facts": {"benchmark_and_elasticities": asked.benchmark.fingerprint,
                  "steps_of_choice": [one.steps for one, _ in points]},
    }  # fmt: skip


def risk_of(asked: ForesightContent) -> Risk:
    """Disruptions on a compiled model.

    Parameters
    ----------
    asked : ForesightContent
    """
    settings, counted = asked.settings, np.flatnonzero(asked.weights > 0)
    short = Model.build(asked.benchmark, "short", settings.stand_ins.sectors)
    return Risk(
        short, asked.choice.region, tuple(asked.disruptions[n] for n in counted),
        asked.weights[counted], 0.0, settings.leakage, settings.level, settings.stand_ins,
        settings.run,
    )  # fmt: skip


def planner(foresight: str, risk: Risk) -> Array | None:
    """Weights of the regions' real incomes in what a planner maximises; None for buyers."""
    absorption = risk.short.benchmark.absorption
    if foresight in ("none", "risk_neutral"):
        return None
    return absorption if foresight == "global" else absorption * np.eye(len(absorption))[risk.place]


def _found(risk: Risk, goal: Array | None, frequency: float, start: Chosen | None) -> Chosen:
    states = States(replace(risk, frequency=frequency))
    logs = states.nothing if start is None else start.states.logs
    if goal is None:
        return chosen(states, lambda at: at.private_slopes, logs)
    found = chosen(states, lambda at: at.social_slopes(goal), logs)
    refuse_better(states, found, goal)
    return found


def confirmed(at: ExAnte) -> float:
    """Largest difference of real incomes from those found from the benchmark.

    Raises
    ------
    NoEquilibrium
        If it is no rounding, or the short run does not start from normal times.
    """
    again = States(at.risk).at(at.logs)
    apart = max(
        float(np.abs(one.values("welfare") - other.values("welfare")).max())
        for (_, one), (_, other) in zip(at.states, again.states, strict=True)
    )
    if apart > AGREES:
        raise NoEquilibrium(f"real incomes differ by {apart:.1e} from those of the benchmark")
    normal = at.normal
    exact = at.risk.short.solve(normal.levels, normal.closure, start=normal.levels)
    moved = float(np.abs(exact.values("welfare") / at.before - 1).max())
    if moved > REPRODUCED:
        raise NoEquilibrium(f"the short run does not start from normal times: {moved:.1e}")
    return apart


def _cases(scenario: Scenario, choice: InsuranceChoice) -> Iterator[tuple[str, ForesightContent]]:
    """Elasticity set and content of every foresight."""
    for name, b in benchmarks_of(scenario).items():
        short, long = (b.elasticities[run].armington for run in ("short", "long"))
        alike = np.array_equal(short, long)
        refuse_if(alike, "are the same among origins in the short run and the long, so that there "
                  "are no relations with suppliers to choose", key="elasticities", value=name,
                  allowed="a set, or a file, in which they differ")  # fmt: skip
        settings = settings_of(scenario, b)
        named, found, dropped = at_risk("insurance", scenario, choice, settings, b)
        usual = [min(one, 1.0) for one in by_frequency(named, choice.region)[1]]
        frequencies = tuple(map(float, choice.frequency or dict.fromkeys(usual)))
        for foresight in choice.foresight:
            own = choice.model_copy(update={"foresight": [foresight]})
            yield name, ForesightContent(own, b, settings, named, found, frequencies, dropped)


def _notes(content: ForesightContent) -> list[str]:
    """Notes that any table carries."""
    counted = int((content.weights > 0).sum())
    named = content.choice.weighting
    how = f"with weighting '{named}'" if named else "each as often as the library says"
    lines = [
        f"CVaR: mean loss of real income in the worst {100 * (1 - content.settings.level):g} % of "
        f"probability, given that one of {counted} disruptions happens, {how}, in the eyes of "
        f"{content.choice.region}. How often they happen, and how severe they are, is assumed.",
    ]
    return [*lines, *dropped_notes(content.dropped)]


def insurance_rows(
    asked: ForesightContent, points: Sequence[tuple[Chosen, float]], without: Chosen
) -> pd.DataFrame:
    """Rows of a foresight, a point for each frequency.

    What stands beside as the benchmark is the same with the relations that are chosen where no
    disruption ever happens.

    Parameters
    ----------
    asked : ForesightContent
    points : sequence of (Chosen, float)
        With the difference from what is found from the benchmark.
    without : Chosen
        At a frequency of zero.
    """
    rows, b, region = Rows(), asked.benchmark, asked.choice.region
    weighting, world = asked.choice.weighting or BY_FREQUENCY, world_label(asked.benchmark.regions)

    def percent(changes: Array) -> Array:
        return 100 * with_world(changes, b.absorption)

    for number, (one, apart) in enumerate(points):
        here, before = one.states, without.states.at_frequency(one.states.risk.frequency)
        add: Callable[..., None] = partial(add_known, rows, b=b, point=number)
        own: Callable[..., None] = partial(add, region=region)
        own("annual_frequency", 100 * here.risk.frequency)
        add("equivalent_variation", percent(here.before - 1), region=[*b.regions, world])
        add("expected_income", percent(here.expected() - 1),
            start=percent(before.expected() - 1), region=[*b.regions, world])  # fmt: skip
        for name, value, start in zip(("expected_loss", "cvar"), here.risk_figures,
                                      before.risk_figures, strict=True):  # fmt: skip
            own(name, 100 * value, start=100 * start, weighting=weighting)
        place, names = here.risk.place, [one.name for one in here.risk.disruptions]
        own("loss", 100 * here.region_losses[:, place], start=100 * before.region_losses[:, place],
            disruption=names)  # fmt: skip
        for name, value in zip(("insurance_premium", "insurance_saving"), here.bargain(before.logs),
                               strict=True):  # fmt: skip
            own(name, 100 * value)
        own("sourcing_move", 100 * _moved(here, before))
        own("first_order_residual", 100 * one.residual, start=np.nan)
        own("check_difference", apart, start=np.nan, item="real_income")
    return rows.frame()


def _moved(at: ExAnte, before: ExAnte) -> float:
    """Mean distance of the log weights of origins, weighted with spending in normal times."""
    own, spent = at.risk.own, spending(at.risk.sourcing, at.normal)
    return float(np.average(np.abs(at.logs - before.logs)[own], weights=spent[own]))
