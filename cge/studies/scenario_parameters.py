"""Uncertain parameters that stand in a scenario: of paths, knowledge, a short year, disruptions.

A parameter is drawn if it has a range and its value reaches every variant: one that a variant or
a grid sets by itself is a case, and nothing is drawn over it. What a scenario gives at the top is
the central value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cge.core.errors import below
from cge.core.parameters import Parameter
from cge.data.accounts.benchmark import Benchmark
from cge.data.parameters.parameter_files import (
    load_disruption_parameters,
    load_knowledge_parameters,
)
from cge.dynamics.firm_sizes import PARAMETERS, SHARE
from cge.model.quantities import EXOGENOUS
from cge.path.laws import RETURNS, UNREAD, choice_of, knowledge_law, parameters_of
from cge.policy.closures import short_run_parameters
from cge.scenario.schema import Scenario
from cge.scenario.study_options import StressChoice
from cge.scenario.variants import ScenarioSet, with_changes
from cge.stress.stress_settings import ETA, GIVEN, settings_of
from cge.uncertainty.selection import DISRUPTIONS, DYNAMICS, KNOWLEDGE, SHORT_RUN
from cge.uncertainty.uncertain_parameters import NO_WIDTH, UncertainParameter

Found = tuple[UncertainParameter, ...]
#: Groups of parameters that can be drawn together, see `--correlation`.
OF_RETURNS, OF_STAND_INS = "returns", "stand_ins"
_PREMIUMS = ("backstop_premium", "backstop_premium_ict")
#: Parameters of a path that only knowledge reads.
_ABOUT_KNOWLEDGE = ("knowledge_leak", "diffusion_base", "learning")
#: Least distance of growth from the discount rate in any draw: at none the future is worth
#: without limit.
APART = 0.005


def dynamics_parameters(scenario: Scenario, benchmark: Benchmark) -> Found:
    """Parameters of the path itself that are drawn; growth of the baseline is one of knowledge."""
    choice = choice_of(scenario)
    dynamics, knowledge = parameters_of(choice)
    moves = knowledge_law(benchmark, choice, choice.returns[0]) is not None
    unread = () if moves else _ABOUT_KNOWLEDGE
    if not (moves and dynamics[SHARE]):  # firms are not told apart by size
        unread = (*unread, *PARAMETERS)
    entries = {name: one for name, one in dynamics.entries.items() if name not in unread}
    found = _reaching(scenario, DYNAMICS, "path.parameters", entries, _of_path)
    least = _most_growth(dynamics["discount_rate"], dynamics.entries["discount_rate"].low,
                         knowledge["growth"]) + APART  # fmt: skip
    return tuple(
        replace(one, low=min(max(one.low, least), one.central))
        if one.name == "discount_rate" else one for one in found
    )  # fmt: skip


def knowledge_parameters(scenario: Scenario, benchmark: Benchmark) -> Found:
    """Parameters of knowledge that are drawn, with the growth of the baseline.

    Returns to research are drawn unless the scenario has paths for their low or high ends.
    """
    choice = choice_of(scenario)
    dynamics, knowledge = parameters_of(choice)
    names = [name for name in knowledge.entries if name not in UNREAD]
    if choice.returns != ["central"]:
        names = [name for name in names if name not in RETURNS]
    if knowledge_law(benchmark, choice, choice.returns[0]) is None:
        names = ["growth"]
    entries = {name: knowledge.entries[name] for name in names}
    found = _reaching(scenario, KNOWLEDGE, "path.parameters", entries, _of_path,
                      dict.fromkeys(RETURNS, OF_RETURNS))  # fmt: skip
    discount = dynamics.entries["discount_rate"]
    most = _most_growth(discount.value, discount.low, knowledge["growth"])
    return tuple(replace(one, high=max(min(one.high, most), one.central))
                 if one.name == "growth" else one for one in found)  # fmt: skip


def _most_growth(discount: float, low: float, growth: float) -> float:
    """Growth beyond which no draw goes: what is given, or what every discount rate exceeds."""
    return max(growth, min(low, discount) - APART)


def short_run_drawn(scenario: Scenario, with_legacy: bool) -> Found:
    """Responses of wages and spending that are drawn.

    Parameters
    ----------
    scenario : Scenario
    with_legacy : bool
        Whether also how wages and spending catch up on a path.
    """
    entries = short_run_parameters(scenario.closure).entries
    names = [name for name in entries if with_legacy or name in EXOGENOUS]
    return _reaching(
        scenario, SHORT_RUN, "closure.parameters", {name: entries[name] for name in names},
        lambda one: one.closure.parameters,
    )  # fmt: skip


def disruption_parameters(scenario: Scenario, benchmark: Benchmark) -> Found:
    """Parameters of the stress test that are drawn: those that its settings depend on here.

    Levels of the conditional value at risk are a choice, and not uncertain.
    """
    choice = scenario.stress or StressChoice()
    own = dict(choice.parameters)
    eta = {ETA: own.pop(ETA)} if ETA in own else {}
    with below("stress"):
        every = {
            **load_disruption_parameters().with_values(own).entries,
            ETA: load_knowledge_parameters().with_values(eta).entries[ETA],
        }
    entries = {name: every[name] for name in (*GIVEN, "leakage", ETA)}
    if choice.leakage is not None:
        entries["leakage"] = entries["leakage"].replaced(choice.leakage)
    left_out = {"annual_cvar_level"}
    if not choice.recovery:
        left_out.add("recovered")
    if not any(one.scenario.is_path for one in ScenarioSet(scenario).members):
        left_out.add(ETA)  # knowledge stands where it is
    entries = {name: one for name, one in entries.items() if name not in left_out}
    leakage = {"leakage": entries.pop("leakage")}
    found = (
        *_reaching(scenario, DISRUPTIONS, "stress", leakage, _of_stress),
        *_reaching(scenario, DISRUPTIONS, "stress.parameters", entries,
                   lambda one: _of_stress(one)["parameters"],
                   dict.fromkeys(_PREMIUMS, OF_STAND_INS)),
    )  # fmt: skip
    now, drawable = _settings(scenario, benchmark), {**entries, **leakage}

    def tells(one: UncertainParameter) -> bool:
        changed = with_changes(scenario, {one.place: _other(drawable[one.name])})
        return _settings(changed, benchmark) != now

    return tuple(filter(tells, found))


def _settings(scenario: Scenario, benchmark: Benchmark) -> list[Any]:
    """Settings of every variant by which a parameter of disruptions can tell."""
    every = [settings_of(one.scenario, benchmark) for one in ScenarioSet(scenario).members]
    return [(one.leakage, one.recovered, one.stand_ins if one.stand_ins.sectors else None)
            for one in every]  # fmt: skip


def _of_stress(scenario: Scenario) -> dict[str, Any]:
    return vars(scenario.stress or StressChoice())


def _of_path(scenario: Scenario) -> Mapping[str, float]:
    return choice_of(scenario).parameters


def _reaching(
    scenario: Scenario, family: str, section: str, entries: Mapping[str, Parameter],
    read: Callable[[Scenario], Mapping[str, Any]], groups: Mapping[str, str] | None = None,
) -> Found:  # fmt: skip
    """Parameters with a range whose value in a section of the scenario reaches every variant."""
    probes = {name: _other(one) for name, one in entries.items() if _wide(one)}
    changed = with_changes(scenario, {f"{section}.{n}": value for n, value in probes.items()})
    every = [read(one.scenario) for one in ScenarioSet(changed).members]

    def drawn() -> Iterator[UncertainParameter]:
        for name, value in probes.items():
            if all(one[name] == value for one in every):
                yield UncertainParameter.of(name, entries[name], f"{section}.{name}", family,
                                            (groups or {}).get(name, ""))  # fmt: skip

    return tuple(drawn())


def _wide(entry: Parameter) -> bool:
    return entry.high - entry.low > NO_WIDTH


def _other(entry: Parameter) -> float:
    """A possible value that is not the one in force."""
    return entry.high if entry.high > entry.value else entry.low
