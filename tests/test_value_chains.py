"""Measures of value chains: identities, a world small enough to do by hand, known figures."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rows import value_chains_of
from worlds import balanced_world, random_world

from cge import Benchmark, InputError, Model, Solution, load_benchmark, rebase
from cge.indicators import value_chains as vc
from cge.indicators.value_chain_rows import value_chain_table
from cge.indicators.world_io import WorldIO

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def war() -> Solution:
    """A shock to every kind of wedge, on a world that has all of them."""
    model = Model.build(random_world(5, zeros=0.2))
    return model.solve(
        {
            "tariff[*, R0, *, R1]": 1.4, "export_tax[*, R1, S0, *]": 1.2,
            "net_of_output_tax[R2, S1]": 1.05, "factor_tax[R0, *, F0]": 1.1,
            "trade_cost[*, R2, *, R0]": 1.1, "productivity[R1, S1]": 1.1,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def small() -> Benchmark:
    return load_benchmark("wiod2013", aggregation="small", elasticities="fontagne")


def by_hand() -> WorldIO:
    """Home makes 100 of 20 home and 30 foreign inputs; abroad makes 80 of factors only."""
    deliveries = np.array([[70.0, 30.0], [40.0, 40.0]]).reshape(1, 2, 1, 2)
    return WorldIO(
        name="by hand", regions=("HOME", "AWAY"), sectors=("ALL",), use_classes=("all",),
        deliveries=deliveries, fob=deliveries,
        intermediate=np.array([[20.0, 0.0], [30.0, 0.0]]).reshape(2, 1, 2, 1),
        final=np.array([[50.0, 30.0], [10.0, 40.0]]).reshape(2, 1, 2),
        value_added=np.array([[50.0], [80.0]]),
        input_taxes=np.zeros((2, 1)), production_taxes=np.zeros((2, 1)),
    )  # fmt: skip


# -- by hand ------------------------------------------------------------------------------


def test_a_world_of_two_countries_gives_the_figures_worked_out_by_hand() -> None:
    table = by_hand()
    np.testing.assert_allclose(table.leontief, [[1.25, 0.0], [0.375, 1.0]])
    absorbed = [[31.25, 18.75], [28.75, 51.25]]
    np.testing.assert_allclose(vc.value_added_by_destination(table)[:, 0], absorbed)
    content = vc.export_content(table)
    np.testing.assert_allclose(content.domestic, [[18.75], [40.0]])
    np.testing.assert_allclose(content.foreign, [[11.25], [0.0]])
    np.testing.assert_allclose(vc.vertical_specialisation(table), [[11.25], [0.0]])
    np.testing.assert_allclose(vc.upstreamness(table), [[1.25], [1.46875]])
    np.testing.assert_allclose(vc.downstreamness(table), [[1.625], [1.0]])
    np.testing.assert_allclose(
        vc.final_demand_stages(table), [[62.5 / 60, 37.5 / 70], [28.75 / 60, 51.25 / 70]]
    )
    face, look = vc.input_reliance(table, look_through=False), vc.input_reliance(table)
    np.testing.assert_allclose(face[:, :, 0], [[0.2, 0.0], [0.3, 0.0]])
    np.testing.assert_allclose(look[:, :, 0], [[1.25, 0.0], [0.375, 1.0]])
    np.testing.assert_allclose(vc.foreign(look)[:, 0], [0.375, 0.0])
    face, look = vc.market_reliance(table, look_through=False), vc.market_reliance(table)
    assert face[0, 1, 0] == pytest.approx(30 / 80)
    assert look[0, 1, 0] == pytest.approx(0.375 * 100 / 80)
    sources = vc.sourcing(table)
    np.testing.assert_allclose(sources.domestic_share, [[70 / 110, 40 / 70]])
    np.testing.assert_allclose(sources.concentration, 1.0)


def test_the_tidy_table_says_whose_and_with_whom() -> None:
    table = value_chain_table(by_hand())

    def value(measure: str, **where: str) -> float:
        rows = table[table["measure"] == measure]
        for column in ("region", "partner", "sector", "item"):
            code = where.get(column)
            rows = rows[rows[column].isna() if code is None else rows[column] == code]
        assert len(rows) == 1, (measure, where)
        return float(rows["value"].iloc[0])

    home, pair = {"region": "HOME"}, {"region": "HOME", "partner": "AWAY"}
    back = {"region": "AWAY", "partner": "HOME"}
    assert value("value_added_exports", **pair) == pytest.approx(18.75)
    assert value("value_added_exports", **pair, sector="ALL") == pytest.approx(18.75)
    assert value("vax_ratio", **pair) == pytest.approx(0.625)
    assert value("vax_ratio", **back) == pytest.approx(28.75 / 40)
    assert value("foreign_content_of_exports", **home) == pytest.approx(37.5)
    assert value("value_added_absorbed_abroad", **home) == pytest.approx(37.5)
    assert value("foreign_input_reliance", **pair) == pytest.approx(37.5)
    assert value("foreign_input_reliance_face_value", **pair) == pytest.approx(30)
    assert value("hidden_exposure", **pair) == pytest.approx(1.25)
    assert value("foreign_input_reliance", **back) == 0
    assert value("foreign_market_reliance", **back) == pytest.approx(46.875)
    assert value("foreign_market_reliance", **pair) == 0
    assert value("foreign_share_of_stages", **home) == pytest.approx(100 * 0.375 / 1.625)
    share = value("foreign_share_of_stages", **home, sector="ALL")
    assert share == pytest.approx(100 * 0.375 / 1.625)
    assert value("domestic_share_of_supply", **home) == pytest.approx(100 * 70 / 110)
    assert value("largest_supplier", **pair, sector="ALL", item="all") == 100
    assert not (table["region"] == table["partner"]).any()
    assert not ((table["measure"] == "hidden_exposure") & (table["region"] == "AWAY")).any()


# -- identities ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_and_columns_of_the_table_add_up_to_output(seed: int) -> None:
    world = random_world(seed, zeros=0.3)
    table = WorldIO.from_benchmark(world)
    used = table.intermediate.sum(axis=(2, 3)) + table.final.sum(axis=2)
    np.testing.assert_allclose(used, world.output, rtol=1e-10, atol=1e-12)
    # Every tax a sector pays, each from its own base.
    along = (1 + world.tariff) * (1 + world.export_tax)
    origins = world.flows / np.maximum(world.composites, 1e-300)[:, None]
    border = (origins * (along - 1)).sum(axis=1)  # (u, i, s), export tax and tariff
    first = world.use_classes.index(world.sector_class[0])
    taxes = np.einsum("is,sij->sj", border[first], world.intermediate)
    taxes += (world.intermediate_tax * world.intermediate).sum(axis=1)
    np.testing.assert_allclose(table.input_taxes, taxes, rtol=1e-9, atol=1e-12)
    paid = table.intermediate.sum(axis=(0, 1)) + world.factor_payments.sum(axis=2) + taxes
    paid += world.output_tax * world.output
    paid += (world.factor_tax * world.factor_payments).sum(axis=2)
    np.testing.assert_allclose(paid, world.output, rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_value_added_is_absorbed_somewhere_to_the_last_dollar(seed: int) -> None:
    table = WorldIO.from_benchmark(random_world(seed, zeros=0.3))
    absorbed = vc.value_added_by_destination(table)
    np.testing.assert_allclose(absorbed.sum(axis=2), table.value_added, rtol=1e-9)
    at_home = np.einsum("rir->ri", absorbed)
    abroad = vc.value_added_exports(table).sum(axis=2)
    np.testing.assert_allclose(at_home + abroad, table.value_added, rtol=1e-9)
    assert (absorbed >= 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_unit_of_output_pays_factors_and_taxes_and_nothing_else(seed: int) -> None:
    table = WorldIO.from_benchmark(random_world(seed))
    paid = vc.value_added_content(table).sum(axis=0) + vc.tax_content(table)
    np.testing.assert_allclose(paid, 1.0, rtol=1e-10)
    assert np.abs(vc.tax_content(table)).max() > 0.01  # a part that would be missed


@pytest.mark.parametrize("seed", SEEDS)
def test_domestic_foreign_and_tax_content_add_up_to_gross_exports(seed: int) -> None:
    world = random_world(seed)
    content = vc.export_content(WorldIO.from_benchmark(world))
    exports = world.fob.sum(axis=0)
    exports = exports.sum(axis=2) - np.einsum("rir->ri", exports)
    np.testing.assert_allclose(content.gross, exports)
    total = content.domestic + content.foreign + content.taxes
    np.testing.assert_allclose(total, exports, rtol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_vertical_specialisation_is_what_home_factors_and_taxes_leave_of_exports(
    seed: int,
) -> None:
    """With the domestic inverse: imports, own factors and own taxes exhaust an export."""
    table = WorldIO.from_benchmark(random_world(seed))
    imported = vc.vertical_specialisation(table)
    exports = table.deliveries.sum(axis=0)
    for s in range(len(table.regions)):
        domestic = table.intermediate[s, :, s, :] / table.output[s]
        own = (table.value_added[s] + table.taxes[s]) / table.output[s]
        left = own @ np.linalg.inv(np.eye(len(table.sectors)) - domestic)
        sold = exports[s].sum(axis=1) - exports[s, :, s]
        np.testing.assert_allclose(imported[s] + left * sold, sold, rtol=1e-10)


def test_without_taxes_imported_inputs_hold_all_foreign_and_some_returning_value() -> None:
    table = WorldIO.from_benchmark(random_world(4, wedges=False))
    foreign, imported = vc.export_content(table).foreign, vc.vertical_specialisation(table)
    assert (imported > foreign).all()
    assert np.abs(vc.export_content(table).taxes).max() < 1e-12 * table.output.max()


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_are_one_or_more_and_count_all_output(seed: int) -> None:
    table = WorldIO.from_benchmark(random_world(seed, zeros=0.3))
    up, down = vc.upstreamness(table), vc.downstreamness(table)
    assert up.min() >= 1 and down.min() >= 1
    primary, final = table.value_added + table.taxes, table.final.sum(axis=2)
    # From either end of the chain the stages add up to the world's gross output.
    np.testing.assert_allclose((up * primary).sum(), table.output.sum(), rtol=1e-9)
    np.testing.assert_allclose((down * final).sum(), table.output.sum(), rtol=1e-9)
    used = (vc.final_demand_stages(table) * table.final.sum(axis=(0, 1))).sum()
    np.testing.assert_allclose(used, table.output.sum(), rtol=1e-9)


def test_a_sector_that_only_sells_to_final_use_is_one_stage_from_it() -> None:
    share = np.full((2, 2, 3, 2), 0.5)
    technical = np.full((2, 3, 3), 0.15)  # (s, i, j)
    technical[:, 0, :] = 0.0  # nobody uses the first commodity
    technical[:, :, 2] = 0.0  # the last sector uses none
    table = WorldIO.from_benchmark(balanced_world(share, np.ones((2, 1, 3)), technical))
    up, down = vc.upstreamness(table), vc.downstreamness(table)
    np.testing.assert_allclose(up[:, 0], 1.0, rtol=1e-12)
    assert (up[:, 1:] > 1.2).all()
    np.testing.assert_allclose(down[:, 2], 1.0, rtol=1e-12)
    assert (down[:, :2] > 1.2).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_looking_through_never_shows_less_than_face_value(seed: int) -> None:
    table = WorldIO.from_benchmark(random_world(seed, zeros=0.3))
    for reliance in (vc.input_reliance, vc.market_reliance):
        look, face = reliance(table), reliance(table, look_through=False)
        assert (look >= face - 1e-14).all()
    look, face = vc.input_reliance(table), vc.input_reliance(table, look_through=False)
    hidden = vc.hidden_exposure(vc.foreign(look), vc.foreign(face))
    assert np.nanmin(hidden) >= 1 - 1e-12 and np.nanmax(hidden) > 1.01
    # Both directions count the same flows.
    sold = vc.market_reliance(table, look_through=False) * table.output
    bought = vc.input_reliance(table, look_through=False) * table.output
    np.testing.assert_allclose(sold.sum(axis=2).T, bought.sum(axis=2), rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("by", ["uis", "is", "s"])
def test_concentration_of_imports_lies_between_even_and_single_sourcing(seed: int, by: str) -> None:
    table = WorldIO.from_benchmark(random_world(seed, regions=4, zeros=0.4))
    sources = vc.sourcing(table, by)
    known = ~np.isnan(sources.concentration)
    index, largest = sources.concentration[known], sources.largest_share[known]
    assert known.any() and index.min() >= 1 / 3 - 1e-12 and index.max() <= 1 + 1e-12
    assert (largest**2 <= index + 1e-12).all() and (index <= largest + 1e-12).all()
    np.testing.assert_allclose(sources.import_share.sum(axis=0)[known], 1.0)


def test_a_region_as_a_whole_is_the_mean_of_its_sectors_by_output() -> None:
    world = random_world(6, zeros=0.2)
    table = WorldIO.from_benchmark(world)
    frame = value_chain_table(table)
    total = frame[frame["sector"].isna()].set_index(["region", "partner", "measure"])["value"]
    for s, region in enumerate(table.regions):
        made, used = table.output[s], 0.0
        for r, partner in enumerate(table.regions):
            if r != s:
                bought = 100 * table.intermediate[r, :, s].sum() / made.sum()
                used += bought
                face = total[region, partner, "foreign_input_reliance_face_value"]
                assert face == pytest.approx(bought)
        key = (region, np.nan)
        assert total[(*key, "foreign_input_reliance_face_value")] == pytest.approx(used)
        block = table.leontief.reshape(table.intermediate.shape)[:, :, s] @ made
        share = 100 * (1 - block[s].sum() / block.sum())
        assert total[(*key, "foreign_share_of_stages")] == pytest.approx(share)
        stages = total[(*key, "downstreamness")]
        assert stages == pytest.approx(block.sum() / made.sum())


# -- from a solution ----------------------------------------------------------------------


def test_the_table_of_an_unshocked_solution_is_that_of_the_benchmark(small: Benchmark) -> None:
    solution = Model.build(small).solve()
    at, start = WorldIO.from_solution(solution), WorldIO.from_benchmark(small)
    for field in fields(WorldIO):
        value, expected = getattr(at, field.name), getattr(start, field.name)
        if isinstance(expected, np.ndarray):
            scale = float(np.abs(expected).max())
            np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12 * scale)
        else:
            assert value == expected
    frame = value_chains_of(solution)
    assert frame["change"].abs().max() < 1e-6
    alone = value_chain_table(small)
    keys = ["region", "partner", "sector", "item", "measure", "unit"]
    both = frame.merge(alone, on=keys, suffixes=("", "_alone"))
    assert len(both) == len(frame) == len(alone)
    np.testing.assert_array_equal(both["benchmark"], both["value_alone"])


def test_the_table_of_a_solution_is_that_of_the_world_rebased_to_it(war: Solution) -> None:
    at, rebased = WorldIO.from_solution(war), WorldIO.from_benchmark(rebase(war))
    start = WorldIO.from_benchmark(war.model.benchmark)
    for field in fields(WorldIO):
        value = getattr(at, field.name)
        if isinstance(value, np.ndarray):
            scale = float(np.abs(value).max())
            expected = getattr(rebased, field.name)
            np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-8 * scale)
            assert np.abs(value - getattr(start, field.name)).max() > 1e-3 * scale


def test_identities_hold_in_a_solution_too(war: Solution) -> None:
    table = WorldIO.from_solution(war)
    absorbed = vc.value_added_by_destination(table)
    np.testing.assert_allclose(absorbed.sum(axis=2), table.value_added, rtol=1e-7)
    content = vc.export_content(table)
    total = (content.domestic + content.foreign + content.taxes).sum(axis=1)
    np.testing.assert_allclose(total, war.by_region("exports"), rtol=1e-7)


def test_the_tidy_table_of_a_solution_reports_values_and_their_changes(war: Solution) -> None:
    frame = value_chains_of(war)
    assert list(frame.columns) == [
        "region", "partner", "sector", "item", "measure", "value", "unit", "benchmark", "change",
        "change_unit",
    ]  # fmt: skip
    after = value_chain_table(WorldIO.from_solution(war))
    keys = ["region", "partner", "sector", "item", "measure", "unit"]
    assert not frame.duplicated(keys).any()
    both = frame.merge(after, on=keys, suffixes=("", "_alone"))
    assert len(both) == len(after)
    np.testing.assert_array_equal(both["value"], both["value_alone"])
    money = frame[(frame["change_unit"] == "percent") & (frame["benchmark"] > 0)]
    assert set(money["unit"]) == {war.model.benchmark.unit}
    np.testing.assert_allclose(
        money["value"], money["benchmark"] * (1 + money["change"] / 100), rtol=1e-9
    )
    others = frame[frame["change_unit"] != "percent"]
    np.testing.assert_allclose(
        others["value"] - others["benchmark"], others["change"], rtol=1e-12, atol=1e-15
    )
    assert frame["change"].abs().max() > 1


def test_a_tariff_lowers_reliance_on_its_target_and_raises_it_on_others(small: Benchmark) -> None:
    solution = Model.build(small).solve({"tariff[int, CHN, ELEC, USA]": 1.5})
    frame = value_chains_of(solution)
    reliance = frame[
        (frame["measure"] == "foreign_input_reliance_face_value")
        & (frame["region"] == "USA") & frame["partner"].notna()
    ].set_index("partner")["change"]  # fmt: skip
    assert reliance["CHN"] < 0 < reliance["ASIA"]
    largest = frame[
        (frame["measure"] == "largest_supplier") & (frame["region"] == "USA")
        & (frame["sector"] == "ELEC") & (frame["item"] == "int")
    ]  # fmt: skip
    # China was the largest before, another is now: both are shown, before and after.
    assert set(largest["partner"]) > {"CHN"}
    assert largest.loc[largest["benchmark"].idxmax(), "partner"] == "CHN"
    assert largest.loc[largest["value"].idxmax(), "partner"] != "CHN"


# -- known figures ------------------------------------------------------------------------


def test_value_added_trade_of_2011_is_of_the_size_others_have_found() -> None:
    table = value_chain_table(load_benchmark("wiod2013"))
    totals = table[table["partner"].isna() & table["sector"].isna()].pivot_table(
        index="region", columns="measure", values="value"
    )
    vax = totals["vax_ratio"]
    # Johnson and Noguera (2012), OECD TiVA: raw materials and large economies high,
    # assemblers low.
    assert 0.70 < vax["CHN"] < vax["USA"] < 0.85
    assert vax["RUS"] > 0.85 and vax["TWN"] < 0.60 and vax["KOR"] < 0.65
    foreign = totals["foreign_content_of_exports"]
    assert foreign["RUS"] < 10 < foreign["USA"] < 20 < 35 < foreign["TWN"]
    assert totals["upstreamness"]["CHN"] == totals["upstreamness"].max()
    # Baldwin, Freeman and Theodorakopoulos (2023): the hidden part is a multiple.
    assert 3 < totals["hidden_exposure"]["USA"] < 5


# -- what does not exist, and what is refused ---------------------------------------------


def test_a_sector_without_output_has_no_row_and_disturbs_nothing() -> None:
    table = by_hand()
    grown = {
        field.name: np.zeros([2 * n if axis in "ij" else n
                              for axis, n in zip(axes, getattr(table, field.name).shape,
                                                 strict=True)])
        for field in fields(WorldIO)
        if (axes := {"deliveries": "uris", "fob": "uris", "intermediate": "risj", "final": "ris",
                     "value_added": "sj", "input_taxes": "sj",
                     "production_taxes": "sj"}.get(field.name))
    }  # fmt: skip
    for name, array in grown.items():
        place = {"deliveries": np.s_[:, :, :1], "fob": np.s_[:, :, :1],
                 "intermediate": np.s_[:, :1, :, :1]}.get(name, np.s_[:, :1])  # fmt: skip
        array[place] = getattr(table, name)
    wider = value_chain_table(replace(table, sectors=("ALL", "NONE"), **grown))
    dead = wider[wider["sector"] == "NONE"]
    assert set(dead["value"]) == {0.0}  # values of nothing; ratios have no row
    assert not dead["measure"].isin(["upstreamness", "vax_ratio", "domestic_share_of_supply"]).any()
    kept = wider[wider["sector"] != "NONE"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, value_chain_table(table))


def test_a_table_is_read_only_and_one_that_does_not_add_up_is_refused() -> None:
    table = by_hand()
    for array in (table.deliveries, table.leontief):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(InputError, match=r"uses of \[HOME, ALL\] do not add up"):
        replace(table, final=table.final + np.array([1.0, 0.0])[:, None, None] * [[1.0, 0.0]])
    with pytest.raises(InputError, match=r"costs of \[AWAY, ALL\] do not add up"):
        replace(table, value_added=table.value_added + np.array([[0.0], [2.0]]))
    with pytest.raises(InputError, match="shape"):
        replace(table, value_added=np.zeros((2, 2)))
    with pytest.raises(InputError, match="NaN"):
        replace(table, value_added=np.full((2, 1), np.nan))


def test_sectors_that_use_up_their_own_output_have_no_inverse() -> None:
    whole = np.array([[100.0, 0.0], [0.0, 30.0]]).reshape(2, 1, 2, 1)
    table = by_hand()
    closed = replace(
        table, intermediate=whole, final=np.array([[0.0, 0.0], [10.0, 40.0]]).reshape(2, 1, 2),
        value_added=np.array([[0.0], [50.0]]),
    )  # fmt: skip
    with pytest.raises(InputError, match="no Leontief inverse"):
        value_chain_table(closed)


def test_unknown_detail_of_sourcing_is_refused() -> None:
    with pytest.raises(InputError, match="unknown detail"):
        vc.sourcing(by_hand(), "ui")


# -- the page -----------------------------------------------------------------------------


def test_the_tables_of_the_page_are_what_its_code_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "value-chains.md"
    blocks = re.findall(r"```(python|text)\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)
    namespace: dict[str, object] = {}
    tables = 0
    for language, text in blocks:
        if language == "python":
            exec(text, namespace)
            printed = capsys.readouterr().out
        else:
            assert text == printed
            tables += 1
    assert tables == 2


def test_every_measure_of_the_table_stands_on_the_page() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "value-chains.md"
    text = page.read_text("utf-8")
    for measure in value_chain_table(by_hand())["measure"].unique():
        assert f"`{measure}`" in text, measure


def test_what_research_buys_beyond_the_benchmark_is_a_final_use(small):
    model = Model.build(small)
    solution = model.solve({"research[CHN]": 0.01, "research[USA]": -0.002})
    table = WorldIO.from_solution(solution)  # which checks that all uses add up
    services = small.sectors.index(small.research_sectors[0])
    agents = solution.array("final_value").sum(axis=1)[:, services]  # no tariff on services
    bought = solution.by_region("research_spending") - solution.array("research_wages").sum(axis=1)
    found = table.final[:, services].sum(axis=0) - agents
    np.testing.assert_allclose(found, bought, rtol=1e-6, atol=1e-6 * agents.max())
