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
from cge.indicators.economy import Economy, Indicator
from cge.indicators.value_chains import Array, ratio
from cge.indicators.world_io import WorldIO

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
            ("domestic_share_of_supply", "percent of supply", 100 * sources.domestic_share),
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


#: Group of indicators of value chains.
VALUE_CHAINS = "value_chains"
_LINES = """
gross_exports                   | ris | money  | indicator | 3 | percent    | | | exports at basic prices
value_added_exports             | ris | money  | indicator | 3 | percent    | | | value added absorbed abroad (Johnson and Noguera 2012)
vax_ratio                       | ri  | ratio  | indicator | 3 | difference | | | value-added exports over gross exports
value_added_absorbed_abroad     | ri  | percent of factor income | indicator | 3 | difference | | | factor income that foreign final demand pays
domestic_value_added_in_exports | ri  | money  | indicator | 3 | percent    | | | domestic value added in gross exports
foreign_value_added_in_exports  | ri  | money  | indicator | 3 | percent    | | | foreign value added in gross exports
taxes_in_exports                | ri  | money  | indicator | 3 | percent    | | | taxes in gross exports
foreign_content_of_exports      | ri  | percent of gross exports | indicator | 3 | difference | | | foreign value added in gross exports
vertical_specialisation         | ri  | percent of gross exports | indicator | 3 | difference | | | imported inputs in gross exports
upstreamness                    | ri  | stages | indicator | 3 | difference | | | stages to final demand
downstreamness                  | ri  | stages | indicator | 3 | difference | | | stages of production behind a sector
final_demand_stages             | r   | stages | indicator | 3 | difference | | | stages of production behind final demand
final_demand_stages_abroad      | r   | stages | indicator | 3 | difference | | | stages behind final demand that are abroad
foreign_input_reliance          | si  | percent of output | indicator | 3 | difference | | | foreign inputs, all stages (Baldwin, Freeman and Theodorakopoulos 2023)
foreign_input_reliance_face_value | si | percent of output | indicator | 3 | difference | | | foreign inputs, direct
foreign_market_reliance         | si  | percent of output | indicator | 3 | difference | | | sales abroad, all stages
foreign_market_reliance_face_value | si | percent of output | indicator | 3 | difference | | | sales abroad, direct
hidden_exposure                 | si  | ratio  | indicator | 3 | difference | | | foreign input reliance over its face value
foreign_share_of_stages         | si  | percent of all stages | indicator | 3 | difference | | | stages of production that are abroad
import_concentration            | uis | index, one origin = 1 | indicator | 3 | difference | | | Herfindahl index of origins of imports
largest_import_share            | uis | percent of imports | indicator | 3 | difference | | | share of the largest origin
domestic_share_of_supply        | uis | percent of supply | indicator | 3 | difference | | | purchases from the own region
largest_supplier                | uis | percent of imports | indicator | 3 | difference | | | the largest origin and its share
"""


def _of_economy(economy: Economy) -> pd.DataFrame:
    return pd.concat(list(_measures(economy.io)), ignore_index=True)


def _reported(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with a figure, of suppliers the largest by either column."""
    return _largest(frame, ["value", "benchmark"])


INDICATORS = (Indicator(VALUE_CHAINS, _LINES, _of_economy, _reported),)
