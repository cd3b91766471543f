"""Knowledge and capital along a path as rows of the tidy table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from cge.results.path_rows import stacked
from cge.results.path_years import pairs
from numpy.typing import NDArray

from cge.data.accounts.benchmark import Benchmark
from cge.dynamics.knowledge import KnowledgePolicy
from cge.dynamics.recursion import CAPITAL
from cge.experiments.path_run import PathCase, PathYear

Array = NDArray[np.float64]

INDEX = "index, baseline = 1"
#: Deviations of logs times 100, so that sources add up.
LOGS = "percent (100 x log)"
#: The same of a region: what it adds to GDP at given factors.
OF_GDP = "percent of GDP (100 x log)"
GDP_SHARE = "percent of benchmark GDP"
#: Stocks by sector, and what they are called in the state.
_STOCKS = {"applied_stock": "applied", "foreign_knowledge": "foreign",
           "absorptive_capacity": "absorption"}  # fmt: skip


def tidy_state(case: PathCase, sectors: Sequence[int]) -> list[pd.DataFrame]:
    """Return capital, research, stocks and productivity, and the policy about knowledge.

    Parameters
    ----------
    case : PathCase
    sectors : sequence of int
        Years with figures by sector; those by region are there for all.
    """
    found = pairs(case)
    tables = _capital(case, sectors)
    if found[0][0].productivity:
        tables += _productivity(case, sectors)
    if found[0][0].state.knowledge is None:
        return tables
    tables += _index(case, "basic_stock", partial(_state, name="basic"), sectors)
    tables += _index(case, "business_research", lambda y: y.business, sectors)
    for name, source in _STOCKS.items():
        tables += _index(case, name, partial(_state, name=source), sectors)
    return [*tables, *(table for year, _ in found for table in _policy(case, year))]


def _state(year: PathYear, name: str) -> Array:
    return np.asarray(getattr(year.state.knowledge, name))


def _places(b: Benchmark, values: Array) -> dict[str, Any]:
    """Return the codes of an array (years, r) or (years, r, j) laid flat."""
    if values.ndim == 2:
        return {"region": b.regions}
    return {"region": np.repeat(np.array(b.regions, dtype=object), len(b.sectors)),
            "sector": np.tile(np.array(b.sectors, dtype=object), len(b.regions))}  # fmt: skip


def _rows(
    b: Benchmark, measure: str, years: Sequence[int], values: Array, unit: str
) -> pd.DataFrame:
    """Return an index or a log deviation; the change of an index is in per cent."""
    flat = values.reshape(len(values), -1)
    if unit == INDEX:
        return stacked(years, _places(b, values), measure, flat, unit, 1.0, 100 * (flat - 1),
                       "percent")  # fmt: skip
    return stacked(years, _places(b, values), measure, flat, unit)


def _index(
    case: PathCase, measure: str, get: Callable[[PathYear], Any], sectors: Sequence[int]
) -> list[pd.DataFrame]:
    """Return a stock or flow relative to the baseline, one by sector in chosen years only."""
    b = case.years[0].solution.model.benchmark
    by_sector = np.ndim(get(case.years[0])) == 2
    chosen = [(y, base) for y, base in pairs(case) if not by_sector or y.year in sectors]
    if not chosen:
        return []
    values = np.array([get(y) / (1.0 if base is None else get(base)) for y, base in chosen])
    return [_rows(b, measure, [y.year for y, _ in chosen], values, INDEX)]


def _capital(case: PathCase, sectors: Sequence[int]) -> list[pd.DataFrame]:
    """Return the stock of capital by region and by sector, relative to the baseline."""
    b = case.years[0].solution.model.benchmark
    weights = b.factor_payments[..., b.factors.index(CAPITAL)]

    def total(year: PathYear) -> Array:
        return np.asarray((weights * year.state.capital).sum(axis=1) / weights.sum(axis=1))

    return [
        *_index(case, "capital_stock", total, sectors),
        *_index(case, "capital_stock", lambda y: y.state.capital, sectors),
    ]


def domar(benchmark: Benchmark, values: Array) -> Array:
    """Return productivities (..., r, j) weighted with receipts over GDP (Hulten 1978), (..., r)."""
    b = benchmark
    return np.asarray((b.output * (1 - b.output_tax) * values).sum(axis=-1) / b.gdp)


def _productivity(case: PathCase, sectors: Sequence[int]) -> list[pd.DataFrame]:
    """Return log deviations by source and in all, times 100."""
    b = case.years[0].solution.model.benchmark
    found = pairs(case)
    by_source = {
        name: 100 * np.array([
            y.productivity[name] - (0.0 if base is None else base.productivity[name])
            for y, base in found
        ])
        for name in found[0][0].productivity
    }  # fmt: skip
    by_source["total"] = np.sum(list(by_source.values()), axis=0)
    years = np.array([y.year for y, _ in found])
    here = np.flatnonzero(np.isin(years, sectors))
    tables = []
    for name, values in by_source.items():
        measure = f"productivity_{name}"
        tables.append(_rows(b, measure, years.tolist(), domar(b, values), OF_GDP))
        if len(here) and np.abs(values).max() > 0:
            tables.append(_rows(b, measure, years[here].tolist(), values[here], LOGS))
    return tables


def _policy(case: PathCase, year: PathYear) -> list[pd.DataFrame]:
    """Return what governments do about knowledge in a year, where they do something."""
    b = case.years[0].solution.model.benchmark
    policy: KnowledgePolicy = year.policy
    regions, sectors = np.array(b.regions, dtype=object), np.array(b.sectors, dtype=object)
    tables = []
    r, j = np.nonzero(policy.credit)
    tables.append(stacked(
        [year.year], {"region": regions[r], "sector": sectors[j]}, "research_credit",
        100 * policy.credit[r, j][None, :], "percent of business research",
    ))  # fmt: skip
    for name in ("basic", "diffusion"):
        spent = getattr(policy, name)
        (r,) = np.nonzero(spent)
        tables.append(stacked([year.year], {"region": regions[r]}, f"{name}_spending",
                              100 * spent[r][None, :], GDP_SHARE))  # fmt: skip
    s, r = np.nonzero(policy.openness != 1)
    let = policy.openness[s, r][None, :]
    tables.append(stacked(
        [year.year], {"region": regions[s], "partner": regions[r]}, "openness", let,
        "share of knowledge let through", 1.0, let - 1,
    ))  # fmt: skip
    return [table for table in tables if len(table)]


def knowledge_outlay(year: PathYear, business: Array | None) -> dict[str, Array]:
    """Return what governments spend on knowledge in a year, each (r,), in the benchmark's money.

    Parameters
    ----------
    year : PathYear
    business : ndarray (r, j), optional
        Business research in the benchmark; without it credits are not known.
    """
    solution = year.solution
    b = solution.model.benchmark
    cost = "research_unit_cost"
    price = solution.by_region(cost) / solution.by_region(cost, benchmark=True)
    policy = year.policy
    spent = {
        "basic research": policy.basic * b.gdp * price,
        "diffusion": policy.diffusion * b.gdp * price,
    }
    if business is not None and year.business is not None:
        spent["research credits"] = (policy.credit * business * year.business).sum(axis=1) * price
    return spent
