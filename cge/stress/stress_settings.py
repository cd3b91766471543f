"""Settings of a stress test on a benchmark, domestic stand-ins for imports among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cge.core.errors import below, check_known, refuse_if
from cge.core.parameters import ParameterSet
from cge.data.accounts.benchmark import Benchmark
from cge.data.parameters.backstop_premiums import premiums
from cge.data.parameters.parameter_files import (
    load_disruption_parameters,
    load_knowledge_parameters,
)
from cge.dynamics.capital import Settings
from cge.dynamics.stand_ins import StandIns
from cge.path.laws import choice_of, motion_of, parameters_of
from cge.policy.closures import responses_of, short_run_parameters
from cge.resilience.preshock import ShortRun
from cge.scenario.schema import Scenario
from cge.scenario.study_options import StressChoice

#: Sectors with backstops unless the user says otherwise.
GROUP = "strategic"
#: Word for no backstops.
NONE = "none"
#: Parameters that `stress.parameters` can replace; the others have keys of their own.
GIVEN = (
    "backstop_premium",
    "backstop_premium_ict",
    "backstop_floor",
    "recovered",
    "annual_cvar_level",
)
ETA = "backstop_elasticity"


def stand_ins_of(
    choice: StressChoice, benchmark: Benchmark, parameters: ParameterSet, eta: float
) -> StandIns:
    """Backstops that a choice means on a benchmark.

    Parameters
    ----------
    choice : StressChoice
    benchmark : Benchmark
    parameters : ParameterSet
        With the user's values.
    eta : float
        See :class:`cge.dynamics.stand_ins.StandIns`.

    Raises
    ------
    InputError
        For codes the benchmark does not have, and premiums below the floor.
    """
    sectors, floor = _sectors(choice, benchmark), parameters["backstop_floor"]
    level = choice.premium if isinstance(choice.premium, str) else "central"
    found = premiums(benchmark, sectors, level, parameters)
    given = {} if isinstance(choice.premium, str) else choice.premium
    for name, value in given.items():
        for code in benchmark.codes("sectors", name, "stress.premium"):
            refuse_if(code not in sectors, "has no backstop", key="stress.premium", value=name,
                      allowed=sectors or "sectors of stress.backstop")  # fmt: skip
            refuse_if(value < floor, "is below what any knowledge brings it to",
                      key=f"stress.premium.{name}", value=value,
                      allowed=f"{floor:g} (backstop_floor) or more")  # fmt: skip
            found[code] = float(value)
    return StandIns(found, eta, floor)


def _sectors(choice: StressChoice, benchmark: Benchmark) -> tuple[str, ...]:
    given = choice.backstop
    if given is None:
        return tuple(benchmark.groups.get("sectors", {}).get(GROUP, ()))
    if given in (NONE, [NONE]) or not given:
        return ()
    chosen = benchmark.codes("sectors", given, "stress.backstop")
    return tuple(code for code in benchmark.sectors if code in chosen)


@dataclass(frozen=True)
class StressSettings:
    """Settings of a stress test on a benchmark.

    Parameters
    ----------
    stand_ins : StandIns
    leakage : float
        Part of a volume that comes through a total ban.
    level : float
        Of the conditional value at risk.
    annual_level : float
        Of that of a year, in most of which nothing happens.
    run : ShortRun
        How far wages and spending adjust within the year of a disruption.
    years_after : int
        Years that are solved after a disruption has ended.
    recovered : float
        Part of the first year's loss below which a region has recovered.
    discount_rate : float
        By which the years after count.
    motion : Settings
        Of relations and capital in the years after.
    """

    stand_ins: StandIns
    leakage: float
    level: float
    annual_level: float
    run: ShortRun
    years_after: int
    recovered: float
    discount_rate: float
    motion: Settings

    @property
    def facts(self) -> dict[str, Any]:
        """Settings for a manifest."""
        return {
            "premium": dict(self.stand_ins.premium), ETA: self.stand_ins.eta,
            "backstop_floor": self.stand_ins.floor, "leakage": self.leakage,
            "cvar_level": self.level, "annual_cvar_level": self.annual_level,
            "adjustment": self.run.adjustment, "recovery": self.years_after,
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
    check_known({choice.home} - {None}, benchmark.regions, "unknown region", key="stress.home")
    eta, parameters = _parameters(choice)
    dynamics, knowledge = parameters_of(path)
    short = short_run_parameters(scenario.closure)
    return StressSettings(
        stand_ins=stand_ins_of(choice, benchmark, parameters, eta),
        leakage=parameters["leakage"] if choice.leakage is None else choice.leakage,
        level=parameters["cvar_level"] if choice.level is None else choice.level,
        annual_level=parameters["annual_cvar_level"],
        run=ShortRun(choice.adjustment, responses_of(scenario.closure)),
        years_after=choice.recovery,
        recovered=parameters["recovered"],
        discount_rate=dynamics["discount_rate"],
        motion=motion_of(path, dynamics, knowledge, short),
    )  # fmt: skip


def _parameters(choice: StressChoice) -> tuple[float, ParameterSet]:
    """Elasticity of the premium, and the other parameters with the user's values."""
    given = dict(choice.parameters)
    about_knowledge = {ETA: given.pop(ETA)} if ETA in given else {}
    check_known(given, [*GIVEN, ETA], "no such parameter", key="stress.parameters")
    with below("stress"):
        eta = load_knowledge_parameters().with_values(about_knowledge)[ETA]
        others = load_disruption_parameters().with_values(given)
    return eta, others
