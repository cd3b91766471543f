"""Sets of sectors that the accounts choose: by a measure, at random, and supply chains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import Outcome

import cge as package
from cge.core.errors import InputError
from cge.core.selectors import UnknownCode
from cge.data.accounts.benchmark import Benchmark
from cge.indicators import value_chains as vc
from cge.indicators.exposure_losses import link_extraction_loss
from cge.indicators.world_io import WorldIO
from cge.policy.benchmarks import benchmarks_of
from cge.policy.chosen_sectors import sets_told
from cge.scenario.schema import Scenario

BENCHMARK = {"table": "wiod2013", "year": 2011, "aggregation": "small"}
RANK = {"by": "domar_weight", "region": "CHN", "size": 2, "among": "goods"}
DRAWN = {"by": "random", "size": 2, "among": "goods", "draws": 5}


def scenario(sets: dict[str, Any], **more: Any) -> Scenario:
    content = {"name": "sets", "benchmark": BENCHMARK, "elasticities": ["fontagne"], "sets": sets}
    return Scenario.model_validate({**content, **more})


def benchmark(**sets: Any) -> Benchmark:
    return benchmarks_of(scenario(sets))["fontagne"]


def chosen(b: Benchmark, name: str) -> list[str]:
    return b.codes("sectors", name)


def test_a_set_holds_the_sectors_with_the_largest_values_of_a_measure() -> None:
    b = benchmark(large=RANK, small={**RANK, "lowest": True})
    weights = vc.domar_weights(WorldIO.from_benchmark(b))[b.regions.index("CHN")]
    goods = chosen(b, "goods")
    ranked = sorted(goods, key=lambda code: -weights[b.sectors.index(code)])
    assert set(chosen(b, "large")) == set(ranked[:2])
    assert set(chosen(b, "small")) == set(ranked[-2:])


def test_of_a_measure_by_partner_the_largest_partner_counts_or_the_one_that_is_named() -> None:
    by = {"by": "link_extraction_loss", "region": "CHN", "size": 1, "among": "goods"}
    b = benchmark(any=by, usa={**by, "partner": "USA"})
    goods = b.groups["sectors"]["goods"]
    losses = link_extraction_loss(WorldIO.from_benchmark(b), critical=goods)
    to_china = losses[:, : len(goods), b.regions.index("CHN")]
    assert chosen(b, "any") == [goods[int(np.argmax(to_china.max(axis=0)))]]
    usa = to_china[b.regions.index("USA")]
    assert chosen(b, "usa") == [goods[int(np.argmax(usa))]]


def test_domar_weights_of_an_economy_add_up_to_sales_over_value_added() -> None:
    b = benchmark()
    table = WorldIO.from_benchmark(b)
    sales = table.output.sum(axis=1) / (table.value_added + table.taxes).sum(axis=1)
    assert vc.domar_weights(table).sum(axis=1) == pytest.approx(sales)
    assert (sales > 1).all()


def test_sets_drawn_at_random_are_distinct_and_begin_alike_whatever_their_number() -> None:
    five, ten = benchmark(d=DRAWN), benchmark(d={**DRAWN, "draws": 10})
    sets = [tuple(chosen(ten, f"d-{n}")) for n in range(1, 11)]
    assert len(set(sets)) == 10  # of 5 goods 2 can be drawn in 10 ways: all of them
    assert [tuple(chosen(five, f"d-{n}")) for n in range(1, 6)] == sets[:5]
    other = benchmark(d={**DRAWN, "seed": 2})
    assert [tuple(chosen(other, f"d-{n}")) for n in range(1, 6)] != sets[:5]


def test_a_supply_chain_holds_what_its_sectors_need_through_all_stages() -> None:
    chain = {"inputs_of": "VEH", "region": "CHN", "share": 0.3}
    b = benchmark(chain=chain, longer={**chain, "share": 0.05}, whole={**chain, "share": 1e-9})
    s, j = b.regions.index("CHN"), b.sectors.index("VEH")
    coefficients = b.intermediate[s] / b.output[s]
    # Round by round, as inputs of inputs.
    order, needed = coefficients[:, j], np.zeros(len(b.sectors))
    for _ in range(200):
        needed, order = needed + order, coefficients @ order
    expected = [code for n, code in enumerate(b.sectors) if code == "VEH" or needed[n] >= 0.3]
    assert chosen(b, "chain") == expected
    assert set(expected) < set(chosen(b, "longer"))
    assert chosen(b, "whole") == list(b.sectors)


def test_a_set_may_name_one_that_stands_before_it_and_others_are_said_without_it() -> None:
    b = benchmark(large=RANK, top={**RANK, "among": "large", "size": 1})
    assert set(chosen(b, "top")) < set(chosen(b, "large"))
    assert not set(chosen(b, "all but large")) & set(chosen(b, "large"))


def test_a_policy_on_a_set_is_the_policy_on_its_sectors() -> None:
    codes = chosen(benchmark(large=RANK), "large")
    moved = [
        package.run(
            scenario({"large": RANK} if sector == "large" else {},
                     policy=[{"instrument": "output_subsidy", "region": "CHN", "sector": sector,
                              "add": 0.02}]), workers=1,
        )
        for sector in ("large", codes)
    ]  # fmt: skip
    first, second = (one.to_frame(measure="equivalent_variation")["value"] for one in moved)
    assert first.to_numpy() == pytest.approx(second.to_numpy(), rel=1e-12)
    told = [line for line in moved[0].manifest["notes"] if line.startswith("Sectors 'large'")]
    assert len(told) == 1 and all(code in told[0] for code in codes)


def test_every_set_is_told_with_its_rule_and_its_sectors() -> None:
    sets = scenario({"d": DRAWN, "large": RANK, "chain": {
        "inputs_of": "large", "region": "CHN", "share": 0.1}}).sets  # fmt: skip
    b = benchmarks_of(scenario(sets))["fontagne"]
    told = list(sets_told(b, sets))
    assert len(told) == 3 and told[0].count(";") == 4
    assert "seed 1" in told[0] and "domar_weight" in told[1] and "10 % of output" in told[2]


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        ({"x": {**RANK, "by": "beauty"}}, "is no measure of sectors that the accounts tell"),
        ({"x": {**RANK, "by": "domar_weights"}}, "did you mean 'domar_weight'"),
        ({"x": {**RANK, "region": "west"}}, "is not one region"),
        ({"x": {**RANK, "region": "CHNA"}}, "sets.x.region"),
        ({"x": {**RANK, "among": "good"}}, "sets.x.among"),
        ({"x": {**RANK, "size": 6}}, "more sectors than the benchmark has to choose from"),
        ({"x": {**RANK, "size": 0}}, "sets.x.size"),
        ({"x": {**RANK, "share": 0.1}}, "has no meaning with by: a measure"),
        ({"x": {**RANK, "draws": 3}}, "has no meaning with by: a measure"),
        ({"x": {**RANK, "partner": "USA"}}, "the measure is not of this partner"),
        ({"x": {**DRAWN, "region": "CHN"}}, "has no meaning with by: random"),
        ({"x": {**DRAWN, "draws": 11}}, "more sets than can be drawn"),
        ({"x": {"by": "random"}}, "this key is missing with by: random"),
        ({"x": {"inputs_of": "VEH", "region": "CHN"}}, "this key is missing with inputs_of"),
        ({"x": {"inputs_of": "VEH", "by": "random"}}, "exactly one of by and inputs_of"),
        ({"x": {"region": "CHN"}}, "exactly one of by and inputs_of"),
        ({"goods": RANK}, "is the name of a sector or of a group"),
        ({"VEH": RANK}, "is the name of a sector or of a group"),
        ({"a|b": RANK}, "can not be a code or a group"),
        ({"x-1": RANK, "x": DRAWN}, "is the name of a sector or of a group"),
        ({"x": {**RANK, "colour": "red"}}, "unknown key"),
    ],
)  # fmt: skip
def test_a_set_that_can_not_be_meant_is_refused(
    here: Path, cge: Callable[..., Outcome], sets: dict[str, Any], says: str
) -> None:
    policy = [{"instrument": "tariff", "importer": "CHN", "add": 0.01}]
    content = {"name": "sets", "benchmark": BENCHMARK, "sets": sets, "policy": policy}
    Path("mine.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    outcome = cge("run", "mine.yaml", "--workers", "1", "-q")
    assert outcome.code == 2 and "Traceback" not in outcome.err
    assert says in outcome.err and "mine.yaml" in outcome.err
    assert not (here / "results").exists()


def test_too_few_sectors_are_of_the_kind_for_which_a_claim_is_left_out() -> None:
    with pytest.raises(UnknownCode, match="sectors than the benchmark has"):
        benchmark(x={**RANK, "size": 6})
    with pytest.raises(UnknownCode, match="sets than can be drawn"):
        benchmark(x={**DRAWN, "draws": 11})


def test_variants_share_their_sets() -> None:
    sets = {"large": RANK}
    with pytest.raises(InputError, match="a grid can not change this"):
        package.run(scenario(sets, grid={"sets.large.size": [1, 2]}), workers=1)
