"""Checks before a number is believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.solve.closure import Closure
from cge.solve.model import Model
from cge.solve.solution import Solution
from cge.solve.square.system import term_values


@dataclass(frozen=True)
class Check:
    """One check: the figure found, and the limit it must keep; or why it was left out."""

    name: str
    figure: float
    limit: float
    left_out: str = ""

    @property
    def passed(self) -> bool:
        return bool(self.left_out) or bool(self.figure <= self.limit)


#: Unknowns of the largest system that Ipopt is given: half a minute of a processor, the time
#: growing with the cube of their number.
LARGEST_FOR_IPOPT = 12_000
#: The shock under which identities and solvers are tested: every tariff up by ten points.
TEST_TARIFF = 0.10


def run_checks(benchmark: Benchmark, short_year: Closure | None = None) -> Iterator[Check]:
    """Check a benchmark and its model, yielding each result as it is found.

    Parameters
    ----------
    benchmark : Benchmark
    short_year : Closure, optional
        Of a year in which wages and spending adjust slowly, checked as well.
    """
    for identity, gap in benchmark.residuals().items():
        yield _check(f"accounts: {identity.replace('_', ' ')}", gap)
    model = Model.build(benchmark, "long")
    arrays = model.arrays.equations
    coefficients, terms = arrays.coefficients, term_values(arrays, arrays.start)
    # The largest residual of any equation in the benchmark.
    gap = (coefficients @ terms) / np.maximum(abs(coefficients) @ np.abs(terms), 1e-300)
    yield _check("replication", gap, 1e-12)
    # Twice the numeraire doubles prices and leaves quantities alone.
    doubled = model.solve({"numeraire": 2.0})
    yield _check("homogeneity: prices", doubled.values("basic_price") / 2 - 1)
    yield _check("homogeneity: quantities", doubled.values("output") - 1)
    yield from _identities(model, "long run", Closure())
    if "CAP" in benchmark.factors:
        yield from _identities(
            model, "capital fixed", Closure("short_run", specific_factors=("CAP",))
        )
    if short_year is not None:
        short = Model.build(benchmark, "short")
        doubled = short.solve({"numeraire": 2.0}, short_year)
        yield _check("homogeneity (short year)", doubled.values("output") - 1)
        yield _check("full employment (short year)", doubled.values("employment") - 1)
        yield from _identities(short, "short year", short_year)


def _identities(model: Model, label: str, closure: Closure) -> Iterator[Check]:
    """Check a solved shock: all tariffs on foreign goods up by ten points."""
    levels, family = model.arrays.start.copy(), model.variables["tariff"]
    abroad = family.columns[family.by("r") != family.by("s")]
    if not len(abroad):  # one region: tax its output instead
        levels[model.variables["net_of_output_tax"].positions] -= TEST_TARIFF
    levels[abroad] += TEST_TARIFF
    solution = model.solve(levels, closure)
    regional, world = solution.by_region, model.benchmark.absorption.sum()
    yield _check(f"residual ({label})", solution.diagnostics.residual)
    yield _check(f"Walras ({label})", solution.diagnostics.walras)
    yield _check(f"zero profit ({label})", _zero_profit(solution))
    others = [regional(f"gdp_by_{way}") for way in ("production", "expenditure")]
    yield _check(f"GDP three ways ({label})", np.array(others) / regional("gdp") - 1)
    # The trade balance mirrors transfer, income and borrowing; both add up to zero.
    received = regional("transfer") + regional("net_borrowing")
    received = received + solution.array("income_from_abroad")
    if model.benchmark.saving is not None:
        received = received + regional("capital_inflow")
    balance = regional("trade_balance") + received
    yield _check(f"world balances ({label})", np.append(balance, received.sum()) / world)
    # From another value of money the search goes another way, and must end in the same place.
    again = levels.copy()
    again[model.variables["numeraire"].positions] *= 2.0
    gaps = _gaps(solution, model.solve(again, closure), ("output", "composite", "welfare"))
    yield _check(f"same in other money ({label})", gaps, 1e-8)
    # Newton and Ipopt agree on prices and quantities.
    name, size = f"two solvers ({label})", solution.resolved.system.size
    if size > LARGEST_FOR_IPOPT:
        why = f"{size} unknowns; Ipopt is given up to {LARGEST_FOR_IPOPT}"
        yield Check(name, float("nan"), 1e-8, why)
        return
    other = model.solve(levels, closure, solver="ipopt")
    names = ("basic_price", "output", "factor_price", "composite_price", "absorption")
    yield _check(name, _gaps(solution, other, names), 1e-8)


def _gaps(one: Solution, other: Solution, names: Sequence[str]) -> Array:
    """Relative gaps of some variables and outcomes between two solutions."""
    return np.concatenate([one.values(name) / other.values(name) - 1 for name in names])


def _zero_profit(solution: Solution) -> Array:
    """Outlays of each sector beyond its receipts, shares of these."""
    sold, tax, value_added = (
        solution.array(name) for name in ("output_value", "output_tax_paid", "value_added_value")
    )
    cost = solution.array("input_spending").sum(axis=1) + value_added
    live = sold > 0
    return (sold - tax - cost)[live] / sold[live]


def _check(name: str, gaps: Array | float, limit: float = 1e-9) -> Check:
    """Check that the largest of some gaps keeps a limit."""
    return Check(name, float(np.abs(gaps).max()), limit)
