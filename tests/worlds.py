"""Balanced benchmark worlds for tests: random ones, and ones made to measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cge.core.axes import Axes
from cge.data.accounts.benchmark import Benchmark
from cge.data.elasticities.nests import NEST_AXES, Elasticities

Array = NDArray[np.float64]


def random_world(
    seed: int,
    regions: int = 3,
    sectors: int = 3,
    use_classes: int = 3,
    factors: int = 2,
    agents: int = 3,
    wedges: bool = True,
    zeros: float = 0.0,
    sigma: tuple[float, float] = (0.3, 4.0),
    imbalance: float | None = None,
    connected: bool = False,
    scale: float = 1.0,
    spread: float = 0.0,
    dead: float = 0.0,
    slivers: float = 0.0,
) -> Benchmark:
    """Return a balanced world with random accounts, wedges and elasticities.

    Final demand, input coefficients and rates are drawn; output follows from the
    Leontief inverse, factor payments take up what the other costs leave.

    Parameters
    ----------
    seed, regions, sectors, use_classes, factors, agents
        Of the draw and of the axes.
    wedges : bool
        Whether benchmark taxes and tariffs are drawn or zero.
    zeros : float
        Probability that a route or an input does not exist.
    sigma : tuple of float
        Range of all elasticities.
    imbalance : float, optional
        None: regional sizes are drawn, and transfers between regions may be a multiple
        of a region's own income. A number x: sizes are those at which every region's
        trade balances, times a draw from ``1 - x`` to ``1 + x``.
    connected : bool
        Whether each region must supply some of the first commodity to the next one, so
        that no part of the world stands apart; there relative prices would be open.
    scale : float
        By which every value is multiplied.
    spread : float
        Decades over which the sizes of regions spread.
    dead : float
        Probability that a region makes nothing of a commodity; one region makes each.
    slivers : float
        Probability that a route has a share of 1e-8 to 1e-2 of what it would have.
    """
    rng, more = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    R, J, U, D, F = regions, sectors, use_classes, agents, factors
    level = wedges * 0.2

    def rate(*shape: int, low: float = -0.5) -> np.ndarray:
        return level * rng.uniform(low, 1.0, shape)

    tariff = rate(U, R, J, R, low=0.0)
    export_tax = rate(U, R, J, R)
    for r in range(R):
        export_tax[:, r, :, r] = 0.0
        tariff[:, r, :, r] = 0.0
    user_tax, final_tax = rate(R, J, J), rate(R, D, J)
    factor_tax, output_tax = rate(R, J, F), rate(R, J)
    share = rng.dirichlet(np.ones(R), size=(U, J, R)).transpose(0, 3, 1, 2)
    share = share + 2.0 * np.eye(R)[None, :, None, :]
    share[rng.random(share.shape) < zeros] = 0.0
    share += 0.3 * np.eye(R)[None, :, None, :]
    if connected:
        share[:, :, 0, :] += 0.1 * np.roll(np.eye(R), 1, axis=1)
    alive = more.random((R, J)) >= dead
    alive[more.integers(R, size=J), np.arange(J)] = True
    sliver = more.random(share.shape) < slivers
    share = np.where(sliver, share * 10.0 ** -more.uniform(2, 8, share.shape), share)
    share *= alive[None, :, :, None]
    none = ~(share.sum(axis=1, keepdims=True) > 0)
    share = share + none * alive[None, :, :, None]
    share /= share.sum(axis=1, keepdims=True)

    final = rng.uniform(0.2, 1.0, (R, D, J)) * rng.uniform(0.5, 5.0, (R, 1, 1))
    final = scale * final * 10.0 ** -more.uniform(0, spread, (R, 1, 1))
    alive = rng.random((R, J, J)) >= zeros
    technical = rng.dirichlet(np.ones(J + 1), size=(R, J))[:, :, :J].transpose(0, 2, 1)
    technical = technical * alive * 0.6  # (s, i, j) market value per unit of receipts
    factor_share = rng.dirichlet(np.ones(F) * 3, size=(R, J))
    sizes = {"u": U, "r": R, "s": R, "i": J, "j": J, "d": D, "f": F}

    def elasticities() -> Elasticities:
        arrays = {
            nest: rng.uniform(*sigma, tuple(sizes[a] for a in axes))
            for nest, axes in {**NEST_AXES, "transformation": "f"}.items()
        }
        arrays["transformation"] = np.full(F, np.inf)
        return Elasticities(**arrays)

    rates = {
        "tariff": tariff, "export_tax": export_tax, "intermediate_tax": user_tax,
        "final_tax": final_tax, "factor_tax": factor_tax, "output_tax": output_tax,
    }  # fmt: skip
    by_horizon = {"short": elasticities(), "long": elasticities()}
    if imbalance is not None:
        sizes_drawn = rng.uniform(1 - imbalance, 1 + imbalance, R)
        final = final * balancing_sizes(share, final, technical, factor_share, **rates)
        final = final * sizes_drawn[:, None, None]
    return balanced_world(
        share, final, technical, factor_share, by_horizon, name=f"random-{seed}", **rates
    )


def balancing_sizes(share: Array, final: Array, *technology: Array, **rates: Array) -> Array:
    """Return factors on the final demand of each region, (s, 1, 1), that balance all trade.

    Balances are linear in the sizes of regions and sum to zero over the world, so the
    sizes that make them zero are a null vector; arguments as for :func:`balanced_world`.
    A region that can balance at no size, since it exports nothing, say, gets a tenth.
    """
    regions = final.shape[0]
    columns = []
    for s in range(regions):
        only = np.zeros_like(final)
        only[s] = final[s]
        columns.append(_accounts(share, only, *technology, **rates)["balance"])
    _, _, rows = np.linalg.svd(np.column_stack(columns))
    return np.maximum(np.abs(rows[-1]) / np.abs(rows[-1]).max(), 0.1)[:, None, None]


def balanced_world(
    share: Array,
    final: Array,
    technical: Array | None = None,
    factor_share: Array | None = None,
    elasticities: Mapping[str, Any] | float = 2.0,
    name: str = "made",
    **rates: Array,
) -> Benchmark:
    """Return the world in which given final demand is met with given shares.

    Parameters
    ----------
    share : ndarray (u, r, i, s)
        Origins of a composite at market prices, summing to one over `r`. The first
        use class is that of sectors, agent `d` buys from class ``d + 1`` or the last.
    final : ndarray (s, d, i)
        Final demand at market prices.
    technical : ndarray (s, i, j), optional
        Intermediate cost with user tax per unit of receipts net of output tax.
    factor_share : ndarray (s, j, f), optional
        Shares of factors in their cost; default one factor.
    elasticities : mapping or float
        By horizon; or nest to value, as ``Elasticities.from_values`` takes them, for both
        horizons; or one number for every nest.
    name : str
    **rates : ndarray
        ``tariff``, ``export_tax``, ``intermediate_tax``, ``final_tax``, ``factor_tax``,
        ``output_tax`` as in the benchmark; default zero.
    """
    accounts = _accounts(share, final, technical, factor_share, **rates)
    U, R, J, _ = share.shape
    D, F = final.shape[1], accounts["factor_payments"].shape[2]
    regions, sectors, classes, factors, agents = (
        tuple(f"{letter}{k}" for k in range(n)) for letter, n in zip("RSuFA", (R, J, U, F, D))
    )
    if not isinstance(elasticities, Mapping):
        elasticities = {nest: elasticities for nest in NEST_AXES if nest != "transformation"}
    if not set(elasticities) <= {"short", "long"}:
        axes = Axes(regions, sectors, classes, factors, agents)
        same = Elasticities.from_values(elasticities, axes)
        elasticities = {"short": same, "long": same}
    return Benchmark(
        name=name,
        regions=regions,
        sectors=sectors,
        factors=factors,
        agents=agents,
        use_classes=classes,
        sector_class=(classes[0],) * J,
        agent_class=tuple(classes[_class_of_agent(d, U)] for d in range(D)),
        elasticities=elasticities,
        **accounts,
    )


def _class_of_agent(d: int, classes: int) -> int:
    return min(d + 1, classes - 1)


def _accounts(
    share: Array,
    final: Array,
    technical: Array | None = None,
    factor_share: Array | None = None,
    **rates: Array,
) -> dict[str, Array]:
    """Return the arrays of the benchmark; arguments as for :func:`balanced_world`."""
    U, R, J, _ = share.shape
    D = final.shape[1]
    if factor_share is None:
        factor_share = np.ones((R, J, 1))
    if technical is None:
        technical = np.zeros((R, J, J))
    sizes = {"u": U, "r": R, "s": R, "i": J, "j": J, "d": D, "f": factor_share.shape[2]}
    axes_of = {
        "tariff": "uris", "export_tax": "uris", "intermediate_tax": "sij",
        "final_tax": "sdi", "factor_tax": "sjf", "output_tax": "sj",
    }  # fmt: skip
    given = {
        rate: np.asarray(rates.pop(rate, np.zeros(tuple(sizes[a] for a in axes))))
        for rate, axes in axes_of.items()
    }
    assert not rates, f"unknown rates {sorted(rates)}"
    tariff, export_tax, user_tax, final_tax, factor_tax, output_tax = given.values()

    def basic(composites: np.ndarray) -> np.ndarray:
        """(u, i, s) market value -> (r, i) basic value."""
        flows = share * composites[:, None] / ((1 + tariff) * (1 + export_tax))
        return flows.sum(axis=(0, 3))

    def composites_of(output: np.ndarray) -> np.ndarray:
        use = np.zeros((U, J, R))
        receipts = output * (1 - output_tax)
        z = technical / (1 + user_tax) * receipts[:, None, :]
        for j in range(J):
            use[0] += z[:, :, j].T
        for d in range(D):
            use[_class_of_agent(d, U)] += final[:, d, :].T
        return use

    output = basic(composites_of(np.zeros((R, J))))
    for _ in range(2000):
        new = basic(composites_of(output))
        if np.abs(new - output).max() < 1e-15 * new.max():
            output = new
            break
        output = new
    composites = composites_of(output)
    flows = share * composites[:, None] / ((1 + tariff) * (1 + export_tax))
    receipts = flows.sum(axis=(0, 3)) * (1 - output_tax)
    intermediate = technical / (1 + user_tax) * receipts[:, None, :]
    remainder = receipts - (intermediate * (1 + user_tax)).sum(axis=1)
    payments = factor_share * remainder[:, :, None] / (1 + factor_tax)
    taxes = (
        ((tariff * (1 + export_tax)) * flows).sum(axis=(0, 1, 2))
        + (export_tax * flows).sum(axis=(0, 2, 3))
        + (output_tax * flows.sum(axis=(0, 3))).sum(axis=1)
        + (user_tax * intermediate).sum(axis=(1, 2))
        + (final_tax * final).sum(axis=(1, 2))
        + (factor_tax * payments).sum(axis=(1, 2))
    )
    gdp = payments.sum(axis=(1, 2)) + taxes
    balance = (final * (1 + final_tax)).sum(axis=(1, 2)) - gdp
    return {
        **given,
        "flows": flows,
        "intermediate": intermediate,
        "final": final,
        "factor_payments": payments,
        "balance": balance,
    }
