"""Value chains as tidy tables: one row per figure, of a benchmark or of a solution.

In trade, region is the exporter and partner the importer. In a reliance, region is the one that
relies and partner the one relied on; in a concentration of imports, region is the importer and
partner the origin. An empty column means all: a row without sector is the region's total or, for
a ratio, that of its totals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.data.accounts.benchmark import Benchmark
from cge.indicators import value_chains as vc
from cge.indicators.economy import Figure, Indicator, table_of
from cge.indicators.value_chains import ratio
from cge.indicators.world_io import WorldIO

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
domar_weight                    | ri  | percent of the region's value added | indicator | 3 | difference | | | output of a sector over the value added of its region, taxes included (Domar 1961, Hulten 1978)
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


def value_chain_table(source: WorldIO | Benchmark) -> pd.DataFrame:
    """All value-chain measures of one table.

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
    frame = _largest(_every(table), ["value"]).dropna(subset="value").reset_index(drop=True)
    units = {q.name: q.unit_in(table.unit) for q in INDICATORS[0].quantities.values()}
    frame["unit"] = frame["measure"].map(units)
    return frame.reindex(
        columns=["region", "partner", "sector", "item", "measure", "value", "unit"]
    )


def _every(table: WorldIO) -> pd.DataFrame:
    """Rows of all measures, in an order that the codes alone decide."""
    return pd.concat(
        [table_of(table, _of_sellers(table), "r"), table_of(table, _of_buyers(table), "s")],
        ignore_index=True,
    )


def _of_sellers(table: WorldIO) -> Iterator[Figure]:
    """Trade in value added, and the length of chains."""
    gross, added = vc.gross_exports(table), vc.value_added_exports(table)
    content, imported = vc.export_content(table), vc.vertical_specialisation(table)
    for axes in ("r", "ri", "rs"):
        exports, value_added = np.einsum(f"ris->{axes}", gross), np.einsum(f"ris->{axes}", added)
        yield "gross_exports", exports, axes
        yield "value_added_exports", value_added, axes
        yield "vax_ratio", ratio(value_added, exports), axes
    yield "value_added_exports", added, "ris"
    parts = {
        "domestic_value_added_in_exports": content.domestic,
        "foreign_value_added_in_exports": content.foreign, "taxes_in_exports": content.taxes,
    }  # fmt: skip
    shares = {"foreign_content_of_exports": content.foreign, "vertical_specialisation": imported}
    for axes in ("r", "ri"):
        own, exports = (np.einsum(f"ri->{axes}", v) for v in (table.value_added, content.gross))
        abroad = np.einsum(f"ris->{axes}", added)
        yield "value_added_absorbed_abroad", 100 * ratio(abroad, own), axes
        for name, values in parts.items():
            yield name, np.einsum(f"ri->{axes}", values), axes
        for name, values in shares.items():
            yield name, 100 * ratio(np.einsum(f"ri->{axes}", values), exports), axes
    lengths = {"upstreamness": vc.upstreamness(table), "downstreamness": vc.downstreamness(table)}
    for name, values in lengths.items():
        yield name, _mean(table, values), "r"
        yield name, values, "ri"
    yield "domar_weight", 100 * vc.domar_weights(table), "ri"
    stages = vc.final_demand_stages(table)
    yield "final_demand_stages", stages.sum(axis=0), "r"
    yield "final_demand_stages_abroad", stages.sum(axis=0) - np.diagonal(stages), "r"


def _of_buyers(table: WorldIO) -> Iterator[Figure]:
    """Reliance, and the concentration of imports."""
    bought = [vc.input_reliance(table, look_through) for look_through in (True, False)]
    sold = [vc.market_reliance(table, look_through) for look_through in (True, False)]
    # The region that relies is `s`, its partner `r`, whichever way goods flow.
    for axes in ("s", "si", "rs"):
        for name, pair in (("input", bought), ("market", sold)):
            look, face = (_at(table, reliance, axes) for reliance in pair)
            yield f"foreign_{name}_reliance", 100 * look, axes
            yield f"foreign_{name}_reliance_face_value", 100 * face, axes
        hidden = vc.hidden_exposure(*(_at(table, one, axes) for one in bought))
        yield "hidden_exposure", hidden, axes
    chain, length = vc.foreign(bought[0]), vc.downstreamness(table)
    yield "foreign_share_of_stages", 100 * ratio(_mean(table, chain), _mean(table, length)), "s"
    yield "foreign_share_of_stages", 100 * ratio(chain, length), "si"
    for axes in ("s", "is", "uis"):
        sources = vc.sourcing(table, axes)
        yield "import_concentration", sources.concentration, axes
        yield "largest_import_share", 100 * sources.largest_share, axes
        yield "domestic_share_of_supply", 100 * sources.domestic_share, axes
        yield "largest_supplier", 100 * sources.import_share, f"r{axes}"


def _at(table: WorldIO, reliance: Array, axes: str) -> Array:
    """A reliance (partner, region, sector) in less detail."""
    if axes == "rs":
        return _mean(table, reliance)
    total = vc.foreign(reliance)
    return total if axes == "si" else _mean(table, total)


def _mean(table: WorldIO, values: Array) -> Array:
    """Mean over sectors, the last axis, with outputs as weights."""
    weights = table.output
    return ratio(np.nansum(values * weights, axis=-1), weights.sum(axis=-1))


def _largest(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Rows without those of suppliers that are not the largest by any of the columns."""
    origins = frame[frame["measure"] == "largest_supplier"]
    buyers = origins.groupby(["region", "sector", "item"], dropna=False, sort=False)
    largest = np.zeros(len(origins), dtype=bool)
    for column in columns:
        largest |= (origins[column] == buyers[column].transform("max")).to_numpy()
    return frame.drop(index=origins.index[~largest])


INDICATORS = (
    Indicator(VALUE_CHAINS, _LINES, lambda economy: _every(economy.io),
              lambda frame: _largest(frame, ["value", "benchmark"]),
              lambda accounts: _every(accounts.io)),
)  # fmt: skip
