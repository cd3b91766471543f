"""The one nest of which the whole model is made: CES in calibrated-share form.

Every price is a ratio to its benchmark, so a nest is described by its benchmark
value shares and its elasticity alone (Rutherford 1995, calibrated share form).
With sigma = 0 the formulas below are Leontief as they stand; sigma = 1 is the
limit, a geometric mean. Weights are the nest's share parameters relative to the
benchmark: 1 there, moved by the sourcing menu or by the user. A Cobb-Douglas nest
has no weights, since its index is not a sum of monomials in them.

No other elasticity may decide what is written here: sigma may be a number or one that
is left open (:mod:`cge.model.language.elasticity`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cge.model.language.forms import product, total

Term = tuple[float, Any, Any]  # benchmark value share, weight, price ratio


def value_share(share: float, weight: Any, price: Any, index: Any, sigma: float) -> Any:
    """Value share of one input: share * weight * (price/index)**(1 - sigma)."""
    if sigma == 1:
        return share
    return share * weight * (price / index) ** (1 - sigma)


def quantity(weight: Any, price: Any, index: Any, sigma: float) -> Any:
    """Quantity of an input per unit of the nest, relative to the benchmark."""
    if sigma == 1:
        return index / price
    return weight * (index / price) ** sigma


def price_index(
    shares: list[Any],
    prices: Iterable[tuple[float, Any]],
    index: Any,
    sigma: float,
    also: tuple[float, Any] | None = None,
) -> Any:
    """Equation that defines a nest's price index: its value shares sum to one.

    Parameters
    ----------
    shares : list
        Value shares of the inputs at current prices, as :func:`value_share` gives them.
    prices : iterable of (float, price)
        Benchmark share and price of the inputs, read only for sigma = 1. There shares say
        nothing of prices, and the index is their geometric mean.
    also : (float, price), optional
        One input more, that is of no group.
    """
    if sigma == 1:
        mean = product(price**share for share, price in prices)
        return (mean if also is None else mean * also[1] ** also[0]) / index == 1
    return total(shares) == 1


def nest_price(terms: list[Term], index: Any, sigma: float) -> Any:
    """Price-index equation of a nest from (share, weight, price) of its inputs."""
    shares = [value_share(share, w, price, index, sigma) for share, w, price in terms]
    return price_index(shares, ((share, price) for share, _, price in terms), index, sigma)
