"""What figures that are read need is worked out, and nothing else: the same as with the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cge.results.reads import Read
from cge.results.resultset import ResultSet
from cge.scenario.schema import Scenario
from cge.stress.stress_cases import solve_chunks
from cge.studies.comparison import Comparison
from cge.studies.drawable import Drawable
from cge.studies.path import DynamicPath
from cge.studies.static import Static
from cge.studies.stress import StressTest
from cge.studies.study import opened, run_study
from cge.tasks.runner import Runner, Serial, Task

BENCHMARK = {"table": "wiod2013", "year": 2011, "aggregation": "small"}
BACK = {"name": "back", "policy": [{"instrument": "tariff", "exporter": "USA", "importer": "CHN",
                                    "sector": "goods", "add": 0.1}]}  # fmt: skip
OUT = {"name": "out", "policy": [{"instrument": "tariff", "exporter": "CHN", "importer": "USA",
                                  "sector": "goods", "add": 0.1}]}  # fmt: skip
STRESS = {"disruptions": ["controls-west-china-*", "country-CHN", "sea-transport"],
          "backstop": ["ELEC", "VEH"], "leverage": True, "home": "CHN"}  # fmt: skip


def asked(**given: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "two",
            "benchmark": BENCHMARK,
            "elasticities": ["boehm"],
            "variants": [BACK, OUT],
            **given,
        }
    )


def whole_of(study: Drawable) -> ResultSet:
    """Results as ever."""
    return run_study(study, Runner(1, cache=None))


def read_of(study: Drawable, *reads: Read) -> tuple[ResultSet, Counter[str]]:
    """Results for some figures alone, and how often what was done for them."""
    done: Counter[str] = Counter()

    class Counted(Serial):
        def run(self, tasks: Sequence[Task]) -> list[Any]:
            for task in tasks:
                disruptions = task.function is solve_chunks  # of these each is one
                done[task.function.__name__] += (
                    sum(len(chunk.disruptions) for chunk in task.content) if disruptions else 1
                )
            return super().run(tasks)

    narrow = replace(study, reads=reads, only=tuple({one.measure for one in reads}))
    with opened(narrow, Runner(1, cache=None)) as session:
        return Counted(session.place).drive(narrow.work()), done


def both(study: Drawable, *reads: Read) -> tuple[ResultSet, ResultSet, Counter[str]]:
    return whole_of(study), *read_of(study, *reads)


@pytest.fixture(scope="module")
def stressed() -> tuple[StressTest, ResultSet]:
    """A stress test with all that it has."""
    study = StressTest(asked(stress=STRESS))
    return study, whole_of(study)


def check_alike(whole: ResultSet, own: ResultSet, *reads: Read) -> None:
    for one in reads:
        rows = []
        for results in (whole, own):
            frame = results.rows
            here = (frame["variant"] == one.variant) & (frame["measure"] == one.measure)
            for name in ("region", "partner", "sector", "item", "disruption"):
                if getattr(one, name):
                    here &= frame[name] == getattr(one, name)
            year = frame["path_year"]
            here &= year.isna() if not one.year else (year == one.year).fillna(False)
            rows.append(frame[here][["value", "change"]].to_numpy(float))
        assert len(rows[0]) == len(rows[1]) > 0
        np.testing.assert_allclose(rows[1], rows[0], rtol=1e-9, atol=1e-11)


def test_of_a_static_study_the_variants_that_are_read_are_solved() -> None:
    reads = [Read("out", "equivalent_variation", region="CHN")]
    whole, own, done = both(Static(asked()), *reads)
    check_alike(whole, own, *reads)
    assert done["solve_variant"] == 1 and set(own.rows["variant"]) == {"out"}


@pytest.mark.parametrize("study", [Static(asked()), DynamicPath(asked(path={"years": 2}))])
def test_parts_of_welfare_that_are_read_are_those_of_all_shocks_together(study: Drawable) -> None:
    year = 2 if study.kind == "path" else 0
    whole, own, _ = both(study, Read("out", "ev_part", year=year, region="CHN"))
    assert {*own.rows["shock"]} == {""} < {*whole.rows["shock"]}
    parts = []
    for results in (whole, own):
        rows = results.rows
        here = (rows["variant"] == "out") & (rows["measure"] == "ev_part") & (rows["shock"] == "")
        here &= rows["path_year"].fillna(0).eq(year) & (rows["region"] == "CHN")
        parts.append(rows[here].groupby("item", observed=True)["value"].sum())
    told, read = parts[0].align(parts[1], fill_value=0.0)  # what is nothing has no row
    assert (read != 0).sum() > 3
    np.testing.assert_allclose(read, told, rtol=0, atol=2e-5 * told.abs().max())


def test_a_variant_to_which_one_that_is_read_is_held_equal_is_solved_too() -> None:
    equal = {"region": "CHN", "welfare": "third"}
    unsized = [{key: value for key, value in one.items() if key != "add"} for one in OUT["policy"]]
    scenario = asked(variants=[BACK, {**BACK, "name": "third", "equal": equal},
                               {**OUT, "policy": unsized, "equal": equal}])  # fmt: skip
    own = Static(scenario, reads=(Read("out", "equivalent_variation", region="CHN"),))
    assert [one.variant for one in own.members] == ["third", "out"]


def test_a_variant_that_there_is_not_leaves_all_of_them_to_be_told_of() -> None:
    reads = (Read("neither", "equivalent_variation", region="CHN"),)
    assert len(Static(asked(), reads=reads).members) == 2


def test_of_a_path_only_years_that_are_read_are_collected() -> None:
    reads = [Read("out", "equivalent_variation", year=2, region="CHN"),
             Read("out", "present_value", region="CHN")]  # fmt: skip
    whole, own, done = both(DynamicPath(asked(path={"years": 3})), *reads)
    check_alike(whole, own, *reads)
    assert done["solve_path"] == 1
    assert set(own.rows["path_year"].dropna()) == {2}


@pytest.mark.parametrize(("read", "solved"), [
    (Read("out", "equivalent_variation", region="CHN"), 0),
    (Read("out", "ban_harm", region="USA", partner="CHN"), 1),
    (Read("out", "irreplaceability", region="CHN", sector="ELEC"), 1),
    (Read("out", "loss", region="CHN", disruption="sea-transport"), 1),
    (Read("out", "loss_by_family", "export_control", region="CHN"), 4),
    (Read("out", "cvar", region="CHN"), 6),
])  # fmt: skip
def test_of_a_stress_test_only_disruptions_that_figures_need_are_solved(
    read: Read, solved: int, stressed: tuple[StressTest, ResultSet]
) -> None:
    """With the policy and without it, from which changes are taken."""
    study, whole = stressed
    own, done = read_of(study, read)
    check_alike(whole, own, read)
    losses = whole.rows[(whole.rows["measure"] == "loss") & (whole.rows["region"] == "CHN")]
    every = len(losses["disruption"].unique())
    assert {case["variant"] for case in own.manifest["cases"]} == {"no policy", "out"}
    assert done["solve_chunks"] == 2 * solved < 2 * every - 20


def test_of_policies_compared_only_years_that_figures_need_are_tested() -> None:
    reads = [Read("out", "cvar", year=3, region="CHN"), Read("back", "present_value", region="CHN"),
             Read("back", "equivalent_variation", year=2, region="CHN")]  # fmt: skip
    stress = {**STRESS, "years": [1, 3], "leverage": False}
    whole, own, done = both(Comparison(asked(path={"years": 3}, stress=stress)), *reads)
    check_alike(whole, own, *reads)
    tested = own.rows[own.rows["measure"] == "cvar"]
    assert set(tested["path_year"]) == {3} and set(tested["variant"]) == {"no policy", "out"}
    assert done["solve_path"] == 2
