"""What a stress test is done with: library, parameters, backstops and their premiums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.core.parameters import ParameterSet
from cge.data.accounts.benchmark import Benchmark
from cge.data.backstop_premiums import premiums
from cge.data.library import Library, load_library
from cge.data.parameter_files import load_disruption_parameters, load_knowledge_parameters
from cge.dynamics.recursion import Settings
from cge.experiments.path_setup import choice_of, parameters_of
from cge.experiments.run import beside
from cge.scenario.schema import Scenario
from cge.scenario.stress_options import StressChoice

Array = NDArray[np.float64]

#: Sectors with backstops unless the user says otherwise.
GROUP = "strategic"
#: Word for no backstops.
NONE = "none"
#: Parameters that `stress.parameters` can replace; the others have keys of their own.
_GIVEN = ("backstop_premium", "backstop_premium_ict", "backstop_floor", "recovered")
ETA = "backstop_elasticity"


@dataclass(frozen=True, eq=False)
class StressSettings:
    """A choice of stress test on a benchmark.

    Parameters
    ----------
    backstop : tuple of str
        Sectors whose imports have one.
    premium : mapping of str to float
        By sector, at the knowledge of the baseline.
    eta : float
        Elasticity of the premium's excess over one to knowledge.
    floor : float
        Below which no knowledge brings a premium.
    trickle : float
        What comes through a total ban.
    level : float
        Of the conditional value at risk.
    lending : bool
    years_after : int
        Years that are solved after a disruption has ended.
    recovered : float
        Part of the first year's loss below which a region has recovered.
    discount_rate : float
        By which the years after count.
    recovery : Settings, optional
        How relations and capital move then; None if no years are solved.
    """

    backstop: tuple[str, ...]
    premium: Mapping[str, float]
    eta: float
    floor: float
    trickle: float
    level: float
    lending: bool
    years_after: int
    recovered: float
    discount_rate: float
    recovery: Settings | None

    def premiums(self, benchmark: Benchmark, knowledge: Array | None) -> dict[Any, float]:
        """Return premiums by region and sector.

        phi = max(floor, 1 + (phi0 - 1) K**-eta), with K knowledge relative to the baseline.

        Parameters
        ----------
        benchmark : Benchmark
        knowledge : ndarray (r, j), optional
            None: as on the baseline everywhere.
        """
        found = {}
        for r, region in enumerate(benchmark.regions):
            for sector in self.backstop:
                known = 1.0
                if knowledge is not None:
                    known = float(knowledge[r, benchmark.sectors.index(sector)])
                excess = (self.premium[sector] - 1.0) * known**-self.eta
                found[region, sector] = max(self.floor, 1.0 + excess)
        return found

    def told(self) -> dict[str, Any]:
        """Return the settings for a manifest."""
        return {
            "backstop": list(self.backstop), "premium": dict(self.premium),
            "backstop_elasticity": self.eta, "backstop_floor": self.floor,
            "trickle": self.trickle, "cvar_level": self.level, "lending": self.lending,
            "recovery": self.years_after, "recovered": self.recovered,
        }  # fmt: skip


def settings_of(scenario: Scenario, benchmark: Benchmark) -> StressSettings:
    """Return what a scenario's choice means on a benchmark.

    Raises
    ------
    InputError
        For codes the benchmark does not have, and values that are not possible.
    """
    choice = scenario.stress or StressChoice()
    if choice.home is not None and choice.home not in benchmark.regions:
        raise InputError("unknown region", key="stress.home", value=choice.home,
                         allowed=benchmark.regions)  # fmt: skip
    eta, parameters = _parameters(choice)
    sectors = _backstop(choice, benchmark)
    level = choice.premium if isinstance(choice.premium, str) else "central"
    premium = premiums(benchmark, sectors, level, parameters)
    floor = parameters["backstop_floor"]
    if not isinstance(choice.premium, str):
        for name, value in choice.premium.items():
            for code in benchmark.codes("sectors", name, "stress.premium"):
                if code not in sectors:
                    raise InputError("has no backstop", key="stress.premium", value=name,
                                     allowed=sectors or "sectors of stress.backstop")  # fmt: skip
                if value < floor:
                    raise InputError(
                        "is below what any knowledge brings it to", key=f"stress.premium.{name}",
                        value=value, allowed=f"{floor:g} (backstop_floor) or more",
                    )  # fmt: skip
                premium[code] = float(value)
    trickle = parameters["trickle"] if choice.trickle is None else choice.trickle
    cvar_level = parameters["cvar_level"] if choice.level is None else choice.level
    path = choice_of(scenario)
    dynamics, knowledge = parameters_of(path)
    recovery = Settings(
        knowledge["growth"], dynamics["depreciation"], dynamics["sourcing_inertia"],
        dynamics["investment_response"], dynamics["investment_speed"],
        path.capital == "accumulates",
    )  # fmt: skip
    return StressSettings(
        sectors, premium, eta, floor, trickle, cvar_level, choice.lending, choice.recovery,
        parameters["recovered"], dynamics["discount_rate"],
        recovery if choice.recovery else None,
    )  # fmt: skip


def _parameters(choice: StressChoice) -> tuple[float, ParameterSet]:
    """Return the elasticity of the premium and the other parameters, the user's among them."""
    shipped = load_knowledge_parameters().entries[ETA]
    given = dict(choice.parameters)
    eta = given.pop(ETA, shipped.value)
    if not 0 <= eta <= 10:
        raise InputError("value is not possible", key=f"stress.parameters.{ETA}", value=eta,
                         allowed="a number from 0 to 10")  # fmt: skip
    for name in given:
        if name not in _GIVEN:
            raise InputError("no such parameter", key="stress.parameters", value=name,
                             allowed=[*_GIVEN, ETA])  # fmt: skip
    try:
        return float(eta), load_disruption_parameters().with_values(given)
    except InputError as error:
        raise error.moved(f"stress.{error.key}") from None


def _backstop(choice: StressChoice, benchmark: Benchmark) -> tuple[str, ...]:
    given = choice.backstop
    if given is None:
        return tuple(benchmark.groups.get("sectors", {}).get(GROUP, ()))
    if given == NONE or not given:
        return ()
    chosen = benchmark.codes("sectors", given, "stress.backstop")
    return tuple(code for code in benchmark.sectors if code in chosen)


def library_of(choice: StressChoice, folder: Path | None) -> Library:
    """Return the library of disruptions that a choice names.

    Raises
    ------
    InputError
        With its file, key and value.
    """
    return load_library(None if choice.library is None else beside(choice.library, folder))
