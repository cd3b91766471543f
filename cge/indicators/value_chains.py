"""Trade in value added, length of value chains, reliance on foreigners: nothing is solved.

Each measure is a function of a :class:`~cge.indicators.world_io.WorldIO`, hence of a
benchmark or of a solved equilibrium. Arrays have the axes named in each function, in the
order of the table's codes; :mod:`cge.indicators.value_chain_rows` puts them into a tidy
table. `A` are input coefficients at basic prices and `L` is the Leontief inverse.

Since every flow of the world is in the table, no measure needs an assumption about a
rest of the world. Taxes are a primary input beside factors: what a unit of final use
pays goes to factors at home, to factors abroad and to taxes, and the three add up to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cge.core import axes
from cge.core.axes import Array
from cge.core.errors import check_known
from cge.indicators.world_io import WorldIO


def ratio(numerator: Array, denominator: Array) -> Array:
    """Quotient, NaN where the denominator is zero or less."""
    return axes.ratio(numerator, denominator, np.nan)


def abroad(values: Array) -> Array:
    """Values (r, ..., s) with zeros where the two regions are the same."""
    count = len(values)
    away = (1.0 - np.eye(count)).reshape((count,) + (1,) * (values.ndim - 2) + (count,))
    return np.asarray(values * away)


def _by_region_of_row(table: WorldIO, matrix: Array) -> Array:
    """Matrix over ((r, i), (s, j)) summed over commodities, (r, s, j)."""
    regions, sectors = table.output.shape
    return matrix.reshape(regions, sectors, regions, sectors).sum(axis=1)


# -- value added in trade -----------------------------------------------------------------


def gross_exports(table: WorldIO) -> Array:
    """Exports at the exporter's border (fob), (r, i, s); zero within a region."""
    return abroad(table.fob.sum(axis=0))


def value_added_by_destination(table: WorldIO) -> Array:
    """Factor income of (r, i) that final use in region s absorbs, (r, i, s).

    ``v (L F)``: what region `s` finally uses, through however many stages, pays to the
    factors of sector `i` in region `r`. Over all `s` it is the sector's factor income.
    Off the diagonal these are value added exports: Johnson, R.C. and G. Noguera (2012),
    Accounting for intermediates: Production sharing and trade in value added, Journal of
    International Economics 86.
    """
    return table.income.reshape(*table.output.shape, 1) * table.needed


def value_added_exports(table: WorldIO) -> Array:
    """Factor income of (r, i) absorbed in other regions, (r, i, s). Johnson, Noguera (2012)."""
    return abroad(value_added_by_destination(table))


def value_added_content(table: WorldIO) -> Array:
    """Factor income of region q in a unit of output of (s, j), (q, s, j).

    ``v L`` summed over the sectors of `q`. With :func:`tax_content` it adds up to one.
    """
    return _by_region_of_row(table, table.income[:, None] * table.leontief)


def tax_content(table: WorldIO) -> Array:
    """Taxes on inputs, factors and output in a unit of output of (s, j), (s, j).

    Those of all regions along the chain, net of subsidies; at basic prices, so neither
    the export tax nor the tariff on the product itself is among them.
    """
    taxes = table.per_output(table.taxes.ravel())
    return (taxes @ table.leontief).reshape(table.output.shape)


@dataclass(frozen=True, eq=False)
class ExportContent:
    """Content of gross exports by what they pay for; each (r, i), in the table's unit.

    Parameters
    ----------
    gross : ndarray
        Exports fob, the sum of the other three.
    domestic : ndarray
        Factor income of the exporting region, what returns to it through imported inputs
        included.
    foreign : ndarray
        Factor income of all other regions.
    taxes : ndarray
        Taxes along the chain, of all regions, and the export tax itself.
    """

    gross: Array
    domestic: Array
    foreign: Array
    taxes: Array


def export_content(table: WorldIO) -> ExportContent:
    """Split gross exports into domestic and foreign factor income and taxes.

    The foreign part is the multi-country form of vertical specialisation in Hummels,
    D., J. Ishii and K.-M. Yi (2001), The nature and growth of vertical specialization in
    world trade, Journal of International Economics 54; as a split of gross exports by
    the global inverse: Koopman, R., Z. Wang and S.-J. Wei (2014), Tracing value-added and
    double counting in gross exports, American Economic Review 104, and the OECD's TiVA.
    """
    gross = gross_exports(table).sum(axis=2)
    basic = abroad(table.deliveries.sum(axis=0)).sum(axis=2)
    content = value_added_content(table)
    domestic = np.einsum("ssj->sj", content) * basic
    foreign = content.sum(axis=0) * basic - domestic
    taxes = tax_content(table) * basic + gross - basic
    return ExportContent(gross, domestic, foreign, taxes)


def vertical_specialisation(table: WorldIO) -> Array:
    """Imported inputs in the exports of (r, i), at basic prices, (r, i).

    ``u A_M (I - A_D)^-1 X`` of Hummels, Ishii and Yi (2001): imports used directly, and
    through domestic suppliers, for what is exported. Unlike the foreign part of
    :func:`export_content` it counts all of an import as foreign, also what the region
    itself or taxes earned in it.
    """
    exports = abroad(table.deliveries.sum(axis=0)).sum(axis=2)
    coefficients = table.coefficients.reshape(table.intermediate.shape)
    result = np.zeros_like(exports)
    identity = np.eye(len(table.sectors))
    for s in range(len(table.regions)):
        domestic = coefficients[s, :, s, :]
        imported = coefficients[:, :, s, :].sum(axis=(0, 1)) - domestic.sum(axis=0)
        result[s] = np.linalg.solve((identity - domestic).T, imported) * exports[s]
    return result


def origin_content(
    table: WorldIO, origins: Sequence[str], region: str, look_through: bool = False
) -> Array:
    """Goods `i` of some regions in a unit of output of sector `j` of another, (origin, i, j).

    At face value what the sector itself buys, the non-originating materials of rules of origin
    (WTO Agreement on Rules of Origin 1994, annex II; as a part of a product's value: USMCA 2020,
    article 4.5). With look-through also what its suppliers at home bought for it, ``A_qs (I -
    A_ss)^-1``, as in :func:`vertical_specialisation`; what comes by third countries is of these.
    """
    own, s = [table.regions.index(one) for one in origins], table.regions.index(region)
    inputs = table.coefficients.reshape(table.intermediate.shape)[:, :, s]
    direct, size = inputs[own], len(table.sectors)
    if not look_through:
        return np.asarray(direct)
    found = np.linalg.solve((np.eye(size) - inputs[s]).T, direct.reshape(-1, size).T)
    return np.asarray(found.T.reshape(direct.shape))


# -- length of chains ---------------------------------------------------------------------


def upstreamness(table: WorldIO) -> Array:
    """Average number of stages from an output to final use, (r, i); NaN without output.

    One for a sector that sells to final use only. ``U = (I - B)^-1 1`` with ``B`` the
    share of an output that each user takes: Antras, P., D. Chor, T. Fally and R.
    Hillberry (2012), Measuring the upstreamness of production and trade flows, American
    Economic Review 102 (Papers and Proceedings). No correction for exports and stocks is
    needed, since all users are in the table.
    """
    output = table.output.ravel()
    return ratio(table.leontief @ output, output).reshape(table.output.shape)


def downstreamness(table: WorldIO) -> Array:
    """Average number of stages that an output has gone through, (s, j); NaN without output.

    The column sums of the Leontief inverse, the total input multiplier: one for a sector
    that uses no inputs. ``N`` of Fally, T. (2012), Production staging: Measurement and
    facts; ``D`` of Antras, P. and D. Chor (2018), On the measurement of upstreamness and
    downstreamness in global value chains. Taxes count as a primary input.
    """
    stages = table.leontief.sum(axis=0).reshape(table.output.shape)
    return np.where(table.output > 0, stages, np.nan)


def domar_weights(table: WorldIO) -> Array:
    """Output of a sector over the value added of its region, taxes included, (r, i).

    In an economy without distortions the gain in real income, in per cent, from one per cent more
    output of a sector from the same inputs: Hulten, C.R. (1978), Growth accounting with
    intermediate inputs, Review of Economic Studies 45. The weights add up to more than one.
    """
    income = (table.value_added + table.taxes).sum(axis=1)
    return ratio(table.output, income[:, None])


def final_demand_stages(table: WorldIO) -> Array:
    """Output of region q that a unit of final use in region s needs, (q, s).

    Summed over `q` this is the average number of production stages of what `s` finally
    uses; over ``q != s`` those abroad. Los, B., M.P. Timmer and G.J. de Vries (2015), How
    global are global value chains?, Journal of Regional Science 55, in gross output.
    """
    return ratio(table.needed.sum(axis=1), table.absorption)


# -- reliance -----------------------------------------------------------------------------


def input_reliance(table: WorldIO, look_through: bool = True) -> Array:
    """Output of region q that a unit of output of (s, j) uses, (q, s, j); NaN without output.

    At face value the inputs bought from `q`, ``A``; with look-through also those that
    any supplier, at home or abroad, bought from `q`: ``L``, in which the unit itself
    stands as well where ``q == s``. Over ``q != s`` it is the foreign input reliance (FIR)
    of Baldwin, R., R. Freeman and A. Theodorakopoulos (2023), Hidden exposure: Measuring
    US supply chain reliance, Brookings Papers on Economic Activity, Fall. Counted in gross
    output, so what crosses several stages counts several times and a reliance can be above
    one; look-through is never below face value.
    """
    matrix = table.leontief if look_through else table.coefficients
    result = _by_region_of_row(table, matrix)
    return np.where(table.output > 0, result, np.nan)


def market_reliance(table: WorldIO, look_through: bool = True) -> Array:
    """Part of the output of (r, i) that users in region s take, (s, r, i); NaN without output.

    The forward analogue of :func:`input_reliance`, foreign market reliance (FMR) in the
    same source: at face value what sectors of `s` buy of it as an input, with
    look-through also their output made from inputs made from it, the rows of the Ghosh
    (1958) inverse. Over ``s != r`` it is foreign. Sales to final use are not in it.
    """
    shape = table.intermediate.shape
    output = table.output
    flows = (
        table.leontief.reshape(shape) * output[None, None] if look_through else table.intermediate
    )
    return ratio(np.moveaxis(flows.sum(axis=3), 2, 0), output[None])


def hidden_exposure(look_through: Array, face_value: Array) -> Array:
    """Look-through over face value, NaN where the latter is zero; never below one.

    How many times larger a reliance is than the direct purchases show. Of two results of
    :func:`input_reliance`, summed or averaged alike. Baldwin, Freeman and Theodorakopoulos
    (2023).
    """
    return ratio(look_through, face_value)


def foreign(reliance: Array) -> Array:
    """Sum a reliance (q, s, j) over all other regions ``q != s``, (s, j)."""
    regions = reliance.shape[0]
    others = np.where(np.eye(regions, dtype=bool)[:, :, None], 0.0, reliance)
    return np.asarray(others.sum(axis=0))


# -- concentration of imports -------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SupplyShares:
    """Where a region's supply of a commodity comes from; axes ... (i, s), first one `r`.

    Parameters
    ----------
    import_share : ndarray (r, ..., s)
        Of each foreign origin in imports, zero at home; NaN without imports.
    domestic_share : ndarray (..., s)
        Of the region itself in its supply; NaN without supply.
    """

    import_share: Array
    domestic_share: Array

    @property
    def concentration(self) -> Array:
        """Herfindahl-Hirschman index over foreign origins: 1 if there is one only."""
        return np.asarray((self.import_share**2).sum(axis=0))

    @property
    def largest_share(self) -> Array:
        """Share of the largest foreign origin in imports."""
        return np.asarray(self.import_share.max(axis=0))


def sourcing(table: WorldIO, by: str = "is") -> SupplyShares:
    """Origins of supply at fob values, before tariffs.

    Parameters
    ----------
    table : WorldIO
    by : {"uis", "is", "s"}
        For each use class and commodity; each commodity; all that the region buys.

    Raises
    ------
    InputError
        For another `by`.
    """
    check_known([by], ("uis", "is", "s"), "unknown detail", key="by")
    supply = np.einsum(f"uris->r{by}", table.fob)
    imports = abroad(supply)
    total = supply.sum(axis=0)
    bought = imports.sum(axis=0)
    return SupplyShares(ratio(imports, bought[None]), ratio(total - bought, total))
