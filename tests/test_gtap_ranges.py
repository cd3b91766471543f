"""Draws of the parameters of GTAP: what each moves, how far, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Outcome

from cge import Benchmark, InputError, Model, Scenario, calibrate_gtap, open_benchmark
from cge.data.benchmark_store import save_benchmark
from cge.data.elasticities.nests import NEST_AXES
from cge.data.gtap.base_data import GtapData
from cge.data.gtap.gtap_ranges import gtap_multiples, has_gtap_values
from cge.indicators.gtap.gtap_parity import multiplied
from cge.studies.static import Static
from cge.uncertainty.uncertain_parameters import (
    NEAR_ONE,
    UncertainParameter,
    central_values,
    with_values,
)

TARIFFS = {"instrument": "tariff", "exporter": "all", "importer": "all", "sector": "all",
           "power": 1.1}  # fmt: skip
TRADE = Scenario(name="trade", benchmark={"table": "world"}, policy=[TARIFFS])


@pytest.fixture(scope="module")
def b(gtap7: Path) -> Benchmark:
    return calibrate_gtap(gtap7).benchmark


def parameters(b: Benchmark, split: bool = False) -> dict[str, UncertainParameter]:
    """Uncertain parameters of a benchmark by name."""
    made = map(UncertainParameter.multiple, gtap_multiples(b, "long", split))
    return {one.name: one for one in made}


def test_a_published_value_is_one_parameter_and_what_is_nothing_is_none(b: Benchmark) -> None:
    assert list(parameters(b)) == [
        "ESBM[food]", "ESBM[mnfc]", "ESBM[trns, svcs]", "ESBS[trns, svcs]", "ESBV[food]",
        "ESBV[mnfc]", "ESBV[trns]", "ESBV[svcs]", "ESBC", "ESBG", "ESBI", "ETRE[Land]",
        "SUBP[food]", "SUBP[mnfc]", "SUBP[trns]", "SUBP[svcs]",
        *(f"INCP[{code}]" for code in b.sectors),
    ]  # fmt: skip
    apart = list(parameters(b, split=True))
    assert apart[:8] == [f"{name}[{code}]" for name in ("ESBD", "ESBM") for code in b.sectors]
    for one in parameters(b).values():
        assert (one.low, one.central, one.high) == (0.5, 1.0, 1.5)
        assert "multiple" in one.unit and one.status == "assumed" and one.citation


def test_a_draw_of_trade_moves_both_levels(b: Benchmark, gtap_data: GtapData) -> None:
    own, one = b.elasticities["long"], parameters(b)["ESBM[trns, svcs]"]
    moved = with_values(own, [one], [1.5], b.sectors)
    users, imports, carrier = slice(0, -2), -2, -1
    np.testing.assert_allclose(moved.armington[users, 2:], own.armington[users, 2:] * 1.5)
    np.testing.assert_allclose(moved.armington[imports, 2:], 1.5 * gtap_data["ESBM"][2:])
    np.testing.assert_array_equal(moved.armington[:, :2], own.armington[:, :2])
    np.testing.assert_array_equal(moved.armington[carrier], own.armington[carrier])
    for nest in {*NEST_AXES} - {"armington"}:
        np.testing.assert_array_equal(getattr(moved, nest), getattr(own, nest))
    upper = with_values(own, [parameters(b, split=True)["ESBD[svcs]"]], [0.5], b.sectors)
    np.testing.assert_allclose(upper.armington[users, 3], 0.5 * own.armington[users, 3])
    np.testing.assert_array_equal(upper.armington[imports], own.armington[imports])


@pytest.mark.parametrize("name, nest, cells", [
    ("ESBV[mnfc]", "value_added", np.s_[:, 1]), ("ESBC", "intermediate", np.s_[:, :]),
    ("ESBG", "final", np.s_[:, 1]), ("ESBI", "final", np.s_[:, 2]),
    ("ESBS[trns, svcs]", "armington", np.s_[-1, 2:]),
])  # fmt: skip
def test_every_parameter_multiplies_its_own_cells(
    name: str, nest: str, cells: tuple[slice | int, ...], b: Benchmark
) -> None:
    own = b.elasticities["long"]
    moved = with_values(own, [parameters(b)[name]], [0.6], b.sectors)
    wanted = getattr(own, nest).copy()
    wanted[cells] *= 0.6
    np.testing.assert_allclose(getattr(moved, nest), wanted)
    assert moved.household is own.household and moved.around is own


def test_land_moves_between_sectors_as_its_draw_says(b: Benchmark) -> None:
    own, one = b.elasticities["long"], parameters(b)["ETRE[Land]"]
    drawn = with_values(own, [one], [1.4], b.sectors).transformation
    moved = dict(zip(b.factors, drawn[-1]))
    assert (drawn == drawn[0]).all() and moved == {
        "Land": 1.4,
        "UnSkLab": np.inf,
        "SkLab": np.inf,
        "CAP": np.inf,
    }


def test_central_values_are_those_of_gtap_but_for_the_cobb_douglas_limit(b: Benchmark) -> None:
    own, every = b.elasticities["long"], tuple(parameters(b).values())
    assert (central_values(every) == 1).all()
    same = with_values(own, every, central_values(every), b.sectors)
    for nest in NEST_AXES:
        old, new = getattr(own, nest), getattr(same, nest)
        np.testing.assert_allclose(new, old, rtol=NEAR_ONE * 1.01)
        finite = np.isfinite(old) & (old != 1)
        np.testing.assert_array_equal(new[finite], old[finite])
    # Suppliers of transport and what governments buy have one.
    assert (same.final[:, 1] == 1 + NEAR_ONE).all() and (own.final[:, 1] == 1).all()
    assert same.household is own.household


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_demand_of_households_is_regular_at_both_ends(factor: float, b: Benchmark) -> None:
    own = b.elasticities["long"].household
    assert own is not None
    every = [one for name, one in parameters(b).items() if name.startswith("SUBP")]
    moved = with_values(b.elasticities["long"], every, [factor] * len(every), b.sectors).household
    assert moved is not None
    room = np.minimum(own.substitution, 1 - own.substitution)
    assert ((moved.substitution > 0) & (moved.substitution < 1)).all()
    np.testing.assert_allclose(moved.substitution - own.substitution, (factor - 1) * room)
    np.testing.assert_allclose(moved.expansion, own.expansion)  # what it is, substitution aside
    one = parameters(b)["INCP[food]"]
    other = with_values(b.elasticities["long"], [one], [factor], b.sectors).household
    assert other is not None
    relative = other.expansion / own.expansion
    np.testing.assert_allclose(relative[:, 0] / relative[:, 1], factor)
    Model.build(b.with_elasticities(long=with_values(
        b.elasticities["long"], [*every, one], [factor] * 5, b.sectors))).solve()  # fmt: skip


def test_sensitivity_needs_no_file_of_ranges(
    cge: Callable[..., Outcome], b: Benchmark, here: Path
) -> None:
    save_benchmark(b, "world")
    Path("trade.yaml").write_text(TRADE.model_dump_json(exclude_unset=True))
    done = cge("sensitivity", "trade.yaml", "--draws", "3", "--workers", "1", "--quiet",
               "--parameters", "ESBM*,SUBP[food]", "--out", "drawn")  # fmt: skip
    assert done.code == 0, done.err
    rows = pd.read_parquet("drawn/results.parquet")
    draws = rows[(rows["measure"] == "parameter")].pivot_table(
        index="point", columns="item", values="value", sort=False, observed=True)  # fmt: skip
    assert list(draws.columns) == ["ESBM[food]", "ESBM[mnfc]", "ESBM[trns, svcs]", "SUBP[food]"]
    study = Static(TRADE).of_set("own")
    chosen = [one for one in study.parameters() if one.name in draws.columns]
    own = b.elasticities["long"]
    changed = with_values(own, chosen, draws.iloc[1].to_numpy(), b.sectors)
    solution = multiplied(Model.build(b.with_elasticities(long=changed)),
                          {"tariff[imports, *, *, *]": 1.1})  # fmt: skip
    found = rows[(rows["measure"] == "equivalent_variation") & (rows["point"] == 2)]
    assert set(b.regions) <= {*found["region"]}
    for region, value in zip(found["region"], found["value"]):
        if region in b.regions:
            exact = solution.outcome(f"equivalent_variation[{region}]")
            assert value == pytest.approx(exact, abs=1e-7)


def test_elasticities_of_others_have_no_ranges_of_gtap(gtap7: Path, here: Path) -> None:
    merged = calibrate_gtap(gtap7, structure="merged").benchmark
    assert list(parameters(merged))[:3] == ["ESBM[food]", "ESBM[mnfc]", "ESBM[trns, svcs]"]
    other = calibrate_gtap(gtap7, "boehm", structure="merged").benchmark
    assert other.origin["elasticities"] == "boehm"
    assert has_gtap_values(merged) and not has_gtap_values(other)
    save_benchmark(other, "other")
    assert not has_gtap_values(open_benchmark("other"))
    study = Static(
        TRADE.model_copy(
            update={"benchmark": TRADE.benchmark.model_copy(update={"table": "other"})}
        )
    ).of_set("own")
    with pytest.raises(InputError, match="without their ranges"):
        study.parameters()
