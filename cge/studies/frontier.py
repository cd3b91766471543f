"""The efficiency-resilience frontier: the best policy of a region at each level of risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.errors import refuse_if
from cge.data.accounts.benchmark import Benchmark
from cge.frontier.confirmation import ColdPoint
from cge.frontier.full_space import TINY, optimise_full, posable
from cge.frontier.levers import levers_of
from cge.frontier.optimum import Optimum
from cge.frontier.problem import NEUTRAL, UNILATERAL, Problem
from cge.frontier.reduced_space import optimise
from cge.frontier.sweep import FrontierPoint, FrontierSearch, Method, Sweep
from cge.model.quantities import ENDOGENOUS
from cge.path.frontier_point import PathEvaluator
from cge.path.frontier_problem import PathProblem, on_path, solve_path_cold
from cge.policy.benchmarks import benchmarks_of, calendar_year, with_set
from cge.resilience.disruptions import Disruption
from cge.results.register import add_known
from cge.results.row_schema import Rows, with_world, world_label
from cge.scenario.schema import Scenario
from cge.scenario.study_options import (
    CVAR,
    EXPECTED,
    FrontierChoice,
    PathChoice,
    StressChoice,
)  # fmt: skip
from cge.scenario.variants import Member
from cge.solve.model import Model
from cge.stress.at_risk import at_risk, dropped_notes
from cge.stress.stress_settings import StressSettings, settings_of
from cge.studies.path import returns_note
from cge.studies.study import OF_WORLD, Study, Work, labels_of, section_of
from cge.tasks.runner import Place, Task

METHODS: Mapping[str, Method] = {"reduced": optimise, "full": optimise_full}
#: What a frontier reads of a scenario.
_READ = OF_WORLD | {"path", "stress", "frontier"}


@dataclass(frozen=True)
class Frontier(Study):
    """Find the best policy of a region at each level of risk, and what resilience costs."""

    kind: ClassVar[str] = "frontier"
    command: ClassVar[str] = "frontier"
    keys: ClassVar[tuple[str, ...]] = (
        "frontier.points", "frontier.versions", "frontier.budget", "frontier.weighting",
        "frontier.constraint", "frontier.objective", "frontier.method", "path.years",
        "stress.level", "stress.library",
    )  # fmt: skip
    example: ClassVar[str] = "frontier-china --aggregation small --points 4"

    @cached_property
    def benchmarks(self) -> Mapping[str, Benchmark]:
        """The accounts with each elasticity set, by its name in results."""
        return benchmarks_of(self.question)

    def of_set(self, name: str) -> Frontier:
        """The same study under one of the elasticity sets alone."""
        return replace(self, scenario=with_set(self.question, name))

    def work(self) -> Work:
        scenario = self.question
        cases = list(contents(scenario, checked_choice(scenario), self.benchmarks))
        results = yield [
            Task(f"{name}, {content.version}", solve_version, content, content.choice.points)
            for name, content in cases
        ]
        made_from = results[0]["made_from"]
        (_, first), labels = cases[0], labels_of(self.kind, scenario, Member("", scenario), "")
        if scenario.path is not None:
            year = first.choice.year or scenario.path.years
            labels |= {"path_year": year, "research_return": scenario.path.returns[0],
                       "calendar_year": calendar_year(first.benchmark, year)}  # fmt: skip
        return self.results(
            [({**labels, "variant": content.version, "elasticities": name}, found["rows"],
              {"step": 1.0, **found["facts"]})
             for (name, content), found in zip(cases, results, strict=True)],
            first.benchmark, [scenario], _notes([one for _, one in cases], made_from), **made_from,
            stress=first.settings.facts, pages=[["frontier", {}]], figure="frontier",
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class VersionContent:
    """All that one version of a frontier under one elasticity set depends on.

    Parameters
    ----------
    choice : FrontierChoice
        Of this version alone.
    benchmark : Benchmark
    settings : StressSettings
    disruptions : tuple of Disruption
        Those that are named and do something in a single year.
    weights : ndarray (disruptions,)
        Probabilities in the eyes of the region.
    dropped : tuple of str
        Families with weight of which there is no disruption.
    path : PathChoice, optional
        On which it is posed; None: in the long run.
    """

    choice: FrontierChoice
    benchmark: Benchmark
    settings: StressSettings
    disruptions: tuple[Disruption, ...]
    weights: Array
    dropped: tuple[str, ...] = ()
    path: PathChoice | None = None

    @property
    def version(self) -> str:
        """Name of the version."""
        return self.choice.versions[0]


def solve_version(asked: VersionContent, place: Place) -> dict[str, Any]:
    """Solve one version.

    Returns
    -------
    dict
        ``rows`` (DataFrame), ``facts`` for the manifest, and ``made_from``, of a path the
        parameters in force and where figures on research come from.
    """
    problem = problem_of(asked)
    method, made_from = method_of(asked.choice, problem), {}
    search = FrontierSearch(problem, METHODS[method], place.steps)
    if isinstance(problem, PathProblem):
        search = FrontierSearch(problem, METHODS[method], place.steps, PathEvaluator,
                                solve_path_cold)  # fmt: skip
        made_from = {"parameters": problem.laws.parameters(), "knowledge": problem.laws.sources()}
    found = search.frontier(asked.choice.points, asked.choice.starts)
    return {
        "made_from": made_from,
        "rows": frontier_rows(problem, found, _ceiling(asked.choice)),
        "facts": {"constraint": asked.choice.constraint, **frontier_facts(problem, found, method)},
    }  # fmt: skip


def problem_of(asked: VersionContent) -> Problem:
    """The problem of one version on its models.

    Parameters
    ----------
    asked : VersionContent

    Raises
    ------
    InputError
        For instruments that do not fit the benchmark.
    """
    choice, settings, b = asked.choice, asked.settings, asked.benchmark
    common = (
        asked.disruptions, asked.weights, choice.region, settings.level, settings.leakage,
        settings.stand_ins, settings.run, choice.budget, asked.version,
    )  # fmt: skip
    long, short = (
        Model.build(b, horizon, settings.stand_ins.sectors)
        for horizon in ("long" if asked.path is None else "short", "short")
    )
    levers = levers_of(choice, long)
    if asked.path is not None:
        beside = on_path(choice, asked.path, short, settings.stand_ins)
        return PathProblem(short, short, levers, *common, **beside)
    for n, one in enumerate(choice.instruments):
        refuse_if(one.about_knowledge, "acts over years", value=one.instrument,
                  key=f"frontier.instruments.{n}.instrument",
                  allowed="a scenario with a section path, or another instrument")  # fmt: skip
    return Problem(long, short, levers, *common)


def method_of(choice: FrontierChoice, problem: Problem) -> str:
    """How a problem is solved: in the space of rates, or of all unknowns.

    Raises
    ------
    InputError
        If the user wants what can not be done.
    """
    if isinstance(problem, PathProblem):
        refuse_if(choice.method == "full", "is for the long run, and this is posed on a path",
                  key="frontier.method", value="full", allowed="reduced, or auto")  # fmt: skip
        return "reduced"
    able = posable(problem) and problem.level > 0
    refuse_if(choice.method == "full" and not able, "can not pose a ration among other events, two "
              "losses of capacity of one region, or a mean loss", key="frontier.method",
              value="full", allowed="reduced, or auto")  # fmt: skip
    if choice.method != "auto":
        return choice.method
    size = sum(len(problem.long.variables[name]) for name in ENDOGENOUS)
    return "full" if size <= TINY and able else "reduced"


def checked_choice(scenario: Scenario) -> FrontierChoice:
    """The section of a scenario, of which all else must be read.

    Raises
    ------
    InputError
        Naming what is missing, or not read.
    """
    choice: FrontierChoice = section_of(
        scenario, "frontier", "region, instruments and so on", _READ, "does not enter a frontier, "
        "which chooses its policy itself, in the long run or on a path",
    )  # fmt: skip
    _check_years(choice, scenario.path)
    return choice


def _check_years(choice: FrontierChoice, path: PathChoice | None) -> None:
    """Check that a choice is of a path, if there is one, and of a path that this can be."""
    if path is None:
        for key in ("objective", "year"):
            refuse_if(getattr(choice, key) is not None, "is for a frontier on a path",
                      key=f"frontier.{key}", value=getattr(choice, key),
                      allowed="a scenario with a section path")  # fmt: skip
        return
    refuse_if((choice.year or 1) > path.years, "the path has no such year", key="frontier.year",
              value=choice.year, allowed=f"1 to {path.years}")  # fmt: skip
    refuse_if(len(path.returns) > 1, "a frontier is found for one of them", key="path.returns",
              value=path.returns, allowed="one of low, central, high")  # fmt: skip
    refuse_if(path.baseline, "a frontier is against balanced growth", key="path.baseline",
              value=path.baseline, allowed="no such key")  # fmt: skip
    refuse_if(path.openness_response, "has no derivative where a tariff is zero",
              key="path.openness_response", allowed="no such key, or an instrument "
              "knowledge_openness")  # fmt: skip


def contents(
    scenario: Scenario, choice: FrontierChoice, benchmarks: Mapping[str, Benchmark]
) -> Iterator[tuple[str, VersionContent]]:
    """Elasticity set and content of every version."""
    for name, b in benchmarks.items():
        settings = _settings(scenario, choice, b)
        alone = None if choice.constraint in (CVAR, EXPECTED) else choice.constraint
        chosen, found, dropped = at_risk("frontier", scenario, choice, settings, b, alone)
        for version in choice.versions:
            own = choice.model_copy(update={"versions": [version]})
            yield name, VersionContent(own, b, settings, chosen, found, dropped, scenario.path)


def _settings(scenario: Scenario, choice: FrontierChoice, b: Benchmark) -> StressSettings:
    """Settings of the disruptions; a mean loss is the conditional value at risk at level 0."""
    settings, given = settings_of(scenario, b), (scenario.stress or StressChoice()).level
    if choice.constraint == CVAR:
        return settings
    refuse_if(given is not None, "is of the conditional value at risk, and the ceiling is on a "
              f"mean loss (constraint: {choice.constraint})", key="stress.level", value=given,
              allowed="no such key, or frontier.constraint: cvar")  # fmt: skip
    return replace(settings, level=0.0)


def _ceiling(choice: FrontierChoice) -> str:
    """Name of the weights of disruptions in what has the ceiling."""
    return choice.weighting if choice.constraint in (CVAR, EXPECTED) else choice.constraint


def _notes(contents: Sequence[VersionContent], made_from: Mapping[str, Any]) -> list[str]:
    """Notes that any table of the frontiers carries."""
    first, choice = contents[0], contents[0].choice
    counted = int((first.weights > 0).sum())
    risk = f"CVaR: mean loss of real income in the worst {100 * (1 - first.settings.level):g} % of"
    lines = [
        f"{risk if choice.constraint == CVAR else 'Expected loss: mean loss of real income by'} "
        f"probability, over {counted} disruptions with weighting '{_ceiling(choice)}' in the eyes "
        f"of {choice.region}, for the world as well. Neither sizes nor probabilities of "
        "disruptions are estimated.",
    ]
    if first.path is not None:
        parameters, year = made_from["parameters"], choice.year or first.path.years
        discount, growth = (100 * parameters[n]["value"] for n in ("discount_rate", "growth"))
        goal = f"welfare in year {year}"
        if choice.objective != "year":
            goal = (f"the present value of welfare (discount rate {discount:g} %, growth of the "
                    f"baseline {growth:g} %, the last year lasting for ever)")  # fmt: skip
        lines += [
            f"On a path of {first.path.years} years; rates hold from year 1 on, and what is "
            f"maximised is {goal}. Disruptions come in year {year}, and set out from its "
            "equilibrium. Outlay is that of the year.",
            *([returns_note(parameters)] if made_from["knowledge"] else []),
        ]
        if NEUTRAL in {one.version for one in contents}:
            lines.append("Partners are compensated year by year: each gets the transfer that keeps "
                         "its welfare of that year on the baseline.")  # fmt: skip
    if choice.budget is not None:
        lines.append(f"Subsidies may cost up to {100 * choice.budget:g} % of GDP.")
    lines += dropped_notes(first.dropped)
    versions = {one.version for one in contents}
    if UNILATERAL in versions and NEUTRAL not in versions:
        lines.append("The unilateral frontier contains what is taken from others through the terms "
                     "of trade; compare the version that compensates partners.")  # fmt: skip
    return lines


def frontier_rows(problem: Problem, found: Sweep, weighting: str) -> pd.DataFrame:
    """Rows of a frontier: points count from 0, the end without a constraint.

    What a point does not have (a price of resilience at the smallest risk) has no row.

    Parameters
    ----------
    problem : Problem
    found : Sweep
    weighting : str
        Name of the weights of disruptions.
    """
    rows, b = Rows(), problem.long.benchmark
    for number, point in enumerate(found.points):
        _add_policy(partial(add_known, rows, b=b, point=number, region=problem.region),
                    problem, point, number)  # fmt: skip
        add = partial(add_known, rows, b=b, point=number)
        add_welfare(add, problem, point.cold)
        add_risk(add, problem, point.cold, found.without, weighting)
    names = [problem.disruptions[n].name for n in problem.counted]
    add_known(rows, "probability", problem.weights[problem.counted], b, np.nan,
              region=problem.region, disruption=names, weighting=weighting)  # fmt: skip
    return rows.frame()


def _add_policy(add: Any, problem: Problem, point: FrontierPoint, number: int) -> None:
    """Add rates, multipliers, outlay, and how well the point is solved."""
    one, names = point.optimum, [lever.name for lever in problem.levers]
    add("rate", 100 * one.rates, item=names)
    add("outlay_share", 100 * point.cold.outlay)
    # Without a constraint a little more risk is worth nothing.
    price = one.price if number else 0.0
    for name, value in (("price_of_resilience", price), ("budget_multiplier", one.budget)):
        if np.isfinite(value):
            add(name, value, start=np.nan)
    add("bound_multiplier", one.bounds, start=np.nan, item=names)
    risk = "cvar" if problem.level else "expected_loss"
    add("check_difference", point.apart, start=np.nan, item=["equivalent_variation", risk])
    add("first_order_residual", one.residual, start=np.nan)


def add_welfare(add: Any, problem: Problem, cold: ColdPoint) -> None:
    """Add welfare, the terms of trade and the parts of welfare."""
    b = problem.long.benchmark
    regions = [*b.regions, world_label(b.regions)]
    for measure, of_regions in cold.worth.items():
        add(measure, 100 * with_world(of_regions, b.absorption), region=regions)
    add("terms_of_trade", cold.terms_of_trade, region=problem.region)
    if cold.parts:
        add("welfare_part", 100 * np.array(list(cold.parts.values())), item=list(cold.parts),
            region=problem.region)  # fmt: skip


def add_risk(
    add: Any, problem: Problem, cold: ColdPoint, without: ColdPoint, weighting: str
) -> None:
    """Add losses and their statistics, against those without policy."""
    own, world = problem.region, world_label(problem.long.benchmark.regions)
    risks = (("cvar", "cvar"), ("expected_loss", "expected"))
    for measure, name in risks if problem.level else risks[1:]:
        for region, field in ((own, name), (world, f"world_{name}")):
            value, start = (100 * getattr(one, field) for one in (cold, without))
            add(measure, value, start=start, region=region, weighting=weighting)
    names, here = [problem.disruptions[n].name for n in problem.counted], problem.place
    add("loss", 100 * cold.losses[:, here], start=100 * without.losses[:, here], region=own,
        disruption=names)  # fmt: skip
    add("loss", 100 * cold.world_losses, start=100 * without.world_losses, region=world,
        disruption=names)  # fmt: skip


def frontier_facts(problem: Problem, found: Sweep, method: str) -> dict[str, Any]:
    """Facts of a frontier for the manifest: how it was found, and how sure it is."""
    optima: list[Optimum] = [point.optimum for point in found.points]
    of_path = {}
    if isinstance(problem, PathProblem):
        of_path = {"year": problem.year, "objective": problem.objective, "years": problem.years}
    return {
        **of_path, "method": method,
        "benchmark_and_elasticities": problem.long.benchmark.fingerprint,
        "points": len(found.points), "conflict": found.conflict, "starts": found.starts,
        "starts_that_agree": found.agree,
        "starts_that_agree_on_the_smallest_risk": found.agree_last,
        "iterations": [one.iterations for one in optima],
        "ipopt": [one.message for one in optima],
    }  # fmt: skip
