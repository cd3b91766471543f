"""A new action is one class: read, worded, checked and solved without another line of code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from policies import cells, scenario, solved
from pydantic import Field

from cge import InputError, Model
from cge.core.files import validate
from cge.data.accounts.benchmark import Benchmark
from cge.data.knowledge.stocks import KnowledgeData
from cge.scenario.knowledge_actions import KnowledgeMeasure, KnowledgeSetting
from cge.scenario.responses import Response
from cge.scenario.schema import Scenario
from cge.studies.path import solve_paths

Array = NDArray[np.float64]

TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "ELEC"}


@pytest.fixture(autouse=True)
def _kinds_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds that a test declares are gone when it ends."""
    for base in (Response, KnowledgeMeasure):
        monkeypatch.setattr(base, "kinds", dict(base.kinds))


def test_a_new_kind_of_response_is_one_class() -> None:
    class Safeguard(Response):
        """Each of `by` raises tariffs on a sector from all but `spared`."""

        named = "safeguard"
        spared: str
        add: float = Field(gt=0)

        @property
        def words(self) -> str:
            return f"safeguard by {self.by}, {100 * self.add:g} points"

        def points(self, model: Model, powers: Array, outcomes: Array) -> Array:
            b, tariff = model.benchmark, model.variables["tariff"]
            _, exporter, sector, importer = tariff.codes
            by = b.codes("regions", self.by, "by")
            spared = b.codes("regions", self.spared, "spared")
            hit = np.isin(importer, by) & ~np.isin(exporter, spared) & (sector == self.sector)
            return np.where(hit & (exporter != importer), self.add, 0.0)

    entry = {"kind": "safeguard", "by": "EU", "sector": "ELEC", "spared": "USA", "add": 0.1}
    case = solved({**TARIFF, "add": 0.2}, responses=[entry])
    moved = cells(case.solution, "tariff", "r != s and value > benchmark + 1e-12")
    assert set(moved.loc[moved.index.get_level_values("s") == "EU"].index.unique("r")) == {
        "CHN", "ASIA", "ROW"
    }  # fmt: skip
    assert case.replies[0].text.startswith("safeguard by EU, 10 points: 10 points on ")
    assert scenario(responses=[entry]).lines == ["safeguard by EU, 10 points"]
    content = scenario().model_dump(by_alias=True, exclude_unset=True)
    for wrong, key, says in (
        ({**entry, "add": 0}, "responses.0.add", "greater than 0"),
        ({**entry, "chi": 1}, "responses.0.chi", "unknown key.*allowed: .*spared"),
        ({"kind": "safeguards"}, "responses.0.kind", "did you mean 'safeguard'"),
    ):
        with pytest.raises(InputError, match=says) as error:
            validate(Scenario, {**content, "responses": [wrong]}, None)
        assert error.value.key == key
    with pytest.raises(InputError, match=r"responses\.0\.spared.*'X'"):
        solved({**TARIFF, "add": 0.2}, responses=[{**entry, "spared": "X"}])


def test_a_new_instrument_about_knowledge_is_one_class() -> None:
    class Exchange(KnowledgeMeasure):
        """Spending on diffusion at home that also opens a region to knowledge from all others."""

        named, called, outlay = "exchange", "exchange of researchers", "exchange"
        sizes: ClassVar[tuple[str, ...]] = ("budget",)
        region: str
        budget: float

        def cells(self, benchmark: Benchmark, data: KnowledgeData) -> NDArray[np.bool_]:
            return self.mask("region", "regions", benchmark)

        def moves(self, met: KnowledgeSetting) -> Mapping[str, Array]:
            openness = np.zeros_like(met.before.openness)
            openness[:, met.cells] = 0.1 * met.share
            return {"diffusion": met.spending, "openness": openness}

    entry = {"instrument": "exchange", "region": "CHN", "budget": 0.001, "start": 2}
    asked = scenario(knowledge=[entry], path={"years": 3})
    assert asked.lines == [
        "exchange of researchers (region CHN) with outlay of 0.1 % of GDP, from year 2"
    ]
    (path,) = solve_paths(asked).values()
    first, _, last = path.years
    assert (first.policy.openness == 1).all() and not first.outlays
    assert last.policy.openness[1, 0] == pytest.approx(1.1) and last.policy.diffusion[0] > 0
    assert last.moved == ("knowledge.0",)
    gdp = last.solution.outcome("gdp[CHN]")
    assert last.outlays[0][0] / gdp == pytest.approx(0.001)
    assert last.productivity["foreign"][0].min() > 0
    with pytest.raises(InputError, match=r"knowledge\.0\.region.*'X'"):
        solve_paths(scenario(knowledge=[{**entry, "region": "X"}], path={"years": 2}))
