"""Exposure to others as a tidy table: one row per figure, of a benchmark or of a solution.

Region is the one that relies or would lose, partner the one it depends on: of a link the
supplier, of a market the buyer. In leverage and irreplaceability region is the one that
has it, partner the one over whom. An empty column means all, as in
:mod:`cge.indicators.value_chain_rows`, of which the measures of reliance and of imports are
taken over with their names and units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.indicators import exposure as ex
from cge.indicators import exposure_links as links
from cge.indicators import exposure_losses as losses
from cge.indicators.economy import Economy, Indicator
from cge.indicators.value_chain_rows import value_chain_table
from cge.indicators.value_chains import Array, ratio
from cge.indicators.world_io import WorldIO
from cge.solve.solution import Solution

COLUMNS = ["region", "partner", "sector", "measure", "value", "unit"]
_OF_VALUE_CHAINS = (
    "import_concentration", "largest_import_share", "domestic_share_of_supply",
    "foreign_input_reliance", "foreign_input_reliance_face_value", "hidden_exposure", "foreign_share_of_stages",
    "foreign_market_reliance", "foreign_market_reliance_face_value",
)  # fmt: skip
_SHARE = "percent of absorption"


def exposure_table(
    source: WorldIO | Benchmark | Solution,
    homes: Sequence[str] | None = None,
    cut: float = losses.CUT,
    critical: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return all measures of exposure of one table.

    Parameters
    ----------
    source : WorldIO, Benchmark or Solution
    homes : sequence of str, optional
        Regions to report, all by default. With many regions fewer are much faster.
    cut : float
        Part of the deliveries that is extracted, for the measures that extract some.
    critical : sequence of str, optional
        Sectors whose commodities are needed in fixed proportions, see
        :func:`~cge.indicators.exposure_losses.link_extraction_loss`. By default the group
        ``goods`` of the benchmark; of a bare table, or without such a group, all.

    Returns
    -------
    DataFrame
        Columns region, partner, sector, measure, value, unit. Cells that do not exist,
        say leverage over a region to which nothing is sold, have no row.

    Raises
    ------
    InputError
        For an unknown region or sector, or a `cut` not above 0 and at most 1.
    """
    if isinstance(source, WorldIO):
        table = source
    else:
        benchmark = source if isinstance(source, Benchmark) else source.model.benchmark
        if critical is None:
            critical = benchmark.groups.get("sectors", {}).get("goods")
        table = (WorldIO.from_benchmark(source) if isinstance(source, Benchmark)
                 else WorldIO.from_solution(source))  # fmt: skip
    chosen = table.regions if homes is None else tuple(homes)
    for home in chosen:
        if home not in table.regions:
            raise InputError("unknown region", key="homes", value=home, allowed=table.regions)
    frame = _every(table, cut, critical, chosen)
    return frame[frame["region"].isin(chosen)].dropna(subset="value").reset_index(drop=True)


def _every(
    table: WorldIO, cut: float, critical: Sequence[str] | None, chosen: Sequence[str]
) -> pd.DataFrame:
    """All rows, also those of cells that do not exist."""
    parts = [
        *_links(table, cut, critical),
        *_pairs(table, cut, critical, chosen),
        _of_value_chains(table),
    ]
    return pd.concat(parts, ignore_index=True)


def _of_value_chains(table: WorldIO) -> pd.DataFrame:
    """Return reliance and concentration without detail by use class, and diversification."""
    frame = value_chain_table(table)
    frame = frame[frame["measure"].isin(_OF_VALUE_CHAINS) & frame["item"].isna()]
    index = frame[frame["measure"] == "import_concentration"]
    spread = index.assign(measure="import_diversification", value=1 - index["value"],
                          unit="index, one origin = 0")  # fmt: skip
    return pd.concat([frame, spread])[COLUMNS]


def _rows(
    table: WorldIO, measure: str, unit: str, values: Array, columns: Sequence[str]
) -> pd.DataFrame:
    """Return an array as rows; `columns` are what its axes are. Nobody is its own partner."""
    codes = {"region": table.regions, "partner": table.regions, "sector": table.sectors}
    places = pd.MultiIndex.from_product([codes[c] for c in columns], names=list(columns))
    frame = places.to_frame(index=False).astype(object)
    frame = frame.assign(measure=measure, value=values.ravel(), unit=unit)
    if "partner" in columns:
        frame = frame[frame["region"] != frame["partner"]]
    return frame.reindex(columns=COLUMNS)


def _links(table: WorldIO, cut: float, critical: Sequence[str] | None) -> Iterator[pd.DataFrame]:
    """Yield what each link and each supplier is worth to the region that buys."""
    axes = ("partner", "sector", "region")
    lost = f"{_SHARE}, deliveries cut by {100 * cut:g} %"
    share = links.link_share(table)
    loss = losses.link_extraction_loss(table, cut, critical)
    for measure, values in (
        ("link_share", share),
        ("link_share_look_through", links.link_share_look_through(table)),
        ("link_value_added_share", links.link_value_added_share(table)),
    ):
        yield _rows(table, measure, _SHARE, 100 * values.sum(axis=1), ("partner", "region"))
        yield _rows(table, measure, _SHARE, 100 * values, axes)
    yield _rows(table, "link_extraction_loss", lost, 100 * loss, axes)
    bound = losses.link_bottleneck_loss(table, cut, critical)
    yield _rows(table, "link_bottleneck_loss", lost, 100 * bound, axes)
    worth = np.where(share > losses.RESOLUTION, cut * share, 0.0)
    yield _rows(table, "link_amplification", "ratio", ratio(loss, worth), axes)
    own = ex.withholding_loss(table, cut)
    yield _rows(table, "withholding_loss", lost, 100 * own, ("region", "sector"))
    index = ex.irreplaceability(loss, own, links.absorption(table))
    yield _rows(table, "irreplaceability_extraction", "ratio", index, ("region", "sector"))


def _pairs(
    table: WorldIO, cut: float, critical: Sequence[str] | None, chosen: Sequence[str]
) -> Iterator[pd.DataFrame]:
    """Yield what regions as a whole lose with each other's deliveries and markets."""
    lost = f"{_SHARE}, deliveries cut by {100 * cut:g} %"
    places = frozenset(table.regions.index(code) for code in chosen)
    harm = losses.supplier_extraction_loss(table, cut, critical, places)
    own = ex.market_extraction_loss(table, cut)
    yield _rows(table, "link_extraction_loss", lost, 100 * harm, ("partner", "region"))
    yield _rows(table, "market_extraction_loss", lost, 100 * own, ("region", "partner"))
    over = ex.leverage(harm, own)
    yield _rows(table, "leverage_extraction", "ratio", over, ("region", "partner"))
    exports = ex.export_extraction_loss(table, cut)
    yield _rows(table, "withholding_loss", lost, 100 * exports, ("region",))
    index = ex.irreplaceability(harm, exports, links.absorption(table))
    yield _rows(table, "irreplaceability_extraction", "ratio", index, ("region",))


#: Group of indicators of exposure that rest on the table of accounts alone.
EXPOSURE = "exposure"
_LINES = """
link_share                  | sri | percent of absorption | indicator | 3 | difference | | | deliveries of a supplier
link_share_look_through     | sri | percent of absorption | indicator | 3 | difference | | | deliveries of a supplier, all stages
link_value_added_share      | sri | percent of absorption | indicator | 3 | difference | | | value added of a supplier
link_extraction_loss        | sri | percent of absorption, deliveries cut | indicator | 3 | difference | | | loss if a part of the deliveries were missing (hypothetical extraction)
link_bottleneck_loss        | sri | percent of absorption, deliveries cut | indicator | 3 | difference | | | the same where nothing replaces them
link_amplification          | sri | ratio | indicator | 3 | difference | | | extraction loss over the value of what is cut
withholding_loss            | si  | percent of absorption, deliveries cut | indicator | 3 | difference | | | loss of a region that withholds a commodity
irreplaceability_extraction | si  | ratio | indicator | 3 | difference | | | losses of others over the own loss
market_extraction_loss      | sr  | percent of absorption, deliveries cut | indicator | 3 | difference | | | loss with the market of a partner
leverage_extraction         | sr  | ratio | indicator | 3 | difference | | | loss of the partner over the own loss
import_diversification      | si  | index, one origin = 0 | indicator | 3 | difference | | | one less the concentration of imports
"""


def _of_economy(economy: Economy) -> pd.DataFrame:
    goods = economy.benchmark.groups.get("sectors", {}).get("goods")
    return _every(economy.io, losses.CUT, goods, economy.io.regions)


INDICATORS = (Indicator(EXPOSURE, _LINES, _of_economy),)
#: Measures of this group, and those of value chains that are about exposure.
EXPOSURES = (*INDICATORS[0].quantities, *_OF_VALUE_CHAINS)
