"""Length of the chains behind what a region uses: mean Leontief distance, borders crossed.

Value added in a sector reaches its final user after one delivery, or after several as an input
of inputs. With L the Leontief inverse and A the inputs per unit of output, L - I = A + A^2 + ...
counts the deliveries between sectors; L L = sum of (n + 1) A^n weights each path with its number
of deliveries, that to the final user included. Over the value in all paths this is the mean
distance: Dietzenbacher, E. and I. Romero (2007), Production chains in an interregional framework,
International Regional Science Review 30. Borders are counted likewise: Muradov, K. (2016),
Structure and length of value chains, SSRN 3054155. So are kilometres, those of each delivery being
the distance between the regions (:mod:`cge.data.distances`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.data.distances import distances
from cge.indicators.economy import Economy, Indicator, table_of
from cge.indicators.value_chain_rows import VALUE_CHAINS
from cge.indicators.value_chains import ratio
from cge.indicators.world_io import WorldIO

LINES_OF_CHAINS = """
chain_length     | s | deliveries | indicator | 1 | difference | | Length of supply chains | deliveries between where value is added and who uses it finally
border_crossings | s | borders    | indicator | 1 | difference | | Borders crossed | borders that value crosses before it is finally used
chain_distance   | s | kilometres | indicator | 1 | difference | | Distance along supply chains | kilometres that value travels before it is finally used, from people to people, within regions too
"""


def chain_length(table: WorldIO) -> Array:
    """Mean number of deliveries from where value is added to final use in a region, (s,)."""
    used, value = table.final_flat, table.per_output(table.value_added.ravel())
    reached = table.leontief @ used
    return ratio(value @ (table.leontief @ reached), value @ reached)


def border_crossings(table: WorldIO) -> Array:
    """Mean number of borders that value crosses until final use in a region, (s,)."""
    return _along_chains(table, 1.0 - np.eye(len(table.regions)))


def chain_distance(table: WorldIO, between: Array) -> Array:
    """Mean distance that value travels until final use in a region, (s,).

    Parameters
    ----------
    table : WorldIO
    between : ndarray (r, s)
        Distances between regions, and within each on the diagonal.
    """
    return _along_chains(table, between)


def _along_chains(table: WorldIO, between: Array) -> Array:
    """Mean sum over the deliveries of a chain of what each counts, by its two regions, (s,)."""
    sectors = len(table.sectors)
    used, value = table.final_flat, table.per_output(table.value_added.ravel())
    of_inputs = np.repeat(np.repeat(between, sectors, axis=0), sectors, axis=1)
    reached = table.leontief @ used
    counted = (table.coefficients * of_inputs) @ reached + used * np.repeat(
        between, sectors, axis=0
    )
    return ratio(value @ (table.leontief @ counted), value @ reached)


def _of_economy(economy: Economy) -> pd.DataFrame:
    io, between = economy.io, distances(economy.benchmark)
    figures = [
        ("chain_length", chain_length(io), "s"), ("border_crossings", border_crossings(io), "s"),
    ]  # fmt: skip
    if between is not None:  # else nothing says where the regions lie
        figures.append(("chain_distance", chain_distance(io, between), "s"))
    return table_of(io, figures)


INDICATORS = (Indicator(VALUE_CHAINS, LINES_OF_CHAINS, _of_economy),)
