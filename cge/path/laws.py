"""Ingredients of a path of years: parameters, knowledge, laws of motion, closure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cge.core.axes import Array, ratio
from cge.core.errors import InputError, below, check_known, refuse_if, renamed
from cge.core.identity import digest
from cge.core.parameters import Level, Parameter, ParameterSet
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.shipped import TABLES
from cge.data.knowledge.assembly import load_knowledge
from cge.data.knowledge.stocks import KnowledgeData
from cge.data.parameters.parameter_files import load_dynamics_parameters, load_knowledge_parameters
from cge.dynamics.capital import Settings
from cge.dynamics.firm_sizes import PARAMETERS, FirmSizes
from cge.dynamics.knowledge import KnowledgeLaw, KnowledgePolicy
from cge.dynamics.recursion import Recursion, State
from cge.dynamics.stand_ins import NO_STAND_INS, StandIns, relative_knowledge
from cge.policy.closures import closure_of, short_run_parameters
from cge.scenario.schema import ClosureChoice, Scenario
from cge.scenario.study_options import PathChoice
from cge.solve.closure import Closure
from cge.solve.model import Model
from cge.solve.solution import Allocation

#: Parameters whose low and high ends make returns to research low and high.
RETURNS = ("return_private", "return_spillover", "return_basic", "real_rate",
           "foreign_coefficient", "foreign_cap")  # fmt: skip
#: Parameters that no path reads, lest one that is given go unheeded.
UNREAD: Mapping[str, str] = {
    "skilled_labour_share": "is written into the model's equations of research",
    "return_social": "is the sum of return_private and return_spillover, which are read instead",
    "backstop_elasticity": "is for a test of resilience, not for a path",
}


@dataclass(frozen=True, eq=False)
class PathLaws:
    """The laws of motion of a path with the data behind them.

    Parameters
    ----------
    recursion : Recursion
    entries : mapping of str to Parameter
        Every parameter that is read, with its range and source.
    level : {"low", "central", "high"}
        Of the returns to research.
    stand_ins : StandIns
        For imports; knowledge makes them cheaper.
    """

    recursion: Recursion
    entries: Mapping[str, Parameter]
    level: Level
    stand_ins: StandIns = NO_STAND_INS

    @property
    def model(self) -> Model:
        """The compiled model of all years."""
        return self.recursion.model

    @property
    def knowledge(self) -> KnowledgeData | None:
        """Figures on research, None where knowledge does not move."""
        return None if self.recursion.law is None else self.recursion.law.data

    def ground(
        self, state: State, policy: KnowledgePolicy | None = None,
        beside: Allocation | None = None,
    ) -> Array:  # fmt: skip
        """Levels that are given in a year before any policy, stand-ins within reach."""
        law, levels = self.recursion.law, self.recursion.ground(state, policy, beside).levels
        known = None
        if law is not None and state.knowledge is not None:
            known = relative_knowledge(law, state.knowledge)
        return self.stand_ins.laid(self.model, levels, known)

    def standing(self, closure: Closure) -> Allocation:
        """The world in which nothing has moved: the benchmark, with stand-ins within reach."""
        if not self.stand_ins.sectors:
            return self.model.start
        return self.model.solve(self.ground(self.recursion.start()), closure)

    def __getitem__(self, name: str) -> float:
        """Value of a parameter that is in force."""
        return self.entries[name].at(self.level if name in RETURNS else "central")

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Every parameter: value in force, range, unit, status and source."""
        return {
            name: {**entry.record(), "value": self[name]} for name, entry in self.entries.items()
        }

    def sources(self) -> dict[str, Any] | None:
        """Where the figures on research come from, and the part of each that is estimated."""
        data = self.knowledge
        if data is None:
            return None
        spent = data.business.sum(axis=1)
        by_region = {
            item: part if part.ndim == 1 else ratio((part * data.business).sum(axis=1), spent)
            for item, part in data.estimated.items()
        }
        return {
            "source": data.source,
            "fingerprint": digest(
                data.business, data.public_applied, data.basic, data.depreciation
            ),
            "part_estimated": {
                item: dict(zip(data.regions, part.round(4).tolist(), strict=True))
                for item, part in by_region.items()
            },
        }


def choice_of(scenario: Scenario) -> PathChoice:
    """Options of a scenario's path, defaults where it has none."""
    return scenario.path or PathChoice()


def laws_of(
    model: Model, choice: PathChoice, level: Level, closure: ClosureChoice | None = None,
    stand_ins: StandIns = NO_STAND_INS,
) -> PathLaws:  # fmt: skip
    """Laws of motion that a choice means on a compiled model.

    Parameters
    ----------
    model : Model
        With short-run elasticities.
    choice : PathChoice
        Its files named from the root.
    level : {"low", "central", "high"}
        Of the returns to research.
    closure : ClosureChoice, optional
        With values of its own for parameters of a short year.
    stand_ins : StandIns
        For imports, those of the model.

    Raises
    ------
    InputError
        For parameters that do not exist or do not fit, and for knowledge without figures.
    """
    law = knowledge_law(model.benchmark, choice, level)
    dynamics, about_knowledge = parameters_of(choice)
    short = short_run_parameters(closure or ClosureChoice())
    settings = motion_of(choice, dynamics, about_knowledge, short)
    read = about_knowledge.entries if law is not None else ("growth",)
    entries = {**dynamics.entries, **short.entries,
               **{name: about_knowledge.entries[name] for name in read}}  # fmt: skip
    return PathLaws(Recursion(model, settings, law), entries, level, stand_ins)


def motion_of(
    choice: PathChoice, dynamics: ParameterSet, knowledge: ParameterSet, short: ParameterSet
) -> Settings:
    """Settings of how relations, capital, wages and spending move."""
    return Settings(
        knowledge["growth"], dynamics["depreciation"], dynamics["sourcing_inertia"],
        dynamics["investment_response"], dynamics["investment_speed"],
        short["external_response"], short["habit_speed"], dynamics["discount_rate"],
        choice.capital == "accumulates",
    )  # fmt: skip


def knowledge_law(benchmark: Benchmark, choice: PathChoice, level: Level) -> KnowledgeLaw | None:
    """Law of motion of knowledge alone; None where knowledge does not move."""
    dynamics, about_knowledge = parameters_of(choice)
    knowledge = knowledge_of(benchmark, choice, about_knowledge)
    if knowledge is None:
        return None
    return KnowledgeLaw(
        knowledge, level, dynamics["knowledge_leak"], dynamics["diffusion_base"],
        dynamics["learning"], FirmSizes.of({name: dynamics[name] for name in PARAMETERS}),
    )  # fmt: skip


def parameters_of(choice: PathChoice) -> tuple[ParameterSet, ParameterSet]:
    """Parameters of the path and of knowledge, with a scenario's own values.

    Raises
    ------
    InputError
        For an unknown name, an impossible value, or a discount rate that growth exceeds.
    """
    dynamics, knowledge = load_dynamics_parameters(), load_knowledge_parameters()
    own: tuple[dict[str, float], dict[str, float]] = ({}, {})
    known = [*dynamics.entries, *knowledge.entries]
    check_known(choice.parameters, known, "no such parameter", key="path.parameters")
    for name, value in choice.parameters.items():
        if name in UNREAD:
            raise InputError(UNREAD[name], key=f"path.parameters.{name}", value=value,
                             allowed=[n for n in known if n not in UNREAD])  # fmt: skip
        own[0 if name in dynamics.entries else 1][name] = value
        refuse_if(name in RETURNS and choice.returns != ["central"],
                  "is given, so it has no low and high end", key=f"path.parameters.{name}",
                  value=value, allowed="returns: [central]")  # fmt: skip
    with below("path"):
        dynamics = dynamics.with_values(own[0])
        knowledge = knowledge.with_values(own[1])
    refuse_if(dynamics["discount_rate"] <= knowledge["growth"],
              "must exceed the growth of the baseline, or the future is worth without limit",
              key="path.parameters.discount_rate", value=dynamics["discount_rate"],
              allowed=f"above {knowledge['growth']:g} (growth)")  # fmt: skip
    return dynamics, knowledge


def knowledge_of(
    benchmark: Benchmark, choice: PathChoice, parameters: ParameterSet
) -> KnowledgeData | None:
    """Knowledge of a benchmark, None where it does not move on this path.

    Raises
    ------
    InputError
        For what needs knowledge that does not move, and for knowledge without figures.
    """
    file = choice.knowledge_data
    wanted = choice.knowledge
    if wanted is None:
        wanted = file is not None or benchmark.origin.get("table", "") in TABLES
    if not wanted:
        refuse_if(choice.returns != ["central"],
                  "returns to research matter only where knowledge moves", key="path.returns",
                  value=list(choice.returns), allowed="[central], or knowledge: true")  # fmt: skip
        refuse_if(choice.openness_response is not None, "knowledge does not move on this path",
                  key="path.openness_response", allowed="knowledge: true")  # fmt: skip
        return None
    given = {name: parameters[name] for name in choice.parameters if name in parameters.entries}
    with renamed({"knowledge": "path.knowledge_data"}):
        return load_knowledge(benchmark, file, given)


def path_closure(scenario: Scenario, benchmark: Benchmark) -> Closure:
    """Closure of every year: capital fixed in its sector, and what the scenario adds.

    Raises
    ------
    InputError
        For a choice that a path makes itself.
    """
    refuse_if(scenario.closure.specific_factors is not None,
              "within a year of a path capital is fixed in its sector, other factors move",
              key="closure.specific_factors", value=scenario.closure.specific_factors,
              allowed="no such key")  # fmt: skip
    refuse_if(scenario.horizon is not None,
              "a path goes from short-run to long-run elasticities by itself", key="horizon",
              value=scenario.horizon, allowed="no such key")  # fmt: skip
    refuse_if(scenario.closure.adjustment == "regions_lend",
              "is for one year: wages that never move never catch up", key="closure.adjustment",
              value="regions_lend", allowed=["gradual", "balances_given"])  # fmt: skip
    choice = scenario.closure.model_copy(update={"kind": "short_run"})
    return replace(closure_of(choice, benchmark), name="path")
