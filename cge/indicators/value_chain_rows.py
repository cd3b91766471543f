"""Value chains as tidy tables: one row per figure, of a benchmark or of a solution.

Columns mean what they mean in :mod:`cge.results.tidy`: in trade, region is the exporter
and partner the importer. In a reliance, region is the one that relies and partner the one
relied on; in a concentration of imports, region is the importer and partner the origin.
An empty column means all: a row without sector is the region's total or, for a ratio,
that of its totals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from cge.data.accounts.benchmark import Benchmark
from cge.indicators import value_chains as vc
from cge.indicators.value_chains import Array, ratio
from cge.indicators.world_io import WorldIO
from cge.solve.solution import Solution

KEYS = ["region", "partner", "sector", "item", "measure"]

_TRADE = {"r": "region", "s": "partner", "i": "sector"}
#: Origin first in the arrays, but it is the user that relies.
_USE = {"r": "partner", "s": "region", "i": "sector", "u": "item"}
_SHARE = "percent of gross exports"
_RELIES = "percent of output"


def value_chain_table(source: WorldIO | Benchmark) -> pd.DataFrame:
    """Return all value-chain measures of one table.

    Parameters
    ----------
    source : WorldIO or Benchmark

    Returns
    -------
    DataFrame
        Columns region, partner, sector, item, measure, value, unit. Cells that do not
        exist, say the upstreamness of a sector without output, have no row.
    """
    table = source if isinstance(source, WorldIO) else WorldIO.from_benchmark(source)
    frame = pd.concat(list(_measures(table)), ignore_index=True)
    return _largest(frame, ["value"]).dropna(subset="value").reset_index(drop=True)


def tidy_value_chains(solution: Solution) -> pd.DataFrame:
    """Return all value-chain measures of a solution beside those of its benchmark.

    Values are at the solution's prices, in units of the numeraire; see
    :meth:`~cge.indicators.world_io.WorldIO.from_solution`.

    Returns
    -------
    DataFrame
        Columns region, partner, sector, item, measure, value, unit, benchmark, change,
        change_unit: per cent for values in money, percentage points for percentages, a
        difference for the rest.
    """
    after = pd.concat(list(_measures(WorldIO.from_solution(solution))), ignore_index=True)
    benchmark = solution.model.benchmark
    before = pd.concat(list(_measures(WorldIO.from_benchmark(benchmark))), ignore_index=True)
    # Both list the same codes in the same order.
    frame = after.assign(benchmark=before["value"])
    frame = _largest(frame, ["value", "benchmark"]).dropna(subset=["value", "benchmark"], how="all")
    money = frame["unit"] == benchmark.unit
    value, start = frame["value"].to_numpy(), frame["benchmark"].to_numpy()
    percent = np.full(len(frame), np.nan)
    np.divide(100 * (value - start), start, out=percent, where=start != 0)
    points = frame["unit"].str.startswith("percent")
    return frame.assign(
        change=np.where(money, percent, value - start),
        change_unit=np.where(
            money, "percent", np.where(points, "percentage points", frame["unit"])
        ),
    ).reset_index(drop=True)


def reliance_by_supplier(source: WorldIO | Benchmark) -> pd.DataFrame:
    """Return the foreign input reliance of every sector on every other region.

    Kept out of :func:`value_chain_table` for its size, regions squared times sectors.

    Returns
    -------
    DataFrame
        Columns region, partner (the supplier), sector, look_through and face_value in
        per cent of output, hidden_exposure.
    """
    table = source if isinstance(source, WorldIO) else WorldIO.from_benchmark(source)
    look, face = vc.input_reliance(table), vc.input_reliance(table, look_through=False)
    frame = _rows(table, "", "", look * 100, "rsi", _USE)
    frame["look_through"] = frame["value"]
    frame["face_value"] = _rows(table, "", "", face * 100, "rsi", _USE)["value"]
    frame["hidden_exposure"] = _rows(
        table, "", "", vc.hidden_exposure(look, face), "rsi", _USE
    )["value"]  # fmt: skip
    columns = ["region", "partner", "sector", "look_through", "face_value", "hidden_exposure"]
    return frame.dropna(subset="look_through")[columns].reset_index(drop=True)


# -- the rows -----------------------------------------------------------------------------


def _rows(
    table: WorldIO, measure: str, unit: str, values: Array, axes: str, places: Mapping[str, str]
) -> pd.DataFrame:
    """Return an array as rows; those of a region with itself are left out."""
    codes: dict[str, Sequence[str]] = {
        "r": table.regions, "s": table.regions, "i": table.sectors, "u": table.use_classes
    }  # fmt: skip
    positions = np.indices(values.shape).reshape(values.ndim, -1)
    keep = np.ones(values.size, dtype=bool)
    if "r" in axes and "s" in axes:
        keep = positions[axes.index("r")] != positions[axes.index("s")]
    columns: dict[str, object] = dict.fromkeys(KEYS)
    for axis, position in zip(axes, positions, strict=True):
        columns[places[axis]] = np.array(codes[axis], dtype=object)[position[keep]]
    columns |= {"measure": measure, "value": values.reshape(-1)[keep], "unit": unit}
    return pd.DataFrame(columns)


def _measures(table: WorldIO) -> Iterator[pd.DataFrame]:
    """Yield the rows of all measures, in an order that the codes alone decide."""
    yield from _trade(table)
    yield from _lengths(table)
    yield from _reliances(table)
    yield from _imports(table)


def _trade(table: WorldIO) -> Iterator[pd.DataFrame]:
    def rows(measure: str, unit: str, values: Array, axes: str) -> pd.DataFrame:
        return _rows(table, measure, unit, values, axes, _TRADE)

    gross, added = vc.gross_exports(table), vc.value_added_exports(table)
    content, imported = vc.export_content(table), vc.vertical_specialisation(table)
    for axes in ("r", "ri", "rs"):
        exports, value_added = np.einsum(f"ris->{axes}", gross), np.einsum(f"ris->{axes}", added)
        yield rows("gross_exports", table.unit, exports, axes)
        yield rows("value_added_exports", table.unit, value_added, axes)
        yield rows("vax_ratio", "ratio", ratio(value_added, exports), axes)
    yield rows("value_added_exports", table.unit, added, "ris")
    for axes in ("r", "ri"):
        own, exports = (np.einsum(f"ri->{axes}", v) for v in (table.value_added, content.gross))
        part = ratio(np.einsum(f"ris->{axes}", added), own)
        yield rows("value_added_absorbed_abroad", "percent of factor income", 100 * part, axes)
        for name, values in (
            ("domestic_value_added_in_exports", content.domestic),
            ("foreign_value_added_in_exports", content.foreign),
            ("taxes_in_exports", content.taxes),
        ):
            yield rows(name, table.unit, np.einsum(f"ri->{axes}", values), axes)
        for name, values in (
            ("foreign_content_of_exports", content.foreign),
            ("vertical_specialisation", imported),
        ):
            share = ratio(np.einsum(f"ri->{axes}", values), exports)
            yield rows(name, _SHARE, 100 * share, axes)


def _lengths(table: WorldIO) -> Iterator[pd.DataFrame]:
    for measure, values in (
        ("upstreamness", vc.upstreamness(table)),
        ("downstreamness", vc.downstreamness(table)),
    ):
        yield _rows(table, measure, "stages", _mean(table, values), "r", _TRADE)
        yield _rows(table, measure, "stages", values, "ri", _TRADE)
    stages = vc.final_demand_stages(table)
    abroad = stages.sum(axis=0) - np.diagonal(stages)
    yield _rows(table, "final_demand_stages", "stages", stages.sum(axis=0), "r", _TRADE)
    yield _rows(table, "final_demand_stages_abroad", "stages", abroad, "r", _TRADE)


def _reliances(table: WorldIO) -> Iterator[pd.DataFrame]:
    def rows(measure: str, unit: str, values: Array, axes: str) -> pd.DataFrame:
        return _rows(table, measure, unit, values, axes, _USE)

    bought = [vc.input_reliance(table, look_through) for look_through in (True, False)]
    sold = [vc.market_reliance(table, look_through) for look_through in (True, False)]
    # The region that relies is `s`, its partner `r`, whichever way goods flow.
    for axes in ("s", "si", "rs"):
        cells = [[_at(table, reliance, axes) for reliance in pair] for pair in (bought, sold)]
        for name, (look, face) in zip(("input", "market"), cells, strict=True):
            yield rows(f"foreign_{name}_reliance", _RELIES, 100 * look, axes)
            yield rows(f"foreign_{name}_reliance_face_value", _RELIES, 100 * face, axes)
        yield rows("hidden_exposure", "ratio", vc.hidden_exposure(*cells[0]), axes)
    chain = vc.foreign(bought[0])
    length = vc.downstreamness(table)
    share = ratio(_mean(table, chain), _mean(table, length))
    unit = "percent of all stages"
    yield rows("foreign_share_of_stages", unit, 100 * share, "s")
    yield rows("foreign_share_of_stages", unit, 100 * ratio(chain, length), "si")


def _at(table: WorldIO, reliance: Array, axes: str) -> Array:
    """Return a reliance (partner, region, sector) in less detail."""
    if axes == "rs":
        return _mean(table, reliance)
    total = vc.foreign(reliance)
    return total if axes == "si" else _mean(table, total)


def _mean(table: WorldIO, values: Array) -> Array:
    """Return the mean over sectors, the last axis, with outputs as weights."""
    weights = table.output
    return ratio(np.nansum(values * weights, axis=-1), weights.sum(axis=-1))


def _imports(table: WorldIO) -> Iterator[pd.DataFrame]:
    for axes in ("s", "is", "uis"):
        sources = vc.sourcing(table, axes)
        for measure, unit, values in (
            ("import_concentration", "index, one origin = 1", sources.concentration),
            ("largest_import_share", "percent of imports", 100 * sources.largest_share),
            ("domestic_share", "percent of supply", 100 * sources.domestic_share),
        ):
            yield _rows(table, measure, unit, values, axes, _USE)
        shares = 100 * sources.import_share
        yield _rows(table, "largest_supplier", "percent of imports", shares, f"r{axes}", _USE)


def _largest(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the frame with only the largest suppliers, by any of the columns, in it."""
    origins = frame[frame["measure"] == "largest_supplier"]
    buyers = origins.groupby(["region", "sector", "item"], dropna=False, sort=False)
    largest = np.zeros(len(origins), dtype=bool)
    for column in columns:
        largest |= (origins[column] == buyers[column].transform("max")).to_numpy()
    return frame.drop(index=origins.index[~largest])
