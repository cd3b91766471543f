"""Checks before a number is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cge.data.accounts.benchmark import Benchmark
from cge.solve.closure import Closure
from cge.solve.model import Model
from cge.solve.solution import Solution
from cge.solve.system import term_values


@dataclass(frozen=True)
class Check:
    """One check: its statement, the figure found, the limit it must keep."""

    name: str
    statement: str
    figure: float
    limit: float = 1e-9

    @property
    def passed(self) -> bool:
        return bool(self.figure <= self.limit)


#: The shock under which identities and solvers are tested: every tariff up by ten points.
TEST_TARIFF = 0.10


def run_checks(benchmark: Benchmark, cache_folder: Path | None = None) -> Iterator[Check]:
    """Check a benchmark and its model, yielding each result as it is found.

    Parameters
    ----------
    benchmark : Benchmark
    cache_folder : path, optional
        Folder of compiled models.
    """
    for identity, gap in benchmark.residuals().items():
        yield Check(f"accounts: {identity.replace('_', ' ')}",
                    "largest gap of the benchmark's accounts, share of the account",
                    float(np.abs(gap).max()))  # fmt: skip
    model = Model.build(benchmark, "long", cache_folder)
    coefficients, terms = model.arrays.coefficients, term_values(model.arrays, model.arrays.start)
    gap = np.abs(coefficients @ terms) / np.maximum(abs(coefficients) @ np.abs(terms), 1e-300)
    yield Check("replication", "largest residual of any equation in the benchmark",
                float(gap.max()), 1e-12)  # fmt: skip
    doubled = model.solve({"numeraire": 2.0})
    yield Check("homogeneity: prices", "numeraire x 2 doubles prices",
                float(np.abs(doubled.values("basic_price") / 2 - 1).max()))  # fmt: skip
    yield Check("homogeneity: quantities", "numeraire x 2 leaves quantities alone",
                float(np.abs(doubled.values("output") - 1).max()))  # fmt: skip
    yield from _identities(model, "long run", Closure())
    if "CAP" in benchmark.factors:
        yield from _identities(
            model, "capital fixed", Closure("short_run", specific_factors=("CAP",))
        )


def _identities(model: Model, label: str, closure: Closure) -> Iterator[Check]:
    """Check a solved shock: all tariffs on foreign goods up by ten points."""
    levels, family = model.arrays.start.copy(), model.variables["tariff"]
    abroad = family.columns[family.by("r") != family.by("s")]
    if not len(abroad):  # one region: tax its output instead
        levels[model.variables["net_of_output_tax"].positions] -= TEST_TARIFF
    levels[abroad] += TEST_TARIFF
    solution = model.solve(levels, closure)
    b = model.benchmark
    yield Check(f"residual ({label})", "largest residual of any equation after the shock",
                solution.diagnostics.residual)  # fmt: skip
    yield Check(f"Walras ({label})", "imbalance of the market left out, share of world income",
                solution.diagnostics.walras)  # fmt: skip
    yield Check(f"zero profit ({label})", "largest gap of cost and receipts of a sector",
                _zero_profit(solution))  # fmt: skip
    gdp = solution.by_region("gdp")
    others = [solution.by_region(f"gdp_by_{way}") for way in ("production", "expenditure")]
    worst = max(float(np.abs(other / gdp - 1).max()) for other in others)
    yield Check(f"GDP three ways ({label})", "income, production and expenditure agree",
                worst)  # fmt: skip
    balance = solution.by_region("trade_balance") + solution.by_region("transfer")
    yield Check(f"world balances ({label})", "trade balance mirrors the transfer; they sum to 0",
                float(max(np.abs(balance).max(), abs(solution.by_region("transfer").sum()))
                      / b.absorption.sum()))  # fmt: skip
    other = model.solve(levels, closure, solver="ipopt")
    names = ("basic_price", "output", "factor_price", "composite_price", "absorption")
    gaps = [np.abs(solution.values(n) / other.values(n) - 1).max() for n in names]
    yield Check(f"two solvers ({label})", "Newton and Ipopt agree on prices and quantities",
                float(max(gaps)), 1e-8)  # fmt: skip


def _zero_profit(solution: Solution) -> float:
    """Largest gap between a sector's receipts and its outlays."""
    sold, tax, value_added = (
        solution.array(name) for name in ("output_value", "output_tax_paid", "value_added_value")
    )
    cost = solution.array("input_spending").sum(axis=1) + value_added
    live = sold > 0
    return float((np.abs(sold - tax - cost)[live] / sold[live]).max())
