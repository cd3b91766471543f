"""Length of the chains behind what a region uses: mean Leontief distance, borders crossed.

Value added in a sector reaches its final user after one delivery, or after several as an input
of inputs. With L the Leontief inverse and A the inputs per unit of output, L - I = A + A^2 + ...
counts the deliveries between sectors; L L = sum of (n + 1) A^n weights each path with its number
of deliveries, that to the final user included. Over the value in all paths this is the mean
distance: Dietzenbacher, E. and I. Romero (2007), Production chains in an interregional framework,
International Regional Science Review 30. Borders are counted likewise: Muradov, K. (2016),
Structure and length of value chains, SSRN 3054155.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.indicators.economy import Economy, Indicator, table_of
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.indicators.value_chains import ratio
from cge.indicators.world_io import WorldIO

LINES_OF_CHAINS = """
chain_length     | s | deliveries | indicator | 1 | difference | | Length of supply chains | deliveries between where value is added and who uses it finally
border_crossings | s | borders    | indicator | 1 | difference | | Borders crossed | borders that value crosses before it is finally used
"""


def chain_length(table: WorldIO) -> Array:
    """Mean number of deliveries from where value is added to final use in a region, (s,)."""
    used, value = table.final_flat, table.per_output(table.value_added.ravel())
    reached = table.leontief @ used
    return ratio(value @ (table.leontief @ reached), value @ reached)


def border_crossings(table: WorldIO) -> Array:
    """Mean number of borders that value crosses until final use in a region, (s,)."""
    regions, sectors = len(table.regions), len(table.sectors)
    used, value = table.final_flat, table.per_output(table.value_added.ravel())
    abroad = ~np.eye(regions, dtype=bool)
    between = np.repeat(np.repeat(abroad, sectors, axis=0), sectors, axis=1)
    reached = table.leontief @ used
    crossed = (table.coefficients * between) @ reached + used * np.repeat(abroad, sectors, axis=0)
    return ratio(value @ (table.leontief @ crossed), value @ reached)


def _of_economy(economy: Economy) -> pd.DataFrame:
    io = economy.io
    return table_of(io, [
        ("chain_length", chain_length(io), "s"), ("border_crossings", border_crossings(io), "s"),
    ])  # fmt: skip


INDICATORS = (Indicator(VALUE_CHAINS, LINES_OF_CHAINS, _of_economy),)
