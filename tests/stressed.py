"""Stress tests of small scenarios, with what they consist of, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from policies import scenario

from cge import Model
from cge.resilience.preshock import PreShock
from cge.results.collect import Wanted
from cge.results.row_schema import TEXT, joined, labelled
from cge.scenario.schema import Scenario, completed
from cge.solve.plain import closure_from_plain
from cge.stress.stress_cases import StressCase
from cge.stress.stress_plan import plan_of
from cge.studies.stress import Equilibria, Tested, solved_cases
from cge.tasks.runner import Runner

LIBRARY = """
weightings:
  default: {domestic: 0.5, abroad: 0.3, control: 0.2}
  other: {domestic: 0.1, abroad: 0.1, control: 0.8}
disruptions:
  - {name: "country-{region}", title: "{region}", each: {regions: [CHN, EU]}, duration: 1,
     families: {hit: domestic, other: abroad},
     events: [{type: supply, region: "{region}", sector: all, loss: 0.05}]}
  - {name: embargo, duration: 2, families: {target: control},
     events: [{type: ration, exporter: all but CHN, importer: CHN, sector: ELEC, loss: 1.0}]}
  - {name: half, duration: 1, families: {},
     events: [{type: ration, exporter: EU, importer: USA, sector: HMAN, loss: 0.5}]}
  - {name: silence, duration: 5, families: {},
     events: [{type: knowledge, source: USA, learner: CHN, openness: 0.0}]}
"""
#: A library of one disruption, where what is added to it takes its time.
ONE = """
weightings: {default: {domestic: 1.0}}
disruptions:
  - {name: country-EU, duration: 2, families: {hit: domestic},
     events: [{type: supply, region: EU, sector: all, loss: 0.05}]}
"""
TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods",
          "add": 0.5}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tried(Tested):
    """What a stress test found, before it is rows of results."""

    @cached_property
    def table(self) -> pd.DataFrame:
        """All rows, in plain columns."""
        rows = joined(labelled(rows, **labels) for labels, rows, _ in self.rows())
        return rows.astype(dict.fromkeys(TEXT, object))

    def loss(self, case: StressCase, name: str, region: str) -> float:
        """Loss of a region from a disruption."""
        row = [one.name for one in self.plan.every].index(name)
        return float(case.losses[row, self.plan.benchmark.regions.index(region)])


def chosen(library: str | None, *policy: dict[str, Any], **keys: Any) -> Scenario:
    """A scenario of the small world with a library of its own."""
    own = {"library": library, **keys.pop("stress", {})}
    own = {name: value for name, value in own.items() if value is not None}
    return completed(scenario(*policy, **{"elasticities": ["boehm"], "stress": own, **keys}))


def stress(
    library: str | None, *policy: dict[str, Any], runner: Runner | None = None,
    wanted: tuple[Wanted, ...] = (Wanted(1),), **keys: Any,
) -> Tried:  # fmt: skip
    """Test a scenario in this process."""
    return tried(chosen(library, *policy, **keys), runner, wanted)


def tried(
    told: Scenario, runner: Runner | None = None, wanted: tuple[Wanted, ...] = (Wanted(1),)
) -> Tried:
    """Test a scenario, by default in this process."""
    made = Equilibria(plan_of(told), "newton", wanted, "stress")
    with (runner or Runner(1)).open() as session:
        tested = session.drive(solved_cases(made))
    return Tried(tested.plan, tested.cases)


def equilibria(told: Scenario) -> list[Any]:
    """Pre-shock equilibria of a scenario, disruptions not solved."""
    with Runner(1).open() as session:
        made = Equilibria(plan_of(told), "newton", (Wanted(1),), "stress")
        return session.drive(made.made())


def pre_shock_of(one: Any) -> PreShock:
    """A pre-shock equilibrium."""
    model = Model.build(one.benchmark, "short", one.settings.stand_ins.sectors)
    return PreShock(model, one.plain["levels"], closure_from_plain(one.plain["closure"]))


def figure(one: Any, measure: str) -> np.ndarray:
    """A measure of a pre-shock equilibrium by region."""
    rows = one.plain["rows"]
    rows = rows[rows["measure"] == measure].set_index("region")["value"]
    return rows.reindex(list(one.benchmark.regions)).to_numpy(float)
