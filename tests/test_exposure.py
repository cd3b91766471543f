"""Exposure to others without a disruption solved: by hand, in closed form, and on real data."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog
from worlds import random_world

from cge import Benchmark, InputError, Model, load_benchmark
from cge.indicators import exposure as ex
from cge.indicators import exposure_losses as losses
from cge.indicators import value_chains as vc
from cge.indicators.exposure_rows import EXPOSURES, exposure_of
from cge.indicators.value_chain_rows import value_chain_table
from cge.indicators.world_io import WorldIO

Array = NDArray[np.float64]

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def small() -> Benchmark:
    return load_benchmark("wiod2013", aggregation="small", elasticities="fontagne")


def world(seed: int, **options: object) -> WorldIO:
    return WorldIO.from_benchmark(random_world(seed, zeros=0.2, **options))  # type: ignore[arg-type]


def made(final: Array, intermediate: Array, regions: str = "ABC") -> WorldIO:
    """Return a table without taxes, from (r, i, s) and (r, i, s, j)."""
    count, sectors = final.shape[:2]
    deliveries = (final + intermediate.sum(axis=3))[None]
    return WorldIO(
        name="made", regions=tuple(regions[:count]),
        sectors=tuple(("PART", "GOOD")[:sectors]), use_classes=("all",),
        deliveries=deliveries, fob=deliveries, intermediate=intermediate, final=final,
        value_added=deliveries.sum(axis=(0, 3)) - intermediate.sum(axis=(0, 1)),
        input_taxes=np.zeros((count, sectors)), production_taxes=np.zeros((count, sectors)),
    )  # fmt: skip


def by_hand() -> WorldIO:
    """A makes 100 goods of 20 own parts, 30 parts of B and 50 of factors; 40 go to B.

    The rest is made of factors only: 40 parts in B, 10 for its own use, and 50 goods, of
    which A buys 10. Absorption is 70 in A and 90 in B.
    """
    final, inputs = np.zeros((2, 2, 2)), np.zeros((2, 2, 2, 2))
    final[0, 1], final[1, 0, 1], final[1, 1] = [60, 40], 10, [10, 40]
    inputs[0, 0, 0, 1], inputs[1, 0, 0, 1] = 20, 30
    return made(final, inputs)


def exposure_table(table: WorldIO, critical: Sequence[str] | None = None) -> pd.DataFrame:
    """Measures of exposure and of value chains of cells that exist."""
    chains = value_chain_table(table)
    chains = chains[chains["item"].isna() & chains["measure"].isin(EXPOSURES)]
    both = [exposure_of(table, critical), chains.drop(columns=["item", "unit"])]
    return pd.concat(both, ignore_index=True).dropna(subset="value")


def of_benchmark(benchmark: Benchmark) -> pd.DataFrame:
    return exposure_table(WorldIO.from_benchmark(benchmark), benchmark.groups["sectors"]["goods"])


def at(frame: pd.DataFrame, measure: str, region: str, **where: str) -> float:
    rows = frame[(frame["measure"] == measure) & (frame["region"] == region)]
    for column in ("partner", "sector"):
        code = where.get(column)
        rows = rows[rows[column].isna() if code is None else rows[column] == code]
    assert len(rows) == 1, (measure, region, where)
    return float(rows["value"].iloc[0])


# -- by hand ------------------------------------------------------------------------------


def test_shares_of_links_are_those_worked_out_by_hand() -> None:
    table = by_hand()
    np.testing.assert_allclose(table.absorption, [70, 90])
    face = losses.link_share(table)
    np.testing.assert_allclose(face[1, :, 0], [30 / 70, 10 / 70])
    np.testing.assert_allclose(face[0, :, 1], [0, 40 / 90])
    look = losses.link_share_look_through(table)
    # Of the parts of B, 12 come back to it in goods of A; own parts of A go with them.
    np.testing.assert_allclose(look[1, :, 0], [18 / 70, 10 / 70])
    np.testing.assert_allclose(look[0, :, 1], [8 / 90, 40 / 90])
    added = losses.link_value_added_share(table)
    np.testing.assert_allclose(added[0, :, 1], [8 / 90, 20 / 90])
    for share in (face, look, added):
        assert not np.einsum("rir->ri", share).any()


def test_losses_with_half_the_deliveries_are_those_worked_out_by_hand() -> None:
    table = by_hand()
    # Half of three fifths of the parts are missing, and so are as many of the 60 goods.
    for loss in (losses.link_extraction_loss(table), losses.link_bottleneck_loss(table)):
        np.testing.assert_allclose(loss[1, :, 0], [0.3 * 60 / 70, 5 / 70])
        np.testing.assert_allclose(loss[0, :, 1], [0, 20 / 90])
    # Not critical, the parts cost what they are worth to A's own use: half of 18.
    for loss in (losses.link_extraction_loss(table, critical=["GOOD"]),
                 losses.link_bottleneck_loss(table, critical=["GOOD"])):  # fmt: skip
        np.testing.assert_allclose(loss[1, :, 0], [9 / 70, 5 / 70])
    harm = losses.supplier_extraction_loss(table)
    np.testing.assert_allclose(harm, [[0, 20 / 90], [23 / 70, 0]], atol=1e-9)
    easy = losses.supplier_extraction_loss(table, critical=[])
    np.testing.assert_allclose(easy, [[0, 20 / 90], [14 / 70, 0]], atol=1e-9)
    own = ex.market_extraction_loss(table)
    # Of 20 goods that A does not sell, 10 are income of its goods and 4 of its parts.
    np.testing.assert_allclose(own, [[0, 14 / 70], [20 / 90, 0]])
    np.testing.assert_allclose(ex.withholding_loss(table), [[0, 14 / 70], [15 / 90, 5 / 90]])
    np.testing.assert_allclose(ex.export_extraction_loss(table), [14 / 70, 20 / 90])


def test_leverage_and_irreplaceability_are_ratios_of_the_losses_by_hand() -> None:
    table = by_hand()
    over = ex.leverage(losses.supplier_extraction_loss(table), ex.market_extraction_loss(table))
    assert over[1, 0] == pytest.approx((23 / 70) / (20 / 90))
    assert over[0, 1] == pytest.approx((20 / 90) / (14 / 70))
    assert np.isnan(np.diagonal(over)).all()
    index = ex.irreplaceability(
        losses.link_extraction_loss(table), ex.withholding_loss(table), table.absorption
    )
    # In money: parts of B, 18 against 15; its goods, 5 against 5; goods of A, 20 against 14.
    np.testing.assert_allclose(index, [[np.nan, 20 / 14], [18 / 15, 1.0]])


def test_scarce_inputs_go_where_they_yield_most() -> None:
    """A buys two own goods: one takes half its cost in parts of B, the other a tenth."""
    final, inputs = np.zeros((2, 2, 2)), np.zeros((2, 2, 2, 2))
    final[0, :, 0], final[1, 1, 1] = [40, 100], 50
    inputs[1, 0, 0] = [20, 10]  # B's parts into either
    table = made(final, inputs)
    # Of 30 parts 9 are missing: 18 of the first product are given up; of 15, 30; of 24, all
    # of the first and 40 of the second.
    for cut, lost in ((0.3, 18), (0.5, 30), (0.8, 80)):
        found = losses.link_extraction_loss(table, cut)[1, 0, 0]
        assert found == pytest.approx(lost / 140)
        assert losses.supplier_extraction_loss(table, cut)[1, 0] == pytest.approx(lost / 140)
        assert losses.link_bottleneck_loss(table, cut)[1, 0, 0] == pytest.approx(cut)


# -- closed forms -------------------------------------------------------------------------


def test_a_chain_through_three_regions_has_the_closed_form() -> None:
    """Each region's part is the share `a` of the next one's; all buy from the last."""
    a, bought = 0.6, np.array([5.0, 7.0, 11.0])
    final, inputs = np.zeros((3, 1, 3)), np.zeros((3, 1, 3, 1))
    final[2, 0] = bought
    inputs[1, 0, 2, 0] = a * bought.sum()
    inputs[0, 0, 1, 0] = a**2 * bought.sum()
    table = made(final, inputs)
    look = losses.link_share_look_through(table)[:, 0]
    np.testing.assert_allclose(look, [[0, a**2, a**2], [a, 0, a], [1, 1, 0]], rtol=1e-12)
    added = losses.link_value_added_share(table)[:, 0]
    np.testing.assert_allclose(added[1], [a - a**2, 0, a - a**2], rtol=1e-12)
    m = 0.3
    # A region that gets a third less of the only part there is gets a third less.
    harm = losses.link_extraction_loss(table, m)[:, 0]
    np.testing.assert_allclose(harm, [[0, m, 0], [0, 0, m], [m, m, 0]], rtol=1e-9, atol=1e-12)
    own = ex.market_extraction_loss(table, m)
    first = m * a**2 * bought.sum() / bought[0]
    np.testing.assert_allclose(own[0], [0, first, 0], rtol=1e-12)
    np.testing.assert_allclose(own[2, :2], m * (1 - a) * bought[:2] / bought[2], rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cut", [0.35, 1.0])
def test_what_sellers_lose_is_the_difference_of_two_tables(seed: int, cut: float) -> None:
    """The rank updates against the world solved again without the deliveries."""
    table = world(seed)
    count, sectors = table.output.shape

    def without(gone: Array) -> Array:
        keep = 1 - cut * gone  # (r, i, s)
        inputs = table.intermediate * keep[..., None]
        again = table.per_output(inputs.reshape(table.size, table.size))
        final = (table.final * keep).sum(axis=2).ravel()
        output = np.linalg.solve(np.eye(table.size) - again, final)
        income = table.value_added * (output.reshape(count, sectors) / table.output)
        return np.asarray((table.value_added - income).sum(axis=1) / table.absorption)

    gone = np.zeros((count, sectors, count))
    gone[1, 2, [0, 2]] = 1
    assert ex.withholding_loss(table, cut)[1, 2] == pytest.approx(without(gone)[1], rel=1e-9)
    gone[:] = 0
    gone[0, :, 2] = 1
    assert ex.market_extraction_loss(table, cut)[0, 2] == pytest.approx(without(gone)[0], rel=1e-9)
    gone[:] = 0
    gone[2, :, :2] = 1
    assert ex.export_extraction_loss(table, cut)[2] == pytest.approx(without(gone)[2], rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_exports_a_region_loses_its_value_added_in_them(seed: int) -> None:
    """Los, Timmer and de Vries (2016): with the domestic inverse, v (I - A_rr)^-1 e."""
    table = world(seed)
    lost = ex.export_extraction_loss(table, cut=1.0)
    for r in range(len(table.regions)):
        domestic = table.intermediate[r, :, r] / table.output[r]
        exports = np.delete(table.deliveries.sum(axis=0)[r], r, axis=1).sum(axis=1)
        made_for = np.linalg.solve(np.eye(len(table.sectors)) - domestic, exports)
        income = (table.value_added[r] / table.output[r]) @ made_for
        assert lost[r] == pytest.approx(income / table.absorption[r], rel=1e-9)


def coming_back() -> WorldIO:
    """Parts that A buys from B finally are made of A's goods, which take parts of B."""
    final, inputs = np.zeros((2, 2, 2)), np.zeros((2, 2, 2, 2))
    final[:, 0, 0], final[1, 1, 1] = [100, 20], 50
    inputs[1, 0, 0], inputs[0, 0, 0, 0], inputs[0, 1, 1, 0] = [10, 20], 10, 40
    return made(final, inputs)


@pytest.mark.parametrize("table", [*map(world, SEEDS), coming_back()], ids=[*SEEDS, "back"])
def test_the_loss_of_a_link_solves_the_linear_programme(table: WorldIO) -> None:
    cut = 0.8
    count, sectors = table.output.shape
    found = losses.link_extraction_loss(table, cut)
    for s in np.flatnonzero(table.absorption):
        final = table.final[:, :, s].ravel()
        inputs = (
            table.per_output(table.intermediate.reshape(table.size, table.size))
            .reshape(table.intermediate.shape)[:, :, s]
            .sum(axis=0)
        )  # (i, j)
        intensity = inputs @ table.leontief.reshape(count, sectors, -1)[s]
        for r, i in np.ndindex(count, sectors):
            bought = table.intermediate[:, i, s].sum(axis=1)
            if r == s or bought.sum() == 0:
                continue
            most = final.copy()
            most[r * sectors + i] *= 1 - cut
            limit = (1 - cut * bought[r] / bought.sum()) * (intensity[i] @ final)
            best = linprog(-np.ones_like(final), A_ub=intensity[[i]], b_ub=[limit],
                           bounds=np.column_stack([0 * most, most]))  # fmt: skip
            lost = (final.sum() + best.fun) / final.sum()
            assert found[r, i, s] == pytest.approx(lost, rel=1e-6, abs=1e-9)


# -- bounds and invariances ---------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("critical", [None, ["S0"]])
def test_a_loss_lies_between_its_bounds(seed: int, critical: list[str] | None) -> None:
    table = world(seed)
    loss = {m: losses.link_extraction_loss(table, m, critical) for m in (0.2, 0.4, 0.8)}
    # No cheaper than what is given up at once, no dearer than to cut all uses alike.
    given = 0.4 * losses.of_absorption(table, table.final)
    assert (loss[0.4] >= given - 1e-12).all()
    assert (loss[0.4] <= losses.link_bottleneck_loss(table, 0.4, critical) + 1e-12).all()
    # Convex in the cut: with a larger one more is lost per unit of it.
    for less, more in ((0.2, 0.4), (0.4, 0.8)):
        assert (loss[more] >= more / less * loss[less] - 1e-12).all()
    assert (losses.link_extraction_loss(table, 0.4, []) <= given + 0.4 * losses.link_share(table)
            + 1e-12).all()  # fmt: skip
    whole = losses.supplier_extraction_loss(table, 0.4, critical)
    assert (whole >= loss[0.4].max(axis=1) - 1e-7).all()
    assert (whole <= loss[0.4].sum(axis=1) + 1e-7).all()


def test_where_all_use_all_a_bottleneck_cuts_everything_alike() -> None:
    table = WorldIO.from_benchmark(random_world(1))
    m = 0.4
    bound = losses.link_bottleneck_loss(table, m)
    for r, i, s in ((0, 1, 2), (2, 0, 1)):
        inputs = table.intermediate[:, i, s].sum(axis=1)
        part, size = inputs[r] / inputs.sum(), table.absorption[s]
        bought = table.final[r, i, s]
        assert bound[r, i, s] == pytest.approx(m * (bought + part * (size - bought)) / size)


def test_a_region_that_absorbs_nothing_and_a_sector_without_output_have_no_rows() -> None:
    """A makes goods for itself and C from parts of B; B from parts of C."""
    final, inputs = np.zeros((3, 2, 3)), np.zeros((3, 2, 3, 2))
    final[0, 1], inputs[1, 0, 0, 1], inputs[2, 0, 1, 0] = [50, 0, 20], 30, 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = exposure_table(made(final, inputs))
    assert not frame["value"].isna().any()
    shares = frame[frame["measure"].str.startswith(("link", "market", "withholding"))]
    assert set(shares["region"]) == {"A", "C"}
    assert at(frame, "link_extraction_loss", "A", partner="B") == pytest.approx(50)
    assert at(frame, "link_share_look_through", "C", partner="B") == (pytest.approx(300 / 7))
    assert at(frame, "irreplaceability_extraction", "C", sector="PART") == 0
    assert "GOOD" not in set(frame[frame["region"] == "B"]["sector"].dropna())


@pytest.mark.parametrize("seed", SEEDS)
def test_all_that_is_absorbed_is_somebodys_income_or_tax(seed: int) -> None:
    table = world(seed)
    foreign = losses.link_value_added_share(table).sum(axis=(0, 1))
    by_place = vc.value_added_by_destination(table)
    own = np.einsum("rir->r", by_place) / table.absorption
    taxes = np.einsum("ri,ris->s", vc.tax_content(table), table.final) / table.absorption
    np.testing.assert_allclose(foreign + own + taxes, 1.0, rtol=1e-10)
    look = losses.link_share_look_through(table)
    assert (look >= losses.link_value_added_share(table) - 1e-12).all()
    stages = vc.final_demand_stages(table)
    np.testing.assert_allclose(look.sum(axis=1), stages - np.diag(np.diagonal(stages)), rtol=1e-9)


def halves(table: WorldIO, region: int | None = None) -> WorldIO:
    """Return the table with every sector, or one region, split into two equal ones."""

    def split(array: Array, axes: str) -> Array:
        for axis, name in enumerate(axes):
            if region is None and name in "ij":
                array = np.repeat(array, 2, axis=axis) / 2
            elif region is not None and name in "rs":
                half = np.take(array, [region], axis=axis) / 2
                array = np.concatenate([np.delete(array, region, axis=axis), half, half], axis=axis)
        return array

    axes = {"deliveries": "uris", "fob": "uris", "intermediate": "risj", "final": "ris",
            "value_added": "sj", "input_taxes": "sj", "production_taxes": "sj"}  # fmt: skip
    codes: dict[str, tuple[str, ...]] = {}
    if region is None:
        codes["sectors"] = tuple(f"{code}{k}" for code in table.sectors for k in (1, 2))
    else:
        kept = tuple(code for k, code in enumerate(table.regions) if k != region)
        codes["regions"] = (*kept, "H1", "H2")
    arrays = {name: split(getattr(table, name), letters) for name, letters in axes.items()}
    return replace(table, **codes, **arrays)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", SEEDS)
def test_sectors_split_in_halves_change_nothing_between_regions(seed: int) -> None:
    table = world(seed)
    finer = halves(table)
    for share in (losses.link_share, losses.link_share_look_through, losses.link_value_added_share):
        whole = share(table)
        summed = share(finer).reshape(*whole.shape[:2], 2, -1).sum(axis=2)
        np.testing.assert_allclose(summed, whole, rtol=1e-9)
    for loss in (losses.supplier_extraction_loss, ex.market_extraction_loss,
                 ex.export_extraction_loss):  # fmt: skip
        np.testing.assert_allclose(loss(finer), loss(table), rtol=1e-6, atol=1e-9)
    for by in ("is", "s"):
        spread = [1 - vc.sourcing(each, by).concentration for each in (table, finer)]
        np.testing.assert_allclose(spread[1], np.repeat(spread[0], 2, axis=0) if by == "is"
                                   else spread[0], rtol=1e-9)  # fmt: skip
    # What is not so: each half is as indispensable as the whole.
    single, half = (losses.link_extraction_loss(each).sum(axis=1) for each in (table, finer))
    assert (half >= single - 1e-9).all() and half.max() > 1.2 * single.max()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_supplier_split_in_halves_is_worth_the_same_and_less_concentrated(seed: int) -> None:
    table = world(seed, regions=4)
    finer = halves(table, region=3)
    buyers = np.s_[:3]
    for share in (losses.link_share, losses.link_share_look_through, losses.link_value_added_share):
        whole, parts = share(table)[..., buyers], share(finer)[..., buyers]
        np.testing.assert_allclose(parts[3] + parts[4], whole[3], rtol=1e-9)
        np.testing.assert_allclose(parts[:3], whole[:3], rtol=1e-9)
    # One missing half costs at most half: the loss is convex in what is missing.
    harm = losses.link_extraction_loss(table)[3, :, buyers]
    assert (losses.link_extraction_loss(finer)[3, :, buyers] <= harm / 2 + 1e-9).all()
    # Two squares of a half are half the square of the whole.
    sources = vc.sourcing(table)
    spread = 1 - vc.sourcing(finer).concentration[:, buyers]
    expected = 1 - sources.concentration + sources.import_share[3] ** 2 / 2
    np.testing.assert_allclose(spread, expected[:, buyers], rtol=1e-9)


def test_irreplaceability_counts_money_and_leverage_each_ones_own_size() -> None:
    harm = np.array([[0.5, 0.1, 0.2], [0.3, 0.5, 0.0], [0.0, 0.0, 0.5]])
    own = np.array([0.04, 0.01, 1e-12])
    index = ex.irreplaceability(harm, own, np.array([10.0, 1000.0, 100.0]))
    # Region 0: 100 and 20 of others over 0.4; the diagonal does not count.
    np.testing.assert_allclose(index, [300.0, 3.0 / 10.0, np.nan])
    over = ex.leverage(harm, np.array([[0, 0.2, 1e-11], [0.1, 0, 0.4], [0.0, 0.1, 0]]))
    expected = [[np.nan, 0.5, np.nan], [3.0, np.nan, 0.0], [np.nan, 0.0, np.nan]]
    np.testing.assert_allclose(over, expected)


# -- knowledge ----------------------------------------------------------------------------


def test_knowledge_reliance_is_the_foreign_part_of_the_change_in_productivity() -> None:
    weights = np.array([[3.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    productivity = {
        "own": np.array([[0.02, 0.02], [0.03, -0.01], [0.0, 0.0], [0.1, 0.0]]),
        "foreign": np.array([[0.02, -0.02], [-0.04, -0.02], [0.0, 0.0], [0.0, -0.1]]),
    }
    found = ex.knowledge_reliance(productivity, weights)
    # (0.04) / (0.08 + 0.04); -0.06 of -0.04; nothing; two that cancel.
    np.testing.assert_allclose(found, [1 / 3, 1.5, np.nan, np.nan])
    swapped = {"foreign": productivity["own"], "own": productivity["foreign"]}
    np.testing.assert_allclose(found + ex.knowledge_reliance(swapped, weights),
                               [1, 1, np.nan, np.nan])  # fmt: skip
    with pytest.raises(InputError, match="no such source"):
        ex.knowledge_reliance({"own": productivity["own"]}, weights)
    with pytest.raises(InputError, match="shape"):
        ex.knowledge_reliance(productivity, weights[:2])


# -- real data and the table --------------------------------------------------------------


def test_the_table_has_the_measures_under_their_names_and_in_per_cent() -> None:
    table = by_hand()
    frame = exposure_table(table)
    assert not frame.duplicated(["region", "partner", "sector", "measure"]).any()
    assert not (frame["region"] == frame["partner"]).any()
    link = {"partner": "B", "sector": "PART"}
    assert at(frame, "link_share", "A", **link) == pytest.approx(300 / 7)
    assert at(frame, "link_share", "A", partner="B") == pytest.approx(400 / 7)
    assert at(frame, "link_share_look_through", "A", **link) == pytest.approx(180 / 7)
    assert at(frame, "link_value_added_share", "B", partner="A") == pytest.approx(280 / 9)
    assert at(frame, "link_extraction_loss", "A", **link) == pytest.approx(180 / 7)
    assert at(frame, "link_bottleneck_loss", "A", **link) == pytest.approx(180 / 7)
    assert at(frame, "link_amplification", "A", **link) == pytest.approx(18 / 15)
    assert at(frame, "link_extraction_loss", "A", partner="B") == pytest.approx(230 / 7)
    assert at(frame, "market_extraction_loss", "B", partner="A") == pytest.approx(200 / 9)
    assert at(frame, "leverage_extraction", "A", partner="B") == pytest.approx(10 / 9)
    assert at(frame, "irreplaceability_extraction", "B", sector="PART") == pytest.approx(1.2)
    assert at(frame, "irreplaceability_extraction", "B") == pytest.approx(23 / 20)
    assert at(frame, "withholding_loss", "B") == pytest.approx(200 / 9)
    assert at(frame, "domestic_share_of_supply", "A", sector="PART") == pytest.approx(40)
    assert at(frame, "import_concentration", "A") == pytest.approx(1)
    assert at(frame, "import_diversification", "A") == pytest.approx(0)
    assert at(frame, "foreign_input_reliance", "A", sector="GOOD") == pytest.approx(30)
    # A sells no parts abroad: no ratio, hence no row.
    parts = frame[(frame["region"] == "A") & (frame["sector"] == "PART")]
    assert "irreplaceability_extraction" not in set(parts["measure"])
    assert at(exposure_table(table, critical=["GOOD"]), "link_extraction_loss", "A", **link) == (
        pytest.approx(90 / 7)
    )


def test_what_does_not_exist_is_refused() -> None:
    table = by_hand()
    with pytest.raises(InputError, match="unknown sector"):
        exposure_table(table, critical=["CHIPS"])
    measures = (losses.link_extraction_loss, losses.link_bottleneck_loss,
                losses.supplier_extraction_loss, ex.market_extraction_loss,
                ex.withholding_loss, ex.export_extraction_loss)  # fmt: skip
    for cut in (0.0, 1.5, float("nan")):
        for measure in measures:
            with pytest.raises(InputError, match="part of deliveries"):
                measure(table, cut=cut)


def test_exposure_in_2011_is_of_the_size_and_order_one_knows() -> None:
    frame = of_benchmark(load_benchmark("wiod2013"))
    assert 50 < at(frame, "domestic_share_of_supply", "CHN", sector="ELEC") < 95
    assert at(frame, "domestic_share_of_supply", "USA", sector="ELEC") < 60
    loss = frame[(frame["measure"] == "link_extraction_loss") & (frame["partner"] != "ROW")]
    worst = loss.dropna().sort_values("value").groupby("region").last()
    # Chinese electronics for the United States, Russian oil and gas for Europe.
    assert tuple(worst.loc["USA", ["partner", "sector"]]) == ("CHN", "ELEC")
    assert tuple(worst.loc["EU", ["partner", "sector"]]) == ("RUS", "MIN")
    assert 1 < worst.loc["USA", "value"] < 4
    # Large regions have leverage over small ones that trade much with them.
    assert at(frame, "leverage_extraction", "EU", partner="RUS") > 5
    assert at(frame, "leverage_extraction", "RUS", partner="EU") < 1
    # Through all stages China needs more foreign oil than it buys directly.
    oil = {"partner": "ROW", "sector": "MIN"}
    assert at(frame, "link_share_look_through", "CHN", **oil) > at(
        frame, "link_share", "CHN", **oil
    )


def test_a_tariff_on_a_supplier_makes_it_less_dangerous_to_lose(small: Benchmark) -> None:
    solution = Model.build(small).solve({"tariff[*, CHN, ELEC, USA]": 1.5})
    goods = small.groups["sectors"]["goods"]
    before, after = of_benchmark(small), exposure_table(WorldIO.from_solution(solution), goods)
    link = {"partner": "CHN", "sector": "ELEC"}
    for measure in ("link_share", "link_share_look_through", "link_extraction_loss"):
        fell = at(after, measure, "USA", **link) / at(before, measure, "USA", **link)
        assert 0.01 < fell < 0.7
    share = "domestic_share_of_supply"
    made_at_home = [at(each, share, "USA", sector="ELEC") for each in (before, after)]
    assert made_at_home[1] > made_at_home[0] + 1
