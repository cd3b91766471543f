"""Margins of instruments, and a budget spread by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import Outcome
from reports import ODD, made

import cge as package
from cge.frontier.evaluation import Evaluator
from cge.frontier.slopes import BY_CONTRIBUTION, BY_SIZE, Slopes, slopes, spread_budget
from cge.policy.benchmarks import benchmarks_of
from cge.report.kinds import build
from cge.resilience.losses import cvar, tail_weights
from cge.results.resultset import ResultSet
from cge.results.row_schema import Rows, joined
from cge.scenario.schema import Scenario
from cge.studies.frontier import checked_choice, contents, problem_of

ABROAD = ["controls-west-china-*", "country-USA", "country-ROW", "sea-transport"]
SUBSIDY = {"name": "subsidy", "instrument": "output_subsidy", "sector": "manufacturing",
           "each": "sector", "high": 0.3}  # fmt: skip
TARIFF = {"name": "tariff", "instrument": "tariff", "sector": "goods", "high": 0.3}


def content(**frontier: Any) -> dict[str, Any]:
    return {
        "name": "margins", "elasticities": ["fontagne"], "stress": {"disruptions": ABROAD},
        "benchmark": {"table": "wiod2013", "year": 2011, "aggregation": "small"},
        "frontier": {"region": "CHN", "instruments": [SUBSIDY, TARIFF], "budget": 0.004,
                     **frontier},
    }  # fmt: skip


@lru_cache(maxsize=1)
def evaluator() -> Evaluator:
    scenario = Scenario.model_validate(content(versions=["unilateral"]))
    (_, asked), = contents(scenario, checked_choice(scenario), benchmarks_of(scenario))  # fmt: skip
    return Evaluator(problem_of(asked))


@lru_cache(maxsize=1)
def found() -> ResultSet:
    return package.run(Scenario.model_validate(content()), study="margins", workers=1)


def marginal(sets: Sequence[str] = ("fontagne",)) -> ResultSet:
    """Margins of two instruments, and two ways to spread a budget, by hand."""
    results, frames = made(), []
    for name in sets:
        rows = Rows()
        for n, item in enumerate(ODD[:2]):
            own = {"region": "USA", "item": item}
            rows.add("marginal_welfare", 0.5 - n, **own)
            rows.add("marginal_welfare", 0.01, **{**own, "region": "World"})
            rows.add("marginal_risk", -0.02, **own)
        own = {"region": "USA", "item": ODD[0]}
        rows.add("marginal_outlay", 0.3, **own)
        rows.add("risk_per_outlay", -0.07, **own)
        frames.append(rows.frame(study="margins", scenario="m", title="M", elasticities=name))
        for variant, size in ((BY_SIZE, 1.0), (BY_CONTRIBUTION, 2.0)):
            rows = Rows()
            rows.add("outlay_share", 0.4, region="USA")
            rows.add("equivalent_variation", [-0.1 * size, 0.01], region=["USA", "World"])
            rows.add("cvar", 4.0 - size, benchmark=4.0, change=-size, region="USA",
                     weighting="default")  # fmt: skip
            frames.append(rows.frame(study="margins", scenario="m", variant=variant, title="M",
                                     elasticities=name))  # fmt: skip
    return ResultSet(joined(frames), results.manifest)


def test_margins_are_central_differences_of_welfare_risk_and_outlay() -> None:
    at, step = evaluator(), 1e-4
    exact = slopes(at)
    for n, side in enumerate(step * np.eye(len(exact.risk))):
        up, down = at.at(side), at.at(-side)
        slope = (up.variations - down.variations) / (2 * step)
        assert slope == pytest.approx(exact.variations[:, n], rel=1e-5, abs=1e-7)
        assert (up.risk - down.risk) / (2 * step) == pytest.approx(exact.risk[n], rel=1e-4)
        assert (up.outlay - down.outlay) / (2 * step) == pytest.approx(exact.outlay[n], abs=1e-6)
    assert (exact.outlay[:-1] > 0).all() and exact.outlay[-1] == 0  # a tariff costs nothing


def test_weights_of_the_tail_make_up_the_conditional_value_at_risk() -> None:
    rng = np.random.default_rng(3)
    for level in (0.0, 0.5, 0.8, 0.95):
        losses, weights = rng.normal(size=12), rng.uniform(size=12)
        tail = tail_weights(losses, weights, level)
        assert tail.sum() == pytest.approx(1) and (tail >= 0).all()
        assert tail @ losses == pytest.approx(float(cvar(losses, weights, level)))


def test_a_budget_is_spread_in_the_proportions_that_are_given_and_spent() -> None:
    at = evaluator()
    for mix in slopes(at).mixes.values():
        rates = spread_budget(at, mix, 0.004)
        assert at.at(rates).outlay == pytest.approx(0.004, abs=1e-10)
        assert rates / rates.max() == pytest.approx(mix / mix.max())


def test_money_by_contribution_follows_what_each_subsidy_takes_off_the_risk() -> None:
    one = Slopes(np.zeros((1, 4)), np.array([-2.0, -1.0, 3.0, -5.0]), np.array([1.0, 2, 1, 0]),
                 np.zeros(1, dtype=np.int64))  # fmt: skip
    assert one.per_outlay[:3] == pytest.approx([-2, -0.5, 3]) and np.isnan(one.per_outlay[3])
    assert one.mixes[BY_SIZE].tolist() == [1, 1, 1, 0]
    money = one.mixes[BY_CONTRIBUTION] * one.outlay
    assert money == pytest.approx([2, 1, 0, 0])  # what adds to the risk, or costs nothing: none
    nothing = Slopes(np.zeros((1, 2)), np.array([1.0, 2.0]), np.array([1.0, 1.0]), one.tail)
    assert not nothing.mixes[BY_CONTRIBUTION].any()


def test_results_hold_a_margin_of_every_instrument_and_both_ways_to_spread() -> None:
    frame = found().to_frame()
    own = frame[(frame["measure"] == "marginal_risk")]
    names = ["subsidy LMAN", "subsidy HMAN", "subsidy ELEC", "subsidy VEH", "tariff"]
    assert list(own["item"]) == names
    exact = slopes(evaluator())
    assert own["value"].to_numpy() == pytest.approx(exact.risk, rel=1e-6)
    world = frame[(frame["measure"] == "marginal_welfare") & (frame["region"] == "World")]
    b = evaluator().problem.long.benchmark
    expected = b.absorption @ exact.variations / b.absorption.sum()
    assert world["value"].to_numpy() == pytest.approx(expected, rel=1e-6)
    spent = frame[frame["measure"] == "outlay_share"].set_index("variant")["value"]
    assert spent[[BY_SIZE, BY_CONTRIBUTION]].to_numpy() == pytest.approx([0.4, 0.4], abs=1e-6)


def test_the_notes_name_the_disruptions_of_the_tail() -> None:
    problem = evaluator().problem
    names = [problem.disruptions[n].name for n in slopes(evaluator()).tail]
    told = [line for line in found().manifest["notes"] if "of which the CVaR is made" in line]
    assert len(told) == 1 and f": {', '.join(names)}." in told[0]
    assert "controls-west-china-ELEC" in names and len(names) < len(problem.counted)


def test_the_page_shows_instruments_and_ways_to_spread_the_budget() -> None:
    page = build("margins", [found()])
    rows = [label for panel in page.panels for label in panel.rows]
    assert rows[-2:] == [BY_SIZE, BY_CONTRIBUTION] and "subsidy ELEC" in rows


def test_without_a_budget_nothing_is_spread() -> None:
    results = package.run(Scenario.model_validate(content(budget=None)), study="margins", workers=1)
    assert set(results.to_frame()["variant"]) == {""}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"path": {"years": 3}}, "margins are of the long run"),
        ({"frontier": {**content()["frontier"], "constraint": "expected"}}, "frontier.constraint"),
        ({"frontier": None}, "frontier"),
        ({"policy": [{"instrument": "tariff", "add": 0.1}]}, "policy"),
        ({"frontier": {**content()["frontier"], "instruments": [
            {**TARIFF, "instrument": "factor_supply", "sector": "all", "each": "sector"}]}},
         "the instrument has no sectors"),
        ({"frontier": {**content()["frontier"], "instruments": [TARIFF]}},
         "none of the instruments is a subsidy"),
    ],
)  # fmt: skip
def test_margins_that_can_not_be_meant_are_refused(
    here: Path, cge: Callable[..., Outcome], change: dict[str, Any], says: str
) -> None:
    Path("mine.yaml").write_text(yaml.safe_dump({**content(), **change}), encoding="utf-8")
    outcome = cge("margins", "mine.yaml", "--workers", "1", "-q")
    assert outcome.code == 2 and says in outcome.err and "Traceback" not in outcome.err
    assert not (here / "results").exists()
