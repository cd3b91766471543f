"""One adjoint solve against many central differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from tools import TARIFF_WAR, combined_shock, small_model
from worlds import random_world

from cge import Closure, Model, Solution, Swap, WageFloor
from cge.model.quantities import EXOGENOUS, INDICES

Array = NDArray[np.float64]

#: Variables, outcomes and measures whose gradients are taken.
TARGETS = (
    "output[R1, S0]",
    "factor_return[R2, F0]",
    "route_tax_revenue[R0]",
    "welfare[R0]",
    "gdp[R1]",
    "trade_volume[R0, S1, R2]",
    "equivalent_variation[R1]",
    "equivalent_variation_value[R2]",
    "real_gdp[R0]",
    "gdp_deflator[R1]",
    "terms_of_trade[R2]",
    "export_volume_change[R0]",
)

PER_CENT = {m.name for m in INDICES.values() if m.unit.startswith("percent")}

CLOSURES = {
    "long run": Closure(),
    "short run": Closure(specific_factors=("F1",)),
    "other numeraire": Closure(numeraire="factor_return[R2, F1]"),
    "quota": Closure(swaps=(Swap("tariff[*, R0, S1, R2]", "trade_volume[R0, S1, R2]", 0.7),)),
    "budget": Closure(
        swaps=(Swap("net_of_output_tax[R1, S1]", "output_tax_paid[R1, S1]", -0.3, relative=False),)
    ),
    "wage floor": Closure(
        specific_factors=("F1",),
        wage_floor=WageFloor("F0", level=1.0, index="real_factor_return"),
    ),
}

#: Half the width of a central difference in a level.
STEP = 1e-5


def values(solution: Solution) -> Array:
    """Return every target at a solution."""
    return np.array([solution.outcome(target) for target in TARGETS])


def difference(solution: Solution, columns: list[int], weights: list[float]) -> Array:
    """Return the central difference of all targets along a direction of given columns."""
    model = solution.model
    levels = solution.levels.copy()
    for gang in solution.resolved.system.gangs:  # multiplied from where they were given
        levels[gang] = model.arrays.start[gang]
    if solution.closure.wage_floor is not None:  # at the floor full employment is an upper bound
        levels[model.variables["employment"].positions] = 1.0
    ends = []
    for sign in (1, -1):
        moved = levels.copy()
        moved[columns] += sign * STEP * np.array(weights)
        ends.append(values(model.solve(moved, solution.closure, start=solution)))
    return (ends[0] - ends[1]) / (2 * STEP)


def sizes(solution: Solution) -> Array:
    """Return the size of each target, to which errors of a derivative are compared."""
    per_cent = np.array([target.split("[")[0] in PER_CENT for target in TARGETS])
    return np.maximum(np.abs(values(solution)), np.where(per_cent, 10.0, 0.1))


def gradients(solution: Solution) -> list[pd.DataFrame]:
    """Return the gradient of every target."""
    return [solution.gradient(target) for target in TARGETS]


def column_of(model: Model, instrument: str, cell: tuple[str, ...]) -> int:
    """Return the column of one exogenous cell."""
    block = model.variables[instrument]
    return block.start + block.index.index(cell)


def compare(found: Array, expected: Array, scale: Array, what: str) -> None:
    """Assert agreement to 1e-6 of the derivative or of the target's own size.

    Differences of solutions exact to 1e-13 over a step of 1e-5 carry an error of 1e-8
    and one of the order of the step squared.
    """
    off = np.abs(found - expected) / np.maximum(np.abs(expected), scale)
    assert off.max() < 1e-6, f"{what}: {TARGETS[int(off.argmax())]} is off by {off.max():.1e}"


@pytest.fixture(scope="module")
def solutions() -> dict[str, Solution]:
    """Return a shocked equilibrium of one random world under every closure."""
    model = Model.build(random_world(51, zeros=0.1, imbalance=0.3), backstop=("S0",))
    long = combined_shock(model, 51, 0.08)
    short = combined_shock(model, 51, 0.08, without=("factor_supply",))
    for levels in (long, short):  # within reach, or nothing would depend on it
        levels[model.variables["backstop_premium"].positions] = 1.05
    return {
        name: model.solve(short if closure.specific_factors else long, closure)
        for name, closure in CLOSURES.items()
    }


@pytest.mark.parametrize("closure", list(CLOSURES))
def test_gradients_are_central_differences_for_every_instrument(solutions, closure):
    solution = solutions[closure]
    tables = gradients(solution)
    scale = sizes(solution)
    rng = np.random.default_rng(1)
    first = tables[0]
    checked = []
    # Of what a benchmark does not have, bundles of imports, owners abroad and a bank of the world's
    # saving here, there is nothing to change.
    blocks = solution.model.variables
    there = {name for name in EXOGENOUS if solution.levels[blocks[name].positions].size}
    assert set(EXOGENOUS) - there == {"import_use_tax", "investment_slack", "not_owned"}
    for instrument in EXOGENOUS:
        rows = np.flatnonzero(first.instrument == instrument)
        if not len(rows):
            continue
        row = int(rng.choice(rows))
        column = column_of(solution.model, instrument, first.cell[row])
        found = np.array([table.derivative[row] for table in tables])
        expected = difference(solution, [column], [1.0])
        compare(found, expected, scale, f"{instrument}{first.cell[row]}")
        checked.append(instrument)
    freed = {"long run": set(), "short run": set(), "other numeraire": {"numeraire"}}
    assert there - set(checked) == freed.get(closure, set())


def test_a_transfer_from_one_region_to_another_has_the_gradient_of_both_balances(solutions):
    solution = solutions["long run"]
    b = solution.model.benchmark
    columns = [column_of(solution.model, "balance", (r,)) for r in ("R0", "R2")]
    # Balances are shares of absorption: what R0 gives, R2 receives.
    weights = [-1.0, float(b.absorption[0] / b.absorption[2])]
    found = np.zeros(len(TARGETS))
    for n, table in enumerate(gradients(solution)):
        rows = table[table.instrument == "balance"].set_index("cell").derivative
        found[n] = weights[0] * rows[("R0",)] + weights[1] * rows[("R2",)]
    expected = difference(solution, columns, weights)
    assert found[TARGETS.index("welfare[R0]")] < -0.5
    compare(found, expected, sizes(solution), "transfer")


@pytest.mark.parametrize(
    ("closure", "instrument", "gone"),
    [
        ("short run", "factor_differential", "F1"),
        ("quota", "tariff", ("R0", "S1", "R2")),
        ("budget", "net_of_output_tax", ("R1", "S1")),
        ("wage floor", "employment", "F0"),
    ],
)
def test_cells_that_a_closure_solves_for_have_no_gradient(solutions, closure, instrument, gone):
    solution = solutions[closure]
    table = solution.gradient("welfare[R0]")
    cells = set(table.cell[table.instrument == instrument])
    everything = set(solution.model.variables[instrument].index)
    left_out = everything - cells
    assert left_out, "nothing was left out"
    assert all(set(gone if isinstance(gone, tuple) else (gone,)) <= set(c) for c in left_out)
    unknown = solution.resolved.system.unknown
    free = {column_of(solution.model, instrument, cell) for cell in left_out}
    ganged = {int(c) for gang in solution.resolved.system.gangs for c in gang}
    assert free <= set(unknown.tolist()) | ganged


def test_the_wage_floor_of_these_tests_binds_in_some_regions_only(solutions):
    solution = solutions["wage floor"]
    jobs = [solution.outcome(f"employment[{r}, F0]") for r in ("R0", "R1", "R2")]
    assert 1 <= sum(job < 1 - 1e-6 for job in jobs) <= 2, jobs


def test_fixed_outcomes_have_no_gradient_along_anything(solutions):
    """What a closure holds does not move with any instrument."""
    solution = solutions["quota"]
    table = solution.gradient("trade_volume[R0, S1, R2]")
    assert table.derivative.abs().max() < 1e-9
    other = solution.gradient("trade_volume[R1, S1, R2]")
    assert other.derivative.abs().max() > 1e-2


@pytest.mark.parametrize("specific", [(), ("CAP",)])
def test_gradients_on_real_data_are_central_differences(specific):
    model = small_model()
    closure = Closure(specific_factors=specific)
    solution = model.solve(TARIFF_WAR, closure)
    cells = {
        "tariff": ("con", "CHN", "ELEC", "USA"),
        "export_tax": ("int", "USA", "SERV", "EU"),
        "trade_cost": ("int", "ASIA", "ELEC", "CHN"),
        "net_of_output_tax": ("USA", "VEH"),
        "productivity": ("CHN", "HMAN"),
        "factor_tax": ("EU", "SERV", "LAB"),
    }
    table = solution.gradient("equivalent_variation[USA]")
    for instrument, cell in cells.items():
        row = table[(table.instrument == instrument) & (table.cell == cell)]
        ends = []
        for sign in (1, -1):
            levels = solution.levels.copy()
            levels[column_of(model, instrument, cell)] += sign * STEP
            moved = model.solve(levels, closure, start=solution)
            ends.append(moved.outcome("equivalent_variation[USA]"))
        expected = (ends[0] - ends[1]) / (2 * STEP)
        assert abs(expected) > 1e-4
        # Welfare here is in per cent, so rounding counts a hundredfold.
        assert row.derivative.iloc[0] == pytest.approx(expected, rel=1e-5, abs=1e-7)
