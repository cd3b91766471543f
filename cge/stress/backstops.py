"""Domestic stand-ins for imports: of which sectors, and at what premium."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.core.parameters import ParameterSet
from cge.data.accounts.benchmark import Benchmark
from cge.data.parameters.backstop_premiums import premiums
from cge.scenario.stress_options import StressChoice

Array = NDArray[np.float64]

#: Sectors with backstops unless the user says otherwise.
GROUP = "strategic"
#: Word for no backstops.
NONE = "none"


@dataclass(frozen=True)
class Backstops:
    """Premiums of stand-ins over the price of the import.

    Parameters
    ----------
    premium : mapping of str to float
        By sector, at the knowledge of the baseline.
    eta : float
        Elasticity of the premium's excess over one to knowledge.
    floor : float
        Least premium at any knowledge.
    """

    premium: Mapping[str, float]
    eta: float
    floor: float

    @property
    def sectors(self) -> tuple[str, ...]:
        """Sectors whose imports have one."""
        return tuple(self.premium)

    def premiums(
        self, benchmark: Benchmark, knowledge: Array | None = None
    ) -> dict[tuple[str, str], float]:
        """Premiums by region and sector.

        phi = max(floor, 1 + (phi0 - 1) K**-eta), with K knowledge relative to the baseline.

        Parameters
        ----------
        benchmark : Benchmark
        knowledge : ndarray (r, j), optional
            None: as on the baseline everywhere.
        """
        found = {}
        for r, region in enumerate(benchmark.regions):
            for sector, premium in self.premium.items():
                known = 1.0
                if knowledge is not None:
                    known = float(knowledge[r, benchmark.sectors.index(sector)])
                found[region, sector] = max(self.floor, 1.0 + (premium - 1.0) * known**-self.eta)
        return found


def backstops_of(
    choice: StressChoice, benchmark: Benchmark, parameters: ParameterSet, eta: float
) -> Backstops:
    """Backstops that a choice means on a benchmark.

    Parameters
    ----------
    choice : StressChoice
    benchmark : Benchmark
    parameters : ParameterSet
        With the user's values.
    eta : float
        See :class:`Backstops`.

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
            if code not in sectors:
                raise InputError("has no backstop", key="stress.premium", value=name,
                                 allowed=sectors or "sectors of stress.backstop")  # fmt: skip
            if value < floor:
                raise InputError(
                    "is below what any knowledge brings it to", key=f"stress.premium.{name}",
                    value=value, allowed=f"{floor:g} (backstop_floor) or more",
                )  # fmt: skip
            found[code] = float(value)
    return Backstops(found, eta, floor)


def _sectors(choice: StressChoice, benchmark: Benchmark) -> tuple[str, ...]:
    given = choice.backstop
    if given is None:
        return tuple(benchmark.groups.get("sectors", {}).get(GROUP, ()))
    if given in (NONE, [NONE]) or not given:
        return ()
    chosen = benchmark.codes("sectors", given, "stress.backstop")
    return tuple(code for code in benchmark.sectors if code in chosen)
