"""Losses of a region as a buyer when deliveries are cut: a little, or much at fixed proportions.

A link is what sector `i` of region `r` delivers to region `s`. Nothing is solved: each measure is
a function of a :class:`~cge.indicators.world_io.WorldIO`, hence of a benchmark or of an
equilibrium, and a fraction of the absorption of the buyer `s`, its final use at basic prices, zero
at home.

A share is what a small shortage costs, per unit of the cut, where buyers adjust as prices tell
them (Hulten 1978). A large shortage under Leontief technology is another matter: nobody else
delivers more, sectors need critical commodities in fixed proportions, and only the origins of one
commodity replace one another, separately among inputs and in final use. What is not critical
costs no more than it is worth. Between the two lies what a model with prices finds.

Of the deliveries to a region, those that its exporters use are cut like the others. What
they no longer sell abroad is not in its loss, nor is what other regions lose by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Array, Bools
from cge.core.errors import check_known, refuse_if
from cge.indicators.value_chains import abroad, ratio, value_added_by_destination
from cge.indicators.world_io import WorldIO

Places = NDArray[np.intp]

#: What is smaller than this share of a region's absorption counts as nothing.
RESOLUTION = 1e-9
#: The cut of deliveries unless another is asked for.
CUT = 0.5


# -- to the first order ------------------------------------------------------------------


def of_absorption(table: WorldIO, values: Array) -> Array:
    """Values (r, ..., s) over the absorption of `s`, zero at home; NaN where it absorbs nothing."""
    return ratio(abroad(values), table.absorption)


def link_share(table: WorldIO) -> Array:
    """Deliveries of (r, i) to region s over the absorption of s, (r, i, s); zero at home.

    At face value and at basic prices, inputs of exporters included: the first-order loss
    per unit of the cut. Hulten, C.R. (1978), Growth accounting with intermediate inputs,
    Review of Economic Studies 45.
    """
    return of_absorption(table, table.deliveries.sum(axis=0))


def link_share_look_through(table: WorldIO) -> Array:
    """Output of (r, i) that the final use of s needs, over its absorption, (r, i, s).

    ``L F``, through all stages and third countries; zero at home. To the first order the
    rise in the cost of final use in `s` per unit of cost of (r, i): its exposure in
    Baqaee, D.R. and E. Farhi (2024), Networks, barriers, and trade, Econometrica 92.
    Unlike :func:`link_share` it leaves out what `s` exports again. In gross output: what
    several sectors of `r` make of each other's output counts in each of them.
    """
    return of_absorption(table, table.needed)


def link_value_added_share(table: WorldIO) -> Array:
    """Factor income of (r, i) in the final use of s, over its absorption, (r, i, s).

    ``v L F``; zero at home. Free of double counting: over all `r` and `i`, with what the
    region's own factors and taxes get, one. Johnson, R.C. and G. Noguera (2012),
    Accounting for intermediates, Journal of International Economics 86.
    """
    return of_absorption(table, value_added_by_destination(table))


# -- large cuts at fixed proportions -------------------------------------------------------


def allowed_cut(cut: float) -> float:
    """A cut of deliveries, checked.

    Raises
    ------
    InputError
        If it is not above 0 and at most 1.
    """
    refuse_if(not 0 < cut <= 1, "a cut is a part of deliveries", key="cut", value=cut,
              allowed="above 0 and at most 1")  # fmt: skip
    return float(cut)


def _critical(table: WorldIO, codes: Sequence[str] | None) -> Bools:
    """Whether commodities are critical, (i,)."""
    codes = table.sectors if codes is None else codes
    check_known(codes, table.sectors, "unknown sector", key="critical")
    return np.array([code in codes for code in table.sectors])


@dataclass(frozen=True, eq=False)
class _Uses:
    """Needs of the final use of one region for each commodity as an input in that region.

    Parameters
    ----------
    final : ndarray (g,)
        Final use by product, g = (q, i') flat.
    intensity : ndarray (i, g)
        Inputs of commodity `i` of any origin to sectors of the region per unit of `g`.
    share : ndarray (r, i)
        Of each origin in those inputs.
    """

    final: Array
    intensity: Array
    share: Array

    @property
    def needed(self) -> Array:
        """Inputs of each commodity for the region's own final use, (i,)."""
        return np.asarray(self.intensity @ self.final)


def _uses(table: WorldIO) -> Iterator[_Uses]:
    """Yield the uses of each region in the order of the table."""
    regions, sectors = table.output.shape
    coefficients = table.coefficients.reshape(table.intermediate.shape)
    inverse = table.leontief.reshape(regions, sectors, table.size)
    for s in range(regions):
        inputs = table.intermediate[:, :, s].sum(axis=2)
        yield _Uses(
            final=table.final[:, :, s].ravel(),
            intensity=coefficients[:, :, s].sum(axis=0) @ inverse[s],
            share=np.nan_to_num(ratio(inputs, inputs.sum(axis=0)[None])),
        )


def link_bottleneck_loss(
    table: WorldIO, cut: float = CUT, critical: Sequence[str] | None = None
) -> Array:
    """Final use lost if every use of a scarce input is cut alike, (r, i, s).

    With a cut `m` of the deliveries of (r, i) to `s`, final purchases of them fall by `m`
    and the inputs of `i` in `s` by ``m share``, the share of `r` in them. Each sector's
    output falls like its scarcest input, so no product whose chain uses `i` in `s` falls
    by more: an upper bound at fixed proportions, reached if all sectors use `i`. Leontief
    production of Pichler, A., M. Pangallo, R.M. del Rio-Chanona, F. Lafond and J.D. Farmer
    (2022), Forecasting the propagation of pandemic shocks with a dynamic input-output
    model, Journal of Economic Dynamics and Control 144. Arguments and errors are those of
    :func:`link_extraction_loss`.
    """
    return _link_loss(table, cut, critical, _cut_alike)


def link_extraction_loss(
    table: WorldIO, cut: float = CUT, critical: Sequence[str] | None = None
) -> Array:
    """Final use lost if scarce inputs go where they yield most, (r, i, s).

    The deliveries of (r, i) to `s` are extracted in part, by `cut`, and not replaced
    (partial extraction: Dietzenbacher, E. and M.L. Lahr (2013), Expanding extractions,
    Economic Systems Research 25). Final purchases of them fall by the cut; inputs of `i`
    in `s` fall by the cut times the share of `r` in them. The products that yield the
    least final use per unit of `i` are given up first, which solves the linear programme

        max sum_g c_g   subject to   sum_g n_ig c_g <= (1 - cut share_ri) sum_g n_ig F_g,
                                     0 <= c_g <= F_g,   c_ri <= (1 - cut) F_ri

    with ``n_ig`` the inputs of `i` in `s` per unit of `g`, by the Leontief inverse: activity
    analysis of Leontief systems, Dorfman, R., P. Samuelson and R. Solow (1958), Linear
    Programming and Economic Analysis; for shocks to supply: Pichler, A. and J.D. Farmer
    (2022), Simultaneous supply and demand constraints in input-output networks, Economic
    Systems Research 34. Convex in the cut and never above :func:`link_bottleneck_loss`.

    Parameters
    ----------
    table : WorldIO
    cut : float
        Part of the deliveries.
    critical : sequence of str, optional
        Commodities needed in fixed proportions, all by default; what is missing of another
        costs its value. An input of which all products need a little looks indispensable
        at fixed proportions: most services, and minor goods in detailed tables.

    Returns
    -------
    ndarray
        Fraction of the absorption of `s`, zero at home. The finer the sectors, the more of
        them are indispensable, so losses do not add up over them.

    Raises
    ------
    InputError
        If `cut` is not above 0 and at most 1, or a critical sector unknown.
    """
    return _link_loss(table, cut, critical, _given_up)


def _link_loss(
    table: WorldIO, cut: float, critical: Sequence[str] | None, forced: Callable[..., Array]
) -> Array:
    """Final use lost with a part of each link, (r, i, s).

    Parameters
    ----------
    table, cut, critical
        See :func:`link_extraction_loss`.
    forced : callable
        Final use lost for want of a critical input; called as :func:`_given_up`.
    """
    cut, binding = allowed_cut(cut), _critical(table, critical)
    losses = np.zeros_like(table.final)
    own = np.arange(table.size).reshape(table.output.shape)
    for s, uses in enumerate(_uses(table)):
        for i, intensity in enumerate(uses.intensity):
            less = cut * uses.share[:, i]
            lost = less * uses.needed[i]
            if binding[i]:
                lost = forced(intensity, uses.final, own[:, i], cut, less)
            losses[:, i, s] = cut * uses.final[own[:, i]] + lost
    return of_absorption(table, losses)


def _cut_alike(intensity: Array, final: Array, own: Places, cut: float, less: Array) -> Array:
    """Final use lost if all products that use an input fall alike; the link's own by the cut."""
    touched = intensity > 0
    return np.asarray(less * (touched @ final - touched[own] * final[own]))


def _given_up(intensity: Array, final: Array, own: Places, cut: float, less: Array) -> Array:
    """Final use given up to save an input, for the cut of each origin, (r,).

    Parameters
    ----------
    intensity, final : ndarray (g,)
    own : ndarray (r,) of int
        Place of each origin's own product among `g`.
    cut : float
        Of final purchases.
    less : ndarray (r,)
        Fraction of the inputs that is missing.
    """
    gone = cut * final[own]
    # What is spared where final purchases are cut anyhow need not be spared elsewhere.
    missing = np.maximum(less * (intensity @ final) - intensity[own] * gone, 0.0)
    order = np.argsort(-intensity, kind="stable")
    order = order[intensity[order] * final[order] > 0]
    if not len(order):
        return np.zeros_like(gone)
    left = final[order] - np.where(order == own[:, None], gone[:, None], 0.0)  # (r, g)
    spared = np.cumsum(intensity[order] * left, axis=1)
    value = np.cumsum(left, axis=1)
    return np.array([
        np.interp(needed, np.r_[0.0, spared[r]], np.r_[0.0, value[r]])
        for r, needed in enumerate(missing)
    ])  # fmt: skip


def supplier_extraction_loss(
    table: WorldIO, cut: float = CUT, critical: Sequence[str] | None = None
) -> Array:
    """Final use lost if all that region r delivers to s is cut, (r, s).

    The programme of :func:`link_extraction_loss` with all commodities of `r` cut at once
    and as many scarce inputs. Never less than the worst of the links, never more than
    their sum.

    There is one linear programme for each pair. Arguments and errors are those of
    :func:`link_extraction_loss`.
    """
    cut, binding = allowed_cut(cut), _critical(table, critical)
    count, sectors = table.output.shape
    losses = np.zeros((count, count))
    size = table.absorption
    for s, uses in enumerate(_uses(table)):
        bought = np.flatnonzero(uses.final > 0)
        needed = np.where(uses.needed > RESOLUTION * size[s], uses.needed, 0.0)
        for r in range(count):
            less = cut * uses.share[r]
            if r != s and len(bought):
                scarce = np.flatnonzero(binding & (needed > 0) & (less > 0))
                most = np.where(bought // sectors == r, 1.0 - cut, 1.0)
                lost = _programme(uses, bought, most, scarce, less)
                lost += float((less * needed)[~binding].sum())
                losses[r, s] = min(lost, size[s])
    return of_absorption(table, losses)


def _programme(uses: _Uses, bought: Places, most: Array, scarce: Places, less: Array) -> float:
    """Final use lost; unknown is the part kept of each product that is bought."""
    final = uses.final[bought]
    if not len(scarce):
        return float(((1 - most) * final).sum())
    from scipy.optimize import linprog  # half as long to import as all of pandas

    limits = uses.intensity[np.ix_(scarce, bought)] * final / uses.needed[scarce][:, None]
    found = linprog(
        -final / final.sum(), A_ub=limits, b_ub=1.0 - less[scarce],
        bounds=[(0.0, float(limit)) for limit in most], method="highs",
    )  # fmt: skip
    if found.fun is None:  # to keep nothing is feasible, to keep all is a bound
        raise ArithmeticError(f"linear programme: {found.message}")
    return float(final.sum() * (1.0 + found.fun))
