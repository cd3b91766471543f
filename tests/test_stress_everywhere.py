"""Every shipped scenario, static or path, stands the whole library of disruptions."""

from __future__ import annotations

import numpy as np
import pytest
from stressed import tried

from cge.core.content import content_dir
from cge.path.laws import choice_of
from cge.scenario.schema import load_scenario
from cge.scenario.study_options import StressChoice
from cge.scenario.variants import ScenarioSet

SCENARIOS = sorted(path.stem for path in content_dir("experiments").glob("*.yaml")
                   if not path.stem.startswith(("frontier-", "nash-", "insurance-",
                                                "backtest")))  # fmt: skip
#: Years of a path that are tested: the surprise, and when much has adapted.
YEARS = [1, 3]


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_disruption_has_an_equilibrium_from_every_shipped_scenario(name: str) -> None:
    scenario = load_scenario(name)
    if any(member.scenario.is_path for member in ScenarioSet(scenario).members):
        path = choice_of(scenario).model_copy(update={"returns": ["central"]})
        changed = scenario.model_copy(update={"stress": StressChoice(years=YEARS), "path": path})
        changed._places, changed._folder = scenario._places, scenario._folder
        scenario = changed
    run = tried(scenario, wanted=())
    failures = [(case.equilibrium.label, *one) for case in run.cases for one in case.failures]
    assert not failures
    assert np.isfinite([case.losses for case in run.cases]).all()
    assert len(run.plan.disruptions) >= 30 and not run.plan.left_out
    # Nobody loses more than a disruption can take: a half of what he makes himself.
    assert max(case.losses.max() for case in run.cases) < 0.5
