"""Who learns from whom: weights of domestic and foreign knowledge, read off a benchmark."""

from __future__ import annotations

import numpy as np

from cge.core.axes import Array, ratio
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.bundles import through_bundles


def use_weights(benchmark: Benchmark, own: bool) -> Array:
    """Part of sector k's knowledge that reaches sector j, (r, k, j).

    Knowledge goes where the product goes: the sales of commodity k to the region's sectors.
    Rows add up to one over the users j (or to zero where nobody buys), so that what a unit of
    k's knowledge is worth to others does not depend on how many they are.

    Parameters
    ----------
    benchmark : Benchmark
    own : bool
        Whether a sector is among the users of its own product.
    """
    sales = benchmark.intermediate.copy()
    if not own:
        n = len(benchmark.sectors)
        sales[:, np.arange(n), np.arange(n)] = 0.0
    sales *= (benchmark.factor_payments.sum(axis=2) > 0)[:, None, :]
    return ratio(sales, sales.sum(axis=2, keepdims=True))


def imported_inputs(benchmark: Benchmark) -> Array:
    """Purchases of sector j of region r from source s abroad, (s, r, j), tariffs included.

    Imports are spread over users as the table does it: every user within a use class buys a
    commodity from the same origins.
    """
    b = benchmark
    n = len(b.regions)
    result = np.zeros((n, n, len(b.sectors)))
    purchases = b.purchases
    if b.bundles is not None:
        own = b.bundles.purchases
        purchases = through_bundles(b.bundles, b.use_classes, purchases, own, b.composites)
    for u, (users, _) in enumerate(b.users):
        origin = ratio(purchases[u], b.composites[u][None])  # (s, i, r)
        result[:, :, users] += np.einsum("sir,rij->srj", origin, b.intermediate[:, :, users])
    result[np.arange(n), np.arange(n)] = 0.0
    return result


def embodied_weights(benchmark: Benchmark, knowledge: Array) -> Array:
    """Part of each source in what a sector learns through imports, (s, r, j).

    Imports of j-relevant goods from s times the knowledge behind a unit of the GDP of s, the pool
    of Lichtenberg and van Pottelsberghe (1998, European Economic Review 42), M S / Y. Parts do not
    hinge on whether countries stand alone or in one region, as they would if the stock were left
    out: M / Y alone is largest for small economies. They add up to one over s; zero where a
    sector imports nothing.

    Parameters
    ----------
    benchmark : Benchmark
    knowledge : ndarray (s,)
        Stock of each source.
    """
    pool = imported_inputs(benchmark) * ratio(knowledge, benchmark.gdp)[:, None, None]
    return ratio(pool, pool.sum(axis=0, keepdims=True))


def disembodied_weights(knowledge: Array, patents: Array | None) -> Array:
    """Part of each source in what a region learns without trade, (s, r).

    Its part in the patents of all but that region; without patents in their stocks of knowledge.

    Parameters
    ----------
    knowledge : ndarray (s,)
        Stock of each source.
    patents : ndarray (s,), optional
    """
    seen = knowledge if patents is None else patents
    parts = seen[:, None] * (1 - np.eye(len(seen)))
    return ratio(parts, parts.sum(axis=0, keepdims=True))


def import_share(benchmark: Benchmark, value_added: Array) -> Array:
    """Imports over GDP, spread over sectors by their imported inputs, (r, j).

    The mean over sectors, weighted with value added, is the region's imports over its GDP,
    the variable of Coe and Helpman (1995, European Economic Review 39).

    Parameters
    ----------
    benchmark : Benchmark
    value_added : ndarray (r, j)
    """
    b = benchmark
    abroad = 1.0 - np.eye(len(b.regions))
    imports = np.einsum("uris,rs->s", b.fob, abroad)
    inputs = imported_inputs(b).sum(axis=0)
    mean = ratio(inputs.sum(axis=1), value_added.sum(axis=1))
    return ratio(imports / b.gdp, mean)[:, None] * ratio(inputs, value_added)
