"""Settings of a stress test on a benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cge.core.errors import InputError, check_known
from cge.core.parameters import ParameterSet
from cge.data.accounts.benchmark import Benchmark
from cge.data.parameters.parameter_files import (
    load_disruption_parameters,
    load_knowledge_parameters,
)
from cge.dynamics.recursion import Settings
from cge.path.laws import choice_of, parameters_of
from cge.scenario.schema import Scenario
from cge.scenario.stress_options import StressChoice
from cge.stress.backstops import Backstops, backstops_of

#: Parameters that `stress.parameters` can replace; the others have keys of their own.
_GIVEN = ("backstop_premium", "backstop_premium_ict", "backstop_floor", "recovered")
ETA = "backstop_elasticity"


@dataclass(frozen=True)
class StressSettings:
    """Settings of a stress test on a benchmark.

    Parameters
    ----------
    backstops : Backstops
    leakage : float
        Part of a volume that comes through a total ban.
    level : float
        Of the conditional value at risk.
    lending : bool
        Whether regions lend within the year of a disruption.
    years_after : int
        Years that are solved after a disruption has ended.
    recovered : float
        Part of the first year's loss below which a region has recovered.
    discount_rate : float
        By which the years after count.
    motion : Settings
        Of relations and capital in the years after.
    """

    backstops: Backstops
    leakage: float
    level: float
    lending: bool
    years_after: int
    recovered: float
    discount_rate: float
    motion: Settings

    @property
    def facts(self) -> dict[str, Any]:
        """Settings for a manifest."""
        return {
            "premium": dict(self.backstops.premium), ETA: self.backstops.eta,
            "backstop_floor": self.backstops.floor, "leakage": self.leakage,
            "cvar_level": self.level, "lending": self.lending, "recovery": self.years_after,
            "recovered": self.recovered,
        }  # fmt: skip


def settings_of(scenario: Scenario, benchmark: Benchmark) -> StressSettings:
    """Settings that a scenario chooses, on a benchmark.

    Raises
    ------
    InputError
        For codes the benchmark does not have, and values that are not possible.
    """
    choice, path = scenario.stress or StressChoice(), choice_of(scenario)
    if choice.home is not None and choice.home not in benchmark.regions:
        raise InputError("unknown region", key="stress.home", value=choice.home,
                         allowed=benchmark.regions)  # fmt: skip
    eta, parameters = _parameters(choice)
    dynamics, knowledge = parameters_of(path)
    return StressSettings(
        backstops=backstops_of(choice, benchmark, parameters, eta),
        leakage=parameters["leakage"] if choice.leakage is None else choice.leakage,
        level=parameters["cvar_level"] if choice.level is None else choice.level,
        lending=choice.lending,
        years_after=choice.recovery,
        recovered=parameters["recovered"],
        discount_rate=dynamics["discount_rate"],
        motion=Settings(
            knowledge["growth"], dynamics["depreciation"], dynamics["sourcing_inertia"],
            dynamics["investment_response"], dynamics["investment_speed"],
            path.capital == "accumulates",
        ),
    )  # fmt: skip


def _parameters(choice: StressChoice) -> tuple[float, ParameterSet]:
    """Elasticity of the premium, and the other parameters with the user's values."""
    given = dict(choice.parameters)
    about_knowledge = {ETA: given.pop(ETA)} if ETA in given else {}
    check_known(given, [*_GIVEN, ETA], "no such parameter", key="stress.parameters")
    try:
        eta = load_knowledge_parameters().with_values(about_knowledge)[ETA]
        return eta, load_disruption_parameters().with_values(given)
    except InputError as error:
        raise error.moved(f"stress.{error.key}") from None
