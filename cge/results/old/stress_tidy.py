"""A stress test as a tidy table: one row per figure.

Region is the one that loses (the viewer); partner and sector are empty where a figure is of
the region as a whole. Rows of a disruption name it and its family in the eyes of the region,
statistics name the weighting, figures of the equilibrium itself none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from cge.results.stress_links import link_rows
from cge.results.stress_statistics import DOMESTIC, Viewers
from numpy.typing import NDArray

from cge.experiments.stress import Described, StressCase, StressRun
from cge.indicators.exposure import knowledge_reliance
from cge.indicators.exposure_rows import exposure_table
from cge.indicators.fiscal import outlay, tariff_revenue
from cge.resilience.losses import loss_area, time_to_recover
from cge.solve.solution import Solution

Array = NDArray[np.float64]

COLUMNS = (
    "elasticities", "variant", "returns", "year", "weighting", "disruption", "family", "region",
    "partner", "sector", "measure", "value", "unit",
)  # fmt: skip
LOSS = "percent of real income"
POINTS = "percentage points"
#: Figures of stage 1 against the benchmark.
_MEASURES = {
    "equivalent_variation": "percent of benchmark absorption",
    "equivalent_variation_value": "",
    "real_gdp": "percent change",
    "terms_of_trade": "percent change",
}
_CHANGED = ("expected_loss", "cvar", "worst_loss", "loss_foreign")


def exposure(solution: Solution) -> list[Described]:
    """Return the measures of exposure of an equilibrium, for which nothing is solved."""
    table = exposure_table(solution).astype(object)
    table = table.where(table.notna(), "")
    return list(table.itertuples(index=False, name=None))


def tidy_stress(run: StressRun) -> pd.DataFrame:
    """Return all figures of a stress test.

    Returns
    -------
    DataFrame
        With the columns :data:`COLUMNS`. NaN stands where a disruption with weight has no
        equilibrium.
    """
    viewers = Viewers(run)
    tables = []
    for case in run.cases:
        pieces = [
            *_losses(run, viewers, case), *_statistics(viewers, case), *_by_family(viewers, case),
            *_of_stage(case), *_after(run, viewers, case), *link_rows(run, case),
        ]  # fmt: skip
        if case.described:
            names = ["region", "partner", "sector", "measure", "value", "unit"]
            pieces.append(pd.DataFrame(case.described, columns=names))
        table = pd.concat(pieces, ignore_index=True)
        elasticities, variant, returns, year = case.key
        tables.append(table.assign(
            elasticities=elasticities, variant=variant, returns=returns, year=year
        ))  # fmt: skip
    whole = pd.concat(tables, ignore_index=True)
    for name in COLUMNS:
        if name not in whole:
            whole[name] = ""
    text = [name for name in COLUMNS if name not in ("year", "value")]
    whole[text] = whole[text].fillna("").astype(str)
    return whole.loc[:, list(COLUMNS)].astype({"value": float, "year": "int64"})


def _rows(regions: Sequence[str], measure: str, values: Any, unit: str, **given: Any) -> Any:
    return pd.DataFrame(
        {"region": regions, "measure": measure, "value": values, "unit": unit, **given}
    )


def _losses(run: StressRun, viewers: Viewers, case: StressCase) -> Iterator[pd.DataFrame]:
    for n, one in enumerate(run.disruptions):
        given = {"disruption": one.name, "family": viewers.families[n]}
        yield _rows(viewers.regions, "loss", 100 * case.losses[n], LOSS, **given)
        yield _rows(viewers.regions, "borrowed", 100 * case.borrowed[n],
                    "percent of absorption", **given)  # fmt: skip


def _statistics(viewers: Viewers, case: StressCase) -> Iterator[pd.DataFrame]:
    for name in viewers.run.library.weightings:
        now = viewers.statistics(case.losses, name)
        for measure, values in now.items():
            unit = "100 x standard deviation of the log" if measure == "sd_log_income" else LOSS
            yield _rows(viewers.regions, measure, values, unit, weighting=name)
        if case.reference is not None:
            before = viewers.statistics(case.reference.losses, name)
            for measure in _CHANGED:
                yield _rows(viewers.regions, f"{measure}_change", now[measure] - before[measure],
                            POINTS, weighting=name)  # fmt: skip


def _by_family(viewers: Viewers, case: StressCase) -> Iterator[pd.DataFrame]:
    """Yield mean losses by family, without rows where a region has none of it."""
    now = viewers.by_family(case.losses)
    before = {} if case.reference is None else viewers.by_family(case.reference.losses)
    for family, values in now.items():
        there = (viewers.families == family).any(axis=0)
        regions = np.array(viewers.regions)[there]
        names = ["loss_by_family", *(["loss_domestic"] if family == DOMESTIC else [])]
        for name in names:
            yield _rows(regions, name, values[there], LOSS, family=family)
            if family in before:
                change = (values - before[family])[there]
                yield _rows(regions, f"{name}_change", change, POINTS, family=family)


def _of_stage(case: StressCase) -> Iterator[pd.DataFrame]:
    """Yield figures of stage 1: against the benchmark, and what premiums rest on."""
    one, solution = case.stage, case.stage.solution
    b = solution.model.benchmark
    for measure, unit in _MEASURES.items():
        yield _rows(b.regions, measure, solution.measure(measure), unit or b.unit)
    gdp = solution.by_region("gdp")
    spent = outlay(solution)
    yield _rows(b.regions, "outlay", spent, b.unit)
    yield _rows(b.regions, "outlay_share", 100 * spent / gdp, "percent of GDP")
    revenue = sum(tariff_revenue(solution)) - sum(tariff_revenue(solution, benchmark=True))
    yield _rows(b.regions, "tariff_revenue_change", revenue, b.unit)
    if one.stage.premium:
        regions, sectors = zip(*one.stage.premium, strict=True)
        yield _rows(regions, "backstop_premium", list(one.stage.premium.values()),
                    "cost over the price of the import", sector=sectors)  # fmt: skip
        if one.knowledge is not None:
            known = [one.knowledge[b.regions.index(r), b.sectors.index(i)]
                     for r, i in one.stage.premium]  # fmt: skip
            yield _rows(regions, "relative_knowledge", known, "baseline = 1", sector=sectors)
    if one.productivity:
        paid = b.factor_payments.sum(axis=2)
        reliance = knowledge_reliance(one.productivity, paid / paid.sum(axis=1, keepdims=True))
        table = _rows(b.regions, "knowledge_reliance", reliance, "part of the change")
        yield table.dropna(subset="value")


def _after(run: StressRun, viewers: Viewers, case: StressCase) -> Iterator[pd.DataFrame]:
    """Yield losses of the years since a disruption began, and what is made of them."""
    settings = case.stage.settings
    for n, one in enumerate(run.disruptions):
        if one.name not in case.by_year:
            continue
        losses = case.by_year[one.name]
        given = {"disruption": one.name, "family": viewers.families[n]}
        yield _rows(viewers.regions, "time_to_recover",
                    time_to_recover(losses, one.duration, settings.recovered),
                    "years since it began", **given)  # fmt: skip
        yield _rows(viewers.regions, "loss_area",
                    100 * loss_area(losses, settings.discount_rate),
                    "percent of a year's real income", **given)  # fmt: skip
        for year, values in enumerate(losses, start=1):
            yield _rows(viewers.regions, f"loss_in_year_{year}", 100 * values, LOSS, **given)
