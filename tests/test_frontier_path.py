"""The frontier under a ceiling on the loss from one source, and on a path of years."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.report.drafts.choice import Choice
from cge.report.kinds import build
from cge.results.resultset import ResultSet
from cge.studies.frontier import Frontier
from cge.studies.study import run_study
from cge.tasks.runner import Runner

Array = NDArray[np.float64]

TARIFF = {"name": "tariff", "instrument": "tariff", "sector": "strategic", "high": 0.4}
SUBSIDY = {"name": "subsidy", "instrument": "output_subsidy", "sector": "strategic", "high": 0.1}


def of_frontier(**changes: Any) -> dict[str, Any]:
    """Return a frontier of China on the small aggregation, without a path."""
    return {
        "name": "trial", "elasticities": ["fontagne"], "benchmark": {"aggregation": "small"},
        "frontier": {
            "region": "CHN", "points": 3, "starts": 1, "versions": ["unilateral"],
            "constraint": "export_control", "instruments": [TARIFF], **changes,
        },
    }  # fmt: skip


def run_scenario(content: dict[str, Any], folder: Path) -> ResultSet:
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    return run_study(Frontier(file), Runner(workers=1, cache=folder / "cache"))


# -- one source of disruptions


def test_a_ceiling_on_one_family_is_on_the_mean_loss_from_its_disruptions(here: Path) -> None:
    results = run_scenario(of_frontier(), here)
    rows = results.rows[results.rows["region"] == "CHN"]
    assert "cvar" not in set(rows["measure"]), "a mean loss is not called CVaR"
    risk = rows[rows["measure"] == "expected_loss"].set_index("point")
    lost = rows[rows["measure"] == "loss"].groupby("point")["value"]
    assert (lost.count() == 3).all() and set(risk["weighting"]) == {"export_control"}
    np.testing.assert_allclose(lost.mean(), risk["value"], rtol=1e-9)
    assert (np.diff(risk["value"]) < -1e-3).all(), "each point has less risk"
    assert results.manifest["cases"][0]["constraint"] == "export_control"
    page = build("frontier", [results], Choice())
    (panel,) = page.panels
    assert panel.columns[0].title == "Loss from export control"
    np.testing.assert_allclose(panel.figures[:, 0], risk["value"])


@pytest.mark.parametrize(
    ("content", "key", "says"),
    [
        (of_frontier(constraint="earthquakes"), "frontier.constraint", "no such constraint"),
        ({**of_frontier(), "stress": {"level": 0.9}}, "stress.level", "mean loss"),
        (of_frontier(method="full"), "frontier.method", "mean loss"),
        (of_frontier(disruptions=["pandemic"]), "frontier.disruptions", "weight in the eyes"),
    ],
)  # fmt: skip
def test_a_ceiling_that_can_not_be_is_refused(
    content: dict[str, Any], key: str, says: str, here: Path
) -> None:
    with pytest.raises(InputError) as told:
        run_scenario(content, here)
    assert told.value.key == key and says in str(told.value)
    assert "study.yaml" in str(told.value)
