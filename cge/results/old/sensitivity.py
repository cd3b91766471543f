"""Statistics of a sensitivity study, and its draws as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cge.experiments.draw import Output
from cge.experiments.sensitivity import Sensitivity, SetDraws

Array = NDArray[np.float64]

#: In the place of a set's name where the draws of all sets are taken together.
POOLED = "pooled"
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95}
STATISTICS = (
    "central", "mean", "sd", *QUANTILES, "min", "max", "probability_positive", "draws",
)  # fmt: skip
#: Statistics that are not in the unit of the measure.
_UNITS = {"probability_positive": "share of draws", "draws": "draws"}
COLUMNS = (
    "scenario", "closure", "elasticities", "step", "region", "measure", "statistic", "value",
    "unit",
)  # fmt: skip


def statistics(study: Sensitivity) -> pd.DataFrame:
    """Return the statistics of every output under each set, and over the sets together.

    Draws without an equilibrium are left out; ``draws`` says over how many it is. The
    pooled rows give every set the same weight; there is no central case of theirs.
    Quadrature points (``stroud``) have a mean and a standard deviation, but no quantiles.

    Returns
    -------
    DataFrame
        Columns scenario, closure, elasticities, step, region, measure, statistic, value,
        unit.
    """
    quadrature = study.design.quadrature
    tables = [
        _tidy(study.outputs, one.elasticities, _of_set(one, quadrature)) for one in study.sets
    ]
    if len(study.sets) > 1:
        tables.append(_tidy(study.outputs, POOLED, _pooled(study.sets, quadrature)))
    return pd.concat(tables, ignore_index=True)


def _of_set(one: SetDraws, quadrature: bool) -> dict[str, Array]:
    return {"central": one.central, **_spread(one.results[one.solved], quadrature)}


def _pooled(sets: Sequence[SetDraws], quadrature: bool) -> dict[str, Array]:
    """Return statistics over sets, each with the same weight whatever draws of it failed."""
    results = [one.results[one.solved] for one in sets]
    pooled = _spread(np.concatenate(results), quadrature)
    if all(len(r) == len(results[0]) for r in results) and not quadrature:
        return pooled
    sizes = [len(r) for r in results]
    weights = np.concatenate([np.full(n, 1 / (n * len(sizes))) for n in sizes if n])
    weights /= weights.sum()
    values = np.concatenate(results)
    mean = weights @ values
    # Of equally likely points, as in a quadrature: what one set lacks the others do not fill.
    pooled |= {"mean": mean, "sd": np.sqrt(weights @ (values - mean) ** 2)}
    if not quadrature:
        pooled |= {name: _weighted(values, weights, q) for name, q in QUANTILES.items()}
        pooled["probability_positive"] = weights @ (values > 0)
    return pooled


def _weighted(values: Array, weights: Array, share: float) -> Array:
    """Return the smallest values with at least that share of the weight at or below them."""
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(weights[order], axis=0) >= share - 1e-12
    rows = order[np.argmax(reached, axis=0), np.arange(values.shape[1])]
    return values[rows, np.arange(values.shape[1])]


def _spread(results: Array, quadrature: bool) -> dict[str, Array]:
    """Return the statistics of draws (draws, outputs)."""
    count = np.full(results.shape[1], float(len(results)))
    missing = np.full(results.shape[1], np.nan)
    if not len(results):
        return {"mean": missing, "sd": missing, "draws": count}
    found = {"mean": results.mean(axis=0)}
    if quadrature:
        return {**found, "sd": results.std(axis=0), "draws": count}
    found["sd"] = results.std(axis=0, ddof=1) if len(results) > 1 else missing
    quantiles = np.quantile(results, list(QUANTILES.values()), axis=0)
    found |= dict(zip(QUANTILES, quantiles, strict=True))
    return {
        **found, "min": results.min(axis=0), "max": results.max(axis=0),
        "probability_positive": (results > 0).mean(axis=0), "draws": count,
    }  # fmt: skip


def _tidy(outputs: Sequence[Output], name: str, found: dict[str, Array]) -> pd.DataFrame:
    """Return statistics as rows, the outputs in their order."""
    here = [statistic for statistic in STATISTICS if statistic in found]
    places = pd.DataFrame(
        [(o.scenario, o.closure, name, o.step, o.region, o.measure) for o in outputs],
        columns=list(COLUMNS[:6]),
    )
    table = places.loc[places.index.repeat(len(here))].reset_index(drop=True)
    units = [_UNITS.get(statistic, output.unit) for output in outputs for statistic in here]
    return table.assign(
        statistic=here * len(outputs), value=np.column_stack([found[s] for s in here]).ravel(),
        unit=units,
    )  # fmt: skip


def output_names(outputs: Sequence[Output]) -> list[str]:
    """Return a column name for each output: ``real_gdp[USA]``, of a family with the member."""
    several = len({(o.scenario, o.step) for o in outputs}) > 1
    return [
        f"{_member(o)}{o.measure}[{o.region}]" if several else f"{o.measure}[{o.region}]"
        for o in outputs
    ]


def _member(output: Output) -> str:
    share = "" if output.step == 1.0 else f"@{100 * output.step:g}%"
    return f"{output.scenario}{share}:"


def draws_table(study: Sensitivity) -> pd.DataFrame:
    """Return one row per draw: set, number from 1, status, parameters, results."""
    tables = []
    for one in study.sets:
        reasons = dict(one.failures)
        table = pd.DataFrame({
            "elasticities": one.elasticities,
            "draw": np.arange(1, len(one.points) + 1),
            "status": [reasons.get(n, "solved") for n in range(len(one.points))],
        })  # fmt: skip
        values = pd.DataFrame(one.points, columns=[p.name for p in one.parameters])
        results = pd.DataFrame(one.results, columns=output_names(study.outputs))
        tables.append(pd.concat([table, values, results], axis=1))
    return pd.concat(tables, ignore_index=True)


def parameters_table(study: Sensitivity) -> pd.DataFrame:
    """Return the uncertain parameters of each set with their ranges and sources."""
    rows = [
        (one.elasticities, p.name, p.nest, p.sector, one.speed, p.low, p.central, p.high, p.status,
         p.citation)
        for one in study.sets for p in one.parameters
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[
        "elasticities", "parameter", "nest", "sector", "speed", "low", "central", "high",
        "status", "citation",
    ])  # fmt: skip
