"""Exposure to others as rows: one for each figure of a table of accounts.

Region is the one that relies or would lose, partner the one it depends on: of a link the
supplier, of a market the buyer. In leverage and irreplaceability region is the one that
has it, partner the one over whom. An empty place means all, as in
:mod:`cge.indicators.value_chain_rows`, where the measures of reliance and of imports are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.indicators import exposure as ex
from cge.indicators import exposure_losses as losses
from cge.indicators.economy import Accounts, Economy, Figure, Indicator, table_of
from cge.indicators.value_chains import ratio, sourcing
from cge.indicators.world_io import WorldIO

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


def exposure_of(table: WorldIO, critical: Sequence[str] | None = None) -> pd.DataFrame:
    """Rows of all measures, also of cells that do not exist, where deliveries are cut by half.

    Parameters
    ----------
    table : WorldIO
    critical : sequence of str, optional
        Sectors whose commodities are needed in fixed proportions, see
        :func:`~cge.indicators.exposure_losses.link_extraction_loss`; default: all.
    """
    link = losses.link_extraction_loss(table, critical=critical)
    pair = losses.supplier_extraction_loss(table, critical=critical)
    return pd.concat(
        [table_of(table, _of_buyers(table, link, pair, critical), "s"),
         table_of(table, _of_sellers(table, link, pair), "r")],
        ignore_index=True,
    )  # fmt: skip


def _of_buyers(
    table: WorldIO, link: Array, pair: Array, critical: Sequence[str] | None
) -> Iterator[Figure]:
    """Worth of each link and supplier to the region that buys."""
    shares = {
        "link_share": losses.link_share(table),
        "link_share_look_through": losses.link_share_look_through(table),
        "link_value_added_share": losses.link_value_added_share(table),
    }
    for name, values in shares.items():
        yield name, 100 * values.sum(axis=1), "rs"
        yield name, 100 * values, "ris"
    yield "link_extraction_loss", 100 * link, "ris"
    yield "link_extraction_loss", 100 * pair, "rs"
    bound = losses.link_bottleneck_loss(table, critical=critical)
    yield "link_bottleneck_loss", 100 * bound, "ris"
    share = shares["link_share"]
    worth = np.where(share > losses.RESOLUTION, losses.CUT * share, 0.0)
    yield "link_amplification", ratio(link, worth), "ris"
    for axes in ("s", "is"):
        yield "import_diversification", 1 - sourcing(table, axes).concentration, axes


def _of_sellers(table: WorldIO, link: Array, pair: Array) -> Iterator[Figure]:
    """Loss of a region that withholds, or with the market of another, and what it does to them."""
    own, market = ex.withholding_loss(table), ex.market_extraction_loss(table)
    exports = ex.export_extraction_loss(table)
    yield "withholding_loss", 100 * own, "ri"
    yield "withholding_loss", 100 * exports, "r"
    yield "market_extraction_loss", 100 * market, "rs"
    yield "leverage_extraction", ex.leverage(pair, market), "rs"
    for harm, alone, axes in ((link, own, "ri"), (pair, exports, "r")):
        index = ex.irreplaceability(harm, alone, table.absorption)
        yield "irreplaceability_extraction", index, axes


def _of_economy(economy: Economy | Accounts) -> pd.DataFrame:
    return exposure_of(economy.io, economy.benchmark.groups.get("sectors", {}).get("goods"))


INDICATORS = (Indicator(EXPOSURE, _LINES, _of_economy, of_accounts=_of_economy),)
#: Measures of this group, and those of value chains that are about exposure.
EXPOSURES = (
    *INDICATORS[0].quantities, "import_concentration", "largest_import_share",
    "domestic_share_of_supply", "foreign_input_reliance", "foreign_input_reliance_face_value",
    "hidden_exposure", "foreign_share_of_stages", "foreign_market_reliance",
    "foreign_market_reliance_face_value",
)  # fmt: skip
