"""Knowledge along a path as rows of the tidy table: spending, stocks, productivity by source."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.calibration.benchmark import Benchmark
from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import CAPITAL
from cge.experiments.path_run import PathYear
from cge.solve.solution import Solution

Array = NDArray[np.float64]

INDEX = "index, baseline = 1"
#: Deviations of logs times 100, so that sources add up.
LOGS = "percent (100 x log)"
#: The same of a region: what it adds to GDP at given factors.
OF_GDP = "percent of GDP (100 x log)"
GDP_SHARE = "percent of benchmark GDP"


def by_sector(benchmark: Benchmark, measure: str, values: Array, unit: str = INDEX) -> pd.DataFrame:
    """Return an index by region and sector (r, j), or by region (r,), as rows.

    Returns
    -------
    DataFrame
        region, sector, measure, value, unit, benchmark, change, change_unit; the change is in
        per cent, of logs the value itself.
    """
    b = benchmark
    if values.ndim == 2:
        places = {"region": np.repeat(b.regions, len(b.sectors)),
                  "sector": np.tile(b.sectors, len(b.regions))}  # fmt: skip
    else:
        places = {"region": np.array(b.regions)}
    flat = values.ravel()
    base = 1.0 if unit == INDEX else 0.0
    change = 100 * (flat - 1) if unit == INDEX else flat
    return pd.DataFrame({
        **places, "measure": measure, "value": flat, "unit": unit, "benchmark": base,
        "change": change, "change_unit": "percent" if unit == INDEX else unit,
    })  # fmt: skip


def domar(benchmark: Benchmark, values: Array) -> Array:
    """Return productivities (r, j) weighted with producers' receipts over GDP (Hulten 1978)."""
    b = benchmark
    return np.asarray((b.output * (1 - b.output_tax) * values).sum(axis=1) / b.gdp)


def capital(benchmark: Benchmark, year: PathYear, base: PathYear | None) -> list[pd.DataFrame]:
    """Return the stock of capital by sector and by region, relative to the baseline."""
    b = benchmark
    stock = year.state.capital / (1.0 if base is None else base.state.capital)
    weights = b.factor_payments[..., b.factors.index(CAPITAL)]
    if base is not None:
        weights = weights * base.state.capital
    total = (weights * stock).sum(axis=1) / weights.sum(axis=1)
    return [by_sector(b, "capital_stock", total), by_sector(b, "capital_stock", stock)]


def productivity(year: PathYear, base: PathYear | None = None) -> dict[str, Array]:
    """Return the log deviation of productivity by source and in all, each (r, j), times 100."""
    if not year.productivity:
        return {}
    found = {
        name: 100 * (values - (base.productivity[name] if base is not None else 0.0))
        for name, values in year.productivity.items()
    }
    return {**found, "total": np.sum(list(found.values()), axis=0)}


def tidy_knowledge(
    benchmark: Benchmark, year: PathYear, base: PathYear | None, sectors: bool
) -> list[pd.DataFrame]:
    """Return a year's research, stocks and productivity, and the policy about them.

    Parameters
    ----------
    benchmark : Benchmark
    year, base : PathYear
        Of the path and of its baseline; without one the baseline is where nothing moves.
    sectors : bool
        Whether by sector as well.
    """
    b = benchmark
    tables = []
    for name, values in productivity(year, base).items():
        measure = f"productivity_{name}"
        tables.append(by_sector(b, measure, domar(b, values), OF_GDP))
        if sectors and np.abs(values).max() > 0:
            tables.append(by_sector(b, measure, values, LOGS))
    state = year.state.knowledge
    if state is None or year.business is None:
        return tables
    tables.append(by_sector(b, "basic_stock", state.basic / _of(base, "basic")))
    if sectors:
        stocks = {
            "business_research": year.business / _business(base),
            "applied_stock": state.applied / _of(base, "applied"),
            "foreign_knowledge": state.foreign / _of(base, "foreign"),
            "absorptive_capacity": state.absorption / _of(base, "absorption"),
        }
        tables += [by_sector(b, name, values) for name, values in stocks.items()]
    return [*tables, *_policy(b, year.policy)]


def _of(base: PathYear | None, name: str) -> Array | float:
    if base is None or base.state.knowledge is None:
        return 1.0
    return np.asarray(getattr(base.state.knowledge, name))


def _business(base: PathYear | None) -> Array | float:
    return 1.0 if base is None or base.business is None else base.business


def _policy(b: Benchmark, policy: KnowledgePolicy) -> list[pd.DataFrame]:
    """Return what a government does about knowledge, where it does something."""
    tables = []
    where = np.argwhere(policy.credit != 0)
    tables.append(_cells(
        "research_credit", "percent of business research", 100 * policy.credit[tuple(where.T)],
        0.0, region=[b.regions[r] for r, _ in where], sector=[b.sectors[j] for _, j in where],
    ))  # fmt: skip
    for name in ("basic", "diffusion"):
        spent = getattr(policy, name)
        (here,) = np.nonzero(spent)
        tables.append(_cells(f"{name}_spending", GDP_SHARE, 100 * spent[here], 0.0,
                             region=[b.regions[r] for r in here]))  # fmt: skip
    where = np.argwhere(policy.openness != 1)
    tables.append(_cells(
        "openness", "share of knowledge let through", policy.openness[tuple(where.T)], 1.0,
        region=[b.regions[s] for s, _ in where], partner=[b.regions[r] for _, r in where],
    ))  # fmt: skip
    return [table for table in tables if len(table)]


def _cells(
    measure: str, unit: str, values: Array, benchmark: float, **places: list[str]
) -> pd.DataFrame:
    return pd.DataFrame({
        **places, "measure": measure, "value": values, "unit": unit, "benchmark": benchmark,
        "change": values - benchmark, "change_unit": unit,
    })  # fmt: skip


def knowledge_outlay(
    solution: Solution, year: PathYear, business: Array | None
) -> Mapping[str, Array]:
    """Return what a government spends on knowledge in a year, each (r,), in the benchmark's money.

    Parameters
    ----------
    solution : Solution
    year : PathYear
    business : ndarray (r, j), optional
        Business research in the benchmark; without it credits are not known.
    """
    b = solution.model.benchmark
    price = solution.by_region("research_unit_cost") / solution.by_region(
        "research_unit_cost", benchmark=True
    )
    policy = year.policy
    spent = {
        "basic research": policy.basic * b.gdp * price,
        "diffusion": policy.diffusion * b.gdp * price,
    }
    if business is not None and year.business is not None:
        paid = (policy.credit * business * year.business).sum(axis=1)
        spent["research credits"] = paid * price
    return {name: np.asarray(values) for name, values in spent.items()}
