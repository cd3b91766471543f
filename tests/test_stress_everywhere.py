"""Every shipped scenario, static or path, stands the whole library of disruptions."""

from __future__ import annotations

import numpy as np
import pytest

from cge.core.content import content_dir
from cge.experiments.path_setup import choice_of
from cge.experiments.stress import needs_years, run_stress
from cge.scenario.schema import load_scenario
from cge.scenario.stress_options import StressChoice
from cge.scenario.variants import members
from cge.solve.cache import default_folder

SCENARIOS = sorted(path.stem for path in content_dir("experiments").glob("*.yaml")
                   if not path.stem.startswith("frontier-"))  # fmt: skip
#: Years of a path that are tested: the surprise, and when much has adapted.
YEARS = [1, 3]


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_disruption_has_an_equilibrium_from_every_shipped_scenario(name: str) -> None:
    scenario = load_scenario(name)
    if any(needs_years(member.scenario) for member in members(scenario)):
        path = choice_of(scenario).model_copy(update={"returns": ["central"]})
        scenario = scenario.model_copy(update={"stress": StressChoice(years=YEARS), "path": path})
    run = run_stress(scenario, workers=1, cache_folder=default_folder())
    failures = [(case.stage.label, *failure) for case in run.cases for failure in case.failures]
    assert not failures
    assert np.isfinite([case.losses for case in run.cases]).all()
    assert len(run.disruptions) >= 30 and not run.left_out
    # Nobody loses more than a disruption can take: a half of what he makes himself.
    assert max(case.losses.max() for case in run.cases) < 0.5
