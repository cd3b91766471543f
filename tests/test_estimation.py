"""Estimated tables: scaling to totals, margins, priors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cge.core.axes import Array
from cge.core.errors import InputError
from cge.data.estimation.estimate import estimate
from cge.data.estimation.margins import Margins, margins_of
from cge.data.estimation.prior import OldTable, prior_of
from cge.data.estimation.scaling import Totals, scaled

REGIONS, SECTORS, AGENTS = ("A", "B", "C", "D"), ("food", "steel", "trade", "rent"), ("HH", "INV")
GOODS = ("food", "steel")


def world(seed: int, zeros: float = 0.1) -> OldTable:
    """A balanced table of which some cells abroad are zero, most deliveries at home."""
    random = np.random.default_rng(seed)
    r, i, d = len(REGIONS), len(SECTORS), len(AGENTS)
    near = np.where(np.eye(r), 5.0, 1.0)[:, None, :, None]

    def draw(users: int) -> Array:
        cells = random.uniform(0.2, 2.0, (r, i, r, users)) * near
        return np.where((random.uniform(size=cells.shape) < zeros) & (near == 1.0), 0.0, cells)

    return OldTable(REGIONS, SECTORS, AGENTS, draw(i) * 0.4, draw(d))


def margins(table: OldTable, year: int = 2022) -> Margins:
    """Margins of a table."""
    return margins_of(year, table.regions, table.sectors, GOODS, table.intermediate, table.final)


# -- scaling to totals


def matrix_totals(rows: Array, columns: Array) -> list[Totals]:
    """Row and column sums of a matrix."""
    r, c = np.indices((rows.size, columns.size)).reshape(2, -1)
    return [Totals("row", r, rows), Totals("column", c, columns)]


def test_rows_and_columns_are_met_and_the_prior_scaled_by_them() -> None:
    random = np.random.default_rng(1)
    prior, truth = random.uniform(0.1, 3, (2, 7, 5))
    found = scaled(prior.ravel(), matrix_totals(truth.sum(1), truth.sum(0)))
    cells = found.cells.reshape(7, 5)
    assert np.allclose(cells.sum(1), truth.sum(1), rtol=1e-9)
    assert np.allclose(cells.sum(0), truth.sum(0), rtol=1e-9)
    # Cross ratios are the prior's: that is what makes it the nearest in information.
    factor = np.log(cells / prior)
    crossed = factor - factor[:1] - factor[:, :1] + factor[0, 0]
    assert np.abs(crossed).max() < 1e-7


def test_a_prior_that_has_its_totals_is_left_as_it_is() -> None:
    prior = np.random.default_rng(2).uniform(-1, 2, (6, 4))
    found = scaled(prior.ravel(), matrix_totals(prior.sum(1), prior.sum(0)))
    assert np.allclose(found.cells, prior.ravel(), rtol=1e-12, atol=0)
    assert found.information < 1e-15


def test_signs_and_zeros_are_kept_and_a_total_may_be_negative() -> None:
    random = np.random.default_rng(3)
    prior = random.uniform(0.5, 2, (5, 4))
    prior[:, 3] = [-1.0, 0.5, -0.2, 0.0, 1.5]
    truth = prior * random.uniform(0.7, 1.4, prior.shape)
    truth[0, :3] *= 0.1  # the first row's total is below zero
    found = scaled(prior.ravel(), matrix_totals(truth.sum(1), truth.sum(0))).cells.reshape(5, 4)
    assert truth[0].sum() < 0
    assert (np.sign(found) == np.sign(prior)).all()
    assert np.allclose(found.sum(1), truth.sum(1), rtol=1e-8, atol=1e-9)
    assert np.allclose(found.sum(0), truth.sum(0), rtol=1e-8, atol=1e-9)


def test_slow_cases_are_finished_by_newton_steps() -> None:
    # A chain of cells that hang together at one corner only: rounds of scaling crawl.
    n = 60
    prior = np.eye(n) + 1e-4 * np.eye(n, k=1) + 1e-4 * np.eye(n, k=-1)
    truth = prior.copy()
    truth[np.arange(n - 1), np.arange(1, n)] = 0.2
    totals = matrix_totals(truth.sum(1), truth.sum(0))
    found = scaled(prior.ravel(), totals)
    assert found.steps > 0 and found.gap <= 1e-9
    assert max(one.gap(found.cells) for one in totals) <= 1e-9


def test_contradicting_totals_are_refused() -> None:
    prior = np.ones((3, 3))
    with pytest.raises(InputError, match="agree with each other"):
        scaled(prior.ravel(), matrix_totals(np.ones(3), np.array([1.0, 1.0, 2.0])))
    prior[1] = 0.0
    with pytest.raises(InputError, match="no positive cell"):
        scaled(prior.ravel(), matrix_totals(np.ones(3), np.ones(3)))
    with pytest.raises(InputError, match="no negative cell"):
        scaled(np.ones(2), [Totals("pair", np.zeros(2, dtype=int), np.array([-1.0]))])


# -- tables


def test_from_the_true_table_the_true_table_comes_back() -> None:
    table = world(1)
    found = estimate(table, margins(table))
    # Trade that the table has not is filled thinly, and takes little from the rest.
    full = world(1, zeros=0.0)
    exact = estimate(full, margins(full))
    assert np.allclose(exact.intermediate, full.intermediate, rtol=1e-9)
    assert np.allclose(exact.final, full.final, rtol=1e-9)
    assert np.abs(found.intermediate - table.intermediate).sum() < 0.01 * table.intermediate.sum()


def test_every_margin_is_met() -> None:
    truth = margins(world(2))
    found = estimate(world(3), truth)
    again = margins_of(2022, REGIONS, SECTORS, GOODS, found.intermediate, found.final)
    for name in ("intermediate_sales", "final_sales", "intermediate_use", "exports", "trade"):
        assert np.allclose(getattr(again, name), getattr(truth, name), rtol=2e-9), name
    assert found.intermediate.min() >= 0 and found.final.min() >= 0
    # Absorption is GDP less exports and with imports: an identity, not a constraint.
    absorbed = found.final.sum(axis=(0, 1, 3))
    off = 1.0 - np.eye(4)
    delivered = found.intermediate.sum(3) + found.final.sum(3)
    imports = np.einsum("ris,rs->s", delivered, off)
    gdp = truth.value_added.sum(axis=1)
    assert np.allclose(absorbed, gdp - truth.exports.sum(axis=1) + imports, rtol=1e-8)


def test_units_do_not_matter() -> None:
    old, truth = world(3), margins(world(2))
    names = ("intermediate_sales", "final_sales", "intermediate_use", "exports", "trade")
    found = estimate(old, truth)
    in_thousands = replace(truth, **{name: 1000 * getattr(truth, name) for name in names})
    other = estimate(OldTable(old.regions, old.sectors, old.agents, 7 * old.intermediate,
                              7 * old.final), in_thousands)  # fmt: skip
    assert np.allclose(other.intermediate, 1000 * found.intermediate, rtol=1e-6)
    assert np.allclose(other.final, 1000 * found.final, rtol=1e-6)


def without(table: OldTable, region: str) -> OldTable:
    """The table with a region put into the last one."""
    keep = [k for k, code in enumerate(table.regions) if code != region]
    gone = table.regions.index(region)

    def merged(cells: Array) -> Array:
        for axis in (0, 2):
            moved = np.moveaxis(cells, axis, 0).copy()
            moved[-1] += moved[gone]
            cells = np.moveaxis(moved[keep], 0, axis)
        return cells

    regions = tuple(table.regions[k] for k in keep)
    return OldTable(regions, table.sectors, table.agents, merged(table.intermediate),
                    merged(table.final))  # fmt: skip


def test_a_region_that_the_old_table_has_not_gets_its_margins_and_its_partners() -> None:
    truth = world(2)
    known = margins(truth)
    found = estimate(without(world(3), "B"), known, {"B": {"A": 2.0, "C": 1.0}})
    again = margins_of(2022, REGIONS, SECTORS, GOODS, found.intermediate, found.final)
    assert np.allclose(again.trade, known.trade, rtol=2e-9)
    assert np.allclose(again.output, known.output, rtol=2e-9)
    # It buys services from abroad, which no margin asks for.
    at, services = REGIONS.index("B"), 2
    assert found.intermediate[[0, 2, 3], services, at].sum() > 0
    with pytest.raises(InputError, match="no template"):
        prior_of(without(world(3), "B"), known, {})
    with pytest.raises(InputError, match=r"templates\.B"):
        prior_of(without(world(3), "B"), known, {"B": {"Z": 1.0}})


def test_margins_that_contradict_each_other_are_refused() -> None:
    known = margins(world(2))
    with pytest.raises(InputError, match="intermediate_use"):
        replace(known, intermediate_use=1.01 * known.intermediate_use)
    with pytest.raises(InputError, match="trade, A"):
        replace(known, trade=known.trade * np.array([1.01, 1, 1, 1])[:, None])
    with pytest.raises(InputError, match="exceed its output"):
        replace(known, exports=known.exports + np.eye(4) * known.output)
    with pytest.raises(InputError, match="negative value"):
        replace(known, final_sales=-known.final_sales)
