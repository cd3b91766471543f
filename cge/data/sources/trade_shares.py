"""Bilateral trade and cost shares, all that trade models need, become a benchmark.

Every user of a commodity in a region buys it from the same origins; spending, output and
income are solved for so that they agree with the shares and the deficits.
Axis letters as in :mod:`cge.data.accounts.benchmark`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.data.sources.arguments import (
    NEGATIVES,
    Axes,
    Negative,
    axis_codes,
    first_cell,
    number_array,
    one_of,
    read_codes,
    read_tolerance,
)
from cge.data.sources.user_arrays import benchmark_from_arrays

Array = NDArray[np.float64]


def benchmark_from_trade(
    *,
    regions: Sequence[str],
    sectors: Sequence[str],
    trade: Any,
    io_shares: Any,
    value_added_share: Any,
    elasticities: Mapping[str, Any],
    final_shares: Any = None,
    deficits: Literal["data", "zero"] | Any = "data",
    tariff: Any = 0.0,
    flows: Literal["net", "gross"] = "net",
    factors: Sequence[str] | None = None,
    use_classes: Literal["single", "by_kind"] | Mapping[str, str] = "single",
    tolerance: float = 1e-6,
    negative: Negative = "error",
    name: str = "user",
    unit: str = "million USD",
    notes: Sequence[str] = (),
    groups: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    allow_large_rates: bool = False,
) -> Benchmark:
    """Make a benchmark of bilateral trade and cost shares, by proportionality.

    Every user of a commodity in a region buys it from the same origins in the same
    proportions. Spending `X` at market prices, output `Y` at basic prices and income
    `I` are made consistent as in Caliendo and Parro (2015, Review of Economic Studies
    82, equations 5 to 9), with trade shares `pi` at market prices::

        Y[r,i] = sum_s pi[r,i,s] X[s,i] / (1 + tariff[r,i,s])
        X[s,i] = sum_j io_shares[s,i,j] Y[s,j] + final_shares[s,i] I[s]
        I[s]   = sum_j value_added_share[s,j] Y[s,j] + tariff revenue[s] + deficit[s]

    The system is linear and its scale free: world spending is that of `trade`.

    Parameters
    ----------
    regions, sectors : sequence of str
    trade : array_like (r, i, s)
        Deliveries, those of a region to itself included, in `unit`.
    io_shares : array_like (s, i, j)
        Share of commodity `i` in the cost of sector `j`, tariffs included: of all its
        cost, adding up to ``1 - value_added_share``, or of its inputs, adding up to 1.
    value_added_share : array_like (s, j) or (s, j, f)
        Share of value added, or of each factor, in cost.
    elasticities : mapping
        As in :func:`~cge.data.sources.user_arrays.benchmark_from_arrays`.
    final_shares : array_like (s, i), optional
        Shares of final spending at market prices, adding up to 1. Default: what `trade`
        leaves over intermediate use.
    deficits : {"data", "zero"} or array_like (s,)
        Transfers received from abroad: imports less exports of `trade` (``data``), none,
        or those given, which must add up to nothing.
    tariff : number or array_like (r, i, s)
        Ad valorem rates.
    flows : {"net", "gross"}
        Whether `trade` is without or with tariffs.
    negative : {"error", "clip"}
        Where final demand is the remainder and negative: an error that names the cell,
        or set to zero, the accounts being solved again with the shares that remain.
    factors, use_classes, tolerance, name, unit, notes, groups, names, allow_large_rates
        As in :func:`~cge.data.sources.user_arrays.benchmark_from_arrays`.

    Returns
    -------
    Benchmark
        With one final agent, ``FINAL``.

    Raises
    ------
    InputError
        For wrong shapes or values, shares that do not add up, demand without supply,
        and deficits too large for any positive solution.
    """
    one_of("flows", flows, ("net", "gross"))
    one_of("negative", negative, NEGATIVES)
    r_codes, i_codes = read_codes("regions", regions), read_codes("sectors", sectors)
    shares = number_array("value_added_share", value_added_share)
    if shares.ndim == 2:
        shares = shares[..., None]
    f_codes = axis_codes("factors", factors, shares, ("LAB",))
    axes = Axes(
        {"u": ("all",), "r": r_codes, "s": r_codes, "i": i_codes, "j": i_codes, "f": f_codes},
        allow_large_rates,
    )

    def cells(key: str, given: Any, letters: str) -> Array:
        array = axes.check(key, number_array(key, given), letters)
        if (array < 0).any():
            where = first_cell(array < 0)
            raise InputError(
                f"negative value at {axes.label(letters, where)}",
                key=key, value=float(array[where]), allowed="values >= 0",
            )  # fmt: skip
        return array

    tolerance = read_tolerance(tolerance)
    value = cells("trade", trade, "ris")
    power = 1 + axes.by_class("tariff", tariff)[0]
    factor_cost = cells("value_added_share", shares, "sjf")
    gamma = cells("io_shares", io_shares, "sij")
    gamma = _cost_shares(gamma, factor_cost, value.sum(axis=2) > 0, tolerance, axes)
    market = value if flows == "gross" else value * power
    basic = market / power
    total = market.sum(axis=0)  # (i, s)
    pi = np.divide(market, total, out=np.zeros_like(market), where=total > 0)
    in_data = basic.sum(axis=(0, 1)) - basic.sum(axis=(1, 2))
    told = [notes] if isinstance(notes, str) else list(notes)

    spending, output = total.T, basic.sum(axis=2)
    as_in_data = isinstance(deficits, str) and deficits == "data"
    if final_shares is None:
        rest = spending - np.einsum("sij,sj->si", gamma, output)
        low = rest < -tolerance * np.maximum(spending, 1e-300)
        if low.any() and negative == "error":
            where = first_cell(low)
            raise InputError(
                f"sectors need more of {axes.label('si', where)} than trade delivers to that "
                f"region: final demand would be negative in {int(low.sum())} cells",
                key="trade", value=float(rest[where]),
                allowed="final_shares of your own, or negative='clip'",
            )  # fmt: skip
        if low.any():
            told.append(
                f"Final demand was negative in {int(low.sum())} cells and is zero there; output "
                "and spending were solved again with the shares that remain."
            )
        solve = bool(low.any()) or not as_in_data
        final = np.maximum(rest, 0.0)
        _positive_income(final.sum(axis=1), "trade", r_codes)
        alpha = final / final.sum(axis=1, keepdims=True)
    else:
        alpha = cells("final_shares", final_shares, "si")
        off = np.abs(alpha.sum(axis=1) - 1)
        if (off > tolerance).any():
            worst = int(np.argmax(off))
            raise InputError(
                f"shares of region '{r_codes[worst]}' do not add up",
                key="final_shares", value=float(alpha[worst].sum()), allowed="a sum of 1",
            )  # fmt: skip
        alpha = alpha / alpha.sum(axis=1, keepdims=True)
        solve = True
    if solve:
        transfer = in_data if as_in_data else _deficits(deficits, tolerance, axes)
        spending = _consistent_spending(pi, power, gamma, factor_cost, alpha, transfer,
                                        market.sum(), axes)  # fmt: skip
        output = np.einsum("ris,si->ri", pi / power, spending)
        income = (spending - np.einsum("sij,sj->si", gamma, output)).sum(axis=1)
        if (income <= 0).any():
            worst = int(np.argmin(income))
            raise InputError(
                f"no positive final demand in region '{r_codes[worst]}' is consistent with the "
                "deficits and shares given",
                key="deficits", value=float(transfer[worst]), allowed="smaller deficits",
            )  # fmt: skip
        final = alpha * income[:, None]
    sourced = pi / power  # basic value per unit of spending
    return benchmark_from_arrays(
        regions=r_codes,
        sectors=i_codes,
        intermediate=np.einsum("ris,sij,sj->risj", sourced, gamma, output, optimize=True),
        final=np.einsum("ris,si->ris", sourced, final),
        value_added=factor_cost * output[..., None],
        factors=f_codes,
        tariff=power - 1,
        elasticities=elasticities,
        use_classes=use_classes,
        tolerance=max(tolerance, 1e-9),
        name=name,
        unit=unit,
        notes=told,
        groups=groups,
        names=names,
        allow_large_rates=allow_large_rates,
    )


def _cost_shares(
    gamma: Array, factor_cost: Array, alive: NDArray[np.bool_], tolerance: float, axes: Axes
) -> Array:
    """Return input shares of total cost, from shares of it or of the inputs' cost.

    Sectors that deliver nothing (not `alive`) may have any.
    """
    value_added = factor_cost.sum(axis=2)
    over = alive & (value_added > 1 + tolerance)
    if over.any():
        where = first_cell(over)
        raise InputError(
            f"share at {axes.label('sj', where)} is above 1",
            key="value_added_share", value=float(value_added[where]), allowed="0 to 1",
        )  # fmt: skip
    inputs = gamma.sum(axis=1)
    material = np.maximum(1 - value_added, 0.0)
    # A sector without inputs may have shares of nothing.
    of_inputs = (np.abs(inputs - 1) <= tolerance) | ((inputs == 0) & (material <= tolerance))
    of_inputs |= ~alive
    of_cost = (np.abs(inputs - material) <= tolerance) | ~alive
    if not of_cost.all() and of_inputs.all():
        return gamma * material[:, None, :]
    if not of_cost.all():
        where = first_cell(~of_cost)
        raise InputError(
            f"input shares of sector {axes.label('sj', where)} do not add up",
            key="io_shares", value=float(inputs[where]),
            allowed=f"{float(material[where]):.6g} (1 less the value-added share), or 1 in all "
            "sectors where they are shares of the inputs' cost",
        )  # fmt: skip
    exact = np.divide(material, inputs, out=np.zeros_like(inputs), where=inputs > 0)
    return gamma * exact[:, None, :]


def _deficits(given: Any, tolerance: float, axes: Axes) -> Array:
    if isinstance(given, str):
        if given != "zero":
            raise InputError(
                "unknown option", key="deficits", value=given,
                allowed="'data', 'zero', or one number for each region",
            )  # fmt: skip
        return np.zeros(axes.sizes["s"])
    transfer = axes.check("deficits", number_array("deficits", given), "s")
    if abs(transfer.sum()) > tolerance * np.abs(transfer).sum():
        raise InputError(
            "deficits of all regions must add up to nothing",
            key="deficits", value=float(transfer.sum()), allowed="a sum of 0",
        )  # fmt: skip
    return transfer - transfer.sum() / len(transfer)


def _positive_income(income: Array, key: str, regions: Sequence[str]) -> None:
    if (income <= 0).any():
        raise InputError(
            "nothing is left for final demand", key=key, value=regions[int(np.argmin(income))]
        )


def _consistent_spending(
    pi: Array, power: Array, gamma: Array, factor_cost: Array, alpha: Array, transfer: Array,
    world: float, axes: Axes,
) -> Array:  # fmt: skip
    """Return spending (s, i) that is consistent with shares, deficits and world spending."""
    supplied = pi.sum(axis=0).T > 0  # (s, i)
    sells = pi.sum(axis=2) > 0  # (r, i)
    needed = (alpha > 0) | (gamma * sells[:, None, :]).any(axis=2)
    if (needed & ~supplied).any():
        where = first_cell(needed & ~supplied)
        raise InputError(
            f"nothing is delivered of {axes.label('si', where)}, but shares demand it",
            key="trade", allowed="a positive delivery, or zero shares",
        )  # fmt: skip
    _, i, s = pi.shape
    n = s * i
    sourced = pi / power
    # received[(s, j), (s', j)]: output of sector (s, j) per unit of spending of s' on j
    blocks = np.zeros((s, i, s, i))
    k = np.arange(i)
    blocks[:, k, :, k] = sourced.transpose(1, 0, 2)
    received = blocks.reshape(s, i, n)
    inputs = np.einsum("sij,sjn->sin", gamma, received, optimize=True).reshape(n, n)
    income = np.einsum("sj,sjn->sn", factor_cost.sum(axis=2), received)
    revenue = ((power - 1) * sourced).sum(axis=0).T  # (s, i) per unit of spending
    for region in range(s):
        income[region, region * i : (region + 1) * i] += revenue[region]
    matrix = inputs + np.einsum("si,sn->sin", alpha, income).reshape(n, n)
    # The system determines spending up to scale; the rank-one term fixes world spending.
    spread = supplied.reshape(n) / supplied.sum()
    left = np.eye(n) - matrix + spread[:, None]
    right = (alpha * transfer[:, None]).reshape(n) + spread * world
    try:
        spending = np.linalg.solve(left, right)
    except np.linalg.LinAlgError:
        raise InputError(
            "some regions trade with nobody outside their group: the sizes of the groups "
            "cannot be told from shares",
            key="trade", allowed="trade that connects all regions",
        ) from None  # fmt: skip
    if (spending < -1e-9 * np.abs(spending).max()).any():
        where = int(np.argmin(spending)) // i
        raise InputError(
            f"no positive spending in region '{axes.codes['s'][where]}' is consistent with the "
            "deficits and shares given",
            key="deficits", value=float(transfer[where]), allowed="smaller deficits",
        )  # fmt: skip
    return np.maximum(spending, 0.0).reshape(s, i)
